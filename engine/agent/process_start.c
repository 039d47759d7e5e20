/* process_start: a command, begun: its environment, its arguments, and whether it could be executed. */
#include "agent/process.h"

#include "base/core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_ROUND = 200, LOCALE_MOST = 16 };

static struct {
	char directory[4096];              /* "": it can't be told */
	char *locale[LOCALE_MOST + 1];     /* LANG=…, LC_ALL=…, … */
} login;

void process_note_login(void)
{
	size_t count = 0;

	if (!getcwd(login.directory, sizeof(login.directory)))
		login.directory[0] = '\0';
	for (char **variable = environ; *variable && count < LOCALE_MOST; variable++) {
		if (strncmp(*variable, "LANG=", 5) == 0 || strncmp(*variable, "LANGUAGE=", 9) == 0
				|| strncmp(*variable, "LC_", 3) == 0)
			login.locale[count++] = strdup(*variable);
	}
}

static bool same_variable(const char *one, const char *other)
{
	size_t size = strcspn(one, "=");

	return strncmp(one, other, size + 1) == 0;
}

/* In place of one of the same name, or behind all. */
static void put_variable(const char **variables, size_t *count, const char *variable)
{
	size_t at = 0;

	while (at < *count && !same_variable(variables[at], variable))
		at++;
	variables[at] = variable;
	*count += at == *count;
}

/* The fixed variables, then the task's, then those of the command: the last one counts. */
static char **environment(struct machine *machine, struct arena *arena,
	const struct command *command)
{
	const char *fixed[] = {
		"LC_ALL=C", "LANG=C",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb",
		arena_printf(arena, "HOME=%s", machine->home ? machine->home : "/"),
		arena_printf(arena, "USER=%s", machine->user ? machine->user : ""),
		arena_printf(arena, "LOGNAME=%s", machine->user ? machine->user : ""),
	};
	size_t fixed_count = sizeof(fixed) / sizeof(fixed[0]);
	size_t tasks = value_item_count(machine->environment);
	size_t own = 0, count = 0, first = command->flags & COMMAND_AT_LOGIN ? 2 : 0;
	const char **result;

	while (command->environment && command->environment[own])
		own++;
	result = arena_array(arena, fixed_count + LOCALE_MOST + tasks + own + 1, sizeof(*result));
	for (size_t i = 0; first > 0 && login.locale[i]; i++)
		put_variable(result, &count, login.locale[i]);
	for (size_t i = first; i < fixed_count; i++)
		put_variable(result, &count, fixed[i]);
	for (size_t i = 0; i < tasks; i++)
		put_variable(result, &count, value_text(value_item(machine->environment, i)));
	for (size_t i = 0; i < own; i++)
		put_variable(result, &count, command->environment[i]);
	return (char **)result;
}

static char **arguments(struct arena *arena, const struct command *command)
{
	size_t count = 0;
	const char **result;

	if (command->flags & COMMAND_SHELL) {
		result = arena_array(arena, 4, sizeof(*result));
		result[0] = "/bin/sh";
		result[1] = "-c";
		result[2] = command->argv[0];
		return (char **)result;
	}
	while (command->argv[count])
		count++;
	result = arena_array(arena, count + 1, sizeof(*result));
	memcpy(result, command->argv, count * sizeof(*result));
	return (char **)result;
}

struct start {
	char **argv;
	char **variables;
	const char *directory; /* NULL: that of the login, or home */
	const char *home;
	const int *descriptors;
	int report;            /* errno, if it can't be executed */
	int lock;              /* not for the command; -1: none */
	pid_t parent;          /* with whom it dies; 0: it outlives it */
};

static int enter(const struct start *start)
{
	if (start->directory)
		return chdir(start->directory);
	if ((login.directory[0] && chdir(login.directory) == 0)
			|| (start->home && chdir(start->home) == 0))
		return 0;
	return chdir("/");
}

