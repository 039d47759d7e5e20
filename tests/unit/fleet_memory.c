/* fleet_memory: machines in memory, for whole runs as unit tests. */
#include "tests/unit/fleet_memory.h"

#include "agent/runner.h"
#include "base/buffer.h"
#include "base/lookup.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROOM = 64 << 10,
	IDLE_MOST = 20 * 60 * 1000,    /* milliseconds in which nothing is told: it hangs */
	LOG_MOST = 256 << 10,
};

struct rule {
	struct rule *next;
	const char *host, *task;       /* "*": any */
	const char *answer;            /* or NULL */
	const struct value *keys;      /* or NULL */
};

struct word {
	struct word *next;
	enum frame_type type;          /* 0: the connection ends */
	const void *message;
	const char *why;               /* of its end; NULL: as asked */
	int64_t at;                    /* milliseconds: not before */
	uint64_t number;
};

enum node_state { NODE_NEW, NODE_IDLE, NODE_WORKS, NODE_WAITS /* for a REPLY */, NODE_GONE };

struct fleet_host {
	struct memory *fleet;
	struct fleet_target target;
	const char *name;              /* as the log has it: with the user that the text says */
	struct arena *arena;
	enum node_state state;
	struct word *first, *last;     /* to be told */
	/* of the stage at hand */
	const struct wire_stage *stage;
	size_t task;
	int64_t clock;                 /* milliseconds: what it does takes time */
	bool granted;                  /* the gate of the task at hand is open */
	bool fetched;                  /* its content is there */
	struct value *due;             /* keys of handlers */
	int64_t requests;
	unsigned stages;
	bool silent;
	bool dropped;
	/* of a real one */
	pid_t pid;
	int fd;
	struct buffer in;
	bool greeted;
};

struct memory {
	struct fleet base;
	struct arena *arena;
	struct frame frame;
	struct rule *answers, **last_answer;
	struct rule *arrivals;         /* answer: how; keys: of HELLO */
	struct fleet_host **hosts;
	size_t count, capacity, open, real;
	struct fleet_host **heap;      /* those with something to tell: whose turn it is first */
	size_t heap_count;
	struct lookup by_name;
	uint64_t numbers;
	unsigned seed;
	int64_t now, idle;
	unsigned events;
	bool packs;
	uint64_t packed;               /* bytes */
	struct buffer log;
	void (*watch)(void *context);
	void *watch_context;
	volatile sig_atomic_t *interrupted;
	unsigned press_at, press_times;
};

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

static bool fits(const char *pattern, const char *name)
{
	return strcmp(pattern, "*") == 0 || (name && strcmp(pattern, name) == 0);
}

/* The rest of an answer behind "WORD: ", or of "WORD" alone; NULL: it is another one. */
static const char *answer_is(const char *answer, const char *word)
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

static bool fits_host(const char *pattern, const struct fleet_host *host)
{
	return fits(pattern, host->target.name) || fits(pattern, host->name);
}

static const struct rule *rule_for(const struct fleet_host *host, const struct wire_task *task,
	bool keys)
{
	for (const struct rule *rule = host->fleet->answers; rule; rule = rule->next) {
		if (keys == (rule->keys != NULL) && fits_host(rule->host, host)
				&& (fits(rule->task, task->name) || fits(rule->task, task->module)
				|| fits_part(rule->task, task)))
			return rule;
	}
	return NULL;
}

/* --- Whose turn it is: a heap of hosts by their first message --- */

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

static void heap_add(struct memory *memory, struct fleet_host *host)
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

/* --- What a node tells --- */

static struct word *tell(struct fleet_host *host, enum frame_type type, const void *message)
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
		heap_add(memory, host);
	return word;
}

