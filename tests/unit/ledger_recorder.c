/* ledger_recorder: a VFS of SQLite for tests that records what is done to a ledger. */
#include "ledger_recorder.h"

#include "agent/ledger_vfs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512 };

struct recorder recorder;

struct recorded_file {
	sqlite3_file base;
	sqlite3_file *real;
	int file;
};

static sqlite3_vfs *under;
static sqlite3_vfs recording = { .zName = "recorder" };

/* --- Recording */

static void note(enum recorder_operation operation, int file, int64_t offset, const void *bytes,
	size_t size)
{
	struct recorder_entry *entry;

	if (!recorder.records)
		return;
	recorder.entries = realloc(recorder.entries,
		(recorder.count + 1) * sizeof(*recorder.entries));
	assert(recorder.entries);
	entry = &recorder.entries[recorder.count++];
	*entry = (struct recorder_entry){ operation, file, offset, size, NULL };
	if (!bytes)
		return;
	entry->bytes = malloc(size);
	assert(entry->bytes);
	memcpy(entry->bytes, bytes, size);
}

static bool fails(void)
{
	recorder.calls++;
	return recorder.fail_at > 0 && (recorder.calls == recorder.fail_at ||
		(recorder.persistent && recorder.calls > recorder.fail_at));
}

static int file_write(sqlite3_file *opened, const void *bytes, int size, sqlite3_int64 offset)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	if (fails()) {
		file->real->pMethods->xWrite(file->real, bytes, size / 2, offset);
		return recorder.fail_status;
	}
	recorder.writes++;
	recorder.bytes += (size_t)size;
	note(RECORDER_WRITE, file->file, offset, bytes, (size_t)size);
	return file->real->pMethods->xWrite(file->real, bytes, size, offset);
}

static int file_truncate(sqlite3_file *opened, sqlite3_int64 size)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	if (fails())
		return SQLITE_IOERR_TRUNCATE;
	recorder.truncates++;
	note(RECORDER_TRUNCATE, file->file, size, NULL, 0);
	return file->real->pMethods->xTruncate(file->real, size);
}

static int file_sync(sqlite3_file *opened, int flags)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	if (fails())
		return SQLITE_IOERR_FSYNC;
	recorder.syncs++;
	note(RECORDER_SYNC, file->file, 0, NULL, 0);
	return file->real->pMethods->xSync(file->real, flags);
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	(void)vfs;
	if (fails())
		return SQLITE_IOERR_DELETE;
	recorder.deletes++;
	note(RECORDER_DELETE, RECORDER_JOURNAL, 0, NULL, 0);
	return under->xDelete(under, path, sync);
}

/* --- Handed on */

static int file_close(sqlite3_file *opened)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	return file->real->pMethods->xClose(file->real);
}

static int file_read(sqlite3_file *opened, void *bytes, int size, sqlite3_int64 offset)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	return file->real->pMethods->xRead(file->real, bytes, size, offset);
}

static int file_size(sqlite3_file *opened, sqlite3_int64 *ret_size)
{
	struct recorded_file *file = (struct recorded_file *)opened;

	return file->real->pMethods->xFileSize(file->real, ret_size);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, .xClose = file_close, .xRead = file_read, .xWrite = file_write,
	.xTruncate = file_truncate, .xSync = file_sync, .xFileSize = file_size,
};

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *opened, int flags,
	int *ret_flags)
{
	struct recorded_file *file = (struct recorded_file *)opened;
	int result;

	(void)vfs;
	file->base.pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	file->file = flags & SQLITE_OPEN_MAIN_JOURNAL ? RECORDER_JOURNAL : RECORDER_DATABASE;
	result = under->xOpen(under, path, file->real, flags, ret_flags);
	if (result == SQLITE_OK)
		file->base.pMethods = &methods;
	return result;
}

void recorder_register(void)
{
	under = sqlite3_vfs_find("unix-none");
	assert(under);
	sqlite3_vfs_unregister(&recording);
	recording = *under;
	recording.zName = "recorder";
	recording.szOsFile = (int)sizeof(struct recorded_file) + under->szOsFile;
	recording.xOpen = vfs_open;
	recording.xDelete = vfs_delete;
	sqlite3_vfs_register(&recording, 0);
	if (ledger_vfs_set_base("recorder") < 0)
		abort();
}

