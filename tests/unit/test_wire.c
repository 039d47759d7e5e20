/* Values and messages there and back, and what a hostile node may send. */
#include "wire_bench.h"

#include "wire/shared.h"

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
	value_set(arena, map, "unknown", value_unknown(arena, &(struct cause){ .kind = CAUSE_PUBLISHED,
		.name = "the key", .host = "node1" }));
	value_set_string(arena, map, "secret", "s3");
	value_get(map, "secret")->level = LEVEL_SECRET;
	value_append(arena, list, value_string(arena, "open"));
	value_append(arena, list, value_copy(arena, value_get(map, "secret")));
	list->level = LEVEL_PRIVATE;
	value_set(arena, map, "list", list);
	wire_encode(&out, map);
	assert_int_equal(wire_decode(arena, out.data, out.size, &back, &err), 0);
	assert_int_equal(value_get(back, "unknown")->kind, VALUE_UNKNOWN);
	assert_int_equal(value_get(back, "unknown")->cause->kind, CAUSE_PUBLISHED);
	assert_string_equal(cause_text(arena, value_get(back, "unknown")->cause), "the key of node1");
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
	enum frame_sender sender, const void *message)
{
	struct buffer out = {0};
	struct error err = {0};
	struct frame frame = {0};

	if (frame_write(&out, sender, type, message, &err) < 0
			|| frame_read(arena, out.data, out.size, sender, &frame, &err) < 0)
		fail_msg("%s", err.message);
	buffer_free(&out);
	return frame;
}

static void values_in_messages_keep_their_levels(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (enum level level = LEVEL_PRIVATE; level <= LEVEL_SECRET; level++) {
		const struct told_change change = { .subject = "/etc/motd",
			.after = with_level(arena, level) };
		const struct wire_task task = { .id = 1, .level = level };
		const struct wire_stage stage = { .tasks = &task, .task_count = 1 };
		struct result result = { .task = 1, .results = value_map(arena), .changes = &change,
			.change_count = 1 };
		const struct result *back;
		const struct wire_stage *stage_back;

		value_set(arena, result.results, "stdout", with_level(arena, level));
		back = through_frame(arena, FRAME_RESULT, SENT_BY_AGENT, &result).message;
		assert_int_equal(value_get(back->results, "stdout")->level, level);
		assert_int_equal(back->changes[0].after->level, level);
		stage_back = through_frame(arena, FRAME_STAGE, SENT_BY_CONTROLLER, &stage).message;
		assert_int_equal(stage_back->tasks[0].level, level);
	}
	arena_free(arena);
}

/* Something in every field, of each kind and as deep as it goes. */
static void fill(struct arena *arena, const struct message *message, char *to);

static void fill_field(struct arena *arena, const struct field *field, char *to)
{
	void *at = to + field->offset;
	size_t count = field->kind == FIELD_MANY ? 2 : 1;
	char *inner;

	switch (field->kind) {
	case FIELD_BOOL:
		*(bool *)at = true;
		break;
	case FIELD_INTEGER:
		*(int64_t *)at = field->flags & FIELD_SIGNED ? -7 : 7;
		break;
	case FIELD_WORD:
		*(unsigned *)at = 1;
		break;
	case FIELD_TEXT:
		*(const char **)at = field->name;
		break;
	case FIELD_BYTES:
		*(struct bytes *)at = (struct bytes){ "a\0b", 3 };
		break;
	case FIELD_LEVELLED:
		*(struct value **)at = with_level(arena, LEVEL_PRIVATE);
		break;
	case FIELD_TEXTS:
		*(struct value **)at = value_list(arena);
		value_append(arena, *(struct value **)at, value_string(arena, field->name));
		break;
	case FIELD_VALUE:
	case FIELD_MAP:
		*(struct value **)at = value_map(arena);
		value_set_string(arena, *(struct value **)at, "key", field->name);
		break;
	case FIELD_MANY:
		*(size_t *)(void *)(to + field->count_offset) = count;
		/* fall through */
	case FIELD_ONE:
		inner = arena_array(arena, count, field->of->size);
		for (size_t i = 0; i < count; i++)
			fill(arena, field->of, inner + i * field->of->size);
		*(void **)at = inner;
		break;
	case FIELD_END:
		break;
	}
}

static void fill(struct arena *arena, const struct message *message, char *to)
{
	for (const struct field *field = message->fields; field->kind != FIELD_END; field++)
		fill_field(arena, field, to);
}

static bool same(struct arena *arena, const struct message *message, const void *one,
	const void *other, enum message_form form)
{
	return value_equal(message_value(arena, message, one, form), message_value(arena, message,
		other, form));
}

