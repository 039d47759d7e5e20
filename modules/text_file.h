/* text_file: a file that others write, too, of which a module changes a part: lineinfile,
 * blockinfile. */
#ifndef MODULES_TEXT_FILE_H
#define MODULES_TEXT_FILE_H

#include "modules/file_attributes.h"

enum { TEXT_FILE_MOST = 16 << 20, TEXT_FILE_WRITE = ATTRIBUTES_STEP_END };

struct text_file {
	const char *path;
	struct attributes_want want;
	bool create;
	const char *validate;    /* or NULL */
	bool backup;
	struct attributes_have at;
	const char *before;      /* "" where there is none */
	const char *after;       /* the module's; NULL: as before */
};

/* path, want, create, validate and backup are set by the caller. */
int text_file_inspect(struct host *host, struct text_file *file, struct error *err);
void text_file_plan(struct plan *plan, const struct text_file *file);
int text_file_apply(struct host *host, const struct text_file *file, const struct change *change,
	struct error *err);

#endif
