/* front: the first unit that not all hosts have passed.
 *
 * An indexed heap of cursors by where they are: a move costs the logarithm of their number, and
 * whether a position is open costs nothing. */
#ifndef PLAN_FRONT_H
#define PLAN_FRONT_H

#include "plan/cursor.h"

enum { SLOT_NONE = 0 };        /* slots count from 1 */

struct front {
	struct arena *arena;
	struct cursor **heap;
	size_t count, capacity;
};

void front_add(struct front *front, struct cursor *cursor);
/* Its position is another one. */
void front_move(struct front *front, struct cursor *cursor);
void front_remove(struct front *front, struct cursor *cursor);
/* Those that are where the first one is, into an array with room for all; how many. */
size_t front_first(const struct front *front, struct cursor **ret_cursors);
/* NULL: nobody is on the way any more. */
const struct cursor *front_top(const struct front *front);
/* Whether nobody is before a position. */
bool front_open(const struct front *front, struct position position);

#endif
