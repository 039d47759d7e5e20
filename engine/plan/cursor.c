/* cursor: where one host is in the program, and which blocks around it have failed there. */
#include "plan/cursor.h"

int position_compare(struct position one, struct position other)
{
	if (one.batch != other.batch)
		return one.batch->index < other.batch->index ? -1 : 1;
	if (one.step == other.step)
		return 0;
	if (!one.step || !other.step)
		return one.step ? -1 : 1;
	return step_before(one.step, other.step) ? -1 : 1;
}

/* --- What has failed --- */

static struct frame *frame_of(const struct cursor *cursor, const struct block *block)
{
	for (size_t i = cursor->frame_count; i-- > 0;) {
		if (cursor->frames[i].block == block)
			return &cursor->frames[i];
	}
	return NULL;
}

static void frame_set(struct cursor *cursor, struct arena *arena, const struct block *block,
	enum frame_state state, bool fatal)
{
	struct frame *frame = frame_of(cursor, block);

	if (!frame) {
		if (cursor->frame_count == cursor->frame_capacity) {
			size_t capacity = cursor->frame_capacity ? 2 * cursor->frame_capacity : 4;

			cursor->frames = arena_grow(arena, cursor->frames,
				cursor->frame_count * sizeof(*frame), capacity * sizeof(*frame));
			cursor->frame_capacity = capacity;
		}
		frame = &cursor->frames[cursor->frame_count++];
	}
	*frame = (struct frame){ block, state, fatal };
}

/* The section of a block in which a step stands; false: it doesn't. */
static bool is_around(const struct block *block, const struct step *step,
	enum section *ret_section)
{
	const struct block *around = step->block;

	*ret_section = step->section;
	while (around && around != block)
		around = block_around(around, ret_section);
	return around;
}

/* Those of blocks, or of sections, that it has left. */
static void drop_frames(struct cursor *cursor)
{
	size_t kept = 0;

	for (size_t i = 0; i < cursor->frame_count; i++) {
		const struct frame *frame = &cursor->frames[i];
		enum section section;

		if (cursor->at.step && is_around(frame->block, cursor->at.step, &section)
				&& section == (frame->state == FRAME_RESCUING ? SECTION_RESCUE
				: SECTION_ALWAYS))
			cursor->frames[kept++] = *frame;
	}
	cursor->frame_count = kept;
}

/* --- On and on --- */

/* A place before a node, or at the end of a section. */
struct spot {
	const struct block *block;
	enum section section;
	size_t index;
};

static const struct group *next_group(const struct cursor *cursor, const struct group *group)
{
	while (group && (group->batch != cursor->at.batch
			|| !host_set_has(&group->hosts, cursor->host)))
		group = group->next;
	return group;
}

static struct spot behind(const struct step *step)
{
	return (struct spot){ step->block, step->section, step->index + 1 };
}

/* The place behind a block; false: it is the whole play. */
static bool leave(const struct cursor *cursor, struct spot *spot)
{
	const struct block *block = spot->block;
	const struct group *group;

	if (!block->opened_by) {
		*spot = (struct spot){ block->parent, block->section, block->index + 1 };
		return block->parent;
	}
	for (group = block->opened_by->groups; group->block != block;)
		group = group->next;
	group = next_group(cursor, group->next);
	*spot = group ? (struct spot){ group->block, SECTION_MAIN, 0 } : behind(block->opened_by);
	return true;
}

/* The step at or behind a place (NULL: there is none), or the block that fails there. */
static const struct step *walk(const struct cursor *cursor, struct spot spot,
	const struct block **ret_failed)
{
	*ret_failed = NULL;
	for (;;) {
		const struct nodes *nodes = &spot.block->sections[spot.section];

		if (spot.index < nodes->count) {
			if (nodes->nodes[spot.index].step)
				return nodes->nodes[spot.index].step;
			spot = (struct spot){ nodes->nodes[spot.index].block, SECTION_MAIN, 0 };
		} else if (spot.section != SECTION_ALWAYS) {
			spot = (struct spot){ spot.block, SECTION_ALWAYS, 0 };
		} else {
			const struct frame *frame = frame_of(cursor, spot.block);

			if (frame && frame->state == FRAME_FAILED) {
				*ret_failed = spot.block;
				return NULL;
			}
			if (!leave(cursor, &spot))
				return NULL;
		}
	}
}

