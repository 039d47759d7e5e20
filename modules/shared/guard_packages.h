/* guard_packages: programs and libraries without which a machine doesn't work: those of dpkg's essential
 * and protected packages, of what they depend on, and of what lets somebody in. */
#ifndef MODULES_GUARD_PACKAGES_H
#define MODULES_GUARD_PACKAGES_H

#include "module/host.h"

/* Zeroed, it is ready; what the machine has is read once, when it is first asked for. */
struct guard_packages {
	bool known;
	struct guard_file *files;   /* sorted by path */
	size_t count;
};

/* The package that a real path, or something below it, is of; NULL: it may go, for all that is known
 * here. Only what is below /usr/bin, /usr/sbin, /usr/lib… and /usr/libexec is looked for. */
int guard_package_of(struct host *host, struct guard_packages *packages, const char *real,
	const char **ret_package, struct error *err);

#endif
