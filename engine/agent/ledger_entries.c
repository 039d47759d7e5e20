/* ledger_entries: who wishes what of a resource, and the ways back to each earlier state of it. */
#include "agent/ledger.h"

#include <stdlib.h>
#include <string.h>

static struct value *resources(const struct ledger *ledger)
{
	return value_get(ledger->root, "resources");
}

const struct value *ledger_entry(const struct ledger *ledger, const char *resource)
{
	return value_get(resources(ledger), resource);
}

/* It let go, and what it did was undone; only a rollback to before that still asks. */
static bool is_gone(const struct value *record)
{
	return value_get_integer(record, "gone", 0) > value_get_integer(record, "regained", 0);
}

static struct value *owner_record(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, size_t *ret_others)
{
	const struct value *owners = value_get(ledger_entry(ledger, resource), "owners");
	struct value *found = NULL;
	size_t others = 0;

	for (size_t i = 0; owners && i < owners->count; i++) {
		if (ledger_is_of(owners->items[i], owner))
			found = owners->items[i];
		else
			others += !is_gone(owners->items[i]);
	}
	if (ret_others)
		*ret_others = others;
	return found;
}

bool ledger_has_owner(const struct ledger *ledger, const char *resource)
{
	const struct value *owners = value_get(ledger_entry(ledger, resource), "owners");

	for (size_t i = 0; owners && i < owners->count; i++) {
		if (!is_gone(owners->items[i]))
			return true;
	}
	return false;
}

const struct value *ledger_owned(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, size_t *ret_others)
{
	const struct value *record = owner_record(ledger, owner, resource, ret_others);

	return is_gone(record) ? NULL : record;
}

const char *ledger_parent(const struct ledger *ledger, const char *resource)
{
	return value_get_string(ledger_entry(ledger, resource), "parent");
}

const char *ledger_params(const struct ledger *ledger, const char *digest)
{
	return digest ? value_get_string(value_get(ledger->root, "texts"), digest) : NULL;
}

int ledger_conflict(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish, struct error *err)
{
	const struct value *owners = value_get(ledger_entry(ledger, resource), "owners");

	for (size_t i = 0; owners && i < owners->count; i++) {
		const struct value *other = owners->items[i];
		const char *digest = value_get_string(value_get(other, "wishes"), wish->module);

		if (ledger_is_of(other, owner) || is_gone(other) || !digest
				|| strcmp(digest, wish->digest) == 0)
			continue;
		error_set(err, ERROR_TASK, "two playbooks wish different things of %s: %s of project "
			"%s, and now %s of project %s", resource, value_get_string(other, "playbook"),
			value_get_string(other, "project"), owner->playbook, owner->project);
		return error_remedy(err, "let one of them manage it: take it out of the other and "
			"apply that with --prune");
	}
	return 0;
}

static int64_t next_order(struct ledger *ledger)
{
	int64_t order = value_get_integer(ledger->root, "order", 0) + 1;

	value_set_integer(ledger->arena, ledger->root, "order", order);
	return order;
}

static struct value *make_entry(struct ledger *ledger, const char *resource,
	const struct ledger_wish *wish)
{
	struct arena *arena = ledger->arena;
	struct value *entry = value_get(resources(ledger), resource);

	if (entry)
		return entry;
	entry = value_map(arena);
	value_set(arena, entry, "owners", value_list(arena));
	value_set_string(arena, entry, "module", wish->module);
	value_set(arena, entry, "undos", value_list(arena));
	value_set(arena, resources(ledger), resource, entry);
	return entry;
}

