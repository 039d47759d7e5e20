/* compose: what the file becomes: our block, and the lines of others that are in its way. */
#include "modules/hosts/hosts.h"

#include "base/buffer.h"

#include <limits.h>
#include <stdlib.h>
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
	bool inside = line >= have->inside && line < have->inside + strlen(have->inside);

	taken_line_add(arena, have->taken, have->before, inside ? have->inside_before
		+ (line - have->inside) : line, instead);
	value_append(arena, have->taken_for, name);
}

static void keep_own(struct arena *arena, struct hosts_state *have, const struct value *words)
{
	for (size_t i = 1; i < words->count; i++) {
		if (!wished_address(have, value_text(words->items[i])))
			hosts_add_name(arena, have->own, value_text(words->items[i]));
	}
}

/* What a line of others becomes, within the block or outside: itself, less, or NULL. 127.0.1.1 with the
 * machine's own name misleads MPI and NFS, so that one always goes; its other names, as that with the domain,
 * are the machine's by then. */
static const char *line_of_others(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *line, size_t size, bool inside)
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
		have->clash_inside = inside;
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
			: line_of_others(arena, want, have, line, size, false);

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

const char *hosts_first_name(struct arena *arena, const char *line)
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
static bool is_entry_of(struct arena *arena, const char *line, const struct lookup *names)
{
	struct value *words = hosts_line_words(arena, line, strcspn(line, "\n"));

	for (size_t i = 1; i < words->count; i++) {
		if (lookup_get(names, value_text(words->items[i])))
			return true;
	}
	return false;
}

/* A line that an undo brings back, and before which line of the block then. */
struct back {
	const char *line;
	int place;
	unsigned number;             /* which of them */
};

static int compare_backs(const void *one, const void *other)
{
	const struct back *first = one, *second = other;

	return first->place != second->place ? (first->place > second->place ? 1 : -1)
		: (first->number > second->number) - (first->number < second->number);
}

/* Those with a place in its order, and then the others in theirs. */
static struct back *backs_of(struct arena *arena, const struct hosts_params *want)
{
	struct back *backs = arena_array(arena, want->back_count + 1, sizeof(*backs));

	for (unsigned i = 0; i < want->back_count; i++) {
		const char *place = i < want->places_count ? want->places[i] : "";
		long number = *place ? strtol(place, NULL, 10) : want->place;

		backs[i] = (struct back){ want->back[i], number < 0 || number > INT_MAX ? INT_MAX : (int)number, i };
	}
	qsort(backs, want->back_count, sizeof(*backs), compare_backs);
	return backs;
}

/* A line of others that the undo itself brings back. */
static bool comes_back(const struct hosts_params *want, const char *line)
{
	for (unsigned i = 0; i < want->taken_count; i++) {
		if (managed_block_has_line(want->taken[i].line, line, strcspn(line, "\n")))
			return true;
	}
	return false;
}

struct undone {
	struct buffer text;
	struct lookup lines;         /* that are in it */
	int count;
};

static void add_line(struct undone *undone, struct arena *arena, const char *line)
{
	buffer_printf(&undone->text, "%s\n", line);
	lookup_put(arena, &undone->lines, line, arena);
	undone->count++;
}

/* The block after an undo; NULL: there is none. */
static const char *undone_block(struct arena *arena, const struct hosts_params *want,
	const char *inside)
{
	const struct back *back = backs_of(arena, want), *end = back + want->back_count;
	struct undone undone = {0};
	struct lookup gone = {0};

	for (unsigned i = 0; i < want->gone_count; i++)
		lookup_put(arena, &gone, want->gone[i], arena);
	for (; *inside; inside += strcspn(inside, "\n") + 1) {
		if (!comes_back(want, inside) && is_entry_of(arena, inside, &gone))
			continue;
		for (; back < end && back->place <= undone.count; back++) {
			if (!lookup_get(&undone.lines, back->line))
				add_line(&undone, arena, back->line);
		}
		add_line(&undone, arena, arena_bytes(arena, inside, strcspn(inside, "\n")));
	}
	for (; back < end; back++) {
		if (!lookup_get(&undone.lines, back->line))
			add_line(&undone, arena, back->line);
	}
	if (undone.text.size > 0)
		return settle(arena, &undone.text);
	buffer_free(&undone.text);
	return NULL;
}

