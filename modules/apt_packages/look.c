/* look: what is installed, and what apt would do about it; nothing is changed. */
#include "modules/apt_packages/apt_packages.h"

#include "base/glob.h"

#include <string.h>
#include <time.h>

enum { SIMULATION_MOST = 4 << 20, LISTS_VALID = 3600, LISTS_VALID_LEAST = 10 };

/* --- Wishes */

static const struct dpkg_package *installed(const struct apt_state *have,
	const struct apt_wish *wish)
{
	const struct dpkg_package *package = dpkg_find(&have->status, wish->name);

	return package && package->state == DPKG_INSTALLED ? package : NULL;
}

static const struct apt_move *move_of(const struct apt_state *have, const char *name)
{
	size_t size = strcspn(name, ":");

	for (size_t i = 0; i < have->move_count; i++) {
		const char *moved = have->moves[i].name;

		if (strcmp(moved, name) == 0 ||
		    (strcspn(moved, ":") == size && strncmp(moved, name, size) == 0 && !name[size]))
			return &have->moves[i];
	}
	return NULL;
}

static enum apt_need need_absent(const struct apt_params *want, const struct apt_state *have,
	const struct apt_wish *wish)
{
	const struct dpkg_package *package = dpkg_find(&have->status, wish->name);

	if (!package || package->state == DPKG_ABSENT)
		return APT_RIGHT;
	if (package->state == DPKG_CONFIG_FILES && !want->purge)
		return APT_RIGHT;
	return APT_REMOVE;
}

enum apt_need apt_need(const struct apt_params *want, const struct apt_state *have,
	const struct apt_wish *wish)
{
	const struct dpkg_package *package = installed(have, wish);
	const struct apt_move *move;

	if (want->state == APT_ABSENT)
		return need_absent(want, have, wish);
	if (!package) {
		if (want->only_upgrade || (!wish->version && !want->undoing &&
				dpkg_provider(&have->status, wish->name)))
			return APT_RIGHT;
		return APT_INSTALL;
	}
	if (wish->version && (!package->version ||
			!glob_match(wish->version, strlen(wish->version),
			package->version, GLOB_SETS)))
		return APT_UPGRADE;
	move = move_of(have, wish->name);
	if (want->state == APT_LATEST && !wish->version && (have->refresh || (move && move->after)))
		return APT_UPGRADE;
	return package->automatic != wish->automatic ? APT_MARK : APT_RIGHT;
}

static bool came_along(const struct apt_params *want, const char *name)
{
	bool found = want->automatic;

	for (unsigned i = 0; i < want->along_count; i++)
		found = found || strcmp(want->along[i], name) == 0;
	return found;
}

/* "a,b" is two names, as Ansible takes it. */
static void take_wishes(struct arena *arena, const struct apt_params *want,
	struct apt_state *have)
{
	size_t most = 0;

	for (unsigned i = 0; i < want->name_count; i++)
		most += strlen(want->name[i]) / 2 + 1;
	have->wishes = arena_array(arena, most + 1, sizeof(*have->wishes));
	for (unsigned i = 0; i < want->name_count; i++) {
		for (const char *at = want->name[i]; *at;) {
			size_t size = strcspn(at, ",");
			struct apt_wish *wish = &have->wishes[have->wish_count];
			char *name = arena_bytes(arena, at, size);
			char *equals;

			at += size + (at[size] == ',');
			if (size == 0)
				continue;
			wish->text = arena_string(arena, name);
			equals = strchr(name, '=');
			if (equals)
				*equals++ = '\0';
			wish->name = name;
			wish->version = equals;
			wish->automatic = came_along(want, name);
			have->wish_count++;
		}
	}
}

static bool any_need(const struct apt_params *want, const struct apt_state *have,
	enum apt_need first, enum apt_need last)
{
	for (size_t i = 0; i < have->wish_count; i++) {
		enum apt_need need = apt_need(want, have, &have->wishes[i]);

		if (need >= first && need <= last)
			return true;
	}
	return false;
}

/* --- The age of the lists */

static int newer(struct host *host, const char *path, int64_t *newest, struct error *err)
{
	struct file_info info;

	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_NONE && info.mtime > *newest)
		*newest = info.mtime;
	return 0;
}

