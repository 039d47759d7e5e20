/* process: running commands: own process group, bounded output, a time limit, a known
 * environment. */
#include "agent/process.h"

#include "agent/session.h"
#include "base/core.h"
#include "base/excerpt.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MOST = 64 << 10, LOOK_ROUND = 200, NAME_MOST = 200, SETTLE = 50 };

struct output {
	int fd;                /* -1 once it ended */
	int writer;            /* of a pipe: the command's end, held; else -1 */
	bool file;             /* grows, and has no end; what was read is given back */
	off_t done;            /* of a file: read so far */
	struct excerpt kept;
	struct buffer line;    /* not shown yet */
};

struct run {
	struct machine *machine;
	struct arena *arena;
	const struct command *command;
	uint64_t since;        /* when it was started, as session_ticks says it */
	pid_t pid;
	int pidfd;             /* readable when the process has ended */
	int input;             /* -1 once all was written */
	size_t input_done;
	struct output output;
	struct output errors;
	struct buffer sorted;  /* by the command's own order, a piece of either */
	int64_t deadline;      /* milliseconds; 0: none */
	int64_t begin_by;      /* the same of its start; 0: it has begun, or may take its time */
	int64_t kill_at;       /* when TERM was sent and KILL follows; 0: not asked to end */
	bool more;             /* of its output may be there already */
	bool timed_out;
	bool not_begun;
	bool interrupted;
};

/* --- Following it */

/* Whole lines, as soon as they are there; at its end, or if it is very long, what there is of one. */
static void show(struct run *run, struct output *output, bool rest)
{
	struct progress_text progress = { .text = { output->line.data, output->line.size } };
	const char *end;

	if (output->line.size == 0)
		return;
	end = memrchr(output->line.data, '\n', output->line.size);
	if (!end && !rest && output->line.size < LINE_MOST)
		return;
	if (end)
		progress.text.size = (size_t)(end - output->line.data) + 1;
	else
		buffer_add_char(&output->line, '\n');
	if (!end)
		progress.text = (struct bytes){ output->line.data, output->line.size };
	link_send(run->machine->link, FRAME_PROGRESS, &progress, NULL);
	link_flush(run->machine->link);
	buffer_drop_front(&output->line, progress.text.size);
}

/* Of its stdout, for whoever waits. */
static void take_shown(struct run *run, struct output *output, const char *bytes, size_t size)
{
	if (output != &run->output || !(run->command->flags & COMMAND_STREAM) || !run->machine->link)
		return;
	buffer_add(&output->line, bytes, size);
	show(run, output, false);
}

/* Of a file: its memory is given back page by page. */
static ssize_t output_take(struct output *output, char *bytes, size_t most)
{
	off_t page = sysconf(_SC_PAGESIZE), from = output->done - output->done % page, to;
	ssize_t size;

	if (!output->file)
		return read(output->fd, bytes, most);
	size = pread(output->fd, bytes, most, output->done);
	if (size <= 0)
		return size;
	output->done += size;
	to = output->done - output->done % page;
	if (to > from)
		fallocate(output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to - from);
	return size;
}

static void take_bytes(struct run *run, struct output *output, const char *bytes, size_t size)
{
	if (size == 0)
		return;
	take_shown(run, output, bytes, size);
	excerpt_add(&output->kept, bytes, size);
}

/* size 0: nothing more comes. */
static void take(struct run *run, struct output *output, const char *bytes, size_t size)
{
	const struct command *command = run->command;

	if (!command->sort) {
		take_bytes(run, output, bytes, size);
		return;
	}
	buffer_clear(&run->sorted);
	command->sort(command->sort_context, output == &run->errors, bytes, size, &run->sorted);
	take_bytes(run, output, run->sorted.data, run->sorted.size);
}

/* Reads what is there: whether there may be more at once. */
static bool output_read(struct run *run, struct output *output)
{
	char bytes[16384];
	ssize_t size;

	if (output->fd < 0)
		return false;
	size = output_take(output, bytes, sizeof(bytes));
	if (size > 0) {
		take(run, output, bytes, (size_t)size);
		return true;
	}
	if (output->file || (size < 0 && (errno == EAGAIN || errno == EINTR)))
		return false;
	close(output->fd);
	output->fd = -1;
	return false;
}

