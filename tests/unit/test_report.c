/* What is printed about a run, to the byte. */
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

static struct value *names_of(struct arena *arena, const char *names)
{
	struct value *list = value_list(arena);

	while (*names) {
		size_t size = strcspn(names, " ");

		value_append(arena, list, value_bytes(arena, names, size));
		names += size + (names[size] == ' ');
	}
	return list;
}

static void folds_to(const char *names, const char *folded)
{
	struct arena *arena = arena_new();

	assert_string_equal(report_fold(arena, names_of(arena, names)), folded);
	arena_free(arena);
}

/* --- Names --- */

static void names_with_numbers_are_folded(void **state)
{
	(void)state;
	folds_to("", "");
	folds_to("head", "head");
	folds_to("node1", "node1");
	folds_to("node1 node2 node3 node7 head", "node[1-3,7],head");
	folds_to("head node7 node3 node1 node2", "head,node[1-3,7]");
	folds_to("node9 node10 node11", "node[9-11]");
	folds_to("node0 node1 node9 node10", "node[0-1,9-10]");
	folds_to("rack1node2 rack1node3 rack2node2", "rack1node[2-3],rack2node2");
}

static void padded_numbers_keep_their_width(void **state)
{
	(void)state;
	folds_to("node001 node002 node003", "node[001-003]");
	folds_to("node009 node010", "node[009-010]");
	folds_to("node1 node01", "node1,node01");
	/* 8 to 10 would be read as 08, 09 and 10. */
	folds_to("node10 node9 node08", "node[08,9-10]");
}

static void domains_and_addresses_are_not_torn(void **state)
{
	(void)state;
	folds_to("node1.lan node2.lan", "node[1-2].lan");
	folds_to("node1.lan node2.wan", "node1.lan,node2.wan");
	folds_to("node1.rack3 node1.rack4", "node1.rack3,node1.rack4");
	folds_to("10.0.0.1 10.0.0.2", "10.0.0.1,10.0.0.2");
	folds_to("web-1a web-2a web-3b", "web-[1-2]a,web-3b");
	folds_to("n99999999999999999999 n1", "n99999999999999999999,n1");
}

/* --- Differences --- */

static void differs_as(const char *before, const char *after, const char *diff)
{
	struct arena *arena = arena_new();

	assert_string_equal(report_diff(arena, before, after), diff);
	arena_free(arena);
}

