/* schedule: the order in which hosts do what a text says, as ansible-core 2.14 has it, with blocks,
 * includes, batches and failures of all kinds. */
#include "play_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_runs(const char *name, const char *text, const char *expected)
{
	struct arena *arena = arena_new();
	const struct script *script = script_parse(arena, text);
	struct buffer slow = {0}, fast = {0};

	script_interpret(script, &slow);
	if (strcmp(slow.data, expected) != 0)
		fail_msg("%s, interpreted:\n%s", name, slow.data);
	for (unsigned seed = 1; seed <= 20; seed++) {
		buffer_clear(&fast);
		script_schedule(script, seed, &fast);
		if (strcmp(fast.data, expected) != 0)
			fail_msg("%s, seed %u:\n%s", name, seed, fast.data);
	}
	buffer_free(&slow);
	buffer_free(&fast);
	arena_free(arena);
}

struct sample {
	const char *name, *text, *expected;
};

/* What ansible-core 2.14.18 did with playbooks of this form, on local hosts. */
static const struct sample measured[] = {
	{ "a block is rescued while others go on",
		"plays: [{hosts: abc, tasks: ["
		"{block: [b1, {do: b2, fails: a}, b3],"
		" rescue: [r1, {block: [{do: r2, fails: a}], rescue: [rr1]}],"
		" always: [al]}, after]}]",
		"b1: a b c\nb2: a! b c\nb3: b c\nr1: a\nr2: a!\nrr1: a\nal: a b c\nafter: a b c\n"
		"a done 2\nb done 0\nc done 0\n" },
	{ "failures in rescue and in always",
		"plays: [{hosts: abc, tasks: ["
		"{block: [{block: [{do: b1, fails: a}, b3], rescue: [{do: r, fails: abc}], always: [al]}],"
		" rescue: [outer], always: [{do: bad, fails: b}, al2]}, after]}]",
		"b1: a! b c\nb3: b c\nr: a!\nal: a b c\nouter: a\nbad: a b! c\nal2: a c\nafter: a c\n"
		"a done 2\nb failed 0\nc done 0\n" },
	{ "a lost host does neither rescue nor always, nor later plays",
		"plays: [{hosts: ab, tasks: [{block: [{do: ping, lost: b}, b3], rescue: [r1],"
		" always: [al]}, after]}, {hosts: ab, tasks: [play2]}]",
		"ping: a b?\nb3: a\nal: a\nafter: a\nplay2: a\na done 0\nb unreachable 0\n" },
	{ "an include by host",
		"files: {deep: [deep-1], one: [one-1, {include: inc, of: {a: [deep], b: [deep], c: [deep]}},"
		" one-2], two: [two-1, two-2, {include: inc, of: {a: [deep], b: [deep], c: [deep]}}]}\n"
		"plays: [{hosts: abc, tasks: [cmd, {include: inc, of: {a: [one], b: [two], c: [one]}},"
		" after]}]",
		"cmd: a b c\ninc: a b c\none-1: a c\ninc: a c\ndeep-1: a c\none-2: a c\ntwo-1: b\n"
		"two-2: b\ninc: b\ndeep-1: b\nafter: a b c\na done 0\nb done 0\nc done 0\n" },
	{ "an include in a loop: files in the order of the first host",
		"files: {deep: [deep-1], one: [one-1, {include: inc, of: {a: [deep], b: [deep], c: [deep]}},"
		" one-2], two: [two-1, two-2, {include: inc, of: {a: [deep], b: [deep], c: [deep]}}]}\n"
		"plays: [{hosts: abc, tasks: [{include: inc, of: {a: [one, two], b: [two, one], c: [one]}},"
		" after]}]",
		"inc: a b c\none-1: a b c\ninc: a b c\ndeep-1: a b c\none-2: a b c\ntwo-1: a b\n"
		"two-2: a b\ninc: a b\ndeep-1: a b\nafter: a b c\na done 0\nb done 0\nc done 0\n" },
	{ "includes in all sections of a block",
		"files: {failing: [f1, {do: f2, fails: a}, f3], deep: [deep-1], two: [two-1, two-2,"
		" {include: inc, of: {a: [deep], b: [deep], c: [deep]}}]}\n"
		"plays: [{hosts: abc, tasks: [{block: [{include: inc, of: {a: [failing], b: [failing]}},"
		" next], rescue: [{include: inc, of: {a: [deep], b: [deep], c: [deep]}}],"
		" always: [{include: inc, of: {a: [two], b: [two], c: [two]}}]}, after]}]",
		"inc: a b c\nf1: a b\nf2: a! b\nf3: b\nnext: b c\ninc: a\ndeep-1: a\ninc: a b c\n"
		"two-1: a b c\ntwo-2: a b c\ninc: a b c\ndeep-1: a b c\nafter: a b c\n"
		"a done 1\nb done 0\nc done 0\n" },
	{ "a missing file is a failure of the include",
		"files: {deep: [deep-1]}\n"
		"plays: [{hosts: abc, tasks: [{block: [{include: inc, fails: a, of: {b: [deep], c: [deep]}},"
		" next], rescue: [rescued]}, after]}]",
		"inc: a! b c\ndeep-1: b c\nnext: b c\nrescued: a\nafter: a b c\na done 1\nb done 0\n"
		"c done 0\n" },
	{ "any_errors_fatal where it is rescued",
		"plays: [{hosts: abc, tasks: [{block: [{do: bad, fails: a, fatal: true}, b3],"
		" rescue: [r1], always: [al]}, after]}, {hosts: abc, tasks: [play2]}]",
		"bad: a! b c\nb3: b c\nr1: a\nal: a b c\nafter: a b c\nplay2: a b c\na done 1\nb done 0\n"
		"c done 0\n" },
	{ "any_errors_fatal with serial",
		"plays: [{hosts: abcde, serial: [3], tasks: [cmd, {block: [b1, {do: bad, fails: a,"
		" fatal: true}, b3]}, after]}, {hosts: abc, tasks: [play2]}]",
		"cmd: a b c\nb1: a b c\nbad: a! b c\na failed 0\nb ended 0\nc ended 0\nd ended 0\n"
		"e ended 0\n" },
	{ "run_once fails for all, each of which is rescued",
		"plays: [{hosts: abc, tasks: [{block: [{do: bad, fails: abc, once: true}], rescue: [r1]},"
		" {do: cmd, once: true}, after]}]",
		"bad: a!\nr1: a b c\ncmd: a\nafter: a b c\na done 1\nb done 0\nc done 0\n" },
	{ "run_once fails for all, and nothing rescues it",
		"plays: [{hosts: abc, tasks: [{do: bad, fails: abc, once: true}, after]},"
		" {hosts: abc, tasks: [play2]}]",
		"bad: a!\na failed 0\nb failed 0\nc failed 0\n" },
	{ "run_once by the first that is left",
		"plays: [{hosts: abc, tasks: [{do: bad, fails: a}, {do: once, once: true}, after]}]",
		"bad: a! b c\nonce: b\nafter: b c\na failed 0\nb done 0\nc done 0\n" },
	{ "serial: a failure in a batch",
		"plays: [{hosts: abcde, serial: [2], tasks: [t1, {do: t2, fails: a}, t3, h]}]",
		"t1: a b\nt2: a! b\nt3: b\nh: b\nt1: c d\nt2: c d\nt3: c d\nh: c d\nt1: e\nt2: e\nt3: e\n"
		"h: e\na failed 0\nb done 0\nc done 0\nd done 0\ne done 0\n" },
	{ "serial: a whole batch fails",
		"plays: [{hosts: abcde, serial: [2], tasks: [t1, {do: t2, fails: ab}, t3, h]}]",
		"t1: a b\nt2: a! b!\na failed 0\nb failed 0\nc ended 0\nd ended 0\ne ended 0\n" },
	{ "serial: numbers and percentages",
		"plays: [{hosts: abcde, serial: [1, '50%', 10], tasks: [{do: t1, fails: b},"
		" {do: once, once: true}, t3]}]",
		"t1: a\nonce: a\nt3: a\nt1: b! c\nonce: c\nt3: c\nt1: d e\nonce: d\nt3: d e\na done 0\n"
		"b failed 0\nc done 0\nd done 0\ne done 0\n" },
	{ "max_fail_percentage",
		"plays: [{hosts: abcde, max_fail: 20, tasks: [t1, {do: t2, fails: ab}, t3]},"
		" {hosts: abcde, tasks: [play2]}]",
		"t1: a b c d e\nt2: a! b! c d e\na failed 0\nb failed 0\nc ended 0\nd ended 0\ne ended 0\n" },
	{ "end_host, end_batch and end_play",
		"plays: [{hosts: abcde, serial: [3], tasks: [t1, {end_host: a}, t2, {end_batch: b}, t3,"
		" {end_play: d}, t4]}, {hosts: abcde, tasks: [play2]}]",
		"t1: a b c\nt2: b c\nt1: d e\nt2: d e\nt3: d e\nplay2: a b c d e\na done 0\nb done 0\n"
		"c done 0\nd done 0\ne done 0\n" },
	{ "end_host passes over an always",
		"plays: [{hosts: abc, tasks: [{block: [t1, {end_host: a}, t2], always: [al]}, h]}]",
		"t1: a b c\nt2: b c\nal: b c\nh: b c\na done 0\nb done 0\nc done 0\n" },
	{ "force_handlers: a failed host does them at the end",
		"plays: [{hosts: abc, tasks: [t1, {do: t2, fails: a}, {block: [t3, {do: t4, fails: b}],"
		" rescue: [r]}, after], forced: [h]}]",
		"t1: a b c\nt2: a! b c\nt3: b c\nt4: b! c\nr: b\nafter: b c\nh: a b c\na failed 0\n"
		"b done 1\nc done 0\n" },
};

