/* lost: hosts that are gone, told before the next task in the order of the inventory, and once what
 * several of them have in common. */
#include "report/state.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_WAIT = 2000 };   /* milliseconds: a task may take hours */

struct lost {
	struct lost *next;
	size_t index;             /* of the first of the hosts in the inventory */
	const char *word;         /* what became of it */
	const char *message;
	const char *remedy;       /* "": none */
	const struct error_code *code;
	struct value *hosts;
};

/* Also the event of --json. */
const char *lost_word(const struct error *err)
{
	switch (err->kind) {
	case ERROR_UNREACHABLE:
		return "unreachable";
	case ERROR_INTERRUPTED:
		return "interrupted";
	default:
		return "failed";
	}
}

void lost_add(struct report *report, const char *host, const struct error *err)
{
	const struct host_report *recap = report_host(report, host);
	struct lost *lost = arena_alloc(report->arena, sizeof(*lost));

	*lost = (struct lost){
		.index = recap ? (size_t)(recap - report->recap) : report->host_count,
		.word = lost_word(err),
		.message = arena_string(report->arena, err->message),
		.remedy = arena_string(report->arena, err->remedy),
		.code = err->code,
		.hosts = value_list(report->arena),
	};
	value_append(report->arena, lost->hosts, value_string(report->arena, host));
	if (!report->lost) {
		report->last_lost = &report->lost;
		report->lost_at = report_clock();
	}
	*report->last_lost = lost;
	report->last_lost = &lost->next;
}

static int by_index(const void *one, const void *other)
{
	const struct lost *left = *(struct lost *const *)one, *right = *(struct lost *const *)other;

	return left->index < right->index ? -1 : left->index > right->index;
}

/* Those of which the same is to be told become one; returns how many are left. */
static size_t fold(struct report *report, struct lost **all, size_t count)
{
	struct lookup told = {0};
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text = arena_printf(report->arena, "%s%s\n%s", all[i]->word,
			all[i]->message, all[i]->remedy);
		struct lost *same = lookup_get(&told, text);

		if (same) {
			value_append(report->arena, same->hosts, value_item(all[i]->hosts, 0));
			continue;
		}
		lookup_put(report->arena, &told, text, all[i]);
		all[left++] = all[i];
	}
	return left;
}

void lost_print(struct report *report)
{
	struct lost **all;
	size_t count = 0;

	if (!report->lost)
		return;
	for (const struct lost *lost = report->lost; lost; lost = lost->next)
		count++;
	all = arena_array(report->arena, count, sizeof(struct lost *));
	count = 0;
	for (struct lost *lost = report->lost; lost; lost = lost->next)
		all[count++] = lost;
	report->lost = NULL;
	qsort(all, count, sizeof(struct lost *), by_index);
	count = fold(report, all, count);
	for (size_t i = 0; i < count; i++) {
		report_say(report, COLOR_RED, arena_printf(report->arena, "%s:", all[i]->word),
			report_hosts(report, all[i]->hosts), all[i]->message, all[i]->code);
		if (all[i]->remedy[0] && (i + 1 == count
				|| strcmp(all[i]->remedy, all[i + 1]->remedy) != 0))
			fprintf(report->options.errors, "    → %s\n", report_shown(report,
				all[i]->remedy, strlen(all[i]->remedy), 0));
	}
	fflush(report->options.errors);
}

void lost_tick(struct report *report)
{
	if (report->lost && report_clock() - report->lost_at >= LONGEST_WAIT)
		lost_print(report);
}