/* The owner's record in an entry with this wish, made if it isn't there. */
static void set_owner(struct ledger *ledger, const char *resource,
	const struct ledger_owner *owner, const struct ledger_wish *wish)
{
	struct arena *arena = ledger->arena;
	struct value *record = owner_record(ledger, owner, resource, NULL);
	const char *run = value_get_string(record, "run");
	int64_t sequence = ledger_run(ledger, owner);

	if (!record) {
		record = value_map(arena);
		value_set_string(arena, record, "project", owner->project);
		value_set_string(arena, record, "playbook", owner->playbook);
		value_set_integer(arena, record, "since", sequence);
		value_append(arena, value_get(value_get(resources(ledger), resource), "owners"), record);
	}
	if (is_gone(record))
		value_set_integer(arena, record, "regained", sequence);
	if (!run || strcmp(run, owner->run ? owner->run : "") != 0) {
		value_set(arena, record, "wishes", value_map(arena));
		value_remove(record, "notify");
	}
	value_remove(record, "differs");
	value_set_string(arena, record, "run", owner->run);
	if (wish->user && *wish->user)
		value_set_string(arena, record, "user", wish->user);
	value_set_string(arena, value_get(record, "wishes"), wish->module, wish->digest);
	if (wish->params)
		value_set_string(arena, value_get(ledger->root, "texts"), wish->digest, wish->params);
	if (wish->notify && wish->notify->count > 0)
		value_set(arena, record, "notify", value_copy(arena, wish->notify));
	ledger->dirty = true;
}

bool ledger_wishes(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const struct ledger_wish *wish)
{
	const struct value *record = ledger_owned(ledger, owner, resource, NULL);
	const char *digest = value_get_string(value_get(record, "wishes"), wish->module);

	return digest && !ledger_parent(ledger, resource) && strcmp(digest, wish->digest) == 0;
}

void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish)
{
	bool fresh = !ledger_entry(ledger, resource);
	struct value *entry;

	if (ledger_wishes(ledger, owner, resource, wish))
		return;
	entry = make_entry(ledger, resource, wish);
	if (fresh)
		value_set_string(ledger->arena, entry, "reason", "it was so before");
	value_remove(entry, "parent");
	set_owner(ledger, resource, owner, wish);
}

/* --- Ways back */

/* In the middle the oldest goes: the first leads to what was before beoplay. */
static void trim_undos(struct value *undos)
{
	if (undos->count <= LEDGER_UNDOS_MOST)
		return;
	memmove(&undos->items[1], &undos->items[2], (undos->count - 2) * sizeof(*undos->items));
	undos->count--;
}

static struct value *undo_of(struct ledger *ledger, const struct inverses_entry *inverse,
	const struct ledger_wish *wish, const char *body)
{
	struct arena *arena = ledger->arena;
	struct value *undo = value_map(arena);

	if (!inverse || !inverse->params) {
		value_set_string(arena, undo, "reason", inverse && inverse->reason ? inverse->reason
			: "this can't be undone");
		return undo;
	}
	value_set_string(arena, undo, "module", inverse->module ? inverse->module : wish->module);
	value_set(arena, undo, "params", value_copy(arena, inverse->params));
	value_set_string(arena, undo, "body", body);
	if (wish->user && *wish->user)
		value_set_string(arena, undo, "user", wish->user);
	return undo;
}

void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const char *parent, const struct ledger_wish *wish, const struct inverses_entry *inverse,
	const char *body)
{
	struct arena *arena = ledger->arena;
	struct value *entry = make_entry(ledger, resource, wish);
	struct value *undos = value_get(entry, "undos");
	const struct value *last = undos->count > 0 ? undos->items[undos->count - 1] : NULL;
	const struct value *wishes = value_get(owner_record(ledger, owner, resource, NULL), "wishes");
	int64_t sequence = ledger_run(ledger, owner);
	struct value *undo;

	/* What was there before the first change of a run is what leads back behind that run. */
	if (!last || value_get_integer(last, "sequence", 0) != sequence) {
		undo = undo_of(ledger, inverse, wish, body);
		value_set_integer(arena, undo, "sequence", sequence);
		value_set_string(arena, undo, "run", owner->run);
		value_set_integer(arena, undo, "order", next_order(ledger));
		if (wishes)
			value_set(arena, undo, "before", value_copy(arena, wishes));
		value_append(arena, undos, undo);
		value_remove(entry, "reason");
		trim_undos(undos);
	}
	value_remove(entry, "parent");
	if (parent)
		value_set_string(arena, entry, "parent", parent);
	set_owner(ledger, resource, owner, wish);
}

