/* cron: jobs and variables in a user's crontab, or in a file of /etc/cron.d.
 *
 * A crontab is written where cron looks for it, as any other file: crontab(1) would put a heading with
 * the date into it, so that none could be brought back to the byte. cron sees that the directory has
 * changed. */
#include "modules/cron/cron.h"

#include "base/quote.h"
#include "modules/errors.h"

#include <string.h>

#define TABLES "/var/spool/cron/crontabs"
#define FILES "/etc/cron.d"

enum cron_step { CRON_REMOVE = TEXT_FILE_REMOVE + 1 };

struct cron_state {
	struct text_file file;
	struct user_info user;
	bool root;
	bool cron;               /* there is a cron */
	bool empties;            /* nothing is left in a file of /etc/cron.d */
	const char *missing;     /* the variable beside which a new one should be */
	struct value *taken;     /* entries that go */
};

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };
static const char *const special_words[] = { "reboot", "yearly", "annually", "monthly", "weekly",
	"daily", "hourly", NULL };

static const struct param cron_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .doc = "the job is known by it, in the line '#Ansible: NAME' "
		"before it; with env the name of the variable", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct cron_params, name) },
	{ .name = "job", .kind = PARAM_STRING, .doc = "the command, where % stands for a newline unless it "
		"is written \\%; with env the value", .alias = "value",
		.into = INTO_TEXT(struct cron_params, job) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "whether it is there; a cron_file in which "
		"nothing is left goes", .otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct cron_params, present, state_choices) },
	{ .name = "minute", .kind = PARAM_STRING, .doc = "0-59, *, */2 and the like", .otherwise = "*",
		.into = INTO_TEXT(struct cron_params, minute) },
	{ .name = "hour", .kind = PARAM_STRING, .doc = "0-23", .otherwise = "*",
		.into = INTO_TEXT(struct cron_params, hour) },
	{ .name = "day", .kind = PARAM_STRING, .doc = "1-31", .otherwise = "*", .alias = "dom",
		.into = INTO_TEXT(struct cron_params, day) },
	{ .name = "month", .kind = PARAM_STRING, .doc = "1-12, or jan-dec", .otherwise = "*",
		.into = INTO_TEXT(struct cron_params, month) },
	{ .name = "weekday", .kind = PARAM_STRING, .doc = "0-7, or sun-sat; 0 and 7 are Sunday",
		.otherwise = "*", .alias = "dow", .into = INTO_TEXT(struct cron_params, weekday) },
	{ .name = "special_time", .kind = PARAM_CHOICE, .doc = "instead of these", .choices = special_words,
		.into = INTO_TEXT(struct cron_params, special_time) },
	{ .name = "user", .kind = PARAM_STRING, .doc = "whose crontab; of a cron_file, as whom the job runs",
		.otherwise = "root", .into = INTO_TEXT(struct cron_params, user) },
	{ .name = "cron_file", .kind = PARAM_STRING, .doc = "a file of /etc/cron.d by its name, or another "
		"one by its path, instead of the crontab", .into = INTO_TEXT(struct cron_params, cron_file) },
	{ .name = "disabled", .kind = PARAM_BOOL, .doc = "the job is there, as a comment", .otherwise = "no",
		.into = INTO_BOOL(struct cron_params, disabled) },
	{ .name = "env", .kind = PARAM_BOOL, .doc = "a variable instead of a job; a new one comes first",
		.otherwise = "no", .into = INTO_BOOL(struct cron_params, env) },
	{ .name = "insertafter", .kind = PARAM_STRING, .doc = "a new variable comes behind this one",
		.flags = PARAM_ASIDE, .into = INTO_TEXT(struct cron_params, insertafter) },
	{ .name = "insertbefore", .kind = PARAM_STRING, .doc = "or before this one", .flags = PARAM_ASIDE,
		.into = INTO_TEXT(struct cron_params, insertbefore) },
	{ .name = "backup", .kind = PARAM_BOOL, .doc = "keep the old file beside it, as NAME.DATE~, where "
		"cron doesn't read it", .otherwise = "no", .flags = PARAM_ASIDE,
		.into = INTO_BOOL(struct cron_params, backup) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct cron_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "there was no file", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct cron_params, made) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "of a file that comes back", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct cron_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct cron_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct cron_params, mode) },
	{ .name = "lines", .kind = PARAM_RECORDS, .doc = "entries that come back", .otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct cron_params, lines) },
	{ 0 },
};

/* --- What a table can't say --- */

static bool is_true(const struct value *params, const char *name)
{
	const char *word = value_get_string(params, name);

	return word && strcmp(word, "true") == 0;
}

static const char file_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

