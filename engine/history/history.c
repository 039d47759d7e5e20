/* history: the runs of a project, in a bare git repository of beoplay's own. */
#include "history/history.h"

#include "base/buffer.h"
#include "base/quote.h"
#include "text/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNS "refs/heads/runs"

enum { RUN_MOST = 16 << 20 };

struct history {
	git_repository *repository;
	int lock;                  /* a descriptor; held while a run is added */
};

static int failed(struct error *err, const char *what)
{
	const git_error *said = git_error_last();

	error_set(err, ERROR_BUG, "%s: %s", what, said && said->message ? said->message
		: "libgit2 doesn't say why");
	if (said && strstr(said->message, "safe.directory"))
		error_remedy(err, "the history belongs to another user: run as that one, or move it away");
	return -1;
}

/* --- The repository --- */

static int make_directory(const char *path, struct error *err)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, ERROR_BUG, "cannot make '%s'", path);
	return 0;
}

/* So that the user's own repository doesn't take it in. */
static void write_ignore(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, "*\n", 2) == 2)
		close(fd);
	else if (fd >= 0)
		close(fd);
}

static int create(const char *folder, const char *path, git_repository **ret_repository,
	struct error *err)
{
	git_repository_init_options options;
	char ignore[4200];

	if (make_directory(folder, err) < 0)
		return -1;
	snprintf(ignore, sizeof(ignore), "%s/.gitignore", folder);
	write_ignore(ignore);
	git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
	options.mode = 0700;
	options.initial_head = "runs";
	if (git_repository_init_ext(ret_repository, path, &options) < 0)
		return failed(err, "cannot make the history");
	return 0;
}

int history_open(const char *directory, bool make, struct history **ret_history,
	struct error *err)
{
	char folder[4096], path[4200];
	git_repository *repository = NULL;
	int result;

	*ret_history = NULL;
	if (snprintf(folder, sizeof(folder), "%s/.beoplay", directory) >= (int)sizeof(folder))
		return error_set(err, ERROR_BUG, "the path '%s' is too long", directory);
	snprintf(path, sizeof(path), "%s/history.git", folder);
	git_libgit2_init();
	result = git_repository_open_bare(&repository, path);
	if (result == GIT_ENOTFOUND && make)
		result = create(folder, path, &repository, err);
	else if (result == GIT_ENOTFOUND)
		result = 0;
	else if (result < 0)
		result = failed(err, "cannot open the history");
	if (result < 0 || !repository) {
		git_libgit2_shutdown();
		return result;
	}
	*ret_history = calloc(1, sizeof(**ret_history));
	if (!*ret_history)
		abort();
	(*ret_history)->repository = repository;
	snprintf(path, sizeof(path), "%s/lock", folder);
	(*ret_history)->lock = make ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	return 0;
}

void history_close(struct history *history)
{
	if (!history)
		return;
	if (history->lock >= 0)
		close(history->lock);
	git_repository_free(history->repository);
	git_libgit2_shutdown();
	free(history);
}

/* --- Writing a run --- */

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

static void add_text(struct buffer *out, const char *key, const char *text)
{
	buffer_printf(out, "%s: ", key);
	quote_yaml(out, text ? text : "", strlen(text ? text : ""));
	buffer_add_char(out, '\n');
}

static char *describe(struct arena *arena, const struct history_run *run,
	const struct source_file *files, size_t count)
{
	struct buffer out = {0};
	char *text;

	buffer_printf(&out, "number: %lld\n", (long long)run->number);
	add_text(&out, "run", run->run);
	add_text(&out, "playbook", run->playbook);
	add_text(&out, "who", run->who);
	buffer_printf(&out, "time: %lld\n", (long long)run->time);
	buffer_printf(&out, "hosts:%s\n", run->hosts->count > 0 ? "" : " {}");
	for (size_t i = 0; i < run->hosts->count; i++) {
		const struct value *host = run->hosts->pairs[i].value;

		buffer_add_string(&out, "  ");
		quote_yaml(&out, run->hosts->pairs[i].key, strlen(run->hosts->pairs[i].key));
		buffer_printf(&out, ": {state: %s, changed: %lld}\n", value_get_string(host, "state"),
			(long long)value_get_integer(host, "changed", 0));
	}
	buffer_printf(&out, "files:%s\n", count > 0 ? "" : " []");
	for (size_t i = 0; i < count; i++) {
		add_text(&out, "  - path", files[i].path);
		add_text(&out, "    in", place_of(arena, files[i].path, i));
	}
	text = arena_bytes(arena, out.data, out.size);
	buffer_free(&out);
	return text;
}

static int add_blob(struct history *history, git_index *index, const char *path,
	const void *bytes, size_t size)
{
	git_index_entry entry = { .mode = GIT_FILEMODE_BLOB, .path = path };

	if (git_blob_create_from_buffer(&entry.id, history->repository, bytes, size) < 0)
		return -1;
	return git_index_add(index, &entry);
}

static int write_tree(struct history *history, struct arena *arena,
	const struct history_run *run, struct source *source, git_oid *ret_tree)
{
	size_t count;
	const struct source_file *files = source_files(source, &count);
	const char *about = describe(arena, run, files, count);
	git_index *index = NULL;
	int result = git_index_new(&index);

	if (result == 0)
		result = add_blob(history, index, "run.yml", about, strlen(about));
	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_blob(history, index, place_of(arena, files[i].path, i), files[i].bytes,
			files[i].size);
	if (result == 0)
		result = git_index_write_tree_to(ret_tree, index, history->repository);
	git_index_free(index);
	return result;
}

