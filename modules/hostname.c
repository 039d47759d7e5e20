/* hostname: the name of the machine, in /etc/hostname and in the running kernel. */
#include "modules/module.h"

#include <string.h>

enum hostname_step { HOSTNAME_FILE, HOSTNAME_KERNEL };

enum { NAME_MOST = 64, FILE_MOST = 4096 };

struct hostname_params {
	char *name;
};

struct hostname_state {
	const char *kernel;
	const char *file;        /* its first name; NULL: no file */
	const char *digest;      /* of the file */
};

static const struct param hostname_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the name; without it that of the inventory" },
	{ .name = "use", .kind = PARAM_STRING, .doc = "how it is set", .flags = PARAM_NOT_YET },
	{ 0 },
};

static const cyaml_schema_field_t hostname_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct hostname_params, name, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END
};

/* hostname(7): labels of letters, digits and dashes, none at an end. */
static bool is_hostname(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > NAME_MOST)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool end = i == 0 || i + 1 == size || name[i - 1] == '.' || name[i + 1] == '.';

		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.", name[i]))
			return false;
		if (end && name[i] == '-')
			return false;
		if (name[i] == '.' && (i == 0 || i + 1 == size || name[i - 1] == '.'))
			return false;
	}
	return true;
}

static int hostname_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name");

	if (!name || name->kind != VALUE_STRING || is_hostname(name->text))
		return 0;
	error_at(err, name->place, "'%s' is no name for a machine", name->text);
	return error_remedy(err, "letters, digits and dashes, at most %d", NAME_MOST);
}

static int hostname_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	if (!value_get(params, "name"))
		value_set_string(prepare_arena(prepare), params, "name", prepare_host(prepare));
	return hostname_check(params, err);
}

static void hostname_resources(struct names *names, const void *params)
{
	(void)params;
	names_add(names, "hostname:");
}

static int hostname_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	struct hostname_state *have = ret_state;
	struct file_info info;
	char *bytes;
	size_t size;

	(void)params;
	if (host_name(host, &have->kernel, err) < 0 || host_stat(host, "/etc/hostname", &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, "/etc/hostname", FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	have->file = arena_bytes(host_arena(host), bytes, strcspn(bytes, "\n"));
	return host_digest(host, "/etc/hostname", &have->digest, err);
}

static void hostname_plan(struct plan *plan, const void *params, const void *state)
{
	const struct hostname_params *want = params;
	const struct hostname_state *have = state;

	if (!have->file || strcmp(have->file, want->name) != 0)
		plan_add(plan, HOSTNAME_FILE, "/etc/hostname", "name", have->file, want->name);
	if (strcmp(have->kernel, want->name) != 0)
		plan_add(plan, HOSTNAME_KERNEL, "kernel", "name", have->kernel, want->name);
}

static int hostname_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct hostname_params *want = params;
	const char *line = arena_printf(host_arena(host), "%s\n", want->name);
	struct file_write write = {
		.path = "/etc/hostname", .bytes = line, .size = strlen(line), .mode = 0644,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	(void)state;
	(void)results;
	if (change->step == HOSTNAME_KERNEL)
		return host_set_name(host, want->name, err);
	return host_write(host, &write, err);
}

static void hostname_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct hostname_params *want = params;
	const struct hostname_state *have = state;

	value_set_string(arena, results, "name", want->name);
	value_set_string(arena, results, "before", have->kernel);
}

static void hostname_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct hostname_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	(void)params;
	value_set_string(arena, back, "name", have->file ? have->file : have->kernel);
	inverses_add(inverses, &(struct inverses_entry){ .resource = "hostname:", .params = back });
}

const struct module module_hostname = {
	.name = "hostname",
	.summary = "the name of the machine, in /etc/hostname and in the running kernel",
	.params = hostname_table,
	.fields = hostname_fields,
	.params_size = sizeof(struct hostname_params),
	.state_size = sizeof(struct hostname_state),
	.check = hostname_check,
	.prepare = hostname_prepare,
	.resources = hostname_resources,
	.inspect = hostname_inspect,
	.plan = hostname_plan,
	.apply = hostname_apply,
	.results = hostname_results,
	.invert = hostname_invert,
};
