/* warden_files: what stands in the directory of a trial. */
#include "agent/warden.h"

#include "base/buffer.h"
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MOST = 1 << 20 };

static const char *const tokens[WARDEN_NOWHERE] = {
	[WARDEN_ARMED] = "armed", [WARDEN_PENDING] = "pending", [WARDEN_COMMITTING] = "committing",
	[WARDEN_RETURNING] = "returning", [WARDEN_COMMITTED] = "committed",
	[WARDEN_RETURNED] = "returned", [WARDEN_STUCK] = "stuck",
};

int64_t warden_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *warden_file(struct arena *arena, const char *directory, const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

char *warden_text(struct arena *arena, const char *directory, const char *name)
{
	int fd = open(warden_file(arena, directory, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buffer bytes = {0};
	char *text;
	ssize_t size;

	if (fd < 0)
		return NULL;
	while (bytes.size < TEXT_MOST && (size = read(fd, buffer_reserve(&bytes, 4096), 4096)) > 0)
		bytes.size += (size_t)size;
	close(fd);
	text = arena_bytes(arena, bytes.size > 0 ? bytes.data : "", bytes.size);
	buffer_free(&bytes);
	return text;
}

int warden_note(struct arena *arena, const char *directory, const char *name, const char *text)
{
	return whole_replace(warden_file(arena, directory, name), text, strlen(text), 0600, true);
}

const char *warden_new_file(struct arena *arena, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return arena_printf(arena, "%.*s.%s.beoplay-trial", (int)(name - path), path, name);
}

/* In this order it is met, also if it goes on meanwhile. */
enum warden_token warden_at(struct arena *arena, const char *directory)
{
	for (enum warden_token at = WARDEN_ARMED; at < WARDEN_NOWHERE; at++) {
		if (access(warden_file(arena, directory, tokens[at]), F_OK) == 0)
			return at;
	}
	return WARDEN_NOWHERE;
}

bool warden_turn(struct arena *arena, const char *directory, enum warden_token from,
	enum warden_token to)
{
	return rename(warden_file(arena, directory, tokens[from]),
		warden_file(arena, directory, tokens[to])) == 0;
}

bool warden_lives(struct arena *arena, const char *directory)
{
	int fd = open(warden_file(arena, directory, "lock"), O_RDONLY | O_CLOEXEC);
	bool lives;

	if (fd < 0)
		return false;
	lives = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return lives;
}

/* What it says, to its end; NULL: it failed. */
static char *run(struct arena *arena, const char *command, const struct warden_beat *beat)
{
	FILE *said = popen(command, "re");
	struct pollfd ready = { .fd = said ? fileno(said) : -1, .events = POLLIN };
	struct buffer bytes = {0};
	char *text = NULL;
	ssize_t size = 1;

	if (!said)
		return NULL;
	while (bytes.size < TEXT_MOST && size > 0) {
		if (beat)
			beat->tell(beat->context);
		if (poll(&ready, 1, 1000) == 0)
			continue;
		size = read(ready.fd, buffer_reserve(&bytes, 4096), 4096);
		bytes.size += size > 0 ? (size_t)size : 0;
	}
	if (pclose(said) == 0)
		text = arena_bytes(arena, bytes.size > 0 ? bytes.data : "", bytes.size);
	buffer_free(&bytes);
	return text;
}

char *warden_look(struct arena *arena, const char *directory, const struct warden_beat *beat)
{
	return run(arena, arena_printf(arena, "sh '%s/look' 2>/dev/null", directory), beat);
}

/* The outer shell stays until its end. */
int warden_script(struct arena *arena, const char *directory, const char *script,
	const struct warden_beat *beat)
{
	return run(arena, arena_printf(arena, "sh '%s/%s' >>'%s/log' 2>&1; exit $?", directory, script, directory),
		beat) ? 0 : -1;
}

int64_t warden_pace(struct arena *arena, const char *directory)
{
	const char *text = warden_text(arena, directory, "pace");

	return text ? strtoll(text, NULL, 10) : 0;
}

bool warden_is_as_before(struct arena *arena, const char *directory)
{
	const char *before = warden_text(arena, directory, "before");
	const char *now = warden_look(arena, directory, NULL);

	return before && now && strcmp(before, now) == 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

/* What would be left of it is of no use to anybody. */
void warden_forget(struct arena *arena, const char *directory)
{
	const char *path = warden_text(arena, directory, "path");

	if (path && *path)
		unlink(warden_new_file(arena, path));
	warden_outlived(arena, directory);
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
