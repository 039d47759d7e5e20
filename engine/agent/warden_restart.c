/* warden_restart: a trial whose change is on disk before it is confirmed outlives a power cut: a unit of systemd's
 * takes it back early at the next start of the machine, and goes with it. */
#include "agent/warden.h"

#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNITS "/etc/systemd/system"
#define UNIT "beoplay-way-back.service"
#define WANTS UNITS "/sysinit.target.wants"

const char *warden_start_id(struct arena *arena)
{
	return warden_text(arena, "/proc/sys/kernel/random", "boot_id");
}

static int sync_all_of(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : syncfs(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

/* The trial goes before the unit: a script that was never ended begins anew. */
static const char *unit_text(struct arena *arena, const char *directory)
{
	return arena_printf(arena, "[Unit]\n"
		"Description=A change of what carries the login, which nobody confirmed, is taken back\n"
		"DefaultDependencies=no\n"
		"RequiresMountsFor=%s\n"
		"After=local-fs.target\n"
		"Before=sysinit.target network-pre.target ssh.service ssh.socket nftables.service ufw.service\n"
		"\n"
		"[Service]\n"
		"Type=oneshot\n"
		"TimeoutStartSec=120\n"
		"ExecStart=-/bin/sh %s/restart\n"
		"ExecStart=/bin/rm -rf %s\n"
		"ExecStart=/bin/rm -f " WANTS "/" UNIT " " UNITS "/" UNIT "\n", directory, directory, directory);
}

int warden_outlive(struct arena *arena, const char *directory, struct error *err)
{
	const char *text = unit_text(arena, directory);
	bool systemd = access("/run/systemd/system", F_OK) == 0;

	if (systemd && (whole_replace(UNITS "/" UNIT, text, strlen(text), 0644, true) < 0
			|| (mkdir(WANTS, 0755) < 0 && errno != EEXIST)
			|| (symlink("../" UNIT, WANTS "/" UNIT) < 0 && errno != EEXIST)
			|| sync_all_of(UNITS) < 0))
		return error_errno(err, HOST_TRIAL_FAILED, "what would take the change back after a power cut can't "
			"be written below " UNITS);
	if (sync_all_of(directory) < 0)
		return error_errno(err, HOST_TRIAL_FAILED, "cannot write below '%s'", directory);
	return 0;
}

void warden_outlived(struct arena *arena, const char *directory)
{
	if (access(warden_file(arena, directory, "restart"), F_OK) < 0)
		return;
	unlink(WANTS "/" UNIT);
	unlink(UNITS "/" UNIT);
}

void warden_catch_up(struct arena *arena, const char *directory)
{
	const char *start = warden_text(arena, directory, "start"), *now = warden_start_id(arena);

	if (!start || !now || strcmp(start, now) == 0)
		return;
	unlink(warden_file(arena, directory, "group"));
	warden_note(arena, directory, "why", "the machine was started anew before it was confirmed");
	/* That it had gone on from here needn't have reached the disk. */
	warden_turn(arena, directory, WARDEN_ARMED, WARDEN_RETURNING);
	warden_turn(arena, directory, WARDEN_PENDING, WARDEN_RETURNING);
}
