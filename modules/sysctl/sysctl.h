/* sysctl: a setting of the kernel, running and at boot. */
#ifndef MODULES_SYSCTL_H
#define MODULES_SYSCTL_H

#include "modules/shared/taken_line.h"
#include "modules/shared/text_file.h"

/* Read last by systemd-sysctl on Debian 12 (behind 99-sysctl.conf, its link to /etc/sysctl.conf)
 * and on Debian 13 (which has no such link, and reads no /etc/sysctl.conf). */
#define SYSCTL_FILE "/etc/sysctl.d/99-zz-beoplay.conf"
#define SYSCTL_TREE "/proc/sys/"

/* One of the two parts of a task alone, for an undo. */
enum sysctl_part { SYSCTL_ALL, SYSCTL_FILE_ONLY, SYSCTL_KERNEL_ONLY };

struct sysctl_params {
	char *name;
	char *value;             /* NULL: absent, or an undo of the file */
	bool present;
	bool sysctl_set;
	bool reload;
	bool ignoreerrors;
	char *file;
	char *owner;
	char *group;
	char *mode;
	/* Internal, of an undo: */
	bool undo;
	bool made;               /* there was no file */
	enum sysctl_part part;
	struct taken_line *lines;   /* of this key that come back */
	unsigned lines_count;
};

/* What comes of the file when the machine starts. */
struct sysctl_boot {
	bool unread;             /* nothing reads it then */
	const char *file;        /* read later, and has the key, too; or NULL */
	const char *value;       /* there */
};

struct sysctl_state {
	const char *key;         /* below /proc/sys */
	const char *path;        /* with it */
	struct text_file file;
	struct file_info info;   /* of path */
	const char *live;        /* NULL: there is none, or it can't be read */
	struct sysctl_boot boot;
};

/* A line of a file that sets a key. */
struct sysctl_line {
	const char *at;          /* NULL: none */
	size_t size;             /* without its newline */
	const char *value;       /* without space around */
	size_t value_size;
};

enum { SYSCTL_NAME_MOST = 200 };

/* The path below /proc/sys, of at most SYSCTL_NAME_MOST bytes: separated by dots or by slashes, as
 * the first of them says (sysctl(8)). */
void sysctl_key(const char *name, char ret_key[SYSCTL_NAME_MOST + 1]);
/* Ansible's words of a truth value are numbers. */
const char *sysctl_value(const char *value);
/* The same by words: the kernel puts tabs between them, and numbers may be written otherwise. */
bool sysctl_same(const char *one, size_t one_size, const char *other, size_t other_size);

/* The last line for the key: the one that counts. */
struct sysctl_line sysctl_last(const char *text, const char *key);
/* With this line in place of that one; at the end where there is none. */
char *sysctl_with(struct arena *arena, const char *text, struct sysctl_line old, const char *line);
/* Without all lines for the key; they are added to taken. */
char *sysctl_without(struct arena *arena, const char *text, const char *key, struct value *taken);
/* The lines that were there before, in place of those that are there now. */
char *sysctl_restored(struct arena *arena, const char *text, const char *key,
	const struct taken_line *lines, unsigned count);

/* Which files set the key at boot, as far as they can be read. */
int sysctl_look_at_boot(struct host *host, const struct sysctl_params *want,
	struct sysctl_state *have, struct error *err);

#endif
