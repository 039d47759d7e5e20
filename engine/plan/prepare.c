/* prepare: what a module may ask the controller for, right before its task is sent. */
#include "plan/preparing.h"

#include "base/digest.h"
#include "expression/expression.h"
#include "yaml/vault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MOST = 256 << 10, LIST_DEPTH_MOST = 64 };

static void add_named(struct arena *arena, struct named *to, const struct named *from)
{
	size_t count = to->count + from->count;

	if (from->count == 0)
		return;
	if (count > to->capacity) {
		to->capacity = 2 * count;
		to->bodies = arena_grow(arena, to->bodies, to->count * sizeof(*to->bodies),
			to->capacity * sizeof(*to->bodies));
	}
	memcpy(to->bodies + to->count, from->bodies, from->count * sizeof(*from->bodies));
	to->count = count;
}

int prepare_task(struct run *run, struct run_host *host, struct unit *unit, struct scope *scope,
	struct arena *arena, struct value *params, struct asked *asked, struct named *named,
	struct keep *ret_keep, enum level level, struct error *err)
{
	struct prepare prepare = { .run = run, .host = host, .unit = unit, .scope = scope,
		.arena = arena, .asked = asked, .level = level,
		.has_mode = value_get_string(params, "mode") != NULL };

	if (unit->module->prepare(&prepare, params, err) < 0)
		return -1;
	*named = prepare.named;
	*ret_keep = prepare.keep;
	return 0;
}

/* From here on each host has a preparation of its own. */
static struct run_host *own_host(struct prepare *prepare)
{
	prepare->unit->differs = true;
	return prepare->host;
}

int prepare_decision(struct run *run, struct run_host *host, struct unit *unit,
	struct scope *scope, struct arena *arena, const struct value *params, struct asked *asked,
	struct decision *ret_decision, struct error *err)
{
	struct prepare prepare = { .run = run, .host = host, .unit = unit, .scope = scope,
		.arena = arena, .asked = asked };

	*ret_decision = (struct decision){ 0 };
	return unit->module->decide(&prepare, params, ret_decision, err);
}

struct arena *prepare_arena(struct prepare *prepare)
{
	return prepare->arena;
}

const char *prepare_host(struct prepare *prepare)
{
	return own_host(prepare)->name;
}

const char *prepare_user(struct prepare *prepare)
{
	prepare->unit->by_user = true;
	return target_user(prepare->host, prepare->unit);
}

/* The hosts of a pattern, looked for once; in the arena of the run. */
struct matched {
	struct value *names;
	bool *has;                 /* by inventory index */
};

static int match(struct prepare *prepare, const char *pattern, const struct matched **ret_matched,
	struct error *err)
{
	struct run *run = prepare->run;
	struct matched *matched = lookup_get(&run->matched, pattern);
	struct inventory_list list;

	*ret_matched = matched;
	if (matched)
		return 0;
	if (inventory_match(run->options.inventory, prepare->arena, pattern, (struct place){0}, &list,
			err) < 0)
		return -1;
	*ret_matched = matched = arena_alloc(run->arena, sizeof(*matched));
	matched->names = value_list(run->arena);
	matched->has = arena_array(run->arena, inventory_host_count(run->options.inventory) + 1,
		sizeof(*matched->has));
	for (size_t i = 0; i < list.count; i++) {
		value_append(run->arena, matched->names, value_string(run->arena, list.hosts[i]->name));
		matched->has[list.hosts[i]->index] = true;
	}
	lookup_put(run->arena, &run->matched, arena_string(run->arena, pattern), matched);
	return 0;
}

int prepare_hosts(struct prepare *prepare, const char *pattern, struct value **ret_names,
	struct error *err)
{
	const struct matched *matched;

	if (match(prepare, pattern, &matched, err) < 0)
		return -1;
	*ret_names = matched->names;
	prepare->walks = true;
	return 0;
}

int prepare_is_among(struct prepare *prepare, const char *pattern, bool *ret_among,
	struct error *err)
{
	const struct matched *matched;