/* In the child, after fork: never returns. */
static void execute(const struct start *start)
{
	static const int usual[] = { SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	int descriptors[3];
	sigset_t none;

	setpgid(0, 0);
	if (start->lock >= 0)
		close(start->lock);
	if (start->parent != 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (start->parent != 0 && getppid() != start->parent)
		_exit(127);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* None of them may have the place of another, nor its own already: it would be closed. */
	for (int i = 0; i < 3; i++)
		descriptors[i] = fcntl(start->descriptors[i], F_DUPFD_CLOEXEC, 3);
	for (int i = 0; i < 3; i++) {
		if (dup2(descriptors[i], i) < 0)
			goto failed;
	}
	if (enter(start) < 0)
		goto failed;
	environ = start->variables;
	core_allow();
	execvp(start->argv[0], start->argv);
failed:
	if (write(start->report, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

/* Its directory may be on a mount whose server is gone: whether it may hang on. */
static bool may_wait(const struct machine *machine, const struct command *command, int64_t since)
{
	struct link *link = machine->link;

	if (command->timeout > 0 && milliseconds_now() - since > (int64_t)command->timeout * 1000)
		return false;
	if (!link)
		return true;
	link_flush_old(link);
	return link_alive(link);
}

/* Whether the child got as far as executing: the pipe closes with nothing in it. One that hangs may
 * not even be able to end: it isn't waited for. */
static int wait_executed(const struct machine *machine, const struct command *command, int report,
	pid_t pid)
{
	struct pollfd ready = { .fd = report, .events = POLLIN };
	int64_t since = milliseconds_now();
	int problem = 0;
	ssize_t size;

	while (poll(&ready, 1, LOOK_ROUND) <= 0) {
		if (may_wait(machine, command, since))
			continue;
		kill(pid, SIGKILL);
		errno = ETIMEDOUT;
		return -1;
	}
	do
		size = read(report, &problem, sizeof(problem));
	while (size < 0 && errno == EINTR);
	if (size <= 0)
		return 0;
	waitpid(pid, NULL, 0);
	errno = problem;
	return -1;
}

static void cannot_run(const struct start *start, const char *directory, struct error *err)
{
	bool missing = errno == ENOENT && !directory;

	if (directory)
		error_errno(err, HOST_COMMAND_NOT_RUN, "cannot run '%s' in '%s'", start->argv[0],
			directory);
	else
		error_errno(err, HOST_COMMAND_NOT_RUN, "cannot run '%s'", start->argv[0]);
	if (missing)
		error_remedy(err, "install the package that brings it, or give its whole path");
}

pid_t process_start(struct machine *machine, struct arena *arena, const struct command *command,
	const int descriptors[3], struct error *err)
{
	bool outlives = (command->flags & COMMAND_DETACHED) && machine->steps;
	struct start start = {
		.argv = arguments(arena, command), .variables = environment(machine, arena, command),
		.directory = command->directory || (command->flags & COMMAND_AT_LOGIN)
			? command->directory : "/",
		.home = machine->home, .descriptors = descriptors,
		.lock = machine->lock, .parent = outlives ? 0 : getpid(),
	};
	int report[2];
	pid_t pid;
	int result;

	if (pipe2(report, O_CLOEXEC) < 0)
		return error_errno(err, HOST_COMMAND_NOT_RUN, "cannot run '%s'", start.argv[0]);
	start.report = report[1];
	pid = fork();
	if (pid == 0)
		execute(&start);
	close(report[1]);
	result = pid < 0 ? -1 : wait_executed(machine, command, report[0], pid);
	if (result < 0 && pid > 0 && errno == ETIMEDOUT)
		error_set(err, HOST_COMMAND_NOT_RUN, "cannot run '%s': the directory '%s' does not answer",
			start.argv[0], start.directory ? start.directory : login.directory);
	else if (result < 0)
		cannot_run(&start, command->directory, err);
	close(report[0]);
	return result < 0 ? -1 : pid;
}
