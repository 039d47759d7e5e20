/* locale_gen: languages that programs can speak: lines of /etc/locale.gen, and what locale-gen makes of them. */
#include "modules/errors.h"
#include "modules/shared/text_file.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

enum locale_step { LOCALE_GENERATE = TEXT_FILE_REMOVE + 1, LOCALE_ALONG, LOCALE_DELETE };
enum { LOCALE_SECONDS = 3600, SUPPORTED_MOST = 1 << 20 };

static const char list_path[] = "/etc/locale.gen", archive_path[] = "/usr/lib/locale/locale-archive";

struct locale_params {
	char **name;
	unsigned name_count;
	bool present;
	bool undo;
	char *was;               /* of an undo: the line that comes back; "": none */
};

struct locale_one {
	const char *name, *archived;     /* "en_US.UTF-8", and as the archive calls it, "en_US.utf8" */
	const char *charset;     /* NULL: nobody knows it */
	const char *line;        /* of it in the file, without its end; NULL: none */
	bool generated;
};

struct locale_state {
	struct text_file file;
	struct locale_one *ones;
	size_t count;
	bool archive;            /* is there */
};

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t states[] = { { "absent", false }, { "present", true } };

static const struct param locale_table[] = {
	{ .name = "name", .kind = PARAM_LIST, .flags = PARAM_REQUIRED, .doc = "such as en_GB.UTF-8; names as in "
		"/usr/share/i18n/SUPPORTED", .into = INTO_LIST(struct locale_params, name) },
	{ .name = "state", .kind = PARAM_CHOICE, .otherwise = "present", .choices = state_words,
		.doc = "whether programs can speak it", .into = INTO_CHOICE(struct locale_params, present, states) },
	{ .name = "undo", .kind = PARAM_BOOL, .otherwise = "no", .doc = "go back to what was", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct locale_params, undo) },
	{ .name = "was", .kind = PARAM_STRING, .otherwise = "", .doc = "the line before", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct locale_params, was) },
	{ 0 },
};

static int locale_check(const struct value *params, struct error *err)
{
	const struct value *names = value_get(params, "name");

	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		const char *name = value_text(names->items[i]);

		for (const char *at = name; at && (at == name || *at); at++) {
			if (!(isalnum((unsigned char)*at) || (*at && strchr("_.@-", *at))) || *name == '-')
				return error_at(err, TASK_INVALID_NAME, names->items[i]->place, "'%s' is not the name of a locale", name);
		}
	}
	return 0;
}

static void locale_resources(struct names *names, const void *params)
{
	const struct locale_params *want = params;

	for (unsigned i = 0; i < want->name_count; i++) {
		names_add(names, "locale:%s", want->name[i]);
		names_wish(names, "%s", want->present ? "present" : "absent");
	}
}

/* --- What is there --- */

/* The name of a line NAME CHARSET, also behind #. */
static bool line_is_of(const char *line, const char *name, bool *ret_active)
{
	size_t size = strlen(name);

	*ret_active = *line != '#';
	line += strspn(line, "# \t");
	return strncmp(line, name, size) == 0 && (line[size] == ' ' || line[size] == '\t')
		&& strcspn(line, "\n") > size + 1;
}

static const char *find_line(const char *text, const char *name, bool active_only)
{
	bool active;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (line_is_of(text, name, &active) && (active || !active_only))
			return text;
	}
	return NULL;
}

static const char *charset_in(struct arena *arena, const char *line, const char *name)
{
	line += strspn(line, "# \t") + strlen(name);
	line += strspn(line, " \t");
	return arena_bytes(arena, line, strcspn(line, " \t\n"));
}

/* "en_US.UTF-8@x" → "en_US.utf8@x" */
static const char *archived_name(struct arena *arena, const char *name)
{
	char *archived = arena_string(arena, name), *to;
	size_t dot = strcspn(name, "."), end = dot + strcspn(name + dot, "@");

	to = archived + dot;
	for (size_t i = dot; name[i]; i++) {
		if (i >= end)
			*to++ = name[i];
		else if (name[i] != '-')
			*to++ = (char)tolower((unsigned char)name[i]);
	}
	*to = '\0';
	return archived;
}

