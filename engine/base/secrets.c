/* secrets: strings that aren't for everybody, found by their first bytes. */
#include "base/secrets.h"

#include "base/buffer.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BRIEF_MOST = 1000, SECRET_NAME_MOST = 256 };

struct secret {
	struct secret *next;     /* with the same hash; longer ones first */
	const char *text;
	size_t size;
	enum level level;
};

struct secrets {
	struct arena *arena;
	struct secret **buckets;
	size_t bucket_count;     /* a power of two */
	size_t count;
	bool full;
	struct secret *brief;    /* too short to be looked for */
	size_t brief_count;
	struct value *files;     /* map: path → true; NULL: none */
	struct value *names;     /* map: name → true; NULL: none */
};

struct secrets *secrets_new(void)
{
	struct arena *arena = arena_new_wiped();
	struct secrets *secrets = arena_alloc(arena, sizeof(*secrets));

	secrets->arena = arena;
	return secrets;
}

void secrets_free(struct secrets *secrets)
{
	if (secrets)
		arena_free(secrets->arena);
}

/* FNV-1a, isthe.com/chongo/tech/comp/fnv, of as many bytes as every string here has. */
static size_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < SECRET_SIZE_LEAST; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

static void put(struct secrets *secrets, struct secret *secret)
{
	struct secret **at = &secrets->buckets[hash_of(secret->text) & (secrets->bucket_count - 1)];

	while (*at && (*at)->size > secret->size)
		at = &(*at)->next;
	secret->next = *at;
	*at = secret;
}

static void grow(struct secrets *secrets)
{
	struct secret **old = secrets->buckets;
	size_t count = secrets->bucket_count;

	secrets->bucket_count = count ? 4 * count : 64;
	secrets->buckets = arena_array(secrets->arena, secrets->bucket_count, sizeof(*old));
	for (size_t i = 0; i < count; i++) {
		for (struct secret *secret = old[i], *next; secret; secret = next) {
			next = secret->next;
			put(secrets, secret);
		}
	}
}

/* The longest one that stands here. */
static struct secret *secret_at(const struct secrets *secrets, const char *text, size_t size,
	enum level least)
{
	struct secret *secret;

	if (size < SECRET_SIZE_LEAST)
		return NULL;
	secret = secrets->buckets[hash_of(text) & (secrets->bucket_count - 1)];
	while (secret && (secret->size > size || secret->level < least
			|| memcmp(secret->text, text, secret->size) != 0))
		secret = secret->next;
	return secret;
}

static void note_brief(struct secrets *secrets, const char *text, size_t size, enum level level)
{
	struct secret *secret;

	for (secret = secrets->brief; secret; secret = secret->next) {
		if (secret->size == size && memcmp(secret->text, text, size) == 0) {
			secret->level = level_higher(secret->level, level);
			return;
		}
	}
	if (size == 0 || secrets->brief_count == BRIEF_MOST)
		return;
	secret = arena_alloc(secrets->arena, sizeof(*secret));
	*secret = (struct secret){ .next = secrets->brief, .size = size, .level = level,
		.text = arena_bytes(secrets->arena, text, size) };
	secrets->brief = secret;
	secrets->brief_count++;
}

static void note_one(struct secrets *secrets, const char *text, size_t size, enum level level)
{
	struct secret *known, *secret;

	if (size < SECRET_SIZE_LEAST) {
		note_brief(secrets, text, size, level);
		return;
	}
	if (secrets->count * 2 >= secrets->bucket_count)
		grow(secrets);
	known = secret_at(secrets, text, size, LEVEL_OPEN);
	if (known && known->size == size) {
		known->level = level_higher(known->level, level);
		return;
	}
	if (secrets->count == SECRETS_MOST) {
		secrets->full = true;
		return;
	}
	secret = arena_alloc(secrets->arena, sizeof(*secret));
	*secret = (struct secret){ .text = arena_bytes(secrets->arena, text, size), .size = size,
		.level = level };
	put(secrets, secret);
	secrets->count++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* White space around it isn't what is secret. */
static void note_trimmed(struct secrets *secrets, const char *text, const char *end, enum level level)
{
	while (text < end && is_blank(*text))
		text++;
	while (text < end && is_blank(end[-1]))
		end--;
	note_one(secrets, text, (size_t)(end - text), level);
}

void secrets_note_text(struct secrets *secrets, const char *text, size_t size, enum level level)
{
	const char *end = text + size;

	if (!secrets || level == LEVEL_OPEN)
		return;
	note_trimmed(secrets, text, end, level);
	/* A diff, or a program that complains of one line, shows them one by one. */
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		note_trimmed(secrets, text, newline ? newline : end, level);
		text = newline ? newline + 1 : end;
	}
}

