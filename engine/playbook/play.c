/* play: one play → struct play, with its sections and variables. */
#include "playbook/play.h"

#include "base/buffer.h"
#include "expression/expression.h"
#include "inventory/inventory.h"
#include "inventory/build.h"
#include "playbook/build.h"
#include "base/suggest.h"
#include "yaml/tree.h"

#include <stddef.h>
#include <string.h>

static int keyword_hosts(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);
static int keyword_serial(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value);

/* Those without read stand here to be known; they are read by name. */
const struct keyword play_keywords[] = {
	{ "name", keyword_text, offsetof(struct play, name_value), 0 },
	{ "hosts", keyword_hosts, offsetof(struct play, hosts), 0 },
	{ "vars", keyword_vars, offsetof(struct play, vars), 0 },
	{ "become", keyword_truth, offsetof(struct play, become), 0 },
	{ "become_user", keyword_text, offsetof(struct play, become_user), 0 },
	{ "become_method", keyword_become_method, KEYWORD_DROPPED, 0 },
	{ "become_exe", keyword_become_exe, KEYWORD_DROPPED, 0 },
	{ "become_flags", keyword_become_flags, KEYWORD_DROPPED, 0 },
	{ "collections", keyword_strings, KEYWORD_DROPPED, 0 },
	{ "gather_subset", keyword_strings, KEYWORD_DROPPED, 0 },
	{ "gather_timeout", keyword_number, KEYWORD_DROPPED, 0 },
	{ "module_defaults", keyword_defaults, offsetof(struct play, module_defaults), 0 },
	{ "order", keyword_order, KEYWORD_DROPPED, 0 },
	{ "vars_prompt", keyword_prompts, offsetof(struct play, vars_prompt), 0 },
	{ "user", keyword_text, offsetof(struct play, remote_user), 0 },
	{ "remote_user", keyword_text, offsetof(struct play, remote_user), 0 },
	{ "connection", keyword_connection, offsetof(struct play, connection), 0 },
	{ "port", keyword_port, offsetof(struct play, port), 0 },
	{ "no_log", keyword_truth, offsetof(struct play, no_log), 0 },
	{ "ignore_errors", keyword_truth, offsetof(struct play, ignore_errors), 0 },
	{ "check_mode", keyword_truth, offsetof(struct play, check_mode), 0 },
	{ "diff", keyword_truth, offsetof(struct play, diff), 0 },
	{ "any_errors_fatal", keyword_truth, offsetof(struct play, any_errors_fatal), 0 },
	{ "throttle", keyword_number, offsetof(struct play, throttle), 0 },
	{ "timeout", keyword_number, offsetof(struct play, timeout), 0 },
	{ "tags", keyword_tags, offsetof(struct play, tags), 0 },
	{ "environment", keyword_environment, offsetof(struct play, environment), 0 },
	{ "run_once", keyword_truth, offsetof(struct play, run_once), 0 },
	{ "serial", keyword_serial, offsetof(struct play, serial), 0 },
	{ "max_fail_percentage", keyword_number, offsetof(struct play, max_fail_percentage), 0 },
	{ "roles", NULL, 0, 0 },
	{ "strategy", NULL, 0, 0 },
	{ "force_handlers", NULL, 0, 0 },
	{ "gather_facts", NULL, 0, 0 },
	{ "vars_files", NULL, 0, 0 },
	{ "pre_tasks", NULL, 0, 0 },
	{ "tasks", NULL, 0, 0 },
	{ "post_tasks", NULL, 0, 0 },
	{ "handlers", NULL, 0, 0 },
	{ "import_playbook", NULL, 0, 0 },
	{ NULL, NULL, 0, 0 },
};

static int check_pattern(struct play_reader *reader, const struct value *pattern)
{
	if (expression_inside(pattern))
		return expression_check(reader->arena, pattern, reader->err);
	return pattern_check(pattern->text, tree_place(pattern, 0), reader->err);
}

static int keyword_hosts(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *patterns = NULL, *hosts;
	struct buffer all = { 0 };

	if (pair->value->kind == VALUE_NULL || (pair->value->kind == VALUE_LIST &&
		pair->value->count == 0)) {
		error_at(reader->err, PLAYBOOK_NO_HOSTS, pair->place, "the play names no hosts");
		return error_remedy(reader->err, "write a host, a group, or all");
	}
	if (keyword_strings(reader, pair, &patterns) < 0)
		return -1;
	for (size_t i = 0; i < patterns->count; i++) {
		if (check_pattern(reader, patterns->items[i]) < 0)
			return -1;
	}
	if (patterns->count == 1) {
		*ret_value = patterns->items[0];
		return 0;
	}
	for (size_t i = 0; i < patterns->count; i++)
		buffer_printf(&all, "%s%s", i ? "," : "", patterns->items[i]->text);
	hosts = value_bytes(reader->arena, all.data, all.size);
	hosts->place = patterns->items[0]->place;
	buffer_free(&all);
	*ret_value = hosts;
	return 0;
}

