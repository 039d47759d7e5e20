/* files_blocks: a body comes whole by what differs from the file that is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/files_blocks.h"
#include "plan/bodies.h"
#include "wire/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 3 * CHUNK_SIZE + 1234 };

static struct arena *arena;
static char folder[] = "/tmp/blocks-XXXXXX";
static int directory;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	assert_non_null(mkdtemp(folder));
	directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(directory >= 0);
	srand(7);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlinkat(directory, "old", 0);
	close(directory);
	rmdir(folder);
	arena_free(arena);
	return 0;
}

static char *random_bytes(size_t size)
{
	char *bytes = arena_alloc(arena, size + 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)rand();
	return bytes;
}

static void open_over(struct blocks *blocks, const char *old, size_t old_size, size_t size)
{
	struct stat info;
	int fd = openat(directory, "old", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, old, old_size), old_size);
	assert_int_equal(fstat(fd, &info), 0);
	close(fd);
	blocks_open(blocks, directory, "old", &info, (int64_t)size);
}

/* Brings a body over a file, as files_write does: how many of its bytes came. */
static size_t bring(const char *old, size_t old_size, const char *new, size_t new_size)
{
	struct bodies *bodies = bodies_new(arena, NULL);
	struct body *body = bodies_add_bytes(bodies, new, new_size);
	struct buffer got = {0};
	struct blocks blocks;
	size_t came = 0;

	open_over(&blocks, old, old_size, new_size);
	while (got.size < new_size) {
		struct bytes have = blocks_have(&blocks, arena, (int64_t)got.size), bytes;
		struct reply reply = have.size > 0 ? bodies_blocks(bodies, arena, body, (int64_t)got.size, &have)
			: bodies_chunk(bodies, arena, body, (int64_t)got.size);

		assert_null(reply.error);
		assert_true(reply.bytes.size <= CHUNK_SIZE);
		came += reply.bytes.size;
		bytes = reply.bytes;
		if (have.size > 0)
			assert_int_equal(blocks_merge(&blocks, (int64_t)got.size, &reply, &bytes), 0);
		assert_true(bytes.size > 0);
		buffer_add(&got, bytes.bytes, bytes.size);
	}
	assert_int_equal(got.size, new_size);
	assert_memory_equal(got.data, new, new_size);
	buffer_free(&got);
	blocks_close(&blocks);
	return came;
}

static void what_is_the_same_does_not_come(void **state)
{
	const char *old = random_bytes(LARGE);
	char *new = arena_bytes(arena, old, LARGE);

	(void)state;
	assert_int_equal(bring(old, LARGE, new, LARGE), 0);
	new[CHUNK_SIZE + 5] ^= 1;
	assert_int_equal(bring(old, LARGE, new, LARGE), BLOCK_SIZE);
	new[LARGE - 1] ^= 1;
	assert_int_equal(bring(old, LARGE, new, LARGE), BLOCK_SIZE + LARGE % BLOCK_SIZE);
}

static void what_is_longer_or_shorter_comes_by_its_end(void **state)
{
	const char *bytes = random_bytes(LARGE);
	size_t less = LARGE - CHUNK_SIZE / 2;

	(void)state;
	assert_true(bring(bytes, less, bytes, LARGE) <= CHUNK_SIZE / 2 + BLOCK_SIZE);
	assert_true(bring(bytes, LARGE, bytes, less) <= BLOCK_SIZE);
	assert_int_equal(bring(bytes, BLOCK_SIZE, bytes, LARGE), LARGE - BLOCK_SIZE);
}

static void another_content_comes_whole(void **state)
{
	(void)state;
	assert_int_equal(bring(random_bytes(LARGE), LARGE, random_bytes(LARGE), LARGE), LARGE);
}

static void random_changes_come_together(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t old_size = BLOCK_SIZE + (size_t)rand() % LARGE, new_size = BLOCKS_LEAST + (size_t)rand() % LARGE;
		const char *old = random_bytes(old_size);
		char *new = random_bytes(new_size);
		size_t shared = old_size < new_size ? old_size : new_size;

		memcpy(new, old, shared);
		for (int k = rand() % 30; k > 0; k--)
			new[(size_t)rand() % new_size] ^= 1;
		bring(old, old_size, new, new_size);
	}
}

static void small_or_other_files_are_not_compared(void **state)
{
	const char *old = random_bytes(LARGE);
	struct blocks blocks;
	struct stat other;

	(void)state;
	open_over(&blocks, old, LARGE, BLOCKS_LEAST - 1);
	assert_int_equal(blocks.fd, -1);
	open_over(&blocks, old, BLOCK_SIZE - 1, LARGE);
	assert_int_equal(blocks.fd, -1);
	assert_int_equal(fstatat(directory, "old", &other, 0), 0);
	other.st_size = LARGE;
	other.st_ino++;
	blocks_open(&blocks, directory, "old", &other, LARGE);
	assert_int_equal(blocks.fd, -1);
	assert_int_equal(blocks_have(&blocks, arena, 0).size, 0);
}

static void malformed_answers_are_refused(void **state)
{
	static const char same[BLOCKS_MOST + 1] = { 1, 0, 1 };
	const char *old = random_bytes(LARGE);
	struct blocks blocks;
	struct bytes have, bytes;
	struct reply reply = { .same = { same, 3 }, .bytes = { old, BLOCK_SIZE } };

	(void)state;
	open_over(&blocks, old, LARGE, LARGE);
	have = blocks_have(&blocks, arena, 0);
	assert_int_equal(have.size, CHUNK_SIZE / BLOCK_SIZE * BLOCK_SUM_SIZE);
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), 0);
	assert_int_equal(bytes.size, 3 * BLOCK_SIZE);
	reply.bytes.size = BLOCK_SIZE - 1;
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), -1);
	reply.bytes.size = BLOCK_SIZE + 1;
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), -1);
	reply.bytes.size = BLOCK_SIZE;
	reply.same.bytes = "\1\2\1";
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), -1);
	reply.same = (struct bytes){ same, 0 };
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), -1);
	reply.same = (struct bytes){ same, blocks.told + 1 };
	assert_int_equal(blocks_merge(&blocks, 0, &reply, &bytes), -1);
	blocks_close(&blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_the_same_does_not_come),
		cmocka_unit_test(what_is_longer_or_shorter_comes_by_its_end),
		cmocka_unit_test(another_content_comes_whole),
		cmocka_unit_test(random_changes_come_together),
		cmocka_unit_test(small_or_other_files_are_not_compared),
		cmocka_unit_test(malformed_answers_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
