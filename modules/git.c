/* git: a directory is a checkout of a repository, at a commit. */
#include "modules/errors.h"
#include "modules/shared/guard.h"

#include <string.h>

enum git_step { GIT_CLONE, GIT_URL, GIT_UPDATE, GIT_REMOVE };
enum { GIT_SECONDS = 3600, COMMIT_DIGITS = 40 };

struct git_params {
	char *repo, *dest, *version, *remote, *key_file, *ssh_opts, *refspec;
	bool force, update, clone, recursive, accept_hostkey, single_branch;
	int depth;
	/* Internal, of an undo: */
	char *undo;              /* "clone" or "update"; NULL: none */
	char *commit, *branch;   /* of update, that come back; branch "": none */
	char *made;              /* the highest directory that was made for it */
};

struct git_state {
	struct file_info dest;
	bool empty;              /* a directory with nothing in it */
	bool checkout;           /* it is one already */
	bool changed;            /* files of the repository were changed there */
	bool own;                /* it has commits that nothing of the repository leads to */
	bool more;               /* there is something that isn't the repository's */
	const char *commit, *branch;     /* that is there; branch "": none */
	const char *url;
	const char *wanted;      /* the commit; NULL: nobody has asked */
	const char *wanted_branch;       /* "": it isn't one */
	const char *missing;     /* the highest directory of dest that isn't there */
	struct guard_refusal refusal;
};

static const struct param git_table[] = {
	{ .name = "repo", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "the repository's URL or path, as git "
		"takes it", .alias = "name", .into = INTO_TEXT(struct git_params, repo) },
	{ .name = "dest", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "the directory",
		.into = INTO_TEXT(struct git_params, dest) },
	{ .name = "version", .kind = PARAM_STRING, .otherwise = "HEAD", .doc = "a branch, a tag, or a commit by all of its "
		"40 digits", .into = INTO_TEXT(struct git_params, version) },
	{ .name = "update", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "no: a checkout that is there stays as it is",
		.flags = PARAM_ASIDE, .into = INTO_BOOL(struct git_params, update) },
	{ .name = "clone", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "no: only what is there is updated",
		.into = INTO_BOOL(struct git_params, clone) },
	{ .name = "force", .kind = PARAM_BOOL, .otherwise = "no", .doc = "throw away what was changed in files of the "
		"repository", .into = INTO_BOOL(struct git_params, force) },
	{ .name = "depth", .kind = PARAM_INTEGER, .otherwise = "0", .doc = "how many commits come along; 0: all",
		.flags = PARAM_ASIDE, .into = INTO_NUMBER(struct git_params, depth) },
	{ .name = "single_branch", .kind = PARAM_BOOL, .otherwise = "no", .doc = "only the history of this version",
		.flags = PARAM_ASIDE, .into = INTO_BOOL(struct git_params, single_branch) },
	{ .name = "recursive", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "its submodules, too",
		.flags = PARAM_ASIDE, .into = INTO_BOOL(struct git_params, recursive) },
	{ .name = "remote", .kind = PARAM_STRING, .otherwise = "origin", .doc = "the name that the repository has there",
		.into = INTO_TEXT(struct git_params, remote) },
	{ .name = "refspec", .kind = PARAM_STRING, .doc = "what else is fetched, as refs/pull/*:refs/heads/*",
		.into = INTO_TEXT(struct git_params, refspec) },
	{ .name = "key_file", .kind = PARAM_PATH, .doc = "the private key for ssh, on the host", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct git_params, key_file) },
	{ .name = "ssh_opts", .kind = PARAM_STRING, .doc = "more options for ssh", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct git_params, ssh_opts) },
	{ .name = "accept_hostkey", .kind = PARAM_BOOL, .otherwise = "no", .doc = "believe any server: its key is neither "
		"compared nor kept", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct git_params, accept_hostkey) },
	{ .name = "undo", .kind = PARAM_STRING, .doc = "what is undone", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct git_params, undo) },
	{ .name = "commit", .kind = PARAM_STRING, .doc = "the commit before", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct git_params, commit) },
	{ .name = "branch", .kind = PARAM_STRING, .doc = "the branch before", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct git_params, branch) },
	{ .name = "made", .kind = PARAM_PATH, .doc = "the highest directory that it made", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct git_params, made) },
	{ .name = "accept_newhostkey", .kind = PARAM_BOOL, .doc = "keep keys of new servers", .flags = PARAM_NOT_YET },
	{ .name = "bare", .kind = PARAM_BOOL, .doc = "without files", .flags = PARAM_NOT_YET },
	{ .name = "verify_commit", .kind = PARAM_BOOL, .doc = "check signatures", .flags = PARAM_NOT_YET },
	{ .name = "gpg_allowlist", .kind = PARAM_LIST, .doc = "whose", .flags = PARAM_NOT_YET },
	{ .name = "separate_git_dir", .kind = PARAM_PATH, .doc = "where .git is", .flags = PARAM_NOT_YET },
	{ .name = "reference", .kind = PARAM_STRING, .doc = "share objects", .flags = PARAM_NOT_YET },
	{ .name = "track_submodules", .kind = PARAM_BOOL, .doc = "newest of submodules", .flags = PARAM_NOT_YET },
	{ .name = "umask", .kind = PARAM_STRING, .doc = "of new files", .flags = PARAM_NOT_YET },
	{ .name = "executable", .kind = PARAM_PATH, .doc = "another git", .flags = PARAM_NOT_YET },
	{ .name = "archive", .kind = PARAM_PATH, .doc = "an archive of it", .flags = PARAM_NOT_YET },
	{ 0 },
};

