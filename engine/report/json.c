/* json: one event a line, for programs. Values of secrets and of files that not everybody may read
 * are left out. Events: run, result, warning, unreachable, failed, interrupted
 * (a host that is lost for that reason, with the error's code), error, orphan, would_change_too and not_asked
 * (hosts outside the limit), recap. */
#include "report/state.h"

#include "base/quote.h"
#include "module/module.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

static json_object *text(const struct report *report, const char *bytes, size_t size)
{
	if (utf8_valid(bytes, size))
		return json_object_new_string_len(bytes, (int)size);
	return json_object_new_string(report_shown(report, bytes, size, 1));
}

/* Names that are the run's own: its hosts, its words. */
static void put_name(const struct report *report, json_object *object, const char *key,
	const char *name)
{
	if (name)
		json_object_object_add(object, key, text(report, name, strlen(name)));
}

static void put(const struct report *report, json_object *object, const char *key,
	const char *string)
{
	struct disclosure to = { .audience = FOR_JSON, .secrets = report->options.secrets };

	string = disclose_text(report->arena, &to, string);
	if (string)
		json_object_object_add(object, key, text(report, string, strlen(string)));
}

static const char *key_text(const struct report *report, const char *key)
{
	size_t size = strlen(key);

	return utf8_valid(key, size) ? key : report_shown(report, key, size, 0);
}

static json_object *from_disclosed(const struct report *report, const struct value *value)
{
	json_object *made;

	switch (value->kind) {
	case VALUE_BOOL:
		return json_object_new_boolean(value->truth);
	case VALUE_INTEGER:
		return json_object_new_int64(value->integer);
	case VALUE_FLOAT:
		return isfinite(value->number) ? json_object_new_double(value->number) : NULL;
	case VALUE_STRING:
		return text(report, value->text, value->size);
	case VALUE_LIST:
		made = json_object_new_array();
		for (size_t i = 0; i < value->count; i++)
			json_object_array_add(made, from_disclosed(report, value_item(value, i)));
		return made;
	case VALUE_MAP:
		made = json_object_new_object();
		for (size_t i = 0; i < value->count; i++)
			json_object_object_add(made, key_text(report, value_key(value, i)),
				from_disclosed(report, value_at(value, i)));
		return made;
	default:
		return NULL;
	}
}

static json_object *from_value(const struct report *report, const struct value *value)
{
	return from_disclosed(report, report_disclosed(report, value));
}

const char *json_pretty(const struct report *report, const struct value *value)
{
	json_object *object = from_value(report, value);
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY
		| JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	text = arena_string(report->arena, text);
	json_object_put(object);
	return text;
}

/* What json-c leaves as it is, and a terminal, or who reads it there, doesn't: control characters
 * behind ASCII, marks that turn the direction of text, and the ends of lines of Unicode. */
static bool is_control(unsigned code)
{
	return (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f
		|| (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* The character at the front of valid UTF-8, and how many bytes it has; those of more than three
 * are no controls. */
static unsigned code_at(const char *at, size_t *ret_size)
{
	const unsigned char *bytes = (const unsigned char *)at;

	*ret_size = 1;
	if (bytes[0] < 0xc0)
		return bytes[0];
	*ret_size = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (*ret_size == 2)
		return (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu);
	return *ret_size == 3 ? (bytes[0] & 0x0fu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu)
		: 0x10000;
}

static void print(struct report *report, json_object *event)
{
	const char *text = json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN
		| JSON_C_TO_STRING_NOSLASHESCAPE);
	FILE *out = report->options.out;
	size_t size;

	for (const char *at = text; *at; at += size) {
		unsigned code = code_at(at, &size);

		if (is_control(code))
			fprintf(out, "\\u%04x", code);
		else
			fwrite(at, 1, size, out);
	}
	fputc('\n', out);
	fflush(out);
	json_object_put(event);
}

static json_object *event_new(const char *name)
{
	json_object *event = json_object_new_object();

	json_object_object_add(event, "event", json_object_new_string(name));
	return event;
}

void json_run(struct report *report, const char *playbook)
{
	json_object *event = event_new("run");

	put_name(report, event, "playbook", playbook);
	json_object_object_add(event, "check", json_object_new_boolean(report->options.check));
	json_object_object_add(event, "hosts", from_value(report, report->hosts));
	print(report, event);
}

static json_object *changes_of(const struct report *report, const struct report_result *result)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < result->change_count; i++) {
		const struct told_change *change = &result->changes[i];
		bool hidden = change->flags & (CHANGE_SECRET | CHANGE_SENSITIVE);
		json_object *made = json_object_new_object();

		put(report, made, "subject", change->subject);
		put(report, made, "field", change->field);
		if (change->before && !hidden)
			json_object_object_add(made, "before", from_value(report, change->before));
		if (change->after && !hidden)
			json_object_object_add(made, "after", from_value(report, change->after));
		json_object_array_add(list, made);
	}
	return list;
}

