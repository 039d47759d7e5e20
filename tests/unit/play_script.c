/* play_script: small plays in a shorthand, or by chance. */
#include "play_script.h"

#include "yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- From YAML --- */

static unsigned hosts_of(const struct value *map, const char *key)
{
	const char *text = value_get_string(map, key);
	unsigned hosts = 0;

	for (; text && *text; text++)
		hosts |= 1u << (*text - 'a');
	return hosts;
}

static struct items items_of(struct arena *arena, const struct script *script,
	const struct value *list);

static int file_index(const struct script *script, const char *name)
{
	for (int i = 0; i < SCRIPT_FILES && script->file_names[i]; i++) {
		if (strcmp(script->file_names[i], name) == 0)
			return i + 1;
	}
	fail_msg("no file '%s'", name);
	return 0;
}

static void read_wishes(const struct script *script, const struct value *of, struct item *item)
{
	for (size_t i = 0; of && i < of->count; i++) {
		const struct value *files = value_at(of, i);
		int *wishes = item->of[value_key(of, i)[0] - 'a'];

		for (size_t k = 0; k < files->count; k++)
			wishes[k] = file_index(script, value_text(files->items[k]));
	}
}

static struct item item_of(struct arena *arena, const struct script *script,
	const struct value *value)
{
	static const char *const sections[] = { "block", "rescue", "always" };
	struct item item = { .kind = ITEM_DO };

	if (value_text(value)) {
		item.name = value_text(value);
		return item;
	}
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (value_get(value, sections[i])) {
			item.kind = ITEM_BLOCK;
			item.sections[i] = items_of(arena, script, value_get(value, sections[i]));
		}
	}
	item.name = value_get_string(value, "do");
	if (value_get_string(value, "include")) {
		item.kind = ITEM_INCLUDE;
		item.name = value_get_string(value, "include");
		read_wishes(script, value_get(value, "of"), &item);
	}
	item.fails = hosts_of(value, "fails");
	item.lost = hosts_of(value, "lost");
	item.fatal = value_get_bool(value, "fatal");
	item.once = value_get_bool(value, "once");
	if (value_get(value, "end_host"))
		item = (struct item){ ITEM_END_HOST, .ends = hosts_of(value, "end_host"), .name = "meta" };
	if (value_get(value, "end_batch"))
		item = (struct item){ ITEM_END_BATCH, .ends = hosts_of(value, "end_batch"), .name = "meta" };
	if (value_get(value, "end_play"))
		item = (struct item){ ITEM_END_PLAY, .ends = hosts_of(value, "end_play"), .name = "meta" };
	return item;
}

static struct items items_of(struct arena *arena, const struct script *script,
	const struct value *list)
{
	struct items items = { arena_array(arena, list->count + 1, sizeof(struct item)), list->count };

	for (size_t i = 0; i < list->count; i++)
		items.items[i] = item_of(arena, script, list->items[i]);
	return items;
}

static struct script_play play_of(struct arena *arena, const struct script *script,
	const struct value *value)
{
	struct script_play play = { .hosts = hosts_of(value, "hosts") };
	const struct value *serial = value_get(value, "serial");

	play.max_fail = (int)value_get_integer(value, "max_fail", PERCENT_NONE);
	for (size_t i = 0; serial && i < serial->count; i++) {
		const char *text = value_text(serial->items[i]);

		play.serial[play.serial_count++] = (struct serial){ .percent = text,
			.number = text ? (size_t)atoi(text) : (size_t)serial->items[i]->integer };
	}
	play.root = arena_alloc(arena, sizeof(*play.root));
	play.root->kind = ITEM_BLOCK;
	play.root->sections[SECTION_MAIN] = items_of(arena, script, value_get(value, "tasks"));
	if (value_get(value, "forced")) {
		play.root->forced = true;
		play.root->sections[SECTION_ALWAYS] = items_of(arena, script, value_get(value, "forced"));
	}
	return play;
}

struct script *script_parse(struct arena *arena, const char *text)
{
	struct script *script = arena_alloc(arena, sizeof(*script));
	const struct value *files, *plays;
	struct value *root;
	struct error err = {0};

