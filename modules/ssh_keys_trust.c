/* ssh-keys-trust: keys of a user on other hosts may log in, and those hosts are known. */
#include "modules/managed_block.h"
#include "modules/ssh_keys.h"

#include <string.h>

#define BLOCK_BEGIN "# BEGIN beoplay ssh-keys"
#define BLOCK_END "# END beoplay ssh-keys"

enum trust_step { TRUST_DIRECTORY, TRUST_MODE, TRUST_KEYS, TRUST_KNOWN };

struct trust_file {
	const char *path;
	struct file_info info;
	const char *before, *after;
};

struct trust_state {
	const char *directory;
	struct file_info directory_info;
	struct trust_file keys, known;
	struct value *added, *removed;
};

/* --- On the controller */

/* Every name and address that another host may type, as known_hosts has them. */
static int host_names(struct prepare *prepare, const char *host, const char **ret_names,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *port, *aliases;
	const char *address;
	const char *names;

	if (prepare_address(prepare, host, &address, err) < 0
			|| prepare_variable(prepare, host, "ansible_port", &port, err) < 0
			|| prepare_variable(prepare, host, "aliases", &aliases, err) < 0)
		return -1;
	names = strcmp(address, host) == 0 ? arena_string(arena, host)
		: arena_printf(arena, "%s,%s", host, address);
	for (size_t i = 0; aliases && aliases->kind == VALUE_LIST && i < aliases->count; i++) {
		if (value_text(aliases->items[i]))
			names = arena_printf(arena, "%s,%s", names, value_text(aliases->items[i]));
	}
	if (port && port->kind == VALUE_INTEGER && port->integer != 22)
		names = arena_printf(arena, "%s,[%s]:%lld,[%s]:%lld", names, host,
			(long long)port->integer, address, (long long)port->integer);
	*ret_names = names;
	return 0;
}

/* What isn't known of a host yet. */
static struct value *missing(struct prepare *prepare, const char *what, const char *host)
{
	return value_unknown(prepare_arena(prepare), arena_printf(prepare_arena(prepare), "%s of %s",
		what, host));
}

static int add_known(struct prepare *prepare, const char *host, struct value *entry,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *keys = prepare_host_keys(prepare, host), *lines = value_list(arena);
	const char *names;

	if (host_names(prepare, host, &names, err) < 0)
		return -1;
	if (!keys && !prepare_lost(prepare, host)) {
		value_set(arena, entry, "known", missing(prepare, "the host key", host));
		return 0;
	}
	for (size_t i = 0; keys && i < keys->count; i++) {
		if (ssh_key_valid(value_text(keys->items[i])))
			value_append(arena, lines, value_printf(arena, "%s %s", names,
				value_text(keys->items[i])));
	}
	value_set(arena, entry, "known", lines);
	return 0;
}

static int add_key(struct prepare *prepare, const char *host, const struct value *params,
	struct value *entry, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *user = value_get_string(params, "user");
	const char *options = value_get_string(params, "options");
	struct value *published = prepare_published(prepare, host, "ssh-keys-pair", user);
	const char *key = value_get_string(published, "public_key");

	if (!published && !prepare_lost(prepare, host)) {
		value_set(arena, entry, "line", missing(prepare, "the public key", host));
		return 0;
	}
	if (key && !ssh_key_valid(key))
		return error_set(err, ERROR_TASK, "%s says what is no public key", host);
	value_set(arena, entry, "line", key ? value_printf(arena, "%s%s%s %s@%s", options,
		*options ? " " : "", key, user, host) : value_string(arena, ""));
	return 0;
}

static int trust_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *trust = value_get_string(params, "trust");
	const char *known = value_get_string(params, "known_hosts");
	struct value *hosts, *entries = value_list(arena);

	if (ssh_keys_user(prepare, params, err) < 0)
		return -1;
	value_set(arena, params, "hosts", entries);
	if (!trust)
		return 0;
	if (prepare_hosts(prepare, trust, &hosts, err) < 0)
		return error_place(err, value_get(params, "trust")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		const char *host = value_text(hosts->items[i]);
		struct value *entry = value_map(arena);

		value_set_string(arena, entry, "host", host);
		if (add_key(prepare, host, params, entry, err) < 0)
			return -1;
		value_set(arena, entry, "known", value_list(arena));
		if (strcmp(known, "true") == 0 && add_known(prepare, host, entry, err) < 0)
			return -1;
		value_append(arena, entries, entry);
	}
	return 0;
}