static void tell_end(struct fleet_host *host, const char *why)
{
	tell(host, 0, NULL)->why = arena_string(host->arena, why);
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

static void tell_hello(struct fleet_host *host)
{
	struct value *keys = value_map(host->arena);
	const struct hello *hello;

	value_set_integer(host->arena, keys, "version", WIRE_VERSION);
	for (const struct rule *rule = host->fleet->arrivals; rule; rule = rule->next) {
		for (size_t i = 0; rule->keys && fits_host(rule->host, host)
				&& i < rule->keys->count; i++)
			value_set(host->arena, keys, value_key(rule->keys, i), value_at(rule->keys, i));
	}
	hello = named(host->arena, &message_hello, keys);
	for (size_t i = 0; i < hello->due_count; i++)
		value_append(host->arena, host->due, value_string(host->arena, hello->due[i].handler));
	tell(host, FRAME_HELLO, hello);
}

/* --- A scripted node at work --- */

/* Once it is done it is so no more. */
static bool take_due(struct fleet_host *host, const char *key)
{
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
		value_append(host->arena, host->due, value_copy(host->arena, value_item(keys, i)));
}

static void tell_result(struct fleet_host *host, const struct wire_task *task, enum status status,
	const char *message)
{
	const struct rule *returns = status == STATUS_FAILED ? NULL : rule_for(host, task, true);
	struct value *keys = returns ? value_copy(host->arena, returns->keys) : value_map(host->arena);

	value_set_integer(host->arena, keys, "task", task->id);
	value_set_string(host->arena, keys, "status", status_words[status]);
	if (message && *message)
		value_set_string(host->arena, keys, "message", message);
	tell(host, FRAME_RESULT, named(host->arena, &message_result, keys));
}

static const struct wire_task *task_at_hand(const struct fleet_host *host)
{
	return &host->stage->tasks[host->task];
}

static void ask(struct fleet_host *host, enum request_kind kind, const char *digest)
{
	struct request *request = arena_alloc(host->arena, sizeof(*request));

	*request = (struct request){ .id = ++host->requests, .kind = kind, .digest = digest,
		.task = digest ? 0 : task_at_hand(host)->id };
	host->state = NODE_WAITS;
	tell(host, FRAME_REQUEST, request);
}

static void end_stage(struct fleet_host *host)
{
	host->state = NODE_IDLE;
	tell(host, FRAME_STAGE_END, arena_alloc(host->arena, sizeof(struct stage_end)));
}

/* One that changes something; false: it waits, or the stage is over. */
static bool change(struct fleet_host *host, const struct wire_task *task, const char *answer)
{
	bool check = choice_made(task->check, !host->stage->apply);
	const char *rest = answer_is(answer, "fetch");

	if (!check && !host->stage->free && !host->granted) {
		ask(host, REQUEST_GATE, NULL);
		return false;
	}
	if (!check && rest && !host->fetched) {
		ask(host, REQUEST_BODY, rest);
		return false;
	}
	if ((rest = answer_is(answer, "dies"))) {
		tell_end(host, rest);
		host->state = NODE_GONE;
		return false;
	}
	if ((rest = answer_is(answer, "slow")))
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

	if (answer_is(answer, "silent")) {
		host->silent = true;
		return false;
	}
	if ((rest = answer_is(answer, "lost"))) {
		tell_end(host, rest);
		host->state = NODE_GONE;
		return false;
	}
	if ((rest = answer_is(answer, "failed"))) {
		tell_result(host, task, STATUS_FAILED, rest);
		if (task->ignore_errors)
			return true;
		end_stage(host);
		return false;
	}
	if (answer_is(answer, "lies")) {
		tell_result(host, task, STATUS_OK, NULL);
		end_stage(host);
		tell_result(host, task, STATUS_CHANGED, NULL);
		return false;
	}
	if (answer_is(answer, "changed") || answer_is(answer, "slow") || answer_is(answer, "fetch")
			|| answer_is(answer, "dies"))
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
	end_stage(host);
}

/* Without parameters, which a scripted node has no use for. */
static void take_stage(struct fleet_host *host, const struct wire_stage *stage)
{
	struct arena *arena = arena_new();
	struct wire_task *tasks = arena_array(arena, stage->task_count, sizeof(*tasks));
	struct wire_stage bare = *stage;

	for (size_t i = 0; i < stage->task_count; i++) {
		tasks[i] = stage->tasks[i];
		tasks[i].params = tasks[i].params ? "" : NULL;
	}
	bare.tasks = tasks;
	host->stage = message_copy(host->arena, &message_wire_stage, &bare);
	arena_free(arena);
	host->task = 0;
	host->granted = host->fetched = false;
	host->stages++;
	make_due(host, stage->notified);
	work(host);
}

static void take_reply(struct fleet_host *host, const struct reply *reply)
{
	if (reply->error) {
		tell_result(host, task_at_hand(host), STATUS_FAILED, reply->error);
		end_stage(host);
	} else if (!reply->go && !reply->bytes.bytes) {
		end_stage(host);
	} else {
		host->fetched = host->granted;
		host->granted = true;
		work(host);
	}
}

/* An offered content is its digest. */
static void take_fetch(struct fleet_host *host, const struct fetch *fetch)
{
	const struct wire_task task = { .name = "FETCH" };
	const struct rule *rule = rule_for(host, &task, false);
	struct chunk *chunk = arena_alloc(host->arena, sizeof(*chunk));

	if (rule && answer_is(rule->answer, "silent"))
		return;
	if (rule && answer_is(rule->answer, "lost")) {
		tell_end(host, answer_is(rule->answer, "lost"));
		host->state = NODE_GONE;
		return;
	}
	chunk->id = fetch->id;
	chunk->size = (int64_t)strlen(fetch->digest);
	chunk->bytes = (struct bytes){ arena_string(host->arena, fetch->digest),
		strlen(fetch->digest) };
	tell(host, FRAME_CHUNK, chunk);
}

/* --- The log --- */

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
			request->kind == REQUEST_GATE ? "gate" : "body", (long long)request->task));
	else if (word->type == FRAME_RESULT)
		log_line(memory, arena_printf(host->arena, "%s → result %lld %s\n", name,
			(long long)result->task, status_words[result->status]));
	else
		log_line(memory, arena_printf(host->arena, "%s → %s\n", name, frame_name(word->type)));
}

