/* alternatives: what is planned of what update-alternatives tells. */
#include "module_bench.h"
#include "modules/errors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "module_prepare.h"

extern const struct module module_alternatives;

static struct bench *bench;

static const char word[] = "Name: word\nLink: /usr/bin/word\nSlaves:\n word.1 /usr/share/word.1\nStatus: auto\n"
	"Best: /bin/two\nValue: /bin/two\n\nAlternative: /bin/one\nPriority: 10\nSlaves:\n word.1 /usr/share/one.1\n\n"
	"Alternative: /bin/two\nPriority: 20\nSlaves:\n";

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/bin", 0755);
	bench_file(bench, "/bin/one", 0755, "");
	bench_file(bench, "/bin/two", 0755, "");
	bench_file(bench, "/bin/three", 0755, "");
	bench_command(bench, "update-alternatives --query", 0, word);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *options)
{
	struct value *params = bench_normalise(bench, &module_alternatives, arena_printf(bench->arena, "{name: word, %s}",
		options));

	assert_non_null(params);
	assert_int_equal(module_alternatives.prepare(prepare_new(bench->arena), params, &bench->err), 0);
	return bench_load_prepared(bench, &module_alternatives, params);
}

static struct plan *look(const char *options)
{
	return bench_look(bench, &module_alternatives, load(options));
}

static void a_name_leads_where_it_should(void **state)
{
	struct plan *plan;

	(void)state;
	assert_int_equal(look("path: /bin/two")->change_count, 0);
	assert_string_equal(bench_change(bench, look("path: /bin/one"), 0),
		"/etc/alternatives/word leads to: /bin/two (by priority) -> /bin/one");
	plan = look("path: /bin/three");
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), "/bin/three as word: absent -> priority 50");
	assert_int_equal(look("path: /bin/one, state: present")->change_count, 0);
	assert_string_equal(bench_change(bench, look("path: /bin/one, state: present, priority: 30"), 0),
		"/bin/one as word: priority 10 -> priority 30");
	assert_int_equal(look("path: /bin/one, state: auto")->change_count, 0);
	assert_string_equal(bench_change(bench, look("path: /bin/one, state: absent"), 0),
		"/bin/one as word: priority 10 -> absent");
	assert_int_equal(look("path: /bin/three, state: absent")->change_count, 0);
	assert_int_equal(look("path: /bin/one, state: present, subcommands: [{name: word.1, link: /usr/share/word.1, "
		"path: /usr/share/one.1}]")->change_count, 0);
	assert_int_equal(look("path: /bin/one, state: present, subcommands: [{name: word.1, link: /usr/share/word.1, "
		"path: /usr/share/two.1}]")->change_count, 1);
}

static void the_one_that_goes(struct bench *of, const struct command *command)
{
	(void)command;
	bench_command(of, "update-alternatives --query", 0, "Name: word\nLink: /usr/bin/word\nStatus: auto\nBest: /bin/two\n"
		"Value: /bin/two\n\nAlternative: /bin/two\nPriority: 20\n");
}

static void what_goes_comes_back_with_what_went_along(void **state)
{
	const struct value *back;

	(void)state;
	bench_command(bench, "update-alternatives --quiet --remove", 0, "")->effect = the_one_that_goes;
	assert_int_equal(bench_apply(bench, &module_alternatives, load("path: /bin/one, state: absent")), 0);
	back = bench->inverses->entries[0].params;
	assert_string_equal(value_get_string(back, "state"), "present");
	assert_string_equal(value_get_string(back, "priority"), "10");
	assert_string_equal(value_get_string(bench->inverses->entries[1].params, "selected"), "");
	assert_string_equal(value_get_string(bench->inverses->entries[1].params, "path"), "/bin/two");
	assert_string_equal(value_get_string(value_get(back, "subcommands")->items[0], "link"), "/usr/share/word.1");
}

static void what_can_not_be_is_refused(void **state)
{
	(void)state;
	assert_ptr_equal(look("path: /bin/none")->refused, HOST_FILE_NOT_FOUND);
	assert_ptr_equal(look("path: /bin/three, link: /usr/bin/elsewhere")->refused, ALTERNATIVES_UNKNOWN);
	bench_command(bench, "update-alternatives --query", 2, "");
	assert_ptr_equal(look("path: /bin/one")->refused, ALTERNATIVES_UNKNOWN);
	assert_int_equal(look("path: /bin/one, link: /usr/bin/word")->change_count, 2);
	assert_null(bench_normalise(bench, &module_alternatives, "{name: a/b, path: /bin/one}"));
	assert_null(bench_normalise(bench, &module_alternatives, "{name: --all, path: /bin/one}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_leads_where_it_should, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_goes_comes_back_with_what_went_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_can_not_be_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
