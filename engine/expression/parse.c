/* parse: tokens → the tree of one expression, with Jinja's precedence. */
#include "expression/parse.h"

#include "expression/expression.h"

#include <string.h>

int parser_error(struct parser *parser, const char *wanted)
{
	const struct token *token = &parser->lexer.token;

	return lexer_error(&parser->lexer, token->offset, "here is %s%s%s, but %s is expected",
		token->kind == TOKEN_NAME || token->kind == TOKEN_SYMBOL ? "'" : "",
		token_name(token),
		token->kind == TOKEN_NAME || token->kind == TOKEN_SYMBOL ? "'" : "", wanted);
}

bool parser_at(const struct parser *parser, const char *symbol)
{
	return parser->lexer.token.kind == TOKEN_SYMBOL &&
		strcmp(parser->lexer.token.text, symbol) == 0;
}

bool parser_at_word(const struct parser *parser, const char *word)
{
	return parser->lexer.token.kind == TOKEN_NAME &&
		strcmp(parser->lexer.token.text, word) == 0;
}

int parser_expect(struct parser *parser, const char *symbol)
{
	if (!parser_at(parser, symbol))
		return parser_error(parser, symbol);
	return lexer_next(&parser->lexer);
}

static unsigned taller(unsigned height, const struct node *node)
{
	return node && node->height > height ? node->height : height;
}

/* Each way into a deeper expression passes here, before it calls itself. */
static int parser_enter(struct parser *parser)
{
	if (++parser->depth > NODE_HEIGHT_MOST)
		return lexer_error(&parser->lexer, parser->lexer.token.offset,
			"this expression is nested too deeply");
	return 0;
}

struct node *parser_node(struct parser *parser, enum node_kind kind, size_t offset)
{
	struct node *node = arena_alloc(parser->lexer.arena, sizeof(*node));

	node->kind = kind;
	node->offset = offset;
	return node;
}

int parser_close(struct parser *parser, struct node *node)
{
	unsigned height = taller(taller(taller(taller(0, node->first), node->second), node->third),
		node->fourth);

	for (size_t i = 0; i < node->argument_count; i++)
		height = taller(height, node->arguments[i].node);
	node->height = height + 1;
	if (node->height > NODE_HEIGHT_MOST)
		return lexer_error(&parser->lexer, node->offset,
			"this expression is nested too deeply");
	return 0;
}

int parser_two(struct parser *parser, enum node_kind kind, size_t offset, struct node *first,
	struct node *second, struct node **ret_node)
{
	struct node *node = parser_node(parser, kind, offset);

	node->first = first;
	node->second = second;
	*ret_node = node;
	return parser_close(parser, node);
}

void parser_add(struct parser *parser, struct node *node, const char *keyword,
	struct node *argument)
{
	size_t count = node->argument_count;

	if ((count & (count - 1)) == 0)
		node->arguments = arena_grow(parser->lexer.arena, node->arguments,
			count * sizeof(*node->arguments),
			(count ? 2 * count : 1) * sizeof(*node->arguments));
	node->arguments[node->argument_count++] = (struct argument){ keyword, argument };
}

static int parse_sign(struct parser *parser, struct node **ret_node)
{
	enum node_kind kind = parser_at(parser, "-") ? NODE_NEGATE : NODE_PLUS;
	size_t offset = parser->lexer.token.offset;
	struct node *operand;

	if (lexer_next(&parser->lexer) < 0 || parser_unary(parser, false, &operand) < 0)
		return -1;
	return parser_two(parser, kind, offset, operand, NULL, ret_node);
}

int parser_unary(struct parser *parser, bool with_filters, struct node **ret_node)
{
	bool sign = parser_at(parser, "-") || parser_at(parser, "+");

	if (parser_enter(parser) < 0)
		return -1;
	if ((sign ? parse_sign(parser, ret_node) : parser_primary(parser, ret_node)) < 0 ||
		parser_postfix(parser, ret_node) < 0)
		return -1;
	parser->depth--;
	return with_filters ? parser_filters(parser, ret_node) : 0;
}

struct operator {
	const char *symbol;
	enum operation operation;
};

