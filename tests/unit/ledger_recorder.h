/* ledger_recorder: a VFS of SQLite for tests, between the ledger's and the real one ("unix-none").
 *
 * It counts and records what is done to the database and its journal, lets a call fail, and replays
 * what a disk would have after a kill or a power cut. */
#ifndef TESTS_UNIT_LEDGER_RECORDER_H
#define TESTS_UNIT_LEDGER_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recorder_operation {
	RECORDER_WRITE, RECORDER_TRUNCATE, RECORDER_SYNC, RECORDER_DELETE,
	RECORDER_MARK,   /* of the test: what was done until here must not be lost any more */
};

enum { RECORDER_DATABASE, RECORDER_JOURNAL, RECORDER_FILES };

struct recorder_entry {
	enum recorder_operation operation;
	int file;
	int64_t offset;
	size_t size;
	unsigned char *bytes;
};

struct recorder {
	size_t writes, bytes, syncs, truncates, deletes;
	bool records;                /* else only counted */
	struct recorder_entry *entries;
	size_t count;
	/* Of the calls that change or sync something, counted from 1: this one fails (of a write half
	 * is done), and, if persistent, all after it. 0: none. */
	size_t fail_at, calls;
	int fail_status;             /* of writes; syncs and truncates fail with an I/O error */
	bool persistent;
};

extern struct recorder recorder;

/* A file as it would be on the disk. */
struct recorder_image {
	unsigned char *bytes;
	size_t size;
};

void recorder_register(void);         /* as "recorder"; the ledger's VFS works on it from then on */
void recorder_reset(void);            /* forgets entries, counts and failures */
void recorder_mark(void);
size_t recorder_marks(size_t count);  /* how many are among so many entries */

/* What is there after so many entries; torn: of the last one only the first half of it. */
void recorder_replay(struct recorder_image images[RECORDER_FILES], size_t count, bool torn);
/* After a power cut behind so many entries: of what came after a file's last sync each write and
 * each sector of it may have survived or not. */
void recorder_power_cut(struct recorder_image images[RECORDER_FILES], size_t count, unsigned *seed);
/* Writes them to PATH and PATH-journal. */
void recorder_put(const struct recorder_image images[RECORDER_FILES], const char *path);
void recorder_images_free(struct recorder_image images[RECORDER_FILES]);

#endif
