/* setup: facts of the machine, read when an expression needs one. */
#include "modules/setup.h"

#include "modules/module.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { FILE_MOST = 64 << 10, NAME_MOST = 256, ADDRESSES_MOST = 1024 };

#define TEXT(name) { name, SHAPE_TEXT, 0, NAME_MOST, NULL, NULL }
#define NUMBER(name) { name, SHAPE_INTEGER, 0, 0, NULL, NULL }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_address[] = { TEXT(NULL) };
static const struct shape default_route[] = {
	TEXT("address"), TEXT("interface"), TEXT("netmask"), TEXT("gateway"),
	END,
};

const struct shape setup_facts[] = {
	{ "all_ipv4_addresses", SHAPE_LIST, 0, ADDRESSES_MOST, one_address, NULL },
	TEXT("architecture"),
	{ "default_ipv4", SHAPE_MAP, 0, 0, default_route, NULL },
	TEXT("distribution"), TEXT("distribution_major_version"), TEXT("distribution_release"),
	TEXT("distribution_version"), TEXT("fqdn"), TEXT("hostname"), TEXT("kernel"),
	TEXT("machine_id"), NUMBER("memtotal_mb"), TEXT("nodename"), TEXT("os_family"),
	NUMBER("processor_vcpus"), TEXT("system"), TEXT("user_id"),
	END,
};

struct setup_params {
	char *filter;
};

struct setup_state {
	struct value *facts;
};

static const struct param setup_table[] = {
	{ .name = "filter", .kind = PARAM_STRING, .doc = "which facts", .flags = PARAM_NOT_YET },
	{ .name = "gather_subset", .kind = PARAM_LIST, .doc = "which facts",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

static const cyaml_schema_field_t setup_fields[] = {
	CYAML_FIELD_STRING_PTR("filter", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
		struct setup_params, filter, 0, CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static const char *read_text(struct host *host, const char *path)
{
	struct error ignored = {0};
	struct file_info info;
	char *bytes;
	size_t size;

	if (host_stat(host, path, &info, &ignored) < 0 || info.kind != FILE_REGULAR
			|| host_read(host, path, FILE_MOST, &bytes, &size, &ignored) < 0)
		return "";
	return bytes;
}

/* os-release(5): NAME=value, the value perhaps in quotes. */
static const char *release_value(struct arena *arena, const char *text, const char *name)
{
	size_t size = strlen(name);

	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length > size && strncmp(text, name, size) == 0 && text[size] == '=') {
			const char *value = text + size + 1;
			size_t left = length - size - 1;

			if (left >= 2 && (*value == '"' || *value == '\'') && value[left - 1] == *value)
				return arena_bytes(arena, value + 1, left - 2);
			return arena_bytes(arena, value, left);
		}
		text += length + (text[length] == '\n');
	}
	return "";
}

static void add_distribution(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	const char *release = read_text(host, "/usr/lib/os-release");
	const char *id = release_value(arena, release, "ID");
	const char *version = release_value(arena, release, "VERSION_ID");
	char *name = arena_string(arena, id);

	if (*name >= 'a' && *name <= 'z')
		*name = (char)(*name - 'a' + 'A');
	value_set_string(arena, facts, "distribution", name);
	value_set_string(arena, facts, "distribution_version", version);
	value_set_string(arena, facts, "distribution_major_version", arena_bytes(arena, version,
		strcspn(version, ".")));
	value_set_string(arena, facts, "distribution_release", release_value(arena, release,
		"VERSION_CODENAME"));
	value_set_string(arena, facts, "os_family", strcmp(id, "debian") == 0
		|| strstr(release_value(arena, release, "ID_LIKE"), "debian") ? "Debian" : name);
}

/* The interface of the default route, as /proc/net/route says: destination and mask 0. */
static const char *default_interface(struct arena *arena, const char **ret_gateway)
{
	FILE *file = fopen("/proc/net/route", "re");
	const char *found = NULL;
	char line[512], name[IF_NAMESIZE];
	unsigned destination, gateway;

	while (file && !found && fgets(line, sizeof(line), file)) {
		struct in_addr address;
		char text[INET_ADDRSTRLEN];

		if (sscanf(line, "%15s %x %x", name, &destination, &gateway) != 3 || destination != 0)
			continue;
		address.s_addr = gateway;
		found = arena_string(arena, name);
		*ret_gateway = arena_string(arena, inet_ntop(AF_INET, &address, text, sizeof(text)));
	}
	if (file)
		fclose(file);
	return found;
}

static void add_addresses(struct arena *arena, struct value *facts)
{
	const char *gateway = NULL;
	const char *preferred = default_interface(arena, &gateway);
	struct value *all = value_list(arena), *chosen = value_map(arena);
	struct ifaddrs *first = NULL;

	if (getifaddrs(&first) < 0)
		first = NULL;
	for (const struct ifaddrs *at = first; at; at = at->ifa_next) {
		char text[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN];
		bool is_default;

		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || (at->ifa_flags & IFF_LOOPBACK))
			continue;
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr,
			text, sizeof(text));
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at->ifa_netmask)->sin_addr,
			mask, sizeof(mask));
		value_append(arena, all, value_string(arena, text));
		is_default = preferred && strcmp(preferred, at->ifa_name) == 0;
		/* Without a default route: the first that isn't the loopback. */
		if ((preferred && !is_default) || chosen->count > 0)
			continue;
		value_set_string(arena, chosen, "address", text);
		value_set_string(arena, chosen, "interface", at->ifa_name);
		value_set_string(arena, chosen, "netmask", mask);
		if (gateway)
			value_set_string(arena, chosen, "gateway", gateway);
	}
	freeifaddrs(first);
	value_set(arena, facts, "all_ipv4_addresses", all);
	value_set(arena, facts, "default_ipv4", chosen);
}

