/* apt-packages: install or remove Debian packages; one transaction of apt a task. */
#include "modules/apt_packages/apt_packages.h"

#include "base/buffer.h"
#include "modules/errors.h"
#include "modules/shared/remains.h"

#include <string.h>

enum { ALONG_SHOWN = 1500 };

static const char *const state_words[] = { "present", "latest", "absent", "installed", "removed", NULL };
static const char *const upgrade_words[] = { "no", "yes", "safe", "full", "dist", NULL };
static const char *const undo_words[] = { "auto", "remove", "purge", "keep", NULL };
static const cyaml_strval_t state_values[] = {
	{ "present", APT_PRESENT }, { "latest", APT_LATEST }, { "absent", APT_ABSENT },
	{ "installed", APT_PRESENT }, { "removed", APT_ABSENT },
};
static const cyaml_strval_t upgrade_values[] = {
	{ "no", APT_UPGRADE_NO }, { "yes", APT_UPGRADE_SAFE }, { "safe", APT_UPGRADE_SAFE },
	{ "full", APT_UPGRADE_FULL }, { "dist", APT_UPGRADE_FULL },
};
static const cyaml_strval_t undo_values[] = {
	{ "auto", APT_UNDO_AUTO }, { "remove", APT_UNDO_REMOVE }, { "purge", APT_UNDO_PURGE },
	{ "keep", APT_UNDO_KEEP },
};

static const struct param apt_table[] = {
	{ .name = "name", .kind = PARAM_LIST, .doc = "names of packages, or name=version; "
		"* with state: latest is upgrade", .otherwise = "", .alias = "pkg, package", .into = INTO_LIST(struct apt_params, name) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether they should be installed; "
		"installed and removed are other words for present and absent",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct apt_params, state, state_values) },
	{ .name = "update_cache", .kind = PARAM_BOOL,
		.doc = "refresh the package lists: before something is installed, when a source is newer "
		"than they are, and always where no package is named",
		.otherwise = "no", .alias = "update-cache",
		.into = INTO_BOOL(struct apt_params, update_cache) },
	{ .name = "cache_valid_time", .kind = PARAM_DURATION,
		.doc = "refresh the lists only if they are older than this, or a source is newer",
		.into = INTO_NUMBER_POINTER(struct apt_params, cache_valid_time) },
	{ .name = "install_recommends", .kind = PARAM_BOOL, .doc = "also install recommended packages",
		.otherwise = "no", .alias = "install-recommends",
		.into = INTO_BOOL(struct apt_params, install_recommends) },
	{ .name = "default_release", .kind = PARAM_STRING,
		.doc = "the release to install from, e.g. bookworm-backports", .alias = "default-release",
		.into = INTO_TEXT(struct apt_params, default_release) },
	{ .name = "purge", .kind = PARAM_BOOL, .doc = "absent: remove their configuration, too; an "
		"undo brings back what dpkg knows as such",
		.otherwise = "no", .into = INTO_BOOL(struct apt_params, purge) },
	{ .name = "hold", .kind = PARAM_BOOL, .doc = "hold their versions, or release them",
		.into = INTO_BOOL_POINTER(struct apt_params, hold) },
	{ .name = "lock_timeout", .kind = PARAM_DURATION,
		.doc = "how long to wait for another package manager to finish", .otherwise = "60s",
		.into = INTO_NUMBER(struct apt_params, lock_timeout) },
	{ .name = "only_upgrade", .kind = PARAM_BOOL, .doc = "don't install packages that are missing",
		.otherwise = "no", .into = INTO_BOOL(struct apt_params, only_upgrade) },
	{ .name = "allow_downgrade", .kind = PARAM_BOOL, .doc = "allow downgrades",
		.otherwise = "no", .alias = "allow_downgrades",
		.into = INTO_BOOL(struct apt_params, allow_downgrade) },
	{ .name = "allow_change_held_packages", .kind = PARAM_BOOL,
		.doc = "also change packages on hold", .otherwise = "no",
		.into = INTO_BOOL(struct apt_params, allow_change_held_packages) },
	{ .name = "force_apt_get", .kind = PARAM_BOOL, .doc = "accepted for compatibility; always on",
		.otherwise = "no", .into = INTO_BOOL(struct apt_params, force_apt_get) },
	{ .name = "undo", .kind = PARAM_CHOICE, .doc = "what an undo does to what came: auto purges "
		"where no configuration was edited, else removes", .otherwise = "auto",
		.choices = undo_words, .into = INTO_CHOICE(struct apt_params, undo, undo_values) },
	{ .name = "undoing", .kind = PARAM_BOOL, .doc = "takes away exactly what came along",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct apt_params, undoing) },
	{ .name = "automatic", .kind = PARAM_BOOL, .doc = "nobody has asked for them",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct apt_params, automatic) },
	{ .name = "along", .kind = PARAM_LIST, .doc = "of them those that nobody has asked for",
		.otherwise = "", .flags = PARAM_INTERNAL, .into = INTO_LIST(struct apt_params, along) },
	{ .name = "upgrade", .kind = PARAM_CHOICE, .otherwise = "no", .choices = upgrade_words,
		.doc = "all packages: yes and safe remove none, full and dist may; an undo can't bring the old "
		"versions back", .into = INTO_CHOICE(struct apt_params, upgrade, upgrade_values) },
	{ .name = "autoremove", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "packages go that came along with others and that none needs any more; beside upgrade, or names "
		"that are absent, with what these do", .into = INTO_BOOL(struct apt_params, autoremove) },
	{ .name = "autoclean", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "downloaded packages go from apt's cache that no source has any more",
		.into = INTO_BOOL(struct apt_params, autoclean) },
	{ .name = "clean", .kind = PARAM_BOOL, .otherwise = "no", .doc = "all of them go",
		.into = INTO_BOOL(struct apt_params, clean) },
	{ .name = "deb", .kind = PARAM_PATH, .doc = "a package file on the host; what it needs comes from the sources",
		.into = INTO_TEXT(struct apt_params, deb) },
	{ .name = "dpkg_options", .kind = PARAM_STRING, .doc = "", .flags = PARAM_NOT_YET },
	{ .name = "policy_rc_d", .kind = PARAM_INTEGER, .doc = "keep services from starting",
		.flags = PARAM_NOT_YET },
	{ .name = "allow_unauthenticated", .kind = PARAM_BOOL, .doc = "", .flags = PARAM_NOT_YET },
	{ .name = "force", .kind = PARAM_BOOL, .doc = "", .flags = PARAM_NOT_YET },
	{ 0 },
};

