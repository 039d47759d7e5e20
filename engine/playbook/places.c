/* places: where a file that a task names may be. */
#include "playbook/play.h"

#include <string.h>

struct places {
	struct arena *arena;
	const char *source, *kind;
	const char **paths;
	size_t count;
};

static void add_directory(struct places *places, const char *directory)
{
	struct arena *arena = places->arena;

	if (places->kind)
		places->paths[places->count++] = path_join(arena, path_join(arena, directory,
			places->kind), places->source);
	places->paths[places->count++] = path_join(arena, directory, places->source);
}

const char **task_places(struct arena *arena, const struct play *play, const struct task *task,
	const char *source, const char *kind)
{
	const struct role_use *use = task ? task->role : NULL;
	const char *beside = task && task->place.file ? path_directory(arena, task->place.file) : NULL;
	struct places places = { .arena = arena, .source = source, .kind = kind };
	size_t depth = 2;

	for (const struct role_use *above = use; above; above = above->parent)
		depth++;
	places.paths = arena_array(arena, 2 * depth + 1, sizeof(*places.paths));
	for (; use; use = use->parent)
		add_directory(&places, use->path);
	if (beside && strcmp(beside, play->directory) != 0)
		add_directory(&places, beside);
	add_directory(&places, play->directory);
	return places.paths;
}