/* --- The controller --- */

static int git_check(const struct value *params, struct error *err)
{
	static const char *const words[] = { "repo", "version", "remote", "refspec" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct value *word = value_get(params, words[i]);

		if (value_text(word) && (!*word->text || *word->text == '-' || strpbrk(word->text, "\n\r")))
			return error_at(err, TASK_INVALID_VALUE, word->place, "'%s' is no %s of git", word->text, words[i]);
	}
	return 0;
}

static void git_resources(struct names *names, const void *params)
{
	names_add(names, "git:%s", ((const struct git_params *)params)->dest);
}

/* --- Running git --- */

/* It asks nobody anything, and while it only looks it writes nothing. */
static const char *const *surroundings(struct arena *arena, const struct git_params *want)
{
	const char **environment = arena_array(arena, 5, sizeof(*environment));
	const char *key = "", *slash = strrchr(want->dest, '/');

	if (want->key_file)
		key = arena_printf(arena, " -o IdentitiesOnly=yes -i '%s'", want->key_file);
	environment[0] = "GIT_TERMINAL_PROMPT=0";
	environment[1] = "GIT_OPTIONAL_LOCKS=0";
	environment[2] = arena_printf(arena, "GIT_SSH_COMMAND=ssh -o BatchMode=yes%s%s%s%s", want->accept_hostkey
		? " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null" : "", key, want->ssh_opts ? " " : "",
		want->ssh_opts ? want->ssh_opts : "");
	/* A checkout that was broken off isn't taken for a part of one above it. */
	environment[3] = arena_printf(arena, "GIT_CEILING_DIRECTORIES=%.*s", slash ? (int)(slash - want->dest) : 0,
		want->dest);
	return environment;
}

static int git_failed(struct arena *arena, const struct git_params *want, const struct command_result *told,
	struct error *err)
{
	error_set(err, GIT_FAILED, "'%s' in '%s': %s", want->repo, want->dest, command_last_words(arena, told));
	if (told->status == 127)
		return error_remedy(err, "install git with an apt-packages task");
	if (strstr(told->errors, "dubious ownership"))
		return error_remedy(err, "let the task become the user whom '%s' belongs to (become_user)", want->dest);
	if (strstr(told->errors, "Host key verification failed"))
		return error_remedy(err, "write the server's key into known_hosts, or say accept_hostkey: yes");
	return error_remedy(err, "try it on the host, as the same user");
}

