/* mount: a file system in fstab, and mounted. What is mounted changes first, and fstab behind it: so whatever
 * can't be mounted is in no fstab, where it would keep the machine from starting. */
#include "modules/shared/mounts.h"

#include "modules/errors.h"
#include "modules/shared/guard.h"

#include <stdio.h>
#include <string.h>

enum { MOUNT_SECONDS = 120 };

enum mount_wish { WISH_MOUNTED, WISH_PRESENT, WISH_UNMOUNTED, WISH_ABSENT, WISH_REMOUNTED };

enum mount_step { STEP_MAKE, STEP_FSTAB, STEP_REMOUNT, STEP_AGAIN, STEP_UNMOUNT, STEP_MOUNT, STEP_UNMAKE };

struct mount_params {
	char *path, *src, *fstype, *opts, *dump, *passno;
	enum mount_wish state;
	/* Internal, of an undo: */
	char *line;                /* of fstab, word for word */
	int64_t *place;            /* its place among the lines, from 0; NULL: the last */
	char *fstab;               /* "none": there was none; "open": its last line had no newline */
	bool made;                 /* the directory goes, if it is empty */
	bool leave;                /* what is mounted stays so, whatever fstab says … */
	char *options;             /* … but for its options; NULL: they stay, too */
};

struct mount_state {
	const char *path;          /* without a slash at the end */
	const char *fstab;         /* the whole; NULL: there is none */
	unsigned lines;            /* of it for this path */
	const char *line;          /* the first of them; NULL: none */
	unsigned place;
	const char *want;          /* what that should be; NULL: none */
	struct mount_live live;
	struct file_info directory;    /* looked at while nothing is mounted there */
	bool directory_empty;
	const char *needed;        /* what needs the mount, so that it stays; NULL: nothing */
};

static const char *const state_words[] = { "mounted", "present", "unmounted", "absent", "remounted", NULL };
static const cyaml_strval_t states[] = { { "mounted", WISH_MOUNTED }, { "present", WISH_PRESENT },
	{ "unmounted", WISH_UNMOUNTED }, { "absent", WISH_ABSENT }, { "remounted", WISH_REMOUNTED } };

static const struct param mount_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .alias = "name",
		.doc = "where to mount it; made if missing", .into = INTO_TEXT(struct mount_params, path) },
	{ .name = "src", .kind = PARAM_STRING, .doc = "a device, UUID=…, LABEL=…, head:/srv, tmpfs",
		.into = INTO_TEXT(struct mount_params, src) },
	{ .name = "fstype", .kind = PARAM_STRING, .doc = "ext4, tmpfs, nfs …; none with bind in opts",
		.into = INTO_TEXT(struct mount_params, fstype) },
	{ .name = "opts", .kind = PARAM_STRING, .otherwise = "defaults", .doc = "as in mount(8), with commas between",
		.into = INTO_TEXT(struct mount_params, opts) },
	{ .name = "dump", .kind = PARAM_STRING, .otherwise = "0", .doc = "the fifth field of fstab(5)",
		.into = INTO_TEXT(struct mount_params, dump) },
	{ .name = "passno", .kind = PARAM_STRING, .otherwise = "0", .doc = "the sixth",
		.into = INTO_TEXT(struct mount_params, passno) },
	{ .name = "state", .kind = PARAM_CHOICE, .flags = PARAM_REQUIRED, .choices = state_words,
		.doc = "mounted: in fstab and mounted; present: in fstab; unmounted: fstab stays as it is; absent: "
		"neither, the directory stays; remounted: once more in each run, as fstab says",
		.into = INTO_CHOICE(struct mount_params, state, states) },
	{ .name = "boot", .kind = PARAM_BOOL, .flags = PARAM_NOT_YET, .doc = "write noauto into opts instead" },
	{ .name = "backup", .kind = PARAM_BOOL, .flags = PARAM_NOT_YET, .doc = "the ledger keeps what was there" },
	{ .name = "fstab_file", .kind = PARAM_STRING, .flags = PARAM_NOT_YET, .alias = "fstab-file",
		.doc = "another file than /etc/fstab" },
	{ .name = "line", .kind = PARAM_STRING, .flags = PARAM_INTERNAL, .doc = "the line of fstab, word for word",
		.into = INTO_TEXT(struct mount_params, line) },
	{ .name = "place", .kind = PARAM_INTEGER, .flags = PARAM_INTERNAL, .doc = "the number of the line, from 0",
		.into = INTO_NUMBER_POINTER(struct mount_params, place) },
	{ .name = "fstab", .kind = PARAM_STRING, .flags = PARAM_INTERNAL, .doc = "none, or open at its end",
		.into = INTO_TEXT(struct mount_params, fstab) },
	{ .name = "made", .kind = PARAM_BOOL, .flags = PARAM_INTERNAL, .otherwise = "no",
		.doc = "the directory goes, if it is empty", .into = INTO_BOOL(struct mount_params, made) },
	{ .name = "leave", .kind = PARAM_BOOL, .flags = PARAM_INTERNAL, .otherwise = "no",
		.doc = "what is mounted stays so", .into = INTO_BOOL(struct mount_params, leave) },
	{ .name = "options", .kind = PARAM_STRING, .flags = PARAM_INTERNAL, .doc = "but with these options",
		.into = INTO_TEXT(struct mount_params, options) },
	{ 0 },
};

