/* service: start or stop a service, now and at boot.
 *
 * Through systemctl(1) where systemd is process 1, else through service(8) and update-rc.d(8). */
#include "modules/errors.h"
#include "module/module.h"

#include <string.h>

enum { SETTLE_LOOKS = 4 };

enum service_wish { WISH_STARTED, WISH_STOPPED, WISH_RESTARTED, WISH_RELOADED, WISH_NOTHING };

enum service_step { SERVICE_RELOAD_UNITS, SERVICE_ENABLE, SERVICE_DISABLE, SERVICE_UNLINK,
	SERVICE_MASK, SERVICE_UNMASK, SERVICE_RUN };

struct service_params {
	char *name;
	enum service_wish state;
	char *enabled;           /* "true", "false"; NULL: as it is */
	char *masked;            /* the same */
	bool daemon_reload;
	bool unlinked;           /* internal, of an undo: nothing said when the script is run */
};

struct service_state {
	bool systemd;
	const char *unit;        /* what systemctl enables: an alias' own unit */
	bool there;
	bool running;
	bool enabled;
	bool script;             /* of System V, by itself or through systemd */
	bool linked;             /* of a script: something says when it is run, or not */
	bool masked;
	bool fixed;              /* it can't be enabled nor disabled */
	bool once;               /* it does its work and ends, each time it is started */
	bool stale;              /* systemd has read an older text of it */
	bool way_in;             /* without it nobody logs in after the next start */
};

static const char *const state_words[] = {
	"started", "stopped", "restarted", "reloaded", "unchanged", NULL,
};

static const cyaml_strval_t state_choices[] = {
	{ "started", WISH_STARTED }, { "stopped", WISH_STOPPED }, { "restarted", WISH_RESTARTED },
	{ "reloaded", WISH_RELOADED }, { "unchanged", WISH_NOTHING },
};

static const struct param service_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the service; may be left out where daemon_reload is all",
		.alias = "service", .into = INTO_TEXT(struct service_params, name) },
	{ .name = "state", .kind = PARAM_CHOICE,
		.doc = "whether it should run; restarted and reloaded happen "
		"each time", .otherwise = "unchanged", .choices = state_words,
		.into = INTO_CHOICE(struct service_params, state, state_choices) },
	{ .name = "enabled", .kind = PARAM_BOOL, .doc = "whether to start it at boot",
		.into = INTO_TEXT(struct service_params, enabled) },
	{ .name = "daemon_reload", .kind = PARAM_BOOL, .doc = "run systemctl daemon-reload first, "
		"where the unit was changed since; without a name, each time",
		.otherwise = "no", .alias = "daemon-reload", .into = INTO_BOOL(struct service_params, daemon_reload) },
	{ .name = "unlinked", .kind = PARAM_BOOL, .doc = "nothing says when the script is run",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct service_params, unlinked) },
	{ .name = "masked", .kind = PARAM_BOOL, .doc = "whether systemd is kept from starting it at all",
		.into = INTO_TEXT(struct service_params, masked) },
	{ .name = "sleep", .kind = PARAM_INTEGER, .doc = "seconds between stop and start",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

static bool is_word(const struct value *value, const char *word)
{
	return value->text && strcmp(value->text, word) == 0;
}

static int service_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name");

	const struct value *state = value_get(params, "state"), *reload = value_get(params,
		"daemon_reload");

	if (!name && ((state && !is_word(state, "unchanged")) || value_get(params, "enabled")
			|| value_get(params, "masked") || !reload || is_word(reload, "false") || is_word(reload, "no")))
		return error_at(err, TASK_MISSING_PARAMETER, params->place, "service needs the parameter 'name'");
	if (value_text(name) && (!*name->text || *name->text == '-' || strpbrk(name->text, " /\n")))
		return error_at(err, TASK_INVALID_NAME, name->place, "invalid service name '%s'",
			name->text);
	return 0;
}

static bool is_true(const char *word)
{
	return word && strcmp(word, "true") == 0;
}

static bool unmasks(const struct service_params *want, const struct service_state *have)
{
	return have->masked && want->masked && !is_true(want->masked);
}

static void service_resources(struct names *names, const void *params)
{
	const struct service_params *want = params;

	if (want->name)
		names_add(names, "unit:%s", want->name);
}

