/* version: 'a' is version('b', '>='): which version is the later one.
 *
 * As Python's LooseVersion, which Ansible uses: numbers and words one by one, numbers by size.
 * Where a number meets a word Python gives up; so does this. */
#include "expression/evaluate.h"

#include <ctype.h>
#include <string.h>

/* The next part: digits, or letters; else a single other character but a dot. */
static size_t part_size(const char *text)
{
	size_t size = 0;

	if (isdigit((unsigned char)*text)) {
		while (isdigit((unsigned char)text[size]))
			size++;
	} else if (islower((unsigned char)*text)) {
		while (islower((unsigned char)text[size]))
			size++;
	} else {
		while (text[size] && text[size] != '.' && !isdigit((unsigned char)text[size]) &&
			!islower((unsigned char)text[size]))
			size++;
	}
	return size;
}

static int compare_numbers(const char *one, size_t size, const char *other, size_t other_size)
{
	for (; size > 1 && *one == '0'; size--)
		one++;
	for (; other_size > 1 && *other == '0'; other_size--)
		other++;
	if (size != other_size)
		return size < other_size ? -1 : 1;
	return memcmp(one, other, size);
}

static int compare_words(const char *one, size_t size, const char *other, size_t other_size)
{
	int order = memcmp(one, other, size < other_size ? size : other_size);

	return order != 0 ? order : size < other_size ? -1 : size > other_size;
}

/* ret_order as strcmp; false: a number meets a word. */
static bool compare_versions(const char *one, const char *other, int *ret_order)
{
	for (*ret_order = 0; *ret_order == 0;) {
		size_t size, other_size;

		one += strspn(one, ".");
		other += strspn(other, ".");
		if (!*one || !*other) {
			*ret_order = *one ? 1 : *other ? -1 : 0;
			return true;
		}
		size = part_size(one);
		other_size = part_size(other);
		if (!isdigit((unsigned char)*one) != !isdigit((unsigned char)*other))
			return false;
		*ret_order = isdigit((unsigned char)*one) ?
			compare_numbers(one, size, other, other_size) :
			compare_words(one, size, other, other_size);
		one += size;
		other += other_size;
	}
	return true;
}

static bool operator_holds(const char *operator, int order, bool *ret_holds)
{
	static const struct {
		const char *names[4];
		bool less, equal, greater;
	} operators[] = {
		{ { "==", "=", "eq", NULL }, false, true, false },
		{ { "!=", "<>", "ne", NULL }, true, false, true },
		{ { "<", "lt", NULL }, true, false, false },
		{ { "<=", "le", NULL }, true, true, false },
		{ { ">", "gt", NULL }, false, false, true },
		{ { ">=", "ge", NULL }, false, true, true },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		for (size_t j = 0; operators[i].names[j]; j++) {
			if (strcmp(operators[i].names[j], operator) != 0)
				continue;
			*ret_holds = order < 0 ? operators[i].less : order > 0 ?
				operators[i].greater : operators[i].equal;
			return true;
		}
	}
	return false;
}

/* A version may be a number, if it was written without quotes. */
static int version_text(struct evaluation *evaluation, struct call *call, struct value *value,
	const char **ret_text)
{
	if (value->kind == VALUE_STRING)
		*ret_text = value->text;
	else if (value->kind == VALUE_INTEGER || value->kind == VALUE_FLOAT)
		*ret_text = expression_show(evaluation->evaluator->arena, value);
	else
		return call_error(evaluation, call, "a version", value);
	return **ret_text ? 0 : evaluation_error(evaluation, call->offset, "the version is empty");
}

static int test_version(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const char *one, *other, *operator;
	bool holds;
	int order;

	if (version_text(evaluation, call, call->input, &one) < 0 ||
		version_text(evaluation, call, call->arguments[0], &other) < 0 ||
		call_text(evaluation, call, 1, "==", &operator) < 0)
		return -1;
	if (!compare_versions(one, other, &order))
		return evaluation_error(evaluation, call->offset,
			"these versions cannot be compared: a number meets a word");
	if (!operator_holds(operator, order, &holds))
		return evaluation_error(evaluation, call->offset,
			"the operator must be ==, !=, <, <=, > or >=");
	*ret_value = value_bool(evaluation->evaluator->arena, holds);
	return 0;
}

const struct callable tests_version[] = {
	{ "version", test_version, 1, 0, { "version", "operator" } },
	{ "version_compare", test_version, 1, 0, { "version", "operator" } },
	{ 0 },
};
