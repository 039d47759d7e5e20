/* file: what is at a path: a file, a directory, a link, or nothing; and its owner and mode. */
#include "base/quote.h"
#include "modules/shared/file_attributes.h"
#include "modules/shared/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum file_state_wish { WISH_FILE, WISH_DIRECTORY, WISH_LINK, WISH_ABSENT, WISH_TOUCH };

enum file_step {
	FILE_MAKE_DIRECTORY = ATTRIBUTES_STEP_END, FILE_MAKE_LINK, FILE_WRITE, FILE_REMOVE, FILE_LEAVE,
	FILE_SET_ABOVE, FILE_SET_TIME,
};

struct file_params {
	char *path;
	enum file_state_wish state;
	char *owner;
	char *group;
	char *mode;
	char *src;
	bool force;
	bool keeps_time, keeps_access;         /* touch changes no time */
	/* Internal, of an undo: */
	char *mtime;             /* nanoseconds */
	char *body;              /* content by digest */
	char *up_to;             /* the highest directory that was made */
	char **above;            /* of directories that went along, the nearest first: MODE:UID:GID */
	unsigned above_count;
};

enum { FILE_TEXT_MOST = 256 << 10, TREE_MOST = 1000, TREE_BYTES_MOST = 256 << 20 };

struct file_below {
	const char *path;
	struct file_info info;
	const char *digest;      /* of a regular file, unless there is too much */
};

/* A directory above that an undo brings back, or finds there again. */
struct file_above {
	const char *path;
	struct file_info info;
	bool made;               /* by a task: nobody else's */
};

struct file_state {
	struct attributes_have at;
	struct guard_refusal refusal;    /* why it is not removed */
	const char *digest;      /* of a regular file whose content matters */
	const char *text;        /* its content, if it is text, short, and to be replaced */
	struct file_below *below;    /* of a directory that is to go, deepest first */
	size_t below_count;
	int64_t below_bytes;
	const char **missing;    /* directories above that aren't there, highest first */
	size_t missing_count;
	bool stays;              /* an undo: something was put into the directory since */
	struct file_below *empty;    /* an undo: directories above that go, too, lowest first */
	size_t empty_count;
	const char **left;       /* an undo: directories that it made and that stay, lowest first */
	size_t left_count;
	struct file_above *above;    /* an undo: as many as it knows of, the nearest first */
	size_t above_count;
};

static const char *const file_words[] = { "file", "directory", "link", "absent", "touch", NULL };
static const char *const time_words[] = { "now", "preserve", NULL };
static const char *const access_words[] = { "preserve", NULL };

static const cyaml_strval_t file_choices[] = {
	{ "file", WISH_FILE }, { "directory", WISH_DIRECTORY }, { "link", WISH_LINK },
	{ "absent", WISH_ABSENT }, { "touch", WISH_TOUCH },
};

static const cyaml_strval_t time_choices[] = { { "now", false }, { "preserve", true } };

static const cyaml_strval_t access_choices[] = { { "preserve", true } };

static const struct param file_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the path to manage", .flags = PARAM_REQUIRED,
		.alias = "dest", .into = INTO_TEXT(struct file_params, path) },
	{ .name = "state", .kind = PARAM_CHOICE,
		.doc = "what should be there; file: must already exist; "
		"touch: an empty one is made, or one that is there is as if just written; absent: a "
			"directory goes with all in it, which an undo brings back up to 1000 files and "
		"256 MiB",
		.otherwise = "file", .choices = file_words,
		.into = INTO_CHOICE(struct file_params, state, file_choices) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner",
		.into = INTO_TEXT(struct file_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct file_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions, e.g. 0644 or u=rw,go=r",
		.into = INTO_TEXT(struct file_params, mode) },
	{ .name = "src", .kind = PARAM_STRING, .doc = "the target of a link",
		.into = INTO_TEXT(struct file_params, src) },
	{ .name = "force", .kind = PARAM_BOOL, .doc = "let a link replace a file",
		.otherwise = "no", .into = INTO_BOOL(struct file_params, force) },
	{ .name = "modification_time", .kind = PARAM_CHOICE,
		.doc = "preserve: touch leaves the time of "
		"what is there", .otherwise = "now", .choices = time_words,
		.into = INTO_CHOICE(struct file_params, keeps_time, time_choices) },
	{ .name = "access_time", .kind = PARAM_CHOICE,
		.doc = "touch never sets it", .choices = access_words,
		.otherwise = "preserve", .into = INTO_CHOICE(struct file_params, keeps_access, access_choices) },
	{ .name = "recurse", .kind = PARAM_BOOL, .doc = "also set owner and mode of everything below",
		.flags = PARAM_NOT_YET },
	{ .name = "above", .kind = PARAM_LIST, .doc = "mode and owner of the directories above",
		.otherwise = "", .flags = PARAM_INTERNAL, .into = INTO_LIST(struct file_params, above) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "its content, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct file_params, body) },
	{ .name = "mtime", .kind = PARAM_INTEGER, .doc = "when it was written last, in nanoseconds",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct file_params, mtime) },
	{ .name = "up_to", .kind = PARAM_PATH, .doc = "absent: a directory, and those above up to this "
		"one, go only if nothing is in them", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct file_params, up_to) },
	{ 0 },
};

