/* apply: one transaction of apt, which goes on although everything else dies. */
#include "modules/apt_packages/apt_packages.h"
#include "modules/errors.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LOCK_PAUSE = 2, ARGUMENTS_OWN = 40 };

static const char *const quiet[] = {
	"DEBIAN_FRONTEND=noninteractive", "DEBIAN_PRIORITY=critical", "APT_LISTCHANGES_FRONTEND=none",
	"APT_LISTBUGS_FRONTEND=none", "NEEDRESTART_MODE=l", NULL,
};

/* --- Running apt-get and dpkg */

static bool is_locked(const struct command_result *result)
{
	return strstr(result->errors, "Could not get lock") ||
		strstr(result->errors, "is another process using it") ||
		strstr(result->errors, "was locked by another process");
}

static int pause_for_lock(struct host *host, int64_t seconds, struct error *err)
{
	const char *const argv[] = { "sleep", arena_printf(host_arena(host), "%lld",
		(long long)seconds), NULL };
	struct command command = { .argv = argv };
	struct command_result result;

	return host_run(host, &command, &result, err);
}

/* Runs it until nobody else holds the lock, or the time for that is over. */
static int run_unlocked(struct host *host, const struct apt_params *want,
	const char *const *argv, struct command_result *ret_result, struct error *err)
{
	struct command command = {
		.argv = argv,
		.environment = quiet,
		.flags = COMMAND_DETACHED | COMMAND_ANY_STATUS,
	};
	int64_t waited = 0, pause;
	struct timespec start, end;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		if (host_run(host, &command, ret_result, err) < 0)
			return -1;
		clock_gettime(CLOCK_MONOTONIC, &end);
		waited += end.tv_sec - start.tv_sec;
		if (ret_result->status == 0 || !is_locked(ret_result) || waited >= want->lock_timeout)
			return 0;
		host_progress(host, "waiting for another package manager to finish: %.200s",
			ret_result->errors);
		pause = want->lock_timeout - waited < LOCK_PAUSE ? want->lock_timeout - waited : LOCK_PAUSE;
		if (pause_for_lock(host, pause, err) < 0)
			return -1;
		waited += pause;
	}
}

/* What apt said of the cause: its lines that begin with E:, else the end of all. */
static const char *what_failed(struct arena *arena, const struct command_result *result)
{
	const char *found = strstr(result->errors, "E: ");

	return found ? found : command_last_words(arena, result);
}

static bool is_unknown(const struct command_result *result)
{
	return strstr(result->errors, "Unable to locate package");
}

static bool is_offline(const struct command_result *result)
{
	return strstr(result->errors, "Could not resolve") || strstr(result->errors, "Failed to fetch");
}

static int judge(struct arena *arena, const char *what, const struct command_result *result,
	struct error *err)
{
	if (result->status == 0)
		return 0;
	error_set(err, is_locked(result) ? APT_PACKAGES_LOCKED : is_unknown(result)
		? APT_PACKAGES_UNAVAILABLE : is_offline(result) ? APT_PACKAGES_DOWNLOAD_FAILED
		: APT_PACKAGES_FAILED, "%s failed: %s", what, what_failed(arena, result));
	if (is_locked(result))
		return error_remedy(err, "wait until it has ended, or wait longer with lock_timeout");
	if (is_unknown(result))
		return error_remedy(err, "check the spelling, or fetch new lists with 'update_cache: yes'");
	if (is_offline(result))
		return error_remedy(err, "check the node's network and the sources in /etc/apt");
	return -1;
}

struct arguments {
	const char **argv;
	size_t count;
};

static void add(struct arguments *arguments, const char *word)
{
	arguments->argv[arguments->count++] = word;
}

