/* acts: lies that are no single wrong value: broken frames, floods, silence, words out of turn. */
#include "tests/hostile/acts.h"

#include "tests/hostile/agent.h"

#include "base/shape.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { FLOOD = 20000 };

static void bytes_after_stage(const void *bytes, size_t size)
{
	agent_greet();
	agent_wait(FRAME_STAGE);
	agent_write(bytes, size);
	agent_read_on();
}

/* --- Frames that are none --- */

static const struct { const char *name; const char *bytes; size_t size; } broken[] = {
	{ "a frame of type 0", "\0\0\0\0\0\0\0\0", 8 },
	{ "a frame of a type that nobody has", "\x7f\0\0\0\0\0\0\0", 8 },
	{ "a frame with unknown flags", "\x03\xfe\0\0\0\0\0\0", 8 },
	{ "a frame with something where zeros belong", "\x03\0\1\1\0\0\0\0", 8 },
	{ "a frame that claims 4 GiB", "\x03\0\0\0\xff\xff\xff\xff", 8 },
	{ "an empty frame", "\x03\0\0\0\0\0\0\0", 8 },
	{ "a frame that is a map", "\x03\0\0\0\1\0\0\0\x80", 9 },
	{ "a frame with more behind its value", "\x03\0\0\0\2\0\0\0\x80\x80", 10 },
	{ "a list that claims 4 GiB of items", "\x03\0\0\0\x08\0\0\0\x81\xa1" "a\xdd\xff\xff\xff\xff", 16 },
	{ "a map that claims 4 GiB of keys", "\x03\0\0\0\x08\0\0\0\x81\xa1" "a\xdf\xff\xff\xff\xff", 16 },
	{ "a string that claims 4 GiB", "\x03\0\0\0\x08\0\0\0\x81\xa1" "a\xdb\xff\xff\xff\xff", 16 },
	{ "a key that comes twice", "\x0a\0\0\0\x0d\0\0\0\x82\xa4text\xa1x\xa4text\xa1y"
		, 8 + 15 },
	{ "a key that is a number", "\x0a\0\0\0\3\0\0\0\x81\1\1", 11 },
	{ "a key with a NUL", "\x0a\0\0\0\4\0\0\0\x81\xa1\0\1", 12 },
	{ "an empty key", "\x0a\0\0\0\3\0\0\0\x81\xa0\1", 11 },
	{ "an extension that nobody has", "\x0a\0\0\0\6\0\0\0\x81\xa1" "a\xd4\x63\1", 14 },
	{ "an empty extension", "\x0a\0\0\0\6\0\0\0\x81\xa1" "a\xc7\0\1", 14 },
	{ "a number beyond 63 bits", "\x0a\0\0\0\x0c\0\0\0\x81\xa1" "a\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
		20 },
	{ "a compressed frame that is none", "\x03\1\0\0\4\0\0\0abcd", 12 },
	{ "a compressed frame that claims 4 GiB", "\x03\1\0\0\x0c\0\0\0\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff"
		"\1\0\0", 20 },
};

static void send_broken(const struct lie *lie)
{
	size_t size = broken[lie->number].size;
	char bytes[64];

	memcpy(bytes, broken[lie->number].bytes, size);
	/* The length is that of what follows. */
	if ((unsigned char)bytes[4] != 0xff && size > FRAME_HEADER_SIZE)
		bytes[4] = (char)(size - FRAME_HEADER_SIZE);
	bytes_after_stage(bytes, size);
}

static void nest_deeply(const struct lie *lie)
{
	struct buffer out = {0};

	(void)lie;
	buffer_add(&out, "\x03\0\0\0\x40\x42\x0f\0", 8);
	for (int i = 0; i < 1000000; i++)
		buffer_add_char(&out, '\x91');
	bytes_after_stage(out.data, out.size);
	buffer_free(&out);
}

static void end_inside_a_frame(const struct lie *lie)
{
	(void)lie;
	agent_greet();
	agent_wait(FRAME_STAGE);
	agent_write("\x03\0\0\0\x10\0\0\0abc", 11);
}

static void end_at_once(const struct lie *lie)
{
	(void)lie;
}

