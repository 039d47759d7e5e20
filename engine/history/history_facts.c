/* history_facts: what hosts told for others, kept with each run: public keys, addresses and the
 * like.
 *
 * Only text, numbers and truths, nothing secret, and not much of it a host: what a node says could
 * be anything. Read back it is data, as it was when it came. */
#include "history/state.h"

#include "base/quote.h"
#include "variables/variables.h"

#include <string.h>

/* Bytes that are kept of a host in a run, and of all; a value is worth so many, so that their number is
 * bounded as well. */
enum { HOST_MOST = 16 << 10, FACTS_MOST = 16 << 20, VALUE_WEIGHT = 24, DEPTH_MOST = 8 };

/* --- Writing --- */

static bool is_text(const char *bytes, size_t size, size_t *room)
{
	if (size + VALUE_WEIGHT > *room || memchr(bytes, 0, size) || !utf8_valid(bytes, size))
		return false;
	*room -= size + VALUE_WEIGHT;
	return true;
}

/* Whether all of a value is for keeping, and there is room for it. */
static bool is_kept(const struct value *value, int depth, size_t *room)
{
	if (value->level || depth > DEPTH_MOST || value->kind == VALUE_UNKNOWN
			|| value->kind == VALUE_FLOAT || !is_text("", 0, room))
		return false;
	if (value->kind == VALUE_STRING)
		return is_text(value->text, value->size, room);
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP && !is_text(value->pairs[i].key,
				strlen(value->pairs[i].key), room))
			return false;
		if (!is_kept(value->kind == VALUE_MAP ? value_at(value, i) : value->items[i], depth + 1,
				room))
			return false;
	}
	return true;
}

/* The pairs of a map that are for keeping, one by one. */
static struct value *kept_of(struct arena *arena, const struct value *map, size_t *room)
{
	struct value *kept = value_map(arena);

	for (size_t i = 0; map && map->kind == VALUE_MAP && i < map->count; i++) {
		size_t after = *room;

		if (!is_text(map->pairs[i].key, strlen(map->pairs[i].key), &after)
				|| !is_kept(value_at(map, i), 0, &after))
			continue;
		*room = after;
		value_set(arena, kept, map->pairs[i].key, value_at(map, i));
	}
	return kept;
}

static struct value *host_kept(struct arena *arena, const struct value *told, size_t room)
{
	static const char *const keys[] = { "host_key", "targets", "facts" };
	struct value *published = kept_of(arena, value_get(told, "published"), &room);
	struct value *all = value_map(arena);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (value_get(told, keys[i]))
			value_set(arena, all, keys[i], value_get(told, keys[i]));
	}
	all = kept_of(arena, all, &room);
	if (published->count > 0)
		value_set(arena, all, "published", published);
	return all;
}

struct value *facts_kept(struct arena *arena, const struct value *facts)
{
	size_t count = value_pair_count(facts), room = count ? FACTS_MOST / count : 0;
	struct value *kept = value_map(arena);

	for (size_t i = 0; i < count; i++)
		value_set(arena, kept, value_key(facts, i), host_kept(arena, value_at(facts, i),
			room < HOST_MOST ? room : HOST_MOST));
	return count ? kept : NULL;
}

/* --- Reading --- */

/* What isn't there yet: the newest counts. */
static void add_older(struct arena *arena, struct value *to, const struct value *from)
{
	for (size_t i = 0; from && from->kind == VALUE_MAP && i < from->count; i++) {
		if (!value_get(to, from->pairs[i].key))
			value_set(arena, to, from->pairs[i].key, value_at(from, i));
	}
}

static void take_host(struct arena *arena, struct value *all, const char *name,
	const struct value *told)
{
	struct value *host = value_get(all, name);
	const struct value *published = value_get(told, "published");

	if (!host) {
		host = value_map(arena);
		value_set(arena, host, "published", value_map(arena));
		value_set(arena, all, name, host);
	}
	add_older(arena, value_get(host, "published"), published);
	add_older(arena, host, told);
}

int history_facts(struct history *history, struct arena *arena, size_t most,
	struct value **ret_facts, struct error *err)
{
	struct history_run *runs;
	size_t count;

	*ret_facts = value_map(arena);
	if (history_runs(history, arena, most, &runs, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct value *facts = runs[i].facts;

		for (size_t k = 0; facts && facts->kind == VALUE_MAP && k < facts->count; k++)
			take_host(arena, *ret_facts, facts->pairs[k].key, value_at(facts, k));
	}
	value_mark_data(*ret_facts);
	return 0;
}
