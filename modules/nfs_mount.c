/* nfs-mount: an export of another machine, in fstab and mounted. A mount is never touched to look at
 * it, only /proc/self/mountinfo is read: a dead server must not hang the run. */
#include "base/buffer.h"
#include "modules/errors.h"
#include "module/module.h"

#include <string.h>

#define FSTAB "/etc/fstab"
#define HELPER "/sbin/mount.nfs"

enum { FSTAB_MOST = 1 << 20, MOUNTINFO_MOST = 8 << 20, MOUNT_SECONDS = 60, WAIT_ROUNDS = 10 };

enum mount_presence { MOUNT_MOUNTED, MOUNT_PRESENT, MOUNT_UNMOUNTED, MOUNT_ABSENT };

struct mount_params {
	char *src;
	char *path;
	char **options;
	unsigned options_count;
	char *vers;
	enum mount_presence state;
	/* Internal, of an undo: */
	char *line;                /* the line of fstab, word for word */
	int64_t *place;            /* its place among the lines, from 0; NULL: the last */
	char *fstab;               /* "none": there was no fstab; "open": its last line had no newline */
	bool made;                 /* absent: the directory goes, if it is empty */
};

/* What is mounted at a path: the uppermost. */
struct mount_live {
	bool there;
	const char *source;
	const char *type;
};

struct mount_state {
	const char *path;          /* without a slash at the end */
	bool helper;               /* mount.nfs is there */
	const char *fstab;         /* the whole; NULL: no such file */
	unsigned lines;            /* of it for this path */
	const char *line;          /* the first of them, without its newline; NULL: none */
	unsigned place;            /* of that among all lines */
	const char *want;          /* what it should be; NULL: none */
	struct mount_live live;
	struct file_info directory;     /* only looked at while nothing is mounted there */
	bool directory_empty;
	const char *old_path;      /* where it was, when this task had another path; NULL */
	struct mount_live old_live;
	const char *old_line;
	unsigned old_place;
};

enum mount_step {
	MOUNT_OLD_UNMOUNT, MOUNT_MAKE, MOUNT_FSTAB, MOUNT_UNMOUNT, MOUNT_MOUNT, MOUNT_UNMAKE,
	MOUNT_REMEMBER,
};

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

/* --- Words of fstab and mountinfo: white space and \ as octal */

static const char *escaped(struct arena *arena, const char *text)
{
	struct buffer out = { 0 };
	const char *result;

	for (; *text; text++) {
		if (strchr(" \t\n\\#", *text))
			buffer_printf(&out, "\\%03o", (unsigned char)*text);
		else
			buffer_add_char(&out, *text);
	}
	result = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return result;
}

/* The field with this number, from 0, of a line of size bytes; "": none. */
static const char *field(struct arena *arena, const char *line, size_t size, unsigned number)
{
	const char *end = line + size;

	for (;; number--) {
		const char *start;

		while (line < end && strchr(" \t", *line))
			line++;
		start = line;
		while (line < end && !strchr(" \t", *line))
			line++;
		if (number == 0 || start == line)
			return arena_bytes(arena, start, (size_t)(line - start));
	}
}

static size_t path_size(const char *path)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		size--;
	return size;
}

/* Without a slash at the end, as both files write paths. */
static const char *plain_path(struct arena *arena, const char *path)
{
	return escaped(arena, arena_bytes(arena, path, path_size(path)));
}

static bool line_is_for(struct arena *arena, const char *line, size_t size, const char *path)
{
	return size > 0 && line[strspn(line, " \t")] != '#' &&
		strcmp(field(arena, line, size, 1), path) == 0;
}

/* --- Looking */

/* "36 35 98:0 / /mnt rw,noatime - nfs4 head:/srv rw,vers=4.2": the last one at a path is on top. */
static struct mount_live live_at(struct arena *arena, const char *mountinfo, const char *path)
{
	struct mount_live live = { .there = false };

	for (const char *line = mountinfo; *line;) {
		size_t size = strcspn(line, "\n");
		const char *dash = strstr(line, " - ");

		if (dash && dash < line + size && strcmp(field(arena, line, size, 4), path) == 0) {
			size_t rest = (size_t)(line + size - (dash + 3));

			live.there = true;
			live.type = field(arena, dash + 3, rest, 0);
			live.source = field(arena, dash + 3, rest, 1);
		}
		line += size + (line[size] == '\n');
	}
	return live;
}

static void look_at_fstab(struct arena *arena, const char *path, struct mount_state *have,
	unsigned *lines, const char **ret_line, unsigned *ret_place)
{
	unsigned number = 0;

	*lines = *ret_place = 0;
	*ret_line = NULL;
	for (const char *line = have->fstab ? have->fstab : ""; *line; number++) {
		size_t size = strcspn(line, "\n");

		if (line_is_for(arena, line, size, path) && (*lines)++ == 0) {
			*ret_line = arena_bytes(arena, line, size);
			*ret_place = number;
		}
		line += size + (line[size] == '\n');
	}
}

