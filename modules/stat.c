/* stat: what is known of a file, and nothing is changed. */
#include "modules/shared/file_told.h"

#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

enum stat_sum { SUM_MD5, SUM_SHA1, SUM_SHA224, SUM_SHA256, SUM_SHA384, SUM_SHA512 };

struct stat_params {
	char *path;
	bool follow;
	bool get_checksum;
	enum stat_sum checksum_algorithm;
	bool get_mime, get_attributes;
};

struct stat_state {
	bool exists;
	/* Of 64 bits on machines of 32, too. */
	unsigned long long mode; /* with the kind of file */
	unsigned long long uid, gid, inode, links, blocks, block_size, device, major, minor;
	long long size;
	double accessed, modified, changed;
	const char *owner, *group, *access, *source, *target, *sum;
};

static const char *const sum_words[] = { "md5", "sha1", "sha224", "sha256", "sha384", "sha512",
	NULL };

static const cyaml_strval_t sum_choices[] = { { "md5", SUM_MD5 }, { "sha1", SUM_SHA1 },
	{ "sha224", SUM_SHA224 }, { "sha256", SUM_SHA256 }, { "sha384", SUM_SHA384 },
	{ "sha512", SUM_SHA512 } };

static const struct param stat_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_REQUIRED | PARAM_VERBATIM,
		.alias = "dest, name", .doc = "the path to inspect",
		.into = INTO_TEXT(struct stat_params, path) },
	{ .name = "follow", .kind = PARAM_BOOL, .otherwise = "no",
		.doc = "follow links", .into = INTO_BOOL(struct stat_params, follow) },
	{ .name = "get_checksum", .kind = PARAM_BOOL, .otherwise = "yes",
		.doc = "also return the checksum of a file",
		.into = INTO_BOOL(struct stat_params, get_checksum) },
	{ .name = "checksum_algorithm", .kind = PARAM_CHOICE, .choices = sum_words,
		.alias = "checksum, checksum_algo", .otherwise = "sha1",
		.doc = "the algorithm of the checksum",
		.into = INTO_CHOICE(struct stat_params, checksum_algorithm, sum_choices) },
	{ .name = "get_mime", .kind = PARAM_BOOL, .otherwise = "no",
		.alias = "mime, mime_type, mime-type",
		.doc = "only no: what kind of content it is, is not told",
		.into = INTO_BOOL(struct stat_params, get_mime) },
	{ .name = "get_attributes", .kind = PARAM_BOOL, .otherwise = "no", .alias = "attr, attributes",
		.doc = "only no: attributes of chattr are not told",
		.into = INTO_BOOL(struct stat_params, get_attributes) },
	{ 0 },
};

static int stat_check(const struct value *params, struct error *err)
{
	static const char *const untold[] = { "get_mime", "get_attributes" };

	for (size_t i = 0; i < 2; i++) {
		const struct value *value = value_get(params, untold[i]);

		if (!value_text(value) || strcmp(value_text(value), "true") != 0)
			continue;
		error_at(err, TASK_UNSUPPORTED_PARAMETER, value->place, "'%s: yes' of stat is not "
			"supported yet", untold[i]);
		return error_remedy(err, "ask with a command: %s", i == 0 ? "file --mime-type --brief FILE"
			: "lsattr -d FILE");
	}
	return 0;
}

/* As the user of the task: what that may do is asked of the kernel. What the script tells ends in
 * a NUL each, the checksum in a blank. What can't be read to its end (/proc/kmsg waits for more) has none, and
 * dd says so. */
static const char script[] =
	"p=$1 f=; [ \"$2\" = true ] && f=-L\n"
	"stat $f --printf '%f %u %g %s %i %h %b %o %d %t %T %.9X %.9Y %.9Z\\0%U\\0%G\\0' -- \"$p\" || exit\n"
	"a=; [ -r \"$p\" ] && a=r; [ -w \"$p\" ] && a=${a}w; [ -x \"$p\" ] && a=${a}x\n"
	"printf '%s\\0' \"$a\"\n"
	"if [ -z \"$f\" ] && [ -L \"$p\" ]; then\n"
	"	printf '%s\\0%s\\0' \"$(realpath -m -- \"$p\")\" \"$(readlink -- \"$p\")\"; exit; fi\n"
	"printf '\\0\\0'\n"
	"[ -n \"$3\" ] && [ -f \"$p\" ] && [ -r \"$p\" ] || exit 0\n"
	"dd if=\"$p\" iflag=nonblock bs=128K status=none | \"$3sum\"\n";

