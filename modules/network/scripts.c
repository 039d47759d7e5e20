/* scripts: what brings the addresses of an interface up, and takes them back, for a trial.
 *
 * Names and addresses hold no character that a shell would take for anything else (check.c). */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <string.h>

/* No state of the link, which may go up and down beside it. */
static const char *look_script(struct arena *arena, const char *interface)
{
	return arena_printf(arena, "ip -o -4 addr show dev %s scope global | awk '{print $4}'\n"
		"echo --\n"
		"ip -4 route show dev %s | sed 's/ linkdown//g; s/ dead//g; s/ *$//'\n"
		"echo --\n"
		"cat /sys/class/net/%s/mtu\n", interface, interface, interface);
}

/* Where the new content waits: see WARDEN of engine/agent. */
static const char *new_file(struct arena *arena, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return arena_printf(arena, "%.*s.%s.beoplay-trial", (int)(name - path), path, name);
}

static void add_address(struct buffer *out, const char *interface, const char *address)
{
	buffer_printf(out, "ip -o addr show dev %s | grep -qwF '%s' ||\n"
		"\tip addr add %s%s dev %s\n", interface, address, address,
		network_is_ipv6(address) ? "" : " broadcast +", interface);
}

static void add_apply(struct buffer *out, struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	const char *interface = have->interface;
	unsigned count;
	char *const *wished = network_wished(want, &count);

	buffer_printf(out, "set -e\nmkdir -p /run/network\n");
	if (have->up_by_ifupdown)
		buffer_printf(out, "ifdown --force %s || true\n", interface);
	buffer_printf(out, "ip -4 addr flush dev %s scope global\n", interface);
	if (have->want) {
		buffer_printf(out, "ifup --force -i %s %s\n", new_file(arena, have->file), interface);
		return;
	}
	buffer_printf(out, "ip link set dev %s up\n", interface);
	for (unsigned i = 0; i < count; i++)
		add_address(out, interface, wished[i]);
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

/* ifupdown first, whose hooks may do more; then whatever is missing. */
static void add_back(struct buffer *out, struct arena *arena, const struct network_state *have)
{
	const char *interface = have->interface;

	if (have->want)
		buffer_printf(out, "ifdown --force -i %s %s\n", new_file(arena, have->file), interface);
	buffer_printf(out, "ip -4 addr flush dev %s scope global\nip link set dev %s up\n", interface,
		interface);
	if (have->up_by_ifupdown)
		buffer_printf(out, "ifup --force %s\n", interface);
	buffer_printf(out, "ip link set dev %s mtu %d\n", interface, have->before.mtu);
	for (size_t i = 0; i < have->before.count; i++)
		add_address(out, interface, have->before.addresses[i]);
	add_routes(out, arena, have);
	buffer_add_string(out, "exit 0\n");
}

void network_write_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial)
{
	struct buffer text = {0};

	trial->look = look_script(arena, have->interface);
	add_apply(&text, arena, want, have);
	trial->apply = arena_bytes(arena, text.data, text.size);
	buffer_clear(&text);
	add_back(&text, arena, have);
	trial->back = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
}
