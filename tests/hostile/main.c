/* main: a run of beoplay against an honest host and one that lies, a run a lie.
 *
 *     hostile LIE                   plays the agent that tells this lie (its name, or its number)
 *     hostile fields                prints the rows of the tables of messages
 *     hostile try BEOPLAY I N       in a folder with site.yml and hosts.yml: every Nth lie from the Ith on;
 *                                   prints "ok NAME" or "not ok NAME: why"
 *
 * After each lie the controller must have ended by itself, with the exit code that fits, with all
 * that was wanted done on the honest host, and without taking more memory than any run may. */
#include "tests/hostile/acts.h"
#include "tests/hostile/agent.h"
#include "tests/hostile/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SECONDS_MOST = 120,        /* a run that is still there then has hung */
	LATE = 1,                  /* seconds until one that doesn't end by itself gets its SIGTERM */
	SAID_MOST = 64 << 10,
};

struct trying {
	const struct lie *lies;
	size_t count;
	const char *beoplay;
	long kilobytes_most;       /* of one run */
	long kilobytes;            /* of the largest so far */
	unsigned failed;
};

/* A run that has ended. */
struct trial {
	const struct lie *lie;
	int status;
	long kilobytes;
	bool ended;                /* by our SIGTERM */
};

size_t lies_make(struct arena *arena, struct lie **ret_lies)
{
	struct lie *of_tables, *all;
	struct acts acts = {0};
	size_t count = table_lies(arena, &of_tables);

	acts_make(arena, &acts);
	all = arena_array(arena, count + acts.count, sizeof(*all));
	memcpy(all, acts.lies, acts.count * sizeof(*all));
	memcpy(all + acts.count, of_tables, count * sizeof(*all));
	*ret_lies = all;
	return count + acts.count;
}

void lie_tell(const struct lie *lie)
{
	if (lie->act) {
		lie->act(lie);
		return;
	}
	if (lie->type == FRAME_HELLO) {
		agent_say_magic();
	} else {
		agent_greet();
		agent_wait(FRAME_STAGE);
	}
	agent_send_value(lie->type, lie->body);
	agent_read_on();
}

/* --- Trying --- */

static const char *path_of(struct arena *arena, const struct lie *lie, const struct trying *trying,
	const char *what)
{
	return arena_printf(arena, "lie%zu/%s", (size_t)(lie - trying->lies), what);
}

static void run(const struct trying *trying, const struct lie *lie)
	__attribute__((noreturn));
