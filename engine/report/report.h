/* report: everything that is printed about a run.
 *
 * Told of events, it draws live progress on a terminal, plain lines when piped, one JSON object a
 * line with --json. It never asks anything back. What comes from nodes is made printable here. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/error.h"
#include "base/secrets.h"
#include "base/value.h"
#include "wire/messages.h"

#include <stdbool.h>
#include <stdio.h>

struct report;

struct report_options {
	FILE *out;             /* results */
	FILE *errors;          /* warnings and errors; progress, if it is a terminal */
	bool json;
	bool check;            /* a dry run */
	bool with_affected;    /* others that would change are done next */
	unsigned verbosity;
	bool color;            /* decided by the caller: terminal, NO_COLOR, TERM=dumb */
	bool live;             /* out is a terminal: redraw progress */
	unsigned width;        /* columns; 0: ask the terminal, else 80 */
	const struct secrets *secrets;   /* what no text may show; or NULL */
};

struct report_result {
	const char *host;
	const char *target;            /* another host that did it for this one; NULL: none */
	enum status status;
	const struct told_change *changes;
	size_t change_count;
	const struct value *results;   /* returned values, or NULL */
	const struct value *notes;     /* list of text, or NULL */
	const char *item;              /* loop item, or NULL */
	enum level item_level;
	enum level unsaid;             /* of what the task was told and can't be found in its texts, as it
	                                  is too short: whom it isn't for sees none of them */
	const char *message;           /* failed, unreachable, skipped, may change: why; else NULL */
	const char *remedy;
	const char *code;              /* failed: the name of the error's code, which lasts; else NULL */
	int64_t milliseconds;
	bool silent;                   /* counted, not shown: all was said by those before */
	bool uncounted;                /* the recap has nothing of it */
	bool no_log;                   /* say nothing of content */
	bool said;                     /* its output was printed as it came: set by the report itself */
	bool diff;                     /* show what changes in it */
	bool undone;                   /* item is a resource that was taken back */
	bool more;                     /* a loop: another result of this host for this task follows; the
	                                  recap counts the host once, with the worst of them */
};

struct report *report_new(const struct report_options *options);
void report_free(struct report *report);

/* hosts: names of all hosts of the run, in inventory order. */
void report_run(struct report *report, const char *playbook, const struct value *hosts,
	unsigned task_count);
void report_play(struct report *report, const char *name);
/* A task is announced with the hosts from which a result will come; results may come for several
 * open tasks mixed, and are printed per task, in order of tasks, folded over hosts. */
unsigned report_task(struct report *report, const char *name, const char *module, bool handler,
	struct place place, unsigned host_count);
void report_result(struct report *report, unsigned task, const struct report_result *result);
/* No more results will come for it (a host was lost, …). */
void report_task_end(struct report *report, unsigned task);
/* A host is gone: unreachable if that is the error's kind, else failed. */
void report_lost(struct report *report, const char *host, const struct error *err);
void report_progress(struct report *report, const char *host, const char *text);
/* Whole lines that a host says while the task goes on; they aren't said again with its result. */
void report_output(struct report *report, unsigned task, const char *host, const char *text,
	size_t size);
void report_warning(struct report *report, const char *host, const char *message);   /* host or NULL */
/* An error in the user's text, with line and caret (text: the whole file, or NULL). */
void report_error(struct report *report, const struct error *err, const char *text, size_t size);
void report_tick(struct report *report);      /* redraw what is live */

/* Resources that no task declares any more: identity → list of hosts. */
void report_orphans(struct report *report, const struct value *orphans);

/* Hosts outside the limit that would change, too: name → list of what; and why some weren't asked:
 * name → text. */
void report_others(struct report *report, const struct value *affected,
	const struct value *missed);

struct report_totals { unsigned hosts, ok, changed, may_change, failed, unreachable; };
/* The recap a host and the one-line total. */
struct report_totals report_recap(struct report *report);

/* "node[1-3,7],head": names folded as ClusterShell and pdsh do. names: list of strings. */
char *report_fold(struct arena *arena, const struct value *names);
/* The same, in the order of the inventory. */
const char *report_hosts(struct report *report, const struct value *names);
/* A unified diff (as diff -u), without headers; context 3 lines. Either may be NULL: not there. */
char *report_diff(struct arena *arena, const char *before, const char *after);

#endif
