/* test_wire: values and frames there and back, and what a hostile node may send. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct value *sample(struct arena *arena)
{
	struct value *map = value_map(arena), *list = value_list(arena);

	value_append(arena, list, value_null(arena));
	value_append(arena, list, value_bool(arena, true));
	value_append(arena, list, value_integer(arena, INT64_MIN));
	value_append(arena, list, value_integer(arena, INT64_MAX));
	value_append(arena, list, value_float(arena, -0.5));
	value_append(arena, list, value_bytes(arena, "a\0b\xff", 4));
	value_set(arena, map, "list", list);
	value_set(arena, map, "empty", value_map(arena));
	value_set_string(arena, map, "text", "caf\xc3\xa9");
	return map;
}

static void a_value_comes_back_as_it_was(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct value *map = sample(arena), *back;

	(void)state;
	wire_encode(&out, map);
	assert_int_equal(wire_decode(arena, out.data, out.size, &back, &err), 0);
	assert_true(value_equal(map, back));
	buffer_free(&out);
	arena_free(arena);
}

static void levels_and_unknowns_stay_what_they_are(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct value *map = value_map(arena), *list = value_list(arena), *back;

	(void)state;
	value_set(arena, map, "unknown", value_unknown(arena, "the key"));
	value_set_string(arena, map, "secret", "s3");
	value_get(map, "secret")->level = LEVEL_SECRET;
	value_append(arena, list, value_string(arena, "open"));
	value_append(arena, list, value_copy(arena, value_get(map, "secret")));
	list->level = LEVEL_PRIVATE;
	value_set(arena, map, "list", list);
	wire_encode(&out, map);
	assert_int_equal(wire_decode(arena, out.data, out.size, &back, &err), 0);
	assert_int_equal(value_get(back, "unknown")->kind, VALUE_UNKNOWN);
	assert_string_equal(value_get(back, "unknown")->text, "the key");
	assert_int_equal(value_get(back, "secret")->level, LEVEL_SECRET);
	assert_string_equal(value_get_string(back, "secret"), "s3");
	assert_int_equal(value_get(back, "list")->level, LEVEL_PRIVATE);
	assert_int_equal(value_get(back, "list")->items[0]->level, LEVEL_OPEN);
	assert_int_equal(value_get(back, "list")->items[1]->level, LEVEL_SECRET);
	assert_int_equal(back->level, LEVEL_OPEN);
	buffer_free(&out);
	arena_free(arena);
}

static struct value *with_level(struct arena *arena, enum level level)
{
	struct value *text = value_string(arena, "swordfish");

	text->level = level;
	return text;
}

static struct frame through_frame(struct arena *arena, enum frame_type type,
	enum frame_sender sender, const struct value *body)
{
	struct buffer out = {0};
	struct error err = {0};
	struct frame frame = {0};

	if (frame_write(&out, type, body, &err) < 0 || frame_read(arena, out.data, out.size, sender, &frame,
			&err) < 0)
		fail_msg("%s", err.message);
	buffer_free(&out);
	return frame;
}

static void every_message_keeps_levels(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (enum level level = LEVEL_PRIVATE; level <= LEVEL_SECRET; level++) {
		struct value *task = value_map(arena), *tasks = value_list(arena), *stage = value_map(arena);
		struct value *results = value_map(arena), *result = value_map(arena);
		struct value *reply = value_map(arena);
		struct frame frame;

		value_set_integer(arena, task, "id", 1);
		value_set(arena, task, "params", with_level(arena, level));
		value_append(arena, tasks, task);
		value_set_string(arena, stage, "mode", "apply");
		value_set(arena, stage, "tasks", tasks);
		frame = through_frame(arena, FRAME_STAGE, SENT_BY_CONTROLLER, stage);
		assert_int_equal(value_get(value_get(frame.body, "tasks")->items[0], "params")->level, level);

		value_set_integer(arena, result, "task", 1);
		value_set_string(arena, result, "status", "ok");
		value_set(arena, results, "stdout", with_level(arena, level));
		value_set(arena, result, "results", results);
		value_set(arena, result, "message", with_level(arena, level));
		frame = through_frame(arena, FRAME_RESULT, SENT_BY_AGENT, result);
		assert_int_equal(value_get(value_get(frame.body, "results"), "stdout")->level, level);
		assert_int_equal(value_get(frame.body, "message")->level, level);
		assert_int_equal(value_level(frame.body), level);

		value_set_integer(arena, reply, "id", 1);
		value_set(arena, reply, "bytes", with_level(arena, level));
		frame = through_frame(arena, FRAME_REPLY, SENT_BY_CONTROLLER, reply);
		assert_int_equal(value_get(frame.body, "bytes")->level, level);
		assert_int_equal(value_copy(arena, value_get(frame.body, "bytes"))->level, level);
	}
	arena_free(arena);
}

static void a_level_that_nobody_has_is_refused(void **state)
{
	static const char *const texts[] = { "\xd5\x01\x00\xc0", "\xd5\x01\x03\xc0", "\xd4\x01\x02",
		"\xc7\x00\x01" };
	static const size_t sizes[] = { 4, 4, 3, 3 };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct error err = {0};
		struct value *back;

		assert_int_equal(wire_decode(arena, texts[i], sizes[i], &back, &err), -1);
	}
	arena_free(arena);
}

static void every_truncation_is_an_error(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};

	(void)state;
	wire_encode(&out, sample(arena));
	for (size_t size = 0; size < out.size; size++) {
		struct error err = {0};
		struct value *back;
		char *exact = malloc(size + 1);

		memcpy(exact, out.data, size);
		assert_int_equal(wire_decode(arena, exact, size, &back, &err), -1);
		assert_int_not_equal(err.kind, ERROR_NONE);
		free(exact);
	}
	buffer_free(&out);
	arena_free(arena);
}

static void claims_of_size_make_no_room(void **state)
{
	static const char *const bombs[] = {
		"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff\x61",
		"\xc6\xff\xff\xff\xff", "\xc9\xff\xff\xff\xff\x01",
	};
	static const size_t sizes[] = { 5, 5, 6, 5, 6 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct arena *arena = arena_new();
		struct error err = {0};
		struct value *back;

		assert_int_equal(wire_decode(arena, bombs[i], sizes[i], &back, &err), -1);
		arena_free(arena);
	}
}

static void depth_is_bounded(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	struct value *back;
	char deep[10000];

	(void)state;
	memset(deep, 0x91, sizeof(deep));
	deep[sizeof(deep) - 1] = (char)0xc0;
	assert_int_equal(wire_decode(arena, deep, sizeof(deep), &back, &err), -1);
	assert_non_null(strstr(err.message, "deep"));
	arena_free(arena);
}

static void secrets_in_secrets_are_bounded(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct value *back;

	(void)state;
	for (unsigned size = 100000; size > 7; size -= 7) {
		unsigned inside = size - 6;
		char head[7] = { (char)0xc9, (char)(inside >> 24), (char)(inside >> 16),
			(char)(inside >> 8), (char)inside, 1, LEVEL_SECRET };

		buffer_add(&out, head, sizeof(head));
	}
	buffer_add(&out, "\xc0\xc0\xc0\xc0\xc0\xc0", 100000 - out.size);
	assert_int_equal(wire_decode(arena, out.data, out.size, &back, &err), -1);
	assert_non_null(strstr(err.message, "deep"));
	buffer_free(&out);
	arena_free(arena);
}

static void random_bytes_never_do_harm(void **state)
{
	unsigned seed = 1;
	unsigned decoded = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct arena *arena = arena_new();
		struct error err = {0};
		struct value *back;
		char bytes[64];
		size_t size = (size_t)(rand_r(&seed) % (int)sizeof(bytes));

		for (size_t i = 0; i < size; i++)
			bytes[i] = (char)rand_r(&seed);
		if (wire_decode(arena, bytes, size, &back, &err) == 0)
			decoded++;
		else
			assert_int_not_equal(err.kind, ERROR_NONE);
		arena_free(arena);
	}
	assert_true(decoded > 0);
}

static void a_long_frame_travels_compressed(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct frame frame;
	struct value *map = value_map(arena);
	char *text = arena_alloc(arena, 100001);

	(void)state;
	memset(text, 'x', 100000);
	value_set_string(arena, map, "text", text);
	assert_int_equal(frame_write(&out, FRAME_PROGRESS, map, &err), 0);
	assert_true(out.size < 1000);
	assert_int_equal(frame_size(out.data, out.size, &err), (int64_t)out.size);
	assert_int_equal(frame_read(arena, out.data, out.size, SENT_BY_AGENT, &frame, &err), 0);
	assert_int_equal(frame.type, FRAME_PROGRESS);
	assert_string_equal(value_get_string(frame.body, "text"), text);
	buffer_free(&out);
	arena_free(arena);
}

static void frames_go_through_a_pipe_one_by_one(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	struct frame frame;
	struct value *progress = value_map(arena);
	int ends[2];

	(void)state;
	value_set(arena, progress, "text", value_bytes(arena, "a\0b\xff", 4));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(frame_send(ends[1], FRAME_PING, value_map(arena), &err), 0);
	assert_int_equal(frame_send(ends[1], FRAME_PROGRESS, progress, &err), 0);
	close(ends[1]);
	assert_int_equal(frame_receive(ends[0], arena, SENT_BY_AGENT, &frame, &err), 1);
	assert_int_equal(frame.type, FRAME_PING);
	assert_int_equal(frame_receive(ends[0], arena, SENT_BY_AGENT, &frame, &err), 1);
	assert_int_equal(frame.type, FRAME_PROGRESS);
	assert_true(value_equal(frame.body, progress));
	assert_int_equal(frame_receive(ends[0], arena, SENT_BY_AGENT, &frame, &err), 0);
	close(ends[0]);
	arena_free(arena);
}

static void a_header_that_lies_is_refused(void **state)
{
	static const char headers[][8] = {
		{ 0 }, { FRAME_TYPE_END }, { 1, 2 }, { 1, 0, 1 }, { 1, 0, 0, 1 },
		{ 1, 0, 0, 0, 1, 0, 16, 0 }, { 1, 0, 0, 0, (char)-1, (char)-1, (char)-1, (char)-1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct error err = {0};

		assert_int_equal(frame_size(headers[i], 8, &err), -1);
	}
	assert_int_equal(frame_size(headers[0], 7, NULL), 0);
}

static int read_back(enum frame_type type, struct value *body, enum frame_sender sender,
	struct error *err)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct frame frame;
	int result;

	assert_int_equal(frame_write(&out, type, body, err), 0);
	result = frame_read(arena, out.data, out.size, sender, &frame, err);
	buffer_free(&out);
	arena_free(arena);
	return result;
}

static struct value *result_of(struct arena *arena, const char *key, struct value *value)
{
	struct value *body = value_map(arena);

	value_set_integer(arena, body, "task", 1);
	value_set_string(arena, body, "status", "changed");
	if (key)
		value_set(arena, body, key, value);
	return body;
}

static void a_message_is_what_its_table_says_or_refused(void **state)
{
	struct arena *arena = arena_new();
	struct value *mixed = value_list(arena), *change = value_map(arena);
	struct error err = {0};

	(void)state;
	value_set_integer(arena, change, "subject", 1);
	value_append(arena, mixed, change);
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, NULL, NULL), SENT_BY_AGENT, &err), 0);
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "changes", value_map(arena)),
		SENT_BY_AGENT, &err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'changes' must be a list, not a map");
	err = (struct error){0};
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "changes", mixed), SENT_BY_AGENT,
		&err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'changes[0].subject' must be a "
		"string, not an integer");
	err = (struct error){0};
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "more_keys", value_null(arena)),
		SENT_BY_AGENT, &err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'more_keys' is an unknown key");
	err = (struct error){0};
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "milliseconds", value_integer(arena,
		INT64_MIN)), SENT_BY_AGENT, &err), -1);
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "message", value_bytes(arena, "a\0b",
		3)), SENT_BY_AGENT, NULL), -1);
	assert_int_equal(read_back(FRAME_RESULT, result_of(arena, "results", value_unknown(arena,
		"the facts of another host")), SENT_BY_AGENT, NULL), -1);
	arena_free(arena);
}

static void each_end_sends_only_its_own_messages(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};

	(void)state;
	assert_int_equal(read_back(FRAME_CANCEL, value_map(arena), SENT_BY_CONTROLLER, &err), 0);
	assert_int_equal(read_back(FRAME_CANCEL, value_map(arena), SENT_BY_AGENT, &err), -1);
	assert_int_equal(err.kind, ERROR_PROTOCOL);
	assert_int_equal(read_back(FRAME_STAGE, value_map(arena), SENT_BY_AGENT, NULL), -1);
	assert_int_equal(read_back(FRAME_STAGE, value_map(arena), SENT_BY_CONTROLLER, NULL), -1);
	arena_free(arena);
}

static void a_key_that_comes_twice_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};
	struct value *back;

	(void)state;
	assert_int_equal(wire_decode(arena, "\x82\xa1" "a\x01\xa1" "a\x02", 7, &back, &err), -1);
	assert_string_equal(err.message, "malformed data: duplicate key 'a'");
	/* An empty key has no bytes to look at. */
	assert_int_equal(wire_decode(arena, "\x81\xa0\x01", 3, &back, NULL), 0);
	arena_free(arena);
}

