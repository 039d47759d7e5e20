/* Frames: through pipes, compressed, in parts, and what is refused of them. */
#include "wire_bench.h"

static void a_long_frame_travels_compressed(void **state)
{
	struct arena *arena = arena_new();
	struct buffer out = {0};
	struct error err = {0};
	struct frame frame;
	char *text = arena_alloc(arena, 100001);
	const struct progress_text progress = { { text, 100000 } }, *back;

	(void)state;
	memset(text, 'x', 100000);
	assert_int_equal(frame_write(&out, SENT_BY_AGENT, FRAME_PROGRESS, &progress, &err), 0);
	assert_true(out.size < 1000);
	assert_int_equal(frame_size(out.data, out.size, &err), (int64_t)out.size);
	assert_int_equal(frame_read(arena, out.data, out.size, SENT_BY_AGENT, &frame, &err), 0);
	assert_int_equal(frame.type, FRAME_PROGRESS);
	back = frame.message;
	assert_string_equal(back->text.bytes, text);
	buffer_free(&out);
	arena_free(arena);
}

/* As link.c reads. */
static int receive(int fd, struct arena *arena, enum frame_sender sender, struct frame *ret_frame)
{
	struct frame_pieces pieces = {0};
	struct error err = {0};
	int got = frame_receive(fd, &pieces, &err);

	if (got > 0 && frame_take(arena, &pieces, sender, ret_frame, &err) < 0)
		got = -1;
	buffer_free(&pieces.payload);
	return got;
}

static void frames_go_through_a_pipe_one_by_one(void **state)
{
	const struct progress_text progress = { { "a\0b\xff", 4 } }, *back;
	struct arena *arena = arena_new();
	struct error err = {0};
	struct frame frame;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(frame_send(ends[1], SENT_BY_AGENT, FRAME_PING, NULL, &err), 0);
	assert_int_equal(frame_send(ends[1], SENT_BY_AGENT, FRAME_PROGRESS, &progress, &err), 0);
	close(ends[1]);
	assert_int_equal(receive(ends[0], arena, SENT_BY_AGENT, &frame), 1);
	assert_int_equal(frame.type, FRAME_PING);
	assert_int_equal(receive(ends[0], arena, SENT_BY_AGENT, &frame), 1);
	assert_int_equal(frame.type, FRAME_PROGRESS);
	back = frame.message;
	assert_int_equal(back->text.size, 4);
	assert_memory_equal(back->text.bytes, progress.text.bytes, 4);
	assert_int_equal(receive(ends[0], arena, SENT_BY_AGENT, &frame), 0);
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

/* Nothing that compresses well. */
static char *noise(struct arena *arena, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + (i * i * 31 + i / 7) % 26);
	return text;
}

static void a_long_stage_travels_in_several_frames(void **state)
{
	struct arena *arena = arena_new();
	const struct wire_task task = { .id = 1, .params = noise(arena, 3 * FRAME_MOST) };
	const struct wire_stage stage = { .tasks = &task, .task_count = 1 }, *back;
	struct error err = {0};
	struct frame frame;
	FILE *file = tmpfile();
	int fd = fileno(file);

	(void)state;
	assert_int_equal(frame_send(fd, SENT_BY_CONTROLLER, FRAME_STAGE, &stage, &err), 0);
	assert_int_equal(frame_send(fd, SENT_BY_CONTROLLER, FRAME_PING, NULL, &err), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(receive(fd, arena, SENT_BY_CONTROLLER, &frame), 1);
	assert_int_equal(frame.type, FRAME_STAGE);
	back = frame.message;
	assert_string_equal(back->tasks[0].params, task.params);
	assert_int_equal(receive(fd, arena, SENT_BY_CONTROLLER, &frame), 1);
	assert_int_equal(frame.type, FRAME_PING);
	/* No agent sends one, whole or not. */
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(receive(fd, arena, SENT_BY_AGENT, &frame), -1);
	fclose(file);
	arena_free(arena);
}

static void too_long_a_frame_is_not_written(void **state)
{
	struct arena *arena = arena_new();
	const struct progress_text progress = { { noise(arena, FRAME_MOST), FRAME_MOST } };
	struct buffer out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(frame_write(&out, SENT_BY_AGENT, FRAME_PROGRESS, &progress, &err), -1);
	assert_int_equal(out.size, 0);
	buffer_free(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_frame_travels_compressed),
		cmocka_unit_test(frames_go_through_a_pipe_one_by_one),
		cmocka_unit_test(a_header_that_lies_is_refused),
		cmocka_unit_test(a_decompression_bomb_is_refused),
		cmocka_unit_test(a_long_stage_travels_in_several_frames),
		cmocka_unit_test(too_long_a_frame_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