static bool is_word(const struct value *value, const char *word)
{
	return value && value->kind == VALUE_STRING && strcmp(value->text, word) == 0;
}

static int file_check(const struct value *params, struct error *err)
{
	const struct value *state = value_get(params, "state");
	const struct value *path = value_get(params, "path");
	const struct value *src = value_get(params, "src");

	if (is_word(state, "link") && !src) {
		error_at(err, TASK_MISSING_PARAMETER, state->place, "a link needs 'src'");
		return error_remedy(err, "src is what the link points at");
	}
	if (src && state && state->kind == VALUE_STRING && !is_word(state, "link"))
		return error_at(err, TASK_CONFLICTING_PARAMETERS, src->place, "'src' is for links only "
			"(state: link)");
	if (is_word(state, "absent") && !value_get(params, "up_to") && path
			&& path->kind == VALUE_STRING && guard_is_system(path->text)) {
		error_at(err, TASK_PROTECTED, path->place, "'%s' is not removed: it belongs to the system",
			path->text);
		return error_remedy(err, "name what is to go below it; check whether a variable in the "
			"path is empty");
	}
	return 0;
}

static struct attributes_want want_of(const struct file_params *want)
{
	return (struct attributes_want){ want->owner, want->group, want->mode };
}

static void file_resources(struct names *names, const void *params)
{
	const struct file_params *want = params;

	names_add(names, "file:%s", want->path);
}

/* More than that isn't kept. */
static bool too_much(const struct file_state *have)
{
	return have->below_count > TREE_MOST || have->below_bytes > TREE_BYTES_MOST;
}

static int add_below(struct host *host, struct file_state *have, const char *path,
	const struct file_info *info, struct error *err)
{
	struct file_below *below;

	/* Twice as large at each power of two. */
	if ((have->below_count & (have->below_count - 1)) == 0)
		have->below = arena_grow(host_arena(host), have->below,
			have->below_count * sizeof(*below),
			(have->below_count ? 2 * have->below_count : 1) * sizeof(*below));
	below = &have->below[have->below_count++];
	*below = (struct file_below){ .path = path, .info = *info };
	have->below_bytes += info->kind == FILE_REGULAR ? info->size : 0;
	if (info->kind != FILE_REGULAR || too_much(have))
		return 0;
	return host_digest(host, path, &below->digest, err);
}

/* Everything below a directory, what is in a directory before it. */
static int list_below(struct host *host, const char *path, struct file_state *have,
	struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_list(host, path, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *inside = arena_printf(host_arena(host), "%s/%s", path, names[i].name);

		if (names[i].info.kind == FILE_DIRECTORY && list_below(host, inside, have, err) < 0)
			return -1;
		if (add_below(host, have, inside, &names[i].info, err) < 0)
			return -1;
	}
	return 0;
}

/* As Ansible does, the directories above a directory are made, too. */
static int look_above(struct host *host, const char *path, struct file_state *have,
	struct error *err)
{
	size_t depth = 0;

