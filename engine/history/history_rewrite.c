/* history_rewrite: takes runs, a path or a host out of the history, so that nothing of them is left
 * on disk.
 *
 * What stays is written into a second repository, which then takes the place of the first. */
#include "history/state.h"

#include "base/buffer.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct rewriting {
	struct history *history;
	struct arena *arena;
	git_repository *fresh;
	const char *path;          /* to be left out; NULL: none */
	const char *host;          /* the same */
	history_mend_run *mend;    /* or NULL */
	void *context;
	bool found;                /* something of the host was there */
	struct value *renamed;     /* old id → new id */
};

static void remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char inner[4300];

	while (directory && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(inner, sizeof(inner), "%.4000s/%.255s", path, entry->d_name);
		if (unlink(inner) < 0)
			remove_tree(inner);
	}
	if (directory)
		closedir(directory);
	rmdir(path);
}

/* Whether a file of the record is the path, or below it. */
static bool is_out(const struct rewriting *rewriting, const char *path)
{
	size_t size = rewriting->path ? strlen(rewriting->path) : 0;

	return rewriting->path && strncmp(path, rewriting->path, size) == 0
		&& (path[size] == '\0' || path[size] == '/');
}

static void leave_out_host(struct rewriting *rewriting, struct history_run *run)
{
	struct value *const maps[] = { run->hosts, run->left, run->facts };

	for (size_t i = 0; rewriting->host && i < sizeof(maps) / sizeof(*maps); i++) {
		if (!value_get(maps[i], rewriting->host))
			continue;
		rewriting->found = true;
		value_remove(maps[i], rewriting->host);
	}
}

static int rewrite_run(struct rewriting *rewriting, const git_oid *old, git_commit **parent)
{
	struct arena *arena = arena_new();
	git_commit *commit = NULL, *made = NULL;
	git_tree *tree = NULL;
	struct history_run run;
	struct record *record;
	char from[GIT_OID_HEXSZ + 1], to[GIT_OID_HEXSZ + 1];
	git_oid id;
	const git_commit *parents[1] = { *parent };
	int result = git_commit_lookup(&commit, rewriting->history->repository, old);

	if (result == 0)
		result = run_read(rewriting->history->repository, arena, commit, &run, &record);
	for (size_t i = 0; result == 0 && i < record->count; i++) {
		if (!is_out(rewriting, record->files[i].path) || !record->files[i].bytes)
			continue;
		record->files[i].bytes = NULL;
		record->files[i].left_out = "it was expunged";
	}
	if (result == 0)
		leave_out_host(rewriting, &run);
	if (result == 0 && rewriting->mend)
		rewriting->mend(rewriting->context, arena, &run, record);
	if (result == 0)
		result = run_write(rewriting->fresh, arena, &run, record, NULL, &id);
	if (result == 0)
		result = git_tree_lookup(&tree, rewriting->fresh, &id);
	if (result == 0)
		result = git_commit_create(&id, rewriting->fresh, NULL, git_commit_author(commit),
			git_commit_committer(commit), "UTF-8", git_commit_message(commit), tree,
			*parent ? 1 : 0, parents);
	if (result == 0)
		result = git_commit_lookup(&made, rewriting->fresh, &id);
	if (result == 0) {
		git_oid_tostr(from, sizeof(from), old);
		git_oid_tostr(to, sizeof(to), &id);
		value_set_string(rewriting->arena, rewriting->renamed, from, to);
		git_commit_free(*parent);
		*parent = made;
	}
	git_tree_free(tree);
	git_commit_free(commit);
	arena_free(arena);
	return result;
}

static int copy_ref(const char *name, void *context)
{
	struct rewriting *rewriting = context;
	char id[GIT_OID_HEXSZ + 1];
	git_reference *made = NULL;
	const char *renamed;
	git_oid old, fresh;
	int result;

	if (rewriting->host && strcmp(name, history_host_ref(rewriting->arena, rewriting->host)) == 0) {
		rewriting->found = true;
		return 0;
	}
	if (strncmp(name, HISTORY_HOSTS, strlen(HISTORY_HOSTS)) != 0
			|| git_reference_name_to_id(&old, rewriting->history->repository, name) < 0)
		return 0;
	renamed = value_get_string(rewriting->renamed, git_oid_tostr(id, sizeof(id), &old));
	if (!renamed || git_oid_fromstr(&fresh, renamed) < 0)
		return 0;
	result = git_reference_create(&made, rewriting->fresh, name, &fresh, 1, "rewritten");
	git_reference_free(made);
	return result;
}