/* sh runs it: where there is no git it says so. Words end with NULL. */
static int run_git(struct host *host, const struct git_params *want, bool looks, const char *const *words,
	struct command_result *told, struct error *err)
{
	const char *argv[24] = { "sh", "-c", "exec \"$@\"", "sh", "git" };
	const struct command command = { .argv = argv, .environment = surroundings(host_arena(host), want),
		.flags = COMMAND_ANY_STATUS, .timeout = looks ? 120 : GIT_SECONDS };

	for (size_t i = 0; words[i] && i < 18; i++)
		argv[5 + i] = words[i];
	if ((looks ? host_look(host, &command, told, err) : host_run(host, &command, told, err)) < 0)
		return -1;
	return told->status == 0 ? 0 : git_failed(host_arena(host), want, told, err);
}

#define GIT(...) (const char *const[]){ __VA_ARGS__, NULL }

static int there(struct host *host, const struct git_params *want, const char *const *words, struct error *err)
{
	const char *all[20] = { "-C", want->dest };
	struct command_result told;
	size_t count = 2;

	for (size_t i = 0; words[i]; i++) {
		if (*words[i])
			all[count++] = words[i];
	}
	return run_git(host, want, false, all, &told, err);
}

/* --- Looking --- */

static const char looking[] = "cd -- \"$1\" && git rev-parse --git-dir >/dev/null || exit\n"
	"git rev-parse -q --verify HEAD || echo\n"
	"git symbolic-ref -q --short HEAD || echo\n"
	"git config --get \"remote.$2.url\" || echo\n"
	"git status --porcelain --ignored --untracked-files=normal --ignore-submodules=none\n"
	/* What only this checkout has. */
	"git rev-list -1 HEAD --branches --not --remotes --tags | sed 's/^/!c /'\n"
	"git stash list | sed 's/^/!! /'\n";

static const char *take_line(struct arena *arena, const char **at)
{
	size_t size = strcspn(*at, "\n");
	const char *line = arena_bytes(arena, *at, size);

	*at += size + ((*at)[size] == '\n');
	return line;
}

static int look_at_checkout(struct host *host, const struct git_params *want, struct git_state *have,
	struct error *err)
{
	const char *const argv[] = { "sh", "-c", looking, "sh", want->dest, want->remote, NULL };
	struct arena *arena = host_arena(host);
	const struct command command = { .argv = argv, .environment = surroundings(arena, want),
		.flags = COMMAND_ANY_STATUS, .timeout = 120 };
	struct command_result told;
	const char *at;

	if (host_look(host, &command, &told, err) < 0)
		return -1;
	if (told.status != 0)
		return git_failed(arena, want, &told, err);
	at = told.output;
	have->commit = take_line(arena, &at);
	have->branch = take_line(arena, &at);
	have->url = take_line(arena, &at);
	while (*at) {
		const char *line = take_line(arena, &at);

		have->own = have->own || strncmp(line, "!c", 2) == 0;
		have->more = have->more || have->own || strncmp(line, "??", 2) == 0 || strncmp(line, "!!", 2) == 0;
		have->changed = have->changed || !strchr("?!", *line);
	}
	return 0;
}

static int look_at_dest(struct host *host, const struct git_params *want, struct git_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct file_name *names;
	struct file_info info;
	size_t count = 0;
	char *path = arena_string(arena, want->dest);

	have->commit = have->branch = have->url = have->wanted_branch = "";
	if (host_stat(host, want->dest, &have->dest, err) < 0)
		return -1;
	for (info = have->dest; info.kind == FILE_NONE && strlen(path) > 1;) {
		have->missing = arena_string(arena, path);
		*strrchr(path, '/') = '\0';
		if (*path && host_stat(host, path, &info, err) < 0)
			return -1;
	}
	if (have->dest.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, want->dest, &names, &count, err) < 0
			|| host_stat(host, arena_printf(arena, "%s/.git", want->dest), &info, err) < 0)
		return -1;
	have->empty = count == 0;
	have->checkout = info.kind != FILE_NONE;
	return have->checkout ? look_at_checkout(host, want, have, err) : 0;
}

static bool is_commit(const char *version)
{
	return strlen(version) == COMMIT_DIGITS && strspn(version, "0123456789abcdef") == COMMIT_DIGITS;
}

