/* former: what a playbook was called before it was renamed. */
#include "command/former.h"

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
static bool is_renamed(const struct earlier *earlier, const char *folder,
	const struct history_run *run, const char *text)
{
	struct history_run loaded;
	struct record *record;
	struct error ignored = {0};

	if (access(path_join(earlier->arena, folder, run->playbook), F_OK) == 0
			|| history_load(earlier->history, earlier->arena, run->id, &loaded, &record,
			&ignored) < 0)
		return false;
	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->files[i].path, run->playbook) == 0 && record->files[i].bytes)
			return is_similar(text, record->files[i].bytes);
	}
	return false;
}

const char *former_name(struct earlier *earlier, const char *folder, const char *text)
{
	size_t count;
	/* As a rule the last run was of this one, and no more needs to be read. */
	const struct history_run *runs = earlier_runs(earlier, 1, &count);

	if (!text || count == 0 || strcmp(runs[0].playbook, earlier->playbook) == 0)
		return NULL;
	runs = earlier_runs(earlier, RUNS_MOST, &count);
	for (size_t i = 0; i < count && strcmp(runs[i].playbook, earlier->playbook) != 0; i++) {
		if (is_renamed(earlier, folder, &runs[i], text))
			return runs[i].playbook;
	}
	return NULL;
}
