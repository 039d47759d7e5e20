/* playing_moved: where machines answer that were moved, kept for later runs. */
#include "command/playing_state.h"

#include "history/addresses.h"

static void note(struct playing *playing, const struct error *err)
{
	value_append(playing->arena, playing->notes, value_string(playing->arena, arena_printf(
		playing->arena, "%s%s%s", err->message, err->remedy[0] ? ": " : "", err->remedy)));
}

const struct value *playing_moved(void *context, const char *host)
{
	struct playing *playing = context;
	struct error err = {0};

	if (!playing->moved && addresses_load(playing->project.folder, playing->arena, &playing->moved,
			&err) < 0)
		note(playing, &err);
	return value_get(playing->moved, host);
}

/* Whoever writes the new address into the inventory finds it known. */
static int know(const struct playing *playing, const struct fleet_target *way, const char *key,
	struct error *err)
{
	struct fleet_target target = *way;

	target.address = way->dial;
	target.key = target.accept_key = NULL;
	return fleet_know(playing->arena, &playing->fleet, &target, key, err);
}

void playing_keep_moved(void *context, const struct fleet_target *way, const char *key,
	const struct value *entry, bool settled)
{
	struct playing *playing = context;
	struct error err = {0};

	if (addresses_keep(playing->project.folder, way->name, entry, &err) < 0)
		note(playing, &err);
	error_clear(&err);
	if (settled && way->dial && know(playing, way, key, &err) < 0)
		note(playing, &err);
}

int playing_forget_moved(struct arena *arena, struct value *inventories, const char *host,
	struct error *err)
{
	struct project project;

	return project_find(arena, source_directory(arena, NULL), "./playbook", inventories, &project,
		err) < 0 ? -1 : addresses_keep(project.folder, host, NULL, err);
}
