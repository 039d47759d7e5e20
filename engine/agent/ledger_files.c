/* ledger_files: what was at a path before each run that changed it, whichever of its tasks did. */
#include "agent/image.h"
#include "agent/ledger.h"
#include "module/module.h"

#include <string.h>

/* --- Of which file --- */

/* Of other things (an export, a mount) the path is only where they are. */
static bool is_content(const char *resource)
{
	size_t size = strcspn(resource, ":");

	for (size_t i = 0; modules_all[i]; i++) {
		const char *kind = modules_all[i]->content;

		if (kind && strlen(kind) == size && strncmp(resource, kind, size) == 0)
			return true;
	}
	return false;
}

const char *ledger_about(struct arena *arena, const char *key)
{
	const char *colon = strchr(key, ':');

	if (!colon || colon[1] != '/')
		return NULL;
	return arena_bytes(arena, colon + 1, strcspn(colon + 1, ":"));
}

const char *ledger_path_of(struct arena *arena, const char *resource)
{
	return is_content(resource) ? ledger_about(arena, resource) : NULL;
}

struct value *ledger_paths_of(struct arena *arena, const struct value *resources)
{
	struct value *paths = value_map(arena);

	for (size_t i = 0; i < value_item_count(resources) && paths->count <= LEDGER_PATHS_MOST; i++) {
		const char *path = ledger_path_of(arena, value_text(value_item(resources, i)));

		if (path)
			value_set_bool(arena, paths, path, true);
	}
	return paths->count <= LEDGER_PATHS_MOST ? paths : value_map(arena);
}

static int64_t file_at(const struct ledger *ledger, const char *path)
{
	return database_integer(ledger->database, 0, "SELECT id FROM file WHERE path=?", "s", path);
}

bool ledger_file_known(const struct ledger *ledger, const char *path)
{
	return file_at(ledger, path) != 0;
}

struct value *ledger_files(const struct ledger *ledger, struct arena *arena, int64_t since)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT path FROM file WHERE id IN "
		"(SELECT file FROM way WHERE sequence>=?)", "i", since);
	struct value *paths = value_map(arena);

	while (database_row(ledger->database, query))
		value_set_bool(arena, paths, database_text(arena, query, 0), true);
	return paths;
}

/* --- Noting --- */

/* Who has changed it between two that are noted: somebody else, or another owner. */
enum touched { TOUCHED_NOT, TOUCHED_BY_OTHERS, TOUCHED_BY_OWNER };

/* The first is kept as long as it can be gone back to. Going back behind one that goes is going
 * back behind what somebody else did after it, too. */
static void trim_ways(struct ledger *ledger, int64_t file)
{
	struct arena *arena;
	sqlite3_stmt *query;
	const char *body;
	int64_t goes;

	if (database_integer(ledger->database, 0, "SELECT count(*) FROM way WHERE file=?", "i", file)
			<= LEDGER_UNDOS_MOST)
		return;
	arena = arena_new();
	query = database_query(ledger->database, "SELECT sequence, body FROM way WHERE file=?1 "
		"ORDER BY sequence LIMIT 1 OFFSET (SELECT NOT touched FROM way WHERE file=?1 "
		"ORDER BY sequence LIMIT 1)", "i", file);
	if (database_row(ledger->database, query)) {
		goes = sqlite3_column_int64(query, 0);
		body = database_text(arena, query, 1);
		database_end(query);
		database_do(ledger->database, "UPDATE way SET touched=CASE WHEN touched=?3 THEN ?3 ELSE (SELECT touched "
			"FROM way WHERE file=?1 AND sequence=?2) END WHERE file=?1 AND sequence=(SELECT "
			"max(sequence) FROM way WHERE file=?1 AND sequence<?2) AND (SELECT touched FROM way "
			"WHERE file=?1 AND sequence=?2)", "iii", file, goes, (int64_t)TOUCHED_BY_OTHERS);
		database_do(ledger->database, "DELETE FROM way WHERE file=? AND sequence=?", "ii", file,
			goes);
		if (body)
			ledger_drop_body(ledger, body);
	}
	arena_free(arena);
}

