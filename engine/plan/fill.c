/* fill: a unit's values filled in for one host, as far as they are known. */
#include "plan/state.h"

#include "base/disclose.h"
#include "expression/expression.h"
#include "playbook/task_params.h"

#include <string.h>

/* until: as Ansible has them where nothing is said, and what is more than anybody means. */
enum { RETRIES = 3, RETRY_DELAY = 5, RETRIES_MOST = 1000000, RETRY_DELAY_MOST = 86400 };

struct filling {
	struct run *run;
	struct run_host *host;
	struct unit *unit;
	const struct task *task;
	struct arena *arena;       /* given back when the unit is filled in */
	struct scope *scope;
	struct asked asked;
	bool differs;              /* between hosts, apart from what its module's preparation asks for */
	bool hears, course;        /* see struct asked */
	const char *cause;         /* why a keyword isn't known yet; NULL: all are */
};

const char *fill_handler_key(struct arena *arena, const struct task *handler)
{
	const char *title = task_title(handler);

	return arena_bytes(arena, title, strnlen(title, HANDLER_KEY_SIZE - 1));
}

static void append_name(struct run *run, struct value *names, const struct run_host *host)
{
	value_append(run->arena, names, value_string(run->arena, host->name));
}

void fill_play_hosts(struct run *run, const struct run_host *of, const struct play *play)
{
	const struct batch *batch = play->serial ? units_batch(run, of, play) : NULL;
	struct value *live, *all, *together;
	size_t play_index = 0;

	if ((run->scope_play == play && run->scope_batch == batch) || !play->hosts)
		return;
	while (run->options.playbook->plays[play_index] != play)
		play_index++;
	live = value_list(run->arena);
	all = value_list(run->arena);
	together = batch ? value_list(run->arena) : NULL;
	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];

		if (!host_set_has(&run->play_sets[play_index], i) || host->bystander)
			continue;
		append_name(run, all, host);
		if (host->phase != HOST_OUT)
			append_name(run, live, host);
		if (batch && host->phase != HOST_OUT && host_set_has(&batch->hosts, i))
			append_name(run, together, host);
	}
	variables_set_play_hosts(run->options.variables, live, all, together);
	run->scope_play = play;
	run->scope_batch = batch;
}

/* A setting that inventory variables, the task, the play and the command line may make, in this
 * order of strength, as with Ansible. */
static int setting(struct filling *filling, const char *variable, const struct value *of_task,
	const struct value *of_play, const struct value **ret_value, struct error *err)
{
	struct value *set;

	if (scope_get(filling->arena, filling->scope, variable, &set, err) < 0)
		return -1;
	*ret_value = set ? set : of_task ? of_task : of_play;
	return 0;
}

/* A keyword that is true or false. One that can't be known yet leaves its cause. */
static int truth_of(struct filling *filling, const struct value *raw, bool otherwise,
	bool *ret_truth, struct error *err)
{
	struct value *filled = NULL;

	*ret_truth = otherwise;
	if (raw && expression_fill(filling->arena, filling->scope, raw, &filled, err) < 0)
		return -1;
	if (filled && filled->kind == VALUE_UNKNOWN) {
		filling->cause = value_unknown_cause(filled);
		return 0;
	}
	return expression_truth(filling->arena, filling->scope, raw, otherwise, ret_truth, err);
}

