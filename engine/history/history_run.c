/* history_run: one run as a tree, and back. */
#include "history/state.h"

#include "base/buffer.h"

/* Where git_error_set_str is since libgit2 1.8; before, it was among the others. */
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h>
#endif
#include <stdlib.h>
#include <string.h>

/* --- Writing --- */

/* Whether a path may stand in the tree as it is. */
static bool inside(const char *path)
{
	if (path[0] == '/' || path[0] == '\0')
		return false;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 0 || (size <= 2 && strspn(path, ".") >= size)
				|| (size == 4 && strncasecmp(path, ".git", 4) == 0))
			return false;
		path += size + (path[size] == '/');
	}
	return true;
}

static const char *place_of(struct arena *arena, const char *path, size_t number)
{
	const char *name = strrchr(path, '/');

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (inside(path))
		return arena_printf(arena, "text/%s", path);
	name = name && name[1] ? name + 1 : path;
	return arena_printf(arena, "text/_outside/%zu-%s", number, strspn(name, ".") == strlen(name)
		? "text" : name);
}

/* What isn't in its file's row of the record is as a file is by default. */
static struct value *file_value(struct arena *arena, const struct record_file *file, size_t number)
{
	struct value *made = value_map(arena);

	value_set_string(arena, made, "path", file->path);
	if (file->body)
		value_set_bool(arena, made, "body", true);
	if (file->mode)
		value_set(arena, made, "mode", value_printf(arena, "%04o", file->mode));
	if (file->kind == SOURCE_DIRECTORY)
		value_set_string(arena, made, "kind", "directory");
	else if (file->kind == SOURCE_LINK) {
		value_set_string(arena, made, "kind", "link");
		value_set_string(arena, made, "target", file->target);
	} else if (file->bytes)
		value_set_string(arena, made, "in", place_of(arena, file->path, number));
	else
		value_set_string(arena, made, "left_out", file->left_out ? file->left_out : "");
	return made;
}

static const char *describe(struct arena *arena, const struct history_run *run,
	struct value *files)
{
	struct run_file file = { .version = RUN_VERSION, .run = *run, .files = files };

	file.run.facts = facts_kept(arena, run->facts);
	return run_file_text(arena, &file);
}

/* What stands in the run before isn't written again: its digest tells it. */
static int add_blob(git_repository *repository, git_index *before, git_index *index,
	const char *path, const void *bytes, size_t size, unsigned mode)
{
	const git_index_entry *known = git_index_get_bypath(before, path, 0);
	git_index_entry entry = { .path = path,
		.mode = mode & 0100 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB };

	if (known && git_odb_hash(&entry.id, bytes, size, GIT_OBJECT_BLOB) < 0)
		return -1;
	if ((!known || !git_oid_equal(&known->id, &entry.id))
			&& git_blob_create_from_buffer(&entry.id, repository, bytes, size) < 0)
		return -1;
	return git_index_add(index, &entry);
}

/* The files of a run; of none if there is no such run, or it can't be read. */
static int index_of(const git_commit *commit, git_index **ret_index)
{
	git_tree *tree = NULL;
	int result = git_index_new(ret_index);

	if (result == 0 && commit && git_commit_tree(&tree, commit) == 0)
		git_index_read_tree(*ret_index, tree);
	git_tree_free(tree);
	return result;
}

/* One file; what isn't read yet is in memory no longer than this takes. ret_value: what is said of it. */
static int write_file(git_repository *repository, git_index *before, git_index *index,
	struct arena *arena, const struct record *record, size_t number, struct value **ret_value)
{
	struct arena *loading = arena_new();
	const struct record_file file = record_load(loading, record, &record->files[number]);
	int result = 0;

	*ret_value = file_value(arena, &file, number);
	if (file.bytes)
		result = add_blob(repository, before, index, value_get_string(*ret_value, "in"), file.bytes,
			file.size, file.mode);
	arena_free(loading);
	return result;
}

static int write_files(git_repository *repository, git_index *before, git_index *index,
	struct arena *arena, const struct record *record, struct value **ret_files)
{
	*ret_files = value_list(arena);
	for (size_t i = 0; i < record->count; i++) {
		struct value *about;

		if (write_file(repository, before, index, arena, record, i, &about) < 0)
			return -1;
		value_append(arena, *ret_files, about);
	}
	return 0;
}

static int write_about(git_repository *repository, git_index *before, git_index *index,
	const char *about)
{
	if (about)
		return add_blob(repository, before, index, "run.yml", about, strlen(about), 0);
	git_error_set_str(GIT_ERROR_INVALID, "the run can't be described");
	return -1;
}

int run_write(git_repository *repository, struct arena *arena, const struct history_run *run,
	const struct record *record, const git_commit *last, git_oid *ret_tree)
{
	git_index *index = NULL, *before = NULL;
	struct value *files;
	int result = git_index_new(&index);

	if (result == 0)
		result = index_of(last, &before);
	if (result == 0)
		result = write_files(repository, before, index, arena, record, &files);
	if (result == 0)
		result = write_about(repository, before, index, describe(arena, run, files));
	if (result == 0)
		result = git_index_write_tree_to(ret_tree, index, repository);
	git_index_free(before);
	git_index_free(index);
	return result;
}

