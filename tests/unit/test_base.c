/* What base promises: errors keep the inner cause, values stay typed, quoting is safe. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/excerpt.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "base/value.h"
#include "base/whole.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void an_error_keeps_its_first_cause(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_errno(&err, HOST_FILE_UNREADABLE, "cannot read '%s'", "/a"), -1);
	assert_int_equal(error_set(&err, BEOPLAY_BUG, "something outer"), -1);
	assert_int_equal(err.kind, ERROR_TASK);
	assert_string_equal(err.message, "cannot read '/a': No such file or directory");
}

static void an_error_gets_a_place_and_a_remedy_once(void **state)
{
	struct error err = { 0 };
	struct place place = { .file = "site.yml", .line = 12, .column = 7 };
	struct place other = { .file = "other.yml", .line = 1, .column = 1 };

	(void)state;
	error_at(&err, PLAYBOOK_UNKNOWN_MODULE, place, "no module '%s'", "pakage");
	error_remedy(&err, "did you mean '%s'?", "package");
	error_remedy(&err, "something else");
	error_place(&err, other);
	assert_int_equal(err.kind, ERROR_TEXT);
	assert_string_equal(err.place.file, "site.yml");
	assert_int_equal(err.place.line, 12);
	assert_string_equal(err.remedy, "did you mean 'package'?");
}

static void an_error_cleared_can_be_set_again(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, HOST_FILE_UNREADABLE, "first");
	error_clear(&err);
	assert_int_equal(err.kind, ERROR_NONE);
	error_set(&err, AGENT_LOST, "second");
	assert_string_equal(err.message, "second");
}

static void an_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t size = 1; size < 300000; size = size * 3 + 1) {
		unsigned char *bytes = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0xff, size);
	}
	arena_free(arena);
}

static void a_buffer_grows_and_forgets_its_front(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_printf(&buffer, "%03d,", i);
	assert_int_equal(buffer.size, 4000);
	assert_int_equal(buffer.data[buffer.size], 0);
	buffer_drop_front(&buffer, 3996);
	assert_string_equal(buffer.data, "999,");
	buffer_free(&buffer);
}

static void a_shell_word_is_quoted_only_where_needed(void **state)
{
	struct buffer buffer = { 0 };

	(void)state;
	quote_shell(&buffer, "/usr/bin/id");
	buffer_add_char(&buffer, ' ');
	quote_shell(&buffer, "it's $HOME");
	buffer_add_char(&buffer, ' ');
	quote_shell(&buffer, "");
	assert_string_equal(buffer.data, "/usr/bin/id 'it'\\''s $HOME' ''");
	buffer_free(&buffer);
}

static void a_terminal_escape_is_never_printed(void **state)
{
	struct arena *arena = arena_new();
	char *text = quote_printable(arena, "a\033[2Jb\xff\n", 8, 0);

	(void)state;
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\n'));
	assert_non_null(strstr(text, "\\x1b[2Jb\\xff"));
	arena_free(arena);
}

static void utf8_is_judged_as_rfc_3629_says(void **state)
{
	(void)state;
	assert_true(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
	assert_true(utf8_valid("\xf0\x9f\x90\xa7", 4));
	assert_false(utf8_valid("\xc0\xaf", 2));           /* overlong */
	assert_false(utf8_valid("\xed\xa0\x80", 3));       /* surrogate */
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));   /* above U+10FFFF */
	assert_false(utf8_valid("\xe2\x82", 2));           /* cut short */
}

