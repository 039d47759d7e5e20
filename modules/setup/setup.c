/* setup: facts of the machine, read when an expression needs one. */
#include "module/module.h"
#include "modules/setup/machine.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { NAME_MOST = 256, LINE_MOST = 4096, ADDRESSES_MOST = 1024, PROCESSORS_MOST = 3 * 4096 };

#define TEXT(name) { name, SHAPE_TEXT, 0, NAME_MOST, NULL, NULL }
#define LONG_TEXT(name) { name, SHAPE_TEXT, 0, LINE_MOST, NULL, NULL }
#define SIGNED(name) { name, SHAPE_INTEGER, SHAPE_SIGNED, 0, NULL, NULL }
#define NUMBER(name) { name, SHAPE_INTEGER, 0, 0, NULL, NULL }
#define END { NULL, SHAPE_END, 0, 0, NULL, NULL }

static const struct shape one_address[] = { TEXT(NULL) };
static const struct shape one_name[] = { TEXT(NULL) };
static const struct shape default_route[] = {
	TEXT("address"), TEXT("broadcast"), TEXT("gateway"), TEXT("interface"), TEXT("macaddress"),
	NUMBER("mtu"), TEXT("netmask"), TEXT("network"), TEXT("prefix"),
	END,
};
static const struct shape default_route6[] = {
	TEXT("address"), TEXT("interface"), TEXT("prefix"),
	END,
};
static const struct shape date_time[] = {
	TEXT("date"), TEXT("day"), TEXT("epoch"), TEXT("hour"), TEXT("iso8601"),
	TEXT("iso8601_basic_short"), TEXT("minute"), TEXT("month"), TEXT("second"), TEXT("time"),
	TEXT("tz"), TEXT("tz_offset"), TEXT("weekday"), TEXT("weekday_number"), TEXT("weeknumber"),
	TEXT("year"),
	END,
};
static const struct shape environment[] = {
	LONG_TEXT("HOME"), LONG_TEXT("LANG"), LONG_TEXT("LOGNAME"), LONG_TEXT("PATH"),
	LONG_TEXT("SHELL"), LONG_TEXT("SSH_CLIENT"), LONG_TEXT("SSH_CONNECTION"),
	LONG_TEXT("SUDO_USER"), LONG_TEXT("USER"),
	END,
};
static const struct shape memory_real[] = {
	NUMBER("free"), NUMBER("total"), SIGNED("used"),
	END,
};
static const struct shape memory_swap[] = { NUMBER("free"), NUMBER("total"), END };
static const struct shape memory[] = {
	{ "real", SHAPE_MAP, 0, 0, memory_real, NULL }, { "swap", SHAPE_MAP, 0, 0, memory_swap, NULL },
	END,
};
static const struct shape mount_keys[] = {
	TEXT("device"), TEXT("fstype"), TEXT("mount"), TEXT("options"), NUMBER("size_available"),
	NUMBER("size_total"),
	END,
};
static const struct shape one_mount[] = { { NULL, SHAPE_MAP, 0, 0, mount_keys, NULL } };
static const struct shape dns[] = {
	{ "nameservers", SHAPE_LIST, 0, ADDRESSES_MOST, one_address, NULL },
	{ "search", SHAPE_LIST, 0, ADDRESSES_MOST, one_name, NULL },
	END,
};

