/* play: a playbook as the user wrote it, checked whole before any host is contacted.
 *
 * Loading refuses misspelt keywords, modules and options with a suggestion, things that are known
 * but not supported yet by name, wrong kinds where there is no {{ }}, wrong syntax in every
 * expression, a notify without its handler. Values that may hold expressions stay as written
 * (struct value); the rest is read here. Everything lives in the arena given to playbook_load. */
#ifndef TEXT_PLAY_H
#define TEXT_PLAY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/lookup.h"
#include "base/value.h"
#include "module/module.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>

/* What tasks of a role see of it: one use of a role, in a play's roles, by a dependency, an import or
 * an include. Maps hold what comes from roles above it, too, and are never NULL. */
struct role_use {
	const char *name;               /* as it was asked for */
	const char *path;               /* its directory */
	struct place place;             /* where it was asked for */
	const struct role_use *parent;  /* the role that asked for it; NULL: none */
	bool dependency;                /* of parent */
	struct value *defaults;         /* weaker than the inventory */
	struct value *vars;             /* stronger than the play's, weaker than the task's */
	struct value *params;           /* stronger than what tasks set */
	struct value *dependencies;     /* names of the roles it depends on itself: a list */
	const void *once;               /* on a host it runs but the first time of all uses with the same
	                                   mark; NULL: each time */
};

/* until: the result of the task is looked at, and the task done again. */
struct retry {
	struct value *until;            /* a condition; NULL: the task must not fail */
	struct value *retries, *delay;  /* numbers, or strings with {{ }}; NULL: 3, and 5 seconds */
	bool asked;                     /* there is an until or retries */
};

/* What include_tasks and include_role bring in when their turn comes. */
struct include {
	bool role;
	struct value *file;             /* of include_tasks: a string, may hold {{ }} */
	struct value *name;             /* of include_role: the same */
	struct value *from[4];          /* of include_role: by enum role_part; NULL: main */
	struct value *apply;            /* map of keywords for what is inside; NULL: none */
	bool public;                    /* its variables are the play's, too */
	struct value *vars;             /* its own, which what is inside sees; or NULL */
	const struct task *around;      /* keywords of what is around it; or NULL */
	const struct play_reader *reader;   /* as it was where the include stands */
};

enum role_part { ROLE_TASKS, ROLE_VARS, ROLE_DEFAULTS, ROLE_HANDLERS };

/* What a task does that is about the run itself. */
enum meta {
	META_NONE,
	META_END_HOST, META_END_BATCH, META_END_PLAY,
	META_CLEAR_FACTS,
	META_RESET_CONNECTION,
};

