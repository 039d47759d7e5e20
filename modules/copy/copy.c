/* copy: copy a file from the playbook's directory, or content from the task. */
#include "modules/copy/copy.h"

#include "base/digest.h"
#include "base/quote.h"
#include "modules/shared/backup.h"
#include "modules/shared/linked_file.h"

#include <stdlib.h>
#include <string.h>

enum copy_step { COPY_WRITE = ATTRIBUTES_STEP_END };

static const struct param copy_table[] = {
	{ .name = "src", .kind = PARAM_SOURCE,
		.doc = "a file in the playbook's directory, or in files/",
		.into = INTO_TEXT(struct copy_params, src) },
	{ .name = "content", .kind = PARAM_STRING, .doc = "the content itself, instead of src",
		.flags = PARAM_CONTENT, .into = INTO_TEXT(struct copy_params, content) },
	{ .name = "dest", .kind = PARAM_PATH, .doc = "the file; with / at its end: a directory",
		.flags = PARAM_REQUIRED | PARAM_INTO, .alias = "path",
		.into = INTO_TEXT(struct copy_params, dest) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner",
		.into = INTO_TEXT(struct copy_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct copy_params, group) },
	{ .name = "mode", .kind = PARAM_MODE,
		.doc = "its permissions; by default a new file has 0644, and "
		"none can be read by more than src can", .into = INTO_TEXT(struct copy_params, mode) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct copy_params, validate) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct copy_params, backup) },
	{ .name = "force", .kind = PARAM_BOOL, .doc = "no: only if nothing is there",
		.otherwise = "yes", .into = INTO_BOOL(struct copy_params, force) },
	{ .name = "remote_src", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "src is a file on the node, by its absolute path, of at most 64 MiB",
		.into = INTO_BOOL(struct copy_params, remote_src) },
	{ .name = "directory_mode", .kind = PARAM_MODE, .doc = "of directories",
		.flags = PARAM_NOT_YET },
	{ .name = "follow", .kind = PARAM_BOOL, .doc = "write through a link at dest",
		.flags = PARAM_NOT_YET },
	{ .name = "body", .kind = PARAM_STRING, .doc = "the content, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct copy_params, body) },
	{ .name = "source_mode", .kind = PARAM_MODE, .doc = "the permissions of src",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct copy_params, source_mode) },
	{ 0 },
};

static bool is_remote(const struct value *params)
{
	const char *remote = value_get_string(params, "remote_src");

	return remote && strcmp(remote, "true") == 0;
}

static int check_remote(const struct value *src, struct error *err)
{
	if (!src)
		return error_set(err, TASK_MISSING_PARAMETER, "'remote_src' needs 'src'");
	if (!value_text(src) || src->text[0] == '/')
		return 0;
	error_at(err, TASK_INVALID_VALUE, src->place, "'src' must be absolute, as it is on the node");
	return error_remedy(err, "leave remote_src out for a file beside the playbook");
}

int copy_check(const struct value *params, struct error *err)
{
	const struct value *src = value_get(params, "src");
	const struct value *content = value_get(params, "content");
	const struct value *dest = value_get(params, "dest");
	const struct value *validate = value_get(params, "validate");

	if (src && content)
		return error_at(err, TASK_CONFLICTING_PARAMETERS, content->place, "'src' and 'content' "
			"exclude each other");
	if (!src && !content && !value_get(params, "body"))
		return error_set(err, TASK_MISSING_PARAMETER, "one of 'src' and 'content' is needed");
	if (is_remote(params) && check_remote(src, err) < 0)
		return -1;
	if (!src && dest && dest->kind == VALUE_STRING && dest->size > 0
			&& dest->text[dest->size - 1] == '/')
		return error_at(err, TASK_CONFLICTING_PARAMETERS, dest->place, "'dest' must name a file, "
			"as there is no 'src' to take the name from");
	if (validate && validate->kind == VALUE_STRING && !strstr(validate->text, "%s")) {
		error_at(err, TASK_MISSING_PARAMETER, validate->place, "'validate' has no %%s");
		return error_remedy(err, "write %%s where the file's path goes");
	}
	return 0;
}

void copy_complete(struct arena *arena, struct value *params)
{
	const char *dest = value_get_string(params, "dest");
	const char *src = value_get_string(params, "src");
	const char *slash;

	if (!dest || !src || !*dest || dest[strlen(dest) - 1] != '/')
		return;
	slash = strrchr(src, '/');
	value_set(arena, params, "dest", value_printf(arena, "%s%s", dest, slash ? slash + 1 : src));
}