static const struct operator powers[] = { { "**", OPERATION_POWER }, { NULL, 0 } };
static const struct operator products[] = { { "*", OPERATION_MULTIPLY },
	{ "/", OPERATION_DIVIDE }, { "//", OPERATION_FLOOR }, { "%", OPERATION_MODULO },
	{ NULL, 0 } };
static const struct operator concatenations[] = { { "~", OPERATION_CONCATENATE }, { NULL, 0 } };
static const struct operator sums[] = { { "+", OPERATION_ADD }, { "-", OPERATION_SUBTRACT },
	{ NULL, 0 } };
static const struct operator comparisons[] = { { "==", OPERATION_EQUAL },
	{ "!=", OPERATION_UNEQUAL }, { "<", OPERATION_LESS }, { "<=", OPERATION_LESS_EQUAL },
	{ ">", OPERATION_GREATER }, { ">=", OPERATION_GREATER_EQUAL }, { NULL, 0 } };

/* From the tightest to the loosest; all take the left side first, ** too. */
static const struct operator *const levels[] = { powers, products, concatenations, sums };

static const struct operator *operator_here(const struct parser *parser,
	const struct operator *operators)
{
	for (; operators->symbol; operators++) {
		if (parser_at(parser, operators->symbol))
			return operators;
	}
	return NULL;
}

static int node_binary(struct parser *parser, enum operation operation, size_t offset,
	struct node *left, struct node *right, struct node **ret_node)
{
	bool formats = operation == OPERATION_MODULO && right->tuple;

	if (parser_two(parser, NODE_BINARY, offset, left, right, ret_node) < 0)
		return -1;
	(*ret_node)->operation = formats ? OPERATION_FORMAT : operation;
	return 0;
}

static int parse_level(struct parser *parser, size_t level, struct node **ret_node)
{
	const struct operator *operator;

	if (level == 0)
		return parser_unary(parser, true, ret_node);
	if (parse_level(parser, level - 1, ret_node) < 0)
		return -1;
	while ((operator = operator_here(parser, levels[level - 1]))) {
		size_t offset = parser->lexer.token.offset;
		struct node *right;

		if (lexer_next(&parser->lexer) < 0 || parse_level(parser, level - 1, &right) < 0 ||
			node_binary(parser, operator->operation, offset, *ret_node, right,
				ret_node) < 0)
			return -1;
	}
	return 0;
}

static int parse_sum(struct parser *parser, struct node **ret_node)
{
	return parse_level(parser, sizeof(levels) / sizeof(levels[0]), ret_node);
}

/* Takes a comparing operator, "in" and "not in" too. */
static int take_comparison(struct parser *parser, bool *ret_found, enum operation *ret_operation)
{
	const struct operator *operator = operator_here(parser, comparisons);
	bool negated = parser_at_word(parser, "not") && lexer_sees(&parser->lexer, "in");

	*ret_found = operator || negated || parser_at_word(parser, "in");
	if (!*ret_found)
		return 0;
	*ret_operation = operator ? operator->operation : negated ? OPERATION_NOT_IN : OPERATION_IN;
	if (negated && lexer_next(&parser->lexer) < 0)
		return -1;
	return lexer_next(&parser->lexer);
}

/* a < b < c is a < b and b < c. */
static int parse_comparison(struct parser *parser, struct node **ret_node)
{
	struct node *left, *right, *compared, *all = NULL;

	if (parse_sum(parser, &left) < 0)
		return -1;
	for (;;) {
		size_t offset = parser->lexer.token.offset;
		enum operation operation;
		bool found;

		if (take_comparison(parser, &found, &operation) < 0)
			return -1;
		if (!found)
			break;
		if (parse_sum(parser, &right) < 0 ||
			node_binary(parser, operation, offset, left, right, &compared) < 0)
			return -1;
		if (all && parser_two(parser, NODE_AND, offset, all, compared, &all) < 0)
			return -1;
		if (!all)
			all = compared;
		left = right;
	}
	*ret_node = all ? all : left;
	return 0;
}

