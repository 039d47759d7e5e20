/* ssh-keys-trust: keys of a user on other hosts may log in, and those hosts are known. */
#include "base/quote.h"
#include "modules/errors.h"
#include "modules/shared/line_ends.h"
#include "modules/shared/managed_block.h"
#include "modules/ssh_keys/trust.h"

#include <stdlib.h>
#include <string.h>

enum trust_step {
	TRUST_DIRECTORY, TRUST_MODE, TRUST_KEYS, TRUST_KNOWN, TRUST_CONFIG, TRUST_REMOVE,
};

/* --- On the controller */

/* sshd(8): known_hosts has patterns, so a name with other characters would be one. */
static bool is_plain_name(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._:%")] == '\0';
}

/* Every name and address that another host may type, as known_hosts has them. */
static int host_names(struct prepare *prepare, const char *host, const char **ret_names,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *port, *aliases, *reached;
	const char *address;
	const char *names;

	if (prepare_address(prepare, host, &address, err) < 0
			|| prepare_variable(prepare, host, "ansible_host", &reached, err) < 0
			|| prepare_variable(prepare, host, "ansible_port", &port, err) < 0
			|| prepare_variable(prepare, host, "aliases", &aliases, err) < 0
			|| (reached && prepare_claim(prepare, host, reached, err) < 0))
		return -1;
	if (!is_plain_name(address)) {
		error_set(err, TASK_INVALID_NAME, "'%s' is not an address of %s", address, host);
		return error_remedy(err, "cluster_address or ansible_host says it");
	}
	names = strcmp(address, host) == 0 ? arena_string(arena, host)
		: arena_printf(arena, "%s,%s", host, address);
	if (value_text(reached) && strcmp(value_text(reached), address) != 0
			&& is_plain_name(value_text(reached)))
		names = arena_printf(arena, "%s,%s", names, value_text(reached));
	for (size_t i = 0; i < value_item_count(aliases); i++) {
		const struct value *alias = value_item(aliases, i);

		if (prepare_claim(prepare, host, alias, err) < 0)
			return -1;
		if (value_text(alias) && is_plain_name(value_text(alias)))
			names = arena_printf(arena, "%s,%s", names, value_text(alias));
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
	return value_unknown(prepare_arena(prepare), &(struct cause){ .kind = CAUSE_PUBLISHED, .name = what,
		.host = host });
}

/* As ssh may be told them: without ports. */
static int add_names(struct prepare *prepare, const char *host, struct value *entry,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *names, *plain = "";

	if (host_names(prepare, host, &names, err) < 0)
		return -1;
	while (*names) {
		size_t size = strcspn(names, ",");

		if (*names != '[')
			plain = arena_printf(arena, "%s%s%.*s", plain, *plain ? " " : "", (int)size, names);
		names += size + (names[size] == ',');
	}
	value_set_string(arena, entry, "names", plain);
	return 0;
}

static int add_known(struct prepare *prepare, const char *host, struct value *entry,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *keys = prepare_host_keys(prepare, host), *lines = value_list(arena);
	const char *names = NULL;

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
	(void)err;
	if (published && (!key || !ssh_key_valid(key))) {
		prepare_warn(prepare, "what %s says is not a public key, so it is ignored", host);
		key = NULL;
	}
	if (!key && prepare_in_play(prepare, host))
		value_append(arena, value_get(params, "missing"), value_string(arena, host));
	value_set(arena, entry, "line", key ? value_printf(arena, "%s%s%s %s@%s", options,
		*options ? " " : "", key, user, host) : value_string(arena, ""));
	return 0;
}

static int trust_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *trust = value_get_string(params, "trust");
	const char *known = value_get_string(params, "known_hosts");
	const char *undo = value_get_string(params, "undo");
	bool absent = strcmp(value_get_string(params, "state"), "absent") == 0;
	struct value *hosts, *entries = value_list(arena);

	if (ssh_keys_user(prepare, params, err) < 0)
		return -1;
	value_set(arena, params, "hosts", entries);
	value_set(arena, params, "missing", value_list(arena));
	ssh_keys_split(arena, params, "authorized");
	if (!trust || (undo && strcmp(undo, "true") == 0))
		return 0;
	if (prepare_hosts(prepare, trust, &hosts, err) < 0)
		return error_place(err, value_get(params, "trust")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		const char *host = value_text(hosts->items[i]);
		struct value *entry = value_map(arena);

		value_set_string(arena, entry, "host", host);
		value_set_string(arena, entry, "line", "");
		value_set_string(arena, entry, "names", host);
		if (value_get_string(params, "path") && add_names(prepare, host, entry, err) < 0)
			return -1;
		value_set(arena, entry, "known", value_list(arena));
		value_append(arena, entries, entry);
		/* What goes is found by the names of the hosts. */
		if (absent)
			continue;
		if (add_key(prepare, host, params, entry, err) < 0)
			return -1;
		if (strcmp(known, "true") == 0 && add_known(prepare, host, entry, err) < 0)
			return -1;
	}
	return 0;
}

