/* revision: the user's own repository, which is only read. */
#include "history/state.h"

#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MOST = 20000, FILE_MOST = 64 << 20 };

struct revision {
	git_repository *repository;
	char *folder;              /* as git has it: below the repository, "" or "a/b/" */
};

/* Where folder is in the repository; NULL: not in its working tree. */
static char *folder_below(git_repository *repository, const char *folder)
{
	const char *root = git_repository_workdir(repository);
	char above[PATH_MAX], full[PATH_MAX + 1], *below;
	size_t size;

	if (!root || !realpath(root, above) || !realpath(*folder ? folder : ".", full))
		return NULL;
	size = strlen(above);
	strcat(full, "/");
	if (strncmp(full, above, size) != 0 || full[size] != '/')
		return NULL;
	below = strdup(full + size + 1);
	return below;
}

/* None of a repository that can't be read well. */
struct revision *revision_open(const char *folder)
{
	struct revision *revision = calloc(1, sizeof(*revision));

	history_start();
	if (revision && revision_safe(*folder ? folder : ".")
			&& git_repository_open_ext(&revision->repository, *folder ? folder : ".", 0, NULL) == 0)
		revision->folder = folder_below(revision->repository, folder);
	if (revision && revision->folder)
		return revision;
	revision_close(revision);
	return NULL;
}

void revision_close(struct revision *revision)
{
	if (!revision)
		return;
	git_repository_free(revision->repository);
	free(revision->folder);
	free(revision);
}

const char *revision_head(struct revision *revision, struct arena *arena, bool *ret_dirty)
{
	git_status_options options;
	git_status_list *list = NULL;
	char id[GIT_OID_HEXSZ + 1];
	git_oid head;

	*ret_dirty = false;
	if (git_reference_name_to_id(&head, revision->repository, "HEAD") < 0)
		return NULL;
	git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
	options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
	if (git_status_list_new(&list, revision->repository, &options) == 0)
		*ret_dirty = git_status_list_entrycount(list) > 0;
	git_status_list_free(list);
	return arena_string(arena, git_oid_tostr(id, sizeof(id), &head));
}

bool revision_ignores(void *context, const char *path, const char **ret_why)
{
	const struct revision *revision = context;
	char full[PATH_MAX];
	int ignored = 0;

	if (!revision || !realpath(path, full)
			|| git_ignore_path_is_ignored(&ignored, revision->repository, full) < 0 || !ignored)
		return false;
	*ret_why = "git ignores it";
	return true;
}

/* --- A folder as it was --- */

struct walking {
	struct arena *arena;
	git_repository *repository;
	const char *folder;
	struct record *record;
};

static int take_entry(const char *root, const git_tree_entry *entry, void *context)
{
	struct walking *walking = context;
	const char *path = arena_printf(walking->arena, "%s%s", root, git_tree_entry_name(entry));
	git_filemode_t mode = git_tree_entry_filemode(entry);
	size_t skip = strlen(walking->folder);
	struct record_file file = { .kind = SOURCE_FILE, .mode = 0644 };
	git_blob *blob = NULL;

	if (mode == GIT_FILEMODE_TREE)
		return strncmp(walking->folder, path, strlen(path)) == 0
			|| strncmp(path, walking->folder, skip) == 0 ? 0 : 1;
	if (strncmp(path, walking->folder, skip) != 0 || mode == GIT_FILEMODE_COMMIT)
		return 0;
	if (walking->record->count >= FILES_MOST)
		return -1;
	if (git_blob_lookup(&blob, walking->repository, git_tree_entry_id(entry)) < 0)
		return -1;
	file.path = path + skip;
	file.size = (size_t)git_blob_rawsize(blob);
	if (file.size > FILE_MOST)
		file.left_out = "it is too large";
	else
		file.bytes = arena_bytes(walking->arena, git_blob_rawcontent(blob), file.size);
	if (mode == GIT_FILEMODE_BLOB_EXECUTABLE)
		file.mode = 0755;
	if (mode == GIT_FILEMODE_LINK) {
		file.kind = SOURCE_LINK;
		file.target = file.bytes;
	}
	git_blob_free(blob);
	record_add(walking->arena, walking->record, &file);
	return 0;
}

int revision_record(struct revision *revision, struct arena *arena, const char *name,
	const char **ret_id, struct record **ret_record, struct error *err)
{
	struct walking walking = { arena, revision->repository, revision->folder, record_new(arena) };
	git_object *found = NULL, *commit = NULL;
	git_tree *tree = NULL;
	char id[GIT_OID_HEXSZ + 1];
	int result = git_revparse_single(&found, revision->repository, name);

	if (result < 0) {
		error_set(err, HISTORY_UNKNOWN_RUN, "'%s' is neither a run of the history nor a revision "
			"of your repository", name);
		return error_remedy(err, "beoplay log lists the runs");
	}
	result = git_object_peel(&commit, found, GIT_OBJECT_COMMIT);
	if (result == 0)
		result = git_commit_tree(&tree, (git_commit *)commit);
	if (result == 0)
		result = git_tree_walk(tree, GIT_TREEWALK_PRE, take_entry, &walking);
	if (result < 0)
		history_failed(err, "cannot read that revision");
	else
		*ret_id = arena_string(arena, git_oid_tostr(id, sizeof(id), git_object_id(commit)));
	*ret_record = walking.record;
	git_tree_free(tree);
	git_object_free(commit);
	git_object_free(found);
	return result < 0 ? -1 : 0;
}
