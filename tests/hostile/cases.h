/* cases: what a node may say that no agent of ours would. */
#ifndef HOSTILE_CASES_H
#define HOSTILE_CASES_H

#include "wire/wire.h"

#include <stdbool.h>

/* How the run must end for the host that lies. */
enum ending {
	ENDS_REFUSED,      /* it fails, with a protocol error */
	ENDS_LOST,         /* it fails or is unreachable, whatever is said of it */
	ENDS_ANYHOW,       /* it may come to a good end, too */
	ENDS_BY_SIGNAL,    /* it goes on until the controller gets a SIGTERM */
};

/* One lie. Those of the tables replace the body of a message; the others act. */
struct lie {
	const char *name;
	enum ending ending;
	enum frame_type type;      /* sent instead of an honest one of that type, or after the stage */
	struct value *body;        /* NULL: act says it */
	void (*act)(const struct lie *lie);
	size_t number;             /* for act */
};

/* All of them, those of the tables first; the count is returned. */
size_t lies_make(struct arena *arena, struct lie **ret_lies);

/* Plays the agent on stdin and stdout. */
void lie_tell(const struct lie *lie);

#endif