static void run(const struct trying *trying, const struct lie *lie)
{
	struct arena *arena = arena_new();
	int out = open(path_of(arena, lie, trying, "said"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	setenv("LIE", arena_printf(arena, "%zu", (size_t)(lie - trying->lies)), 1);
	execl(trying->beoplay, "beoplay", "site.yml", "-i", "hosts.yml", "-v", "-D", "--lock-wait", "100", "-e",
		arena_printf(arena, "folder=%s/%s", getenv("PWD"), path_of(arena, lie, trying, "")),
		(char *)NULL);
	_exit(127);
}

/* Who doesn't end by itself is asked to; who doesn't end then has hung. */
static void wait_for(pid_t pid, struct trial *trial)
{
	time_t started = time(NULL);
	struct rusage usage;

	while (wait4(pid, &trial->status, WNOHANG, &usage) == 0) {
		time_t passed = time(NULL) - started;

		if (!trial->ended && ((trial->lie->ending == ENDS_BY_SIGNAL && passed > LATE)
				|| passed > SECONDS_MOST)) {
			trial->ended = true;
			kill(pid, SIGTERM);
		}
		if (passed > 2 * SECONDS_MOST)
			kill(pid, SIGKILL);
		nanosleep(&(struct timespec){ .tv_nsec = 5 * 1000 * 1000 }, NULL);
	}
	trial->kilobytes = usage.ru_maxrss;
}

static const char *content_of(struct arena *arena, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = arena_alloc(arena, SAID_MOST + 1);
	ssize_t size = fd >= 0 ? read(fd, bytes, SAID_MOST) : -1;

	if (fd >= 0)
		close(fd);
	return size >= 0 ? bytes : "";
}

/* Why it isn't as it must be; NULL: it is. */
static const char *fault(const struct trying *trying, const struct trial *trial,
	struct arena *arena)
{
	const char *said = content_of(arena, path_of(arena, trial->lie, trying, "said"));
	const char *first = content_of(arena, path_of(arena, trial->lie, trying, "honest"));
	const char *second = content_of(arena, path_of(arena, trial->lie, trying, "honest.second"));
	enum ending ending = trial->lie->ending;
	int status = trial->status;
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (WIFSIGNALED(status))
		return arena_printf(arena, "it died of signal %d: %.2000s", WTERMSIG(status), said);
	if (strstr(said, "AddressSanitizer") || strstr(said, "runtime error"))
		return arena_printf(arena, "%.4000s", said);
	if (trial->kilobytes > trying->kilobytes_most)
		return arena_printf(arena, "it took %ld KiB", trial->kilobytes);
	if (ending == ENDS_BY_SIGNAL)
		return code == 130 ? NULL : arena_printf(arena, "exit code %d: %.2000s", code, said);
	if (trial->ended)
		return arena_printf(arena, "it went on until it was ended: %.2000s", said);
	if (strcmp(first, "honest\n") != 0 || strcmp(second, "honest\n") != 0)
		return arena_printf(arena, "the honest host lacks something: %.2000s", said);
	if (ending == ENDS_REFUSED && (code != 2 || !strstr(said, "protocol error")))
		return arena_printf(arena, "exit code %d: %.2000s", code, said);
	if (ending == ENDS_LOST && code != 2 && code != 4)
		return arena_printf(arena, "exit code %d: %.2000s", code, said);
	if (ending == ENDS_ANYHOW && code != 0 && code != 2)
		return arena_printf(arena, "exit code %d: %.2000s", code, said);
	return strchr(said, '\033') || strstr(said, "\xc2\x9b") ? "an escape was printed" : NULL;
}

static void try_one(struct trying *trying, const struct lie *lie)
{
	struct arena *arena = arena_new();
	struct trial trial = { .lie = lie };
	const char *why;
	pid_t pid;

	mkdir(path_of(arena, lie, trying, ""), 0700);
	pid = fork();
	if (pid == 0)
		run(trying, lie);
	wait_for(pid, &trial);
	why = fault(trying, &trial, arena);
	if (why)
		printf("not ok %s: %s\n", lie->name, why);
	else
		printf("ok %s\n", lie->name);
	fflush(stdout);
	trying->failed += why != NULL;
	if (trial.kilobytes > trying->kilobytes)
		trying->kilobytes = trial.kilobytes;
	arena_free(arena);
}

static int try_all(struct trying *trying, size_t first, size_t step)
{
	const char *only = getenv("ONLY"), *most = getenv("KILOBYTES_MOST");

	trying->kilobytes_most = most ? strtol(most, NULL, 10) : 128 << 10;
	for (size_t i = first; i < trying->count; i += step > 0 ? step : 1) {
		if (!only || strstr(trying->lies[i].name, only))
			try_one(trying, &trying->lies[i]);
	}
	printf("# the largest of these runs took %ld KiB\n", trying->kilobytes);
	return trying->failed > 0;
}

int main(int argc, char **argv)
{
	struct trying trying = {0};
	struct lie *lies;

	agent_arena = arena_new();
	trying.count = lies_make(agent_arena, &lies);
	trying.lies = lies;
	if (argc == 2 && strcmp(argv[1], "fields") == 0) {
		tables_print();
	} else if (argc == 2) {
		signal(SIGPIPE, SIG_DFL);
		for (size_t i = 0; i < trying.count; i++) {
			if (strcmp(lies[i].name, argv[1]) == 0
					|| strcmp(arena_printf(agent_arena, "%zu", i), argv[1]) == 0)
				lie_tell(&lies[i]);
		}
	} else if (argc == 5 && strcmp(argv[1], "try") == 0) {
		trying.beoplay = argv[2];
		return try_all(&trying, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	} else {
		fputs("usage: hostile LIE | fields | try BEOPLAY I N\n", stderr);
		return 1;
	}
	return 0;
}
