/* pip: Python packages, in an environment of their own or the system's. */
#include "modules/pip/pip.h"

#include "modules/command/command_run.h"
#include "modules/errors.h"

#include <string.h>

enum pip_step { PIP_MAKE_ENVIRONMENT, PIP_INSTALL, PIP_UNINSTALL, PIP_ALONG, PIP_REMOVE_ENVIRONMENT };

static const char *const state_words[] = { "present", "latest", "absent", NULL };
static const cyaml_strval_t states[] = { { "present", PIP_PRESENT }, { "latest", PIP_LATEST },
	{ "absent", PIP_ABSENT } };

static const struct param pip_table[] = {
	{ .name = "name", .kind = PARAM_LIST, .otherwise = "", .doc = "names, as requests, requests==2.31.0 or "
		"requests>=2; or files and URLs that pip takes", .into = INTO_LIST(struct pip_params, name) },
	{ .name = "version", .kind = PARAM_STRING, .doc = "of the one that is named",
		.into = INTO_TEXT(struct pip_params, version) },
	{ .name = "requirements", .kind = PARAM_PATH, .doc = "a file with names, on the host",
		.into = INTO_TEXT(struct pip_params, requirements) },
	{ .name = "state", .kind = PARAM_CHOICE, .otherwise = "present", .choices = state_words,
		.doc = "whether they are installed",
		.into = INTO_CHOICE(struct pip_params, state, states) },
	{ .name = "virtualenv", .kind = PARAM_PATH, .doc = "the environment's directory, made if it is missing",
		.into = INTO_TEXT(struct pip_params, virtualenv) },
	{ .name = "virtualenv_command", .kind = PARAM_STRING, .flags = PARAM_ASIDE,
		.doc = "what makes it; by default python3 -m venv, of the package python3-venv",
		.into = INTO_TEXT(struct pip_params, virtualenv_command) },
	{ .name = "virtualenv_python", .kind = PARAM_STRING, .flags = PARAM_ASIDE, .doc = "the Python that makes it, instead",
		.into = INTO_TEXT(struct pip_params, virtualenv_python) },
	{ .name = "virtualenv_site_packages", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_ASIDE,
		.doc = "a new environment sees the system's packages, too",
		.into = INTO_BOOL(struct pip_params, virtualenv_site_packages) },
	{ .name = "executable", .kind = PARAM_STRING, .doc = "the pip that is used, by its name or path; by default pip3",
		.into = INTO_TEXT(struct pip_params, executable) },
	{ .name = "extra_args", .kind = PARAM_STRING, .flags = PARAM_ASIDE, .doc = "more options of pip install",
		.into = INTO_TEXT(struct pip_params, extra_args) },
	{ .name = "chdir", .kind = PARAM_PATH, .flags = PARAM_ASIDE, .doc = "where pip runs",
		.into = INTO_TEXT(struct pip_params, chdir) },
	{ .name = "break_system_packages", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_ASIDE,
		.doc = "install among Debian's own packages, in spite of Debian",
		.into = INTO_BOOL(struct pip_params, break_system_packages) },
	{ .name = "undo", .kind = PARAM_BOOL, .otherwise = "no", .doc = "go back to what was", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct pip_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .otherwise = "no", .doc = "the environment goes", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct pip_params, made) },
	{ .name = "gone", .kind = PARAM_LIST, .otherwise = "", .doc = "what goes", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct pip_params, gone) },
	{ .name = "back", .kind = PARAM_LIST, .otherwise = "", .doc = "what comes back", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct pip_params, back) },
	{ .name = "editable", .kind = PARAM_BOOL, .doc = "leave it where it is", .flags = PARAM_NOT_YET },
	{ .name = "umask", .kind = PARAM_STRING, .doc = "of new files", .flags = PARAM_NOT_YET },
	{ 0 },
};

/* --- The controller --- */

static bool says(const struct value *params, const char *name, const char *word)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, word) == 0;
}

static int check_names(const struct value *names, struct error *err)
{
	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		const char *name = value_text(names->items[i]);

		if (name && (!*name || *name == '-' || strpbrk(name, "\n\r")))
			return error_at(err, TASK_INVALID_NAME, names->items[i]->place, "'%s' is not the name of a package", name);
	}
	return 0;
}

