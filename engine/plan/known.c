/* known: what hosts told for others, in this run and in earlier ones. */
#include "plan/state.h"

struct value *run_facts(const struct run *run)
{
	struct run *own = (struct run *)(uintptr_t)run;
	struct value *all = value_map(run->arena);

	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *host = &run->hosts[i];
		const struct value *targets = targets_of(own, host);
		struct value *told = value_map(run->arena);

		value_set_string(run->arena, told, "host_key", host->key);
		if (host->published)
			value_set(run->arena, told, "published", host->published);
		if (host->facts)
			value_set(run->arena, told, "facts", host->facts);
		if (targets)
			value_set(run->arena, told, "targets", value_copy(run->arena, targets));
		if (host->key || host->published || host->facts || targets)
			value_set(run->arena, all, host->name, told);
	}
	return all;
}

const struct value *known_of(struct run *run, const char *host, const char *what)
{
	if (!run->known_asked && run->options.known)
		run->known = run->options.known(run->options.known_context);
	run->known_asked = true;
	return value_get(value_get(run->known, host), what);
}

void known_note(struct run *run, const char *host)
{
	value_set_bool(run->arena, run->old, host, true);
}

void known_say(struct run *run)
{
	struct value *names = value_list(run->arena);

	for (size_t i = 0; i < run->old->count; i++)
		value_append(run->arena, names, value_string(run->arena, value_key(run->old, i)));
	if (names->count > 0)
		effect_warn(run, report_fold(run->arena, names),
			"it can't be asked now, so what it last told is used");
}
