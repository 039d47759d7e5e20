/* module_prepare: a controller all in memory, for the prepare hooks of modules.
 *
 * It defines every function of struct prepare: to be included in one file of a test program. */
#ifndef TESTS_MODULE_PREPARE_H
#define TESTS_MODULE_PREPARE_H

#include "base/digest.h"
#include "module/module.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PREPARE_ENTRIES = 64 };

struct prepare {
	struct arena *arena;
	const char *host;
	const char *user;          /* who logs in */
	const char *part;          /* of the task */
	struct value *hosts;       /* names, whatever the pattern */
	const char *outside;       /* one of them that isn't in the play */
	const char *lost;          /* one that is gone */
	const char *absent;        /* one where nothing is done */
	struct value *addresses;   /* name → address */
	struct value *published;   /* "host/module" → facts */
	struct prepare_entry entries[PREPARE_ENTRIES];   /* paths from the project's top */
	const char *contents[PREPARE_ENTRIES];
	size_t count;
	struct value *bodies;      /* digest → content */
	struct value *variables;   /* "host/name" → value */
	struct value *host_keys;   /* host → list */
	const char *key;           /* the last one asked for with prepare_published */
	const char *kept_result;   /* what prepare_keep was last asked to keep */
};

static inline struct prepare *prepare_new(struct arena *arena)
{
	struct prepare *prepare = arena_alloc(arena, sizeof(*prepare));

	prepare->arena = arena;
	prepare->hosts = value_list(arena);
	prepare->addresses = value_map(arena);
	prepare->published = value_map(arena);
	prepare->bodies = value_map(arena);
	prepare->variables = value_map(arena);
	prepare->host_keys = value_map(arena);
	return prepare;
}

static inline void prepare_add(struct prepare *prepare, const char *path, unsigned mode,
	const char *content)
{
	struct prepare_entry *entry = &prepare->entries[prepare->count];

	entry->path = path;
	entry->kind = content ? ENTRY_FILE : ENTRY_DIRECTORY;
	entry->mode = mode;
	entry->size = content ? (int64_t)strlen(content) : 0;
	prepare->contents[prepare->count++] = content;
}

static inline void prepare_add_link(struct prepare *prepare, const char *path, const char *target)
{
	struct prepare_entry *entry = &prepare->entries[prepare->count++];

	entry->path = path;
	entry->kind = ENTRY_LINK;
	entry->target = target;
}

static inline void prepare_publish(struct prepare *prepare, const char *host, const char *module,
	struct value *facts)
{
	value_set(prepare->arena, prepare->published, arena_printf(prepare->arena, "%s/%s", host,
		module), facts);
}

struct arena *prepare_arena(struct prepare *prepare)
{
	return prepare->arena;
}

const char *prepare_host(struct prepare *prepare)
{
	return prepare->host;
}

const char *prepare_part(struct prepare *prepare, const char *item)
{
	(void)item;
	return prepare->part ? prepare->part : "";
}

const char *prepare_user(struct prepare *prepare)
{
	return prepare->user;
}

int prepare_hosts(struct prepare *prepare, const char *pattern, struct value **ret_names,
	struct error *err)
{
	(void)pattern;
	(void)err;
	*ret_names = prepare->hosts;
	return 0;
}

int prepare_is_among(struct prepare *prepare, const char *pattern, bool *ret_among,
	struct error *err)
{
	(void)pattern;
	(void)err;
	*ret_among = false;
	for (size_t i = 0; i < prepare->hosts->count; i++)
		*ret_among |= strcmp(value_text(prepare->hosts->items[i]), prepare->host) == 0;
	return 0;
}

bool prepare_in_play(struct prepare *prepare, const char *host)
{
	return !prepare->outside || strcmp(prepare->outside, host) != 0;
}

bool prepare_lost(struct prepare *prepare, const char *host)
{
	return prepare->lost && strcmp(prepare->lost, host) == 0;
}

int prepare_variable(struct prepare *prepare, const char *host, const char *name,
	struct value **ret_value, struct error *err)
{
	(void)err;
	*ret_value = value_get(prepare->variables, arena_printf(prepare->arena, "%s/%s", host, name));
	return 0;
}

int prepare_claim(struct prepare *prepare, const char *host, const struct value *name,
	struct error *err)
{
	(void)prepare;
	(void)host;
	(void)name;
	(void)err;
	return 0;
}

int prepare_give(struct prepare *prepare, const char *address, struct error *err)
{
	(void)prepare;
	(void)address;
	(void)err;
	return 0;
}

int prepare_address(struct prepare *prepare, const char *host, const char **ret_address,
	struct error *err)
{
	const char *address = value_get_string(prepare->addresses, host);

	(void)err;
	*ret_address = address ? address : host;
	return 0;
}

struct value *prepare_published(struct prepare *prepare, const char *host, const char *module,
	const char *key)
{
	prepare->key = key;
	return value_get(prepare->published, arena_printf(prepare->arena, "%s/%s", host, module));
}

struct value *prepare_heard(struct prepare *prepare, const char *host, const char *module,
	const char *key)
{
	return prepare_published(prepare, host, module, key);
}