void secrets_note_as(struct secrets *secrets, const struct value *value, enum level level)
{
	char number[32];

	level = level_higher(level, value->level);
	if (value->kind == VALUE_STRING || value->kind == VALUE_INTEGER || value->kind == VALUE_FLOAT) {
		if (value->text) {
			secrets_note_text(secrets, value->text, value->size, level);
		} else if (value->kind == VALUE_INTEGER) {
			snprintf(number, sizeof(number), "%" PRId64, value->integer);
			secrets_note_text(secrets, number, strlen(number), level);
		}
	}
	for (size_t i = 0; i < value->count; i++)
		secrets_note_as(secrets, value->kind == VALUE_MAP ? value_at(value, i) : value->items[i],
			level);
}

void secrets_note(struct secrets *secrets, const struct value *value)
{
	secrets_note_as(secrets, value, LEVEL_OPEN);
}

void secrets_note_made(struct secrets *secrets, const struct value *value)
{
	if (value->kind == VALUE_STRING && value->level > LEVEL_OPEN
			&& secrets_level(secrets, value->text, value->size) < value->level
			&& secrets_short(secrets, value->text) < value->level)
		secrets_note(secrets, value);
	for (size_t i = 0; i < value->count; i++)
		secrets_note_made(secrets, value->kind == VALUE_MAP ? value_at(value, i)
			: value->items[i]);
}

enum level secrets_short(const struct secrets *secrets, const char *text)
{
	enum level level = LEVEL_OPEN;

	for (const struct secret *secret = secrets ? secrets->brief : NULL; secret;
			secret = secret->next) {
		if (secret->level > level && strstr(text, secret->text))
			level = secret->level;
	}
	return level;
}

bool secrets_any(const struct secrets *secrets)
{
	return secrets && (secrets->count > 0 || (secrets->names && secrets->brief));
}

bool secrets_full(const struct secrets *secrets)
{
	return secrets && secrets->full;
}

enum level secrets_level(const struct secrets *secrets, const char *text, size_t size)
{
	enum level level = LEVEL_OPEN;

	if (!secrets || secrets->count == 0)
		return level;
	for (size_t at = 0; at + SECRET_SIZE_LEAST <= size && level < LEVEL_SECRET; at++) {
		const struct secret *secret = secret_at(secrets, text + at, size - at, level + 1);

		if (secret)
			level = secret->level;
	}
	return level;
}

const char *secrets_replace(const struct secrets *secrets, struct arena *arena, const char *text,
	size_t size, enum level least, secrets_word *word, void *context, size_t *ret_size)
{
	struct buffer out = {0};
	size_t kept = 0;

	for (size_t at = 0; secrets && secrets->count > 0 && at + SECRET_SIZE_LEAST <= size;) {
		const struct secret *secret = secret_at(secrets, text + at, size - at, least);

		if (!secret) {
			at++;
			continue;
		}
		buffer_add(&out, text + kept, at - kept);
		word(context, &out, secret->text, secret->size, secret->level);
		at += secret->size;
		kept = at;
	}
	if (kept > 0) {
		buffer_add(&out, text + kept, size - kept);
		text = arena_bytes(arena, out.data, out.size);
		size = out.size;
		buffer_free(&out);
	}
	if (ret_size)
		*ret_size = size;
	return text;
}

