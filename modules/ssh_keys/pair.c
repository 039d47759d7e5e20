/* ssh-keys-pair: a user has a key pair; the private half never leaves the node. */
#include "modules/errors.h"
#include "modules/ssh_keys/ssh_keys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PUBLIC_MOST = 64 << 10, BLOB_MOST = 8192 };

enum pair_step {
	PAIR_DIRECTORY, PAIR_ASIDE, PAIR_MAKE, PAIR_PUBLIC, PAIR_MODE, PAIR_REMOVE, PAIR_RETURN,
};

struct pair_file {
	const char *path;
	struct file_info info;
	bool only_ours;          /* of a directory: nothing in it but what an undo removes */
};

enum { FILE_PRIVATE, FILE_PUBLIC, FILE_DIRECTORY_OF_BOTH, FILE_COUNT };

struct pair_state {
	struct user_info user;
	struct pair_file files[FILE_COUNT];
	bool aside;              /* PATH.old is there */
	bool aside_taken;        /* PATH.old or PATH.old.pub is there, whatever it is */
	const char *public_key;  /* "TYPE BASE64"; NULL: none */
	const char *derived;     /* from the private key, where there is no public one; or NULL */
};

static int pair_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *trust = value_get_string(params, "trust");
	bool makes = false;

	if (ssh_keys_user(prepare, params, err) < 0)
		return -1;
	if (value_get_string(params, "undo") && strcmp(value_get_string(params, "undo"), "true") == 0)
		return 0;
	if (trust && prepare_is_among(prepare, trust, &makes, err) < 0)
		return error_place(err, value_get(params, "trust")->place);
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

/* "TYPE BASE64" of a line that may have a comment; NULL: it is no key. */
static const char *key_of(char *line)
{
	size_t type;

	line[strcspn(line, "\r\n")] = '\0';
	type = strcspn(line, " ");
	if (line[type])
		line[type + 1 + strcspn(line + type + 1, " ")] = '\0';
	return ssh_key_valid(line) ? line : NULL;
}

static int look_at_public(struct host *host, struct pair_state *have, struct error *err)
{
	const struct pair_file *private = &have->files[FILE_PRIVATE];
	/* ssh-keygen refuses a file that others may read, which is going to be mended. */
	bool open = private->info.mode & 077;
	const char *const argv[] = { "ssh-keygen", "-y", "-P", "", "-f", open ? "/dev/stdin"
		: private->path, NULL };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .most = PUBLIC_MOST };
	struct command_result result;
	char *bytes;
	size_t size;

	if (have->files[FILE_PUBLIC].info.kind == FILE_REGULAR) {
		if (host_read(host, have->files[FILE_PUBLIC].path, PUBLIC_MOST, &bytes, &size, err) < 0)
			return -1;
		have->public_key = key_of(bytes);
	}
	if (have->public_key || have->files[FILE_PRIVATE].info.kind != FILE_REGULAR)
		return 0;
	if (open) {
		if (host_read(host, private->path, PUBLIC_MOST, &bytes, &command.input_size, err) < 0)
			return -1;
		command.input = bytes;
	}
	if (host_look(host, &command, &result, err) < 0)
		return -1;
	if (result.status == 0 && key_of(arena_string(host_arena(host), result.output)))
		have->derived = result.output;
	return 0;
}

/* What is in the directory beside the files that an undo removes. */
static int look_into_directory(struct host *host, const struct ssh_keys_params *want,
	struct pair_state *have, struct error *err)
{
	struct pair_file *directory = &have->files[FILE_DIRECTORY_OF_BOTH];
	struct file_name *names;
	size_t count;

	if (host_list(host, directory->path, &names, &count, err) < 0)
		return -1;
	directory->only_ours = !want->aside;
	for (size_t i = 0; i < count; i++) {
		const char *path = arena_printf(host_arena(host), "%s/%s", directory->path,
			names[i].name);
		const struct ssh_keys_before *before = ssh_keys_before_find(want, path);

		directory->only_ours = directory->only_ours && before && !*before->mode;
	}
	return 0;
}

