/* mount: a file system in fstab, and mounted. What is mounted changes first, and fstab behind it: so whatever
 * can't be mounted is in no fstab, where it would keep the machine from starting. */
#include "modules/mount/mount.h"

#include "modules/errors.h"
#include "modules/shared/guard.h"

#include <string.h>

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
	{ .name = "was", .kind = PARAM_STRING, .flags = PARAM_INTERNAL, .doc = "the line of what was mounted, or empty",
		.into = INTO_TEXT(struct mount_params, was) },
	{ .name = "acts", .kind = PARAM_BOOL, .flags = PARAM_INTERNAL, .otherwise = "no",
		.doc = "the task was to mount or unmount it", .into = INTO_BOOL(struct mount_params, acts) },
	{ .name = "hand", .kind = PARAM_BOOL, .flags = PARAM_INTERNAL, .otherwise = "no",
		.doc = "beoplay had mounted or unmounted it before", .into = INTO_BOOL(struct mount_params, hand) },
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

/* --- What is to be done --- */

bool mount_has_option(const char *options, const char *option)
{
	size_t size = strlen(option);

	for (const char *at = options; (at = strstr(at, option)) != NULL; at += size) {
		if ((at == options || at[-1] == ',') && (at[size] == ',' || !at[size]))
			return true;
	}
	return false;
}

const char *mount_field_of(struct arena *arena, const char *line, unsigned number)
{
	return line ? mount_field(arena, line, strlen(line), number) : NULL;
}

