/* plan: the changes from what is at the path to what is wished. */
#include "modules/file/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *file_kind_word(enum file_kind kind)
{
	static const char *const words[] = {
		[FILE_NONE] = "absent", [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link", [FILE_OTHER] = "special file",
	};

	return words[kind];
}

static void plan_link(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	const struct file_info *info = &have->at.info;

	if (info->kind == FILE_LINK && strcmp(info->target, want->src) == 0) {
		attributes_plan(plan, want->path, &(struct attributes_want){ want->owner, want->group,
			NULL }, &have->at);
		return;
	}
	if (info->kind != FILE_NONE && info->kind != FILE_LINK && !(want->force
			&& info->kind == FILE_REGULAR)) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first, or use force: yes for a file",
			"'%s' is a %s, not a link", want->path, file_kind_word(info->kind));
		return;
	}
	if (info->kind == FILE_REGULAR)
		plan_add(plan, FILE_REMOVE, want->path, "state", "file", "absent");
	plan_add(plan, FILE_MAKE_LINK, want->path, "target", info->kind == FILE_LINK ? info->target
		: NULL, want->src);
}

static void plan_file(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = file_attributes_of(want);
	enum file_kind kind = have->at.info.kind;

	if (want->body && (kind == FILE_NONE || kind == FILE_REGULAR || kind == FILE_LINK)
			&& (!have->digest || strcmp(have->digest, want->body) != 0)) {
		struct change *change = plan_add(plan, FILE_WRITE, want->path, "content", have->text,
			NULL);

		change->after_body = want->body;
		change->flags |= CHANGE_SENSITIVE;
		return;
	}
	if (kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_NOT_FOUND, "use copy or template for a "
			"file's content, or another state", kind == FILE_NONE ? "there is no file '%s'"
			: "'%s' is not a regular file", want->path);
		return;
	}
	attributes_plan(plan, want->path, &attributes, &have->at);
}

static void plan_as_it_is(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = file_attributes_of(want);

	if (have->at.info.kind == FILE_DIRECTORY)
		attributes_plan(plan, want->path, &attributes, &have->at);
	else if (want->recurse && have->at.info.kind == FILE_NONE)
		plan_add(plan, FILE_MAKE_DIRECTORY, want->path, "state", "absent", "directory");
	else
		plan_file(plan, want, have);
}

/* It happens each time, unless it is to leave the time. */
static void plan_touch(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = file_attributes_of(want);
	enum file_kind kind = have->at.info.kind;

	if (kind == FILE_NONE) {
		plan_add(plan, FILE_WRITE, want->path, "state", "absent", "file");
		return;
	}
	if (kind != FILE_REGULAR && kind != FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "name the file itself",
			"'%s' is a %s", want->path, file_kind_word(kind));
		return;
	}
	if (!want->keeps_time)
		plan_add(plan, FILE_SET_TIME, want->path, "modification time", NULL, "now")->flags |=
			CHANGE_EACH_TIME;
	attributes_plan(plan, want->path, &attributes, &have->at);
}

/* An undo. */
static void plan_time(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	enum file_kind kind = have->at.info.kind;

	if (want->mtime && (kind == FILE_REGULAR || kind == FILE_DIRECTORY)
			&& strtoll(want->mtime, NULL, 10) != have->at.info.mtime)
		plan_add(plan, FILE_SET_TIME, want->path, "modification time", NULL, "as it was");
}

static void plan_absent(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	enum file_kind kind = have->at.info.kind;

	for (size_t i = 0; i < have->left_count; i++)
		plan_add(plan, FILE_LEAVE, have->left[i], "stays", NULL, "until nothing is in it")->flags
			|= CHANGE_WAITS;
	if (have->stays) {
		plan_note(plan, "'%s' stays, as something is in it", want->path);
		return;
	}
	for (size_t i = 0; i < have->below_count; i++)
		plan_add(plan, FILE_REMOVE, have->below[i].path, "state",
			file_kind_word(have->below[i].info.kind), "absent");
	if (kind != FILE_NONE)
		plan_add(plan, FILE_REMOVE, want->path, "state", file_kind_word(kind), "absent");
	for (size_t i = 0; i < have->empty_count; i++)
		plan_add(plan, FILE_REMOVE, have->empty[i].path, "state", "directory", "absent");
}

bool file_former_attributes(const struct file_params *want, const char *path,
	unsigned *ret_mode, int64_t *ret_uid, int64_t *ret_gid)
{
	unsigned levels = 0, uid, gid;

	for (const char *rest = want->path + strlen(path); *rest; rest++)
		levels += *rest == '/' && rest[1];
	if (levels == 0 || levels > want->above_count || sscanf(want->above[levels - 1],
			"%o:%u:%u", ret_mode, &uid, &gid) != 3)
		return false;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}

static void plan_above(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	for (size_t i = 0; i < have->above_count; i++) {
		const struct file_above *above = &have->above[i];
		int64_t uid = above->info.uid, gid = above->info.gid;
		unsigned mode = above->info.mode;

		if (above->made && above->info.kind == FILE_DIRECTORY
				&& file_former_attributes(want, above->path, &mode, &uid, &gid)
				&& (mode != above->info.mode || uid != above->info.uid || gid != above->info.gid))
			plan_add(plan, FILE_SET_ABOVE, above->path, "mode and owner",
				plan_printf(plan, "%04o %u:%u", above->info.mode, above->info.uid,
				above->info.gid), plan_printf(plan, "%04o %lld:%lld", mode, (long long)uid,
				(long long)gid));
	}
}

void file_plan(struct plan *plan, const void *params, const void *state)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct attributes_want attributes = file_attributes_of(want);
	enum file_kind kind = have->at.info.kind;

	if (!guard_plan(plan, &have->refusal))
		return;
	for (size_t i = 0; i < have->missing_count; i++)
		plan_add(plan, FILE_MAKE_DIRECTORY, have->missing[i], "state", "absent", "directory");
	plan_above(plan, want, have);
	switch (want->state) {
	case WISH_AS_IS:
		plan_as_it_is(plan, want, have);
		break;
	case WISH_FILE:
		plan_file(plan, want, have);
		break;
	case WISH_TOUCH:
		plan_touch(plan, want, have);
		break;
	case WISH_LINK:
		plan_link(plan, want, have);
		break;
	case WISH_ABSENT:
		plan_absent(plan, want, have);
		break;
	case WISH_DIRECTORY:
		if (kind == FILE_NONE)
			plan_add(plan, FILE_MAKE_DIRECTORY, want->path, "state", "absent", "directory");
		else if (kind == FILE_DIRECTORY)
			attributes_plan(plan, want->path, &attributes, &have->at);
		else
			plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first (state: "
				"absent)", "'%s' is a %s, not a directory", want->path, file_kind_word(kind));
		break;
	}
	if (want->recurse)
		file_plan_below(plan, want, have);
	plan_time(plan, want, have);
}
