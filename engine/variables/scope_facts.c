/* scope_facts: what a host and its tasks have told: registered values, and facts. */
#include "variables/scope.h"

#include "variables/state.h"

struct value *scope_task_value(const struct scope *scope, const char *name)
{
	const struct host_values *values = variables_of(scope->variables, scope->host);
	struct variables *variables = scope->variables;
	struct expected *expected;

	if (!variables || !scope->host)
		return NULL;
	if (scope->host != scope->root->host) {
		if (!variables_promised(variables, name))
			return value_get(values->registered, name);
		return variables->turn != TURN_NONE ? variables_told(variables, values, name)
			: value_unknown(scope->arena, &(struct cause){ .kind = CAUSE_VARIABLE_OF, .name = name,
				.host = scope->host->name });
	}
	if (value_get(scope->root->expected, name))
		return value_get(scope->root->expected, name);
	expected = variables_expected(values, name);
	return expected ? expected->value : value_get(values->registered, name);
}

struct value *scope_early_value(const struct scope *scope, const char *name)
{
	const struct variables *variables = scope->variables;

	return variables && variables->early && (variables_promised(variables, name)
			|| variables_given(variables, name))
		? value_unknown(scope->arena, &(struct cause){ .kind = CAUSE_VARIABLE, .name = name }) : NULL;
}

/* What the host itself has told, and what tasks have found there. */
static struct value *with_given(const struct scope *scope, const struct value *facts)
{
	const struct value *given = scope->variables ? scope->variables->given : NULL;
	struct value *all = value_map(scope->arena);

	if (!given)
		return facts ? (struct value *)facts : all;
	for (size_t i = 0; facts && i < facts->count; i++)
		value_set(scope->arena, all, facts->pairs[i].key, value_at(facts, i));
	for (size_t i = 0; i < given->count; i++) {
		const char *name = given->pairs[i].key;
		struct value *value = scope_task_value(scope, variables_fact_key(scope->arena, name));

		if (!value)
			value = scope_early_value(scope, name);
		if (value)
			value_set(scope->arena, all, name, value);
	}
	return all;
}

struct value *scope_fact(struct scope *scope, const char *name)
{
	const struct value *facts = variables_of(scope->variables, scope->host)->facts;
	const char *fact = fact_name(name);

	if (!scope->host)
		return NULL;
	if (!fact && scope->variables && variables_given(scope->variables, name))
		return scope_task_value(scope, variables_fact_key(scope->arena, name));
	if (scope->root->play && scope->root->play->without_facts)
		return fact && *fact == '\0' ? with_given(scope, NULL) : NULL;
	if (!facts)
		return fact ? value_unknown(scope->arena, &(struct cause){ .kind = CAUSE_FACTS,
			.host = scope->host->name }) : NULL;
	if (fact && *fact == '\0')
		return with_given(scope, facts);
	return fact ? value_get(facts, fact) : NULL;
}