static int pair_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct ssh_keys_params *want = params;
	struct pair_state *have = ret_state;
	struct arena *arena = host_arena(host);
	const char *directory, *path = want->path;
	struct file_info old, old_public;

	if (!want->undo && (!want->makes || !want->present))
		return 0;
	if (ssh_keys_directory(host, want, &have->user, &directory, err) < 0)
		return -1;
	if (!path)
		path = arena_printf(arena, "%s/id_%s", directory, want->type);
	directory = arena_bytes(arena, path, (size_t)(strrchr(path, '/') - path));
	have->files[FILE_PRIVATE].path = path;
	have->files[FILE_PUBLIC].path = arena_printf(arena, "%s.pub", path);
	have->files[FILE_DIRECTORY_OF_BOTH].path = directory;
	for (int i = FILE_COUNT - 1; i >= 0; i--) {
		if (host_stat(host, have->files[i].path, &have->files[i].info, err) < 0)
			return -1;
		if (i == FILE_DIRECTORY_OF_BOTH && have->files[i].info.kind != FILE_DIRECTORY)
			return 0;
	}
	if (host_stat(host, arena_printf(arena, "%s.old", path), &old, err) < 0)
		return -1;
	if (host_stat(host, arena_printf(arena, "%s.old.pub", path), &old_public, err) < 0)
		return -1;
	have->aside = old.kind == FILE_REGULAR;
	have->aside_taken = old.kind != FILE_NONE || old_public.kind != FILE_NONE;
	return want->undo ? look_into_directory(host, want, have, err)
		: look_at_public(host, have, err);
}