static void differences_are_unified(void **state)
{
	(void)state;
	differs_as("a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
	differs_as("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\n9\n",
		"@@ -5,4 +5,4 @@\n 5\n 6\n 7\n-8\n+9\n");
	differs_as("same\n", "same\n", "");
}

static void a_file_that_was_not_there_is_all_new(void **state)
{
	(void)state;
	differs_as(NULL, "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
	differs_as("a\n", NULL, "@@ -1 +0,0 @@\n-a\n");
	differs_as(NULL, NULL, "");
}

static void a_missing_end_of_line_is_told(void **state)
{
	(void)state;
	differs_as("a\nb", "a\nb\n",
		"@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
	differs_as(NULL, "x", "@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n");
}

static void long_lines_stay_whole(void **state)
{
	size_t size = 100000;
	char *line = malloc(size + 2);
	struct arena *arena = arena_new();
	const char *diff;

	(void)state;
	memset(line, 'x', size);
	memcpy(line + size, "\n", 2);
	diff = report_diff(arena, NULL, line);
	assert_int_equal(strlen(diff), strlen("@@ -0,0 +1 @@\n+") + size + 1);
	arena_free(arena);
	free(line);
}

/* --- A whole report --- */

struct printed {
	struct report *report;
	struct arena *arena;
	char *out, *errors;
	size_t out_size, errors_size;
	FILE *out_file, *errors_file;
};

static void begin(struct printed *printed, struct report_options options, const char *hosts)
{
	*printed = (struct printed){ .arena = arena_new() };
	printed->out_file = open_memstream(&printed->out, &printed->out_size);
	printed->errors_file = open_memstream(&printed->errors, &printed->errors_size);
	options.out = printed->out_file;
	options.errors = printed->errors_file;
	printed->report = report_new(&options);
	report_run(printed->report, "site.yml", names_of(printed->arena, hosts), 1);
}

static void flush(struct printed *printed)
{
	fflush(printed->out_file);
	fflush(printed->errors_file);
}

static void end(struct printed *printed)
{
	report_free(printed->report);
	fclose(printed->out_file);
	fclose(printed->errors_file);
	free(printed->out);
	free(printed->errors);
	arena_free(printed->arena);
}

static unsigned task(struct printed *printed, unsigned hosts)
{
	return report_task(printed->report, "A task", "copy", false, (struct place){ 0 }, hosts);
}

static void said(struct printed *printed, unsigned task, const char *host, const char *text)
{
	report_output(printed->report, task, host, text, strlen(text));
	flush(printed);
}

static struct report_result of_a_job(struct arena *arena, const char *host, const char *show)
{
	struct value *results = value_map(arena);

	value_set_string(arena, results, "show", show);
	return (struct report_result){ .host = host, .status = STATUS_CHANGED, .results = results };
}

static void output_is_printed_as_it_comes_and_once(void **state)
{
	struct report_result result;
	struct printed printed;
	unsigned number, later;

	(void)state;
	begin(&printed, (struct report_options){ 0 }, "head node1");
	number = task(&printed, 2);
	later = task(&printed, 1);
	said(&printed, number, "head", "step 1\nstep\a2\n");
	assert_string_equal(printed.out, "\nTASK [A task]\n    step 1\n    step\\x072\n");
	said(&printed, number, "node1", "another\n");
	said(&printed, later, "head", "too early\n");
	assert_null(strstr(printed.out, "another"));
	assert_null(strstr(printed.out, "too early"));
	result = of_a_job(printed.arena, "head", "step 1\nstep 2");
	report_result(printed.report, number, &result);
	result = of_a_job(printed.arena, "node1", "another");
	report_result(printed.report, number, &result);
	report_task_end(printed.report, number);
	said(&printed, later, "head", "and then\n");
	result = of_a_job(printed.arena, "head", "too early\nand then");
	report_result(printed.report, later, &result);
	report_task_end(printed.report, later);
	flush(&printed);
	assert_string_equal(printed.out, "\nTASK [A task]\n    step 1\n    step\\x072\n  changed: head\n"
		"  changed: node1\n    another\n\nTASK [A task]\n  changed: head\n    too early\n    and then\n");
	end(&printed);
}

static const struct told_change *change_of(struct arena *arena, const char *field,
	const char *before, const char *after, int64_t flags)
{
	struct told_change *change = arena_alloc(arena, sizeof(*change));

	*change = (struct told_change){ "/etc/motd", field, value_string(arena, before),
		value_string(arena, after), flags };
	return change;
}

static void equal_results_are_folded(void **state)
{
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "head node1 node2 node3");
	report_play(printed.report, "all");
	number = task(&printed, 4);
	for (int i = 3; i >= 1; i--) {
		report_result(printed.report, number, &(struct report_result){
			.host = i == 3 ? "node3" : i == 2 ? "node2" : "node1", .status = STATUS_CHANGED,
			.change_count = 1, .changes = change_of(printed.arena, "mode", "0600", "0644", 0) });
	}
	report_result(printed.report, number, &(struct report_result){ .host = "head",
		.status = STATUS_OK });
	flush(&printed);
	assert_string_equal(printed.out, "");
	report_task_end(printed.report, number);
	flush(&printed);
	assert_string_equal(printed.out, "\nPLAY [all]\n\nTASK [A task]\n"
		"  ok: head\n"
		"  changed: node[1-3]\n    /etc/motd mode: 0600 → 0644\n");
	end(&printed);
}

/* However they come. */
static void groups_stand_in_the_order_of_the_inventory(void **state)
{
	static const char *const hosts[] = { "b", "c", "a" };
	static const char *const items[] = { "one", "two" };
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "c b a");
	number = task(&printed, 3);
	for (size_t i = 0; i < 6; i++)
		report_result(printed.report, number, &(struct report_result){ .host = hosts[i % 3],
			.status = i % 3 == 2 ? STATUS_CHANGED : STATUS_OK, .item = items[i / 3],
			.more = i < 3 });
	report_task_end(printed.report, number);
	flush(&printed);
	assert_string_equal(printed.out, "\nTASK [A task]\n"
		"  ok: c,b\n    item: one\n  ok: c,b\n    item: two\n"
		"  changed: a\n    item: one\n  changed: a\n    item: two\n");
	end(&printed);
}

static void a_failure_shows_what_was_said_and_where_it_stands(void **state)
{
	static const enum status kinds[] = { STATUS_FAILED, STATUS_IGNORED, STATUS_RESCUED };
	const char *at;
	struct place place = { .file = "site.yml", .line = 16, .column = 3 };
	struct printed printed;
	struct value *results;
	struct buffer lines = {0};
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "head");
	results = value_map(printed.arena);
	for (int i = 1; i <= 22; i++)
		buffer_printf(&lines, "line %d\n", i);
	value_set(printed.arena, results, "stdout", value_bytes(printed.arena, lines.data, lines.size));
	value_set_string(printed.arena, results, "stderr", "no disk");
	value_set_integer(printed.arena, results, "rc", 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		number = report_task(printed.report, "A task", "command", false, place, 1);
		report_result(printed.report, number, &(struct report_result){ .host = "head",
			.status = kinds[i], .message = "non-zero return code 1: no disk", .results = results,
			.changes = change_of(printed.arena, "command", NULL, "run", 0) });
		report_task_end(printed.report, number);
		flush(&printed);
		at = strrchr(printed.out, '[');
		assert_non_null(strstr(at, ": head\n    non-zero return code 1: no disk\n"
			"    stdout:\n      … 2 lines before (-v shows all)\n      line 3\n"));
		assert_non_null(strstr(at, "      line 22\n    at site.yml:16\n"));
		assert_null(strstr(at, "run\n"));
	}
	buffer_free(&lines);
	end(&printed);
}

