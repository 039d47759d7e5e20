/* fill: a unit's values filled in for one host, as far as they are known. */
#include "plan/filling.h"
#include "plan/order.h"

#include "expression/expression.h"
#include "playbook/task_params.h"

#include <string.h>

/* until: as Ansible has them where nothing is said, and what is more than anybody means. */
enum { RETRIES = 3, RETRY_DELAY = 5, RETRIES_MOST = 1000000, RETRY_DELAY_MOST = 86400,
	LIMIT_MOST = 10000000 };

/* Whether items are done at different places. */
static bool is_apart(const struct filled *filled)
{
	const struct filled_item *first = NULL;

	for (size_t i = 0; i < filled->count; i++) {
		const struct filled_item *item = &filled->items[i];

		if (item->kind != FILLED_RUN)
			continue;
		if (first && (!item->delegate != !first->delegate || (item->delegate
				&& strcmp(item->delegate, first->delegate) != 0)))
			return true;
		first = item;
	}
	return false;
}

static int fill_items(struct filling *filling, struct filled *filled, struct error *err)
{
	struct value *items;

	filled->count = 1;
	filled->items = arena_array(filling->arena, 1, sizeof(*filled->items));
	if (!filling->cause)
		passed_include(filling->scope, filling->arena, filling->task, &filling->cause);
	if (filling->cause)
		return filling_unknown(filling, &filled->items[0], filling->cause, err);
	if (!filling->task->loop)
		return filling_item(filling, filled, &filled->items[0], err);
	if (filling_loop(filling, filled, &items, err) < 0)
		return -1;
	if (!items)
		return 0;
	filled->loop = true;
	filled->count = items->count;
	filled->items = arena_array(filling->arena, items->count, sizeof(*filled->items));
	for (size_t i = 0; i < items->count; i++) {
		if (run_interrupted(filling->run))
			return error_set(err, RUN_INTERRUPTED, "interrupted");
		filled->items[i].item = items->items[i];
		filling_loop_names(filling->scope, filling->arena, filling->task, items, i);
		if (filling_item(filling, filled, &filled->items[i], err) < 0)
			return -1;
		/* The next item sees what this one sets. */
		for (size_t k = 0; k < value_pair_count(filled->items[i].facts); k++)
			scope_expect(filling->scope, filled->items[i].facts->pairs[k].key,
				value_at(filled->items[i].facts, k));
	}
	filled->apart = is_apart(filled);
	return 0;
}

/* A number that a task says; one that can't be known yet leaves its cause. */
static int fill_number(struct filling *filling, const struct value *raw, int64_t otherwise,
	int64_t *ret_number, struct error *err)
{
	struct value *filled;

	*ret_number = otherwise;
	if (!raw)
		return 0;
	if (expression_fill(filling->arena, filling->scope, raw, &filled, err) < 0)
		return -1;
	if (filled->kind == VALUE_UNKNOWN) {
		filling->cause = value_unknown_cause(filled);
		return 0;
	}
	return param_integer(filled, ret_number, err) < 0 ? error_place(err, raw->place) : 0;
}

/* As with Ansible: retries say how often more; none at all, or fewer, that it isn't looked at. */
static int fill_retry(struct filling *filling, struct filled *filled, struct error *err)
{
	const struct retry *retry = filling->task->retry;
	int64_t retries, delay;

	filled->tries = 1;
	if (!retry || !retry->asked)
		return 0;
	if (fill_number(filling, retry->retries, RETRIES, &retries, err) < 0
			|| fill_number(filling, retry->delay, RETRY_DELAY, &delay, err) < 0)
		return -1;
	if (retries > RETRIES_MOST || delay > RETRY_DELAY_MOST)
		return error_at(err, PLAYBOOK_INVALID_VALUE, filling->task->place,
			"'retries' is at most %d, 'delay' at most %d seconds", (int)RETRIES_MOST,
			(int)RETRY_DELAY_MOST);
	filled->delay = (delay < 0 ? 1 : delay) * 1000;
	filled->tries = retries > 0 ? (unsigned)retries + 1 : 1;
	return 0;
}

