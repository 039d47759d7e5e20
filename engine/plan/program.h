/* program: what a text says is to be done, as a tree of blocks and steps in one order.
 *
 * No host and no value is in it. It grows where an include opens a file while a run goes on; nothing
 * is ever taken away. Each step has a label that says where in the order it stands. Steps of the
 * text are 2^32 apart, so that what an include opens fits between neighbours; where it doesn't, all
 * get new labels. So nobody may keep a label: keep the step. Everything lives in the program's
 * arena. */
#ifndef PLAN_PROGRAM_H
#define PLAN_PROGRAM_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;

/* Hosts, by their index. */
struct host_set {
	uint64_t *words;
	size_t count;              /* of words */
};

struct host_set host_set_new(struct arena *arena, size_t hosts);
bool host_set_has(const struct host_set *set, size_t host);
void host_set_add(struct host_set *set, size_t host);

enum section { SECTION_MAIN, SECTION_RESCUE, SECTION_ALWAYS, SECTION_COUNT };

/* One thing to be done, by all hosts that come by. */
struct step {
	uint64_t label;            /* only compared, and only by step_before */
	struct step *before, *after;   /* in the order of the whole program; NULL: none */
	struct block *block;       /* where it stands */
	enum section section;
	size_t index;
	bool run_once;             /* one host does it for all of its batch that are there */
	struct group *groups;      /* what an include has opened so far */
	void *data;                /* of whoever makes the program */
};

/* Either a step or a block. */
struct node {
	struct step *step;
	struct block *block;
};

struct block {
	struct block *parent;      /* NULL: of a play, or opened by an include */
	enum section section;      /* in the parent */
	size_t index;
	struct step *opened_by;    /* the include at which it stands; NULL: none */
	bool forces_handlers;      /* its always is made for them: a failure is one at once */
	struct nodes {
		struct node *nodes;
		size_t count, capacity;
	} sections[SECTION_COUNT];
};

/* What an include opened, for all hosts of a batch that want the same. */
struct group {
	struct group *next;        /* of the same include; those of a batch are in their order */
	const struct batch *batch;
	const char *key;           /* what they want: a file, and the item of a loop */
	struct block *block;
	struct host_set hosts;
};

struct program {
	struct arena *arena;
	struct step *first, *last;
	size_t step_count;
	unsigned relabelled;       /* how often all labels were made anew */
};

struct program *program_new(struct arena *arena);
/* At the end of a section of a block; parent NULL: one for program_add or program_open. */
struct block *program_block(struct program *program, struct block *parent, enum section section);
struct step *program_step(struct program *program, struct block *block, enum section section);
/* Puts the block of a play, with all that is in it, behind all others. */
void program_add(struct program *program, struct block *block);
/* What an include opens for a batch, behind what it has opened for it so far, of which nothing may
 * have been begun. Its hosts are to be added. A block may be opened once only. */
struct group *program_open(struct program *program, struct step *include,
	const struct batch *batch, const char *key, struct block *block, size_t hosts);
/* The first such group that doesn't have the host yet; NULL: there is none. */
struct group *program_group(const struct step *include, const struct batch *batch,
	const char *key, size_t host);

bool step_before(const struct step *step, const struct step *other);
/* Where a block stands: the block around it, and in which section of it; NULL: of a play. */
struct block *block_around(const struct block *block, enum section *ret_section);

#endif
