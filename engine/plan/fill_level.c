/* fill_level: how open a task is: what its parameters hold, and where what they hold goes. */
#include "plan/state.h"

#include "module/params.h"
#include "module/plan.h"
#include "expression/expression.h"

#include <string.h>

/* --- What is noted, to be found again in what nodes say --- */

static bool is_plain_word(const struct value *value)
{
	return strspn(value->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-")
		== value->size;
}

/* In a task that keeps quiet every string is secret, but cutting each "present" and "/etc/motd" out
 * of all texts would tell nobody anything: contents and what isn't a plain word. */
static void note_quiet(struct secrets *secrets, const struct param *param, const struct value *value,
	enum level level)
{
	bool content = param->flags & (PARAM_SECRET | PARAM_CONTENT | PARAM_FREE_FORM);

	if (param->kind != PARAM_STRING && param->kind != PARAM_LIST && param->kind != PARAM_MAP
			&& param->kind != PARAM_RECORDS)
		return;
	if (value->kind == VALUE_STRING && (content || !is_plain_word(value)))
		secrets_note_as(secrets, value, level);
	for (size_t i = 0; i < value->count; i++)
		note_quiet(secrets, param, value->kind == VALUE_MAP ? value_at(value, i)
			: value->items[i], level);
}

/* --- Files that aren't for everybody --- */

/* What of a task becomes a file's content, by the names that Ansible's modules give it. */
static bool is_content(const struct param *param)
{
	return (param->flags & PARAM_CONTENT) || strcmp(param->name, "content") == 0
		|| strcmp(param->name, "line") == 0 || strcmp(param->name, "block") == 0;
}

static bool has_content(const struct module *module)
{
	for (const struct param *param = module->params; param && param->name; param++) {
		if ((param->flags & PARAM_BODY) || is_content(param))
			return true;
	}
	return false;
}

/* As octal digits, or the last word for others: "u=rw,o=". */
static bool is_for_all(const char *mode)
{
	const char *others = strstr(mode, "o="), *all = strstr(mode, "a=");

	if (*mode >= '0' && *mode <= '7')
		return (mode[strlen(mode) - 1] - '0') & 4;
	if (others)
		return memchr(others, 'r', strcspn(others, ",")) != NULL;
	if (strstr(mode, "o-"))
		return !memchr(strstr(mode, "o-"), 'r', strcspn(strstr(mode, "o-"), ","));
	return !all || memchr(all, 'r', strcspn(all, ",")) != NULL;
}

/* Also of a file that an earlier task has made so. */
static bool is_private_file(struct run *run, const struct module *module, const struct value *params)
{
	const char *mode = value_get_string(params, "mode");
	const char *path = value_get_string(params, "path");

	if (!path)
		path = value_get_string(params, "dest");
	if (mode && *mode && !is_for_all(mode)) {
		if (path)
			value_set_bool(run->arena, run->private_paths, path, true);
		return has_content(module);
	}
	return path && has_content(module) && value_get(run->private_paths, path);
}

static void note_contents(struct run *run, const struct module *module, const struct value *params,
	enum level level, bool whole)
{
	for (const struct param *param = module->params; param && param->name; param++) {
		const struct value *value = value_get(params, param->name);

		if (value && whole)
			note_quiet(run->options.secrets, param, value, level);
		else if (value && is_content(param))
			secrets_note_as(run->options.secrets, value, level);
	}
}

/* --- A task --- */

/* The highest level of what is too short to be found again in a text of the node. */
static enum level level_of_short(const struct secrets *secrets, const struct value *value)
{
	enum level level = LEVEL_OPEN;

	if (value->kind == VALUE_STRING && value->level > LEVEL_OPEN)
		level = secrets_short(secrets, value->text);
	for (size_t i = 0; i < value->count; i++)
		level = level_higher(level, level_of_short(secrets, value->kind == VALUE_MAP
			? value_at(value, i) : value->items[i]));
	return level;
}

enum level fill_level_unsaid(const struct run *run, const struct value *given)
{
	return level_of_short(run->options.secrets, given);
}

/* All users of a machine see the arguments of its programs. */
static void warn_of_arguments(struct run *run, const struct module *module,
	const struct value *params)
{
	for (const struct param *param = module->params; param && param->name; param++) {
		const struct value *value = value_get(params, param->name);

		if (value && ((param->flags & PARAM_FREE_FORM) || param->kind == PARAM_LIST)
				&& value_level(value) == LEVEL_SECRET)
			run_warn(run, NULL, "a secret is an argument of a command: while it runs, all users "
				"of its machine can see it; 'stdin' or a file hides it");
	}
}

void fill_level(struct run *run, const struct module *module, const struct value *params,
	const struct filled *filled, struct filled_item *item)
{
	bool private_file = is_private_file(run, module, params);

	item->level = level_higher(item->level, value_level(params));
	if ((module->flags & MODULE_ACTION) && !(module->flags & MODULE_CONTROLLER))
		warn_of_arguments(run, module, params);
	if (secrets_full(run->options.secrets))
		run_warn(run, NULL, "there are more secrets than are looked for in what hosts say: give tasks "
			"with them no_log");
	secrets_note_made(run->options.secrets, params);
	item->unsaid = level_higher(item->unsaid, fill_level_unsaid(run, params));
	if (filled->no_log)
		note_contents(run, module, params, LEVEL_SECRET, true);
	else if (private_file || filled->no_diff)
		note_contents(run, module, params, LEVEL_PRIVATE, false);
	if (filled->no_log)
		item->level = LEVEL_SECRET;
	else if (filled->no_diff || private_file)
		item->level = level_higher(item->level, LEVEL_PRIVATE);
}

/* --- A text, before anything of it is filled in --- */

static bool may_be_true(const struct value *truth)
{
	return truth && !(truth->kind == VALUE_BOOL && !truth->truth);
}

/* An expression is noted as what comes out of it. */
static struct value *without_expressions(struct arena *arena, const struct value *value)
{
	struct value *list = value_list(arena);

	if (value->kind == VALUE_STRING && !expression_inside(value))
		value_append(arena, list, (struct value *)value);
	for (size_t i = 0; i < value->count; i++)
		value_append(arena, list, without_expressions(arena, value->kind == VALUE_MAP
			? value_at(value, i) : value->items[i]));
	return list;
}

static void note_written(struct secrets *secrets, struct arena *arena, const struct task *task,
	bool quiet)
{
	const char *mode = value_get_string(task->params, "mode");
	bool is_private = mode && *mode && !is_for_all(mode) && has_content(task->module);

	for (const struct param *param = task->module->params; param && param->name; param++) {
		const struct value *value = param_value(param, task->params);

		if (!value)
			continue;
		value = without_expressions(arena, value);
		for (size_t i = 0; i < value->count; i++) {
			if (param->flags & PARAM_SECRET)
				secrets_note_as(secrets, value->items[i], LEVEL_SECRET);
			else if (quiet)
				note_quiet(secrets, param, value->items[i], LEVEL_SECRET);
			else if (is_private && is_content(param))
				secrets_note_as(secrets, value->items[i], LEVEL_PRIVATE);
		}
	}
}

void run_note_tasks(struct secrets *secrets, struct arena *arena, const struct play *play,
	const struct items *items)
{
	size_t count;
	struct task **tasks = items_flat(arena, items, &count);

	for (size_t i = 0; secrets && i < count; i++) {
		if (tasks[i]->module && tasks[i]->params)
			note_written(secrets, arena, tasks[i], may_be_true(tasks[i]->no_log ? tasks[i]->no_log
				: play->no_log));
	}
}

void run_note_secrets(struct secrets *secrets, struct arena *arena, const struct playbook *playbook)
{
	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		run_note_tasks(secrets, arena, play, &play->items);
		run_note_tasks(secrets, arena, play, &play->handler_items);
	}
}
