/* task: a task as it is written → struct task. */
#include "playbook/build.h"

#include "yaml/tree.h"

#include <stddef.h>
#include <string.h>

/* Those without read stand here to be known; they are read by name. */
const struct keyword task_keywords[] = {
	{ "name", keyword_text, offsetof(struct task, name_value), KEYWORD_GROUP },
	{ "when", keyword_condition, offsetof(struct task, when), KEYWORD_GROUP },
	{ "become", keyword_truth, offsetof(struct task, become), KEYWORD_GROUP },
	{ "become_user", keyword_text, offsetof(struct task, become_user), KEYWORD_GROUP },
	{ "become_method", keyword_become_method, KEYWORD_DROPPED, KEYWORD_GROUP },
	{ "become_exe", keyword_become_exe, KEYWORD_DROPPED, KEYWORD_GROUP },
	{ "become_flags", keyword_become_flags, KEYWORD_DROPPED, KEYWORD_GROUP },
	{ "collections", keyword_strings, KEYWORD_DROPPED, KEYWORD_GROUP },
	{ "module_defaults", keyword_defaults, offsetof(struct task, module_defaults), KEYWORD_GROUP },
	{ "connection", keyword_connection, offsetof(struct task, connection), KEYWORD_GROUP },
	{ "remote_user", keyword_text, offsetof(struct task, remote_user), KEYWORD_GROUP },
	{ "port", keyword_port, offsetof(struct task, port), KEYWORD_GROUP },
	{ "ignore_errors", keyword_truth, offsetof(struct task, ignore_errors), KEYWORD_GROUP },
	{ "no_log", keyword_truth, offsetof(struct task, no_log), KEYWORD_GROUP },
	{ "check_mode", keyword_truth, offsetof(struct task, check_mode), KEYWORD_GROUP },
	{ "diff", keyword_truth, offsetof(struct task, diff), KEYWORD_GROUP },
	{ "any_errors_fatal", keyword_truth, offsetof(struct task, any_errors_fatal), KEYWORD_GROUP },
	{ "throttle", keyword_number, offsetof(struct task, throttle), KEYWORD_GROUP },
	{ "timeout", keyword_number, offsetof(struct task, timeout), KEYWORD_GROUP },
	{ "async", keyword_number, offsetof(struct task, async), 0 },
	{ "poll", keyword_poll, KEYWORD_DROPPED, 0 },
	{ "vars", keyword_task_vars, offsetof(struct task, vars), KEYWORD_GROUP },
	{ "notify", keyword_strings, offsetof(struct task, notify), KEYWORD_GROUP },
	{ "tags", keyword_tags, offsetof(struct task, tags), KEYWORD_GROUP },
	{ "environment", keyword_environment, offsetof(struct task, environment), KEYWORD_GROUP },
	{ "changed_when", keyword_condition, offsetof(struct task, changed_when), 0 },
	{ "failed_when", keyword_condition, offsetof(struct task, failed_when), 0 },
	{ "listen", keyword_strings, offsetof(struct task, listen), KEYWORD_HANDLER },
	{ "register", NULL, 0, 0 },
	{ "args", NULL, 0, 0 },
	{ "loop", NULL, 0, KEYWORD_INCLUDE },
	{ "loop_control", NULL, 0, KEYWORD_INCLUDE },
	{ "with_items", NULL, 0, KEYWORD_INCLUDE },
	{ "with_list", NULL, 0, KEYWORD_INCLUDE },
	{ "with_cartesian", NULL, 0, KEYWORD_INCLUDE },
	{ "with_dict", NULL, 0, KEYWORD_INCLUDE },
	{ "with_file", NULL, 0, KEYWORD_INCLUDE },
	{ "with_fileglob", NULL, 0, KEYWORD_INCLUDE },
	{ "with_first_found", NULL, 0, KEYWORD_INCLUDE },
	{ "with_flattened", NULL, 0, KEYWORD_INCLUDE },
	{ "with_indexed_items", NULL, 0, KEYWORD_INCLUDE },
	{ "with_lines", NULL, 0, KEYWORD_INCLUDE },
	{ "with_nested", NULL, 0, KEYWORD_INCLUDE },
	{ "with_sequence", NULL, 0, KEYWORD_INCLUDE },
	{ "with_subelements", NULL, 0, KEYWORD_INCLUDE },
	{ "with_together", NULL, 0, KEYWORD_INCLUDE },
	{ "until", NULL, 0, 0 },
	{ "retries", NULL, 0, 0 },
	{ "delay", NULL, 0, 0 },
	{ "run_once", keyword_truth, offsetof(struct task, run_once), KEYWORD_GROUP },
	{ "delegate_to", keyword_text, offsetof(struct task, delegate_to), KEYWORD_GROUP },
	{ "delegate_facts", keyword_truth, offsetof(struct task, delegate_facts), KEYWORD_GROUP },
	{ "rescue", NULL, 0, KEYWORD_BLOCK },
	{ "always", NULL, 0, KEYWORD_BLOCK },
	{ NULL, NULL, 0, 0 },
};