/* The ids of what is about a path. */
static size_t resources_at(const struct ledger *ledger, struct arena *arena, const char *path,
	int64_t **ret_ids)
{
	size_t count = (size_t)database_integer(ledger->database, 0,
		"SELECT count(*) FROM resource WHERE path=?", "s", path);
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT id FROM resource WHERE path=?", "s", path);
	size_t at = 0;

	*ret_ids = arena_array(arena, count + 1, sizeof(**ret_ids));
	while (database_row(ledger->database, query)) {
		if (at < count)
			(*ret_ids)[at++] = sqlite3_column_int64(query, 0);
	}
	return at;
}

/* Whether nothing of the owner's is in it from an earlier run, and whether nothing of anybody's is. */
enum first { FIRST_NOT, FIRST_OF_OWNER, FIRST_OF_ALL };

static enum first first_of(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *path, int64_t sequence)
{
	enum first first = FIRST_OF_ALL;
	int64_t *ids;
	size_t count = resources_at(ledger, arena, path, &ids);

	for (size_t i = 0; i < count; i++) {
		if (ledger_changed_before(ledger, owner, ids[i], sequence))
			return FIRST_NOT;
		if (ledger_changed_before(ledger, NULL, ids[i], sequence))
			first = FIRST_OF_OWNER;
	}
	return first;
}

static struct value *records_about(const struct ledger *ledger, struct arena *arena,
	const char *path)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT key, value FROM note WHERE path=?", "s", path);
	struct value *records = value_map(arena);

	while (database_row(ledger->database, query)) {
		struct value *record = database_value(arena, query, 1);

		if (record)
			value_set(arena, records, database_text(arena, query, 0), record);
	}
	return records->count > 0 ? records : NULL;
}

/* Where owners take turns in one run, the first change of each counts. */
static void add_way(struct ledger *ledger, const struct ledger_owner *owner, int64_t file,
	const char *path, const char *image, bool undoes)
{
	struct arena *arena = arena_new();
	int64_t sequence = ledger_run(ledger, owner);
	char digest[DIGEST_HEX_SIZE];

	database_do(ledger->database, "INSERT OR IGNORE INTO way(file, sequence, image, body, notes, first, "
		"touched) VALUES(?, ?, ?, ?, ?, ?, 0)", "iissvi", file, sequence, image,
		image_digest(image, digest) ? digest : NULL, records_about(ledger, arena, path),
		(int64_t)(undoes ? FIRST_NOT : first_of(ledger, arena, owner, path, sequence)));
	trim_ways(ledger, file);
	arena_free(arena);
}

bool ledger_file_noted(struct ledger *ledger, const struct ledger_owner *owner, const char *path)
{
	return database_integer(ledger->database, 0, "SELECT max(w.sequence) FROM file f "
		"JOIN way w ON w.file=f.id WHERE f.path=?", "s", path) == ledger_run(ledger, owner);
}

/* What a task of the owner (-1: anybody's) left there, if it was the last one; else NULL. */
static const char *left_by(const struct ledger *ledger, struct arena *arena, int64_t file,
	int64_t owner)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT image FROM file WHERE id=?1 AND (?2<0 OR owner=?2)", "ii", file, owner);
	const char *image = database_row(ledger->database, query)
		? database_text(arena, query, 0) : NULL;

	database_end(query);
	return image;
}

void ledger_file_changes(struct ledger *ledger, const struct ledger_owner *owner,
	const char *path, const char *image, bool undoes)
{
	struct arena *arena = arena_new();
	int64_t file = file_at(ledger, path);

	if (!file)
		database_do(ledger->database, "INSERT INTO file(path) VALUES(?)", "s", path);
	else if (!image_same(left_by(ledger, arena, file, ledger_owner_id(ledger, owner)), image))
		database_do(ledger->database, "UPDATE way SET touched=CASE WHEN touched=?3 THEN ?3 ELSE ?2 END WHERE "
			"file=?1 AND sequence=(SELECT max(sequence) FROM way WHERE file=?1)", "iii", file,
			(int64_t)(image_same(left_by(ledger, arena, file, -1), image) ? TOUCHED_BY_OWNER : TOUCHED_BY_OTHERS),
			(int64_t)TOUCHED_BY_OTHERS);
	file = file_at(ledger, path);
	if (!ledger_file_noted(ledger, owner, path))
		add_way(ledger, owner, file, path, image, undoes);
	/* Until its task has come to its end, nobody knows what it leaves. */
	database_do(ledger->database, "UPDATE file SET image=? WHERE id=?", "si", image, file);
	arena_free(arena);
}

