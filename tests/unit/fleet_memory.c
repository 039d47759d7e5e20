/* fleet_memory: machines in memory, for whole runs as unit tests. */
#include "tests/unit/fleet_memory.h"
#include "fleet_memory_node.h"

#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static struct memory *memory_of(const struct fleet *fleet)
{
	return (struct memory *)(uintptr_t)fleet;
}

/* --- What the test says --- */

static struct rule *rule_new(struct memory *memory, const char *host, const char *task,
	const char *answer, const struct value *keys)
{
	struct rule *rule = arena_alloc(memory->arena, sizeof(*rule));

	rule->host = arena_string(memory->arena, host);
	rule->task = arena_string(memory->arena, task);
	rule->answer = arena_string(memory->arena, answer);
	rule->keys = keys ? value_copy(memory->arena, keys) : NULL;
	return rule;
}

static void add_answer(struct memory *memory, struct rule *rule)
{
	*memory->last_answer = rule;
	memory->last_answer = &rule->next;
}

void memory_answer(struct fleet *fleet, const char *host, const char *task, const char *answer)
{
	add_answer(memory_of(fleet), rule_new(memory_of(fleet), host, task, answer, NULL));
}

void memory_returns(struct fleet *fleet, const char *host, const char *task,
	const struct value *keys)
{
	add_answer(memory_of(fleet), rule_new(memory_of(fleet), host, task, NULL, keys));
}

static void add_arrival(struct memory *memory, struct rule *rule)
{
	rule->next = memory->arrivals;
	memory->arrivals = rule;
}

void memory_arrives(struct fleet *fleet, const char *host, const char *how)
{
	add_arrival(memory_of(fleet), rule_new(memory_of(fleet), host, "", how, NULL));
}

void memory_greets(struct fleet *fleet, const char *host, const struct value *keys)
{
	add_arrival(memory_of(fleet), rule_new(memory_of(fleet), host, "", NULL, keys));
}

void memory_is_real(struct fleet *fleet, const char *host, const char *directory)
{
	add_arrival(memory_of(fleet), rule_new(memory_of(fleet), host, "real", directory, NULL));
}

void memory_watch(struct fleet *fleet, void (*watch)(void *context), void *context)
{
	memory_of(fleet)->watch = watch;
	memory_of(fleet)->watch_context = context;
}

void memory_packs(struct fleet *fleet)
{
	memory_of(fleet)->packs = true;
	memory_of(fleet)->shared = frame_shared_new();
}

uint64_t memory_packed(const struct fleet *fleet)
{
	return memory_of(fleet)->packed;
}

void memory_press(struct fleet *fleet, volatile sig_atomic_t *interrupted, unsigned event,
	unsigned times)
{
	memory_of(fleet)->interrupted = interrupted;
	memory_of(fleet)->press_at = event;
	memory_of(fleet)->press_times = times;
}

/* seed 0: in the order in which they were told. */
static uint64_t rank_of(const struct fleet_host *host)
{
	uint64_t mixed = host->first->number;

	if (host->fleet->seed == 0)
		return mixed;
	mixed = (mixed + host->fleet->seed) * 0x9e3779b97f4a7c15u;
	mixed = (mixed ^ mixed >> 31) * 0xbf58476d1ce4e5b9u;
	return mixed ^ mixed >> 29;
}

static bool comes_before(const struct fleet_host *one, const struct fleet_host *other)
{
	if (one->first->at != other->first->at)
		return one->first->at < other->first->at;
	return rank_of(one) < rank_of(other);
}

static void heap_swap(struct memory *memory, size_t one, size_t other)
{
	struct fleet_host *host = memory->heap[one];

	memory->heap[one] = memory->heap[other];
	memory->heap[other] = host;
}

