/* look: what is at the path, below it and above it. */
#include "modules/file/file.h"

#include "base/quote.h"

#include <string.h>

enum { FILE_TEXT_MOST = 256 << 10, TREE_MOST = 1000, TREE_BYTES_MOST = 256 << 20 };

bool file_too_much(const struct file_state *have)
{
	return have->below_count > TREE_MOST || have->below_bytes > TREE_BYTES_MOST;
}

static int add_below(struct host *host, struct file_state *have, const char *path,
	const struct file_info *info, struct error *err)
{
	struct file_below *below;

	/* Twice as large at each power of two. */
	if ((have->below_count & (have->below_count - 1)) == 0)
		have->below = arena_grow(host_arena(host), have->below,
			have->below_count * sizeof(*below),
			(have->below_count ? 2 * have->below_count : 1) * sizeof(*below));
	below = &have->below[have->below_count++];
	*below = (struct file_below){ .path = path, .info = *info };
	have->below_bytes += info->kind == FILE_REGULAR ? info->size : 0;
	if (info->kind != FILE_REGULAR || file_too_much(have))
		return 0;
	return host_digest(host, path, &below->digest, err);
}

/* Everything below a directory, what is in a directory before it. */
static int list_below(struct host *host, const char *path, struct file_state *have,
	struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_list(host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *inside = arena_printf(host_arena(host), "%s/%s", path, names[i].name);

		if (names[i].info.kind == FILE_DIRECTORY && list_below(host, inside, have, err) < 0)
			return -1;
		if (add_below(host, have, inside, &names[i].info, err) < 0)
			return -1;
	}
	return 0;
}

/* As Ansible does, the directories above a directory are made, too. */
static int look_above(struct host *host, const char *path, struct file_state *have,
	struct error *err)
{
	size_t depth = 0;

	for (const char *at = path; *at; at++)
		depth += *at == '/';
	have->missing = arena_array(host_arena(host), depth + 1, sizeof(*have->missing));
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *above = arena_bytes(host_arena(host), path, (size_t)(slash - path));
		struct file_info info;

		if (slash[1] == '\0')
			break;
		if (host_stat(host, above, &info, err) < 0)
			return -1;
		if (info.kind == FILE_NONE)
			have->missing[have->missing_count++] = above;
	}
	return 0;
}

const char *file_directory_key(struct arena *arena, const char *path)
{
	return arena_printf(arena, "directory:%s", path);
}

/* What this task made and what stays, as others have something in it: whoever empties it takes it
 * away. */
static int look_at_left(struct host *host, const struct file_params *want, const char *path,
	struct file_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record;

	have->left = arena_array(arena, strlen(path) + 1, sizeof(*have->left));
	for (; strlen(path) >= strlen(want->up_to); path = file_path_above(arena, path)) {
		if (host_record_get(host, file_directory_key(arena, path), &record, err) < 0)
			return -1;
		if (record && !value_get_bool(record, "left"))
			have->left[have->left_count++] = path;
		if (strrchr(path, '/') == path)
			break;
	}
	return 0;
}

/* The directories above that hold nothing but what goes anyway. */
static int look_at_empty(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	const char *goes = have->at.info.kind != FILE_NONE ? want->path : NULL, *at = want->path;
	struct arena *arena = host_arena(host);
	struct guard_refusal refusal;
	struct file_name *names;
	struct file_info info;
	struct guard guard;
	size_t count;

	if (guard_open(host, &guard, err) < 0)
		return -1;
	have->empty = arena_array(arena, strlen(at) + 1, sizeof(*have->empty));
	while (strrchr(at, '/') > at) {
		const char *above = file_path_above(arena, at);
		bool own = strlen(at) > strlen(want->up_to);
		struct value *record = NULL;

		/* Another task may have made it, and left it as it wasn't empty then. */
		if (!own && host_record_get(host, file_directory_key(arena, above), &record, err) < 0)
			return -1;
		if (!own && !value_get_bool(record, "left"))
			return 0;
		if (host_stat(host, above, &info, err) < 0)
			return -1;
		at = above;
		if (info.kind == FILE_NONE)
			continue;
		if (info.kind != FILE_DIRECTORY)
			return 0;
		if (host_list(host, above, &names, &count, err) < 0)
			return -1;
		if (guard_check(host, &guard, above, GUARD_EMPTY, &refusal, err) < 0)
			return -1;
		if (count > (goes ? 1 : 0) || refusal.reason)
			return own ? look_at_left(host, want, above, have, err) : 0;
		have->empty[have->empty_count++] = (struct file_below){ .path = goes = above,
			.info = info };
	}
	return 0;
}

