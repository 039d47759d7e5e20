/* ssh-keys-trust: keys of a user on other hosts may log in, and those hosts are known. */
#include "base/buffer.h"
#include "base/digest.h"
#include "base/quote.h"
#include "modules/managed_block.h"
#include "modules/ssh_keys.h"

#include <stdlib.h>
#include <string.h>

/* Keys of trust, and known hosts; and the keys of authorized, which another task may have. */
#define BLOCK_BEGIN "# BEGIN beoplay ssh-keys"
#define BLOCK_END "# END beoplay ssh-keys"
#define LITERAL_BEGIN "# BEGIN beoplay ssh-keys authorized"
#define LITERAL_END "# END beoplay ssh-keys authorized"

enum trust_step { TRUST_DIRECTORY, TRUST_MODE, TRUST_KEYS, TRUST_KNOWN, TRUST_REMOVE };

struct trust_file {
	const char *path;
	struct file_info info;
	const char *before, *after;
	const char *inside;      /* of the block of trust, before */
	const char *literals;    /* of the block of authorized, before */
	const char *last;        /* digest of a last line without an end; else "" */
	bool broken;             /* the end of a block is missing */
	bool no_text;            /* it holds NUL */
	bool no_utf8;
};

struct trust_state {
	struct user_info user;
	const char *directory;
	struct file_info directory_info;
	bool only_ours;          /* nothing else is in the directory */
	struct trust_file keys, known;
	struct value *taken;     /* records of others' keys that go */
	struct value *added, *removed;
};

/* --- On the controller */

/* sshd(8): known_hosts has patterns, so a name with other characters would be one. */
static bool is_plain_name(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._:%")] == '\0';
}

/* Every name and address that another host may type, as known_hosts has them. */
static int host_names(struct prepare *prepare, const char *host, const char **ret_names,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *port, *aliases, *reached;
	const char *address;
	const char *names;

	if (prepare_address(prepare, host, &address, err) < 0
			|| prepare_variable(prepare, host, "ansible_host", &reached, err) < 0
			|| prepare_variable(prepare, host, "ansible_port", &port, err) < 0
			|| prepare_variable(prepare, host, "aliases", &aliases, err) < 0)
		return -1;
	if (!is_plain_name(address)) {
		error_set(err, ERROR_TEXT, "'%s' is no address of %s", address, host);
		return error_remedy(err, "cluster_address or ansible_host says it");
	}
	names = strcmp(address, host) == 0 ? arena_string(arena, host)
		: arena_printf(arena, "%s,%s", host, address);
	if (value_text(reached) && strcmp(value_text(reached), address) != 0
			&& is_plain_name(value_text(reached)))
		names = arena_printf(arena, "%s,%s", names, value_text(reached));
	for (size_t i = 0; aliases && aliases->kind == VALUE_LIST && i < aliases->count; i++) {
		if (value_text(aliases->items[i]) && is_plain_name(value_text(aliases->items[i])))
			names = arena_printf(arena, "%s,%s", names, value_text(aliases->items[i]));
	}
	if (port && port->kind == VALUE_INTEGER && port->integer != 22)
		names = arena_printf(arena, "%s,[%s]:%lld,[%s]:%lld", names, host,
			(long long)port->integer, address, (long long)port->integer);
	*ret_names = names;
	return 0;
}

/* What isn't known of a host yet. */
static struct value *missing(struct prepare *prepare, const char *what, const char *host)
{
	return value_unknown(prepare_arena(prepare), arena_printf(prepare_arena(prepare), "%s of %s",
		what, host));
}

static int add_known(struct prepare *prepare, const char *host, struct value *entry,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *keys = prepare_host_keys(prepare, host), *lines = value_list(arena);
	const char *names = NULL;

	if (host_names(prepare, host, &names, err) < 0)
		return -1;
	if (!keys && !prepare_lost(prepare, host)) {
		value_set(arena, entry, "known", missing(prepare, "the host key", host));
		return 0;
	}
	for (size_t i = 0; keys && i < keys->count; i++) {
		if (ssh_key_valid(value_text(keys->items[i])))
			value_append(arena, lines, value_printf(arena, "%s %s", names,
				value_text(keys->items[i])));
	}
	value_set(arena, entry, "known", lines);
	return 0;
}

