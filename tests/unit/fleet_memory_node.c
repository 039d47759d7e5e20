/* fleet_memory_node: a node of the fleet in memory that does what the test says. */
#include "fleet_memory_node.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fits(const char *pattern, const char *name)
{
	return strcmp(pattern, "*") == 0 || (name && strcmp(pattern, name) == 0);
}

const char *memory_answer_is(const char *answer, const char *word)
{
	size_t size = strlen(word);

	if (!answer || strncmp(answer, word, size) != 0)
		return NULL;
	if (answer[size] == '\0')
		return answer + size;
	return strncmp(answer + size, ": ", 2) == 0 ? answer + size + 2 : NULL;
}

/* "MODULE of NAME". */
static bool fits_part(const char *pattern, const struct wire_task *task)
{
	size_t size = task->module ? strlen(task->module) : 0;

	return size > 0 && strncmp(pattern, task->module, size) == 0
		&& strncmp(pattern + size, " of ", 4) == 0 && strcmp(pattern + size + 4, task->name) == 0;
}

bool memory_fits_host(const char *pattern, const struct fleet_host *host)
{
	return fits(pattern, host->target.name) || fits(pattern, host->name);
}

static const struct rule *rule_for(const struct fleet_host *host, const struct wire_task *task,
	bool keys)
{
	for (const struct rule *rule = host->fleet->answers; rule; rule = rule->next) {
		if (keys == (rule->keys != NULL) && memory_fits_host(rule->host, host)
				&& (fits(rule->task, task->name) || fits(rule->task, task->module)
				|| fits_part(rule->task, task)))
			return rule;
	}
	return NULL;
}

struct word *node_tell(struct fleet_host *host, enum frame_type type, const void *message)
{
	struct word *word = arena_alloc(host->arena, sizeof(*word));
	struct memory *memory = host->fleet;

	word->type = type;
	word->message = message;
	word->at = host->clock;
	word->number = ++memory->numbers;
	if (host->first)
		host->last->next = word;
	else
		host->first = word;
	host->last = word;
	if (host->first == word)
		memory_heap_add(memory, host);
	return word;
}

void node_tell_end(struct fleet_host *host, const char *why)
{
	node_tell(host, 0, NULL)->why = arena_string(host->arena, why);
}

