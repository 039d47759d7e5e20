/* play_driver: small plays through the schedule, as hosts that look ahead at their own pace. */
#include "play_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct told {
	struct position at;
	const char *name;
	size_t host;
	char what;
};

/* What a host has looked at ahead of its turn. */
struct ahead {
	const struct batch *batch;
	const struct unit *told[32];
	size_t count;
};

struct driver {
	const struct script *script;
	struct arena *arena;
	struct program *program;
	struct schedule *schedule;
	struct chance chance;
	unsigned seed;
	struct item **items;       /* by index of units */
	size_t item_count;
	struct ahead ahead[SCRIPT_HOSTS];
	unsigned rescued[SCRIPT_HOSTS];
	struct told *told;
	size_t told_count, told_capacity;
};

static void build(struct driver *driver, struct items items, struct block *block,
	enum section section)
{
	for (size_t i = 0; i < items.count; i++) {
		struct item *item = &items.items[i];
		struct block *inner;
		struct unit *step;

		if (item->kind != ITEM_BLOCK) {
			step = program_unit(driver->program, block, section);
			step->index = (int64_t)driver->item_count;
			driver->items = arena_grow(driver->arena, driver->items, driver->item_count
				* sizeof(item), (driver->item_count + 1) * sizeof(item));
			driver->items[driver->item_count++] = item;
			step->run_once = item->once;
			continue;
		}
		inner = program_block(driver->program, block, section);
		for (enum section k = SECTION_MAIN; k < SECTION_COUNT; k++)
			build(driver, item->sections[k], inner, k);
	}
}

static void build_play(struct driver *driver, size_t index)
{
	const struct script_play *play = &driver->script->plays[index];
	struct block *root = program_block(driver->program, NULL, SECTION_MAIN);
	unsigned left = play->hosts;

	root->forces_handlers = play->root->forced;
	for (enum section k = SECTION_MAIN; k < SECTION_COUNT; k++)
		build(driver, play->root->sections[k], root, k);
	program_add(driver->program, root);
	for (size_t k = 0; left; k++) {
		unsigned hosts = script_take_batch(play, k, &left);
		struct batch *batch = schedule_batch(driver->schedule, index, root);

		batch->waits = k > 0;
		batch->max_fail_percentage = play->max_fail;
		for (unsigned i = 0; i < SCRIPT_HOSTS; i++) {
			if (hosts >> i & 1)
				host_set_add(&batch->hosts, i);
		}
	}
}

static void tell(struct driver *driver, const struct cursor *cursor, char what)
{
	const struct item *item = driver->items[cursor->at.unit->index];

	if (driver->told_count == driver->told_capacity) {
		size_t capacity = driver->told_capacity ? 2 * driver->told_capacity : 64;

		driver->told = arena_grow(driver->arena, driver->told,
			driver->told_count * sizeof(*driver->told), capacity * sizeof(*driver->told));
		driver->told_capacity = capacity;
	}
	driver->told[driver->told_count++] = (struct told){ cursor->at, item->name, cursor->host, what };
	if (what == '!')
		driver->rescued[cursor->host] += unit_is_rescued(cursor->at.unit);
}

static int compare_told(const void *one, const void *other)
{
	const struct told *left = one, *right = other;
	int order = position_compare(left->at, right->at);

	return order ? order : (left->host > right->host) - (left->host < right->host);
}

static void open_groups(struct driver *driver, struct cursor **here, size_t count)
{
	struct unit *include = (struct unit *)(uintptr_t)here[0]->at.unit;
	const struct item *item = driver->items[include->index];

	for (size_t i = 0; i < count; i++) {
		size_t host = here[i]->host;

		for (size_t k = 0; !(item->fails >> host & 1) && item->of[host][k]; k++) {
			const char *key = arena_printf(driver->arena, "file%d", item->of[host][k]);
			struct group *group = program_group(include, here[i]->at.batch, key, host);

			if (!group) {
				struct block *block = program_block(driver->program, NULL, SECTION_MAIN);

				build(driver, driver->script->files[item->of[host][k] - 1], block, SECTION_MAIN);
				group = program_open(driver->program, include, here[i]->at.batch, key, block,
					SCRIPT_HOSTS);
			}
			host_set_add(&group->hosts, host);
		}
	}
}

