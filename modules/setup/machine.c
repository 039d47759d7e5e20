/* machine: facts of processors, memory, mounts, users, the system. */
#include "modules/setup/machine.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MOST = 256 << 10, MOUNTS_MOST = 1000, PROCESSORS_MOST = 4096 };

const char *setup_read(struct host *host, const char *path)
{
	FILE *file;
	struct file_info info;
	struct error ignored = {0};
	char *bytes = arena_alloc(host_arena(host), FILE_MOST + 1);

	/* Those of /proc and /sys say that they are empty. */
	if (host_stat(host, path, &info, &ignored) < 0 || info.kind != FILE_REGULAR)
		return "";
	file = fopen(path, "re");
	bytes[file ? fread(bytes, 1, FILE_MOST, file) : 0] = '\0';
	if (file)
		fclose(file);
	return bytes;
}

/* The first line of a file, without what stands around it. */
static const char *read_line(struct host *host, const char *path)
{
	const char *text = setup_read(host, path);
	size_t size;

	text += strspn(text, " \t");
	size = strcspn(text, "\n");
	while (size > 0 && isspace((unsigned char)text[size - 1]))
		size--;
	return arena_bytes(host_arena(host), text, size < 250 ? size : 250);
}

/* --- Processors */

struct processors {
	unsigned threads, sockets, cores;   /* cores: of one socket */
};

/* "model name	: Intel(R) …" of /proc/cpuinfo; NULL: another line. */
static const char *value_of(struct arena *arena, const char *line, size_t size, const char *name)
{
	size_t length = strlen(name);
	const char *colon;

	if (size <= length || strncmp(line, name, length) != 0)
		return NULL;
	colon = memchr(line, ':', size);
	if (!colon || line + length + strspn(line + length, " \t") != colon)
		return NULL;
	colon += 1 + (colon[1] == ' ');
	return arena_bytes(arena, colon, (size_t)(line + size - colon));
}

/* As Ansible lists them: the number, the vendor and the model of each. */
static struct value *list_processors(struct arena *arena, const char *text,
	struct processors *ret_found)
{
	struct value *list = value_list(arena), *seen = value_map(arena);

	*ret_found = (struct processors){ .cores = 1 };
	while (*text && ret_found->threads < PROCESSORS_MOST) {
		size_t size = strcspn(text, "\n");
		const char *number = value_of(arena, text, size, "processor");
		const char *vendor = value_of(arena, text, size, "vendor_id");
		const char *model = value_of(arena, text, size, "model name");
		const char *socket = value_of(arena, text, size, "physical id");
		const char *cores = value_of(arena, text, size, "cpu cores");

		ret_found->threads += number != NULL;
		if (socket)
			value_set_bool(arena, seen, socket, true);
		if (cores && atoi(cores) > 0)
			ret_found->cores = (unsigned)atoi(cores);
		if (number || vendor || model)
			value_append(arena, list, value_string(arena, number ? number : vendor ? vendor
				: model));
		text += size + (text[size] == '\n');
	}
	ret_found->sockets = seen->count > 0 ? (unsigned)seen->count : ret_found->threads;
	return list;
}

void setup_add_processors(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	struct processors found;
	struct value *list = list_processors(arena, setup_read(host, "/proc/cpuinfo"), &found);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned sockets = found.sockets > 0 ? found.sockets : 1;
	unsigned threads = found.threads / (sockets * found.cores);

	value_set(arena, facts, "processor", list);
	value_set_integer(arena, facts, "processor_count", sockets);
	value_set_integer(arena, facts, "processor_cores", found.cores);
	value_set_integer(arena, facts, "processor_threads_per_core", threads > 0 ? threads : 1);
	value_set_integer(arena, facts, "processor_vcpus", online);
	value_set_integer(arena, facts, "processor_nproc", online);
}

/* --- Memory and mounts */

