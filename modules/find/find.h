/* find: what the files of find share. */
#ifndef MODULES_FIND_H
#define MODULES_FIND_H

#include "module/module.h"

#include <stdint.h>
#include <sys/types.h>

enum find_kind { FIND_ANY, FIND_DIRECTORY, FIND_FILE, FIND_LINK };
enum find_stamp { FIND_ACCESSED, FIND_CHANGED, FIND_MODIFIED };

struct find_params {
	char **paths, **patterns, **excludes;
	unsigned paths_count, patterns_count, excludes_count;
	enum find_kind file_type;
	enum find_stamp age_stamp;
	char *age, *size;
	int64_t *depth;
	bool recurse, hidden, use_regex;
};

struct found {
	const char *path, *name;       /* name: without directories */
	mode_t mode;                   /* with the kind of file */
	unsigned long long uid, gid, inode, device, links;
	long long size;
	double stamps[3];              /* by enum find_stamp, seconds since the epoch */
	const char *owner, *group;     /* "": the id has no name */
	unsigned depth;                /* 1: right below the path that was asked for */
};

/* match.c */
/* "3d", "-2h": seconds; "10k": bytes. */
int find_number(const char *text, const char *units, const int64_t *factors, int64_t *ret_number,
	struct error *err);
int find_check(const struct value *params, struct error *err);

struct find_matcher;
/* Give it back. NULL with err. */
struct find_matcher *find_matcher_new(const struct find_params *want, double now, struct error *err);
void find_matcher_free(struct find_matcher *matcher);
/* -1: a pattern has too many ways to match. */
int find_matches(struct find_matcher *matcher, const struct found *found, struct error *err);

#endif
