/* manager: an interface of NetworkManager's, whoever has written its profile (netplan does, too). Ours in /etc has
 * a higher priority than others; it is tried in /run, which is gone with a power cut, under the same uuid.
 *
 * Asked by busctl(1), which any machine with systemd has. */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <string.h>

enum { SECONDS_LEAST = 20 };   /* that NetworkManager is given: it looks for others that have the address */

/* The same for an interface each time, and no other profile's: "beoplay", and its name's FNV-1a. */
const char *network_manager_uuid(struct arena *arena, const char *interface)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *at = interface; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
	return arena_printf(arena, "62656f70-6c61-4900-8%03x-%012llx", (unsigned)(hash >> 52),
		(unsigned long long)(hash & 0xffffffffffffu));
}

static const char *trial_file(struct arena *arena, const char *interface)
{
	return arena_printf(arena, "/run/NetworkManager/system-connections/beoplay-trial-%s.nmconnection",
		interface);
}

/* What it is fixed to where the DHCP server is gone. */
static const char *back_name(struct arena *arena, const char *interface)
{
	return arena_printf(arena, "%s-back", interface);
}

/* --- Looking --- */

/* Behind an address that is fixed for now there is whose it was. */
static int look_behind(struct host *host, struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *name = back_name(arena, have->interface), *text;

	if (strcmp(have->governing, network_manager_uuid(arena, name)) != 0)
		return 0;
	if (network_read_file(host, trial_file(arena, name), &text, err) < 0)
		return -1;
	have->governing = network_value_of(arena, text, "#was=");
	return 0;
}