static int copy_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *content = value_get(params, "content");
	const char *src = value_get_string(params, "src");
	struct prepare_entry entry;
	const char *path, *digest;
	struct value *body;
	int64_t size;

	if (is_remote(params)) {
		copy_complete(arena, params);
		return 0;
	}
	if (!src) {
		if (prepare_body_bytes(prepare, content->text ? content->text : "", content->size, &digest,
				err) < 0)
			return -1;
		value_set_string(arena, params, "body", digest);
		value_get(params, "body")->level = content->level;
		value_remove(params, "content");
		return 0;
	}
	if (prepare_find(prepare, src, "files", &path, err) < 0
			|| prepare_stat(prepare, path, &entry, err) < 0)
		return error_place(err, value_get(params, "src")->place);
	if (entry.kind == ENTRY_DIRECTORY) {
		error_set(err, FILE_WRONG_TYPE, "'%s' is a directory", path);
		error_remedy(err, "file-sync copies directories");
		return error_place(err, value_get(params, "src")->place);
	}
	if (prepare_content(prepare, path, &body, &size, err) < 0)
		return -1;
	copy_complete(arena, params);
	value_set(arena, params, "body", body);
	value_set(arena, params, "source_mode", value_printf(arena, "%04o", entry.mode));
	return 0;
}

static struct attributes_want want_of(const struct copy_params *want,
	const struct copy_state *have)
{
	return (struct attributes_want){ want->owner, want->group, have->mode };
}

/* What is private beside the playbook is private there, unless the task says a mode. */
static const char *mode_of(struct arena *arena, const struct copy_params *want,
	const struct copy_state *have)
{
	const struct file_info *info = &have->at.info;
	unsigned mode = info->kind == FILE_REGULAR ? info->mode : 0644, private;

	if (want->mode || !have->source_mode)
		return want->mode;
	private = attributes_private(mode, (unsigned)strtoul(have->source_mode, NULL, 8));
	return private == mode ? NULL : arena_printf(arena, "%04o", private);
}

void copy_resources(struct names *names, const void *params)
{
	const struct copy_params *want = params;

	names_add(names, "file:%s", want->dest);
}

static int look_at_source(struct host *host, const struct copy_params *want, struct copy_state *have,
	struct error *err)
{
	char hex[DIGEST_HEX_SIZE], *bytes;
	struct file_info info;
	const char *real;

	if (linked_file_stat(host, want->src, &real, &info, err) < 0)
		return -1;
	if (info.kind == FILE_NONE)
		return error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", want->src);
	if (info.kind != FILE_REGULAR) {
		error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is not a file", want->src);
		return error_remedy(err, "for a directory use 'command: cp -a', with 'creates'");
	}
	if (host_read(host, real, COPY_REMOTE_MOST, &bytes, &have->size, err) < 0)
		return -1;
	digest_bytes(bytes, have->size, hex);
	have->bytes = bytes;
	have->body = arena_string(host_arena(host), hex);
	have->source_mode = arena_printf(host_arena(host), "%04o", info.mode);
	return 0;
}

int copy_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct copy_params *want = params;
	struct copy_state *have = ret_state;
	struct attributes_want attributes = want_of(want, have);
	char *bytes;
	size_t size;

	have->path = want->dest;
	have->body = want->body;
	have->source_mode = want->source_mode;
	if (want->remote_src && !want->body && look_at_source(host, want, have, err) < 0)
		return -1;
	if (!have->body)
		return error_set(err, BEOPLAY_BUG, "a copy came without its content");
	if (attributes_inspect(host, have->path, &attributes, &have->at, err) < 0)
		return -1;
	have->mode = mode_of(host_arena(host), want, have);
	if (have->at.info.kind != FILE_REGULAR)
		return 0;
	if (host_digest(host, have->path, &have->digest, err) < 0)
		return -1;
	if (want->backup && want->force && strcmp(have->digest, have->body) != 0
			&& backup_path(host, have->path, &have->backup, err) < 0)
		return -1;
	if (strcmp(have->digest, have->body) == 0 || have->at.info.size > COPY_TEXT_MOST)
		return 0;
	if (host_read(host, have->path, COPY_TEXT_MOST, &bytes, &size, err) < 0)
		return -1;
	if (!memchr(bytes, 0, size) && utf8_valid(bytes, size))
		have->text = bytes;
	return 0;
}

