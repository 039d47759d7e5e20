/* items: what stands in a play, as a tree, and in a row. */
#include "playbook/build.h"

void items_add(struct play_reader *reader, struct items *items, struct item item)
{
	if (items->count == items->capacity) {
		size_t capacity = items->capacity ? 2 * items->capacity : 16;

		items->items = arena_grow(reader->arena, items->items,
			items->count * sizeof(*items->items), capacity * sizeof(*items->items));
		items->capacity = capacity;
	}
	items->items[items->count++] = item;
}

static size_t count_tasks(const struct items *items)
{
	size_t count = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct task_block *block = items->items[i].block;

		count += block ? 0 : 1;
		for (size_t k = 0; block && k < BLOCK_PARTS; k++)
			count += count_tasks(&block->parts[k]);
	}
	return count;
}

static void add_tasks(const struct items *items, struct task **tasks, size_t *count)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct task_block *block = items->items[i].block;

		if (!block)
			tasks[(*count)++] = items->items[i].task;
		for (size_t k = 0; block && k < BLOCK_PARTS; k++)
			add_tasks(&block->parts[k], tasks, count);
	}
}

struct task **items_flat(struct arena *arena, const struct items *items, size_t *ret_count)
{
	struct task **tasks = arena_array(arena, count_tasks(items) + 1, sizeof(*tasks));

	*ret_count = 0;
	add_tasks(items, tasks, ret_count);
	return tasks;
}
