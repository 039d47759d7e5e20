/* hosts: every machine knows every name, in one managed block of /etc/hosts. */
#include "base/buffer.h"
#include "modules/errors.h"
#include "modules/shared/line_ends.h"
#include "modules/shared/managed_block.h"
#include "modules/shared/taken_line.h"

#include <arpa/inet.h>
#include <string.h>

#define BLOCK_BEGIN "# BEGIN beoplay hosts"
#define BLOCK_END "# END beoplay hosts"

enum { FILE_MOST = 16 << 20, CLOUD_MOST = 1 << 20, NAME_SIZE = 256 };

enum hosts_conflict { CONFLICT_ERROR, CONFLICT_TAKE, CONFLICT_KEEP };

enum hosts_step { HOSTS_WRITE, HOSTS_REMOVE };

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
	char *self;                      /* internal: the machine's own name; NULL: of an undo */
	/* Internal, of an undo: */
	bool undo;
	bool made;                       /* the file was not there before */
	char **gone;                     /* names that go from the block */
	unsigned gone_count;
	char **back;                     /* lines that come back into it */
	unsigned back_count;
	int place;                       /* where; -1: at the end */
	struct taken_line *taken;        /* lines of others that come back */
	unsigned taken_count;
};

struct hosts_state {
	struct file_info info;
	const char *before;              /* the whole file; "" where there is none */
	const char *after;
	bool dos;                        /* lines end with \r\n, here with \n */
	const char *inside;              /* of the block, before */
	struct lookup wished;            /* small letters of a name → its address */
	bool broken;                     /* the block's end is missing */
	bool cloud;                      /* cloud-init writes the file, too */
	const char *clash;               /* a line of others about a name of ours; or NULL */
	const char *clash_name;
	struct value *added, *removed, *conflicts;   /* lists */
	struct value *taken;             /* records of lines that are taken away */
	struct value *taken_for;         /* for which name, each */
	struct value *own;               /* names of the machine that only a line said which was taken */
};

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
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: remove the block",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct hosts_params, present, state_choices) },
	{ .name = "entries", .kind = PARAM_RECORDS, .doc = "the group's names",
		.otherwise = "", .entries = entry_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct hosts_params, entries) },
	{ .name = "self", .kind = PARAM_STRING, .doc = "the machine's own name",
		.flags = PARAM_INTERNAL | PARAM_HOST, .into = INTO_TEXT(struct hosts_params, self) },
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
	{ .name = "taken", .kind = PARAM_RECORDS, .doc = "lines of others that come back",
		.otherwise = "", .entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct hosts_params, taken) },
	{ 0 },
};

static bool is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* hosts(5): a name has no blanks and no #. */
static bool is_name(const char *text)
{
	return *text && strcspn(text, " \t\r\n#") == strlen(text) && strlen(text) < NAME_SIZE;
}

