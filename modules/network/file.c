/* file: what ifupdown, systemd-networkd and NetworkManager want to read of an interface.
 *
 * interfaces(5), systemd.network(5), nm-settings-keyfile(5). */
#include "modules/network/network.h"

#include "base/buffer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

const char *network_backend_name(enum network_backend backend)
{
	static const char *const names[] = { "auto", "ifupdown", "networkd", "networkmanager" };

	return names[backend];
}

const char *network_file_path(struct arena *arena, enum network_backend backend,
	const char *interface)
{
	switch (backend) {
	case NETWORK_NETWORKD:
		return arena_printf(arena, "/etc/systemd/network/00-beoplay-%s.network", interface);
	case NETWORK_MANAGER:
		return arena_printf(arena,
			"/etc/NetworkManager/system-connections/beoplay-%s.nmconnection", interface);
	default:
		return arena_printf(arena, "/etc/network/interfaces.d/beoplay-%s", interface);
	}
}

unsigned network_file_mode(enum network_backend backend)
{
	return backend == NETWORK_MANAGER ? 0600 : 0644;
}

bool network_is_ipv6(const char *address)
{
	return strchr(address, ':') != NULL;
}

const char *network_canonical(struct arena *arena, const char *text)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;
	unsigned long bits;
	int family = network_is_ipv6(text) ? AF_INET6 : AF_INET;
	char *end;

	if (!slash || slash == text || (size_t)(slash - text) >= sizeof(address) ||
	    slash[1] < '0' || slash[1] > '9')
		return NULL;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	bits = strtoul(slash + 1, &end, 10);
	if (*end || bits > (family == AF_INET ? 32 : 128) || inet_pton(family, address, &binary) != 1)
		return NULL;
	inet_ntop(family, &binary, address, sizeof(address));
	return arena_printf(arena, "%s/%lu", address, bits);
}

