/* bench_run: a whole run, from the text to the recap, against machines in memory.
 *
 * bench_execute does it several times: once with what comes first told first, then with the events
 * of different hosts in other orders. Lines and recap must be the same each time. Behind each event
 * it is checked that all in the run agrees, and that nobody waits for what can't come. */
#ifndef TESTS_UNIT_BENCH_RUN_H
#define TESTS_UNIT_BENCH_RUN_H

#include "plan/run.h"

struct bench_run;

/* Of site.yml and an inventory in YAML. */
struct bench_run *bench_run(const char *inventory, const char *playbook);
void bench_run_free(struct bench_run *bench);

/* A further file of the project. */
void bench_further(struct bench_run *bench, const char *path, const char *text);
/* Of the run: check, tags, limit_text … */
struct run_options *bench_options(struct bench_run *bench);
void bench_limit(struct bench_run *bench, const char *pattern);
/* See fleet_memory.h; host and task: "*" is any. Texts are borrowed. returns: a map in YAML, keys of
 * a RESULT; greets: more of its HELLO, in YAML. */
void bench_answer(struct bench_run *bench, const char *host, const char *task, const char *answer);
void bench_returns(struct bench_run *bench, const char *host, const char *task, const char *yaml);
void bench_arrives(struct bench_run *bench, const char *host, const char *how);
void bench_greets(struct bench_run *bench, const char *host, const char *yaml);
/* ^C so often, the first time at this event. */
void bench_press(struct bench_run *bench, unsigned event, unsigned times);
/* Without the checks, whose time grows with the hosts. */
void bench_unchecked(struct bench_run *bench);
/* In this order only: where what is told depends on it, as with ^C. */
void bench_in_one_order(struct bench_run *bench);
/* A real agent, which works on this machine; once, in one order. */
void bench_is_real(struct bench_run *bench, const char *host, const char *directory);

/* The exit code, as apply gives it; all below is of the first time. */
int bench_execute(struct bench_run *bench);
/* Why the run didn't begin; "": it did. */
const char *bench_error(const struct bench_run *bench);
/* A line a task, in their order: "t1: changed a,b; failed c (no space)". */
const char *bench_lines(const struct bench_run *bench);
/* Of a host, what isn't 0: "ok=2 changed=1". */
const char *bench_recap(struct bench_run *bench, const char *host);
/* What was said outside the results. */
const char *bench_said(const struct bench_run *bench);
const char *bench_log(const struct bench_run *bench);
/* Packs all that is sent; how many bytes that was. */
void bench_packs(struct bench_run *bench);
uint64_t bench_packed(const struct bench_run *bench);
unsigned bench_stages(const struct bench_run *bench, const char *host);
struct run *bench_ran(const struct bench_run *bench);

#endif
