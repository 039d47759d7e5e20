/* deb822_repository: a file NAME.sources in /etc/apt/sources.list.d. */
#include "modules/shared/text_file.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

struct deb822_params {
	char *path, *content, *mode;
};

struct deb822_state {
	struct text_file file;
	const char *digest;      /* of what is there; NULL: nothing */
};

static const char *const states[] = { "present", "absent", NULL };

static const struct param deb822_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "what it is called; so is its file" },
	{ .name = "state", .kind = PARAM_CHOICE, .choices = states, .otherwise = "present", .doc = "whether it is there" },
	{ .name = "types", .kind = PARAM_LIST, .otherwise = "deb", .doc = "deb, deb-src" },
	{ .name = "uris", .kind = PARAM_LIST, .doc = "where it is" },
	{ .name = "suites", .kind = PARAM_LIST, .doc = "as bookworm, bookworm-updates; with / at its end a path" },
	{ .name = "components", .kind = PARAM_LIST, .doc = "as main, contrib" },
	{ .name = "architectures", .kind = PARAM_LIST, .doc = "as amd64, arm64" },
	{ .name = "languages", .kind = PARAM_LIST, .doc = "of descriptions" },
	{ .name = "targets", .kind = PARAM_LIST, .doc = "what is fetched" },
	{ .name = "signed_by", .kind = PARAM_STRING, .doc = "the path of a keyring on the host, or the key itself in ASCII" },
	{ .name = "enabled", .kind = PARAM_BOOL, .doc = "no: apt passes it over" },
	{ .name = "trusted", .kind = PARAM_BOOL, .doc = "yes: it needs no signature" },
	{ .name = "allow_insecure", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "allow_weak", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "allow_downgrade_to_insecure", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "by_hash", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "check_date", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "check_valid_until", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "date_max_future", .kind = PARAM_INTEGER, .doc = "as in sources.list(5)" },
	{ .name = "inrelease_path", .kind = PARAM_STRING, .doc = "as in sources.list(5)" },
	{ .name = "pdiffs", .kind = PARAM_BOOL, .doc = "as in sources.list(5)" },
	{ .name = "mode", .kind = PARAM_MODE, .otherwise = "0644", .doc = "of the file",
		.into = INTO_TEXT(struct deb822_params, mode) },
	{ .name = "install_python_debian", .kind = PARAM_BOOL, .doc = "not needed" },
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_INTERNAL, .doc = "the file",
		.into = INTO_TEXT(struct deb822_params, path) },
	{ .name = "content", .kind = PARAM_STRING, .flags = PARAM_INTERNAL | PARAM_CONTENT, .doc = "its content",
		.into = INTO_TEXT(struct deb822_params, content) },
	{ 0 },
};