static void a_dry_run_counts_what_is_certain_and_what_may_follow(void **state)
{
	static const enum status items[] = { STATUS_CHANGED, STATUS_MAY_CHANGE, STATUS_OK };
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .check = true }, "a b");
	number = task(&printed, 2);
	for (size_t i = 0; i < 3; i++)
		report_result(printed.report, number, &(struct report_result){ .host = "a",
			.status = items[i], .more = i < 2 });
	report_result(printed.report, number, &(struct report_result){ .host = "b",
		.status = STATUS_MAY_CHANGE });
	report_task_end(printed.report, number);
	report_recap(printed.report);
	flush(&printed);
	assert_non_null(strstr(printed.out, "ok=1    changed=1 "));
	assert_non_null(strstr(printed.out, "2 hosts: 1 change to be made, 2 more may follow, 0 failed"));
	end(&printed);
}

static void tasks_are_printed_in_their_order(void **state)
{
	struct printed printed;
	unsigned first, second;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "a b");
	first = task(&printed, 2);
	second = report_task(printed.report, "Later", "copy", true, (struct place){ 0 }, 1);
	report_result(printed.report, second, &(struct report_result){ .host = "a",
		.status = STATUS_OK });
	report_task_end(printed.report, second);
	flush(&printed);
	assert_string_equal(printed.out, "");
	report_result(printed.report, first, &(struct report_result){ .host = "b",
		.status = STATUS_OK });
	report_task_end(printed.report, first);
	flush(&printed);
	assert_string_equal(printed.out,
		"\nTASK [A task]\n  ok: b\n\nHANDLER [Later]\n  ok: a\n");
	end(&printed);
}

static void the_recap_counts_what_happened(void **state)
{
	static const enum status statuses[] = { STATUS_OK, STATUS_CHANGED, STATUS_FAILED,
		STATUS_SKIPPED, STATUS_IGNORED };
	struct error err = { 0 };
	struct printed printed;
	struct report_totals totals;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "a bb");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		report_result(printed.report, task(&printed, 1), &(struct report_result){ .host = "a",
			.status = statuses[i] });
	error_set(&err, AGENT_LOST, "no connection");
	report_lost(printed.report, "bb", &err);
	totals = report_recap(printed.report);
	flush(&printed);
	assert_int_equal(totals.hosts, 2);
	assert_int_equal(totals.ok, 3);
	assert_int_equal(totals.changed, 1);
	assert_int_equal(totals.failed, 1);
	assert_int_equal(totals.unreachable, 1);
	assert_non_null(strstr(printed.out, "PLAY RECAP\n"
		"a  : ok=3    changed=1    unreachable=0    failed=1    skipped=1    rescued=0    "
		"ignored=1\n"
		"bb : ok=0    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    "
		"ignored=0\n"
		"2 hosts: 1 changed, 1 failed, 1 unreachable, in "));
	assert_string_equal(printed.errors, "unreachable: bb: no connection\n");
	end(&printed);
}