struct task {
	const char *name;               /* NULL: none given; may hold {{ }}: name_value */
	struct value *name_value;       /* or NULL */
	struct place place;             /* of the task */
	size_t index;                   /* in the playbook, over all plays, handlers included, from 0 */
	bool handler;
	const struct module *module;
	const char *word;               /* the module as written: "ansible.builtin.file" */
	struct place module_place;
	struct value *params;           /* map, as written; free form already under its parameter */
	struct value *when;             /* list of strings and booleans; NULL: none */
	struct value *loop;             /* loop or with_…: a list, or a string with {{ }}; or NULL */
	const char *loop_lookup;        /* with_NAME: what of loop is walked over; NULL: itself */
	bool loop_flatten;              /* with_items: lists inside are flattened by one level */
	const char *loop_variable;      /* "item" unless loop_control says otherwise */
	struct value *loop_label;       /* loop_control.label; or NULL */
	const char *loop_index;         /* loop_control.index_var; or NULL */
	bool loop_extended;             /* ansible_loop is there */
	struct value *loop_pause;       /* seconds between items; or NULL */
	const char *registers;          /* register: name; or NULL */
	struct value *become;           /* expression_truth; NULL: as the play */
	struct value *become_user;      /* NULL: as the play */
	struct value *connection;       /* "local" or "ssh"; NULL: as the play */
	struct value *remote_user;      /* NULL: as the play */
	struct value *port;             /* NULL: as the play */
	struct value *ignore_errors;    /* expression_truth; NULL: false */
	struct value *no_log;           /* expression_truth; NULL: false */
	struct value *check_mode;       /* expression_truth; NULL: as the run */
	struct value *diff;             /* expression_truth; NULL: as the run */
	struct value *any_errors_fatal; /* expression_truth; NULL: as the play */
	struct value *throttle;         /* so many hosts do it at a time; NULL: as the play */
	struct value *timeout;          /* seconds that it may take; NULL: as the play */
	struct value *async;            /* the same, of this task alone; or NULL */
	struct value *changed_when;     /* a condition; or NULL */
	struct value *failed_when;      /* a condition; or NULL */
	struct value *vars;             /* map; or NULL */
	struct value *module_defaults;  /* list of maps: module → its options, the outermost first, but for
	                                   the play's; or NULL */
	struct value *environment;      /* list of maps, and of strings with {{ }}, the outermost first, but
	                                   for the play's; or NULL */
	struct value *notify;           /* list of strings; NULL: none */
	struct value *listen;           /* handlers: list of strings; NULL: none */
	struct value *tags;             /* list of strings, with the play's and those of import_tasks;
	                                   never NULL */
	bool flush_handlers;            /* between pre_tasks, tasks and post_tasks: no module; run the
	                                   handlers that are due */
	bool implied;                   /* such a flush that nobody wrote */
	const char *title;              /* of a task in a role: "role : name"; NULL: name or word */
	const struct role_use *role;    /* it stands in; or NULL */
	const struct task *included_by; /* the include that brought it in, if that is already known: it is
	                                   done where that is; or NULL */
	struct value *include_vars;     /* map, of the includes around, stronger than what tasks set; or
	                                   NULL */
	const char *included;           /* of such an include: the variable that says so; or NULL */
	enum meta meta;                 /* META_NONE: no meta, or flush_handlers */
	struct include *include;        /* one whose turn has to come; NULL: none */
	struct retry *retry;            /* NULL: once */
	struct value *run_once;         /* expression_truth; NULL: as the play */
	struct value *delegate_to;      /* a string; NULL: the host itself */
	struct value *delegate_facts;   /* expression_truth; NULL: false */
};

/* --- What stands where ---
 *
 * The text of a play as a tree. What a block or an import says for all tasks inside (when, vars,
 * become, …) these have inherited. */

enum item_kind {
	ITEM_TASK,                      /* task->module */
	ITEM_FLUSH,                     /* the handlers that are due run here */
	ITEM_META,                      /* task->meta */
	ITEM_INCLUDE,                   /* task->include */
	ITEM_BLOCK,
};

struct item {
	enum item_kind kind;
	struct task *task;              /* NULL: of a block */
	struct task_block *block;            /* NULL: of anything else */
};

struct items {
	struct item *items;
	size_t count, capacity;
};

enum block_part { BLOCK_MAIN, BLOCK_RESCUE, BLOCK_ALWAYS, BLOCK_PARTS };

struct task_block {
	const struct task *group;       /* its keywords: name, when, tags, … */
	struct items parts[BLOCK_PARTS];
};

