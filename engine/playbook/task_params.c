/* task_params: the parameters of a task. */
#include "playbook/task_params.h"

#include "base/disclose.h"
#include "expression/expression.h"
#include "inventory/inventory.h"

#include <string.h>

/* A copy down to what change may replace; its children are the same. */
static struct value *rebuilt(struct arena *arena, const struct value *value,
	struct value *(*change)(struct arena *arena, const struct value *value))
{
	struct value *copy = change(arena, value);

	if (copy)
		return copy;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = *value;
	if (value->kind == VALUE_LIST) {
		copy->items = NULL;
		copy->count = copy->capacity = 0;
		for (size_t i = 0; i < value->count; i++)
			value_append(arena, copy, rebuilt(arena, value->items[i], change));
	} else if (value->kind == VALUE_MAP) {
		copy->pairs = NULL;
		copy->count = copy->capacity = 0;
		copy->index = NULL;
		for (size_t i = 0; i < value->count; i++)
			value_set_at(arena, copy, value->pairs[i].key, value->pairs[i].place,
				rebuilt(arena, value->pairs[i].value, change));
	}
	return copy;
}

/* What is computed has no text yet: it gets the one that an expression in a string would give. */
static struct value *with_text(struct arena *arena, const struct value *value)
{
	struct value *copy;

	if (value_is_omit(value))
		return value_null(arena);
	if (value->text || (value->kind != VALUE_INTEGER && value->kind != VALUE_FLOAT
			&& value->kind != VALUE_BOOL))
		return NULL;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = *value;
	copy->text = expression_show(arena, value);
	copy->size = strlen(copy->text);
	return copy;
}

/* What has to be filled in is unknown, and what a record has only the digest of. */
static struct value *without_expression(struct arena *arena, const struct value *value)
{
	struct value *copy;

	if (value->kind != VALUE_STRING || (!expression_inside(value) && !disclose_inside(value)))
		return NULL;
	copy = value_unknown(arena, &(struct cause){ .kind = CAUSE_EXPRESSION });
	copy->place = value->place;
	return copy;
}

static int check_patterns(const struct param *table, const struct value *params,
	struct error *err)
{
	for (; table && table->name; table++) {
		const struct value *value = value_get(params, table->name);

		if (value && table->kind == PARAM_PATTERN && value->kind == VALUE_STRING
				&& pattern_check(value->text, value->place, err) < 0)
			return -1;
		if (!value || table->kind != PARAM_RECORDS || value->kind != VALUE_LIST)
			continue;
		for (size_t i = 0; i < value->count; i++) {
			if (check_patterns(table->entries, value->items[i], err) < 0)
				return -1;
		}
	}
	return 0;
}

int params_normalise(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, bool allow_internal, struct value **ret_params, struct error *err)
{
	if (params_canonical(arena, module, rebuilt(arena, raw, with_text), place, allow_internal,
			ret_params, err) < 0)
		return -1;
	if (check_patterns(module->params, *ret_params, err) < 0
			|| (module->check && module->check(*ret_params, err) < 0))
		return error_place(err, place);
	return 0;
}

/* Before what looks like an expression to be filled in is taken for one. */
static int check_conditions(const struct param *table, const struct value *raw, struct error *err)
{
	for (size_t i = 0; i < raw->count; i++) {
		const struct param *param = param_find(table, raw->pairs[i].key);
		const struct value *value = raw->pairs[i].value;

		if (param && param->kind == PARAM_CONDITION && value->kind != VALUE_NULL
				&& expression_check_condition(NULL, value, err) < 0)
			return error_place(err, raw->pairs[i].place);
	}
	return 0;
}

int params_check(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, struct error *err)
{
	struct module quiet = *module;
	struct value *params;

	if (check_conditions(module->params, raw, err) < 0)
		return -1;
	/* What an expression may leave out (omit) can't be judged together with the rest yet. */
	if (expression_inside(raw) || disclose_inside(raw))
		quiet.check = NULL;
	return params_normalise(arena, &quiet, rebuilt(arena, raw, without_expression), place, false,
		&params, err);
}
