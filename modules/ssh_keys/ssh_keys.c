/* ssh-keys: let users log in from host to host, with keys known at both ends. */
#include "modules/ssh_keys/ssh_keys.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_words[] = { "ed25519", "rsa", NULL };
static const char *const state_words[] = { "present", "absent", NULL };
static const char *const regenerate_words[] = { "never", "mismatch", "always", NULL };

static const cyaml_strval_t regenerate_choices[] = {
	{ "never", REGENERATE_NEVER }, { "mismatch", REGENERATE_MISMATCH },
	{ "always", REGENERATE_ALWAYS },
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

static const struct param host_table[] = {
	{ .name = "host", .kind = PARAM_STRING, .doc = "its name", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct ssh_keys_host, host) },
	{ .name = "line", .kind = PARAM_STRING, .doc = "its key", .otherwise = "",
		.into = INTO_TEXT(struct ssh_keys_host, line) },
	{ .name = "names", .kind = PARAM_STRING, .doc = "what it is called", .otherwise = "",
		.into = INTO_TEXT(struct ssh_keys_host, names) },
	{ .name = "known", .kind = PARAM_LIST, .doc = "its host keys", .otherwise = "",
		.into = INTO_LIST(struct ssh_keys_host, known) },
	{ 0 },
};

static const struct param before_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "a file", .flags = PARAM_REQUIRED,
		.into = INTO_TEXT(struct ssh_keys_before, path) },
	{ .name = "mode", .kind = PARAM_STRING, .doc = "its mode; empty: not there", .otherwise = "",
		.into = INTO_TEXT(struct ssh_keys_before, mode) },
	{ .name = "last", .kind = PARAM_STRING, .doc = "digest of a last line without an end",
		.otherwise = "", .into = INTO_TEXT(struct ssh_keys_before, last) },
	{ 0 },
};

const struct param ssh_keys_table[] = {
	{ .name = "user", .kind = PARAM_STRING, .doc = "whose keys; default: the login user",
		.into = INTO_TEXT(struct ssh_keys_params, user) },
	{ .name = "type", .kind = PARAM_CHOICE, .doc = "type of a new key pair", .otherwise = "ed25519",
		.choices = type_words, .into = INTO_TEXT(struct ssh_keys_params, type) },
	{ .name = "bits", .kind = PARAM_INTEGER, .doc = "size of a new RSA key", .otherwise = "3072",
		.into = INTO_NUMBER(struct ssh_keys_params, bits) },
	{ .name = "path", .kind = PARAM_PATH, .doc = "the private key; default: ~/.ssh/id_TYPE; "
		"for another name ~/.ssh/config says which hosts it is for",
		.into = INTO_TEXT(struct ssh_keys_params, path) },
	{ .name = "comment", .kind = PARAM_STRING, .doc = "comment of a new key; default: USER@HOST",
		.into = INTO_TEXT(struct ssh_keys_params, comment) },
	{ .name = "trust", .kind = PARAM_PATTERN,
		.doc = "hosts whose user of this name may log in here",
		.into = INTO_TEXT(struct ssh_keys_params, trust) },
	{ .name = "authorized", .kind = PARAM_LIST,
		.doc = "public keys that may also log in here; those of "
		"other tasks stay, and with state: absent just these go",
		.otherwise = "", .into = INTO_LIST(struct ssh_keys_params, authorized) },
	{ .name = "options", .kind = PARAM_STRING,
		.doc = "options put before each key, see authorized_keys",
		.otherwise = "", .into = INTO_TEXT(struct ssh_keys_params, options) },
	{ .name = "known_hosts", .kind = PARAM_BOOL,
		.doc = "add the trusted hosts to the user's known_hosts",
		.otherwise = "yes", .into = INTO_BOOL(struct ssh_keys_params, known_hosts) },
	{ .name = "allow_root", .kind = PARAM_BOOL, .doc = "needed for trust among root accounts",
		.otherwise = "no", .into = INTO_BOOL(struct ssh_keys_params, allow_root) },
	{ .name = "exclusive", .kind = PARAM_BOOL,
		.doc = "no other keys may log in but those of trust and "
		"authorized, so only one task of a user can say this",
		.otherwise = "no", .into = INTO_BOOL(struct ssh_keys_params, exclusive) },
	{ .name = "regenerate", .kind = PARAM_CHOICE,
		.doc = "when a new pair takes the place of an old "
		"one; mismatch: if type or bits are others", .otherwise = "never",
		.choices = regenerate_words,
		.into = INTO_CHOICE(struct ssh_keys_params, regenerate, regenerate_choices) },
	{ .name = "state", .kind = PARAM_CHOICE,
		.doc = "absent: keys and known hosts of the hosts of trust go, "
		"and the keys of authorized",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct ssh_keys_params, present, state_choices) },
	{ .name = "makes", .kind = PARAM_BOOL, .doc = "this host has a key pair", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct ssh_keys_params, makes) },
	{ .name = "hosts", .kind = PARAM_RECORDS, .doc = "the hosts of trust", .otherwise = "",
		.entries = host_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, hosts) },
	{ .name = "missing", .kind = PARAM_LIST, .doc = "hosts whose keys can't be known now",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, missing) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "go back to what was", .otherwise = "no",
		.flags = PARAM_INTERNAL, .into = INTO_BOOL(struct ssh_keys_params, undo) },
	{ .name = "aside", .kind = PARAM_BOOL, .doc = "the pair before is in PATH.old",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct ssh_keys_params, aside) },
	{ .name = "gone", .kind = PARAM_LIST, .doc = "hosts that go", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct ssh_keys_params, gone) },
	{ .name = "gone_keys", .kind = PARAM_LIST, .doc = "keys that go", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct ssh_keys_params, gone_keys) },
	{ .name = "back", .kind = PARAM_LIST, .doc = "keys that come back", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct ssh_keys_params, back) },
	{ .name = "back_known", .kind = PARAM_LIST, .doc = "host keys that come back",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, back_known) },
	{ .name = "before", .kind = PARAM_RECORDS, .doc = "what was there", .otherwise = "",
		.entries = before_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, before) },
	{ .name = "taken", .kind = PARAM_RECORDS, .doc = "lines outside the blocks that come back",
		.otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, taken) },
	{ .name = "lost", .kind = PARAM_RECORDS, .doc = "keys of hosts that come back", .otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, lost) },
	{ .name = "lost_known", .kind = PARAM_RECORDS,
		.doc = "host keys that come back in their places",
		.otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, lost_known) },
	{ .name = "lost_keys", .kind = PARAM_RECORDS, .doc = "literal keys that come back",
		.otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, lost_keys) },
	{ .name = "marks", .kind = PARAM_RECORDS, .doc = "where their block stood", .otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, marks) },
	{ .name = "marks_known", .kind = PARAM_RECORDS, .doc = "where that of host keys stood",
		.otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, marks_known) },
	{ .name = "marks_keys", .kind = PARAM_RECORDS, .doc = "where that of literal keys stood",
		.otherwise = "",
		.entries = taken_line_table, .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct ssh_keys_params, marks_keys) },
	{ .name = "identity", .kind = PARAM_STRING, .doc = "what ~/.ssh/config says of the key",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct ssh_keys_params, identity) },
	{ 0 },
};