static int find_profile(struct host *host, const char *interface, const char *uuid,
	const char **ret_path, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *const argv[] = { "sh", "-c", arena_printf(arena, "grep -lsxF 'uuid=%s' "
		"/etc/NetworkManager/system-connections/* /run/NetworkManager/system-connections/* || "
		"ls /run/NetworkManager/system-connections/netplan-%s.nmconnection 2>/dev/null || true", uuid,
		interface), NULL };
	struct command command = { .argv = argv, .timeout = 30 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_path = result.output[0] ? arena_bytes(arena, result.output, strcspn(result.output, "\n"))
		: arena_printf(arena, "NetworkManager's profile %s", uuid);
	return 0;
}

int network_look_at_manager(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *uuid = have->backend == NETWORK_MANAGER
		? network_value_of(arena, have->link_state, "connection-uuid=") : NULL;

	if (!uuid || uuid[strspn(uuid, "0123456789abcdefABCDEF-")])
		return 0;
	have->governing = uuid;
	if (look_behind(host, have, err) < 0)
		return -1;
	if (!have->governing || strcmp(have->governing, network_manager_uuid(arena, have->interface)) == 0)
		return 0;
	if (have->have || want->state == NETWORK_ABSENT)
		return 0;
	if (find_profile(host, have->interface, have->governing, &have->governs, err) < 0)
		return -1;
	have->elsewhere = want->take || want->text ? NULL : have->governs;
	return 0;
}

/* --- Scripts --- */

static void add_words(struct buffer *out, const char *interface)
{
	buffer_printf(out, "bus=org.freedesktop.NetworkManager at=/org/freedesktop/NetworkManager\n"
		"path() { sed 's/^[a-z]* \"\\(.*\\)\"$/\\1/'; }\n"
		"device=$(busctl call $bus $at $bus GetDeviceByIpIface s %s | path)\n"
		"load() { busctl call $bus $at/Settings $bus.Settings LoadConnections as 1 \"$1\"; }\n"
		"reload() { busctl call $bus $at/Settings $bus.Settings ReloadConnections; }\n"
		"activate() {\n"
		"\tprofile=$(busctl call $bus $at/Settings $bus.Settings GetConnectionByUuid s \"$1\" | path)\n"
		"\tbusctl call $bus $at $bus ActivateConnection ooo \"$profile\" \"$device\" /\n}\n"
		"is_active() {\n\tactive=$(busctl get-property $bus \"$device\" $bus.Device ActiveConnection | path)\n"
		"\t[ \"$(busctl get-property $bus \"$active\" $bus.Connection.Active Uuid State | tr '\\n' ' ')\" = "
		"\"s \\\"$1\\\" u 2 \" ]\n}\n", interface);
}

static const char *apply_script(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct buffer *out)
{
	const char *trial = trial_file(arena, have->interface), *uuid;
	unsigned seconds = (unsigned)want->confirm_timeout / 4;

	uuid = have->want ? network_manager_uuid(arena, have->interface) : want->stanza;
	add_words(out, have->interface);
	if (have->want)
		buffer_printf(out, "umask 077; mkdir -p /run/NetworkManager/system-connections\n"
			"cat >%s <<'END_OF_FILE' || exit\n%s\nEND_OF_FILE\nload %s || exit\n", trial, have->want,
			trial);
	if (want->mtu)
		buffer_printf(out, "ip link set dev %s mtu %d\n", have->interface, *want->mtu);
	buffer_printf(out, "activate %s || exit\n", uuid);
	network_add_test(out, arena, want, have, arena_printf(arena, "is_active %s", uuid));
	network_add_wait(out, "is_up", seconds > SECONDS_LEAST ? seconds : SECONDS_LEAST);
	buffer_add_string(out, "echo NetworkManager does not bring it up as wished:\n"
		"busctl get-property $bus \"$device\" $bus.Device State StateReason\nexit 1\n");
	return arena_bytes(arena, out->data, out->size);
}

/* Without the DHCP server NetworkManager would take away again and again what it was given beside it: until the
 * next start it is fixed. */
static void add_fixed(struct buffer *out, struct arena *arena, const struct network_state *have)
{
	const char *name = back_name(arena, have->interface);
	const char *file = trial_file(arena, name);
	struct network_params fixed = { .addresses = (char **)have->before.addresses,
		.addresses_count = (unsigned)have->before.count, .gateway = (char *)have->before.via };

	buffer_printf(out, "(umask 077; sed 's/^\\(interface-name=.*\\)-back$/\\1/' >%s) <<'END_OF_FILE'\n"
		"#was=%s\n%sEND_OF_FILE\nload %s\nactivate %s\n", file,
		have->governing ? have->governing : "", network_file_text(arena, NETWORK_MANAGER, name, &fixed),
		file, network_manager_uuid(arena, name));
}

/* What it was is activated anew only where it isn't that any more: a moment later all would be gone. A second
 * try, because the first one took too long, doesn't ask for a lease again. */
static const char *back_script(struct arena *arena, const struct network_state *have,
	struct buffer *out)
{
	buffer_clear(out);
	add_words(out, have->interface);
	network_add_as_before(out);
	buffer_printf(out, "rm -f %s\nreload\nis_as_before && exit 0\n",
		trial_file(arena, have->interface));
	if (have->governing) {
		buffer_printf(out, "if [ ! -e %s ]; then\nactivate %s\n", trial_file(arena,
			back_name(arena, have->interface)), have->governing);
		network_add_wait(out, "is_as_before", 6);
		buffer_add_string(out, "fi\n");
	}
	add_fixed(out, arena, have);
	buffer_add_string(out, "exit 0\n");
	return arena_bytes(arena, out->data, out->size);
}

/* The profile moves to its file in /etc without an interruption. */
static const char *after_script(struct arena *arena, const struct network_state *have,
	struct buffer *out)
{
	buffer_clear(out);
	add_words(out, have->interface);
	buffer_printf(out, "rm -f %s %s\n", trial_file(arena, have->interface),
		trial_file(arena, back_name(arena, have->interface)));
	if (have->want)
		buffer_printf(out, "load %s\n", have->file);
	buffer_add_string(out, "reload\n");
	return arena_bytes(arena, out->data, out->size);
}

void network_write_manager_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial)
{
	struct buffer text = {0};

	trial->look = network_look_script(arena, have->interface, arena_printf(arena, "echo --\n"
		"sed -n 's/^connection-uuid=//p' /run/NetworkManager/devices/$(cat "
		"/sys/class/net/%s/ifindex) | sed 's/^%s$/%s/'\n", have->interface,
		network_manager_uuid(arena, back_name(arena, have->interface)),
		have->governing ? have->governing : ""));
	trial->apply = apply_script(arena, want, have, &text);
	trial->back = back_script(arena, have, &text);
	trial->after = after_script(arena, have, &text);
	buffer_free(&text);
}
