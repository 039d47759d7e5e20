/* apt_packages_bench: a machine with dpkg's records, for the tests of apt-packages. */
#ifndef TESTS_APT_PACKAGES_BENCH_H
#define TESTS_APT_PACKAGES_BENCH_H

#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "modules/shared/dpkg_status.h"
#include "module_prepare.h"

extern const struct module module_apt_packages;

static struct bench *bench;

#define STATUS "/var/lib/dpkg/status"

static const char base[] =
	"Package: bash\nEssential: yes\nStatus: install ok installed\nVersion: 5.2\n"
	"Architecture: amd64\nConffiles:\n /etc/bash.bashrc abc\n /etc/x def\n"
	"Description: a shell\n with: colons\n .\n and more\n\n"
	"Package: exim4\nStatus: install ok installed\nVersion: 4.96\nArchitecture: amd64\n"
	"Provides: mail-transport-agent, smtp (= 2)\n\n"
	"Package: sudo\nStatus: install ok installed\nVersion: 1.9\nArchitecture: amd64\n"
	"Depends: libc6 (>= 2.34), libpam0g\n\n";

static const char rsync_stanza[] =
	"Package: rsync\nStatus: install ok installed\nVersion: 3.2.7\nArchitecture: amd64\n"
	"Depends: libpopt0 (>= 1.14), libc6\n\n";
static const char popt_stanza[] =
	"Package: libpopt0\nStatus: install ok installed\nVersion: 1.19\nArchitecture: amd64\n"
	"Multi-Arch: same\n\n";
static const char popt_automatic[] =
	"Package: libpopt0\nArchitecture: amd64\nAuto-Installed: 1\n\n";

static inline void set_status(const char *more)
{
	bench_file(bench, STATUS, 0644, arena_printf(bench->arena, "%s%s", base, more));
}

static inline int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/var/lib/dpkg/updates", 0755);
	bench_directory(bench, "/var/lib/apt/lists", 0755);
	bench_file(bench, "/etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n");
	bench_file(bench, "/etc/group", 0644, "root:x:0:\n");
	bench_directory(bench, "/etc", 0755);
	bench_file(bench, "/proc/sys/kernel/osrelease", 0444, "6.1.0-9-amd64\n");
	bench_command(bench, "dpkg-query --show", 0, "\n");
	bench_command(bench, "ldconfig", 0, "");
	set_status("");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static inline void *load(const char *yaml)
{
	return bench_load(bench, &module_apt_packages, yaml);
}

static inline struct plan *look(const char *yaml)
{
	void *params = load(yaml);

	return params ? bench_look(bench, &module_apt_packages, params) : NULL;
}

static inline int apply(const char *yaml)
{
	return bench_apply(bench, &module_apt_packages, load(yaml));
}

static inline int parse(const char *text, struct dpkg_status *ret_status)
{
	error_clear(&bench->err);
	return dpkg_status_parse(bench->arena, arena_string(bench->arena, text), strlen(text),
		ret_status, &bench->err);
}

static const char simulated[] =
	"Reading package lists...\nThe following NEW packages will be installed:\n  libpopt0 rsync\n"
	"Inst libpopt0 (1.19 Debian:12.11/stable [amd64])\n"
	"Inst rsync (3.2.7 Debian:12.11/stable [amd64])\nConf libpopt0 (1.19 x [amd64])\n";

static inline void rsync_comes(struct bench *of, const struct command *command)
{
	(void)command;
	set_status(arena_printf(of->arena, "%s%s", rsync_stanza, popt_stanza));
	bench_file(of, "/var/lib/apt/extended_states", 0644, popt_automatic);
}

static inline void expect_rsync(void)
{
	bench_command(bench, "apt-get -s", 0, simulated);
	bench_command(bench, "apt-get -y", 0, "")->effect = rsync_comes;
}

#endif
