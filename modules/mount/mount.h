/* mount: what its files share. */
#ifndef MODULES_MOUNT_H
#define MODULES_MOUNT_H

#include "modules/shared/mounts.h"

enum mount_wish { WISH_MOUNTED, WISH_PRESENT, WISH_UNMOUNTED, WISH_ABSENT, WISH_REMOUNTED };

enum mount_step { STEP_MAKE, STEP_FSTAB, STEP_REMOUNT, STEP_AGAIN, STEP_UNMOUNT, STEP_MOUNT, STEP_UNMAKE,
	STEP_RECORD };

struct mount_params {
	char *path, *src, *fstype, *opts, *dump, *passno;
	enum mount_wish state;
	/* Internal, of an undo: */
	char *line;                /* of fstab, word for word */
	int64_t *place;            /* its place among the lines, from 0; NULL: the last */
	char *fstab;               /* "none": there was none; "open": its last line had no newline */
	bool made;                 /* the directory goes, if it is empty */
	/* What was mounted then. It comes back if beoplay has changed what is mounted since it was noted: whatever
	 * somebody else has mounted stays. */
	char *was;                 /* the line of fstab by which it was mounted; "": nothing was; NULL: see leave */
	char *options;             /* each mount has of its own; NULL: they stay */
	bool acts;                 /* the task was to change it: it comes back even where that isn't noted */
	bool hand;                 /* beoplay had changed it before, too */
	bool leave;                /* as earlier versions noted it: what is mounted stays, but for its options */
};

struct mount_state {
	const char *path;          /* without a slash at the end */
	const char *fstab;         /* the whole; NULL: there is none */
	unsigned lines;            /* of it for this path */
	const char *line;          /* the first of them; NULL: none */
	unsigned place;
	const char *want;          /* what that should be; NULL: none */
	struct mount_live live;
	bool hand;                 /* beoplay has changed what is mounted, and that isn't undone */
	const char *noted;         /* then: the line of fstab by which it has mounted it; NULL: it has unmounted it */
	bool foreign;              /* somebody else has mounted this, behind that */
	const char *by;            /* the line by which it is mounted, as far as is known; NULL: none */
	const char *said;          /* what fstab says: somebody may have mounted that; NULL: it doesn't count */
	struct file_info directory;    /* looked at while nothing is mounted there */
	bool directory_empty;
	const char *needed;        /* what needs the mount, so that it stays; NULL: nothing */
	const char *hidden;        /* what a mount would hide; NULL: nothing */
};

/* The field of a line of fstab with this number, from 0; NULL: there is no line. */
const char *mount_field_of(struct arena *arena, const char *line, unsigned number);
/* Whether a list with commas has this one. */
bool mount_has_option(const char *options, const char *option);

/* look.c */
int mount_look(struct host *host, const void *params, void *ret_state, struct error *err);
/* The key of what is noted of a path that beoplay has mounted or unmounted. */
const char *mount_noted_key(struct arena *arena, const char *path);

/* change.c */
int mount_change(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err);

#endif