/* "COMMIT\tNAME", a line each; of a tag with a text of its own NAME^{} is the commit. */
static void take_reference(struct arena *arena, const char *line, struct git_state *have)
{
	static const char heads[] = "refs/heads/";
	const char *name = strchr(line, '\t');

	if (!name)
		return;
	name++;
	if (strncmp(line, "ref: ", 5) == 0) {
		if (strncmp(line + 5, heads, strlen(heads)) == 0)
			have->wanted_branch = arena_bytes(arena, line + 5 + strlen(heads), (size_t)(name - 1 - line) - 5
				- strlen(heads));
		return;
	}
	if (*have->wanted_branch && strcmp(name, "HEAD") != 0)
		return;
	have->wanted = arena_bytes(arena, line, (size_t)(name - 1 - line));
	if (strncmp(name, heads, strlen(heads)) == 0)
		have->wanted_branch = arena_string(arena, name + strlen(heads));
}

static int ask_remote(struct host *host, const struct git_params *want, struct git_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	bool head = strcmp(want->version, "HEAD") == 0;
	const char *branch = head ? "HEAD" : arena_printf(arena, "refs/heads/%s", want->version);
	const char *tag = head ? NULL : arena_printf(arena, "refs/tags/%s", want->version);
	const char *peeled = head ? NULL : arena_printf(arena, "%s^{}", tag);
	struct command_result told;
	const char *at;

	if (is_commit(want->version)) {
		have->wanted = want->version;
		return 0;
	}
	if (run_git(host, want, true, GIT("ls-remote", "--symref", "--", want->repo, branch, tag, peeled), &told,
			err) < 0)
		return -1;
	for (at = told.output; *at;)
		take_reference(arena, take_line(arena, &at), have);
	if (have->wanted)
		return 0;
	error_set(err, GIT_NO_VERSION, "'%s' has no branch or tag '%s'", want->repo, want->version);
	return error_remedy(err, "a commit is named by all of its 40 digits");
}

static int git_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct git_params *want = params;
	struct git_state *have = state;

	if (look_at_dest(host, want, have, err) < 0)
		return -1;
	if (want->undo)
		return strcmp(want->undo, "clone") != 0 || have->dest.kind == FILE_NONE ? 0
			: guard_look(host, want->dest, 0, &have->refusal, err);
	if (have->checkout ? want->update : want->clone)
		return ask_remote(host, want, have, err);
	return 0;
}

/* --- Planning --- */

static const char *brief(struct plan *plan, const char *commit, const char *branch)
{
	return plan_printf(plan, "%.12s%s%s%s", *commit ? commit : "none", *branch ? " (" : "", branch,
		*branch ? ")" : "");
}

static bool refuse_others(struct plan *plan, const struct git_params *want, const struct git_state *have)
{
	if (!have->checkout)
		plan_refuse(plan, HOST_FILE_EXISTS, "empty it, or name another directory", "'%s' is no checkout, and not "
			"empty", want->dest);
	else if (have->changed && !(want->force && !want->undo))
		plan_refuse(plan, HOST_FILE_CHANGED, want->undo ? "put them right, or remove it by hand"
			: "commit it elsewhere, or throw it away with force: yes",
			"files of the repository were changed in '%s'", want->dest);
	else if (have->own && !(want->force && !want->undo))
		plan_refuse(plan, HOST_FILE_CHANGED, want->undo ? "push them, or remove it by hand"
			: "push them, or throw them away with force: yes", "'%s' has commits that the repository hasn't",
			want->dest);
	else
		return false;
	return true;
}

