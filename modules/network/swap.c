/* swap: what is live changes while the connection comes over it. */
#include "modules/network/network.h"
#include "modules/errors.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* --- What is wished --- */

char *const *network_wished(const struct network_params *want, unsigned *ret_count)
{
	bool undone = want->live_count > 0;

	*ret_count = undone ? want->live_count
		: want->state == NETWORK_PRESENT && !want->text && !want->place ? want->addresses_count : 0;
	return undone ? want->live : want->addresses;
}

const char *network_wished_via(const struct network_params *want)
{
	return want->live_count > 0 ? want->via
		: want->state == NETWORK_PRESENT && !want->text && !want->place ? want->gateway : NULL;
}

static bool is_among(struct arena *arena, char *const *wished, unsigned count, const char *address)
{
	for (unsigned i = 0; i < count; i++) {
		const char *canonical = network_canonical(arena, wished[i]);

		if (canonical && strcmp(canonical, address) == 0)
			return true;
	}
	return false;
}

static bool has(const struct network_live *live, const char *address)
{
	for (size_t i = 0; i < live->count; i++) {
		if (strcmp(live->addresses[i], address) == 0)
			return true;
	}
	return false;
}

/* As ip(8) writes it. */
static const char *route_name(struct arena *arena, const char *to)
{
	const char *slash = strchr(to, '/'), *name;

	if (strcmp(to, "default") == 0)
		return to;
	name = network_canonical(arena, slash ? to : arena_printf(arena, "%s/32", to));
	if (!name || strcmp(name, "0.0.0.0/0") == 0)
		return name ? "default" : to;
	slash = strchr(name, '/');
	return strcmp(slash, "/32") == 0 ? arena_bytes(arena, name, (size_t)(slash - name)) : name;
}

bool network_has_route(struct arena *arena, const char *routes, const struct network_route *route)
{
	const char *line = arena_printf(arena, "%s via %s", route_name(arena, route->to), route->via);
	size_t size = strlen(line);

	if (network_is_ipv6(route->to) || network_is_ipv6(route->via))
		return true;
	for (const char *at = routes ? routes : ""; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, line, size) == 0 && strchr(" \n", at[size]))
			return true;
	}
	return false;
}

static bool has_routes(struct arena *arena, const struct network_params *want,
	const struct network_live *live)
{
	for (unsigned i = 0; want->state == NETWORK_PRESENT && !want->text && !want->place
			&& want->live_count == 0 && i < want->routes_count; i++) {
		if (!network_has_route(arena, live->routes, &want->routes[i]))
			return false;
	}
	return true;
}

static bool differs(struct arena *arena, const struct network_params *want,
	const struct network_live *live)
{
	const char *via = network_wished_via(want);
	unsigned count;
	char *const *wished = network_wished(want, &count);
	bool same = !via || (live->via && strcmp(live->via, via) == 0);

	for (unsigned i = 0; same && i < count; i++) {
		const char *canonical = network_canonical(arena, wished[i]);

		same = canonical && (network_is_ipv6(canonical) || has(live, canonical));
	}
	for (size_t i = 0; same && i < live->count; i++)
		same = is_among(arena, wished, count, live->addresses[i]);
	return count > 0 && (!same || !has_routes(arena, want, live) || (want->mtu && *want->mtu != live->mtu));
}

/* --- Looking --- */

/* Lines of addresses, "--", routes, "--", mtu: what the script `look` says. */
static struct network_live read_before(struct arena *arena, const char *text)
{
	struct network_live live = {0};
	unsigned part = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *words = arena_bytes(arena, line, strcspn(line, "\n"));

		if (strcmp(words, "--") == 0)
			part++;
		else if (part == 0 && live.count < NETWORK_LIVE_MOST)
			live.addresses[live.count++] = words;
		else if (part == 1) {
			live.routes = arena_printf(arena, "%s%s\n", live.routes ? live.routes : "", words);
			if (strncmp(words, "default", 7) == 0 && !live.via)
				live.via = network_word_after(arena, words, "via");
		}
		else if (part == 2)
			live.mtu = atoi(words);
		else if (part == 3)
			live.governs = words;
	}
	return live;
}

static struct network_live live_now(struct arena *arena, const struct network_state *have)
{
	struct network_live live = { .mtu = have->mtu, .routes = have->routes };
	const char *route = have->routes ? strstr(have->routes, "default") : NULL;

	for (size_t i = 0; i < have->live_count; i++) {
		if (!network_is_ipv6(have->live[i]))
			live.addresses[live.count++] = have->live[i];
	}
	if (route)
		live.via = network_word_after(arena, arena_bytes(arena, route, strcspn(route, "\n")), "via");
	return live;
}