static void input_write(struct run *run)
{
	size_t left = run->command->input_size - run->input_done;
	ssize_t size = left > 0 ? write(run->input, run->command->input + run->input_done, left) : 0;

	if (size > 0)
		run->input_done += (size_t)size;
	else if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0 || run->input_done == run->command->input_size) {
		close(run->input);
		run->input = -1;
	}
}

/* Asks its whole group to end, also if it is stopped; the second time it has no choice. */
static void end_group(struct run *run)
{
	int64_t now = milliseconds_now();

	if (run->kill_at == 0) {
		run->kill_at = now + PROCESS_GRACE;
		kill(-run->pid, SIGTERM);
		kill(-run->pid, SIGCONT);
	} else if (now >= run->kill_at) {
		kill(-run->pid, SIGKILL);
	}
}

/* Also what has ended again by the next look has begun, if it has said something. */
static void look_for_begin(struct run *run)
{
	const struct command *command = run->command;

	if (run->begin_by == 0)
		return;
	if (run->output.kept.size > 0 || session_has_other(getsid(0), run->since, command->starters)) {
		run->begin_by = 0;
	} else if (milliseconds_now() >= run->begin_by) {
		run->begin_by = 0;
		run->not_begun = true;
		if (run->machine->notes)
			value_append(run->arena, run->machine->notes, value_printf(run->arena, "'%s' had "
				"started nothing after %u seconds, and was ended", command->argv[0],
				command->start_most));
	}
}

static void look_at_limits(struct run *run)
{
	struct link *link = run->machine->link;

	if (run->deadline != 0 && milliseconds_now() >= run->deadline)
		run->timed_out = true;
	if (link && link->cancelled)
		run->interrupted = true;
	look_for_begin(run);
	if (run->timed_out || run->not_begun || run->interrupted)
		end_group(run);
	if (link)
		link_flush_old(link);
}

static void serve_link(struct run *run)
{
	struct arena *arena = arena_new();

	link_service(run->machine->link, arena, 0, NULL);
	arena_free(arena);
}

/* ssh makes the stdout non-blocking that it shares with whoever has started it, and most programs then lose
 * what doesn't go into a full pipe. */
static void keep_blocking(const struct output *output)
{
	int flags = output->writer < 0 ? -1 : fcntl(output->writer, F_GETFL);

	if (flags >= 0 && (flags & O_NONBLOCK))
		fcntl(output->writer, F_SETFL, flags & ~O_NONBLOCK);
}

/* One round: 1 when the process has ended. */
static int follow_round(struct run *run)
{
	struct link *link = run->machine->link;
	struct pollfd ready[5] = {
		{ .fd = run->output.file ? -1 : run->output.fd, .events = POLLIN },
		{ .fd = run->errors.file ? -1 : run->errors.fd, .events = POLLIN },
		{ .fd = run->input, .events = POLLOUT },
		{ .fd = run->pidfd, .events = POLLIN },
		{ .fd = link && !link->lost ? link->in : -1, .events = POLLIN },
	};

	if (poll(ready, 5, run->more ? 0 : LOOK_ROUND) < 0 && errno != EINTR)
		return 1;
	run->more = false;
	keep_blocking(&run->output);
	keep_blocking(&run->errors);
	if (ready[0].revents || run->output.file)
		run->more |= output_read(run, &run->output);
	if (ready[1].revents || run->errors.file)
		run->more |= output_read(run, &run->errors);
	if (ready[2].revents)
		input_write(run);
	if (ready[4].revents)
		serve_link(run);
	look_at_limits(run);
	return ready[3].revents != 0;
}

/* What it left in the pipes counts; what a daemon that it started says later doesn't. */
static int follow(struct run *run)
{
	int status = 0;

	while (!follow_round(run))
		;
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	while (output_read(run, &run->output) || output_read(run, &run->errors))
		;
	take(run, &run->output, NULL, 0);
	take(run, &run->errors, NULL, 0);
	if (run->kill_at != 0)
		kill(-run->pid, SIGKILL);
	return process_status(status);
}