/* As whom the task works; NULL: as the agent does. */
static int fill_user(struct filling *filling, const char **ret_user, struct error *err)
{
	const struct run_options *options = &filling->run->options;
	const struct value *raw;
	struct value *name;
	bool become;

	*ret_user = NULL;
	if (setting(filling, "ansible_become", filling->task->become, filling->unit->play->become, &raw,
			err) < 0 || truth_of(filling, raw, options->become, &become, err) < 0)
		return -1;
	if (!become) {
		*ret_user = "";
		return 0;
	}
	if (setting(filling, "ansible_become_user", filling->task->become_user,
			filling->unit->play->become_user, &raw, err) < 0)
		return -1;
	if (!raw) {
		*ret_user = options->become_user ? options->become_user : "root";
		return 0;
	}
	if (expression_fill(filling->arena, filling->scope, raw, &name, err) < 0)
		return -1;
	if (name->kind == VALUE_UNKNOWN) {
		filling->cause = value_unknown_cause(name);
		return 0;
	}
	if (!value_text(name) || !name->size)
		return error_at(err, PLAYBOOK_INVALID_VALUE, raw->place, "'become_user' must be a user's "
			"name");
	*ret_user = value_text(name);
	return 0;
}

static int fill_notify(struct filling *filling, struct wire_task *task, struct error *err)
{
	struct value *names, *keys = value_list(filling->arena);

	if (!filling->task->notify)
		return 0;
	if (expression_fill(filling->arena, filling->scope, filling->task->notify, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = value_text(names->items[i]);
		struct task **handlers = NULL;
		size_t count = 0;

		if (name)
			handlers = play_notified(filling->arena, filling->unit->play, name, &count);
		if (count == 0)
			return error_at(err, PLAYBOOK_UNKNOWN_HANDLER, filling->task->notify->place,
				"there is no handler '%s'", name ? name : "");
		for (size_t k = 0; k < count; k++)
			value_append(filling->arena, keys, value_string(filling->arena,
				fill_handler_key(filling->arena, handlers[k])));
	}
	task->notify = keys;
	return 0;
}

/* changed_when and failed_when, as far as they don't depend on the result. */
static int fill_conditions(struct filling *filling, struct wire_task *task, struct filled *filled,
	struct error *err)
{
	const struct task *text = filling->task;
	struct value *truth;

	if (text->registers)
		scope_set(filling->scope, text->registers, value_unknown(filling->arena, "its result"));
	if (text->changed_when) {
		if (expression_condition(filling->arena, filling->scope, text->changed_when, &truth,
				err) < 0)
			return -1;
		if (truth->kind == VALUE_BOOL)
			task->changed = choice_of(truth->truth);
		else
			filled->judge = true;
	}
	if (text->failed_when) {
		if (expression_condition(filling->arena, filling->scope, text->failed_when, &truth,
				err) < 0)
			return -1;
		task->ignore_errors = true;
		if (truth->kind != VALUE_BOOL || truth->truth)
			filled->judge = true;
	}
	return 0;
}

static int unknown(struct filled_item *item, const char *cause)
{
	item->kind = FILLED_UNKNOWN;
	item->cause = cause;
	return 0;
}

static int fill_task(struct filling *filling, struct filled *filled, struct prepared *prepared,
	struct filled_item *item, struct error *err)
{
	struct arena *arena = filling->arena;
	struct wire_task *task = arena_alloc(arena, sizeof(*task));

	*task = (struct wire_task){
		.module = filling->unit->module->name,
		.params = prepared->text,
		.name = filled->name,
		.handler = filling->unit->task->handler ? fill_handler_key(arena, filling->task) : NULL,
		.ignore_errors = filled->ignore_errors,
		.no_log = filled->no_log,
		.check = filled->check != host_checks(filling->host) ? choice_of(filled->check) : CHOICE_NONE,
		.diff = filled->diff != host_shows_diff(filling->host) ? choice_of(filled->diff)
			: CHOICE_NONE,
		.level = item->level,
		.results = unit_is_rescued(filling->unit) || filling->task->registers
			|| filling->task->changed_when
			|| filling->task->failed_when || filling->task->retry || filling->run->options.results,
	};
	item->bytes = prepared->size + 128;
	item->kept = prepared->kept;
	if (fill_user(filling, &task->user, err) < 0)
		return -1;
	if (filling->cause)
		return unknown(item, filling->cause);
	if (fill_conditions(filling, task, filled, err) < 0)
		return -1;
	if (fill_notify(filling, task, err) < 0)
		return -1;
	/* Only the last try counts. */
	if (result_retries(filled)) {
		filled->judge = true;
		task->ignore_errors = true;
	}
	if (filled->judge && (filling->task->changed_when || result_retries(filled)))
		task->notify = NULL;
	item->kind = FILLED_RUN;
	item->task = task;
	return 0;
}

/* omit leaves an option out. */
static struct value *without_omitted(struct arena *arena, const struct value *params)
{
	struct value *kept = value_map(arena);

	kept->place = params->place;
	for (size_t i = 0; i < params->count; i++) {
		if (value_is_omit(params->pairs[i].value))
			continue;
		value_set_at(arena, kept, params->pairs[i].key, params->pairs[i].place,
			params->pairs[i].value);
	}
	return kept;
}

/* Which handlers are due the node knows, also of those that need no node. */
static void ask_whether_due(struct filling *filling, const struct filled *filled,
	struct filled_item *item)
{
	item->kind = FILLED_RUN;
	item->task = arena_alloc(filling->arena, sizeof(*item->task));
	*item->task = (struct wire_task){ .name = filled->name, .controller = true,
		.handler = fill_handler_key(filling->arena, filling->task) };
}

static void skip(struct filling *filling, struct filled_item *item, const char *message)
{
	item->skipped = true;
	item->kind = FILLED_RESULT;
	item->result = arena_alloc(filling->arena, sizeof(*item->result));
	*item->result = (struct result){ .status = STATUS_SKIPPED, .message = message };
}

/* A text of the past lacks what wasn't for everybody: the undo before has brought back what can
 * be. */
static int left_as_it_is(struct filling *filling, struct filled_item *item)
{
	const char *message = arena_printf(filling->arena, "left as it is: what '%s' makes of it was secret or "
		"private, and so is not kept with %s", task_title(filling->task),
		filling->run->options.revision);

	filling->differs = true;
	skip(filling, item, message);
	run_warn(filling->run, filling->host->name, message);
	return 0;
}

static int keeps_back(struct filling *filling, struct filled_item *item, const struct error *problem,
	struct error *err)
{
	if (problem->kind == ERROR_KEPT_BACK)
		return left_as_it_is(filling, item);
	if (err)
		*err = *problem;
	return -1;
}

/* Conditions stay as they are: the module asks for their values. */
static int fill_options(struct filling *filling, struct value **ret_params, struct error *err)
{
	const struct value *raw = filling->task->params;
	struct value *open = value_map(filling->arena), *kept = value_map(filling->arena);

	open->place = raw->place;
	for (size_t i = 0; i < raw->count; i++) {
		const struct param *param = param_find(filling->unit->module->params, raw->pairs[i].key);

		value_set_at(filling->arena, param && param->kind == PARAM_CONDITION ? kept : open,
			raw->pairs[i].key, raw->pairs[i].place, raw->pairs[i].value);
	}
	if (kept->count == 0)
		return expression_fill(filling->arena, filling->scope, raw, ret_params, err);
	if (expression_fill(filling->arena, filling->scope, open, ret_params, err) < 0)
		return -1;
	for (size_t i = 0; i < kept->count; i++)
		value_set_at(filling->arena, *ret_params, kept->pairs[i].key, kept->pairs[i].place,
			kept->pairs[i].value);
	return 0;
}

/* What isn't known of a task: what it sets isn't either. */
static int unknown_task(struct filling *filling, struct filled_item *item, const char *cause,
	struct error *err)
{
	struct value *facts;

	if (facts_unknown(filling->task, filling->scope, filling->arena, cause, &facts, err) < 0)
		return -1;
	item->facts = facts;
	return unknown(item, cause);
}

static int fill_decision(struct filling *filling, struct filled *filled, struct filled_item *item,
	const struct value *params, struct error *err)
{
	static const enum status statuses[] = { [DECISION_OK] = STATUS_OK,
		[DECISION_FAILED] = STATUS_FAILED, [DECISION_SKIPPED] = STATUS_SKIPPED };
	struct arena *arena = filling->arena;
	struct error problem = {0};
	struct decision decision;

	if (prepare_decision(filling->run, filling->host, filling->unit, filling->scope, arena, params,
			&filling->asked, &decision, &problem) < 0)
		return keeps_back(filling, item, &problem, err);
	if (decision.facts) {
		if (facts_take(filling->scope, arena, decision.facts, filled->no_log, &item->facts,
				err) < 0)
			return -1;
		value_set(arena, decision.results, "ansible_facts", item->facts);
	}
	if (decision.results && value_unknown_inside(decision.results))
		return unknown(item, value_unknown_cause(decision.results));
	item->level = level_higher(item->level, value_level(decision.results));
	item->kind = FILLED_RESULT;
	item->result = arena_alloc(arena, sizeof(*item->result));
	*item->result = (struct result){ .status = statuses[decision.status],
		.message = decision.message, .results = decision.results };
	filled->judge = filled->judge || decision.status == DECISION_FAILED
		|| filling->task->failed_when || result_retries(filled);
	if (filling->unit->task->handler)
		ask_whether_due(filling, filled, item);
	return 0;
}

static void take_notes(struct filling *filling)
{
	unsigned notes = scope_notes(filling->scope);

	filling->differs = filling->differs || (notes & SCOPE_DIFFERS);
	filling->hears = filling->hears || (notes & SCOPE_HEARS);
	filling->course = filling->course || (notes & SCOPE_COURSE);
}

/* What that looks up is noted in the unit. */
static int prepare(struct filling *filling, struct value *params, struct filled_item *item,
	struct prepared *ret_prepared, struct error *err)
{
	take_notes(filling);
	if (prepared_get(filling->host, filling->unit, filling->scope, filling->arena, params, item->level,
			&filling->asked, ret_prepared, err) < 0)
		return -1;
	item->named = ret_prepared->named;
	item->level = level_higher(item->level, ret_prepared->level);
	return 0;
}

static int fill_params(struct filling *filling, struct filled *filled, struct filled_item *item,
	struct error *err)
{
	const struct module *module = filling->unit->module;
	struct error problem = {0};
	struct prepared prepared;
	struct value *params;

	if (fill_options(filling, &params, err) < 0)
		return -1;
	params = without_omitted(filling->arena, params);
	if (filling->run->options.past && disclose_inside(params))
		return left_as_it_is(filling, item);
	if (!module->decide && value_unknown_inside(params))
		return unknown(item, value_unknown_cause(params));
	if (params_normalise(filling->arena, module, params, filling->task->place, false, &params,
			err) < 0)
		return -1;
	fill_level(filling->run, module, params, filled, item);
	if (module->decide)
		return fill_decision(filling, filled, item, params, err);
	if (prepare(filling, params, item, &prepared, &problem) < 0)
		return keeps_back(filling, item, &problem, err);
	if (prepared.cause)
		return unknown(item, prepared.cause);
	if (filling->run->options.without_actions && !filling->task->handler
			&& (module->flags & MODULE_ACTION)) {
		skip(filling, item, "not done again in a rollback; --with-commands does it");
		return 0;
	}
	return fill_task(filling, filled, &prepared, item, err);
}

static const char *condition_text(struct arena *arena, const struct value *when)
{
	const char *text = "";

	for (size_t i = 0; when && i < when->count; i++)
		text = arena_printf(arena, "%s%s%s", text, i ? " and " : "",
			expression_show(arena, when->items[i]));
	return arena_printf(arena, "when: %s", text);
}

static void set_label(struct filling *filling, struct filled_item *item, const struct value *value)
{
	const struct disclosure to = { .audience = FOR_TERMINAL };
	const struct value *shown = disclose(filling->arena, &to, value);

	item->label_level = value_level(shown);
	item->label = expression_show(filling->arena, shown);
}

static int fill_name(struct filling *filling, const char *key, const struct value *raw,
	struct value *opens, const char **ret_cause, struct error *err)
{
	struct value *name;

	if (!raw || *ret_cause)
		return 0;
	if (expression_fill(filling->arena, filling->scope, raw, &name, err) < 0)
		return -1;
	if (name->kind == VALUE_UNKNOWN)
		*ret_cause = value_unknown_cause(name);
	else if (!value_text(name) || name->size == 0)
		return error_at(err, PLAYBOOK_INVALID_VALUE, raw->place, "what is included has a name, this is "
			"%s", value_kind_name(name));
	else if (fill_name_allowed(name, raw, err) < 0)
		return -1;
	else
		value_set_at(filling->arena, opens, key, raw->place, name);
	return 0;
}

/* Which file or role an include brings in. */
static int fill_include(struct filling *filling, struct filled_item *item, struct error *err)
{
	static const char *const froms[] = { "tasks", "vars", "defaults", "handlers" };
	const struct include *include = filling->task->include;
	struct value *opens = value_map(filling->arena);
	const char *cause = NULL;

	if (fill_name(filling, "name", include->role ? include->name : include->file, opens, &cause,
			err) < 0)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		if (fill_name(filling, froms[i], include->from[i], opens, &cause, err) < 0)
			return -1;
	}
	if (cause)
		return unknown_task(filling, item, cause, err);
	item->kind = FILLED_RESULT;
	item->opens = opens;
	item->result = arena_alloc(filling->arena, sizeof(*item->result));
	*item->result = (struct result){ .status = STATUS_OK,
		.message = value_get_string(opens, "name") };
	return 0;
}

