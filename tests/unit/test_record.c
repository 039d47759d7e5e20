/* record: contents of src that aren't read before somebody needs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/digest.h"
#include "source/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const unsigned char key[32] = "a key of 32 bytes for this test";

static struct arena *arena;
static char folder[] = "/tmp/record-XXXXXX";
static const char *path;
static struct source *source;

static void fill(const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static const char *digest_of(const char *text)
{
	char hex[DIGEST_HEX_SIZE];

	digest_bytes(text, strlen(text), hex);
	return arena_string(arena, hex);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	assert_non_null(mkdtemp(folder));
	path = arena_printf(arena, "%s/body", folder);
	source = source_directory(arena, NULL);
	reach_allow(source_reach(source), folder, "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	arena_free(arena);
	return 0;
}

/* The file as a run has read it: with this text, which may not be there any more. */
static const struct record *record_of(const char *text)
{
	struct recorder *recorder = recorder_new(arena, source, folder, NULL, NULL);
	const struct record *record;

	fill(text);
	source_ask_body(source, path, digest_of(text));
	record = recorder_read(recorder);
	assert_int_equal(record->count, 1);
	assert_string_equal(record->files[0].path, "body");
	return record;
}

static void a_content_is_read_when_it_is_needed(void **state)
{
	const struct record *record = record_of("hello");
	struct record_file loaded = record_load(arena, record, &record->files[0]);

	(void)state;
	assert_null(record->files[0].bytes);
	assert_null(record->files[0].left_out);
	assert_int_equal(record->files[0].size, 5);
	assert_string_equal(loaded.bytes, "hello");
	assert_null(loaded.from);
}

static void what_has_changed_since_is_left_out(void **state)
{
	const struct record *record = record_of("hello");
	struct record_file loaded;

	(void)state;
	fill("other");
	loaded = record_load(arena, record, &record->files[0]);
	assert_null(loaded.bytes);
	assert_string_equal(loaded.left_out, "it was changed meanwhile");
	unlink(path);
	loaded = record_load(arena, record, &record->files[0]);
	assert_null(loaded.bytes);
	assert_non_null(loaded.left_out);
}

static void private_keys_are_left_out_all_the_same(void **state)
{
	const struct record *record = record_of("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n");
	struct record_file loaded = record_load(arena, record, &record->files[0]);

	(void)state;
	assert_null(loaded.bytes);
	assert_string_equal(loaded.left_out, "it is a private key");
}

static void a_pack_has_what_fits(void **state)
{
	const struct record *record = record_of("hello");
	const struct value *packed = record_pack(arena, record, 100, 100);

	(void)state;
	assert_string_equal(value_text(value_get(packed->items[0], "bytes")), "hello");
	packed = record_pack(arena, record, 100, 4);
	assert_null(value_get(packed->items[0], "bytes"));
	assert_string_equal(value_get_string(packed->items[0], "left_out"), "it is too large");
}

static void secrets_are_cut_out_of_what_is_not_read_yet(void **state)
{
	const struct record *record = record_of("the word is swordfish");
	struct secrets *secrets = secrets_new();
	const struct disclosure to = { .audience = FOR_HISTORY, .secrets = secrets, .key = key };
	struct record_file loaded;
	struct record *open;

	(void)state;
	open = record_disclose(arena, record, folder, &to);
	assert_null(open->files[0].bytes);
	loaded = record_load(arena, open, &open->files[0]);
	assert_string_equal(loaded.bytes, "the word is swordfish");
	secrets_note_text(secrets, "swordfish", 9, LEVEL_SECRET);
	open = record_disclose(arena, record, folder, &to);
	loaded = record_load(arena, open, &open->files[0]);
	assert_memory_equal(loaded.bytes, "the word is (secret ", 20);
	secrets_free(secrets);
}

static bool is_revealed(const struct disclosure *to, const char *left_out)
{
	struct record *kept = record_new(arena);
	struct source *today = source_directory(arena, NULL);
	const struct record *whole;

	reach_allow(source_reach(today), folder, "");
	record_add(arena, kept, &(struct record_file){ .path = "body", .kind = SOURCE_FILE,
		.left_out = left_out });
	whole = record_reveal(arena, kept, to, today, folder);
	return whole->files[0].bytes && strcmp(whole->files[0].bytes, "hello") == 0;
}

/* Also by what records said before. */
static void what_is_not_for_everybody_is_known_again(void **state)
{
	const struct record *record = record_of("hello");
	struct secrets *secrets = secrets_new();
	const struct disclosure to = { .audience = FOR_HISTORY, .secrets = secrets, .key = key };
	struct record *open;

	(void)state;
	secrets_note_file(secrets, path);
	open = record_disclose(arena, record, folder, &to);
	assert_null(open->files[0].bytes);
	assert_null(open->files[0].from);
	assert_true(record_keeps_back(open->files[0].left_out));
	assert_true(is_revealed(&to, open->files[0].left_out));
	assert_true(is_revealed(&to, arena_printf(arena, "it is not for everybody to read %s",
		disclose_digest(arena, &to, "hello", 5, LEVEL_PRIVATE))));
	fill("other");
	assert_false(is_revealed(&to, open->files[0].left_out));
	secrets_free(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_content_is_read_when_it_is_needed),
		cmocka_unit_test(what_has_changed_since_is_left_out),
		cmocka_unit_test(private_keys_are_left_out_all_the_same),
		cmocka_unit_test(a_pack_has_what_fits),
		cmocka_unit_test(secrets_are_cut_out_of_what_is_not_read_yet),
		cmocka_unit_test(what_is_not_for_everybody_is_known_again),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