void recorder_reset(void)
{
	for (size_t i = 0; i < recorder.count; i++)
		free(recorder.entries[i].bytes);
	free(recorder.entries);
	recorder = (struct recorder){ .fail_status = SQLITE_IOERR_WRITE };
}

void recorder_mark(void)
{
	note(RECORDER_MARK, RECORDER_DATABASE, 0, NULL, 0);
}

size_t recorder_marks(size_t count)
{
	size_t marks = 0;

	for (size_t i = 0; i < count; i++)
		marks += recorder.entries[i].operation == RECORDER_MARK;
	return marks;
}

/* --- Replaying */

static void image_size(struct recorder_image *image, size_t size)
{
	if (size > image->size) {
		image->bytes = realloc(image->bytes, size);
		assert(image->bytes);
		memset(image->bytes + image->size, 0, size - image->size);
	}
	image->size = size;
}

static void image_write(struct recorder_image *image, int64_t offset, const void *bytes,
	size_t size)
{
	if (size == 0)
		return;
	if ((size_t)offset + size > image->size)
		image_size(image, (size_t)offset + size);
	memcpy(image->bytes + offset, bytes, size);
}

static void image_apply(struct recorder_image images[RECORDER_FILES],
	const struct recorder_entry *entry, size_t size)
{
	struct recorder_image *image = &images[entry->file];

	if (entry->operation == RECORDER_WRITE)
		image_write(image, entry->offset, entry->bytes, size);
	else if (entry->operation == RECORDER_TRUNCATE || entry->operation == RECORDER_DELETE)
		image_size(image, (size_t)entry->offset);
}

void recorder_replay(struct recorder_image images[RECORDER_FILES], size_t count, bool torn)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = recorder.entries[i].size;

		image_apply(images, &recorder.entries[i], torn && i + 1 == count ? size / 2 : size);
	}
}

static void apply_by_chance(struct recorder_image images[RECORDER_FILES],
	const struct recorder_entry *entry, unsigned *seed)
{
	int fate = rand_r(seed) % 4;

	if (fate == 0)
		return;
	if (fate != 1 || entry->operation != RECORDER_WRITE) {
		image_apply(images, entry, entry->size);
		return;
	}
	for (size_t at = 0; at < entry->size; at += SECTOR) {
		size_t size = entry->size - at < SECTOR ? entry->size - at : SECTOR;

		if (rand_r(seed) % 2)
			image_write(&images[entry->file], entry->offset + (int64_t)at, entry->bytes + at,
				size);
	}
}

void recorder_power_cut(struct recorder_image images[RECORDER_FILES], size_t count, unsigned *seed)
{
	size_t synced[RECORDER_FILES] = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (recorder.entries[i].operation == RECORDER_SYNC)
			synced[recorder.entries[i].file] = i;
	}
	for (size_t i = 0; i < count; i++) {
		const struct recorder_entry *entry = &recorder.entries[i];

		if (i < synced[entry->file])
			image_apply(images, entry, entry->size);
		else
			apply_by_chance(images, entry, seed);
	}
}

void recorder_put(const struct recorder_image images[RECORDER_FILES], const char *path)
{
	static const char *const ends[RECORDER_FILES] = { "", "-journal" };
	char name[4096];

	for (int i = 0; i < RECORDER_FILES; i++) {
		FILE *file;
		int size = snprintf(name, sizeof(name), "%s%s", path, ends[i]);

		file = size > 0 && (size_t)size < sizeof(name) ? fopen(name, "w") : NULL;
		if (!file || (images[i].size > 0 &&
		    fwrite(images[i].bytes, 1, images[i].size, file) != images[i].size) || fclose(file) != 0)
			abort();
	}
}

void recorder_images_free(struct recorder_image images[RECORDER_FILES])
{
	for (int i = 0; i < RECORDER_FILES; i++) {
		free(images[i].bytes);
		images[i] = (struct recorder_image){ 0 };
	}
}