static void show_sizes(struct plan *plan, struct change *change, const struct copy_state *have)
{
	change->flags |= CHANGE_BINARY;
	change->after = plan_printf(plan, "%zu bytes", have->size);
	change->before = have->at.info.kind != FILE_REGULAR ? NULL
		: plan_printf(plan, "%lld bytes", (long long)have->at.info.size);
}

static void plan_content(struct plan *plan, const struct copy_params *want,
	const struct copy_state *have)
{
	struct attributes_want attributes = want_of(want, have);
	bool there = have->at.info.kind == FILE_REGULAR;
	unsigned mode = attributes_mode(&attributes, &have->at, 0644);
	struct change *change = plan_add(plan, COPY_WRITE, have->path, "content", have->text, NULL);

	if (!have->bytes)
		change->after_body = have->body;
	else if (have->size <= COPY_TEXT_MOST && !memchr(have->bytes, 0, have->size)
			&& utf8_valid(have->bytes, have->size) && (!there || have->text))
		change->after = have->bytes;
	else
		show_sizes(plan, change, have);
	if (there && !have->text && !have->bytes) {
		change->flags |= CHANGE_BINARY;
		change->before = plan_printf(plan, "%lld bytes", (long long)have->at.info.size);
	}
	if (!(mode & 0004) || (there && !(have->at.info.mode & 0004)))
		change->flags |= CHANGE_SENSITIVE;
}

void copy_plan(struct plan *plan, const void *params, const void *state)
{
	const struct copy_params *want = params;
	const struct copy_state *have = state;
	struct attributes_want attributes = want_of(want, have);
	enum file_kind kind = have->at.info.kind;

	if (kind == FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "end dest with / to copy "
			"into it", "'%s' is a directory", have->path);
		return;
	}
	if (kind == FILE_OTHER || kind == FILE_LINK) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it first (file with "
			"state: absent)", "'%s' is %s", have->path, kind == FILE_LINK ? "a symbolic link"
			: "a special file");
		return;
	}
	if (kind == FILE_REGULAR && !want->force)
		return;
	if (kind == FILE_NONE || strcmp(have->digest, have->body) != 0)
		plan_content(plan, want, have);
	else
		attributes_plan(plan, have->path, &attributes, &have->at);
}

int copy_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct copy_params *want = params;
	const struct copy_state *have = state;
	struct attributes_want attributes = want_of(want, have);
	struct file_write write = {
		.path = have->path, .body = have->bytes ? NULL : have->body, .bytes = have->bytes, .size = have->size, .uid = have->at.uid, .gid = have->at.gid,
		.mode = (int)attributes_mode(&attributes, &have->at, 0644), .mtime = HOST_KEEP,
		.validate = want->validate, .backup = have->backup,
	};

	if (change->step != COPY_WRITE)
		return attributes_apply(host, have->path, &attributes, &have->at, change, err);
	if (have->backup)
		value_set_string(host_arena(host), results, "backup_file", have->backup);
	return host_write(host, &write, err);
}

void copy_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct copy_params *want = params;
	const struct copy_state *have = state;
	struct attributes_want attributes = want_of(want, have);

	value_set_string(arena, results, "dest", have->path);
	value_set_string(arena, results, "checksum", have->body);
	/* After a dry run it may be still to be made. */
	value_set(arena, results, "mode", value_printf(arena, "%04o", have->at.info.kind == FILE_NONE
		? attributes_mode(&attributes, &have->at, 0644) : have->at.info.mode));
}

void copy_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct copy_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "file:%s", have->path),
		.module = "file",
		.params = attributes_way_back(arena, have->path, &have->at, have->digest),
	};

	(void)params;
	if (have->at.info.kind == FILE_NONE)
		value_set_string(arena, entry.params, "up_to", have->path);
	if (have->digest) {
		entry.keep_path = have->path;
		entry.keep_digest = have->digest;
	}
	if (have->backup)
		backup_invert(inverses, have->backup);
	inverses_add(inverses, &entry);
}

const struct module module_copy = {
	.name = "copy",
	.summary = "copy a file from the playbook's directory, or content from the task",
	.params = copy_table,
	.params_size = sizeof(struct copy_params),
	.content = "file",
	.state_size = sizeof(struct copy_state),
	.check = copy_check,
	.prepare = copy_prepare,
	.resources = copy_resources,
	.inspect = copy_inspect,
	.plan = copy_plan,
	.apply = copy_apply,
	.results = copy_results,
	.invert = copy_invert,
};
