/* ledger_entries: who wishes what of a resource. */
#include "agent/ledger.h"

#include <string.h>

/* --- Looking --- */

int64_t ledger_resource(const struct ledger *ledger, const char *resource)
{
	return database_integer(ledger->database, 0, "SELECT id FROM resource WHERE identity=?", "s",
		resource);
}

bool ledger_has_owner(const struct ledger *ledger, const char *resource)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM resource r JOIN claim c "
		"ON c.resource=r.id WHERE r.identity=? AND c.live LIMIT 1", "s", resource) != 0;
}

/* Wishes of before there were parts have none: they count as this one's. */
static const char wished_by_others[] =
	"WITH own AS (SELECT DISTINCT w.params AS digest FROM resource r JOIN wish w ON w.resource=r.id "
	"AND w.owner=?1 WHERE ?4 IS NOT NULL AND r.identity>=?2 AND r.identity<?3), "
	"others AS (SELECT own.digest FROM own LEFT JOIN params p ON p.digest=own.digest "
	"WHERE ifnull(instr(p.text, '\npart: \"')>0 AND instr(p.text, ?4)=0, 1)) "
	"SELECT DISTINCT r.identity FROM resource r JOIN claim c ON c.resource=r.id AND c.live "
	"WHERE r.identity>=?2 AND r.identity<?3 AND (c.owner<>?1 OR EXISTS (SELECT 1 FROM wish w "
	"WHERE w.resource=r.id AND w.owner=?1 AND w.params IN (SELECT digest FROM others)))";

struct value *ledger_wished(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *beginning, const char *part)
{
	struct value *wished = value_map(arena);
	char *behind = arena_string(arena, beginning);
	sqlite3_stmt *query;

	if (!*beginning)
		return wished;
	behind[strlen(behind) - 1]++;
	query = database_query(ledger->database, wished_by_others, "isss", ledger_owner_id(ledger, owner),
		beginning, behind, part ? arena_printf(arena, "\npart: \"%s\"\n", part) : NULL);
	while (database_row(ledger->database, query))
		value_set_bool(arena, wished, database_text(arena, query, 0), true);
	database_end(query);
	return wished;
}

const char *ledger_params(const struct ledger *ledger, struct arena *arena, const char *digest)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT text FROM params WHERE digest=?", "s", digest);
	const char *text = database_row(ledger->database, query)
		? database_text(arena, query, 0) : NULL;

	database_end(query);
	return text;
}

bool ledger_wishes(const struct ledger *ledger, int64_t owner, const char *resource,
	const struct ledger_wish *wish)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM resource r "
		"JOIN claim c ON c.resource=r.id AND c.owner=?1 AND c.live "
		"JOIN wish w ON w.resource=r.id AND w.owner=?1 AND w.module=?2 "
		"WHERE r.identity=?3 AND r.parent IS NULL AND w.params=?4 AND w.over IS NULL", "isss",
		owner, wish->module, resource, wish->digest) != 0;
}

/* --- Conflicts --- */

static const char *name_of(const struct ledger *ledger, struct arena *arena, int64_t owner)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT playbook || ' of project ' || project FROM owner WHERE id=?", "i", owner);
	const char *name = database_row(ledger->database, query) ? database_text(arena, query, 0) : "";

	database_end(query);
	return name;
}

static bool others_have(const struct ledger *ledger, int64_t resource, int64_t owner)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM claim WHERE resource=? AND owner<>? "
		"AND live LIMIT 1", "ii", resource, owner) != 0;
}

/* Another one that has it and wishes otherwise; where it isn't known what is wished of the resource
 * alone, the parameters are compared. */
static int64_t other_wish(const struct ledger *ledger, int64_t resource, int64_t owner,
	const struct ledger_wish *wish)
{
	return database_integer(ledger->database, 0, "SELECT w.owner FROM wish w JOIN claim c "
		"ON c.resource=w.resource AND c.owner=w.owner AND c.live WHERE w.resource=?1 "
		"AND w.owner<>?2 AND w.module=?3 AND CASE WHEN w.wanted IS NULL OR ?4 IS NULL "
		"THEN w.params<>?5 ELSE w.wanted<>?4 END", "iisss", resource, owner, wish->module,
		wish->wanted, wish->digest);
}

