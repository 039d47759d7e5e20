/* ini_file: an option of a section of an INI file. */
#include "modules/errors.h"
#include "modules/replace/replace.h"

#include "base/buffer.h"

#include <string.h>

struct ini_params {
	char *path, *section, *option, *value;
	bool present, exclusive, no_extra_spaces, allow_no_value, ignore_spaces, modify_inactive_option;
	bool create, backup;
	char *validate, *owner, *group, *mode;
	/* Internal, of an undo: */
	bool undo;
	struct replace_piece *pieces;
	unsigned pieces_count;
};

struct ini_state {
	struct text_file file;
	int lost;                /* an undo: the number of a line that isn't there any more; 0: none */
	struct value *pieces;    /* records of what changes */
	const char *reason;      /* why it can't come back; NULL: it can */
};

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t states[] = { { "absent", false }, { "present", true } };

static const struct param ini_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "the file", .alias = "dest",
		.into = INTO_TEXT(struct ini_params, path) },
	{ .name = "section", .kind = PARAM_STRING, .doc = "the section, without [ ]; by default what stands before "
		"the first one", .otherwise = "", .into = INTO_TEXT(struct ini_params, section) },
	{ .name = "option", .kind = PARAM_STRING, .doc = "the option; without it the section itself",
		.into = INTO_TEXT(struct ini_params, option) },
	{ .name = "value", .kind = PARAM_STRING, .doc = "its value", .into = INTO_TEXT(struct ini_params, value) },
	{ .name = "state", .kind = PARAM_CHOICE, .otherwise = "present", .choices = state_words,
		.doc = "whether it is there; absent without option: the section goes with all that is in it",
		.into = INTO_CHOICE(struct ini_params, present, states) },
	{ .name = "exclusive", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "other lines of the option go; only "
		"yes is known", .into = INTO_BOOL(struct ini_params, exclusive) },
	{ .name = "no_extra_spaces", .kind = PARAM_BOOL, .otherwise = "no", .doc = "OPTION=VALUE, without blanks",
		.into = INTO_BOOL(struct ini_params, no_extra_spaces) },
	{ .name = "ignore_spaces", .kind = PARAM_BOOL, .otherwise = "no", .doc = "a line that differs only in the "
		"blanks around = is right", .flags = PARAM_ASIDE, .into = INTO_BOOL(struct ini_params, ignore_spaces) },
	{ .name = "allow_no_value", .kind = PARAM_BOOL, .otherwise = "no", .doc = "the option may stand without a "
		"value", .into = INTO_BOOL(struct ini_params, allow_no_value) },
	{ .name = "modify_inactive_option", .kind = PARAM_BOOL, .otherwise = "yes", .flags = PARAM_ASIDE,
		.doc = "where the option stands only behind # or ;, it takes the place of that line",
		.into = INTO_BOOL(struct ini_params, modify_inactive_option) },
	{ .name = "create", .kind = PARAM_BOOL, .otherwise = "yes", .doc = "make the file if it is missing",
		.into = INTO_BOOL(struct ini_params, create) },
	{ .name = "backup", .kind = PARAM_BOOL, .otherwise = "no", .flags = PARAM_ASIDE,
		.doc = "keep the old file beside it, as NAME.DATE~", .into = INTO_BOOL(struct ini_params, backup) },
	{ .name = "validate", .kind = PARAM_STRING, .flags = PARAM_ASIDE,
		.doc = "a command that must accept the new file, with %s for it",
		.into = INTO_TEXT(struct ini_params, validate) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "its owner", .into = INTO_TEXT(struct ini_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group", .into = INTO_TEXT(struct ini_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions", .into = INTO_TEXT(struct ini_params, mode) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct ini_params, undo) },
	{ .name = "pieces", .kind = PARAM_RECORDS, .doc = "lines that come back", .otherwise = "",
		.entries = replace_piece_table, .flags = PARAM_INTERNAL, .into = INTO_LIST(struct ini_params, pieces) },
	{ .name = "values", .kind = PARAM_LIST, .doc = "several lines of one option", .flags = PARAM_NOT_YET },
	{ .name = "section_has_values", .kind = PARAM_ANY, .doc = "which of several sections of one name",
		.flags = PARAM_NOT_YET },
	{ .name = "follow", .kind = PARAM_BOOL, .doc = "the file may be a link", .flags = PARAM_NOT_YET },
	{ 0 },
};

