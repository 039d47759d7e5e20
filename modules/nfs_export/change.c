/* change: writes the file of an export and has the kernel follow it. */
#include "modules/errors.h"
#include "modules/nfs_export/nfs_export.h"

#include <string.h>

#define LOCK_RECORD "nfs-export:lock"

/* exportfs makes them where they are missing. */
static const char *const locks[] = { "/var/lib/nfs/.etab.lock", "/var/lib/nfs/export-lock", NULL };

static int write_file(struct host *host, const struct export_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->file, .bytes = have->want, .size = strlen(have->want), .mode = 0644,
		.uid = 0, .gid = 0, .mtime = HOST_KEEP,
	};

	return host_write(host, &write, err);
}

static int make_path(struct host *host, const struct export_params *want,
	const struct export_state *have, struct error *err)
{
	unsigned mode = attributes_mode(&have->wishes, &have->path, 0755);

	if (host_make_directory(host, want->path, mode, err) < 0 ||
	    (want->mode && host_set_mode(host, want->path, mode, err) < 0))
		return -1;
	if (have->path.uid == HOST_KEEP && have->path.gid == HOST_KEEP)
		return 0;
	return host_set_owner(host, want->path, have->path.uid == HOST_KEEP ? 0 : have->path.uid,
		have->path.gid == HOST_KEEP ? 0 : have->path.gid, err);
}

struct value *export_list_in(struct arena *arena, struct value *results, const char *key)
{
	if (!value_get(results, key))
		value_set(arena, results, key, value_list(arena));
	return value_get(results, key);
}

static void tell_clients(struct arena *arena, const struct export_params *want,
	const struct export_state *have, struct value *results)
{
	bool absent = want->state == EXPORT_ABSENT;

	for (unsigned i = 0; !absent && i < want->hosts_count; i++) {
		if (!export_live_of(have, want->hosts[i]))
			value_append(arena, export_list_in(arena, results, "added"),
				value_string(arena, want->hosts[i]));
	}
	for (size_t i = 0; i < have->live_count; i++) {
		bool wished = false;

		for (unsigned k = 0; !absent && k < want->hosts_count; k++)
			wished = wished || strcmp(want->hosts[k], have->live[i].client) == 0;
		if (!wished)
			value_append(arena, export_list_in(arena, results, "removed"),
				value_string(arena, have->live[i].client));
	}
}

/* --- What came with the first export */

static int make_exports_directory(struct host *host, struct error *err)
{
	if (host_record_set(host, DIRECTORY_RECORD, value_map(host_arena(host)), err) < 0)
		return -1;
	return host_make_directory(host, EXPORTS_DIRECTORY, 0755, err);
}

static int unmake_exports_directory(struct host *host, struct error *err)
{
	if (host_remove(host, EXPORTS_DIRECTORY, err) < 0)
		return -1;
	return host_record_set(host, DIRECTORY_RECORD, NULL, err);
}

static int note_locks(struct host *host, struct error *err)
{
	struct value *record;
	struct file_info info;

	if (host_record_get(host, LOCK_RECORD, &record, err) < 0)
		return -1;
	record = record ? value_copy(host_arena(host), record) : value_map(host_arena(host));
	for (size_t i = 0; locks[i]; i++) {
		if (host_stat(host, locks[i], &info, err) < 0)
			return -1;
		if (info.kind == FILE_NONE)
			value_set_bool(host_arena(host), record, locks[i], true);
	}
	return record->count > 0 ? host_record_set(host, LOCK_RECORD, record, err) : 0;
}

static int remove_locks(struct host *host, struct error *err)
{
	struct file_info info;
	struct value *record;

	if (host_stat(host, EXPORTS_TABLE, &info, err) < 0
			|| host_record_get(host, LOCK_RECORD, &record, err) < 0)
		return -1;
	if (!record || info.size > 0)
		return 0;
	for (size_t i = 0; locks[i]; i++) {
		if (host_stat(host, locks[i], &info, err) < 0)
			return -1;
		if (info.kind == FILE_REGULAR && info.size == 0 && value_get(record, locks[i])
				&& host_remove(host, locks[i], err) < 0)
			return -1;
	}
	return host_record_set(host, LOCK_RECORD, NULL, err);
}

/* The others of the host would be refused with it, now and when the machine starts. */
static void put_back(struct host *host, const struct export_state *have)
{
	static const char *const argv[] = { "exportfs", "-ra", NULL };
	struct command command = { .argv = argv, .timeout = 300, .flags = COMMAND_ANY_STATUS };
	struct file_write write = {
		.path = have->file, .bytes = have->have, .mode = 0644, .uid = 0, .gid = 0,
		.mtime = HOST_KEEP,
	};
	struct command_result result;

	if (have->have) {
		write.size = strlen(have->have);
		host_write(host, &write, NULL);
	} else if (have->want) {
		host_remove(host, have->file, NULL);
	}
	host_run(host, &command, &result, NULL);
}

/* It returns 0 although a name can't be resolved: what it says counts. */
static int reload(struct host *host, const struct export_state *have, struct error *err)
{
	static const char *const argv[] = { "exportfs", "-ra", NULL };
	static const char *const wrong[] = { "Failed to", "does not support", "unknown keyword",
		"syntax error", "Invalid", "bad ", "incompatible", NULL };
	struct command command = { .argv = argv, .timeout = 300, .flags = COMMAND_ANY_STATUS };
	struct command_result result;
	bool refused;

	if (note_locks(host, err) < 0 || host_run(host, &command, &result, err) < 0)
		return -1;
	refused = result.status != 0;
	for (size_t i = 0; wrong[i]; i++)
		refused = refused || strstr(result.errors, wrong[i]);
	if (!refused)
		return remove_locks(host, err);
	put_back(host, have);
	error_set(err, NFS_EXPORT_FAILED, "exportfs refuses it, so '%s' is as it was before: %s",
		have->file, command_last_words(host_arena(host), &result));
	return error_remedy(err, "look at the clients and options, and whether the names are known "
		"there (a task of hosts)");
}

int export_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct export_params *want = params;
	const struct export_state *have = state;

	switch (change->step) {
	case EXPORT_MAKE:
		return make_path(host, want, have, err);
	case EXPORT_DIRECTORY:
		return make_exports_directory(host, err);
	case EXPORT_WRITE:
		return write_file(host, have, err);
	case EXPORT_REMOVE:
		return host_remove(host, have->file, err);
	case EXPORT_RELOAD:
		tell_clients(host_arena(host), want, have, results);
		return reload(host, have, err);
	case EXPORT_UNMAKE_DIRECTORY:
		return unmake_exports_directory(host, err);
	case EXPORT_UNMAKE:
		return host_remove(host, want->path, err);
	default:
		return attributes_apply(host, want->path, &have->wishes, &have->path, change, err);
	}
}