static void a_decompression_bomb_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct frame frame;
	/* A zstd frame (RFC 8878) whose header claims 4 GiB − 1 in a single segment. */
	static const char bomb[] = "\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x01\x00\x00";

	(void)state;
	buffer_add(&out, "\x02\x01\0\0\x0c\0\0\0", 8);
	buffer_add(&out, bomb, 12);
	assert_int_equal(frame_read(arena, out.data, out.size, SENT_BY_AGENT, &frame, &err), -1);
	buffer_free(&out);
	arena_free(arena);
}

static struct value *stage_of(struct arena *arena, size_t bytes)
{
	struct value *stage = value_map(arena), *tasks = value_list(arena), *task = value_map(arena);
	char *params = arena_alloc(arena, bytes + 1);

	/* Nothing that compresses well. */
	for (size_t i = 0; i < bytes; i++)
		params[i] = (char)('a' + (i * i * 31 + i / 7) % 26);
	value_set_integer(arena, task, "id", 1);
	value_set(arena, task, "params", value_bytes(arena, params, bytes));
	value_append(arena, tasks, task);
	value_set_string(arena, stage, "mode", "check");
	value_set(arena, stage, "tasks", tasks);
	return stage;
}

static void a_long_stage_travels_in_several_frames(void **state)
{
	struct arena *arena = arena_new();
	struct value *stage = stage_of(arena, 3 * FRAME_MOST);
	struct error err = {0};
	struct frame frame;
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(frame_send(fileno(file), FRAME_STAGE, stage, &err), 0);
	assert_int_equal(frame_send(fileno(file), FRAME_PING, value_map(arena), &err), 0);
	lseek(fileno(file), 0, SEEK_SET);
	assert_int_equal(frame_receive(fileno(file), arena, SENT_BY_CONTROLLER, &frame, &err), 1);
	assert_int_equal(frame.type, FRAME_STAGE);
	assert_true(value_equal(frame.body, stage));
	assert_int_equal(frame_receive(fileno(file), arena, SENT_BY_CONTROLLER, &frame, &err), 1);
	assert_int_equal(frame.type, FRAME_PING);
	/* No agent sends one, whole or not. */
	lseek(fileno(file), 0, SEEK_SET);
	assert_int_equal(frame_receive(fileno(file), arena, SENT_BY_AGENT, &frame, &err), -1);
	fclose(file);
	arena_free(arena);
}

