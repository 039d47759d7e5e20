/* lineinfile: the way back behind several runs. */
#include "lineinfile_bench.h"

/* Two runs change the same line, or three; one undo leads behind all of them. */
static void makes_in_runs(const char *before, const char *const options[], const char *after,
	const char *back)
{
	struct inverses *first = NULL;

	given(before);
	for (size_t i = 0; options[i]; i++) {
		assert_int_equal(apply(options[i]), 0);
		first = first ? first : bench->inverses;
	}
	assert_string_equal(text(), after);
	given(arena_printf(bench->arena, "mine\nb=9\n%s", after));
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), arena_printf(bench->arena, "mine\nb=9\n%s", back));
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
}

static void an_undo_leads_behind_several_runs(void **state)
{
	static const char *const added[] = { "line: b=2, regexp: ^b=", "line: b=3, regexp: ^b=",
		"line: b=4, regexp: ^b=", NULL };
	static const char *const found[] = { "line: b=2, search_string: b=",
		"line: b=3, search_string: b=", NULL };
	static const char *const gone[] = { "regexp: ^b=, state: absent", "line: b=2, regexp: ^b=",
		NULL };
	static const char *const changed[] = { "regexp: '^(b)=', line: '\\1=2', backrefs: yes",
		"regexp: '^(b)=', line: '\\1=3', backrefs: yes", "line: b=4, regexp: '^(b)='", NULL };
	static const char *const come_and_gone[] = { "line: b=2, regexp: ^b=",
		"regexp: ^b=, state: absent", NULL };

	(void)state;
	makes_in_runs("a=1\n", added, "a=1\nb=4\n", "a=1\n");
	makes_in_runs("a=1", added, "a=1\nb=4\n", "a=1");
	makes_in_runs("b=1\na=1\n", added, "b=4\na=1\n", "b=1\na=1\n");
	makes_in_runs("b=1\na=1\n", found, "b=3\na=1\n", "b=1\na=1\n");
	makes_in_runs("x\nb=1\na=1\nb=0\n", gone, "x\na=1\nb=2\n", "x\nb=1\na=1\nb=0\n");
	makes_in_runs("b=1\na=1\n", changed, "b=4\na=1\n", "b=1\na=1\n");
	makes_in_runs("a=1\n", come_and_gone, "a=1\n", "a=1\n");
}

static void an_undo_of_the_last_run_leaves_the_others_undoable(void **state)
{
	struct inverses *first, *third;

	(void)state;
	given("a=1\n");
	assert_int_equal(apply("line: b=2, regexp: ^b="), 0);
	first = bench->inverses;
	assert_int_equal(apply("line: b=3, regexp: ^b="), 0);
	assert_int_equal(apply("line: b=4, regexp: ^b="), 0);
	third = bench->inverses;
	bench->inverses = third;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\nb=3\n");
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "a=1\n");
	assert_int_equal(bench->records->count, 0);
}

static void what_later_runs_took_away_comes_back_with_the_first(void **state)
{
	static const char *const options[] = { "line: k=9, regexp: ^k=", "regexp: ^k=, state: absent",
		"line: k=5, regexp: ^k=", "line: k=6, regexp: ^k=", NULL };
	struct inverses *all[4];

	(void)state;
	given("k=1\nk=2\nx\nk=2\nk=3");
	for (size_t i = 0; options[i]; i++) {
		assert_int_equal(apply(options[i]), 0);
		all[i] = bench->inverses;
	}
	assert_string_equal(text(), "x\nk=6\n");
	bench->inverses = all[3];
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "x\nk=5\n");
	bench->inverses = all[1];
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "k=1\nk=2\nx\nk=2\nk=9");
	assert_int_equal(apply(options[1]), 0);
	bench->inverses = all[0];
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "k=1\nk=2\nx\nk=2\nk=3");
	assert_int_equal(bench->records->count, 0);
}

static void what_somebody_took_away_does_not_come_back(void **state)
{
	struct inverses *first;

	(void)state;
	given("k=1\nk=2\nk=3\n");
	assert_int_equal(apply("line: k=9, regexp: ^k="), 0);
	first = bench->inverses;
	given("k=2\nk=9\n");
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "k=2\nk=3\n");
}

static void there_back_and_there_again(const char *before, const char *options)
{
	const char *after;

	given(before);
	bench->records = value_map(bench->arena);
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
	there_back_and_there_again("a=1", "line: b=2");
	there_back_and_there_again("a=1\nc=3\n", "line: b=2, insertbefore: ^c");
	there_back_and_there_again("b=1\na=1", "line: b=2, regexp: ^b=");
	there_back_and_there_again("b=1\na=1\n", "regexp: ^b=, state: absent");
	given("b=1\na=1\nb=0\n");
	assert_int_equal(apply("regexp: ^b=, state: absent"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench->inverses->entries[0].params);
	assert_string_equal(bench->inverses->entries[0].reason, "an undo brought several lines back");
	bench_remove(bench, PATH);
	assert_int_equal(apply("line: b=2, create: yes, mode: '0600', owner: mpi, group: mpi"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PATH));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(text(), "b=2\n");
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0600);
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
}

static void what_others_wrote_since_survives_an_undo(void **state)
{
	(void)state;
	makes_among("a=1\n", "line: b=2", "mine\na=1\nb=2\n# b=2\n", "mine\na=1\n# b=2\n");
	makes_among("a=1\nb=1\n", "line: b=2, regexp: ^b=", "mine\nb=2\na=9\n# b=2\n",
		"mine\nb=1\na=9\n# b=2\n");
	makes_among("a=1\nb=2\nc=3\n", "line: b=2, state: absent", "x\ny\na=1\nmine\nc=3\n",
		"x\ny\na=1\nb=2\nmine\nc=3\n");
	makes_among("a=1\nb=2\nc=3\n", "line: b=2, state: absent", "x\ny\nz\n", "x\nb=2\ny\nz\n");
	makes_among("a=1\nb=2\nc=3\n", "line: b=2, state: absent", "", "b=2\n");
	makes_among("a=1\nb=2\nc=3\n", "line: b=2, state: absent", "c=3\nb=2\n", "c=3\nb=2\n");
	makes_among("a=1\n", "line: b=2", "a=2\n", "a=2\n");
	makes_among("a=1\nb=1\n", "line: b=2, regexp: ^b=", "a=1\n", "a=1\nb=1\n");
}

static void a_change_of_others_to_the_file_survives_an_undo(void **state)
{
	(void)state;
	given("a=1\n");
	assert_int_equal(apply("line: b=2"), 0);
	bench_find(bench, PATH)->info.mode = 0600;
	bench_find(bench, PATH)->info.uid = 1001;
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0600\n");
	assert_int_equal(bench_find(bench, PATH)->info.uid, 1001);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_undo_leads_behind_several_runs),
		TEST(an_undo_of_the_last_run_leaves_the_others_undoable),
		TEST(what_later_runs_took_away_comes_back_with_the_first),
		TEST(what_somebody_took_away_does_not_come_back),
		TEST(an_undo_can_be_undone_itself),
		TEST(what_others_wrote_since_survives_an_undo),
		TEST(a_change_of_others_to_the_file_survives_an_undo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
