/* modules: a few tables of modules for tests of texts: every kind of parameter, and nothing else, so
 * that these tests don't depend on which modules there are. */
#ifndef TESTS_PLAYS_MODULES_H
#define TESTS_PLAYS_MODULES_H

#include "module/module.h"
#include "playbook/play.h"

#include <string.h>

static const char *const file_states[] = { "file", "directory", "absent", "touch", NULL };
static const char *const package_states[] = { "present", "latest", "absent", NULL };
static const char *const package_aliases[] = { "apt", NULL };

static const struct param file_params[] = {
	{ "path", PARAM_PATH, "which file", NULL, PARAM_REQUIRED, NULL, NULL, "dest", { 0 } },
	{ "state", PARAM_CHOICE, "what is there", "file", 0, file_states, NULL, NULL, { 0 } },
	{ "mode", PARAM_MODE, "its permissions", NULL, 0, NULL, NULL, NULL, { 0 } },
	{ "content", PARAM_STRING, "what it holds", NULL, PARAM_CONTENT, NULL, NULL, NULL, { 0 } },
	{ "src", PARAM_SOURCE, "where its content is", NULL, 0, NULL, NULL, NULL, { 0 } },
	{ "recurse", PARAM_BOOL, "all below it too", "no", 0, NULL, NULL, NULL, { 0 } },
	{ "digest", PARAM_STRING, "of a body", NULL, PARAM_INTERNAL, NULL, NULL, NULL, { 0 } },
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static const struct param command_params[] = {
	{ "cmd", PARAM_STRING, "what is run", NULL, PARAM_FREE_FORM, NULL, NULL, NULL, { 0 } },
	{ "argv", PARAM_LIST, "its words", NULL, 0, NULL, NULL, NULL, { 0 } },
	{ "creates", PARAM_PATH, "not if this is there", NULL, 0, NULL, NULL, NULL, { 0 } },
	{ "chdir", PARAM_PATH, "where", NULL, 0, NULL, NULL, NULL, { 0 } },
	{ "expand_argument_vars", PARAM_BOOL, "", NULL, PARAM_NOT_YET, NULL, NULL, NULL, { 0 } },
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static const struct param package_params[] = {
	{ "name", PARAM_LIST, "which packages", NULL, PARAM_REQUIRED, NULL, NULL, "pkg", { 0 } },
	{ "state", PARAM_CHOICE, "what is there", "present", 0, package_states, NULL, NULL, { 0 } },
	{ "lock_timeout", PARAM_DURATION, "how long to wait", "60s", 0, NULL, NULL, NULL, { 0 } },
	{ "update_cache", PARAM_BOOL, "refresh first", "no", 0, NULL, NULL, NULL, { 0 } },
	{ "retries", PARAM_INTEGER, "how often", "3", 0, NULL, NULL, NULL, { 0 } },
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static const struct param hosts_entry_params[] = {
	{ "address", PARAM_STRING, "an address", NULL, PARAM_REQUIRED, NULL, NULL, NULL, { 0 } },
	{ "names", PARAM_LIST, "its names", "", 0, NULL, NULL, NULL, { 0 } },
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static const struct param hosts_params[] = {
	{ "group", PARAM_PATTERN, "of which hosts", "all", 0, NULL, NULL, NULL, { 0 } },
	{ "extra", PARAM_RECORDS, "more entries", "", 0, NULL, hosts_entry_params, NULL, { 0 } },
	{ "labels", PARAM_MAP, "words and what they mean", "", 0, NULL, NULL, NULL, { 0 } },
	{ "password", PARAM_STRING, "never shown", NULL, PARAM_SECRET, NULL, NULL, NULL, { 0 } },
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static const struct param no_params[] = {
	{ NULL, PARAM_STRING, NULL, NULL, 0, NULL, NULL, NULL, { 0 } },
};

static inline int file_check(const struct value *params, struct error *err)
{
	if (!value_get(params, "content") || !value_get(params, "src"))
		return 0;
	error_at(err, TASK_CONFLICTING_PARAMETERS, value_get(params, "src")->place, "'content' and "
		"'src' exclude each other");
	return error_remedy(err, "keep one of them");
}

static const struct module module_file = {
	.name = "file", .params = file_params, .check = file_check,
};
static const struct module module_command = {
	.name = "command", .params = command_params, .flags = MODULE_ACTION,
};
static const struct module module_packages = {
	.name = "apt-packages", .params = package_params, .aliases = package_aliases,
};
static const struct module module_hosts = { .name = "hosts-file", .params = hosts_params };
static const struct module module_ping = { .name = "ping", .params = no_params };
static const struct module module_part = {
	.name = "file-part", .params = no_params, .flags = MODULE_INTERNAL,
};

static const struct param assert_params[] = {
	{ .name = "that", .kind = PARAM_CONDITION, .flags = PARAM_REQUIRED },
	{ 0 },
};
static const struct module module_set_fact = {
	.name = "set_fact", .params = no_params, .flags = MODULE_CONTROLLER | MODULE_SETS,
};
static const struct module module_assert = {
	.name = "assert", .params = assert_params, .flags = MODULE_CONTROLLER,
};

static const struct module module_include = {
	.name = "include", .params = no_params,
	.flags = MODULE_CONTROLLER | MODULE_SETS | MODULE_INTERNAL,
};

static const struct module module_meta = {
	.name = "meta", .params = no_params, .flags = MODULE_CONTROLLER | MODULE_INTERNAL,
};

static const struct module *const test_modules_all[] = {
	&module_packages, &module_assert, &module_command, &module_file, &module_part, &module_hosts,
	&module_include, &module_meta, &module_ping, &module_set_fact, NULL,
};

static inline bool test_name_is(const char *one, const char *other)
{
	while (*one && (*one == *other || (*one == '-' && *other == '_'))) {
		one++;
		other++;
	}
	return *one == *other;
}

static inline const struct module *test_module_find(const char *name)
{
	if (strncmp(name, "ansible.builtin.", 16) == 0)
		name += 16;
	for (size_t i = 0; test_modules_all[i]; i++) {
		if (test_name_is(test_modules_all[i]->name, name) || (test_modules_all[i]->aliases &&
			strcmp(test_modules_all[i]->aliases[0], name) == 0))
			return test_modules_all[i];
	}
	return NULL;
}

static const struct playbook_modules test_modules = { test_modules_all, test_module_find,
	false };

#endif
