/* files_blocks: of a large file that is replaced only the blocks come that differ. */
#include "agent/files_blocks.h"

#include "wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_FIRST = CHUNK_SIZE / BLOCK_SIZE };   /* blocks: as many as come if all of them differ */

void blocks_open(struct blocks *blocks, int directory, const char *name, const struct stat *old,
	int64_t size)
{
	struct stat now;

	*blocks = (struct blocks){ .fd = -1, .size = size, .next = AT_FIRST };
	if (!S_ISREG(old->st_mode) || size < BLOCKS_LEAST || old->st_size < BLOCK_SIZE)
		return;
	blocks->fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOATIME);
	if (blocks->fd < 0 && errno == EPERM)
		blocks->fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (blocks->fd >= 0 && (fstat(blocks->fd, &now) < 0 || !S_ISREG(now.st_mode)
			|| now.st_ino != old->st_ino || now.st_dev != old->st_dev))
		blocks_close(blocks);
}

void blocks_close(struct blocks *blocks)
{
	if (blocks->fd >= 0)
		close(blocks->fd);
	blocks->fd = -1;
}

/* As much as there is; what can't be read isn't there. */
static size_t read_there(int fd, char *bytes, size_t room, int64_t offset)
{
	size_t done = 0;

	while (done < room) {
		ssize_t got = pread(fd, bytes + done, room - done, (off_t)(offset + (int64_t)done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

struct bytes blocks_have(struct blocks *blocks, struct arena *arena, int64_t offset)
{
	size_t room = blocks->next * BLOCK_SIZE, got, count = 0, size;
	char *sums;

	if (blocks->fd < 0)
		return (struct bytes){0};
	blocks->there = arena_alloc(arena, room);
	sums = arena_alloc(arena, blocks->next * BLOCK_SUM_SIZE);
	got = read_there(blocks->fd, blocks->there, room, offset);
	while (count < blocks->next && (size = block_length(blocks->size - offset, count)) > 0
			&& count * BLOCK_SIZE + size <= got) {
		block_sum(blocks->there + count * BLOCK_SIZE, size, (unsigned char *)sums
			+ count * BLOCK_SUM_SIZE);
		count++;
	}
	blocks->told = count;
	return (struct bytes){ count > 0 ? sums : NULL, count * BLOCK_SUM_SIZE };
}

/* More at once as long as little of it comes. */
static void choose_next(struct blocks *blocks, size_t answered)
{
	if (answered < blocks->told)
		blocks->next = AT_FIRST;
	else if (blocks->next < BLOCKS_MOST)
		blocks->next = 2 * blocks->next < BLOCKS_MOST ? 2 * blocks->next : BLOCKS_MOST;
}

int blocks_merge(struct blocks *blocks, int64_t offset, const struct reply *reply, struct bytes *ret_bytes)
{
	const struct bytes *same = &reply->same;
	size_t used = 0, all = 0;

	if (same->size == 0 || same->size > blocks->told)
		return -1;
	for (size_t i = 0; i < same->size; i++) {
		size_t size = block_length(blocks->size - offset, i);

		all += size;
		if (same->bytes[i] == 1)
			continue;
		if (same->bytes[i] != 0 || size > reply->bytes.size - used)
			return -1;
		memcpy(blocks->there + i * BLOCK_SIZE, reply->bytes.bytes + used, size);
		used += size;
	}
	if (used != reply->bytes.size)
		return -1;
	choose_next(blocks, same->size);
	*ret_bytes = (struct bytes){ blocks->there, all };
	return 0;
}
