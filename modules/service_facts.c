/* service_facts: which services the machine has, and whether they run, as facts. */
#include "module/module.h"

#include <string.h>

enum { ANSWER_MOST = 16 << 20 };

struct service_facts_state {
	struct value *services;    /* name with .service → map */
};

static const char *const gives[] = { "services", NULL };

static const struct param service_facts_table[] = { { 0 } };

/* What each systemctl says, one behind the other; the last is of units that aren't loaded. Without systemd:
 * nothing. */
static const char script[] =
	"[ -d /run/systemd/system ] || exit 0\n"
	"systemctl list-units --no-pager --no-legend --plain --full --type service --all || exit\n"
	"echo\n"
	"systemctl list-unit-files --no-pager --no-legend --full --type service --all || exit\n"
	"echo\n"
	"systemctl list-unit-files --no-pager --no-legend --full --type service --all | sed -n 's/[ \t].*//; /@\\./!p'"
	" | xargs -d '\\n' -r systemctl show --property=Id,ActiveState --\n";

static void add(struct arena *arena, struct value *services, const char *name, const char *state,
	const char *status)
{
	struct value *service = value_map(arena);

	value_set_string(arena, service, "name", name);
	value_set_string(arena, service, "source", "systemd");
	value_set_string(arena, service, "state", state);
	value_set_string(arena, service, "status", status);
	value_set(arena, services, name, service);
}

/* "ssh.service loaded active running OpenBSD Secure Shell server" */
static void take_unit(struct arena *arena, struct value *services, char *line)
{
	char *rest, *name = strtok_r(line, " \t", &rest), *load = strtok_r(NULL, " \t", &rest);
	char *active = strtok_r(NULL, " \t", &rest), *sub = strtok_r(NULL, " \t", &rest);

	if (!sub)
		return;
	add(arena, services, name, strcmp(sub, "running") == 0 ? "running" : "stopped",
		strcmp(load, "not-found") == 0 || strcmp(load, "masked") == 0 ? load : active);
}

static bool is_bad(const char *status)
{
	return strcmp(status, "not-found") == 0 || strcmp(status, "masked") == 0
		|| strcmp(status, "failed") == 0;
}

/* "ssh.service enabled enabled" */
static void take_file(struct arena *arena, struct value *services, char *line)
{
	char *rest, *name = strtok_r(line, " \t", &rest), *status = strtok_r(NULL, " \t", &rest);
	struct value *service = status ? value_get(services, name) : NULL;

	if (status && !service)
		add(arena, services, name, NULL, status);
	else if (service && !is_bad(value_get_string(service, "status")))
		value_set_string(arena, service, "status", status);
}

/* Two lines a unit, in either order: "Id=ssh.service", "ActiveState=active". */
static void take_state(struct arena *arena, struct value *services, const char *name, const char *state)
{
	struct value *service = name ? value_get(services, name) : NULL;

	if (service && state && !value_get_string(service, "state"))
		value_set_string(arena, service, "state", state);
}

static void take_states(struct arena *arena, struct value *services, char *text)
{
	const char *name = NULL, *state = NULL;

	for (char *line = text; line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (strncmp(line, "Id=", 3) == 0)
			name = line + 3;
		else if (strncmp(line, "ActiveState=", 12) == 0)
			state = line + 12;
		if (!*line || !end) {
			take_state(arena, services, name, state);
			name = state = NULL;
		}
		line = end ? end + 1 : NULL;
	}
}

/* The next part of the answer: parts end in an empty line. */
static char *next_part(char **at)
{
	char *part = *at, *end;

	if (*part == '\n') {
		*at = part + 1;
		return part + strlen(part);
	}
	end = strstr(part, "\n\n");
	*at = end ? end + 2 : part + strlen(part);
	if (end)
		*end = '\0';
	return part;
}

static void read_answer(struct arena *arena, char *answer, struct value *services)
{
	char *units = next_part(&answer), *files = next_part(&answer), *rest;

	for (char *line = strtok_r(units, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take_unit(arena, services, line);
	for (char *line = strtok_r(files, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		take_file(arena, services, line);
	take_states(arena, services, answer);
	for (size_t i = 0; i < services->count; i++) {
		struct value *service = value_at(services, i);

		if (!value_get_string(service, "state"))
			value_set_string(arena, service, "state", "unknown");
	}
}

static int service_facts_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	struct service_facts_state *have = state;
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .most = ANSWER_MOST };
	struct command_result told;

	(void)params;
	host_has_read(host, "unit:*");
	host_has_read(host, "package:*");
	if (host_look(host_quiet(host), &command, &told, err) < 0)
		return -1;
	have->services = value_map(host_arena(host));
	read_answer(host_arena(host), told.output, have->services);
	return 0;
}

static void service_facts_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static void service_facts_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	struct value *facts = value_map(arena);

	(void)params;
	value_set(arena, results, "ansible_facts", facts);
	value_set(arena, facts, "services", ((const struct service_facts_state *)state)->services);
}

const struct module module_service_facts = {
	.name = "service_facts",
	.summary = "return which services there are, and whether they run",
	.params = service_facts_table,
	.state_size = sizeof(struct service_facts_state),
	.flags = MODULE_LOOKS,
	.gives = gives,
	.inspect = service_facts_inspect,
	.plan = service_facts_plan,
	.results = service_facts_results,
};
