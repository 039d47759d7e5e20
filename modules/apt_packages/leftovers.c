/* leftovers: directories below /var/lib that packages leave when they are purged, because
 * their services have put empty files into them: locks and the like, in which no data can be. */
#include "modules/apt_packages/apt_packages.h"

#include <string.h>

#define STATE "/var/lib/"

/* The paths of a package that may be such directories. */
static int add_paths(struct host *host, const struct dpkg_package *package, struct value *paths,
	struct error *err)
{
	char *text;

	if (dpkg_files(host, package, &text, err) < 0)
		return -1;
	if (!text)
		return 0;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, STATE, strlen(STATE)) == 0)
			value_append(host_arena(host), paths, value_bytes(host_arena(host), text, strcspn(text, "\n")));
	}
	return 0;
}

int apt_list_state(struct host *host, const struct apt_state *have, struct value **ret_paths,
	struct error *err)
{
	*ret_paths = value_list(host_arena(host));
	for (size_t i = 0; i < have->removal_count; i++) {
		if (!have->removals[i].keep_files
				&& add_paths(host, have->removals[i].package, *ret_paths, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether another package has it, too. */
static int is_owned(struct host *host, const char *path, bool *ret_owned, struct error *err)
{
	const char *const argv[] = { "dpkg-query", "--search", "--", path, NULL };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 60 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_owned = result.status == 0;
	return 0;
}

static int remove_if_empty(struct host *host, const char *path, struct error *err)
{
	struct file_name *names;
	size_t count;
	bool owned;

	if (is_owned(host, path, &owned, err) < 0 || host_list(host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count && !owned; i++)
		owned = names[i].info.kind != FILE_REGULAR || names[i].info.size > 0;
	if (owned)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (host_remove(host, arena_printf(host_arena(host), "%s/%s", path, names[i].name),
				err) < 0)
			return -1;
	}
	return host_remove(host, path, err);
}

int apt_remove_state(struct host *host, const struct value *paths, struct error *err)
{
	struct file_info info;

	for (size_t i = paths->count; i-- > 0;) {
		const char *path = value_text(paths->items[i]);

		if (host_stat(host, path, &info, err) < 0 || (info.kind == FILE_DIRECTORY
				&& remove_if_empty(host, path, err) < 0))
			return -1;
	}
	return 0;
}
