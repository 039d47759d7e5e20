/* invert: how authorized_keys and known_hosts come back, a host and a key at a time. */
#include "base/quote.h"
#include "modules/shared/managed_block.h"
#include "modules/ssh_keys/trust.h"

#include <string.h>

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
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
	ssh_keys_before_add(arena, before, have->config.path, &have->config.info);
	value_set_string(arena, before->items[3], "last", have->config.last);
	value_set_string(arena, before->items[1], "last", have->keys.last);
	value_set_string(arena, before->items[2], "last", have->known.last);
	value_set(arena, back, "before", before);
	return back;
}

/* Where a marker line stood; a neighbour that is no UTF-8 can't be named. */
static void add_mark(struct arena *arena, struct value *marks, const char *text, const char *mark)
{
	struct value *record;
	const char *neighbour;

	taken_line_add(arena, marks, text, mark, NULL);
	record = marks->items[marks->count - 1];
	neighbour = value_get_string(record, "after");
	if (neighbour && !utf8_valid(neighbour, strlen(neighbour)))
		value_remove(record, "after");
}

/* A block that goes with its last line comes back where it stood. */
static void tell_marks(struct arena *arena, struct value *back, const char *name,
	const char *text, const struct trust_block *block, const char *begin, const char *end)
{
	struct managed_block found = managed_block_find(arena, text, begin, end);
	struct value *marks = value_list(arena);
	const char *last = text + found.start;

	if (!found.there || block->after)
		return;
	for (const char *line = last; line < text + found.end; line = next_line(line))
		last = line;
	add_mark(arena, marks, text, text + found.start);
	add_mark(arena, marks, text, last);
	/* Between them stands nothing at first. */
	value_set(arena, marks->items[1], "number", value_printf(arena, "%lld",
		(long long)value_get_integer(marks->items[0], "number", 0) + 1));
	value_set_string(arena, marks->items[1], "after", begin);
	value_set(arena, back, name, marks);
}

static struct value *list_of_lines(struct arena *arena, const char *lines)
{
	struct value *list = value_list(arena);

	for (; *lines; lines = next_line(lines))
		value_append(arena, list, value_bytes(arena, lines, strcspn(lines, "\n")));
	return list;
}

static struct value *list_of_one(struct arena *arena, const char *text)
{
	struct value *list = value_list(arena);

	value_append(arena, list, value_string(arena, text));
	return list;
}

/* Lines of a block that are of one host (NULL: of none), with their places in it. */
static struct value *places(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, const char *host, bool known)
{
	struct value *lost = value_list(arena);

	for (const char *line = inside; *line; line = next_line(line)) {
		const char *of = trust_host_of(arena, want, line, known);

		if (host ? of && strcmp(of, host) == 0 : !of)
			taken_line_add(arena, lost, inside, line, NULL);
	}
	return lost;
}

static bool has_lines(struct arena *arena, const struct ssh_keys_params *want, const char *inside,
	const char *host, bool known)
{
	return *trust_lines_of(arena, want, inside, host, known) != '\0';
}

/* One file's part of what comes back of a host. */
static void tell_host(struct arena *arena, struct value *back, const struct ssh_keys_params *want,
	const struct trust_file *file, const char *host, bool known)
{
	const char *before = host ? trust_lines_of(arena, want, file->trust.before, host, known) : "";
	bool there = host && has_lines(arena, want, file->trust.after, host, known);

	if (there || (host && !*before))
		value_set(arena, back, known ? "back_known" : "back", list_of_lines(arena, before));
	else
		value_set(arena, back, known ? "lost_known" : "lost", places(arena, want,
			file->trust.before, host, known));
	tell_marks(arena, back, known ? "marks_known" : "marks", file->before, &file->trust,
		TRUST_BEGIN, TRUST_END);
}

static void invert_host(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *host)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have);

	if (host)
		value_set(arena, back, "gone", list_of_one(arena, host));
	tell_host(arena, back, want, &have->keys, host, false);
	tell_host(arena, back, want, &have->known, host, true);
	inverses_add(inverses, &(struct inverses_entry){ .params = back, .module = "ssh-keys-trust",
		.resource = arena_printf(arena, "authorized-key:%s:%s", want->user, host ? host : "*") });
}

/* Whether a host has something before and nothing after, in one of the files. */
static bool leaves(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *host)
{
	return (has_lines(arena, want, have->keys.trust.before, host, false)
		&& !has_lines(arena, want, have->keys.trust.after, host, false))
		|| (has_lines(arena, want, have->known.trust.before, host, true)
		&& !has_lines(arena, want, have->known.trust.after, host, true));
}

static void add_once(struct arena *arena, struct value *names, const char *name)
{
	if (!value_get(names, name))
		value_set_bool(arena, names, name, true);
}

static bool is_wished(const struct ssh_keys_params *want, const char *host)
{
	for (unsigned i = 0; i < want->hosts_count; i++) {
		if (strcmp(want->hosts[i].host, host) == 0)
			return true;
	}
	return false;
}