static void end_after_hello(const struct lie *lie)
{
	(void)lie;
	agent_greet();
	agent_wait(FRAME_STAGE);
}

static void greet_twice(const struct lie *lie)
{
	(void)lie;
	agent_greet();
	agent_wait(FRAME_STAGE);
	agent_send(FRAME_HELLO, &(struct hello){ .version = WIRE_VERSION });
	agent_read_on();
}

static void be_of_another_version(const struct lie *lie)
{
	(void)lie;
	agent_say_magic();
	agent_send(FRAME_HELLO, &(struct hello){ .version = WIRE_VERSION + 1 });
	agent_read_on();
}

/* --- Out of turn --- */

static void answer_with(int64_t task, enum status status)
{
	agent_send(FRAME_RESULT, &(struct result){ .task = task, .status = status });
}

static int64_t first_task(void)
{
	const struct wire_stage *stage;

	agent_greet();
	stage = agent_wait(FRAME_STAGE);
	for (size_t i = 0; i < stage->task_count; i++) {
		if (stage->tasks[i].kind != TASK_FLUSH)
			return stage->tasks[i].id;
	}
	return 0;
}

static void answer_another_task(const struct lie *lie)
{
	(void)lie;
	answer_with(first_task() + 1000, STATUS_OK);
	agent_read_on();
}

static void answer_twice(const struct lie *lie)
{
	int64_t task = first_task();

	(void)lie;
	answer_with(task, STATUS_OK);
	answer_with(task, STATUS_OK);
	agent_read_on();
}

static void say_more_unasked(const struct lie *lie)
{
	const struct result result = { .task = first_task(), .status = STATUS_CHANGED, .more = true,
		.resource = "file:/etc/passwd" };

	(void)lie;
	agent_send(FRAME_RESULT, &result);
	agent_read_on();
}

static void leave_tasks_out(const struct lie *lie)
{
	(void)lie;
	first_task();
	agent_send(FRAME_STAGE_END, NULL);
	agent_read_on();
}

/* --- Results of the right shape that lie --- */

static void fail_without_a_word(const struct lie *lie)
{
	(void)lie;
	agent_answer_all(STATUS_FAILED, NULL);
}

static void change_what_nobody_asked(const struct lie *lie)
{
	const struct told_change change = { .subject = "\033]0;owned\a\xc2\x9b" "31m\xe2\x80\xae",
		.field = "\033[2J", .before = value_string(agent_arena, "\r\b\b{{ 7 * 7 }}") };

	(void)lie;
	agent_answer_all(STATUS_CHANGED, &(struct result){ .changes = &change, .change_count = 1,
		.message = "{{ lookup('file', '/etc/shadow') }}\033[31m" });
}

static void register_templates(const struct lie *lie)
{
	struct value *results = value_map(agent_arena);

	(void)lie;
	value_set_string(agent_arena, results, "stdout", "{{ 7 * 7 }}{% if 1 %}EVALUATED{% endif %}");
	value_set_string(agent_arena, results, "{{ 7 * 7 }}", "\033[31m");
	agent_answer_all(STATUS_CHANGED, &(struct result){ .results = results });
}

static void tell_too_many_milliseconds(const struct lie *lie)
{
	(void)lie;
	agent_answer_all(STATUS_OK, &(struct result){ .milliseconds = SHAPE_INTEGER_MOST });
}

static void publish_lies(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena);
	const struct published published = { "ssh-keys-pair", "root", facts };

	(void)lie;
	value_set_string(agent_arena, facts, "public_key", "command=\"id\" ssh-ed25519 AAAA\nssh-rsa BBBB");
	agent_answer_all(STATUS_OK, &(struct result){ .published = &published });
}

/* --- Facts --- */

static const char *const claimed[] = { "host", "user", "port", "connection", "become",
	"ssh_private_key_file", "inventory_hostname", "check_mode", "play_hosts", "cluster_address",
	"{{ 7 * 7 }}", "\033[31m" };

static void claim_a_fact(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena);

	value_set_string(agent_arena, facts, claimed[lie->number], "10.6.6.6");
	agent_tell_facts(facts);
}