/* --- Planning */

static const struct apt_move *move_of(const struct apt_state *have, const char *name)
{
	size_t size = strcspn(name, ":");

	for (size_t i = 0; i < have->move_count; i++) {
		if (strncmp(have->moves[i].name, name, size) == 0 &&
		    (!have->moves[i].name[size] || have->moves[i].name[size] == ':'))
			return &have->moves[i];
	}
	return NULL;
}

static bool wished(const struct apt_state *have, const char *name)
{
	size_t size = strcspn(name, ":");

	for (size_t i = 0; i < have->wish_count; i++) {
		if (strncmp(have->wishes[i].name, name, size) == 0 &&
		    (!have->wishes[i].name[size] || have->wishes[i].name[size] == ':'))
			return true;
	}
	return false;
}

void apt_writes_anything(struct plan *plan)
{
	static const char *const anything[] = {
		"path:*", "user:*", "group:*", "members:*", "command:*", "unit:*", "package:*", NULL,
	};

	for (size_t i = 0; anything[i]; i++)
		plan_writes(plan, anything[i]);
}

/* What comes or goes that nobody named. */
static void note_along(struct plan *plan, const struct apt_state *have)
{
	struct buffer names = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < have->move_count; i++) {
		const struct apt_move *move = &have->moves[i];

		if (wished(have, move->name) || !move->after)
			continue;
		count++;
		if (names.size < ALONG_SHOWN)
			buffer_printf(&names, "%s%s", names.size ? ", " : "", move->name);
	}
	if (count > 0)
		plan_note(plan, "%zu more package%s with that: %s%s", count,
			count == 1 ? " comes" : "s come", names.data,
			names.size >= ALONG_SHOWN ? ", …" : "");
	buffer_free(&names);
}

static void plan_install_one(struct plan *plan, const struct apt_state *have,
	const struct apt_wish *wish, enum apt_need need, bool first)
{
	const struct dpkg_package *package = dpkg_find(&have->status, wish->name);
	const struct apt_move *move = move_of(have, wish->name);
	unsigned step = first ? APT_STEP_INSTALL : APT_STEP_ALONG;
	const char *version = move && move->after ? move->after : wish->version;

	if (need == APT_INSTALL)
		plan_add(plan, step, wish->name, "state", "absent",
			version ? plan_printf(plan, "present (%s)", version) : "present");
	else
		plan_add(plan, step, wish->name, "version", package ? package->version : NULL,
			version ? version : "the latest");
}

