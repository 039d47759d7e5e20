/* nfs_mount: what the files of nfs-mount share. */
#ifndef MODULES_NFS_MOUNT_H
#define MODULES_NFS_MOUNT_H

#include "modules/shared/mounts.h"

#define HELPER "/sbin/mount.nfs"

enum mount_presence { MOUNT_MOUNTED, MOUNT_PRESENT, MOUNT_UNMOUNTED, MOUNT_ABSENT };

struct mount_params {
	char *src;
	char *path;
	char **options;
	unsigned options_count;
	char *vers;
	enum mount_presence state;
	/* Internal, of an undo: */
	char *line;                /* the line of fstab, word for word */
	int64_t *place;            /* its place among the lines, from 0; NULL: the last */
	char *fstab;               /* "none": there was no fstab; "open": its last line had no newline */
	bool made;                 /* absent: the directory goes, if it is empty */
};

struct mount_state {
	const char *path;          /* without a slash at the end */
	bool helper;               /* mount.nfs is there */
	const char *fstab;         /* the whole; NULL: no such file */
	unsigned lines;            /* of it for this path */
	const char *line;          /* the first of them, without its newline; NULL: none */
	unsigned place;            /* of that among all lines */
	const char *want;          /* what it should be; NULL: none */
	struct mount_live live;
	struct file_info directory;     /* only looked at while nothing is mounted there */
	bool directory_empty;
	const char *hidden;        /* what a mount would hide; NULL: nothing */
	const char *old_path;      /* where it was, when this task had another path; NULL */
	struct mount_live old_live;
	const char *old_line;
	unsigned old_place;
};

enum mount_step {
	MOUNT_OLD_UNMOUNT, MOUNT_MAKE, MOUNT_FSTAB, MOUNT_UNMOUNT, MOUNT_MOUNT, MOUNT_UNMAKE,
	MOUNT_REMEMBER,
};

/* look.c */
const char *mount_record_key(struct arena *arena, const struct mount_params *want);
int mount_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err);

/* change.c */
int mount_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);

#endif