bool prepare_absent(struct prepare *prepare, const char *host)
{
	return prepare->absent && strcmp(prepare->absent, host) == 0;
}

struct value *prepare_host_keys(struct prepare *prepare, const char *host)
{
	return value_get(prepare->host_keys, host);
}

static inline int prepare_index(struct prepare *prepare, const char *path, size_t *ret_index,
	struct error *err)
{
	for (size_t i = 0; i < prepare->count; i++) {
		if (strcmp(prepare->entries[i].path, path) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	return error_set(err, FILE_NOT_FOUND, "there is no '%s'", path);
}

int prepare_find(struct prepare *prepare, const char *source, const char *kind,
	const char **ret_path, struct error *err)
{
	size_t index = 0;

	*ret_path = arena_printf(prepare->arena, "%s/%s", kind, source);
	return prepare_index(prepare, *ret_path, &index, err);
}

int prepare_stat(struct prepare *prepare, const char *path, struct prepare_entry *ret_entry,
	struct error *err)
{
	size_t index = 0;

	if (prepare_index(prepare, path, &index, err) < 0)
		return -1;
	*ret_entry = prepare->entries[index];
	return 0;
}

int prepare_body_bytes(struct prepare *prepare, const void *bytes, size_t size,
	const char **ret_digest, struct error *err)
{
	char digest[DIGEST_HEX_SIZE];

	(void)err;
	digest_bytes(bytes, size, digest);
	*ret_digest = arena_string(prepare->arena, digest);
	value_set(prepare->arena, prepare->bodies, digest, value_bytes(prepare->arena, bytes, size));
	return 0;
}

int prepare_body(struct prepare *prepare, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err)
{
	size_t index = 0;

	if (prepare_index(prepare, path, &index, err) < 0)
		return -1;
	*ret_size = (int64_t)strlen(prepare->contents[index]);
	return prepare_body_bytes(prepare, prepare->contents[index], strlen(prepare->contents[index]),
		ret_digest, err);
}

int prepare_offer(struct prepare *prepare, const char *host, const char *digest, int64_t size,
	struct error *err)
{
	(void)prepare;
	(void)host;
	(void)digest;
	(void)size;
	(void)err;
	return 0;
}

int prepare_keep(struct prepare *prepare, const char *path, const char *result, const char **ret_digest,
	struct error *err)
{
	prepare->kept_result = result;
	if (ret_digest)
		*ret_digest = "";
	return path[0] ? 0 : error_set(err, FILE_INVALID_NAME, "a file has a name");
}

int prepare_content(struct prepare *prepare, const char *path, struct value **ret_digest,
	int64_t *ret_size, struct error *err)
{
	const char *digest;

	if (prepare_body(prepare, path, &digest, ret_size, err) < 0)
		return -1;
	*ret_digest = value_string(prepare->arena, digest);
	return 0;
}

int prepare_text(struct prepare *prepare, const char *path, struct value **ret_text, struct error *err)
{
	size_t index = 0;

	if (prepare_index(prepare, path, &index, err) < 0)
		return -1;
	*ret_text = value_string(prepare->arena, prepare->contents[index]);
	return 0;
}

int prepare_list(struct prepare *prepare, const char *path, struct prepare_entry **ret_entries,
	size_t *ret_count, struct error *err)
{
	size_t size = strlen(path);

	(void)err;
	*ret_count = 0;
	*ret_entries = arena_array(prepare->arena, PREPARE_ENTRIES, sizeof(**ret_entries));
	for (size_t i = 0; i < prepare->count; i++) {
		struct prepare_entry entry = prepare->entries[i];

		if (strncmp(entry.path, path, size) != 0 || entry.path[size] != '/')
			continue;
		entry.path += size + 1;
		(*ret_entries)[(*ret_count)++] = entry;
	}
	return 0;
}

int prepare_template(struct prepare *prepare, const char *text, size_t size, const char *path,
	const struct value *settings, struct value **ret_text, struct error *err)
{
	(void)path;
	(void)settings;
	(void)err;
	*ret_text = value_bytes(prepare->arena, text, size);
	return 0;
}

int prepare_expression(struct prepare *prepare, const struct value *expression,
	struct value **ret_value, struct error *err)
{
	(void)err;
	*ret_value = value_copy(prepare->arena, expression);
	return 0;
}

/* As it is said to come out: "true", "false" and what isn't known. */
int prepare_condition(struct prepare *prepare, const struct value *condition,
	struct value **ret_truth, struct error *err)
{
	(void)err;
	*ret_truth = strcmp(condition->text, "true") == 0 || strcmp(condition->text, "false") == 0
		? value_bool(prepare->arena, condition->text[0] == 't')
		: value_unknown(prepare->arena, &(struct cause){
			.kind = CAUSE_RESULT, .name = condition->text });
	return 0;
}

unsigned prepare_verbosity(struct prepare *prepare)
{
	(void)prepare;
	return 0;
}

void prepare_warn(struct prepare *prepare, const char *format, ...)
{
	(void)prepare;
	(void)format;
}

#endif
