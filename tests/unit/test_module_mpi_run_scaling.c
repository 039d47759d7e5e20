/* mpi-run: scaling: what times say of a program, and how they are taken. */
#include "mpi_run_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "modules/mpi_run/scaling.h"

#define SCALED "{source: hello.c, slots: 2, user: mpi, scaling: [1, 2, 4], scaling_runs: 3}"

/* --- From times to laws */

/* T(n) = seconds·((1 − P) + P/n) + overhead·(n − 1), each of the runs off by noise. */
struct law {
	double parallel, overhead, noise;
};

/* The same numbers on any machine: -1 to 1. */
static double chance(void)
{
	static uint32_t seed = 7;

	seed = seed * 1664525 + 1013904223;
	return (double)(seed >> 8) / (1 << 23) - 1;
}

static struct scaling study(const unsigned *np, size_t count, size_t runs, struct law law)
{
	struct scaling scaling = { .count = count };

	scaling.points = arena_array(bench->arena, count, sizeof(*scaling.points));
	for (size_t i = 0; i < count; i++) {
		struct scaling_point *point = &scaling.points[i];

		point->np = np[i];
		point->count = runs;
		point->seconds = arena_array(bench->arena, runs, sizeof(double));
		for (size_t run = 0; run < runs; run++)
			point->seconds[run] = 8 * (1 + law.noise * chance()) * (1 - law.parallel +
				law.parallel / np[i] + law.overhead * (np[i] - 1));
	}
	scaling_study(bench->arena, &scaling);
	return scaling;
}

static const unsigned eight[] = { 1, 2, 4, 8 };
static const unsigned many[] = { 1, 2, 3, 4, 6, 8, 12, 16 };

static void amdahls_law_is_found_again(void **state)
{
	(void)state;
	for (int percent = 0; percent <= 100; percent += 5) {
		double parallel = percent / 100.0;
		struct scaling exact = study(eight, 4, 1, (struct law){ parallel, 0, 0 });
		struct scaling noisy = study(many, 8, 5, (struct law){ parallel, 0, 0.01 });

		assert_true(fabs(exact.parallel - parallel) < 1e-9);
		assert_true(fabs(noisy.parallel - parallel) < 0.01);
		assert_true(fabs(noisy.parallel - parallel) < 4 * noisy.parallel_error + 1e-3);
		assert_true(exact.parallel_error < 1e-6);
		assert_true(noisy.parallel_error < 0.01);
		if (percent < 100)
			assert_true(fabs(exact.limit - 1 / (1 - parallel)) < 1e-6);
		assert_false(exact.beyond);
	}
}

static void each_point_has_its_figures(void **state)
{
	struct scaling scaling;

	(void)state;
	scaling = study(eight, 4, 3, (struct law){ 0.9, 0, 0 });
	assert_true(fabs(scaling.points[0].speedup - 1) < 1e-12);
	assert_true(isnan(scaling.points[0].fraction));
	assert_true(fabs(scaling.points[3].speedup - 1 / (0.1 + 0.9 / 8)) < 1e-9);
	assert_true(fabs(scaling.points[3].efficiency - scaling.points[3].speedup / 8) < 1e-12);
	assert_true(fabs(scaling.points[3].fraction - 0.1) < 1e-9);
	assert_true(fabs(scaling.points[3].amdahl - scaling.points[3].speedup) < 1e-9);
	assert_true(fabs(scaling.points[3].gustafson - (8 - 0.1 * 7)) < 1e-9);
}

static void a_median_is_not_moved_by_one_slow_run(void **state)
{
	double seconds[] = { 9, 2, 2.1 };
	struct scaling_point points[] = { { .np = 1, .seconds = (double[]){ 4, 4, 4 }, .count = 3 },
		{ .np = 2, .seconds = seconds, .count = 3 } };
	struct scaling scaling = { .points = points, .count = 2 };

	(void)state;
	scaling_study(bench->arena, &scaling);
	assert_true(fabs(points[1].median - 2.1) < 1e-12);
	assert_true(fabs(points[1].least - 2) < 1e-12);
	assert_true(fabs(points[1].most - 9) < 1e-12);
	assert_true(isnan(scaling.parallel_error));
	assert_int_equal(scaling.course, COURSE_UNKNOWN);
}

