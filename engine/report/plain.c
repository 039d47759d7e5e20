/* plain: results as lines of text. What comes from nodes is made printable here, and bounded. */
#include "report/state.h"

#include "base/quote.h"

#include <stdlib.h>
#include <stdlib.h>
#include <string.h>

#include "module/module.h"

enum { LINES_MOST = 200, OUTPUT_LINES_MOST = 20, NOTE_MOST = 240 };   /* lines; bytes */

const char *color_on(const struct report *report, enum color color)
{
	static const char *const codes[] = {
		[COLOR_PLAIN] = "", [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
		[COLOR_RED] = "\033[31m", [COLOR_CYAN] = "\033[36m", [COLOR_DIM] = "\033[2m",
		[COLOR_BOLD] = "\033[1m",
	};

	return report->options.color ? codes[color] : "";
}

const char *color_off(const struct report *report, enum color color)
{
	return report->options.color && color != COLOR_PLAIN ? "\033[0m" : "";
}

const char *shown_status(const struct report *report, enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "ok";
	case STATUS_CHANGED:
		return report->options.check ? "would change" : "changed";
	case STATUS_FAILED:
		return "failed";
	case STATUS_SKIPPED:
		return "skipped";
	case STATUS_UNREACHABLE:
		return "unreachable";
	case STATUS_MAY_CHANGE:
		return "may change";
	case STATUS_IGNORED:
		return "failed, ignored";
	case STATUS_RESCUED:
		return "failed, rescued";
	}
	return "?";
}

enum color status_color(enum status status)
{
	static const enum color colors[] = {
		[STATUS_OK] = COLOR_GREEN, [STATUS_CHANGED] = COLOR_YELLOW, [STATUS_FAILED] = COLOR_RED,
		[STATUS_SKIPPED] = COLOR_DIM, [STATUS_UNREACHABLE] = COLOR_RED,
		[STATUS_MAY_CHANGE] = COLOR_CYAN, [STATUS_IGNORED] = COLOR_YELLOW,
		[STATUS_RESCUED] = COLOR_YELLOW,
	};

	return colors[status];
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		lines++;
	return lines;
}

/* A text of a node, each line indented. Of too many lines the middle is left out: causes and
 * results stand at the end. */
static void add_lines(struct report *report, struct buffer *out, const char *indent,
	const char *text, size_t size)
{
	char *safe = report_shown(report, text, size, 1);
	size_t lines = count_lines(safe);
	size_t skipped = report->options.verbosity == 0 && lines > LINES_MOST ? lines - LINES_MOST : 0;

	for (size_t line = 0; *safe; line++) {
		size_t length = strcspn(safe, "\n");

		if (skipped > 0 && line == LINES_MOST / 4)
			buffer_printf(out, "%s… %zu lines left out (-v shows all)\n", indent, skipped);
		if (line < LINES_MOST / 4 || line >= LINES_MOST / 4 + skipped)
			buffer_printf(out, "%s%.*s\n", indent, (int)length, safe);
		safe += length + (safe[length] == '\n');
	}
}

static char *one_line(struct report *report, const struct value *text)
{
	return report_shown(report, text->text, text->size, 0);
}

static void add_diff(struct report *report, struct buffer *out, const struct value *before,
	const struct value *after)
{
	char *diff;

	before = before ? report_disclosed(report, before) : NULL;
	after = after ? report_disclosed(report, after) : NULL;
	diff = report_diff(report->arena, value_text(before), value_text(after));

	while (*diff) {
		size_t length = strcspn(diff, "\n");
		enum color color = *diff == '+' ? COLOR_GREEN : *diff == '-' ? COLOR_RED
			: *diff == '@' ? COLOR_CYAN : COLOR_PLAIN;

		buffer_printf(out, "      %s%s%s\n", color_on(report, color),
			report_shown(report, diff, length, 0), color_off(report, color));
		diff += length + (diff[length] == '\n');
	}
}