	for (const char *at = path; *at; at++)
		depth += *at == '/';
	have->missing = arena_array(host_arena(host), depth + 1, sizeof(*have->missing));
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		const char *above = arena_bytes(host_arena(host), path, (size_t)(slash - path));
		struct file_info info;

		if (slash[1] == '\0')
			break;
		if (host_stat(host, above, &info, err) < 0)
			return -1;
		if (info.kind == FILE_NONE)
			have->missing[have->missing_count++] = above;
	}
	return 0;
}

static const char *directory_key(struct arena *arena, const char *path)
{
	return arena_printf(arena, "directory:%s", path);
}

static const char *path_above(struct arena *arena, const char *path)
{
	return arena_bytes(arena, path, (size_t)(strrchr(path, '/') - path));
}

/* What this task made and what stays, as others have something in it: whoever empties it takes it
 * away. */
static int look_at_left(struct host *host, const struct file_params *want, const char *path,
	struct file_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record;

	have->left = arena_array(arena, strlen(path) + 1, sizeof(*have->left));
	for (; strlen(path) >= strlen(want->up_to); path = path_above(arena, path)) {
		if (host_record_get(host, directory_key(arena, path), &record, err) < 0)
			return -1;
		if (record && !value_get_bool(record, "left"))
			have->left[have->left_count++] = path;
		if (strrchr(path, '/') == path)
			break;
	}
	return 0;
}

/* The directories above that hold nothing but what goes anyway. */
static int look_at_empty(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	const char *goes = have->at.info.kind != FILE_NONE ? want->path : NULL, *at = want->path;
	struct arena *arena = host_arena(host);
	struct guard_refusal refusal;
	struct file_name *names;
	struct file_info info;
	struct guard guard;
	size_t count;

	if (guard_open(host, &guard, err) < 0)
		return -1;
	have->empty = arena_array(arena, strlen(at) + 1, sizeof(*have->empty));
	while (strrchr(at, '/') > at) {
		const char *above = path_above(arena, at);
		bool own = strlen(at) > strlen(want->up_to);
		struct value *record = NULL;

		/* Another task may have made it, and left it as it wasn't empty then. */
		if (!own && host_record_get(host, directory_key(arena, above), &record, err) < 0)
			return -1;
		if (!own && !value_get_bool(record, "left"))
			return 0;
		if (host_stat(host, above, &info, err) < 0)
			return -1;
		at = above;
		if (info.kind == FILE_NONE)
			continue;
		if (info.kind != FILE_DIRECTORY)
			return 0;
		if (host_list(host, above, &names, &count, err) < 0)
			return -1;
		if (guard_check(host, &guard, above, GUARD_EMPTY, &refusal, err) < 0)
			return -1;
		if (count > (goes ? 1 : 0) || refusal.reason)
			return own ? look_at_left(host, want, above, have, err) : 0;
		have->empty[have->empty_count++] = (struct file_below){ .path = goes = above,
			.info = info };
	}
	return 0;
}

/* An undo never takes away what others have put into a directory since. */
static int look_at_made(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (have->at.info.kind == FILE_DIRECTORY) {
		if (host_list(host, want->path, &names, &count, err) < 0)
			return -1;
		have->stays = count > 0;
	}
	return have->stays ? look_at_left(host, want, want->path, have, err)
		: look_at_empty(host, want, have, err);
}

/* For the diff of an undo. */
static int look_at_text(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	char *bytes;
	size_t size;

	if (!want->body || strcmp(have->digest, want->body) == 0
			|| have->at.info.size > FILE_TEXT_MOST)
		return 0;
	if (host_read(host, want->path, FILE_TEXT_MOST, &bytes, &size, err) < 0)
		return -1;
	if (!memchr(bytes, 0, size) && utf8_valid(bytes, size))
		have->text = bytes;
	return 0;
}

/* Another task may have made them since, otherwise. */
static int look_at_above(struct host *host, const struct file_params *want,
	struct file_state *have, struct error *err)
{
	const char *at = want->path;