/* --- The agent itself --- */

static void become_agent(int fd, const char *directory) __attribute__((noreturn));
static void become_agent(int fd, const char *directory)
{
	struct runner runner;

	runner_run(&runner, fd, fd, directory);
	_exit(0);
}

static void start_agent(struct fleet_host *host, const char *directory)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	host->pid = fork();
	if (host->pid < 0)
		abort();
	/* It ends when the controller's end is closed: no agent may hold its own, nor another one's. */
	if (host->pid == 0) {
		close_range(3, (unsigned)ends[1] - 1, 0);
		close_range((unsigned)ends[1] + 1, ~0U, 0);
		become_agent(ends[1], directory);
	}
	close(ends[1]);
	host->fd = ends[0];
	host->fleet->real++;
}

static void give_agent(struct fleet_host *host, enum frame_type type, const void *message)
{
	struct buffer out = {0};
	struct error err = {0};
	size_t done = 0;

	if (frame_write(&out, SENT_BY_CONTROLLER, type, message, &err) < 0)
		abort();
	while (done < out.size) {
		ssize_t sent = send(host->fd, out.data + done, out.size - done, MSG_NOSIGNAL);

		if (sent <= 0)
			break;
		done += (size_t)sent;
	}
	buffer_free(&out);
}

static void take_agent_frames(struct fleet_host *host)
{
	for (;;) {
		struct error err = {0};
		struct frame frame;
		int64_t size = frame_size(host->in.data, host->in.size, &err);

		if (size <= 0 || (size_t)size > host->in.size)
			return;
		if (frame_read(host->arena, host->in.data, (size_t)size, SENT_BY_AGENT, &frame, &err) < 0)
			abort();
		buffer_drop_front(&host->in, (size_t)size);
		/* All are on the test's machine; each stands for one of its own. */
		if (frame.type == FRAME_HELLO)
			((struct hello *)frame.message)->machine = NULL;
		if (frame.type != FRAME_PING && frame.type != FRAME_BYE)
			tell(host, frame.type, frame.message);
	}
}

static void hear_agent(struct fleet_host *host)
{
	ssize_t got = recv(host->fd, buffer_reserve(&host->in, ROOM), ROOM, 0);

	if (got <= 0) {
		tell_end(host, host->state == NODE_GONE ? NULL : "the agent is gone");
		close(host->fd);
		host->fd = -1;
		host->fleet->real--;
		waitpid(host->pid, NULL, 0);
		return;
	}
	host->in.size += (size_t)got;
	if (!host->greeted && host->in.size >= WIRE_MAGIC_SIZE) {
		buffer_drop_front(&host->in, WIRE_MAGIC_SIZE);
		host->greeted = true;
	}
	if (host->greeted)
		take_agent_frames(host);
}

