/* project: what belongs to a playbook: its folder, beoplay.yml, and the inventory. */
#ifndef COMMAND_PROJECT_H
#define COMMAND_PROJECT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "source/source.h"

#include <stdbool.h>

struct project {
	const char *name;            /* the owner's in every ledger: project: in beoplay.yml, else the
	                                name of the folder */
	const char *playbook;        /* its path below that folder: the owner's other half */
	const char *key;             /* ID of the key that its team seals with; NULL: none named */
	const char *folder;          /* as reached from here: "..", "." */
	struct value *inventories;   /* paths, list of strings */
	const char *vault_password_file;   /* as reached from here; NULL: none named */
	const char *stopped;         /* why no folder further above was searched; NULL: all were */
	bool ignored;                /* there is beoplay.yml or an inventory in that folder */
	struct reach *reach;         /* of the source */
	struct value *secrets;       /* names of variables, list of strings */
	struct value *roles;         /* where roles are, beside the playbook's own: list of paths */
};

/* What texts of this playbook may lead to, for source_directory: what lies beneath the nearest
 * folder above with beoplay.yml or .git, else beneath the playbook's own. Reads nothing. */
void project_reach(struct arena *arena, struct source *source, const char *playbook);

/* playbook: its path. given: what -i says, a list of strings, may be empty. beoplay.yml is looked
 * for beside the playbook and above; its keys are those that check_keys in project.c lists. What is in the directories of roles may be read from then on. A folder that somebody else owns or can write to ends the search. */
int project_find(struct arena *arena, struct source *source, const char *playbook,
	struct value *given, struct project *ret_project, struct error *err);

/* The inventories of a project in another source, by its playbook's path there. */
int project_inventories(struct arena *arena, struct source *source, const char *playbook,
	struct project *project, struct error *err);

/* The name of a project whose beoplay.yml says none: its folder's; "": the working directory. */
const char *project_folder_name(struct arena *arena, const char *directory);

#endif
