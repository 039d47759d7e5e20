/* text_file: a file that others write, too, of which a module changes a part. */
#include "modules/text_file.h"

#include <string.h>
#include <time.h>

int text_file_inspect(struct host *host, struct text_file *file, struct error *err)
{
	char *bytes;
	size_t size;

	file->before = "";
	if (attributes_inspect(host, file->path, &file->want, &file->at, err) < 0)
		return -1;
	if (file->at.info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, file->path, TEXT_FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	if (memchr(bytes, 0, size))
		return error_set(err, ERROR_TASK, "'%s' is no text", file->path);
	file->before = bytes;
	return 0;
}

void text_file_plan(struct plan *plan, const struct text_file *file)
{
	enum file_kind kind = file->at.info.kind;
	bool differs = file->after && strcmp(file->before, file->after) != 0;

	if (kind != FILE_NONE && kind != FILE_REGULAR) {
		plan_refuse(plan, "name the file itself", "'%s' is no regular file", file->path);
		return;
	}
	if (kind == FILE_NONE && differs && !file->create) {
		plan_refuse(plan, "create: yes makes it", "there is no file '%s'", file->path);
		return;
	}
	if (differs) {
		struct change *change = plan_add(plan, TEXT_FILE_WRITE, file->path, "content",
			kind == FILE_NONE ? NULL : file->before, file->after);

		if (kind == FILE_REGULAR && !(file->at.info.mode & 0004))
			change->flags |= CHANGE_SENSITIVE;
	}
	if (kind == FILE_REGULAR)
		attributes_plan(plan, file->path, &file->want, &file->at);
}

int text_file_apply(struct host *host, const struct text_file *file, const struct change *change,
	struct error *err)
{
	struct file_write write = {
		.path = file->path, .bytes = file->after, .size = file->after ? strlen(file->after) : 0,
		.mode = HOST_KEEP, .uid = file->at.uid, .gid = file->at.gid, .mtime = HOST_KEEP,
		.validate = file->validate,
	};

	if (change->step != TEXT_FILE_WRITE)
		return attributes_apply(host, file->path, &file->want, &file->at, change, err);
	if (file->at.info.kind == FILE_NONE)
		write.mode = (int)attributes_mode(&file->want, &file->at, 0644);
	if (file->backup && file->at.info.kind == FILE_REGULAR) {
		time_t now = time(NULL);
		struct tm parts;
		char date[32];

		strftime(date, sizeof(date), "%Y-%m-%d@%H:%M:%S", localtime_r(&now, &parts));
		write.backup = arena_printf(host_arena(host), "%s.%s~", file->path, date);
	}
	return host_write(host, &write, err);
}
