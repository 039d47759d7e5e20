/* get_url: a file is what a URL gives.
 *
 * The machine itself downloads it, as it is its network that counts, with apt's own downloader: every Debian
 * has that, it knows TLS, redirections and the proxies that apt is told of. */
#include "modules/errors.h"
#include "modules/shared/backup.h"
#include "modules/shared/download.h"
#include "modules/shared/file_attributes.h"
#include "modules/shared/linked_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { URL_FETCH = ATTRIBUTES_STEP_END };

#define PLACE "/var/tmp/beoplay."

struct url_params {
	char *url, *dest, *checksum, *owner, *group, *mode;
	bool force, backup, validate_certs, use_proxy;
	int64_t timeout;
};

struct url_state {
	struct attributes_have at;
	const char *digest;      /* of what is there; NULL: no regular file */
	const char *sum;         /* the same by the algorithm of checksum; NULL: none is given */
	const char *remote;      /* digest of what the URL gives; NULL: nobody has asked */
	const char *backup;      /* where the old file is kept, if it is replaced; or NULL */
};

static const struct param url_table[] = {
	{ .name = "url", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "http://, https:// or file://",
		.into = INTO_TEXT(struct url_params, url) },
	{ .name = "dest", .kind = PARAM_PATH, .flags = PARAM_REQUIRED | PARAM_INTO,
		.doc = "the file; with / at its end: a directory, in which it is called as in url",
		.into = INTO_TEXT(struct url_params, dest) },
	{ .name = "checksum", .kind = PARAM_STRING, .doc = "ALGORITHM:DIGEST, as sha256:9f2c…; what differs is "
		"downloaded again, and nothing else is accepted", .into = INTO_TEXT(struct url_params, checksum) },
	{ .name = "force", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "without checksum: download each time, and replace what differs; no: only if nothing is there",
		.into = INTO_BOOL(struct url_params, force) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner", .into = INTO_TEXT(struct url_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group", .into = INTO_TEXT(struct url_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions; by default a new file has 0644",
		.into = INTO_TEXT(struct url_params, mode) },
	{ .name = "backup", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_ASIDE,
		.doc = "keep the old file beside it, as NAME.DATE~", .into = INTO_BOOL(struct url_params, backup) },
	{ .name = "timeout", .kind = PARAM_DURATION, .otherwise = "10", .flags = PARAM_ASIDE,
		.doc = "how long a server may keep silent", .into = INTO_NUMBER(struct url_params, timeout) },
	{ .name = "validate_certs", .kind = PARAM_BOOL, .otherwise = "yes", .flags = PARAM_ASIDE,
		.doc = "no: believe any server", .into = INTO_BOOL(struct url_params, validate_certs) },
	{ .name = "use_proxy", .kind = PARAM_BOOL, .otherwise = "yes", .flags = PARAM_ASIDE,
		.doc = "no: not through the proxies that apt is told of, or http_proxy of the environment",
		.into = INTO_BOOL(struct url_params, use_proxy) },
	{ .name = "headers", .kind = PARAM_MAP, .doc = "of the request", .flags = PARAM_NOT_YET },
	{ .name = "url_username", .kind = PARAM_STRING, .doc = "who asks", .flags = PARAM_NOT_YET },
	{ .name = "url_password", .kind = PARAM_STRING, .doc = "and the password for it", .flags = PARAM_NOT_YET },
	{ .name = "tmp_dest", .kind = PARAM_PATH, .doc = "where it is downloaded to first", .flags = PARAM_NOT_YET },
	{ 0 },
};

/* --- The controller --- */

static const struct { const char *name; size_t digits; } sums[] = { { "md5", 32 }, { "sha1", 40 },
	{ "sha224", 56 }, { "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 } };

static int check_sum(const struct value *checksum, struct error *err)
{
	const char *colon = strchr(checksum->text, ':');

	for (size_t i = 0; colon && i < sizeof(sums) / sizeof(sums[0]); i++) {
		size_t size = (size_t)(colon - checksum->text);

		if (strlen(sums[i].name) == size && strncmp(sums[i].name, checksum->text, size) == 0
				&& strlen(colon + 1) == sums[i].digits
				&& strspn(colon + 1, "0123456789abcdefABCDEF") == sums[i].digits)
			return 0;
	}
	error_at(err, TASK_INVALID_VALUE, checksum->place, "'checksum' must be ALGORITHM:DIGEST, with md5, sha1, sha224, "
		"sha256, sha384 or sha512");
	return error_remedy(err, colon && strstr(colon, "://") ? "write the digest itself: what a server says of its own "
		"file protects from nothing" : "such as sha256:, and the 64 digits that sha256sum prints");
}

static int url_check(const struct value *params, struct error *err)
{
	const struct value *url = value_get(params, "url"), *checksum = value_get(params, "checksum");
	const char *text = value_text(url);

	if (text && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0
			&& strncmp(text, "file:///", 8) != 0)
		return error_at(err, TASK_INVALID_VALUE, url->place, "a URL begins with http://, https:// or file:///");
	return value_text(checksum) ? check_sum(checksum, err) : 0;
}

static int url_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	const char *url = value_get_string(params, "url"), *dest = value_get_string(params, "dest");
	struct arena *arena = prepare_arena(prepare);
	const char *path, *name;

	if (!url || !dest || !*dest || dest[strlen(dest) - 1] != '/')
		return 0;
	path = arena_bytes(arena, url, strcspn(url, "?#"));
	name = strrchr(path, '/') + 1;
	if (!*name || strcmp(strchr(path, ':') + 3, name) == 0) {
		error_at(err, TASK_INVALID_VALUE, value_get(params, "dest")->place, "'%s' has no name for a file in a "
			"directory", url);
		return error_remedy(err, "name the file with 'dest'");
	}
	value_set(arena, params, "dest", value_printf(arena, "%s%s", dest, name));
	return 0;
}

/* --- Looking --- */

static struct attributes_want want_of(const struct url_params *want)
{
	return (struct attributes_want){ want->owner, want->group, want->mode };
}

static int sum_of(struct host *host, const struct url_params *want, const char *path, const char **ret_sum,
	struct error *err)
{
	const char *colon = strchr(want->checksum, ':');
	const char *const argv[] = { arena_printf(host_arena(host), "%.*ssum", (int)(colon - want->checksum),
		want->checksum), "--", path, NULL };
	const struct command command = { .argv = argv };
	struct command_result told;

	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	/* A name with a backslash or newline makes the line begin with a backslash. */
	told.output += told.output[0] == '\\';
	*ret_sum = arena_bytes(host_arena(host), told.output, strcspn(told.output, " \n"));
	return 0;
}

static const char *const *fetching(struct host *host, const struct url_params *want, const char *path)
{
	const struct download download = { want->url, want->timeout, want->validate_certs, want->use_proxy };

	return download_command(host_arena(host), &download, path);
}

/* As apt reads it: %2F is a slash. */
static const char *path_in_url(struct arena *arena, const char *text)
{
	char *path = arena_string(arena, text), *to = path;

	for (const char *at = path; *at; to++) {
		char digits[3] = { at[0] == '%' ? at[1] : '\0', at[0] == '%' && at[1] ? at[2] : '\0', '\0' };
		bool quoted = strspn(digits, "0123456789abcdefABCDEF") == 2;

		*to = quoted ? (char)strtol(digits, NULL, 16) : *at;
		at += quoted ? 3 : 1;
	}
	*to = '\0';
	return path;
}

/* A pipe or a device of the machine's own would be waited at for ever. */
static int check_source(struct host *host, const struct url_params *want, struct error *err)
{
	const char *path, *real;
	struct file_info info;

	if (strncmp(want->url, "file://", 7) != 0)
		return 0;
	path = path_in_url(host_arena(host), want->url + strlen("file://"));
	if (linked_file_stat(host_quiet(host), path, &real, &info, err) < 0)
		return -1;
	return info.kind == FILE_REGULAR || info.kind == FILE_NONE ? 0
		: error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is no regular file", path);
}

/* What it gives now, without leaving anything. */
static int look_at_remote(struct host *host, const struct url_params *want, struct url_state *have,
	struct error *err)
{
	static const char script[] = "f=$(mktemp) || exit; trap 'rm -f \"$f\"' EXIT; \"$@\" \"$f\" >&2 && sha256sum <\"$f\"";
	const char *const *fetch = fetching(host, want, NULL);
	const char *argv[24] = { "sh", "-c", script, "sh" };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	for (size_t i = 0; fetch[i]; i++)
		argv[4 + i] = fetch[i];
	if (check_source(host, want, err) < 0 || host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	if (told.status != 0)
		return download_failed(host_arena(host), want->url, &told, err);
	have->remote = arena_bytes(host_arena(host), told.output, strcspn(told.output, " \n"));
	return 0;
}

static bool is_compared(const struct url_params *want)
{
	return want->force && !want->checksum;
}

static bool differs(const struct url_params *want, const struct url_state *have)
{
	if (want->checksum)
		return strcasecmp(have->sum, strchr(want->checksum, ':') + 1) != 0;
	return have->remote && strcmp(have->remote, have->digest) != 0;
}

static int url_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct url_params *want = params;
	const struct attributes_want attributes = want_of(want);
	struct url_state *have = ret_state;

	if (attributes_inspect(host, want->dest, &attributes, &have->at, err) < 0)
		return -1;
	if (have->at.info.kind != FILE_REGULAR)
		return 0;
	if (host_digest(host, want->dest, &have->digest, err) < 0
			|| (want->checksum && sum_of(host, want, want->dest, &have->sum, err) < 0)
			|| (is_compared(want) && !host_dry(host) && look_at_remote(host, want, have, err) < 0))
		return -1;
	return want->backup && differs(want, have) ? backup_path(host, want->dest, &have->backup, err) : 0;
}

static void url_plan(struct plan *plan, const void *params, const void *state)
{
	const struct url_params *want = params;
	const struct url_state *have = state;
	const struct attributes_want attributes = want_of(want);
	enum file_kind kind = have->at.info.kind;

	if (kind == FILE_NONE) {
		plan_add(plan, URL_FETCH, want->dest, "state", "absent", want->url);
	} else if (kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, kind == FILE_DIRECTORY ? "end dest with / to download into it"
			: "remove it first (file with state: absent)", "'%s' is %s", want->dest, kind == FILE_DIRECTORY
			? "a directory" : kind == FILE_LINK ? "a symbolic link" : "a special file");
	} else if (differs(want, have)) {
		plan_add(plan, URL_FETCH, want->dest, "checksum", have->sum ? have->sum : have->digest, want->checksum
			? strchr(want->checksum, ':') + 1 : have->remote);
	} else {
		attributes_plan(plan, want->dest, &attributes, &have->at);
		if (is_compared(want) && !have->remote)
			plan_missing(plan, "only a download tells whether '%s' gives something else", want->url);
	}
}

/* --- Changing --- */

static int fetch_into(struct host *host, const struct url_params *want, const char *path, struct error *err)
{
	const struct command command = { .argv = fetching(host, want, path), .flags = COMMAND_ANY_STATUS };
	struct command_result told;
	const char *sum;

	if (check_source(host, want, err) < 0 || host_run(host, &command, &told, err) < 0)
		return -1;
	if (told.status != 0)
		return download_failed(host_arena(host), want->url, &told, err);
	if (!want->checksum)
		return 0;
	if (sum_of(host, want, path, &sum, err) < 0)
		return -1;
	if (strcasecmp(sum, strchr(want->checksum, ':') + 1) == 0)
		return 0;
	error_set(err, GET_URL_CHECKSUM, "'%s' gives something whose checksum is %s", want->url, sum);
	return error_remedy(err, "correct 'checksum', if you know why");
}

/* A downloader follows links, and who owns the directory of dest could put one there: so it writes into a
 * folder of this task's own. */
static int make_folder(struct host *host, const char **ret_folder, struct error *err)
{
	static const char *const argv[] = { "mktemp", "-d", PLACE "XXXXXXXXXX", NULL };
	struct command_result made;

	if (host_run(host, &(struct command){ .argv = argv }, &made, err) < 0)
		return -1;
	*ret_folder = arena_bytes(host_arena(host), made.output, strcspn(made.output, "\n"));
	return strncmp(*ret_folder, PLACE, strlen(PLACE)) == 0 ? 0
		: error_set(err, HOST_COMMAND_FAILED, "mktemp made no folder for the download");
}

static int settle(struct host *host, const struct url_params *want, const struct url_state *have,
	const char *from, struct error *err)
{
	const struct attributes_want attributes = want_of(want);
	struct file_write write = {
		.path = want->dest, .from = from, .mode = (int)attributes_mode(&attributes, &have->at, 0644),
		.uid = have->at.uid, .gid = have->at.gid, .mtime = HOST_KEEP, .backup = have->backup,
	};

	return host_write(host, &write, err);
}

static void remove_folder(struct host *host, const char *folder, const char *file)
{
	struct error ignored = {0};
	struct file_info left;

	if (host_stat(host, file, &left, &ignored) == 0 && left.kind != FILE_NONE)
		host_remove(host, file, &ignored);
	error_clear(&ignored);
	host_remove(host, folder, &ignored);
}

static int fetch(struct host *host, const struct url_params *want, const struct url_state *have,
	struct value *results, struct error *err)
{
	const char *folder, *file;
	int result;

	if (make_folder(host, &folder, err) < 0)
		return -1;
	file = arena_printf(host_arena(host), "%s/file", folder);
	result = fetch_into(host, want, file, err) < 0 ? -1 : settle(host, want, have, file, err);
	remove_folder(host, folder, file);
	if (result == 0 && have->backup)
		value_set_string(host_arena(host), results, "backup_file", have->backup);
	return result;
}

static int url_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct url_params *want = params;
	const struct url_state *have = state;
	const struct attributes_want attributes = want_of(want);

	return change->step == URL_FETCH ? fetch(host, want, have, results, err)
		: attributes_apply(host, want->dest, &attributes, &have->at, change, err);
}

