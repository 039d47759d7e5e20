/* call: what filters, tests, functions and methods are. Private to this room.
 *
 * Each is a row in a table of its file. Names, keywords and numbers of arguments are checked when
 * the text is parsed; unknown input, level, data and budgets are dealt with by call_run,
 * so that a row's function sees known values of any kind and says what it can't use. */
#ifndef TEXT_EXPRESSION_CALL_H
#define TEXT_EXPRESSION_CALL_H

#include "expression/tree.h"

struct evaluation;

enum { CALL_PARAMETERS_MOST = 6 };

enum call_flags {
	CALL_DEEP = 1,        /* needs all inside to be known; a result takes the level from inside */
	CALL_LAZY = 2,        /* arguments are asked for with call_argument */
	CALL_UNDEFINED = 4,   /* the input may be undefined (NULL) or unknown */
	CALL_MANY = 8,        /* any number of further arguments: rest */
	CALL_KEYWORDS = 16,   /* any keywords, in rest too */
	CALL_PICK = 32,       /* gives an element as it is: only its own flags count */
};

struct call {
	const struct callable *callable;
	size_t offset;                   /* of the name, for errors */
	struct value *input;             /* what stands before | or is or the dot */
	bool registered;                 /* the input is the name of a registered value */
	struct value *arguments[CALL_PARAMETERS_MOST];   /* by parameter; NULL: not given */
	const struct node *nodes[CALL_PARAMETERS_MOST];  /* CALL_LAZY, until asked for */
	struct value **rest;
	const char **rest_keywords;      /* NULL: by position */
	size_t rest_count;
};

struct callable {
	const char *name;
	int (*run)(struct evaluation *evaluation, struct call *call, struct value **ret_value);
	size_t required;                 /* of the parameters */
	unsigned flags;
	const char *parameters[CALL_PARAMETERS_MOST + 1];
};

enum callable_kind { CALLABLE_FILTER, CALLABLE_TEST, CALLABLE_FUNCTION, CALLABLE_METHOD };

/* All tables of a kind; ends with NULL. */
const struct callable *const *callable_tables(enum callable_kind kind);
/* NULL with err: misspelt, or not supported yet. Neither this nor callable_bind knows the place. */
const struct callable *callable_find(enum callable_kind kind, const char *name,
	struct error *err);
/* Whether there may be such arguments: places by parameter, or the rest. positions[i] is a
 * parameter or CALL_PARAMETERS_MOST for the rest. */
int callable_bind(const struct callable *callable, const char *const *keywords, size_t count,
	size_t *positions, struct error *err);

/* The tables; each ends with a row without a name. */
extern const struct callable filters_basic[], filters_text[], filters_list[], filters_map[],
	filters_number[], filters_choose[], filters_code[], filters_regex[], filters_yaml[],
	filters_path[], filters_group[], filters_digest[], filters_measure[],
	filters_address[], filters_random[];
extern const struct callable tests_all[], tests_regex[], tests_version[];
extern const struct callable functions_all[], functions_lookup[];
extern const struct callable methods_all[];

#endif
