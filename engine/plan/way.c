/* way: where and as whom a machine is reached, as the variables of its host and the words of plays and
 * tasks say. */
#include "plan/way.h"

#include "expression/expression.h"
#include "fleet/transport.h"
#include "plan/state.h"

#include <stdlib.h>
#include <string.h>

/* What is being found out. */
struct finding {
	struct run *run;
	const struct way_of *of;
	struct scope *machine;     /* for variables */
	struct scope *subject;     /* for what a play or a task says */
	bool words;                /* that counts */
	const struct cause *cause;         /* why it isn't known; NULL: it is */
};

static const char *text_of(struct finding *finding, const char *name, struct value *value,
	struct place place, struct error *err)
{
	if (value->kind != VALUE_UNKNOWN)
		return setting_text(finding->run, name, value, place, err);
	finding->cause = value_unknown_cause(value);
	return NULL;
}

static const char *of_variable(struct finding *finding, const char *name, struct error *err)
{
	return host_variable(finding->run, finding->machine, name, err);
}

static const char *of_word(struct finding *finding, const char *name, const struct value *of_task,
	const struct value *of_play, struct error *err)
{
	const struct value *raw = of_task ? of_task : of_play;
	struct value *value;

	if (!raw || !finding->words || err->kind != ERROR_NONE
			|| expression_fill(finding->run->arena, finding->subject, raw, &value, err) < 0)
		return NULL;
	return text_of(finding, name, value, raw->place, err);
}

/* In a text of the past these count only where today's has several ways itself. */
static bool words_count(const struct run *run, const struct way_of *of, bool today_has)
{
	const struct value *today = of->machine ? value_get(run->options.today, of->machine->name)
		: NULL;

	return !today_has || value_get_bool(today, RUN_SEVERAL_WAYS);
}

static const char *connection_of(struct finding *finding, struct error *err)
{
	const struct way_of *of = finding->of;
	const char *connection = of_variable(finding, "ansible_connection", err);

	finding->words = words_count(finding->run, of, finding->run->options.today != NULL);
	if (connection)
		return connection;
	if (of->delegated && way_is_controller(of->name))
		return transport_local.name;
	return of_word(finding, "ansible_connection", of->task ? of->task->connection : NULL,
		of->play->connection, err);
}

int way_find(struct run *run, const struct way_of *of, struct fleet_target *ret_way,
	const struct cause **ret_cause, struct error *err)
{
	struct finding finding = { .run = run, .of = of,
		.machine = scope_new(run->arena, run->options.variables, of->machine, of->play, of->task),
		.subject = scope_new(run->arena, run->options.variables, of->subject, of->play, of->task) };
	const struct task *task = of->task;
	const char *connection = connection_of(&finding, err);
	const char *user = of_variable(&finding, "ansible_user", err);
	const char *key = of_variable(&finding, "ansible_private_key_file", err);
	const char *port = of_variable(&finding, "ansible_port", err);
	const char *address = of_variable(&finding, "ansible_host", err);

	finding.words = words_count(run, of, run->options.today_plays);
	if (!user)
		user = of_word(&finding, "ansible_user", task ? task->remote_user : NULL,
			of->play->remote_user, err);
	if (!port)
		port = of_word(&finding, "ansible_port", task ? task->port : NULL, of->play->port, err);
	*ret_way = (struct fleet_target){
		.name = of->name,
		.address = address ? address : of->name,
		.user = user ? user : run->options.user,
		.private_key = key ? key : run->options.private_key,
		.transport = transport_find(connection),
		.port = port ? (unsigned)strtoul(port, NULL, 10) : 0,
	};
	*ret_cause = finding.cause;
	return err->kind ? -1 : become_of(run, of->machine, of->play, ret_way, err);
}

bool way_is_controller(const char *name)
{
	return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0
		|| strcmp(name, "::1") == 0;
}

bool way_is_own(const struct task *task)
{
	return task && (task->connection || task->remote_user || task->port);
}

static bool is_local(struct run *run, const struct inventory_host *host)
{
	struct scope *scope = scope_new(effects_arena(run), run->options.variables, host, NULL, NULL);
	struct error ignored = {0};
	struct value *value = NULL;

	return scope_get(effects_arena(run), scope, "ansible_connection", &value, &ignored) == 0
		&& value_text(value) && strcmp(value_text(value), transport_local.name) == 0;
}

bool way_is_only_local(struct run *run, const struct inventory_host *host)
{
	for (size_t i = 0; !run->local_counted && i < inventory_host_count(run->options.inventory); i++)
		run->local_hosts += is_local(run, inventory_host(run->options.inventory, i));
	run->local_counted = true;
	return run->local_hosts == 1 && is_local(run, host);
}

bool way_says_become(struct run *run, const struct inventory_host *host)
{
	struct arena *arena = effects_arena(run);
	struct scope *scope = scope_new(arena, run->options.variables, host, NULL, NULL);
	struct error ignored = {0};
	struct value *variable;
	bool become = false;

	return scope_get(arena, scope, "ansible_become", &variable, &ignored) == 0 && variable
		&& expression_truth(arena, scope, variable, false, &become, &ignored) == 0 && become;
}
