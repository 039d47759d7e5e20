/* alternatives: which of several programs a name in /etc/alternatives leads to. */
#include "modules/errors.h"
#include "modules/shared/file_attributes.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum alternatives_wish { ALTERNATIVES_SELECTED, ALTERNATIVES_PRESENT, ALTERNATIVES_AUTO, ALTERNATIVES_ABSENT };
enum alternatives_step { ALTERNATIVES_INSTALL, ALTERNATIVES_SET, ALTERNATIVES_AUTOMATIC, ALTERNATIVES_REMOVE };

struct alternatives_link {           /* another name that goes along: a manual page, say */
	char *name, *link, *path;
};

struct alternatives_params {
	char *name, *path, *link;
	int priority;
	bool priority_given;
	enum alternatives_wish state;
	struct alternatives_link *subcommands;
	unsigned subcommands_count;
	/* Internal, of an undo: */
	char *selected;          /* then it leads there; "": to the best one, by itself */
	bool undo;
	bool choice;             /* where it leads is all */
};

struct alternatives_state {
	bool there;              /* the name is known at all */
	bool known;              /* the path is one of its alternatives */
	bool automatic;
	int priority;            /* of the path */
	const char *link, *value;
	const struct value *slaves;      /* of the path: name → path */
	const struct value *slave_links; /* name → link */
	struct file_info target; /* what is at path */
};

static const char *const state_words[] = { "selected", "present", "auto", "absent", NULL };
static const cyaml_strval_t states[] = { { "selected", ALTERNATIVES_SELECTED }, { "present", ALTERNATIVES_PRESENT },
	{ "auto", ALTERNATIVES_AUTO }, { "absent", ALTERNATIVES_ABSENT } };

static const struct param link_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "its name",
		.into = INTO_TEXT(struct alternatives_link, name) },
	{ .name = "link", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "where it is looked for",
		.into = INTO_TEXT(struct alternatives_link, link) },
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "where it leads",
		.into = INTO_TEXT(struct alternatives_link, path) },
	{ 0 },
};

static const struct param alternatives_table[] = {
	{ .name = "name", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "the name, such as editor",
		.into = INTO_TEXT(struct alternatives_params, name) },
	{ .name = "path", .kind = PARAM_PATH, .flags = PARAM_REQUIRED, .doc = "the program",
		.into = INTO_TEXT(struct alternatives_params, path) },
	{ .name = "link", .kind = PARAM_PATH, .doc = "where the program is looked for, such as /usr/bin/editor; needed for a "
		"name that isn't known yet", .into = INTO_TEXT(struct alternatives_params, link) },
	{ .name = "priority", .kind = PARAM_INTEGER, .doc = "the highest one is taken where nobody has chosen; by default "
		"50, or as it is", .into = INTO_NUMBER(struct alternatives_params, priority) },
	{ .name = "state", .kind = PARAM_CHOICE, .otherwise = "selected", .choices = state_words,
		.doc = "selected: the name leads there; present: it is one of those to choose from; auto: that, and the name leads "
		"to the one of highest priority; absent: it isn't one",
		.into = INTO_CHOICE(struct alternatives_params, state, states) },
	{ .name = "subcommands", .kind = PARAM_RECORDS, .otherwise = "", .entries = link_table, .alias = "slaves",
		.doc = "names that go along with it", .into = INTO_LIST(struct alternatives_params, subcommands) },
	{ .name = "priority_given", .kind = PARAM_BOOL, .otherwise = "no", .doc = "whether it is", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct alternatives_params, priority_given) },
	{ .name = "selected", .kind = PARAM_STRING, .doc = "what it leads to then", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct alternatives_params, selected) },
	{ .name = "undo", .kind = PARAM_BOOL, .otherwise = "no", .doc = "go back to what was", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct alternatives_params, undo) },
	{ .name = "choice", .kind = PARAM_BOOL, .otherwise = "no", .doc = "only that", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct alternatives_params, choice) },
	{ .name = "family", .kind = PARAM_STRING, .doc = "of other systems", .flags = PARAM_NOT_YET },
	{ 0 },
};