void setup_add_memory(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	struct value *all = value_map(arena), *real = value_map(arena), *swap = value_map(arena);
	struct sysinfo memory;
	int64_t unit, total, unused;

	if (sysinfo(&memory) < 0)
		return;
	unit = memory.mem_unit;
	total = (int64_t)memory.totalram * unit >> 20;
	unused = (int64_t)memory.freeram * unit >> 20;
	value_set_integer(arena, facts, "memtotal_mb", total);
	value_set_integer(arena, facts, "memfree_mb", unused);
	value_set_integer(arena, facts, "swaptotal_mb", (int64_t)memory.totalswap * unit >> 20);
	value_set_integer(arena, facts, "swapfree_mb", (int64_t)memory.freeswap * unit >> 20);
	value_set_integer(arena, facts, "uptime_seconds", memory.uptime);
	value_set_integer(arena, real, "total", total);
	value_set_integer(arena, real, "free", unused);
	value_set_integer(arena, real, "used", total - unused);
	value_set_integer(arena, swap, "total", (int64_t)memory.totalswap * unit >> 20);
	value_set_integer(arena, swap, "free", (int64_t)memory.freeswap * unit >> 20);
	value_set(arena, all, "real", real);
	value_set(arena, all, "swap", swap);
	value_set(arena, facts, "memory_mb", all);
}

/* The size is asked only where no server could hold the answer back. */
static bool is_local(const char *device, const char *type)
{
	return (strncmp(device, "/dev/", 5) == 0 && strncmp(type, "fuse", 4) != 0)
		|| strcmp(type, "overlay") == 0;
}

static void add_sizes(struct arena *arena, const char *path, struct value *mount)
{
	struct statvfs system;

	if (statvfs(path, &system) < 0)
		return;
	value_set_integer(arena, mount, "size_total",
		(int64_t)system.f_blocks * (int64_t)system.f_frsize);
	value_set_integer(arena, mount, "size_available",
		(int64_t)system.f_bavail * (int64_t)system.f_frsize);
}

