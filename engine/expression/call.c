/* call: finding and running filters, tests, functions and methods. */
#include "expression/evaluate.h"

#include "expression/scope.h"
#include "base/suggest.h"

#include <string.h>

static const struct callable *const filter_tables[] = { filters_basic, filters_text, filters_list,
	filters_map, filters_number, filters_choose, filters_code, filters_regex, filters_yaml,
	filters_path, filters_group, filters_digest, filters_measure, filters_address,
	filters_random, NULL };
static const struct callable *const test_tables[] = { tests_all, tests_regex, tests_version, NULL };
static const struct callable *const function_tables[] = { functions_all, functions_lookup,
	NULL };
static const struct callable *const method_tables[] = { methods_all, NULL };

/* What Jinja, Ansible or Python have and we don't. */
static const char *const filters_later[] = { "attr", "commonpath", "escape", "e",
	"expandvars", "filesizeformat", "forceescape", "from_yaml_all", 
	"json_query", "lists_mergeby", "pprint",
	"realpath", "relpath", "rekey_on_member", "safe", 
	"slice", "split_url", "striptags", "to_datetime", 
	"unvault", "urldecode", "urlize", "vault", "win_basename",
	"win_dirname", "win_splitdrive", "wordwrap", "xmlattr", "parse_cli", "parse_xml", "permutations", "combinations",
	"random_mac", "k8s_config_resource_name", "mandatory_keys", "fileglob", "bcrypt",
	"format_du", "keep_keys", "remove_keys", "expanduser", NULL };
static const char *const tests_later[] = { "callable", "directory", "escaped", "exists", "file",
	"link", "link_exists", "mount", "same_file", "is_dir", "is_file", "is_link",
	"abs", "is_abs", "vault_encrypted", "vaulted_file", "uri", "url", "urn", "filter", "test",
	"nan", "isnan", "finished", "started", "reachable", "unreachable", "timedout", NULL };
static const char *const functions_later[] = { "now", "lipsum",
	"cycler", "joiner", "undef", "dict_items", "cycle", "super", "caller", NULL };
static const char *const methods_later[] = { "append", "extend", "insert", "pop", "update",
	"remove",
	"clear", "setdefault", "sort", "reverse", "copy", "casefold", "center", "encode", "decode",
	"expandtabs", "format_map", "isalnum", "isascii", "isidentifier", "isnumeric",
	"isprintable",
	"istitle", "maketrans", "partition", "rpartition", "swapcase", "translate", "popitem",
	"fromkeys", "cycle", "changed", "strftime", "timestamp", "isoformat", "search", "match",
	NULL };

struct callables {
	const char *what;
	const struct callable *const *tables;
	const char *const *later;
};

static const struct callables kinds[] = {
	[CALLABLE_FILTER] = { "filter", filter_tables, filters_later },
	[CALLABLE_TEST] = { "test", test_tables, tests_later },
	[CALLABLE_FUNCTION] = { "function", function_tables, functions_later },
	[CALLABLE_METHOD] = { "method", method_tables, methods_later },
};

const struct callable *const *callable_tables(enum callable_kind kind)
{
	return kinds[kind].tables;
}

static int refuse(const struct callables *kind, const char *name, const char *written,
	struct error *err)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; kind->later[i]; i++) {
		if (strcmp(kind->later[i], name) != 0)
			continue;
		error_set(err, EXPRESSION_UNSUPPORTED, "the %s '%s' is not supported yet", kind->what,
			written);
		return error_remedy(err, "write it without, or pass what it gives as a variable (vars, "
			"host_vars, -e)");
	}
	for (size_t i = 0; kind->tables[i]; i++) {
		for (const struct callable *row = kind->tables[i]; row->name; row++)
			suggest_offer(&suggestion, row->name);
	}
	error_set(err, EXPRESSION_UNKNOWN_FUNCTION, "there is no %s '%s'", kind->what, written);
	if (suggestion.nearest)
		error_remedy(err, "did you mean '%s'?", suggestion.nearest);
	return -1;
}

