/* ledger_vfs: how SQLite reads and writes the ledger's database. */
#include "agent/ledger_file.h"

#include "agent/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SUM_AT = LEDGER_PAGE - crypto_shorthash_BYTES, PAGE_SIZE_AT = 16, RESERVED_AT = 20,
	BUSY_MOST = 10 * 1000, HEAP_MOST = 256 << 20, VALUE_MOST = 64 << 20,
	TEXT_MOST = 64 << 10, SLOT_SIZE = 1200, SLOTS = 200,
};

static sqlite3_vfs *under;
static sqlite3_vfs writing = { .zName = "beoplay" };
static sqlite3_vfs looking = { .zName = "beoplay-look" };

/* --- Pages */

uint32_t ledger_number(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void page_sum(const unsigned char page[LEDGER_PAGE], uint32_t number,
	unsigned char ret_sum[crypto_shorthash_BYTES])
{
	unsigned char key[crypto_shorthash_KEYBYTES] = { 0 };

	memcpy(key, &(uint32_t){ htole32(number) }, sizeof(number));
	crypto_shorthash(ret_sum, page, SUM_AT, key);
}

bool ledger_page_whole(const unsigned char page[LEDGER_PAGE], uint32_t number)
{
	unsigned char sum[crypto_shorthash_BYTES];

	page_sum(page, number, sum);
	return memcmp(sum, page + SUM_AT, sizeof(sum)) == 0;
}

/* Page 1 names the state that it belongs to: another one after each journal, also where that is
 * played back. */
static void page_finish(const struct ledger_file *database, unsigned char page[LEDGER_PAGE],
	uint32_t number)
{
	unsigned char *mark = page + LEDGER_PAGE_USED;

	memset(mark, 0, LEDGER_MARK);
	if (number == 1)
		memcpy(mark, database->seal.after, LEDGER_MARK);
	page_sum(page, number, page + SUM_AT);
}

/* Nobody else changes it under a lock. */
static int real_size(struct ledger_file *database, sqlite3_int64 *ret_size)
{
	int result = SQLITE_OK;

	if (!database->size_known)
		result = database->real->pMethods->xFileSize(database->real, &database->size);
	database->size_known = result == SQLITE_OK && database->level > SQLITE_LOCK_NONE;
	*ret_size = database->size;
	return result;
}

int64_t ledger_file_pages(struct ledger_file *database)
{
	sqlite3_int64 size;

	if (database->resized)
		return database->page_count;
	return real_size(database, &size) == SQLITE_OK ? size / LEDGER_PAGE : -1;
}

int ledger_file_page(struct ledger_file *database, uint32_t number,
	unsigned char page[LEDGER_PAGE])
{
	sqlite3_int64 offset = (sqlite3_int64)(number - 1) * LEDGER_PAGE;

	if (database->resized && number > database->page_count)
		return SQLITE_IOERR_SHORT_READ;
	if (database->resized && database->pages[number - 1]) {
		memcpy(page, database->pages[number - 1], LEDGER_PAGE);
		return SQLITE_OK;
	}
	return database->real->pMethods->xRead(database->real, page, LEDGER_PAGE, offset);
}

/* --- Looking: what is written stays in memory */

void ledger_file_forget(struct ledger_file *database)
{
	for (uint32_t i = 0; database->pages && i < database->page_count; i++)
		free(database->pages[i]);
	free(database->pages);
	database->pages = NULL;
	database->page_count = 0;
	database->resized = database->journal_done = false;
	database->size_known = database->journal_empty = false;
}

static int keep_count(struct ledger_file *database, uint32_t count)
{
	unsigned char **pages;

	for (uint32_t i = count; database->pages && i < database->page_count; i++)
		free(database->pages[i]);
	pages = realloc(database->pages, (count + 1) * sizeof(*pages));
	if (!pages)
		return SQLITE_NOMEM;
	for (uint32_t i = database->page_count; i < count; i++)
		pages[i] = NULL;
	database->pages = pages;
	database->page_count = count;
	database->resized = true;
	return SQLITE_OK;
}

static int keep_page(struct ledger_file *database, uint32_t number,
	const unsigned char page[LEDGER_PAGE])
{
	int64_t count = ledger_file_pages(database);
	int result = count < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;

	if (result == SQLITE_OK && (!database->resized || number > count))
		result = keep_count(database, number > count ? number : (uint32_t)count);
	if (result != SQLITE_OK)
		return result;
	if (!database->pages[number - 1])
		database->pages[number - 1] = malloc(LEDGER_PAGE);
	if (!database->pages[number - 1])
		return SQLITE_NOMEM;
	memcpy(database->pages[number - 1], page, LEDGER_PAGE);
	return SQLITE_OK;
}

/* --- The database */

static int damaged(struct ledger_file *database, const char *what)
{
	database->damage = what;
	return SQLITE_IOERR_DATA;
}

/* The first page is read with each lock: mostly it is as it was. */
static bool read_whole(struct ledger_file *database, const unsigned char page[LEDGER_PAGE],
	uint32_t number)
{
	if (number != 1)
		return ledger_page_whole(page, number);
	if (!database->first_whole || memcmp(page, database->first, LEDGER_PAGE) != 0)
		database->first_whole = ledger_page_whole(page, number);
	memcpy(database->first, page, LEDGER_PAGE);
	return database->first_whole;
}

/* SQLite asks for pages, for the beginning of page 1, and for its header before it has a lock: only
 * then nothing can be verified, and nothing but the size of pages is taken from it. */
static int database_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	struct ledger_file *database = (struct ledger_file *)file;
	uint32_t number = (uint32_t)(offset / LEDGER_PAGE) + 1;
	unsigned char page[LEDGER_PAGE];
	int64_t count = ledger_file_pages(database);
	int result;

	if (database->level == SQLITE_LOCK_NONE)
		return database->real->pMethods->xRead(database->real, bytes, size, offset);
	if (count == 0) {
		memset(bytes, 0, (size_t)size);
		return SQLITE_IOERR_SHORT_READ;
	}
	if (offset % LEDGER_PAGE + size > LEDGER_PAGE)
		return damaged(database, "its pages have another size");
	result = ledger_file_page(database, number, page);
	if (result == SQLITE_IOERR_SHORT_READ)
		return damaged(database, "its end is missing");
	if (result != SQLITE_OK)
		return result;
	if (!read_whole(database, page, number))
		return damaged(database, "a page of it isn't as it was written");
	memcpy(bytes, page + offset % LEDGER_PAGE, (size_t)size);
	return SQLITE_OK;
}