/* Whether what is mounted can be what the line says. A device has many names: those aren't compared. */
static bool fits(struct arena *arena, const struct mount_live *live, const char *line)
{
	const char *type = mount_field(arena, line, strlen(line), 2), *options = mount_field(arena, line, strlen(line), 3);

	return is_word(type, "auto") || mount_has_option(options, "bind") || mount_has_option(options, "rbind")
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

static bool differs(struct arena *arena, const char *one, const char *other, unsigned field)
{
	return one && strcmp(mount_field_of(arena, one, field), mount_field_of(arena, other, field)) != 0;
}

/* Another device or kind of file system. Since it was noted by what it is mounted, the machine may have mounted
 * what fstab says. */
static bool is_another(struct arena *arena, const struct mount_state *have, const char *line)
{
	bool same = have->noted && strcmp(have->live.source, mount_field_of(arena, line, 0)) == 0;

	return (!same && (differs(arena, have->by, line, 0) || differs(arena, have->said, line, 0)))
		|| differs(arena, have->by, line, 2) || differs(arena, have->said, line, 2);
}

/* What fstab says and nobody has mounted so. What holds beyond it may be the kernel's doing. */
static bool lacks_option(struct arena *arena, const struct mount_live *live, const char *line)
{
	static const char *const options[] = { "nosuid", "nodev", "noexec" };
	const char *said = mount_field_of(arena, line, 3);

	for (size_t i = 0; i < 3; i++) {
		if (mount_has_option(said, options[i]) && !mount_has_option(said, options[i] + 2)
				&& !mount_has_option(live->options, options[i]))
			return true;
	}
	return false;
}

static bool has_options(struct arena *arena, const struct mount_state *have, const char *line)
{
	return have->by && !lacks_option(arena, &have->live, line) && !differs(arena, have->by, line, 3) && !differs(arena, have->said, line, 3);
}

/* options: as the mount itself is to have them; NULL: as the line says. */
static bool plan_mounted(struct plan *plan, const struct mount_state *have, const char *line, const char *options)
{
	struct arena *arena = plan_arena(plan);
	bool again = have->live.there && is_another(arena, have, line);

	if (again && !plan_unmount(plan, have))
		return false;
	if (have->live.there && !again && !fits(arena, &have->live, line)) {
		plan_refuse(plan, HOST_FILE_EXISTS, "unmount it first", "something else is mounted on '%s': %s (%s)",
			have->path, have->live.source, have->live.type);
		return false;
	}
	if (!have->live.there || again)
		plan_add(plan, STEP_MOUNT, have->path, "mounted", NULL, mount_field_of(arena, line, 0));
	else if (options && strcmp(have->live.options, options) != 0)
		plan_add(plan, STEP_REMOUNT, have->path, "options", have->live.options, options);
	else if (!options && !has_options(arena, have, line))
		plan_add(plan, STEP_REMOUNT, have->path, "options", have->live.options,
			mount_field_of(arena, line, 3));
	return true;
}

static bool comes_back(const struct mount_params *want, const struct mount_state *have)
{
	return have->hand || want->acts;
}

/* The way back of what is mounted. */
static bool plan_back(struct plan *plan, const struct mount_params *want, const struct mount_state *have)
{
	if (!comes_back(want, have))
		return true;
	if (!have->foreign && *want->was && !(plan_directory(plan, have)
			&& plan_mounted(plan, have, want->was, want->options)))
		return false;
	if (!have->foreign && !*want->was && have->live.there && !plan_unmount(plan, have))
		return false;
	if (have->hand != want->hand || (have->hand && strcmp(have->noted ? have->noted : "", want->was) != 0))
		plan_add(plan, STEP_RECORD, have->path, "mounted by beoplay", have->noted, want->hand && *want->was
			? want->was : NULL);
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
	if (want->was)
		return plan_back(plan, want, have);
	switch (want->state) {
	case WISH_MOUNTED:
		return !guard_plan_hidden(plan, have->path, have->hidden) && plan_directory(plan, have)
			&& plan_mounted(plan, have, have->want, NULL);
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

/* The directory that was made to mount it goes with it. */
static bool unmakes(const struct mount_params *want, const struct mount_state *have)
{
	return want->made && !want->leave && (!want->was || (comes_back(want, have) && !have->foreign))
		&& (have->live.there || (have->directory.kind == FILE_DIRECTORY && have->directory_empty));
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
	if (unmakes(want, have))
		plan_add(plan, STEP_UNMAKE, have->path, "state", "directory", "absent");
	plan_writes(plan, plan_printf(plan, "path:%s", have->path));
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

/* What is mounted, as a line of fstab; what was mounted by hand only tells where it is from. */
static const char *line_of_live(struct arena *arena, const struct mount_state *have)
{
	if (!have->live.there)
		return "";
	return have->by && !have->foreign ? have->by : arena_printf(arena, "%s %s %s %s 0 0", have->live.source,
		mount_plain_path(arena, have->path), have->live.type, have->live.options);
}

static bool is_unmounted(const struct mount_params *want)
{
	return want->state == WISH_UNMOUNTED || want->state == WISH_ABSENT;
}

/* Whether the task changes what is mounted. */
static bool will_act(struct arena *arena, const struct mount_params *want, const struct mount_state *have)
{
	if (want->was)
		return comes_back(want, have);
	if (want->leave)
		return want->options != NULL;
	return have->live.there ? is_unmounted(want) || (want->state == WISH_MOUNTED
		&& (is_another(arena, have, have->want) || !has_options(arena, have, have->want)))
		: want->state == WISH_MOUNTED;
}

/* Every task notes what is mounted, also one that leaves it alone: it leads back behind what later runs do. */
static void mount_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	bool by_hand = have->live.there && (!have->by || have->foreign);
	bool unmounts = !want->was && !want->leave && is_unmounted(want);

	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "mount:%s", have->path),
		.params = unmounts && by_hand ? NULL : back,
		.reason = "it was mounted by hand, and is in no fstab" });
	value_set_string(arena, back, "path", have->path);
	value_set_string(arena, back, "state", have->line ? "unmounted" : "absent");
	if (have->line) {
		value_set_string(arena, back, "line", have->line);
		value_set_integer(arena, back, "place", have->place);
	}
	value_set_string(arena, back, "was", line_of_live(arena, have));
	if (have->live.there)
		value_set_string(arena, back, "options", have->live.options);
	if (have->hand && !have->foreign)
		value_set_bool(arena, back, "hand", true);
	if (will_act(arena, want, have))
		value_set_bool(arena, back, "acts", true);
	if (!have->fstab)
		value_set_string(arena, back, "fstab", "none");
	else if (*have->fstab && have->fstab[strlen(have->fstab) - 1] != '\n')
		value_set_string(arena, back, "fstab", "open");
	if (!have->live.there && have->directory.kind == FILE_NONE)
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
	.inspect = mount_look,
	.plan = mount_plan,
	.apply = mount_change,
	.results = mount_results,
	.invert = mount_invert,
};
