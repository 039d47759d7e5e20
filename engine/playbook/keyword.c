/* keyword: the values of keywords, each of its kind, with its expressions well formed. */
#include "playbook/build.h"

#include "inventory/connection.h"
#include "expression/expression.h"
#include "module/params.h"

#include <ctype.h>
#include <string.h>

struct place keyword_place(const struct value_pair *pair)
{
	return pair->value->kind == VALUE_NULL || !pair->value->place.line ? pair->place :
		pair->value->place;
}

int keyword_refuse_kind(struct play_reader *reader, const struct value_pair *pair,
	const char *wanted)
{
	return error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(pair), "'%s' must be %s, "
		"not %s", pair->key, wanted, value_kind_name(pair->value));
}

struct value *keyword_string_of(struct play_reader *reader, struct value *value)
{
	struct value *string;

	if (value->kind == VALUE_STRING)
		return value;
	if (!value->text || (value->kind != VALUE_INTEGER && value->kind != VALUE_FLOAT &&
		value->kind != VALUE_BOOL))
		return NULL;
	string = arena_alloc(reader->arena, sizeof(*string));
	*string = *value;
	string->kind = VALUE_STRING;
	return string;
}

int keyword_text(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *text = keyword_string_of(reader, pair->value);

	if (!text)
		return keyword_refuse_kind(reader, pair, "a string");
	if (text->size == 0)
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(pair), "'%s' is empty",
			pair->key);
	if (expression_check(reader->arena, text, reader->err) < 0)
		return -1;
	*ret_value = text;
	return 0;
}

int keyword_word(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (keyword_text(reader, pair, ret_value) < 0)
		return -1;
	if (expression_inside(*ret_value))
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, keyword_place(pair), "an expression in "
			"'%s' is not supported yet", pair->key);
	return 0;
}

int keyword_truth(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	bool truth;

	if (expression_check(reader->arena, pair->value, reader->err) < 0)
		return -1;
	if ((pair->value->kind != VALUE_STRING || !expression_inside(pair->value)) &&
		param_bool(pair->value, &truth, reader->err) < 0)
		return error_place(reader->err, keyword_place(pair));
	*ret_value = pair->value;
	return 0;
}

int keyword_plain_truth(struct play_reader *reader, const struct value_pair *pair,
	bool *ret_truth)
{
	if (expression_inside(pair->value)) {
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, keyword_place(pair), "an expression in '%s' is "
			"not supported yet", pair->key);
		return error_remedy(reader->err, "write yes or no");
	}
	if (param_bool(pair->value, ret_truth, reader->err) < 0)
		return error_place(reader->err, keyword_place(pair));
	return 0;
}

/* One value, or a list of them, as a list. */
static struct value *list_of(struct play_reader *reader, struct value *value)
{
	struct value *list;

	if (value->kind == VALUE_LIST)
		return value;
	list = value_list(reader->arena);
	list->place = value->place;
	value_append(reader->arena, list, value);
	return list;
}

int keyword_condition(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *list;

	if (pair->value->kind == VALUE_NULL)
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, pair->place, "'%s' is empty",
			pair->key);
	list = list_of(reader, pair->value);
	for (size_t i = 0; i < list->count; i++) {
		const struct value *item = list->items[i];

		if (item->kind == VALUE_STRING || item->kind == VALUE_BOOL)
			continue;
		return error_at(reader->err, PLAYBOOK_INVALID_VALUE, item->place.line ? item->place
			: pair->place, "'%s' must be an expression, true or false, not %s", pair->key,
			value_kind_name(item));
	}
	if (expression_check_condition(reader->arena, list, reader->err) < 0)
		return error_place(reader->err, keyword_place(pair));
	*ret_value = list;
	return 0;
}

int keyword_strings(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *strings;
	const struct value *list;

	if (pair->value->kind == VALUE_NULL)
		return 0;
	list = list_of(reader, pair->value);
	strings = value_list(reader->arena);
	strings->place = list->place;
	for (size_t i = 0; i < list->count; i++) {
		struct value *string = keyword_string_of(reader, list->items[i]);

		if (!string)
			return error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(&(struct value_pair){
				.place = pair->place, .value = list->items[i] }),
				"'%s' must be a string or a list of strings, not %s", pair->key,
				value_kind_name(list->items[i]));
		value_append(reader->arena, strings, string);
	}
	if (expression_check(reader->arena, strings, reader->err) < 0)
		return -1;
	*ret_value = strings;
	return 0;
}

int keyword_number(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	int64_t number;

	if (expression_check(reader->arena, pair->value, reader->err) < 0)
		return -1;
	if ((pair->value->kind != VALUE_STRING || !expression_inside(pair->value))
			&& param_integer(pair->value, &number, reader->err) < 0)
		return error_place(reader->err, keyword_place(pair));
	*ret_value = pair->value;
	return 0;
}

int keyword_seconds(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (pair->value->kind != VALUE_FLOAT)
		return keyword_number(reader, pair, ret_value);
	*ret_value = pair->value;
	return 0;
}

