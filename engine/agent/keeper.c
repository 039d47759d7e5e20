/* keeper: what a task asks for beyond the machine: ledger, lock, gate, contents, records. */
#include "agent/runner.h"

#include "agent/image.h"
#include "agent/lock.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MOST = 900 << 10, LOCK_PAUSE = 200 * 1000 * 1000 };   /* bytes; nanoseconds */

/* --- The lock and the ledger --- */

static void adopt_all(struct runner *runner)
{
	for (size_t i = 0; i < runner->adopted->count; i++) {
		const struct value *entry = runner->adopted->items[i];
		const struct value *resources = value_get(entry, "resources");
		struct ledger_wish wish = {
			.module = value_get_string(entry, "module"),
			.params = value_get_string(entry, "params"),
			.notify = value_get(entry, "notify"),
			.user = value_get_string(entry, "user"),
		};

		memcpy(wish.digest, value_get_string(entry, "digest"), DIGEST_HEX_SIZE);
		for (size_t k = 0; k < resources->count; k++)
			ledger_adopt(&runner->ledger, &runner->owner, value_text(resources->items[k]),
				&wish);
	}
	runner->adopted = value_list(runner->arena);
}

/* Tries again until the time that the run may wait is over. */
static int wait_for_lock(struct runner *runner, struct error *err)
{
	int64_t until = milliseconds_now() + runner->lock_wait * 1000;
	bool told = false;
	int lock;

	for (;;) {
		struct error held = {0};

		lock = lock_take(runner->ledger.directory, runner->who, &held);
		if (lock >= 0)
			return lock;
		if (milliseconds_now() >= until || !link_alive(&runner->link)) {
			/* Who was refused once isn't kept waiting again in this run. */
			runner->lock_wait = 0;
			if (err && err->kind == ERROR_NONE)
				*err = held;
			return -1;
		}
		if (!told) {
			struct arena *arena = arena_new();
			struct value *progress = value_map(arena);

			value_set_string(arena, progress, "text", held.message);
			link_send(&runner->link, FRAME_PROGRESS, progress, NULL);
			link_flush(&runner->link);
			arena_free(arena);
			told = true;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE }, NULL);
	}
}

int keeper_lock(struct runner *runner, struct error *err)
{
	if (runner->lock >= 0)
		return 0;
	if (ledger_make_directory(&runner->ledger, NULL, err) < 0)
		return -1;
	runner->lock = wait_for_lock(runner, err);
	if (runner->lock < 0)
		return -1;
	ledger_reload(&runner->ledger);
	ledger_tidy(&runner->ledger);
	return ledger_usable(&runner->ledger, err);
}

void keeper_adopt(struct runner *runner, const struct work *work, const struct value *resources)
{
	struct ledger_wish wish = { .module = work->module->name };
	struct value *entry;
	bool fresh = false;

	memcpy(wish.digest, work->digest, sizeof(wish.digest));
	for (size_t i = 0; resources && i < resources->count; i++)
		fresh = fresh || !ledger_wishes(&runner->ledger, &runner->owner,
			value_text(resources->items[i]), &wish);
	if (!fresh || runner->check || (work->module->flags & MODULE_ACTION))
		return;
	entry = value_map(runner->arena);
	value_set_string(runner->arena, entry, "module", work->module->name);
	value_set_string(runner->arena, entry, "digest", work->digest);
	value_set_string(runner->arena, entry, "user", value_get_string(work->task, "user"));
	if (!value_get_bool(work->task, "secret"))
		value_set_string(runner->arena, entry, "params", value_get_string(work->task, "params"));
	value_set(runner->arena, entry, "resources", value_copy(runner->arena, resources));
	if (value_get(work->task, "notify"))
		value_set(runner->arena, entry, "notify", value_copy(runner->arena,
			value_get(work->task, "notify")));
	value_append(runner->arena, runner->adopted, entry);
}

