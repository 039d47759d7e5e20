/* disclose: values for those who may not see all of them. */
#include "base/disclose.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum { DIGEST_SIZE = DISCLOSE_DIGITS / 2 };   /* the least that crypto_generichash gives */

enum level disclose_least(enum audience audience)
{
	return audience == FOR_TERMINAL ? LEVEL_SECRET : LEVEL_PRIVATE;
}

char *disclose_digest(struct arena *arena, const struct disclosure *to, const void *bytes, size_t size,
	enum level level)
{
	unsigned char digest[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];
	const char *word = level_word(level);

	if (!to->key || to->audience == FOR_TERMINAL || to->audience == FOR_JSON)
		return arena_string(arena, word);
	crypto_generichash(digest, sizeof(digest), bytes, size, to->key, 32);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	return arena_printf(arena, "%.*s %s)", (int)strlen(word) - 1, word, hex);
}

/* The bytes that a value's digest is of: they tell kinds apart, and don't depend on the machine. */
static void add_bytes(struct buffer *bytes, const struct value *value)
{
	buffer_printf(bytes, "%d:%zu:", (int)value->kind, value->count ? value->count : value->size);
	if (value->kind == VALUE_STRING)
		buffer_add(bytes, value->text, value->size);
	else if (value->kind == VALUE_INTEGER)
		buffer_printf(bytes, "%" PRId64, value->integer);
	else if (value->kind == VALUE_FLOAT)
		buffer_printf(bytes, "%.17g", value->number);
	else if (value->kind == VALUE_BOOL)
		buffer_add_char(bytes, value->truth ? '1' : '0');
	for (size_t i = 0; i < value->count; i++) {
		if (value->kind == VALUE_MAP)
			buffer_printf(bytes, "%zu:%s", strlen(value->pairs[i].key), value->pairs[i].key);
		add_bytes(bytes, value->kind == VALUE_MAP ? value_at(value, i) : value->items[i]);
	}
}

static struct value *stand_in(struct arena *arena, const struct disclosure *to,
	const struct value *value)
{
	enum level level = value_level(value);
	struct buffer bytes = {0};
	struct value *made;

	if (to->audience == FOR_LEDGER)
		return NULL;
	add_bytes(&bytes, value);
	made = value_string(arena, disclose_digest(arena, to, bytes.data, bytes.size, level));
	explicit_bzero(bytes.data, bytes.size);
	buffer_free(&bytes);
	made->place = value->place;
	return made;
}

static struct value *disclose_members(struct arena *arena, const struct disclosure *to,
	const struct value *value)
{
	struct value *copy = value->kind == VALUE_LIST ? value_list(arena) : value_map(arena);

	copy->place = value->place;
	for (size_t i = 0; i < value->count; i++) {
		struct value *item = disclose(arena, to, value->kind == VALUE_LIST ? value->items[i]
			: value_at(value, i));

		if (item && value->kind == VALUE_LIST)
			value_append(arena, copy, item);
		else if (item)
			value_set(arena, copy, disclose_text(arena, to, value->pairs[i].key), item);
	}
	return copy;
}

struct value *disclose(struct arena *arena, const struct disclosure *to, const struct value *value)
{
	const char *text;
	size_t size;

	if (value->level >= disclose_least(to->audience))
		return stand_in(arena, to, value);
	if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
		return disclose_members(arena, to, value);
	if (value->kind != VALUE_STRING)
		return (struct value *)value;
	text = disclose_bytes(arena, to, value->text, value->size, &size);
	return text == value->text ? (struct value *)value : value_bytes(arena, text, size);
}

struct wording {
	struct arena *arena;
	const struct disclosure *to;
};

static void add_digest(void *context, struct buffer *out, const char *secret, size_t size,
	enum level level)
{
	const struct wording *wording = context;

	buffer_add_string(out, disclose_digest(wording->arena, wording->to, secret, size, level));
}

const char *disclose_bytes(struct arena *arena, const struct disclosure *to, const char *bytes,
	size_t size, size_t *ret_size)
{
	struct wording wording = { arena, to };

	return secrets_replace(to->secrets, arena, bytes, size, disclose_least(to->audience), add_digest,
		&wording, ret_size);
}

const char *disclose_text(struct arena *arena, const struct disclosure *to, const char *text)
{
	return text ? disclose_bytes(arena, to, text, strlen(text), NULL) : NULL;
}

const char *disclose_find(const char *text, size_t size, size_t *ret_size)
{
	static const char *const starts[] = { "(secret ", "(private " };
	const char *end = text + size;

	for (; text < end && (text = memchr(text, '(', (size_t)(end - text))); text++) {
		for (size_t i = 0; i < 2; i++) {
			size_t start = strlen(starts[i]);

			*ret_size = start + DISCLOSE_DIGITS + 1;
			if ((size_t)(end - text) >= *ret_size && strncmp(text, starts[i], start) == 0
					&& strspn(text + start, "0123456789abcdef") == DISCLOSE_DIGITS
					&& text[*ret_size - 1] == ')')
				return text;
		}
	}
	return NULL;
}

bool disclose_inside(const struct value *value)
{
	size_t size;

	if (value->kind == VALUE_STRING && disclose_find(value->text, value->size, &size))
		return true;
	for (size_t i = 0; i < value->count; i++) {
		if (disclose_inside(value->kind == VALUE_MAP ? value_at(value, i) : value->items[i]))
			return true;
	}
	return false;
}
