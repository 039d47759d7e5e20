/* hosts: every machine knows every name, in one managed block of /etc/hosts. */
#include "modules/managed_block.h"
#include "modules/module.h"

#include <arpa/inet.h>
#include <string.h>

#define BLOCK_BEGIN "# BEGIN beoplay hosts"
#define BLOCK_END "# END beoplay hosts"

enum { FILE_MOST = 16 << 20 };

enum hosts_conflict { CONFLICT_ERROR, CONFLICT_TAKE, CONFLICT_KEEP };

enum hosts_step { HOSTS_WRITE };

struct hosts_extra {
	char *address;
	char **names;
	unsigned names_count;
};

struct hosts_params {
	char *group;
	char *domain;
	bool aliases;
	struct hosts_extra *extra;
	unsigned extra_count;
	char *path;
	enum hosts_conflict conflict;
	bool present;
	struct hosts_extra *entries;     /* internal: of the group */
	unsigned entries_count;
	char *self;                      /* internal: the machine's own name */
	char **gone;                     /* internal, of an undo: names that go */
	unsigned gone_count;
	char **lines;                    /* internal, of an undo: lines that come back */
	unsigned lines_count;
};

struct hosts_state {
	bool there;
	struct file_info info;
	const char *before;              /* the whole file */
	const char *after;
	const char *clash;               /* a line of others about a name of ours; or NULL */
	const char *clash_name;
	struct value *added, *removed, *conflicts;   /* lists */
	struct value *taken;             /* lines that were taken away */
};

static const char *const conflict_words[] = { "error", "take", "keep", NULL };
static const char *const state_words[] = { "present", "absent", NULL };

static const struct param entry_table[] = {
	{ .name = "address", .kind = PARAM_STRING, .doc = "an address", .flags = PARAM_REQUIRED },
	{ .name = "names", .kind = PARAM_LIST, .doc = "its names", .flags = PARAM_REQUIRED },
	{ 0 },
};

