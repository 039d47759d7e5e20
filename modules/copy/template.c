/* template: a file has the content of a template beside the playbook, its expressions filled in. */
#include "modules/copy/copy.h"

static const struct param template_table[] = {
	{ .name = "src", .kind = PARAM_SOURCE, .doc = "a template in the playbook's directory, or in "
		"templates/", .flags = PARAM_REQUIRED, .into = INTO_TEXT(struct copy_params, src) },
	{ .name = "dest", .kind = PARAM_PATH, .doc = "the file; with / at its end: a directory",
		.flags = PARAM_REQUIRED | PARAM_INTO, .alias = "path",
		.into = INTO_TEXT(struct copy_params, dest) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner",
		.into = INTO_TEXT(struct copy_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct copy_params, group) },
	{ .name = "mode", .kind = PARAM_MODE,
		.doc = "its permissions; by default a new file has 0644, and "
		"none can be read by more than src can", .into = INTO_TEXT(struct copy_params, mode) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct copy_params, validate) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct copy_params, backup) },
	{ .name = "force", .kind = PARAM_BOOL, .doc = "no: only if nothing is there",
		.otherwise = "yes", .into = INTO_BOOL(struct copy_params, force) },
	{ .name = "trim_blocks", .kind = PARAM_BOOL,
		.doc = "the newline behind a block goes away (yes, unless the template says otherwise)" },
	{ .name = "lstrip_blocks", .kind = PARAM_BOOL,
		.doc = "so do blanks before a block in its line" },
	{ .name = "variable_start_string", .kind = PARAM_STRING, .doc = "instead of {{" },
	{ .name = "variable_end_string", .kind = PARAM_STRING, .doc = "instead of }}" },
	{ .name = "block_start_string", .kind = PARAM_STRING, .doc = "instead of {%" },
	{ .name = "block_end_string", .kind = PARAM_STRING, .doc = "instead of %}" },
	{ .name = "comment_start_string", .kind = PARAM_STRING, .doc = "instead of {#" },
	{ .name = "comment_end_string", .kind = PARAM_STRING, .doc = "instead of #}" },
	{ .name = "newline_sequence", .kind = PARAM_STRING, .doc = "what ends a line",
		.flags = PARAM_NOT_YET },
	{ .name = "output_encoding", .kind = PARAM_STRING, .doc = "other than UTF-8",
		.flags = PARAM_NOT_YET },
	{ .name = "follow", .kind = PARAM_BOOL, .doc = "through links at the destination",
		.flags = PARAM_NOT_YET },
	{ .name = "content", .kind = PARAM_STRING, .doc = "as in copy", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct copy_params, content) },
	{ .name = "body", .kind = PARAM_STRING, .doc = "the content, by digest",
		.flags = PARAM_INTERNAL | PARAM_BODY, .into = INTO_TEXT(struct copy_params, body) },
	{ .name = "source_mode", .kind = PARAM_MODE, .doc = "the permissions of src",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct copy_params, source_mode) },
	{ 0 },
};

/* How the template is written is of no concern to the node. */
static struct value *take_settings(struct arena *arena, struct value *params)
{
	static const char *const names[] = { "trim_blocks", "lstrip_blocks", "variable_start_string",
		"variable_end_string", "block_start_string", "block_end_string", "comment_start_string",
		"comment_end_string" };
	struct value *settings = value_map(arena);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (value_get(params, names[i]))
			value_set(arena, settings, names[i], value_get(params, names[i]));
		value_remove(params, names[i]);
	}
	return settings;
}

static int template_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *src = value_get(params, "src");
	const struct value *settings = take_settings(arena, params);
	struct value *filled, *text;
	struct prepare_entry entry;
	const char *path, *digest;

	if (prepare_find(prepare, value_text(src), "templates", &path, err) < 0
			|| prepare_stat(prepare, path, &entry, err) < 0
			|| prepare_text(prepare, path, &text, err) < 0)
		return error_place(err, src->place);
	if (prepare_template(prepare, text->text, text->size, path, settings, &filled, err) < 0)
		return -1;
	copy_complete(arena, params);
	value_set(arena, params, "source_mode", value_printf(arena, "%04o", entry.mode));
	if (filled->kind == VALUE_UNKNOWN) {
		value_set(arena, params, "body", filled);
		return 0;
	}
	if (prepare_body_bytes(prepare, filled->text, filled->size, &digest, err) < 0)
		return -1;
	value_set_string(arena, params, "body", digest);
	value_get(params, "body")->level = level_higher(filled->level, text->level);
	return 0;
}

const struct module module_template = {
	.name = "template",
	.summary = "write a file from a template",
	.params = template_table,
	.params_size = sizeof(struct copy_params),
	.content = "file",
	.state_size = sizeof(struct copy_state),
	.check = copy_check,
	.prepare = template_prepare,
	.resources = copy_resources,
	.inspect = copy_inspect,
	.plan = copy_plan,
	.apply = copy_apply,
	.results = copy_results,
	.invert = copy_invert,
};
