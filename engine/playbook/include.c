/* include: files of tasks and roles that are brought in: imports while reading, includes when it is
 * their turn, or while reading where it is plain what they bring in. */
#include "playbook/build.h"

#include "base/suggest.h"
#include "expression/expression.h"
#include "inventory/build.h"
#include "module/params.h"
#include "yaml/tree.h"

#include <string.h>

enum { CANDIDATES_MOST = 1000 };   /* files beside one another that an include may mean */

/* --- Files of tasks --- */

/* "import_tasks: more.yml" or "import_tasks: { file: more.yml }" */
static int file_name(struct play_reader *reader, const struct value_pair *pair,
	const struct value_pair **ret_name)
{
	const struct value_pair *file = value_pair(pair->value, "file");

	*ret_name = pair;
	if (pair->value->kind != VALUE_MAP)
		return 0;
	for (size_t i = 0; i < pair->value->count; i++) {
		const struct value_pair *option = &pair->value->pairs[i];

		if (option != file && (strcmp(option->key, "apply") != 0
				|| strncmp(play_without_prefix(pair->key), "include", 7) != 0))
			return error_at(reader->err, PLAYBOOK_UNKNOWN_KEYWORD, option->place,
				"'%s' has no parameter '%s'", pair->key, option->key);
	}
	if (!file)
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, pair->place, "'%s' names no file",
			pair->key);
	*ret_name = file;
	return 0;
}

static bool is_there(struct play_reader *reader, const char *path)
{
	struct source_entry entry;
	struct error ignored = {0};

	return source_stat(reader->source, path, true, &entry, &ignored) == 0
		&& entry.kind != SOURCE_NONE;
}

/* Beside the text that names it, else in the role, else beside the playbook. */
static const char *find_tasks(struct play_reader *reader, const char *name, bool handlers)
{
	struct arena *arena = reader->arena;
	const char *beside = path_join(arena, path_directory(arena, reader->import.path), name);
	const char *others[3] = { path_join(arena, reader->play->directory, name), NULL, NULL };

	if (reader->role) {
		others[1] = others[0];
		others[0] = path_join(arena, path_join(arena, reader->role->path,
			handlers ? "handlers" : "tasks"), name);
	}
	if (is_there(reader, beside))
		return beside;
	for (size_t i = 0; others[i]; i++) {
		if (is_there(reader, others[i]))
			return others[i];
	}
	return beside;
}

int tasks_file_read(struct play_reader *reader, const char *path, struct place place,
	const struct task *group, struct items *items)
{
	struct play_import above = reader->import;
	struct value_pair read = { .key = path, .place = place };
	const char *bytes;
	size_t size;
	int result;

	for (const struct play_import *import = &above; import; import = import->above) {
		if (strcmp(import->path, path) == 0)
			return error_at(reader->err, PLAYBOOK_CYCLE, place, "'%s' imports itself", path);
	}
	if (play_enter(reader, place) < 0)
		return -1;
	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return error_place(reader->err, place);
	if (tree_parse(reader->arena, path, bytes, size, &read.value, reader->err) < 0)
		return -1;
	if (read.value->kind != VALUE_LIST && read.value->kind != VALUE_NULL) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, read.value->place, "a file of tasks must be "
			"a list, not %s", value_kind_name(read.value));
		return error_remedy(reader->err, "begin each task with '- '");
	}
	reader->import = (struct play_import){ path, &above };
	result = tasks_read(reader, &read, group, group->handler, items);
	reader->import = above;
	reader->depth--;
	return result;
}

int import_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct items *items)
{
	const struct value_pair *file;
	struct value *name;

	if (file_name(reader, pair, &file) < 0 || keyword_word(reader, file, &name) < 0)
		return -1;
	return tasks_file_read(reader, find_tasks(reader, name->text, group->handler), name->place,
		group, items);
}

/* --- Roles --- */

