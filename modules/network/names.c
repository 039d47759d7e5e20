/* names: the name servers of an interface, where nobody but us would write them into /etc/resolv.conf (resolv.conf(5)):
 * ifupdown leaves that to resolvconf, and systemd-networkd to systemd-resolved, which most machines haven't. */
#include "modules/network/network.h"

#include "base/buffer.h"
#include "modules/shared/file_attributes.h"

#include <string.h>

#define RESOLV NETWORK_RESOLV
#define BEGIN "# beoplay: "
#define END "# beoplay, end of "

static bool begins(const char *line, const char *word)
{
	size_t size = strlen(word);

	return strncmp(line, word, size) == 0 && line[size] && strchr(" \t", line[size]);
}

/* Of others, also of a DHCP client's that is gone. */
static bool is_replaced(const char *line)
{
	return begins(line, "nameserver") || begins(line, "search") || begins(line, "domain");
}

static void add_block(struct buffer *out, const char *interface, const struct network_params *want)
{
	buffer_printf(out, BEGIN "%s\n", interface);
	for (unsigned i = 0; i < want->search_count; i++)
		buffer_printf(out, "%s %s%s", i ? "" : "search", want->search[i],
			i + 1 == want->search_count ? "\n" : "");
	for (unsigned i = 0; i < want->nameservers_count; i++)
		buffer_printf(out, "nameserver %s\n", want->nameservers[i]);
	buffer_printf(out, END "%s\n", interface);
}

/* Other interfaces' parts stay, and so does what says nothing of name servers. */
static const char *compose(struct arena *arena, const char *old, const char *interface,
	const struct network_params *want)
{
	const char *begin = arena_printf(arena, BEGIN "%s", interface);
	const char *end = arena_printf(arena, END "%s", interface), *result;
	bool present = want->state == NETWORK_PRESENT, inside = false, ours = false;
	struct buffer text = {0};

	for (const char *line = old; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *words = arena_bytes(arena, line, strcspn(line, "\n"));

		inside = inside || strncmp(words, BEGIN, strlen(BEGIN)) == 0;
		ours = ours || strcmp(words, begin) == 0;
		if (!ours && (inside || !present || !is_replaced(words)))
			buffer_printf(&text, "%s\n", words);
		ours = ours && strcmp(words, end) != 0;
		inside = inside && strncmp(words, END, strlen(END)) != 0;
	}
	if (present)
		add_block(&text, interface, want);
	result = arena_bytes(arena, text.size > 0 ? text.data : "", text.size);
	buffer_free(&text);
	return result;
}

/* A program that passes them on, or the file of one that runs; NULL: there is none. */
static int find_reader(struct host *host, const struct network_state *have, const char **ret_reader,
	struct error *err)
{
	static const char *const ifupdown[] = { "/usr/sbin/resolvconf", "/sbin/resolvconf", NULL };
	static const char *const networkd[] = { "/run/systemd/resolve/resolv.conf", NULL };
	const char *const *paths = have->backend == NETWORK_NETWORKD ? networkd : ifupdown;
	struct file_info info;

	*ret_reader = NULL;
	for (size_t i = 0; paths[i] && !*ret_reader; i++) {
		if (host_stat(host, paths[i], &info, err) < 0)
			return -1;
		if (info.kind != FILE_NONE)
			*ret_reader = paths[i];
	}
	return 0;
}

int network_look_at_names(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	bool named = want->nameservers_count + want->search_count > 0;
	bool present = want->state == NETWORK_PRESENT;
	struct file_info info;
	const char *reader, *text = NULL;

	if (have->backend == NETWORK_MANAGER || (present && !named) || want->text || want->place)
		return 0;
	if (host_stat(host, RESOLV, &info, err) < 0 || find_reader(host, have, &reader, err) < 0
			|| (info.kind == FILE_REGULAR && network_read_file(host, RESOLV, &text, err) < 0))
		return -1;
	if (reader && present)
		return 0;
	if (present && info.kind != FILE_REGULAR && info.kind != FILE_NONE)
		have->names_kept = "is a link, or no file";
	else if (present && want->dhcp && have->backend == NETWORK_IFUPDOWN)
		have->names_kept = "is written by the DHCP client";
	else
		have->names_have = text;
	if (have->names_kept || (!present && !have->names_have))
		return 0;
	have->names_info = info;
	if (text && host_digest(host, RESOLV, &have->names_digest, err) < 0)
		return -1;
	have->names_want = compose(host_arena(host), have->names_have ? have->names_have : "",
		have->interface, want);
	return 0;
}

bool network_writes_names(const struct network_state *have)
{
	return have->names_want && (!have->names_have || strcmp(have->names_have, have->names_want) != 0);
}

int network_write_names(struct host *host, const struct network_state *have, struct error *err)
{
	const struct file_write write = {
		.path = RESOLV, .bytes = have->names_want, .size = strlen(have->names_want),
		.mode = have->names_have ? (int)have->names_info.mode : 0644, .uid = have->names_info.uid,
		.gid = have->names_info.gid, .mtime = HOST_KEEP,
	};

	return host_write(host, &write, err);
}

void network_invert_names(struct inverses *inverses, const struct network_state *have)
{
	const struct attributes_have was = { .info = have->names_info };
	struct value *back;

	if (!network_writes_names(have))
		return;
	back = attributes_way_back(inverses_arena(inverses), RESOLV, &was, have->names_digest);
	if (!have->names_have)
		value_set_string(inverses_arena(inverses), back, "up_to", RESOLV);
	inverses_add(inverses, &(struct inverses_entry){ .resource = "file:" RESOLV, .module = "file",
		.params = back, .keep_path = have->names_have ? RESOLV : NULL, .keep_digest = have->names_digest });
}
