/* render: statements → the text that they write. */
#include "expression/evaluate.h"

#include "expression/show.h"
#include "expression/scope.h"

#include <string.h>

struct rendering {
	struct buffer out;
	enum level level;
	bool data;
	struct value *unknown;   /* something in it isn't known: all is not */
};

static int render_block(struct evaluation *evaluation, const struct block *block,
	struct rendering *rendering);

static void bind(struct evaluation *evaluation, const char *name, struct value *value)
{
	struct local *local = arena_alloc(evaluation->evaluator->scratch, sizeof(*local));

	*local = (struct local){ name, value, evaluation->locals };
	evaluation->locals = local;
}

static int render_value(struct evaluation *evaluation, size_t offset, struct value *value,
	struct rendering *rendering)
{
	const struct value *unknown;

	if (value_force_deep(evaluation, offset, value, &value) < 0 ||
		value_find_unknown(evaluation, offset, value, &unknown) < 0 ||
		value_flags_inside(evaluation, offset, value, &rendering->level,
			&rendering->data) < 0)
		return -1;
	if (unknown && !rendering->unknown)
		rendering->unknown = (struct value *)unknown;
	if (unknown || (value->kind == VALUE_NULL && !value_is_omit(value)))
		return 0;   /* Ansible shows nothing for null */
	return show_add(evaluation, offset, &rendering->out, value);
}

static int render_text_piece(struct evaluation *evaluation, const struct statement *statement,
	struct rendering *rendering)
{
	if (evaluation_spend(evaluation, statement->offset, 0, statement->size) < 0)
		return -1;
	buffer_add(&rendering->out, statement->text, statement->size);
	return 0;
}

static int render_output(struct evaluation *evaluation, const struct statement *statement,
	struct rendering *rendering)
{
	struct value *value;

	if (evaluate_defined(evaluation, statement->expression, &value) < 0)
		return -1;
	return render_value(evaluation, statement->expression->offset, value, rendering);
}

/* What a block would write, or set in a namespace, isn't known: nor is the whole text then. */
static int skip(struct evaluation *evaluation, struct value *unknown, struct rendering *rendering)
{
	if (!rendering->unknown)
		rendering->unknown = unknown;
	evaluation->skipped = unknown;
	return 0;
}

static int render_if(struct evaluation *evaluation, const struct statement *statement,
	struct rendering *rendering)
{
	for (const struct branch *branch = statement->branches; branch; branch = branch->next) {
		struct value *condition = NULL;

		if (branch->condition &&
			evaluate_defined(evaluation, branch->condition, &condition) < 0)
			return -1;
		if (condition && condition->kind == VALUE_UNKNOWN)
			return skip(evaluation, condition, rendering);
		if (condition)
			rendering->level = level_higher(rendering->level, condition->level);
		if (!condition || value_truthy(condition))
			return render_block(evaluation, &branch->body, rendering);
	}
	return 0;
}

/* a, b = item */
static int bind_targets(struct evaluation *evaluation, const struct statement *statement,
	struct value *item)
{
	struct value **items;
	size_t count;

	if (statement->target_count == 1) {
		bind(evaluation, statement->targets[0], item);
		return 0;
	}
	for (size_t i = 0; i < statement->target_count && item->kind == VALUE_UNKNOWN; i++)
		bind(evaluation, statement->targets[i], item);
	if (item->kind == VALUE_UNKNOWN)
		return 0;
	if (value_items(evaluation, statement->offset, item, &items, &count) < 0)
		return -1;
	if (count != statement->target_count)
		return evaluation_error(evaluation, statement->offset,
			"%s of %zu cannot become %zu variables", value_kind_name(item), count,
			statement->target_count);
	for (size_t i = 0; i < count; i++)
		bind(evaluation, statement->targets[i],
			value_flagged(evaluation->evaluator->arena, items[i], item->level,
			item->data));
	return 0;
}

/* Those that "if" behind "for … in …" lets through; ret_unknown: it isn't known which. */
static int filter_items(struct evaluation *evaluation, const struct statement *statement,
	struct value **items, size_t count, struct value *list, enum level *level,
	struct value **ret_unknown)
{
	const struct local *outer = evaluation->locals;

	for (size_t i = 0; i < count; i++) {
		struct value *truth = NULL;

		if (evaluation_spend(evaluation, statement->offset, 1, sizeof(truth)) < 0)
			return -1;
		if (statement->filter && (bind_targets(evaluation, statement, items[i]) < 0 ||
				evaluate_defined(evaluation, statement->filter, &truth) < 0))
			return -1;
		evaluation->locals = outer;
		if (truth)
			*level = level_higher(*level, truth->level);
		if (truth && truth->kind == VALUE_UNKNOWN)
			*ret_unknown = truth;
		else if (!truth || value_truthy(truth))
			value_append(evaluation->evaluator->scratch, list, items[i]);
	}
	return 0;
}

static struct value *loop_value(struct arena *arena, const struct value *list, size_t at)
{
	struct value *loop = value_map(arena);

	value_set_integer(arena, loop, "index", (int64_t)at + 1);
	value_set_integer(arena, loop, "index0", (int64_t)at);
	value_set_bool(arena, loop, "first", at == 0);
	value_set_bool(arena, loop, "last", at + 1 == list->count);
	value_set_integer(arena, loop, "length", (int64_t)list->count);
	value_set_integer(arena, loop, "revindex", (int64_t)(list->count - at));
	value_set_integer(arena, loop, "revindex0", (int64_t)(list->count - at) - 1);
	if (at > 0)
		value_set(arena, loop, "previtem", list->items[at - 1]);
	if (at + 1 < list->count)
		value_set(arena, loop, "nextitem", list->items[at + 1]);
	return loop;
}

