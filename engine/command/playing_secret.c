/* playing_secret: what records may hold of a run's text, and what comes back of an older one. */
#include "command/playing_state.h"

#include "base/disclose.h"
#include "command/passphrase.h"

#include <string.h>

struct disclosure playing_disclosure(const struct playing *playing, enum audience audience)
{
	return (struct disclosure){ .audience = audience, .secrets = playing->secrets,
		.key = playing->sealing.key ? playing->sealing.keys.digest : NULL };
}

/* As the past was written down, to compare with it. */
static struct disclosure past_disclosure(struct playing *playing)
{
	const struct history_run *run = playing->past->run;
	const char *id = run ? value_get_string(run->how, "key") : NULL, *why;
	const struct owner_keys *keys = id ? sealing_keys(&playing->sealing, id, &why) : NULL;

	return (struct disclosure){ .audience = FOR_HISTORY, .secrets = playing->secrets,
		.key = keys ? keys->digest : NULL };
}

/* --- -e --- */

static bool is_file(const char *extra)
{
	return *extra == '@';
}

/* Each with the digest of its value, so that it can be told whether it is the same. */
static void name_values(const struct playing *playing, const struct disclosure *to, const char *text,
	struct value *named)
{
	struct value *set = value_map(playing->arena);
	struct error ignored = {0};

	/* Not what the run has read. */
	variables_extra(playing->arena, source_directory(playing->arena, NULL), text, set, &ignored);
	value_raise(set, LEVEL_PRIVATE);
	for (size_t i = 0; i < set->count; i++)
		value_append(playing->arena, named, value_printf(playing->arena, "%s=%s",
			set->pairs[i].key, value_text(disclose(playing->arena, to,
			set->pairs[i].value))));
}

void playing_name_extra(const struct playing *playing, const struct disclosure *to, const char *text,
	struct value *named)
{
	if (is_file(text) || disclose_find(text, strlen(text), &(size_t){0}))
		value_append(playing->arena, named, value_string(playing->arena, text));
	else
		name_values(playing, to, text, named);
}

struct value *playing_extra_named(const struct playing *playing, const struct disclosure *to)
{
	struct value *named = value_list(playing->arena);
	const struct value *given = playing_extra(playing);

	for (size_t i = 0; i < given->count; i++) {
		const char *text = value_text(given->items[i]);

		if (is_file(text) && !playing->past)
			text = arena_printf(playing->arena, "@%s", record_path(playing->arena,
				playing->project.folder, text + 1));
		playing_name_extra(playing, to, text, named);
	}
	return named;
}

/* A value that isn't given: from whoever sits here. */
static int ask(struct playing *playing, const char *name, struct value *extra, struct error *err)
{
	const char *prompt = arena_printf(playing->arena, "value of '%s', which %s was given with -e",
		name, playing->past->name);
	const char *text;

	if (!passphrase_terminal()) {
		error_set(err, HISTORY_KEPT_BACK, "%s was applied with -e %s=…, and values of -e are not "
			"kept", playing->past->name, name);
		return error_remedy(err, "give it again: -e %s=VALUE", name);
	}
	if (passphrase_ask(playing->arena, prompt, &text, err) < 0)
		return -1;
	value_set_string(playing->arena, extra, name, text);
	return 0;
}

/* then: what stood for the value, "NAME=(private 9f2c…)". */
static void compare(struct playing *playing, const char *then, const char *name,
	const struct value *value)
{
	const struct disclosure to = past_disclosure(playing);
	struct value *now = value_copy(playing->arena, value);

	value_raise(now, LEVEL_PRIVATE);
	if (!to.key || strcmp(then + strlen(name) + 1, value_text(disclose(playing->arena, &to,
			now))) != 0)
		value_append(playing->arena, playing->notes, value_printf(playing->arena,
			"'%s' isn't what it was then: today's value is used", name));
}

/* Nobody has the values of then but the user. What is undone as a whole does without. */
int playing_extra_wanted(struct playing *playing, struct value *extra, struct error *err)
{
	const struct value *then = playing->past && playing->past->run
		? value_get(playing->past->run->how, "extra") : NULL;
	bool nothing = playing->undo && playing->undo->undo == UNDO_ALL;

	for (size_t i = 0; !nothing && then && then->kind == VALUE_LIST && i < then->count; i++) {
		const char *text = value_text(then->items[i]);
		const char *name;

		if (!text || is_file(text) || !disclose_find(text, strlen(text), &(size_t){0}))
			continue;
		name = arena_bytes(playing->arena, text, strcspn(text, "="));
		if (!value_get(extra, name) && ask(playing, name, extra, err) < 0)
			return -1;
		compare(playing, text, name, value_get(extra, name));
	}
	return 0;
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
		.options = &options, .typed = playing->typed, .secrets = playing->secrets,
		.unasked = true };
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
	history_close(today.earlier.history);
}

const struct record *playing_revealed(struct playing *playing, struct source *today)
{
	const struct record *record = playing->past->record;
	const struct disclosure to = past_disclosure(playing);

	if (!has_gaps(record) || !to.key)
		return record;
	note_today(playing);
	return record_reveal(playing->arena, record, &to, today, playing->project.folder);
}
