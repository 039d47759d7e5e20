/* history: the runs of a project, in a bare git repository of beoplay's own. */
#include "base/buffer.h"
#include "history/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* In place of Mbed TLS's own, which libgit2 calls at its start to parse all certificates of the machine:
 * that takes milliseconds, and the history is never fetched from anywhere. Where libgit2 uses another
 * TLS library, this is never called. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);
int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
	(void)chain;
	(void)path;
	return 0;
}

/* Opening any repository reads these, too. */
static void leave_out_users(void)
{
	static const git_config_level_t levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
		GIT_CONFIG_LEVEL_GLOBAL };

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
}

void history_start(void)
{
	static bool started;

	if (started)
		return;
	git_libgit2_init();
	if (!revision_users_safe())
		leave_out_users();
	started = true;
}

int history_failed(struct error *err, const char *what)
{
	const git_error *said = git_error_last();

	error_set(err, HISTORY_GIT, "%s: %s", what, said && said->message ? said->message
		: "libgit2 doesn't say why");
	if (said && said->message && strstr(said->message, "safe.directory"))
		error_remedy(err, "the history belongs to another user: run as that one, or move it away");
	return -1;
}

/* --- The repository --- */

void history_write_ignore(int folder)
{
	int fd = openat(folder, ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);

	if (fd >= 0 && write(fd, "*\n", 2) == 2)
		close(fd);
	else if (fd >= 0)
		close(fd);
}

static int create(int folder, const char *path, git_repository **ret_repository, struct error *err)
{
	git_repository_init_options options;
	mode_t mask = umask(077);
	int result;

	history_write_ignore(folder);
	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
	options.mode = 0700;
	options.initial_head = "runs";
	result = git_repository_init_ext(ret_repository, path, &options);
	umask(mask);
	return result < 0 ? history_failed(err, "cannot make the history") : 0;
}

static int open_repository(int folder, const char *path, bool make,
	git_repository **ret_repository, struct error *err)
{
	int result;

	history_start();
	result = git_repository_open_bare(ret_repository, path);
	if (result == GIT_ENOTFOUND)
		return make ? create(folder, path, ret_repository, err) : 0;
	return result < 0 ? history_failed(err, "cannot open the history") : 0;
}

int history_open(const char *project, bool make, struct history **ret_history,
	struct error *err)
{
	char folder[4096], path[4200];
	git_repository *repository = NULL;
	int fd, lock = -1;
	int result = history_folder(project, make, folder, sizeof(folder), &fd, err);

	*ret_history = NULL;
	if (result < 0 || fd < 0)
		return result;
	snprintf(path, sizeof(path), "%s/history.git", folder);
	result = open_repository(fd, path, make, &repository, err);
	if (result == 0 && repository && run_check_version(repository, err) < 0) {
		git_repository_free(repository);
		repository = NULL;
		result = -1;
	}
	if (result == 0 && make)
		lock = history_lock_file(fd, err);
	close(fd);
	if (result == 0 && make && lock < 0) {
		git_repository_free(repository);
		result = -1;
	}
	if (result < 0 || !repository)
		return result;
	*ret_history = calloc(1, sizeof(**ret_history));
	if (!*ret_history)
		abort();
	**ret_history = (struct history){ .repository = repository, .folder = strdup(folder),
		.lock = lock };
	return 0;
}

void history_close(struct history *history)
{
	if (!history)
		return;
	if (history->lock >= 0)
		close(history->lock);
	git_repository_free(history->repository);
	free((char *)(uintptr_t)history->folder);
	free(history);
}

/* --- Writing a run --- */

static void set_sealed(git_repository *repository, const git_oid *commit)
{
	git_reference *moved = NULL;
	mode_t mask = umask(077);

	git_reference_create(&moved, repository, HISTORY_SEALED, commit, 1, "sealed");
	git_reference_free(moved);
	umask(mask);
}

/* A sealed run on top of one up to which all are sealed. */
static void keep_sealed(git_repository *repository, const git_oid *parent, const git_oid *commit)
{
	git_oid sealed;

	if (!parent || (git_reference_name_to_id(&sealed, repository, HISTORY_SEALED) == 0
			&& git_oid_equal(&sealed, parent)))
		set_sealed(repository, commit);
}

