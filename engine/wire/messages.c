/* messages: what each message may hold, one table a struct, and who sends what. What isn't in a
 * table isn't sent, and is refused where frames are read. */
#include "wire/blocks.h"
#include "wire/messages.h"

#include "base/digest.h"
#include "wire/wire.h"

enum {
	CODE_MOST = 64,                /* names of errors */
	NAME_MOST = 1024,              /* of users, machines, modules, projects, runs */
	RESOURCE_MOST = 4096,
	KEY_MOST = 4096,               /* of a handler */
	TITLE_MOST = 64 << 10,         /* what people wrote: names of tasks, subjects, causes */
	TEXT_MOST = 256 << 10,
	PATH_MOST = 4096,
	FEW = 4096,
	MANY_ITEMS = 1 << 16,
	OF_TEXT = 1 << 20,             /* tasks and resources of a whole text */
	PUBLISHED_MOST = 64 << 10,
	SEAL_MOST = 256,
};

/* The kind of each member is checked where its table is compiled. */
#define AT(type, of, member) \
	(offsetof(struct of, member) + 0 * _Generic(((struct of *)0)->member, type: 0))

#define ROW(a_kind, the_flags, type, of, member, the_most) { .name = #member, .kind = a_kind, \
	.flags = the_flags, .offset = AT(type, of, member), .most = the_most }
#define BOOL(of, member, flags) ROW(FIELD_BOOL, flags, bool, of, member, 0)
#define NUMBER(of, member, flags) ROW(FIELD_INTEGER, flags, int64_t, of, member, 0)
#define TEXT(of, member, flags, most) ROW(FIELD_TEXT, flags, const char *, of, member, most)
#define DIGEST(of, member, flags) TEXT(of, member, flags, DIGEST_HEX_SIZE - 1)
#define BYTES(of, member, flags, most) ROW(FIELD_BYTES, flags, struct bytes, of, member, most)
#define LEVELLED(of, member, flags, most) \
	ROW(FIELD_LEVELLED, flags, struct value *, of, member, most)
#define VALUE(of, member, flags, most) ROW(FIELD_VALUE, flags, struct value *, of, member, most)
#define MAP(of, member, flags, most) ROW(FIELD_MAP, flags, struct value *, of, member, most)
#define TEXTS(of, member, the_flags, count_most, the_text_most) { .name = #member, \
	.kind = FIELD_TEXTS, .flags = the_flags, .offset = AT(struct value *, of, member), \
	.most = count_most, .text_most = the_text_most }
#define WORD(of, member, the_flags, the_words, outside) { .name = #member, .kind = FIELD_WORD, \
	.flags = the_flags, .offset = AT(unsigned, of, member), .most = outside, .words = the_words }
#define ONE(the_of, member, the_flags, message, type) { .name = #member, .kind = FIELD_ONE, \
	.flags = the_flags, .offset = AT(const struct type *, the_of, member), .of = &(message) }
#define MANY(the_of, member, count, the_flags, message, type, the_most) { .name = #member, \
	.kind = FIELD_MANY, .flags = the_flags, .offset = AT(const struct type *, the_of, member), \
	.count_offset = AT(size_t, the_of, count), .most = the_most, .of = &(message) }
#define END { .kind = FIELD_END }

