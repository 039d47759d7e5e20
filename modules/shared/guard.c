/* guard: what must not be taken away: other file systems, the system's own folders, the way in, and
 * beoplay's own state. */
#include "modules/shared/guard.h"

#include <string.h>

#define MOUNTS "/proc/self/mountinfo"

enum { MOUNTS_MOST = 16 << 20, KEPT_MOST = 16 };

/* Folders of the Filesystem Hierarchy Standard and of Debian's base system, and what nobody can log
 * in without. Whatever is above one of them is kept, too. */
static const char *const system_paths[] = {
	"/bin", "/boot", "/dev", "/dev/fd", "/dev/pts", "/dev/shm", "/dev/stderr", "/dev/stdin", "/dev/stdout", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libo32", "/libx32",
	"/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr",
	"/var", "/boot/efi", "/boot/firmware", "/boot/grub",
	"/etc/alternatives", "/etc/apt", "/etc/apt/apt.conf.d", "/etc/apt/preferences.d",
	"/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/cron.d", "/etc/cron.daily",
	"/etc/cron.hourly", "/etc/cron.monthly", "/etc/cron.weekly", "/etc/default", "/etc/dpkg",
	"/etc/group", "/etc/gshadow", "/etc/init.d", "/etc/ld.so.conf.d", "/etc/modprobe.d",
	"/etc/modules-load.d", "/etc/network", "/etc/network/interfaces.d", "/etc/pam.d",
	"/etc/passwd", "/etc/profile.d", "/etc/security", "/etc/shadow", "/etc/skel", "/etc/ssh",
	"/etc/ssh/sshd_config", "/etc/ssl", "/etc/ssl/certs", "/etc/ssl/private", "/etc/sudoers",
	"/etc/sudoers.d", "/etc/sysctl.d", "/etc/systemd", "/etc/systemd/network",
	"/etc/systemd/system", "/etc/tmpfiles.d", "/etc/udev", "/etc/udev/rules.d",
	"/run/dbus", "/run/lock", "/run/sshd", "/run/systemd", "/run/udev", "/run/user",
	"/usr/bin", "/usr/games", "/usr/include", "/usr/lib", "/usr/lib32", "/usr/lib64",
	"/usr/libexec", "/usr/libx32", "/usr/sbin", "/usr/share", "/usr/src", "/usr/local",
	"/usr/local/bin", "/usr/local/etc", "/usr/local/games", "/usr/local/include",
	"/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/local/src",
	"/usr/sbin/sshd", "/usr/share/doc", "/usr/share/man",
	"/var/backups", "/var/cache", "/var/cache/apt", "/var/lib", "/var/lib/apt", "/var/lib/dpkg",
	"/var/lib/dpkg/info", "/var/lib/dpkg/status", "/var/lib/systemd", "/var/local", "/var/lock", "/var/log", "/var/mail",
	"/var/opt", "/var/run", "/var/spool", "/var/spool/cron", "/var/tmp", NULL,
};

/* Whether one is the other or a directory above it. */
static bool is_above(const char *one, const char *other)
{
	size_t size = strlen(one);

	while (size > 0 && one[size - 1] == '/')
		size--;
	return strncmp(one, other, size) == 0 && (other[size] == '\0' || other[size] == '/');
}

bool guard_is_system(const char *path)
{
	for (size_t i = 0; system_paths[i]; i++) {
		if (is_above(path, system_paths[i]))
			return true;
	}
	return false;
}

bool guard_is_whole(const char *path)
{
	static const char *const owners[] = { "/media", "/mnt", "/opt", "/srv", "/usr/local", "/var/local", "/var/opt" };

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		if (is_above(owners[i], path))
			return false;
	}
	return guard_is_system(path);
}

/* Of those what may be another file system while the machine runs. */
static bool is_mountable(const char *path)
{
	static const char *const paths[] = { "/boot", "/boot/efi", "/boot/firmware", "/boot/grub", "/dev/shm", "/home",
		"/tmp", "/usr/games", "/usr/src", "/var/backups", "/var/cache", "/var/cache/apt", "/var/log", "/var/mail",
		"/var/spool", "/var/tmp" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(path, paths[i]) == 0)
			return true;
	}
	return false;
}

bool guard_is_system_account(const char *name)
{
	static const char *const names[] = { "_apt", "_ssh", "adm", "crontab", "daemon", "disk", "input",
		"kmem", "messagebus", "nobody", "nogroup", "polkitd", "root", "shadow", "sshd", "sudo", "tty",
		"utmp", "video" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, "systemd-", strlen("systemd-")) == 0;
}

/* --- What is kept on this machine */

static void keep(struct guard *guard, const char *path, const char *what)
{
	guard->kept[guard->kept_count++] = (struct guard_place){ path, what };
}

static const char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? "/" : arena_bytes(arena, path, (size_t)(slash - path));
}

