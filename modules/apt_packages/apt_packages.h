/* apt_packages: what the files of apt-packages share. */
#ifndef MODULES_APT_PACKAGES_H
#define MODULES_APT_PACKAGES_H

#include "modules/shared/dpkg_status.h"
#include "modules/shared/file_attributes.h"

#define APT_RECORD "apt-packages:came"
#define APT_LISTS "/var/lib/apt/lists"
/* Nanoseconds: the time that lists have which couldn't be refreshed. */
#define APT_LISTS_FAILED 1

enum apt_wanted { APT_PRESENT, APT_LATEST, APT_ABSENT };
enum apt_upgrade { APT_UPGRADE_NO, APT_UPGRADE_SAFE, APT_UPGRADE_FULL };
enum apt_undo { APT_UNDO_AUTO, APT_UNDO_REMOVE, APT_UNDO_PURGE, APT_UNDO_KEEP };

struct apt_params {
	char **name;
	unsigned name_count;
	enum apt_wanted state;
	bool update_cache;
	int64_t *cache_valid_time;     /* seconds; NULL: not given */
	bool install_recommends;
	char *default_release;
	bool purge;
	bool *hold;
	enum apt_upgrade upgrade;
	bool autoremove;
	bool autoclean;
	bool clean;
	char *deb;                     /* a file with a package; NULL: none */
	int64_t lock_timeout;          /* seconds */
	bool only_upgrade;
	bool allow_downgrade;
	bool allow_change_held_packages;
	bool force_apt_get;            /* there is nothing else here */
	enum apt_undo undo;
	bool undoing;                  /* with absent: also what came along, and nothing else */
	bool automatic;                /* with present: they only came along with others */
	char **along;                  /* of them those that did */
	unsigned along_count;
};

/* One of the names: "rsync=3.2.7-1" */
struct apt_wish {
	const char *name;
	const char *version;           /* NULL: any; may hold * */
	const char *text;
	bool automatic;                /* nobody has asked for it */
};

/* What apt says it would do to a package. */
struct apt_move {
	const char *name;
	const char *before;            /* version; NULL: not installed */
	const char *after;             /* NULL: it would be removed */
};

/* What is removed by an undo. */
struct apt_removal {
	const struct dpkg_package *package;
	bool keep_files;               /* configuration was edited: it is removed, not purged */
};

/* Configuration of a package that is to be purged. */
struct apt_conffile {
	const char *path;
	struct attributes_have at;
	const char *digest;
};

struct apt_state {
	struct dpkg_status status;
	struct apt_wish *wishes;
	size_t wish_count;
	bool refresh;                  /* the package lists are too old */
	bool refresh_each_time;        /* or it is all that is asked for */
	bool simulated;
	struct apt_move *moves;
	size_t move_count;
	const char *problem;           /* why apt can't; NULL: it can, or wasn't asked */
	const char *remedy;
	struct value *record;          /* of APT_RECORD; NULL: none */
	struct apt_removal *removals;  /* undoing only */
	size_t removal_count;
	struct apt_conffile *conffiles;
	size_t conffile_count;
	const struct apt_params *instead;   /* of autoremove alone: the task that takes away what it found; or NULL */
	size_t cached;                 /* packages in apt's cache that are to go */
	const char *kernel;            /* release of the running one; "" if not asked */
	bool reboot_required;
};

/* What is to be done about a wish. */
enum apt_need { APT_RIGHT, APT_INSTALL, APT_UPGRADE, APT_REMOVE, APT_MARK };

enum apt_step {
	APT_STEP_REPAIR,
	APT_STEP_REFRESH,
	APT_STEP_INSTALL,              /* the whole transaction, at its first package */
	APT_STEP_REMOVE,
	APT_STEP_ALONG,                /* another one of the same transaction */
	APT_STEP_MARK,
	APT_STEP_HOLD,
	APT_STEP_RELEASE,              /* needed by others only, from now on */
	APT_STEP_UPGRADE,              /* the whole transaction, at its first package */
	APT_STEP_CLEAN,
};

/* check.c */
int apt_check(const struct value *params, struct error *err);

/* apt_packages_look.c */
enum apt_need apt_need(const struct apt_params *want, const struct apt_state *have,
	const struct apt_wish *wish);
int apt_inspect(struct host *host, const void *params, void *ret_state, struct error *err);

/* Asks apt what it would do with these words behind its options; count of them. */
int apt_simulate(struct host *host, const struct apt_params *want, const char *const *words, size_t count,
	struct apt_state *have, struct error *err);

/* whole.c: what a task does to all packages, and a package in a file. */
/* Whether it upgrades all packages. */
bool apt_upgrades(const struct apt_params *want);
/* Whether it names no package, and is to take away those that nobody needs. */
bool apt_removes_unneeded(const struct apt_params *want);
/* The kind of its resource, where that isn't the packages that it names; NULL: it is. */
const char *apt_whole_kind(const struct apt_params *want);
int apt_look_at_whole(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err);
/* The package in the file becomes a wish. */
int apt_look_at_deb(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err);
void apt_plan_upgrade(struct plan *plan, const struct apt_params *want, const struct apt_state *have);
void apt_plan_clean(struct plan *plan, const struct apt_params *want, const struct apt_state *have);
/* The task that brings back what went as unneeded. */
struct value *apt_unneeded_back(struct arena *arena, const struct apt_state *have);

/* apt_packages.c: without some packages there may be no way back to the machine; the plan is refused. */
bool apt_refuse_vital(struct plan *plan, const struct apt_state *have, const char *name);
void apt_writes_anything(struct plan *plan);

/* apt_packages_conffiles.c */
int apt_find_conffiles(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err);
/* Configuration of a package that dpkg doesn't know of: a map of path → digest. */
int apt_configuration(struct host *host, const struct dpkg_package *package,
	struct value **ret_files, struct error *err);
/* Whether any of it isn't as it came (such a map; NULL: not known), or as ucf put it there. */
int apt_configuration_edited(struct host *host, const struct dpkg_package *package,
	const struct value *came, bool *ret_edited, struct error *err);
/* They come back after their packages. */
void apt_invert_conffiles(struct inverses *inverses, const struct apt_state *have);

/* apt_packages_leftovers.c */
/* What an undo that purges may leave below /var/lib, to be asked before it; and taking it away. */
int apt_list_state(struct host *host, const struct apt_state *have, struct value **ret_paths,
	struct error *err);
int apt_remove_state(struct host *host, const struct value *paths, struct error *err);

/* apt_packages_undo.c */
/* The packages that an undo takes away. */
int apt_find_removals(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err);
/* Whether somebody asked for it: not what an undo brings back along with the first. */
bool apt_asked_for(const struct apt_state *have, size_t wish);
/* Written down before a transaction: what is there, so that what it brings is known even if it ends
 * without us. */
int apt_begin(struct host *host, struct apt_state *have, struct error *err);
/* What a transaction brought, written down for undo. */
int apt_remember(struct host *host, const struct apt_state *have, const struct dpkg_status *now,
	struct error *err);
/* What was removed is no longer known as having come. */
int apt_forget(struct host *host, const struct apt_state *have, const struct dpkg_status *now,
	struct error *err);

/* apt_packages_apply.c */
int apt_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);

/* apply.c: fetches the package lists; of want only lock_timeout counts. */
int apt_refresh(struct host *host, const struct apt_params *want, struct error *err);

#endif
