/* pending: what the tasks of a dry run would write, and whether a later task has read it. */
#include "agent/pending.h"

#include <string.h>

/* "file:/x" and "line:/x:a=1" are paths, too. */
static const char *as_path(const char *what)
{
	const char *colon = strchr(what, ':');

	return colon && colon[1] == '/' ? colon + 1 : NULL;
}

void pending_add(struct arena *arena, struct value *pending, const char *what,
	const char *cause)
{
	struct value *entry = value_map(arena);

	value_set_string(arena, entry, "what", what);
	value_set_string(arena, entry, "cause", cause);
	value_append(arena, pending, entry);
}

static bool below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	while (size > 1 && directory[size - 1] == '/')
		size--;
	if (size == 1 && directory[0] == '/')
		return true;
	return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static bool same_kind(const char *one, const char *other)
{
	size_t size = strcspn(one, ":");

	return size == strcspn(other, ":") && strncmp(one, other, size) == 0;
}

/* A path of which a resource is, or one of the directories above: they are there already. */
static bool is_own(const struct value *own, const char *path)
{
	size_t size = strlen(path);

	for (size_t i = 0; own && i < own->count; i++) {
		const char *mine = as_path(value_text(own->items[i]));

		if (mine && (below(mine, path) || (strncmp(mine, path, size) == 0 && mine[size] == ':')))
			return true;
	}
	return false;
}

/* That there is root doesn't change. */
static bool is_root(const char *read)
{
	return strcmp(read, "user:root") == 0 || strcmp(read, "group:root") == 0;
}

static bool is_kind(const char *what, const char *kind)
{
	return strncmp(what, kind, strlen(kind)) == 0 && what[strlen(kind)] == ':';
}

static bool meets(const char *what, const char *read, const struct value *own)
{
	const char *path = as_path(read);

	if (path && strcmp(what, "path:*") == 0)
		return !is_own(own, path);
	/* What a directory is doesn't depend on what is in it. */
	if (path && as_path(what))
		return below(path, as_path(what)) || (!is_kind(read, "stat") && below(as_path(what), path));
	if (is_kind(read, "members") && as_path(what))
		return !is_kind(what, "accounts") && below("/etc/group", as_path(what));
	return same_kind(what, read) && !is_root(read)
		&& (what[strlen(what) - 1] == '*' || strcmp(what, read) == 0);
}

const char *pending_met(const struct value *pending, const struct value *reads,
	const struct value *own)
{
	for (size_t i = 0; pending && i < pending->count; i++) {
		const char *what = value_get_string(pending->items[i], "what");

		for (size_t k = 0; k < reads->count; k++) {
			if (meets(what, value_text(reads->items[k]), own))
				return value_get_string(pending->items[i], "cause");
		}
	}
	return NULL;
}
