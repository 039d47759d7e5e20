/* known_digests: what is read again, and what isn't. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/known_digests.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 100000 };

/* No file has this digest: who gets it hasn't read one. */
static const char fake[] = "feedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedfacefeedface";

static struct arena *arena;
static char folder[] = "/tmp/known-digests-XXXXXX";
static const char *kept, *file;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	assert_non_null(mkdtemp(folder));
	kept = arena_printf(arena, "%s/digests", folder);
	file = arena_printf(arena, "%s/file", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(kept);
	unlink(file);
	rmdir(folder);
	arena_free(arena);
	return 0;
}

static void fill(const char *path, char letter, size_t size)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	while (size-- > 0)
		fputc(letter, out);
	fclose(out);
}

static const char *digest_with(struct known_digests *known)
{
	char hex[DIGEST_HEX_SIZE];
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(known_digest(known, fd, hex), 0);
	close(fd);
	return arena_string(arena, hex);
}

/* Of files as they are now, but with the digest that no file has, as if they had been read. */
static void keep_fakes(const char *const *paths, size_t count, mode_t mode)
{
	static const char magic[24] = "beoplay digests 2\n";
	FILE *out = fopen(kept, "w");

	assert_non_null(out);
	fwrite(magic, sizeof(magic), 1, out);
	for (size_t i = 0; i < count; i++) {
		struct known_file record;
		unsigned char digest[32];
		struct stat info;

		assert_int_equal(stat(paths[i], &info), 0);
		record = known_file(&info);
		fwrite(&record, sizeof(record), 1, out);
		for (size_t k = 0; k < sizeof(digest); k++)
			digest[k] = (const unsigned char[]){ 0xfe, 0xed, 0xfa, 0xce }[k % 4];
		fwrite(digest, sizeof(digest), 1, out);
	}
	fclose(out);
	chmod(kept, mode);
}

static void keep_fake(mode_t mode)
{
	keep_fakes(&file, 1, mode);
}

static void what_is_unchanged_is_not_read(void **state)
{
	(void)state;
	fill(file, 'a', SIZE);
	keep_fake(0600);
	assert_string_equal(digest_with(known_digests_open(arena, kept)), fake);
}

static void the_same_size_and_time_of_another_content_is_read(void **state)
{
	struct stat info;
	struct timespec times[2];

	(void)state;
	fill(file, 'a', SIZE);
	keep_fake(0600);
	assert_int_equal(stat(file, &info), 0);
	usleep(20000);
	fill(file, 'b', SIZE);
	times[0] = info.st_atim;
	times[1] = info.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
	assert_string_not_equal(digest_with(known_digests_open(arena, kept)), fake);
}

static void what_has_just_changed_is_not_remembered(void **state)
{
	struct known_digests *known = known_digests_open(arena, kept);

	(void)state;
	unlink(kept);
	fill(file, 'a', SIZE);
	digest_with(known);
	known_digests_save(known);
	assert_int_equal(access(kept, F_OK), -1);
}

