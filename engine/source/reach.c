/* reach: which files of this machine a text may lead to, and how they are opened. */
#include "source/reach.h"

#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINKS_MOST = 40, DEPTH_MOST = 256, WAY_SIZE = 2 * PATH_MAX };

struct allowed {
	struct allowed *next;
	const char *directory;      /* absolute, as it was typed */
	const char *real;           /* without links */
	const char *part;           /* "": all of it */
	const struct error *why;    /* barred; NULL: allowed */
};

struct named {
	struct named *next;
	const char *path;
};

struct reach {
	struct arena *arena;
	const char *root;
	struct allowed *allowed;
	struct named *named;
	bool everything;
};

struct reach *reach_new(struct arena *arena, const char *root)
{
	struct reach *reach = arena_alloc(arena, sizeof(*reach));

	reach->arena = arena;
	reach->root = arena_string(arena, root);
	return reach;
}

/* Absolute, without "." and doubled slashes; ".." stays, as links may be in front of it. */
static const char *absolute(struct arena *arena, const char *root, const char *path)
{
	char here[PATH_MAX] = "";
	char *full, *to;

	path = path_join(arena, root, path);
	if (path[0] != '/' && !getcwd(here, sizeof(here)))
		here[0] = '\0';
	full = to = arena_printf(arena, "%s/%s", here, path);
	for (const char *at = full; *at;) {
		size_t size;

		at += strspn(at, "/");
		size = strcspn(at, "/");
		if (size > 0 && !(size == 1 && *at == '.')) {
			*to++ = '/';
			memmove(to, at, size);
			to += size;
		}
		at += size;
	}
	*to = '\0';
	return full;
}

void reach_name(struct reach *reach, const char *path)
{
	struct named *named;

	if (!reach)
		return;
	named = arena_alloc(reach->arena, sizeof(*named));
	*named = (struct named){ reach->named, arena_string(reach->arena, path) };
	reach->named = named;
}

static void add(struct reach *reach, const char *directory, const char *part,
	const struct error *why)
{
	struct allowed *allowed = arena_alloc(reach->arena, sizeof(*allowed));
	char real[PATH_MAX];

	*allowed = (struct allowed){ .next = reach->allowed, .part = arena_string(reach->arena, part),
		.directory = absolute(reach->arena, reach->root, directory) };
	allowed->real = realpath(*allowed->directory ? allowed->directory : "/", real)
		? absolute(reach->arena, "", real) : allowed->directory;
	if (why) {
		struct error *kept = arena_alloc(reach->arena, sizeof(*kept));

		*kept = *why;
		allowed->why = kept;
	}
	reach->allowed = allowed;
}

void reach_allow(struct reach *reach, const char *directory, const char *part)
{
	if (reach)
		add(reach, directory, part, NULL);
}

void reach_bar(struct reach *reach, const char *directory, const char *part,
	const struct error *why)
{
	if (reach)
		add(reach, directory, part, why);
}

void reach_allow_all(struct reach *reach)
{
	if (reach)
		reach->everything = true;
}

/* --- The way there --- */

enum walked { WALKED, NOTHING_THERE, LEADS_OUT, CANNOT };

struct walker {
	const char *real;           /* of the directory that isn't left */
	int stack[DEPTH_MOST];      /* the directories from there to here */
	size_t depth;
	char way[WAY_SIZE];         /* what is still to go */
	char link[NAME_MAX + 1];    /* the last link that was followed */
	char target[PATH_MAX];      /* where it leads */
	size_t behind;              /* how much of the way comes behind what that link says */
	unsigned links;
	bool follow;
};

/* Cuts the next component off the way; "": none is left. */
static int next_name(struct walker *walker, char ret_name[NAME_MAX + 1])
{
	const char *start = walker->way + strspn(walker->way, "/");
	size_t size = strcspn(start, "/");

	if (size > NAME_MAX)
		return errno = ENAMETOOLONG, -1;
	memcpy(ret_name, start, size);
	ret_name[size] = '\0';
	memmove(walker->way, start + size, strlen(start + size) + 1);
	return 0;
}

static void leave_to(struct walker *walker, size_t depth)
{
	while (walker->depth > depth)
		close(walker->stack[--walker->depth]);
}

/* What is left of an absolute path beneath a directory; NULL: it lies elsewhere. */
static const char *beneath(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && (path[size] == '/' || !path[size])
		? path + size : NULL;
}

/* Puts what a link says in front of what is still to go. */
static enum walked follow_link(struct walker *walker, int link, const char *name)
{
	ssize_t size = readlinkat(link, "", walker->target, sizeof(walker->target) - 1);
	char way[WAY_SIZE];
	const char *target = walker->target;

