/* ledger_machine: the ledger of a machine whose machine-id was changed by the module of that
 * name. */
#include "agent/ledger_machine.h"

#include "module/host.h"

#include <dirent.h>
#include <string.h>

enum { FOLDERS_MOST = 64 };

bool ledger_machine_expects(struct database *database, struct arena *arena,
	const char *machine_id)
{
	sqlite3_stmt *query = database_query(database, "SELECT value FROM note WHERE key=?", "s",
		HOST_RECORD_NEXT_ID);
	const struct value *record = database_row(database, query) ? database_value(arena, query, 0)
		: NULL;
	const char *id = value_get_string(record, "id");

	database_end(query);
	return id && strcmp(id, machine_id) == 0;
}

void ledger_machine_settle(struct database *database, const char *machine_id)
{
	database_do(database, "UPDATE meta SET value=? WHERE key='machine_id'", "s", machine_id);
	database_do(database, "DELETE FROM note WHERE key=?", "s", HOST_RECORD_NEXT_ID);
}

static bool expects(struct arena *arena, const char *folder, const char *locks,
	const char *machine_id)
{
	struct database *database = arena_alloc(arena, sizeof(*database));
	const char *file = arena_printf(arena, "%s/ledger.db", folder);
	struct error ignored = {0};
	bool result;

	*database = (struct database){0};
	result = database_open(database, file, arena_printf(arena, "%s/database", locks),
		DATABASE_READ, &ignored) == 0 && ledger_machine_expects(database, arena, machine_id);
	database_close(database);
	return result;
}

const char *ledger_machine_find(struct arena *arena, const char *state, const char *locks,
	const char *machine_id)
{
	DIR *folders = opendir(state);
	const char *found = NULL;
	const struct dirent *entry;

	for (size_t i = 0; folders && !found && i < FOLDERS_MOST && (entry = readdir(folders));) {
		const char *folder = arena_printf(arena, "%s/%s", state, entry->d_name);

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		i++;
		if (expects(arena, folder, locks, machine_id))
			found = folder;
	}
	if (folders)
		closedir(folders);
	return found;
}
