/* module_bench: a machine all in memory, on which a test runs a module as the agent does.
 *
 * What is changed is written to log, a line a change: "write /etc/motd 0644", "run apt-get …".
 * Commands answer what the test has said beforehand; an unexpected one is an error. */
#ifndef TESTS_MODULE_BENCH_H
#define TESTS_MODULE_BENCH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"
#include "module/host.h"
#include "module/module.h"
#include "module/plan.h"

enum { BENCH_FILES = 256, BENCH_COMMANDS = 32, BENCH_ACCOUNTS = 16, BENCH_LEVELS = 8 };

struct bench;

struct bench_file {
	const char *path;
	struct file_info info;
	const char *bytes;
	size_t size;
};

struct bench_command {
	const char *begins;        /* its words, joined by spaces, begin with this */
	int status;
	const char *output;
	const char *errors;
	void (*effect)(struct bench *bench, const struct command *command);
	size_t size;               /* of an output with NULs inside; 0: up to the first one */
	unsigned count;            /* how often it ran */
	unsigned not_begun;        /* so many times it begins nothing */
};

struct bench {
	struct arena *arena;
	struct bench_file files[BENCH_FILES];
	size_t file_count;
	struct bench_command commands[BENCH_COMMANDS];
	size_t command_count;
	struct user_info users[BENCH_ACCOUNTS];
	size_t user_count;
	struct group_info groups[BENCH_ACCOUNTS];
	size_t group_count;
	struct value *bodies;      /* digest → content */
	struct value *records;
	struct value *wished;      /* identities that other playbooks wish, as keys; NULL: none */
	struct value *offers;      /* digest → path */
	struct value *reads;
	struct buffer log;
	const char *name;
	uid_t uid;
	bool dry;                  /* it is a dry run */
	bool stays;                /* the controller doesn't let the machine start anew */
	const char *login;         /* NULL: not known */
	struct trial_state trial;  /* what is found of one */
	struct trial tried;        /* the last one that was started */
	const char *probed_address, *probed_mac;   /* who answers for an address; NULL: nobody */
	struct value *met;         /* names of those of the last meeting, in their order; NULL: none was */
	const char *cut_off;       /* an address that isn't reached over TCP; NULL: none */
	const char *state_directory;   /* beoplay's own; NULL: none */
	bool looking;
	void *state;               /* of the last look */
	struct value *results;
	const struct module *applied;  /* the one of that */
	struct inverses *inverses; /* of the last bench_apply that changed something */
	struct plan *planned;      /* what that was about to do */
	struct error err;
};

struct bench *bench_new(void);
void bench_free(struct bench *bench);

void bench_file(struct bench *bench, const char *path, unsigned mode, const char *text);
void bench_directory(struct bench *bench, const char *path, unsigned mode);
void bench_link(struct bench *bench, const char *path, const char *target);
void bench_remove(struct bench *bench, const char *path);
struct bench_file *bench_find(struct bench *bench, const char *path);
/* The content, or NULL if there is no such file. */
const char *bench_text(struct bench *bench, const char *path);
/* The whole machine as text: to be compared with what it was before. */
const char *bench_snapshot(struct bench *bench);
void bench_user(struct bench *bench, const char *name, uid_t uid, const char *home);
const char *bench_body(struct bench *bench, const char *text);   /* its digest */
struct bench_command *bench_command(struct bench *bench, const char *begins, int status,
	const char *output);

/* Parameters from YAML, normalised and loaded as both ends do; internal ones are allowed. */
void *bench_load(struct bench *bench, const struct module *module, const char *yaml);
void *bench_load_value(struct bench *bench, const struct module *module,
	const struct value *params);
/* Of parameters that are normalised, and prepared, already. */
void *bench_load_prepared(struct bench *bench, const struct module *module,
	const struct value *params);
/* NULL: the parameters are refused, err says why. */
struct value *bench_normalise(struct bench *bench, const struct module *module, const char *yaml);

/* That machine, for a hook alone. */
struct host *bench_host(struct bench *bench);
/* inspect and plan; NULL with err if inspect failed. */
struct plan *bench_look(struct bench *bench, const struct module *module, void *params);
/* All of it, with the second look that must find nothing more to do. */
int bench_apply(struct bench *bench, const struct module *module, void *params);
/* Undoes what the last bench_apply did, resource by resource, the last one first. */
int bench_undo(struct bench *bench);

/* "subject field: before -> after", for one change, nothing as "-". */
const char *bench_change(struct bench *bench, const struct plan *plan, size_t index);

/* module_things.c: a file that is there or becomes it; aborts where there are too many. */
struct bench_file *bench_place(struct bench *bench, const char *path);
void bench_put(struct bench *bench, const char *path, unsigned mode, const char *bytes,
	size_t size);
/* module_machine.c: the calls of a host whose machine is a bench. */
extern const struct host_calls bench_machine_calls;

#endif