static void do_together(struct driver *driver, struct cursor **here, size_t count)
{
	struct cursor *first = here[0], *all[SCRIPT_HOSTS];
	const struct batch *batch = first->at.batch;
	const struct item *item = driver->items[first->at.unit->index];

	memcpy(all, here, count * sizeof(*here));
	switch (item->kind) {
	case ITEM_INCLUDE:
		open_groups(driver, all, count);
		for (size_t i = 0; i < count; i++) {
			bool fails = item->fails >> all[i]->host & 1;

			if (all[i]->state != CURSOR_LIVE)
				continue;
			tell(driver, all[i], fails ? '!' : ' ');
			if (fails)
				schedule_fail(driver->schedule, all[i], item->fatal);
			else
				schedule_pass(driver->schedule, all[i]);
		}
		break;
	case ITEM_END_BATCH:
	case ITEM_END_PLAY:
		if (!(item->ends >> first->host & 1)) {
			for (size_t i = 0; i < count; i++)
				schedule_pass(driver->schedule, all[i]);
		} else if (item->kind == ITEM_END_BATCH) {
			schedule_end_batch(driver->schedule, batch);
		} else {
			schedule_end_play(driver->schedule, batch);
		}
		break;
	default:
		if (item->lost >> first->host & 1) {
			tell(driver, first, '?');
			schedule_lose_once(driver->schedule, first);
		} else if (item->fails >> first->host & 1) {
			tell(driver, first, '!');
			schedule_fail_once(driver->schedule, first);
		} else {
			tell(driver, first, ' ');
			schedule_pass_once(driver->schedule, first);
		}
	}
}

/* What is found to be right already may be told before its turn. */
static bool is_looked_at(const struct driver *driver, const struct cursor *cursor,
	const struct unit *step)
{
	const struct item *item = driver->items[step->index];

	return item->kind == ITEM_DO && !item->once
		&& !((item->fails | item->lost) >> cursor->host & 1)
		&& (driver->seed + cursor->host + step->label) % 3 != 0;
}

static bool look_ahead(struct driver *driver, struct cursor *cursor)
{
	struct ahead *ahead = &driver->ahead[cursor->host];
	const struct unit *step = cursor->at.unit;

	if (!schedule_begun(driver->schedule, cursor->at.batch) || ahead->count == 32)
		return false;
	if (ahead->count > 0 && !cursor_next(cursor, (struct position){ cursor->at.batch,
			ahead->told[ahead->count - 1] }, &step))
		return false;
	if (!step || !is_looked_at(driver, cursor, step))
		return false;
	ahead->batch = cursor->at.batch;
	ahead->told[ahead->count++] = step;
	return true;
}

static void do_alone(struct driver *driver, struct cursor *cursor)
{
	const struct item *item = driver->items[cursor->at.unit->index];
	unsigned host = 1u << cursor->host;

	if (item->kind == ITEM_END_HOST) {
		if (item->ends & host)
			schedule_end_host(driver->schedule, cursor);
		else
			schedule_pass(driver->schedule, cursor);
	} else if (item->lost & host) {
		tell(driver, cursor, '?');
		schedule_lose(driver->schedule, cursor, item->fatal);
	} else if (item->fails & host) {
		tell(driver, cursor, '!');
		schedule_fail(driver->schedule, cursor, item->fatal);
	} else {
		tell(driver, cursor, ' ');
		schedule_pass(driver->schedule, cursor);
	}
}

/* Lets a host look at a step ahead, or do the one whose turn it is; whether it could. */
static bool go_on(struct driver *driver, struct cursor *cursor)
{
	const struct item *item = driver->items[cursor->at.unit->index];
	struct cursor **here;

	if (look_ahead(driver, cursor))
		return true;
	if (driver->ahead[cursor->host].count > 0 || !schedule_open(driver->schedule, cursor->at))
		return false;
	if (item->once || item->kind == ITEM_INCLUDE || item->kind == ITEM_END_BATCH
			|| item->kind == ITEM_END_PLAY)
		do_together(driver, here, schedule_here(driver->schedule, cursor->at, &here));
	else
		do_alone(driver, cursor);
	return true;
}