/* How often Ansible looks whether an 'async' task has ended. 0 would be: never. */
int keyword_poll(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	int64_t number = 0;

	if (keyword_number(reader, pair, ret_value) < 0)
		return -1;
	if (!expression_inside(pair->value) && (param_integer(pair->value, &number, reader->err) < 0
			|| number > 0))
		return 0;
	error_at(reader->err, PLAYBOOK_UNSUPPORTED, keyword_place(pair), "a task that nobody waits for is not "
		"supported: 'poll' must be a number above 0");
	return error_remedy(reader->err, "leave out 'poll' to wait for it; or let what is to go on be a service, "
		"or start it with 'setsid'");
}

static bool among(const char *const *words, const char *word)
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

static int check_name(const char *name, struct place place, struct error *err)
{
	static const char *const set_by_us[] = { "ansible_check_mode", "ansible_diff_mode",
		"ansible_facts", "ansible_forks", "ansible_limit", "ansible_play_batch",
		"ansible_dependent_role_names", "ansible_parent_role_names", "ansible_parent_role_paths",
		"ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names",
		"ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_skip_tags",
		"ansible_verbosity",
		"group_names", "groups", "hostvars", "inventory_dir", "inventory_file",
		"inventory_hostname", "inventory_hostname_short", "omit", "play_hosts", "playbook_dir",
		"role_name", "role_names", "role_path", "vars", NULL };
	static const char *const of_expressions[] = { "and", "else", "false", "False", "if", "in", "is",
		"none", "None", "not", "or", "true", "True", NULL };
	size_t size = 0;

	while (isalnum((unsigned char)name[size]) || name[size] == '_')
		size++;
	if (size == 0 || name[size] || isdigit((unsigned char)name[0])) {
		error_at(err, VARIABLE_INVALID_NAME, place, "'%s' can't be the name of a variable", name);
		return error_remedy(err, "names are of letters, digits and '_'");
	}
	if (among(of_expressions, name))
		return error_at(err, VARIABLE_INVALID_NAME, place, "'%s' can't be the name of a variable: "
			"it is a word of expressions", name);
	if (among(set_by_us, name))
		return error_at(err, VARIABLE_RESERVED, place, "'%s' can't be set: beoplay gives it its "
			"value", name);
	return 0;
}

int play_check_variable(const char *name, struct place place, struct error *err)
{
	if (check_name(name, place, err) < 0)
		return -1;
	if (connection_find(name))
		return error_at(err, VARIABLE_RESERVED, place, "'%s' can't be set here: it says how a host "
			"is reached", name);
	return 0;
}

static int read_vars(struct play_reader *reader, const struct value_pair *pair, bool of_task,
	struct value **ret_value)
{
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind != VALUE_MAP) {
		keyword_refuse_kind(reader, pair, "a map");
		return error_remedy(reader->err, "write 'name: value' lines");
	}
	for (size_t i = 0; i < pair->value->count; i++) {
		const struct value_pair *one = &pair->value->pairs[i];

		if (check_name(one->key, one->place, reader->err) < 0 ||
			connection_check(one, of_task, reader->err) < 0)
			return -1;
	}
	if (expression_check(reader->arena, pair->value, reader->err) < 0)
		return -1;
	*ret_value = pair->value;
	return 0;
}

int keyword_vars(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	return read_vars(reader, pair, false, ret_value);
}

int keyword_task_vars(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	return read_vars(reader, pair, true, ret_value);
}

int keyword_environment(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	const struct value *list;

	if (pair->value->kind == VALUE_NULL)
		return 0;
	list = list_of(reader, pair->value);
	for (size_t i = 0; i < list->count; i++) {
		const struct value *item = list->items[i];

		if (item->kind == VALUE_MAP || (item->kind == VALUE_STRING && expression_inside(item)))
			continue;
		error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(&(struct value_pair){
			.place = pair->place, .value = (struct value *)(uintptr_t)item }),
			"'environment' must be a map or a list of maps, not %s", value_kind_name(item));
		return error_remedy(reader->err, "write 'NAME: value' lines");
	}
	if (expression_check(reader->arena, list, reader->err) < 0)
		return -1;
	*ret_value = (struct value *)(uintptr_t)list;
	return 0;
}

int keyword_become_method(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value **method = &reader->play->become_method;

	if (keyword_word(reader, pair, ret_value) < 0
			|| connection_check_method(pair, reader->err) < 0)
		return -1;
	if (!*method)
		*method = *ret_value;
	if (strcmp(play_without_prefix(value_text(*method)),
			play_without_prefix(value_text(*ret_value))) == 0)
		return 0;
	error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(pair), "'%s' is the become_method "
		"here, and '%s' in line %u of this play", value_text(*ret_value), value_text(*method), (*method)->place.line);
	return error_remedy(reader->err, "a host has one way to root: set it for the play, or "
		"ansible_become_method for the host");
}

int keyword_connection(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (keyword_text(reader, pair, ret_value) < 0)
		return -1;
	return expression_inside(*ret_value) ? 0 : connection_check_kind(pair, reader->err);
}

int keyword_port(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	if (keyword_text(reader, pair, ret_value) < 0)
		return -1;
	return expression_inside(*ret_value) ? 0 : connection_check_port(pair, reader->err);
}
