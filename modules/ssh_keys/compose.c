/* compose: what becomes of authorized_keys and known_hosts. Lines are changed where they
 * stand, so that tasks that share a file come to the same text in whatever order they run. */
#include "base/buffer.h"
#include "base/digest.h"
#include "modules/shared/managed_block.h"
#include "modules/ssh_keys/trust.h"

#include <stdlib.h>
#include <string.h>

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

static const char *settle(struct arena *arena, struct buffer *text)
{
	const char *settled = text->size > 0 ? arena_bytes(arena, text->data, text->size) : NULL;

	buffer_free(text);
	return settled;
}

static void add_line(struct buffer *text, const char *line)
{
	buffer_printf(text, "%.*s\n", (int)strcspn(line, "\n"), line);
}

/* --- Whose a line is */

/* Whether a line of the block of trust is the key of a host: its comment says so. */
static bool is_key_of(const struct ssh_keys_params *want, const char *line, const char *host)
{
	size_t user = strlen(want->user), name = strlen(host), size = strcspn(line, "\n");

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

static bool is_of(const struct ssh_keys_params *want, const char *line, const char *host,
	bool known)
{
	return known ? is_known_of(line, host) : is_key_of(want, line, host);
}

const char *trust_lines_of(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, const char *host, bool known)
{
	const char *lines = "";

	for (; inside && *inside; inside = next_line(inside)) {
		if (is_of(want, inside, host, known))
			lines = arena_printf(arena, "%s%.*s\n", lines, (int)strcspn(inside, "\n"), inside);
	}
	return lines;
}

const char *trust_host_of(struct arena *arena, const struct ssh_keys_params *want, const char *line,
	bool known)
{
	size_t size = strcspn(line, "\n");
	const char *at = known ? line : memrchr(line, '@', size);
	const char *host = NULL;

	if (known)
		host = arena_bytes(arena, line, strcspn(line, ", \n"));
	else if (at)
		host = arena_bytes(arena, at + 1, (size_t)(line + size - at - 1));
	return host && *host && is_of(want, line, host, known) ? host : NULL;
}

/* --- Which pattern has claimed a host */

const char *trust_claims_key(struct arena *arena, const struct ssh_keys_params *want)
{
	return arena_printf(arena, "ssh-keys:%s", want->user);
}

static bool is_mine(const struct ssh_keys_params *want, const char *pattern)
{
	return want->trust && strcmp(want->trust, pattern) == 0;
}

/* By other patterns of this playbook, or by other playbooks, whatever their patterns. */
static bool claimed_by_others(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *line, bool known)
{
	const struct value *claims = have->claims;
	const char *host = have->wished ? trust_host_of(arena, want, line, known) : NULL;

	if (host && value_get(have->wished, arena_printf(arena, "authorized-key:%s:%s", want->user, host)))
		return true;
	for (size_t i = 0; claims && i < claims->count; i++) {
		const struct value *hosts = claims->pairs[i].value;

		for (size_t k = 0; !is_mine(want, claims->pairs[i].key) && k < hosts->count; k++) {
			if (is_of(want, line, value_text(hosts->items[k]), known))
				return true;
		}
	}
	return false;
}

/* In a text that an undo leaves, what is no longer there is nobody's. */
static struct value *hosts_left(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have, const struct value *hosts)
{
	struct value *left = value_list(arena);

	for (size_t i = 0; i < hosts->count; i++) {
		const char *host = value_text(hosts->items[i]);

		if (!want->undo || *trust_lines_of(arena, want, have->keys.trust.after, host, false)
				|| *trust_lines_of(arena, want, have->known.trust.after, host, true))
			value_append(arena, left, hosts->items[i]);
	}
	return left;
}

struct value *trust_claims(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct value *claims = value_map(arena), *mine = value_list(arena);

	for (size_t i = 0; have->claims && i < have->claims->count; i++) {
		struct value *left = hosts_left(arena, want, have, have->claims->pairs[i].value);

		if (!is_mine(want, have->claims->pairs[i].key) && left->count > 0)
			value_set(arena, claims, have->claims->pairs[i].key, left);
	}
	for (unsigned i = 0; want->present && i < want->hosts_count; i++)
		value_append(arena, mine, value_string(arena, want->hosts[i].host));
	if (mine->count > 0)
		value_set(arena, claims, want->trust, mine);
	return claims->count > 0 ? claims : NULL;
}

/* --- The block of trust */

/* What a host should have: lines, "" for none; NULL: it can't be known now, and stays as it is. */
static const char *wished_lines(struct arena *arena, const struct ssh_keys_params *want,
	const struct ssh_keys_host *host, bool known)
{
	const char *lines = "";

	if (!want->present || (known && !want->known_hosts))
		return "";
	if (!known)
		return *host->line ? arena_printf(arena, "%s\n", host->line) : NULL;
	for (unsigned i = 0; i < host->known_count; i++)
		lines = arena_printf(arena, "%s%s\n", lines, host->known[i]);
	return *lines ? lines : NULL;
}

static int host_of_line(const struct ssh_keys_params *want, const char *line, bool known)
{
	for (unsigned i = 0; i < want->hosts_count; i++) {
		if (is_of(want, line, want->hosts[i].host, known))
			return (int)i;
	}
	return -1;
}

bool trust_has_others(const struct ssh_keys_params *want, const char *inside, bool known)
{
	for (; *inside; inside = next_line(inside)) {
		if (host_of_line(want, inside, known) < 0)
			return true;
	}
	return false;
}

static const char *trust_block(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *inside, bool known)
{
	bool *written = arena_array(arena, want->hosts_count + 1, sizeof(*written));
	struct buffer text = {0};
	const char *lines;

	for (; *inside; inside = next_line(inside)) {
		int host = host_of_line(want, inside, known);

		if (host < 0) {
			if (claimed_by_others(arena, want, have, inside, known))
				add_line(&text, inside);
			continue;
		}
		lines = wished_lines(arena, want, &want->hosts[host], known);
		if (!lines)
			add_line(&text, inside);
		else if (!written[host])
			buffer_add_string(&text, lines);
		written[host] = true;
	}
	for (unsigned i = 0; i < want->hosts_count; i++) {
		lines = written[i] ? NULL : wished_lines(arena, want, &want->hosts[i], known);
		if (lines)
			buffer_add_string(&text, lines);
	}
	return settle(arena, &text);
}

/* --- The block of literal keys */

const char *trust_literal_line(struct arena *arena, const struct ssh_keys_params *want,
	const char *key)
{
	return *want->options ? arena_printf(arena, "%s %s", want->options, key) : key;
}

static int key_of_line(const struct ssh_keys_params *want, const char *line)
{
	char *only = strndup(line, strcspn(line, "\n"));
	int found = -1;

	for (unsigned i = 0; found < 0 && i < want->authorized_count; i++) {
		if (trust_find_key(only, want->authorized[i]))
			found = (int)i;
	}
	free(only);
	return found;
}

/* Which bytes of a text are those of the two blocks. */
struct blocks { struct managed_block trust, literals; };

static struct blocks blocks_of(struct arena *arena, const char *text)
{
	return (struct blocks){ managed_block_find(arena, text, TRUST_BEGIN, TRUST_END),
		managed_block_find(arena, text, LITERAL_BEGIN, LITERAL_END) };
}

static bool in_blocks(const struct blocks *of, size_t at)
{
	return (of->trust.there && at >= of->trust.start && at < of->trust.end)
		|| (of->literals.there && at >= of->literals.start && at < of->literals.end);
}

/* Whether somebody else has put a line there, where it stays. */
static bool stands_outside(struct arena *arena, const struct ssh_keys_params *want, const char *text,
	const char *line)
{
	const struct blocks blocks = blocks_of(arena, text);
	size_t size = strlen(line);

	for (const char *at = text; *at && !want->exclusive; at = next_line(at)) {
		if (strcspn(at, "\n") == size && strncmp(at, line, size) == 0
				&& !in_blocks(&blocks, (size_t)(at - text)))
			return true;
	}
	return false;
}

static const char *literal_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *file, const char *inside)
{
	bool *written = arena_array(arena, want->authorized_count + 1, sizeof(*written));
	struct buffer text = {0};

	for (; *inside; inside = next_line(inside)) {
		int key = key_of_line(want, inside);

		if (key < 0 && !(want->exclusive && want->present))
			add_line(&text, inside);
		if (key >= 0 && want->present && !written[key])
			add_line(&text, trust_literal_line(arena, want, want->authorized[key]));
		if (key >= 0)
			written[key] = true;
	}
	for (unsigned i = 0; want->present && i < want->authorized_count; i++) {
		const char *line = trust_literal_line(arena, want, want->authorized[i]);

		if (!written[i] && !managed_block_has_line(text.data ? text.data : "", line, strlen(line))
				&& !stands_outside(arena, want, file, line))
			add_line(&text, line);
	}
	return settle(arena, &text);
}

