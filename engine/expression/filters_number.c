/* filters_number: abs, round, pow. */
#include "expression/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int filter_abs(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (call->input->kind == VALUE_FLOAT)
		*ret_value = value_float(arena, fabs(call->input->number));
	else if (call->input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "a number", call->input);
	else if (call->input->integer == INT64_MIN)
		return evaluation_error(evaluation, call->offset,
			"the result is larger than 64 bits");
	else
		*ret_value = value_integer(arena, call->input->integer < 0 ? -call->input->integer :
			call->input->integer);
	return 0;
}

/* As Python's round(): of the number as it is stored, halves to the even neighbour. */
static double round_common(double number, int64_t precision)
{
	double scale = pow(10, (double)-precision);
	char text[700];

	if (precision < 0)
		return nearbyint(number / scale) * scale;
	snprintf(text, sizeof(text), "%.*f", (int)precision, number);
	return strtod(text, NULL);
}

static int round_method(struct evaluation *evaluation, const struct call *call, const char *method,
	double number, int64_t precision, double *ret_number)
{
	double scale = pow(10, (double)precision);

	if (strcmp(method, "common") == 0)
		*ret_number = round_common(number, precision);
	else if (strcmp(method, "ceil") == 0)
		*ret_number = ceil(number * scale) / scale;
	else if (strcmp(method, "floor") == 0)
		*ret_number = floor(number * scale) / scale;
	else
		return evaluation_error(evaluation, call->offset,
			"the method must be 'common', 'ceil' or 'floor'");
	return 0;
}

/* round(precision, method): an integer stays one, unless the method is another. */
static int filter_round(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *input = call->input;
	double number = input->kind == VALUE_FLOAT ? input->number : (double)input->integer;
	const char *method;
	int64_t precision;

	if (input->kind != VALUE_FLOAT && input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "a number", input);
	if (call_integer(evaluation, call, 0, 0, &precision) < 0 ||
		call_text(evaluation, call, 1, "common", &method) < 0)
		return -1;
	if (precision < -300 || precision > 300)
		return evaluation_error(evaluation, call->offset,
			"the precision must be -300 to 300");
	*ret_value = call->input;
	if (input->kind == VALUE_INTEGER && precision >= 0 && strcmp(method, "common") == 0)
		return 0;
	if (round_method(evaluation, call, method, number, precision, &number) < 0)
		return -1;
	if (input->kind == VALUE_INTEGER && strcmp(method, "common") == 0 && fabs(number) < 9.2e18)
		*ret_value = value_integer(evaluation->evaluator->arena, (int64_t)number);
	else
		*ret_value = value_float(evaluation->evaluator->arena, number);
	return 0;
}

static int filter_pow(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	if (evaluate_binary(evaluation, call->offset, OPERATION_POWER, call->input,
			call->arguments[0], ret_value) < 0)
		return -1;
	/* Unlike **. */
	if (*ret_value && (*ret_value)->kind == VALUE_INTEGER)
		*ret_value = value_float(evaluation->evaluator->arena, (double)(*ret_value)->integer);
	return 0;
}

const struct callable filters_number[] = {
	{ "abs", filter_abs, 0, 0, { NULL } },
	{ "round", filter_round, 0, 0, { "precision", "method" } },
	{ "pow", filter_pow, 1, 0, { "x" } },
	{ 0 },
};
