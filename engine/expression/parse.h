/* parse: the parser of expressions, for the parser of statements, and what its files share. */
#ifndef TEXT_EXPRESSION_PARSE_H
#define TEXT_EXPRESSION_PARSE_H

#include "expression/call.h"
#include "expression/lex.h"

struct parser {
	struct lexer lexer;
	unsigned depth;       /* of calls of the parser to itself */
	bool loop_read;       /* the name loop was read since this was last cleared */
};

bool parser_at(const struct parser *parser, const char *symbol);
bool parser_at_word(const struct parser *parser, const char *word);
int parser_expect(struct parser *parser, const char *symbol);
/* An error unless the text or tag ends here. */
int parser_end(struct parser *parser, const char *wanted);

/* x, and x, y as a list. */
int parser_expression(struct parser *parser, struct node **ret_node);
/* Without "x if c": what {% for x in … if … %} walks. */
int parser_or(struct parser *parser, struct node **ret_node);
/* a.b.c; the token now is a NAME. */
int parser_dotted_name(struct parser *parser, const char **ret_name);

/* --- Between parse.c and parse_operand.c --- */

/* "here is 'x', but WANTED is expected". -1. */
int parser_error(struct parser *parser, const char *wanted);
struct node *parser_node(struct parser *parser, enum node_kind kind, size_t offset);
/* Once all below the node is there; an error if that is nested too deeply. */
int parser_close(struct parser *parser, struct node *node);
/* A node with at most two below it, closed. */
int parser_two(struct parser *parser, enum node_kind kind, size_t offset, struct node *first,
	struct node *second, struct node **ret_node);
void parser_add(struct parser *parser, struct node *node, const char *keyword,
	struct node *argument);

/* "x if c else y", and anything tighter. */
int parser_conditional(struct parser *parser, struct node **ret_node);
/* Signs and one operand, with its filters or without. */
int parser_unary(struct parser *parser, bool with_filters, struct node **ret_node);
/* A literal, a name, or something in brackets. */
int parser_primary(struct parser *parser, struct node **ret_node);
/* .name, [index], .method() behind it; and then | filter, is test, (call). */
int parser_postfix(struct parser *parser, struct node **node);
int parser_filters(struct parser *parser, struct node **node);
/* One filter, whose name is the token now. */
int parser_filter(struct parser *parser, struct node **node);

#endif
