/* guard_packages: programs and libraries without which a machine doesn't work. */
#include "modules/shared/guard_packages.h"

#include "modules/shared/dpkg_status.h"

#include <stdlib.h>
#include <string.h>

struct guard_file {
	const char *path;        /* as plain_path has it */
	const char *package;
};

/* Beside what dpkg itself doesn't let go. */
static const char *const ways_in[] = { "apt", "ifupdown", "init", "isc-dhcp-client", "network-manager",
	"openssh-server", "sudo", "systemd-sysv" };
static const char kernel[] = "linux-image-";

/* A path of programs and libraries without its /usr, as some packages have it and some haven't; NULL:
 * one of anything else. */
static const char *plain_path(const char *path)
{
	static const char *const folders[] = { "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libexec/" };

	if (strncmp(path, "/usr/", strlen("/usr/")) == 0)
		path += strlen("/usr");
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return path;
	}
	return NULL;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(((const struct guard_file *)left)->path, ((const struct guard_file *)right)->path);
}

static bool *needed(struct arena *arena, const struct dpkg_status *status)
{
	bool *others = arena_array(arena, status->count + 1, sizeof(*others));

	for (size_t i = 0; i < status->count; i++) {
		const struct dpkg_package *package = &status->packages[i];

		others[i] = !package->essential && strncmp(package->name, kernel, strlen(kernel)) != 0;
		for (size_t k = 0; k < sizeof(ways_in) / sizeof(ways_in[0]); k++)
			others[i] = others[i] && strcmp(package->name, ways_in[k]) != 0;
	}
	dpkg_keep_needed(status, others, NULL);
	for (size_t i = 0; i < status->count; i++)
		others[i] = !others[i] && status->packages[i].state != DPKG_ABSENT
			&& status->packages[i].state != DPKG_CONFIG_FILES;
	return others;
}

static void add_file(struct arena *arena, struct guard_packages *packages, size_t *capacity,
	struct guard_file file)
{
	if (packages->count == *capacity) {
		*capacity = *capacity ? 2 * *capacity : 1024;
		packages->files = arena_grow(arena, packages->files, packages->count * sizeof(file),
			*capacity * sizeof(file));
	}
	packages->files[packages->count++] = file;
}

static int read_packages(struct host *host, struct guard_packages *packages, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct dpkg_status status;
	size_t capacity = 0;
	bool *wanted;

	if (dpkg_status_read(host, &status, err) < 0)
		return -1;
	wanted = needed(arena, &status);
	for (size_t i = 0; i < status.count; i++) {
		char *text = NULL, *line;

		if (wanted[i] && dpkg_files(host, &status.packages[i], &text, err) < 0)
			return -1;
		while (text && (line = strsep(&text, "\n"))) {
			if (plain_path(line))
				add_file(arena, packages, &capacity, (struct guard_file){ plain_path(line),
					status.packages[i].name });
		}
	}
	if (packages->count > 0)
		qsort(packages->files, packages->count, sizeof(*packages->files), compare_paths);
	return 0;
}

/* The first file at or behind a path; NULL: none. */
static const struct guard_file *first_from(const struct guard_packages *packages, const char *path)
{
	size_t low = 0, high = packages->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(packages->files[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < packages->count ? &packages->files[low] : NULL;
}

int guard_package_of(struct host *host, struct guard_packages *packages, const char *real,
	const char **ret_package, struct error *err)
{
	const char *path = plain_path(real), *below;
	const struct guard_file *file;
	struct file_info info;

	*ret_package = NULL;
	if (!path)
		return 0;
	if (!packages->known) {
		/* Another system than Debian has no dpkg to ask. */
		if (host_stat(host, DPKG_STATUS_PATH, &info, err) < 0
				|| (info.kind == FILE_REGULAR && read_packages(host, packages, err) < 0))
			return -1;
		packages->known = true;
	}
	file = first_from(packages, path);
	if (!file || strcmp(file->path, path) != 0) {
		below = arena_printf(host_arena(host), "%s/", path);
		file = first_from(packages, below);
		if (!file || strncmp(file->path, below, strlen(below)) != 0)
			return 0;
	}
	*ret_package = file->package;
	return 0;
}