static bool has_line(const char *text, const char *line)
{
	size_t size = strlen(line);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, line, size) == 0 && (text[size] == '\n' || !text[size]))
			return true;
	}
	return false;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void add_one(struct arena *arena, const char *name, const char *supported, const char *archive,
	struct locale_state *have)
{
	struct locale_one *one = &have->ones[have->count++];
	const char *line = find_line(have->file.before, name, true), *known;

	line = line ? line : find_line(have->file.before, name, false);
	known = line ? line : find_line(supported, name, false);
	one->name = name;
	one->archived = archived_name(arena, name);
	one->line = line ? arena_bytes(arena, line, strcspn(line, "\n")) : NULL;
	one->charset = known ? charset_in(arena, known, name) : NULL;
	one->generated = has_line(archive, one->archived);
}

static bool any_missing(const struct locale_state *have)
{
	bool missing = false;

	for (size_t i = 0; i < have->count; i++)
		missing = missing || !have->ones[i].generated;
	return missing;
}

/* locale-gen makes all that the file names. */
static void add_along(struct arena *arena, const char *archive, struct locale_state *have)
{
	size_t named = have->count;

	for (const char *line = have->file.before; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = arena_bytes(arena, line, strcspn(line, " \t\n"));
		bool ours = *line == '#' || !*name || has_line(archive, archived_name(arena, name));

		for (size_t i = 0; !ours && i < named; i++)
			ours = strcmp(have->ones[i].name, name) == 0;
		if (!ours)
			add_one(arena, name, "", archive, have);
	}
}

static int look_at_locales(struct host *host, const struct locale_params *want, struct locale_state *have,
	struct error *err)
{
	static const char *const argv[] = { "localedef", "--list-archive", NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct arena *arena = host_arena(host);
	struct command_result told = {0};
	struct file_info info;
	char *supported = arena_string(arena, "");

	if (host_stat(host, "/usr/share/i18n/SUPPORTED", &info, err) < 0 || (info.kind == FILE_REGULAR
			&& host_read_text(host, "/usr/share/i18n/SUPPORTED", SUPPORTED_MOST, &supported, err) < 0)
			|| host_stat(host, archive_path, &info, err) < 0)
		return -1;
	have->archive = info.kind != FILE_NONE;
	if (have->archive && host_look(host, &command, &told, err) < 0)
		return -1;
	have->ones = arena_array(arena, want->name_count + count_lines(have->file.before) + 1, sizeof(*have->ones));
	for (unsigned i = 0; i < want->name_count; i++)
		add_one(arena, want->name[i], supported, told.output ? told.output : "", have);
	if (want->present && !want->undo && any_missing(have))
		add_along(arena, told.output ? told.output : "", have);
	return 0;
}

/* The line of one becomes another one (NULL: none), where it stands or at the end. */
static const char *with_line(struct arena *arena, const char *text, const char *name, const char *wished)
{
	const char *line = find_line(text, name, true), *after, *rest;
	struct buffer out = {0};

	line = line ? line : find_line(text, name, false);
	rest = line ? line : text + strlen(text);
	buffer_add(&out, text, (size_t)(rest - text));
	if (!line && wished && out.size > 0 && out.data[out.size - 1] != '\n')
		buffer_add_char(&out, '\n');
	if (wished)
		buffer_printf(&out, "%s%s", wished, !line || strchr(line, '\n') ? "\n" : "");
	rest += strcspn(rest, "\n");
	buffer_add_string(&out, rest + (*rest == '\n'));
	after = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return after;
}

static const char *wished_line(struct arena *arena, const struct locale_params *want, const struct locale_one *one)
{
	bool active = one->line && *one->line != '#';

	if (want->undo)
		return *want->was ? want->was : NULL;
	if (want->present)
		return active ? one->line : arena_printf(arena, "%s %s", one->name, one->charset);
	return active ? arena_printf(arena, "# %s", one->line) : one->line;
}

static int locale_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct locale_params *want = params;
	struct locale_state *have = state;