static void lose(struct report *report, const char *host, const char *message)
{
	struct error err = { 0 };

	error_set(&err, AGENT_LOST, "%s", message);
	error_remedy(&err, "plug it in");
	report_lost(report, host, &err);
}

static void lost_hosts_are_told_in_inventory_order_before_the_next_task(void **state)
{
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "n1 n2 n3 n4 n5");
	number = task(&printed, 5);
	lose(printed.report, "n4", "no answer");
	lose(printed.report, "n2", "no route");
	lose(printed.report, "n3", "no answer");
	flush(&printed);
	assert_string_equal(printed.errors, "");
	report_task_end(printed.report, number);
	lose(printed.report, "n1", "no answer");
	flush(&printed);
	assert_string_equal(printed.errors, "unreachable: n2: no route\n"
		"unreachable: n[3-4]: no answer\n    → plug it in\n");
	report_recap(printed.report);
	flush(&printed);
	assert_string_equal(printed.errors, "unreachable: n2: no route\n"
		"unreachable: n[3-4]: no answer\n    → plug it in\n"
		"unreachable: n1: no answer\n    → plug it in\n");
	end(&printed);
}

static void a_loop_counts_once_with_its_worst(void **state)
{
	struct printed printed;
	struct report_totals totals;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a", .more = true,
		.item = "one", .status = STATUS_CHANGED });
	report_result(printed.report, number, &(struct report_result){ .host = "a", .item = "two",
		.status = STATUS_OK });
	totals = report_recap(printed.report);
	assert_int_equal(totals.changed, 1);
	assert_int_equal(totals.ok, 1);
	end(&printed);
}

static void note_of(struct printed *printed, unsigned verbosity, const char *note)
{
	struct value *notes;
	unsigned number;

	begin(printed, (struct report_options){ .width = 80, .verbosity = verbosity }, "a");
	notes = value_list(printed->arena);
	value_append(printed->arena, notes, value_string(printed->arena, note));
	number = task(printed, 1);
	report_result(printed->report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .notes = notes });
	report_task_end(printed->report, number);
	flush(printed);
}

static void a_long_note_is_cut_at_a_word(void **state)
{
	struct printed printed;
	char note[601];

	(void)state;
	for (size_t i = 0; i < sizeof(note) - 1; i++)
		note[i] = i % 6 == 5 ? ' ' : 'x';
	note[sizeof(note) - 1] = '\0';
	note_of(&printed, 0, note);
	assert_non_null(strstr(printed.out, "xxxxx\n      … (all of it with -v)\n"));
	end(&printed);
	note_of(&printed, 1, note);
	assert_null(strstr(printed.out, "all of it"));
	end(&printed);
	note_of(&printed, 0, "short");
	assert_non_null(strstr(printed.out, "    note: short\n"));
	assert_null(strstr(printed.out, "all of it"));
	end(&printed);
}

/* --- What comes from nodes --- */

static bool clean(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t')
			return false;
	}
	return true;
}

#define HOSTILE "a\033[2J\033]0;title\007\r\nb\xff\xc2\x9b" "31m"

static void hostile_bytes_are_made_printable(void **state)
{
	struct printed printed;
	struct value *results, *notes;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 2 }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, "show", HOSTILE);
	value_set_string(printed.arena, results, "stdout", HOSTILE);
	value_set_string(printed.arena, results, "key\033[2J", "x");
	notes = value_list(printed.arena);
	value_append(printed.arena, notes, value_string(printed.arena, HOSTILE));
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = HOSTILE, .remedy = HOSTILE, .item = HOSTILE,
		.change_count = 1, .changes = change_of(printed.arena, "content", HOSTILE, HOSTILE "\n" HOSTILE, 0),
		.results = results, .notes = notes, .diff = true });
	report_task_end(printed.report, number);
	report_warning(printed.report, "a", HOSTILE);
	error_set(&err, AGENT_LOST, "%s", HOSTILE);
	error_remedy(&err, "%s", HOSTILE);
	report_lost(printed.report, "a", &err);
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\\x1b[2J"));
	assert_true(clean(printed.out));
	assert_true(clean(printed.errors));
	assert_null(strchr(printed.out, '\xff'));
	assert_null(strstr(printed.out, "\xc2\x9b"));
	end(&printed);
}

static void endless_output_is_cut(void **state)
{
	struct printed printed;
	struct value *results;
	char text[2 * 250 + 1];
	unsigned number;

	(void)state;
	for (size_t i = 0; i < 250; i++)
		memcpy(text + 2 * i, "x\n", 3);
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, "show", text);
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.results = results });
	report_task_end(printed.report, number);
	flush(&printed);
	assert_non_null(strstr(printed.out, "    … 50 lines left out (-v shows all)\n"));
	end(&printed);
}

