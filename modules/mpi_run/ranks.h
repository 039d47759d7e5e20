/* ranks: what the processes of a job say, line by line, with who says it: "[node1 rank 3] a line". */
#ifndef MODULES_MPI_RANKS_H
#define MODULES_MPI_RANKS_H

#include "base/buffer.h"
#include "module/module.h"

struct ranks;

/* Of so many processes, by the major version of Open MPI; its memory is given back by ranks_free. */
struct ranks *ranks_new(size_t count, unsigned version);
void ranks_free(struct ranks *ranks);

/* The words before a program that make it tell first which machine it is on; end with NULL. */
extern const char *const ranks_words[];

/* struct command's sort: takes what mpirun --tag-output writes, in pieces of any size, and adds whole lines to
 * ret_lines. size 0: nothing more comes. Of lines that several processes write in parts at the same time, Open
 * MPI 5 doesn't say which part is whose. */
void ranks_sort(void *ranks, bool errors, const char *bytes, size_t size, struct buffer *ret_lines);

#endif