static int read_run(struct history *history, struct arena *arena, git_commit *commit,
	struct history_run *ret_run)
{
	struct error ignored = {0};
	git_tree *tree = NULL;
	git_blob *blob = NULL;
	struct value *root = NULL;
	int result = git_commit_tree(&tree, commit);

	if (result == 0)
		result = git_blob_lookup(&blob, history->repository,
			git_tree_entry_byname(tree, "run.yml")
			? git_tree_entry_id(git_tree_entry_byname(tree, "run.yml")) : git_commit_id(commit));
	if (result == 0 && git_blob_rawsize(blob) < RUN_MOST)
		result = tree_parse(arena, "run.yml", git_blob_rawcontent(blob),
			(size_t)git_blob_rawsize(blob), &root, &ignored);
	git_blob_free(blob);
	git_tree_free(tree);
	if (result < 0 || !root || !value_get_integer(root, "number", 0))
		return -1;
	*ret_run = (struct history_run){
		.number = value_get_integer(root, "number", 0),
		.run = value_get_string(root, "run"),
		.playbook = value_get_string(root, "playbook"),
		.who = value_get_string(root, "who"),
		.time = value_get_integer(root, "time", 0),
		.hosts = value_get(root, "hosts"),
	};
	return 0;
}

static int commit_run(struct history *history, struct arena *arena, struct history_run *run,
	struct source *source, git_oid *ret_commit)
{
	git_commit *parent = NULL;
	git_signature *signature = NULL;
	git_tree *tree = NULL;
	git_oid head, tree_id;
	const git_commit *parents[1];
	struct history_run last = {0};
	bool first = git_reference_name_to_id(&head, history->repository, RUNS) < 0;
	git_reference *moved = NULL;
	int result = 0;

	if (!first)
		result = git_commit_lookup(&parent, history->repository, &head);
	if (result == 0 && parent && read_run(history, arena, parent, &last) < 0)
		last.number = 0;
	run->number = last.number + 1;
	parents[0] = parent;
	if (result == 0)
		result = write_tree(history, arena, run, source, &tree_id);
	if (result == 0)
		result = git_tree_lookup(&tree, history->repository, &tree_id);
	if (result == 0)
		result = git_signature_new(&signature, run->who, run->who, run->time, 0);
	if (result == 0)
		result = git_commit_create(ret_commit, history->repository, NULL, signature, signature,
			"UTF-8", arena_printf(arena, "run %lld: %s\n", (long long)run->number,
			run->playbook), tree, parent ? 1 : 0, parents);
	if (result == 0 && first)
		result = git_reference_create(&moved, history->repository, RUNS, ret_commit, 0, "run");
	else if (result == 0)
		result = git_reference_create_matching(&moved, history->repository, RUNS, ret_commit, 1,
			&head, "run");
	git_reference_free(moved);
	git_signature_free(signature);
	git_tree_free(tree);
	git_commit_free(parent);
	return result;
}

/* A name of a host as part of the name of a reference: what git refuses is written %HH. */
static const char *host_ref(struct arena *arena, const char *host)
{
	struct buffer name = {0};
	const char *kept;

	buffer_add_string(&name, "refs/hosts/");
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
		if (git_reference_create(&moved, history->repository, host_ref(arena,
				run->hosts->pairs[i].key), commit, 1, "run") < 0)
			return -1;
		git_reference_free(moved);
	}
	return 0;
}

int history_add(struct history *history, struct history_run *run, struct source *source,
	struct error *err)
{
	struct arena *arena = arena_new();
	git_oid commit;
	int result;

	/* One at a time; that the branch moves by compare and swap guards against others than us. */
	while (history->lock >= 0 && flock(history->lock, LOCK_EX) < 0 && errno == EINTR)
		;
	result = commit_run(history, arena, run, source, &commit);
	if (result == 0)
		result = move_hosts(history, arena, run, &commit);
	if (history->lock >= 0)
		flock(history->lock, LOCK_UN);
	arena_free(arena);
	return result < 0 ? failed(err, "cannot write the run into the history") : 0;
}

/* --- Reading --- */

int history_runs(struct history *history, struct arena *arena, size_t most,
	struct history_run **ret_runs, size_t *ret_count, struct error *err)
{
	struct history_run *runs = NULL;
	size_t count = 0, capacity = 0;
	git_revwalk *walk = NULL;
	git_oid id;
	int result = git_revwalk_new(&walk, history->repository);

	if (result == 0 && git_revwalk_push_ref(walk, RUNS) < 0) {
		git_revwalk_free(walk);
		*ret_count = 0;
		return 0;
	}
	while (result == 0 && (most == 0 || count < most) && git_revwalk_next(&id, walk) == 0) {
		git_commit *commit = NULL;

		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 32;
			runs = arena_grow(arena, runs, count * sizeof(*runs), capacity * sizeof(*runs));
		}
		result = git_commit_lookup(&commit, history->repository, &id);
		if (result == 0 && read_run(history, arena, commit, &runs[count]) == 0)
			count++;
		git_commit_free(commit);
	}
	git_revwalk_free(walk);
	*ret_runs = runs;
	*ret_count = count;
	return result < 0 ? failed(err, "cannot read the history") : 0;
}
