/* ledger_files: what was at a path before each run that changed it, whichever of its tasks did. */
#include "agent/image.h"
#include "agent/ledger.h"

#include <string.h>

/* Of other things (an export, a mount) the path is only where they are. */
static bool is_content(const char *resource)
{
	static const char *const kinds[] = { "file", "line", "block", "hosts-entry" };
	size_t size = strcspn(resource, ":");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strlen(kinds[i]) == size && strncmp(resource, kinds[i], size) == 0)
			return true;
	}
	return false;
}

const char *ledger_path_of(struct arena *arena, const char *resource)
{
	const char *colon = strchr(resource, ':');

	if (!is_content(resource) || !colon || colon[1] != '/')
		return NULL;
	return arena_bytes(arena, colon + 1, strcspn(colon + 1, ":"));
}

static struct value *file_at(const struct ledger *ledger, const char *path)
{
	return value_get(value_get(ledger->root, "files"), path);
}

static struct value *make_file(struct ledger *ledger, const char *path)
{
	struct value *file = file_at(ledger, path);

	if (file)
		return file;
	file = value_map(ledger->arena);
	value_set(ledger->arena, file, "ways", value_list(ledger->arena));
	value_set(ledger->arena, value_get(ledger->root, "files"), path, file);
	return file;
}

/* "text-file:/etc/x" and "lineinfile:/etc/x:^a" are records about /etc/x. */
static bool is_about(const char *key, const char *path)
{
	const char *colon = strchr(key, ':');
	size_t size = strlen(path);

	return colon && strncmp(colon + 1, path, size) == 0
		&& (colon[1 + size] == '\0' || colon[1 + size] == ':');
}

static struct value *records_about(const struct ledger *ledger, const char *path)
{
	const struct value *all = value_get(ledger->root, "records");
	struct value *records = value_map(ledger->arena);

	for (size_t i = 0; i < all->count; i++) {
		if (is_about(all->pairs[i].key, path))
			value_set(ledger->arena, records, all->pairs[i].key, all->pairs[i].value);
	}
	return records;
}

/* The first is kept as long as it can be gone back to. Going back behind one that goes is going back
 * behind what somebody else did after it, too. */
static void trim_ways(struct ledger *ledger, struct value *ways)
{
	size_t goes = value_get_bool(ways->items[0], "touched") ? 0 : 1;

	if (ways->count <= LEDGER_UNDOS_MOST)
		return;
	if (goes > 0 && value_get_bool(ways->items[goes], "touched"))
		value_set_bool(ledger->arena, ways->items[0], "touched", true);
	memmove(&ways->items[goes], &ways->items[goes + 1], (ways->count - goes - 1)
		* sizeof(*ways->items));
	ways->count--;
}

/* Whether nothing of the owner's is in it from an earlier run. */
static bool is_first(const struct ledger *ledger, const struct ledger_owner *owner,
	const char *path, int64_t sequence)
{
	const struct value *all = value_get(ledger->root, "resources");

	for (size_t i = 0; i < all->count; i++) {
		if (is_about(all->pairs[i].key, path)
				&& ledger_changed_before(ledger, owner, all->pairs[i].key, sequence))
			return false;
	}
	return true;
}

static void add_way(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	struct value *ways, const char *image)
{
	struct value *way = value_map(ledger->arena), *records = records_about(ledger, path);
	int64_t sequence = ledger_run(ledger, owner);

	value_set_integer(ledger->arena, way, "sequence", sequence);
	value_set_string(ledger->arena, way, "before", image);
	if (is_first(ledger, owner, path, sequence))
		value_set_bool(ledger->arena, way, "first", true);
	if (records->count > 0)
		value_set(ledger->arena, way, "records", value_copy(ledger->arena, records));
	value_append(ledger->arena, ways, way);
	trim_ways(ledger, ways);
}

bool ledger_file_noted(struct ledger *ledger, const struct ledger_owner *owner, const char *path)
{
	const struct value *ways = value_get(file_at(ledger, path), "ways");

	return ways && ways->count > 0 && value_get_integer(ways->items[ways->count - 1], "sequence", 0)
		== ledger_run(ledger, owner);
}

void ledger_file_changes(struct ledger *ledger, const struct ledger_owner *owner,
	const char *path, const char *image)
{
	struct arena *arena = ledger->arena;
	struct value *file = make_file(ledger, path), *ways = value_get(file, "ways");
	bool as_left = ledger_is_of(file, owner) && image_same(value_get_string(file, "left"), image);

	if (ways->count > 0 && !as_left)
		value_set_bool(arena, ways->items[ways->count - 1], "touched", true);
	if (!ledger_file_noted(ledger, owner, path))
		add_way(ledger, owner, path, ways, image);
	/* Until its task has come to its end, nobody knows what it leaves. */
	value_set_string(arena, file, "left", image);
	ledger->dirty = true;
}

void ledger_file_left(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const char *image)
{
	struct value *file = file_at(ledger, path);

	if (!file)
		return;
	value_set_string(ledger->arena, file, "project", owner->project);
	value_set_string(ledger->arena, file, "playbook", owner->playbook);
	value_set_string(ledger->arena, file, "left", image);
	ledger->dirty = true;
}

/* --- The way back */

static int64_t sequence_of(const struct value *way)
{
	return value_get_integer(way, "sequence", 0);
}