static bool right_form(const unsigned char *page, uint32_t number)
{
	return number != 1 || (page[PAGE_SIZE_AT] == LEDGER_PAGE >> 8 && page[PAGE_SIZE_AT + 1] == 0 &&
		page[RESERVED_AT] == LEDGER_RESERVED);
}

static int database_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	struct ledger_file *database = (struct ledger_file *)file;
	uint32_t number = (uint32_t)(offset / LEDGER_PAGE) + 1;
	unsigned char page[LEDGER_PAGE];

	if (size != LEDGER_PAGE || offset % LEDGER_PAGE != 0 || !right_form(bytes, number))
		return SQLITE_IOERR_WRITE;
	memcpy(page, bytes, LEDGER_PAGE);
	page_finish(database, page, number);
	if (database->looks)
		return keep_page(database, number, page);
	database->size_known = false;
	return database->real->pMethods->xWrite(database->real, page, LEDGER_PAGE, offset);
}

static int database_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct ledger_file *database = (struct ledger_file *)file;

	if (database->looks)
		return keep_count(database, (uint32_t)(size / LEDGER_PAGE));
	database->size_known = false;
	return database->real->pMethods->xTruncate(database->real, size);
}

static int database_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	struct ledger_file *database = (struct ledger_file *)file;

	if (!database->resized)
		return real_size(database, ret_size);
	*ret_size = (sqlite3_int64)database->page_count * LEDGER_PAGE;
	return SQLITE_OK;
}

/* --- Both */

