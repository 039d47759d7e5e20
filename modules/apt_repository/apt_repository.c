/* apt_repository: a line of a file in /etc/apt/sources.list.d. */
#include "modules/apt_packages/apt_packages.h"
#include "modules/shared/text_file.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

enum { REPOSITORY_UPDATE = TEXT_FILE_REMOVE + 1 };

static const char folder[] = "/etc/apt/sources.list.d", list[] = "/etc/apt/sources.list";

struct repository_params {
	char *repo, *filename, *mode;
	bool present, update_cache, install_python_apt, undo, made;
};

struct repository_state {
	struct text_file file;
	const char *elsewhere;   /* another file that has the line; NULL: none */
};

static const char *const states[] = { "present", "absent", NULL };
static const cyaml_strval_t state_words[] = { { "present", true }, { "absent", false } };

static const struct param repository_table[] = {
	{ .name = "repo", .kind = PARAM_STRING, .flags = PARAM_REQUIRED,
		.doc = "the line, as \"deb [signed-by=/etc/apt/keyrings/x.asc] https://… bookworm main\"",
		.into = INTO_TEXT(struct repository_params, repo) },
	{ .name = "state", .kind = PARAM_CHOICE, .choices = states, .otherwise = "present", .doc = "whether it is there",
		.into = INTO_CHOICE(struct repository_params, present, state_words) },
	{ .name = "filename", .kind = PARAM_STRING, .doc = "the file in /etc/apt/sources.list.d, without .list; by "
		"default as the URL", .into = INTO_TEXT(struct repository_params, filename) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "of the file", .into = INTO_TEXT(struct repository_params, mode) },
	{ .name = "update_cache", .kind = PARAM_BOOL, .otherwise = "yes", .alias = "update-cache", .flags = PARAM_ASIDE,
		.doc = "fetch the package lists if the line has changed; if that fails, it stays as it was",
		.into = INTO_BOOL(struct repository_params, update_cache) },
	{ .name = "codename", .kind = PARAM_STRING, .doc = "of a PPA", .flags = PARAM_NOT_YET },
	{ .name = "install_python_apt", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "not needed",
		.flags = PARAM_ASIDE, .into = INTO_BOOL(struct repository_params, install_python_apt) },
	{ .name = "undo", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_INTERNAL, .doc = "it is an undo",
		.into = INTO_BOOL(struct repository_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_INTERNAL, .doc = "the file was made",
		.into = INTO_BOOL(struct repository_params, made) },
	{ 0 },
};

/* --- The line --- */

static const char *next_word(const char **at, size_t *ret_size)
{
	const char *word = *at + strspn(*at, " \t");

	*ret_size = strcspn(word, " \t\n");
	*at = word + *ret_size;
	return word;
}

/* But for blanks between its words, and a comment at its end. */
static bool same_line(const char *one, const char *other)
{
	for (;;) {
		size_t size, other_size;
		const char *word = next_word(&one, &size), *other_word = next_word(&other, &other_size);

		size = *word == '#' ? 0 : size;
		other_size = *other_word == '#' ? 0 : other_size;
		if (size != other_size || strncmp(word, other_word, size) != 0)
			return false;
		if (size == 0)
			return true;
	}
}

static const char *line_after(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

static bool has_line(const char *text, const char *repo)
{
	for (; *text; text = line_after(text)) {
		if (same_line(text, repo))
			return true;
	}
	return false;
}

/* "deb [arch=amd64] https://download.docker.com/linux/debian …" is in download_docker_com_linux_debian.list, as
 * Ansible has it. */
static const char *default_name(struct arena *arena, const char *repo)
{
	const char *at = repo, *url, *slashes;
	char *name;
	size_t size, length = 0;

	next_word(&at, &size);
	at += strspn(at, " \t");
	if (*at == '[')
		at = strchr(at, ']') ? strchr(at, ']') + 1 : at;
	url = next_word(&at, &size);
	slashes = strstr(url, "://");
	if (slashes && slashes < url + size) {
		size -= (size_t)(slashes + 3 - url);
		url = slashes + 3;
	}
	if (memchr(url, '@', size)) {
		const char *behind = (const char *)memchr(url, '@', size) + 1;

		size -= (size_t)(behind - url);
		url = behind;
	}
	name = arena_alloc(arena, size + 1);
	for (size_t i = 0; i < size; i++) {
		if (isalnum((unsigned char)url[i]))
			name[length++] = url[i];
		else if (length > 0 && name[length - 1] != '_')
			name[length++] = '_';
	}
	name[length - (length > 0 && name[length - 1] == '_')] = '\0';
	return name;
}

static bool has_url(const char *repo)
{
	struct arena *arena = arena_new();
	bool has = *default_name(arena, repo);

	arena_free(arena);
	return has;
}

static const char *path_of(struct arena *arena, const struct repository_params *want)
{
	const char *name = want->filename ? want->filename : default_name(arena, want->repo);
	size_t size = strlen(name);
	bool ends = size > 5 && strcmp(name + size - 5, ".list") == 0;

	return arena_printf(arena, "%s/%s%s", folder, name, ends ? "" : ".list");
}

/* --- The controller --- */

static int repository_check(const struct value *params, struct error *err)
{
	const struct value *repo = value_get(params, "repo"), *filename = value_get(params, "filename");
	const char *text = value_text(repo), *name = value_text(filename);
	bool whole = !text || ((strncmp(text, "deb ", 4) == 0 || strncmp(text, "deb-src ", 8) == 0)
		&& !strchr(text, '\n') && has_url(text));

	if (name && (!*name || *name == '.' || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789_.-")])) {
		error_at(err, TASK_INVALID_VALUE, filename->place, "apt reads no file with the name '%s'", name);
		return error_remedy(err, "use letters, digits, '_', '-' and '.'");
	}
	if (whole)
		return 0;
	error_at(err, TASK_INVALID_VALUE, repo->place, "'repo' must be one line that begins with deb or deb-src");
	return error_remedy(err, strncmp(text, "ppa:", 4) == 0 ? "PPAs are for Ubuntu: write the whole line"
		: "as in sources.list(5): deb [OPTIONS] URL SUITE COMPONENTS");
}

/* --- The node --- */

static void repository_resources(struct names *names, const void *params)
{
	const struct repository_params *want = params;
	struct arena *arena = arena_new();

	names_add(names, "apt-source:%s:%s", path_of(arena, want), want->repo);
	arena_free(arena);
}

static int look_into(struct host *host, const char *path, const struct repository_params *want,
	struct repository_state *have, struct error *err)
{
	struct file_info info;
	char *text;

	if (strcmp(path, have->file.path) == 0)
		return 0;
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, path, TEXT_FILE_MOST, &text, err) < 0)
		return -1;
	if (has_line(text, want->repo))
		have->elsewhere = path;
	return 0;
}

static int look_elsewhere(struct host *host, const struct repository_params *want, struct repository_state *have,
	struct error *err)
{
	struct file_name *names;
	struct file_info info;
	size_t count;

	if (look_into(host, list, want, have, err) < 0 || host_stat(host, folder, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, folder, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(names[i].name);

		if (size > 5 && strcmp(names[i].name + size - 5, ".list") == 0 && look_into(host,
				arena_printf(host_arena(host), "%s/%s", folder, names[i].name), want, have, err) < 0)
			return -1;
	}
	return 0;
}

static const char *with_line(struct arena *arena, const char *text, const char *repo)
{
	size_t size = strlen(text);

	return arena_printf(arena, "%s%s%s\n", text, size > 0 && text[size - 1] != '\n' ? "\n" : "", repo);
}

static const char *without_line(struct arena *arena, const char *text, const char *repo)
{
	struct buffer left = {0};
	const char *made;

	for (const char *line = text; *line; line = line_after(line)) {
		if (!same_line(line, repo))
			buffer_add(&left, line, (size_t)(line_after(line) - line));
	}
	made = arena_bytes(arena, left.data ? left.data : "", left.size);
	buffer_free(&left);
	return made;
}

static int repository_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct repository_params *want = params;
	struct repository_state *have = ret_state;
	struct arena *arena = host_arena(host);
	bool there;

	have->file = (struct text_file){ .path = path_of(arena, want), .create = true,
		.want = { NULL, NULL, want->present ? want->mode : NULL }, .undo = want->undo || !want->present,
		.made = want->made || !want->undo };
	if (text_file_inspect(host, &have->file, err) < 0 || look_elsewhere(host, want, have, err) < 0)
		return -1;
	there = has_line(have->file.before, want->repo);
	if (want->present && !there && !have->elsewhere)
		have->file.after = with_line(arena, have->file.before, want->repo);
	else if (!want->present && there)
		have->file.after = without_line(arena, have->file.before, want->repo);
	text_file_settle(arena, &have->file);
	return 0;
}

static void repository_plan(struct plan *plan, const void *params, const void *state)
{
	const struct repository_params *want = params;
	const struct repository_state *have = state;

	if (!want->present && !want->undo && have->elsewhere) {
		plan_refuse(plan, HOST_FILE_EXISTS, "remove it there with lineinfile", "'%s' has this line, which isn't in "
			"'%s'", have->elsewhere, have->file.path);
		return;
	}
	if (want->present ? have->elsewhere || !(have->file.after || have->file.at.info.kind == FILE_REGULAR)
			: !have->file.after)
		return;
	text_file_plan(plan, &have->file);
	if (!have->file.after || !want->update_cache || want->undo)
		return;
	plan_add(plan, REPOSITORY_UPDATE, "package lists", "state", "as they were", "fetched");
	/* Whether a package is there, and which version, is another question from here on. */
	plan_writes(plan, "package:*");
}

/* As it was: the next run tries it again. */
static int take_back(struct host *host, const struct text_file *file)
{
	const struct file_write write = { .path = file->path, .bytes = file->before, .size = strlen(file->before),
		.mode = HOST_KEEP, .uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };
	struct error ignored = {0};

	if (file->at.info.kind == FILE_NONE)
		host_remove(host, file->path, &ignored);
	else
		host_write(host, &write, &ignored);
	return -1;
}

static int repository_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	static const struct apt_params update = { .lock_timeout = 60 };
	const struct repository_state *have = state;

	(void)params;
	(void)results;
	if (change->step != REPOSITORY_UPDATE)
		return text_file_apply(host, &have->file, change, err);
	return apt_refresh(host, &update, err) < 0 ? take_back(host, &have->file) : 0;
}

static void repository_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct repository_params *want = params;

	value_set_string(arena, results, "repo", want->repo);
	value_set_string(arena, results, "state", states[!want->present]);
	value_set_string(arena, results, "path", ((const struct repository_state *)state)->file.path);
}

static void repository_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct repository_params *want = params;
	const struct repository_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	bool there = has_line(have->file.before, want->repo);

	value_set_string(arena, back, "repo", want->repo);
	value_set_string(arena, back, "filename", strrchr(have->file.path, '/') + 1);
	value_set_string(arena, back, "state", states[!there]);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "made", have->file.at.info.kind == FILE_NONE ? "yes" : "no");
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "apt-source:%s:%s", have->file.path, want->repo),
		.params = back,
	});
}

const struct module module_apt_repository = {
	.name = "apt_repository",
	.summary = "add or remove a source of packages",
	.params = repository_table,
	.params_size = sizeof(struct repository_params),
	.state_size = sizeof(struct repository_state),
	.content = "apt-source",
	.check = repository_check,
	.resources = repository_resources,
	.inspect = repository_inspect,
	.plan = repository_plan,
	.apply = repository_apply,
	.results = repository_results,
	.invert = repository_invert,
};