static int alternatives_check(const struct value *params, struct error *err)
{
	const struct value *name = value_get(params, "name");

	if (value_text(name) && (!*name->text || *name->text == '-' || strpbrk(name->text, "/ \t\n")))
		return error_at(err, TASK_INVALID_NAME, name->place, "'%s' is not a name of /etc/alternatives", name->text);
	return 0;
}

static int alternatives_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);

	(void)err;
	value_set_string(arena, params, "priority_given", value_get(params, "priority") ? "true" : "false");
	if (!value_get(params, "priority"))
		value_set_string(arena, params, "priority", "50");
	return 0;
}

/* Where a name leads is one thing, and what there is to choose from another. */
static bool chooses(const struct alternatives_params *want)
{
	return want->choice || (!want->undo && want->state != ALTERNATIVES_PRESENT);
}

static void alternatives_resources(struct names *names, const void *params)
{
	const struct alternatives_params *want = params;

	names_add(names, "alternative:%s:%s", want->name, want->path);
	names_wish(names, "%s %d %s", want->state == ALTERNATIVES_ABSENT ? "absent" : "present", want->priority_given
		? want->priority : -1, want->link ? want->link : "");
	if (!chooses(want))
		return;
	names_add(names, "alternative-of:%s", want->name);
	names_wish(names, "%s%s", want->state == ALTERNATIVES_AUTO ? "auto" : want->state == ALTERNATIVES_ABSENT ? "not " : "",
		want->state == ALTERNATIVES_AUTO ? "" : want->path);
}

/* --- What update-alternatives --query says: lines KEY: VALUE, of the name and, behind an empty one, of each
 * alternative; those of Slaves: are indented. */

static bool take_value(struct arena *arena, const char *line, const char *key, const char **ret_value)
{
	size_t size = strlen(key);

	if (strncmp(line, key, size) != 0)
		return false;
	*ret_value = arena_bytes(arena, line + size, strcspn(line + size, "\n"));
	return true;
}

static void take_slave(struct arena *arena, const char *line, struct value *slaves)
{
	const char *at = line + 1, *space = strchr(at, ' ');

	if (space && space < line + strcspn(line, "\n"))
		value_set(arena, slaves, arena_bytes(arena, at, (size_t)(space - at)),
			value_bytes(arena, space + 1, strcspn(space + 1, "\n")));
}

static void take_answer(struct arena *arena, const char *answer, const char *path, struct alternatives_state *have)
{
	struct value *links = value_map(arena), *slaves = value_map(arena), *others = value_map(arena), *into = links;
	const char *text = "";
	bool ours = false;

	for (const char *line = answer; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (take_value(arena, line, "Alternative: ", &text)) {
			ours = strcmp(text, path) == 0;
			have->known = have->known || ours;
			into = ours ? slaves : others;
		} else if (ours && take_value(arena, line, "Priority: ", &text)) {
			have->priority = atoi(text);
		} else if (take_value(arena, line, "Status: ", &text)) {
			have->automatic = strcmp(text, "auto") == 0;
		} else if (*line == ' ') {
			take_slave(arena, line, into);
		} else if (!take_value(arena, line, "Link: ", &have->link)) {
			take_value(arena, line, "Value: ", &have->value);
		}
	}
	have->slaves = slaves;
	have->slave_links = links;
}

static int alternatives_inspect(struct host *host, const void *params, void *state, struct error *err)
{
	const struct alternatives_params *want = params;
	struct alternatives_state *have = state;
	const char *const argv[] = { "update-alternatives", "--query", want->name, NULL };
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	have->link = have->value = "";
	if (host_stat(host, want->path, &have->target, err) < 0 || host_look(host, &command, &told, err) < 0)
		return -1;
	have->there = told.status == 0;
	take_answer(host_arena(host), have->there ? told.output : "", want->path, have);
	return 0;
}

/* --- Planning --- */

static bool slaves_differ(const struct alternatives_params *want, const struct alternatives_state *have)
{
	for (unsigned i = 0; i < want->subcommands_count; i++) {
		const char *path = value_get_string(have->slaves, want->subcommands[i].name);

		if (!path || strcmp(path, want->subcommands[i].path) != 0)
			return true;
	}
	return false;
}

static bool must_install(const struct alternatives_params *want, const struct alternatives_state *have)
{
	return !have->known || (want->priority_given && have->priority != want->priority) || slaves_differ(want, have);
}