	if (tree_parse(arena, "script", text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	files = value_get(root, "files");
	plays = value_get(root, "plays");
	for (size_t i = 0; files && i < files->count; i++)
		script->file_names[i] = value_key(files, i);
	for (size_t i = 0; files && i < files->count; i++)
		script->files[i] = items_of(arena, script, value_at(files, i));
	script->play_count = plays->count;
	script->plays = arena_array(arena, plays->count, sizeof(*script->plays));
	for (size_t i = 0; i < plays->count; i++)
		script->plays[i] = play_of(arena, script, plays->items[i]);
	return script;
}

/* --- By chance --- */

unsigned chance_draw(struct chance *chance, unsigned below)
{
	chance->state = chance->state * 1664525u + 1013904223u;
	return (chance->state >> 8) % below;
}

static unsigned draw_hosts(struct chance *chance, unsigned percent)
{
	unsigned hosts = 0;

	for (unsigned i = 0; i < SCRIPT_HOSTS; i++)
		hosts |= (chance_draw(chance, 100) < percent ? 1u : 0u) << i;
	return hosts;
}

static struct items random_items(struct chance *chance, unsigned least, unsigned depth,
	unsigned files);

static struct item random_item(struct chance *chance, unsigned depth, unsigned files)
{
	unsigned kind = chance_draw(chance, 100);
	struct item item = { .kind = ITEM_DO };

	item.name = arena_printf(chance->arena, "t%u", ++chance->names);
	if (depth < 4 && kind < 22) {
		item.kind = ITEM_BLOCK;
		item.sections[SECTION_MAIN] = random_items(chance, 1, depth + 1, files);
		if (chance_draw(chance, 2))
			item.sections[SECTION_RESCUE] = random_items(chance, 1, depth + 1, files);
		if (chance_draw(chance, 5) < 2)
			item.sections[SECTION_ALWAYS] = random_items(chance, 1, depth + 1, files);
	} else if (files > 0 && kind < 36) {
		item.kind = ITEM_INCLUDE;
		item.fails = draw_hosts(chance, 5);
		for (unsigned i = 0; i < SCRIPT_HOSTS; i++) {
			for (unsigned k = 0, count = chance_draw(chance, 3); k < count; k++)
				item.of[i][k] = 1 + (int)chance_draw(chance, files);
		}
	} else if (kind < 39) {
		item.kind = ITEM_END_HOST;
		item.ends = draw_hosts(chance, 10);
	} else if (depth == 0 && kind < 42) {
		item.kind = chance_draw(chance, 2) ? ITEM_END_BATCH : ITEM_END_PLAY;
		item.ends = draw_hosts(chance, 20);
	} else {
		item.fails = draw_hosts(chance, 8);
		item.lost = draw_hosts(chance, 1);
		item.fatal = chance_draw(chance, 12) == 0;
		item.once = chance_draw(chance, 12) == 0;
	}
	return item;
}

static struct items random_items(struct chance *chance, unsigned least, unsigned depth,
	unsigned files)
{
	struct items items = { .count = least + chance_draw(chance, 4) };

	items.items = arena_array(chance->arena, items.count + 1, sizeof(struct item));
	for (size_t i = 0; i < items.count; i++)
		items.items[i] = random_item(chance, depth, files);
	return items;
}

struct script *script_random(struct arena *arena, unsigned seed)
{
	struct chance chance = { .arena = arena, .state = seed * 2654435761u + 1 };
	struct script *script = arena_alloc(arena, sizeof(*script));

	/* A file includes only those before it. */
	for (unsigned i = 0; i < SCRIPT_FILES; i++)
		script->files[i] = random_items(&chance, 0, 3, i);
	script->play_count = 1 + chance_draw(&chance, 3);
	script->plays = arena_array(arena, script->play_count, sizeof(*script->plays));
	for (size_t i = 0; i < script->play_count; i++) {
		struct script_play *play = &script->plays[i];

		play->hosts = draw_hosts(&chance, 75);
		play->serial_count = chance_draw(&chance, 3) ? 0 : 1 + chance_draw(&chance, 2);
		for (size_t k = 0; k < play->serial_count; k++)
			play->serial[k] = chance_draw(&chance, 2) ? (struct serial){ 1 + chance_draw(&chance, 3), false }
				: (struct serial){ 10 + chance_draw(&chance, 60), true };
		play->max_fail = chance_draw(&chance, 4) ? PERCENT_NONE : (int)chance_draw(&chance, 60);
		play->root = arena_alloc(arena, sizeof(*play->root));
		play->root->kind = ITEM_BLOCK;
		play->root->sections[SECTION_MAIN] = random_items(&chance, 1, 0, SCRIPT_FILES);
		if (chance_draw(&chance, 4) == 0) {
			play->root->forced = true;
			play->root->sections[SECTION_ALWAYS] = random_items(&chance, 1, 3, 0);
		}
	}
	return script;
}
