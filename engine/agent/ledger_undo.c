/* ledger_undo: the ways back to earlier states of what an owner has. */
#include "agent/ledger.h"

#include <string.h>

/* --- Which run */

static bool is_one_of(const struct value *runs, const char *run)
{
	for (size_t i = 0; run && i < runs->count; i++) {
		if (value_text(runs->items[i]) && strcmp(value_text(runs->items[i]), run) == 0)
			return true;
	}
	return false;
}

int64_t ledger_first_of(const struct ledger *ledger, const struct ledger_owner *owner,
	const struct value *runs)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT sequence, name FROM run "
		"WHERE owner=? ORDER BY sequence", "i", ledger_owner_id(ledger, owner));
	int64_t first = INT64_MAX;

	while (database_row(ledger->database, query)) {
		if (first == INT64_MAX && runs && runs->kind == VALUE_LIST
				&& is_one_of(runs, (const char *)sqlite3_column_text(query, 1)))
			first = sqlite3_column_int64(query, 0);
	}
	return first;
}

int64_t ledger_count(const struct ledger *ledger, const struct ledger_owner *owner)
{
	return database_integer(ledger->database, 0,
		"SELECT count(*) FROM claim WHERE owner=? AND live", "i", ledger_owner_id(ledger, owner));
}

bool ledger_changed_before(const struct ledger *ledger, const struct ledger_owner *owner,
	int64_t resource, int64_t run)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM claim c JOIN undo u "
		"ON u.resource=c.resource WHERE c.resource=?1 AND (?2<0 OR c.owner=?2) AND c.live "
		"AND u.sequence>=coalesce(c.regained, 0) AND u.sequence<?3 LIMIT 1", "iii", resource,
		owner ? ledger_owner_id(ledger, owner) : -1, run) != 0;
}

/* --- Keeping only some */

/* The first since an owner took it up leads to what was before beoplay, and stays. Behind one that
 * goes is a gap: what was there before those runs isn't known any more. */
void ledger_trim_undos(struct ledger *ledger, int64_t resource)
{
	struct arena *arena;
	sqlite3_stmt *query;
	const char *body;
	int64_t goes;

	if (database_integer(ledger->database, 0, "SELECT count(*) FROM undo WHERE resource=?", "i",
			resource) <= LEDGER_UNDOS_MOST)
		return;
	arena = arena_new();
	query = database_query(ledger->database, "SELECT u.sequence, u.body FROM undo u "
		"JOIN resource r ON r.id=u.resource WHERE u.resource=?1 AND u.sequence<>(SELECT "
		"min(sequence) FROM undo WHERE resource=?1 AND sequence>=r.since) ORDER BY u.sequence LIMIT 1",
		"i", resource);
	if (database_row(ledger->database, query)) {
		goes = sqlite3_column_int64(query, 0);
		body = database_text(arena, query, 1);
		database_end(query);
		database_do(ledger->database, "UPDATE undo SET gap=?2 WHERE resource=?1 AND sequence=("
			"SELECT min(sequence) FROM undo WHERE resource=?1 AND sequence>?2)", "ii", resource,
			goes);
		database_do(ledger->database, "DELETE FROM undo WHERE resource=? AND sequence=?", "ii",
			resource, goes);
		if (body)
			ledger_drop_body(ledger, body);
	}
	arena_free(arena);
}

/* --- Choosing */

struct chosen {
	struct ledger_undo undo;
	int64_t resource;
	int64_t order;             /* of the change that is undone; 0: there is none */
};

struct chosen_list {
	struct chosen *items;
	size_t count;
	size_t capacity;
};

static struct chosen *add_chosen(struct arena *arena, struct chosen_list *list)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;

		list->items = arena_grow(arena, list->items, list->capacity * sizeof(*list->items),
			capacity * sizeof(*list->items));
		list->capacity = capacity;
	}
	list->items[list->count] = (struct chosen){0};
	return &list->items[list->count++];
}

