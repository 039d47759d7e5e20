/* passwords: those of logins and for becoming root, as the command line gives them. */
#ifndef COMMAND_PASSWORDS_H
#define COMMAND_PASSWORDS_H

#include "base/error.h"

struct apply_options;

struct passwords {
	const char *login;       /* NULL: only keys */
	const char *become;      /* NULL: as the login's for sudo, else nothing may be asked */
};

/* Asks for them, or reads their files, the first time; the same for all playbooks of a command
 * line. They live as long as the program. 0, or -1 with err (INTERRUPTED: ^C). */
int passwords_get(const struct apply_options *options, struct passwords *ret_passwords,
	struct error *err);

/* The same without asking: from here on these are given. */
void passwords_set(const struct passwords *passwords);

/* Makes known what decrypts ansible-vault's texts: asked for, or from files, the first time. options NULL: the
 * command has none; file: the project's, or NULL. 0, or -1 with err. */
int passwords_vault(const struct apply_options *options, const char *file, struct error *err);

/* The first line of a file, "-" being stdin, or of what it prints if it is a program; arena holds it. 0, or
 * -1 with err. */
int passwords_read(struct arena *arena, const char *path, const char **ret_password,
	struct error *err);

#endif