enum form { FORM_MODULE, FORM_BLOCK, FORM_IMPORT, FORM_IMPORT_ROLE, FORM_INCLUDE, FORM_META };

/* What a task is about: the one key that is no keyword. */
struct subject {
	const struct value_pair *pair;
	enum form form;
	const struct module *module;
};

static bool find_form(const char *key, enum form *ret_form)
{
	static const struct {
		const char *name;
		enum form form;
	} forms[] = {
		{ "block", FORM_BLOCK },
		{ "import_tasks", FORM_IMPORT }, { "import_role", FORM_IMPORT_ROLE },
		{ "include_tasks", FORM_INCLUDE }, { "include_role", FORM_INCLUDE }, { "meta", FORM_META },
	};

	key = play_without_prefix(key);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].name, key) == 0) {
			*ret_form = forms[i].form;
			return true;
		}
	}
	return false;
}

/* "action: module a=b", "action: {module: x, a: b}" as "module: …"; local_action alike. */
static int open_action(struct play_reader *reader, const struct value_pair *pair,
	const struct value_pair **ret_pair)
{
	struct value_pair *opened = arena_alloc(reader->arena, sizeof(*opened));
	const struct value_pair *module = value_pair(pair->value, "module");
	struct value *text = module ? module->value : pair->value;
	const char *word = value_text(text);
	size_t size = word ? strcspn(word, " \t\n") : 0;
	size_t rest = word ? size + strspn(word + size, " \t\n") : 0;

	if (size == 0 || strncmp(word, "{{", 2) == 0) {
		error_at(reader->err, PLAYBOOK_INVALID_VALUE, keyword_place(pair), "'%s' names no module",
			pair->key);
		return error_remedy(reader->err, "write the module's name as the key");
	}
	*opened = (struct value_pair){ .key = arena_bytes(reader->arena, word, size),
		.place = text->place };
	if (!module) {
		opened->value = word[rest] ? value_bytes(reader->arena, word + rest, strlen(word + rest))
			: value_null(reader->arena);
		opened->value->place = tree_place(text, rest);
	} else {
		opened->value = value_map(reader->arena);
		opened->value->place = pair->value->place;
		for (size_t i = 0; i < pair->value->count; i++) {
			const struct value_pair *option = &pair->value->pairs[i];

			if (option != module)
				value_set_at(reader->arena, opened->value, option->key, option->place, option->value);
		}
	}
	*ret_pair = opened;
	return 0;
}

static int take_subject(struct play_reader *reader, const struct value_pair *pair,
	struct subject *subject)
{
	struct subject found = { .form = FORM_MODULE };

	if ((strcmp(pair->key, "action") == 0 || strcmp(pair->key, "local_action") == 0)
			&& open_action(reader, pair, &pair) < 0)
		return -1;
	found.pair = pair;
	if (!find_form(pair->key, &found.form)) {
		found.module = play_module(reader, pair->key);
		if (!found.module)
			found.module = play_module_elsewhere(reader, pair->key);
		if (!found.module)
			return task_refuse_key(reader, pair);
	}
	if (subject->pair) {
		error_at(reader->err, PLAYBOOK_SEVERAL_MODULES, pair->place, "a task can have only one "
			"action, but this one has both '%s' and '%s'", subject->pair->key, pair->key);
		return error_remedy(reader->err, "make it two tasks");
	}
	*subject = found;
	return 0;
}

static int find_subject(struct play_reader *reader, const struct value *raw,
	struct subject *ret_subject)
{
	bool refused = false;

