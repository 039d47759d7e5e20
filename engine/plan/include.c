/* include: what includes bring in when their turn has come: each file once for all hosts of a batch
 * that want it, in the order of the first of them. */
#include "plan/order.h"

#include "base/digest.h"
#include "expression/expression.h"

#include <string.h>

enum { KEY_SIZE = 16 };        /* digits of a digest */

/* A file or role, and the item of the loop that its tasks see. */
static const char *key_of(struct arena *arena, const struct filled_item *item)
{
	const char *text = expression_show(arena, item->opens);
	char hex[DIGEST_HEX_SIZE];

	if (item->item)
		text = arena_printf(arena, "%s %d %s", text, (int)item->item->kind,
			expression_show(arena, item->item));
	digest_bytes(text, strlen(text), hex);
	return arena_bytes(arena, hex, KEY_SIZE);
}

/* The include with what is written there filled in. */
static struct include filled_in(const struct task *task, const struct filled_item *item)
{
	static const char *const froms[] = { "tasks", "vars", "defaults", "handlers" };
	struct include include = *task->include;

	include.file = include.name = value_get(item->opens, "name");
	for (size_t i = 0; i < 4; i++)
		include.from[i] = value_get(item->opens, froms[i]);
	return include;
}

static void promise(struct run *run, size_t first)
{
	for (size_t i = first; i < run->unit_count; i++) {
		if (run->units[i]->task)
			facts_promise(run, run->units[i]->task->task);
	}
}

static int open_new(struct run *run, struct unit *unit, const struct batch *batch,
	const struct filled_item *item, const char *key, struct group **ret_group, struct error *err)
{
	const struct task *task = unit->task->task;
	const struct include include = filled_in(task, item);
	struct value *given = item->item ? value_map(run->arena) : NULL;
	size_t first = run->unit_count;
	struct items items;

	if (given)
		value_set(run->arena, given, task->loop_variable, value_copy(run->arena, item->item));
	if (playbook_include(run->arena, run->options.source, task, &include, given, &items, err) < 0)
		return -1;
	run_note_tasks(run->options.secrets, run->arena, unit->play, &items);
	if (units_open(run, unit, batch, key, &items, ret_group, err) < 0)
		return -1;
	promise(run, first);
	return 0;
}

/* What can't be brought in fails there: rescue may catch it. */
static struct result *failed(struct arena *arena, const struct error *err)
{
	struct result *result = arena_alloc(arena, sizeof(*result));

	*result = (struct result){ .status = STATUS_FAILED, .message = err->place.line > 0
		? arena_printf(arena, "%s:%u:%u: %s", err->place.file, err->place.line, err->place.column,
		err->message) : arena_string(arena, err->message), .code = err->code->name };
	if (err->remedy[0])
		result->remedy = arena_string(arena, err->remedy);
	return result;
}

static void open_item(struct run *run, struct run_host *host, struct unit *unit,
	struct filled_item *item)
{
	const struct batch *batch = host->cursor->at.batch;
	const char *key = key_of(run->arena, item);
	struct group *group = program_group(unit, batch, key, host->index);
	struct error err = {0};

	if (!group && open_new(run, unit, batch, item, key, &group, &err) < 0)
		item->result = failed(host->arena, &err);
	else
		host_set_add(&group->hosts, host->index);
}

/* Before any of them goes on. */
static void open_for(struct run *run, struct run_host *host)
{
	struct unit *unit = run->units[host->cursor->at.unit->index];
	struct filled *filled = arena_alloc(host->arena, sizeof(*filled));
	bool fails = false;

	*filled = *host->chosen;
	filled->items = arena_array(host->arena, filled->count + 1, sizeof(*filled->items));
	memcpy(filled->items, host->chosen->items, filled->count * sizeof(*filled->items));
	for (size_t i = 0; i < filled->count && !fails; i++) {
		if (filled->items[i].opens)
			open_item(run, host, unit, &filled->items[i]);
		fails = filled->items[i].result->status == STATUS_FAILED;
	}
	host->chosen = filled;
}

/* It has no more to do there than to take what was decided. */
static void decide(struct run *run, struct run_host *host)
{
	struct unit *unit = run->units[host->cursor->at.unit->index];
	const struct filled *chosen = host->chosen;

	host->chosen = NULL;
	passed_note(host, unit, chosen);
	for (size_t i = 0; i < chosen->count; i++) {
		struct step *step = order_step(host, unit);

		step->filled = chosen;
		step->item = &chosen->items[i];
		step->last = i + 1 == chosen->count;
		step->local = true;
	}
	host->halted = true;
	order_decided(host);
}

void include_choose(struct run_host *host, const struct filled *chosen)
{
	host->chosen = chosen;
	order_await_chosen(host);
	if (!host->bystander && !host->cursor->at.batch->free)
		return;
	open_for(host->run, host);
	decide(host->run, host);
}

/* Whoever is there without having chosen is awaited: those before it have. */
static bool all_have_chosen(struct run *run)
{
	struct choosing *choosing = &run->choosing;

	if (choosing->at.batch != run->front.batch || choosing->at.unit != run->front.unit)
		*choosing = (struct choosing){ .at = run->front };
	for (; choosing->next < run->host_count; choosing->next++) {
		const struct run_host *host = &run->hosts[choosing->next];

		if (!schedule_is_here(host->cursor, run->front))
			continue;
		if (!host->chosen)
			return false;
		if (run->front.unit->run_once)
			break;
	}
	return true;
}

void include_settle(struct run *run)
{
	const struct unit *unit = run->front.unit;
	struct cursor **here;
	size_t count;

	if (!unit || !unit->task || !unit->task->task->include || run->front.batch->free
			|| !all_have_chosen(run) || run->choosing.decided)
		return;
	run->choosing.decided = true;
	count = schedule_here(run->schedule, run->front, &here);
	if (unit->run_once && count > 0)
		count = 1;
	memcpy(run->here, here, count * sizeof(*here));
	for (size_t i = 0; i < count; i++)
		open_for(run, &run->hosts[run->here[i]->host]);
	for (size_t i = 0; i < count; i++)
		decide(run, &run->hosts[run->here[i]->host]);
}