enum column {
	RESOURCE, IDENTITY, MODULE, PARENT, REASON, USER, NOTIFY, DIFFERS, OTHERS, CONTENT, RELEASE, ORDER,
	UNDO_SEQUENCE, UNDO_MODULE, UNDO_PARAMS, UNDO_BODY, UNDO_USER, UNDO_BEFORE, UNDO_REASON,
	UNDO_GAP, STEADY, UNSURE,
};

/* What is chosen leads back to the time before the run ?2; 0: to before beoplay, or to before it
 * was taken up again after it had been undone. What the owner doesn't have any more comes back if
 * it had it then; what it hadn't is as it was. Where it lets go, and others had what it has overwritten,
 * that leads back to what they left: behind all changes since the last one of theirs. */
static const char choose_sql[] = "SELECT r.id, r.identity, r.module, r.parent, r.reason, c.user, "
	"c.notify, c.differs, (SELECT count(*) FROM claim o WHERE o.resource=r.id AND o.owner<>?1 AND "
	"o.live) AS others, (SELECT count(*) FROM claim o WHERE o.resource=r.id AND o.owner<>?1 AND o.live "
	"AND NOT EXISTS(SELECT 1 FROM wish w WHERE w.resource=r.id AND w.owner=o.owner AND w.over=?1)) "
	"AS content, ?2=0 OR NOT (c.since<?2 AND (?2<coalesce(c.gone, ?3) OR ?2>coalesce(c.regained, ?3))) "
	"AS release, u.id, u.sequence, u.module, u.params, u.body, u.user, u.before, u.reason, u.gap, "
	"c.run<=(SELECT max(sequence) FROM undo WHERE resource=r.id) AND NOT EXISTS(SELECT 1 FROM undo v "
	"WHERE v.resource=r.id AND v.sequence>u.sequence AND v.before IS NOT u.before), "
	"c.open>=?4 AND c.run=u.sequence "
	"FROM claim c JOIN resource r ON r.id=c.resource LEFT JOIN undo u ON u.resource=r.id AND "
	"u.sequence=(SELECT min(sequence) FROM undo WHERE resource=r.id AND sequence>=CASE WHEN ?2>0 THEN "
	"?2 ELSE r.since END AND (NOT (release AND others) OR sequence>coalesce((SELECT max(w.sequence) FROM "
	"undo w LEFT JOIN run x ON x.sequence=w.sequence WHERE w.resource=r.id AND (x.owner IS NULL OR "
	"EXISTS(SELECT 1 FROM claim o WHERE o.resource=r.id AND o.owner=x.owner AND o.owner<>?1 AND "
	"o.live))), 0))) "
	"WHERE c.owner=?1 AND CASE WHEN c.live THEN release OR u.id IS NOT NULL ELSE "
	"?2>0 AND u.id IS NOT NULL AND NOT release END ORDER BY u.id DESC";

static struct value *way_of(struct arena *arena, sqlite3_stmt *query)
{
	struct value *way = value_map(arena), *params = database_value(arena, query, UNDO_PARAMS);
	struct value *before = database_value(arena, query, UNDO_BEFORE);

	value_set_integer(arena, way, "sequence", sqlite3_column_int64(query, UNDO_SEQUENCE));
	value_set_string(arena, way, "module", database_text(arena, query, UNDO_MODULE));
	if (params)
		value_set(arena, way, "params", params);
	if (before)
		value_set(arena, way, "before", before);
	value_set_string(arena, way, "user", database_text(arena, query, UNDO_USER));
	return way;
}

static void choose(struct arena *arena, sqlite3_stmt *query, int64_t since,
	struct chosen *chosen)
{
	struct ledger_undo *undo = &chosen->undo;
	struct value *owner = value_map(arena), *notify = database_value(arena, query, NOTIFY);

