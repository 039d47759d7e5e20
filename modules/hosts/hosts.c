/* hosts: every machine knows every name, in one managed block of /etc/hosts, which several tasks and playbooks
 * may share. */
#include "modules/hosts/hosts.h"

#include "base/buffer.h"
#include "modules/errors.h"
#include "modules/shared/line_ends.h"

#include <arpa/inet.h>
#include <string.h>

enum hosts_step { HOSTS_WRITE, HOSTS_REMOVE };

static const char *const conflict_words[] = { "error", "take", "keep", NULL };
static const char *const state_words[] = { "present", "absent", NULL };

static const cyaml_strval_t conflict_choices[] = {
	{ "error", CONFLICT_ERROR }, { "take", CONFLICT_TAKE }, { "keep", CONFLICT_KEEP },
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param entry_table[] = {
	{ .name = "address", .kind = PARAM_STRING, .doc = "an address", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct hosts_extra, address) },
	{ .name = "names", .kind = PARAM_LIST, .doc = "its names", .flags = PARAM_REQUIRED,
		.into = INTO_LIST(struct hosts_extra, names) },
	{ 0 },
};

static const struct param hosts_table[] = {
	{ .name = "group", .kind = PARAM_PATTERN, .doc = "the hosts to list",
		.otherwise = "all", .into = INTO_TEXT(struct hosts_params, group) },
	{ .name = "domain", .kind = PARAM_STRING, .doc = "also add names with this domain",
		.into = INTO_TEXT(struct hosts_params, domain) },
	{ .name = "aliases", .kind = PARAM_BOOL,
		.doc = "also add the names in each host's variable aliases",
		.otherwise = "no", .into = INTO_BOOL(struct hosts_params, aliases) },
	{ .name = "extra", .kind = PARAM_RECORDS, .doc = "names of other machines",
		.otherwise = "", .entries = entry_table, .into = INTO_LIST(struct hosts_params, extra) },
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .otherwise = "/etc/hosts",
		.into = INTO_TEXT(struct hosts_params, path) },
	{ .name = "conflict", .kind = PARAM_CHOICE, .doc = "what becomes of others' lines that give "
		"one of these names another address", .otherwise = "error",
		.choices = conflict_words,
		.into = INTO_CHOICE(struct hosts_params, conflict, conflict_choices) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: remove these names; those of other tasks stay",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct hosts_params, present, state_choices) },
	{ .name = "entries", .kind = PARAM_RECORDS, .doc = "the group's names",
		.otherwise = "", .entries = entry_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct hosts_params, entries) },
	{ .name = "self", .kind = PARAM_STRING, .doc = "the machine's own name",
		.flags = PARAM_INTERNAL | PARAM_HOST, .into = INTO_TEXT(struct hosts_params, self) },
	{ .name = "part", .kind = PARAM_STRING, .doc = "which of the tasks of all playbooks this is",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct hosts_params, part) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "an entry goes back to what it was",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct hosts_params, undo) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "there was no file", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct hosts_params, made) },
	{ .name = "gone", .kind = PARAM_LIST, .doc = "names that go", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct hosts_params, gone) },
	{ .name = "back", .kind = PARAM_LIST, .doc = "entries that come back", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct hosts_params, back) },
	{ .name = "place", .kind = PARAM_INTEGER, .doc = "behind so many lines of the block",
		.otherwise = "-1", .flags = PARAM_INTERNAL,
		.into = INTO_NUMBER(struct hosts_params, place) },
	{ .name = "places", .kind = PARAM_LIST, .doc = "the place of each", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct hosts_params, places) },
	{ .name = "taken", .kind = PARAM_RECORDS, .doc = "lines of others that come back",
		.otherwise = "", .entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct hosts_params, taken) },
	{ 0 },
};

bool hosts_is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

bool hosts_is_name(const char *text)
{
	return *text && strcspn(text, " \t\r\n#") == strlen(text) && strlen(text) < HOSTS_NAME_SIZE;
}

static int hosts_check(const struct value *params, struct error *err)
{
	const struct value *extra = value_get(params, "extra");

	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++) {
		const struct value *address = value_get(extra->items[i], "address");
		const struct value *names = value_get(extra->items[i], "names");

		if (value_text(address) && !hosts_is_address(address->text))
			return error_at(err, TASK_INVALID_NAME, address->place, "invalid address '%s'",
				address->text);
		if (names && names->kind == VALUE_LIST && names->count == 0)
			return error_at(err, TASK_INVALID_VALUE, names->place, "an address of 'extra' has no "
				"names");
		for (size_t k = 0; names && names->kind == VALUE_LIST && k < names->count; k++) {
			if (value_text(names->items[k]) && !hosts_is_name(names->items[k]->text))
				return error_at(err, TASK_INVALID_NAME, names->items[k]->place, "invalid host name "
					"'%s'", names->items[k]->text);
		}
	}
	return 0;
}

