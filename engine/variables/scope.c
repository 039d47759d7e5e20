/* scope: which value a name has at one place, and what it reads. */
#include "variables/scope.h"

#include "base/suggest.h"
#include "inventory/connection.h"
#include "module/module.h"
#include "variables/state.h"

#include <string.h>

enum { VARIABLES_DEPTH_MOST = EXPRESSION_DEPTH_MOST };

struct scope *scope_new(struct arena *arena, struct variables *variables,
	const struct inventory_host *host, const struct play *play, const struct task *task)
{
	struct scope *scope = arena_alloc(arena, sizeof(*scope));

	scope->arena = arena;
	scope->variables = variables;
	scope->host = host;
	scope->play = play;
	scope->task = task;
	scope->set = value_map(arena);
	scope->root = scope;
	return scope;
}

struct scope *scope_empty(struct arena *arena)
{
	return scope_new(arena, NULL, NULL, NULL, NULL);
}

void scope_set(struct scope *scope, const char *name, struct value *value)
{
	value_set(scope->arena, scope->set, name, value);
	scope->cache = (struct lookup){ 0 };
}

void scope_expect(struct scope *scope, const char *name, struct value *value)
{
	if (!scope->expected)
		scope->expected = value_map(scope->arena);
	value_set(scope->arena, scope->expected, name, value);
	scope->cache = (struct lookup){ 0 };
}

static const struct value *first_of(const struct value *one, const struct value *other)
{
	return one ? one : other;
}

static const struct role_use *role_of(const struct scope *scope)
{
	return scope->task ? scope->task->role : NULL;
}

/* The variables of task, roles and play, strongest first. */
static const struct value *play_value(const struct scope *scope, const char *name)
{
	const struct value *found = scope->task ? value_get(scope->task->vars, name) : NULL;

	if (!found && role_of(scope))
		found = value_get(role_of(scope)->vars, name);
	if (!found && scope->play)
		found = value_get(scope->play->role_vars, name);
	if (!found && scope->play)
		found = first_of(value_get(scope->play->file_vars, name),
			value_get(scope->play->vars, name));
	return found;
}

/* What is given to an include or a role is stronger than what tasks set. */
static const struct value *given_value(const struct scope *scope, const char *name)
{
	const struct value *found = scope->task ? value_get(scope->task->include_vars, name) : NULL;

	return !found && role_of(scope) ? value_get(role_of(scope)->params, name) : found;
}

/* The weakest of all. */
static const struct value *default_value(const struct scope *scope, const char *name)
{
	const struct value *found = role_of(scope) ? value_get(role_of(scope)->defaults, name) : NULL;

	return !found && scope->play ? value_get(scope->play->role_defaults, name) : found;
}

/* How the host is reached today, where the text isn't today's; NULL: the text's own word counts. */
static const struct value *today_of(const struct scope *scope, const char *name)
{
	const struct connection_variable *variable = connection_find(name);

	if (!scope->variables || !scope->host || !scope->variables->options.today
			|| !(variable ? !variable->of_tasks : strcmp(name, "cluster_address") == 0))
		return NULL;
	return value_get(scope->variables->options.today, scope->host->name);
}

/* variable: of a connection, which no node may set; or NULL. */
static const struct value *raw_of(struct scope *scope, const char *name,
	const struct connection_variable *variable)
{
	const struct value *found = magic_value(scope, name);

	if (!found)
		found = value_get(scope->set, name);
	if (!found && scope->variables)
		found = value_get(scope->variables->options.extra, name);
	if (!found)
		found = given_value(scope, name);
	if (!found && !variable)
		found = scope_task_value(scope, name);
	if (!found)
		found = play_value(scope, name);
	if (!found && !variable)
		found = scope_fact(scope, name);
	if (!found && scope->host)
		found = value_get(scope->host->vars, name);
	if (!found)
		found = default_value(scope, name);
	if (!found && strcmp(name, "ansible_managed") == 0)
		found = value_string(scope->arena, "Managed by beoplay");
	return found ? found : scope_early_value(scope, name);
}