/* --- Outside the blocks */

/* sshd takes the first line of a key: above one with options another would let in without them. */
static bool lacks_options(const struct ssh_keys_params *want, const char *line)
{
	size_t size = strlen(want->options);
	int key = size > 0 ? key_of_line(want, line) : -1;
	const char *wished = key < 0 ? NULL : want->authorized[key];

	return wished && !(strncmp(line, want->options, size) == 0 && line[size] == ' '
		&& strncmp(line + size + 1, wished, strlen(wished)) == 0
		&& strchr("\n", line[size + 1 + strlen(wished)]));
}

/* Other keys of an exclusive task, those that go, and what lacks the options that they are to have, stand nowhere
 * else either; remarks and empty lines stay. */
static bool goes_outside(const struct ssh_keys_params *want, const char *line)
{
	size_t size = strcspn(line, "\n");

	if (line[strspn(line, " \t")] == '#' || strspn(line, " \t\r") == size)
		return false;
	return want->present ? want->exclusive || lacks_options(want, line) : key_of_line(want, line) >= 0;
}

static const char *without_others(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have, const char *text)
{
	const struct blocks blocks = blocks_of(arena, text);
	struct buffer kept = {0};
	const char *settled;

	for (const char *line = text; *line; line = next_line(line)) {
		if (in_blocks(&blocks, (size_t)(line - text)) || !goes_outside(want, line))
			buffer_add(&kept, line, (size_t)(next_line(line) - line));
		else
			taken_line_add(arena, have->taken, text, line, NULL);
	}
	settled = settle(arena, &kept);
	return settled ? settled : "";
}

