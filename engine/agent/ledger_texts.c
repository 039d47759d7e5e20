/* ledger_texts: the text of a run, packed, kept on the node beside what the run did, so that any
 * controller can bring it back. */
#include "agent/runner.h"

#include <string.h>

enum { TEXT_MOST = 900 << 10 };

struct text_source {
	struct runner *runner;
	int64_t size;                /* 0: not told yet */
};

/* A piece of the text that is run, asked of the controller. The last is known by the size: asking for
 * one more would cost each node a round trip. */
static int text_piece(void *context, struct arena *arena, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err)
{
	struct text_source *source = context;
	struct runner *runner = source->runner;
	const struct request request = { .kind = REQUEST_BODY, .digest = runner->owner.text,
		.offset = offset };
	struct reply reply = {0};

	*ret_count = 0;
	if (offset > 0 && offset == source->size)
		return 0;
	if (offset > TEXT_MOST)
		return error_set(err, LEDGER_NOT_KEPT, "the text of this run is too long");
	if (link_request(&runner->link, arena, &request, &reply, err) < 0)
		return -1;
	if (!reply.bytes.bytes)
		return error_set(err, LEDGER_NOT_KEPT, "the text of this run didn't come");
	*ret_bytes = reply.bytes.bytes;
	*ret_count = reply.bytes.size;
	source->size = reply.size;
	return 0;
}

/* Once a run, and never again if it doesn't come. */
void texts_keep(struct runner *runner)
{
	struct text_source source = { .runner = runner };
	struct error ignored = {0};
	char digest[DIGEST_HEX_SIZE];

	if (!runner->owner.text || ledger_has_body(&runner->ledger, runner->owner.text))
		return;
	if (ledger_keep(&runner->ledger, text_piece, &source, digest, &ignored) < 0
			|| strcmp(digest, runner->owner.text) != 0)
		runner->owner.text = NULL;
}

void texts_forget_open(struct runner *runner)
{
	struct error ignored = {0};

	if (runner->check || !ledger_has_open_texts(&runner->ledger)
			|| keeper_lock(runner, &ignored) < 0)
		return;
	ledger_drop_open_texts(&runner->ledger);
	ledger_save(&runner->ledger, &ignored);
}

struct bytes texts_read(const struct runner *runner, struct arena *arena, const char *digest)
{
	struct buffer text = {0};
	struct error ignored = {0};
	struct bytes read = {0};
	int64_t size = 0;
	size_t count = 1;

	while (ledger_has_body(&runner->ledger, digest) && text.size <= TEXT_MOST && count > 0) {
		const char *bytes;

		if (ledger_body_chunk(&runner->ledger, arena, digest, (int64_t)text.size, &bytes, &count,
				&size, &ignored) < 0)
			break;
		buffer_add(&text, bytes, count);
	}
	if (text.size > 0 && (int64_t)text.size == size)
		read = (struct bytes){ arena_bytes(arena, text.data, text.size), text.size };
	buffer_free(&text);
	return read;
}
