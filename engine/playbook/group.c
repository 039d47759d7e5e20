/* group: blocks, imports and meta: what stands for several tasks, or for none. */
#include "playbook/build.h"

#include "inventory/build.h"
#include "yaml/tree.h"

#include <string.h>

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

void task_inherit(struct arena *arena, struct task *task, const struct task *group)
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
	task->any_errors_fatal = task->any_errors_fatal ? task->any_errors_fatal
		: group->any_errors_fatal;
}

static int enter(struct play_reader *reader, const struct value_pair *pair)
{
	if (reader->depth >= PLAY_DEPTH_MOST)
		return error_at(reader->err, pair->place, "blocks and imports are nested deeper than %d",
			(int)PLAY_DEPTH_MOST);
	reader->depth++;
	return 0;
}

int block_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct task_list *list)
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

int import_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	struct task_list *list)
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

int meta_read(struct play_reader *reader, const struct value_pair *pair, const struct task *task,
	struct task_list *list)
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
