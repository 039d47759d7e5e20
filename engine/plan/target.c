/* target: machines as they are worked on, and what each host has there. */
#include "plan/state.h"

#include "fleet/transport.h"
#include "plan/moved.h"
#include "plan/way.h"

#include <string.h>
#include <unistd.h>

/* --- Which there are --- */

static bool is_roots(struct run *run, const struct inventory_host *machine)
{
	return machine && (way_says_become(run, machine)
		|| (geteuid() != 0 && become_of_text(run, machine, false)));
}

/* On the controller, a host for which the text becomes another user anywhere has an agent of root's, and any
 * other one of whoever runs beoplay: with whom and with which tags it runs must not decide whose ledger it has. */
static const char *key_of(struct run *run, const struct way_of *of, const struct fleet_target *way,
	bool looks)
{
	const char *look = looks ? "look " : "";
	struct arena *arena = run->arena;

	if (way->transport->here && looks)
		return arena_printf(arena, "look %s", way->name);
	if (way->transport->here)
		return is_roots(run, of->machine) ? "root" : "";
	return arena_printf(arena, "%s%s|%s|%u|%s|%s", look, way->name, way->address, way->port,
		way->user ? way->user : "", way->private_key ? way->private_key : "");
}

static struct target *target_find(struct run *run, struct run_host *host,
	const struct way_of *of, const struct cause **ret_cause, struct error *err)
{
	struct run_host *machine = of->machine ? run->by_inventory[of->machine->index] : NULL;
	bool looks = host->bystander && machine == host;
	struct fleet_target way;
	struct target *target;
	const char *key;

	if (way_find(run, of, &way, ret_cause, err) < 0 || *ret_cause)
		return NULL;
	key = key_of(run, of, &way, looks);
	target = lookup_get(&run->targets_by_key, key);
	if (target && !target->closed)
		return target;
	target = arena_alloc(run->arena, sizeof(*target));
	target->run = run;
	target->name = way.transport->here ? "localhost" : of->name;
	target->host = way.transport->here ? NULL : machine;
	target->way = way;
	target->way.name = target->name;
	target->way.context = target;
	target->way.only_look = looks;
	target->way.become = way.transport->here && is_roots(run, of->machine);
	moved_expect(target, of->machine);
	target->shared = run->delegates_anywhere;
	target->next = run->targets;
	run->targets = target;
	lookup_put(run->arena, &run->targets_by_key, key, target);
	return target;
}

static struct target *target_of(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, const struct cause **ret_cause, struct error *err)
{
	const struct way_of of = { .machine = host->inventory, .subject = host->inventory,
		.name = host->name, .play = play, .task = task };

	return target_find(run, host, &of, ret_cause, err);
}

struct target *target_named(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, const char *name, const struct cause **ret_cause, struct error *err)
{
	const struct inventory_host *machine = inventory_find(run->options.inventory, name);
	const struct way_of of = { .machine = machine, .subject = host->inventory,
		.name = machine ? machine->name : arena_string(run->arena, name),
		.delegated = machine != host->inventory, .play = play, .task = task };

	*ret_cause = NULL;
	return target_find(run, host, &of, ret_cause, err);
}

/* Without a node nothing is done; but which handlers are due the host's own one knows. */
static bool needs_node(const struct unit *unit)
{
	return unit->undo || (unit->task && unit->module && (unit->task->handler
		|| !(unit->module->flags & MODULE_CONTROLLER)));
}


static struct target *own_target(struct run *run, struct run_host *host, const struct unit *unit,
	const struct cause **ret_cause, struct error *err)
{
	const struct task *task = unit->task->task;
	struct target *target;

	if (!way_is_own(task) && host->at_play[unit->play_index])
		return host->at_play[unit->play_index];
	target = target_of(run, host, unit->play, task, ret_cause, err);
	if (target && !way_is_own(task))
		host->at_play[unit->play_index] = target;
	return target;
}

struct target *target_of_item(struct run *run, struct run_host *host, const struct unit *unit,
	const char *delegate, const struct cause **ret_cause, struct error *err)
{
	*ret_cause = NULL;
	if (!delegate_other(host, delegate))
		return own_target(run, host, unit, ret_cause, err);
	return target_named(run, host, unit->play, unit->task->task, delegate, ret_cause, err);
}