struct play {
	struct value *name_value;       /* or NULL */
	const char *name;               /* NULL: none given; then its pattern is shown */
	struct place place;
	const char *directory;          /* of its file, which may be an imported one: what it names is
	                                   looked for there */
	struct value *hosts;            /* a string: the pattern; a list was joined by commas; may hold
	                                   {{ }} of extra vars */
	struct value *vars;             /* map, never NULL */
	struct value *file_vars;        /* map, merged from vars_files; never NULL */
	struct value *become;           /* NULL: not said */
	struct value *become_user;      /* NULL: root */
	struct value *become_method;    /* its own, or that of its tasks; NULL: not said */
	struct value *remote_user;      /* NULL: not said */
	struct value *connection;       /* "local" or "ssh"; NULL: not said */
	struct value *port;             /* NULL: not said */
	struct value *no_log, *ignore_errors, *check_mode, *diff;   /* for all tasks; or NULL */
	struct value *any_errors_fatal, *throttle, *timeout;        /* the same */
	bool free;                      /* strategy: free */
	bool force_handlers;            /* handlers run also where a task failed */
	bool without_facts;             /* gather_facts: no, here and in all plays before */
	struct value *run_once;         /* the same */
	struct value *environment, *module_defaults;   /* as of a task */
	struct value *vars_prompt;      /* list of maps: what is asked for before the run; or NULL */
	struct value *serial;           /* list of numbers and percentages; NULL: all hosts at once */
	struct value *max_fail_percentage;   /* a number; NULL: not said */
	struct value *role_vars;        /* map, of its roles and what it imports; never NULL */
	struct value *role_defaults;    /* the same */
	struct value *role_names;       /* list of strings: its roles, without dependencies */
	struct value *role_needs;       /* the same: the roles these depend on */
	struct items items;             /* pre_tasks, roles, tasks, post_tasks, in order, with
	                                   flush_handlers between them where there are handlers */
	struct items handler_items;
	struct task **tasks;            /* the same in a row: main, rescue, always of each block */
	size_t task_count;
	struct task **handlers;         /* of roles, its own, then of roles that it imports */
	size_t handler_count;
	struct lookup handler_words;    /* see handlers.c */
	struct value *tags;             /* list of strings, never NULL */
};

struct playbook {
	const char *path;
	const char *directory;          /* of path */
	struct play **plays;            /* also those of imported playbooks */
	size_t play_count;
	size_t task_count;              /* indexes of tasks are below this */
	size_t include_count;           /* whose files were read so far */
	bool has_roles;
	struct value *notes;            /* what is to be said of the text: list of strings; never NULL */
};

/* Which modules there are; NULL everywhere: modules_all and module_find. Tests bring their own. */
struct playbook_modules {
	const struct module *const *all;
	const struct module *(*find)(const char *name);
	bool whole;                     /* what can't be run yet is read, and not refused */
};

/* Facts are read when an expression needs them; with gather_facts: no there are none. Reading goes
 * on behind an error as far as it can: err->next has the others. */
int playbook_load(struct arena *arena, struct source *source, const char *path,
	const struct playbook_modules *modules, struct playbook **ret_playbook, struct error *err);

/* What an include brings in, read when its turn has come. include: the task's, with what is written
 * there filled in; given: variables for what is inside, or NULL. Handlers must be known before. */
int playbook_include(struct arena *arena, struct source *source, const struct task *task,
	const struct include *include, const struct value *given, struct items *ret_items,
	struct error *err);

/* Where a file that a task names may be, best first: in the roles around the task, beside the file
 * that the task stands in, beside the playbook; kind: the folder in each of these that comes first
 * ("files"), or NULL. Ends with NULL. task may be NULL. */
const char **task_places(struct arena *arena, const struct play *play, const struct task *task,
	const char *source, const char *kind);

/* All tasks in a row. */
struct task **items_flat(struct arena *arena, const struct items *items, size_t *ret_count);

/* The handlers of a play that a name notifies: by listen, and of those with this name, or "role :
 * name", the last one. count 0: none. */
struct task **play_notified(struct arena *arena, const struct play *play, const char *name,
	size_t *ret_count);

/* Whether -t and --skip-tags (lists of strings, or NULL) choose the task: always, never, all,
 * tagged and untagged mean what they do in Ansible. */
bool task_chosen(const struct task *task, const struct value *tags, const struct value *skip_tags);

/* The index of the first task, over all plays, whose name, or "role : name", matches a pattern. */
int playbook_start(const struct playbook *playbook, const char *pattern, size_t *ret_start,
	struct error *err);

/* Whether a task stands before the one with this index, or what brings it in does; a handler never. */
bool task_before(const struct task *task, size_t start);

/* The content of a file of variables: a map, not filled in. */
int playbook_vars(struct arena *arena, const char *path, const char *bytes, size_t size,
	struct value **ret_vars, struct error *err);

/* Whether a task may give a variable this name. */
int play_check_variable(const char *name, struct place place, struct error *err);

/* "role : name", "name", else the module's word: what is printed before names are filled in. */
const char *task_title(const struct task *task);

#endif
