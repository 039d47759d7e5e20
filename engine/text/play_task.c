/* play_task: a task as it is written → struct task; blocks and imports give theirs to each inside. */
#include "text/play_build.h"

#include "text/expression.h"
#include "text/inventory_build.h"
#include "text/suggest.h"
#include "text/tree.h"

#include <stddef.h>
#include <string.h>

/* Those without read stand here to be known; they are read by name. */
const struct keyword task_keywords[] = {
	{ "name", keyword_text, offsetof(struct task, name_value), KEYWORD_GROUP },
	{ "when", keyword_condition, offsetof(struct task, when), KEYWORD_GROUP },
	{ "become", keyword_truth, offsetof(struct task, become), KEYWORD_GROUP },
	{ "become_user", keyword_text, offsetof(struct task, become_user), KEYWORD_GROUP },
	{ "become_method", keyword_become_method, KEYWORD_DROPPED, KEYWORD_GROUP },
	{ "ignore_errors", keyword_truth, offsetof(struct task, ignore_errors), KEYWORD_GROUP },
	{ "no_log", keyword_truth, offsetof(struct task, no_log), KEYWORD_GROUP },
	{ "check_mode", keyword_truth, offsetof(struct task, check_mode), KEYWORD_GROUP },
	{ "diff", keyword_truth, offsetof(struct task, diff), KEYWORD_GROUP },
	{ "vars", keyword_vars, offsetof(struct task, vars), KEYWORD_GROUP },
	{ "notify", keyword_strings, offsetof(struct task, notify), KEYWORD_GROUP },
	{ "tags", keyword_tags, offsetof(struct task, tags), KEYWORD_GROUP },
	{ "changed_when", keyword_condition, offsetof(struct task, changed_when), 0 },
	{ "failed_when", keyword_condition, offsetof(struct task, failed_when), 0 },
	{ "listen", keyword_strings, offsetof(struct task, listen), KEYWORD_HANDLER },
	{ "register", NULL, 0, 0 },
	{ "args", NULL, 0, 0 },
	{ "loop", NULL, 0, 0 },
	{ "loop_control", NULL, 0, 0 },
	{ "with_items", NULL, 0, 0 },
	{ "with_list", NULL, 0, 0 },
	{ NULL, NULL, 0, 0 },
};

enum form { FORM_MODULE, FORM_BLOCK, FORM_IMPORT, FORM_META };

/* What a task is about: the one key that is no keyword. */
struct subject {
	const struct value_pair *pair;
	enum form form;
	const struct module *module;
};

/* --- What a task is about --------------------------------------------------------------------------- */

static bool find_form(const char *key, enum form *ret_form)
{
	static const struct {
		const char *name;
		enum form form;
	} forms[] = {
		{ "block", FORM_BLOCK },
		{ "import_tasks", FORM_IMPORT }, { "ansible.builtin.import_tasks", FORM_IMPORT },
		{ "meta", FORM_META }, { "ansible.builtin.meta", FORM_META },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].name, key) == 0) {
			*ret_form = forms[i].form;
			return true;
		}
	}
	return false;
}

static int take_subject(struct play_reader *reader, const struct value_pair *pair,
	struct subject *subject)
{
	struct subject found = { .pair = pair, .form = FORM_MODULE };

	if (!find_form(pair->key, &found.form)) {
		found.module = play_module(reader, pair->key);
		if (!found.module)
			return task_refuse_key(reader, pair);
	}
	if (subject->pair) {
		error_at(reader->err, pair->place, "a task does one thing: here are both '%s' and '%s'",
			subject->pair->key, pair->key);
		return error_remedy(reader->err, "make it two tasks");
	}
	*subject = found;
	return 0;
}

static int find_subject(struct play_reader *reader, const struct value *raw,
	struct subject *ret_subject)
{
	*ret_subject = (struct subject){ 0 };
	for (size_t i = 0; i < raw->count; i++) {
		if (!keyword_find(task_keywords, raw->pairs[i].key) &&
			take_subject(reader, &raw->pairs[i], ret_subject) < 0)
			return -1;
	}
	if (ret_subject->pair)
		return 0;
	error_at(reader->err, raw->place, "the task names no module");
	return error_remedy(reader->err, "see what there is: beoplay doc");
}

/* --- Keywords --------------------------------------------------------------------------------------- */