static int check_file(const struct value *file, struct error *err)
{
	const char *path = value_text(file), *name = path;

	if (!path)
		return 0;
	if (strcmp(path, "/etc/crontab") == 0) {
		error_at(err, TASK_PROTECTED, file->place, "/etc/crontab is not for jobs of one's own");
		return error_remedy(err, "use a file of /etc/cron.d, by its name alone");
	}
	if (strncmp(path, FILES "/", sizeof(FILES)) == 0)
		name = path + sizeof(FILES);
	if (*name == '/')
		return 0;
	if (*name && !name[strspn(name, file_letters)])
		return 0;
	error_at(err, TASK_INVALID_NAME, file->place, "cron doesn't read a file of " FILES " that is called "
		"'%s'", name);
	return error_remedy(err, "use letters, digits, _ and - alone");
}

static int check_name(const struct value *name, bool env, struct error *err)
{
	const char *text = value_text(name);

	if (!text)
		return 0;
	if (!*text || strchr(text, '\n'))
		return error_at(err, TASK_INVALID_NAME, name->place, "'name' is not one line");
	if (env && strpbrk(text, "= \t#\"'"))
		return error_at(err, TASK_INVALID_NAME, name->place, "'%s' is not the name of a variable", text);
	return 0;
}

static int check_job(const struct value *params, bool env, struct error *err)
{
	const struct value *job = value_get(params, "job");
	const char *text = value_text(job);

	if (!job && !is_true(params, "undo") && strcmp(value_get_string(params, "state"), "absent") != 0)
		return error_set(err, TASK_MISSING_PARAMETER, "'job' is needed");
	if (text && strchr(text, '\n')) {
		error_at(err, TASK_INVALID_VALUE, job->place, "'job' holds more than one line");
		return error_remedy(err, "put the commands into a script, with a task of copy");
	}
	if (text && !env && !text[strspn(text, " \t\r")])
		return error_at(err, TASK_INVALID_VALUE, job->place, "'job' is empty");
	if (text && env && strchr(text, '"') && strchr(text, '\''))
		return error_at(err, TASK_INVALID_VALUE, job->place, "a crontab can't have a value with both "
			"kinds of quotes");
	return 0;
}

static int cron_check(const struct value *params, struct error *err)
{
	const struct value *user = value_get(params, "user");
	const struct value *after = value_get(params, "insertafter");
	const struct value *before = value_get(params, "insertbefore");
	bool env = is_true(params, "env");

	if (check_name(value_get(params, "name"), env, err) < 0
			|| check_file(value_get(params, "cron_file"), err) < 0 || check_job(params, env, err) < 0
			|| cron_check_times(params, err) < 0)
		return -1;
	if (value_text(user) && (!*user->text || strchr(".-", *user->text)
			|| strpbrk(user->text, "/ \t\n:")))
		return error_at(err, TASK_INVALID_NAME, user->place, "invalid user name '%s'", user->text);
	if (after && before)
		return error_at(err, TASK_CONFLICTING_PARAMETERS, before->place, "'insertafter' and "
			"'insertbefore' exclude each other");
	if ((after || before) && !env) {
		error_at(err, TASK_CONFLICTING_PARAMETERS, (after ? after : before)->place, "'%s' is for "
			"variables", after ? "insertafter" : "insertbefore");
		return error_remedy(err, "cron doesn't mind the order of jobs; leave it out, or set env: yes");
	}
	return 0;
}

static const char *folder_of(const struct cron_params *want)
{
	return !want->cron_file ? TABLES "/" : *want->cron_file == '/' ? "" : FILES "/";
}

static const char *name_in(const struct cron_params *want)
{
	return want->cron_file ? want->cron_file : want->user;
}

static void cron_resources(struct names *names, const void *params)
{
	const struct cron_params *want = params;

	names_add(names, "cron:%s%s:%s%s", folder_of(want), name_in(want), want->env ? "$" : "",
		want->name);
}

/* --- Looking --- */

/* What cron asks of a new table: the user's, the group's of crontab(1), for nobody else. */
static int look_at_owner(struct host *host, const struct cron_params *want, struct cron_state *have,
	struct error *err)
{
	struct file_info info;
	struct group_info group;

