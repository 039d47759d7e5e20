/* ssh_password: a login by password, in the way that the server offers it: the method "password", or
 * one question that isn't echoed ("keyboard-interactive", as PAM asks). Tried once. */
#ifndef FLEET_SSH_PASSWORD_H
#define FLEET_SSH_PASSWORD_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

struct ssh_session_struct;

struct ssh_password {
	struct arena *arena;
	struct ssh_session_struct *session;
	const char *text;
	const char *user, *host;   /* for messages */
	bool asked;                /* which methods there are is known */
	bool answered;             /* its question had the password as the answer */
};

/* asked: some other method was tried before. 1: in; 0: the socket has to become ready first; -1 with
 * err (UNREACHABLE). */
int ssh_password_step(struct ssh_password *password, struct error *err);

#endif
