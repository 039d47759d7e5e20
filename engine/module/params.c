/* params: what a user may write as parameters → complete, strict, canonical ones. */
#include "module/params.h"

#include "base/quote.h"
#include "base/suggest.h"

#include <inttypes.h>
#include <string.h>

struct normaliser {
	struct arena *arena;
	const char *module;      /* for messages */
	bool any_name;           /* other names than those of the table are taken, too */
	bool allow_internal;
	struct error *err;
};

static int normalise_map(struct normaliser *normaliser, const struct param *table,
	const struct value *raw, struct place place, struct value **ret_params);

/* The next of "a, b" from *at on, which is moved behind it; size 0: no more. */
static const char *next_alias(const char **at, size_t *ret_size)
{
	const char *name = *at + strspn(*at, ", ");

	*ret_size = strcspn(name, ",");
	*at = name + *ret_size;
	return name;
}

static bool has_alias(const struct param *param, const char *name)
{
	const char *at = param->alias, *alias;
	size_t size;

	while (at && (alias = next_alias(&at, &size)) && size > 0) {
		if (size == strlen(name) && memcmp(alias, name, size) == 0)
			return true;
	}
	return false;
}

const struct value *param_value(const struct param *param, const struct value *params)
{
	const struct value *value = value_get(params, param->name);

	for (size_t i = 0; !value && param->alias && i < value_pair_count(params); i++) {
		if (has_alias(param, value_key(params, i)))
			value = value_at(params, i);
	}
	return value;
}

const struct param *param_find(const struct param *table, const char *name)
{
	for (; table && table->name; table++) {
		if (strcmp(table->name, name) == 0 || has_alias(table, name))
			return table;
	}
	return NULL;
}

const char *param_kind_name(enum param_kind kind)
{
	switch (kind) {
	case PARAM_STRING:
		return "a string";
	case PARAM_BOOL:
		return "true or false";
	case PARAM_INTEGER:
		return "an integer";
	case PARAM_MODE:
		return "a file mode";
	case PARAM_DURATION:
		return "a duration";
	case PARAM_LIST:
		return "a list of strings";
	case PARAM_MAP:
		return "a map";
	case PARAM_PATTERN:
		return "an inventory pattern";
	case PARAM_PATH:
		return "an absolute path";
	case PARAM_SOURCE:
		return "a path in the playbook's directory";
	case PARAM_CHOICE:
		return "one of a few words";
	case PARAM_ANY:
		return "anything";
	case PARAM_CONDITION:
		return "a condition or a list of them";
	case PARAM_RECORDS:
		return "a list of maps";
	}
	return "a value";
}

/* --- One value -------------------------------------------------------------------------------- */

/* A canonical string that keeps where it came from. */
static struct value *canonical(struct normaliser *normaliser, const struct value *from,
	const char *text, size_t size)
{
	struct value *value = value_bytes(normaliser->arena, text, size);

	value->place = from->place;
	value->level = from->level;
	value->data = from->data;
	return value;
}

static bool is_scalar(const struct value *value)
{
	return value->kind == VALUE_STRING || value->kind == VALUE_INTEGER ||
		(value->kind == VALUE_FLOAT && value->text) || value->kind == VALUE_BOOL;
}

/* Text as it was written: 0644 stays 0644, yes stays yes. */
static int to_string(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	const char *text = value->text;
	size_t size = value->size;

	if (!is_scalar(value))
		return error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' of %s must be %s, "
			"not %s", param->name, normaliser->module, param_kind_name(param->kind),
			value_kind_name(value));
	if (!text) {
		text = value->kind == VALUE_BOOL ? value->truth ? "true" : "false"
			: arena_printf(normaliser->arena, "%" PRId64, value->integer);
		size = strlen(text);
	}
	if (memchr(text, '\0', size))
		return error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' holds a NUL byte",
			param->name);
	if (!utf8_valid(text, size)) {
		error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' is not valid UTF-8",
			param->name);
		return error_remedy(normaliser->err, "bring such bytes as a file, with src");
	}
	*ret_value = canonical(normaliser, value, text, size);
	return 0;
}

static int to_number(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	int64_t number;
	const char *text;

	if ((param->kind == PARAM_INTEGER ? param_integer(value, &number, normaliser->err) :
		param_duration(value, &number, normaliser->err)) < 0)
		return -1;
	text = arena_printf(normaliser->arena, "%" PRId64, number);
	*ret_value = canonical(normaliser, value, text, strlen(text));
	return 0;
}