/* Whether a name on another host may read differently at another time, or for its own tasks: what
 * tasks set. */
static bool differs_elsewhere(struct scope *scope, const char *name)
{
	if (fact_name(name))
		scope->root->notes |= SCOPE_HEARS;
	return variables_promised(scope->variables, name) || variables_given(scope->variables, name);
}

/* One with two spellings may be set, and asked for, by either; the old one is stronger, as with
 * Ansible. */
const struct value *scope_raw(struct scope *scope, const char *name)
{
	const struct connection_variable *variable = connection_find(name);
	const struct connection_variable *other = connection_variables;
	const struct value *found = NULL, *today = today_of(scope, name);

	if (today || (scope->variables && (scope == scope->root
			? variables_differ(scope->variables, name) : differs_elsewhere(scope, name))))
		scope->root->notes |= SCOPE_DIFFERS;
	if (value_get(scope->set, name))
		scope->root->notes |= SCOPE_SET;
	if (today)
		return value_get(today, name);
	for (; variable && !found && other->name; other++) {
		if (other->same && strcmp(other->same, name) == 0)
			found = raw_of(scope, other->name, other);
	}
	if (!found)
		found = raw_of(scope, name, variable);
	if (!found && variable && variable->same)
		found = raw_of(scope, variable->same, variable);
	return found;
}

struct value *scope_leveled(struct scope *scope, const char *name, struct value *value)
{
	return variables_leveled(scope->variables, scope->arena, name, value);
}

bool scope_sets(const struct scope *scope, const char *name)
{
	return value_get(scope->set, name) || given_value(scope, name) || play_value(scope, name)
		|| default_value(scope, name);
}

unsigned scope_notes(struct scope *scope)
{
	unsigned notes = scope->root->notes;

	scope->root->notes = 0;
	return notes;
}

struct value *scope_default(struct scope *scope, const char *name)
{
	if (!scope->host || scope->root != scope)
		return NULL;
	if (strcmp(name, "ansible_host") == 0 || strcmp(name, "ansible_ssh_host") == 0) {
		scope->notes |= SCOPE_DIFFERS;
		return value_string(scope->arena, scope->host->name);
	}
	if (strcmp(name, "ansible_connection") == 0)
		return scope->play && scope->play->connection && !expression_inside(
			scope->play->connection) ? scope->play->connection
			: value_string(scope->arena, "ssh");
	return NULL;
}

bool scope_registered(struct scope *scope, const char *name)
{
	return scope_task_value(scope, name) && !lookup_get(&scope->variables->perhaps, name);
}

static void add_name(struct arena *arena, struct lookup *seen, struct value *names,
	const char *name)
{
	if (strncmp(name, GIVEN_PREFIX, strlen(GIVEN_PREFIX)) == 0)
		name += strlen(GIVEN_PREFIX);
	if (lookup_get(seen, name))
		return;
	name = arena_string(arena, name);
	lookup_put(arena, seen, name, names);
	value_append(arena, names, value_string(arena, name));
}

static void add_keys(struct arena *arena, struct lookup *seen, struct value *names,
	const struct value *map, const char *prefix)
{
	for (size_t i = 0; map && map->kind == VALUE_MAP && i < map->count; i++)
		add_name(arena, seen, names, arena_printf(arena, "%s%s", prefix,
			map->pairs[i].key));
}

