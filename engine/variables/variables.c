/* variables: what is known of each host: facts and registered results, and the run's own values. */
#include "variables/state.h"

#include "module/module.h"

#include <ctype.h>
#include <string.h>

/* What Ansible gathers, and beoplay doesn't. */
static const char *const ungathered[] = { "apparmor", "cmdline", "device_links", "devices",
	"distribution_file_path", "distribution_file_parsed", "distribution_file_variety", "fibre_channel_wwn",
	"form_factor", "hostnqn", "is_chroot", "iscsi_iqn", "loadavg", "local", "lsb", "lvm",
	"proc_cmdline", "python", "python_version", "selinux", "selinux_python_present",
	"system_capabilities", "system_capabilities_enforced", "virtualization_role",
	"virtualization_tech_guest", "virtualization_tech_host", "virtualization_type", NULL };

/* The facts of an interface have its name: lo, eth0, enp1s0, ib0, br0. */
static bool is_interface(const char *name)
{
	static const char *const prefixes[] = { "eth", "en", "wl", "ib", "br", "bond", "team",
		"veth",
		"vlan", "tun", "tap", "usb", "ens", "docker", NULL };
	size_t size = strlen(name);

	if (strcmp(name, "lo") == 0)
		return true;
	for (size_t i = 0; prefixes[i]; i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return isdigit((unsigned char)name[size - 1]) && !strchr(name, '.');
	}
	return false;
}

const char *fact_name(const char *name)
{
	static const char prefix[] = "ansible_";

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return NULL;
	name += strlen(prefix);
	if (strcmp(name, "facts") == 0)
		return "";
	for (const struct shape *fact = module_of_facts()->facts; fact->key; fact++) {
		if (fact->key[0] == name[0] && strcmp(fact->key, name) == 0)
			return name;
	}
	return NULL;
}

bool variables_is_ungathered(const char *name)
{
	static const char prefix[] = "ansible_";

	if (strncmp(name, prefix, strlen(prefix)) != 0 || fact_name(name))
		return false;
	name += strlen(prefix);
	for (size_t i = 0; ungathered[i]; i++) {
		if (strcmp(ungathered[i], name) == 0)
			return true;
	}
	return is_interface(name);
}

bool variables_is_fact(const char *name)
{
	return fact_name(name) != NULL;
}

/* Whether a source is a directory shows where the hosts are written: below it. */
static const char *file_below(const struct inventory *inventory, const char *directory)
{
	size_t size = strlen(directory);

	while (size > 1 && directory[size - 1] == '/')
		size--;
	for (size_t i = 0; inventory && i < inventory_host_count(inventory); i++) {
		const char *file = inventory_host(inventory, i)->place.file;

		if (file && strncmp(file, directory, size) == 0 && file[size] == '/')
			return file;
	}
	return NULL;
}

static void find_sources(struct variables *variables)
{
	const char *const *sources = variables->options.inventory_sources;
	const char *below;

	variables->sources = value_list(variables->arena);
	for (size_t i = 0; sources && sources[i]; i++)
		value_append(variables->arena, variables->sources,
			value_string(variables->arena, sources[i]));
	if (!sources || !sources[0] || strchr(sources[0], ','))
		return;
	below = file_below(variables->options.inventory, sources[0]);
	variables->inventory_file = below ? below : arena_string(variables->arena, sources[0]);
	variables->inventory_directory = below ? arena_string(variables->arena, sources[0]) :
		path_directory(variables->arena, sources[0]);
}

struct variables *variables_new(struct arena *arena, const struct variables_options *options)
{
	struct variables *variables = arena_alloc(arena, sizeof(*variables));

	variables->arena = arena;
	variables->options = *options;
	variables->turn = TURN_NONE;
	if (options->inventory)
		variables->groups = inventory_groups(options->inventory);
	for (size_t i = 0; options->secret_names && i < options->secret_names->count; i++)
		lookup_put(arena, &variables->secret_names, value_text(options->secret_names->items[i]),
			variables);
	find_sources(variables);
	return variables;
}

