/* passwords: those of logins and for becoming root, as the command line gives them. */
#include "command/passwords.h"

#include "command/options.h"
#include "command/passphrase.h"

#include "base/buffer.h"
#include "base/quote.h"
#include "yaml/vault.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct passwords known;
static bool asked;

/* What a program prints first. */
static int run_program(struct arena *arena, const char *path, const char **ret_password, struct error *err)
{
	struct buffer line = {0};
	FILE *output;
	int status;

	/* Not looked for in PATH. */
	if (!strchr(path, '/'))
		buffer_add_string(&line, "./");
	quote_shell(&line, path);
	output = popen(line.data, "re");
	buffer_free(&line);
	if (!output)
		return error_errno(err, CLI_NO_ANSWER, "cannot start '%s'", path);
	*ret_password = passphrase_line(arena, output, arena_printf(arena, "'%s' printed nothing", path), err);
	status = pclose(output);
	if (*ret_password && status != 0)
		return error_set(err, CLI_NO_ANSWER, "'%s', which is to print a password, failed", path);
	return *ret_password ? 0 : -1;
}

int passwords_read(struct arena *arena, const char *path, const char **ret_password,
	struct error *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	struct stat info;
	int result;

	if (!from_stdin && stat(path, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_IXUSR))
		result = run_program(arena, path, ret_password, err);
	else
		result = passphrase_read(arena, from_stdin ? "/dev/stdin" : path, false, ret_password, err);
	if (result < 0)
		return -1;
	return **ret_password ? 0 : error_set(err, CLI_NO_ANSWER, "the first line of '%s' is "
		"empty", path);
}

/* From its file, or asked for; NULL: neither was wanted, or nothing was typed. */
static int get(struct arena *arena, const char *path, bool ask, const char *prompt,
	const char *option, const char **ret_password, struct error *err)
{
	if (path)
		return passwords_read(arena, path, ret_password, err);
	if (ask && passphrase_ask(arena, prompt, ret_password, err) < 0)
		return error_remedy(err, "name a file that holds it with %s", option);
	if (*ret_password && !**ret_password)
		*ret_password = NULL;
	return 0;
}

void passwords_set(const struct passwords *passwords)
{
	known = *passwords;
	asked = true;
}

int passwords_get(const struct apply_options *options, struct passwords *ret_passwords,
	struct error *err)
{
	static struct arena *arena;

	if (!asked) {
		arena = arena ? arena : arena_new_wiped();
		if (get(arena, options->password_file, options->ask_pass, "SSH password",
				"--connection-password-file", &known.login, err) < 0
				|| get(arena, options->become_password_file, options->ask_become_pass,
				known.login ? "become password (empty: the SSH password)" : "become password",
				"--become-password-file", &known.become, err) < 0)
			return -1;
		if (options->ask_become_pass && !known.become)
			known.become = known.login;
		asked = true;
	}
	*ret_passwords = known;
	return 0;
}

/* --- ansible-vault ---------------------------------------------------------------------------- */

/* As ansible-vault has it: blanks around it aren't part of it. */
static void know_trimmed(struct arena *arena, const char *password)
{
	size_t size;

	password += strspn(password, " \t");
	size = strlen(password);
	while (size > 0 && strchr(" \t", password[size - 1]))
		size--;
	vault_know(arena_bytes(arena, password, size));
}

static int vault_from(struct arena *arena, const char *path, const char *prompt, struct error *err)
{
	const char *password;

	if ((path ? passwords_read(arena, path, &password, err)
			: passphrase_ask(arena, prompt, &password, err)) < 0)
		return path ? -1 : error_remedy(err, "name a file that holds it with --vault-password-file");
	know_trimmed(arena, password);
	return 0;
}

/* LABEL@FILE, FILE, LABEL@prompt or prompt. */
static int vault_from_id(struct arena *arena, const char *id, struct error *err)
{
	const char *at = strchr(id, '@'), *path = at ? at + 1 : id;
	const char *prompt = at ? arena_printf(arena, "vault password (%.*s)", (int)(at - id), id)
		: "vault password";

	return vault_from(arena, strncmp(path, "prompt", 6) == 0 ? NULL : path, prompt, err);
}

static int vault_from_options(struct arena *arena, const struct apply_options *options, struct error *err)
{
	const struct value *files = options->vault_password_files, *ids = options->vault_ids;

	for (size_t i = 0; i < value_item_count(files); i++) {
		if (vault_from(arena, value_text(files->items[i]), NULL, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < value_item_count(ids); i++) {
		if (vault_from_id(arena, value_text(ids->items[i]), err) < 0)
			return -1;
	}
	return options->ask_vault_pass ? vault_from(arena, NULL, "vault password", err) : 0;
}

int passwords_vault(const struct apply_options *options, const char *file, struct error *err)
{
	static bool vault_known;
	struct arena *arena = arena_new_wiped();
	int result = 0;

	if (!vault_known && options)
		result = vault_from_options(arena, options, err);
	if (!vault_known && result == 0 && file)
		result = vault_from(arena, file, NULL, err);
	vault_known = vault_known || result == 0;
	arena_free(arena);
	return result;
}