static bool is_word(const char *word, const char *among)
{
	return strcmp(word, among) == 0;
}

static int check_words(const struct value *params, struct error *err)
{
	static const char *const fields[] = { "fstype", "opts" };
	static const char *const numbers[] = { "dump", "passno" };

	for (size_t i = 0; i < 2; i++) {
		const struct value *field = value_get(params, fields[i]), *number = value_get(params, numbers[i]);

		if (value_text(field) && (!*field->text || strpbrk(field->text, " \t\n") || *field->text == '-'))
			return error_at(err, TASK_INVALID_VALUE, field->place, "'%s' can't be '%s'", fields[i], field->text);
		if (value_text(number) && (strlen(number->text) != 1 || !strchr("0123456789", *number->text)))
			return error_at(err, TASK_INVALID_VALUE, number->place, "'%s' must be a digit, not '%s'", numbers[i],
				number->text);
	}
	return 0;
}

static int mount_check(const struct value *params, struct error *err)
{
	const struct value *path = value_get(params, "path"), *type = value_get(params, "fstype");
	const struct value *src = value_get(params, "src");
	const char *state = value_get_string(params, "state");
	bool writes = state && (is_word(state, "mounted") || is_word(state, "present"));

	if (value_text(path) && path->text[strspn(path->text, "/")] == '\0')
		return error_at(err, TASK_PROTECTED, path->place, "'/' is left to the system");
	if (value_text(type) && is_word(type->text, "swap")) {
		error_at(err, TASK_UNSUPPORTED_PARAMETER, type->place, "swap is not supported yet");
		return error_remedy(err, "use lineinfile for fstab, and swapon");
	}
	if (value_text(src) && (!*src->text || *src->text == '-' || strchr(src->text, '\n')))
		return error_at(err, TASK_INVALID_VALUE, src->place, "'src' can't be '%s'", src->text);
	if (writes && !value_get(params, "line") && (!src || !type)) {
		error_set(err, TASK_MISSING_PARAMETER, "'state: %s' needs 'src' and 'fstype'", state);
		return -1;
	}
	return check_words(params, err);
}

/* --- What is there --- */

/* Whether a line of fstab says what is wished, however it is laid out. */
static bool says(struct arena *arena, const struct mount_params *want, const char *line)
{
	const char *const fields[] = { mount_escaped(arena, want->src), NULL, want->fstype,
		mount_escaped(arena, want->opts), want->dump, want->passno };

	for (unsigned i = 0; line && i < 6; i++) {
		const char *field = mount_field(arena, line, strlen(line), i);

		if (fields[i] && strcmp(i > 3 && !*field ? "0" : field, fields[i]) != 0)
			return false;
	}
	return line != NULL;
}

static const char *wished_line(struct arena *arena, const struct mount_params *want, const struct mount_state *have)
{
	if (want->state == WISH_ABSENT)
		return NULL;
	if (want->line)
		return want->line;
	if (want->state == WISH_UNMOUNTED || want->state == WISH_REMOUNTED || says(arena, want, have->line))
		return have->line;
	return arena_printf(arena, "%s %s %s %s %s %s", mount_escaped(arena, want->src),
		mount_plain_path(arena, want->path), want->fstype, mount_escaped(arena, want->opts), want->dump,
		want->passno);
}