void ledger_file_left(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const char *image)
{
	if (file_at(ledger, path))
		database_do(ledger->database, "UPDATE file SET owner=?, image=? WHERE path=?", "iss",
			ledger_make_owner(ledger, owner), image, path);
}

/* --- The way back --- */

/* Whether what was there before the run with this number is what undoing leads to: all that has
 * been in the file since then is undone, and there is no change since the run since that isn't
 * noted. What the last owner lets go of leads to before the first, who may have let go before. */
static bool leads_there(const struct ledger *ledger, const char *path, int64_t sequence,
	int64_t since, const struct value *undone)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT r.identity, EXISTS(SELECT 1 FROM "
		"claim c WHERE c.resource=r.id AND c.live) AND EXISTS(SELECT 1 FROM undo u WHERE "
		"u.resource=r.id AND u.sequence>=?2), EXISTS(SELECT 1 FROM undo u WHERE u.resource=r.id AND "
		"u.sequence>=CASE WHEN ?3>0 THEN ?3 ELSE r.since END AND u.sequence<?2) AND (?3>0 OR CASE (SELECT "
		"count(*) FROM claim c WHERE c.resource=r.id AND c.live) WHEN 0 THEN EXISTS(SELECT 1 FROM claim c "
		"WHERE c.resource=r.id AND c.gone>?2+1) WHEN 1 THEN 1 ELSE 0 END) FROM resource r WHERE r.path=?1", "sii",
		path, sequence, since);
	bool leads = true;

	while (database_row(ledger->database, query)) {
		if (sqlite3_column_int(query, 2) || (sqlite3_column_int(query, 1)
				&& !value_get(undone, (const char *)sqlite3_column_text(query, 0))))
			leads = false;
	}
	return leads;
}

/* Whether nobody but the owner has anything in it. */
static bool is_alone(const struct ledger *ledger, const char *path, int64_t owner)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM resource r JOIN claim c ON c.resource=r.id "
		"WHERE r.path=? AND c.live AND c.owner<>? LIMIT 1", "si", path, owner) == 0;
}

/* The first that is noted from the run since on; to nothing: the first before which there was
 * nothing of the owner's and since which nobody else has changed it, or (alone) what was there when nobody had
 * anything in it, the last time; nothing leads behind that. */
static struct value *find_way(const struct ledger *ledger, struct arena *arena, int64_t file,
	int64_t since, bool alone)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT w.sequence, w.image, w.notes, w.first=?3 AND ?5 "
		"FROM way w WHERE w.file=?1 AND w.sequence>=?2 AND (?2>0 OR (w.first AND NOT EXISTS(SELECT 1 FROM "
		"way t WHERE t.file=?1 AND t.sequence>=w.sequence AND (t.touched=?4 OR (t.touched AND NOT (w.first=?3 "
		"AND ?5)))) AND w.sequence>=coalesce((SELECT max(sequence) FROM way WHERE file=?1 AND first=?3), 0))) "
		"ORDER BY w.sequence LIMIT 1", "iiiii", file, since, (int64_t)FIRST_OF_ALL, (int64_t)TOUCHED_BY_OTHERS,
		(int64_t)alone);
	struct value *way, *notes;

	if (!database_row(ledger->database, query))
		return NULL;
	way = value_map(arena);
	value_set_integer(arena, way, "sequence", sqlite3_column_int64(query, 0));
	value_set_string(arena, way, "before", database_text(arena, query, 1));
	value_set_bool(arena, way, "all", since == 0 && sqlite3_column_int(query, 3));
	notes = database_value(arena, query, 2);
	if (notes)
		value_set(arena, way, "records", notes);
	database_end(query);
	return way;
}

