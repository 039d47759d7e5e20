/* remains: what an undo leaves, as Debian's tools leave it; all else is as it was before. `beoplay
 * doc` prints it, and tests/plays/state.sh compares everything but what is printed there. */
#include "modules/shared/remains.h"

#define ORDER "the order of its lines: what comes back is put at the end"

static const struct remains accounts[] = {
	{ "/etc/passwd", ORDER }, { "/etc/shadow", ORDER }, { "/etc/group", ORDER },
	{ "/etc/gshadow", ORDER }, { "/etc/subuid", ORDER }, { "/etc/subgid", ORDER },
	{ "/etc/passwd-", "the users before the last change of them" },
	{ "/etc/shadow-", "their passwords" },
	{ "/etc/group-", "the groups" },
	{ "/etc/gshadow-", "their passwords" },
	{ "/etc/subuid-", "the users' subordinate ids" },
	{ "/etc/subgid-", "and those of groups" },
	{ NULL, NULL },
};

static const struct remains packages[] = {
	{ "/etc/default/*.ucf-dist", "Debian 13: what a package would have written, where ucf kept "
		"what was there" },
	{ "/var/cache/apt/*", "apt's caches" },
	{ "/var/cache/debconf/*-old", "debconf's databases before their last change" },
	{ "/var/cache/debconf/tmp.ci", "Debian 13: where packages' questions are unpacked, empty" },
	{ "/var/cache/ldconfig/aux-cache", "ldconfig's cache" },
	{ "/var/lib/apt/lists/*", "the package lists, where update_cache has refreshed them" },
	{ "/var/lib/dpkg/diversions-old", "Debian 13: dpkg's diversions before their last "
		"change" },
	{ "/var/lib/dpkg/status-old", "dpkg's database before its last change" },
	{ "/var/lib/ucf/hashfile.*", "ucf's database before its last changes" },
	{ "/var/log/alternatives.log", "the log of update-alternatives" },
	{ "/var/log/apt/*", "apt's logs" },
	{ "/var/log/dpkg.log", "dpkg's log" },
	{ NULL, NULL },
};

const struct remains *const remains_of_accounts[] = { accounts, NULL };
const struct remains *const remains_of_packages[] = { packages, accounts, NULL };