static int fill_item(struct filling *filling, struct filled *filled, struct filled_item *item,
	struct error *err)
{
	const struct task *task = filling->task;
	struct value *truth, *label;

	if (item->item) {
		scope_set(filling->scope, task->loop_variable, item->item);
		set_label(filling, item, item->item);
	}
	if (expression_condition(filling->arena, filling->scope, task->when, &truth, err) < 0)
		return -1;
	if (truth->kind == VALUE_UNKNOWN)
		return unknown_task(filling, item, value_unknown_cause(truth), err);
	if (!truth->truth) {
		skip(filling, item, condition_text(filling->arena, task->when));
		return 0;
	}
	if (item->item && task->loop_label) {
		if (expression_fill(filling->arena, filling->scope, task->loop_label, &label, err) < 0)
			return -1;
		set_label(filling, item, label);
	}
	return task->include ? fill_include(filling, item, err)
		: fill_params(filling, filled, item, err);
}

static void add_items(struct arena *arena, struct value *to, const struct value *list,
	bool flatten)
{
	for (size_t i = 0; i < list->count; i++) {
		if (flatten && list->items[i]->kind == VALUE_LIST)
			add_items(arena, to, list->items[i], false);
		else
			value_append(arena, to, list->items[i]);
	}
}

/* The items of a loop; NULL with count 0 of what is decided already. */
static int fill_loop(struct filling *filling, struct filled *filled, struct value **ret_items,
	struct error *err)
{
	struct arena *arena = filling->arena;
	struct error problem = {0}, other = {0};
	struct value *list, *truth;