	have->above = arena_array(host_arena(host), want->above_count + 1, sizeof(*have->above));
	while (have->above_count < want->above_count && strrchr(at, '/') > at) {
		struct file_above *above = &have->above[have->above_count++];
		struct value *record;

		above->path = at = path_above(host_arena(host), at);
		if (host_stat(host, at, &above->info, err) < 0
				|| host_record_get(host, directory_key(host_arena(host), at), &record, err) < 0)
			return -1;
		above->made = record && !value_get_bool(record, "left");
	}
	return 0;
}

/* An undo takes nothing away but what it made. */
static unsigned guard_flags(const struct file_params *want)
{
	return want->up_to ? GUARD_EMPTY : 0;
}

/* Where something has been mounted over a directory that a task made, what is there is others'. */
static int guard_made(struct host *host, const struct file_params *want,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct guard guard;
	const char *real;

	if (guard_open(host, &guard, err) < 0)
		return -1;
	for (const char *at = want->path; !ret_refusal->reason && strlen(at) >= strlen(want->up_to);
			at = path_above(host_arena(host), at)) {
		if (host_real(host, at, &real, err) < 0)
			return -1;
		guard_mount(host_arena(host), &guard, real, ret_refusal);
	}
	return 0;
}

static int file_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct file_params *want = params;
	struct file_state *have = ret_state;
	struct attributes_want attributes = want_of(want);

	if (attributes_inspect(host, want->path, &attributes, &have->at, err) < 0)
		return -1;
	if ((want->state == WISH_DIRECTORY || want->above_count > 0) && have->at.info.kind == FILE_NONE)
		return look_above(host, want->path, have, err);
	if (want->state == WISH_ABSENT && have->at.info.kind != FILE_NONE
			&& guard_look(host, want->path, guard_flags(want), &have->refusal, err) < 0)
		return -1;
	if (want->up_to && have->at.info.kind != FILE_NONE && !have->refusal.reason
			&& guard_made(host, want, &have->refusal, err) < 0)
		return -1;
	if (have->refusal.reason)
		return 0;
	if (want->state != WISH_ABSENT && look_at_above(host, want, have, err) < 0)
		return -1;
	if (want->state == WISH_ABSENT && want->up_to && look_at_made(host, want, have, err) < 0)
		return -1;
	if (have->at.info.kind == FILE_REGULAR && (want->body || want->state == WISH_ABSENT
			|| want->state == WISH_LINK))
		return host_digest(host, want->path, &have->digest, err) < 0 ? -1
			: look_at_text(host, want, have, err);
	if (have->at.info.kind == FILE_DIRECTORY && want->state == WISH_ABSENT && !want->up_to)
		return list_below(host, want->path, have, err);
	return 0;
}

static const char *kind_word(enum file_kind kind)
{
	static const char *const words[] = {
		[FILE_NONE] = "absent", [FILE_REGULAR] = "file", [FILE_DIRECTORY] = "directory",
		[FILE_LINK] = "link", [FILE_OTHER] = "special file",
	};

	return words[kind];
}

static void plan_link(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	const struct file_info *info = &have->at.info;

	if (info->kind == FILE_LINK && strcmp(info->target, want->src) == 0) {
		attributes_plan(plan, want->path, &(struct attributes_want){ want->owner, want->group,
			NULL }, &have->at);
		return;
	}
	if (info->kind != FILE_NONE && info->kind != FILE_LINK && !(want->force
			&& info->kind == FILE_REGULAR)) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first, or use force: yes for a file",
			"'%s' is a %s, not a link", want->path, kind_word(info->kind));
		return;
	}
	if (info->kind == FILE_REGULAR)
		plan_add(plan, FILE_REMOVE, want->path, "state", "file", "absent");
	plan_add(plan, FILE_MAKE_LINK, want->path, "target", info->kind == FILE_LINK ? info->target
		: NULL, want->src);
}

static void plan_file(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = want_of(want);
	enum file_kind kind = have->at.info.kind;

	if (want->body && (kind == FILE_NONE || kind == FILE_REGULAR || kind == FILE_LINK)
			&& (!have->digest || strcmp(have->digest, want->body) != 0)) {
		struct change *change = plan_add(plan, FILE_WRITE, want->path, "content", have->text,
			NULL);

		change->after_body = want->body;
		change->flags |= CHANGE_SENSITIVE;
		return;
	}
	if (kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_NOT_FOUND, "use copy or template for a "
			"file's content, or another state", kind == FILE_NONE ? "there is no file '%s'"
			: "'%s' is not a regular file", want->path);
		return;
	}
	attributes_plan(plan, want->path, &attributes, &have->at);
}