static void every_field_of_every_message_comes_back(void **state)
{
	static const enum frame_sender senders[] = { SENT_BY_AGENT, SENT_BY_CONTROLLER, SENT_BY_CHILD,
		SENT_BY_PARENT };
	struct arena *arena = arena_new();
	struct error err = {0};

	(void)state;
	for (enum frame_type type = FRAME_HELLO; type < FRAME_TYPE_END; type++) {
		const struct message *message = frame_message(type);
		char *full = arena_alloc(arena, message->size + 1), *named;

		fill(arena, message, full);
		for (size_t i = 0; i < 4; i++) {
			if (frame_sends(senders[i], type))
				assert_true(same(arena, message, full, through_frame(arena, type, senders[i],
					full).message, frame_form(senders[i])));
		}
		named = arena_alloc(arena, message->size + 1);
		assert_int_equal(message_take(arena, message, MESSAGE_NAMED, message_value(arena, message,
			full, MESSAGE_NAMED), message->name, FILE_UNREADABLE, named, &err), 0);
		assert_true(same(arena, message, full, named, MESSAGE_NAMED));
		assert_true(same(arena, message, full, message_copy(arena, message, full),
			MESSAGE_NAMED));
	}
	arena_free(arena);
}

static void nothing_in_a_message_takes_no_room(void **state)
{
	struct arena *arena = arena_new();
	const struct result result = { .task = 1, .status = STATUS_OK };
	struct buffer out = {0};

	(void)state;
	assert_int_equal(frame_write(&out, SENT_BY_AGENT, FRAME_RESULT, &result, NULL), 0);
	assert_int_equal(out.size, FRAME_HEADER_SIZE + 3);
	buffer_free(&out);
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

/* What no agent of ours writes. */
static int read_back(enum frame_type type, const struct value *body, enum frame_sender sender,
	struct error *err)
{
	struct arena *arena = arena_new();
	char header[FRAME_HEADER_SIZE] = { (char)type };
	struct buffer out = {0};
	struct frame frame;
	int result;

	buffer_add(&out, header, sizeof(header));
	wire_encode(&out, body);
	for (size_t i = 0; i < 4; i++)
		out.data[4 + i] = (char)((out.size - sizeof(header)) >> 8 * i & 0xff);
	result = frame_read(arena, out.data, out.size, sender, &frame, err);
	buffer_free(&out);
	arena_free(arena);
	return result;
}

/* A result in which one field is this value. */
static struct value *result_with(struct arena *arena, const char *name, struct value *value)
{
	const struct field *field = message_result.fields;
	const struct result result = { .task = 1, .status = STATUS_CHANGED };
	struct value *body = message_value(arena, &message_result, &result, MESSAGE_INSIDE);
	size_t index = 0;

	while (name && strcmp(field[index].name, name) != 0)
		index++;
	while (name && body->count <= index)
		value_append(arena, body, value_null(arena));
	if (name)
		body->items[index] = value;
	return body;
}

static void a_message_is_what_its_table_says_or_refused(void **state)
{
	struct arena *arena = arena_new();
	struct value *mixed = value_list(arena), *change = value_list(arena), *longer;
	struct error err = {0};

	(void)state;
	value_append(arena, change, value_integer(arena, 1));
	value_append(arena, mixed, change);
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, NULL, NULL), SENT_BY_AGENT, &err),
		0);
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "changes", value_map(arena)),
		SENT_BY_AGENT, &err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'changes' must be a list, not a map");
	err = (struct error){0};
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "changes", mixed), SENT_BY_AGENT,
		&err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'changes[0].subject' must be a "
		"string, not an integer");
	err = (struct error){0};
	longer = result_with(arena, "looked", value_null(arena));
	value_append(arena, longer, value_null(arena));
	assert_int_equal(read_back(FRAME_RESULT, longer, SENT_BY_AGENT, &err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: it must have at most 15 fields, "
		"not 16");
	assert_int_equal(read_back(FRAME_RESULT, longer, SENT_BY_CHILD, &err), 0);
	err = (struct error){0};
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "status", value_integer(arena,
		STATUS_OF_AGENTS)), SENT_BY_AGENT, &err), -1);
	assert_string_equal(err.message, "protocol error in RESULT: 'status' must be from 0 to 4, "
		"not 5");
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "milliseconds", value_integer(
		arena, INT64_MIN)), SENT_BY_AGENT, NULL), -1);
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "message", value_bytes(arena,
		"a\0b", 3)), SENT_BY_AGENT, NULL), -1);
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "message", with_level(arena,
		LEVEL_SECRET)), SENT_BY_AGENT, NULL), -1);
	assert_int_equal(read_back(FRAME_RESULT, result_with(arena, "results", value_unknown(arena,
		&(struct cause){ .kind = CAUSE_FACTS, .host = "node1" })), SENT_BY_AGENT, NULL), -1);
	arena_free(arena);
}