static const char *const part_names[] = { [ROLE_TASKS] = "tasks_from", [ROLE_VARS] = "vars_from",
	[ROLE_DEFAULTS] = "defaults_from", [ROLE_HANDLERS] = "handlers_from" };

/* Those that say nothing here are checked, too. */
static bool is_truth(const char *option, bool include)
{
	return strcmp(option, "allow_duplicates") == 0 || strcmp(option, "rolespec_validate") == 0
		|| (include && strcmp(option, "public") == 0);
}

static int refuse_option(struct play_reader *reader, const struct value_pair *pair,
	const struct value_pair *option, bool include)
{
	static const char *const names[] = { "name", "role", "tasks_from", "vars_from",
		"defaults_from", "handlers_from", "allow_duplicates", "rolespec_validate", NULL };
	struct suggestion suggestion = { .word = option->key };

	for (size_t i = 0; names[i]; i++)
		suggest_offer(&suggestion, names[i]);
	if (include)
		suggest_offer(&suggestion, "public");
	error_at(reader->err, PLAYBOOK_UNKNOWN_KEYWORD, option->place, "'%s' has no parameter '%s'",
		pair->key, option->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "variables for the role go into 'vars' of the task");
}

static int read_option(struct play_reader *reader, const struct value_pair *pair,
	const struct value_pair *option, bool is_include, struct include *include)
{
	bool truth;

	if (strcmp(option->key, "name") == 0 || strcmp(option->key, "role") == 0)
		return keyword_text(reader, option, &include->name);
	for (size_t i = 0; i < 4; i++) {
		if (strcmp(option->key, part_names[i]) == 0)
			return keyword_text(reader, option, &include->from[i]);
	}
	if (is_truth(option->key, is_include)) {
		if (keyword_plain_truth(reader, option, &truth) < 0)
			return -1;
		if (strcmp(option->key, "public") == 0)
			include->public = truth;
		if (strcmp(option->key, "allow_duplicates") != 0 || truth)
			return 0;
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, option->place, "'allow_duplicates: no' is not "
			"supported yet");
		return error_remedy(reader->err, "give the role a condition");
	}
	if (is_include && strcmp(option->key, "apply") == 0 && option->value->kind == VALUE_MAP) {
		include->apply = option->value;
		return 0;
	}
	return refuse_option(reader, pair, option, is_include);
}

/* "import_role: {name: x}", also as "import_role: name=x". */
static int read_options(struct play_reader *reader, const struct value_pair *pair, bool is_include,
	struct include *include)
{
	struct value *options = pair->value;

	if (options->kind == VALUE_STRING && play_read_words(reader, pair, &options) < 0)
		return -1;
	if (options->kind != VALUE_MAP) {
		keyword_refuse_kind(reader, pair, "a map");
		return error_remedy(reader->err, "write 'name: ROLE' below it");
	}
	include->role = true;
	for (size_t i = 0; i < options->count; i++) {
		if (read_option(reader, pair, &options->pairs[i], is_include, include) < 0)
			return -1;
	}
	if (!include->name)
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, pair->place, "'%s' names no role",
			pair->key);
	return 0;
}

static bool is_open(const struct include *include)
{
	bool open = expression_inside(include->role ? include->name : include->file);

	for (size_t i = 0; i < 4; i++)
		open = open || (include->from[i] && expression_inside(include->from[i]));
	return open;
}

static int read_role(struct play_reader *reader, const struct include *include,
	struct role_request *request, struct items *items)
{
	request->name = include->name->text;
	request->place = include->name->place;
	request->handlers = &reader->imported_handlers;
	for (size_t i = 0; i < 4; i++)
		request->from[i] = include->from[i] ? include->from[i]->text : NULL;
	return role_read(reader, request, items);
}