/* --- Reading --- */

static int read_blob(git_repository *repository, git_tree *tree, const char *path,
	struct arena *arena, const char **ret_bytes, size_t *ret_size)
{
	git_tree_entry *entry = NULL;
	git_blob *blob = NULL;
	git_odb *objects = NULL;
	git_object_t kind = GIT_OBJECT_INVALID;
	size_t size = 0;
	int result = git_tree_entry_bypath(&entry, tree, path);

	/* Its size, before it is in memory. */
	if (result == 0)
		result = git_repository_odb(&objects, repository);
	if (result == 0)
		result = git_odb_read_header(&size, &kind, objects, git_tree_entry_id(entry));
	if (result == 0 && size > RUN_MOST)
		result = -1;
	if (result == 0)
		result = git_blob_lookup(&blob, repository, git_tree_entry_id(entry));
	if (result == 0) {
		*ret_size = (size_t)git_blob_rawsize(blob);
		*ret_bytes = arena_bytes(arena, git_blob_rawcontent(blob), *ret_size);
	}
	git_blob_free(blob);
	git_odb_free(objects);
	git_tree_entry_free(entry);
	return result;
}

static int read_file(git_repository *repository, git_tree *tree, struct arena *arena,
	const struct value *about, struct record *record)
{
	const char *kind = value_get_string(about, "kind"), *mode = value_get_string(about, "mode");
	const char *in = value_get_string(about, "in");
	struct record_file file = { .kind = SOURCE_FILE, .path = value_get_string(about, "path"),
		.body = value_get_bool(about, "body"), .target = value_get_string(about, "target"),
		.mode = mode ? (unsigned)strtoul(mode, NULL, 8) & 07777 : 0,
		.left_out = value_get_string(about, "left_out") };

	if (!file.path)
		return -1;
	if (kind && strcmp(kind, "directory") == 0)
		file.kind = SOURCE_DIRECTORY;
	else if (kind)
		file.kind = SOURCE_LINK;
	/* A path that was expunged has no blob any more. */
	if (in && read_blob(repository, tree, in, arena, &file.bytes, &file.size) < 0) {
		file.bytes = NULL;
		file.left_out = "it was expunged";
	}
	record_add(arena, record, &file);
	return 0;
}

static int read_files(git_repository *repository, git_tree *tree, struct arena *arena,
	const struct value *files, struct record **ret_record)
{
	*ret_record = record_new(arena);
	for (size_t i = 0; files && files->kind == VALUE_LIST && i < files->count; i++) {
		if (read_file(repository, tree, arena, files->items[i], *ret_record) < 0)
			return -1;
	}
	return 0;
}

int run_read(git_repository *repository, struct arena *arena, git_commit *commit,
	struct history_run *ret_run, struct record **ret_record)
{
	char id[GIT_OID_HEXSZ + 1];
	struct run_file file = { 0 };
	git_tree *tree = NULL;
	const char *bytes;
	size_t size;
	int result = git_commit_tree(&tree, commit);

	if (result == 0)
		result = read_blob(repository, tree, "run.yml", arena, &bytes, &size);
	if (result == 0)
		result = run_file_take(arena, bytes, ret_record ? size : run_file_head(bytes, size), &file);
	if (result == 0) {
		*ret_run = file.run;
		git_oid_tostr(id, sizeof(id), git_commit_id(commit));
		ret_run->id = arena_string(arena, id);
	}
	if (result == 0 && ret_record)
		result = read_files(repository, tree, arena, file.files, ret_record);
	git_tree_free(tree);
	return result;
}

/* Of the newest run; 0: there is none, or none that can be read. */
static long newest_version(git_repository *repository, struct arena *arena)
{
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	const char *bytes;
	size_t size;
	git_oid id;
	long version = 0;

	if (git_reference_name_to_id(&id, repository, HISTORY_RUNS) == 0
			&& git_commit_lookup(&commit, repository, &id) == 0
			&& git_commit_tree(&tree, commit) == 0
			&& read_blob(repository, tree, "run.yml", arena, &bytes, &size) == 0)
		version = run_file_version(bytes);
	git_tree_free(tree);
	git_commit_free(commit);
	return version;
}

int run_check_version(git_repository *repository, struct error *err)
{
	struct arena *arena = arena_new();
	long version = newest_version(repository, arena);

	arena_free(arena);
	if (version <= RUN_VERSION)
		return 0;
	error_set(err, HISTORY_NEWER, "the history was written by a newer version of beoplay: its runs have form "
		"%ld, and this version reads forms up to %d", version, RUN_VERSION);
	return error_remedy(err, "use that version, or a later one");
}
