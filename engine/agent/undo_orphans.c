/* undo_orphans: what a ledger has, and the text has no more. */
#include "agent/undo.h"

#include <string.h>

enum { ORPHANS_MOST = 500 };

/* Whether the text has another entry of the same thing ("hosts-entry:/etc/hosts:node1" beside
 * …:node2): its task looks after all of them. */
static bool has_sibling(const struct runner *runner, const struct value *declared,
	const char *resource)
{
	const char *last = strrchr(resource, ':');
	size_t size = last ? (size_t)(last - resource) + 1 : 0;

	if (!last || last == strchr(resource, ':'))
		return false;
	for (size_t i = 0; i < runner->seen->count; i++) {
		if (strncmp(runner->seen->pairs[i].key, resource, size) == 0)
			return true;
	}
	for (size_t i = 0; declared && declared->kind == VALUE_LIST && i < declared->count; i++) {
		if (value_text(declared->items[i])
				&& strncmp(value_text(declared->items[i]), resource, size) == 0)
			return true;
	}
	return false;
}

/* Whether there is anything to undo. What a task has already taken away itself (the name of a
 * machine that left) isn't; but a directory that stays only because of what is in it is. */
static bool has_effect(struct undoing *undoing, struct arena *arena,
	const struct ledger_undo *undo)
{
	struct wire_task *task = NULL;
	struct result planned = {0};
	struct error ignored = {0};

	if (!undo->way)
		return false;
	/* Letting go of it changes nothing, and others may want it gone later. */
	if (undo->others > 0)
		return !has_sibling(undoing->runner, undoing->wish->declared, undo->resource);
	if (!value_get(undo->way, "params"))
		return true;
	if (undo_task_of(arena, undoing, undo, &task, &ignored) < 0)
		return true;
	undo_look(undoing->runner, arena, task, &planned);
	if (undo_moot(undoing, arena, undo->resource, &planned))
		return false;
	if (planned.status == STATUS_OK && has_sibling(undoing->runner, undoing->wish->declared,
			undo->resource))
		return false;
	return planned.status != STATUS_OK || !undo_drifted(undoing->runner, arena, undo, task);
}

static bool is_orphan(void *context, const char *resource, const char *module,
	const char *parent)
{
	const struct undoing *undoing = context;

	return !undo_declared(undoing, resource, parent)
		&& !undo_has_word(undoing->wish->unsure, module);
}

struct value *undo_orphans(struct runner *runner, struct arena *arena, const struct whole *whole)
{
	const struct undo_order order = { .declared = whole->unseen, .unsure = whole->unsure };
	struct undoing undoing = { .runner = runner, .wish = &order, .prune = true,
		.declared = undo_words(arena, whole->unseen) };
	struct value *orphans = value_list(arena);
	struct ledger_undo *undos;
	size_t count = ledger_undos(&runner->ledger, arena, &runner->owner, 0, is_orphan, &undoing,
		&undos);

	for (size_t i = 0; i < count && orphans->count < ORPHANS_MOST; i++) {
		const char *resource = undos[i].resource;

		if (!has_effect(&undoing, arena, &undos[i])) {
			if (!runner->check && !ledger_covered(&runner->ledger, arena, resource))
				value_append(runner->arena, runner->let_go, value_string(runner->arena, resource));
			continue;
		}
		value_append(arena, orphans, value_string(arena, resource));
	}
	return orphans;
}
