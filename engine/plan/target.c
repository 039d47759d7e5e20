/* target: where and as whom each host is reached. */
#include "plan/state.h"

#include "expression/expression.h"
#include "fleet/transport.h"

#include <stdlib.h>
#include <string.h>

/* The first play of a host, whose connection settings count. */
static const struct play *first_play(const struct run *run, const struct run_host *host)
{
	const struct playbook *playbook = run->options.playbook;
	int64_t first = units_next(run, host, 0);

	if (first < (int64_t)run->unit_count && !run->units[first]->undo)
		return run->units[first]->play;
	for (size_t i = 0; i < playbook->play_count; i++) {
		if (run->play_hosts[i][host->inventory->index])
			return playbook->plays[i];
	}
	return playbook->plays[0];
}

static const char *play_word(struct run *run, struct scope *scope, const char *name,
	const struct value *raw, struct error *err)
{
	struct value *value;

	if (!raw || expression_fill(run->arena, scope, raw, &value, err) < 0)
		return NULL;
	return setting_text(run, name, value, raw->place, err);
}

static bool task_becomes(struct run *run, const struct run_host *host, const struct play *play,
	const struct task *task)
{
	struct scope *scope = scope_new(run->arena, run->options.variables, host->inventory, play,
		task);
	bool become = run->options.become;
	struct error ignored = {0};
	struct value *variable;

	if (scope_get(run->arena, scope, "ansible_become", &variable, &ignored) < 0)
		return false;
	if (!variable)
		variable = task->become ? task->become : play->become;
	return expression_truth(run->arena, scope, variable, become, &become, &ignored) == 0
		&& become;
}

/* The same of a text of which no task is run. */
static bool text_becomes(struct run *run, const struct run_host *host)
{
	const struct playbook *playbook = run->options.playbook;

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		for (size_t k = 0; (host->left || run->play_hosts[i][host->inventory->index])
				&& k < play->task_count; k++) {
			if (!play->tasks[k]->flush_handlers
					&& task_becomes(run, host, play, play->tasks[k]))
				return true;
		}
	}
	return false;
}

/* Whether any of its tasks works as someone else than the login user; without any task that is
 * known already the play decides. */
static bool host_becomes(struct run *run, struct run_host *host)
{
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		const struct filled *filled = host->filled[i];
		const struct play *play = run->units[i]->play;

		if (!run->units[i]->task || run->units[i]->undo)
			continue;
		for (size_t k = 0; filled && k < filled->count; k++) {
			const struct wire_task *task = filled->items[k].task;

			if (task && task->user && *task->user)
				return true;
		}
		if (filled)
			continue;
		if (task_becomes(run, host, play, run->units[i]->task->task))
			return true;
	}
	return (run->options.undo == UNDO_ALL || run->options.look || host->left)
		&& text_becomes(run, host);
}

/* Where and as whom a host is reached for the tasks of one play. */
static int target_of_play(struct run *run, const struct run_host *host, const struct play *play,
	struct fleet_target *ret_target, struct error *err)
{
	struct scope *scope = scope_new(run->arena, run->options.variables, host->inventory, play,
		NULL);
	const char *connection = host_variable(run, scope, "ansible_connection", err);
	const char *user = host_variable(run, scope, "ansible_user", err);
	const char *key = host_variable(run, scope, "ansible_private_key_file", err);
	const char *port = host_variable(run, scope, "ansible_port", err);
	const char *address = host_variable(run, scope, "ansible_host", err);

	if (!connection && !run->options.today)
		connection = play_word(run, scope, "ansible_connection", play->connection, err);
	if (!user && !run->options.today_plays)
		user = play_word(run, scope, "ansible_user", play->remote_user, err);
	if (!port && !run->options.today_plays)
		port = play_word(run, scope, "ansible_port", play->port, err);
	*ret_target = (struct fleet_target){
		.name = host->name,
		.address = address ? address : host->name,
		.user = user ? user : run->options.user,
		.private_key = key ? key : run->options.private_key,
		.transport = transport_find(connection),
	};
	ret_target->port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
	return err->kind ? -1 : 0;
}

int target_of(struct run *run, struct run_host *host, struct fleet_target *ret_target,
	struct error *err)
{
	const struct play *play = first_play(run, host);

	if (target_of_play(run, host, play, ret_target, err) < 0
			|| become_of(run, host, play, ret_target, err) < 0)
		return -1;
	ret_target->become = host_becomes(run, host);
	ret_target->only_look = host->bystander;
	ret_target->context = host;
	return 0;
}

/* --- A host has one connection --- */

static bool same_word(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

static const char *show_target(struct run *run, const struct fleet_target *target)
{
	if (target->transport->here)
		return "as the controller itself (connection: local)";
	return arena_printf(run->arena, "as %s at %s%s%s%s", target->user ? target->user :
		"the default user", target->address, target->port ? arena_printf(run->arena, " port %u",
		target->port) : "", target->private_key ? " with the key " : "",
		target->private_key ? target->private_key : "");
}

static bool same_target(const struct fleet_target *one, const struct fleet_target *other)
{
	if (one->transport != other->transport || one->transport->here)
		return one->transport == other->transport;
	return same_word(one->address, other->address) && same_word(one->user, other->user) &&
		same_word(one->private_key, other->private_key) && one->port == other->port;
}

static struct place place_of(const struct play *play)
{
	const struct value *settings[] = { play->connection, play->remote_user, play->port };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (settings[i] && settings[i]->place.line > 0)
			return settings[i]->place;
	}
	return play->place;
}

static bool has_tasks_on(const struct run *run, const struct run_host *host,
	const struct play *play)
{
	for (int64_t i = units_next(run, host, 0); i < (int64_t)run->unit_count;
			i = units_next(run, host, i + 1)) {
		const struct unit *unit = run->units[i];

		if (unit->play == play && unit->task && !unit->undo && (unit->task->task->include
				|| !(unit->module->flags & MODULE_CONTROLLER)))
			return true;
	}
	return false;
}

static int check_host(struct run *run, struct run_host *host, struct error *err)
{
	const struct playbook *playbook = run->options.playbook;
	const struct play *first = NULL;
	struct fleet_target target, other;

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		if (!run->play_hosts[i][host->inventory->index])
			continue;
		if (target_of_play(run, host, play, first ? &other : &target, err) < 0)
			return -1;
		if (!has_tasks_on(run, host, play))
			continue;
		if (!first) {
			first = play;
			continue;
		}
		if (same_target(&target, &other))
			continue;
		error_at(err, PLAYBOOK_TARGET_CONFLICT, place_of(play), "'%s' is reached %s in the play at "
			"line %u, but %s in this one", host->name, show_target(run, &target), first->place.line,
			show_target(run, &other));
		return error_remedy(err, "two ways to one host in a run are not supported yet: give both "
			"plays the same settings, or put this one into a playbook of its own");
	}
	return 0;
}

int targets_check(struct run *run, struct error *err)
{
	for (size_t i = 0; i < run->host_count; i++) {
		if (!run->hosts[i].bystander && !run->hosts[i].left
				&& check_host(run, &run->hosts[i], err) < 0)
			return -1;
	}
	return 0;
}