	if (match(prepare, pattern, &matched, err) < 0)
		return -1;
	*ret_among = matched->has[own_host(prepare)->inventory->index];
	return 0;
}

bool prepare_in_play(struct prepare *prepare, const char *host)
{
	const struct inventory_host *found = inventory_find(prepare->run->options.inventory, host);

	return found && prepare->run->play_hosts[prepare->unit->play_index][found->index];
}

int prepare_variable(struct prepare *prepare, const char *host, const char *name,
	struct value **ret_value, struct error *err)
{
	bool own = strcmp(host, prepare->host->name) == 0
		&& (!prepare->walks || scope_sets(prepare->scope, name));
	struct scope *scope = own ? prepare->scope
		: scope_of_host(prepare->arena, prepare->scope, host);

	if (own) {
		own_host(prepare);
		prepare->unit->reads_own = true;
	}
	*ret_value = NULL;
	return scope ? scope_get(prepare->arena, scope, name, ret_value, err) : 0;
}

int prepare_address(struct prepare *prepare, const char *host, const char **ret_address,
	struct error *err)
{
	struct value *address;

	if (prepare_variable(prepare, host, "cluster_address", &address, err) < 0)
		return -1;
	/* One that its facts have yet to say; of one that won't tell them the next best is taken. */
	if (address && address->kind == VALUE_UNKNOWN && !prepare_lost(prepare, host))
		prepare->asked->missing = cause_copy(prepare->arena, value_unknown_cause(address));
	if (!value_text(address)
			&& prepare_variable(prepare, host, "ansible_host", &address, err) < 0)
		return -1;
	if (address && claims_check(prepare->run, host, address, err) < 0)
		return -1;
	*ret_address = value_text(address) ? value_text(address) : arena_string(prepare->arena, host);
	return 0;
}

/* It may be different later. */
static void asks_others(struct prepare *prepare)
{
	prepare->asked->others = true;
}

/* Also when they do. */
static void asks_course(struct prepare *prepare)
{
	prepare->asked->others = prepare->asked->course = true;
}

static struct run_host *host_of(struct prepare *prepare, const char *name)
{
	const struct inventory_host *found = inventory_find(prepare->run->options.inventory, name);

	return found ? prepare->run->by_inventory[found->index] : NULL;
}

/* Whether a host may still tell what it hasn't; known: there is something of an earlier run. */
static bool still_tells(struct prepare *prepare, struct run_host *found, bool known)
{
	asks_course(prepare);
	if (!found || !order_tells(prepare->run, found, unit_turn(prepare->unit)))
		return false;
	if (found->bystander) {
		prepare->asked->awaits = found;
		prepare->asked->instead = known;
	}
	return true;
}

/* What a host last told in an earlier run, "host_key" or key of "published", if it isn't going to
 * tell it in this one. */
static const struct value *last_known(struct prepare *prepare, const char *host, const char *what,
	const char *key)
{
	struct run_host *found = host_of(prepare, host);
	struct asked *asked = prepare->asked;
	const struct value *known;

	asks_course(prepare);
	if (!prepare->run->begun || (found && !found->bystander && found->phase != HOST_OUT))
		return NULL;
	known = known_of(prepare->run, host, what);
	known = key ? value_get(known, key) : known;
	if (still_tells(prepare, found, known != NULL) || !known || (found && host_live(found)
			&& !found->late) || (found && found->phase == HOST_DONE))
		return NULL;
	if (!asked->old)
		asked->old = value_list(prepare->arena);
	value_append(prepare->arena, asked->old, value_string(prepare->arena, host));
	return known;
}

struct value *prepare_heard(struct prepare *prepare, const char *host, const char *module,
	const char *key)
{
	struct run_host *found = host_of(prepare, host);
	struct value *facts = found ? value_get(found->published, arena_printf(prepare->arena,
		"%s/%s", module, key ? key : "")) : NULL;

	asks_others(prepare);
	if (!facts)
		still_tells(prepare, found, false);
	return facts;
}