static void tell_a_fact_of_the_wrong_kind(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena), *list = value_list(agent_arena);

	(void)lie;
	value_append(agent_arena, list, value_map(agent_arena));
	value_set(agent_arena, facts, "hostname", list);
	agent_tell_facts(facts);
}

static void tell_a_long_fact(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena);
	char *text = arena_alloc(agent_arena, 100001);

	(void)lie;
	memset(text, 'x', 100000);
	value_set_string(agent_arena, facts, "hostname", text);
	agent_tell_facts(facts);
}

static void fail_to_tell_facts(const struct lie *lie)
{
	(void)lie;
	agent_tell_facts(NULL);
}

static void be_called_as_another(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena);

	(void)lie;
	value_set_string(agent_arena, facts, "hostname", "honest");
	agent_tell_facts(facts);
}

/* The address is that of another host, which the test says. */
static void be_at_the_address_of_another(const struct lie *lie)
{
	struct value *facts = value_map(agent_arena), *route = value_map(agent_arena);
	const char *address = getenv("CLAIMED");

	(void)lie;
	value_set_string(agent_arena, route, "address", address ? address : "127.0.0.1");
	value_set(agent_arena, facts, "default_ipv4", route);
	value_set_string(agent_arena, facts, "hostname", "liar");
	agent_tell_facts(facts);
}

/* --- Contents --- */

static struct request request_of(const char *digest, int64_t offset)
{
	return (struct request){ .id = 1, .kind = REQUEST_BODY, .digest = digest, .offset = offset };
}

static const char *const contents[] = { "/etc/shadow", "../../etc/shadow", "",
	"0000000000000000000000000000000000000000000000000000000000000000",
	/* "honest\n": what a task has for the other host. */
	"00249c9ae9fff21dddb2a4a6caa40033bd99369b6678a35e1051fcc8d175dfca" };

static void ask_for_what_it_may_not_have(const struct lie *lie)
{
	const struct request request = request_of(contents[lie->number], 0);

	first_task();
	agent_send(FRAME_REQUEST, &request);
	agent_read_on();
}

static void ask_behind_the_end(const struct lie *lie)
{
	struct request request;

	(void)lie;
	agent_greet();
	request = request_of(agent_body_of(agent_wait(FRAME_STAGE)), INT64_C(1) << 52);
	agent_send(FRAME_REQUEST, &request);
	agent_read_on();
}

/* Its own content, and behind it one of another host; or its own so often that no answer holds it. */
static void ask_for_several(const struct lie *lie)
{
	struct request request;

	agent_greet();
	request = request_of(agent_body_of(agent_wait(FRAME_STAGE)), lie->number == 2);
	request.more = value_list(agent_arena);
	for (int i = 0; i < (lie->number == 1 ? 2000 : 1); i++)
		value_append(agent_arena, request.more, value_string(agent_arena, lie->number == 0
			? contents[4] : request.digest));
	agent_send(FRAME_REQUEST, &request);
	agent_read_on();
}

static void write_often(enum frame_type type, const void *message, int count)
{
	struct buffer out = {0};

	for (int i = 0; i < count; i++)
		frame_write(&out, SENT_BY_AGENT, type, message, NULL);
	agent_write(out.data, out.size);
	buffer_free(&out);
}

/* The answers are never read. */
static void flood_with_requests(const struct lie *lie)
{
	struct request request;

	(void)lie;
	agent_greet();
	request = request_of(agent_body_of(agent_wait(FRAME_STAGE)), 0);
	write_often(FRAME_REQUEST, &request, 4000);
	agent_stay();
}

static void flood_with_gates(const struct lie *lie)
{
	const struct request request = { .id = 1, .kind = REQUEST_GATE, .task = 1 };

	(void)lie;
	first_task();
	write_often(FRAME_REQUEST, &request, FLOOD);
	agent_stay();
}

static void hand_out_what_nobody_fetched(const struct lie *lie)
{
	const struct chunk chunk = { .id = 77, .bytes = { "x", 1 }, .size = 1 };

	(void)lie;
	first_task();
	for (int i = 0; i < 1000; i++)
		agent_send(FRAME_CHUNK, &chunk);
	agent_answer_rest();
}