/* A home may be reached through a link, and so may what is in it. */
static int keep_home(struct host *host, struct guard *guard, const char *user, const char *what,
	bool keys, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *home, *folder, *file;
	struct error closed = {0};
	struct user_info found;

	if (host_user(host, user, &found, err) < 0)
		return -1;
	if (!found.exists || found.home[0] != '/')
		return 0;
	if (host_real(host, found.home, &home, &closed) < 0
			|| host_real(host, arena_printf(arena, "%s/.ssh", found.home), &folder, &closed) < 0
			|| host_real(host, arena_printf(arena, "%s/.ssh/authorized_keys", found.home), &file,
				&closed) < 0) {
		/* Who may not look into another one's home can't do any harm there. */
		if (host_uid(host) != 0 && host_uid(host) != found.uid) {
			keep(guard, found.home, what);
			return 0;
		}
		*err = closed;
		return -1;
	}
	keep(guard, home, what);
	keep(guard, directory_of(arena, folder), what);
	if (!keys)
		return 0;
	what = arena_printf(arena, "what %s logs in by", user);
	keep(guard, folder, what);
	keep(guard, file, what);
	return 0;
}

static int keep_state(struct host *host, struct guard *guard, struct error *err)
{
	const char *state = host_state(host), *real;

	if (!state)
		return 0;
	/* Through the last link, too. */
	if (host_real(host, arena_printf(host_arena(host), "%s/x", state), &real, err) < 0)
		return -1;
	keep(guard, directory_of(host_arena(host), real), "beoplay's own state");
	keep(guard, "/run/beoplay", "beoplay's own state");
	return 0;
}

/* --- Mounts */

/* As proc(5) says, blanks and the like are octal: \040. */
static const char *unescaped(struct arena *arena, const char *text, size_t size)
{
	char *plain = arena_bytes(arena, text, size);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		bool octal = text[i] == '\\' && size - i > 3 && strspn(text + i + 1, "01234567") >= 3;

		plain[used++] = octal ? (char)((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8
			+ text[i + 3] - '0') : text[i];
		i += octal ? 3 : 0;
	}
	plain[used] = '\0';
	return plain;
}

/* "36 35 98:0 / /mnt rw,noatime - nfs4 head:/srv rw,vers=4.2" */
static bool take_mount(struct arena *arena, const char *line, size_t size,
	struct guard_place *ret_mount)
{
	const char *end = line + size, *dash = memmem(line, size, " - ", 3), *path = line;
	size_t type;

	for (int i = 0; i < 4; i++) {
		path = memchr(path, ' ', (size_t)(end - path));
		if (!path++)
			return false;
	}
	if (!dash || path >= dash)
		return false;
	dash += 3;
	type = strcspn(dash, " \n");
	ret_mount->path = unescaped(arena, path, strcspn(path, " \n"));
	ret_mount->what = arena_printf(arena, "a mount (%.*s of %.*s)", (int)type, dash,
		(int)strcspn(dash + type + 1, " \n"), dash + type + 1);
	return true;
}

static int list_mounts(struct host *host, struct guard *guard, struct error *err)
{
	struct file_info info;
	size_t size, count = 1;
	char *text;

	/* Without /proc, as in a chroot, there is nothing to be known. */
	if (host_stat(host, MOUNTS, &info, err) < 0)
		return -1;
	if (info.kind == FILE_NONE)
		return 0;
	if (host_read(host, MOUNTS, MOUNTS_MOST, &text, &size, err) < 0)
		return -1;
	for (const char *at = text; *at; at++)
		count += *at == '\n';
	guard->mounts = arena_array(host_arena(host), count, sizeof(*guard->mounts));
	while (*text) {
		size_t length = strcspn(text, "\n");

		guard->mount_count += take_mount(host_arena(host), text, length,
			&guard->mounts[guard->mount_count]);
		text += length + (text[length] == '\n');
	}
	return 0;
}

int guard_open(struct host *host, struct guard *ret_guard, struct error *err)
{
	struct guard guard = { .kept = NULL };
	const char *login = host_login(host);

	/* What is looked at here is nothing that a task is about. */
	host = host_quiet(host);
	guard.kept = arena_array(host_arena(host), KEPT_MOST, sizeof(*guard.kept));
	guard.packages = arena_alloc(host_arena(host), sizeof(*guard.packages));
	*guard.packages = (struct guard_packages){0};
	if (keep_state(host, &guard, err) < 0
			|| (login && keep_home(host, &guard, login, arena_printf(host_arena(host),
				"the home of %s, who is logged in", login), true, err) < 0)
			|| keep_home(host, &guard, "root", "the home of root", false, err) < 0
			|| list_mounts(host, &guard, err) < 0)
		return -1;
	*ret_guard = guard;
	return 0;
}

/* --- Asking */

static void refuse(struct arena *arena, const char *path, const struct guard_place *place,
	const char *remedy, struct guard_refusal *ret_refusal)
{
	const char *where = strcmp(path, place->path) == 0 ? "it"
		: arena_printf(arena, "'%s' below it", place->path);

	ret_refusal->reason = arena_printf(arena, "'%s' is not removed: %s is %s", path, where,
		place->what);
	ret_refusal->remedy = remedy;
}

