/* What a host lets through, what it notes, and what a plan collects. */
#include "module/host.h"
#include "module/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct machine {
	unsigned writes;
	unsigned stats;
};

static int machine_stat(void *machine, struct arena *arena, const char *path,
	struct file_info *ret_info, struct error *err)
{
	(void)arena;
	(void)path;
	(void)err;
	((struct machine *)machine)->stats++;
	*ret_info = (struct file_info){ .kind = FILE_REGULAR, .mode = 0640 };
	return 0;
}

static int machine_write(void *machine, const struct file_write *write, struct error *err)
{
	(void)write;
	(void)err;
	((struct machine *)machine)->writes++;
	return 0;
}

static const struct host_calls calls = { .stat = machine_stat, .write = machine_write };

static void what_inspect_reads_is_noted_once(void **state)
{
	struct arena *arena = arena_new();
	struct value *reads = value_list(arena);
	struct machine machine = { 0 };
	struct host *host = host_new(arena, &calls, &machine, reads);
	struct file_info info;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(host_stat(host, "/etc/motd", &info, &err), 0);
	assert_int_equal(host_stat(host, "/etc/motd", &info, &err), 0);
	host_has_read(host, "package:rsync");
	assert_int_equal(machine.stats, 2);
	assert_int_equal(info.mode, 0640);
	assert_int_equal(reads->count, 2);
	assert_string_equal(reads->items[0]->text, "stat:/etc/motd");
	assert_string_equal(reads->items[1]->text, "package:rsync");
	arena_free(arena);
}

static void a_write_while_looking_is_refused_as_a_bug(void **state)
{
	struct arena *arena = arena_new();
	struct machine machine = { 0 };
	struct host *host = host_new(arena, &calls, &machine, NULL);
	struct file_write write = { .path = "/etc/motd", .bytes = "x", .size = 1 };
	struct error err = { 0 };

	(void)state;
	host_set_looking(host, true);
	assert_int_equal(host_write(host, &write, &err), -1);
	assert_int_equal(err.kind, ERROR_BUG);
	assert_int_equal(machine.writes, 0);
	host_set_looking(host, false);
	error_clear(&err);
	assert_int_equal(host_write(host, &write, &err), 0);
	assert_int_equal(machine.writes, 1);
	arena_free(arena);
}

static void a_relative_path_never_reaches_the_machine(void **state)
{
	struct arena *arena = arena_new();
	struct machine machine = { 0 };
	struct host *host = host_new(arena, &calls, &machine, NULL);
	struct file_info info;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(host_stat(host, "etc/motd", &info, &err), -1);
	assert_int_equal(machine.stats, 0);
	arena_free(arena);
}

static void changes_stay_where_they_are_and_in_order(void **state)
{
	struct arena *arena = arena_new();
	struct plan *plan = plan_new(arena);
	struct change *first = plan_add(plan, 7, "/etc/motd", "mode", "0600", "0644");

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		plan_add(plan, i, "s", "f", NULL, NULL);
	first->flags = CHANGE_SECRET;
	assert_int_equal(plan->change_count, 101);
	assert_ptr_equal(plan->changes[0], first);
	assert_int_equal(plan->changes[0]->flags, CHANGE_SECRET);
	assert_int_equal(plan->changes[100]->step, 99);
	arena_free(arena);
}

static void the_first_refusal_counts(void **state)
{
	struct arena *arena = arena_new();
	struct plan *plan = plan_new(arena);

	(void)state;
	plan_refuse(plan, HOST_REFUSED, "do this", "no %s", "one");
	plan_refuse(plan, HOST_FILE_EXISTS, NULL, "no two");
	assert_true(plan->refused);
	assert_string_equal(plan->refusal, "no one");
	assert_string_equal(plan->remedy, "do this");
	arena_free(arena);
}

static void a_resource_is_named_once(void **state)
{
	struct arena *arena = arena_new();
	struct names *names = names_new(arena);

	(void)state;
	names_add(names, "package:%s", "rsync");
	names_add(names, "package:%s", "gcc");
	names_add(names, "package:rsync");
	assert_int_equal(names->count, 2);
	assert_string_equal(names->items[1], "package:gcc");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_inspect_reads_is_noted_once),
		cmocka_unit_test(a_write_while_looking_is_refused_as_a_bug),
		cmocka_unit_test(a_relative_path_never_reaches_the_machine),
		cmocka_unit_test(changes_stay_where_they_are_and_in_order),
		cmocka_unit_test(the_first_refusal_counts),
		cmocka_unit_test(a_resource_is_named_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
