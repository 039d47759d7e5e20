/* machine: files of the system that modules read: dpkg's, /etc/hosts, fstab, exports. */
#include "tests/fuzz/fuzz.h"

#include "tests/unit/module_bench.h"

#include "modules/shared/dpkg_status.h"

#include <string.h>

extern const struct module module_hosts;
extern const struct module module_nfs_export;
extern const struct module module_nfs_mount;

static void dpkg_status(struct arena *arena, const char *bytes, size_t size)
{
	struct dpkg_status status = { 0 };
	struct error err = { 0 };

	if (dpkg_status_parse(arena, arena_bytes(arena, bytes, size), size, &status, &err) < 0) {
		require(err.message[0] != '\0');
		return;
	}
	for (size_t i = 0; i < status.count; i++) {
		require(strchr(status.packages[i].name, ':') || dpkg_find(&status, status.packages[i].name));
		require(dpkg_same(&status, &status.packages[i]) != NULL);
	}
	dpkg_status_parse_automatic(&status, arena_bytes(arena, bytes, size), size, &err);
}

/* A module applied where a file of the system has these bytes: in the end all is as the module wants it, or
 * an error says why not; and what was undone is as it was before. */
static void apply(const struct module *module, const char *yaml, const char *path,
	const char *bytes, size_t size)
{
	struct bench *bench = bench_new();
	/* A block of ours is made anew; that there was no newline at the end only the agent knows. */
	bool whole = !strstr(bytes, "beoplay") && size > 0 && bytes[size - 1] == '\n';
	const char *before;
	void *params;

	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/srv", 0755);
	bench_directory(bench, "/srv/share", 0755);
	bench_directory(bench, "/mnt", 0755);
	bench_file(bench, "/sbin/mount.nfs", 0755, "");
	bench_file(bench, "/usr/sbin/exportfs", 0755, "");
	bench_file(bench, "/proc/self/mountinfo", 0444,
		"23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	bench_command(bench, "exportfs -s", 0, "");
	bench_file(bench, path, 0644, "");
	bench_find(bench, path)->bytes = arena_bytes(bench->arena, bytes, size);
	bench_find(bench, path)->size = size;
	params = bench_load(bench, module, yaml);
	require(params != NULL);
	before = bench_snapshot(bench);
	if (bench_apply(bench, module, params) < 0)
		require(bench->err.message[0] != '\0');
	else if (bench_undo(bench) == 0 && whole)
		require(strcmp(bench_snapshot(bench), before) == 0);
	bench_free(bench);
}

static void hosts(struct arena *arena, const char *bytes, size_t size)
{
	(void)arena;
	apply(&module_hosts, "{entries: [{address: 10.0.0.9, names: [nine]}]}", "/etc/hosts", bytes, size);
}

static void fstab(struct arena *arena, const char *bytes, size_t size)
{
	(void)arena;
	apply(&module_nfs_mount, "{src: 'head:/srv/share', path: /mnt/share, state: present}", "/etc/fstab",
		bytes, size);
}

static void exports(struct arena *arena, const char *bytes, size_t size)
{
	(void)arena;
	apply(&module_nfs_export, "{path: /srv/share, clients: [10.0.0.9], hosts: [10.0.0.9]}", "/etc/exports", bytes, size);
}

const struct fuzz_target fuzz_machine[] = {
	{ "dpkg-status", dpkg_status },
	{ "hosts", hosts },
	{ "fstab", fstab },
	{ "exports", exports },
	{ 0 },
};
