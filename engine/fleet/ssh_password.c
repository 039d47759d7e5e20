/* ssh_password: a login by password, in the way that the server offers it. */
/* An old name of libssh's, in the way of base/buffer.h. */
#define buffer_free libssh_old_buffer_free
#include <libssh/libssh.h>
#undef buffer_free

#include "fleet/ssh_password.h"

#include "base/quote.h"

#include <string.h>

static int denied(const struct ssh_password *password, struct error *err)
{
	error_set(err, SSH_AUTHENTICATION_FAILED, "wrong password for '%s'", password->user);
	if (strcmp(password->user, "root") == 0)
		return error_remedy(err, "it was tried once; where PermitRootLogin is "
			"prohibit-password, as Debian has it, none is right: log in as another user with -u, and become root");
	return error_remedy(err, "it was tried once; is '%s' the right user (-u)?", password->user);
}

static int wants_more(const struct ssh_password *password, const char *asked, struct error *err)
{
	error_set(err, SSH_AUTHENTICATION_FAILED, "%s@%s asks for more than a password%s%s",
		password->user, password->host, *asked ? ": " : "", asked);
	return error_remedy(err, "log in with a key: ssh-copy-id %s@%s", password->user,
		password->host);
}

static int not_offered(const struct ssh_password *password, struct error *err)
{
	error_set(err, SSH_AUTHENTICATION_FAILED, "%s lets nobody in by password", password->host);
	return error_remedy(err, "put your public key into ~/.ssh/authorized_keys of '%s' there by "
		"another way, or allow PasswordAuthentication in /etc/ssh/sshd_config", password->user);
}

/* Gives the answers that are wanted now; false with err: something else than the password is. */
static bool answer(struct ssh_password *password, struct error *err)
{
	int count = ssh_userauth_kbdint_getnprompts(password->session);

	for (int i = 0; i < count; i++) {
		char echo = 0;
		const char *asked = ssh_userauth_kbdint_getprompt(password->session, (unsigned)i, &echo);

		if (echo || password->answered) {
			wants_more(password, quote_printable(password->arena, asked ? asked : "",
				strnlen(asked ? asked : "", 80), 0), err);
			return false;
		}
		ssh_userauth_kbdint_setanswer(password->session, (unsigned)i, password->text);
		password->answered = true;
	}
	return true;
}

static int try_it(struct ssh_password *password, struct error *err)
{
	unsigned methods = (unsigned)ssh_userauth_list(password->session, NULL);
	int result;

	if (methods & SSH_AUTH_METHOD_PASSWORD)
		return ssh_userauth_password(password->session, NULL, password->text);
	if (!(methods & SSH_AUTH_METHOD_INTERACTIVE)) {
		not_offered(password, err);
		return SSH_AUTH_ERROR;
	}
	do {
		result = ssh_userauth_kbdint(password->session, NULL, NULL);
	} while (result == SSH_AUTH_INFO && answer(password, err));
	return result;
}

int ssh_password_step(struct ssh_password *password, struct error *err)
{
	int result = SSH_AUTH_DENIED;

	if (!password->asked)
		result = ssh_userauth_none(password->session, NULL);
	if (result == SSH_AUTH_DENIED) {
		password->asked = true;
		result = try_it(password, err);
	}
	if (result == SSH_AUTH_AGAIN)
		return 0;
	if (result == SSH_AUTH_SUCCESS)
		return 1;
	if (result == SSH_AUTH_PARTIAL)
		return wants_more(password, "", err);
	if (result == SSH_AUTH_DENIED)
		return denied(password, err);
	error_set(err, SSH_AUTHENTICATION_FAILED, "the connection was closed while authenticating");
	return error_remedy(err, "too many keys were offered? Name one with --private-key");
}
