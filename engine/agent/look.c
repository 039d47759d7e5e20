/* look: what the ledger of this machine knows of an owner, for status and for rollback from another
 * controller. Nothing is changed, and no parameters leave the machine. */
#include "agent/runner.h"

#include "agent/machine.h"

#include <string.h>

enum { LOOK_TEXT_MOST = 900 << 10 };

/* Runs of this project, the oldest first. */
static struct value *runs_of(const struct runner *runner, struct arena *arena)
{
	const struct value *runs = value_get(runner->ledger.root, "runs");
	struct value *of = value_list(arena);

	for (size_t i = 0; i < runs->count; i++) {
		const char *project = value_get_string(runs->items[i], "project");

		if (project && strcmp(project, runner->owner.project) == 0)
			value_append(arena, of, value_copy(arena, runs->items[i]));
	}
	return of;
}

static struct value *own(const struct runner *runner, struct arena *arena, const char *key)
{
	const struct value *all = value_get(runner->ledger.root, key);
	struct value *of = value_list(arena);

	for (size_t i = 0; i < all->count; i++) {
		if (ledger_is_of(all->items[i], &runner->owner))
			value_append(arena, of, value_copy(arena, all->items[i]));
	}
	return of;
}

static void add_text(const struct runner *runner, struct arena *arena, const char *digest,
	struct value *results)
{
	struct error ignored = {0};
	char *bytes;
	size_t size;

	if (ledger_has_body(&runner->ledger, digest) && files_read(NULL, arena,
			ledger_body_path(&runner->ledger, arena, digest), LOOK_TEXT_MOST, &bytes, &size,
			&ignored) == 0)
		value_set(arena, results, "text", value_bytes(arena, bytes, size));
}

bool look_do(struct runner *runner, const struct value *task)
{
	struct arena *arena = arena_new();
	const struct value *wish = value_get(task, "look"), *whole = value_get(wish, "whole");
	struct value *result = value_map(arena), *results = value_map(arena);
	struct ledger_undo *undos;
	struct error err = {0};

	value_set_integer(arena, result, "task", value_get_integer(task, "id", 0));
	if (ledger_usable(&runner->ledger, &err) < 0) {
		work_failed(arena, result, &err);
	} else {
		value_set_string(arena, result, "status", "ok");
		value_set(arena, results, "runs", runs_of(runner, arena));
		value_set(arena, results, "due", own(runner, arena, "due"));
		value_set(arena, results, "failed", own(runner, arena, "failed"));
		value_set_integer(arena, results, "resources", (int64_t)ledger_undos(&runner->ledger,
			arena, &runner->owner, 0, &undos));
		if (whole)
			value_set(arena, results, "orphans", undo_orphans(runner, arena, whole));
		if (value_get_string(wish, "text") && digest_valid(value_get_string(wish, "text")))
			add_text(runner, arena, value_get_string(wish, "text"), results);
		value_set(arena, result, "results", results);
	}
	runner_send(runner, arena, task, result);
	arena_free(arena);
	return true;
}