static bool is_share(const struct value *value)
{
	size_t digits = value->kind == VALUE_STRING ? strspn(value->text, "0123456789") : 0;

	if (value->kind == VALUE_INTEGER)
		return value->integer > 0;
	return expression_inside(value) || (digits > 0 && (!value->text[digits]
		|| strcmp(value->text + digits, "%") == 0));
}

/* So many hosts at a time, or "30%" of them; a list: one batch after the other. */
static int keyword_serial(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *list = pair->value;

	if (list->kind != VALUE_LIST) {
		list = value_list(reader->arena);
		value_append(reader->arena, list, pair->value);
	}
	if (list->count == 0)
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, pair->place, "'%s' is empty",
			pair->key);
	for (size_t i = 0; i < list->count; i++) {
		if (is_share(list->items[i]))
			continue;
		error_at(reader->err, PLAYBOOK_INVALID_VALUE, list->items[i]->place.line
			? list->items[i]->place : pair->place, "'%s' is a number of hosts or a percentage",
			pair->key);
		return error_remedy(reader->err, "write 3, \"30%%\", or a list of such");
	}
	if (expression_check(reader->arena, list, reader->err) < 0)
		return -1;
	*ret_value = list;
	return 0;
}

static int read_strategy(struct play_reader *reader, const struct value_pair *pair)
{
	struct suggestion suggestion = { 0 };
	struct value *word;

	if (keyword_word(reader, pair, &word) < 0)
		return -1;
	reader->play->free = strcmp(word->text, "free") == 0;
	if (reader->play->free || strcmp(word->text, "linear") == 0)
		return 0;
	if (strcmp(word->text, "host_pinned") == 0 || strcmp(word->text, "debug") == 0)
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, word->place, "the strategy '%s' is not "
			"supported yet", word->text);
	suggestion.word = word->text;
	suggest_offer(&suggestion, "free");
	suggest_offer(&suggestion, "linear");
	error_at(reader->err, PLAYBOOK_INVALID_VALUE, word->place, "there is no strategy '%s'",
		word->text);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "there are linear and free");
}

/* What an earlier play gathers is there in later ones, too. */
static int read_gather_facts(struct play_reader *reader, const struct value_pair *pair)
{
	bool gathers = true;

	if (pair && keyword_plain_truth(reader, pair, &gathers) < 0)
		return -1;
	reader->play->without_facts = !gathers && (reader->playbook->play_count < 2
		|| reader->playbook->plays[reader->playbook->play_count - 2]->without_facts);
	return 0;
}

static int read_vars_file(struct play_reader *reader, const struct value *name)
{
	const char *path = path_join(reader->arena, reader->play->directory, name->text);
	struct value *vars;
	const char *bytes;
	size_t size;

	if (expression_inside(name))
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, name->place, "an expression in "
			"'vars_files' is not supported yet");
	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return error_place(reader->err, name->place);
	if (playbook_vars(reader->arena, path, bytes, size, &vars, reader->err) < 0)
		return -1;
	build_merge(reader->arena, reader->play->file_vars, vars);
	return 0;
}

static int read_vars_files(struct play_reader *reader, const struct value_pair *pair)
{
	struct value *names = NULL;

	reader->play->file_vars = value_map(reader->arena);
	if (!pair)
		return 0;
	if (keyword_strings(reader, pair, &names) < 0)
		return -1;
	for (size_t i = 0; names && i < names->count; i++) {
		if (read_vars_file(reader, names->items[i]) < 0)
			return -1;
	}
	return 0;
}

static bool has_tasks(const struct value_pair *pair)
{
	return pair && pair->value->kind == VALUE_LIST && pair->value->count > 0;
}

/* What the play gives to each of its tasks. */
static const struct task *task_of_play(struct play_reader *reader, bool handler)
{
	struct task *group = arena_alloc(reader->arena, sizeof(*group));

	group->handler = handler;
	group->tags = reader->play->tags;
	group->when = handler || !reader->imported ? NULL : reader->imported->when;
	return group;
}

/* Whether handlers run between two sections: not between roles and tasks. */
static bool flushes_before(const struct value *raw, size_t section)
{
	static const char *const before[][3] = { { NULL }, { "pre_tasks", NULL }, { "pre_tasks", NULL },
		{ "pre_tasks", "roles", "tasks" } };
	bool flushes = false;

	if (section == 2 && has_tasks(value_pair(raw, "roles")))
		return false;
	for (size_t i = 0; i < 3 && before[section][i]; i++)
		flushes = flushes || has_tasks(value_pair(raw, before[section][i]));
	return flushes;
}