static int look(struct host *host, const char *const *argv, struct command_result *result,
	struct error *err)
{
	return host_look(host, &(struct command){ .argv = argv, .flags = COMMAND_ANY_STATUS,
		.timeout = 30 }, result, err);
}

static bool has_line(const char *output, const char *line)
{
	size_t size = strlen(line);

	for (; *output; output += strcspn(output, "\n"), output += *output == '\n') {
		if (strcspn(output, "\n") == size && strncmp(output, line, size) == 0)
			return true;
	}
	return false;
}

/* What stands behind "KEY=" in one line, NULL if nothing does. */
static const char *word_of(struct arena *arena, const char *output, const char *key)
{
	size_t size = strlen(key);

	for (; *output; output += strcspn(output, "\n"), output += *output == '\n') {
		if (strncmp(output, key, size) == 0 && output[size] == '=' && output[size + 1] != '\n')
			return arena_bytes(arena, output + size + 1, strcspn(output + size + 1, "\n"));
	}
	return NULL;
}

/* S01name, K01name: whether a script is run at boot. */
static int look_at_links(struct host *host, const char *name, struct service_state *have,
	struct error *err)
{
	struct file_name *links;
	size_t count;

	have->script = true;
	if (host_list(host, "/etc/rc2.d", &links, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strlen(links[i].name) <= 3 || strcmp(links[i].name + 3, name) != 0)
			continue;
		have->linked = true;
		have->enabled = have->enabled || links[i].name[0] == 'S';
	}
	return 0;
}

/* systemctl enables no alias: sshd is ssh.service. */
static const char *own_name(struct arena *arena, const char *name, const char *id)
{
	return !id || strcmp(id, arena_printf(arena, "%s.service", name)) == 0 ? name : id;
}

