/* play_hosts: the hosts of a play, as expressions see them. */
#include "plan/state.h"

/* In which a host goes through a play; NULL: none. */
static const struct batch *batch_of(const struct run *run, const struct run_host *host,
	const struct play *play)
{
	for (size_t i = 0; i < run->schedule->batch_count; i++) {
		const struct batch *batch = run->schedule->batches[i];

		if (host_set_has(&batch->hosts, host->index) && batch->play < SIZE_MAX
				&& run->options.playbook->plays[batch->play] == play)
			return batch;
	}
	return NULL;
}

static void append_name(struct run *run, struct value *names, const struct run_host *host)
{
	value_append(run->arena, names, value_string(run->arena, host->name));
}

void fill_play_hosts(struct run *run, const struct run_host *of, const struct play *play)
{
	const struct batch *batch = play->serial ? batch_of(run, of, play) : NULL;
	struct value *live, *all, *together;
	size_t play_index = 0;

	if ((run->scope_play == play && run->scope_batch == batch) || !play->hosts)
		return;
	while (run->options.playbook->plays[play_index] != play)
		play_index++;
	live = value_list(run->arena);
	all = value_list(run->arena);
	together = batch ? value_list(run->arena) : NULL;
	for (size_t i = 0; i < run->host_count; i++) {
		const struct run_host *host = &run->hosts[i];

		if (!host_set_has(&run->play_sets[play_index], i) || host->bystander)
			continue;
		append_name(run, all, host);
		if (host->phase != HOST_OUT)
			append_name(run, live, host);
		if (batch && host->phase != HOST_OUT && host_set_has(&batch->hosts, i))
			append_name(run, together, host);
	}
	variables_set_play_hosts(run->options.variables, live, all, together);
	run->scope_play = play;
	run->scope_batch = batch;
}
