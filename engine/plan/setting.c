/* setting: what says how a host is reached, as text that is checked. */
#include "plan/state.h"

#include "expression/expression.h"
#include "inventory/connection.h"

const char *setting_text(struct run *run, const char *name, struct value *value,
	struct place place, struct error *err)
{
	const struct connection_variable *variable = connection_find(name);
	const struct value_pair pair = { .key = name, .place = place, .value = value };

	if (variable->check && variable->check(&pair, err) < 0) {
		error_place(err, place);
		return NULL;
	}
	return value->kind == VALUE_STRING ? value->text : expression_show(run->arena, value);
}

const char *host_variable(struct run *run, struct scope *scope, const char *name,
	struct error *err)
{
	const struct value *raw = scope_raw(scope, name);
	struct value *value;

	if (scope_get(run->arena, scope, name, &value, err) < 0 || !value)
		return NULL;
	return setting_text(run, name, value, raw ? raw->place : (struct place){ 0 }, err);
}