static const char *without_collection(const char *name)
{
	static const char *const collections[] = { "ansible.builtin.", "ansible.utils.", "ansible.netcommon." };

	for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
		if (strncmp(name, collections[i], strlen(collections[i])) == 0)
			return name + strlen(collections[i]);
	}
	return name;
}

const struct callable *callable_find(enum callable_kind kind, const char *name,
	struct error *err)
{
	const char *plain = kind == CALLABLE_FILTER || kind == CALLABLE_TEST ? without_collection(name) : name;

	for (size_t i = 0; kinds[kind].tables[i]; i++) {
		for (const struct callable *row = kinds[kind].tables[i]; row->name; row++) {
			if (strcmp(row->name, plain) == 0)
				return row;
		}
	}
	if (strchr(plain, '.'))
		error_set(err, EXPRESSION_UNSUPPORTED, "the %s '%s' of a collection is not supported "
			"yet", kinds[kind].what, name);
	else
		refuse(&kinds[kind], plain, name, err);
	return NULL;
}

static size_t parameter_count(const struct callable *callable)
{
	size_t count = 0;

	while (count < CALL_PARAMETERS_MOST && callable->parameters[count])
		count++;
	return count;
}

static int bind_keyword(const struct callable *callable, const char *keyword, size_t *ret_position,
	struct error *err)
{
	struct suggestion suggestion = { .word = keyword };

	for (size_t i = 0; i < parameter_count(callable); i++) {
		if (strcmp(callable->parameters[i], keyword) == 0) {
			*ret_position = i;
			return 0;
		}
		suggest_offer(&suggestion, callable->parameters[i]);
	}
	*ret_position = CALL_PARAMETERS_MOST;
	if (callable->flags & CALL_KEYWORDS)
		return 0;
	error_set(err, EXPRESSION_INVALID_ARGUMENT, "'%s' has no argument '%s'", callable->name,
		keyword);
	if (suggestion.nearest)
		error_remedy(err, "did you mean '%s'?", suggestion.nearest);
	return -1;
}

int callable_bind(const struct callable *callable, const char *const *keywords, size_t count,
	size_t *positions, struct error *err)
{
	size_t parameters = parameter_count(callable);
	bool taken[CALL_PARAMETERS_MOST] = { false };

	for (size_t i = 0; i < count; i++) {
		positions[i] = i < parameters ? i : CALL_PARAMETERS_MOST;
		if (keywords[i] && bind_keyword(callable, keywords[i], &positions[i], err) < 0)
			return -1;
		if (positions[i] == CALL_PARAMETERS_MOST) {
			if (!keywords[i] && !(callable->flags & CALL_MANY))
				return error_set(err, EXPRESSION_INVALID_ARGUMENT, "'%s' takes at most %zu "
					"argument%s", callable->name, parameters, parameters == 1 ? "" : "s");
			continue;
		}
		if (taken[positions[i]])
			return error_set(err, EXPRESSION_INVALID_ARGUMENT, "'%s' is given twice",
				callable->parameters[positions[i]]);
		taken[positions[i]] = true;
	}
	for (size_t i = 0; i < callable->required; i++) {
		if (!taken[i])
			return error_set(err, EXPRESSION_INVALID_ARGUMENT, "'%s' needs the argument '%s'",
				callable->name, callable->parameters[i]);
	}
	return 0;
}

int call_error(struct evaluation *evaluation, const struct call *call, const char *wanted,
	const struct value *found)
{
	return evaluation_error(evaluation, call->offset, "'%s' needs %s, not %s",
		call->callable->name, wanted, value_kind_name(found));
}

static int argument_error(struct evaluation *evaluation, const struct call *call, size_t parameter,
	const char *wanted)
{
	return evaluation_error(evaluation, call->offset, "'%s' of '%s' must be %s, not %s",
		call->callable->parameters[parameter], call->callable->name, wanted,
		value_kind_name(call->arguments[parameter]));
}