static bool plan_install(struct plan *plan, const struct alternatives_params *want,
	const struct alternatives_state *have)
{
	if (!must_install(want, have))
		return true;
	if (have->target.kind == FILE_NONE)
		plan_refuse(plan, HOST_FILE_NOT_FOUND, NULL, "there is no file '%s'", want->path);
	else if (!have->there && !want->link)
		plan_refuse(plan, ALTERNATIVES_UNKNOWN, "say with 'link' where its program is looked for",
			"the name '%s' isn't known yet", want->name);
	else if (have->there && want->link && strcmp(have->link, want->link) != 0)
		plan_refuse(plan, ALTERNATIVES_UNKNOWN, "leave 'link' out, or name that", "'%s' is the link '%s'", want->name,
			have->link);
	else
		plan_add(plan, ALTERNATIVES_INSTALL, want->path, plan_printf(plan, "as %s", want->name), have->known ? plan_printf(plan, "priority %d",
			have->priority) : "absent", plan_printf(plan, "priority %d", want->priority));
	return have->target.kind != FILE_NONE;
}

static void plan_selection(struct plan *plan, const struct alternatives_params *want,
	const struct alternatives_state *have, const char *selected)
{
	const char *name = plan_printf(plan, "/etc/alternatives/%s", want->name);
	const char *before = have->automatic ? plan_printf(plan, "%s (by priority)", have->value) : have->value;

	if (!*selected && !have->automatic)
		plan_add(plan, ALTERNATIVES_AUTOMATIC, name, "leads to", before, "what has the highest priority");
	else if (*selected && strcmp(have->value, selected) != 0)
		plan_add(plan, ALTERNATIVES_SET, name, "leads to", *before ? before : "nothing", selected);
	else if (*selected && have->automatic && want->selected)
		plan_add(plan, ALTERNATIVES_SET, name, "leads to", before, selected);
}

static void alternatives_plan(struct plan *plan, const void *params, const void *state)
{
	const struct alternatives_params *want = params;
	const struct alternatives_state *have = state;

	if (want->state == ALTERNATIVES_ABSENT) {
		if (have->known)
			plan_add(plan, ALTERNATIVES_REMOVE, want->path, plan_printf(plan, "as %s", want->name), plan_printf(plan, "priority %d",
				have->priority), "absent");
		return;
	}
	if (!plan_install(plan, want, have))
		return;
	if (want->selected)
		plan_selection(plan, want, have, want->selected);
	else if (want->state == ALTERNATIVES_SELECTED)
		plan_selection(plan, want, have, want->path);
	else if (want->state == ALTERNATIVES_AUTO && have->there)
		plan_selection(plan, want, have, "");
}

/* --- Changing --- */

static int update(struct host *host, const char *const *argv, struct error *err)
{
	const struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS };
	struct command_result told;

	if (host_run(host, &command, &told, err) < 0)
		return -1;
	return told.status == 0 ? 0 : error_set(err, ALTERNATIVES_FAILED, "%s: %s", argv[0],
		command_last_words(host_arena(host), &told));
}

#define UPDATE(...) (const char *const[]){ "update-alternatives", "--quiet", __VA_ARGS__, NULL }

/* What else goes along with it stays, unless the task says otherwise. */
static int install(struct host *host, const struct alternatives_params *want, const struct alternatives_state *have,
	struct error *err)
{
	size_t most = 8 + 4 * (want->subcommands_count + have->slaves->count), count = 0;
	const char **argv = arena_array(host_arena(host), most + 1, sizeof(*argv));
	const char *const begin[] = { "update-alternatives", "--quiet", "--install", have->there ? have->link : want->link,
		want->name, want->path, arena_printf(host_arena(host), "%d", want->priority_given || !have->known
		? want->priority : have->priority) };

