/* diff: two texts as a unified diff, through libgit2. */
#include "base/buffer.h"
#include "report/report.h"

#include <git2.h>
#include <string.h>

static int add_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
	const git_diff_line *line, void *context)
{
	struct buffer *out = context;

	(void)delta;
	(void)hunk;
	switch (line->origin) {
	case GIT_DIFF_LINE_CONTEXT:
	case GIT_DIFF_LINE_ADDITION:
	case GIT_DIFF_LINE_DELETION:
		buffer_add_char(out, line->origin);
		break;
	case GIT_DIFF_LINE_HUNK_HDR:
	case GIT_DIFF_LINE_CONTEXT_EOFNL:
	case GIT_DIFF_LINE_ADD_EOFNL:
	case GIT_DIFF_LINE_DEL_EOFNL:
		break;
	default:
		return 0;
	}
	buffer_add(out, line->content, line->content_len);
	return 0;
}

char *report_diff(struct arena *arena, const char *before, const char *after)
{
	static bool started;
	git_diff_options options;
	struct buffer out = {0};
	git_patch *patch = NULL;
	char *text;

	if (!before)
		before = "";
	if (!after)
		after = "";
	/* Once: it reads all certificates of the machine each time. */
	if (!started)
		git_libgit2_init();
	started = true;
	git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	options.flags = GIT_DIFF_FORCE_TEXT;
	if (git_patch_from_buffers(&patch, before, strlen(before), "before", after, strlen(after),
			"after", &options) == 0 && patch)
		git_patch_print(patch, add_line, &out);
	git_patch_free(patch);
	text = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return text;
}