/* Removals that nobody asked for, which an install brings with it. */
static void plan_displaced(struct plan *plan, const struct apt_state *have)
{
	for (size_t i = 0; i < have->move_count; i++) {
		if (!have->moves[i].after)
			plan_add(plan, APT_STEP_ALONG, have->moves[i].name, "state", "present",
				"absent");
	}
}

static void plan_install(struct plan *plan, const struct apt_params *want,
	const struct apt_state *have)
{
	bool first = true;

	for (size_t i = 0; i < have->wish_count; i++) {
		enum apt_need need = apt_need(want, have, &have->wishes[i]);

		if (need != APT_INSTALL && need != APT_UPGRADE)
			continue;
		if (have->problem && !have->refresh && !have->status.interrupted) {
			plan_refuse(plan, APT_PACKAGES_UNAVAILABLE, have->remedy,
				"%s", have->problem);
			return;
		}
		plan_install_one(plan, have, &have->wishes[i], need, first);
		first = false;
	}
	if (first)
		return;
	plan_displaced(plan, have);
	note_along(plan, have);
	apt_writes_anything(plan);
}

static void plan_marks(struct plan *plan, const struct apt_params *want,
	const struct apt_state *have)
{
	for (size_t i = 0; i < have->wish_count; i++) {
		const char *name = have->wishes[i].name;
		const struct dpkg_package *package = dpkg_find(&have->status, name);

		if (apt_need(want, have, &have->wishes[i]) == APT_MARK)
			plan_add(plan, APT_STEP_MARK, name, "installed",
				have->wishes[i].automatic ? "manually" : "automatically",
				have->wishes[i].automatic ? "automatically" : "manually")->detail =
				&have->wishes[i];
		if (want->hold && *want->hold != (package && package->held))
			plan_add(plan, APT_STEP_HOLD, name, "hold", *want->hold ? "no" : "yes",
				*want->hold ? "yes" : "no");
	}
}

/* Without these there may be no way back to the machine. */
bool apt_refuse_vital(struct plan *plan, const struct apt_state *have, const char *name)
{
	static const char *const ways_in[] = { "openssh-server", "sudo", NULL };
	const struct dpkg_package *package = dpkg_find(&have->status, name);
	size_t size = strcspn(name, ":");
	size_t image = strlen("linux-image-");

	for (size_t i = 0; ways_in[i]; i++) {
		if (strlen(ways_in[i]) == size && strncmp(ways_in[i], name, size) == 0) {
			plan_refuse(plan, APT_PACKAGES_NEEDED, "remove it by hand, if "
				"that is really meant", "without '%s' this machine could no longer be reached",
				name);
			return true;
		}
	}
	if (package && package->essential) {
		plan_refuse(plan, APT_PACKAGES_NEEDED, NULL, "'%s' is essential: no "
			"machine runs without it", name);
		return true;
	}
	if (have->kernel[0] && size > image && strncmp(name, "linux-image-", image) == 0 &&
	    strlen(have->kernel) == size - image &&
	    strncmp(name + image, have->kernel, size - image) == 0) {
		plan_refuse(plan, APT_PACKAGES_NEEDED, "boot another kernel first",
			"'%s' is the kernel that runs", name);
		return true;
	}
	return false;
}

static bool is_removal(const struct apt_state *have, const char *name)
{
	size_t size = strcspn(name, ":");

	for (size_t i = 0; i < have->removal_count; i++) {
		const char *removed = have->removals[i].package->name;

		if (strlen(removed) == size && strncmp(removed, name, size) == 0)
			return true;
	}
	return false;
}

/* What another package needs by now stays, and goes with that one. */
static void plan_release(struct plan *plan, const struct apt_state *have, const char *name)
{
	const struct dpkg_package *package = dpkg_find(&have->status, name);

	if (!package || package->state != DPKG_INSTALLED || is_removal(have, name))
		return;
	plan_note(plan, "%s stays: another package needs it by now", name);
	if (!package->automatic)
		plan_add(plan, APT_STEP_RELEASE, name, "installed", "manually",
			"automatically");
}