/* --- On the node */

void trust_resources(struct names *names, const void *params)
{
	const struct ssh_keys_params *want = params;
	struct arena *arena = arena_new();

	if (want->path && want->trust)
		names_add(names, "ssh-identity:%s:%s", want->user, want->path);
	if (want->exclusive)
		names_add(names, "authorized-keys:%s", want->user);
	for (unsigned i = 0; i < want->hosts_count; i++) {
		names_add(names, "authorized-key:%s:%s", want->user, want->hosts[i].host);
		names_wish(names, "%s %s %s %d", want->hosts[i].line ? want->hosts[i].line : "",
			want->options ? want->options : "", want->present ? "present" : "absent",
			want->known_hosts);
	}
	for (unsigned i = 0; i < want->authorized_count; i++) {
		names_add(names, "authorized-key:%s:%s", want->user, trust_key_of(arena, want->authorized[i]));
		names_wish(names, "%s %s %s", want->present ? "present" : "absent", want->options,
			want->authorized[i]);
	}
	arena_free(arena);
}

static int look_at(struct host *host, struct trust_file *file, bool there, struct error *err)
{
	struct arena *arena = host_arena(host);
	char *bytes = arena_string(arena, "");
	struct managed_block block, literals;
	size_t size = 0;

	if (there && host_stat(host, file->path, &file->info, err) < 0)
		return -1;
	if (file->info.kind == FILE_REGULAR
			&& host_read(host, file->path, SSH_FILE_MOST, &bytes, &size, err) < 0)
		return -1;
	file->no_text = strlen(bytes) != size;
	file->dos = line_ends_dos(bytes);
	if (file->dos)
		bytes = line_ends_plain(arena, bytes);
	file->no_utf8 = !utf8_valid(bytes, size);
	file->last = trust_last_without_end(arena, bytes);
	block = managed_block_find(arena, bytes, TRUST_BEGIN, TRUST_END);
	literals = managed_block_find(arena, bytes, LITERAL_BEGIN, LITERAL_END);
	file->before = file->after = bytes;
	file->trust.before = file->trust.after = block.inside;
	file->literals.before = file->literals.after = literals.inside;
	file->broken = block.broken ? block.broken : literals.broken;
	file->remedy = block.broken ? block.remedy : literals.remedy;
	return 0;
}

/* Whether an undo takes a file away: it wasn't there before, and nothing is left in it. */
static bool goes(const struct ssh_keys_params *want, const struct trust_file *file)
{
	const struct ssh_keys_before *before = ssh_keys_before_find(want, file->path);

	return want->undo && before && !*before->mode && file->info.kind == FILE_REGULAR
		&& !*file->after;
}

static int look_into_directory(struct host *host, const struct ssh_keys_params *want,
	struct trust_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (host_list(host, have->directory, &names, &count, err) < 0)
		return -1;
	have->only_ours = true;
	for (size_t i = 0; i < count; i++)
		have->only_ours = have->only_ours
			&& ((strcmp(names[i].name, "authorized_keys") == 0 && goes(want, &have->keys))
			|| (strcmp(names[i].name, "known_hosts") == 0 && goes(want, &have->known))
			|| (strcmp(names[i].name, "config") == 0 && goes(want, &have->config)));
	return 0;
}

/* As a rule there are none, and nobody is asked. */
static int look_at_others(struct host *host, const struct ssh_keys_params *want,
	struct trust_state *have, struct error *err)
{
	struct value *wished;

	if (want->undo || !want->trust || (!trust_has_others(want, have->keys.trust.before, false)
			&& !trust_has_others(want, have->known.trust.before, true)))
		return 0;
	if (host_wished(host, arena_printf(host_arena(host), "authorized-key:%s:", want->user), NULL,
			&wished, err) < 0)
		return -1;
	have->wished = wished;
	return 0;
}

