/* playing_secret: what records may hold of a run's text, and what comes back of an older one. */
#include "command/playing_state.h"

#include "base/disclose.h"

#include <sodium.h>
#include <string.h>

/* Records have a key of their own, made of the user's. */
static const unsigned char *record_key(struct arena *arena, bool make)
{
	static const char purpose[] = "beoplay records";
	unsigned char *key = arena_alloc(arena, crypto_generichash_BYTES);
	struct saved_key user;
	struct error ignored = {0};

	if (saved_key_load(arena, saved_key_path(arena), make, &user, &ignored) < 0)
		return NULL;
	crypto_generichash(key, crypto_generichash_BYTES, (const unsigned char *)purpose,
		strlen(purpose), user.bytes, sizeof(user.bytes));
	sodium_memzero(&user, sizeof(user));
	return key;
}

struct disclosure playing_disclosure(const struct playing *playing, enum audience audience)
{
	return (struct disclosure){ .audience = audience, .secrets = playing->secrets,
		.key = record_key(playing->arena, !playing->options->check) };
}

/* --- -e --- */

static bool is_file(const char *extra)
{
	return *extra == '@';
}

/* What one -e sets: each with the digest of its value, so that it can be told whether it is the same. */
static void name_values(const struct playing *playing, const struct disclosure *to, const char *text,
	struct value *named)
{
	struct value *set = value_map(playing->arena);
	struct error ignored = {0};

	if (disclose_find(text, strlen(text), &(size_t){0})) {
		value_append(playing->arena, named, value_string(playing->arena, text));
		return;
	}
	variables_extra(playing->arena, playing->source, text, set, &ignored);
	value_raise(set, LEVEL_PRIVATE);
	for (size_t i = 0; i < set->count; i++)
		value_append(playing->arena, named, value_printf(playing->arena, "%s=%s",
			set->pairs[i].key, value_text(disclose(playing->arena, to,
			set->pairs[i].value))));
}

struct value *playing_extra_named(const struct playing *playing, const struct disclosure *to)
{
	struct value *named = value_list(playing->arena);
	const struct value *given = playing_extra(playing);

	for (size_t i = 0; i < given->count; i++) {
		const char *text = value_text(given->items[i]);

		if (is_file(text))
			value_append(playing->arena, named, playing->past ? given->items[i]
				: value_printf(playing->arena, "@%s", record_path(playing->arena,
				playing->project.folder, text + 1)));
		else
			name_values(playing, to, text, named);
	}
	return named;
}

/* The values of then are needed, and nobody has them but the user. */
int playing_extra_wanted(const struct playing *playing, const struct value *extra, struct error *err)
{
	const struct value *then = playing->past && playing->past->run
		? value_get(playing->past->run->how, "extra") : NULL;
	bool nothing = playing->undo && playing->undo->undo == UNDO_ALL;
	const char *missing = NULL;

	for (size_t i = 0; !nothing && then && then->kind == VALUE_LIST && i < then->count; i++) {
		const char *text = value_text(then->items[i]);
		const char *name;

		if (!text || is_file(text) || !disclose_find(text, strlen(text), &(size_t){0}))
			continue;
		name = arena_bytes(playing->arena, text, strcspn(text, "="));
		if (!value_get(extra, name))
			missing = missing ? arena_printf(playing->arena, "%s, %s", missing, name) : name;
	}
	if (!missing)
		return 0;
	error_set(err, ERROR_TEXT, "%s was applied with -e %s, and values of -e are not kept",
		playing->past->name, missing);
	return error_remedy(err, "give them again: -e NAME=VALUE");
}

/* --- An older text --- */

static bool has_gaps(const struct record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct record_file *file = &record->files[i];

		if (file->bytes ? disclose_find(file->bytes, file->size, &(size_t){0}) != NULL
				: record_keeps_back(file->left_out))
			return true;
	}
	return false;
}

/* Notes the secrets of the text as it is today; what is wrong with it doesn't matter here. */
static void note_today(const struct playing *playing)
{
	struct apply_options options = *playing->options;
	struct playing today = { .arena = playing->arena, .outer = playing->outer,
		.options = &options, .typed = playing->typed, .secrets = playing->secrets };
	const struct value *then = playing->past->run ? value_get(playing->past->run->how,
		"inventories") : NULL;
	struct error ignored = {0};

	options.inventories = value_list(playing->arena);
	for (size_t i = 0; then && then->kind == VALUE_LIST && i < then->count; i++)
		value_append(playing->arena, options.inventories, value_string(playing->arena,
			path_join(playing->arena, playing->project.folder, value_text(then->items[i]))));
	playing_load(&today, &ignored);
	if (today.run)
		run_free(today.run);
}

const struct record *playing_revealed(const struct playing *playing, struct source *today)
{
	const struct record *record = playing->past->record;
	struct disclosure to = { .audience = FOR_HISTORY, .secrets = playing->secrets,
		.key = record_key(playing->arena, false) };

	if (!has_gaps(record) || !to.key)
		return record;
	note_today(playing);
	return record_reveal(playing->arena, record, &to, today, playing->project.folder);
}
