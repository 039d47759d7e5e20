/* main: the far end. It speaks frames on stdin and stdout, and ends when the other end does. */
#include "agent/ledger_schema.h"
#include "agent/process.h"
#include "agent/runner.h"
#include "agent/supervisor.h"
#include "base/core.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

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
	signal(SIGHUP, SIG_IGN);
	umask(022);
	process_note_login();
	clean_environment();
	if (chdir("/") < 0 || supervisor_start() < 0 || sodium_init() < 0)
		return 1;
	runner_run(&runner, STDIN_FILENO, STDOUT_FILENO, NULL);
	supervisor_end();
	return 0;
}