#define MESSAGE(the_name, type) \
	{ .name = the_name, .size = sizeof(struct type), .fields = type##_fields }

static const struct field nothing_fields[] = { END };
const struct message message_nothing = { .name = "nothing", .fields = nothing_fields };

/* --- Of a ledger --- */

static const struct field due_handler_fields[] = {
	TEXT(due_handler, project, 0, NAME_MOST), TEXT(due_handler, playbook, 0, PATH_MOST),
	TEXT(due_handler, handler, 0, KEY_MOST), TEXT(due_handler, run, 0, NAME_MOST),
	END,
};
static const struct message message_due_handler = MESSAGE("due handler", due_handler);

static const struct field failed_task_fields[] = {
	TEXT(failed_task, project, 0, NAME_MOST), TEXT(failed_task, playbook, 0, PATH_MOST),
	TEXT(failed_task, task, 0, TITLE_MOST), TEXT(failed_task, run, 0, NAME_MOST),
	TEXT(failed_task, message, 0, TEXT_MOST),
	END,
};
static const struct message message_failed_task = MESSAGE("failed task", failed_task);

static const struct field kept_seal_fields[] = {
	TEXT(kept_seal, run, 0, NAME_MOST), BYTES(kept_seal, seal, 0, SEAL_MOST),
	END,
};
static const struct message message_kept_seal = MESSAGE("seal", kept_seal);

static const struct field seals_fields[] = {
	TEXT(seals, incarnation, 0, 32), MANY(seals, kept, count, 0, message_kept_seal, kept_seal, 16),
	END,
};
static const struct message message_seals = MESSAGE("seals", seals);

static const struct field ledger_run_fields[] = {
	TEXT(ledger_run, project, 0, NAME_MOST),
	TEXT(ledger_run, playbook, 0, PATH_MOST), TEXT(ledger_run, run, 0, NAME_MOST),
	TEXT(ledger_run, revision, 0, NAME_MOST), TEXT(ledger_run, who, 0, NAME_MOST),
	NUMBER(ledger_run, time, 0), DIGEST(ledger_run, text, 0), BYTES(ledger_run, seal, 0, SEAL_MOST),
	END,
};
static const struct message message_ledger_run = MESSAGE("run", ledger_run);

static const struct field looked_fields[] = {
	MANY(looked, runs, run_count, 0, message_ledger_run, ledger_run, FEW),
	MANY(looked, due, due_count, 0, message_due_handler, due_handler, FEW),
	MANY(looked, failed, failed_count, 0, message_failed_task, failed_task, FEW),
	NUMBER(looked, resources, 0), TEXTS(looked, orphans, 0, MANY_ITEMS, RESOURCE_MOST),
	BYTES(looked, text, 0, FRAME_MOST), TEXT(looked, foreign, 0, PATH_MOST),
	ONE(looked, seals, 0, message_seals, seals),
	END,
};
const struct message message_looked = MESSAGE("what the ledger has", looked);

/* --- Of the agent --- */

static const struct field lock_holder_fields[] = {
	TEXT(lock_holder, who, 0, NAME_MOST), TEXT(lock_holder, from, 0, NAME_MOST),
	TEXT(lock_holder, since, 0, NAME_MOST), TEXT(lock_holder, run, 0, NAME_MOST),
	END,
};
static const struct message message_lock_holder = MESSAGE("lock", lock_holder);

static const char *const step_ends[] = { "broken off", "running", "ended", "other version",
	NULL };

static const struct field ran_step_fields[] = {
	TEXT(ran_step, command, 0, TITLE_MOST), WORD(ran_step, end, 0, step_ends, 0),
	NUMBER(ran_step, status, FIELD_SIGNED),
	END,
};
static const struct message message_ran_step = MESSAGE("step", ran_step);

static const struct field hello_fields[] = {
	NUMBER(hello, version, FIELD_NEEDED),
	MANY(hello, due, due_count, 0, message_due_handler, due_handler, FEW),
	MANY(hello, failed, failed_count, 0, message_failed_task, failed_task, FEW),
	TEXT(hello, machine, 0, NAME_MOST), TEXT(hello, foreign, 0, PATH_MOST),
	TEXT(hello, problem, 0, TITLE_MOST),
	TEXT(hello, remedy, 0, TITLE_MOST), TEXT(hello, code, FIELD_CODE, CODE_MOST),
	ONE(hello, seals, 0, message_seals, seals),
	ONE(hello, lock, 0, message_lock_holder, lock_holder),
	MANY(hello, ran, ran_count, 0, message_ran_step, ran_step, 16),
	END,
};
const struct message message_hello = MESSAGE("HELLO", hello);

static const struct field stage_end_fields[] = {
	TEXTS(stage_end, orphans, 0, MANY_ITEMS, RESOURCE_MOST), TEXT(stage_end, problem, 0, TITLE_MOST),
	TEXT(stage_end, code, FIELD_CODE, CODE_MOST),
	END,
};
const struct message message_stage_end = MESSAGE("STAGE_END", stage_end);

static const struct field progress_text_fields[] = { BYTES(progress_text, text, 0, TEXT_MOST), END };
const struct message message_progress = MESSAGE("PROGRESS", progress_text);

/* --- Questions, answers and contents --- */

static const char *const request_kinds[] = {
	[REQUEST_BODY] = "body", [REQUEST_GATE] = "gate",
	[REQUEST_MOVE] = "move", [REQUEST_LOGIN] = "login", [REQUEST_CLAIM] = "claim",
	[REQUEST_BEGIN] = "begin", [REQUEST_TAKE_BACK] = "take_back", [REQUEST_KEEP] = "keep",
	[REQUEST_OFFER] = "offer", [REQUEST_RECORD_GET] = "record_get",
	[REQUEST_RECORD_SET] = "record_set", [REQUEST_WISHED] = "wished", NULL,
};

static const struct field told_inverse_fields[] = {
	TEXT(told_inverse, resource, 0, RESOURCE_MOST), TEXT(told_inverse, module, 0, NAME_MOST),
	VALUE(told_inverse, params, FIELD_MANY_KEYS, FRAME_MOST),
	TEXT(told_inverse, reason, 0, TITLE_MOST), DIGEST(told_inverse, body, 0),
	END,
};
static const struct message message_told_inverse = MESSAGE("way back", told_inverse);

static const struct field request_fields[] = {
	NUMBER(request, id, FIELD_NEEDED),
	WORD(request, kind, FIELD_NEEDED, request_kinds, REQUEST_OF_AGENTS),
	DIGEST(request, digest, 0), NUMBER(request, offset, 0), NUMBER(request, task, 0),
	TEXT(request, address, 0, 64), NUMBER(request, seconds, 0),
	BOOL(request, back, 0), BOOL(request, away, 0), TEXT(request, machine, 0, NAME_MOST),
	TEXTS(request, more, 0, BODIES_MOST, DIGEST_HEX_SIZE - 1),
	BYTES(request, have, 0, BLOCKS_MOST * BLOCK_SUM_SIZE),
	TEXT(request, path, FIELD_INSIDE, PATH_MOST), TEXT(request, file, FIELD_INSIDE, PATH_MOST),
	TEXT(request, key, FIELD_INSIDE, KEY_MOST), TEXT(request, part, FIELD_INSIDE, NAME_MOST),
	VALUE(request, record, FIELD_INSIDE | FIELD_MANY_KEYS, RESULT_MOST),
	TEXT(request, module, FIELD_INSIDE, NAME_MOST), TEXT(request, params, FIELD_INSIDE, FRAME_MOST),
	TEXT(request, user, FIELD_INSIDE, NAME_MOST),
	TEXTS(request, resources, FIELD_INSIDE, MANY_ITEMS, RESOURCE_MOST),
	TEXTS(request, wanted, FIELD_INSIDE, MANY_ITEMS, NAME_MOST),
	TEXTS(request, notify, FIELD_INSIDE, FEW, KEY_MOST),
	MANY(request, inverses, inverse_count, FIELD_INSIDE, message_told_inverse, told_inverse,
		MANY_ITEMS),
	BOOL(request, all, FIELD_INSIDE),
	END,
};
const struct message message_request = MESSAGE("REQUEST", request);

static const struct field reply_fields[] = {
	NUMBER(reply, id, FIELD_NEEDED), BYTES(reply, bytes, 0, CHUNK_SIZE), NUMBER(reply, size, 0),
	BYTES(reply, same, 0, BLOCKS_MOST), BOOL(reply, go, 0), TEXT(reply, error, 0, TITLE_MOST), TEXT(reply, code, FIELD_CODE, CODE_MOST),
	 DIGEST(reply, digest, FIELD_INSIDE),
	TEXT(reply, note, FIELD_INSIDE, TITLE_MOST),
	VALUE(reply, record, FIELD_INSIDE | FIELD_MANY_KEYS, RESULT_MOST),
	BOOL(reply, late, FIELD_INSIDE),
	END,
};
const struct message message_reply = MESSAGE("REPLY", reply);

static const struct field fetch_fields[] = {
	NUMBER(fetch, id, FIELD_NEEDED), DIGEST(fetch, digest, 0), NUMBER(fetch, offset, 0),
	TEXT(fetch, path, FIELD_INSIDE, PATH_MOST),
	END,
};
const struct message message_fetch = MESSAGE("FETCH", fetch);

static const struct field chunk_fields[] = {
	NUMBER(chunk, id, FIELD_NEEDED), BYTES(chunk, bytes, 0, CHUNK_SIZE), NUMBER(chunk, size, 0),
	TEXT(chunk, error, 0, TITLE_MOST),
	END,
};
const struct message message_chunk = MESSAGE("CHUNK", chunk);

/* --- RESULT --- */

static const struct field told_change_fields[] = {
	TEXT(told_change, subject, 0, TITLE_MOST), TEXT(told_change, field, 0, TITLE_MOST),
	LEVELLED(told_change, before, 0, TEXT_MOST), LEVELLED(told_change, after, 0, TEXT_MOST),
	NUMBER(told_change, flags, 0),
	END,
};
const struct message message_told_change = MESSAGE("change", told_change);

static const struct field published_fields[] = {
	TEXT(published, module, FIELD_NEEDED, 64), TEXT(published, key, 0, 256),
	VALUE(published, facts, FIELD_NEEDED, PUBLISHED_MOST),
	END,
};
static const struct message message_published = MESSAGE("published", published);

static const struct field cause_fields[] = {
	WORD(cause, kind, 0, cause_words, 0), TEXT(cause, name, 0, TITLE_MOST),
	TEXT(cause, host, 0, NAME_MOST), TEXT(cause, why, 0, TEXT_MOST),
	END,
};
const struct message message_cause = MESSAGE("cause", cause);

static const struct field result_fields[] = {
	NUMBER(result, task, FIELD_NEEDED),
	WORD(result, status, FIELD_NEEDED, status_words, STATUS_OF_AGENTS),
	BOOL(result, more, 0), TEXT(result, resource, 0, RESOURCE_MOST),
	MANY(result, changes, change_count, 0, message_told_change, told_change, MANY_ITEMS),
	TEXTS(result, notes, 0, MANY_ITEMS, TEXT_MOST), MAP(result, results, FIELD_MANY_KEYS, RESULT_MOST),
	ONE(result, published, 0, message_published, published),
	TEXT(result, message, 0, TEXT_MOST), TEXT(result, remedy, 0, TEXT_MOST),
	TEXT(result, code, FIELD_CODE, CODE_MOST), ONE(result, cause, 0, message_cause, cause),
	DIGEST(result, planned, 0),
	NUMBER(result, milliseconds, 0), ONE(result, looked, 0, message_looked, looked),
	TEXTS(result, writes, FIELD_INSIDE, MANY_ITEMS, TEXT_MOST),
	TEXTS(result, resources, FIELD_INSIDE, MANY_ITEMS, RESOURCE_MOST),
	TEXTS(result, wanted, FIELD_INSIDE, MANY_ITEMS, NAME_MOST),
	END,
};
const struct message message_result = MESSAGE("RESULT", result);

/* --- STAGE --- */

static const char *const undo_modes[] = { "", "prune", "rollback", "all", NULL };
static const char *const task_kinds[] = { "module", "flush", "undo", "look", NULL };
static const char *const choices[] = { "", "no", "yes", NULL };
static const char *const levels[] = { "open", "private", "secret", NULL };

static const struct field whole_fields[] = {
	TEXTS(whole, unseen, 0, OF_TEXT, RESOURCE_MOST), TEXTS(whole, unsure, 0, FEW, NAME_MOST),
	END,
};
static const struct message message_whole = MESSAGE("whole", whole);

static const struct field undo_order_fields[] = {
	WORD(undo_order, mode, 0, undo_modes, 0), BOOL(undo_order, discard, 0),
	TEXTS(undo_order, handlers, 0, OF_TEXT, KEY_MOST),
	TEXTS(undo_order, after, 0, OF_TEXT, NAME_MOST),
	TEXTS(undo_order, of_hosts, 0, OF_TEXT, NAME_MOST),
	TEXTS(undo_order, declared, 0, OF_TEXT, RESOURCE_MOST),
	TEXTS(undo_order, unsure, 0, FEW, NAME_MOST),
	TEXTS(undo_order, expect, 0, OF_TEXT, RESOURCE_MOST),
	END,
};
static const struct message message_undo_order = MESSAGE("undo", undo_order);

static const struct field look_order_fields[] = {
	ONE(look_order, whole, 0, message_whole, whole), DIGEST(look_order, text, 0),
	END,
};
static const struct message message_look_order = MESSAGE("look", look_order);

static const struct field wire_task_fields[] = {
	NUMBER(wire_task, id, FIELD_NEEDED), WORD(wire_task, kind, 0, task_kinds, 0),
	TEXT(wire_task, module, 0, NAME_MOST), TEXT(wire_task, params, 0, STAGE_MOST),
	TEXT(wire_task, host, 0, NAME_MOST),
	TEXT(wire_task, name, 0, TITLE_MOST), TEXT(wire_task, user, 0, NAME_MOST),
	TEXTS(wire_task, environment, 0, FEW, TEXT_MOST), NUMBER(wire_task, timeout, 0),
	BOOL(wire_task, results, 0), TEXTS(wire_task, notify, 0, FEW, KEY_MOST),
	BOOL(wire_task, ignore_errors, 0), WORD(wire_task, changed, 0, choices, 0),
	WORD(wire_task, check, 0, choices, 0), WORD(wire_task, diff, 0, choices, 0),
	WORD(wire_task, level, 0, levels, 0), BOOL(wire_task, no_log, 0),
	TEXT(wire_task, handler, 0, KEY_MOST), BOOL(wire_task, controller, 0),
	BOOL(wire_task, plan, 0), DIGEST(wire_task, expect, 0),
	ONE(wire_task, undo, 0, message_undo_order, undo_order),
	ONE(wire_task, look, 0, message_look_order, look_order),
	END,
};
const struct message message_wire_task = MESSAGE("TASK", wire_task);

static const struct field wire_stage_fields[] = {
	BOOL(wire_stage, apply, 0), BOOL(wire_stage, diff, 0), BOOL(wire_stage, free, 0),
	TEXT(wire_stage, project, 0, NAME_MOST), TEXT(wire_stage, playbook, 0, PATH_MOST),
	TEXT(wire_stage, formerly, 0, PATH_MOST), TEXT(wire_stage, run, 0, NAME_MOST),
	TEXT(wire_stage, revision, 0, NAME_MOST), TEXT(wire_stage, who, 0, NAME_MOST),
	TEXT(wire_stage, login, 0, NAME_MOST), DIGEST(wire_stage, text, 0),
	BYTES(wire_stage, seal, 0, SEAL_MOST), NUMBER(wire_stage, time, 0),
	NUMBER(wire_stage, lock_wait, 0), TEXTS(wire_stage, notified, 0, OF_TEXT, KEY_MOST),
	TEXTS(wire_stage, dropped, 0, OF_TEXT, KEY_MOST),
	MANY(wire_stage, tasks, task_count, 0, message_wire_task, wire_task, OF_TEXT),
	BOOL(wire_stage, last, 0), ONE(wire_stage, whole, 0, message_whole, whole),
	END,
};
const struct message message_wire_stage = MESSAGE("STAGE", wire_stage);

/* --- Who sends what --- */

enum { AGENT = 1 << SENT_BY_AGENT, CONTROLLER = 1 << SENT_BY_CONTROLLER, CHILD = 1 << SENT_BY_CHILD,
	PARENT = 1 << SENT_BY_PARENT };

static const struct {
	const char *name;
	const struct message *message;
	unsigned senders;
} frames[FRAME_TYPE_END] = {
	[FRAME_HELLO] = { "HELLO", &message_hello, AGENT },
	[FRAME_STAGE] = { "STAGE", &message_wire_stage, CONTROLLER },
	[FRAME_RESULT] = { "RESULT", &message_result, AGENT | CHILD },
	[FRAME_STAGE_END] = { "STAGE_END", &message_stage_end, AGENT },
	[FRAME_REQUEST] = { "REQUEST", &message_request, AGENT | CHILD },
	[FRAME_REPLY] = { "REPLY", &message_reply, CONTROLLER | PARENT },
	[FRAME_FETCH] = { "FETCH", &message_fetch, CONTROLLER | PARENT },
	[FRAME_CHUNK] = { "CHUNK", &message_chunk, AGENT | CHILD },
	[FRAME_PROGRESS] = { "PROGRESS", &message_progress, AGENT | CHILD },
	[FRAME_PING] = { "PING", &message_nothing, AGENT | CONTROLLER },
	[FRAME_CANCEL] = { "CANCEL", &message_nothing, CONTROLLER | PARENT },
	[FRAME_BYE] = { "BYE", &message_nothing, AGENT | CONTROLLER },
};

const char *frame_name(enum frame_type type)
{
	return type > 0 && type < FRAME_TYPE_END ? frames[type].name : "?";
}

const struct message *frame_message(enum frame_type type)
{
	return type > 0 && type < FRAME_TYPE_END ? frames[type].message : NULL;
}

bool frame_sends(enum frame_sender sender, enum frame_type type)
{
	return type > 0 && type < FRAME_TYPE_END && (frames[type].senders & 1u << sender);
}

enum message_form frame_form(enum frame_sender sender)
{
	return sender == SENT_BY_CHILD || sender == SENT_BY_PARENT ? MESSAGE_INSIDE : MESSAGE_OUTSIDE;
}