/* --- Floods --- */

static void flood_with_progress(const struct lie *lie)
{
	(void)lie;
	first_task();
	for (int i = 0; i < FLOOD / 100; i++)
		write_often(FRAME_PROGRESS, &(struct progress_text){ { "x", 1 } }, 100);
	agent_answer_rest();
}

static void flood_with_pings(const struct lie *lie)
{
	(void)lie;
	first_task();
	for (int i = 0; i < FLOOD / 100; i++)
		write_often(FRAME_PING, NULL, 100);
	agent_answer_rest();
}

static void flood_with_ends(const struct lie *lie)
{
	struct value *list = value_list(agent_arena);
	const struct stage_end end = { .orphans = list };

	(void)lie;
	for (int i = 0; i < 5000; i++)
		value_append(agent_arena, list, value_printf(agent_arena, "file:/%d", i));
	agent_answer_first();
	for (int i = 0; i < 200; i++)
		agent_send(FRAME_STAGE_END, &end);
	agent_read_on();
}

static void flood_stderr(const struct lie *lie)
{
	char block[65536];

	(void)lie;
	memset(block, 'x', sizeof(block));
	first_task();
	for (int i = 0; i < 200; i++) {
		if (write(STDERR_FILENO, block, sizeof(block)) < 0)
			break;
	}
	agent_answer_rest();
}

static void print_before_the_magic(const struct lie *lie)
{
	char block[65536];

	(void)lie;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 100; i++)
		agent_write(block, sizeof(block));
	agent_stay();
}

static void print_a_million_keys(const struct lie *lie)
{
	struct value *results = value_map(agent_arena);
	struct buffer text = {0};

	(void)lie;
	buffer_add_string(&text, "{");
	for (int i = 0; i < 10000; i++)
		buffer_printf(&text, "%s\"key%d\":%d", i ? "," : "", i, i);
	buffer_add_string(&text, "}");
	value_set(agent_arena, results, "stdout", value_bytes(agent_arena, text.data, text.size));
	buffer_free(&text);
	agent_answer_all(STATUS_CHANGED, &(struct result){ .results = results });
}

/* --- Silence --- */

static void need_no_known_agent(const struct lie *lie)
{
	static const char need[] = "\nbeoplay-need vax; \033[2Jreboot\n";

	(void)lie;
	agent_write(need, sizeof(need) - 1);
	agent_read_on();
}

static void need_the_agent_again(const struct lie *lie)
{
	char bytes[65536], need[128];
	struct utsname machine;

	(void)lie;
	uname(&machine);
	snprintf(need, sizeof(need), "\nbeoplay-need %.65s\n", machine.machine);
	while (agent_write(need, strlen(need))) {
		for (size_t got = 0; got < 1000000;) {
			ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));

			if (size <= 0)
				return;
			got += (size_t)size;
		}
	}
}

static void answer_only_pings(const struct lie *lie)
{
	(void)lie;
	first_task();
	agent_read_on();
}

/* It ends by the word of nobody but the kernel. */
static void never_end(const struct lie *lie)
{
	(void)lie;
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	first_task();
	agent_stay();
}

static void drip(const struct lie *lie)
{
	const struct progress_text progress = { { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 48 } };
	struct buffer out = {0};

	(void)lie;
	first_task();
	frame_write(&out, SENT_BY_AGENT, FRAME_PROGRESS, &progress, NULL);
	for (size_t i = 0; i < out.size; i++) {
		agent_write(out.data + i, 1);
		nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000 * 1000 }, NULL);
	}
	agent_stay();
}

/* --- All of them --- */