static int read_keyword(struct play_reader *reader, const struct keyword *keyword,
	const struct value_pair *pair, const struct subject *subject, struct task *task)
{
	struct value *value = NULL;

	if ((keyword->flags & KEYWORD_HANDLER) && !task->handler)
		return error_at(reader->err, pair->place, "'%s' belongs to a handler", pair->key);
	if (subject->form != FORM_MODULE && !(keyword->flags & KEYWORD_GROUP))
		return error_at(reader->err, pair->place, "'%s' can't be used with '%s'", pair->key,
			subject->pair->key);
	if (!keyword->read)
		return 0;
	if (keyword->read(reader, pair, &value) < 0)
		return -1;
	if (keyword->offset != KEYWORD_DROPPED)
		*(struct value **)(void *)((char *)task + keyword->offset) = value;
	return 0;
}

static int read_keywords(struct play_reader *reader, const struct value *raw,
	const struct subject *subject, struct task *task)
{
	for (size_t i = 0; i < raw->count; i++) {
		const struct keyword *keyword = keyword_find(task_keywords, raw->pairs[i].key);

		if (keyword && read_keyword(reader, keyword, &raw->pairs[i], subject, task) < 0)
			return -1;
	}
	if (task->name_value)
		task->name = task->name_value->text;
	return 0;
}

static int read_register(struct play_reader *reader, const struct value *raw, struct task *task)
{
	const struct value_pair *pair = value_pair(raw, "register");
	struct value *name;

	if (!pair)
		return 0;
	if (keyword_word(reader, pair, &name) < 0 ||
		keyword_check_variable(reader, name->text, keyword_place(pair)) < 0)
		return -1;
	task->registers = name->text;
	return 0;
}

/* --- Loops ------------------------------------------------------------------------------------------ */

static int find_loop(struct play_reader *reader, const struct value *raw,
	const struct value_pair **ret_pair)
{
	static const char *const names[] = { "loop", "with_items", "with_list", NULL };

	*ret_pair = NULL;
	for (size_t i = 0; names[i]; i++) {
		const struct value_pair *pair = value_pair(raw, names[i]);

		if (pair && *ret_pair)
			return error_at(reader->err, pair->place, "a task has one loop: here are both '%s' and "
				"'%s'", (*ret_pair)->key, pair->key);
		if (pair)
			*ret_pair = pair;
	}
	return 0;
}

static int refuse_loop(struct play_reader *reader, const struct value_pair *pair)
{
	keyword_refuse_kind(reader, pair, "a list");
	if (pair->value->kind == VALUE_MAP)
		return error_remedy(reader->err, "a map becomes a list with {{ name | dict2items }}");
	return error_remedy(reader->err, "write one '- item' a line, or \"{{ name }}\"");
}

static int read_loop_list(struct play_reader *reader, const struct value_pair *pair,
	struct task *task)
{
	struct value *value = pair->value;

	task->loop_flatten = strcmp(pair->key, "with_items") == 0;
	if (value->kind == VALUE_LIST || (value->kind == VALUE_STRING && expression_inside(value))) {
		task->loop = value;
	} else if (task->loop_flatten && keyword_string_of(reader, value)) {
		task->loop = value_list(reader->arena);
		task->loop->place = value->place;
		value_append(reader->arena, task->loop, value);
	} else {
		return refuse_loop(reader, pair);
	}
	return expression_check(reader->arena, task->loop, reader->err);
}

static int refuse_control(struct play_reader *reader, const struct value_pair *pair)
{
	static const char *const later[] = { "break_when", "extended", "extended_allitems", "index_var",
		"pause", NULL };
	struct suggestion suggestion = { .word = pair->key };

	for (size_t i = 0; later[i]; i++) {
		if (strcmp(later[i], pair->key) == 0)
			return error_at(reader->err, pair->place, "'%s' of loop_control is not supported yet",
				pair->key);
	}
	suggest_offer(&suggestion, "loop_var");
	suggest_offer(&suggestion, "label");
	error_at(reader->err, pair->place, "loop_control has no '%s'", pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "it has loop_var and label");
}

static int read_control(struct play_reader *reader, const struct value_pair *control,
	struct task *task)
{
	if (control->value->kind != VALUE_MAP)
		return keyword_refuse_kind(reader, control, "a map");
	for (size_t i = 0; i < control->value->count; i++) {
		const struct value_pair *pair = &control->value->pairs[i];
		struct value *value;

		if (strcmp(pair->key, "loop_var") == 0) {
			if (keyword_word(reader, pair, &value) < 0 ||
				keyword_check_variable(reader, value->text, keyword_place(pair)) < 0)
				return -1;
			task->loop_variable = value->text;
		} else if (strcmp(pair->key, "label") == 0) {
			if (keyword_text(reader, pair, &task->loop_label) < 0)
				return -1;
		} else {
			return refuse_control(reader, pair);
		}
	}
	return 0;
}