static int to_bool(struct normaliser *normaliser, const struct value *value,
	struct value **ret_value)
{
	bool number = value->kind == VALUE_INTEGER || (value->kind == VALUE_STRING &&
		(strcmp(value->text, "0") == 0 || strcmp(value->text, "1") == 0));
	bool truth;

	if (number) {
		error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "a number is not true or "
			"false");
		return error_remedy(normaliser->err, "write true or false");
	}
	if (param_bool(value, &truth, normaliser->err) < 0)
		return -1;
	*ret_value = canonical(normaliser, value, truth ? "true" : "false", truth ? 4 : 5);
	return 0;
}

static int to_mode(struct normaliser *normaliser, const struct value *value,
	struct value **ret_value)
{
	const char *mode;

	if (param_mode(normaliser->arena, value, &mode, normaliser->err) < 0)
		return -1;
	*ret_value = canonical(normaliser, value, mode, strlen(mode));
	return 0;
}

/* One spelling for one path: no //, no /./, no slash at the end, except where that says that
 * something goes into a directory. What .. leads to depends on links, so nobody could tell what it
 * is. */
static int canonical_path(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	const char *text = (*ret_value)->text;
	char *path = arena_alloc(normaliser->arena, (*ret_value)->size + 2);
	size_t used = 0;

	for (const char *at = text; *at; at += strcspn(at, "/")) {
		size_t size;

		at += strspn(at, "/");
		size = strcspn(at, "/");
		if (size == 2 && strncmp(at, "..", 2) == 0) {
			error_at(normaliser->err, TASK_INVALID_PATH, value->place, "'%s' of %s holds '..': "
				"'%s'", param->name, normaliser->module, text);
			return error_remedy(normaliser->err, "write the path without it");
		}
		if (size == 0 || (size == 1 && *at == '.'))
			continue;
		path[used++] = '/';
		memcpy(path + used, at, size);
		used += size;
	}
	if (used == 0 || ((param->flags & PARAM_INTO) && text[(*ret_value)->size - 1] == '/'))
		path[used++] = '/';
	*ret_value = canonical(normaliser, value, path, used);
	return 0;
}

static int to_path(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	if (to_string(normaliser, param, value, ret_value) < 0)
		return -1;
	if (param->kind == PARAM_PATH && (*ret_value)->text[0] != '/') {
		error_at(normaliser->err, TASK_INVALID_PATH, value->place, "'%s' of %s must be an absolute "
			"path, this is '%s'", param->name, normaliser->module, (*ret_value)->text);
		return error_remedy(normaliser->err, "begin it with /");
	}
	if ((*ret_value)->size == 0)
		return error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' of %s is empty",
			param->name, normaliser->module);
	if (param->kind != PARAM_PATH || param->flags & PARAM_VERBATIM)
		return 0;
	return canonical_path(normaliser, param, value, ret_value);
}

static int to_choice(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	struct suggestion suggestion = { 0 };
	const char *words = "";

	if (to_string(normaliser, param, value, ret_value) < 0)
		return -1;
	suggestion.word = (*ret_value)->text;
	for (const char *const *choice = param->choices; *choice; choice++) {
		if (strcmp(*choice, (*ret_value)->text) == 0)
			return 0;
		suggest_offer(&suggestion, *choice);
		words = arena_printf(normaliser->arena, "%s%s%s", words, words[0] ? ", " : "", *choice);
	}
	error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' of %s can't be '%s'",
		param->name, normaliser->module, (*ret_value)->text);
	if (suggestion.nearest)
		return error_remedy(normaliser->err, "did you mean '%s'? Possible are: %s",
			suggestion.nearest, words);
	return error_remedy(normaliser->err, "possible are: %s", words);
}

static int to_list(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	struct value *list = canonical(normaliser, value, "", 0);

	list->kind = VALUE_LIST;
	*ret_value = list;
	if (value->kind != VALUE_LIST) {
		struct value *item;

		if (to_string(normaliser, param, value, &item) < 0)
			return -1;
		value_append(normaliser->arena, list, item);
		return 0;
	}
	for (size_t i = 0; i < value->count; i++) {
		struct value *item = value->items[i];

		if (item->kind != VALUE_UNKNOWN && to_string(normaliser, param, item, &item) < 0)
			return -1;
		value_append(normaliser->arena, list, item);
	}
	return 0;
}