static const char *wished_line(struct arena *arena, const struct mount_params *want)
{
	struct buffer line = { 0 };
	const char *result;

	if (want->state == MOUNT_ABSENT)
		return NULL;
	if (want->line)
		return want->line;
	buffer_printf(&line, "%s %s nfs ", escaped(arena, want->src),
		plain_path(arena, want->path));
	for (unsigned i = 0; i < want->options_count; i++)
		buffer_printf(&line, "%s%s", i ? "," : "", escaped(arena, want->options[i]));
	if (want->vers)
		buffer_printf(&line, "%svers=%s", want->options_count ? "," : "",
			escaped(arena, want->vers));
	else if (want->options_count == 0)
		buffer_add_string(&line, "defaults");
	buffer_add_string(&line, " 0 0");
	result = arena_bytes(arena, line.data, line.size);
	buffer_free(&line);
	return result;
}

static const char *record_key(struct arena *arena, const struct mount_params *want)
{
	return arena_printf(arena, "nfs-mount:%s", want->src);
}

/* Where this export was mounted by us, if that is another path now. */
static int look_at_old(struct host *host, const struct mount_params *want, const char *mountinfo,
	struct mount_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record;
	const char *path;
	unsigned lines;

	if (host_record_get(host, record_key(arena, want), &record, err) < 0)
		return -1;
	path = value_get_string(record, "path");
	if (!path || path[0] != '/' || strcmp(path, have->path) == 0 || want->state == MOUNT_ABSENT)
		return 0;
	have->old_path = path;
	have->old_live = live_at(arena, mountinfo, plain_path(arena, path));
	look_at_fstab(arena, plain_path(arena, path), have, &lines, &have->old_line,
		&have->old_place);
	if (have->old_line && (lines > 1 || strcmp(field(arena, have->old_line,
			strlen(have->old_line), 0), escaped(arena, want->src)) != 0))
		have->old_line = NULL;
	return 0;
}

static int look_at_directory(struct host *host, const struct mount_params *want,
	struct mount_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (have->live.there)
		return 0;
	if (host_stat(host, have->path, &have->directory, err) < 0)
		return -1;
	if (!want->made || have->directory.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, have->path, &names, &count, err) < 0)
		return -1;
	have->directory_empty = count == 0;
	return 0;
}

static int mount_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct mount_params *want = params;
	struct mount_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;
	char *mountinfo;
	size_t size;
	char *fstab;

	have->path = arena_bytes(arena, want->path, path_size(want->path));
	host_has_read(host, "command:mount.nfs");
	if (host_stat(host, HELPER, &info, err) < 0)
		return -1;
	have->helper = info.kind != FILE_NONE;
	if (host_stat(host, FSTAB, &info, err) < 0)
		return -1;
	if (info.kind == FILE_REGULAR) {
		if (host_read_text(host, FSTAB, FSTAB_MOST, &fstab, err) < 0)
			return -1;
		have->fstab = fstab;
	}
	if (host_read(host, "/proc/self/mountinfo", MOUNTINFO_MOST, &mountinfo, &size, err) < 0)
		return -1;
	have->want = wished_line(arena, want);
	have->live = live_at(arena, mountinfo, plain_path(arena, want->path));
	look_at_fstab(arena, plain_path(arena, want->path), have, &have->lines, &have->line,
		&have->place);
	if (look_at_old(host, want, mountinfo, have, err) < 0)
		return -1;
	return look_at_directory(host, want, have, err);
}

/* --- Planning */

static bool is_nfs(const struct mount_live *live)
{
	return live->there && strncmp(live->type, "nfs", 3) == 0;
}

