/* What users may write as parameters, and what becomes of it: strict, complete, canonical. */
#include "playbook/task_params.h"

#include "tests/plays/modules.h"
#include "yaml/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *arena;
static struct error failure;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct value *tree(const char *text)
{
	struct value *root = NULL;

	error_clear(&failure);
	assert_int_equal(tree_parse(arena, "p.yml", text, strlen(text), &root, &failure), 0);
	return root;
}

/* The canonical text, or NULL. */
static const char *normalised(const struct module *module, const char *text)
{
	struct place place = { "p.yml", 99, 1 };
	struct buffer out = { 0 };
	struct value *params;
	char *copy;

	if (params_normalise(arena, module, tree(text), place, false, &params, &failure) < 0)
		return NULL;
	assert_int_equal(params_write(&out, module, params, &failure), 0);
	copy = arena_string(arena, out.data);
	buffer_free(&out);
	return copy;
}

static void assert_refused(const struct module *module, const char *text, unsigned line,
	unsigned column, const char *message)
{
	const char *got = normalised(module, text);

	if (got || !strstr(failure.message, message))
		print_error("%s gives %s, '%s'\n", text, got ? got : "an error", failure.message);
	assert_null(got);
	assert_int_equal(failure.kind, ERROR_TEXT);
	assert_non_null(strstr(failure.message, message));
	assert_int_equal(failure.place.line, line);
	assert_int_equal(failure.place.column, column);
}

static void defaults_are_filled_in_and_names_are_canonical(void **state)
{
	(void)state;
	assert_string_equal(normalised(&module_file, "dest: /etc/motd"),
		"path: \"/etc/motd\"\nstate: \"file\"\nrecurse: \"false\"\n");
	assert_string_equal(normalised(&module_packages, "name: rsync"),
		"name: [\"rsync\"]\nstate: \"present\"\nlock_timeout: \"60\"\nupdate_cache: \"false\"\n"
		"retries: \"3\"\n");
	assert_string_equal(normalised(&module_ping, "{}"), "{}\n");
	assert_string_equal(normalised(&module_ping, "~"), "{}\n");
}

static void an_unknown_name_is_refused_with_the_nearest(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: /x\nmoed: 0644", 2, 1, "file has no parameter 'moed'");
	assert_string_equal(failure.remedy, "did you mean 'mode'?");
	assert_refused(&module_file, "path: /x\nzzzzzz: 1", 2, 1, "file has no parameter 'zzzzzz'");
	assert_string_equal(failure.remedy, "see what it has: beoplay doc file");
}

static void an_internal_name_is_only_for_inverses(void **state)
{
	struct value *params;

	(void)state;
	assert_refused(&module_file, "path: /x\ndigest: ab", 2, 1, "file has no parameter 'digest'");
	assert_int_equal(params_normalise(arena, &module_file, tree("path: /x\ndigest: ab"),
		(struct place){ 0 }, true, &params, &failure), 0);
	assert_string_equal(value_get_string(params, "digest"), "ab");
}

static void a_name_known_but_not_supported_yet_says_so(void **state)
{
	(void)state;
	assert_refused(&module_command, "cmd: ls\nexpand_argument_vars: no", 2, 1,
		"'expand_argument_vars' of command is not supported yet");
}

static void a_name_and_its_alias_are_one_option(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: /x\ndest: /y", 2, 1, "'path' and 'dest' are the same");
}

static void what_is_missing_is_said_at_the_task(void **state)
{
	(void)state;
	assert_refused(&module_file, "mode: 0644", 99, 1,
		"file needs the parameter 'path': which file");
	assert_refused(&module_file, "path:", 99, 1, "file needs the parameter 'path'");
	assert_refused(&module_file, "[a]", 99, 1, "the parameters of file must be a map");
}

static void the_modules_own_check_has_the_last_word(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: /x\ncontent: a\nsrc: b", 3, 6, "exclude each other");
}

