/* playing_text: what is kept of the text of a run: in the history, by nodes, in plans. */
#include "command/playing_state.h"

#include "base/buffer.h"
#include "base/digest.h"
#include "seal/pack.h"
#include "wire/wire.h"

#include <sodium.h>
#include <string.h>

/* Of one file, and of all that are no texts together: more wouldn't fit into a pack. */
enum { TEXT_BODY_MOST = 64 << 10, TEXT_BODIES_MOST = 4 << 20 };

/* Inventories and -e as the project has them, whatever the current directory was. */
static struct value *how_it_ran(const struct playing *playing, const struct disclosure *to,
	struct revision *revision)
{
	struct arena *arena = playing->arena;
	struct value *how = value_map(arena), *inventories = value_list(arena);
	struct value *roles = value_list(arena);
	const char *head;
	bool dirty;

	for (size_t i = 0; i < playing->project.inventories->count; i++) {
		const char *path = value_text(playing->project.inventories->items[i]);

		value_append(arena, inventories, value_string(arena, playing->past ? path
			: record_path(arena, playing->project.folder, path)));
	}
	value_set(arena, how, "inventories", inventories);
	for (size_t i = 0; playing->playbook->has_roles && i < playing->project.roles->count; i++) {
		const char *path = value_text(playing->project.roles->items[i]);

		value_append(arena, roles, value_string(arena, playing->past ? path
			: record_path(arena, playing->project.folder, path)));
	}
	if (roles->count > 0)
		value_set(arena, how, "roles", roles);
	value_set(arena, how, "extra", playing_extra_named(playing, to));
	if (playing->sealing.key)
		value_set_string(arena, how, "key", playing->sealing.key->id);
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

static const struct record *record_text(struct playing *playing, const struct disclosure *to,
	struct revision *revision)
{
	const struct record *all;

	if (!playing->past && !playing->recorder)
		playing->recorder = recorder_new(playing->arena, playing->source,
			playing->project.folder, revision_ignores, revision);
	all = playing->past ? playing->past->record : recorder_read(playing->recorder);
	return record_disclose(playing->arena, all, playing->project.folder, to);
}

void playing_write_down(struct playing *playing, struct revision *revision,
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
		report_warning(report, NULL, *err.remedy ? arena_printf(playing->arena, "%s; %s",
			err.message, err.remedy) : err.message);
	history_close(history);
}

/* A digest of the digests of what isn't in the pack. */
static void digest_left_out(struct playing *playing, const struct record *record,
	const struct value *how)
{
	struct buffer all = {0};

	wire_encode(&all, value_get(how, "extra"));
	for (size_t i = 0; i < record->count; i++) {
		if (record_keeps_back(record->files[i].left_out))
			buffer_printf(&all, "%s\n", record->files[i].left_out);
	}
	keys_digest(&playing->sealing.keys, "left out", "", all.data, all.size,
		playing->sealing.seal.left_out, sizeof(playing->sealing.seal.left_out));
	buffer_free(&all);
}

/* The number that this run gets if no other one is written down before. */
static int64_t next_number(struct playing *playing)
{
	size_t count;
	const struct history_run *runs = earlier_runs(&playing->earlier, 1, &count);

	return count > 0 ? runs[0].number + 1 : 1;
}

/* What is the same in the seals of all hosts. */
static void begin_seals(struct playing *playing, const char *pack, size_t size)
{
	struct seal *seal = &playing->sealing.seal;
	const char *who = playing_who(playing->arena);

	seal->run = playing->name;
	seal->time = playing->time;
	seal->number = next_number(playing);
	memcpy(seal->who, who, strnlen(who, SEAL_WHO_MOST));
	crypto_hash_sha256(seal->pack, (const unsigned char *)pack, size);
}

void playing_give_text(struct playing *playing, struct revision *revision)
{
	const struct disclosure to = playing_disclosure(playing, FOR_PACK);
	const struct record *record = record_text(playing, &to, revision);
	struct value *packed = value_map(playing->arena), *how = how_it_ran(playing, &to, NULL);
	struct buffer bytes = {0};
	struct error ignored = {0};
	char *pack;
	size_t size;

	if (!playing->sealing.key)
		return;
	/* The same text is the same, whatever led back to it. */
	value_remove(how, "undo");
	value_remove(how, "limit");
	value_set_string(playing->arena, packed, "playbook", playing->project.playbook);
	value_set(playing->arena, packed, "how", how);
	value_set(playing->arena, packed, "files", record_pack(playing->arena, record, TEXT_BODY_MOST,
		TEXT_BODIES_MOST));
	wire_encode(&bytes, packed);
	digest_left_out(playing, record, how);
	if (pack_make(playing->arena, &playing->sealing.keys, bytes.data, bytes.size, &pack, &size,
			&ignored) == 0) {
		begin_seals(playing, pack, size);
		run_set_text(playing->run, pack, size, sealing_host, &playing->sealing);
	}
	buffer_free(&bytes);
}

static int damaged(struct error *err)
{
	return error_set(err, SEAL_ALTERED, "the text kept on the node is damaged");
}

int playing_unpack(struct arena *arena, const char *bytes, size_t size,
	struct playing_past *ret_past, struct error *err)
{
	struct history_run *run = arena_alloc(arena, sizeof(*run));
	struct record *record;
	struct value *packed;

	if (wire_decode(arena, bytes, size, &packed, NULL) < 0
			|| shape_check_map(packed, record_packed, "a packed text", SEAL_ALTERED, NULL) < 0)
		return damaged(err);
	run->how = value_get(packed, "how");
	run->playbook = value_get_string(packed, "playbook");
	if (record_unpack(arena, value_get(packed, "files"), &record, err) < 0)
		return damaged(err);
	*ret_past = (struct playing_past){ .record = record, .run = run };
	return 0;
}

/* Of one file, with what it is. */
static void digest_text(const struct record_file *file, char ret_hex[DIGEST_HEX_SIZE])
{
	struct buffer bytes = {0};

	buffer_printf(&bytes, "%d %o %s\n", (int)file->kind, file->mode, file->target ? file->target : "");
	buffer_add(&bytes, file->bytes ? file->bytes : "", file->bytes ? file->size : 0);
	digest_bytes(bytes.data, bytes.size, ret_hex);
	buffer_free(&bytes);
}

struct value *playing_texts(const struct playing *playing)
{
	const struct record *record = playing->past ? playing->past->record
		: recorder_read(recorder_new(playing->arena, playing->source, playing->project.folder,
		NULL, NULL));
	struct value *texts = value_map(playing->arena);

	for (size_t i = 0; i < record->count; i++) {
		struct arena *loading = arena_new();
		const struct record_file file = record_load(loading, record, &record->files[i]);
		char hex[DIGEST_HEX_SIZE];

		if (!file.left_out) {
			digest_text(&file, hex);
			value_set_string(playing->arena, texts, file.path, hex);
		}
		arena_free(loading);
	}
	return texts;
}