static int file_sync(sqlite3_file *file, int flags)
{
	struct ledger_file *synced = (struct ledger_file *)file;
	int result = ledger_journal_flush(synced);

	if (result == SQLITE_OK && !synced->looks)
		result = synced->real->pMethods->xSync(synced->real, flags);
	if (synced->names && result == SQLITE_OK)
		synced->database->journal_named = true;
	return result;
}

static int file_close(sqlite3_file *file)
{
	struct ledger_file *closed = (struct ledger_file *)file;

	/* What still waits was never synced: SQLite has given that transaction up. */
	free(closed->waiting);
	if (closed->database == closed) {
		ledger_file_forget(closed);
		ledger_locks_close(closed);
		free(closed->lock);
	}
	return closed->real->pMethods->xClose(closed->real);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
	(void)file;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file)
{
	(void)file;
	return LEDGER_PAGE;
}

static int file_characteristics(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static int no_lock(sqlite3_file *file, int level)
{
	(void)file;
	(void)level;
	return SQLITE_OK;
}

static int no_lock_reserved(sqlite3_file *file, int *ret_reserved)
{
	(void)file;
	*ret_reserved = 0;
	return SQLITE_OK;
}

static const sqlite3_io_methods database_methods = {
	.iVersion = 1, .xClose = file_close, .xRead = database_read, .xWrite = database_write,
	.xTruncate = database_truncate, .xSync = file_sync, .xFileSize = database_size,
	.xLock = ledger_lock, .xUnlock = ledger_unlock, .xCheckReservedLock = ledger_lock_reserved,
	.xFileControl = file_control, .xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static const sqlite3_io_methods journal_methods = {
	.iVersion = 1, .xClose = file_close, .xRead = ledger_journal_read, .xWrite = ledger_journal_write,
	.xTruncate = ledger_journal_truncate, .xSync = file_sync, .xFileSize = ledger_journal_size,
	.xLock = no_lock, .xUnlock = no_lock, .xCheckReservedLock = no_lock_reserved,
	.xFileControl = file_control, .xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

/* --- Opening files */

static bool ours(const struct stat *info)
{
	return (info->st_uid == geteuid() || info->st_uid == 0) && (info->st_mode & 022) == 0;
}

/* A file that somebody else could have put there, or could change, is never opened; one that isn't
 * there is made, if it may be. */
static int check_place(const char *path, bool make, struct stat *ret_file, struct error *err)
{
	char name[WALK_NAME_SIZE];
	struct stat info;
	int directory;
	int result = walk_to(path, &directory, name, err);
	int fd;

	if (result != 0)
		return result < 0 ? -1 : error_set(err, LEDGER_UNUSABLE, "'%s' isn't there", path);
	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make)
		fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		result = error_errno(err, LEDGER_UNUSABLE, "cannot open '%s'", path);
	else if (fstat(fd, ret_file) < 0 || !S_ISREG(ret_file->st_mode) || !ours(ret_file))
		result = error_set(err, LEDGER_UNTRUSTED, "'%s' isn't a file that only you can write",
			path);
	else if (fstat(directory, &info) < 0 || !ours(&info))
		result = error_set(err, LEDGER_UNTRUSTED, "others can write where '%s' is", path);
	if (result < 0)
		error_remedy(err, "look who has put it there; a ledger and its directory belong to the "
			"user of the agent alone");
	if (fd >= 0)
		close(fd);
	close(directory);
	return result;
}

static void open_database(struct ledger_file *file, const char *path, const struct stat *info)
{
	file->base.pMethods = &database_methods;
	file->database = file;
	file->path = path;
	file->journal = sqlite3_filename_journal(path);
	file->readers = file->writers = -1;
	file->device = info->st_dev;
	file->number = info->st_ino;
}

/* What takes no part goes before a new journal is written in its place. */
static int open_journal(struct ledger_file *file, const char *path, int flags)
{
	int result = SQLITE_OK;

	file->base.pMethods = &journal_methods;
	file->database = (struct ledger_file *)sqlite3_database_file_object(path);
	file->names = (flags & SQLITE_OPEN_CREATE) != 0;
	if (file->looks || !(flags & SQLITE_OPEN_CREATE) || !file->database->journal_done)
		return result;
	result = file->real->pMethods->xTruncate(file->real, 0);
	if (result == SQLITE_OK)
		result = file->real->pMethods->xSync(file->real, SQLITE_SYNC_NORMAL);
	file->database->journal_done = result != SQLITE_OK;
	return result;
}

static const struct ledger_file *database_of(const char *journal)
{
	return (const struct ledger_file *)sqlite3_database_file_object(journal);
}

/* Of a journal its database tells: that may be written by now. */
static bool only_looks(const sqlite3_vfs *vfs, const char *path, int kind)
{
	return kind == SQLITE_OPEN_MAIN_JOURNAL && path ? database_of(path)->looks : vfs == &looking;
}

/* The database is opened for writing, as who looks may come to write it; where that can't be, SQLite
 * opens it for reading. A journal that has made its name durable on this connection isn't made again:
 * that would sync its directory, too. */
static int flags_of(bool looks, const char *path, int kind, int flags)
{
	if (looks)
		return kind | (kind == SQLITE_OPEN_MAIN_DB ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	if (kind == SQLITE_OPEN_MAIN_JOURNAL && path && database_of(path)->journal_named)
		return flags & ~SQLITE_OPEN_CREATE;
	return flags;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *opened, int flags,
	int *ret_flags)
{
	struct ledger_file *file = (struct ledger_file *)opened;
	int kind = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL);
	bool looks = only_looks(vfs, path, kind);
	int real_flags = flags_of(looks, path, kind, flags);
	struct error ignored = { 0 };
	struct stat info;
	int result;

	*file = (struct ledger_file){ .real = (sqlite3_file *)(file + 1), .looks = looks };
	if (!path || !kind || check_place(path, !looks && (flags & SQLITE_OPEN_CREATE) != 0, &info,
			&ignored) < 0)
		return SQLITE_CANTOPEN;
	result = under->xOpen(under, path, file->real, real_flags, &real_flags);
	if (result != SQLITE_OK)
		return result;
	file->may_write = (real_flags & SQLITE_OPEN_READWRITE) != 0;
	if (ret_flags)
		*ret_flags = looks ? flags : real_flags;
	if (kind == SQLITE_OPEN_MAIN_JOURNAL)
		result = open_journal(file, path, flags);
	else
		open_database(file, path, &info);
	if (result != SQLITE_OK) {
		file->real->pMethods->xClose(file->real);
		file->base.pMethods = NULL;
	}
	return result;
}

/* Only a journal that is over goes. That its name goes isn't durable before the directory is
 * synced; that it is empty is. */
static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_JOURNAL;
	sqlite3_file *file;
	int result;

	(void)sync;
	if (only_looks(vfs, path, SQLITE_OPEN_MAIN_JOURNAL))
		return SQLITE_OK;
	file = calloc(1, (size_t)under->szOsFile);
	if (!file)
		return SQLITE_NOMEM;
	result = under->xOpen(under, path, file, flags, NULL);
	if (result == SQLITE_OK)
		result = file->pMethods->xTruncate(file, 0);
	if (result == SQLITE_OK)
		result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	if (file->pMethods)
		file->pMethods->xClose(file);
	free(file);
	return result;
}

/* There is no write-ahead log here, and of the journal it is known since the lock was taken. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_there)
{
	size_t size = path ? strlen(path) : 0;

	(void)vfs;
	*ret_there = 0;
	if (size > 4 && strcmp(path + size - 4, "-wal") == 0)
		return SQLITE_OK;
	if (size > 8 && strcmp(path + size - 8, "-journal") == 0 && database_of(path)->journal_empty)
		return SQLITE_OK;
	return under->xAccess(under, path, flags, ret_there);
}

static int vfs_register(sqlite3_vfs *vfs)
{
	const char *name = vfs->zName;

	sqlite3_vfs_unregister(vfs);
	*vfs = *under;
	vfs->zName = name;
	vfs->szOsFile = (int)sizeof(struct ledger_file) + under->szOsFile;
	vfs->xOpen = vfs_open;
	vfs->xDelete = vfs_delete;
	vfs->xAccess = vfs_access;
	return sqlite3_vfs_register(vfs, 0);
}

int ledger_vfs_set_base(const char *name)
{
	/* The agent has no threads. Refused, and left, where SQLite was in use before. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	under = sqlite3_vfs_find(name);
	if (!under || vfs_register(&writing) != SQLITE_OK || vfs_register(&looking) != SQLITE_OK)
		return -1;
	return 0;
}

/* --- A connection */

static const char settings[] =
	"PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
	"PRAGMA cache_spill = OFF; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;"
	"PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;";

static int set_up(sqlite3 *database, const char *lock)
{
	struct ledger_file *file = NULL;
	int reserved = LEDGER_RESERVED;
	int result = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);

	if (result != SQLITE_OK)
		return result;
	file->lock = strdup(lock);
	if (!file->lock)
		return SQLITE_NOMEM;
	sqlite3_extended_result_codes(database, 1);
	sqlite3_busy_timeout(database, BUSY_MOST);
	sqlite3_file_control(database, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	sqlite3_db_config(database, SQLITE_DBCONFIG_LOOKASIDE, NULL, SLOT_SIZE, SLOTS);
	sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, VALUE_MOST);
	sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, TEXT_MOST);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
	return sqlite3_exec(database, settings, NULL, NULL, NULL);
}