static bool says(const struct value *params, const char *name, const char *word)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, word) == 0;
}

static int ini_check(const struct value *params, struct error *err)
{
	static const char *const lines[] = { "section", "option", "value" };
	const struct value *option = value_get(params, "option"), *value = value_get(params, "value");

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct value *one = value_get(params, lines[i]);

		if (value_text(one) && strpbrk(one->text, i == 0 ? "\n\r]" : "\n\r"))
			return error_at(err, TASK_INVALID_VALUE, one->place, "'%s' can't stand in one line", lines[i]);
	}
	if (value_text(option) && (!*option->text || strpbrk(option->text, "=[") || strchr("#; \t", *option->text)))
		return error_at(err, TASK_INVALID_VALUE, option->place, "'%s' is no name of an option", option->text);
	if (says(params, "exclusive", "false")) {
		error_at(err, TASK_UNSUPPORTED_PARAMETER, value_get(params, "exclusive")->place,
			"exclusive: no is not supported yet");
		return error_remedy(err, "write several lines of one option with blockinfile");
	}
	if (says(params, "undo", "true") || says(params, "state", "absent"))
		return 0;
	if (!option && value)
		return error_at(err, TASK_MISSING_PARAMETER, value->place, "'value' needs 'option'");
	if (!option && says(params, "section", ""))
		return error_set(err, TASK_MISSING_PARAMETER, "one of 'section' and 'option' is needed");
	if (option && !value && !says(params, "allow_no_value", "true")) {
		error_at(err, TASK_MISSING_PARAMETER, option->place, "'value' is needed");
		return error_remedy(err, "an option without a value needs allow_no_value: yes");
	}
	return 0;
}

/* --- Lines --- */

static size_t line_end(const char *text, size_t at)
{
	at += strcspn(text + at, "\n");
	return at + (text[at] == '\n');
}

static size_t blanks(const char *text)
{
	return strspn(text, " \t");
}

static bool is_section(const char *line, const char *section)
{
	size_t size = strlen(section);

	if (*line++ != '[')
		return false;
	line += blanks(line);
	return strncmp(line, section, size) == 0 && line[size + blanks(line + size)] == ']';
}

/* Blank, or a remark. */
static bool is_empty(const char *line)
{
	line += blanks(line);
	return !*line || strchr("\r\n#;", *line);
}

enum line_kind { LINE_OTHER, LINE_ACTIVE, LINE_INACTIVE };

/* Where the value begins, if it has one: behind =, else at the line's end. */
static enum line_kind kind_of(const char *line, const char *option, const char **ret_value)
{
	size_t size = strlen(option);
	enum line_kind kind = LINE_ACTIVE;

	line += blanks(line);
	if (*line == '#' || *line == ';') {
		kind = LINE_INACTIVE;
		line += 1 + blanks(line + 1);
	}
	if (strncmp(line, option, size) != 0)
		return LINE_OTHER;
	line += size;
	line += blanks(line);
	if (*line && !strchr("=\r\n", *line))
		return LINE_OTHER;
	*ret_value = line + (*line == '=');
	return kind;
}

static const char *wished_line(struct arena *arena, const struct ini_params *want)
{
	const char *equals = want->no_extra_spaces ? "=" : " = ";

	if (!want->value)
		return arena_printf(arena, "%s\n", want->option);
	if (!*want->value)
		return arena_printf(arena, "%s%s\n", want->option, want->no_extra_spaces ? "=" : " =");
	return arena_printf(arena, "%s%s%s\n", want->option, equals, want->value);
}

static bool same_value(const char *found, const char *value)
{
	size_t size = strcspn(found, "\n");

	while (size > 0 && strchr(" \t", found[size - 1]))
		size--;
	while (size > 0 && strchr(" \t", *found)) {
		found++;
		size--;
	}
	return strlen(value) == size && strncmp(found, value, size) == 0;
}

