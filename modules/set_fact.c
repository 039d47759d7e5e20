/* set_fact: gives the host variables for all later tasks of the run; no host is asked. */
#include "module/module.h"

#include <string.h>
#include <strings.h>

static const struct param set_fact_table[] = {
	{ .name = "cacheable", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "only no: a variable lasts until the run ends" },
	{ 0 },
};

static int set_fact_check(const struct value *params, struct error *err)
{
	const struct value *cacheable = value_get(params, "cacheable");

	if (value_text(cacheable) && strcmp(value_text(cacheable), "true") == 0) {
		error_at(err, TASK_UNSUPPORTED_PARAMETER, cacheable->place, "'cacheable: yes' of set_fact "
			"is not supported yet");
		return error_remedy(err, "leave it out: all later tasks and plays of the run see the "
			"variable; what is to last goes into host_vars/");
	}
	if (params->count > (cacheable ? 1 : 0))
		return 0;
	error_set(err, TASK_MISSING_PARAMETER, "set_fact sets nothing");
	return error_remedy(err, "write 'name: value' lines below it");
}

/* As Ansible does, whether it was written so or came out of an expression. */
static struct value *with_truth(struct arena *arena, struct value *value)
{
	static const struct {
		const char *word;
		bool truth;
	} words[] = { { "true", true }, { "yes", true }, { "false", false }, { "no", false } };
	struct value *truth;

	for (size_t i = 0; value_text(value) && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(words[i].word, value_text(value)) != 0)
			continue;
		truth = value_bool(arena, words[i].truth);
		truth->place = value->place;
		truth->level = value->level;
		truth->data = value->data;
		return truth;
	}
	return value;
}

static int set_fact_decide(struct prepare *prepare, const struct value *params,
	struct decision *decision, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);

	(void)err;
	decision->results = value_map(arena);
	decision->facts = value_map(arena);
	for (size_t i = 0; i < params->count; i++) {
		if (strcmp(params->pairs[i].key, "cacheable") != 0)
			value_set_at(arena, decision->facts, params->pairs[i].key, params->pairs[i].place,
				with_truth(arena, value_at(params, i)));
	}
	value_set(arena, decision->results, "ansible_facts", decision->facts);
	return 0;
}

const struct module module_set_fact = {
	.name = "set_fact",
	.summary = "set variables of the host for all later tasks of the run",
	.params = set_fact_table,
	.flags = MODULE_CONTROLLER | MODULE_SETS,
	.check = set_fact_check,
	.decide = set_fact_decide,
};