static void plan_back(struct plan *plan, const struct git_params *want, const struct git_state *have)
{
	if (have->dest.kind == FILE_NONE || (have->empty && strcmp(want->undo, "clone") == 0))
		return;
	if (refuse_others(plan, want, have))
		return;
	if (strcmp(want->undo, "clone") != 0) {
		if (strcmp(have->url, want->repo) != 0)
			plan_add(plan, GIT_URL, want->dest, "remote", have->url, want->repo);
		if (strcmp(have->commit, want->commit) != 0 || strcmp(have->branch, want->branch) != 0)
			plan_add(plan, GIT_UPDATE, want->dest, "commit", brief(plan, have->commit, have->branch),
				brief(plan, want->commit, want->branch));
		return;
	}
	if (have->more)
		plan_refuse(plan, HOST_FILE_CHANGED, "keep what is yours of it, and remove it by hand",
			"'%s' holds what the repository hasn't", want->dest);
	else if (guard_plan(plan, &have->refusal))
		plan_add(plan, GIT_REMOVE, want->dest, "commit", brief(plan, have->commit, ""), "absent");
}

static void plan_update(struct plan *plan, const struct git_params *want, const struct git_state *have)
{
	bool same = strcmp(have->commit, have->wanted) == 0;

	if ((!same || (have->changed && want->force)) && !refuse_others(plan, want, have)) {
		/* What the repository has by now says nothing of what somebody has done here. */
		plan_add(plan, GIT_UPDATE, want->dest, "commit", NULL, plan_printf(plan, "%s → %s%s",
			brief(plan, have->commit, have->branch), brief(plan, have->wanted, have->wanted_branch),
			have->changed ? ", and what was changed is thrown away" : ""))->flags |= CHANGE_EACH_TIME;
		plan_writes(plan, plan_printf(plan, "path:%s", want->dest));
	}
}

static void git_plan(struct plan *plan, const void *params, const void *state)
{
	const struct git_params *want = params;
	const struct git_state *have = state;
	bool clones = have->dest.kind == FILE_NONE || have->empty;

	if (have->dest.kind != FILE_NONE && have->dest.kind != FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "remove it", "'%s' is no directory", want->dest);
	} else if (want->undo) {
		plan_back(plan, want, have);
	} else if (clones && want->clone) {
		plan_add(plan, GIT_CLONE, want->dest, "commit", "absent", brief(plan, have->wanted, have->wanted_branch));
		plan_writes(plan, plan_printf(plan, "path:%s", want->dest));
	} else if (!clones && !have->checkout) {
		refuse_others(plan, want, have);
	} else if (!clones) {
		if (strcmp(have->url, want->repo) != 0)
			plan_add(plan, GIT_URL, want->dest, "remote", have->url, want->repo);
		if (want->update)
			plan_update(plan, want, have);
	}
}

/* --- Changing --- */

static int update_submodules(struct host *host, const struct git_params *want, struct error *err)
{
	struct file_info info;

	if (host_stat(host, arena_printf(host_arena(host), "%s/.gitmodules", want->dest), &info, err) < 0)
		return -1;
	if (!want->recursive || info.kind != FILE_REGULAR)
		return 0;
	return there(host, want, GIT("submodule", "--quiet", "update", "--init", "--recursive", "--force"), err);
}

static int check_out(struct host *host, const struct git_params *want, const char *commit, const char *branch,
	struct error *err)
{
	const char *force = want->force && !want->undo ? "--force" : "";

	if (there(host, want, *branch ? GIT("checkout", "-q", force, "-B", branch, commit, "--")
			: GIT("checkout", "-q", force, "--detach", commit, "--"), err) < 0)
		return -1;
	return update_submodules(host, want, err);
}

static int fetch(struct host *host, const struct git_params *want, const struct git_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *depth = want->depth > 0 && !is_commit(want->version) ? arena_printf(arena, "--depth=%d", want->depth)
		: "";
	const char *what = "";

	if (*have->wanted_branch)
		what = arena_printf(arena, "+refs/heads/%s:refs/remotes/%s/%s", have->wanted_branch, want->remote,
			have->wanted_branch);
	else if (!is_commit(want->version))
		what = arena_printf(arena, "+refs/tags/%s:refs/tags/%s", want->version, want->version);
	if (there(host, want, GIT("fetch", "-q", "--force", depth, "--", want->remote, what), err) < 0)
		return -1;
	return want->refspec ? there(host, want, GIT("fetch", "-q", "--force", "--", want->remote, want->refspec), err)
		: 0;
}

