/* plan: a dry run that is kept, so that just what it found is done later. */
#ifndef COMMAND_PLAN_H
#define COMMAND_PLAN_H

#include "command/options.h"

/* Applies a saved plan (plan/saved.h). options: those of the command line. An exit code. */
int plan_apply(struct arena *arena, const struct apply_options *options, const char *path);

#endif
