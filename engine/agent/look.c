/* look: what the ledger of this machine knows of an owner, for status and for rollback from another
 * controller. Nothing is changed, and no parameters leave the machine. */
#include "agent/runner.h"

bool look_do(struct runner *runner, const struct value *task)
{
	struct arena *arena = arena_new();
	const struct value *wish = value_get(task, "look"), *whole = value_get(wish, "whole");
	struct value *result = value_map(arena), *results = value_map(arena), *text = NULL;
	struct error err = {0};

	value_set_integer(arena, result, "task", value_get_integer(task, "id", 0));
	if (ledger_usable(&runner->ledger, &err) < 0) {
		work_failed(arena, result, &err);
	} else {
		value_set_string(arena, result, "status", "ok");
		value_set(arena, results, "runs", ledger_runs(&runner->ledger, arena,
			runner->owner.project));
		ledger_greet_seals(&runner->ledger, arena, results);
		value_set(arena, results, "due", ledger_due(&runner->ledger, arena, &runner->owner));
		value_set(arena, results, "failed", ledger_failed(&runner->ledger, arena, &runner->owner));
		value_set_integer(arena, results, "resources", ledger_count(&runner->ledger,
			&runner->owner));
		if (runner->ledger.foreign)
			value_set_string(arena, results, "foreign", runner->ledger.foreign);
		if (whole)
			value_set(arena, results, "orphans", undo_orphans(runner, arena, whole));
		if (value_get_string(wish, "text") && digest_valid(value_get_string(wish, "text")))
			text = texts_read(runner, arena, value_get_string(wish, "text"));
		if (text)
			value_set(arena, results, "text", text);
		value_set(arena, result, "results", results);
	}
	runner_send(runner, arena, task, result);
	arena_free(arena);
	return true;
}
