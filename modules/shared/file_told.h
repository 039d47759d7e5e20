/* file_told: what stat and find tell of a file, by Ansible's names. */
#ifndef MODULES_FILE_TOLD_H
#define MODULES_FILE_TOLD_H

#include "base/arena.h"
#include "base/value.h"

#include <sys/types.h>

/* Adds isdir, isreg …, mode as four octal digits, and who may read, write and execute it. mode: with the
 * kind of file. */
void file_told_mode(struct arena *arena, struct value *told, mode_t mode);

#endif