static struct arguments apt_get(struct host *host, const struct apt_params *want, size_t more)
{
	static const char *const options[] = {
		"apt-get", "-y", "-q", "-o", "Dpkg::Options::=--force-confold",
		"-o", "Dpkg::Use-Pty=0", "-o",
	};
	struct arena *arena = host_arena(host);
	struct arguments arguments = {
		.argv = arena_array(arena, ARGUMENTS_OWN + more, sizeof(*arguments.argv)),
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		add(&arguments, options[i]);
	add(&arguments, want->autoremove ? "APT::Get::AutomaticRemove=true" : "APT::Get::AutomaticRemove=false");
	/* It would wait each time: run_unlocked does, over all locks and tries. */
	add(&arguments, "-o");
	add(&arguments, "DPkg::Lock::Timeout=0");
	return arguments;
}

/* --- The steps */

static int repair(struct host *host, const struct apt_params *want, struct error *err)
{
	static const char *const configure[] = {
		"dpkg", "--force-confold", "--configure", "-a", NULL,
	};
	struct dpkg_status now = { 0 };
	struct command_result result;
	struct arguments fix;

	host_progress(host, "dpkg was interrupted: it ends what it began");
	if (run_unlocked(host, want, configure, &result, err) < 0)
		return -1;
	if (result.status == 0 && dpkg_status_read(host, &now, err) < 0)
		return -1;
	if (result.status == 0 && !now.interrupted)
		return 0;
	fix = apt_get(host, want, 0);
	add(&fix, "--no-remove");
	add(&fix, "-f");
	add(&fix, "install");
	if (run_unlocked(host, want, fix.argv, &result, err) < 0)
		return -1;
	return judge(host_arena(host), "repairing the interrupted dpkg", &result, err);
}

static int touch_lists(struct host *host, struct error *err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return host_set_mtime(host, APT_LISTS, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, err);
}

/* apt-get ends with 0 also where a source couldn't be fetched; then the lists aren't fresh. */
static int judge_update(struct host *host, const struct command_result *result, struct error *err)
{
	const char *missing = strstr(result->errors, "W: Failed to fetch");
	struct file_info info;

	if (!missing)
		missing = strstr(result->errors, "W: Some index files failed");
	if (judge(host_arena(host), "apt-get update", result, err) == 0 && !missing)
		return 0;
	if (result->status == 0) {
		error_set(err, APT_PACKAGES_DOWNLOAD_FAILED, "apt-get update failed: %.*s",
			(int)strcspn(missing, "\n"), missing);
		error_remedy(err, "look at the node's network and the sources in /etc/apt");
	}
	host_set_mtime(host, APT_LISTS, APT_LISTS_FAILED, NULL);
	if (host_stat(host, APT_LISTS "/partial", &info, NULL) == 0 && info.kind != FILE_NONE)
		host_set_mtime(host, APT_LISTS "/partial", APT_LISTS_FAILED, NULL);
	return -1;
}

int apt_refresh(struct host *host, const struct apt_params *want, struct error *err)
{
	struct arguments update = apt_get(host, want, 0);
	struct command_result result;

	add(&update, "update");
	if (run_unlocked(host, want, update.argv, &result, err) < 0 ||
	    judge_update(host, &result, err) < 0)
		return -1;
	return touch_lists(host, err);
}

static void append(struct arena *arena, struct value *results, const char *list,
	const struct dpkg_package *package)
{
	struct value *items = value_get(results, list);

	if (!items) {
		items = value_list(arena);
		value_set(arena, results, list, items);
	}
	value_append(arena, items, value_printf(arena, "%s=%s", package->name,
		package->version ? package->version : ""));
}

static bool is_here(const struct dpkg_package *package)
{
	return package && package->state >= DPKG_BROKEN;
}

/* What was really done, from what dpkg says before and after. */
static void compare(struct arena *arena, const struct dpkg_status *before,
	const struct dpkg_status *after, struct value *results)
{
	for (size_t i = 0; i < after->count; i++) {
		const struct dpkg_package *package = &after->packages[i];
		const struct dpkg_package *old = dpkg_same(before, package);

		if (is_here(package) && !is_here(old))
			append(arena, results, "installed", package);
		else if (is_here(package) && package->version && old->version &&
				strcmp(package->version, old->version) != 0)
			append(arena, results, "upgraded", package);
	}
	for (size_t i = 0; i < before->count; i++) {
		if (is_here(&before->packages[i]) && !is_here(dpkg_same(after, &before->packages[i])))
			append(arena, results, "removed", &before->packages[i]);
	}
}

static int apt_mark(struct host *host, const struct apt_params *want, const char *how,
	const char *name, struct error *err)
{
	const char *const argv[] = { "apt-mark", "-q", how, "--", name, NULL };
	struct command_result result;

	if (run_unlocked(host, want, argv, &result, err) < 0)
		return -1;
	return judge(host_arena(host), "apt-mark", &result, err);
}

/* What apt is told to install it takes for wanted by people. */
static int mark_along(struct host *host, const struct apt_params *want,
	const struct apt_state *have, struct error *err)
{
	for (size_t i = 0; i < have->wish_count; i++) {
		if (have->wishes[i].automatic && apt_need(want, have, &have->wishes[i]) == APT_INSTALL
				&& apt_mark(host, want, "auto", have->wishes[i].name, err) < 0)
			return -1;
	}
	return 0;
}

static void add_wishes(struct arguments *line, const struct apt_params *want)
{
	add(line, want->install_recommends ? "--install-recommends" : "--no-install-recommends");
	if (want->default_release) {
		add(line, "-t");
		add(line, want->default_release);
	}
	if (want->allow_downgrade)
		add(line, "--allow-downgrades");
	if (want->allow_change_held_packages)
		add(line, "--allow-change-held-packages");
}

static int upgrade(struct host *host, const struct apt_params *want, const struct apt_state *have,
	struct value *results, struct error *err)
{
	struct arguments line = apt_get(host, want, 0);
	struct dpkg_status now = { 0 };
	struct command_result result;