int trust_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct ssh_keys_params *want = params;
	struct trust_state *have = ret_state;
	struct arena *arena = host_arena(host);
	bool there;

	have->added = value_list(arena);
	have->removed = value_list(arena);
	have->taken = value_list(arena);
	have->is_login = host_login(host) && strcmp(host_login(host), want->user) == 0;
	if (host_record_get(host, trust_claims_key(arena, want), &have->claims, err) < 0
			|| ssh_keys_directory(host, want, &have->user, &have->directory, err) < 0
			|| host_stat(host, have->directory, &have->directory_info, err) < 0)
		return -1;
	have->keys.path = arena_printf(arena, "%s/authorized_keys", have->directory);
	have->known.path = arena_printf(arena, "%s/known_hosts", have->directory);
	have->config.path = arena_printf(arena, "%s/config", have->directory);
	there = have->directory_info.kind == FILE_DIRECTORY;
	if (look_at(host, &have->keys, there, err) < 0 || look_at(host, &have->known, there, err) < 0
			|| look_at(host, &have->config, there && want->path, err) < 0)
		return -1;
	if (want->path) {
		struct managed_block block = managed_block_find(arena, have->config.before,
			trust_identity_mark(arena, want, "BEGIN"), trust_identity_mark(arena, want, "END"));

		have->config.trust.before = have->config.trust.after = block.inside;
		have->config.broken = block.broken;
		have->config.remedy = block.remedy;
	}
	if (look_at_others(host, want, have, err) < 0)
		return -1;
	trust_compose(arena, want, have);
	return want->undo && there ? look_into_directory(host, want, have, err) : 0;
}

/* Keys that can't be known now, and aren't there from earlier either. */
static void plan_unknown(struct plan *plan, const struct ssh_keys_params *want,
	const struct trust_state *have)
{
	const char *names = NULL;

	for (unsigned i = 0; want->present && !want->undo && i < want->missing_count; i++) {
		if (!*trust_lines_of(plan_arena(plan), want,
				have->keys.trust.before, want->missing[i], false))
			names = names ? plan_printf(plan, "%s, %s", names, want->missing[i])
				: want->missing[i];
	}
	if (names)
		plan_missing(plan, "not known yet: the keys of %s", names);
}

static void plan_mode(struct plan *plan, const struct ssh_keys_params *want, const char *path,
	const struct file_info *info, unsigned right)
{
	const struct ssh_keys_before *before = ssh_keys_before_find(want, path);
	unsigned mode = right;

	if (want->undo)
		mode = before && *before->mode ? ssh_keys_before_mode(before) : info->mode;
	else if (!(info->mode & 077))
		mode = info->mode;
	if (mode != info->mode)
		plan_add(plan, TRUST_MODE, path, "mode", plan_printf(plan, "%04o", info->mode),
			plan_printf(plan, "%04o", mode));
}

/* Whether something of a file can be changed; else the plan says why not. */
static bool is_fine(struct plan *plan, const struct trust_state *have, const char *path,
	const struct file_info *info, enum file_kind kind)
{
	if (info->kind == FILE_NONE)
		return true;
	if (info->kind != kind) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away",
			"'%s' is not a %s", path, kind == FILE_DIRECTORY ? "directory" : "regular file");
		return false;
	}
	if (info->uid == have->user.uid)
		return true;
	plan_refuse(plan, HOST_REFUSED, plan_printf(plan, "chown %s: %s", have->user.name,
		path), "'%s' does not belong to %s", path, have->user.name);
	return false;
}

static void plan_file(struct plan *plan, const struct ssh_keys_params *want, unsigned step,
	const struct trust_file *file)
{
	if (file->no_text)
		plan_refuse(plan, HOST_FILE_INVALID, "see what is in it, and put it in "
			"order", "'%s' is not a text file", file->path);
	if (file->broken)
		plan_refuse(plan, HOST_FILE_INVALID, file->remedy, "'%s' %s", file->path, file->broken);
	if (goes(want, file))
		plan_add(plan, TRUST_REMOVE, file->path, "state", "file", "absent");
	else if (strcmp(file->before, file->after) != 0)
		plan_add(plan, step, file->path, "content", file->info.kind == FILE_NONE ? NULL
			: line_ends_as(plan_arena(plan), file->before, file->dos),
			line_ends_as(plan_arena(plan), file->after, file->dos))->flags |= CHANGE_SENSITIVE;
	if (file->info.kind == FILE_REGULAR && !goes(want, file))
		plan_mode(plan, want, file->path, &file->info, 0600);
}