static int hosts_check(const struct value *params, struct error *err)
{
	const struct value *extra = value_get(params, "extra");

	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++) {
		const struct value *address = value_get(extra->items[i], "address");
		const struct value *names = value_get(extra->items[i], "names");

		if (value_text(address) && !is_address(address->text))
			return error_at(err, TASK_INVALID_NAME, address->place, "invalid address '%s'",
				address->text);
		if (names && names->kind == VALUE_LIST && names->count == 0)
			return error_at(err, TASK_INVALID_VALUE, names->place, "an address of 'extra' has no "
				"names");
		for (size_t k = 0; names && names->kind == VALUE_LIST && k < names->count; k++) {
			if (value_text(names->items[k]) && !is_name(names->items[k]->text))
				return error_at(err, TASK_INVALID_NAME, names->items[k]->place, "invalid host name "
					"'%s'", names->items[k]->text);
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
	if (value_text(aliases)) {
		struct value *list = value_list(arena);

		value_append(arena, list, aliases);
		aliases = list;
	}
	for (size_t i = 0; i < value_item_count(aliases); i++) {
		const struct value *alias = value_item(aliases, i);

		if (!value_text(alias) || !is_name(value_text(alias)))
			return error_set(err, TASK_INVALID_NAME, "the variable aliases of %s has an invalid "
				"name", host);
		if (prepare_claim(prepare, host, alias, err) < 0)
			return -1;
		add_name(arena, names, value_text(alias));
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
		error_set(err, HOSTS_NO_ADDRESS, "the inventory has no address of %s", host);
		return error_remedy(err, "give it one: ansible_host: 10.0.0.1");
	}
	if (domain && *domain && !is_name(domain))
		return error_set(err, TASK_INVALID_NAME, "invalid domain '%.200s'", domain);
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

/* "site.yml:12", for people. */
static const char *place_of(struct arena *arena, struct place place)
{
	return place.file ? arena_printf(arena, "%s:%u", place.file, place.line) : "the inventory";
}

/* Where the inventory says the address of a host. */
static struct place place_of_address(struct prepare *prepare, const char *host)
{
	static const char *const variables[] = { "cluster_address", "ansible_host" };
	struct value *value;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		if (prepare_variable(prepare, host, variables[i], &value, NULL) == 0 && value)
			return value->place;
	}
	return (struct place){0};
}

/* Open MPI, NFS and everybody who asks who an address is get one of the two at random. */
static int check_addresses(struct prepare *prepare, const struct value *hosts,
	const struct value *entries, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *owners = value_map(arena);   /* by address */

	for (size_t i = 0; i < entries->count; i++) {
		const char *address = value_get_string(entries->items[i], "address");
		const char *one = value_get_string(owners, address), *other = value_text(hosts->items[i]);

		if (one) {
			error_at(err, INVENTORY_ADDRESS_CONFLICT, place_of_address(prepare, other),
				"%s has the address %s of %s (%s)", other, address, one, place_of(arena,
				place_of_address(prepare, one)));
			return error_remedy(err, "give one of them its own: cluster_address: 10.0.0.2");
		}
		value_set(arena, owners, address, hosts->items[i]);
	}
	return 0;
}

static bool has_name(const struct value *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcasecmp(value_text(names->items[i]), name) == 0)
			return true;
	}
	return false;
}

/* A name that is said twice would have two addresses, or the first one only. */
static int check_name(struct prepare *prepare, const struct value *hosts,
	const struct value *entries, const struct value *extra, size_t upto, const struct value *name,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);

	for (size_t i = 0; i < entries->count; i++) {
		const char *host = value_text(hosts->items[i]);

		if (!has_name(value_get(entries->items[i], "names"), value_text(name)))
			continue;
		error_at(err, INVENTORY_ADDRESS_CONFLICT, name->place, "'%s' is a name of %s already (%s)",
			value_text(name), host, place_of(arena, place_of_address(prepare, host)));
		return error_remedy(err, "take it out here, or name the host otherwise");
	}
	for (size_t i = 0; i < upto; i++) {
		const struct value *names = value_get(extra->items[i], "names");

		if (!has_name(names, value_text(name)))
			continue;
		error_at(err, INVENTORY_ADDRESS_CONFLICT, name->place, "'%s' is named in 'extra' twice "
			"(%s)", value_text(name), place_of(arena, names->place));
		return error_remedy(err, "a name has one address: take one of them out");
	}
	return 0;
}

static int check_extra(struct prepare *prepare, const struct value *hosts,
	const struct value *entries, const struct value *extra, struct error *err)
{
	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++) {
		const struct value *names = value_get(extra->items[i], "names");

		for (size_t k = 0; names && names->kind == VALUE_LIST && k < names->count; k++) {
			if (value_text(names->items[k]) && check_name(prepare, hosts, entries, extra, i,
					names->items[k], err) < 0)
				return -1;
		}
	}
	return 0;
}