static void plan_undo(struct plan *plan, const struct apt_state *have)
{
	for (size_t i = 0; i < have->wish_count; i++)
		plan_release(plan, have, have->wishes[i].name);
	for (size_t i = 0; i < have->move_count; i++) {
		if (have->moves[i].after || !is_removal(have, have->moves[i].name)) {
			plan_refuse(plan, APT_PACKAGES_NEEDED, "remove it by hand, and "
				"look at what apt says", "apt would also %s '%s', which did not come with it",
				have->moves[i].after ? "install" : "remove", have->moves[i].name);
			return;
		}
	}
	for (size_t i = 0; i < have->removal_count; i++) {
		const struct apt_removal *removal = &have->removals[i];

		if (apt_refuse_vital(plan, have, removal->package->name))
			return;
		plan_add(plan, i == 0 ? APT_STEP_REMOVE : APT_STEP_ALONG, removal->package->name,
			"state", removal->package->version, "absent");
		if (removal->keep_files)
			plan_note(plan, "the configuration of %s stays", removal->package->name);
	}
	if (have->removal_count > 0)
		apt_writes_anything(plan);
}

static void plan_remove(struct plan *plan, const struct apt_params *want,
	const struct apt_state *have)
{
	bool first = true;

	for (size_t i = 0; i < have->wish_count; i++) {
		const char *name = have->wishes[i].name;
		const struct dpkg_package *package = dpkg_find(&have->status, name);

		if (apt_need(want, have, &have->wishes[i]) != APT_REMOVE)
			continue;
		if (apt_refuse_vital(plan, have, name))
			return;
		plan_add(plan, first ? APT_STEP_REMOVE : APT_STEP_ALONG, name, "state",
			package->state == DPKG_CONFIG_FILES ? "only its configuration" : "present",
			"absent");
		first = false;
	}
	for (size_t i = 0; !first && i < have->move_count; i++) {
		const struct apt_move *move = &have->moves[i];

		if (move->after || wished(have, move->name))
			continue;
		if (apt_refuse_vital(plan, have, move->name))
			return;
		plan_add(plan, APT_STEP_ALONG, move->name, "state", "present", "absent");
	}
	if (!first)
		apt_writes_anything(plan);
}

static void apt_plan(struct plan *plan, const void *params, const void *state)
{
	const struct apt_state *have = state;
	const struct apt_params *want = have->instead ? have->instead : params;

	if (have->status.interrupted)
		plan_add(plan, APT_STEP_REPAIR, "dpkg", "state", "interrupted", "repaired");
	if (have->problem && want->state == APT_ABSENT && !have->status.interrupted) {
		plan_refuse(plan, APT_PACKAGES_UNAVAILABLE, have->remedy, "%s",
			have->problem);
		return;
	}
	if (have->refresh)
		plan_add(plan, APT_STEP_REFRESH, "package lists", "state", "old", "fresh")->flags |=
			have->refresh_each_time ? CHANGE_EACH_TIME : 0;
	if (apt_upgrades(want))
		apt_plan_upgrade(plan, want, have);
	else if (want->state == APT_ABSENT && want->undoing)
		plan_undo(plan, have);
	else if (want->state == APT_ABSENT)
		plan_remove(plan, want, have);
	else
		plan_install(plan, want, have);
	if (want->state != APT_ABSENT)
		plan_marks(plan, want, have);
	apt_plan_clean(plan, want, have);
	if (have->refresh)
		plan_writes(plan, "path:" APT_LISTS);
}

/* --- Resources, results, the way back */

/* Names as written, before any host was looked at: "a,b" are two. */
static void apt_resources(struct names *ret_names, const void *params)
{
	const struct apt_params *want = params;

	if (apt_whole_kind(want)) {
		names_add(ret_names, "%s:%s", apt_whole_kind(want), want->deb ? want->deb : "");
		return;
	}
	for (unsigned i = 0; i < want->name_count; i++) {
		for (const char *at = want->name[i]; *at;) {
			size_t size = strcspn(at, ",");

			if (size > 0) {
				names_add(ret_names, "package:%.*s", (int)strcspn(at, ",="), at);
				names_wish(ret_names, "%.*s %d %s", (int)size, at, want->state, want->hold
					? *want->hold ? "held" : "not held" : "");
			}
			at += size + (at[size] == ',');
		}
	}
}

static void apt_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	static const char *const lists[] = { "installed", "upgraded", "removed", NULL };
	const struct apt_state *have = state;

	(void)params;
	for (size_t i = 0; lists[i]; i++) {
		if (!value_get(results, lists[i]))
			value_set(arena, results, lists[i], value_list(arena));
	}
	value_set_bool(arena, results, "reboot_required", have->reboot_required);
}