static int to_pairs(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	struct value *list = canonical(normaliser, value, "", 0);

	list->kind = VALUE_LIST;
	*ret_value = list;
	if (value->kind != VALUE_MAP)
		return error_at(normaliser->err, TASK_INVALID_VALUE, value->place, "'%s' of %s must be a "
			"map, not %s", param->name, normaliser->module, value_kind_name(value));
	for (size_t i = 0; i < value->count; i++) {
		struct value *pair = value_map(normaliser->arena);
		struct value *item = value_at(value, i);

		if (item->kind != VALUE_UNKNOWN && to_string(normaliser, param, item, &item) < 0)
			return -1;
		value_set_string(normaliser->arena, pair, "key", value->pairs[i].key);
		value_set(normaliser->arena, pair, "value", item);
		value_append(normaliser->arena, list, pair);
	}
	return 0;
}

static int to_records(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	struct value *list = canonical(normaliser, value, "", 0);
	size_t count = value->kind == VALUE_LIST ? value->count : 1;

	list->kind = VALUE_LIST;
	*ret_value = list;
	for (size_t i = 0; i < count; i++) {
		const struct value *item = value->kind == VALUE_LIST ? value->items[i] : value;
		struct value *record;

		if (item->kind == VALUE_UNKNOWN) {
			record = value_copy(normaliser->arena, item);
		} else if (item->kind != VALUE_MAP) {
			return error_at(normaliser->err, TASK_INVALID_VALUE, item->place, "'%s' of %s must be "
				"a list of maps, not %s", param->name, normaliser->module, value_kind_name(item));
		} else if (normalise_map(normaliser, param->entries, item, item->place, &record) < 0) {
			return -1;
		}
		value_append(normaliser->arena, list, record);
	}
	return 0;
}

/* It stays as it is written: it is evaluated where it stands. */
static int to_conditions(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	struct value *list = canonical(normaliser, value, "", 0);

	list->kind = VALUE_LIST;
	*ret_value = list;
	for (size_t i = 0; i < (value->kind == VALUE_LIST ? value->count : 1); i++) {
		const struct value *one = value->kind == VALUE_LIST ? value->items[i] : value;

		if (one->kind != VALUE_STRING && one->kind != VALUE_BOOL)
			return error_at(normaliser->err, TASK_INVALID_VALUE, one->place, "'%s' of %s must be a "
				"condition or a list of them, not %s", param->name, normaliser->module,
				value_kind_name(one));
		value_append(normaliser->arena, list, (struct value *)one);
	}
	return 0;
}

static int normalise_value(struct normaliser *normaliser, const struct param *param,
	const struct value *value, struct value **ret_value)
{
	if (value->kind == VALUE_UNKNOWN) {
		*ret_value = value_copy(normaliser->arena, value);
		return 0;
	}
	switch (param->kind) {
	case PARAM_STRING:
	case PARAM_PATTERN:
		return to_string(normaliser, param, value, ret_value);
	case PARAM_BOOL:
		return to_bool(normaliser, value, ret_value);
	case PARAM_INTEGER:
	case PARAM_DURATION:
		return to_number(normaliser, param, value, ret_value);
	case PARAM_MODE:
		return to_mode(normaliser, value, ret_value);
	case PARAM_LIST:
		return to_list(normaliser, param, value, ret_value);
	case PARAM_MAP:
		return to_pairs(normaliser, param, value, ret_value);
	case PARAM_PATH:
	case PARAM_SOURCE:
		return to_path(normaliser, param, value, ret_value);
	case PARAM_CHOICE:
		return to_choice(normaliser, param, value, ret_value);
	case PARAM_RECORDS:
		return to_records(normaliser, param, value, ret_value);
	case PARAM_ANY:
		if (is_scalar(value))
			return to_string(normaliser, param, value, ret_value);
		*ret_value = value_copy(normaliser->arena, value);
		return 0;
	case PARAM_CONDITION:
		return to_conditions(normaliser, param, value, ret_value);
	}
	return error_set(normaliser->err, BEOPLAY_BUG, "'%s' has no kind", param->name);
}

/* --- Defaults --------------------------------------------------------------------------------- */

static struct value *words_of(struct arena *arena, const char *text)
{
	struct value *list = value_list(arena);

	while (*text) {
		size_t size = strcspn(text, ",");

		value_append(arena, list, value_bytes(arena, text, size));
		text += size + (text[size] == ',');
	}
	return list;
}

static int default_value(struct normaliser *normaliser, const struct param *param,
	struct value **ret_value)
{
	struct value *text = value_string(normaliser->arena, param->otherwise);