	*ret_subject = (struct subject){ 0 };
	for (size_t i = 0; i < raw->count; i++) {
		play_keep_error(reader);
		if (!keyword_find(task_keywords, raw->pairs[i].key) &&
			take_subject(reader, &raw->pairs[i], ret_subject) < 0)
			refused = true;
	}
	if (refused)
		return -1;
	if (ret_subject->pair)
		return 0;
	error_at(reader->err, PLAYBOOK_NO_MODULE, raw->place, "the task names no module");
	return error_remedy(reader->err, "see what there is: beoplay doc");
}

/* until, retries and delay. */
static int read_retry(struct play_reader *reader, const struct value_pair *pair,
	struct task *task)
{
	bool asks = strcmp(pair->key, "until") == 0 || strcmp(pair->key, "retries") == 0;

	/* A delay alone means nothing, as in Ansible. */
	if (!task->retry && (asks || strcmp(pair->key, "delay") == 0))
		task->retry = arena_alloc(reader->arena, sizeof(*task->retry));
	if (task->retry && asks)
		task->retry->asked = true;
	if (strcmp(pair->key, "until") == 0)
		return keyword_condition(reader, pair, &task->retry->until);
	if (strcmp(pair->key, "retries") == 0)
		return keyword_number(reader, pair, &task->retry->retries);
	if (strcmp(pair->key, "delay") == 0)
		return keyword_number(reader, pair, &task->retry->delay);
	return 0;
}

static int read_keyword(struct play_reader *reader, const struct keyword *keyword,
	const struct value_pair *pair, const char *what, unsigned flags, struct task *task)
{
	struct value *value = NULL;

	if ((keyword->flags & KEYWORD_HANDLER) && !task->handler)
		return error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place, "'%s' belongs to a "
			"handler", pair->key);
	if ((keyword->flags & KEYWORD_BLOCK) && !(flags & KEYWORD_BLOCK)) {
		error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place, "'%s' belongs to a block",
			pair->key);
		return error_remedy(reader->err, "write 'block:' with the tasks before it");
	}
	if (flags && !(keyword->flags & flags))
		return error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, pair->place, "'%s' can't be "
			"used with '%s'", pair->key, what);
	if (play_refuse_later(reader, pair, later_task_keywords) < 0)
		play_keep_error(reader);
	if (!keyword->read)
		return keyword->flags & KEYWORD_BLOCK ? 0 : read_retry(reader, pair, task);
	if (keyword->read(reader, pair, &value) < 0)
		return -1;
	if (keyword->offset != KEYWORD_DROPPED)
		*(struct value **)(void *)((char *)task + keyword->offset) = value;
	return 0;
}

int task_read_keywords(struct play_reader *reader, const struct value *raw, const char *what,
	unsigned flags, struct task *task)
{
	for (size_t i = 0; i < raw->count; i++) {
		const struct keyword *keyword = keyword_find(task_keywords, raw->pairs[i].key);

		if (keyword && read_keyword(reader, keyword, &raw->pairs[i], what, flags, task) < 0)
			return -1;
	}
	if (task->name_value)
		task->name = task->name_value->text;
	return 0;
}

/* What keywords a form takes; 0: all. */
static unsigned form_flags(enum form form)
{
	switch (form) {
	case FORM_MODULE:
		return 0;
	case FORM_BLOCK:
		return KEYWORD_GROUP | KEYWORD_BLOCK;
	case FORM_INCLUDE:
		return KEYWORD_GROUP | KEYWORD_INCLUDE;
	default:
		return KEYWORD_GROUP;
	}
}

static int read_register(struct play_reader *reader, const struct value *raw, struct task *task)
{
	const struct value_pair *pair = value_pair(raw, "register");
	struct value *name;

	if (!pair)
		return 0;
	if (keyword_word(reader, pair, &name) < 0 ||
		play_check_variable(name->text, keyword_place(pair), reader->err) < 0)
		return -1;
	task->registers = name->text;
	return 0;
}

struct task *task_new(struct play_reader *reader, struct place place, bool handler)
{
	struct task *task = arena_alloc(reader->arena, sizeof(*task));

	task->place = place;
	task->handler = handler;
	task->role = reader->role;
	task->included_by = reader->included_by;
	task->include_vars = reader->include_vars;
	return task;
}

struct task *tasks_flush(struct play_reader *reader, struct place place, struct items *items)
{
	struct task *task = task_new(reader, place, false);

	task->word = "meta";
	task->flush_handlers = true;
	task->params = value_map(reader->arena);
	task->tags = value_list(reader->arena);
	items_add(reader, items, (struct item){ .kind = ITEM_FLUSH, .task = task });
	return task;
}

