/* network: addresses of an interface, on disk and live. What the connection of this run hangs on is
 * never taken away. */
#include "modules/network/network.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const backend_words[] = { "auto", "ifupdown", "networkd", "networkmanager",
	NULL };
static const cyaml_strval_t backend_values[] = {
	{ "auto", NETWORK_AUTO }, { "ifupdown", NETWORK_IFUPDOWN },
	{ "networkd", NETWORK_NETWORKD }, { "networkmanager", NETWORK_MANAGER },
};
static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t state_values[] = {
	{ "present", NETWORK_PRESENT }, { "absent", NETWORK_ABSENT },
};

static const struct param route_table[] = {
	{ .name = "to", .kind = PARAM_STRING, .doc = "network, e.g. 10.1.0.0/16",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct network_route, to) },
	{ .name = "via", .kind = PARAM_STRING, .doc = "router", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct network_route, via) },
	{ 0 },
};

static const struct param network_table[] = {
	{ .name = "interface", .kind = PARAM_STRING, .doc = "its name, e.g. eth0",
		.into = INTO_TEXT(struct network_params, interface) },
	{ .name = "mac", .kind = PARAM_STRING, .doc = "its hardware address, instead of its name",
		.into = INTO_TEXT(struct network_params, mac) },
	{ .name = "addresses", .kind = PARAM_LIST, .doc = "addresses with prefix, e.g. 10.0.0.101/24",
		.otherwise = "", .into = INTO_LIST(struct network_params, addresses) },
	{ .name = "gateway", .kind = PARAM_STRING, .doc = "the router for all other networks",
		.into = INTO_TEXT(struct network_params, gateway) },
	{ .name = "nameservers", .kind = PARAM_LIST,
		.doc = "addresses of name servers; where no resolvconf, systemd-resolved or NetworkManager does, they "
			"are written into /etc/resolv.conf", .otherwise = "",
		.into = INTO_LIST(struct network_params, nameservers) },
	{ .name = "search", .kind = PARAM_LIST,
		.doc = "domains to complete short names with", .otherwise = "",
		.into = INTO_LIST(struct network_params, search) },
	{ .name = "routes", .kind = PARAM_RECORDS, .doc = "routes to further networks, with to and via",
		.otherwise = "", .entries = route_table,
		.into = INTO_LIST(struct network_params, routes) },
	{ .name = "mtu", .kind = PARAM_INTEGER, .doc = "largest packet size",
		.into = INTO_NUMBER_POINTER(struct network_params, mtu) },
	{ .name = "dhcp", .kind = PARAM_BOOL, .doc = "get an address by DHCP",
		.otherwise = "no", .into = INTO_BOOL(struct network_params, dhcp) },
	{ .name = "backend", .kind = PARAM_CHOICE, .doc = "who brings it up; auto: who does it now",
		.otherwise = "auto", .choices = backend_words,
		.into = INTO_CHOICE(struct network_params, backend, backend_values) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: as if this task had never been",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct network_params, state, state_values) },
	{ .name = "confirm_timeout", .kind = PARAM_DURATION, .doc = "how long to wait for the "
		"confirmation over a new connection; then all is as before", .otherwise = "120s",
		.flags = PARAM_ASIDE, .into = INTO_NUMBER(struct network_params, confirm_timeout) },
	{ .name = "check", .kind = PARAM_STRING, .doc = "a command that must succeed there with the new "
		"address, before it stays", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct network_params, check) },
	{ .name = "take", .kind = PARAM_BOOL, .doc = "replace the stanza that another file has for it, "
		"as Debian's installer writes it, in its place", .otherwise = "no",
		.into = INTO_BOOL(struct network_params, take) },
	{ .name = "live", .kind = PARAM_LIST, .doc = "addresses to be live again", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct network_params, live) },
	{ .name = "via", .kind = PARAM_STRING, .doc = "gateway to be live again",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct network_params, via) },
	{ .name = "place", .kind = PARAM_STRING, .doc = "the file with a stanza that was taken over",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct network_params, place) },
	{ .name = "stanza", .kind = PARAM_STRING, .doc = "what that was",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct network_params, stanza) },
	{ .name = "connection", .kind = PARAM_STRING, .doc = "the address that the controller uses",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct network_params, connection) },
	{ .name = "text", .kind = PARAM_STRING, .doc = "the file word for word",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct network_params, text) },
	{ 0 },
};

