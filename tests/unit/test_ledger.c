/* What a ledger knows of whole files: when one can be again what it was before several tasks. */
#include "agent/image.h"
#include "agent/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena *arena;
static struct ledger ledger;
static char folder[] = "/tmp/beoplay-ledger-XXXXXX", state[64], locks[64];
static const char *path, *line, *block;
static const struct ledger_owner *me;

static const struct ledger_owner runs[] = {
	{ .project = "p", .playbook = "site.yml", .run = "r1" },
	{ .project = "p", .playbook = "site.yml", .run = "r2" },
	{ .project = "p", .playbook = "site.yml", .run = "r3" },
	{ .project = "p", .playbook = "site.yml", .run = "r4" },
};
static const struct ledger_owner other = { .project = "p", .playbook = "other.yml", .run = "o1" };

static int set_up(void **unused)
{
	(void)unused;
	arena = arena_new();
	strcpy(&folder[strlen(folder) - 6], "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	path = arena_printf(arena, "%s/file", folder);
	line = arena_printf(arena, "line:%s:a", path);
	block = arena_printf(arena, "block:%s:b", path);
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(locks, sizeof(locks), "%s/locks", folder);
	assert_int_equal(mkdir(locks, 0700), 0);
	ledger_open(&ledger, state, locks, "machine");
	ledger_write(&ledger);
	assert_int_equal(ledger.problem.kind, ERROR_NONE);
	me = &runs[3];
	return 0;
}

static int tear_down(void **unused)
{
	char command[128];

	(void)unused;
	ledger_close(&ledger);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	arena_free(arena);
	return 0;
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0640), 0);
}

/* As a task of this run changes the file. */
static void change(const struct ledger_owner *owner, const char *resource, const char *text)
{
	const struct ledger_wish wish = { .module = "lineinfile", .params = text };
	const struct inverses_entry back = { .params = value_map(arena) };

	ledger_change(&ledger, owner, resource, NULL, &wish, &back, NULL);
	ledger_file_changes(&ledger, owner, path, image_of(arena, path), false);
	if (text)
		write_text(text);
	else
		unlink(path);
	ledger_file_left(&ledger, owner, path, image_of(arena, path));
}

/* What comes back when these are undone; NULL: each is undone on its own. */
static const char *comes_back(int64_t since, const char *one, const char *two)
{
	struct value *undone = value_map(arena);

	if (one)
		value_set_bool(arena, undone, one, true);
	if (two)
		value_set_bool(arena, undone, two, true);
	return value_get_string(ledger_file_way(&ledger, arena, me, path, since, undone), "before");
}

static void an_image_makes_parameters(void **unused)
{
	struct value *params = image_params(arena, "/etc/x", "link 0 7 ../a b");
	char digest[DIGEST_HEX_SIZE];

	(void)unused;
	assert_string_equal(value_get_string(params, "src"), "../a b");
	assert_string_equal(value_get_string(params, "group"), "7");
	assert_string_equal(image_of(arena, path), "absent");
	write_text("text\n");
	params = image_params(arena, path, image_of(arena, path));
	assert_string_equal(value_get_string(params, "mode"), "0640");
	assert_true(image_digest(image_of(arena, path), digest));
	assert_string_equal(value_get_string(params, "body"), digest);
	assert_string_equal(image_of(arena, folder), "other");
	assert_null(image_params(arena, folder, "other"));
	assert_false(image_same("other", "other"));
}

static void a_file_is_again_what_it_was_before_several_wishes(void **unused)
{
	const char *first, *second;

	(void)unused;
	change(&runs[0], line, "a\n");
	first = image_of(arena, path);
	change(&runs[1], block, "a\nb\n");
	second = image_of(arena, path);
	change(&runs[2], line, "b\nA\n");
	assert_string_equal(comes_back(3, line, NULL), second);
	assert_string_equal(comes_back(2, line, block), first);
	assert_string_equal(comes_back(1, line, block), "absent");
	assert_string_equal(comes_back(0, line, block), "absent");
	assert_null(comes_back(4, line, block));
}

static void what_is_in_it_and_stays_keeps_it(void **unused)
{
	(void)unused;
	change(&runs[0], line, "a\n");
	change(&runs[1], block, "a\nb\n");
	assert_null(comes_back(0, line, NULL));
	assert_null(comes_back(0, block, NULL));
	ledger_release(&ledger, &runs[2], line);
	assert_null(comes_back(0, NULL, NULL));
	assert_string_equal(comes_back(0, block, NULL), "absent");
}

static void what_somebody_else_changed_stays(void **unused)
{
	(void)unused;
	change(&runs[0], line, "a\n");
	write_text("a\nby hand\n");
	assert_null(comes_back(1, line, NULL));
	change(&runs[1], block, "a\nby hand\nb\n");
	assert_null(comes_back(1, line, block));
	assert_null(comes_back(0, line, block));
	assert_non_null(comes_back(2, block, NULL));
	assert_int_equal(chmod(path, 0600), 0);
	assert_null(comes_back(2, block, NULL));
}

