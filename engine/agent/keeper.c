/* keeper: what a task asks for beyond the machine: ledger, lock, gate, contents, records. */
#include "agent/runner.h"

#include "agent/image.h"
#include "agent/lock.h"
#include "agent/login_guard.h"
#include "agent/supervisor.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LOCK_PAUSE = 200 * 1000 * 1000,        /* nanoseconds */
	GATE_SHORT = 200,                      /* milliseconds in which nobody changes a machine by hand */
};

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

/* Orphans of which nothing is left to be undone. */
static void release_all(struct runner *runner)
{
	for (size_t i = 0; i < runner->let_go->count; i++)
		ledger_release(&runner->ledger, &runner->owner, value_text(runner->let_go->items[i]));
	runner->let_go = value_list(runner->arena);
}

/* Tries again until the time that the run may wait is over. */
static int wait_for_lock(struct runner *runner, struct error *err)
{
	int64_t until = milliseconds_now() + runner->lock_wait * 1000;
	bool told = false;
	int lock;

	for (;;) {
		struct error held = {0};

		lock = lock_take(runner->ledger.locks, runner->who, runner->owner.run, &held);
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
			const struct progress_text progress = { { held.message, strlen(held.message) } };

			link_send(&runner->link, FRAME_PROGRESS, &progress, NULL);
			link_flush(&runner->link);
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
	value_set_string(runner->arena, task, "user", work->task->user);
	if (work->task->level == LEVEL_OPEN)
		value_set_string(runner->arena, task, "params", work->task->params);
	if (work->task->notify)
		value_set(runner->arena, task, "notify", value_copy(runner->arena, work->task->notify));
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
	/* They alone are no reason to write. */
	if (last && runner->lock >= 0)
		release_all(runner);
	if (!ledger_changed(&runner->ledger) && !(last && runner->adopted->count > 0))
		return 0;
	if (keeper_lock(runner, err) < 0)
		return -1;
	if (last && runner->adopted->count > 0) {
		texts_keep(runner);
		adopt_all(runner);
		release_all(runner);
	}
	return ledger_save(&runner->ledger, err);
}

/* Whoever had the lock until now may have changed anything, and so may people while others are waited for. */
static int ask_gate(struct runner *runner, struct arena *arena, const struct request *request,
	struct reply *ret_reply, struct error *err)
{
	int64_t begin = milliseconds_now();
	struct reply reply = {0};

	if (runner->check)
		return error_set(err, BEOPLAY_BUG, "a dry run was about to change something");
	ret_reply->late = runner->lock < 0;
	if (keeper_lock(runner, err) < 0)
		return -1;
	if (runner->free)
		return link_alive(&runner->link) ? 0 : error_set(err, RUN_INTERRUPTED,
			"stopped before this task");
	if (link_request(&runner->link, arena, request, &reply, err) < 0)
		return -1;
	if (!reply.go)
		return error_set(err, RUN_INTERRUPTED, "stopped before this task");
	ret_reply->late = ret_reply->late || milliseconds_now() - begin > GATE_SHORT;
	return 0;
}

/* From here on the controller speaks to another agent. */
static int ask_move(struct runner *runner, struct arena *arena, const struct request *request,
	struct error *err)
{
	struct request asked = *request;
	struct reply reply = {0};

	if (runner->check)
		return error_set(err, BEOPLAY_BUG, "a dry run was about to change the connection");
	asked.machine = runner_running_machine(arena);
	if (link_request(&runner->link, arena, &asked, &reply, err) < 0)
		return -1;
	if (!reply.go)
		return error_set(err, RUN_INTERRUPTED, "stopped before this change");
	/* Without a time it is only asked whether anybody hears. */
	runner->link.lost = request->seconds > 0 || request->back;
	return 0;
}

static struct ledger_wish wish_of(const struct request *request)
{
	struct ledger_wish wish = { .module = request->module, .params = request->params,
		.notify = request->notify, .user = request->user };

	if (request->digest)
		strncpy(wish.digest, request->digest, DIGEST_HEX_SIZE - 1);
	return wish;
}

static const struct told_inverse *inverse_of(const struct request *request,
	const struct value *by_resource, const char *resource)
{
	const struct value *number = value_get(by_resource, resource);

	return number ? &request->inverses[number->integer] : NULL;
}

/* Of several of one resource the first counts. */
static struct value *by_resource(struct arena *arena, const struct request *request)
{
	struct value *map = value_map(arena);

	for (size_t i = 0; i < request->inverse_count; i++) {
		const char *resource = request->inverses[i].resource;

		if (resource && !value_get(map, resource))
			value_set_integer(arena, map, resource, (int64_t)i);
	}
	return map;
}

static void change_one(struct runner *runner, const char *resource, const char *parent,
	const struct ledger_wish *wish, const struct told_inverse *known)
{
	struct inverses_entry inverse = { .resource = resource };

	if (known) {
		inverse.module = known->module;
		inverse.params = known->params;
		inverse.reason = known->reason;
	}
	ledger_change(&runner->ledger, &runner->owner, resource, parent, wish, known ? &inverse : NULL,
		known ? known->body : NULL);
}

/* What the task takes away or changes beside what it names, and then that. What is changed first is
 * undone last: a package, then its configuration. */
static void change_all(struct runner *runner, struct arena *arena, const struct request *request)
{
	const struct value *resources = request->resources;
	struct value *inverses = by_resource(arena, request), *named = value_map(arena);
	struct ledger_wish wish = wish_of(request);

	for (size_t i = 0; i < value_item_count(resources); i++)
		value_set_bool(arena, named, value_text(resources->items[i]), true);
	for (size_t i = 0; named->count > 0 && i < inverses->count; i++) {
		const char *resource = value_key(inverses, i);

		if (!value_get(named, resource))
			change_one(runner, resource, value_text(resources->items[0]), &wish,
				inverse_of(request, inverses, resource));
	}
	for (size_t i = 0; i < value_item_count(resources); i++) {
		const char *resource = value_text(resources->items[i]);

		wish.wanted = value_text(value_item(request->wanted, i));
		change_one(runner, resource, NULL, &wish, inverse_of(request, inverses, resource));
	}
}

static int claim_all(struct runner *runner, struct arena *arena, const struct request *request,
	struct reply *reply, struct error *err)
{
	struct ledger_wish wish = wish_of(request);
	const char *other;

	for (size_t i = 0; i < value_item_count(request->resources); i++) {
		const char *resource = value_text(request->resources->items[i]);

		wish.wanted = value_text(value_item(request->wanted, i));
		if (ledger_conflict(&runner->ledger, arena, &runner->owner, resource, &wish, &other, err) < 0)
			return -1;
		if (other && !reply->note)
			reply->note = arena_printf(arena, "%s: until now %s wished otherwise", resource, other);
	}
	return 0;
}

/* Whether it may be changed for this task; what is to be said of that is in the reply. */
static int claim(struct runner *runner, struct arena *arena, const struct request *request,
	struct reply *reply, struct error *err)
{
	int result;

	ledger_hold(&runner->ledger);
	result = claim_all(runner, arena, request, reply, err);
	ledger_let_go(&runner->ledger);
	return result;
}

/* It failed before it came to these; if to none, nothing of it is due. */
static int take_back(struct runner *runner, const struct request *request)
{
	for (size_t i = 0; i < value_item_count(request->resources); i++)
		ledger_task_take_back(&runner->ledger, &runner->owner,
			value_text(request->resources->items[i]));
	for (size_t i = 0; request->all && i < runner->begun_due->count; i++)
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
	const struct fetch fetch = { .path = from->path, .offset = offset };
	const struct chunk *chunk;
	struct frame frame;
	char *bytes;
	int64_t size;

	if (!from->child) {
		if (files_chunk(arena, from->path, offset, &bytes, ret_count, &size, err) < 0)
			return -1;
		*ret_bytes = bytes;
		return 0;
	}
	link_send(from->child, FRAME_FETCH, &fetch, err);
	link_flush(from->child);
	do {
		struct frame_pieces pieces = {0};
		int got = frame_receive(from->child->in, &pieces, err);

		if (got > 0)
			got = frame_take(arena, &pieces, SENT_BY_CHILD, &frame, err) < 0 ? -1 : 1;
		buffer_free(&pieces.payload);
		if (got <= 0)
			return error_set(err, LEDGER_NOT_KEPT, "cannot keep '%s'", from->path);
	} while (frame.type != FRAME_CHUNK);
	chunk = frame.message;
	if (!chunk->bytes.bytes)
		return error_set(err, LEDGER_NOT_KEPT, "cannot keep '%s': %.500s", from->path,
			chunk->error ? chunk->error : "");
	*ret_bytes = chunk->bytes.bytes;
	*ret_count = chunk->bytes.size;
	return 0;
}

static int keep(struct runner *runner, struct link *child, struct arena *arena,
	const struct request *request, struct reply *reply, struct error *err)
{
	struct piece_source from = { child, request->path };
	char digest[DIGEST_HEX_SIZE];

	if (!from.path || ledger_keep(&runner->ledger, piece, &from, digest, err) < 0)
		return error_set(err, LEDGER_NOT_KEPT, "a file can't be kept");
	reply->digest = arena_string(arena, digest);
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
	ledger_file_changes(&runner->ledger, &runner->owner, path, image, runner->undoes);
	arena_free(arena);
}

static void note_files(struct runner *runner, struct link *child, const struct request *request)
{
	struct arena *arena = arena_new();
	const struct value *paths = ledger_paths_of(arena, request->resources);

	for (size_t i = 0; i < paths->count; i++)
		note_file(runner, child, value_key(paths, i));
	if (request->file)
		note_file(runner, child, request->file);
	arena_free(arena);
}

static int chunk_of(struct arena *arena, const char *path, int64_t offset, struct bytes *ret_bytes,
	int64_t *ret_size, struct error *err)
{
	char *bytes;

	if (files_chunk(arena, path, offset, &bytes, &ret_bytes->size, ret_size, err) < 0)
		return -1;
	ret_bytes->bytes = bytes;
	return 0;
}

static const char *offered(const struct runner *runner, const char *digest)
{
	return digest ? value_get_string(runner->offers, digest) : NULL;
}

void keeper_serve(void *context, struct arena *arena, const struct fetch *fetch,
	struct chunk *chunk)
{
	const char *path = offered(context, fetch->digest);
	struct error err = {0};

	if (!path)
		error_set(&err, HOST_CONTENT_LOST, "this content isn't offered here");
	if (!path || chunk_of(arena, path, fetch->offset, &chunk->bytes, &chunk->size, &err) < 0)
		chunk->error = arena_string(arena, err.message);
}

static int body(struct runner *runner, struct arena *arena, const struct request *request,
	struct reply *reply, struct error *err)
{
	const char *digest = request->digest, *path = offered(runner, digest);

	/* What is kept here is read one by one. */
	if (request->more)
		return runner->undoes ? error_set(err, HOST_CONTENT_LOST, "only the controller has several")
			: link_request(&runner->link, arena, request, reply, err);
	if (path)
		return chunk_of(arena, path, request->offset, &reply->bytes, &reply->size, err);
	if (digest && ledger_has_body(&runner->ledger, digest))
		return ledger_body_chunk(&runner->ledger, arena, digest, request->offset,
			&reply->bytes.bytes, &reply->bytes.size, &reply->size, err);
	if (runner->undoes)
		return error_set(err, HOST_CONTENT_LOST, "the content that was there before isn't kept "
			"here");
	return link_request(&runner->link, arena, request, reply, err);
}

/* --- A change --- */

/* Before the first change: what is going to be undone how, and which handlers are due by it. */
static int begin(struct runner *runner, struct link *child, struct arena *arena,
	const struct request *request, struct error *err)
{
	texts_keep(runner);
	adopt_all(runner);
	ledger_task_end(&runner->ledger);
	change_all(runner, arena, request);
	note_files(runner, child, request);
	runner->begun_due = value_list(runner->arena);
	for (size_t i = 0; i < value_item_count(request->notify); i++) {
		const char *key = value_text(request->notify->items[i]);

		if (!key)
			continue;
		runner_note_wanted(runner, key);
		if (ledger_is_due(&runner->ledger, &runner->owner, key))
			continue;
		ledger_due_add(&runner->ledger, &runner->owner, key);
		value_append(runner->arena, runner->begun_due, value_string(runner->arena, key));
	}
	if (runner->only_notes)
		return 0;
	return login_guard_arm(runner, request, err) < 0 ? -1 : ledger_save(&runner->ledger, err);
}

static int set_record(struct runner *runner, const struct request *request, struct error *err)
{
	if (runner->check)
		return error_set(err, BEOPLAY_BUG, "a dry run was about to write a record");
	if (ledger_set_record(&runner->ledger, request->key, request->record, err) < 0)
		return -1;
	return ledger_save(&runner->ledger, err);
}

int keeper_answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct request *request, struct reply *ret_reply, struct error *err)
{
	*ret_reply = (struct reply){0};
	switch (request->kind) {
	case REQUEST_BODY:
		return body(runner, arena, request, ret_reply, err);
	case REQUEST_GATE:
		return ask_gate(runner, arena, request, ret_reply, err);
	case REQUEST_MOVE:
		return ask_move(runner, arena, request, err);
	case REQUEST_LOGIN:
		return error_set(err, BEOPLAY_BUG, "a task asked for a login");
	case REQUEST_CLAIM:
		return claim(runner, arena, request, ret_reply, err);
	case REQUEST_BEGIN:
		return begin(runner, child, arena, request, err);
	case REQUEST_TAKE_BACK:
		return take_back(runner, request);
	case REQUEST_KEEP:
		return keep(runner, child, arena, request, ret_reply, err);
	case REQUEST_OFFER:
		if (request->digest)
			value_set_string(runner->arena, runner->offers, request->digest, request->path);
		return 0;
	case REQUEST_RECORD_GET:
		if (request->key)
			ret_reply->record = ledger_record(&runner->ledger, arena, request->key);
		return 0;
	case REQUEST_RECORD_SET:
		return request->key ? set_record(runner, request, err) : 0;
	case REQUEST_WISHED:
		if (request->key)
			ret_reply->record = ledger_wished(&runner->ledger, arena, &runner->owner, request->key,
				request->part);
		return 0;
	}
	return error_set(err, BEOPLAY_BUG, "a question of an unknown kind");
}
