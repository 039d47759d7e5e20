/* machine-id: make sure that no two hosts have the same /etc/machine-id.
 *
 * Cloned disks have the same. The first host of the group keeps it, each of the others gets a new
 * one (machine-id(5)). What beoplay keeps of the machine goes by that id, so the ledger is told
 * beforehand which one comes next (ledger_machine.h), and goes along. */
#include "module/module.h"

#include <sodium.h>
#include <string.h>

enum machine_id_step { MACHINE_ID_WRITE };
enum { ID_BYTES = 16, FILE_MOST = 4096 };

static const char path[] = "/etc/machine-id";

struct machine_id_params {
	char *group;
	char **taken;            /* what other hosts have that come before this one */
	unsigned taken_count;
	char *undo;              /* the id that was there */
};

struct machine_id_state {
	const char *id;          /* "": there is none */
};

static const struct param machine_id_table[] = {
	{ .name = "group", .kind = PARAM_STRING, .doc = "the hosts whose IDs must differ: a pattern",
		.otherwise = "all", .into = INTO_TEXT(struct machine_id_params, group) },
	{ .name = "taken", .kind = PARAM_LIST, .doc = "ids of others", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct machine_id_params, taken) },
	{ .name = "undo", .kind = PARAM_STRING, .doc = "the id that was there",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct machine_id_params, undo) },
	{ 0 },
};

/* machine-id(5): 32 digits, none of them above f, not all zero. */
static bool is_id(const char *text)
{
	return strlen(text) == 2 * ID_BYTES && strspn(text, "0123456789abcdef") == 2 * ID_BYTES
		&& strspn(text, "0") < 2 * ID_BYTES;
}

static int machine_id_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *taken = value_list(arena);
	struct value *names, *id;

	if (prepare_hosts(prepare, value_get_string(params, "group"), &names, err) < 0)
		return -1;
	value_set(arena, params, "taken", taken);
	for (size_t i = 0; i < value_item_count(names); i++) {
		const char *name = value_text(value_item(names, i));

		if (strcmp(name, prepare_host(prepare)) == 0)
			break;
		if (prepare_variable(prepare, name, "ansible_machine_id", &id, err) < 0)
			return -1;
		if (id && id->kind == VALUE_UNKNOWN && !prepare_lost(prepare, name)) {
			value_set(arena, params, "taken", id);
			return 0;
		}
		if (value_text(id) && is_id(value_text(id)))
			value_append(arena, taken, id);
	}
	return 0;
}

static void machine_id_resources(struct names *names, const void *params)
{
	(void)params;
	names_add(names, "machine-id:");
}

static int machine_id_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	struct machine_id_state *have = ret_state;
	struct file_info info;
	char *bytes;
	size_t size;

	(void)params;
	have->id = "";
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, path, FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	have->id = arena_bytes(host_arena(host), bytes, strcspn(bytes, "\n"));
	return 0;
}

static void machine_id_plan(struct plan *plan, const void *params, const void *state)
{
	const struct machine_id_params *want = params;
	const struct machine_id_state *have = state;

	if (want->undo) {
		if (strcmp(want->undo, have->id) != 0)
			plan_add(plan, MACHINE_ID_WRITE, path, "id", have->id, want->undo);
		return;
	}
	for (unsigned i = 0; i < want->taken_count; i++) {
		if (strcmp(want->taken[i], have->id) != 0)
			continue;
		plan_add(plan, MACHINE_ID_WRITE, path, "id", have->id, "a new one");
		plan_note(plan, "another host has the same: one is a copy of the other's disk. Restart the "
			"machine soon; until then its journal and DHCP client use the old id");
		return;
	}
}

/* A random UUID, as systemd-machine-id-setup(1) makes it. */
static char *new_id(struct arena *arena)
{
	unsigned char bytes[ID_BYTES];
	char text[2 * ID_BYTES + 1];

	randombytes_buf(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	sodium_bin2hex(text, sizeof(text), bytes, sizeof(bytes));
	return arena_string(arena, text);
}

static int machine_id_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct machine_id_params *want = params;
	struct arena *arena = host_arena(host);
	const char *id = want->undo ? want->undo : new_id(arena);
	const char *line = arena_printf(arena, "%s\n", id);
	struct value *record = value_map(arena);
	struct file_write write = {
		.path = path, .bytes = line, .size = strlen(line), .mode = HOST_KEEP, .uid = HOST_KEEP,
		.gid = HOST_KEEP, .mtime = HOST_KEEP,
	};

	(void)state;
	if (change->step != MACHINE_ID_WRITE)
		return error_set(err, BEOPLAY_BUG, "machine-id has no step %u", change->step);
	value_set_string(arena, results, "machine_id", id);
	value_set_string(arena, record, "id", id);
	if (host_record_set(host, HOST_RECORD_NEXT_ID, record, err) < 0)
		return -1;
	return host_write(host, &write, err);
}

static void machine_id_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct machine_id_state *have = state;

	(void)params;
	if (!value_get(results, "machine_id"))
		value_set_string(arena, results, "machine_id", have->id);
}

static void machine_id_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct machine_id_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);

	(void)params;
	value_set_string(arena, back, "undo", have->id);
	inverses_add(inverses, &(struct inverses_entry){ .resource = "machine-id:", .params = back });
}

const struct module module_machine_id = {
	.name = "machine-id",
	.summary = "make sure that no two hosts have the same /etc/machine-id",
	.params = machine_id_table,
	.params_size = sizeof(struct machine_id_params),
	.state_size = sizeof(struct machine_id_state),
	.prepare = machine_id_prepare,
	.resources = machine_id_resources,
	.inspect = machine_id_inspect,
	.plan = machine_id_plan,
	.apply = machine_id_apply,
	.results = machine_id_results,
	.invert = machine_id_invert,
};
