/* undo_orphans: what a ledger has, and the text has no more. */
#include "agent/undo.h"

#include <string.h>

enum { ORPHANS_MOST = 500 };

struct orphans {
	struct undoing undoing;
	struct value *siblings;      /* beginnings of what the text has, up to the last colon, as keys */
	const struct ledger_undo *undos;
	bool *effects;               /* whether there is anything to undo, each */
	size_t left;                 /* so many more are told */
};

/* "hosts-entry:/etc/hosts:" of "hosts-entry:/etc/hosts:node1"; NULL: it is of nothing that has several. */
static const char *beginning_of(struct arena *arena, const char *resource)
{
	const char *last = strrchr(resource, ':');

	return last && last != strchr(resource, ':')
		? arena_bytes(arena, resource, (size_t)(last - resource) + 1) : NULL;
}

static void add_sibling(struct arena *arena, struct value *siblings, const char *resource)
{
	const char *beginning = resource ? beginning_of(arena, resource) : NULL;

	if (beginning && !value_get(siblings, beginning))
		value_set_bool(arena, siblings, beginning, true);
}

static struct value *siblings_of(struct arena *arena, const struct runner *runner,
	const struct value *declared)
{
	struct value *siblings = value_map(arena);

	for (size_t i = 0; i < runner->seen->count; i++)
		add_sibling(arena, siblings, value_key(runner->seen, i));
	for (size_t i = 0; i < value_item_count(declared); i++)
		add_sibling(arena, siblings, value_text(value_item(declared, i)));
	return siblings;
}

/* Whether the text has another entry of the same thing: its task looks after all of them. */
static bool has_sibling(const struct orphans *orphans, struct arena *arena, const char *resource)
{
	const char *beginning = beginning_of(arena, resource);

	return beginning && value_get(orphans->siblings, beginning);
}

/* Of which nothing is to be changed, as far as a look says: what a task has already taken away itself (the name
 * of a machine that left) isn't there to be undone; but a directory that stays only because of what is in it is. */
static bool stays_so(struct orphans *orphans, struct arena *arena, const struct ledger_undo *undo,
	const struct wire_task *task)
{
	return !has_sibling(orphans, arena, undo->resource)
		&& !undo_drifted(orphans->undoing.runner, arena, undo, task);
}

static bool has_effect(struct orphans *orphans, struct arena *arena, const struct ledger_undo *undo)
{
	struct undoing *undoing = &orphans->undoing;
	struct wire_task *task = NULL;
	struct result planned = {0};
	struct error ignored = {0};

	if (!undo->way)
		return false;
	/* Letting go of it changes nothing, and others may want it gone later. */
	if (undo->others > 0)
		return !has_sibling(orphans, arena, undo->resource);
	if (!value_get(undo->way, "params"))
		return true;
	if (undo_task_of(arena, undoing, undo, &task, &ignored) < 0)
		return true;
	undo_look(undoing->runner, arena, task, &planned);
	if (undo_moot(undoing, arena, undo->resource, &planned))
		return false;
	return planned.status != STATUS_OK || stays_so(orphans, arena, undo, task);
}

static void judge(struct orphans *orphans, size_t from, size_t count);

/* Those of one file as one task: false where some of them have an effect. */
static bool judge_joined(struct orphans *orphans, struct arena *arena, size_t from, size_t count,
	const struct wire_task *task)
{
	struct result planned = {0};

	undo_look(orphans->undoing.runner, arena, task, &planned);
	if (planned.status != STATUS_OK)
		return false;
	for (size_t i = from; i < from + count; i++)
		orphans->effects[i] = stays_so(orphans, arena, &orphans->undos[i], task);
	return true;
}

/* Halves them until those that have an effect are found. */
static void judge(struct orphans *orphans, size_t from, size_t count)
{
	while (count > 0 && orphans->left > 0) {
		struct arena *arena = arena_new();
		struct wire_task *task;
		size_t joined = undo_joined(&orphans->undoing, arena, &orphans->undos[from], count, &task);
		bool done = joined > 1 && judge_joined(orphans, arena, from, joined, task);

		if (joined == 1)
			orphans->effects[from] = has_effect(orphans, arena, &orphans->undos[from]);
		arena_free(arena);
		if (joined > 1 && !done) {
			judge(orphans, from, joined / 2);
			judge(orphans, from + joined / 2, joined - joined / 2);
		}
		for (size_t i = from; (joined == 1 || done) && i < from + joined; i++)
			orphans->left -= orphans->effects[i] && orphans->left > 0;
		from += joined;
		count -= joined;
	}
}

static bool is_orphan(void *context, const char *resource, const char *module,
	const char *parent)
{
	const struct undoing *undoing = context;

	return !undo_declared(undoing, resource, parent)
		&& !undo_has_word(undoing->wish->unsure, module);
}

static struct value *told(struct runner *runner, struct arena *arena, const struct orphans *orphans,
	size_t count)
{
	struct value *list = value_list(arena);

	for (size_t i = 0; i < count && list->count < ORPHANS_MOST; i++) {
		const char *resource = orphans->undos[i].resource;

		if (orphans->effects[i])
			value_append(arena, list, value_string(arena, resource));
		else if (!runner->check && !ledger_covered(&runner->ledger, arena, resource))
			value_append(runner->arena, runner->let_go, value_string(runner->arena, resource));
	}
	return list;
}

struct value *undo_orphans(struct runner *runner, struct arena *arena, const struct whole *whole)
{
	const struct undo_order order = { .declared = whole->unseen, .unsure = whole->unsure };
	struct orphans orphans = { .undoing = { .runner = runner, .wish = &order, .prune = true,
		.declared = undo_words(arena, whole->unseen) }, .left = ORPHANS_MOST };
	struct ledger_undo *undos;
	size_t count = ledger_undos(&runner->ledger, arena, &runner->owner, 0, is_orphan, &orphans.undoing,
		&undos);

	if (count == 0)
		return value_list(arena);
	orphans.undos = undos;
	orphans.siblings = siblings_of(arena, runner, whole->unseen);
	orphans.effects = arena_array(arena, count, sizeof(*orphans.effects));
	runner->looks = undo_looks_new(arena);
	judge(&orphans, 0, count);
	runner->looks = NULL;
	return told(runner, arena, &orphans, count);
}
