/* evaluate: the tree of an expression → its value in a scope. */
#include "expression/evaluate.h"

#include "expression/scope.h"

#include "expression/unicode.h"
#include "base/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void evaluator_open(struct evaluator *evaluator, struct arena *arena, struct error *err)
{
	memset(evaluator, 0, sizeof(*evaluator));
	evaluator->arena = arena;
	evaluator->scratch = arena_new();
	evaluator->steps = EXPRESSION_STEPS_MOST;
	evaluator->bytes = EXPRESSION_BYTES_MOST;
	evaluator->err = err ? err : &evaluator->local;
}

void evaluator_close(struct evaluator *evaluator)
{
	arena_free(evaluator->scratch);
}

int evaluation_error(struct evaluation *evaluation, size_t offset, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_at(evaluation->evaluator->err, EXPRESSION_FAILED, syntax_place(evaluation->scalar,
		offset), "%s", message);
}

int evaluation_place(const struct evaluation *evaluation, size_t offset)
{
	return error_place(evaluation->evaluator->err, syntax_place(evaluation->scalar, offset));
}

int evaluation_spend(struct evaluation *evaluation, size_t offset, size_t steps, size_t bytes)
{
	struct evaluator *evaluator = evaluation->evaluator;

	if (steps <= evaluator->steps && bytes <= evaluator->bytes) {
		evaluator->steps -= steps;
		evaluator->bytes -= bytes;
		return 0;
	}
	evaluator->exhausted = true;
	if (bytes > evaluator->bytes)
		error_set(evaluator->err, EXPRESSION_TOO_EXPENSIVE, "this makes more than %d MiB",
			EXPRESSION_BYTES_MOST >> 20);
	else
		error_set(evaluator->err, EXPRESSION_TOO_EXPENSIVE, "this takes more than %d steps",
			EXPRESSION_STEPS_MOST);
	return evaluation_place(evaluation, offset);
}

int evaluation_undefined(struct evaluation *evaluation, size_t offset, struct value **ret_value,
	const char *format, ...)
{
	struct evaluator *evaluator = evaluation->evaluator;
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	error_clear(&evaluator->undefined);
	error_set(&evaluator->undefined, EXPRESSION_UNDEFINED_VARIABLE, "%s", message);
	evaluator->undefined_in = evaluation->scalar;
	evaluator->undefined_at = offset;
	*ret_value = NULL;
	return 0;
}

void evaluation_undefined_remedy(struct evaluation *evaluation, const char *format, ...)
{
	char remedy[512];
	va_list args;

	va_start(args, format);
	vsnprintf(remedy, sizeof(remedy), format, args);
	va_end(args);
	error_remedy(&evaluation->evaluator->undefined, "%s", remedy);
}

int evaluation_require(struct evaluation *evaluation, const struct value *value)
{
	struct evaluator *evaluator = evaluation->evaluator;

	if (value)
		return 0;
	if (evaluator->err->kind == ERROR_NONE) {
		*evaluator->err = evaluator->undefined;
		if (evaluator->undefined_in)
			error_place(evaluator->err, syntax_place(evaluator->undefined_in,
				evaluator->undefined_at));
	}
	evaluator->undefined_raised = true;
	return -1;
}

int evaluate_defined(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	if (evaluate(evaluation, node, ret_value) < 0)
		return -1;
	return evaluation_require(evaluation, *ret_value);
}

/* A variable whose own text uses something undefined is undefined too. */
static int scope_value(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;

	if (scope_find(evaluation, name, offset, ret_value) == 0) {
		if (!*ret_value)
			*ret_value = scope_default(evaluation->scope, name);
		return *ret_value ? 0 : scope_undefined(evaluation, name, offset, ret_value);
	}
	if (!evaluator->undefined_raised)
		return -1;
	evaluator->undefined = *evaluator->err;
	evaluator->undefined_in = NULL;
	error_clear(evaluator->err);
	evaluator->undefined_raised = false;
	*ret_value = NULL;
	return 0;
}

int evaluate_name(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value)
{
	for (const struct local *local = evaluation->locals; local; local = local->next) {
		if (strcmp(local->name, name) == 0) {
			*ret_value = local->value;
			return 0;
		}
	}
	return scope_value(evaluation, name, offset, ret_value);
}