static int parse_not(struct parser *parser, struct node **ret_node)
{
	size_t offset = parser->lexer.token.offset;
	struct node *operand;

	if (!parser_at_word(parser, "not"))
		return parse_comparison(parser, ret_node);
	if (parser_enter(parser) < 0 || lexer_next(&parser->lexer) < 0 ||
		parse_not(parser, &operand) < 0)
		return -1;
	parser->depth--;
	return parser_two(parser, NODE_NOT, offset, operand, NULL, ret_node);
}

static int parse_and(struct parser *parser, struct node **ret_node)
{
	if (parse_not(parser, ret_node) < 0)
		return -1;
	while (parser_at_word(parser, "and")) {
		size_t offset = parser->lexer.token.offset;
		struct node *right;

		if (lexer_next(&parser->lexer) < 0 || parse_not(parser, &right) < 0 ||
			parser_two(parser, NODE_AND, offset, *ret_node, right, ret_node) < 0)
			return -1;
	}
	return 0;
}

int parser_or(struct parser *parser, struct node **ret_node)
{
	if (parse_and(parser, ret_node) < 0)
		return -1;
	while (parser_at_word(parser, "or")) {
		size_t offset = parser->lexer.token.offset;
		struct node *right;

		if (lexer_next(&parser->lexer) < 0 || parse_and(parser, &right) < 0 ||
			parser_two(parser, NODE_OR, offset, *ret_node, right, ret_node) < 0)
			return -1;
	}
	return 0;
}

static int parse_if(struct parser *parser, struct node **node)
{
	struct node *choice = parser_node(parser, NODE_CONDITIONAL, parser->lexer.token.offset);

	choice->first = *node;
	if (lexer_next(&parser->lexer) < 0 || parser_or(parser, &choice->second) < 0)
		return -1;
	if (parser_at_word(parser, "else") &&
		(lexer_next(&parser->lexer) < 0 || parser_conditional(parser, &choice->third) < 0))
		return -1;
	*node = choice;
	return parser_close(parser, choice);
}

int parser_conditional(struct parser *parser, struct node **ret_node)
{
	if (parser_enter(parser) < 0 || parser_or(parser, ret_node) < 0)
		return -1;
	while (parser_at_word(parser, "if")) {
		if (parse_if(parser, ret_node) < 0)
			return -1;
	}
	parser->depth--;
	return 0;
}

int parser_expression(struct parser *parser, struct node **ret_node)
{
	struct node *list, *item;
	size_t offset = parser->lexer.token.offset;

	if (parser_conditional(parser, ret_node) < 0)
		return -1;
	if (!parser_at(parser, ","))
		return 0;
	list = parser_node(parser, NODE_LIST, offset);
	parser_add(parser, list, NULL, *ret_node);
	*ret_node = list;
	while (parser_at(parser, ",")) {
		if (lexer_next(&parser->lexer) < 0)
			return -1;
		if (parser->lexer.token.kind == TOKEN_END)
			break;
		if (parser_conditional(parser, &item) < 0)
			return -1;
		parser_add(parser, list, NULL, item);
	}
	return parser_close(parser, list);
}

int parser_dotted_name(struct parser *parser, const char **ret_name)
{
	*ret_name = parser->lexer.token.text;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	while (parser_at(parser, ".")) {
		if (lexer_next(&parser->lexer) < 0)
			return -1;
		if (parser->lexer.token.kind != TOKEN_NAME)
			return parser_error(parser, "a name");
		*ret_name = arena_printf(parser->lexer.arena, "%s.%s", *ret_name,
			parser->lexer.token.text);
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	return 0;
}

int parser_end(struct parser *parser, const char *wanted)
{
	return parser->lexer.token.kind == TOKEN_END ? 0 : parser_error(parser, wanted);
}

int syntax_expression(struct arena *arena, const struct value *scalar, struct node **ret_node,
	struct error *err)
{
	struct error local = { 0 };
	struct parser parser = { .lexer = { .arena = arena, .scalar = scalar,
		.size = scalar->size, .err = err ? err : &local } };

	if (lexer_next(&parser.lexer) < 0)
		return -1;
	if (parser.lexer.token.kind == TOKEN_END)
		return lexer_error(&parser.lexer, 0, "this expression is empty");
	if (parser_conditional(&parser, ret_node) < 0)
		return -1;
	return parser_end(&parser, "an operator or the end");
}