/* From run from on, before run to. */
static bool changed_between(const struct value *undos, int64_t from, int64_t to)
{
	for (size_t i = 0; i < undos->count; i++) {
		if (sequence_of(undos->items[i]) >= from && sequence_of(undos->items[i]) < to)
			return true;
	}
	return false;
}

/* Whether what was there before the run with this number is what undoing leads to: all that has been
 * in the file since then is undone, and there is no change since the run since that isn't noted. */
static bool leads_there(const struct ledger *ledger, const char *path, int64_t sequence,
	int64_t since, const struct value *undone)
{
	const struct value *all = value_get(ledger->root, "resources");

	for (size_t i = 0; i < all->count; i++) {
		const char *resource = all->pairs[i].key;
		const struct value *undos = value_get(all->pairs[i].value, "undos");

		if (!is_about(resource, path))
			continue;
		if (!value_get(undone, resource) && ledger_has_owner(ledger, resource)
				&& changed_between(undos, sequence, INT64_MAX))
			return false;
		if (since > 0 && changed_between(undos, since, sequence))
			return false;
	}
	return true;
}

/* Whether nobody else has changed it since this way. */
static bool is_untouched(const struct value *ways, size_t from)
{
	for (size_t i = from; i < ways->count; i++) {
		if (value_get_bool(ways->items[i], "touched"))
			return false;
	}
	return true;
}

const struct value *ledger_file_way(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *path, int64_t since,
	const struct value *undone)
{
	const struct value *file = file_at(ledger, path), *ways = value_get(file, "ways");
	size_t first = 0;

	if (!file || !ledger_is_of(file, owner)
			|| !image_same(value_get_string(file, "left"), image_of(arena, path)))
		return NULL;
	while (first < ways->count && sequence_of(ways->items[first]) < since)
		first++;
	/* To nothing: also to before what was taken up again after all of it had been undone. */
	while (since == 0 && first < ways->count && !(value_get_bool(ways->items[first], "first")
			&& is_untouched(ways, first)))
		first++;
	return first < ways->count && is_untouched(ways, first) && leads_there(ledger, path,
		sequence_of(ways->items[first]), since, undone) ? ways->items[first] : NULL;
}

const struct value *ledger_files(const struct ledger *ledger)
{
	return value_get(ledger->root, "files");
}

void ledger_file_restored(struct ledger *ledger, const char *path, const struct value *way)
{
	struct value *all = value_get(ledger->root, "records");
	const struct value *now = records_about(ledger, path), *then = value_get(way, "records");

	for (size_t i = 0; i < now->count; i++)
		value_remove(all, now->pairs[i].key);
	for (size_t i = 0; then && i < then->count; i++)
		value_set(ledger->arena, all, then->pairs[i].key, then->pairs[i].value);
	ledger->dirty = true;
}

/* --- Files in which several wishes meet */

/* Whether both have the same wish, as entries that one task made. */
static bool same_wish(const struct value *one, const struct value *other)
{
	const struct value *owners = value_get(one, "owners"), *others = value_get(other, "owners");

	return owners && others && owners->count == 1 && others->count == 1
		&& value_equal(value_get(owners->items[0], "wishes"),
		value_get(others->items[0], "wishes"));
}

bool ledger_shares_file(const struct ledger *ledger, struct arena *arena, const char *resource,
	const char **ret_path, const char **ret_left)
{
	const struct value *all = value_get(ledger->root, "resources");
	const struct value *entry = ledger_entry(ledger, resource);
	size_t size;

	*ret_path = ledger_path_of(arena, resource);
	if (!*ret_path)
		return false;
	*ret_left = value_get_string(file_at(ledger, *ret_path), "left");
	size = strlen(*ret_path);
	for (size_t i = 0; i < all->count; i++) {
		const char *other = strchr(all->pairs[i].key, ':');

		if (other && strcmp(all->pairs[i].key, resource) != 0
				&& strncmp(other + 1, *ret_path, size) == 0
				&& (other[1 + size] == '\0' || other[1 + size] == ':')
				&& !same_wish(entry, all->pairs[i].value))
			return true;
	}
	return false;
}

bool ledger_covered(const struct ledger *ledger, struct arena *arena, const char *resource)
{
	const char *path = ledger_path_of(arena, resource);
	const char *whole = path ? arena_printf(arena, "file:%s", path) : NULL;

	return whole && strcmp(whole, resource) != 0 && ledger_has_owner(ledger, whole);
}

/* --- What nothing refers to any more */

static void keep_bodies(struct ledger *ledger, const struct value *file, struct value *bodies)
{
	const struct value *ways = value_get(file, "ways");
	char digest[DIGEST_HEX_SIZE];

	for (size_t i = 0; ways && i < ways->count; i++) {
		if (image_digest(value_get_string(ways->items[i], "before"), digest))
			value_set_bool(ledger->arena, bodies, digest, true);
	}
}

void ledger_sweep_files(struct ledger *ledger, struct value *bodies)
{
	const struct value *all = value_get(ledger->root, "resources");
	struct value *kept = value_map(ledger->arena);

	for (size_t i = 0; i < all->count; i++) {
		const char *path = ledger_path_of(ledger->arena, all->pairs[i].key);
		struct value *file = path ? file_at(ledger, path) : NULL;

		if (!file || value_get(kept, path))
			continue;
		value_set(ledger->arena, kept, path, file);
		keep_bodies(ledger, file, bodies);
	}
	value_set(ledger->arena, ledger->root, "files", kept);
}
