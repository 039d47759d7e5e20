/* facts_recorded: what of hosts is kept for later runs. */
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