/* A task's own word, else the play's: not below 0. */
static int fill_limit(struct filling *filling, const struct value *own, const struct value *general,
	const char *what, int64_t *ret_number, struct error *err)
{
	const struct value *raw = own ? own : general;

	if (fill_number(filling, raw, 0, ret_number, err) < 0)
		return -1;
	if (*ret_number >= 0 && *ret_number <= LIMIT_MOST)
		return 0;
	error_at(err, PLAYBOOK_INVALID_VALUE, raw->place.line ? raw->place : filling->task->place,
		"'%s' is a number from 0 to %d", what, (int)LIMIT_MOST);
	return error_remedy(err, "leave it out for no limit");
}

/* In a dry run nothing is paused for. */
static int fill_pause(struct filling *filling, struct filled *filled, struct error *err)
{
	const struct value *raw = filling->task->loop_pause;
	struct value *value;
	double seconds = 0;

	if (!raw || filled->check)
		return 0;
	if (expression_fill(filling->arena, filling->scope, raw, &value, err) < 0)
		return -1;
	if (value->kind == VALUE_UNKNOWN)
		filling->cause = value_unknown_cause(value);
	else if (value->kind == VALUE_FLOAT)
		seconds = value->number;
	else if (fill_limit(filling, value, NULL, "pause", &filled->pause, err) < 0)
		return -1;
	filled->pause = filled->pause * 1000 + (int64_t)(seconds > 0 && seconds < LIMIT_MOST ? seconds * 1000 : 0);
	return 0;
}

/* As with Ansible, 'async' with somebody who waits is a time limit. */
static int fill_limits(struct filling *filling, struct filled *filled, struct error *err)
{
	const struct task *task = filling->task;
	const struct play *play = filling->unit->play;
	int64_t async;

	if (fill_limit(filling, task->throttle, play->throttle, "throttle", &filled->throttle, err) < 0
			|| fill_limit(filling, task->timeout, play->timeout, "timeout", &filled->timeout, err) < 0
			|| fill_limit(filling, task->async, NULL, "async", &async, err) < 0)
		return -1;
	if (filled->timeout == 0)
		filled->timeout = filling->run->options.task_timeout;
	if (async > 0 && (filled->timeout == 0 || async < filled->timeout))
		filled->timeout = async;
	return fill_pause(filling, filled, err);
}

static int fill_flags(struct filling *filling, struct filled *filled, struct error *err)
{
	const struct task *task = filling->task;
	const struct play *play = filling->unit->play;
	const struct value *ignore = task->ignore_errors ? task->ignore_errors : play->ignore_errors;
	const struct value *quiet = task->no_log ? task->no_log : play->no_log;
	const struct value *check = task->check_mode ? task->check_mode : play->check_mode;
	const struct value *diff = task->diff ? task->diff : play->diff;
	struct error ignored = {0};
	struct value *name;

	filled->name = task_title(task);
	if (task->name_value && expression_fill(filling->arena, filling->scope, task->name_value, &name,
			&ignored) == 0 && value_text(name)) {
		if (fill_name_allowed(name, task->name_value, "a task's name", err) < 0)
			return -1;
		if (value_level(name) == LEVEL_OPEN)
			filled->name = task->role ? arena_printf(filling->arena, "%s : %s", task->role->name,
				value_text(name)) : value_text(name);
	}
	if (filling_truth(filling, ignore, false, &filled->ignore_errors, err) < 0)
		return -1;
	/* What an earlier run left due stays so if it fails: tasks may have to come before. What all is
	 * undone of may not be there any more. */
	filled->ignore_errors = filled->ignore_errors || filling->unit->aside;
	if (filling_truth(filling, quiet, false, &filled->no_log, err) < 0
			|| filling_truth(filling, check, filling->run->options.check, &filled->check, err) < 0
			|| filling_truth(filling, diff, host_shows_diff(filling->host), &filled->diff, err) < 0)
		return -1;
	filled->no_diff = diff && !filled->diff;
	/* Whatever a text says, a host that is only looked at isn't changed. */
	filled->check = filled->check || filling->host->bystander;
	if (fill_limits(filling, filled, err) < 0)
		return -1;
	return fill_retry(filling, filled, err);
}

