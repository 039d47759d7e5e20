/* change: each change, made. */
#include "modules/file/file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int make_directory(struct host *host, const struct file_params *want,
	const struct file_state *have, const char *path, struct error *err)
{
	struct attributes_want attributes = file_attributes_of(want);
	unsigned mode = attributes_mode(&attributes, &have->at, 0755);
	int64_t uid = have->at.uid, gid = have->at.gid;
	bool exact;

	exact = file_former_attributes(want, path, &mode, &uid, &gid) || want->mode;
	if (host_record_set(host, file_directory_key(host_arena(host), path), value_map(host_arena(host)),
			err) < 0 || host_make_directory(host, path, mode, err) < 0)
		return -1;
	if (exact && host_set_mode(host, path, mode, err) < 0)
		return -1;
	if (uid == HOST_KEEP && gid == HOST_KEEP)
		return 0;
	if (host_set_owner(host, path, uid, gid, err) < 0)
		return -1;
	/* A change of owner takes set-id bits away. */
	return mode & 06000 ? host_set_mode(host, path, mode, err) : 0;
}

static int set_above(struct host *host, const struct file_params *want, const char *path,
	struct error *err)
{
	int64_t uid = HOST_KEEP, gid = HOST_KEEP;
	unsigned mode = 0755;

	file_former_attributes(want, path, &mode, &uid, &gid);
	if (host_set_owner(host, path, uid, gid, err) < 0)
		return -1;
	return host_set_mode(host, path, mode, err);
}

/* What an undo has left to others. */
static int leave(struct host *host, const char *path, struct error *err)
{
	struct value *record = value_map(host_arena(host));

	value_set_bool(host_arena(host), record, "left", true);
	return host_record_set(host, file_directory_key(host_arena(host), path), record, err);
}

static int remove_path(struct host *host, const struct file_params *want, const char *path,
	struct error *err)
{
	const char *key = file_directory_key(host_arena(host), path);
	struct value *record;

	if (host_record_get(host, key, &record, err) < 0
			|| (record && host_record_set(host, key, NULL, err) < 0))
		return -1;
	return want->state == WISH_ABSENT ? guard_remove(host, path, file_guard_flags(want), err)
		: host_remove(host, path, err);
}

static int write_body(struct host *host, const struct file_params *want,
	const struct file_state *have, struct error *err)
{
	struct attributes_want attributes = file_attributes_of(want);
	struct file_write write = {
		.path = want->path, .body = want->body, .uid = have->at.uid, .gid = have->at.gid,
		.mode = (int)attributes_mode(&attributes, &have->at, 0644), .mtime = HOST_KEEP,
	};

	if (!want->body)
		write.bytes = "";
	return host_write(host, &write, err);
}

static int set_time(struct host *host, const struct file_params *want, struct error *err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return host_set_mtime(host, want->path, want->mtime ? strtoll(want->mtime, NULL, 10)
		: (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, err);
}

/* Beside, then renamed: there is never a moment without it. */
static int make_link(struct host *host, const struct file_params *want,
	const struct file_state *have, struct error *err)
{
	const char *beside = arena_printf(host_arena(host), "%s.beoplay-link", want->path);
	struct file_info info;

	if (host_stat(host, beside, &info, err) < 0
			|| (info.kind == FILE_LINK && host_remove(host, beside, err) < 0)
			|| host_make_link(host, beside, want->src, err) < 0)
		return -1;
	if ((have->at.uid != HOST_KEEP || have->at.gid != HOST_KEEP)
			&& host_set_owner(host, beside, have->at.uid, have->at.gid, err) < 0)
		return -1;
	return host_rename(host, beside, want->path, err);
}

int file_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct attributes_want attributes = file_attributes_of(want);

	(void)results;
	switch (change->step) {
	case FILE_MAKE_DIRECTORY:
		return make_directory(host, want, have, change->subject, err);
	case FILE_MAKE_LINK:
		return make_link(host, want, have, err);
	case FILE_WRITE:
		return write_body(host, want, have, err);
	case FILE_REMOVE:
		return remove_path(host, want, change->subject, err);
	case FILE_SET_ABOVE:
		return set_above(host, want, change->subject, err);
	case FILE_SET_TIME:
		return set_time(host, want, err);
	case FILE_LEAVE:
		return leave(host, change->subject, err);
	default:
		if (strcmp(change->subject, want->path) != 0)
			return file_apply_below(host, want, have, change, err);
		return attributes_apply(host, want->path, &attributes, &have->at, change, err);
	}
}
