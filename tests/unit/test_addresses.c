/* test_addresses: where machines answer that were moved, as it is kept beside the history. */
#include "history_bench.h"

#include "history/addresses.h"

static struct value *entry_of(const char *listed, const char *at)
{
	struct value *entry = value_map(arena), *places = value_list(arena);

	value_append(arena, places, value_string(arena, at));
	value_set_string(arena, entry, "inventory", listed);
	value_set_string(arena, entry, "key", "ssh-ed25519 AAAA");
	value_set(arena, entry, "at", places);
	return entry;
}

static const struct value *kept(const char *host)
{
	struct value *all;
	struct error err = {0};

	assert_int_equal(addresses_load(directory, arena, &all, &err), 0);
	return value_get(all, host);
}

static void keep(const char *host, const struct value *entry)
{
	struct error err = {0};

	assert_int_equal(addresses_keep(directory, host, entry, &err), 0);
}

static const char *path(const char *below)
{
	return arena_printf(arena, "%s/.beoplay/%s", directory, below);
}

static void what_is_kept_of_a_host_comes_back(void **state)
{
	(void)state;
	assert_null(kept("a"));
	keep("a", entry_of("10.0.0.1", "10.0.0.2"));
	keep("b: c", entry_of("b.lan", "fd00::1"));
	keep("a", entry_of("10.0.0.1", "10.0.0.3"));
	assert_string_equal(value_get_string(kept("a"), "inventory"), "10.0.0.1");
	assert_string_equal(value_get_string(kept("a"), "key"), "ssh-ed25519 AAAA");
	assert_string_equal(value_text(value_item(value_get(kept("a"), "at"), 0)), "10.0.0.3");
	assert_string_equal(value_text(value_item(value_get(kept("b: c"), "at"), 0)), "fd00::1");
	keep("a", NULL);
	assert_null(kept("a"));
	assert_non_null(kept("b: c"));
}

static void nothing_is_made_to_forget_a_host(void **state)
{
	(void)state;
	keep("a", NULL);
	assert_int_equal(access(path(""), F_OK), -1);
}

static void git_of_the_user_does_not_take_it_in(void **state)
{
	(void)state;
	keep("a", entry_of("10.0.0.1", "10.0.0.2"));
	assert_int_equal(access(path(".gitignore"), F_OK), 0);
}

static void refused(void)
{
	struct value *all;
	struct error err = {0};

	assert_int_equal(addresses_load(directory, arena, &all, &err), -1);
	assert_ptr_equal(err.code, HISTORY_UNTRUSTED);
	assert_int_equal(all->count, 0);
}

static void what_others_could_have_written_is_refused(void **state)
{
	(void)state;
	keep("a", entry_of("10.0.0.1", "10.0.0.2"));
	chmod(path("addresses"), 0666);
	refused();
	unlink(path("addresses"));
	assert_int_equal(symlink("/etc/hostname", path("addresses")), 0);
	refused();
}

static void a_line_of_another_form_is_refused(void **state)
{
	FILE *file;

	(void)state;
	keep("a", entry_of("10.0.0.1", "10.0.0.2"));
	file = fopen(path("addresses"), "w");
	fputs("a: {inventory: 10.0.0.1, key: x, at: [{}]}\n", file);
	fclose(file);
	refused();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_kept_of_a_host_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_made_to_forget_a_host, begin, end),
		cmocka_unit_test_setup_teardown(git_of_the_user_does_not_take_it_in, begin, end),
		cmocka_unit_test_setup_teardown(what_others_could_have_written_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_line_of_another_form_is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
