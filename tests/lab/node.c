/*
 * node: starts blank nodes, all at once, in the lab it is called in, and waits until each one's
 * sshd listens.
 *
 *	node IMAGE NAME…
 *
 * A node is an overlay over IMAGE/root and net, mount, pid, uts and ipc namespaces of its own. Its
 * process 1 is a copy of this program, which outlives the first: process 1 of the lab inherits it.
 * The bridge is in the net namespace of process 1 of the lab.
 *
 * In the directory LAB:
 *	addresses            a line "NAME ADDRESS" a node; also the lock while nodes are added
 *	nodes/NAME/pid       the node's process 1
 *	nodes/NAME/port      its interface at the bridge
 *	nodes/NAME/upper     what differs from the image
 *	nodes/NAME/log       what its sshd says
 *	known_hosts          the nodes' keys as they were at the start
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS_TO_START = 60, ADDRESS_FIRST = 100, ADDRESS_LAST = 254 };

struct node {
	const char *name;
	char *directory; /* LAB/nodes/NAME */
	struct in_addr address;
	unsigned index;
	pid_t pid;
	/* Both ways between the node and the starter: a byte is "done, go on", an end is failure. */
	int to_node, from_node;
};

static struct { char *first; const char *end; } command_line;

static void die(const char *what)
{
	fprintf(stderr, "node: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *format(const char *template, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, template);
	if (vasprintf(&text, template, arguments) < 0)
		die("vasprintf");
	va_end(arguments);
	return text;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) < 0)
		die(path);
}

static char *read_line(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	char *line = NULL;

	if (!file || getline(&line, &size, file) < 0)
		die(path);
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static void make_directory(const char *path, mode_t mode)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		die(path);
}

static void mount_or_die(const char *source, const char *target, const char *type,
			 unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options) < 0)
		die(target);
}

