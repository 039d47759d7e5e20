/* build: what the readers of plays, tasks and keywords share. Private to this room.
 *
 * All functions with an err in the reader give 0, or -1 with that error set. */
#ifndef TEXT_PLAY_BUILD_H
#define TEXT_PLAY_BUILD_H

#include "playbook/play.h"

enum { PLAY_DEPTH_MOST = 32 };         /* of blocks and imports */
enum { KEYWORD_DROPPED = 0xffff };     /* an offset: the value is checked, and means nothing */

/* The files whose import leads to what is being read. */
struct play_import {
	const char *path;
	const struct play_import *above;
};

struct play_reader {
	struct arena *arena;
	struct source *source;
	struct playbook_modules modules;   /* both are set */
	struct playbook *playbook;
	struct play *play;
	struct play_import import;         /* the file being read */
	const struct task *imported;       /* what import_playbook gives to plays: when, vars, tags; or NULL */
	const struct role_use *role;       /* what is read is in it; NULL: in the play itself */
	const struct task *included_by;    /* what is read is brought in by it; NULL: no include */
	const struct role_use *last_role;  /* the last one that was read to its end */
	struct value *include_vars;        /* of the includes around; NULL: none */
	struct role_seen *roles;           /* uses of roles in this play, for role_use.once */
	struct items role_handlers, imported_handlers;
	bool whole;                        /* see playbook_modules */
	unsigned depth;
	struct error_list errors;          /* those so far, behind which reading went on */
	struct error *err;
};

enum keyword_flags {
	KEYWORD_GROUP = 1 << 0,     /* also of block and import_tasks, for all tasks inside */
	KEYWORD_HANDLER = 1 << 1,   /* of handlers only */
	KEYWORD_BLOCK = 1 << 3,     /* of blocks only */
	KEYWORD_INCLUDE = 1 << 2,   /* also of include_tasks and include_role, for these alone */
};

/* A keyword and where its value goes: offset is of a struct value * in struct task or struct play.
 * read is NULL where the keyword needs more than itself. What null means is read's to say: it
 * leaves ret_value alone where it means "not given". */
struct keyword {
	const char *name;
	int (*read)(struct play_reader *reader, const struct value_pair *pair,
		struct value **ret_value);
	size_t offset;
	unsigned flags;
};

/* playbook.c: gives a play the variables and tags of what imports it. */
void playbook_give(struct arena *arena, const struct task *import, struct play *play);

/* play.c: raw is the map of a play; fills in reader->play. */
int play_read(struct play_reader *reader, const struct value *raw);
/* Notes the error that was found, and clears it, so that reading can go on. */
void play_keep_error(struct play_reader *reader);

/* play_keyword.c: values of keywords */

