/* become: with which passwords a host is logged in to, and in which way its login user becomes
 * root. */
#include "plan/state.h"

#include "base/secrets.h"
#include "expression/expression.h"
#include "fleet/become.h"
#include "plan/way.h"

#include <string.h>

static const char *password(struct run *run, struct scope *scope, const char *name,
	const char *given, struct error *err)
{
	const char *text = host_variable(run, scope, name, err);

	if (!text)
		text = given;
	if (text)
		secrets_note_text(run->options.secrets, text, strlen(text), LEVEL_SECRET);
	return text;
}

/* What the plays of the host say: root is reached once, in one way. */
static const struct value *method_of_plays(struct run *run, const struct inventory_host *host,
	struct error *err)
{
	const struct playbook *playbook = run->options.playbook;
	const struct value *found = NULL;

	for (size_t i = 0; host && i < playbook->play_count; i++) {
		const struct value *method = playbook->plays[i]->become_method;

		if (!method || !run->play_hosts[i][host->index])
			continue;
		if (found && become_find(value_text(found)) != become_find(value_text(method))) {
			error_at(err, INVENTORY_INVALID_VALUE, method->place, "'%s' becomes root by %s in the "
				"play at line %u, but by %s in this one", host->name, value_text(found), found->place.line,
				value_text(method));
			error_remedy(err, "a host has one way: set ansible_become_method for it");
			return NULL;
		}
		found = method;
	}
	return found;
}

int become_of(struct run *run, const struct inventory_host *host, const struct play *play,
	struct fleet_target *target, struct error *err)
{
	struct scope *scope = scope_new(run->arena, run->options.variables, host, play,
		NULL);
	const char *method = host_variable(run, scope, "ansible_become_method", err);
	const struct value *played = method || err->kind ? NULL : method_of_plays(run, host, err);

	if (!method)
		method = played ? value_text(played) : run->options.become_method;
	target->way = become_find(method);
	target->password = password(run, scope, "ansible_password", run->options.password, err);
	target->become_password = password(run, scope, "ansible_become_password",
		run->options.become_password, err);
	/* As with Ansible: whoever gives one password means it for sudo, too. */
	if (!target->become_password && target->way == become_find("sudo"))
		target->become_password = target->password;
	return err->kind ? -1 : 0;
}

/* --- Whether anything is done as another user --- */

bool become_of_task(struct run *run, const struct inventory_host *host, const struct play *play,
	const struct task *task)
{
	struct arena *arena = effects_arena(run);
	struct scope *scope = scope_new(arena, run->options.variables, host, play, task);
	bool become = run->options.become;
	struct error ignored = {0};
	struct value *variable;

	if (scope_get(arena, scope, "ansible_become", &variable, &ignored) < 0)
		return false;
	if (!variable)
		variable = task->become ? task->become : play->become;
	return expression_truth(arena, scope, variable, become, &become, &ignored) == 0
		&& become;
}

static bool tasks_become(struct run *run, const struct inventory_host *host, const struct play *play,
	struct task *const *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!tasks[i]->flush_handlers && become_of_task(run, host, play, tasks[i]))
			return true;
	}
	return false;
}

bool become_of_text(struct run *run, const struct inventory_host *host, bool left)
{
	const struct playbook *playbook = run->options.playbook;

	for (size_t i = 0; i < playbook->play_count; i++) {
		const struct play *play = playbook->plays[i];

		if ((left || run->play_hosts[i][host->index]) && (tasks_become(run, host, play, play->tasks,
				play->task_count) || tasks_become(run, host, play, play->handlers, play->handler_count)))
			return true;
	}
	return false;
}
