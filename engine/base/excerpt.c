/* excerpt: the beginning and the end of a stream that may be of any length. */
#include "base/excerpt.h"

#include <inttypes.h>
#include <string.h>

static size_t head_most(const struct excerpt *excerpt)
{
	return excerpt->most / 4;
}

static size_t tail_most(const struct excerpt *excerpt)
{
	return excerpt->most - head_most(excerpt);
}

void excerpt_add(struct excerpt *excerpt, const char *bytes, size_t size)
{
	size_t room = head_most(excerpt) - excerpt->head.size;
	size_t first = size < room ? size : room;
	size_t most = tail_most(excerpt);

	excerpt->size += size;
	buffer_add(&excerpt->head, bytes, first);
	bytes += first;
	size -= first;
	if (size > most) {
		bytes += size - most;
		size = most;
		buffer_clear(&excerpt->tail);
	}
	/* Twice the room, so that what is too old is dropped once in a while instead of each time. */
	if (excerpt->tail.size + size > 2 * most)
		buffer_drop_front(&excerpt->tail, excerpt->tail.size + size - most);
	buffer_add(&excerpt->tail, bytes, size);
}

bool excerpt_cut(const struct excerpt *excerpt)
{
	return excerpt->size > excerpt->most;
}

/* Lines that the gap would have torn are left out whole. */
static void end_at_lines(struct buffer *head, struct buffer *tail)
{
	const char *last = head->size > 0 ? memrchr(head->data, '\n', head->size) : NULL;
	const char *first = memchr(tail->data, '\n', tail->size - 1);

	if (last)
		head->size = (size_t)(last + 1 - head->data);
	if (first)
		buffer_drop_front(tail, (size_t)(first + 1 - tail->data));
}

static void join(struct excerpt *excerpt)
{
	struct buffer *head = &excerpt->head, *tail = &excerpt->tail;

	if (excerpt_cut(excerpt)) {
		if (tail->size > tail_most(excerpt))
			buffer_drop_front(tail, tail->size - tail_most(excerpt));
		end_at_lines(head, tail);
		buffer_printf(head, "%s[... %" PRIu64 " bytes left out ...]\n",
			head->size > 0 && head->data[head->size - 1] != '\n' ? "\n" : "",
			excerpt->size - head->size - tail->size);
	}
	buffer_add(head, tail->data ? tail->data : "", tail->size);
}

char *excerpt_end(struct excerpt *excerpt, struct arena *arena, size_t *ret_size)
{
	char *text;

	join(excerpt);
	text = arena_bytes(arena, excerpt->head.data, excerpt->head.size);
	*ret_size = excerpt->head.size;
	buffer_free(&excerpt->head);
	buffer_free(&excerpt->tail);
	return text;
}

char *excerpt_of(struct arena *arena, const char *text, size_t size, size_t most,
	size_t *ret_size)
{
	struct excerpt excerpt = { .most = most };

	excerpt_add(&excerpt, text, size);
	return excerpt_end(&excerpt, arena, ret_size);
}