static const char *wish_of(struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	const char *wish = arena_printf(arena, "%s\n%s", have->file, have->want ? have->want : "-");
	unsigned count;
	char *const *wished = network_wished(want, &count);

	for (unsigned i = 0; i < count; i++)
		wish = arena_printf(arena, "%s\n%s", wish, wished[i]);
	return wish;
}

static bool line_reads(struct arena *arena, const char *line, const char *path)
{
	const char *words = line + strspn(line, " \t"), *name = strrchr(path, '/') + 1;
	bool folder = strncmp(words, "source-directory", 16) == 0;
	size_t size = folder ? 16 : 6;
	const char *pattern;

	if (strncmp(words, "source", 6) != 0 || !strchr(" \t", words[size]) || !words[size])
		return false;
	words += size;
	words += strspn(words, " \t");
	pattern = arena_bytes(arena, words, strcspn(words, " \t\n"));
	if (pattern[0] != '/')
		pattern = arena_printf(arena, "/etc/network/%s", pattern);
	if (!folder)
		return fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0;
	/* Names with other characters are passed over (interfaces(5)). */
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0'
		&& fnmatch(arena_printf(arena, "%s/*", pattern), path, FNM_PATHNAME) == 0;
}

/* Whether ifupdown would read our file. */
static int look_at_sources(struct host *host, struct network_state *have, struct error *err)
{
	static const char interfaces[] = "/etc/network/interfaces";
	const char *text;

	/* What is taken over is read already. */
	if (strcmp(have->file, interfaces) == 0 || have->taken)
		return 0;
	if (network_read_file(host, interfaces, &text, err) < 0)
		return -1;
	have->unread = interfaces;
	for (const char *line = text ? text : ""; *line; line += *line == '\n') {
		if (line_reads(host_arena(host), line, have->file))
			have->unread = NULL;
		line += strcspn(line, "\n");
	}
	return 0;
}

static int find_program(struct host *host, const char *const *paths, const char *name,
	struct network_state *have, struct error *err)
{
	for (size_t i = 0; paths[i]; i++) {
		struct file_info info;

		if (host_stat(host, paths[i], &info, err) < 0)
			return -1;
		if (info.kind != FILE_NONE)
			return 0;
	}
	have->lacks = name;
	return 0;
}

static int look_at_ifupdown(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	static const char *const ifup[] = { "/usr/sbin/ifup", "/sbin/ifup", NULL };
	static const char *const clients[] = { "/usr/sbin/dhclient", "/sbin/dhclient",
		"/usr/sbin/dhcpcd", "/sbin/dhcpcd", "/usr/sbin/udhcpc", "/sbin/udhcpc", NULL };
	const char *line = arena_printf(host_arena(host), "%s=", have->interface), *state;

	if (have->backend != NETWORK_IFUPDOWN)
		return 0;
	if (network_read_file(host, "/run/network/ifstate", &state, err) < 0
			|| look_at_sources(host, have, err) < 0
			|| find_program(host, ifup, "ifup", have, err) < 0)
		return -1;
	have->up_by_ifupdown = state && network_has_line(state, line);
	return want->dhcp ? find_program(host, clients, "a DHCP client", have, err) : 0;
}

/* These make a file and what is live one and the same. */
static bool is_reread(const struct network_params *want, const struct network_state *have)
{
	bool same = have->want && have->have ? strcmp(have->want, have->have) == 0
		: !have->want && !have->have;

	return have->backend != NETWORK_IFUPDOWN && have->link_state && !same
		&& (want->state == NETWORK_PRESENT || want->live_count > 0);
}

/* By what it was brought up before the swap: now it is ours. */
static int look_at_former(struct host *host, struct network_state *have, struct error *err)
{
	have->governing = have->before.governs;
	if (have->backend != NETWORK_NETWORKD || !have->governing)
		return 0;
	return network_read_file(host, have->before.governs, &have->governing, err);
}

int network_look_at_swap(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct error ignored = {0};

	have->trial_name = arena_printf(arena, "network-%s", have->interface);
	have->wish = wish_of(arena, want, have);
	if (host_trial_look(host, have->trial_name, &have->trial, err) < 0
			|| look_at_ifupdown(host, want, have, err) < 0)
		return -1;
	have->tried = have->trial.stage != TRIAL_NONE && have->trial.ours && have->trial.wish
		&& have->trial.before && strcmp(have->trial.wish, have->wish) == 0;
	if (have->tried) {
		have->before = read_before(arena, have->trial.before);
		have->swaps = true;
		return look_at_former(host, have, err);
	} else {
		have->before = live_now(arena, have);
		have->swaps = have->carries && !want->dhcp && (differs(arena, want, &have->before)
			|| is_reread(want, have));
		/* Who may not ask foresees less. */
		if (have->up && (have->swaps || !have->carries)
				&& network_look_at_wire(host, want, have, &ignored) < 0)
			have->taken_by = NULL;
	}
	return 0;
}

