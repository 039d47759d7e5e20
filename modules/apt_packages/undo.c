/* undo: which packages and accounts came with which, so that an undo takes exactly
 * them.
 *
 * The record: {requested: {NAME: true}, came: {"name:arch": {version, for: [NAME…], files: {PATH:
 * digest of configuration}}},
 * users: {NAME: {for}}, groups: {NAME: {for}}, began: {for, packages, users, groups}}.
 * began is what was there when a transaction began; it is settled into the others when the
 * transaction has ended, by whoever comes next: the connection may be lost in between.
 * What came for names that nobody wishes any more goes, unless a package that stays depends on it
 * by now, or a person has marked it as wanted. */
#include "modules/apt_packages/apt_packages.h"

#include "base/buffer.h"

#include <string.h>

enum { BEGAN_MOST = 180 << 10, ACCOUNTS_MOST = 1 << 20, FIND_SECONDS = 120 };

static const char *key_of(struct arena *arena, const struct dpkg_package *package)
{
	return arena_printf(arena, "%s:%s", package->name, package->architecture);
}

static bool is_here(const struct dpkg_package *package)
{
	return package->state >= DPKG_BROKEN;
}

/* --- The record */

static struct value *map_in(struct arena *arena, struct value *map, const char *key)
{
	struct value *inner = value_get(map, key);

	if (!inner || inner->kind != VALUE_MAP) {
		inner = value_map(arena);
		value_set(arena, map, key, inner);
	}
	return inner;
}

static struct value *record_copy(struct arena *arena, const struct value *record)
{
	struct value *copy = record && record->kind == VALUE_MAP ? value_copy(arena, record) :
		value_map(arena);

	map_in(arena, copy, "requested");
	map_in(arena, copy, "came");
	map_in(arena, copy, "users");
	map_in(arena, copy, "groups");
	return copy;
}

static int save(struct host *host, const struct value *record, struct error *err)
{
	bool empty = value_get(record, "requested")->count == 0 &&
		value_get(record, "came")->count == 0 && value_get(record, "users")->count == 0 &&
		value_get(record, "groups")->count == 0 && !value_get(record, "began");

	return host_record_set(host, APT_RECORD, empty ? NULL : record, err);
}

/* --- What was there before a transaction, a line each */

