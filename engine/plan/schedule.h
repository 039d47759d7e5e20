/* schedule: where all hosts of a run are in its program, and what a result makes of that.
 *
 * A host may look ahead along cursor_next as far as it likes. What comes of that, and all else that it
 * does, counts when its turn has come: when the unit that it is at is open. So all hosts are at the
 * same unit, or wait at a later one, whatever comes first over the network. Each function says what has happened to one host; whom else that concerns comes out of
 * schedule_moved. Nothing here sends, reports or reads a clock. */
#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H

#include "plan/front.h"

struct schedule {
	struct arena *arena;
	struct program *program;
	struct batch **batches;
	size_t batch_count, batch_capacity;
	struct cursor *cursors;    /* by index of the host */
	size_t cursor_count;
	struct front front;
	struct front beside;       /* of those aside, which wait for one another and for all others */
	bool stopped;              /* no further batch or play begins */
	struct cursor *moved, **moved_end;
	struct cursor **here;      /* of schedule_here */
};

struct schedule *schedule_new(struct arena *arena, struct program *program, size_t hosts);
/* Behind all others; its hosts are to be added before schedule_start. */
struct batch *schedule_batch(struct schedule *schedule, size_t play, struct block *root);
/* Puts every host at the beginning of its first batch. */
void schedule_start(struct schedule *schedule);
/* One that hasn't passed anything yet to the beginning again, as it has other units now. */
void schedule_again(struct schedule *schedule, struct cursor *cursor);
/* No other one that is aside waits for it any more. */
void schedule_forget(struct schedule *schedule, struct cursor *cursor);

/* The next host that is at another unit than before, or out or done; NULL: no more. */
struct cursor *schedule_moved(struct schedule *schedule);
/* What comes for a host behind a position, over all batches, as long as nothing fails;
 * ret_position.batch NULL: the end. False: it isn't known yet. */
bool schedule_next(const struct schedule *schedule, const struct cursor *cursor,
	struct position behind, struct position *ret_position);
/* Whether no host is before a position; in a free batch: in another batch before it. */
bool schedule_open(const struct schedule *schedule, struct position position);
/* The same of where a host is, which if it is aside waits for all others. */
bool schedule_turn(const struct schedule *schedule, const struct cursor *cursor);
/* Whether hosts may look at a batch. */
bool schedule_begun(const struct schedule *schedule, const struct batch *batch);
/* Whether a host is at a position, and counts there. */
bool schedule_is_here(const struct cursor *cursor, struct position position);
/* The first of the hosts at a position; NULL: there is none. */
const struct cursor *schedule_first_here(const struct schedule *schedule,
	struct position position);
/* The hosts at a position, by their index; how many. The array holds until the next call. */
size_t schedule_here(struct schedule *schedule, struct position position,
	struct cursor ***ret_cursors);

/* Its unit is open (so it must be) and done. */
void schedule_pass(struct schedule *schedule, struct cursor *cursor);
/* fatal: for all hosts, if nothing rescues it. */
void schedule_fail(struct schedule *schedule, struct cursor *cursor, bool fatal);
void schedule_lose(struct schedule *schedule, struct cursor *cursor, bool fatal);
/* What one host did at an open run_once unit, for all that are there. */
void schedule_pass_once(struct schedule *schedule, struct cursor *cursor);
void schedule_fail_once(struct schedule *schedule, struct cursor *cursor);
/* Nobody does it in its place. */
void schedule_lose_once(struct schedule *schedule, struct cursor *cursor);
/* It goes on with its next play. */
void schedule_end_host(struct schedule *schedule, struct cursor *cursor);
void schedule_end_batch(struct schedule *schedule, const struct batch *batch);
void schedule_end_play(struct schedule *schedule, const struct batch *batch);
/* It takes no further part, for no fault of its own. */
void schedule_end(struct schedule *schedule, struct cursor *cursor);

#endif
