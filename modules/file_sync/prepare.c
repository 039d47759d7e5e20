/* prepare: on the controller, a file or a tree of the project becomes a manifest. */
#include "modules/shared/file_attributes.h"
#include "modules/file_sync/file_sync.h"

#include "base/quote.h"

#include <string.h>

struct lister {
	struct prepare *prepare;
	const struct value *params;
	const char *const *exclude;
	size_t exclude_count;
	const char *const *include;
	size_t include_count;
	bool links;
	struct buffer text;
	size_t count;
};

static const char *const *words(struct arena *arena, const struct value *list, size_t *ret_count)
{
	size_t count = list && list->kind == VALUE_LIST ? list->count : 0;
	const char **result = arena_array(arena, count + 1, sizeof(*result));

	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (value_text(list->items[i]))
			result[(*ret_count)++] = value_text(list->items[i]);
	}
	return result;
}

/* By what can be executed, and never readable to more than the source is. */
static unsigned plain_mode(const struct prepare_entry *entry)
{
	unsigned mode = entry->kind == ENTRY_DIRECTORY || (entry->mode & 0100) ? 0755 : 0644;

	return attributes_private(mode, entry->mode);
}

/* A program that runs as its owner is nothing to come by the way. */
static void tell_special(struct lister *lister, const struct prepare_entry *entry,
	const char *source)
{
	if (entry->kind == ENTRY_FILE && (entry->mode & 06000)
			&& !value_get(lister->params, "mode"))
		prepare_warn(lister->prepare, "'%s' runs with its owner's or group's rights (%04o), which "
			"is left out: 'mode' can say it", source, entry->mode);
}

/* source: its path in the project; path: where it goes, relative. */
static int add_entry(struct lister *lister, const struct prepare_entry *entry, const char *source,
	const char *path, struct error *err)
{
	struct sync_line line = { .path = path, .mode = plain_mode(entry) };

	tell_special(lister, entry, source);
	if (entry->kind == ENTRY_OTHER) {
		error_set(err, FILE_WRONG_TYPE, "'%s' is neither a file, a directory nor a link", source);
		return error_remedy(err, "name it in 'exclude', or remove it from the project");
	}
	switch (entry->kind) {
	case ENTRY_DIRECTORY:
		line.kind = SYNC_DIRECTORY;
		break;
	case ENTRY_LINK:
		if (!lister->links)
			return 0;
		line.kind = SYNC_LINK;
		line.target = entry->target;
		break;
	case ENTRY_OTHER:
	case ENTRY_FILE:
		line.kind = SYNC_FILE;
		if (prepare_body(lister->prepare, source, &line.digest, &line.size, err) < 0)
			return -1;
		break;
	}
	if (!utf8_valid(path, strlen(path)) ||
	    (line.target && !utf8_valid(line.target, strlen(line.target)))) {
		error_set(err, FILE_INVALID_NAME, "the name of '%s' is not valid UTF-8", source);
		return error_remedy(err, "rename it, or exclude it");
	}
	sync_line_write(&lister->text, &line);
	lister->count++;
	if (lister->count > SYNC_ENTRIES_MOST
			|| lister->text.size > SYNC_MANIFEST_MOST) {
		error_set(err, FILE_TOO_LARGE, "'%s' holds too many files for one task",
			value_get_string(lister->params, "src"));
		return error_remedy(err, "split it over several tasks, or bring it as an archive");
	}
	return 0;
}

static int add_tree(struct lister *lister, const char *root, struct error *err)
{
	struct arena *arena = prepare_arena(lister->prepare);
	struct prepare_entry top;
	struct prepare_entry *entries;
	size_t count;

	if (prepare_stat(lister->prepare, root, &top, err) < 0 ||
	    prepare_list(lister->prepare, root, &entries, &count, err) < 0 ||
	    add_entry(lister, &top, root, ".", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct prepare_entry *entry = &entries[i];

		if (sync_excluded(entry->path, entry->kind == ENTRY_DIRECTORY, lister->exclude,
				lister->exclude_count, lister->include, lister->include_count))
			continue;
		if (add_entry(lister, entry, arena_printf(arena, "%s/%s", root, entry->path),
				entry->path, err) < 0)
			return -1;
	}
	return 0;
}

static const char *without_slashes(struct arena *arena, const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return arena_bytes(arena, path, size);
}

static int fill(struct lister *lister, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(lister->prepare);
	const char *src = without_slashes(arena, value_get_string(params, "src"));
	const char *dest = value_get_string(params, "dest");
	struct prepare_entry entry;
	const char *path;
	const char *name;

	if (prepare_find(lister->prepare, src, "files", &path, err) < 0 ||
	    prepare_stat(lister->prepare, path, &entry, err) < 0)
		return -1;
	if (entry.kind == ENTRY_DIRECTORY) {
		value_set_string(arena, params, "dest", without_slashes(arena, dest));
		return add_tree(lister, path, err);
	}
	name = strrchr(src, '/') ? strrchr(src, '/') + 1 : src;
	if (dest[strlen(dest) - 1] == '/')
		value_set_string(arena, params, "dest", arena_printf(arena, "%s%s", dest, name));
	if (value_get(params, "delete") &&
	    strcmp(value_get_string(params, "delete"), "true") == 0)
		return error_set(err, TASK_CONFLICTING_PARAMETERS, "'delete' is for directories, '%s' is a "
			"file", src);
	return add_entry(lister, &entry, path, ".", err);
}

int sync_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *links = value_get_string(params, "links");
	struct lister lister = {
		.prepare = prepare, .params = params,
		.links = !links || strcmp(links, "true") == 0,
	};
	int result;

	/* An undo brings its own. Where src or dest isn't known yet, neither is what is in it. */
	if (value_get(params, "manifest") || !value_get_string(params, "src") ||
	    !value_get_string(params, "dest"))
		return 0;
	lister.exclude = words(arena, value_get(params, "exclude"), &lister.exclude_count);
	lister.include = words(arena, value_get(params, "include"), &lister.include_count);
	result = fill(&lister, params, err);
	if (result == 0)
		value_set(arena, params, "manifest",
			value_bytes(arena, lister.text.data, lister.text.size));
	buffer_free(&lister.text);
	return result;
}
