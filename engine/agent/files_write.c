/* files_write: a file is replaced whole: written beside, synced, checked, renamed. */
#include "agent/files_blocks.h"
#include "agent/machine.h"
#include "agent/walk.h"
#include "base/digest.h"
#include "base/quote.h"
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { ATTRIBUTE_SIZE = 65536 };   /* of a value, and of all names, as the kernel has it (XATTR_LIST_MAX) */

struct writing {
	struct machine *machine;
	const struct file_write *write;
	int directory;
	char name[WALK_NAME_SIZE];
	bool there;                        /* an old file is there */
	struct stat old;
	char temporary[WALK_TEMPORARY_SIZE];    /* its name beside; "": none */
	int fd;
	int place;                         /* the old file, which is written into; -1: it is replaced */
	struct blocks blocks;              /* what of it needn't come */
};

/* Below /proc and /sys files are the kernel's own. */
static bool is_of_kernel(const struct writing *writing)
{
	struct statfs system;

	return fstatfs(writing->directory, &system) == 0
		&& (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
}

void files_denied(int number, const char *user, struct error *err)
{
	if (number == EPERM && geteuid() == 0)
		error_remedy(err, "it, or its directory, may be immutable: lsattr shows that, and chattr -i "
			"ends it");
	else if (number == EACCES && geteuid() == 0)
		error_remedy(err, "root of this machine is nobody on a share with root_squash: work there as "
			"the user whom it belongs to (become_user), or on its server");
	else if (number == EACCES || number == EPERM)
		error_remedy(err, "run the task as root (become: yes), or give %s the right to write in "
			"that directory", user);
}

static int write_failed(const struct writing *writing, struct error *err)
{
	const char *path = writing->write->path;
	int number = errno;

	if (is_of_kernel(writing)) {
		error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is of the kernel's own files, none of which can "
			"be replaced", path);
		return error_remedy(err, "write to it with a task of shell, or say it in /etc/sysctl.d");
	}
	errno = number;
	error_errno(err, HOST_FILE_UNWRITABLE, "cannot write '%s'", path);
	if (number == ENOSPC || number == EDQUOT)
		error_remedy(err, "make room on that file system; the file is as it was before");
	if (number == EBUSY)
		error_remedy(err, "something is mounted on the file itself, as containers do it: unmount it, "
			"or change the file that is mounted there");
	files_denied(number, writing->machine && writing->machine->user ? writing->machine->user
		: "the user", err);
	return -1;
}