/* --- Secrets --- */

static void report_secrets(struct printed *printed)
{
	struct value *results = value_map(printed->arena);
	struct value *secret = value_string(printed->arena, "hunter2");
	unsigned number = task(printed, 1);

	secret->level = LEVEL_SECRET;
	value_set(printed->arena, results, "show", secret);
	value_set(printed->arena, results, "stdout", secret);
	report_result(printed->report, number, &(struct report_result){ .host = "a", .more = true,
		.status = STATUS_CHANGED, .results = results,
		.change_count = 1, .changes = change_of(printed->arena, "password", "hunter2", "hunter2", CHANGE_SECRET) });
	report_result(printed->report, number, &(struct report_result){ .host = "a", .more = true,
		.status = STATUS_CHANGED,
		.change_count = 1, .changes = change_of(printed->arena, "content", "hunter2", "hunter2\n",
			CHANGE_SECRET), .diff = true });
	results = value_map(printed->arena);
	value_set_string(printed->arena, results, "show", "hunter2");
	value_set_string(printed->arena, results, "stdout", "hunter2");
	report_result(printed->report, number, &(struct report_result){ .host = "a", .no_log = true,
		.status = STATUS_FAILED, .results = results, .item = "hunter2",
		.message = "'login hunter2' gave 1", .remedy = "look for hunter2",
		.change_count = 1, .changes = change_of(printed->arena, "content", "hunter2", "hunter2\n", 0),
		.diff = true });
	report_task_end(printed->report, number);
	report_recap(printed->report);
	flush(printed);
}

static void secrets_are_never_printed(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 3 }, "a");
	report_secrets(&printed);
	assert_non_null(strstr(printed.out, "/etc/motd password (secret)"));
	assert_null(strstr(printed.out, "hunter2"));
	assert_non_null(strstr(printed.out, "no_log"));
	end(&printed);
	begin(&printed, (struct report_options){ .json = true, .verbosity = 3 }, "a");
	report_secrets(&printed);
	assert_null(strstr(printed.out, "hunter2"));
	end(&printed);
}

/* Both streams end up in one pipe, as on a terminal. */
static char *on_one_terminal(struct arena *arena, void (*tell)(struct report *report))
{
	int ends[2];
	FILE *out, *errors;
	struct report *report;
	char *bytes = arena_alloc(arena, 65536);
	ssize_t size;

	assert_int_equal(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	errors = fdopen(dup(ends[1]), "w");
	setvbuf(errors, NULL, _IONBF, 0);
	report = report_new(&(struct report_options){ .out = out, .errors = errors, .live = true,
		.width = 80 });
	report_run(report, "site.yml", names_of(arena, "a b"), 1);
	report_tick(report);
	tell(report);
	report_free(report);
	fclose(out);
	fclose(errors);
	size = read(ends[0], bytes, 65535);
	assert_true(size > 0);
	bytes[size] = '\0';
	close(ends[0]);
	return bytes;
}

static void tell_unreachable(struct report *report)
{
	struct error err = { 0 };

	error_set(&err, SSH_HOST_KEY_CHANGED, "the host key has changed");
	error_remedy(&err, "ssh-keygen -R");
	report_lost(report, "a", &err);
}

static void tell_warning(struct report *report)
{
	report_warning(report, NULL, "the clock is wrong → set it");
}

static void tell_error(struct report *report)
{
	struct error err = { 0 };

	error_set(&err, FILE_NOT_FOUND, "there is no such thing");
	error_remedy(&err, "write another");
	report_error(report, &err, NULL, 0);
}

static void the_live_line_is_gone_before_a_message_comes(void **state)
{
	void (*const tells[])(struct report *) = { tell_unreachable, tell_warning, tell_error };
	static const char clear[] = "\033[J";

	(void)state;
	for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
		struct arena *arena = arena_new();
		char *bytes = on_one_terminal(arena, tells[i]);
		char *cleared = strstr(bytes, clear);

		assert_non_null(cleared);
		assert_non_null(strstr(cleared, "→"));
		assert_null(strstr(cleared + strlen(clear), clear));
		*cleared = '\0';
		assert_null(strstr(bytes, "→"));
		arena_free(arena);
	}
}