struct value *prepare_published(struct prepare *prepare, const char *host, const char *module,
	const char *key)
{
	const struct run_host *found = host_of(prepare, host);
	const char *name = arena_printf(prepare->arena, "%s/%s", module, key ? key : "");
	struct value *facts = found ? value_get(found->published, name) : NULL;
	const struct value *known;

	asks_others(prepare);
	if (facts)
		return facts;
	known = last_known(prepare, host, "published", name);
	return known ? value_copy(prepare->arena, known) : NULL;
}

bool prepare_lost(struct prepare *prepare, const char *host)
{
	const struct run_host *found = host_of(prepare, host);

	asks_course(prepare);
	return !found || found->phase == HOST_OUT || (found->bystander
		&& !order_tells(prepare->run, found, unit_turn(prepare->unit)));
}

bool prepare_absent(struct prepare *prepare, const char *host)
{
	const struct run_host *found = host_of(prepare, host);

	asks_course(prepare);
	return !found || found->bystander || found->phase == HOST_OUT;
}

/* Of the machine that this program runs on, as sshd's own files say. */
static struct value *local_host_keys(struct arena *arena)
{
	static const char *const names[] = { "ed25519", "ecdsa", "rsa" };
	struct value *keys = value_list(arena);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char line[4096], type[64], base64[3000];
		FILE *file = fopen(arena_printf(arena, "/etc/ssh/ssh_host_%s_key.pub", names[i]), "re");

		if (!file)
			continue;
		if (fgets(line, sizeof(line), file) && sscanf(line, "%63s %2999s", type, base64) == 2)
			value_append(arena, keys, value_printf(arena, "%s %s", type, base64));
		fclose(file);
	}
	return keys->count > 0 ? keys : NULL;
}

static bool host_is_local(struct prepare *prepare, const char *name)
{
	struct error err = {0};
	struct value *connection;

	return prepare_variable(prepare, name, "ansible_connection", &connection, &err) == 0
		&& value_text(connection) && strcmp(value_text(connection), "local") == 0;
}

struct value *prepare_host_keys(struct prepare *prepare, const char *host)
{
	const struct run_host *found = host_of(prepare, host);
	const char *key = found ? found->key : NULL;
	struct value *keys;

	asks_others(prepare);
	if (host_is_local(prepare, host))
		return local_host_keys(prepare->arena);
	if (!key)
		key = value_text(last_known(prepare, host, "host_key", NULL));
	if (!key)
		return NULL;
	keys = value_list(prepare->arena);
	value_append(prepare->arena, keys, value_string(prepare->arena, key));
	return keys;
}

/* --- Files of the project --- */

int prepare_find(struct prepare *prepare, const char *source, const char *kind,
	const char **ret_path, struct error *err)
{
	struct source_entry entry;
	const char **places, *last = NULL, *looked = "";

	if (source[0] == '~') {
		error_set(err, FILE_INVALID_NAME, "'%s' starts with '~', which only a shell expands",
			source);
		return error_remedy(err, "write a path in the playbook's directory");
	}
	places = task_places(prepare->arena, prepare->unit->play, prepare->unit->task->task, source,
		kind);
	for (size_t i = 0; places[i]; i++) {
		if (source_stat(prepare->run->options.source, places[i], true, &entry, err) < 0)
			return -1;
		if (entry.kind != SOURCE_NONE) {
			*ret_path = places[i];
			return 0;
		}
		if (last)
			looked = arena_printf(prepare->arena, "%s%s'%s'", looked, *looked ? ", " : "", last);
		last = places[i];
	}
	error_set(err, FILE_NOT_FOUND, "there is no file '%s'", last ? last : source);
	return *looked ? error_remedy(err, "looked in %s too", looked) : -1;
}

static const char *name_body(struct prepare *prepare, struct body *body)
{
	add_named(prepare->arena, &prepare->named, &(struct named){ .bodies = &body, .count = 1 });
	return body_digest(body);
}

/* Without a mode of the task a file is as private on the node as here. Where not even the playbook
 * is for all, that is the user's umask, and tells nothing. */
