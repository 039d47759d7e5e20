/* ledger_journal: a rollback journal that says whether it is whole, and whose it is.
 *
 * SQLite's header leaves the rest of its sector empty. The seal is written there together with the
 * number of records, after all records were synced and before the database is written to: a digest
 * of header and records, the state of the database before, and a name for the state after, which
 * page 1 gets in this transaction. A seal that isn't whole was either torn by a power cut, then the
 * database is as it was, which the records prove; or the journal is damaged.
 *
 * Format of a journal: https://www.sqlite.org/fileformat2.html#the_rollback_journal */
#include "agent/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = LEDGER_PAGE, RECORD = 4 + LEDGER_PAGE + 4, SECTOR = 512,
	COUNT_AT = 8, SECTOR_SIZE_AT = 20, PAGE_SIZE_AT = 24,
	SEAL_AT = 64, BEFORE_AT = SEAL_AT + 8, AFTER_AT = BEFORE_AT + LEDGER_MARK,
	DIGEST_AT = AFTER_AT + LEDGER_MARK, DIGEST = 16,
};

static const unsigned char seal_magic[8] = "beoplay\1";

static bool read_at(int fd, void *bytes, size_t size, int64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = pread(fd, (char *)bytes + done, size - done, offset + (int64_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

/* Of the header as far as the digest, and of as many records as it says. */
static bool digest_journal(int fd, const unsigned char header[SECTOR],
	unsigned char ret_digest[DIGEST])
{
	crypto_generichash_state state;
	unsigned char record[RECORD];
	uint32_t count = ledger_number(header + COUNT_AT);

	crypto_generichash_init(&state, NULL, 0, DIGEST);
	crypto_generichash_update(&state, header, DIGEST_AT);
	for (uint32_t i = 0; i < count; i++) {
		if (!read_at(fd, record, RECORD, HEADER + (int64_t)i * RECORD))
			return false;
		crypto_generichash_update(&state, record, RECORD);
	}
	crypto_generichash_final(&state, ret_digest, DIGEST);
	return true;
}

/* --- Sealing */

/* The state as the database's page 1 names it; one that is empty has none. */
static int state_now(struct ledger_file *database, struct ledger_seal *ret_seal)
{
	unsigned char page[LEDGER_PAGE];
	int64_t count = ledger_file_pages(database);
	int result = SQLITE_OK;

	if (count < 0)
		return SQLITE_IOERR_FSTAT;
	memset(page, 0, sizeof(page));
	if (count > 0)
		result = ledger_file_page(database, 1, page);
	memcpy(ret_seal->before, page + LEDGER_PAGE_USED, LEDGER_MARK);
	return result;
}

int ledger_journal_seal(struct ledger_file *journal, const void *header, int size)
{
	struct ledger_file *database = journal->database;
	struct ledger_seal *seal = &database->seal;
	unsigned char sector[SECTOR];
	int fd;
	int result = state_now(database, seal);

	if (result == SQLITE_OK)
		result = journal->real->pMethods->xRead(journal->real, sector, SECTOR, 0);
	if (result != SQLITE_OK)
		return result;
	if (ledger_number(sector + SECTOR_SIZE_AT) != HEADER ||
	    ledger_number(sector + PAGE_SIZE_AT) != LEDGER_PAGE)
		return SQLITE_IOERR_WRITE;
	randombytes_buf(seal->after, LEDGER_MARK);
	memcpy(sector, header, (size_t)size);
	memcpy(sector + SEAL_AT, seal_magic, sizeof(seal_magic));
	memcpy(sector + BEFORE_AT, seal->before, LEDGER_MARK);
	memcpy(sector + AFTER_AT, seal->after, LEDGER_MARK);
	fd = open(database->journal, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return SQLITE_IOERR_READ;
	if (digest_journal(fd, sector, sector + DIGEST_AT))
		result = journal->real->pMethods->xWrite(journal->real, sector, SECTOR, 0);
	else
		result = SQLITE_IOERR_READ;
	close(fd);
	return result;
}

/* --- Verifying */

static bool sealed(const unsigned char header[SECTOR])
{
	return !sodium_is_zero(header + SEAL_AT, DIGEST_AT + DIGEST - SEAL_AT);
}

static bool seal_whole(int fd, const unsigned char header[SECTOR])
{
	unsigned char digest[DIGEST];

	return memcmp(header + SEAL_AT, seal_magic, sizeof(seal_magic)) == 0 &&
		digest_journal(fd, header, digest) &&
		memcmp(digest, header + DIGEST_AT, DIGEST) == 0;
}

/* Whether the database is in the state before or after, or on the way from the one to the other: a
 * page 1 that a power cut has torn may have something of both names. */
static bool belongs(struct ledger_file *database, const struct ledger_seal *seal)
{
	unsigned char page[LEDGER_PAGE] = { 0 };
	const unsigned char *mark = page + LEDGER_PAGE_USED;
	int result = ledger_file_page(database, 1, page);

	if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ)
		return false;
	if (result == SQLITE_OK && ledger_page_whole(page, 1))
		return memcmp(mark, seal->before, LEDGER_MARK) == 0 ||
			memcmp(mark, seal->after, LEDGER_MARK) == 0;
	for (int i = 0; i < LEDGER_MARK; i++) {
		if (mark[i] != seal->before[i] && mark[i] != seal->after[i])
			return false;
	}
	return true;
}

/* Whether the database has just what all records say was in it, page 1 among them. */
static bool untouched(struct ledger_file *database, int fd, int64_t size)
{
	unsigned char record[RECORD];
	unsigned char page[LEDGER_PAGE];
	int64_t pages = ledger_file_pages(database);
	bool first = pages == 0;

	for (int64_t at = HEADER; at + RECORD <= size; at += RECORD) {
		uint32_t number;

		if (!read_at(fd, record, RECORD, at))
			return false;
		number = ledger_number(record);
		if (number < 1 || number > pages ||
		    ledger_file_page(database, number, page) != SQLITE_OK ||
		    memcmp(record + 4, page, LEDGER_PAGE_USED) != 0)
			return false;
		first |= number == 1;
	}
	return first;
}

static int judge(struct ledger_file *database, int fd, int64_t size)
{
	unsigned char header[SECTOR];
	struct ledger_seal *seal = &database->seal;

	if (size >= SECTOR && !read_at(fd, header, SECTOR, 0))
		return SQLITE_IOERR_READ;
	/* Without a seal nothing was written to the database yet. */
	if (size < SECTOR || !sealed(header)) {
		database->journal_done = true;
		return SQLITE_OK;
	}
	if (!seal_whole(fd, header)) {
		database->journal_done = untouched(database, fd, size);
		if (!database->journal_done)
			database->damage = "the journal beside it is damaged";
		return database->journal_done ? SQLITE_OK : SQLITE_CORRUPT;
	}
	memcpy(seal->before, header + BEFORE_AT, LEDGER_MARK);
	memcpy(seal->after, header + AFTER_AT, LEDGER_MARK);
	if (belongs(database, seal))
		return SQLITE_OK;
	database->damage = "the journal beside it belongs to another state of it, as after a restore "
		"from a backup";
	return SQLITE_CORRUPT;
}

int ledger_journal_check(struct ledger_file *database)
{
	struct stat info;
	int result = SQLITE_OK;
	int fd;

	/* As a rule it is empty. */
	database->journal_empty = lstat(database->journal, &info) == 0 && S_ISREG(info.st_mode)
		&& info.st_size == 0;
	if (database->journal_empty)
		return SQLITE_OK;
	fd = open(database->journal, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno != ELOOP)
		return errno == ENOENT ? SQLITE_OK : SQLITE_CANTOPEN;
	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
		database->damage = "the journal beside it isn't a file";
		result = SQLITE_CORRUPT;
	} else if (info.st_size > 0 && ledger_locks_hold(database)) {
		/* A writer may have ended meanwhile; from here on none begins. */
		result = fstat(fd, &info) < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
		if (result == SQLITE_OK && info.st_size > 0)
			result = judge(database, fd, info.st_size);
		ledger_locks_let(database);
	}
	if (fd >= 0)
		close(fd);
	return result;
}