void hosts_add_name(struct arena *arena, struct value *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(value_text(names->items[i]), name) == 0)
			return;
	}
	value_append(arena, names, value_string(arena, name));
}

static void add_resource(struct names *names, const struct hosts_params *want,
	const struct hosts_extra *entry)
{
	struct buffer all = {0};

	for (unsigned i = 0; i < entry->names_count; i++)
		buffer_printf(&all, " %s", entry->names[i]);
	names_add(names, "hosts-entry:%s:%s", want->path, entry->names[0]);
	names_wish(names, "%s%s %s", entry->address ? entry->address : "", all.data ? all.data : "",
		want->present ? "present" : "absent");
	buffer_free(&all);
}

static void hosts_resources(struct names *names, const void *params)
{
	const struct hosts_params *want = params;

	for (unsigned i = 0; i < want->entries_count; i++)
		add_resource(names, want, &want->entries[i]);
	for (unsigned i = 0; i < want->extra_count; i++)
		add_resource(names, want, &want->extra[i]);
	for (unsigned i = 0; i < want->gone_count; i++)
		names_add(names, "hosts-entry:%s:%s", want->path, want->gone[i]);
}

/* As long as there are entries, and an undo hasn't brought their line back. */
static int remember_own(struct host *host, const struct hosts_params *want,
	const struct hosts_state *have, struct error *err)
{
	struct value *record = value_map(host_arena(host));

	if (have->own->count == 0)
		return 0;
	value_set(host_arena(host), record, "own", have->own);
	return host_record_set(host, hosts_own_key(host_arena(host), want), want->present && !(want->undo
		&& want->taken_count > 0) ? record : NULL, err);
}

static void hosts_plan(struct plan *plan, const void *params, const void *state)
{
	const struct hosts_params *want = params;
	const struct hosts_state *have = state;

	if (have->info.kind != FILE_NONE && have->info.kind != FILE_REGULAR) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "make it a regular file",
			"'%s' is not a regular file", want->path);
		return;
	}
	if (have->broken) {
		plan_refuse(plan, HOST_FILE_INVALID, have->remedy, "'%s' %s", want->path, have->broken);
		return;
	}
	if (have->clash && have->clash_inside) {
		plan_refuse(plan, HOSTS_CLASH, "give it one address in all of them, or use conflict: take",
			"another task or playbook has an entry for %s in '%s': %s", have->clash_name, want->path,
			have->clash);
		return;
	}
	if (have->clash) {
		plan_refuse(plan, HOSTS_CLASH, "use conflict: take or conflict: keep, or "
			"remove the line", "'%s' has a line of its own for %s: %s", want->path,
			have->clash_name, have->clash);
		return;
	}
	if (strcmp(have->before, have->after) == 0)
		return;
	if (have->cloud)
		plan_note(plan, "cloud-init writes %s anew at the next start, as manage_etc_hosts tells it to: a "
			"second task with 'path: /etc/cloud/templates/hosts.debian.tmpl' keeps the names",
			want->path);
	if (want->made && !*have->after)
		plan_add(plan, HOSTS_REMOVE, want->path, "state", "file", "absent");
	else
		plan_add(plan, HOSTS_WRITE, want->path, "content", have->info.kind == FILE_NONE ? NULL
			: line_ends_as(plan_arena(plan), have->before, have->dos),
			line_ends_as(plan_arena(plan), have->after, have->dos))->flags
			|= have->info.kind == FILE_REGULAR && !(have->info.mode & 0004) ? CHANGE_SENSITIVE : 0;
}

static void tell_lists(struct arena *arena, const struct hosts_state *have, struct value *results)
{
	value_set(arena, results, "added", have->added);
	value_set(arena, results, "removed", have->removed);
}

static int hosts_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct hosts_params *want = params;
	const struct hosts_state *have = state;
	struct file_write write = {
		.path = want->path, .bytes = line_ends_as(host_arena(host), have->after, have->dos),
		.mode = have->info.kind == FILE_NONE ? 0644 : HOST_KEEP, .uid = HOST_KEEP,
		.gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	write.size = strlen(write.bytes);
	tell_lists(host_arena(host), have, results);
	if (remember_own(host, want, have, err) < 0)
		return -1;
	if (change->step == HOSTS_REMOVE)
		return host_remove(host, want->path, err);
	return host_write(host, &write, err);
}

static void hosts_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct hosts_state *have = state;

	(void)params;
	if (!value_get(results, "added"))
		tell_lists(arena, have, results);
	value_set(arena, results, "conflicts", have->conflicts);
}

/* A line of the block, and how many stand before it. */
struct block_line {
	const char *text;
	int place;
};

/* Name → the first line of the block that has it. */
static struct lookup lines_by_name(struct arena *arena, const char *inside)
{
	struct lookup lines = {0};

