/* lex: an expression's bytes → tokens. Private to the parser. */
#ifndef TEXT_EXPRESSION_LEX_H
#define TEXT_EXPRESSION_LEX_H

#include "expression/tree.h"

enum token_kind {
	TOKEN_END,        /* of the text or of the tag; text: "", "-" or "+" before }} */
	TOKEN_NAME,
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_SYMBOL,
};

struct token {
	enum token_kind kind;
	size_t offset;
	size_t end;              /* offset behind it */
	const char *text;        /* NAME, SYMBOL: itself; STRING: what it means; ends with NUL */
	size_t size;
	int64_t integer;
	double number;
};

struct lexer {
	struct arena *arena;
	const struct value *scalar;
	size_t at;
	size_t size;             /* of the text; may be less than the scalar's */
	const char *close;       /* "}}", "%}"; NULL: the end of the text */
	bool is_block;           /* a + before it has a meaning */
	bool literal;            /* a backslash in a string means itself */
	char brackets[128];      /* those open now */
	size_t bracket_offsets[128];
	size_t bracket_count;
	bool after_dot;          /* a number is an index: 0.1 is two of them */
	struct token token;      /* the one now */
	struct error *err;
};

int lexer_next(struct lexer *lexer);
/* Whether this comes behind the token now; a word: as a whole. */
bool lexer_sees(const struct lexer *lexer, const char *text);
int lexer_error(struct lexer *lexer, size_t offset, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What stands there, for messages. */
const char *token_name(const struct token *token);

#endif