static int random_name(char name[WALK_TEMPORARY_SIZE])
{
	unsigned char bytes[12];
	char hex[2 * sizeof(bytes) + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	sodium_bin2hex(hex, sizeof(hex), bytes, sizeof(bytes));
	snprintf(name, WALK_TEMPORARY_SIZE, ".beoplay-%s", hex);
	return 0;
}

static int look_at_old(struct writing *writing, struct error *err)
{
	if (fstatat(writing->directory, writing->name, &writing->old, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return write_failed(writing, err);
	}
	if (S_ISDIR(writing->old.st_mode))
		return error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is a directory", writing->write->path);
	if (!S_ISREG(writing->old.st_mode) && !S_ISLNK(writing->old.st_mode))
		return error_set(err, HOST_FILE_WRONG_TYPE, "'%s' is not a regular file",
			writing->write->path);
	writing->there = true;
	return 0;
}

static int create(struct writing *writing)
{
	writing->fd = openat(writing->directory, writing->temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return writing->fd;
}

/* What an agent that was killed has left under this name goes. Where somebody holds the name,
 * another one will do. */
static int open_temporary(struct writing *writing, struct error *err)
{
	walk_temporary(writing->name, writing->temporary);
	unlinkat(writing->directory, writing->temporary, 0);
	if (create(writing) >= 0 || (errno == EEXIST && random_name(writing->temporary) == 0
			&& create(writing) >= 0))
		return 0;
	writing->temporary[0] = '\0';
	return write_failed(writing, err);
}

static int put(struct writing *writing, const char *bytes, size_t size, struct error *err)
{
	return whole_put(writing->fd, bytes, size) < 0 ? write_failed(writing, err) : 0;
}

/* One piece of a body behind offset: how many bytes it had, or -1. size: of the whole, -1 as long
 * as it isn't known; the first piece says it, unless it was promised. */
static int64_t put_chunk(struct writing *writing, struct arena *arena, int64_t offset,
	struct digest *hash, int64_t *size, struct error *err)
{
	struct machine *machine = writing->machine;
	struct request request = { .kind = REQUEST_BODY, .digest = writing->write->body,
		.offset = offset };
	struct reply reply = {0};
	const struct bytes *bytes = &reply.bytes, *fetched = fetched_find(machine, writing->write->body);
	bool merged = true;

	if (fetched) {
		reply = (struct reply){ .bytes = *fetched, .size = (int64_t)fetched->size };
	} else {
		request.have = blocks_have(&writing->blocks, arena, offset);
		if (machine->ask(machine->context, arena, &request, &reply, err) < 0)
			return -1;
		if (reply.same.bytes)
			merged = blocks_merge(&writing->blocks, offset, &reply, &reply.bytes) == 0;
	}
	if (*size < 0)
		*size = reply.size;
	if (!merged || !bytes->bytes || reply.size != *size || (int64_t)bytes->size > *size - offset
			|| (bytes->size == 0 && offset < *size))
		return error_set(err, HOST_CONTENT_LOST, "the content received for '%s' is malformed",
			writing->write->path);
	/* A full disk is told before it is filled. */
	if (offset == 0 && *size > (int64_t)bytes->size && posix_fallocate(writing->fd, 0, *size) == ENOSPC)
		return errno = ENOSPC, write_failed(writing, err);
	if (put(writing, bytes->bytes, bytes->size, err) < 0)
		return -1;
	digest_add(hash, bytes->bytes, bytes->size);
	return (int64_t)bytes->size;
}

/* Piece by piece, so that the size of a file doesn't matter. */
static int put_pieces(struct writing *writing, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	struct digest hash;
	int64_t offset = 0;
	int64_t size = writing->write->size > 0 ? (int64_t)writing->write->size : -1;
	int64_t count;

	digest_begin(&hash);
	do {
		struct arena *arena = arena_new();
		count = put_chunk(writing, arena, offset, &hash, &size, err);
		arena_free(arena);
		if (count < 0)
			return -1;
		offset += count;
	} while (offset < size);
	digest_end(&hash, ret_hex);
	return 0;
}

/* From the beginning, and all of it: what was there has changed, or one of its sums was another block's. */
static int put_again(struct writing *writing, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	blocks_close(&writing->blocks);
	if (ftruncate(writing->fd, 0) < 0 || lseek(writing->fd, 0, SEEK_SET) < 0)
		return write_failed(writing, err);
	return put_pieces(writing, ret_hex, err);
}

static int put_body(struct writing *writing, struct error *err)
{
	const struct file_write *write = writing->write;
	char hex[DIGEST_HEX_SIZE];

	if (writing->there)
		blocks_open(&writing->blocks, writing->directory, writing->name, &writing->old,
			(int64_t)write->size);
	if (put_pieces(writing, hex, err) < 0 || (writing->blocks.fd >= 0 && strcmp(hex, write->body) != 0
			&& put_again(writing, hex, err) < 0))
		return -1;
	if (strcmp(hex, writing->write->body) != 0)
		return error_set(err, HOST_CONTENT_LOST, "the content received for '%s' doesn't match its "
			"digest (%.12s… instead of %.12s…)", writing->write->path, hex, writing->write->body);
	return 0;
}

/* Access lists, labels and capabilities stay, as set-id bits do; where that isn't possible they go. */
static void keep_attributes(struct writing *writing)
{
	char *names, *bytes;
	ssize_t size;
	ssize_t length;
	int old = openat(writing->directory, writing->name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (old < 0)
		return;
	bytes = malloc(2 * ATTRIBUTE_SIZE);
	if (!bytes)
		abort();
	names = bytes + ATTRIBUTE_SIZE;
	length = flistxattr(old, names, ATTRIBUTE_SIZE);
	for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
		size = fgetxattr(old, names + at, bytes, ATTRIBUTE_SIZE);
		if (size >= 0)
			fsetxattr(writing->fd, names + at, bytes, (size_t)size, 0);
	}
	free(bytes);
	close(old);
}

static int no_owner(const struct file_write *write, struct error *err)
{
	error_errno(err, HOST_FILE_UNWRITABLE, "cannot give '%s' its owner and group", write->path);
	return error_remedy(err, "run the task as root (become: yes)");
}

/* Who may write a file but not give another one its owner and group writes into it, as cp does. */
static int in_place(struct writing *writing, struct error *err)
{
	struct stat now;

	writing->place = openat(writing->directory, writing->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (writing->place < 0)
		return write_failed(writing, err);
	if (fstat(writing->place, &now) < 0 || now.st_ino != writing->old.st_ino
			|| now.st_dev != writing->old.st_dev)
		return error_set(err, HOST_FILE_CHANGED, "'%s' changed while it was being written",
			writing->write->path);
	return 0;
}

/* What is there is overwritten by what was written beside, which has its place on the disk
 * already. */
static int overwrite(struct writing *writing, struct error *err)
{
	int mode = writing->write->mode;
	char bytes[65536];
	off_t done = 0;
	ssize_t size;
	int from = openat(writing->directory, writing->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0)
		return write_failed(writing, err);
	while ((size = read(from, bytes, sizeof(bytes))) > 0) {
		if (whole_put(writing->place, bytes, (size_t)size) < 0)
			break;
		done += size;
	}
	close(from);
	if (size != 0 || ftruncate(writing->place, done) < 0 || fsync(writing->place) < 0
			|| (mode != HOST_KEEP && (unsigned)mode != (writing->old.st_mode & 07777)
			&& fchmod(writing->place, (mode_t)mode & 07777) < 0))
		return write_failed(writing, err);
	return 0;
}

/* Owner first: changing it takes set-id bits and capabilities away. */
static int set_owner_and_mode(struct writing *writing, struct error *err)
{
	const struct file_write *write = writing->write;
	bool keep = writing->there && S_ISREG(writing->old.st_mode);
	mode_t mode = keep ? writing->old.st_mode & 07777 : 0644;
	uid_t uid = write->uid != HOST_KEEP ? (uid_t)write->uid :
		keep ? writing->old.st_uid : (uid_t)-1;
	gid_t gid = write->gid != HOST_KEEP ? (gid_t)write->gid :
		keep ? writing->old.st_gid : (gid_t)-1;
	struct stat now;

	if (write->mode != HOST_KEEP)
		mode = (mode_t)write->mode & 07777;
	if (fstat(writing->fd, &now) < 0)
		return write_failed(writing, err);
	if (uid == now.st_uid)
		uid = (uid_t)-1;
	if (gid == now.st_gid)
		gid = (gid_t)-1;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(writing->fd, uid, gid) < 0)
		return keep && errno == EPERM && write->uid == HOST_KEEP && write->gid == HOST_KEEP
			? in_place(writing, err) : no_owner(write, err);
	/* A new owner takes capabilities away; a mode changes what an access list says. */
	if (keep)
		keep_attributes(writing);
	if (fchmod(writing->fd, mode) < 0)
		return write_failed(writing, err);
	return 0;
}

static int set_time(struct writing *writing, struct error *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { 0 } };

	if (writing->write->mtime == HOST_KEEP)
		return 0;
	times[1].tv_sec = writing->write->mtime / 1000000000;
	times[1].tv_nsec = (long)(writing->write->mtime % 1000000000);
	return futimens(writing->fd, times) < 0 ? write_failed(writing, err) : 0;
}

/* The command line with every %s replaced; names of temporary files need no quoting, directories
 * do. */
static char *validate_line(const struct writing *writing, struct arena *arena)
{
	const char *path = writing->write->path;
	const char *slash = strrchr(path, '/');
	const char *rest = writing->write->validate;
	struct buffer line = { 0 };
	struct buffer file = { 0 };
	char *result;

	buffer_add(&file, path, (size_t)(slash - path) + 1);
	buffer_add_string(&file, writing->temporary);
	for (const char *hole; (hole = strstr(rest, "%s")); rest = hole + 2) {
		buffer_add(&line, rest, (size_t)(hole - rest));
		quote_shell(&line, file.data);
	}
	buffer_add_string(&line, rest);
	result = arena_bytes(arena, line.data, line.size);
	buffer_free(&line);
	buffer_free(&file);
	return result;
}

static int validate(struct writing *writing, struct arena *arena, struct error *err)
{
	const char *const argv[] = { validate_line(writing, arena), NULL };
	struct command command = {
		.argv = argv,
		.flags = COMMAND_SHELL | COMMAND_ANY_STATUS,
		.most = 4096,
		.timeout = 120,
	};
	struct command_result result;

	if (process_run(writing->machine, arena, &command, &result, err) < 0)
		return -1;
	if (result.status == 0)
		return 0;
	error_set(err, HOST_VALIDATION_FAILED, "the new content of '%s' was refused by '%s' (status "
		"%d): %s%s", writing->write->path, writing->write->validate, result.status, result.errors,
		result.output);
	return error_remedy(err, "the file is as it was before");
}

/* Into another directory or file system: a copy, itself replaced whole. */
static int backup_by_copy(struct writing *writing, struct error *err)
{
	struct arena *arena = arena_new();
	struct file_write copy = {
		.path = writing->write->backup,
		.mode = (int)(writing->old.st_mode & 07777),
		.uid = writing->place >= 0 ? HOST_KEEP : (int64_t)writing->old.st_uid,
		.gid = writing->place >= 0 ? HOST_KEEP : (int64_t)writing->old.st_gid,
		.mtime = HOST_KEEP,
	};
	char *bytes;
	int result = files_read(writing->machine, arena, writing->write->path, 256 << 20, &bytes,
		&copy.size, err);

	if (result == 0) {
		copy.bytes = bytes;
		result = files_write(writing->machine, &copy, err);
	}
	arena_free(arena);
	return result;
}

/* A second name for the old file, which then loses its first: nothing is copied. */
static int keep_backup(struct writing *writing, struct error *err)
{
	char name[WALK_NAME_SIZE];
	char temporary[WALK_TEMPORARY_SIZE];
	int directory;
	int result = walk_to(writing->write->backup, &directory, name, err);

	if (result > 0)
		return error_set(err, HOST_NO_DIRECTORY, "the directory of '%s' does not exist",
			writing->write->backup);
	if (result < 0)
		return -1;
	walk_temporary(name, temporary);
	unlinkat(directory, temporary, 0);
	result = linkat(writing->directory, writing->name, directory, temporary, 0);
	if (result == 0)
		result = renameat(directory, temporary, directory, name);
	close(directory);
	return result < 0 ? backup_by_copy(writing, err) : 0;
}

static int give_name(struct writing *writing, struct error *err)
{
	int directory;

	if (renameat(writing->directory, writing->temporary, writing->directory,
		writing->name) < 0)
		return write_failed(writing, err);
	writing->temporary[0] = '\0';
	directory = openat(writing->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0) {
		fsync(directory);
		close(directory);
	}
	return 0;
}

static int give_name_later(struct writing *writing, struct error *err)
{
	int result = later_add(writing->machine, writing->write->path, writing->directory,
		writing->temporary, writing->name, err);

	if (result == 0)
		writing->temporary[0] = '\0';
	return result;
}

static int put_from(struct writing *writing, struct error *err)
{
	int from = open(writing->write->from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), result = 0;
	char bytes[65536];
	ssize_t size = 0;

	if (from < 0)
		return error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", writing->write->from);
	while (result == 0 && (size = read(from, bytes, sizeof(bytes))) > 0)
		result = put(writing, bytes, (size_t)size, err);
	if (size < 0)
		result = error_errno(err, HOST_FILE_UNREADABLE, "cannot read '%s'", writing->write->from);
	close(from);
	return result;
}

static int fill(struct writing *writing, struct error *err)
{
	const struct file_write *write = writing->write;

	if (write->from)
		return put_from(writing, err);
	if (write->body)
		return put_body(writing, err);
	return put(writing, write->bytes, write->size, err);
}

static int replace(struct writing *writing, struct arena *arena, struct error *err)
{
	const struct file_write *write = writing->write;

	if (look_at_old(writing, err) < 0 || open_temporary(writing, err) < 0 ||
	    fill(writing, err) < 0 || set_owner_and_mode(writing, err) < 0 ||
	    set_time(writing, err) < 0)
		return -1;
	if (write->later && writing->place < 0 && !write->validate && !write->backup)
		return give_name_later(writing, err);
	if (fsync(writing->fd) < 0)
		return write_failed(writing, err);
	if (write->validate && validate(writing, arena, err) < 0)
		return -1;
	if (write->backup && writing->there && S_ISREG(writing->old.st_mode) &&
	    (writing->place >= 0 ? backup_by_copy(writing, err) : keep_backup(writing, err)) < 0)
		return -1;
	return writing->place >= 0 ? overwrite(writing, err) : give_name(writing, err);
}

int files_write(void *machine, const struct file_write *write, struct error *err)
{
	struct writing writing = { .machine = machine, .write = write, .fd = -1, .place = -1,
		.blocks.fd = -1 };
	struct arena *arena;
	int result = walk_to(write->path, &writing.directory, writing.name, err);

	if (result > 0) {
		error_set(err, HOST_NO_DIRECTORY, "the directory of '%s' does not exist", write->path);
		return error_remedy(err, "make it first, with a task of file: state=directory");
	}
	if (result < 0)
		return -1;
	arena = arena_new();
	result = replace(&writing, arena, err);
	if (writing.fd >= 0)
		close(writing.fd);
	if (writing.place >= 0)
		close(writing.place);
	blocks_close(&writing.blocks);
	if (writing.temporary[0])
		unlinkat(writing.directory, writing.temporary, 0);
	close(writing.directory);
	arena_free(arena);
	return result;
}
