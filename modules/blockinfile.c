/* blockinfile: some lines of a file are these, between two marker lines. */
#include "modules/managed_block.h"
#include "modules/text_file.h"

#include <string.h>

struct block_params {
	char *path;
	char *block;
	char *marker;            /* with {mark} */
	char *marker_begin;
	char *marker_end;
	char *insertafter;
	char *insertbefore;
	bool present;
	bool create;
	bool backup;
	char *validate;
	char *owner;
	char *group;
	char *mode;
};

struct block_state {
	struct text_file file;
	struct managed_block old;
};

static const char *const state_words[] = { "present", "absent", NULL };

static const struct param block_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .flags = PARAM_REQUIRED,
		.alias = "dest" },
	{ .name = "block", .kind = PARAM_STRING, .doc = "the lines", .otherwise = "",
		.alias = "content" },
	{ .name = "marker", .kind = PARAM_STRING, .doc = "the marker lines, with {mark} for BEGIN and "
		"END", .otherwise = "# {mark} ANSIBLE MANAGED BLOCK" },
	{ .name = "marker_begin", .kind = PARAM_STRING, .doc = "instead of BEGIN",
		.otherwise = "BEGIN" },
	{ .name = "marker_end", .kind = PARAM_STRING, .doc = "instead of END", .otherwise = "END" },
	{ .name = "insertafter", .kind = PARAM_STRING, .doc = "a new block comes at the end (EOF)" },
	{ .name = "insertbefore", .kind = PARAM_STRING, .doc = "BOF: a new block comes first" },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether it is there",
		.otherwise = "present", .choices = state_words },
	{ .name = "create", .kind = PARAM_BOOL, .doc = "make the file", .otherwise = "no" },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no" },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it" },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the user the file belongs to" },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group" },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions" },
	{ 0 },
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t block_fields[] = {
	CYAML_FIELD_STRING_PTR("path", CYAML_FLAG_POINTER, struct block_params, path, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("block", CYAML_FLAG_POINTER, struct block_params, block, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("marker", CYAML_FLAG_POINTER, struct block_params, marker, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("marker_begin", CYAML_FLAG_POINTER, struct block_params, marker_begin,
		0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("marker_end", CYAML_FLAG_POINTER, struct block_params, marker_end, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("insertafter", OPTIONAL, struct block_params, insertafter, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("insertbefore", OPTIONAL, struct block_params, insertbefore, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct block_params, present, state_choices, 2),
	CYAML_FIELD_BOOL("create", CYAML_FLAG_DEFAULT, struct block_params, create),
	CYAML_FIELD_BOOL("backup", CYAML_FLAG_DEFAULT, struct block_params, backup),
	CYAML_FIELD_STRING_PTR("validate", OPTIONAL, struct block_params, validate, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("owner", OPTIONAL, struct block_params, owner, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("group", OPTIONAL, struct block_params, group, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("mode", OPTIONAL, struct block_params, mode, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static int only_end(const struct value *params, const char *name, const char *word,
	struct error *err)
{
	const struct value *value = value_get(params, name);

	if (!value_text(value) || strcmp(value->text, word) == 0)
		return 0;
	error_at(err, value->place, "'%s' with a pattern is not supported yet", name);
	return error_remedy(err, "only %s: %s is", name, word);
}

static int block_check(const struct value *params, struct error *err)
{
	const struct value *marker = value_get(params, "marker");

	if (value_text(marker) && !strstr(marker->text, "{mark}")) {
		error_at(err, marker->place, "'marker' holds no {mark}");
		return error_remedy(err, "without it begin and end can't be told apart");
	}
	if (value_text(marker) && strchr(marker->text, '\n'))
		return error_at(err, marker->place, "'marker' must be one line");
	if (only_end(params, "insertafter", "EOF", err) < 0)
		return -1;
	return only_end(params, "insertbefore", "BOF", err);
}

static char *marker_line(struct arena *arena, const struct block_params *want, const char *word)
{
	const char *mark = strstr(want->marker, "{mark}");

	return arena_printf(arena, "%.*s%s%s", (int)(mark - want->marker), want->marker, word,
		mark + strlen("{mark}"));
}

static void block_resources(struct names *names, const void *params)
{
	const struct block_params *want = params;

	names_add(names, "block:%s:%s:%s", want->path, want->marker, want->marker_begin);
}

static int block_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct block_params *want = params;
	struct block_state *have = ret_state;
	struct arena *arena = host_arena(host);
	const char *begin = marker_line(arena, want, want->marker_begin);
	const char *end = marker_line(arena, want, want->marker_end);
	size_t size = strlen(want->block);
	const char *inside = size > 0 && want->block[size - 1] != '\n'
		? arena_printf(arena, "%s\n", want->block) : want->block;
	bool remove = !want->present || size == 0;

	have->file = (struct text_file){ .path = want->path, .create = want->create,
		.want = { want->owner, want->group, want->mode }, .validate = want->validate,
		.backup = want->backup };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	have->old = managed_block_find(arena, have->file.before, begin, end);
	if (remove && !have->old.there)
		return 0;
	if (!remove && !have->old.there && want->insertbefore)
		have->file.after = arena_printf(arena, "%s\n%s%s\n%s", begin, inside, end,
			have->file.before);
	else
		have->file.after = managed_block_set(arena, have->file.before, begin, end,
			remove ? NULL : inside);
	return 0;
}

static void block_plan(struct plan *plan, const void *params, const void *state)
{
	(void)params;
	text_file_plan(plan, &((const struct block_state *)state)->file);
}

static int block_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)params;
	(void)results;
	return text_file_apply(host, &((const struct block_state *)state)->file, change, err);
}

static void block_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct block_params *want = params;
	const struct block_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "marker", want->marker);
	value_set_string(arena, back, "marker_begin", want->marker_begin);
	value_set_string(arena, back, "marker_end", want->marker_end);
	if (have->old.there)
		value_set_string(arena, back, "block", have->old.inside);
	else
		value_set_string(arena, back, "state", "absent");
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "block:%s:%s:%s", want->path, want->marker,
			want->marker_begin),
		.params = back,
	});
}

const struct module module_blockinfile = {
	.name = "blockinfile",
	.summary = "some lines of a file are these, between two marker lines",
	.params = block_table,
	.fields = block_fields,
	.params_size = sizeof(struct block_params),
	.state_size = sizeof(struct block_state),
	.check = block_check,
	.resources = block_resources,
	.inspect = block_inspect,
	.plan = block_plan,
	.apply = block_apply,
	.invert = block_invert,
};
