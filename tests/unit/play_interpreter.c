/* play_interpreter: small plays, done one step at a time over all hosts. */
#include "play_script.h"

#include <stddef.h>

/* All sets are bits of hosts. */
struct interpreter {
	const struct script *script;
	const struct script_play *play;
	struct buffer *out;
	unsigned batch;            /* still in the batch at hand */
	unsigned failed, lost, ended;   /* out for good */
	unsigned failing;          /* whose failure under way isn't being rescued */
	unsigned fatal;            /* whose failure under way is one of all */
	unsigned left;             /* the batch, before its end */
	unsigned rescued[SCRIPT_HOSTS];
	unsigned batch_failed, batch_lost, batch_size;
	bool stopped, play_ended;
};

enum catcher { CATCHER_NONE, CATCHER_RESCUE, CATCHER_ALWAYS };

/* An always that is being done, and for whom a failure goes on behind it. */
struct pending {
	unsigned failing, fatal;
	struct pending *outer;
};

/* What is around a list: what a failure comes to next, whether any rescue is still to come, whether
 * it is in one, or in an always; which of those, and which around the catcher. */
struct around {
	enum catcher catcher;
	bool rescues, recovers;
	struct pending *pending, *catcher_pending;
};

static unsigned lowest(unsigned hosts)
{
	return hosts & (~hosts + 1);
}

static unsigned count_of(unsigned hosts)
{
	return (unsigned)__builtin_popcount(hosts);
}

static void fail_for_good(struct interpreter *is, unsigned hosts, unsigned fatal)
{
	hosts &= ~(is->failed | is->lost);
	is->batch_failed += count_of(hosts);
	is->failed |= hosts;
	if (hosts & fatal)
		is->stopped = true;
	if (hosts && is->play->max_fail >= 0
			&& is->batch_failed * 100 > (unsigned)is->play->max_fail * is->batch_size)
		is->stopped = true;
}

static unsigned all_fatal(const struct interpreter *is, struct around around)
{
	unsigned fatal = is->fatal;

	for (const struct pending *pending = around.pending; pending; pending = pending->outer)
		fatal |= pending->fatal;
	return fatal;
}

static void go_to_catcher(struct interpreter *is, unsigned hosts, struct around around)
{
	if (around.catcher == CATCHER_RESCUE) {
		is->failing &= ~hosts;
		is->fatal &= ~hosts;
		for (struct pending *pending = around.pending; pending != around.catcher_pending;
				pending = pending->outer) {
			pending->failing &= ~hosts;
			pending->fatal &= ~hosts;
		}
		return;
	}
	is->failing |= hosts;
	if (around.catcher == CATCHER_NONE) {
		fail_for_good(is, hosts, all_fatal(is, around));
		is->batch &= ~hosts;
	}
}

static void say_hosts(struct buffer *out, const char *name, unsigned hosts, unsigned fails,
	unsigned lost)
{
	buffer_printf(out, "%s:", name);
	for (unsigned i = 0; i < SCRIPT_HOSTS; i++) {
		if (hosts >> i & 1)
			buffer_printf(out, " %c%s", 'a' + (int)i, lost >> i & 1 ? "?" : fails >> i & 1 ? "!" : "");
	}
	buffer_printf(out, "\n");
}

static unsigned run_list(struct interpreter *is, struct items items, unsigned hosts,
	struct around around);

static unsigned do_step(struct interpreter *is, const struct item *item, unsigned hosts,
	struct around around)
{
	unsigned who = item->once ? lowest(hosts) : hosts;
	unsigned lost = who & item->lost, fails = who & item->fails & ~lost;

	say_hosts(is->out, item->name, who, fails, lost);
	for (unsigned i = 0; i < SCRIPT_HOSTS; i++)
		is->rescued[i] += around.rescues && (fails >> i & 1);
	is->lost |= lost;
	is->batch &= ~lost;
	is->batch_lost += count_of(lost & ~is->failed);
	if (lost && (item->fatal || item->once))
		is->stopped = true;
	if (item->once && fails)
		fails = hosts;
	is->fatal = item->fatal || item->once ? is->fatal | fails : is->fatal;
	return fails;
}

/* Hosts that want the same file do it together, in the order of who comes first. */
static unsigned do_include(struct interpreter *is, const struct item *item, unsigned hosts,
	struct around around)
{
	unsigned failed = do_step(is, item, hosts, around), group[SCRIPT_HOSTS * SCRIPT_FILES] = {0};
	int file[SCRIPT_HOSTS * SCRIPT_FILES];
	size_t count = 0;

	go_to_catcher(is, failed, around);
	hosts &= ~failed;
	for (unsigned i = 0; i < SCRIPT_HOSTS; i++) {
		for (size_t k = 0, at; (hosts >> i & 1) && item->of[i][k]; k++) {
			for (at = 0; at < count && (file[at] != item->of[i][k] || group[at] >> i & 1); at++)
				;
			count += at == count;
			file[at] = item->of[i][k];
			group[at] |= 1u << i;
		}
	}
	for (size_t k = 0; k < count; k++)
		failed |= run_list(is, is->script->files[file[k] - 1], group[k] & hosts & ~failed, around);
	return failed;
}

