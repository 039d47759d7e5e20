/* operate: what + - * / // % ** ~ and comparisons do with two values. */
#include "expression/evaluate.h"

#include "expression/unicode.h"
#include "expression/scope.h"

#include <math.h>
#include <string.h>

static bool is_number(const struct value *value)
{
	return value->kind == VALUE_INTEGER || value->kind == VALUE_FLOAT;
}

static double number_of(const struct value *value)
{
	return value->kind == VALUE_FLOAT ? value->number : (double)value->integer;
}

/* Three truths of which all must hold. */
static int both(int one, int other)
{
	if (one < 0 || other < 0)
		return -1;
	if (one == 0 || other == 0)
		return 0;
	return one == 2 || other == 2 ? 2 : 1;
}

static int lists_equal(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other)
{
	int equal = one->count == other->count;

	for (size_t i = 0; i < one->count && equal > 0; i++)
		equal = both(equal, evaluate_equal(evaluation, offset, one->items[i],
			other->items[i]));
	return equal;
}

static int maps_equal(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other)
{
	int equal = one->count == other->count;

	for (size_t i = 0; i < one->count && equal > 0; i++) {
		const struct value *found = value_get(other, one->pairs[i].key);

		if (evaluation_spend(evaluation, offset, other->count / 64, 0) < 0)
			return -1;
		equal = found ? both(equal, evaluate_equal(evaluation, offset, value_at(one, i),
			found)) : 0;
	}
	return equal;
}

int evaluate_equal(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other)
{
	if (evaluation_spend(evaluation, offset, 1, 0) < 0)
		return -1;
	if (one->kind == VALUE_UNKNOWN || other->kind == VALUE_UNKNOWN)
		return 2;
	if (one->kind == VALUE_LIST && other->kind == VALUE_LIST)
		return lists_equal(evaluation, offset, one, other);
	if (one->kind == VALUE_MAP && other->kind == VALUE_MAP)
		return maps_equal(evaluation, offset, one, other);
	if (one->kind == VALUE_STRING &&
		evaluation_spend(evaluation, offset, one->size / 64, 0) < 0)
		return -1;
	return value_equal(one, other);
}

static int list_contains(struct evaluation *evaluation, size_t offset, const struct value *list,
	const struct value *item)
{
	int found = 0;

	for (size_t i = 0; i < list->count; i++) {
		int equal = evaluate_equal(evaluation, offset, list->items[i], item);

		if (equal == 1 || equal < 0)
			return equal;
		found |= equal;
	}
	return found;
}

static int text_contains(struct evaluation *evaluation, size_t offset, const struct value *text,
	const struct value *item)
{
	if (item->kind != VALUE_STRING)
		return evaluation_error(evaluation, offset, "%s cannot be in a string",
			value_kind_name(item));
	if (evaluation_spend(evaluation, offset, text->size / 64, 0) < 0)
		return -1;
	return item->size == 0 || memmem(text->text, text->size, item->text, item->size) != NULL;
}

int evaluate_contains(struct evaluation *evaluation, size_t offset, const struct value *container,
	const struct value *item)
{
	if (container->kind == VALUE_UNKNOWN)
		return 2;
	if (container->kind == VALUE_LIST)
		return list_contains(evaluation, offset, container, item);
	if (item->kind == VALUE_UNKNOWN)
		return 2;
	if (container->kind == VALUE_STRING)
		return text_contains(evaluation, offset, container, item);
	if (container->kind == VALUE_MAP) {
		const char *key;

		if (item->kind != VALUE_STRING && item->kind != VALUE_INTEGER)
			return 0;
		if (key_text(evaluation, offset, item, &key) < 0 ||
			evaluation_spend(evaluation, offset, container->count / 64, 0) < 0)
			return -1;
		return value_pair(container, key) != NULL;
	}
	return evaluation_error(evaluation, offset, "nothing can be in %s",
		value_kind_name(container));
}

static int compare_bytes(const struct value *one, const struct value *other)
{
	size_t size = one->size < other->size ? one->size : other->size;
	int order = memcmp(one->text, other->text, size);

	if (order != 0)
		return order;
	return one->size < other->size ? -1 : one->size > other->size;
}

