/* ledger_journal_file: SQLite's methods for the ledger's journal.
 *
 * SQLite writes each page of it in three pieces, one behind the other. They wait here until they are
 * many, or something else is asked of the file: nothing of the journal is needed before it is synced. */
#include "agent/ledger_file.h"

#include <stdlib.h>
#include <string.h>

enum { WAITING_MOST = 64 << 10 };

/* What can't be written goes on waiting: until the next sync nothing hangs on it. */
int ledger_journal_flush(struct ledger_file *journal)
{
	int result = SQLITE_OK;

	if (journal->waiting_size > 0)
		result = journal->real->pMethods->xWrite(journal->real, journal->waiting,
			(int)journal->waiting_size, journal->waiting_at);
	if (result == SQLITE_OK)
		journal->waiting_size = 0;
	return result;
}

static sqlite3_int64 waiting_end(const struct ledger_file *journal)
{
	return journal->waiting_at + (sqlite3_int64)journal->waiting_size;
}

int ledger_journal_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	struct ledger_file *journal = (struct ledger_file *)file;
	int result = SQLITE_OK;

	if (journal->database->journal_done) {
		memset(bytes, 0, (size_t)size);
		return SQLITE_IOERR_SHORT_READ;
	}
	if (offset >= journal->waiting_at && offset + size <= waiting_end(journal)) {
		memcpy(bytes, journal->waiting + (offset - journal->waiting_at), (size_t)size);
		return SQLITE_OK;
	}
	if (offset + size > journal->waiting_at)
		result = ledger_journal_flush(journal);
	return result != SQLITE_OK ? result
		: journal->real->pMethods->xRead(journal->real, bytes, size, offset);
}

static int wait(struct ledger_file *journal, const void *bytes, size_t size, sqlite3_int64 offset)
{
	int result = SQLITE_OK;

	if (offset != waiting_end(journal) || journal->waiting_size + size > WAITING_MOST)
		result = ledger_journal_flush(journal);
	if (result != SQLITE_OK)
		return result;
	if (!journal->waiting)
		journal->waiting = malloc(WAITING_MOST);
	if (!journal->waiting || size > WAITING_MOST)
		return journal->real->pMethods->xWrite(journal->real, bytes, (int)size, offset);
	if (journal->waiting_size == 0)
		journal->waiting_at = offset;
	memcpy(journal->waiting + journal->waiting_size, bytes, size);
	journal->waiting_size += size;
	return SQLITE_OK;
}

/* The twelve bytes that follow the first sync say how many records there are. With one header only
 * (cache_spill is off) they are the first of the file. */
int ledger_journal_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	struct ledger_file *journal = (struct ledger_file *)file;
	int result;

	if (journal->looks)
		return SQLITE_READONLY;
	if (size != 12)
		return wait(journal, bytes, (size_t)size, offset);
	result = ledger_journal_flush(journal);
	if (result != SQLITE_OK)
		return result;
	return offset == 0 ? ledger_journal_seal(journal, bytes, size) : SQLITE_IOERR_WRITE;
}

int ledger_journal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct ledger_file *journal = (struct ledger_file *)file;
	int result = SQLITE_OK;

	if (journal->looks) {
		journal->database->journal_done = true;
		return SQLITE_OK;
	}
	if (size <= journal->waiting_at)
		journal->waiting_size = 0;
	else
		result = ledger_journal_flush(journal);
	return result != SQLITE_OK ? result : journal->real->pMethods->xTruncate(journal->real, size);
}

int ledger_journal_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	struct ledger_file *journal = (struct ledger_file *)file;
	int result = SQLITE_OK;

	*ret_size = 0;
	if (!journal->database->journal_done)
		result = journal->real->pMethods->xFileSize(journal->real, ret_size);
	if (journal->waiting_size > 0 && *ret_size < waiting_end(journal))
		*ret_size = waiting_end(journal);
	return result;
}
