/* lock: one run at a time changes this machine. */
#include "agent/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Someone who only looks holds it for a moment. */
enum { TRIES = 5, BETWEEN = 40 * 1000 * 1000, TEXT_MOST = 1024 };

/* Where the other end of the connection is, if the environment says so. */
static const char *from_where(void)
{
	const char *connection = getenv("SSH_CONNECTION");

	return connection && *connection ? connection : "this machine";
}

static void write_text(int fd, const char *who, const char *run)
{
	char text[TEXT_MOST];
	char since[64] = "";
	time_t now = time(NULL);
	struct tm parts;
	int size;

	if (localtime_r(&now, &parts))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S %z", &parts);
	size = snprintf(text, sizeof(text), "%.300s\n%.*s\n%s\n%.300s\n", who,
		(int)strcspn(from_where(), " "), from_where(), since, run);
	if (size < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)size, 0) < 0)
		return;   /* who can't read it is told less, and shares nothing */
}

/* The next line of the text, cut off in place. */
static const char *take_line(char **text)
{
	char *line = *text;
	size_t size = strcspn(line, "\n");

	*text = line + size + (line[size] == '\n');
	line[size] = '\0';
	return line;
}

static const struct lock_holder *read_text(struct arena *arena, int fd)
{
	struct lock_holder *holder = arena_alloc(arena, sizeof(*holder));
	char text[TEXT_MOST + 1];
	char *rest = text;
	ssize_t size = pread(fd, text, TEXT_MOST, 0);

	text[size < 0 ? 0 : size] = '\0';
	holder->who = arena_string(arena, take_line(&rest));
	holder->from = arena_string(arena, take_line(&rest));
	holder->since = arena_string(arena, take_line(&rest));
	holder->run = arena_string(arena, take_line(&rest));
	return holder;
}

/* --- One lock for all agents of a run --- */

static bool is_of(int fd, const char *run)
{
	struct arena *arena = arena_new();
	bool same = *run && strcmp(read_text(arena, fd)->run, run) == 0;

	arena_free(arena);
	return same;
}

/* Alone to write its text, then as one of those of the run: from the one to the other is no single
 * step, so somebody else may come between. */
static bool try_once(int fd, const char *who, const char *run)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		write_text(fd, who, run);
		return flock(fd, LOCK_SH | LOCK_NB) == 0;
	}
	if (errno != EWOULDBLOCK || flock(fd, LOCK_SH | LOCK_NB) < 0)
		return false;
	if (is_of(fd, run))
		return true;
	flock(fd, LOCK_UN);
	errno = EWOULDBLOCK;
	return false;
}

static int try_lock(int fd, const char *who, const char *run)
{
	struct timespec between = { .tv_nsec = BETWEEN };

	for (int i = 0; i < TRIES; i++) {
		if (try_once(fd, who, run))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		nanosleep(&between, NULL);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static int locked(int fd, struct error *err)
{
	struct arena *arena = arena_new();
	const struct lock_holder *holder = read_text(arena, fd);

	error_set(err, HOST_LOCKED, "this machine is being changed by %s, from %s, since %s",
		holder->who, holder->from, holder->since);
	error_remedy(err, "wait until that run is over, then apply again");
	arena_free(arena);
	return -1;
}

/* --- Where it is --- */

static const char roots[] = "/run/beoplay";

/* Whoever has made it, only root or this user may be able to put something there. */
static bool usable(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
		(info.st_mode & 022) == 0;
}

/* Others may see whether root holds the lock, but not open it. */
const char *lock_place(struct arena *arena, const char *otherwise)
{
	bool root = geteuid() == 0;
	const char *place = root ? roots : arena_printf(arena, "/run/lock/beoplay-%u", geteuid());

	mkdir(place, root ? 0711 : 0700);
	return usable(place) ? place : otherwise;
}

/* Beside root's lock stands the name of the run that has it, for that run's other agents. */
static void note_run(const char *directory, const char *run)
{
	char path[64];
	int fd;

	if (geteuid() != 0 || strcmp(directory, roots) != 0)
		return;
	snprintf(path, sizeof(path), "%s/run", roots);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	/* Unwritten it is nobody's. */
	if (write(fd, run, strlen(run)) < 0)
		unlink(path);
	close(fd);
}

static bool is_noted(const char *run)
{
	char path[64], noted[TEXT_MOST] = "";
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/run", roots);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, noted, sizeof(noted) - 1);
	if (fd >= 0)
		close(fd);
	return size > 0 && strcmp(noted, run) == 0;
}

/* The kernel lists all locks with the file's number. */
static bool root_holds(void)
{
	char line[256], file[64];
	struct stat info;
	bool found = false;
	FILE *locks;

	snprintf(line, sizeof(line), "%s/lock", roots);
	if (geteuid() == 0 || lstat(line, &info) < 0 || info.st_uid != 0)
		return false;
	snprintf(file, sizeof(file), " %02x:%02x:%ju ", major(info.st_dev), minor(info.st_dev),
		(uintmax_t)info.st_ino);
	locks = fopen("/proc/locks", "re");
	while (locks && !found && fgets(line, sizeof(line), locks))
		found = strstr(line, "FLOCK") && strstr(line, file);
	if (locks)
		fclose(locks);
	return found;
}

/* --- Taking it --- */

static int open_lock(const char *directory, const char *run, struct error *err)
{
	struct arena *arena = arena_new();
	const char *file = arena_printf(arena, "%s/lock", directory);
	int fd = -1;

	if (root_holds() && !is_noted(run)) {
		error_set(err, HOST_LOCKED, "this machine is being changed by a run as root");
		error_remedy(err, "wait until that run is over, then apply again");
	} else {
		fd = open(file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			error_errno(err, HOST_SYSTEM, "cannot open the lock '%s'", file);
	}
	arena_free(arena);
	return fd;
}

int lock_take(const char *directory, const char *who, const char *run, struct error *err)
{
	int fd = open_lock(directory, run, err);

	if (fd < 0)
		return -1;
	if (try_lock(fd, who, run) == 0) {
		note_run(directory, run);
		return fd;
	}
	if (errno == EWOULDBLOCK)
		locked(fd, err);
	else
		error_errno(err, HOST_SYSTEM, "cannot lock this machine");
	close(fd);
	return -1;
}

const struct lock_holder *lock_holder(struct arena *arena, const char *directory)
{
	const char *file = arena_printf(arena, "%s/lock", directory);
	const struct lock_holder *holder = NULL;
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		holder = read_text(arena, fd);
	close(fd);
	return holder;
}
