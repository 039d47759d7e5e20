/* block: a text with {{ }}, {% %} and {# #} → statements.
 *
 * As Ansible sets Jinja up: the newline behind a block or a comment goes away (trim_blocks), blanks
 * before a block stay. */
#include "expression/parse.h"

#include "expression/expression.h"
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

struct writer {
	struct parser parser;
	const char *text;
	size_t size;
	size_t at;
	const struct template_syntax *syntax;
	bool is_template;
	unsigned depth;
};

static int parse_body(struct writer *writer, struct block *block, const char *const *ends,
	const char **ret_end);

static bool sees(const struct writer *writer, size_t at, const char *what)
{
	size_t size = strlen(what);

	return at + size <= writer->size && memcmp(writer->text + at, what, size) == 0;
}

static void link_statement(struct block *block, struct statement *statement)
{
	if (block->last)
		block->last->next = statement;
	else
		block->first = statement;
	block->last = statement;
}

static struct statement *add_statement(struct writer *writer, struct block *block,
	enum statement_kind kind, size_t offset)
{
	struct statement *statement = arena_alloc(writer->parser.lexer.arena, sizeof(*statement));

	statement->kind = kind;
	statement->offset = offset;
	link_statement(block, statement);
	return statement;
}

static void add_text(struct writer *writer, struct block *block, size_t from, size_t to)
{
	struct statement *statement;

	if (from >= to)
		return;
	statement = add_statement(writer, block, STATEMENT_TEXT, from);
	statement->text = writer->text + from;
	statement->size = to - from;
}

/* lstrip_blocks: the blanks of a line before a block or comment go away. */
static size_t blanks_before(const struct writer *writer, size_t from, size_t tag)
{
	size_t at = tag;

	while (at > from && (writer->text[at - 1] == ' ' || writer->text[at - 1] == '\t'))
		at--;
	return at == 0 || writer->text[at - 1] == '\n' ? at : tag;
}

/* The end of a text before a tag; "{%-" takes the blanks before away. */
static size_t text_end(const struct writer *writer, size_t from, size_t tag, const char *open)
{
	size_t behind = tag + strlen(open);

	if (writer->syntax->lstrip_blocks && open != writer->syntax->output[0] &&
		!sees(writer, behind, "-") && !sees(writer, behind, "+"))
		return blanks_before(writer, from, tag);
	if (!sees(writer, behind, "-"))
		return tag;
	while (tag > from && isspace((unsigned char)writer->text[tag - 1]))
		tag--;
	return tag;
}

/* Behind a tag: "-%}" takes all blanks away, "%}" one newline, "+%}" nothing. */
static void skip_behind(struct writer *writer, char sign, bool trims)
{
	if (sign == '-') {
		while (writer->at < writer->size &&
			isspace((unsigned char)writer->text[writer->at]))
			writer->at++;
	} else if (trims && writer->syntax->trim_blocks && sign != '+') {
		if (sees(writer, writer->at, "\r\n"))
			writer->at++;
		if (sees(writer, writer->at, "\n"))
			writer->at++;
	}
}

/* tag: its begin and its end. */
static int tag_open(struct writer *writer, const char *const *tag)
{
	struct lexer *lexer = &writer->parser.lexer;
	size_t behind = writer->at + strlen(tag[0]);

	lexer->at = behind + (sees(writer, behind, "-") || sees(writer, behind, "+"));
	lexer->close = tag[1];
	lexer->is_block = tag == writer->syntax->block;
	lexer->literal = !lexer->is_block && !writer->is_template;
	lexer->bracket_count = 0;
	return lexer_next(lexer);
}

static int tag_close(struct writer *writer)
{
	const struct token *token = &writer->parser.lexer.token;

	if (parser_end(&writer->parser, writer->parser.lexer.close) < 0)
		return -1;
	writer->at = token->end;
	skip_behind(writer, token->text[0], writer->parser.lexer.is_block);
	return 0;
}

static int error_here(struct writer *writer, const char *what)
{
	return lexer_error(&writer->parser.lexer, writer->parser.lexer.token.offset, "%s", what);
}

static int parse_output(struct writer *writer, struct block *block)
{
	struct statement *statement = add_statement(writer, block, STATEMENT_OUTPUT, writer->at);

	if (tag_open(writer, writer->syntax->output) < 0)
		return -1;
	if (writer->parser.lexer.token.kind == TOKEN_END)
		return lexer_error(&writer->parser.lexer, statement->offset,
			"there is nothing in {{ }}");
	if (parser_expression(&writer->parser, &statement->expression) < 0)
		return -1;
	return tag_close(writer);
}

