/* hostkeys_replace: another key for a host that is known. */
#include "fleet/hostkeys.h"

#include "base/buffer.h"
#include "base/whole.h"
#include "fleet/hostkeys_name.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Whether a line says a key of this host, and nothing of others that aren't named. */
static bool is_of(const char *line, const char *name)
{
	const char *names = line + strspn(line, " \t");
	size_t size = strcspn(names, " \t\n");

	if (size == 0 || strchr("#@", *names) || (*names != '|' && strcspn(names, "*?!") < size))
		return false;
	return hostkeys_named(names, size, name);
}

static int drop_lines(const char *path, const char *name, struct error *err)
{
	char *real = realpath(path, NULL), *line = NULL;
	FILE *file = real ? whole_open(real) : NULL;
	struct buffer kept = {0};
	size_t capacity = 0;
	bool dropped = false;
	struct stat info;
	ssize_t size;
	int result = 0;

	if (file)
		flock(fileno(file), LOCK_EX | LOCK_NB);
	while (file && (size = getline(&line, &capacity, file)) > 0) {
		if (is_of(line, name))
			dropped = true;
		else
			buffer_add(&kept, line, (size_t)size);
	}
	if (dropped && (fstat(fileno(file), &info) < 0 || whole_replace(real, kept.size ? kept.data : "",
			kept.size, info.st_mode & 0777, true) < 0))
		result = error_errno(err, SSH_KNOWN_HOSTS_UNUSABLE, "cannot write '%s'", path);
	if (file)
		fclose(file);
	free(line);
	free(real);
	buffer_free(&kept);
	return result;
}

int hostkeys_replace(struct arena *arena, const struct hostkeys *hostkeys, const char *key,
	bool hashed, struct error *err)
{
	const char *name = hostkeys_name(arena, hostkeys);
	struct hostkeys_found found;

	if (!hostkeys->paths[0] || drop_lines(hostkeys->paths[0], name, err) < 0
			|| hostkeys_check(arena, hostkeys, key, &found, err) < 0)
		return error_set(err, SSH_KNOWN_HOSTS_UNUSABLE, "there is no known_hosts file in which the "
			"key of %s could be replaced", name);
	if (found.verdict == HOSTKEYS_KNOWN)
		return 0;
	if (found.verdict == HOSTKEYS_UNKNOWN)
		return hostkeys_add(arena, hostkeys, key, hashed, err);
	error_set(err, SSH_HOST_KEY_CHANGED, "the old key of %s is also in %s:%u", name, found.path,
		found.line);
	return error_remedy(err, "take it out there");
}
