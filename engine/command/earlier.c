/* earlier: what the history knows of hosts from earlier runs. */
#include "command/earlier.h"

#include "history/history.h"

#include <string.h>

enum { RUNS_MOST = 100 };

const struct value *earlier_facts(void *context)
{
	const struct earlier *earlier = context;
	struct history *history = NULL;
	struct value *facts = NULL;
	struct error ignored = {0};

	if (history_open(earlier->folder, false, &history, &ignored) < 0 || !history)
		return NULL;
	if (history_facts(history, earlier->arena, RUNS_MOST, &facts, &ignored) < 0)
		facts = NULL;
	history_close(history);
	return facts;
}

/* state: what the newest run that has the host says of it. */
static void take_names(struct arena *arena, struct value *states, const struct value *map)
{
	for (size_t i = 0; map && map->kind == VALUE_MAP && i < map->count; i++) {
		const char *state = value_text(map->pairs[i].value);

		if (!value_get(states, map->pairs[i].key))
			value_set_string(arena, states, map->pairs[i].key, state ? state : "had");
	}
}

static bool is_of(const struct earlier *earlier, const struct history_run *run)
{
	return strcmp(run->playbook, earlier->playbook) == 0
		|| (earlier->formerly && strcmp(run->playbook, earlier->formerly) == 0);
}

/* A run without a limit has all that those before it had. */
static struct value *states_of(const struct earlier *earlier, struct history *history)
{
	struct value *states = value_map(earlier->arena);
	struct history_run *runs;
	struct error ignored = {0};
	size_t count = 0, most = 4;
	bool whole = false;

	for (; !whole && most <= RUNS_MOST; most *= 5) {
		states = value_map(earlier->arena);
		if (history_runs(history, earlier->arena, most, &runs, &count, &ignored) < 0)
			break;
		for (size_t i = 0; !whole && i < count; i++) {
			if (!is_of(earlier, &runs[i]))
				continue;
			take_names(earlier->arena, states, runs[i].hosts);
			take_names(earlier->arena, states, runs[i].left);
			whole = !value_get(runs[i].how, "limit");
		}
		whole = whole || count < most;
	}
	return states;
}

struct value *earlier_hosts(const struct earlier *earlier)
{
	struct value *names = value_list(earlier->arena), *states;
	struct history *history = NULL;
	struct error ignored = {0};

	if (history_open(earlier->folder, false, &history, &ignored) < 0 || !history)
		return names;
	states = states_of(earlier, history);
	history_close(history);
	for (size_t i = 0; i < states->count; i++) {
		if (strcmp(value_text(states->pairs[i].value), "gone") != 0)
			value_append(earlier->arena, names, value_string(earlier->arena,
				states->pairs[i].key));
	}
	return names;
}
