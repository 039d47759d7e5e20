/* plan: the changes from what is at dest to what the manifest wishes. */
#include "modules/file_sync/file_sync.h"

#include "modules/errors.h"
#include "modules/shared/file_attributes.h"

#include <string.h>

static const char *kind_name(enum file_kind kind)
{
	static const char *const names[] = {
		[FILE_NONE] = "absent", [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link", [FILE_OTHER] = "something special",
	};

	return names[kind];
}

static void plan_mode(struct plan *plan, const struct sync_entry *entry)
{
	if (entry->have.mode == entry->mode)
		return;
	plan_add(plan, SYNC_STEP_MODE, entry->path, "mode", plan_printf(plan, "%04o",
		entry->have.mode), plan_printf(plan, "%04o", entry->mode))->detail = entry;
}

static void plan_owner(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	int64_t uid = have->uid == HOST_KEEP ? (int64_t)entry->have.uid : have->uid;
	int64_t gid = have->gid == HOST_KEEP ? (int64_t)entry->have.gid : have->gid;

	if (uid == (int64_t)entry->have.uid && gid == (int64_t)entry->have.gid)
		return;
	plan_add(plan, SYNC_STEP_OWNER, entry->path, "owner", plan_printf(plan, "%u:%u",
		entry->have.uid, entry->have.gid), plan_printf(plan, "%lld:%lld", (long long)uid,
		(long long)gid))->detail = entry;
}

static void plan_content(struct plan *plan, const struct sync_entry *entry)
{
	struct change *change = plan_add(plan, SYNC_STEP_WRITE, entry->path, "content", NULL, NULL);

	change->detail = entry;
	change->after_body = entry->want.digest;
	if (entry->have.kind == FILE_REGULAR && entry->text) {
		change->before = entry->text;
	} else if (entry->have.kind == FILE_REGULAR) {
		change->flags |= CHANGE_BINARY;
		change->before = plan_printf(plan, "%lld bytes", (long long)entry->have.size);
		change->after = plan_printf(plan, "%lld bytes", (long long)entry->want.size);
		change->after_body = NULL;
	}
	if (!(entry->mode & 0004) || (entry->have.kind == FILE_REGULAR && !(entry->have.mode & 0004)))
		change->flags |= CHANGE_SENSITIVE;
}

bool sync_differs(const struct sync_entry *entry)
{
	return entry->want.kind == SYNC_FILE && (entry->have.kind != FILE_REGULAR
		|| strcmp(entry->digest, entry->want.digest) != 0);
}

static bool plan_file(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_DIRECTORY || entry->have.kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a file", entry->path, kind_name(entry->have.kind));
		return false;
	}
	if (sync_differs(entry)) {
		plan_content(plan, entry);
		return true;
	}
	plan_mode(plan, entry);
	plan_owner(plan, have, entry);
	return true;
}

static bool plan_directory(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_DIRECTORY) {
		plan_mode(plan, entry);
		plan_owner(plan, have, entry);
		return true;
	}
	if (entry->have.kind != FILE_NONE) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a directory", entry->path, kind_name(entry->have.kind));
		return false;
	}
	plan_add(plan, SYNC_STEP_DIRECTORY, entry->path, "state", "absent", "directory")->detail =
		entry;
	return true;
}

static bool plan_link(struct plan *plan, const struct sync_entry *entry)
{
	bool link = entry->have.kind == FILE_LINK;

	if (link && strcmp(entry->have.target, entry->want.target) == 0)
		return true;
	if (entry->have.kind == FILE_DIRECTORY || entry->have.kind == FILE_OTHER) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away, then try "
			"again", "'%s' is a %s, not a link", entry->path, kind_name(entry->have.kind));
		return false;
	}
	plan_add(plan, SYNC_STEP_LINK, entry->path, "target",
		link ? entry->have.target : kind_name(entry->have.kind), entry->want.target)->detail =
		entry;
	return true;
}

static bool plan_absent(struct plan *plan, const struct sync_entry *entry)
{
	if (entry->have.kind == FILE_NONE)
		return true;
	if (entry->have.kind == FILE_DIRECTORY && !entry->empty) {
		plan_note(plan, "'%s' stays: there is something in it", entry->path);
		return true;
	}
	plan_add(plan, SYNC_STEP_REMOVE, entry->path, "state", kind_name(entry->have.kind),
		"absent")->detail = entry;
	return true;
}

static bool plan_entry(struct plan *plan, const struct sync_state *have,
	const struct sync_entry *entry)
{
	switch (entry->want.kind) {
	case SYNC_DIRECTORY:
		return plan_directory(plan, have, entry);
	case SYNC_FILE:
		return plan_file(plan, have, entry);
	case SYNC_LINK:
		return plan_link(plan, entry);
	case SYNC_ABSENT:
		return plan_absent(plan, entry);
	}
	return true;
}

void sync_plan(struct plan *plan, const void *params, const void *state)
{
	const struct sync_params *want = params;
	const struct sync_state *have = state;

	if (!guard_plan(plan, &have->refusal))
		return;
	if (want->max_delete >= 0 && have->extra_count > (size_t)want->max_delete) {
		plan_refuse(plan, FILE_SYNC_TOO_MANY_DELETED, "check that dest is right; if it is, raise "
			"max_delete", "%zu files below '%s' would be removed, " "more than max_delete (%d)",
			have->extra_count, want->dest, want->max_delete);
		return;
	}
	for (size_t i = 0; i < have->count; i++) {
		if (!plan_entry(plan, have, &have->entries[i]))
			return;
	}
	for (size_t i = 0; i < have->extra_count; i++) {
		const struct sync_extra *extra = &have->extras[i];
		const char *relative = extra->path + strlen(want->dest);

		plan_add(plan, SYNC_STEP_DELETE, extra->path, "state", kind_name(extra->info.kind),
			"absent");
		plan_writes(plan, plan_printf(plan, "path:%s%s", want->dest, relative));
	}
}