static void url_resources(struct names *names, const void *params)
{
	names_add(names, "file:%s", ((const struct url_params *)params)->dest);
}

static void url_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct url_params *want = params;
	const struct url_state *have = state;

	value_set_string(arena, results, "url", want->url);
	value_set_string(arena, results, "dest", want->dest);
	value_set(arena, results, "mode", value_printf(arena, "%04o", have->at.info.mode));
	value_set_integer(arena, results, "size", have->at.info.size);
	if (have->digest)
		value_set_string(arena, results, "checksum_sha256", have->digest);
}

static void url_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct url_params *want = params;
	const struct url_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "file:%s", want->dest),
		.module = "file",
		.params = attributes_way_back(arena, want->dest, &have->at, have->digest),
		.keep_path = have->digest ? want->dest : NULL,
		.keep_digest = have->digest,
	};

	if (have->at.info.kind == FILE_NONE)
		value_set_string(arena, entry.params, "up_to", want->dest);
	if (have->backup)
		backup_invert(inverses, have->backup);
	inverses_add(inverses, &entry);
}

const struct module module_get_url = {
	.name = "get_url",
	.summary = "download a file onto the host, with apt's own downloader",
	.params = url_table,
	.params_size = sizeof(struct url_params),
	.content = "file",
	.state_size = sizeof(struct url_state),
	.check = url_check,
	.prepare = url_prepare,
	.resources = url_resources,
	.inspect = url_inspect,
	.plan = url_plan,
	.apply = url_apply,
	.results = url_results,
	.invert = url_invert,
};