int import_role_read(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair, const struct task *group, struct items *items)
{
	/* They are those of its tasks, and the role's, too, which the whole play sees. */
	struct role_request request = { .group = group, .exports = true,
		.vars = value_get(raw, "vars") };
	struct include include = { 0 };

	if (read_options(reader, pair, false, &include) < 0)
		return -1;
	if (!is_open(&include))
		return read_role(reader, &include, &request, items);
	error_at(reader->err, PLAYBOOK_DYNAMIC_IMPORT, pair->place, "an import must be known before "
		"the run, but this one contains variables");
	return error_remedy(reader->err, "write out the names, or one import for each with its 'when'");
}

/* --- Includes --- */

/* The include's own step, which decides for each host whether what it brings in is done. */
static const struct task *add_step(struct play_reader *reader, const struct value_pair *pair,
	const struct task *task, struct items *items)
{
	struct task *step = arena_alloc(reader->arena, sizeof(*step));

	*step = *task;
	step->module = reader->modules.find("include");
	step->word = pair->key;
	step->module_place = pair->place;
	step->params = value_map(reader->arena);
	step->included = arena_printf(reader->arena, "include %zu", ++reader->playbook->include_count);
	value_set_bool(reader->arena, step->params, step->included, true);
	step->tags = task->tags ? task->tags : value_list(reader->arena);
	step->notify = NULL;
	items_add(reader, items, (struct item){ .kind = ITEM_TASK, .task = step });
	return step;
}

/* As in Ansible, tasks inside have the keywords of what is around the include, and of apply; the
 * include's own are for itself. */
static struct task *group_inside(struct play_reader *reader, const struct task *task,
	const struct task *around)
{
	struct task *group = arena_alloc(reader->arena, sizeof(*group));

	if (around)
		*group = *around;
	group->handler = task->handler;
	return group;
}

static void note_own(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair)
{
	static const char *const own[] = { "become", "become_user", "check_mode", "connection", "diff",
		"no_log", "port", "remote_user", "throttle", "timeout" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (value_pair(raw, own[i]))
			value_append(reader->arena, reader->playbook->notes, value_printf(reader->arena,
				"%s:%u: '%s' of '%s' isn't for the tasks inside, as in Ansible; write it under "
				"'apply'", pair->place.file, pair->place.line, own[i], pair->key));
	}
}

static int read_apply(struct play_reader *reader, const struct value_pair *pair,
	const struct include *include, struct task *group)
{
	struct task applied = { .handler = group->handler };

	if (!include->apply)
		return 0;
	for (size_t i = 0; i < include->apply->count; i++) {
		if (!keyword_find(task_keywords, include->apply->pairs[i].key))
			return task_refuse_key(reader, &include->apply->pairs[i]);
	}
	if (task_read_keywords(reader, include->apply, pair->key, KEYWORD_GROUP, &applied) < 0)
		return -1;
	task_inherit(reader->arena, &applied, group);
	*group = applied;
	return 0;
}

/* What is plain already is read now. */
static int read_plain(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair, const struct task *task, const struct task *around,
	const struct include *include, struct items *items)
{
	const struct value *own = value_get(raw, "vars");
	const struct task *above = reader->included_by;
	struct task *group = group_inside(reader, task, around);
	struct role_request request = { .group = group, .exports = include->public };
	struct value *vars = reader->include_vars;
	int result;

	note_own(reader, raw, pair);
	if (read_apply(reader, pair, include, group) < 0)
		return -1;
	reader->included_by = add_step(reader, pair, task, items);
	if (own && own->kind == VALUE_MAP) {
		reader->include_vars = value_map(reader->arena);
		if (vars)
			build_merge(reader->arena, reader->include_vars, vars);
		build_merge(reader->arena, reader->include_vars, own);
	}
	if (include->role)
		result = read_role(reader, include, &request, items);
	else
		result = tasks_file_read(reader, find_tasks(reader, include->file->text, task->handler),
			include->file->place, group, items);
	reader->included_by = above;
	reader->include_vars = vars;
	return result;
}

static int read_file(struct play_reader *reader, const struct value_pair *pair,
	struct include *include)
{
	const struct value_pair *file, *apply = value_pair(pair->value, "apply");