/* A piece of the text that is run, asked of the controller. */
static int text_piece(void *context, struct arena *arena, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err)
{
	struct runner *runner = context;
	struct value *request = value_map(arena), *reply;
	const struct value *bytes;

	value_set_string(arena, request, "kind", "body");
	value_set_string(arena, request, "digest", runner->owner.text);
	value_set_integer(arena, request, "offset", offset);
	if (offset > TEXT_MOST)
		return error_set(err, ERROR_TASK, "the text of this run is too long");
	if (link_request(&runner->link, arena, request, &reply, err) < 0)
		return -1;
	bytes = value_get(reply, "bytes");
	if (!bytes || !value_text(bytes))
		return error_set(err, ERROR_TASK, "the text of this run didn't come");
	*ret_bytes = bytes->text;
	*ret_count = bytes->size;
	return 0;
}

/* What is run is kept beside what it did, so that any controller can bring it back. */
static void keep_text(struct runner *runner)
{
	struct error ignored = {0};
	char digest[DIGEST_HEX_SIZE];

	if (!runner->owner.text || ledger_has_body(&runner->ledger, runner->owner.text))
		return;
	if (ledger_keep(&runner->ledger, text_piece, runner, digest, &ignored) < 0)
		runner->owner.text = NULL;
}

/* Only if nobody else is at work here: it could be theirs. */
static void clean(struct runner *runner)
{
	int64_t wait = runner->lock_wait;
	struct error ignored = {0};

	runner->lock_wait = 0;
	if (runner->ledger.leftover && keeper_lock(runner, &ignored) == 0)
		ledger_clean(&runner->ledger);
	runner->lock_wait = wait;
}

int keeper_save(struct runner *runner, struct error *err)
{
	if (!runner->check)
		clean(runner);
	if (runner->check || (runner->adopted->count == 0 && !runner->ledger.dirty))
		return 0;
	if (keeper_lock(runner, err) < 0)
		return -1;
	keep_text(runner);
	adopt_all(runner);
	return ledger_save(&runner->ledger, err);
}

static int ask_gate(struct runner *runner, struct arena *arena, const struct value *request,
	struct error *err)
{
	struct value *question, *reply;

	if (runner->check)
		return error_set(err, ERROR_BUG, "a dry run was about to change something");
	if (keeper_lock(runner, err) < 0)
		return -1;
	if (runner->free)
		return link_alive(&runner->link) ? 0 : error_set(err, ERROR_INTERRUPTED,
			"stopped before this task");
	question = value_copy(arena, request);
	if (link_request(&runner->link, arena, question, &reply, err) < 0)
		return -1;
	if (!value_get_bool(reply, "go"))
		return error_set(err, ERROR_INTERRUPTED, "stopped before this task");
	return 0;
}

static const struct value *inverse_of(const struct value *inverses, const char *resource)
{
	for (size_t i = 0; inverses && i < inverses->count; i++) {
		const char *of = value_get_string(inverses->items[i], "resource");

		if (of && strcmp(of, resource) == 0)
			return inverses->items[i];
	}
	return NULL;
}

static struct ledger_wish wish_of(const struct value *request)
{
	struct ledger_wish wish = {
		.module = value_get_string(request, "module"),
		.params = value_get_string(request, "params"),
		.notify = value_get(request, "notify"),
		.user = value_get_string(request, "user"),
	};
	const char *digest = value_get_string(request, "digest");

	if (digest)
		strncpy(wish.digest, digest, DIGEST_HEX_SIZE - 1);
	return wish;
}

static bool is_one_of(const struct value *resources, const char *resource)
{
	for (size_t i = 0; resources && i < resources->count; i++) {
		if (strcmp(value_text(resources->items[i]), resource) == 0)
			return true;
	}
	return false;
}

/* What the task takes away or changes beside what it names. */
static void change_parts(struct runner *runner, const struct value *request,
	const struct ledger_wish *wish)
{
	const struct value *resources = value_get(request, "resources");
	const struct value *inverses = value_get(request, "inverses");

	for (size_t i = 0; resources && resources->count > 0 && inverses && i < inverses->count; i++) {
		const struct value *one = inverses->items[i];
		struct inverses_entry inverse = {
			.resource = value_get_string(one, "resource"),
			.module = value_get_string(one, "module"),
			.params = value_get(one, "params"),
			.reason = value_get_string(one, "reason"),
		};

		if (inverse.resource && !is_one_of(resources, inverse.resource))
			ledger_change(&runner->ledger, &runner->owner, inverse.resource,
				value_text(resources->items[0]), wish, &inverse,
				value_get_string(one, "body"));
	}
}

