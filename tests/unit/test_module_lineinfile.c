/* lineinfile: one line in a file that others write, too. */
#include "lineinfile_bench.h"

static void a_new_line_comes_at_the_end(void **state)
{
	(void)state;
	makes("a=1\n", "line: b=2", "a=1\nb=2\n");
	makes("", "line: b=2", "b=2\n");
	makes("a=1\n", "line: b=2, insertafter: EOF", "a=1\nb=2\n");
	makes("a=1\n\n", "line: '\tb = \"2\" # \\ää'", "a=1\n\n\tb = \"2\" # \\ää\n");
}

static void a_last_line_without_a_newline_is_completed_and_put_back(void **state)
{
	(void)state;
	makes("a=1", "line: b=2", "a=1\nb=2\n");
	makes("a=1\nc=3", "line: b=2, insertbefore: ^c", "a=1\nb=2\nc=3");
	makes("a=1\nb=1", "line: b=2, regexp: ^b=", "a=1\nb=2");
	makes("a=1\nb=1", "state: absent, regexp: ^b=", "a=1\n");
	makes("a=1\nb=1", "state: absent, regexp: ^a=", "b=1");
	makes_among("a=1", "line: b=2", "a=1\nb=2\nmine\n", "a=1\nmine\n");
	makes_among("b=1", "line: b=2, regexp: ^b=", "b=2\n", "b=1\n");
}

static void a_new_line_comes_behind_or_before_what_matches(void **state)
{
	(void)state;
	makes("[x]\n[y]\n[x]\n", "line: b=2, insertafter: '^\\[x\\]'", "[x]\n[y]\n[x]\nb=2\n");
	makes("[x]\n[y]\n[x]\n", "line: b=2, insertafter: '^\\[x\\]', firstmatch: yes",
		"[x]\nb=2\n[y]\n[x]\n");
	makes("[x]\n[y]\n[x]\n", "line: b=2, insertbefore: '^\\[x\\]'", "[x]\n[y]\nb=2\n[x]\n");
	makes("[x]\n[y]\n[x]\n", "line: b=2, insertbefore: '^\\[x\\]', firstmatch: yes",
		"b=2\n[x]\n[y]\n[x]\n");
	makes("[x]\n[y]\n", "line: b=2, insertbefore: BOF", "b=2\n[x]\n[y]\n");
	makes("[x]\n[y]\n", "line: b=2, insertafter: none such", "[x]\n[y]\nb=2\n");
}

static void a_line_that_matches_is_replaced(void **state)
{
	(void)state;
	makes("a=1\nb=1\nc=1\n", "line: b=2, regexp: ^b=", "a=1\nb=2\nc=1\n");
	makes("a=1\nb=1\nb=0\n", "line: b=2, regexp: ^b=", "a=1\nb=1\nb=2\n");
	makes("a=1\nb=1\nb=0\n", "line: b=2, regexp: ^b=, firstmatch: yes", "a=1\nb=2\nb=0\n");
	makes("a=1\n", "line: b=2, regexp: ^b=", "a=1\nb=2\n");
	makes("a (1)\nb\n", "line: b=2, search_string: (1)", "b=2\nb\n");
}

static void a_line_that_does_not_match_but_is_right_is_kept(void **state)
{
	(void)state;
	leaves("a=1\nb=2\n", "line: b=2");
	leaves("a=1\nb=2", "line: b=2");
	leaves("b=2\na=1\n", "line: b=2, insertafter: EOF");
	leaves("a=1\nb=2\n", "line: b=2, regexp: ^b=");
	leaves("a=1\nb=2\n", "line: b=2, regexp: ^c=");
	leaves("a=1\n", "line: b=2, state: absent");
	leaves("a=1\n", "regexp: ^b, state: absent");
	leaves("a=1\n", "line: a=1, owner: root, mode: '0640'");
}

static void lines_go_and_come_back_to_their_places(void **state)
{
	(void)state;
	makes("a=1\nb=2\nc=3\n", "line: b=2, state: absent", "a=1\nc=3\n");
	makes("a=1\nb=2\nc=3\n", "line: a=1, state: absent", "b=2\nc=3\n");
	makes("#\nb=2\n#\nb=1\n#\n", "regexp: ^b=, state: absent", "#\n#\n#\n");
	makes("b\na\nb\nb\nc\nb\n", "line: b, state: absent", "a\nc\n");
	makes("a=1\n\nb=2\n", "regexp: '^$', state: absent", "a=1\nb=2\n");
	makes("a=(1)\nb=1\n", "search_string: (1), state: absent", "b=1\n");
	makes("a=1\n", "line: a=1, state: absent", "");
}

