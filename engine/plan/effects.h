/* effects: what is to be done next, in order: the driver (drive.c) does it, once the handler that
 * said so has returned. What comes of it is an event of its own. */
#ifndef PLAN_EFFECTS_H
#define PLAN_EFFECTS_H

#include "base/arena.h"
#include "fleet/fleet.h"
#include "report/report.h"

struct run;
struct run_host;
struct run_task;
struct target;

enum effect_kind {
	EFFECT_CONNECT, EFFECT_SEND, EFFECT_CLOSE, EFFECT_DROP,
	EFFECT_PLAY, EFFECT_TASK, EFFECT_RESULT, EFFECT_TASK_END, EFFECT_LOST, EFFECT_OUTPUT, EFFECT_PROGRESS,
	EFFECT_WARN,
};

struct effect {
	enum effect_kind kind;
	struct target *target;           /* CONNECT, SEND, CLOSE, DROP */
	struct run_host *host;           /* LOST, PROGRESS, OUTPUT */
	struct run_task *task;           /* TASK, RESULT, TASK_END, OUTPUT */
	union {
		struct {
			enum frame_type type;
			const void *message;     /* see fleet.h */
			struct arena *arena;     /* given back once it is sent; or NULL */
		} send;
		struct report_result result;
		const struct error *error;   /* LOST */
		const char *text;            /* PLAY, PROGRESS */
		struct bytes output;         /* OUTPUT */
		struct {
			const char *host;        /* or NULL */
			const char *message;
		} warning;
		unsigned hosts;              /* TASK: from which a result will come */
	} with;
};

struct effects {
	struct effect *items;
	size_t count, capacity;
	struct arena *arena;             /* given back when there are no more events; NULL: none yet */
};

/* Lives until all that is to be done now is done. */
struct arena *effects_arena(struct run *run);

void effect_connect(struct target *target);
/* arena NULL: the message lives in effects_arena, or longer. Nothing goes to one that is gone. */
void effect_send(struct target *target, enum frame_type type, const void *message,
	struct arena *arena);
void effect_close(struct target *target);
void effect_drop(struct target *target);
void effect_play(struct run *run, const char *name);
void effect_task(struct run *run, struct run_task *task, unsigned hosts);
void effect_result(struct run *run, struct run_task *task, const struct report_result *result);
void effect_task_end(struct run *run, struct run_task *task);
void effect_lost(struct run_host *host, const struct error *err);
void effect_progress(struct run_host *host, const char *text);
void effect_output(struct run_host *host, struct run_task *task, const struct bytes *text);
void effect_warn(struct run *run, const char *host, const char *message);

/* Does all of it. */
void effects_carry_out(struct run *run, struct fleet *fleet, struct report *report);
void effects_free(struct run *run);

#endif