/* A unit that is disabled has no link of its other name: only its file says "Alias=sshd.service". */
static int find_alias(struct host *host, const char *name, const char **ret_unit, struct error *err)
{
	const char *const argv[] = { "grep", "-rlsxF", "--", arena_printf(host_arena(host),
		"Alias=%s%s", name, strchr(name, '.') ? "" : ".service"), "/etc/systemd/system",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", NULL };
	struct command_result found;
	const char *last;

	*ret_unit = NULL;
	if (look(host, argv, &found, err) < 0)
		return -1;
	found.output[strcspn(found.output, "\n")] = '\0';
	last = strrchr(found.output, '/');
	*ret_unit = last ? last + 1 : NULL;
	return 0;
}

static int show_unit(struct host *host, const char *name, struct command_result *ret_shown, struct error *err)
{
	const char *const argv[] = { "systemctl", "show", "-p", "Id,LoadState,ActiveState,"
		"UnitFileState,Type,RemainAfterExit,NeedDaemonReload", "--", name, NULL };

	return look(host, argv, ret_shown, err);
}

/* A script that was written since systemd has last looked for such: reading anew makes a unit of it. */
static int look_at_new_script(struct host *host, const char *name, struct service_state *have,
	struct error *err)
{
	struct file_info info;

	have->unit = name;
	if (host_stat(host, arena_printf(host_arena(host), "/etc/init.d/%s", name), &info, err) < 0)
		return -1;
	have->there = have->stale = info.kind == FILE_REGULAR;
	return have->there ? look_at_links(host, name, have, err) : 0;
}

/* Of a masked unit systemd doesn't tell it. */
static int look_under_mask(struct host *host, struct service_state *have, struct error *err)
{
	const char *unit = strchr(have->unit, '.') ? have->unit
		: arena_printf(host_arena(host), "%s.service", have->unit);
	const char *const argv[] = { "find", "/etc/systemd/system", "-mindepth", "2", "-type", "l", "-name", unit, NULL };
	struct command_result links;

	if (look(host, argv, &links, err) < 0)
		return -1;
	have->enabled = links.output_size > 0;
	return 0;
}

static int look_at_unit(struct host *host, const char *name, struct service_state *have,
	struct error *err)
{
	struct command_result result;
	const char *other;

	if (show_unit(host, name, &result, err) < 0)
		return -1;
	if (has_line(result.output, "LoadState=not-found") && (find_alias(host, name, &other, err) < 0
			|| (other && show_unit(host, other, &result, err) < 0)))
		return -1;
	if (has_line(result.output, "LoadState=not-found"))
		return look_at_new_script(host, name, have, err);
	have->masked = has_line(result.output, "LoadState=masked");
	have->there = have->masked || has_line(result.output, "LoadState=loaded");
	have->running = has_line(result.output, "ActiveState=active")
		|| has_line(result.output, "ActiveState=activating")
		|| has_line(result.output, "ActiveState=reloading");
	/* enabled-runtime ends with the machine's next start. */
	have->enabled = has_line(result.output, "UnitFileState=enabled");
	have->fixed = has_line(result.output, "UnitFileState=static")
		|| has_line(result.output, "UnitFileState=indirect")
		|| has_line(result.output, "UnitFileState=transient");
	have->once = has_line(result.output, "Type=oneshot")
		&& has_line(result.output, "RemainAfterExit=no");
	have->stale = has_line(result.output, "NeedDaemonReload=yes");
	have->unit = own_name(host_arena(host), name, word_of(host_arena(host), result.output, "Id"));
	if (have->masked && look_under_mask(host, have, err) < 0)
		return -1;
	/* systemd hands a script of System V on to update-rc.d, and doesn't tell what that has done. */
	return has_line(result.output, "UnitFileState=generated") ? look_at_links(host, name, have, err) : 0;
}

static int look_at_script(struct host *host, const char *name, struct service_state *have,
	struct error *err)
{
	const char *const argv[] = { "service", name, "status", NULL };
	struct command_result result;
	struct file_info info;

	if (host_stat(host, arena_printf(host_arena(host), "/etc/init.d/%s", name), &info, err) < 0)
		return -1;
	have->there = info.kind == FILE_REGULAR;
	if (!have->there)
		return 0;
	if (look(host, argv, &result, err) < 0)
		return -1;
	have->running = result.status == 0;
	return look_at_links(host, name, have, err);
}

/* Debian calls sshd's unit ssh, with sshd as another name; ssh.socket may stand in for it. */
static int look_at_way_in(struct host *host, const struct service_params *want,
	struct service_state *have, struct error *err)
{
	size_t size = strlen(want->name), ending = strlen(".service");
	struct command_result socket;

	if (size > ending && strcmp(want->name + size - ending, ".service") == 0)
		size -= ending;
	if (((!want->enabled || is_true(want->enabled)) && !is_true(want->masked)) || !have->enabled
			|| have->masked || !host_login(host) || (strncmp(want->name, "sshd", size) != 0 || size < strlen("ssh")))
		return 0;
	have->way_in = true;
	if (!have->systemd)
		return 0;
	if (show_unit(host, "ssh.socket", &socket, err) < 0)
		return -1;
	have->way_in = !has_line(socket.output, "UnitFileState=enabled");
	return 0;
}

static int service_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct service_params *want = params;
	struct service_state *have = ret_state;
	struct file_info info;

	if (want->name)
		host_has_read(host, arena_printf(host_arena(host), "unit:%s", want->name));
	if (host_stat(host, "/run/systemd/system", &info, err) < 0)
		return -1;
	have->systemd = info.kind == FILE_DIRECTORY;
	if (!want->name)
		return 0;
	if ((have->systemd ? look_at_unit(host, want->name, have, err)
			: look_at_script(host, want->name, have, err)) < 0)
		return -1;
	return look_at_way_in(host, want, have, err);
}

static bool wakes(const struct service_params *want, const struct service_state *have)
{
	return want->state == WISH_RESTARTED || want->state == WISH_RELOADED
		|| (want->state == WISH_STARTED && !have->running);
}

static void plan_units(struct plan *plan, const struct service_params *want,
	const struct service_state *have)
{
	/* What systemd knows of that unit is what stands on the disk: nothing to do. */
	if (want->daemon_reload && have->systemd && (!want->name || have->stale))
		plan_add(plan, SERVICE_RELOAD_UNITS, want->name ? want->name : "systemd", "units", NULL,
			"read anew")->flags |= CHANGE_EACH_TIME | CHANGE_KEEPS_STATE;
}

/* NULL: it can be done. */
static const char *why_not_masked(const struct service_params *want, const struct service_state *have)
{
	if (want->masked && !have->systemd)
		return "only systemd can mask a service, and it doesn't run here";
	if (is_true(want->masked) && (is_true(want->enabled) || (want->state != WISH_NOTHING
			&& want->state != WISH_STOPPED)))
		return "what is masked can be neither enabled nor started";
	return NULL;
}

