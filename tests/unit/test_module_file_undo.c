/* file: what goes, and the way back to what was there. */
#include "file_bench.h"

static void a_file_goes_and_comes_back_whole(void **state)
{
	struct plan *plan;

	(void)state;
	bench_file(bench, "/srv/f", 04750, "content\nwithout an end");
	at("/srv/f")->info.uid = 1001;
	plan = look("{path: /srv/f, state: absent}");
	assert_string_equal(bench_change(bench, plan, 0), "/srv/f state: file -> absent");
	there_and_back("{path: /srv/f, state: absent}", "remove /srv/f\n");
	assert_int_equal(apply("{path: /srv/f, state: absent}"), 0);
	assert_string_equal(value_get_string(bench->results, "state"), "absent");
	assert_null(at("/srv/f"));
}

static void an_empty_file_comes_back_too(void **state)
{
	(void)state;
	bench_file(bench, "/srv/f", 0600, "");
	there_and_back("{path: /srv/f, state: absent}", "remove /srv/f\n");
}

static void a_link_goes_and_comes_back(void **state)
{
	(void)state;
	bench_link(bench, "/srv/l", "/etc/x");
	at("/srv/l")->info.uid = 1001;
	there_and_back("{path: /srv/l, state: absent}", "remove /srv/l\n");
}

static void an_empty_directory_goes_and_comes_back(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/d", 01770);
	at("/srv/d")->info.uid = at("/srv/d")->info.gid = 1001;
	there_and_back("{path: /srv/d, state: absent}", "remove /srv/d\n");
}

static void a_full_directory_goes_from_below_and_comes_back(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/d", 0755);
	bench_directory(bench, "/srv/d/e", 0755);
	bench_file(bench, "/srv/d/e/f", 0644, "x");
	bench_link(bench, "/srv/d/l", "e");
	bench_file(bench, "/srv/else", 0644, "x");
	at("/srv/d/e")->info.mode = 01770;
	at("/srv/d/e/f")->info.uid = 1001;
	bench_body(bench, "x");
	remember();
	assert_int_equal(apply("{path: /srv/d, state: absent}"), 0);
	assert_string_equal(bench->log.data,
		"remove /srv/d/e/f\nremove /srv/d/e\nremove /srv/d/l\nremove /srv/d\n");
	assert_non_null(at("/srv/else"));
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
}

static void a_directory_with_too_much_in_it_can_not_come_back(void **state)
{
	(void)state;
	bench_directory(bench, "/srv/d", 0755);
	bench_file(bench, "/srv/d/f", 0644, "x");
	at("/srv/d/f")->info.size = 300 << 20;
	assert_int_equal(apply("{path: /srv/d, state: absent}"), 0);
	assert_int_equal(bench->inverses->count, 1);
	assert_null(bench->inverses->entries[0].params);
	assert_non_null(strstr(bench->inverses->entries[0].reason, "too much"));
}

/* What an undo takes away comes back when the undo is undone: each as it was, not as the lowest. */
static void directories_above_come_back_with_their_own_modes(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/a/b, state: directory, mode: 0700}"), 0);
	at("/srv/a")->info.mode = 02775;
	at("/srv/a")->info.uid = 1001;
	assert_int_equal(bench_undo(bench), 0);
	assert_null(at("/srv/a"));
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(at("/srv/a")->info.mode, 02775);
	assert_int_equal(at("/srv/a")->info.uid, 1001);
	assert_int_equal(at("/srv/a/b")->info.mode, 0700);
}

static void an_undo_leaves_the_directory_of_another_task(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/a, state: directory}"), 0);
	assert_int_equal(apply("{path: /srv/a/b, state: directory}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(at("/srv/a/b"));
	assert_non_null(at("/srv/a"));
}

static void the_last_undo_takes_a_directory_that_an_earlier_one_left(void **state)
{
	struct inverses *first;

	(void)state;
	assert_int_equal(apply("{path: /srv/a/b, state: directory}"), 0);
	first = bench->inverses;
	assert_int_equal(apply("{path: /srv/a/b/c, state: directory}"), 0);
	assert_int_equal(bench_apply(bench, &module_file, bench_load_value(bench, &module_file,
		first->entries[0].params)), 0);
	assert_non_null(at("/srv/a/b/c"));
	assert_int_equal(apply("{path: /srv/a/b/d, state: directory}"), 0);
	bench_remove(bench, "/srv/a/b/c");
	assert_int_equal(bench_undo(bench), 0);
	assert_null(at("/srv/a"));
}

static void a_directory_that_others_filled_since_survives_an_undo(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/a/b, state: directory}"), 0);
	bench_file(bench, "/srv/a/b/theirs", 0644, "x");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_text(bench, "/srv/a/b/theirs"), "x");
	assert_int_equal(bench->planned->notes->count, 1);
	assert_non_null(strstr(bench->planned->notes->items[0]->text, "/srv/a/b"));
}

