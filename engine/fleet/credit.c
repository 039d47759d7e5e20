/* credit: what all hosts together may have in memory of messages that aren't whole yet.
 *
 * A message has at most a few MiB, but a thousand of them have gigabytes if all come at the same time. Beyond
 * the bound a few hosts finish theirs, and nothing is read from the others: their connections are
 * full then, and they wait. */
#include "fleet/state.h"

enum {
	HELD_MOST = 128 << 20,         /* bytes of all hosts */
	FINISHING_MOST = 8,            /* hosts that are read from beyond it */
};

static void finish(struct fleet_host *host, bool finishes)
{
	if (host->finishing == finishes)
		return;
	host->finishing = finishes;
	if (finishes)
		host->fleet->finishing++;
	else
		host->fleet->finishing--;
	host->fleet->resumes = host->fleet->resumes || !finishes;
}

void fleet_hold(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;
	size_t held = host->state == HOST_LOST ? 0 : host->in.size + host->pieces.payload.size;
	bool was_full = fleet->held > HELD_MOST;

	fleet->held += held - host->held;
	host->held = held;
	if (held == 0)
		finish(host, false);
	fleet->resumes = fleet->resumes || (was_full && fleet->held <= HELD_MOST);
}

bool fleet_may_read(struct fleet_host *host)
{
	struct ssh_fleet *fleet = host->fleet;

	host->paused = false;
	if (fleet->held <= HELD_MOST || host->state != HOST_LIVE || host->finishing)
		return true;
	if (host->held > 0 && fleet->finishing < FINISHING_MOST) {
		finish(host, true);
		return true;
	}
	host->paused = true;
	/* Whoever isn't asked can't be late. */
	host->heard = fleet_now();
	if (host->begun > 0)
		host->begun = host->heard;
	return false;
}

void fleet_resume(struct ssh_fleet *fleet)
{
	if (!fleet->resumes)
		return;
	fleet->resumes = false;
	for (struct fleet_host *host = fleet->first; host; host = host->next) {
		if (host->paused && host->state != HOST_LOST)
			fleet_ready_add(host);
	}
}
