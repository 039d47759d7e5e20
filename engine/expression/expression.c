/* expression: checking and evaluating texts, conditions and templates. */
#include "expression/expression.h"

#include "expression/evaluate.h"
#include "module/params.h"
#include "expression/scope.h"

#include <string.h>

const struct cause *value_unknown_cause(const struct value *value)
{
	const struct cause *cause = NULL;

	if (!value)
		return NULL;
	if (value->kind == VALUE_UNKNOWN)
		return value->cause;
	for (size_t i = 0; i < value->count && !cause; i++)
		cause = value_unknown_cause(value->kind == VALUE_MAP ? value_at(value, i) :
			value->items[i]);
	return cause;
}

bool value_unknown_inside(const struct value *value)
{
	return value_unknown_cause(value) != NULL;
}

bool value_is_omit(const struct value *value)
{
	return value && value->kind == VALUE_NULL && value->raw == omit_mark;
}

static int check_text(const struct value *scalar, struct error *err)
{
	struct arena *scratch = arena_new();
	struct block block;
	struct node *single;
	int result = syntax_text(scratch, scalar, &block, &single, err);

	arena_free(scratch);
	return result;
}

static int check_key(const struct value_pair *pair, struct error *err)
{
	struct value key = { .kind = VALUE_STRING, .text = pair->key, .size = strlen(pair->key),
		.place = pair->place };

	return expression_inside(&key) ? check_text(&key, err) : 0;
}

int expression_check(struct arena *arena, const struct value *value, struct error *err)
{
	if (!value || value->data)
		return 0;
	if (value->kind == VALUE_STRING)
		return expression_inside(value) ? check_text(value, err) : 0;
	for (size_t i = 0; i < value->count; i++) {
		bool is_map = value->kind == VALUE_MAP;

		if (is_map && check_key(&value->pairs[i], err) < 0)
			return -1;
		if (expression_check(arena, is_map ? value_at(value, i) : value->items[i],
			err) < 0)
			return -1;
	}
	return 0;
}

static int parse_condition(struct arena *scratch, const struct value *scalar,
	struct node **ret_node, struct error *err)
{
	if (syntax_expression(scratch, scalar, ret_node, err) == 0)
		return 0;
	if (strstr(scalar->text, "{{"))
		error_remedy(err, "drop the {{ }}: a condition is already an expression");
	return -1;
}

static int condition_kind(const struct value *condition, struct error *err)
{
	if (condition->kind == VALUE_BOOL || condition->kind == VALUE_STRING)
		return 0;
	return error_at(err, EXPRESSION_INVALID_CONDITION, condition->place, "a condition is an "
		"expression or a boolean, not %s", value_kind_name(condition));
}

static int check_condition(const struct value *condition, struct error *err)
{
	struct arena *scratch;
	struct node *node;
	int result = condition_kind(condition, err);

	if (result < 0 || condition->kind != VALUE_STRING)
		return result;
	scratch = arena_new();
	result = parse_condition(scratch, condition, &node, err);
	arena_free(scratch);
	return result;
}

int expression_check_condition(struct arena *arena, const struct value *condition,
	struct error *err)
{
	(void)arena;
	if (!condition)
		return 0;
	if (condition->kind != VALUE_LIST)
		return check_condition(condition, err);
	for (size_t i = 0; i < condition->count; i++) {
		if (check_condition(condition->items[i], err) < 0)
			return -1;
	}
	return 0;
}

int expression_fill(struct arena *arena, struct scope *scope, const struct value *value,
	struct value **ret_value, struct error *err)
{
	struct evaluator evaluator;
	struct value *filled;
	int result;

	if (!expression_inside(value)) {
		*ret_value = (struct value *)value;
		return 0;
	}
	evaluator_open(&evaluator, arena, err);
	result = fill_value(&evaluator, scope, value, &filled);
	if (result == 0)
		result = value_leave(&evaluator, scope, value, &filled);
	evaluator_close(&evaluator);
	if (result == 0)
		*ret_value = filled;
	return result;
}

int expression_truth(struct arena *arena, struct scope *scope, const struct value *value,
	bool otherwise, bool *ret_truth, struct error *err)
{
	struct value *filled;

	if (!value) {
		*ret_truth = otherwise;
		return 0;
	}
	if (expression_fill(arena, scope, value, &filled, err) < 0)
		return -1;
	if (filled->kind == VALUE_UNKNOWN)
		return error_at(err, EXPRESSION_UNKNOWN_YET, value->place, "this must be known here, but "
			"is only after: %s", filled->text);
	if (value_is_omit(filled)) {
		*ret_truth = otherwise;
		return 0;
	}
	return param_bool(filled, ret_truth, err);
}

static int condition_value(struct evaluator *evaluator, struct scope *scope,
	const struct value *condition, struct value **ret_value)
{
	struct evaluation evaluation = { .evaluator = evaluator, .scope = scope,
		.scalar = condition };
	struct node *node;

	*ret_value = (struct value *)condition;
	if (condition_kind(condition, evaluator->err) < 0)
		return -1;
	if (condition->kind == VALUE_BOOL)
		return 0;
	if (parse_condition(evaluator->scratch, condition, &node, evaluator->err) < 0 ||
		evaluate_defined(&evaluation, node, ret_value) < 0)
		return -1;
	if ((*ret_value)->kind == VALUE_BOOL || (*ret_value)->kind == VALUE_UNKNOWN)
		return 0;
	evaluation_error(&evaluation, node->offset, "a condition must be true or false, not %s",
		value_kind_name(*ret_value));
	return error_remedy(evaluator->err,
		"compare it, or say what is meant: '| bool', '| length > 0', 'is defined'");
}

