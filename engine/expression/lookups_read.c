/* lookups_read: what is read of the controller, and of variables by their names. */
#include "expression/lookups.h"

#include "expression/scope.h"

#include <string.h>

static int text_of(struct evaluation *evaluation, const struct looking *looking,
	const struct value *term, const char **ret_text)
{
	if (term->kind != VALUE_STRING)
		return looking_error(evaluation, looking, "a string", term);
	*ret_text = term->text;
	return 0;
}

static bool option_truth(const struct looking *looking, const char *name, bool otherwise)
{
	const struct value *value = value_get(looking->options, name);
	const char *text = value_text(value);

	if (text)
		return strcmp(text, "no") != 0 && strcmp(text, "false") != 0 && strcmp(text, "False") != 0;
	return value ? value_truthy(value) : otherwise;
}

/* --- env, vars --- */

static int find_env(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct value *otherwise = value_get(looking->options, "default"), *found;
	struct arena *arena = evaluation->evaluator->arena;
	const char *name = NULL;

	for (size_t i = 0; i < looking->count; i++) {
		if (text_of(evaluation, looking, looking->terms[i], &name) < 0)
			return -1;
		found = scope_environment(evaluation, name);
		if (!found)
			found = otherwise ? otherwise : value_string(arena, "");
		value_append(arena, list, found);
	}
	return 0;
}

static int find_vars(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct value *otherwise = value_get(looking->options, "default"), *found;
	const char *name = NULL;

	for (size_t i = 0; i < looking->count; i++) {
		if (text_of(evaluation, looking, looking->terms[i], &name) < 0
				|| evaluate_name(evaluation, name, looking->offset, &found) < 0)
			return -1;
		found = found ? found : otherwise;
		if (evaluation_require(evaluation, found) < 0
				|| value_force_deep(evaluation, looking->offset, found, &found) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, list, found);
	}
	return 0;
}

/* --- Files --- */

/* One that has to be there. */
static int file_of(struct evaluation *evaluation, const struct looking *looking,
	const struct value *term, const char *folder, const char **ret_path)
{
	const char *name = NULL;

	if (text_of(evaluation, looking, term, &name) < 0
			|| scope_file_find(evaluation, looking->offset, name, folder, ret_path) < 0)
		return -1;
	return *ret_path ? 0 : evaluation_error(evaluation, looking->offset, "there is no file '%s' for "
		"the lookup '%s'", name, looking->finder->name);
}

static struct value *stripped(struct arena *arena, const struct value *text, bool left, bool right)
{
	const char *begin = text->text, *end = begin + text->size;
	struct value *part;

	while (left && begin < end && strchr(" \t\r\n\v\f", *begin))
		begin++;
	while (right && end > begin && strchr(" \t\r\n\v\f", end[-1]))
		end--;
	part = value_bytes(arena, begin, (size_t)(end - begin));
	part->level = text->level;
	return part;
}

static int find_file(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct value *text;
	const char *path;

	for (size_t i = 0; i < looking->count; i++) {
		if (file_of(evaluation, looking, looking->terms[i], "files", &path) < 0
				|| scope_file_read(evaluation, looking->offset, path, &text) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, list, stripped(evaluation->evaluator->arena, text,
			option_truth(looking, "lstrip", false), option_truth(looking, "rstrip", true)));
	}
	return 0;
}

/* As Ansible does: what reads as a list or a map becomes one. */
static int converted(struct evaluation *evaluation, const struct looking *looking,
	struct value **text)
{
	static const char *const keywords[1];
	struct error before = *evaluation->evaluator->err;
	struct value *made;

	if ((*text)->kind != VALUE_STRING || !(*text)->size || !strchr("[{", (*text)->text[0])
			|| !option_truth(looking, "convert_data", true))
		return 0;
	if (call_values(evaluation, looking->offset, callable_find(CALLABLE_FILTER, "from_yaml",
			NULL), *text, NULL, keywords, 0, &made) == 0)
		*text = made;
	else if (evaluation->evaluator->exhausted)
		return -1;
	*evaluation->evaluator->err = before;
	return 0;
}

static int find_template(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct evaluation outside = *evaluation;
	struct value *text, *made;
	const char *path;

	outside.locals = NULL;
	for (size_t i = 0; i < looking->count; i++) {
		if (file_of(evaluation, looking, looking->terms[i], "templates", &path) < 0
				|| scope_file_read(evaluation, looking->offset, path, &text) < 0
				|| evaluation_template(&outside, looking->offset, text, path, NULL, &made) < 0)
			return -1;
		if (made->kind != VALUE_UNKNOWN && text->level > made->level) {
			made = value_copy(evaluation->evaluator->arena, made);
			value_raise(made, text->level);
		}
		if (converted(evaluation, looking, &made) < 0)
			return -1;
		value_append(evaluation->evaluator->arena, list, made);
	}
	return 0;
}

static int find_fileglob(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	const char *pattern = NULL;

	for (size_t i = 0; i < looking->count; i++) {
		if (text_of(evaluation, looking, looking->terms[i], &pattern) < 0
				|| scope_file_glob(evaluation, looking->offset, pattern, list) < 0)
			return -1;
	}
	return 0;
}

