/* runner_result: what is told of a task, and what is noted of what it wrote. */
#include "agent/runner.h"

#include "agent/image.h"
#include "agent/pending.h"

#include <string.h>

enum { OUTPUT_SHOWN_MOST = 8 << 10 };

/* The end of a long output: causes stand there. */
static struct value *last_of(struct arena *arena, const struct value *text)
{
	size_t size = text->size > OUTPUT_SHOWN_MOST ? OUTPUT_SHOWN_MOST : text->size;

	return value_bytes(arena, text->text + text->size - size, size);
}

/* Where nobody looks at the results, only what is to be shown is told. */
static void only_shown(struct arena *arena, const struct wire_task *task, struct result *result)
{
	static const char *const outputs[] = { "stdout", "stderr", NULL };
	const struct value *results = result->results;
	struct value *kept = value_map(arena), *show = value_get(results, "show");

	if (task->results)
		return;
	if (show)
		value_set(arena, kept, "show", show);
	for (size_t i = 0; result->status == STATUS_FAILED && outputs[i]; i++) {
		const struct value *output = value_get(results, outputs[i]);

		if (value_text(output) && output->size > 0)
			value_set(arena, kept, outputs[i], last_of(arena, output));
	}
	result->results = kept->count > 0 ? kept : NULL;
}

/* What is too long isn't sent. */
void runner_send(struct runner *runner, struct arena *arena, const struct wire_task *task,
	struct result *result)
{
	struct error err = {0};

	/* The agent that comes over another connection tells it. */
	if (result->code && strcmp(result->code, RUN_MOVED->name) == 0)
		runner->link.lost = true;
	only_shown(arena, task, result);
	link_send(&runner->link, FRAME_RESULT, result, &err);
	if (err.kind == ERROR_NONE)
		return;
	result->changes = NULL;
	result->change_count = 0;
	result->results = NULL;
	result->status = STATUS_FAILED;
	result->message = "the results are too long to be told";
	result->code = HOST_FILE_TOO_LARGE->name;
	link_send(&runner->link, FRAME_RESULT, result, NULL);
}

void runner_note_writes(struct runner *runner, struct value *pending, const struct wire_task *task,
	const struct result *result)
{
	for (size_t i = 0; runner->check && i < value_item_count(result->writes); i++)
		pending_add(runner->arena, pending, value_text(result->writes->items[i]),
			task->name ? task->name : "an earlier task");
}

void runner_note_left(struct runner *runner, const char *path)
{
	struct arena *arena = arena_new();

	ledger_file_left(&runner->ledger, &runner->owner, path, image_of(arena, path));
	arena_free(arena);
}

void runner_note_written(struct runner *runner, const struct value *resources)
{
	struct arena *arena = arena_new();
	const struct value *paths = ledger_paths_of(arena, resources);

	/* Without the lock nothing was changed, whatever changed_when says. */
	for (size_t i = 0; runner->lock >= 0 && i < paths->count; i++)
		runner_note_left(runner, value_key(paths, i));
	arena_free(arena);
}