void scope_names(struct arena *arena, struct scope *scope, struct value *names)
{
	const struct host_values *values = variables_of(scope->variables, scope->host);
	struct value *magic = value_list(arena);
	struct lookup seen = { 0 };

	add_keys(arena, &seen, names, scope->host ? scope->host->vars : NULL, "");
	if (values->facts)
		add_name(arena, &seen, names, "ansible_facts");
	add_keys(arena, &seen, names, values->facts, "ansible_");
	add_keys(arena, &seen, names, scope->play ? scope->play->vars : NULL, "");
	add_keys(arena, &seen, names, scope->play ? scope->play->file_vars : NULL, "");
	add_keys(arena, &seen, names, scope->play ? scope->play->role_vars : NULL, "");
	add_keys(arena, &seen, names, scope->play ? scope->play->role_defaults : NULL, "");
	add_keys(arena, &seen, names, role_of(scope) ? role_of(scope)->vars : NULL, "");
	add_keys(arena, &seen, names, role_of(scope) ? role_of(scope)->defaults : NULL, "");
	add_keys(arena, &seen, names, role_of(scope) ? role_of(scope)->params : NULL, "");
	add_keys(arena, &seen, names, scope->task ? scope->task->vars : NULL, "");
	add_keys(arena, &seen, names, scope->task ? scope->task->include_vars : NULL, "");
	add_keys(arena, &seen, names, values->registered, "");
	if (scope->host == scope->root->host)
		add_keys(arena, &seen, names, scope->root->expected, "");
	for (const struct expected *expected = values->all_expected; expected
			&& scope->host == scope->root->host; expected = expected->next) {
		if (expected->tasks > 0)
			add_name(arena, &seen, names, expected->name);
	}
	add_keys(arena, &seen, names, scope->variables ? scope->variables->options.extra : NULL,
		"");
	add_keys(arena, &seen, names, scope->set, "");
	magic_names(arena, scope, magic);
	for (size_t i = 0; i < magic->count; i++)
		add_name(arena, &seen, names, magic->items[i]->text);
}

static const char *frame_name(struct arena *arena, const struct frame *frame)
{
	if (frame->scope == frame->scope->root || !frame->scope->host)
		return frame->name;
	return arena_printf(arena, "hostvars[%s].%s", frame->scope->host->name, frame->name);
}

/* a → b → a: from where it closes to the innermost. */
static int recursion_error(struct evaluation *evaluation, const struct frame *innermost,
	const struct frame *closing, size_t offset)
{
	struct arena *arena = evaluation->evaluator->scratch;
	const char *name = frame_name(arena, closing);
	const char *chain = name;

	for (const struct frame *frame = innermost; frame != closing; frame = frame->next)
		chain = arena_printf(arena, "%s → %s", frame_name(arena, frame), chain);
	return evaluation_error(evaluation, offset, "the variable '%s' needs itself: %s → %s", name,
		name, chain);
}

static int enter(struct evaluation *evaluation, const struct frame *frame, size_t offset)
{
	struct evaluator *evaluator = evaluation->evaluator;

	for (const struct frame *open = evaluator->frames; open; open = open->next) {
		if (open->scope == frame->scope && strcmp(open->name, frame->name) == 0)
			return recursion_error(evaluation, evaluator->frames, open, offset);
	}
	if (evaluator->variables >= VARIABLES_DEPTH_MOST)
		return evaluation_error(evaluation, offset,
			"more than %d variables need each other in a row", VARIABLES_DEPTH_MOST);
	evaluator->variables++;
	evaluator->frames = frame;
	return 0;
}

struct cached {
	struct value *value;
	unsigned notes;            /* of what it was made of */
};

/* What was filled in stays valid until a host's values change. */
static struct lookup *cache_of(struct scope *scope)
{
	uint64_t generation = scope->variables ? scope->variables->generation : 0;

	if (scope->generation != generation)
		scope->cache = (struct lookup){ 0 };
	scope->generation = generation;
	return &scope->cache;
}

static void cache(struct scope *scope, const char *name, struct value *value)
{
	struct cached *cached = arena_alloc(scope->arena, sizeof(*cached));

	*cached = (struct cached){ value, scope->root->notes };
	lookup_put(scope->arena, cache_of(scope), arena_string(scope->arena, name), cached);
}