/* The newest ones, and those that some host still has. */
static size_t choose(struct rewriting *rewriting, git_oid *ids, size_t count, size_t keep)
{
	git_reference_iterator *iterator = NULL;
	struct value *had = value_map(rewriting->arena);
	char id[GIT_OID_HEXSZ + 1];
	const char *name;
	size_t kept = 0;
	git_oid at;

	if (git_reference_iterator_glob_new(&iterator, rewriting->history->repository,
			HISTORY_HOSTS "*") < 0)
		return count;
	while (git_reference_next_name(&name, iterator) == 0) {
		if (git_reference_name_to_id(&at, rewriting->history->repository, name) == 0)
			value_set_bool(rewriting->arena, had, git_oid_tostr(id, sizeof(id), &at), true);
	}
	git_reference_iterator_free(iterator);
	for (size_t i = 0; i < count; i++) {
		if (i < keep || value_get(had, git_oid_tostr(id, sizeof(id), &ids[i])))
			ids[kept++] = ids[i];
	}
	return kept;
}

static int rewrite_all(struct rewriting *rewriting, const git_oid *ids, size_t count)
{
	git_commit *parent = NULL;
	git_reference *made = NULL;
	int result = 0;

	for (size_t i = count; result == 0 && i-- > 0;)
		result = rewrite_run(rewriting, &ids[i], &parent);
	if (result == 0 && parent)
		result = git_reference_create(&made, rewriting->fresh, HISTORY_RUNS,
			git_commit_id(parent), 1, "rewritten");
	if (result == 0)
		result = git_reference_foreach_name(rewriting->history->repository, copy_ref, rewriting);
	git_reference_free(made);
	git_commit_free(parent);
	return result;
}

static int take_place(struct history *history, const char *fresh, struct error *err)
{
	char path[4200], old[4200];

	snprintf(path, sizeof(path), "%.4000s/history.git", history->folder);
	snprintf(old, sizeof(old), "%.4000s/history.old", history->folder);
	remove_tree(old);
	git_repository_free(history->repository);
	history->repository = NULL;
	if (rename(path, old) < 0)
		return error_errno(err, HISTORY_NOT_WRITTEN, "cannot replace '%s'", path);
	if (rename(fresh, path) < 0) {
		error_errno(err, HISTORY_NOT_WRITTEN, "cannot replace '%s'", path);
		if (rename(old, path) < 0)
			error_remedy(err, "the history is now in '%s'", old);
		return -1;
	}
	remove_tree(old);
	if (git_repository_open_bare(&history->repository, path) < 0)
		return history_failed(err, "cannot open the history");
	return 0;
}

static int rewrite(struct rewriting *rewriting, size_t keep, size_t *ret_runs, struct error *err)
{
	struct history *history = rewriting->history;
	git_repository_init_options options;
	char fresh[4200];
	git_oid *ids;
	size_t count;
	int result;

	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
	options.mode = 0700;
	options.initial_head = "runs";
	snprintf(fresh, sizeof(fresh), "%.4000s/history.new", history->folder);
	rewriting->renamed = value_map(rewriting->arena);
	history_lock(history);
	remove_tree(fresh);
	result = history_walk(history, rewriting->arena, &ids, &count);
	if (result == 0 && keep > 0)
		count = choose(rewriting, ids, count, keep);
	if (result == 0)
		result = git_repository_init_ext(&rewriting->fresh, fresh, &options);
	if (result == 0)
		result = rewrite_all(rewriting, ids, count);
	git_repository_free(rewriting->fresh);
	*ret_runs = count;
	if (result < 0)
		history_failed(err, "cannot rewrite the history");
	else
		result = take_place(history, fresh, err);
	history_unlock(history);
	return result < 0 ? -1 : 0;
}

int history_rewrite(struct history *history, size_t keep, const char *path, size_t *ret_runs,
	struct error *err)
{
	struct rewriting rewriting = { .history = history, .arena = arena_new(), .path = path };
	int result = rewrite(&rewriting, keep, ret_runs, err);

	arena_free(rewriting.arena);
	return result;
}

int history_mend(struct history *history, history_mend_run *mend, void *context, struct error *err)
{
	struct rewriting rewriting = { .history = history, .arena = arena_new(), .mend = mend,
		.context = context };
	size_t count;
	int result = rewrite(&rewriting, 0, &count, err);

	arena_free(rewriting.arena);
	return result;
}

int history_forget(struct history *history, const char *host, struct error *err)
{
	struct rewriting rewriting = { .history = history, .arena = arena_new(), .host = host };
	size_t count;
	int result = rewrite(&rewriting, 0, &count, err);

	arena_free(rewriting.arena);
	if (result < 0 || rewriting.found)
		return result;
	error_set(err, HISTORY_UNKNOWN_RUN, "the history has no host '%s'", host);
	return error_remedy(err, "see them with beoplay log");
}