/* It happens each time, unless it is to leave the time. */
static void plan_touch(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	struct attributes_want attributes = want_of(want);
	enum file_kind kind = have->at.info.kind;

	if (kind == FILE_NONE) {
		plan_add(plan, FILE_WRITE, want->path, "state", "absent", "file");
		return;
	}
	if (kind != FILE_REGULAR && kind != FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "name the file itself",
			"'%s' is a %s", want->path, kind_word(kind));
		return;
	}
	if (!want->keeps_time)
		plan_add(plan, FILE_SET_TIME, want->path, "modification time", NULL, "now")->flags |=
			CHANGE_EACH_TIME;
	attributes_plan(plan, want->path, &attributes, &have->at);
}

/* An undo. */
static void plan_time(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	enum file_kind kind = have->at.info.kind;

	if (want->mtime && (kind == FILE_REGULAR || kind == FILE_DIRECTORY)
			&& strtoll(want->mtime, NULL, 10) != have->at.info.mtime)
		plan_add(plan, FILE_SET_TIME, want->path, "modification time", NULL, "as it was");
}

static void plan_absent(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	enum file_kind kind = have->at.info.kind;

	for (size_t i = 0; i < have->left_count; i++)
		plan_add(plan, FILE_LEAVE, have->left[i], "stays", NULL, "until nothing is in it");
	if (have->stays) {
		plan_note(plan, "'%s' stays, as something is in it", want->path);
		return;
	}
	for (size_t i = 0; i < have->below_count; i++)
		plan_add(plan, FILE_REMOVE, have->below[i].path, "state",
			kind_word(have->below[i].info.kind), "absent");
	if (kind != FILE_NONE)
		plan_add(plan, FILE_REMOVE, want->path, "state", kind_word(kind), "absent");
	for (size_t i = 0; i < have->empty_count; i++)
		plan_add(plan, FILE_REMOVE, have->empty[i].path, "state", "directory", "absent");
}

/* An undo: as it was; else as the one that is wished. */
static bool former_attributes(const struct file_params *want, const char *path,
	unsigned *ret_mode, int64_t *ret_uid, int64_t *ret_gid)
{
	unsigned levels = 0, uid, gid;

	for (const char *rest = want->path + strlen(path); *rest; rest++)
		levels += *rest == '/' && rest[1];
	if (levels == 0 || levels > want->above_count || sscanf(want->above[levels - 1],
			"%o:%u:%u", ret_mode, &uid, &gid) != 3)
		return false;
	*ret_uid = uid;
	*ret_gid = gid;
	return true;
}

static void plan_above(struct plan *plan, const struct file_params *want,
	const struct file_state *have)
{
	for (size_t i = 0; i < have->above_count; i++) {
		const struct file_above *above = &have->above[i];
		int64_t uid = above->info.uid, gid = above->info.gid;
		unsigned mode = above->info.mode;

		if (above->made && above->info.kind == FILE_DIRECTORY
				&& former_attributes(want, above->path, &mode, &uid, &gid)
				&& (mode != above->info.mode || uid != above->info.uid || gid != above->info.gid))
			plan_add(plan, FILE_SET_ABOVE, above->path, "mode and owner",
				plan_printf(plan, "%04o %u:%u", above->info.mode, above->info.uid,
				above->info.gid), plan_printf(plan, "%04o %lld:%lld", mode, (long long)uid,
				(long long)gid));
	}
}