	for (int place = 0; *inside; inside += strcspn(inside, "\n") + 1, place++) {
		size_t size = strcspn(inside, "\n");
		struct value *words = hosts_line_words(arena, inside, size);
		struct block_line *line = arena_alloc(arena, sizeof(*line));

		*line = (struct block_line){ arena_bytes(arena, inside, size), place };
		for (size_t i = 1; i < words->count; i++) {
			if (!lookup_get(&lines, value_text(words->items[i])))
				lookup_put(arena, &lines, value_text(words->items[i]), line);
		}
	}
	return lines;
}

/* Then it comes back as that. */
static bool is_taken(const struct hosts_state *have, const char *line)
{
	for (size_t i = 0; i < have->taken->count; i++) {
		if (strcmp(value_get_string(have->taken->items[i], "line"), line) == 0)
			return true;
	}
	return false;
}

static void invert_entry(struct inverses *inverses, const struct hosts_params *want,
	const struct hosts_state *have, const struct lookup *lines, const struct hosts_extra *entry)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena), *gone = value_list(arena);
	struct value *back_lines = value_list(arena);
	struct value *taken = value_list(arena);
	const struct block_line *old = lookup_get(lines, entry->names[0]);

	if (old && is_taken(have, old->text))
		old = NULL;
	value_append(arena, gone, value_string(arena, entry->names[0]));
	if (old) {
		value_append(arena, back_lines, value_string(arena, old->text));
		value_set(arena, back, "place", value_printf(arena, "%d", old->place));
	}
	for (size_t i = 0; i < have->taken->count; i++) {
		if (hosts_is_one_of(value_text(have->taken_for->items[i]), entry->names, entry->names_count))
			value_append(arena, taken, have->taken->items[i]);
	}
	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "undo", "yes");
	/* What is taken away and comes back is this task's again. */
	if (want->part && *want->part)
		value_set_string(arena, back, "part", want->part);
	value_set_string(arena, back, "made", have->info.kind == FILE_NONE ? "yes" : "no");
	value_set(arena, back, "gone", gone);
	value_set(arena, back, "back", back_lines);
	value_set(arena, back, "taken", taken);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "hosts-entry:%s:%s", want->path, entry->names[0]),
		.params = back,
	});
}

static void hosts_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct hosts_params *want = params;
	const struct hosts_state *have = state;
	struct lookup lines = lines_by_name(inverses_arena(inverses), have->inside);

	for (unsigned i = 0; i < want->entries_count; i++)
		invert_entry(inverses, want, have, &lines, &want->entries[i]);
	for (unsigned i = 0; i < want->extra_count; i++)
		invert_entry(inverses, want, have, &lines, &want->extra[i]);
	for (unsigned i = 0; i < want->gone_count; i++)
		invert_entry(inverses, want, have, &lines, &(struct hosts_extra){ .names = &want->gone[i],
			.names_count = 1 });
}

static void append_all(struct arena *arena, struct value *params, const char *key,
	const struct value *list)
{
	for (size_t i = 0; i < value_item_count(list); i++)
		value_append(arena, value_get(params, key), value_copy(arena, value_item(list, i)));
}

/* The place of each line that comes back. */
static void set_places(struct arena *arena, struct value *params)
{
	struct value *places = value_list(arena);

	if (value_item_count(value_get(params, "back")) > 0)
		value_append(arena, places, value_string(arena, value_get_string(params, "place")
			? value_get_string(params, "place") : ""));
	value_set(arena, params, "places", places);
	if (value_get(params, "place"))
		value_remove(params, "place");
}

static bool same_word(const struct value *one, const struct value *other, const char *key)
{
	const char *word = value_get_string(one, key), *other_word = value_get_string(other, key);

	return word && other_word ? strcmp(word, other_word) == 0 : word == other_word;
}

/* Lines of others that came out go back one by one, each to its place. */
static bool hosts_join(struct arena *arena, struct value *params, const struct value *other)
{
	struct value *more;

	if (!value_get_string(params, "undo") || !same_word(params, other, "path")
			|| !same_word(params, other, "undo") || !same_word(params, other, "part")
			|| !same_word(params, other, "made") || value_item_count(value_get(other, "taken")) > 0
			|| value_item_count(value_get(params, "taken")) > 0)
		return false;
	if (!value_get(params, "places"))
		set_places(arena, params);
	more = value_copy(arena, other);
	set_places(arena, more);
	append_all(arena, params, "gone", value_get(more, "gone"));
	append_all(arena, params, "back", value_get(more, "back"));
	append_all(arena, params, "places", value_get(more, "places"));
	return true;
}

const struct module module_hosts = {
	.name = "hosts",
	.summary = "list every host of the inventory in /etc/hosts",
	.params = hosts_table,
	.params_size = sizeof(struct hosts_params),
	.content = "hosts-entry",
	.state_size = sizeof(struct hosts_state),
	.check = hosts_check,
	.prepare = hosts_prepare,
	.resources = hosts_resources,
	.inspect = hosts_inspect,
	.plan = hosts_plan,
	.apply = hosts_apply,
	.results = hosts_results,
	.invert = hosts_invert,
	.join = hosts_join,
};
