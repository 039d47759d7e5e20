/* relogin: whether a machine still lets in: a second login, beside the connection that its agent has. */
#include "plan/relogin.h"

#include "fleet/transport.h"
#include "plan/order.h"

#include <string.h>

enum {
	SECONDS_MOST = 300,        /* that an agent may wait */
	TRY_MOST = 10,             /* seconds that a try may take, if nothing says that the machine is slow */
	TRIES_LEAST = 3,           /* in the time that the agent gives */
	PAUSE = 500,               /* milliseconds between two */
	REFUSED_MOST = 3,          /* tries that were answered, and refused */
	STARTS_MOST = 12,          /* tries that nothing listened for: a server may just be starting */
};

struct relogin {
	int64_t id;                /* of the request */
	int64_t until;             /* milliseconds */
	unsigned refused, starts;
	struct target *of;
	struct target second;
};

static void answer(struct run *run, struct target *target, int64_t id, const struct error *why)
{
	struct reply *reply = arena_alloc(effects_arena(run), sizeof(*reply));

	*reply = (struct reply){ .id = id, .go = !why };
	if (why) {
		reply->error = arena_string(effects_arena(run), why->message);
		reply->code = why->code->name;
	}
	effect_send(target, FRAME_REPLY, reply, NULL);
}

static void end(struct relogin *relogin, const struct error *why)
{
	relogin->of->relogin = NULL;
	answer(relogin->of->run, relogin->of, relogin->id, why);
}

static unsigned try_most(const struct run *run, int64_t seconds)
{
	unsigned most = (unsigned)(seconds / TRIES_LEAST);

	if (run->options.timeout > most)
		most = run->options.timeout;
	return most > TRY_MOST ? most : TRY_MOST;
}

static void begin(struct run *run, struct target *target, const struct request *request)
{
	struct relogin *relogin = arena_alloc(run->arena, sizeof(*relogin));
	struct target *second = &relogin->second;

	*relogin = (struct relogin){ .id = request->id, .of = target,
		.until = run->now + request->seconds * 1000 };
	*second = (struct target){ .run = run, .name = target->name, .way = target->way,
		.state = TARGET_COMING, .asks = relogin };
	second->way.context = second;
	second->way.timeout = try_most(run, request->seconds);
	second->way.delay = 0;
	target->relogin = relogin;
	target->machine = arena_string(run->arena, request->machine);
	effect_connect(second);
}

void relogin_request(struct run *run, struct target *target, const struct request *request)
{
	const struct run_host *host = target->worker;
	struct error err = {0};

	if (target->relogin || request->seconds <= 0 || request->seconds > SECONDS_MOST || host_checks(host)) {
		leave_strange(target, "a machine asks for a login that it has no reason to");
	} else if (run->stopped || host->abandoned) {
		error_set(&err, RUN_INTERRUPTED, "stopped before it was confirmed");
		answer(run, target, request->id, &err);
	} else if (target->way.transport->here) {
		/* Nobody has logged in. */
		answer(run, target, request->id, NULL);
	} else {
		begin(run, target, request);
	}
}

static bool is_same(const struct target *target, const struct event *event)
{
	const struct hello *hello = event->message;

	return (!target->key || (event->key && strcmp(event->key, target->key) == 0))
		&& (!target->machine || (hello->machine && strcmp(hello->machine, target->machine) == 0));
}

void relogin_met(struct run *run, struct target *second, const struct event *event)
{
	struct relogin *relogin = second->asks;
	struct error err = {0};

	(void)run;
	effect_drop(second);
	if (is_same(relogin->of, event)) {
		end(relogin, NULL);
		return;
	}
	error_set(&err, SSH_HOST_KEY_CHANGED, "another machine answers there, or it has another host key");
	end(relogin, &err);
}

/* Who didn't answer at all may do so soon. */
void relogin_refused(struct run *run, struct target *second, const struct error *err)
{
	static const struct error ended = { .code = AGENT_LOST, .kind = ERROR_UNREACHABLE,
		.message = "the new connection ended" };
	struct relogin *relogin = second->asks;

	second->state = TARGET_GONE;
	if (relogin->of->relogin != relogin)
		return;
	if (err && err->code == SSH_NO_CONNECTION)
		relogin->starts++;
	else if (err && err->code != SSH_TIMEOUT)
		relogin->refused++;
	if (relogin->refused >= REFUSED_MOST || relogin->starts >= STARTS_MOST
			|| run->now >= relogin->until || run->stopped) {
		end(relogin, err ? err : &ended);
		return;
	}
	second->state = TARGET_COMING;
	second->way.delay = PAUSE;
	effect_connect(second);
}

void relogin_forget(struct target *target)
{
	if (!target->relogin)
		return;
	effect_drop(&target->relogin->second);
	target->relogin = NULL;
}
