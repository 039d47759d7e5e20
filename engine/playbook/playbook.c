/* playbook: a file of plays and of imports of other such files → all their plays in a row. */
#include "playbook/build.h"

#include "inventory/build.h"
#include "yaml/tree.h"

#include <stddef.h>
#include <string.h>

/* What an import says is for all plays that come of it: kept in a task, as what a block says. */
static const struct keyword import_keywords[] = {
	{ "name", keyword_text, KEYWORD_DROPPED, 0 },
	{ "vars", keyword_vars, offsetof(struct task, vars), 0 },
	{ "when", keyword_condition, offsetof(struct task, when), 0 },
	{ "tags", keyword_tags, offsetof(struct task, tags), 0 },
	{ NULL, NULL, 0, 0 },
};

static const struct value_pair *import_of(const struct value *raw)
{
	for (size_t i = 0; i < raw->count; i++) {
		if (strcmp(play_without_prefix(raw->pairs[i].key), "import_playbook") == 0)
			return &raw->pairs[i];
	}
	return NULL;
}

static int refuse_import_key(struct play_reader *reader, const struct value_pair *pair)
{
	if (!keyword_find(play_keywords, pair->key) && !keyword_find(task_keywords, pair->key))
		return play_refuse_key(reader, pair);
	error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, pair->place, "'%s' can't be used with "
		"'import_playbook'", pair->key);
	return error_remedy(reader->err, "write it into the plays of the file; here can stand name, "
		"vars, when and tags");
}

static int read_import_keywords(struct play_reader *reader, const struct value *raw,
	const struct value_pair *file, struct task *import)
{
	for (size_t i = 0; i < raw->count; i++) {
		const struct value_pair *pair = &raw->pairs[i];
		const struct keyword *keyword = keyword_find(import_keywords, pair->key);
		struct value *value = NULL;

		if (pair == file)
			continue;
		if (!keyword)
			return refuse_import_key(reader, pair);
		if (keyword->read(reader, pair, &value) < 0)
			return -1;
		if (keyword->offset != KEYWORD_DROPPED)
			*(struct value **)(void *)((char *)import + keyword->offset) = value;
	}
	return 0;
}

/* Variables of an import are stronger than those of what it imports. */
static struct value *with_vars(struct arena *arena, const struct value *weak,
	const struct value *strong)
{
	struct value *map = value_map(arena);

	if (weak)
		build_merge(arena, map, weak);
	if (strong)
		build_merge(arena, map, strong);
	return map;
}

/* What an import within an imported file says, and what that one's import has said. */
static void inherit(struct arena *arena, struct task *import, const struct task *above)
{
	struct value *vars = import->vars;

	if (!above)
		return;
	import->vars = NULL;
	task_inherit(arena, import, above);
	import->vars = with_vars(arena, vars, above->vars);
}

void playbook_give(struct arena *arena, const struct task *import, struct play *play)
{
	struct task all = { .tags = play->tags };

	task_inherit(arena, &all, &(struct task){ .tags = import->tags });
	play->tags = all.tags;
	play->vars = with_vars(arena, play->vars, import->vars);
}

static int read_file(struct play_reader *reader, const char *path, struct place named);

static int refuse_circle(struct play_reader *reader, const char *path, struct place place)
{
	for (const struct play_import *open = &reader->import; open; open = open->above) {
		if (strcmp(path_plain(reader->arena, open->path), path_plain(reader->arena, path)) == 0)
			return error_at(reader->err, PLAYBOOK_CYCLE, place, "'%s' imports itself", path);
	}
	return 0;
}

/* Named from the directory of the file that imports it. */
static const char *path_of(struct play_reader *reader, const char *name)
{
	const char *path = path_join(reader->arena, path_directory(reader->arena, reader->import.path),
		name);

	return strstr(path, "..") ? path_plain(reader->arena, path) : path;
}

