/* former: what a playbook was called before it was renamed. */
#include "command/former.h"

#include "history/history.h"

#include <string.h>
#include <unistd.h>

enum { RUNS_MOST = 100 };

static bool has_line(const char *text, const char *line, size_t size)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strcspn(text, "\n") == size && strncmp(text, line, size) == 0)
			return true;
	}
	return false;
}

/* Whether at least half of the lines of the longer one are in the other. */
static bool is_similar(const char *one, const char *other)
{
	size_t lines = 0, others = 0, shared = 0;

	for (const char *at = other; *at; at++)
		others += *at == '\n';
	for (; *one; one += strcspn(one, "\n"), one += *one == '\n') {
		lines++;
		shared += has_line(other, one, strcspn(one, "\n"));
	}
	return shared * 2 >= (lines > others ? lines : others);
}

/* Whether a run was of the text that is now called otherwise: its file is gone, and what is here is much
 * like it. */
static bool is_renamed(struct arena *arena, struct history *history, const char *folder,
	const struct history_run *run, const char *text)
{
	struct history_run loaded;
	struct record *record;
	struct error ignored = {0};

	if (access(path_join(arena, folder, run->playbook), F_OK) == 0
			|| history_load(history, arena, run->id, &loaded, &record, &ignored) < 0)
		return false;
	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->files[i].path, run->playbook) == 0 && record->files[i].bytes)
			return is_similar(text, record->files[i].bytes);
	}
	return false;
}

const char *former_name(struct arena *arena, const char *folder, const struct project *project,
	const char *text)
{
	const char *former = NULL;
	struct history *history = NULL;
	struct history_run *runs;
	struct error ignored = {0};
	size_t count = 0;

	if (!text || history_open(folder, false, &history, &ignored) < 0 || !history)
		return NULL;
	/* As a rule the last run was of this one, and no more needs to be read. */
	if (history_runs(history, arena, 1, &runs, &count, &ignored) == 0 && count == 1
			&& strcmp(runs[0].playbook, project->playbook) != 0
			&& history_runs(history, arena, RUNS_MOST, &runs, &count, &ignored) < 0)
		count = 0;
	for (size_t i = 0; !former && i < count; i++) {
		if (strcmp(runs[i].playbook, project->playbook) == 0)
			break;
		if (is_renamed(arena, history, project->folder, &runs[i], text))
			former = runs[i].playbook;
	}
	history_close(history);
	return former;
}
