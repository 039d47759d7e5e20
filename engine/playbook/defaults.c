/* defaults: keywords that say how all tasks are, or how they are anyway: module_defaults, become_flags,
 * order, and what is asked for before a run. */
#include "playbook/build.h"

#include "module/params.h"
#include "playbook/task_params.h"

#include <string.h>

/* --- module_defaults --- */

static int check_defaults(struct play_reader *reader, const struct value_pair *pair)
{
	if (pair->value->kind != VALUE_MAP && pair->value->kind != VALUE_NULL) {
		keyword_refuse_kind(reader, pair, "a map of options");
		return -1;
	}
	if (strncmp(pair->key, "group/", strlen("group/")) == 0 || strstr(pair->key, "{{")) {
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "'%s' in module_defaults is not "
			"supported yet", pair->key);
		return error_remedy(reader->err, "write it once for each module");
	}
	return 0;
}

int keyword_defaults(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *list = value_list(reader->arena);

	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind == VALUE_LIST)
		list = pair->value;
	else
		value_append(reader->arena, list, pair->value);
	for (size_t i = 0; i < list->count; i++) {
		const struct value *map = list->items[i];

		if (map->kind != VALUE_MAP) {
			keyword_refuse_kind(reader, pair, "a map");
			return error_remedy(reader->err, "write 'MODULE:' and its options below it");
		}
		for (size_t k = 0; k < map->count; k++) {
			if (check_defaults(reader, &map->pairs[k]) < 0)
				return -1;
		}
	}
	*ret_value = list;
	return 0;
}

/* By any of its spellings. */
static bool is_given(const struct task *task, const char *option)
{
	const struct param *param = param_find(task->module->params, option);

	return param ? param_value(param, task->params) != NULL : value_get(task->params, option) != NULL;
}

/* own: what the task says itself. The later, the stronger. */
static void add_options(struct play_reader *reader, struct task *task, const struct task *own,
	const struct value *list)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const struct value *map = list->items[i];

		for (size_t k = 0; k < map->count; k++) {
			const struct value *options = map->pairs[k].value;

			if (play_module(reader, map->pairs[k].key) != task->module)
				continue;
			for (size_t j = 0; j < options->count; j++) {
				if (!is_given(own, options->pairs[j].key))
					value_set_at(reader->arena, task->params, options->pairs[j].key,
						options->pairs[j].place, options->pairs[j].value);
			}
		}
	}
}

void task_add_defaults(struct play_reader *reader, struct task *task)
{
	struct task own = *task;

	if (!reader->play->module_defaults && !task->module_defaults)
		return;
	task->params = value_map(reader->arena);
	task->params->place = own.params->place;
	for (size_t i = 0; i < own.params->count; i++)
		value_set_at(reader->arena, task->params, own.params->pairs[i].key,
			own.params->pairs[i].place, own.params->pairs[i].value);
	add_options(reader, task, &own, reader->play->module_defaults);
	add_options(reader, task, &own, task->module_defaults);
}

/* --- What is done anyway --- */

static int refuse_other(struct play_reader *reader, const struct value_pair *pair,
	const char *remedy)
{
	error_at(reader->err, PLAYBOOK_UNSUPPORTED, keyword_place(pair), "'%s: %s' is not supported yet",
		pair->key, value_text(pair->value) ? value_text(pair->value) : "…");
	return error_remedy(reader->err, "%s", remedy);
}

int keyword_become_exe(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	static const char *const same[] = { "sudo", "su", "/usr/bin/sudo", "/bin/su", "/usr/bin/su" };

	if (keyword_word(reader, pair, ret_value) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (strcmp(same[i], value_text(*ret_value)) == 0)
			return 0;
	}
	return refuse_other(reader, pair, "leave it out: it is the one in the PATH");
}

/* sudo's -H, -S and -n are what it is called with. */
int keyword_become_flags(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	const char *text;

	if (pair->value->kind == VALUE_NULL || (value_text(pair->value) && !pair->value->size))
		return 0;
	if (keyword_word(reader, pair, ret_value) < 0)
		return -1;
	for (text = value_text(*ret_value); *(text += strspn(text, " "));) {
		size_t size = strcspn(text, " ");

		if (*text != '-' || size < 2 || strspn(text + 1, "HSn") != size - 1)
			return refuse_other(reader, pair, "leave it out: sudo has the flags that it needs");
		text += size;
	}
	return 0;
}

int keyword_order(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (keyword_word(reader, pair, ret_value) < 0)
		return -1;
	if (strcmp(value_text(*ret_value), "inventory") == 0)
		return 0;
	return refuse_other(reader, pair, "leave it out: hosts come in the order of the inventory");
}

/* --- vars_prompt --- */

static int check_prompt(struct play_reader *reader, const struct value *prompt)
{
	static const char *const known[] = { "name", "prompt", "default", "private", "confirm", "unsafe" };
	const struct value_pair *name = value_pair(prompt, "name");

	if (!name || !value_text(name->value))
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, prompt->place, "this prompt names no "
			"variable");
	for (size_t i = 0; i < prompt->count; i++) {
		const struct value_pair *pair = &prompt->pairs[i];
		bool found = false, truth;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found = found || strcmp(known[k], pair->key) == 0;
		if (!found) {
			error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "'%s' of vars_prompt is not "
				"supported yet", pair->key);
			return error_remedy(reader->err, "there are name, prompt, default, private and confirm");
		}
		if ((strcmp(pair->key, "private") == 0 || strcmp(pair->key, "confirm") == 0)
				&& keyword_plain_truth(reader, pair, &truth) < 0)
			return -1;
	}
	return play_check_variable(value_text(name->value), name->place, reader->err);
}

int keyword_prompts(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind != VALUE_LIST) {
		keyword_refuse_kind(reader, pair, "a list");
		return error_remedy(reader->err, "write '- name: VARIABLE' for each");
	}
	for (size_t i = 0; i < pair->value->count; i++) {
		if (pair->value->items[i]->kind != VALUE_MAP)
			return keyword_refuse_kind(reader, pair, "a list of maps");
		if (check_prompt(reader, pair->value->items[i]) < 0)
			return -1;
	}
	*ret_value = pair->value;
	return 0;
}
