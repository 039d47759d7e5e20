/* authorized_key: public keys by which a user may log in: of ssh-keys the part of literal keys, as
 * Ansible has it. */
#include "modules/errors.h"
#include "modules/ssh_keys/trust.h"

#include <string.h>

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t states[] = { { "absent", false }, { "present", true } };

static const struct param key_table[] = {
	{ .name = "user", .kind = PARAM_STRING, .flags = PARAM_REQUIRED, .doc = "whose account",
		.into = INTO_TEXT(struct ssh_keys_params, user) },
	{ .name = "key", .kind = PARAM_LIST, .flags = PARAM_REQUIRED, .doc = "public keys: one a line, with "
		"empty lines and remarks as in a file; those of other tasks stay",
		.into = INTO_LIST(struct ssh_keys_params, authorized) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: just these go, wherever they stand",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct ssh_keys_params, present, states) },
	{ .name = "key_options", .kind = PARAM_STRING, .doc = "options put before each key, see "
		"authorized_keys", .otherwise = "", .into = INTO_TEXT(struct ssh_keys_params, options) },
	{ .name = "comment", .kind = PARAM_STRING, .doc = "what stands behind each key instead of its own "
		"comment" },
	{ .name = "exclusive", .kind = PARAM_BOOL, .doc = "no other keys may log in, so only one task of a "
		"user can say this, with all of its keys; not for the user who logs in", .otherwise = "no",
		.into = INTO_BOOL(struct ssh_keys_params, exclusive) },
	{ .name = "path", .kind = PARAM_PATH, .doc = "another file than ~/.ssh/authorized_keys",
		.flags = PARAM_NOT_YET },
	{ .name = "manage_dir", .kind = PARAM_BOOL, .doc = "~/.ssh is made", .flags = PARAM_NOT_YET },
	{ .name = "follow", .kind = PARAM_BOOL, .doc = "the file may be a link", .flags = PARAM_NOT_YET },
	{ .name = "validate_certs", .kind = PARAM_BOOL, .doc = "of a URL", .flags = PARAM_NOT_YET },
	{ 0 },
};

static int key_check(const struct value *params, struct error *err)
{
	const struct value *keys = value_get(params, "key"), *options = value_get(params, "key_options");
	const struct value *comment = value_get(params, "comment");

	for (size_t i = 0; keys && keys->kind == VALUE_LIST && i < keys->count; i++) {
		const char *text = value_text(keys->items[i]);

		if (text && (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0)) {
			error_at(err, TASK_INVALID_VALUE, keys->items[i]->place, "'key' can't be a URL: who may log in "
				"would be decided there");
			return error_remedy(err, "put the keys into a file beside the playbook, and write "
				"\"{{ lookup('file', 'NAME.pub') }}\"");
		}
	}
	if (value_text(options) && strchr(options->text, '\n'))
		return error_at(err, TASK_INVALID_VALUE, options->place, "'key_options' must be one line");
	if (value_text(comment) && strchr(comment->text, '\n'))
		return error_at(err, TASK_INVALID_VALUE, comment->place, "'comment' must be one line");
	return ssh_keys_check_lines(keys, "key_options", err);
}

/* "TYPE BASE64" and another comment. */
static struct value *with_comment(struct arena *arena, const struct value *key, const char *comment)
{
	const char *text = value_text(key);
	size_t type = text ? strcspn(text, " ") : 0;

	if (!text || text[type] != ' ')
		return value_copy(arena, key);
	return value_printf(arena, "%.*s %s", (int)(type + 1 + strcspn(text + type + 1, " ")), text, comment);
}

static int key_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *comment = value_get_string(params, "comment");
	struct value *keys;

	ssh_keys_split(arena, params, "key");
	keys = value_get(params, "key");
	for (size_t i = 0; comment && keys->kind == VALUE_LIST && i < keys->count; i++)
		keys->items[i] = with_comment(arena, keys->items[i], comment);
	value_remove(params, "comment");
	if (keys->kind != VALUE_LIST || keys->count > 0)
		return 0;
	return error_at(err, TASK_INVALID_VALUE, params->place, "'key' holds no key");
}

const struct module module_authorized_key = {
	.name = "authorized_key",
	.summary = "public keys by which a user may log in",
	.params = key_table,
	.params_size = sizeof(struct ssh_keys_params),
	.state_size = sizeof(struct trust_state),
	.aliases = (const char *const[]){ "ansible.posix.authorized_key", NULL },
	.check = key_check,
	.prepare = key_prepare,
	.acts_as = ssh_keys_acts_as,
	.resources = trust_resources,
	.inspect = trust_inspect,
	.plan = trust_plan,
	.apply = trust_apply,
	.results = trust_results,
	.invert = trust_invert,
};
