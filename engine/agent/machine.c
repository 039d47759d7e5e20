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

static bool machine_dry(void *machine)
{
	return ((struct machine *)machine)->dry;
}

static const char *machine_run_name(void *machine)
{
	const char *run = ((struct machine *)machine)->run;

	return run ? run : "";
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
		return error_errno(err, HOST_SYSTEM, "cannot read the name of the machine");
	*ret_name = arena_string(arena, names.nodename);
	return 0;
}

static int machine_set_name(void *machine, const char *name, struct error *err)
{
	(void)machine;
	if (sethostname(name, strlen(name)) < 0)
		return error_errno(err, HOST_SYSTEM, "cannot name the machine '%s'", name);
	return 0;
}

/* A piece of a body behind bytes; how many it had, or -1. */
static int64_t body_piece(struct machine *machine, const char *digest, struct buffer *bytes,
	size_t most, struct error *err)
{
	struct arena *arena = arena_new();
	const struct request request = { .kind = REQUEST_BODY, .digest = digest,
		.offset = (int64_t)bytes->size };
	struct reply reply = {0};
	int64_t count = -1;

	if (machine->ask(machine->context, arena, &request, &reply, err) == 0) {
		if (!reply.bytes.bytes)
			error_set(err, HOST_CONTENT_LOST, "the content received is malformed");
		else if (bytes->size + reply.bytes.size > most)
			error_set(err, HOST_FILE_TOO_LARGE, "the content has more than %zu bytes", most);
		else
			count = (int64_t)reply.bytes.size;
		if (count > 0)
			buffer_add(bytes, reply.bytes.bytes, reply.bytes.size);
		if (count > 0 && (int64_t)bytes->size >= reply.size)
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
			count = error_set(err, HOST_CONTENT_LOST, "the content received doesn't match its "
				"digest");
	}
	if (count == 0) {
		*ret_bytes = arena_bytes(arena, bytes.data ? bytes.data : "", bytes.size);
		*ret_size = bytes.size;
	}
	buffer_free(&bytes);
	return (int)count;
}

static int machine_offer(void *context, struct arena *arena, const char *path,
	const char **ret_digest, struct error *err)
{
	struct machine *machine = context;
	struct request request = { .kind = REQUEST_OFFER, .path = path };
	struct reply reply;

	if (files_digest(context, arena, path, NULL, ret_digest, err) < 0)
		return -1;
	request.digest = *ret_digest;
	return machine->ask(machine->context, arena, &request, &reply, err);
}

static int machine_record_get(void *context, struct arena *arena, const char *key,
	struct value **ret_record, struct error *err)
{
	struct machine *machine = context;
	const struct request request = { .kind = REQUEST_RECORD_GET, .key = key };
	struct reply reply = {0};

	if (machine->ask(machine->context, arena, &request, &reply, err) < 0)
		return -1;
	*ret_record = reply.record;
	return 0;
}

static int machine_wished(void *context, struct arena *arena, const char *beginning,
	const char *part, struct value **ret_wished, struct error *err)
{
	struct machine *machine = context;
	const struct request request = { .kind = REQUEST_WISHED, .key = beginning,
		.part = part };
	struct reply reply = {0};

	if (machine->ask(machine->context, arena, &request, &reply, err) < 0)
		return -1;
	*ret_wished = reply.record;
	return 0;
}

static int machine_record_set(void *context, const char *key, const struct value *record,
	struct error *err)
{
	struct machine *machine = context;
	struct arena *arena = arena_new();
	const struct request request = { .kind = REQUEST_RECORD_SET, .key = key,
		.record = record ? value_copy(arena, record) : NULL };
	struct reply reply;
	int result = machine->ask(machine->context, arena, &request, &reply, err);

	arena_free(arena);
	return result;
}

int machine_in_time(const struct machine *machine, struct error *err)
{
	if (machine->until == 0 || milliseconds_now() < machine->until)
		return 0;
	return error_set(err, HOST_TASK_TIMEOUT, "it was not done within %lld seconds",
		(long long)machine->timeout);
}

void machine_progress(void *context, const char *line)
{
	struct machine *machine = context;
	struct progress_text progress = { .text = { line, strlen(line) } };
	int64_t now = milliseconds_now();

	if (!machine->link || now - machine->told < PROGRESS_ROUND)
		return;
	machine->told = now;
	link_send(machine->link, FRAME_PROGRESS, &progress, NULL);
	link_flush(machine->link);
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
	.dry = machine_dry,
	.state = machine_state,
	.real = files_real,
	.name = machine_name,
	.run = process_run,
	.meet = machine_meet,
	.trial_look = trial_look,
	.trial_start = trial_start,
	.trial_wait = trial_wait,
	.trial_end = trial_end,
	.leave = machine_leave,
	.run_name = machine_run_name,
	.probe = machine_probe,
	.write = files_write,
	.settle = later_settle,
	.fetch = fetched_ask,
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
	.wished = machine_wished,
};
