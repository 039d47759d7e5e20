/* mpi-run: what is built on the first host, and placed on the others. */
#include "mpi_run_bench.h"

static void the_program_is_compiled_once_and_offered(void **state)
{
	void *params = built(TASK);
	struct value *facts = published_by_build(params);

	(void)state;
	assert_string_equal(bench->log.data,
		"directory /home/mpi/.local 0755\ndirectory /home/mpi/.local/share 0755\n"
		"directory /home/mpi/.local/share/beoplay 0755\nwrite " PROGRAM ".c 0644\n"
		"run mpicc -O2 -o " PROGRAM ".new " PROGRAM ".c\nrename " PROGRAM ".new " PROGRAM "\n"
		"write " PROGRAM ".hostfile 0644\n");
	assert_string_equal(bench_text(bench, PROGRAM ".hostfile"),
		"head slots=2\nnode1 slots=2\nnode2 slots=2\n");
	assert_string_equal(value_get_string(facts, "path"), PROGRAM);
	assert_string_equal(value_get_string(bench->offers, value_get_string(facts, "digest")),
		PROGRAM);
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, params), 0);
	assert_string_equal(bench->log.data, "");
}

static void another_source_or_other_flags_compile_again(void **state)
{
	struct plan *plan;

	(void)state;
	built(TASK);
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, slots: 2, user: mpi, cflags: '-O3 -march=native', ldflags: -lm}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0),
		PROGRAM " program: compiled with other options -> compiled by mpicc");
	prepare->contents[0] = "int main(void) { return 1; }\n";
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK));
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(plan->changes[0]->subject, PROGRAM ".c");
	assert_string_equal(bench_change(bench, plan, 1),
		PROGRAM " program: compiled from an older source -> compiled by mpicc");
	assert_null(published_by_build(load(&module_mpi_run_build, TASK)));
}

static void options_of_the_compiler_are_words(void **state)
{
	(void)state;
	built("{source: hello.c, user: mpi, cflags: ['-O3 -march=native', '-DX=\"a b\"'], "
		"ldflags: -lm, compiler: mpicc -v}");
	assert_non_null(strstr(bench->log.data, "run mpicc -v -O3 -march=native -DX=a b -o "
		PROGRAM ".new " PROGRAM ".c -lm\n"));
}

static void another_hostfile_is_a_change_of_its_own(void **state)
{
	struct plan *plan;

	(void)state;
	built(TASK);
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, slots: 1, user: mpi}"));
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->subject, PROGRAM ".hostfile");
}

static void a_program_of_somebody_else_is_not_overwritten(void **state)
{
	struct plan *plan;

	(void)state;
	bench_directory(bench, "/home/mpi/.local/share/beoplay", 0755);
	bench_file(bench, PROGRAM, 0755, "theirs");
	plan = bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK));
	assert_true(plan->refused);
	assert_non_null(strstr(plan->refusal, "is there already"));
}

static void a_finding_stops_before_anything_is_written(void **state)
{
	(void)state;
	fact("node1", "version", value_string(bench->arena, "5.0.3"));
	assert_int_equal(bench_apply(bench, &module_mpi_run_build, load(&module_mpi_run_build, TASK)),
		-1);
	assert_string_equal(bench->log.data, "");
	assert_non_null(strstr(bench->err.message, "5.0.3 on node1\n  (install the same"));
	assert_false(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, user: mpi, preflight: no}"))->refused);
}

static void root_is_refused_unless_it_is_allowed(void **state)
{
	(void)state;
	bench->uid = 0;
	bench_directory(bench, "/root", 0700);
	assert_true(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c}"))->refused);
	assert_false(bench_look(bench, &module_mpi_run_build, load(&module_mpi_run_build,
		"{source: hello.c, allow_root: yes}"))->refused);
}

static void an_undo_takes_all_away_that_was_built(void **state)
{
	(void)state;
	built(TASK);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PROGRAM));
	assert_null(bench_find(bench, PROGRAM ".c"));
	assert_null(bench_find(bench, PROGRAM ".hostfile"));
	assert_null(bench_find(bench, "/home/mpi/.local"));
	assert_non_null(bench_find(bench, "/home/mpi"));
	assert_int_equal(bench->records->count, 0);
}

/* --- Placing */

/* The same home, without the program. */
static void as_another_host(void)
{
	static const char *const all[] = { PROGRAM, PROGRAM ".c", PROGRAM ".hostfile",
		"/home/mpi/.local/share/beoplay", "/home/mpi/.local/share", "/home/mpi/.local", NULL };

	publish_built();
	for (size_t i = 0; all[i]; i++)
		bench_remove(bench, all[i]);
	bench->records = value_map(bench->arena);
}

static void the_program_is_placed_on_the_others(void **state)
{
	const char *key = NULL;
	void *params;

	(void)state;
	assert_int_equal(value_get(prepared(&module_mpi_run_place, TASK), "program_path")->kind,
		VALUE_UNKNOWN);
	as_another_host();
	params = load(&module_mpi_run_place, TASK);
	assert_int_equal(bench_look(bench, &module_mpi_run_place, params)->change_count, 4);
	assert_null(module_mpi_run_place.publish(bench->arena, params, bench->state, &key));
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data,
		"directory /home/mpi/.local 0755\ndirectory /home/mpi/.local/share 0755\n"
		"directory /home/mpi/.local/share/beoplay 0755\nwrite " PROGRAM " 0755\n");
	assert_non_null(module_mpi_run_place.publish(bench->arena, params, bench->state, &key));
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, PROGRAM, 0755, "older");
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "write " PROGRAM " 0755\n");
	bench_find(bench, PROGRAM)->info.mode = 0644;
	assert_int_equal(bench_apply(bench, &module_mpi_run_place, params), 0);
	assert_string_equal(bench->log.data, "mode " PROGRAM " 0755\n");
}

static void a_shared_home_needs_nothing(void **state)
{
	(void)state;
	publish_built();
	assert_int_equal(bench_look(bench, &module_mpi_run_place,
		load(&module_mpi_run_place, TASK))->change_count, 0);
}

static void another_home_is_refused(void **state)
{
	struct plan *plan;

	(void)state;
	as_another_host();
	bench->users[1].home = "/srv/mpi";
	plan = bench_look(bench, &module_mpi_run_place, load(&module_mpi_run_place, TASK));
	assert_true(plan->refused);
	assert_non_null(strstr(plan->remedy, "same home"));
}

static void a_placed_program_goes_with_an_undo(void **state)
{
	(void)state;
	as_another_host();
	assert_int_equal(bench_apply(bench, &module_mpi_run_place,
		load(&module_mpi_run_place, TASK)), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, PROGRAM));
	assert_null(bench_find(bench, "/home/mpi/.local"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_program_is_compiled_once_and_offered),
		TEST(another_source_or_other_flags_compile_again),
		TEST(options_of_the_compiler_are_words),
		TEST(another_hostfile_is_a_change_of_its_own),
		TEST(a_program_of_somebody_else_is_not_overwritten),
		TEST(a_finding_stops_before_anything_is_written),
		TEST(root_is_refused_unless_it_is_allowed),
		TEST(an_undo_takes_all_away_that_was_built),
		TEST(the_program_is_placed_on_the_others),
		TEST(a_shared_home_needs_nothing),
		TEST(another_home_is_refused),
		TEST(a_placed_program_goes_with_an_undo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
