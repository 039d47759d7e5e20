/* text_file: a file that others write, too, of which a module changes a part. */
#include "modules/shared/text_file.h"

#include "base/digest.h"
#include "modules/shared/backup.h"
#include "modules/shared/line_ends.h"

#include <string.h>

static const char *record_key(struct arena *arena, const struct text_file *file)
{
	return arena_printf(arena, "text-file:%s", file->path);
}

int text_file_inspect(struct host *host, struct text_file *file, struct error *err)
{
	struct value *record = NULL;
	char *bytes;

	file->before = "";
	if (host_record_get(host, record_key(host_arena(host), file), &record, err) < 0)
		return -1;
	file->made_once = file->undo && value_get_bool(record, "made");
	file->bare = value_get_string(record, "bare");
	if (attributes_inspect(host, file->path, &file->want, &file->at, err) < 0)
		return -1;
	if (file->at.info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, file->path, TEXT_FILE_MOST, &bytes, err) < 0)
		return -1;
	file->dos = line_ends_dos(bytes);
	file->before = file->dos ? line_ends_plain(host_arena(host), bytes) : bytes;
	return file->backup ? backup_path(host, file->path, &file->backup_path, err) : 0;
}

void text_file_plan(struct plan *plan, const struct text_file *file)
{
	enum file_kind kind = file->at.info.kind;
	bool differs = file->after && strcmp(file->before, file->after) != 0;
	const char *text = file->after ? file->after : file->before;

	if (file->undo && (file->made || file->made_once) && kind == FILE_REGULAR && !*text) {
		plan_add(plan, TEXT_FILE_REMOVE, file->path, "state", "file", "absent");
		return;
	}

	if (kind != FILE_NONE && kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "name the file itself",
			"'%s' is not a regular file", file->path);
		return;
	}
	if (kind == FILE_NONE && differs && !file->create) {
		plan_refuse(plan, HOST_FILE_NOT_FOUND, "create: yes makes it",
			"there is no file '%s'", file->path);
		return;
	}
	if (differs) {
		struct change *change = plan_add(plan, TEXT_FILE_WRITE, file->path, "content",
			kind == FILE_NONE ? NULL : line_ends_as(plan_arena(plan), file->before, file->dos),
			line_ends_as(plan_arena(plan), file->after, file->dos));

		if (!(attributes_mode(&file->want, &file->at, 0644) & 0004)
				|| (kind == FILE_REGULAR && !(file->at.info.mode & 0004)))
			change->flags |= CHANGE_SENSITIVE;
	}
	if (kind == FILE_REGULAR)
		attributes_plan(plan, file->path, &file->want, &file->at);
}

/* What no single task knows once several have written into it: that there was no file, or that its
 * last line had no newline. */
static int remember(struct host *host, const struct text_file *file, struct error *err)
{
	struct value *record = value_map(host_arena(host));
	size_t size = strlen(file->before);
	char digest[DIGEST_HEX_SIZE];

	if (file->settled || (file->at.info.kind != FILE_NONE && (file->bare || size == 0
			|| file->before[size - 1] == '\n')))
		return 0;
	digest_bytes(file->before, size, digest);
	value_set_bool(host_arena(host), record, "made", file->at.info.kind == FILE_NONE);
	value_set_string(host_arena(host), record, "bare", digest);
	return host_record_set(host, record_key(host_arena(host), file), record, err);
}

/* An undo that leaves just what was there once, but for the newline that had to be put behind
 * it. */
void text_file_settle(struct arena *arena, struct text_file *file)
{
	size_t size = file->after ? strlen(file->after) : 0;
	char digest[DIGEST_HEX_SIZE];

	if (!file->undo || !file->bare || size == 0)
		return;
	size -= file->after[size - 1] == '\n';
	digest_bytes(file->after, size, digest);
	file->settled = strcmp(digest, file->bare) == 0;
	if (file->settled)
		file->after = arena_bytes(arena, file->after, size);
}

int text_file_apply(struct host *host, const struct text_file *file, const struct change *change,
	struct error *err)
{
	struct file_write write = {
		.path = file->path, .bytes = line_ends_as(host_arena(host), file->after, file->dos),
		.mode = HOST_KEEP, .uid = file->at.uid, .gid = file->at.gid, .mtime = HOST_KEEP,
		.validate = file->validate, .backup = file->backup_path,
	};

	write.size = write.bytes ? strlen(write.bytes) : 0;
	if (change->step == TEXT_FILE_REMOVE) {
		if (file->made_once && host_record_set(host, record_key(host_arena(host), file), NULL,
				err) < 0)
			return -1;
		return host_remove(host, file->path, err);
	}
	if (change->step != TEXT_FILE_WRITE)
		return attributes_apply(host, file->path, &file->want, &file->at, change, err);
	if (file->at.info.kind == FILE_NONE) {
		write.mode = (int)attributes_mode(&file->want, &file->at, 0644);
	}
	if (file->settled && host_record_set(host, record_key(host_arena(host), file), NULL, err) < 0)
		return -1;
	if (remember(host, file, err) < 0)
		return -1;
	return host_write(host, &write, err);
}

void text_file_back(struct arena *arena, const struct text_file *file, bool whole,
	struct value *back)
{
	const struct file_info *info = &file->at.info;

	if (info->kind != FILE_REGULAR)
		return;
	value_set_string(arena, back, "create", whole ? "yes" : "no");
	if (whole || (file->at.uid != HOST_KEEP && file->at.uid != (int64_t)info->uid))
		value_set(arena, back, "owner", value_printf(arena, "%u", info->uid));
	if (whole || (file->at.gid != HOST_KEEP && file->at.gid != (int64_t)info->gid))
		value_set(arena, back, "group", value_printf(arena, "%u", info->gid));
	if (whole || file->want.mode)
		value_set(arena, back, "mode", value_printf(arena, "%04o", info->mode));
}

void text_file_invert_backup(struct inverses *inverses, const struct text_file *file)
{
	if (file->backup_path && file->after && strcmp(file->before, file->after) != 0)
		backup_invert(inverses, file->backup_path);
}
