/* lookups: lookup('file', …), query(…), and what stands behind with_… */
#include "expression/lookups.h"

#include "base/suggest.h"
#include "expression/scope.h"

#include <string.h>

static const struct finder *const tables[] = { finders_lists, finders_read, NULL };

/* What Ansible has and we don't. */
static const char *const later[] = { "config", "csvfile", "dig", "dnstxt", "etcd", "filetree",
	"hashi_vault", "ini", "inventory_hostnames", "keyring", "nested_dict", "passwordstore",
	"random_choice", "random_string", "redis", "unvault", "url", "varnames", "xml", NULL };

static const char *plain_name(const char *name)
{
	static const char *const prefixes[] = { "ansible.builtin.", "ansible.legacy.",
		"community.general." };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return name + strlen(prefixes[i]);
	}
	return name;
}

const struct finder *finder_find(const char *name, struct place place, struct error *err)
{
	const char *plain = plain_name(name);
	struct suggestion suggestion = { .word = plain };

	for (size_t i = 0; tables[i]; i++) {
		for (const struct finder *row = tables[i]; row->name; row++) {
			if (strcmp(row->name, plain) == 0)
				return row;
			suggest_offer(&suggestion, row->name);
		}
	}
	for (size_t i = 0; later[i]; i++) {
		if (strcmp(later[i], plain) == 0) {
			error_at(err, EXPRESSION_UNSUPPORTED, place, "the lookup '%s' is not supported yet",
				name);
			error_remedy(err, "pass what it finds as a variable (vars_files, host_vars, -e)");
			return NULL;
		}
	}
	error_at(err, EXPRESSION_UNKNOWN_FUNCTION, place, "there is no lookup '%s'", name);
	if (suggestion.nearest)
		error_remedy(err, "did you mean '%s'?", suggestion.nearest);
	return NULL;
}

int looking_error(struct evaluation *evaluation, const struct looking *looking, const char *wanted,
	const struct value *found)
{
	return evaluation_error(evaluation, looking->offset, "the lookup '%s' needs %s, not %s",
		looking->finder->name, wanted, value_kind_name(found));
}

/* --- What all of them have in common --- */

struct asked {
	struct value *options;
	bool wants_list, quiet;        /* errors=ignore */
};

static int read_errors(struct evaluation *evaluation, const struct looking *looking,
	const struct value *errors, struct asked *asked)
{
	const char *word = value_text(errors);

	if (word && (strcmp(word, "ignore") == 0 || strcmp(word, "warn") == 0))
		asked->quiet = true;
	else if (!word || strcmp(word, "strict") != 0)
		return evaluation_error(evaluation, looking->offset, "'errors' of a lookup is strict, warn "
			"or ignore");
	return 0;
}

static bool takes(const struct finder *finder, const char *keyword)
{
	for (size_t i = 0; i < 4 && finder->options[i]; i++) {
		if (strcmp(finder->options[i], keyword) == 0)
			return true;
	}
	return false;
}

static int read_options(struct evaluation *evaluation, const struct call *call,
	struct looking *looking, struct asked *asked)
{
	for (size_t i = 0; i < call->rest_count; i++) {
		const char *keyword = call->rest_keywords[i];

		if (!keyword)
			continue;
		if (strcmp(keyword, "wantlist") == 0)
			asked->wants_list = asked->wants_list || value_truthy(call->rest[i]);
		else if (strcmp(keyword, "errors") == 0) {
			if (read_errors(evaluation, looking, call->rest[i], asked) < 0)
				return -1;
		} else if (takes(looking->finder, keyword)) {
			value_set(evaluation->evaluator->scratch, asked->options, keyword, call->rest[i]);
		} else {
			return evaluation_error(evaluation, looking->offset, "the lookup '%s' has no option "
				"'%s'", looking->finder->name, keyword);
		}
	}
	return 0;
}

/* Whatever isn't known of what it needs; lazy maps become real ones. */
static int settle(struct evaluation *evaluation, struct looking *looking,
	const struct value **ret_unknown)
{
	struct value **terms = arena_array(evaluation->evaluator->scratch, looking->count + 1,
		sizeof(*terms));

	*ret_unknown = NULL;
	for (size_t i = 0; i < looking->count; i++) {
		terms[i] = looking->terms[i];
		if (value_force_deep(evaluation, looking->offset, terms[i], &terms[i]) < 0)
			return -1;
		if (terms[i]->kind == VALUE_UNKNOWN && !*ret_unknown)
			*ret_unknown = terms[i];
		if (!*ret_unknown && !(looking->finder->flags & FINDER_SHAPES)
				&& value_find_unknown(evaluation, looking->offset, terms[i], ret_unknown) < 0)
			return -1;
	}
	looking->terms = terms;
	return *ret_unknown ? 0 : value_find_unknown(evaluation, looking->offset, looking->options,
		ret_unknown);
}

/* What a lookup was told decides what it gives. */
static void raise_all(const struct looking *looking, struct value *list)
{
	enum level level = value_level(looking->options);

	if (!(looking->finder->flags & FINDER_SHAPES)) {
		for (size_t i = 0; i < looking->count; i++)
			level = level_higher(level, value_level(looking->terms[i]));
	}
	for (size_t i = 0; level > LEVEL_OPEN && i < list->count; i++)
		value_raise(list->items[i], level);
}