static int evaluate_list(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *list = value_list(evaluation->evaluator->arena);

	for (size_t i = 0; i < node->argument_count; i++) {
		struct value *item;

		if (evaluation_spend(evaluation, node->offset, 1, sizeof(item)) < 0 ||
			evaluate_defined(evaluation, node->arguments[i].node, &item) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, list, item);
	}
	*ret_value = list;
	return 0;
}

int key_text(struct evaluation *evaluation, size_t offset, const struct value *key,
	const char **ret_key)
{
	if (key->kind == VALUE_INTEGER) {
		*ret_key = arena_printf(evaluation->evaluator->arena, "%lld", (long long)key->integer);
		return 0;
	}
	if (key->kind != VALUE_STRING)
		return evaluation_error(evaluation, offset,
			"the key of a map must be a string, not %s",
			value_kind_name(key));
	if (memchr(key->text, '\0', key->size))
		return evaluation_error(evaluation, offset,
			"the key of a map cannot hold a NUL byte");
	*ret_key = key->text;
	return 0;
}

int map_put(struct evaluation *evaluation, size_t offset, struct value *map,
	const struct value *key, struct value *item)
{
	const char *text;

	if (key_text(evaluation, offset, key, &text) < 0 ||
		evaluation_spend(evaluation, offset, 1 + map->count / 64,
			sizeof(struct value_pair) + strlen(text)) < 0)
		return -1;
	map->level = level_higher(map->level, key->level);
	value_set(evaluation->evaluator->arena, map, text, item);
	return 0;
}

static int evaluate_map(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *map = value_map(evaluation->evaluator->arena);
	struct value *unknown = NULL;

	for (size_t i = 0; i < node->argument_count; i += 2) {
		const struct node *key_node = node->arguments[i].node;
		struct value *key, *item;

		if (evaluate_defined(evaluation, key_node, &key) < 0 ||
			evaluate_defined(evaluation, node->arguments[i + 1].node, &item) < 0)
			return -1;
		if (key->kind == VALUE_UNKNOWN)
			unknown = key;
		else if (map_put(evaluation, key_node->offset, map, key, item) < 0)
			return -1;
	}
	*ret_value = unknown ? unknown : map;
	return 0;
}

static int map_index(struct evaluation *evaluation, size_t offset, const struct value *map,
	const struct value *key, struct value **ret_value)
{
	struct suggestion suggestion = { 0 };

	if (key_text(evaluation, offset, key, &suggestion.word) < 0 ||
		evaluation_spend(evaluation, offset, map->count / 64, 0) < 0)
		return -1;
	*ret_value = value_get(map, suggestion.word);
	if (*ret_value)
		return 0;
	if (key->level)
		return evaluation_undefined(evaluation, offset, ret_value,
			"the map has no such key");
	evaluation_undefined(evaluation, offset, ret_value, "the map has no key '%s'",
		suggestion.word);
	for (size_t i = 0; i < map->count && i < 1000; i++)
		suggest_offer(&suggestion, map->pairs[i].key);
	if (suggestion.nearest && !map->level)
		evaluation_undefined_remedy(evaluation, "did you mean '%s'?", suggestion.nearest);
	return 0;
}

static int sequence_index(struct evaluation *evaluation, size_t offset,
	const struct value *sequence,
	const struct value *key, struct value **ret_value)
{
	bool is_list = sequence->kind == VALUE_LIST;
	size_t count = is_list ? sequence->count : utf8_count(sequence->text, sequence->size);
	int64_t at = key->integer;

	if (evaluation_spend(evaluation, offset, is_list ? 0 : sequence->size / 64, 0) < 0)
		return -1;
	if (at < 0)
		at += (int64_t)count;
	if (at < 0 || at >= (int64_t)count)
		return evaluation_undefined(evaluation, offset, ret_value,
			"index %lld is outside of %s of %zu", (long long)key->integer,
			value_kind_name(sequence), count);
	if (is_list)
		*ret_value = sequence->items[at];
	else
		*ret_value = utf8_part(evaluation->evaluator->arena, sequence, (size_t)at, 1);
	return 0;
}

