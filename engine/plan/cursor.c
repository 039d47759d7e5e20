/* cursor: where one host is in the program, and which blocks around it have failed there. */
#include "plan/cursor.h"

int position_compare(struct position one, struct position other)
{
	if (one.batch != other.batch)
		return one.batch->index < other.batch->index ? -1 : 1;
	if (one.unit == other.unit)
		return 0;
	if (!one.unit || !other.unit)
		return one.unit ? -1 : 1;
	return unit_before(one.unit, other.unit) ? -1 : 1;
}

/* --- What has failed --- */

static struct failure *failure_of(const struct cursor *cursor, const struct block *block)
{
	for (size_t i = cursor->failure_count; i-- > 0;) {
		if (cursor->failures[i].block == block)
			return &cursor->failures[i];
	}
	return NULL;
}

static void failure_set(struct cursor *cursor, struct arena *arena, const struct block *block,
	enum failure_state state, bool fatal)
{
	struct failure *failure = failure_of(cursor, block);

	if (!failure) {
		if (cursor->failure_count == cursor->failure_capacity) {
			size_t capacity = cursor->failure_capacity ? 2 * cursor->failure_capacity : 4;

			cursor->failures = arena_grow(arena, cursor->failures,
				cursor->failure_count * sizeof(*failure), capacity * sizeof(*failure));
			cursor->failure_capacity = capacity;
		}
		failure = &cursor->failures[cursor->failure_count++];
	}
	*failure = (struct failure){ block, state, fatal };
}

/* The section of a block in which a unit stands; false: it doesn't. */
static bool is_around(const struct block *block, const struct unit *unit,
	enum section *ret_section)
{
	const struct block *around = unit->block;

	*ret_section = unit->section;
	while (around && around != block)
		around = block_around(around, ret_section);
	return around;
}

/* Those of blocks, or of sections, that it has left. */
static void drop_failures(struct cursor *cursor)
{
	size_t kept = 0;

	for (size_t i = 0; i < cursor->failure_count; i++) {
		const struct failure *failure = &cursor->failures[i];
		enum section section;

		if (cursor->at.unit && is_around(failure->block, cursor->at.unit, &section)
				&& section == (failure->state == FAILURE_RESCUED ? SECTION_RESCUE
				: SECTION_ALWAYS))
			cursor->failures[kept++] = *failure;
	}
	cursor->failure_count = kept;
}

/* --- On and on --- */

/* A place before a node, or at the end of a section. */
struct spot {
	const struct block *block;
	enum section section;
	size_t index;
};

static const struct group *next_group(const struct cursor *cursor, const struct batch *batch,
	const struct group *group)
{
	while (group && (group->batch != batch || !host_set_has(&group->hosts, cursor->host)))
		group = group->next;
	return group;
}

static struct spot behind(const struct unit *unit)
{
	return (struct spot){ unit->block, unit->section, unit->place + 1 };
}

/* The place behind a block; false: it is the whole play. */
static bool leave(const struct cursor *cursor, const struct batch *batch, struct spot *spot)
{
	const struct block *block = spot->block;
	const struct group *group;

	if (!block->opened_by) {
		*spot = (struct spot){ block->parent, block->section, block->index + 1 };
		return block->parent;
	}
	for (group = block->opened_by->groups; group->block != block;)
		group = group->next;
	group = next_group(cursor, batch, group->next);
	*spot = group ? (struct spot){ group->block, SECTION_MAIN, 0 } : behind(block->opened_by);
	return true;
}

/* The unit at or behind a place (NULL: there is none), or the block that fails there. */
static const struct unit *walk(const struct cursor *cursor, const struct batch *batch,
	struct spot spot, const struct block **ret_failed)
{
	*ret_failed = NULL;
	for (;;) {
		const struct nodes *nodes = &spot.block->sections[spot.section];

		if (spot.index < nodes->count) {
			const struct node *node = &nodes->nodes[spot.index];

			if (!node->unit)
				spot = (struct spot){ node->block, SECTION_MAIN, 0 };
			else if (unit_has(node->unit, cursor->host))
				return node->unit;
			else
				spot.index++;
		} else if (spot.section != SECTION_ALWAYS) {
			spot = (struct spot){ spot.block, SECTION_ALWAYS, 0 };
		} else {
			const struct failure *failure = failure_of(cursor, spot.block);

			if (failure && failure->state == FAILURE_PENDING) {
				*ret_failed = spot.block;
				return NULL;
			}
			if (!leave(cursor, batch, &spot))
				return NULL;
		}
	}
}