/* In the order in which Ansible writes them. */
static const struct { const char *param, *field; } fields[] = {
	{ "name", "X-Repolib-Name" }, { "allow_downgrade_to_insecure", "Allow-Downgrade-To-Insecure" },
	{ "allow_insecure", "Allow-Insecure" }, { "allow_weak", "Allow-Weak" }, { "architectures", "Architectures" },
	{ "by_hash", "By-Hash" }, { "check_date", "Check-Date" }, { "check_valid_until", "Check-Valid-Until" },
	{ "components", "Components" }, { "date_max_future", "Date-Max-Future" }, { "enabled", "Enabled" },
	{ "inrelease_path", "InRelease-Path" }, { "languages", "Languages" }, { "pdiffs", "PDiffs" },
	{ "signed_by", "Signed-By" }, { "suites", "Suites" }, { "targets", "Targets" }, { "trusted", "Trusted" },
	{ "types", "Types" }, { "uris", "URIs" },
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* --- The controller --- */

static bool is_absent(const struct value *params)
{
	const char *state = value_get_string(params, "state");

	return state && strcmp(state, "absent") == 0;
}

/* "Docker CE" → docker-ce, as Ansible has it. */
static const char *file_name(struct arena *arena, const char *name)
{
	char *file = arena_alloc(arena, strlen(name) + 1);
	size_t size = 0;

	for (; *name; name++) {
		char c = (char)tolower((unsigned char)*name);

		if (c == '_' || isspace((unsigned char)c))
			c = size > 0 && file[size - 1] == '-' ? '\0' : '-';
		if (isalnum((unsigned char)c) || c == '-')
			file[size++] = c;
	}
	file[size] = '\0';
	return file;
}

static int check_key(const struct value *signed_by, struct error *err)
{
	const char *text = value_text(signed_by);

	if (!text || *text == '/' || strncmp(text, "-----BEGIN PGP", 14) == 0)
		return 0;
	error_at(err, TASK_INVALID_VALUE, signed_by->place, "'signed_by' must be the path of a keyring on the host, or a "
		"key that begins with -----BEGIN PGP");
	return error_remedy(err, strstr(text, "://") ? "bring it to /etc/apt/keyrings/NAME.asc with get_url, and name that "
		"path" : "as /etc/apt/keyrings/NAME.asc");
}

static int deb822_check(const struct value *params, struct error *err)
{
	static const char *const needed[] = { "uris", "suites" };
	const struct value *name = value_get(params, "name");
	struct arena *arena = arena_new();
	bool named = !value_text(name) || *file_name(arena, name->text);

	arena_free(arena);
	if (!named || (value_text(name) && strchr(name->text, '\n')))
		return error_at(err, TASK_INVALID_VALUE, name->place, "a source is called by a line with letters or digits");
	for (size_t i = 0; i < 2 && !is_absent(params) && !value_get(params, "content"); i++) {
		if (value_item_count(value_get(params, needed[i])) == 0)
			return error_at(err, TASK_MISSING_PARAMETER, params->place, "a source needs '%s'", needed[i]);
	}
	return check_key(value_get(params, "signed_by"), err);
}

static void add_text(struct buffer *out, const char *text)
{
	if (!strchr(text, '\n')) {
		buffer_printf(out, " %s\n", text);
		return;
	}
	/* A key: a line of its own each, and an empty one is a dot. */
	buffer_add_char(out, '\n');
	while (*text) {
		size_t size = strcspn(text, "\n");

		buffer_printf(out, " %.*s\n", (int)(size > 0 ? size : 1), size > 0 ? text : ".");
		text += size + (text[size] == '\n');
	}
}

static void add_field(struct buffer *out, const char *field, const struct value *value)
{
	const char *text = value_text(value);

	if (!value || (value->kind == VALUE_LIST && value->count == 0))
		return;
	buffer_printf(out, "%s:", field);
	for (size_t i = 0; i < value_item_count(value); i++)
		buffer_printf(out, " %s", value_text(value_item(value, i)));
	if (value->kind == VALUE_LIST)
		buffer_add_char(out, '\n');
	else
		add_text(out, strcmp(text, "true") == 0 ? "yes" : strcmp(text, "false") == 0 ? "no" : text);
}

static bool is_unknown(const struct value *value)
{
	bool unknown = value && value->kind == VALUE_UNKNOWN;

	for (size_t i = 0; i < value_item_count(value); i++)
		unknown = unknown || is_unknown(value_item(value, i));
	return unknown;
}

/* The node gets what comes of them. */
static void take_away(struct value *params)
{
	for (size_t i = 0; i < FIELDS; i++)
		value_remove(params, fields[i].param);
	value_remove(params, "state");
	value_remove(params, "install_python_debian");
}

static int deb822_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *name = value_get_string(params, "name");
	struct buffer out = {0};
	bool unknown = false;

	(void)err;
	for (size_t i = 0; i < FIELDS; i++)
		unknown = unknown || is_unknown(value_get(params, fields[i].param));
	if (unknown || value_get(params, "content"))
		return 0;
	for (size_t i = 0; i < FIELDS && !is_absent(params); i++)
		add_field(&out, fields[i].field, value_get(params, fields[i].param));
	value_set(arena, params, "content", value_bytes(arena, out.data ? out.data : "", out.size));
	value_set(arena, params, "path", value_printf(arena, "/etc/apt/sources.list.d/%s.sources",
		file_name(arena, name)));
	buffer_free(&out);
	take_away(params);
	return 0;
}

/* --- The node --- */

static void deb822_resources(struct names *names, const void *params)
{
	names_add(names, "file:%s", ((const struct deb822_params *)params)->path);
}

static int deb822_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct deb822_params *want = params;
	struct deb822_state *have = ret_state;

	/* Of an absent one nothing is left, so that the file goes. */
	have->file = (struct text_file){ .path = want->path, .create = true, .want = { .mode = want->mode },
		.undo = !*want->content, .made = true };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	if (strcmp(have->file.before, want->content) != 0)
		have->file.after = want->content;
	return have->file.at.info.kind == FILE_REGULAR ? host_digest(host, want->path, &have->digest, err) : 0;
}

static void deb822_plan(struct plan *plan, const void *params, const void *state)
{
	const struct deb822_params *want = params;
	const struct deb822_state *have = state;

	if (!*want->content && have->file.at.info.kind == FILE_NONE)
		return;
	text_file_plan(plan, &have->file);
	if (have->file.after)
		plan_writes(plan, "package:*");
}

static int deb822_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	(void)params;
	(void)results;
	return text_file_apply(host, &((const struct deb822_state *)state)->file, change, err);
}

static void deb822_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct deb822_params *want = params;

	(void)state;
	value_set_string(arena, results, "dest", want->path);
	value_set_string(arena, results, "repo", want->content);
}

static void deb822_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct deb822_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	const char *path = ((const struct deb822_params *)params)->path;

	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "file:%s", path),
		.module = "file",
		.params = attributes_way_back(arena, path, &have->file.at, have->digest),
		.keep_path = have->digest ? path : NULL,
		.keep_digest = have->digest,
	});
}

const struct module module_deb822_repository = {
	.name = "deb822_repository",
	.summary = "add or remove a source of packages, in the form deb822 (fetch the lists with apt: update_cache)",
	.params = deb822_table,
	.params_size = sizeof(struct deb822_params),
	.state_size = sizeof(struct deb822_state),
	.content = "file",
	.check = deb822_check,
	.prepare = deb822_prepare,
	.resources = deb822_resources,
	.inspect = deb822_inspect,
	.plan = deb822_plan,
	.apply = deb822_apply,
	.results = deb822_results,
	.invert = deb822_invert,
};
