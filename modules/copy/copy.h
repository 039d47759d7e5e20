/* copy: what copy and template share: a file with this content, owner and mode. */
#ifndef MODULES_COPY_H
#define MODULES_COPY_H

#include "modules/shared/file_attributes.h"

enum { COPY_TEXT_MOST = 256 << 10, COPY_REMOTE_MOST = 64 << 20 };

struct copy_params {
	char *src;
	char *content;
	char *dest;
	char *owner;
	char *group;
	char *mode;
	char *validate;
	bool backup;
	bool force;
	char *body;              /* internal: the content's digest */
	char *source_mode;       /* internal: "0600"; NULL: there is no source */
	bool remote_src;         /* src is on the node */
};

struct copy_state {
	const char *path;        /* dest, or the file in it */
	struct attributes_have at;
	const char *mode;        /* that it should have; NULL: as it is, or as a new file has it */
	const char *body;        /* the digest of what should be there */
	const char *bytes;       /* that itself, if src is on the node … */
	size_t size;
	const char *source_mode; /* … and its permissions, "0600" */
	const char *digest;      /* of what is there */
	const char *text;        /* what is there, if it is short and text */
	const char *backup;      /* where the old file is kept, if it is replaced; or NULL */
};

int copy_check(const struct value *params, struct error *err);
void copy_resources(struct names *names, const void *params);
int copy_inspect(struct host *host, const void *params, void *ret_state, struct error *err);
void copy_plan(struct plan *plan, const void *params, const void *state);
int copy_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);
void copy_results(struct arena *arena, const void *params, const void *state,
	struct value *results);
void copy_invert(struct inverses *inverses, const void *params, const void *state);
/* dest that ends with / gets the name of src. */
void copy_complete(struct arena *arena, struct value *params);


#endif