static int read_sections(struct play_reader *reader, const struct value *raw)
{
	static const char *const sections[] = { "pre_tasks", "roles", "tasks", "post_tasks", NULL };
	const struct task *group = task_of_play(reader, false);
	struct items *items = &reader->play->items;

	for (size_t i = 0; sections[i]; i++) {
		const struct value_pair *pair = value_pair(raw, sections[i]);
		struct task *flush;

		if (has_tasks(pair) && flushes_before(raw, i)) {
			flush = tasks_flush(reader, pair->place, items);
			flush->implied = true;
			value_append(reader->arena, flush->tags, value_string(reader->arena, "always"));
		}
		if (pair && (i == 1 ? roles_read(reader, pair, group, items)
				: tasks_read(reader, pair, group, false, items)) < 0)
			return -1;
	}
	return 0;
}

/* Those between sections, where there are no handlers. */
static void drop_implied(struct items *items)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (!items->items[i].task || !items->items[i].task->implied)
			items->items[kept++] = items->items[i];
	}
	items->count = kept;
}

/* A role that is used twice has each handler once: the last one. */
static bool comes_again(const struct items *items, size_t index)
{
	const struct task *task = items->items[index].task;

	for (size_t i = index + 1; task && task->title && i < items->count; i++) {
		if (items->items[i].task && items->items[i].task->title
				&& strcmp(items->items[i].task->title, task->title) == 0
				&& strcmp(items->items[i].task->role->path, task->role->path) == 0
				&& items->items[i].task->role != task->role)
			return true;
	}
	return false;
}

static void add_handlers(struct play_reader *reader, const struct items *items)
{
	for (size_t i = 0; i < items->count; i++)
		items_add(reader, &reader->play->handler_items, items->items[i]);
}

static void drop_repeated(struct items *items)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (!comes_again(items, i))
			items->items[kept++] = items->items[i];
	}
	items->count = kept;
}

static int read_tasks(struct play_reader *reader, const struct value *raw)
{
	const struct value_pair *pair = value_pair(raw, "handlers");
	struct play *play = reader->play;
	struct items own = { 0 };

	reader->role_handlers = reader->imported_handlers = (struct items){ 0 };
	if (read_sections(reader, raw) < 0)
		return -1;
	if (pair && tasks_read(reader, pair, task_of_play(reader, true), true, &own) < 0)
		return -1;
	add_handlers(reader, &reader->role_handlers);
	add_handlers(reader, &own);
	add_handlers(reader, &reader->imported_handlers);
	drop_repeated(&play->handler_items);
	play->handlers = items_flat(reader->arena, &play->handler_items, &play->handler_count);
	if (play->handler_count == 0)
		drop_implied(&play->items);
	play->tasks = items_flat(reader->arena, &play->items, &play->task_count);
	for (size_t i = 0; i < play->task_count; i++)
		play->tasks[i]->index = reader->playbook->task_count++;
	for (size_t i = 0; i < play->handler_count; i++)
		play->handlers[i]->index = reader->playbook->task_count++;
	return reader->errors.count > 0 ? 0 : handlers_check(reader);
}

static int read_keyword(struct play_reader *reader, const struct value_pair *pair)
{
	const struct keyword *keyword = keyword_find(play_keywords, pair->key);
	struct value *value = NULL;

	if (!keyword)
		return play_refuse_key(reader, pair);
	if (play_refuse_later(reader, pair, later_play_keywords) < 0)
		play_keep_error(reader);
	if (strcmp(pair->key, "strategy") == 0)
		return read_strategy(reader, pair);
	if (strcmp(pair->key, "force_handlers") == 0)
		return keyword_plain_truth(reader, pair, &reader->play->force_handlers);
	if (!keyword->read)
		return 0;
	if (keyword->read(reader, pair, &value) < 0)
		return -1;
	if (keyword->offset != KEYWORD_DROPPED)
		*(struct value **)(void *)((char *)reader->play + keyword->offset) = value;
	return 0;
}

int play_read(struct play_reader *reader, const struct value *raw)
{
	struct play *play = reader->play;

	for (size_t i = 0; i < raw->count; i++) {
		if (read_keyword(reader, &raw->pairs[i]) < 0)
			play_keep_error(reader);
	}
	if (!value_pair(raw, "hosts")) {
		error_at(reader->err, PLAYBOOK_NO_HOSTS, raw->place, "the play names no hosts");
		error_remedy(reader->err, "add 'hosts: all', or a group of the inventory");
		play_keep_error(reader);
	}
	play->name = play->name_value ? play->name_value->text : NULL;
	play->vars = play->vars ? play->vars : value_map(reader->arena);
	play->tags = play->tags ? play->tags : value_list(reader->arena);
	if (reader->imported)
		playbook_give(reader->arena, reader->imported, play);
	if (read_gather_facts(reader, value_pair(raw, "gather_facts")) < 0)
		play_keep_error(reader);
	if (read_vars_files(reader, value_pair(raw, "vars_files")) < 0)
		play_keep_error(reader);
	return read_tasks(reader, raw);
}

void play_keep_error(struct play_reader *reader)
{
	error_keep(reader->arena, &reader->errors, reader->err);
}
