/* outputs: what tasks give goes to files of the project, where they say so: a job's output while it comes, and
 * whatever else with the result. */
#include "plan/state.h"

#include "source/output.h"

#include <string.h>

/* What another task has written in this run is gone then, which can't be what was meant. */
static void claim(struct run_host *host, struct keep *keep)
{
	struct run *run = host->run;
	const struct keep *other = lookup_get(&run->outputs, keep->path);

	if (other && other != keep)
		run_warn(run, NULL, arena_printf(run->arena, "'%s' is written by several tasks, items or hosts: it "
			"has what the last one gave", keep->path));
	if (!other)
		lookup_put(run->arena, &run->outputs, arena_string(run->arena, keep->path), keep);
}

void outputs_add(struct run_host *host, const struct step *step, const struct bytes *text)
{
	struct keep *keep = step->item->keep;
	struct error err = {0};

	if (strcmp(keep->result, "stdout") != 0)
		return;
	if (!keep->begun)
		claim(host, keep);
	if (output_add(host->run->options.source, keep->path, keep->private, !keep->begun, text->bytes,
			text->size, &err) < 0)
		run_warn(host->run, host->name, err.message);
	keep->begun = true;
}

static const struct result *with_note(struct arena *arena, const struct result *body, struct value *note)
{
	struct result *made = arena_alloc(arena, sizeof(*made));

	*made = *body;
	made->notes = body->notes ? value_copy(arena, body->notes) : value_list(arena);
	value_append(arena, made->notes, note);
	return made;
}

/* Only its name is known where nothing is done. */
static const struct result *foretell(struct arena *arena, const struct keep *keep,
	const struct result *body)
{
	if (strcmp(keep->result, "stdout") != 0 || (body->status != STATUS_CHANGED && body->status != STATUS_MAY_CHANGE))
		return body;
	return with_note(arena, body, value_printf(arena, "what it gives would be written to '%s' on the "
		"controller", keep->path));
}

/* What the file is to hold: a result has no newline at its end. */
static struct bytes content_of(struct arena *arena, const struct keep *keep, const struct value *text)
{
	bool line = strcmp(keep->result, "stdout") == 0 && text->size > 0;
	char *bytes = arena_alloc(arena, text->size + 1);

	memcpy(bytes, text->text, text->size);
	bytes[text->size] = '\n';
	return (struct bytes){ bytes, text->size + line };
}

int outputs_take(struct run_host *host, const struct step *step, struct arena *arena,
	const struct result **body, struct error *err)
{
	struct keep *keep = step->item ? step->item->keep : NULL;
	const struct value *text = keep ? value_get((*body)->results, keep->result) : NULL;
	bool begun = keep && keep->begun, changed;
	struct bytes content;

	if (!keep || host->bystander)
		return 0;
	keep->begun = false;
	if (step->filled->check) {
		*body = foretell(arena, keep, *body);
		return 0;
	}
	keep->private = keep->private || value_get_bool((*body)->results, "kept_private");
	/* Half of it isn't better than what came while it ran. */
	if (!value_text(text) || value_get_bool((*body)->results, "truncated"))
		return 0;
	if (!begun)
		claim(host, keep);
	content = content_of(arena, keep, text);
	/* A whole file is registered by nobody. */
	if (strcmp(keep->result, "stdout") != 0)
		value_remove((*body)->results, keep->result);
	if (output_write(host->run->options.source, keep->path, keep->private, content.bytes, content.size,
			&changed, err) < 0)
		return -1;
	if (changed && !begun && strcmp(keep->result, "stdout") == 0)
		*body = with_note(arena, *body, value_printf(arena, "written to '%s' on the controller",
			keep->path));
	return 0;
}
