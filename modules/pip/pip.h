/* pip: what its files share. */
#ifndef MODULES_PIP_H
#define MODULES_PIP_H

#include "modules/shared/guard.h"

enum pip_wanted { PIP_PRESENT, PIP_LATEST, PIP_ABSENT };
enum { PIP_WORDS_OWN = 24 };

struct pip_params {
	char **name;
	unsigned name_count;
	enum pip_wanted state;
	char *version, *requirements, *virtualenv, *virtualenv_command, *virtualenv_python, *executable, *extra_args;
	char *chdir;
	bool virtualenv_site_packages, break_system_packages;
	/* Internal, of an undo: */
	bool undo, made;         /* made: the environment goes */
	char **gone, **back;     /* packages that go, and NAME==VERSION that come back */
	unsigned gone_count, back_count;
};

struct pip_state {
	bool environment;        /* virtualenv is there, or none is asked for */
	const char *strange;     /* of an undo: what else is in it; NULL: nothing */
	struct value *installed; /* name, as all write it → version */
	struct value *coming;    /* what pip would install, likewise */
	struct value *going;     /* what it would take away: a list of names */
	struct guard_refusal refusal;
};

/* look.c: the pip of the task. */
const char *pip_of(struct arena *arena, const struct pip_params *want);
/* Runs words that end with NULL; empty ones are left out. */
int pip_run(struct host *host, const struct pip_params *want, bool looks, const char *const *words,
	struct command_result *told, struct error *err);
/* pip install, up to the names: there is room for so many more words. */
int pip_install_words(struct arena *arena, const struct pip_params *want, bool dry, size_t more,
	const char ***ret_words, size_t *ret_count, struct error *err);
int pip_install_wished(struct host *host, const struct pip_params *want, bool dry, struct command_result *told,
	struct error *err);
/* Fills have->installed. */
int pip_look_at_installed(struct host *host, const struct pip_params *want, struct pip_state *have,
	struct error *err);
/* The record of what an environment holds, as tasks left it. */
const char *pip_record_key(struct arena *arena, const struct pip_params *want);
int pip_inspect(struct host *host, const void *params, void *state, struct error *err);

#endif