/* --- On the node */

static void trust_resources(struct names *names, const void *params)
{
	const struct ssh_keys_params *want = params;

	for (unsigned i = 0; i < want->hosts_count; i++)
		names_add(names, "authorized-key:%s:%s", want->user, want->hosts[i].host);
	for (unsigned i = 0; i < want->authorized_count; i++)
		names_add(names, "authorized-key:%s:%s", want->user, want->authorized[i]);
}

/* A line of the old block that ends with "USER@HOST", for a key that isn't known now. */
static const char *old_key(struct arena *arena, const char *inside, const char *user,
	const char *host)
{
	const char *end = arena_printf(arena, " %s@%s", user, host);

	while (*inside) {
		size_t size = strcspn(inside, "\n");

		if (size > strlen(end) && strncmp(inside + size - strlen(end), end, strlen(end)) == 0)
			return arena_printf(arena, "%.*s\n", (int)size, inside);
		inside += size + (inside[size] == '\n');
	}
	return "";
}

/* Lines of the old block about a host whose key isn't known now. */
static const char *old_known(struct arena *arena, const char *inside, const char *host)
{
	const char *kept = "";
	size_t name = strlen(host);

	while (*inside) {
		size_t size = strcspn(inside, "\n");

		if (strncmp(inside, host, name) == 0 && (inside[name] == ',' || inside[name] == ' '))
			kept = arena_printf(arena, "%s%.*s\n", kept, (int)size, inside);
		inside += size + (inside[size] == '\n');
	}
	return kept;
}

static const char *keys_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside)
{
	const char *text = "";

	if (!want->present)
		return NULL;
	for (unsigned i = 0; i < want->hosts_count; i++) {
		const struct ssh_keys_host *host = &want->hosts[i];

		text = arena_printf(arena, "%s%s", text, *host->line
			? arena_printf(arena, "%s\n", host->line)
			: old_key(arena, inside, want->user, host->host));
	}
	for (unsigned i = 0; i < want->authorized_count; i++)
		text = arena_printf(arena, "%s%s%s%s\n", text, want->options, *want->options ? " " : "",
			want->authorized[i]);
	return text;
}

static const char *known_block(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside)
{
	const char *text = "";

	if (!want->present || !want->known_hosts || want->hosts_count == 0)
		return NULL;
	for (unsigned i = 0; i < want->hosts_count; i++) {
		const struct ssh_keys_host *host = &want->hosts[i];

		if (host->known_count == 0)
			text = arena_printf(arena, "%s%s", text, old_known(arena, inside, host->host));
		for (unsigned k = 0; k < host->known_count; k++)
			text = arena_printf(arena, "%s%s\n", text, host->known[k]);
	}
	return text;
}

