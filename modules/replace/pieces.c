/* pieces: the lines that a replacement has changed, and how they come back. */
#include "modules/replace/replace.h"

#include "base/buffer.h"
#include "base/quote.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t line_start(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const char *text, size_t at)
{
	at += strcspn(text + at, "\n");
	return at + (text[at] == '\n');
}

/* --- Noting --- */

/* Goes along a text and counts its lines. */
struct counting {
	const char *text;
	size_t at;
	int number;
};

static int number_at(struct counting *counting, size_t at)
{
	for (; counting->at < at; counting->at++)
		counting->number += counting->text[counting->at] == '\n';
	return counting->number;
}

struct noting {
	struct arena *arena;
	struct counting old, now;
	struct replace_state *have;
	size_t bytes;
};

static void note(struct noting *noting, struct replace_edit whole)
{
	struct arena *arena = noting->arena;
	const char *text = noting->old.text, *now = noting->now.text;
	size_t old_size = whole.to - whole.from, now_size = whole.now_to - whole.now_from;
	size_t before = whole.now_from > 0 ? line_start(now, whole.now_from - 1) : 0;
	struct value *piece = value_map(arena);

	if (old_size == now_size && memcmp(text + whole.from, now + whole.now_from, old_size) == 0)
		return;
	noting->bytes += old_size + now_size;
	if (!utf8_valid(text + whole.from, old_size) || !utf8_valid(now + whole.now_from, now_size))
		noting->have->reason = "a line that changed is not valid UTF-8";
	if (noting->bytes > PIECES_BYTES_MOST || noting->have->pieces->count == PIECES_MOST) {
		noting->have->reason = "too many lines changed";
		return;
	}
	value_set(arena, piece, "old", value_bytes(arena, text + whole.from, old_size));
	value_set(arena, piece, "now", value_bytes(arena, now + whole.now_from, now_size));
	if (whole.now_from > 0 && utf8_valid(now + before, whole.now_from - 1 - before))
		value_set(arena, piece, "after", value_bytes(arena, now + before,
			whole.now_from - 1 - before));
	value_set(arena, piece, "number", value_printf(arena, "%d",
		number_at(&noting->now, whole.now_from)));
	value_set(arena, piece, "place", value_printf(arena, "%d", number_at(&noting->old, whole.from)));
	value_append(arena, noting->have->pieces, piece);
}

/* The lines in which an edit is, with what is unchanged in them. */
static struct replace_edit lines_of(const char *text, struct replace_edit edit)
{
	size_t from = line_start(text, edit.from), to = line_end(text, edit.to);

	return (struct replace_edit){ from, to, edit.now_from - (edit.from - from),
		edit.now_to + (to - edit.to) };
}

void replace_note_pieces(struct arena *arena, const char *text, const char *now,
	const struct replace_edits *edits, struct replace_state *have)
{
	struct noting noting = { arena, { .text = text }, { .text = now }, have, 0 };
	struct replace_edit whole = {0};

	for (size_t i = 0; i < edits->count; i++) {
		struct replace_edit lines = lines_of(text, edits->items[i]);

		if (i > 0 && lines.from < whole.to) {
			whole.to = lines.to;
			whole.now_to = lines.now_to;
			continue;
		}
		if (i > 0)
			note(&noting, whole);
		whole = lines;
	}
	if (edits->count > 0)
		note(&noting, whole);
}

/* --- The way back --- */

struct found {
	size_t at;               /* in the text; SIZE_MAX: it isn't there */
	int away;                /* from where it was, in lines */
};

enum { ELSEWHERE = 1 << 20 };   /* behind another line than then: farther than any */

static bool is_after(const struct replace_piece *piece, const char *text, size_t at)
{
	size_t start, size;

	if (at == 0 || !piece->after)
		return at == 0 && !piece->after;
	start = line_start(text, at - 1);
	size = at - 1 - start;
	return strlen(piece->after) == size && strncmp(piece->after, text + start, size) == 0;
}

/* Lines at the start of a line, up to the end of one; "" is everywhere. */
static bool is_here(const char *text, size_t at, const char *lines, bool last)
{
	size_t size = strlen(lines);

	return strncmp(text + at, lines, size) == 0
		&& (size == 0 || lines[size - 1] == '\n' || !text[at + size]
		|| (!last && text[at + size] == '\n'));
}

