/* group: it exists with this number, or doesn't, and who was in it comes back. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct module module_group;

static struct bench *bench;

static const char *const crew[] = { "ann", "bob", "gone", NULL };
static const char *const rest[] = { "ann", "bob", NULL };

static struct group_info *group(const char *name)
{
	for (size_t i = 0; i < bench->group_count; i++) {
		if (strcmp(bench->groups[i].name, name) == 0)
			return &bench->groups[i];
	}
	return NULL;
}

static const char *option(const struct command *command, const char *name)
{
	for (size_t i = 1; command->argv[i]; i++) {
		if (strcmp(command->argv[i], name) == 0)
			return command->argv[i + 1];
	}
	return NULL;
}

static void groupadd(struct bench *of, const struct command *command)
{
	const char *gid = option(command, "--gid");

	of->groups[of->group_count++] = (struct group_info){ .exists = true,
		.name = arena_string(of->arena, option(command, "--")),
		.gid = gid ? (gid_t)atoi(gid) : 999 };
}

static void groupmod(struct bench *of, const struct command *command)
{
	(void)of;
	group(option(command, "--"))->gid = (gid_t)atoi(option(command, "--gid"));
}

static void groupdel(struct bench *of, const struct command *command)
{
	*group(option(command, "--")) = of->groups[of->group_count - 1];
	of->group_count--;
}

static void gpasswd(struct bench *of, const struct command *command)
{
	(void)of;
	assert_string_equal(option(command, "--members"), "ann,bob");
	group(command->argv[3])->members = rest;
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_user(bench, "ann", 1001, "/home/ann");
	bench_user(bench, "bob", 1002, "/home/bob");
	bench_command(bench, "groupadd ", 0, "")->effect = groupadd;
	bench_command(bench, "groupmod ", 0, "")->effect = groupmod;
	bench_command(bench, "groupdel ", 0, "")->effect = groupdel;
	bench_command(bench, "gpasswd ", 0, "")->effect = gpasswd;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void add_crew(void)
{
	bench->groups[bench->group_count++] = (struct group_info){ .exists = true, .name = "crew",
		.gid = 1500, .members = crew };
}

static int apply(const char *yaml)
{
	return bench_apply(bench, &module_group, bench_load(bench, &module_group, yaml));
}

static void a_group_is_made(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: crew}"), 0);
	assert_string_equal(bench->log.data, "run groupadd -- crew\n");
	assert_int_equal(value_get_integer(bench->results, "gid", 0), 999);
	assert_string_equal(value_get_string(bench->results, "name"), "crew");
}

static void a_group_is_made_with_a_number_for_the_system(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: crew, gid: 150, system: yes}"), 0);
	assert_string_equal(bench->log.data, "run groupadd --gid 150 --system -- crew\n");
	assert_int_equal(group("crew")->gid, 150);
}

static void nothing_changes_where_it_is_right(void **state)
{
	(void)state;
	add_crew();
	assert_int_equal(apply("{name: crew, gid: 1500, system: yes}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(apply("{name: crew}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_int_equal(value_get_integer(bench->results, "gid", 0), 1500);
	assert_int_equal(apply("{name: other, state: absent}"), 0);
	assert_string_equal(bench->log.data, "");
	assert_null(value_get(bench->results, "gid"));
}

static void looking_changes_nothing(void **state)
{
	struct plan *plan = bench_look(bench, &module_group,
		bench_load(bench, &module_group, "{name: crew}"));

	(void)state;
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "crew state: absent -> present");
	assert_string_equal(plan->writes->items[0]->text, "accounts:/etc/group");
	assert_string_equal(bench->log.data, "");
	assert_null(group("crew"));
}

static void another_number_is_set_and_comes_back(void **state)
{
	(void)state;
	add_crew();
	assert_int_equal(apply("{name: crew, gid: 1600, system: yes}"), 0);
	assert_string_equal(bench->log.data, "run groupmod --gid 1600 -- crew\n");
	assert_string_equal(bench_change(bench, bench->planned, 0), "crew gid: 1500 -> 1600");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run groupmod --gid 1500 -- crew\n");
	assert_int_equal(group("crew")->gid, 1500);
	assert_ptr_equal(group("crew")->members, crew);
}

static void a_group_that_was_not_there_goes_again(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: crew, gid: 1500}"), 0);
	assert_string_equal(bench->inverses->entries[0].resource, "group:crew");
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run groupdel -- crew\n");
	assert_null(group("crew"));
}

static void a_group_that_went_comes_back_with_its_number_and_those_who_are_there_still(
	void **state)
{
	(void)state;
	add_crew();
	assert_int_equal(apply("{name: crew, gid: 1500, state: absent}"), 0);
	assert_string_equal(bench->log.data, "run groupdel -- crew\n");
	assert_null(group("crew"));
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data,
		"run groupadd --gid 1500 -- crew\nrun gpasswd --members ann,bob crew\n");
	assert_int_equal(group("crew")->gid, 1500);
	assert_ptr_equal(group("crew")->members, rest);
}

static void a_group_without_members_comes_back_without(void **state)
{
	(void)state;
	assert_int_equal(apply("{name: bob, state: absent}"), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run groupadd --gid 1002 -- bob\n");
}

static void what_the_program_says_is_the_error(void **state)
{
	(void)state;
	bench_command(bench, "groupdel -- ann", 8, "")->errors =
		"groupdel: cannot remove the primary group of user 'ann'";
	assert_int_equal(apply("{name: ann, state: absent}"), -1);
	assert_non_null(strstr(bench->err.message, "primary group of user 'ann'"));
}

static void wrong_parameters_are_refused(void **state)
{
	static const char *const wrong[] = {
		"{name: ''}", "{name: -g}", "{name: 'a:b'}", "{name: 'a,b'}", "{name: 'a b'}",
		"{name: a/b}", "{name: \"a\\nroot:x:0:\"}", "{name: '1001'}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(bench_normalise(bench, &module_group, wrong[i]));
		assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
	}
	assert_null(bench_normalise(bench, &module_group, "{gid: 5}"));
	assert_null(bench_normalise(bench, &module_group, "{name: g, gid: five}"));
	assert_null(bench_normalise(bench, &module_group, "{name: g, gid: -5}"));
	assert_ptr_equal(bench->err.code, TASK_INVALID_NAME);
	assert_null(bench_normalise(bench, &module_group, "{name: g, state: gone}"));
	assert_non_null(bench_normalise(bench, &module_group, "{name: 3com}"));
	assert_null(bench_normalise(bench, &module_group, "{name: sudo, state: absent}"));
	assert_ptr_equal(bench->err.code, TASK_PROTECTED);
	assert_null(bench_normalise(bench, &module_group, "{name: systemd-journal, state: absent}"));
	assert_non_null(bench_normalise(bench, &module_group, "{name: sudo}"));
	assert_non_null(bench_normalise(bench, &module_group, "{name: games, state: absent}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_group_is_made),
		TEST(a_group_is_made_with_a_number_for_the_system),
		TEST(nothing_changes_where_it_is_right),
		TEST(looking_changes_nothing),
		TEST(another_number_is_set_and_comes_back),
		TEST(a_group_that_was_not_there_goes_again),
		TEST(a_group_that_went_comes_back_with_its_number_and_those_who_are_there_still),
		TEST(a_group_without_members_comes_back_without),
		TEST(what_the_program_says_is_the_error),
		TEST(wrong_parameters_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
