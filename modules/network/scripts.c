/* scripts: what brings the addresses of an interface up, and takes them back, for a trial.
 *
 * Names and addresses hold no character that a shell would take for anything else (check.c). */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <string.h>

/* No state of the link, which may go up and down beside it. */
const char *network_look_script(struct arena *arena, const char *interface, const char *governs)
{
	return arena_printf(arena, "ip -o -4 addr show dev %s scope global | awk '{print $4}'\n"
		"echo --\n"
		"ip -4 route show dev %s | sed 's/ linkdown//g; s/ dead//g;%s s/ *$//'\n"
		"echo --\n"
		"cat /sys/class/net/%s/mtu\n%s", interface, interface,
		*governs ? " s/ proto dhcp//; s/ proto static//; s/ src [0-9.]*//;" : "", interface, governs);
}

const char *network_new_file(struct arena *arena, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return arena_printf(arena, "%.*s.%s.beoplay-trial", (int)(name - path), path, name);
}

void network_add_address(struct buffer *out, const char *interface, const char *address,
	const char *how)
{
	buffer_printf(out, "ip -o addr show dev %s | grep -qwF '%s' ||\n"
		"\tip addr add %s%s dev %s%s\n", interface, address, address,
		network_is_ipv6(address) ? "" : " broadcast +", interface, how);
}

/* An undo, back to DHCP: the address that was leased comes first, and then whoever asks for another. */
static bool gives_back_lease(const struct network_params *want)
{
	return want->stanza && want->live_count > 0 && strstr(want->stanza, " dhcp");
}

static void add_apply(struct buffer *out, struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	const char *interface = have->interface;
	unsigned count;
	char *const *wished = network_wished(want, &count);

	buffer_printf(out, "set -e\nmkdir -p /run/network\n");
	/* A lease is kept, not given back: the way back must not depend on its server. */
	if (have->leased)
		buffer_printf(out, "if [ -e /run/dhclient.%s.pid ]; then\n\tdhclient -4 -x -pf "
			"/run/dhclient.%s.pid -lf /var/lib/dhcp/dhclient.%s.leases %s || true\nelse\n"
			"\tifdown --force %s || true\nfi\n", interface, interface, interface, interface,
			interface);
	else if (have->up_by_ifupdown)
		buffer_printf(out, "ifdown --force %s || true\n", interface);
	buffer_printf(out, "ip -4 addr flush dev %s scope global\n", interface);
	if (want->mtu)
		buffer_printf(out, "ip link set dev %s mtu %d\n", interface, *want->mtu);
	if (have->want && !gives_back_lease(want)) {
		buffer_printf(out, "ifup --force -i %s %s\n", network_new_file(arena, have->file), interface);
		return;
	}
	buffer_printf(out, "ip link set dev %s up\n", interface);
	for (unsigned i = 0; i < count; i++)
		network_add_address(out, interface, wished[i], "");
	if (network_wished_via(want))
		buffer_printf(out, "ip route replace default via %s dev %s onlink\n",
			network_wished_via(want), interface);
}

static void add_routes(struct buffer *out, struct arena *arena, const struct network_state *have)
{
	for (const char *line = have->routes ? have->routes : ""; *line; line += *line == '\n') {
		const char *words = arena_bytes(arena, line, strcspn(line, "\n"));

		if (*words && !strstr(words, "proto kernel") && !strstr(words, "linkdown"))
			buffer_printf(out, "ip route replace %s dev %s\n", words, have->interface);
		line += strcspn(line, "\n");
	}
}

static void add_client(struct buffer *out, const char *interface)
{
	buffer_printf(out, "mkdir -p /run/network\n"
		"grep -qsx %s=%s /run/network/ifstate || echo %s=%s >>/run/network/ifstate\n"
		"! [ -e /var/lib/dhcp/dhclient.%s.leases ] || (sleep 5; dhclient -4 -nw -pf "
		"/run/dhclient.%s.pid -lf /var/lib/dhcp/dhclient.%s.leases %s) </dev/null >/dev/null 2>&1 &\n",
		interface, interface, interface, interface, interface, interface, interface, interface);
}

