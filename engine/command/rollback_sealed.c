/* rollback_sealed: a rollback where there is no history: by the sealed texts that the hosts keep.
 *
 * A host can hold back what it was given, but can't make or change it: a text counts only if the
 * user's key opens it, and only as the run that the seals of this very host say. */
#include "command/rollback.h"

#include "command/command.h"
#include "command/passphrase.h"
#include "command/playing.h"
#include "command/project.h"
#include "command/sealing.h"

#include "base/digest.h"
#include "base/quote.h"
#include "report/report.h"
#include "seal/chain.h"
#include "seal/pack.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

struct sealed {
	struct arena *arena;
	const struct apply_options *options;
	const char *playbook;
	const char *project, *owner, *folder;
	struct sealing sealing;
	struct playing_looked *looked;
	size_t looked_count;
	struct value *lost;
	struct chain *chains;
	struct chain_target target;
};

static const char *printable(const struct sealed *sealed, const char *text)
{
	return quote_printable(sealed->arena, text, strlen(text), 0);
}

/* --- What the hosts have --- */

static int look(struct sealed *sealed, const char *text, struct playing_looked **ret_looked,
	size_t *ret_count, struct value **ret_lost)
{
	struct apply_options all = *sealed->options;

	/* Every host has a say, whichever of them are rolled back. */
	all.limit = NULL;
	return playing_look(sealed->arena, &all, sealed->playbook, text, ret_looked, ret_count, ret_lost);
}

static void take_run(struct sealed *sealed, struct chain *chain, const struct seals *seals,
	const struct ledger_run *run)
{
	struct chain_run *to = &chain->runs[chain->count];
	const char *why;

	if (!run->run || !run->seal.bytes || !run->playbook
			|| strcmp(run->playbook, sealed->owner) != 0)
		return;
	if (sealing_open(&sealed->sealing, run->seal, chain->host, seals, run->run, &to->seal, &why)) {
		seal_digest(run->seal.bytes, to->digest);
		chain->count++;
	} else {
		fprintf(stderr, "beoplay: %s: the seal of run %s isn't used: %s\n", chain->host,
			printable(sealed, run->run), why);
	}
}

static int read_chains(struct sealed *sealed, struct error *err)
{
	sealed->chains = arena_array(sealed->arena, sealed->looked_count + 1, sizeof(struct chain));
	for (size_t i = 0; i < sealed->looked_count; i++) {
		const struct looked *looked = sealed->looked[i].looked;
		struct chain *chain = &sealed->chains[i];

		chain->host = sealed->looked[i].host;
		if (!looked)
			continue;
		chain->runs = arena_array(sealed->arena, looked->run_count + 1, sizeof(*chain->runs));
		for (size_t k = 0; k < looked->run_count; k++)
			take_run(sealed, chain, looked->seals, &looked->runs[k]);
		if (chain_order(sealed->arena, chain, err) < 0)
			return -1;
	}
	return 0;
}

/* --- The text --- */

/* From whichever host has it: its digest, which the seals tell, says that it is the one. */
static int fetch(struct sealed *sealed, struct bytes *ret_pack, struct error *err)
{
	char wanted[DIGEST_HEX_SIZE], hex[DIGEST_HEX_SIZE];
	struct playing_looked *looked;
	struct value *lost;
	size_t count;

	sodium_bin2hex(wanted, sizeof(wanted), sealed->target.run->seal.pack, SEAL_DIGEST_SIZE);
	if (look(sealed, wanted, &looked, &count, &lost) != EXIT_GOOD)
		return error_set(err, SEAL_NO_TEXT, "the hosts can't be asked");
	for (size_t i = 0; i < count; i++) {
		const struct bytes text = looked[i].looked ? looked[i].looked->text : (struct bytes){0};

		if (!text.bytes)
			continue;
		digest_bytes(text.bytes, text.size, hex);
		if (strcmp(hex, wanted) == 0) {
			*ret_pack = text;
			return 0;
		}
	}
	error_set(err, SEAL_NO_TEXT, "no host hands out the text of %s",
		chain_name(sealed->arena, sealed->target.run));
	return error_remedy(err, "roll back where the history is; --to nothing undoes all that it did");
}

static int open_text(struct sealed *sealed, struct bytes pack,
	struct playing_past *ret_past, struct error *err)
{
	const struct owner_keys *keys;
	char id[KEY_HEX_SIZE];
	const char *why;
	char *text;
	size_t size;

