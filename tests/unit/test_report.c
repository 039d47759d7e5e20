/* What is printed about a run, to the byte. */
#include "report_bench.h"

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

static void undo_of(const struct printed *printed, unsigned number, const char *host, const char *path,
	enum status status)
{
	struct told_change change = *change_of(printed->arena, "state", "file", "absent", 0);

	change.subject = path;
	report_result(printed->report, number, &(struct report_result){ .host = host, .status = status,
		.item = arena_printf(printed->arena, "file:%s", path), .undone = true, .more = true,
		.message = status_failed(status) ? "edited by hand" : NULL, .change_count = 1,
		.changes = &change });
}

/* Hosts once, and each resource in the line of its change. */
static void what_is_undone_stands_below_its_hosts(void **state)
{
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ 0 }, "a b c");
	number = task(&printed, 3);
	undo_of(&printed, number, "b", "/2", STATUS_CHANGED);
	undo_of(&printed, number, "b", "/1", STATUS_CHANGED);
	undo_of(&printed, number, "a", "/2", STATUS_CHANGED);
	undo_of(&printed, number, "a", "/1", STATUS_CHANGED);
	undo_of(&printed, number, "c", "/2", STATUS_FAILED);
	undo_of(&printed, number, "c", "/1", STATUS_CHANGED);
	undo_of(&printed, number, "a", "/0", STATUS_CHANGED);
	undo_of(&printed, number, "c", "/0", STATUS_CHANGED);
	undo_of(&printed, number, "b", "/0", STATUS_CHANGED);
	report_task_end(printed.report, number);
	flush(&printed);
	assert_string_equal(printed.out, "\nTASK [A task]\n  changed: a,b\n    /2 state: file → absent\n"
		"  changed: a,b,c\n    /1 state: file → absent\n"
		"    /0 state: file → absent\n  failed: c\n    item: file:/2\n    edited by hand\n    /2 state: file → absent\n");
	end(&printed);
}

/* Several thousands are told by their first and their last. */
static void of_very_many_the_middle_is_left_out(void **state)
{
	(void)state;
	for (unsigned verbosity = 0; verbosity < 2; verbosity++) {
		struct printed printed;
		const char *left;
		unsigned number;

		begin(&printed, (struct report_options){ .verbosity = verbosity }, "a b");
		number = task(&printed, 2);
		for (size_t i = 0; i < 5000; i++)
			undo_of(&printed, number, i % 2 ? "a" : "b", arena_printf(printed.arena, "/%zu", i / 2),
				STATUS_CHANGED);
		report_task_end(printed.report, number);
		flush(&printed);
		left = strstr(printed.out, "    /49 state: file → absent\n    … 2300 items left out, all of them "
			"changed (-v shows all)\n    /2350 state: file → absent\n");
		assert_int_equal(left != NULL, verbosity == 0);
		assert_non_null(strstr(printed.out, "    /2499 state"));
		assert_int_equal(strstr(printed.out, "    /1000 state") != NULL, verbosity == 1);
		end(&printed);
	}
}

static void of_very_many_changes_too(void **state)
{
	struct told_change changes[1000];
	struct printed printed;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ 0 }, "a");
	number = task(&printed, 1);
	for (size_t i = 0; i < 1000; i++) {
		changes[i] = *change_of(printed.arena, "state", "absent", "file", 0);
		changes[i].subject = arena_printf(printed.arena, "/%zu", i);
	}
	report_result(printed.report, number, &(struct report_result){ .host = "a", .status = STATUS_CHANGED,
		.change_count = 1000, .changes = changes });
	report_task_end(printed.report, number);
	flush(&printed);
	assert_non_null(strstr(printed.out, "    /49 state: absent → file\n    … 800 changes left out (-v shows all)\n"
		"    /850 state: absent → file\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_with_numbers_are_folded),
		cmocka_unit_test(padded_numbers_keep_their_width),
		cmocka_unit_test(domains_and_addresses_are_not_torn),
		cmocka_unit_test(differences_are_unified),
		cmocka_unit_test(a_file_that_was_not_there_is_all_new),
		cmocka_unit_test(a_missing_end_of_line_is_told),
		cmocka_unit_test(long_lines_stay_whole),
		cmocka_unit_test(equal_results_are_folded),
		cmocka_unit_test(what_is_undone_stands_below_its_hosts),
		cmocka_unit_test(of_very_many_the_middle_is_left_out),
		cmocka_unit_test(of_very_many_changes_too),
		cmocka_unit_test(groups_stand_in_the_order_of_the_inventory),
		cmocka_unit_test(a_failure_shows_what_was_said_and_where_it_stands),
		cmocka_unit_test(a_dry_run_counts_what_is_certain_and_what_may_follow),
		cmocka_unit_test(tasks_are_printed_in_their_order),
		cmocka_unit_test(the_recap_counts_what_happened),
		cmocka_unit_test(lost_hosts_are_told_in_inventory_order_before_the_next_task),
		cmocka_unit_test(a_loop_counts_once_with_its_worst),
		cmocka_unit_test(a_long_note_is_cut_at_a_word),
		cmocka_unit_test(output_is_printed_as_it_comes_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