static const char *one(const struct module *module, const char *rest, const char *name,
	const char *text)
{
	const char *got, *end;
	char line[256];

	snprintf(line, sizeof(line), "%s\n%s: %s\n", rest, name, text);
	got = normalised(module, line);
	if (!got)
		return NULL;
	snprintf(line, sizeof(line), "%s: ", name);
	got = strstr(got, line);
	assert_non_null(got);
	got += strlen(line);
	end = strchr(got, '\n');
	return arena_bytes(arena, got, (size_t)(end - got));
}

static void assert_kind(const struct module *module, const char *rest, const char *name,
	const char *const (*table)[2])
{
	for (; (*table)[0]; table++) {
		const char *got = one(module, rest, name, (*table)[0]);

		if (!(*table)[1] != !got)
			print_error("%s: %s → %s %s\n", name, (*table)[0], got, failure.message);
		if ((*table)[1]) {
			assert_non_null(got);
			assert_string_equal(got, (*table)[1]);
		} else {
			assert_null(got);
			assert_int_equal(failure.kind, ERROR_TEXT);
			assert_int_equal(failure.place.line, 2);
			assert_int_equal(failure.place.column, strlen(name) + 3);
			assert_true(failure.remedy[0] != '\0' || strstr(failure.message, "decimal"));
		}
	}
}

static void booleans_are_strict(void **state)
{
	static const char *const table[][2] = {
		{ "yes", "\"true\"" }, { "on", "\"true\"" }, { "True", "\"true\"" },
		{ "'TRUE'", "\"true\"" }, { "'yEs'", "\"true\"" }, { "no", "\"false\"" },
		{ "'off'", "\"false\"" }, { "FALSE", "\"false\"" }, { "y", NULL }, { "n", NULL },
		{ "1", NULL }, { "0", NULL }, { "'1'", NULL }, { "2", NULL }, { "flase", NULL },
		{ "banana", NULL }, { "''", NULL }, { "[yes]", NULL }, { "{a: b}", NULL }, { "1.0", NULL },
		{ NULL, NULL },
	};

	(void)state;
	assert_kind(&module_file, "path: /x", "recurse", table);
}

static void modes_are_strict(void **state)
{
	static const char *const table[][2] = {
		{ "0644", "\"0644\"" }, { "'0644'", "\"0644\"" }, { "'644'", "\"0644\"" },
		{ "0o644", "\"0644\"" }, { "'0o4755'", "\"04755\"" }, { "01777", "\"01777\"" },
		{ "u=rw,g=r", "\"u=rw,g=r\"" }, { "a+x", "\"a+x\"" }, { "+x", "\"+x\"" },
		{ "u=rwX,go-w", "\"u=rwX,go-w\"" }, { "g=u", "\"g=u\"" }, { "644", NULL }, { "420", NULL },
		{ "0888", NULL }, { "'0999'", NULL }, { "'12345'", NULL }, { "'0x1f'", NULL },
		{ "'7'", NULL },
		{ "u=rw,", NULL }, { "rw", NULL }, { "''", NULL }, { "yes", NULL }, { "-0644", NULL },
		{ "1.5", NULL }, { "[0644]", NULL }, { NULL, NULL },
	};

	(void)state;
	assert_kind(&module_file, "path: /x", "mode", table);
}

static void a_decimal_mode_is_told_its_octal_way(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: /x\nmode: 755", 2, 7, "the mode 755 is a decimal number");
	assert_string_equal(failure.remedy, "write 0755");
}

static void durations_are_strict(void **state)
{
	static const char *const table[][2] = {
		{ "90", "\"90\"" }, { "'90'", "\"90\"" }, { "90s", "\"90\"" }, { "2m", "\"120\"" },
		{ "1h", "\"3600\"" }, { "1d", "\"86400\"" }, { "0", "\"0\"" }, { "-1", NULL },
		{ "'-1'", NULL }, { "1.5", NULL }, { "1w", NULL }, { "m", NULL }, { "2 m", NULL },
		{ "2min", NULL }, { "10000000000m", NULL }, { "''", NULL }, { "yes", NULL }, { NULL, NULL },
	};

	(void)state;
	assert_kind(&module_packages, "name: x", "lock_timeout", table);
}

