/* steps: commands that go on when the agent dies, and what became of them.
 *
 * A supervisor in a session of its own runs the command, its output in files; it holds the node's
 * lock until all of that session has ended. A step is a directory: about (what, who), out, err,
 * and, once it is over, end. The supervisor holds a lock on about for as long as it lives. The next
 * agent, which reads it, may be of another version: about says the form of both. */
#include "agent/process.h"

#include "agent/session.h"

#include "base/excerpt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUND = 200, END_MOST = 65536, TOLD_MOST = 16 };

/* The form of about and end; the first one doesn't say it. A new one gets a fixture in tests/formats. */
enum { STEP_VERSION = 2, STEP_FIRST_VERSION = 1 };

struct step {
	struct machine *machine;
	struct arena *arena;
	const struct command *command;
	const char *directory;
	size_t shown;            /* bytes of out that were shown */
};

static const char *step_file(struct arena *arena, const char *directory, const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

static int write_record(struct arena *arena, const char *path, const struct value *record,
	struct error *err)
{
	struct buffer bytes = { 0 };
	struct file_write write = {
		.path = path, .mode = 0600, .uid = HOST_KEEP, .gid = HOST_KEEP, .mtime = HOST_KEEP,
	};
	int result;

	(void)arena;
	wire_encode(&bytes, record);
	write.bytes = bytes.data;
	write.size = bytes.size;
	result = files_write(NULL, &write, err);
	buffer_free(&bytes);
	return result;
}

static struct value *read_record(struct arena *arena, const char *path)
{
	struct value *record;
	char *bytes;
	size_t size;
	struct error err = { 0 };

	if (files_read(NULL, arena, path, END_MOST, &bytes, &size, &err) < 0 ||
	    wire_decode(arena, bytes, size, &record, &err) < 0)
		return NULL;
	return record;
}

/* --- In the supervisor */

static void note_end(const struct step *step, int status, bool timed_out, const char *problem)
{
	struct value *end = value_map(step->arena);

	value_set_integer(step->arena, end, "status", status);
	value_set_bool(step->arena, end, "timed_out", timed_out);
	if (problem)
		value_set_string(step->arena, end, "error", problem);
	write_record(step->arena, step_file(step->arena, step->directory, "end"), end, NULL);
}

/* Waits for the command, ending its group when its time is over. */
static int wait_command(const struct step *step, pid_t pid, bool *ret_timed_out)
{
	struct pollfd ended = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int limit = step->command->timeout > 0 ? (int)step->command->timeout * 1000 : -1;
	int status = 0;

	if (ended.fd >= 0 && poll(&ended, 1, limit) == 0) {
		*ret_timed_out = true;
		kill(-pid, SIGTERM);
		if (poll(&ended, 1, PROCESS_GRACE) == 0)
			kill(-pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return process_status(status);
}

static int input_of(const struct command *command)
{
	int fd;

	if (!command->input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd >= 0 && (write(fd, command->input, command->input_size) < 0 ||
			lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The connection must not stay open because of us. */
static void let_go_of(struct link *link)
{
	int nothing = open("/dev/null", O_RDWR);

	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (int i = 0; i < 3; i++)
		dup2(nothing, i);
	if (link && link->in > 2)
		close(link->in);
	if (link && link->out > 2 && link->out != link->in)
		close(link->out);
}

static void supervise(struct step *step)
{
	static const char *const names[] = { "out", "err" };
	struct error err = { 0 };
	bool timed_out = false;
	int descriptors[3] = { input_of(step->command), -1, -1 };
	int about = open(step_file(step->arena, step->directory, "about"), O_RDONLY | O_CLOEXEC);
	pid_t pid;

	setsid();
	prctl(PR_SET_NAME, SESSION_STEP);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	let_go_of(step->machine->link);
	step->machine->link = NULL;
	if (about < 0 || flock(about, LOCK_EX) < 0)
		_exit(1);
	for (int i = 0; i < 2; i++)
		descriptors[i + 1] = open(step_file(step->arena, step->directory, names[i]),
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid = process_start(step->machine, step->arena, step->command, descriptors, &err);
	if (pid < 0) {
		note_end(step, 127, false, err.message);
		_exit(0);
	}
	note_end(step, wait_command(step, pid, &timed_out), timed_out, NULL);
	session_end(getpid(), SESSION_GRACE);
	_exit(0);
}

/* --- In the agent */

static void show_new(struct step *step)
{
	struct arena *arena;
	struct progress_text progress;
	char *bytes;
	size_t count;
	int64_t size;
	struct link *link = step->machine->link;

	if (!(step->command->flags & COMMAND_STREAM) || !link || link->lost)
		return;
	arena = arena_new();
	if (files_chunk(arena, step_file(arena, step->directory, "out"), (int64_t)step->shown,
		&bytes, &count, &size, NULL) == 0 && count > 0) {
		progress.text = (struct bytes){ bytes, count };
		link_send(link, FRAME_PROGRESS, &progress, NULL);
		link_flush(link);
		step->shown += count;
	}
	arena_free(arena);
}

static void wait_supervisor(struct step *step, pid_t pid)
{
	struct link *link = step->machine->link;
	int pidfd = pidfd_open(pid, 0);
	bool over = pidfd < 0;

	while (!over) {
		struct pollfd ready[2] = {
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = link && !link->lost ? link->in : -1, .events = POLLIN },
		};
		if (poll(ready, 2, ROUND) < 0 && errno != EINTR)
			break;
		if (ready[1].revents)
			link_alive(link);
		if (link)
			link_flush_old(link);
		show_new(step);
		over = ready[0].revents != 0;
	}
	waitpid(pid, NULL, 0);
	if (pidfd >= 0)
		close(pidfd);
}

static char *read_output(struct step *step, const char *name, size_t most, size_t *ret_size,
	bool *truncated)
{
	struct excerpt kept = { .most = most };
	struct error err = { 0 };
	char bytes[16384];
	int fd = files_open(step_file(step->arena, step->directory, name), &err);
	ssize_t size;

	while (fd >= 0 && (size = read(fd, bytes, sizeof(bytes))) != 0) {
		if (size > 0)
			excerpt_add(&kept, bytes, (size_t)size);
		else if (errno != EINTR)
			break;
	}
	if (fd >= 0)
		close(fd);
	*truncated = *truncated || excerpt_cut(&kept);
	return excerpt_end(&kept, step->arena, ret_size);
}

static int collect(struct step *step, struct command_result *ret_result, struct error *err)
{
	struct arena *arena = step->arena;
	struct command_result result = { 0 };
	struct value *end = read_record(arena, step_file(arena, step->directory, "end"));
	size_t most = step->command->most ? step->command->most : COMMAND_OUTPUT_MOST;

	result.output = read_output(step, "out", most, &result.output_size, &result.truncated);
	result.errors = read_output(step, "err", most, &result.errors_size, &result.truncated);
	if (!end)
		return error_set(err, HOST_PROCESS_KILLED, "'%s' was broken off: its supervisor was killed",
			process_name(arena, step->command));
	if (value_get_string(end, "error"))
		return error_set(err, HOST_COMMAND_FAILED, "%s", value_get_string(end, "error"));
	result.status = (int)value_get_integer(end, "status", 255);
	result.timed_out = value_get_bool(end, "timed_out");
	*ret_result = result;
	return process_judge(arena, step->command, ret_result, err);
}

static int remove_step(struct arena *arena, const char *directory)
{
	static const char *const names[] = { "about", "out", "err", "end" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(step_file(arena, directory, names[i]));
	return rmdir(directory);
}

static int make_step(struct step *step, struct error *err)
{
	struct arena *arena = step->arena;
	struct machine *machine = step->machine;
	struct value *about = value_map(arena);
	time_t now = time(NULL);

	if (mkdir(machine->steps, 0700) < 0 && errno != EEXIST)
		return error_errno(err, HOST_SYSTEM, "cannot make '%s'", machine->steps);
	step->directory = arena_printf(arena, "%s/%lld-%ld", machine->steps, (long long)now,
		(long)getpid());
	for (unsigned more = 1; mkdir(step->directory, 0700) < 0; more++) {
		if (errno != EEXIST || more > 10000)
			return error_errno(err, HOST_SYSTEM, "cannot make '%s'", step->directory);
		step->directory = arena_printf(arena, "%s/%lld-%ld-%u", machine->steps,
			(long long)now, (long)getpid(), more);
	}
	value_set_integer(arena, about, "version", STEP_VERSION);
	value_set_string(arena, about, "command", process_name(arena, step->command));
	return write_record(arena, step_file(arena, step->directory, "about"), about, err);
}

int steps_run(struct machine *machine, struct arena *arena, const struct command *command,
	struct command_result *ret_result, struct error *err)
{
	struct step step = { .machine = machine, .arena = arena, .command = command };
	pid_t pid;
	int result;

	if (make_step(&step, err) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		supervise(&step);
	if (pid < 0)
		return error_errno(err, HOST_SYSTEM, "cannot start a process");
	wait_supervisor(&step, pid);
	/* Where it was killed, nobody else ends its command. */
	session_end(pid, SESSION_GRACE);
	result = collect(&step, ret_result, err);
	remove_step(arena, step.directory);
	return result;
}

/* --- For the next agent */

static bool step_running(const char *about)
{
	int fd = open(about, O_RDONLY | O_CLOEXEC);
	bool running;

	if (fd < 0)
		return false;
	running = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return running;
}

/* The form that a step was noted in. */
static int64_t step_version(const struct value *about)
{
	return value_get_integer(about, "version", STEP_FIRST_VERSION);
}

static bool step_is_known(const struct value *about)
{
	return step_version(about) >= STEP_FIRST_VERSION && step_version(about) <= STEP_VERSION;
}

static struct ran_step report_step(struct arena *arena, const char *directory)
{
	const char *path = step_file(arena, directory, "about");
	const struct value *about = read_record(arena, path);
	const struct value *end = read_record(arena, step_file(arena, directory, "end"));
	const struct value *status = value_get(end, "status");
	struct ran_step step = {
		.command = value_get_string(about, "command"),
		.end = !end && step_running(path) ? STEP_RUNNING : STEP_BROKEN_OFF,
	};

	if (!step_is_known(about))
		return (struct ran_step){ .end = STEP_OTHER_VERSION, .status = step_version(about) };
	if (status && status->kind == VALUE_INTEGER) {
		step.end = STEP_ENDED;
		step.status = status->integer;
	}
	return step;
}

/* The directories of steps; nothing there: none. */
static size_t list_steps(struct arena *arena, const char *directory, struct file_name **ret_names)
{
	struct file_info info;
	struct error err = { 0 };
	size_t count = 0;

	if (files_stat(NULL, arena, directory, &info, &err) < 0 || info.kind != FILE_DIRECTORY ||
	    files_list(NULL, arena, directory, ret_names, &count, &err) < 0)
		return 0;
	return count;
}

struct ran_step *steps_report(struct arena *arena, const char *directory, size_t *ret_count)
{
	struct ran_step *steps = NULL;
	struct file_name *names;
	size_t count = list_steps(arena, directory, &names);

	*ret_count = 0;
	for (size_t i = 0; i < count && i < TOLD_MOST; i++)
		*ARENA_PUSH(arena, &steps, ret_count) = report_step(arena, step_file(arena, directory,
			names[i].name));
	return steps;
}

struct value *steps_over(struct arena *arena, const char *directory)
{
	struct value *over = value_list(arena);
	struct file_name *names;
	size_t count = list_steps(arena, directory, &names);

	for (size_t i = 0; i < count && i < TOLD_MOST; i++) {
		const char *step = step_file(arena, directory, names[i].name);
		const char *about = step_file(arena, step, "about");

		if (!step_running(about) && step_is_known(read_record(arena, about)))
			value_append(arena, over, value_string(arena, step));
	}
	return over;
}

void steps_clean(const struct value *over)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < over->count; i++)
		remove_step(arena, value_text(over->items[i]));
	arena_free(arena);
}
