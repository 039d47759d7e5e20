/* blockinfile: manage a block of lines in a file, between two marker lines. */
#include "base/quote.h"
#include "modules/shared/managed_block.h"
#include "modules/shared/text_file.h"

#include <stdlib.h>
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
	/* Internal, of an undo: */
	bool undo;
	bool made;               /* the file was not there before */
	bool bare;               /* it ended without a newline */
	bool empty;              /* nothing was between the markers */
	int number;              /* so many lines were before the block; -1: it was at the end */
	bool gone;               /* the block was taken away, and comes back to its place */
	char *after;             /* the last of them */
};

struct block_state {
	struct text_file file;
	struct managed_block old;
	const char *begin, *end; /* the marker lines */
	bool clash;              /* the block itself holds one */
	bool removed;            /* the task takes the block away */
};

static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param block_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .flags = PARAM_REQUIRED,
		.alias = "dest, destfile, name", .into = INTO_TEXT(struct block_params, path) },
	{ .name = "block", .kind = PARAM_STRING, .doc = "the lines", .otherwise = "",
		.alias = "content", .into = INTO_TEXT(struct block_params, block) },
	{ .name = "marker", .kind = PARAM_STRING, .doc = "the marker lines, with {mark} for BEGIN and "
		"END", .otherwise = "# {mark} ANSIBLE MANAGED BLOCK",
		.into = INTO_TEXT(struct block_params, marker) },
	{ .name = "marker_begin", .kind = PARAM_STRING, .doc = "instead of BEGIN",
		.otherwise = "BEGIN", .into = INTO_TEXT(struct block_params, marker_begin) },
	{ .name = "marker_end", .kind = PARAM_STRING, .doc = "instead of END", .otherwise = "END",
		.into = INTO_TEXT(struct block_params, marker_end) },
	{ .name = "insertafter", .kind = PARAM_STRING, .doc = "a new block comes at the end (EOF)",
		.into = INTO_TEXT(struct block_params, insertafter) },
	{ .name = "insertbefore", .kind = PARAM_STRING, .doc = "BOF: a new block comes first",
		.into = INTO_TEXT(struct block_params, insertbefore) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether it is there",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct block_params, present, state_choices) },
	{ .name = "create", .kind = PARAM_BOOL, .doc = "make the file", .otherwise = "no",
		.into = INTO_BOOL(struct block_params, create) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~",
		.otherwise = "no", .flags = PARAM_ASIDE,
		.into = INTO_BOOL(struct block_params, backup) },
	{ .name = "validate", .kind = PARAM_STRING,
		.doc = "a command that must accept the new file, with %s for it", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct block_params, validate) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "the user the file belongs to",
		.into = INTO_TEXT(struct block_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct block_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct block_params, mode) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct block_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "there was no file", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct block_params, made) },
	{ .name = "bare", .kind = PARAM_BOOL, .doc = "it ended without a newline", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct block_params, bare) },
	{ .name = "empty", .kind = PARAM_BOOL, .doc = "nothing was in the block", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct block_params, empty) },
	{ .name = "gone", .kind = PARAM_BOOL, .doc = "the block was taken away", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct block_params, gone) },
	{ .name = "number", .kind = PARAM_INTEGER, .doc = "so many lines were before it",
		.otherwise = "-1", .flags = PARAM_INTERNAL,
		.into = INTO_NUMBER(struct block_params, number) },
	{ .name = "after", .kind = PARAM_STRING, .doc = "the last of them", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct block_params, after) },
	{ 0 },
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static int only_end(const struct value *params, const char *name, const char *word,
	struct error *err)
{
	const struct value *value = value_get(params, name);

	if (!value_text(value) || strcmp(value->text, word) == 0)
		return 0;
	error_at(err, TASK_UNSUPPORTED_PARAMETER, value->place, "'%s' with a pattern is not supported "
		"yet", name);
	return error_remedy(err, "only %s: %s is", name, word);
}