static int pip_check(const struct value *params, struct error *err)
{
	const struct value *names = value_get(params, "name"), *version = value_get(params, "version");
	size_t count = names && names->kind == VALUE_LIST ? names->count : 1;

	if (says(params, "undo", "true"))
		return 0;
	if (count == 0 && !value_get(params, "requirements") && !value_get(params, "virtualenv"))
		return error_set(err, TASK_MISSING_PARAMETER, "one of 'name', 'requirements' and 'virtualenv' is needed");
	if (version && count != 1)
		return error_at(err, TASK_CONFLICTING_PARAMETERS, version->place, "'version' needs one 'name'");
	if (value_get(params, "executable") && value_get(params, "virtualenv"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, value_get(params, "executable")->place,
			"'executable' and 'virtualenv' exclude each other");
	return check_names(names, err);
}

static void pip_resources(struct names *names, const void *params)
{
	const struct pip_params *want = params;
	const char *where = want->virtualenv ? want->virtualenv : want->executable ? want->executable : "pip3";

	if (want->name_count == 0)
		names_add(names, "pip:%s:%s", where, want->requirements ? want->requirements : "");
	for (unsigned i = 0; i < want->name_count; i++) {
		names_add(names, "pip:%s:%.*s", where, (int)strcspn(want->name[i], "=<>!~;[ "), want->name[i]);
		names_wish(names, "%s %s %d", want->name[i], want->version ? want->version : "", want->state);
	}
}

/* --- Planning --- */

static void plan_packages(struct plan *plan, const struct pip_state *have)
{
	for (size_t i = 0; i < have->going->count; i++) {
		const char *name = value_text(have->going->items[i]);

		plan_add(plan, i == 0 ? PIP_UNINSTALL : PIP_ALONG, name, "version", value_get_string(have->installed, name),
			"absent");
	}
	for (size_t i = 0; i < have->coming->count; i++) {
		const char *name = value_key(have->coming, i), *before = value_get_string(have->installed, name);

		plan_add(plan, i == 0 ? PIP_INSTALL : PIP_ALONG, name, "version", before ? before : "absent",
			value_text(have->coming->pairs[i].value));
	}
}

static void pip_plan(struct plan *plan, const void *params, const void *state)
{
	const struct pip_params *want = params;
	const struct pip_state *have = state;

	if (want->undo && want->made) {
		if (!have->environment)
			return;
		if (have->strange)
			plan_refuse(plan, HOST_FILE_CHANGED, "keep what is yours of it, and remove it by hand",
				"'%s' holds '%s', too", want->virtualenv, have->strange);
		else if (guard_plan(plan, &have->refusal))
			plan_add(plan, PIP_REMOVE_ENVIRONMENT, want->virtualenv, "state", "environment", "absent");
		return;
	}
	if (!have->environment) {
		if (want->state == PIP_ABSENT || want->undo)
			return;
		plan_add(plan, PIP_MAKE_ENVIRONMENT, want->virtualenv, "state", "absent", "environment");
		if (want->requirements)
			plan_add(plan, PIP_INSTALL, want->requirements, "packages", "absent", "present");
		for (unsigned i = 0; i < want->name_count; i++)
			plan_add(plan, i == 0 && !want->requirements ? PIP_INSTALL : PIP_ALONG, want->name[i], "version", "absent",
				want->version ? want->version : "present");
	} else {
		plan_packages(plan, have);
	}
}

/* --- Changing --- */

static int make_environment(struct host *host, const struct pip_params *want, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *command = want->virtualenv_command ? want->virtualenv_command
		: arena_printf(arena, "%s -m venv", want->virtualenv_python ? want->virtualenv_python : "python3");
	const char *const *split, **words;
	struct command_result told;
	size_t count, own;

	if (command_split(arena, command, &split, &own, err) < 0)
		return -1;
	words = arena_array(arena, own + 6, sizeof(*words));
	for (count = 0; count < own; count++)
		words[count] = split[count];
	if (want->virtualenv_command && want->virtualenv_python) {
		words[count++] = "-p";
		words[count++] = want->virtualenv_python;
	}
	words[count++] = want->virtualenv_site_packages ? "--system-site-packages" : "";
	words[count++] = want->virtualenv;
	return pip_run(host, want, false, words, &told, err);
}

static int install_back(struct host *host, const struct pip_params *want, const struct pip_state *have,
	struct error *err)
{
	struct command_result told;
	const char **words;
	size_t count;

	if (pip_install_words(host_arena(host), want, false, have->coming->count, &words, &count, err) < 0)
		return -1;
	words[count++] = "--no-deps";
	for (size_t i = 0; i < have->coming->count; i++)
		words[count++] = arena_printf(host_arena(host), "%s==%s", value_key(have->coming, i),
			value_text(have->coming->pairs[i].value));
	return pip_run(host, want, false, words, &told, err);
}

static int uninstall(struct host *host, const struct pip_params *want, const struct pip_state *have,
	struct error *err)
{
	const char **words = arena_array(host_arena(host), PIP_WORDS_OWN + have->going->count, sizeof(*words));
	struct command_result told;
	size_t count = 0;

	words[count++] = pip_of(host_arena(host), want);
	words[count++] = "uninstall";
	words[count++] = "-y";
	words[count++] = want->break_system_packages ? "--break-system-packages" : "";
	for (size_t i = 0; i < have->going->count; i++)
		words[count++] = value_text(have->going->items[i]);
	return pip_run(host, want, false, words, &told, err);
}

/* Only what pip and venv have put there is in it: that has been looked at. */
static int remove_environment(struct host *host, const struct pip_params *want, struct error *err)
{
	const char *const argv[] = { "find", want->virtualenv, "-xdev", "-delete", NULL };
	const struct command command = { .argv = argv };
	struct guard_refusal refusal = {0};
	struct command_result told;

	if (guard_look(host, want->virtualenv, 0, &refusal, err) < 0 || guard_error(&refusal, err) < 0
			|| host_record_set(host, pip_record_key(host_arena(host), want), NULL, err) < 0)
		return -1;
	return host_run(host, &command, &told, err);
}

/* So that an undo knows what somebody else has put into the environment. */
static int remember(struct host *host, const struct pip_params *want, struct error *err)
{
	struct pip_state now = { .installed = value_map(host_arena(host)) };
	struct value *record = value_map(host_arena(host));

	if (!want->virtualenv || want->undo)
		return 0;
	if (pip_look_at_installed(host, want, &now, err) < 0)
		return -1;
	value_set(host_arena(host), record, "installed", now.installed);
	return host_record_set(host, pip_record_key(host_arena(host), want), record, err);
}

static int pip_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct pip_params *want = params;
	const struct pip_state *have = state;
	struct command_result told;

	(void)results;
	switch ((enum pip_step)change->step) {
	case PIP_MAKE_ENVIRONMENT:
		return make_environment(host, want, err) < 0 ? -1 : remember(host, want, err);
	case PIP_INSTALL:
		if (want->undo)
			return install_back(host, want, have, err);
		return pip_install_wished(host, want, false, &told, err) < 0 ? -1 : remember(host, want, err);
	case PIP_UNINSTALL:
		return uninstall(host, want, have, err);
	case PIP_ALONG:
		return 0;
	case PIP_REMOVE_ENVIRONMENT:
		return remove_environment(host, want, err);
	}
	return -1;
}

