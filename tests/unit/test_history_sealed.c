/* history: which runs lie open, and which are sealed. */
#include "history_bench.h"

static struct history_run add_sealed(const char *key)
{
	struct history_run run = { .run = "r", .project = "cluster", .playbook = "site.yml",
		.who = "anna@desk", .time = 1700000000, .hosts = value_map(arena), .how = value_map(arena) };
	struct history *history;
	struct error err = {0};

	if (key)
		value_set_string(arena, run.how, "key", key);
	assert_int_equal(history_open(directory, true, &history, &err), 0);
	assert_int_equal(history_add(history, arena, &run, record_new(arena), &err), 0);
	history_close(history);
	return run;
}

/* How many lie open, and the number of the newest of them. */
static size_t count_unsealed(int64_t *ret_newest)
{
	struct history_run *runs;
	struct history *history;
	struct error err = {0};
	size_t count;

	assert_int_equal(history_open(directory, false, &history, &err), 0);
	assert_int_equal(history_unsealed(history, arena, &runs, &count, &err), 0);
	*ret_newest = count > 0 ? runs[0].number : 0;
	history_close(history);
	return count;
}

static void runs_that_lie_open_are_found_and_sealed_ones_not_read_again(void **state)
{
	int64_t newest;

	(void)state;
	add_sealed(NULL);
	add_sealed("K1");
	assert_int_equal(count_unsealed(&newest), 1);
	assert_int_equal(newest, 1);
	/* A sealed one on top hides nothing. */
	add_sealed("K1");
	assert_int_equal(count_unsealed(&newest), 1);
}

static void of_sealed_runs_only_those_added_since_are_read(void **state)
{
	const char *newest_id;
	int64_t newest;

	(void)state;
	for (int i = 0; i < 3; i++)
		add_sealed("K1");
	assert_int_equal(count_unsealed(&newest), 0);
	newest_id = add_sealed("K2").id;
	assert_string_equal(says("rev-parse refs/sealed"), newest_id);
	/* Of an earlier version, beneath one of ours. */
	add_sealed(NULL);
	add_sealed("K2");
	assert_int_equal(count_unsealed(&newest), 1);
	assert_int_equal(newest, 5);
	assert_string_equal(says("rev-parse refs/sealed"), newest_id);
}

static void a_lock_of_a_killed_writer_does_not_stop_the_mark(void **state)
{
	const char *id;
	char path[128];
	FILE *file;

	(void)state;
	add_sealed("K1");
	snprintf(path, sizeof(path), "%s/.beoplay/history.git/refs/sealed.lock", directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	id = add_sealed("K1").id;
	assert_string_equal(says("rev-parse refs/sealed"), id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_that_lie_open_are_found_and_sealed_ones_not_read_again,
			begin, end),
		cmocka_unit_test_setup_teardown(of_sealed_runs_only_those_added_since_are_read, begin, end),
		cmocka_unit_test_setup_teardown(a_lock_of_a_killed_writer_does_not_stop_the_mark, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
