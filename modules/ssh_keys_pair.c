/* ssh-keys-pair: a user has a key pair; the private half never leaves the node. */
#include "modules/ssh_keys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum pair_step { PAIR_DIRECTORY, PAIR_MAKE, PAIR_PUBLIC, PAIR_MODE, PAIR_DIRECTORY_MODE };

struct pair_state {
	const char *directory;   /* ~/.ssh */
	const char *path;        /* the private key */
	const char *public_path;
	struct file_info directory_info, info, public_info;
	const char *public_key;  /* "TYPE BASE64"; NULL: none */
};

static int pair_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *trust = value_get_string(params, "trust");
	struct value *hosts;
	bool makes = false;

	if (ssh_keys_user(prepare, params, err) < 0)
		return -1;
	if (trust) {
		if (prepare_hosts(prepare, trust, &hosts, err) < 0)
			return error_place(err, value_get(params, "trust")->place);
		for (size_t i = 0; i < hosts->count; i++)
			makes = makes || strcmp(value_text(hosts->items[i]), prepare_host(prepare)) == 0;
	}
	value_set_string(arena, params, "makes", makes ? "true" : "false");
	if (!value_get(params, "comment"))
		value_set(arena, params, "comment", value_printf(arena, "%s@%s",
			value_get_string(params, "user"), prepare_host(prepare)));
	return 0;
}

static void pair_resources(struct names *names, const void *params)
{
	const struct ssh_keys_params *want = params;

	if (want->makes && want->present)
		names_add(names, "key-pair:%s:%s", want->user, want->path ? want->path : want->type);
}

static int read_public(struct host *host, struct pair_state *have, struct error *err)
{
	char *bytes;
	size_t size, type;

	if (have->public_info.kind != FILE_REGULAR)
		return 0;
	if (host_read(host, have->public_path, 64 << 10, &bytes, &size, err) < 0)
		return -1;
	bytes[strcspn(bytes, "\r\n")] = '\0';
	type = strcspn(bytes, " ");
	if (bytes[type])
		bytes[type + 1 + strcspn(bytes + type + 1, " ")] = '\0';
	if (ssh_key_valid(bytes))
		have->public_key = bytes;
	return 0;
}

static int pair_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct ssh_keys_params *want = params;
	struct pair_state *have = ret_state;
	struct arena *arena = host_arena(host);

	if (!want->makes || !want->present)
		return 0;
	if (ssh_keys_directory(host, want, &have->directory, err) < 0)
		return -1;
	have->path = want->path ? want->path
		: arena_printf(arena, "%s/id_%s", have->directory, want->type);
	have->public_path = arena_printf(arena, "%s.pub", have->path);
	if (host_stat(host, have->directory, &have->directory_info, err) < 0)
		return -1;
	if (have->directory_info.kind != FILE_DIRECTORY && !want->path)
		return 0;
	if (host_stat(host, have->path, &have->info, err) < 0
			|| host_stat(host, have->public_path, &have->public_info, err) < 0)
		return -1;
	return read_public(host, have, err);
}

static void pair_plan(struct plan *plan, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct pair_state *have = state;

	if (!want->makes || !want->present)
		return;
	if (have->directory_info.kind == FILE_NONE)
		plan_add(plan, PAIR_DIRECTORY, have->directory, "state", "absent", "directory");
	else if (have->directory_info.mode & 022)
		plan_add(plan, PAIR_DIRECTORY_MODE, have->directory, "mode", plan_printf(plan, "%04o",
			have->directory_info.mode), "0700");
	if (have->info.kind == FILE_NONE) {
		plan_add(plan, PAIR_MAKE, have->path, "state", "absent", "key pair");
		return;
	}
	if (have->info.kind != FILE_REGULAR) {
		plan_refuse(plan, "move it away", "'%s' is no regular file", have->path);
		return;
	}
	if (have->info.mode & 077)
		plan_add(plan, PAIR_MODE, have->path, "mode", plan_printf(plan, "%04o",
			have->info.mode), "0600");
	if (!have->public_key)
		plan_add(plan, PAIR_PUBLIC, have->public_path, "state", "absent", "public key");
}

