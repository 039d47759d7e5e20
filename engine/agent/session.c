/* session: the processes that a run has started, told from all others by their session. */
#include "agent/session.h"

#include "agent/link.h"
#include "base/quote.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STAT_MOST = 1024, NAME_MOST = 120, CHILDREN_MOST = 64, ROUND = 20, LATER = 500 };

uint64_t session_ticks(void)
{
	struct timespec now;
	uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * second + (uint64_t)now.tv_nsec * second / 1000000000;
}

static size_t read_file(pid_t pid, const char *name, char *bytes, size_t most)
{
	char path[64];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, bytes, most - 1);
	if (fd >= 0)
		close(fd);
	bytes[size < 0 ? 0 : size] = '\0';
	return size < 0 ? 0 : (size_t)size;
}

/* The name of a process may hold anything; the fields follow its last parenthesis. */
bool session_look(pid_t pid, struct session_process *ret_process)
{
	char text[STAT_MOST];
	char *fields;
	int session;
	unsigned long long start;

	read_file(pid, "stat", text, sizeof(text));
	fields = strrchr(text, ')');
	if (!fields || sscanf(fields, ") %c %*d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			"%*d %*d %*d %llu", &ret_process->state, &session, &start) != 3)
		return false;
	ret_process->pid = pid;
	ret_process->session = session;
	ret_process->start = start;
	return true;
}

char *session_name(struct arena *arena, pid_t pid)
{
	char text[NAME_MOST + 1];
	size_t size = read_file(pid, "comm", text, sizeof(text));
	struct session_process *children;

	if (strcmp(text, SESSION_STEP "\n") == 0 && session_children(arena, pid, &children) > 0)
		pid = children[0].pid;
	if (read_file(pid, "cmdline", text, 2) > 0)
		size = read_file(pid, "cmdline", text, sizeof(text));
	while (size > 0 && (text[size - 1] == '\0' || text[size - 1] == '\n'))
		size--;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	return quote_printable(arena, text, size, 0);
}

size_t session_each(pid_t session, void (*call)(void *context, const struct session_process *),
	void *context)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (all && (entry = readdir(all))) {
		struct session_process process;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || !session_look(pid, &process) ||
		    process.session != session || process.state == 'Z' || process.state == 'X')
			continue;
		call(context, &process);
		count++;
	}
	if (all)
		closedir(all);
	return count;
}

struct other {
	uint64_t since;
	const char *const *names;
	bool found;
};

static void look_for_other(void *context, const struct session_process *process)
{
	struct other *other = context;
	char name[32];
	size_t i = 0;

	if (other->found || process->start < other->since
			|| read_file(process->pid, "comm", name, sizeof(name)) == 0)
		return;
	name[strcspn(name, "\n")] = '\0';
	while (other->names[i] && strcmp(other->names[i], name) != 0)
		i++;
	other->found = !other->names[i];
}

bool session_has_other(pid_t session, uint64_t since, const char *const *names)
{
	struct other other = { since, names, false };

	session_each(session, look_for_other, &other);
	return other.found;
}

size_t session_children(struct arena *arena, pid_t parent, struct session_process **ret_children)
{
	char name[32], text[CHILDREN_MOST * 12];
	char *rest = text;
	size_t count = 0;

	snprintf(name, sizeof(name), "task/%d/children", (int)parent);
	read_file(parent, name, text, sizeof(text));
	*ret_children = arena_array(arena, CHILDREN_MOST, sizeof(**ret_children));
	while (count < CHILDREN_MOST) {
		char *end;
		pid_t pid = (pid_t)strtol(rest, &end, 10);

		if (end == rest)
			break;
		rest = end;
		if (session_look(pid, &(*ret_children)[count]))
			count++;
	}
	return count;
}

/* --- Ending */

/* Who is stopped gets to know of it, too. */
static void ask_to_end(void *context, const struct session_process *process)
{
	(void)context;
	kill(process->pid, SIGTERM);
	kill(process->pid, SIGCONT);
}

static void end(void *context, const struct session_process *process)
{
	(void)context;
	kill(process->pid, SIGKILL);
}

static void nothing(void *context, const struct session_process *process)
{
	(void)context;
	(void)process;
}

/* A process that forks while the list is read may hide its child from it, but not twice. */
void session_end(pid_t session, int64_t grace)
{
	int64_t kill_at = milliseconds_now() + grace;
	int64_t pause = ROUND;
	int empty = 0;

	session_each(session, ask_to_end, NULL);
	while (empty < 2) {
		bool over = milliseconds_now() >= kill_at;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		empty = session_each(session, over ? end : nothing, NULL) == 0 ? empty + 1 : 0;
		if (over && empty == 0 && pause < LATER)
			pause += ROUND;
		if (empty == 0)
			nanosleep(&(struct timespec){ .tv_nsec = (long)pause * 1000000 }, NULL);
	}
}
