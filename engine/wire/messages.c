/* messages: what each message may hold, one table a message and sender. What isn't in a table is
 * refused where frames are read, so a key that is sent has a row here, and a reader. */
#include "wire/wire.h"

#include "base/digest.h"

#include <stdio.h>

enum {
	NAME_MOST = 1024,              /* of users, machines, modules, projects, runs */
	RESOURCE_MOST = 4096,
	KEY_MOST = 4096,               /* of a handler */
	TITLE_MOST = 64 << 10,         /* what people wrote: names of tasks, subjects, causes */
	TEXT_MOST = 256 << 10,
	PATH_MOST = 4096,
	FEW = 4096,
	MANY = 1 << 16,
	OF_TEXT = 1 << 20,             /* tasks and resources of a whole text */
	PUBLISHED_MOST = 64 << 10,
	SEAL_MOST = 256,
};

#define BOOL(name) { name, SHAPE_BOOL, 0, 0, NULL, NULL }
#define NUMBER(name) { name, SHAPE_INTEGER, 0, 0, NULL, NULL }
#define SIGNED(name) { name, SHAPE_INTEGER, SHAPE_SIGNED, 0, NULL, NULL }
#define TEXT(name, most) { name, SHAPE_TEXT, 0, most, NULL, NULL }
#define BYTES(name, most) { name, SHAPE_BYTES, 0, most, NULL, NULL }
#define WORD(name, words) { name, SHAPE_TEXT, 0, NAME_MOST, NULL, words }
#define DIGEST(name) { name, SHAPE_TEXT, 0, DIGEST_HEX_SIZE - 1, NULL, NULL }
#define LIST(name, most, item) { name, SHAPE_LIST, 0, most, item, NULL }
#define MAP(name, keys) { name, SHAPE_MAP, 0, 0, keys, NULL }
#define TABLE(name, most, value) { name, SHAPE_TABLE, 0, most, value, NULL }
#define ANY(name, most) { name, SHAPE_ANY, 0, most, NULL, NULL }
#define RECORD(name) { name, SHAPE_ANY, SHAPE_MANY_KEYS, FRAME_MOST, NULL, NULL }
#define ANY_MAP(name, most) { name, SHAPE_ANY_MAP, 0, most, NULL, NULL }
#define NEEDED_NUMBER(name) { name, SHAPE_INTEGER, SHAPE_NEEDED, 0, NULL, NULL }
#define NEEDED_WORD(name, words) { name, SHAPE_TEXT, SHAPE_NEEDED, NAME_MOST, NULL, words }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_name[] = { TEXT(NULL, NAME_MOST) };
static const struct shape one_key[] = { TEXT(NULL, KEY_MOST) };
static const struct shape one_resource[] = { TEXT(NULL, RESOURCE_MOST) };
static const struct shape one_note[] = { TEXT(NULL, TEXT_MOST) };
static const struct shape one_bool[] = { BOOL(NULL) };

static const struct shape nothing[] = { END };

/* --- Of the agent --- */

static const struct shape due_keys[] = {
	TEXT("project", NAME_MOST), TEXT("playbook", PATH_MOST), TEXT("handler", KEY_MOST),
	END,
};
static const struct shape one_due[] = { MAP(NULL, due_keys) };

static const struct shape failed_keys[] = {
	TEXT("project", NAME_MOST), TEXT("playbook", PATH_MOST), TEXT("task", TITLE_MOST),
	END,
};
static const struct shape one_failed[] = { MAP(NULL, failed_keys) };

static const struct shape seal_keys[] = {
	TEXT("run", NAME_MOST), BYTES("seal", SEAL_MOST),
	END,
};
static const struct shape one_seal[] = { MAP(NULL, seal_keys) };

static const struct shape greeted_ledger[] = {
	LIST("due", FEW, one_due), LIST("failed", FEW, one_failed),
	TEXT("foreign", PATH_MOST), TEXT("problem", TITLE_MOST), TEXT("remedy", TITLE_MOST),
	TEXT("incarnation", 32), LIST("seals", 16, one_seal),
	END,
};