static void integers_are_decimal(void **state)
{
	static const char *const table[][2] = {
		{ "5", "\"5\"" }, { "'5'", "\"5\"" }, { "-5", "\"-5\"" }, { "+5", "\"5\"" }, { "0", "\"0\"" },
		{ "010", NULL }, { "0x10", NULL }, { "1_000", NULL }, { "5a", NULL }, { "'5 '", NULL },
		{ "1.0", NULL }, { "yes", NULL }, { "''", NULL }, { "'9223372036854775808'", NULL },
		{ "[5]", NULL }, { NULL, NULL },
	};

	(void)state;
	assert_kind(&module_packages, "name: x", "retries", table);
}

static void texts_stay_as_they_were_written(void **state)
{
	(void)state;
	assert_string_equal(one(&module_file, "path: /x", "content", "yes"), "\"yes\"");
	assert_string_equal(one(&module_file, "path: /x", "content", "0644"), "\"0644\"");
	assert_string_equal(one(&module_file, "path: /x", "content", "1.10"), "\"1.10\"");
	assert_string_equal(one(&module_file, "path: /x", "content", "\"a\\tb\\n\""),
		"\"a\\x09b\\n\"");
	assert_string_equal(one(&module_file, "path: /x", "content", "''"), "\"\"");
	assert_refused(&module_file, "path: /x\ncontent: [a]", 2, 10,
		"'content' of file must be a string, not a list");
	assert_refused(&module_file, "path: /x\ncontent: {a: b}", 2, 10, ", not a map");
}

static void a_path_is_absolute_and_a_source_is_not_empty(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: etc/motd", 1, 7, "must be an absolute path");
	assert_string_equal(failure.remedy, "begin it with /");
	assert_refused(&module_file, "path: ''", 1, 7, "must be an absolute path");
	assert_refused(&module_file, "path: /x\nsrc: ''", 2, 6, "'src' of file is empty");
	assert_string_equal(one(&module_file, "path: /x", "src", "a/b"), "\"a/b\"");
}

static void a_choice_is_one_of_its_words(void **state)
{
	(void)state;
	assert_refused(&module_file, "path: /x\nstate: directroy", 2, 8,
		"'state' of file can't be 'directroy'");
	assert_string_equal(failure.remedy,
		"did you mean 'directory'? Possible are: file, directory, absent, touch");
	assert_refused(&module_file, "path: /x\nstate: xyz", 2, 8, "can't be 'xyz'");
	assert_string_equal(failure.remedy, "possible are: file, directory, absent, touch");
}

static void a_scalar_becomes_a_list_of_one(void **state)
{
	(void)state;
	assert_string_equal(one(&module_command, "cmd: x", "argv", "a"), "[\"a\"]");
	assert_string_equal(one(&module_command, "cmd: x", "argv", "[a, 1, yes]"),
		"[\"a\", \"1\", \"yes\"]");
	assert_string_equal(one(&module_command, "cmd: x", "argv", "[]"), "[]");
	assert_refused(&module_command, "argv: [a, [b]]", 1, 11, "a list of strings, not a list");
	assert_refused(&module_command, "argv: [a, ~]", 1, 11, ", not null");
	assert_refused(&module_command, "argv: {a: b}", 1, 7, ", not a map");
}

static void a_map_becomes_pairs(void **state)
{
	(void)state;
	assert_string_equal(one(&module_hosts, "group: all", "labels", "{b: 1, a: yes}"),
		"[{key: \"b\", value: \"1\"}, {key: \"a\", value: \"yes\"}]");
	assert_string_equal(one(&module_hosts, "group: all", "labels", "{}"), "[]");
	assert_refused(&module_hosts, "labels: [a]", 1, 9, "must be a map, not a list");
	assert_refused(&module_hosts, "labels: {a: [b]}", 1, 13, ", not a list");
}