static int hosts_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *hosts, *entries = value_list(arena);

	if (value_get_string(params, "undo") && strcmp(value_get_string(params, "undo"), "true") == 0)
		return 0;
	if (prepare_hosts(prepare, value_get_string(params, "group"), &hosts, err) < 0)
		return error_place(err, value_get(params, "group")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		if (add_entry(prepare, value_text(hosts->items[i]), params, entries, err) < 0)
			return -1;
	}
	if (check_addresses(prepare, hosts, entries, err) < 0 || check_extra(prepare, hosts, entries,
			value_get(params, "extra"), err) < 0)
		return -1;
	value_set(arena, params, "entries", entries);
	return 0;
}

/* --- On the node */

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
}

static char *small_letters(char *name)
{
	for (char *at = name; *at; at++)
		*at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
	return name;
}

/* The first address of a name counts. */
static void learn_wish(struct arena *arena, struct hosts_state *have,
	const struct hosts_extra *entry)
{
	for (unsigned i = 0; i < entry->names_count; i++) {
		char *name = small_letters(arena_string(arena, entry->names[i]));

		if (!lookup_get(&have->wished, name))
			lookup_put(arena, &have->wished, name, entry->address);
	}
}

static void learn_wishes(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have)
{
	for (unsigned i = 0; i < want->entries_count; i++)
		learn_wish(arena, have, &want->entries[i]);
	for (unsigned i = 0; i < want->extra_count; i++)
		learn_wish(arena, have, &want->extra[i]);
}

/* NULL: none is wished. */
static const char *wished_address(const struct hosts_state *have, const char *name)
{
	char small[NAME_SIZE];

	if (strlen(name) >= sizeof(small))
		return NULL;
	return lookup_get(&have->wished, small_letters(strcpy(small, name)));
}

/* A name with a domain comes first: that is the one that hostname -f tells. */
static void add_own(struct buffer *text, const struct hosts_state *have, bool full)
{
	for (size_t i = 0; i < have->own->count; i++) {
		const char *name = value_text(have->own->items[i]);

		if ((strchr(name, '.') != NULL) == full && !wished_address(have, name))
			buffer_printf(text, " %s", name);
	}
}

static bool is_self(const struct hosts_params *want, const struct hosts_extra *entry)
{
	for (unsigned i = 0; want->self && i < entry->names_count; i++) {
		if (strcasecmp(entry->names[i], want->self) == 0)
			return true;
	}
	return false;
}

static void add_entry_line(struct buffer *text, const struct hosts_params *want,
	const struct hosts_extra *entry, const struct hosts_state *have)
{
	bool self = is_self(want, entry), full = strchr(entry->names[0], '.') != NULL;

	buffer_add_string(text, entry->address);
	if (self && !full)
		add_own(text, have, true);
	for (unsigned i = 0; i < entry->names_count; i++)
		buffer_printf(text, " %s", entry->names[i]);
	if (self && full)
		add_own(text, have, true);
	if (self)
		add_own(text, have, false);
	buffer_add_char(text, '\n');
}

