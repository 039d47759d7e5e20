/* relogin: whether a machine still lets in: a second login, beside the connection that its agent has.
 *
 * An agent that has changed what carries the login asks (REQUEST_LOGIN) and waits. The machine is dialled
 * anew, as it was for the target: same host key, same user, same become. Once another agent has said hello
 * there, that connection is ended, and the first agent hears that it may go on; else why not. */
#ifndef PLAN_RELOGIN_H
#define PLAN_RELOGIN_H

#include "plan/event.h"
#include "wire/messages.h"

struct target;

void relogin_request(struct run *run, struct target *target, const struct request *request);
/* The second connection has come to something; whatever else it says is nobody's. */
void relogin_met(struct run *run, struct target *second, const struct event *event);
void relogin_refused(struct run *run, struct target *second, const struct error *err);
/* The target is gone: nobody waits for an answer any more. */
void relogin_forget(struct target *target);

#endif