void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource)
{
	struct value *record = owner_record(ledger, owner, resource, NULL);

	if (!record || is_gone(record))
		return;
	value_set_integer(ledger->arena, record, "gone", ledger_run(ledger, owner) + 1);
	ledger->dirty = true;
}

void ledger_set_differs(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const char *differs)
{
	struct value *record = owner_record(ledger, owner, resource, NULL);

	if (!record || (!differs && !value_get_string(record, "differs")))
		return;
	value_remove(record, "differs");
	if (differs)
		value_set_string(ledger->arena, record, "differs", differs);
	ledger->dirty = true;
}

struct chosen {
	struct ledger_undo undo;
	int64_t order;             /* of the change that is undone */
};

static int by_time(const void *one, const void *other)
{
	const struct chosen *left = one, *right = other;

	return left->order > right->order ? -1 : left->order < right->order;
}

/* Whether the owner had it when the run with this number began. */
static bool was_owned(const struct value *record, int64_t run)
{
	int64_t gone = value_get_integer(record, "gone", INT64_MAX);

	return value_get_integer(record, "since", 0) < run
		&& (run < gone || run > value_get_integer(record, "regained", INT64_MAX));
}

bool ledger_changed_before(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, int64_t run)
{
	const struct value *record = ledger_owned(ledger, owner, resource, NULL);
	const struct value *undos = value_get(ledger_entry(ledger, resource), "undos");
	int64_t from = value_get_integer(record, "regained", 0);

	for (size_t i = 0; record && undos && i < undos->count; i++) {
		int64_t sequence = value_get_integer(undos->items[i], "sequence", 0);

		if (sequence >= from && sequence < run)
			return true;
	}
	return false;
}

/* What is chosen leads back to the time before the run since; 0: to before beoplay, or to before it
 * was taken up again after it had been undone. */
static bool choose(struct chosen *chosen, const char *resource, const struct value *entry,
	const struct value *record, int64_t since)
{
	const struct value *undos = value_get(entry, "undos");
	int64_t from = since > 0 ? since : value_get_integer(record, "regained", 0);

	chosen->undo.resource = resource;
	chosen->undo.owner = record;
	chosen->undo.reason = value_get_string(entry, "reason");
	chosen->undo.release = since == 0 || !was_owned(record, since);
	for (size_t i = 0; undos && i < undos->count && !chosen->undo.way; i++) {
		if (value_get_integer(undos->items[i], "sequence", 0) < from)
			continue;
		chosen->undo.way = undos->items[i];
		chosen->order = value_get_integer(undos->items[i], "order", 0);
	}
	if (chosen->undo.way && !value_get(chosen->undo.way, "params"))
		chosen->undo.reason = value_get_string(chosen->undo.way, "reason");
	/* What was undone and had been there comes back; what hadn't is as it was. */
	if (is_gone(record))
		return since > 0 && chosen->undo.way && was_owned(record, since);
	return chosen->undo.way || chosen->undo.release;
}

size_t ledger_undos(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since, struct ledger_undo **ret_undos)
{
	const struct value *all = resources(ledger);
	struct chosen *chosen = arena_array(arena, all->count + 1, sizeof(*chosen));
	size_t count = 0;

	/* Behind runs that have changed nothing here all is as it was, and stays its owner's. */
	for (size_t i = 0; since < INT64_MAX && i < all->count; i++) {
		struct chosen one = {0};
		const struct value *record = owner_record(ledger, owner, all->pairs[i].key,
			&one.undo.others);

		if (record && choose(&one, all->pairs[i].key, all->pairs[i].value, record, since))
			chosen[count++] = one;
	}
	qsort(chosen, count, sizeof(*chosen), by_time);
	*ret_undos = arena_array(arena, count + 1, sizeof(**ret_undos));
	for (size_t i = 0; i < count; i++)
		(*ret_undos)[i] = chosen[i].undo;
	return count;
}