static const struct shape setup_facts[] = {
	{ "all_ipv4_addresses", SHAPE_LIST, 0, ADDRESSES_MOST, one_address, NULL },
	{ "all_ipv6_addresses", SHAPE_LIST, 0, ADDRESSES_MOST, one_address, NULL },
	TEXT("architecture"), TEXT("bios_date"), TEXT("bios_vendor"), TEXT("bios_version"),
	TEXT("board_name"), TEXT("board_vendor"), TEXT("chassis_vendor"),
	{ "date_time", SHAPE_MAP, 0, 0, date_time, NULL },
	{ "default_ipv4", SHAPE_MAP, 0, 0, default_route, NULL },
	{ "default_ipv6", SHAPE_MAP, 0, 0, default_route6, NULL },
	TEXT("distribution"), TEXT("distribution_major_version"), TEXT("distribution_release"),
	TEXT("distribution_version"), { "dns", SHAPE_MAP, 0, 0, dns, NULL }, TEXT("domain"),
	NUMBER("effective_group_id"), NUMBER("effective_user_id"),
	{ "env", SHAPE_MAP, 0, 0, environment, NULL }, TEXT("fqdn"), TEXT("hostname"),
	{ "interfaces", SHAPE_LIST, 0, ADDRESSES_MOST, one_name, NULL }, TEXT("kernel"),
	TEXT("kernel_version"), TEXT("machine"), TEXT("machine_id"), NUMBER("memfree_mb"),
	{ "memory_mb", SHAPE_MAP, 0, 0, memory, NULL }, NUMBER("memtotal_mb"),
	{ "mounts", SHAPE_LIST, 0, ADDRESSES_MOST, one_mount, NULL }, TEXT("network_configured_by"),
	TEXT("nodename"),
	TEXT("os_family"), TEXT("pkg_mgr"),
	{ "processor", SHAPE_LIST, 0, PROCESSORS_MOST, one_name, NULL }, NUMBER("processor_cores"),
	NUMBER("processor_count"), NUMBER("processor_nproc"), NUMBER("processor_threads_per_core"),
	NUMBER("processor_vcpus"), TEXT("product_name"), TEXT("product_serial"),
	TEXT("product_uuid"), TEXT("product_version"), NUMBER("real_group_id"),
	NUMBER("real_user_id"), TEXT("service_mgr"), LONG_TEXT("ssh_host_key_ecdsa_public"),
	LONG_TEXT("ssh_host_key_ed25519_public"), LONG_TEXT("ssh_host_key_rsa_public"),
	NUMBER("swapfree_mb"), NUMBER("swaptotal_mb"), TEXT("system"), TEXT("system_vendor"),
	NUMBER("uptime_seconds"), LONG_TEXT("user_dir"), LONG_TEXT("user_gecos"), NUMBER("user_gid"),
	TEXT("user_id"), LONG_TEXT("user_shell"), NUMBER("user_uid"),
	TEXT("userspace_architecture"), TEXT("userspace_bits"),
	END,
};

struct setup_params {
	char *filter;
};

struct setup_state {
	struct value *facts;
};

static const struct param setup_table[] = {
	{ .name = "filter", .kind = PARAM_STRING, .doc = "which facts", .flags = PARAM_NOT_YET,
		.into = INTO_TEXT(struct setup_params, filter) },
	{ .name = "gather_subset", .kind = PARAM_LIST, .doc = "which facts",
		.flags = PARAM_NOT_YET },
	{ 0 },
};

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
	const char *release = setup_read(host, "/usr/lib/os-release");
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

static const char *address_text(struct arena *arena, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
			sizeof(text));
	if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
			sizeof(text));
	return arena_string(arena, text);
}

static unsigned prefix_of(const struct sockaddr *mask)
{
	const struct sockaddr_in *four = (const void *)mask;
	const struct sockaddr_in6 *six = (const void *)mask;
	const unsigned char *bytes = mask->sa_family == AF_INET ? (const void *)&four->sin_addr
		: (const void *)&six->sin6_addr;
	unsigned bits = 0;

	for (size_t i = 0; i < (mask->sa_family == AF_INET ? 4 : 16); i++)
		bits += (unsigned)__builtin_popcount(bytes[i]);
	return bits;
}

static void add_default4(struct host *host, struct value *route, const struct ifaddrs *at,
	const char *gateway)
{
	struct arena *arena = host_arena(host);
	struct sockaddr_in network = *(const struct sockaddr_in *)(const void *)at->ifa_addr;
	const char *folder = arena_printf(arena, "/sys/class/net/%s", at->ifa_name);
	const char *mac = setup_read(host, arena_printf(arena, "%s/address", folder));
	const char *mtu = setup_read(host, arena_printf(arena, "%s/mtu", folder));

	network.sin_addr.s_addr &=
		((const struct sockaddr_in *)(const void *)at->ifa_netmask)->sin_addr.s_addr;
	value_set_string(arena, route, "address", address_text(arena, at->ifa_addr));
	value_set_string(arena, route, "interface", at->ifa_name);
	value_set_string(arena, route, "netmask", address_text(arena, at->ifa_netmask));
	value_set_string(arena, route, "network", address_text(arena, (const void *)&network));
	value_set(arena, route, "prefix", value_printf(arena, "%u", prefix_of(at->ifa_netmask)));
	if (at->ifa_flags & IFF_BROADCAST)
		value_set_string(arena, route, "broadcast", address_text(arena, at->ifa_broadaddr));
	if (*mac)
		value_set(arena, route, "macaddress", value_bytes(arena, mac, strcspn(mac, "\n")));
	if (*mtu)
		value_set_integer(arena, route, "mtu", strtol(mtu, NULL, 10));
	if (gateway)
		value_set_string(arena, route, "gateway", gateway);
}

static void add_default6(struct arena *arena, struct value *route, const struct ifaddrs *at)
{
	const struct sockaddr_in6 *address = (const void *)at->ifa_addr;

	if (route->count > 0 || IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr))
		return;
	value_set_string(arena, route, "address", address_text(arena, at->ifa_addr));
	value_set_string(arena, route, "interface", at->ifa_name);
	value_set(arena, route, "prefix", value_printf(arena, "%u", prefix_of(at->ifa_netmask)));
}

