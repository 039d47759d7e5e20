/* slurp: the content of a file of the host, for register. */
#include "modules/shared/linked_file.h"

#include "module/module.h"

#include <sodium.h>
#include <string.h>

enum { SLURP_MOST = 8 << 20 };     /* bytes; a third more of them are registered */

struct slurp_params {
	char *src;
};

struct slurp_state {
	char *bytes;
	size_t size;
};

static const struct param slurp_table[] = {
	{ .name = "src", .kind = PARAM_PATH, .flags = PARAM_REQUIRED | PARAM_VERBATIM, .alias = "path",
		.doc = "the file on the host, of at most 8 MiB", .into = INTO_TEXT(struct slurp_params, src) },
	{ 0 },
};

static int slurp_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const char *src = ((const struct slurp_params *)params)->src, *real;
	struct slurp_state *have = ret_state;
	struct file_info info;

	if (linked_file_stat(host, src, &real, &info, err) < 0)
		return -1;
	if (info.kind == FILE_NONE)
		return error_set(err, HOST_FILE_NOT_FOUND, "there is no file '%s'", src);
	if (info.kind != FILE_REGULAR)
		return error_set(err, HOST_FILE_UNREADABLE, "'%s' is no file", src);
	return host_read(host, real, SLURP_MOST, &have->bytes, &have->size, err);
}

static void slurp_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static void slurp_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct slurp_state *have = state;
	size_t room = sodium_base64_encoded_len(have->size, sodium_base64_VARIANT_ORIGINAL);
	char *text = arena_alloc(arena, room);

	sodium_bin2base64(text, room, (const unsigned char *)have->bytes, have->size,
		sodium_base64_VARIANT_ORIGINAL);
	value_set_string(arena, results, "content", text);
	value_set_string(arena, results, "encoding", "base64");
	value_set_string(arena, results, "source", ((const struct slurp_params *)params)->src);
}

const struct module module_slurp = {
	.name = "slurp",
	.summary = "return the content of a file, in base64",
	.params = slurp_table,
	.params_size = sizeof(struct slurp_params),
	.state_size = sizeof(struct slurp_state),
	.flags = MODULE_LOOKS,
	.inspect = slurp_inspect,
	.plan = slurp_plan,
	.results = slurp_results,
};