static bool is_one_of(const struct value *runs, const char *run)
{
	for (size_t i = 0; run && runs && runs->kind == VALUE_LIST && i < runs->count; i++) {
		if (value_text(runs->items[i]) && strcmp(value_text(runs->items[i]), run) == 0)
			return true;
	}
	return false;
}

int64_t ledger_first_of(const struct ledger *ledger, const struct ledger_owner *owner,
	const struct value *runs)
{
	const struct value *known = value_get(ledger->root, "runs"), *all = resources(ledger);
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < known->count; i++) {
		int64_t sequence = value_get_integer(known->items[i], "sequence", 0);

		if (ledger_is_of(known->items[i], owner) && sequence < first
				&& is_one_of(runs, value_get_string(known->items[i], "run")))
			first = sequence;
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct value *undos = value_get(all->pairs[i].value, "undos");

		for (size_t k = 0; undos && k < undos->count; k++) {
			int64_t sequence = value_get_integer(undos->items[k], "sequence", 0);

			if (sequence < first && is_one_of(runs, value_get_string(undos->items[k], "run")))
				first = sequence;
		}
	}
	return first;
}

/* --- What nothing refers to any more */

static void keep_texts(struct ledger *ledger, struct value *kept, const struct value *wishes)
{
	for (size_t i = 0; wishes && i < wishes->count; i++) {
		const char *digest = value_text(wishes->pairs[i].value);
		const char *params = ledger_params(ledger, digest);

		if (params && !value_get(kept, digest))
			value_set_string(ledger->arena, kept, digest, params);
	}
}

/* The oldest of an owner's runs that are kept; 0: there are none. */
static int64_t oldest_run(const struct ledger *ledger, const struct value *record)
{
	const struct value *runs = value_get(ledger->root, "runs");
	const struct ledger_owner owner = { .project = value_get_string(record, "project"),
		.playbook = value_get_string(record, "playbook") };

	for (size_t i = 0; i < runs->count; i++) {
		if (ledger_is_of(runs->items[i], &owner))
			return value_get_integer(runs->items[i], "sequence", 0);
	}
	return 0;
}

/* Entries that nobody has any more go, once no run is kept that could be gone back to. */
static void drop_gone(struct ledger *ledger)
{
	const struct value *all = resources(ledger);
	struct value *kept = value_map(ledger->arena);

	for (size_t i = 0; i < all->count; i++) {
		const struct value *owners = value_get(all->pairs[i].value, "owners");
		bool stays = false;

		for (size_t k = 0; owners && k < owners->count; k++) {
			const struct value *record = owners->items[k];

			stays = stays || !is_gone(record) || value_get_integer(record, "gone", 0)
				> oldest_run(ledger, record);
		}
		if (stays)
			value_set(ledger->arena, kept, all->pairs[i].key, all->pairs[i].value);
	}
	if (kept->count < all->count)
		value_set(ledger->arena, ledger->root, "resources", kept);
}

void ledger_sweep(struct ledger *ledger)
{
	const struct value *all, *runs = value_get(ledger->root, "runs");
	struct value *texts = value_map(ledger->arena), *bodies = value_map(ledger->arena);

	drop_gone(ledger);
	all = resources(ledger);
	for (size_t i = 0; i < all->count; i++) {
		const struct value *owners = value_get(all->pairs[i].value, "owners");
		const struct value *undos = value_get(all->pairs[i].value, "undos");

		for (size_t k = 0; owners && k < owners->count; k++)
			keep_texts(ledger, texts, value_get(owners->items[k], "wishes"));
		for (size_t k = 0; undos && k < undos->count; k++) {
			if (value_get_string(undos->items[k], "body"))
				value_set_bool(ledger->arena, bodies, value_get_string(undos->items[k], "body"),
					true);
		}
	}
	for (size_t i = 0; i < runs->count; i++) {
		if (value_get_string(runs->items[i], "text"))
			value_set_bool(ledger->arena, bodies, value_get_string(runs->items[i], "text"), true);
	}
	value_set(ledger->arena, ledger->root, "texts", texts);
	ledger_sweep_files(ledger, bodies);
	ledger->bodies = bodies;
}
