/* hostname: in the file and in the kernel, and the way back to both of them. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_hostname;

static struct bench *bench;
static struct prepare *prepare;

#define PATH "/etc/hostname"

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, PATH, 0644, "old\n");
	bench->name = "old";
	prepare = prepare_new(bench->arena);
	prepare->host = "node1";
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_hostname, yaml);

	if (!params || module_hostname.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_hostname, params);
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_hostname, load(yaml));
}

static void the_name_of_the_inventory_gets_into_file_and_kernel(void **state)
{
	(void)state;
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0644\nname node1\n");
	assert_string_equal(bench_text(bench, PATH), "node1\n");
	assert_string_equal(bench->name, "node1");
	assert_string_equal(value_get_string(bench->results, "name"), "node1");
	assert_string_equal(value_get_string(bench->results, "before"), "old");
}

static void a_name_that_is_said_comes_before_that_of_the_inventory(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: head.cluster-1}"), 0);
	assert_string_equal(bench_text(bench, PATH), "head.cluster-1\n");
	assert_string_equal(bench->name, "head.cluster-1");
}

/* It would set the name that it was given at the first start. */
static void cloud_init_is_kept_from_it(void **state)
{
	static const char path[] = "/etc/cloud/cloud.cfg.d/99-beoplay-hostname.cfg";

	(void)state;
	bench_directory(bench, "/etc/cloud/cloud.cfg.d", 0755);
	bench_file(bench, "/run/cloud-init/enabled", 0644, "");
	assert_int_equal(apply("{}"), 0);
	assert_non_null(strstr(bench_text(bench, path), "preserve_hostname: true"));
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "");
}

static void undo_gives_the_name_back_to_cloud_init(void **state)
{
	(void)state;
	bench_directory(bench, "/etc/cloud/cloud.cfg.d", 0755);
	bench_file(bench, "/run/cloud-init/enabled", 0644, "");
	assert_int_equal(apply("{}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_null(bench_find(bench, "/etc/cloud/cloud.cfg.d/99-beoplay-hostname.cfg"));
	assert_string_equal(bench->name, "old");
}

static void nothing_changes_where_it_is_right(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: old}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_string_equal(value_get_string(bench->results, "before"), "old");
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_hostname, load("{}"));

	(void)state;
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), PATH " name: old -> node1");
	assert_string_equal(bench_change(bench, plan, 1), "kernel name: old -> node1");
	assert_string_equal(bench->log.data, "");
	assert_string_equal(bench_text(bench, PATH), "old\n");
	assert_string_equal(bench->name, "old");
}

static void only_the_kernel_changes_where_the_file_is_right(void **state)
{
	(void)state;
	bench_file(bench, PATH, 0644, "node1\n");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "name node1\n");
}

static void only_the_file_changes_where_the_kernel_is_right(void **state)
{
	(void)state;
	bench->name = "node1";
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0644\n");
	bench_file(bench, PATH, 0644, "node10\n");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench_text(bench, PATH), "node1\n");
}

static void remarks_and_space_around_the_name_are_no_difference(void **state)
{
	(void)state;
	bench->name = "node1";
	bench_file(bench, PATH, 0644, "# of the machine\n\n  node1 \t\r\n");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "");
	bench_file(bench, PATH, 0644, "# node1");
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench_text(bench, PATH), "node1\n");
}

static void undo_brings_the_file_back_to_the_byte(void **state)
{
	static const char before[] = "# by hand, f\xfcr uns\nold ";

	(void)state;
	bench_file(bench, PATH, 0600, before);
	bench_find(bench, PATH)->info.uid = 7;
	assert_int_equal(apply("{}"), 0);
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0600);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0600\nname old\n");
	assert_string_equal(bench_text(bench, PATH), before);
	assert_int_equal(bench_find(bench, PATH)->info.mode, 0600);
	assert_int_equal(bench_find(bench, PATH)->info.uid, 7);
	assert_string_equal(bench->name, "old");
}

static void undo_brings_a_kernel_back_that_had_another_name_than_the_file(void **state)
{
	(void)state;
	bench->name = "(none)";
	assert_int_equal(apply("{}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench_text(bench, PATH), "old\n");
	assert_string_equal(bench->name, "(none)");
}

static void a_file_that_was_not_there_is_made_and_goes_again(void **state)
{
	(void)state;
	bench_remove(bench, PATH);
	assert_int_equal(apply("{}"), 0);
	assert_string_equal(bench->log.data, "write " PATH " 0644\nname node1\n");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "remove " PATH "\nname old\n");
	assert_null(bench_find(bench, PATH));
	assert_string_equal(bench->name, "old");
}

static void a_link_is_not_replaced(void **state)
{
	(void)state;
	bench_link(bench, PATH, "/run/hostname");
	assert_int_equal(apply("{}"), -1);
	assert_ptr_equal(bench->err.code, HOST_FILE_WRONG_TYPE);
	assert_string_equal(bench->err.remedy, "move it away");
	assert_string_equal(bench->log.data, "");
}

static void a_name_is_of_letters_digits_and_dashes(void **state)
{
	static const char *const wrong[] = {
		"{name: ''}", "{name: node_1}", "{name: -node}", "{name: node-}", "{name: a.-b}",
		"{name: a-.b}", "{name: .node}", "{name: node.}", "{name: a..b}", "{name: 'a b'}",
		"{name: \"a\\nb\"}", "{name: 'n\303\266de'}",
		"{name: a23456789012345678901234567890123456789012345678901234567890abcde}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(bench_normalise(bench, &module_hostname, wrong[i]));
		assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
		assert_non_null(strstr(bench->err.remedy, "letters, digits and dashes"));
	}
	assert_non_null(bench_normalise(bench, &module_hostname,
		"{name: a23456789012345678901234567890123456789012345678901234567890abcd}"));
	prepare->host = "node_1";
	assert_null(load("{}"));
	assert_non_null(strstr(bench->err.message, "node_1"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_name_of_the_inventory_gets_into_file_and_kernel),
		TEST(a_name_that_is_said_comes_before_that_of_the_inventory),
		TEST(cloud_init_is_kept_from_it),
		TEST(undo_gives_the_name_back_to_cloud_init),
		TEST(nothing_changes_where_it_is_right),
		TEST(looking_changes_nothing),
		TEST(only_the_kernel_changes_where_the_file_is_right),
		TEST(only_the_file_changes_where_the_kernel_is_right),
		TEST(remarks_and_space_around_the_name_are_no_difference),
		TEST(undo_brings_the_file_back_to_the_byte),
		TEST(undo_brings_a_kernel_back_that_had_another_name_than_the_file),
		TEST(a_file_that_was_not_there_is_made_and_goes_again),
		TEST(a_link_is_not_replaced),
		TEST(a_name_is_of_letters_digits_and_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