/* Where the order is ours, for a reason. */
static const struct sample own[] = {
	{ "any_errors_fatal holds behind an always, too",
		"plays: [{hosts: abc, tasks: [{block: [{block: [{do: bad, fails: a, fatal: true}, b2]}],"
		" always: [al]}, after]}, {hosts: abc, tasks: [play2]}]",
		"bad: a! b c\nb2: b c\nal: a b c\na failed 0\nb ended 0\nc ended 0\n" },
	{ "any_errors_fatal lets others finish their rescue",
		"plays: [{hosts: abc, tasks: [{block: [{do: b1, fails: b}, {do: b2, fails: a, fatal: true}],"
		" rescue: [r1, {do: r2, fails: a, fatal: true}, r3], always: [al]}, after]}]",
		"b1: a b! c\nb2: a! c\nr1: a b\nr2: a! b\nr3: b\nal: a b c\na failed 1\nb ended 1\n"
		"c ended 0\n" },
	{ "max_fail_percentage counts one batch",
		"plays: [{hosts: abcd, serial: [2], max_fail: 50, tasks: [{do: t1, fails: ac}, t2]}]",
		"t1: a! b\nt2: b\nt1: c! d\nt2: d\na failed 0\nb done 0\nc failed 0\nd done 0\n" },
	{ "force_handlers with any_errors_fatal: only who has failed does them",
		"plays: [{hosts: abc, tasks: [t1, {do: t2, fails: a, fatal: true}, t3], forced: [h]}]",
		"t1: a b c\nt2: a! b c\nh: a\na failed 0\nb ended 0\nc ended 0\n" },
	{ "who ends in an always behind a failure has failed",
		"plays: [{hosts: ab, tasks: [{block: [{do: t1, fails: a}], always: [{end_host: ab}, al]}]},"
		" {hosts: ab, tasks: [play2]}]",
		"t1: a! b\nplay2: b\na failed 0\nb done 0\n" },
};