static int compare_folded(const struct value *one, const struct value *other)
{
	size_t at = 0, other_at = 0;

	while (at < one->size && other_at < other->size) {
		uint32_t code, other_code;

		at += utf8_next(one->text + at, one->size - at, &code);
		other_at += utf8_next(other->text + other_at, other->size - other_at, &other_code);
		code = utf8_case(code, CASE_LOWER);
		other_code = utf8_case(other_code, CASE_LOWER);
		if (code != other_code)
			return code < other_code ? -1 : 1;
	}
	return at < one->size ? 1 : other_at < other->size ? -1 : 0;
}

int evaluate_order(struct evaluation *evaluation, size_t offset, const struct value *one,
	const struct value *other, bool fold_case, int *ret_order)
{
	if (one->kind == VALUE_INTEGER && other->kind == VALUE_INTEGER) {
		*ret_order = one->integer < other->integer ? -1 : one->integer > other->integer;
	} else if (is_number(one) && is_number(other)) {
		double left = number_of(one), right = number_of(other);

		*ret_order = left < right ? -1 : left > right;
	} else if (one->kind == VALUE_BOOL && other->kind == VALUE_BOOL) {
		*ret_order = one->truth - other->truth;
	} else if (one->kind == VALUE_STRING && other->kind == VALUE_STRING) {
		if (evaluation_spend(evaluation, offset, one->size / 64, 0) < 0)
			return -1;
		*ret_order = fold_case ? compare_folded(one, other) : compare_bytes(one, other);
	} else {
		evaluation_error(evaluation, offset, "cannot order %s and %s", value_kind_name(one),
			value_kind_name(other));
		if (is_number(one) || is_number(other))
			error_remedy(evaluation->evaluator->err, "make both numbers: | int");
		return -1;
	}
	return 0;
}

static int refuse(struct evaluation *evaluation, size_t offset, const char *what,
	const struct value *left, const struct value *right)
{
	bool texts = left->kind == VALUE_STRING || right->kind == VALUE_STRING;

	evaluation_error(evaluation, offset, "cannot %s %s and %s", what, value_kind_name(left),
		value_kind_name(right));
	if (texts && (is_number(left) || is_number(right)))
		error_remedy(evaluation->evaluator->err,
			"| int makes a number of a string; ~ joins both as text");
	return -1;
}

static int too_large(struct evaluation *evaluation, size_t offset)
{
	return evaluation_error(evaluation, offset, "the result is larger than 64 bits");
}

static int integer_power(int64_t base, int64_t exponent, int64_t *ret_power)
{
	int64_t power = 1;

	while (exponent > 0) {
		if ((exponent & 1) && __builtin_mul_overflow(power, base, &power))
			return -1;
		exponent >>= 1;
		if (exponent && __builtin_mul_overflow(base, base, &base))
			return -1;
	}
	*ret_power = power;
	return 0;
}

