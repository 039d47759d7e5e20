/* module: what a kind of task promises.
 *
 * A module is one const table. On the node the agent calls, for each task,
 *     inspect → plan → apply (once per planned change) → inspect → plan
 * and the second plan must come out empty. A dry run is the same without apply; plan gets no host,
 * so it cannot touch one. On the controller only check and prepare are called.
 *
 * The parameters are loaded by libcyaml from normalised text (every key known, every default
 * filled in, scalars turned into lists, all scalars double quoted), so a module sees typed,
 * complete parameters. Optional parameters without a default are pointers (NULL: not given). All
 * memory is in an arena of the task: modules never free. */
#ifndef MODULES_MODULE_H
#define MODULES_MODULE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/shape.h"
#include "base/value.h"
#include "module/host.h"

#include <cyaml/cyaml.h>

/* --- Parameters ------------------------------------------------------------------------------- */

enum param_kind {
	PARAM_STRING,     /* char * */
	PARAM_BOOL,       /* bool; strict: true/false/yes/no/on/off in any case */
	PARAM_INTEGER,    /* int64_t or int, decimal, strict */
	PARAM_MODE,       /* char *, canonical: "0644" octal with leading 0, or symbolic "u=rw,g=r" */
	PARAM_DURATION,   /* int64_t seconds; text: 90, "90s", "2m", "1h" */
	PARAM_LIST,       /* list of strings; a scalar becomes a list of one */
	PARAM_MAP,        /* list of {key, value} strings, from a map */
	PARAM_PATTERN,    /* char *: inventory pattern; its syntax is checked with the whole text */
	PARAM_PATH,       /* char *: absolute path on the node */
	PARAM_SOURCE,     /* char *: path on the controller, beside the playbook */
	PARAM_CHOICE,     /* an enum, or char *; the words are in choices */
	PARAM_RECORDS,    /* list of maps, each with the parameters in entries */
	PARAM_ANY,        /* a string, or a list or map as it is; never sent to a node */
	PARAM_CONDITION,  /* a condition or a list of them, as in when; never filled in, never sent */
};

enum param_flags {
	PARAM_REQUIRED = 1 << 0,
	PARAM_SECRET = 1 << 1,       /* its value is never printed nor recorded */
	PARAM_INTERNAL = 1 << 2,     /* set by prepare or invert only; refused in a playbook, not in doc */
	PARAM_FREE_FORM = 1 << 3,    /* takes the text of "module: text" */
	PARAM_NOT_YET = 1 << 4,      /* known, refused with "not supported yet" */
	PARAM_BODY = 1 << 5,         /* the digest of a body, "" for none; implies nothing else */
	PARAM_INTO = 1 << 7,         /* a path with a slash at its end: the directory into which */
	PARAM_VERBATIM = 1 << 8,     /* a path that is only used: as it is written, with .. and all */
	PARAM_ASIDE = 1 << 9,        /* how, not what: two tasks that differ in it wish the same */
	PARAM_HOST = 1 << 10,        /* the inventory name of the host itself, which the engine adds for each */
	PARAM_CONTENT = 1 << 6,      /* a string that may be null and keeps trailing newlines */
};

enum into_type { INTO_NOTHING, INTO_A_TEXT, INTO_A_BOOL, INTO_A_NUMBER, INTO_A_CHOICE, INTO_A_LIST,
	INTO_PAIRS };

/* Which member of the module's params holds a parameter; load.c makes libcyaml's fields from it. */
struct param_into {
	enum into_type type;
	bool pointer;                     /* NULL: not given */
	size_t at, size;                  /* the member, and what it is or points at, in bytes */
	size_t count_at, count_size;      /* of a list: the member named like it, with _count */
	const cyaml_strval_t *words;      /* of a choice: what each is */
	size_t word_count;
};

struct param_pair {                   /* an entry of a PARAM_MAP */
	char *key;
	char *value;
};

#define INTO_MEMBER(of, member) .at = offsetof(of, member), .size = sizeof(((of *)0)->member)
#define INTO_POINTED(of, member) .at = offsetof(of, member), .pointer = true, \
	.size = sizeof(*((of *)0)->member)