static void a_part_of_a_line_is_not_the_line(void **state)
{
	(void)state;
	makes("b=22\n#b=2\n", "line: b=2", "b=22\n#b=2\nb=2\n");
	makes("b=22\nb=2\n", "line: b=2, state: absent", "b=22\n");
	makes("b=1\n# b=2 is better\n", "line: b=2, regexp: ^b=", "b=2\n# b=2 is better\n");
}

static void a_replaced_line_comes_back_among_its_likes(void **state)
{
	(void)state;
	makes("b=2\nb=1\n", "line: b=2, regexp: ^b=", "b=2\nb=2\n");
	makes("b=1\nb=2\n", "line: b=2, regexp: ^b=, firstmatch: yes", "b=2\nb=2\n");
	makes("#\nb=1\n#\nb=1\n", "line: b=2, regexp: ^b=", "#\nb=1\n#\nb=2\n");
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan;

	(void)state;
	given("a=1\n");
	plan = look("line: b=2, mode: '0600'");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), PATH " content: a=1\n -> a=1\nb=2\n");
	assert_string_equal(bench_change(bench, plan, 1), PATH " mode: 0640 -> 0600");
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(text(), "a=1\n");
	bench_file(bench, PATH, 0644, "a=1\n");
	assert_int_equal(look("line: b=2")->changes[0]->flags, 0);
}