static void the_course_of_the_serial_fraction_is_told_apart(void **state)
{
	double small[] = { 8 }, pair[] = { 3.6 }, four[] = { 1.4 };
	struct scaling_point points[] = { { .np = 1, .seconds = small, .count = 1 },
		{ .np = 2, .seconds = (double[]){ 4.4 }, .count = 1 },
		{ .np = 4, .seconds = (double[]){ 2.1 }, .count = 1 } };
	struct scaling falling = { .points = points, .count = 3 };
	struct scaling_point super[] = { { .np = 1, .seconds = small, .count = 1 },
		{ .np = 2, .seconds = pair, .count = 1 }, { .np = 4, .seconds = four, .count = 1 } };
	struct scaling beyond = { .points = super, .count = 3 };

	(void)state;
	assert_int_equal(study(eight, 4, 1, (struct law){ 0.95, 0, 0 }).course, COURSE_FLAT);
	assert_int_equal(study(eight, 4, 1, (struct law){ 1, 0, 0 }).course, COURSE_NONE);
	assert_int_equal(study(eight, 4, 1, (struct law){ 0.99, 0.01, 0 }).course, COURSE_RISING);
	/* What the runs vary by could be all of it. */
	assert_int_equal(study(eight, 4, 5, (struct law){ 0.95, 0, 0.05 }).course, COURSE_FLAT);
	scaling_study(bench->arena, &falling);
	assert_int_equal(falling.course, COURSE_FALLING);
	scaling_study(bench->arena, &beyond);
	assert_true(beyond.beyond);
	assert_true(beyond.parallel >= 1);
}

static void slower_with_more_is_no_law_at_all(void **state)
{
	struct scaling scaling = study(eight, 4, 1, (struct law){ 0.1, 0.5, 0 });

	(void)state;
	assert_true(scaling.beyond);
	assert_true(scaling.parallel <= 0);
	assert_true(fabs(scaling.limit - 1) < 1e-12);
}

/* --- What people get */

