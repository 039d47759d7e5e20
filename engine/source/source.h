/* source: where the text is read from: the working tree, or a revision.
 *
 * Every file that was read is remembered with its bytes, because a run records exactly the text
 * that it read, and because an error shows its line. Paths are absolute or relative to the source's
 * root; they are kept as given, so that messages name files as the user did. All that is returned
 * lives in the source's arena. Functions give 0, or -1 with err set (kind TEXT). */
#ifndef TEXT_SOURCE_H
#define TEXT_SOURCE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/known_digests.h"
#include "base/value.h"
#include "source/reach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SOURCE_TEXT_MOST = 8 << 20,   /* bytes of one YAML or INI file */
};

enum source_kind { SOURCE_NONE, SOURCE_FILE, SOURCE_DIRECTORY, SOURCE_LINK, SOURCE_OTHER };

struct source_entry {
	const char *name;        /* one component (source_list), or the path asked for (source_stat) */
	enum source_kind kind;   /* SOURCE_NONE: nothing there */
	unsigned mode;           /* permission bits */
	int64_t size;            /* bytes */
	int64_t mtime;           /* seconds since the epoch; 0 in a revision */
	const char *target;      /* of a symbolic link */
	struct known_file known; /* of the working tree: whether it is still what it was */
};

struct source;

/* What one kind of source must do. read gives a NUL behind the bytes and refuses more than most;
 * list gives names sorted by byte, without . and ..; follow: a link is followed to what it
 * names. */
struct source_calls {
	int (*read)(void *context, struct arena *arena, const char *path, size_t most,
		char **ret_bytes, size_t *ret_size, struct error *err);
	int (*list)(void *context, struct arena *arena, const char *path,
		struct source_entry **ret_entries, size_t *ret_count, struct error *err);
	int (*stat)(void *context, struct arena *arena, const char *path, bool follow,
		struct source_entry *ret_entry, struct error *err);
	int (*open)(void *context, const char *path, int64_t *ret_size, struct error *err);
};

/* A file that was read through source_read, in the order of reading, each once. */
struct source_file {
	const char *path;
	const char *bytes;
	size_t size;
};

struct source *source_new(struct arena *arena, const struct source_calls *calls, void *context);
/* The working tree; root NULL: the current directory. It gives what its reach was told to allow,
 * and nothing else. */
struct source *source_directory(struct arena *arena, const char *root);
/* Of the working tree; NULL for any other source. */
struct reach *source_reach(struct source *source);

/* Directories in which roles are looked for, after those of the playbook: a list of strings, never
 * NULL. */
void source_set_roles(struct source *source, struct value *directories);
const struct value *source_roles(const struct source *source);

/* Reads a whole text, at most SOURCE_TEXT_MOST bytes, and remembers it: what is given back belongs to the
 * source. A second read of the same path gives the same bytes. */
int source_read(struct source *source, const char *path, const char **ret_bytes, size_t *ret_size,
	struct error *err);
/* Reads into an arena without remembering it as text of the run: content of src, scripts. */
int source_read_body(struct source *source, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err);
/* A descriptor of its content, at offset 0, for content of any size; the caller closes it. */
int source_open(struct source *source, const char *path, int64_t *ret_size, struct error *err);
/* A file counts as asked for: its content, which may be known without opening it, has this digest. */
void source_ask_body(struct source *source, const char *path, const char *digest);
/* What was said of it last; NULL: nothing. */
const char *source_body_digest(const struct source *source, const char *path);
int source_list(struct source *source, const char *path, struct source_entry **ret_entries,
	size_t *ret_count, struct error *err);
/* Nothing there is no error: kind SOURCE_NONE. */
int source_stat(struct source *source, const char *path, bool follow,
	struct source_entry *ret_entry, struct error *err);

/* Whether everybody on this machine may read a file; also of what is none. */
bool source_is_for_all(struct source *source, const char *path);

/* Adds a text that wasn't a file (the -e of the command line) under a name. */
void source_remember(struct source *source, const char *path, const char *bytes, size_t size);
/* Paths whose content was asked for beside texts (SOURCE_FILE), or that were listed
 * (SOURCE_DIRECTORY), each once. */
const char *const *source_asked(const struct source *source, enum source_kind kind,
	size_t *ret_count);
const struct source_file *source_files(const struct source *source, size_t *ret_count);
/* The bytes of a file that was read, for the line of an error; NULL: never read. */
const char *source_text(const struct source *source, const char *path, size_t *ret_size);

/* "a/b" + "c" = "a/b/c"; directory "" or "." gives name alone; an absolute name stays itself. */
char *path_join(struct arena *arena, const char *directory, const char *name);
/* Without "." and "..", as far as the text tells: "a/./../b" → "b", "../a" stays, "." → "". */
const char *path_plain(struct arena *arena, const char *path);
/* "a/b/c" → "a/b", "c" → ".", "/c" → "/". */
char *path_directory(struct arena *arena, const char *path);

#endif