	if (file_name(reader, pair, &file) < 0 || keyword_text(reader, file, &include->file) < 0)
		return -1;
	if (apply && apply->value->kind != VALUE_MAP)
		return keyword_refuse_kind(reader, apply, "a map");
	include->apply = apply ? apply->value : NULL;
	return 0;
}

/* Files that a name may come to mean, where only the last part of it is open. */
static bool may_mean(const char *name, const char *before, size_t before_size, const char *after)
{
	size_t size = strlen(name), after_size = strlen(after);
	const char *dot = strrchr(name, '.');

	if (size < before_size + after_size || strncmp(name, before, before_size) != 0
			|| strcmp(name + size - after_size, after) != 0)
		return false;
	return after_size > 0 || (dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0));
}

/* They are of the run's text, whichever it will be: so nodes keep them, and a plan notices where they
 * change. What can't be read is told when its turn has come. */
static void note_candidates(struct play_reader *reader, const char *directory, const char *name)
{
	const char *open = strstr(name, "{{"), *close = strstr(name, "}}"), *more, *slash, *last;
	struct arena *arena = reader->arena;
	struct source_entry *entries;
	struct error ignored = { 0 };
	size_t count;

	while (close && (more = strstr(close + 2, "}}")))
		close = more;
	if (!open || !close || strchr(close, '/'))
		return;
	slash = memrchr(name, '/', (size_t)(open - name));
	last = slash ? slash + 1 : name;
	directory = path_join(arena, directory, slash ? arena_bytes(arena, name, (size_t)(slash - name))
		: ".");
	if (source_list(reader->source, directory, &entries, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count && i < CANDIDATES_MOST; i++) {
		struct error unread = { 0 };
		const char *bytes;
		size_t size;

		if (entries[i].kind != SOURCE_DIRECTORY && may_mean(entries[i].name, last,
				(size_t)(open - last), close + 2))
			source_read(reader->source, path_join(arena, directory, entries[i].name), &bytes, &size,
				&unread);
	}
}

static void note_files(struct play_reader *reader, const struct include *include)
{
	if (include->role)
		return;
	note_candidates(reader, path_directory(reader->arena, reader->import.path),
		include->file->text);
	if (reader->role)
		note_candidates(reader, path_join(reader->arena, reader->role->path, "tasks"),
			include->file->text);
}

/* What it brings in is known when its turn comes: to whom it stands, and where. */
static int add_open(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair, struct task *task, const struct task *around,
	struct include *include, struct items *items)
{
	struct play_reader *here = arena_alloc(reader->arena, sizeof(*here));
	struct value *own = value_get(raw, "vars");
	struct task ignored = { 0 };

	if (task->handler) {
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "'%s' among handlers must be known "
			"before the run, here %s", pair->key, task->loop ? "is a loop" : "stand variables");
		return error_remedy(reader->err, "write one include for each with its 'when'");
	}
	/* What is wrong with apply is told now. */
	if (read_apply(reader, pair, include, &ignored) < 0)
		return -1;
	note_own(reader, raw, pair);
	note_files(reader, include);
	*here = *reader;
	here->import.above = NULL;
	include->vars = own && own->kind == VALUE_MAP ? own : NULL;
	include->around = around;
	include->reader = here;
	task->module = reader->modules.find("include");
	task->word = pair->key;
	task->module_place = pair->place;
	task->include = include;
	task->params = value_map(reader->arena);
	task->tags = task->tags ? task->tags : value_list(reader->arena);
	task->notify = NULL;
	items_add(reader, items, (struct item){ .kind = ITEM_INCLUDE, .task = task });
	return 0;
}

/* As with Ansible: an include itself is done nowhere. */
static int refuse_delegated(struct play_reader *reader, const struct value *raw,
	const struct value_pair *pair)
{
	const struct value_pair *delegates = value_pair(raw, "delegate_to");

	if (!delegates)
		delegates = value_pair(raw, "delegate_facts");
	if (!delegates)
		return 0;
	error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, delegates->place, "'%s' can't be used with "
		"'%s'", delegates->key, pair->key);
	return error_remedy(reader->err, "write it under 'apply', or into a block around the include");
}

