/* passphrase: what is asked of whoever sits at the terminal. */
#ifndef COMMAND_PASSPHRASE_H
#define COMMAND_PASSPHRASE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

/* The first line of a file; file NULL: asked for on the terminal without showing it, twice if it is
 * a new one. */
int passphrase_read(struct arena *arena, const char *file, bool fresh, const char **ret_passphrase,
	struct error *err);
/* The next line of an open file, without its end. NULL with err: there is none, which what says, or it is
 * too long. */
const char *passphrase_line(struct arena *arena, FILE *file, const char *what, struct error *err);
/* A value that isn't shown; an error without a terminal. */
int passphrase_ask(struct arena *arena, const char *prompt, const char **ret_text,
	struct error *err);
/* Whether there is somebody to be asked. */
bool passphrase_terminal(void);
/* A question that only "y" or "yes" agrees to. */
bool passphrase_agree(const char *question);

#endif
