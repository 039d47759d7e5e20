/* look: what is installed, and what pip would do about it; nothing is changed. */
#include "modules/pip/pip.h"

#include "modules/command/command_run.h"
#include "modules/errors.h"
#include "modules/shared/linked_file.h"

#include <ctype.h>
#include <string.h>

enum { PIP_SECONDS = 3600 };

const char *pip_of(struct arena *arena, const struct pip_params *want)
{
	if (want->virtualenv)
		return arena_printf(arena, "%s/bin/pip", want->virtualenv);
	return want->executable ? want->executable : "pip3";
}

static int pip_failed(struct arena *arena, const struct pip_params *want, const struct command_result *told,
	struct error *err)
{
	const char *why = strstr(told->errors, "ERROR: ");

	if (strstr(told->errors, "externally-managed-environment")) {
		error_set(err, PIP_EXTERNALLY_MANAGED, "Python's own packages are Debian's here, and pip leaves them alone");
		return error_remedy(err, "give them an environment with 'virtualenv', or install python3-NAME with apt");
	}
	error_set(err, PIP_FAILED, "%s: %s", pip_of(arena, want), why ? arena_bytes(arena, why + 7, strcspn(why + 7, "\n"))
		: command_last_words(arena, told));
	if (strstr(told->errors, "no such option: --dry-run"))
		return error_remedy(err, "this pip is older than 22.2: install a newer one");
	if (strstr(told->errors, "ensurepip"))
		return error_remedy(err, "install python3-venv with an apt-packages task");
	return told->status == 127 ? error_remedy(err, "install python3-pip with an apt-packages task") : -1;
}

/* sh runs it: where there is none it says so. Words end with NULL, empty ones are left out. */
int pip_run(struct host *host, const struct pip_params *want, bool looks, const char *const *words,
	struct command_result *told, struct error *err)
{
	static const char *const environment[] = { "PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1",
		"PIP_ROOT_USER_ACTION=ignore", "PIP_NO_CACHE_DIR=1", NULL };
	struct command command = { .environment = environment, .flags = COMMAND_ANY_STATUS, .directory = want->chdir,
		.timeout = PIP_SECONDS };
	const char **argv;
	size_t count = 4, most = 6;

	while (words[most - 6])
		most++;
	argv = arena_array(host_arena(host), most, sizeof(*argv));
	memcpy(argv, (const char *const[]){ "sh", "-c", "exec \"$@\"", "sh" }, 4 * sizeof(*argv));
	for (size_t i = 0; words[i]; i++) {
		if (*words[i])
			argv[count++] = words[i];
	}
	command.argv = argv;
	if ((looks ? host_look(host, &command, told, err) : host_run(host, &command, told, err)) < 0)
		return -1;
	return told->status == 0 ? 0 : pip_failed(host_arena(host), want, told, err);
}

/* pip install, up to the names. */
int pip_install_words(struct arena *arena, const struct pip_params *want, bool dry, size_t more,
	const char ***ret_words, size_t *ret_count, struct error *err)
{
	const char *const *extra = NULL, **words;
	size_t extra_count = 0, count = 0;

	if (want->extra_args && command_split(arena, want->extra_args, &extra, &extra_count, err) < 0)
		return -1;
	words = arena_array(arena, PIP_WORDS_OWN + extra_count + more, sizeof(*words));
	words[count++] = pip_of(arena, want);
	words[count++] = "install";
	words[count++] = dry ? "--dry-run" : "-q";
	words[count++] = want->state == PIP_LATEST && !want->undo ? "--upgrade" : "";
	words[count++] = want->break_system_packages ? "--break-system-packages" : "";
	for (size_t i = 0; i < extra_count; i++)
		words[count++] = extra[i];
	*ret_words = words;
	*ret_count = count;
	return 0;
}

int pip_install_wished(struct host *host, const struct pip_params *want, bool dry, struct command_result *told,
	struct error *err)
{
	const char **words;
	size_t count;

	if (pip_install_words(host_arena(host), want, dry, want->name_count, &words, &count, err) < 0)
		return -1;
	if (want->requirements) {
		words[count++] = "-r";
		words[count++] = want->requirements;
	}
	for (unsigned i = 0; i < want->name_count; i++)
		words[count++] = want->version ? arena_printf(host_arena(host), "%s==%s", want->name[i], want->version)
			: want->name[i];
	return pip_run(host, want, dry, words, told, err);
}

/* --- Looking --- */

/* As all write a name: "Foo.Bar" and "foo_bar" are foo-bar. */
static char *common_name(struct arena *arena, const char *name, size_t size)
{
	char *common = arena_bytes(arena, name, size);

	for (char *at = common; *at; at++)
		*at = *at == '_' || *at == '.' ? '-' : (char)tolower((unsigned char)*at);
	return common;
}

static char *name_in(struct arena *arena, const char *wish)
{
	return common_name(arena, wish, strcspn(wish, "=<>!~;[ "));
}