static const struct {
	const char *name;
	enum ending ending;
	void (*act)(const struct lie *lie);
} acts[] = {
	{ "it nests a million lists", ENDS_REFUSED, nest_deeply },
	{ "it ends inside a frame", ENDS_LOST, end_inside_a_frame },
	{ "it ends at once", ENDS_LOST, end_at_once },
	{ "it ends after its first word", ENDS_LOST, end_after_hello },
	{ "it greets twice", ENDS_REFUSED, greet_twice },
	{ "it is of another version", ENDS_LOST, be_of_another_version },
	{ "it answers another task", ENDS_REFUSED, answer_another_task },
	{ "it answers twice", ENDS_REFUSED, answer_twice },
	{ "it says more than it was asked", ENDS_REFUSED, say_more_unasked },
	{ "it leaves tasks out", ENDS_REFUSED, leave_tasks_out },
	{ "it fails without a word", ENDS_LOST, fail_without_a_word },
	{ "it tells changes with escapes", ENDS_ANYHOW, change_what_nobody_asked },
	{ "it returns templates", ENDS_ANYHOW, register_templates },
	{ "it was at work for a million years", ENDS_ANYHOW, tell_too_many_milliseconds },
	{ "it publishes a key that is none", ENDS_ANYHOW, publish_lies },
	{ "a fact is of the wrong kind", ENDS_REFUSED, tell_a_fact_of_the_wrong_kind },
	{ "a fact is too long", ENDS_REFUSED, tell_a_long_fact },
	{ "it fails to tell facts, without a word", ENDS_ANYHOW, fail_to_tell_facts },
	{ "it calls itself as another one", ENDS_ANYHOW, be_called_as_another },
	{ "it is at the address of another", ENDS_ANYHOW, be_at_the_address_of_another },
	{ "it asks for what is behind the end", ENDS_REFUSED, ask_behind_the_end },
	{ "it floods with requests", ENDS_REFUSED, flood_with_requests },
	{ "it floods with gates", ENDS_REFUSED, flood_with_gates },
	{ "it hands out what nobody fetched", ENDS_ANYHOW, hand_out_what_nobody_fetched },
	{ "it floods with progress", ENDS_ANYHOW, flood_with_progress },
	{ "it floods with pings", ENDS_ANYHOW, flood_with_pings },
	{ "it floods with ends of stages", ENDS_ANYHOW, flood_with_ends },
	{ "it floods its stderr", ENDS_ANYHOW, flood_stderr },
	{ "it prints without end instead of the agent", ENDS_LOST, print_before_the_magic },
	{ "it prints a map of ten thousand keys", ENDS_ANYHOW, print_a_million_keys },
	{ "it needs the agent again and again", ENDS_LOST, need_the_agent_again },
	{ "it needs an agent that nobody has", ENDS_LOST, need_no_known_agent },
	{ "it answers nothing but pings", ENDS_BY_SIGNAL, answer_only_pings },
	{ "it never ends by itself", ENDS_BY_SIGNAL, never_end },
	{ "it sends a frame byte by byte", ENDS_BY_SIGNAL, drip },
};

static void add(struct acts *made, const char *name, enum ending ending,
	void (*act)(const struct lie *lie), size_t number)
{
	made->lies[made->count++] = (struct lie){ .name = name, .ending = ending, .act = act,
		.number = number };
}

void acts_make(struct arena *arena, struct acts *made)
{
	enum { ACTS = sizeof(acts) / sizeof(*acts), BROKEN = sizeof(broken) / sizeof(*broken),
		CLAIMED = sizeof(claimed) / sizeof(*claimed),
		CONTENTS = sizeof(contents) / sizeof(*contents), SEVERAL = 3 };

	made->lies = arena_array(arena, ACTS + BROKEN + CLAIMED + CONTENTS + SEVERAL, sizeof(*made->lies));
	for (size_t i = 0; i < ACTS; i++)
		add(made, acts[i].name, acts[i].ending, acts[i].act, 0);
	for (size_t i = 0; i < BROKEN; i++)
		add(made, broken[i].name, ENDS_REFUSED, send_broken, i);
	for (size_t i = 0; i < CLAIMED; i++)
		add(made, arena_printf(arena, "it claims the fact %zu", i), ENDS_REFUSED, claim_a_fact, i);
	for (size_t i = 0; i < CONTENTS; i++)
		add(made, arena_printf(arena, "it asks for the content %zu", i), ENDS_REFUSED,
			ask_for_what_it_may_not_have, i);
	for (size_t i = 0; i < SEVERAL; i++)
		add(made, arena_printf(arena, "it asks for several contents, %zu", i), ENDS_REFUSED,
			ask_for_several, i);
}
