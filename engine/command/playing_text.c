/* playing_text: what is kept of the text of a run: in the history, by nodes, in plans. */
#include "command/playing_state.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "wire/wire.h"

#include <string.h>
#include <zstd.h>

enum { TEXT_BODY_MOST = 64 << 10, TEXT_MOST = 900 << 10, TEXT_UNPACKED_MOST = 64 << 20 };

/* Inventories and -e as the project has them, whatever the current directory was. */
static struct value *how_it_ran(const struct playing *playing, const struct disclosure *to,
	struct revision *revision)
{
	struct arena *arena = playing->arena;
	struct value *how = value_map(arena), *inventories = value_list(arena);
	const char *head;
	bool dirty;

	for (size_t i = 0; i < playing->project.inventories->count; i++) {
		const char *path = value_text(playing->project.inventories->items[i]);

		value_append(arena, inventories, value_string(arena, playing->past ? path
			: record_path(arena, playing->project.folder, path)));
	}
	value_set(arena, how, "inventories", inventories);
	value_set(arena, how, "extra", playing_extra_named(playing, to));
	if (playing->undo)
		value_set_string(arena, how, "undo", playing->undo->note);
	if (playing->limit_text)
		value_set_string(arena, how, "limit", playing->limit_text);
	head = revision ? revision_head(revision, arena, &dirty) : NULL;
	if (head) {
		value_set_string(arena, how, "head", head);
		value_set_string(arena, how, "dirty", dirty ? "yes" : "no");
	}
	return how;
}

static const struct record *record_text(const struct playing *playing,
	const struct disclosure *to, struct revision *revision)
{
	const struct record *all = playing->past ? playing->past->record
		: record_of(playing->arena, playing->source, playing->project.folder, revision_ignores,
		revision);

	return record_disclose(playing->arena, all, playing->project.folder, to);
}

void playing_write_down(const struct playing *playing, struct revision *revision,
	struct report *report)
{
	const struct disclosure to = playing_disclosure(playing, FOR_HISTORY);
	struct history_run run = {
		.run = playing->name, .project = playing->project.name,
		.playbook = playing->project.playbook, .who = playing_who(playing->arena),
		.time = playing->time, .hosts = run_outcome(playing->run),
		.how = how_it_ran(playing, &to, revision),
		.left = disclose(playing->arena, &to, run_left(playing->run)),
		.facts = disclose(playing->arena, &to, run_facts(playing->run)),
	};
	struct history *history;
	struct error err = {0};

	if (history_open(path_directory(playing->arena, playing->typed), true, &history, &err) < 0
			|| history_add(history, playing->arena, &run, record_text(playing, &to, revision),
			&err) < 0)
		report_warning(report, NULL, err.message);
	history_close(history);
}

void playing_give_text(struct playing *playing, struct revision *revision)
{
	const struct disclosure to = playing_disclosure(playing, FOR_PACK);
	struct value *packed = value_map(playing->arena);
	struct buffer bytes = {0};
	size_t room, size;
	char *squeezed;

	value_set_string(playing->arena, packed, "playbook", playing->project.playbook);
	value_set(playing->arena, packed, "how", how_it_ran(playing, &to, NULL));
	/* The same text is the same, whatever led back to it. */
	value_remove(value_get(packed, "how"), "undo");
	value_remove(value_get(packed, "how"), "limit");
	value_set(playing->arena, packed, "files", record_pack(playing->arena,
		record_text(playing, &to, revision), TEXT_BODY_MOST));
	wire_encode(&bytes, packed);
	room = ZSTD_compressBound(bytes.size);
	squeezed = arena_alloc(playing->arena, room);
	size = ZSTD_compress(squeezed, room, bytes.data, bytes.size, 3);
	if (!ZSTD_isError(size) && size <= TEXT_MOST)
		run_set_text(playing->run, squeezed, size);
	buffer_free(&bytes);
}

int playing_unpack(struct arena *arena, const struct value *bytes, struct playing_past *ret_past,
	struct error *err)
{
	unsigned long long size = ZSTD_getFrameContentSize(bytes->text, bytes->size);
	struct history_run *run = arena_alloc(arena, sizeof(*run));
	struct value *packed, *how;
	struct record *record;
	char *plain;

	if (size > TEXT_UNPACKED_MOST)   /* an error is a very large number, too */
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	plain = arena_alloc(arena, (size_t)size + 1);
	if (ZSTD_decompress(plain, (size_t)size, bytes->text, bytes->size) != size
			|| wire_decode(arena, plain, (size_t)size, &packed, NULL) < 0
			|| shape_check_map(packed, record_packed, "a packed text", ERROR_TEXT, NULL) < 0)
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	how = value_get(packed, "how");
	run->playbook = value_get_string(packed, "playbook");
	if (!run->playbook || !how || record_unpack(arena, value_get(packed, "files"), &record,
			err) < 0)
		return error_set(err, ERROR_TEXT, "the text that a node kept is damaged");
	run->how = how;
	*ret_past = (struct playing_past){ .record = record, .run = run };
	return 0;
}

struct value *playing_texts(const struct playing *playing)
{
	const struct record *record = playing->past ? playing->past->record : record_of(playing->arena,
		playing->source, playing->project.folder, NULL, NULL);
	struct value *texts = value_map(playing->arena);

	for (size_t i = 0; i < record->count; i++) {
		const struct record_file *file = &record->files[i];
		struct buffer bytes = {0};
		char hex[DIGEST_HEX_SIZE];

		if (file->left_out)
			continue;
		buffer_printf(&bytes, "%d %o %s\n", (int)file->kind, file->mode,
			file->target ? file->target : "");
		buffer_add(&bytes, file->bytes ? file->bytes : "", file->size);
		digest_bytes(bytes.data, bytes.size, hex);
		value_set_string(playing->arena, texts, file->path, hex);
		buffer_free(&bytes);
	}
	return texts;
}

