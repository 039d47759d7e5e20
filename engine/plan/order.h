/* order: where each host is in the program, and what it waits for. Only order.c changes that. */
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include "plan/state.h"

/* One step more of a host, behind all others. */
struct step *order_step(struct run_host *host, struct unit *unit);
/* Puts all hosts at their beginning. */
void order_begin(struct run *run);
/* It may have other units than it had, and has passed none. */
void order_again(struct run_host *host);
/* An idle host is looked at again, whatever it waits for. */
void order_run(struct run_host *host);
/* TURN, once. */
void order_turn(struct run_host *host);
/* The unit that it is at is done. */
void order_pass(struct run_host *host);
/* The same for all that are there: one has done it for them. */
void order_pass_once(struct run_host *host);
/* Whether what a host does at a unit, at which it is, is also done for another one. */
bool order_concerns(const struct run_host *host, const struct unit *unit,
	const struct run_host *other);
/* Of what is done once: whether this host does it, the first of those that are there. */
bool order_does_it(const struct run_host *host);
/* What it stands at is another unit, and it has sent nothing ahead. */
void order_go_on(struct run_host *host);
/* Its node does nothing of what was sent behind a step that failed. */
void order_drop_behind(struct run_host *host, const struct step *step);
/* Nothing of what was sent ahead will be told. */
void order_drop(struct run_host *host);
/* Whether nobody is before the unit that is to be looked at next. */
bool order_is_open(const struct run_host *host);
/* Lets it wait until that is so. */
void order_wait(struct run_host *host);
/* It is to go on elsewhere: its node does nothing more of what was sent, and nothing of what it tells
 * of that counts. */
void order_abandon(struct run_host *host);
/* It does once more what it was at there: another agent has come, which has had nothing yet. */
void order_resume(struct run_host *host, struct target *target);
/* Another agent has come there, which has had nothing yet. */
void order_forget_sent(struct run *run, struct target *target);
/* What was filled in for where it is and behind, as long as all was well. */
void order_forget_filled(struct run_host *host);
/* Whether it is known that no node has anything to do for that unit. */
bool order_nothing_there(const struct run_host *host, int64_t unit);
/* Lets it wait until a target is there, and free. */
void order_wait_for(struct run_host *host, struct target *target);
/* What it stands at is another unit. */
void order_moved(struct run_host *host);
/* Whether a host may still tell what it hasn't before a unit. */
bool order_tells(const struct run *run, const struct run_host *host, int64_t unit);
/* Lets it wait for another one: FACTS_OF or TOLD; from then on that one is late. */
void order_await(struct run_host *host, enum wait_kind kind, struct run_host *other,
	int64_t until);
bool order_facts_to_come(const struct run_host *host);
/* It has some, but can't be asked for them before others have passed what it waits for. */
bool order_facts_held_up(const struct run_host *host);
/* To be called when it may have changed whether facts are to come. */
void order_expect_facts(struct run_host *host);
/* Lets it wait until no facts are to come any more; false: none are. */
bool order_await_facts(struct run_host *host);
/* Lets it wait until all know what an include brings in, and no longer. */
void order_await_chosen(struct run_host *host);
void order_decided(struct run_host *host);
/* Lets it wait until then, and looks at those for which it is time. */
void order_await_retry(struct run_host *host, int64_t until);
void order_tick(struct run *run);
/* throttle: makes it one of so many that do a unit; false: it waits until it may be. Until it has left. */
bool order_take_slot(struct run_host *host, struct unit *unit, size_t most);
void order_leave_slot(struct run_host *host);
/* It has told something, or won't any more: whoever waits for that goes on. */
void order_told(struct run_host *host);
/* HOST_DONE or HOST_OUT. */
void order_end(struct run_host *host, enum host_phase phase);

#endif
