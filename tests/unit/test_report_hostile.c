/* What is printed of what comes from nodes, and of secrets. */
#include "report_bench.h"

/* --- What comes from nodes --- */

static bool clean(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t')
			return false;
	}
	return true;
}

static void hostile_bytes_are_made_printable(void **state)
{
	struct printed printed;
	struct value *results, *notes;
	struct error err = { 0 };
	unsigned number;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 2 }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, "show", HOSTILE);
	value_set_string(printed.arena, results, "stdout", HOSTILE);
	value_set_string(printed.arena, results, "key\033[2J", "x");
	notes = value_list(printed.arena);
	value_append(printed.arena, notes, value_string(printed.arena, HOSTILE));
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.status = STATUS_CHANGED, .message = HOSTILE, .remedy = HOSTILE, .item = HOSTILE,
		.change_count = 1, .changes = change_of(printed.arena, "content", HOSTILE, HOSTILE "\n" HOSTILE, 0),
		.results = results, .notes = notes, .diff = true });
	report_task_end(printed.report, number);
	report_warning(printed.report, "a", HOSTILE);
	error_set(&err, AGENT_LOST, "%s", HOSTILE);
	error_remedy(&err, "%s", HOSTILE);
	report_lost(printed.report, "a", &err);
	report_error(printed.report, &err, NULL, 0);
	flush(&printed);
	assert_non_null(strstr(printed.out, "\\x1b[2J"));
	assert_true(clean(printed.out));
	assert_true(clean(printed.errors));
	assert_null(strchr(printed.out, '\xff'));
	assert_null(strstr(printed.out, "\xc2\x9b"));
	end(&printed);
}

static void endless_output_is_cut(void **state)
{
	struct printed printed;
	struct value *results;
	char text[2 * 250 + 1];
	unsigned number;

	(void)state;
	for (size_t i = 0; i < 250; i++)
		memcpy(text + 2 * i, "x\n", 3);
	begin(&printed, (struct report_options){ .width = 80 }, "a");
	results = value_map(printed.arena);
	value_set_string(printed.arena, results, "show", text);
	number = task(&printed, 1);
	report_result(printed.report, number, &(struct report_result){ .host = "a",
		.results = results });
	report_task_end(printed.report, number);
	flush(&printed);
	assert_non_null(strstr(printed.out, "    … 50 lines left out (-v shows all)\n"));
	end(&printed);
}

/* --- Secrets --- */

static void report_secrets(struct printed *printed)
{
	struct value *results = value_map(printed->arena);
	struct value *secret = value_string(printed->arena, "hunter2");
	unsigned number = task(printed, 1);

	secret->level = LEVEL_SECRET;
	value_set(printed->arena, results, "show", secret);
	value_set(printed->arena, results, "stdout", secret);
	report_result(printed->report, number, &(struct report_result){ .host = "a", .more = true,
		.status = STATUS_CHANGED, .results = results,
		.change_count = 1, .changes = change_of(printed->arena, "password", "hunter2", "hunter2", CHANGE_SECRET) });
	report_result(printed->report, number, &(struct report_result){ .host = "a", .more = true,
		.status = STATUS_CHANGED,
		.change_count = 1, .changes = change_of(printed->arena, "content", "hunter2", "hunter2\n",
			CHANGE_SECRET), .diff = true });
	results = value_map(printed->arena);
	value_set_string(printed->arena, results, "show", "hunter2");
	value_set_string(printed->arena, results, "stdout", "hunter2");
	report_result(printed->report, number, &(struct report_result){ .host = "a", .no_log = true,
		.status = STATUS_FAILED, .results = results, .item = "hunter2",
		.message = "'login hunter2' gave 1", .remedy = "look for hunter2",
		.change_count = 1, .changes = change_of(printed->arena, "content", "hunter2", "hunter2\n", 0),
		.diff = true });
	report_task_end(printed->report, number);
	report_recap(printed->report);
	flush(printed);
}

static void secrets_are_never_printed(void **state)
{
	struct printed printed;

	(void)state;
	begin(&printed, (struct report_options){ .width = 80, .verbosity = 3 }, "a");
	report_secrets(&printed);
	assert_non_null(strstr(printed.out, "/etc/motd password (secret)"));
	assert_null(strstr(printed.out, "hunter2"));
	assert_non_null(strstr(printed.out, "no_log"));
	end(&printed);
	begin(&printed, (struct report_options){ .json = true, .verbosity = 3 }, "a");
	report_secrets(&printed);
	assert_null(strstr(printed.out, "hunter2"));
	end(&printed);
}

/* Both streams end up in one pipe, as on a terminal. */
static char *on_one_terminal(struct arena *arena, void (*tell)(struct report *report))
{
	int ends[2];
	FILE *out, *errors;
	struct report *report;
	char *bytes = arena_alloc(arena, 65536);
	ssize_t size;

	assert_int_equal(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	errors = fdopen(dup(ends[1]), "w");
	setvbuf(errors, NULL, _IONBF, 0);
	report = report_new(&(struct report_options){ .out = out, .errors = errors, .live = true,
		.width = 80 });
	report_run(report, "site.yml", names_of(arena, "a b"), 1);
	report_tick(report);
	tell(report);
	report_free(report);
	fclose(out);
	fclose(errors);
	size = read(ends[0], bytes, 65535);
	assert_true(size > 0);
	bytes[size] = '\0';
	close(ends[0]);
	return bytes;
}

static void tell_unreachable(struct report *report)
{
	struct error err = { 0 };

	error_set(&err, SSH_HOST_KEY_CHANGED, "the host key has changed");
	error_remedy(&err, "ssh-keygen -R");
	report_lost(report, "a", &err);
}

static void tell_warning(struct report *report)
{
	report_warning(report, NULL, "the clock is wrong → set it");
}

static void tell_error(struct report *report)
{
	struct error err = { 0 };

	error_set(&err, FILE_NOT_FOUND, "there is no such thing");
	error_remedy(&err, "write another");
	report_error(report, &err, NULL, 0);
}

static void the_live_line_is_gone_before_a_message_comes(void **state)
{
	void (*const tells[])(struct report *) = { tell_unreachable, tell_warning, tell_error };
	static const char clear[] = "\033[J";

	(void)state;
	for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
		struct arena *arena = arena_new();
		char *bytes = on_one_terminal(arena, tells[i]);
		char *cleared = strstr(bytes, clear);

		assert_non_null(cleared);
		assert_non_null(strstr(cleared, "→"));
		assert_null(strstr(cleared + strlen(clear), clear));
		*cleared = '\0';
		assert_null(strstr(bytes, "→"));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_bytes_are_made_printable),
		cmocka_unit_test(endless_output_is_cut),
		cmocka_unit_test(secrets_are_never_printed),
		cmocka_unit_test(the_live_line_is_gone_before_a_message_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
