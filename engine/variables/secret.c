/* secret: the names that beoplay.yml calls secret, wherever their values come from. */
#include "variables/state.h"

#include "expression/expression.h"
#include "variables/scope.h"

#include <string.h>

bool variables_is_secret(const struct variables *variables, const char *name)
{
	return variables && variables->secret_names.count > 0
		&& lookup_get(&variables->secret_names, name);
}

static const struct value *member(const struct value *value, size_t at)
{
	return value->kind == VALUE_MAP ? value_at(value, at) : value->items[at];
}

/* Whether a map inside has a key that is secret, and isn't yet. */
static bool has_secret(const struct variables *variables, const struct value *value)
{
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP && value_at(value, i)->level < LEVEL_SECRET
				&& variables_is_secret(variables, value->pairs[i].key))
			return true;
		if (has_secret(variables, member(value, i)))
			return true;
	}
	return false;
}

static void raise_named(const struct variables *variables, struct value *value)
{
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP && variables_is_secret(variables, value->pairs[i].key))
			value_raise(value_at(value, i), LEVEL_SECRET);
		else
			raise_named(variables, (struct value *)member(value, i));
	}
}

struct value *variables_leveled(const struct variables *variables, struct arena *arena,
	const char *name, struct value *value)
{
	bool named = variables_is_secret(variables, name);

	if (!variables || value_is_lazy(value))
		return value;
	if ((named && value->level < LEVEL_SECRET) || (variables->secret_names.count > 0
			&& has_secret(variables, value))) {
		value = value_copy(arena, value);
		if (named)
			value_raise(value, LEVEL_SECRET);
		raise_named(variables, value);
	}
	/* What came from a node, and so stands in no text, is noted where it is used: it is more than what
	 * is secret in it. */
	if (variables->options.secrets && (!value->data || value->place.line > 0)
			&& value_level(value) > LEVEL_OPEN)
		secrets_note(variables->options.secrets, value);
	return value;
}

/* --- All of a text --- */

struct noting {
	struct variables *variables;
	struct lookup *found;
	struct arena *arena;
};

/* Not what is an expression: what comes out of it is noted when it is used. */
static void note_all(struct secrets *secrets, const struct value *value)
{
	if (value->count == 0 && !expression_inside(value))
		secrets_note_as(secrets, value, LEVEL_SECRET);
	for (size_t i = 0; i < value->count; i++)
		note_all(secrets, member(value, i));
}

static void note_inside(const struct noting *noting, const struct value *value)
{
	for (size_t i = 0; value && i < value->count; i++) {
		const char *key = value->kind == VALUE_MAP ? value->pairs[i].key : NULL;

		if (key && variables_is_secret(noting->variables, key)) {
			lookup_put(noting->arena, noting->found, key, noting->variables);
			note_all(noting->variables->options.secrets, value_at(value, i));
		} else {
			note_inside(noting, member(value, i));
		}
	}
}

static void note_role(const struct noting *noting, const struct role_use *role)
{
	note_inside(noting, role->defaults);
	note_inside(noting, role->vars);
	note_inside(noting, role->params);
}

static void note_tasks(const struct noting *noting, struct task *const *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		note_inside(noting, tasks[i]->vars);
		note_inside(noting, tasks[i]->include_vars);
		if (tasks[i]->role && (i == 0 || tasks[i]->role != tasks[i - 1]->role))
			note_role(noting, tasks[i]->role);
		note_inside(noting, tasks[i]->loop);
		if (tasks[i]->registers)
			lookup_put(noting->arena, noting->found, tasks[i]->registers, noting->variables);
		if (tasks[i]->module && (tasks[i]->module->flags & MODULE_SETS))
			note_inside(noting, tasks[i]->params);
	}
}

static void note_play(const struct noting *noting, const struct play *play)
{
	note_inside(noting, play->vars);
	note_inside(noting, play->file_vars);
	note_inside(noting, play->role_vars);
	note_inside(noting, play->role_defaults);
	note_tasks(noting, play->tasks, play->task_count);
	note_tasks(noting, play->handlers, play->handler_count);
}

void variables_note_secrets(struct variables *variables, const struct playbook *playbook,
	struct value *ret_unknown)
{
	const struct value *names = variables->options.secret_names;
	const struct inventory *inventory = variables->options.inventory;
	struct lookup found = { 0 };
	const struct noting noting = { variables, &found, variables->arena };

	if (!names || names->count == 0)
		return;
	for (size_t i = 0; i < names->count; i++)
		secrets_note_name(variables->options.secrets, value_text(names->items[i]));
	note_inside(&noting, variables->options.extra);
	for (size_t i = 0; inventory && i < inventory_host_count(inventory); i++)
		note_inside(&noting, inventory_host(inventory, i)->vars);
	for (size_t i = 0; i < playbook->play_count; i++)
		note_play(&noting, playbook->plays[i]);
	for (size_t i = 0; i < names->count; i++) {
		if (!lookup_get(&found, value_text(names->items[i])))
			value_append(variables->arena, ret_unknown, names->items[i]);
	}
}
