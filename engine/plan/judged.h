/* judged: what the files result*.c share while they take one result. */
#ifndef PLAN_JUDGED_H
#define PLAN_JUDGED_H

#include "plan/state.h"

/* What came of a step by the text's own conditions. */
struct judged {
	enum status status;
	const char *message;
	const char *remedy;
	const char *code;
	const char *doubt;         /* why it isn't known what comes of it; NULL: it is */
};

/* result_judge.c */
/* Whether it was only looked at whether a command or job is to be run, and it is. */
bool judge_would_run(const struct step *step, const struct result *body);
struct value *judge_registered(struct arena *arena, const struct run_host *host,
	const struct step *step, enum status status, const struct result *body);
int judge_condition(struct run *run, struct run_host *host, const struct step *step,
	const struct value *condition, struct value *registered, struct arena *arena,
	struct value **ret_truth, struct error *err);
/* Handlers of a change that only the controller knows of. */
void judge_notify(struct run_host *host, const struct step *step);
/* Handlers that are done somewhere else than the task that notified them. */
void judge_notify_elsewhere(struct run_host *host, const struct step *step);
/* One that lasts; a task that failed without one says so itself. */
const char *judge_code(const struct result *body);
/* A condition that makes no sense of the result. */
void judge_wrong(struct arena *arena, const struct error *err, struct judged *judged);
void judge_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, struct arena *arena, struct judged *judged);

/* result_retry.c */
/* Whether it is tried again. If not, its next item is the one to be tried. */
bool result_retry(struct run *run, struct run_host *host, const struct step *step,
	const struct result **body, struct judged *judged);
/* What a dry run doesn't do. */
const struct result *result_with_tries(struct arena *arena, const struct step *step,
	const struct result *body);

/* result_outcome.c */
void outcome_append(struct arena *arena, struct value **to, const struct value *from);
void outcome_add(struct run_host *host, const struct step *step, const struct result *body,
	const struct judged *judged);
void outcome_report_step(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool more);
void outcome_report(struct run *run, struct run_host *host, const struct step *step);
/* What one has done for all in its batch they all have. */
void outcome_register(struct run *run, const struct run_host *host, const struct step *step,
	const char *name, const struct value *value);
void outcome_remember(struct run *run, struct run_host *host, const struct step *step,
	const struct result *body, const struct judged *judged, bool end);

#endif
