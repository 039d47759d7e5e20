/* words: of fstab and mountinfo, with white space and \ as octal. */
#include "modules/nfs_mount/nfs_mount.h"

#include "base/buffer.h"

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