/* What a member is at least. */
static enum level level_inside(const struct evaluation *evaluation, const struct value *container,
	const struct value *key)
{
	if (key->kind == VALUE_STRING && scope_is_secret(evaluation->scope, key->text))
		return LEVEL_SECRET;
	return level_higher(container->level, key->level);
}

int evaluate_index(struct evaluation *evaluation, size_t offset, struct value *container,
	const struct value *key, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	int result = 0;

	*ret_value = container;
	if (!container || container->kind == VALUE_UNKNOWN)
		return 0;
	if (key->kind == VALUE_UNKNOWN)
		*ret_value = value_flagged(arena, (struct value *)key, container->level, false);
	else if (value_is_lazy(container))
		result = lazy_index(evaluation, offset, container, key, ret_value);
	else if (container->kind == VALUE_MAP)
		result = map_index(evaluation, offset, container, key, ret_value);
	else if (key->kind == VALUE_INTEGER &&
		(container->kind == VALUE_LIST || container->kind == VALUE_STRING))
		result = sequence_index(evaluation, offset, container, key, ret_value);
	else if (key->kind == VALUE_STRING && !key->level)
		return evaluation_undefined(evaluation, offset, ret_value, "%s has no '%s'",
			value_kind_name(container), key->text);
	else
		return evaluation_undefined(evaluation, offset, ret_value,
			"%s has no index that is %s",
			value_kind_name(container), value_kind_name(key));
	if (result == 0 && *ret_value)
		*ret_value = value_flagged(arena, *ret_value, level_inside(evaluation, container, key),
			container->data);
	return result;
}

static int evaluate_index_node(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *container, *key;

	if (evaluate(evaluation, node->first, &container) < 0)
		return -1;
	*ret_value = container;
	if (!container || container->kind == VALUE_UNKNOWN)
		return 0;
	if (evaluate_defined(evaluation, node->second, &key) < 0)
		return -1;
	return evaluate_index(evaluation, node->offset, container, key, ret_value);
}

static int evaluate_slice_node(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	const struct node *parts[3] = { node->second, node->third, node->fourth };
	struct value *bounds[3] = { NULL, NULL, NULL };
	struct value *container;

	if (evaluate_defined(evaluation, node->first, &container) < 0 ||
		value_force(evaluation, node->offset, container, &container) < 0)
		return -1;
	for (size_t i = 0; i < 3; i++) {
		if (parts[i] && evaluate_defined(evaluation, parts[i], &bounds[i]) < 0)
			return -1;
	}
	return evaluate_slice(evaluation, node->offset, container, bounds, ret_value);
}

bool value_truthy(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return value->truth;
	case VALUE_INTEGER:
		return value->integer != 0;
	case VALUE_FLOAT:
		return value->number < 0 || value->number > 0 || value->number != value->number;
	case VALUE_STRING:
		return value->size != 0;
	case VALUE_LIST:
		return value->count != 0;
	case VALUE_MAP:
		return value->count != 0 || value_is_lazy(value);
	case VALUE_UNKNOWN:
		return true;
	}
	return false;
}

/* The left side isn't known: the right one may decide alone, and its errors may never come. */
static int decide_right(struct evaluation *evaluation, const struct node *node,
	struct value *unknown, struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	unsigned depth = evaluator->depth;
	struct value *right;

	*ret_value = unknown;
	if (evaluate_defined(evaluation, node->second, &right) < 0) {
		if (evaluator->exhausted)
			return -1;
		error_clear(evaluator->err);
		evaluator->undefined_raised = false;
		evaluator->depth = depth;
		return 0;
	}
	if (right->kind == VALUE_BOOL && right->truth == (node->kind == NODE_OR))
		*ret_value = value_flagged(evaluator->arena, right, unknown->level, false);
	return 0;
}

static int evaluate_and_or(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *left;

	if (evaluate_defined(evaluation, node->first, &left) < 0)
		return -1;
	if (left->kind == VALUE_UNKNOWN)
		return decide_right(evaluation, node, left, ret_value);
	*ret_value = left;
	if (value_truthy(left) == (node->kind == NODE_OR))
		return 0;
	if (evaluate(evaluation, node->second, ret_value) < 0)
		return -1;
	if (*ret_value)
		*ret_value = value_flagged(evaluation->evaluator->arena, *ret_value, left->level, false);
	return 0;
}

