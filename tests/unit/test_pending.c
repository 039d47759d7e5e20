/* What a read of a dry run meets of what earlier tasks would write. */
#include "agent/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Whether a read meets what one earlier task would write. own: a resource of the reader, or NULL. */
static bool met(const char *written, const char *read, const char *own)
{
	struct arena *arena = arena_new();
	struct value *pending = value_list(arena), *reads = value_list(arena);
	struct value *mine = value_list(arena);
	bool result;

	pending_add(arena, pending, written, "an earlier task");
	value_append(arena, reads, value_string(arena, read));
	if (own)
		value_append(arena, mine, value_string(arena, own));
	result = pending_met(pending, reads, own ? mine : NULL) != NULL;
	arena_free(arena);
	return result;
}

static void a_path_meets_itself_and_what_is_below_and_above(void **state)
{
	(void)state;
	assert_true(met("path:/etc/motd", "path:/etc/motd", NULL));
	assert_true(met("path:/etc/ssh", "path:/etc/ssh/sshd_config", NULL));
	assert_true(met("path:/etc/ssh/sshd_config", "path:/etc/ssh", NULL));
	assert_true(met("path:/", "path:/etc/motd", NULL));
	assert_true(met("path:/srv/", "path:/srv/data", NULL));
}

static void a_path_meets_no_neighbour(void **state)
{
	(void)state;
	assert_false(met("path:/etc/ssh", "path:/etc/sshd", NULL));
	assert_false(met("path:/etc/sshd", "path:/etc/ssh", NULL));
	assert_false(met("path:/etc/motd", "path:/etc/issue", NULL));
	assert_false(met("path:/home/a", "user:a", NULL));
}

static void files_and_directories_are_paths(void **state)
{
	(void)state;
	assert_true(met("file:/etc/motd", "path:/etc/motd", NULL));
	assert_true(met("directory:/srv", "path:/srv/data", NULL));
	assert_false(met("file:/etc/motd", "path:/etc/issue", NULL));
}

static void any_path_meets_all_but_the_readers_own(void **state)
{
	(void)state;
	assert_true(met("path:*", "path:/etc/motd", NULL));
	assert_true(met("path:*", "path:/etc/motd", "file:/etc/issue"));
	assert_false(met("path:*", "path:/etc/motd", "file:/etc/motd"));
	assert_false(met("path:*", "user:mpi", NULL));
}

static void a_named_path_meets_even_the_readers_own(void **state)
{
	(void)state;
	assert_true(met("path:/etc/motd", "path:/etc/motd", "file:/etc/motd"));
}

static void what_a_directory_is_does_not_depend_on_what_is_in_it(void **state)
{
	(void)state;
	assert_false(met("file:/srv/data/x", "stat:/srv/data", NULL));
	assert_true(met("file:/srv/data/x", "stat:/srv/data/x", NULL));
	assert_true(met("file:/srv", "stat:/srv/data", NULL));
	assert_true(met("path:*", "stat:/srv/data", NULL));
}

static void who_is_in_which_group_depends_on_no_new_group(void **state)
{
	(void)state;
	assert_false(met("accounts:/etc/group", "members:mpi", NULL));
	assert_false(met("group:mpi", "members:mpi", NULL));
	assert_true(met("members:*", "members:mpi", NULL));
	assert_true(met("path:/etc/group", "members:mpi", NULL));
	assert_true(met("path:/etc", "members:mpi", NULL));
	assert_false(met("path:/etc/motd", "members:mpi", NULL));
	assert_true(met("accounts:/etc/group", "path:/etc/group", NULL));
}

static void names_meet_within_their_kind(void **state)
{
	(void)state;
	assert_true(met("user:mpi", "user:mpi", NULL));
	assert_false(met("user:mpi", "user:mpirun", NULL));
	assert_false(met("user:mpi", "group:mpi", NULL));
	assert_true(met("user:*", "user:mpi", NULL));
	assert_false(met("user:*", "users:mpi", NULL));
	assert_true(met("package:*", "package:rsync", NULL));
}

static void the_first_cause_is_told(void **state)
{
	struct arena *arena = arena_new();
	struct value *pending = value_list(arena), *reads = value_list(arena);

	(void)state;
	pending_add(arena, pending, "user:mpi", "the user");
	pending_add(arena, pending, "path:/etc", "one");
	pending_add(arena, pending, "path:/etc/motd", "two");
	assert_null(pending_met(pending, reads, NULL));
	value_append(arena, reads, value_string(arena, "path:/etc/motd"));
	assert_string_equal(pending_met(pending, reads, NULL), "one");
	assert_null(pending_met(NULL, reads, NULL));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_meets_itself_and_what_is_below_and_above),
		cmocka_unit_test(a_path_meets_no_neighbour),
		cmocka_unit_test(files_and_directories_are_paths),
		cmocka_unit_test(any_path_meets_all_but_the_readers_own),
		cmocka_unit_test(a_named_path_meets_even_the_readers_own),
		cmocka_unit_test(what_a_directory_is_does_not_depend_on_what_is_in_it),
		cmocka_unit_test(who_is_in_which_group_depends_on_no_new_group),
		cmocka_unit_test(names_meet_within_their_kind),
		cmocka_unit_test(the_first_cause_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
