/* fill_environment: the variables with which a task's commands run, of the play and all around it. */
#include "plan/filling.h"

#include "expression/expression.h"

#include <string.h>

static int refuse_variable(const struct value_pair *pair, struct place place, struct error *err)
{
	const struct value *value = pair->value;

	if (!*pair->key || strchr(pair->key, '='))
		return error_at(err, PLAYBOOK_INVALID_VALUE, place, "'%s' can't be the name of an "
			"environment variable", pair->key);
	if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
		return error_at(err, PLAYBOOK_INVALID_VALUE, place, "an environment variable is a string, "
			"but '%s' is %s", pair->key, value_kind_name(value));
	return 0;
}

/* One map of it, filled in, over those around it. */
static int add_map(struct filling *filling, const struct value *raw, struct value *all,
	struct error *err)
{
	struct place place = raw->place;
	struct value *map;

	if (expression_fill(filling->arena, filling->scope, raw, &map, err) < 0)
		return -1;
	if (value_unknown_inside(map)) {
		filling->cause = value_unknown_cause(map);
		return 0;
	}
	for (size_t i = 0; map->kind == VALUE_LIST && i < map->count; i++) {
		map->items[i]->place = map->items[i]->place.line ? map->items[i]->place : place;
		if (add_map(filling, map->items[i], all, err) < 0)
			return -1;
	}
	if (map->kind == VALUE_LIST || map->kind == VALUE_NULL || (value_text(map) && !map->size))
		return 0;
	if (map->kind != VALUE_MAP)
		return error_at(err, PLAYBOOK_INVALID_VALUE, place, "'environment' must be a map, not %s",
			value_kind_name(map));
	for (size_t i = 0; i < map->count; i++) {
		if (value_is_omit(value_at(map, i)))
			continue;
		if (refuse_variable(value_pair_at(map, i), map->pairs[i].place.line ? map->pairs[i].place : place,
				err) < 0)
			return -1;
		value_set(filling->arena, all, map->pairs[i].key, value_at(map, i));
	}
	return 0;
}

static int add_maps(struct filling *filling, const struct value *list, struct value *all,
	struct error *err)
{
	for (size_t i = 0; list && i < list->count; i++) {
		if (add_map(filling, list->items[i], all, err) < 0)
			return -1;
	}
	return 0;
}

int filling_environment(struct filling *filling, struct filled_item *item, struct wire_task *task,
	struct error *err)
{
	struct arena *arena = filling->arena;
	struct value *all = value_map(arena), *texts = value_list(arena),
		*values = value_list(arena);
	enum level level;

	if (add_maps(filling, filling->unit->play->environment, all, err) < 0
			|| add_maps(filling, filling->task->environment, all, err) < 0)
		return -1;
	if (all->count == 0 || filling->cause)
		return 0;
	for (size_t i = 0; i < all->count; i++) {
		struct value *shown = value_string(arena, expression_show(arena, value_at(all, i)));

		shown->level = value_level(value_at(all, i));
		value_append(arena, values, shown);
		value_append(arena, texts, value_printf(arena, "%s=%s", all->pairs[i].key, shown->text));
	}
	level = value_level(values);
	if (level > LEVEL_OPEN)
		secrets_note_made(filling->run->options.secrets, values);
	task->level = level_higher(task->level, level);
	item->unsaid = level_higher(item->unsaid, fill_level_unsaid(filling->run, values));
	task->environment = texts;
	return 0;
}
