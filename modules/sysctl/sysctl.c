/* sysctl: a setting of the kernel, running and at boot.
 *
 * Two resources: the line in the file, and the value that the kernel has. Each goes back to what it
 * was. Of the file only this key is put into the kernel, other than with sysctl -p. */
#include "modules/sysctl/sysctl.h"

#include "base/quote.h"
#include "modules/errors.h"

#include <string.h>

enum sysctl_step { SYSCTL_KERNEL = TEXT_FILE_REMOVE + 1 };

enum { VALUE_MOST = 64 << 10 };

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const char *const part_words[] = { "all", "file", "kernel", NULL };
static const cyaml_strval_t part_choices[] = {
	{ "all", SYSCTL_ALL }, { "file", SYSCTL_FILE_ONLY }, { "kernel", SYSCTL_KERNEL_ONLY },
};

static const struct param sysctl_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the key, as net.ipv4.ip_forward (which the kernel "
		"also applies to each interface)", .flags = PARAM_REQUIRED, .alias = "key",
		.into = INTO_TEXT(struct sysctl_params, name) },
	{ .name = "value", .kind = PARAM_STRING, .doc = "its value; yes and no are 1 and 0",
		.alias = "val", .into = INTO_TEXT(struct sysctl_params, value) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: no line in the file sets it; the running "
		"kernel stays as it is", .otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct sysctl_params, present, state_choices) },
	{ .name = "reload", .kind = PARAM_BOOL, .doc = "set it in the running kernel, too: this key alone",
		.otherwise = "yes", .into = INTO_BOOL(struct sysctl_params, reload) },
	{ .name = "sysctl_set", .kind = PARAM_BOOL, .doc = "the same, also with reload: no",
		.otherwise = "no", .into = INTO_BOOL(struct sysctl_params, sysctl_set) },
	{ .name = "sysctl_file", .kind = PARAM_PATH, .doc = "the file for the next boot. The default is "
		"read last on Debian 12 and 13; /etc/sysctl.conf, Ansible's default, is not read at boot on "
		"Debian 13", .otherwise = SYSCTL_FILE, .into = INTO_TEXT(struct sysctl_params, file) },
	{ .name = "ignoreerrors", .kind = PARAM_BOOL, .doc = "a key that the running kernel doesn't have "
		"is only put into the file", .otherwise = "no", .flags = PARAM_ASIDE,
		.into = INTO_BOOL(struct sysctl_params, ignoreerrors) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the user the file belongs to",
		.into = INTO_TEXT(struct sysctl_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct sysctl_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct sysctl_params, mode) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct sysctl_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "there was no file", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct sysctl_params, made) },
	{ .name = "part", .kind = PARAM_CHOICE, .doc = "what goes back", .otherwise = "all",
		.choices = part_words, .flags = PARAM_INTERNAL,
		.into = INTO_CHOICE(struct sysctl_params, part, part_choices) },
	{ .name = "lines", .kind = PARAM_RECORDS, .doc = "lines that come back", .otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct sysctl_params, lines) },
	{ .name = "unsafe_writes", .kind = PARAM_BOOL, .doc = "write into the file as it is",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

/* --- What a table can't say --- */

/* No component that leads elsewhere, and nothing that has a meaning in a file of sysctl.d. */
static bool is_name(const char *name)
{
	char key[SYSCTL_NAME_MOST + 1];

	if (strlen(name) > SYSCTL_NAME_MOST || name[0] == '-' || strpbrk(name, " \t\r\n=#;*?[]\\"))
		return false;
	sysctl_key(name, key);
	for (const char *at = key;; at++) {
		size_t size = strcspn(at, "/");

		if (size == 0 || strncmp(at, "..", size) == 0)
			return false;
		at += size;
		if (!*at)
			return true;
	}
}

static int sysctl_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name"), *value = value_get(params, "value");
	const char *state = value_get_string(params, "state"), *undo = value_get_string(params, "undo");

	if (value_text(name) && !is_name(name->text)) {
		error_at(err, TASK_INVALID_NAME, name->place, "'%s' is not the name of a kernel setting",
			name->text);
		return error_remedy(err, "write it as sysctl -a shows it, without patterns");
	}
	if (value_text(value) && strchr(value->text, '\n'))
		return error_at(err, TASK_INVALID_VALUE, value->place, "'value' holds more than one line");
	if (value_text(value) && !value->text[strspn(value->text, " \t\r")])
		return error_at(err, TASK_INVALID_VALUE, value->place, "'value' is empty");
	if (!value && state && strcmp(state, "present") == 0 && !(undo && strcmp(undo, "true") == 0))
		return error_set(err, TASK_MISSING_PARAMETER, "'value' is needed");
	return 0;
}

/* --- What it manages --- */

static bool has_file(const struct sysctl_params *want)
{
	return want->part != SYSCTL_KERNEL_ONLY;
}

static bool has_kernel(const struct sysctl_params *want)
{
	return want->part == SYSCTL_KERNEL_ONLY || (want->part == SYSCTL_ALL && want->present
		&& (want->reload || want->sysctl_set));
}