	*ret_items = NULL;
	if (expression_fill(arena, filling->scope, filling->task->loop, &list, &problem) < 0) {
		if (expression_condition(arena, filling->scope, filling->task->when, &truth, &other) < 0
				|| truth->kind != VALUE_BOOL || truth->truth) {
			if (err)
				*err = problem;
			return -1;
		}
		skip(filling, &filled->items[0], condition_text(arena, filling->task->when));
		return 0;
	}
	if (list->kind == VALUE_UNKNOWN)
		return unknown_task(filling, &filled->items[0], value_unknown_cause(list), err);
	if (list->kind != VALUE_LIST) {
		error_at(err, PLAYBOOK_INVALID_VALUE, filling->task->loop->place, "a loop needs a list, "
			"not %s", value_kind_name(list));
		if (list->kind == VALUE_MAP)
			error_remedy(err, "a map becomes a list with '| dict2items'");
		return -1;
	}
	*ret_items = value_list(arena);
	add_items(arena, *ret_items, list, filling->task->loop_flatten);
	if ((*ret_items)->count == 0) {
		skip(filling, &filled->items[0], "the loop has no items");
		filled->empty = true;
		*ret_items = NULL;
	}
	return 0;
}

static int fill_items(struct filling *filling, struct filled *filled, struct error *err)
{
	struct value *items;

	filled->count = 1;
	filled->items = arena_array(filling->arena, 1, sizeof(*filled->items));
	if (!filling->cause)
		passed_include(filling->scope, filling->arena, filling->task, &filling->cause);
	if (filling->cause)
		return unknown_task(filling, &filled->items[0], filling->cause, err);
	if (!filling->task->loop)
		return fill_item(filling, filled, &filled->items[0], err);
	if (fill_loop(filling, filled, &items, err) < 0)
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
		if (fill_item(filling, filled, &filled->items[i], err) < 0)
			return -1;
		/* The next item sees what this one sets. */
		for (size_t k = 0; k < value_pair_count(filled->items[i].facts); k++)
			scope_expect(filling->scope, filled->items[i].facts->pairs[k].key,
				filled->items[i].facts->pairs[k].value);
	}
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
		if (fill_name_allowed(name, task->name_value, err) < 0)
			return -1;
		if (value_level(name) == LEVEL_OPEN)
			filled->name = task->role ? arena_printf(filling->arena, "%s : %s", task->role->name,
				value_text(name)) : value_text(name);
	}
	if (truth_of(filling, ignore, false, &filled->ignore_errors, err) < 0)
		return -1;
	/* What an earlier run left due stays so if it fails: tasks may have to come before. What all is
	 * undone of may not be there any more. */
	filled->ignore_errors = filled->ignore_errors || filling->unit->aside;
	if (truth_of(filling, quiet, false, &filled->no_log, err) < 0
			|| truth_of(filling, check, filling->run->options.check, &filled->check, err) < 0
			|| truth_of(filling, diff, host_shows_diff(filling->host), &filled->diff, err) < 0)
		return -1;
	filled->no_diff = diff && !filled->diff;
	/* Whatever a text says, a host that is only looked at isn't changed. */
	filled->check = filled->check || filling->host->bystander;
	return fill_retry(filling, filled, err);
}