static int add_key(struct prepare *prepare, const char *host, const struct value *params,
	struct value *entry, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *user = value_get_string(params, "user");
	const char *options = value_get_string(params, "options");
	struct value *published = prepare_published(prepare, host, "ssh-keys-pair", user);
	const char *key = value_get_string(published, "public_key");

	if (!published && !prepare_lost(prepare, host)) {
		value_set(arena, entry, "line", missing(prepare, "the public key", host));
		return 0;
	}
	(void)err;
	if (published && (!key || !ssh_key_valid(key))) {
		prepare_warn(prepare, "what %s says is no public key, so it is left out", host);
		key = NULL;
	}
	if (!key && prepare_in_play(prepare, host))
		value_append(arena, value_get(params, "missing"), value_string(arena, host));
	value_set(arena, entry, "line", key ? value_printf(arena, "%s%s%s %s@%s", options,
		*options ? " " : "", key, user, host) : value_string(arena, ""));
	return 0;
}

/* A line a key. */
static void split_authorized(struct arena *arena, struct value *params)
{
	const struct value *given = value_get(params, "authorized");
	struct value *keys = value_list(arena);

	if (!given || given->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < given->count; i++) {
		const char *line = value_text(given->items[i]);

		if (!line) {
			value_append(arena, keys, given->items[i]);
			continue;
		}
		for (; *line; line += *line == '\n') {
			size_t size = strcspn(line, "\r\n");

			if (size > strspn(line, " \t") && *line != '#')
				value_append(arena, keys, value_bytes(arena, line, size));
			line += strcspn(line, "\n");
		}
	}
	value_set(arena, params, "authorized", keys);
}

static int trust_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *trust = value_get_string(params, "trust");
	const char *known = value_get_string(params, "known_hosts");
	const char *undo = value_get_string(params, "undo");
	struct value *hosts, *entries = value_list(arena);

	if (ssh_keys_user(prepare, params, err) < 0)
		return -1;
	value_set(arena, params, "hosts", entries);
	value_set(arena, params, "missing", value_list(arena));
	split_authorized(arena, params);
	if (!trust || (undo && strcmp(undo, "true") == 0))
		return 0;
	if (prepare_hosts(prepare, trust, &hosts, err) < 0)
		return error_place(err, value_get(params, "trust")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		const char *host = value_text(hosts->items[i]);
		struct value *entry = value_map(arena);

		value_set_string(arena, entry, "host", host);
		if (add_key(prepare, host, params, entry, err) < 0)
			return -1;
		value_set(arena, entry, "known", value_list(arena));
		if (strcmp(known, "true") == 0 && add_known(prepare, host, entry, err) < 0)
			return -1;
		value_append(arena, entries, entry);
	}
	return 0;
}

/* --- On the node */

static void trust_resources(struct names *names, const void *params)
{
	const struct ssh_keys_params *want = params;

	/* The blocks as such come first, as the last to be undone: what hosts and keys that left
	 * had there comes back, and all in its order. */
	if (want->trust)
		names_add(names, "authorized-key:%s:*", want->user);
	if (want->authorized_count > 0)
		names_add(names, "authorized-literal:%s:*", want->user);
	for (unsigned i = 0; i < want->hosts_count; i++)
		names_add(names, "authorized-key:%s:%s", want->user, want->hosts[i].host);
	for (unsigned i = 0; i < want->authorized_count; i++)
		names_add(names, "authorized-key:%s:%s", want->user, want->authorized[i]);
	if (want->exclusive)
		names_add(names, "authorized-keys:%s", want->user);
}

/* Whether a line of the block of trust is the key of a host: its comment says so. */
static bool is_key_of(const struct ssh_keys_params *want, const char *line, size_t size,
	const char *host)
{
	size_t user = strlen(want->user), name = strlen(host);

	return size > user + name + 2 && strncmp(line + size - name, host, name) == 0
		&& line[size - name - 1] == '@'
		&& strncmp(line + size - name - 1 - user, want->user, user) == 0
		&& line[size - name - 2 - user] == ' ';
}

/* Whether a line of known_hosts is about a host: its name comes first. */
static bool is_known_of(const char *line, const char *host)
{
	size_t name = strlen(host);

	return strncmp(line, host, name) == 0 && (line[name] == ',' || line[name] == ' ');
}