static int parse_comment(struct writer *writer)
{
	const char *const *comment = writer->syntax->comment;
	size_t from = writer->at + strlen(comment[0]);
	const char *end = memmem(writer->text + from, writer->size - from, comment[1],
		strlen(comment[1]));

	if (!end)
		return lexer_error(&writer->parser.lexer, writer->at, "this %s is never closed",
			comment[0]);
	writer->at = (size_t)(end - writer->text) + strlen(comment[1]);
	skip_behind(writer, end[-1], true);
	return 0;
}

/* The tag {% word %} at a place: its end, 0: none; ret_sign: the one before its end. */
static size_t bare_tag(const struct writer *writer, size_t at, const char *word, char *ret_sign)
{
	const char *const *block = writer->syntax->block;

	if (!sees(writer, at, block[0]))
		return 0;
	at += strlen(block[0]);
	if (sees(writer, at, "-") || sees(writer, at, "+"))
		at++;
	while (at < writer->size && isspace((unsigned char)writer->text[at]))
		at++;
	if (!sees(writer, at, word))
		return 0;
	at += strlen(word);
	while (at < writer->size && isspace((unsigned char)writer->text[at]))
		at++;
	*ret_sign = sees(writer, at, "-") ? '-' : sees(writer, at, "+") ? '+' : '\0';
	at += *ret_sign != '\0';
	return sees(writer, at, block[1]) ? at + strlen(block[1]) : 0;
}

static int parse_raw(struct writer *writer, struct block *block, size_t begin, char sign)
{
	size_t open = writer->at;
	size_t from, end = 0;

	writer->at = begin;
	skip_behind(writer, sign, false);
	from = writer->at;
	for (; writer->at < writer->size; writer->at++) {
		end = bare_tag(writer, writer->at, "endraw", &sign);
		if (end)
			break;
	}
	if (!end)
		return lexer_error(&writer->parser.lexer, open,
			"this {%% raw %%} has no {%% endraw %%}");
	add_text(writer, block, from, text_end(writer, from, writer->at, writer->syntax->block[0]));
	writer->at = end;
	skip_behind(writer, sign, true);
	return 0;
}

static int body_of(struct writer *writer, size_t open, const char *word, struct block *block,
	const char *const *ends, const char **ret_end)
{
	if (++writer->depth > EXPRESSION_DEPTH_MOST)
		return lexer_error(&writer->parser.lexer, open, "more than %d blocks are open here",
			EXPRESSION_DEPTH_MOST);
	if (parse_body(writer, block, ends, ret_end) < 0)
		return -1;
	if (!*ret_end)
		return lexer_error(&writer->parser.lexer, open, "this {%% %s %%} has no {%% end%s %%}", word, word);
	writer->depth--;
	return 0;
}

static int parse_if(struct writer *writer, struct block *block, size_t open)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	static const char *const last[] = { "endif", NULL };
	struct statement *statement = add_statement(writer, block, STATEMENT_IF, open);
	struct branch **next = &statement->branches;
	const char *word = "if";

	while (strcmp(word, "endif") != 0) {
		struct branch *branch = arena_alloc(writer->parser.lexer.arena, sizeof(*branch));
		bool otherwise = strcmp(word, "else") == 0;

		*next = branch;
		next = &branch->next;
		if (!otherwise && parser_expression(&writer->parser, &branch->condition) < 0)
			return -1;
		if (tag_close(writer) < 0 || body_of(writer, open, "if", &branch->body,
				otherwise ? last : ends, &word) < 0)
			return -1;
	}
	return tag_close(writer);
}

/* The name of a text between {% filter … %} and its end; no variable can have it. */
static const char body_name[] = " body";

static void set_target(struct writer *writer, struct statement *statement, const char *name)
{
	statement->targets = arena_array(writer->parser.lexer.arena, 8, sizeof(*statement->targets));
	statement->targets[0] = name;
	statement->target_count = 1;
}