static const struct shape lock_keys[] = {
	TEXT("who", NAME_MOST), TEXT("from", NAME_MOST), TEXT("since", NAME_MOST),
	END,
};

static const struct shape ran_keys[] = {
	TEXT("command", TITLE_MOST), BOOL("running"), SIGNED("status"),
	END,
};
static const struct shape one_ran[] = { MAP(NULL, ran_keys) };

static const struct shape agent_hello[] = {
	NEEDED_NUMBER("version"), MAP("ledger", greeted_ledger), MAP("lock", lock_keys),
	LIST("ran", 16, one_ran),
	END,
};

static const char *const statuses[] = { "ok", "changed", "failed", "may_change", "skipped", NULL };

static const struct shape change_keys[] = {
	TEXT("subject", TITLE_MOST), TEXT("field", TITLE_MOST), TEXT("before", TEXT_MOST),
	TEXT("after", TEXT_MOST), NUMBER("flags"),
	END,
};
static const struct shape one_change[] = { MAP(NULL, change_keys) };

static const struct shape published_keys[] = {
	TEXT("module", 64), TEXT("key", 256), ANY("facts", PUBLISHED_MOST),
	END,
};

#define RESULT_KEYS \
	NEEDED_WORD("status", statuses), LIST("changes", MANY, one_change), \
	LIST("notes", MANY, one_note), ANY_MAP("results", FRAME_MOST), \
	MAP("published", published_keys), TEXT("message", TEXT_MOST), TEXT("remedy", TEXT_MOST), \
	TEXT("cause", TITLE_MOST), DIGEST("planned"), NUMBER("milliseconds")

static const struct shape agent_result[] = {
	NEEDED_NUMBER("task"), BOOL("more"), TEXT("resource", RESOURCE_MOST), RESULT_KEYS,
	END,
};

static const struct shape orphan_keys[] = { TEXT("resource", RESOURCE_MOST), END };
static const struct shape one_orphan[] = { MAP(NULL, orphan_keys) };

static const struct shape agent_stage_end[] = {
	LIST("orphans", MANY, one_orphan), TEXT("problem", TITLE_MOST),
	END,
};

static const char *const agent_asks[] = { "body", "gate", NULL };

static const struct shape agent_request[] = {
	NEEDED_NUMBER("id"), NEEDED_WORD("kind", agent_asks), DIGEST("digest"), NUMBER("offset"),
	NUMBER("task"),
	END,
};

static const struct shape agent_chunk[] = {
	NEEDED_NUMBER("id"), BYTES("bytes", CHUNK_SIZE), NUMBER("size"), TEXT("error", TITLE_MOST),
	END,
};

static const struct shape agent_progress[] = { BYTES("text", TEXT_MOST), END };

static const struct shape run_keys[] = {
	NUMBER("sequence"), TEXT("project", NAME_MOST), TEXT("playbook", PATH_MOST),
	TEXT("run", NAME_MOST), TEXT("revision", NAME_MOST), TEXT("who", NAME_MOST), NUMBER("time"),
	DIGEST("text"), BYTES("seal", SEAL_MOST),
	END,
};
static const struct shape one_run[] = { MAP(NULL, run_keys) };

static const struct shape looked_due[] = {
	TEXT("project", NAME_MOST), TEXT("playbook", PATH_MOST), TEXT("handler", KEY_MOST),
	TEXT("run", NAME_MOST),
	END,
};
static const struct shape one_looked_due[] = { MAP(NULL, looked_due) };

static const struct shape looked_failed[] = {
	TEXT("project", NAME_MOST), TEXT("playbook", PATH_MOST), TEXT("run", NAME_MOST),
	TEXT("task", TITLE_MOST), TEXT("message", TEXT_MOST),
	END,
};
static const struct shape one_looked_failed[] = { MAP(NULL, looked_failed) };