#define INTO_COUNTED(of, member) INTO_POINTED(of, member), \
	.count_at = offsetof(of, member##_count), .count_size = sizeof(((of *)0)->member##_count)
/* char *, bool, bool *, int or int64_t, a pointer to one, an enum; an array with its count: of char *,
 * for PARAM_RECORDS of the struct that the entries go into, for PARAM_MAP of struct param_pair. */
#define INTO_TEXT(of, member) { .type = INTO_A_TEXT, INTO_POINTED(of, member) }
#define INTO_BOOL(of, member) { .type = INTO_A_BOOL, INTO_MEMBER(of, member) }
#define INTO_BOOL_POINTER(of, member) { .type = INTO_A_BOOL, INTO_POINTED(of, member) }
#define INTO_NUMBER(of, member) { .type = INTO_A_NUMBER, INTO_MEMBER(of, member) }
#define INTO_NUMBER_POINTER(of, member) { .type = INTO_A_NUMBER, INTO_POINTED(of, member) }
#define INTO_CHOICE(of, member, all) { .type = INTO_A_CHOICE, INTO_MEMBER(of, member), \
	.words = all, .word_count = sizeof(all) / sizeof(*(all)) }
#define INTO_LIST(of, member) { .type = INTO_A_LIST, INTO_COUNTED(of, member) }
#define INTO_MAP(of, member) { .type = INTO_PAIRS, INTO_COUNTED(of, member) }

/* One line of the table; ends with a zeroed one. A default of NULL: not
 * there unless given. Otherwise the text that a user would have written ("yes", "0644", "all"); for
 * PARAM_LIST words separated by commas, "" for an empty list; PARAM_MAP and PARAM_RECORDS: "" . */
struct param {
	const char *name;
	enum param_kind kind;
	const char *doc;
	const char *otherwise;
	unsigned flags;
	const char *const *choices;       /* PARAM_CHOICE: words, ends with NULL */
	const struct param *entries;      /* PARAM_RECORDS */
	const char *alias;                /* other names that Ansible's users type, "a, b"; or NULL */
	struct param_into into;           /* nothing: the node knows no such parameter; prepare takes it out */
};

/* --- Plan ------------------------------------------------------------------------------------- */

enum change_flags {
	CHANGE_SENSITIVE = 1 << 0,   /* content of a file that not everybody may read: shown in a
	                                terminal diff, never recorded */
	CHANGE_SECRET = 1 << 1,      /* never shown at all */
	CHANGE_BINARY = 1 << 2,      /* before and after are descriptions ("1204 bytes"), not content */
	CHANGE_EACH_TIME = 1 << 3,   /* a restart: planned again however it went, so not looked for
	                                when the task must have converged */
	CHANGE_KEEPS_STATE = 1 << 4, /* a restart of what runs: afterwards all is as it was */
	CHANGE_WAITS = 1 << 5,       /* nothing comes of it while something else is there */
};

/* One step of a plan. before and after are text for people, and where field is "content" the whole
 * contents, from which the report makes a diff; either may be NULL. */
struct change {
	unsigned step;         /* the module's own enum: what apply switches on */
	unsigned flags;        /* of enum change_flags */
	const char *subject;   /* what is changed: a path, a package, a user */
	const char *field;     /* which of its properties: "content", "mode", "state" */
	const char *before;
	const char *after;
	const char *after_body;   /* digest of the body that will be there, instead of after; or NULL */
	const void *detail;    /* the module's own, from params or state; for apply */
};

struct plan;

/* Adds a change, in the order in which they are applied. subject … are borrowed: they live in
 * params, in state, in the plan (plan_printf) or are literals. Returns it for more (flags,
 * detail). */
struct change *plan_add(struct plan *plan, unsigned step, const char *subject, const char *field,
	const char *before, const char *after);