/* The buffer's text, in the arena. */
static const char *settle(struct arena *arena, struct buffer *text)
{
	const char *settled = arena_bytes(arena, text->data ? text->data : "", text->size);

	buffer_free(text);
	return settled;
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

/* The address and the names that are kept, with the comment; NULL if no name is. */
static const char *line_without(struct arena *arena, const char *line, size_t size,
	const struct value *gone)
{
	struct buffer kept = {0};
	unsigned words = 0;
	size_t at = 0;

	while (at < size && line[at] != '#') {
		size_t start = at, word;
		bool goes = false;

		while (at < size && strchr(" \t\r", line[at]))
			at++;
		word = at;
		while (at < size && !strchr(" \t\r#", line[at]))
			at++;
		for (size_t i = 0; i < gone->count; i++)
			goes = goes || (gone->items[i]->size == at - word
				&& strncmp(gone->items[i]->text, line + word, at - word) == 0);
		if (!goes)
			buffer_add(&kept, line + start, at - start);
		words += !goes && at > word;
	}
	if (at < size)
		buffer_printf(&kept, "%s%.*s", kept.size > 0 && kept.data[kept.size - 1] != ' ' ? " " : "",
			(int)(size - at), line + at);
	if (words < 2) {
		buffer_free(&kept);
		return NULL;
	}
	return settle(arena, &kept);
}

static void take_line(struct arena *arena, struct hosts_state *have, const char *line,
	const char *instead, struct value *name)
{
	taken_line_add(arena, have->taken, have->before, line, instead);
	value_append(arena, have->taken_for, name);
}

static void keep_own(struct arena *arena, struct hosts_state *have, const struct value *words)
{
	for (size_t i = 1; i < words->count; i++) {
		if (!wished_address(have, value_text(words->items[i])))
			add_name(arena, have->own, value_text(words->items[i]));
	}
}

/* What a line of others becomes: itself, less, or NULL. 127.0.1.1 with the machine's own name
 * misleads MPI and NFS, so that one always goes; its other names, as that with the domain, are the
 * machine's by then. */
static const char *line_of_others(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *line, size_t size)
{
	struct value *words = line_words(arena, line, size), *gone = value_list(arena);
	const char *address = words->count > 0 ? value_text(words->items[0]) : "";
	const char *instead;

	for (size_t i = 1; want->present && i < words->count; i++) {
		const char *name = value_text(words->items[i]);
		const char *wished = wished_address(have, name);

		if (!wished || strcmp(wished, address) == 0)
			continue;
		if (want->self && strcasecmp(name, want->self) == 0 && strcmp(address, "127.0.1.1") == 0) {
			keep_own(arena, have, words);
			take_line(arena, have, line, NULL, words->items[i]);
			return NULL;
		}
		value_append(arena, gone, words->items[i]);
	}
	if (gone->count == 0)
		return line;
	if (want->conflict == CONFLICT_TAKE) {
		instead = line_without(arena, line, size, gone);
		take_line(arena, have, line, instead, gone->items[0]);
		return instead;
	}
	value_append(arena, have->conflicts, value_bytes(arena, line, size));
	if (want->conflict == CONFLICT_ERROR && !have->clash) {
		have->clash = arena_bytes(arena, line, size);
		have->clash_name = value_text(gone->items[0]);
	}
	return line;
}

/* The file with the block as it is and the lines of others as they are going to be. */
static const char *with_others(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const struct managed_block *block)
{
	struct buffer text = {0};

	for (const char *line = have->before; *line;) {
		size_t size = strcspn(line, "\n");
		size_t at = (size_t)(line - have->before);
		const char *becomes = block->there && at >= block->start && at < block->end ? line
			: line_of_others(arena, want, have, line, size);

		if (becomes == line)
			buffer_add(&text, line, size);
		else if (becomes)
			buffer_add_string(&text, becomes);
		if (becomes && line[size] == '\n')
			buffer_add_char(&text, '\n');
		line += size + (line[size] == '\n');
	}
	return settle(arena, &text);
}

/* The first name of a line; "" if there is none. */
static const char *first_name(struct arena *arena, const char *line)
{
	struct value *words = line_words(arena, line, strcspn(line, "\n"));

	return words->count > 1 ? value_text(words->items[1]) : "";
}

static bool is_one_of(const char *name, char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Whether a line of the block is the entry of one of these. */
static bool is_entry_of(struct arena *arena, const char *line, char *const *names, unsigned count)
{
	struct value *words = line_words(arena, line, strcspn(line, "\n"));

	for (size_t i = 1; i < words->count; i++) {
		if (is_one_of(value_text(words->items[i]), names, count))
			return true;
	}
	return false;
}

/* The block after an undo; NULL: there is none. */
static void add_back(struct buffer *text, const struct hosts_params *want)
{
	for (unsigned i = 0; i < want->back_count; i++) {
		if (!managed_block_has_line(text->data ? text->data : "", want->back[i],
				strlen(want->back[i])))
			buffer_printf(text, "%s\n", want->back[i]);
	}
}

static const char *undone_block(struct arena *arena, const struct hosts_params *want,
	const char *inside)
{
	struct buffer text = {0};

	for (int line = 0; *inside; inside += strcspn(inside, "\n") + 1) {
		if (is_entry_of(arena, inside, want->gone, want->gone_count))
			continue;
		if (line++ == want->place)
			add_back(&text, want);
		buffer_printf(&text, "%.*s\n", (int)strcspn(inside, "\n"), inside);
	}
	add_back(&text, want);
	if (text.size > 0)
		return settle(arena, &text);
	buffer_free(&text);
	return NULL;
}

static const char *wished_block(struct arena *arena, const struct hosts_params *want,
	const struct hosts_state *have, const char *inside)
{
	struct buffer text = {0};

	if (want->undo)
		return undone_block(arena, want, inside);
	if (!want->present)
		return NULL;
	for (unsigned i = 0; i < want->entries_count; i++)
		add_entry_line(&text, want, &want->entries[i], have);
	for (unsigned i = 0; i < want->extra_count; i++)
		add_entry_line(&text, want, &want->extra[i], have);
	return settle(arena, &text);
}

/* First names of lines in one that the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	struct lookup lines = managed_block_lines(arena, other);

	for (; *one; one += strcspn(one, "\n") + 1) {
		if (!lookup_get(&lines, arena_bytes(arena, one, strcspn(one, "\n"))))
			value_append(arena, names, value_string(arena, first_name(arena, one)));
	}
}

/* cloud-init(1) writes /etc/hosts at each start where manage_etc_hosts says so. */
static int look_at_cloud(struct host *host, const char *path, bool *ret_cloud, struct error *err)
{
	struct file_info info;
	const char *found;
	char *text;
	size_t size;

	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR || info.size > CLOUD_MOST)
		return 0;
	if (host_read(host, path, CLOUD_MOST, &text, &size, err) < 0)
		return -1;
	for (; *text; text += *text == '\n') {
		size_t blank = strspn(text, " \t");

		found = strncmp(text + blank, "manage_etc_hosts:", 17) == 0 ? text + blank + 17 : NULL;
		if (found)
			*ret_cloud = strncasecmp(found + strspn(found, " \t\"'"), "false", 5) != 0;
		text += strcspn(text, "\n");
	}
	return 0;
}

static int look_for_cloud(struct host *host, bool *ret_cloud, struct error *err)
{
	static const char directory[] = "/etc/cloud/cloud.cfg.d";
	struct file_name *names;
	struct file_info info;
	size_t count;

	if (look_at_cloud(host, "/etc/cloud/cloud.cfg", ret_cloud, err) < 0
			|| host_stat(host, directory, &info, err) < 0)
		return -1;
	if (info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, directory, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(host_arena(host), "%s/%s", directory, names[i].name);

		if (look_at_cloud(host, path, ret_cloud, err) < 0)
			return -1;
	}
	return 0;
}

static void compose(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have)
{
	struct managed_block block = managed_block_find(arena, have->before, BLOCK_BEGIN, BLOCK_END);
	const char *text, *inside;

	have->broken = block.broken;
	have->inside = block.inside;
	learn_wishes(arena, want, have);
	have->after = have->before;
	if (block.broken)
		return;
	text = want->undo ? have->before : with_others(arena, want, have, &block);
	inside = wished_block(arena, want, have, block.inside);
	if (block.there || inside)
		text = managed_block_set(arena, text, BLOCK_BEGIN, BLOCK_END, inside);
	have->after = taken_lines_restore(arena, text, want->taken, want->taken_count);
	tell_difference(arena, inside ? inside : "", block.inside, have->added);
	tell_difference(arena, block.inside, inside ? inside : "", have->removed);
}

static const char *own_key(struct arena *arena, const struct hosts_params *want)
{
	return arena_printf(arena, "hosts:%s", want->path);
}

/* Names from a line that an earlier run took. */
static int look_at_own(struct host *host, const struct hosts_params *want,
	struct hosts_state *have, struct error *err)
{
	struct value *record, *names;

	if (host_record_get(host, own_key(host_arena(host), want), &record, err) < 0)
		return -1;
	names = value_get(record, "own");
	for (size_t i = 0; names && names->kind == VALUE_LIST && i < names->count; i++) {
		if (value_text(names->items[i]) && is_name(value_text(names->items[i])))
			add_name(host_arena(host), have->own, value_text(names->items[i]));
	}
	return 0;
}

/* As long as the block is there, and an undo hasn't brought their line back. */
static int remember_own(struct host *host, const struct hosts_params *want,
	const struct hosts_state *have, struct error *err)
{
	struct value *record = value_map(host_arena(host));

	if (have->own->count == 0)
		return 0;
	value_set(host_arena(host), record, "own", have->own);
	return host_record_set(host, own_key(host_arena(host), want), want->present && !(want->undo
		&& want->taken_count > 0) ? record : NULL, err);
}

static int hosts_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct hosts_params *want = params;
	struct hosts_state *have = ret_state;
	struct arena *arena = host_arena(host);
	char *bytes = arena_string(arena, "");

	have->added = value_list(arena);
	have->removed = value_list(arena);
	have->conflicts = value_list(arena);
	have->taken = value_list(arena);
	have->taken_for = value_list(arena);
	have->own = value_list(arena);
	have->before = have->after = have->inside = "";
	if (host_stat(host, want->path, &have->info, err) < 0)
		return -1;
	if (have->info.kind != FILE_NONE && have->info.kind != FILE_REGULAR)
		return 0;
	if (have->info.kind == FILE_REGULAR
			&& host_read_text(host, want->path, FILE_MOST, &bytes, err) < 0)
		return -1;
	if (look_at_own(host, want, have, err) < 0)
		return -1;
	have->dos = line_ends_dos(bytes);
	have->before = have->dos ? line_ends_plain(arena, bytes) : bytes;
	compose(arena, want, have);
	if (strcmp(want->path, "/etc/hosts") != 0 || strcmp(have->before, have->after) == 0)
		return 0;
	return look_for_cloud(host, &have->cloud, err);
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
		plan_refuse(plan, HOST_FILE_INVALID, "put the line '"
			BLOCK_END "' back where the block ends, or remove the line '" BLOCK_BEGIN "'",
			"'%s' has a block without an end", want->path);
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
		plan_note(plan, "cloud-init writes %s anew at the next start: set manage_etc_hosts to false "
			"in /etc/cloud/cloud.cfg.d", want->path);
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
		struct value *words = line_words(arena, inside, size);
		struct block_line *line = arena_alloc(arena, sizeof(*line));

		*line = (struct block_line){ arena_bytes(arena, inside, size), place };
		for (size_t i = 1; i < words->count; i++) {
			if (!lookup_get(&lines, value_text(words->items[i])))
				lookup_put(arena, &lines, value_text(words->items[i]), line);
		}
	}
	return lines;
}

static void invert_entry(struct inverses *inverses, const struct hosts_params *want,
	const struct hosts_state *have, const struct lookup *lines, const struct hosts_extra *entry)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena), *gone = value_list(arena);
	struct value *back_lines = value_list(arena);
	struct value *taken = value_list(arena);
	const struct block_line *old = lookup_get(lines, entry->names[0]);

	value_append(arena, gone, value_string(arena, entry->names[0]));
	if (old) {
		value_append(arena, back_lines, value_string(arena, old->text));
		value_set(arena, back, "place", value_printf(arena, "%d", old->place));
	}
	for (size_t i = 0; i < have->taken->count; i++) {
		if (is_one_of(value_text(have->taken_for->items[i]), entry->names, entry->names_count))
			value_append(arena, taken, have->taken->items[i]);
	}
	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "undo", "yes");
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
};