/* --- The block of several: tasks that share it come to the same text in whatever order they run --- */

struct wished_entry {
	const struct hosts_extra *entry;
	bool written;
};

/* By the first names of their entries; all of them in their order. */
static struct wished_entry *list_wished(struct arena *arena, const struct hosts_params *want,
	struct lookup *by_name)
{
	struct wished_entry *all = arena_array(arena, want->entries_count + want->extra_count + 1,
		sizeof(*all));
	struct wished_entry *end = all;

	for (unsigned i = 0; i < want->entries_count; i++)
		(end++)->entry = &want->entries[i];
	for (unsigned i = 0; i < want->extra_count; i++)
		(end++)->entry = &want->extra[i];
	for (struct wished_entry *at = all; at < end; at++) {
		if (!lookup_get(by_name, at->entry->names[0]))
			lookup_put(arena, by_name, at->entry->names[0], at);
	}
	return all;
}

/* By its first word that is the name of an entry; the entry of ours, and whether others have that, too. */
static struct wished_entry *entry_of(struct arena *arena, const struct hosts_state *have,
	const struct lookup *by_name, const char *line, bool *ret_others)
{
	struct value *words = hosts_line_words(arena, line, strcspn(line, "\n"));

	*ret_others = false;
	for (size_t i = 1; i < words->count; i++) {
		struct wished_entry *mine = lookup_get(by_name, value_text(words->items[i]));

		*ret_others = lookup_get(&have->others, value_text(words->items[i])) != NULL;
		if (mine || *ret_others)
			return mine;
	}
	return NULL;
}

static void write_entry(struct buffer *text, const struct hosts_params *want,
	const struct hosts_state *have, struct wished_entry *wished)
{
	if (!wished->written)
		add_entry_line(text, want, wished->entry, have);
	wished->written = true;
}

/* Where a line is that is this task's alone, its next entry comes: those are in the inventory's order. */
static void write_next(struct buffer *text, const struct hosts_params *want,
	const struct hosts_state *have, struct wished_entry **next)
{
	while ((*next)->entry && ((*next)->written || lookup_get(&have->others, (*next)->entry->names[0])))
		(*next)++;
	if ((*next)->entry)
		write_entry(text, want, have, *next);
}

static void write_kept(struct buffer *text, struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *line)
{
	size_t size = strcspn(line, "\n");
	const char *kept = line_of_others(arena, want, have, line, size, true);

	if (kept)
		buffer_printf(text, "%.*s\n", (int)(kept == line ? size : strlen(kept)), kept);
}

static const char *wished_block(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have, const char *inside)
{
	struct lookup by_name = {0};
	struct wished_entry *all = list_wished(arena, want, &by_name), *next = all;
	struct buffer text = {0};

	if (want->undo)
		return undone_block(arena, want, inside);
	for (; *inside; inside += strcspn(inside, "\n") + 1) {
		bool others;
		struct wished_entry *mine = entry_of(arena, have, &by_name, inside, &others);

		if (others && !mine)
			write_kept(&text, arena, want, have, inside);
		else if (others && want->present)
			write_entry(&text, want, have, mine);
		else if (want->present)
			write_next(&text, want, have, &next);
	}
	for (next = all; want->present && next->entry; next++)
		write_entry(&text, want, have, next);
	if (text.size > 0 || want->present)
		return settle(arena, &text);
	return NULL;
}

/* First names of lines in one that the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	struct lookup lines = managed_block_lines(arena, other);

	for (; *one; one += strcspn(one, "\n") + 1) {
		if (!lookup_get(&lines, arena_bytes(arena, one, strcspn(one, "\n"))))
			value_append(arena, names, value_string(arena, hosts_first_name(arena, one)));
	}
}

void hosts_compose(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have)
{
	struct managed_block block = managed_block_find(arena, have->before, BLOCK_BEGIN, BLOCK_END);
	const char *text, *inside;

	have->broken = block.broken;
	have->remedy = block.remedy;
	have->inside = block.inside;
	if (block.there)
		have->inside_before = have->before + block.start + strcspn(have->before + block.start, "\n") + 1;
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
