/* What is printed as JSON, and of errors in a text. */
#include "report_bench.h"

/* --- JSON --- */

/* A strict reader's word. Of json-c's, 0.18 refuses whatever isn't ASCII. */
static bool json_is_valid(const char *text, size_t size)
{
	sqlite3_stmt *statement;
	sqlite3 *database;
	bool valid;

	assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(database, "SELECT json_valid(?)", -1, &statement, NULL),
		SQLITE_OK);
	sqlite3_bind_text(statement, 1, text, (int)size, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	valid = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return valid;
}

/* Every line is one object that a strict reader takes; how many there are. */
static unsigned json_lines(const char *text)
{
	unsigned lines = 0;

	while (*text) {
		size_t size = strcspn(text, "\n");
		struct json_tokener *reader = json_tokener_new();
		json_object *object;

		json_tokener_set_flags(reader, JSON_TOKENER_VALIDATE_UTF8);
		object = json_tokener_parse_ex(reader, text, (int)size + 1);
		if (!json_is_valid(text, size) || json_tokener_get_error(reader) != json_tokener_success
				|| !json_object_is_type(object, json_type_object))
			fail_msg("no JSON: %.*s", (int)size, text);
		assert_null(memmem(text, size, "NaN", 3));
		assert_null(memmem(text, size, "Infinity", 8));
		json_object_put(object);
		json_tokener_free(reader);
		assert_int_equal(text[size], '\n');
		text += size + 1;
		lines++;
	}
	return lines;
}

/* Also in keys; what is no control stays as it is. */
static void json_lines_have_no_controls(void **state)
{
	static const char text[] = "a\xc2\x9b" "31m\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f"
		"\x7f\xe2\x80\xa8\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const char shown[] = "a\\u009b31m\\u202e\\u2066\\u061c\\u200f\\u007f\\u2028"
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	struct printed printed;
	struct value *results;
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, text, "x");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = text, .results = results });
	report_task_end(printed.report, number);
	fflush(NULL);
	assert_null(strstr(printed.out, text));
	assert_non_null(strstr(printed.out, arena_printf(printed.arena, "\"message\":\"%s\"", shown)));
	assert_non_null(strstr(printed.out, arena_printf(printed.arena, "{\"%s\":\"x\"}", shown)));
	assert_int_equal(json_lines(printed.out), 2);
	end(&printed);
}

static void json_lines_are_valid_whatever_comes(void **state)
{
	struct printed printed;
	struct value *results, *list;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	results = value_map(printed.arena);
	list = value_list(printed.arena);
	value_append(printed.arena, list, value_float(printed.arena, __builtin_nan("")));
	value_append(printed.arena, list, value_float(printed.arena, __builtin_inf()));
	value_append(printed.arena, list, value_float(printed.arena, 0.5));
	value_append(printed.arena, list, value_null(printed.arena));
	value_append(printed.arena, list, value_bytes(printed.arena, "a\0b", 3));
	value_set(printed.arena, results, "list", list);
	value_set_string(printed.arena, results, "stdout", HOSTILE);
	value_set_string(printed.arena, results, "key\xff", "x");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = HOSTILE, .results = results,
		.change_count = 1, .changes = change_of(printed.arena, "content", HOSTILE, "\"\\", 0) });
	report_task_end(printed.report, number);
	report_warning(printed.report, NULL, HOSTILE);
	error_set(&err, AGENT_LOST, "%s", HOSTILE);
	report_lost(printed.report, "a", &err);
	report_recap(printed.report);
	flush(&printed);
	assert_int_equal(json_lines(printed.out), 5);
	assert_string_equal(printed.errors, "");
	assert_non_null(strstr(printed.out, "\"status\":\"changed\""));
	assert_non_null(strstr(printed.out, "a\\u0000b"));
	end(&printed);
}

/* --- Errors in a text --- */

static void points(const char *text, unsigned line, unsigned column, const char *shown)
{
	struct printed printed;
	struct error err = { 0 };
	size_t size = strlen(text);
	char *exact = malloc(size ? size : 1);

	memcpy(exact, text, size);    /* nothing behind it */
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	error_at(&err, PLAYBOOK_INVALID_VALUE, (struct place){ "site.yml", line, column }, "wrong");
	error_remedy(&err, "do better");
	report_error(printed.report, &err, exact, size);
	flush(&printed);
	assert_string_equal(printed.errors, shown);
	end(&printed);
	free(exact);
}

static void an_error_points_at_its_place(void **state)
{
	(void)state;
	points("one\ntwo three\n", 2, 5,
		"site.yml:2:5: wrong\n  two three\n      ^\n  → do better\n");
	points("no end of line", 1, 4,
		"site.yml:1:4: wrong\n  no end of line\n     ^\n  → do better\n");
	points("\tx: y\n", 1, 5, "site.yml:1:5: wrong\n  \tx: y\n  \t   ^\n  → do better\n");
	points("ä€: x\n", 1, 8, "site.yml:1:8: wrong\n  ä€: x\n      ^\n  → do better\n");
	points("x: y\r\n", 1, 4, "site.yml:1:4: wrong\n  x: y\n     ^\n  → do better\n");
	points("a\033b: c\n", 1, 5, "site.yml:1:5: wrong\n  a\\x1bb: c\n         ^\n  → do better\n");
}

static void a_place_outside_the_text_shows_no_line(void **state)
{
	(void)state;
	points("one\n", 9, 1, "site.yml:9:1: wrong\n  → do better\n");
	points("", 1, 1, "site.yml:1:1: wrong\n  \n  ^\n  → do better\n");
}

static void an_error_without_a_place_is_the_programs(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	error_set(&err, INVENTORY_NOT_FOUND, "there is no inventory");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_string_equal(printed.errors, "beoplay: there is no inventory\n");
	end(&printed);
}

static void json_has_the_code_and_the_place_of_an_error(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a");
	error_at(&err, YAML_SYNTAX, (struct place){ "site.yml", 3, 7 }, "wrong");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\"code\":\"yaml.syntax\",\"file\":\"site.yml\",\"line\":3,"
		"\"column\":7}"));
	end(&printed);
}

static void json_has_the_code_of_a_lost_host_and_of_a_failed_task(void **state)
{
	struct printed printed;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .json = true }, "a b");
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_FAILED, .message = "no", .code = HOST_REFUSED->name });
	error_set(&err, SSH_HOST_KEY_CHANGED, "the host key has changed");
	report_lost(printed.report, "b", &err);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\"code\":\"host.refused\""));
	assert_non_null(strstr(printed.out, "\"code\":\"ssh.host-key-changed\""));
	end(&printed);
}

static void codes_stand_behind_messages_where_more_is_asked_for(void **state)
{
	struct printed printed;
	struct error err = { 0 };

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 1 }, "a");
	error_set(&err, INVENTORY_NOT_FOUND, "there is no inventory");
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_string_equal(printed.errors, "beoplay: there is no inventory [inventory.not-found]\n");
	end(&printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_code_and_the_place_of_an_error),
		cmocka_unit_test(json_has_the_code_of_a_lost_host_and_of_a_failed_task),
		cmocka_unit_test(codes_stand_behind_messages_where_more_is_asked_for),
		cmocka_unit_test(json_lines_have_no_controls),
		cmocka_unit_test(json_lines_are_valid_whatever_comes),
		cmocka_unit_test(an_error_points_at_its_place),
		cmocka_unit_test(a_place_outside_the_text_shows_no_line),
		cmocka_unit_test(an_error_without_a_place_is_the_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