static const char *installed_lines(struct arena *arena, const struct dpkg_status *status)
{
	struct buffer text = { 0 };
	const char *result;

	buffer_add_char(&text, '\n');
	for (size_t i = 0; i < status->count; i++) {
		if (is_here(&status->packages[i]))
			buffer_printf(&text, "%s:%s\n", status->packages[i].name,
				status->packages[i].architecture);
	}
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

/* The names in /etc/passwd or /etc/group. */
static int account_lines(struct host *host, const char *path, const char **ret_lines,
	struct error *err)
{
	struct buffer text = { 0 };
	char *bytes;
	size_t size;

	if (host_read(host, path, ACCOUNTS_MOST, &bytes, &size, err) < 0)
		return -1;
	buffer_add_char(&text, '\n');
	for (const char *line = bytes; *line;) {
		buffer_add(&text, line, strcspn(line, ":\n"));
		buffer_add_char(&text, '\n');
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	*ret_lines = arena_bytes(host_arena(host), text.data, text.size);
	buffer_free(&text);
	return 0;
}

static bool has_line(const char *lines, const char *line, size_t size)
{
	for (const char *at = strchr(lines, '\n'); at && at[1]; at = strchr(at + 1, '\n')) {
		if (strncmp(at + 1, line, size) == 0 && at[1 + size] == '\n')
			return true;
	}
	return false;
}

/* --- Writing it down */

static int settle_accounts(struct host *host, struct value *record, const char *path,
	const char *key, struct error *err)
{
	struct arena *arena = host_arena(host);
	const struct value *began = value_get(record, "began");
	const char *before = value_get_string(began, key);
	const char *now;

	if (!before)
		return 0;
	if (account_lines(host, path, &now, err) < 0)
		return -1;
	for (const char *at = now + 1; *at; at += strcspn(at, "\n") + 1) {
		size_t size = strcspn(at, "\n");
		struct value *entry;

		if (size == 0 || has_line(before, at, size))
			continue;
		entry = value_map(arena);
		value_set(arena, entry, "for", value_get(began, "for"));
		value_set(arena, value_get(record, key), arena_bytes(arena, at, size), entry);
	}
	return 0;
}

/* What has come since a transaction began. */
static int settle(struct host *host, struct value *record, const struct dpkg_status *now,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const struct value *began = value_get(record, "began");
	const char *before = value_get_string(began, "packages");

	if (!before || !value_get(began, "for"))
		return 0;
	for (size_t i = 0; i < now->count; i++) {
		const struct dpkg_package *package = &now->packages[i];
		const char *key = key_of(arena, package);
		struct value *entry, *files;

		if (!is_here(package) || has_line(before, key, strlen(key)))
			continue;
		if (apt_configuration(host, package, &files, err) < 0)
			return -1;
		entry = value_map(arena);
		value_set(arena, entry, "files", files);
		value_set_string(arena, entry, "version", package->version);
		value_set(arena, entry, "for", value_get(began, "for"));
		value_set(arena, value_get(record, "came"), key, entry);
	}
	if (settle_accounts(host, record, "/etc/passwd", "users", err) < 0 ||
	    settle_accounts(host, record, "/etc/group", "groups", err) < 0)
		return -1;
	value_remove(record, "began");
	return 0;
}

bool apt_asked_for(const struct apt_state *have, size_t wish)
{
	return wish == 0 || !have->wishes[wish].automatic;
}

int apt_begin(struct host *host, struct apt_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = record_copy(arena, have->record);
	struct value *began = value_map(arena);
	struct value *wishes = value_list(arena);
	const char *packages = installed_lines(arena, &have->status);
	const char *users;
	const char *groups;

	if (settle(host, record, &have->status, err) < 0 ||
	    account_lines(host, "/etc/passwd", &users, err) < 0 ||
	    account_lines(host, "/etc/group", &groups, err) < 0)
		return -1;
	for (size_t i = 0; i < have->wish_count; i++) {
		if (dpkg_is_installed(&have->status, have->wishes[i].name) || !apt_asked_for(have, i))
			continue;
		value_append(arena, wishes, value_string(arena, have->wishes[i].name));
		value_set_bool(arena, value_get(record, "requested"), have->wishes[i].name, true);
	}
	value_set(arena, began, "for", wishes);
	value_set_string(arena, began, "packages", packages);
	value_set_string(arena, began, "users", users);
	value_set_string(arena, began, "groups", groups);
	if (strlen(packages) + strlen(users) + strlen(groups) < BEGAN_MOST)
		value_set(arena, record, "began", began);
	have->record = record;
	return save(host, record, err);
}

int apt_remember(struct host *host, const struct apt_state *have, const struct dpkg_status *now,
	struct error *err)
{
	struct value *record = record_copy(host_arena(host), have->record);

	if (settle(host, record, now, err) < 0)
		return -1;
	return save(host, record, err);
}

/* --- What goes */

static bool wished(const struct apt_state *have, const char *name)
{
	for (size_t i = 0; i < have->wish_count; i++) {
		if (strcmp(have->wishes[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool requested(const struct apt_state *have, const char *name)
{
	return value_get(value_get(have->record, "requested"), name) && !wished(have, name);
}

/* Whether a name for which it came is still wished. */
static bool still_for(const struct apt_state *have, const struct value *entry)
{
	const struct value *names = value_get(entry, "for");

	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		const char *name = value_text(names->items[i]);

		if (name && requested(have, name))
			return true;
	}
	return false;
}

/* Whether it was named in the transaction with which it came. */
static bool came_for(const struct value *entry, const char *name)
{
	const struct value *names = value_get(entry, "for");

	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		if (value_text(names->items[i]) && strcmp(value_text(names->items[i]), name) == 0)
			return true;
	}
	return false;
}

/* What came along (recommended: only because it was recommended to one that stays), by index. */
static void choose(struct arena *arena, const struct apt_state *have, bool *candidates,
	bool *recommended)
{
	const struct value *came = value_get(have->record, "came");

	for (size_t i = 0; i < have->status.count; i++) {
		const struct dpkg_package *package = &have->status.packages[i];
		const struct value *entry;

		if (!is_here(package))
			continue;
		entry = value_get(came, key_of(arena, package));
		candidates[i] = wished(have, package->name) ||
			(entry && !requested(have, package->name) && (package->automatic ||
				came_for(entry, package->name)));
		recommended[i] = entry && still_for(have, entry);
	}
}

/* Whether a configuration file of the package isn't as it came: "??5?????? c /etc/x" */
static int was_edited(struct host *host, const struct apt_state *have,
	const struct dpkg_package *package, bool *ret_edited, struct error *err)
{
	const struct value *came = value_get(value_get(have->record, "came"),
		key_of(host_arena(host), package));
	const char *const argv[] = {
		"dpkg", "--verify", "--", key_of(host_arena(host), package), NULL,
	};
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 120 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_edited = strstr(result.output, " c /") != NULL;
	return *ret_edited ? 0 : apt_configuration_edited(host, package, value_get(came, "files"),
		ret_edited, err);
}

static int judge(struct host *host, const struct apt_params *want,
	const struct apt_state *have, struct apt_removal *removal, struct error *err)
{
	if (want->undo == APT_UNDO_PURGE)
		return 0;
	if (want->undo == APT_UNDO_REMOVE) {
		removal->keep_files = true;
		return 0;
	}
	return was_edited(host, have, removal->package, &removal->keep_files, err);
}

int apt_find_removals(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	bool *candidates = arena_array(arena, have->status.count + 1, sizeof(*candidates));
	bool *recommended = arena_array(arena, have->status.count + 1, sizeof(*recommended));
	struct value *record;

	if (want->state != APT_ABSENT)
		return 0;
	if (host_record_get(host, APT_RECORD, &record, err) < 0)
		return -1;
	have->record = record_copy(arena, record);
	if (settle(host, have->record, &have->status, err) < 0)
		return -1;
	choose(arena, have, candidates, recommended);
	dpkg_keep_needed(&have->status, candidates, recommended);
	have->removals = arena_array(arena, have->status.count + 1, sizeof(*have->removals));
	for (size_t i = 0; i < have->status.count; i++) {
		struct apt_removal removal = { .package = &have->status.packages[i] };

		if (!candidates[i])
			continue;
		if (judge(host, want, have, &removal, err) < 0)
			return -1;
		have->removals[have->removal_count++] = removal;
	}
	return 0;
}

/* --- Accounts that packages made */

/* Whether a name for which it came is wished, or one that came with it is still there. */
static bool account_needed(const struct value *record, const struct value *account)
{
	const struct value *came = value_get(record, "came");
	const struct value *names = value_get(account, "for");

	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		const char *name = value_text(names->items[i]);

		if (!name || value_get(value_get(record, "requested"), name))
			return true;
		for (size_t k = 0; k < came->count; k++) {
			if (came_for(came->pairs[k].value, name))
				return true;
		}
	}
	return false;
}

/* Network file systems are left out: their servers may be gone. A search that doesn't end in time
 * counts as found. */
static int owns_something(struct host *host, const char *test, const char *name, bool *ret_owns,
	struct error *err)
{
	const char *const argv[] = {
		"find", "/", "(", "-fstype", "proc", "-o", "-fstype", "sysfs", "-o", "-fstype", "nfs", "-o",
		"-fstype", "nfs4", "-o", "-fstype", "cifs", ")", "-prune", "-o", test, name, "-print",
		"-quit", NULL,
	};
	struct command command = {
		.argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = FIND_SECONDS,
	};
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_owns = result.output_size > 0 || result.timed_out;
	return 0;
}

static int remove_account(struct host *host, const char *tool, const char *name,
	struct error *err)
{
	const char *const argv[] = { tool, "--", name, NULL };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 60 };
	struct command_result result;

	host_progress(host, "%s %s: it came with the packages", tool, name);
	return host_run(host, &command, &result, err);
}

static int remove_accounts(struct host *host, struct value *record, const char *key,
	const char *test, const char *tool, struct error *err)
{
	const struct value *all = value_copy(host_arena(host), value_get(record, key));

	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->pairs[i].key;
		bool owns;

		if (account_needed(record, all->pairs[i].value))
			continue;
		value_remove(value_get(record, key), name);
		if (name[0] == '-')
			continue;
		if (owns_something(host, test, name, &owns, err) < 0 ||
		    (!owns && remove_account(host, tool, name, err) < 0))
			return -1;
	}
	return 0;
}

int apt_forget(struct host *host, const struct apt_state *have, const struct dpkg_status *now,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = record_copy(arena, have->record);
	const struct value *came = value_get(have->record, "came");

	for (size_t i = 0; i < have->wish_count; i++)
		value_remove(value_get(record, "requested"), have->wishes[i].name);
	for (size_t i = 0; came && came->kind == VALUE_MAP && i < came->count; i++) {
		if (!dpkg_is_installed(now, came->pairs[i].key))
			value_remove(value_get(record, "came"), came->pairs[i].key);
	}
	if (remove_accounts(host, record, "users", "-user", "userdel", err) < 0 ||
	    remove_accounts(host, record, "groups", "-group", "groupdel", err) < 0)
		return -1;
	if (!have->record)
		return 0;
	return save(host, record, err);
}