static int import_playbook(struct play_reader *reader, const struct value *raw,
	const struct value_pair *file)
{
	struct task *import = arena_alloc(reader->arena, sizeof(*import));
	const struct task *above = reader->imported;
	struct play_import from = reader->import;
	struct value *name;
	const char *path;
	int result;

	if (keyword_word(reader, file, &name) < 0
			|| read_import_keywords(reader, raw, file, import) < 0)
		return -1;
	path = path_of(reader, name->text);
	if (refuse_circle(reader, path, name->place) < 0 || play_enter(reader, name->place) < 0)
		return -1;
	inherit(reader->arena, import, above);
	reader->imported = import;
	reader->import = (struct play_import){ path, &from };
	result = read_file(reader, path, name->place);
	reader->import = from;
	reader->imported = above;
	reader->depth--;
	return result;
}

static void add_play(struct play_reader *reader, struct play *play)
{
	struct playbook *playbook = reader->playbook;

	/* Doubled whenever it is full: at 1, 2, 4, … */
	if ((playbook->play_count & (playbook->play_count - 1)) == 0)
		playbook->plays = arena_grow(reader->arena, playbook->plays,
			playbook->play_count * sizeof(play), 2 * (playbook->play_count + 1) * sizeof(play));
	playbook->plays[playbook->play_count++] = play;
}

static int read_entry(struct play_reader *reader, const struct value *raw)
{
	const struct value_pair *import;
	struct play *play;

	if (raw->kind != VALUE_MAP) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, raw->place, "a play must be a map, not "
			"%s", value_kind_name(raw));
		return error_remedy(reader->err, "write '- hosts: all' and 'tasks:' below it");
	}
	import = import_of(raw);
	if (import)
		return import_playbook(reader, raw, import);
	play = arena_alloc(reader->arena, sizeof(*play));
	play->place = raw->place;
	play->directory = path_directory(reader->arena, reader->import.path);
	play->role_vars = value_map(reader->arena);
	play->role_defaults = value_map(reader->arena);
	play->role_names = value_list(reader->arena);
	play->role_needs = value_list(reader->arena);
	reader->play = play;
	add_play(reader, play);
	return play_read(reader, raw);
}

static int read_root(struct play_reader *reader, const struct value *root)
{
	if (root->kind == VALUE_NULL || (root->kind == VALUE_LIST && root->count == 0)) {
		error_at(reader->err, PLAYBOOK_EMPTY, root->place, "the playbook is empty");
		return error_remedy(reader->err, "begin with '- hosts: all'");
	}
	if (root->kind != VALUE_LIST) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, root->place, "a playbook must be a list of "
			"plays, not %s", value_kind_name(root));
		return error_remedy(reader->err, "begin each play with '- hosts: …'");
	}
	for (size_t i = 0; i < root->count; i++) {
		if (read_entry(reader, root->items[i]) < 0)
			play_keep_error(reader);
	}
	return 0;
}

/* named: where an import names it; line 0: nowhere. */
static int read_file(struct play_reader *reader, const char *path, struct place named)
{
	struct value *root;
	const char *bytes;
	size_t size;

	if (source_read(reader->source, path, &bytes, &size, reader->err) < 0)
		return named.line ? error_place(reader->err, named) : -1;
	if (tree_parse(reader->arena, path, bytes, size, &root, reader->err) < 0)
		return -1;
	return read_root(reader, root);
}

int playbook_load(struct arena *arena, struct source *source, const char *path,
	const struct playbook_modules *modules, struct playbook **ret_playbook, struct error *err)
{
	struct playbook *playbook = arena_alloc(arena, sizeof(*playbook));
	struct play_reader reader = {
		.arena = arena,
		.source = source,
		.modules = { .all = modules_all, .find = module_find },
		.playbook = playbook,
		.err = err,
	};

	if (modules && modules->all)
		reader.modules.all = modules->all;
	if (modules && modules->find)
		reader.modules.find = modules->find;
	reader.whole = modules && modules->whole;
	playbook->notes = value_list(arena);
	playbook->path = arena_string(arena, path);
	playbook->directory = path_directory(arena, path);
	reader.import.path = playbook->path;
	if (read_file(&reader, path, (struct place){ 0 }) < 0
			|| error_tell(&reader.errors, err) < 0)
		return -1;
	*ret_playbook = playbook;
	return 0;
}
