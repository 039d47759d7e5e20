/* status: what became of a task: one list for agent, run, report and records. */
#include "wire/status.h"

#include <stddef.h>

const char *const status_words[] = {
	[STATUS_FAILED] = "failed", [STATUS_OK] = "ok", [STATUS_CHANGED] = "changed",
	[STATUS_SKIPPED] = "skipped", [STATUS_MAY_CHANGE] = "may_change",
	[STATUS_IGNORED] = "ignored", [STATUS_RESCUED] = "rescued",
	[STATUS_UNREACHABLE] = "unreachable", NULL,
};

bool status_failed(enum status status)
{
	return status == STATUS_FAILED || status == STATUS_IGNORED || status == STATUS_RESCUED;
}

bool status_outweighs(enum status one, enum status other)
{
	static const int rank[] = {
		[STATUS_SKIPPED] = 0, [STATUS_OK] = 1, [STATUS_CHANGED] = 2, [STATUS_MAY_CHANGE] = 3,
		[STATUS_IGNORED] = 4, [STATUS_RESCUED] = 5, [STATUS_FAILED] = 6, [STATUS_UNREACHABLE] = 7,
	};

	return rank[one] > rank[other];
}