static int make_pair(struct host *host, const struct ssh_keys_params *want,
	const struct pair_state *have, struct error *err)
{
	const char *bits = arena_printf(host_arena(host), "%d", want->bits);
	const char *const argv[] = { "ssh-keygen", "-q", "-t", want->type, "-b", bits, "-N", "", "-C",
		want->comment ? want->comment : "", "-f", have->path, NULL };
	struct command_result result;

	return host_run(host, &(struct command){ .argv = argv }, &result, err);
}

static int make_public(struct host *host, const struct pair_state *have, struct error *err)
{
	const char *const argv[] = { "ssh-keygen", "-y", "-P", "", "-f", have->path, NULL };
	struct command_result result;
	struct file_write write = { .path = have->public_path, .mode = 0644, .uid = HOST_KEEP,
		.gid = HOST_KEEP, .mtime = HOST_KEEP };

	if (host_run(host, &(struct command){ .argv = argv }, &result, err) < 0)
		return -1;
	write.bytes = result.output;
	write.size = result.output_size;
	return host_write(host, &write, err);
}

static int pair_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct pair_state *have = state;

	(void)results;
	switch ((enum pair_step)change->step) {
	case PAIR_DIRECTORY:
		return host_make_directory(host, have->directory, 0700, err);
	case PAIR_DIRECTORY_MODE:
		return host_set_mode(host, have->directory, 0700, err);
	case PAIR_MAKE:
		return make_pair(host, params, have, err);
	case PAIR_PUBLIC:
		return make_public(host, have, err);
	case PAIR_MODE:
		return host_set_mode(host, have->path, 0600, err);
	}
	return -1;
}

/* As ssh-keygen -l prints it: SHA-256 of the decoded key in base64 without padding. */
static char *fingerprint(struct arena *arena, const char *key)
{
	const char *base64 = strchr(key, ' ') + 1;
	unsigned char *raw = arena_alloc(arena, strlen(base64) + 1);
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
	size_t size;

	if (sodium_base642bin(raw, strlen(base64), base64, strlen(base64), NULL, &size, NULL,
			sodium_base64_VARIANT_ORIGINAL) < 0)
		return arena_string(arena, "");
	crypto_hash_sha256(hash, raw, size);
	sodium_bin2base64(text, sizeof(text), hash, sizeof(hash),
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	return arena_printf(arena, "SHA256:%s", text);
}

static void pair_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct pair_state *have = state;

	(void)params;
	if (!have->public_key)
		return;
	value_set_string(arena, results, "public_key", have->public_key);
	value_set_string(arena, results, "fingerprint", fingerprint(arena, have->public_key));
}

static struct value *pair_publish(struct arena *arena, const void *params, const void *state,
	const char **ret_key)
{
	const struct ssh_keys_params *want = params;
	const struct pair_state *have = state;
	struct value *facts;

	if (!have->public_key)
		return NULL;
	facts = value_map(arena);
	value_set_string(arena, facts, "public_key", have->public_key);
	*ret_key = want->user;
	return facts;
}

static void pair_invert(struct inverses *inverses, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct pair_state *have = state;
	struct arena *arena = inverses_arena(inverses);
	struct value *back = value_map(arena);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "key-pair:%s:%s", want->user,
			want->path ? want->path : want->type),
	};

	if (have->info.kind != FILE_NONE) {
		entry.reason = "the key pair was there before";
	} else {
		value_set_string(arena, back, "path", have->path);
		value_set_string(arena, back, "state", "absent");
		entry.module = "file";
		entry.params = back;
	}
	inverses_add(inverses, &entry);
}

const struct module module_ssh_keys_pair = {
	.name = "ssh-keys-pair",
	.summary = "a user has a key pair",
	.params = ssh_keys_table,
	.fields = ssh_keys_fields,
	.params_size = sizeof(struct ssh_keys_params),
	.state_size = sizeof(struct pair_state),
	.flags = MODULE_INTERNAL,
	.check = ssh_keys_check,
	.prepare = pair_prepare,
	.acts_as = ssh_keys_acts_as,
	.resources = pair_resources,
	.inspect = pair_inspect,
	.plan = pair_plan,
	.apply = pair_apply,
	.results = pair_results,
	.publish = pair_publish,
	.invert = pair_invert,
};