const struct shape wire_looked[] = {
	LIST("runs", FEW, one_run), LIST("due", FEW, one_looked_due),
	LIST("failed", FEW, one_looked_failed), NUMBER("resources"),
	LIST("orphans", MANY, one_orphan), BYTES("text", FRAME_MOST),
	TEXT("incarnation", 32), LIST("seals", 16, one_seal),
	END,
};

/* --- Of the controller --- */

static const struct shape whole_keys[] = {
	LIST("unseen", OF_TEXT, one_resource), LIST("unsure", FEW, one_name),
	END,
};

static const char *const undo_modes[] = { "", "prune", "rollback", "all", NULL };

static const struct shape undo_keys[] = {
	WORD("mode", undo_modes), BOOL("discard"), LIST("handlers", OF_TEXT, one_key),
	LIST("after", OF_TEXT, one_name), LIST("of_hosts", OF_TEXT, one_name),
	LIST("declared", OF_TEXT, one_resource), LIST("unsure", FEW, one_name),
	TABLE("expect", OF_TEXT, one_bool),
	END,
};

static const struct shape look_keys[] = { MAP("whole", whole_keys), DIGEST("text"), END };

static const struct shape task_keys[] = {
	NEEDED_NUMBER("id"), TEXT("module", NAME_MOST), BYTES("params", STAGE_MOST),
	TEXT("name", TITLE_MOST), TEXT("user", NAME_MOST), TEXT("handler", KEY_MOST),
	BOOL("controller"), LIST("notify", FEW, one_key), BOOL("flush"), BOOL("ignore_errors"),
	BOOL("no_log"), BOOL("check"), BOOL("diff"), BOOL("changed"), NUMBER("level"), BOOL("results"),
	BOOL("plan"),
	DIGEST("expect"), MAP("undo", undo_keys), MAP("look", look_keys),
	END,
};
static const struct shape one_task[] = { MAP(NULL, task_keys) };

static const char *const stage_modes[] = { "check", "apply", NULL };

static const struct shape controller_stage[] = {
	NEEDED_WORD("mode", stage_modes), BOOL("diff"), TEXT("project", NAME_MOST),
	TEXT("playbook", PATH_MOST), TEXT("formerly", PATH_MOST), TEXT("run", NAME_MOST),
	TEXT("revision", NAME_MOST), TEXT("who", NAME_MOST), TEXT("login", NAME_MOST), BOOL("free"),
	LIST("notified", OF_TEXT, one_key), LIST("dropped", OF_TEXT, one_key), NUMBER("lock_wait"),
	LIST("tasks", OF_TEXT, one_task), NUMBER("time"), DIGEST("text"), BOOL("last"),
	MAP("whole", whole_keys), BYTES("seal", SEAL_MOST),
	END,
};

static const struct shape controller_reply[] = {
	NEEDED_NUMBER("id"), BYTES("bytes", CHUNK_SIZE), NUMBER("size"), BOOL("go"),
	TEXT("error", TITLE_MOST),
	END,
};

static const struct shape controller_fetch[] = {
	NEEDED_NUMBER("id"), DIGEST("digest"), NUMBER("offset"),
	END,
};

/* --- Of a process of the agent that works as another user, and to it --- */

static const struct shape child_result[] = {
	RESULT_KEYS, LIST("writes", MANY, one_note), LIST("resources", MANY, one_resource),
	LIST("wanted", MANY, one_name),
	END,
};

static const char *const child_asks[] = {
	"body", "gate", "claim", "begin", "take_back", "keep", "offer", "record_get", "record_set",
	NULL,
};

static const struct shape inverse_keys[] = {
	TEXT("resource", RESOURCE_MOST), TEXT("module", NAME_MOST), RECORD("params"),
	TEXT("reason", TITLE_MOST), DIGEST("body"),
	END,
};
static const struct shape one_inverse[] = { MAP(NULL, inverse_keys) };

