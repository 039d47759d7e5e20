/* names: which names an expression reads. */
#include "expression/tree.h"

#include "expression/expression.h"

#include <string.h>

struct bound {
	const char *name;
	const struct bound *next;
};

struct reading {
	struct arena *arena;     /* of the names */
	struct value *names;
	const struct bound *bound;
	struct arena *scratch;
};

static void add_name(struct reading *reading, const char *name)
{
	for (const struct bound *bound = reading->bound; bound; bound = bound->next) {
		if (strcmp(bound->name, name) == 0)
			return;
	}
	for (size_t i = 0; i < reading->names->count; i++) {
		if (strcmp(reading->names->items[i]->text, name) == 0)
			return;
	}
	value_append(reading->arena, reading->names, value_string(reading->arena, name));
}

static bool is_name(const struct node *node, const char *name)
{
	return node->kind == NODE_NAME && strcmp(node->name, name) == 0;
}

/* hostvars[…].x and vars.x read x too. */
static void add_indexed(struct reading *reading, const struct node *index)
{
	const struct node *key = index->second;
	bool of_host = index->first->kind == NODE_INDEX && is_name(index->first->first, "hostvars");

	if (!of_host && !is_name(index->first, "vars"))
		return;
	if (key->kind == NODE_LITERAL && key->literal->kind == VALUE_STRING)
		add_name(reading, key->literal->text);
}

/* lookup('vars', 'x') reads x. */
static void add_looked_up(struct reading *reading, const struct node *call)
{
	static const char vars[] = "vars";

	for (size_t i = 0; i < call->argument_count; i++) {
		const struct node *argument = call->arguments[i].node;
		const char *text = argument->kind == NODE_LITERAL ? value_text(argument->literal) : NULL;

		if (i == 0 && (!text || strlen(text) < strlen(vars)
				|| strcmp(text + strlen(text) - strlen(vars), vars) != 0))
			return;
		if (i > 0 && text && !call->arguments[i].keyword)
			add_name(reading, text);
	}
}

static void read_node(struct reading *reading, const struct node *node)
{
	if (!node)
		return;
	if (node->kind == NODE_NAME)
		add_name(reading, node->name);
	if (node->kind == NODE_INDEX)
		add_indexed(reading, node);
	if (node->kind == NODE_FUNCTION)
		add_looked_up(reading, node);
	read_node(reading, node->first);
	read_node(reading, node->second);
	read_node(reading, node->third);
	read_node(reading, node->fourth);
	for (size_t i = 0; i < node->argument_count; i++)
		read_node(reading, node->arguments[i].node);
}

static void bind(struct reading *reading, const char *name)
{
	struct bound *bound = arena_alloc(reading->scratch, sizeof(*bound));

	*bound = (struct bound){ name, reading->bound };
	reading->bound = bound;
}

static void read_block(struct reading *reading, const struct block *block);

static void bind_targets(struct reading *reading, const struct statement *statement)
{
	for (size_t i = 0; i < statement->target_count; i++)
		bind(reading, statement->targets[i]);
}

static void read_for(struct reading *reading, const struct statement *statement)
{
	const struct bound *outer = reading->bound;

	read_node(reading, statement->expression);
	bind_targets(reading, statement);
	read_node(reading, statement->filter);
	bind(reading, "loop");
	read_block(reading, &statement->body);
	reading->bound = outer;
	read_block(reading, &statement->otherwise);
}

/* A name set in one branch may be read unset behind it: only the branch itself is bound. */
static void read_if(struct reading *reading, const struct statement *statement)
{
	const struct bound *outer = reading->bound;

	for (const struct branch *branch = statement->branches; branch; branch = branch->next) {
		read_node(reading, branch->condition);
		read_block(reading, &branch->body);
		reading->bound = outer;
	}
}

static void read_block(struct reading *reading, const struct block *block)
{
	for (const struct statement *statement = block->first; statement;
		statement = statement->next) {
		if (statement->kind == STATEMENT_FOR) {
			read_for(reading, statement);
		} else if (statement->kind == STATEMENT_IF) {
			read_if(reading, statement);
		} else {
			read_node(reading, statement->expression);
			read_block(reading, &statement->body);
			if (statement->attribute)
				add_name(reading, statement->targets[0]);
			else if (statement->kind == STATEMENT_SET)
				bind_targets(reading, statement);
		}
	}
}

static int read_text(struct reading *reading, const struct value *scalar, struct error *err)
{
	struct block block;
	struct node *single;

	reading->bound = NULL;
	if (syntax_text(reading->scratch, scalar, &block, &single, err) < 0)
		return -1;
	read_block(reading, &block);
	return 0;
}

static int read_value(struct reading *reading, const struct value *value, struct error *err)
{
	if (!expression_inside(value))
		return 0;
	if (value->kind == VALUE_STRING)
		return read_text(reading, value, err);
	for (size_t i = 0; i < value->count; i++) {
		struct value key = { .kind = VALUE_STRING };

		if (value->kind == VALUE_MAP) {
			key.text = value->pairs[i].key;
			key.size = strlen(key.text);
			key.place = value->pairs[i].place;
		}
		if (key.text && expression_inside(&key) && read_text(reading, &key, err) < 0)
			return -1;
		if (read_value(reading, value->kind == VALUE_MAP ? value_at(value, i) :
				value->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int read_condition(struct reading *reading, const struct value *condition,
	struct error *err)
{
	struct node *node;

	if (condition->kind == VALUE_STRING) {
		reading->bound = NULL;
		if (syntax_expression(reading->scratch, condition, &node, err) < 0)
			return -1;
		read_node(reading, node);
	}
	for (size_t i = 0; condition->kind == VALUE_LIST && i < condition->count; i++) {
		if (read_condition(reading, condition->items[i], err) < 0)
			return -1;
	}
	return 0;
}

int expression_names(struct arena *arena, const struct value *value, struct value *names,
	struct error *err)
{
	struct reading reading = { .arena = arena, .names = names, .scratch = arena_new() };
	int result = read_value(&reading, value, err);

	arena_free(reading.scratch);
	return result;
}

int expression_condition_names(struct arena *arena, const struct value *condition,
	struct value *names, struct error *err)
{
	struct reading reading = { .arena = arena, .names = names, .scratch = arena_new() };
	int result = condition ? read_condition(&reading, condition, err) : 0;

	arena_free(reading.scratch);
	return result;
}