/* What was told ahead counts as its turn comes. Whether any did. */
static bool let_out(struct driver *driver)
{
	bool any = false;

	for (size_t i = 0; i < SCRIPT_HOSTS; i++) {
		struct cursor *cursor = &driver->schedule->cursors[i];
		struct ahead *ahead = &driver->ahead[i];

		if (cursor->state != CURSOR_LIVE || ahead->batch != cursor->at.batch)
			ahead->count = 0;
		if (ahead->count == 0 || !schedule_open(driver->schedule, cursor->at))
			continue;
		assert_ptr_equal(ahead->told[0], cursor->at.unit);
		memmove(ahead->told, ahead->told + 1, --ahead->count * sizeof(*ahead->told));
		tell(driver, cursor, ' ');
		schedule_pass(driver->schedule, cursor);
		any = true;
	}
	return any;
}

/* What must hold whenever nothing is under way. */
static void check(const struct driver *driver)
{
	const struct front *front = &driver->schedule->front;
	size_t live = 0, steps = 0;

	for (size_t i = 0; i < SCRIPT_HOSTS; i++) {
		const struct cursor *cursor = &driver->schedule->cursors[i];

		live += cursor->state == CURSOR_LIVE;
		if (cursor->state == CURSOR_LIVE)
			assert_true(position_compare(front_top(front)->at, cursor->at) <= 0);
		assert_int_equal(cursor->slot != SLOT_NONE, cursor->state == CURSOR_LIVE);
	}
	assert_int_equal(live, front->count);
	for (const struct unit *step = driver->program->first; step; step = step->after) {
		steps++;
		if (step->after)
			assert_true(unit_before(step, step->after));
	}
	assert_int_equal(steps, driver->program->unit_count);
}

static void run_all(struct driver *driver)
{
	for (;;) {
		size_t live = 0, from = chance_draw(&driver->chance, SCRIPT_HOSTS);
		bool any = false;

		for (size_t i = 0; i < SCRIPT_HOSTS && !any; i++) {
			struct cursor *cursor = &driver->schedule->cursors[(from + i) % SCRIPT_HOSTS];

			if (cursor->state != CURSOR_LIVE)
				continue;
			live++;
			any = go_on(driver, cursor);
		}
		while (let_out(driver))
			;
		check(driver);
		if (live == 0)
			return;
		if (!any)
			fail_msg("nobody can go on (seed %u)", driver->seed);
	}
}

void script_schedule(const struct script *script, unsigned seed, struct buffer *out)
{
	struct driver driver = { .script = script, .arena = arena_new(), .seed = seed,
		.chance = { .state = seed } };
	enum cursor_out ends[SCRIPT_HOSTS];

	driver.program = program_new(driver.arena);
	driver.schedule = schedule_new(driver.arena, driver.program, SCRIPT_HOSTS);
	for (size_t i = 0; i < script->play_count; i++)
		build_play(&driver, i);
	schedule_start(driver.schedule);
	run_all(&driver);
	if (driver.told_count > 0)
		qsort(driver.told, driver.told_count, sizeof(*driver.told), compare_told);
	for (size_t i = 0; i < driver.told_count; i++) {
		const struct told *told = &driver.told[i];

		if (i == 0 || position_compare(told[-1].at, told->at) != 0)
			buffer_printf(out, "%s%s:", i > 0 ? "\n" : "", told->name);
		buffer_printf(out, " %c", 'a' + (int)told->host);
		if (told->what != ' ')
			buffer_printf(out, "%c", told->what);
	}
	if (driver.told_count > 0)
		buffer_printf(out, "\n");
	for (size_t i = 0; i < SCRIPT_HOSTS; i++)
		ends[i] = driver.schedule->cursors[i].out;
	script_say_ends(out, script, driver.rescued, ends);
	arena_free(driver.arena);
}
