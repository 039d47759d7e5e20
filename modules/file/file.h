/* file: what the files of file share. */
#ifndef MODULES_FILE_H
#define MODULES_FILE_H

#include "modules/shared/file_attributes.h"
#include "modules/shared/guard.h"

enum file_state_wish { WISH_AS_IS, WISH_FILE, WISH_DIRECTORY, WISH_LINK, WISH_ABSENT, WISH_TOUCH };

enum file_step {
	FILE_MAKE_DIRECTORY = ATTRIBUTES_STEP_END, FILE_MAKE_LINK, FILE_WRITE, FILE_REMOVE, FILE_LEAVE,
	FILE_SET_ABOVE, FILE_SET_TIME,
};

struct file_params {
	char *path;
	enum file_state_wish state;
	char *owner;
	char *group;
	char *mode;
	char *src;
	bool force;
	bool recurse;            /* owner and mode of all that is below, too */
	bool keeps_time, keeps_access;         /* touch changes no time */
	/* Internal, of an undo: */
	char *mtime;             /* nanoseconds */
	char *body;              /* content by digest */
	char *left;              /* digest of the file that goes, as it was left: the engine compares it */
	char *up_to;             /* the highest directory that was made */
	char **above;            /* of directories that went along, the nearest first: MODE:UID:GID */
	unsigned above_count;
};

struct file_below {
	const char *path;
	struct file_info info;
	const char *digest;      /* of a regular file, unless there is too much */
};

/* A directory above that an undo brings back, or finds there again. */
struct file_above {
	const char *path;
	struct file_info info;
	bool made;               /* by a task: nobody else's */
};

struct file_state {
	struct attributes_have at;
	struct guard_refusal refusal;    /* why it is not removed */
	const char *digest;      /* of a regular file whose content matters */
	const char *text;        /* its content, if it is text, short, and to be replaced */
	struct file_below *below;    /* of a directory that is to go, deepest first; with recurse, what has
	                                another owner or mode */
	size_t below_count;
	size_t special_count;        /* with recurse: special files below, which stay as they are */
	const char **mounts;         /* the same: what is mounted below */
	size_t mount_count;
	int64_t below_bytes;
	const char **missing;    /* directories above that aren't there, highest first */
	size_t missing_count;
	bool stays;              /* an undo: something was put into the directory since */
	struct file_below *empty;    /* an undo: directories above that go, too, lowest first */
	size_t empty_count;
	const char **left;       /* an undo: directories that it made and that stay, lowest first */
	size_t left_count;
	struct file_above *above;    /* an undo: as many as it knows of, the nearest first */
	size_t above_count;
};

/* look.c */
/* More than that isn't kept. */
bool file_too_much(const struct file_state *have);
const char *file_directory_key(struct arena *arena, const char *path);
/* An undo takes nothing away but what it made. */
unsigned file_guard_flags(const struct file_params *want);
int file_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err);

/* recurse.c */
int file_look_below(struct host *host, const struct file_params *want, struct file_state *have,
	struct error *err);
void file_plan_below(struct plan *plan, const struct file_params *want,
	const struct file_state *have);
int file_apply_below(struct host *host, const struct file_params *want,
	const struct file_state *have, const struct change *change, struct error *err);

/* plan.c */
const char *file_kind_word(enum file_kind kind);
/* An undo: as it was; else as the one that is wished. */
bool file_former_attributes(const struct file_params *want, const char *path,
	unsigned *ret_mode, int64_t *ret_uid, int64_t *ret_gid);
void file_plan(struct plan *plan, const void *params, const void *state);

/* change.c */
int file_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);

/* file.c */
struct attributes_want file_attributes_of(const struct file_params *want);
const char *file_path_above(struct arena *arena, const char *path);

#endif