bool ledger_others_have(const struct ledger *ledger, const struct ledger_owner *owner, const char *resource)
{
	int64_t id = ledger_resource(ledger, resource);

	return id && others_have(ledger, id, ledger_owner_id(ledger, owner));
}

bool ledger_others_since(const struct ledger *ledger, const struct ledger_owner *owner, const char *resource)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM resource m JOIN resource o ON o.path=m.path AND "
		"o.id<>m.id JOIN claim c ON c.resource=o.id AND c.live AND c.owner<>?2 JOIN undo u ON u.resource=o.id "
		"AND u.id>(SELECT max(id) FROM undo WHERE resource=m.id) WHERE m.identity=?1 LIMIT 1", "si", resource,
		ledger_owner_id(ledger, owner)) != 0;
}

int ledger_conflict(const struct ledger *ledger, struct arena *arena,
	const struct ledger_owner *owner, const char *resource, const struct ledger_wish *wish,
	const char **ret_other, struct error *err)
{
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner), over, other;

	*ret_other = NULL;
	/* As a rule nobody else has it. */
	if (!id || !others_have(ledger, id, me))
		return 0;
	/* -1: it is new or changed; 0: unchanged, and it stands. */
	over = database_integer(ledger->database, -1, "SELECT coalesce((SELECT c.owner FROM claim c "
		"WHERE c.resource=w.resource AND c.owner=w.over AND c.live), 0) FROM wish w "
		"JOIN claim m ON m.resource=w.resource AND m.owner=w.owner AND m.live "
		"WHERE w.resource=?1 AND w.owner=?2 AND w.module=?3 AND CASE WHEN w.wanted IS NULL "
		"OR ?4 IS NULL THEN w.params=?5 ELSE w.wanted=?4 END", "iisss", id, me, wish->module,
		wish->wanted, wish->digest);
	if (over > 0) {
		error_set(err, LEDGER_CONFLICT, "conflicting definitions of %s: %s has changed it since, "
			"and here %s of project %s still defines it as before", resource, name_of(ledger, arena,
			over), owner->playbook, owner->project);
		return error_remedy(err, "let one of them manage it: take it out of the other, and apply "
			"that with --prune");
	}
	other = over < 0 ? other_wish(ledger, id, me, wish) : 0;
	if (other)
		*ret_other = name_of(ledger, arena, other);
	return 0;
}

/* --- Writing --- */

static int64_t make_resource(struct ledger *ledger, const char *resource,
	const struct ledger_wish *wish, const char *reason)
{
	struct arena *arena;

	if (!ledger_resource(ledger, resource)) {
		arena = arena_new();
		database_do(ledger->database, "INSERT INTO resource(identity, module, path, since, reason) "
			"VALUES(?, ?, ?, 0, ?)", "ssss", resource, wish->module,
			ledger_about(arena, resource), reason);
		arena_free(arena);
	}
	return ledger_resource(ledger, resource);
}

/* Drops those of the owner's earlier runs, and this module's of this run. */
static void drop_wishes(struct ledger *ledger, int64_t resource, int64_t owner,
	int64_t sequence, const struct ledger_wish *wish)
{
	struct arena *arena = arena_new();
	sqlite3_stmt *query = database_query(ledger->database, "SELECT w.module, w.params, "
		"w.module=?3 AND w.params=?4 FROM wish w JOIN claim c ON c.resource=w.resource "
		"AND c.owner=w.owner WHERE w.resource=?1 AND w.owner=?2 AND (w.module=?3 OR c.run<>?5)",
		"iissi", resource, owner, wish->module, wish->digest, sequence);
	struct value *modules = value_list(arena), *digests = value_list(arena);

	while (database_row(ledger->database, query)) {
		value_append(arena, modules, value_string(arena, database_text(arena, query, 0)));
		value_append(arena, digests, sqlite3_column_int(query, 2) ? value_null(arena)
			: value_string(arena, database_text(arena, query, 1)));
	}
	for (size_t i = 0; i < modules->count; i++) {
		database_do(ledger->database, "DELETE FROM wish WHERE resource=? AND owner=? AND module=?",
			"iis", resource, owner, value_text(modules->items[i]));
		if (value_text(digests->items[i]))
			ledger_drop_params(ledger, value_text(digests->items[i]));
	}
	arena_free(arena);
}

