/* schedule: where all hosts of a run are in its program, and what a result makes of that. */
#include "plan/schedule.h"

struct schedule *schedule_new(struct arena *arena, struct program *program, size_t hosts)
{
	struct schedule *schedule = arena_alloc(arena, sizeof(*schedule));

	schedule->arena = arena;
	schedule->program = program;
	schedule->front.arena = schedule->beside.arena = arena;
	schedule->cursor_count = hosts;
	schedule->cursors = arena_array(arena, hosts + 1, sizeof(*schedule->cursors));
	schedule->here = arena_array(arena, hosts + 1, sizeof(*schedule->here));
	schedule->moved_end = &schedule->moved;
	for (size_t i = 0; i < hosts; i++)
		schedule->cursors[i].host = i;
	return schedule;
}

struct batch *schedule_batch(struct schedule *schedule, size_t play, struct block *root)
{
	struct batch *batch = arena_alloc(schedule->arena, sizeof(*batch));

	if (schedule->batch_count == schedule->batch_capacity) {
		size_t capacity = schedule->batch_capacity ? 2 * schedule->batch_capacity : 8;

		schedule->batches = arena_grow(schedule->arena, schedule->batches,
			schedule->batch_count * sizeof(batch), capacity * sizeof(batch));
		schedule->batch_capacity = capacity;
	}
	batch->index = schedule->batch_count;
	batch->play = play;
	batch->root = root;
	batch->hosts = host_set_new(schedule->arena, schedule->cursor_count);
	batch->max_fail_percentage = PERCENT_NONE;
	schedule->batches[schedule->batch_count++] = batch;
	return batch;
}

/* --- Who is where --- */

static void note_moved(struct schedule *schedule, struct cursor *cursor)
{
	if (cursor->queued)
		return;
	cursor->queued = true;
	cursor->next = NULL;
	*schedule->moved_end = cursor;
	schedule->moved_end = &cursor->next;
}

struct cursor *schedule_moved(struct schedule *schedule)
{
	struct cursor *cursor = schedule->moved;

	if (!cursor)
		return NULL;
	cursor->queued = false;
	schedule->moved = cursor->next;
	if (!schedule->moved)
		schedule->moved_end = &schedule->moved;
	return cursor;
}

bool schedule_open(const struct schedule *schedule, struct position position)
{
	const struct cursor *top = front_top(&schedule->front);

	if (position.batch->free)
		return !top || top->at.batch->index >= position.batch->index;
	return front_open(&schedule->front, position);
}

bool schedule_turn(const struct schedule *schedule, const struct cursor *cursor)
{
	return schedule_open(schedule, cursor->at)
		&& (!cursor->aside || front_open(&schedule->beside, cursor->at));
}

bool schedule_begun(const struct schedule *schedule, const struct batch *batch)
{
	const struct cursor *top = front_top(&schedule->front);

	return !batch->waits || !top || top->at.batch->index >= batch->index;
}

bool schedule_next(const struct schedule *schedule, const struct cursor *cursor,
	struct position behind, struct position *ret_position)
{
	*ret_position = behind;
	if (!cursor_next(cursor, behind, &ret_position->unit))
		return false;
	for (size_t i = behind.batch->index + 1; !ret_position->unit && i < schedule->batch_count;
			i++) {
		if (!host_set_has(&schedule->batches[i]->hosts, cursor->host))
			continue;
		*ret_position = (struct position){ schedule->batches[i], NULL };
		cursor_next(cursor, *ret_position, &ret_position->unit);
	}
	if (!ret_position->unit)
		ret_position->batch = NULL;
	return true;
}

bool schedule_is_here(const struct cursor *cursor, struct position position)
{
	return cursor->state == CURSOR_LIVE && !cursor->aside
		&& position_compare(cursor->at, position) == 0;
}

const struct cursor *schedule_first_here(const struct schedule *schedule,
	struct position position)
{
	for (size_t i = 0; i < schedule->cursor_count; i++) {
		if (schedule_is_here(&schedule->cursors[i], position))
			return &schedule->cursors[i];
	}
	return NULL;
}

size_t schedule_here(struct schedule *schedule, struct position position,
	struct cursor ***ret_cursors)
{
	size_t count = 0;

	for (size_t i = 0; i < schedule->cursor_count; i++) {
		if (schedule_is_here(&schedule->cursors[i], position))
			schedule->here[count++] = &schedule->cursors[i];
	}
	*ret_cursors = schedule->here;
	return count;
}

/* --- From batch to batch --- */

