/* package_facts: which packages the machine has, as facts. */
#include "modules/shared/dpkg_status.h"

#include "module/module.h"

#include <string.h>

struct package_facts_params {
	char **manager;
	unsigned manager_count;
	char *strategy;
};

struct package_facts_state {
	struct value *packages;    /* name → a list of maps, one an architecture */
};

static const char *const strategies[] = { "first", "all", NULL };
static const char *const gives[] = { "packages", NULL };

static const struct param package_facts_table[] = {
	{ .name = "manager", .kind = PARAM_LIST, .otherwise = "auto", .doc = "auto or apt",
		.into = INTO_LIST(struct package_facts_params, manager) },
	{ .name = "strategy", .kind = PARAM_CHOICE, .otherwise = "first", .choices = strategies,
		.doc = "either: there is one package manager",
		.into = INTO_TEXT(struct package_facts_params, strategy) },
	{ 0 },
};

static int package_facts_check(const struct value *params, struct error *err)
{
	const struct value *managers = value_get(params, "manager");

	for (size_t i = 0; i < value_item_count(managers); i++) {
		const char *word = value_text(value_item(managers, i));

		if (!word || strcmp(word, "auto") == 0 || strcmp(word, "apt") == 0)
			continue;
		error_at(err, TASK_INVALID_VALUE, managers->place, "packages of '%s' are not told", word);
		return error_remedy(err, "nodes are Debian machines: write auto or apt");
	}
	return 0;
}

static int package_facts_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	struct package_facts_state *have = state;
	struct arena *arena = host_arena(host);
	struct dpkg_status status;

	(void)params;
	host_has_read(host, "package:*");
	if (dpkg_status_read(host_quiet(host), &status, err) < 0)
		return -1;
	have->packages = value_map(arena);
	for (size_t i = 0; i < status.count; i++) {
		const struct dpkg_package *package = &status.packages[i];
		struct value *told = value_map(arena), *list = value_get(have->packages, package->name);

		if (package->state != DPKG_INSTALLED)
			continue;
		if (!list) {
			list = value_list(arena);
			value_set(arena, have->packages, package->name, list);
		}
		value_set_string(arena, told, "name", package->name);
		value_set_string(arena, told, "version", package->version);
		value_set_string(arena, told, "arch", package->architecture);
		value_set_string(arena, told, "category", package->section);
		value_set_string(arena, told, "source", "apt");
		value_append(arena, list, told);
	}
	return 0;
}

static void package_facts_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static void package_facts_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	struct value *facts = value_map(arena);

	(void)params;
	value_set(arena, results, "ansible_facts", facts);
	value_set(arena, facts, "packages", ((const struct package_facts_state *)state)->packages);
}

const struct module module_package_facts = {
	.name = "package_facts",
	.summary = "return which packages are installed (without their origin)",
	.params = package_facts_table,
	.params_size = sizeof(struct package_facts_params),
	.state_size = sizeof(struct package_facts_state),
	.flags = MODULE_LOOKS,
	.gives = gives,
	.check = package_facts_check,
	.inspect = package_facts_inspect,
	.plan = package_facts_plan,
	.results = package_facts_results,
};