static unsigned do_block(struct interpreter *is, const struct item *block, unsigned hosts,
	struct around around)
{
	const struct items *of = block->sections;
	struct around inside = around;
	struct pending pending = { .outer = around.pending };
	unsigned failed;

	if (of[SECTION_ALWAYS].count > 0 && !block->forced)
		inside.catcher = CATCHER_ALWAYS;
	if (of[SECTION_RESCUE].count > 0) {
		struct around main = around;

		main.catcher = CATCHER_RESCUE;
		main.catcher_pending = around.pending;
		main.rescues = inside.recovers = true;
		failed = run_list(is, of[SECTION_MAIN], hosts, main);
		failed = run_list(is, of[SECTION_RESCUE], failed, inside);
	} else {
		failed = run_list(is, of[SECTION_MAIN], hosts, inside);
	}
	pending.failing = failed;
	pending.fatal = is->fatal & failed;
	if (block->forced)
		is->batch |= failed & ~(is->lost | is->left);
	inside = around;
	inside.recovers = true;
	inside.pending = &pending;
	failed |= run_list(is, of[SECTION_ALWAYS], hosts, inside);
	is->fatal |= pending.fatal;
	if (block->forced)
		is->batch &= ~failed;
	return failed;
}

static void end_hosts(struct interpreter *is, unsigned hosts, struct around around)
{
	unsigned failing = is->failing;

	for (const struct pending *pending = around.pending; pending; pending = pending->outer)
		failing |= pending->failing;
	fail_for_good(is, hosts & failing, all_fatal(is, around));
	is->left |= hosts;
	is->batch &= ~hosts;
}

static unsigned do_item(struct interpreter *is, const struct item *item, unsigned hosts,
	struct around around)
{
	if (item->kind == ITEM_BLOCK)
		return do_block(is, item, hosts, around);
	if (item->kind == ITEM_INCLUDE)
		return do_include(is, item, hosts, around);
	if (item->kind == ITEM_DO)
		return do_step(is, item, hosts, around);
	if (item->kind == ITEM_END_HOST) {
		end_hosts(is, hosts & item->ends, around);
	} else if (lowest(hosts) & item->ends) {
		end_hosts(is, is->batch, around);
		is->left = ~0u;
		is->play_ended = is->play_ended || item->kind == ITEM_END_PLAY;
	}
	return 0;
}

/* Returns who has failed. */
static unsigned run_list(struct interpreter *is, struct items items, unsigned hosts,
	struct around around)
{
	unsigned failed = 0;

	for (size_t i = 0; i < items.count; i++) {
		unsigned fails;

		hosts &= is->batch & ~failed;
		if (is->stopped && !around.recovers) {
			is->ended |= hosts;
			is->batch &= ~hosts;
			hosts = 0;
		}
		if (!hosts)
			break;
		fails = do_item(is, &items.items[i], hosts, around);
		failed |= fails;
		go_to_catcher(is, fails, around);
	}
	return failed;
}

static void run_batch(struct interpreter *is, unsigned hosts)
{
	const struct around none = {0};
	unsigned out = is->failed | is->lost | is->ended;

	is->batch = hosts & ~out;
	is->batch_failed = is->batch_lost = is->fatal = is->failing = is->left = 0;
	is->batch_size = count_of(is->batch);
	if (!is->batch)
		return;
	do_block(is, is->play->root, is->batch, none);
	if (is->batch_failed + is->batch_lost == is->batch_size)
		is->stopped = true;
}

void script_say_ends(struct buffer *out, const struct script *script, const unsigned rescued[],
	const enum cursor_out ends[])
{
	static const char *const words[] = { "done", "failed", "unreachable", "ended" };
	unsigned all = 0;

	buffer_add_string(out, "");
	for (size_t i = 0; i < script->play_count; i++)
		all |= script->plays[i].hosts;
	for (unsigned i = 0; i < SCRIPT_HOSTS; i++) {
		if (all >> i & 1)
			buffer_printf(out, "%c %s %u\n", 'a' + (int)i, words[ends[i]], rescued[i]);
	}
}

unsigned script_take_batch(const struct script_play *play, size_t number, unsigned *left)
{
	unsigned total = count_of(play->hosts), hosts = 0;
	size_t size = batch_size(play->serial, play->serial_count, number, total,
		total - count_of(*left));

	for (; size > 0; size--) {
		hosts |= lowest(*left);
		*left &= *left - 1;
	}
	return hosts;
}

void script_interpret(const struct script *script, struct buffer *out)
{
	struct interpreter is = { .script = script, .out = out };
	enum cursor_out ends[SCRIPT_HOSTS];

	for (size_t i = 0; i < script->play_count; i++) {
		unsigned left = script->plays[i].hosts;

		is.play = &script->plays[i];
		is.play_ended = false;
		for (size_t k = 0; left; k++) {
			unsigned hosts = script_take_batch(is.play, k, &left);

			if (is.stopped)
				is.ended |= hosts & ~(is.failed | is.lost);
			else if (!is.play_ended)
				run_batch(&is, hosts);
		}
	}
	for (unsigned i = 0; i < SCRIPT_HOSTS; i++)
		ends[i] = is.lost >> i & 1 ? OUT_UNREACHABLE : is.failed >> i & 1 ? OUT_FAILED
			: is.ended >> i & 1 ? OUT_ENDED : OUT_NOT;
	script_say_ends(out, script, is.rescued, ends);
}