static void each_end_sends_only_its_own_messages(void **state)
{
	struct arena *arena = arena_new();
	struct error err = {0};

	(void)state;
	assert_int_equal(read_back(FRAME_CANCEL, value_list(arena), SENT_BY_CONTROLLER, &err), 0);
	assert_int_equal(read_back(FRAME_CANCEL, value_list(arena), SENT_BY_AGENT, &err), -1);
	assert_int_equal(err.kind, ERROR_PROTOCOL);
	assert_int_equal(read_back(FRAME_STAGE, value_list(arena), SENT_BY_AGENT, NULL), -1);
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

/* Words that compress, but not to nothing. */
static char *long_text(struct arena *arena, unsigned seed, size_t size)
{
	char *text = arena_alloc(arena, size + 1);

	for (size_t i = 0; i < size; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('a' + (seed >> 16) % 16);
	}
	return text;
}

/* A stage for host number i, as it is sent: the first and the last of its tasks are the same for all. */
static const struct wire_stage *stage_of(struct arena *arena, unsigned i, char *first, char *last)
{
	struct wire_task *tasks = arena_array(arena, 3, sizeof(*tasks));
	struct wire_stage *stage = arena_alloc(arena, sizeof(*stage));

	tasks[0] = (struct wire_task){ .id = 1, .module = "copy", .params = first };
	tasks[1] = (struct wire_task){ .id = 2, .module = "copy", .params = long_text(arena, i, 9000) };
	tasks[2] = (struct wire_task){ .id = 3, .module = "copy", .params = last };
	*stage = (struct wire_stage){ .run = "r", .tasks = tasks, .task_count = 3 };
	return stage;
}

/* How many frames of one message stand in another one as they are. */
static unsigned frames_alike(const struct buffer *one, const struct buffer *other)
{
	unsigned alike = 0;
	struct error err = {0};

	for (size_t at = 0; at < one->size; ) {
		size_t size = (size_t)frame_size(one->data + at, one->size - at, &err);

		alike += memmem(other->data, other->size, one->data + at, size) != NULL;
		at += size;
	}
	return alike;
}

static void what_many_hosts_get_is_compressed_once_and_comes_back(void **state)
{
	struct frame_shared *shared = frame_shared_new();
	struct arena *arena = arena_new();
	char *first = long_text(arena, 100, 50000), *last = long_text(arena, 200, 3 << 19);
	struct buffer sent[4] = {{0}};
	struct error err = {0};

	(void)state;
	last[3 << 18] = '\0';
	for (unsigned i = 0; i < 4; i++) {
		const struct wire_stage *stage = stage_of(arena, i, first, last);
		struct frame_pieces pieces = {0};
		struct frame frame;

		assert_int_equal(frame_write_shared(&sent[i], shared, SENT_BY_CONTROLLER, FRAME_STAGE, stage,
			&err), 0);
		for (size_t at = 0; at < sent[i].size; ) {
			int64_t size = frame_size(sent[i].data + at, sent[i].size - at, &err);

			assert_true(size > 0);
			assert_int_equal(frame_add(sent[i].data + at, (size_t)size, &pieces, &err), 0);
			at += (size_t)size;
			assert_true(pieces.more == (at < sent[i].size));
		}
		assert_int_equal(frame_take(arena, &pieces, SENT_BY_CONTROLLER, &frame, &err), 0);
		assert_true(same(arena, frame_message(FRAME_STAGE), stage, frame.message, MESSAGE_OUTSIDE));
		buffer_free(&pieces.payload);
	}
	assert_int_equal(frames_alike(&sent[0], &sent[2]), 0);
	assert_int_equal(frames_alike(&sent[1], &sent[2]), 2);
	assert_int_equal(frames_alike(&sent[2], &sent[3]), 2);
	for (unsigned i = 0; i < 4; i++)
		buffer_free(&sent[i]);
	frame_shared_free(shared);
	arena_free(arena);
}

/* More texts than are kept, each for three hosts in turn: all of them come through. */
static void texts_that_push_each_other_out_come_through(void **state)
{
	struct frame_shared *shared = frame_shared_new();
	struct arena *arena = arena_new();
	struct shared_text text;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char *bytes = long_text(arena, i, 1 << 20);

		for (unsigned k = 0; k < 3; k++)
			assert_true(frame_shared_find(shared, bytes, 1 << 20, &text) == (k > 0));
		assert_int_equal(text.flags, FRAME_COMPRESSED);
	}
	assert_false(frame_shared_find(shared, "short", 5, &text));
	frame_shared_free(shared);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_comes_back_as_it_was),
		cmocka_unit_test(levels_and_unknowns_stay_what_they_are),
		cmocka_unit_test(values_in_messages_keep_their_levels),
		cmocka_unit_test(every_field_of_every_message_comes_back),
		cmocka_unit_test(nothing_in_a_message_takes_no_room),
		cmocka_unit_test(a_level_that_nobody_has_is_refused),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(claims_of_size_make_no_room),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(secrets_in_secrets_are_bounded),
		cmocka_unit_test(random_bytes_never_do_harm),
		cmocka_unit_test(a_message_is_what_its_table_says_or_refused),
		cmocka_unit_test(each_end_sends_only_its_own_messages),
		cmocka_unit_test(a_key_that_comes_twice_is_refused),
		cmocka_unit_test(what_many_hosts_get_is_compressed_once_and_comes_back),
		cmocka_unit_test(texts_that_push_each_other_out_come_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