int keyword_text(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* may hold {{ }} */
int keyword_word(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* may not */
int keyword_truth(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_condition(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */
int keyword_strings(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */
int keyword_vars(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a map */
int keyword_task_vars(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* those of a task alone */
int keyword_become_method(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* of the play, wherever it stands */
int keyword_environment(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */
int keyword_defaults(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */
int keyword_prompts(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */
/* Those that are accepted where they say what is done anyway. */
int keyword_become_exe(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_become_flags(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_order(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_connection(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_port(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
int keyword_number(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* or an expression */
int keyword_seconds(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* the same, with fractions */
int keyword_poll(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* not 0 */

/* Reads a truth that can't wait for hosts to be known. */
int keyword_plain_truth(struct play_reader *reader, const struct value_pair *pair,
	bool *ret_truth);
/* "'tasks' is a list, this is a string"; returns -1. */
int keyword_refuse_kind(struct play_reader *reader, const struct value_pair *pair,
	const char *wanted);
/* Where to point at: the value, or the key if the value is nothing. */
struct place keyword_place(const struct value_pair *pair);
/* A scalar as a string, as it was written; NULL: it is no scalar. */
struct value *keyword_string_of(struct play_reader *reader, struct value *value);
/* play_names.c: which names there are */

extern const struct keyword play_keywords[];   /* in play.c; ends with a zeroed one */
extern const struct keyword task_keywords[];   /* in play_task.c */

const struct keyword *keyword_find(const struct keyword *table, const char *name);
/* Without "ansible.builtin.". */
const char *play_without_prefix(const char *name);
/* A module that may be written in a playbook; NULL: none. */
const struct module *play_module(const struct play_reader *reader, const char *name);
/* What stands for a module that is for another system than Debian; NULL: name is none of these. */
const struct module *play_module_elsewhere(const struct play_reader *reader, const char *name);

/* play_later.c: what Ansible has and beoplay hasn't yet, with what to do instead; ends with
 * NULLs. */
struct later {
	const char *name;
	const char *instead;
};

extern const struct later later_play_keywords[];
extern const struct later later_task_keywords[];
extern const struct later later_modules[];

const struct later *later_find(const struct later *table, const char *name);
/* Whether it is for other systems than Debian: then it is refused only where nothing keeps it from
 * running. */
bool later_never(const struct later *later);

/* Refuses a keyword or module that was read, but can't be run yet; does nothing if all is to be read. */
int play_refuse_later(struct play_reader *reader, const struct value_pair *pair,
	const struct later *table);

/* Refuse a key that means nothing here: known but not supported yet, misplaced, misspelt. */
int play_refuse_key(struct play_reader *reader, const struct value_pair *pair);
int task_refuse_key(struct play_reader *reader, const struct value_pair *pair);

/* items.c */

void items_add(struct play_reader *reader, struct items *items, struct item item);

/* play_task.c */

/* Reads a list of tasks, blocks and imports; group gives all of them its keywords, or NULL. */
int tasks_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	bool handlers, struct items *items);
/* Appends a task that runs the handlers that are due. */
struct task *tasks_flush(struct play_reader *reader, struct place place, struct items *items);
struct task *task_new(struct play_reader *reader, struct place place, bool handler);
/* The keywords of raw that task_keywords has, but what is named in it is left to others. */
int task_read_keywords(struct play_reader *reader, const struct value *raw, const char *what,
	unsigned flags, struct task *task);

/* play_loop.c */

int task_read_loop(struct play_reader *reader, const struct value *raw, struct task *task);

/* play_group.c: what stands for several tasks, or for none */

/* Gives a task the keywords of the block or import it stands in. */
void task_inherit(struct arena *arena, struct task *task, const struct task *group);
/* Goes one level deeper; reader->depth-- leaves it. */
int play_enter(struct play_reader *reader, struct place place);
/* raw: the whole map of the block. */
int block_read(struct play_reader *reader, const struct value *raw, const struct task *group,
	struct items *items);
/* task: what was read beside meta. */
int meta_read(struct play_reader *reader, const struct value_pair *pair, struct task *task,
	struct items *items);

/* include.c: files and roles that are brought in */

int import_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct items *items);
/* task: what was read beside it, with what it inherits from around. */
int include_read(struct play_reader *reader, const struct value *raw, const struct value_pair *pair,
	struct task *task, const struct task *around, struct items *items);
int import_role_read(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair, const struct task *group, struct items *items);
/* Reads a file of tasks. */
int tasks_file_read(struct play_reader *reader, const char *path, struct place place,
	const struct task *group, struct items *items);

/* role.c */

/* What is asked of a role. */
struct role_request {
	const char *name;
	struct place place;
	const char *from[4];            /* by enum role_part; NULL: main */
	struct value *vars;             /* weaker than the role's own; or NULL */
	struct value *params;           /* or NULL */
	const struct value *raw;        /* the entry; with an equal one it runs once; NULL: each time */
	const struct task *group;       /* keywords for all tasks; or NULL */
	bool dependency;
	bool exports;                   /* its variables are the play's, too */
	struct items *handlers;         /* where its handlers go */
};

int role_read(struct play_reader *reader, const struct role_request *request,
	struct items *items);
/* The play's roles. */
int roles_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct items *items);
/* defaults.c: gives a task the options that module_defaults has for its module. */
void task_add_defaults(struct play_reader *reader, struct task *task);

/* play_params.c: what stands under a module's name */

/* "name=x vars_from=y" as a map. */
int play_read_words(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_options);
/* args: the pair "args", or NULL. */
int task_read_params(struct play_reader *reader, struct task *task, const struct value_pair *pair,
	const struct value_pair *args);

/* play_handlers.c */

int handlers_check(struct play_reader *reader);
/* Whether what tasks notify is there. */
int handlers_check_tasks(struct play_reader *reader, struct task *const *tasks, size_t count);

/* play_tags.c */

int keyword_tags(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);                                     /* a list */

#endif
