/* spill: bytes that are kept outside of memory, where nobody else can read them. */
#include "base/spill.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is added begins with a block of the cipher, which counts them from the start of the file. */
enum { BLOCK = 64, PIECE = 64 << 10 };

struct spill {
	int fd;                     /* -1: none yet, or none can be made */
	bool failed;
	int64_t size;
	unsigned char key[crypto_stream_xchacha20_KEYBYTES];
};

struct spill *spill_new(struct arena *arena)
{
	struct spill *spill = arena_alloc(arena, sizeof(*spill));

	spill->fd = -1;
	return spill;
}

static bool begin(struct spill *spill)
{
	const char *folder = getenv("TMPDIR");

	if (spill->fd >= 0 || spill->failed)
		return !spill->failed;
	spill->fd = open(folder && folder[0] == '/' ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	randombytes_buf(spill->key, sizeof(spill->key));
	spill->failed = spill->fd < 0;
	return !spill->failed;
}

/* Both ways; at is the place of a block. The key is new in each process, so that no place has the same twice. */
static void turn(const struct spill *spill, int64_t at, const void *from, size_t size, void *to)
{
	static const unsigned char nonce[crypto_stream_xchacha20_NONCEBYTES];

	crypto_stream_xchacha20_xor_ic(to, from, size, nonce, (uint64_t)at / BLOCK, spill->key);
}

static bool write_all(int fd, const unsigned char *bytes, size_t size, int64_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t wrote = pwrite(fd, bytes + done, size - done, (off_t)at + (off_t)done);

		if (wrote <= 0)
			return false;
		done += (size_t)wrote;
	}
	return true;
}

int64_t spill_add(struct spill *spill, const void *bytes, size_t size)
{
	unsigned char piece[PIECE];
	int64_t at = spill->size;

	if (!begin(spill))
		return -1;
	for (size_t done = 0; done < size; done += PIECE) {
		size_t part = size - done < PIECE ? size - done : PIECE;

		turn(spill, at + (int64_t)done, (const char *)bytes + done, part, piece);
		if (!write_all(spill->fd, piece, part, at + (int64_t)done)) {
			spill->failed = true;
			return -1;
		}
	}
	spill->size += ((int64_t)size + BLOCK - 1) / BLOCK * BLOCK;
	return at;
}

static bool read_all(int fd, char *bytes, size_t size, int64_t at)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, bytes + done, size - done, (off_t)at + (off_t)done);

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

char *spill_read(struct arena *arena, const struct spill *spill, int64_t at, size_t size)
{
	int64_t block = at / BLOCK * BLOCK;
	size_t before = (size_t)(at - block);
	char *bytes = arena_alloc(arena, before + size + 1);

	if (spill->fd < 0 || !read_all(spill->fd, bytes, before + size, block))
		return NULL;
	turn(spill, block, bytes, before + size, bytes);
	bytes[before + size] = '\0';
	return bytes + before;
}