static void what_has_not_changed_for_long_is_remembered(void **state)
{
	struct known_digests *known = known_digests_open(arena, kept);
	struct stat info;
	const char *digest;

	(void)state;
	fill(file, 'a', SIZE);
	usleep(2100000);
	digest = digest_with(known);
	known_digests_save(known);
	assert_int_equal(stat(kept, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_string_equal(digest_with(known_digests_open(arena, kept)), digest);
}

static bool is_found(struct known_digests *known, const char *path, char ret_hex[DIGEST_HEX_SIZE])
{
	struct known_file seen;
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	seen = known_file(&info);
	return known_digest_find(known, &seen, ret_hex);
}

static void a_known_file_is_found_without_opening_it(void **state)
{
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	fill(file, 'a', 100);
	keep_fake(0600);
	assert_true(is_found(known_digests_open(arena, kept), file, hex));
	assert_string_equal(hex, fake);
	assert_false(is_found(NULL, file, hex));
	fill(file, 'b', 101);
	assert_false(is_found(known_digests_open(arena, kept), file, hex));
}

/* Names in the folder: made, so many, and old enough to be remembered. */
static const char **make_small(size_t count)
{
	const char **paths = arena_array(arena, count, sizeof(*paths));

	for (size_t i = 0; i < count; i++) {
		paths[i] = arena_printf(arena, "%s/%zu", folder, i);
		fill(paths[i], 'a', i + 1);
	}
	usleep(2100000);
	return paths;
}

static void read_all(struct known_digests *known, const char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		file = paths[i];
		digest_with(known);
	}
	known_digests_save(known);
}

static void few_small_files_are_not_worth_a_write(void **state)
{
	const char *before = file, **paths = make_small(KNOWN_DIGESTS_WORTH);
	struct known_digests *known = known_digests_open(arena, kept);
	char hex[DIGEST_HEX_SIZE], first[DIGEST_HEX_SIZE];

	(void)state;
	unlink(kept);
	read_all(known, paths, KNOWN_DIGESTS_WORTH - 1);
	assert_int_equal(access(kept, F_OK), -1);
	assert_true(is_found(known, paths[0], first));
	read_all(known, paths, KNOWN_DIGESTS_WORTH);
	assert_int_equal(access(kept, F_OK), 0);
	known = known_digests_open(arena, kept);
	for (size_t i = 0; i < KNOWN_DIGESTS_WORTH; i++)
		assert_true(is_found(known, paths[i], hex));
	assert_true(is_found(known, paths[0], hex));
	assert_string_equal(hex, first);
	for (size_t i = 0; i < KNOWN_DIGESTS_WORTH; i++)
		unlink(paths[i]);
	file = before;
}

/* What a file held when it was read before goes with what it holds now. */
static void a_changed_file_is_replaced_among_others(void **state)
{
	const char *other = arena_printf(arena, "%s/other", folder);
	const char *both[2];
	struct known_digests *known;
	struct stat one, two;
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	fill(file, 'a', SIZE);
	fill(other, 'a', 10);
	assert_int_equal(stat(file, &one), 0);
	assert_int_equal(stat(other, &two), 0);
	both[one.st_ino > two.st_ino] = file;
	both[one.st_ino < two.st_ino] = other;
	keep_fakes(both, 2, 0600);
	fill(file, 'b', SIZE);
	usleep(2100000);
	known = known_digests_open(arena, kept);
	assert_string_not_equal(digest_with(known), fake);
	known_digests_save(known);
	known = known_digests_open(arena, kept);
	assert_true(is_found(known, file, hex));
	assert_string_not_equal(hex, fake);
	unlink(other);
}

static void what_has_another_form_is_as_none(void **state)
{
	char hex[DIGEST_HEX_SIZE];

	(void)state;
	fill(file, 'a', SIZE);
	keep_fake(0600);
	assert_int_equal(truncate(kept, 24 + 71), 0);
	assert_false(is_found(known_digests_open(arena, kept), file, hex));
	fill(kept, 'x', 24 + 72);
	assert_false(is_found(known_digests_open(arena, kept), file, hex));
	assert_int_equal(truncate(kept, 24), 0);
	assert_false(is_found(known_digests_open(arena, kept), file, hex));
}

static void what_others_could_have_written_is_not_believed(void **state)
{
	(void)state;
	fill(file, 'a', SIZE);
	keep_fake(0622);
	assert_string_not_equal(digest_with(known_digests_open(arena, kept)), fake);
	fill(kept, 'x', 3000000);
	chmod(kept, 0600);
	assert_string_not_equal(digest_with(known_digests_open(arena, kept)), fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unchanged_is_not_read),
		cmocka_unit_test(the_same_size_and_time_of_another_content_is_read),
		cmocka_unit_test(what_has_just_changed_is_not_remembered),
		cmocka_unit_test(what_has_not_changed_for_long_is_remembered),
		cmocka_unit_test(a_known_file_is_found_without_opening_it),
		cmocka_unit_test(few_small_files_are_not_worth_a_write),
		cmocka_unit_test(a_changed_file_is_replaced_among_others),
		cmocka_unit_test(what_has_another_form_is_as_none),
		cmocka_unit_test(what_others_could_have_written_is_not_believed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