/* --- An undo */

/* Where hosts have lines, those before take their places; what was lost comes back where it
 * stood. */
static const char *trust_undone(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, bool known)
{
	char *const *back = known ? want->back_known : want->back;
	unsigned count = known ? want->back_known_count : want->back_count;
	const char *restored;
	struct buffer text = {0};
	bool written = false;

	for (; *inside; inside = next_line(inside)) {
		bool gone = false;

		for (unsigned i = 0; i < want->gone_count; i++)
			gone = gone || is_of(want, inside, want->gone[i], known);
		if (!gone)
			add_line(&text, inside);
		for (unsigned i = 0; gone && !written && i < count; i++)
			add_line(&text, back[i]);
		written = written || gone;
	}
	for (unsigned i = 0; !written && i < count; i++)
		add_line(&text, back[i]);
	restored = settle(arena, &text);
	restored = known ? taken_lines_restore(arena, restored ? restored : "", want->lost_known,
		want->lost_known_count) : taken_lines_restore(arena, restored ? restored : "", want->lost,
		want->lost_count);
	return *restored ? restored : NULL;
}

static const char *literals_undone(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside)
{
	struct buffer text = {0};
	const char *restored;

	for (; *inside; inside = next_line(inside)) {
		bool gone = false;

		for (unsigned i = 0; i < want->gone_keys_count; i++)
			gone = gone || managed_block_has_line(want->gone_keys[i], inside,
				strcspn(inside, "\n"));
		if (!gone)
			add_line(&text, inside);
	}
	for (unsigned i = 0; i < want->authorized_count; i++) {
		const char *line = trust_literal_line(arena, want, want->authorized[i]);

		if (!managed_block_has_line(text.data ? text.data : "", line, strlen(line)))
			add_line(&text, line);
	}
	restored = settle(arena, &text);
	restored = taken_lines_restore(arena, restored ? restored : "", want->lost_keys,
		want->lost_keys_count);
	return *restored ? restored : NULL;
}

/* --- Both files */

const char *trust_last_without_end(struct arena *arena, const char *text)
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
	return strcmp(trust_last_without_end(arena, shorter), before->last) == 0 ? shorter : text;
}

/* marks: of an undo, where a block stood that is gone by now. */
static const char *with_block(struct arena *arena, const char *text, const char *begin,
	const char *end, const char *inside, const struct taken_line *marks, unsigned mark_count)
{
	bool there = managed_block_find(arena, text, begin, end).there;

	if (!inside && !there)
		return text;
	if (inside && !there)
		text = taken_lines_restore(arena, text, marks, mark_count);
	return managed_block_set(arena, text, begin, end, inside);
}

