/* replace: all that matches a regular expression in a file becomes something else. */
#include "modules/replace/replace.h"

#include "modules/errors.h"
#include "modules/shared/line_ends.h"

#include <string.h>

const struct param replace_piece_table[] = {
	{ .name = "old", .kind = PARAM_STRING, .doc = "lines that come back",
		.flags = PARAM_REQUIRED | PARAM_CONTENT, .into = INTO_TEXT(struct replace_piece, old) },
	{ .name = "now", .kind = PARAM_STRING, .doc = "what they became",
		.flags = PARAM_REQUIRED | PARAM_CONTENT, .into = INTO_TEXT(struct replace_piece, now) },
	{ .name = "after", .kind = PARAM_STRING, .doc = "the line before them", .flags = PARAM_CONTENT,
		.into = INTO_TEXT(struct replace_piece, after) },
	{ .name = "number", .kind = PARAM_INTEGER, .doc = "where they are, from 0", .flags = PARAM_REQUIRED,
		.into = INTO_NUMBER(struct replace_piece, number) },
	{ .name = "place", .kind = PARAM_INTEGER, .doc = "where they were", .flags = PARAM_REQUIRED,
		.into = INTO_NUMBER(struct replace_piece, place) },
	{ 0 },
};

static const struct param replace_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .flags = PARAM_REQUIRED,
		.alias = "dest, destfile, name", .into = INTO_TEXT(struct replace_params, path) },
	{ .name = "regexp", .kind = PARAM_STRING, .doc = "what is replaced, everywhere, as Python's re has it; "
		"^ and $ are at each line", .flags = PARAM_REQUIRED | PARAM_CONTENT,
		.into = INTO_TEXT(struct replace_params, regexp) },
	{ .name = "replace", .kind = PARAM_STRING, .doc = "what comes there instead, with \\1 and \\g<name> "
		"for groups; it must not match again", .otherwise = "", .flags = PARAM_CONTENT,
		.into = INTO_TEXT(struct replace_params, replace) },
	{ .name = "after", .kind = PARAM_STRING, .doc = "only behind what matches this, where . is a newline, "
		"too", .flags = PARAM_CONTENT, .into = INTO_TEXT(struct replace_params, after) },
	{ .name = "before", .kind = PARAM_STRING, .doc = "only before what matches this",
		.flags = PARAM_CONTENT, .into = INTO_TEXT(struct replace_params, before) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct replace_params, backup) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct replace_params, validate) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the user the file belongs to",
		.into = INTO_TEXT(struct replace_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct replace_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct replace_params, mode) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct replace_params, undo) },
	{ .name = "pieces", .kind = PARAM_RECORDS, .doc = "lines that come back", .otherwise = "",
		.entries = replace_piece_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct replace_params, pieces) },
	{ .name = "encoding", .kind = PARAM_STRING, .doc = "another one than UTF-8", .flags = PARAM_NOT_YET },
	{ 0 },
};

static int replace_check(const struct value *params, struct error *err)
{
	const struct value *regexp = value_get(params, "regexp");

	if (value_text(regexp) && !*regexp->text)
		return error_at(err, TASK_INVALID_VALUE, regexp->place, "'regexp' is empty");
	if (replace_check_pattern(regexp, err) < 0
			|| replace_check_pattern(value_get(params, "after"), err) < 0)
		return -1;
	return replace_check_pattern(value_get(params, "before"), err);
}

static void replace_resources(struct names *names, const void *params)
{
	const struct replace_params *want = params;

	names_add(names, "replace:%s:%s%s%s%s%s", want->path, want->regexp, want->after ? " after " : "",
		want->after ? want->after : "", want->before ? " before " : "",
		want->before ? want->before : "");
}

/* Who names a carriage return means those at the ends of lines, too. */
static void keep_returns(struct arena *arena, const struct replace_params *want,
	struct text_file *file)
{
	if (!file->dos || (!strstr(want->regexp, "\\r") && !strchr(want->regexp, '\r')))
		return;
	file->before = line_ends_as(arena, file->before, true);
	file->dos = false;
}

static int look_for_pieces(struct arena *arena, const struct replace_params *want,
	struct replace_state *have, struct error *err)
{
	struct replace_edits edits = {0}, again = {0};
	const char *after, *twice;