/* Lines of a block about one host: its keys, or what it is known by. */
static const char *lines_of(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, const char *host, bool known)
{
	const char *lines = "";

	for (; *inside; inside += strcspn(inside, "\n") + 1) {
		size_t size = strcspn(inside, "\n");

		if (known ? is_known_of(inside, host) : is_key_of(want, inside, size, host))
			lines = arena_printf(arena, "%s%.*s\n", lines, (int)size, inside);
	}
	return lines;
}

static const char *settle(struct arena *arena, struct buffer *text)
{
	const char *settled = text->size > 0 ? arena_bytes(arena, text->data, text->size) : NULL;

	buffer_free(text);
	return settled;
}

/* A block without the lines of hosts and keys that go, with the lines that come back. */
static const char *undone(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, bool known)
{
	struct buffer text = {0};
	char *const *back = known ? want->back_known : want->back;
	unsigned count = known ? want->back_known_count : want->back_count;

	for (; *inside; inside += strcspn(inside, "\n") + 1) {
		size_t size = strcspn(inside, "\n");
		bool gone = false;

		for (unsigned i = 0; i < want->gone_count; i++)
			gone = gone || (known ? is_known_of(inside, want->gone[i])
				: is_key_of(want, inside, size, want->gone[i]));
		if (!gone)
			buffer_printf(&text, "%.*s\n", (int)size, inside);
	}
	for (unsigned i = 0; i < count; i++) {
		if (!managed_block_has_line(text.data ? text.data : "", back[i], strlen(back[i])))
			buffer_printf(&text, "%s\n", back[i]);
	}
	return settle(arena, &text);
}

/* What is to be in the blocks; NULL: no block. */
static const char *keys_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside)
{
	struct buffer text = {0};

	for (unsigned i = 0; want->present && i < want->hosts_count; i++) {
		const struct ssh_keys_host *host = &want->hosts[i];

		if (*host->line)
			buffer_printf(&text, "%s\n", host->line);
		else
			buffer_add_string(&text, lines_of(arena, want, inside, host->host, false));
	}
	return settle(arena, &text);
}

static const char *known_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside)
{
	struct buffer text = {0};

	for (unsigned i = 0; want->present && want->known_hosts && i < want->hosts_count; i++) {
		const struct ssh_keys_host *host = &want->hosts[i];

		if (host->known_count == 0)
			buffer_add_string(&text, lines_of(arena, want, inside, host->host, true));
		for (unsigned k = 0; k < host->known_count; k++)
			buffer_printf(&text, "%s\n", host->known[k]);
	}
	return settle(arena, &text);
}

static const char *literal_line(struct arena *arena, const struct ssh_keys_params *want,
	const char *key)
{
	return *want->options ? arena_printf(arena, "%s %s", want->options, key) : key;
}

static const char *literal_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *literals)
{
	struct buffer text = {0};

	if (!want->undo) {
		for (unsigned i = 0; want->present && i < want->authorized_count; i++)
			buffer_printf(&text, "%s\n", literal_line(arena, want, want->authorized[i]));
		return settle(arena, &text);
	}
	for (; *literals; literals += strcspn(literals, "\n") + 1) {
		size_t size = strcspn(literals, "\n");
		bool gone = false;

		for (unsigned i = 0; i < want->gone_keys_count; i++)
			gone = gone || (strlen(want->gone_keys[i]) == size
				&& strncmp(want->gone_keys[i], literals, size) == 0);
		if (!gone)
			buffer_printf(&text, "%.*s\n", (int)size, literals);
	}
	for (unsigned i = 0; i < want->authorized_count; i++) {
		const char *line = literal_line(arena, want, want->authorized[i]);

		if (!managed_block_has_line(text.data ? text.data : "", line, strlen(line)))
			buffer_printf(&text, "%s\n", line);
	}
	return settle(arena, &text);
}

/* Its digest; "" where the last line ends, or there is none. */
static const char *last_without_end(struct arena *arena, const char *text)
{
	const char *end = text + strlen(text), *last = end;
	char digest[DIGEST_HEX_SIZE];

	while (last > text && last[-1] != '\n')
		last--;
	if (last == end)
		return "";
	digest_bytes(last, (size_t)(end - last), digest);
	return arena_string(arena, digest);
}

