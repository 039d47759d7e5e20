/* chain: the runs that hosts had one after the other, as their seals say, and which one was before
 * the last. */
#ifndef SEAL_CHAIN_H
#define SEAL_CHAIN_H

#include "base/value.h"
#include "seal/seal.h"

struct chain_run {
	struct seal seal;
	unsigned char digest[SEAL_DIGEST_SIZE];   /* of the seal */
};

struct chain {
	const char *host;
	struct chain_run *runs;    /* after chain_order the newest first, each the one after the next */
	size_t count;
};

/* Puts the runs of one host (seals that were opened) in order, by what each names as the one
 * before; what hangs on none of those is dropped. An error if there are two newest ones. */
int chain_order(struct arena *arena, struct chain *chain, struct error *err);

struct chain_target {
	const struct chain_run *newest, *run;
	const struct value *after;     /* names of all runs behind it, for an undo */
};

/* The run before the newest one that has another text. Each host's word counts for itself: a host
 * that had no earlier run says nothing, and where hosts had different ones that is an error which
 * names them. */
int chains_before(struct arena *arena, const struct chain *chains, size_t count,
	struct chain_target *ret_target, struct error *err);
/* "run 11 of 3 November 2026, 14:05, by ann@desk". */
const char *chain_name(struct arena *arena, const struct chain_run *run);

#endif