static void set_claim(struct ledger *ledger, int64_t resource, int64_t owner, int64_t sequence,
	const struct ledger_wish *wish, bool open)
{
	const struct value *notify = wish->notify && wish->notify->count > 0 ? wish->notify : NULL;
	const char *user = wish->user && *wish->user ? wish->user : NULL;

	/* Nobody has it: what was there before this is what undoing it leads to. */
	if (!database_integer(ledger->database, 0,
			"SELECT 1 FROM claim WHERE resource=? AND live LIMIT 1", "i", resource)
			&& !database_integer(ledger->database, 0,
			"SELECT 1 FROM undo WHERE resource=? AND sequence=?", "ii", resource, sequence))
		database_do(ledger->database, "UPDATE resource SET since=? WHERE id=?", "ii", sequence,
			resource);
	database_do(ledger->database, "INSERT INTO claim(resource, owner, since, run, live, open, user, "
		"notify) VALUES(?1, ?2, ?3, ?3, 1, ?4, ?5, ?6) ON CONFLICT(resource, owner) DO UPDATE SET "
		"regained=CASE WHEN live THEN regained ELSE ?3 END, live=1, open=?4, differs=NULL, "
		"user=coalesce(?5, user), notify=CASE WHEN ?6 IS NULL AND run=?3 THEN notify ELSE ?6 END, "
		"run=?3", "iiiisv", resource, owner, sequence, (int64_t)open, user, notify);
}

static void set_wish(struct ledger *ledger, int64_t resource, int64_t owner,
	const struct ledger_wish *wish)
{
	database_do(ledger->database, "INSERT INTO wish(resource, owner, module, params, wanted) "
		"VALUES(?, ?, ?, ?, ?)", "iisss", resource, owner, wish->module, wish->digest,
		wish->wanted);
	/* They are as long as the task has resources. */
	if (wish->params && !database_integer(ledger->database, 0, "SELECT 1 FROM params WHERE digest=?", "s",
			wish->digest))
		database_do(ledger->database, "INSERT OR IGNORE INTO params(digest, text) VALUES(?, ?)",
			"ss", wish->digest, wish->params);
}

/* Wishes of others that are as this one stand again; where it was changed, those that aren't don't
 * stand any more. */
static void set_over(struct ledger *ledger, int64_t resource, int64_t owner,
	const struct ledger_wish *wish, bool changed)
{
	if (!others_have(ledger, resource, owner))
		return;
	database_do(ledger->database, "UPDATE wish SET over=CASE WHEN coalesce(wanted=?4, params=?5) "
		"THEN NULL WHEN ?6 THEN ?2 ELSE over END WHERE resource=?1 AND owner<>?2 AND module=?3",
		"iisssi", resource, owner, wish->module, wish->wanted, wish->digest, (int64_t)changed);
}

void ledger_adopt(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const struct ledger_wish *wish)
{
	int64_t id, me, sequence;

	if (ledger_wishes(ledger, ledger_owner_id(ledger, owner), resource, wish))
		return;
	me = ledger_make_owner(ledger, owner);
	sequence = ledger_run(ledger, owner);
	id = make_resource(ledger, resource, wish, "it was so before");
	database_do(ledger->database, "UPDATE resource SET parent=NULL WHERE id=? AND parent IS NOT NULL",
		"i", id);
	drop_wishes(ledger, id, me, sequence, wish);
	set_claim(ledger, id, me, sequence, wish, false);
	set_wish(ledger, id, me, wish);
	set_over(ledger, id, me, wish, false);
}

/* {MODULE: digest} */
static struct value *wishes_of(struct ledger *ledger, struct arena *arena, int64_t resource,
	int64_t owner)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT module, params FROM wish WHERE resource=? AND owner=?", "ii", resource, owner);
	struct value *wishes = value_map(arena);

	while (database_row(ledger->database, query))
		value_set_string(arena, wishes, database_text(arena, query, 0),
			database_text(arena, query, 1));
	return wishes->count > 0 ? wishes : NULL;
}