static int read_loop(struct play_reader *reader, const struct value *raw, struct task *task)
{
	const struct value_pair *control = value_pair(raw, "loop_control");
	const struct value_pair *loop;

	task->loop_variable = "item";
	if (find_loop(reader, raw, &loop) < 0)
		return -1;
	if (loop && read_loop_list(reader, loop, task) < 0)
		return -1;
	if (control && !loop)
		return error_at(reader->err, control->place, "loop_control stands without a loop");
	return control ? read_control(reader, control, task) : 0;
}

/* --- What a block or an import gives ---------------------------------------------------------------- */

static struct value *joined(struct arena *arena, const struct value *first, struct value *second)
{
	struct value *list;

	if (!first)
		return second;
	list = value_list(arena);
	list->place = second ? second->place : first->place;
	for (size_t i = 0; i < first->count; i++)
		value_append(arena, list, first->items[i]);
	for (size_t i = 0; second && i < second->count; i++)
		value_append(arena, list, second->items[i]);
	return list;
}

static struct value *merged(struct arena *arena, const struct value *weak, struct value *strong)
{
	struct value *map;

	if (!weak)
		return strong;
	map = value_map(arena);
	map->place = weak->place;
	build_merge(arena, map, weak);
	build_merge(arena, map, strong);
	return map;
}

static void inherit(struct arena *arena, struct task *task, const struct task *group)
{
	task->when = joined(arena, group->when, task->when);
	task->notify = joined(arena, group->notify, task->notify);
	task->tags = joined(arena, group->tags, task->tags);
	task->vars = merged(arena, group->vars, task->vars);
	task->become = task->become ? task->become : group->become;
	task->become_user = task->become_user ? task->become_user : group->become_user;
	task->ignore_errors = task->ignore_errors ? task->ignore_errors : group->ignore_errors;
	task->no_log = task->no_log ? task->no_log : group->no_log;
	task->check_mode = task->check_mode ? task->check_mode : group->check_mode;
	task->diff = task->diff ? task->diff : group->diff;
}

/* --- Lists of tasks --------------------------------------------------------------------------------- */

static struct task *new_task(struct play_reader *reader, struct place place, bool handler)
{
	struct task *task = arena_alloc(reader->arena, sizeof(*task));

	task->place = place;
	task->handler = handler;
	return task;
}

static void append(struct play_reader *reader, struct task_list *list, struct task *task)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;

		list->tasks = arena_grow(reader->arena, list->tasks,
			list->count * sizeof(struct task *), capacity * sizeof(struct task *));
		list->capacity = capacity;
	}
	task->index = reader->playbook->task_count++;
	list->tasks[list->count++] = task;
}

struct task *tasks_flush(struct play_reader *reader, struct place place, struct task_list *list)
{
	struct task *task = new_task(reader, place, false);

	task->word = "meta";
	task->flush_handlers = true;
	task->params = value_map(reader->arena);
	task->tags = value_list(reader->arena);
	append(reader, list, task);
	return task;
}

static int enter(struct play_reader *reader, const struct value_pair *pair)
{
	if (reader->depth >= PLAY_DEPTH_MOST)
		return error_at(reader->err, pair->place, "blocks and imports are nested deeper than %d",
			(int)PLAY_DEPTH_MOST);
	reader->depth++;
	return 0;
}

static int read_block(struct play_reader *reader, const struct value_pair *pair,
	const struct task *group, struct task_list *list)
{
	int result;

	if (enter(reader, pair) < 0)
		return -1;
	result = tasks_read(reader, pair, group, group->handler, list);
	reader->depth--;
	return result;
}

/* "import_tasks: more.yml" or "import_tasks: { file: more.yml }" */
static int import_path(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_name)
{
	const struct value_pair *file = value_pair(pair->value, "file");

	if (pair->value->kind != VALUE_MAP)
		return keyword_word(reader, pair, ret_name);
	for (size_t i = 0; i < pair->value->count; i++) {
		if (&pair->value->pairs[i] != file)
			return error_at(reader->err, pair->value->pairs[i].place, "'%s' has no option '%s'",
				pair->key, pair->value->pairs[i].key);
	}
	if (!file)
		return error_at(reader->err, pair->place, "'%s' names no file", pair->key);
	return keyword_word(reader, file, ret_name);
}

