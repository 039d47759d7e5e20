/* loop: loop, with_… and loop_control. */
#include "playbook/build.h"

#include "expression/expression.h"
#include "base/suggest.h"

#include <string.h>

static int find_loop(struct play_reader *reader, const struct value *raw,
	const struct value_pair **ret_pair)
{
	*ret_pair = NULL;
	for (size_t i = 0; i < raw->count; i++) {
		const struct value_pair *pair = &raw->pairs[i];

		if (strcmp(pair->key, "loop") != 0 && (strncmp(pair->key, "with_", 5) != 0
				|| !keyword_find(task_keywords, pair->key)))
			continue;
		if (*ret_pair)
			return error_at(reader->err, PLAYBOOK_DUPLICATE, pair->place, "a task can have only "
				"one loop, but this one has both '%s' and '%s'", (*ret_pair)->key, pair->key);
		*ret_pair = pair;
	}
	return 0;
}

static int refuse_loop(struct play_reader *reader, const struct value_pair *pair)
{
	keyword_refuse_kind(reader, pair, "a list");
	if (pair->value->kind == VALUE_MAP)
		return error_remedy(reader->err, "a map becomes a list with {{ name | dict2items }}");
	return error_remedy(reader->err, "write one '- item' a line, or \"{{ name }}\"");
}

static int read_loop_list(struct play_reader *reader, const struct value_pair *pair,
	struct task *task)
{
	struct value *value = pair->value;

	task->loop_flatten = strcmp(pair->key, "with_items") == 0;
	if (strncmp(pair->key, "with_", 5) == 0 && !task->loop_flatten
			&& strcmp(pair->key, "with_list") != 0 && value->kind != VALUE_NULL) {
		task->loop_lookup = pair->key + strlen("with_");
		task->loop = value;
		return expression_check(reader->arena, value, reader->err);
	}
	if (value->kind == VALUE_LIST || (value->kind == VALUE_STRING && expression_inside(value))) {
		task->loop = value;
	} else if (task->loop_flatten && keyword_string_of(reader, value)) {
		task->loop = value_list(reader->arena);
		task->loop->place = value->place;
		value_append(reader->arena, task->loop, value);
	} else {
		return refuse_loop(reader, pair);
	}
	return expression_check(reader->arena, task->loop, reader->err);
}

static int refuse_control(struct play_reader *reader, const struct value_pair *pair)
{
	struct suggestion suggestion = { .word = pair->key };

	if (strcmp(pair->key, "break_when") == 0) {
		error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "'break_when' of loop_control is not "
			"supported yet");
		return error_remedy(reader->err, "choose the items before: {{ list | select(…) }}");
	}
	suggest_offer(&suggestion, "loop_var");
	suggest_offer(&suggestion, "label");
	suggest_offer(&suggestion, "index_var");
	suggest_offer(&suggestion, "extended");
	suggest_offer(&suggestion, "pause");
	error_at(reader->err, PLAYBOOK_UNKNOWN_KEYWORD, pair->place, "loop_control has no '%s'",
		pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "it has loop_var, label, index_var, extended and pause");
}

static int read_control(struct play_reader *reader, const struct value_pair *control,
	struct task *task)
{
	if (control->value->kind != VALUE_MAP)
		return keyword_refuse_kind(reader, control, "a map");
	for (size_t i = 0; i < control->value->count; i++) {
		const struct value_pair *pair = &control->value->pairs[i];
		struct value *value;

		if (strcmp(pair->key, "loop_var") == 0) {
			if (keyword_word(reader, pair, &value) < 0 ||
				play_check_variable(value->text, keyword_place(pair), reader->err) < 0)
				return -1;
			task->loop_variable = value->text;
		} else if (strcmp(pair->key, "index_var") == 0) {
			if (keyword_word(reader, pair, &value) < 0 ||
				play_check_variable(value->text, keyword_place(pair), reader->err) < 0)
				return -1;
			task->loop_index = value->text;
		} else if (strcmp(pair->key, "extended") == 0) {
			if (keyword_plain_truth(reader, pair, &task->loop_extended) < 0)
				return -1;
		} else if (strcmp(pair->key, "extended_allitems") == 0) {
			if (keyword_plain_truth(reader, pair, &(bool){ false }) < 0)
				return -1;
		} else if (strcmp(pair->key, "pause") == 0) {
			if (keyword_seconds(reader, pair, &task->loop_pause) < 0)
				return -1;
		} else if (strcmp(pair->key, "label") == 0) {
			if (keyword_text(reader, pair, &task->loop_label) < 0)
				return -1;
		} else {
			return refuse_control(reader, pair);
		}
	}
	return 0;
}

int task_read_loop(struct play_reader *reader, const struct value *raw, struct task *task)
{
	const struct value_pair *control = value_pair(raw, "loop_control");
	const struct value_pair *loop;

	task->loop_variable = "item";
	if (find_loop(reader, raw, &loop) < 0)
		return -1;
	if (loop && read_loop_list(reader, loop, task) < 0)
		return -1;
	if (control && !loop)
		return error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, control->place, "loop_control "
			"without a loop");
	return control ? read_control(reader, control, task) : 0;
}
