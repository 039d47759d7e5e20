/* blockinfile: lines between markers in a file that others write, too, and the way back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_blockinfile;

static struct bench *bench;

#define PATH "/etc/a.conf"
#define BEGIN "# BEGIN ANSIBLE MANAGED BLOCK\n"
#define END "# END ANSIBLE MANAGED BLOCK\n"
#define BARE_END "# END ANSIBLE MANAGED BLOCK"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "mpi", 1001, "/home/mpi");
	bench_directory(bench, "/etc", 0755);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *options)
{
	return bench_load(bench, &module_blockinfile,
		arena_printf(bench->arena, "{path: " PATH ", %s}", options));
}

static int apply(const char *options)
{
	return bench_apply(bench, &module_blockinfile, load(options));
}

static struct plan *look(const char *options)
{
	void *params = load(options);

	return params ? bench_look(bench, &module_blockinfile, params) : NULL;
}

static void given(const char *text)
{
	bench_file(bench, PATH, 0640, text);
}

static const char *text(void)
{
	return bench_text(bench, PATH);
}

/* What the task makes of a text, the second time nothing; and undone, the text to the byte. */
static void makes(const char *before, const char *options, const char *after)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(text(), after);
	assert_string_equal(bench->log.data, "write " PATH " 0640\n");
	assert_int_equal(look(options)->change_count, 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), before);
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0640);
}

/* The same, but others have made meanwhile of it; undone, it is back. */
static void makes_among(const char *before, const char *options, const char *meanwhile,
	const char *back)
{
	given(before);
	assert_int_equal(apply(options), 0);
	given(meanwhile);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), back);
}

static void leaves(const char *before, const char *options)
{
	given(before);
	assert_int_equal(apply(options), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(text(), before);
}

static void a_new_block_comes_at_the_end(void **state)
{
	(void)state;
	makes("a=1\n", "block: b=2", "a=1\n" BEGIN "b=2\n" END);
	makes("a=1\n", "block: \"b=2\\n\\nc=3\\n\"", "a=1\n" BEGIN "b=2\n\nc=3\n" END);
	makes("", "block: b=2", BEGIN "b=2\n" END);
	makes("a=1\n\n", "block: b=2, insertafter: EOF", "a=1\n\n" BEGIN "b=2\n" END);
}

static void a_new_block_may_come_first(void **state)
{
	(void)state;
	makes("a=1\n", "block: b=2, insertbefore: BOF", BEGIN "b=2\n" END "a=1\n");
	makes("a=1", "block: b=2, insertbefore: BOF", BEGIN "b=2\n" END "a=1");
	makes("", "block: b=2, insertbefore: BOF", BEGIN "b=2\n" END);
}

static void a_last_line_without_a_newline_is_completed_and_put_back(void **state)
{
	(void)state;
	makes("a=1", "block: b=2", "a=1\n" BEGIN "b=2\n" END);
	makes_among("a=1", "block: b=2", "a=1\n" BEGIN "b=2\n" END "mine\n", "a=1\nmine\n");
	makes(BEGIN "b=1\n" END "a=1", "block: b=2", BEGIN "b=2\n" END "a=1");
	makes("a=1\n" BEGIN "b=1\n" BARE_END, "block: b=2", "a=1\n" BEGIN "b=2\n" BARE_END);
	makes("a=1\n" BEGIN "b=1\n" BARE_END, "state: absent", "a=1\n");
	makes_among("a=1\n" BEGIN "b=1\n" BARE_END, "state: absent", "a=1\nmine\n",
		"a=1\n" BEGIN "b=1\n" END "mine\n");
}

static void another_content_is_replaced_in_its_place(void **state)
{
	(void)state;
	makes("a=1\n" BEGIN "b=1\nb=0\n" END "c=3\n", "block: b=2",
		"a=1\n" BEGIN "b=2\n" END "c=3\n");
	makes("a=1\n" BEGIN "b=1\n" END "c=3\n", "block: b=2, insertbefore: BOF",
		"a=1\n" BEGIN "b=2\n" END "c=3\n");
	makes("a=1\n" BEGIN END "c=3\n", "block: b=2", "a=1\n" BEGIN "b=2\n" END "c=3\n");
}

static void a_block_goes_and_comes_back_to_its_place(void **state)
{
	(void)state;
	makes("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent", "a=1\nc=3\n");
	makes(BEGIN "b=1\n" END "c=3\n", "state: absent", "c=3\n");
	makes("#\n#\n" BEGIN "b=1\n\n" END "#\n", "state: absent", "#\n#\n#\n");
	makes("#\n" BEGIN "b=1\n" END "#\n#\n", "state: absent", "#\n#\n#\n");
	makes(BEGIN "b=1\n" END, "state: absent", "");
	makes("a=1\n" BEGIN END "c=3\n", "state: absent", "a=1\nc=3\n");
	makes("a=1\n" BEGIN "b=1\n" END "c=3\n", "block: ''", "a=1\nc=3\n");
}

static void what_is_right_is_left_alone(void **state)
{
	(void)state;
	leaves("a=1\n" BEGIN "b=2\n" END "c=3\n", "block: b=2");
	leaves("a=1\n" BEGIN "b=2\n" END "c=3\n", "block: \"b=2\\n\", insertbefore: BOF");
	leaves(BEGIN "b=2\n" BARE_END, "block: b=2, mode: '0640', owner: root");
	leaves("a=1\n", "state: absent");
	leaves("a=1", "block: ''");
	leaves("a=1\n", "block: b=2, state: absent");
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan;

	(void)state;
	given("a=1\n");
	plan = look("block: b=2, mode: '0600'");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0),
		PATH " content: a=1\n -> a=1\n" BEGIN "b=2\n" END);
	assert_string_equal(bench_change(bench, plan, 1), PATH " mode: 0640 -> 0600");
	assert_int_equal(plan->changes[0]->flags, CHANGE_SENSITIVE);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(text(), "a=1\n");
}