static bool is_mounted(struct plan *plan, const struct mount_params *want,
	const struct mount_state *have)
{
	return is_nfs(&have->live) && strcmp(have->live.source,
		escaped(plan_arena(plan), want->src)) == 0;
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

/* --- Changing */

static void add_line(struct buffer *text, const struct mount_state *have, bool *written)
{
	if (have->want && !*written)
		buffer_printf(text, "%s\n", have->want);
	*written = true;
}

/* All lines of others as they are; ours in place of the first, or where it was, or at the end. */
static const char *new_fstab(struct arena *arena, const struct mount_params *want,
	const struct mount_state *have)
{
	const char *path = plain_path(arena, have->path);
	const char *old = have->old_line ? plain_path(arena, have->old_path) : NULL;
	struct buffer text = { 0 };
	bool written = false, last = false;
	int64_t number = 0;
	const char *result;

	for (const char *line = have->fstab ? have->fstab : ""; *line; number++) {
		size_t size = strcspn(line, "\n");

		last = line_is_for(arena, line, size, path);
		if (last || (have->lines == 0 && want->place && number == *want->place))
			add_line(&text, have, &written);
		if (!last && !(old && line_is_for(arena, line, size, old))) {
			buffer_add(&text, line, size);
			if (line[size] == '\n' || (have->want && !written))
				buffer_add_char(&text, '\n');
		}
		line += size + (line[size] == '\n');
	}
	add_line(&text, have, &written);
	/* An undo: what came with our line was the newline before it, or its own. */
	if (last && want->fstab && strcmp(want->fstab, "open") == 0 && text.size > 0)
		text.size--;
	result = arena_bytes(arena, text.data ? text.data : "", text.size);
	buffer_free(&text);
	return result;
}

static int write_fstab(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	const char *text = new_fstab(host_arena(host), want, have);
	struct file_write write = {
		.path = FSTAB, .bytes = text, .size = strlen(text),
		.mode = have->fstab ? HOST_KEEP : 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
		.mtime = HOST_KEEP,
	};

	if (!*text && want->fstab && strcmp(want->fstab, "none") == 0)
		return host_remove(host, FSTAB, err);
	return host_write(host, &write, err);
}

/* A server that is gone leaves only the lazy way. */
static int unmount(struct host *host, const char *path, struct error *err)
{
	const char *const plain[] = { "umount", "--", path, NULL };
	const char *const lazy[] = { "umount", "-l", "--", path, NULL };
	struct command command = {
		.argv = plain, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS,
	};
	struct command_result result;

	if (host_run(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	if (!result.timed_out) {
		error_set(err, NFS_MOUNT_FAILED, "cannot unmount '%s': %.500s", path, result.errors);
		return error_remedy(err, "'fuser -vm %s' shows who uses it", path);
	}
	command.argv = lazy;
	command.flags = 0;
	return host_run(host, &command, &result, err);
}

static bool may_come(const struct command_result *result)
{
	return strstr(result->errors, "Connection refused") ||
		strstr(result->errors, "Connection timed out") ||
		strstr(result->errors, "No such file or directory") ||
		strstr(result->errors, "access denied") || strstr(result->errors, "Program not registered");
}

static const char *mount_options(struct arena *arena, const struct mount_params *want)
{
	const char *options = want->vers ? arena_printf(arena, "vers=%s", want->vers) : "";

	for (unsigned i = 0; i < want->options_count; i++)
		options = arena_printf(arena, "%s%s%s", options, options[0] ? "," : "",
			want->options[i]);
	return options[0] ? options : "defaults";
}

/* The export may only just have been made: it is waited for. */
static int mount_it(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	static const char *const pause[] = { "sleep", "2", NULL };
	const char *const argv[] = {
		"mount", "-t", "nfs", "-o", mount_options(host_arena(host), want), "--", want->src,
		have->path, NULL,
	};
	struct command command = {
		.argv = argv, .timeout = MOUNT_SECONDS, .flags = COMMAND_ANY_STATUS,
	};
	struct command wait = { .argv = pause };
	struct command_result result;

	for (unsigned round = 0;; round++) {
		if (host_run(host, &command, &result, err) < 0)
			return -1;
		if (result.status == 0)
			return 0;
		if (result.timed_out || !may_come(&result) || round == WAIT_ROUNDS)
			break;
		host_progress(host, "waits for %s", want->src);
		if (host_run(host, &wait, &result, err) < 0)
			return -1;
	}
	error_set(err, NFS_MOUNT_FAILED, "cannot mount '%s' on '%s': %.500s", want->src, have->path,
		result.timed_out ? "the server does not answer" : result.errors);
	return error_remedy(err, "look on the server with 'exportfs -s' whether this host may");
}

static int remember(struct host *host, const struct mount_params *want,
	const struct mount_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena);

	value_set_string(arena, record, "path", have->path);
	return host_record_set(host, record_key(arena, want),
		want->state == MOUNT_ABSENT ? NULL : record, err);
}

static int mount_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct mount_params *want = params;
	const struct mount_state *have = state;

	(void)results;
	switch ((enum mount_step)change->step) {
	case MOUNT_OLD_UNMOUNT:
		return unmount(host, have->old_path, err);
	case MOUNT_MAKE:
		return host_make_directory(host, have->path, 0755, err);
	case MOUNT_FSTAB:
		if (write_fstab(host, want, have, err) < 0)
			return -1;
		return remember(host, want, have, err);
	case MOUNT_UNMOUNT:
		return unmount(host, have->path, err);
	case MOUNT_MOUNT:
		return mount_it(host, want, have, err);
	case MOUNT_UNMAKE:
		return host_remove(host, have->path, err);
	case MOUNT_REMEMBER:
		return remember(host, want, have, err);
	}
	return error_set(err, BEOPLAY_BUG, "there is no step %u", change->step);
}

/* --- Resources, results, the way back */

static void mount_resources(struct names *ret_names, const void *params)
{
	const struct mount_params *want = params;

	names_add(ret_names, "nfs-mount:%.*s", (int)path_size(want->path), want->path);
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
