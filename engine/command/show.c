/* show, diff: the text of a run, and what is different between two. */
#include "command/command.h"
#include "command/past.h"
#include "command/playing.h"

#include "base/quote.h"
#include "report/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct showing {
	struct arena *arena;
	struct history *history;
};

static const char *printable(const struct showing *showing, const char *text)
{
	return quote_printable(showing->arena, text ? text : "", strlen(text ? text : ""), 0);
}

static bool is_text(const struct record_file *file)
{
	return file->bytes && !memchr(file->bytes, 0, file->size)
		&& utf8_valid(file->bytes, file->size);
}

static void print_about(const struct showing *showing, const struct history_run *run)
{
	const char *undo = value_get_string(run->how, "undo");
	const char *head = value_get_string(run->how, "head");
	time_t when = (time_t)run->time;
	struct tm parts;
	char date[64] = "?";

	if (localtime_r(&when, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &parts);
	printf("run %lld of %s\n  %s, by %s, called %s\n  hash %s\n", (long long)run->number,
		printable(showing, run->playbook), date, printable(showing, run->who),
		printable(showing, run->run), run->id);
	if (undo)
		printf("  rolled back to %s\n", printable(showing, undo));
	if (head)
		printf("  your repository was at %.12s%s\n", printable(showing, head),
			strcmp(value_get_string(run->how, "dirty") ? value_get_string(run->how, "dirty") : "",
			"yes") == 0 ? ", with changes that weren't committed" : "");
	for (size_t i = 0; i < run->hosts->count; i++) {
		const struct value *host = run->hosts->pairs[i].value;

		printf("  %s: %s, %lld changed\n", printable(showing, run->hosts->pairs[i].key),
			printable(showing, value_get_string(host, "state")),
			(long long)value_get_integer(host, "changed", 0));
	}
}

static void print_file(const struct showing *showing, const struct record_file *file)
{
	printf("\n--- %s", printable(showing, file->path));
	if (file->kind == SOURCE_LINK)
		printf(" (a link to %s)\n", printable(showing, file->target));
	else if (file->kind == SOURCE_DIRECTORY)
		puts(" (a directory)");
	else if (!file->bytes)
		printf(" (left out: %s)\n", printable(showing, file->left_out));
	else if (!is_text(file))
		printf(" (%zu bytes)\n", file->size);
	else
		printf("\n%s%s", quote_printable(showing->arena, file->bytes, file->size, 1),
			file->size > 0 && file->bytes[file->size - 1] == '\n' ? "" : "\n");
}

static int show(const struct showing *showing, const char *revision, struct error *err)
{
	struct history_run run;
	struct record *record;

	if (history_load(showing->history, showing->arena, revision, &run, &record, err) < 0)
		return -1;
	print_about(showing, &run);
	for (size_t i = 0; i < record->count; i++)
		print_file(showing, &record->files[i]);
	return 0;
}

static const struct record_file *find(const struct record *record, const char *path)
{
	for (size_t i = 0; record && i < record->count; i++) {
		if (strcmp(record->files[i].path, path) == 0)
			return &record->files[i];
	}
	return NULL;
}

static void print_lines(const struct showing *showing, const char *text)
{
	fputs(quote_printable(showing->arena, text, strlen(text), 1), stdout);
}

static void print_difference(const struct showing *showing, const struct record_file *before,
	const struct record_file *after)
{
	const struct record_file *one = before ? before : after;
	const char *path = printable(showing, one->path);
	bool text = (!before || is_text(before)) && (!after || is_text(after));
	bool mode = before && after && before->mode != after->mode;

	if (before && after && !mode && before->size == after->size && !before->bytes == !after->bytes
			&& (!before->bytes || memcmp(before->bytes, after->bytes, before->size) == 0)
			&& strcmp(before->target ? before->target : "", after->target ? after->target
			: "") == 0)
		return;
	printf("--- %s\n+++ %s\n", before ? path : "/dev/null", after ? path : "/dev/null");
	if (mode)
		printf("mode %04o → %04o\n", before->mode, after->mode);
	if (one->kind != SOURCE_FILE || !text)
		printf("(%s)\n", one->kind == SOURCE_FILE ? "not text, or left out" : one->kind
			== SOURCE_LINK ? "a link" : "a directory");
	else
		print_lines(showing, report_diff(showing->arena, before ? before->bytes : NULL,
			after ? after->bytes : NULL));
}

/* Two texts; the second may be missing: then the newest run of the same playbook. */
static int diff(const struct showing *showing, const char *one, const char *other,
	struct error *err)
{
	struct history_run before, after, *runs;
	struct record *old, *fresh;
	size_t count;

	if (history_load(showing->history, showing->arena, one, &before, &old, err) < 0)
		return -1;
	if (!other) {
		if (history_runs(showing->history, showing->arena, 0, &runs, &count, err) < 0)
			return -1;
		for (size_t i = count; i-- > 0;) {
			if (strcmp(runs[i].playbook, before.playbook) == 0)
				other = runs[i].id;
		}
	}
	if (history_load(showing->history, showing->arena, other, &after, &fresh, err) < 0)
		return -1;
	for (size_t i = 0; i < old->count; i++)
		print_difference(showing, &old->files[i], find(fresh, old->files[i].path));
	for (size_t i = 0; i < fresh->count; i++) {
		if (!find(old, fresh->files[i].path))
			print_difference(showing, NULL, &fresh->files[i]);
	}
	return 0;
}

static int with_history(int argc, char **argv, const char *usage, int most,
	int (*run)(const struct showing *showing, const char *one, const char *other,
	struct error *err))
{
	struct showing showing = { .arena = arena_new() };
	struct error err = {0};
	int code = EXIT_GOOD;

	if (argc < 2 || argc > most + 1 || argv[1][0] == '-') {
		bool asked = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

		fprintf(asked ? stdout : stderr, "usage: %s\n", usage);
		arena_free(showing.arena);
		return asked ? EXIT_GOOD : EXIT_TEXT;
	}
	if (history_open(past_folder(showing.arena, NULL), false, &showing.history, &err) == 0
			&& !showing.history) {
		error_set(&err, HISTORY_NONE, "no history found here");
		error_remedy(&err, "run this in the playbook's directory");
	}
	if (err.kind != ERROR_NONE || run(&showing, argv[1], argc > 2 ? argv[2] : NULL, &err) < 0) {
		playing_complain(&err);
		code = EXIT_TEXT;
	}
	history_close(showing.history);
	arena_free(showing.arena);
	return code;
}

static int show_one(const struct showing *showing, const char *one, const char *other,
	struct error *err)
{
	(void)other;
	return show(showing, one, err);
}

int command_show(int argc, char **argv)
{
	return with_history(argc, argv, "beoplay show RUN", 1, show_one);
}

int command_diff(int argc, char **argv)
{
	return with_history(argc, argv, "beoplay diff RUN [RUN]", 2, diff);
}
