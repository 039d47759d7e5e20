/* passwords: those of logins and for becoming root, as the command line gives them. */
#include "command/passwords.h"

#include "command/passphrase.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct passwords known;
static bool asked;

int passwords_read(struct arena *arena, const char *path, const char **ret_password,
	struct error *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	struct stat info;

	if (!from_stdin && stat(path, &info) == 0 && S_ISREG(info.st_mode)
			&& (info.st_mode & S_IXUSR)) {
		error_set(err, CLI_INVALID_USAGE, "'%s' is a program: that it prints the password is not "
			"supported yet", path);
		return error_remedy(err, "give what it prints: <(%s); or take its x away: chmod -x "
			"%s", path, path);
	}
	if (passphrase_read(arena, from_stdin ? "/dev/stdin" : path, false, ret_password, err) < 0)
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
