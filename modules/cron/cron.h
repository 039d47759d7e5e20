/* cron: jobs and variables in a user's crontab, or in a file of /etc/cron.d. */
#ifndef MODULES_CRON_H
#define MODULES_CRON_H

#include "modules/shared/taken_line.h"
#include "modules/shared/text_file.h"

struct cron_params {
	char *name;
	char *job;
	char *minute, *hour, *day, *month, *weekday;
	char *special_time;      /* NULL: the five above */
	char *user;
	char *cron_file;         /* NULL: the user's crontab */
	char *insertafter, *insertbefore;
	bool present;
	bool disabled;
	bool env;
	bool backup;
	/* Internal, of an undo: */
	bool undo;
	bool made;               /* there was no file */
	char *owner, *group, *mode;   /* of a file that comes back; or NULL */
	struct taken_line *lines;   /* the entries that were there; each has its marker line with it */
	unsigned lines_count;
};

/* What a name has in a table: its marker line and the line of the job, or the line of a variable. */
struct cron_entry {
	size_t at, size;         /* bytes, without the last newline */
};

struct cron_entries {
	struct cron_entry *items;
	size_t count;
};

struct cron_entries cron_find(struct arena *arena, const struct cron_params *want,
	const char *text);
/* What the task wants there, without a newline at its end. */
const char *cron_entry_text(struct arena *arena, const struct cron_params *want);
/* The table as it should be; the entries that it replaces or takes away are added to taken.
 * ret_missing: the variable beside which it should be and isn't. */
char *cron_wished(struct arena *arena, const struct cron_params *want, const char *text,
	struct value *taken, const char **ret_missing);
/* The table with the entries that were there. */
char *cron_restored(struct arena *arena, const struct cron_params *want, const char *text);
/* Of an undo that is undone: the entries as they are, in place of what comes back. */
struct value *cron_entries_now(struct arena *arena, const struct cron_params *want,
	const char *text);
/* Names of jobs, or of variables. */
struct value *cron_names(struct arena *arena, const char *text, bool variables);

/* crontab(5): cron gives up a whole table for one wrong field. */
int cron_check_times(const struct value *params, struct error *err);

#endif
