/* filters_yaml: to_yaml, to_nice_yaml, from_yaml.
 *
 * libyaml writes it; styles are chosen as PyYAML's representer does: a text stands plain unless it
 * would be read as something else. Keys are sorted. */
#include "expression/evaluate.h"

#include "base/quote.h"
#include "expression/show.h"
#include "yaml/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct writing {
	struct evaluation *evaluation;
	const struct call *call;
	yaml_emitter_t emitter;
	struct buffer out;
	bool nice;           /* always in blocks */
};

static int write_more(void *context, unsigned char *bytes, size_t size)
{
	struct writing *writing = context;

	if (evaluation_spend(writing->evaluation, writing->call->offset, size / 64, size) < 0)
		return 0;
	buffer_add(&writing->out, bytes, size);
	return 1;
}

static int emit(struct writing *writing, yaml_event_t *event)
{
	if (yaml_emitter_emit(&writing->emitter, event))
		return 0;
	return evaluation_error(writing->evaluation, writing->call->offset,
		"this cannot be written as YAML");
}

static int write_scalar(struct writing *writing, const char *text, size_t size, bool plain,
	yaml_scalar_style_t style)
{
	yaml_event_t event;

	yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)size,
		plain,
		true, style);
	return emit(writing, &event);
}

/* Whether a plain scalar with this text is read as a text again. */
static bool stays_text(struct arena *scratch, const char *text, size_t size)
{
	struct error ignored = { 0 };
	struct value *value;

	return tree_scalar(scratch, text, size, (struct place){ 0 }, &value, &ignored) == 0 &&
		value->kind == VALUE_STRING && strcmp(text, "=") != 0 && strcmp(text, "<<") != 0;
}

static int write_text(struct writing *writing, const char *text, size_t size)
{
	struct arena *scratch = writing->evaluation->evaluator->scratch;

	if (!utf8_valid(text, size) || memchr(text, '\0', size))
		return evaluation_error(writing->evaluation, writing->call->offset,
			"a text that isn't UTF-8 cannot be written as YAML");
	if (stays_text(scratch, text, size))
		return write_scalar(writing, text, size, true, YAML_ANY_SCALAR_STYLE);
	return write_scalar(writing, text, size, false, YAML_SINGLE_QUOTED_SCALAR_STYLE);
}

static int write_number(struct writing *writing, const struct value *value)
{
	struct buffer text = { 0 };
	int result;

	if (value->kind == VALUE_FLOAT && (value->number != value->number ||
			value->number - value->number != 0))
		buffer_add_string(&text, value->number != value->number ? ".nan" :
			value->number > 0 ? ".inf" : "-.inf");
	else
		show_value(&text, value);
	result = write_scalar(writing, text.data, text.size, true, YAML_PLAIN_SCALAR_STYLE);
	buffer_free(&text);
	return result;
}

static int write_value(struct writing *writing, const struct value *value, unsigned depth);

/* Without "nice", what holds no containers stands on one line. */
static bool in_block(const struct writing *writing, const struct value *value)
{
	bool block = writing->nice;

	for (size_t i = 0; i < value->count; i++) {
		const struct value *item = value->kind == VALUE_MAP ? value_at(value, i) :
			value->items[i];

		block |= item->kind == VALUE_LIST || item->kind == VALUE_MAP;
	}
	return block && value->count;
}

static int compare_pairs(const void *one, const void *other)
{
	return strcmp((*(const struct value_pair *const *)one)->key,
		(*(const struct value_pair *const *)other)->key);
}

static int write_map(struct writing *writing, const struct value *map, unsigned depth)
{
	const struct value_pair **pairs = arena_array(writing->evaluation->evaluator->scratch,
		map->count + 1, sizeof(*pairs));
	yaml_event_t event;

	for (size_t i = 0; i < map->count; i++)
		pairs[i] = value_pair_at(map, i);
	qsort(pairs, map->count, sizeof(*pairs), compare_pairs);
	yaml_mapping_start_event_initialize(&event, NULL, NULL, true, in_block(writing, map) ?
		YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE);
	if (emit(writing, &event) < 0)
		return -1;
	for (size_t i = 0; i < map->count; i++) {
		if (write_text(writing, pairs[i]->key, strlen(pairs[i]->key)) < 0 ||
			write_value(writing, pairs[i]->value, depth + 1) < 0)
			return -1;
	}
	yaml_mapping_end_event_initialize(&event);
	return emit(writing, &event);
}