static void a_file_is_made_when_told_and_goes_again(void **state)
{
	(void)state;
	assert_int_equal(apply("line: b=2, create: yes, mode: '0600', owner: mpi, group: mpi"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0600\n");
	assert_string_equal(text(), "b=2\n");
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PATH "\n");
	assert_null(bench_find(bench, PATH));
	assert_int_equal(apply("line: b=2, create: yes"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0644\n");
}

static void a_made_file_stays_when_others_write_into_it(void **state)
{
	(void)state;
	assert_int_equal(apply("line: b=2, create: yes"), 0);
	given("b=2\nmine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "mine\n");
}

static void a_made_file_that_is_gone_already_is_no_matter(void **state)
{
	(void)state;
	assert_int_equal(apply("line: b=2, create: yes"), 0);
	bench_remove(bench, PATH);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_null(bench_find(bench, PATH));
}

static void an_empty_file_that_was_there_stays(void **state)
{
	(void)state;
	makes("", "line: b=2, create: yes", "b=2\n");
}

static void a_missing_file_is_refused_with_a_remedy(void **state)
{
	(void)state;
	assert_int_equal(apply("line: b=2"), -1);
	assert_string_equal(bench->err.message, "there is no file '" PATH "'");
	assert_string_equal(bench->err.remedy, "create: yes makes it");
	assert_int_equal(apply("line: b=2, state: absent"), 0);
	assert_string_equal(bench->log.data, "");
}

/* The line is there, but the pattern that finds it has no end: it isn't taken for one that
 * isn't. */
static void a_pattern_with_too_many_ways_changes_nothing(void **state)
{
	static const char *const options[] = {
		"regexp: '(a|aa)+$', line: b=2", "regexp: '(a|aa)+$', state: absent",
		"insertafter: '(a|aa)+$', line: b=2", "insertbefore: '(a|aa)+$', line: b=2",
	};
	const char *before = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n";

	(void)state;
	given(before);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		assert_int_equal(apply(options[i]), -1);
		assert_ptr_equal(bench->err.code, LINEINFILE_PATTERN_FAILED);
		assert_string_equal(bench->err.remedy,
			"write a simpler one: without repetitions inside repetitions");
		assert_string_equal(text(), before);
	}
	assert_string_equal(bench->log.data, "");
}

static void owner_and_mode_change_and_come_back_without_the_line(void **state)
{
	struct bench_file *file;

	(void)state;
	given("a=1\n");
	file = bench_find(bench, PATH);
	assert_int_equal(apply("line: a=1, mode: '0600', owner: mpi, group: mpi"), 0);
	assert_string_equal(bench->log.data, "owner " PATH " 1001:1001\nmode " PATH " 0600\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\n");
	assert_int_equal(file->info.mode, 0640);
	assert_int_equal(file->info.uid, 0);
	assert_int_equal(file->info.gid, 0);
}

static void owner_mode_and_line_come_back_together(void **state)
{
	static const char *const options[] = { "line: b=2", "line: b=2, regexp: ^b=",
		"line: b=1, state: absent" };
	struct bench_file *file;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		given("b=1\n");
		file = bench_find(bench, PATH);
		assert_int_equal(apply(arena_printf(bench->arena, "%s, mode: '0600', owner: mpi, "
			"group: mpi", options[i])), 0);
		assert_int_equal(file->info.mode, 0600);
		assert_int_equal(file->info.uid, 1001);
		assert_int_equal(bench_undo(bench), 0);
		assert_string_equal(text(), "b=1\n");
		assert_int_equal(file->info.mode, 0640);
		assert_int_equal(file->info.uid, 0);
		assert_int_equal(file->info.gid, 0);
	}
}

static void backup_and_validate_reach_the_writing(void **state)
{
	(void)state;
	given("a=1\n");
	assert_int_equal(apply("line: b=2, backup: yes, validate: visudo -cf %s"), 0);
	assert_string_equal(bench->log.data,
		"write " PATH " 0640 validate visudo -cf %s\nbackup\n");
	assert_non_null(strstr(bench_snapshot(bench), "~"));
	assert_int_equal(bench_undo(bench), 0);
	assert_null(strstr(bench_snapshot(bench), "~"));
}

static void a_line_that_is_no_text_can_not_come_back(void **state)
{
	(void)state;
	given("a=1\nb=\xff\n");
	assert_int_equal(apply("regexp: ^b=, state: absent"), 0);
	assert_string_equal(text(), "a=1\n");
	assert_null(bench->inverses->entries[0].params);
	assert_non_null(strstr(bench->inverses->entries[0].reason, "UTF-8"));
	makes("\xff\na=1\n", "line: a=1, state: absent", "\xff\n");
	makes("\xff\nb=1", "line: b=2, regexp: ^b=", "\xff\nb=2");
}

static void too_many_lines_can_not_come_back(void **state)
{
	struct buffer many = { 0 };

	(void)state;
	for (int i = 0; i <= 1000; i++)
		buffer_printf(&many, "b=%d\n", i);
	given(many.data);
	buffer_free(&many);
	assert_int_equal(apply("regexp: ^b=, state: absent"), 0);
	assert_string_equal(text(), "");
	assert_null(bench->inverses->entries[0].params);
	assert_string_equal(bench->inverses->entries[0].reason, "too many lines went");
}

static void what_is_no_text_file_is_refused(void **state)
{
	(void)state;
	bench_link(bench, PATH, "b.conf");
	assert_int_equal(apply("line: b=2"), -1);
	assert_string_equal(bench->err.message, "'" PATH "' is not a regular file");
	bench_directory(bench, PATH, 0755);
	assert_int_equal(apply("line: b=2, create: yes"), -1);
	given("a\n");
	bench_find(bench, PATH)->bytes = "a\0";
	assert_int_equal(apply("line: b=2"), -1);
	assert_string_equal(bench->err.message, "'" PATH "' is not a text file: it has a NUL byte");
	assert_string_equal(bench->log.data, "");
}

static void a_line_is_a_resource_by_what_finds_it(void **state)
{
	static const char *const options[][2] = {
		{ "line: b=2", "line:" PATH ":=efa2eba7fff4b839" },
		{ "line: b=2, regexp: ^b=", "line:" PATH ":^b=" },
		{ "line: b=2, search_string: b", "line:" PATH ":b" },
		{ "line: b=1, state: absent", "line:" PATH ":=cbe78bac8689bf95" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct names *names = names_new(bench->arena);

		module_lineinfile.resources(names, load(options[i][0]));
		assert_int_equal(names->count, 1);
		assert_string_equal(names->items[0], options[i][1]);
		given("b=1\n");
		assert_int_equal(apply(options[i][0]), 0);
		assert_string_equal(bench->inverses->entries[0].resource, options[i][1]);
		assert_int_equal(bench_undo(bench), 0);
		assert_string_equal(bench->inverses->entries[0].resource, options[i][1]);
	}
}

static bool is_inside(const struct value *value, const char *text)
{
	if (value->kind == VALUE_STRING && strstr(value->text, text))
		return true;
	for (size_t i = 0; i < value->count; i++) {
		if (is_inside(value->kind == VALUE_MAP ? value->pairs[i].value : value->items[i], text))
			return true;
	}
	return false;
}

static void what_undoes_a_private_line_does_not_hold_it(void **state)
{
	static const char *const options[] = { "line: password=swordfish",
		"line: password=swordfish, regexp: ^password", "line: password=swordfish, insertbefore: BOF" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		given("b=1\npassword=old\n");
		bench_find(bench, PATH)->info.mode = 0600;
		assert_int_equal(apply(options[i]), 0);
		assert_non_null(strstr(bench_find(bench, PATH)->bytes, "swordfish"));
		assert_false(is_inside(bench->inverses->entries[0].params, "swordfish"));
		assert_null(strstr(bench->inverses->entries[0].resource, "swordfish"));
		assert_int_equal(bench_undo(bench), 0);
		assert_string_equal(bench_find(bench, PATH)->bytes, "b=1\npassword=old\n");
	}
}

static void assert_refused(const char *options, const char *why)
{
	assert_null(load(options));
	if (!strstr(bench->err.message, why))
		fail_msg("%s: %s", options, bench->err.message);
}

static void wrong_parameters_are_refused(void **state)
{
	(void)state;
	assert_refused("regexp: x", "'line' is needed");
	assert_refused("state: absent", "one of 'line', 'regexp' and 'search_string'");
	assert_refused("line: \"a\\nb\"", "more than one line");
	assert_string_equal(bench->err.remedy, "blockinfile manages several");
	assert_refused("line: a, insertafter: x, insertbefore: y", "exclude each other");
	assert_refused("line: a, regexp: x, search_string: y", "exclude each other");
	assert_refused("line: a, regexp: 'x('", "the pattern 'x(' is wrong");
	assert_refused("line: a, insertafter: '['", "the pattern '[' is wrong");
	assert_refused("line: a, insertbefore: '*'", "the pattern '*' is wrong");
	assert_refused("line: a, backrefs: yes", "needs 'regexp'");
	assert_refused("line: a, state: gone", "can't be 'gone'");
	assert_refused("line: a, lines: b", "no parameter 'lines'");
	assert_null(bench_normalise(bench, &module_lineinfile, "{line: a}"));
	assert_ptr_equal(bench->err.code, TASK_MISSING_PARAMETER);
}

static void lines_that_end_as_on_dos_are_found_and_stay_so(void **state)
{
	(void)state;
	leaves("a=1\r\nb=2\r\n", "line: b=2");
	makes("a=1\r\nb=2\r\n", "line: c=3", "a=1\r\nb=2\r\nc=3\r\n");
	makes("a=1\r\nb=2", "line: c=3", "a=1\r\nb=2\r\nc=3\r\n");
	makes("a=1\r\nb=2\r\n", "line: a=5, regexp: '^a=.$'", "a=5\r\nb=2\r\n");
	makes("a=1\r\nb=2\r\n", "line: a=1, state: absent", "b=2\r\n");
	/* In a file of both kinds each line stays as it is. */
	leaves("a=1\nb=2\r\n", "line: b=2");
	makes("a=1\r\nb=2\n", "line: c=3", "a=1\r\nb=2\nc=3\n");
}

/* What ansible-core 2.14.18 makes of them. */
static void backrefs_stand_for_what_groups_matched(void **state)
{
	(void)state;
	makes("b=2\na=3\n", "regexp: '^(a)=(\\d)$', line: '\\1=x\\2', backrefs: yes", "b=2\na=x3\n");
	makes("a=1\nb=2\na=3\n", "regexp: '^(a)=(\\d)$', line: '\\1=7', backrefs: yes", "a=1\nb=2\na=7\n");
	makes("a=1\na=3\n", "regexp: '^(a)=\\d$', line: '\\1=7', backrefs: yes, firstmatch: yes", "a=7\na=3\n");
	makes("Port 22\n", "regexp: '^#?(Port) (?P<n>22)$', line: '\\g<1> 2\\g<n>2', backrefs: yes", "Port 2222\n");
	makes("G=\"quiet\"\n", "regexp: '^(G=\")((?:(?!\\bcg=1\\b).)*)\"$', line: '\\1\\2 cg=1\"', backrefs: yes",
		"G=\"quiet cg=1\"\n");
	makes("a b\n", "regexp: '(a)(x)? ', line: '\\1[\\2]', backrefs: yes", "a[]\n");
	makes("one\ttab\n", "regexp: '^one(\\s)tab', line: '1\\1t', backrefs: yes", "1\tt\n");
	makes("last", "regexp: 'l(a)st', line: '\\1st', backrefs: yes", "ast");
	makes("q\n", "regexp: '^q$', line: '\\\\1', backrefs: yes", "\\1\n");
	leaves("none\n", "regexp: '^(x)', line: '\\1y', backrefs: yes, insertafter: none");
}

static void the_file_has_all_of_ansibles_names(void **state)
{
	static const char *const names[] = { "path", "dest", "destfile", "name" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(bench_normalise(bench, &module_lineinfile, arena_printf(bench->arena, "{%s: /a, line: x}",
			names[i])));
}

static void backrefs_without_a_lasting_end_are_refused(void **state)
{
	(void)state;
	given("a\n");
	assert_int_equal(apply("regexp: '^(a+)', line: '\\1a', backrefs: yes"), -1);
	assert_string_equal(bench->err.message, "each run would change a line: first there would be 'aa', then 'aaa'");
	given("a=1\na=3\n");
	assert_int_equal(apply("regexp: '^(a)=(\\d)$', line: '\\1=x\\2', backrefs: yes"), -1);
	assert_string_equal(bench->err.message, "each run would change a line: first there would be 'a=x3', then 'a=x1'");
	given("a\n");
	assert_int_equal(apply("regexp: '^(a)', line: '\\1\\nb', backrefs: yes"), -1);
	assert_string_equal(text(), "a\n");
	assert_null(bench_normalise(bench, &module_lineinfile, "{path: /a, line: '\\1', backrefs: yes}"));
	assert_string_equal(bench->err.message, "'backrefs' needs 'regexp'");
	assert_null(bench_normalise(bench, &module_lineinfile, "{path: /a, regexp: (x), line: '\\2', backrefs: yes}"));
	assert_string_equal(bench->err.message, "'line' refers to a group that 'regexp' hasn't: '\\2'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(backrefs_stand_for_what_groups_matched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_file_has_all_of_ansibles_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(backrefs_without_a_lasting_end_are_refused, set_up, tear_down),
		TEST(lines_that_end_as_on_dos_are_found_and_stay_so),
		TEST(a_new_line_comes_at_the_end),
		TEST(a_last_line_without_a_newline_is_completed_and_put_back),
		TEST(a_new_line_comes_behind_or_before_what_matches),
		TEST(a_line_that_matches_is_replaced),
		TEST(a_line_that_does_not_match_but_is_right_is_kept),
		TEST(lines_go_and_come_back_to_their_places),
		TEST(a_part_of_a_line_is_not_the_line),
		TEST(a_replaced_line_comes_back_among_its_likes),
		TEST(looking_changes_nothing),
		TEST(a_file_is_made_when_told_and_goes_again),
		TEST(a_made_file_stays_when_others_write_into_it),
		TEST(a_made_file_that_is_gone_already_is_no_matter),
		TEST(an_empty_file_that_was_there_stays),
		TEST(a_missing_file_is_refused_with_a_remedy),
		TEST(a_pattern_with_too_many_ways_changes_nothing),
		TEST(owner_and_mode_change_and_come_back_without_the_line),
		TEST(owner_mode_and_line_come_back_together),
		TEST(backup_and_validate_reach_the_writing),
		TEST(a_line_that_is_no_text_can_not_come_back),
		TEST(too_many_lines_can_not_come_back),
		TEST(what_is_no_text_file_is_refused),
		TEST(a_line_is_a_resource_by_what_finds_it),
		TEST(what_undoes_a_private_line_does_not_hold_it),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
