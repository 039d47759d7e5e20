/* gone: what is known of a line beyond single tasks.
 *
 * The host's record of a pattern is {line, next, gone: [{number, id, line, after, instead, copies,
 * bare}]}: what tasks have made of the line last, and the lines of others that they have taken away,
 * each with an id that no other one has had. A way back knows which was next when its task was done;
 * one that leads behind several runs brings back what went since. */
#include "modules/lineinfile/lineinfile.h"

#include <stdlib.h>
#include <string.h>

static const char *record_key(struct arena *arena, const struct line_params *want)
{
	return arena_printf(arena, "lineinfile:%s:%s", want->path, line_pattern(want));
}

int line_recall(struct host *host, const struct line_params *want, struct line_state *have,
	struct error *err)
{
	struct value *record = NULL;

	if (line_pattern(want) && host_record_get(host, record_key(host_arena(host), want), &record,
			err) < 0)
		return -1;
	have->ours = want->undo && record ? value_get_string(record, "line") : NULL;
	have->known = record;
	return 0;
}

const char *line_made(const struct line_state *have)
{
	return have->known ? value_get_string(have->known, "line") : NULL;
}

static const struct value *gone_of(const struct line_state *have)
{
	return have->known ? value_get(have->known, "gone") : NULL;
}

int64_t line_gone_next(const struct line_state *have)
{
	return have->known ? value_get_integer(have->known, "next", 0) : 0;
}

static struct line_back back_of(struct arena *arena, const struct value *gone)
{
	const char *instead = value_get_string(gone, "instead"), *after = value_get_string(gone, "after");
	const char *line = value_get_string(gone, "line");

	return (struct line_back){
		.line = arena_string(arena, line ? line : ""),
		.instead = instead ? arena_string(arena, instead) : NULL,
		.after = after ? arena_string(arena, after) : NULL,
		.number = (int)value_get_integer(gone, "number", 0),
		.copies = (int)value_get_integer(gone, "copies", 1),
		.bare = value_get_bool(gone, "bare"),
	};
}

size_t line_gone_since(struct arena *arena, const struct line_state *have, int64_t number,
	struct line_back **ret_back)
{
	const struct value *gone = gone_of(have);
	size_t count = 0;

	*ret_back = arena_array(arena, value_item_count(gone) + 1, sizeof(**ret_back));
	for (size_t i = 0; i < value_item_count(gone); i++) {
		if (value_get_integer(gone->items[i], "id", 0) >= number)
			(*ret_back)[count++] = back_of(arena, gone->items[i]);
	}
	return count;
}

/* As the way back has it, but with numbers. */
static struct value *one_gone(struct arena *arena, const struct value *back, int64_t id)
{
	static const char *const numbers[] = { "number", "copies" };
	static const char *const texts[] = { "line", "after", "instead" };
	struct value *gone = value_map(arena);

	value_set_integer(arena, gone, "id", id);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		value_set_integer(arena, gone, numbers[i], strtoll(value_get_string(back, numbers[i]), NULL, 10));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (value_text(value_get(back, texts[i])))
			value_set(arena, gone, texts[i], value_copy(arena, value_get(back, texts[i])));
	}
	value_set_bool(arena, gone, "bare", strcmp(value_get_string(back, "bare"), "yes") == 0);
	return gone;
}

/* Those that are still gone, and what the task takes away of others. */
static struct value *gone_then(struct arena *arena, const struct line_params *want,
	const struct line_state *have, int64_t *next)
{
	const char *text = have->file.after ? have->file.after : have->file.before;
	const char *ours = line_made(have);
	struct lines lines = lines_split(arena, text, 0);
	const struct value *before = gone_of(have);
	struct value *gone = value_list(arena);

	for (size_t i = 0; i < value_item_count(before); i++) {
		struct line_back back = back_of(arena, before->items[i]);

		if (lines_count(&lines, back.line) < back.copies)
			value_append(arena, gone, value_copy(arena, before->items[i]));
	}
	for (size_t i = 0; !want->undo && i < have->back->count; i++) {
		const char *line = value_get_string(have->back->items[i], "line");

		if (gone->count < BACK_MOST && (!ours || !line_is(&(struct line){ line, strlen(line), false },
				ours)))
			value_append(arena, gone, one_gone(arena, have->back->items[i], (*next)++));
	}
	return gone;
}

int line_remember(struct host *host, const struct line_params *want, const struct line_state *have,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *record = value_map(arena), *gone;
	const char *line = want->undo ? want->kept : !want->present ? NULL : line_kept(arena, want, have,
		have->line);
	int64_t next = line_gone_next(have);

	if (!line_pattern(want))
		return 0;
	gone = gone_then(arena, want, have, &next);
	if (line)
		value_set_string(arena, record, "line", line);
	if (gone->count > 0)
		value_set(arena, record, "gone", gone);
	value_set_integer(arena, record, "next", next);
	return host_record_set(host, record_key(arena, want), line || gone->count > 0 ? record : NULL, err);
}
