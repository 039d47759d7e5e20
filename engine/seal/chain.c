/* chain: the runs that hosts had one after the other, and which one was before the last. */
#include "seal/chain.h"

#include <string.h>
#include <time.h>

const char *chain_name(struct arena *arena, const struct chain_run *run)
{
	time_t seconds = (time_t)run->seal.time;
	char text[64] = "an unknown time";
	struct tm local;

	if (localtime_r(&seconds, &local))
		strftime(text, sizeof(text), "%-d %B %Y, %H:%M", &local);
	if (run->seal.number > 0)
		return arena_printf(arena, "run %lld of %s, by %s", (long long)run->seal.number, text,
			run->seal.who);
	return arena_printf(arena, "run %s of %s, by %s", run->seal.run, text, run->seal.who);
}

/* --- The order on one host --- */

static bool same_digest(const unsigned char *one, const unsigned char *other)
{
	return memcmp(one, other, SEAL_DIGEST_SIZE) == 0;
}

static const struct chain_run *find(const struct chain *chain, const unsigned char *digest)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (same_digest(chain->runs[i].digest, digest))
			return &chain->runs[i];
	}
	return NULL;
}

static bool is_last(const struct chain *chain, const struct chain_run *run)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (same_digest(chain->runs[i].seal.previous, run->digest))
			return false;
	}
	return true;
}

/* How many runs hang together behind this one, itself included. */
static size_t length(const struct chain *chain, const struct chain_run *run)
{
	size_t count = 0;

	for (; run && count <= chain->count; count++)
		run = find(chain, run->seal.previous);
	return count;
}

int chain_order(struct arena *arena, struct chain *chain, struct error *err)
{
	const struct chain_run *newest = NULL;
	struct chain_run *ordered = arena_array(arena, chain->count + 1, sizeof(*ordered));
	size_t count = 0;

	for (size_t i = 0; i < chain->count; i++) {
		const struct chain_run *run = &chain->runs[i];

		if (!is_last(chain, run))
			continue;
		if (newest && length(chain, newest) > 1 && length(chain, run) > 1) {
			error_set(err, HISTORY_DISAGREEMENT, "the ledger of %s has two newest runs: %s, and %s",
				chain->host, chain_name(arena, newest), chain_name(arena, run));
			return error_remedy(err, "it was brought back from a backup; roll back where the "
				"history is");
		}
		if (!newest || run->seal.time > newest->seal.time)
			newest = run;
	}
	for (const struct chain_run *run = newest; run && count < chain->count;
			run = find(chain, run->seal.previous))
		ordered[count++] = *run;
	chain->runs = ordered;
	chain->count = count;
	return 0;
}

/* --- Over all hosts --- */

static bool same_run(const struct chain_run *one, const struct chain_run *other)
{
	return strcmp(one->seal.run, other->seal.run) == 0;
}

/* Whether some host had one of these runs after the other. */
static bool is_before(const struct chain *chains, size_t count, const struct chain_run *one,
	const struct chain_run *other)
{
	for (size_t i = 0; i < count; i++) {
		bool met = false;

		for (size_t k = 0; k < chains[i].count; k++) {
			if (met && same_run(&chains[i].runs[k], one))
				return true;
			met = met || same_run(&chains[i].runs[k], other);
		}
	}
	return false;
}

static int disagree(struct arena *arena, const char *what, const struct chain *one,
	const struct chain_run *run, const struct chain *other, const struct chain_run *instead,
	struct error *err)
{
	error_set(err, HISTORY_DISAGREEMENT, "the hosts don't agree on %s: %s has %s; %s has %s", what,
		one->host, chain_name(arena, run), other->host, chain_name(arena, instead));
	return error_remedy(err, "roll back where the history is, or host by host with -l");
}

/* Of one run for each host (NULL: none) the one that is before none of the others; each of them
 * must be it, or before it. */
static int latest(struct arena *arena, const struct chain *chains, size_t count,
	const struct chain_run *const *runs, const char *what, const struct chain_run **ret_run,
	struct error *err)
{
	const struct chain_run *found = NULL;
	size_t of = 0;

	for (size_t i = 0; i < count; i++) {
		if (runs[i] && (!found || is_before(chains, count, found, runs[i]))) {
			found = runs[i];
			of = i;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (runs[i] && !same_run(runs[i], found) && !is_before(chains, count, runs[i], found))
			return disagree(arena, what, &chains[of], found, &chains[i], runs[i], err);
		if (runs[i] && same_run(runs[i], found)
				&& !same_digest(runs[i]->seal.pack, found->seal.pack))
			return disagree(arena, what, &chains[of], found, &chains[i], runs[i], err);
	}
	*ret_run = found;
	return 0;
}

static const struct value *names_after(struct arena *arena, const struct chain *chains,
	size_t count, const struct chain_run *target)
{
	struct value *names = value_list(arena);

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < chains[i].count; k++) {
			if (is_before(chains, count, target, &chains[i].runs[k]))
				value_append(arena, names, value_string(arena, chains[i].runs[k].seal.run));
		}
	}
	return names;
}

int chains_before(struct arena *arena, const struct chain *chains, size_t count,
	struct chain_target *ret_target, struct error *err)
{
	const struct chain_run **runs = arena_array(arena, count + 1, sizeof(*runs));

	for (size_t i = 0; i < count; i++)
		runs[i] = chains[i].count > 0 ? &chains[i].runs[0] : NULL;
	if (latest(arena, chains, count, runs, "the last run", &ret_target->newest, err) < 0)
		return -1;
	if (!ret_target->newest) {
		error_set(err, SEAL_NO_TEXT, "no host has a sealed text of this playbook");
		return error_remedy(err, "roll back where the history is; --to nothing undoes all that it "
			"did");
	}
	for (size_t i = 0; i < count; i++) {
		runs[i] = NULL;
		for (size_t k = 0; !runs[i] && k < chains[i].count; k++) {
			if (!same_digest(chains[i].runs[k].seal.pack, ret_target->newest->seal.pack))
				runs[i] = &chains[i].runs[k];
		}
	}
	if (latest(arena, chains, count, runs, "the run before the last one", &ret_target->run,
			err) < 0)
		return -1;
	if (!ret_target->run) {
		error_set(err, SEAL_NO_TEXT, "no host has had another text of this playbook before the "
			"last one");
		return error_remedy(err, "--to nothing undoes all that it did");
	}
	ret_target->after = names_after(arena, chains, count, ret_target->run);
	return 0;
}