static struct spot spot_behind(const struct cursor *cursor, const struct step *step)
{
	const struct group *group;

	if (!step)
		return (struct spot){ cursor->at.batch->root, SECTION_MAIN, 0 };
	group = next_group(cursor, step->groups);
	return group ? (struct spot){ group->block, SECTION_MAIN, 0 } : behind(step);
}

bool cursor_next(const struct cursor *cursor, const struct step *step,
	const struct step **ret_step)
{
	const struct block *failed;

	*ret_step = walk(cursor, spot_behind(cursor, step), &failed);
	return !failed;
}

static enum cursor_move fail_in(struct cursor *cursor, struct arena *arena,
	const struct block *block, enum section section, bool *fatal);

static enum cursor_move move(struct cursor *cursor, struct arena *arena, struct spot spot,
	bool *ret_fatal)
{
	const struct block *failed, *around;
	enum section section;

	cursor->at.step = walk(cursor, spot, &failed);
	if (!failed) {
		drop_frames(cursor);
		return cursor->at.step ? MOVE_ON : MOVE_BEHIND;
	}
	*ret_fatal = frame_of(cursor, failed)->fatal;
	around = block_around(failed, &section);
	return fail_in(cursor, arena, around, section, ret_fatal);
}

/* Something in this section of a block has failed. */
static enum cursor_move fail_in(struct cursor *cursor, struct arena *arena,
	const struct block *block, enum section section, bool *fatal)
{
	for (; block; block = block_around(block, &section)) {
		const struct frame *frame = frame_of(cursor, block);

		if (section == SECTION_MAIN && block->sections[SECTION_RESCUE].count > 0) {
			frame_set(cursor, arena, block, FRAME_RESCUING, false);
			return move(cursor, arena, (struct spot){ block, SECTION_RESCUE, 0 }, fatal);
		}
		if (section != SECTION_ALWAYS && block->sections[SECTION_ALWAYS].count > 0) {
			frame_set(cursor, arena, block, FRAME_FAILED, *fatal);
			return move(cursor, arena, (struct spot){ block, SECTION_ALWAYS, 0 }, fatal);
		}
		*fatal = *fatal || (frame && frame->fatal);
	}
	cursor->frame_count = 0;
	cursor->at.step = NULL;
	return MOVE_FAILED;
}

enum cursor_move cursor_enter(struct cursor *cursor, const struct batch *batch)
{
	const struct block *failed;

	cursor->at.batch = batch;
	cursor->frame_count = 0;
	cursor->at.step = walk(cursor, spot_behind(cursor, NULL), &failed);
	return cursor->at.step ? MOVE_ON : MOVE_BEHIND;
}

enum cursor_move cursor_pass(struct cursor *cursor, struct arena *arena, bool *ret_fatal)
{
	return move(cursor, arena, spot_behind(cursor, cursor->at.step), ret_fatal);
}

enum cursor_move cursor_fail(struct cursor *cursor, struct arena *arena, bool *fatal)
{
	return fail_in(cursor, arena, cursor->at.step->block, cursor->at.step->section, fatal);
}

enum cursor_move cursor_end(struct cursor *cursor, bool *ret_fatal)
{
	enum cursor_move move = MOVE_BEHIND;

	for (size_t i = 0; i < cursor->frame_count; i++) {
		if (cursor->frames[i].state == FRAME_FAILED)
			move = MOVE_FAILED;
		*ret_fatal = *ret_fatal || cursor->frames[i].fatal;
	}
	cursor->frame_count = 0;
	cursor->at.step = NULL;
	return move;
}

bool cursor_is_lost(const struct cursor *cursor)
{
	return cursor->frame_count > 0 && cursor->frames[0].state == FRAME_FAILED
		&& cursor->frames[0].block->forces_handlers;
}

bool cursor_rescues(const struct cursor *cursor)
{
	const struct block *block = cursor->at.step->block;
	enum section section = cursor->at.step->section;

	while (block && (section != SECTION_MAIN || block->sections[SECTION_RESCUE].count == 0))
		block = block_around(block, &section);
	return block;
}

bool cursor_recovers(const struct cursor *cursor)
{
	enum section section = cursor->at.step->section;
	const struct block *block = cursor->at.step->block;

	while (block && section == SECTION_MAIN)
		block = block_around(block, &section);
	return block;
}