void trust_plan(struct plan *plan, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct trust_state *have = state;
	bool writes = strcmp(have->keys.before, have->keys.after) != 0
		|| strcmp(have->known.before, have->known.after) != 0
		|| strcmp(have->config.before, have->config.after) != 0;
	const struct ssh_keys_before *before = ssh_keys_before_find(want, have->directory);

	if (!is_fine(plan, have, have->directory, &have->directory_info, FILE_DIRECTORY)
			|| !is_fine(plan, have, have->keys.path, &have->keys.info, FILE_REGULAR)
			|| !is_fine(plan, have, have->known.path, &have->known.info, FILE_REGULAR)
			|| !is_fine(plan, have, have->config.path, &have->config.info, FILE_REGULAR))
		return;
	if (have->directory_info.kind == FILE_NONE) {
		if (!writes)
			return;
		plan_add(plan, TRUST_DIRECTORY, have->directory, "state", "absent", "directory");
	} else {
		plan_mode(plan, want, have->directory, &have->directory_info, 0700);
	}
	if (have->is_login && want->exclusive && want->present && !want->undo)
		plan_refuse(plan, SSH_KEYS_LOCKOUT, "use it for another user than the "
			"one that logs in", "'exclusive' could take the key away by which %s logs in",
			want->user);
	if (have->is_login && trust_has_key(have->keys.before) && !trust_has_key(have->keys.after))
		plan_refuse(plan, SSH_KEYS_LOCKOUT, "leave it another key, or log in as "
			"another user", "no key would be left in '%s', by which %s logs in", have->keys.path,
			want->user);
	if (have->taken->count > 0 && have->keys.no_utf8)
		plan_refuse(plan, HOST_FILE_INVALID, "take its other keys away by hand",
			"'%s' is not valid UTF-8, so removing keys could not be undone",
			have->keys.path);
	plan_file(plan, want, TRUST_KEYS, &have->keys);
	plan_file(plan, want, TRUST_KNOWN, &have->known);
	if (strcmp(have->config.before, have->config.after) != 0 || have->config.broken
			|| goes(want, &have->config))
		plan_file(plan, want, TRUST_CONFIG, &have->config);
	plan_unknown(plan, want, have);
	if (want->undo && before && !*before->mode && have->only_ours)
		plan_add(plan, TRUST_REMOVE, have->directory, "state", "directory", "absent");
}

static int write_file(struct host *host, const struct ssh_keys_params *want,
	const struct trust_state *have, const struct trust_file *file, struct error *err)
{
	struct file_write write = { .path = file->path, .bytes = line_ends_as(host_arena(host),
		file->after, file->dos), .mode = file->info.kind == FILE_NONE ? 0600 : HOST_KEEP,
		.uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP };

	if ((want->trust || want->undo) && host_record_set(host, trust_claims_key(host_arena(host), want),
			trust_claims(host_arena(host), want, have), err) < 0)
		return -1;
	write.size = strlen(write.bytes);
	return host_write(host, &write, err);
}

static void tell_lists(struct arena *arena, const struct trust_state *have, struct value *results)
{
	value_set(arena, results, "added", have->added);
	value_set(arena, results, "removed", have->removed);
}

int trust_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct ssh_keys_params *want = params;
	const struct trust_state *have = state;

	tell_lists(host_arena(host), have, results);
	switch ((enum trust_step)change->step) {
	case TRUST_DIRECTORY:
		return host_make_directory(host, have->directory, 0700, err);
	case TRUST_MODE:
		return host_set_mode(host, change->subject, (unsigned)strtoul(change->after, NULL, 8),
			err);
	case TRUST_KEYS:
		return write_file(host, want, have, &have->keys, err);
	case TRUST_KNOWN:
		return write_file(host, want, have, &have->known, err);
	case TRUST_CONFIG:
		return write_file(host, want, have, &have->config, err);
	case TRUST_REMOVE:
		return host_remove(host, change->subject, err);
	}
	return -1;
}

void trust_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	(void)params;
	if (!value_get(results, "added"))
		tell_lists(arena, state, results);
}

const struct module module_ssh_keys_trust = {
	.name = "ssh-keys-trust",
	.summary = "keys of a user on other hosts may log in, and those hosts are known",
	.params = ssh_keys_table,
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
	.invert = trust_invert,
};
