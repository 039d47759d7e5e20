/* dpkg_status: which packages a machine has, as dpkg and apt wrote it down.
 *
 * Read from /var/lib/dpkg/status (deb-control(5) stanzas, dpkg(1) for the words of Status) and
 * /var/lib/apt/extended_states (which packages came along with others); no cache of apt is opened.
 * All strings lie in the host's arena. */
#ifndef MODULES_DPKG_STATUS_H
#define MODULES_DPKG_STATUS_H

#include "base/arena.h"
#include "base/error.h"
#include "module/host.h"

#include <stdbool.h>
#include <stddef.h>

#define DPKG_STATUS_PATH "/var/lib/dpkg/status"

enum { DPKG_STATUS_MOST = 64 << 20, DPKG_PACKAGES_MOST = 200000 };

enum dpkg_state {
	DPKG_ABSENT,          /* not installed, or only wanted */
	DPKG_CONFIG_FILES,    /* removed, its configuration is left */
	DPKG_BROKEN,          /* unpacked, half installed, half configured, waits for triggers */
	DPKG_INSTALLED,
};

struct dpkg_package {
	const char *name;
	const char *architecture;
	const char *version;        /* NULL: none */
	const char *depends;        /* the fields as written; NULL: none */
	const char *pre_depends;
	const char *recommends;
	const char *provides;
	const char *section;
	enum dpkg_state state;
	bool held;
	bool essential;             /* Essential or Protected */
	bool automatic;             /* came along with another, says apt */
};

struct dpkg_status {
	struct dpkg_package *packages;   /* sorted by name, then architecture */
	size_t count;
	bool interrupted;                /* dpkg did not end what it began */
};

int dpkg_status_read(struct host *host, struct dpkg_status *ret_status, struct error *err);
/* The same from text, which is cut into pieces. */
int dpkg_status_parse(struct arena *arena, char *text, size_t size,
	struct dpkg_status *ret_status, struct error *err);
int dpkg_status_parse_automatic(struct dpkg_status *status, char *text, size_t size,
	struct error *err);

/* The paths that a package has brought, one a line, a directory before what is in it; NULL: none is
 * known. */
int dpkg_files(struct host *host, const struct dpkg_package *package, char **ret_text,
	struct error *err);

/* The package of a name ("gcc", "libc6:arm64"), an installed one if there are several; NULL. */
const struct dpkg_package *dpkg_find(const struct dpkg_status *status, const char *name);
bool dpkg_is_installed(const struct dpkg_status *status, const char *name);
/* The installed package that provides a virtual one; NULL: none. */
const struct dpkg_package *dpkg_provider(const struct dpkg_status *status, const char *virtual);

/* The same package (name and architecture) in another status; NULL: not there. */
const struct dpkg_package *dpkg_same(const struct dpkg_status *status,
	const struct dpkg_package *package);

/* Of candidates (by index of packages), takes away those that a package which stays depends on, or
 * recommends where recommended[] says that this counts. */
void dpkg_keep_needed(const struct dpkg_status *status, bool *candidates, const bool *recommended);

#endif