static struct front *front_of(struct schedule *schedule, const struct cursor *cursor)
{
	return cursor->aside ? &schedule->beside : &schedule->front;
}

static void place_moved(struct schedule *schedule, struct cursor *cursor)
{
	if (cursor->slot != SLOT_NONE)
		front_move(front_of(schedule, cursor), cursor);
	note_moved(schedule, cursor);
}

void schedule_forget(struct schedule *schedule, struct cursor *cursor)
{
	if (cursor->slot != SLOT_NONE)
		front_remove(front_of(schedule, cursor), cursor);
}

static struct batch *batch_of(const struct schedule *schedule, const struct cursor *cursor)
{
	return schedule->batches[cursor->at.batch->index];
}

static void go_out(struct schedule *schedule, struct cursor *cursor, enum cursor_out out);

/* Those that are in no rescue and no always: at once, or where they have passed the unit at which
 * another one has failed. */
static void end_all(struct schedule *schedule, struct position failed)
{
	schedule->stopped = true;
	for (size_t i = 0; i < schedule->cursor_count; i++) {
		struct cursor *cursor = &schedule->cursors[i];

		cursor->ending = cursor->state == CURSOR_LIVE && !cursor->aside;
		if (cursor->ending && position_compare(cursor->at, failed) > 0
				&& !cursor_recovers(cursor))
			go_out(schedule, cursor, OUT_ENDED);
	}
}

static void leave_batch(struct schedule *schedule, const struct cursor *cursor,
	struct batch *batch)
{
	if (cursor->aside)
		return;
	batch->remaining--;
	if (batch->remaining == 0 && batch_is_lost(batch) && !schedule->stopped)
		end_all(schedule, (struct position){ batch, NULL });
}

/* The batches behind the one it is in, which it won't come to. */
static void leave_others(struct schedule *schedule, const struct cursor *cursor)
{
	for (size_t i = cursor->at.batch->index + 1; i < schedule->batch_count; i++) {
		struct batch *batch = schedule->batches[i];

		if (!cursor->aside && host_set_has(&batch->hosts, cursor->host)) {
			batch->size--;
			leave_batch(schedule, cursor, batch);
		}
	}
}

static void go_out(struct schedule *schedule, struct cursor *cursor, enum cursor_out out)
{
	cursor->state = CURSOR_OUT;
	cursor->out = out;
	schedule_forget(schedule, cursor);
	note_moved(schedule, cursor);
	leave_others(schedule, cursor);
	leave_batch(schedule, cursor, batch_of(schedule, cursor));
}

/* To the next batch that has it, and a unit for it. */
static bool enter_next(struct schedule *schedule, struct cursor *cursor, size_t from)
{
	for (size_t i = from; i < schedule->batch_count; i++) {
		struct batch *batch = schedule->batches[i];

		if (!host_set_has(&batch->hosts, cursor->host))
			continue;
		cursor->counted = false;
		if (cursor_enter(cursor, batch) == MOVE_ON && !batch->skipped)
			return true;
		leave_batch(schedule, cursor, batch);
	}
	return false;
}

static void next_batch(struct schedule *schedule, struct cursor *cursor)
{
	struct batch *batch = batch_of(schedule, cursor);

	if (enter_next(schedule, cursor, batch->index + 1)) {
		place_moved(schedule, cursor);
		if (schedule->stopped && !cursor->aside)
			go_out(schedule, cursor, OUT_ENDED);
	} else {
		cursor->state = CURSOR_DONE;
		schedule_forget(schedule, cursor);
		note_moved(schedule, cursor);
	}
	leave_batch(schedule, cursor, batch);
}

void schedule_start(struct schedule *schedule)
{
	for (size_t i = 0; i < schedule->batch_count; i++) {
		struct batch *batch = schedule->batches[i];

		for (size_t k = 0; k < schedule->cursor_count; k++)
			batch->size += !schedule->cursors[k].aside && host_set_has(&batch->hosts, k);
		batch->remaining = batch->size;
	}
	for (size_t i = 0; i < schedule->cursor_count; i++) {
		struct cursor *cursor = &schedule->cursors[i];

		if (enter_next(schedule, cursor, 0))
			front_add(front_of(schedule, cursor), cursor);
		else
			cursor->state = CURSOR_DONE;
		note_moved(schedule, cursor);
	}
}

void schedule_again(struct schedule *schedule, struct cursor *cursor)
{
	size_t until = cursor->state == CURSOR_DONE ? schedule->batch_count : cursor->at.batch->index;

	for (size_t i = 0; i < until; i++)
		schedule->batches[i]->remaining += host_set_has(&schedule->batches[i]->hosts,
			cursor->host);
	schedule_forget(schedule, cursor);
	cursor->state = CURSOR_LIVE;
	if (enter_next(schedule, cursor, 0))
		front_add(front_of(schedule, cursor), cursor);
	else
		cursor->state = CURSOR_DONE;
	note_moved(schedule, cursor);
}

