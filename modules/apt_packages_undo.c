/* apt_packages_undo: which packages came with which, so that an undo takes exactly them.
 *
 * The record: {requested: {NAME: true}, came: {"name:arch": {version, for: [NAME…]}}}. What came for
 * names that nobody wishes any more goes, unless a package that stays depends on it by now, or a
 * person has marked it as wanted. */
#include "modules/apt_packages.h"

#include <string.h>

static const char *key_of(struct arena *arena, const struct dpkg_package *package)
{
	return arena_printf(arena, "%s:%s", package->name, package->architecture);
}

/* --- Writing it down */

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
	return copy;
}

int apt_remember(struct host *host, const struct apt_state *have, const struct dpkg_status *now,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = record_copy(arena, have->record);
	struct value *wishes = value_list(arena);

	for (size_t i = 0; i < have->wish_count; i++) {
		if (dpkg_is_installed(&have->status, have->wishes[i].name))
			continue;
		value_append(arena, wishes, value_string(arena, have->wishes[i].name));
		value_set_bool(arena, value_get(record, "requested"), have->wishes[i].name, true);
	}
	for (size_t i = 0; i < now->count; i++) {
		const struct dpkg_package *package = &now->packages[i];
		const struct dpkg_package *before = dpkg_same(&have->status, package);
		struct value *entry;

		if (package->state != DPKG_INSTALLED || (before && before->state >= DPKG_BROKEN))
			continue;
		entry = value_map(arena);
		value_set_string(arena, entry, "version", package->version);
		value_set(arena, entry, "for", wishes);
		value_set(arena, value_get(record, "came"), key_of(arena, package), entry);
	}
	return host_record_set(host, APT_RECORD, record, err);
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
	if (value_get(record, "requested")->count == 0 && value_get(record, "came")->count == 0)
		record = NULL;
	if (!record && !have->record)
		return 0;
	return host_record_set(host, APT_RECORD, record, err);
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
static bool came_for_itself(const struct value *entry, const char *name)
{
	const struct value *names = value_get(entry, "for");

	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		if (value_text(names->items[i]) && strcmp(value_text(names->items[i]), name) == 0)
			return true;
	}
	return false;
}

/* What came along (recommended: only because it was recommended to one that stays), by index. */
static void choose(const struct apt_state *have, bool *candidates, bool *recommended)
{
	const struct value *came = value_get(have->record, "came");

	for (size_t i = 0; i < have->status.count; i++) {
		const struct dpkg_package *package = &have->status.packages[i];
		struct arena *arena = arena_new();
		const struct value *entry = value_get(came, key_of(arena, package));

		arena_free(arena);
		if (package->state != DPKG_INSTALLED && package->state != DPKG_BROKEN)
			continue;
		candidates[i] = wished(have, package->name) ||
			(entry && !requested(have, package->name) && (package->automatic ||
				came_for_itself(entry, package->name)));
		recommended[i] = entry && still_for(have, entry);
	}
}

/* Whether a configuration file of the package isn't as it came: "??5?????? c /etc/x" */
static int was_edited(struct host *host, const struct dpkg_package *package, bool *ret_edited,
	struct error *err)
{
	const char *const argv[] = {
		"dpkg", "--verify", "--", key_of(host_arena(host), package), NULL,
	};
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 120 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	*ret_edited = strstr(result.output, " c /") != NULL;
	return 0;
}

static int judge(struct host *host, const struct apt_params *want, struct apt_removal *removal,
	struct error *err)
{
	if (want->undo == APT_UNDO_PURGE)
		return 0;
	if (want->undo == APT_UNDO_REMOVE) {
		removal->keep_files = true;
		return 0;
	}
	return was_edited(host, removal->package, &removal->keep_files, err);
}

int apt_find_removals(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	bool *candidates = arena_array(arena, have->status.count + 1, sizeof(*candidates));
	bool *recommended = arena_array(arena, have->status.count + 1, sizeof(*recommended));

	if (want->state != APT_ABSENT)
		return 0;
	if (host_record_get(host, APT_RECORD, &have->record, err) < 0)
		return -1;
	choose(have, candidates, recommended);
	dpkg_keep_needed(&have->status, candidates, recommended);
	have->removals = arena_array(arena, have->status.count + 1, sizeof(*have->removals));
	for (size_t i = 0; i < have->status.count; i++) {
		struct apt_removal removal = { .package = &have->status.packages[i] };

		if (!candidates[i])
			continue;
		if (judge(host, want, &removal, err) < 0)
			return -1;
		have->removals[have->removal_count++] = removal;
	}
	return 0;
}
