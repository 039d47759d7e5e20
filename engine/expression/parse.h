/* parse: the parser of expressions, for the parser of statements. */
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

#endif
