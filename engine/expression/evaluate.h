/* evaluate: one text being evaluated in one scope. Private to this room and variables/scope.c.
 *
 * A value pointer that is NULL is undefined; why, is in evaluator->undefined. */
#ifndef TEXT_EXPRESSION_EVALUATE_H
#define TEXT_EXPRESSION_EVALUATE_H

#include "base/buffer.h"
#include "expression/expression.h"
#include "expression/call.h"

enum {
	EVALUATE_DEPTH_MOST = 1500,    /* of evaluate calling itself, through variables too */
	VALUE_DEPTH_MOST = 200,        /* of containers in each other */
};

/* A variable that is being filled in. */
struct frame {
	const struct scope *scope;
	const char *name;
	const struct frame *next;
};

/* What all texts have in common that one call from outside evaluates. */
struct evaluator {
	struct arena *arena;       /* of what is made */
	struct arena *scratch;     /* of syntax trees */
	size_t steps;              /* left */
	size_t bytes;              /* left */
	unsigned depth;
	unsigned variables;        /* open frames */
	const struct frame *frames;
	bool exhausted;            /* a budget is used up: the error stays one */
	bool undefined_raised;     /* the error is that something undefined was used */
	struct error undefined;    /* why the last NULL is undefined, and in which text and where in it, */
	const struct value *undefined_in;      /* if that has no place yet: else NULL */
	size_t undefined_at;
	struct error *err;         /* never NULL */
	struct error local;        /* where the caller brought none */
};

/* A name bound by for or set. */
struct local {
	const char *name;
	struct value *value;
	const struct local *next;
};

struct evaluation {
	struct evaluator *evaluator;
	struct scope *scope;
	const struct value *scalar;   /* the text */
	const struct local *locals;
	struct value *skipped;        /* statements left out, as this isn't known; or NULL */
};

void evaluator_open(struct evaluator *evaluator, struct arena *arena, struct error *err);
void evaluator_close(struct evaluator *evaluator);