bool network_has_stanza(const char *text, const char *interface)
{
	size_t size = strlen(interface);

	for (const char *line = text; *line;) {
		const char *at = line + strspn(line, " \t");

		if (strncmp(at, "iface", 5) == 0 && strchr(" \t", at[5]) && at[5]) {
			at += 5 + strspn(at + 5, " \t");
			if (strncmp(at, interface, size) == 0 && strchr(" \t\n", at[size]))
				return true;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

static void join(struct buffer *out, const char *before, char **words, unsigned count,
	const char *between, const char *after)
{
	for (unsigned i = 0; i < count; i++)
		buffer_printf(out, "%s%s", i ? between : before, words[i]);
	if (count > 0)
		buffer_add_string(out, after);
}

static char family_of(const char *address)
{
	return network_is_ipv6(address) ? '6' : '4';
}

/* --- ifupdown */

static void write_stanza(struct buffer *out, const char *interface,
	const struct network_params *want, const char *address, bool first)
{
	buffer_printf(out, "iface %s inet%s static\n\taddress %s\n", interface,
		network_is_ipv6(address) ? "6" : "", address);
	if (want->gateway && family_of(want->gateway) == family_of(address) && first)
		buffer_printf(out, "\tgateway %s\n", want->gateway);
	if (!first)
		return;
	if (want->mtu)
		buffer_printf(out, "\tmtu %d\n", *want->mtu);
	join(out, "\tdns-nameservers ", want->nameservers, want->nameservers_count, " ", "\n");
	join(out, "\tdns-search ", want->search, want->search_count, " ", "\n");
	for (unsigned i = 0; i < want->routes_count; i++)
		buffer_printf(out, "\tup ip route replace %s via %s dev %s\n", want->routes[i].to,
			want->routes[i].via, interface);
}

static void write_ifupdown(struct buffer *out, const char *interface,
	const struct network_params *want)
{
	buffer_printf(out, "auto %s\n", interface);
	if (want->dhcp)
		buffer_printf(out, "iface %s inet dhcp\n", interface);
	for (unsigned i = 0; i < want->addresses_count; i++)
		write_stanza(out, interface, want, want->addresses[i], i == 0 && !want->dhcp);
}

const char *network_stanza_text(struct arena *arena, const char *interface,
	const struct network_params *want)
{
	struct buffer text = { 0 };
	const char *result;

	write_ifupdown(&text, interface, want);
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result + strcspn(result, "\n") + 1;
}

/* --- systemd-networkd */

static void write_networkd(struct buffer *out, const char *interface,
	const struct network_params *want)
{
	if (want->mac)
		buffer_printf(out, "[Match]\nMACAddress=%s\n\n", want->mac);
	else
		buffer_printf(out, "[Match]\nName=%s\n\n", interface);
	if (want->mtu)
		buffer_printf(out, "[Link]\nMTUBytes=%d\n\n", *want->mtu);
	buffer_printf(out, "[Network]\nDHCP=%s\n", want->dhcp ? "yes" : "no");
	for (unsigned i = 0; i < want->addresses_count; i++)
		buffer_printf(out, "Address=%s\n", want->addresses[i]);
	if (want->gateway)
		buffer_printf(out, "Gateway=%s\n", want->gateway);
	for (unsigned i = 0; i < want->nameservers_count; i++)
		buffer_printf(out, "DNS=%s\n", want->nameservers[i]);
	join(out, "Domains=", want->search, want->search_count, " ", "\n");
	for (unsigned i = 0; i < want->routes_count; i++)
		buffer_printf(out, "\n[Route]\nDestination=%s\nGateway=%s\n", want->routes[i].to,
			want->routes[i].via);
}

/* --- NetworkManager */

static void join_family(struct buffer *out, const char *key, char **words, unsigned count,
	char family)
{
	bool any = false;

	for (unsigned i = 0; i < count; i++) {
		if (family_of(words[i]) != family)
			continue;
		buffer_printf(out, "%s%s;", any ? "" : key, words[i]);
		any = true;
	}
	if (any)
		buffer_add_char(out, '\n');
}

static void write_family(struct buffer *out, const struct network_params *want, char family)
{
	unsigned addresses = 0;
	unsigned routes = 0;

	for (unsigned i = 0; i < want->addresses_count; i++)
		addresses += family_of(want->addresses[i]) == family;
	buffer_printf(out, "\n[ipv%c]\nmethod=%s\n", family, want->dhcp || (family == '6' &&
		addresses == 0) ? "auto" : addresses > 0 ? "manual" : "disabled");
	addresses = 0;
	for (unsigned i = 0; i < want->addresses_count; i++) {
		if (family_of(want->addresses[i]) == family)
			buffer_printf(out, "address%u=%s\n", ++addresses, want->addresses[i]);
	}
	if (want->gateway && family_of(want->gateway) == family)
		buffer_printf(out, "gateway=%s\n", want->gateway);
	join_family(out, "dns=", want->nameservers, want->nameservers_count, family);
	if (family == '4')
		join(out, "dns-search=", want->search, want->search_count, ";", ";\n");
	for (unsigned i = 0; i < want->routes_count; i++) {
		if (family_of(want->routes[i].to) == family)
			buffer_printf(out, "route%u=%s,%s\n", ++routes, want->routes[i].to,
				want->routes[i].via);
	}
}

static void write_manager(struct buffer *out, const char *interface,
	const struct network_params *want)
{
	struct arena *arena = arena_new();

	buffer_printf(out, "[connection]\nid=beoplay-%s\nuuid=%s\ntype=ethernet\n", interface,
		network_manager_uuid(arena, interface));
	arena_free(arena);
	if (!want->mac)
		buffer_printf(out, "interface-name=%s\n", interface);
	buffer_add_string(out, "autoconnect-priority=100\n");
	if (want->mac || want->mtu)
		buffer_add_string(out, "\n[ethernet]\n");
	if (want->mac)
		buffer_printf(out, "mac-address=%s\n", want->mac);
	if (want->mtu)
		buffer_printf(out, "mtu=%d\n", *want->mtu);
	write_family(out, want, '4');
	write_family(out, want, '6');
}

const char *network_file_text(struct arena *arena, enum network_backend backend,
	const char *interface, const struct network_params *want)
{
	struct buffer text = { 0 };
	const char *result;

	if (backend == NETWORK_NETWORKD)
		write_networkd(&text, interface, want);
	else if (backend == NETWORK_MANAGER)
		write_manager(&text, interface, want);
	else
		write_ifupdown(&text, interface, want);
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result;
}
