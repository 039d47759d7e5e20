/* compose: what the file becomes: our block, and the lines of others that are in its way. */
#include "modules/hosts/hosts.h"

#include "base/buffer.h"

#include <string.h>

char *hosts_small_letters(char *name)
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
		char *name = hosts_small_letters(arena_string(arena, entry->names[i]));

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
	char small[HOSTS_NAME_SIZE];

	if (strlen(name) >= sizeof(small))
		return NULL;
	return lookup_get(&have->wished, hosts_small_letters(strcpy(small, name)));
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

struct value *hosts_line_words(struct arena *arena, const char *line, size_t size)
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
			hosts_add_name(arena, have->own, value_text(words->items[i]));
	}
}

/* What a line of others becomes: itself, less, or NULL. 127.0.1.1 with the machine's own name
 * misleads MPI and NFS, so that one always goes; its other names, as that with the domain, are the
 * machine's by then. */
static const char *line_of_others(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *line, size_t size)
{
	struct value *words = hosts_line_words(arena, line, size), *gone = value_list(arena);
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
	struct value *words = hosts_line_words(arena, line, strcspn(line, "\n"));

	return words->count > 1 ? value_text(words->items[1]) : "";
}

bool hosts_is_one_of(const char *name, char *const *names, unsigned count)
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
	struct value *words = hosts_line_words(arena, line, strcspn(line, "\n"));

	for (size_t i = 1; i < words->count; i++) {
		if (hosts_is_one_of(value_text(words->items[i]), names, count))
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

void hosts_compose(struct arena *arena, const struct hosts_params *want,
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
