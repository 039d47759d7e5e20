/* agent: an agent's end of the conversation, for lies to use. */
#include "tests/hostile/agent.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena *agent_arena;
static const struct value *seen;       /* the last STAGE */

bool agent_write(const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t sent = write(STDOUT_FILENO, (const char *)bytes + done, size - done);

		if (sent < 0 && errno != EINTR)
			return false;
		done += sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

bool agent_send(enum frame_type type, const struct value *body)
{
	return frame_send(STDOUT_FILENO, type, body, NULL) == 0;
}

void agent_say_magic(void)
{
	agent_write(WIRE_MAGIC, WIRE_MAGIC_SIZE);
}

struct value *agent_hello(void)
{
	struct value *hello = value_map(agent_arena);

	value_set_integer(agent_arena, hello, "version", WIRE_VERSION);
	value_set(agent_arena, hello, "ledger", value_map(agent_arena));
	return hello;
}

void agent_greet(void)
{
	agent_say_magic();
	agent_send(FRAME_HELLO, agent_hello());
}

const struct value *agent_wait(enum frame_type type)
{
	struct frame frame;

	for (;;) {
		if (frame_receive(STDIN_FILENO, agent_arena, SENT_BY_CONTROLLER, &frame, NULL) <= 0)
			exit(0);
		if (frame.type == FRAME_STAGE)
			seen = frame.body;
		if (frame.type == type)
			return frame.body;
		if (frame.type == FRAME_PING)
			agent_send(FRAME_PING, value_map(agent_arena));
		if (frame.type == FRAME_BYE) {
			agent_send(FRAME_BYE, value_map(agent_arena));
			exit(0);
		}
	}
}

void agent_read_on(void)
{
	agent_wait(FRAME_TYPE_END);
}

void agent_stay(void)
{
	for (int i = 0; i < 120; i++)
		sleep(1);
}

static bool reads_facts(const struct value *task)
{
	const char *module = value_get_string(task, "module");

	return module && strcmp(module, "setup") == 0;
}

static void answer(const struct value *stage, const char *status, const struct value *more,
	const struct value *facts, bool with_facts)
{
	const struct value *tasks = value_get(stage, "tasks");

	for (size_t i = 0; i < value_item_count(tasks); i++) {
		const struct value *task = value_item(tasks, i);
		struct value *body = more ? value_copy(agent_arena, more) : value_map(agent_arena);

		if (value_get_bool(task, "flush"))
			continue;
		value_set(agent_arena, body, "task", value_get(task, "id"));
		value_set_string(agent_arena, body, "status", with_facts && reads_facts(task) && !facts
			? "failed" : status);
		if (with_facts && reads_facts(task) && facts)
			value_set(agent_arena, body, "results", value_copy(agent_arena, facts));
		agent_send(FRAME_RESULT, body);
	}
	agent_send(FRAME_STAGE_END, value_map(agent_arena));
}

void agent_answer_first(void)
{
	agent_greet();
	answer(agent_wait(FRAME_STAGE), "ok", NULL, NULL, false);
}

void agent_answer_all(const char *status, const struct value *more)
{
	agent_greet();
	for (;;)
		answer(agent_wait(FRAME_STAGE), status, more, NULL, false);
}

void agent_answer_rest(void)
{
	answer(seen, "ok", NULL, NULL, false);
	for (;;)
		answer(agent_wait(FRAME_STAGE), "ok", NULL, NULL, false);
}

void agent_tell_facts(const struct value *facts)
{
	agent_greet();
	for (;;)
		answer(agent_wait(FRAME_STAGE), "ok", NULL, facts, true);
}

static const char *digest_inside(const struct value *value)
{
	const char *found = NULL;
	const char *text = value_text(value);

	for (; text && *text && !found; text++) {
		char hex[DIGEST_HEX_SIZE];

		if (strlen(text) < DIGEST_HEX_SIZE - 1)
			break;
		memcpy(hex, text, DIGEST_HEX_SIZE - 1);
		hex[DIGEST_HEX_SIZE - 1] = '\0';
		if (digest_valid(hex))
			found = arena_string(agent_arena, hex);
	}
	return found;
}

const char *agent_body_of(const struct value *stage)
{
	const struct value *tasks = value_get(stage, "tasks");

	for (size_t i = 0; i < value_item_count(tasks); i++) {
		const char *found = digest_inside(value_get(value_item(tasks, i), "params"));

		if (found)
			return found;
	}
	return value_get_string(stage, "text") ? value_get_string(stage, "text") : "";
}