static size_t read_length(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Bits of an RSA key: the third string of RFC 4253 section 6.6 is the modulus. */
static int rsa_bits(const char *key)
{
	unsigned char blob[BLOB_MOST];
	const char *base64 = strchr(key, ' ') + 1;
	size_t size, at = 0;

	if (sodium_base642bin(blob, sizeof(blob), base64, strlen(base64), NULL, &size, NULL,
			sodium_base64_VARIANT_ORIGINAL) < 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (size - at < 4 || read_length(blob + at) > size - at - 4)
			return 0;
		at += 4 + read_length(blob + at);
	}
	if (size - at < 5 || read_length(blob + at) > size - at - 4)
		return 0;
	return (int)(read_length(blob + at) - (blob[at + 4] == 0)) * 8;
}

/* "ssh-rsa with 2048 bits", for people, where it isn't as wished; else NULL. */
static const char *mismatch(struct arena *arena, const struct ssh_keys_params *want,
	const struct pair_state *have)
{
	const char *key = have->public_key ? have->public_key : have->derived;
	size_t type;

	if (!key)
		return "unreadable";
	type = strcspn(key, " ");
	if (type != strlen(want->type) + 4 || strncmp(key + 4, want->type, type - 4) != 0)
		return arena_printf(arena, "%.*s", (int)type, key);
	if (strcmp(want->type, "rsa") != 0 || rsa_bits(key) == want->bits)
		return NULL;
	return arena_printf(arena, "%d bits", rsa_bits(key));
}

static void plan_mode(struct plan *plan, const struct pair_file *file, unsigned mode)
{
	if (file->info.mode != mode)
		plan_add(plan, PAIR_MODE, file->path, "mode", plan_printf(plan, "%04o", file->info.mode),
			plan_printf(plan, "%04o", mode));
}

static void plan_undo(struct plan *plan, const struct ssh_keys_params *want,
	const struct pair_state *have)
{
	if (want->aside && !have->aside)
		return;   /* it is back already */
	for (int i = 0; i < FILE_COUNT; i++) {
		const struct pair_file *file = &have->files[i];
		const struct ssh_keys_before *before = ssh_keys_before_find(want, file->path);
		bool directory = i == FILE_DIRECTORY_OF_BOTH;

		if (!before || file->info.kind == FILE_NONE)
			continue;
		if (*before->mode)
			plan_mode(plan, file, ssh_keys_before_mode(before));
		else if (!directory || (file->info.kind == FILE_DIRECTORY && file->only_ours))
			plan_add(plan, PAIR_REMOVE, file->path, "state", directory ? "directory" : "file",
				"absent");
	}
	if (want->aside && have->aside)
		plan_add(plan, PAIR_RETURN, have->files[FILE_PRIVATE].path, "state", "key pair",
			"the pair before it");
}

/* What others may not write, so that sshd accepts it. False: refused. */
static bool belongs_to_user(struct plan *plan, const struct pair_state *have,
	const struct pair_file *file)
{
	if (file->info.kind == FILE_NONE || file->info.uid == have->user.uid)
		return true;
	plan_refuse(plan, HOST_REFUSED, plan_printf(plan, "chown %s: %s", have->user.name,
		file->path), "'%s' does not belong to %s", file->path, have->user.name);
	return false;
}

static void plan_pair(struct plan *plan, const struct ssh_keys_params *want,
	const struct pair_state *have)
{
	const struct pair_file *private = &have->files[FILE_PRIVATE];
	const char *before = NULL;

	if (private->info.kind == FILE_NONE) {
		plan_add(plan, PAIR_MAKE, private->path, "state", "absent", "key pair");
		return;
	}
	if (want->regenerate == REGENERATE_MISMATCH)
		before = mismatch(plan_arena(plan), want, have);
	if (before && have->aside_taken) {
		plan_refuse(plan, HOST_FILE_EXISTS, "move it away", "'%s.old' is there "
			"already, where the pair before is to be put", private->path);
		return;
	}
	if (before) {
		plan_add(plan, PAIR_ASIDE, private->path, "key pair", before, plan_printf(plan,
			"%s.old", private->path));
		plan_add(plan, PAIR_MAKE, private->path, "state", "absent", "key pair");
		return;
	}
	if (private->info.mode & 077)
		plan_mode(plan, private, 0600);
	if (have->public_key)
		return;
	if (have->derived)
		plan_add(plan, PAIR_PUBLIC, have->files[FILE_PUBLIC].path, "state", "absent",
			"public key");
	else
		plan_refuse(plan, SSH_KEYS_UNREADABLE_KEY, "write its public key "
			"beside it, or use regenerate: mismatch", "'%s' can't be read, as it has a passphrase "
			"or is no key", private->path);
}

static void pair_plan(struct plan *plan, const void *params, const void *state)
{
	const struct ssh_keys_params *want = params;
	const struct pair_state *have = state;
	const struct pair_file *directory = &have->files[FILE_DIRECTORY_OF_BOTH];

	if (want->undo) {
		plan_undo(plan, want, have);
		return;
	}
	if (!want->makes || !want->present)
		return;
	if (directory->info.kind != FILE_NONE && directory->info.kind != FILE_DIRECTORY) {
		plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away",
			"'%s' is not a directory", directory->path);
		return;
	}
	if ((!want->path && !belongs_to_user(plan, have, directory))
			|| !belongs_to_user(plan, have, &have->files[FILE_PRIVATE]))
		return;
	for (int i = 0; i < FILE_DIRECTORY_OF_BOTH; i++) {
		if (have->files[i].info.kind != FILE_NONE && have->files[i].info.kind != FILE_REGULAR) {
			plan_refuse(plan, HOST_FILE_WRONG_TYPE, "move it away",
				"'%s' is not a regular file", have->files[i].path);
			return;
		}
	}
	if (directory->info.kind == FILE_NONE)
		plan_add(plan, PAIR_DIRECTORY, directory->path, "state", "absent", "directory");
	else if (!want->path && (directory->info.mode & 077))
		plan_mode(plan, directory, 0700);
	plan_pair(plan, want, have);
}