static void pip_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct pip_params *want = params;

	(void)state;
	value_set_string(arena, results, "cmd", pip_of(arena, want));
	if (want->virtualenv)
		value_set_string(arena, results, "virtualenv", want->virtualenv);
}

/* --- The way back --- */

static struct value *way_back(struct arena *arena, const struct pip_params *want, const struct pip_state *have)
{
	struct value *params = value_map(arena), *gone = value_list(arena), *back = value_list(arena);

	for (size_t i = 0; i < have->coming->count; i++) {
		const char *name = value_key(have->coming, i), *before = value_get_string(have->installed, name);

		value_append(arena, before ? back : gone, before ? value_printf(arena, "%s==%s", name, before)
			: value_string(arena, name));
	}
	for (size_t i = 0; i < have->going->count; i++) {
		const char *name = value_text(have->going->items[i]);

		value_append(arena, back, value_printf(arena, "%s==%s", name, value_get_string(have->installed, name)));
	}
	value_set(arena, params, "gone", gone);
	value_set(arena, params, "back", back);
	value_set_bool(arena, params, "made", !have->environment);
	value_set_bool(arena, params, "undo", true);
	value_set_bool(arena, params, "break_system_packages", want->break_system_packages);
	if (want->virtualenv)
		value_set_string(arena, params, "virtualenv", want->virtualenv);
	if (want->executable)
		value_set_string(arena, params, "executable", want->executable);
	if (want->extra_args)
		value_set_string(arena, params, "extra_args", want->extra_args);
	return params;
}

/* Of several names the first carries what all of them bring. */
static void pip_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct pip_params *want = params;
	const struct pip_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	const char *where = want->virtualenv ? want->virtualenv : want->executable ? want->executable : "pip3";
	struct value *nothing = value_map(arena);

	if (want->undo && want->made) {
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "pip:%s:", where),
			.reason = "an environment comes back with the task that makes it" });
		return;
	}
	value_set_bool(arena, nothing, "undo", true);
	if (want->virtualenv)
		value_set_string(arena, nothing, "virtualenv", want->virtualenv);
	if (want->name_count == 0)
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "pip:%s:%s", where,
			want->requirements ? want->requirements : ""), .params = way_back(arena, want, have) });
	for (unsigned i = 0; i < want->name_count; i++)
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "pip:%s:%.*s", where,
			(int)strcspn(want->name[i], "=<>!~;[ "), want->name[i]),
			.params = i == 0 ? way_back(arena, want, have) : nothing });
}

const struct module module_pip = {
	.name = "pip",
	.summary = "Python packages, in an environment of their own or the system's",
	.params = pip_table,
	.params_size = sizeof(struct pip_params),
	.state_size = sizeof(struct pip_state),
	.check = pip_check,
	.resources = pip_resources,
	.inspect = pip_inspect,
	.plan = pip_plan,
	.apply = pip_apply,
	.results = pip_results,
	.invert = pip_invert,
};
