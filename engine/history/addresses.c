/* addresses: where machines answer that were given another address, beside the history. */
#include "history/addresses.h"

#include "base/quote.h"
#include "base/whole.h"
#include "history/state.h"
#include "yaml/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_MOST = 8 << 20 };

static const char name[] = "addresses";

static int unusable(const char *why, struct error *err)
{
	error_set(err, HISTORY_UNTRUSTED, "'.beoplay/%s', which says where moved machines answer, isn't used: "
		"%s", name, why);
	return error_remedy(err, "look at it, and put it right or remove it");
}

/* ret_size 0: there is none. */
static int read_bytes(int folder, struct arena *arena, char **ret_bytes, size_t *ret_size,
	struct error *err)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;
	ssize_t got = -1;

	*ret_size = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : unusable(strerror(errno), err);
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= SIZE_MOST
			&& (info.st_uid == geteuid() || info.st_uid == 0) && !(info.st_mode & 022)) {
		*ret_bytes = arena_alloc(arena, (size_t)info.st_size + 1);
		got = read(fd, *ret_bytes, (size_t)info.st_size);
	}
	close(fd);
	if (got < 0)
		return unusable("it isn't a file of yours that only you can write to", err);
	*ret_size = (size_t)got;
	return 0;
}

static bool is_entry(const struct value *entry)
{
	const struct value *at = value_get(entry, "at");
	bool good = value_get_string(entry, "inventory") && value_get_string(entry, "key") && at
		&& at->kind == VALUE_LIST;

	for (size_t i = 0; good && i < at->count; i++)
		good = value_text(at->items[i]) != NULL;
	return good;
}

static int load(int folder, struct arena *arena, struct value **ret_all, struct error *err)
{
	struct value *all = value_map(arena);
	struct error why = {0};
	char *bytes = NULL;
	size_t size;

	*ret_all = value_map(arena);
	if (read_bytes(folder, arena, &bytes, &size, err) < 0)
		return -1;
	if (size == 0)
		return 0;
	if (tree_parse(arena, name, bytes, size, &all, &why) < 0)
		return unusable(why.message, err);
	for (size_t i = 0; i < value_pair_count(all); i++) {
		if (!is_entry(value_at(all, i)))
			return unusable("a line of it says something else than it should", err);
	}
	value_mark_data(all);
	if (all->kind == VALUE_MAP)
		*ret_all = all;
	return 0;
}

int addresses_load(const char *project, struct arena *arena, struct value **ret_all,
	struct error *err)
{
	char folder[PATH_MAX];
	int fd, result;

	*ret_all = value_map(arena);
	if (history_folder(project, false, folder, sizeof(folder), &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	result = load(fd, arena, ret_all, err);
	close(fd);
	return result;
}

static int write_all(const char *folder, const struct value *all, struct error *err)
{
	struct buffer text = {0};
	char path[PATH_MAX];
	int result;

	buffer_add_string(&text, "# Where machines answer that beoplay moved (beoplay forget HOST).\n");
	for (size_t i = 0; i < all->count; i++) {
		quote_yaml(&text, all->pairs[i].key, strlen(all->pairs[i].key));
		buffer_add_string(&text, ": ");
		history_add_value(&text, all->pairs[i].value);
		buffer_add_char(&text, '\n');
	}
	snprintf(path, sizeof(path), "%.4000s/%s", folder, name);
	result = whole_replace(path, text.data, text.size, 0600, true);
	buffer_free(&text);
	return result < 0 ? error_errno(err, HISTORY_NOT_WRITTEN, "cannot write '%s'", path) : 0;
}

static int keep(int fd, const char *folder, const char *host, const struct value *entry,
	struct error *err)
{
	struct arena *arena = arena_new();
	int lock = history_lock_file(fd, err), result = lock < 0 ? -1 : 0;
	struct value *all;

	while (result == 0 && flock(lock, LOCK_EX) < 0 && errno == EINTR)
		;
	if (result == 0)
		result = load(fd, arena, &all, err);
	if (result == 0 && (entry || value_get(all, host))) {
		if (entry)
			value_set(arena, all, host, value_copy(arena, entry));
		else
			value_remove(all, host);
		result = write_all(folder, all, err);
	}
	if (lock >= 0)
		close(lock);
	arena_free(arena);
	return result;
}

int addresses_keep(const char *project, const char *host, const struct value *entry,
	struct error *err)
{
	char folder[PATH_MAX];
	int fd, result;

	if (history_folder(project, entry != NULL, folder, sizeof(folder), &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	if (entry)
		history_write_ignore(fd);
	result = keep(fd, folder, host, entry, err);
	close(fd);
	return result;
}