static int find_anew(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	struct scope *scope = evaluation->scope;
	struct frame frame = { scope, name, evaluator->frames };
	const struct value *raw = scope_raw(scope, name);
	int result;

	*ret_value = (struct value *)raw;
	if (!raw)
		return 0;
	if (expression_inside(raw)) {
		if (enter(evaluation, &frame, offset) < 0)
			return -1;
		result = fill_value(evaluator, scope, raw, ret_value);
		evaluator->frames = frame.next;
		evaluator->variables--;
		if (result < 0)
			return -1;
	}
	*ret_value = variables_leveled(scope->variables, evaluator->arena, name, *ret_value);
	if (evaluator->arena == scope->arena)
		cache(scope, name, *ret_value);
	return 0;
}

int scope_find(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value)
{
	struct scope *scope = evaluation->scope, *root = scope->root;
	const struct cached *cached = evaluation->evaluator->arena == scope->arena
		? lookup_get(cache_of(scope), name) : NULL;
	unsigned before = root->notes;
	int result;

	if (cached) {
		*ret_value = cached->value;
		root->notes |= cached->notes;
		return 0;
	}
	root->notes = 0;
	result = find_anew(evaluation, name, offset, ret_value);
	root->notes |= before;
	return result;
}

int scope_undefined(struct evaluation *evaluation, const char *name, size_t offset,
	struct value **ret_value)
{
	struct suggestion suggestion = { .word = name };
	struct arena *arena = evaluation->evaluator->scratch;
	const struct play *play = evaluation->scope->root->play;
	bool without_facts = play && play->without_facts;
	struct value *names = value_list(arena);

	/* With Ansible it would be there: "is defined" and default() must not decide as if it
	 * weren't. */
	if (variables_is_ungathered(name) && !without_facts) {
		evaluation_error(evaluation, offset, "the fact '%s' is not gathered by beoplay", name);
		return error_remedy(evaluation->evaluator->err, "set the variable in the inventory, or "
			"register what a command prints");
	}
	evaluation_undefined(evaluation, offset, ret_value, "'%s' is undefined", name);
	if (variables_is_fact(name) && without_facts) {
		evaluation_undefined_remedy(evaluation,
			"it is a fact: the play must not say 'gather_facts: no'");
		return 0;
	}
	if (variables_is_fact(name)) {
		evaluation_undefined_remedy(evaluation, "the host didn't tell this fact");
		return 0;
	}
	scope_names(arena, evaluation->scope, names);
	for (const struct local *local = evaluation->locals; local; local = local->next)
		suggest_offer(&suggestion, local->name);
	for (size_t i = 0; i < names->count; i++)
		suggest_offer(&suggestion, names->items[i]->text);
	/* Undefined names are often given a default, so this is on the way of good texts, too. */
	for (const struct shape *fact = module_of_facts()->facts; fact->key && strncmp(name, "ansib", 5) == 0; fact++)
		suggest_offer(&suggestion, arena_printf(arena, "ansible_%s", fact->key));
	if (suggestion.nearest && name[1])
		evaluation_undefined_remedy(evaluation, "did you mean '%s'?", suggestion.nearest);
	else
		evaluation_undefined_remedy(evaluation,
			"define it, give it a default, or quote it if it is a text: '%s'", name);
	return 0;
}

bool scope_is_secret(const struct scope *scope, const char *name)
{
	return variables_is_secret(scope->variables, name);
}

void scope_note(struct scope *scope, const struct value *value)
{
	if (scope->variables && !value_is_lazy(value))
		secrets_note(scope->variables->options.secrets, value);
}

int scope_get(struct arena *arena, struct scope *scope, const char *name,
	struct value **ret_value, struct error *err)
{
	struct value nowhere = { .kind = VALUE_STRING, .text = "" };
	struct evaluator evaluator;
	struct evaluation evaluation = { .evaluator = &evaluator, .scope = scope,
		.scalar = &nowhere };
	struct value *value;
	int result;