static int write_list(struct writing *writing, const struct value *list, unsigned depth)
{
	yaml_event_t event;

	yaml_sequence_start_event_initialize(&event, NULL, NULL, true, in_block(writing, list) ?
		YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE);
	if (emit(writing, &event) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		if (write_value(writing, list->items[i], depth + 1) < 0)
			return -1;
	}
	yaml_sequence_end_event_initialize(&event);
	return emit(writing, &event);
}

static int write_value(struct writing *writing, const struct value *value, unsigned depth)
{
	if (depth > TREE_DEPTH_MOST)
		return evaluation_error(writing->evaluation, writing->call->offset,
			"this is nested too deeply");
	if (evaluation_spend(writing->evaluation, writing->call->offset, 4, 0) < 0)
		return -1;
	switch (value->kind) {
	case VALUE_MAP:
		return write_map(writing, value, depth);
	case VALUE_LIST:
		return write_list(writing, value, depth);
	case VALUE_STRING:
		return write_text(writing, value->text, value->size);
	case VALUE_BOOL:
		return write_scalar(writing, value->truth ? "true" : "false", value->truth ? 4 : 5,
			true,
			YAML_PLAIN_SCALAR_STYLE);
	case VALUE_NULL:
		return write_scalar(writing, "null", 4, true, YAML_PLAIN_SCALAR_STYLE);
	default:
		return write_number(writing, value);
	}
}

static int write_document(struct writing *writing)
{
	yaml_event_t event;

	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	if (emit(writing, &event) < 0)
		return -1;
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL, true);
	if (emit(writing, &event) < 0 || write_value(writing, writing->call->input, 0) < 0)
		return -1;
	yaml_document_end_event_initialize(&event, true);
	if (emit(writing, &event) < 0)
		return -1;
	yaml_stream_end_event_initialize(&event);
	if (emit(writing, &event) < 0)
		return -1;
	return yaml_emitter_flush(&writing->emitter) ? 0 : evaluation_error(writing->evaluation,
		writing->call->offset, "this cannot be written as YAML");
}

static int to_yaml(struct evaluation *evaluation, struct call *call, bool nice, int64_t indent,
	struct value **ret_value)
{
	struct writing writing = { .evaluation = evaluation, .call = call, .nice = nice };
	int result;

	if (call_integer(evaluation, call, 0, indent, &indent) < 0)
		return -1;
	if (indent < 2 || indent > 9)
		return evaluation_error(evaluation, call->offset, "indent must be 2 to 9");
	if (!yaml_emitter_initialize(&writing.emitter))
		return evaluation_error(evaluation, call->offset, "this cannot be written as YAML");
	yaml_emitter_set_output(&writing.emitter, write_more, &writing);
	yaml_emitter_set_unicode(&writing.emitter, true);
	yaml_emitter_set_indent(&writing.emitter, (int)indent);
	result = write_document(&writing);
	yaml_emitter_delete(&writing.emitter);
	if (result < 0) {
		buffer_free(&writing.out);
		return -1;
	}
	return buffer_value(evaluation, call->offset, &writing.out, ret_value);
}

static int filter_to_yaml(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return to_yaml(evaluation, call, false, 2, ret_value);
}

static int filter_to_nice_yaml(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return to_yaml(evaluation, call, true, 4, ret_value);
}

static int filter_from_yaml(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	struct error inside = { 0 };

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (evaluation_spend(evaluation, call->offset, call->input->size,
			8 * call->input->size) < 0)
		return -1;
	if (tree_parse(evaluation->evaluator->arena, "(a string)", call->input->text,
			call->input->size, ret_value, &inside) < 0) {
		evaluation_error(evaluation, call->offset,
			"this string is no YAML that is understood");
		return call->input->level ? -1 : error_remedy(evaluation->evaluator->err,
			"line %u of it: %s", inside.place.line, inside.message);
	}
	value_mark_data(*ret_value);
	return 0;
}

const struct callable filters_yaml[] = {
	{ "to_yaml", filter_to_yaml, 0, CALL_DEEP, { "indent" } },
	{ "to_nice_yaml", filter_to_nice_yaml, 0, CALL_DEEP, { "indent" } },
	{ "from_yaml", filter_from_yaml, 0, 0, { NULL } },
	{ 0 },
};
