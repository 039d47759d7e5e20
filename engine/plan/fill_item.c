/* fill_item: one item of a unit, or the unit if it has no loop, as it is sent or decided. */
#include "plan/filling.h"

#include "base/disclose.h"
#include "expression/expression.h"
#include "playbook/task_params.h"

#include <string.h>

const char *fill_handler_key(struct arena *arena, const struct task *handler)
{
	const char *title = task_title(handler);

	return arena_bytes(arena, title, strnlen(title, HANDLER_KEY_SIZE - 1));
}

/* A setting that inventory variables, the task, the play and the command line may make, in this
 * order of strength, as with Ansible. */
static int setting(struct filling *filling, const char *variable, const struct value *of_task,
	const struct value *of_play, const struct value **ret_value, struct error *err)
{
	struct value *set;

	if (scope_get(filling->arena, filling->machine ? filling->machine : filling->scope, variable,
			&set, err) < 0)
		return -1;
	*ret_value = set ? set : of_task ? of_task : of_play;
	return 0;
}

int filling_truth(struct filling *filling, const struct value *raw, bool otherwise,
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
			err) < 0 || filling_truth(filling, raw, options->become, &become, err) < 0)
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
	return fill_name_allowed(name, raw, "a user's name", err);
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
		scope_set(filling->scope, text->registers, value_unknown(filling->arena,
			&(struct cause){ .kind = CAUSE_RESULT, .name = filled->name }));
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

static int unknown(struct filled_item *item, const struct cause *cause)
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
		.timeout = filled->timeout,
		.ignore_errors = filled->ignore_errors,
		.no_log = filled->no_log,
		.check = filled->check != host_checks(filling->host) ? choice_of(filled->check) : CHOICE_NONE,
		.diff = filled->diff != host_shows_diff(filling->host) ? choice_of(filled->diff)
			: CHOICE_NONE,
		.level = item->level,
		.results = prepared->keep.path || unit_is_rescued(filling->unit) || filling->task->registers
			|| filling->task->changed_when
			|| filling->task->failed_when || filling->task->retry || filling->unit->module->gives
			|| filling->run->options.results,
	};
	item->facts = facts_given(filling->unit->module, arena, value_unknown_cause(value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = filled->name })));
	item->bytes = prepared->size + 128;
	item->kept = prepared->kept;
	if (fill_user(filling, &task->user, err) < 0
			|| filling_environment(filling, item, task, err) < 0)
		return -1;
	item->level = task->level;
	if (prepared->keep.path) {
		item->keep = arena_alloc(arena, sizeof(*item->keep));
		*item->keep = prepared->keep;
		item->keep->private = item->level > LEVEL_OPEN;
	}
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

struct value *filling_without_omitted(struct arena *arena, const struct value *params)
{
	struct value *kept = value_map(arena);

	kept->place = params->place;
	for (size_t i = 0; i < params->count; i++) {
		if (value_is_omit(value_at(params, i)))
			continue;
		value_set_at(arena, kept, params->pairs[i].key, params->pairs[i].place,
			value_at(params, i));
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

void filling_skip(struct filling *filling, struct filled_item *item, const char *message)
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
	filling_skip(filling, item, message);
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
			raw->pairs[i].key, raw->pairs[i].place, value_at(raw, i));
	}
	if (kept->count == 0)
		return expression_fill(filling->arena, filling->scope, raw, ret_params, err);
	if (expression_fill(filling->arena, filling->scope, open, ret_params, err) < 0)
		return -1;
	for (size_t i = 0; i < kept->count; i++)
		value_set_at(filling->arena, *ret_params, kept->pairs[i].key, kept->pairs[i].place,
			value_at(kept, i));
	return 0;
}