/* A block behind a last line without an end has given it one, which goes with the block. */
static const char *last_as_before(struct arena *arena, const struct ssh_keys_params *want,
	const char *path, const char *text)
{
	const struct ssh_keys_before *before = ssh_keys_before_find(want, path);
	size_t size = strlen(text);
	char *shorter;

	if (!want->undo || !before || !*before->last || size == 0 || text[size - 1] != '\n')
		return text;
	shorter = arena_bytes(arena, text, size - 1);
	return strcmp(last_without_end(arena, shorter), before->last) == 0 ? shorter : text;
}

static int look_at(struct host *host, struct trust_file *file, bool there, struct error *err)
{
	struct arena *arena = host_arena(host);
	char *bytes = arena_string(arena, "");
	struct managed_block block, literals;
	size_t size = 0;

	if (there && host_stat(host, file->path, &file->info, err) < 0)
		return -1;
	if (file->info.kind == FILE_REGULAR
			&& host_read(host, file->path, SSH_FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	file->no_text = strlen(bytes) != size;
	file->no_utf8 = !utf8_valid(bytes, size);
	file->last = last_without_end(arena, bytes);
	block = managed_block_find(arena, bytes, BLOCK_BEGIN, BLOCK_END);
	literals = managed_block_find(arena, bytes, LITERAL_BEGIN, LITERAL_END);
	file->before = file->after = bytes;
	file->inside = block.inside;
	file->literals = literals.inside;
	file->broken = block.broken || literals.broken;
	return 0;
}

static const char *with_block(struct arena *arena, const char *text, const char *begin,
	const char *end, const char *inside)
{
	if (!inside && !managed_block_find(arena, text, begin, end).there)
		return text;
	return managed_block_set(arena, text, begin, end, inside);
}

/* Keys that stand outside the blocks go; remarks and empty lines stay. */
static const char *without_others(struct arena *arena, struct trust_state *have, const char *text)
{
	struct managed_block block = managed_block_find(arena, text, BLOCK_BEGIN, BLOCK_END);
	struct managed_block literals = managed_block_find(arena, text, LITERAL_BEGIN, LITERAL_END);
	struct buffer kept = {0};
	const char *settled;

	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n"), whole = size + (line[size] == '\n');
		size_t at = (size_t)(line - text);
		bool ours = (block.there && at >= block.start && at < block.end)
			|| (literals.there && at >= literals.start && at < literals.end);

		if (ours || line[strspn(line, " \t")] == '#' || strspn(line, " \t\r") == size)
			buffer_add(&kept, line, whole);
		else
			taken_line_add(arena, have->taken, text, line, NULL);
		line += whole;
	}
	settled = settle(arena, &kept);
	return settled ? settled : "";
}

/* The comments of keys that one block has and the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	for (; one && *one; one += strcspn(one, "\n") + 1) {
		size_t size = strcspn(one, "\n");
		const char *space = memrchr(one, ' ', size);

		if (space && !managed_block_has_line(other ? other : "", one, size))
			value_append(arena, names, value_bytes(arena, space + 1,
				(size_t)(one + size - space - 1)));
	}
}

static void compose(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have)
{
	bool whole = strcmp(want->whole, "trust") == 0;
	const char *inside = whole ? NULL : want->undo ? undone(arena, want, have->keys.inside, false)
		: keys_block(arena, want, have->keys.inside);
	const char *literals = strcmp(want->whole, "authorized") == 0 ? NULL
		: literal_block(arena, want, have->keys.literals);
	const char *known = whole ? NULL : want->undo ? undone(arena, want, have->known.inside, true)
		: known_block(arena, want, have->known.inside);
	const char *text = have->keys.before;

	if (have->keys.broken || have->known.broken || have->keys.no_text || have->known.no_text)
		return;
	if (want->exclusive && want->present)
		text = without_others(arena, have, text);
	if (want->trust || want->undo) {
		text = with_block(arena, text, BLOCK_BEGIN, BLOCK_END, inside);
		have->known.after = with_block(arena, have->known.before, BLOCK_BEGIN, BLOCK_END, known);
		tell_difference(arena, inside, have->keys.inside, have->added);
		tell_difference(arena, have->keys.inside, inside, have->removed);
	}
	if (want->authorized_count > 0 || want->undo) {
		text = with_block(arena, text, LITERAL_BEGIN, LITERAL_END, literals);
		tell_difference(arena, literals, have->keys.literals, have->added);
		tell_difference(arena, have->keys.literals, literals, have->removed);
	}
	text = taken_lines_restore(arena, text, want->taken, want->taken_count);
	have->keys.after = last_as_before(arena, want, have->keys.path, text);
	text = taken_lines_restore(arena, have->known.after, want->taken_known,
		want->taken_known_count);
	have->known.after = last_as_before(arena, want, have->known.path, text);
}

/* Whether an undo takes a file away: it wasn't there before, and nothing is left in it. */
static bool goes(const struct ssh_keys_params *want, const struct trust_file *file)
{
	const struct ssh_keys_before *before = ssh_keys_before_find(want, file->path);

	return want->undo && before && !*before->mode && file->info.kind == FILE_REGULAR
		&& !*file->after;
}

static int look_into_directory(struct host *host, const struct ssh_keys_params *want,
	struct trust_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_list(host, have->directory, &names, &count, err) < 0)
		return -1;
	have->only_ours = true;
	for (size_t i = 0; i < count; i++)
		have->only_ours = have->only_ours
			&& ((strcmp(names[i].name, "authorized_keys") == 0 && goes(want, &have->keys))
			|| (strcmp(names[i].name, "known_hosts") == 0 && goes(want, &have->known)));
	return 0;
}

