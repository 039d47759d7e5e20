/* agent: an agent's end of the conversation, for lies to use. */
#include "tests/hostile/agent.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena *agent_arena;
static const struct wire_stage *seen;  /* the last STAGE */

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

bool agent_send(enum frame_type type, const void *message)
{
	return frame_send(STDOUT_FILENO, SENT_BY_AGENT, type, message, NULL) == 0;
}

bool agent_send_value(enum frame_type type, const struct value *body)
{
	char header[FRAME_HEADER_SIZE] = { (char)type };
	struct buffer out = {0};
	bool sent;

	buffer_add(&out, header, sizeof(header));
	wire_encode(&out, body);
	for (size_t i = 0; i < 4; i++)
		out.data[4 + i] = (char)((out.size - sizeof(header)) >> 8 * i & 0xff);
	sent = agent_write(out.data, out.size);
	buffer_free(&out);
	return sent;
}

void agent_say_magic(void)
{
	agent_write(WIRE_MAGIC, WIRE_MAGIC_SIZE);
}

void agent_greet(void)
{
	const struct hello hello = { .version = WIRE_VERSION };

	agent_say_magic();
	agent_send(FRAME_HELLO, &hello);
}

const void *agent_wait(enum frame_type type)
{
	for (;;) {
		struct frame_pieces pieces = {0};
		struct frame frame;

		if (frame_receive(STDIN_FILENO, &pieces, NULL) <= 0
				|| frame_take(agent_arena, &pieces, SENT_BY_CONTROLLER, &frame, NULL) < 0)
			exit(0);
		buffer_free(&pieces.payload);
		if (frame.type == FRAME_STAGE)
			seen = frame.message;
		if (frame.type == type)
			return frame.message;
		if (frame.type == FRAME_PING)
			agent_send(FRAME_PING, NULL);
		if (frame.type == FRAME_BYE) {
			agent_send(FRAME_BYE, NULL);
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

static bool reads_facts(const struct wire_task *task)
{
	return task->module && strcmp(task->module, "setup") == 0;
}

static void answer(const struct wire_stage *stage, enum status status, const struct result *more,
	struct value *facts, bool with_facts)
{
	const struct stage_end end = {0};

	for (size_t i = 0; i < stage->task_count; i++) {
		const struct wire_task *task = &stage->tasks[i];
		struct result result = more ? *more : (struct result){0};

		if (task->kind == TASK_FLUSH)
			continue;
		result.task = task->id;
		result.status = with_facts && reads_facts(task) && !facts ? STATUS_FAILED : status;
		if (with_facts && reads_facts(task) && facts)
			result.results = facts;
		agent_send(FRAME_RESULT, &result);
	}
	agent_send(FRAME_STAGE_END, &end);
}

void agent_answer_first(void)
{
	agent_greet();
	answer(agent_wait(FRAME_STAGE), STATUS_OK, NULL, NULL, false);
}

void agent_answer_all(enum status status, const struct result *more)
{
	agent_greet();
	for (;;)
		answer(agent_wait(FRAME_STAGE), status, more, NULL, false);
}

void agent_answer_rest(void)
{
	answer(seen, STATUS_OK, NULL, NULL, false);
	for (;;)
		answer(agent_wait(FRAME_STAGE), STATUS_OK, NULL, NULL, false);
}

void agent_tell_facts(struct value *facts)
{
	agent_greet();
	for (;;)
		answer(agent_wait(FRAME_STAGE), STATUS_OK, NULL, facts, true);
}

static const char *digest_inside(const char *text)
{
	for (; text && strlen(text) >= DIGEST_HEX_SIZE - 1; text++) {
		char hex[DIGEST_HEX_SIZE];

		memcpy(hex, text, DIGEST_HEX_SIZE - 1);
		hex[DIGEST_HEX_SIZE - 1] = '\0';
		if (digest_valid(hex))
			return arena_string(agent_arena, hex);
	}
	return NULL;
}

const char *agent_body_of(const struct wire_stage *stage)
{
	for (size_t i = 0; i < stage->task_count; i++) {
		const char *found = digest_inside(stage->tasks[i].params);

		if (found)
			return found;
	}
	return stage->text ? stage->text : "";
}