/* As Python: rounds down, the remainder has the divisor's sign. */
static int64_t floor_quotient(int64_t left, int64_t right)
{
	int64_t quotient = left / right;

	return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

static int integers(struct evaluation *evaluation, size_t offset, enum operation operation,
	int64_t left, int64_t right, int64_t *ret_result)
{
	bool overflow = false;

	switch (operation) {
	case OPERATION_ADD:
		overflow = __builtin_add_overflow(left, right, ret_result);
		break;
	case OPERATION_SUBTRACT:
		overflow = __builtin_sub_overflow(left, right, ret_result);
		break;
	case OPERATION_MULTIPLY:
		overflow = __builtin_mul_overflow(left, right, ret_result);
		break;
	case OPERATION_POWER:
		overflow = integer_power(left, right, ret_result) < 0;
		break;
	default:
		overflow = right == -1 && left == INT64_MIN;
		if (!overflow)
			*ret_result = floor_quotient(left, right);
		if (!overflow && operation == OPERATION_MODULO)
			*ret_result = left - *ret_result * right;
	}
	return overflow ? too_large(evaluation, offset) : 0;
}

static double floats(enum operation operation, double left, double right)
{
	switch (operation) {
	case OPERATION_ADD:
		return left + right;
	case OPERATION_SUBTRACT:
		return left - right;
	case OPERATION_MULTIPLY:
		return left * right;
	case OPERATION_DIVIDE:
		return left / right;
	case OPERATION_FLOOR:
		return floor(left / right);
	case OPERATION_MODULO:
		return left - right * floor(left / right);
	default:
		return pow(left, right);
	}
}

static int numbers(struct evaluation *evaluation, size_t offset, enum operation operation,
	const struct value *left, const struct value *right, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	bool divides = operation == OPERATION_DIVIDE || operation == OPERATION_FLOOR ||
		operation == OPERATION_MODULO;
	bool exact = left->kind == VALUE_INTEGER && right->kind == VALUE_INTEGER &&
		operation != OPERATION_DIVIDE &&
		(operation != OPERATION_POWER || right->integer >= 0);
	int64_t result = 0;

	if (divides && !value_truthy(right))
		return evaluation_error(evaluation, offset, "division by zero");
	if (!exact) {
		*ret_value = value_float(arena, floats(operation, number_of(left), number_of(right)));
		return 0;
	}
	if (integers(evaluation, offset, operation, left->integer, right->integer, &result) < 0)
		return -1;
	*ret_value = value_integer(arena, result);
	return 0;
}

static int join_two(struct evaluation *evaluation, size_t offset, const struct value *left,
	const struct value *right, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *joined;

	if (left->kind == VALUE_STRING) {
		if (evaluation_spend(evaluation, offset, 0, left->size + right->size) < 0)
			return -1;
		joined = value_bytes(arena, "", 0);
		joined->size = left->size + right->size;
		joined->text = arena_grow(arena, left->text, left->size, joined->size + 1);
		memcpy((char *)joined->text + left->size, right->text, right->size);
	} else {
		if (evaluation_spend(evaluation, offset, (left->count + right->count) / 16,
				(left->count + right->count) * sizeof(*left->items)) < 0)
			return -1;
		joined = value_list(arena);
		for (size_t i = 0; i < left->count; i++)
			value_append(arena, joined, left->items[i]);
		for (size_t i = 0; i < right->count; i++)
			value_append(arena, joined, right->items[i]);
	}
	*ret_value = joined;
	return 0;
}

static int repeat(struct evaluation *evaluation, size_t offset, const struct value *what,
	int64_t times, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	size_t size = what->kind == VALUE_STRING ? what->size : what->count * sizeof(*what->items);
	size_t count = times < 0 ? 0 : (size_t)times, total;

	if (__builtin_mul_overflow(size, count, &total))
		total = SIZE_MAX;
	if (evaluation_spend(evaluation, offset, total < SIZE_MAX / 2 ? total / 128 : 0, total) < 0)
		return -1;
	*ret_value = what->kind == VALUE_STRING ? value_bytes(arena, "", 0) : value_list(arena);
	if (size == 0 || count == 0)
		return 0;
	if (what->kind == VALUE_STRING) {
		char *text = arena_alloc(arena, total + 1);

		for (size_t i = 0; i < count; i++)
			memcpy(text + i * size, what->text, size);
		(*ret_value)->text = text;
		(*ret_value)->size = total;
		return 0;
	}
	for (size_t i = 0; i < what->count * count; i++)
		value_append(arena, *ret_value, what->items[i % what->count]);
	return 0;
}

static int concatenate(struct evaluation *evaluation, size_t offset, const struct value *left,
	const struct value *right, struct value **ret_value)
{
	struct buffer buffer = { 0 };

	if (show_add(evaluation, offset, &buffer, left) < 0 ||
		show_add(evaluation, offset, &buffer, right) < 0) {
		buffer_free(&buffer);
		return -1;
	}
	return buffer_value(evaluation, offset, &buffer, ret_value);
}

static bool is_sequence(const struct value *value)
{
	return value->kind == VALUE_STRING || value->kind == VALUE_LIST;
}

static const char *verb(enum operation operation)
{
	switch (operation) {
	case OPERATION_ADD:
		return "add";
	case OPERATION_SUBTRACT:
		return "subtract";
	case OPERATION_MULTIPLY:
		return "multiply";
	case OPERATION_POWER:
		return "raise to a power";
	default:
		return "divide";
	}
}

static int arithmetic(struct evaluation *evaluation, size_t offset, enum operation operation,
	const struct value *left, struct value *right, struct value **ret_value)
{
	if (is_number(left) && is_number(right))
		return numbers(evaluation, offset, operation, left, right, ret_value);
	if (operation == OPERATION_ADD && is_sequence(left) && left->kind == right->kind)
		return join_two(evaluation, offset, left, right, ret_value);
	if (operation == OPERATION_MULTIPLY && is_sequence(left) && right->kind == VALUE_INTEGER)
		return repeat(evaluation, offset, left, right->integer, ret_value);
	if (operation == OPERATION_MULTIPLY && is_sequence(right) && left->kind == VALUE_INTEGER)
		return repeat(evaluation, offset, right, left->integer, ret_value);
	if (operation == OPERATION_MODULO && left->kind == VALUE_STRING)
		return text_format(evaluation, offset, left, &right, 1, ret_value);
	if (operation == OPERATION_FORMAT && left->kind == VALUE_STRING)
		return text_format(evaluation, offset, left, right->items, right->count, ret_value);
	return refuse(evaluation, offset, verb(operation), left, right);
}

static int compare(struct evaluation *evaluation, size_t offset, enum operation operation,
	const struct value *left, const struct value *right, bool *ret_truth)
{
	int order;

	if (is_number(left) && is_number(right) &&
		(number_of(left) != number_of(left) || number_of(right) != number_of(right))) {
		*ret_truth = false;   /* not a number: in no order */
		return 0;
	}
	if (evaluate_order(evaluation, offset, left, right, false, &order) < 0)
		return -1;
	*ret_truth = operation == OPERATION_LESS ? order < 0 :
		operation == OPERATION_LESS_EQUAL ? order <= 0 :
		operation == OPERATION_GREATER ? order > 0 : order >= 0;
	return 0;
}

static int truth_value(struct evaluation *evaluation, int truth, bool negated,
	const struct value *cause, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (truth < 0)
		return -1;
	*ret_value = truth == 2 ? value_unknown(arena, cause ? cause->cause : NULL) :
		value_bool(arena, (truth == 1) != negated);
	return 0;
}

static int relate(struct evaluation *evaluation, size_t offset, enum operation operation,
	struct value *left, struct value *right, struct value **ret_value)
{
	const struct value *cause = NULL;
	bool negated = operation == OPERATION_UNEQUAL || operation == OPERATION_NOT_IN;
	bool equals = operation == OPERATION_EQUAL || operation == OPERATION_UNEQUAL;
	int truth;

	if (value_find_unknown(evaluation, offset, left, &cause) < 0 ||
		(!cause && value_find_unknown(evaluation, offset, right, &cause) < 0))
		return -1;
	truth = equals ? evaluate_equal(evaluation, offset, left, right) :
		evaluate_contains(evaluation, offset, right, left);
	return truth_value(evaluation, truth, negated, cause, ret_value);
}

static int operate(struct evaluation *evaluation, size_t offset, enum operation operation,
	struct value *left, struct value *right, struct value **ret_value)
{
	const struct value *unknown = NULL;
	bool truth;

	switch (operation) {
	case OPERATION_EQUAL:
	case OPERATION_UNEQUAL:
	case OPERATION_IN:
	case OPERATION_NOT_IN:
		return relate(evaluation, offset, operation, left, right, ret_value);
	default:
		break;
	}
	*ret_value = left->kind == VALUE_UNKNOWN ? left : right;
	if ((*ret_value)->kind == VALUE_UNKNOWN)
		return 0;
	switch (operation) {
	case OPERATION_CONCATENATE:
		if (value_find_unknown(evaluation, offset, left, &unknown) < 0 ||
			(!unknown && value_find_unknown(evaluation, offset, right, &unknown) < 0))
			return -1;
		*ret_value = (struct value *)unknown;
		return unknown ? 0 : concatenate(evaluation, offset, left, right, ret_value);
	case OPERATION_LESS:
	case OPERATION_LESS_EQUAL:
	case OPERATION_GREATER:
	case OPERATION_GREATER_EQUAL:
		if (compare(evaluation, offset, operation, left, right, &truth) < 0)
			return -1;
		*ret_value = value_bool(evaluation->evaluator->arena, truth);
		return 0;
	default:
		return arithmetic(evaluation, offset, operation, left, right, ret_value);
	}
}

int evaluate_binary(struct evaluation *evaluation, size_t offset, enum operation operation,
	struct value *left, struct value *right, struct value **ret_value)
{
	enum level level = level_higher(left->level, right->level);
	bool data = left->data | right->data;
	bool deep = operation == OPERATION_CONCATENATE || operation == OPERATION_EQUAL ||
		operation == OPERATION_UNEQUAL;
	int (*force)(struct evaluation *, size_t, struct value *, struct value **) =
		deep ? value_force_deep : value_force;

	if (force(evaluation, offset, left, &left) < 0 ||
		force(evaluation, offset, right, &right) < 0 ||
		operate(evaluation, offset, operation, left, right, ret_value) < 0)
		return -1;
	if ((*ret_value)->kind != VALUE_LIST && (*ret_value)->kind != VALUE_MAP &&
		(value_flags_inside(evaluation, offset, left, &level, &data) < 0 ||
		value_flags_inside(evaluation, offset, right, &level, &data) < 0))
		return -1;
	*ret_value = value_flagged(evaluation->evaluator->arena, *ret_value, level, data);
	return 0;
}

static int bound(struct evaluation *evaluation, size_t offset, const struct value *value,
	int64_t otherwise, int64_t *ret_bound)
{
	*ret_bound = otherwise;
	if (!value || value->kind == VALUE_NULL)
		return 0;
	if (value->kind != VALUE_INTEGER)
		return evaluation_error(evaluation, offset, "a slice needs integers, not %s",
			value_kind_name(value));
	*ret_bound = value->integer;
	return 0;
}

static int64_t clamp(int64_t at, int64_t count, int64_t least, int64_t most)
{
	if (at < 0)
		at = at < -count ? least : at + count;
	return at < least ? least : at > most ? most : at;
}

/* The characters of a string, else the items of a list. */
static int slice_parts(struct evaluation *evaluation, size_t offset, struct value *container,
	struct value ***ret_items, size_t *ret_count)
{
	if (!is_sequence(container))
		return evaluation_error(evaluation, offset, "%s cannot be sliced",
			value_kind_name(container));
	return value_items(evaluation, offset, container, ret_items, ret_count);
}

static int slice_text(struct evaluation *evaluation, size_t offset, const struct value *list,
	struct value **ret_value)
{
	struct buffer buffer = { 0 };

	for (size_t i = 0; i < list->count; i++)
		buffer_add(&buffer, list->items[i]->text, list->items[i]->size);
	return buffer_value(evaluation, offset, &buffer, ret_value);
}

static enum level slice_level(const struct value *container, struct value *const bounds[3])
{
	enum level level = container->level;

	for (size_t i = 0; i < 3; i++) {
		if (bounds[i])
			level = level_higher(level, bounds[i]->level);
	}
	return level;
}

int evaluate_slice(struct evaluation *evaluation, size_t offset, struct value *container,
	struct value *const bounds[3], struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *list = value_list(arena), **items;
	int64_t from, to, step, count;
	size_t item_count;

	*ret_value = container;
	for (size_t i = 0; i < 3 && (*ret_value)->kind != VALUE_UNKNOWN; i++)
		*ret_value = bounds[i] && bounds[i]->kind == VALUE_UNKNOWN ? bounds[i] : container;
	if ((*ret_value)->kind == VALUE_UNKNOWN)
		return 0;
	if (slice_parts(evaluation, offset, container, &items, &item_count) < 0 ||
		bound(evaluation, offset, bounds[2], 1, &step) < 0)
		return -1;
	count = (int64_t)item_count;
	if (step == 0)
		return evaluation_error(evaluation, offset, "the step of a slice cannot be 0");
	if (step > count || step < -count)
		step = step > 0 ? count + 1 : -count - 1;
	if (bound(evaluation, offset, bounds[0], step > 0 ? 0 : INT64_MAX, &from) < 0 ||
		bound(evaluation, offset, bounds[1], step > 0 ? INT64_MAX : INT64_MIN, &to) < 0)
		return -1;
	from = step > 0 ? clamp(from, count, 0, count) : clamp(from, count, -1, count - 1);
	to = step > 0 ? clamp(to, count, 0, count) : clamp(to, count, -1, count - 1);
	for (; step > 0 ? from < to : from > to; from += step) {
		if (evaluation_spend(evaluation, offset, 1, sizeof(*items)) < 0)
			return -1;
		value_append(arena, list, items[from]);
	}
	*ret_value = list;
	if (container->kind == VALUE_STRING && slice_text(evaluation, offset, list, ret_value) < 0)
		return -1;
	*ret_value = value_flagged(arena, *ret_value, slice_level(container, bounds),
		container->data);
	return 0;
}