/* An undo never takes away what others have put into a directory since. */
static int look_at_made(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (have->at.info.kind == FILE_DIRECTORY) {
		if (host_list(host, want->path, &names, &count, err) < 0)
			return -1;
		have->stays = count > 0;
	}
	return have->stays ? look_at_left(host, want, want->path, have, err)
		: look_at_empty(host, want, have, err);
}

/* For the diff of an undo. */
static int look_at_text(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	char *bytes;
	size_t size;

	if (!want->body || strcmp(have->digest, want->body) == 0
			|| have->at.info.size > FILE_TEXT_MOST)
		return 0;
	if (host_read(host, want->path, FILE_TEXT_MOST, &bytes, &size, err) < 0)
		return -1;
	if (!memchr(bytes, 0, size) && utf8_valid(bytes, size))
		have->text = bytes;
	return 0;
}

/* Another task may have made them since, otherwise. */
static int look_at_above(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	const char *at = want->path;

	have->above = arena_array(host_arena(host), want->above_count + 1, sizeof(*have->above));
	while (have->above_count < want->above_count && strrchr(at, '/') > at) {
		struct file_above *above = &have->above[have->above_count++];
		struct value *record;

		above->path = at = file_path_above(host_arena(host), at);
		if (host_stat(host, at, &above->info, err) < 0
				|| host_record_get(host, file_directory_key(host_arena(host), at), &record, err) < 0)
			return -1;
		above->made = record && !value_get_bool(record, "left");
	}
	return 0;
}

unsigned file_guard_flags(const struct file_params *want)
{
	return want->up_to ? GUARD_EMPTY : 0;
}

/* Where something has been mounted over a directory that a task made, what is there is others'. */
static int guard_made(struct host *host, const struct file_params *want,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct guard guard;
	const char *real;

	if (guard_open(host, &guard, err) < 0)
		return -1;
	for (const char *at = want->path; !ret_refusal->reason && strlen(at) >= strlen(want->up_to);
			at = file_path_above(host_arena(host), at)) {
		if (host_real(host, at, &real, err) < 0)
			return -1;
		guard_mount(host_arena(host), &guard, real, ret_refusal);
	}
	return 0;
}

int file_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct file_params *want = params;
	struct file_state *have = ret_state;
	struct attributes_want attributes = file_attributes_of(want);

	if (attributes_inspect(host, want->path, &attributes, &have->at, err) < 0)
		return -1;
	if ((want->state == WISH_DIRECTORY || want->recurse || want->above_count > 0)
			&& have->at.info.kind == FILE_NONE)
		return look_above(host, want->path, have, err);
	if (want->state == WISH_ABSENT && have->at.info.kind != FILE_NONE
			&& guard_look(host, want->path, file_guard_flags(want), &have->refusal, err) < 0)
		return -1;
	if (want->up_to && have->at.info.kind != FILE_NONE && !have->refusal.reason
			&& guard_made(host, want, &have->refusal, err) < 0)
		return -1;
	if (have->refusal.reason)
		return 0;
	if (want->recurse && have->at.info.kind == FILE_DIRECTORY
			&& file_look_below(host, want, have, err) < 0)
		return -1;
	if (want->state != WISH_ABSENT && look_at_above(host, want, have, err) < 0)
		return -1;
	if (want->state == WISH_ABSENT && want->up_to && look_at_made(host, want, have, err) < 0)
		return -1;
	if (have->at.info.kind == FILE_REGULAR && (want->body || want->state == WISH_ABSENT
			|| want->state == WISH_LINK))
		return host_digest(host, want->path, &have->digest, err) < 0 ? -1
			: look_at_text(host, want, have, err);
	if (have->at.info.kind == FILE_DIRECTORY && want->state == WISH_ABSENT && !want->up_to)
		return list_below(host, want->path, have, err);
	return 0;
}
