/* look: what is at dest, and what delete takes away from it. */
#include "modules/file_sync/file_sync.h"

#include "base/lookup.h"
#include "base/quote.h"
#include "modules/errors.h"
#include "modules/shared/backup.h"
#include "modules/shared/file_attributes.h"

#include <stdlib.h>
#include <string.h>

enum { EXTRAS_MOST = 100000, DEPTH_MOST = 64 };

static unsigned mode_wanted(const struct sync_params *want, const struct sync_entry *entry)
{
	const char *text = entry->want.kind == SYNC_DIRECTORY ? want->directory_mode : want->mode;
	enum file_kind kind = entry->want.kind == SYNC_DIRECTORY ? FILE_DIRECTORY : FILE_REGULAR;
	bool there = entry->have.kind == kind;
	bool executable = (entry->have.mode & 0111) != 0;

	if (text)
		return sync_mode(text, there ? entry->have.mode : entry->want.mode,
			kind == FILE_DIRECTORY);
	if (!there)
		return entry->want.mode;
	if (kind == FILE_REGULAR && executable != ((entry->want.mode & 0111) != 0))
		return entry->want.mode;
	/* A directory of others may be as open as they want it. */
	return kind == FILE_REGULAR ? attributes_private(entry->have.mode, entry->want.mode)
		: entry->have.mode;
}

static int look_at_text(struct host *host, struct sync_entry *entry, struct error *err)
{
	char *bytes;
	size_t size;

	if (entry->have.size > SYNC_TEXT_MOST)
		return 0;
	if (host_read(host, entry->path, SYNC_TEXT_MOST, &bytes, &size, err) < 0)
		return -1;
	if (utf8_valid(bytes, size) && !memchr(bytes, '\0', size))
		entry->text = bytes;
	return 0;
}

/* What is in a directory. */
struct listing {
	struct file_name *names;   /* sorted */
	size_t count;
};

/* Directories by their paths as the manifest has them, which come before what is in them. */
static const struct listing *listing_above(const struct lookup *listings, struct arena *arena,
	const char *path)
{
	const char *slash = strrchr(path, '/');

	if (listings->count == 0 || strcmp(path, ".") == 0)
		return NULL;
	return lookup_get(listings, slash ? arena_bytes(arena, path, (size_t)(slash - path)) : ".");
}

static int compare_name(const void *key, const void *name)
{
	return strcmp(key, ((const struct file_name *)name)->name);
}

/* What is there, from its directory's listing if there is one: that is one call for all of them. */
static int look_for(struct host *host, const struct lookup *listings, struct sync_entry *entry,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const struct listing *above = listing_above(listings, arena, entry->want.path);
	const char *slash = strrchr(entry->want.path, '/');
	const struct file_name *found;

	if (!above)
		return host_stat(host, entry->path, &entry->have, err);
	host_has_read(host, arena_printf(arena, "stat:%s", entry->path));
	found = above->count == 0 ? NULL : bsearch(slash ? slash + 1 : entry->want.path, above->names,
		above->count, sizeof(*above->names), compare_name);
	entry->have = found ? found->info : (struct file_info){ .kind = FILE_NONE };
	return 0;
}

/* Where what src doesn't have is to go, all that is there is asked for anyway. */
static int list_wished(struct host *host, struct lookup *listings, const struct sync_entry *entry,
	struct error *err)
{
	struct listing *listing;

	if (entry->want.kind != SYNC_DIRECTORY || entry->have.kind != FILE_DIRECTORY)
		return 0;
	listing = arena_alloc(host_arena(host), sizeof(*listing));
	lookup_put(host_arena(host), listings, entry->want.path, listing);
	return host_list(host, entry->path, &listing->names, &listing->count, err);
}

static int look_at_entry(struct host *host, const struct sync_params *want,
	struct lookup *listings, struct sync_entry *entry, struct guard_refusal *ret_refusal,
	struct error *err)
{
	struct file_name *names;
	size_t count;