int call_text(struct evaluation *evaluation, const struct call *call, size_t parameter,
	const char *otherwise, const char **ret_text)
{
	const struct value *argument = call->arguments[parameter];

	*ret_text = otherwise;
	if (!argument || (argument->kind == VALUE_NULL && parameter >= call->callable->required))
		return 0;
	if (argument->kind != VALUE_STRING)
		return argument_error(evaluation, call, parameter, "a string");
	*ret_text = argument->text;
	return 0;
}

int call_integer(struct evaluation *evaluation, const struct call *call, size_t parameter,
	int64_t otherwise, int64_t *ret_integer)
{
	const struct value *argument = call->arguments[parameter];

	*ret_integer = otherwise;
	if (!argument)
		return 0;
	if (argument->kind != VALUE_INTEGER)
		return argument_error(evaluation, call, parameter, "an integer");
	*ret_integer = argument->integer;
	return 0;
}

int call_truth(struct evaluation *evaluation, const struct call *call, size_t parameter,
	bool otherwise, bool *ret_truth)
{
	const struct value *argument = call->arguments[parameter];

	*ret_truth = otherwise;
	if (!argument || argument->kind == VALUE_NULL)
		return 0;
	if (argument->kind != VALUE_BOOL && argument->kind != VALUE_INTEGER)
		return argument_error(evaluation, call, parameter, "true or false");
	*ret_truth = value_truthy(argument);
	return 0;
}

int call_argument(struct evaluation *evaluation, struct call *call, size_t parameter,
	struct value **ret_value)
{
	if (!call->arguments[parameter] && call->nodes[parameter] &&
		evaluate(evaluation, call->nodes[parameter], &call->arguments[parameter]) < 0)
		return -1;
	*ret_value = call->arguments[parameter];
	return 0;
}

/* What the size of an input costs, before anything is done with it. */
static int pay_input(struct evaluation *evaluation, const struct call *call,
	const struct value *value)
{
	return evaluation_spend(evaluation, call->offset, 1 +
		(value->kind == VALUE_STRING ? value->size / 64 : value->count / 8), 0);
}

static int prepare_value(struct evaluation *evaluation, struct call *call, struct value **value,
	struct value **unknown, enum level *level, bool *data)
{
	const struct value *inside = NULL;
	bool deep = call->callable->flags & CALL_DEEP;

	if (deep && value_force_deep(evaluation, call->offset, *value, value) < 0)
		return -1;
	if (!deep && !(call->callable->flags & CALL_PICK) &&
		value_force(evaluation, call->offset, *value, value) < 0)
		return -1;
	if (pay_input(evaluation, call, *value) < 0)
		return -1;
	*level = level_higher(*level, (*value)->level);
	*data |= (*value)->data;
	if ((*value)->kind == VALUE_UNKNOWN)
		inside = *value;
	else if (deep && (value_find_unknown(evaluation, call->offset, *value, &inside) < 0 ||
			value_flags_inside(evaluation, call->offset, *value, level, data) < 0))
		return -1;
	if (inside && !*unknown)
		*unknown = (struct value *)inside;
	return 0;
}

static int prepare(struct evaluation *evaluation, struct call *call, struct value **unknown,
	enum level *level, bool *data)
{
	bool may_be_undefined = call->callable->flags & CALL_UNDEFINED;
	struct value *ignored = NULL;

	if (!may_be_undefined && call->input &&
		prepare_value(evaluation, call, &call->input, unknown, level, data) < 0)
		return -1;
	for (size_t i = 0; i < CALL_PARAMETERS_MOST; i++) {
		if (call->arguments[i] && prepare_value(evaluation, call, &call->arguments[i],
				may_be_undefined ? &ignored : unknown, level, data) < 0)
			return -1;
	}
	for (size_t i = 0; i < call->rest_count; i++) {
		if (prepare_value(evaluation, call, &call->rest[i], unknown, level, data) < 0)
			return -1;
	}
	return 0;
}