static int read_imported(struct play_reader *reader, const char *path,
	const struct value_pair *pair, const struct task *group, struct task_list *list)
{
	struct value_pair imported = *pair;
	char *bytes;
	size_t size;

	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return error_place(reader->err, keyword_place(pair));
	if (tree_parse(reader->arena, path, bytes, size, &imported.value, reader->err) < 0)
		return -1;
	if (imported.value->kind != VALUE_LIST && imported.value->kind != VALUE_NULL) {
		error_at(reader->err, imported.value->place, "a file of tasks is a list, this is %s",
			value_kind_name(imported.value));
		return error_remedy(reader->err, "begin each task with '- '");
	}
	return tasks_read(reader, &imported, group, group->handler, list);
}

static int read_import(struct play_reader *reader, const struct value_pair *pair,
	const struct task *group, struct task_list *list)
{
	struct play_import above = reader->import;
	struct value *name;
	const char *path;
	int result;

	if (import_path(reader, pair, &name) < 0 || enter(reader, pair) < 0)
		return -1;
	path = path_join(reader->arena, path_directory(reader->arena, above.path), name->text);
	for (const struct play_import *import = &above; import; import = import->above) {
		if (strcmp(import->path, path) == 0)
			return error_at(reader->err, name->place, "'%s' would import itself", path);
	}
	reader->import = (struct play_import){ path, &above };
	result = read_imported(reader, path, pair, group, list);
	reader->import = above;
	reader->depth--;
	return result;
}

static int read_meta(struct play_reader *reader, const struct value_pair *pair,
	const struct task *task, struct task_list *list)
{
	static const char *const later[] = { "clear_facts", "clear_host_errors", "end_batch",
		"end_host", "end_play", "end_role", "refresh_inventory", "reset_connection", NULL };
	struct value *word;
	struct task *flush;

	if (keyword_word(reader, pair, &word) < 0)
		return -1;
	for (size_t i = 0; later[i]; i++) {
		if (strcmp(later[i], word->text) == 0)
			return error_at(reader->err, word->place, "'meta: %s' is not supported yet",
				word->text);
	}
	if (strcmp(word->text, "noop") == 0)
		return 0;
	if (strcmp(word->text, "flush_handlers") != 0) {
		error_at(reader->err, word->place, "meta can't do '%s'", word->text);
		return error_remedy(reader->err, "write flush_handlers");
	}
	if (task->when || task->handler)
		return error_at(reader->err, pair->place, "'meta: flush_handlers' can't stand %s",
			task->handler ? "among handlers" : "under a condition");
	flush = tasks_flush(reader, task->place, list);
	flush->name = task->name;
	flush->name_value = task->name_value;
	flush->tags = task->tags ? task->tags : flush->tags;
	return 0;
}

static int read_task(struct play_reader *reader, const struct value *raw,
	const struct subject *subject, struct task *task, struct task_list *list)
{
	if (read_register(reader, raw, task) < 0 || read_loop(reader, raw, task) < 0)
		return -1;
	task->module = subject->module;
	task->word = subject->pair->key;
	task->module_place = subject->pair->place;
	if (!task->tags)
		task->tags = value_list(reader->arena);
	if (task_read_params(reader, task, subject->pair, value_pair(raw, "args")) < 0)
		return -1;
	append(reader, list, task);
	return 0;
}

static int read_item(struct play_reader *reader, const struct value *raw,
	const struct task *group, bool handler, struct task_list *list)
{
	struct task *task = new_task(reader, raw->place, handler);
	struct subject subject;

	if (raw->kind != VALUE_MAP) {
		error_at(reader->err, raw->place, "a task is a map, this is %s", value_kind_name(raw));
		return error_remedy(reader->err, "write '- name: …' and the module below it");
	}
	if (find_subject(reader, raw, &subject) < 0 ||
		read_keywords(reader, raw, &subject, task) < 0)
		return -1;
	if (group)
		inherit(reader->arena, task, group);
	switch (subject.form) {
	case FORM_BLOCK:
		return read_block(reader, subject.pair, task, list);
	case FORM_IMPORT:
		return read_import(reader, subject.pair, task, list);
	case FORM_META:
		return read_meta(reader, subject.pair, task, list);
	case FORM_MODULE:
		return read_task(reader, raw, &subject, task, list);
	}
	return -1;
}

int tasks_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	bool handlers, struct task_list *list)
{
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind != VALUE_LIST) {
		keyword_refuse_kind(reader, pair, "a list of tasks");
		return error_remedy(reader->err, "begin each task with '- '");
	}
	for (size_t i = 0; i < pair->value->count; i++) {
		if (read_item(reader, pair->value->items[i], group, handlers, list) < 0)
			return -1;
	}
	return 0;
}

const char *task_title(const struct task *task)
{
	return task->name ? task->name : task->word;
}
