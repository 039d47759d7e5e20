/* networkd: an interface of systemd-networkd's (systemd.network(5)), which goes by the first file of all that
 * match. A change is tried by one in /run, gone with a power cut, which comes before all others; ours in /etc
 * comes next, and what another one has written stays where it is, unread. */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <string.h>

enum { SECONDS_LEAST = 10 };   /* that networkd is given */

const char *network_networkd_trial(struct arena *arena, const char *interface)
{
	return arena_printf(arena, "/run/systemd/network/00-beoplay-0trial-%s.network", interface);
}

/* --- Looking --- */

const char *network_value_of(struct arena *arena, const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	while (at && at != text && at[-1] != '\n')
		at = strstr(at + 1, key);
	return at ? arena_bytes(arena, at + strlen(key), strcspn(at + strlen(key), "\n")) : NULL;
}

static const char *name_of(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

int network_look_at_networkd(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *path = network_value_of(arena, have->link_state, "NETWORK_FILE=");

	if (have->backend != NETWORK_NETWORKD || !path || strcmp(path, have->file) == 0
			|| strcmp(path, network_networkd_trial(arena, have->interface)) == 0)
		return 0;
	if (network_read_file(host, path, &have->governing, err) < 0)
		return -1;
	if (strcmp(name_of(path), name_of(have->file)) < 0)
		have->outranks = path;
	if (have->have || want->state == NETWORK_ABSENT)
		return 0;
	have->governs = path;
	have->elsewhere = want->take || want->text ? NULL : path;
	return 0;
}

/* --- Scripts --- */

static const char *is_read(struct arena *arena, const struct network_state *have, const char *file)
{
	return arena_printf(arena, "grep -qsx 'NETWORK_FILE=%s' /run/systemd/netif/links/$(cat "
		"/sys/class/net/%s/ifindex)", file, have->interface);
}

/* What it is to go by: our file, or what there was before it was. */
static const char *trial_text(struct arena *arena, const struct network_params *want,
	const struct network_state *have)
{
	struct network_params again = { .addresses = want->live, .addresses_count = want->live_count,
		.gateway = want->via };

	if (have->want)
		return have->want;
	return want->stanza ? want->stanza
		: network_file_text(arena, NETWORK_NETWORKD, have->interface, &again);
}

static const char *apply_script(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct buffer *out)
{
	const char *trial = network_networkd_trial(arena, have->interface);
	unsigned seconds = (unsigned)want->confirm_timeout / 4;

	buffer_printf(out, "mkdir -p /run/systemd/network && umask 022 || exit\n"
		"cat >%s <<'END_OF_FILE' || exit\n%s\nEND_OF_FILE\n", trial, trial_text(arena, want, have));
	network_add_test(out, arena, want, have, is_read(arena, have, trial));
	buffer_add_string(out, "networkctl reload || exit\n");
	if (want->mtu)
		buffer_printf(out, "ip link set dev %s mtu %d\n", have->interface, *want->mtu);
	network_add_wait(out, "is_up", seconds > SECONDS_LEAST ? seconds : SECONDS_LEAST);
	buffer_printf(out, "echo systemd-networkd does not bring it up as wished:\n"
		"networkctl status --no-pager --lines=5 %s\nexit 1\n", have->interface);
	return arena_bytes(arena, out->data, out->size);
}

static const char *back_script(struct arena *arena, const struct network_state *have,
	struct buffer *out)
{
	const char *trial = network_networkd_trial(arena, have->interface);

	buffer_clear(out);
	network_add_as_before(out);
	buffer_printf(out, "rm -f %s\nnetworkctl reload || systemctl restart systemd-networkd\n", trial);
	network_add_wait(out, "is_as_before", 6);
	network_add_live(out, have);
	return arena_bytes(arena, out->data, out->size);
}

/* The file has its name now, and comes first once the trial's is gone. */
static const char *after_script(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct buffer *out)
{
	const char *trial = network_networkd_trial(arena, have->interface);

	buffer_clear(out);
	if (have->want)
		network_add_test(out, arena, want, have, is_read(arena, have, have->file));
	else
		buffer_printf(out, "is_up() { ! grep -qsx 'NETWORK_FILE=%s' /run/systemd/netif/links/*; }\n",
			trial);
	buffer_printf(out, "rm -f %s\nnetworkctl reload\n", trial);
	network_add_wait(out, "is_up", SECONDS_LEAST);
	return arena_bytes(arena, out->data, out->size);
}

void network_write_networkd_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial)
{
	struct buffer text = {0};

	trial->look = network_look_script(arena, have->interface, arena_printf(arena, "echo --\n"
		"sed -n 's/^NETWORK_FILE=//p' /run/systemd/netif/links/$(cat /sys/class/net/%s/ifindex)\n",
		have->interface));
	trial->apply = apply_script(arena, want, have, &text);
	trial->back = back_script(arena, have, &text);
	trial->after = after_script(arena, want, have, &text);
	buffer_free(&text);
}
