/* record_disclose: the text of a run without what records may not hold, and what can be brought
 * back of it. */
#include "source/record.h"

#include "base/digest.h"
#include "base/lookup.h"

#include <string.h>

static const char kept_back[] = "it is not for everybody to read";

/* What -e said has no file of its own. */
static bool is_command_line(const struct record_file *file)
{
	return file->mode == 0 && file->kind == SOURCE_FILE && strncmp(file->path, "-e", 2) == 0
		&& strspn(file->path + 2, "0123456789") == strlen(file->path + 2);
}

/* Paths of files that aren't for everybody, as sources and as records name them. */
static struct lookup noted_paths(struct arena *arena, const struct secrets *secrets,
	const char *folder)
{
	const struct value *files = secrets_files(secrets);
	const char **names = files ? record_paths(arena, folder, files) : NULL;
	struct lookup noted = {0};

	for (size_t i = 0; files && i < files->count; i++) {
		lookup_put(arena, &noted, files->pairs[i].key, files->pairs[i].value);
		lookup_put(arena, &noted, names[i], files->pairs[i].value);
	}
	return noted;
}

/* Short values of secret names, which would be found all over the text without the name. */
static void cut_named(struct arena *arena, const struct disclosure *to, struct record_file *file)
{
	const char *at = file->bytes, *end = file->bytes + file->size, *found;
	struct buffer out = {0};
	size_t size;

	while ((found = secrets_find_named(to->secrets, at, (size_t)(end - at), &size))) {
		buffer_add(&out, at, (size_t)(found - at));
		buffer_add_string(&out, disclose_digest(arena, to, found, size, LEVEL_SECRET));
		at = found + size;
	}
	if (at == file->bytes)
		return;
	buffer_add(&out, at, (size_t)(end - at));
	file->bytes = arena_bytes(arena, out.data, out.size);
	file->size = out.size;
	buffer_free(&out);
}

/* The keyed digest of its content's digest, which is known of what isn't read. */
static const char *word_of_digest(struct arena *arena, const struct disclosure *to, const char *digest)
{
	return disclose_digest(arena, to, digest, strlen(digest), LEVEL_PRIVATE);
}

static void keep_back(struct arena *arena, const struct disclosure *to, struct record_file *file)
{
	char hex[DIGEST_HEX_SIZE];

	if (!file->from)
		digest_bytes(file->bytes, file->size, hex);
	file->left_out = arena_printf(arena, "%s %s", kept_back, word_of_digest(arena, to,
		file->from ? file->digest : hex));
	file->bytes = file->from = NULL;
	file->size = 0;
}

struct record *record_disclose(struct arena *arena, const struct record *record, const char *folder,
	const struct disclosure *to)
{
	struct record *open = record_new(arena);
	struct lookup noted = noted_paths(arena, to->secrets, folder);
	bool anything = secrets_any(to->secrets);

	open->source = record->source;
	for (size_t i = 0; i < record->count; i++) {
		struct record_file file = record->files[i];

		if (is_command_line(&file))
			continue;
		if ((file.bytes || file.from) && lookup_get(&noted, file.path)) {
			keep_back(arena, to, &file);
			record_add(arena, open, &file);
			continue;
		}
		if (anything)
			file = record_load(arena, record, &file);
		if (file.bytes) {
			file.bytes = disclose_bytes(arena, to, file.bytes, file.size, &file.size);
			cut_named(arena, to, &file);
		}
		record_add(arena, open, &file);
	}
	return open;
}

bool record_keeps_back(const char *left_out)
{
	return left_out && strncmp(left_out, kept_back, strlen(kept_back)) == 0;
}

/* --- Back --- */

struct revealing {
	struct arena *arena;
	const struct disclosure *to;
	struct lookup known;       /* the word that stands for it → the secret, a struct value */
};

static void add_known(void *context, const char *secret, size_t size, enum level level)
{
	struct revealing *revealing = context;

	lookup_put(revealing->arena, &revealing->known, disclose_digest(revealing->arena,
		revealing->to, secret, size, level), value_bytes(revealing->arena, secret, size));
}

/* What isn't known today stays the word that stands for it. */
static void reveal_bytes(const struct revealing *revealing, struct record_file *file)
{
	const char *at = file->bytes, *end = file->bytes + file->size, *word;
	struct buffer out = {0};
	size_t size;

	while ((word = disclose_find(at, (size_t)(end - at), &size))) {
		const struct value *secret = lookup_get(&revealing->known,
			arena_bytes(revealing->arena, word, size));

		buffer_add(&out, at, (size_t)(word - at));
		buffer_add(&out, secret ? secret->text : word, secret ? secret->size : size);
		at = word + size;
	}
	if (at == file->bytes)
		return;
	buffer_add(&out, at, (size_t)(end - at));
	file->bytes = arena_bytes(revealing->arena, out.data, out.size);
	file->size = out.size;
	buffer_free(&out);
}

static void reveal_file(const struct revealing *revealing, struct source *today, const char *folder,
	struct record_file *file)
{
	const char *path = path_join(revealing->arena, folder, file->path);
	char hex[DIGEST_HEX_SIZE], *bytes;
	struct error ignored = {0};
	size_t size;

	if (source_read_body(today, revealing->arena, path, RECORD_BODY_MOST, &bytes, &size, &ignored) < 0)
		return;
	/* Older records have the digest of the content itself. */
	digest_bytes(bytes, size, hex);
	if (!strstr(file->left_out, word_of_digest(revealing->arena, revealing->to, hex))
			&& !strstr(file->left_out, disclose_digest(revealing->arena, revealing->to, bytes, size,
			LEVEL_PRIVATE)))
		return;
	file->bytes = bytes;
	file->size = size;
	file->left_out = NULL;
}

struct record *record_reveal(struct arena *arena, const struct record *record,
	const struct disclosure *to, struct source *today, const char *folder)
{
	struct revealing revealing = { .arena = arena, .to = to };
	struct record *whole = record_new(arena);

	secrets_each(to->secrets, add_known, &revealing);
	for (size_t i = 0; i < record->count; i++) {
		struct record_file file = record->files[i];

		if (file.bytes)
			reveal_bytes(&revealing, &file);
		else if (to->key && record_keeps_back(file.left_out))
			reveal_file(&revealing, today, folder, &file);
		record_add(arena, whole, &file);
	}
	return whole;
}