static void add_change(struct report *report, struct buffer *out, const struct told_change *change,
	bool diff)
{
	const struct value *before = change->before, *after = change->after;
	bool content = change->field && strcmp(change->field, "content") == 0;

	if (!change->subject || !change->field)
		return;
	buffer_printf(out, "    %s %s", report_shown(report, change->subject, strlen(change->subject), 0),
		report_shown(report, change->field, strlen(change->field), 0));
	if ((change->flags & CHANGE_SECRET) || value_level(before) == LEVEL_SECRET
			|| value_level(after) == LEVEL_SECRET) {
		buffer_add_string(out, " (secret)\n");
		return;
	}
	if (content) {
		buffer_add_char(out, '\n');
		if (diff && !(change->flags & CHANGE_BINARY))
			add_diff(report, out, before, after);
		return;
	}
	if (value_text(before) || value_text(after))
		buffer_printf(out, ": %s → %s", value_text(before) ? one_line(report, before) : "nothing",
			value_text(after) ? one_line(report, after) : "nothing");
	buffer_add_char(out, '\n');
}

/* -v: what would be registered, one value a line. */
static void add_results(struct report *report, struct buffer *out, const struct value *results)
{
	for (size_t i = 0; i < results->count; i++) {
		const struct value *value = report_disclosed(report, value_at(results, i));
		const char *key = value_key(results, i);

		if (strcmp(key, "show") == 0
				|| (strcmp(key, "msg") == 0 && value_get(results, "show")))
			continue;
		key = report_shown(report, key, strlen(key), 0);
		if (value->kind == VALUE_STRING && memchr(value->text, '\n', value->size)) {
			buffer_printf(out, "    %s:\n", key);
			add_lines(report, out, "      ", value->text, value->size);
		} else if (value->kind == VALUE_STRING) {
			buffer_printf(out, "    %s: %s\n", key, one_line(report, value));
		} else if (value->kind == VALUE_INTEGER) {
			buffer_printf(out, "    %s: %lld\n", key, (long long)value->integer);
		} else if (value->kind == VALUE_BOOL) {
			buffer_printf(out, "    %s: %s\n", key, value->truth ? "true" : "false");
		} else if (value->kind == VALUE_LIST || value->kind == VALUE_MAP) {
			buffer_printf(out, "    %s: (%zu)\n", key, value->count);
		}
	}
}

/* A long list (of packages that come along) is cut at a word, unless more is asked for. */
static void add_note(struct report *report, struct buffer *out, const char *note)
{
	size_t size = strlen(note), kept = size;

	if (report->options.verbosity == 0 && size > NOTE_MOST) {
		for (kept = NOTE_MOST; kept > 0 && note[kept] != ' '; kept--)
			;
	}
	add_lines(report, out, "    note: ", note, kept > 0 ? kept : size);
	if (kept > 0 && kept < size)
		buffer_add_string(out, "      … (all of it with -v)\n");
}

static void add_structure(struct report *report, struct buffer *out, const struct value *value)
{
	const char *text = json_pretty(report, value);

	add_lines(report, out, "    ", text, strlen(text));
}

/* What a command that failed said, if the message hasn't said all of it already. */
static void add_output(struct report *report, struct buffer *out, const char *name,
	const struct report_result *result)
{
	const struct value *value = value_get(result->results, name);
	const char *text;
	size_t lines;

	value = value_text(value) ? report_disclosed(report, value) : NULL;
	text = value ? value->text : "";
	if (!*text || (result->message && strstr(result->message, text)))
		return;
	lines = count_lines(text);
	buffer_printf(out, "    %s:\n", name);
	if (lines > OUTPUT_LINES_MOST)
		buffer_printf(out, "      … %zu lines before (-v shows all)\n", lines - OUTPUT_LINES_MOST);
	for (; lines > OUTPUT_LINES_MOST; lines--)
		text = strchr(text, '\n') + 1;
	add_lines(report, out, "      ", text, strlen(text));
}