	if (look_for(host, listings, entry, err) < 0
			|| (want->delete && list_wished(host, listings, entry, err) < 0))
		return -1;
	entry->mode = mode_wanted(want, entry);
	if (entry->have.kind == FILE_DIRECTORY && entry->want.kind == SYNC_ABSENT) {
		if (host_list(host, entry->path, &names, &count, err) < 0)
			return -1;
		entry->empty = count == 0;
	}
	if (entry->have.kind != FILE_NONE && entry->want.kind == SYNC_ABSENT
			&& guard_look(host, entry->path, GUARD_EMPTY, ret_refusal, err) < 0)
		return -1;
	if (entry->have.kind != FILE_REGULAR)
		return 0;
	if (host_digest_seen(host, entry->path, &entry->have, &entry->digest, err) < 0)
		return -1;
	if (entry->want.kind == SYNC_FILE && strcmp(entry->digest, entry->want.digest) == 0)
		return 0;
	if (want->backup && entry->want.kind == SYNC_FILE
			&& backup_path(host, entry->path, &entry->backup, err) < 0)
		return -1;
	return look_at_text(host, entry, err);
}

/* What a backup of ours is called: NAME.2025-01-31@12:00:00~ */
static bool is_backup(const char *name)
{
	size_t size = strlen(name);

	return size > 21 && name[size - 1] == '~' && name[size - 10] == '@' &&
		name[size - 21] == '.';
}

struct walk {
	struct host *host;
	const struct sync_params *want;
	struct sync_state *have;
	const struct lookup *listings;
	size_t capacity;
	size_t kept;               /* names met that stay */
	struct guard guard;
	const char *real;          /* dest without links on the way */
	struct guard_refusal mount;    /* of the mount that we are in, if it isn't dest's own */
};

static int compare_path(const void *key, const void *entry)
{
	return strcmp(key, (*(const struct sync_entry *const *)entry)->want.path);
}

static int compare_entries(const void *one, const void *other)
{
	return strcmp((*(const struct sync_entry *const *)one)->want.path,
		(*(const struct sync_entry *const *)other)->want.path);
}

static int walk_extras(struct walk *walk, const struct sync_entry *const *sorted,
	const char *directory, unsigned depth, struct error *err);

static int add_extra(struct walk *walk, const char *path, const struct file_info *info,
	struct error *err)
{
	struct sync_state *have = walk->have;

	if (have->extra_count == EXTRAS_MOST)
		return error_set(err, FILE_SYNC_TOO_LARGE, "'%s' holds too much", walk->want->dest);
	if (have->extra_count == walk->capacity) {
		walk->capacity = walk->capacity ? 2 * walk->capacity : 64;
		have->extras = arena_grow(host_arena(walk->host), have->extras,
			have->extra_count * sizeof(*have->extras),
			walk->capacity * sizeof(*have->extras));
	}
	if (walk->mount.reason) {
		have->refusal = walk->mount;
		return 0;
	}
	have->extras[have->extra_count] = (struct sync_extra){ .path = path, .info = *info };
	if (info->kind == FILE_REGULAR && host_digest_seen(walk->host, path, info,
			&have->extras[have->extra_count].digest, err) < 0)
		return -1;
	have->extra_count++;
	return 0;
}

/* A name found below dest; relative is its path from there. A directory goes only if all in it
 * does. */
static int meet(struct walk *walk, const struct sync_entry *const *sorted, const char *relative,
	const struct file_info *info, unsigned depth, struct error *err)
{
	const struct sync_params *want = walk->want;
	const char *path = arena_printf(host_arena(walk->host), "%s/%s", want->dest, relative);
	bool wished = bsearch(relative, sorted, walk->have->count, sizeof(*sorted), compare_path);
	struct guard_refusal above = walk->mount;
	size_t kept = walk->kept;
	int result = 0;

	if (!wished && (is_backup(relative) || sync_excluded(relative, info->kind == FILE_DIRECTORY,
			(const char *const *)want->exclude, want->exclude_count,
			(const char *const *)want->include, want->include_count))) {
		walk->kept++;
		return 0;
	}
	if (info->kind == FILE_DIRECTORY) {
		guard_mount(host_arena(walk->host), &walk->guard, arena_printf(host_arena(walk->host),
			"%s/%s", walk->real, relative), &walk->mount);
		/* Nothing of another file system is looked through to be removed. */
		if (wished || !walk->mount.reason)
			result = walk_extras(walk, sorted, relative, depth + 1, err);
		else
			walk->have->refusal = walk->mount;
		walk->mount = above;
		if (result < 0)
			return -1;
	}
	if (!wished && walk->kept == kept)
		return add_extra(walk, path, info, err);
	walk->kept += wished;
	return 0;
}