/* What would be gone with the mount: the system's own folders, beoplay's state, the way in. */
static int look_who_needs(struct host *host, struct mount_state *have, struct error *err)
{
	size_t size = strlen(have->path);
	struct guard guard;

	if (!have->live.there)
		return 0;
	if (guard_is_system(have->path))
		have->needed = "the system";
	if (guard_open(host_quiet(host), &guard, err) < 0)
		return -1;
	for (size_t i = 0; i < guard.kept_count && !have->needed; i++) {
		const char *kept = guard.kept[i].path;

		if (strncmp(kept, have->path, size) == 0 && (kept[size] == '/' || !kept[size]))
			have->needed = guard.kept[i].what;
	}
	return 0;
}

static int mount_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct mount_params *want = params;
	struct mount_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;
	char *mountinfo, *fstab;
	size_t size;

	have->path = arena_bytes(arena, want->path, mount_path_size(want->path));
	if (host_stat(host, FSTAB, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR) {
		if (host_read_text(host, FSTAB, FSTAB_MOST, &fstab, err) < 0)
			return -1;
		have->fstab = fstab;
	}
	if (host_read(host, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, &size, err) < 0)
		return -1;
	have->live = mount_live_at(arena, mountinfo, mount_plain_path(arena, want->path));
	mount_find_line(arena, mount_plain_path(arena, want->path), have->fstab, &have->lines, &have->line,
		&have->place);
	have->want = wished_line(arena, want, have);
	if (look_who_needs(host, have, err) < 0)
		return -1;
	return have->live.there ? 0 : mount_look_under(host, have->path, want->made, &have->directory,
		&have->directory_empty, err);
}

/* --- What is to be done --- */

static bool has_option(const char *options, const char *option)
{
	size_t size = strlen(option);

	for (const char *at = options; (at = strstr(at, option)) != NULL; at += size) {
		if ((at == options || at[-1] == ',') && (at[size] == ',' || !at[size]))
			return true;
	}
	return false;
}

/* Whether what is mounted can be what the line says. A device has many names: those aren't compared. */
static bool fits(struct arena *arena, const struct mount_live *live, const char *line)
{
	const char *type = mount_field(arena, line, strlen(line), 2), *options = mount_field(arena, line, strlen(line), 3);

	return is_word(type, "auto") || has_option(options, "bind") || has_option(options, "rbind")
		|| is_word(type, live->type) || (strncmp(type, "nfs", 3) == 0 && strncmp(live->type, "nfs", 3) == 0)
		|| strncmp(type, "fuse", 4) == 0;
}

static bool plan_directory(struct plan *plan, const struct mount_state *have)
{
	if (have->live.there || have->directory.kind == FILE_DIRECTORY)
		return true;
	if (have->directory.kind == FILE_NONE) {
		plan_add(plan, STEP_MAKE, have->path, "state", "absent", "directory");
		return true;
	}
	plan_refuse(plan, HOST_FILE_WRONG_TYPE, NULL, "'%s' is not a directory", have->path);
	return false;
}

static bool is_right(const struct mount_state *have)
{
	return have->want ? have->line && strcmp(have->line, have->want) == 0 : !have->line;
}

static bool plan_unmount(struct plan *plan, const struct mount_state *have)
{
	if (have->needed)
		plan_refuse(plan, HOST_PROTECTED, NULL, "'%s' stays mounted: it is needed by %s", have->path, have->needed);
	else
		plan_add(plan, STEP_UNMOUNT, have->path, "mounted", have->live.source, NULL);
	return !have->needed;
}

static const char *field_of(struct arena *arena, const char *line, unsigned number)
{
	return line ? mount_field(arena, line, strlen(line), number) : NULL;
}

/* Another device or kind of file system than fstab has said until now. */
static bool is_another(struct arena *arena, const struct mount_state *have)
{
	return have->line && (strcmp(field_of(arena, have->line, 0), field_of(arena, have->want, 0)) != 0
		|| strcmp(field_of(arena, have->line, 2), field_of(arena, have->want, 2)) != 0);
}