void memory_heap_add(struct memory *memory, struct fleet_host *host)
{
	size_t at = memory->heap_count++;

	memory->heap[at] = host;
	for (; at > 0 && comes_before(memory->heap[at], memory->heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap_swap(memory, at, (at - 1) / 2);
}

static struct fleet_host *heap_take(struct memory *memory)
{
	struct fleet_host *taken = memory->heap[0];
	size_t at = 0;

	memory->heap[0] = memory->heap[--memory->heap_count];
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
			if (child < memory->heap_count
					&& comes_before(memory->heap[child], memory->heap[least]))
				least = child;
		}
		if (least == at)
			return taken;
		heap_swap(memory, at, least);
		at = least;
	}
}

static void log_line(struct memory *memory, const char *text)
{
	if (memory->log.size < LOG_MOST)
		buffer_add_string(&memory->log, text);
}

static void log_sent(struct fleet_host *host, enum frame_type type, const void *message)
{
	const struct wire_stage *stage = type == FRAME_STAGE ? message : NULL;
	const struct reply *reply = type == FRAME_REPLY ? message : NULL;
	struct memory *memory = host->fleet;
	const char *name = host->name;

	if (memory->log.size >= LOG_MOST)
		return;
	if (stage && stage->task_count > 0)
		log_line(memory, arena_printf(host->arena, "%s ← stage %lld-%lld\n", name,
			(long long)stage->tasks[0].id, (long long)stage->tasks[stage->task_count - 1].id));
	else if (reply)
		log_line(memory, arena_printf(host->arena, "%s ! %s\n", name, reply->bytes.bytes
			|| reply->error ? "content" : reply->go ? "go" : "end"));
	else
		log_line(memory, arena_printf(host->arena, "%s ← %s\n", name, frame_name(type)));
}

static void log_told(struct fleet_host *host, const struct word *word)
{
	const struct request *request = word->message;
	const struct result *result = word->message;
	struct memory *memory = host->fleet;
	const char *name = host->name;

	if (memory->log.size >= LOG_MOST)
		return;
	if (word->type == 0)
		log_line(memory, arena_printf(host->arena, "%s is gone\n", name));
	else if (word->type == FRAME_REQUEST)
		log_line(memory, arena_printf(host->arena, "%s ? %s %lld\n", name,
			request->kind == REQUEST_GATE ? "gate" : request->kind == REQUEST_BODY ? "body"
			: request->kind == REQUEST_LOGIN ? "login" : "restart", (long long)request->task));
	else if (word->type == FRAME_RESULT)
		log_line(memory, arena_printf(host->arena, "%s → result %lld %s\n", name,
			(long long)result->task, status_words[result->status]));
	else
		log_line(memory, arena_printf(host->arena, "%s → %s\n", name, frame_name(word->type)));
}

/* Of its connections so far. */
static long count_of(const struct fleet_host *host)
{
	long count = 0;

	for (size_t i = 0; i < host->fleet->count; i++)
		count += strcmp(host->fleet->hosts[i]->name, host->name) == 0;
	return count;
}

static void arrive(struct fleet_host *host)
{
	const char *why = NULL;

	for (const struct rule *rule = host->fleet->arrivals; rule; rule = rule->next) {
		const char *rest;

		if (rule->keys || !memory_fits_host(rule->host, host))
			continue;
		if (strcmp(rule->task, "real") == 0) {
			node_start_agent(host, rule->answer);
			return;
		}
		if (memory_answer_is(rule->answer, "never"))
			return;
		if ((rest = memory_answer_is(rule->answer, "again"))) {
			why = count_of(host) > 1 ? rest : why;
			continue;
		}
		if ((rest = memory_answer_is(rule->answer, "not before"))) {
			why = count_of(host) < atol(rest) ? "ssh.no-connection: refused" : why;
			continue;
		}
		if ((rest = memory_answer_is(rule->answer, "unreachable")))
			why = rest;
		else
			host->clock += atoll(memory_answer_is(rule->answer, "late"));
	}
	if (why)
		node_tell_end(host, why);
	else
		node_tell_hello(host);
}

