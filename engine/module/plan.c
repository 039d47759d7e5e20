/* plan: lists of changes, of resource names and of inverses, filled by modules. */
#include "module/plan.h"

#include <stdarg.h>
#include <string.h>

/* Room for one more element of this size behind count of them. */
static void *list_room(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
	size_t more;

	if (count < *capacity)
		return items;
	more = *capacity ? 2 * *capacity : 8;
	items = arena_grow(arena, items, count * size, more * size);
	*capacity = more;
	return items;
}

struct plan *plan_new(struct arena *arena)
{
	struct plan *plan = arena_alloc(arena, sizeof(*plan));

	plan->arena = arena;
	plan->writes = value_list(arena);
	plan->notes = value_list(arena);
	return plan;
}

struct change *plan_add(struct plan *plan, unsigned step, const char *subject, const char *field,
	const char *before, const char *after)
{
	struct change *change = arena_alloc(plan->arena, sizeof(*change));

	change->step = step;
	change->subject = subject;
	change->field = field;
	change->before = before;
	change->after = after;
	plan->changes = list_room(plan->arena, plan->changes, plan->change_count,
		&plan->change_capacity, sizeof(*plan->changes));
	plan->changes[plan->change_count++] = change;
	return change;
}

char *plan_printf(struct plan *plan, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(plan->arena, format, args);
	va_end(args);
	return text;
}

struct arena *plan_arena(struct plan *plan)
{
	return plan->arena;
}

void plan_writes(struct plan *plan, const char *what)
{
	value_append(plan->arena, plan->writes, value_string(plan->arena, what));
}

void plan_refuse(struct plan *plan, const struct error_code *code, const char *remedy,
	const char *format, ...)
{
	va_list args;

	if (plan->refused)
		return;
	plan->refused = code;
	plan->remedy = arena_string(plan->arena, remedy);
	va_start(args, format);
	plan->refusal = arena_vprintf(plan->arena, format, args);
	va_end(args);
}

void plan_missing(struct plan *plan, const char *format, ...)
{
	va_list args;

	if (plan->missing)
		return;
	va_start(args, format);
	plan->missing = arena_vprintf(plan->arena, format, args);
	va_end(args);
}

void plan_note(struct plan *plan, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	value_append(plan->arena, plan->notes,
		value_string(plan->arena, arena_vprintf(plan->arena, format, args)));
	va_end(args);
}

struct names *names_new(struct arena *arena)
{
	struct names *names = arena_alloc(arena, sizeof(*names));

	names->arena = arena;
	names->known = value_map(arena);
	return names;
}

void names_add(struct names *names, const char *format, ...)
{
	size_t capacity;
	va_list args;
	char *name;

	va_start(args, format);
	name = arena_vprintf(names->arena, format, args);
	va_end(args);
	if (value_get(names->known, name)) {
		names->last = (size_t)value_get_integer(names->known, name, 0);
		return;
	}
	value_set_integer(names->arena, names->known, name, (int64_t)names->count);
	names->last = names->count;
	capacity = names->capacity;
	names->items = list_room(names->arena, names->items, names->count, &names->capacity,
		sizeof(*names->items));
	names->wishes = list_room(names->arena, names->wishes, names->count, &capacity,
		sizeof(*names->wishes));
	names->wishes[names->count] = NULL;
	names->items[names->count++] = name;
}

void names_wish(struct names *names, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	names->wishes[names->last] = arena_vprintf(names->arena, format, args);
	va_end(args);
}

struct inverses *inverses_new(struct arena *arena)
{
	struct inverses *inverses = arena_alloc(arena, sizeof(*inverses));

	inverses->arena = arena;
	return inverses;
}

void inverses_add(struct inverses *inverses, const struct inverses_entry *entry)
{
	struct arena *arena = inverses->arena;
	struct inverses_entry copy = {
		.resource = arena_string(arena, entry->resource),
		.module = arena_string(arena, entry->module),
		.params = entry->params,
		.keep_path = arena_string(arena, entry->keep_path),
		.keep_digest = arena_string(arena, entry->keep_digest),
		.reason = arena_string(arena, entry->reason),
	};

	inverses->entries = list_room(arena, inverses->entries, inverses->count,
		&inverses->capacity, sizeof(*inverses->entries));
	inverses->entries[inverses->count++] = copy;
}

struct arena *inverses_arena(struct inverses *inverses)
{
	return inverses->arena;
}