/* --- Planning */

static bool is_wished(struct arena *arena, const struct network_params *want,
	const char *address)
{
	for (unsigned i = 0; want->state == NETWORK_PRESENT && i < want->addresses_count; i++) {
		const char *canonical = network_canonical(arena, want->addresses[i]);

		if (canonical && strcmp(canonical, address) == 0)
			return true;
	}
	return false;
}

static bool is_live(const struct network_state *have, const char *address)
{
	for (size_t i = 0; i < have->live_count; i++) {
		if (strcmp(have->live[i], address) == 0)
			return true;
	}
	return false;
}

static bool is_ours(const struct network_state *have, const char *address)
{
	const struct value *addresses = value_get(have->record, "addresses");

	for (size_t i = 0; addresses && addresses->kind == VALUE_LIST && i < addresses->count; i++) {
		if (value_text(addresses->items[i]) && strcmp(addresses->items[i]->text, address) == 0)
			return true;
	}
	return false;
}

static bool is_connection(const struct network_params *want, const char *address)
{
	size_t size = strlen(want->connection);

	return size == 0 || (strncmp(address, want->connection, size) == 0 && address[size] == '/');
}

static bool writes_file(const struct network_state *have)
{
	return have->want && (!have->have || strcmp(have->want, have->have) != 0);
}

/* Whether it would be gone after the next start, where our file has brought it up until now. */
static bool is_kept_by_us(const struct network_state *have, const char *address)
{
	return is_ours(have, address) || (have->have && strstr(have->have, address));
}

/* What is live and no longer wished: only what we have put there goes. */
static bool plan_removals(struct plan *plan, const struct network_params *want,
	const struct network_state *have)
{
	struct arena *arena = plan_arena(plan);

	for (size_t i = 0; i < have->live_count; i++) {
		const char *address = have->live[i];

		if (is_wished(arena, want, address) || want->text || want->place)
			continue;
		if (is_connection(want, address) && is_kept_by_us(have, address) && !want->dhcp
				&& want->state == NETWORK_PRESENT) {
			plan_refuse(plan, NETWORK_OWN_CONNECTION, "keep this address "
				"beside the new one, and take it away in a later run that comes over the new one",
				"changing the address that this connection comes over (%s) is not supported yet",
				address);
			return false;
		}
		if (is_ours(have, address) && !is_connection(want, address))
			plan_add(plan, NETWORK_DELETE, have->interface, "address", address, NULL);
		else if (want->state == NETWORK_PRESENT && !want->dhcp && writes_file(have))
			plan_note(plan, "%s stays on %s until the interface is restarted", address,
				have->interface);
	}
	return true;
}

static void plan_additions(struct plan *plan, const struct network_params *want,
	const struct network_state *have)
{
	struct arena *arena = plan_arena(plan);

	if (!have->up)
		plan_add(plan, NETWORK_UP, have->interface, "link", "down", "up");
	for (unsigned i = 0; i < want->addresses_count; i++) {
		const char *address = network_canonical(arena, want->addresses[i]);

		if (address && !is_live(have, address))
			plan_add(plan, NETWORK_ADD, have->interface, "address", NULL, address);
	}
	if (want->mtu && *want->mtu != have->mtu && !have->carries)
		plan_add(plan, NETWORK_MTU, have->interface, "mtu", plan_printf(plan, "%d", have->mtu),
			plan_printf(plan, "%d", *want->mtu));
	else if (want->mtu && *want->mtu != have->mtu)
		plan_note(plan, "the mtu of %s changes when the interface is restarted", have->interface);
	for (unsigned i = 0; i < want->routes_count; i++) {
		const struct network_route *route = &want->routes[i];

		if (!network_has_route(arena, have->routes, route))
			plan_add(plan, NETWORK_ROUTE, have->interface, "route", NULL,
				plan_printf(plan, "%s via %s", route->to, route->via))->detail = route;
	}
	if (!want->gateway)
		return;
	if (!have->default_route)
		plan_add(plan, NETWORK_GATEWAY, have->interface, "gateway", NULL, want->gateway);
	else if (have->default_via && strcmp(have->default_via, want->gateway) != 0)
		plan_note(plan, "the gateway stays %s until %s is restarted", have->default_via,
			have->interface);
}