/* A bind mount takes its flags only when it is mounted once more. */
static void bind_read_only(const char *source, const char *target)
{
	mount_or_die(source, target, NULL, MS_BIND, NULL);
	mount_or_die(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

/* ---- in the node ---- */

static void make_device(const char *path, unsigned minor_number)
{
	unsigned major_number = strcmp(path, "dev/tty") == 0 ? 5 : 1;

	if (mknod(path, S_IFCHR | 0666, makedev(major_number, minor_number)) < 0)
		die(path);
}

static void link_or_die(const char *target, const char *path)
{
	if (symlink(target, path) < 0)
		die(path);
}

static void mount_dev(void)
{
	mount_or_die("dev", "dev", "tmpfs", MS_NOSUID, "mode=755");
	umask(0);
	make_device("dev/null", 3);
	make_device("dev/zero", 5);
	make_device("dev/full", 7);
	make_device("dev/random", 8);
	make_device("dev/urandom", 9);
	make_device("dev/tty", 0);
	make_directory("dev/pts", 0755);
	make_directory("dev/shm", 01777);
	umask(022);
	mount_or_die("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		     "newinstance,ptmxmode=666,mode=620,gid=5");
	mount_or_die("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	link_or_die("pts/ptmx", "dev/ptmx");
	link_or_die("/proc/self/fd", "dev/fd");
	link_or_die("/proc/self/fd/0", "dev/stdin");
	link_or_die("/proc/self/fd/1", "dev/stdout");
	link_or_die("/proc/self/fd/2", "dev/stderr");
}

/* What /proc/sys holds is the host's, except for the network's part: a node must not set it. */
static void mount_proc(void)
{
	mount_or_die("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_die("proc/sys/net", "dev/shm", NULL, MS_BIND, NULL);
	bind_read_only("proc/sys", "proc/sys");
	mount_or_die("dev/shm", "proc/sys/net", NULL, MS_MOVE, NULL);
	if (access("proc/sysrq-trigger", F_OK) == 0)
		mount_or_die("dev/null", "proc/sysrq-trigger", NULL, MS_BIND, NULL);
}

static void mount_all(const struct node *node, const char *image)
{
	mount_or_die("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (chdir(node->directory) < 0)
		die(node->directory);
	mount_or_die("overlay", "root", "overlay", 0,
		     format("lowerdir=%s/root,upperdir=upper,workdir=work", image));
	if (chdir("root") < 0)
		die("root");
	mount_dev();
	mount_proc();
	mount_or_die("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	mount_or_die("run", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount_or_die("tmp", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	bind_read_only(format("%s/packages", image), "srv/apt");

	/* The old root is put over the new one and taken off again: no directory is needed for it. */
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("pivot_root");
	make_directory("/run/lock", 01777);
	make_directory("/run/network", 0755);
	make_directory("/run/sshd", 0755);
}

static pid_t start_program(char *const *command)
{
	static char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	execve(command[0], command, environment);
	die(command[0]);
	return -1;
}

static void make_identity(void)
{
	static char *const keygen[] = { "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
					"root@debian", "-f", "/etc/ssh/ssh_host_ed25519_key", NULL };
	pid_t pid = start_program(keygen);
	char *uuid = read_line("/proc/sys/kernel/random/uuid"), *end = uuid;
	int status;

	for (const char *at = uuid; *at; at++)
		if (*at != '-')
			*end++ = *at;
	*end++ = '\n';
	*end = '\0';
	write_file("/etc/machine-id", uuid);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		die("ssh-keygen");
}

static void set_interface_up(int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_RUNNING };

	strcpy(request.ifr_name, name);
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		die(name);
}

static void set_address(int fd, struct in_addr address)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_in value = { .sin_family = AF_INET, .sin_addr = address };

	memcpy(&request.ifr_addr, &value, sizeof(value));
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		die("cannot set the address");
	value.sin_addr.s_addr = htonl(0xffff0000);
	memcpy(&request.ifr_netmask, &value, sizeof(value));
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		die("cannot set the netmask");
}

static void configure_network(struct in_addr address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	set_interface_up(fd, "lo");
	set_address(fd, address);
	set_interface_up(fd, "eth0");
	close(fd);
}

static bool ssh_listens(void)
{
	FILE *file = fopen("/proc/self/net/tcp", "re");
	unsigned port, state;
	bool found = false;
	char line[256];

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d: %*x:%x %*x:%*x %x", &port, &state) == 2 && port == 22 &&
			state == 0x0a;
	if (file)
		fclose(file);
	return found;
}

static void tell(int fd)
{
	if (write(fd, "", 1) != 1)
		exit(1);
}

static bool told(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

/* Capabilities that reach the host's kernel, whatever namespace one is in. */
static void drop_capabilities(void)
{
	static const unsigned long dropped[] = { CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_RAWIO };

	for (size_t i = 0; i < sizeof(dropped) / sizeof(*dropped); i++)
		if (prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0) < 0)
			die("cannot drop capabilities");
}

static void detach_from_caller(const struct node *node)
{
	int log = open(format("%s/log", node->directory), O_WRONLY | O_CREAT | O_APPEND, 0644);
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	if (log < 0 || null < 0)
		die(node->directory);
	setsid();
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < SIGRTMIN; number++)
		signal(number, SIG_DFL);
	umask(022);
}

/* `ps` in a node must not tell of the lab. The names are used no more when this is called. */
static void set_title(void)
{
	memset(command_line.first, 0, (size_t)(command_line.end - command_line.first));
	strcpy(command_line.first, "init");
	prctl(PR_SET_NAME, "init");
}

/* Moved to 3 and 4, so that everything the caller had open can be closed. */
static void keep_two_files(int *first, int *second)
{
	int a = fcntl(*first, F_DUPFD, 10), b = fcntl(*second, F_DUPFD, 10);

	dup2(a, 3);
	dup2(b, 4);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	fcntl(4, F_SETFD, FD_CLOEXEC);
	*first = 3;
	*second = 4;
	if (close_range(5, ~0U, 0) < 0)
		die("close_range");
}

static void node_main(const struct node *node, const char *image, int from_starter, int to_starter)
{
	static char *const sshd[] = { "/usr/sbin/sshd", "-D", "-e", NULL };
	const struct timespec pause_time = { .tv_nsec = 3000000 };

	detach_from_caller(node);
	keep_two_files(&from_starter, &to_starter);
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		die("unshare");
	/* Else an address is "tentative" for a while, and two snapshots differ. */
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	if (sethostname("debian", 6) < 0)
		die("sethostname");
	tell(to_starter);

	drop_capabilities();
	mount_all(node, image);
	make_identity();
	start_program(sshd);
	if (!told(from_starter))
		exit(1);
	configure_network(node->address);
	while (!ssh_listens())
		nanosleep(&pause_time, NULL);
	set_title();
	tell(to_starter);
	close(from_starter);
	close(to_starter);

	for (;;)
		if (wait(NULL) < 0)
			nanosleep(&pause_time, NULL);
}

/* ---- the starter ---- */

/* .0 and .255 are left out: legal here, but programs stumble over them. */
static struct in_addr address_of(unsigned index)
{
	unsigned third = 1, fourth = ADDRESS_FIRST + index;

	if (fourth > ADDRESS_LAST) {
		index = fourth - ADDRESS_LAST - 1;
		third = 2 + index / ADDRESS_LAST;
		fourth = 1 + index % ADDRESS_LAST;
	}
	return (struct in_addr){ .s_addr = htonl(10U << 24 | third << 8 | fourth) };
}

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)*name) || strlen(name) > 63)
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0';
}

static void node_prepare(struct node *node, const char *lab, const char *name, unsigned index)
{
	*node = (struct node){ .name = name, .index = index, .address = address_of(index) };
	node->directory = format("%s/nodes/%s", lab, name);
	if (!is_name(name)) {
		fprintf(stderr, "node: '%s' is not a name: a-z, 0-9, '.' and '-'\n", name);
		exit(1);
	}
	if (mkdir(node->directory, 0755) < 0)
		die(node->directory);
	make_directory(format("%s/upper", node->directory), 0755);
	make_directory(format("%s/work", node->directory), 0755);
	make_directory(format("%s/root", node->directory), 0755);
}

