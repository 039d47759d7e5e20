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
#include "base/value.h"
#include "module/module.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>

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
	struct value *loop;             /* loop or with_items: a list, or a string with {{ }}; or NULL */
	bool loop_flatten;              /* with_items: lists inside are flattened by one level */
	const char *loop_variable;      /* "item" unless loop_control says otherwise */
	struct value *loop_label;       /* loop_control.label; or NULL */
	const char *registers;          /* register: name; or NULL */
	struct value *become;           /* expression_truth; NULL: as the play */
	struct value *become_user;      /* NULL: as the play */
	struct value *ignore_errors;    /* expression_truth; NULL: false */
	struct value *no_log;           /* expression_truth; NULL: false */
	struct value *check_mode;       /* expression_truth; NULL: as the run */
	struct value *diff;             /* expression_truth; NULL: as the run */
	struct value *any_errors_fatal; /* expression_truth; NULL: as the play */
	struct value *changed_when;     /* a condition; or NULL */
	struct value *failed_when;      /* a condition; or NULL */
	struct value *vars;             /* map; or NULL */
	struct value *notify;           /* list of strings; NULL: none */
	struct value *listen;           /* handlers: list of strings; NULL: none */
	struct value *tags;             /* list of strings, with the play's and those of import_tasks;
	                                   never NULL */
	bool flush_handlers;            /* between pre_tasks, tasks and post_tasks: no module; run the
	                                   handlers that are due */
};

struct play {
	struct value *name_value;       /* or NULL */
	const char *name;               /* NULL: none given; then its pattern is shown */
	struct place place;
	struct value *hosts;            /* a string: the pattern; a list was joined by commas; may hold
	                                   {{ }} of extra vars */
	struct value *vars;             /* map, never NULL */
	struct value *file_vars;        /* map, merged from vars_files; never NULL */
	struct value *become;           /* NULL: not said */
	struct value *become_user;      /* NULL: root */
	struct value *remote_user;      /* NULL: not said */
	struct value *connection;       /* "local" or "ssh"; NULL: not said */
	struct value *port;             /* NULL: not said */
	struct value *no_log, *ignore_errors, *check_mode, *diff;   /* for all tasks; or NULL */
	struct value *any_errors_fatal; /* the same */
	bool free;                      /* strategy: free */
	bool force_handlers;            /* handlers run also where a task failed */
	bool without_facts;             /* gather_facts: no, here and in all plays before */
	struct task **tasks;            /* pre_tasks, tasks, post_tasks, in order, with flush_handlers
	                                   between them where there are handlers */
	size_t task_count;
	struct task **handlers;
	size_t handler_count;
	struct value *tags;             /* list of strings, never NULL */
};

struct playbook {
	const char *path;
	const char *directory;          /* of path */
	struct play **plays;
	size_t play_count;
	size_t task_count;              /* indexes of tasks are below this */
};

/* Which modules there are; NULL everywhere: modules_all and module_find. Tests bring their own. */
struct playbook_modules {
	const struct module *const *all;
	const struct module *(*find)(const char *name);
};

/* Facts are read when an expression needs them; with gather_facts: no there are none. Reading goes
 * on behind an error as far as it can: err->next has the others. */
int playbook_load(struct arena *arena, struct source *source, const char *path,
	const struct playbook_modules *modules, struct playbook **ret_playbook, struct error *err);

/* The handlers of a play that a name notifies (by name or listen); count 0: none. */
struct task **play_notified(struct arena *arena, const struct play *play, const char *name,
	size_t *ret_count);

/* Whether -t and --skip-tags (lists of strings, or NULL) choose the task: always, never, all,
 * tagged and untagged mean what they do in Ansible. */
bool task_chosen(const struct task *task, const struct value *tags, const struct value *skip_tags);

/* Whether a task may give a variable this name. */
int play_check_variable(const char *name, struct place place, struct error *err);

/* "name", else the module's word: what is printed before names are filled in. */
const char *task_title(const struct task *task);

#endif