static void records_are_normalised_in_turn(void **state)
{
	(void)state;
	assert_string_equal(one(&module_hosts, "group: all", "extra",
		"[{address: 10.0.0.9, names: nas}, {address: '::1'}]"),
		"[{address: \"10.0.0.9\", names: [\"nas\"]}, {address: \"::1\", names: []}]");
	assert_refused(&module_hosts, "extra: [{address: a, nmaes: b}]", 1, 22, "no parameter 'nmaes'");
	assert_string_equal(failure.remedy, "did you mean 'names'?");
	assert_refused(&module_hosts, "extra:\n  - names: b", 2, 5, "needs the parameter 'address'");
	assert_refused(&module_hosts, "extra: [a]", 1, 9, "must be a list of maps, not a string");
}

static void a_pattern_is_well_formed(void **state)
{
	(void)state;
	assert_string_equal(one(&module_hosts, "labels: {}", "group", "'workers:!node3'"),
		"\"workers:!node3\"");
	assert_refused(&module_hosts, "group: 'node[1'", 1, 8, "a [ has no ]");
}

static void a_secret_option_is_a_secret_value_and_not_in_messages(void **state)
{
	struct value *params;

	(void)state;
	assert_int_equal(params_normalise(arena, &module_hosts, tree("password: x"),
		(struct place){ 0 }, false, &params, &failure), 0);
	assert_true(value_get(params, "password")->level);
	assert_false(value_get(params, "group")->level);
}

static void a_wrong_value_that_is_secret_is_not_shown(void **state)
{
	struct value *value = value_string(arena, "hunter2");
	bool truth;

	(void)state;
	value->level = LEVEL_SECRET;
	error_clear(&failure);
	assert_int_equal(param_bool(value, &truth, &failure), -1);
	assert_null(strstr(failure.message, "hunter2"));
}

static void what_is_not_known_stays_unknown_and_is_not_written(void **state)
{
	struct value *raw = value_map(arena);
	struct value *params;
	struct buffer out = { 0 };

	(void)state;
	error_clear(&failure);
	value_set(arena, raw, "path", value_unknown(arena,
		&(struct cause){ .kind = CAUSE_RESULT, .name = "task 1" }));
	assert_int_equal(params_normalise(arena, &module_file, raw, (struct place){ 0 }, false, &params,
		&failure), 0);
	assert_int_equal(value_get(params, "path")->kind, VALUE_UNKNOWN);
	assert_int_equal(params_write(&out, &module_file, params, &failure), -1);
	assert_int_equal(failure.kind, ERROR_BUG);
	buffer_free(&out);
}

static int check(const struct module *module, const char *text)
{
	return params_check(arena, module, tree(text), (struct place){ "p.yml", 99, 1 }, &failure);
}

static void what_holds_expressions_is_checked_as_far_as_can_be(void **state)
{
	(void)state;
	assert_int_equal(check(&module_file, "path: '{{ x }}'\nmode: '{{ y }}'"), 0);
	assert_int_equal(check(&module_file, "path: '{{ x }}'\nmode: 644"), -1);
	assert_int_equal(failure.place.line, 2);
	assert_int_equal(check(&module_file, "path: '{{ x }}'\nmoed: '{{ y }}'"), -1);
	assert_string_equal(failure.remedy, "did you mean 'mode'?");
	assert_int_equal(check(&module_file, "mode: '{{ y }}'"), -1);
	assert_ptr_equal(failure.code, TASK_MISSING_PARAMETER);
	assert_int_equal(check(&module_file, "path: '{{ x }}'\ncontent: a\nsrc: b"), 0);
	assert_int_equal(check(&module_file, "path: /x\ncontent: a\nsrc: b"), -1);
	assert_int_equal(check(&module_hosts, "extra: [{address: '{{ x }}', names: ['{{ y }}']}]"), 0);
	assert_int_equal(check(&module_hosts, "extra: [{address: '{{ x }}', nmaes: b}]"), -1);
}