/* What is due there stands in its ledger, whoever comes. */
static struct value *due_before(const struct fleet_host *host)
{
	for (size_t i = host->fleet->count - 1; i-- > 0;) {
		if (strcmp(host->fleet->hosts[i]->name, host->name) == 0)
			return value_copy(host->arena, host->fleet->hosts[i]->due);
	}
	return value_list(host->arena);
}

static struct fleet_host *add(struct fleet *fleet, const struct fleet_target *target)
{
	struct memory *memory = memory_of(fleet);
	struct fleet_host *host = arena_alloc(memory->arena, sizeof(*host));

	if (memory->count == memory->capacity) {
		size_t capacity = memory->capacity ? 2 * memory->capacity : 32;

		memory->hosts = arena_grow(memory->arena, memory->hosts,
			memory->count * sizeof(*memory->hosts), capacity * sizeof(*memory->hosts));
		memory->heap = arena_grow(memory->arena, memory->heap,
			memory->count * sizeof(*memory->heap), capacity * sizeof(*memory->heap));
		memory->capacity = capacity;
	}
	memory->hosts[memory->count++] = host;
	memory->open++;
	host->fleet = memory;
	host->target = *target;
	host->arena = arena_new();
	host->fd = -1;
	host->clock = memory->now + target->delay;
	host->name = target->user ? arena_printf(memory->arena, "%s@%s", target->user, target->name)
		: target->name;
	host->due = due_before(host);
	lookup_put(memory->arena, &memory->by_name, host->name, host);
	arrive(host);
	return host;
}

/* As far as a real fleet goes before the connection. */
static void pack(struct memory *memory, enum frame_type type, const void *message)
{
	struct buffer out = {0};
	struct error err = {0};

	if (frame_write_shared(&out, memory->shared, SENT_BY_CONTROLLER, type, message, &err) < 0)
		abort();
	memory->packed += out.size;
	buffer_free(&out);
}

static void send_frame(struct fleet_host *host, enum frame_type type, const void *message)
{
	if (host->state == NODE_GONE || host->silent)
		return;
	if (host->fleet->packs)
		pack(host->fleet, type, message);
	log_sent(host, type, message);
	if (host->fd >= 0) {
		node_give_agent(host, type, message);
		host->stages += type == FRAME_STAGE;
	} else if (type == FRAME_STAGE) {
		node_take_stage(host, message);
	} else if (type == FRAME_REPLY && host->state == NODE_WAITS) {
		node_take_reply(host, message);
	} else if (type == FRAME_FETCH) {
		node_take_fetch(host, message);
	} else if (type == FRAME_CANCEL && host->state == NODE_WORKS) {
		node_end_stage(host);
	}
}

static void close_host(struct fleet_host *host)
{
	if (host->state == NODE_GONE)
		return;
	send_frame(host, FRAME_BYE, NULL);
	host->state = NODE_GONE;
	if (host->fd < 0)
		node_tell_end(host, NULL);
}

/* Nothing more is told of it. */
static void drop(struct fleet_host *host)
{
	if (host->fd >= 0) {
		close(host->fd);
		waitpid(host->pid, NULL, 0);
		host->fleet->real--;
	}
	host->fd = -1;
	host->state = NODE_GONE;
	host->dropped = true;
	host->fleet->open--;
}

/* --- One event after the other --- */

/* Whose message comes by then, in time; NULL: nobody's. One that was given up tells nothing. */
static struct fleet_host *next_host(struct memory *memory, int64_t until)
{
	while (memory->heap_count > 0 && memory->heap[0]->dropped)
		heap_take(memory);
	return memory->heap_count > 0 && memory->heap[0]->first->at <= until ? heap_take(memory) : NULL;
}

/* The name of an error's code may stand in front. */
static void lose_for(struct error *err, const char *why)
{
	size_t size = strcspn(why, ":");
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)size, why);
	if (why[size] && error_named(name))
		error_set(err, error_named(name), "%s", why + size + 2);
	else
		error_set(err, AGENT_LOST, "%s", why);
}