	if (!pack_key(pack.bytes, pack.size, id))
		return error_set(err, SEAL_ALTERED, "what the hosts kept is no sealed text");
	keys = sealing_keys(&sealed->sealing, id, &why);
	if (!keys)
		return error_set(err, SEAL_OTHER_KEY, "the text can't be opened: %s", why);
	if (pack_open(sealed->arena, keys, pack.bytes, pack.size, &text, &size, err) < 0
			|| playing_unpack(sealed->arena, text, size, ret_past, err) < 0)
		return -1;
	if (strcmp(ret_past->run->playbook, sealed->owner) != 0)
		return error_set(err, SEAL_OTHER_KEY, "the text that the hosts kept is that of another "
			"playbook");
	return 0;
}

/* --- Agreeing to it --- */

static bool is_named(const struct chain_run *run, const char *to)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)run->seal.number);
	return strcmp(to, run->seal.run) == 0 || (run->seal.number > 0 && strcmp(to, number) == 0);
}

static const char *describe(const struct sealed *sealed)
{
	const struct chain_run *run = sealed->target.run;
	const char *name = printable(sealed, chain_name(sealed->arena, run));

	if (sealed->lost->count == 0)
		return name;
	return arena_printf(sealed->arena, "%s (%zu of %zu hosts couldn't be asked: %s)", name,
		sealed->lost->count, sealed->lost->count + sealed->looked_count,
		report_fold(sealed->arena, sealed->lost));
}

/* All hosts together could hide the newest runs: so a person says that it is the one. */
static int agree(const struct sealed *sealed, struct error *err)
{
	const struct chain_run *run = sealed->target.run;
	const char *to = sealed->options->to, *what = describe(sealed);

	if (to && !is_named(run, to)) {
		error_set(err, HISTORY_NONE, "without a history only the text before the last one is "
			"known: %s", what);
		return error_remedy(err, "--to %s goes back to it", run->seal.run);
	}
	if (to || sealed->options->check) {
		fprintf(stderr, "beoplay: back to %s\n", what);
		return 0;
	}
	if (!passphrase_terminal()) {
		error_set(err, HISTORY_NONE, "no history found here; the hosts agree on %s", what);
		return error_remedy(err, "if that is the one, say so: --to %s", run->seal.run);
	}
	if (passphrase_agree(arena_printf(sealed->arena, "Go back to %s?", what)))
		return 0;
	return error_set(err, CLI_DECLINED, "nothing was done");
}

static int go_back(struct sealed *sealed, struct error *err)
{
	struct playing_undo undo = { .undo = UNDO_AFTER };
	struct bytes pack = {0};
	struct playing_past past;

	if (read_chains(sealed, err) < 0 || chains_before(sealed->arena, sealed->chains,
			sealed->looked_count, &sealed->target, err) < 0
			|| fetch(sealed, &pack, err) < 0 || open_text(sealed, pack, &past, err) < 0
			|| agree(sealed, err) < 0)
		return -1;
	past.name = arena_printf(sealed->arena, "run %s", sealed->target.run->seal.run);
	undo.after = sealed->target.after;
	undo.note = sealed->target.run->seal.run;
	return playing_run(sealed->options, sealed->playbook, &past, &undo);
}

int rollback_sealed(struct arena *arena, const struct apply_options *options, const char *playbook,
	struct error *err)
{
	struct sealed sealed = { .arena = arena, .options = options, .playbook = playbook };
	struct playing_undo nothing = { .undo = UNDO_ALL, .note = "nothing" };
	int code;

	if (playing_owner(arena, options, playbook, &sealed.project, &sealed.owner, &sealed.folder,
			err) < 0 || sealing_begin(arena, sealed.project, sealed.owner, NULL, false,
			value_list(arena), &sealed.sealing, err) < 0)
		return -1;
	code = look(&sealed, NULL, &sealed.looked, &sealed.looked_count, &sealed.lost);
	if (code != EXIT_GOOD)
		return code;
	if (sealed.looked_count == 0)
		return error_set(err, SEAL_NO_TEXT, "no host could be asked what was before");
	if (options->to && strcmp(options->to, "nothing") == 0)
		return playing_run(options, playbook, NULL, &nothing);
	return go_back(&sealed, err);
}
