/* sealing: the key of a run, and what nodes keep under it: the text, sealed, and a seal for each
 * host. */
#ifndef COMMAND_SEALING_H
#define COMMAND_SEALING_H

#include "seal/seal.h"

#include "base/value.h"
#include "wire/messages.h"

#include <stdbool.h>

struct sealing {
	struct arena *arena;
	const char *project, *playbook;
	const struct key *key;       /* that seals; NULL: there is none */
	struct owner_keys keys;      /* of it */
	struct seal seal;            /* what the seals of all hosts have in common */
	struct value *broken;        /* hosts whose last seal isn't right: name → why */
	struct sealing_key *known;   /* private */
};

/* The key for a playbook of a project: the one that the project names (id; NULL: none), else the
 * newest. make: without any a new one is made. notes: what there is to be said of it is added. 0,
 * also if there is no key; -1 with err. */
int sealing_begin(struct arena *arena, const char *project, const char *playbook, const char *id,
	bool make, struct value *notes, struct sealing *ret_sealing, struct error *err);

/* What the key with this ID gives for the playbook; NULL: ret_why says why it can't be used. */
const struct owner_keys *sealing_keys(struct sealing *sealing, const char *id,
	const char **ret_why);
/* Opens a host's seal with the key that it names. */
bool sealing_open(struct sealing *sealing, struct bytes bytes, const char *host,
	const struct seals *seals, const char *run, struct seal *ret_seal, const char **ret_why);

/* A run_seal: the seal of a host behind the last one that it had. */
struct value *sealing_host(void *sealing, struct arena *arena, const char *host,
	const struct seals *seals);

#endif