static int trust_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct ssh_keys_params *want = params;
	struct trust_state *have = ret_state;
	struct arena *arena = host_arena(host);
	bool there;

	have->added = value_list(arena);
	have->removed = value_list(arena);
	have->taken = value_list(arena);
	if (ssh_keys_directory(host, want, &have->user, &have->directory, err) < 0
			|| host_stat(host, have->directory, &have->directory_info, err) < 0)
		return -1;
	have->keys.path = arena_printf(arena, "%s/authorized_keys", have->directory);
	have->known.path = arena_printf(arena, "%s/known_hosts", have->directory);
	there = have->directory_info.kind == FILE_DIRECTORY;
	if (look_at(host, &have->keys, there, err) < 0 || look_at(host, &have->known, there, err) < 0)
		return -1;
	compose(arena, want, have);
	return want->undo && there ? look_into_directory(host, want, have, err) : 0;
}

/* Keys that can't be known now, and aren't there from earlier either. */
static void plan_unknown(struct plan *plan, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	const char *names = NULL;

	for (unsigned i = 0; want->present && !want->undo && i < want->missing_count; i++) {
		if (!*lines_of(plan_arena(plan), want, have->keys.inside, want->missing[i], false))
			names = names ? plan_printf(plan, "%s, %s", names, want->missing[i])
				: want->missing[i];
	}
	if (names)
		plan_missing(plan, "not known yet: the keys of %s", names);
}

static void plan_mode(struct plan *plan, const struct ssh_keys_params *want, const char *path,
	const struct file_info *info, unsigned right)
{
	const struct ssh_keys_before *before = ssh_keys_before_find(want, path);
	unsigned mode = right;

	if (want->undo)
		mode = before && *before->mode ? ssh_keys_before_mode(before) : info->mode;
	else if (!(info->mode & 077))
		mode = info->mode;
	if (mode != info->mode)
		plan_add(plan, TRUST_MODE, path, "mode", plan_printf(plan, "%04o", info->mode),
			plan_printf(plan, "%04o", mode));
}

/* Whether something of a file can be changed; else the plan says why not. */
static bool is_fine(struct plan *plan, const struct trust_state *have, const char *path,
	const struct file_info *info, enum file_kind kind)
{
	if (info->kind == FILE_NONE)
		return true;
	if (info->kind != kind) {
		plan_refuse(plan, "move it away", "'%s' is no %s", path,
			kind == FILE_DIRECTORY ? "directory" : "regular file");
		return false;
	}
	if (info->uid == have->user.uid)
		return true;
	plan_refuse(plan, plan_printf(plan, "chown %s: %s", have->user.name, path),
		"'%s' does not belong to %s", path, have->user.name);
	return false;
}