static int known(struct runner *runner, const struct value *request, struct error *err)
{
	const struct value *resources = value_get(request, "resources");
	struct ledger_wish wish = wish_of(request);

	for (size_t i = 0; resources && i < resources->count; i++) {
		if (ledger_conflict(&runner->ledger, &runner->owner, value_text(resources->items[i]),
				&wish, err) < 0)
			return -1;
	}
	return 0;
}

/* --- Contents --- */

/* A file of this machine, read by the agent or by its child. */
struct piece_source {
	struct link *child;
	const char *path;
};

static int piece(void *context, struct arena *arena, int64_t offset, const char **ret_bytes,
	size_t *ret_count, struct error *err)
{
	const struct piece_source *from = context;
	struct value *fetch;
	struct frame frame;
	char *bytes;
	int64_t size;

	if (!from->child) {
		if (files_chunk(arena, from->path, offset, &bytes, ret_count, &size, err) < 0)
			return -1;
		*ret_bytes = bytes;
		return 0;
	}
	fetch = value_map(arena);
	value_set_string(arena, fetch, "path", from->path);
	value_set_integer(arena, fetch, "offset", offset);
	link_send(from->child, FRAME_FETCH, fetch, err);
	link_flush(from->child);
	do {
		if (frame_receive(from->child->in, arena, SENT_BY_CHILD, &frame, err) <= 0)
			return error_set(err, ERROR_TASK, "'%s' can't be kept", from->path);
	} while (frame.type != FRAME_CHUNK);
	if (!value_get(frame.body, "bytes") || !value_text(value_get(frame.body, "bytes")))
		return error_set(err, ERROR_TASK, "'%s' can't be kept: %.500s", from->path,
			value_get_string(frame.body, "error") ? value_get_string(frame.body, "error") : "");
	*ret_bytes = value_get(frame.body, "bytes")->text;
	*ret_count = value_get(frame.body, "bytes")->size;
	return 0;
}

static int keep(struct runner *runner, struct link *child, struct arena *arena,
	const struct value *request, struct value *reply, struct error *err)
{
	struct piece_source from = { child, value_get_string(request, "path") };
	char digest[DIGEST_HEX_SIZE];

	if (!from.path || ledger_keep(&runner->ledger, piece, &from, digest, err) < 0)
		return error_set(err, ERROR_TASK, "a file can't be kept");
	value_set_string(arena, reply, "digest", digest);
	return 0;
}

/* What is in a file before it is changed; it isn't known what was in one that can't be kept. */
static void note_file(struct runner *runner, struct link *child, const char *path)
{
	struct piece_source from = { child, path };
	struct arena *arena = arena_new();
	const char *image = image_of(arena, path);
	char digest[DIGEST_HEX_SIZE], kept[DIGEST_HEX_SIZE];
	struct error ignored = {0};

	if (!ledger_file_noted(&runner->ledger, &runner->owner, path) && image_digest(image, digest)
			&& !ledger_has_body(&runner->ledger, digest) && (ledger_keep(&runner->ledger, piece,
			&from, kept, &ignored) < 0 || strcmp(kept, digest) != 0))
		image = "other";
	ledger_file_changes(&runner->ledger, &runner->owner, path, image);
	arena_free(arena);
}

static void note_files(struct runner *runner, struct link *child, const struct value *request)
{
	const struct value *resources = value_get(request, "resources");
	struct arena *arena = arena_new();

	for (size_t i = 0; resources && resources->count <= RUNNER_FILES_MOST && i < resources->count;
			i++) {
		const char *path = ledger_path_of(arena, value_text(resources->items[i]));

		if (path)
			note_file(runner, child, path);
	}
	if (value_get_string(request, "file"))
		note_file(runner, child, value_get_string(request, "file"));
	arena_free(arena);
}

static int chunk_of(struct arena *arena, const char *path, int64_t offset, struct value *chunk,
	struct error *err)
{
	char *bytes;
	size_t count;
	int64_t size;

	if (files_chunk(arena, path, offset, &bytes, &count, &size, err) < 0)
		return -1;
	value_set(arena, chunk, "bytes", value_bytes(arena, bytes, count));
	value_set_integer(arena, chunk, "size", size);
	return 0;
}

