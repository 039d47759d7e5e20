/* report: everything that is printed about a run, told in events, printed in the order of tasks. */
#include "report/state.h"

#include "base/quote.h"
#include "module/plan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_MOST = 400 };    /* bytes of a line that an error shows */

int64_t report_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct report *report_new(const struct report_options *options)
{
	struct arena *arena = arena_new();
	struct report *report = arena_alloc(arena, sizeof(*report));

	report->arena = arena;
	report->options = *options;
	report->hosts = value_list(arena);
	report->start = report_clock();
	return report;
}

void report_free(struct report *report)
{
	lost_print(report);
	arena_free(report->arena);
}

char *report_shown(const struct report *report, const char *text, size_t size, bool lines)
{
	enum level least = disclose_least(report->options.json ? FOR_JSON : FOR_TERMINAL);

	text = secrets_cut(report->options.secrets, report->arena, text, size, least, &size);
	return quote_printable(report->arena, text, size, lines);
}

struct value *report_disclosed(const struct report *report, const struct value *value)
{
	const struct disclosure to = { .secrets = report->options.secrets,
		.audience = report->options.json ? FOR_JSON : FOR_TERMINAL };

	return disclose(report->arena, &to, value);
}

void report_run(struct report *report, const char *playbook, const struct value *hosts,
	unsigned task_count)
{
	report->hosts = value_copy(report->arena, hosts);
	report->host_count = hosts->count;
	report->announced = task_count;
	report->recap = arena_array(report->arena, hosts->count + 1, sizeof(*report->recap));
	for (size_t i = 0; i < hosts->count; i++) {
		report->recap[i].name = value_text(value_item(report->hosts, i));
		lookup_put(report->arena, &report->by_name, report->recap[i].name, &report->recap[i]);
	}
	if (report->options.json)
		json_run(report, playbook);
}

void report_play(struct report *report, const char *name)
{
	report->play = report_shown(report, name, strlen(name), 0);
}

unsigned report_task(struct report *report, const char *name, const char *module, bool handler,
	struct place place, unsigned host_count)
{
	struct task_report *task;

	if (report->task_count == report->task_capacity) {
		size_t capacity = report->task_capacity ? 2 * report->task_capacity : 32;

		report->tasks = arena_grow(report->arena, report->tasks,
			report->task_count * sizeof(*report->tasks), capacity * sizeof(*report->tasks));
		report->task_capacity = capacity;
	}
	task = &report->tasks[report->task_count];
	*task = (struct task_report){
		.name = report_shown(report, name, strlen(name), 0),
		.module = arena_string(report->arena, module),
		.handler = handler,
		.place = place,
		.expected = host_count,
		.play = report->play,
	};
	report->play = NULL;
	return (unsigned)report->task_count++;
}

struct host_report *report_host(const struct report *report, const char *name)
{
	return lookup_get(&report->by_name, name);
}

static void count(struct host_report *host, enum status status)
{
	switch (status) {
	case STATUS_CHANGED:
		host->changed++;
		host->ok++;
		break;
	case STATUS_OK:
		host->ok++;
		break;
	case STATUS_FAILED:
		host->failed++;
		break;
	case STATUS_SKIPPED:
		host->skipped++;
		break;
	case STATUS_UNREACHABLE:
		host->unreachable++;
		break;
	case STATUS_MAY_CHANGE:
		host->may_change++;
		host->ok++;
		break;
	case STATUS_RESCUED:
		host->rescued++;
		break;
	case STATUS_IGNORED:
		host->ignored++;
		host->ok++;
		break;
	}
}

/* A loop counts once, with the worst of its items; but where something would change for certain, that
 * more may change doesn't hide it. */
static void count_result(struct report *report, const struct report_result *result)
{
	struct host_report *host = report_host(report, result->host);
	enum status status = result->status;

	if (!host)
		return;
	if (!host->in_loop)
		host->may_change_too = false;
	else if ((host->worst == STATUS_CHANGED && status == STATUS_MAY_CHANGE)
			|| (host->worst == STATUS_MAY_CHANGE && status == STATUS_CHANGED)) {
		status = STATUS_CHANGED;
		host->may_change_too = true;
	} else if (status_outweighs(host->worst, status)) {
		status = host->worst;
	}
	host->worst = status;
	host->in_loop = result->more;
	if (result->more)
		return;
	count(host, status);
	host->may_change += status == STATUS_CHANGED && host->may_change_too;
}