static int walk_extras(struct walk *walk, const struct sync_entry *const *sorted,
	const char *directory, unsigned depth, struct error *err)
{
	struct arena *arena = host_arena(walk->host);
	const char *path = directory[0] ? arena_printf(arena, "%s/%s", walk->want->dest, directory) :
		walk->want->dest;
	const struct listing *known = lookup_get(walk->listings, directory[0] ? directory : ".");
	struct listing listing = {0};

	if (depth > DEPTH_MOST)
		return error_set(err, FILE_SYNC_TOO_LARGE, "'%s' is too deep", path);
	if (known)
		listing = *known;
	else if (host_list(walk->host, path, &listing.names, &listing.count, err) < 0)
		return -1;
	for (size_t i = 0; i < listing.count; i++) {
		const struct file_name *name = &listing.names[i];
		const char *relative = directory[0] ?
			arena_printf(arena, "%s/%s", directory, name->name) : name->name;

		if (meet(walk, sorted, relative, &name->info, depth, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether each of them may go. */
static int guard_extras(struct host *host, const struct guard *guard, struct sync_state *have,
	struct error *err)
{
	for (size_t i = 0; i < have->extra_count && !have->refusal.reason; i++) {
		if (guard_check(host, guard, have->extras[i].path, 0, &have->refusal, err) < 0)
			return -1;
	}
	return 0;
}

static int look_at_extras(struct host *host, const struct sync_params *want,
	const struct lookup *listings, struct sync_state *have, struct error *err)
{
	struct walk walk = { .host = host, .want = want, .have = have, .listings = listings };
	const struct sync_entry **sorted = arena_array(host_arena(host), have->count + 1,
		sizeof(*sorted));

	if (have->count == 0 || have->entries[0].want.kind != SYNC_DIRECTORY ||
	    have->entries[0].have.kind != FILE_DIRECTORY)
		return 0;
	for (size_t i = 0; i < have->count; i++)
		sorted[i] = &have->entries[i];
	qsort(sorted, have->count, sizeof(*sorted), compare_entries);
	if (guard_open(host, &walk.guard, err) < 0 || host_real(host, want->dest, &walk.real, err) < 0
			|| walk_extras(&walk, sorted, "", 0, err) < 0)
		return -1;
	if (guard_is_system(walk.real)) {
		have->refusal.reason = arena_printf(host_arena(host), "'delete' would empty '%s', which "
			"belongs to the system", walk.real);
		have->refusal.remedy = "name what is to be equal below it";
	}
	return guard_extras(host, &walk.guard, have, err);
}

int sync_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct sync_params *want = params;
	struct sync_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct lookup listings = {0};
	struct sync_line *lines;

	if (!want->manifest)
		return error_set(err, BEOPLAY_BUG, "file-sync came without its manifest");
	if (sync_manifest_read(arena, want->manifest, &lines, &have->count, err) < 0 ||
	    attributes_owner(host, want->owner, want->group, &have->uid, &have->gid, err) < 0)
		return -1;
	have->entries = arena_array(arena, have->count + 1, sizeof(*have->entries));
	have->fetched = arena_alloc(arena, sizeof(*have->fetched));
	*have->fetched = have->entries;
	for (size_t i = 0; i < have->count; i++) {
		struct sync_entry *entry = &have->entries[i];

		entry->want = lines[i];
		entry->path = strcmp(lines[i].path, ".") == 0 ? want->dest :
			arena_printf(arena, "%s/%s", want->dest, lines[i].path);
		if (look_at_entry(host, want, &listings, entry, &have->refusal, err) < 0)
			return -1;
	}
	return want->delete ? look_at_extras(host, want, &listings, have, err) : 0;
}
