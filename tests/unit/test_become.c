/* How sudo, su and doas ask, and how they refuse. */
#include "fleet/become.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct become *new_become(struct arena *arena, const char *way, const char *password)
{
	return become_new(arena, become_find(way), "bob", password);
}

static int look(struct become *become, const char *said, struct error *err)
{
	struct buffer errors = {0};
	int result;

	buffer_add_string(&errors, said);
	result = become_look(become, &errors, err);
	buffer_free(&errors);
	return result;
}

static void a_password_is_given_once_and_only_to_its_own_prompt(void **state)
{
	struct arena *arena = arena_new();
	struct become *become = new_become(arena, "sudo", "secret");
	struct error err = {0};

	(void)state;
	assert_int_equal(look(become, "Password: ", &err), 0);
	assert_int_equal(look(become, "[sudo] password for bob: ", &err), 0);
	assert_int_equal(look(become, arena_printf(arena, "%s and more", become->prompt), &err), 0);
	assert_int_equal(look(become, arena_printf(arena, "noise\n%s", become->prompt), &err), 1);
	assert_int_equal(look(become, arena_printf(arena, "Sorry, try again.\n%s", become->prompt),
		&err), -1);
	assert_string_equal(err.message, "sudo: wrong password for 'bob'");
	arena_free(arena);
}

static void no_two_prompts_are_the_same(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_not_equal(new_become(arena, NULL, NULL)->prompt,
		new_become(arena, NULL, NULL)->prompt);
	arena_free(arena);
}

static void su_wants_the_password_of_root(void **state)
{
	struct arena *arena = arena_new();
	struct become *become = new_become(arena, "ansible.builtin.su", NULL);
	struct error err = {0};

	(void)state;
	assert_int_equal(look(become, "Password: ", &err), -1);
	assert_string_equal(err.message, "su asks 'bob' for a password");
	assert_non_null(strstr(err.remedy, "root's password"));
	arena_free(arena);
}

static void refusals_are_told_as_what_they_are(void **state)
{
	static const char *const cases[][3] = {
		{ "sudo", "bob is not in the sudoers file.  This incident will be reported.",
			"'bob' isn't in sudoers" },
		{ "sudo", "bob is not in the sudoers file.", "'bob' isn't in sudoers" },
		{ "sudo", "Sorry, user bob is not allowed to execute '/usr/bin/sh -c x' as root on n.",
			"sudo doesn't let 'bob' run everything as root" },
		{ "sudo", "sudo: sorry, you must have a tty to run sudo",
			"sudo needs a terminal there (requiretty)" },
		{ "sudo", "sudo: a password is required", "sudo asks 'bob' for a password" },
		{ "sudo", "sh: 1: exec: sudo: not found", "there is no sudo" },
		{ "su", "su: Permission denied", "su doesn't let 'bob' become root" },
		{ "doas", "doas: Authentication required",
			"doas doesn't let 'bob' become root without a password" },
		{ "doas", "doas: Operation not permitted",
			"doas doesn't let 'bob' become root without a password" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = {0};

		assert_true(become_refused(new_become(arena, cases[i][0], NULL), cases[i][1], &err));
		assert_string_equal(err.message, cases[i][2]);
		assert_true(err.remedy[0] != '\0');
	}
	arena_free(arena);
}

static void other_words_are_no_refusal(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};

	(void)state;
	assert_false(become_refused(new_become(arena, "sudo", NULL),
		"sudo: unable to resolve host n: Name or service not known", &err));
	assert_null(err.code);
	assert_null(become_find("pbrun"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_given_once_and_only_to_its_own_prompt),
		cmocka_unit_test(no_two_prompts_are_the_same),
		cmocka_unit_test(su_wants_the_password_of_root),
		cmocka_unit_test(refusals_are_told_as_what_they_are),
		cmocka_unit_test(other_words_are_no_refusal),
	};

	return cmocka_run_group_tests_name("become", tests, NULL, NULL);
}
