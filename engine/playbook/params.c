/* params: what stands under a module's name → a map of parameters.
 *
 * A text is either the module's free form ("command: make all creates=/x"), in which words that set
 * options of the module are taken out, or nothing but such words ("file: path=/x mode=0644"). */
#include "playbook/build.h"

#include "expression/expression.h"
#include "playbook/task_params.h"
#include "yaml/tree.h"

#include <ctype.h>
#include <string.h>

struct words {
	struct play_reader *reader;
	const struct module *module;
	const struct value *text;
	struct value *params;
};

/* One word of a text: [start, end), with the sign = at equals (0: none). */
struct word {
	size_t start;
	size_t equals;
	size_t end;
};

static const struct param *free_form(const struct module *module)
{
	for (const struct param *param = module->params; param && param->name; param++) {
		if (param->flags & PARAM_FREE_FORM)
			return param;
	}
	return NULL;
}

/* The end of what begins at text: a quoted part, an expression, or one character. */
static const char *skip_part(const char *text)
{
	const char *end = NULL;

	if (*text == '"' || *text == '\'') {
		end = strchr(text + 1, *text);
		return end ? end + 1 : text + 1;
	}
	if (*text == '\\' && text[1])
		return text + 2;
	if (strncmp(text, "{{", 2) == 0)
		end = strstr(text + 2, "}}");
	else if (strncmp(text, "{%", 2) == 0)
		end = strstr(text + 2, "%}");
	else if (strncmp(text, "{#", 2) == 0)
		end = strstr(text + 2, "#}");
	return end ? end + 2 : text + 1;
}

static bool next_word(const char *text, size_t from, struct word *ret_word)
{
	const char *at = text + from;
	const char *name;

	at += strspn(at, " \t\n");
	*ret_word = (struct word){ .start = (size_t)(at - text) };
	for (name = at; isalnum((unsigned char)*name) || *name == '_' || *name == '-'; name++)
		;
	if (*name == '=' && name > at)
		ret_word->equals = (size_t)(name - text);
	while (*at && !isspace((unsigned char)*at))
		at = skip_part(at);
	ret_word->end = (size_t)(at - text);
	return ret_word->end > ret_word->start;
}

/* A part of a text as a value that knows its place. */
static struct value *part_of(struct words *words, size_t start, size_t end)
{
	const struct value *text = words->text;
	struct value *part = value_bytes(words->reader->arena, text->text + start, end - start);

	part->place = tree_place(text, start);
	part->level = text->level;
	part->data = text->data;
	if (text->raw && start == 0) {
		part->raw = text->raw;
		part->quoted = text->quoted;
		part->place = text->place;
	} else if (text->raw && !text->quoted && part->place.line == text->place.line) {
		part->raw = text->raw + (part->place.column - text->place.column);
	}
	return part;
}

static int set_word(struct words *words, const struct word *word)
{
	struct arena *arena = words->reader->arena;
	const char *text = words->text->text;
	char *name = arena_bytes(arena, text + word->start, word->equals - word->start);
	size_t start = word->equals + 1, end = word->end;
	struct place place = tree_place(words->text, word->start);

	if (value_get(words->params, name))
		return error_at(words->reader->err, YAML_DUPLICATE_KEY, place, "duplicate parameter '%s'",
			name);
	if (end > start + 1 && (text[start] == '"' || text[start] == '\'') &&
		text[end - 1] == text[start]) {
		start++;
		end--;
	}
	value_set_at(arena, words->params, name, place, part_of(words, start, end));
	return 0;
}

/* "path=/x state=directory" */
static int read_options(struct words *words)
{
	struct word word = { 0 };

	while (next_word(words->text->text, word.end, &word)) {
		if (word.equals && set_word(words, &word) < 0)
			return -1;
		if (word.equals)
			continue;
		error_at(words->reader->err, TASK_INVALID_VALUE, tree_place(words->text, word.start),
			"%s takes parameters, not a string", words->module->name);
		return error_remedy(words->reader->err, "write them below it, one 'name: value' a line");
	}
	return 0;
}

static const struct param *param_of_word(const struct words *words, const struct word *word)
{
	const struct param *param;

	if (!word->equals)
		return NULL;
	param = param_find(words->module->params, arena_bytes(words->reader->arena,
		words->text->text + word->start, word->equals - word->start));
	return param && !(param->flags & PARAM_INTERNAL) ? param : NULL;
}

/* "msg='some text' verbosity=1": then the free form's own name counts too. */
static bool only_options(const struct words *words)
{
	struct word word = { 0 };
	bool any = false;

	while (next_word(words->text->text, word.end, &word)) {
		if (!param_of_word(words, &word))
			return false;
		any = true;
	}
	return any;
}