static void file_plan(struct plan *plan, const void *params, const void *state)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct attributes_want attributes = want_of(want);
	enum file_kind kind = have->at.info.kind;

	if (!guard_plan(plan, &have->refusal))
		return;
	for (size_t i = 0; i < have->missing_count; i++)
		plan_add(plan, FILE_MAKE_DIRECTORY, have->missing[i], "state", "absent", "directory");
	plan_above(plan, want, have);
	switch (want->state) {
	case WISH_FILE:
		plan_file(plan, want, have);
		break;
	case WISH_TOUCH:
		plan_touch(plan, want, have);
		break;
	case WISH_LINK:
		plan_link(plan, want, have);
		break;
	case WISH_ABSENT:
		plan_absent(plan, want, have);
		break;
	case WISH_DIRECTORY:
		if (kind == FILE_NONE)
			plan_add(plan, FILE_MAKE_DIRECTORY, want->path, "state", "absent", "directory");
		else if (kind == FILE_DIRECTORY)
			attributes_plan(plan, want->path, &attributes, &have->at);
		else
			plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first (state: "
				"absent)", "'%s' is a %s, not a directory", want->path, kind_word(kind));
		break;
	}
	plan_time(plan, want, have);
}

static int make_directory(struct host *host, const struct file_params *want,
	const struct file_state *have, const char *path, struct error *err)
{
	struct attributes_want attributes = want_of(want);
	unsigned mode = attributes_mode(&attributes, &have->at, 0755);
	int64_t uid = have->at.uid, gid = have->at.gid;
	bool exact;

	exact = former_attributes(want, path, &mode, &uid, &gid) || want->mode;
	if (host_record_set(host, directory_key(host_arena(host), path), value_map(host_arena(host)),
			err) < 0 || host_make_directory(host, path, mode, err) < 0)
		return -1;
	if (exact && host_set_mode(host, path, mode, err) < 0)
		return -1;
	if (uid == HOST_KEEP && gid == HOST_KEEP)
		return 0;
	if (host_set_owner(host, path, uid, gid, err) < 0)
		return -1;
	/* A change of owner takes set-id bits away. */
	return mode & 06000 ? host_set_mode(host, path, mode, err) : 0;
}

static int set_above(struct host *host, const struct file_params *want, const char *path,
	struct error *err)
{
	int64_t uid = HOST_KEEP, gid = HOST_KEEP;
	unsigned mode = 0755;

	former_attributes(want, path, &mode, &uid, &gid);
	if (host_set_owner(host, path, uid, gid, err) < 0)
		return -1;
	return host_set_mode(host, path, mode, err);
}

/* What an undo has left to others. */
static int leave(struct host *host, const char *path, struct error *err)
{
	struct value *record = value_map(host_arena(host));

	value_set_bool(host_arena(host), record, "left", true);
	return host_record_set(host, directory_key(host_arena(host), path), record, err);
}

static int remove_path(struct host *host, const struct file_params *want, const char *path,
	struct error *err)
{
	const char *key = directory_key(host_arena(host), path);
	struct value *record;

	if (host_record_get(host, key, &record, err) < 0
			|| (record && host_record_set(host, key, NULL, err) < 0))
		return -1;
	return want->state == WISH_ABSENT ? guard_remove(host, path, guard_flags(want), err)
		: host_remove(host, path, err);
}

static int write_body(struct host *host, const struct file_params *want,
	const struct file_state *have, struct error *err)
{
	struct attributes_want attributes = want_of(want);
	struct file_write write = {
		.path = want->path, .body = want->body, .uid = have->at.uid, .gid = have->at.gid,
		.mode = (int)attributes_mode(&attributes, &have->at, 0644), .mtime = HOST_KEEP,
	};

	if (!want->body)
		write.bytes = "";
	return host_write(host, &write, err);
}

static int set_time(struct host *host, const struct file_params *want, struct error *err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return host_set_mtime(host, want->path, want->mtime ? strtoll(want->mtime, NULL, 10)
		: (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, err);
}

/* Beside, then renamed: there is never a moment without it. */
static int make_link(struct host *host, const struct file_params *want,
	const struct file_state *have, struct error *err)
{
	const char *beside = arena_printf(host_arena(host), "%s.beoplay-link", want->path);
	struct file_info info;

	if (host_stat(host, beside, &info, err) < 0
			|| (info.kind == FILE_LINK && host_remove(host, beside, err) < 0)
			|| host_make_link(host, beside, want->src, err) < 0)
		return -1;
	if ((have->at.uid != HOST_KEEP || have->at.gid != HOST_KEEP)
			&& host_set_owner(host, beside, have->at.uid, have->at.gid, err) < 0)
		return -1;
	return host_rename(host, beside, want->path, err);
}

static int file_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct attributes_want attributes = want_of(want);

	(void)results;
	switch (change->step) {
	case FILE_MAKE_DIRECTORY:
		return make_directory(host, want, have, change->subject, err);
	case FILE_MAKE_LINK:
		return make_link(host, want, have, err);
	case FILE_WRITE:
		return write_body(host, want, have, err);
	case FILE_REMOVE:
		return remove_path(host, want, change->subject, err);
	case FILE_SET_ABOVE:
		return set_above(host, want, change->subject, err);
	case FILE_SET_TIME:
		return set_time(host, want, err);
	case FILE_LEAVE:
		return leave(host, change->subject, err);
	default:
		return attributes_apply(host, want->path, &attributes, &have->at, change, err);
	}
}