/* A text that is named, and what filters make of it: {% set body %}…{% endset %}, and "body | filter". */
static int parse_filtered(struct writer *writer, struct block *block, size_t open, const char *word,
	struct node **ret_filtered)
{
	const char *const ends[] = { word[0] == 'f' ? "endfilter" : "endset", NULL };
	struct statement *body = add_statement(writer, block, STATEMENT_SET, open);
	struct parser *parser = &writer->parser;
	const char *end;

	set_target(writer, body, body_name);
	*ret_filtered = parser_node(parser, NODE_NAME, parser->lexer.token.offset);
	(*ret_filtered)->name = body_name;
	if ((word[0] == 'f' && parser_filter(parser, ret_filtered) < 0)
			|| parser_filters(parser, ret_filtered) < 0 || tag_close(writer) < 0)
		return -1;
	return body_of(writer, open, word, &body->body, ends, &end);
}

static int parse_filter(struct writer *writer, struct block *block, size_t open)
{
	struct node *filtered;

	if (parse_filtered(writer, block, open, "filter", &filtered) < 0)
		return -1;
	add_statement(writer, block, STATEMENT_OUTPUT, open)->expression = filtered;
	return tag_close(writer);
}

/* One name more, with its value. */
static int parse_with_name(struct writer *writer, struct statement *statement, struct node *values)
{
	struct parser *parser = &writer->parser;
	struct node *value;

	if (parser->lexer.token.kind != TOKEN_NAME)
		return error_here(writer, "the name of a variable is expected");
	if (statement->target_count == 8)
		return error_here(writer, "more than 8 variables are too many");
	statement->targets[statement->target_count++] = parser->lexer.token.text;
	if (lexer_next(&parser->lexer) < 0 || parser_expect(parser, "=") < 0
			|| parser_conditional(parser, &value) < 0)
		return -1;
	parser_add(parser, values, NULL, value);
	return 0;
}

