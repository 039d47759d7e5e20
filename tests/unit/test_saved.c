/* test_saved: plans in files: what was altered is refused, and what has moved on is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "plan/saved.h"
#include "yaml/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static struct saved_key key;
static char directory[64];

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	memset(key.bytes, 7, sizeof(key.bytes));
	strcpy(directory, "/tmp/beoplay-saved-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	arena_free(arena);
	return system(command);
}

static const char *in(const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

static struct value *yaml(const char *text)
{
	struct error err = {0};
	struct value *value;

	assert_int_equal(tree_parse(arena, "test", text, strlen(text), &value, &err), 0);
	return value;
}

/* --- The file --- */

#define BODY "directory: /srv, playbook: site.yml, options: {}, texts: {site.yml: ab}, hosts: {}"

static void a_plan_comes_back_as_it_was_written(void **state)
{
	struct value *body = yaml("{" BODY ", a: 1, b: [x, \"y\"]}"), *back;
	struct error err = {0};
	struct stat info;

	(void)state;
	assert_int_equal(saved_write(in("p"), &key, body, &err), 0);
	assert_true(saved_is_plan(in("p")));
	assert_int_equal(saved_read(arena, in("p"), &key, &back, &err), 0);
	assert_true(value_equal(body, back));
	assert_int_equal(stat(in("p"), &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void every_byte_of_it_counts(void **state)
{
	struct error err = {0};
	struct value *back;
	char bytes[256];
	size_t size;
	FILE *file;

	(void)state;
	assert_int_equal(saved_write(in("p"), &key, yaml("{a: word}"), &err), 0);
	file = fopen(in("p"), "r");
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 1;
		file = fopen(in("q"), "w");
		fwrite(bytes, 1, size, file);
		fclose(file);
		bytes[i] ^= 1;
		assert_int_equal(saved_read(arena, in("q"), &key, &back, &err), -1);
		error_clear(&err);
	}
	assert_int_equal(truncate(in("p"), (off_t)size - 1), 0);
	assert_int_equal(saved_read(arena, in("p"), &key, &back, &err), -1);
}

static void a_plan_of_this_form_is_read(void **state)
{
	struct value *body, *task;
	struct error err = {0};

	(void)state;
	assert_int_equal(saved_read(arena, "tests/formats/plan-1", &key, &body, &err), 0);
	assert_string_equal(value_get_string(body, "directory"), "/srv/cluster");
	task = value_get(value_get(value_get(body, "hosts"), "node1"), "0.0");
	assert_string_equal(value_get_string(task, "title"), "a greeting");
	assert_int_equal(value_get(task, "changes")->count, 1);
}

static void a_plan_of_another_form_is_refused_by_its_number(void **state)
{
	static const struct { const char *start; const struct error_code *code; const char *says; }
	starts[] = {
		{ "beoplay-plan 0 ", PLAN_OTHER_VERSION, "has form 0, and this version reads form 1" },
		{ "beoplay-plan 2 ", PLAN_OTHER_VERSION, "has form 2, and this version reads form 1" },
		{ "beoplay-plan 12 x", PLAN_OTHER_VERSION, "has form 12, " },
		{ "beoplay-plan -1 ", PLAN_DAMAGED, "is not a complete plan" },
		{ "beoplay-plan 1", PLAN_DAMAGED, "is not a complete plan" },
		{ "beoplay-plan ", PLAN_DAMAGED, "is not a complete plan" },
		{ "beoplay-plan 1 ab", PLAN_DAMAGED, "is not a complete plan" },
		{ "other", PLAN_DAMAGED, "is not a complete plan" },
		{ "", PLAN_DAMAGED, "is not a complete plan" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		struct error err = {0};
		struct value *back;
		FILE *file = fopen(in("p"), "w");

		fputs(starts[i].start, file);
		fclose(file);
		assert_int_equal(saved_read(arena, in("p"), &key, &back, &err), -1);
		assert_ptr_equal(err.code, starts[i].code);
		assert_non_null(strstr(err.message, starts[i].says));
	}
}

static void another_key_refuses_it(void **state)
{
	struct saved_key other = key;
	struct error err = {0};
	struct value *back;

	(void)state;
	other.bytes[31] ^= 128;
	assert_int_equal(saved_write(in("p"), &key, yaml("{a: word}"), &err), 0);
	assert_int_equal(saved_read(arena, in("p"), &other, &back, &err), -1);
	assert_ptr_equal(err.code, PLAN_ALTERED);
}

static void a_plan_that_cannot_be_written_leaves_the_old_one(void **state)
{
	struct error err = {0};
	struct value *back;

	(void)state;
	assert_int_equal(saved_write(in("no/p"), &key, yaml("{}"), &err), -1);
	error_clear(&err);
	assert_int_equal(saved_write(in("p"), &key, yaml("{" BODY ", a: old}"), &err), 0);
	assert_int_equal(saved_write(in("p"), &key, yaml("{" BODY ", a: new}"), &err), 0);
	assert_int_equal(saved_read(arena, in("p"), &key, &back, &err), 0);
	assert_string_equal(value_get_string(back, "a"), "new");
}

static void a_plan_of_the_wrong_kinds_is_refused(void **state)
{
	static const char *const bodies[] = {
		"{a: 1}", "{directory: /srv, playbook: site.yml, options: {}, texts: {}, hosts: [a]}",
		"{directory: /srv, playbook: site.yml, options: {}, texts: {}, hosts: {a: {\"1\": x}}}",
		"{directory: /srv, playbook: site.yml, options: {tags: a}, texts: {}, hosts: {}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct error err = {0};
		struct value *back;

		assert_int_equal(saved_write(in("p"), &key, yaml(bodies[i]), &err), 0);
		assert_int_equal(saved_read(arena, in("p"), &key, &back, &err), -1);
	}
}

/* --- The key --- */

static void a_key_is_made_once_and_kept(void **state)
{
	struct saved_key one, other;
	struct error err = {0};

	(void)state;
	assert_int_equal(saved_key_load(arena, in("a/b/key"), false, &one, &err), -1);
	error_clear(&err);
	assert_int_equal(saved_key_load(arena, in("a/b/key"), true, &one, &err), 0);
	assert_int_equal(saved_key_load(arena, in("a/b/key"), true, &other, &err), 0);
	assert_memory_equal(one.bytes, other.bytes, SAVED_KEY_SIZE);
	assert_int_equal(chmod(in("a/b/key"), 0644), 0);
	assert_int_equal(saved_key_load(arena, in("a/b/key"), true, &other, &err), -1);
	assert_ptr_equal(err.code, KEY_UNTRUSTED);
}

/* --- Texts --- */

static int compare(const char *then, const char *now, bool whole, struct error *err)
{
	*err = (struct error){0};
	return saved_compare_texts(arena, &key, saved_seal_texts(arena, &key, yaml(then)), yaml(now),
		whole, err);
}

static void texts_must_be_the_same(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(compare("{a: x, b: y}", "{b: y, a: x}", true, &err), 0);
	assert_int_equal(compare("{a: x, b: y}", "{a: x}", false, &err), 0);
	assert_int_equal(compare("{a: x, b: y}", "{a: x}", true, &err), -1);
	assert_non_null(strstr(err.message, "'b' is no longer read"));
	assert_int_equal(compare("{a: x}", "{a: z}", false, &err), -1);
	assert_non_null(strstr(err.message, "'a' has changed"));
	assert_int_equal(compare("{a: x}", "{a: x, c: y}", false, &err), -1);
	assert_non_null(strstr(err.message, "'c' has come"));
}

/* --- What may be done --- */

/* Of one host with one task, then and now. */
static const struct value *follow(const char *then, const char *now)
{
	struct value *saved = saved_seal_hosts(arena, &key, yaml(arena_printf(arena,
		"{node: {\"3\": %s}}", then)));
	struct value *found = yaml(arena_printf(arena, "{node: {\"3\": %s}}", now));

	return value_get(saved_follow(arena, &key, saved, found,
		yaml("{node: {state: done, ended: true}}")), "node");
}

static const char *stale(const char *then, const char *now)
{
	return value_get_string(follow(then, now), "stale");
}

#define WAS "{title: t, status: changed, planned: d1, params: p1, " \
	"changes: [{subject: /x, field: mode, before: \"0644\"}]}"

static void the_same_change_may_be_done(void **state)
{
	const struct value *one = follow(WAS, WAS);

	(void)state;
	assert_null(value_get_string(one, "stale"));
	assert_string_equal(value_get_string(value_get(one, "tasks"), "3"), "d1");
}

static void a_change_that_was_made_meanwhile_is_not_made_again(void **state)
{
	const struct value *one = follow(WAS, "{title: t, status: ok, params: p1}");

	(void)state;
	assert_null(value_get_string(one, "stale"));
	assert_string_equal(value_get_string(value_get(one, "tasks"), "3"), "");
}

static void what_moved_on_is_named(void **state)
{
	(void)state;
	assert_string_equal(stale(WAS, "{title: t, status: changed, planned: d2, params: p1, "
		"changes: [{subject: /x, field: mode, before: \"0600\"}]}"),
		"stale: t: /x mode was 0644, is 0600");
	assert_string_equal(stale(WAS, "{title: t, status: changed, planned: d2, params: p1, "
		"changes: [{subject: /x, field: mode, before: \"0644\"}, {subject: /x, field: owner}]}"),
		"stale: t: /x owner was not to be changed");
	assert_string_equal(stale(WAS, "{title: t, status: changed, planned: d2, params: p2, "
		"changes: []}"), "stale: t: its parameters are others");
	assert_string_equal(stale("{title: t, status: ok, params: p1}", WAS),
		"stale: t: /x mode was not to be changed");
	assert_string_equal(stale(WAS, "{title: t, status: failed, message: no room}"),
		"stale: t: no room");
	assert_string_equal(stale(WAS, "{title: t, status: may_change, params: p1}"),
		"stale: t: what it depends on has changed");
}

static void what_was_not_known_may_be_anything(void **state)
{
	const struct value *still = follow("{title: t, status: may_change}",
		"{title: t, status: may_change}");
	const struct value *known = follow("{title: t, status: may_change}", WAS);

	(void)state;
	assert_null(value_get_string(still, "stale"));
	assert_int_equal(value_get(value_get(still, "tasks"), "3")->kind, VALUE_NULL);
	assert_null(value_get_string(known, "stale"));
	assert_string_equal(value_get_string(value_get(known, "tasks"), "3"), "d1");
}

static void a_host_that_is_not_there_is_not_stale(void **state)
{
	const struct value *one = value_get(saved_follow(arena, &key, yaml("{node: {}}"), yaml("{}"),
		yaml("{node: {state: failed, ended: false, cause: agent.ended, message: it is gone}}")), "node");

	(void)state;
	assert_null(value_get_string(one, "stale"));
	assert_string_equal(value_get_string(value_get(one, "lost"), "cause"), "agent.ended");
	assert_string_equal(value_get_string(value_get(one, "lost"), "message"),
		"can't be compared with the plan: it is gone");
}

static void no_message_of_a_failure_is_kept(void **state)
{
	struct value *sealed = saved_seal_hosts(arena, &key,
		yaml("{node: {\"3\": {status: failed, message: \"the word is sesame\"}}}"));
	struct error err = {0};
	FILE *file;
	char found[512] = "";

	(void)state;
	assert_int_equal(saved_write(in("p"), &key, sealed, &err), 0);
	file = fopen(in("p"), "r");
	assert_true(fread(found, 1, sizeof(found) - 1, file) > 64);
	fclose(file);
	assert_null(memmem(found, sizeof(found), "sesame", 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_plan_comes_back_as_it_was_written, begin, end),
		cmocka_unit_test_setup_teardown(every_byte_of_it_counts, begin, end),
		cmocka_unit_test_setup_teardown(a_plan_of_this_form_is_read, begin, end),
		cmocka_unit_test_setup_teardown(a_plan_of_another_form_is_refused_by_its_number,
			begin, end),
		cmocka_unit_test_setup_teardown(another_key_refuses_it, begin, end),
		cmocka_unit_test_setup_teardown(a_plan_that_cannot_be_written_leaves_the_old_one, begin,
			end),
		cmocka_unit_test_setup_teardown(a_plan_of_the_wrong_kinds_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_key_is_made_once_and_kept, begin, end),
		cmocka_unit_test_setup_teardown(texts_must_be_the_same, begin, end),
		cmocka_unit_test_setup_teardown(the_same_change_may_be_done, begin, end),
		cmocka_unit_test_setup_teardown(a_change_that_was_made_meanwhile_is_not_made_again, begin,
			end),
		cmocka_unit_test_setup_teardown(what_moved_on_is_named, begin, end),
		cmocka_unit_test_setup_teardown(what_was_not_known_may_be_anything, begin, end),
		cmocka_unit_test_setup_teardown(a_host_that_is_not_there_is_not_stale, begin, end),
		cmocka_unit_test_setup_teardown(no_message_of_a_failure_is_kept, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