static const struct param hosts_table[] = {
	{ .name = "group", .kind = PARAM_PATTERN, .doc = "the hosts that are known by name",
		.otherwise = "all" },
	{ .name = "domain", .kind = PARAM_STRING, .doc = "names get this domain, too" },
	{ .name = "aliases", .kind = PARAM_BOOL, .doc = "take each host's variable aliases",
		.otherwise = "no" },
	{ .name = "extra", .kind = PARAM_RECORDS, .doc = "names of other machines",
		.otherwise = "", .entries = entry_table },
	{ .name = "path", .kind = PARAM_PATH, .doc = "the file", .otherwise = "/etc/hosts" },
	{ .name = "conflict", .kind = PARAM_CHOICE, .doc = "what becomes of others' lines that give "
		"one of these names another address", .otherwise = "error",
		.choices = conflict_words },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: the block goes",
		.otherwise = "present", .choices = state_words },
	{ .name = "entries", .kind = PARAM_RECORDS, .doc = "the group's names",
		.otherwise = "", .entries = entry_table, .flags = PARAM_INTERNAL },
	{ .name = "self", .kind = PARAM_STRING, .doc = "the machine's own name", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ .name = "gone", .kind = PARAM_LIST, .doc = "names that go", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ .name = "lines", .kind = PARAM_LIST, .doc = "lines that come back", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ 0 },
};

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t entry_fields[] = {
	CYAML_FIELD_STRING_PTR("address", CYAML_FLAG_POINTER, struct hosts_extra, address, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("names", CYAML_FLAG_POINTER, struct hosts_extra, names, &word_schema, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t entry_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct hosts_extra, entry_fields),
};

static const cyaml_strval_t conflict_choices[] = {
	{ "error", CONFLICT_ERROR }, { "take", CONFLICT_TAKE }, { "keep", CONFLICT_KEEP },
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const cyaml_schema_field_t hosts_fields[] = {
	CYAML_FIELD_STRING_PTR("group", CYAML_FLAG_POINTER, struct hosts_params, group, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("domain", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct hosts_params, domain, 0, CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("aliases", CYAML_FLAG_DEFAULT, struct hosts_params, aliases),
	CYAML_FIELD_SEQUENCE("extra", CYAML_FLAG_POINTER, struct hosts_params, extra, &entry_schema, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("path", CYAML_FLAG_POINTER, struct hosts_params, path, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_ENUM("conflict", CYAML_FLAG_STRICT, struct hosts_params, conflict,
		conflict_choices, 3),
	CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct hosts_params, present, state_choices, 2),
	CYAML_FIELD_SEQUENCE("entries", CYAML_FLAG_POINTER, struct hosts_params, entries,
		&entry_schema, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("self", CYAML_FLAG_POINTER, struct hosts_params, self, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("gone", CYAML_FLAG_POINTER, struct hosts_params, gone, &word_schema, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("lines", CYAML_FLAG_POINTER, struct hosts_params, lines, &word_schema, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static bool is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* hosts(5): a name has no blanks and no #. */
static bool is_name(const char *text)
{
	return *text && strcspn(text, " \t\r\n#") == strlen(text) && strlen(text) < 256;
}

static int hosts_check(const struct value *params, struct error *err)
{
	const struct value *extra = value_get(params, "extra");

	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++) {
		const struct value *address = value_get(extra->items[i], "address");
		const struct value *names = value_get(extra->items[i], "names");

		if (value_text(address) && !is_address(address->text))
			return error_at(err, address->place, "'%s' is no address", address->text);
		for (size_t k = 0; names && names->kind == VALUE_LIST && k < names->count; k++) {
			if (value_text(names->items[k]) && !is_name(names->items[k]->text))
				return error_at(err, names->items[k]->place, "'%s' is no name of a host",
					names->items[k]->text);
		}
	}
	return 0;
}

/* --- On the controller */

static void add_name(struct arena *arena, struct value *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(value_text(names->items[i]), name) == 0)
			return;
	}
	value_append(arena, names, value_string(arena, name));
}

static int add_aliases(struct prepare *prepare, const char *host, struct value *names,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *aliases;

	if (prepare_variable(prepare, host, "aliases", &aliases, err) < 0)
		return -1;
	if (!aliases)
		return 0;
	if (value_text(aliases)) {
		add_name(arena, names, value_text(aliases));
		return 0;
	}
	for (size_t i = 0; aliases->kind == VALUE_LIST && i < aliases->count; i++) {
		if (!value_text(aliases->items[i]) || !is_name(value_text(aliases->items[i])))
			return error_set(err, ERROR_TEXT, "the variable aliases of %s holds what is no name",
				host);
		add_name(arena, names, value_text(aliases->items[i]));
	}
	return 0;
}

static int add_entry(struct prepare *prepare, const char *host, const struct value *params,
	struct value *entries, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *domain = value_get_string(params, "domain");
	struct value *entry = value_map(arena), *names = value_list(arena);
	const char *address;

	if (prepare_address(prepare, host, &address, err) < 0)
		return -1;
	if (!is_address(address)) {
		error_set(err, ERROR_TEXT, "the inventory has no address of %s", host);
		return error_remedy(err, "give it one: ansible_host: 10.0.0.1");
	}
	if (domain && *domain)
		add_name(arena, names, arena_printf(arena, "%s.%s", host, domain));
	add_name(arena, names, host);
	if (value_get_string(params, "aliases")
			&& strcmp(value_get_string(params, "aliases"), "true") == 0
			&& add_aliases(prepare, host, names, err) < 0)
		return -1;
	value_set_string(arena, entry, "address", address);
	value_set(arena, entry, "names", names);
	value_append(arena, entries, entry);
	return 0;
}

static int hosts_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *hosts, *entries = value_list(arena);

	if (prepare_hosts(prepare, value_get_string(params, "group"), &hosts, err) < 0)
		return error_place(err, value_get(params, "group")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		if (add_entry(prepare, value_text(hosts->items[i]), params, entries, err) < 0)
			return -1;
	}
	value_set(arena, params, "entries", entries);
	value_set_string(arena, params, "self", prepare_host(prepare));
	return 0;
}

/* --- On the node */

static void hosts_resources(struct names *names, const void *params)
{
	const struct hosts_params *want = params;

	for (unsigned i = 0; i < want->entries_count; i++)
		names_add(names, "hosts-entry:%s:%s", want->path, want->entries[i].names[0]);
	for (unsigned i = 0; i < want->extra_count; i++)
		names_add(names, "hosts-entry:%s:%s", want->path, want->extra[i].names[0]);
}

static void add_line(struct arena *arena, const struct hosts_extra *entry, const char **text)
{
	*text = arena_printf(arena, "%s%s", *text, entry->address);
	for (unsigned i = 0; i < entry->names_count; i++)
		*text = arena_printf(arena, "%s %s", *text, entry->names[i]);
	*text = arena_printf(arena, "%s\n", *text);
}

/* Words of a line before any comment. */
static struct value *line_words(struct arena *arena, const char *line, size_t size)
{
	struct value *words = value_list(arena);
	size_t at = 0;

	while (at < size && line[at] != '#') {
		size_t start;

		while (at < size && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r'))
			at++;
		start = at;
		while (at < size && !strchr(" \t\r#", line[at]))
			at++;
		if (at > start)
			value_append(arena, words, value_bytes(arena, line + start, at - start));
	}
	return words;
}

static const char *wished_address(const struct hosts_params *want, const char *name)
{
	for (unsigned i = 0; i < want->entries_count; i++) {
		for (unsigned k = 0; k < want->entries[i].names_count; k++) {
			if (strcmp(want->entries[i].names[k], name) == 0)
				return want->entries[i].address;
		}
	}
	for (unsigned i = 0; i < want->extra_count; i++) {
		for (unsigned k = 0; k < want->extra[i].names_count; k++) {
			if (strcmp(want->extra[i].names[k], name) == 0)
				return want->extra[i].address;
		}
	}
	return NULL;
}

/* Whether a line of others stays. 127.0.1.1 with the machine's own name misleads MPI and NFS. */
static bool line_stays(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *line, size_t size)
{
	struct value *words = line_words(arena, line, size);
	const char *address = words->count > 0 ? value_text(words->items[0]) : "";

	for (size_t i = 1; want->present && i < words->count; i++) {
		const char *name = value_text(words->items[i]);
		const char *wished = wished_address(want, name);
		bool own = strcmp(name, want->self) == 0 && strcmp(address, "127.0.1.1") == 0;

		if (!own && (!wished || strcmp(wished, address) == 0))
			continue;
		if (own || want->conflict == CONFLICT_TAKE) {
			value_append(arena, have->taken, value_bytes(arena, line, size));
			return false;
		}
		value_append(arena, have->conflicts, value_bytes(arena, line, size));
		if (want->conflict == CONFLICT_ERROR && !have->clash) {
			have->clash = arena_bytes(arena, line, size);
			have->clash_name = name;
		}
	}
	return true;
}

static const char *others_lines(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have)
{
	struct managed_block block = managed_block_find(arena, have->before, BLOCK_BEGIN, BLOCK_END);
	const char *kept = "", *line = have->before;

	while (*line) {
		size_t size = strcspn(line, "\n");
		size_t at = (size_t)(line - have->before);
		size_t whole = size + (line[size] == '\n');

		if ((block.there && at >= block.start && at < block.end)
				|| line_stays(arena, want, have, line, size))
			kept = arena_printf(arena, "%s%.*s", kept, (int)whole, line);
		line += whole;
	}
	return kept;
}

/* Lines of the block that an undo leaves. */
static const char *without_gone(struct arena *arena, const struct hosts_params *want,
	const char *inside)
{
	const char *kept = "";

	while (*inside) {
		size_t size = strcspn(inside, "\n");
		struct value *words = line_words(arena, inside, size);
		bool gone = false;

		for (unsigned i = 0; words->count > 1 && i < want->gone_count; i++)
			gone = gone || strcmp(want->gone[i], value_text(words->items[1])) == 0;
		if (!gone)
			kept = arena_printf(arena, "%s%.*s\n", kept, (int)size, inside);
		inside += size + (inside[size] == '\n');
	}
	return kept;
}

static const char *wished_block(struct arena *arena, const struct hosts_params *want,
	const char *inside)
{
	const char *text = "";

	if (want->gone_count > 0) {
		text = without_gone(arena, want, inside);
		return *text ? text : NULL;
	}
	if (!want->present)
		return NULL;
	for (unsigned i = 0; i < want->entries_count; i++)
		add_line(arena, &want->entries[i], &text);
	for (unsigned i = 0; i < want->extra_count; i++)
		add_line(arena, &want->extra[i], &text);
	return text;
}

/* Names of lines in one that the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	while (*one) {
		size_t size = strcspn(one, "\n");
		const char *line = arena_printf(arena, "%.*s\n", (int)size, one);
		struct value *words = line_words(arena, one, size);

		if (words->count > 1 && !strstr(other, line))
			value_append(arena, names, words->items[1]);
		one += size + (one[size] == '\n');
	}
}

static const char *with_lines(struct arena *arena, const struct hosts_params *want,
	const char *text)
{
	for (unsigned i = 0; i < want->lines_count; i++) {
		if (!strstr(text, want->lines[i]))
			text = arena_printf(arena, "%s\n%s", want->lines[i], text);
	}
	return text;
}

static int hosts_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct hosts_params *want = params;
	struct hosts_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct managed_block block;
	const char *kept, *inside;
	char *bytes = arena_string(arena, "");
	size_t size;

	have->added = value_list(arena);
	have->removed = value_list(arena);
	have->conflicts = value_list(arena);
	have->taken = value_list(arena);
	if (host_stat(host, want->path, &have->info, err) < 0)
		return -1;
	have->there = have->info.kind != FILE_NONE;
	if (have->there && host_read(host, want->path, FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	have->before = bytes;
	kept = others_lines(arena, want, have);
	block = managed_block_find(arena, kept, BLOCK_BEGIN, BLOCK_END);
	inside = wished_block(arena, want, block.inside);
	have->after = with_lines(arena, want, block.there || inside ? managed_block_set(arena, kept,
		BLOCK_BEGIN, BLOCK_END, inside) : kept);
	tell_difference(arena, inside ? inside : "", block.inside, have->added);
	tell_difference(arena, block.inside, inside ? inside : "", have->removed);
	return 0;
}

static void hosts_plan(struct plan *plan, const void *params, const void *state)
{
	const struct hosts_params *want = params;
	const struct hosts_state *have = state;

	if (have->there && have->info.kind != FILE_REGULAR) {
		plan_refuse(plan, "make it a regular file", "'%s' is no regular file", want->path);
		return;
	}
	if (have->clash) {
		plan_refuse(plan, "say conflict: take or conflict: keep, or remove the line",
			"'%s' has a line of its own for %s: %s", want->path, have->clash_name, have->clash);
		return;
	}
	if (strcmp(have->before, have->after) != 0)
		plan_add(plan, HOSTS_WRITE, want->path, "content", have->there ? have->before : NULL,
			have->after);
}

static int hosts_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct hosts_params *want = params;
	const struct hosts_state *have = state;
	struct file_write write = {
		.path = want->path, .bytes = have->after, .size = strlen(have->after),
		.mode = have->there ? HOST_KEEP : 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
		.mtime = HOST_KEEP,
	};

	(void)change;
	value_set(host_arena(host), results, "added", have->added);
	value_set(host_arena(host), results, "removed", have->removed);
	return host_write(host, &write, err);
}

static void hosts_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct hosts_state *have = state;

	(void)params;
	if (!value_get(results, "added")) {
		value_set(arena, results, "added", have->added);
		value_set(arena, results, "removed", have->removed);
	}
	value_set(arena, results, "conflicts", have->conflicts);
}

static void invert_entry(struct inverses *inverses, const struct hosts_params *want,
	const struct hosts_state *have, const struct hosts_extra *entry, bool first)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena), *gone = value_list(arena);

	value_append(arena, gone, value_string(arena, entry->names[0]));
	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "state", "absent");
	value_set(arena, back, "gone", gone);
	if (first && have->taken->count > 0)
		value_set(arena, back, "lines", value_copy(arena, have->taken));
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "hosts-entry:%s:%s", want->path, entry->names[0]),
		.params = back,
	});
}

static void hosts_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct hosts_params *want = params;

	for (unsigned i = 0; i < want->entries_count; i++)
		invert_entry(inverses, want, state, &want->entries[i], i == 0);
	for (unsigned i = 0; i < want->extra_count; i++)
		invert_entry(inverses, want, state, &want->extra[i], want->entries_count + i == 0);
}

const struct module module_hosts = {
	.name = "hosts",
	.summary = "every machine knows every name: /etc/hosts",
	.params = hosts_table,
	.fields = hosts_fields,
	.params_size = sizeof(struct hosts_params),
	.state_size = sizeof(struct hosts_state),
	.check = hosts_check,
	.prepare = hosts_prepare,
	.resources = hosts_resources,
	.inspect = hosts_inspect,
	.plan = hosts_plan,
	.apply = hosts_apply,
	.results = hosts_results,
	.invert = hosts_invert,
};