static int newest_source(struct host *host, int64_t *newest, struct error *err)
{
	static const char directory[] = "/etc/apt/sources.list.d";
	struct arena *arena = host_arena(host);
	struct file_name *names;
	struct file_info info;
	size_t count;

	host_has_read(host, arena_printf(arena, "path:%s", directory));
	if (newer(host, "/etc/apt/sources.list", newest, err) < 0 ||
	    newer(host, directory, newest, err) < 0 || host_stat(host, directory, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, directory, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (names[i].info.mtime > *newest)
			*newest = names[i].info.mtime;
	}
	return 0;
}

/* Lists that are older than a source don't know what it has. */
static int look_at_lists(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	bool timed = want->cache_valid_time && *want->cache_valid_time > 0;
	int64_t lists = 0, source = 0, age;

	if (!want->update_cache && !timed)
		return 0;
	if (newer(host, APT_LISTS, &lists, err) < 0 ||
	    newer(host, APT_LISTS "/partial", &lists, err) < 0 ||
	    newer(host, "/var/lib/apt/periodic/update-success-stamp", &lists, err) < 0 ||
	    newest_source(host, &source, err) < 0)
		return -1;
	have->refresh = lists < source;
	age = (int64_t)time(NULL) - lists / 1000000000;
	if (timed && !have->refresh)
		have->refresh = age > (*want->cache_valid_time < LISTS_VALID_LEAST ? LISTS_VALID_LEAST
			: *want->cache_valid_time);
	if (timed || have->refresh)
		return 0;
	/* What is there already is right whatever the lists say. */
	have->refresh = (have->wish_count == 0 && !apt_upgrades(want)) || any_need(want, have, APT_INSTALL, APT_UPGRADE)
		|| ((want->state == APT_LATEST || apt_upgrades(want)) && age > LISTS_VALID);
	have->refresh_each_time = have->wish_count == 0 && !apt_upgrades(want);
	return 0;
}

/* --- Asking apt what it would do */

/* "Inst rsync [3.2.6-1] (3.2.7-1 Debian:12.11/stable [amd64])", "Remv …", "Purg …" */
static bool take_move(struct arena *arena, const char *line, size_t size, struct apt_move *ret_move)
{
	bool comes = strncmp(line, "Inst ", 5) == 0;
	struct apt_move move = { 0 };
	const char *end = line + size;
	const char *at = line + 5;
	size_t length;

	if (size < 6 || (!comes && strncmp(line, "Remv ", 5) != 0 && strncmp(line, "Purg ", 5) != 0))
		return false;
	length = strcspn(at, " \n");
	if (at + length > end || length == 0)
		return false;
	move.name = arena_bytes(arena, at, length);
	at += length;
	for (; at < end; at++) {
		if (*at == '[' && !move.before && !move.after)
			move.before = arena_bytes(arena, at + 1, strcspn(at + 1, "] \n"));
		else if (*at == '(' && comes && !move.after)
			move.after = arena_bytes(arena, at + 1, strcspn(at + 1, " )\n"));
	}
	if (comes && !move.after)
		return false;
	*ret_move = move;
	return true;
}

static void take_moves(struct arena *arena, const char *output, struct apt_state *have)
{
	size_t capacity = 0;

	for (const char *line = output; *line;) {
		size_t size = strcspn(line, "\n");
		struct apt_move move;

		if (take_move(arena, line, size, &move) && !move_of(have, move.name)) {
			if (have->move_count == capacity) {
				capacity = capacity ? 2 * capacity : 32;
				have->moves = arena_grow(arena, have->moves,
					have->move_count * sizeof(move), capacity * sizeof(move));
			}
			have->moves[have->move_count++] = move;
		}
		line += size + (line[size] == '\n');
	}
}

/* The lines of apt that name the cause. */
static const char *causes(struct arena *arena, const char *errors)
{
	const char *found = strstr(errors, "E: ");

	return found ? arena_bytes(arena, found + 3, strcspn(found + 3, "\n")) :
		arena_bytes(arena, errors, strcspn(errors, "\n"));
}

static void take_problem(struct arena *arena, const struct apt_params *want,
	const struct command_result *result, struct apt_state *have)
{
	have->problem = causes(arena, result->errors);
	if (strstr(result->errors, "Unable to locate package") ||
	    strstr(result->errors, "has no installation candidate"))
		have->remedy = want->update_cache ? "check the spelling, and at the sources in /etc/apt" :
			"check the spelling, or refresh the lists with 'update_cache: yes'";
	else if (strstr(result->errors, "Version "))
		have->remedy = "'apt-cache madison NAME' lists the versions";
}

/* apt-get takes NAME+ and NAME- for orders to install and to remove NAME, where no package is
 * called so. */
static void refuse_signs(struct arena *arena, const struct apt_params *want,
	struct apt_state *have)
{
	for (size_t i = 0; i < have->wish_count; i++) {
		const char *name = have->wishes[i].name;
		size_t size = strlen(name);

		if (size == 0 || !strchr("+-", name[size - 1]) || move_of(have, name)
				|| apt_need(want, have, &have->wishes[i]) != APT_INSTALL)
			continue;
		have->simulated = false;
		have->problem = arena_printf(arena, "there is no package '%s'", name);
		have->remedy = arena_printf(arena, "leave the '%c' at its end out", name[size - 1]);
		return;
	}
}

int apt_simulate(struct host *host, const struct apt_params *want, const char *const *words, size_t words_count,
	struct apt_state *have, struct error *err)
{
	/* No cache is written, no lock is taken: nothing is left behind. */
	static const char *const begin[] = {
		"apt-get", "-s", "-q", "-y", "-o", "Debug::NoLocking=true", "-o", "Dir::Cache::pkgcache=",
		"-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Log::Planner=/dev/null",
	};
	struct arena *arena = host_arena(host);
	const char **argv = arena_array(arena, 24 + words_count, sizeof(*argv));
	struct command command = {
		.argv = argv, .flags = COMMAND_ANY_STATUS, .most = SIMULATION_MOST, .timeout = 120,
	};
	struct command_result result;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		argv[count++] = begin[i];
	argv[count++] = "-o";
	argv[count++] = want->autoremove ? "APT::Get::AutomaticRemove=true" : "APT::Get::AutomaticRemove=false";
	argv[count++] = want->install_recommends ? "--install-recommends" : "--no-install-recommends";
	if (want->default_release) {
		argv[count++] = "-t";
		argv[count++] = want->default_release;
	}
	if (want->allow_downgrade)
		argv[count++] = "--allow-downgrades";
	if (want->allow_change_held_packages)
		argv[count++] = "--allow-change-held-packages";
	memcpy(&argv[count], words, words_count * sizeof(*words));
	host_has_read(host, "path:" APT_LISTS);
	host_has_read(host, "path:/etc/apt");
	if (host_look(host, &command, &result, err) < 0)
		return -1;
	have->simulated = result.status == 0;
	if (result.status == 0) {
		take_moves(arena, result.output, have);
		refuse_signs(arena, want, have);
	} else {
		take_problem(arena, want, &result, have);
	}
	return 0;
}

static int simulate(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char **words = arena_array(arena, 2 + have->wish_count + have->removal_count, sizeof(*words));
	size_t count = 0;

	words[count++] = want->state == APT_ABSENT ? "remove" : "install";
	words[count++] = "--";
	for (size_t i = 0; i < have->wish_count && !want->undoing; i++) {
		enum apt_need need = apt_need(want, have, &have->wishes[i]);

		if ((need == APT_RIGHT || need == APT_MARK) &&
		    (want->state != APT_LATEST || !installed(have, &have->wishes[i])))
			continue;
		words[count++] = have->wishes[i].text;
	}
	for (size_t i = 0; i < have->removal_count; i++)
		words[count++] = arena_printf(arena, "%s:%s", have->removals[i].package->name,
			have->removals[i].package->architecture);
	return apt_simulate(host, want, words, count, have, err);
}

static int look_at_kernel(struct host *host, struct apt_state *have, struct error *err)
{
	char *release;
	size_t size;

	if (host_read(host, "/proc/sys/kernel/osrelease", 4096, &release, &size, err) < 0)
		return -1;
	release[strcspn(release, "\n")] = '\0';
	have->kernel = release;
	return 0;
}

static bool must_ask(const struct apt_params *want, const struct apt_state *have)
{
	if (want->undoing && want->state == APT_ABSENT)
		return have->removal_count > 0;
	if (want->state == APT_LATEST && have->wish_count > 0)
		return true;
	return any_need(want, have, APT_INSTALL, APT_REMOVE);
}

/* What names say, and what comes of them. */
static int look_at_wishes(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	if (want->undoing && apt_find_removals(host, want, have, err) < 0)
		return -1;
	if (!must_ask(want, have))
		return 0;
	if (host_record_get(host, APT_RECORD, &have->record, err) < 0 ||
	    (want->state == APT_ABSENT && look_at_kernel(host, have, err) < 0))
		return -1;
	if (apt_find_conffiles(host, want, have, err) < 0)
		return -1;
	return simulate(host, want, have, err);
}

int apt_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct apt_params *want = params;
	struct apt_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;

	have->kernel = "";
	if (!apt_upgrades(want))
		take_wishes(arena, want, have);
	if (apt_look_at_deb(host, want, have, err) < 0)
		return -1;
	for (size_t i = 0; i < have->wish_count; i++)
		host_has_read(host, arena_printf(arena, "package:%s", have->wishes[i].name));
	if (dpkg_status_read(host, &have->status, err) < 0 ||
	    host_stat(host, "/run/reboot-required", &info, err) < 0 ||
	    look_at_lists(host, want, have, err) < 0)
		return -1;
	have->reboot_required = info.kind != FILE_NONE;
	if (apt_upgrades(want) && look_at_kernel(host, have, err) < 0)
		return -1;
	if (apt_look_at_whole(host, want, have, err) < 0)
		return -1;
	return apt_upgrades(want) ? 0 : look_at_wishes(host, have->instead ? have->instead : want, have, err);
}