static bool is_kept_private(const struct prepare *prepare, const char *path)
{
	const struct run_options *options = &prepare->run->options;

	return !source_is_for_all(options->source, path)
		&& source_is_for_all(options->source, options->playbook->path);
}

/* What goes where not everybody may read it stays out of records. */
static void note_file(const struct prepare *prepare, const char *path)
{
	if (prepare->level > LEVEL_OPEN || (!prepare->has_mode && is_kept_private(prepare, path)))
		secrets_note_file(prepare->run->options.secrets, path);
}

int prepare_body(struct prepare *prepare, const char *path, const char **ret_digest,
	int64_t *ret_size, struct error *err)
{
	struct body *body;

	note_file(prepare, path);
	if (bodies_add_file(prepare->run->bodies, path, &body, err) < 0)
		return -1;
	*ret_digest = name_body(prepare, body);
	*ret_size = body_size(body);
	return 0;
}

int prepare_body_bytes(struct prepare *prepare, const void *bytes, size_t size,
	const char **ret_digest, struct error *err)
{
	(void)err;
	*ret_digest = name_body(prepare, bodies_add_bytes(prepare->run->bodies, bytes, size));
	return 0;
}

int prepare_offer(struct prepare *prepare, const char *host, const char *digest, int64_t size,
	struct error *err)
{
	struct run_host *from = host_of(prepare, host);

	asks_others(prepare);
	if (!from || !digest_valid(digest) || size < 0)
		return error_set(err, AGENT_PROTOCOL, "%s told nothing sensible of a content that it has",
			host);
	name_body(prepare, bodies_add_offer(prepare->run->bodies, from, digest, size));
	return 0;
}

/* Of what ansible-vault has encrypted, the text, as a secret. */
static int open_text(struct prepare *prepare, const char *path, const char *bytes, size_t size,
	struct value **ret_text, struct error *err)
{
	char *text;

	if (!vault_is(bytes, size)) {
		*ret_text = value_bytes(prepare->arena, bytes, size);
		return 0;
	}
	if (vault_decrypt(prepare->arena, bytes, size, (struct place){ path, 1, 1 }, &text, &size, err) < 0)
		return -1;
	*ret_text = value_bytes(prepare->arena, text, size);
	(*ret_text)->level = LEVEL_SECRET;
	secrets_note(prepare->run->options.secrets, *ret_text);
	return 0;
}

int prepare_text(struct prepare *prepare, const char *path, struct value **ret_text, struct error *err)
{
	const char *bytes;
	size_t size;

	note_file(prepare, path);
	return source_read(prepare->run->options.source, path, &bytes, &size, err) < 0 ? -1
		: open_text(prepare, path, bytes, size, ret_text, err);
}

static bool is_vault(struct prepare *prepare, const char *path)
{
	struct error ignored = {0};
	char begin[16];
	int64_t size;
	int fd = source_open(prepare->run->options.source, path, &size, &ignored);
	ssize_t got = fd < 0 ? 0 : pread(fd, begin, sizeof(begin), 0);

	if (fd >= 0)
		close(fd);
	return got > 0 && vault_is(begin, (size_t)got);
}

int prepare_content(struct prepare *prepare, const char *path, struct value **ret_digest,
	int64_t *ret_size, struct error *err)
{
	enum level level = LEVEL_OPEN;
	struct value *text;
	const char *digest;
	char *bytes;
	size_t size;

	if (is_vault(prepare, path)) {
		if (source_read_body(prepare->run->options.source, prepare->arena, path,
				SOURCE_TEXT_MOST, &bytes, &size, err) < 0 || open_text(prepare, path, bytes, size, &text, err) < 0
				|| prepare_body_bytes(prepare, text->text, text->size, &digest, err) < 0)
			return -1;
		*ret_size = (int64_t)text->size;
		level = text->level;
	} else if (prepare_body(prepare, path, &digest, ret_size, err) < 0) {
		return -1;
	}
	*ret_digest = value_string(prepare->arena, digest);
	(*ret_digest)->level = level;
	return 0;
}