static void several_blocks_do_not_touch_each_other(void **state)
{
	const char *both = "a=1\n; { one\nb=2\n; } one\n<!-- BEGIN two -->\nc=3\n<!-- END two -->\n";
	struct inverses *one;

	(void)state;
	given("a=1\n");
	assert_int_equal(apply("block: b=2, marker: '; {mark} one', marker_begin: '{', "
		"marker_end: '}'"), 0);
	one = bench->inverses;
	assert_int_equal(apply("block: c=3, marker: '<!-- {mark} two -->'"), 0);
	assert_string_equal(text(), both);
	bench->inverses = one;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\n<!-- BEGIN two -->\nc=3\n<!-- END two -->\n");
}

static void an_undo_leads_behind_several_runs(void **state)
{
	struct inverses *first;

	(void)state;
	given("a=1");
	assert_int_equal(apply("block: b=2"), 0);
	first = bench->inverses;
	assert_int_equal(apply("block: \"b=3\\nb=4\""), 0);
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1");
	given("a=1\n" BEGIN "b=1\n" END "c=3\n");
	assert_int_equal(apply("block: b=2"), 0);
	first = bench->inverses;
	assert_int_equal(apply("state: absent"), 0);
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\n" BEGIN "b=1\n" END "c=3\n");
	/* Where it was, wherever it came meanwhile. */
	assert_int_equal(apply("state: absent"), 0);
	first = bench->inverses;
	assert_int_equal(apply("block: b=9, insertbefore: BOF"), 0);
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\n" BEGIN "b=1\n" END "c=3\n");
}

static void there_back_and_there_again(const char *before, const char *options)
{
	const char *after;

	given(before);
	assert_int_equal(apply(options), 0);
	after = text();
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), before);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), after);
}

static void an_undo_can_be_undone_itself(void **state)
{
	(void)state;
	there_back_and_there_again("a=1\n", "block: b=2");
	there_back_and_there_again("a=1\n", "block: b=2, insertbefore: BOF");
	there_back_and_there_again("a=1\n" BEGIN "b=1\n" END "c=3\n", "block: b=2");
	there_back_and_there_again("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent");
	bench_remove(bench, PATH);
	assert_int_equal(apply("block: b=2, create: yes, mode: '0600', owner: mpi, group: mpi"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PATH));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), BEGIN "b=2\n" END);
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0600);
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
}

static void what_others_wrote_since_survives_an_undo(void **state)
{
	(void)state;
	makes_among("a=1\n", "block: b=2", "mine\na=9\n" BEGIN "b=2\n" END "b=2\n",
		"mine\na=9\nb=2\n");
	makes_among("a=1\n" BEGIN "b=1\n" END, "block: b=2", "x\n" BEGIN "b=2\n" END "mine\n",
		"x\n" BEGIN "b=1\n" END "mine\n");
	makes_among("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent", "x\ny\na=1\nmine\nc=3\n",
		"x\ny\na=1\n" BEGIN "b=1\n" END "mine\nc=3\n");
	makes_among("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent", "x\ny\n",
		"x\n" BEGIN "b=1\n" END "y\n");
	makes_among("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent", "", BEGIN "b=1\n" END);
	makes_among("a=1\n" BEGIN "b=1\n" END "c=3\n", "state: absent", "x",
		"x\n" BEGIN "b=1\n" END);
	makes_among("a=1\n", "block: b=2", "a=2\n", "a=2\n");
}

static void a_change_of_others_to_the_file_survives_an_undo(void **state)
{
	(void)state;
	given("a=1\n");
	assert_int_equal(apply("block: b=2"), 0);
	bench_find(bench, PATH)->info.mode = 0600;
	bench_find(bench, PATH)->info.uid = 1001;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0600\n");
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
}