/* The code stands behind the first line. */
static void add_message(struct report *report, struct buffer *out, const char *message,
	const char *code)
{
	size_t first = *code ? strcspn(message, "\n") : strlen(message);

	add_lines(report, out, "    ", message, first);
	if (*code && out->size > 0) {
		out->size--;
		buffer_printf(out, "%s\n", code);
		message += first + (message[first] == '\n');
		add_lines(report, out, "    ", message, strlen(message));
	}
}

/* That a command which failed was to be run is no change. */
static bool is_shown(const struct report_result *result, const struct told_change *change)
{
	return result->status != STATUS_OK && !(status_failed(result->status) && change->field
		&& strcmp(change->field, "command") == 0);
}

/* Of very many the middle is left out, unless what changes in each is asked for. */
static void add_changes(struct report *report, struct buffer *out, const struct report_result *result)
{
	size_t count = 0, shown = 0, skipped;

	for (size_t i = 0; i < result->change_count; i++)
		count += is_shown(result, &result->changes[i]);
	skipped = report->options.verbosity == 0 && !result->diff && count > LINES_MOST
		? count - LINES_MOST : 0;
	for (size_t i = 0; i < result->change_count; i++) {
		if (!is_shown(result, &result->changes[i]))
			continue;
		if (skipped > 0 && shown == LINES_MOST / 4)
			buffer_printf(out, "    … %zu changes left out (-v shows all)\n", skipped);
		if (shown < LINES_MOST / 4 || shown >= LINES_MOST / 4 + skipped)
			add_change(report, out, &result->changes[i], result->diff);
		shown++;
	}
}

/* Of what is taken back the change says it all: "/etc/x state: file → absent" is of file:/etc/x. */
static bool says_item(const struct report_result *result)
{
	const char *name = result->undone ? strchr(result->item, ':') : NULL;
	bool says = name && result->status == STATUS_CHANGED && !result->message && result->change_count > 0;

	for (size_t i = 0; says && i < result->change_count; i++)
		says = result->changes[i].subject && strcmp(result->changes[i].subject, name + 1) == 0;
	return says;
}