/* As splitmix64: sums of it tell sets of hosts apart. */
static uint64_t mark_of(uint64_t host)
{
	host = (host + 1) * UINT64_C(0x9e3779b97f4a7c15);
	host = (host ^ (host >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	host = (host ^ (host >> 27)) * UINT64_C(0x94d049bb133111eb);
	return host ^ (host >> 31);
}

/* Groups stand in the order of the inventory, those of one host in the order of its results. */
static void take_order(struct report *report, struct task_report *task, const char *name,
	struct group *group)
{
	const struct host_report *host = report_host(report, name);
	size_t index = host ? (size_t)(host - report->recap) : report->host_count;

	task->results++;
	group->mark += mark_of(index);
	if (group->hosts->count > 0 && group->first <= index)
		return;
	group->first = index;
	group->order = task->results;
}

static void add_to_group(struct report *report, struct task_report *task,
	const struct report_result *result, char *text)
{
	struct lookup *by_text = &task->by_text[result->status];
	const char *key = result->target || result->undone ? arena_printf(report->arena, "%s\n%s\n%s",
		result->target ? result->target : "", result->undone ? result->item : "", text) : text;
	struct group *group = lookup_get(by_text, key);

	if (!group) {
		group = arena_alloc(report->arena, sizeof(*group));
		group->status = result->status;
		group->text = text;
		group->undone = result->undone;
		group->diff = result->diff;
		group->target = result->target ? report_shown(report, result->target,
			strlen(result->target), 0) : NULL;
		group->hosts = value_list(report->arena);
		lookup_put(report->arena, by_text, key, group);
		if (task->groups)
			task->last_group->next = group;
		else
			task->groups = group;
		task->last_group = group;
		task->group_count++;
	}
	take_order(report, task, result->host, group);
	value_append(report->arena, group->hosts, value_string(report->arena, result->host));
}

/* Prints what is complete, in the order of tasks. */
static void print_ready(struct report *report)
{
	while (report->printed < report->task_count && report->tasks[report->printed].ended) {
		live_clear(report);
		lost_print(report);
		if (!report->options.json)
			plain_task(report, &report->tasks[report->printed]);
		report->printed++;
	}
}

/* no_log: what is left of a result is its status, and why nothing was done. */
static struct report_result without_content(const struct report_result *result)
{
	bool failed = status_failed(result->status);

	return (struct report_result){
		.host = result->host,
		.target = result->target,
		.status = result->status,
		.message = failed ? "output hidden by no_log" : result->message,
		.milliseconds = result->milliseconds,
		.no_log = true,
		.uncounted = result->uncounted,
		.more = result->more,
	};
}

/* What is changed is a command's text, maybe. */
static const struct told_change *without_subjects(const struct report *report,
	const struct report_result *result)
{
	struct told_change *changes = arena_array(report->arena, result->change_count, sizeof(*changes));

	for (size_t i = 0; i < result->change_count; i++)
		changes[i] = (struct told_change){ .subject = level_word(result->unsaid),
			.field = result->changes[i].field, .flags = result->changes[i].flags | CHANGE_SECRET };
	return changes;
}

/* Without the texts of a task that may repeat what can't be found in them. */
static struct report_result without_texts(const struct report *report,
	const struct report_result *result)
{
	enum level least = disclose_least(report->options.json ? FOR_JSON : FOR_TERMINAL);
	struct report_result quiet = *result;

	if (result->unsaid >= least) {
		quiet.message = result->message ? level_word(result->unsaid) : NULL;
		quiet.remedy = NULL;
		quiet.notes = NULL;
		quiet.results = NULL;
		quiet.changes = without_subjects(report, result);
	}
	if (result->item && result->item_level >= least)
		quiet.item = level_word(result->item_level);
	return quiet;
}

void report_result(struct report *report, unsigned task_index,
	const struct report_result *result)
{
	struct task_report *task = &report->tasks[task_index];
	struct report_result quiet = result->no_log ? without_content(result)
		: without_texts(report, result);

	quiet.said = !report->options.json && task->says && strcmp(task->says, result->host) == 0;
	result = &quiet;
	if (!result->uncounted)
		count_result(report, result);
	if (!result->more)
		task->finished++;
	if (task->progress)
		value_remove(task->progress, result->host);
	if (result->silent)
		return;
	if (report->options.json)
		json_result(report, task, result);
	else
		add_to_group(report, task, result, plain_text(report, result));
}

void report_task_end(struct report *report, unsigned task_index)
{
	report->tasks[task_index].ended = true;
	print_ready(report);
}

/* Both streams may be the same terminal or file: what was printed so far comes first. */
static void begin_errors(struct report *report)
{
	live_clear(report);
	fflush(report->options.out);
}

/* To be looked up with `beoplay doc errors`; whoever reads a file of plain lines asks with -v. */
const char *report_code(const struct report *report, const char *code)
{
	if (!code || (!report->options.color && report->options.verbosity == 0))
		return "";
	return arena_printf(report->arena, " %s[%s]%s", color_on(report, COLOR_DIM), code,
		color_off(report, COLOR_DIM));
}

void report_say(struct report *report, enum color color, const char *word, const char *host,
	const char *message, const struct error_code *code)
{
	begin_errors(report);
	fprintf(report->options.errors, "%s%s%s%s%s: %s%s\n", color_on(report, color), word,
		host ? " " : "", host ? host : "", color_off(report, color),
		report_shown(report, message, strlen(message), 0),
		report_code(report, code ? code->name : NULL));
	fflush(report->options.errors);
}

void report_lost(struct report *report, const char *host, const struct error *err)
{
	struct host_report *recap = report_host(report, host);
	bool unreachable = err->kind == ERROR_UNREACHABLE;

	if (recap)
		count(recap, unreachable ? STATUS_UNREACHABLE : STATUS_FAILED);
	if (report->options.json)
		json_message(report, lost_word(err), host, err->message, err);
	else
		lost_add(report, host, err);
}

void report_progress(struct report *report, const char *host, const char *text)
{
	struct task_report *task;

	if (!report->options.live || report->printed >= report->task_count)
		return;
	task = &report->tasks[report->printed];
	if (!task->progress)
		task->progress = value_map(report->arena);
	value_set(report->arena, task->progress, host, value_bytes(report->arena, text,
		strnlen(text, 300)));
}

/* As people read it below the name of its task, it must be that task's turn, and one host's alone. What it
 * is made into is forgotten at once: a job may say any amount. */
void report_output(struct report *report, unsigned task_index, const char *host, const char *text,
	size_t size)
{
	struct task_report *task = &report->tasks[task_index];
	struct arena *whole = report->arena;

	/* Half of it would be worse than all with its result. */
	if (!task->says)
		task->says = arena_string(whole, task_index == report->printed ? host : "");
	if (!report->options.json && strcmp(task->says, host) != 0)
		return;
	live_clear(report);
	report->arena = arena_new();
	if (report->options.json)
		json_output(report, task, host, value_bytes(report->arena, text, size));
	else
		plain_output(report, task, text, size);
	arena_free(report->arena);
	report->arena = whole;
}

void report_warning(struct report *report, const char *host, const char *message)
{
	if (report->options.json)
		json_message(report, "warning", host, message, NULL);
	else
		report_say(report, COLOR_YELLOW, host ? "warning:" : "warning", host, message,
			NULL);
}

/* As wide as the text before it is shown; tabs are kept so that the caret stands right. */
static void add_margin(struct buffer *marker, const char *shown)
{
	for (; *shown; shown++) {
		if (*shown == '\t')
			buffer_add_char(marker, '\t');
		else if ((*shown & 0xc0) != 0x80)
			buffer_add_char(marker, ' ');
	}
}

/* The line, and a caret under the column. */
static void say_line(struct report *report, const struct error *err, const char *text, size_t size)
{
	const char *end = text + size, *eol;
	struct buffer marker = {0};
	size_t length, before;

	for (unsigned line = 1; line < err->place.line; line++) {
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text++)
			return;
	}
	eol = memchr(text, '\n', (size_t)(end - text));
	length = (size_t)((eol ? eol : end) - text);
	if (length > LINE_MOST)
		return;
	if (length > 0 && text[length - 1] == '\r')
		length--;
	before = err->place.column > 0 ? err->place.column - 1 : 0;
	add_margin(&marker, report_shown(report, text, before < length ? before : length, 0));
	buffer_add_string(&marker, "^");
	fprintf(report->options.errors, "  %s\n  %s\n", report_shown(report, text, length, 0),
		marker.data);
	buffer_free(&marker);
}

void report_error(struct report *report, const struct error *err, const char *text, size_t size)
{
	char *message = report_shown(report, err->message, strlen(err->message), 1);
	/* Who has put a file there has given it its name. */
	const char *file = err->place.file ? report_shown(report, err->place.file, strlen(err->place.file), 0) : "";

	lost_print(report);
	begin_errors(report);
	if (report->options.json) {
		json_message(report, "error", NULL, err->place.line ? arena_printf(report->arena,
			"%s:%u:%u: %s", file, err->place.line, err->place.column, message)
			: message, err);
		return;
	}
	if (err->place.line > 0)
		fprintf(report->options.errors, "%s:%u:%u: %s%s\n", file, err->place.line,
			err->place.column, message, report_code(report, err->code->name));
	else
		fprintf(report->options.errors, "beoplay: %s%s\n", message,
			report_code(report, err->code->name));
	if (err->place.line > 0 && text)
		say_line(report, err, text, size);
	if (err->remedy[0])
		fprintf(report->options.errors, "  → %s\n", report_shown(report, err->remedy,
			strlen(err->remedy), 0));
	fflush(report->options.errors);
}

void report_tick(struct report *report)
{
	lost_tick(report);
	if (report->options.live)
		live_draw(report);
}
