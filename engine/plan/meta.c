/* meta: what tasks that are about the run itself do to it. */
#include "plan/again.h"
#include "plan/order.h"

/* The members of its batch, or of its play. */
static bool is_meant(const struct run *run, const struct run_host *host, const struct step *step,
	const struct run_host *other)
{
	if (step->unit->task->task->meta == META_END_PLAY)
		return !other->bystander && host_set_has(&run->play_sets[step->unit->play_index],
			other->index);
	return other == host || (!other->bystander && order_concerns(host, step->unit, other));
}

static void doubt(struct run *run, struct run_host *host, const struct step *step,
	const char *why)
{
	for (size_t i = 0; i < run->host_count && step->unit->task->task->meta
			!= META_CLEAR_FACTS; i++) {
		/* The first one says it. */
		if (!is_meant(run, host, step, &run->hosts[i])
				|| (run->hosts[i].doubt && run->hosts[i].doubt_play == step->unit->play))
			continue;
		run->hosts[i].doubt = cause_copy(run->arena, &(struct cause){ .kind = CAUSE_END,
			.name = step->filled->name, .why = why });
		run->hosts[i].doubt_play = step->unit->play;
	}
	if (step->unit->run_once)
		order_pass_once(host);
	else
		order_pass(host);
}

/* Hosts that are elsewhere by now leave what they had begun to look at. */
static void end_all(struct run *run, struct run_host *host, const struct step *step)
{
	const struct batch *batch = host->cursor->at.batch;
	bool *meant = arena_array(effects_arena(run), run->host_count + 1, sizeof(*meant));

	for (size_t i = 0; i < run->host_count; i++)
		meant[i] = host_live(&run->hosts[i]) && is_meant(run, host, step, &run->hosts[i])
			&& run->hosts[i].cursor->state == CURSOR_LIVE
			&& run->hosts[i].cursor->at.batch->play == batch->play;
	if (step->unit->task->task->meta == META_END_PLAY)
		schedule_end_play(run->schedule, batch);
	else
		schedule_end_batch(run->schedule, batch);
	for (size_t i = 0; i < run->host_count; i++) {
		if (meant[i])
			order_abandon(&run->hosts[i]);
	}
}

static void clear_facts(struct run *run, struct run_host *host, const struct step *step)
{
	run->facts_wanted = false;
	for (size_t i = 0; i < run->host_count; i++) {
		struct run_host *other = &run->hosts[i];

		if (!is_meant(run, host, step, other))
			continue;
		variables_clear_facts(run->options.variables, other->inventory);
		other->facts_wanted = other->facts_sent = false;
		order_forget_filled(other);
		order_expect_facts(other);
	}
	order_pass_once(host);
}

/* In a dry run nothing has changed of which a new login would know. */
static void reset_connection(struct run *run, struct run_host *host)
{
	if (!host_checks(host))
		again_reset(run, host);
	order_pass(host);
}

void meta_act(struct run *run, struct run_host *host, const struct step *step, const char *why)
{
	if (step->unit->task->task->meta == META_RESET_CONNECTION) {
		reset_connection(run, host);
		return;
	}
	if (why) {
		doubt(run, host, step, why);
		return;
	}
	switch (step->unit->task->task->meta) {
	case META_END_HOST:
		schedule_end_host(run->schedule, host->cursor);
		order_go_on(host);
		break;
	case META_END_BATCH:
	case META_END_PLAY:
		end_all(run, host, step);
		break;
	case META_CLEAR_FACTS:
		clear_facts(run, host, step);
		break;
	case META_RESET_CONNECTION:
	case META_NONE:
		break;
	}
}
