/* lex: an expression's bytes → tokens, as Jinja cuts them. */
#include "expression/lex.h"

#include "base/buffer.h"
#include "expression/expression.h"
#include "expression/unicode.h"
#include "yaml/tree.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place syntax_place(const struct value *scalar, size_t offset)
{
	struct place place = scalar->place;

	if (scalar->raw != scalar->text)
		return tree_place(scalar, offset);
	for (size_t i = 0; i < offset && i < scalar->size; i++) {
		place.column++;
		if (scalar->text[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

int lexer_error(struct lexer *lexer, size_t offset, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_at(lexer->err, EXPRESSION_SYNTAX, syntax_place(lexer->scalar, offset), "%s",
		message);
}

const char *token_name(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_END:
		return "the end";
	case TOKEN_STRING:
		return "a string";
	case TOKEN_INTEGER:
	case TOKEN_FLOAT:
		return "a number";
	default:
		return token->text;
	}
}

static char peek(const struct lexer *lexer, size_t ahead)
{
	return lexer->at + ahead < lexer->size ? lexer->scalar->text[lexer->at + ahead] : '\0';
}

static bool name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool name_inside(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool lexer_sees(const struct lexer *lexer, const char *text)
{
	size_t ahead = 0;

	while (isspace((unsigned char)peek(lexer, ahead)))
		ahead++;
	for (; *text; text++, ahead++) {
		if (peek(lexer, ahead) != *text)
			return false;
	}
	return !name_inside(text[-1]) || !name_inside(peek(lexer, ahead));
}

static void take(struct lexer *lexer, enum token_kind kind, size_t size)
{
	lexer->token.kind = kind;
	lexer->token.text = arena_bytes(lexer->arena, lexer->scalar->text + lexer->at, size);
	lexer->token.size = size;
	lexer->at += size;
	lexer->token.end = lexer->at;
}


/* \xHH, \uHHHH, \UHHHHHHHH: how many digits must follow. */
static size_t escape_digits(char kind)
{
	return kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
}

static int lex_code_point(struct lexer *lexer, struct buffer *out, size_t digits)
{
	char text[9] = "";
	unsigned long code;

	for (size_t i = 0; i < digits; i++) {
		text[i] = peek(lexer, 2 + i);
		if (!isxdigit((unsigned char)text[i]))
			return lexer_error(lexer, lexer->at,
				"this escape needs %zu hexadecimal digits",
				digits);
	}
	code = strtoul(text, NULL, 16);
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return lexer_error(lexer, lexer->at, "there is no character \\%c%s", peek(lexer, 1),
			text);
	utf8_add(out, (uint32_t)code);
	lexer->at += 2 + digits;
	return 0;
}

/* As Python's unicode-escape: what isn't an escape stays with its backslash. */
static int lex_escape(struct lexer *lexer, struct buffer *out)
{
	static const char from[] = "nrtabfv\\'\"";
	static const char to[] = "\n\r\t\a\b\f\v\\'\"";
	char kind = peek(lexer, 1);
	const char *found = kind ? strchr(from, kind) : NULL;

	if (escape_digits(kind))
		return lex_code_point(lexer, out, escape_digits(kind));
	if (found) {
		buffer_add_char(out, to[found - from]);
	} else {
		buffer_add_char(out, '\\');
		buffer_add_char(out, kind);
	}
	lexer->at += 2;
	return 0;
}

static int lex_string_bytes(struct lexer *lexer, struct buffer *out)
{
	char quote = peek(lexer, 0);

	for (lexer->at++; lexer->at < lexer->size && peek(lexer, 0) != quote;) {
		if (peek(lexer, 0) != '\\' || lexer->at + 1 >= lexer->size) {
			buffer_add_char(out, peek(lexer, 0));
			lexer->at++;
		} else if (!lexer->literal) {
			if (lex_escape(lexer, out) < 0)
				return -1;
		} else {
			if (peek(lexer, 1) != quote)
				buffer_add_char(out, '\\');
			buffer_add_char(out, peek(lexer, 1));
			lexer->at += 2;
		}
	}
	if (lexer->at >= lexer->size)
		return lexer_error(lexer, lexer->token.offset, "this string has no end");
	lexer->at++;
	return 0;
}

static int lex_string(struct lexer *lexer)
{
	struct buffer bytes = { 0 };
	int result = lex_string_bytes(lexer, &bytes);

	lexer->token.kind = TOKEN_STRING;
	lexer->token.text = arena_bytes(lexer->arena, bytes.data, bytes.size);
	lexer->token.size = bytes.size;
	lexer->token.end = lexer->at;
	buffer_free(&bytes);
	return result;
}

static size_t count_digits(const struct lexer *lexer, size_t ahead)
{
	size_t count = 0;

	while (isdigit((unsigned char)peek(lexer, ahead + count)) ||
		(peek(lexer, ahead + count) == '_' && count))
		count++;
	return count;
}

/* The size of a float here, 0: none is. 1.5, 1e3, 1.5e-3 */
static size_t float_size(const struct lexer *lexer)
{
	size_t size = count_digits(lexer, 0);
	size_t exponent;
	bool is_float = false;

	if (peek(lexer, size) == '.' && isdigit((unsigned char)peek(lexer, size + 1))) {
		size += 1 + count_digits(lexer, size + 1);
		is_float = true;
	}
	if (peek(lexer, size) == 'e' || peek(lexer, size) == 'E') {
		exponent = size + 1 + (peek(lexer, size + 1) == '-' ||
			peek(lexer, size + 1) == '+');
		if (isdigit((unsigned char)peek(lexer, exponent))) {
			size = exponent + count_digits(lexer, exponent);
			is_float = true;
		}
	}
	return is_float ? size : 0;
}

static size_t based_size(const struct lexer *lexer, int *ret_base)
{
	char kind = (char)tolower((unsigned char)peek(lexer, 1));
	size_t size = 2;

	*ret_base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
	if (peek(lexer, 0) != '0' || *ret_base == 0)
		return 0;
	while (isalnum((unsigned char)peek(lexer, size)) || peek(lexer, size) == '_')
		size++;
	return size;
}

static char *without_underscores(struct arena *arena, const char *text)
{
	char *plain = arena_alloc(arena, strlen(text) + 1);
	size_t used = 0;

	for (; *text; text++) {
		if (*text != '_')
			plain[used++] = *text;
	}
	return plain;
}

static int lex_integer(struct lexer *lexer, size_t size, int base)
{
	const char *digits;
	char *end;

	take(lexer, TOKEN_INTEGER, size);
	digits = without_underscores(lexer->arena, lexer->token.text + (base == 10 ? 0 : 2));
	errno = 0;
	lexer->token.integer = strtoll(digits, &end, base);
	if (errno == ERANGE)
		return lexer_error(lexer, lexer->token.offset, "this integer is too large");
	if (*digits == '\0' || *end)
		return lexer_error(lexer, lexer->token.offset,
			"this is no number to the base of %d",
			base);
	if (base == 10 && digits[0] == '0' && digits[1] && strspn(digits, "0") != strlen(digits))
		return lexer_error(lexer, lexer->token.offset, "an integer cannot begin with 0"),
			error_remedy(lexer->err, "octal is 0o%s; a mode is a string: '%s'",
			digits + 1,
				digits);
	return 0;
}

static int lex_number(struct lexer *lexer)
{
	size_t size;
	int base;

	if (lexer->after_dot)
		return lex_integer(lexer, count_digits(lexer, 0), 10);
	size = based_size(lexer, &base);
	if (size)
		return lex_integer(lexer, size, base);
	size = float_size(lexer);
	if (!size)
		return lex_integer(lexer, count_digits(lexer, 0), 10);
	take(lexer, TOKEN_FLOAT, size);
	lexer->token.number = strtod(without_underscores(lexer->arena, lexer->token.text), NULL);
	return 0;
}

static int open_bracket(struct lexer *lexer, char bracket)
{
	if (lexer->bracket_count >= EXPRESSION_DEPTH_MOST)
		return lexer_error(lexer, lexer->at, "more than %d brackets are open here",
			EXPRESSION_DEPTH_MOST);
	lexer->bracket_offsets[lexer->bracket_count] = lexer->at;
	lexer->brackets[lexer->bracket_count++] = bracket;
	return 0;
}

static int never_closed(struct lexer *lexer)
{
	size_t last = lexer->bracket_count - 1;

	return lexer_error(lexer, lexer->bracket_offsets[last], "this '%c' is never closed",
		lexer->brackets[last]);
}

/* Whether what ends the tag is so far ahead. */
static bool closes(const struct lexer *lexer, size_t ahead)
{
	size_t at = 0;

	while (lexer->close[at] && peek(lexer, ahead + at) == lexer->close[at])
		at++;
	return lexer->close[at] == '\0';
}

static int close_bracket(struct lexer *lexer, char bracket)
{
	static const char open[] = "([{", closed[] = ")]}";
	char want = open[strchr(closed, bracket) - closed];

	if (lexer->bracket_count == 0)
		return lexer_error(lexer, lexer->at, "'%c' without '%c'", bracket, want);
	if (lexer->brackets[lexer->bracket_count - 1] == want) {
		lexer->bracket_count--;
		return 0;
	}
	if (lexer->close && closes(lexer, 0))
		return never_closed(lexer);
	return lexer_error(lexer, lexer->at, "'%c' closes '%c'", bracket,
		lexer->brackets[lexer->bracket_count - 1]);
}

static int lex_symbol(struct lexer *lexer)
{
	static const char *const symbols[] = { "==", "!=", "<=", ">=", "//", "**", "+", "-", "*",
		"/",
		"%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", NULL };
	char c = peek(lexer, 0);
	size_t i = 0;

	while (symbols[i] && (symbols[i][0] != c ||
		(symbols[i][1] && symbols[i][1] != peek(lexer, 1))))
		i++;
	if (!symbols[i] && (c & 0x80))
		return lexer_error(lexer, lexer->at, "this character has no meaning here"),
			error_remedy(lexer->err, "quote it, if it is a text");
	if (!symbols[i] && !isprint((unsigned char)c))
		return lexer_error(lexer, lexer->at, "a control character has no meaning here");
	if (!symbols[i])
		return lexer_error(lexer, lexer->at, "'%c' has no meaning here", c);
	if (strchr("([{", c) && open_bracket(lexer, c) < 0)
		return -1;
	if (strchr(")]}", c) && close_bracket(lexer, c) < 0)
		return -1;
	take(lexer, TOKEN_SYMBOL, strlen(symbols[i]));
	return 0;
}

/* Whether the tag ends here; ret_sign: the - or + before. */
static bool at_close(const struct lexer *lexer, size_t *ret_sign)
{
	char c = peek(lexer, 0);

	*ret_sign = c == '-' || c == '+';
	return lexer->close && lexer->bracket_count == 0 && closes(lexer, *ret_sign) &&
		(lexer->is_block || c != '+');
}

static int lex_end(struct lexer *lexer)
{
	if (lexer->bracket_count)
		return never_closed(lexer);
	if (lexer->close)
		return lexer_error(lexer, lexer->at, "'%s' is missing", lexer->close);
	lexer->token.kind = TOKEN_END;
	lexer->token.text = "";
	lexer->token.size = 0;
	lexer->token.end = lexer->at;
	return 0;
}

int lexer_next(struct lexer *lexer)
{
	size_t sign, size = 0;
	char c;

	while (lexer->at < lexer->size && isspace((unsigned char)peek(lexer, 0)))
		lexer->at++;
	lexer->token.offset = lexer->at;
	if (lexer->at >= lexer->size)
		return lex_end(lexer);
	if (at_close(lexer, &sign)) {
		take(lexer, TOKEN_END, sign);
		lexer->at += strlen(lexer->close);
		lexer->token.end = lexer->at;
		return 0;
	}
	c = peek(lexer, 0);
	if (c == '"' || c == '\'')
		return lex_string(lexer);
	if (isdigit((unsigned char)c))
		return lex_number(lexer);
	if (!name_start(c))
		return lex_symbol(lexer);
	while (name_inside(peek(lexer, size)))
		size++;
	take(lexer, TOKEN_NAME, size);
	return 0;
}
