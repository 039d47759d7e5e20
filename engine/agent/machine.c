/* machine: the real machine behind a host. */
#include "agent/machine.h"

#include "base/digest.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { PROGRESS_ROUND = 100 };   /* milliseconds */

static uid_t machine_uid(void *machine)
{
	(void)machine;
	return geteuid();
}

static const char *machine_login(void *machine)
{
	return ((struct machine *)machine)->login;
}

static const char *machine_state(void *machine)
{
	return ((struct machine *)machine)->state;
}

static int machine_name(void *machine, struct arena *arena, const char **ret_name,
	struct error *err)
{
	struct utsname names;

	(void)machine;
	if (uname(&names) < 0)
		return error_errno(err, ERROR_TASK, "cannot read the name of the machine");
	*ret_name = arena_string(arena, names.nodename);
	return 0;
}

static int machine_set_name(void *machine, const char *name, struct error *err)
{
	(void)machine;
	if (sethostname(name, strlen(name)) < 0)
		return error_errno(err, ERROR_TASK, "cannot name the machine '%s'", name);
	return 0;
}

/* A piece of a body behind bytes; how many it had, or -1. */
static int64_t body_piece(struct machine *machine, const char *digest, struct buffer *bytes,
	size_t most, struct error *err)
{
	struct arena *arena = arena_new();
	struct value *request = value_map(arena);
	struct value *reply = NULL;
	const struct value *piece;
	int64_t count = -1;

	value_set_string(arena, request, "kind", "body");
	value_set_string(arena, request, "digest", digest);
	value_set_integer(arena, request, "offset", (int64_t)bytes->size);
	if (machine->ask(machine->context, arena, request, &reply, err) == 0) {
		piece = value_get(reply, "bytes");
		if (!value_text(piece) || piece->size > CHUNK_SIZE)
			error_set(err, ERROR_TASK, "a content came malformed");
		else if (bytes->size + piece->size > most)
			error_set(err, ERROR_TASK, "a content has more than %zu bytes", most);
		else
			count = (int64_t)piece->size;
		if (count > 0)
			buffer_add(bytes, piece->text, piece->size);
		if (count > 0 && (int64_t)bytes->size >= value_get_integer(reply, "size", -1))
			count = 0;
	}
	arena_free(arena);
	return count;
}

static int machine_body(void *context, struct arena *arena, const char *digest, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err)
{
	struct machine *machine = context;
	struct buffer bytes = { 0 };
	char hex[DIGEST_HEX_SIZE];
	int64_t count;

	do
		count = body_piece(machine, digest, &bytes, most, err);
	while (count > 0);
	if (count == 0) {
		digest_bytes(bytes.data ? bytes.data : "", bytes.size, hex);
		if (strcmp(hex, digest) != 0)
			count = error_set(err, ERROR_TASK, "a content came that is not the one that "
				"was promised");
	}
	if (count == 0) {
		*ret_bytes = arena_bytes(arena, bytes.data ? bytes.data : "", bytes.size);
		*ret_size = bytes.size;
	}
	buffer_free(&bytes);
	return (int)count;
}

static int ask(struct machine *machine, struct arena *arena, const char *kind, const char *key,
	const char *text, struct value *record, struct value **ret_reply, struct error *err)
{
	struct value *request = value_map(arena);

	value_set_string(arena, request, "kind", kind);
	value_set_string(arena, request, key, text);
	if (record)
		value_set(arena, request, strcmp(kind, "offer") == 0 ? "digest" : "record", record);
	return machine->ask(machine->context, arena, request, ret_reply, err);
}

static int machine_offer(void *context, struct arena *arena, const char *path,
	const char **ret_digest, struct error *err)
{
	struct value *reply;

	if (files_digest(context, arena, path, ret_digest, err) < 0)
		return -1;
	return ask(context, arena, "offer", "path", path, value_string(arena, *ret_digest), &reply,
		err);
}

static int machine_record_get(void *context, struct arena *arena, const char *key,
	struct value **ret_record, struct error *err)
{
	struct value *reply;

	if (ask(context, arena, "record_get", "key", key, NULL, &reply, err) < 0)
		return -1;
	*ret_record = value_get(reply, "record");
	if (*ret_record && (*ret_record)->kind == VALUE_NULL)
		*ret_record = NULL;
	return 0;
}

static int machine_record_set(void *context, const char *key, const struct value *record,
	struct error *err)
{
	struct arena *arena = arena_new();
	struct value *reply;
	struct value *copy = record ? value_copy(arena, record) : value_null(arena);
	int result = ask(context, arena, "record_set", "key", key, copy, &reply, err);

	arena_free(arena);
	return result;
}

void machine_progress(void *context, const char *line)
{
	struct machine *machine = context;
	struct arena *arena;
	struct value *body;
	int64_t now = milliseconds_now();

	if (!machine->link || now - machine->told < PROGRESS_ROUND)
		return;
	machine->told = now;
	arena = arena_new();
	body = value_map(arena);
	value_set_string(arena, body, "text", line);
	link_send(machine->link, FRAME_PROGRESS, body, NULL);
	link_flush(machine->link);
	arena_free(arena);
}

const struct host_calls machine_calls = {
	.stat = files_stat,
	.read = files_read,
	.digest = files_digest,
	.list = files_list,
	.user = accounts_user,
	.group = accounts_group,
	.user_by_id = accounts_user_by_id,
	.group_by_id = accounts_group_by_id,
	.uid = machine_uid,
	.login = machine_login,
	.state = machine_state,
	.real = files_real,
	.name = machine_name,
	.run = process_run,
	.write = files_write,
	.set_mode = files_set_mode,
	.set_owner = files_set_owner,
	.set_mtime = files_set_mtime,
	.make_directory = files_make_directory,
	.make_link = files_make_link,
	.remove = files_remove,
	.rename = files_rename,
	.set_name = machine_set_name,
	.body = machine_body,
	.offer = machine_offer,
	.progress = machine_progress,
	.record_get = machine_record_get,
	.record_set = machine_record_set,
};
