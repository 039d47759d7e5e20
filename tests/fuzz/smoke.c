/* smoke: each target over its corpus, and over what becomes of that by a few thousand small changes, the same
 * each time. The real search is `make fuzz`. Prints "ok NAME", a line a target. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { SIZE_MOST = 1 << 16, CHANGED_BYTES = 1 << 20 };

static uint64_t state;

static size_t chance(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % below);
}

static void run(const struct fuzz_target *target, const char *bytes, size_t size)
{
	struct arena *arena = arena_new();

	target->run(arena, arena_bytes(arena, bytes, size), size);
	arena_free(arena);
}

/* Some bytes other than they were, a piece of it gone, or twice. */
static size_t change(char *bytes, size_t size)
{
	size_t from = chance(size), length = 1 + chance(size - from);

	if (length > 16)
		length = 1 + length % 16;
	switch (chance(4)) {
	case 0:
		for (size_t i = 0; i < length; i++)
			bytes[from + i] = (char)chance(256);
		return size;
	case 1:
		bytes[from] = "\0\n\t \"'#:-[]{}%\\"[chance(15)];
		return size;
	case 2:
		memmove(bytes + from, bytes + from + length, size - from - length);
		return size - length;
	default:
		memmove(bytes + from + length, bytes + from, size - from);
		return size + length;
	}
}

static void run_changed(const struct fuzz_target *target, const char *bytes, size_t size)
{
	static char changed[SIZE_MOST + 1024];
	size_t times = CHANGED_BYTES / (size + 256);

	for (size_t i = 0; i < times; i++) {
		size_t length = size;

		memcpy(changed, bytes, size);
		for (size_t left = 1 + chance(4); left > 0 && length > 0 && length < SIZE_MOST; left--)
			length = change(changed, length);
		run(target, changed, length);
	}
}

static int run_file(const struct fuzz_target *target, const char *path)
{
	static char bytes[SIZE_MOST];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		return -1;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	run(target, bytes, size);
	run_changed(target, bytes, size);
	return 0;
}

static void run_target(const struct fuzz_target *target)
{
	char folder[256], path[600];
	unsigned count = 0;
	struct dirent **names;
	int found;

	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", target->name);
	found = scandir(folder, &names, NULL, alphasort);
	state = 88172645463325252;
	for (int i = 0; i < found; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && run_file(target, path) == 0)
			count++;
		free(names[i]);
	}
	if (found >= 0)
		free(names);
	printf("%sok %s survives its corpus\n", count > 0 ? "" : "not ", target->name);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	for (const struct fuzz_target *const *table = fuzz_all(); *table; table++) {
		for (const struct fuzz_target *target = *table; target->name; target++) {
			if (argc < 2 || strcmp(argv[1], target->name) == 0)
				run_target(target);
		}
	}
	return 0;
}
