/* nfs-mount: an export of another machine, in fstab and mounted. A mount is never touched to look at
 * it, only /proc/self/mountinfo is read: a dead server must not hang the run. */
#include "modules/nfs_mount/nfs_mount.h"

#include "modules/errors.h"
#include "modules/shared/guard.h"

#include <string.h>

static const char *const state_words[] = { "mounted", "present", "unmounted", "absent", NULL };
static const cyaml_strval_t state_values[] = {
	{ "mounted", MOUNT_MOUNTED }, { "present", MOUNT_PRESENT },
	{ "unmounted", MOUNT_UNMOUNTED }, { "absent", MOUNT_ABSENT },
};

static const struct param mount_table[] = {
	{ .name = "src", .kind = PARAM_STRING, .doc = "the export, e.g. head:/srv/shared",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct mount_params, src) },
	{ .name = "path", .kind = PARAM_PATH, .doc = "where to mount it; created if missing",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct mount_params, path) },
	{ .name = "options", .kind = PARAM_LIST, .doc = "as in nfs(5); nofail and _netdev keep the "
		"machine starting while the server is away", .otherwise = "nofail,_netdev",
		.alias = "opts", .into = INTO_LIST(struct mount_params, options) },
	{ .name = "vers", .kind = PARAM_STRING,
		.doc = "version of NFS, e.g. 4.2; default: the best that "
		"both know", .into = INTO_TEXT(struct mount_params, vers) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "mounted: in fstab and mounted; present: in "
		"fstab; unmounted: in fstab and not mounted; absent: neither", .otherwise = "mounted",
		.choices = state_words, .into = INTO_CHOICE(struct mount_params, state, state_values) },
	{ .name = "line", .kind = PARAM_STRING, .doc = "the line of fstab, word for word",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mount_params, line) },
	{ .name = "place", .kind = PARAM_INTEGER, .doc = "the number of the line, from 0",
		.flags = PARAM_INTERNAL, .into = INTO_NUMBER_POINTER(struct mount_params, place) },
	{ .name = "fstab", .kind = PARAM_STRING, .doc = "none, or open at its end",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mount_params, fstab) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "absent: the directory goes, if it is empty",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct mount_params, made) },
	{ 0 },
};

static int mount_check(const struct value *params, struct error *err)
{
	const struct value *src = value_get(params, "src");
	const struct value *path = value_get(params, "path");
	const char *colon = src && src->kind == VALUE_STRING ? strstr(src->text, ":/") : NULL;

	if (src && src->kind == VALUE_STRING && (!colon || colon == src->text ||
			src->text[0] == '-')) {
		error_at(err, TASK_INVALID_VALUE, src->place, "'%s' is not an export", src->text);
		return error_remedy(err, "write it as head:/srv/shared");
	}
	if (path && path->kind == VALUE_STRING && path->text[strspn(path->text, "/")] == '\0')
		return error_at(err, TASK_PROTECTED, path->place, "nothing is mounted on '/'");
	return 0;
}

static bool is_nfs(const struct mount_live *live)
{
	return live->there && strncmp(live->type, "nfs", 3) == 0;
}

static bool is_mounted(struct plan *plan, const struct mount_params *want,
	const struct mount_state *have)
{
	return is_nfs(&have->live) && strcmp(have->live.source,
		mount_escaped(plan_arena(plan), want->src)) == 0;
}

static void plan_old(struct plan *plan, const struct mount_state *have)
{
	if (!have->old_path)
		return;
	if (is_nfs(&have->old_live))
		plan_add(plan, MOUNT_OLD_UNMOUNT, have->old_path, "mounted", have->old_live.source,
			NULL);
}

static void plan_fstab(struct plan *plan, const struct mount_state *have)
{
	bool right = have->want ? have->line && strcmp(have->line, have->want) == 0 : !have->line;

	if (!right || have->old_line)
		plan_add(plan, MOUNT_FSTAB, FSTAB, "line",
			have->line ? have->line : have->old_line, have->want);
}

static bool plan_live(struct plan *plan, const struct mount_params *want,
	const struct mount_state *have)
{
	bool right = is_mounted(plan, want, have);
	bool wished = want->state == MOUNT_MOUNTED;
	bool unwished = want->state == MOUNT_UNMOUNTED || want->state == MOUNT_ABSENT;

	if (have->live.there && !is_nfs(&have->live) && (wished || (unwished && have->line))) {
		plan_refuse(plan, HOST_FILE_EXISTS, "unmount it first", "something else "
			"is mounted on '%s': %s (%s)", have->path, have->live.source, have->live.type);
		return false;
	}
	if (is_nfs(&have->live) && (unwished || (wished && !right)))
		plan_add(plan, MOUNT_UNMOUNT, have->path, "mounted", have->live.source, NULL);
	if (wished && !right)
		plan_add(plan, MOUNT_MOUNT, have->path, "mounted", NULL, want->src);
	return true;
}

