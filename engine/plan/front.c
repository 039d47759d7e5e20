/* front: the first unit that not all hosts have passed. */
#include "plan/front.h"

static void put(struct front *front, size_t slot, struct cursor *cursor)
{
	front->heap[slot - 1] = cursor;
	cursor->slot = slot;
}

static bool is_before(const struct cursor *cursor, const struct cursor *other)
{
	return position_compare(cursor->at, other->at) < 0;
}

static void sift_up(struct front *front, struct cursor *cursor)
{
	size_t slot = cursor->slot;

	while (slot > 1 && is_before(cursor, front->heap[slot / 2 - 1])) {
		put(front, slot, front->heap[slot / 2 - 1]);
		slot /= 2;
	}
	put(front, slot, cursor);
}

static void sift_down(struct front *front, struct cursor *cursor)
{
	size_t slot = cursor->slot;

	for (size_t below = 2 * slot; below <= front->count; below = 2 * slot) {
		if (below < front->count && is_before(front->heap[below], front->heap[below - 1]))
			below++;
		if (!is_before(front->heap[below - 1], cursor))
			break;
		put(front, slot, front->heap[below - 1]);
		slot = below;
	}
	put(front, slot, cursor);
}

void front_add(struct front *front, struct cursor *cursor)
{
	if (front->count == front->capacity) {
		size_t capacity = front->capacity ? 2 * front->capacity : 32;

		front->heap = arena_grow(front->arena, front->heap,
			front->count * sizeof(*front->heap), capacity * sizeof(*front->heap));
		front->capacity = capacity;
	}
	put(front, ++front->count, cursor);
	sift_up(front, cursor);
}

void front_move(struct front *front, struct cursor *cursor)
{
	sift_up(front, cursor);
	sift_down(front, cursor);
}

void front_remove(struct front *front, struct cursor *cursor)
{
	struct cursor *last = front->heap[front->count - 1];
	size_t slot = cursor->slot;

	front->count--;
	cursor->slot = SLOT_NONE;
	if (last == cursor)
		return;
	put(front, slot, last);
	front_move(front, last);
}

size_t front_first(const struct front *front, struct cursor **ret_cursors)
{
	size_t count = 0, seen = 0;

	if (front->count > 0)
		ret_cursors[count++] = front->heap[0];
	/* Below one that is behind there are only such. */
	for (; seen < count; seen++) {
		for (size_t i = 2 * ret_cursors[seen]->slot; i <= 2 * ret_cursors[seen]->slot + 1; i++) {
			if (i <= front->count && position_compare(front->heap[i - 1]->at,
					front->heap[0]->at) == 0)
				ret_cursors[count++] = front->heap[i - 1];
		}
	}
	return count;
}

const struct cursor *front_top(const struct front *front)
{
	return front->count > 0 ? front->heap[0] : NULL;
}

bool front_open(const struct front *front, struct position position)
{
	return front->count == 0 || position_compare(front->heap[0]->at, position) >= 0;
}