static void fill_entry(struct prepare_entry *to, const struct source_entry *from,
	const char *path)
{
	to->path = path;
	to->kind = from->kind == SOURCE_DIRECTORY ? ENTRY_DIRECTORY
		: from->kind == SOURCE_LINK ? ENTRY_LINK
		: from->kind == SOURCE_FILE ? ENTRY_FILE : ENTRY_OTHER;
	to->mode = from->mode;
	to->size = from->size;
	to->mtime = from->mtime;
	to->target = from->target;
}

struct listing {
	struct prepare_entry *entries;
	size_t count, capacity;
};

static int list_below(struct prepare *prepare, const char *root, const char *below,
	struct listing *listing, unsigned depth, struct error *err)
{
	struct source_entry *found;
	size_t count;

	if (depth > LIST_DEPTH_MOST)
		return error_set(err, FILE_TOO_LARGE, "'%s' has more than %d levels", root,
			LIST_DEPTH_MOST);
	if (source_list(prepare->run->options.source, path_join(prepare->arena, root, below), &found,
			&count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *path = path_join(prepare->arena, below, found[i].name);

		if (listing->count == listing->capacity) {
			size_t capacity = listing->capacity ? 2 * listing->capacity : 64;

			listing->entries = arena_grow(prepare->arena, listing->entries,
				listing->count * sizeof(*listing->entries),
				capacity * sizeof(*listing->entries));
			listing->capacity = capacity;
		}
		fill_entry(&listing->entries[listing->count++], &found[i], path);
		if (found[i].kind == SOURCE_DIRECTORY
				&& list_below(prepare, root, path, listing, depth + 1, err) < 0)
			return -1;
	}
	return 0;
}

int prepare_list(struct prepare *prepare, const char *path, struct prepare_entry **ret_entries,
	size_t *ret_count, struct error *err)
{
	struct listing listing = {0};

	if (list_below(prepare, path, "", &listing, 0, err) < 0)
		return -1;
	*ret_entries = listing.entries;
	*ret_count = listing.count;
	return 0;
}

int prepare_stat(struct prepare *prepare, const char *path, struct prepare_entry *ret_entry,
	struct error *err)
{
	struct source_entry entry;

	if (source_stat(prepare->run->options.source, path, true, &entry, err) < 0)
		return -1;
	if (entry.kind == SOURCE_NONE)
		return error_set(err, FILE_NOT_FOUND, "there is no file '%s'", path);
	if (entry.kind == SOURCE_OTHER) {
		error_set(err, FILE_WRONG_TYPE, "'%s' is neither a file nor a directory", path);
		return error_remedy(err, "put a regular file there");
	}
	fill_entry(ret_entry, &entry, path);
	return 0;
}

int prepare_template(struct prepare *prepare, const char *text, size_t size, const char *path,
	const struct value *settings, struct value **ret_text, struct error *err)
{
	struct template_syntax syntax = template_syntax;

	for (size_t i = 0; settings && i < settings->count; i++) {
		const struct value *value = value_at(settings, i);

		if (template_setting(&syntax, settings->pairs[i].key, value, err) < 0)
			return error_place(err, value->place);
	}
	prepare->unit->reads_own = true;
	return expression_template(prepare->arena, prepare->scope, text, size, path, &syntax, ret_text,
		err);
}

int prepare_expression(struct prepare *prepare, const struct value *expression,
	struct value **ret_value, struct error *err)
{
	prepare->unit->reads_own = true;
	return expression_value(prepare->arena, prepare->scope, expression, ret_value, err);
}

int prepare_condition(struct prepare *prepare, const struct value *condition,
	struct value **ret_truth, struct error *err)
{
	return expression_condition(prepare->arena, prepare->scope, condition, ret_truth, err);
}

unsigned prepare_verbosity(struct prepare *prepare)
{
	return prepare->run->options.verbosity;
}

void prepare_warn(struct prepare *prepare, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	run_warn(prepare->run, own_host(prepare)->name, arena_vprintf(prepare->arena, format, args));
	va_end(args);
}
