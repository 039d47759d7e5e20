/* revision_safe: whether the user's repository may be opened. libgit2 reads what it finds there to its end, whatever
 * that is: of a FIFO or a device it would wait for ever, of a sparse file take in all. */
#include "history/state.h"

#include "base/whole.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GIT_FILE_MOST = 64 << 20, CONFIG_MOST = 1 << 20, DEPTH_MOST = 8, NAMES_MOST = 1000000 };

struct looking {
	size_t names;              /* so many were looked at */
	int depth;
};

/* A regular file, or none. */
static bool is_file(const char *path, bool any_size)
{
	struct stat info;

	return stat(path, &info) < 0 || (S_ISREG(info.st_mode) && (any_size || info.st_size <= GIT_FILE_MOST));
}

static bool is_tree(struct looking *looking, const char *directory);

static bool is_entry(struct looking *looking, const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat info;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return false;
	if (stat(path, &info) < 0)
		return true;
	if (S_ISDIR(info.st_mode))
		return is_tree(looking, path);
	/* A pack is mapped, piece by piece. */
	return is_file(path, strstr(path, "/pack/") != NULL);
}

static bool is_tree(struct looking *looking, const char *directory)
{
	DIR *listing = looking->depth < 4 * DEPTH_MOST ? opendir(directory) : NULL;
	const struct dirent *entry;
	bool good = true;

	if (!listing)
		return looking->depth < 4 * DEPTH_MOST;
	looking->depth++;
	while (good && (entry = readdir(listing))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			good = ++looking->names < NAMES_MOST && is_entry(looking, directory, entry->d_name);
	}
	looking->depth--;
	closedir(listing);
	return good;
}

/* --- What a configuration leads to (git-config(1)) --- */

/* The text of a small file; NULL: it can't be read. */
static char *text_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char *text = fd < 0 ? NULL : calloc(1, CONFIG_MOST + 1);
	ssize_t size = 0, count = 1;

	while (text && count > 0 && size < CONFIG_MOST) {
		count = read(fd, text + size, (size_t)(CONFIG_MOST - size));
		size += count > 0 ? count : 0;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* "~/x" is at home, "x" beside the file that names it. */
static bool place_of(char path[PATH_MAX], const char *beside, const char *value)
{
	const char *home = getenv("HOME"), *slash = strrchr(beside, '/');
	int size;

	if (strncmp(value, "~/", 2) == 0)
		size = snprintf(path, PATH_MAX, "%s/%s", home ? home : "", value + 2);
	else if (*value == '/')
		size = snprintf(path, PATH_MAX, "%s", value);
	else
		size = snprintf(path, PATH_MAX, "%.*s%s", slash ? (int)(slash - beside) + 1 : 0, beside, value);
	return size >= 0 && size < PATH_MAX;
}

static bool is_config(struct looking *looking, const char *path);

/* A line, which is cut up. */
static bool is_line(struct looking *looking, const char *config, char *line)
{
	char *value = strchr(line, '='), path[PATH_MAX], *end;
	size_t size;

	if (!value)
		return true;
	/* "[include] path = x" may be one line. */
	if (strchr(line, ']') && strchr(line, ']') < value)
		line = strchr(line, ']') + 1;
	line += strspn(line, " \t");
	size = strcspn(line, " \t=");
	for (value++; *value == ' ' || *value == '\t' || *value == '"'; value++)
		;
	for (end = value + strlen(value); end > value && strchr(" \t\r\"", end[-1]); end--)
		;
	*end = '\0';
	if (size == 4 && strncasecmp(line, "path", 4) == 0)
		return place_of(path, config, value) && is_config(looking, path);
	if ((size == 12 && strncasecmp(line, "excludesfile", 12) == 0)
			|| (size == 14 && strncasecmp(line, "attributesfile", 14) == 0))
		return place_of(path, config, value) && is_file(path, false);
	return true;
}

static bool is_config(struct looking *looking, const char *path)
{
	char *text, *rest, *line;
	bool good = true;

	if (looking->depth >= DEPTH_MOST || !is_file(path, false))
		return false;
	text = text_of(path);
	looking->depth++;
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; good && line; line = strtok_r(NULL, "\n", &rest))
		good = is_line(looking, path, line);
	looking->depth--;
	free(text);
	return good;
}

/* Other stores of objects, a line each. */
static bool are_alternates(struct looking *looking, const char *objects)
{
	char path[PATH_MAX], beside[PATH_MAX], *text, *rest, *line;
	bool good = true;

	if (!place_of(path, objects, "info/alternates"))
		return false;
	text = text_of(path);
	place_of(path, objects, "");
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; good && line; line = strtok_r(NULL, "\n", &rest))
		good = *line == '#' || (place_of(beside, path, line) && is_tree(looking, beside));
	free(text);
	return good;
}

bool revision_users_safe(void)
{
	struct looking looking = {0};
	static const char *const configs[] = { "~/.gitconfig", "~/.config/git/config", "/etc/gitconfig" };
	static const char *const files[] = { "~/.config/git/ignore", "~/.config/git/attributes",
		"/etc/gitattributes" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		if (!place_of(path, "", configs[i]) || !is_config(&looking, path) || !place_of(path, "", files[i])
				|| !is_file(path, false))
			return false;
	}
	return true;
}

static bool is_safe(struct looking *looking, const char *directory)
{
	char path[PATH_MAX];

	return is_tree(looking, directory) && place_of(path, directory, "config") && is_config(looking, path)
		&& place_of(path, directory, "objects/") && are_alternates(looking, path);
}

/* What says in a folder which files git ignores, and how it takes them; as git does, links aren't followed. */
static bool is_work_tree(struct looking *looking, const char *directory)
{
	DIR *listing = looking->depth < 16 * DEPTH_MOST ? opendir(directory) : NULL;
	const struct dirent *entry;
	char path[PATH_MAX];
	bool good = true;

	looking->depth++;
	while (good && listing && (entry = readdir(listing))) {
		const char *name = entry->d_name;
		bool says = strcmp(name, ".gitignore") == 0 || strcmp(name, ".gitattributes") == 0;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, ".git") == 0)
			continue;
		good = ++looking->names < NAMES_MOST
			&& (size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) < sizeof(path)
			&& (says ? is_file(path, false) : entry->d_type != DT_DIR || is_work_tree(looking, path));
	}
	looking->depth--;
	if (listing)
		closedir(listing);
	return good;
}

/* The folder above .git. */
static bool is_around(struct looking *looking, const char *directory)
{
	size_t size = strlen(directory);
	char path[PATH_MAX];

	if (size < 6 || strcmp(directory + size - 6, "/.git/") != 0)
		return true;
	snprintf(path, sizeof(path), "%.*s", (int)size - 6, directory);
	return is_work_tree(looking, path);
}

bool revision_safe(const char *folder)
{
	git_buf directory = GIT_BUF_INIT;
	struct looking looking = {0};
	bool safe = git_repository_discover(&directory, folder, 0, NULL) == 0
		&& strlen(directory.ptr) < PATH_MAX && is_safe(&looking, directory.ptr)
		&& is_around(&looking, directory.ptr);

	git_buf_dispose(&directory);
	return safe;
}