bool ssh_key_valid(const char *text)
{
	static const char *const types[] = {
		"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
		"ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
	};
	size_t size = strcspn(text, " ");

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strlen(types[i]) == size && strncmp(types[i], text, size) == 0 && text[size] == ' ') {
			const char *base64 = text + size + 1;
			size_t length = strspn(base64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789+/");

			return length > 32 && length < 8192 && strspn(base64 + length, "=")
				== strlen(base64 + length) && strlen(base64 + length) <= 2;
		}
	}
	return false;
}

static bool says(const struct value *params, const char *name, const char *word)
{
	const char *text = value_get_string(params, name);

	return text && strcmp(text, word) == 0;
}

/* "TYPE BASE64" or "TYPE BASE64 COMMENT". */
static bool is_public_key(const char *line, size_t size)
{
	char key[8400];
	size_t type = strcspn(line, " \n"), length;

	if (size >= sizeof(key) || type >= size || line[type] != ' ')
		return false;
	length = type + 1 + strcspn(line + type + 1, " \n\r");
	if (length > size)
		length = size;
	memcpy(key, line, length);
	key[length] = '\0';
	return ssh_key_valid(key);
}

int ssh_keys_check_lines(const struct value *authorized, const char *options, struct error *err)
{
	for (size_t i = 0; authorized && authorized->kind == VALUE_LIST && i < authorized->count; i++) {
		const char *line = value_text(authorized->items[i]);

		for (; line && *line; line += *line == '\n') {
			size_t size = strcspn(line, "\n");

			if (strspn(line, " \t\r") < size && *line != '#' && !is_public_key(line, size)) {
				error_at(err, SSH_KEYS_INVALID_KEY, authorized->items[i]->place, "'%.60s' is not a "
					"public key", line);
				return error_remedy(err, "a key is ssh-ed25519 AAAA…; what goes before keys is for '%s'",
					options);
			}
			line += size;
		}
	}
	return 0;
}