static void hear_agents(struct memory *memory, int64_t wait)
{
	struct pollfd *fds = calloc(memory->count, sizeof(*fds));

	if (!fds)
		abort();
	for (size_t i = 0; i < memory->count; i++)
		fds[i] = (struct pollfd){ .fd = memory->hosts[i]->fd, .events = POLLIN };
	if (poll(fds, memory->count, (int)wait) > 0) {
		for (size_t i = 0; i < memory->count; i++) {
			if (fds[i].revents)
				hear_agent(memory->hosts[i]);
		}
	}
	free(fds);
}

/* --- As a fleet --- */

static void arrive(struct fleet_host *host)
{
	const char *why = NULL;

	for (const struct rule *rule = host->fleet->arrivals; rule; rule = rule->next) {
		const char *rest;

		if (rule->keys || !fits_host(rule->host, host))
			continue;
		if (strcmp(rule->task, "real") == 0) {
			start_agent(host, rule->answer);
			return;
		}
		if (answer_is(rule->answer, "never"))
			return;
		if ((rest = answer_is(rule->answer, "unreachable")))
			why = rest;
		else
			host->clock += atoll(answer_is(rule->answer, "late"));
	}
	if (why)
		tell_end(host, why);
	else
		tell_hello(host);
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
	host->due = value_list(host->arena);
	host->fd = -1;
	host->clock = memory->now;
	host->name = target->user ? arena_printf(memory->arena, "%s@%s", target->user, target->name)
		: target->name;
	lookup_put(memory->arena, &memory->by_name, host->name, host);
	arrive(host);
	return host;
}

/* As far as a real fleet goes before the connection. */
static void pack(struct memory *memory, enum frame_type type, const void *message)
{
	struct buffer out = {0};
	struct error err = {0};

	if (frame_write(&out, SENT_BY_CONTROLLER, type, message, &err) < 0)
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
		give_agent(host, type, message);
		host->stages += type == FRAME_STAGE;
	} else if (type == FRAME_STAGE) {
		take_stage(host, message);
	} else if (type == FRAME_REPLY && host->state == NODE_WAITS) {
		take_reply(host, message);
	} else if (type == FRAME_FETCH) {
		take_fetch(host, message);
	} else if (type == FRAME_CANCEL && host->state == NODE_WORKS) {
		end_stage(host);
	}
}

static void close_host(struct fleet_host *host)
{
	if (host->state == NODE_GONE)
		return;
	send_frame(host, FRAME_BYE, NULL);
	host->state = NODE_GONE;
	if (host->fd < 0)
		tell_end(host, NULL);
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

static void take_event(struct fleet_host *host, struct fleet_event *event)
{
	struct memory *memory = host->fleet;
	struct word *word = host->first;
	static struct error err;

	host->first = word->next;
	if (host->first)
		heap_add(memory, host);
	log_told(host, word);
	event->context = host->target.context;
	if (word->type == 0) {
		event->kind = FLEET_LOST;
		err = (struct error){0};
		if (word->why)
			error_set(&err, AGENT_LOST, "%s", word->why);
		event->error = word->why ? &err : NULL;
		host->state = NODE_GONE;
		memory->open--;
	} else if (word->type == FRAME_HELLO) {
		event->kind = FLEET_READY;
		event->hello = word->message;
		event->user = host->target.user ? host->target.user : "root";
		event->key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
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
			hear_agents(memory, until > real_now() ? until - real_now() : 0);
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
	memory->seed = seed;
	memory->now = memory->idle = real_now();
	return &memory->base;
}

void memory_free(struct fleet *fleet)
{
	struct memory *memory = memory_of(fleet);

	for (size_t i = 0; i < memory->count; i++) {
		struct fleet_host *host = memory->hosts[i];

		if (host->fd >= 0) {
			close(host->fd);
			waitpid(host->pid, NULL, 0);
		}
		buffer_free(&host->in);
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