const struct inventory_host *fill_missing_facts(const struct run *run, const char *cause)
{
	static const char prefix[] = "the facts of ";

	if (!cause || strncmp(cause, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	return inventory_find(run->options.inventory, cause + sizeof(prefix) - 1);
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
static bool want_facts(struct filling *filling, const char *cause)
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
		to->cause = arena_string(arena, from->cause);
		to->label = arena_string(arena, from->label);
		to->item = from->item ? value_copy(arena, from->item) : NULL;
		to->task = from->task ? keep_task(arena, from) : NULL;
		to->result = from->result ? message_copy(arena, &message_result, from->result) : NULL;
		to->facts = from->facts ? value_copy(arena, from->facts) : NULL;
		to->opens = from->opens ? value_copy(arena, from->opens) : NULL;
		to->named.bodies = arena_array(arena, from->named.count, sizeof(struct body *));
		if (from->named.count > 0)
			memcpy(to->named.bodies, from->named.bodies,
				from->named.count * sizeof(struct body *));
	}
	return kept;
}

/* --- What the text has, whatever conditions say --- */

/* Identities don't depend on what other hosts have yet to tell: internal parameters. */
static void blank_unknown(struct arena *arena, const struct param *table, struct value *params,
	bool internal)
{
	for (const struct param *param = table; param && param->name; param++) {
		struct value *value = value_get(params, param->name);
		bool blank = internal || (param->flags & PARAM_INTERNAL);

		if (!value || !blank)
			continue;
		if (value->kind == VALUE_UNKNOWN)
			value_set(arena, params, param->name, param->kind == PARAM_LIST
				|| param->kind == PARAM_MAP || param->kind == PARAM_RECORDS ? value_list(arena)
				: value_string(arena, param->kind == PARAM_BOOL ? "false"
				: param->kind == PARAM_INTEGER ? "0" : ""));
		for (size_t i = 0; param->kind == PARAM_RECORDS && value->kind == VALUE_LIST
				&& i < value->count; i++)
			blank_unknown(arena, param->entries, value->items[i], true);
	}
}

/* Of a task that may never be sent: its text is recorded all the same. */
static enum level declared_level(struct filling *filling, const struct value *params)
{
	const struct task *task = filling->task;
	const struct value *quiet = task->no_log ? task->no_log : filling->unit->play->no_log;
	struct filled filled = {0};
	struct filled_item item = {0};
	struct error ignored = {0};

	if (expression_truth(filling->arena, filling->scope, quiet, false, &filled.no_log, &ignored) < 0)
		filled.no_log = true;
	fill_level(filling->run, filling->unit->module, params, &filled, &item);
	return item.level;
}

static int declare_params(struct filling *filling, struct value *texts)
{
	const struct module *module = filling->unit->module;
	struct arena *arena = filling->arena;
	struct error ignored = {0};
	struct buffer yaml = {0};
	struct named named;
	struct value *params;
	enum level level;
	int result;

	if (expression_fill(arena, filling->scope, filling->task->params, &params, &ignored) < 0)
		return -1;
	params = without_omitted(arena, params);
	if (value_unknown_inside(params) || params_normalise(arena, module, params,
			filling->task->place, false, &params, &ignored) < 0)
		return -1;
	level = declared_level(filling, params);
	if (module->prepare && prepare_task(filling->run, filling->host, filling->unit,
			filling->scope, arena, params, &filling->asked, &named, level, &ignored) < 0)
		return -1;
	blank_unknown(arena, module->params, params, false);
	if (value_unknown_inside(params))
		return -1;
	result = params_write(&yaml, module, params, &ignored);
	value_append(arena, texts, value_bytes(arena, yaml.data ? yaml.data : "", yaml.size));
	buffer_free(&yaml);
	return result;
}

int fill_declared(struct run *run, struct run_host *host, struct unit *unit, struct arena *arena,
	struct value **ret_params)
{
	struct filling filling = { .run = run, .host = host, .unit = unit, .arena = arena,
		.task = unit->task->task };
	struct filled filled = { .items = arena_alloc(arena, sizeof(struct filled_item)) };
	struct value *items = NULL;
	struct error ignored = {0};

	fill_play_hosts(run, host, unit->play);
	filling.scope = scope_new(arena, run->options.variables, host->inventory, unit->play,
		filling.task);
	*ret_params = value_list(arena);
	if (!filling.task->loop)
		return declare_params(&filling, *ret_params);
	if (fill_loop(&filling, &filled, &items, &ignored) < 0
			|| filled.items[0].kind == FILLED_UNKNOWN)
		return -1;
	for (size_t i = 0; items && i < items->count; i++) {
		scope_set(filling.scope, filling.task->loop_variable, items->items[i]);
		if (declare_params(&filling, *ret_params) < 0)
			return -1;
	}
	return 0;
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

/* For all hosts if it was made of nothing of this one. Facts that are missing are asked for by each
 * host itself. */
static const struct filled *keep_filled(struct filling *filling, const struct filled *filled)
{
	struct run_host *host = filling->host;
	struct unit *unit = filling->unit;
	bool shared = !filling->differs && (has_all_errors(filling) || (!unit->differs
		&& (filled->known || !filled->asked.facts)));
	struct filled *kept = keep(shared ? filling->run->arena : host->arena, filled);

	unit->filled_for++;
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
		take_notes(&filling);
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