int include_read(struct play_reader *reader, const struct value *raw, const struct value_pair *pair,
	struct task *task, const struct task *around, struct items *items)
{
	struct include *include = arena_alloc(reader->arena, sizeof(*include));
	bool role = strcmp(play_without_prefix(pair->key), "include_role") == 0;

	if (refuse_delegated(reader, raw, pair) < 0)
		return -1;
	if ((role ? read_options(reader, pair, true, include) : read_file(reader, pair, include)) < 0
			|| task_read_loop(reader, raw, task) < 0)
		return -1;
	if (task->loop_index || task->loop_extended || task->loop_pause)
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "'index_var', 'extended' and "
			"'pause' of a loop over '%s' are not supported yet", pair->key);
	if (!task->loop && !is_open(include))
		return read_plain(reader, raw, pair, task, around, include, items);
	return add_open(reader, raw, pair, task, around, include, items);
}

/* --- When their turn has come --- */

/* A group that gives its keywords to what is inside. */
static int read_group(struct play_reader *reader, const struct task *task,
	const struct include *include, struct task **ret_group)
{
	const struct value_pair pair = { .key = task->word, .place = task->place };

	*ret_group = group_inside(reader, task, include->around);
	return read_apply(reader, &pair, include, *ret_group);
}

static int read_opened(struct play_reader *reader, const struct task *task,
	const struct include *include, struct items *items)
{
	struct role_request request = { .exports = include->public };
	struct task *group;

	if (read_group(reader, task, include, &group) < 0)
		return -1;
	if (!include->role) {
		const char *path = find_tasks(reader, include->file->text, false);

		/* A file may include itself as long as that ends. */
		reader->import.path = "";
		return tasks_file_read(reader, path, include->file->place, group, items);
	}
	request.group = group;
	return read_role(reader, include, &request, items);
}

static bool has_handler(const struct play *play, const struct task *handler)
{
	bool has = false;

	for (size_t i = 0; i < play->handler_count && !has; i++)
		has = strcmp(task_title(play->handlers[i]), task_title(handler)) == 0;
	return has;
}

/* Those of roles that are brought in now: nodes were told of all handlers before. */
static int check_handlers(struct play_reader *reader)
{
	const struct items *handlers = &reader->imported_handlers;

	for (size_t i = 0; i < handlers->count; i++) {
		const struct task *handler = handlers->items[i].task;

		if (!handler || has_handler(reader->play, handler))
			continue;
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, handler->place, "the handler '%s' is of a role that "
			"is known only in the run", task_title(handler));
		return error_remedy(reader->err, "write out the role's name in the playbook, in one include "
			"for each with its 'when'");
	}
	return 0;
}

int playbook_include(struct arena *arena, struct source *source, const struct task *task,
	const struct include *include, const struct value *given, struct items *ret_items,
	struct error *err)
{
	struct play_reader reader = *include->reader;
	struct task **tasks;
	size_t count;

	reader.arena = arena;
	reader.source = source;
	reader.err = err;
	reader.errors = (struct error_list){ 0 };
	reader.imported_handlers = (struct items){ 0 };
	reader.include_vars = value_map(arena);
	if (include->reader->include_vars)
		build_merge(arena, reader.include_vars, include->reader->include_vars);
	if (given)
		build_merge(arena, reader.include_vars, given);
	if (include->vars)
		build_merge(arena, reader.include_vars, include->vars);
	*ret_items = (struct items){ 0 };
	if (read_opened(&reader, task, include, ret_items) < 0
			|| error_tell(&reader.errors, err) < 0 || check_handlers(&reader) < 0)
		return -1;
	tasks = items_flat(arena, ret_items, &count);
	for (size_t i = 0; i < count; i++)
		tasks[i]->index = reader.playbook->task_count++;
	return handlers_check_tasks(&reader, tasks, count);
}