static const struct shape child_request[] = {
	NEEDED_NUMBER("id"), NEEDED_WORD("kind", child_asks), DIGEST("digest"), NUMBER("offset"),
	NUMBER("task"), TEXT("path", PATH_MOST), TEXT("file", PATH_MOST), TEXT("key", KEY_MOST),
	RECORD("record"), TEXT("module", NAME_MOST), BYTES("params", FRAME_MOST),
	LIST("resources", MANY, one_resource), LIST("inverses", MANY, one_inverse),
	LIST("notify", FEW, one_key), TEXT("user", NAME_MOST), LIST("wanted", MANY, one_name),
	BOOL("all"),
	END,
};

static const struct shape child_chunk[] = {
	BYTES("bytes", CHUNK_SIZE), TEXT("error", TITLE_MOST),
	END,
};

static const struct shape parent_reply[] = {
	NEEDED_NUMBER("id"), BYTES("bytes", CHUNK_SIZE), NUMBER("size"), TEXT("error", TITLE_MOST),
	DIGEST("digest"), RECORD("record"), TEXT("note", TITLE_MOST),
	END,
};

static const struct shape parent_fetch[] = { TEXT("path", PATH_MOST), NUMBER("offset"), END };

/* --- Who sends what --- */

static const struct shape *const messages[][FRAME_TYPE_END] = {
	[SENT_BY_AGENT] = {
		[FRAME_HELLO] = agent_hello, [FRAME_RESULT] = agent_result,
		[FRAME_STAGE_END] = agent_stage_end, [FRAME_REQUEST] = agent_request,
		[FRAME_CHUNK] = agent_chunk, [FRAME_PROGRESS] = agent_progress,
		[FRAME_PING] = nothing, [FRAME_BYE] = nothing,
	},
	[SENT_BY_CONTROLLER] = {
		[FRAME_STAGE] = controller_stage, [FRAME_REPLY] = controller_reply,
		[FRAME_FETCH] = controller_fetch, [FRAME_PING] = nothing, [FRAME_CANCEL] = nothing,
		[FRAME_BYE] = nothing,
	},
	[SENT_BY_CHILD] = {
		[FRAME_RESULT] = child_result, [FRAME_REQUEST] = child_request,
		[FRAME_CHUNK] = child_chunk, [FRAME_PROGRESS] = agent_progress,
	},
	[SENT_BY_PARENT] = {
		[FRAME_REPLY] = parent_reply, [FRAME_FETCH] = parent_fetch, [FRAME_CANCEL] = nothing,
	},
};

const char *frame_name(enum frame_type type)
{
	static const char *const names[FRAME_TYPE_END] = {
		[FRAME_HELLO] = "HELLO", [FRAME_STAGE] = "STAGE", [FRAME_RESULT] = "RESULT",
		[FRAME_STAGE_END] = "STAGE_END", [FRAME_REQUEST] = "REQUEST", [FRAME_REPLY] = "REPLY",
		[FRAME_FETCH] = "FETCH", [FRAME_CHUNK] = "CHUNK", [FRAME_PROGRESS] = "PROGRESS",
		[FRAME_PING] = "PING", [FRAME_CANCEL] = "CANCEL", [FRAME_BYE] = "BYE",
	};

	return type > 0 && type < FRAME_TYPE_END ? names[type] : "?";
}

const struct shape *frame_keys(enum frame_sender sender, enum frame_type type)
{
	return type > 0 && type < FRAME_TYPE_END ? messages[sender][type] : NULL;
}

int frame_check(const struct frame *frame, enum frame_sender sender, struct error *err)
{
	static const char *const senders[] = {
		[SENT_BY_AGENT] = "the agent", [SENT_BY_CONTROLLER] = "the controller",
		[SENT_BY_CHILD] = "the agent's child", [SENT_BY_PARENT] = "the agent",
	};
	const struct shape *keys = frame_keys(sender, frame->type);
	char name[80];

	if (!keys)
		return error_set(err, ERROR_PROTOCOL, "protocol error: %s sent %s, which isn't its to send",
			senders[sender], frame_name(frame->type));
	snprintf(name, sizeof(name), "protocol error in %s", frame_name(frame->type));
	return shape_check_map(frame->body, keys, name, ERROR_PROTOCOL, err);
}