const struct value *ledger_file_way(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *path, int64_t since,
	const struct value *undone)
{
	int64_t file = file_at(ledger, path), me = ledger_owner_id(ledger, owner), sequence;
	struct value *way;
	bool all;

	way = file ? find_way(ledger, arena, file, since, is_alone(ledger, path, me)) : NULL;
	all = value_get_bool(way, "all");
	if (!way || !image_same(left_by(ledger, arena, file, all ? -1 : me),
			image_of(arena, path)))
		return NULL;
	sequence = value_get_integer(way, "sequence", 0);
	if ((!all && database_integer(ledger->database, 0,
			"SELECT 1 FROM way WHERE file=? AND sequence>=? AND touched LIMIT 1", "ii", file, sequence))
			|| !leads_there(ledger, path, sequence, since, undone))
		return NULL;
	return way;
}

/* What the owner let go of since then, as a later task had taken it out of the file, is in it again, and
 * is the owner's as it was: taken for something that was there before, it would stay for ever. */
static void have_again(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	int64_t since)
{
	database_do(ledger->database, "UPDATE claim SET live=1, gone=NULL WHERE owner=?1 AND live=0 AND "
		"since<?3 AND ?3<gone AND resource IN (SELECT id FROM resource r WHERE path=?2 AND NOT EXISTS("
		"SELECT 1 FROM undo u WHERE u.resource=r.id AND u.sequence>=?3))", "isi",
		ledger_make_owner(ledger, owner), path, since);
}

void ledger_file_restored(struct ledger *ledger, const struct ledger_owner *owner, const char *path,
	const struct value *way, int64_t since)
{
	const struct value *then = value_get(way, "records");
	struct error ignored = {0};

	if (since > 0)
		have_again(ledger, owner, path, since);
	database_do(ledger->database, "DELETE FROM note WHERE path=?", "s", path);
	for (size_t i = 0; then && i < then->count; i++)
		ledger_set_record(ledger, then->pairs[i].key, then->pairs[i].value, &ignored);
}

/* --- Files in which several wishes meet --- */

/* Whether another resource in it isn't of the same task alone. */
static bool has_other(const struct ledger *ledger, const char *path, const char *resource)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM resource o, resource r "
		"WHERE o.path=?1 AND r.identity=?2 AND o.id<>r.id AND (1<>(SELECT count(DISTINCT owner) FROM "
		"claim WHERE resource=o.id) OR 1<>(SELECT count(DISTINCT owner) FROM claim WHERE "
		"resource=r.id) OR EXISTS(SELECT module, params FROM wish WHERE resource=o.id EXCEPT SELECT "
		"module, params FROM wish WHERE resource=r.id) OR EXISTS(SELECT module, params FROM wish "
		"WHERE resource=r.id EXCEPT SELECT module, params FROM wish WHERE resource=o.id)) LIMIT 1",
		"ss", path, resource) != 0;
}

bool ledger_shares_file(const struct ledger *ledger, struct arena *arena, const char *resource,
	const char **ret_path, const char **ret_left)
{
	sqlite3_stmt *query;

	*ret_path = ledger_path_of(arena, resource);
	if (!*ret_path)
		return false;
	query = database_query(ledger->database, "SELECT image FROM file WHERE path=?", "s", *ret_path);
	*ret_left = database_row(ledger->database, query) ? database_text(arena, query, 0) : NULL;
	database_end(query);
	return has_other(ledger, *ret_path, resource);
}

bool ledger_covered(const struct ledger *ledger, struct arena *arena, const char *resource)
{
	const char *path = ledger_path_of(arena, resource);
	const char *whole = path ? arena_printf(arena, "file:%s", path) : NULL;

	return whole && strcmp(whole, resource) != 0 && ledger_has_owner(ledger, whole);
}