static bool plan_file(struct plan *plan, const struct network_state *have)
{
	if (writes_file(have))
		return plan_add(plan, NETWORK_WRITE, have->file, "content", have->have, have->want);
	if (!have->want && have->have)
		return plan_add(plan, NETWORK_REMOVE, have->file, "content", have->have, NULL);
	return false;
}

/* Whether it can't be done as things are. */
static bool is_refused(struct plan *plan, const struct network_params *want,
	const struct network_state *have)
{
	if (have->trial.stage == TRIAL_UNDER_WAY && !have->tried)
		plan_refuse(plan, NETWORK_BEING_CHANGED, "it ends by itself; apply again then",
			have->trial.seconds > 0 ? "an earlier change of %s is still waiting to be confirmed, and is "
			"taken back in %u s unless it is" : "an earlier change of %s is being taken back just now",
			have->interface, have->trial.seconds);
	else if (network_moves_ipv6(plan_arena(plan), want, have))
		plan_refuse(plan, NETWORK_OWN_CONNECTION, "keep it among the addresses, or come over an IPv4 "
			"address (ansible_host)", "the connection comes over %s, and moving an IPv6 address is not "
			"supported yet", want->connection);
	else if (have->keeps)
		plan_refuse(plan, NETWORK_CONFIGURED_ELSEWHERE, "change it by hand, or leave it as it is",
			"%s %s, and isn't taken over: see '%s'", have->interface, have->keeps,
			have->elsewhere ? have->elsewhere : have->file);
	else if (have->elsewhere && want->state == NETWORK_PRESENT)
		plan_refuse(plan, NETWORK_CONFIGURED_ELSEWHERE, "take it out there, or say take: true",
			"'%s' configures %s, too", have->elsewhere, have->interface);
	else if (have->outranks && want->state == NETWORK_PRESENT)
		plan_refuse(plan, NETWORK_CONFIGURED_ELSEWHERE, "give it a name that comes later (10-…)",
			"'%s' comes before '%s', so that nobody would read this one", have->outranks, have->file);
	else if (have->lacks && (have->want || have->swaps))
		plan_refuse(plan, NETWORK_NO_BACKEND, "install it with an apt-packages task before this one "
			"(ifupdown, isc-dhcp-client)", "%s is needed to bring %s up, and isn't there",
			have->lacks, have->interface);
	else if (have->unread && have->want && want->state == NETWORK_PRESENT)
		plan_refuse(plan, NETWORK_FILE_NOT_READ, "add the line 'source /etc/network/interfaces.d/*' "
			"to it with a lineinfile task", "'%s' would be read by nobody: '%s' has no line for it",
			have->file, have->unread);
	else
		return false;
	return true;
}

/* Nothing of it can cut the connection. */
static void plan_as_it_is(struct plan *plan, const struct network_params *want,
	const struct network_state *have)
{
	if (!plan_removals(plan, want, have))
		return;
	if (plan_file(plan, have) && want->dhcp)
		plan_note(plan, "%s asks for an address when the interface is restarted", have->interface);
	if (want->state == NETWORK_PRESENT && !want->text && !want->place)
		plan_additions(plan, want, have);
	if (want->state == NETWORK_ABSENT && have->record)
		plan_add(plan, NETWORK_REMEMBER, have->interface, "record", "managed", "no longer managed");
}

