/* debug: print a message, or the value of a variable; no host is asked. */
#include "module/module.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

static const struct param debug_table[] = {
	{ .name = "msg", .kind = PARAM_ANY, .doc = "what to print: a string, a list or a map",
		.otherwise = "Hello world!",
		.flags = PARAM_FREE_FORM },
	{ .name = "var", .kind = PARAM_STRING, .doc = "an expression whose value to print instead" },
	{ .name = "verbosity", .kind = PARAM_INTEGER,
		.doc = "print only at this verbosity (number of -v)",
		.otherwise = "0" },
	{ 0 },
};

/* "r.rc: 0"; a list or map stays one, below its name. */
static int show_variable(struct prepare *prepare, const struct value *var,
	struct value **ret_shown, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct buffer text = {0};
	struct value *value, *shown;

	if (prepare_expression(prepare, var, &value, err) < 0)
		return error_place(err, var->place);
	*ret_shown = value;
	if (value->kind == VALUE_UNKNOWN)
		return 0;
	if (value->kind == VALUE_LIST || value->kind == VALUE_MAP) {
		*ret_shown = value_map(arena);
		value_set(arena, *ret_shown, value_text(var), value);
		return 0;
	}
	if (prepare_template(prepare, arena_printf(arena, "{{ %s }}", value_text(var)),
			strlen(value_text(var)) + 6, var->place.file, NULL, &shown, err) < 0)
		return error_place(err, var->place);
	buffer_printf(&text, "%s: ", value_text(var));
	buffer_add(&text, shown->text, shown->size);
	*ret_shown = value_bytes(arena, text.data, text.size);
	(*ret_shown)->level = shown->level;
	buffer_free(&text);
	return 0;
}

static int debug_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *var = value_get(params, "var");
	const char *verbosity = value_get_string(params, "verbosity");
	struct value *shown = value_get(params, "msg");

	if (verbosity && strtoul(verbosity, NULL, 10) > prepare_verbosity(prepare)) {
		decision->status = DECISION_SKIPPED;
		decision->message = arena_printf(arena, "shown with -%.*s",
			(int)strtoul(verbosity, NULL, 10), "vvvvv");
		return 0;
	}
	if (value_text(var) && show_variable(prepare, var, &shown, err) < 0)
		return -1;
	decision->results = value_map(arena);
	value_set(arena, decision->results, "msg", shown);
	value_set(arena, decision->results, "show", shown);
	return 0;
}

const struct module module_debug = {
	.name = "debug",
	.summary = "print a message, or the value of a variable",
	.params = debug_table,
	.flags = MODULE_CONTROLLER | MODULE_LOOKS,
	.decide = debug_decide,
};