static int make_pair(struct host *host, const struct ssh_keys_params *want,
	const struct pair_state *have, struct error *err)
{
	bool rsa = strcmp(want->type, "rsa") == 0;
	const char *comment = want->comment ? want->comment : "";
	const char *argv[] = { "ssh-keygen", "-q", "-t", want->type, "-N", "", "-C", comment, "-f",
		have->files[FILE_PRIVATE].path, rsa ? "-b" : NULL,
		arena_printf(host_arena(host), "%d", want->bits), NULL };
	struct command_result result;

	return host_run(host, &(struct command){ .argv = argv }, &result, err);
}

static int make_public(struct host *host, const struct pair_state *have, struct error *err)
{
	struct file_write write = { .path = have->files[FILE_PUBLIC].path, .bytes = have->derived,
		.size = strlen(have->derived), .mode = 0644, .uid = HOST_KEEP, .gid = HOST_KEEP,
		.mtime = HOST_KEEP };

	return host_write(host, &write, err);
}

/* Both halves get or lose the ending ".old". */
static int move_pair(struct host *host, const struct pair_state *have, bool back,
	struct error *err)
{
	for (int i = 0; i < FILE_DIRECTORY_OF_BOTH; i++) {
		const char *path = have->files[i].path;
		const char *old = arena_printf(host_arena(host), "%s.old%s",
			have->files[FILE_PRIVATE].path, i == FILE_PUBLIC ? ".pub" : "");
		struct file_info info;

		if (host_stat(host, back ? old : path, &info, err) < 0)
			return -1;
		if (info.kind == FILE_REGULAR
				&& host_rename(host, back ? old : path, back ? path : old, err) < 0)
			return -1;
	}
	return 0;
}

static int pair_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct pair_state *have = state;

	(void)results;
	switch ((enum pair_step)change->step) {
	case PAIR_DIRECTORY:
		return host_make_directory(host, change->subject, 0700, err);
	case PAIR_ASIDE:
		return move_pair(host, have, false, err);
	case PAIR_MAKE:
		return make_pair(host, params, have, err);
	case PAIR_PUBLIC:
		return make_public(host, have, err);
	case PAIR_MODE:
		return host_set_mode(host, change->subject, (unsigned)strtoul(change->after, NULL, 8), err);
	case PAIR_REMOVE:
		return host_remove(host, change->subject, err);
	case PAIR_RETURN:
		return move_pair(host, have, true, err);
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
	struct value *back = value_map(arena), *before = value_list(arena);
	const struct file_info *private = &have->files[FILE_PRIVATE].info;
	bool aside = false;

	if (!have->files[FILE_PRIVATE].path)
		return;
	if (want->regenerate == REGENERATE_MISMATCH && private->kind == FILE_REGULAR)
		aside = mismatch(arena, want, have) != NULL;
	for (int i = 0; i < FILE_COUNT; i++)
		ssh_keys_before_add(arena, before, have->files[i].path,
			aside && i != FILE_DIRECTORY_OF_BOTH ? &(struct file_info){ .kind = FILE_NONE }
			: &have->files[i].info);
	value_set_string(arena, back, "user", want->user);
	value_set_string(arena, back, "type", want->type);
	value_set_string(arena, back, "path", have->files[FILE_PRIVATE].path);
	value_set_string(arena, back, "undo", "yes");
	value_set_string(arena, back, "aside", aside ? "yes" : "no");
	value_set(arena, back, "before", before);
	inverses_add(inverses, &(struct inverses_entry){
		.resource = arena_printf(arena, "key-pair:%s:%s", want->user,
			want->path ? want->path : want->type),
		.params = back,
	});
}

const struct module module_ssh_keys_pair = {
	.name = "ssh-keys-pair",
	.summary = "a user has a key pair",
	.params = ssh_keys_table,
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