int process_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- What it leaves */

static void tell_left(const struct run *run, const struct session_process *left)
{
	struct arena *arena = run->arena;
	struct value *note = NULL;
	char *name = session_name(arena, left->pid);

	if (left->session == getsid(0))
		note = value_printf(arena, "'%s' (pid %d) still runs in the background: it is ended with "
			"this run, unless it is started with setsid or as a service", name, (int)left->pid);
	else if (run->command->flags & COMMAND_TELLS)
		note = value_printf(arena, "'%s' (pid %d) goes on in a session of its own", name,
			(int)left->pid);
	if (note)
		value_append(arena, run->machine->notes, note);
}

/* What outlives a command becomes a child of the one that leads the session. */
static size_t find_left(const struct run *run, struct session_process **ret_left)
{
	size_t count = session_children(run->arena, getsid(0), ret_left);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct session_process *child = &(*ret_left)[i];

		if (child->start >= run->since && child->state != 'Z' && child->pid != getpid())
			(*ret_left)[found++] = *child;
	}
	return found;
}

/* Whether it makes a session of its own shows a moment later. */
static void look_for_left(const struct run *run)
{
	struct session_process *left;
	size_t count;

	while (getsid(0) == getpid() && waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (!run->machine->notes || find_left(run, &left) == 0)
		return;
	nanosleep(&(struct timespec){ .tv_nsec = SETTLE * 1000000 }, NULL);
	count = find_left(run, &left);
	for (size_t i = 0; i < count; i++)
		tell_left(run, &left[i]);
}

/* --- What it comes to */

const char *process_name(struct arena *arena, const struct command *command)
{
	struct buffer name = { 0 };
	char *result;

	if (command->flags & COMMAND_SHELL)
		buffer_add_string(&name, command->argv[0]);
	for (size_t i = 0; !(command->flags & COMMAND_SHELL) && command->argv[i]; i++) {
		if (i > 0)
			buffer_add_char(&name, ' ');
		quote_shell(&name, command->argv[i]);
	}
	if (name.size > NAME_MOST)
		result = arena_printf(arena, "%.*s…", NAME_MOST, name.data);
	else
		result = arena_bytes(arena, name.data ? name.data : "", name.size);
	buffer_free(&name);
	return result;
}

int process_judge(struct arena *arena, const struct command *command,
	const struct command_result *result, struct error *err)
{
	const char *name = process_name(arena, command);

	if (command->flags & COMMAND_ANY_STATUS)
		return 0;
	if (result->timed_out)
		return error_set(err, HOST_COMMAND_TIMEOUT, "'%s' did not end within %u seconds", name,
			command->timeout);
	if (result->status > 128)
		return error_set(err, HOST_COMMAND_FAILED, "'%s' was ended by signal %d: %s", name,
			result->status - 128, command_last_words(arena, result));
	if (result->status != 0)
		return error_set(err, HOST_COMMAND_FAILED, "'%s' failed with status %d: %s", name,
			result->status, command_last_words(arena, result));
	return 0;
}

/* Our ends don't block; its ends are ordinary. */
static int open_pipes(struct run *run, int theirs[3])
{
	int pipes[3][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };

	for (int i = 0; i < 3; i++) {
		if (i == 0 && !run->command->input)
			pipes[0][0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		else if (pipe2(pipes[i], O_CLOEXEC) < 0)
			break;
		if (i == 2) {
			theirs[0] = pipes[0][0];
			run->input = pipes[0][1];
			run->output.fd = pipes[1][0];
			theirs[1] = pipes[1][1];
			run->errors.fd = pipes[2][0];
			theirs[2] = pipes[2][1];
			fcntl(run->output.fd, F_SETFL, O_NONBLOCK);
			fcntl(run->errors.fd, F_SETFL, O_NONBLOCK);
			if (run->input >= 0)
				fcntl(run->input, F_SETFL, O_NONBLOCK);
			return 0;
		}
	}
	for (int i = 0; i < 6; i++) {
		if (pipes[i / 2][i % 2] >= 0)
			close(pipes[i / 2][i % 2]);
	}
	return -1;
}

/* In place of a pipe, of which it closes both ends. */
static int use_file(struct output *output, int *theirs)
{
	int fd = memfd_create("output", MFD_CLOEXEC);
	int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(output->fd);
	close(*theirs);
	*output = (struct output){ .fd = own, .writer = -1, .file = true, .kept.most = output->kept.most };
	*theirs = fd;
	return 0;
}

static int start(struct run *run, struct error *err)
{
	int theirs[3];

	if (open_pipes(run, theirs) < 0)
		return error_errno(err, HOST_SYSTEM, "cannot make pipes");
	/* Where there is no memory for files, pipes have to do. */
	if (run->command->flags & COMMAND_TO_FILES) {
		use_file(&run->output, &theirs[1]);
		use_file(&run->errors, &theirs[2]);
	}
	if (!run->output.file)
		run->output.writer = fcntl(theirs[1], F_DUPFD_CLOEXEC, 0);
	if (!run->errors.file)
		run->errors.writer = fcntl(theirs[2], F_DUPFD_CLOEXEC, 0);
	run->pid = process_start(run->machine, run->arena, run->command, theirs, err);
	for (int i = 0; i < 3; i++)
		close(theirs[i]);
	if (run->pid < 0)
		return -1;
	run->pidfd = pidfd_open(run->pid, 0);
	if (run->pidfd >= 0)
		return 0;
	error_errno(err, HOST_SYSTEM, "cannot follow a process");
	kill(-run->pid, SIGKILL);
	waitpid(run->pid, NULL, 0);
	return -1;
}

static void close_all(const struct run *run)
{
	const int fds[] = { run->output.fd, run->output.writer, run->errors.fd, run->errors.writer, run->input,
		run->pidfd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

int process_run(void *context, struct arena *arena, const struct command *command,
	struct command_result *ret_result, struct error *err)
{
	struct machine *machine = context;
	size_t most = command->most ? command->most : COMMAND_OUTPUT_MOST;
	struct run run = {
		.machine = machine, .arena = arena, .command = command, .pidfd = -1, .input = -1,
		.output = { .fd = -1, .writer = -1, .kept.most = most },
		.errors = { .fd = -1, .writer = -1, .kept.most = most },
	};
	struct command_result result = { 0 };
	int started;

	if ((command->flags & COMMAND_DETACHED) && machine->steps)
		return steps_run(machine, arena, command, ret_result, err);
	if (command->timeout > 0)
		run.deadline = milliseconds_now() + (int64_t)command->timeout * 1000;
	if (command->starters && command->start_most > 0)
		run.begin_by = milliseconds_now() + (int64_t)command->start_most * 1000;
	if (machine->until != 0 && (run.deadline == 0 || machine->until < run.deadline))
		run.deadline = machine->until;
	run.since = session_ticks();
	started = start(&run, err);
	if (started == 0) {
		result.status = follow(&run);
		look_for_left(&run);
	}
	show(&run, &run.output, true);
	buffer_free(&run.output.line);
	buffer_free(&run.sorted);
	result.truncated = excerpt_cut(&run.output.kept) || excerpt_cut(&run.errors.kept);
	result.output = excerpt_end(&run.output.kept, arena, &result.output_size);
	result.errors = excerpt_end(&run.errors.kept, arena, &result.errors_size);
	close_all(&run);
	if (started < 0)
		return -1;
	result.timed_out = run.timed_out;
	result.not_begun = run.not_begun;
	*ret_result = result;
	if (run.interrupted)
		return error_set(err, RUN_INTERRUPTED, "'%s' was stopped on request",
			process_name(arena, command));
	if (run.timed_out && machine->until != 0 && machine_in_time(machine, err) < 0)
		return -1;
	return process_judge(arena, command, ret_result, err);
}