/* --- JSON --- */

/* A strict reader's word. Of json-c's, 0.18 refuses whatever isn't ASCII. */
static bool json_is_valid(const char *text, size_t size)
{
	sqlite3_stmt *statement;
	sqlite3 *database;
	bool valid;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(database, "SELECT json_valid(?)", -1, &statement, NULL),
		SQLITE_OK);
	sqlite3_bind_text(statement, 1, text, (int)size, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	valid = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return valid;
}

/* Every line is one object that a strict reader takes; how many there are. */
static unsigned json_lines(const char *text)
{
	unsigned lines = 0;

	while (*text) {
		size_t size = strcspn(text, "\n");
		struct json_tokener *reader = json_tokener_new();
		json_object *object;

		json_tokener_set_flags(reader, JSON_TOKENER_VALIDATE_UTF8);
		object = json_tokener_parse_ex(reader, text, (int)size + 1);
		if (!json_is_valid(text, size) || json_tokener_get_error(reader) != json_tokener_success
				|| !json_object_is_type(object, json_type_object))
			fail_msg("no JSON: %.*s", (int)size, text);
		assert_null(memmem(text, size, "NaN", 3));
		assert_null(memmem(text, size, "Infinity", 8));
		json_object_put(object);
		json_tokener_free(reader);
		assert_int_equal(text[size], '\n');
		text += size + 1;
		lines++;
	}
	return lines;
}

/* Also in keys; what is no control stays as it is. */
static void json_lines_have_no_controls(void **state)
{
	static const char text[] = "a\xc2\x9b" "31m\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f"
		"\x7f\xe2\x80\xa8\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const char shown[] = "a\\u009b31m\\u202e\\u2066\\u061c\\u200f\\u007f\\u2028"
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	struct printed printed;
	struct value *results;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, text, "x");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = text, .results = results });
	report_task_end(printed.report, number);
	fflush(NULL);
	assert_null(strstr(printed.out, text));
	assert_non_null(strstr(printed.out, arena_printf(printed.arena, "\"message\":\"%s\"", shown)));
	assert_non_null(strstr(printed.out, arena_printf(printed.arena, "{\"%s\":\"x\"}", shown)));
	assert_int_equal(json_lines(printed.out), 2);
	end(&printed);
}

static void json_lines_are_valid_whatever_comes(void **state)
{
	struct printed printed;
	struct value *results, *list;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	results = value_map(printed.arena);
	list = value_list(printed.arena);
	value_append(printed.arena, list, value_float(printed.arena, __builtin_nan("")));
	value_append(printed.arena, list, value_float(printed.arena, __builtin_inf()));
	value_append(printed.arena, list, value_float(printed.arena, 0.5));
	value_append(printed.arena, list, value_null(printed.arena));
	value_append(printed.arena, list, value_bytes(printed.arena, "a\0b", 3));
	value_set(printed.arena, results, "list", list);
	value_set_string(printed.arena, results, "stdout", HOSTILE);
	value_set_string(printed.arena, results, "key\xff", "x");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = HOSTILE, .results = results,
		.change_count = 1, .changes = change_of(printed.arena, "content", HOSTILE, "\"\\", 0) });
	report_task_end(printed.report, number);
	report_warning(printed.report, NULL, HOSTILE);
	error_set(&err, AGENT_LOST, "%s", HOSTILE);
	report_lost(printed.report, "a", &err);
	report_recap(printed.report);
	flush(&printed);
	assert_int_equal(json_lines(printed.out), 5);
	assert_string_equal(printed.errors, "");
	assert_non_null(strstr(printed.out, "\"status\":\"changed\""));
	assert_non_null(strstr(printed.out, "a\\u0000b"));
	end(&printed);
}

/* --- Errors in a text --- */

static void points(const char *text, unsigned line, unsigned column, const char *shown)
{
	struct printed printed;
	struct error err = { 0 };
	size_t size = strlen(text);
	char *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);    /* nothing behind it */
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	error_at(&err, PLAYBOOK_INVALID_VALUE, (struct place){ "site.yml", line, column }, "wrong");
	error_remedy(&err, "do better");
	report_error(printed.report, &err, exact, size);
	flush(&printed);
	assert_string_equal(printed.errors, shown);
	end(&printed);
	free(exact);
}