static void network_plan(struct plan *plan, const void *params, const void *state)
{
	const struct network_params *want = params;
	const struct network_state *have = state;

	if (!have->interface) {
		plan_refuse(plan, NETWORK_NO_INTERFACE, "'ip link' lists them",
			"no interface has the hardware address %s", want->mac);
		return;
	}
	if (!have->there && want->state == NETWORK_PRESENT) {
		plan_refuse(plan, NETWORK_NO_INTERFACE, "'ip link' shows its name", "there is no interface "
			"'%s'", have->interface);
		return;
	}
	if (is_refused(plan, want, have))
		return;
	if (have->taken_by) {
		plan_refuse(plan, NETWORK_ADDRESS_TAKEN, NETWORK_TAKEN_REMEDY, NETWORK_TAKEN_TEXT,
			have->taken_address, have->taken_by);
		return;
	}
	if (have->names_kept && (have->swaps || writes_file(have))) {
		plan_refuse(plan, NETWORK_NAMES_UNREAD, "leave out nameservers and search here, or install resolvconf "
			"with an apt-packages task before this one", "the name servers would have no effect: '" NETWORK_RESOLV
			"' %s", have->names_kept);
		return;
	}
	if (have->swaps)
		network_plan_swap(plan, want, have);
	else
		plan_as_it_is(plan, want, have);
	if (network_writes_names(have)) {
		plan_writes(plan, "path:" NETWORK_RESOLV);
		plan_add(plan, NETWORK_NAMES, NETWORK_RESOLV, "content", have->names_have, have->names_want);
	}
}

/* --- Changing */

static int ip(struct host *host, const char *const *argv, struct error *err)
{
	struct command command = { .argv = argv, .timeout = 30 };
	struct command_result result;

	return host_run(host, &command, &result, err);
}

/* Written down before the address is there: what we put there may be taken away again. */
static int add_address(struct host *host, const struct network_state *have, const char *address,
	struct error *err)
{
	const char *const argv[] = { "ip", "addr", "add", address, "dev", have->interface, NULL };
	struct arena *arena = host_arena(host);
	struct value *record;
	struct value *addresses;

	if (host_record_get(host, network_record_key(arena, have), &record, err) < 0)
		return -1;
	if (!record)
		record = value_map(arena);
	addresses = value_list(arena);
	for (size_t i = 0; value_get(record, "addresses") &&
			i < value_get(record, "addresses")->count; i++)
		value_append(arena, addresses, value_get(record, "addresses")->items[i]);
	value_append(arena, addresses, value_string(arena, address));
	value_set(arena, record, "addresses", addresses);
	if (host_record_set(host, network_record_key(arena, have), record, err) < 0)
		return -1;
	return ip(host, argv, err);
}

static int write_file(struct host *host, const struct network_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->file, .bytes = have->want, .size = strlen(have->want),
		.mode = (int)network_file_mode(have->backend), .uid = 0, .gid = 0,
		.mtime = HOST_KEEP,
	};

	return host_write(host, &write, err);
}