	switch (param->kind) {
	case PARAM_LIST:
	case PARAM_MAP:
	case PARAM_RECORDS:
		*ret_value = words_of(normaliser->arena, param->otherwise);
		return 0;
	default:
		if (param->otherwise[0] == '\0') {
			*ret_value = text;
			return 0;
		}
		return normalise_value(normaliser, param, text, ret_value);
	}
}

/* --- A map of them ---------------------------------------------------------------------------- */

static int refuse_name(struct normaliser *normaliser, const struct param *table,
	const struct value_pair *pair)
{
	struct suggestion suggestion = { .word = pair->key };

	for (const struct param *param = table; param && param->name; param++) {
		const char *at = param->alias, *alias;
		size_t size;

		if (param->flags & (PARAM_INTERNAL | PARAM_NOT_YET))
			continue;
		suggest_offer(&suggestion, param->name);
		while (at && (alias = next_alias(&at, &size)) && size > 0)
			suggest_offer(&suggestion, arena_bytes(normaliser->arena, alias, size));
	}
	error_at(normaliser->err, TASK_UNKNOWN_PARAMETER, pair->place, "%s has no parameter '%s'",
		normaliser->module, pair->key);
	if (suggestion.nearest)
		return error_remedy(normaliser->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(normaliser->err, "see what it has: beoplay doc %s", normaliser->module);
}

static int take_pair(struct normaliser *normaliser, const struct param *table,
	const struct value_pair *pair, struct value *params)
{
	const struct param *param = param_find(table, pair->key);
	struct value *value;

	if (!param && normaliser->any_name) {
		value_set_at(normaliser->arena, params, pair->key, pair->place, pair->value);
		return 0;
	}
	if (!param || ((param->flags & PARAM_INTERNAL) && !normaliser->allow_internal))
		return refuse_name(normaliser, table, pair);
	if (param->flags & PARAM_NOT_YET)
		return error_at(normaliser->err, TASK_UNSUPPORTED_PARAMETER, pair->place, "the parameter "
			"'%s' of %s is not supported yet", param->name, normaliser->module);
	if (value_get(params, param->name))
		return error_at(normaliser->err, TASK_CONFLICTING_PARAMETERS, pair->place, "'%s' and '%s' "
			"are the same parameter", param->name, pair->key);
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (normalise_value(normaliser, param, pair->value, &value) < 0)
		return error_place(normaliser->err, pair->place);
	if (param->flags & PARAM_SECRET)
		value->level = LEVEL_SECRET;
	value_set_at(normaliser->arena, params, param->name, pair->place, value);
	return 0;
}

static int fill_missing(struct normaliser *normaliser, const struct param *table,
	struct place place, struct value *params)
{
	for (const struct param *param = table; param && param->name; param++) {
		struct value *value;

		if (value_get(params, param->name))
			continue;
		if (param->flags & PARAM_REQUIRED)
			return error_at(normaliser->err, TASK_MISSING_PARAMETER, place, "%s needs the "
				"parameter '%s': %s", normaliser->module, param->name,
				param->doc ? param->doc : "");
		if (!param->otherwise)
			continue;
		if (default_value(normaliser, param, &value) < 0)
			return -1;
		value_set(normaliser->arena, params, param->name, value);
	}
	return 0;
}

static int normalise_map(struct normaliser *normaliser, const struct param *table,
	const struct value *raw, struct place place, struct value **ret_params)
{
	struct value *params = value_map(normaliser->arena);

	params->place = place;
	for (size_t i = 0; i < raw->count; i++) {
		if (take_pair(normaliser, table, value_pair_at(raw, i), params) < 0)
			return -1;
	}
	*ret_params = params;
	return fill_missing(normaliser, table, place, params);
}

int params_canonical(struct arena *arena, const struct module *module, const struct value *raw,
	struct place place, bool allow_internal, struct value **ret_params, struct error *err)
{
	struct normaliser normaliser = { .arena = arena, .module = module->name,
		.any_name = module->flags & MODULE_SETS, .allow_internal = allow_internal, .err = err };

	if (raw->kind == VALUE_NULL)
		raw = value_map(arena);
	if (raw->kind != VALUE_MAP)
		return error_at(err, TASK_INVALID_VALUE, place, "the parameters of %s must be a map, not "
			"%s", module->name, value_kind_name(raw));
	if (normalise_map(&normaliser, module->params, raw, place, ret_params) < 0)
		return error_place(err, place);
	return 0;
}