/* A text with the starts of its lines, and of what would be one more. */
struct searched {
	const char *text;
	size_t *starts;
	int count;
	size_t end;              /* pieces further on are placed already */
	bool last;               /* what ended the file without a newline does so: nobody has written behind it */
};

static struct searched search_in(struct arena *arena, const char *text)
{
	struct searched searched = { .text = text, .end = strlen(text) };
	size_t lines = 2, at = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	searched.starts = arena_array(arena, lines, sizeof(*searched.starts));
	for (; text[at]; at = line_end(text, at))
		searched.starts[searched.count++] = at;
	searched.starts[searched.count++] = at;
	return searched;
}

static void try_line(const struct searched *searched, const struct replace_piece *piece,
	const char *lines, int line, int away, struct found *best)
{
	size_t at;

	if (line < 0 || line >= searched->count)
		return;
	at = searched->starts[line];
	if (at + strlen(lines) > searched->end || !is_here(searched->text, at, lines, searched->last))
		return;
	away += is_after(piece, searched->text, at) ? 0 : ELSEWHERE;
	if (best->at == SIZE_MAX || away < best->away)
		*best = (struct found){ at, away };
}

/* From where they were on, farther and farther away; most: what is no nearer isn't looked for. */
static struct found find(const struct searched *searched, const struct replace_piece *piece,
	const char *lines, int number, int most)
{
	struct found best = { SIZE_MAX, 0 };

	for (int away = 0; away <= most && away <= searched->count + abs(number); away++) {
		try_line(searched, piece, lines, number - away, away, &best);
		if (away > 0)
			try_line(searched, piece, lines, number + away, away, &best);
		if (best.at != SIZE_MAX && best.away <= away)
			break;
	}
	return best;
}

static bool is_back(const struct searched *searched, const struct replace_piece *piece,
	struct found now)
{
	int most = now.at == SIZE_MAX || now.away >= ELSEWHERE ? searched->count : now.away;
	struct searched strictly = *searched;
	struct found old;

	/* What it became may begin with it. */
	strictly.last = now.at != SIZE_MAX && strncmp(piece->now, piece->old, strlen(piece->old)) == 0;

	if (!*piece->old)
		return now.at == SIZE_MAX;
	old = find(&strictly, piece, piece->old, piece->place, most);
	return old.at != SIZE_MAX && (now.at == SIZE_MAX || old.away <= now.away);
}

static bool is_open(const char *lines)
{
	return *lines && lines[strlen(lines) - 1] != '\n';
}

/* What ended the file may have something behind it by now: how many bytes of that go. */
static size_t fit_end(const struct replace_piece *piece, const char *rest, struct buffer *out)
{
	if (is_open(piece->now) && !is_open(piece->old) && *rest == '\n')
		return 1;
	if (!is_open(piece->now) && is_open(piece->old) && *rest)
		buffer_add_char(out, '\n');
	return 0;
}

static const char *put_back(struct arena *arena, const struct replace_params *want,
	const char *text, const size_t *places)
{
	struct buffer out = {0};
	size_t at = 0;
	const char *restored;

	for (unsigned i = 0; i < want->pieces_count; i++) {
		if (places[i] == SIZE_MAX)
			continue;
		buffer_add(&out, text + at, places[i] - at);
		buffer_add_string(&out, want->pieces[i].old);
		at = places[i] + strlen(want->pieces[i].now);
		at += fit_end(&want->pieces[i], text + at, &out);
	}
	buffer_add_string(&out, text + at);
	restored = arena_bytes(arena, out.data ? out.data : "", out.size);
	buffer_free(&out);
	return restored;
}

const char *replace_restored(struct arena *arena, const struct replace_params *want,
	const char *text, int *ret_lost)
{
	struct searched searched = search_in(arena, text);
	size_t *places = arena_array(arena, want->pieces_count + 1, sizeof(*places));

	*ret_lost = 0;
	for (unsigned i = want->pieces_count; i-- > 0;) {
		const struct replace_piece *piece = &want->pieces[i];
		struct found now = find(&searched, piece, piece->now, piece->number, searched.count);

		places[i] = SIZE_MAX;
		if (is_back(&searched, piece, now))
			continue;
		if (now.at == SIZE_MAX) {
			*ret_lost = piece->number + 1;
			return NULL;
		}
		places[i] = searched.end = now.at;
	}
	return put_back(arena, want, text, places);
}
