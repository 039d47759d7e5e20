/* modprobe: a module of the kernel, loaded now and at each start. */
#include "modules/errors.h"
#include "modules/shared/file_attributes.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

enum { MODULES_MOST = 4 << 20, CONF_MOST = 64 << 10, NAME_MOST = 128 };

static const char load_folder[] = "/etc/modules-load.d", options_folder[] = "/etc/modprobe.d";

enum modprobe_persistence { PERSISTENT_DISABLED, PERSISTENT_PRESENT, PERSISTENT_ABSENT };
enum modprobe_step { STEP_LOAD, STEP_UNLOAD, STEP_WRITE, STEP_REMOVE };

struct modprobe_params {
	char *name, *params;
	bool present;
	enum modprobe_persistence persistent;
};

/* One of the two files that are the task's own. */
struct conf {
	const char *path;
	const char *want;          /* NULL: none */
	const char *text;          /* what is there; NULL: nothing */
	const char *digest;        /* of that */
	struct attributes_have at;
	bool folder;               /* is there */
	const char *elsewhere;     /* another file that says something of this module; NULL: none */
};

struct modprobe_state {
	bool loaded, builtin;
	const char *interface;     /* a network interface whose driver it is; NULL: none */
	struct conf load, options;
};

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t states[] = { { "absent", false }, { "present", true } };
static const char *const persistent_words[] = { "disabled", "present", "absent", NULL };
static const cyaml_strval_t persistences[] = { { "absent", PERSISTENT_ABSENT },
	{ "disabled", PERSISTENT_DISABLED }, { "present", PERSISTENT_PRESENT } };

static const struct param modprobe_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "the module",
		.into = INTO_TEXT(struct modprobe_params, name) },
	{ .name = "state", .kind = PARAM_CHOICE, .otherwise = "present", .choices = state_words,
		.doc = "whether it is loaded", .into = INTO_CHOICE(struct modprobe_params, present, states) },
	{ .name = "params", .kind = PARAM_STRING, .otherwise = "",
		.doc = "numdummies=2 and the like: they count when it is loaded",
		.into = INTO_TEXT(struct modprobe_params, params) },
	{ .name = "persistent", .kind = PARAM_CHOICE, .otherwise = "disabled", .choices = persistent_words,
		.doc = "present: at each start, too, by NAME.conf in /etc/modules-load.d and, with params, in "
		"/etc/modprobe.d; absent: not; disabled: as it is",
		.into = INTO_CHOICE(struct modprobe_params, persistent, persistences) },
	{ 0 },
};

static int modprobe_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name"), *options = value_get(params, "params");

	for (const char *at = value_text(name); at && (at == name->text || *at); at++) {
		if (strlen(name->text) > NAME_MOST || !(isalnum((unsigned char)*at) || (*at && strchr("_-", *at)))
				|| *name->text == '-')
			return error_at(err, TASK_INVALID_NAME, name->place, "invalid name of a kernel module '%s'",
				name->text);
	}
	for (const char *at = value_text(options); at && *at; at++) {
		if (*at == '-' && (at == options->text || at[-1] == ' '))
			return error_at(err, TASK_INVALID_VALUE, options->place, "'params' can't hold options of modprobe");
		if (!isprint((unsigned char)*at) || strchr("\"'\\#;", *at))
			return error_at(err, TASK_INVALID_VALUE, options->place, "'params' must be words without quotes");
	}
	return 0;
}

/* --- What is there --- */

/* - and _ are the same in names of modules. */
static bool same_name(const char *one, size_t size, const char *name)
{
	for (size_t i = 0; i < size; i++) {
		if (!name[i] || (one[i] == '-' ? '_' : one[i]) != (name[i] == '-' ? '_' : name[i]))
			return false;
	}
	return name[size] == '\0';
}

/* Whether a line begins with the module, behind a word if there is one. */
static bool line_names(const char *line, size_t size, const char *word, const char *name)
{
	const char *at = line + strspn(line, " \t"), *end = line + size;
	size_t length = strlen(word);

	if (*word && (strncmp(at, word, length) != 0 || (at[length] != ' ' && at[length] != '\t')))
		return false;
	at += length;
	at += strspn(at, " \t");
	return at < end && same_name(at, strcspn(at, " \t\n#;"), name);
}

static bool text_names(const char *text, const char *word, const char *name)
{
	while (*text) {
		size_t size = strcspn(text, "\n");

		if (line_names(text, size, word, name))
			return true;
		text += size + (text[size] == '\n');
	}
	return false;
}

/* "kernel/drivers/net/loopback.ko" */
static bool is_builtin(const char *list, const char *name)
{
	while (*list) {
		size_t size = strcspn(list, "\n");
		const char *slash = memrchr(list, '/', size);
		size_t rest = slash ? (size_t)(list + size - slash - 1) : 0;

		if (rest > 3 && memcmp(list + size - 3, ".ko", 3) == 0 && same_name(slash + 1, rest - 3, name))
			return true;
		list += size + (list[size] == '\n');
	}
	return false;
}