static bool plan_mounted(struct plan *plan, const struct mount_state *have)
{
	struct arena *arena = plan_arena(plan);
	bool again = have->live.there && !is_right(have) && is_another(arena, have);

	if (again && !plan_unmount(plan, have))
		return false;
	if (have->live.there && !again && !fits(arena, &have->live, have->want)) {
		plan_refuse(plan, HOST_FILE_EXISTS, "unmount it first", "something else is mounted on '%s': %s (%s)",
			have->path, have->live.source, have->live.type);
		return false;
	}
	if (!have->live.there || again)
		plan_add(plan, STEP_MOUNT, have->path, "mounted", NULL, field_of(arena, have->want, 0));
	else if (!is_right(have))
		plan_add(plan, STEP_REMOUNT, have->path, "options", field_of(arena, have->line, 3),
			field_of(arena, have->want, 3));
	return true;
}

static bool plan_again(struct plan *plan, const struct mount_state *have)
{
	if (!have->live.there)
		plan_refuse(plan, HOST_FILE_NOT_FOUND, "use 'state: mounted'", "nothing is mounted on '%s'", have->path);
	else
		plan_add(plan, STEP_AGAIN, have->path, "mounted", have->live.source, "remounted")->flags
			= CHANGE_EACH_TIME | CHANGE_KEEPS_STATE;
	return have->live.there;
}

static bool plan_live(struct plan *plan, const struct mount_params *want, const struct mount_state *have)
{
	switch (want->state) {
	case WISH_MOUNTED:
		return plan_directory(plan, have) && plan_mounted(plan, have);
	case WISH_REMOUNTED:
		return plan_again(plan, have);
	case WISH_PRESENT:
		return true;
	case WISH_UNMOUNTED:
	case WISH_ABSENT:
		break;
	}
	if (want->options && have->live.there && strcmp(have->live.options, want->options) != 0)
		plan_add(plan, STEP_REMOUNT, have->path, "options", have->live.options, want->options);
	return !have->live.there || want->leave || plan_unmount(plan, have);
}

static void mount_plan(struct plan *plan, const void *params, const void *state)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;

	if (have->lines > 1) {
		plan_refuse(plan, MOUNT_DUPLICATE, "keep one of them", "%s has %u lines for '%s'", FSTAB,
			have->lines, have->path);
		return;
	}
	if (!plan_live(plan, want, have))
		return;
	if (!is_right(have))
		plan_add(plan, STEP_FSTAB, FSTAB, "line", have->line, have->want);
	if (want->made && !want->leave && (have->live.there || (have->directory.kind == FILE_DIRECTORY
			&& have->directory_empty)))
		plan_add(plan, STEP_UNMAKE, have->path, "state", "directory", "absent");
	plan_writes(plan, plan_printf(plan, "path:%s", have->path));
}

/* --- Doing it --- */

static int run(struct host *host, const char *const *argv, const char *what, const char *path, struct error *err)
{
	const struct command command = { .argv = argv, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS };
	struct command_result result;

	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	error_set(err, MOUNT_FAILED, "cannot %s '%s': %.500s", what, path, result.timed_out
		? "it takes too long" : command_last_words(host_arena(host), &result));
	return strstr(result.errors, "busy") ? error_remedy(err, "'fuser -vm %s' shows who uses it", path) : -1;
}

