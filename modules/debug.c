/* debug: says something, or what a variable holds; no host is asked. */
#include "modules/module.h"

#include <string.h>

static const struct param debug_table[] = {
	{ .name = "msg", .kind = PARAM_STRING, .doc = "what is said", .otherwise = "Hello world!",
		.flags = PARAM_FREE_FORM },
	{ .name = "var", .kind = PARAM_STRING, .doc = "an expression, whose value is said instead" },
	{ .name = "verbosity", .kind = PARAM_INTEGER, .doc = "only with so many -v",
		.otherwise = "0" },
	{ 0 },
};

static int debug_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *var = value_get_string(params, "var");
	struct value *shown = value_get(params, "msg");

	if (var) {
		const char *text = arena_printf(arena, "{{ %s }}", var);

		if (prepare_template(prepare, text, strlen(text), value_get(params, "var")->place.file,
				NULL, &shown, err) < 0)
			return error_place(err, value_get(params, "var")->place);
		if (shown->kind == VALUE_STRING)
			shown = value_printf(arena, "%s: %s", var, shown->text);
	}
	value_remove(params, "msg");
	value_remove(params, "var");
	value_remove(params, "verbosity");
	value_set(arena, params, "show", shown);
	return 0;
}

const struct module module_debug = {
	.name = "debug",
	.summary = "says something, or what a variable holds",
	.params = debug_table,
	.flags = MODULE_CONTROLLER,
	.prepare = debug_prepare,
};