int filling_unknown(struct filling *filling, struct filled_item *item, const struct cause *cause,
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

void filling_take_notes(struct filling *filling)
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
	filling_take_notes(filling);
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
	params = filling_without_omitted(filling->arena, params);
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
		filling_skip(filling, item, "not done again in a rollback; --with-commands does it");
		return 0;
	}
	return fill_task(filling, filled, &prepared, item, err);
}

const char *filling_condition_text(struct arena *arena, const struct value *when)
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
	struct value *opens, const struct cause **ret_cause, struct error *err)
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
	else if (fill_name_allowed(name, raw, "the name of what is included", err) < 0)
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
	const struct cause *cause = NULL;

	if (fill_name(filling, "name", include->role ? include->name : include->file, opens, &cause,
			err) < 0)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		if (fill_name(filling, froms[i], include->from[i], opens, &cause, err) < 0)
			return -1;
	}
	if (cause)
		return filling_unknown(filling, item, cause, err);
	item->kind = FILLED_RESULT;
	item->opens = opens;
	item->result = arena_alloc(filling->arena, sizeof(*item->result));
	*item->result = (struct result){ .status = STATUS_OK,
		.message = value_get_string(opens, "name") };
	return 0;
}

/* Whose facts it sets. */
static int fill_facts_of(struct filling *filling, struct filled_item *item, struct error *err)
{
	const char *name = delegate_other(filling->host, item->delegate);
	bool facts;

	if (!name || filling_truth(filling, filling->task->delegate_facts, false, &facts, err) < 0)
		return name ? -1 : 0;
	if (!facts)
		return 0;
	item->facts_of = inventory_find(filling->run->options.inventory, name);
	if (item->facts_of)
		return 0;
	error_at(err, PLAYBOOK_INVALID_VALUE, filling->task->delegate_facts->place,
		"'%s' isn't in the inventory, so it can't have facts", name);
	return error_remedy(err, "write it into the inventory, or leave out 'delegate_facts'");
}

/* Who does it; whoever is only looked at has nothing done elsewhere. */
static int fill_delegate(struct filling *filling, struct filled_item *item,
	const struct cause **ret_cause, struct error *err)
{
	struct run *run = filling->run;
	struct delegate delegate;

	if (delegate_name(run, filling->scope, filling->arena, filling->task, &delegate, err) < 0)
		return -1;
	*ret_cause = delegate.cause;
	item->delegate = delegate.name;
	filling->machine = delegate.name ? scope_new(filling->arena, run->options.variables,
		inventory_find(run->options.inventory, delegate.name), filling->unit->play, filling->task)
		: NULL;
	filling->differs = filling->differs || (delegate.name && filling->host->bystander);
	if (filling->host->bystander && delegate_other(filling->host, delegate.name))
		filling_skip(filling, item, "done elsewhere");
	return fill_facts_of(filling, item, err);
}

int filling_item(struct filling *filling, struct filled *filled, struct filled_item *item,
	struct error *err)
{
	const struct task *task = filling->task;
	struct value *truth, *label;
	const struct cause *cause;

	if (item->item) {
		scope_set(filling->scope, task->loop_variable, item->item);
		set_label(filling, item, item->item);
	}
	if (expression_condition(filling->arena, filling->scope, task->when, &truth, err) < 0)
		return -1;
	if (truth->kind == VALUE_UNKNOWN)
		return filling_unknown(filling, item, value_unknown_cause(truth), err);
	if (!truth->truth) {
		filling_skip(filling, item, filling_condition_text(filling->arena, task->when));
		return 0;
	}
	if (item->item && task->loop_label) {
		if (expression_fill(filling->arena, filling->scope, task->loop_label, &label, err) < 0)
			return -1;
		set_label(filling, item, label);
	}
	if (!task->include && fill_delegate(filling, item, &cause, err) < 0)
		return -1;
	if (!task->include && cause)
		return filling_unknown(filling, item, cause, err);
	if (item->skipped)
		return 0;
	return task->include ? fill_include(filling, item, err)
		: fill_params(filling, filled, item, err);
}
