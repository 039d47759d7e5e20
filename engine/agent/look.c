/* look: what the ledger of this machine knows of an owner, for status and for rollback from another
 * controller. Nothing is changed, and no parameters leave the machine. */
#include "agent/runner.h"

bool look_do(struct runner *runner, const struct wire_task *task)
{
	const struct look_order *order = task->look;
	struct ledger *ledger = &runner->ledger;
	struct arena *arena = arena_new();
	struct result result = { .task = task->id };
	struct looked looked = { .foreign = ledger->foreign };
	struct error err = {0};

	if (ledger_usable(ledger, &err) < 0) {
		work_failed(arena, &result, &err);
	} else {
		looked.runs = ledger_runs(ledger, arena, runner->owner.project, &looked.run_count);
		looked.due = ledger_due(ledger, arena, &runner->owner, &looked.due_count);
		looked.failed = ledger_failed(ledger, arena, &runner->owner, &looked.failed_count);
		looked.resources = ledger_count(ledger, &runner->owner);
		looked.seals = ledger_seals(ledger, arena);
		if (order && order->whole)
			looked.orphans = undo_orphans(runner, arena, order->whole);
		if (order && order->text && digest_valid(order->text))
			looked.text = texts_read(runner, arena, order->text);
		result.status = STATUS_OK;
		result.looked = &looked;
	}
	runner_send(runner, arena, task, &result);
	arena_free(arena);
	return true;
}