/* Whether a word sets an option; the free form's own name in it is text like any other. */
static bool sets_option(const struct words *words, const struct word *word,
	const struct param *form)
{
	const struct param *param = param_of_word(words, word);

	return param && param != form;
}

/* The words between which options were taken out. */
static struct value *remaining(struct words *words, const struct buffer *rest, size_t first,
	size_t last)
{
	struct value *text;

	if (rest->size == last - first)
		return part_of(words, first, last);
	text = value_bytes(words->reader->arena, rest->data, rest->size);
	text->place = tree_place(words->text, first);
	text->data = words->text->data;
	return text;
}

/* "make all creates=/x": what sets no option is the text. */
static int read_free_form(struct words *words, const struct param *form)
{
	const char *text = words->text->text;
	struct word word = { 0 };
	struct buffer rest = { 0 };
	size_t first = 0, last = 0, before = 0;
	int result = 0;

	while (result == 0 && next_word(text, word.end, &word)) {
		if (sets_option(words, &word, form)) {
			result = set_word(words, &word);
		} else {
			first = rest.size ? first : word.start;
			if (rest.size)
				buffer_add(&rest, text + before, word.start - before);
			buffer_add(&rest, text + word.start, word.end - word.start);
			last = word.end;
		}
		before = word.end;
	}
	if (rest.size)
		value_set(words->reader->arena, words->params, form->name, words->params->count ?
			remaining(words, &rest, first, last) : (struct value *)(uintptr_t)words->text);
	buffer_free(&rest);
	return result;
}

static int read_text(struct play_reader *reader, const struct module *module,
	const struct value_pair *pair, struct value **ret_params)
{
	const struct param *form = free_form(module);
	struct words words = { reader, module, keyword_string_of(reader, pair->value),
		value_map(reader->arena) };

	if (!words.text) {
		error_at(reader->err, TASK_INVALID_VALUE, keyword_place(pair), "the parameters of %s must "
			"be a map, not %s", module->name, value_kind_name(pair->value));
		return error_remedy(reader->err, "write them below it, one 'name: value' a line");
	}
	*ret_params = words.params;
	words.params->place = pair->value->place;
	return form && !only_options(&words) ? read_free_form(&words, form) : read_options(&words);
}

int play_read_words(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_options)
{
	const struct module plain = { .name = pair->key };

	return read_text(reader, &plain, pair, ret_options);
}

static int add_args(struct play_reader *reader, const struct value_pair *args,
	struct value **params)
{
	struct value *all = value_map(reader->arena);
	const struct value *sources[] = { *params, args->value };

	if (args->value->kind != VALUE_MAP)
		return keyword_refuse_kind(reader, args, "a map");
	all->place = (*params)->place;
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sources[i]->count; j++) {
			const struct value_pair *pair = &sources[i]->pairs[j];

			if (value_get(all, pair->key))
				return error_at(reader->err, YAML_DUPLICATE_KEY, pair->place, "duplicate parameter "
					"'%s'", pair->key);
			value_set_at(reader->arena, all, pair->key, pair->place, pair->value);
		}
	}
	*params = all;
	return 0;
}

/* Options that are names of variables. */
static int check_names(struct play_reader *reader, const struct task *task)
{
	for (size_t i = 0; (task->module->flags & MODULE_SETS) && i < task->params->count; i++) {
		const struct value_pair *pair = &task->params->pairs[i];

		if (!param_find(task->module->params, pair->key) && !strstr(pair->key, "{{")
				&& play_check_variable(pair->key, pair->place, reader->err) < 0)
			return -1;
	}
	return 0;
}

int task_read_params(struct play_reader *reader, struct task *task, const struct value_pair *pair,
	const struct value_pair *args)
{
	task->params = pair->value;
	if (pair->value->kind == VALUE_NULL) {
		task->params = value_map(reader->arena);
		task->params->place = pair->place;
	} else if (pair->value->kind != VALUE_MAP &&
		read_text(reader, task->module, pair, &task->params) < 0) {
		return -1;
	}
	if (args && args->value->kind != VALUE_NULL && add_args(reader, args, &task->params) < 0)
		return -1;
	task_add_defaults(reader, task);
	if (expression_check(reader->arena, task->params, reader->err) < 0
			|| check_names(reader, task) < 0)
		return error_place(reader->err, task->module_place);
	return params_check(reader->arena, task->module, task->params, task->module_place,
		reader->err);
}
