/* fill_names: what is managed has no secret in its name. */
#include "plan/state.h"

#include "module/params.h"
#include "module/plan.h"

#include <string.h>

static int refuse(const struct value *secret, const char *what, struct error *err)
{
	error_at(err, VARIABLE_SECRET_IN_NAME, secret->place, "a secret can't be part of %s", what);
	return error_remedy(err, "names stand in ledgers, messages and records, for all to read");
}

static const struct value *secret_path(const struct module *module, const struct value *params)
{
	for (const struct param *param = module->params; param && param->name; param++) {
		const struct value *value = param->kind == PARAM_PATH ? value_get(params, param->name) : NULL;

		if (value && value->level == LEVEL_SECRET)
			return value;
	}
	return NULL;
}

/* What stands for a secret, as no name has it by chance: for numbers a number. */
static const char stand_in[] = "qx7vsecretz4kw", number_stand_in[] = "9173550286";

static const char *stand_in_of(const struct value *secret)
{
	return secret->text[strspn(secret->text, "0123456789")] ? stand_in : number_stand_in;
}

static bool is_secret_text(const struct value *value)
{
	return value->kind == VALUE_STRING && value->level == LEVEL_SECRET && value->size > 0;
}

/* The same with what stands for them instead of the secrets; of which the first is ret_secret. */
static struct value *without_secrets(struct arena *arena, const struct value *value,
	const struct value **ret_secret)
{
	struct value *copy;

	if (value_level(value) < LEVEL_SECRET)
		return (struct value *)value;
	if (is_secret_text(value)) {
		*ret_secret = *ret_secret ? *ret_secret : value;
		copy = value_string(arena, stand_in_of(value));
		copy->level = value->level;
		return copy;
	}
	copy = value->kind == VALUE_MAP ? value_map(arena) : value_list(arena);
	if (value->kind != VALUE_MAP && value->kind != VALUE_LIST)
		return (struct value *)value;
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP)
			value_set(arena, copy, value->pairs[i].key, without_secrets(arena, value->pairs[i].value,
				ret_secret));
		else
			value_append(arena, copy, without_secrets(arena, value->items[i], ret_secret));
	}
	return copy;
}

/* The identities that the node would compute: it has the same modules. NULL: it can't load them. */
static struct names *names_of(struct arena *arena, const struct module *module,
	const struct value *params)
{
	struct names *names = NULL;
	struct error ignored = {0};
	struct buffer yaml = {0};
	void *loaded;

	if (params_write(&yaml, module, params, &ignored) == 0
			&& module_load(arena, module, yaml.data ? yaml.data : "", yaml.size, &loaded, &ignored) == 0) {
		names = names_new(arena);
		module->resources(names, loaded);
	}
	buffer_free(&yaml);
	return names;
}

static const struct value *secret_in(const struct value *value, const char *name)
{
	const struct value *found = NULL;

	if (is_secret_text(value) && strstr(name, value->text))
		return value;
	for (size_t i = 0; i < value->count && !found; i++)
		found = secret_in(value->kind == VALUE_MAP ? value->pairs[i].value : value->items[i], name);
	return found;
}

static bool has_stand_in(const char *name)
{
	return strstr(name, stand_in) || strstr(name, number_stand_in);
}

/* A name may have the letters of a secret by chance, above all of a short one. So it is seen what comes of the
 * secret: whether the names have what stands for it, if that is given to the module instead. Only where the
 * module takes nothing of the kind the letters themselves count. */
int fill_names_allowed(struct arena *arena, const struct module *module, const struct value *params,
	struct error *err)
{
	const struct value *secret = secret_path(module, params), *found = NULL;
	struct names *instead, *names;

	if (secret)
		return refuse(secret, "a path", err);
	if (value_level(params) < LEVEL_SECRET || !module->resources)
		return 0;
	instead = names_of(arena, module, without_secrets(arena, params, &secret));
	names = instead ? instead : names_of(arena, module, params);
	for (size_t i = 0; names && i < names->count && !found; i++) {
		if (!instead)
			found = secret_in(params, names->items[i]);
		else if (has_stand_in(names->items[i]))
			found = secret;
	}
	return found ? refuse(found, "the name of what a task manages", err) : 0;
}

int fill_name_allowed(const struct value *name, const struct value *text, const char *what,
	struct error *err)
{
	struct value at = { .place = text->place };

	return value_level(name) == LEVEL_SECRET ? refuse(&at, what, err) : 0;
}