static bool is_right(const struct ini_params *want, const char *line, const char *value, const char *wished)
{
	size_t size = strcspn(line, "\n");

	if (strncmp(line, wished, size) == 0 && wished[size] == '\n')
		return true;
	return want->ignore_spaces && want->value && same_value(value, want->value);
}

/* --- The section --- */

/* Where it is, in bytes of the text. */
struct ini_place {
	bool there;
	size_t header, start, end;   /* its own line, and all between that and the next section */
	size_t insert;               /* behind its last line that is neither empty nor a remark */
	size_t target;               /* the line of the option; SIZE_MAX: none */
	enum line_kind kind;         /* of that */
};

static void look_at_line(const struct ini_params *want, const char *text, size_t at, struct ini_place *place)
{
	const char *value;
	enum line_kind kind = want->option ? kind_of(text + at, want->option, &value) : LINE_OTHER;

	if (!is_empty(text + at))
		place->insert = line_end(text, at);
	if (kind == LINE_INACTIVE && !(want->present && want->modify_inactive_option))
		return;
	if (kind != LINE_OTHER && (place->target == SIZE_MAX || (kind == LINE_ACTIVE
			&& place->kind == LINE_INACTIVE))) {
		place->target = at;
		place->kind = kind;
	}
}

static struct ini_place find(const struct ini_params *want, const char *text)
{
	struct ini_place place = { .there = !*want->section, .target = SIZE_MAX };
	size_t at = 0;

	for (; !place.there && text[at]; at = line_end(text, at)) {
		if (is_section(text + at, want->section)) {
			place.there = true;
			place.header = at;
			place.insert = place.start = line_end(text, at);
		}
	}
	for (at = place.start; place.there && text[at] && text[at] != '['; at = line_end(text, at))
		look_at_line(want, text, at, &place);
	place.end = at;
	if (!*want->section && place.insert == 0)
		place.insert = at;
	return place;
}

/* --- What becomes of the text --- */

static void add_end(struct buffer *out)
{
	if (out->size > 0 && out->data[out->size - 1] != '\n')
		buffer_add_char(out, '\n');
}

static void put_option(struct arena *arena, const struct ini_params *want, const char *text,
	const struct ini_place *place, struct buffer *out)
{
	const char *wished = want->present ? wished_line(arena, want) : "", *value;

	buffer_add(out, text, place->start);
	for (size_t at = place->start; at < place->end; at = line_end(text, at)) {
		size_t next = line_end(text, at);

		if (want->present && place->target == SIZE_MAX && at == place->insert)
			buffer_add_string(out, wished);
		if (at == place->target && want->present) {
			kind_of(text + at, want->option, &value);
			if (place->kind == LINE_ACTIVE && is_right(want, text + at, value, wished))
				buffer_add(out, text + at, next - at);
			else
				buffer_add_string(out, wished);
		} else if (kind_of(text + at, want->option, &value) != LINE_ACTIVE) {
			buffer_add(out, text + at, next - at);
		}
	}
	if (want->present && place->target == SIZE_MAX && place->insert == place->end) {
		add_end(out);
		buffer_add_string(out, wished);
	}
	buffer_add_string(out, text + place->end);
}

static const char *changed_once(struct arena *arena, const struct ini_params *want, const char *text)
{
	struct ini_place place = find(want, text);
	struct buffer out = {0};
	const char *after;

	if (!place.there && !want->present)
		return text;
	if (!place.there) {
		buffer_add_string(&out, text);
		add_end(&out);
		buffer_printf(&out, "[%s]\n%s", want->section, want->option ? wished_line(arena, want) : "");
	} else if (want->option) {
		put_option(arena, want, text, &place, &out);
	} else if (!want->present) {
		buffer_add(&out, text, place.header);
		buffer_add_string(&out, text + place.end);
	} else {
		buffer_add_string(&out, text);
	}
	after = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return after;
}

