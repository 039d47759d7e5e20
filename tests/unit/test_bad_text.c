/* Each wrong text in tests/plays/bad is refused at its place, before any host is contacted.
 *
 * The first line of a file says what is expected:
 *     # expect: [FILE:]LINE:COLUMN CODE [-> part of the remedy]
 * FILE is beside the file itself, which is meant where it isn't given. */
#include "inventory/inventory.h"
#include "playbook/play.h"

#include "tests/plays/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BAD "tests/plays/bad"

struct expected {
	const char *file;
	unsigned line;
	unsigned column;
	const char *code;        /* the name of it */
	const char *remedy;      /* "": any */
};

static const char expect_mark[] = "# expect: ";

/* Cuts the first line of text into its parts. */
static struct expected read_expected(struct arena *arena, const char *path, const char *text)
{
	struct expected expected = { .file = path, .remedy = "" };
	char *line = arena_bytes(arena, text, strcspn(text, "\n"));
	char *code, *arrow, *colon;

	assert_int_equal(strncmp(line, expect_mark, strlen(expect_mark)), 0);
	line += strlen(expect_mark);
	code = strchr(line, ' ');
	assert_non_null(code);
	*code++ = '\0';
	arrow = strstr(code, " -> ");
	if (arrow) {
		*arrow = '\0';
		expected.remedy = arrow + 4;
	}
	expected.code = code;
	colon = strrchr(line, ':');
	assert_non_null(colon);
	*colon = '\0';
	expected.column = (unsigned)atoi(colon + 1);
	colon = strrchr(line, ':');
	if (colon) {
		*colon++ = '\0';
		expected.file = arena_printf(arena, "%s/%s", BAD, line);
	}
	expected.line = (unsigned)atoi(colon ? colon : line);
	return expected;
}

static struct source *open_source(struct arena *arena)
{
	struct source *source = source_directory(arena, NULL);

	reach_allow(source_reach(source), ".", "");
	return source;
}

static int load(struct arena *arena, struct source *source, const char *path, struct error *err)
{
	struct inventory *inventory;
	struct playbook *playbook;

	if (strncmp(path + strlen(BAD "/"), "inventory-", 10) == 0)
		return inventory_load(arena, source, &path, 1, NULL, &inventory, err);
	return playbook_load(arena, source, path, &test_modules, &playbook, err);
}

static void a_wrong_text_is_refused_at_its_place(void **state)
{
	struct arena *arena = arena_new();
	struct source *source = open_source(arena);
	const char *path = arena_printf(arena, "%s/%s", BAD, (const char *)*state);
	struct expected expected;
	struct error err = { 0 };
	const char *text;
	size_t size;

	assert_int_equal(source_read(source, path, &text, &size, &err), 0);
	expected = read_expected(arena, path, text);
	assert_int_equal(load(arena, source, path, &err), -1);
	if (strcmp(err.code->name, expected.code) != 0 || !strstr(err.remedy, expected.remedy) ||
		err.place.line != expected.line || err.place.column != expected.column)
		print_error("%s:%u:%u: %s [%s] (%s)\n", err.place.file, err.place.line, err.place.column,
			err.message, err.code->name, err.remedy);
	assert_int_equal(err.kind, ERROR_TEXT);
	assert_string_equal(err.code->name, expected.code);
	assert_non_null(strstr(err.remedy, expected.remedy));
	assert_string_equal(err.place.file, expected.file);
	assert_int_equal(err.place.line, expected.line);
	assert_int_equal(err.place.column, expected.column);
	arena_free(arena);
}

int main(void)
{
	struct arena *arena = arena_new();
	struct source *source = open_source(arena);
	struct source_entry *entries;
	struct CMUnitTest *tests;
	struct error err = { 0 };
	size_t entry_count, count = 0;
	int result;

	if (source_list(source, BAD, &entries, &entry_count, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	tests = arena_array(arena, entry_count + 1, sizeof(*tests));
	for (size_t i = 0; i < entry_count; i++) {
		if (entries[i].kind != SOURCE_FILE)
			continue;
		tests[count++] = (struct CMUnitTest){
			.name = entries[i].name,
			.test_func = a_wrong_text_is_refused_at_its_place,
			.initial_state = (void *)(uintptr_t)entries[i].name,
		};
	}
	result = _cmocka_run_group_tests("bad texts", tests, count, NULL, NULL);
	arena_free(arena);
	return count < 50 ? 1 : result;
}