static void sysctl_resources(struct names *names, const void *params)
{
	const struct sysctl_params *want = params;
	char key[SYSCTL_NAME_MOST + 1];

	sysctl_key(want->name, key);
	if (has_file(want)) {
		names_add(names, "sysctl:%s:%s", want->file, key);
		names_wish(names, "%s %s:%s %s", want->present && want->value ? sysctl_value(want->value)
			: "absent", want->owner ? want->owner : "", want->group ? want->group : "",
			want->mode ? want->mode : "");
	}
	if (has_kernel(want)) {
		names_add(names, "kernel:" SYSCTL_TREE "%s", key);
		names_wish(names, "%s", sysctl_value(want->value));
	}
}

/* --- Looking --- */

static const char *wished(struct arena *arena, const struct sysctl_params *want)
{
	const char *value = sysctl_value(want->value);
	size_t size;

	value += strspn(value, " \t\r");
	size = strlen(value);
	while (size > 0 && strchr(" \t\r", value[size - 1]))
		size--;
	return arena_bytes(arena, value, size);
}

static const char *new_text(struct arena *arena, const struct sysctl_params *want,
	const struct sysctl_state *have)
{
	const char *before = have->file.before, *value;
	struct sysctl_line last = sysctl_last(before, have->key);

	if (want->undo)
		return sysctl_restored(arena, before, have->key, want->lines, want->lines_count);
	if (!want->present)
		return last.at ? sysctl_without(arena, before, have->key, NULL) : NULL;
	value = wished(arena, want);
	if (last.at && sysctl_same(last.value, last.value_size, value, strlen(value)))
		return NULL;
	return sysctl_with(arena, before, last, arena_printf(arena, "%s=%s", want->name, value));
}

static int look_at_file(struct host *host, const struct sysctl_params *want,
	struct sysctl_state *have, struct error *err)
{
	have->file = (struct text_file){ .path = want->file, .create = want->present || want->undo,
		.want = { want->owner, want->group, want->mode }, .undo = want->undo, .made = want->made };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	have->file.after = new_text(host_arena(host), want, have);
	text_file_settle(host_arena(host), &have->file);
	return want->present && !want->undo ? sysctl_look_at_boot(host, want, have, err) : 0;
}

static bool is_readable(const struct file_info *info)
{
	return info->kind == FILE_REGULAR && (info->mode & 0444);
}

static int look_at_kernel(struct host *host, struct sysctl_state *have, struct error *err)
{
	char *live;
	size_t size;

	if (host_stat(host, have->path, &have->info, err) < 0)
		return -1;
	if (!is_readable(&have->info))
		return 0;
	if (host_read(host, have->path, VALUE_MOST, &live, &size, err) < 0)
		return -1;
	while (size > 0 && live[size - 1] == '\n')
		live[--size] = '\0';
	have->live = live;
	return 0;
}

static int sysctl_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct sysctl_params *want = params;
	struct sysctl_state *have = ret_state;
	char *key = arena_alloc(host_arena(host), SYSCTL_NAME_MOST + 1);

	sysctl_key(want->name, key);
	have->key = key;
	have->path = arena_printf(host_arena(host), SYSCTL_TREE "%s", key);
	if (has_file(want) && look_at_file(host, want, have, err) < 0)
		return -1;
	return has_kernel(want) ? look_at_kernel(host, have, err) : 0;
}

/* --- Planning --- */

static bool kernel_differs(const struct sysctl_params *want, const struct sysctl_state *have)
{
	const char *value = has_kernel(want) ? sysctl_value(want->value) : NULL;

	return value && have->live && !sysctl_same(have->live, strlen(have->live), value,
		strlen(value));
}

/* The kernel hands some keys on to others. */
static void plan_spread(struct plan *plan, const char *key)
{
	if (strcmp(key, "net/ipv4/ip_forward") == 0 || strcmp(key, "net/ipv4/conf/all/forwarding") == 0)
		plan_writes(plan, "path:" SYSCTL_TREE "net/ipv4/conf");
	if (strncmp(key, "net/ipv6/conf/all/", 18) == 0)
		plan_writes(plan, "path:" SYSCTL_TREE "net/ipv6/conf");
}

static void plan_missing_key(struct plan *plan, const struct sysctl_params *want,
	const struct sysctl_state *have)
{
	bool there = have->info.kind == FILE_REGULAR;

	/* An undo: what is no longer there has no value that could come back. */
	if (want->undo)
		return;
	if (want->ignoreerrors)
		plan_note(plan, "the running kernel has no '%s': it is only in '%s'", want->name, want->file);
	else if (there)
		plan_refuse(plan, SYSCTL_NO_KEY, "a task of command can write to it", "'%s' can't be read, so "
			"whether it is right can't be told", want->name);
	else
		plan_refuse(plan, SYSCTL_NO_KEY, "check its spelling, load the module that brings it, or say "
			"ignoreerrors: yes to put it into the file alone", "the kernel has no setting '%s'",
			want->name);
}