char *plan_printf(struct plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
struct arena *plan_arena(struct plan *plan);

/* Beyond the task's own resources, applying this writes what ("path:/etc/ssh", "package:*",
 * "user:*", "members:*" (of groups), "command:*", "unit:*"; a path stands for everything below
 * it, * for any; "accounts:/etc/group" is the file, but no user or group that isn't named beside
 * it). A later task that reads it is "may change" in a dry run. */
void plan_writes(struct plan *plan, const char *what);

/* The wish can't be fulfilled; nothing is applied. The first one counts. remedy may be NULL. */
void plan_refuse(struct plan *plan, const struct error_code *code, const char *remedy,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Something isn't known yet, so that there may be more to change. What is known is done all the
 * same; if that is nothing, the task "may change". The first one counts. */
void plan_missing(struct plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Something that people should see beside the changes. */
void plan_note(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- Resources and inverses ------------------------------------------------------------------- */

/* Collects identities, each KIND:NAME: "file:/etc/motd", "package:rsync". "file:" is a whole file. */
struct names;
void names_add(struct names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is wished of the one added last, where a task has several: two playbooks are at odds over it
 * if that differs. Without a word of it, all parameters count but those that are PARAM_ASIDE. */
void names_wish(struct names *names, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Collects, per resource, parameters of the same module (or another one, by name) that bring back
 * the state before. Written to the ledger before the first change. */
struct inverses;
struct inverses_entry {
	const char *resource;
	const char *module;        /* NULL: the same */
	struct value *params;      /* as a user would write them, plus PARAM_INTERNAL ones; NULL: can't
	                              be undone, reason says why */
	const char *keep_path;     /* the agent keeps this file's bytes in the ledger before the change;
	                              its digest (keep_digest) is what params name; or NULL */
	const char *keep_digest;
	const char *reason;
};
void inverses_add(struct inverses *inverses, const struct inverses_entry *entry);
struct arena *inverses_arena(struct inverses *inverses);

/* --- Controller side -------------------------------------------------------------------------- */

/* What prepare may ask for; the same calls for the working tree and for an old revision. Hosts are
 * always those of the whole inventory; a limit never hides one. Paths are relative to the playbook
 * (or absolute, where allowed). What is found is data of arena prepare_arena. */
struct prepare;

struct prepare_entry {
	const char *path;      /* relative to the directory asked for, "a/b.txt" */
	enum { ENTRY_FILE, ENTRY_DIRECTORY, ENTRY_LINK, ENTRY_OTHER } kind;
	unsigned mode;         /* permission bits */
	int64_t size;
	int64_t mtime;         /* seconds; 0 from an old revision */
	const char *target;    /* of a link */
};

struct arena *prepare_arena(struct prepare *prepare);
const char *prepare_host(struct prepare *prepare);    /* inventory name of the host in question */
/* "PLAYBOOK:TASK", both as hexadecimal digits: the same in each version of a playbook's text, as far as that can
 * be told, and another one for each of its tasks. By this a task knows what on the node it has put there.
 * item: what tells apart the items of its loop, if it has one. */
const char *prepare_part(struct prepare *prepare, const char *item);
const char *prepare_user(struct prepare *prepare);    /* who logs in there; NULL: not known */
/* Whether the host in question is one of a pattern. */
int prepare_is_among(struct prepare *prepare, const char *pattern, bool *ret_among,
	struct error *err);
/* Names of the hosts of a pattern, in inventory order, as a list of strings; only to be read. */
int prepare_hosts(struct prepare *prepare, const char *pattern, struct value **ret_names,
	struct error *err);
/* Whether the host is one of this play's (before any limit). */
bool prepare_in_play(struct prepare *prepare, const char *host);
/* A variable of any host, expressions filled in; NULL if it has none. */
int prepare_variable(struct prepare *prepare, const char *host, const char *name,
	struct value **ret_value, struct error *err);
/* The address by which the other hosts know a host: its variable cluster_address, else
 * ansible_host, else its name. */
int prepare_address(struct prepare *prepare, const char *host, const char **ret_address,
	struct error *err);
/* An error if a name or address of a host is another one's, and a node said so. */
int prepare_claim(struct prepare *prepare, const char *host, const struct value *name,
	struct error *err);
/* The task gives the host in question an address that no other host may have: an error if one has it in the
 * inventory, or is given it by a task, too. */
int prepare_give(struct prepare *prepare, const char *address, struct error *err);
/* What a task of this module published on a host in this run, else, of a host that won't tell it,
 * the last known; NULL: nothing known yet. key distinguishes several of one module (a user's name);
 * may be NULL. Hosts outside the limit tell, too. It is data of a hostile place. */
struct value *prepare_published(struct prepare *prepare, const char *host, const char *module,
	const char *key);
/* The same, of this run only. */
struct value *prepare_heard(struct prepare *prepare, const char *host, const char *module,
	const char *key);
/* Whether nothing more will be heard of the host before this task: it failed, or couldn't be
 * asked. */
bool prepare_lost(struct prepare *prepare, const char *host);
/* Whether nothing is done there in this run: it failed, or is outside the limit. */
bool prepare_absent(struct prepare *prepare, const char *host);
/* The host keys seen over authenticated connections: a list of "TYPE BASE64"; NULL: none yet. Else
 * the last known. */
struct value *prepare_host_keys(struct prepare *prepare, const char *host);
/* A file or directory of the project: files/ and the like beside the playbook are looked through
 * too (kind "files", "templates", "vars" or NULL). Refuses what is outside. */
int prepare_find(struct prepare *prepare, const char *source, const char *kind,
	const char **ret_path, struct error *err);
/* Makes a file a body: its digest, in hexadecimal, and its size in bytes. */
int prepare_body(struct prepare *prepare, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err);
int prepare_body_bytes(struct prepare *prepare, const void *bytes, size_t size,
	const char **ret_digest, struct error *err);
/* Content that another host has, as it told, to be fetched from there; what comes is checked
 * against both. */
int prepare_offer(struct prepare *prepare, const char *host, const char *digest, int64_t size,
	struct error *err);
/* The same; what ansible-vault has encrypted is decrypted, and the digest a secret then. */
int prepare_content(struct prepare *prepare, const char *path, struct value **ret_digest,
	int64_t *ret_size, struct error *err);
/* A text to be read here, decrypted like that. */
int prepare_text(struct prepare *prepare, const char *path, struct value **ret_text, struct error *err);
/* Everything below a directory, sorted, directories before their content; not following links. */
int prepare_list(struct prepare *prepare, const char *path, struct prepare_entry **ret_entries,
	size_t *ret_count, struct error *err);
int prepare_stat(struct prepare *prepare, const char *path, struct prepare_entry *ret_entry,
	struct error *err);
/* Has what the task gives under a name of its results (a text) written to a file of the project, beside the
 * playbook, and of the name "stdout" what comes while it runs. ret_digest, if asked for: of what is there now;
 * "" for nothing, or NULL where nothing can be written, as the text is one of the past. */
int prepare_keep(struct prepare *prepare, const char *path, const char *result, const char **ret_digest,
	struct error *err);
/* Fills in a template's {{ }} and {% %} with the variables of the host; may be unknown. settings:
 * how it is written, by Jinja's names; or NULL. */
int prepare_template(struct prepare *prepare, const char *text, size_t size, const char *path,
	const struct value *settings, struct value **ret_text, struct error *err);
/* The variables of a file that prepare_find found, filled in: a map; values may be unknown. */
int prepare_vars(struct prepare *prepare, const char *path, struct value **ret_vars,
	struct error *err);
/* The value of an expression without {{ }}, with its type; may be unknown. */
int prepare_expression(struct prepare *prepare, const struct value *expression,
	struct value **ret_value, struct error *err);
/* A condition as written (PARAM_CONDITION): a BOOL, or unknown. */
int prepare_condition(struct prepare *prepare, const struct value *condition,
	struct value **ret_truth, struct error *err);
/* How often -v was given. */
unsigned prepare_verbosity(struct prepare *prepare);
void prepare_warn(struct prepare *prepare, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One part of a task that is several: run on which of the task's hosts. */
enum part_hosts { PART_END, PART_ALL, PART_FIRST, PART_OTHERS };

struct part {
	const struct module *module;   /* has the flag MODULE_INTERNAL; takes the same parameters */
	enum part_hosts hosts;         /* FIRST: the first host of the pattern in parameter "group" */
	bool barrier;                  /* before it, what earlier parts published must be in from all */
};

/* What a module of the controller came to, without any host. Unknown values may be inside. */
enum decision_status { DECISION_OK, DECISION_FAILED, DECISION_SKIPPED };

struct decision {
	enum decision_status status;
	const char *message;     /* why it failed or was skipped; or NULL */
	struct value *results;   /* map, for register; what is under "show" is shown; or NULL */
	struct value *facts;     /* map of variables that the host has from here on; or NULL */
};

/* What an undo leaves on the machine, as Debian's tools leave it: a path or a pattern, where *
 * stands for / too, and what it is. */
struct remains {
	const char *path;      /* NULL: the end of a table */
	const char *doc;
};

/* --- The table -------------------------------------------------------------------------------- */

enum module_flags {
	MODULE_ACTION = 1 << 0,         /* does something each time: no converge check, no inverse */
	MODULE_INTERNAL = 1 << 1,       /* part of another: not to be written in a playbook */
	MODULE_CONTROLLER = 1 << 2,     /* needs no host at all (debug): decide gives the result */
	MODULE_LOOKS = 1 << 3,          /* changes nothing, ever: of what can't be known yet it tells
	                                   nothing, instead of that it may change */
	MODULE_SETS = 1 << 4,           /* takes options of any name beside its table, and gives the host
	                                   variables of these names */
	MODULE_RESTARTS = 1 << 6,       /* some of its changes are CHANGE_KEEPS_STATE: as a handler, it makes
	                                   these, and no others, for what was undone */
	MODULE_SETS_ANY = 1 << 7,       /* gives the host variables whose names nobody knows before */
	MODULE_PRECIOUS = 1 << 8,       /* what it makes isn't taken away unless it is known that beoplay made
	                                   it: people's data hang on it */
	MODULE_AWAITS_HOST = 1 << 9,    /* where it comes next, a machine that can't be reached is dialled until the
	                                   seconds in 'timeout' are over, and those in 'delay' */
	MODULE_OUTPUT = 1 << 5,         /* its results are stdout and stderr: where they are seen, they
	                                   are also lists of lines, stdout_lines and stderr_lines; with
	                                   truncated they can't be registered */
};

struct module {
	const char *name;              /* as in a playbook, with dashes: "apt-packages" */
	const char *summary;           /* one line */
	const struct param *params;
	size_t params_size;            /* of the struct that they are loaded into; 0: none */
	size_t state_size;
	unsigned flags;
	const struct part *parts;      /* ends with PART_END; then there are no hooks for the node */
	const char *const *aliases;    /* other names in playbooks (Ansible's), ends with NULL; or NULL */
	const struct remains *const *remains;   /* tables, ends with NULL; NULL: an undo leaves nothing */
	/* The kind of its resources whose names begin with the path of a file, whose content they are
	 * about: file, line. NULL: none is. */
	const char *content;
	/* Of the one module that reads the machine's facts: all that it may tell, with kinds and most
	 * sizes; ends with {0}. Nothing else that a node tells is a fact. */
	const struct shape *facts;
	/* The facts that it may give the host: keys of the map "ansible_facts" in its results, which are then
	 * variables, and in ansible_facts; ends with NULL. NULL: it gives none. */
	const char *const *gives;

	/* Controller. What a table can't say: excluding options and the like. params are normalised
	 * (NULL value = not given); a value may still hold an unknown. */
	int (*check)(const struct value *params, struct error *err);
	/* Controller, once a host, right before sending: replaces what only the controller knows
	 * (bodies for src, addresses of a group). May set PARAM_INTERNAL ones. May set any to unknown:
	 * then the task is "may change" in a dry run. */
	int (*prepare)(struct prepare *prepare, struct value *params, struct error *err);
	/* Controller, of MODULE_CONTROLLER, instead of all that follows. */
	int (*decide)(struct prepare *prepare, const struct value *params,
		struct decision *ret_decision, struct error *err);

	/* Node. The user as whom the whole task works, beyond become: for work in a user's home; NULL
	 * or "": as the task. */
	const char *(*acts_as)(const void *params);
	void (*resources)(struct names *ret_names, const void *params);
	/* The other host without which all of it is pointless: it is undone once that host has left the
	 * inventory. NULL: none. Optional. */
	const char *(*of_host)(struct arena *arena, const void *params);
	int (*inspect)(struct host *host, const void *params, void *ret_state, struct error *err);
	void (*plan)(struct plan *plan, const void *params, const void *state);
	int (*apply)(struct host *host, const void *params, const void *state,
		const struct change *change, struct value *results, struct error *err);
	/* After the task, with the last state seen: the values for register (map). Optional. */
	void (*results)(struct arena *arena, const void *params, const void *state,
		struct value *results);
	/* Facts for other hosts, from the last state; optional. A map; key as in prepare_published. */
	struct value *(*publish)(struct arena *arena, const void *params, const void *state,
		const char **ret_key);
	void (*invert)(struct inverses *ret_inverses, const void *params, const void *state);
	/* Puts what another undo leads to into params, both as invert made them, if one task can do both: of things
	 * in one file, each alone would read and write all of it. False: they stay two. Optional. */
	bool (*join)(struct arena *arena, struct value *params, const struct value *other);
};

/* The registry. */
extern const struct module *const modules_all[];   /* ends with NULL */
/* By name or alias; dashes and underscores are equal, "ansible.builtin." and "ansible.legacy." are
 * dropped; NULL: none. */
const struct module *module_find(const char *name);
/* Errors that only modules have; ends with NULL. */
extern const struct error_code *const modules_errors[];
/* The engine's or a module's; NULL: none has this name. */
const struct error_code *error_named(const char *name);
/* The one that reads the facts. */
const struct module *module_of_facts(void);
/* The one that brings back a whole file. */
const struct module *module_of_files(void);

/* Loads normalised text into params_size bytes with libcyaml. Both ends do exactly this. */
int module_load(struct arena *arena, const struct module *module, const char *yaml, size_t size,
	void **ret_params, struct error *err);

#endif
