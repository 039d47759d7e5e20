/* prepare_part: what tells a task from the playbook's others, for what it keeps on a node of its own. */
#include "plan/preparing.h"

#include "base/digest.h"

#include <string.h>

/* How many tasks with the same title stand before it in the text. Of one that an include brings in only in the
 * run none is known. */
static size_t same_before(const struct playbook *playbook, const struct task *task)
{
	size_t before = 0;

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; k < play->task_count; k++) {
			if (play->tasks[k] == task)
				return before;
			before += play->tasks[k]->module == task->module
				&& strcmp(task_title(play->tasks[k]), task_title(task)) == 0;
		}
	}
	return 0;
}

static const char *short_digest(struct arena *arena, const char *text)
{
	char digest[DIGEST_HEX_SIZE];

	digest_bytes(text, strlen(text), digest);
	return arena_bytes(arena, digest, 16);
}

const char *prepare_part(struct prepare *prepare, const char *item)
{
	const struct task *task = prepare->unit->task->task;
	const struct run_options *options = &prepare->run->options;
	struct arena *arena = prepare->arena;
	const char *playbook = arena_printf(arena, "%s\n%s", options->project ? options->project : "",
		options->owner ? options->owner : "");
	const char *name = arena_printf(arena, "%s\n%s\n%zu\n%s", task->place.file ? task->place.file : "",
		task_title(task), same_before(options->playbook, task), task->loop ? item : "");

	return arena_printf(arena, "%s:%s", short_digest(arena, playbook), short_digest(arena, name));
}