void variables_set_play_hosts(struct variables *variables, struct value *hosts, struct value *all,
	struct value *batch)
{
	variables->play_hosts = hosts;
	variables->play_hosts_all = all ? all : hosts;
	variables->play_batch = batch ? batch : hosts;
	variables->generation++;
}

const struct host_values *variables_of(const struct variables *variables,
	const struct inventory_host *host)
{
	static const struct host_values none;

	if (!variables || !host || host->index >= variables->host_count)
		return &none;
	return &variables->hosts[host->index];
}

static struct host_values *host_values(struct variables *variables,
	const struct inventory_host *host)
{
	size_t count = variables->host_count;

	if (host->index >= count) {
		size_t larger = 2 * host->index + 16;

		variables->hosts = arena_grow(variables->arena, variables->hosts,
			count * sizeof(*variables->hosts), larger * sizeof(*variables->hosts));
		variables->host_count = larger;
	}
	variables->generation++;
	return &variables->hosts[host->index];
}

void variables_set_facts(struct variables *variables, const struct inventory_host *host,
	const struct value *facts)
{
	struct value *known = value_map(variables->arena);

	for (const struct shape *fact = module_of_facts()->facts; fact->key; fact++) {
		const struct value *told = value_get(facts, fact->key);

		if (told && shape_check(told, fact, "facts", AGENT_PROTOCOL, NULL) == 0)
			value_set(variables->arena, known, fact->key, value_copy(variables->arena, told));
	}
	value_mark_data(known);
	secrets_mark(variables->options.secrets, known);
	host_values(variables, host)->facts = known;
}

void variables_clear_facts(struct variables *variables, const struct inventory_host *host)
{
	host_values(variables, host)->facts = NULL;
}

bool variables_has_facts(const struct variables *variables, const struct inventory_host *host)
{
	return variables_of(variables, host)->facts != NULL;
}

struct expected *variables_expected(const struct host_values *values, const char *name)
{
	struct expected *expected = lookup_get(&values->expected, name);

	return expected && expected->tasks > 0 ? expected : NULL;
}

bool variables_promised(const struct variables *variables, const char *name)
{
	return variables->promised_any || lookup_get(&variables->promised, name)
		|| lookup_get(&variables->perhaps, name);
}

void variables_promise(struct variables *variables, const char *name, bool surely)
{
	struct lookup *promised = surely ? &variables->promised : &variables->perhaps;

	if (!name)
		variables->promised_any = true;
	else if (!lookup_get(promised, name))
		lookup_put(variables->arena, promised, arena_string(variables->arena, name), variables);
}

void variables_promise_fact(struct variables *variables, const char *name)
{
	if (variables_given(variables, name))
		return;
	if (!variables->given)
		variables->given = value_map(variables->arena);
	value_set_bool(variables->arena, variables->given, name, true);
	variables_promise(variables, variables_fact_key(variables->arena, name), false);
}

const char *variables_fact_key(struct arena *arena, const char *name)
{
	return arena_printf(arena, GIVEN_PREFIX "%s", name);
}

bool variables_given(const struct variables *variables, const char *name)
{
	return variables->given && value_get(variables->given, name);
}

void variables_set_turn(struct variables *variables, int64_t turn)
{
	if (variables->turn != turn)
		variables->generation++;
	variables->turn = turn;
}

struct value *variables_told(const struct variables *variables, const struct host_values *values,
	const char *name)
{
	const struct told *told = lookup_get(&values->told, name);

	while (told && told->turn >= variables->turn)
		told = told->before;
	return told ? told->value : NULL;
}

static void tell(struct variables *variables, struct host_values *values, const char *name,
	struct value *value, int64_t turn)
{
	struct told *told;