/* The comments of keys that one block has and the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	struct lookup lines = managed_block_lines(arena, other ? other : "");

	for (; one && *one; one = next_line(one)) {
		size_t size = strcspn(one, "\n");
		const char *space = memrchr(one, ' ', size);

		if (space && !lookup_get(&lines, arena_bytes(arena, one, size)))
			value_append(arena, names, value_bytes(arena, space + 1,
				(size_t)(one + size - space - 1)));
	}
}

static void tell_block(struct arena *arena, const struct trust_block *block,
	struct trust_state *have)
{
	tell_difference(arena, block->after, block->before, have->added);
	tell_difference(arena, block->before, block->after, have->removed);
}

static void fill_blocks(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have)
{
	struct trust_file *keys = &have->keys, *known = &have->known;

	if (want->undo) {
		keys->trust.after = trust_undone(arena, want, keys->trust.before, false);
		known->trust.after = trust_undone(arena, want, known->trust.before, true);
		keys->literals.after = literals_undone(arena, want, keys->literals.before);
		return;
	}
	if (want->trust) {
		keys->trust.after = trust_block(arena, want, have, keys->trust.before, false);
		known->trust.after = trust_block(arena, want, have, known->trust.before, true);
	}
	if (want->authorized_count > 0)
		keys->literals.after = literal_block(arena, want, keys->before, keys->literals.before);
}

/* --- ~/.ssh/config */

const char *trust_identity_mark(struct arena *arena, const struct ssh_keys_params *want,
	const char *word)
{
	return arena_printf(arena, "# %s beoplay ssh-keys %s", word, want->path);
}

/* ssh tries keys of these names by itself. */
static bool is_tried(const struct trust_state *have, const char *path)
{
	static const char *const names[] = { "id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519",
		"id_ed25519_sk", "id_xmss", "id_dsa" };
	size_t size = strlen(have->directory);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strncmp(path, have->directory, size) == 0 && path[size] == '/'
				&& strcmp(path + size + 1, names[i]) == 0)
			return true;
	}
	return false;
}

/* Only for the hosts of trust: with others the user may have other keys. */
static const char *identity_block(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct buffer text = {0};

	if (want->undo)
		return want->identity && *want->identity ? want->identity : NULL;
	if (!want->present || is_tried(have, want->path))
		return NULL;
	buffer_add_string(&text, "Host");
	for (unsigned i = 0; i < want->hosts_count; i++)
		buffer_printf(&text, " %s", want->hosts[i].names);
	buffer_printf(&text, "\n\tIdentityFile \"%s\"\n", want->path);
	return settle(arena, &text);
}

static void compose_config(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have)
{
	struct trust_file *config = &have->config;

	if (!want->path || !(want->undo ? want->identity != NULL : want->hosts_count > 0))
		return;
	config->trust.after = identity_block(arena, want, have);
	config->after = with_block(arena, config->before, trust_identity_mark(arena, want, "BEGIN"),
		trust_identity_mark(arena, want, "END"), config->trust.after, NULL, 0);
	config->after = last_as_before(arena, want, config->path, config->after);
}

void trust_compose(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have)
{
	struct trust_file *keys = &have->keys, *known = &have->known;
	const char *text = keys->before;

	if (keys->broken || known->broken || have->config.broken || keys->no_text || known->no_text
			|| have->config.no_text)
		return;
	compose_config(arena, want, have);
	fill_blocks(arena, want, have);
	if (!want->undo && (want->exclusive || !want->present || *want->options))
		text = without_others(arena, want, have, text);
	if (want->trust || want->undo) {
		text = with_block(arena, text, TRUST_BEGIN, TRUST_END, keys->trust.after, want->marks,
			want->marks_count);
		known->after = with_block(arena, known->before, TRUST_BEGIN, TRUST_END,
			known->trust.after, want->marks_known, want->marks_known_count);
		tell_block(arena, &keys->trust, have);
	}
	if (want->authorized_count > 0 || want->undo) {
		text = with_block(arena, text, LITERAL_BEGIN, LITERAL_END, keys->literals.after,
			want->marks_keys, want->marks_keys_count);
		tell_block(arena, &keys->literals, have);
	}
	text = taken_lines_restore(arena, text, want->taken, want->taken_count);
	keys->after = last_as_before(arena, want, keys->path, text);
	known->after = last_as_before(arena, want, known->path, known->after);
}