struct target *target_at(struct run *run, struct run_host *host, const struct unit *unit,
	const struct cause **ret_cause, struct error *err)
{
	struct delegate delegate = {0};

	*ret_cause = NULL;
	if (!needs_node(unit))
		return NULL;
	if (unit->undo)
		return visit_undone(host, unit)->target;
	if (host->bystander || (unit->module->flags & MODULE_CONTROLLER))
		return host->home;
	if (unit->task->task->delegate_to && delegate_of(run, host, unit, &delegate, err) < 0)
		return NULL;
	*ret_cause = delegate.cause;
	return delegate.cause ? NULL
		: target_of_item(run, host, unit, delegate.name, ret_cause, err);
}

bool target_has(struct run *run, struct run_host *host, const struct unit *unit,
	const struct target *target, const struct cause **ret_cause)
{
	const struct filled *filled = host->filled[unit->index];
	bool delegates = unit->task->task->delegate_to && filled && filled->known && !host->bystander;
	struct error ignored = {0};
	bool found = false;

	if (!delegates)
		return target_at(run, host, unit, ret_cause, &ignored) == target;
	*ret_cause = NULL;
	for (size_t i = 0; i < filled->count && !found; i++)
		found = filled->items[i].kind == FILLED_RUN && target_of_item(run, host, unit,
			filled->items[i].delegate, ret_cause, &ignored) == target;
	return found;
}

const char *target_user(struct run_host *host, const struct unit *unit)
{
	struct error ignored = {0};
	const struct cause *cause;
	const struct target *target = target_at(host->run, host, unit, &cause, &ignored);

	if (!target)
		return NULL;
	return target->user ? target->user : target->way.user;
}

/* --- What a host has at each --- */

const struct visit *visit_undone(const struct run_host *host, const struct unit *unit)
{
	const struct visit *visit = host->visits;

	for (size_t i = 0; i < unit->visit; i++)
		visit = visit->next;
	return visit;
}

struct visit *visit_at(struct run_host *host, struct target *target)
{
	struct visit **at = &host->visits;

	while (*at && ((*at)->target != target || (*at)->owner))
		at = &(*at)->next;
	if (*at)
		return *at;
	*at = arena_alloc(host->arena, sizeof(**at));
	(*at)->target = target;
	if (host->unit_room > 0)
		(*at)->sent = arena_array(host->run->arena, host->unit_room, sizeof(bool));
	target_share(target, host);
	return *at;
}

struct visit *visit_unfinished(const struct run_host *host)
{
	struct visit *visit = host->visits;

	while (visit && (!visit->asked || visit->last || visit->target->state != TARGET_READY))
		visit = visit->next;
	return visit;
}

void target_share(struct target *target, struct run_host *host)
{
	if (!target->worker)
		target->worker = host;
	target->shared = target->shared || target->worker != host
		|| (target->host && target->host != host);
}

/* The machine as the inventory has it: not the controller, unless it is the only such host. */
static bool is_own_machine(const struct run_host *host, const struct target *target)
{
	if (target->way.transport->here)
		return way_is_only_local(host->run, host->inventory);
	return target->host == host;
}

bool target_same_owner(const struct run_host *host, const struct target *one,
	const struct target *other)
{
	return one == other || (one->way.transport == other->way.transport && one->host == host
		&& other->host == host);
}

const char *target_owner(const struct run_host *host, const struct target *target)
{
	const char *playbook = host->run->options.owner;

	return is_own_machine(host, target) ? playbook
		: arena_printf(host->arena, "%s for %s", playbook, host->name);
}

const char *target_show(struct arena *arena, const struct target *target)
{
	const struct fleet_target *way = &target->way;

	if (way->transport->here)
		return "on the controller";
	return arena_printf(arena, "as %s at %s%s", way->user ? way->user : "the default user",
		way->address, way->port ? arena_printf(arena, " port %u", way->port) : "");
}

/* --- Before the run --- */

static bool is_done_there(const struct task *task)
{
	return task->module && !task->flush_handlers && !(task->module->flags & MODULE_CONTROLLER);
}