static void a_directory_above_that_others_use_since_survives_an_undo(void **state)
{
	(void)state;
	assert_int_equal(apply("{path: /srv/a/b/c, state: directory}"), 0);
	bench_file(bench, "/srv/a/theirs", 0644, "x");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove /srv/a/b/c\nremove /srv/a/b\n");
	assert_non_null(at("/srv/a/theirs"));
}

static void an_undo_leads_behind_several_runs(void **state)
{
	struct inverses *first;

	(void)state;
	bench_link(bench, "/srv/l", "old");
	remember();
	assert_int_equal(apply("{path: /srv/l, state: absent}"), 0);
	first = bench->inverses;
	bench_file(bench, "/srv/l", 0600, "of a later run");
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
	bench_file(bench, "/srv/l", 0640, "old");
	remember();
	assert_int_equal(apply("{path: /srv/l, state: absent}"), 0);
	first = bench->inverses;
	assert_int_equal(apply("{path: /srv/l, state: link, src: new}"), 0);
	bench->inverses = first;
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
}

static void an_undo_goes_on_where_somebody_has_begun_it(void **state)
{
	(void)state;
	remember();
	assert_int_equal(apply("{path: /srv/a/b/c, state: directory}"), 0);
	bench_remove(bench, "/srv/a/b/c");
	assert_int_equal(bench_undo(bench), 0);
	assert_as_before();
}

/* Undone, that is undone, and undone again: it comes and goes with those above. */
static void directories_above_come_back_as_they_were(void **state)
{
	const struct value *back;

	(void)state;
	assert_int_equal(apply("{path: /srv/a/b/c, state: directory, mode: 0750}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	back = bench->inverses->entries[0].params;
	assert_null(at("/srv/a"));
	assert_int_equal(bench_apply(bench, &module_file, bench_load_value(bench, &module_file,
		back)), 0);
	assert_int_equal(at("/srv/a")->info.mode, 0750);
	assert_int_equal(at("/srv/a/b/c")->info.mode, 0750);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(at("/srv/a"));
	/* Another run has made them otherwise. */
	assert_int_equal(apply("{path: /srv/a/b/c, state: directory, mode: 0700}"), 0);
	assert_int_equal(bench_apply(bench, &module_file, bench_load_value(bench, &module_file,
		back)), 0);
	assert_int_equal(at("/srv/a")->info.mode, 0750);
	assert_int_equal(at("/srv/a/b")->info.mode, 0750);
	assert_int_equal(bench_undo(bench), 0);
	assert_int_equal(at("/srv/a")->info.mode, 0700);
	assert_int_equal(at("/srv/a/b")->info.mode, 0700);
}

static void directories_above_that_others_made_are_left_alone(void **state)
{
	const struct value *back;

	(void)state;
	assert_int_equal(apply("{path: /srv/a/b, state: directory, mode: 0750}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	back = bench->inverses->entries[0].params;
	bench_directory(bench, "/srv/a", 0711);
	assert_int_equal(bench_apply(bench, &module_file, bench_load_value(bench, &module_file,
		back)), 0);
	assert_int_equal(at("/srv/a")->info.mode, 0711);
	assert_int_equal(at("/srv/a/b")->info.mode, 0750);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_goes_and_comes_back_whole),
		TEST(an_empty_file_comes_back_too),
		TEST(a_link_goes_and_comes_back),
		TEST(an_empty_directory_goes_and_comes_back),
		TEST(a_full_directory_goes_from_below_and_comes_back),
		TEST(a_directory_with_too_much_in_it_can_not_come_back),
		TEST(directories_above_come_back_with_their_own_modes),
		TEST(an_undo_leaves_the_directory_of_another_task),
		TEST(the_last_undo_takes_a_directory_that_an_earlier_one_left),
		TEST(a_directory_that_others_filled_since_survives_an_undo),
		TEST(a_directory_above_that_others_use_since_survives_an_undo),
		TEST(an_undo_leads_behind_several_runs),
		TEST(an_undo_goes_on_where_somebody_has_begun_it),
		TEST(directories_above_come_back_as_they_were),
		TEST(directories_above_that_others_made_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