static void take_event(struct fleet_host *host, struct fleet_event *event)
{
	struct memory *memory = host->fleet;
	struct word *word = host->first;
	static struct error err;

	host->first = word->next;
	if (host->first)
		memory_heap_add(memory, host);
	log_told(host, word);
	event->context = host->target.context;
	if (word->type == 0) {
		event->kind = FLEET_LOST;
		err = (struct error){0};
		if (word->why)
			lose_for(&err, word->why);
		event->error = word->why ? &err : NULL;
		host->state = NODE_GONE;
		memory->open--;
	} else if (word->type == FRAME_HELLO) {
		event->kind = FLEET_READY;
		event->hello = word->message;
		event->user = host->target.user ? host->target.user : "root";
		event->key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
		event->dial = host->target.dial;
		host->state = NODE_IDLE;
	} else {
		memory->frame = (struct frame){ .type = word->type, .message = word->message,
			.size = 100 };
		event->kind = FLEET_FRAME;
		event->frame = &memory->frame;
	}
}

static int64_t real_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note_event(struct memory *memory)
{
	if (memory->watch)
		memory->watch(memory->watch_context);
	memory->events++;
	if (memory->press_times > 0 && memory->events >= memory->press_at) {
		*memory->interrupted += 1;
		memory->press_times--;
	}
}

static int next(struct fleet *fleet, int64_t until, struct fleet_event *event, struct error *err)
{
	struct memory *memory = memory_of(fleet);
	struct fleet_host *host;

	note_event(memory);
	*event = (struct fleet_event){ .kind = FLEET_TIME };
	if (memory->real > 0) {
		if (memory->heap_count == 0)
			memory_hear_agents(memory, until > real_now() ? until - real_now() : 0);
		memory->now = real_now();
	}
	host = next_host(memory, until);
	if (host) {
		if (memory->real == 0 && host->first->at > memory->now)
			memory->now = host->first->at;
		memory->idle = memory->now;
		take_event(host, event);
	} else if (memory->open == 0) {
		event->kind = FLEET_END;
	} else if (memory->real == 0) {
		memory->now = until > memory->now ? until : memory->now;
	}
	event->now = memory->now;
	if (memory->now > memory->idle + IDLE_MOST)
		return error_set(err, BEOPLAY_BUG, "the run hangs:\n%.1500s", memory_log(fleet));
	return 0;
}

static const struct fleet_calls memory_calls = {
	.add = add, .send = send_frame, .close = close_host, .drop = drop, .next = next,
};

struct fleet *memory_new(unsigned seed)
{
	struct arena *arena = arena_new();
	struct memory *memory = arena_alloc(arena, sizeof(*memory));

	memory->base.calls = &memory_calls;
	memory->arena = arena;
	memory->last_answer = &memory->answers;
	memory->restarted = value_map(arena);
	memory->seed = seed;
	memory->now = memory->idle = real_now();
	return &memory->base;
}

void memory_free(struct fleet *fleet)
{
	struct memory *memory = memory_of(fleet);

	frame_shared_free(memory->shared);
	for (size_t i = 0; i < memory->count; i++) {
		struct fleet_host *host = memory->hosts[i];

		if (host->fd >= 0) {
			close(host->fd);
			waitpid(host->pid, NULL, 0);
		}
		buffer_free(&host->in);
		arena_free(host->before);
		arena_free(host->arena);
	}
	buffer_free(&memory->log);
	arena_free(memory->arena);
}

unsigned memory_stages(const struct fleet *fleet, const char *host)
{
	const struct fleet_host *found = lookup_get(&memory_of(fleet)->by_name, host);

	return found ? found->stages : 0;
}

unsigned memory_events(const struct fleet *fleet)
{
	return memory_of(fleet)->events;
}

const char *memory_log(const struct fleet *fleet)
{
	const struct buffer *log = &memory_of(fleet)->log;

	return log->size > 0 ? log->data : "";
}