/* ret_list: a list, or what isn't known. */
static int look(struct evaluation *evaluation, struct looking *looking, struct value **ret_list)
{
	const struct value *unknown;

	if (settle(evaluation, looking, &unknown) < 0)
		return -1;
	*ret_list = (struct value *)unknown;
	if (unknown)
		return 0;
	*ret_list = value_list(evaluation->evaluator->arena);
	if (looking->finder->find(evaluation, looking, *ret_list) < 0)
		return -1;
	for (size_t i = 0; i < (*ret_list)->count; i++) {
		if ((*ret_list)->items[i]->kind == VALUE_UNKNOWN
				&& !(looking->finder->flags & FINDER_SHAPES)) {
			*ret_list = (*ret_list)->items[i];
			return 0;
		}
	}
	raise_all(looking, *ret_list);
	if (!(looking->finder->flags & FINDER_SHAPES))
		value_mark_data(*ret_list);
	return 0;
}

/* --- lookup() and query() --- */

static int join_texts(struct evaluation *evaluation, size_t offset, const struct value *list,
	struct value **ret_value)
{
	enum level level = LEVEL_OPEN;
	struct buffer all = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		buffer_add_string(&all, i ? "," : "");
		buffer_add(&all, list->items[i]->text, list->items[i]->size);
		level = level_higher(level, list->items[i]->level);
	}
	if (buffer_value(evaluation, offset, &all, ret_value) < 0)
		return -1;
	(*ret_value)->level = level;
	(*ret_value)->data = true;
	return 0;
}

/* As with Ansible: texts are joined by commas, one result stands for itself. */
static int as_one(struct evaluation *evaluation, size_t offset, struct value *list,
	struct value **ret_value)
{
	*ret_value = list;
	if (list->kind != VALUE_LIST || list->count == 0)
		return 0;
	if (list->count == 1) {
		*ret_value = list->items[0];
		return 0;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind != VALUE_STRING)
			return 0;
	}
	return join_texts(evaluation, offset, list, ret_value);
}

static int run(struct evaluation *evaluation, struct call *call, bool wants_list,
	struct value **ret_value)
{
	struct evaluator *evaluator = evaluation->evaluator;
	struct asked asked = { .options = value_map(evaluator->scratch), .wants_list = wants_list };
	struct looking looking = { .offset = call->offset, .options = asked.options,
		.folder = "files" };
	struct value **terms = arena_array(evaluator->scratch, call->rest_count + 1, sizeof(*terms));
	const char *name;

	if (call_text(evaluation, call, 0, "", &name) < 0)
		return -1;
	looking.finder = finder_find(name, syntax_place(evaluation->scalar, call->offset),
		evaluator->err);
	if (!looking.finder || read_options(evaluation, call, &looking, &asked) < 0)
		return -1;
	for (size_t i = 0; i < call->rest_count; i++) {
		if (!call->rest_keywords[i])
			terms[looking.count++] = call->rest[i];
	}
	looking.terms = terms;
	if (look(evaluation, &looking, ret_value) < 0) {
		if (!asked.quiet || evaluator->exhausted)
			return -1;
		error_clear(evaluator->err);
		evaluator->undefined_raised = false;
		*ret_value = asked.wants_list ? value_list(evaluator->arena) : value_null(evaluator->arena);
		return 0;
	}
	return asked.wants_list ? 0 : as_one(evaluation, call->offset, *ret_value, ret_value);
}

static int function_lookup(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return run(evaluation, call, false, ret_value);
}

static int function_query(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	return run(evaluation, call, true, ret_value);
}

const struct callable functions_lookup[] = {
	{ "lookup", function_lookup, 1, CALL_MANY | CALL_KEYWORDS, { "name" } },
	{ "query", function_query, 1, CALL_MANY | CALL_KEYWORDS, { "name" } },
	{ "q", function_query, 1, CALL_MANY | CALL_KEYWORDS, { "name" } },
	{ 0 },
};

/* --- with_… --- */

int expression_find_lookup(const char *name, struct place place, struct error *err)
{
	return finder_find(name, place, err) ? 0 : -1;
}

int expression_lookup(struct arena *arena, struct scope *scope, const char *name,
	const struct value *terms, const char *folder, struct value **ret_list, struct error *err)
{
	struct value nowhere = { .kind = VALUE_STRING, .text = "", .place = terms->place };
	struct value *one[] = { (struct value *)terms };
	struct evaluator evaluator;
	struct evaluation evaluation = { .evaluator = &evaluator, .scope = scope,
		.scalar = &nowhere };
	struct looking looking = { .finder = finder_find(name, terms->place, err), .terms = one,
		.count = 1, .options = value_map(arena), .folder = folder };
	int result;

	if (!looking.finder)
		return -1;
	if (terms->kind == VALUE_LIST) {
		looking.terms = terms->items;
		looking.count = terms->count;
	}
	evaluator_open(&evaluator, arena, err);
	result = look(&evaluation, &looking, ret_list);
	if (result == 0)
		result = value_leave(&evaluator, scope, &nowhere, ret_list);
	evaluator_close(&evaluator);
	return result;
}