/* Errors with the place of an offset. */
int evaluation_error(struct evaluation *evaluation, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for an error that is there and has no place yet. Where something stands takes a walk over
 * the text before it: it is asked for only when there is an error. Gives -1. */
int evaluation_place(const struct evaluation *evaluation, size_t offset);
/* Takes from the budgets. */
int evaluation_spend(struct evaluation *evaluation, size_t offset, size_t steps, size_t bytes);
/* Notes why something is undefined; sets ret_value to NULL; gives 0. */
int evaluation_undefined(struct evaluation *evaluation, size_t offset, struct value **ret_value,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
void evaluation_undefined_remedy(struct evaluation *evaluation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* An error if it is undefined. */
int evaluation_require(struct evaluation *evaluation, const struct value *value);

/* May give NULL: undefined. */
int evaluate(struct evaluation *evaluation, const struct node *node, struct value **ret_value);
/* Never NULL. */
int evaluate_defined(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value);
/* What a name means here: bound by for or set, else in the scope. */
int evaluate_name(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value);
/* container[key]; container may be NULL (stays undefined) or unknown. */
int evaluate_index(struct evaluation *evaluation, size_t offset, struct value *container,
	const struct value *key, struct value **ret_value);
int evaluate_slice(struct evaluation *evaluation, size_t offset, struct value *container,
	struct value *const bounds[3], struct value **ret_value);
int evaluate_binary(struct evaluation *evaluation, size_t offset, enum operation operation,
	struct value *left, struct value *right, struct value **ret_value);
/* As Python's bool(); not for UNKNOWN. */
bool value_truthy(const struct value *value);

/* 0 false, 1 true, 2: not known. Costs steps; -1: they are used up. */
int evaluate_equal(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other);
int evaluate_contains(struct evaluation *evaluation, size_t offset, const struct value *container,
	const struct value *item);
/* Orders numbers, strings and booleans; ret_order as strcmp; -1 for other kinds. */
int evaluate_order(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other, bool fold_case, int *ret_order);

/* Runs what a node of kind FILTER, TEST, METHOD or FUNCTION names. */
int evaluate_call(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value);
/* The same with arguments that are values already. */
int call_values(struct evaluation *evaluation, size_t offset, const struct callable *callable,
	struct value *input, struct value *const *values, const char *const *keywords, size_t count,
	struct value **ret_value);
/* The argument of a lazy call; NULL: not given, or undefined. */
int call_argument(struct evaluation *evaluation, struct call *call, size_t parameter,
	struct value **ret_value);
int call_error(struct evaluation *evaluation, const struct call *call, const char *wanted,
	const struct value *found);   /* "the filter x needs a list, this is a string" */
/* Arguments as C values; otherwise if not given; an error where the kind is wrong. */
int call_text(struct evaluation *evaluation, const struct call *call, size_t parameter,
	const char *otherwise, const char **ret_text);
int call_integer(struct evaluation *evaluation, const struct call *call, size_t parameter,
	int64_t otherwise, int64_t *ret_integer);
int call_truth(struct evaluation *evaluation, const struct call *call, size_t parameter,
	bool otherwise, bool *ret_truth);

/* Items of a list, keys of a map, characters of a string; an error otherwise. */
int value_items(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value ***ret_items, size_t *ret_count);
/* The shallow one, or with a higher level or a flag more; value itself where nothing changes. */
struct value *value_flagged(struct arena *arena, struct value *value, enum level level, bool data);
/* Level and flags of a value and all inside. */
int value_flags_inside(struct evaluation *evaluation, size_t offset, const struct value *value,
	enum level *ret_level, bool *ret_data);
/* What a key is in a map; integers become text. */
int key_text(struct evaluation *evaluation, size_t offset, const struct value *key,
	const char **ret_key);
/* map[key] = item, paid for. */
int map_put(struct evaluation *evaluation, size_t offset, struct value *map,
	const struct value *key, struct value *item);
/* The first unknown inside, NULL: none; costs steps. */
int value_find_unknown(struct evaluation *evaluation, size_t offset, const struct value *value,
	const struct value **ret_unknown);
/* Lazy maps (hostvars, vars) become real ones, at the top or all the way down. */
int value_force(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value **ret_value);
int value_force_deep(struct evaluation *evaluation, size_t offset, struct value *value,
	struct value **ret_value);
bool value_is_lazy(const struct value *value);
/* An error if containers are nested too deeply in it. */
int value_depth_check(struct evaluation *evaluation, size_t offset, const struct value *value);
/* Before a value is given to the outside: no lazy maps, no text that could be filled in again,
 * and no member below the level of its container. */
int value_leave(struct evaluator *evaluator, struct scope *scope, const struct value *scalar,
	struct value **value);
/* What namespace() made: {% set x.y = … %} may change it. */
extern const char namespace_mark[];
/* "a.b.0" as map(attribute=…) reads it; NULL: undefined. */
int value_attribute(struct evaluation *evaluation, size_t offset, struct value *value,
	const struct value *path, struct value **ret_value);

/* As Python's str() shows it; unknown inside gives an error (kind BUG): ask before. */
int show_add(struct evaluation *evaluation, size_t offset, struct buffer *out,
	const struct value *value);
/* format % values, as Python; no other conversions than d i u f F e g s r x X o c and %%. */
int text_format(struct evaluation *evaluation, size_t offset, const struct value *format,
	struct value *const *values, size_t count, struct value **ret_value);
/* A new string of a buffer's bytes, paid for; the buffer is given back. */
int buffer_value(struct evaluation *evaluation, size_t offset, struct buffer *buffer,
	struct value **ret_value);
/* The output of statements, may be UNKNOWN. */
int render_text(struct evaluation *evaluation, const struct block *block,
	struct value **ret_value);
/* A whole template of a file, within what is being evaluated: it may use its locals. */
int evaluation_template(struct evaluation *evaluation, size_t offset, const struct value *text,
	const char *file, const struct template_syntax *syntax, struct value **ret_value);
/* One string of YAML filled in; with lazy maps; NULL: undefined. */
int fill_scalar(struct evaluator *evaluator, struct scope *scope, const struct value *scalar,
	struct value **ret_value);
/* A value filled in deeply; an undefined one is an error. May hold lazy maps. */
int fill_value(struct evaluator *evaluator, struct scope *scope, const struct value *value,
	struct value **ret_value);

#endif