static void test_the_order_is_what_ansible_core_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(measured) / sizeof(*measured); i++)
		assert_runs(measured[i].name, measured[i].text, measured[i].expected);
}

static void test_the_order_is_our_own_where_it_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		assert_runs(own[i].name, own[i].text, own[i].expected);
}

/* From the first line in which they differ; short enough for a message. */
static void fail_different(unsigned program, unsigned order, const char *slow, const char *fast)
{
	size_t same = 0;

	while (slow[same] == fast[same])
		same++;
	while (same > 0 && slow[same - 1] != '\n')
		same--;
	fail_msg("program %u, order %u: one step at a time\n%.300s\nscheduled\n%.300s", program, order,
		slow + same, fast + same);
}

static void test_random_programs_go_as_one_step_at_a_time(void **state)
{
	const char *count = getenv("COUNT");
	unsigned programs = 4000 * (count ? (unsigned)atoi(count) : 1);

	(void)state;
	for (unsigned seed = 1; seed <= programs; seed++) {
		struct arena *arena = arena_new();
		const struct script *script = script_random(arena, seed);
		struct buffer slow = {0}, fast = {0};

		script_interpret(script, &slow);
		for (unsigned order = 0; order < 3; order++) {
			buffer_clear(&fast);
			script_schedule(script, 3 * seed + order, &fast);
			if (strcmp(slow.data, fast.data) != 0)
				fail_different(seed, order, slow.data, fast.data);
		}
		buffer_free(&slow);
		buffer_free(&fast);
		arena_free(arena);
	}
}

static void test_labels_are_made_anew_where_there_is_no_room(void **state)
{
	struct arena *arena = arena_new();
	struct program *program = program_new(arena);
	struct block *root = program_block(program, NULL, SECTION_MAIN);
	struct unit *include = program_unit(program, root, SECTION_MAIN), *last;
	const struct batch batch = { .root = root };

	(void)state;
	last = program_unit(program, root, SECTION_MAIN);
	program_add(program, root);
	assert_true(unit_before(include, last));
	/* Each file begins with an include of the next. */
	for (unsigned depth = 0; depth < 100; depth++) {
		struct block *block = program_block(program, NULL, SECTION_MAIN);
		struct unit *first = program_unit(program, block, SECTION_MAIN);
		struct unit *second = program_unit(program, block, SECTION_MAIN);

		program_open(program, include, &batch, "deeper", block, 1);
		assert_true(unit_before(include, first));
		assert_true(unit_before(first, second));
		assert_true(unit_before(second, include->after->after->after));
		include = first;
	}
	assert_true(program->relabelled > 0);
	for (const struct unit *step = program->first; step->after; step = step->after)
		assert_true(unit_before(step, step->after));
	arena_free(arena);
}

