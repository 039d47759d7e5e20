/* known: what hosts told for others in earlier runs. */
#include "plan/state.h"

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
