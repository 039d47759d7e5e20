/* mounts: lines and words of fstab and mountinfo, with white space and \ as octal. */
#include "modules/shared/mounts.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

const char *mount_escaped(struct arena *arena, const char *text)
{
	struct buffer out = { 0 };
	const char *result;

	for (; *text; text++) {
		if (strchr(" \t\n\\#", *text))
			buffer_printf(&out, "\\%03o", (unsigned char)*text);
		else
			buffer_add_char(&out, *text);
	}
	result = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return result;
}

const char *mount_unescaped(struct arena *arena, const char *word)
{
	char *text = arena_string(arena, word), *to = text;

	for (; *word; to++) {
		unsigned octal;

		if (*word == '\\' && strspn(word + 1, "01234567") >= 3 && sscanf(word + 1, "%3o", &octal) == 1
				&& octal > 0 && octal < 256) {
			*to = (char)octal;
			word += 4;
		} else {
			*to = *word++;
		}
	}
	*to = '\0';
	return text;
}

const char *mount_field(struct arena *arena, const char *line, size_t size, unsigned number)
{
	const char *end = line + size;

	for (;; number--) {
		const char *start;

		while (line < end && strchr(" \t", *line))
			line++;
		start = line;
		while (line < end && !strchr(" \t", *line))
			line++;
		if (number == 0 || start == line)
			return arena_bytes(arena, start, (size_t)(line - start));
	}
}

size_t mount_path_size(const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return size;
}

const char *mount_plain_path(struct arena *arena, const char *path)
{
	return mount_escaped(arena, arena_bytes(arena, path, mount_path_size(path)));
}

bool mount_line_is_for(struct arena *arena, const char *line, size_t size, const char *path)
{
	return size > 0 && line[strspn(line, " \t")] != '#' &&
		strcmp(mount_field(arena, line, size, 1), path) == 0;
}

/* "36 35 98:0 / /mnt rw,noatime - nfs4 head:/srv rw,vers=4.2": the last one at a path is on top. */
struct mount_live mount_live_at(struct arena *arena, const char *mountinfo, const char *path)
{
	struct mount_live live = { .there = false };

	for (const char *line = mountinfo; *line;) {
		size_t size = strcspn(line, "\n");
		const char *dash = strstr(line, " - ");

		if (dash && dash < line + size && strcmp(mount_field(arena, line, size, 4), path) == 0) {
			size_t rest = (size_t)(line + size - (dash + 3));

			live.there = true;
			live.type = mount_field(arena, dash + 3, rest, 0);
			live.source = mount_field(arena, dash + 3, rest, 1);
			live.options = mount_field(arena, line, size, 5);
		}
		line += size + (line[size] == '\n');
	}
	return live;
}

void mount_find_line(struct arena *arena, const char *path, const char *fstab, unsigned *ret_lines,
	const char **ret_line, unsigned *ret_place)
{
	unsigned number = 0;

	*ret_lines = *ret_place = 0;
	*ret_line = NULL;
	for (const char *line = fstab ? fstab : ""; *line; number++) {
		size_t size = strcspn(line, "\n");

		if (mount_line_is_for(arena, line, size, path) && (*ret_lines)++ == 0) {
			*ret_line = arena_bytes(arena, line, size);
			*ret_place = number;
		}
		line += size + (line[size] == '\n');
	}
}

const char *mount_fstab_with(struct arena *arena, const char *fstab, const char *path, const char *wanted,
	const int64_t *place, bool open)
{
	bool written = !wanted, last = false;
	struct buffer text = { 0 };
	int64_t number = 0;
	const char *result;

	for (const char *line = fstab ? fstab : ""; *line; number++) {
		size_t size = strcspn(line, "\n");

		last = mount_line_is_for(arena, line, size, path);
		if (!written && (last || (place && number == *place))) {
			buffer_printf(&text, "%s\n", wanted);
			written = true;
		}
		if (!last) {
			buffer_add(&text, line, size);
			if (line[size] == '\n' || !written)
				buffer_add_char(&text, '\n');
		}
		line += size + (line[size] == '\n');
	}
	if (!written)
		buffer_printf(&text, "%s\n", wanted);
	/* What came with our line was the newline before it, or its own. */
	if (last && open && text.size > 0)
		text.size--;
	result = arena_bytes(arena, text.data ? text.data : "", text.size);
	buffer_free(&text);
	return result;
}

int mount_look_under(struct host *host, const char *path, bool goes, struct file_info *ret_info, bool *ret_empty,
	struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_stat(host, path, ret_info, err) < 0)
		return -1;
	if (!goes || ret_info->kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, path, &names, &count, err) < 0)
		return -1;
	*ret_empty = count == 0;
	return 0;
}