static int look_at_kernel(struct host *host, const char *name, struct modprobe_state *have, struct error *err)
{
	const char *path;
	struct file_info info;
	char *text, *release;
	size_t size;

	/* A kernel may have no modules at all. */
	if (host_stat(host, "/proc/modules", &info, err) < 0 || (info.kind != FILE_NONE
			&& host_read(host, "/proc/modules", MODULES_MOST, &text, &size, err) < 0))
		return -1;
	have->loaded = info.kind != FILE_NONE && text_names(text, "", name);
	if (have->loaded || host_read(host, "/proc/sys/kernel/osrelease", NAME_MOST, &release, &size, err) < 0)
		return have->loaded ? 0 : -1;
	path = arena_printf(host_arena(host), "/lib/modules/%.*s/modules.builtin", (int)strcspn(release, "\n"), release);
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR && host_read_text(host, path, MODULES_MOST, &text, err) < 0)
		return -1;
	have->builtin = info.kind == FILE_REGULAR && is_builtin(text, name);
	return 0;
}

/* Without its driver a network interface, and whoever is logged in by it, is gone. */
static int look_at_interfaces(struct host *host, const char *name, struct modprobe_state *have, struct error *err)
{
	static const char folder[] = "/sys/class/net";
	struct arena *arena = host_arena(host);
	struct file_name *names;
	struct file_info info;
	size_t count;

	if (host_stat(host, folder, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, folder, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !have->interface; i++) {
		const char *driver = arena_printf(arena, "%s/%s/device/driver", folder, names[i].name), *real, *slash;

		/* As it is the last, the link itself isn't followed: what is in it is asked for. */
		if (host_real(host, arena_printf(arena, "%s/module/refcnt", driver), &real, err) < 0)
			return -1;
		slash = strstr(real, "/module/");
		if (slash && same_name(slash + 8, strcspn(slash + 8, "/"), name))
			have->interface = names[i].name;
	}
	return 0;
}

static int look_elsewhere(struct host *host, const char *folder, const char *word, const char *name,
	struct conf *conf, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct file_name *names;
	struct file_info info;
	size_t count;

	if (host_stat(host, folder, &info, err) < 0)
		return -1;
	conf->folder = info.kind == FILE_DIRECTORY;
	if (!conf->folder)
		return 0;
	if (host_list(host, folder, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !conf->elsewhere; i++) {
		const char *path = arena_printf(arena, "%s/%s", folder, names[i].name);
		char *text;

		if (names[i].info.kind != FILE_REGULAR || strcmp(path, conf->path) == 0)
			continue;
		if (host_read_text(host, path, CONF_MOST, &text, err) < 0)
			return -1;
		if (text_names(text, word, name))
			conf->elsewhere = path;
	}
	return 0;
}

static int look_at_conf(struct host *host, const char *folder, const char *word, const char *name,
	struct conf *conf, struct error *err)
{
	static const struct attributes_want as_it_is;

	conf->path = arena_printf(host_arena(host), "%s/%s.conf", folder, name);
	if (attributes_inspect(host, conf->path, &as_it_is, &conf->at, err) < 0
			|| look_elsewhere(host, folder, word, name, conf, err) < 0)
		return -1;
	if (conf->at.info.kind != FILE_REGULAR)
		return 0;
	return host_digest(host, conf->path, &conf->digest, err) < 0 ? -1
		: host_read_text(host, conf->path, CONF_MOST, (char **)&conf->text, err);
}

/* A line for each, as Ansible writes them. */
static const char *options_text(struct arena *arena, const struct modprobe_params *want)
{
	char *words = arena_string(arena, want->params), *rest;
	const char *text = "";

	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		text = arena_printf(arena, "%soptions %s %s\n", text, want->name, word);
	return *text ? text : NULL;
}

static int modprobe_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct modprobe_params *want = params;
	struct modprobe_state *have = state;
	struct arena *arena = host_arena(host);

	if (look_at_kernel(host, want->name, have, err) < 0
			|| look_at_conf(host, load_folder, "", want->name, &have->load, err) < 0
			|| look_at_conf(host, options_folder, "options", want->name, &have->options, err) < 0)
		return -1;
	if (!want->present && have->loaded && look_at_interfaces(host, want->name, have, err) < 0)
		return -1;
	if (want->persistent != PERSISTENT_PRESENT)
		return 0;
	have->load.want = arena_printf(arena, "%s\n", want->name);
	have->options.want = options_text(arena, want);
	return 0;
}

/* --- What is to be done --- */

/* Lines of others are neither changed nor contradicted. */
static bool plan_conf(struct plan *plan, const struct modprobe_params *want, struct conf *conf, bool may_stand)
{
	bool wished = want->persistent == PERSISTENT_PRESENT;

	if (want->persistent == PERSISTENT_DISABLED || (wished && conf->elsewhere && may_stand))
		return true;
	if (conf->elsewhere && (!wished || conf->want)) {
		plan_refuse(plan, HOST_FILE_EXISTS, "change that line with lineinfile",
			"'%s' has a line of its own for the module '%s'", conf->elsewhere, want->name);
		return false;
	}
	if (conf->want && !conf->folder) {
		plan_refuse(plan, HOST_NO_DIRECTORY, "install kmod with an apt-packages task", "there is no directory for '%s'",
			conf->path);
		return false;
	}
	if (conf->at.info.kind != FILE_NONE && conf->at.info.kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it", "'%s' is not a file", conf->path);
		return false;
	}
	if (conf->want && (!conf->text || strcmp(conf->text, conf->want) != 0))
		plan_add(plan, STEP_WRITE, conf->path, "content", conf->text, conf->want);
	else if (!conf->want && conf->text)
		plan_add(plan, STEP_REMOVE, conf->path, "content", conf->text, NULL);
	return true;
}

static void modprobe_plan(struct plan *plan, const void *params, const void *state)
{
	const struct modprobe_params *want = params;
	struct modprobe_state have = *(const struct modprobe_state *)state;

	if (!want->present && have.builtin) {
		plan_refuse(plan, HOST_PROTECTED, NULL, "the module '%s' is built into the kernel", want->name);
		return;
	}
	if (have.interface) {
		plan_refuse(plan, HOST_PROTECTED, NULL, "the module '%s' stays: it drives the network interface '%s'",
			want->name, have.interface);
		return;
	}
	if (!plan_conf(plan, want, &have.load, true) || !plan_conf(plan, want, &have.options, false))
		return;
	/* Loaded behind its options, which count for it then. */
	if (want->present && !have.loaded && !have.builtin)
		plan_add(plan, STEP_LOAD, want->name, "module", NULL, plan_printf(plan, "loaded%s%s",
			*want->params ? " with " : "", want->params));
	else if (!want->present && have.loaded)
		plan_add(plan, STEP_UNLOAD, want->name, "module", "loaded", NULL);
}

static int run_modprobe(struct host *host, const struct modprobe_params *want, bool load, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char **argv = arena_array(arena, strlen(want->params) / 2 + 6, sizeof(*argv));
	char *words = arena_string(arena, want->params), *rest;
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result result;
	size_t count = 0;

	argv[count++] = "modprobe";
	if (!load)
		argv[count++] = "-r";
	argv[count++] = "--";
	argv[count++] = want->name;
	for (char *word = load ? strtok_r(words, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest))
		argv[count++] = word;
	argv[count] = NULL;
	if (host_run(host, &command, &result, err) < 0)
		return -1;
	return result.status == 0 ? 0 : error_set(err, MODPROBE_FAILED, "the module '%s' can't be %s: %.500s",
		want->name, load ? "loaded" : "unloaded", command_last_words(arena, &result));
}

static int modprobe_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct file_write write = { .path = change->subject, .bytes = change->after,
		.size = change->after ? strlen(change->after) : 0, .mode = change->before ? HOST_KEEP : 0644,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	(void)state;
	(void)results;
	if (change->step == STEP_WRITE)
		return host_write(host, &write, err);
	if (change->step == STEP_REMOVE)
		return host_remove(host, change->subject, err);
	return run_modprobe(host, params, change->step == STEP_LOAD, err);
}

static void modprobe_resources(struct names *names, const void *params)
{
	const struct modprobe_params *want = params;

	names_add(names, "module:%s", want->name);
	names_wish(names, "%s", want->present ? "present" : "absent");
	if (want->persistent == PERSISTENT_DISABLED)
		return;
	names_add(names, "file:%s/%s.conf", load_folder, want->name);
	names_wish(names, "%s", want->persistent == PERSISTENT_PRESENT ? "present" : "absent");
	names_add(names, "file:%s/%s.conf", options_folder, want->name);
	names_wish(names, "%s", want->persistent == PERSISTENT_PRESENT ? want->params : "absent");
}

static void add_file_back(struct inverses *inverses, const struct conf *conf)
{
	struct arena *arena = inverses_arena(inverses);

	inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "file:%s", conf->path),
		.module = "file", .params = attributes_way_back(arena, conf->path, &conf->at, conf->digest),
		.keep_path = conf->digest ? conf->path : NULL, .keep_digest = conf->digest });
}

static void modprobe_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct modprobe_params *want = params;
	const struct modprobe_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "state", have->loaded || have->builtin ? "present" : "absent");
	inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "module:%s", want->name),
		.params = back });
	if (want->persistent == PERSISTENT_DISABLED)
		return;
	add_file_back(inverses, &have->load);
	add_file_back(inverses, &have->options);
}

static const char *const modprobe_aliases[] = { "community.general.modprobe", NULL };

const struct module module_modprobe = {
	.name = "modprobe",
	.summary = "a module of the kernel, loaded now and at each start",
	.params = modprobe_table,
	.params_size = sizeof(struct modprobe_params),
	.state_size = sizeof(struct modprobe_state),
	.aliases = modprobe_aliases,
	.content = "file",
	.check = modprobe_check,
	.resources = modprobe_resources,
	.inspect = modprobe_inspect,
	.plan = modprobe_plan,
	.apply = modprobe_apply,
	.invert = modprobe_invert,
};
