/* include_vars: variables of a file of the project, for all later tasks of the host; no host is asked. */
#include "module/module.h"

static const struct param include_vars_table[] = {
	{ .name = "file", .kind = PARAM_STRING, .doc = "the file, in vars/ of the role, else of the playbook, "
		"or beside them", .flags = PARAM_FREE_FORM | PARAM_REQUIRED },
	{ .name = "name", .kind = PARAM_STRING,
		.doc = "one variable that gets all of them as a map; without it each is one of its own" },
	{ 0 },
};

static int include_vars_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *file = value_get(params, "file"), *name = value_get(params, "name");
	struct value *vars;
	const char *path;

	decision->results = value_map(arena);
	if (file->kind == VALUE_UNKNOWN || (name && name->kind == VALUE_UNKNOWN)) {
		value_set(arena, decision->results, "ansible_facts", file->kind == VALUE_UNKNOWN
			? value_get(params, "file") : value_get(params, "name"));
		return 0;
	}
	if (prepare_find(prepare, value_text(file), "vars", &path, err) < 0
			|| prepare_vars(prepare, path, &vars, err) < 0)
		return error_place(err, file->place);
	decision->facts = vars;
	if (value_text(name)) {
		decision->facts = value_map(arena);
		value_set_at(arena, decision->facts, value_text(name), name->place, vars);
	}
	value_set(arena, decision->results, "ansible_facts", decision->facts);
	return 0;
}

const struct module module_include_vars = {
	.name = "include_vars",
	.summary = "set the variables of a file for all later tasks of the run",
	.params = include_vars_table,
	.flags = MODULE_CONTROLLER | MODULE_SETS_ANY,
	.decide = include_vars_decide,
};
