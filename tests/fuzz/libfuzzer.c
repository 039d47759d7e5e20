/* libfuzzer: libFuzzer's way in; FUZZ names the target. */
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	const char *name = getenv("FUZZ");

	(void)count;
	(void)arguments;
	target = name ? fuzz_find(name) : NULL;
	if (!target)
		fprintf(stderr, "FUZZ has to name a target\n");
	return target ? 0 : (exit(2), 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();

	target->run(arena, arena_bytes(arena, bytes, size), size);
	arena_free(arena);
	return 0;
}