int ssh_keys_check(const struct value *params, struct error *err)
{
	const struct value *trust = value_get(params, "trust");
	const struct value *authorized = value_get(params, "authorized");
	const struct value *user = value_get(params, "user");
	const struct value *options = value_get(params, "options");

	if (says(params, "undo", "true"))
		return 0;
	if (!trust && (!authorized || (authorized->kind == VALUE_LIST && authorized->count == 0))) {
		error_set(err, TASK_MISSING_PARAMETER, "one of 'trust' and 'authorized' is needed");
		return error_remedy(err, "trust: all lets the user of every host log in on every other");
	}
	if (trust && value_text(user) && strcmp(user->text, "root") == 0
			&& says(params, "allow_root", "false")) {
		error_at(err, TASK_INVALID_VALUE, user->place, "trust among root accounts needs "
			"allow_root: yes");
		return error_remedy(err, "better use an ordinary user, as MPI does");
	}
	if (value_text(options) && strchr(options->text, '\n'))
		return error_at(err, TASK_INVALID_VALUE, options->place, "'options' must be one line");
	if (says(params, "regenerate", "always")) {
		error_at(err, TASK_UNSUPPORTED_PARAMETER, value_get(params, "regenerate")->place,
			"regenerate: always is not supported yet");
		return error_remedy(err, "remove the old pair by hand, or say mismatch");
	}
	return ssh_keys_check_lines(authorized, "options", err);
}

void ssh_keys_split(struct arena *arena, struct value *params, const char *name)
{
	const struct value *given = value_get(params, name);
	struct value *keys = value_list(arena);

	if (!given || given->kind != VALUE_LIST)
		return;
	for (size_t i = 0; i < given->count; i++) {
		const char *line = value_text(given->items[i]);

		if (!line) {
			value_append(arena, keys, given->items[i]);
			continue;
		}
		for (; *line; line += *line == '\n') {
			size_t size = strcspn(line, "\r\n");

			if (size > strspn(line, " \t") && *line != '#')
				value_append(arena, keys, value_bytes(arena, line, size));
			line += strcspn(line, "\n");
		}
	}
	value_set(arena, params, name, keys);
}

int ssh_keys_user(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *login = prepare_user(prepare);

	if (!value_get(params, "user")) {
		value_set(arena, params, "user", login ? value_string(arena, login) : value_unknown(arena,
			&(struct cause){ .kind = CAUSE_PUBLISHED, .name = "the login user",
				.host = prepare_host(prepare) }));
	}
	if (login && says(params, "exclusive", "true") && says(params, "state", "present")
			&& says(params, "user", login)) {
		error_set(err, TASK_PROTECTED, "'exclusive' could take the key away with which beoplay "
			"logs in");
		return error_remedy(err, "use it for another user than the login user");
	}
	return ssh_keys_check(params, err);
}

const char *ssh_keys_acts_as(const void *params)
{
	return ((const struct ssh_keys_params *)params)->user;
}

int ssh_keys_directory(struct host *host, const struct ssh_keys_params *want,
	struct user_info *ret_user, const char **ret_directory, struct error *err)
{
	if (host_user(host, want->user, ret_user, err) < 0)
		return -1;
	if (!ret_user->exists) {
		error_set(err, HOST_UNKNOWN_USER, "there is no user '%s'", want->user);
		return error_remedy(err, "create it first with a user task");
	}
	if (ret_user->home[0] != '/')
		return error_set(err, HOST_UNKNOWN_USER, "'%s' has no home", want->user);
	*ret_directory = arena_printf(host_arena(host), "%s/.ssh", ret_user->home);
	return 0;
}

void ssh_keys_before_add(struct arena *arena, struct value *records, const char *path,
	const struct file_info *info)
{
	struct value *record = value_map(arena);

	value_set_string(arena, record, "path", path);
	if (info->kind != FILE_NONE)
		value_set(arena, record, "mode", value_printf(arena, "%04o", info->mode));
	value_append(arena, records, record);
}

const struct ssh_keys_before *ssh_keys_before_find(const struct ssh_keys_params *want,
	const char *path)
{
	for (unsigned i = 0; i < want->before_count; i++) {
		if (strcmp(want->before[i].path, path) == 0)
			return &want->before[i];
	}
	return NULL;
}

unsigned ssh_keys_before_mode(const struct ssh_keys_before *before)
{
	return (unsigned)strtoul(before->mode, NULL, 8) & 07777;
}

static const struct part ssh_keys_parts[] = {
	{ .module = &module_ssh_keys_pair, .hosts = PART_ALL },
	{ .module = &module_ssh_keys_trust, .hosts = PART_ALL, .barrier = true },
	{ .hosts = PART_END },
};

const struct module module_ssh_keys = {
	.name = "ssh-keys",
	.summary = "let users log in from host to host, with keys known at both ends",
	.params = ssh_keys_table,
	.params_size = sizeof(struct ssh_keys_params),
	.parts = ssh_keys_parts,
	.check = ssh_keys_check,
};
