/* keeper: what a task asks for beyond the machine: ledger, lock, gate, contents, records. */
#include "agent/runner.h"

#include "agent/image.h"
#include "agent/lock.h"
#include "agent/supervisor.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_PAUSE = 200 * 1000 * 1000 };   /* nanoseconds */

/* --- The lock and the ledger --- */

/* The wishes that were found fulfilled; of several for one thing the last one counts. */
static void adopt_all(struct runner *runner)
{
	for (size_t i = 0; i < runner->adopted->count; i++) {
		const struct value *entry = runner->adopted->pairs[i].value;
		const struct value *task = value_get(entry, "task");
		struct ledger_wish wish = {
			.module = value_get_string(task, "module"),
			.params = value_get_string(task, "params"),
			.notify = value_get(task, "notify"),
			.user = value_get_string(task, "user"),
			.wanted = value_get_string(entry, "wanted"),
		};

		memcpy(wish.digest, value_get_string(task, "digest"), DIGEST_HEX_SIZE);
		ledger_adopt(&runner->ledger, &runner->owner, value_get_string(entry, "resource"), &wish);
	}
	runner->adopted = value_map(runner->arena);
}

/* Tries again until the time that the run may wait is over. */
static int wait_for_lock(struct runner *runner, struct error *err)
{
	int64_t until = milliseconds_now() + runner->lock_wait * 1000;
	bool told = false;
	int lock;

	for (;;) {
		struct error held = {0};

		lock = lock_take(runner->ledger.locks, runner->who, &held);
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
	if (ledger_make_directory(runner->ledger.state, NULL, err) < 0)
		return -1;
	runner->lock = wait_for_lock(runner, err);
	if (runner->lock < 0)
		return -1;
	supervisor_hold(runner->lock);
	steps_clean(runner->over);
	ledger_write(&runner->ledger);
	return ledger_usable(&runner->ledger, err);
}

static struct value *adopted_task(struct runner *runner, const struct work *work)
{
	struct value *task = value_map(runner->arena);

	value_set_string(runner->arena, task, "module", work->module->name);
	value_set_string(runner->arena, task, "digest", work->digest);
	value_set_string(runner->arena, task, "user", value_get_string(work->task, "user"));
	if (value_get_integer(work->task, "level", LEVEL_OPEN) == LEVEL_OPEN)
		value_set_string(runner->arena, task, "params", value_get_string(work->task, "params"));
	if (value_get(work->task, "notify"))
		value_set(runner->arena, task, "notify", value_copy(runner->arena,
			value_get(work->task, "notify")));
	return task;
}

static const char *adopted_key(struct arena *arena, const char *module, const char *resource)
{
	return arena_printf(arena, "%s %s", module, resource);
}

static void adopt_one(struct runner *runner, const struct work *work, int64_t owner,
	struct value **task, const char *resource, const char *wanted)
{
	const char *key = adopted_key(work->arena, work->module->name, resource);
	struct ledger_wish wish = { .module = work->module->name };
	struct value *entry;

	memcpy(wish.digest, work->digest, sizeof(wish.digest));
	if (ledger_wishes(&runner->ledger, owner, resource, &wish)) {
		if (value_get(runner->adopted, key))
			value_remove(runner->adopted, key);
		return;
	}
	if (!*task)
		*task = adopted_task(runner, work);
	entry = value_map(runner->arena);
	value_set(runner->arena, entry, "task", *task);
	value_set_string(runner->arena, entry, "resource", resource);
	value_set_string(runner->arena, entry, "wanted", wanted);
	value_set(runner->arena, runner->adopted, key, entry);
}

void keeper_adopt(struct runner *runner, const struct work *work, const struct value *resources,
	const struct value *wanted)
{
	struct value *task = NULL;
	int64_t owner;

	if (runner->check || (work->module->flags & MODULE_ACTION))
		return;
	ledger_hold(&runner->ledger);
	owner = ledger_owner_id(&runner->ledger, &runner->owner);
	for (size_t i = 0; resources && i < resources->count; i++)
		adopt_one(runner, work, owner, &task, value_text(resources->items[i]),
			wanted && i < wanted->count ? value_text(wanted->items[i]) : NULL);
	ledger_let_go(&runner->ledger);
}

/* What a writer that was killed has left goes, and steps that have ended, now that they were told.
 * Only if nobody else is at work here: it could be theirs. */
static void clean(struct runner *runner)
{
	int64_t wait = runner->lock_wait;
	struct error ignored = {0};

	runner->lock_wait = 0;
	if (runner->ledger.leftover || runner->over->count > 0)
		keeper_lock(runner, &ignored);
	runner->lock_wait = wait;
}

int keeper_save(struct runner *runner, bool last, struct error *err)
{
	if (runner->check)
		return 0;
	clean(runner);
	if (!ledger_changed(&runner->ledger) && !(last && runner->adopted->count > 0))
		return 0;
	if (keeper_lock(runner, err) < 0)
		return -1;
	if (last && runner->adopted->count > 0) {
		texts_keep(runner);
		adopt_all(runner);
	}
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

/* A list of maps, by their resource. */
static struct value *by_resource(struct arena *arena, const struct value *list)
{
	struct value *map = value_map(arena);

	for (size_t i = 0; list && i < list->count; i++) {
		const char *resource = value_get_string(list->items[i], "resource");

		if (resource && !value_get(map, resource))
			value_set(arena, map, resource, list->items[i]);
	}
	return map;
}

static void change_one(struct runner *runner, const char *resource, const char *parent,
	const struct ledger_wish *wish, const struct value *known)
{
	const struct inverses_entry inverse = {
		.resource = resource,
		.module = value_get_string(known, "module"),
		.params = value_get(known, "params"),
		.reason = value_get_string(known, "reason"),
	};

	ledger_change(&runner->ledger, &runner->owner, resource, parent, wish, known ? &inverse : NULL,
		value_get_string(known, "body"));
}

/* What the task takes away or changes beside what it names, and then that. What is changed first is
 * undone last: a package, then its configuration. */
static void change_all(struct runner *runner, struct arena *arena, const struct value *request)
{
	const struct value *resources = value_get(request, "resources");
	const struct value *wanted = value_get(request, "wanted");
	struct value *inverses = by_resource(arena, value_get(request, "inverses"));
	struct value *named = value_map(arena);
	struct ledger_wish wish = wish_of(request);

	for (size_t i = 0; resources && i < resources->count; i++)
		value_set_bool(arena, named, value_text(resources->items[i]), true);
	for (size_t i = 0; named->count > 0 && i < inverses->count; i++) {
		if (!value_get(named, inverses->pairs[i].key))
			change_one(runner, inverses->pairs[i].key, value_text(resources->items[0]), &wish,
				inverses->pairs[i].value);
	}
	for (size_t i = 0; resources && i < resources->count; i++) {
		const char *resource = value_text(resources->items[i]);

		wish.wanted = wanted && i < wanted->count ? value_text(wanted->items[i]) : NULL;
		change_one(runner, resource, NULL, &wish, value_get(inverses, resource));
	}
}

/* Whether it may be changed for this task; what is to be said of that is in the reply. */
static int claim(struct runner *runner, struct arena *arena, const struct value *request,
	struct value *reply, struct error *err)
{
	const struct value *resources = value_get(request, "resources");
	const struct value *wanted = value_get(request, "wanted");
	struct ledger_wish wish = wish_of(request);
	const char *other;

	for (size_t i = 0; resources && i < resources->count; i++) {
		const char *resource = value_text(resources->items[i]);

		wish.wanted = wanted && i < wanted->count ? value_text(wanted->items[i]) : NULL;
		if (ledger_conflict(&runner->ledger, arena, &runner->owner, resource, &wish, &other, err) < 0)
			return -1;
		if (other && !value_get(reply, "note"))
			value_set(arena, reply, "note", value_printf(arena, "%s: until now %s wished otherwise",
				resource, other));
	}
	return 0;
}

/* It failed before it came to these; if to none, nothing of it is due. */
static int take_back(struct runner *runner, const struct value *request)
{
	const struct value *resources = value_get(request, "resources");

	for (size_t i = 0; resources && i < resources->count; i++)
		ledger_task_take_back(&runner->ledger, &runner->owner, value_text(resources->items[i]));
	for (size_t i = 0; value_get_bool(request, "all") && i < runner->begun_due->count; i++)
		ledger_due_remove(&runner->ledger, &runner->owner, value_text(runner->begun_due->items[i]));
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

static int kept_chunk(const struct runner *runner, struct arena *arena, const char *digest,
	int64_t offset, struct value *chunk, struct error *err)
{
	const char *bytes;
	size_t count;
	int64_t size;

	if (ledger_body_chunk(&runner->ledger, arena, digest, offset, &bytes, &count, &size, err) < 0)
		return -1;
	value_set(arena, chunk, "bytes", value_bytes(arena, bytes, count));
	value_set_integer(arena, chunk, "size", size);
	return 0;
}

static int body(struct runner *runner, struct arena *arena, const struct value *request,
	struct value **ret_reply, struct error *err)
{
	const char *digest = value_get_string(request, "digest");
	const char *path = digest ? value_get_string(runner->offers, digest) : NULL;

	if (digest && !path && ledger_has_body(&runner->ledger, digest))
		return kept_chunk(runner, arena, digest, value_get_integer(request, "offset", 0),
			*ret_reply, err);
	if (!path && runner->undoes)
		return error_set(err, ERROR_TASK, "the content that was there before isn't kept here");
	if (!path)
		return link_request(&runner->link, arena, value_copy(arena, request), ret_reply, err);
	return chunk_of(arena, path, value_get_integer(request, "offset", 0), *ret_reply, err);
}

/* --- A change --- */

/* Before the first change: what is going to be undone how, and which handlers are due by it. */
static int begin(struct runner *runner, struct link *child, struct arena *arena,
	const struct value *request, struct error *err)
{
	const struct value *notify = value_get(request, "notify");

	texts_keep(runner);
	adopt_all(runner);
	ledger_task_end(&runner->ledger);
	change_all(runner, arena, request);
	note_files(runner, child, request);
	runner->begun_due = value_list(runner->arena);
	for (size_t i = 0; notify && i < notify->count; i++) {
		const char *key = value_text(notify->items[i]);

		if (ledger_is_due(&runner->ledger, &runner->owner, key))
			continue;
		ledger_due_add(&runner->ledger, &runner->owner, key);
		value_append(runner->arena, runner->begun_due, value_string(runner->arena, key));
	}
	return ledger_save(&runner->ledger, err);
}

/* --- The table of questions --- */

int keeper_answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct value *request, struct value **ret_reply, struct error *err)
{
	const char *kind = value_get_string(request, "kind");
	const char *key = value_get_string(request, "key");
	struct value *record;

	*ret_reply = value_map(arena);
	if (!kind)
		return error_set(err, ERROR_BUG, "a question without a kind");
	if (strcmp(kind, "body") == 0)
		return body(runner, arena, request, ret_reply, err);
	if (strcmp(kind, "gate") == 0)
		return ask_gate(runner, arena, request, err);
	if (strcmp(kind, "claim") == 0)
		return claim(runner, arena, request, *ret_reply, err);
	if (strcmp(kind, "begin") == 0)
		return begin(runner, child, arena, request, err);
	if (strcmp(kind, "take_back") == 0)
		return take_back(runner, request);
	if (strcmp(kind, "keep") == 0)
		return keep(runner, child, arena, request, *ret_reply, err);
	if (strcmp(kind, "offer") == 0 && value_get_string(request, "digest")) {
		value_set_string(runner->arena, runner->offers, value_get_string(request, "digest"),
			value_get_string(request, "path"));
		return 0;
	}
	if (strcmp(kind, "record_get") == 0 && key) {
		record = ledger_record(&runner->ledger, arena, key);
		if (record)
			value_set(arena, *ret_reply, "record", record);
		return 0;
	}
	if (strcmp(kind, "record_set") == 0 && key && value_get(request, "record")) {
		if (runner->check)
			return error_set(err, ERROR_BUG, "a dry run was about to write a record");
		if (ledger_set_record(&runner->ledger, key, value_get(request, "record"), err) < 0)
			return -1;
		return ledger_save(&runner->ledger, err);
	}
	return error_set(err, ERROR_BUG, "a question of the unknown kind '%s'", kind);
}
