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

/* Of the file as it is now, but with the digest that no file has, as if it had been read. */
static void keep_fake(mode_t mode)
{
	struct stat info;
	FILE *out = fopen(kept, "w");

	assert_non_null(out);
	assert_int_equal(stat(file, &info), 0);
	fprintf(out, "beoplay digests 1\n%llu %llu %lld %lld%09ld %lld%09ld %s\n",
		(unsigned long long)info.st_dev, (unsigned long long)info.st_ino, (long long)info.st_size,
		(long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec, (long long)info.st_ctim.tv_sec,
		info.st_ctim.tv_nsec, fake);
	fclose(out);
	chmod(kept, mode);
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

static void small_files_are_read(void **state)
{
	(void)state;
	fill(file, 'a', 100);
	keep_fake(0600);
	assert_string_not_equal(digest_with(known_digests_open(arena, kept)), fake);
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
		cmocka_unit_test(small_files_are_read),
		cmocka_unit_test(what_others_could_have_written_is_not_believed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
