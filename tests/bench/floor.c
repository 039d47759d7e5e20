/* floor: runs `true` on many hosts at once over libssh, and nothing else: what no tool that works
 * over SSH can be faster than. It uses the program's own SSH sessions (fleet/ssh.h), one loop.
 *
 *     floor KNOWN_HOSTS KEY ADDRESS…        prints the milliseconds until the last has ended */
#include "fleet/dial.h"
#include "fleet/ssh.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { HOSTS_MOST = 1000 };

struct host {
	struct dial dial;
	struct ssh *ssh;
	int fd;
	enum { DIALING, STEPPING, READING, DONE } phase;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void complain(const struct error *err)
{
	fprintf(stderr, "floor: %s\n", err->message);
	exit(1);
}

static void step(struct host *host)
{
	struct error err = {0};
	char bytes[4096];
	int result;

	if (host->phase == DIALING) {
		result = dial_step(&host->dial, &err);
		host->fd = host->dial.fd;
		if (result < 0)
			complain(&err);
		if (result == 0)
			return;
		host->dial.fd = -1;
		if (ssh_take_socket(host->ssh, host->fd, &err) < 0)
			complain(&err);
		host->phase = STEPPING;
	}
	if (host->phase == STEPPING) {
		result = ssh_step(host->ssh, "true", &err);
		if (result < 0)
			complain(&err);
		if (result == 0)
			return;
		host->phase = READING;
	}
	while (host->phase == READING) {
		ssize_t got = ssh_take(host->ssh, false, bytes, sizeof(bytes));

		if (got == 0)
			return;
		if (got < 0)
			host->phase = DONE;
	}
}

int main(int argc, char **argv)
{
	static struct host hosts[HOSTS_MOST];
	static struct pollfd ready[HOSTS_MOST];
	struct arena *arena = arena_new();
	struct ssh_keys *keys = ssh_keys_new();
	int count = argc - 3, open = count;
	double start = now();

	if (count < 1 || count > HOSTS_MOST) {
		fputs("usage: floor KNOWN_HOSTS KEY ADDRESS...\n", stderr);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		struct ssh_settings settings = { .address = argv[i + 3], .user = "root",
			.known_hosts = argv[1], .private_key = argv[2] };
		struct error err = {0};

		hosts[i].ssh = ssh_new_session(arena, keys, &settings, &err);
		if (!hosts[i].ssh || dial_start(&hosts[i].dial, argv[i + 3], 22, &err) < 0)
			complain(&err);
		step(&hosts[i]);
	}
	while (open > 0) {
		open = 0;
		for (int i = 0; i < count; i++) {
			bool writes = hosts[i].phase == DIALING || ssh_wants_write(hosts[i].ssh);

			ready[i] = (struct pollfd){ .fd = hosts[i].phase == DONE ? -1 : hosts[i].fd,
				.events = (short)(POLLIN | (writes ? POLLOUT : 0)) };
			open += hosts[i].phase != DONE;
		}
		if (open > 0 && poll(ready, (nfds_t)count, 10000) <= 0)
			return 1;
		for (int i = 0; i < count; i++) {
			if (hosts[i].phase != DONE && ready[i].revents)
				step(&hosts[i]);
		}
	}
	printf("%.1f\n", now() - start);
	return 0;
}
