/* expression: a typed evaluator of the Jinja subset that playbooks use; what lookups read, the scope
 * reads.
 *
 * Understood: {{ }} in strings, bare expressions (when), {% if for set raw %}, {# #}, whitespace
 * control, Ansible's trim_blocks. A string that is exactly one {{ }} keeps the type of its value.
 * Everything is typed: "1" + 1 is an error, an undefined name is an error at its column with a
 * suggestion. VALUE_UNKNOWN goes through: every operation on it is unknown, unless decided (false
 * and x). What comes out has the highest level of what went in; what came from a node (data) is
 * never filled in again, nor is any result. An evaluation ends with an error after
 * EXPRESSION_STEPS_MOST steps, EXPRESSION_BYTES_MOST bytes made or EXPRESSION_DEPTH_MOST levels.
 *
 * Errors are of kind TEXT, with the exact place inside the YAML scalar.
 * Semantics: jinja.palletsprojects.com/en/3.1.x/templates/ and Ansible's filters. */
#ifndef TEXT_EXPRESSION_H
#define TEXT_EXPRESSION_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	EXPRESSION_STEPS_MOST = 1000000,
	EXPRESSION_BYTES_MOST = 32 << 20,
	EXPRESSION_DEPTH_MOST = 100,
};

struct scope;   /* where names get their values; made by variables/variables.h */

/* Whether the value holds {{, {% or {# in any string that isn't data. */
bool expression_inside(const struct value *value);

/* Whether the value is, or holds anywhere, something not known yet. */
bool value_unknown_inside(const struct value *value);
/* The cause of the first unknown inside; NULL: all is known. */
const struct cause *value_unknown_cause(const struct value *value);
/* What the name omit gives: a parameter with this value counts as not given. */
bool value_is_omit(const struct value *value);

/* Syntax alone, of all strings in a value of any kind. */
int expression_check(struct arena *arena, const struct value *value, struct error *err);
/* Syntax of a bare expression, a list of them, or a boolean: when, changed_when, failed_when. */
int expression_check_condition(struct arena *arena, const struct value *condition,
	struct error *err);

/* Fills in every string of a value, deeply. Maps' keys too. The result shares what needed
 * nothing. */
int expression_fill(struct arena *arena, struct scope *scope, const struct value *value,
	struct value **ret_value, struct error *err);

/* A condition (see expression_check_condition; a list: all of them, in order): ret_value is a BOOL
 * or UNKNOWN. Anything else than a boolean is an error. NULL condition: true. */
int expression_condition(struct arena *arena, struct scope *scope, const struct value *condition,
	struct value **ret_value, struct error *err);

/* A value that must be a boolean once filled in (become, ignore_errors, …), strictly: true, false,
 * yes, no, on, off, 1, 0. NULL value: otherwise. Unknown is an error. */
int expression_truth(struct arena *arena, struct scope *scope, const struct value *value,
	bool otherwise, bool *ret_truth, struct error *err);

/* The value of a bare expression, without {{ }}. */
int expression_value(struct arena *arena, struct scope *scope, const struct value *expression,
	struct value **ret_value, struct error *err);

/* How a template is written: begin and end of each kind of tag, and what becomes of blanks around
 * blocks. */
struct template_syntax {
	const char *output[2], *block[2], *comment[2];
	bool trim_blocks;      /* the newline behind a block or comment goes away */
	bool lstrip_blocks;    /* and the blanks before it in its line */
};

extern const struct template_syntax template_syntax;   /* as Ansible has it */

/* Sets what Jinja calls so ("trim_blocks", "variable_start_string"); the value is borrowed. */
int template_setting(struct template_syntax *syntax, const char *name, const struct value *value,
	struct error *err);
/* "#jinja2: trim_blocks: False" in the first line; ret_size: what it takes, 0: there is none. */
int template_header(struct arena *arena, const struct value *scalar,
	struct template_syntax *syntax, size_t *ret_size, struct error *err);

/* Fills in a whole template file; always a string, or unknown. file is for places; syntax NULL: the
 * usual one. A header in the text is stronger. */
int expression_template(struct arena *arena, struct scope *scope, const char *text, size_t size,
	const char *file, const struct template_syntax *syntax, struct value **ret_text,
	struct error *err);

/* Whether there is a lookup of this name. */
int expression_find_lookup(const char *name, struct place place, struct error *err);
/* What with_NAME walks over: terms is its value, filled in. folder: where files are looked for first
 * ("files", "templates", "vars"). ret_list: a list, or unknown. */
int expression_lookup(struct arena *arena, struct scope *scope, const char *name,
	const struct value *terms, const char *folder, struct value **ret_list, struct error *err);

/* Adds to names (a list of strings, each once) the names that a value's expressions read, without
 * those that they bind themselves. For what lies behind variables: scope_reads. */
int expression_names(struct arena *arena, const struct value *value, struct value *names,
	struct error *err);
int expression_condition_names(struct arena *arena, const struct value *condition,
	struct value *names, struct error *err);

/* The text as {{ value }} shows it in a string: as Python's str() (True, None, ['a', 1]). */
char *expression_show(struct arena *arena, const struct value *value);

#endif
