/* ssh-keys: who may log in where, and both ends known to each other. */
#include "modules/ssh_keys.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_words[] = { "ed25519", "rsa", NULL };
static const char *const state_words[] = { "present", "absent", NULL };

static const struct param host_table[] = {
	{ .name = "host", .kind = PARAM_STRING, .doc = "its name", .flags = PARAM_REQUIRED },
	{ .name = "line", .kind = PARAM_STRING, .doc = "its key", .otherwise = "" },
	{ .name = "known", .kind = PARAM_LIST, .doc = "its host keys", .otherwise = "" },
	{ 0 },
};

const struct param ssh_keys_table[] = {
	{ .name = "user", .kind = PARAM_STRING, .doc = "whose keys; without it the login user's" },
	{ .name = "type", .kind = PARAM_CHOICE, .doc = "of a new key pair", .otherwise = "ed25519",
		.choices = type_words },
	{ .name = "bits", .kind = PARAM_INTEGER, .doc = "of a new rsa key", .otherwise = "3072" },
	{ .name = "path", .kind = PARAM_PATH, .doc = "the private key; without it ~/.ssh/id_TYPE" },
	{ .name = "comment", .kind = PARAM_STRING, .doc = "of a new key; without it USER@HOST" },
	{ .name = "trust", .kind = PARAM_PATTERN, .doc = "the user of these hosts may log in here" },
	{ .name = "authorized", .kind = PARAM_LIST, .doc = "public keys that may log in here, too",
		.otherwise = "" },
	{ .name = "options", .kind = PARAM_STRING, .doc = "before each key, as in authorized_keys",
		.otherwise = "" },
	{ .name = "known_hosts", .kind = PARAM_BOOL, .doc = "the hosts of trust are known to the user",
		.otherwise = "yes" },
	{ .name = "allow_root", .kind = PARAM_BOOL, .doc = "needed for trust among root accounts",
		.otherwise = "no" },
	{ .name = "exclusive", .kind = PARAM_BOOL, .doc = "no other keys may log in",
		.flags = PARAM_NOT_YET },
	{ .name = "regenerate", .kind = PARAM_STRING, .doc = "when a new pair is made",
		.flags = PARAM_NOT_YET },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: trust and known hosts go",
		.otherwise = "present", .choices = state_words },
	{ .name = "makes", .kind = PARAM_BOOL, .doc = "this host has a key pair", .otherwise = "no",
		.flags = PARAM_INTERNAL },
	{ .name = "hosts", .kind = PARAM_RECORDS, .doc = "the hosts of trust", .otherwise = "",
		.entries = host_table, .flags = PARAM_INTERNAL },
	{ 0 },
};

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t host_fields[] = {
	CYAML_FIELD_STRING_PTR("host", CYAML_FLAG_POINTER, struct ssh_keys_host, host, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("line", CYAML_FLAG_POINTER, struct ssh_keys_host, line, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("known", CYAML_FLAG_POINTER, struct ssh_keys_host, known, &word_schema, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t host_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ssh_keys_host, host_fields),
};

static const cyaml_strval_t state_choices[] = { { "absent", false }, { "present", true } };

const cyaml_schema_field_t ssh_keys_fields[] = {
	CYAML_FIELD_STRING_PTR("user", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct ssh_keys_params, user, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("type", CYAML_FLAG_POINTER, struct ssh_keys_params, type, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_INT("bits", CYAML_FLAG_DEFAULT, struct ssh_keys_params, bits),
	CYAML_FIELD_STRING_PTR("path", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct ssh_keys_params, path, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("comment", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct ssh_keys_params, comment, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("trust", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct ssh_keys_params, trust, 0, CYAML_UNLIMITED),
	CYAML_FIELD_SEQUENCE("authorized", CYAML_FLAG_POINTER, struct ssh_keys_params, authorized,
		&word_schema, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("options", CYAML_FLAG_POINTER, struct ssh_keys_params, options, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("known_hosts", CYAML_FLAG_DEFAULT, struct ssh_keys_params, known_hosts),
	CYAML_FIELD_BOOL("allow_root", CYAML_FLAG_DEFAULT, struct ssh_keys_params, allow_root),
	CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct ssh_keys_params, present, state_choices,
		2),
	CYAML_FIELD_BOOL("makes", CYAML_FLAG_DEFAULT, struct ssh_keys_params, makes),
	CYAML_FIELD_SEQUENCE("hosts", CYAML_FLAG_POINTER, struct ssh_keys_params, hosts, &host_schema,
		0, CYAML_UNLIMITED),
	CYAML_FIELD_END
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

int ssh_keys_check(const struct value *params, struct error *err)
{
	const struct value *trust = value_get(params, "trust");
	const struct value *authorized = value_get(params, "authorized");
	const struct value *user = value_get(params, "user");
	const char *allow = value_get_string(params, "allow_root");

	if (!trust && (!authorized || authorized->count == 0)) {
		error_set(err, ERROR_TEXT, "one of 'trust' and 'authorized' is needed");
		return error_remedy(err, "trust: all lets the user of every host log in on every other");
	}
	if (trust && value_text(user) && strcmp(user->text, "root") == 0 && allow
			&& strcmp(allow, "true") != 0) {
		error_at(err, user->place, "trust among root accounts needs allow_root: yes");
		return error_remedy(err, "better use an ordinary user, as MPI does");
	}
	return 0;
}

int ssh_keys_user(struct prepare *prepare, struct value *params, struct error *err)
{
	struct value *user;

	if (value_get(params, "user"))
		return 0;
	if (prepare_variable(prepare, prepare_host(prepare), "ansible_user", &user, err) < 0)
		return -1;
	if (!value_text(user)) {
		error_set(err, ERROR_TEXT, "whose keys? Neither 'user' nor ansible_user is said");
		return error_remedy(err, "user: mpi");
	}
	value_set_string(prepare_arena(prepare), params, "user", value_text(user));
	return ssh_keys_check(params, err);
}

const char *ssh_keys_acts_as(const void *params)
{
	return ((const struct ssh_keys_params *)params)->user;
}

int ssh_keys_directory(struct host *host, const struct ssh_keys_params *want,
	const char **ret_directory, struct error *err)
{
	struct user_info user;

	if (host_user(host, want->user, &user, err) < 0)
		return -1;
	if (!user.exists) {
		error_set(err, ERROR_TASK, "there is no user '%s'", want->user);
		return error_remedy(err, "let a user task make it before");
	}
	*ret_directory = arena_printf(host_arena(host), "%s/.ssh", user.home);
	return 0;
}

static const struct part ssh_keys_parts[] = {
	{ .module = &module_ssh_keys_pair, .hosts = PART_ALL },
	{ .module = &module_ssh_keys_trust, .hosts = PART_ALL, .barrier = true },
	{ .hosts = PART_END },
};

const struct module module_ssh_keys = {
	.name = "ssh-keys",
	.summary = "who may log in where, and both ends known to each other",
	.params = ssh_keys_table,
	.fields = ssh_keys_fields,
	.params_size = sizeof(struct ssh_keys_params),
	.parts = ssh_keys_parts,
	.check = ssh_keys_check,
};
