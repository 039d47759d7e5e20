/* work_files: what is in the way of changing files, known before anything is changed. */
#include "agent/ledger.h"
#include "agent/work.h"
#include "module/plan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_fixed(const char *path, uint64_t attributes, struct statx *ret_found)
{
	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_NLINK, ret_found) == 0
		&& (ret_found->stx_attributes & attributes);
}

/* Whether it needs another entry in the directory: a file with another content takes the place of the old one. */
static bool is_entry(const struct change *change)
{
	return strcmp(change->field, "content") == 0 || strcmp(change->field, "state") == 0;
}

static int fixed(const char *path, struct error *err)
{
	error_set(err, HOST_FILE_UNWRITABLE, "'%s' is immutable or append-only", path);
	return error_remedy(err, "chattr -i, or -a, ends that; lsattr -d shows it");
}

static int look_at_one(struct work *work, struct plan *plan, const struct change *change, struct error *err)
{
	const char *path = change->subject, *slash = strrchr(path, '/');
	const char *above = arena_bytes(work->arena, path, slash == path ? 1 : (size_t)(slash - path));
	struct statx found = {0}, directory;

	if (is_fixed(path, STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND, &found))
		return fixed(path, err);
	if (is_entry(change) && is_fixed(above, STATX_ATTR_IMMUTABLE, &directory))
		return fixed(above, err);
	if (S_ISREG(found.stx_mode) && found.stx_nlink > 1 && strcmp(change->field, "content") == 0)
		plan_note(plan, "'%s' has %u names (hard links): the others keep what was there", path, found.stx_nlink);
	return 0;
}

int work_look_at_files(struct work *work, struct plan *plan, const struct value *resources, struct error *err)
{
	const char *resource = value_text(value_item(resources, 0));

	if (!resource || !ledger_path_of(work->arena, resource))
		return 0;
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct change *change = plan->changes[i];

		if (change->subject && change->subject[0] == '/' && !(change->flags & CHANGE_KEEPS_STATE)
				&& look_at_one(work, plan, change, err) < 0)
			return -1;
	}
	return 0;
}
