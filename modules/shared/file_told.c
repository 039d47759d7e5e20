/* file_told: the words of Ansible for the mode of a file. */
#include "modules/shared/file_told.h"

#include <sys/stat.h>

static void add_kind(struct arena *arena, struct value *told, mode_t mode)
{
	value_set_bool(arena, told, "isdir", S_ISDIR(mode));
	value_set_bool(arena, told, "ischr", S_ISCHR(mode));
	value_set_bool(arena, told, "isblk", S_ISBLK(mode));
	value_set_bool(arena, told, "isreg", S_ISREG(mode));
	value_set_bool(arena, told, "isfifo", S_ISFIFO(mode));
	value_set_bool(arena, told, "islnk", S_ISLNK(mode));
	value_set_bool(arena, told, "issock", S_ISSOCK(mode));
}

void file_told_mode(struct arena *arena, struct value *told, mode_t mode)
{
	static const struct {
		const char *name;
		unsigned bit;
	} bits[] = { { "rusr", 0400 }, { "wusr", 0200 }, { "xusr", 0100 }, { "rgrp", 040 },
		{ "wgrp", 020 }, { "xgrp", 010 }, { "roth", 04 }, { "woth", 02 }, { "xoth", 01 },
		{ "isuid", 04000 }, { "isgid", 02000 } };

	add_kind(arena, told, mode);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		value_set_bool(arena, told, bits[i].name, mode & bits[i].bit);
	value_set_string(arena, told, "mode", arena_printf(arena, "%04o", (unsigned)mode & 07777));
}