/* {% with a = 1, b = 2 %}: a loop of one round, over [[1, 2]]. */
static int parse_with(struct writer *writer, struct block *block, size_t open)
{
	static const char *const ends[] = { "endwith", NULL };
	struct statement *statement = add_statement(writer, block, STATEMENT_FOR, open);
	struct parser *parser = &writer->parser;
	struct node *rounds = parser_node(parser, NODE_LIST, open);
	struct node *values = parser_node(parser, NODE_LIST, open);
	const char *end;

	set_target(writer, statement, body_name);
	statement->target_count = 0;
	while (statement->target_count > 0 || parser->lexer.token.kind == TOKEN_NAME) {
		if (parse_with_name(writer, statement, values) < 0)
			return -1;
		if (!parser_at(parser, ","))
			break;
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	if (parser_close(parser, values) < 0)
		return -1;
	parser_add(parser, rounds, NULL, statement->target_count == 1 ? values->arguments[0].node : values);
	statement->expression = rounds;
	if (statement->target_count == 0)
		statement->target_count = 1;
	if (parser_close(parser, rounds) < 0 || tag_close(writer) < 0
			|| body_of(writer, open, "with", &statement->body, ends, &end) < 0)
		return -1;
	return tag_close(writer);
}

static int parse_targets(struct writer *writer, struct statement *statement)
{
	struct parser *parser = &writer->parser;
	bool bracket = parser_at(parser, "(");

	statement->targets = arena_array(parser->lexer.arena, 8, sizeof(*statement->targets));
	if (bracket && lexer_next(&parser->lexer) < 0)
		return -1;
	for (;;) {
		if (parser->lexer.token.kind != TOKEN_NAME)
			return error_here(writer, "the name of a variable is expected");
		if (statement->target_count == 8)
			return error_here(writer, "more than 8 variables are too many");
		statement->targets[statement->target_count++] = parser->lexer.token.text;
		if (lexer_next(&parser->lexer) < 0)
			return -1;
		if (!parser_at(parser, ","))
			break;
		if (lexer_next(&parser->lexer) < 0)
			return -1;
	}
	return bracket ? parser_expect(parser, ")") : 0;
}

static int parse_for_head(struct writer *writer, struct statement *statement)
{
	struct parser *parser = &writer->parser;

	if (parse_targets(writer, statement) < 0)
		return -1;
	if (!parser_at_word(parser, "in"))
		return error_here(writer, "'in' is expected");
	if (lexer_next(&parser->lexer) < 0 || parser_or(parser, &statement->expression) < 0)
		return -1;
	if (parser_at_word(parser, "if") && (lexer_next(&parser->lexer) < 0 ||
			parser_expression(parser, &statement->filter) < 0))
		return -1;
	if (parser_at_word(parser, "recursive"))
		return error_here(writer, "'recursive' is not supported yet");
	return tag_close(writer);
}

static int parse_for(struct writer *writer, struct block *block, size_t open)
{
	static const char *const ends[] = { "else", "endfor", NULL };
	static const char *const last[] = { "endfor", NULL };
	struct statement *statement = add_statement(writer, block, STATEMENT_FOR, open);
	bool loop_read = writer->parser.loop_read;
	const char *end;

	if (parse_for_head(writer, statement) < 0)
		return -1;
	writer->parser.loop_read = false;
	if (body_of(writer, open, "for", &statement->body, ends, &end) < 0)
		return -1;
	statement->loop = writer->parser.loop_read;
	writer->parser.loop_read = loop_read || statement->loop;
	if (strcmp(end, "else") == 0 && (tag_close(writer) < 0 ||
			body_of(writer, open, "for", &statement->otherwise, last, &end) < 0))
		return -1;
	return tag_close(writer);
}

/* {% set x.y = … %}, where x is a namespace */
static int parse_attribute(struct writer *writer, struct statement *statement)
{
	struct parser *parser = &writer->parser;

	if (lexer_next(&parser->lexer) < 0)
		return -1;
	if (statement->target_count != 1 || parser->lexer.token.kind != TOKEN_NAME)
		return error_here(writer, "the name of an attribute is expected");
	statement->attribute = parser->lexer.token.text;
	return lexer_next(&parser->lexer);
}

static int parse_set(struct writer *writer, struct block *block, size_t open)
{
	static const char *const ends[] = { "endset", NULL };
	struct statement *statement = arena_alloc(writer->parser.lexer.arena, sizeof(*statement));
	struct parser *parser = &writer->parser;
	const char *end;

	*statement = (struct statement){ .kind = STATEMENT_SET, .offset = open };
	if (parse_targets(writer, statement) < 0)
		return -1;
	if (parser_at(parser, "|") && statement->target_count == 1) {
		if (parse_filtered(writer, block, open, "set", &statement->expression) < 0)
			return -1;
		link_statement(block, statement);
		return tag_close(writer);
	}
	link_statement(block, statement);
	if (parser_at(parser, ".") && parse_attribute(writer, statement) < 0)
		return -1;
	if (parser_at(parser, "=")) {
		if (lexer_next(&parser->lexer) < 0 ||
			parser_expression(parser, &statement->expression) < 0)
			return -1;
		return tag_close(writer);
	}
	if (statement->target_count != 1)
		return error_here(writer, "'=' is expected");
	if (tag_close(writer) < 0 ||
		body_of(writer, open, "set", &statement->body, ends, &end) < 0)
		return -1;
	return tag_close(writer);
}

static bool among(const char *word, const char *const *words)
{
	for (; words && *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

static int refuse_tag(struct writer *writer, const char *word)
{
	static const char *const later[] = { "macro", "call", "block", "extends", "include", "import", "from", "do", "break", "continue", "autoescape", "trans", NULL };
	static const char *const closing[] = { "elif", "else", "endif", "endfor", "endset", "endraw",
		"endfilter", "endwith", NULL };
	static const char *const known[] = { "if", "elif", "else", "endif", "for", "endfor", "set",
		"endset", "raw", "endraw", "filter", "endfilter", "with", "endwith", NULL };
	struct suggestion suggestion = { .word = word };
	struct lexer *lexer = &writer->parser.lexer;

	if (among(word, later))
		return lexer_error(lexer, lexer->token.offset, "{%% %s %%} is not supported yet", word);
	if (among(word, closing))
		return lexer_error(lexer, lexer->token.offset, "{%% %s %%} has nothing to belong to", word);
	for (size_t i = 0; known[i]; i++)
		suggest_offer(&suggestion, known[i]);
	lexer_error(lexer, lexer->token.offset, "there is no {%% %s %%}", word);
	if (suggestion.nearest)
		error_remedy(lexer->err, "did you mean '%s'?", suggestion.nearest);
	return -1;
}

/* The token now is the tag's word. */
static int parse_tag(struct writer *writer, struct block *block, size_t open)
{
	static const struct {
		const char *word;
		int (*parse)(struct writer *writer, struct block *block, size_t open);
	} tags[] = { { "if", parse_if }, { "for", parse_for }, { "set", parse_set }, { "filter", parse_filter },
		{ "with", parse_with } };
	const char *word = writer->parser.lexer.token.text;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp(word, tags[i].word) == 0)
			return lexer_next(&writer->parser.lexer) < 0 ? -1 : tags[i].parse(writer, block, open);
	}
	return refuse_tag(writer, word);
}

static int parse_statement(struct writer *writer, struct block *block, const char *const *ends,
	const char **ret_end)
{
	size_t open = writer->at;
	struct lexer *lexer = &writer->parser.lexer;
	char sign;
	size_t raw = bare_tag(writer, open, "raw", &sign);

	if (raw)
		return parse_raw(writer, block, raw, sign);
	if (tag_open(writer, writer->syntax->block) < 0)
		return -1;
	if (lexer->token.kind != TOKEN_NAME)
		return lexer_error(lexer, lexer->token.offset,
			"expected a keyword such as 'if' after {%%");
	if (!among(lexer->token.text, ends))
		return parse_tag(writer, block, open);
	*ret_end = lexer->token.text;
	return lexer_next(lexer);
}

/* Which tag begins at a place: the longest that fits; NULL: none. */
static const char *const *tag_at(const struct writer *writer, size_t at)
{
	const struct template_syntax *syntax = writer->syntax;
	const char *const *tags[] = { syntax->output, syntax->block, syntax->comment };
	const char *const *found = NULL;

	for (size_t i = 0; i < 3; i++) {
		if (sees(writer, at, tags[i][0]) &&
			(!found || strlen(tags[i][0]) > strlen(found[0])))
			found = tags[i];
	}
	return found;
}

static const char *const *next_tag(struct writer *writer)
{
	const struct template_syntax *syntax = writer->syntax;
	const char firsts[] = { syntax->output[0][0], syntax->block[0][0], syntax->comment[0][0],
		'\0' };

	for (;; writer->at++) {
		const char *const *tag;

		while (writer->at < writer->size && (!writer->text[writer->at] ||
			!strchr(firsts, writer->text[writer->at])))
			writer->at++;
		if (writer->at == writer->size)
			return NULL;
		tag = tag_at(writer, writer->at);
		if (tag)
			return tag;
	}
}

/* Up to the end (ret_end NULL) or one of the tags that end it, its word taken. */
static int parse_body(struct writer *writer, struct block *block, const char *const *ends,
	const char **ret_end)
{
	*ret_end = NULL;
	while (writer->at < writer->size && !*ret_end) {
		size_t from = writer->at;
		const char *const *tag = next_tag(writer);
		int result;

		if (!tag) {
			add_text(writer, block, from, writer->size);
			return 0;
		}
		add_text(writer, block, from, text_end(writer, from, writer->at, tag[0]));
		if (tag == writer->syntax->output)
			result = parse_output(writer, block);
		else if (tag == writer->syntax->comment)
			result = parse_comment(writer);
		else
			result = parse_statement(writer, block, ends, ret_end);
		if (result < 0)
			return -1;
	}
	return 0;
}

int syntax_text(struct arena *arena, const struct value *scalar, struct block *ret_block,
	struct node **ret_single, struct error *err)
{
	return syntax_template(arena, scalar, NULL, 0, ret_block, ret_single, err);
}

int syntax_template(struct arena *arena, const struct value *scalar,
	const struct template_syntax *syntax, size_t from, struct block *ret_block,
	struct node **ret_single, struct error *err)
{
	struct error local = { 0 };
	struct writer writer = { .text = scalar->text, .size = scalar->size, .at = from,
		.syntax = syntax ? syntax : &template_syntax, .is_template = syntax };
	const char *end;

	if (writer.size > from && writer.text[writer.size - 1] == '\n')
		writer.size--;   /* render_text puts back what is missing */
	writer.parser.lexer = (struct lexer){ .arena = arena, .scalar = scalar, .size = writer.size,
		.err = err ? err : &local };
	*ret_block = (struct block){ 0 };
	if (parse_body(&writer, ret_block, NULL, &end) < 0)
		return -1;
	*ret_single = NULL;
	if (ret_block->first && ret_block->first == ret_block->last &&
		writer.size == scalar->size &&
		ret_block->first->kind == STATEMENT_OUTPUT && ret_block->first->offset == 0)
		*ret_single = ret_block->first->expression;
	return 0;
}