/* --- What happened to a host --- */

static void settle(struct schedule *schedule, struct cursor *cursor, struct position from,
	enum cursor_move move, bool fatal)
{
	struct batch *batch = batch_of(schedule, cursor);
	bool lost = !cursor->aside && !cursor->counted && (move == MOVE_FAILED || cursor_is_lost(cursor));

	if (move == MOVE_BEHIND) {
		next_batch(schedule, cursor);
		return;
	}
	cursor->counted = cursor->counted || lost;
	batch->failed += lost;
	if (move == MOVE_FAILED) {
		go_out(schedule, cursor, OUT_FAILED);
	} else if (cursor->ending && !cursor_recovers(cursor)) {
		go_out(schedule, cursor, OUT_ENDED);
	} else {
		place_moved(schedule, cursor);
	}
	if (lost && (fatal || batch_fails(batch)) && !schedule->stopped)
		end_all(schedule, from);
}

void schedule_pass(struct schedule *schedule, struct cursor *cursor)
{
	struct position from = cursor->at;
	bool fatal = false;
	enum cursor_move move = cursor_pass(cursor, schedule->arena, &fatal);

	settle(schedule, cursor, from, move, fatal);
}

void schedule_fail(struct schedule *schedule, struct cursor *cursor, bool fatal)
{
	struct position from = cursor->at;
	enum cursor_move move = cursor_fail(cursor, schedule->arena, &fatal);

	settle(schedule, cursor, from, move, fatal);
}

void schedule_lose(struct schedule *schedule, struct cursor *cursor, bool fatal)
{
	struct batch *batch = batch_of(schedule, cursor);


	batch->unreachable += !cursor->aside && !cursor->counted;
	go_out(schedule, cursor, OUT_UNREACHABLE);
	if (fatal && !schedule->stopped)
		end_all(schedule, cursor->at);
}

void schedule_lose_once(struct schedule *schedule, struct cursor *cursor)
{
	struct cursor **here;
	size_t count = schedule_here(schedule, cursor->at, &here);

	schedule_lose(schedule, cursor, true);
	for (size_t i = 0; i < count; i++) {
		if (here[i]->state == CURSOR_LIVE)
			schedule_pass(schedule, here[i]);
	}
}

void schedule_end(struct schedule *schedule, struct cursor *cursor)
{
	go_out(schedule, cursor, OUT_ENDED);
}

void schedule_pass_once(struct schedule *schedule, struct cursor *cursor)
{
	struct cursor **here;
	size_t count = schedule_here(schedule, cursor->at, &here);

	for (size_t i = 0; i < count; i++)
		schedule_pass(schedule, here[i]);
}

void schedule_fail_once(struct schedule *schedule, struct cursor *cursor)
{
	struct cursor **here;
	size_t count = schedule_here(schedule, cursor->at, &here);

	schedule_fail(schedule, cursor, true);
	for (size_t i = 0; i < count; i++) {
		if (here[i] != cursor && here[i]->state == CURSOR_LIVE)
			schedule_fail(schedule, here[i], true);
	}
}

static void end_host(struct schedule *schedule, struct cursor *cursor, struct position from)
{
	bool fatal = false;
	enum cursor_move move = cursor_end(cursor, &fatal);

	settle(schedule, cursor, from, move, fatal);
}

void schedule_end_host(struct schedule *schedule, struct cursor *cursor)
{
	end_host(schedule, cursor, cursor->at);
}

void schedule_end_batch(struct schedule *schedule, const struct batch *batch)
{
	for (size_t i = 0; i < schedule->cursor_count; i++) {
		struct cursor *cursor = &schedule->cursors[i];

		if (cursor->state == CURSOR_LIVE && !cursor->aside && cursor->at.batch == batch)
			end_host(schedule, cursor, (struct position){ batch, NULL });
	}
}

void schedule_end_play(struct schedule *schedule, const struct batch *batch)
{
	for (size_t i = batch->index + 1; i < schedule->batch_count; i++)
		schedule->batches[i]->skipped |= schedule->batches[i]->play == batch->play;
	for (size_t i = batch->index; i < schedule->batch_count; i++) {
		if (schedule->batches[i]->play == batch->play)
			schedule_end_batch(schedule, schedule->batches[i]);
	}
}