static int write_fstab(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	const char *text = mount_fstab_with(host_arena(host), have->fstab, mount_plain_path(host_arena(host), have->path),
		have->want, have->lines == 0 ? want->place : NULL, want->fstab && is_word(want->fstab, "open"));
	const struct file_write write = { .path = FSTAB, .bytes = text, .size = strlen(text),
		.mode = have->fstab ? HOST_KEEP : 0644, .uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	if (!*text && want->fstab && is_word(want->fstab, "none"))
		return host_remove(host, FSTAB, err);
	return host_write(host, &write, err);
}

static int mount_it(struct host *host, const struct mount_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *const argv[] = { "mount", "-t", field_of(arena, have->want, 2), "-o",
		mount_unescaped(arena, field_of(arena, have->want, 3)), "--",
		mount_unescaped(arena, field_of(arena, have->want, 0)), have->path, NULL };

	return run(host, argv, "mount", have->path, err);
}

/* Only these options: what fstab said until now doesn't count any more. The kernel keeps how times of access are
 * kept where nothing is said of them. */
static int remount(struct host *host, const struct mount_params *want, const struct mount_state *have,
	struct error *err)
{
	static const char *const times[] = { "noatime", "relatime", "strictatime", "atime", "norelatime", NULL };
	struct arena *arena = host_arena(host);
	const char *options = want->options ? want->options
		: mount_unescaped(arena, field_of(arena, have->want, 3));
	bool said = has_option(options, "bind") || has_option(options, "rbind");
	const char *argv[] = { "mount", "--options-mode", "ignore", "-o", NULL, "--", have->path, NULL };

	for (size_t i = 0; times[i]; i++)
		said = said || has_option(options, times[i]);
	argv[4] = arena_printf(arena, "remount,%s%s", options, said ? "" : ",relatime");
	return run(host, argv, "remount", have->path, err);
}

static int mount_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct mount_state *have = state;
	const char *const again[] = { "mount", "-o", "remount", "--", have->path, NULL };
	const char *const unmount[] = { "umount", "--", have->path, NULL };

	(void)results;
	switch ((enum mount_step)change->step) {
	case STEP_MAKE:
		return host_make_directory(host, have->path, 0755, err);
	case STEP_FSTAB:
		return write_fstab(host, params, have, err);
	case STEP_REMOUNT:
		return remount(host, params, have, err);
	case STEP_AGAIN:
		return run(host, again, "remount", have->path, err);
	case STEP_UNMOUNT:
		return run(host, unmount, "unmount", have->path, err);
	case STEP_MOUNT:
		return mount_it(host, have, err);
	case STEP_UNMAKE:
		return host_remove(host, have->path, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}

static void mount_resources(struct names *names, const void *params)
{
	const struct mount_params *want = params;

	names_add(names, "mount:%.*s", (int)mount_path_size(want->path), want->path);
}

static void mount_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct mount_state *have = state;

	(void)params;
	value_set_string(arena, results, "name", have->path);
	value_set_bool(arena, results, "mounted", have->live.there);
	value_set_string(arena, results, "src", have->live.there ? have->live.source : NULL);
	value_set_string(arena, results, "fstype", have->live.there ? have->live.type : NULL);
	value_set(arena, results, "line", value_string(arena, have->line));
}

/* What was mounted stays so, unless the task has mounted or unmounted it. */
static void mount_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	bool was = have->live.there, will = want->state == WISH_MOUNTED;
	bool touched = want->state != WISH_PRESENT && !want->leave && (was != will || (was && have->line));

	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "mount:%s", have->path),
		.params = was && !will && touched && !have->line ? NULL : back,
		.reason = "it was mounted by hand, and is in no fstab" });
	value_set_string(arena, back, "path", have->path);
	value_set_string(arena, back, "state", touched && was ? "mounted" : have->line ? "unmounted" : "absent");
	if (have->line) {
		value_set_string(arena, back, "line", have->line);
		value_set_integer(arena, back, "place", have->place);
	}
	if (!touched)
		value_set_bool(arena, back, "leave", true);
	if (!touched && was && will)
		value_set_string(arena, back, "options", have->live.options);
	if (!have->fstab)
		value_set_string(arena, back, "fstab", "none");
	else if (*have->fstab && have->fstab[strlen(have->fstab) - 1] != '\n')
		value_set_string(arena, back, "fstab", "open");
	if (!was && have->directory.kind == FILE_NONE && will)
		value_set_bool(arena, back, "made", true);
}

static const char *const mount_aliases[] = { "ansible.posix.mount", NULL };

const struct module module_mount = {
	.name = "mount",
	.summary = "a file system in fstab, and mounted",
	.params = mount_table,
	.params_size = sizeof(struct mount_params),
	.state_size = sizeof(struct mount_state),
	.aliases = mount_aliases,
	.flags = MODULE_RESTARTS,
	.check = mount_check,
	.resources = mount_resources,
	.inspect = mount_inspect,
	.plan = mount_plan,
	.apply = mount_apply,
	.results = mount_results,
	.invert = mount_invert,
};