	if (!variables_promised(variables, name))
		return;
	told = arena_alloc(variables->arena, sizeof(*told));
	*told = (struct told){ lookup_get(&values->told, name), value, turn };
	lookup_put(variables->arena, &values->told, arena_string(variables->arena, name), told);
}

void variables_set_early(struct variables *variables, bool early)
{
	if (variables->early != early)
		variables->generation++;
	variables->early = early;
}

void variables_expect(struct variables *variables, const struct inventory_host *host,
	const char *name, const struct value *value)
{
	struct host_values *values = host_values(variables, host);
	struct expected *expected = lookup_get(&values->expected, name);

	if (!expected) {
		expected = arena_alloc(variables->arena, sizeof(*expected));
		*expected = (struct expected){ .next = values->all_expected,
			.name = arena_string(variables->arena, name) };
		values->all_expected = expected;
		lookup_put(variables->arena, &values->expected, expected->name, expected);
	}
	expected->value = value_copy(variables->arena, value);
	expected->tasks++;
	secrets_mark(variables->options.secrets, expected->value);
}

void variables_passed(struct variables *variables, const struct inventory_host *host,
	const char *name)
{
	struct host_values *values = host_values(variables, host);
	struct expected *expected = variables_expected(values, name);

	if (expected)
		expected->tasks--;
}

struct value *variables_keep(struct variables *variables, const struct value *value, bool data)
{
	struct value *copy = value_copy(variables->arena, value);

	if (data)
		value_mark_data(copy);
	secrets_mark(variables->options.secrets, copy);
	return copy;
}

void variables_register_kept(struct variables *variables, const struct inventory_host *host,
	const char *name, struct value *kept, int64_t turn)
{
	struct host_values *values = host_values(variables, host);

	if (!values->registered)
		values->registered = value_map(variables->arena);
	value_set(variables->arena, values->registered, name, kept);
	tell(variables, values, name, kept, turn);
	variables_passed(variables, host, name);
}

void variables_register(struct variables *variables, const struct inventory_host *host,
	const char *name, const struct value *value, bool data, int64_t turn)
{
	variables_register_kept(variables, host, name, variables_keep(variables, value, data), turn);
}

void variables_expect_nothing(struct variables *variables, const struct inventory_host *host)
{
	struct host_values *values = host_values(variables, host);

	values->expected = (struct lookup){ 0 };
	values->all_expected = NULL;
}

void variables_forget(struct variables *variables)
{
	for (size_t i = 0; i < variables->host_count; i++) {
		variables->hosts[i].registered = NULL;
		variables->hosts[i].told = (struct lookup){ 0 };
		variables->hosts[i].expected = (struct lookup){ 0 };
		variables->hosts[i].all_expected = NULL;
	}
	variables->generation++;
}

/* --- What hosts share --- */

/* Variables of a group are one value, shared by its hosts. */
static void compare_host(struct variables *variables, const struct value *first,
	const struct value *vars)
{
	size_t same = 0;

	for (size_t i = 0; i < vars->count; i++) {
		const char *name = vars->pairs[i].key;

		if (value_get(first, name) == value_at(vars, i))
			same++;
		else
			lookup_put(variables->arena, &variables->differing, name, variables);
	}
	for (size_t i = 0; same < first->count && i < first->count; i++) {
		if (!value_get(vars, first->pairs[i].key))
			lookup_put(variables->arena, &variables->differing, first->pairs[i].key, variables);
	}
}

bool variables_differ(struct variables *variables, const char *name)
{
	const struct inventory *inventory = variables->options.inventory;
	size_t count = inventory ? inventory_host_count(inventory) : 0;

	for (size_t i = 1; !variables->compared && i < count; i++)
		compare_host(variables, inventory_host(inventory, 0)->vars,
			inventory_host(inventory, i)->vars);
	variables->compared = true;
	return lookup_get(&variables->differing, name)
		|| variables_promised(variables, name) || variables_given(variables, name) || fact_name(name);
}