static void refuse_mount(struct arena *arena, const char *path, const struct guard_place *mount,
	struct guard_refusal *ret_refusal)
{
	refuse(arena, path, mount, arena_printf(arena, "unmount '%s' first, or leave it out",
		mount->path), ret_refusal);
}

void guard_mount(struct arena *arena, const struct guard *guard, const char *real,
	struct guard_refusal *ret_refusal)
{
	for (size_t i = 0; i < guard->mount_count; i++) {
		if (strcmp(real, guard->mounts[i].path) == 0)
			refuse_mount(arena, real, &guard->mounts[i], ret_refusal);
	}
}

/* /dev/null and its like: what the kernel makes there isn't anybody's to remove. */
static int refuse_device(struct host *host, const char *real, struct guard_refusal *ret_refusal,
	struct error *err)
{
	struct file_info info;

	if (strncmp(real, "/dev/", 5) != 0)
		return 0;
	if (host_stat(host_quiet(host), real, &info, err) < 0)
		return -1;
	if (info.kind != FILE_OTHER)
		return 0;
	ret_refusal->reason = arena_printf(host_arena(host), "'%s' is not removed: it is a device of this machine", real);
	ret_refusal->remedy = "say with a rule of udev what is to be in /dev";
	return 0;
}

static int refuse_system(struct host *host, const struct guard *guard, const char *real, bool again,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *package = NULL;

	if (guard_is_system(real)) {
		ret_refusal->reason = arena_printf(arena, "'%s' is not removed: it belongs to the system",
			real);
		ret_refusal->remedy = "name what to remove below it; check whether a variable in the path "
			"is empty";
		return 0;
	}
	if (refuse_device(host, real, ret_refusal, err) < 0)
		return -1;
	if (ret_refusal->reason)
		return 0;
	if (!again && guard_package_of(host_quiet(host), guard->packages, real, &package, err) < 0)
		return -1;
	if (package) {
		ret_refusal->reason = arena_printf(arena, "'%s' is not removed: it belongs to the package "
			"'%s', without which the machine doesn't work", real, package);
		ret_refusal->remedy = "leave it to apt and dpkg";
	}
	return 0;
}

int guard_check(struct host *host, const struct guard *guard, const char *path, unsigned flags,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *real;

	*ret_refusal = (struct guard_refusal){ NULL, NULL };
	if (host_real(host_quiet(host), path, &real, err) < 0)
		return -1;
	for (size_t i = 0; i < guard->mount_count; i++) {
		if (is_above(real, guard->mounts[i].path)) {
			refuse_mount(arena, real, &guard->mounts[i], ret_refusal);
			return 0;
		}
	}
	for (size_t i = 0; i < guard->kept_count; i++) {
		if (is_above(real, guard->kept[i].path)) {
			refuse(arena, real, &guard->kept[i], "name what is to go below it, not all of it",
				ret_refusal);
			return 0;
		}
	}
	return flags & GUARD_EMPTY ? 0 : refuse_system(host, guard, real, flags & GUARD_AGAIN, ret_refusal,
		err);
}

int guard_look(struct host *host, const char *path, unsigned flags,
	struct guard_refusal *ret_refusal, struct error *err)
{
	struct guard guard;

	return guard_open(host, &guard, err) < 0 ? -1
		: guard_check(host, &guard, path, flags, ret_refusal, err);
}

int guard_remove(struct host *host, const char *path, unsigned flags, struct error *err)
{
	struct guard_refusal refusal;

	if (guard_look(host, path, flags | GUARD_AGAIN, &refusal, err) < 0)
		return -1;
	return guard_error(&refusal, err) < 0 ? -1 : host_remove(host, path, err);
}

int guard_error(const struct guard_refusal *refusal, struct error *err)
{
	if (!refusal->reason)
		return 0;
	error_set(err, HOST_PROTECTED, "%s", refusal->reason);
	return error_remedy(err, "%s", refusal->remedy);
}

bool guard_plan(struct plan *plan, const struct guard_refusal *refusal)
{
	if (!refusal->reason)
		return true;
	plan_refuse(plan, HOST_PROTECTED, refusal->remedy, "%s", refusal->reason);
	return false;
}

int guard_look_hidden(struct host *host, const char *path, const char **ret_what, struct error *err)
{
	struct guard guard;
	const char *real;

	if (host_real(host, path, &real, err) < 0)
		return -1;
	if (guard_is_whole(real) && !is_mountable(real))
		*ret_what = "what the system runs on";
	if (*ret_what || is_above("/home", real))
		return 0;
	if (guard_open(host_quiet(host), &guard, err) < 0)
		return -1;
	for (size_t i = 0; i < guard.kept_count && !*ret_what; i++) {
		if (is_above(real, guard.kept[i].path) && !is_above("/home", guard.kept[i].path))
			*ret_what = guard.kept[i].what;
	}
	return 0;
}

bool guard_plan_hidden(struct plan *plan, const char *path, const char *what)
{
	if (what)
		plan_refuse(plan, HOST_PROTECTED, "copy what is there to it, and use 'state: present': it is mounted at the next start",
			"nothing is mounted on '%s', where it would hide %s", path, what);
	return what != NULL;
}
