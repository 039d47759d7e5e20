/* parts: whose the entries of the block are, where several tasks and playbooks look after parts of it. An entry
 * that nobody else has goes with this task's wish for it. */
#include "modules/hosts/hosts.h"

#include <string.h>

/* Whether there are others than this task's own in its order; as a rule there are none. */
static bool has_others(struct arena *arena, const struct hosts_params *want, const char *text)
{
	const char *inside = managed_block_find(arena, text, BLOCK_BEGIN, BLOCK_END).inside;
	unsigned count = want->entries_count + want->extra_count;

	for (unsigned at = 0; *inside; inside += strcspn(inside, "\n") + 1, at++) {
		const struct hosts_extra *entry = at < want->entries_count ? &want->entries[at]
			: at < count ? &want->extra[at - want->entries_count] : NULL;

		if (!entry || !want->present || strcmp(hosts_first_name(arena, inside), entry->names[0]) != 0)
			return true;
	}
	return false;
}

int hosts_look_at_others(struct host *host, const struct hosts_params *want,
	struct hosts_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *beginning = arena_printf(arena, "hosts-entry:%s:", want->path);
	struct value *wished;

	if (want->undo || !has_others(arena, want, have->before))
		return 0;
	if (host_wished(host, beginning, want->part, &wished, err) < 0)
		return -1;
	for (size_t i = 0; i < wished->count; i++)
		lookup_put(arena, &have->others, wished->pairs[i].key + strlen(beginning), have);
	return 0;
}
