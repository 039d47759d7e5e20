/* whole: what a task does to all packages at once, and the package in a file. */
#include "modules/apt_packages/apt_packages.h"
#include "modules/errors.h"

#include <stdio.h>
#include <string.h>

bool apt_upgrades(const struct apt_params *want)
{
	return want->upgrade != APT_UPGRADE_NO || (want->name_count == 1 && strcmp(want->name[0], "*") == 0);
}

bool apt_removes_unneeded(const struct apt_params *want)
{
	return want->autoremove && want->name_count == 0 && !want->deb && !apt_upgrades(want);
}

const char *apt_whole_kind(const struct apt_params *want)
{
	if (apt_upgrades(want))
		return "upgrade";
	if (want->deb)
		return "package-file";
	return apt_removes_unneeded(want) ? "autoremove" : NULL;
}

/* --- Looking --- */

/* What nobody needs becomes what a task wishes to be absent. */
static void take_unneeded(struct arena *arena, const struct apt_params *want, struct apt_state *have)
{
	struct apt_params *instead = arena_alloc(arena, sizeof(*instead));

	*instead = *want;
	instead->state = APT_ABSENT;
	instead->hold = NULL;
	have->instead = instead;
	have->wishes = arena_array(arena, have->move_count + 1, sizeof(*have->wishes));
	for (size_t i = 0; i < have->move_count; i++) {
		if (!have->moves[i].after)
			have->wishes[have->wish_count++] = (struct apt_wish){ .name = have->moves[i].name,
				.text = have->moves[i].name };
	}
	have->moves = NULL;
	have->move_count = 0;
}

/* "Del rsync 3.2.7-1 [417 kB]", a line each; clean says it of files, and always of the locks. */
static int look_at_cache(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	static const char folder[] = "/var/cache/apt/archives";
	const char *const argv[] = { "apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "-o",
		"Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "autoclean", NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 120 };
	struct command_result told;
	struct file_name *names;
	struct file_info info;
	size_t count = 0;

	if (host_stat(host, folder, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, folder, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(names[i].name);

		have->cached += size > 4 && strcmp(names[i].name + size - 4, ".deb") == 0;
	}
	if (want->clean || have->cached == 0)
		return 0;
	have->cached = 0;
	if (host_look(host, &command, &told, err) < 0)
		return -1;
	for (const char *line = told.output; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n'))
		have->cached += strncmp(line, "Del ", 4) == 0;
	return 0;
}

int apt_look_at_whole(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	const char *const unneeded[] = { "autoremove" }, *const full[] = { "dist-upgrade" };
	const char *const safe[] = { "upgrade", "--with-new-pkgs" };
	bool all = want->upgrade == APT_UPGRADE_FULL;

	if ((want->clean || want->autoclean) && look_at_cache(host, want, have, err) < 0)
		return -1;
	if (apt_upgrades(want))
		return apt_simulate(host, want, all ? full : safe, all ? 1 : 2, have, err);
	if (!apt_removes_unneeded(want))
		return 0;
	if (apt_simulate(host, want, unneeded, 1, have, err) < 0)
		return -1;
	take_unneeded(host_arena(host), want, have);
	return 0;
}

int apt_look_at_deb(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	const char *const argv[] = { "dpkg-deb", "-f", want->deb, "Package", "Version", NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct arena *arena = host_arena(host);
	struct command_result told;
	struct file_info info;
	char name[256], version[256];

	if (!want->deb)
		return 0;
	if (host_stat(host, want->deb, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return info.kind != FILE_NONE ? error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is not a file", want->deb)
			: error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", want->deb);
	if (host_look(host, &command, &told, err) < 0)
		return -1;
	if (told.status != 0 || sscanf(told.output, "Package: %255s\nVersion: %255s", name, version) != 2)
		return error_set(err, HOST_FILE_INVALID, "'%s' is not a package: %s", want->deb,
			command_last_words(arena, &told));
	have->wishes = arena_array(arena, 1, sizeof(*have->wishes));
	have->wishes[have->wish_count++] = (struct apt_wish){ .name = arena_string(arena, name),
		.version = arena_string(arena, version), .text = want->deb };
	return 0;
}

/* --- Planning --- */

static void plan_move(struct plan *plan, const struct apt_move *move, bool first)
{
	plan_add(plan, first ? APT_STEP_UPGRADE : APT_STEP_ALONG, move->name, move->before && move->after
		? "version" : "state", move->before ? move->before : "absent", move->after ? move->after : "absent");
}

void apt_plan_upgrade(struct plan *plan, const struct apt_params *want, const struct apt_state *have)
{
	(void)want;
	if (have->problem && !have->refresh && !have->status.interrupted) {
		plan_refuse(plan, APT_PACKAGES_UNAVAILABLE, have->remedy, "%s", have->problem);
		return;
	}
	for (size_t i = 0; i < have->move_count; i++) {
		if (!have->moves[i].after && apt_refuse_vital(plan, have, have->moves[i].name))
			return;
	}
	if (have->refresh)
		plan_add(plan, APT_STEP_UPGRADE, "all packages", "version", "as the old package lists have them",
			"as the fresh ones have them");
	for (size_t i = 0; i < have->move_count && !have->refresh; i++)
		plan_move(plan, &have->moves[i], i == 0);
	if (!have->refresh && have->move_count == 0)
		return;
	plan_note(plan, "an undo can't bring the old versions back");
	apt_writes_anything(plan);
}

void apt_plan_clean(struct plan *plan, const struct apt_params *want, const struct apt_state *have)
{
	if (have->cached > 0)
		plan_add(plan, APT_STEP_CLEAN, "apt's cache", want->clean ? "packages" : "packages of no source",
			plan_printf(plan, "%zu", have->cached), "0");
}

/* --- The way back --- */

struct value *apt_unneeded_back(struct arena *arena, const struct apt_state *have)
{
	struct value *params = value_map(arena), *names = value_list(arena), *along = value_list(arena);

	for (size_t i = 0; i < have->wish_count; i++) {
		const struct dpkg_package *package = dpkg_find(&have->status, have->wishes[i].name);

		if (!package || package->state != DPKG_INSTALLED)
			continue;
		value_append(arena, names, value_string(arena, have->wishes[i].name));
		if (package->automatic)
			value_append(arena, along, value_string(arena, have->wishes[i].name));
	}
	value_set_string(arena, params, "state", "present");
	value_set(arena, params, "name", names);
	value_set(arena, params, "along", along);
	return params;
}
