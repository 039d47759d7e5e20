/* earlier: what the history knows of hosts from earlier runs. */
#include "command/earlier.h"

#include <string.h>

enum { RUNS_MOST = 100 };

const struct history_run *earlier_runs(struct earlier *earlier, size_t most, size_t *ret_count)
{
	struct history_run *runs;
	struct error ignored = {0};
	size_t count;

	if (earlier->history && earlier->asked < most && history_runs(earlier->history, earlier->arena,
			most, &runs, &count, &ignored) == 0) {
		earlier->runs = runs;
		earlier->count = count;
		earlier->asked = most;
	}
	*ret_count = earlier->count < most ? earlier->count : most;
	return earlier->runs;
}

const struct value *earlier_facts(void *context)
{
	const struct earlier *earlier = context;
	struct value *facts = NULL;
	struct error ignored = {0};

	if (!earlier->history || history_facts(earlier->history, earlier->arena, RUNS_MOST, &facts,
			&ignored) < 0)
		return NULL;
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

/* A run without a limit has all that those before it had; as a rule it is the last one. */
static struct value *states_of(struct earlier *earlier)
{
	struct value *states = value_map(earlier->arena);
	size_t count = 0, most = 1;
	bool whole = false;

	for (; !whole && most <= RUNS_MOST; most *= 10) {
		const struct history_run *runs = earlier_runs(earlier, most, &count);

		states = value_map(earlier->arena);
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

struct value *earlier_hosts(struct earlier *earlier)
{
	struct value *names = value_list(earlier->arena), *states = states_of(earlier);

	for (size_t i = 0; i < states->count; i++) {
		if (strcmp(value_text(states->pairs[i].value), "gone") != 0)
			value_append(earlier->arena, names, value_string(earlier->arena,
				states->pairs[i].key));
	}
	return names;
}