static void an_error_points_at_its_place(void **state)
{
	(void)state;
	points("one\ntwo three\n", 2, 5,
		"site.yml:2:5: wrong\n  two three\n      ^\n  → do better\n");
	points("no end of line", 1, 4,
		"site.yml:1:4: wrong\n  no end of line\n     ^\n  → do better\n");
	points("\tx: y\n", 1, 5, "site.yml:1:5: wrong\n  \tx: y\n  \t   ^\n  → do better\n");
	points("ä€: x\n", 1, 8, "site.yml:1:8: wrong\n  ä€: x\n      ^\n  → do better\n");
	points("x: y\r\n", 1, 4, "site.yml:1:4: wrong\n  x: y\n     ^\n  → do better\n");
	points("a\033b: c\n", 1, 5, "site.yml:1:5: wrong\n  a\\x1bb: c\n         ^\n  → do better\n");
}

static void a_place_outside_the_text_shows_no_line(void **state)
{
	(void)state;
	points("one\n", 9, 1, "site.yml:9:1: wrong\n  → do better\n");
	points("", 1, 1, "site.yml:1:1: wrong\n  \n  ^\n  → do better\n");
}

static void an_error_without_a_place_is_the_programs(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	error_set(&err, INVENTORY_NOT_FOUND, "there is no inventory");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_string_equal(printed.errors, "beoplay: there is no inventory\n");
	end(&printed);
}

static void json_has_the_code_and_the_place_of_an_error(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	error_at(&err, YAML_SYNTAX, (struct place){ "site.yml", 3, 7 }, "wrong");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\"code\":\"yaml.syntax\",\"file\":\"site.yml\",\"line\":3,"
		"\"column\":7}"));
	end(&printed);
}

static void json_has_the_code_of_a_lost_host_and_of_a_failed_task(void **state)
{
	struct printed printed;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a b");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_FAILED, .message = "no", .code = HOST_REFUSED->name });
	error_set(&err, SSH_HOST_KEY_CHANGED, "the host key has changed");
	report_lost(printed.report, "b", &err);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\"code\":\"host.refused\""));
	assert_non_null(strstr(printed.out, "\"code\":\"ssh.host-key-changed\""));
	end(&printed);
}

static void codes_stand_behind_messages_where_more_is_asked_for(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 1 }, "a");
	error_set(&err, INVENTORY_NOT_FOUND, "there is no inventory");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_string_equal(printed.errors, "beoplay: there is no inventory [inventory.not-found]\n");
	end(&printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_code_and_the_place_of_an_error),
		cmocka_unit_test(json_has_the_code_of_a_lost_host_and_of_a_failed_task),
		cmocka_unit_test(codes_stand_behind_messages_where_more_is_asked_for),
		cmocka_unit_test(names_with_numbers_are_folded),
		cmocka_unit_test(padded_numbers_keep_their_width),
		cmocka_unit_test(domains_and_addresses_are_not_torn),
		cmocka_unit_test(differences_are_unified),
		cmocka_unit_test(a_file_that_was_not_there_is_all_new),
		cmocka_unit_test(a_missing_end_of_line_is_told),
		cmocka_unit_test(long_lines_stay_whole),
		cmocka_unit_test(equal_results_are_folded),
		cmocka_unit_test(groups_stand_in_the_order_of_the_inventory),
		cmocka_unit_test(a_failure_shows_what_was_said_and_where_it_stands),
		cmocka_unit_test(a_dry_run_counts_what_is_certain_and_what_may_follow),
		cmocka_unit_test(tasks_are_printed_in_their_order),
		cmocka_unit_test(the_recap_counts_what_happened),
		cmocka_unit_test(lost_hosts_are_told_in_inventory_order_before_the_next_task),
		cmocka_unit_test(a_loop_counts_once_with_its_worst),
		cmocka_unit_test(a_long_note_is_cut_at_a_word),
		cmocka_unit_test(hostile_bytes_are_made_printable),
		cmocka_unit_test(endless_output_is_cut),
		cmocka_unit_test(secrets_are_never_printed),
		cmocka_unit_test(json_lines_have_no_controls),
		cmocka_unit_test(json_lines_are_valid_whatever_comes),
		cmocka_unit_test(the_live_line_is_gone_before_a_message_comes),
		cmocka_unit_test(output_is_printed_as_it_comes_and_once),
		cmocka_unit_test(an_error_points_at_its_place),
		cmocka_unit_test(a_place_outside_the_text_shows_no_line),
		cmocka_unit_test(an_error_without_a_place_is_the_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
