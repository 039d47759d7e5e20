/* guard: what must not be taken away: other file systems, the system's own folders, the way in, and
 * beoplay's own state.
 *
 * Asked before anything below a path is removed, and again right before each removal, as a machine
 * goes on while other hosts are waited for. */
#ifndef MODULES_GUARD_H
#define MODULES_GUARD_H

#include "module/module.h"
#include "modules/shared/guard_packages.h"

/* Why a path stays; reason NULL: it may go. */
struct guard_refusal {
	const char *reason;
	const char *remedy;
};

struct guard_place {
	const char *path;        /* real: no links on the way */
	const char *what;        /* "beoplay's own state" */
};

struct guard {
	struct guard_place *kept;
	size_t kept_count;
	struct guard_place *mounts;
	size_t mount_count;
	struct guard_packages *packages;
};

enum guard_flags {
	GUARD_EMPTY = 1 << 0,    /* a directory that goes only if nothing is in it */
	GUARD_AGAIN = 1 << 1,    /* packages have been asked about: reading all of dpkg's lists takes long */
};

/* Whether a path is a folder or file of the system itself, or above one: /etc, /usr/bin, /home … By
 * its name alone. */
bool guard_is_system(const char *path);

/* The same, but for folders that Debian leaves to its owner, /srv or /usr/local, say: whether owner and
 * mode of all below it are not to be changed at once. */
bool guard_is_whole(const char *path);

/* Whether a Debian machine, or whoever logs in there, needs the user or group of this name. */
bool guard_is_system_account(const char *name);

/* What is to be kept on this machine now. */
int guard_open(struct host *host, struct guard *ret_guard, struct error *err);
/* Whether path, with all below it, may go. */
int guard_check(struct host *host, const struct guard *guard, const char *path, unsigned flags,
	struct guard_refusal *ret_refusal, struct error *err);
/* Whether a real path is itself a mount; else ret_refusal stays as it is. */
void guard_mount(struct arena *arena, const struct guard *guard, const char *real,
	struct guard_refusal *ret_refusal);
/* Both in one. */
int guard_look(struct host *host, const char *path, unsigned flags,
	struct guard_refusal *ret_refusal, struct error *err);
/* What the running machine would no longer find if something were mounted over a directory; ret_what stays NULL
 * where that is nothing, as below /home, whose ways in are looked at once it is done. */
int guard_look_hidden(struct host *host, const char *path, const char **ret_what, struct error *err);
/* Refuses the plan of such a mount. */
bool guard_plan_hidden(struct plan *plan, const char *path, const char *what);
/* host_remove of a path that has been asked about, unless it must stay by now. */
int guard_remove(struct host *host, const char *path, unsigned flags, struct error *err);
/* -1 with err where the path stays. */
int guard_error(const struct guard_refusal *refusal, struct error *err);
/* Refuses the plan where the path stays. */
bool guard_plan(struct plan *plan, const struct guard_refusal *refusal);

#endif
