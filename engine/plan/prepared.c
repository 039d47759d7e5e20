/* prepared: what is prepared and written once for all hosts for which it comes out the same. */
#include "plan/state.h"

#include "base/digest.h"
#include "expression/expression.h"
#include "module/params.h"

#include <string.h>

/* --- How long something filled in or prepared holds --- */

static struct made made_now(struct run *run, struct run_host *host, const struct unit *unit,
	const struct asked *asked)
{
	return (struct made){
		.user = unit->by_user ? target_user(host, unit) : NULL,
		.heard = asked->facts || asked->others ? run->facts_heard : 0,
		.told = asked->others ? run->told : 0,
		.moved = asked->course ? run->moved : 0,
	};
}

/* Of other hosts the same would be heard, and the same user logs in where that counts. */
static bool holds(const struct made *made, struct run *run, struct run_host *host,
	const struct unit *unit, const struct asked *asked)
{
	const struct made now = made_now(run, host, unit, asked);
	bool same_user = !made->user || !now.user ? made->user == now.user
		: strcmp(made->user, now.user) == 0;

	return same_user && made->heard == now.heard && made->told == now.told
		&& made->moved == now.moved;
}

/* --- Filled in --- */

/* Where it isn't known, whoever takes it decides what it is instead. */
static struct filled *own_copy(struct run_host *host, const struct filled *filled)
{
	struct filled *own = arena_alloc(host->arena, sizeof(*own));

	*own = *filled;
	own->items = arena_array(host->arena, filled->count, sizeof(*own->items));
	memcpy(own->items, filled->items, filled->count * sizeof(*own->items));
	return own;
}

struct filled *filled_share(struct run_host *host, struct unit *unit, struct filled *filled)
{
	struct shared *shared = &unit->shared[host->bystander];

	shared->filled = filled;
	shared->made = made_now(host->run, host, unit, &filled->asked);
	return filled->known ? filled : own_copy(host, filled);
}

struct filled *filled_shared(struct run_host *host, struct unit *unit)
{
	const struct shared *shared = &unit->shared[host->bystander];

	if (!shared->filled
			|| !holds(&shared->made, host->run, host, unit, &shared->filled->asked))
		return NULL;
	return shared->filled->known ? shared->filled : own_copy(host, shared->filled);
}

/* --- Prepared --- */

enum {
	SHARED_LEAST = 512,        /* bytes of a text that is worth its digest */
	KEPT_UNUSED = 64,          /* after so many of which none held again, each host has its own values */
};

struct kept {
	struct prepared prepared;
	struct made made;
};

/* What it is made of beside what it asks for; NULL: it isn't for all eyes. */
static const char *key_of(struct arena *arena, const struct value *params, enum level level)
{
	char *key = arena_alloc(arena, DIGEST_HEX_SIZE + 2);
	struct buffer made = {0};

	if (value_level(params) > LEVEL_OPEN)
		return NULL;
	wire_encode(&made, params);
	digest_bytes(made.data, made.size, key);
	key[DIGEST_HEX_SIZE - 1] = (char)('0' + level);
	buffer_free(&made);
	return key;
}

static int write_params(struct unit *unit, struct arena *arena, const struct value *params,
	struct prepared *prepared, struct error *err)
{
	struct buffer yaml = {0};
	int result = params_write(&yaml, unit->module, params, err);

	if (result == 0)
		result = fill_names_allowed(arena, unit->module, params, err);
	if (result == 0)
		prepared->text = arena_bytes(arena, yaml.data ? yaml.data : "", yaml.size);
	prepared->size = yaml.size;
	buffer_free(&yaml);
	return result;
}

static void add_asked(struct asked *to, const struct asked *asked, struct arena *arena)
{
	to->others = to->others || asked->others;
	to->course = to->course || asked->course;
	to->facts = to->facts || asked->facts;
	to->awaits = asked->awaits ? asked->awaits : to->awaits;
	to->instead = asked->awaits ? asked->instead : to->instead;
	to->missing = asked->missing ? asked->missing : to->missing;
	for (size_t i = 0; asked->old && i < asked->old->count; i++) {
		if (!to->old)
			to->old = value_list(arena);
		value_append(arena, to->old, asked->old->items[i]);
	}
}

