/* names: what a key in a playbook is, and what to say about one that means nothing. */
#include "playbook/build.h"

#include "base/suggest.h"

#include <string.h>

/* Keys of a task that are no keyword with a value of its own and no module. */
static const char *const forms[] = { "action", "block", "import_role", "import_tasks", "include_role",
	"include_tasks", "local_action", "meta", NULL };

static bool among(const char *const *words, const char *word)
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

const struct keyword *keyword_find(const struct keyword *table, const char *name)
{
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table;
	}
	return NULL;
}

const struct module *play_module(const struct play_reader *reader, const char *name)
{
	const struct module *module = reader->modules.find(name);

	return module && !(module->flags & MODULE_INTERNAL) ? module : NULL;
}

static void offer_words(struct suggestion *suggestion, const char *const *words)
{
	for (; words && *words; words++)
		suggest_offer(suggestion, *words);
}

static void offer_keywords(struct suggestion *suggestion, const struct keyword *table)
{
	for (; table->name; table++)
		suggest_offer(suggestion, table->name);
}

static void offer_modules(struct suggestion *suggestion, const struct play_reader *reader)
{
	for (const struct module *const *module = reader->modules.all; *module; module++) {
		if ((*module)->flags & MODULE_INTERNAL)
			continue;
		suggest_offer(suggestion, (*module)->name);
		offer_words(suggestion, (*module)->aliases);
	}
}

const char *play_without_prefix(const char *name)
{
	static const char prefix[] = "ansible.builtin.";

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : name;
}

/* later NULL: one that isn't in the table. */
static int refuse_later(struct play_reader *reader, const struct value_pair *pair,
	const char *what, const struct later *later)
{
	const char *dot = strrchr(pair->key, '.');

	error_at(reader->err, PLAYBOOK_UNSUPPORTED, pair->place, "%s '%s' is not supported yet", what,
		pair->key);
	if (dot && play_module(reader, dot + 1))
		return error_remedy(reader->err, "there is a module '%s'", dot + 1);
	if (later)
		return error_remedy(reader->err, "%s", later->instead);
	if (strncmp(pair->key, "with_", 5) == 0)
		return error_remedy(reader->err, "write it with loop");
	return error_remedy(reader->err, "see what there is: beoplay doc");
}

int play_refuse_later(struct play_reader *reader, const struct value_pair *pair,
	const struct later *table)
{
	const struct later *later = later_find(table, play_without_prefix(pair->key));

	return later && !reader->whole ? refuse_later(reader, pair, table == later_modules
		? "the module" : "the keyword", later) : 0;
}

/* "community.general.ufw" */
static bool in_a_collection(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot > name && strchr(dot + 1, '.') > dot + 1 && !strchr(name, ' ');
}

static const struct later *later_module(const char *name)
{
	const char *dot = in_a_collection(name) ? strrchr(name, '.') : NULL;

	return later_find(later_modules, dot ? dot + 1 : play_without_prefix(name));
}

const struct module *play_module_elsewhere(const struct play_reader *reader, const char *name)
{
	const struct later *later = later_module(name);

	return later && later_never(later) ? reader->modules.find("other-system") : NULL;
}

static void offer_later(struct suggestion *suggestion, const struct later *table)
{
	for (; table->name; table++)
		suggest_offer(suggestion, table->name);
}

int task_refuse_key(struct play_reader *reader, const struct value_pair *pair)
{
	const char *name = play_without_prefix(pair->key);
	const struct later *keyword = later_find(later_task_keywords, pair->key);
	const struct later *module = later_module(pair->key);
	struct suggestion suggestion = { .word = name };

	if (keyword || strncmp(pair->key, "with_", 5) == 0)
		return refuse_later(reader, pair, "the keyword", keyword);
	if (module || (name == pair->key && in_a_collection(name)))
		return refuse_later(reader, pair, "the module", module);
	if (keyword_find(play_keywords, pair->key) || later_find(later_play_keywords, pair->key)) {
		error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place, "'%s' belongs to a play, "
			"not to a task", pair->key);
		return error_remedy(reader->err, "move it out of the task, to the play");
	}
	offer_modules(&suggestion, reader);
	offer_keywords(&suggestion, task_keywords);
	offer_words(&suggestion, forms);
	if (!suggestion.nearest) {
		offer_later(&suggestion, later_task_keywords);
		offer_later(&suggestion, later_modules);
	}
	error_at(reader->err, PLAYBOOK_UNKNOWN_MODULE, pair->place, "'%s' is neither a module nor a "
		"keyword of a task", pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "see what there is: beoplay doc");
}

int play_refuse_key(struct play_reader *reader, const struct value_pair *pair)
{
	const struct later *keyword = later_find(later_play_keywords, play_without_prefix(pair->key));
	struct suggestion suggestion = { .word = pair->key };

	if (keyword)
		return refuse_later(reader, pair, "the keyword", keyword);
	if (play_module(reader, pair->key) || keyword_find(task_keywords, pair->key) ||
		among(forms, play_without_prefix(pair->key)) ||
		later_find(later_task_keywords, pair->key) || later_module(pair->key)) {
		error_at(reader->err, PLAYBOOK_MISPLACED_KEYWORD, pair->place, "'%s' belongs to a task, "
			"not to a play", pair->key);
		return error_remedy(reader->err, "put it into the list under 'tasks'");
	}
	offer_keywords(&suggestion, play_keywords);
	if (!suggestion.nearest)
		offer_later(&suggestion, later_play_keywords);
	error_at(reader->err, PLAYBOOK_UNKNOWN_KEYWORD, pair->place, "a play has no keyword '%s'",
		pair->key);
	if (suggestion.nearest)
		return error_remedy(reader->err, "did you mean '%s'?", suggestion.nearest);
	return error_remedy(reader->err, "a play has hosts, vars, tasks, handlers and the like");
}
