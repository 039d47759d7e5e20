/* mounts: what fstab has, and what is mounted; no mount is ever touched to look at it. */
#ifndef MODULES_MOUNTS_H
#define MODULES_MOUNTS_H

#include "module/module.h"

#define FSTAB "/etc/fstab"

enum { FSTAB_MOST = 1 << 20, MOUNTINFO_MOST = 8 << 20 };

/* What is mounted at a path: the uppermost. */
struct mount_live {
	bool there;
	const char *source;
	const char *type;
	const char *options;       /* those that each mount has of its own: "rw,nodev,relatime" */
};

const char *mount_escaped(struct arena *arena, const char *text);
/* The text of such a word. */
const char *mount_unescaped(struct arena *arena, const char *word);
/* The field with this number, from 0, of a line of size bytes; "": none. */
const char *mount_field(struct arena *arena, const char *line, size_t size, unsigned number);
size_t mount_path_size(const char *path);
/* Without a slash at the end, as both files write paths. */
const char *mount_plain_path(struct arena *arena, const char *path);
bool mount_line_is_for(struct arena *arena, const char *line, size_t size, const char *path);

/* path: as mount_plain_path gives it. */
struct mount_live mount_live_at(struct arena *arena, const char *mountinfo, const char *path);
/* What is at a path on which nothing is mounted; goes: and whether nothing is in it, if it is a directory. */
int mount_look_under(struct host *host, const char *path, bool goes, struct file_info *ret_info, bool *ret_empty,
	struct error *err);
/* How many lines a path has, and the first of them: without its newline, NULL where there is none. */
void mount_find_line(struct arena *arena, const char *path, const char *fstab, unsigned *ret_lines,
	const char **ret_line, unsigned *ret_place);
/* The text with this one line for the path, NULL: with none; all lines of others stay as they are. place: where a
 * new one comes, NULL: at the end. open: without it, the text would end without a newline. */
const char *mount_fstab_with(struct arena *arena, const char *fstab, const char *path, const char *wanted,
	const int64_t *place, bool open);

#endif