	evaluator_open(&evaluator, arena, err);
	result = scope_find(&evaluation, name, 0, &value);
	if (result == 0 && value)
		result = value_leave(&evaluator, scope, &nowhere, &value);
	evaluator_close(&evaluator);
	if (result == 0)
		*ret_value = value;
	return result;
}

struct scope *scope_of_host(struct arena *arena, struct scope *scope, const char *host)
{
	struct scope *root = scope->root;
	struct scope *found = lookup_get(&root->hosts, host);
	const struct inventory_host *of;

	(void)arena;
	if (found || !scope->variables || !scope->variables->options.inventory)
		return found;
	of = inventory_find(scope->variables->options.inventory, host);
	if (!of)
		return NULL;
	found = scope_new(root->arena, scope->variables, of, NULL, NULL);
	found->root = root;
	lookup_put(root->arena, &root->hosts, of->name, found);
	return found;
}

static int host_undefined(struct evaluation *evaluation, size_t offset, const char *name,
	const struct inventory *inventory, struct value **ret_value)
{
	struct suggestion suggestion = { .word = name };

	evaluation_undefined(evaluation, offset, ret_value, "there is no host '%s'", name);
	for (size_t i = 0; inventory && i < inventory_host_count(inventory) && i < 1000; i++)
		suggest_offer(&suggestion, inventory_host(inventory, i)->name);
	if (suggestion.nearest)
		evaluation_undefined_remedy(evaluation, "did you mean '%s'?", suggestion.nearest);
	return 0;
}

int lazy_index(struct evaluation *evaluation, size_t offset, const struct value *lazy,
	const struct value *key, struct value **ret_value)
{
	const struct lazy *map = (const struct lazy *)lazy;
	struct arena *arena = evaluation->evaluator->arena;
	struct evaluation there = *evaluation;
	const char *name;
	struct scope *of;

	if (key_text(evaluation, offset, key, &name) < 0)
		return -1;
	there.scope = map->scope;
	there.locals = NULL;
	if (!map->hosts)
		return evaluate_name(&there, name, offset, ret_value);
	of = scope_of_host(arena, map->scope, name);
	if (!of)
		return host_undefined(evaluation, offset, name, map->scope->variables ?
			map->scope->variables->options.inventory : NULL, ret_value);
	*ret_value = lazy_new(arena, of, false);
	return 0;
}

struct value *lazy_keys(struct arena *arena, const struct value *lazy)
{
	static const char *const hidden[] = { "hostvars", "vars", "omit", NULL };
	const struct lazy *map = (const struct lazy *)lazy;
	const struct inventory *inventory = map->scope->variables ?
		map->scope->variables->options.inventory : NULL;
	struct value *all = value_list(arena), *keys = value_list(arena);

	if (map->hosts) {
		for (size_t i = 0; inventory && i < inventory_host_count(inventory); i++)
			value_append(arena, keys,
				value_string(arena, inventory_host(inventory, i)->name));
		return keys;
	}
	map->scope->root->notes |= SCOPE_DIFFERS;
	scope_names(arena, map->scope, all);
	for (size_t i = 0; i < all->count; i++) {
		bool is_hidden = false;

		for (size_t j = 0; hidden[j]; j++)
			is_hidden |= strcmp(all->items[i]->text, hidden[j]) == 0;
		if (!is_hidden)
			value_append(arena, keys, all->items[i]);
	}
	return keys;
}

int scope_reads(struct arena *arena, struct scope *scope, const struct value *value,
	bool condition, struct value *names, struct error *err)
{
	size_t done = names->count;

	if ((condition ? expression_condition_names(arena, value, names, err) :
			expression_names(arena, value, names, err)) < 0)
		return -1;
	for (; done < names->count; done++) {
		const struct value *raw = scope_raw(scope, names->items[done]->text);

		if (raw && expression_names(arena, raw, names, err) < 0)
			return -1;
	}
	return 0;
}
