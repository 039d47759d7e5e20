/* ledger_seals: what the controller lets this machine keep of its runs and can't be read here, for
 * HELLO; and texts of before they were sealed, which anybody here could read: they go. */
#include "agent/ledger.h"

#include <sodium.h>

enum { SEALS_MOST = 16 };

static const char *known_incarnation(const struct ledger *ledger, struct arena *arena)
{
	sqlite3_stmt *query = database_query(ledger->database,
		"SELECT value FROM meta WHERE key='incarnation'", "");
	const char *known = database_row(ledger->database, query)
		? database_text(arena, query, 0) : NULL;

	database_end(query);
	return known;
}

void ledger_new_incarnation(struct ledger *ledger)
{
	unsigned char bytes[LEDGER_INCARNATION_SIZE / 2];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(ledger->incarnation, sizeof(ledger->incarnation), bytes, sizeof(bytes));
}

void ledger_set_incarnation(struct ledger *ledger)
{
	if (!known_incarnation(ledger, ledger->arena))
		database_do(ledger->database, "INSERT INTO meta(key, value) VALUES('incarnation', ?)", "s",
			ledger->incarnation);
}

/* The last one of each owner, the latest first. */
static void add_last(const struct ledger *ledger, struct arena *arena, struct seals *seals)
{
	sqlite3_stmt *query = database_query(ledger->database, "SELECT name, seal, max(sequence) "
		"FROM run WHERE seal IS NOT NULL GROUP BY owner ORDER BY 3 DESC LIMIT ?", "i",
		(int64_t)SEALS_MOST);
	struct kept_seal *kept = NULL;

	while (database_row(ledger->database, query))
		*ARENA_PUSH(arena, &kept, &seals->count) = (struct kept_seal){
			.run = database_text(arena, query, 0), .seal = database_bytes(arena, query, 1) };
	seals->kept = kept;
}

/* Each text that came with a seal is sealed, too. */
bool ledger_has_open_texts(const struct ledger *ledger)
{
	return database_integer(ledger->database, 0, "SELECT 1 FROM run WHERE text IS NOT NULL "
		"AND seal IS NULL LIMIT 1", "") != 0;
}

const struct seals *ledger_seals(const struct ledger *ledger, struct arena *arena)
{
	struct seals *seals = arena_alloc(arena, sizeof(*seals));
	const char *known = known_incarnation(ledger, arena);

	seals->incarnation = known ? known : ledger->incarnation;
	add_last(ledger, arena, seals);
	return seals;
}

void ledger_drop_open_texts(struct ledger *ledger)
{
	struct arena *arena = arena_new();
	struct value *texts = value_list(arena);
	sqlite3_stmt *query = database_query(ledger->database, "SELECT DISTINCT text FROM run "
		"WHERE text IS NOT NULL AND seal IS NULL", "");

	while (database_row(ledger->database, query))
		value_append(arena, texts, value_string(arena, database_text(arena, query, 0)));
	if (texts->count > 0)
		database_do(ledger->database, "UPDATE run SET text=NULL WHERE seal IS NULL", "");
	for (size_t i = 0; i < texts->count; i++)
		ledger_drop_body(ledger, value_text(texts->items[i]));
	arena_free(arena);
}
