/* check: what a task may say, before any host is contacted. */
#include "modules/apt_packages/apt_packages.h"
#include "modules/errors.h"

#include <ctype.h>
#include <string.h>

static bool all_of(const char *text, size_t size, const char *others)
{
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr(others, text[i]))
			return false;
	}
	return size > 0;
}

/* One of "gcc", "libc6:arm64", "gcc=4:12.2.0-3": never an option, never a pattern. */
static int check_name(const struct value *item, const char *text, size_t size, struct error *err)
{
	const char *equals = memchr(text, '=', size);
	size_t length = equals ? (size_t)(equals - text) : size;

	if (!isalnum((unsigned char)text[0]) || !all_of(text, length, "+.-:"))
		goto refused;
	if (memchr(text, '_', length) || text[length - 1] == '-')
		goto refused;
	if (equals && !all_of(equals + 1, size - length - 1, "+.-:~*"))
		goto refused;
	return 0;
refused:
	error_at(err, TASK_INVALID_NAME, item->place, "'%.*s' is not the name of a package", (int)size,
		text);
	return error_remedy(err, "write it as rsync, libc6:arm64 or rsync=3.2.7-1");
}

static bool says(const struct value *params, const char *name, const char *word)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, word) == 0;
}

static bool says_whole(const struct value *params)
{
	return !says(params, "upgrade", "no") || says(params, "autoremove", "true") || says(params, "autoclean", "true")
		|| says(params, "clean", "true");
}

/* What is about all packages names none. */
static int check_whole(const struct value *params, const struct value *names, struct error *err)
{
	const struct value *deb = value_get(params, "deb"), *upgrade = value_get(params, "upgrade");
	bool named = names && names->kind == VALUE_LIST && names->count > 0;

	if (!says(params, "upgrade", "no") && (named || deb))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, upgrade->place, "'upgrade' is of all packages: it "
			"excludes '%s'", named ? "name" : "deb");
	if (says(params, "autoremove", "true") && (deb || (named && !says(params, "state", "absent")
			&& !says(params, "state", "removed")))) {
		error_at(err, TASK_CONFLICTING_PARAMETERS, value_get(params, "autoremove")->place, "'autoremove' goes with "
			"what is removed, not with what is installed");
		return error_remedy(err, "write it into a task of its own, without names");
	}
	if (deb && (named || !says(params, "state", "present")))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, deb->place, "'deb' installs one file: it excludes '%s'",
			named ? "name" : "state");
	return 0;
}

int apt_check(const struct value *params, struct error *err)
{
	const struct value *names = value_get(params, "name");
	const char *update = value_get_string(params, "update_cache");
	bool unknown = !names || names->kind != VALUE_LIST;

	for (size_t i = 0; !unknown && i < names->count; i++) {
		const struct value *item = names->items[i];

		if (item->kind != VALUE_STRING)
			return 0;
		for (const char *at = item->text; *at;) {
			size_t size = strcspn(at, ",");

			if (size == 1 && *at == '*' && names->count == 1 && says(params, "state", "latest"))
				return 0;
			if (size > 0 && check_name(item, at, size, err) < 0)
				return -1;
			at += size + (at[size] == ',');
		}
	}
	if (check_whole(params, names, err) < 0)
		return -1;
	if (unknown || names->count > 0 || value_get(params, "cache_valid_time") || value_get(params, "deb") ||
	    (update && strcmp(update, "true") == 0) || says_whole(params))
		return 0;
	error_at(err, TASK_MISSING_PARAMETER, params->place, "apt-packages names no package");
	return error_remedy(err, "name them with 'name'");
}