static void mount_plan(struct plan *plan, const void *params, const void *state)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;

	if (!have->helper && want->state == MOUNT_MOUNTED) {
		plan_refuse(plan, NFS_MOUNT_NO_CLIENT, "install nfs-common, with a "
			"task of apt-packages", "there is nothing here that can mount NFS");
		return;
	}
	/* An undo brings back one. */
	if (have->lines > 1) {
		plan_refuse(plan, NFS_MOUNT_DUPLICATE, "keep one of them", "%s has %u lines for '%s'", FSTAB,
			have->lines, have->path);
		return;
	}
	if (guard_plan_hidden(plan, have->path, have->hidden))
		return;
	plan_old(plan, have);
	if (want->state == MOUNT_MOUNTED && !have->live.there &&
	    have->directory.kind == FILE_NONE)
		plan_add(plan, MOUNT_MAKE, have->path, "state", "absent", "directory");
	else if (want->state == MOUNT_MOUNTED && !have->live.there &&
		have->directory.kind != FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, NULL, "'%s' is not a "
			"directory", have->path);
		return;
	}
	plan_fstab(plan, have);
	if (!plan_live(plan, want, have))
		return;
	if (want->made && want->state == MOUNT_ABSENT &&
	    (have->live.there || (have->directory.kind == FILE_DIRECTORY && have->directory_empty)))
		plan_add(plan, MOUNT_UNMAKE, have->path, "state", "directory", "absent");
	if (have->old_path)
		plan_add(plan, MOUNT_REMEMBER, have->path, "place", have->old_path, have->path);
	plan_writes(plan, plan_printf(plan, "path:%s", have->path));
}

static void mount_resources(struct names *ret_names, const void *params)
{
	const struct mount_params *want = params;

	names_add(ret_names, "nfs-mount:%.*s", (int)mount_path_size(want->path), want->path);
}

static void mount_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;

	value_set_string(arena, results, "src", want->src);
	value_set_string(arena, results, "path", have->path);
	value_set_bool(arena, results, "mounted", is_nfs(&have->live));
	value_set(arena, results, "fstab", value_string(arena, have->line));
}

/* How the line of a path is brought back, and what is mounted there. */
static struct value *line_back(struct arena *arena, const struct mount_params *want,
	const char *path, const struct mount_live *live, const char *line, unsigned place)
{
	struct value *back = value_map(arena);
	bool mounted = is_nfs(live);

	value_set_string(arena, back, "src", mounted ? live->source : want->src);
	value_set_string(arena, back, "path", path);
	value_set_string(arena, back, "state", mounted ? "mounted" : line ? "unmounted" : "absent");
	if (line) {
		value_set_string(arena, back, "line", line);
		value_set_integer(arena, back, "place", place);
	}
	return back;
}

static void mount_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;
	struct arena *arena = inverses_arena(ret_inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "nfs-mount:%s", have->path),
		.params = line_back(arena, want, have->path, &have->live, have->line, have->place),
	};
	const char *fstab = have->fstab;

	if (!fstab)
		value_set_string(arena, entry.params, "fstab", "none");
	else if (*fstab && fstab[strlen(fstab) - 1] != '\n')
		value_set_string(arena, entry.params, "fstab", "open");
	if (!have->live.there && have->directory.kind == FILE_NONE)
		value_set_bool(arena, entry.params, "made", true);
	/* Where it was before comes back after this one is away. */
	if (have->old_line || is_nfs(&have->old_live))
		inverses_add(ret_inverses, &(struct inverses_entry){
			.resource = arena_printf(arena, "nfs-mount:%s", have->old_path),
			.params = line_back(arena, want, have->old_path, &have->old_live, have->old_line,
				have->old_place) });
	inverses_add(ret_inverses, &entry);
}

static const char *mount_of_host(struct arena *arena, const void *params)
{
	const char *src = ((const struct mount_params *)params)->src;

	return arena_bytes(arena, src, strcspn(src, ":"));
}

const struct module module_nfs_mount = {
	.name = "nfs-mount",
	.summary = "mount an export of another machine, and enter it in fstab",
	.params = mount_table,
	.params_size = sizeof(struct mount_params),
	.state_size = sizeof(struct mount_state),
	.check = mount_check,
	.resources = mount_resources,
	.of_host = mount_of_host,
	.inspect = mount_inspect,
	.plan = mount_plan,
	.apply = mount_apply,
	.results = mount_results,
	.invert = mount_invert,
};