static int network_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct network_state *have = state;
	const char *const up[] = { "ip", "link", "set", have->interface, "up", NULL };
	const char *const remove[] = {
		"ip", "addr", "del", change->before, "dev", have->interface, NULL,
	};
	const char *const mtu[] = {
		"ip", "link", "set", have->interface, "mtu", change->after, NULL,
	};
	const char *const gateway[] = {
		"ip", "route", "add", "default", "via", change->after, "dev", have->interface, NULL,
	};

	const struct network_route *route = change->detail;
	const char *const add_route[] = {
		"ip", "route", "replace", route ? route->to : "", "via", route ? route->via : "", "dev",
		have->interface, NULL,
	};

	switch ((enum network_step)change->step) {
	case NETWORK_WRITE:
		return write_file(host, have, err);
	case NETWORK_REMOVE:
		return host_remove(host, have->file, err);
	case NETWORK_UP:
		return ip(host, up, err);
	case NETWORK_ADD:
		return add_address(host, have, change->after, err);
	case NETWORK_DELETE:
		return ip(host, remove, err);
	case NETWORK_MTU:
		return ip(host, mtu, err);
	case NETWORK_GATEWAY:
		return ip(host, gateway, err);
	case NETWORK_ROUTE:
		return ip(host, add_route, err);
	case NETWORK_NAMES:
		return network_write_names(host, have, err);
	case NETWORK_SWAP:
		return network_swap(host, params, have, results, err);
	case NETWORK_SWAPPED:
		return 0;
	case NETWORK_REMEMBER:
		return host_record_set(host, network_record_key(host_arena(host), have), NULL, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}

/* --- Resources, results, the way back */

static void network_resources(struct names *ret_names, const void *params)
{
	const struct network_params *want = params;

	names_add(ret_names, "network:%s", want->interface ? want->interface : want->mac);
}

static void network_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct network_params *want = params;
	const struct network_state *have = state;
	struct value *live = value_list(arena);

	for (size_t i = 0; i < have->live_count; i++)
		value_append(arena, live, value_string(arena, have->live[i]));
	value_set_string(arena, results, "backend", network_backend_name(have->backend));
	value_set_string(arena, results, "interface", have->interface);
	value_set(arena, results, "live", live);
	value_set(arena, results, "after", value_string(arena, have->have));
	if (!value_get(results, "confirmed"))
		value_set_bool(arena, results, "confirmed", false);
	value_set_bool(arena, results, "rolled_back", have->tried
		&& have->trial.stage == TRIAL_RETURNED);
	value_set_string(arena, results, "reconnect_address", want->connection);
}

static void network_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct network_params *want = params;
	const struct network_state *have = state;
	struct arena *arena = inverses_arena(ret_inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "network:%s",
			want->interface ? want->interface : want->mac),
		.params = value_map(arena),
	};

	value_set_string(arena, entry.params, "interface", have->interface);
	value_set_string(arena, entry.params, "backend", network_backend_name(have->backend));
	value_set_string(arena, entry.params, "state", have->have ? "present" : "absent");
	value_set_string(arena, entry.params, "connection", want->connection);
	if (have->taken) {
		value_set_string(arena, entry.params, "place", have->file);
		value_set_string(arena, entry.params, "stanza", have->taken);
	} else if (have->have) {
		value_set_string(arena, entry.params, "text", have->have);
	} else if (have->governing) {
		value_set_string(arena, entry.params, "stanza", have->governing);
	}
	if (have->swaps) {
		struct value *live = value_list(arena);

		for (size_t i = 0; i < have->before.count; i++)
			value_append(arena, live, value_string(arena, have->before.addresses[i]));
		value_set(arena, entry.params, "live", live);
		value_set_string(arena, entry.params, "via", have->before.via);
		/* Nobody sets it back who isn't told. */
		if (want->mtu && *want->mtu != have->before.mtu)
			value_set_string(arena, entry.params, "mtu", arena_printf(arena, "%d", have->before.mtu));
		value_set_string(arena, entry.params, "confirm_timeout",
			arena_printf(arena, "%d", (int)want->confirm_timeout));
	}
	inverses_add(ret_inverses, &entry);
	network_invert_names(ret_inverses, have);
}

const struct module module_network = {
	.name = "network",
	.summary = "configure the addresses of a network interface, on disk and live",
	.params = network_table,
	.params_size = sizeof(struct network_params),
	.state_size = sizeof(struct network_state),
	.check = network_check,
	.prepare = network_prepare,
	.resources = network_resources,
	.inspect = network_inspect,
	.plan = network_plan,
	.apply = network_apply,
	.results = network_results,
	.invert = network_invert,
};