static int block_check(const struct value *params, struct error *err)
{
	const struct value *marker = value_get(params, "marker");

	if (value_text(marker) && !strstr(marker->text, "{mark}")) {
		error_at(err, TASK_MISSING_PARAMETER, marker->place, "'marker' has no {mark}");
		return error_remedy(err, "without it begin and end can't be told apart");
	}
	if (value_text(marker) && strchr(marker->text, '\n'))
		return error_at(err, TASK_INVALID_VALUE, marker->place, "'marker' must be one line");
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

/* Behind the line that was before it, where that is nearest to its old place. */
static size_t place_back(const struct block_params *want, const char *text)
{
	size_t by_number = 0, behind = 0;
	int number = 0, best = -1;

	for (const char *at = text; *at;) {
		size_t size = strcspn(at, "\n");
		bool same = want->after && strlen(want->after) == size
			&& strncmp(want->after, at, size) == 0;
		int away = abs(++number - want->number);

		at += size + (at[size] == '\n');
		if (number <= want->number)
			by_number = (size_t)(at - text);
		if (same && (best < 0 || away < best)) {
			best = away;
			behind = (size_t)(at - text);
		}
	}
	return best >= 0 ? behind : by_number;
}

static bool ends_bare(const char *text)
{
	size_t size = strlen(text);

	return size > 0 && text[size - 1] != '\n';
}

static char *without_last(struct arena *arena, const char *text)
{
	size_t size = strlen(text);

	return arena_bytes(arena, text, size > 0 && !ends_bare(text) ? size - 1 : size);
}

static char *add_block(struct arena *arena, const struct block_params *want,
	const struct block_state *have, const char *text, const char *inside)
{
	const char *newline;
	size_t place = want->insertbefore ? 0 : want->number >= 0 ? place_back(want, text)
		: strlen(text);
	char *after;

	newline = place > 0 && text[place - 1] != '\n' ? "\n" : "";
	after = arena_printf(arena, "%.*s%s%s\n%s%s\n%s", (int)place, text, newline, have->begin,
		inside, have->end, text + place);
	return want->bare && !text[place] ? without_last(arena, after) : after;
}

static char *set_block(struct arena *arena, const struct block_params *want,
	const struct block_state *have, const char *inside)
{
	const char *text = have->file.before;
	bool last = text[have->old.end] == '\0';
	char *after = managed_block_set(arena, text, have->begin, have->end, inside);

	if (last && (inside ? ends_bare(text) : want->bare))
		return without_last(arena, after);
	return after;
}

static int block_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct block_params *want = params;
	struct block_state *have = ret_state;
	struct arena *arena = host_arena(host);
	size_t size = strlen(want->block);
	const char *inside = size > 0 && want->block[size - 1] != '\n'
		? arena_printf(arena, "%s\n", want->block) : want->block;
	bool remove = !want->present || (size == 0 && !want->empty);

	have->removed = remove;
	have->begin = marker_line(arena, want, want->marker_begin);
	have->end = marker_line(arena, want, want->marker_end);
	have->clash = !remove && (managed_block_has_line(inside, have->begin, strlen(have->begin))
		|| managed_block_has_line(inside, have->end, strlen(have->end)));
	have->file = (struct text_file){ .path = want->path, .create = want->create,
		.want = { want->owner, want->group, want->mode }, .validate = want->validate,
		.backup = want->backup, .undo = want->undo, .made = want->made };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	have->old = managed_block_find(arena, have->file.before, have->begin, have->end);
	/* Where an undo brings it back, a later task has put it somewhere else. */
	if (have->old.there && !remove && want->gone)
		have->file.after = add_block(arena, want, have, managed_block_set(arena, have->file.before,
			have->begin, have->end, NULL), inside);
	else if (have->old.there)
		have->file.after = set_block(arena, want, have, remove ? NULL : inside);
	else if (!remove)
		have->file.after = add_block(arena, want, have, have->file.before, inside);
	text_file_settle(arena, &have->file);
	return 0;
}

static void block_plan(struct plan *plan, const void *params, const void *state)
{
	const struct block_params *want = params;
	const struct block_state *have = state;

	if (have->old.broken)
		plan_refuse(plan, HOST_FILE_INVALID, have->old.remedy, "'%s' %s", want->path, have->old.broken);
	else if (have->clash)
		plan_refuse(plan, HOST_REFUSED, "choose another marker", "the block for '%s' "
			"holds a marker line itself", want->path);
	else
		text_file_plan(plan, &have->file);
}

static int block_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)params;
	(void)results;
	return text_file_apply(host, &((const struct block_state *)state)->file, change, err);
}

static void place_note(struct arena *arena, const struct block_state *have, struct value *back)
{
	const char *text = have->file.before, *after = NULL;
	int number = 0;

	for (const char *at = text; at < text + have->old.start; at += strcspn(at, "\n") + 1) {
		after = at;
		number++;
	}
	value_set(arena, back, "number", value_printf(arena, "%d", number));
	if (after && utf8_valid(after, strcspn(after, "\n")))
		value_set(arena, back, "after", value_bytes(arena, after, strcspn(after, "\n")));
}

static void block_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct block_params *want = params;
	const struct block_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	bool text = utf8_valid(have->old.inside, strlen(have->old.inside));

	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "marker", want->marker);
	value_set_string(arena, back, "marker_begin", want->marker_begin);
	value_set_string(arena, back, "marker_end", want->marker_end);
	value_set_string(arena, back, "bare", ends_bare(have->file.before) ? "yes" : "no");
	value_set_string(arena, back, "made", have->file.at.info.kind == FILE_NONE ? "yes" : "no");
	if (have->old.there) {
		value_set_string(arena, back, "block", have->old.inside);
		value_set_string(arena, back, "empty", *have->old.inside ? "no" : "yes");
		value_set_string(arena, back, "gone", have->removed ? "yes" : "no");
		place_note(arena, have, back);
	} else {
		value_set_string(arena, back, "state", "absent");
	}
	text_file_back(arena, &have->file, want->made || have->file.made_once, back);
	text_file_invert_backup(inverses, &have->file);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "block:%s:%s:%s", want->path, want->marker,
			want->marker_begin),
		.params = text ? back : NULL,
		.reason = text ? NULL : "the block that was there is not valid UTF-8",
	});
}

const struct module module_blockinfile = {
	.name = "blockinfile",
	.summary = "manage a block of lines in a file, between two marker lines",
	.params = block_table,
	.params_size = sizeof(struct block_params),
	.content = "block",
	.state_size = sizeof(struct block_state),
	.check = block_check,
	.resources = block_resources,
	.inspect = block_inspect,
	.plan = block_plan,
	.apply = block_apply,
	.invert = block_invert,
};
