/* parse_operand: tokens → what stands between operators: literals, names, calls, filters, tests,
 * and what is taken out of them. */
#include "expression/parse.h"

#include "expression/expression.h"

#include <string.h>

static int parse_literal(struct parser *parser, struct value *value, struct node **ret_node)
{
	struct node *node = parser_node(parser, NODE_LITERAL, parser->lexer.token.offset);

	node->literal = value;
	node->height = 1;
	*ret_node = node;
	return lexer_next(&parser->lexer);
}

/* Strings side by side are one. */
static int parse_string(struct parser *parser, struct node **ret_node)
{
	struct arena *arena = parser->lexer.arena;
	struct node *node = parser_node(parser, NODE_LITERAL, parser->lexer.token.offset);
	struct value *all = value_bytes(arena, "", 0);

	while (parser->lexer.token.kind == TOKEN_STRING) {
		char *longer = arena_grow(arena, all->text, all->size,
			all->size + parser->lexer.token.size + 1);

		memcpy(longer + all->size, parser->lexer.token.text, parser->lexer.token.size);
		all->text = longer;
		all->size += parser->lexer.token.size;
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	node->literal = all;
	node->height = 1;
	*ret_node = node;
	return 0;
}

static int parse_items(struct parser *parser, struct node *node, const char *close)
{
	while (!parser_at(parser, close)) {
		struct node *item;

		if (parser_conditional(parser, &item) < 0)
			return -1;
		parser_add(parser, node, NULL, item);
		if (parser_at(parser, close))
			break;
		if (!parser_at(parser, ","))
			return parser_error(parser, close[0] == ']' ? "',' or ']'" : "',' or ')'");
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	return parser_close(parser, node);
}

static int parse_list(struct parser *parser, struct node **ret_node)
{
	struct node *node = parser_node(parser, NODE_LIST, parser->lexer.token.offset);

	*ret_node = node;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	return parse_items(parser, node, "]");
}

/* (x) is x; () and (x,) and (x, y) are lists. */
static int parse_parenthesis(struct parser *parser, struct node **ret_node)
{
	struct node *list = parser_node(parser, NODE_LIST, parser->lexer.token.offset);

	if (lexer_next(&parser->lexer) < 0)
		return -1;
	if (!parser_at(parser, ")")) {
		if (parser_conditional(parser, ret_node) < 0)
			return -1;
		if (parser_at(parser, ")"))
			return lexer_next(&parser->lexer);
		if (!parser_at(parser, ","))
			return parser_error(parser, "')'");
		if (lexer_next(&parser->lexer) < 0)
			return -1;
		parser_add(parser, list, NULL, *ret_node);
	}
	list->tuple = true;
	*ret_node = list;
	return parse_items(parser, list, ")");
}

static int parse_pair(struct parser *parser, struct node *node)
{
	struct node *key, *item;

	if (parser_conditional(parser, &key) < 0)
		return -1;
	if (!parser_at(parser, ":"))
		return parser_error(parser, "':'");
	if (lexer_next(&parser->lexer) < 0 || parser_conditional(parser, &item) < 0)
		return -1;
	parser_add(parser, node, NULL, key);
	parser_add(parser, node, NULL, item);
	return 0;
}

static int parse_map(struct parser *parser, struct node **ret_node)
{
	struct node *node = parser_node(parser, NODE_MAP, parser->lexer.token.offset);

	*ret_node = node;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	if (parser_at(parser, "{")) {
		lexer_error(&parser->lexer, node->offset, "{{ }} inside of an expression");
		return error_remedy(parser->lexer.err,
			"drop the {{ }}: this is already an expression");
	}
	while (!parser_at(parser, "}")) {
		if (parse_pair(parser, node) < 0)
			return -1;
		if (parser_at(parser, "}"))
			break;
		if (!parser_at(parser, ","))
			return parser_error(parser, "',' or '}'");
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	return parser_close(parser, node);
}

static bool among(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

static int parse_name(struct parser *parser, struct node **ret_node)
{
	static const char *const operators[] = { "and", "or", "not", "in", "is", "if", "else",
		NULL };
	struct arena *arena = parser->lexer.arena;
	const char *name = parser->lexer.token.text;
	struct node *node;

	if (among(name, operators))
		return parser_error(parser, "a value");
	if (strcmp(name, "true") == 0 || strcmp(name, "True") == 0)
		return parse_literal(parser, value_bool(arena, true), ret_node);
	if (strcmp(name, "false") == 0 || strcmp(name, "False") == 0)
		return parse_literal(parser, value_bool(arena, false), ret_node);
	if (strcmp(name, "none") == 0 || strcmp(name, "None") == 0)
		return parse_literal(parser, value_null(arena), ret_node);
	if (strcmp(name, "loop") == 0)
		parser->loop_read = true;
	node = parser_node(parser, NODE_NAME, parser->lexer.token.offset);
	node->name = name;
	node->height = 1;
	*ret_node = node;
	return lexer_next(&parser->lexer);
}

int parser_primary(struct parser *parser, struct node **ret_node)
{
	struct arena *arena = parser->lexer.arena;
	const struct token *token = &parser->lexer.token;

	switch (token->kind) {
	case TOKEN_NAME:
		return parse_name(parser, ret_node);
	case TOKEN_STRING:
		return parse_string(parser, ret_node);
	case TOKEN_INTEGER:
		return parse_literal(parser, value_integer(arena, token->integer), ret_node);
	case TOKEN_FLOAT:
		return parse_literal(parser, value_float(arena, token->number), ret_node);
	default:
		break;
	}
	if (parser_at(parser, "("))
		return parse_parenthesis(parser, ret_node);
	if (parser_at(parser, "["))
		return parse_list(parser, ret_node);
	if (parser_at(parser, "{"))
		return parse_map(parser, ret_node);
	return parser_error(parser, "a value");
}

static int parse_argument(struct parser *parser, struct node *node)
{
	const char *keyword = NULL;
	struct node *argument;

	if (parser->lexer.token.kind == TOKEN_NAME && lexer_sees(&parser->lexer, "=") &&
		!lexer_sees(&parser->lexer, "==")) {
		keyword = parser->lexer.token.text;
		if (lexer_next(&parser->lexer) < 0 || lexer_next(&parser->lexer) < 0)
			return -1;
	}
	if (parser_at(parser, "*") || parser_at(parser, "**"))
		return lexer_error(&parser->lexer, parser->lexer.token.offset,
			"'%s' before an argument is not supported yet", parser->lexer.token.text);
	if (!keyword && node->argument_count &&
		node->arguments[node->argument_count - 1].keyword)
		return lexer_error(&parser->lexer, parser->lexer.token.offset,
			"an argument without a keyword cannot follow one with it");
	if (parser_conditional(parser, &argument) < 0)
		return -1;
	parser_add(parser, node, keyword, argument);
	return 0;
}

static int parse_arguments(struct parser *parser, struct node *node)
{
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	while (!parser_at(parser, ")")) {
		if (parse_argument(parser, node) < 0)
			return -1;
		if (parser_at(parser, ")"))
			break;
		if (!parser_at(parser, ","))
			return parser_error(parser, "',' or ')'");
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	return lexer_next(&parser->lexer);
}

static int parser_place(const struct parser *parser, size_t offset)
{
	return error_place(parser->lexer.err, syntax_place(parser->lexer.scalar, offset));
}

/* Finds what is called, and whether it takes these arguments. */
static int resolve(struct parser *parser, enum callable_kind kind, struct node *node)
{
	struct arena *arena = parser->lexer.arena;
	const char **keywords = arena_array(arena, node->argument_count + 1, sizeof(*keywords));

	node->positions = arena_array(arena, node->argument_count + 1, sizeof(*node->positions));
	node->callable = callable_find(kind, node->name, parser->lexer.err);
	if (!node->callable)
		return parser_place(parser, node->offset);
	for (size_t i = 0; i < node->argument_count; i++)
		keywords[i] = node->arguments[i].keyword;
	if (callable_bind(node->callable, keywords, node->argument_count, node->positions,
			parser->lexer.err) < 0)
		return parser_place(parser, node->offset);
	return parser_close(parser, node);
}

/* lookup('file', …): which one, where that is plain. */
static int resolve_lookup(const struct parser *parser, const struct node *node)
{
	static const char *const names[] = { "lookup", "query", "q", NULL };
	const struct node *name = node->argument_count ? node->arguments[0].node : NULL;

	if (!among(node->name, names) || !name || name->kind != NODE_LITERAL
			|| name->literal->kind != VALUE_STRING)
		return 0;
	return expression_find_lookup(name->literal->text, syntax_place(parser->lexer.scalar,
		name->offset), parser->lexer.err);
}

/* map('upper'), select('odd'), selectattr('a', 'defined'): a name given as a string. */
static int resolve_named(struct parser *parser, const struct node *node)
{
	static const char *const with_test[] = { "select", "reject", NULL };
	static const char *const with_attribute[] = { "selectattr", "rejectattr", NULL };
	bool is_map = strcmp(node->name, "map") == 0;
	size_t at = among(node->name, with_attribute) ? 1 : 0;
	const struct node *name;

	if (!is_map && at == 0 && !among(node->name, with_test))
		return 0;
	if (node->argument_count <= at || node->arguments[at].keyword)
		return 0;
	name = node->arguments[at].node;
	if (name->kind != NODE_LITERAL || name->literal->kind != VALUE_STRING)
		return 0;
	return callable_find(is_map ? CALLABLE_FILTER : CALLABLE_TEST, name->literal->text,
		parser->lexer.err) ? 0 : parser_place(parser, name->offset);
}

int parser_filter(struct parser *parser, struct node **node)
{
	struct node *filter;

	if (parser->lexer.token.kind != TOKEN_NAME)
		return parser_error(parser, "the name of a filter");
	filter = parser_node(parser, NODE_FILTER, parser->lexer.token.offset);
	filter->first = *node;
	if (parser_dotted_name(parser, &filter->name) < 0)
		return -1;
	if (parser_at(parser, "(") && parse_arguments(parser, filter) < 0)
		return -1;
	*node = filter;
	if (resolve(parser, CALLABLE_FILTER, filter) < 0)
		return -1;
	return resolve_named(parser, filter);
}

static int parse_filter(struct parser *parser, struct node **node)
{
	return lexer_next(&parser->lexer) < 0 ? -1 : parser_filter(parser, node);
}

static bool test_argument_follows(const struct parser *parser)
{
	static const char *const words[] = { "else", "or", "and", "if", "in", "not", "is", NULL };
	const struct token *token = &parser->lexer.token;

	if (token->kind == TOKEN_NAME)
		return !among(token->text, words);
	return token->kind == TOKEN_STRING || token->kind == TOKEN_INTEGER ||
		token->kind == TOKEN_FLOAT || parser_at(parser, "[") || parser_at(parser, "{");
}

/* x is divisibleby 3: one argument may stand without brackets. */
static int parse_test_argument(struct parser *parser, struct node *test)
{
	struct node *argument;

	if (parser_primary(parser, &argument) < 0 || parser_postfix(parser, &argument) < 0)
		return -1;
	parser_add(parser, test, NULL, argument);
	return 0;
}

static int parse_test(struct parser *parser, struct node **node)
{
	struct node *test;
	size_t offset = parser->lexer.token.offset;
	bool negated = false;

	if (lexer_next(&parser->lexer) < 0)
		return -1;
	if (parser_at_word(parser, "not")) {
		negated = true;
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	if (parser->lexer.token.kind != TOKEN_NAME)
		return parser_error(parser, "the name of a test");
	test = parser_node(parser, NODE_TEST, parser->lexer.token.offset);
	test->first = *node;
	if (parser_dotted_name(parser, &test->name) < 0)
		return -1;
	if (parser_at(parser, "(")) {
		if (parse_arguments(parser, test) < 0)
			return -1;
	} else if (test_argument_follows(parser) && parse_test_argument(parser, test) < 0) {
		return -1;
	}
	*node = test;
	if (resolve(parser, CALLABLE_TEST, test) < 0)
		return -1;
	return negated ? parser_two(parser, NODE_NOT, offset, test, NULL, node) : 0;
}

static int parse_function(struct parser *parser, struct node **node)
{
	struct node *function = parser_node(parser, NODE_FUNCTION, (*node)->offset);

	if ((*node)->kind == NODE_INDEX && (*node)->dotted) {
		function->kind = NODE_METHOD;
		function->first = (*node)->first;
		function->name = (*node)->second->literal->text;
		function->offset = (*node)->second->offset;
	} else if ((*node)->kind == NODE_NAME) {
		function->name = (*node)->name;
	} else {
		return lexer_error(&parser->lexer, parser->lexer.token.offset,
			"this is no function and cannot be called");
	}
	if (parse_arguments(parser, function) < 0)
		return -1;
	*node = function;
	if (resolve(parser, function->kind == NODE_METHOD ? CALLABLE_METHOD : CALLABLE_FUNCTION,
			function) < 0)
		return -1;
	return function->kind == NODE_FUNCTION ? resolve_lookup(parser, function) : 0;
}

static int parse_dot(struct parser *parser, struct node **node)
{
	struct node *name;

	parser->lexer.after_dot = true;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	parser->lexer.after_dot = false;
	if (parser->lexer.token.kind != TOKEN_NAME && parser->lexer.token.kind != TOKEN_INTEGER)
		return parser_error(parser, "a name");
	name = parser_node(parser, NODE_LITERAL, parser->lexer.token.offset);
	name->height = 1;
	name->literal = parser->lexer.token.kind == TOKEN_NAME ?
		value_string(parser->lexer.arena, parser->lexer.token.text) :
		value_integer(parser->lexer.arena, parser->lexer.token.integer);
	if (parser_two(parser, NODE_INDEX, name->offset, *node, name, node) < 0)
		return -1;
	(*node)->dotted = name->literal->kind == VALUE_STRING;
	return lexer_next(&parser->lexer);
}

static int parse_slice_part(struct parser *parser, struct node **ret_part)
{
	*ret_part = NULL;
	if (parser_at(parser, ":") || parser_at(parser, "]"))
		return 0;
	return parser_conditional(parser, ret_part);
}

static int parse_slice(struct parser *parser, struct node *from, struct node *slice)
{
	slice->kind = NODE_SLICE;
	slice->second = from;
	if (lexer_next(&parser->lexer) < 0 || parse_slice_part(parser, &slice->third) < 0)
		return -1;
	if (!parser_at(parser, ":"))
		return 0;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	return parse_slice_part(parser, &slice->fourth);
}

static int parse_index(struct parser *parser, struct node **node)
{
	struct node *index = parser_node(parser, NODE_INDEX, parser->lexer.token.offset);
	struct node *part;

	index->first = *node;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	if (parser_at(parser, "]"))
		return parser_error(parser, "an index");
	if (parse_slice_part(parser, &part) < 0)
		return -1;
	index->second = part;
	index->offset = part ? part->offset : index->offset;
	if (parser_at(parser, ":") && parse_slice(parser, part, index) < 0)
		return -1;
	if (!parser_at(parser, "]"))
		return parser_error(parser, "']'");
	*node = index;
	if (lexer_next(&parser->lexer) < 0)
		return -1;
	return parser_close(parser, index);
}

int parser_postfix(struct parser *parser, struct node **node)
{
	for (;;) {
		int result;

		if (parser_at(parser, "."))
			result = parse_dot(parser, node);
		else if (parser_at(parser, "["))
			result = parse_index(parser, node);
		else if (parser_at(parser, "("))
			result = parse_function(parser, node);
		else
			return 0;
		if (result < 0)
			return -1;
	}
}

int parser_filters(struct parser *parser, struct node **node)
{
	for (;;) {
		int result;

		if (parser_at(parser, "|"))
			result = parse_filter(parser, node);
		else if (parser_at_word(parser, "is"))
			result = parse_test(parser, node);
		else if (parser_at(parser, "("))
			result = parse_function(parser, node);
		else
			return 0;
		if (result < 0)
			return -1;
	}
}