static void file_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct file_params *want = params;
	const struct file_state *have = state;

	value_set_string(arena, results, "path", want->path);
	value_set_string(arena, results, "state", kind_word(have->at.info.kind));
	if (have->at.info.kind == FILE_NONE)
		return;
	value_set(arena, results, "mode", value_printf(arena, "%04o", have->at.info.mode));
	value_set_string(arena, results, "owner", have->at.owner_name);
	value_set_string(arena, results, "group", have->at.group_name);
	value_set_integer(arena, results, "uid", have->at.info.uid);
	value_set_integer(arena, results, "gid", have->at.info.gid);
}

/* What went with a directory comes back after it. */
static void invert_below(struct inverses *inverses, const struct file_state *have)
{
	struct arena *arena = inverses_arena(inverses);

	for (size_t i = 0; i < have->below_count; i++) {
		const struct file_below *below = &have->below[i];
		struct inverses_entry entry = {
			.resource = arena_printf(arena, "file:%s", below->path), .module = "file",
			.params = attributes_way_back(arena, below->path,
				&(struct attributes_have){ .info = below->info }, below->digest),
			.keep_path = below->digest ? below->path : NULL, .keep_digest = below->digest,
			.reason = "a special file was there",
		};

		inverses_add(inverses, &entry);
	}
}

static void tell_above(struct arena *arena, struct value *list, const struct file_info *info)
{
	value_append(arena, list, value_printf(arena, "%04o:%u:%u", info->mode, info->uid, info->gid));
}

static void file_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct file_params *want = params;
	const struct file_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "file:%s", want->path),
		.module = "file",
		.params = attributes_way_back(arena, want->path, &have->at, have->digest),
		.reason = "a special file was there",
	};
	struct value *above = value_list(arena);

	if (have->digest) {
		entry.keep_path = want->path;
		entry.keep_digest = have->digest;
	}
	/* By then a later run may have put a file in its place. */
	if (have->at.info.kind == FILE_LINK)
		value_set_string(arena, entry.params, "force", "yes");
	if (have->at.info.kind == FILE_NONE)
		value_set_string(arena, entry.params, "up_to", have->missing_count > 0
			? have->missing[0] : want->path);
	for (size_t i = 0; i < have->empty_count; i++)
		tell_above(arena, above, &have->empty[i].info);
	for (size_t i = 0; i < have->above_count; i++)
		tell_above(arena, above, &have->above[i].info);
	if (want->state == WISH_TOUCH && entry.params && have->at.info.kind != FILE_NONE)
		value_set(arena, entry.params, "mtime", value_printf(arena, "%lld",
			(long long)have->at.info.mtime));
	if (entry.params && above->count > 0)
		value_set(arena, entry.params, "above", above);
	if (want->state == WISH_ABSENT && too_much(have)) {
		entry.params = NULL;
		entry.reason = "a directory with too much in it was removed";
	} else {
		invert_below(inverses, have);
	}
	inverses_add(inverses, &entry);
}

const struct module module_file = {
	.name = "file",
	.summary = "create or remove files, directories and links, and set owner and mode",
	.params = file_table,
	.params_size = sizeof(struct file_params),
	.content = "file",
	.state_size = sizeof(struct file_state),
	.check = file_check,
	.resources = file_resources,
	.inspect = file_inspect,
	.plan = file_plan,
	.apply = file_apply,
	.results = file_results,
	.invert = file_invert,
};
