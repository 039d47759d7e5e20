/* cursor: where one host is in the program, and which blocks around it have failed there.
 *
 * Nothing is kept of blocks in which all is well: what stands around a unit is found through it. */
#ifndef PLAN_CURSOR_H
#define PLAN_CURSOR_H

#include "plan/batch.h"

struct position {
	const struct batch *batch;
	const struct unit *unit;   /* NULL: behind all of the batch */
};

/* <0, 0, >0. */
int position_compare(struct position one, struct position other);

/* What has failed: the rescue of the block is being done, or its always, behind which the failure
 * goes on. */
enum failure_state { FAILURE_NONE, FAILURE_RESCUED, FAILURE_PENDING };

struct failure {
	const struct block *block;
	enum failure_state state;
	bool fatal;                /* the failure is one of all hosts */
};

enum cursor_state { CURSOR_LIVE, CURSOR_DONE, CURSOR_OUT };
/* OUT_ENDED: for no fault of its own. */
enum cursor_out { OUT_NOT, OUT_FAILED, OUT_UNREACHABLE, OUT_ENDED };

struct cursor {
	size_t host;               /* its index */
	bool aside;                /* nobody waits for it, and it doesn't count in its batch */
	enum cursor_state state;
	enum cursor_out out;
	struct position at;        /* the first unit that it hasn't passed */
	struct failure *failures;      /* the outermost first */
	size_t failure_count, failure_capacity;
	bool counted;              /* as one that failed in its batch */
	bool ending;               /* it goes on only to the end of the rescue or always that it is in */
	size_t slot;               /* of front.h */
	struct cursor *next;       /* of schedule.h */
	bool queued;
};

enum cursor_move {
	MOVE_ON,                   /* at another unit */
	MOVE_BEHIND,               /* behind all of its batch */
	MOVE_FAILED,               /* out: the failure isn't rescued */
};

/* What comes in the batch behind a unit, as long as nothing fails; unit NULL: what comes first.
 * ret_unit NULL: the end of the batch. False: where it goes on isn't known before all before has
 * passed. */
bool cursor_next(const struct cursor *cursor, struct position behind,
	const struct unit **ret_unit);
/* To the beginning of a batch. */
enum cursor_move cursor_enter(struct cursor *cursor, const struct batch *batch);
/* The unit that it is at is passed; an include: with the groups that have its host. A failure that
 * goes on behind an always is fatal or not as it was. */
enum cursor_move cursor_pass(struct cursor *cursor, struct arena *arena, bool *ret_fatal);
/* The unit that it is at has failed; fatal: for all hosts, unless it is rescued. */
enum cursor_move cursor_fail(struct cursor *cursor, struct arena *arena, bool *fatal);
/* It leaves its batch as it is, which is failing where a failure is under way. */
enum cursor_move cursor_end(struct cursor *cursor, bool *ret_fatal);
/* Whether it has failed for good, and only runs handlers. */
bool cursor_is_lost(const struct cursor *cursor);
/* Whether it is in the rescue or always of any block. */
bool cursor_recovers(const struct cursor *cursor);

#endif