	have->file = (struct text_file){ .path = list_path, .undo = want->undo };
	if (text_file_inspect(host, &have->file, err) < 0 || look_at_locales(host, want, have, err) < 0)
		return -1;
	if (have->file.at.info.kind != FILE_REGULAR)
		return 0;
	have->file.after = have->file.before;
	for (size_t i = 0; i < have->count; i++) {
		if (have->ones[i].charset || !want->present)
			have->file.after = with_line(host_arena(host), have->file.after, have->ones[i].name,
				wished_line(host_arena(host), want, &have->ones[i]));
	}
	text_file_settle(host_arena(host), &have->file);
	return 0;
}

/* --- Planning --- */

static void locale_plan(struct plan *plan, const void *params, const void *state)
{
	const struct locale_params *want = params;
	const struct locale_state *have = state;
	bool first = true;

	if (have->file.at.info.kind == FILE_NONE) {
		if (want->present && !want->undo)
			plan_refuse(plan, HOST_FILE_NOT_FOUND, "install locales with an apt-packages task", "there is no file '%s'",
				list_path);
		return;
	}
	for (size_t i = 0; i < have->count; i++) {
		if (want->present && !have->ones[i].charset && !want->undo) {
			plan_refuse(plan, LOCALE_GEN_UNKNOWN, "look at its spelling in /usr/share/i18n/SUPPORTED",
				"nobody here knows a locale '%s'", have->ones[i].name);
			return;
		}
	}
	text_file_plan(plan, &have->file);
	for (size_t i = 0; i < have->count; i++) {
		if (have->ones[i].generated == want->present)
			continue;
		plan_add(plan, !want->present ? LOCALE_DELETE : first ? LOCALE_GENERATE : LOCALE_ALONG, have->ones[i].name,
			"locale", want->present ? "absent" : "generated", want->present ? "generated" : "absent")->detail =
			&have->ones[i];
		first = false;
	}
}

/* --- Changing --- */

static int run(struct host *host, const char *const *argv, struct error *err)
{
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = LOCALE_SECONDS };
	struct command_result told;

	if (host_run(host, &command, &told, err) < 0)
		return -1;
	return told.status == 0 ? 0 : error_set(err, LOCALE_GEN_FAILED, "%s: %s", argv[0],
		command_last_words(host_arena(host), &told));
}

/* The archive goes with its last one, as locale-gen has it. */
static int delete(struct host *host, const struct locale_one *one, struct error *err)
{
	static const char *const list[] = { "localedef", "--list-archive", NULL };
	const char *const argv[] = { "localedef", "--delete-from-archive", one->archived, NULL };
	const struct command command = { .argv = list, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	if (run(host, argv, err) < 0 || host_run(host, &command, &told, err) < 0)
		return -1;
	return told.status == 0 && !*told.output ? host_remove(host, archive_path, err) : 0;
}

static int locale_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	static const char *const generate[] = { "locale-gen", "--keep-existing", NULL };
	const struct locale_state *have = state;

	(void)params;
	(void)results;
	switch (change->step) {
	case LOCALE_GENERATE:
		host_progress(host, "generating locales, which takes a while");
		return run(host, generate, err);
	case LOCALE_ALONG:
		return 0;
	case LOCALE_DELETE:
		return delete(host, change->detail, err);
	}
	return text_file_apply(host, &have->file, change, err);
}

static void locale_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct locale_state *have = state;
	struct arena *arena = inverses_arena(inverses);

	(void)params;
	for (size_t i = 0; i < have->count; i++) {
		const struct locale_one *one = &have->ones[i];
		struct value *back = value_map(arena), *names = value_list(arena);

		value_append(arena, names, value_string(arena, one->name));
		value_set(arena, back, "name", names);
		value_set_string(arena, back, "state", one->generated ? "present" : "absent");
		value_set_bool(arena, back, "undo", true);
		value_set_string(arena, back, "was", one->line ? one->line : "");
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "locale:%s", one->name),
			.params = back });
	}
}

const struct module module_locale_gen = {
	.name = "locale_gen",
	.summary = "languages that programs can speak",
	.params = locale_table,
	.params_size = sizeof(struct locale_params),
	.state_size = sizeof(struct locale_state),
	.aliases = (const char *const[]){ "community.general.locale_gen", NULL },
	.check = locale_check,
	.resources = locale_resources,
	.inspect = locale_inspect,
	.plan = locale_plan,
	.apply = locale_apply,
	.invert = locale_invert,
};
