/* core: no images of a memory that holds secrets. */
#include "base/core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static struct rlimit before;
static int forbidden;

void core_forbid(void)
{
	struct rlimit none;

	if (forbidden || getrlimit(RLIMIT_CORE, &before) < 0)
		return;
	none = before;
	none.rlim_cur = 0;
	forbidden = setrlimit(RLIMIT_CORE, &none) == 0;
	prctl(PR_SET_DUMPABLE, 0);
}

void core_allow(void)
{
	if (forbidden)
		setrlimit(RLIMIT_CORE, &before);
}
