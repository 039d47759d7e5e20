/* command_run: what command and shell share: when to run, running, and what came of it.
 *
 * Each runs every time, unless what it creates is there already or what it removes is not. */
#ifndef MODULES_COMMAND_RUN_H
#define MODULES_COMMAND_RUN_H

#include "module/module.h"

struct command_params {
	char *cmd;              /* NULL: argv */
	char **argv;
	unsigned argv_count;
	char *chdir;            /* NULL: / */
	char *creates;          /* a path or a pattern of paths, absolute or below chdir; NULL */
	char *removes;
	char *stdin;            /* NULL: nothing */
	bool stdin_add_newline;
	bool strip_empty_ends;
	char *executable;       /* shell only; NULL: /bin/sh */
	int64_t timeout;        /* seconds; 0: none */
};

struct command_state {
	const char *skipped;    /* why it need not run; NULL: it must */
};

/* Splits a text into words as Python's shlex.split does: quotes and backslashes as in a shell, but
 * nothing is expanded. ret_words ends with NULL. */
int command_split(struct arena *arena, const char *text, const char *const **ret_words,
	size_t *ret_count, struct error *err);

int command_check(const struct value *params, struct error *err);
int command_run_inspect(struct host *host, const void *params, void *ret_state, struct error *err);
void command_run_plan(struct plan *plan, const void *params, const void *state);
/* Runs it and fills in results, also when it fails. */
int command_execute(struct host *host, const struct command_params *want,
	const struct command *command, struct value *shown, struct value *results,
	struct error *err);
void command_results(struct arena *arena, const void *params, const void *state,
	struct value *results);

#endif
