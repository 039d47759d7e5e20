/* schedule: where all hosts of a run are in its program, and what a result makes of that.
 *
 * A host may look ahead along cursor_next as far as it likes. What comes of that, and all else that it
 * does, counts when its turn has come: when the step that it is at is open. So all hosts are at the
 * same step, or wait at a later one, whatever comes first over the network. Each function says what has happened to one host; whom else that concerns comes out of
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
	bool stopped;              /* no further batch or play begins */
	struct cursor *moved, **moved_end;
	struct cursor **here;      /* of schedule_here */
};

struct schedule *schedule_new(struct arena *arena, struct program *program, size_t hosts);
/* Behind all others; its hosts are to be added before schedule_start. */
struct batch *schedule_batch(struct schedule *schedule, size_t play, struct block *root);
/* Puts every host at the beginning of its first batch. */
void schedule_start(struct schedule *schedule);

/* The next host that is at another step than before, or out or done; NULL: no more. */
struct cursor *schedule_moved(struct schedule *schedule);
/* Whether no host is before a position, or in a batch that this one waits for. */
bool schedule_open(const struct schedule *schedule, struct position position);
/* Whether a host may look at the batch that it is in. */
bool schedule_begun(const struct schedule *schedule, const struct cursor *cursor);
/* The hosts at a position, by their index; how many. The array holds until the next call. */
size_t schedule_here(struct schedule *schedule, struct position position,
	struct cursor ***ret_cursors);

/* Its step is open (so it must be) and done. */
void schedule_pass(struct schedule *schedule, struct cursor *cursor);
/* fatal: for all hosts, if nothing rescues it. */
void schedule_fail(struct schedule *schedule, struct cursor *cursor, bool fatal);
void schedule_lose(struct schedule *schedule, struct cursor *cursor, bool fatal);
/* What one host did at an open run_once step, for all that are there. */
void schedule_pass_once(struct schedule *schedule, struct cursor *cursor);
void schedule_fail_once(struct schedule *schedule, struct cursor *cursor);
/* It goes on with its next play. */
void schedule_end_host(struct schedule *schedule, struct cursor *cursor);
void schedule_end_batch(struct schedule *schedule, const struct batch *batch);
void schedule_end_play(struct schedule *schedule, const struct batch *batch);
/* It takes no further part, for no fault of its own. */
void schedule_end(struct schedule *schedule, struct cursor *cursor);

#endif
