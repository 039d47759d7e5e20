/* file_attributes: owner, group and mode of a path, as file, copy and template wish them. */
#ifndef MODULES_FILE_ATTRIBUTES_H
#define MODULES_FILE_ATTRIBUTES_H

#include "module/module.h"

struct attributes_want {
	const char *owner;       /* name or id; NULL: as it is */
	const char *group;
	const char *mode;        /* canonical; NULL: as it is */
};

struct attributes_have {
	struct file_info info;
	int64_t uid, gid;        /* that it should have; HOST_KEEP: as it is */
	const char *owner_name, *group_name;   /* as it is */
};

/* The steps that attributes_plan adds; a module's own steps begin at ATTRIBUTES_STEP_END. */
enum attributes_step { ATTRIBUTES_MODE, ATTRIBUTES_OWNER, ATTRIBUTES_STEP_END };

/* Ids of names, or numbers as they are; HOST_KEEP where there is none. */
int attributes_owner(struct host *host, const char *owner, const char *group, int64_t *ret_uid,
	int64_t *ret_gid, struct error *err);

/* Fills have from what is at path. */
int attributes_inspect(struct host *host, const char *path, const struct attributes_want *want,
	struct attributes_have *have, struct error *err);
/* The mode it should have; otherwise: of something that isn't there yet. */
unsigned attributes_mode(const struct attributes_want *want, const struct attributes_have *have,
	unsigned otherwise);
/* A mode without what lets a group or everybody read that the source doesn't let read. */
unsigned attributes_private(unsigned mode, unsigned source);
/* Changes of something that is there. */
void attributes_plan(struct plan *plan, const char *path, const struct attributes_want *want,
	const struct attributes_have *have);
int attributes_apply(struct host *host, const char *path, const struct attributes_want *want,
	const struct attributes_have *have, const struct change *change, struct error *err);
/* Parameters of module file that bring back what is at path: state, mode, owner, and target or
 * content (a body named by digest). */
struct value *attributes_way_back(struct arena *arena, const char *path,
	const struct attributes_have *have, const char *digest);

#endif