void json_result(struct report *report, const struct task_report *task,
	const struct report_result *result)
{
	json_object *event = event_new("result");

	put(report, event, "task", task->name);
	put_name(report, event, "module", task->module);
	put_name(report, event, "host", result->host);
	put(report, event, "target", result->target);
	put_name(report, event, "status", status_words[result->status]);
	put(report, event, "item", result->item);
	put(report, event, "message", result->message);
	put(report, event, "remedy", result->remedy);
	put_name(report, event, "code", result->code);
	json_object_object_add(event, "milliseconds", json_object_new_int64(result->milliseconds));
	if (result->change_count > 0)
		json_object_object_add(event, "changes", changes_of(report, result));
	if (result->results)
		json_object_object_add(event, "results", from_value(report, result->results));
	print(report, event);
}

void json_output(struct report *report, const struct task_report *task, const char *host,
	const struct value *lines)
{
	json_object *event = event_new("output");

	put(report, event, "task", task->name);
	put_name(report, event, "host", host);
	json_object_object_add(event, "text", from_value(report, lines));
	print(report, event);
}

void json_message(struct report *report, const char *name, const char *host,
	const char *message, const struct error *err)
{
	json_object *event = event_new(name);

	put_name(report, event, "host", host);
	put(report, event, "message", message);
	put(report, event, "remedy", err && err->remedy[0] ? err->remedy : NULL);
	put_name(report, event, "code", err ? err->code->name : NULL);
	if (err && err->place.line > 0) {
		put_name(report, event, "file", err->place.file);
		json_object_object_add(event, "line", json_object_new_int64(err->place.line));
		json_object_object_add(event, "column", json_object_new_int64(err->place.column));
	}
	print(report, event);
}

void json_recap(struct report *report, const struct report_totals *totals)
{
	json_object *event = event_new("recap");
	json_object *hosts = json_object_new_object();

	for (size_t i = 0; i < report->host_count; i++) {
		const struct host_report *host = &report->recap[i];
		json_object *made = json_object_new_object();

		json_object_object_add(made, "ok", json_object_new_int64(host->ok));
		json_object_object_add(made, "changed", json_object_new_int64(host->changed));
		json_object_object_add(made, "unreachable", json_object_new_int64(host->unreachable));
		json_object_object_add(made, "failed", json_object_new_int64(host->failed));
		json_object_object_add(made, "skipped", json_object_new_int64(host->skipped));
		json_object_object_add(made, "rescued", json_object_new_int64(host->rescued));
		json_object_object_add(made, "may_change", json_object_new_int64(host->may_change));
		json_object_object_add(hosts, host->name, made);
	}
	json_object_object_add(event, "hosts", hosts);
	json_object_object_add(event, "changed", json_object_new_int64(totals->changed));
	json_object_object_add(event, "failed", json_object_new_int64(totals->failed));
	json_object_object_add(event, "unreachable", json_object_new_int64(totals->unreachable));
	print(report, event);
}