/* The run on top of the last one. */
static int commit_run(struct history *history, struct arena *arena, struct history_run *run,
	const struct record *record, git_oid *ret_commit)
{
	git_repository *repository = history->repository;
	git_commit *parent = NULL;
	git_signature *signature = NULL;
	git_tree *tree = NULL;
	git_reference *moved = NULL;
	git_oid head, tree_id;
	const git_commit *parents[1];
	struct history_run last = {0};
	bool first = git_reference_name_to_id(&head, repository, HISTORY_RUNS) < 0;
	int result = 0;

	if (!first)
		result = git_commit_lookup(&parent, repository, &head);
	if (result == 0 && parent && run_read(repository, arena, parent, &last, NULL) < 0)
		last.number = 0;
	run->number = last.number + 1;
	parents[0] = parent;
	if (result == 0)
		result = run_write(repository, arena, run, record, parent, &tree_id);
	if (result == 0)
		result = git_tree_lookup(&tree, repository, &tree_id);
	if (result == 0)
		result = git_signature_new(&signature, run->who, run->who, run->time, 0);
	if (result == 0)
		result = git_commit_create(ret_commit, repository, NULL, signature, signature, "UTF-8",
			arena_printf(arena, "run %lld: %s\n", (long long)run->number, run->playbook), tree,
			parent ? 1 : 0, parents);
	if (result == 0 && first)
		result = git_reference_create(&moved, repository, HISTORY_RUNS, ret_commit, 0, "run");
	else if (result == 0)
		result = git_reference_create_matching(&moved, repository, HISTORY_RUNS, ret_commit, 1,
			&head, "run");
	if (result == 0 && value_get_string(run->how, "key"))
		keep_sealed(repository, first ? NULL : &head, ret_commit);
	git_reference_free(moved);
	git_signature_free(signature);
	git_tree_free(tree);
	git_commit_free(parent);
	return result;
}

/* A name of a host as part of the name of a reference: what git refuses is written %HH. */
const char *history_host_ref(struct arena *arena, const char *host)
{
	struct buffer name = {0};
	const char *kept;

	buffer_add_string(&name, HISTORY_HOSTS);
	for (const char *at = host; *at; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '-'
			|| (*at >= '0' && *at <= '9') || *at == '_' || (*at == '.' && at != host && at[1]
			&& at[1] != '.');

		if (plain)
			buffer_add_char(&name, *at);
		else
			buffer_printf(&name, "%%%02X", (unsigned char)*at);
	}
	kept = arena_bytes(arena, name.data, name.size);
	buffer_free(&name);
	return kept;
}

static int move_hosts(struct history *history, struct arena *arena, const struct history_run *run,
	const git_oid *commit)
{
	for (size_t i = 0; i < run->hosts->count; i++) {
		const char *state = value_get_string(run->hosts->pairs[i].value, "state");
		git_reference *moved = NULL;

		if (!state || strcmp(state, "done") != 0)
			continue;
		if (git_reference_create(&moved, history->repository, history_host_ref(arena,
				run->hosts->pairs[i].key), commit, 1, "run") < 0)
			return -1;
		git_reference_free(moved);
	}
	return 0;
}

/* Of a writer that was killed: with our lock nobody else writes, and git would wait for it for
 * ever. */
static void remove_stale(const struct history *history, const char *below)
{
	char path[4300];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/history.git/%s", history->folder, below);
	directory = history->lock >= 0 ? opendir(path) : NULL;
	while (directory && (entry = readdir(directory))) {
		size_t size = strlen(entry->d_name);

		if (size > 5 && strcmp(entry->d_name + size - 5, ".lock") == 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}

void history_lock(struct history *history)
{
	history->mask = umask(077);
	while (history->lock >= 0 && flock(history->lock, LOCK_EX) < 0 && errno == EINTR)
		;
	remove_stale(history, "refs");
	remove_stale(history, "refs/heads");
	remove_stale(history, "refs/hosts");
}

void history_unlock(struct history *history)
{
	if (history->lock >= 0)
		flock(history->lock, LOCK_UN);
	umask(history->mask);
}

int history_add(struct history *history, struct arena *arena, struct history_run *run,
	const struct record *record, struct error *err)
{
	char id[GIT_OID_HEXSZ + 1];
	git_oid commit;
	int result;

	/* One at a time; that the branch moves by compare and swap guards against others than us. */
	history_lock(history);
	result = commit_run(history, arena, run, record, &commit);
	if (result == 0)
		result = move_hosts(history, arena, run, &commit);
	history_unlock(history);
	if (result < 0)
		return history_failed(err, "cannot write the run into the history");
	git_oid_tostr(id, sizeof(id), &commit);
	run->id = arena_string(arena, id);
	return 0;
}

/* --- Reading --- */

/* ret_walk NULL: there are no runs. until: a reference, older than all that are wanted; or NULL. */
static int begin_walk(struct history *history, const char *until, git_revwalk **ret_walk)
{
	int result = git_revwalk_new(ret_walk, history->repository);

	if (result == 0 && git_revwalk_push_ref(*ret_walk, HISTORY_RUNS) < 0) {
		git_revwalk_free(*ret_walk);
		*ret_walk = NULL;
	}
	/* Without such a reference all count. */
	if (result == 0 && *ret_walk && until)
		git_revwalk_hide_ref(*ret_walk, until);
	return result;
}

int history_walk(struct history *history, struct arena *arena, git_oid **ret_ids,
	size_t *ret_count)
{
	git_oid *ids = NULL, id;
	size_t count = 0, capacity = 0;
	git_revwalk *walk = NULL;
	int result = begin_walk(history, NULL, &walk);

	while (result == 0 && walk && git_revwalk_next(&id, walk) == 0) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 32;
			ids = arena_grow(arena, ids, count * sizeof(*ids), capacity * sizeof(*ids));
		}
		ids[count++] = id;
	}
	git_revwalk_free(walk);
	*ret_ids = ids;
	*ret_count = count;
	return result;
}