	if (want->undo) {
		have->file.after = replace_restored(arena, want, have->file.before, &have->lost);
		return 0;
	}
	if (replace_in(arena, want, have->file.before, &after, &edits, &have->nowhere, err) < 0)
		return -1;
	if (strcmp(after, have->file.before) == 0)
		return 0;
	have->count = edits.count;
	have->file.after = after;
	replace_note_pieces(arena, have->file.before, after, &edits, have);
	if (replace_in(arena, want, after, &twice, &again, NULL, err) < 0)
		return -1;
	have->endless = strcmp(after, twice) != 0;
	return 0;
}

static int replace_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct replace_params *want = params;
	struct replace_state *have = ret_state;

	have->pieces = value_list(host_arena(host));
	have->file = (struct text_file){ .path = want->path, .want = { want->owner, want->group, want->mode },
		.validate = want->validate, .backup = want->backup, .undo = want->undo };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	keep_returns(host_arena(host), want, &have->file);
	if (have->file.at.info.kind == FILE_REGULAR
			&& look_for_pieces(host_arena(host), want, have, err) < 0)
		return -1;
	text_file_settle(host_arena(host), &have->file);
	return 0;
}

static void replace_plan(struct plan *plan, const void *params, const void *state)
{
	const struct replace_params *want = params;
	const struct replace_state *have = state;

	if (have->file.at.info.kind == FILE_NONE && !want->undo)
		plan_refuse(plan, HOST_FILE_NOT_FOUND, NULL, "there is no file '%s'", want->path);
	else if (have->endless)
		plan_refuse(plan, REPLACE_ENDLESS, "write a pattern that what comes of it doesn't match: with "
			"(?!…) or a part of the line that only the old one has",
			"what comes of '%s' matches it again: each run would change '%s' once more", want->regexp,
			want->path);
	else if (have->lost)
		plan_refuse(plan, HOST_FILE_CHANGED, "put it right by hand", "line %d of '%s' isn't as beoplay "
			"left it", have->lost, want->path);
	else
		text_file_plan(plan, &have->file);
	if (have->nowhere)
		plan_note(plan, "'%s' has nothing that is after and before what is said", want->path);
}

static int replace_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct replace_state *have = state;
	struct arena *arena = host_arena(host);

	(void)params;
	if (change->step == TEXT_FILE_WRITE && have->count > 0)
		value_set(arena, results, "msg", value_printf(arena, "%zu replacements made", have->count));
	if (change->step == TEXT_FILE_WRITE && have->file.backup_path)
		value_set_string(arena, results, "backup_file", have->file.backup_path);
	return text_file_apply(host, &have->file, change, err);
}

/* What comes back in an undo becomes again what it was before that. */
const struct value *replace_pieces_again(struct arena *arena, const struct replace_params *want)
{
	struct value *pieces = value_list(arena);

	for (unsigned i = 0; i < want->pieces_count; i++) {
		const struct replace_piece *from = &want->pieces[i];
		struct value *piece = value_map(arena);

		value_set_string(arena, piece, "old", from->now);
		value_set_string(arena, piece, "now", from->old);
		if (from->after)
			value_set_string(arena, piece, "after", from->after);
		value_set(arena, piece, "number", value_printf(arena, "%d", from->place));
		value_set(arena, piece, "place", value_printf(arena, "%d", from->number));
		value_append(arena, pieces, piece);
	}
	return pieces;
}

static void replace_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct replace_params *want = params;
	const struct replace_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "regexp", want->regexp);
	if (want->after)
		value_set_string(arena, back, "after", want->after);
	if (want->before)
		value_set_string(arena, back, "before", want->before);
	value_set_string(arena, back, "undo", "yes");
	value_set(arena, back, "pieces", value_copy(arena, want->undo ? replace_pieces_again(arena, want)
		: have->pieces));
	text_file_back(arena, &have->file, false, back);
	value_remove(back, "create");
	text_file_invert_backup(inverses, &have->file);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "replace:%s:%s%s%s%s%s", want->path, want->regexp,
			want->after ? " after " : "", want->after ? want->after : "",
			want->before ? " before " : "", want->before ? want->before : ""),
		.params = have->reason ? NULL : back, .reason = have->reason });
}

const struct module module_replace = {
	.name = "replace",
	.summary = "replace all that matches a regular expression in a file",
	.params = replace_table,
	.params_size = sizeof(struct replace_params),
	.state_size = sizeof(struct replace_state),
	.content = "replace",
	.check = replace_check,
	.resources = replace_resources,
	.inspect = replace_inspect,
	.plan = replace_plan,
	.apply = replace_apply,
	.invert = replace_invert,
};