/* A message as a test says it, with names; none that an agent couldn't send. */
static void *named(struct arena *arena, const struct message *message, const struct value *keys)
{
	void *made = arena_alloc(arena, message->size);
	struct error err = {0};

	if (message_take(arena, message, MESSAGE_NAMED, value_copy(arena, keys), message->name,
			BEOPLAY_BUG, made, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	return made;
}

/* Each playbook, and each host for which others do something, has handlers of its own. */
static char *due_key(struct fleet_host *host, const char *playbook, const char *handler)
{
	return arena_printf(host->arena, "%s\n%s", playbook ? playbook : "", handler ? handler : "");
}

static void add_due(struct fleet_host *host, const char *playbook, const char *handler)
{
	value_append(host->arena, host->due, value_string(host->arena,
		due_key(host, playbook, handler)));
}

void node_tell_hello(struct fleet_host *host)
{
	struct value *keys = value_map(host->arena);
	const struct hello *hello;

	value_set_integer(host->arena, keys, "version", WIRE_VERSION);
	for (const struct rule *rule = host->fleet->arrivals; rule; rule = rule->next) {
		for (size_t i = 0; rule->keys && memory_fits_host(rule->host, host)
				&& i < rule->keys->count; i++)
			value_set(host->arena, keys, value_key(rule->keys, i), value_at(rule->keys, i));
	}
	if (value_get(host->fleet->restarted, host->name))
		value_set_string(host->arena, keys, "machine", "started anew");
	hello = named(host->arena, &message_hello, keys);
	for (size_t i = 0; i < hello->due_count; i++)
		add_due(host, hello->due[i].playbook, hello->due[i].handler);
	node_tell(host, FRAME_HELLO, hello);
}

/* Once it is done it is so no more. */
static bool take_due(struct fleet_host *host, const char *handler)
{
	const char *key = due_key(host, host->stage->playbook, handler);
	struct value *left = value_list(host->arena);
	bool found = false;

	for (size_t i = 0; i < host->due->count; i++) {
		struct value *one = value_item(host->due, i);

		if (strcmp(value_text(one), key) == 0)
			found = true;
		else
			value_append(host->arena, left, one);
	}
	host->due = left;
	return found;
}

static void make_due(struct fleet_host *host, const struct value *keys)
{
	for (size_t i = 0; i < value_item_count(keys); i++)
		add_due(host, host->stage->playbook, value_text(value_item(keys, i)));
}

static void tell_result(struct fleet_host *host, const struct wire_task *task, enum status status,
	const char *message)
{
	const struct rule *returns = status == STATUS_FAILED ? NULL : rule_for(host, task, true);
	struct arena *scratch = arena_new();
	struct value *keys = returns ? value_copy(scratch, returns->keys) : value_map(scratch);

	value_set_integer(scratch, keys, "task", task->id);
	value_set_string(scratch, keys, "status", status_words[status]);
	if (message && *message)
		value_set_string(scratch, keys, "message", message);
	node_tell(host, FRAME_RESULT, named(host->arena, &message_result, keys));
	arena_free(scratch);
}

static const struct wire_task *task_at_hand(const struct fleet_host *host)
{
	return &host->stage->tasks[host->task];
}

static void ask(struct fleet_host *host, enum request_kind kind, const char *digest)
{
	struct request *request = arena_alloc(host->arena, sizeof(*request));

	*request = (struct request){ .id = ++host->requests, .kind = kind, .digest = digest,
		.task = digest ? 0 : task_at_hand(host)->id,
		.seconds = kind == REQUEST_LOGIN || kind == REQUEST_MOVE ? 60 : 0,
		.away = kind == REQUEST_MOVE };
	host->state = NODE_WAITS;
	node_tell(host, FRAME_REQUEST, request);
}

void node_end_stage(struct fleet_host *host)
{
	host->state = NODE_IDLE;
	node_tell(host, FRAME_STAGE_END, arena_alloc(host->arena, sizeof(struct stage_end)));
}

/* One that changes something; false: it waits, or the stage is over. */
static bool change(struct fleet_host *host, const struct wire_task *task, const char *answer)
{
	bool check = choice_made(task->check, !host->stage->apply);
	const char *rest = memory_answer_is(answer, "fetch");

	if (!check && !host->stage->free && !host->granted) {
		ask(host, REQUEST_GATE, NULL);
		return false;
	}
	if (!check && rest && !host->fetched) {
		ask(host, REQUEST_BODY, rest);
		return false;
	}
	if (!check && memory_answer_is(answer, "logs in") && !host->fetched) {
		ask(host, REQUEST_LOGIN, NULL);
		return false;
	}
	rest = memory_answer_is(answer, "restarts");
	if (!check && rest && !value_get(host->fleet->restarted, host->name)) {
		host->restarts = true;
		ask(host, REQUEST_MOVE, NULL);
		return false;
	}
	if (memory_answer_is(answer, "dies")) {
		node_tell_end(host, memory_answer_is(answer, "dies"));
		host->state = NODE_GONE;
		return false;
	}
	if (rest || (rest = memory_answer_is(answer, "slow")))
		host->clock = (host->clock > host->fleet->now ? host->clock : host->fleet->now)
			+ atoll(rest);
	make_due(host, task->notify);
	tell_result(host, task, STATUS_CHANGED, NULL);
	return true;
}

static enum status status_of(const char *word)
{
	unsigned status = STATUS_OF_AGENTS;

	do
		assert(status > 0);
	while (strcmp(status_words[--status], word) != 0);
	return (enum status)status;
}

/* False: it waits, or the stage is over. */
static bool answer_task(struct fleet_host *host, const struct wire_task *task)
{
	const struct rule *rule = rule_for(host, task, false);
	const char *answer = rule ? rule->answer : "ok", *rest;

	if (memory_answer_is(answer, "silent")) {
		host->silent = true;
		return false;
	}
	if ((rest = memory_answer_is(answer, "lost once")) && value_get(host->fleet->restarted, host->name)) {
		tell_result(host, task, STATUS_OK, NULL);
		return true;
	}
	if (rest || (rest = memory_answer_is(answer, "lost"))) {
		value_set_bool(host->fleet->arena, host->fleet->restarted, host->name, true);
		node_tell_end(host, rest);
		host->state = NODE_GONE;
		return false;
	}
	if ((rest = memory_answer_is(answer, "failed"))) {
		tell_result(host, task, STATUS_FAILED, rest);
		if (task->ignore_errors)
			return true;
		node_end_stage(host);
		return false;
	}
	if (memory_answer_is(answer, "lies")) {
		tell_result(host, task, STATUS_OK, NULL);
		node_end_stage(host);
		tell_result(host, task, STATUS_CHANGED, NULL);
		return false;
	}
	if (memory_answer_is(answer, "changed") || memory_answer_is(answer, "slow") || memory_answer_is(answer, "fetch")
			|| memory_answer_is(answer, "dies") || memory_answer_is(answer, "logs in")
			|| memory_answer_is(answer, "restarts"))
		return change(host, task, answer);
	tell_result(host, task, status_of(answer), NULL);
	return true;
}

/* On until it has to wait. */
static void work(struct fleet_host *host)
{
	host->state = NODE_WORKS;
	for (; host->task < host->stage->task_count; host->task++) {
		const struct wire_task *task = task_at_hand(host);

		if (task->kind == TASK_FLUSH)
			continue;
		if (task->handler && !host->granted && !take_due(host, task->handler))
			tell_result(host, task, STATUS_SKIPPED, NULL);
		else if (!answer_task(host, task))
			return;
		host->granted = host->fetched = false;
	}
	node_end_stage(host);
}

/* What was told before the last stage is gone, as with a real fleet. */
static void forget(struct fleet_host *host)
{
	struct arena *new;

	if (host->first)
		return;
	new = arena_new();
	host->due = value_copy(new, host->due);
	arena_free(host->before);
	host->before = host->arena;
	host->arena = new;
}

void node_take_stage(struct fleet_host *host, const struct wire_stage *stage)
{
	struct arena *arena = arena_new();
	struct wire_task *tasks = arena_array(arena, stage->task_count, sizeof(*tasks));
	struct wire_stage bare = *stage;

	for (size_t i = 0; i < stage->task_count; i++) {
		tasks[i] = stage->tasks[i];
		tasks[i].params = tasks[i].params ? "" : NULL;
	}
	bare.tasks = tasks;
	forget(host);
	host->stage = message_copy(host->arena, &message_wire_stage, &bare);
	arena_free(arena);
	host->task = 0;
	host->granted = host->fetched = false;
	host->stages++;
	make_due(host, stage->notified);
	work(host);
}

void node_take_reply(struct fleet_host *host, const struct reply *reply)
{
	if (reply->error) {
		tell_result(host, task_at_hand(host), STATUS_FAILED, reply->error);
		node_end_stage(host);
	} else if (!reply->go && !reply->bytes.bytes) {
		node_end_stage(host);
	} else if (host->restarts) {
		value_set_bool(host->fleet->arena, host->fleet->restarted, host->name, true);
		node_tell_end(host, NULL);
		host->state = NODE_GONE;
	} else {
		host->fetched = host->granted;
		host->granted = true;
		work(host);
	}
}

void node_take_fetch(struct fleet_host *host, const struct fetch *fetch)
{
	const struct wire_task task = { .name = "FETCH" };
	const struct rule *rule = rule_for(host, &task, false);
	struct chunk *chunk = arena_alloc(host->arena, sizeof(*chunk));

	if (rule && memory_answer_is(rule->answer, "silent"))
		return;
	if (rule && memory_answer_is(rule->answer, "lost")) {
		node_tell_end(host, memory_answer_is(rule->answer, "lost"));
		host->state = NODE_GONE;
		return;
	}
	chunk->id = fetch->id;
	chunk->size = (int64_t)strlen(fetch->digest);
	chunk->bytes = (struct bytes){ arena_string(host->arena, fetch->digest),
		strlen(fetch->digest) };
	node_tell(host, FRAME_CHUNK, chunk);
}
