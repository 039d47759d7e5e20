/* pairs: on the controller, what the hosts have told of reaching one another, as few findings: a host that
 * gets to no other is one, and so is one that no other gets to. */
#include "modules/mpi_run/nodes.h"

#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_MOST = 1 << 16, NAMES_MOST = 8 };

struct problem {
	const char *kind;
	const struct node *from;
	const char *to;
	const char *what;
	const char *remedy;
	bool told;
};

struct pairs {
	struct job_hosts *hosts;
	struct problem *all;
	size_t count;
};

static void take(struct pairs *pairs, const struct node *from, const struct value *told)
{
	struct problem one = {
		.kind = value_get_string(told, "kind"), .from = from, .to = value_get_string(told, "to"),
		.what = value_get_string(told, "what"), .remedy = value_get_string(told, "remedy"),
	};

	if (one.kind && one.to && one.what && one.remedy && pairs->count < PROBLEMS_MOST)
		pairs->all[pairs->count++] = one;
}

static size_t count_all(const struct job_hosts *hosts)
{
	size_t count = 0;

	for (size_t i = 0; i < hosts->count; i++) {
		const struct value *list = value_get(hosts->nodes[i].met, "problems");

		count += list && list->kind == VALUE_LIST ? list->count : 0;
	}
	return count < PROBLEMS_MOST ? count : PROBLEMS_MOST;
}

static int by_target(const void *one, const void *other)
{
	const struct problem *left = one, *right = other;
	int order = strcmp(left->kind, right->kind);

	if (order == 0)
		order = strcmp(left->to, right->to);
	return order ? order : left->from < right->from ? -1 : left->from > right->from;
}

static int by_source(const void *one, const void *other)
{
	const struct problem *left = one, *right = other;
	int order = strcmp(left->kind, right->kind);

	if (order == 0 && left->from != right->from)
		order = left->from < right->from ? -1 : 1;
	return order ? order : strcmp(left->to, right->to);
}

static const char *way_of(const char *kind)
{
	return strcmp(kind, "tcp") == 0 ? "over TCP" : "by ssh without a question";
}

/* "head, node1 and 31 more" */
static const char *sources(const struct pairs *pairs, const struct problem *first, size_t count)
{
	struct buffer text = { 0 };
	const char *result;

	for (size_t i = 0; i < count && i < NAMES_MOST; i++)
		buffer_printf(&text, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ",
			first[i].from->name);
	if (count > NAMES_MOST)
		buffer_printf(&text, " and %zu more", count - NAMES_MOST);
	result = arena_bytes(pairs->hosts->arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

static bool is_pair(const struct problem *one)
{
	return strcmp(one->kind, "ssh") == 0 || strcmp(one->kind, "tcp") == 0;
}

/* Who gets to no other. */
static void tell_sources(struct pairs *pairs)
{
	size_t most = pairs->hosts->count - 1;

	qsort(pairs->all, pairs->count, sizeof(*pairs->all), by_source);
	for (size_t i = 0, size; i < pairs->count; i += size) {
		const struct problem *first = &pairs->all[i];

		for (size = 1; i + size < pairs->count && first[size].from == first->from
				&& strcmp(first[size].kind, first->kind) == 0;)
			size++;
		if (!is_pair(first) || size < most || most < 2)
			continue;
		nodes_find(pairs->hosts, first->remedy, "%s doesn't get to any other host %s: %s: %s",
			first->from->name, way_of(first->kind), first->to, first->what);
		for (size_t k = 0; k < size; k++)
			pairs->all[i + k].told = true;
	}
}

static void tell_group(struct pairs *pairs, struct problem *first, size_t count)
{
	struct problem *left = arena_array(pairs->hosts->arena, count, sizeof(*left));
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		if (!first[i].told)
			left[open++] = first[i];
	}
	if (open > 0 && is_pair(first))
		nodes_find(pairs->hosts, left->remedy, "%s do%s get to %s %s: %s", sources(pairs, left, open),
			open > 1 ? "n't" : "esn't", left->to, way_of(left->kind), left->what);
	else if (open > 0)
		nodes_find(pairs->hosts, left->remedy, "%s: %s", left->to, left->what);
}

static void tell_targets(struct pairs *pairs)
{
	qsort(pairs->all, pairs->count, sizeof(*pairs->all), by_target);
	for (size_t i = 0, size; i < pairs->count; i += size) {
		struct problem *first = &pairs->all[i];

		for (size = 1; i + size < pairs->count && strcmp(first[size].to, first->to) == 0
				&& strcmp(first[size].kind, first->kind) == 0;)
			size++;
		tell_group(pairs, first, size);
	}
}

void pairs_look(struct job_hosts *hosts)
{
	struct pairs pairs = { .hosts = hosts,
		.all = arena_array(hosts->arena, count_all(hosts) + 1, sizeof(struct problem)) };

	for (size_t i = 0; i < hosts->count; i++) {
		const struct value *list = value_get(hosts->nodes[i].met, "problems");

		for (size_t k = 0; list && list->kind == VALUE_LIST && k < list->count; k++)
			take(&pairs, &hosts->nodes[i], list->items[k]);
	}
	tell_sources(&pairs);
	tell_targets(&pairs);
}
