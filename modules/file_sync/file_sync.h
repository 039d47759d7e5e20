/* file_sync: what the files of file-sync share.
 *
 * What the controller wishes travels as a manifest, a text with one entry a line, directories
 * before what is in them; paths are relative to dest, "." is dest itself:
 *     d MODE PATH                    a directory
 *     f MODE SIZE DIGEST PATH        a regular file
 *     l TARGET PATH                  a symbolic link
 *     a PATH                         nothing (in an undo)
 * MODE is octal. In PATH and TARGET, bytes up to a space, DEL and % are written as %HH. */
#ifndef MODULES_FILE_SYNC_H
#define MODULES_FILE_SYNC_H

#include "base/buffer.h"
#include "modules/shared/guard.h"
#include "module/module.h"

enum {
	SYNC_ENTRIES_MOST = 100000,
	SYNC_MANIFEST_MOST = 16 << 20,   /* bytes: of a stage, which has 64 MiB */
	SYNC_TEXT_MOST = 256 << 10,      /* bytes: larger files are not shown */
};

struct sync_params {
	char *src;
	char *dest;
	bool delete;
	int max_delete;
	char **exclude;
	unsigned exclude_count;
	char **include;
	unsigned include_count;
	char *owner;               /* names or ids; NULL: as it is */
	char *group;
	char *mode;                /* of files; NULL: 0755 or 0644 for new ones */
	char *directory_mode;
	bool links;
	bool checksum;
	bool backup;
	char *validate;
	char *transport;
	char *manifest;            /* internal */
};

enum sync_kind { SYNC_DIRECTORY, SYNC_FILE, SYNC_LINK, SYNC_ABSENT };

/* One line of a manifest. */
struct sync_line {
	enum sync_kind kind;
	unsigned mode;
	int64_t size;
	const char *digest;
	const char *target;
	const char *path;          /* relative; "." */
};

/* An entry, as it should be and as it is. */
struct sync_entry {
	struct sync_line want;
	const char *path;          /* absolute */
	struct file_info have;
	const char *digest;        /* of what is there; NULL: no regular file */
	const char *text;          /* what is there, if it is text, and different; or NULL */
	unsigned mode;             /* that it should have */
	bool empty;                /* a directory with nothing in it */
	const char *backup;        /* where the old file is kept, if it is replaced; or NULL */
};

struct sync_extra {
	const char *path;
	struct file_info info;
	const char *digest;        /* of a regular file */
};

struct sync_state {
	struct sync_entry *entries;
	size_t count;
	struct sync_extra *extras;     /* what delete takes away, what is in directories first */
	size_t extra_count;
	struct guard_refusal refusal;  /* why something of that is not removed */
	const struct sync_entry **fetched;   /* what comes before this one is fetched, or was asked for alone */
	int64_t uid;               /* HOST_KEEP: as it is */
	int64_t gid;
};

/* manifest.c */
void sync_line_write(struct buffer *out, const struct sync_line *line);
int sync_manifest_read(struct arena *arena, const char *text, struct sync_line **ret_lines,
	size_t *ret_count, struct error *err);
/* Whether a path (relative, "a/b.txt") is left out by these patterns; include wins. A pattern
 * without / is for names at any depth, one with / for whole paths; at its end: directories only. */
bool sync_excluded(const char *path, bool directory, const char *const *exclude,
	size_t exclude_count, const char *const *include, size_t include_count);
/* An octal or symbolic mode upon an old one. */
unsigned sync_mode(const char *text, unsigned old, bool directory);

/* prepare.c */
int sync_prepare(struct prepare *prepare, struct value *params, struct error *err);

enum sync_step { SYNC_STEP_DIRECTORY, SYNC_STEP_WRITE, SYNC_STEP_LINK, SYNC_STEP_MODE,
	SYNC_STEP_OWNER, SYNC_STEP_REMOVE, SYNC_STEP_DELETE };

/* look.c */
int sync_inspect(struct host *host, const void *params, void *ret_state, struct error *err);

/* Whether another content is wished of a file than what is there. */
bool sync_differs(const struct sync_entry *entry);

/* plan.c */
void sync_plan(struct plan *plan, const void *params, const void *state);

/* Parameters of file-sync that bring back what is at a path now; the content of a regular file is
 * named by its digest and has to be kept. */
struct value *sync_way_back(struct arena *arena, const char *path, const struct file_info *have,
	const char *digest);

#endif
