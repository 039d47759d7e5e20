/* fetch: a file of the host is brought to the controller. */
#include "modules/shared/linked_file.h"

#include "module/module.h"

#include "base/digest.h"

#include <stdio.h>
#include <string.h>

enum { FETCH_MOST = 16 << 20 };    /* bytes */

struct fetch_params {
	char *src, *dest;
	bool flat, validate_checksum;      /* for the controller alone, as dest */
	bool fail_on_missing;
	char *place;               /* internal: where it goes on the controller; "": nowhere */
	char *have;                /* internal: the digest of what is there; "": nothing */
};

struct fetch_state {
	bool missing;
	bool private;              /* not everybody may read it */
	char *bytes;
	size_t size;
	char digest[DIGEST_HEX_SIZE];
};

static const struct param fetch_table[] = {
	{ .name = "src", .kind = PARAM_PATH, .flags = PARAM_REQUIRED | PARAM_VERBATIM,
		.doc = "the file on the host, of at most 16 MiB", .into = INTO_TEXT(struct fetch_params, src) },
	{ .name = "dest", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "a directory of the project, "
		"beside the playbook, in which the file is HOST/SRC",
		.into = INTO_TEXT(struct fetch_params, dest) },
	{ .name = "flat", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "dest is the file itself, or, with / at its end, the directory that has it",
		.into = INTO_BOOL(struct fetch_params, flat) },
	{ .name = "fail_on_missing", .kind = PARAM_BOOL, .otherwise = "yes",
		.doc = "fail if the host has no such file", .into = INTO_BOOL(struct fetch_params, fail_on_missing) },
	{ .name = "validate_checksum", .kind = PARAM_BOOL, .otherwise = "yes",
		.doc = "only yes: what comes is always compared", .alias = "validate_md5",
		.into = INTO_BOOL(struct fetch_params, validate_checksum) },
	{ .name = "place", .kind = PARAM_STRING, .doc = "where it goes", .otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct fetch_params, place) },
	{ .name = "have", .kind = PARAM_STRING, .doc = "digest of what is there", .otherwise = "",
		.flags = PARAM_INTERNAL | PARAM_ASIDE, .into = INTO_TEXT(struct fetch_params, have) },
	{ 0 },
};

/* Of normalised parameters. */
static bool is_true(const struct value *params, const char *name)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, "true") == 0;
}

static int fetch_check(const struct value *params, struct error *err)
{
	const struct value *validate = value_get(params, "validate_checksum");
	const char *dest = value_get_string(params, "dest");

	if (validate && !is_true(params, "validate_checksum")) {
		error_at(err, TASK_INVALID_VALUE, validate->place, "what fetch brings is always compared");
		return error_remedy(err, "leave out 'validate_checksum'");
	}
	return dest && !dest[0] ? error_at(err, TASK_INVALID_PATH, params->place, "'dest' is empty") : 0;
}

static int fetch_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *dest = value_get_string(params, "dest"), *src = value_get_string(params, "src"), *have;
	const char *slash = strrchr(src, '/');

	if (!is_true(params, "flat"))
		dest = arena_printf(arena, "%s/%s/%s", dest, prepare_host(prepare), src + strspn(src, "/"));
	else if (dest[strlen(dest) - 1] == '/')
		dest = arena_printf(arena, "%s%s", dest, slash ? slash + 1 : src);
	if (prepare_keep(prepare, dest, "kept", &have, err) < 0)
		return -1;
	value_set_string(arena, params, "place", have ? dest : "");
	value_set_string(arena, params, "have", have ? have : "");
	return 0;
}

static int fetch_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct fetch_params *want = params;
	struct fetch_state *have = ret_state;
	struct file_info info;
	const char *real;

	if (linked_file_stat(host, want->src, &real, &info, err) < 0)
		return -1;
	have->missing = info.kind == FILE_NONE;
	if (have->missing && want->fail_on_missing)
		return error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", want->src);
	if (have->missing)
		return 0;
	if (info.kind != FILE_REGULAR)
		return error_set(err, HOST_FILE_UNREADABLE, "'%s' is no file", want->src);
	have->private = (info.mode & 04) == 0;
	if (host_read(host, real, FETCH_MOST, &have->bytes, &have->size, err) < 0)
		return -1;
	digest_bytes(have->bytes, have->size, have->digest);
	return 0;
}

static void fetch_plan(struct plan *plan, const void *params, const void *state)
{
	const struct fetch_params *want = params;
	const struct fetch_state *have = state;

	if (have->missing)
		plan_note(plan, "there is no '%s'", want->src);
	else if (want->place[0] && strcmp(have->digest, want->have) != 0)
		plan_add(plan, 0, want->place, "on the controller", want->have[0] ? "something else" : "absent",
			want->src);
}

static int fetch_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct fetch_state *have = state;

	(void)params;
	(void)change;
	(void)err;
	value_set(host_arena(host), results, "kept", value_bytes(host_arena(host), have->bytes, have->size));
	if (have->private)
		value_set_bool(host_arena(host), results, "kept_private", true);
	return 0;
}

static void fetch_results(struct arena *arena, const void *params, const void *state, struct value *results)
{
	const struct fetch_params *want = params;
	const struct fetch_state *have = state;

	value_set_string(arena, results, "file", want->src);
	if (have->missing)
		value_set_string(arena, results, "msg", "the remote file does not exist, not transferring, ignored");
	else if (want->place[0])
		value_set_string(arena, results, "dest", want->place);
}

const struct module module_fetch = {
	.name = "fetch",
	.summary = "bring a file of the host to the controller",
	.params = fetch_table,
	.params_size = sizeof(struct fetch_params),
	.state_size = sizeof(struct fetch_state),
	.flags = MODULE_ACTION,
	.check = fetch_check,
	.prepare = fetch_prepare,
	.inspect = fetch_inspect,
	.plan = fetch_plan,
	.apply = fetch_apply,
	.results = fetch_results,
};