static void what_another_playbook_changed_stays(void **unused)
{
	(void)unused;
	change(&runs[0], line, "a\n");
	change(&other, block, "a\nb\n");
	assert_null(comes_back(1, line, NULL));
	change(&runs[1], line, "A\nb\n");
	assert_null(comes_back(1, line, NULL));
	assert_non_null(comes_back(3, line, NULL));
}

static void to_nothing_is_to_when_none_of_it_was_there(void **unused)
{
	const char *by_hand;

	(void)unused;
	change(&runs[0], line, "a\n");
	change(&runs[1], line, NULL);
	ledger_release(&ledger, &runs[1], line);
	write_text("by hand\n");
	by_hand = image_of(arena, path);
	change(&runs[2], block, "by hand\nb\n");
	assert_string_equal(comes_back(0, block, NULL), by_hand);
	change(&runs[3], line, "by hand\nb\na\n");
	assert_string_equal(comes_back(0, line, block), by_hand);
}

static void records_about_it_come_back_with_it(void **unused)
{
	const char *about = arena_printf(arena, "lineinfile:%s:^a", path);
	const char *like = arena_printf(arena, "lineinfile:%sx:^a", path);
	struct value *undone = value_map(arena), *record = value_map(arena);
	struct error err = {0};

	(void)unused;
	value_set_string(arena, record, "line", "a=1");
	assert_int_equal(ledger_set_record(&ledger, about, record, &err), 0);
	assert_int_equal(ledger_set_record(&ledger, like, record, &err), 0);
	change(&runs[0], line, "a=2\n");
	value_set_string(arena, record, "line", "a=2");
	assert_int_equal(ledger_set_record(&ledger, about, record, &err), 0);
	assert_int_equal(ledger_set_record(&ledger, like, record, &err), 0);
	value_set_bool(arena, undone, line, true);
	ledger_file_restored(&ledger, me, path, ledger_file_way(&ledger, arena, me, path, 0, undone), 0);
	assert_string_equal(value_get_string(ledger_record(&ledger, arena, about), "line"), "a=1");
	assert_string_equal(value_get_string(ledger_record(&ledger, arena, like), "line"), "a=2");
}

/* How many ways are kept, and the number of the first. */
static int64_t ways_after(int count, int by_hand, int64_t *ret_first)
{
	for (int i = 0; i < count; i++) {
		const struct ledger_owner run = { .project = "p", .playbook = "site.yml",
			.run = arena_printf(arena, "n%d", i) };

		if (i == by_hand)
			write_text("by hand\n");
		change(&run, line, arena_printf(arena, "a%d\n", i));
	}
	*ret_first = database_integer(ledger.database, 0, "SELECT min(sequence) FROM way", "");
	return database_integer(ledger.database, 0, "SELECT count(*) FROM way", "");
}

static void only_some_ways_are_kept_and_the_first_of_all(void **unused)
{
	int64_t first;

	(void)unused;
	assert_int_equal(ways_after(LEDGER_UNDOS_MOST + 11, -1, &first), LEDGER_UNDOS_MOST);
	assert_int_equal(first, 1);
	assert_string_equal(comes_back(0, line, NULL), "absent");
	assert_non_null(comes_back(13, line, NULL));
}

static void behind_what_somebody_else_did_none_is_kept(void **unused)
{
	int64_t first;

	(void)unused;
	assert_int_equal(ways_after(LEDGER_UNDOS_MOST + 11, 4, &first), LEDGER_UNDOS_MOST);
	assert_int_equal(first, 5);
	assert_null(comes_back(0, line, NULL));
	assert_non_null(comes_back(13, line, NULL));
}

static const char *differs(void)
{
	struct ledger_undo *undos;

	assert_int_equal(ledger_undos(&ledger, arena, me, 0, NULL, NULL, &undos), 1);
	return value_get_string(undos[0].owner, "differs");
}

static void a_difference_that_was_left_holds_until_the_next_change(void **unused)
{
	(void)unused;
	change(&runs[0], line, "a\n");
	ledger_set_differs(&ledger, &runs[0], line, "so");
	assert_string_equal(differs(), "so");
	change(&runs[1], line, "b\n");
	assert_null(differs());
}

/* --- Bodies */

static int one_piece(void *context, struct arena *pieces, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err)
{
	const char *text = context;

	(void)pieces;
	(void)err;
	*ret_bytes = text + offset;
	*ret_count = strlen(text + offset);
	return 0;
}

static void keep(const char *text, char ret_digest[DIGEST_HEX_SIZE])
{
	struct error err = {0};

	assert_int_equal(ledger_keep(&ledger, one_piece, (void *)text, ret_digest, &err), 0);
}

static void reopen(void)
{
	ledger_close(&ledger);
	ledger_open(&ledger, state, locks, "machine");
	ledger_write(&ledger);
}

