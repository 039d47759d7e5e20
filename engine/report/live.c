/* live: the last lines of a terminal, drawn again and again while a run goes on. */
#include "report/state.h"

#include "base/quote.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PROGRESS_LINES_MOST = 6 };

unsigned live_width(const struct report *report)
{
	struct winsize size;

	if (report->options.width)
		return report->options.width;
	if (ioctl(fileno(report->options.out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

void live_clear(struct report *report)
{
	if (report->live_lines == 0)
		return;
	fprintf(report->options.out, "\r\033[%zuA\033[J", report->live_lines);
	/* What comes next may go to another stream of the same terminal. */
	fflush(report->options.out);
	report->live_lines = 0;
}

/* At most width columns; bytes of UTF-8 that continue a character take none. */
static void print_cut(const struct report *report, const char *text, unsigned width)
{
	unsigned columns = 0;

	for (; *text; text++) {
		if ((*text & 0xc0) != 0x80 && columns++ >= width)
			break;
		fputc(*text, report->options.out);
	}
}

static void draw_line(struct report *report, const char *text)
{
	unsigned width = live_width(report);

	fputs(color_on(report, COLOR_DIM), report->options.out);
	print_cut(report, text, width > 1 ? width - 1 : 1);
	fputs(color_off(report, COLOR_DIM), report->options.out);
	fputc('\n', report->options.out);
	report->live_lines++;
}

/* As in records: a terminal's last lines may be those of a log. */
static const char *without_secrets(const struct report *report, struct arena *arena,
	const struct value *text)
{
	const struct disclosure to = { .audience = FOR_JSON, .secrets = report->options.secrets };
	const struct value *shown = disclose(arena, &to, text);

	return quote_printable(arena, shown->text, shown->size, 0);
}

void live_draw(struct report *report)
{
	struct arena *arena = arena_new();
	const struct task_report *task = NULL;
	int64_t seconds = (report_clock() - report->start) / 1000;

	live_clear(report);
	if (report->printed < report->task_count)
		task = &report->tasks[report->printed];
	draw_line(report, task ? arena_printf(arena, "… %s: %u of %u host%s (task %zu of %u, %lld s)",
		task->name, task->finished, task->expected, task->expected == 1 ? "" : "s", report->printed + 1, report->announced,
		(long long)seconds) : arena_printf(arena, "… %zu host%s (%lld s)", report->host_count,
		report->host_count == 1 ? "" : "s", (long long)seconds));
	for (size_t i = 0; task && task->progress && i < task->progress->count
			&& i < PROGRESS_LINES_MOST; i++) {
		const struct value *text = value_at(task->progress, i);

		draw_line(report, arena_printf(arena, "    %s: %s", value_key(task->progress, i),
			without_secrets(report, arena, text)));
	}
	fflush(report->options.out);
	arena_free(arena);
}