	add_wishes(&line, want);
	add(&line, want->upgrade == APT_UPGRADE_FULL ? "dist-upgrade" : "upgrade");
	if (want->upgrade != APT_UPGRADE_FULL)
		add(&line, "--with-new-pkgs");
	if (run_unlocked(host, want, line.argv, &result, err) < 0 ||
	    judge(host_arena(host), "upgrading", &result, err) < 0 || dpkg_status_read(host, &now, err) < 0)
		return -1;
	compare(host_arena(host), &have->status, &now, results);
	return 0;
}

/* Downloaded packages: all, or those that no source has any more. */
static int clean(struct host *host, const struct apt_params *want, struct error *err)
{
	struct arguments line = apt_get(host, want, 0);
	struct command_result result;

	add(&line, want->clean ? "clean" : "autoclean");
	if (run_unlocked(host, want, line.argv, &result, err) < 0)
		return -1;
	return judge(host_arena(host), "cleaning apt's cache", &result, err);
}

static int install(struct host *host, const struct apt_params *want, const struct apt_state *have,
	struct value *results, struct error *err)
{
	struct arguments line = apt_get(host, want, have->wish_count);
	struct arena *arena = host_arena(host);
	struct apt_state then = *have;
	struct dpkg_status now = { 0 };
	struct command_result result;
	int ended;