/* Where it isn't known all targets may be meant. */
static int visit_delegates(struct run *run, struct run_host *host, const struct play *play,
	const struct task *task, struct error *err)
{
	bool known;
	struct value *names = delegate_each(run, host, play, task, &known);
	const struct cause *cause = NULL;

	run->delegates_anywhere = run->delegates_anywhere || !known;
	for (size_t i = 0; i < names->count; i++) {
		const char *name = value_text(names->items[i]);
		struct target *target = target_named(run, host, play, task, name, &cause, err);

		if (err->kind != ERROR_NONE)
			return -1;
		run->delegates_anywhere = run->delegates_anywhere || !target;
		if (target && delegate_other(host, name))
			visit_at(host, target)->delegated = true;
		else if (target)
			visit_at(host, target);
	}
	return 0;
}

static int visit_tasks(struct run *run, struct run_host *host, size_t play_index,
	struct task *const *tasks, size_t count, struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	const struct cause *cause;

	for (size_t i = 0; i < count; i++) {
		struct target *target;

		if (!is_done_there(tasks[i]))
			continue;
		if (tasks[i]->delegate_to) {
			if (!host->bystander && visit_delegates(run, host, play, tasks[i], err) < 0)
				return -1;
			continue;
		}
		if (!way_is_own(tasks[i]) && host->at_play[play_index]) {
			visit_at(host, host->at_play[play_index])->delegated = false;
			continue;
		}
		target = target_of(run, host, play, tasks[i], &cause, err);
		if (err->kind != ERROR_NONE)
			return -1;
		if (target)
			visit_at(host, target)->delegated = false;
	}
	return 0;
}

static int visit_play(struct run *run, struct run_host *host, size_t play_index,
	struct error *err)
{
	const struct play *play = run->options.playbook->plays[play_index];
	const struct cause *cause;

	host->at_play[play_index] = target_of(run, host, play, NULL, &cause, err);
	if (err->kind != ERROR_NONE)
		return -1;
	if (visit_tasks(run, host, play_index, play->tasks, play->task_count, err) < 0)
		return -1;
	return visit_tasks(run, host, play_index, play->handlers, play->handler_count, err);
}

/* Its own machine comes first: one that isn't only local, if there is any. */
static void choose_home(struct run_host *host)
{
	struct visit **home = NULL;

	for (struct visit **at = &host->visits; *at; at = &(*at)->next) {
		if (!(*at)->delegated && (!home || ((*home)->target->way.transport->here
				&& !(*at)->target->way.transport->here)))
			home = at;
	}
	if (!home)
		return;
	host->home = (*home)->target;
	if (*home != host->visits) {
		struct visit *first = *home;

		*home = first->next;
		first->next = host->visits;
		host->visits = first;
	}
}

/* A host in no play is reached as in the first one. */
static int make_home(struct run *run, struct run_host *host, struct error *err)
{
	const struct playbook *playbook = run->options.playbook;
	const struct cause *cause;

	choose_home(host);
	for (size_t i = 0; i < playbook->play_count && !host->home; i++)
		host->home = host->at_play[i];
	if (!host->home)
		host->home = target_of(run, host, playbook->plays[0], NULL, &cause, err);
	if (!host->home && err->kind == ERROR_NONE)
		error_set(err, PLAYBOOK_TARGET_UNKNOWN, "how '%s' is reached can't be known before the run: %s",
			host->name, cause_text(run->arena, cause));
	if (host->home && (host->left || run->options.undo != UNDO_NOTHING || run->options.look))
		visit_at(host, host->home);
	return err->kind != ERROR_NONE ? -1 : 0;
}

/* What is only looked at is so at one place. */
static int make_visits(struct run *run, struct run_host *host, struct error *err)
{
	struct error wrong = {0};
	int result = 0;

	host->at_play = arena_array(run->arena, run->options.playbook->play_count + 1,
		sizeof(*host->at_play));
	for (size_t i = 0; i < run->options.playbook->play_count && result == 0; i++) {
		if (run->play_hosts[i][host->inventory->index])
			result = visit_play(run, host, i, &wrong);
	}
	if (result == 0)
		result = make_home(run, host, &wrong);
	if (result == 0)
		return 0;
	if (!host->bystander) {
		*err = wrong;
		return -1;
	}
	host->wrong = arena_string(run->arena, wrong.message);
	return 0;
}

int targets_make(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->host_count; i++) {
		if (make_visits(run, &run->hosts[i], err) < 0)
			return -1;
	}
	return 0;
}