static void copy_named(struct arena *arena, struct named *named)
{
	struct body **bodies = arena_array(arena, named->count, sizeof(*bodies));

	if (named->count > 0)
		memcpy(bodies, named->bodies, named->count * sizeof(*bodies));
	named->bodies = bodies;
}

/* Into the arena of the run; prepared is what is kept from then on. */
static void keep(struct run_host *host, struct unit *unit, const char *key, struct kept *kept,
	struct prepared *prepared)
{
	struct arena *arena = host->run->arena;

	if (!kept) {
		kept = arena_alloc(arena, sizeof(*kept));
		lookup_put(arena, &unit->prepared, arena_string(arena, key), kept);
	}
	kept->made = made_now(host->run, host, unit, &prepared->asked);
	kept->prepared = *prepared;
	kept->prepared.kept = true;
	kept->prepared.text = arena_string(arena, prepared->text);
	kept->prepared.cause = cause_copy(arena, prepared->cause);
	kept->prepared.asked.missing = cause_copy(arena, prepared->asked.missing);
	if (prepared->asked.old)
		kept->prepared.asked.old = value_copy(arena, prepared->asked.old);
	copy_named(arena, &kept->prepared.named);
	kept->prepared.keep.path = arena_string(arena, prepared->keep.path);
	*prepared = kept->prepared;
}

/* What was made of each host may still come out the same for many. */
static void share_text(struct run *run, struct unit *unit, struct prepared *prepared)
{
	char key[DIGEST_HEX_SIZE];

	if (!prepared->text || prepared->size < SHARED_LEAST || prepared->level > LEVEL_OPEN)
		return;
	digest_bytes(prepared->text, prepared->size, key);
	if (!lookup_get(&unit->texts, key))
		lookup_put(run->arena, &unit->texts, arena_string(run->arena, key),
			arena_bytes(run->arena, prepared->text, prepared->size));
	prepared->text = lookup_get(&unit->texts, key);
	prepared->kept = true;
}

static int prepare_anew(struct run_host *host, struct unit *unit, struct scope *scope,
	struct arena *arena, struct value *params, enum level level, struct prepared *prepared,
	struct error *err)
{
	if (unit->module->prepare && prepare_task(host->run, host, unit, scope, arena, params,
			&prepared->asked, &prepared->named, &prepared->keep, level, err) < 0)
		return -1;
	prepared->level = value_level(params);
	if (value_unknown_inside(params))
		prepared->cause = value_unknown_cause(params);
	else
		prepared->cause = prepared->asked.missing;
	return prepared->cause ? 0 : write_params(unit, arena, params, prepared, err);
}

static bool is_worth_keeping(const struct unit *unit)
{
	return unit->module->prepare && !unit->differs
		&& (unit->prepared_again > 0 || unit->prepared.count < KEPT_UNUSED);
}

int prepared_get(struct run_host *host, struct unit *unit, struct scope *scope, struct arena *arena,
	struct value *params, enum level level, struct asked *asked, struct prepared *ret_prepared,
	struct error *err)
{
	const char *key = is_worth_keeping(unit) ? key_of(arena, params, level) : NULL;
	struct kept *kept = key ? lookup_get(&unit->prepared, key) : NULL;
	unsigned notes;

	*ret_prepared = (struct prepared){0};
	if (kept && holds(&kept->made, host->run, host, unit, &kept->prepared.asked)) {
		unit->prepared_again++;
		*ret_prepared = kept->prepared;
		add_asked(asked, &kept->prepared.asked, arena);
		return 0;
	}
	scope_notes(scope);
	if (prepare_anew(host, unit, scope, arena, params, level, ret_prepared, err) < 0)
		return -1;
	notes = scope_notes(scope);
	ret_prepared->asked.facts = notes & SCOPE_HEARS;
	ret_prepared->asked.course = ret_prepared->asked.course || (notes & SCOPE_COURSE);
	unit->differs = unit->differs || (notes & SCOPE_DIFFERS);
	add_asked(asked, &ret_prepared->asked, arena);
	if (key && !unit->differs && !(notes & SCOPE_SET) && ret_prepared->level == LEVEL_OPEN)
		keep(host, unit, key, kept, ret_prepared);
	else
		share_text(host->run, unit, ret_prepared);
	return 0;
}