int pip_look_at_installed(struct host *host, const struct pip_params *want, struct pip_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct command_result told;

	if (pip_run(host, want, true, (const char *const[]){ pip_of(arena, want), "list", "--format=freeze", NULL }, &told,
			err) < 0)
		return -1;
	for (const char *line = told.output; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *equals = strstr(line, "==");

		if (equals && equals < line + strcspn(line, "\n"))
			value_set(arena, have->installed, common_name(arena, line, (size_t)(equals - line)),
				value_bytes(arena, equals + 2, strcspn(equals + 2, "\n")));
	}
	return 0;
}

/* "Would install a-1.0 b-c-2": a version has no dash. */
static void take_coming(struct arena *arena, const char *output, struct pip_state *have)
{
	static const char begin[] = "Would install ";
	const char *at = strstr(output, begin);

	for (at = at ? at + strlen(begin) : ""; *at && *at != '\n';) {
		size_t size = strcspn(at, " \n");
		const char *dash = memrchr(at, '-', size);

		if (dash)
			value_set(arena, have->coming, common_name(arena, at, (size_t)(dash - at)),
				value_bytes(arena, dash + 1, (size_t)(at + size - dash - 1)));
		at += size;
		at += *at == ' ';
	}
}

/* Plain names that are there need no question. */
static bool all_there(struct arena *arena, const struct pip_params *want, const struct pip_state *have)
{
	bool there = want->state == PIP_PRESENT && !want->version && !want->requirements;

	for (unsigned i = 0; there && i < want->name_count; i++)
		there = !want->name[i][strcspn(want->name[i], "=<>!~;[ /:")]
			&& value_get(have->installed, name_in(arena, want->name[i]));
	return there;
}

static void find_going(struct arena *arena, char *const *names, unsigned count, struct pip_state *have)
{
	for (unsigned i = 0; i < count; i++) {
		char *name = name_in(arena, names[i]);

		if (value_get(have->installed, name))
			value_append(arena, have->going, value_string(arena, name));
	}
}

/* What an undo brings back: NAME==VERSION, as far as that isn't there. */
static void find_back(struct arena *arena, const struct pip_params *want, struct pip_state *have)
{
	for (unsigned i = 0; i < want->back_count; i++) {
		char *name = name_in(arena, want->back[i]);
		const char *version = strstr(want->back[i], "=="), *there = value_get_string(have->installed, name);

		if (version && (!there || strcmp(there, version + 2) != 0))
			value_set_string(arena, have->coming, name, version + 2);
	}
	find_going(arena, want->gone, want->gone_count, have);
}

const char *pip_record_key(struct arena *arena, const struct pip_params *want)
{
	return arena_printf(arena, "pip:%s", want->virtualenv);
}

/* People put programs into environments: those aren't taken away with it. */
static int look_for_strange(struct host *host, const struct pip_params *want, struct pip_state *have,
	struct error *err)
{
	static const char *const own[] = { "bin", "include", "lib", "lib64", "share", "pyvenv.cfg", ".gitignore", NULL };
	struct value *record, *known;
	struct file_name *names;
	size_t count;

	if (host_record_get(host, pip_record_key(host_arena(host), want), &record, err) < 0
			|| host_list(host, want->virtualenv, &names, &count, err) < 0)
		return -1;
	known = value_get(record, "installed");
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (own[k] && strcmp(own[k], names[i].name) != 0)
			k++;
		if (!own[k])
			have->strange = names[i].name;
	}
	for (size_t i = 0; i < have->installed->count; i++) {
		if (!value_get(known, have->installed->pairs[i].key))
			have->strange = have->installed->pairs[i].key;
	}
	return guard_look(host, want->virtualenv, 0, &have->refusal, err);
}

/* pip would wait for ever at a pipe. */
static int check_requirements(struct host *host, const struct pip_params *want, struct error *err)
{
	struct file_info info;
	const char *real;

	if (linked_file_stat(host, want->requirements, &real, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR)
		return 0;
	return info.kind == FILE_NONE ? error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", want->requirements)
		: error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is no file", want->requirements);
}

int pip_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct pip_params *want = params;
	struct pip_state *have = state;
	struct arena *arena = host_arena(host);
	struct file_info info = { .kind = FILE_REGULAR };
	struct command_result told;

	have->installed = value_map(arena);
	have->coming = value_map(arena);
	have->going = value_list(arena);
	if (want->virtualenv && host_stat(host, arena_printf(arena, "%s/pyvenv.cfg", want->virtualenv), &info, err) < 0)
		return -1;
	have->environment = info.kind != FILE_NONE;
	if (want->requirements && check_requirements(host, want, err) < 0)
		return -1;
	if (!have->environment)
		return 0;
	if (pip_look_at_installed(host, want, have, err) < 0)
		return -1;
	if (want->undo && want->made)
		return look_for_strange(host, want, have, err);
	if (want->undo)
		find_back(arena, want, have);
	else if (want->state == PIP_ABSENT)
		find_going(arena, want->name, want->name_count, have);
	else if (!all_there(arena, want, have)) {
		if (pip_install_wished(host, want, true, &told, err) < 0)
			return -1;
		take_coming(arena, told.output, have);
	}
	return 0;
}