void keeper_serve(void *context, struct arena *arena, const struct value *fetch,
	struct value *chunk)
{
	const struct runner *runner = context;
	const char *digest = value_get_string(fetch, "digest");
	const char *path = digest ? value_get_string(runner->offers, digest) : NULL;
	struct error err = {0};

	if (!path)
		error_set(&err, ERROR_TASK, "this content isn't offered here");
	if (!path || chunk_of(arena, path, value_get_integer(fetch, "offset", 0), chunk, &err) < 0)
		value_set_string(arena, chunk, "error", err.message);
}

static int body(struct runner *runner, struct arena *arena, const struct value *request,
	struct value **ret_reply, struct error *err)
{
	const char *digest = value_get_string(request, "digest");
	const char *path = digest ? value_get_string(runner->offers, digest) : NULL;

	if (digest && !path && ledger_has_body(&runner->ledger, digest))
		path = ledger_body_path(&runner->ledger, arena, digest);
	if (!path && runner->undoes)
		return error_set(err, ERROR_TASK, "the content that was there before isn't kept here");
	if (!path)
		return link_request(&runner->link, arena, value_copy(arena, request), ret_reply, err);
	return chunk_of(arena, path, value_get_integer(request, "offset", 0), *ret_reply, err);
}

/* --- A change --- */

/* Before the first change: what is going to be undone how, and which handlers are due by it. */
static int begin(struct runner *runner, struct link *child, const struct value *request,
	struct error *err)
{
	const struct value *resources = value_get(request, "resources");
	const struct value *notify = value_get(request, "notify");
	struct ledger_wish wish = wish_of(request);

	/* What is changed first is undone last: a package, then its configuration. */
	change_parts(runner, request, &wish);
	for (size_t i = 0; resources && i < resources->count; i++) {
		const char *resource = value_text(resources->items[i]);
		const struct value *known = inverse_of(value_get(request, "inverses"), resource);
		struct inverses_entry inverse = {
			.resource = resource,
			.module = value_get_string(known, "module"),
			.params = value_get(known, "params"),
			.reason = value_get_string(known, "reason"),
		};

		ledger_change(&runner->ledger, &runner->owner, resource, NULL, &wish,
			known ? &inverse : NULL, value_get_string(known, "body"));
	}
	note_files(runner, child, request);
	for (size_t i = 0; notify && i < notify->count; i++)
		ledger_due_add(&runner->ledger, &runner->owner, value_text(notify->items[i]));
	return keeper_save(runner, err);
}

/* --- The table of questions --- */

int keeper_answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct value *request, struct value **ret_reply, struct error *err)
{
	const char *kind = value_get_string(request, "kind");
	const char *key = value_get_string(request, "key");
	const struct value *record;

	*ret_reply = value_map(arena);
	if (!kind)
		return error_set(err, ERROR_BUG, "a question without a kind");
	if (strcmp(kind, "body") == 0)
		return body(runner, arena, request, ret_reply, err);
	if (strcmp(kind, "gate") == 0)
		return ask_gate(runner, arena, request, err);
	if (strcmp(kind, "known") == 0)
		return known(runner, request, err);
	if (strcmp(kind, "begin") == 0)
		return begin(runner, child, request, err);
	if (strcmp(kind, "keep") == 0)
		return keep(runner, child, arena, request, *ret_reply, err);
	if (strcmp(kind, "offer") == 0 && value_get_string(request, "digest")) {
		value_set_string(runner->arena, runner->offers, value_get_string(request, "digest"),
			value_get_string(request, "path"));
		return 0;
	}
	if (strcmp(kind, "record_get") == 0 && key) {
		record = ledger_record(&runner->ledger, key);
		if (record)
			value_set(arena, *ret_reply, "record", value_copy(arena, record));
		return 0;
	}
	if (strcmp(kind, "record_set") == 0 && key && value_get(request, "record")) {
		if (runner->check)
			return error_set(err, ERROR_BUG, "a dry run was about to write a record");
		if (ledger_set_record(&runner->ledger, key, value_get(request, "record"), err) < 0)
			return -1;
		return keeper_save(runner, err);
	}
	return error_set(err, ERROR_BUG, "a question of the unknown kind '%s'", kind);
}