static int read_one(struct history *history, struct arena *arena, const git_oid *id,
	struct history_run *ret_run, struct record **ret_record)
{
	git_commit *commit = NULL;
	int result = git_commit_lookup(&commit, history->repository, id);

	if (result == 0)
		result = run_read(history->repository, arena, commit, ret_run, ret_record);
	git_commit_free(commit);
	return result;
}

/* What can't be read is left out. */
static int read_runs(struct history *history, struct arena *arena, const char *until, size_t most,
	struct history_run **ret_runs, size_t *ret_count, struct error *err)
{
	struct history_run *runs = NULL;
	size_t count = 0, capacity = 0;
	git_revwalk *walk = NULL;
	git_oid id;

	*ret_count = 0;
	if (begin_walk(history, until, &walk) < 0)
		return history_failed(err, "cannot read the history");
	while (walk && (most == 0 || count < most) && git_revwalk_next(&id, walk) == 0) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 4;
			runs = arena_grow(arena, runs, count * sizeof(*runs), capacity * sizeof(*runs));
		}
		count += read_one(history, arena, &id, &runs[count], NULL) == 0;
	}
	git_revwalk_free(walk);
	*ret_runs = runs;
	*ret_count = count;
	return 0;
}

int history_runs(struct history *history, struct arena *arena, size_t most,
	struct history_run **ret_runs, size_t *ret_count, struct error *err)
{
	return read_runs(history, arena, NULL, most, ret_runs, ret_count, err);
}

int history_unsealed(struct history *history, struct arena *arena, struct history_run **ret_runs,
	size_t *ret_count, struct error *err)
{
	git_oid newest, sealed;
	size_t count, kept = 0;

	*ret_count = 0;
	if (git_reference_name_to_id(&newest, history->repository, HISTORY_RUNS) < 0
			|| (git_reference_name_to_id(&sealed, history->repository, HISTORY_SEALED) == 0
			&& git_oid_equal(&newest, &sealed)))
		return 0;
	if (read_runs(history, arena, HISTORY_SEALED, 0, ret_runs, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!value_get_string((*ret_runs)[i].how, "key"))
			(*ret_runs)[kept++] = (*ret_runs)[i];
	}
	if (kept == 0)
		set_sealed(history->repository, &newest);
	*ret_count = kept;
	return 0;
}

static bool is_called(const struct history_run *run, const char *revision)
{
	size_t size = strlen(revision);
	char *end;
	long long number = strtoll(revision, &end, 10);

	if (size > 0 && !*end && number == run->number)
		return true;
	return strcmp(run->run, revision) == 0
		|| (size >= 4 && strncasecmp(run->id, revision, size) == 0);
}

int history_load(struct history *history, struct arena *arena, const char *revision,
	struct history_run *ret_run, struct record **ret_record, struct error *err)
{
	size_t count;
	git_oid *ids;

	if (history_walk(history, arena, &ids, &count) < 0)
		return history_failed(err, "cannot read the history");
	for (size_t i = 0; i < count; i++) {
		if (read_one(history, arena, &ids[i], ret_run, NULL) < 0 || !is_called(ret_run, revision))
			continue;
		if (read_one(history, arena, &ids[i], ret_run, ret_record) < 0)
			return history_failed(err, "cannot read that run");
		return 0;
	}
	error_set(err, HISTORY_UNKNOWN_RUN, "the history has no run '%s'", revision);
	return error_remedy(err, "beoplay log lists them");
}