	chosen->resource = sqlite3_column_int64(query, RESOURCE);
	chosen->order = sqlite3_column_int64(query, ORDER);
	undo->resource = database_text(arena, query, IDENTITY);
	undo->module = database_text(arena, query, MODULE);
	undo->parent = database_text(arena, query, PARENT);
	undo->reason = database_text(arena, query, REASON);
	undo->release = sqlite3_column_int(query, RELEASE) != 0;
	undo->others = (size_t)sqlite3_column_int64(query, undo->release ? CONTENT : OTHERS);
	value_set_string(arena, owner, "user", database_text(arena, query, USER));
	value_set_string(arena, owner, "differs", database_text(arena, query, DIFFERS));
	if (notify)
		value_set(arena, owner, "notify", notify);
	undo->owner = owner;
	if (!chosen->order)
		return;
	undo->way = way_of(arena, query);
	undo->steady = sqlite3_column_int(query, STEADY) != 0;
	undo->unsure = sqlite3_column_int(query, UNSURE) != 0;
	if (!value_get(undo->way, "params"))
		undo->reason = database_text(arena, query, UNDO_REASON);
	if (since > 0 && sqlite3_column_int64(query, UNDO_GAP) >= since) {
		undo->way = NULL;
		undo->gap = true;
		undo->reason = "what it was before these runs isn't kept any more: it is only made what the "
			"text wishes";
	}
}

static struct value *wishes_of(const struct ledger *ledger, struct arena *arena, int64_t owner,
	int64_t resource)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT module, params FROM wish WHERE resource=? AND owner=?", "ii", resource, owner);
	struct value *wishes = value_map(arena);

	while (database_row(ledger->database, query))
		value_set_string(arena, wishes, database_text(arena, query, 0),
			database_text(arena, query, 1));
	return wishes;
}

struct value *ledger_owned(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *resource)
{
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner);
	sqlite3_stmt *query = database_query(ledger->database, "SELECT user, differs FROM claim "
		"WHERE resource=? AND owner=?", "ii", id, me);
	struct value *owned = value_map(arena);

	if (database_row(ledger->database, query)) {
		value_set_string(arena, owned, "user", database_text(arena, query, 0));
		value_set_string(arena, owned, "differs", database_text(arena, query, 1));
	}
	database_end(query);
	value_set(arena, owned, "wishes", wishes_of(ledger, arena, me, id));
	return owned;
}

/* Whether anything that the owner has now is chosen: as a rule nothing is, and the rest isn't asked. */
static bool any_chosen(const struct ledger *ledger, int64_t owner, ledger_filter *filter,
	void *context)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT r.identity, r.module, r.parent "
		"FROM claim c JOIN resource r ON r.id=c.resource WHERE c.owner=? AND c.live", "i", owner);
	bool chosen = false;

	while (!chosen && database_row(ledger->database, query))
		chosen = filter(context, (const char *)sqlite3_column_text(query, 0),
			(const char *)sqlite3_column_text(query, 1),
			(const char *)sqlite3_column_text(query, 2));
	database_end(query);
	return chosen;
}

size_t ledger_undos(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, int64_t since, ledger_filter *filter, void *context,
	struct ledger_undo **ret_undos)
{
	struct chosen_list list = {0};
	sqlite3_stmt *query = NULL;
	int64_t me;

	ledger_hold(ledger);
	me = ledger_owner_id(ledger, owner);
	/* Behind runs that have changed nothing here all is as it was, and stays its owner's. */
	if (since < INT64_MAX && (since > 0 || !filter || any_chosen(ledger, me, filter, context)))
		/* Who may write has marked those of agents that died. */
		query = database_query(ledger->database, choose_sql, "iiii", me, since, INT64_MAX,
			(int64_t)(ledger->database->writable ? 2 : 1));
	while (database_row(ledger->database, query)) {
		if (!filter || filter(context, (const char *)sqlite3_column_text(query, IDENTITY),
				(const char *)sqlite3_column_text(query, MODULE),
				(const char *)sqlite3_column_text(query, PARENT)))
			choose(arena, query, since, add_chosen(arena, &list));
	}
	*ret_undos = arena_array(arena, list.count + 1, sizeof(**ret_undos));
	for (size_t i = 0; i < list.count; i++) {
		value_set(arena, (struct value *)list.items[i].undo.owner, "wishes",
			wishes_of(ledger, arena, me, list.items[i].resource));
		(*ret_undos)[i] = list.items[i].undo;
	}
	ledger_let_go(ledger);
	return list.count;
}