/* ifupdown first, whose hooks may do more; then whatever is missing. */
static void add_back(struct buffer *out, struct arena *arena, const struct network_state *have)
{
	const char *interface = have->interface;

	if (have->want)
		buffer_printf(out, "ifdown --force -i %s %s\n", network_new_file(arena, have->file), interface);
	buffer_printf(out, "ip -4 addr flush dev %s scope global\nip link set dev %s up\n", interface,
		interface);
	if (have->up_by_ifupdown && !have->leased)
		buffer_printf(out, "ifup --force %s\n", interface);
	buffer_printf(out, "ip link set dev %s mtu %d\n", interface, have->before.mtu);
	for (size_t i = 0; i < have->before.count; i++)
		network_add_address(out, interface, have->before.addresses[i], "");
	add_routes(out, arena, have);
	/* The address is there whether or not its server answers; the client goes on behind. */
	if (have->leased && have->up_by_ifupdown)
		add_client(out, interface);
	buffer_add_string(out, "exit 0\n");
}

/* --- What is asked of a daemon --- */

/* Whether all is there that is wished, beside a condition. */
void network_add_test(struct buffer *out, struct arena *arena, const struct network_params *want,
	const struct network_state *have, const char *condition)
{
	unsigned count;
	char *const *wished = network_wished(want, &count);
	const char *via = network_wished_via(want);

	buffer_printf(out, "is_up() {\n\t%s", condition);
	for (unsigned i = 0; i < count; i++)
		buffer_printf(out, " &&\n\tip -o addr show dev %s | grep -qwF '%s'", have->interface,
			network_canonical(arena, wished[i]));
	if (via && !network_is_ipv6(via))
		buffer_printf(out, " &&\n\tip -4 route show default dev %s | grep -qwF 'via %s'",
			have->interface, via);
	buffer_add_string(out, "\n}\n");
}

/* Who configures it takes what it has into account first, and may take it away once more. */
void network_add_wait(struct buffer *out, const char *condition, unsigned seconds)
{
	buffer_printf(out, "still=0 end=$(($(date +%%s) + %u))\nwhile [ $(date +%%s) -lt $end ]; do\n"
		"\tif %s; then still=$((still + 1)); else still=0; fi\n\t[ $still -lt 5 ] || exit 0\n"
		"\tsleep 0.1\ndone\n", seconds, condition);
}

void network_add_as_before(struct buffer *out)
{
	buffer_add_string(out, "is_as_before() { sh \"${0%/*}/look\" | cmp -s - \"${0%/*}/before\"; }\n");
}

/* A route through a router needs the one to the router. */
static void add_whole_routes(struct buffer *out, const struct network_state *have, bool through)
{
	for (const char *line = have->routes ? have->routes : ""; *line; line += *line == '\n') {
		int size = (int)strcspn(line, "\n");

		if (through == (memmem(line, (size_t)size, " via ", 5) != NULL))
			buffer_printf(out, "ip route replace %.*s dev %s\n", size, line, have->interface);
		line += size;
	}
}

/* A DHCP server that doesn't answer any more must not keep it from what it had. */
void network_add_live(struct buffer *out, const struct network_state *have)
{
	for (size_t i = 0; i < have->before.count; i++)
		network_add_address(out, have->interface, have->before.addresses[i], " noprefixroute");
	add_whole_routes(out, have, false);
	add_whole_routes(out, have, true);
	buffer_printf(out, "ip link set dev %s mtu %d\nexit 0\n", have->interface, have->before.mtu);
}

void network_write_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial)
{
	struct buffer text = {0};

	if (have->backend == NETWORK_NETWORKD) {
		network_write_networkd_scripts(arena, want, have, trial);
		return;
	}
	if (have->backend == NETWORK_MANAGER) {
		network_write_manager_scripts(arena, want, have, trial);
		return;
	}
	trial->look = network_look_script(arena, have->interface, "");
	add_apply(&text, arena, want, have);
	trial->apply = arena_bytes(arena, text.data, text.size);
	buffer_clear(&text);
	add_back(&text, arena, have);
	trial->back = arena_bytes(arena, text.data, text.size);
	if (gives_back_lease(want)) {
		buffer_clear(&text);
		add_client(&text, have->interface);
		trial->after = arena_bytes(arena, text.data, text.size);
	}
	buffer_free(&text);
}