static const char *bare(struct arena *arena, const char *address)
{
	return arena_bytes(arena, address, strcspn(address, "/"));
}

int network_look_at_wire(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *via = network_wished_via(want), *mac;
	unsigned count;
	char *const *wished = network_wished(want, &count);

	for (unsigned i = 0; i < count && !have->taken_by; i++) {
		const char *canonical = network_canonical(arena, wished[i]);

		if (!canonical || network_is_ipv6(canonical) || has(&have->before, canonical))
			continue;
		have->taken_address = bare(arena, canonical);
		if (host_probe(host, have->interface, have->taken_address, &have->taken_by, err) < 0)
			return -1;
	}
	if (!have->swaps || !via || network_is_ipv6(via))
		return 0;
	if (host_probe(host, have->interface, via, &mac, err) < 0)
		return -1;
	have->no_gateway = mac == NULL;
	return 0;
}

/* --- Planning --- */

bool network_moves_ipv6(struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	bool is_here = false, stays = false;

	for (size_t i = 0; i < have->live_count; i++)
		is_here = is_here || strcmp(bare(arena, have->live[i]), want->connection) == 0;
	for (unsigned i = 0; i < want->addresses_count; i++) {
		const char *canonical = network_canonical(arena, want->addresses[i]);

		stays = stays || (canonical && strcmp(bare(arena, canonical), want->connection) == 0);
	}
	return is_here && !stays && network_is_ipv6(want->connection) && want->addresses_count > 0
		&& want->state == NETWORK_PRESENT && want->live_count == 0;
}

/* The first change does all of it. */
static void add(struct plan *plan, unsigned *step, const char *subject, const char *field,
	const char *before, const char *after)
{
	plan_add(plan, *step, subject, field, before, after);
	if (*step == NETWORK_SWAP)
		*step = NETWORK_SWAPPED;
}

static void plan_addresses(struct plan *plan, const struct network_params *want,
	const struct network_state *have, unsigned *step)
{
	const struct network_live *before = &have->before;
	struct arena *arena = plan_arena(plan);
	unsigned count;
	char *const *wished = network_wished(want, &count);

	for (size_t i = 0; i < before->count; i++) {
		if (!is_among(arena, wished, count, before->addresses[i]))
			add(plan, step, have->interface, "address", before->addresses[i], NULL);
	}
	for (unsigned i = 0; i < count; i++) {
		const char *canonical = network_canonical(arena, wished[i]);

		if (canonical && !network_is_ipv6(canonical) && !has(before, canonical))
			add(plan, step, have->interface, "address", NULL, canonical);
	}
}

void network_plan_swap(struct plan *plan, const struct network_params *want,
	const struct network_state *have)
{
	const struct network_live *before = &have->before;
	const char *via = network_wished_via(want);
	bool same = have->want && have->have && strcmp(have->want, have->have) == 0;
	unsigned step = NETWORK_SWAP;

	if (have->backend != NETWORK_IFUPDOWN && !have->link_state) {
		plan_refuse(plan, NETWORK_OWN_CONNECTION, "leave its address as it is, or say which backend "
			"configures it", "%s carries this connection, and isn't configured by %s",
			have->interface, network_backend_name(have->backend));
		return;
	}
	if (have->no_gateway) {
		plan_refuse(plan, NETWORK_NO_GATEWAY, NETWORK_NO_GATEWAY_REMEDY, NETWORK_NO_GATEWAY_TEXT,
			have->interface, via);
		return;
	}
	if (have->governs)
		plan_note(plan, "'%s' stays, and counts again when '%s' is gone", have->governs, have->file);
	if ((have->want || have->have) && !same)
		add(plan, &step, have->file, "content", have->have, have->want);
	plan_addresses(plan, want, have, &step);
	if (via ? !before->via || strcmp(before->via, via) != 0 : before->via != NULL)
		add(plan, &step, have->interface, "gateway", before->via, via);
	for (unsigned i = 0; i < want->routes_count; i++) {
		if (!network_has_route(plan_arena(plan), before->routes, &want->routes[i]))
			add(plan, &step, have->interface, "route", NULL,
				plan_printf(plan, "%s via %s", want->routes[i].to, want->routes[i].via));
	}
	if (want->mtu && *want->mtu != before->mtu)
		add(plan, &step, have->interface, "mtu", plan_printf(plan, "%d", before->mtu),
			plan_printf(plan, "%d", *want->mtu));
}

/* --- Doing it --- */