static void plan_file(struct plan *plan, const struct ssh_keys_params *want, unsigned step,
	const struct trust_file *file)
{
	if (file->no_text)
		plan_refuse(plan, "see what is in it, and put it in order", "'%s' is no text",
			file->path);
	if (file->broken)
		plan_refuse(plan, "put the END line back, or remove the BEGIN line",
			"'%s' has a block of beoplay's without an end", file->path);
	if (goes(want, file))
		plan_add(plan, TRUST_REMOVE, file->path, "state", "file", "absent");
	else if (strcmp(file->before, file->after) != 0)
		plan_add(plan, step, file->path, "content", file->info.kind == FILE_NONE ? NULL
			: file->before, file->after)->flags |= CHANGE_SENSITIVE;
	if (file->info.kind == FILE_REGULAR && !goes(want, file))
		plan_mode(plan, want, file->path, &file->info, 0600);
}

static void trust_plan(struct plan *plan, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct trust_state *have = state;
	bool writes = strcmp(have->keys.before, have->keys.after) != 0
		|| strcmp(have->known.before, have->known.after) != 0;
	const struct ssh_keys_before *before = ssh_keys_before_find(want, have->directory);

	if (!is_fine(plan, have, have->directory, &have->directory_info, FILE_DIRECTORY)
			|| !is_fine(plan, have, have->keys.path, &have->keys.info, FILE_REGULAR)
			|| !is_fine(plan, have, have->known.path, &have->known.info, FILE_REGULAR))
		return;
	if (have->directory_info.kind == FILE_NONE) {
		if (!writes)
			return;
		plan_add(plan, TRUST_DIRECTORY, have->directory, "state", "absent", "directory");
	} else {
		plan_mode(plan, want, have->directory, &have->directory_info, 0700);
	}
	if (have->taken->count > 0 && have->keys.no_utf8)
		plan_refuse(plan, "take its other keys away by hand", "'%s' holds what is no UTF-8, so "
			"'exclusive' could not be undone", have->keys.path);
	plan_file(plan, want, TRUST_KEYS, &have->keys);
	plan_file(plan, want, TRUST_KNOWN, &have->known);
	plan_unknown(plan, want, have);
	if (want->undo && before && !*before->mode && have->only_ours)
		plan_add(plan, TRUST_REMOVE, have->directory, "state", "directory", "absent");
}

static int write_file(struct host *host, const struct trust_file *file, struct error *err)
{
	struct file_write write = { .path = file->path, .bytes = file->after,
		.size = strlen(file->after), .mode = file->info.kind == FILE_NONE ? 0600 : HOST_KEEP,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	return host_write(host, &write, err);
}

static void tell_lists(struct arena *arena, const struct trust_state *have, struct value *results)
{
	value_set(arena, results, "added", have->added);
	value_set(arena, results, "removed", have->removed);
}

static int trust_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct trust_state *have = state;

	(void)params;
	tell_lists(host_arena(host), have, results);
	switch ((enum trust_step)change->step) {
	case TRUST_DIRECTORY:
		return host_make_directory(host, have->directory, 0700, err);
	case TRUST_MODE:
		return host_set_mode(host, change->subject, (unsigned)strtoul(change->after, NULL, 8),
			err);
	case TRUST_KEYS:
		return write_file(host, &have->keys, err);
	case TRUST_KNOWN:
		return write_file(host, &have->known, err);
	case TRUST_REMOVE:
		return host_remove(host, change->subject, err);
	}
	return -1;
}

static void trust_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	(void)params;
	if (!value_get(results, "added"))
		tell_lists(arena, state, results);
}

static struct value *way_back(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct value *back = value_map(arena), *before = value_list(arena);

	value_set_string(arena, back, "user", want->user);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "options", want->options);
	ssh_keys_before_add(arena, before, have->directory, &have->directory_info);
	ssh_keys_before_add(arena, before, have->keys.path, &have->keys.info);
	ssh_keys_before_add(arena, before, have->known.path, &have->known.info);
	value_set_string(arena, before->items[1], "last", have->keys.last);
	value_set_string(arena, before->items[2], "last", have->known.last);
	value_set(arena, back, "before", before);
	return back;
}

