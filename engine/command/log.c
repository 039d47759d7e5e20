/* log: the runs of a project: when, who, which playbook, on which hosts, what changed. */
#include "command/command.h"
#include "command/past.h"
#include "base/quote.h"
#include "history/history.h"
#include "report/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct log {
	struct arena *arena;
	const char *playbook;      /* NULL: of any */
	const char *host;          /* -l; NULL: any */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool wanted(const struct log *log, const struct history_run *run)
{
	if (log->playbook && strcmp(base_name(log->playbook), base_name(run->playbook)) != 0)
		return false;
	return !log->host || value_get(run->hosts, log->host);
}

/* Hosts that were lost, by the cause of that. */
static void print_lost(const struct log *log, const struct history_run *run)
{
	struct value *causes = value_map(log->arena);

	for (size_t i = 0; i < value_pair_count(run->hosts); i++) {
		const char *cause = value_get_string(value_at(run->hosts, i), "cause");
		struct value *hosts = cause ? value_get(causes, cause) : NULL;

		if (cause && !hosts) {
			hosts = value_list(log->arena);
			value_set(log->arena, causes, cause, hosts);
		}
		if (cause)
			value_append(log->arena, hosts, value_string(log->arena, value_key(run->hosts, i)));
	}
	for (size_t i = 0; i < causes->count; i++)
		printf("    %s: %s\n", report_fold(log->arena, value_at(causes, i)),
			quote_printable(log->arena, value_key(causes, i), strlen(value_key(causes, i)), 0));
}

static void print_run(const struct log *log, const struct history_run *run)
{
	struct value *done = value_list(log->arena);
	int64_t changed = 0;
	unsigned failed = 0, unreachable = 0;
	const char *undo = value_get_string(run->how, "undo");
	time_t when = (time_t)run->time;
	struct tm parts;
	char date[64] = "?";

	for (size_t i = 0; run->hosts && run->hosts->kind == VALUE_MAP && i < run->hosts->count; i++) {
		const struct value *host = run->hosts->pairs[i].value;
		const char *state = value_get_string(host, "state");

		value_append(log->arena, done, value_string(log->arena, run->hosts->pairs[i].key));
		changed += value_get_integer(host, "changed", 0);
		failed += state && strcmp(state, "failed") == 0;
		unreachable += state && strcmp(state, "unreachable") == 0;
	}
	if (localtime_r(&when, &parts))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &parts);
	printf("run %-4lld %s  %s  %s%s%s  %s: %lld changed, %u failed, %u unreachable\n",
		(long long)run->number, date, quote_printable(log->arena, run->who, strlen(run->who), 0),
		quote_printable(log->arena, run->playbook, strlen(run->playbook), 0),
		undo ? " rolled back to " : "", undo ? quote_printable(log->arena, undo, strlen(undo), 0)
		: "",
		report_fold(log->arena, done), (long long)changed, failed, unreachable);
	print_lost(log, run);
}

static int print_all(struct log *log, struct error *err)
{
	struct history_run *runs;
	struct history *history;
	size_t count, printed = 0;
	int result;

	if (history_open(past_folder(log->arena, log->playbook), false, &history, err) < 0)
		return -1;
	if (!history) {
		puts("no runs yet");
		return 0;
	}
	result = history_runs(history, log->arena, 0, &runs, &count, err);
	for (size_t i = 0; result == 0 && i < count; i++) {
		if (!wanted(log, &runs[i]))
			continue;
		print_run(log, &runs[i]);
		printed++;
	}
	if (result == 0 && printed == 0)
		result = error_set(err, HISTORY_UNKNOWN_RUN, "no run is%s%s%s%s", log->playbook ? " of "
			: "", log->playbook ? log->playbook : "", log->host ? " on " : "", log->host ? log->host
			: "");
	history_close(history);
	return result;
}

int command_log(int argc, char **argv)
{
	struct log log = { .arena = arena_new() };
	struct error err = {0};
	static const struct option long_options[] = {
		{ "limit", required_argument, NULL, 'l' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	int option, code = EXIT_GOOD;

	optind = 0;
	while ((option = getopt_long(argc, argv, "l:h", long_options, NULL)) != -1) {
		if (option == 'l') {
			log.host = optarg;
		} else {
			puts("usage: beoplay log [-l HOST] [PLAYBOOK]");
			arena_free(log.arena);
			return option == 'h' ? EXIT_GOOD : EXIT_TEXT;
		}
	}
	log.playbook = argv[optind];
	if (log.playbook && argv[optind + 1]) {
		fputs("beoplay: the log is of one playbook, or of all\n", stderr);
		arena_free(log.arena);
		return EXIT_TEXT;
	}
	if (print_all(&log, &err) < 0) {
		playing_complain(&err);
		code = EXIT_TEXT;
	}
	arena_free(log.arena);
	return code;
}