static const char *written(struct scaling scaling, struct scaling_about about,
	void (*write)(struct buffer *, const struct scaling *, const struct scaling_about *))
{
	struct buffer text = { 0 };
	const char *result;

	write(&text, &scaling, &about);
	result = arena_bytes(bench->arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

static void words_say_what_bounds_it(void **state)
{
	const struct scaling_about said = { .name = "heat", .runs = 3, .said = true };
	const char *text;

	(void)state;
	text = written(study(eight, 4, 3, (struct law){ 0.9, 0, 0 }), said, scaling_write_text);
	assert_non_null(strstr(text, "heat: 3 runs with each number of processes, medians\n"));
	assert_non_null(strstr(text, "Amdahl: P = 0.9000 ± 0.0000 of the work is parallel: never more than "
		"1 / (1 - P) = 10 times as fast (10 to 10)\n"));
	assert_non_null(strstr(text, "Gustafson: 8 processes do 7.30 times the work"));
	assert_non_null(strstr(text, "serial fraction: flat at 10 %: a part that only one process does"));
	assert_non_null(strstr(text, "     8        1.7              1.7..1.7     4.71       59 %     0.1000 "
		"    4.71      7.30\n"));
	assert_null(strstr(text, "doubt it"));
	assert_null(strstr(text, "mpirun's"));
	text = written(study(eight, 4, 3, (struct law){ 0.99, 0.01, 0 }), said, scaling_write_text);
	assert_non_null(strstr(text, "serial fraction: rising: what grows with the processes bounds it"));
	text = written(study(eight, 1, 1, (struct law){ 0.9, 0, 0 }), (struct scaling_about){ .name = "x",
		.runs = 1, .crowded = true }, scaling_write_text);
	assert_non_null(strstr(text, "Amdahl: one number of processes says nothing of it"));
	assert_non_null(strstr(text, "mpirun's, with its start in them"));
	assert_non_null(strstr(text, "more slots than cores"));
	text = written(study(eight, 4, 1, (struct law){ 0.1, 0.5, 0 }), said, scaling_write_words);
	assert_non_null(strstr(text, "Amdahl: no share P of parallel work fits: more processes make it slower\n"
		"serial fraction: above 1: "));
	assert_non_null(strstr(written(study(eight + 1, 3, 1, (struct law){ 0.9, 0, 0 }), said,
		scaling_write_words), "nothing was run with one process: the speedup of 2 counts as 2"));
}

static void the_chart_has_each_point_in_its_place(void **state)
{
	const char *text = written(study(eight, 4, 1, (struct law){ 1, 0, 0 }),
		(struct scaling_about){ .name = "x", .runs = 1 }, scaling_write_text), *chart;
	size_t points = 0;

	(void)state;
	chart = strstr(text, "speedup: o measured");
	assert_non_null(chart);
	chart = strchr(chart, '\n');
	/* Ideal: the last one is in the corner above, at the right. */
	assert_non_null(strstr(chart, "     8 |"));
	assert_int_equal(strcspn(chart + 1, "o"), 8 + 55);
	for (const char *at = chart; *at && *at != '+'; at++)
		points += *at == 'o';
	assert_int_equal(points, 4);
}

static void what_a_drawing_quotes_is_escaped(void **state)
{
	const char *lines[] = { "/home/mpi/x '<script>' & more" };
	const char *svg = written(study(eight, 4, 3, (struct law){ 0.9, 0, 0.01 }), (struct scaling_about){
		.name = "x", .runs = 3, .lines = lines, .line_count = 1 }, scaling_write_svg);

	(void)state;
	assert_non_null(strstr(svg, "'&lt;script&gt;' &amp; more</text>"));
	assert_null(strstr(svg, "<script"));
	assert_null(strstr(svg, "nan"));
	assert_int_equal(strncmp(svg, "<svg xmlns=", 11), 0);
	assert_non_null(strstr(svg, "</svg>\n"));
}

/* --- Running */

static struct value *placed(void)
{
	struct value *facts = value_map(bench->arena);

	value_set_bool(bench->arena, facts, "placed", true);
	return facts;
}

static const char *word_behind(const struct command *command, const char *word)
{
	for (size_t i = 0; command->argv[i] && command->argv[i + 1]; i++) {
		if (strcmp(command->argv[i], word) == 0)
			return command->argv[i + 1];
	}
	return "1";
}

static struct bench_command *mpirun;

/* As a program would that is parallel to 90 %. */
static void takes_its_time(struct bench *of, const struct command *command)
{
	double np = atof(word_behind(command, "-np"));

	mpirun->output = arena_printf(of->arena, "%.0f processes\nseconds: %.9f\n", np, 2 * (0.1 + 0.9 / np));
}

static void all_is_ready(void)
{
	publish_built();
	prepare_publish(prepare, "node1", "mpi-run-place", placed());
	prepare_publish(prepare, "node2", "mpi-run-place", placed());
	mpirun = bench_command(bench, "mpirun", 0, "");
	mpirun->effect = takes_its_time;
}

static struct plan *look_at_job(const char *yaml)
{
	void *params = load(&module_mpi_run_job, yaml);

	return params ? bench_look(bench, &module_mpi_run_job, params) : NULL;
}

static int run_job(const char *yaml)
{
	return bench_apply(bench, &module_mpi_run_job, load(&module_mpi_run_job, yaml));
}

static void a_study_runs_each_number_in_turn_and_is_remembered(void **state)
{
	const struct value *speedup, *points;
	const char *first, *second;

	(void)state;
	all_is_ready();
	assert_string_equal(bench_change(bench, look_at_job(SCALED), 0), "hello job: - -> runs 3 times with each "
		"of 1, 2, 4 processes: it has not run yet");
	assert_int_equal(run_job(SCALED), 0);
	assert_int_equal(mpirun->count, 9);
	first = strstr(bench->log.data, " -np 1 ");
	second = first ? strstr(first, " -np 2 ") : NULL;
	assert_non_null(second ? strstr(second, " -np 4 ") : NULL);
	assert_null(memmem(first + 1, (size_t)(second - first), " -np 1 ", 7));

	speedup = value_get(bench->results, "speedup");
	assert_int_equal(value_item_count(speedup), 3);
	assert_true(fabs(value_item(speedup, 2)->number - 1 / (0.1 + 0.9 / 4)) < 1e-6);
	assert_true(fabs(value_item(value_get(bench->results, "serial_fraction"), 1)->number - 0.1) < 1e-6);
	assert_int_equal(value_item(value_get(bench->results, "serial_fraction"), 0)->kind, VALUE_NULL);
	assert_true(fabs(value_get(bench->results, "parallel_fraction")->number - 0.9) < 1e-6);
	assert_true(fabs(value_get(bench->results, "limit")->number - 10) < 1e-5);
	points = value_get(bench->results, "scaling");
	assert_int_equal(value_get_integer(value_item(points, 2), "np", 0), 4);
	assert_non_null(strstr(value_get_string(bench->results, "stdout"), "Amdahl: P = 0.9000"));
	assert_null(strstr(value_get_string(bench->results, "stdout"), "mpirun's"));
	assert_non_null(strstr(value_get_string(bench->results, "svg"), "</svg>"));
	assert_non_null(strstr(value_get_string(bench->results, "svg"), "3 machines: head slots=2, "
		"node1 slots=2"));

	assert_int_equal(run_job(SCALED), 0);
	assert_int_equal(mpirun->count, 9);
	assert_true(fabs(value_get(bench->results, "parallel_fraction")->number - 0.9) < 1e-6);
	assert_non_null(strstr(value_get_string(bench->results, "svg"), "</svg>"));
	assert_non_null(strstr(bench_change(bench, look_at_job("{source: hello.c, slots: 2, user: mpi, "
		"scaling: [1, 2, 4], scaling_runs: 5}"), 0), "runs again 5 times with each of 1, 2, 4 processes: its "
		"environment or options are others"));
	assert_non_null(strstr(bench_change(bench, look_at_job(TASK), 0), "it has not run yet"));
}

static void without_a_word_of_it_mpiruns_time_counts(void **state)
{
	(void)state;
	all_is_ready();
	mpirun->effect = NULL;
	mpirun->output = "seconds: none\n";
	assert_int_equal(run_job(SCALED), 0);
	assert_non_null(strstr(value_get_string(bench->results, "stdout"), "the times are mpirun's"));
}

static void a_run_that_fails_ends_the_study(void **state)
{
	(void)state;
	all_is_ready();
	mpirun->status = 3;
	mpirun->errors = "wrong result";
	assert_int_equal(run_job(SCALED), -1);
	assert_int_equal(mpirun->count, 1);
	assert_non_null(strstr(bench->err.message, "the job failed with status 3: wrong result"));
	assert_null(value_get(bench->results, "scaling"));
	assert_int_equal(look_at_job(SCALED)->change_count, 1);
}

static void more_processes_than_slots_are_refused(void **state)
{
	struct plan *plan;

	(void)state;
	all_is_ready();
	plan = look_at_job("{source: hello.c, slots: 2, user: mpi, scaling: [1, 8]}");
	assert_int_equal(plan->change_count, 0);
	assert_ptr_equal(plan->refused, MPI_RUN_NOT_READY);
	assert_string_equal(plan->refusal, "there are not 8 slots, but 6");
}

static const char *kept_as(const char *yaml)
{
	all_is_ready();
	prepare->kept_result = NULL;
	prepared(&module_mpi_run_job, yaml);
	return prepare->kept_result;
}

static void an_output_that_is_a_drawing_gets_it(void **state)
{
	(void)state;
	assert_string_equal(kept_as("{source: hello.c, user: mpi, scaling: [1, 2], output: a.svg}"), "svg");
	assert_string_equal(kept_as("{source: hello.c, user: mpi, scaling: [1, 2], output: a.txt}"), "stdout");
	assert_string_equal(kept_as("{source: hello.c, user: mpi, output: a.svg}"), "stdout");
}

static void numbers_that_make_no_study_are_refused(void **state)
{
	static const char *const wrong[] = { "scaling: [2, 1]", "scaling: [1, 1]", "scaling: [0, 1]",
		"scaling: [x]",
		"scaling: [1, 2], np: 2", "scaling: [1, 2], tag_output: yes", "scaling: [1, 2], scaling_runs: 0",
		"scaling: [1, 2], scaling_runs: 1001", "scaling: [[1]]", "scaling: ['', 1]" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		error_clear(&bench->err);
		if (bench_normalise(bench, &module_mpi_run, arena_printf(bench->arena, "{source: a.c, %s}",
				wrong[i])))
			fail_msg("%s is accepted", wrong[i]);
	}
	assert_non_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, scaling: 4}"));
	assert_non_null(bench_normalise(bench, &module_mpi_run, "{source: a.c, scaling: [1, 2, 10], "
		"tag_output: no}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(amdahls_law_is_found_again),
		TEST(each_point_has_its_figures),
		TEST(a_median_is_not_moved_by_one_slow_run),
		TEST(the_course_of_the_serial_fraction_is_told_apart),
		TEST(slower_with_more_is_no_law_at_all),
		TEST(words_say_what_bounds_it),
		TEST(the_chart_has_each_point_in_its_place),
		TEST(what_a_drawing_quotes_is_escaped),
		TEST(a_study_runs_each_number_in_turn_and_is_remembered),
		TEST(without_a_word_of_it_mpiruns_time_counts),
		TEST(a_run_that_fails_ends_the_study),
		TEST(more_processes_than_slots_are_refused),
		TEST(an_output_that_is_a_drawing_gets_it),
		TEST(numbers_that_make_no_study_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