static int clone(struct host *host, const struct git_params *want, const struct git_state *have, struct error *err)
{
	struct arena *arena = host_arena(host);
	bool named = !is_commit(want->version) && strcmp(want->version, "HEAD") != 0;
	const char *all[20] = { "clone", "-q", "-o", want->remote };
	struct command_result told;
	size_t count = 4;

	if (want->depth > 0 && !is_commit(want->version))
		all[count++] = arena_printf(arena, "--depth=%d", want->depth);
	if (want->single_branch)
		all[count++] = "--single-branch";
	if (named) {
		all[count++] = "--branch";
		all[count++] = want->version;
	}
	all[count++] = "--";
	all[count++] = want->repo;
	all[count++] = want->dest;
	if (run_git(host, want, false, all, &told, err) < 0)
		return -1;
	if (want->refspec && there(host, want, GIT("fetch", "-q", "--", want->remote, want->refspec), err) < 0)
		return -1;
	return is_commit(want->version) ? check_out(host, want, have->wanted, "", err)
		: update_submodules(host, want, err);
}

/* Only what the repository brought is in it: that has been looked at. */
static int remove_clone(struct host *host, const struct git_params *want, struct error *err)
{
	const char *const argv[] = { "find", want->dest, "-xdev", "-mindepth", "1", "-delete", NULL };
	const struct command command = { .argv = argv };
	struct guard_refusal refusal = {0};
	struct error ignored = {0};
	struct command_result told;
	char *path = arena_string(host_arena(host), want->dest);

	if (guard_look(host, want->dest, 0, &refusal, err) < 0 || guard_error(&refusal, err) < 0
			|| host_run(host, &command, &told, err) < 0)
		return -1;
	while (want->made && strlen(path) >= strlen(want->made) && host_remove(host, path, &ignored) == 0)
		*strrchr(path, '/') = '\0';
	return 0;
}

static int git_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct git_params *want = params;
	const struct git_state *have = state;

	value_set_string(host_arena(host), results, "before", have->commit);
	switch ((enum git_step)change->step) {
	case GIT_CLONE:
		return clone(host, want, have, err);
	case GIT_URL:
		return there(host, want, *have->url ? GIT("remote", "set-url", want->remote, want->repo)
			: GIT("remote", "add", want->remote, want->repo), err);
	case GIT_UPDATE:
		if (want->undo)
			return check_out(host, want, want->commit, want->branch, err);
		return fetch(host, want, have, err) < 0 ? -1 : check_out(host, want, have->wanted, have->wanted_branch, err);
	case GIT_REMOVE:
		return remove_clone(host, want, err);
	}
	return -1;
}

static void git_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct git_state *have = state;

	(void)params;
	value_set_string(arena, results, "after", have->commit);
	if (!value_get(results, "before"))
		value_set_string(arena, results, "before", have->commit);
}

/* --- The way back --- */

static void git_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct git_params *want = params;
	const struct git_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "repo", have->checkout && *have->url ? have->url : want->repo);
	value_set_string(arena, back, "dest", want->dest);
	value_set_string(arena, back, "remote", want->remote);
	if (want->undo && strcmp(want->undo, "clone") == 0) {
		value_set_string(arena, back, "version", have->commit);
	} else if (have->checkout) {
		value_set_string(arena, back, "undo", "update");
		value_set_string(arena, back, "commit", have->commit);
		value_set_string(arena, back, "branch", have->branch);
	} else {
		value_set_string(arena, back, "undo", "clone");
		if (have->missing)
			value_set_string(arena, back, "made", have->missing);
	}
	inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "git:%s", want->dest),
		.params = back });
}

const struct module module_git = {
	.name = "git",
	.summary = "a directory is a checkout of a git repository, at a version",
	.params = git_table,
	.params_size = sizeof(struct git_params),
	.state_size = sizeof(struct git_state),
	.flags = MODULE_PRECIOUS,
	.check = git_check,
	.resources = git_resources,
	.inspect = git_inspect,
	.plan = git_plan,
	.apply = git_apply,
	.results = git_results,
	.invert = git_invert,
};