/* --- first_found --- */

struct first {
	struct evaluation *evaluation;
	const struct looking *looking;
	struct value *names;           /* in which order they are looked for */
	bool skips;
};

/* A list, or a text cut at ',', ';' and in paths ':'. */
static struct value *pieces_of(struct first *first, const struct value *value, const char *cuts)
{
	struct arena *arena = first->evaluation->evaluator->arena;
	struct value *pieces = value_list(arena);

	if (value && value->kind == VALUE_LIST)
		return (struct value *)value;
	for (const char *text = value_text(value); text && *text;) {
		size_t size = strcspn(text, cuts);

		if (size > 0)
			value_append(arena, pieces, value_bytes(arena, text, size));
		text += size + (text[size] != '\0');
	}
	return pieces;
}

static int add_term(struct first *first, const struct value *term);

static int add_search(struct first *first, const struct value *search)
{
	struct arena *arena = first->evaluation->evaluator->arena;
	const struct value *files = pieces_of(first, value_get(search, "files"), ",;");
	const struct value *paths = pieces_of(first, value_get(search, "paths"), ",:;");
	const struct value *skip = value_get(search, "skip");

	first->skips = skip ? value_truthy(skip) : first->skips;
	for (size_t i = 0; i < (paths->count ? paths->count : 1); i++) {
		for (size_t k = 0; k < files->count; k++) {
			const char *path = paths->count ? value_text(paths->items[i]) : "";
			const char *file = value_text(files->items[k]);

			if (!path || !file)
				return looking_error(first->evaluation, first->looking, "names of files", search);
			value_append(arena, first->names, *path && file[0] != '/' ? value_printf(arena,
				"%s/%s", path, file) : value_string(arena, file));
		}
	}
	return 0;
}

static int add_term(struct first *first, const struct value *term)
{
	if (term->kind == VALUE_MAP)
		return add_search(first, term);
	for (size_t i = 0; term->kind == VALUE_LIST && i < term->count; i++) {
		if (add_term(first, term->items[i]) < 0)
			return -1;
	}
	if (term->kind == VALUE_STRING)
		value_append(first->evaluation->evaluator->arena, first->names, (struct value *)term);
	return term->kind == VALUE_STRING || term->kind == VALUE_LIST ? 0
		: looking_error(first->evaluation, first->looking, "names of files", term);
}

static int find_first(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct first first = { evaluation, looking, value_list(arena), false };
	const char *path;

	if (add_search(&first, looking->options) < 0)
		return -1;
	for (size_t i = 0; i < looking->count; i++) {
		if (add_term(&first, looking->terms[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < first.names->count; i++) {
		if (scope_file_find(evaluation, looking->offset, value_text(first.names->items[i]),
				looking->folder, &path) < 0)
			return -1;
		if (path) {
			value_append(arena, list, value_string(arena, scope_absolute(evaluation->scope, arena,
				path)));
			return 0;
		}
	}
	return first.skips ? 0 : evaluation_error(evaluation, looking->offset, "none of the files of "
		"first_found is there (skip: true would go on without)");
}

/* --- Commands of the controller --- */

static int output_of(struct evaluation *evaluation, const struct looking *looking,
	const struct value *term, struct value **ret_output)
{
	const char *command = NULL;

	*ret_output = NULL;
	if (text_of(evaluation, looking, term, &command) < 0)
		return -1;
	return scope_command(evaluation, looking->offset, command, ret_output);
}

static int find_pipe(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *output;

	for (size_t i = 0; i < looking->count; i++) {
		if (output_of(evaluation, looking, looking->terms[i], &output) < 0)
			return -1;
		value_append(arena, list, output->kind == VALUE_STRING ? stripped(arena, output, false,
			true) : output);
	}
	return 0;
}

static int find_lines(struct evaluation *evaluation, const struct looking *looking,
	struct value *list)
{
	struct arena *arena = evaluation->evaluator->arena;
	struct value *output;

	for (size_t i = 0; i < looking->count; i++) {
		const char *at, *end;

		if (output_of(evaluation, looking, looking->terms[i], &output) < 0)
			return -1;
		if (output->kind != VALUE_STRING) {
			value_append(arena, list, output);
			continue;
		}
		at = output->text;
		end = at + output->size;
		while (at < end) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			struct value *line = value_bytes(arena, at, (size_t)((newline ? newline : end) - at));

			line = stripped(arena, line, false, true);
			line->level = output->level;
			value_append(arena, list, line);
			at = newline ? newline + 1 : end;
		}
	}
	return 0;
}

const struct finder finders_read[] = {
	{ "env", find_env, 0, { "default", NULL } },
	{ "vars", find_vars, 0, { "default", NULL } },
	{ "file", find_file, 0, { "lstrip", "rstrip", NULL } },
	{ "template", find_template, 0, { "convert_data", NULL } },
	{ "fileglob", find_fileglob, 0, { NULL } },
	{ "first_found", find_first, 0, { "files", "paths", "skip", NULL } },
	{ "pipe", find_pipe, 0, { NULL } },
	{ "lines", find_lines, 0, { NULL } },
	{ 0 },
};