static void plain_word(void *context, struct buffer *out, const char *secret, size_t size,
	enum level level)
{
	(void)context;
	(void)secret;
	(void)size;
	buffer_add_string(out, level_word(level));
}

const char *secrets_cut(const struct secrets *secrets, struct arena *arena, const char *text,
	size_t size, enum level least, size_t *ret_size)
{
	return secrets_replace(secrets, arena, text, size, least, plain_word, NULL, ret_size);
}

/* Lines that aren't made yet hold nothing that their text doesn't. */
static bool holds_none(const struct secrets *secrets, const struct value *inside)
{
	return inside->unmade && !secrets_level(secrets, inside->text, inside->size);
}

void secrets_mark(const struct secrets *secrets, struct value *value)
{
	if (value->kind == VALUE_STRING && value->level < LEVEL_SECRET)
		value->level = level_higher(value->level,
			secrets_level(secrets, value->text, value->size));
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind != VALUE_MAP)
			secrets_mark(secrets, value->items[i]);
		else if (!holds_none(secrets, value->pairs[i].value))
			secrets_mark(secrets, value_at(value, i));
	}
}

void secrets_each(const struct secrets *secrets, void (*each)(void *context, const char *secret,
	size_t size, enum level level), void *context)
{
	for (size_t i = 0; secrets && i < secrets->bucket_count; i++) {
		for (const struct secret *secret = secrets->buckets[i]; secret; secret = secret->next)
			each(context, secret->text, secret->size, secret->level);
	}
	for (const struct secret *secret = secrets ? secrets->brief : NULL; secret;
			secret = secret->next)
		each(context, secret->text, secret->size, secret->level);
}

void secrets_note_name(struct secrets *secrets, const char *name)
{
	if (!secrets)
		return;
	if (!secrets->names)
		secrets->names = value_map(secrets->arena);
	value_set_bool(secrets->arena, secrets->names, name, true);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The short value behind "name: ", "name=" and the like; 0: none. */
static size_t brief_behind(const struct secrets *secrets, const char **at, const char *end)
{
	const char *text = *at;
	size_t found = 0;

	while (text < end && strchr("\"' \t", *text))
		text++;
	if (text == end || (*text != ':' && *text != '='))
		return 0;
	text++;
	while (text < end && strchr("\"' \t", *text))
		text++;
	for (const struct secret *secret = secrets->brief; secret; secret = secret->next) {
		if (secret->size > found && secret->size <= (size_t)(end - text)
				&& memcmp(text, secret->text, secret->size) == 0
				&& (text + secret->size == end || !is_word(text[secret->size])))
			found = secret->size;
	}
	*at = text;
	return found;
}

const char *secrets_find_named(const struct secrets *secrets, const char *text, size_t size,
	size_t *ret_size)
{
	const char *end = text + size;
	char name[SECRET_NAME_MOST + 1];

	if (!secrets || !secrets->names || !secrets->brief)
		return NULL;
	while (text < end) {
		size_t length = 0;

		while (text + length < end && is_word(text[length]))
			length++;
		if (length > 0 && length <= SECRET_NAME_MOST) {
			const char *at = text + length;

			memcpy(name, text, length);
			name[length] = '\0';
			*ret_size = value_get(secrets->names, name) ? brief_behind(secrets, &at, end) : 0;
			if (*ret_size > 0)
				return at;
		}
		text += length + 1;
	}
	return NULL;
}

void secrets_note_file(struct secrets *secrets, const char *path)
{
	if (!secrets)
		return;
	if (!secrets->files)
		secrets->files = value_map(secrets->arena);
	value_set_bool(secrets->arena, secrets->files, path, true);
}

const struct value *secrets_files(const struct secrets *secrets)
{
	return secrets ? secrets->files : NULL;
}

const char *level_word(enum level level)
{
	return level == LEVEL_SECRET ? "(secret)" : "(private)";
}