static int look_at(struct host *host, struct trust_file *file, bool there, struct error *err)
{
	char *bytes = arena_string(host_arena(host), "");
	size_t size;

	if (there && host_stat(host, file->path, &file->info, err) < 0)
		return -1;
	if (file->info.kind == FILE_REGULAR
			&& host_read(host, file->path, SSH_FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	file->before = bytes;
	return 0;
}

static void set_block(struct arena *arena, struct trust_file *file, const char *inside)
{
	bool there = managed_block_find(arena, file->before, BLOCK_BEGIN, BLOCK_END).there;

	file->after = there || (inside && *inside) ? managed_block_set(arena, file->before,
		BLOCK_BEGIN, BLOCK_END, inside && *inside ? inside : NULL) : file->before;
}

/* The comments of keys that one block has and the other hasn't. */
static void tell_difference(struct arena *arena, const char *one, const char *other,
	struct value *names)
{
	while (one && *one) {
		size_t size = strcspn(one, "\n");
		const char *line = arena_printf(arena, "%.*s\n", (int)size, one);
		const char *space = memrchr(one, ' ', size);

		if (size > 0 && space && !(other && strstr(other, line)))
			value_append(arena, names, value_bytes(arena, space + 1,
				(size_t)(one + size - space - 1)));
		one += size + (one[size] == '\n');
	}
}

static int trust_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct ssh_keys_params *want = params;
	struct trust_state *have = ret_state;
	struct arena *arena = host_arena(host);
	const char *before, *inside;
	bool there;

	have->added = value_list(arena);
	have->removed = value_list(arena);
	if (ssh_keys_directory(host, want, &have->directory, err) < 0
			|| host_stat(host, have->directory, &have->directory_info, err) < 0)
		return -1;
	have->keys.path = arena_printf(arena, "%s/authorized_keys", have->directory);
	have->known.path = arena_printf(arena, "%s/known_hosts", have->directory);
	there = have->directory_info.kind == FILE_DIRECTORY;
	if (look_at(host, &have->keys, there, err) < 0 || look_at(host, &have->known, there, err) < 0)
		return -1;
	before = managed_block_find(arena, have->keys.before, BLOCK_BEGIN, BLOCK_END).inside;
	inside = keys_block(arena, want, before);
	set_block(arena, &have->keys, inside);
	tell_difference(arena, inside, before, have->added);
	tell_difference(arena, before, inside, have->removed);
	before = managed_block_find(arena, have->known.before, BLOCK_BEGIN, BLOCK_END).inside;
	set_block(arena, &have->known, known_block(arena, want, before));
	return 0;
}

static void plan_file(struct plan *plan, unsigned step, const struct trust_file *file)
{
	if (file->info.kind != FILE_NONE && file->info.kind != FILE_REGULAR) {
		plan_refuse(plan, "move it away", "'%s' is no regular file", file->path);
		return;
	}
	if (strcmp(file->before, file->after) != 0)
		plan_add(plan, step, file->path, "content", file->info.kind == FILE_NONE ? NULL
			: file->before, file->after)->flags |= CHANGE_SENSITIVE;
	else if (file->info.kind == FILE_REGULAR && (file->info.mode & 022))
		plan_add(plan, TRUST_MODE, file->path, "mode", plan_printf(plan, "%04o",
			file->info.mode), "0600");
}

static void trust_plan(struct plan *plan, const void *params, const void *state)
{
	const struct trust_state *have = state;
	bool writes = strcmp(have->keys.before, have->keys.after) != 0
		|| strcmp(have->known.before, have->known.after) != 0;

	(void)params;
	if (have->directory_info.kind == FILE_NONE && writes)
		plan_add(plan, TRUST_DIRECTORY, have->directory, "state", "absent", "directory");
	else if (have->directory_info.kind == FILE_DIRECTORY && (have->directory_info.mode & 022))
		plan_add(plan, TRUST_MODE, have->directory, "mode", plan_printf(plan, "%04o",
			have->directory_info.mode), "0700");
	plan_file(plan, TRUST_KEYS, &have->keys);
	plan_file(plan, TRUST_KNOWN, &have->known);
}

static int trust_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct trust_state *have = state;
	const struct trust_file *file = change->step == TRUST_KEYS ? &have->keys : &have->known;
	struct file_write write = { .path = file->path, .bytes = file->after, .mode = 0600,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	(void)params;
	write.size = file->after ? strlen(file->after) : 0;
	switch ((enum trust_step)change->step) {
	case TRUST_DIRECTORY:
		return host_make_directory(host, have->directory, 0700, err);
	case TRUST_MODE:
		return host_set_mode(host, change->subject, strcmp(change->after, "0700") == 0 ? 0700
			: 0600, err);
	case TRUST_KEYS:
		value_set(host_arena(host), results, "added", have->added);
		value_set(host_arena(host), results, "removed", have->removed);
		return host_write(host, &write, err);
	case TRUST_KNOWN:
		return host_write(host, &write, err);
	}
	return -1;
}

static void trust_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct trust_state *have = state;

	(void)params;
	if (value_get(results, "added"))
		return;
	value_set(arena, results, "added", have->added);
	value_set(arena, results, "removed", have->removed);
}

const struct module module_ssh_keys_trust = {
	.name = "ssh-keys-trust",
	.summary = "keys of a user on other hosts may log in, and those hosts are known",
	.params = ssh_keys_table,
	.fields = ssh_keys_fields,
	.params_size = sizeof(struct ssh_keys_params),
	.state_size = sizeof(struct trust_state),
	.flags = MODULE_INTERNAL,
	.check = ssh_keys_check,
	.prepare = trust_prepare,
	.acts_as = ssh_keys_acts_as,
	.resources = trust_resources,
	.inspect = trust_inspect,
	.plan = trust_plan,
	.apply = trust_apply,
	.results = trust_results,
};
