/* child: a task in a process with another user's ids.
 *
 * It asks its parent, as root, for what is beyond the machine; it can do nothing there but ask. */
#include "agent/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- In the child --- */

/* The controller's stream isn't the user's. Its numbers stay taken, or pipes for commands would get
 * them, which commands expect elsewhere. */
static void leave_stream(const struct runner *runner)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(nothing, runner->link.in);
	dup2(nothing, runner->link.out);
}

static int ask_parent(void *context, struct arena *arena, const struct request *request,
	struct reply *ret_reply, struct error *err)
{
	return link_request(context, arena, request, ret_reply, err);
}

/* Only the parent asks, for a file that this task said is to be kept. */
static void serve_parent(void *context, struct arena *arena, const struct fetch *fetch,
	struct chunk *chunk)
{
	struct error err = {0};
	char *bytes;

	(void)context;
	if (fetch->path && files_chunk(arena, fetch->path, fetch->offset, &bytes, &chunk->bytes.size,
			&chunk->size, &err) == 0)
		chunk->bytes.bytes = bytes;
	else
		chunk->error = arena_string(arena, err.message);
}

static int become(struct work *work, const struct user_info *user, pid_t parent, struct error *err)
{
	gid_t *groups;
	size_t count;

	if (accounts_groups(&work->machine, work->arena, user, &groups, &count, err) < 0)
		return -1;
	if (setgroups(count, groups) < 0 || setresgid(user->gid, user->gid, user->gid) < 0
			|| setresuid(user->uid, user->uid, user->uid) < 0)
		return error_errno(err, HOST_CANNOT_BECOME, "cannot become '%s'", user->name);
	/* Other ids clear this one: not before them. The parent may be gone already. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_DUMPABLE, 0);
	setenv("HOME", user->home, 1);
	setenv("USER", user->name, 1);
	setenv("LOGNAME", user->name, 1);
	return 0;
}

static void child_main(struct work *work, const struct user_info *user, pid_t parent, int fd)
	__attribute__((noreturn));
static void child_main(struct work *work, const struct user_info *user, pid_t parent, int fd)
{
	struct result result = { .task = work->task->id };
	struct error err = {0};
	struct link link;

	signal(SIGTERM, SIG_DFL);
	if (work->machine.lock >= 0)
		close(work->machine.lock);
	link_init(&link, fd, fd, SENT_BY_CHILD, SENT_BY_PARENT);
	link.serve = serve_parent;
	if (become(work, user, parent, &err) < 0) {
		work_failed(work->arena, &result, &err);
	} else {
		work->machine.link = &link;
		work->machine.ask = ask_parent;
		work->machine.context = &link;
		work->machine.user = user->name;
		work->machine.home = user->home;
		work->machine.steps = NULL;
		work->machine.lock = -1;
		work_do(work, &result);
	}
	err = (struct error){0};
	link_send(&link, FRAME_RESULT, &result, &err);
	if (err.kind != ERROR_NONE) {
		result = (struct result){ .task = work->task->id };
		work_failed(work->arena, &result, &err);
		link_send(&link, FRAME_RESULT, &result, NULL);
	}
	link_flush(&link);
	_exit(0);
}

/* --- In the parent --- */

/* Seconds for which it may be silent in a frame; milliseconds until it must have ended when
 * asked. */
enum { SILENT_MOST = 30, CANCELLED_MOST = 20 * 1000 };

static void answer(struct runner *runner, struct link *child, struct arena *arena,
	const struct request *request)
{
	struct error err = {0};
	struct reply reply;

	if (keeper_answer(runner, child, arena, request, &reply, &err) < 0)
		reply = (struct reply){ .error = err.message, .code = err.code->name };
	reply.id = request->id;
	link_send(child, FRAME_REPLY, &reply, NULL);
	link_flush(child);
}

/* One frame of the child; 1 if it was its result, -1 if it is gone. */
static int take_frame(struct runner *runner, struct link *child, struct work *work,
	struct result *result)
{
	struct arena *arena = arena_new();
	struct frame_pieces pieces = {0};
	struct error err = {0};
	struct frame frame;
	int done = 0;

	if (frame_receive(child->in, &pieces, &err) <= 0
			|| frame_take(arena, &pieces, SENT_BY_CHILD, &frame, &err) < 0) {
		done = -1;
	} else if (frame.type == FRAME_REQUEST) {
		answer(runner, child, arena, frame.message);
	} else if (frame.type == FRAME_PROGRESS) {
		link_send(&runner->link, FRAME_PROGRESS, frame.message, NULL);
		link_flush(&runner->link);
	} else if (frame.type == FRAME_RESULT) {
		*result = *(struct result *)message_copy(work->arena, &message_result, frame.message);
		result->task = work->task->id;
		done = 1;
	}
	buffer_free(&pieces.payload);
	arena_free(arena);
	return done;
}

/* A process of the user can be stopped by the user, also in the middle of a frame. */
static void limit_waiting(int fd)
{
	const struct timeval most = { .tv_sec = SILENT_MOST };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
}

static bool stopped(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static void attend(struct runner *runner, struct link *child, pid_t pid, struct work *work,
	const struct user_info *user, struct result *result)
{
	struct error err = {0};
	int64_t told = 0;
	int done = 0;

	while (done == 0) {
		struct pollfd ready[2] = {
			{ .fd = child->in, .events = POLLIN },
			{ .fd = runner->link.lost ? -1 : runner->link.in, .events = POLLIN },
		};

		link_flush_old(&runner->link);
		if (poll(ready, 2, 1000) < 0 && errno != EINTR)
			break;
		if (!link_alive(&runner->link) && told == 0) {
			link_send(child, FRAME_CANCEL, NULL, NULL);
			link_flush(child);
			told = milliseconds_now();
		}
		if (ready[0].revents)
			done = take_frame(runner, child, work, result);
		else if (stopped(pid) || (told != 0 && milliseconds_now() - told > CANCELLED_MOST))
			break;
	}
	if (done == 0) {
		error_set(&err, HOST_PROCESS_KILLED, "the process that worked as '%s' was ended: it was "
			"stopped, or did not answer", user->name);
		work_failed(work->arena, result, &err);
	} else if (done != 1) {
		error_set(&err, HOST_PROCESS_KILLED, "the process that worked as '%s' died", user->name);
		work_failed(work->arena, result, &err);
	}
}

void child_do(struct runner *runner, struct work *work, const struct user_info *user,
	struct result *result)
{
	struct error err = {0};
	struct link child;
	int ends[2];
	pid_t parent = getpid(), pid;

	link_flush(&runner->link);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		error_errno(&err, HOST_SYSTEM, "cannot work as '%s'", user->name);
		work_failed(work->arena, result, &err);
		return;
	}
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		leave_stream(runner);
		child_main(work, user, parent, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		error_errno(&err, HOST_SYSTEM, "cannot work as '%s'", user->name);
		work_failed(work->arena, result, &err);
	} else {
		link_init(&child, ends[0], ends[0], SENT_BY_PARENT, SENT_BY_CHILD);
		limit_waiting(ends[0]);
		attend(runner, &child, pid, work, user, result);
		link_end(&child);
	}
	close(ends[0]);
	/* It has said all that it can say. */
	if (pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
