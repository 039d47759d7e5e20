/* making_items: blocks, tasks and flushes of a play, in their order. */
#include "plan/making.h"

static int add_flush(const struct making *making, struct error *err)
{
	const struct play *play = making->run->options.playbook->plays[making->play_index];

	if (play->handler_count == 0)
		return 0;
	for (size_t i = 0; i < play->handler_count; i++) {
		bool once;

		if (making_run_once(making->run, play, play->handlers[i], &once, err) < 0)
			return -1;
		/* Where one host does it for all, those before it must have been done. */
		if (once && i > 0)
			making_unit(making, NULL);
		if (making_task(making, play->handlers[i], false, err) < 0)
			return -1;
	}
	making_unit(making, NULL);
	return 0;
}

/* Tasks up to where their handlers run; force_handlers: these whatever becomes of the tasks. */
static struct block *section_new(const struct making *making, struct block *root)
{
	const struct run *run = making->run;
	struct block *block;

	if (!run->options.playbook->plays[making->play_index]->force_handlers
			&& !run->options.force_handlers)
		return root;
	block = program_block(run->schedule->program, root, SECTION_MAIN);
	block->forces_handlers = true;
	return block;
}

static int end_section(struct making *making, struct block *block, struct error *err)
{
	making->block = block;
	making->section = block->forces_handlers ? SECTION_ALWAYS : SECTION_MAIN;
	return add_flush(making, err);
}

static bool is_chosen(const struct run *run, const struct task *task)
{
	return !run->options.look && !task_before(task, run->options.start)
		&& task_chosen(task, run->options.tags, run->options.skip_tags);
}

/* Without any task in it a section isn't there. */
static int add_block(struct making *making, const struct task_block *text, bool *since,
	struct error *err)
{
	struct making around = *making;

	making->block = program_block(making->run->schedule->program, making->block, making->section);
	for (size_t i = 0; i < BLOCK_PARTS; i++) {
		making->section = (enum section)i;
		if (making_items(making, &text->parts[i], since, err) < 0)
			return -1;
	}
	*making = around;
	return 0;
}

int making_items(struct making *making, const struct items *items, bool *since,
	struct error *err)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->items[i];
		bool chosen = item->task && is_chosen(making->run, item->task);
		int result;

		if (item->kind == ITEM_BLOCK)
			result = add_block(making, item->block, since, err);
		else if (item->kind == ITEM_FLUSH)
			result = *since ? add_flush(making, err) : 0;
		else
			result = making_task(making, item->task, !chosen, err);
		if (result < 0)
			return -1;
		*since = item->kind == ITEM_FLUSH ? false : *since || chosen;
	}
	return 0;
}

int making_sections(struct making *making, struct block *root, struct error *err)
{
	const struct items *all = &making->run->options.playbook->plays[making->play_index]->items;
	bool since = false;

	for (size_t i = 0; i < all->count;) {
		struct block *section = section_new(making, root);
		struct items some = { .items = &all->items[i] };

		while (i < all->count && all->items[i++].kind != ITEM_FLUSH)
			some.count++;
		making->block = section;
		making->section = SECTION_MAIN;
		if (making_items(making, &some, &since, err) < 0
				|| (since && end_section(making, section, err) < 0))
			return -1;
		since = false;
	}
	return 0;
}