void setup_add_mounts(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	struct value *list = value_list(arena);
	const char *text = setup_read(host, "/proc/self/mounts");
	char device[256], path[256], type[64], options[256];

	while (*text && list->count < MOUNTS_MOST) {
		struct value *mount = value_map(arena);

		if (sscanf(text, "%255s %255s %63s %255s", device, path, type, options) == 4
				&& (device[0] == '/' || strchr(device, ':') || strcmp(type, "tmpfs") == 0
				|| strcmp(path, "/") == 0)) {
			value_set_string(arena, mount, "mount", path);
			value_set_string(arena, mount, "device", device);
			value_set_string(arena, mount, "fstype", type);
			value_set_string(arena, mount, "options", options);
			if (is_local(device, type))
				add_sizes(arena, path, mount);
			value_append(arena, list, mount);
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	value_set(arena, facts, "mounts", list);
}

/* --- Who works there */

static void add_environment(struct arena *arena, const struct user_info *user,
	struct value *facts)
{
	static const char *const names[] = { "LANG", "PATH", "SSH_CLIENT", "SSH_CONNECTION", "SUDO_USER",
		NULL };
	struct value *environment = value_map(arena);

	for (size_t i = 0; names[i]; i++) {
		if (getenv(names[i]))
			value_set_string(arena, environment, names[i], getenv(names[i]));
	}
	if (user->exists) {
		value_set_string(arena, environment, "HOME", user->home);
		value_set_string(arena, environment, "LOGNAME", user->name);
		value_set_string(arena, environment, "SHELL", user->shell);
		value_set_string(arena, environment, "USER", user->name);
	}
	value_set(arena, facts, "env", environment);
}

void setup_add_user(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	uid_t uid = host_uid(host);
	struct user_info user = {0};
	struct error ignored = {0};

	if (host_user_by_id(host, uid, &user, &ignored) < 0)
		user.exists = false;
	value_set(arena, facts, "user_id", user.exists ? value_string(arena, user.name)
		: value_printf(arena, "%u", uid));
	value_set_integer(arena, facts, "user_uid", uid);
	value_set_integer(arena, facts, "real_user_id", uid);
	value_set_integer(arena, facts, "effective_user_id", uid);
	value_set_integer(arena, facts, "user_gid", user.exists ? user.gid : getgid());
	value_set_integer(arena, facts, "real_group_id", user.exists ? user.gid : getgid());
	value_set_integer(arena, facts, "effective_group_id", user.exists ? user.gid : getgid());
	if (user.exists) {
		value_set_string(arena, facts, "user_dir", user.home);
		value_set_string(arena, facts, "user_shell", user.shell);
		value_set_string(arena, facts, "user_gecos", user.comment);
	}
	add_environment(arena, &user, facts);
}

/* --- The system */

static const char *service_manager(struct host *host)
{
	struct error ignored = {0};
	struct file_info info;

	if (host_stat(host, "/run/systemd/system", &info, &ignored) == 0
			&& info.kind == FILE_DIRECTORY)
		return "systemd";
	return read_line(host, "/proc/1/comm");
}

static void add_host_key(struct host *host, struct value *facts, const char *type)
{
	struct arena *arena = host_arena(host);
	const char *line = setup_read(host, arena_printf(arena, "/etc/ssh/ssh_host_%s_key.pub", type));
	const char *key = strchr(line, ' ');

	if (key)
		value_set(arena, facts, arena_printf(arena, "ssh_host_key_%s_public", type),
			value_bytes(arena, key + 1, strcspn(key + 1, " \n")));
}

/* "10.0.1.100 head.example.org head": the name that the machine's own stands for. */
static const char *full_name(struct host *host, const char *name)
{
	struct arena *arena = host_arena(host);
	const char *text = setup_read(host, "/etc/hosts");

	while (*text && !strchr(name, '.')) {
		size_t size = strcspn(text, "\n");
		char *line = arena_bytes(arena, text, strcspn(text, "#\n"));
		char *left, *first = NULL;

		if (strtok_r(line, " \t", &left))
			first = strtok_r(NULL, " \t", &left);
		for (char *word = first; word; word = strtok_r(NULL, " \t", &left)) {
			if (strcmp(word, name) == 0)
				return first;
		}
		text += size + (text[size] == '\n');
	}
	return name;
}

void setup_add_system(struct host *host, struct value *facts)
{
	static const char *const hardware[][2] = {
		{ "bios_date", "bios_date" }, { "bios_vendor", "bios_vendor" },
		{ "bios_version", "bios_version" }, { "board_name", "board_name" },
		{ "board_vendor", "board_vendor" }, { "chassis_vendor", "chassis_vendor" },
		{ "product_name", "product_name" }, { "product_serial", "product_serial" },
		{ "product_uuid", "product_uuid" }, { "product_version", "product_version" },
		{ "system_vendor", "sys_vendor" },
	};
	struct arena *arena = host_arena(host);
	struct utsname names;
	const char *full, *dot;

	if (uname(&names) < 0)
		return;
	full = full_name(host, names.nodename);
	dot = strchr(full, '.');
	value_set_string(arena, facts, "fqdn", full);
	value_set_string(arena, facts, "domain", dot ? dot + 1 : "");
	value_set_string(arena, facts, "machine", names.machine);
	value_set_string(arena, facts, "kernel_version", names.version);
	value_set_string(arena, facts, "userspace_bits", sizeof(void *) == 8 ? "64" : "32");
	value_set_string(arena, facts, "userspace_architecture", names.machine);
	value_set_string(arena, facts, "pkg_mgr", "apt");
	value_set_string(arena, facts, "service_mgr", service_manager(host));
	for (size_t i = 0; i < sizeof(hardware) / sizeof(hardware[0]); i++) {
		const char *line = read_line(host, arena_printf(arena, "/sys/class/dmi/id/%s",
			hardware[i][1]));

		value_set_string(arena, facts, hardware[i][0], *line ? line : "NA");
	}
	add_host_key(host, facts, "ecdsa");
	add_host_key(host, facts, "ed25519");
	add_host_key(host, facts, "rsa");
}

void setup_add_time(struct host *host, struct value *facts)
{
	static const char *const names[] = { "date", "day", "epoch", "hour", "iso8601_basic_short",
		"minute", "month", "second", "time", "tz", "tz_offset", "weekday", "weekday_number",
		"weeknumber", "year" };
	struct arena *arena = host_arena(host);
	struct value *parts = value_map(arena);
	time_t now = time(NULL);
	struct tm local, utc;
	char text[256], *left = text;

	if (!localtime_r(&now, &local) || !gmtime_r(&now, &utc))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d|%d|%s|%H|%Y%m%dT%H%M%S|%M|%m|%S|%H:%M:%S|%Z|%z|%A|%w|%W|%Y",
		&local);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *part = strsep(&left, "|");

		value_set_string(arena, parts, names[i], part ? part : "");
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	value_set_string(arena, parts, "iso8601", text);
	value_set(arena, facts, "date_time", parts);
}
