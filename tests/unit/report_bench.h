/* report_bench: a report into memory. */
#ifndef TESTS_REPORT_BENCH_H
#define TESTS_REPORT_BENCH_H

#include "module/module.h"
#include "report/report.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static inline struct value *names_of(struct arena *arena, const char *names)
{
	struct value *list = value_list(arena);

	while (*names) {
		size_t size = strcspn(names, " ");

		value_append(arena, list, value_bytes(arena, names, size));
		names += size + (names[size] == ' ');
	}
	return list;
}

static inline void folds_to(const char *names, const char *folded)
{
	struct arena *arena = arena_new();

	assert_string_equal(report_fold(arena, names_of(arena, names)), folded);
	arena_free(arena);
}

struct printed {
	struct report *report;
	struct arena *arena;
	char *out, *errors;
	size_t out_size, errors_size;
	FILE *out_file, *errors_file;
};

static inline void begin(struct printed *printed, struct report_options options, const char *hosts)
{
	*printed = (struct printed){ .arena = arena_new() };
	printed->out_file = open_memstream(&printed->out, &printed->out_size);
	printed->errors_file = open_memstream(&printed->errors, &printed->errors_size);
	options.out = printed->out_file;
	options.errors = printed->errors_file;
	printed->report = report_new(&options);
	report_run(printed->report, "site.yml", names_of(printed->arena, hosts), 1);
}

static inline void flush(struct printed *printed)
{
	fflush(printed->out_file);
	fflush(printed->errors_file);
}

static inline void end(struct printed *printed)
{
	report_free(printed->report);
	fclose(printed->out_file);
	fclose(printed->errors_file);
	free(printed->out);
	free(printed->errors);
	arena_free(printed->arena);
}

static inline unsigned task(struct printed *printed, unsigned hosts)
{
	return report_task(printed->report, "A task", "copy", false, (struct place){ 0 }, hosts);
}

static inline void said(struct printed *printed, unsigned task, const char *host, const char *text)
{
	report_output(printed->report, task, host, text, strlen(text));
	flush(printed);
}

static inline struct report_result of_a_job(struct arena *arena, const char *host, const char *show)
{
	struct value *results = value_map(arena);

	value_set_string(arena, results, "show", show);
	return (struct report_result){ .host = host, .status = STATUS_CHANGED, .results = results };
}

static inline const struct told_change *change_of(struct arena *arena, const char *field,
	const char *before, const char *after, int64_t flags)
{
	struct told_change *change = arena_alloc(arena, sizeof(*change));

	*change = (struct told_change){ "/etc/motd", field, value_string(arena, before),
		value_string(arena, after), flags };
	return change;
}

static inline void lose(struct report *report, const char *host, const char *message)
{
	struct error err = { 0 };

	error_set(&err, AGENT_LOST, "%s", message);
	error_remedy(&err, "plug it in");
	report_lost(report, host, &err);
}

#define HOSTILE "a\033[2J\033]0;title\007\r\nb\xff\xc2\x9b" "31m"

#endif