static void add_undo(struct ledger *ledger, int64_t resource, int64_t sequence,
	const struct value *before, const struct ledger_wish *wish,
	const struct inverses_entry *inverse, const char *body)
{
	const char *user = wish->user && *wish->user ? wish->user : NULL;

	if (inverse && inverse->params)
		database_do(ledger->database, "INSERT INTO undo(resource, sequence, module, params, body, "
			"user, before) VALUES(?, ?, ?, ?, ?, ?, ?)", "iisvssv", resource, sequence,
			inverse->module ? inverse->module : wish->module, inverse->params, body, user, before);
	else
		database_do(ledger->database, "INSERT INTO undo(resource, sequence, before, reason) "
			"VALUES(?, ?, ?, ?)", "iivs", resource, sequence, before,
			inverse && inverse->reason ? inverse->reason : "this can't be undone");
	database_do(ledger->database, "UPDATE resource SET reason=NULL WHERE id=? "
		"AND reason IS NOT NULL", "i", resource);
	ledger_trim_undos(ledger, resource);
}

void ledger_change(struct ledger *ledger, const struct ledger_owner *owner, const char *resource,
	const char *parent, const struct ledger_wish *wish, const struct inverses_entry *inverse,
	const char *body)
{
	struct arena *arena = arena_new();
	int64_t me = ledger_make_owner(ledger, owner), sequence = ledger_run(ledger, owner);
	struct value *before;
	int64_t id;

	ledger_task_note(ledger, owner, resource);
	id = make_resource(ledger, resource, wish, NULL);
	before = wishes_of(ledger, arena, id, me);
	database_do(ledger->database, "UPDATE resource SET parent=?2 WHERE id=?1 AND parent IS NOT ?2",
		"is", id, parent);
	drop_wishes(ledger, id, me, sequence, wish);
	set_claim(ledger, id, me, sequence, wish, true);
	set_wish(ledger, id, me, wish);
	set_over(ledger, id, me, wish, true);
	/* What was there before the first change of a run is what leads back behind that run. */
	if (!database_integer(ledger->database, 0, "SELECT 1 FROM undo WHERE resource=? AND sequence=?",
			"ii", id, sequence))
		add_undo(ledger, id, sequence, before, wish, inverse, body);
	arena_free(arena);
}

void ledger_release(struct ledger *ledger, const struct ledger_owner *owner, const char *resource)
{
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner);

	if (!database_integer(ledger->database, 0,
			"SELECT live FROM claim WHERE resource=? AND owner=?", "ii", id, me))
		return;
	database_do(ledger->database, "UPDATE claim SET gone=?3 + 1, live=0, open=0 "
		"WHERE resource=?1 AND owner=?2", "iii", id, me, ledger_run(ledger, owner));
	/* Another one may wish the same: what it is as that wishes stays so. */
	database_do(ledger->database, "UPDATE wish SET over=(SELECT o.owner FROM wish o JOIN claim c ON "
		"c.resource=o.resource AND c.owner=o.owner JOIN wish m ON m.resource=o.resource AND m.owner=?2 "
		"AND m.module=o.module WHERE o.resource=?1 AND o.owner<>?2 AND o.owner<>wish.owner AND c.live "
		"AND o.over IS NULL AND coalesce(o.wanted=m.wanted, o.params=m.params) LIMIT 1) WHERE "
		"resource=?1 AND over=?2", "ii", id, me);
}

void ledger_set_differs(struct ledger *ledger, const struct ledger_owner *owner,
	const char *resource, const char *differs)
{
	int64_t id = ledger_resource(ledger, resource), me = ledger_owner_id(ledger, owner);

	if (database_integer(ledger->database, 0, "SELECT differs IS NOT ?3 FROM claim "
			"WHERE resource=?1 AND owner=?2", "iis", id, me, differs))
		database_do(ledger->database, "UPDATE claim SET differs=?3 WHERE resource=?1 AND owner=?2",
			"iis", id, me, differs);
}
