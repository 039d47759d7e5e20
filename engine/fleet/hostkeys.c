/* hostkeys: what the user's known_hosts files say beyond what libssh reads of them. */
#include "fleet/hostkeys.h"

#include "base/buffer.h"
#include "base/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool hostkeys_revoked(const char *path, const char *key, unsigned *ret_line)
{
	const char *base64 = strchr(key, ' ');
	FILE *file = fopen(path, "re");
	bool revoked = false;
	char *line = NULL;
	size_t capacity = 0;

	*ret_line = 0;
	while (file && base64 && !revoked && getline(&line, &capacity, file) > 0) {
		const char *found;
		size_t size = strlen(base64 + 1);

		(*ret_line)++;
		if (strncmp(line, "@revoked", 8) != 0 || (line[8] != ' ' && line[8] != '\t'))
			continue;
		found = strstr(line, base64 + 1);
		revoked = found && strchr(" \t\r\n", found[size]);
	}
	free(line);
	if (file)
		fclose(file);
	return revoked;
}

/* Locked, and still the file of that name. */
static int open_locked(const char *path, struct error *err)
{
	for (;;) {
		struct stat mine, named;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &mine) < 0) {
			error_errno(err, ERROR_UNREACHABLE, "cannot write '%s'", path);
			if (fd >= 0)
				close(fd);
			return -1;
		}
		if (stat(path, &named) == 0 && named.st_ino == mine.st_ino
				&& named.st_dev == mine.st_dev)
			return fd;
		close(fd);
	}
}

static int read_all(int fd, struct buffer *bytes)
{
	for (;;) {
		ssize_t got = read(fd, buffer_reserve(bytes, 65536), 65536);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		bytes->size += (size_t)got;
	}
}

int hostkeys_add(const char *path, const char *address, unsigned port, const char *key,
	struct error *err)
{
	struct buffer bytes = {0};
	char directory[PATH_MAX];
	struct stat info = { .st_mode = 0600 };
	char *slash;
	int fd, result;

	snprintf(directory, sizeof(directory), "%s", path);
	slash = strrchr(directory, '/');
	if (slash && slash != directory) {
		*slash = '\0';
		mkdir(directory, 0700);
	}
	fd = open_locked(path, err);
	if (fd < 0)
		return -1;
	fstat(fd, &info);
	result = read_all(fd, &bytes);
	if (bytes.size > 0 && bytes.data[bytes.size - 1] != '\n')
		buffer_add_char(&bytes, '\n');
	if (port == 22)
		buffer_printf(&bytes, "%s %s\n", address, key);
	else
		buffer_printf(&bytes, "[%s]:%u %s\n", address, port, key);
	if (result == 0)
		result = whole_replace(path, bytes.data, bytes.size, info.st_mode & 07777, true);
	if (result < 0)
		error_errno(err, ERROR_UNREACHABLE, "cannot write '%s'", path);
	buffer_free(&bytes);
	close(fd);
	return result;
}