/* A section that goes may be there several times. */
static const char *changed(struct arena *arena, const struct ini_params *want, const char *text)
{
	const char *after = changed_once(arena, want, text);

	while (!want->present && strcmp(after, text) != 0) {
		text = after;
		after = changed_once(arena, want, text);
	}
	return after;
}

/* What is between the first byte that differs and the last one. */
static void note_change(struct arena *arena, const char *before, const char *after, struct ini_state *have)
{
	struct replace_state noted = { .pieces = value_list(arena) };
	size_t old = strlen(before), now = strlen(after), from = 0;
	struct replace_edit edit;
	struct replace_edits edits = { .items = &edit, .count = 1 };

	while (before[from] && before[from] == after[from])
		from++;
	while (old > from && now > from && before[old - 1] == after[now - 1]) {
		old--;
		now--;
	}
	edit = (struct replace_edit){ from, old, from, now };
	replace_note_pieces(arena, before, after, &edits, &noted);
	have->pieces = noted.pieces;
	have->reason = noted.reason;
}

/* --- The module --- */

static int ini_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct ini_params *want = params;
	struct ini_state *have = state;
	struct arena *arena = host_arena(host);

	have->pieces = value_list(arena);
	have->file = (struct text_file){ .path = want->path, .want = { want->owner, want->group, want->mode },
		.create = want->create, .validate = want->validate, .backup = want->backup, .undo = want->undo };
	if (text_file_inspect(host, &have->file, err) < 0)
		return -1;
	if (want->undo) {
		const struct replace_params back = { .pieces = want->pieces, .pieces_count = want->pieces_count };

		if (have->file.at.info.kind == FILE_REGULAR)
			have->file.after = replace_restored(arena, &back, have->file.before, &have->lost);
	} else {
		have->file.after = changed(arena, want, have->file.before);
		note_change(arena, have->file.before, have->file.after, have);
	}
	text_file_settle(arena, &have->file);
	return 0;
}

static void ini_plan(struct plan *plan, const void *params, const void *state)
{
	const struct ini_state *have = state;

	(void)params;
	if (have->lost)
		plan_refuse(plan, HOST_FILE_CHANGED, "put it right by hand", "line %d of '%s' isn't as beoplay left it",
			have->lost, have->file.path);
	else
		text_file_plan(plan, &have->file);
}

static int ini_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct ini_state *have = state;

	(void)params;
	if (change->step == TEXT_FILE_WRITE && have->file.backup_path)
		value_set_string(host_arena(host), results, "backup_file", have->file.backup_path);
	return text_file_apply(host, &have->file, change, err);
}

static const char *resource_of(struct arena *arena, const struct ini_params *want)
{
	return arena_printf(arena, "ini:%s:[%s]%s", want->path, want->section, want->option ? want->option : "");
}

static void ini_resources(struct names *names, const void *params)
{
	const struct ini_params *want = params;

	names_add(names, "ini:%s:[%s]%s", want->path, want->section, want->option ? want->option : "");
}

static void ini_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct ini_params *want = params;
	const struct ini_state *have = state;
	const struct replace_params again = { .pieces = want->pieces, .pieces_count = want->pieces_count };
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "section", want->section);
	if (want->option)
		value_set_string(arena, back, "option", want->option);
	value_set_string(arena, back, "undo", "yes");
	value_set(arena, back, "pieces", value_copy(arena, want->undo ? replace_pieces_again(arena, &again)
		: have->pieces));
	text_file_back(arena, &have->file, have->file.made_once, back);
	text_file_invert_backup(inverses, &have->file);
	inverses_add(inverses, &(struct inverses_entry){ .resource = resource_of(arena, want),
		.params = have->reason ? NULL : back, .reason = have->reason });
}

const struct module module_ini_file = {
	.name = "ini_file",
	.summary = "an option of a section of an INI file",
	.params = ini_table,
	.params_size = sizeof(struct ini_params),
	.state_size = sizeof(struct ini_state),
	.aliases = (const char *const[]){ "community.general.ini_file", NULL },
	.content = "ini",
	.check = ini_check,
	.resources = ini_resources,
	.inspect = ini_inspect,
	.plan = ini_plan,
	.apply = ini_apply,
	.invert = ini_invert,
};