static bool is_refused(struct plan *plan, const struct service_params *want, const struct service_state *have)
{
	const char *why = why_not_masked(want, have);

	if (why)
		plan_refuse(plan, TASK_CONFLICTING_PARAMETERS, "leave 'masked' out", "'%s': %s", want->name, why);
	else if (have->masked && !unmasks(want, have) && (is_true(want->enabled) || wakes(want, have)))
		plan_refuse(plan, SERVICE_NOT_FOUND, "add 'masked: no'", "the service '%s' is masked", want->name);
	else if (!have->there)
		plan_refuse(plan, SERVICE_NOT_FOUND, "is its package installed, and the "
			"name right?", "there is no service '%s'", want->name);
	else if (have->way_in)
		plan_refuse(plan, HOST_PROTECTED, "enable ssh.socket first, or disable it by hand",
			"without '%s' nobody could log in after the machine's next start", want->name);
	else
		return false;
	return true;
}

static void service_plan(struct plan *plan, const void *params, const void *state)
{
	const struct service_params *want = params;
	const struct service_state *have = state;
	bool enabled = is_true(want->enabled);

	if (!want->name) {
		plan_units(plan, want, have);
		return;
	}
	if (is_refused(plan, want, have))
		return;
	plan_units(plan, want, have);
	if (unmasks(want, have))
		plan_add(plan, SERVICE_UNMASK, want->name, "masked", "yes", "no");
	if (want->enabled && have->fixed)
		plan_note(plan, "'%s' can't be enabled nor disabled, other units start it", want->name);
	else if (want->unlinked && have->linked)
		plan_add(plan, SERVICE_UNLINK, want->name, "enabled", have->enabled ? "yes" : "no",
			"not said");
	else if (want->enabled && enabled != have->enabled)
		plan_add(plan, enabled ? SERVICE_ENABLE : SERVICE_DISABLE, want->name, "enabled",
			have->enabled ? "yes" : "no", enabled ? "yes" : "no");
	if (want->state == WISH_STARTED && !have->running) {
		struct change *change = plan_add(plan, SERVICE_RUN, want->name, "state", "stopped", "started");

		change->detail = "start";
		change->flags |= have->once ? CHANGE_EACH_TIME : 0;
	}
	if (want->state == WISH_STOPPED && have->running)
		plan_add(plan, SERVICE_RUN, want->name, "state", "started", "stopped")->detail = "stop";
	if (want->state == WISH_RESTARTED || want->state == WISH_RELOADED) {
		struct change *change = plan_add(plan, SERVICE_RUN, want->name, "state",
			have->running ? "started" : "stopped", want->state == WISH_RESTARTED ? "restarted"
			: "reloaded");

		change->detail = want->state == WISH_RESTARTED || !have->running ? "restart" : "reload";
		change->flags |= CHANGE_EACH_TIME | (have->running ? CHANGE_KEEPS_STATE : 0);
	}
	if (is_true(want->masked) && !have->masked)
		plan_add(plan, SERVICE_MASK, want->name, "masked", "no", "yes");
}

/* What systemd and the journal say of a unit that doesn't run. */
static int tell_failed(struct host *host, const char *name, const char *shown, struct error *err)
{
	const char *const argv[] = { "journalctl", "--no-pager", "-q", "-o", "cat", "-n", "3", "-u", name,
		NULL };
	const char *found = strstr(shown, "Result=");
	struct command_result journal;

	if (look(host, argv, &journal, err) < 0)
		return -1;
	error_set(err, SERVICE_ENDED, "'%s' %s (%.*s): %s", name, has_line(shown, "ActiveState=inactive")
		? "doesn't run, though systemctl has started it" : "ended as soon as it was started",
		found ? (int)strcspn(found, "\n") : 0, found ? found : "", journal.status == 0
		&& journal.output_size > 0 ? command_last_words(host_arena(host), &journal)
		: "the journal says nothing of it");
	return error_remedy(err, "see 'systemctl status %s' and 'journalctl -u %s' there", name, name);
}