static int setup_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	struct setup_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct value *facts = value_map(arena);
	const char *id = read_text(host, "/etc/machine-id");
	struct utsname names;
	struct sysinfo memory;

	(void)params;
	if (uname(&names) < 0)
		return error_errno(err, ERROR_TASK, "cannot read the machine's name");
	value_set(arena, facts, "hostname", value_bytes(arena, names.nodename,
		strcspn(names.nodename, ".")));
	value_set_string(arena, facts, "nodename", names.nodename);
	value_set_string(arena, facts, "fqdn", names.nodename);
	value_set_string(arena, facts, "architecture", names.machine);
	value_set_string(arena, facts, "kernel", names.release);
	value_set_string(arena, facts, "system", names.sysname);
	value_set_integer(arena, facts, "processor_vcpus", sysconf(_SC_NPROCESSORS_ONLN));
	if (sysinfo(&memory) == 0)
		value_set_integer(arena, facts, "memtotal_mb",
			(int64_t)(memory.totalram * memory.mem_unit >> 20));
	value_set(arena, facts, "machine_id", value_bytes(arena, id, strcspn(id, "\n")));
	value_set(arena, facts, "user_id", value_printf(arena, "%u", host_uid(host)));
	add_distribution(host, facts);
	add_addresses(arena, facts);
	have->facts = facts;
	return 0;
}

static void setup_plan(struct plan *plan, const void *params, const void *state)
{
	(void)plan;
	(void)params;
	(void)state;
}

static int setup_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)host;
	(void)params;
	(void)state;
	(void)change;
	(void)results;
	return error_set(err, ERROR_BUG, "facts are only read");
}

static void setup_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct setup_state *have = state;

	(void)params;
	for (size_t i = 0; i < have->facts->count; i++)
		value_set(arena, results, have->facts->pairs[i].key, have->facts->pairs[i].value);
}

static const char *const setup_aliases[] = { "gather_facts", NULL };

const struct module module_setup = {
	.name = "setup",
	.summary = "facts of the machine",
	.params = setup_table,
	.fields = setup_fields,
	.params_size = sizeof(struct setup_params),
	.state_size = sizeof(struct setup_state),
	.aliases = setup_aliases,
	.inspect = setup_inspect,
	.plan = setup_plan,
	.apply = setup_apply,
	.results = setup_results,
};