static struct spot spot_behind(const struct cursor *cursor, struct position behind_it)
{
	const struct group *group;

	if (!behind_it.unit)
		return (struct spot){ behind_it.batch->root, SECTION_MAIN, 0 };
	group = next_group(cursor, behind_it.batch, behind_it.unit->groups);
	return group ? (struct spot){ group->block, SECTION_MAIN, 0 } : behind(behind_it.unit);
}

bool cursor_next(const struct cursor *cursor, struct position behind_it,
	const struct unit **ret_unit)
{
	const struct block *failed;

	*ret_unit = walk(cursor, behind_it.batch, spot_behind(cursor, behind_it), &failed);
	return !failed;
}

static enum cursor_move fail_in(struct cursor *cursor, struct arena *arena,
	const struct block *block, enum section section, bool *fatal);

static enum cursor_move move(struct cursor *cursor, struct arena *arena, struct spot spot,
	bool *ret_fatal)
{
	const struct block *failed, *around;
	enum section section;

	cursor->at.unit = walk(cursor, cursor->at.batch, spot, &failed);
	if (!failed) {
		drop_failures(cursor);
		return cursor->at.unit ? MOVE_ON : MOVE_BEHIND;
	}
	*ret_fatal = failure_of(cursor, failed)->fatal;
	around = block_around(failed, &section);
	return fail_in(cursor, arena, around, section, ret_fatal);
}

/* Something in this section of a block has failed. */
static enum cursor_move fail_in(struct cursor *cursor, struct arena *arena,
	const struct block *block, enum section section, bool *fatal)
{
	for (; block; block = block_around(block, &section)) {
		const struct failure *failure = failure_of(cursor, block);

		if (section == SECTION_MAIN && block->sections[SECTION_RESCUE].count > 0) {
			failure_set(cursor, arena, block, FAILURE_RESCUED, false);
			return move(cursor, arena, (struct spot){ block, SECTION_RESCUE, 0 }, fatal);
		}
		if (section != SECTION_ALWAYS && block->sections[SECTION_ALWAYS].count > 0) {
			failure_set(cursor, arena, block, FAILURE_PENDING, *fatal);
			return move(cursor, arena, (struct spot){ block, SECTION_ALWAYS, 0 }, fatal);
		}
		*fatal = *fatal || (failure && failure->fatal);
	}
	cursor->failure_count = 0;
	cursor->at.unit = NULL;
	return MOVE_FAILED;
}

enum cursor_move cursor_enter(struct cursor *cursor, const struct batch *batch)
{
	cursor->failure_count = 0;
	cursor->at = (struct position){ batch, NULL };
	cursor_next(cursor, cursor->at, &cursor->at.unit);
	return cursor->at.unit ? MOVE_ON : MOVE_BEHIND;
}

enum cursor_move cursor_pass(struct cursor *cursor, struct arena *arena, bool *ret_fatal)
{
	return move(cursor, arena, spot_behind(cursor, cursor->at), ret_fatal);
}

enum cursor_move cursor_fail(struct cursor *cursor, struct arena *arena, bool *fatal)
{
	return fail_in(cursor, arena, cursor->at.unit->block, cursor->at.unit->section, fatal);
}

enum cursor_move cursor_end(struct cursor *cursor, bool *ret_fatal)
{
	enum cursor_move move = MOVE_BEHIND;

	for (size_t i = 0; i < cursor->failure_count; i++) {
		if (cursor->failures[i].state == FAILURE_PENDING)
			move = MOVE_FAILED;
		*ret_fatal = *ret_fatal || cursor->failures[i].fatal;
	}
	cursor->failure_count = 0;
	cursor->at.unit = NULL;
	return move;
}

bool cursor_is_lost(const struct cursor *cursor)
{
	return cursor->failure_count > 0 && cursor->failures[0].state == FAILURE_PENDING
		&& cursor->failures[0].block->forces_handlers;
}

bool cursor_recovers(const struct cursor *cursor)
{
	enum section section = cursor->at.unit->section;
	const struct block *block = cursor->at.unit->block;

	while (block && section == SECTION_MAIN)
		block = block_around(block, &section);
	return block;
}