	add_wishes(&line, want);
	if (want->only_upgrade)
		add(&line, "--only-upgrade");
	add(&line, "install");
	add(&line, "--");
	for (size_t i = 0; i < have->wish_count; i++) {
		enum apt_need need = apt_need(want, have, &have->wishes[i]);

		if (need == APT_INSTALL || need == APT_UPGRADE)
			add(&line, have->wishes[i].text);
	}
	if (apt_begin(host, &then, err) < 0 ||
	    run_unlocked(host, want, line.argv, &result, err) < 0)
		return -1;
	ended = judge(arena, "installing", &result, err);
	if (ended == 0 && mark_along(host, want, have, err) < 0)
		ended = -1;
	/* Also what a failed transaction brought must be known for an undo. */
	if (dpkg_status_read(host, &now, ended < 0 ? NULL : err) < 0 ||
	    apt_remember(host, &then, &now, ended < 0 ? NULL : err) < 0)
		return -1;
	compare(arena, &have->status, &now, results);
	return ended < 0 || !have->refresh ? ended : touch_lists(host, err);
}

static int take_away(struct host *host, const struct apt_params *want, const char *how,
	const char *const *names, size_t count, struct error *err)
{
	struct arguments line = apt_get(host, want, count);
	struct command_result result;

	if (count == 0)
		return 0;
	if (want->allow_change_held_packages)
		add(&line, "--allow-change-held-packages");
	add(&line, how);
	add(&line, "--");
	for (size_t i = 0; i < count; i++)
		add(&line, names[i]);
	if (run_unlocked(host, want, line.argv, &result, err) < 0)
		return -1;
	return judge(host_arena(host), "removing", &result, err);
}

/* First what keeps its files: being purged along with others would take them. */
static int take_away_all(struct host *host, const struct apt_params *want,
	const struct apt_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	size_t most = have->wish_count + have->removal_count + 1;
	const char **names = arena_array(arena, most, sizeof(*names));
	size_t count = 0;

	if (!want->undoing) {
		for (size_t i = 0; i < have->wish_count; i++) {
			if (apt_need(want, have, &have->wishes[i]) == APT_REMOVE)
				names[count++] = have->wishes[i].name;
		}
		return take_away(host, want, want->purge ? "purge" : "remove", names, count, err);
	}
	for (int keep = 1; keep >= 0; keep--) {
		count = 0;
		for (size_t i = 0; i < have->removal_count; i++) {
			if (have->removals[i].keep_files == keep)
				names[count++] = arena_printf(arena, "%s:%s",
					have->removals[i].package->name,
					have->removals[i].package->architecture);
		}
		if (take_away(host, want, keep ? "remove" : "purge", names, count, err) < 0)
			return -1;
	}
	return 0;
}

/* Links of packages for developers come into the cache of others, and don't go with their own. */
static int renew_linker_cache(struct host *host, struct error *err)
{
	static const char *const argv[] = { "ldconfig", NULL };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 300 };
	struct command_result result;

	return host_run(host, &command, &result, err);
}

static int remove_packages(struct host *host, const struct apt_params *want,
	const struct apt_state *have, struct value *results, struct error *err)
{
	struct dpkg_status now = { 0 };
	struct value *state = NULL;

	if ((want->undoing && apt_list_state(host, have, &state, err) < 0)
			|| take_away_all(host, want, have, err) < 0
			|| dpkg_status_read(host, &now, err) < 0)
		return -1;
	compare(host_arena(host), &have->status, &now, results);
	if (want->undoing && (apt_remove_state(host, state, err) < 0
			|| renew_linker_cache(host, err) < 0))
		return -1;
	return apt_forget(host, have, &now, err);
}

int apt_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct apt_state *have = state;
	const struct apt_params *want = have->instead ? have->instead : params;

	switch ((enum apt_step)change->step) {
	case APT_STEP_REPAIR:
		return repair(host, want, err);
	case APT_STEP_REFRESH:
		return apt_refresh(host, want, err);
	case APT_STEP_INSTALL:
		return install(host, want, have, results, err);
	case APT_STEP_REMOVE:
		return remove_packages(host, want, have, results, err);
	case APT_STEP_ALONG:
		return 0;
	case APT_STEP_UPGRADE:
		return upgrade(host, want, have, results, err);
	case APT_STEP_CLEAN:
		return clean(host, want, err);
	case APT_STEP_MARK:
		return apt_mark(host, want, ((const struct apt_wish *)change->detail)->automatic ? "auto"
			: "manual", change->subject, err);
	case APT_STEP_RELEASE:
		if (apt_mark(host, want, "auto", change->subject, err) < 0)
			return -1;
		return apt_forget(host, have, &have->status, err);
	case APT_STEP_HOLD:
		return apt_mark(host, want, *want->hold ? "hold" : "unhold", change->subject, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}
