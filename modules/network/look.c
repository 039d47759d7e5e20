/* look: an interface as it is on disk and live. */
#include "modules/network/network.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILE_MOST = 1 << 20 };

static int is_there(struct host *host, const char *path, bool *ret_there, struct error *err)
{
	struct file_info info;

	if (host_stat(host, path, &info, err) < 0)
		return -1;
	*ret_there = info.kind != FILE_NONE;
	return 0;
}

static int read_word(struct host *host, const char *path, const char **ret_word,
	struct error *err)
{
	struct file_info info;
	char *text;
	size_t size;

	*ret_word = NULL;
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, path, 4096, &text, &size, err) < 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	*ret_word = text;
	return 0;
}

static int find_interface(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	have->interface = want->interface;
	if (want->interface)
		return is_there(host, arena_printf(host_arena(host), "/sys/class/net/%s",
			want->interface), &have->there, err);
	if (host_list(host, "/sys/class/net", &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *mac;

		if (read_word(host, arena_printf(host_arena(host), "/sys/class/net/%s/address",
				names[i].name), &mac, err) < 0)
			return -1;
		if (mac && strcasecmp(mac, want->mac) == 0) {
			have->interface = names[i].name;
			have->there = true;
		}
	}
	return 0;
}

/* Whether a line begins so. */
bool network_has_line(const char *text, const char *beginning)
{
	for (const char *line = text; *line; line += *line == '\n') {
		if (strncmp(line, beginning, strlen(beginning)) == 0)
			return true;
		line += strcspn(line, "\n");
	}
	return false;
}

/* Of who brings it up already; else of what this machine has. */
static int choose_backend(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	const char *index, *managed = NULL, *state;
	bool manager, networkd;

	if (read_word(host, arena_printf(host_arena(host), "/sys/class/net/%s/ifindex", have->interface),
			&index, err) < 0)
		return -1;
	if (index && (network_read_file(host, arena_printf(host_arena(host),
			"/run/systemd/netif/links/%s", index), &have->link_state, err) < 0
			|| network_read_file(host, arena_printf(host_arena(host),
			"/run/NetworkManager/devices/%s", index), &managed, err) < 0))
		return -1;
	have->backend = want->backend;
	if (want->backend == NETWORK_MANAGER)
		have->link_state = managed;
	if (want->backend != NETWORK_AUTO)
		return 0;
	have->backend = managed && strstr(managed, "managed=true") ? NETWORK_MANAGER
		: have->link_state && !strstr(have->link_state, "ADMIN_STATE=unmanaged") ? NETWORK_NETWORKD
		: NETWORK_AUTO;
	if (have->backend == NETWORK_MANAGER)
		have->link_state = managed;
	if (have->backend != NETWORK_AUTO)
		return 0;
	if (network_read_file(host, "/run/network/ifstate", &state, err) < 0)
		return -1;
	have->backend = NETWORK_IFUPDOWN;
	if (state && network_has_line(state, arena_printf(host_arena(host), "%s=", have->interface)))
		return 0;
	if (is_there(host, "/run/NetworkManager", &manager, err) < 0 ||
	    is_there(host, "/run/systemd/netif/state", &networkd, err) < 0)
		return -1;
	have->backend = manager ? NETWORK_MANAGER : networkd ? NETWORK_NETWORKD : NETWORK_IFUPDOWN;
	return 0;
}

static int run_ip(struct host *host, const char *const *argv, char **ret_output,
	struct error *err)
{
	struct command command = { .argv = argv, .timeout = 30 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_output = result.output;
	return 0;
}

/* The word behind another one on the first line: "mtu" in "… mtu 1500 qdisc …" */
const char *network_word_after(struct arena *arena, const char *text, const char *key)
{
	size_t size = strlen(key);

	for (const char *at = strstr(text, key); at; at = strstr(at + 1, key)) {
		if ((at == text || strchr(" \t", at[-1])) && at[size] == ' ')
			return arena_bytes(arena, at + size + 1, strcspn(at + size + 1, " \n\\"));
	}
	return NULL;
}

static void take_addresses(struct arena *arena, const char *output,
	const struct network_params *want, struct network_state *have)
{
	size_t size = strlen(want->connection);

	for (const char *line = output; *line;) {
		const char *text = arena_bytes(arena, line, strcspn(line, "\n"));
		const char *address = network_word_after(arena, text, "inet");

		if (!address)
			address = network_word_after(arena, text, "inet6");
		address = address ? network_canonical(arena, address) : NULL;
		/* What routers announce comes and goes by itself. */
		if (address && !strstr(text, "scope link")
				&& !(network_is_ipv6(address) && strstr(text, "dynamic"))
				&& have->live_count < NETWORK_LIVE_MOST) {
			have->live[have->live_count++] = address;
			if (size > 0 && strncmp(address, want->connection, size) == 0 &&
			    address[size] == '/')
				have->carries = true;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

/* An address that the machine doesn't have is a way to it that it knows nothing of. */
static int look_at_connection(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	const char *const argv[] = { "ip", "-o", "addr", "show", "to", want->connection, NULL };
	char *output = "";

	if (have->carries || have->live_count == 0)
		return 0;
	if (want->connection[0] && run_ip(host, argv, &output, err) < 0)
		return -1;
	have->carries = output[0] == '\0';
	return 0;
}

static int look_at_routes(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	const char *const argv[] = { "ip", "-4", "route", "show", "dev", have->interface, NULL };
	char *output;

	if (look_at_connection(host, want, have, err) < 0 || run_ip(host, argv, &output, err) < 0)
		return -1;
	have->routes = output;
	return 0;
}

int network_look_at_live(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	const char *const addresses[] = { "ip", "-o", "addr", "show", "dev", have->interface, NULL };
	const char *const link[] = { "ip", "-o", "link", "show", "dev", have->interface, NULL };
	static const char *const routes[] = { "ip", "-o", "route", "show", "default", NULL };
	struct arena *arena = host_arena(host);
	const char *mtu;
	char *output;

	have->live_count = 0;
	if (!have->there)
		return 0;
	if (run_ip(host, addresses, &output, err) < 0)
		return -1;
	take_addresses(arena, output, want, have);
	if (run_ip(host, link, &output, err) < 0)
		return -1;
	mtu = network_word_after(arena, output, "mtu");
	have->mtu = mtu ? atoi(mtu) : 0;
	have->up = strstr(output, ",UP") || strstr(output, "<UP");
	if (run_ip(host, routes, &output, err) < 0)
		return -1;
	have->default_route = strncmp(output, "default", 7) == 0;
	have->default_via = network_word_after(arena, output, "via");
	return look_at_routes(host, want, have, err);
}

int network_read_file(struct host *host, const char *path, const char **ret_text,
	struct error *err)
{
	struct file_info info;
	char *text;

	*ret_text = NULL;
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, path, FILE_MOST, &text, err) < 0)
		return -1;
	*ret_text = text;
	return 0;
}

/* Another stanza for the same interface would come up beside ours. */
static int look_elsewhere(struct host *host, struct network_state *have, struct error *err)
{
	static const char directory[] = "/etc/network/interfaces.d";
	struct arena *arena = host_arena(host);
	struct file_name *names;
	const char *text;
	size_t count;
	bool there;

	if (have->backend != NETWORK_IFUPDOWN)
		return 0;
	if (network_read_file(host, "/etc/network/interfaces", &text, err) < 0 ||
	    is_there(host, directory, &there, err) < 0)
		return -1;
	if (text && network_has_stanza(text, have->interface))
		have->elsewhere = "/etc/network/interfaces";
	if (!there)
		return 0;
	if (host_list(host, directory, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !have->elsewhere; i++) {
		const char *path = arena_printf(arena, "%s/%s", directory, names[i].name);

		/* Names with a dot in front match no pattern of ifupdown's. */
		if (strcmp(path, have->file) == 0 || names[i].info.kind != FILE_REGULAR
				|| names[i].name[0] == '.')
			continue;
		if (network_read_file(host, path, &text, err) < 0)
			return -1;
		if (text && network_has_stanza(text, have->interface))
			have->elsewhere = path;
	}
	return 0;
}

/* What is taken over stays in its file, where one rename changes it. */
static int take_stanza(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	const char *place = want->place ? want->place : want->take ? have->elsewhere : NULL;
	struct arena *arena = host_arena(host);
	const char *text, *with;

	if (!place || have->backend != NETWORK_IFUPDOWN || want->state != NETWORK_PRESENT)
		return 0;
	if (network_read_file(host, place, &text, err) < 0 || !text)
		return err->kind != ERROR_NONE ? -1 : 0;
	with = want->place ? want->stanza : network_stanza_text(arena, have->interface, want);
	have->file = place;
	have->have = text;
	have->want = network_stanza_replace(arena, text, have->interface, with ? with : "",
		&have->taken);
	have->keeps = have->taken ? network_stanza_keeps(text, have->interface, have->taken) : NULL;
	have->leased = have->taken && strstr(have->taken, " dhcp");
	have->elsewhere = NULL;
	return 0;
}

/* What is more than an ordinary interface would lose what makes it that. */
static int look_at_kind(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *said, *kind;
	bool part;

	if (want->state == NETWORK_ABSENT || want->text || want->place)
		return 0;
	if (is_there(host, arena_printf(arena, "/sys/class/net/%s/master", have->interface), &part, err) < 0
			|| network_read_file(host, arena_printf(arena, "/sys/class/net/%s/uevent",
			have->interface), &said, err) < 0)
		return -1;
	kind = network_value_of(arena, said, "DEVTYPE=");
	if (part)
		have->keeps = "is part of a bridge or a bond";
	else if (kind && (have->backend == NETWORK_MANAGER
			|| (have->backend == NETWORK_IFUPDOWN && have->taken)))
		have->keeps = strcmp(kind, "wlan") == 0 ? "is a wireless one"
			: arena_printf(arena, "is a %s, not an ordinary interface", kind);
	return 0;
}

const char *network_record_key(struct arena *arena, const struct network_state *have)
{
	return arena_printf(arena, "network:%s", have->interface);
}

int network_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct network_params *want = params;
	struct network_state *have = ret_state;
	struct arena *arena = host_arena(host);

	if (find_interface(host, want, have, err) < 0)
		return -1;
	if (!have->interface)
		return 0;
	if (choose_backend(host, want, have, err) < 0)
		return -1;
	have->file = network_file_path(arena, have->backend, have->interface);
	if (want->state == NETWORK_PRESENT)
		have->want = want->text ? want->text :
			network_file_text(arena, have->backend, have->interface, want);
	if (network_read_file(host, have->file, &have->have, err) < 0 ||
	    look_elsewhere(host, have, err) < 0 || take_stanza(host, want, have, err) < 0 ||
	    network_look_at_networkd(host, want, have, err) < 0 ||
	    network_look_at_manager(host, want, have, err) < 0 ||
	    look_at_kind(host, want, have, err) < 0 ||
	    network_look_at_live(host, want, have, err) < 0 ||
	    network_look_at_names(host, want, have, err) < 0)
		return -1;
	if (host_record_get(host, network_record_key(arena, have), &have->record, err) < 0)
		return -1;
	return network_look_at_swap(host, want, have, err);
}
