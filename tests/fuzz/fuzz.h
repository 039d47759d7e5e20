/* fuzz: whatever reads bytes that somebody else wrote, a target each.
 *
 * A target gets any bytes, with a NUL behind them, and an arena that is gone afterwards. It finds a bug by
 * crashing, by a sanitizer, by never ending, or by require(). */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

struct fuzz_target {
	const char *name;   /* that of its corpus, too */
	void (*run)(struct arena *arena, const char *bytes, size_t size);
};

/* Each ends with a target without a name. */
extern const struct fuzz_target fuzz_texts[];
extern const struct fuzz_target fuzz_wire[];
extern const struct fuzz_target fuzz_files[];
extern const struct fuzz_target fuzz_machine[];

const struct fuzz_target *const *fuzz_all(void);   /* those tables; ends with NULL */
const struct fuzz_target *fuzz_find(const char *name);

#define require(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
		abort(); \
	} \
} while (0)

#endif