static int read_task(struct play_reader *reader, const struct value *raw,
	const struct subject *subject, struct task *task, struct items *items)
{
	if (read_register(reader, raw, task) < 0 || task_read_loop(reader, raw, task) < 0)
		return -1;
	task->module = subject->module;
	task->word = subject->pair->key;
	if (task->retry && (task->handler || task->module->parts))
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, task->place,
			"%s can't be tried again with 'until'", task->handler ? "a handler"
			: task->module->name);
	if (task->delegate_to && task->module->parts) {
		error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, task->place, "'%s' can't be delegated",
			task->module->name);
		return error_remedy(reader->err, "leave out 'delegate_to': each of its steps knows its hosts");
	}
	/* A task that gathers facts makes them known. */
	if (task->module == reader->modules.find("gather_facts"))
		reader->play->without_facts = false;
	task->module_place = subject->pair->place;
	if (!task->tags)
		task->tags = value_list(reader->arena);
	if (task->module == play_module_elsewhere(reader, task->word)) {
		if (!task->when)
			return task_refuse_key(reader, subject->pair);
		task->params = value_map(reader->arena);
		value_set_string(reader->arena, task->params, "module", task->word);
	} else if (task_read_params(reader, task, subject->pair, value_pair(raw, "args")) < 0) {
		return -1;
	}
	items_add(reader, items, (struct item){ .kind = ITEM_TASK, .task = task });
	return 0;
}

/* local_action is a task that is delegated to the controller. */
static int delegate_here(struct play_reader *reader, const struct value *raw, struct task *task)
{
	const struct value_pair *pair = value_pair(raw, "local_action");

	if (!pair)
		return 0;
	if (task->delegate_to) {
		error_at(reader->err, PLAYBOOK_CONFLICTING_KEYWORDS, pair->place, "'local_action' can't be used "
			"with 'delegate_to'");
		return error_remedy(reader->err, "write the module's name as the key to keep 'delegate_to'");
	}
	task->delegate_to = value_string(reader->arena, "localhost");
	task->delegate_to->place = pair->place;
	return 0;
}

static int read_item(struct play_reader *reader, const struct value *raw,
	const struct task *group, bool handler, struct items *items)
{
	struct task *task = task_new(reader, raw->place, handler);
	struct subject subject;

	if (raw->kind != VALUE_MAP) {
		error_at(reader->err, PLAYBOOK_INVALID_FORMAT, raw->place, "a task must be a map, not %s",
			value_kind_name(raw));
		return error_remedy(reader->err, "write '- name: …' and the module below it");
	}
	if (find_subject(reader, raw, &subject) < 0
			|| task_read_keywords(reader, raw, subject.pair->key, form_flags(subject.form),
			task) < 0 || delegate_here(reader, raw, task) < 0)
		return -1;
	if (group)
		task_inherit(reader->arena, task, group);
	if (task->role)
		task->title = arena_printf(reader->arena, "%s : %s", task->role->name,
			task->name ? task->name : subject.pair->key);
	switch (subject.form) {
	case FORM_BLOCK:
		return block_read(reader, raw, task, items);
	case FORM_IMPORT:
		return import_read(reader, subject.pair, task, items);
	case FORM_IMPORT_ROLE:
		return import_role_read(reader, raw, subject.pair, task, items);
	case FORM_INCLUDE:
		return include_read(reader, raw, subject.pair, task, group, items);
	case FORM_META:
		return meta_read(reader, subject.pair, task, items);
	case FORM_MODULE:
		return read_task(reader, raw, &subject, task, items);
	}
	return -1;
}

int tasks_read(struct play_reader *reader, const struct value_pair *pair, const struct task *group,
	bool handlers, struct items *items)
{
	if (pair->value->kind == VALUE_NULL)
		return 0;
	if (pair->value->kind != VALUE_LIST) {
		keyword_refuse_kind(reader, pair, "a list of tasks");
		return error_remedy(reader->err, "begin each task with '- '");
	}
	for (size_t i = 0; i < pair->value->count; i++) {
		if (read_item(reader, pair->value->items[i], group, handlers, items) < 0)
			play_keep_error(reader);
	}
	return 0;
}

const char *task_title(const struct task *task)
{
	return task->title ? task->title : task->name ? task->name : task->word;
}