	if (host_user(host, want->user, &have->user, err) < 0
			|| host_stat(host, have->file.path, &info, err) < 0)
		return -1;
	if (want->cron_file || !have->user.exists || want->undo || info.kind != FILE_NONE)
		return 0;
	if (host_group(host, "crontab", &group, err) < 0)
		return -1;
	have->file.want = (struct attributes_want){ .mode = "0600", .group = group.exists ? "crontab" : NULL,
		.owner = arena_printf(host_arena(host), "%u", have->user.uid) };
	return 0;
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

static int cron_inspect(struct host *host, const void *params, void *ret_state, struct error *err)
{
	const struct cron_params *want = params;
	struct cron_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info tables;

	have->root = host_uid(host) == 0;
	have->taken = value_list(arena);
	have->file = (struct text_file){ .create = want->present || want->undo, .backup = want->backup,
		.path = arena_printf(arena, "%s%s", folder_of(want), name_in(want)), .undo = want->undo,
		.want = { want->owner, want->group, want->mode }, .made = want->made };
	if (!have->root && !want->cron_file)
		return 0;
	host_has_read(host, "command:crontab");
	if (host_stat(host, TABLES, &tables, err) < 0 || look_at_owner(host, want, have, err) < 0
			|| text_file_inspect(host, &have->file, err) < 0)
		return -1;
	have->cron = tables.kind == FILE_DIRECTORY;
	have->file.after = want->undo ? cron_restored(arena, want, have->file.before)
		: cron_wished(arena, want, have->file.before, have->taken, &have->missing);
	text_file_settle(arena, &have->file);
	have->empties = want->cron_file && !want->present && !want->undo && have->taken->count > 0
		&& have->file.at.info.kind == FILE_REGULAR && is_blank(have->file.after);
	return 0;
}

/* --- Planning and changing --- */

static bool plan_can(struct plan *plan, const struct cron_params *want,
	const struct cron_state *have)
{
	if (!have->root && !want->cron_file)
		plan_refuse(plan, CRON_NOT_ROOT, "become: yes, and user: NAME for the crontab of another user",
			"only root may write a crontab");
	else if (!have->cron && !want->cron_file && want->present && !want->undo)
		plan_refuse(plan, CRON_MISSING, "install cron, with a task of apt-packages", "there is no cron "
			"here");
	else if (!have->user.exists && want->present && !want->undo)
		plan_refuse(plan, HOST_UNKNOWN_USER, NULL, "there is no user '%s'", want->user);
	else if (have->missing)
		plan_refuse(plan, HOST_REFUSED, "add it before, or leave insertafter and insertbefore out",
			"'%s' has no variable '%s'", have->file.path, have->missing);
	else
		return true;
	return false;
}

static void cron_plan(struct plan *plan, const void *params, const void *state)
{
	const struct cron_params *want = params;
	const struct cron_state *have = state;

	if (!plan_can(plan, want, have))
		return;
	if (!have->cron && want->present && !want->undo)
		plan_note(plan, "there is no cron here that would read '%s': install it, with a task of "
			"apt-packages", have->file.path);
	if (have->empties)
		plan_add(plan, CRON_REMOVE, have->file.path, "state", "file", "absent");
	else
		text_file_plan(plan, &have->file);
}

static int cron_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct cron_state *have = state;

	(void)params;
	if (have->file.backup_path && change->step == TEXT_FILE_WRITE)
		value_set_string(host_arena(host), results, "backup_file", have->file.backup_path);
	if (change->step == CRON_REMOVE)
		return host_remove(host, have->file.path, err);
	return text_file_apply(host, &have->file, change, err);
}

static void cron_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct cron_params *want = params;
	const struct cron_state *have = state;
	const char *text = have->file.after ? have->file.after : have->file.before;

	if (want->cron_file)
		value_set_string(arena, results, "cron_file", want->cron_file);
	value_set(arena, results, "jobs", cron_names(arena, text ? text : "", false));
	value_set(arena, results, "envs", cron_names(arena, text ? text : "", true));
}

/* --- The way back --- */

static bool are_text(const struct value *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct value *line = value_get(lines->items[i], "line");

		if (!utf8_valid(line->text, line->size))
			return false;
	}
	return true;
}

static void cron_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct cron_params *want = params;
	const struct cron_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	const struct value *lines = want->undo ? cron_entries_now(arena, want, have->file.before)
		: have->taken;
	bool text = are_text(lines);

	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "user", want->user);
	if (want->cron_file)
		value_set_string(arena, back, "cron_file", want->cron_file);
	value_set_string(arena, back, "env", want->env ? "yes" : "no");
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "made", have->file.at.info.kind == FILE_NONE ? "yes" : "no");
	value_set(arena, back, "lines", value_copy(arena, lines));
	text_file_back(arena, &have->file, want->made || have->file.made_once || have->empties, back);
	value_remove(back, "create");
	text_file_invert_backup(inverses, &have->file);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "cron:%s:%s%s", have->file.path, want->env ? "$" : "",
			want->name),
		.params = text ? back : NULL,
		.reason = text ? NULL : "a line that was there is not valid UTF-8" });
}

const struct module module_cron = {
	.name = "cron",
	.summary = "jobs and variables in a user's crontab, or in a file of /etc/cron.d",
	.params = cron_table,
	.params_size = sizeof(struct cron_params),
	.state_size = sizeof(struct cron_state),
	.content = "cron",
	.check = cron_check,
	.resources = cron_resources,
	.inspect = cron_inspect,
	.plan = cron_plan,
	.apply = cron_apply,
	.results = cron_results,
	.invert = cron_invert,
};
