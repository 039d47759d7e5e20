/* leave: the machine starts anew, and the run goes on in another agent. */
#include "agent/machine.h"

#include "module/module.h"

#include <fcntl.h>
#include <unistd.h>

/* Of nobody's session: whatever ends this agent lets it be. */
static void start(const char *command)
{
	int nothing;

	if (fork() != 0)
		return;
	setsid();
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; nothing >= 0 && fd < 3; fd++)
		dup2(nothing, fd);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

int machine_leave(void *context, struct arena *arena, const char *command, unsigned seconds,
	struct error *err)
{
	struct machine *machine = context;
	const struct request request = { .kind = REQUEST_MOVE, .task = machine->task, .seconds = seconds,
		.away = true };
	struct reply reply;

	if (machine->ask(machine->context, arena, &request, &reply, err) < 0)
		return -1;
	start(command);
	return error_set(err, RUN_MOVED, "the run goes on once the machine is back");
}