static void add_interface(struct arena *arena, struct value *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(value_text(list->items[i]), name) == 0)
			return;
	}
	value_append(arena, list, value_string(arena, name));
}

static void add_addresses(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	const char *gateway = NULL;
	const char *preferred = default_interface(arena, &gateway);
	struct value *all = value_list(arena), *six = value_list(arena), *names = value_list(arena);
	struct value *route = value_map(arena), *route6 = value_map(arena);
	struct ifaddrs *first = NULL;

	if (getifaddrs(&first) < 0)
		first = NULL;
	for (const struct ifaddrs *at = first; at; at = at->ifa_next) {
		int family = at->ifa_addr ? at->ifa_addr->sa_family : 0;

		add_interface(arena, names, at->ifa_name);
		if ((family != AF_INET && family != AF_INET6) || (at->ifa_flags & IFF_LOOPBACK))
			continue;
		value_append(arena, family == AF_INET ? all : six, value_string(arena,
			address_text(arena, at->ifa_addr)));
		if (family == AF_INET6)
			add_default6(arena, route6, at);
		/* Without a default route: the first that isn't the loopback. */
		else if (route->count == 0 && (!preferred || strcmp(preferred, at->ifa_name) == 0))
			add_default4(host, route, at, gateway);
	}
	freeifaddrs(first);
	value_set(arena, facts, "all_ipv4_addresses", all);
	value_set(arena, facts, "all_ipv6_addresses", six);
	value_set(arena, facts, "default_ipv4", route);
	value_set(arena, facts, "default_ipv6", route6);
	value_set_string(arena, facts, "network_configured_by", setup_network_manager(host,
		value_get_string(route, "interface")));
	value_set(arena, facts, "interfaces", names);
}

/* resolv.conf(5) */
static void add_dns(struct host *host, struct value *facts)
{
	struct arena *arena = host_arena(host);
	struct value *servers = value_list(arena), *search = value_list(arena), *made = value_map(arena);
	char *text = arena_string(arena, setup_read(host, "/etc/resolv.conf")), *lines, *left;

	for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		char *word = strtok_r(line, " \t", &left);
		struct value *list = word && strcmp(word, "nameserver") == 0 ? servers
			: word && strcmp(word, "search") == 0 ? search : NULL;

		while (list && list->count < ADDRESSES_MOST && (word = strtok_r(NULL, " \t", &left)))
			value_append(arena, list, value_string(arena, word));
	}
	value_set(arena, made, "nameservers", servers);
	value_set(arena, made, "search", search);
	value_set(arena, facts, "dns", made);
}

static int setup_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	struct setup_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct value *facts = value_map(arena);
	const char *id = setup_read(host, "/etc/machine-id");
	struct utsname names;

	(void)params;
	if (uname(&names) < 0)
		return error_errno(err, HOST_SYSTEM, "cannot read the machine's name");
	value_set(arena, facts, "hostname", value_bytes(arena, names.nodename,
		strcspn(names.nodename, ".")));
	value_set_string(arena, facts, "nodename", names.nodename);
	value_set_string(arena, facts, "architecture", names.machine);
	value_set_string(arena, facts, "kernel", names.release);
	value_set_string(arena, facts, "system", names.sysname);
	value_set(arena, facts, "machine_id", value_bytes(arena, id, strcspn(id, "\n")));
	add_distribution(host, facts);
	add_addresses(host, facts);
	add_dns(host, facts);
	setup_add_processors(host, facts);
	setup_add_memory(host, facts);
	setup_add_mounts(host, facts);
	setup_add_user(host, facts);
	setup_add_system(host, facts);
	setup_add_time(host, facts);
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
	return error_set(err, BEOPLAY_BUG, "facts are only read");
}

static void setup_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct setup_state *have = state;

	(void)params;
	for (size_t i = 0; i < have->facts->count; i++)
		value_set(arena, results, have->facts->pairs[i].key, value_at(have->facts, i));
}

static const char *const setup_aliases[] = { "gather_facts", NULL };

const struct module module_setup = {
	.name = "setup",
	.summary = "gather facts about the machine",
	.params = setup_table,
	.params_size = sizeof(struct setup_params),
	.state_size = sizeof(struct setup_state),
	.aliases = setup_aliases,
	.facts = setup_facts,
	.flags = MODULE_LOOKS,
	.inspect = setup_inspect,
	.plan = setup_plan,
	.apply = setup_apply,
	.results = setup_results,
};
