/* outputs: what tasks give goes to files of the project, where they say so. */
#ifndef PLAN_OUTPUTS_H
#define PLAN_OUTPUTS_H

#include "base/error.h"
#include "wire/messages.h"

#include <stdbool.h>

struct run_host;
struct step;

/* What of its results goes to a file of the project. */
struct keep {
	const char *path;
	const char *result;        /* its name */
	bool private;
	bool begun;                /* something is there from the task that goes on */
};

/* While it comes: */
void outputs_add(struct run_host *host, const struct step *step, const struct bytes *text);
/* … and when it is over. In a dry run what would be written is noted. Returns the result as it is told; an
 * error if nothing can be written. */
int outputs_take(struct run_host *host, const struct step *step, struct arena *arena,
	const struct result **body, struct error *err);

#endif
