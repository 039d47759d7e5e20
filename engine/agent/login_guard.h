/* login_guard: a change of what carries the login (module/ways_in.h) stays only after a new login.
 *
 * Before a task's first change of such a thing all ways in are kept, and a warden is started that puts them
 * back unless it is told otherwise in time, whatever becomes of this agent. Once the task has done its work,
 * what sshd and sudo say of their configuration is asked, sshd takes up its own, and the controller logs in
 * anew, and becomes root. Only then the change stays; else the task has failed, and all is as before. */
#ifndef AGENT_LOGIN_GUARD_H
#define AGENT_LOGIN_GUARD_H

#include "agent/runner.h"

/* Its trial, below the state's folder. */
#define LOGIN_GUARD_PLACE "trial-login"

struct login_guard;

/* Before what request (REQUEST_BEGIN) says is changed, by runner->at_hand. */
int login_guard_arm(struct runner *runner, const struct request *request, struct error *err);
/* Behind the task: it is confirmed, or its result becomes a failure. */
void login_guard_settle(struct runner *runner, struct work *work, struct result *result);
/* In a dry run: it is said of a result that changes one of them. */
void login_guard_foresee(struct runner *runner, struct work *work, struct result *result);

/* login_scripts.c: keep, look, apply, back, after and restart of struct trial. */
void login_guard_scripts(struct trial *trial);

#endif