const struct inventory_host *fill_missing_facts(const struct run *run, const struct cause *cause)
{
	return cause && cause->kind == CAUSE_FACTS ? inventory_find(run->options.inventory, cause->host)
		: NULL;
}

/* The last known facts of a host that isn't going to tell them; false: there are none, or it is. */
static bool use_last_facts(struct run *run, const struct inventory_host *of)
{
	const struct run_host *other = run->by_inventory[of->index];
	const struct value *facts;

	if (!run->begun || variables_has_facts(run->options.variables, of))
		return false;
	facts = known_of(run, of->name, "facts");
	if (!facts || (other && order_tells(run, other, UNIT_NEVER)))
		return false;
	variables_set_facts(run->options.variables, of, facts);
	known_note(run, of->name);
	return true;
}

static void want_facts_of(struct run_host *host)
{
	host->facts_wanted = true;
	order_expect_facts(host);
}

/* Facts that aren't there yet are asked for: those of this host, or of another one. Whether they
 * are there now. */
static bool want_facts(struct filling *filling, const struct cause *cause)
{
	const struct inventory_host *found = fill_missing_facts(filling->run, cause);

	if (found && found != filling->host->inventory && use_last_facts(filling->run, found))
		return true;
	if (found == filling->host->inventory)
		want_facts_of(filling->host);
	if (!found || found == filling->host->inventory || filling->run->facts_wanted)
		return false;
	/* One that reads the facts of another is going to read those of more. */
	filling->run->facts_wanted = true;
	for (size_t i = 0; i < filling->run->host_count; i++)
		want_facts_of(&filling->run->hosts[i]);
	return false;
}

static struct wire_task *keep_task(struct arena *arena, const struct filled_item *item)
{
	struct wire_task bare = *item->task, *kept;

	if (item->kept)
		bare.params = "";
	kept = message_copy(arena, &message_wire_task, &bare);
	if (item->kept)
		kept->params = item->task->params;
	return kept;
}

static struct keep *keep_output(struct arena *arena, const struct keep *output)
{
	struct keep *kept = output ? arena_alloc(arena, sizeof(*kept)) : NULL;

	if (!kept)
		return NULL;
	*kept = *output;
	kept->path = arena_string(arena, output->path);
	return kept;
}

/* Into the arena of the host or of the run, where it stays. */
static struct filled *keep(struct arena *arena, const struct filled *filled)
{
	struct filled *kept = arena_alloc(arena, sizeof(*kept));

	*kept = *filled;
	kept->asked.missing = NULL;
	kept->asked.old = filled->asked.old ? value_copy(arena, filled->asked.old) : NULL;
	kept->name = arena_string(arena, filled->name);
	kept->items = arena_array(arena, filled->count, sizeof(*kept->items));
	for (size_t i = 0; i < filled->count; i++) {
		const struct filled_item *from = &filled->items[i];
		struct filled_item *to = &kept->items[i];

		*to = *from;
		to->cause = cause_copy(arena, from->cause);
		to->label = arena_string(arena, from->label);
		to->delegate = arena_string(arena, from->delegate);
		to->item = from->item ? value_copy(arena, from->item) : NULL;
		to->task = from->task ? keep_task(arena, from) : NULL;
		to->result = from->result ? message_copy(arena, &message_result, from->result) : NULL;
		to->facts = from->facts ? value_copy(arena, from->facts) : NULL;
		to->keep = keep_output(arena, from->keep);
		to->opens = from->opens ? value_copy(arena, from->opens) : NULL;
		to->named.bodies = arena_array(arena, from->named.count, sizeof(struct body *));
		if (from->named.count > 0)
			memcpy(to->named.bodies, from->named.bodies,
				from->named.count * sizeof(struct body *));
	}
	return kept;
}