static void bodies_of_a_run_without_an_end_go(void **unused)
{
	char used[DIGEST_HEX_SIZE], lost[DIGEST_HEX_SIZE], large[DIGEST_HEX_SIZE];
	const struct ledger_wish wish = { .module = "copy", .params = "{}" };
	const struct inverses_entry back = { .params = value_map(arena) };
	char *text = arena_alloc(arena, LEDGER_INLINE_MOST + 2);
	struct error err = {0};

	(void)unused;
	memset(text, 'x', LEDGER_INLINE_MOST + 1);
	keep("used", used);
	keep(text, large);
	ledger_change(&ledger, me, line, NULL, &wish, &back, used);
	ledger_change(&ledger, me, block, NULL, &wish, &back, large);
	assert_int_equal(ledger_save(&ledger, &err), 0);
	text[0] = 'y';
	keep(text, lost);
	assert_true(ledger_has_body(&ledger, lost));
	reopen();
	assert_true(ledger_has_body(&ledger, used));
	assert_true(ledger_has_body(&ledger, large));
	assert_false(ledger_has_body(&ledger, lost));
	assert_int_not_equal(access(arena_printf(arena, "%s/bodies/%s", ledger.directory, lost), F_OK), 0);
	/* What nothing refers to in the end goes, too. */
	keep(text, lost);
	ledger_due_add(&ledger, me, "handler");
	assert_int_equal(ledger_save(&ledger, &err), 0);
	assert_false(ledger_has_body(&ledger, lost));
	assert_int_not_equal(access(arena_printf(arena, "%s/bodies/%s", ledger.directory, lost), F_OK), 0);
	/* Nothing is known of what a ledger that can't be used needs. */
	assert_int_equal(chmod(arena_printf(arena, "%s/ledger.db", ledger.directory), 0666), 0);
	reopen();
	assert_int_equal(access(arena_printf(arena, "%s/bodies/%s", ledger.directory, large), F_OK), 0);
}

/* It gets its name when its tables are written: what it knew was lost later. */
static void a_database_with_nothing_in_it_is_damaged(void **unused)
{
	char file[160];

	(void)unused;
	snprintf(file, sizeof(file), "%s/ledger.db", ledger.directory);
	ledger_close(&ledger);
	assert_int_equal(truncate(file, 0), 0);
	ledger_open(&ledger, state, locks, "machine");
	assert_ptr_equal(ledger.problem.code, LEDGER_DAMAGED);
	assert_false(ledger.there);
	ledger_write(&ledger);
	assert_ptr_equal(ledger.problem.code, LEDGER_DAMAGED);
}

static void looks_that_are_held_are_of_one_moment_and_hold_up_writers_no_longer(void **unused)
{
	struct ledger reader;
	struct error err = {0};

	(void)unused;
	change(me, block, "b\n");
	assert_int_equal(ledger_save(&ledger, &err), 0);
	ledger_open(&reader, state, locks, "machine");
	assert_int_equal(reader.problem.kind, ERROR_NONE);
	sqlite3_busy_timeout(ledger.database->sqlite, 0);
	ledger_hold(&reader);
	assert_false(ledger_has_owner(&reader, line));
	change(me, line, "a\n");
	assert_int_equal(ledger_save(&ledger, &err), -1);
	assert_false(ledger_has_owner(&reader, line));
	ledger_let_go(&reader);
	change(me, line, "a\n");
	assert_int_equal(ledger_save(&ledger, &err), 0);
	assert_true(ledger_has_owner(&reader, line));
	ledger_close(&reader);
}

static void what_is_changed_while_looks_are_held_is_saved(void **unused)
{
	struct error err = {0};

	(void)unused;
	ledger_hold(&ledger);
	assert_false(ledger_has_owner(&ledger, line));
	change(me, line, "a\n");
	ledger_let_go(&ledger);
	assert_true(ledger_changed(&ledger));
	assert_int_equal(ledger_save(&ledger, &err), 0);
	ledger_close(&ledger);
	ledger_open(&ledger, state, locks, "machine");
	assert_true(ledger_has_owner(&ledger, line));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(looks_that_are_held_are_of_one_moment_and_hold_up_writers_no_longer),
		TEST(what_is_changed_while_looks_are_held_is_saved),
		TEST(an_image_makes_parameters),
		TEST(a_file_is_again_what_it_was_before_several_wishes),
		TEST(what_is_in_it_and_stays_keeps_it),
		TEST(what_somebody_else_changed_stays),
		TEST(what_another_playbook_changed_stays),
		TEST(to_nothing_is_to_when_none_of_it_was_there),
		TEST(records_about_it_come_back_with_it),
		TEST(only_some_ways_are_kept_and_the_first_of_all),
		TEST(behind_what_somebody_else_did_none_is_kept),
		TEST(a_difference_that_was_left_holds_until_the_next_change),
		TEST(bodies_of_a_run_without_an_end_go),
		TEST(a_database_with_nothing_in_it_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