/* The vector is FIPS 180-4's "abc" example. */
static void a_digest_is_sha_256(void **state)
{
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	digest_bytes("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_valid(hex));
	hex[10] = 'G';
	assert_false(digest_valid(hex));
	assert_false(digest_valid("../../etc/passwd"));
}

static void a_file_is_replaced_whole_or_stays(void **state)
{
	char path[] = "/tmp/beoplay-whole-XXXXXX", bytes[8] = "";
	struct stat info;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(whole_put(fd, "old", 3), 0);
	close(fd);
	assert_int_equal(whole_replace(path, "new", 3, 0640, false), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(whole_replace(path, "newer", 5, 0640, true), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
	assert_int_equal(fstat(fd, &info), 0);
	close(fd);
	assert_string_equal(bytes, "newer");
	assert_int_equal(info.st_mode & 07777, 0640);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(whole_replace("/tmp/beoplay-whole-none/x", "y", 1, 0600, true), -1);
}

static void what_could_be_waited_at_is_no_file(void **state)
{
	char path[] = "/tmp/beoplay-pipe-XXXXXX";
	FILE *file;

	(void)state;
	close(mkstemp(path));
	file = whole_open(path);
	assert_non_null(file);
	fclose(file);
	assert_true(whole_is_file(path));
	unlink(path);
	assert_null(whole_open(path));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(whole_open(path));
	assert_int_equal(errno, EINVAL);
	assert_false(whole_is_file(path) || whole_is_file("/dev/zero") || whole_is_file("/tmp"));
	unlink(path);
}

static void a_map_keeps_its_order_and_each_key_once(void **state)
{
	struct arena *arena = arena_new();
	struct value *map = value_map(arena);

	(void)state;
	for (int i = 0; i < 20; i++)
		value_set_integer(arena, map, arena_printf(arena, "key%d", i), i);
	value_set_string(arena, map, "key3", "three");
	value_remove(map, "key0");
	assert_int_equal(map->count, 19);
	assert_string_equal(map->pairs[0].key, "key1");
	assert_string_equal(value_get_string(map, "key3"), "three");
	assert_int_equal(value_get_integer(map, "key19", -1), 19);
	assert_null(value_get(map, "key0"));
	arena_free(arena);
}

/* By comparing keys one by one this would be 2 * 10^10 comparisons. */
static void a_large_map_is_searched_by_hash(void **state)
{
	struct arena *arena = arena_new();
	struct value *map = value_map(arena), *copy, shallow;

	(void)state;
	for (int i = 0; i < 200000; i++)
		value_set_integer(arena, map, arena_printf(arena, "key%d", i), i);
	for (int i = 0; i < 200000; i++)
		assert_int_equal(value_get_integer(map, arena_printf(arena, "key%d", i), -1), i);
	copy = value_copy(arena, map);
	value_remove(copy, "key5");
	assert_null(value_get(copy, "key5"));
	assert_int_equal(value_get_integer(copy, "key6", -1), 6);
	assert_int_equal(value_get_integer(copy, "key199999", -1), 199999);
	assert_int_equal(value_get_integer(map, "key5", -1), 5);
	assert_int_equal(copy->count, 199999);
	shallow = *map;
	value_set_integer(arena, &shallow, "more", 1);
	assert_int_equal(value_get_integer(&shallow, "more", -1), 1);
	assert_int_equal(value_get_integer(&shallow, "key77", -1), 77);
	assert_null(value_get(map, "more"));
	assert_true(value_equal(map, value_copy(arena, map)));
	arena_free(arena);
}

static void what_is_inside_is_reached_only_in_its_kind(void **state)
{
	struct arena *arena = arena_new();
	struct value *map = value_map(arena), *list = value_list(arena);

	(void)state;
	value_set_integer(arena, map, "a", 1);
	value_append(arena, list, value_integer(arena, 2));
	assert_int_equal(value_item(list, 0)->integer, 2);
	assert_int_equal(value_item(map, 0)->kind, VALUE_NULL);
	assert_int_equal(value_item(list, 1)->kind, VALUE_NULL);
	assert_int_equal(value_at(map, 0)->integer, 1);
	assert_int_equal(value_at(list, 0)->kind, VALUE_NULL);
	assert_string_equal(value_key(map, 0), "a");
	assert_string_equal(value_key(list, 0), "");
	assert_int_equal(value_item_count(map), 0);
	assert_int_equal(value_pair_count(map), 1);
	assert_int_equal(value_item_count(NULL), 0);
	arena_free(arena);
}

static void readers_bear_what_is_not_there(void **state)
{
	struct arena *arena = arena_new();
	struct value *text = value_string(arena, "text");

	(void)state;
	assert_null(value_get(NULL, "x"));
	assert_null(value_get(text, "x"));
	assert_int_equal(value_get_integer(text, "x", 7), 7);
	assert_false(value_get_bool(NULL, "x"));
	assert_null(value_text(value_integer(arena, 1)));
	arena_free(arena);
}

static void values_are_equal_by_kind_and_content(void **state)
{
	const struct cause result = { .kind = CAUSE_RESULT, .name = "t" };
	struct arena *arena = arena_new();
	struct value *one = value_map(arena);
	struct value *other = value_map(arena);

	(void)state;
	value_set_integer(arena, one, "a", 1);
	value_set_string(arena, one, "b", "x");
	value_set_string(arena, other, "b", "x");
	value_set(arena, other, "a", value_float(arena, 1.0));
	assert_true(value_equal(one, other));
	value_set_string(arena, other, "a", "1");
	assert_false(value_equal(one, other));
	assert_false(value_equal(value_unknown(arena, &result), value_unknown(arena, &result)));
	assert_false(value_equal(value_bytes(arena, "a\0b", 3), value_bytes(arena, "a\0c", 3)));
	arena_free(arena);
}

static void each_kind_of_cause_has_its_word_and_says_why(void **state)
{
	const struct cause full = { .name = "name", .host = "node1", .why = "as said" };
	const struct cause bare = { .kind = CAUSE_END };
	struct arena *arena = arena_new();

	(void)state;
	for (unsigned i = 0; i < CAUSE_KINDS; i++) {
		struct cause cause = full, *copy;

		cause.kind = (enum cause_kind)i;
		copy = (struct cause *)cause_copy(arena, &cause);
		assert_non_null(cause_words[i]);
		assert_string_equal(cause_text(arena, copy), cause_text(arena, &cause));
		for (unsigned other = 0; other < i; other++) {
			copy->kind = (enum cause_kind)other;
			assert_string_not_equal(cause_words[i], cause_words[other]);
			assert_string_not_equal(cause_text(arena, copy), cause_text(arena, &cause));
		}
	}
	assert_null(cause_words[CAUSE_KINDS]);
	assert_string_equal(cause_text(arena, &bare), "whether '?' comes before it: ?");
	assert_null(cause_text(arena, cause_copy(arena, NULL)));
	arena_free(arena);
}

static void a_copy_outlives_the_arena_it_came_from(void **state)
{
	struct arena *from = arena_new();
	struct arena *to = arena_new();
	struct value *list = value_list(from);
	struct value *map = value_map(from);
	struct value *copy;

	(void)state;
	value_set_string(from, map, "key", "value");
	value_append(from, list, map);
	list->items[0]->level = LEVEL_SECRET;
	copy = value_copy(to, list);
	arena_free(from);
	assert_int_equal(copy->count, 1);
	assert_true(copy->items[0]->level);
	assert_string_equal(value_get_string(copy->items[0], "key"), "value");
	arena_free(to);
}

/* --- Excerpts */

static char *excerpt_in_pieces(struct arena *arena, const char *text, size_t most, size_t piece)
{
	struct excerpt excerpt = { .most = most };
	size_t size = strlen(text), kept;
	char *result;

	for (size_t at = 0; at < size; at += piece)
		excerpt_add(&excerpt, text + at, size - at < piece ? size - at : piece);
	assert_int_equal(excerpt_cut(&excerpt), size > most);
	result = excerpt_end(&excerpt, arena, &kept);
	assert_int_equal(kept, strlen(result));
	return result;
}

static void a_text_that_fits_is_kept_as_it_is(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 12; piece++) {
		struct arena *arena = arena_new();

		assert_string_equal(excerpt_in_pieces(arena, "", 8, piece), "");
		assert_string_equal(excerpt_in_pieces(arena, "ab\ncdefg", 8, piece), "ab\ncdefg");
		arena_free(arena);
	}
}

static void of_a_long_text_the_beginning_and_the_end_are_kept(void **state)
{
	static const char text[] = "first\nsecond\nthird\nfourth\nfifth\nlast\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct arena *arena = arena_new();

		assert_string_equal(excerpt_in_pieces(arena, text, 28, piece),
			"first\n[... 13 bytes left out ...]\nfourth\nfifth\nlast\n");
		assert_string_equal(excerpt_in_pieces(arena, "0123456789abcdefghij", 8, piece),
			"01\n[... 12 bytes left out ...]\nefghij");
		arena_free(arena);
	}
}

/* --- Suggestions */

static const char *suggested(const char *word, const char *const *names)
{
	struct suggestion suggestion = { .word = word };

	for (size_t i = 0; names[i]; i++)
		suggest_offer(&suggestion, names[i]);
	return suggestion.nearest ? suggestion.nearest : "nothing";
}

static void a_deletion_is_never_suggested(void **state)
{
	static const char *const states[] = { "file", "directory", "absent", "purge", NULL };
	static const char *const options[] = { "--check", "--prune", "--discard-drift", "delete",
		"max_delete", "forget", NULL };

	(void)state;
	assert_string_equal(suggested("present", states), "nothing");
	assert_string_equal(suggested("absend", states), "nothing");
	assert_string_equal(suggested("purged", states), "nothing");
	assert_string_equal(suggested("directry", states), "directory");
	assert_string_equal(suggested("--prun", options), "nothing");
	assert_string_equal(suggested("delet", options), "max_delete");
	assert_string_equal(suggested("forgot", options), "nothing");
	assert_string_equal(suggested("max-delet", options), "max_delete");
}

static struct value *result_of(struct arena *arena, const char *output)
{
	struct value *result = value_map(arena), *text = value_string(arena, output);

	value_set(arena, result, "stdout", text);
	value_set(arena, result, "stdout_lines", value_lines(arena, text, text->size));
	return result;
}

static void lines_are_made_when_they_are_asked_for(void **state)
{
	struct arena *first = arena_new(), *arena = arena_new();
	struct value *result = result_of(first, "one\n\nthree"), *copy = value_copy(arena, result);
	const struct value *lines;

	(void)state;
	arena_free(first);
	assert_true(copy->pairs[1].value->unmade);
	assert_ptr_equal(copy->pairs[1].value->text, copy->pairs[0].value->text);
	value_raise(copy->pairs[1].value, LEVEL_PRIVATE);
	value_mark_data(copy);
	assert_true(copy->pairs[1].value->unmade);
	assert_int_equal(value_level(copy), LEVEL_PRIVATE);

	lines = value_get(copy, "stdout_lines");
	assert_false(lines->unmade);
	assert_int_equal(value_item_count(lines), 3);
	assert_string_equal(value_text(value_item(lines, 0)), "one");
	assert_string_equal(value_text(value_item(lines, 1)), "");
	assert_string_equal(value_text(value_item(lines, 2)), "three");
	assert_int_equal(value_item(lines, 1)->level, LEVEL_PRIVATE);
	assert_true(value_item(lines, 1)->data);
	assert_string_equal(value_get_string(copy, "stdout"), "one\n\nthree");
	assert_ptr_equal(value_at(copy, 1), lines);
	arena_free(arena);
}

static void lines_of_nothing_are_none_and_lines_are_equal_made_or_not(void **state)
{
	struct arena *arena = arena_new();
	struct value *one = result_of(arena, "a\nb\n"), *other = result_of(arena, "a\nb\n");

	(void)state;
	assert_int_equal(value_item_count(value_get(one, "stdout_lines")), 2);
	assert_true(value_equal(one, other));
	assert_true(value_equal(result_of(arena, "a\nb\n"), other));
	assert_int_equal(value_item_count(value_get(result_of(arena, ""), "stdout_lines")), 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_keeps_its_first_cause),
		cmocka_unit_test(an_error_gets_a_place_and_a_remedy_once),
		cmocka_unit_test(an_error_cleared_can_be_set_again),
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(a_buffer_grows_and_forgets_its_front),
		cmocka_unit_test(a_shell_word_is_quoted_only_where_needed),
		cmocka_unit_test(a_terminal_escape_is_never_printed),
		cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
		cmocka_unit_test(a_digest_is_sha_256),
		cmocka_unit_test(a_file_is_replaced_whole_or_stays),
		cmocka_unit_test(what_could_be_waited_at_is_no_file),
		cmocka_unit_test(a_map_keeps_its_order_and_each_key_once),
		cmocka_unit_test(a_large_map_is_searched_by_hash),
		cmocka_unit_test(what_is_inside_is_reached_only_in_its_kind),
		cmocka_unit_test(readers_bear_what_is_not_there),
		cmocka_unit_test(values_are_equal_by_kind_and_content),
		cmocka_unit_test(a_text_that_fits_is_kept_as_it_is),
		cmocka_unit_test(of_a_long_text_the_beginning_and_the_end_are_kept),
		cmocka_unit_test(a_deletion_is_never_suggested),
		cmocka_unit_test(each_kind_of_cause_has_its_word_and_says_why),
		cmocka_unit_test(a_copy_outlives_the_arena_it_came_from),
		cmocka_unit_test(lines_are_made_when_they_are_asked_for),
		cmocka_unit_test(lines_of_nothing_are_none_and_lines_are_equal_made_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