/* Hosts that an undo has brought back. */
static void invert_returning(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *names = value_map(arena);

	for (int known = 0; known < 2; known++) {
		const struct trust_block *block = known ? &have->known.trust : &have->keys.trust;

		for (const char *line = block->after ? block->after : ""; *line; line = next_line(line)) {
			const char *host = trust_host_of(arena, want, line, known);

			if (host && !is_wished(want, host) && !managed_block_has_line(block->before, line,
					strcspn(line, "\n")))
				add_once(arena, names, host);
		}
	}
	for (size_t i = 0; i < names->count; i++)
		invert_host(inverses, want, have, names->pairs[i].key);
}

/* Hosts that leave come back from the first line to the last, so the last is told first. */
static void invert_leaving(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *names = value_map(arena);
	bool other = false;

	for (int known = 0; known < 2; known++) {
		const struct trust_file *file = known ? &have->known : &have->keys;

		for (const char *line = file->trust.before; *line; line = next_line(line)) {
			const char *host = trust_host_of(arena, want, line, known);

			if (host && leaves(arena, want, have, host))
				add_once(arena, names, host);
			other = other || (!host && !managed_block_has_line(file->trust.after
				? file->trust.after : "", line, strcspn(line, "\n")));
		}
	}
	for (size_t i = names->count; i-- > 0;)
		invert_host(inverses, want, have, names->pairs[i].key);
	if (other)
		invert_host(inverses, want, have, NULL);
}

/* One line of the block of literal keys: line before (NULL: none), after (NULL: none). */
static void invert_key(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have, const char *key, const char *before, const char *after)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have), *lost = value_list(arena);
	const struct trust_block *block = &have->keys.literals;

	if (before && after && strcspn(before, "\n") == strlen(after)
			&& strncmp(before, after, strlen(after)) == 0) {
		value_set(arena, back, "authorized", list_of_one(arena, key));
	} else if (before) {
		taken_line_add(arena, lost, block->before, before, after);
		value_set(arena, back, "lost_keys", lost);
		tell_marks(arena, back, "marks_keys", have->keys.before, block, LITERAL_BEGIN,
			LITERAL_END);
	} else {
		value_set(arena, back, "gone_keys", list_of_one(arena, after ? after
			: trust_literal_line(arena, want, key)));
	}
	inverses_add(inverses, &(struct inverses_entry){ .params = back, .module = "ssh-keys-trust",
		.resource = arena_printf(arena, "authorized-key:%s:%s", want->user, trust_key_of(arena, key)) });
}

static const char *wished_key(const struct ssh_keys_params *want, const char *line)
{
	for (unsigned i = 0; i < want->authorized_count; i++) {
		if (trust_find_key(line, want->authorized[i]))
			return want->authorized[i];
	}
	return NULL;
}

/* Those that stay or come, then those that go, the last one first. */
static void invert_keys(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	const struct trust_block *block = &have->keys.literals;
	struct value *lines = list_of_lines(arena, block->before);
	const char **starts = arena_array(arena, lines->count + 1, sizeof(*starts));
	size_t count = 0;

	for (const char *line = block->before; *line; line = next_line(line))
		starts[count++] = line;
	for (unsigned i = 0; i < want->authorized_count; i++) {
		const char *key = want->authorized[i], *before = trust_find_key(block->before, key);
		bool there = trust_find_key(block->after, key) != NULL;

		if (there || !before)
			invert_key(inverses, want, have, key, before, there ? trust_literal_line(arena, want,
				key) : NULL);
	}
	for (const char *line = want->undo && block->after ? block->after : ""; *line;
			line = next_line(line)) {
		const char *new = arena_bytes(arena, line, strcspn(line, "\n"));

		if (!managed_block_has_line(block->before, new, strlen(new)))
			invert_key(inverses, want, have, new, NULL, new);
	}
	for (size_t i = count; i-- > 0;) {
		const char *line = value_text(lines->items[i]), *key = wished_key(want, line);

		if (!managed_block_has_line(block->after ? block->after : "", line, strlen(line))
				&& !(key && trust_find_key(block->after, key)))
			invert_key(inverses, want, have, key ? key : line, starts[i], NULL);
	}
}

static void invert_identity(struct inverses *inverses, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have);

	value_set_string(arena, back, "path", want->path);
	value_set_string(arena, back, "identity", have->config.trust.before);
	inverses_add(inverses, &(struct inverses_entry){ .params = back, .module = "ssh-keys-trust",
		.resource = arena_printf(arena, "ssh-identity:%s:%s", want->user, want->path) });
}

void trust_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct trust_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = way_back(arena, want, have);

	if (want->path && (want->trust || want->identity))
		invert_identity(inverses, want, have);
	value_set(arena, back, "taken", have->taken);
	if (want->exclusive || have->taken->count > 0)
		inverses_add(inverses, &(struct inverses_entry){ .params = back, .module = "ssh-keys-trust",
			.resource = arena_printf(arena, "authorized-keys:%s", want->user) });
	for (unsigned i = 0; i < want->hosts_count; i++) {
		if (!leaves(arena, want, have, want->hosts[i].host))
			invert_host(inverses, want, have, want->hosts[i].host);
	}
	if (want->undo)
		invert_returning(inverses, want, have);
	if (want->trust || want->undo)
		invert_leaving(inverses, want, have);
	if (want->authorized_count > 0 || want->undo)
		invert_keys(inverses, want, have);
}