static int render_rounds(struct evaluation *evaluation, const struct statement *statement,
	const struct value *list, struct rendering *rendering)
{
	struct arena *arena = evaluation->evaluator->arena;
	const struct local *outer = evaluation->locals;
	int result = 0;

	for (size_t i = 0; i < list->count && result == 0; i++) {
		if (statement->loop) {
			if (evaluation_spend(evaluation, statement->offset, 1,
					10 * sizeof(struct value)) < 0)
				return -1;
			bind(evaluation, "loop", loop_value(arena, list, i));
		}
		result = bind_targets(evaluation, statement, list->items[i]);
		if (result == 0)
			result = render_block(evaluation, &statement->body, rendering);
		evaluation->locals = outer;
	}
	return result;
}

static int render_for(struct evaluation *evaluation, const struct statement *statement,
	struct rendering *rendering)
{
	struct value *walked, **items, *unknown = NULL;
	struct value *list = value_list(evaluation->evaluator->scratch);
	size_t count;

	if (evaluate_defined(evaluation, statement->expression, &walked) < 0)
		return -1;
	if (walked->kind == VALUE_UNKNOWN)
		return skip(evaluation, walked, rendering);
	rendering->level = level_higher(rendering->level, walked->level);
	if (value_items(evaluation, statement->expression->offset, walked, &items, &count) < 0 ||
		filter_items(evaluation, statement, items, count, list, &rendering->level,
			&unknown) < 0)
		return -1;
	if (unknown)
		return skip(evaluation, unknown, rendering);
	if (list->count == 0)
		return render_block(evaluation, &statement->otherwise, rendering);
	return render_rounds(evaluation, statement, list, rendering);
}

static int take_text(struct evaluation *evaluation, size_t offset, struct rendering *rendering,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (rendering->unknown) {
		buffer_free(&rendering->out);
		*ret_value = value_flagged(arena, rendering->unknown, rendering->level, false);
		return 0;
	}
	if (buffer_value(evaluation, offset, &rendering->out, ret_value) < 0)
		return -1;
	(*ret_value)->level = rendering->level;
	(*ret_value)->data = rendering->data;
	return 0;
}

static int set_from_body(struct evaluation *evaluation, const struct statement *statement,
	struct value **ret_value)
{
	struct rendering rendering = { 0 };
	const struct local *outer = evaluation->locals;

	if (render_block(evaluation, &statement->body, &rendering) < 0) {
		buffer_free(&rendering.out);
		return -1;
	}
	evaluation->locals = outer;
	return take_text(evaluation, statement->offset, &rendering, ret_value);
}

static int set_attribute(struct evaluation *evaluation, const struct statement *statement,
	struct value *value)
{
	struct value key = { .kind = VALUE_STRING, .text = statement->attribute,
		.size = strlen(statement->attribute) };
	struct value *map;

	if (evaluate_name(evaluation, statement->targets[0], statement->offset, &map) < 0 ||
		evaluation_require(evaluation, map) < 0)
		return -1;
	if (map->kind != VALUE_MAP || map->raw != namespace_mark)
		return evaluation_error(evaluation, statement->offset,
			"only what namespace() made can be changed; '%s' is %s",
			statement->targets[0], value_kind_name(map));
	if (map_put(evaluation, statement->offset, map, &key, value) < 0)
		return -1;
	return value_depth_check(evaluation, statement->offset, map);   /* it may be in itself */
}

static int render_set(struct evaluation *evaluation, const struct statement *statement)
{
	struct value *value;

	if ((statement->expression ?
			evaluate_defined(evaluation, statement->expression, &value) :
			set_from_body(evaluation, statement, &value)) < 0)
		return -1;
	if (value_depth_check(evaluation, statement->offset, value) < 0)
		return -1;
	if (statement->attribute)
		return set_attribute(evaluation, statement, value);
	return bind_targets(evaluation, statement, value);
}

static int render_statement(struct evaluation *evaluation, const struct statement *statement,
	struct rendering *rendering)
{
	switch (statement->kind) {
	case STATEMENT_TEXT:
		return render_text_piece(evaluation, statement, rendering);
	case STATEMENT_OUTPUT:
		return render_output(evaluation, statement, rendering);
	case STATEMENT_IF:
		return render_if(evaluation, statement, rendering);
	case STATEMENT_FOR:
		return render_for(evaluation, statement, rendering);
	case STATEMENT_SET:
		return render_set(evaluation, statement);
	}
	return evaluation_error(evaluation, statement->offset, "there is no such statement");
}

static int render_block(struct evaluation *evaluation, const struct block *block,
	struct rendering *rendering)
{
	for (const struct statement *statement = block->first; statement;
		statement = statement->next) {
		if (evaluation_spend(evaluation, statement->offset, 1, 0) < 0 ||
			render_statement(evaluation, statement, rendering) < 0)
			return -1;
	}
	return 0;
}

static size_t newlines_at_end(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && text[size - count - 1] == '\n')
		count++;
	return count;
}

/* Jinja drops the last newline; Ansible puts as many behind as the text had. */
static void restore_newlines(const struct value *scalar, struct buffer *out)
{
	size_t wanted = newlines_at_end(scalar->text, scalar->size);
	size_t there = newlines_at_end(out->data, out->size);

	for (; there < wanted; there++)
		buffer_add_char(out, '\n');
}

int render_text(struct evaluation *evaluation, const struct block *block, struct value **ret_value)
{
	struct rendering rendering = { 0 };

	if (render_block(evaluation, block, &rendering) < 0) {
		buffer_free(&rendering.out);
		return -1;
	}
	restore_newlines(evaluation->scalar, &rendering.out);
	if (!rendering.unknown)
		rendering.unknown = evaluation->skipped;
	return take_text(evaluation, 0, &rendering, ret_value);
}