/* What was only looked at while the call ran has decided what comes out, too. */
static enum level level_of_asked(const struct call *call)
{
	enum level level = call->input ? call->input->level : LEVEL_OPEN;

	for (size_t i = 0; i < CALL_PARAMETERS_MOST; i++) {
		if (call->arguments[i])
			level = level_higher(level, call->arguments[i]->level);
	}
	return level;
}

static int call_run(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct value *unknown = NULL;
	enum level level = LEVEL_OPEN;
	bool data = false;
	struct value *value;

	if (prepare(evaluation, call, &unknown, &level, &data) < 0)
		return -1;
	if (unknown)
		*ret_value = unknown;
	else if (call->callable->run(evaluation, call, ret_value) < 0)
		return -1;
	value = *ret_value;
	if (!value)
		return 0;
	level = level_higher(level, level_of_asked(call));
	*ret_value = value_flagged(evaluation->evaluator->arena, value, level, data);
	if (level > LEVEL_OPEN && !data)
		scope_note(evaluation->scope, *ret_value);
	return evaluation_spend(evaluation, call->offset, 0, value->kind == VALUE_STRING ?
		value->size : value->count * sizeof(value));
}

static void add_rest(struct arena *arena, struct call *call, struct value *value,
	const char *keyword, size_t most)
{
	if (!call->rest) {
		call->rest = arena_array(arena, most, sizeof(*call->rest));
		call->rest_keywords = arena_array(arena, most, sizeof(*call->rest_keywords));
	}
	call->rest[call->rest_count] = value;
	call->rest_keywords[call->rest_count++] = keyword;
}

int call_values(struct evaluation *evaluation, size_t offset, const struct callable *callable,
	struct value *input, struct value *const *values, const char *const *keywords, size_t count,
	struct value **ret_value)
{
	struct arena *arena = evaluation->evaluator->scratch;
	struct call call = { .callable = callable, .offset = offset, .input = input };
	size_t *positions = arena_array(arena, count + 1, sizeof(*positions));

	if (callable_bind(callable, keywords, count, positions, evaluation->evaluator->err) < 0)
		return evaluation_place(evaluation, offset);
	if (!(callable->flags & CALL_UNDEFINED) && evaluation_require(evaluation, input) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (positions[i] == CALL_PARAMETERS_MOST)
			add_rest(arena, &call, values[i], keywords[i], count);
		else
			call.arguments[positions[i]] = values[i];
	}
	return call_run(evaluation, &call, ret_value);
}

static int evaluate_arguments(struct evaluation *evaluation, const struct node *node,
	struct call *call)
{
	for (size_t i = 0; i < node->argument_count; i++) {
		size_t position = node->positions[i];
		struct value *value;

		if (position < CALL_PARAMETERS_MOST && (node->callable->flags & CALL_LAZY)) {
			call->nodes[position] = node->arguments[i].node;
			continue;
		}
		if (evaluate_defined(evaluation, node->arguments[i].node, &value) < 0)
			return -1;
		if (position < CALL_PARAMETERS_MOST)
			call->arguments[position] = value;
		else
			add_rest(evaluation->evaluator->scratch, call, value,
				node->arguments[i].keyword,
				node->argument_count);
	}
	return 0;
}

int evaluate_call(struct evaluation *evaluation, const struct node *node, struct value **ret_value)
{
	struct call call = { .callable = node->callable, .offset = node->offset };

	if (node->first && evaluate(evaluation, node->first, &call.input) < 0)
		return -1;
	if (node->first && !(node->callable->flags & CALL_UNDEFINED) &&
		evaluation_require(evaluation, call.input) < 0)
		return -1;
	call.registered = call.input && call.input->kind == VALUE_UNKNOWN &&
		node->first->kind == NODE_NAME &&
		scope_registered(evaluation->scope, node->first->name);
	if (evaluate_arguments(evaluation, node, &call) < 0)
		return -1;
	return call_run(evaluation, &call, ret_value);
}
