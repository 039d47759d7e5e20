/* fuzz: all targets. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

const struct fuzz_target *const *fuzz_all(void)
{
	static const struct fuzz_target *const all[] = {
		fuzz_texts, fuzz_wire, fuzz_files, fuzz_machine, NULL,
	};

	return all;
}

const struct fuzz_target *fuzz_find(const char *name)
{
	for (const struct fuzz_target *const *table = fuzz_all(); *table; table++) {
		for (const struct fuzz_target *target = *table; target->name; target++) {
			if (strcmp(target->name, name) == 0)
				return target;
		}
	}
	return NULL;
}