	for (; count < sizeof(begin) / sizeof(*begin); count++)
		argv[count] = begin[count];
	for (unsigned i = 0; i < want->subcommands_count; i++) {
		argv[count++] = "--slave";
		argv[count++] = want->subcommands[i].link;
		argv[count++] = want->subcommands[i].name;
		argv[count++] = want->subcommands[i].path;
	}
	for (size_t i = 0; want->subcommands_count == 0 && i < have->slaves->count; i++) {
		const char *name = value_key(have->slaves, i), *link = value_get_string(have->slave_links, name);

		if (!link)
			continue;
		argv[count++] = "--slave";
		argv[count++] = link;
		argv[count++] = name;
		argv[count++] = value_text(have->slaves->pairs[i].value);
	}
	return update(host, argv, err);
}

static int alternatives_apply(struct host *host, const void *params, const void *state, const struct change *change,
	struct value *results, struct error *err)
{
	const struct alternatives_params *want = params;

	(void)results;
	switch ((enum alternatives_step)change->step) {
	case ALTERNATIVES_INSTALL:
		return install(host, want, state, err);
	case ALTERNATIVES_SET:
		return update(host, UPDATE("--set", want->name, change->after), err);
	case ALTERNATIVES_AUTOMATIC:
		return update(host, UPDATE("--auto", want->name), err);
	case ALTERNATIVES_REMOVE:
		return update(host, UPDATE("--remove", want->name, want->path), err);
	}
	return -1;
}

/* --- The way back --- */

static struct value *slaves_back(struct arena *arena, const struct alternatives_state *have)
{
	struct value *list = value_list(arena);

	for (size_t i = 0; i < have->slaves->count; i++) {
		const char *name = value_key(have->slaves, i), *link = value_get_string(have->slave_links, name);
		struct value *slave = value_map(arena);

		value_set_string(arena, slave, "name", name);
		value_set_string(arena, slave, "link", link ? link : "/");
		value_set_string(arena, slave, "path", value_text(have->slaves->pairs[i].value));
		value_append(arena, list, slave);
	}
	return list;
}

static struct value *way_back(struct arena *arena, const struct alternatives_params *want,
	const struct alternatives_state *have)
{
	struct value *back = value_map(arena);

	value_set_string(arena, back, "name", want->name);
	value_set_string(arena, back, "path", want->path);
	value_set_bool(arena, back, "undo", true);
	value_set_string(arena, back, "state", have->known ? "present" : "absent");
	if (have->there)
		value_set_string(arena, back, "link", have->link);
	if (have->known) {
		value_set(arena, back, "priority", value_printf(arena, "%d", have->priority));
		value_set_bool(arena, back, "priority_given", true);
		value_set(arena, back, "subcommands", slaves_back(arena, have));
	}
	return back;
}

/* What it leads to may have gone, and then comes first. */
static struct value *choice_back(struct arena *arena, const struct alternatives_params *want,
	const struct alternatives_state *have)
{
	static const char *const of_path[] = { "priority", "priority_given", "subcommands" };
	struct value *back = way_back(arena, want, have);

	value_set_bool(arena, back, "choice", true);
	if (!have->there || *have->value != '/')
		return back;
	for (size_t i = 0; strcmp(have->value, want->path) != 0 && i < 3; i++)
		value_remove(back, of_path[i]);
	value_set_string(arena, back, "path", have->value);
	value_set_string(arena, back, "state", "present");
	value_set_string(arena, back, "selected", have->automatic ? "" : have->value);
	return back;
}

static void alternatives_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct alternatives_params *want = params;
	const struct alternatives_state *have = state;
	struct arena *arena = inverses_arena(inverses);

	if (!want->choice)
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "alternative:%s:%s",
			want->name, want->path), .params = way_back(arena, want, have) });
	if (chooses(want))
		inverses_add(inverses, &(struct inverses_entry){ .resource = arena_printf(arena, "alternative-of:%s",
			want->name), .params = choice_back(arena, want, have) });
}

const struct module module_alternatives = {
	.name = "alternatives",
	.summary = "which of several programs a name in /etc/alternatives leads to",
	.params = alternatives_table,
	.params_size = sizeof(struct alternatives_params),
	.state_size = sizeof(struct alternatives_state),
	.aliases = (const char *const[]){ "community.general.alternatives", NULL },
	.check = alternatives_check,
	.prepare = alternatives_prepare,
	.resources = alternatives_resources,
	.inspect = alternatives_inspect,
	.plan = alternatives_plan,
	.apply = alternatives_apply,
	.invert = alternatives_invert,
};
