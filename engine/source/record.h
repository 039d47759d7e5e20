/* record: all that a run has read, kept so that the same run can be made again from it.
 *
 * Paths are those below the project's folder ("playbooks/site.yml"), whatever the current directory
 * was; what lies outside keeps its absolute path, and what never was a file (the -e of the command
 * line) its name. Contents of src are in it as well as texts, with directories and links, so that a
 * source made of a record is as good as the working tree.
 *
 * What has no business in a history is left out, and a source that is asked for it says so: private
 * keys, what the user's git ignores, and contents above RECORD_BODY_MOST.
 *
 * Contents of src whose digest the source knows aren't in memory: who needs one asks record_load for it. */
#ifndef TEXT_RECORD_H
#define TEXT_RECORD_H

#include "base/arena.h"
#include "base/disclose.h"
#include "base/error.h"
#include "base/shape.h"
#include "base/value.h"
#include "source/source.h"

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_BODY_MOST = 1 << 20 };

struct record_file {
	const char *path;
	enum source_kind kind;     /* SOURCE_FILE, SOURCE_DIRECTORY or SOURCE_LINK */
	bool body;                 /* content of src; else a text */
	unsigned mode;             /* permission bits; 0 of what never was a file */
	const char *bytes;         /* NULL: left out, or not read yet */
	size_t size;
	const char *from;          /* of what isn't read yet: what the source calls it; else NULL */
	const char *digest;        /* that it then must have */
	const char *target;        /* of a link */
	const char *left_out;      /* why there are no bytes */
};

struct record {
	struct record_file *files;
	size_t count;
	struct source *source;     /* of what isn't read yet */
};

/* A file with its bytes, read now if it isn't yet. It can turn out to be left out. */
struct record_file record_load(struct arena *arena, const struct record *record,
	const struct record_file *file);

/* Whether a path (as given) shall be left out; ret_why says why. */
typedef bool record_leaves_out(void *context, const char *path, const char **ret_why);

/* Records all that source is asked for, from its beginning on. folder: the project's, as given. */
struct recorder *recorder_new(struct arena *arena, struct source *source, const char *folder,
	record_leaves_out *leaves_out, void *context);
/* What it was asked for until now. Each file is read for it once; the record grows. */
const struct record *recorder_read(struct recorder *recorder);
struct record *record_new(struct arena *arena);
struct record_file *record_add(struct arena *arena, struct record *record,
	const struct record_file *file);

/* The text as records may hold it: instead of what has a level stands a keyed digest, files with
 * such content are left out. */
struct record *record_disclose(struct arena *arena, const struct record *record, const char *folder,
	const struct disclosure *to);
/* What is still the same today is there again: strings that to->secrets has, files of folder. */
struct record *record_reveal(struct arena *arena, const struct record *record,
	const struct disclosure *to, struct source *today, const char *folder);
/* Whether a file was left out as it isn't for everybody. */
bool record_keeps_back(const char *left_out);

/* Its paths, and no others; those of today's project folder (NULL: none) are the same as absolute
 * ones. The record must live as long. */
struct source *record_source(struct arena *arena, const struct record *record, const char *folder);

/* A path as a record has it. */
const char *record_path(struct arena *arena, const char *folder, const char *path);
/* The same of all keys of a map, in their order: each directory is looked for once. */
const char **record_paths(struct arena *arena, const char *folder, const struct value *paths);

/* As one value, without contents above most bytes, and without those of src where they have more than
 * bodies_most together; and back (what came may be anything). */
struct value *record_pack(struct arena *arena, const struct record *record, size_t most,
	size_t bodies_most);
int record_unpack(struct arena *arena, const struct value *packed, struct record **ret_record,
	struct error *err);

/* How a text was run: inventories, -e and the like; and a packed text, {playbook, how, files}. */
extern const struct shape record_how[];
extern const struct shape record_packed[];

#endif
