/* sealing: the key of a run, and what nodes keep under it. */
#include "command/sealing.h"

#include "command/playing.h"

#include <sodium.h>
#include <string.h>

static void note(struct arena *arena, struct value *notes, const char *text)
{
	value_append(arena, notes, value_string(arena, text));
}

/* The key that the project names; NULL: it isn't here, or is believed no more. */
static int find_named(struct arena *arena, const char *id, struct value *notes,
	const struct key **ret_key, struct error *err)
{
	if (keys_find(arena, keys_directory(arena), id, ret_key, err) < 0)
		return -1;
	if (!*ret_key)
		note(arena, notes, arena_printf(arena, "beoplay.yml names the key %s, which you don't "
			"have: texts are sealed with your own, and the others of your team can't open them "
			"(beoplay key import FILE)", id));
	else if ((*ret_key)->revoked)
		note(arena, notes, arena_printf(arena, "beoplay.yml names the key %s, which is revoked: "
			"texts are sealed with your own", id));
	if (*ret_key && (*ret_key)->revoked)
		*ret_key = NULL;
	return 0;
}

int sealing_begin(struct arena *arena, const char *project, const char *playbook, const char *id,
	bool make, struct value *notes, struct sealing *ret_sealing, struct error *err)
{
	bool made = false;

	*ret_sealing = (struct sealing){ .arena = arena, .project = project, .playbook = playbook,
		.broken = value_map(arena) };
	if (id && find_named(arena, id, notes, &ret_sealing->key, err) < 0)
		return -1;
	if (!ret_sealing->key && keys_newest(arena, keys_directory(arena), make, playing_who(arena),
			&ret_sealing->key, &made, err) < 0)
		return -1;
	if (made)
		note(arena, notes, arena_printf(arena, "made the key %s, which seals what nodes keep of the "
			"texts: keep a copy in a safe place (beoplay key export -o FILE)",
			ret_sealing->key->id));
	if (ret_sealing->key)
		keys_derive(ret_sealing->key, project, playbook, &ret_sealing->keys);
	return 0;
}

/* A key that was asked for by its ID. */
struct sealing_key {
	struct sealing_key *next;
	const char *id;
	struct owner_keys keys;
	const char *why;             /* it can't be used; NULL: it can */
};

const struct owner_keys *sealing_keys(struct sealing *sealing, const char *id,
	const char **ret_why)
{
	struct sealing_key *known = sealing->known;
	const struct key *key;
	struct error err = {0};

	while (known && strcmp(known->id, id) != 0)
		known = known->next;
	if (!known) {
		known = arena_alloc(sealing->arena, sizeof(*known));
		*known = (struct sealing_key){ .next = sealing->known,
			.id = arena_string(sealing->arena, id) };
		sealing->known = known;
		if (keys_find(sealing->arena, keys_directory(sealing->arena), id, &key, &err) < 0)
			known->why = arena_string(sealing->arena, err.message);
		else if (!key || key->revoked)
			known->why = arena_printf(sealing->arena, key ? "its key %s is revoked"
				: "you don't have its key %s", id);
		else
			keys_derive(key, sealing->project, sealing->playbook, &known->keys);
	}
	*ret_why = known->why;
	return known->why ? NULL : &known->keys;
}

/* --- Seals --- */

static bool read_incarnation(const struct seals *seals,
	unsigned char ret_bytes[SEAL_INCARNATION_SIZE])
{
	const char *hex = seals ? seals->incarnation : NULL;
	size_t size = 0;

	return hex && sodium_hex2bin(ret_bytes, SEAL_INCARNATION_SIZE, hex, strlen(hex), NULL, &size,
		NULL) == 0 && size == SEAL_INCARNATION_SIZE;
}

bool sealing_open(struct sealing *sealing, struct bytes bytes, const char *host,
	const struct seals *seals, const char *run, struct seal *ret_seal, const char **ret_why)
{
	unsigned char incarnation[SEAL_INCARNATION_SIZE];
	const struct owner_keys *keys;
	char id[KEY_HEX_SIZE];

	*ret_why = "it is no seal";
	if (!run || !bytes.bytes || !seal_key(bytes.bytes, bytes.size, id)
			|| !read_incarnation(seals, incarnation))
		return false;
	keys = sealing_keys(sealing, id, ret_why);
	return keys && seal_open(keys, bytes.bytes, bytes.size, host, incarnation, run, ret_seal,
		ret_why);
}

/* The host's last seal of this playbook; those of others are passed over. */
static void find_previous(struct sealing *sealing, const char *host, const struct seals *seals,
	struct seal *seal)
{
	for (size_t i = 0; i < seals->count; i++) {
		const struct kept_seal *kept = &seals->kept[i];
		struct seal before;
		const char *why;

		if (sealing_open(sealing, kept->seal, host, seals, kept->run, &before, &why)) {
			seal_digest(kept->seal.bytes, seal->previous);
			return;
		}
		if (!strstr(why, "another project"))
			value_set_string(sealing->arena, sealing->broken, host, why);
	}
}

struct value *sealing_host(void *context, struct arena *arena, const char *host,
	const struct seals *seals)
{
	struct sealing *sealing = context;
	struct seal seal = sealing->seal;
	unsigned char bytes[SEAL_SIZE];

	if (!read_incarnation(seals, seal.incarnation))
		return NULL;
	seal.host = host;
	find_previous(sealing, host, seals, &seal);
	seal_make(&sealing->keys, &seal, bytes);
	return value_bytes(arena, (const char *)bytes, sizeof(bytes));
}