/* Cuts off what ends in a NUL. */
static const char *next_text(const char **at, const char *end)
{
	const char *text = *at;
	size_t size = text < end ? strlen(text) : 0;

	*at = text + size < end ? text + size + 1 : end;
	return size > 0 ? text : "";
}

static int read_answer(struct host *host, const struct command_result *told,
	struct stat_state *have, struct error *err)
{
	const char *at = told->output, *end = at + told->output_size;
	const char *numbers = next_text(&at, end);

	have->owner = next_text(&at, end);
	have->group = next_text(&at, end);
	have->access = next_text(&at, end);
	have->source = next_text(&at, end);
	have->target = next_text(&at, end);
	have->sum = at < end && told->errors_size == 0 ? arena_bytes(host_arena(host), at, strcspn(at, " \n")) : "";
	have->exists = true;
	if (sscanf(numbers, "%llx %llu %llu %lld %llu %llu %llu %llu %llu %llx %llx %lf %lf %lf",
			&have->mode, &have->uid, &have->gid, &have->size, &have->inode, &have->links, &have->blocks,
			&have->block_size, &have->device, &have->major, &have->minor, &have->accessed,
			&have->modified, &have->changed) != 14)
		return error_set(err, HOST_FILE_UNREADABLE, "'stat' said something else than was asked");
	return 0;
}

static int stat_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct stat_params *want = params;
	struct stat_state *have = state;
	const char *const argv[] = { "sh", "-c", script, "sh", want->path,
		want->follow ? "true" : "", want->get_checksum ? sum_words[want->checksum_algorithm] : "",
		NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;
	const char *real;

	host_has_read(host, arena_printf(host_arena(host), "path:%s", want->path));
	if (want->follow && host_real(host_quiet(host), want->path, &real, err) == 0)
		host_has_read(host, arena_printf(host_arena(host), "path:%s", real));
	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	if (told.status == 0)
		return read_answer(host, &told, have, err);
	if (strstr(told.errors, "No such file or directory"))
		return 0;
	return error_set(err, HOST_FILE_UNREADABLE, "cannot inspect '%s': %s", want->path,
		command_last_words(host_arena(host), &told));
}

static void stat_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static int stat_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)host;
	(void)params;
	(void)state;
	(void)change;
	(void)results;
	return error_set(err, BEOPLAY_BUG, "a file is only looked at");
}

static void add_rights(struct arena *arena, struct value *told, const struct stat_state *have)
{
	file_told_mode(arena, told, (mode_t)have->mode);
	value_set_bool(arena, told, "readable", strchr(have->access, 'r'));
	value_set_bool(arena, told, "writeable", strchr(have->access, 'w'));
	value_set_bool(arena, told, "executable", strchr(have->access, 'x'));
}

static void add_numbers(struct arena *arena, struct value *told, const struct stat_state *have)
{
	const struct {
		const char *name;
		uint64_t number;
	} numbers[] = { { "uid", have->uid }, { "gid", have->gid }, { "inode", have->inode },
		{ "nlink", have->links }, { "blocks", have->blocks }, { "block_size", have->block_size },
		{ "dev", have->device }, { "device_type", makedev((unsigned)have->major, (unsigned)have->minor) } };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		value_set_integer(arena, told, numbers[i].name, (int64_t)numbers[i].number);
	value_set_integer(arena, told, "size", have->size);
	value_set(arena, told, "atime", value_float(arena, have->accessed));
	value_set(arena, told, "mtime", value_float(arena, have->modified));
	value_set(arena, told, "ctime", value_float(arena, have->changed));
}

static void stat_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct stat_params *want = params;
	const struct stat_state *have = state;
	const struct {
		const char *name, *text;
	} texts[] = { { "pw_name", have->owner }, { "gr_name", have->group },
		{ "lnk_source", have->source }, { "lnk_target", have->target }, { "checksum", have->sum } };
	struct value *told = value_map(arena);

	value_set(arena, results, "stat", told);
	value_set_bool(arena, told, "exists", have->exists);
	if (!have->exists)
		return;
	value_set_string(arena, told, "path", want->path);
	add_rights(arena, told, have);
	add_numbers(arena, told, have);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text[0] && strcmp(texts[i].text, "UNKNOWN") != 0)
			value_set_string(arena, told, texts[i].name, texts[i].text);
	}
}

const struct module module_stat = {
	.name = "stat",
	.summary = "return what is known of a file",
	.params = stat_table,
	.params_size = sizeof(struct stat_params),
	.state_size = sizeof(struct stat_state),
	.flags = MODULE_LOOKS,
	.check = stat_check,
	.inspect = stat_inspect,
	.plan = stat_plan,
	.apply = stat_apply,
	.results = stat_results,
};
