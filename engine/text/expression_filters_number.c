/* expression_filters_number: abs, round, pow. */
#include "text/expression_evaluate.h"

#include <math.h>
#include <string.h>

static int filter_abs(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->arena;

	if (call->input->kind == VALUE_FLOAT)
		*ret_value = value_float(arena, fabs(call->input->number));
	else if (call->input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "a number", call->input);
	else if (call->input->integer == INT64_MIN)
		return evaluation_error(evaluation, call->offset, "the result is larger than 64 bits");
	else
		*ret_value = value_integer(arena, call->input->integer < 0 ? -call->input->integer :
			call->input->integer);
	return 0;
}

/* As Python's round(): halves go to the even neighbour. */
static double round_common(double number)
{
	double below = floor(number);
	double rest = number - below;

	if (rest < 0.5 || (!(rest > 0.5) && !(fmod(below, 2.0) > 0 || fmod(below, 2.0) < 0)))
		return below;
	return below + 1;
}

/* round(precision, method): always a float, as in Jinja. */
static int filter_round(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *input = call->input;
	double number = input->kind == VALUE_FLOAT ? input->number : (double)input->integer;
	const char *method;
	int64_t precision;
	double scale;

	if (input->kind != VALUE_FLOAT && input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "a number", input);
	if (call_integer(evaluation, call, 0, 0, &precision) < 0 ||
		call_text(evaluation, call, 1, "common", &method) < 0)
		return -1;
	if (precision < -300 || precision > 300)
		return evaluation_error(evaluation, call->offset, "the precision must be -300 to 300");
	scale = pow(10, (double)precision);
	if (strcmp(method, "common") == 0)
		number = round_common(number * scale) / scale;
	else if (strcmp(method, "ceil") == 0)
		number = ceil(number * scale) / scale;
	else if (strcmp(method, "floor") == 0)
		number = floor(number * scale) / scale;
	else
		return evaluation_error(evaluation, call->offset,
			"the method must be 'common', 'ceil' or 'floor'");
	*ret_value = value_float(evaluation->evaluator->arena, number);
	return 0;
}

static int filter_pow(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return evaluate_binary(evaluation, call->offset, OPERATION_POWER, call->input,
		call->arguments[0], ret_value);
}

const struct callable filters_number[] = {
	{ "abs", filter_abs, 0, 0, { NULL } },
	{ "round", filter_round, 0, 0, { "precision", "method" } },
	{ "pow", filter_pow, 1, 0, { "x" } },
	{ 0 },
};
