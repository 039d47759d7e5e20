/* text_file: a file that others write, too, of which a module changes a part: lineinfile,
 * blockinfile. */
#ifndef MODULES_TEXT_FILE_H
#define MODULES_TEXT_FILE_H

#include "modules/shared/file_attributes.h"

enum { TEXT_FILE_MOST = 16 << 20 };

enum text_file_step { TEXT_FILE_WRITE = ATTRIBUTES_STEP_END, TEXT_FILE_REMOVE };

struct text_file {
	const char *path;
	struct attributes_want want;
	bool create;
	const char *validate;    /* or NULL */
	bool backup;
	const char *backup_path; /* where the old file is kept, if it is replaced; or NULL */
	bool undo;               /* a file that beoplay has made goes if nothing is left in it */
	bool made;               /* it was made by the task that is undone */
	struct attributes_have at;
	const char *before;      /* "" where there is none; lines end with \n */
	bool dos;                /* they end with \r\n, and will */
	const char *after;       /* the module's; NULL: as before */
	bool made_once;          /* some task has made it: several may have written into it since */
	bool settled;            /* it is again what it was then */
	const char *bare;        /* of a file that had no newline at its end: digest of what it was then */
};

/* path, want, create, validate, backup, undo and made are set by the caller. */
int text_file_inspect(struct host *host, struct text_file *file, struct error *err);
/* To be called once after is set. */
void text_file_settle(struct arena *arena, struct text_file *file);
void text_file_plan(struct plan *plan, const struct text_file *file);
int text_file_apply(struct host *host, const struct text_file *file, const struct change *change,
	struct error *err);

/* For an undo: owner, group and mode as far as the task changes them, or all (whole: the file may
 * go). */
void text_file_back(struct arena *arena, const struct text_file *file, bool whole,
	struct value *back);
/* And its backup goes. */
void text_file_invert_backup(struct inverses *inverses, const struct text_file *file);

#endif
