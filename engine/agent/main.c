/* main: the far end. It speaks frames on stdin and stdout, and ends when the other end does. */
#include "agent/ledger_schema.h"
#include "agent/process.h"
#include "agent/runner.h"
#include "agent/supervisor.h"
#include "base/core.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAP_STEP = 1 << 20, HEAP_FIRST = 768 << 10 };

/* Nothing of a login shell's environment is relied on but where the connection comes from. */
static void clean_environment(void)
{
	const char *connection = getenv("SSH_CONNECTION");
	char kept[256] = "";

	if (connection)
		snprintf(kept, sizeof(kept), "%s", connection);
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	if (kept[0])
		setenv("SSH_CONNECTION", kept, 1);
}

/* What a run needs of memory comes at once, not in some two hundred page faults; and stays until the
 * end. Where the kernel can't do that, all works as before. */
static void get_memory(void)
{
	char *first;

	mallopt(M_MMAP_THRESHOLD, HEAP_STEP);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP_STEP);
	first = malloc(HEAP_FIRST);
	if (!first)
		return;
	madvise((char *)((uintptr_t)first & ~(uintptr_t)4095), HEAP_FIRST, MADV_POPULATE_WRITE);
	free(first);
}

int main(int argc, char **argv)
{
	struct runner runner;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("beoplay-agent, wire %d, ledger %d\n", WIRE_VERSION, LEDGER_VERSION);
		return 0;
	}
	/* By the descriptor of its own bytes, maybe (fleet/deliver.c). */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	prctl(PR_SET_NAME, "beoplay-agent");
	core_forbid();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	umask(022);
	process_note_login();
	clean_environment();
	if (chdir("/") < 0 || supervisor_start() < 0 || sodium_init() < 0)
		return 1;
	get_memory();
	runner_run(&runner, STDIN_FILENO, STDOUT_FILENO, NULL);
	supervisor_end();
	return 0;
}