static int evaluate_not(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *operand;

	if (evaluate_defined(evaluation, node->first, &operand) < 0)
		return -1;
	*ret_value = operand;
	if (operand->kind == VALUE_UNKNOWN)
		return 0;
	*ret_value = value_bool(evaluation->evaluator->arena, !value_truthy(operand));
	(*ret_value)->level = operand->level;
	return 0;
}

static int evaluate_conditional(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *condition;

	if (evaluate_defined(evaluation, node->second, &condition) < 0)
		return -1;
	*ret_value = condition;
	if (condition->kind == VALUE_UNKNOWN)
		return 0;
	if (!value_truthy(condition) && !node->third)
		return evaluation_undefined(evaluation, node->offset, ret_value,
			"the condition is false, and there is no else");
	if (evaluate(evaluation, value_truthy(condition) ? node->first : node->third,
		ret_value) < 0)
		return -1;
	if (*ret_value)
		*ret_value = value_flagged(evaluation->evaluator->arena, *ret_value, condition->level,
			false);
	return 0;
}

static int evaluate_sign(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value zero = { .kind = VALUE_INTEGER };
	struct value *operand;

	if (evaluate_defined(evaluation, node->first, &operand) < 0)
		return -1;
	if (operand->kind != VALUE_INTEGER && operand->kind != VALUE_FLOAT &&
		operand->kind != VALUE_UNKNOWN)
		return evaluation_error(evaluation, node->offset, "%s has no sign",
			value_kind_name(operand));
	if (operand->kind == VALUE_FLOAT && node->kind == NODE_NEGATE) {
		*ret_value = value_float(evaluation->evaluator->arena, -operand->number);
		(*ret_value)->level = operand->level;
		return 0;
	}
	return evaluate_binary(evaluation, node->offset,
		node->kind == NODE_NEGATE ? OPERATION_SUBTRACT : OPERATION_ADD, &zero, operand,
		ret_value);
}

static int evaluate_binary_node(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	struct value *left, *right;

	if (evaluate_defined(evaluation, node->first, &left) < 0 ||
		evaluate_defined(evaluation, node->second, &right) < 0)
		return -1;
	return evaluate_binary(evaluation, node->offset, node->operation, left, right, ret_value);
}

static int evaluate_kind(struct evaluation *evaluation, const struct node *node,
	struct value **ret_value)
{
	switch (node->kind) {
	case NODE_LITERAL:
		*ret_value = value_copy(evaluation->evaluator->arena, node->literal);
		return evaluation_spend(evaluation, node->offset, 0, node->literal->size);
	case NODE_NAME:
		return evaluate_name(evaluation, node->name, node->offset, ret_value);
	case NODE_LIST:
		return evaluate_list(evaluation, node, ret_value);
	case NODE_MAP:
		return evaluate_map(evaluation, node, ret_value);
	case NODE_INDEX:
		return evaluate_index_node(evaluation, node, ret_value);
	case NODE_SLICE:
		return evaluate_slice_node(evaluation, node, ret_value);
	case NODE_FUNCTION:
	case NODE_METHOD:
	case NODE_FILTER:
	case NODE_TEST:
		return evaluate_call(evaluation, node, ret_value);
	case NODE_NOT:
		return evaluate_not(evaluation, node, ret_value);
	case NODE_NEGATE:
	case NODE_PLUS:
		return evaluate_sign(evaluation, node, ret_value);
	case NODE_AND:
	case NODE_OR:
		return evaluate_and_or(evaluation, node, ret_value);
	case NODE_BINARY:
		return evaluate_binary_node(evaluation, node, ret_value);
	case NODE_CONDITIONAL:
		return evaluate_conditional(evaluation, node, ret_value);
	}
	return evaluation_error(evaluation, node->offset, "there is no such node");
}

int evaluate(struct evaluation *evaluation, const struct node *node, struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	int result;

	if (evaluation_spend(evaluation, node->offset, 1, 0) < 0)
		return -1;
	if (evaluator->depth >= EVALUATE_DEPTH_MOST) {
		evaluator->exhausted = true;
		return evaluation_error(evaluation, node->offset, "this is nested too deeply");
	}
	evaluator->depth++;
	result = evaluate_kind(evaluation, node, ret_value);
	evaluator->depth--;
	return result;
}
