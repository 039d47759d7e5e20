/* acts: lies that are no single wrong value. */
#ifndef HOSTILE_ACTS_H
#define HOSTILE_ACTS_H

#include "tests/hostile/cases.h"

struct acts {
	struct lie *lies;
	size_t count;
};

void acts_make(struct arena *arena, struct acts *made);

#endif