/* systemctl is content once a program runs, though it may end at once. */
static int settle(struct host *host, const char *name, bool may_end, struct error *err)
{
	const char *const argv[] = { "systemctl", "show", "-p",
		"ActiveState,SubState,Result", "--", name, NULL };
	const char *const pause[] = { "sleep", "0.2", NULL };
	struct command_result shown, result;

	for (int i = 0; i < SETTLE_LOOKS; i++) {
		if (look(host, argv, &shown, err) < 0)
			return -1;
		if (has_line(shown.output, "ActiveState=failed") || (has_line(shown.output,
				"SubState=auto-restart") && !has_line(shown.output, "Result=success")))
			return tell_failed(host, name, shown.output, err);
		/* It did its work, or a condition in its unit kept it from that: the journal says which. */
		if (!may_end && has_line(shown.output, "ActiveState=inactive"))
			return tell_failed(host, name, shown.output, err);
		if (i + 1 < SETTLE_LOOKS && look(host, pause, &result, err) < 0)
			return -1;
	}
	return 0;
}

static int service_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct service_params *want = params;
	const struct service_state *have = state;
	/* A script that nothing is said about is enabled by saying what it says itself. */
	const char *verb = change->step == SERVICE_ENABLE
		? have->systemd || have->linked ? "enable" : "defaults"
		: change->step == SERVICE_DISABLE ? "disable" : change->step == SERVICE_MASK ? "mask"
		: change->step == SERVICE_UNMASK ? "unmask" : change->detail;
	const char *const reload[] = { "systemctl", "daemon-reload", NULL };
	const char *const systemd[] = { "systemctl", verb, "--", have->unit, NULL };
	const char *const script[] = { "service", want->name, verb, NULL };
	const char *const links[] = { "update-rc.d", want->name, verb, NULL };
	const char *const unlink[] = { "update-rc.d", "-f", want->name, "remove", NULL };
	struct command_result result;
	struct command command = { .argv = script };

	(void)results;
	/* It would only warn, and go on with the old text. */
	if (have->stale && change->step != SERVICE_RELOAD_UNITS
			&& host_run(host, &(struct command){ .argv = reload }, &result, err) < 0)
		return -1;
	if (change->step == SERVICE_RELOAD_UNITS)
		command.argv = reload;
	else if (change->step == SERVICE_UNLINK)
		command.argv = unlink;
	else if (have->systemd)
		command.argv = systemd;
	else if (change->step != SERVICE_RUN)
		command.argv = links;
	if (host_run(host, &command, &result, err) < 0)
		return -1;
	return have->systemd && change->step == SERVICE_RUN && strcmp(verb, "stop") != 0
		? settle(host, have->unit, have->once || strcmp(verb, "start") != 0, err) : 0;
}

static void service_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct service_state *have = state;

	if (!((const struct service_params *)params)->name)
		return;
	value_set_string(arena, results, "name", ((const struct service_params *)params)->name);
	value_set_string(arena, results, "state", have->running ? "started" : "stopped");
	value_set_bool(arena, results, "enabled", have->enabled);
}

static void service_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct service_params *want = params;
	const struct service_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	if (!want->name)
		return;
	value_set_string(arena, back, "name", want->name);
	/* What was masked had no more of it than it has now. */
	if (want->state != WISH_NOTHING && !(have->masked && have->running))
		value_set_string(arena, back, "state", have->running ? "started" : "stopped");
	if (want->masked)
		value_set_string(arena, back, "masked", have->masked ? "true" : "false");
	if (want->enabled && !(have->masked && have->enabled))
		value_set_string(arena, back, "enabled", have->enabled ? "true" : "false");
	if (want->enabled && have->script && !have->linked)
		value_set_bool(arena, back, "unlinked", true);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "unit:%s", want->name), .params = back });
}

static const char *const service_aliases[] = { "systemd", "systemd_service", "sysvinit", NULL };

const struct module module_service = {
	.name = "service",
	.summary = "start or stop a service, now and at boot",
	.params = service_table,
	.params_size = sizeof(struct service_params),
	.state_size = sizeof(struct service_state),
	.flags = MODULE_RESTARTS,
	.aliases = service_aliases,
	.check = service_check,
	.resources = service_resources,
	.inspect = service_inspect,
	.plan = service_plan,
	.apply = service_apply,
	.results = service_results,
	.invert = service_invert,
};
