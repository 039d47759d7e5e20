/* program: what a text says is to be done, as a tree of blocks and units in one order.
 *
 * No host and no value is in it. It grows where an include opens a file while a run goes on; nothing
 * is ever taken away. Each unit has a label that says where in the order it stands. Steps of the
 * text are 2^32 apart, so that what an include opens fits between neighbours; where it doesn't, all
 * get new labels. So nobody may keep a label: keep the unit. Everything lives in the program's
 * arena. */
#ifndef PLAN_PROGRAM_H
#define PLAN_PROGRAM_H

#include "base/arena.h"
#include "base/lookup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct filled;
struct module;
struct play;
struct run_host;
struct run_task;

/* Hosts, by their index. */
struct host_set {
	uint64_t *words;
	size_t count;              /* of words */
};

struct host_set host_set_new(struct arena *arena, size_t hosts);
bool host_set_has(const struct host_set *set, size_t host);
void host_set_add(struct host_set *set, size_t host);
void host_set_remove(struct host_set *set, size_t host);
struct host_set *host_set_copy(struct arena *arena, const struct host_set *set);

enum section { SECTION_MAIN, SECTION_RESCUE, SECTION_ALWAYS, SECTION_COUNT };

/* One thing to be done, by all hosts that come by: a task, a part of one, or a point where the
 * handlers run that are due. */
/* When something was made of what hosts tell, and for whom; see prepared.c. */
struct made {
	const char *user;          /* who logs in */
	uint64_t heard, told, moved;   /* of the run, by then; 0: nothing was asked of that */
};

/* What was filled in once. */
struct shared {
	struct filled *filled;     /* NULL: nothing */
	struct made made;
};

struct unit {
	uint64_t label;            /* only compared, and only by unit_before */
	struct unit *before, *after;   /* in the order of the whole program; NULL: none */
	struct block *block;       /* where it stands */
	enum section section;
	size_t place;              /* in the section */
	struct host_set *only;     /* hosts that have it; NULL: all that come by */
	bool run_once;             /* one host does it for all of its batch that are there */
	struct group *groups;      /* what an include has opened so far */
	size_t slots;              /* throttle: so many hosts are doing it … */
	struct run_host *waiting;  /* … and these would */
	/* What it is; read by whoever sends it. */
	int64_t index;             /* in run->units */
	const char *path;          /* of what an include brought in: names it in every run of the same text;
	                              NULL: the index does */
	const struct play *play;
	size_t play_index;
	struct run_task *task;     /* NULL: due handlers run here */
	const struct module *module;
	bool undo;                 /* one that takes back, or looks … */
	size_t visit;              /* … at which target of a host, from 0 */
	bool early;                /* a handler that an earlier run left due; see due.c */
	bool aside;                /* a handler outside its play: if it fails, the run goes on */
	bool barrier;              /* before it all hosts must have passed what is before */
	struct shared shared[2];   /* filled in alike for all hosts, bystanders second */
	bool differs;              /* its preparation asked for something of the host itself, */
	bool by_user;              /* or for who logs in there, */
	bool reads_own;            /* and be it for a value that no other host's preparation reads */
	size_t filled_for;         /* so many hosts until now */
	struct lookup prepared;    /* parameters, by what they were made of; see prepared.c */
	size_t prepared_again;     /* so many times what was kept there has held */
	struct lookup texts;       /* and long ones that were made of each host, by their digest */
};

/* Either a unit or a block. */
struct node {
	struct unit *unit;
	struct block *block;
};

struct block {
	struct block *parent;      /* NULL: of a play, or opened by an include */
	enum section section;      /* in the parent */
	size_t index;
	struct unit *opened_by;    /* the include at which it stands; NULL: none */
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
	struct unit *first, *last;
	size_t unit_count;
	unsigned relabelled;       /* how often all labels were made anew */
};

struct program *program_new(struct arena *arena);
/* At the end of a section of a block; parent NULL: one for program_add or program_open. */
struct block *program_block(struct program *program, struct block *parent, enum section section);
struct unit *program_unit(struct program *program, struct block *block, enum section section);
/* Puts the block of a play, with all that is in it, behind all others. */
void program_add(struct program *program, struct block *block);
/* What an include opens for a batch, behind what it has opened for it so far, of which nothing may
 * have been begun. Its hosts are to be added. A block may be opened once only. */
struct group *program_open(struct program *program, struct unit *include,
	const struct batch *batch, const char *key, struct block *block, size_t hosts);
/* The first such group that doesn't have the host yet; NULL: there is none. */
struct group *program_group(const struct unit *include, const struct batch *batch,
	const char *key, size_t host);

/* Whether a host that comes by has it. */
bool unit_has(const struct unit *unit, size_t host);
bool unit_before(const struct unit *unit, const struct unit *other);
/* Whether a failure of it comes to a rescue. */
bool unit_is_rescued(const struct unit *unit);
/* Whether it is only done where something else has failed. */
bool unit_rescues(const struct unit *unit);
/* Where a block stands: the block around it, and in which section of it; NULL: of a play. */
struct block *block_around(const struct block *block, enum section *ret_section);

#endif
