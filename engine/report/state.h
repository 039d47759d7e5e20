/* state: what a report knows while a run goes on. Private to report/. */
#ifndef REPORT_STATE_H
#define REPORT_STATE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/disclose.h"
#include "base/lookup.h"
#include "report/report.h"

#include <stddef.h>
#include <stdint.h>

enum color { COLOR_PLAIN, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_CYAN, COLOR_DIM, COLOR_BOLD };

/* Results that read the same, put together: the text below the line, and whose it is. */
struct group {
	struct group *next;
	enum status status;
	const char *target;        /* that did it for them; NULL: each did it itself */
	char *text;
	bool diff;                 /* what changes in it is asked for */
	bool undone;               /* it is of an undo: those of the same hosts stand below one line */
	struct value *hosts;       /* names, as they came */
	uint64_t mark;             /* the same of the same hosts, however they came */
	size_t first;              /* which host of the inventory is the first of them */
	size_t order;              /* its results before this one */
};

struct task_report {
	char *name;
	const char *module;
	bool handler;
	struct place place;
	unsigned expected;         /* hosts */
	unsigned finished;
	bool ended;
	bool printed;              /* its name; what follows goes below it */
	const char *says;          /* the host whose output is printed as it comes; "": none; NULL: not known yet */
	struct group *groups, *last_group;
	struct lookup by_text[STATUS_COUNT]; /* the groups */
	size_t group_count, results;
	struct value *progress;    /* host → what it is doing */
	const char *play;          /* to be announced before it; or NULL */
};

struct host_report {
	const char *name;
	unsigned ok, changed, unreachable, failed, skipped, rescued, ignored, may_change;
	enum status worst;  /* of the loop at hand */
	bool in_loop;
	bool may_change_too;  /* some of the loop's items, where others would change for certain */
};

struct report {
	struct report_options options;
	struct arena *arena;
	struct value *hosts;
	struct host_report *recap;
	struct lookup by_name;     /* of recap */
	size_t host_count;
	struct task_report *tasks;
	size_t task_count, task_capacity;
	size_t printed;            /* tasks before this one are printed */
	unsigned announced;        /* of the whole run, for the progress */
	const char *play;          /* not yet printed */
	int64_t start;             /* milliseconds */
	size_t live_lines;         /* on the terminal, to be drawn over */
	struct lost *lost, **last_lost;   /* not yet told */
	int64_t lost_at;           /* when the first of them was lost */
};

/* NULL: the run has no such host. */
struct host_report *report_host(const struct report *report, const char *name);

/* plain.c: one host's result as the text that is compared for folding. */
char *plain_text(struct report *report, const struct report_result *result);
void plain_task(struct report *report, struct task_report *task);
/* Lines that a host says while the task goes on. */
void plain_output(struct report *report, struct task_report *task, const char *text, size_t size);
const char *color_on(const struct report *report, enum color color);
const char *color_off(const struct report *report, enum color color);
const char *shown_status(const struct report *report, enum status status);
enum color status_color(enum status status);

/* json.c: one object a line. */
/* A value over several lines, in the report's arena; secrets left out. */
const char *json_pretty(const struct report *report, const struct value *value);
void json_run(struct report *report, const char *playbook);
void json_result(struct report *report, const struct task_report *task,
	const struct report_result *result);
void json_output(struct report *report, const struct task_report *task, const char *host,
	const struct value *lines);
void json_message(struct report *report, const char *event, const char *host,
	const char *message, const struct error *err);   /* err: its remedy and code; or NULL */
void json_recap(struct report *report, const struct report_totals *totals);

/* lost.c: hosts that are gone. */
const char *lost_word(const struct error *err);
void lost_add(struct report *report, const char *host, const struct error *err);
/* Tells those that weren't told yet, in the order of the inventory. */
void lost_print(struct report *report);
/* Those too that have waited for a long task. */
void lost_tick(struct report *report);

/* A line in the stream of errors: "word host: message"; host may be NULL. */
void report_say(struct report *report, enum color color, const char *word, const char *host,
	const char *message, const struct error_code *code);
/* " [area.name]" behind a message; "" where nobody is shown it, or code is NULL. */
const char *report_code(const struct report *report, const char *code);

/* live.c */
unsigned live_width(const struct report *report);   /* columns */
void live_clear(struct report *report);
void live_draw(struct report *report);

int64_t report_clock(void);      /* milliseconds, only forward */

/* A text as it may be shown: without the run's secrets, printable; lines: newlines and tabs
 * stay. */
char *report_shown(const struct report *report, const char *text, size_t size, bool lines);
/* A value as it may be shown. */
struct value *report_disclosed(const struct report *report, const struct value *value);

/* Hosts as the inventory has them, not as they came. */
struct value *report_in_order(struct report *report, const struct value *names);

#endif