bool ledger_vfs_damaged(sqlite3 *database, const char **ret_why)
{
	int status = sqlite3_extended_errcode(database);
	struct ledger_file *file = NULL;

	if (status != SQLITE_IOERR_DATA && (status & 0xff) != SQLITE_CORRUPT &&
	    (status & 0xff) != SQLITE_NOTADB)
		return false;
	sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (ret_why)
		*ret_why = file && file->damage ? file->damage : sqlite3_errmsg(database);
	return true;
}

static int cannot_open(sqlite3 *database, const char *path, struct error *err)
{
	const char *why;

	if (!database)
		return error_set(err, LEDGER_UNUSABLE, "cannot open '%s': out of memory", path);
	if (ledger_vfs_damaged(database, &why))
		return error_set(err, LEDGER_DAMAGED, "'%s' is damaged: %s", path, why);
	return error_set(err, LEDGER_UNUSABLE, "cannot open '%s': %s", path, sqlite3_errmsg(database));
}

int ledger_vfs_open(const char *path, const char *lock, enum ledger_access access,
	sqlite3 **ret_database, struct error *err)
{
	bool write = access == LEDGER_WRITE;
	struct stat info;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (write ? SQLITE_OPEN_CREATE : 0);
	int result;

	*ret_database = NULL;
	if (!under && ledger_vfs_set_base("unix-none") < 0)
		return error_set(err, BEOPLAY_BUG, "SQLite has no access to files");
	sqlite3_hard_heap_limit64(HEAP_MOST);
	if (check_place(path, write, &info, err) < 0)
		return -1;
	result = sqlite3_open_v2(path, ret_database, flags, write ? writing.zName : looking.zName);
	if (result == SQLITE_OK)
		result = set_up(*ret_database, lock);
	if (result == SQLITE_OK)
		return 0;
	cannot_open(*ret_database, path, err);
	sqlite3_close(*ret_database);
	*ret_database = NULL;
	return -1;
}

/* Another writer may have left a journal, or somebody has put another file there. */
static bool is_unchanged(const struct ledger_file *file)
{
	struct error ignored = { 0 };
	struct stat info;

	if (lstat(file->journal, &info) == 0 && info.st_size > 0)
		return false;
	return check_place(file->path, false, &info, &ignored) == 0 && info.st_dev == file->device
		&& info.st_ino == file->number;
}

bool ledger_vfs_upgrade(sqlite3 *database)
{
	struct ledger_file *file = NULL;

	if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK
			|| !file->looks || !file->may_write || file->level != SQLITE_LOCK_NONE
			|| !is_unchanged(file))
		return false;
	file->looks = false;
	return true;
}
