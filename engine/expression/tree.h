/* tree: the syntax tree of one text with expressions. Private to this room.
 *
 * Offsets count bytes in the text; syntax_place gives the place in the file. Trees live in the
 * arena of the parser and point into the text. The height of an expression is bounded, so that all
 * who walk it may call themselves. */
#ifndef TEXT_EXPRESSION_TREE_H
#define TEXT_EXPRESSION_TREE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>

enum { NODE_HEIGHT_MOST = 400 };   /* of one expression; brackets alone: EXPRESSION_DEPTH_MOST */

enum node_kind {
	NODE_LITERAL,
	NODE_NAME,
	NODE_LIST,
	NODE_MAP,           /* arguments: key, value, key, value, … */
	NODE_INDEX,         /* first[second], first.second */
	NODE_SLICE,         /* first[second:third:fourth] */
	NODE_FUNCTION,      /* name(arguments) */
	NODE_METHOD,        /* first.name(arguments) */
	NODE_FILTER,        /* first | name(arguments) */
	NODE_TEST,          /* first is name(arguments) */
	NODE_NOT,
	NODE_NEGATE,
	NODE_PLUS,
	NODE_AND,
	NODE_OR,
	NODE_BINARY,
	NODE_CONDITIONAL,   /* first if second else third */
};

enum operation {
	OPERATION_ADD,
	OPERATION_SUBTRACT,
	OPERATION_MULTIPLY,
	OPERATION_DIVIDE,
	OPERATION_FLOOR,
	OPERATION_MODULO,       /* of a string: format % value */
	OPERATION_FORMAT,       /* format % (value, value, …) */
	OPERATION_POWER,
	OPERATION_CONCATENATE,
	OPERATION_EQUAL,
	OPERATION_UNEQUAL,
	OPERATION_LESS,
	OPERATION_LESS_EQUAL,
	OPERATION_GREATER,
	OPERATION_GREATER_EQUAL,
	OPERATION_IN,
	OPERATION_NOT_IN,
};

struct node;
struct callable;

struct argument {
	const char *keyword;   /* NULL: by position */
	struct node *node;
};

struct node {
	enum node_kind kind;
	enum operation operation;
	bool dotted;           /* INDEX: a.b */
	bool tuple;            /* LIST: written as (a, b) */
	unsigned height;
	size_t offset;
	struct value *literal;
	const char *name;
	const struct callable *callable;
	struct node *first, *second, *third, *fourth;
	struct argument *arguments;
	size_t argument_count;
	size_t *positions;     /* of the arguments of a call, see callable_bind */
};

enum statement_kind {
	STATEMENT_TEXT,
	STATEMENT_OUTPUT,
	STATEMENT_IF,
	STATEMENT_FOR,
	STATEMENT_SET,
};

struct statement;

/* Statements one after another. */
struct block {
	struct statement *first;
	struct statement *last;
};

struct branch {
	struct node *condition;   /* NULL: else */
	struct block body;
	struct branch *next;
};

struct statement {
	enum statement_kind kind;
	size_t offset;
	struct statement *next;
	const char *text;         /* TEXT */
	size_t size;
	struct node *expression;  /* OUTPUT, FOR: what is walked, SET; NULL there: the body */
	struct node *filter;      /* FOR … if */
	const char **targets;     /* FOR, SET */
	size_t target_count;
	const char *attribute;    /* SET: of a namespace; or NULL */
	struct branch *branches;  /* IF */
	struct block body;        /* FOR, SET */
	struct block otherwise;   /* FOR: nothing to walk */
	bool loop;                /* FOR: the name loop is read inside */
};

/* Where an offset of the scalar's text is in the file. */
struct place syntax_place(const struct value *scalar, size_t offset);

/* A whole text with {{ }}; backslashes in {{ }} stay, as in Ansible. ret_single: the text is
 * exactly one {{ }}, this is its expression; else NULL. */
int syntax_text(struct arena *arena, const struct value *scalar, struct block *ret_block,
	struct node **ret_single, struct error *err);
struct template_syntax;
/* A template, from an offset on; backslashes in {{ }} are escapes. */
int syntax_template(struct arena *arena, const struct value *scalar,
	const struct template_syntax *syntax, size_t from, struct block *ret_block,
	struct node **ret_single, struct error *err);
/* A bare expression. */
int syntax_expression(struct arena *arena, const struct value *scalar, struct node **ret_node,
	struct error *err);

#endif