/* The lines of a block, markers and all, each with its place. */
static struct value *block_lines(struct arena *arena, const char *text, const char *begin,
	const char *end)
{
	struct managed_block block = managed_block_find(arena, text, begin, end);
	struct value *lines = value_list(arena);

	if (!block.there)
		return lines;
	for (const char *line = text + block.start; line < text + block.end;) {
		const char *next = line + strcspn(line, "\n");
		struct value *record;

		next += *next == '\n';
		if (utf8_valid(line, (size_t)(next - line))) {
			taken_line_add(arena, lines, text, line, NULL);
			record = lines->items[lines->count - 1];
			if (value_get_string(record, "after") && !utf8_valid(value_get_string(record, "after"),
					strlen(value_get_string(record, "after"))))
				value_remove(record, "after");
		}
		line = next;
	}
	return lines;
}

static struct value *list_of_lines(struct arena *arena, const char *lines)
{
	struct value *list = value_list(arena);

	for (; *lines; lines += strcspn(lines, "\n") + 1)
		value_append(arena, list, value_bytes(arena, lines, strcspn(lines, "\n")));
	return list;
}

static struct value *list_of_one(struct arena *arena, const char *text)
{
	struct value *list = value_list(arena);

	value_append(arena, list, value_string(arena, text));
	return list;
}

static void invert_host(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *host)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have);

	value_set(arena, back, "gone", list_of_one(arena, host));
	value_set(arena, back, "back", list_of_lines(arena, lines_of(arena, want, have->keys.inside,
		host, false)));
	value_set(arena, back, "back_known", list_of_lines(arena, lines_of(arena, want,
		have->known.inside, host, true)));
	inverses_add(inverses, &(struct inverses_entry){ .params = back,
		.resource = arena_printf(arena, "authorized-key:%s:%s", want->user, host) });
}

static void invert_literal(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *key)
{
	struct arena *arena = inverses_arena(inverses);
	const char *line = literal_line(arena, want, key);
	struct value *back = way_back(arena, want, have);

	/* One that was there comes back as one that is authorised. */
	if (managed_block_has_line(have->keys.literals, line, strlen(line)))
		value_set(arena, back, "authorized", list_of_one(arena, key));
	else
		value_set(arena, back, "gone_keys", list_of_one(arena, line));
	inverses_add(inverses, &(struct inverses_entry){ .params = back,
		.resource = arena_printf(arena, "authorized-key:%s:%s", want->user, key) });
}

static void invert_blocks(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *trust = way_back(arena, want, have), *literals = way_back(arena, want, have);

	value_set_string(arena, trust, "whole", "trust");
	value_set(arena, trust, "taken", block_lines(arena, have->keys.before, BLOCK_BEGIN,
		BLOCK_END));
	value_set(arena, trust, "taken_known", block_lines(arena, have->known.before, BLOCK_BEGIN,
		BLOCK_END));
	value_set_string(arena, literals, "whole", "authorized");
	value_set(arena, literals, "taken", block_lines(arena, have->keys.before, LITERAL_BEGIN,
		LITERAL_END));
	if (want->trust)
		inverses_add(inverses, &(struct inverses_entry){ .params = trust,
			.resource = arena_printf(arena, "authorized-key:%s:*", want->user) });
	if (want->authorized_count > 0)
		inverses_add(inverses, &(struct inverses_entry){ .params = literals,
			.resource = arena_printf(arena, "authorized-literal:%s:*", want->user) });
}

static void trust_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct trust_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have);

	invert_blocks(inverses, want, have);
	for (unsigned i = 0; i < want->hosts_count; i++)
		invert_host(inverses, want, have, want->hosts[i].host);
	for (unsigned i = 0; i < want->authorized_count; i++)
		invert_literal(inverses, want, have, want->authorized[i]);
	if (!want->exclusive)
		return;
	value_set(arena, back, "taken", have->taken);
	inverses_add(inverses, &(struct inverses_entry){ .params = back,
		.resource = arena_printf(arena, "authorized-keys:%s", want->user) });
}

const struct module module_ssh_keys_trust = {
	.name = "ssh-keys-trust",
	.summary = "keys of a user on other hosts may log in, and those hosts are known",
	.params = ssh_keys_table,
	.fields = ssh_keys_fields,
	.params_size = sizeof(struct ssh_keys_params),
	.state_size = sizeof(struct trust_state),
	.flags = MODULE_INTERNAL,
	.check = ssh_keys_check,
	.prepare = trust_prepare,
	.acts_as = ssh_keys_acts_as,
	.resources = trust_resources,
	.inspect = trust_inspect,
	.plan = trust_plan,
	.apply = trust_apply,
	.results = trust_results,
	.invert = trust_invert,
};
