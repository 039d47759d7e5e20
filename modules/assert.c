/* assert: fail unless conditions hold; no host is asked. */
#include "module/module.h"

#include <string.h>

static const struct param assert_table[] = {
	{ .name = "that", .kind = PARAM_CONDITION, .flags = PARAM_REQUIRED,
		.doc = "the conditions that must hold, as in when" },
	{ .name = "fail_msg", .kind = PARAM_ANY, .alias = "msg", .otherwise = "Assertion failed",
		.doc = "what is said if one doesn't hold: a text, or a list of them" },
	{ .name = "success_msg", .kind = PARAM_ANY, .otherwise = "All assertions passed",
		.doc = "what is said if all hold: a text, or a list of them" },
	{ .name = "quiet", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "say nothing if all hold" },
	{ 0 },
};

static int check_message(const struct value *params, const char *name, struct error *err)
{
	const struct value *message = value_get(params, name);

	for (size_t i = 0; i < value_item_count(message); i++) {
		const struct value *line = value_item(message, i);

		if (!value_text(line) && line->kind != VALUE_UNKNOWN)
			return error_at(err, TASK_INVALID_VALUE, line->place, "'%s' of assert must be a text "
				"or a list of texts, not %s", name, value_kind_name(line));
	}
	if (message && message->kind == VALUE_MAP)
		return error_at(err, TASK_INVALID_VALUE, message->place, "'%s' of assert must be a text or "
			"a list of texts, not a map", name);
	return 0;
}

static int assert_check(const struct value *params, struct error *err)
{
	if (check_message(params, "fail_msg", err) < 0)
		return -1;
	return check_message(params, "success_msg", err);
}

/* "a, b" */
static const char *one_line(struct arena *arena, const struct value *message)
{
	const char *line = value_text(message) ? value_text(message) : "";

	for (size_t i = 0; i < value_item_count(message); i++)
		line = arena_printf(arena, "%s%s%s", line, i ? ", " : "",
			value_text(value_item(message, i)) ? value_text(value_item(message, i)) : "");
	return line;
}

static void decide_failed(struct arena *arena, const struct value *params,
	struct value *assertion, struct decision *decision)
{
	const struct value *message = value_get(params, "fail_msg");

	decision->status = DECISION_FAILED;
	decision->message = arena_printf(arena, "%s: %s", one_line(arena, message),
		assertion->kind == VALUE_BOOL ? "false" : value_text(assertion));
	value_set(arena, decision->results, "assertion", assertion);
	value_set_bool(arena, decision->results, "evaluated_to", false);
	value_set(arena, decision->results, "msg", (struct value *)message);
}

static int assert_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	const struct value *that = value_get(params, "that");
	struct arena *arena = prepare_arena(prepare);
	struct value *truth, *message = value_get(params, "success_msg");

	decision->results = value_map(arena);
	for (size_t i = 0; i < value_item_count(that); i++) {
		struct value *one = value_item(that, i);

		if (prepare_condition(prepare, one, &truth, err) < 0)
			return error_place(err, one->place);
		if (truth->kind == VALUE_UNKNOWN) {
			value_set(arena, decision->results, "msg", truth);
			return 0;
		}
		if (!truth->truth) {
			decide_failed(arena, params, one, decision);
			return 0;
		}
	}
	value_set(arena, decision->results, "msg", message);
	if (strcmp(value_get_string(params, "quiet"), "true") != 0)
		value_set(arena, decision->results, "show", message);
	return 0;
}

const struct module module_assert = {
	.name = "assert",
	.summary = "fail unless conditions hold",
	.params = assert_table,
	.flags = MODULE_CONTROLLER,
	.check = assert_check,
	.decide = assert_decide,
};