static void plan_kernel(struct plan *plan, const struct sysctl_params *want,
	const struct sysctl_state *have)
{
	if (!have->live) {
		plan_missing_key(plan, want, have);
		return;
	}
	if (!kernel_differs(want, have))
		return;
	plan_add(plan, SYSCTL_KERNEL, have->path, "value", have->live, wished(plan_arena(plan), want));
	plan_spread(plan, have->key);
}

static void plan_boot(struct plan *plan, const struct sysctl_params *want,
	const struct sysctl_boot *boot)
{
	const char *value = sysctl_value(want->value);

	if (boot->unread)
		plan_note(plan, "nothing reads '%s' when this machine starts: leave sysctl_file out, or name a "
			"file below /etc/sysctl.d that ends with .conf", want->file);
	else if (boot->file && !sysctl_same(boot->value, strlen(boot->value), value, strlen(value)))
		plan_note(plan, "when this machine starts, '%s' is read later and sets it to '%s': name that file "
			"as sysctl_file, or remove the line there", boot->file, boot->value);
}

static void sysctl_plan(struct plan *plan, const void *params, const void *state)
{
	const struct sysctl_params *want = params;
	const struct sysctl_state *have = state;

	/* First: a value that the kernel refuses must not be in the file at the next boot. */
	if (has_kernel(want))
		plan_kernel(plan, want, have);
	if (!has_file(want))
		return;
	text_file_plan(plan, &have->file);
	if (want->present && !want->undo)
		plan_boot(plan, want, &have->boot);
}

/* --- Changing --- */

static int set_kernel(struct host *host, const struct sysctl_params *want,
	const struct sysctl_state *have, struct error *err)
{
	const char *const argv[] = { "tee", "--", have->path, NULL };
	const char *value = wished(host_arena(host), want);
	struct command command = { .argv = argv, .input = value, .input_size = strlen(value),
		.flags = COMMAND_ANY_STATUS, .timeout = 60 };
	struct command_result result;

	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	error_set(err, SYSCTL_REFUSED, "the kernel doesn't take '%s' for '%s': %s", value, want->name,
		command_last_words(host_arena(host), &result));
	if (strstr(result.errors, "Read-only"))
		return error_remedy(err, "this machine is a container: set it on the machine that it is on; "
			"reload: no puts it into the file alone");
	return error_remedy(err, "correct the value");
}

static int sysctl_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct sysctl_state *have = state;

	(void)results;
	if (change->step == SYSCTL_KERNEL)
		return set_kernel(host, params, have, err);
	return text_file_apply(host, &have->file, change, err);
}

static void sysctl_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct sysctl_params *want = params;
	const struct sysctl_state *have = state;

	value_set_string(arena, results, "name", want->name);
	value_set_string(arena, results, "file", want->file);
	if (have->live)
		value_set_string(arena, results, "value", have->live);
}

/* --- The way back --- */

static bool file_differs(const struct sysctl_params *want, const struct sysctl_state *have)
{
	return want->owner || want->group || want->mode
		|| (have->file.after && strcmp(have->file.before, have->file.after) != 0);
}

static void invert_file(struct inverses *inverses, const struct sysctl_params *want,
	const struct sysctl_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena), *lines = value_list(arena);
	struct sysctl_line last = sysctl_last(have->file.before, have->key);
	bool text = true;

	if (want->present && !want->undo && last.at)
		taken_line_add(arena, lines, have->file.before, last.at, arena_printf(arena, "%s=%s", want->name,
			wished(arena, want)));
	else
		sysctl_without(arena, have->file.before, have->key, lines);
	for (size_t i = 0; i < lines->count; i++) {
		const char *line = value_get_string(lines->items[i], "line");

		text = text && utf8_valid(line, strlen(line));
	}
	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "sysctl_file", want->file);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "part", "file");
	value_set(arena, back, "lines", lines);
	value_set_string(arena, back, "made", have->file.at.info.kind == FILE_NONE ? "yes" : "no");
	text_file_back(arena, &have->file, want->made || have->file.made_once, back);
	value_remove(back, "create");
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "sysctl:%s:%s", want->file, have->key),
		.params = text ? back : NULL,
		.reason = text ? NULL : "a line that was there is not valid UTF-8" });
}

static void invert_kernel(struct inverses *inverses, const struct sysctl_params *want,
	const struct sysctl_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "value", have->live);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "part", "kernel");
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "kernel:%s", have->path), .params = back });
}

static void sysctl_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct sysctl_params *want = params;
	const struct sysctl_state *have = state;

	if (has_file(want) && file_differs(want, have))
		invert_file(inverses, want, have);
	if (kernel_differs(want, have))
		invert_kernel(inverses, want, have);
}

static const char *const aliases[] = { "ansible.posix.sysctl", NULL };

const struct module module_sysctl = {
	.name = "sysctl",
	.summary = "a setting of the kernel, running and at boot",
	.params = sysctl_table,
	.params_size = sizeof(struct sysctl_params),
	.state_size = sizeof(struct sysctl_state),
	.aliases = aliases,
	.content = "sysctl",
	.check = sysctl_check,
	.resources = sysctl_resources,
	.inspect = sysctl_inspect,
	.plan = sysctl_plan,
	.apply = sysctl_apply,
	.results = sysctl_results,
	.invert = sysctl_invert,
};
