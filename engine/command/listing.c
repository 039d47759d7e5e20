/* listing: --list-hosts, --list-tasks, --list-tags: what a playbook is about, nobody contacted. */
#include "command/listing.h"

#include "base/quote.h"
#include "expression/expression.h"

#include <stdio.h>
#include <string.h>

/* A text of somebody else may hold anything. */
static const char *shown(struct arena *arena, const char *text)
{
	return text ? quote_printable(arena, text, strlen(text), 0) : "";
}

static bool in_list(const struct inventory_list *list, const struct inventory_host *host)
{
	for (size_t i = 0; list && i < list->count; i++) {
		if (list->hosts[i] == host)
			return true;
	}
	return !list;
}

static int print_hosts(struct arena *arena, const struct playbook *playbook, size_t index,
	const struct inventory *inventory, struct variables *variables,
	const struct inventory_list *limit, struct error *err)
{
	struct inventory_list list;
	struct value *pattern;
	size_t count = 0;

	if (expression_fill(arena, scope_new(arena, variables, NULL, NULL, NULL),
			playbook->plays[index]->hosts, &pattern, err) < 0
			|| inventory_match(inventory, arena, value_text(pattern) ? value_text(pattern) : "",
			playbook->plays[index]->hosts->place, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		count += in_list(limit, list.hosts[i]);
	printf("    hosts (%zu):\n", count);
	for (size_t i = 0; i < list.count; i++) {
		if (in_list(limit, list.hosts[i]))
			printf("      %s\n", shown(arena, list.hosts[i]->name));
	}
	return 0;
}

static void print_tags(struct arena *arena, const struct value *tags)
{
	fputs("\tTAGS: [", stdout);
	for (size_t i = 0; i < tags->count; i++)
		printf("%s%s", i ? ", " : "", shown(arena, value_text(tags->items[i])));
	fputs("]\n", stdout);
}

static bool is_run(const struct apply_options *options, size_t start, const struct task *task)
{
	return !task->flush_handlers && !task_before(task, start)
		&& task_chosen(task, options->tags, options->skip_tags);
}

static void print_tasks(struct arena *arena, const struct apply_options *options, size_t start,
	const struct play *play)
{
	puts("    tasks:");
	for (size_t i = 0; i < play->task_count; i++) {
		if (!is_run(options, start, play->tasks[i]))
			continue;
		printf("      %s", shown(arena, task_title(play->tasks[i])));
		print_tags(arena, play->tasks[i]->tags);
	}
}

static void print_task_tags(struct arena *arena, const struct apply_options *options, size_t start,
	const struct play *play)
{
	struct value *all = value_list(arena);

	for (size_t i = 0; i < play->task_count; i++) {
		const struct task *task = play->tasks[i];

		for (size_t k = 0; is_run(options, start, task) && k < task->tags->count; k++) {
			bool known = false;

			for (size_t j = 0; j < all->count; j++)
				known = known || value_equal(all->items[j], task->tags->items[k]);
			if (!known)
				value_append(arena, all, task->tags->items[k]);
		}
	}
	fputs("    TASK", stdout);
	print_tags(arena, all);
}

int listing_print(struct arena *arena, const struct apply_options *options, size_t start,
	const struct playbook *playbook, const struct inventory *inventory,
	struct variables *variables, const struct inventory_list *limit, struct error *err)
{
	printf("\nplaybook: %s\n", shown(arena, playbook->path));
	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		printf("\n  play #%zu (%s): %s", i + 1, shown(arena, value_text(play->hosts)),
			shown(arena, play->name ? play->name : value_text(play->hosts)));
		print_tags(arena, play->tags);
		if (options->list_hosts && print_hosts(arena, playbook, i, inventory, variables, limit,
				err) < 0)
			return -1;
		if (options->list_tasks)
			print_tasks(arena, options, start, play);
		if (options->list_tags)
			print_task_tags(arena, options, start, play);
	}
	return 0;
}