static void test_the_front_is_the_lowest_of_many(void **state)
{
	struct arena *arena = arena_new();
	struct program *program = program_new(arena);
	struct block *root = program_block(program, NULL, SECTION_MAIN);
	const struct batch batch = { .root = root };
	struct front front = { .arena = arena };
	struct cursor cursors[200] = {0};
	const struct unit *steps[50];

	(void)state;
	for (size_t i = 0; i < 50; i++)
		steps[i] = program_unit(program, root, SECTION_MAIN);
	program_add(program, root);
	for (size_t i = 0; i < 200; i++) {
		cursors[i].at = (struct position){ &batch, steps[(i * 7919) % 50] };
		front_add(&front, &cursors[i]);
	}
	for (size_t i = 0; i < 20000; i++) {
		struct cursor *cursor = &cursors[(i * 31) % 200], *least = NULL;

		if (cursor->slot != SLOT_NONE && i % 13 == 0) {
			front_remove(&front, cursor);
		} else if (cursor->slot == SLOT_NONE) {
			front_add(&front, cursor);
		} else {
			cursor->at.unit = steps[(i * 1103) % 50];
			front_move(&front, cursor);
		}
		for (size_t k = 0; i % 50 == 0 && k < 200; k++) {
			if (cursors[k].slot != SLOT_NONE && (!least
					|| position_compare(cursors[k].at, least->at) < 0))
				least = &cursors[k];
		}
		if (least)
			assert_int_equal(position_compare(front_top(&front)->at, least->at), 0);
	}
	arena_free(arena);
}

static void test_who_looks_ahead_stops_where_a_failure_goes_on(void **state)
{
	struct arena *arena = arena_new();
	struct program *program = program_new(arena);
	struct block *root = program_block(program, NULL, SECTION_MAIN);
	struct block *block = program_block(program, root, SECTION_MAIN);
	const struct unit *bad = program_unit(program, block, SECTION_MAIN);
	const struct unit *always = program_unit(program, block, SECTION_ALWAYS), *next;
	const struct unit *after = program_unit(program, root, SECTION_MAIN);
	struct schedule *schedule = schedule_new(arena, program, 1);
	struct cursor *cursor = &schedule->cursors[0];

	(void)state;
	program_add(program, root);
	host_set_add(&schedule_batch(schedule, 0, root)->hosts, 0);
	schedule_start(schedule);
	assert_true(cursor_next(cursor, (struct position){ cursor->at.batch, bad }, &next) && next == always);
	assert_true(cursor_next(cursor, (struct position){ cursor->at.batch, always }, &next) && next == after);
	schedule_fail(schedule, cursor, false);
	assert_ptr_equal(cursor->at.unit, always);
	assert_false(cursor_next(cursor, (struct position){ cursor->at.batch, always }, &next));
	schedule_pass(schedule, cursor);
	assert_int_equal(cursor->out, OUT_FAILED);
	arena_free(arena);
}

static void test_batches_are_as_serial_says(void **state)
{
	const struct serial one_half_ten[] = { { 1, false }, { 50, true }, { 10, false } };
	const struct serial third[] = { { 33, true } }, tiny[] = { { 1, true } }, all[] = { { 0, false } };

	(void)state;
	assert_int_equal(batch_size(NULL, 0, 0, 5, 0), 5);
	assert_int_equal(batch_size(one_half_ten, 3, 0, 5, 0), 1);
	assert_int_equal(batch_size(one_half_ten, 3, 1, 5, 1), 2);
	assert_int_equal(batch_size(one_half_ten, 3, 2, 5, 3), 2);
	assert_int_equal(batch_size(third, 1, 0, 10, 0), 3);
	assert_int_equal(batch_size(third, 1, 3, 10, 9), 1);
	assert_int_equal(batch_size(tiny, 1, 0, 5, 0), 1);
	assert_int_equal(batch_size(all, 1, 0, 5, 0), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_order_is_what_ansible_core_has),
		cmocka_unit_test(test_the_order_is_our_own_where_it_says_so),
		cmocka_unit_test(test_random_programs_go_as_one_step_at_a_time),
		cmocka_unit_test(test_labels_are_made_anew_where_there_is_no_room),
		cmocka_unit_test(test_the_front_is_the_lowest_of_many),
		cmocka_unit_test(test_who_looks_ahead_stops_where_a_failure_goes_on),
		cmocka_unit_test(test_batches_are_as_serial_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