static void text_that_is_no_utf8_must_come_as_a_file(void **state)
{
	struct value *raw = value_map(arena);
	struct value *params;

	(void)state;
	error_clear(&failure);
	value_set_string(arena, raw, "path", "/x");
	value_set(arena, raw, "content", value_bytes(arena, "\xff", 1));
	assert_int_equal(params_normalise(arena, &module_file, raw, (struct place){ 0 }, false, &params,
		&failure), -1);
	assert_ptr_equal(failure.code, TASK_INVALID_VALUE);
	error_clear(&failure);
	value_set(arena, raw, "content", value_bytes(arena, "a\0b", 3));
	assert_int_equal(params_normalise(arena, &module_file, raw, (struct place){ 0 }, false, &params,
		&failure), -1);
	assert_non_null(strstr(failure.message, "NUL"));
}

static void a_path_has_one_spelling(void **state)
{
	static const struct param table[] = {
		{ .name = "path", .kind = PARAM_PATH },
		{ .name = "into", .kind = PARAM_PATH, .flags = PARAM_INTO },
		{ .name = "used", .kind = PARAM_PATH, .flags = PARAM_VERBATIM },
		{ 0 },
	};
	static const struct module module = { .name = "paths", .params = table };

	(void)state;
	assert_string_equal(normalised(&module, "{path: /srv//x}"), "path: \"/srv/x\"\n");
	assert_string_equal(normalised(&module, "{path: /srv/./x/.}"), "path: \"/srv/x\"\n");
	assert_string_equal(normalised(&module, "{path: //srv/x//}"), "path: \"/srv/x\"\n");
	assert_string_equal(normalised(&module, "{path: //.}"), "path: \"/\"\n");
	assert_string_equal(normalised(&module, "{path: /srv/..x/x..}"), "path: \"/srv/..x/x..\"\n");
	assert_string_equal(normalised(&module, "{into: /srv//x//}"), "into: \"/srv/x/\"\n");
	assert_string_equal(normalised(&module, "{used: /srv//x/../y/}"),
		"used: \"/srv//x/../y/\"\n");
	assert_refused(&module, "{path: /srv/../etc}", 1, 8, "holds '..'");
	assert_refused(&module, "{path: /srv/..}", 1, 8, "holds '..'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_has_one_spelling),
		cmocka_unit_test(defaults_are_filled_in_and_names_are_canonical),
		cmocka_unit_test(an_unknown_name_is_refused_with_the_nearest),
		cmocka_unit_test(an_internal_name_is_only_for_inverses),
		cmocka_unit_test(a_name_known_but_not_supported_yet_says_so),
		cmocka_unit_test(a_name_and_its_alias_are_one_option),
		cmocka_unit_test(what_is_missing_is_said_at_the_task),
		cmocka_unit_test(the_modules_own_check_has_the_last_word),
		cmocka_unit_test(booleans_are_strict),
		cmocka_unit_test(modes_are_strict),
		cmocka_unit_test(a_decimal_mode_is_told_its_octal_way),
		cmocka_unit_test(durations_are_strict),
		cmocka_unit_test(integers_are_decimal),
		cmocka_unit_test(texts_stay_as_they_were_written),
		cmocka_unit_test(a_path_is_absolute_and_a_source_is_not_empty),
		cmocka_unit_test(a_choice_is_one_of_its_words),
		cmocka_unit_test(a_scalar_becomes_a_list_of_one),
		cmocka_unit_test(a_map_becomes_pairs),
		cmocka_unit_test(records_are_normalised_in_turn),
		cmocka_unit_test(a_pattern_is_well_formed),
		cmocka_unit_test(a_secret_option_is_a_secret_value_and_not_in_messages),
		cmocka_unit_test(a_wrong_value_that_is_secret_is_not_shown),
		cmocka_unit_test(what_is_not_known_stays_unknown_and_is_not_written),
		cmocka_unit_test(what_holds_expressions_is_checked_as_far_as_can_be),
		cmocka_unit_test(text_that_is_no_utf8_must_come_as_a_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