/* All of a list; one that is false decides, whatever isn't known before it. */
static int condition_list(struct evaluator *evaluator, struct scope *scope,
	const struct value *list, struct value **ret_value)
{
	struct value *unknown = NULL, *one;

	*ret_value = value_bool(evaluator->arena, true);
	for (size_t i = 0; i < list->count; i++) {
		if (condition_value(evaluator, scope, list->items[i], &one) < 0) {
			if (!unknown || evaluator->exhausted)
				return -1;
			error_clear(evaluator->err);   /* it may never be asked */
			break;
		}
		if (one->kind == VALUE_UNKNOWN) {
			unknown = unknown ? unknown : one;
			continue;
		}
		(*ret_value)->level = level_higher((*ret_value)->level, one->level);
		if (!one->truth) {
			(*ret_value)->truth = false;
			return 0;
		}
	}
	if (unknown)
		*ret_value = unknown;
	return 0;
}

int expression_condition(struct arena *arena, struct scope *scope, const struct value *condition,
	struct value **ret_value, struct error *err)
{
	struct evaluator evaluator;
	struct value *value;
	int result;

	if (!condition) {
		*ret_value = value_bool(arena, true);
		return 0;
	}
	evaluator_open(&evaluator, arena, err);
	result = condition->kind == VALUE_LIST ?
		condition_list(&evaluator, scope, condition, &value) :
		condition_value(&evaluator, scope, condition, &value);
	evaluator_close(&evaluator);
	if (result == 0)
		*ret_value = value;
	return result;
}

int expression_value(struct arena *arena, struct scope *scope, const struct value *expression,
	struct value **ret_value, struct error *err)
{
	struct evaluator evaluator;
	struct evaluation evaluation = { .evaluator = &evaluator, .scope = scope,
		.scalar = expression };
	struct node *node;
	struct value *value;
	int result;

	evaluator_open(&evaluator, arena, err);
	result = syntax_expression(evaluator.scratch, expression, &node, evaluator.err);
	if (result == 0)
		result = evaluate_defined(&evaluation, node, &value);
	if (result == 0)
		result = value_leave(&evaluator, scope, expression, &value);
	evaluator_close(&evaluator);
	if (result == 0)
		*ret_value = value;
	return result;
}

/* Jinja makes \r\n and \r newlines. */
static struct value *template_text(struct arena *arena, const char *text, size_t size,
	const char *file)
{
	struct value *scalar = value_bytes(arena, "", 0);
	char *copy = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\r')
			copy[used++] = text[i];
		else if (i + 1 == size || text[i + 1] != '\n')
			copy[used++] = '\n';
	}
	scalar->text = copy;
	scalar->size = used;
	scalar->raw = copy;
	scalar->place = (struct place){ .file = file, .line = 1, .column = 1 };
	return scalar;
}

static int render_template(struct evaluation *evaluation, const struct template_syntax *syntax,
	struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	struct template_syntax own = syntax ? *syntax : template_syntax;
	struct block block;
	struct node *single;
	size_t header;

	if (template_header(evaluator->scratch, evaluation->scalar, &own, &header, evaluator->err) < 0
			|| syntax_template(evaluator->scratch, evaluation->scalar, &own, header, &block,
			&single, evaluator->err) < 0)
		return -1;
	return render_text(evaluation, &block, ret_value);
}

int evaluation_template(struct evaluation *evaluation, size_t offset, const struct value *text,
	const char *file, const struct template_syntax *syntax, struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	struct evaluation inside = *evaluation;
	const struct frame frame = { evaluation->scope, file, evaluator->frames };
	int result;

	for (const struct frame *open = evaluator->frames; open; open = open->next) {
		if (open->scope == frame.scope && strcmp(open->name, file) == 0)
			return evaluation_error(evaluation, offset, "the template '%s' needs itself", file);
	}
	inside.skipped = NULL;
	inside.scalar = template_text(evaluator->scratch, text->text, text->size,
		arena_string(evaluator->arena, file));
	evaluator->frames = &frame;
	result = render_template(&inside, syntax, ret_value);
	evaluator->frames = frame.next;
	return result;
}

int expression_template(struct arena *arena, struct scope *scope, const char *text, size_t size,
	const char *file, const struct template_syntax *syntax, struct value **ret_text,
	struct error *err)
{
	struct evaluator evaluator;
	struct evaluation evaluation = { .evaluator = &evaluator, .scope = scope };
	struct value *value;
	int result;

	evaluator_open(&evaluator, arena, err);
	evaluation.scalar = template_text(evaluator.scratch, text, size, file);
	result = render_template(&evaluation, syntax, &value);
	if (result == 0)
		result = value_leave(&evaluator, scope, evaluation.scalar, &value);
	evaluator_close(&evaluator);
	if (result == 0)
		*ret_text = value;
	return result;
}
