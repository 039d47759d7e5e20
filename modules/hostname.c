/* hostname: set the host name, in /etc/hostname and in the running kernel, and keep cloud-init from setting
 * it anew at the next start. */
#include "module/module.h"

#include <string.h>

enum hostname_step { HOSTNAME_FILE, HOSTNAME_KERNEL, HOSTNAME_REMOVE, HOSTNAME_KEEP, HOSTNAME_RELEASE };

/* Read after all others by cloud-init(1). */
static const char keep_path[] = "/etc/cloud/cloud.cfg.d/99-beoplay-hostname.cfg";
static const char keep_text[] = "# beoplay sets the host name\npreserve_hostname: true\n";

enum { NAME_MOST = 64, FILE_MOST = 4096 };

struct hostname_params {
	char *name;
	bool undo;
	char *body;              /* digest of the file before; NULL: there was none */
	bool release;            /* of an undo: cloud-init may set the name again */
};

struct hostname_state {
	const char *kernel;
	enum file_kind kind;     /* of the file */
	const char *file;        /* the name in it; NULL: no file */
	const char *digest;      /* of the file */
	bool cloud;              /* cloud-init runs at each start, */
	bool kept;               /* and is kept from setting the name */
};

static const struct param hostname_table[] = {
	{ .name = "name", .kind = PARAM_STRING,
		.doc = "the host name; default: the name in the inventory",
		.into = INTO_TEXT(struct hostname_params, name) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct hostname_params, undo) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "the file that was there, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct hostname_params, body) },
	{ .name = "release", .kind = PARAM_BOOL, .doc = "cloud-init may set the name again", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct hostname_params, release) },
	{ .name = "use", .kind = PARAM_STRING, .doc = "how to set it", .flags = PARAM_NOT_YET },
	{ 0 },
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
	const char *undo = value_get_string(params, "undo");

	/* What was there need not be a name that anybody would choose: "(none)". */
	if (undo && strcmp(undo, "true") == 0)
		return 0;
	if (!name || name->kind != VALUE_STRING || is_hostname(name->text))
		return 0;
	error_at(err, TASK_INVALID_NAME, name->place, "invalid host name '%s'", name->text);
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

/* The first line that is no remark, without space around, as hostname(5) has it. */
static const char *name_in(struct arena *arena, const char *text)
{
	size_t size;

	for (; *text; text += *text == '\n') {
		text += strspn(text, " \t\r");
		size = strcspn(text, "\n");
		while (size > 0 && strchr(" \t\r", text[size - 1]))
			size--;
		if (size > 0 && *text != '#')
			return arena_bytes(arena, text, size);
		text += strcspn(text, "\n");
	}
	return "";
}

static int look_at_cloud(struct host *host, struct hostname_state *have, struct error *err)
{
	struct file_info info;

	if (host_stat(host, "/run/cloud-init/enabled", &info, err) < 0)
		return -1;
	have->cloud = info.kind == FILE_REGULAR;
	if (host_stat(host, keep_path, &info, err) < 0)
		return -1;
	have->kept = info.kind != FILE_NONE;
	return 0;
}

static int hostname_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	struct hostname_state *have = ret_state;
	struct file_info info;
	char *bytes;

	(void)params;
	if (look_at_cloud(host, have, err) < 0 || host_name(host, &have->kernel, err) < 0
			|| host_stat(host, "/etc/hostname", &info, err) < 0)
		return -1;
	have->kind = info.kind;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, "/etc/hostname", FILE_MOST, &bytes, err) < 0)
		return -1;
	have->file = name_in(host_arena(host), bytes);
	return host_digest(host, "/etc/hostname", &have->digest, err);
}

static void plan_file_before(struct plan *plan, const struct hostname_params *want,
	const struct hostname_state *have)
{
	if (!want->body && have->file)
		plan_add(plan, HOSTNAME_REMOVE, "/etc/hostname", "state", "file", "absent");
	if (want->body && (!have->file || strcmp(have->digest, want->body) != 0))
		plan_add(plan, HOSTNAME_FILE, "/etc/hostname", "name", have->file, want->name);
}

static void hostname_plan(struct plan *plan, const void *params, const void *state)
{
	const struct hostname_params *want = params;
	const struct hostname_state *have = state;

	if (have->kind != FILE_NONE && have->kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away",
			"'/etc/hostname' is not a regular file");
		return;
	}
	if (!want->undo && have->cloud && !have->kept)
		plan_add(plan, HOSTNAME_KEEP, keep_path, "preserve_hostname", NULL, "true");
	if (want->release && have->kept)
		plan_add(plan, HOSTNAME_RELEASE, keep_path, "state", "file", "absent");
	if (want->undo)
		plan_file_before(plan, want, have);
	else if (!have->file || strcmp(have->file, want->name) != 0)
		plan_add(plan, HOSTNAME_FILE, "/etc/hostname", "name", have->file, want->name);
	if (strcmp(have->kernel, want->name) != 0)
		plan_add(plan, HOSTNAME_KERNEL, "kernel", "name", have->kernel, want->name);
}

static int hostname_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct hostname_params *want = params;
	const struct hostname_state *have = state;
	const char *line = arena_printf(host_arena(host), "%s\n", want->name);
	struct file_write write = {
		.path = "/etc/hostname", .bytes = line, .size = strlen(line),
		.body = want->undo ? want->body : NULL, .mode = have->file ? HOST_KEEP : 0644,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	value_set_string(host_arena(host), results, "before", have->kernel);
	switch ((enum hostname_step)change->step) {
	case HOSTNAME_FILE:
		return host_write(host, &write, err);
	case HOSTNAME_KERNEL:
		return host_set_name(host, want->name, err);
	case HOSTNAME_REMOVE:
		return host_remove(host, "/etc/hostname", err);
	case HOSTNAME_KEEP:
		return host_write(host, &(struct file_write){ .path = keep_path, .bytes = keep_text,
			.size = strlen(keep_text), .mode = 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
			.mtime = HOST_KEEP }, err);
	case HOSTNAME_RELEASE:
		return host_remove(host, keep_path, err);
	}
	return -1;
}

static void hostname_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct hostname_params *want = params;
	const struct hostname_state *have = state;

	value_set_string(arena, results, "name", want->name);
	if (!value_get(results, "before"))
		value_set_string(arena, results, "before", have->kernel);
}

static void hostname_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct hostname_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	(void)params;
	value_set_string(arena, back, "name", have->kernel);
	value_set_string(arena, back, "undo", "yes");
	if (have->digest)
		value_set_string(arena, back, "body", have->digest);
	if (have->cloud && !have->kept)
		value_set_string(arena, back, "release", "yes");
	inverses_add(inverses, &(struct inverses_entry){ .resource = "hostname:", .params = back,
		.keep_path = have->digest ? "/etc/hostname" : NULL, .keep_digest = have->digest });
}

const struct module module_hostname = {
	.name = "hostname",
	.summary = "set the host name, in /etc/hostname and in the running kernel",
	.params = hostname_table,
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