static void a_file_is_made_when_told_and_goes_again(void **state)
{
	(void)state;
	assert_int_equal(apply("block: b=2, create: yes, mode: '0600', owner: mpi, group: mpi"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0600\n");
	assert_string_equal(text(), BEGIN "b=2\n" END);
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PATH "\n");
	assert_null(bench_find(bench, PATH));
	assert_int_equal(apply("block: b=2, create: yes"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0644\n");
}

static void a_made_file_stays_when_others_write_into_it(void **state)
{
	(void)state;
	assert_int_equal(apply("block: b=2, create: yes"), 0);
	given(BEGIN "b=2\n" END "mine\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "mine\n");
}

static void a_made_file_that_is_gone_already_is_no_matter(void **state)
{
	(void)state;
	assert_int_equal(apply("block: b=2, create: yes"), 0);
	bench_remove(bench, PATH);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_null(bench_find(bench, PATH));
}

static void a_missing_file_is_refused_with_a_remedy(void **state)
{
	(void)state;
	assert_int_equal(apply("block: b=2"), -1);
	assert_string_equal(bench->err.message, "there is no file '" PATH "'");
	assert_string_equal(bench->err.remedy, "create: yes makes it");
	assert_int_equal(apply("state: absent, create: yes"), 0);
	assert_string_equal(bench->log.data, "");
}

static void owner_and_mode_change_and_come_back(void **state)
{
	static const char *const options[] = { "block: b=2", "block: b=1", "state: absent" };
	static const char *const before = "a=1\n" BEGIN "b=1\n" END "c=3\n";
	struct bench_file *file;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		given(before);
		file = bench_find(bench, PATH);
		assert_int_equal(apply(arena_printf(bench->arena, "%s, mode: '0600', owner: mpi, "
			"group: mpi", options[i])), 0);
		assert_int_equal(file->info.mode, 0600);
		assert_int_equal(file->info.uid, 1001);
		assert_int_equal(bench_undo(bench), 0);
		assert_string_equal(text(), before);
		assert_int_equal(file->info.mode, 0640);
		assert_int_equal(file->info.uid, 0);
		assert_int_equal(file->info.gid, 0);
	}
}

static void backup_and_validate_reach_the_writing(void **state)
{
	(void)state;
	given("a=1\n");
	assert_int_equal(apply("block: b=2, backup: yes, validate: visudo -cf %s"), 0);
	assert_string_equal(bench->log.data,
		"write " PATH " 0640 validate visudo -cf %s\nbackup\n");
	assert_non_null(strstr(bench_snapshot(bench), "~"));
	assert_int_equal(bench_undo(bench), 0);
	assert_null(strstr(bench_snapshot(bench), "~"));
}

static void a_block_without_an_end_is_not_touched(void **state)
{
	static const char *const broken[] = { "a=1\n" BEGIN "b=1\n", BEGIN "b=1\n" BEGIN "b=1\n" END };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		given(broken[i]);
		assert_int_equal(apply("block: b=2"), -1);
		assert_string_equal(bench->err.message, "'" PATH "' has a block without an end");
		assert_non_null(strstr(bench->err.remedy, BARE_END));
		assert_int_equal(apply("state: absent"), -1);
		assert_string_equal(bench->log.data, "");
	}
}

static void a_block_that_is_there_twice_is_not_touched(void **state)
{
	(void)state;
	given(BEGIN "b=1\n" END "a=1\n" BEGIN "c=1\n" END);
	assert_int_equal(apply("block: b=2"), -1);
	assert_string_equal(bench->err.message, "'" PATH "' has the same block twice");
	assert_non_null(strstr(bench->err.remedy, BARE_END));
	assert_int_equal(apply("state: absent"), -1);
	assert_string_equal(bench->log.data, "");
}

static void a_block_that_holds_a_marker_is_refused(void **state)
{
	(void)state;
	given("a=1\n");
	assert_int_equal(apply("block: \"b=1\\n" BARE_END "\\nb=2\""), -1);
	assert_non_null(strstr(bench->err.message, "holds a marker line"));
	assert_string_equal(bench->err.remedy, "choose another marker");
	assert_int_equal(apply("block: '# BEGIN ANSIBLE MANAGED BLOCK'"), -1);
	assert_string_equal(bench->log.data, "");
	leaves("a=1\n", "block: '# BEGIN ANSIBLE MANAGED BLOCK', state: absent");
	makes("a=1\n", "block: '# BEGIN ANSIBLE MANAGED BLOCKS'",
		"a=1\n" BEGIN "# BEGIN ANSIBLE MANAGED BLOCKS\n" END);
}

static void a_block_that_is_no_text_can_not_come_back(void **state)
{
	(void)state;
	given("a=1\n" BEGIN "b=\xff\n" END);
	assert_int_equal(apply("block: b=2"), 0);
	assert_null(bench->inverses->entries[0].params);
	assert_non_null(strstr(bench->inverses->entries[0].reason, "UTF-8"));
	makes("\xff\n" BEGIN "b=1\n" END "a=1\n", "state: absent", "\xff\na=1\n");
}

static void what_is_no_text_file_is_refused(void **state)
{
	(void)state;
	bench_link(bench, PATH, "b.conf");
	assert_int_equal(apply("block: b=2"), -1);
	assert_string_equal(bench->err.message, "'" PATH "' is not a regular file");
	bench_directory(bench, PATH, 0755);
	assert_int_equal(apply("block: b=2, create: yes"), -1);
	assert_string_equal(bench->log.data, "");
}

static void a_block_is_a_resource_by_its_marker(void **state)
{
	static const char *const identity = "block:" PATH ":; {mark} one:FROM";
	struct names *names = names_new(bench->arena);

	(void)state;
	module_blockinfile.resources(names, load("block: x, marker: '; {mark} one', "
		"marker_begin: FROM"));
	assert_int_equal(names->count, 1);
	assert_string_equal(names->items[0], identity);
	given("a=1\n");
	assert_int_equal(apply("block: x, marker: '; {mark} one', marker_begin: FROM"), 0);
	assert_string_equal(bench->inverses->entries[0].resource, identity);
	assert_string_equal(text(), "a=1\n; FROM one\nx\n; END one\n");
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
	assert_refused("block: x, marker: '# mine'", "'marker' has no {mark}");
	assert_non_null(strstr(bench->err.remedy, "told apart"));
	assert_refused("block: x, marker: \"# {mark}\\n#\"", "must be one line");
	assert_refused("block: x, insertafter: ^a", "not supported yet");
	assert_string_equal(bench->err.remedy, "only insertafter: EOF is");
	assert_refused("block: x, insertbefore: EOF", "not supported yet");
	assert_string_equal(bench->err.remedy, "only insertbefore: BOF is");
	assert_refused("block: x, state: gone", "can't be 'gone'");
	assert_refused("block: x, lines: y", "no parameter 'lines'");
	assert_null(bench_normalise(bench, &module_blockinfile, "{block: a}"));
	assert_ptr_equal(bench->err.code, TASK_MISSING_PARAMETER);
}

static void a_block_whose_lines_end_as_on_dos_is_found_and_stays_so(void **state)
{
	(void)state;
	leaves("# BEGIN ANSIBLE MANAGED BLOCK\r\nc=3\r\n# END ANSIBLE MANAGED BLOCK\r\na=1\r\n",
		"block: \"c=3\\n\"");
	makes("a=1\r\n# BEGIN ANSIBLE MANAGED BLOCK\r\nc=3\r\n# END ANSIBLE MANAGED BLOCK\r\n",
		"block: \"d=4\\n\"", "a=1\r\n# BEGIN ANSIBLE MANAGED BLOCK\r\nd=4\r\n"
		"# END ANSIBLE MANAGED BLOCK\r\n");
	makes("a=1\r\n", "block: x", "a=1\r\n# BEGIN ANSIBLE MANAGED BLOCK\r\nx\r\n"
		"# END ANSIBLE MANAGED BLOCK\r\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_block_whose_lines_end_as_on_dos_is_found_and_stays_so),
		TEST(a_new_block_comes_at_the_end),
		TEST(a_new_block_may_come_first),
		TEST(a_last_line_without_a_newline_is_completed_and_put_back),
		TEST(another_content_is_replaced_in_its_place),
		TEST(a_block_goes_and_comes_back_to_its_place),
		TEST(what_is_right_is_left_alone),
		TEST(looking_changes_nothing),
		TEST(several_blocks_do_not_touch_each_other),
		TEST(an_undo_leads_behind_several_runs),
		TEST(an_undo_can_be_undone_itself),
		TEST(what_others_wrote_since_survives_an_undo),
		TEST(a_change_of_others_to_the_file_survives_an_undo),
		TEST(a_file_is_made_when_told_and_goes_again),
		TEST(a_made_file_stays_when_others_write_into_it),
		TEST(a_made_file_that_is_gone_already_is_no_matter),
		TEST(a_missing_file_is_refused_with_a_remedy),
		TEST(owner_and_mode_change_and_come_back),
		TEST(backup_and_validate_reach_the_writing),
		TEST(a_block_without_an_end_is_not_touched),
		TEST(a_block_that_is_there_twice_is_not_touched),
		TEST(a_block_that_holds_a_marker_is_refused),
		TEST(a_block_that_is_no_text_can_not_come_back),
		TEST(what_is_no_text_file_is_refused),
		TEST(a_block_is_a_resource_by_its_marker),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