char *plain_text(struct report *report, const struct report_result *result)
{
	const struct value *show = value_get(result->results, "show");
	struct buffer out = {0};
	char *text;

	if (result->item && !says_item(result))
		buffer_printf(&out, "    item: %s\n", report_shown(report, result->item,
			strlen(result->item), 0));
	if (result->message)
		add_message(report, &out, result->message, report_code(report, result->code));
	if (result->remedy)
		add_lines(report, &out, "    → ", result->remedy, strlen(result->remedy));
	if (status_failed(result->status) && report->options.verbosity == 0) {
		add_output(report, &out, "stderr", result);
		if (!result->said)
			add_output(report, &out, "stdout", result);
	}
	add_changes(report, &out, result);
	for (size_t i = 0; result->notes && i < result->notes->count; i++) {
		const char *note = value_text(value_item(result->notes, i));

		if (note)
			add_note(report, &out, note);
	}
	if (value_text(show))
		show = report_disclosed(report, show);
	if (value_text(show) && result->said)
		;
	else if (value_text(show))
		add_lines(report, &out, "    ", show->text, show->size);
	else if (show && (show->kind == VALUE_LIST || show->kind == VALUE_MAP))
		add_structure(report, &out, show);
	if (result->results && report->options.verbosity > 0)
		add_results(report, &out, result->results);
	text = arena_bytes(report->arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return text;
}

static int compare_places(const void *one, const void *other)
{
	size_t first = *(const size_t *)one, second = *(const size_t *)other;

	return first < second ? -1 : first > second;
}

struct value *report_in_order(struct report *report, const struct value *names)
{
	struct value *ordered = value_list(report->arena);
	size_t *places = arena_array(report->arena, names->count + 1, sizeof(*places));

	for (size_t i = 0; i < names->count; i++) {
		const struct host_report *host = report_host(report, value_text(value_item(names, i)));

		if (!host)
			return value_copy(report->arena, names);
		places[i] = (size_t)(host - report->recap);
	}
	qsort(places, names->count, sizeof(*places), compare_places);
	for (size_t i = 0; i < names->count; i++) {
		if (i == 0 || places[i] != places[i - 1])
			value_append(report->arena, ordered, value_item(report->hosts, places[i]));
	}
	return ordered;
}

const char *report_hosts(struct report *report, const struct value *names)
{
	return report_fold(report->arena, report_in_order(report, names));
}

static bool same_head(const struct group *one, const struct group *other)
{
	return one->status == other->status && one->mark == other->mark
		&& strcmp(one->target ? one->target : "", other->target ? other->target : "") == 0;
}

static void print_status(struct report *report, const struct group *group)
{
	enum color color = status_color(group->status);

	fprintf(report->options.out, "  %s%s%s: %s%s%s\n", color_on(report, color),
		shown_status(report, group->status), color_off(report, color),
		report_hosts(report, group->hosts), group->target ? " -> " : "",
		group->target ? group->target : "");
}

/* before: the group above it; NULL: none. */
static void print_group(struct report *report, const struct task_report *task,
	const struct group *group, const struct group *before)
{
	if (!before || !group->undone || !same_head(group, before))
		print_status(report, group);
	fputs(group->text, report->options.out);
	if (status_failed(group->status) && task->place.line > 0)
		fprintf(report->options.out, "    at %s:%u\n", report_shown(report, task->place.file,
			strlen(task->place.file), 0), task->place.line);
}

static int by_order(const void *one, const void *other)
{
	const struct group *left = *(struct group *const *)one, *right = *(struct group *const *)other;

	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

/* Of very many items that went alike the middle is left out. */
static void print_alike(struct report *report, const struct task_report *task, struct group **groups,
	size_t count)
{
	bool cut = report->options.verbosity == 0 && count > LINES_MOST && !groups[0]->diff
		&& !status_failed(groups[0]->status);
	size_t first = cut ? LINES_MOST / 4 : count, skipped = cut ? count - LINES_MOST : 0;

	for (size_t i = 0; i < first; i++)
		print_group(report, task, groups[i], i > 0 ? groups[i - 1] : NULL);
	if (cut)
		fprintf(report->options.out, "    … %zu items left out, all of them %s (-v shows all)\n", skipped,
			shown_status(report, groups[0]->status));
	for (size_t i = first + skipped; i < count; i++)
		print_group(report, task, groups[i], groups[i - 1]);
}

static void print_groups(struct report *report, const struct task_report *task)
{
	struct group **groups = arena_array(report->arena, task->group_count + 1, sizeof(*groups));
	size_t count = 0;

	for (struct group *group = task->groups; group; group = group->next)
		groups[count++] = group;
	qsort(groups, count, sizeof(*groups), by_order);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && same_head(groups[end], groups[i]); end++)
			;
		if (groups[i]->status != STATUS_SKIPPED || report->options.verbosity > 0)
			print_alike(report, task, groups + i, end - i);
	}
}

/* What stands above a task's results, once. */
static void print_head(struct report *report, struct task_report *task, bool any)
{
	if (task->play)
		fprintf(report->options.out, "\n%sPLAY [%s]%s\n", color_on(report, COLOR_BOLD),
			task->play, color_off(report, COLOR_BOLD));
	task->play = NULL;
	if (any && !task->printed)
		fprintf(report->options.out, "\n%s%s [%s]%s\n", color_on(report, COLOR_BOLD),
			task->handler ? "HANDLER" : "TASK", task->name, color_off(report, COLOR_BOLD));
	task->printed = task->printed || any;
}

void plain_output(struct report *report, struct task_report *task, const char *text, size_t size)
{
	const char *lines = report_shown(report, text, size, true);

	print_head(report, task, true);
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		fprintf(report->options.out, "    %.*s\n", (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
	fflush(report->options.out);
}

void plain_task(struct report *report, struct task_report *task)
{
	print_head(report, task, task->groups != NULL);
	if (!task->groups)
		return;
	print_groups(report, task);
	fflush(report->options.out);
}
