/* unarchive: what its files share. */
#ifndef MODULES_UNARCHIVE_H
#define MODULES_UNARCHIVE_H

#include "modules/shared/file_attributes.h"

enum { ARCHIVE_FROM_CONTROLLER_MOST = 64 << 20, ARCHIVE_LIST_MOST = 64 << 20, ARCHIVE_SECONDS = 3600 };

struct unarchive_params {
	char *src, *dest, *creates, *owner, *group, *mode;
	bool remote_src, keep_newer, list_files, validate_certs;
	char **exclude, **include, **extra_opts;
	unsigned exclude_count, include_count, extra_opts_count;
	char *body;              /* of a file of the controller: its digest; NULL: src is on the machine, or a URL */
	bool undo;               /* all that it brought goes by ways of its own: nothing is to be done */
};

/* Something that the archive holds, as it comes out of it, and what is there. */
struct unarchive_entry {
	const char *name;        /* below dest */
	const char *path;
	enum file_kind kind;
	unsigned mode;           /* in the end, with the task's */
	int64_t uid, gid;
	int64_t size, mtime;     /* of a file; seconds */
	const char *target;      /* of a link */
	const char *digest;      /* of a file */
	struct attributes_have at;
	const char *digest_there;    /* of a file that is there; NULL: none, or another size */
	bool put;                /* it comes out of the archive: nothing is there, or something else */
	bool attributes;         /* only owner, group or mode are others */
};

struct unarchive_state {
	bool created;            /* what creates names is there: nothing else was looked at */
	struct file_info dest;
	bool unknown;            /* only a download can tell, and this is a dry run */
	struct unarchive_entry *entries;   /* directories before what is in them */
	size_t count;
	const char **staging;    /* where the archive is unpacked while it is applied; points at NULL: nowhere */
};

/* unpack.c: what is in the archive, without leaving anything: entries without what is there. */
int unarchive_list(struct host *host, const struct unarchive_params *want, struct unarchive_state *have,
	struct error *err);
/* Unpacks it into a new directory below dest, whose path *have->staging is then. */
int unarchive_unpack(struct host *host, const struct unarchive_params *want, const struct unarchive_state *have,
	struct error *err);
/* Takes that away, with whatever is in it. */
int unarchive_clean(struct host *host, const struct unarchive_state *have, struct error *err);

bool unarchive_is_url(const char *src);

#endif
