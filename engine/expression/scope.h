/* scope: what the evaluator asks of the place where names are used. Declared here, answered by
 * variables/scope.c, so that the evaluator knows neither hosts nor plays.
 *
 * hostvars and vars are lazy maps: filling in all variables of all hosts to read one would be slow,
 * and each variable that reads hostvars would need itself. */
#ifndef EXPRESSION_SCOPE_H
#define EXPRESSION_SCOPE_H

#include "expression/evaluate.h"

/* The value of a name, filled in, where hostvars and vars inside may be lazy; NULL: not defined. */
int scope_find(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value);

/* What an expression reads where a host's own variables don't say how it is reached: its name, and
 * ssh or the play's connection; NULL: nothing. */
struct value *scope_default(struct scope *scope, const char *name);

/* Says why a name that scope_find didn't find is undefined, with a remedy (evaluation_undefined);
 * -1: it is an error to ask for it at all. */
int scope_undefined(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value);

/* Whether the name is that of a registered value. */
bool scope_registered(struct scope *scope, const char *name);

/* Whether what has this name is secret, a variable or a key inside of one. */
bool scope_is_secret(const struct scope *scope, const char *name);

/* Notes a new string that came of a value with a level. */
void scope_note(struct scope *scope, const struct value *value);

/* --- What lookups and templates read of the controller ---
 *
 * Files are looked for where src of the task's module would be. Whatever is read is part of the
 * run's text; what can't be, is private. */

/* A path as people are shown it. */
const char *scope_absolute(struct scope *scope, struct arena *arena, const char *path);

/* folder: in which it is looked for first ("files", "templates"); ret_path NULL: it is nowhere. */
int scope_file_find(struct evaluation *evaluation, size_t offset, const char *name,
	const char *folder, const char **ret_path);
/* ret_text: a string; private where not everybody may read the file. */
int scope_file_read(struct evaluation *evaluation, size_t offset, const char *path,
	struct value **ret_text);
/* Appends the absolute paths of regular files, sorted. Only the last part of the pattern is one. */
int scope_file_glob(struct evaluation *evaluation, size_t offset, const char *pattern,
	struct value *list);
/* A variable of the controller's environment, private; NULL: it isn't set. */
struct value *scope_environment(struct evaluation *evaluation, const char *name);
/* What a command prints here, private. It runs once a run, beside the playbook; not at all, and
 * ret_output is unknown, where a text is only checked. */
int scope_command(struct evaluation *evaluation, size_t offset, const char *command,
	struct value **ret_output);

/* A map whose values are found when asked for. */
struct lazy {
	struct value value;            /* an empty map; raw is lazy_mark */
	struct scope *scope;
	bool hosts;                    /* hostvars: values are lazy maps of variables */
};

extern const char lazy_mark[];
extern const char omit_mark[];

struct value *lazy_new(struct arena *arena, struct scope *scope, bool hosts);
/* lazy[key]; NULL: undefined. */
int lazy_index(struct evaluation *evaluation, size_t offset, const struct value *lazy,
	const struct value *key, struct value **ret_value);
/* The names inside. */
struct value *lazy_keys(struct arena *arena, const struct value *lazy);

#endif