	if (size < 0)
		return CANNOT;
	walker->target[size] = '\0';
	snprintf(walker->link, sizeof(walker->link), "%s", name);
	if (target[0] == '/') {
		target = beneath(target, walker->real);
		if (!target)
			return LEADS_OUT;
		leave_to(walker, 1);
	}
	if (++walker->links > LINKS_MOST)
		return errno = ELOOP, CANNOT;
	walker->behind = strlen(walker->way);
	if (snprintf(way, sizeof(way), "%s/%s", target, walker->way) >= (int)sizeof(way))
		return errno = ENAMETOOLONG, CANNOT;
	memcpy(walker->way, way, sizeof(way));
	return WALKED;
}

/* One component: into it, or along it if it is a link. */
static enum walked enter(struct walker *walker, const char *name)
{
	bool last = walker->way[strspn(walker->way, "/")] == '\0';
	struct stat info;
	int fd;

	if (strcmp(name, ".") == 0)
		return WALKED;
	if (strcmp(name, "..") == 0) {
		if (walker->depth == 1)
			return LEADS_OUT;
		leave_to(walker, walker->depth - 1);
		return WALKED;
	}
	fd = openat(walker->stack[walker->depth - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? NOTHING_THERE : CANNOT;
	if (fstat(fd, &info) < 0 || walker->depth == DEPTH_MOST) {
		close(fd);
		return errno = ENAMETOOLONG, CANNOT;
	}
	if (S_ISLNK(info.st_mode) && (walker->follow || !last)) {
		enum walked walked = follow_link(walker, fd, name);

		close(fd);
		return walked;
	}
	walker->stack[walker->depth++] = fd;
	return WALKED;
}

static enum walked walk(struct walker *walker, int *ret_fd)
{
	enum walked walked = WALKED;
	char name[NAME_MAX + 1] = "";

	while (walked == WALKED) {
		if (next_name(walker, name) < 0)
			walked = CANNOT;
		else if (!*name)
			break;
		else
			walked = enter(walker, name);
	}
	*ret_fd = walked == WALKED ? fcntl(walker->stack[walker->depth - 1], F_DUPFD_CLOEXEC, 0) : -1;
	return walked == WALKED && *ret_fd < 0 ? CANNOT : walked;
}

static int go_on(struct walker *walker, const char *way)
{
	if (snprintf(walker->way, sizeof(walker->way), "%s", way) < (int)sizeof(walker->way))
		return 0;
	return errno = ENAMETOOLONG, -1;
}

/* To the part that is allowed, which itself can't be a link; from there on, it isn't left. */
static enum walked enter_part(struct walker *walker, const struct allowed *allowed)
{
	bool follow = walker->follow;
	enum walked walked;
	struct stat info;
	int fd;

	walker->follow = false;
	walked = go_on(walker, allowed->part) < 0 ? CANNOT : walk(walker, &fd);
	walker->follow = follow;
	if (walked != WALKED)
		return walked;
	if (fstat(fd, &info) == 0 && S_ISLNK(info.st_mode)) {
		walked = follow_link(walker, fd, allowed->part);
		close(fd);
		return walked == CANNOT ? CANNOT : LEADS_OUT;
	}
	leave_to(walker, 0);
	walker->stack[walker->depth++] = fd;
	return WALKED;
}

/* The kernel goes all the way at once where there is no link on it, as nearly always. */
static bool is_straight(int directory, const char *part, const char *rest, bool follow,
	enum walked *ret_walked, int *ret_fd)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	char way[WAY_SIZE];

	rest += strspn(rest, "/");
	if (snprintf(way, sizeof(way), "%s%s%s", part, *part && *rest ? "/" : "", rest)
			>= (int)sizeof(way) || !*way)
		return false;
	*ret_fd = (int)syscall(SYS_openat2, directory, way, &how, sizeof(how));
	*ret_walked = *ret_fd >= 0 ? WALKED : NOTHING_THERE;
	return *ret_fd >= 0 || errno == ENOENT;
}

/* rest: what comes behind the part. */
static enum walked walk_beneath(struct walker *walker, const struct allowed *allowed,
	const char *rest, bool follow, int *ret_fd)
{
	enum walked walked = WALKED;
	int problem;

	*ret_fd = -1;
	*walker = (struct walker){ .real = allowed->real, .depth = 1, .follow = follow };
	walker->stack[0] = open(*allowed->directory ? allowed->directory : "/",
		O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walker->stack[0] < 0)
		return errno == ENOENT || errno == ENOTDIR ? NOTHING_THERE : CANNOT;
	if (is_straight(walker->stack[0], allowed->part, rest, follow, &walked, ret_fd)) {
		leave_to(walker, 0);
		return walked;
	}
	walked = WALKED;
	if (*allowed->part) {
		walked = enter_part(walker, allowed);
		walker->real = "/dev/null/";    /* no absolute link leads back */
	}
	if (walked == WALKED)
		walked = go_on(walker, rest) < 0 ? CANNOT : walk(walker, ret_fd);
	problem = errno;
	leave_to(walker, 0);
	errno = problem;
	return walked;
}

/* --- What is allowed --- */

static bool has_dots(const char *path)
{
	for (; *path; path += strcspn(path, "/"), path += *path == '/') {
		if (strcspn(path, "/") == 2 && strncmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}

/* What of the path comes behind what is allowed; NULL: it lies elsewhere. */
static const char *rest_of(const struct allowed *allowed, const char *path)
{
	const char *bases[] = { allowed->directory, allowed->real };

	for (size_t i = 0; i < 2; i++) {
		const char *rest = beneath(path, bases[i]), *inner;

		if (!rest)
			continue;
		if (!*allowed->part)
			return rest;
		inner = *rest ? beneath(rest + 1, allowed->part) : NULL;
		if (inner && !has_dots(inner))
			return inner;
	}
	return NULL;
}

static int anywhere(const struct reach *reach, const char *path, bool follow, int *ret_fd,
	struct error *err)
{
	*ret_fd = open(path_join(reach->arena, reach->root, path),
		O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
	if (*ret_fd >= 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_errno(err, FILE_UNREADABLE, "cannot inspect '%s'", path);
}

static int outside(const char *path, const struct walker *walker, struct error *err)
{
	if (walker->links > 0 || *walker->link)
		error_set(err, FILE_OUTSIDE_PROJECT, "'%s' lies outside the project: '%s' is a link to "
			"'%s'", path, walker->link, walker->target);
	else
		error_set(err, FILE_OUTSIDE_PROJECT, "'%s' lies outside the project", path);
	return error_remedy(err, "move it into the project's directory (the nearest one above the "
		"playbook with beoplay.yml or .git, else the playbook's own), or run with "
		"--allow-outside");
}

static int refuse_barred(const struct allowed *allowed, const char *full, const char *path,
	struct error *err)
{
	struct stat info;

	if (lstat(full, &info) < 0)
		return 0;
	error_set(err, FILE_UNTRUSTED, "'%s' is not read: %s", path, allowed->why->message);
	return error_remedy(err, "%s", allowed->why->remedy);
}

int reach_find(const struct reach *reach, const char *path, bool follow, int *ret_fd,
	struct error *err)
{
	const char *full = absolute(reach->arena, reach->root, path);
	struct walker walker = {0}, led_out = {0};

	*ret_fd = -1;
	for (const struct named *named = reach->named; named; named = named->next) {
		if (strcmp(named->path, path) == 0)
			return anywhere(reach, path, follow, ret_fd, err);
	}
	for (const struct allowed *allowed = reach->allowed; allowed; allowed = allowed->next) {
		if (allowed->why && rest_of(allowed, full)
				&& refuse_barred(allowed, full, path, err) < 0)
			return -1;
	}
	if (reach->everything)
		return anywhere(reach, path, follow, ret_fd, err);
	for (const struct allowed *allowed = reach->allowed; allowed; allowed = allowed->next) {
		const char *rest = allowed->why ? NULL : rest_of(allowed, full);

		if (!rest)
			continue;
		switch (walk_beneath(&walker, allowed, rest, follow, ret_fd)) {
		case WALKED:
			return 0;
		case NOTHING_THERE:
			if (walker.links == 0 || strlen(walker.way) < walker.behind)
				return 0;
			error_set(err, FILE_NOT_FOUND, "'%s' cannot be read: '%s' is a link to '%s', which "
				"does not exist", path, walker.link, walker.target);
			return error_remedy(err, "fix the link, or remove it");
		case LEADS_OUT:
			led_out = walker;
			break;
		case CANNOT:
			error_errno(err, FILE_UNREADABLE, "cannot inspect '%s'", path);
			return errno == ELOOP ? error_remedy(err, "fix the link '%s'", walker.link) : -1;
		}
	}
	return outside(path, &led_out, err);
}

int reach_open(int fd, int flags)
{
	char name[64];
	int opened, problem;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	opened = open(name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	problem = errno;
	close(fd);
	errno = problem;
	return opened;
}
