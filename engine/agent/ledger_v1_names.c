/* ledger_v1_names: what resources of the form before are called now.
 *
 * Paths had more than one spelling (//, /./), a line without a pattern was known by its text, and what
 * tasks did to a user's authorized_keys as a whole belonged to authorized-key:USER:* and
 * authorized-literal:USER:*. Under their old names all of them would be orphans, and be taken away. */
#include "agent/ledger_v1_names.h"
#include "base/digest.h"

#include <string.h>

enum { LINE_DIGITS = 16 };

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

const char *ledger_v1_path(struct arena *arena, const char *path)
{
	char *ret = arena_alloc(arena, strlen(path) + 2);
	size_t used = 0;

	for (const char *at = path; *at; at += strcspn(at, "/")) {
		size_t size;

		at += strspn(at, "/");
		size = strcspn(at, "/");
		if (size == 0 || (size == 1 && *at == '.'))
			continue;
		ret[used++] = '/';
		memcpy(ret + used, at, size);
		used += size;
	}
	if (used == 0)
		ret[used++] = '/';
	ret[used] = '\0';
	return ret;
}

const char *ledger_v1_key(struct arena *arena, const char *key)
{
	const char *colon = key ? strchr(key, ':') : NULL;
	size_t size;

	if (!colon || colon[1] != '/')
		return key;
	/* A file's name may hold a colon; behind other paths comes what in the file it is. */
	size = starts(key, "file:") ? strlen(colon + 1) : strcspn(colon + 1, ":");
	return arena_printf(arena, "%.*s%s%s", (int)(colon + 1 - key), key, ledger_v1_path(arena,
		arena_bytes(arena, colon + 1, size)), colon + 1 + size);
}

/* The text, or the digest of one, that a wish of lineinfile is. */
static bool has_pattern(const struct value *root, const struct value *wishes)
{
	const char *wish = value_get_string(wishes, "lineinfile");
	const char *text = wish ? value_get_string(value_get(root, "texts"), wish) : NULL;

	text = text ? text : wish ? wish : "";
	return strstr(text, "\nregexp: ") || strstr(text, "\nsearch_string: ")
		|| starts(text, "regexp: ") || starts(text, "search_string: ");
}

static bool is_pattern(struct arena *arena, const struct value *root, const char *identity,
	const struct value *entry)
{
	static const char *const lists[] = { "owners", "undos" };
	static const char *const keys[] = { "wishes", "before" };

	for (size_t i = 0; i < 2; i++) {
		const struct value *list = value_get(entry, lists[i]);

		for (size_t k = 0; list && list->kind == VALUE_LIST && k < list->count; k++) {
			if (has_pattern(root, value_get(list->items[k], keys[i])))
				return true;
		}
	}
	return value_get(value_get(root, "records"), arena_printf(arena, "lineinfile:%s",
		identity + strlen("line:"))) != NULL;
}

/* What of a file a line's name says: the text of the line, or a pattern. NULL: it is no line. */
static const char *line_of(const char *identity)
{
	const char *colon = starts(identity, "line:/") ? strchr(identity + strlen("line:"), ':') : NULL;

	return colon ? colon + 1 : NULL;
}

const char *ledger_v1_name(struct arena *arena, const struct value *root, const char *identity,
	const struct value *entry)
{
	const char *line = line_of(identity);
	char digest[DIGEST_HEX_SIZE];

	if (!line || is_pattern(arena, root, identity, entry))
		return ledger_v1_key(arena, identity);
	digest_bytes(line, strlen(line), digest);
	return ledger_v1_key(arena, arena_printf(arena, "%.*s=%.*s", (int)(line - identity), identity,
		LINE_DIGITS, digest));
}

static bool is_whole(const char *identity)
{
	size_t size = strlen(identity);

	return size > 2 && strcmp(identity + size - 2, ":*") == 0
		&& (starts(identity, "authorized-key:") || starts(identity, "authorized-literal:"));
}

/* No text names the whole any more: it goes with one of its keys. */
const char *ledger_v1_parent(struct arena *arena, const struct value *root, const char *identity,
	const char *parent)
{
	const struct value *resources = value_get(root, "resources");
	const char *user = strchr(identity, ':'), *keys;

	if (!user || !is_whole(identity))
		return ledger_v1_key(arena, parent);
	keys = arena_printf(arena, "authorized-key%.*s", (int)strlen(user) - 1, user);
	for (size_t i = 0; i < resources->count; i++) {
		const struct value *owners = value_get(resources->pairs[i].value, "owners");

		if (starts(resources->pairs[i].key, keys) && !is_whole(resources->pairs[i].key)
				&& owners && owners->kind == VALUE_LIST && owners->count > 0
				&& value_get_integer(owners->items[0], "gone", 0)
				<= value_get_integer(owners->items[0], "regained", 0))
			return resources->pairs[i].key;
	}
	return parent;
}

struct value *ledger_v1_params(struct arena *arena, const char *identity, const char *name,
	const struct value *params)
{
	const char *line = line_of(identity);
	struct value *ret;

	if (!params || params->kind != VALUE_MAP)
		return (struct value *)params;
	ret = value_map(arena);
	for (size_t i = 0; i < params->count; i++) {
		const char *key = params->pairs[i].key;
		struct value *value = params->pairs[i].value;

		/* Each key has its own undo: of the whole it is only where its files were missing. */
		if (is_whole(identity) && (strcmp(key, "whole") == 0 || starts(key, "taken"))) {
			continue;
		} else if (line && strcmp(key, "pattern") == 0) {
			value_set_string(arena, ret, key, line_of(name));
		} else {
			value_set(arena, ret, key, value);
		}
	}
	return ret;
}