static void node_start(struct node *node, const char *image)
{
	int to_node[2], from_node[2];

	if (pipe2(to_node, O_CLOEXEC) < 0 || pipe2(from_node, O_CLOEXEC) < 0)
		die("pipe");
	node->pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (node->pid < 0)
		die("clone");
	if (node->pid == 0) {
		node_main(node, image, to_node[0], from_node[1]);
		exit(1);
	}
	close(to_node[0]);
	close(from_node[1]);
	node->to_node = to_node[1];
	node->from_node = from_node[0];
	write_file(format("%s/pid", node->directory), format("%d\n", node->pid));
	write_file(format("%s/port", node->directory), format("port%u\n", node->index));
}

static void node_failed(struct node *node)
{
	char *path = format("%s/log", node->directory), line[512];
	FILE *log = fopen(path, "re");

	fprintf(stderr, "node: %s did not start; %s:\n", node->name, path);
	while (log && fgets(line, sizeof(line), log))
		fputs(line, stderr);
	if (log)
		fclose(log);
	kill(node->pid, SIGKILL);
	node->pid = -1;
}

/* One `ip` for all nodes, in the bridge's namespace. */
static int connect_to_bridge(const struct node *nodes, size_t count)
{
	int input[2], status;
	pid_t pid;
	FILE *batch;

	if (pipe2(input, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		die("ip");
	if (pid == 0) {
		int bridge = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);

		if (bridge < 0 || setns(bridge, CLONE_NEWNET) < 0)
			die("/proc/1/ns/net");
		dup2(input[0], 0);
		execlp("ip", "ip", "-batch", "-", NULL);
		die("ip");
	}
	close(input[0]);
	batch = fdopen(input[1], "w");
	for (size_t i = 0; i < count; i++)
		if (nodes[i].pid > 0)
			fprintf(batch, "link add port%u up master bridge type veth peer name eth0 netns %d\n",
				nodes[i].index, nodes[i].pid);
	fclose(batch);
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

/* Waits for the next byte of every node; those that end instead are given up. */
static void wait_for_all(struct node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pollfd node = { .fd = nodes[i].from_node, .events = POLLIN };

		if (nodes[i].pid < 0)
			continue;
		if (poll(&node, 1, SECONDS_TO_START * 1000) <= 0 || !told(nodes[i].from_node))
			node_failed(&nodes[i]);
	}
}

static void node_record(const struct node *node, const char *lab, FILE *addresses)
{
	const char *address = inet_ntoa(node->address);
	FILE *known_hosts = fopen(format("%s/known_hosts", lab), "ae");
	char *key;

	fprintf(addresses, "%s %s\n", node->name, address);
	if (!known_hosts)
		die("known_hosts");
	if (node->pid < 0)
		return;
	key = read_line(format("%s/upper/etc/ssh/ssh_host_ed25519_key.pub", node->directory));
	*strrchr(key, ' ') = '\0';
	fprintf(known_hosts, "%s,%s %s\n", address, node->name, key);
	fclose(known_hosts);
}

static FILE *open_addresses(const char *lab, unsigned *ret_count)
{
	FILE *file = fopen(format("%s/addresses", lab), "a+e");
	int byte;

	if (!file || flock(fileno(file), LOCK_EX) < 0)
		die("addresses");
	*ret_count = 0;
	rewind(file);
	while ((byte = getc(file)) != EOF)
		*ret_count += byte == '\n';
	return file;
}

int main(int argc, char **argv)
{
	const char *lab = getenv("LAB");
	size_t count = (size_t)argc - 2;
	unsigned before;
	struct node *nodes;
	FILE *addresses;
	bool connected;
	int failed = 0;

	if (!lab || argc < 3) {
		fprintf(stderr, "usage: node IMAGE NAME... (inside a lab)\n");
		return 2;
	}
	command_line.first = argv[0];
	command_line.end = argv[argc - 1] + strlen(argv[argc - 1]);
	nodes = calloc(count, sizeof(*nodes));
	addresses = open_addresses(lab, &before);
	for (unsigned i = 0; i < count; i++)
		node_prepare(&nodes[i], lab, argv[2 + i], before + i);
	for (size_t i = 0; i < count; i++)
		node_start(&nodes[i], argv[1]);

	wait_for_all(nodes, count);
	connected = connect_to_bridge(nodes, count) == 0;
	for (size_t i = 0; i < count; i++) {
		if (connected && nodes[i].pid > 0)
			tell(nodes[i].to_node);
		close(nodes[i].to_node);
	}
	wait_for_all(nodes, count);

	for (size_t i = 0; i < count; i++) {
		node_record(&nodes[i], lab, addresses);
		failed |= nodes[i].pid < 0;
	}
	fclose(addresses);
	return failed;
}