/* Nobody else may have an address that comes, and a gateway must be there. */
static int probe(struct host *host, const struct network_params *want,
	const struct network_state *have, struct error *err)
{
	struct network_state now = *have;

	now.taken_by = NULL;
	now.no_gateway = false;
	if (network_look_at_wire(host, want, &now, err) < 0)
		return -1;
	if (now.taken_by) {
		error_set(err, NETWORK_ADDRESS_TAKEN, NETWORK_TAKEN_TEXT, now.taken_address, now.taken_by);
		return error_remedy(err, NETWORK_TAKEN_REMEDY);
	}
	if (!now.no_gateway)
		return 0;
	error_set(err, NETWORK_NO_GATEWAY, NETWORK_NO_GATEWAY_TEXT, have->interface,
		network_wished_via(want));
	return error_remedy(err, NETWORK_NO_GATEWAY_REMEDY);
}

/* The one of its addresses by which it is reached now; NULL: not known which. */
static const char *reached_at(struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	for (size_t i = 0; i < have->before.count; i++) {
		if (strcmp(bare(arena, have->before.addresses[i]), want->connection) == 0)
			return want->connection;
	}
	return have->before.count == 1 ? bare(arena, have->before.addresses[0]) : NULL;
}

/* Where it answers then; NULL: where it does now. */
static const char *new_address(struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	const char *now = reached_at(arena, want, have), *first = NULL;
	unsigned count;
	char *const *wished = network_wished(want, &count);

	for (unsigned i = 0; i < count; i++) {
		const char *address = bare(arena, network_canonical(arena, wished[i]));

		/* An IPv4 connection of an undo may be one of long ago. */
		if ((now && strcmp(address, now) == 0)
				|| (network_is_ipv6(address) && strcmp(address, want->connection) == 0))
			return NULL;
		if (!first && !network_is_ipv6(address))
			first = address;
	}
	return first;
}

static int begin(struct host *host, const struct network_params *want,
	const struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct trial trial = {
		.name = have->trial_name, .wish = have->wish, .path = have->file, .text = have->want,
		.mode = network_file_mode(have->backend), .seconds = (unsigned)want->confirm_timeout,
		.address = new_address(arena, want, have), .interface = have->interface,
	};

	if (probe(host, want, have, err) < 0)
		return -1;
	if (!have->want && !have->have)
		trial.path = NULL;
	network_write_scripts(arena, want, have, &trial);
	return host_trial_start(host, &trial, err);
}

/* What the apply script has said well of must be so. */
static int verify(struct host *host, const struct network_params *want,
	const struct network_state *have, struct error *err)
{
	struct network_state now = *have;
	struct network_live live;

	if (network_look_at_live(host, want, &now, err) < 0)
		return -1;
	live = live_now(host_arena(host), &now);
	if (differs(host_arena(host), want, &live)) {
		error_set(err, NETWORK_NOT_LIVE, "%s didn't get what is wished of it, so it was taken back",
			have->interface);
		return error_remedy(err, "see what 'ip addr show dev %s' says there", have->interface);
	}
	return probe(host, want, &now, err);
}

static int run_check(struct host *host, const struct network_params *want, struct error *err)
{
	const char *const argv[] = { want->check, NULL };
	struct command command = { .argv = argv, .timeout = (unsigned)want->confirm_timeout,
		.flags = COMMAND_SHELL | COMMAND_ANY_STATUS };
	struct command_result result;

	if (!want->check)
		return 0;
	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	error_set(err, NETWORK_CHECK_FAILED, "with the new address '%s' fails (exit status %d): %.500s",
		want->check, result.status, command_last_words(host_arena(host), &result));
	return error_remedy(err, "all is as before");
}

static int remember(struct host *host, const struct network_params *want,
	const struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena), *addresses = value_list(arena);
	unsigned count;
	char *const *wished = network_wished(want, &count);

	for (unsigned i = 0; i < count; i++)
		value_append(arena, addresses, value_string(arena, network_canonical(arena, wished[i])));
	value_set(arena, record, "addresses", addresses);
	return host_record_set(host, network_record_key(arena, have),
		want->state == NETWORK_PRESENT ? record : NULL, err);
}

int network_swap(struct host *host, const struct network_params *want,
	const struct network_state *have, struct value *results, struct error *err)
{
	struct error wrong = {0};

	if (!have->tried)
		return begin(host, want, have, err);
	if (host_trial_wait(host, have->trial_name, err) < 0)
		return -1;
	if (verify(host, want, have, &wrong) < 0 || run_check(host, want, &wrong) < 0)
		return host_trial_reject(host, have->trial_name, &wrong, err);
	if (host_trial_confirm(host, have->trial_name, err) < 0
			|| remember(host, want, have, err) < 0)
		return -1;
	value_set_bool(host_arena(host), results, "confirmed", true);
	return 0;
}
