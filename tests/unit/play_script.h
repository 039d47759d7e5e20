/* play_script: small plays in a shorthand, a slow interpreter of them, and the program made of
 * them, for tests of the order.
 *
 * A play is {hosts: abc, serial: [1, 50%], max_fail: 20, forced: true, tasks: […]}, hosts being
 * letters. A task is a name, or a map: {do: NAME, fails: HOSTS, lost: HOSTS, fatal: true,
 * once: true}; {block: […], rescue: […], always: […]}; {include: NAME, of: {HOST: [FILES]}} (hosts
 * that aren't named want none), a file being a key of "files"; {end_host: HOSTS},
 * {end_batch: HOSTS} or {end_play: HOSTS}: where the first host that comes is one of these. */
#ifndef TESTS_PLAY_SCRIPT_H
#define TESTS_PLAY_SCRIPT_H

#include "base/buffer.h"
#include "base/value.h"
#include "plan/schedule.h"

enum { SCRIPT_HOSTS = 6, SCRIPT_FILES = 4 };

enum item_kind { ITEM_DO, ITEM_BLOCK, ITEM_INCLUDE, ITEM_END_HOST, ITEM_END_BATCH, ITEM_END_PLAY };

struct items {
	struct item *items;
	size_t count;
};

/* Hosts are bits. */
struct item {
	enum item_kind kind;
	const char *name;
	unsigned fails, lost, ends;
	bool fatal, once, forced;
	struct items sections[SECTION_COUNT];
	int of[SCRIPT_HOSTS][SCRIPT_FILES + 1];   /* indexes of files, from 1; 0: no more */
};

struct script_play {
	unsigned hosts;
	struct serial serial[4];
	size_t serial_count;
	int max_fail;
	struct item *root;          /* a block */
};

struct script {
	struct script_play *plays;
	size_t play_count;
	struct items files[SCRIPT_FILES];
	const char *file_names[SCRIPT_FILES];
};

/* Numbers that look random, the same ones for a seed. */
struct chance {
	struct arena *arena;
	unsigned state, names;
};

unsigned chance_draw(struct chance *chance, unsigned below);

/* The hosts of the next batch of a play, which are taken off left. */
unsigned script_take_batch(const struct script_play *play, size_t number, unsigned *left);
void script_say_ends(struct buffer *out, const struct script *script, const unsigned rescued[],
	const enum cursor_out ends[]);

/* What is told: a line per step, "NAME: a b! c?" with ! for failed and ? for unreachable, in the order
 * of steps; then a line per host: what it came to, and how often it was rescued. */
struct script *script_parse(struct arena *arena, const char *text);
struct script *script_random(struct arena *arena, unsigned seed);
/* One step at a time, over all hosts. */
void script_interpret(const struct script *script, struct buffer *out);
/* Through the schedule: which host goes on next is drawn by the seed, which change something, too. */
void script_schedule(const struct script *script, unsigned seed, struct buffer *out);

#endif