static struct value *named(struct arena *arena, const struct apt_wish *wish, const char *version,
	const char *state)
{
	struct value *params = value_map(arena);

	value_set(arena, params, "name", version ?
		value_printf(arena, "%s=%s", wish->name, version) : value_string(arena, wish->name));
	value_set_string(arena, params, "state", state);
	return params;
}

static const char *undo_word(const struct apt_params *want, const struct dpkg_package *package)
{
	if (package && package->state == DPKG_CONFIG_FILES)
		return "remove";
	return undo_words[want->undo];
}

static void add_removed(struct arena *arena, const struct apt_state *have, const char *name,
	struct value *params)
{
	const struct dpkg_package *package = dpkg_find(&have->status, name);

	value_append(arena, value_get(params, "name"), value_string(arena, name));
	if (package && package->automatic)
		value_append(arena, value_get(params, "along"), value_string(arena, name));
}

/* A removal is undone by installing all that went. */
static struct value *removed_back(struct arena *arena, const struct apt_state *have,
	const struct apt_wish *wish)
{
	struct value *params = value_map(arena);

	value_set_string(arena, params, "state", "present");
	value_set(arena, params, "name", value_list(arena));
	value_set(arena, params, "along", value_list(arena));
	add_removed(arena, have, wish->name, params);
	for (size_t i = 0; i < have->move_count; i++) {
		if (!have->moves[i].after && !wished(have, have->moves[i].name))
			add_removed(arena, have, have->moves[i].name, params);
	}
	return params;
}

static struct value *way_back(struct arena *arena, const struct apt_params *want,
	const struct apt_state *have, const struct apt_wish *wish)
{
	const struct dpkg_package *package = dpkg_find(&have->status, wish->name);
	bool installed = package && package->state == DPKG_INSTALLED;
	enum apt_need need = apt_need(want, have, wish);
	struct value *params;

	if (need == APT_INSTALL && !installed && want->undo != APT_UNDO_KEEP) {
		params = named(arena, wish, NULL, "absent");
		value_set_bool(arena, params, "undoing", true);
		value_set_string(arena, params, "undo", undo_word(want, package));
		return params;
	}
	if (need == APT_REMOVE && installed) {
		params = removed_back(arena, have, wish);
	} else if (need == APT_UPGRADE && installed) {
		params = named(arena, wish, package->version, "present");
		value_set_bool(arena, params, "allow_downgrade", true);
	} else {
		params = named(arena, wish, NULL, installed || want->state != APT_ABSENT ? "present" :
			"absent");
	}
	if (installed && package->automatic && need != APT_REMOVE)
		value_set_bool(arena, params, "automatic", true);
	if (installed && want->hold)
		value_set_bool(arena, params, "hold", package->held);
	return params;
}

static void apt_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct apt_state *have = state;
	const struct apt_params *want = have->instead ? have->instead : params;
	struct arena *arena = inverses_arena(ret_inverses);

	apt_invert_conffiles(ret_inverses, have);
	if (apt_upgrades(want) || have->instead) {
		inverses_add(ret_inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "%s:",
			apt_whole_kind(params)), .params = have->instead ? apt_unneeded_back(arena, have) : NULL,
			.reason = have->instead ? NULL : "the versions before an upgrade of all packages are on no server" });
		return;
	}
	for (size_t i = 0; i < have->wish_count; i++) {
		struct inverses_entry entry = {
			.resource = want->deb ? arena_printf(arena, "%s:%s", apt_whole_kind(want), want->deb)
				: arena_printf(arena, "package:%s", have->wishes[i].name),
			.params = way_back(arena, want, have, &have->wishes[i]),
		};

		/* What comes along goes with what it came for. */
		if (apt_asked_for(have, i) || apt_need(want, have, &have->wishes[i]) != APT_INSTALL)
			inverses_add(ret_inverses, &entry);
	}
}

static const char *const apt_aliases[] = { "apt", "package", NULL };

const struct module module_apt_packages = {
	.name = "apt-packages",
	.summary = "install or remove Debian packages",
	.params = apt_table,
	.remains = remains_of_packages,
	.params_size = sizeof(struct apt_params),
	.state_size = sizeof(struct apt_state),
	.aliases = apt_aliases,
	.check = apt_check,
	.resources = apt_resources,
	.inspect = apt_inspect,
	.plan = apt_plan,
	.apply = apt_apply,
	.results = apt_results,
	.invert = apt_invert,
};
