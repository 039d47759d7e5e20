/* group: blocks, imports and meta: what stands for several tasks, or for none. */
#include "playbook/build.h"

#include "base/suggest.h"
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
	task->module_defaults = joined(arena, group->module_defaults, task->module_defaults);
	task->environment = joined(arena, group->environment, task->environment);
	task->vars = merged(arena, group->vars, task->vars);
	task->become = task->become ? task->become : group->become;
	task->become_user = task->become_user ? task->become_user : group->become_user;
	task->connection = task->connection ? task->connection : group->connection;
	task->remote_user = task->remote_user ? task->remote_user : group->remote_user;
	task->port = task->port ? task->port : group->port;
	task->ignore_errors = task->ignore_errors ? task->ignore_errors : group->ignore_errors;
	task->no_log = task->no_log ? task->no_log : group->no_log;
	task->check_mode = task->check_mode ? task->check_mode : group->check_mode;
	task->diff = task->diff ? task->diff : group->diff;
	task->run_once = task->run_once ? task->run_once : group->run_once;
	task->delegate_to = task->delegate_to ? task->delegate_to : group->delegate_to;
	task->delegate_facts = task->delegate_facts ? task->delegate_facts : group->delegate_facts;
	task->throttle = task->throttle ? task->throttle : group->throttle;
	task->timeout = task->timeout ? task->timeout : group->timeout;
	task->any_errors_fatal = task->any_errors_fatal ? task->any_errors_fatal
		: group->any_errors_fatal;
}

int play_enter(struct play_reader *reader, struct place place)
{
	if (reader->depth >= PLAY_DEPTH_MOST)
		return error_at(reader->err, PLAYBOOK_TOO_DEEP, place, "blocks, imports and roles are "
			"nested deeper than %d", (int)PLAY_DEPTH_MOST);
	reader->depth++;
	return 0;
}

int block_read(struct play_reader *reader, const struct value *raw, const struct task *group,
	struct items *items)
{
	static const char *const names[BLOCK_PARTS] = { "block", "rescue", "always" };
	struct task_block *block = arena_alloc(reader->arena, sizeof(*block));
	int result = 0;

	block->group = group;
	if (play_enter(reader, raw->place) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < BLOCK_PARTS; i++) {
		const struct value_pair *pair = value_pair(raw, names[i]);

		if (pair && i != BLOCK_MAIN && group->handler)
			result = error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place,
				"a block of handlers has no '%s'", pair->key);
		else if (pair)
			result = tasks_read(reader, pair, group, group->handler, &block->parts[i]);
	}
	reader->depth--;
	if (result == 0)
		items_add(reader, items, (struct item){ .kind = ITEM_BLOCK, .block = block });
	return result;
}

static const struct {
	const char *word;
	enum meta meta;
	const char *instead;       /* META_NONE: why there is none, and what to do */
} metas[] = {
	{ "end_host", META_END_HOST, NULL },
	{ "end_batch", META_END_BATCH, NULL },
	{ "end_play", META_END_PLAY, NULL },
	{ "clear_facts", META_CLEAR_FACTS, NULL },
	{ "reset_connection", META_RESET_CONNECTION, NULL },
	{ "clear_host_errors", META_NONE, "catch the failure with 'rescue' or 'ignore_errors'" },
	{ "end_role", META_NONE, "give the tasks behind it a 'when'" },
	{ "refresh_inventory", META_NONE, "leave it out: the inventory is a text that a run doesn't change" },
};

/* One that the scheduler has to do. */
static int add_meta(struct play_reader *reader, const struct value_pair *pair,
	const struct value *word, enum meta meta, struct task *task, struct items *items)
{
	if (task->handler)
		return error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place,
			"'meta: %s' can't stand among handlers", word->text);
	if (reader->play->free && (meta == META_END_BATCH || meta == META_END_PLAY)) {
		error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, word->place, "with 'strategy: free' hosts don't "
			"wait for one another, so 'meta: %s' can't end all of them at once", word->text);
		return error_remedy(reader->err, "leave out the strategy, or write end_host");
	}
	task->module = reader->modules.find("meta");
	task->word = pair->key;
	task->module_place = pair->place;
	task->meta = meta;
	task->params = value_map(reader->arena);
	task->tags = task->tags ? task->tags : value_list(reader->arena);
	task->notify = NULL;
	if (!task->name)
		task->title = arena_printf(reader->arena, "%s%smeta: %s", task->role ? task->role->name : "",
			task->role ? " : " : "", word->text);
	items_add(reader, items, (struct item){ .kind = ITEM_META, .task = task });
	return 0;
}

static int refuse_meta(struct play_reader *reader, const struct value *word, const char *instead)
{
	error_at(reader->err, PLAYBOOK_UNSUPPORTED, word->place, "'meta: %s' is not supported",
		word->text);
	return error_remedy(reader->err, "%s", instead);
}

static int refuse_word(struct play_reader *reader, const struct value *word)
{
	struct suggestion suggestion = { .word = word->text };

	suggest_offer(&suggestion, "flush_handlers");
	suggest_offer(&suggestion, "noop");
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++) {
		if (metas[i].meta)
			suggest_offer(&suggestion, metas[i].word);
	}
	error_at(reader->err, PLAYBOOK_INVALID_VALUE, word->place, "unknown meta action '%s'", word->text);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "it knows flush_handlers, end_host, end_batch, end_play, "
		"clear_facts, reset_connection and noop");
}

int meta_read(struct play_reader *reader, const struct value_pair *pair, struct task *task,
	struct items *items)
{
	struct value *word;
	struct task *flush;

	if (keyword_word(reader, pair, &word) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++) {
		if (strcmp(metas[i].word, word->text) == 0)
			return metas[i].meta ? add_meta(reader, pair, word, metas[i].meta, task, items)
				: refuse_meta(reader, word, metas[i].instead);
	}
	if (strcmp(word->text, "noop") == 0)
		return 0;
	if (strcmp(word->text, "flush_handlers") != 0) {
		return refuse_word(reader, word);
	}
	if (task->when || task->handler)
		return error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place,
			"'meta: flush_handlers' isn't allowed %s", task->handler ? "among handlers"
			: "under a condition");
	flush = tasks_flush(reader, task->place, items);
	flush->title = task->title;
	flush->name = task->name;
	flush->name_value = task->name_value;
	flush->tags = task->tags ? task->tags : flush->tags;
	return 0;
}