/* Where only errors count, what walks over the hosts has found all of them after two: a host may leave
 * itself out. */
static bool has_all_errors(const struct filling *filling)
{
	const struct unit *unit = filling->unit;

	return filling->run->options.only_checks && !unit->reads_own && unit->filled_for > 0;
}

/* Whether it stays as it is to the end. */
static bool stays(const struct unit *unit, const struct filled *filled)
{
	return filled->known && !filled->asked.others && !unit->barrier;
}

/* Whether anything later sees what came of it, where only errors count. */
static bool has_traces(const struct filling *filling, const struct filled *filled)
{
	bool traces = filling->task->registers != NULL;

	for (size_t i = 0; i < filled->count; i++) {
		const struct filled_item *item = &filled->items[i];

		traces = traces || item->kind == FILLED_UNKNOWN || item->facts || item->opens;
	}
	return traces;
}

/* For all hosts if it was made of nothing of this one. Facts that are missing are asked for by each
 * host itself. NULL: nobody is going to look at it. */
static const struct filled *keep_filled(struct filling *filling, const struct filled *filled)
{
	struct run_host *host = filling->host;
	struct unit *unit = filling->unit;
	bool shared = !filling->differs && (has_all_errors(filling) || (!unit->differs
		&& (filled->known || !filled->asked.facts)));
	struct filled *kept;

	unit->filled_for++;
	if (!shared && filling->run->options.only_checks && !has_traces(filling, filled))
		return NULL;
	kept = keep(shared ? filling->run->arena : host->arena, filled);
	if (stays(unit, kept))
		host->filled[unit->index] = kept;
	return shared ? filled_share(host, unit, kept) : kept;
}

static int fill_once(struct run *run, struct run_host *host, struct unit *unit,
	const struct filled **ret_filled, bool *ret_again, struct error *err)
{
	struct filling filling = { .run = run, .host = host, .unit = unit,
		.task = unit->task->task };
	struct filled filled = { .known = true };
	struct filled *ready = host->filled[unit->index];
	bool again = false;
	int result;

	*ret_again = false;
	if (host->doubt && host->doubt_play == unit->play) {
		filling.cause = host->doubt;
		filling.differs = true;
		ready = host->filled[unit->index] = NULL;
	} else if (!ready && (ready = filled_shared(host, unit)) && stays(unit, ready)) {
		host->filled[unit->index] = ready;
	}
	if (ready) {
		*ret_filled = ready;
		return 0;
	}
	filling.arena = arena_new();
	fill_play_hosts(run, host, unit->play);
	filling.scope = scope_new(filling.arena, run->options.variables, host->inventory, unit->play,
		filling.task);
	result = fill_flags(&filling, &filled, err);
	if (result == 0)
		result = fill_items(&filling, &filled, err);
	if (result == 0) {
		for (size_t i = 0; i < filled.count; i++) {
			if (filled.items[i].kind != FILLED_UNKNOWN)
				continue;
			filled.known = false;
			again = again || want_facts(&filling, filled.items[i].cause);
		}
		filling_take_notes(&filling);
		filled.asked = filling.asked;
		filled.asked.facts = filled.asked.facts || filling.hears;
		filled.asked.course = filled.asked.course || filling.course;
		*ret_filled = keep_filled(&filling, &filled);
	} else {
		error_place(err, filling.task->place);
		/* A template's name is of what is given back. */
		if (err)
			err->place.file = arena_string(run->arena, err->place.file);
	}
	arena_free(filling.arena);
	*ret_again = again;
	return result;
}

/* Once more with each host whose last known facts turned out to do. */
int fill_unit(struct run *run, struct run_host *host, struct unit *unit,
	const struct filled **ret_filled, struct error *err)
{
	bool again = false;
	int result;

	do
		result = fill_once(run, host, unit, ret_filled, &again, err);
	while (result == 0 && again);
	return result;
}