static void too_long_a_frame_is_not_written(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct value *map = value_map(arena);

	(void)state;
	value_set(arena, map, "bytes", value_bytes(arena, arena_alloc(arena, FRAME_MOST), FRAME_MOST));
	assert_int_equal(frame_write(&out, FRAME_RESULT, map, &err), -1);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_comes_back_as_it_was),
		cmocka_unit_test(levels_and_unknowns_stay_what_they_are),
		cmocka_unit_test(every_message_keeps_levels),
		cmocka_unit_test(a_level_that_nobody_has_is_refused),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(claims_of_size_make_no_room),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(secrets_in_secrets_are_bounded),
		cmocka_unit_test(random_bytes_never_do_harm),
		cmocka_unit_test(a_long_frame_travels_compressed),
		cmocka_unit_test(frames_go_through_a_pipe_one_by_one),
		cmocka_unit_test(a_header_that_lies_is_refused),
		cmocka_unit_test(a_message_is_what_its_table_says_or_refused),
		cmocka_unit_test(each_end_sends_only_its_own_messages),
		cmocka_unit_test(a_key_that_comes_twice_is_refused),
		cmocka_unit_test(a_decompression_bomb_is_refused),
		cmocka_unit_test(a_long_stage_travels_in_several_frames),
		cmocka_unit_test(too_long_a_frame_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
