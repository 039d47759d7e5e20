/* files: what lies in files of a user or of a node: ssh's, packs, ledgers of the form before. */
#include "tests/fuzz/fuzz.h"

#include "agent/ledger.h"
#include "agent/ledger_database.h"
#include "fleet/hostkeys.h"
#include "fleet/ssh_config.h"
#include "seal/pack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkbE0Vq3yUZm4lkDv3N5dHbJ1v8m1kq5J3wB6m3a1bC"

static char folder[] = "/tmp/beoplay-fuzz-XXXXXX";

static void clean_up(void)
{
	static const char *const names[] = { ".ssh/config", ".ssh", "known_hosts", "ledger" };

	if (chdir(folder) < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		remove(names[i]);
	rmdir(folder);
}

/* A file below a folder of our own, which is the user's home. */
static const char *put(struct arena *arena, const char *name, const char *bytes, size_t size)
{
	static bool made;
	const char *path;
	int fd;

	if (!made) {
		require(mkdtemp(folder) != NULL);
		require(mkdir(arena_printf(arena, "%s/.ssh", folder), 0700) == 0);
		setenv("HOME", folder, 1);
		atexit(clean_up);
		made = true;
	}
	path = arena_printf(arena, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
	return path;
}

static void warn(void *context, const char *text)
{
	(void)context;
	require(text[0] != '\0');
}

static void ssh_config(struct arena *arena, const char *bytes, size_t size)
{
	const struct ssh_config_asked asked = { .address = "node1", .warn = warn };
	struct ssh_config config;
	struct error err = { 0 };

	put(arena, ".ssh/config", bytes, size);
	if (ssh_config_read(arena, &asked, &config, &err) < 0)
		require(err.kind == ERROR_UNREACHABLE && err.message[0] != '\0');
	else
		require(config.host != NULL);
}

static void known_hosts(struct arena *arena, const char *bytes, size_t size)
{
	const char *const paths[] = { put(arena, "known_hosts", bytes, size), NULL };
	const struct hostkeys hostkeys = { .paths = paths, .name = "node1", .port = 22 };
	struct hostkeys_found found;
	struct error err = { 0 };

	require(hostkeys_check(arena, &hostkeys, KEY, &found, &err) == 0);
	require((found.verdict == HOSTKEYS_UNKNOWN) == (found.path == NULL));
	hostkeys_types(arena, &hostkeys);
}

static void pack(struct arena *arena, const char *bytes, size_t size)
{
	const struct owner_keys keys = { 0 };
	char id[KEY_HEX_SIZE], *text;
	struct error err = { 0 };
	size_t length;

	pack_key(bytes, size, id);
	if (pack_open(arena, &keys, bytes, size, &text, &length, &err) < 0)
		require(err.message[0] != '\0');
}

/* The ledger of the form before, read into a new one in memory. */
static void ledger(struct arena *arena, const char *bytes, size_t size)
{
	struct ledger ledger;
	size_t count;

	put(arena, "ledger", bytes, size);
	ledger_open(&ledger, folder, folder, "0123456789abcdef0123456789abcdef");
	if (ledger.problem.kind != ERROR_NONE)
		require(ledger.problem.message[0] != '\0');
	else if (ledger.there)
		ledger_runs(&ledger, arena, "fix", &count);
	ledger_close(&ledger);
}

const struct fuzz_target fuzz_files[] = {
	{ "ssh-config", ssh_config },
	{ "known-hosts", known_hosts },
	{ "pack", pack },
	{ "ledger", ledger },
	{ 0 },
};
