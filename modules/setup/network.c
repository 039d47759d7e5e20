/* network: what configures an interface. */
#include "modules/setup/machine.h"

#include <dirent.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

static bool has_yaml(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		const char *end = strrchr(entry->d_name, '.');

		found = entry->d_name[0] != '.' && end && strcmp(end, ".yaml") == 0;
	}
	if (directory)
		closedir(directory);
	return found;
}

/* interfaces(5): "iface eth0 inet dhcp" */
static bool has_stanza(const char *text, const char *interface)
{
	size_t size = strlen(interface);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *at = text + strspn(text, " \t");

		if (strncmp(at, "iface", 5) != 0 || !strchr(" \t", at[5]) || !at[5])
			continue;
		at += 5 + strspn(at + 5, " \t");
		if (strncmp(at, interface, size) == 0 && at[size] && strchr(" \t\n", at[size]))
			return true;
	}
	return false;
}

static bool in_interfaces(struct host *host, const char *interface)
{
	static const char folder[] = "/etc/network/interfaces.d";
	DIR *directory = opendir(folder);
	bool found = has_stanza(setup_read(host, "/etc/network/interfaces"), interface);
	struct dirent *entry;

	while (directory && !found && (entry = readdir(directory)))
		found = has_stanza(setup_read(host, arena_printf(host_arena(host), "%s/%s", folder,
			entry->d_name)), interface);
	if (directory)
		closedir(directory);
	return found;
}

/* The topmost authority: netplan writes for the two others. */
const char *setup_network_manager(struct host *host, const char *interface)
{
	struct arena *arena = host_arena(host);
	unsigned index = interface ? if_nametoindex(interface) : 0;

	if (index == 0)
		return "";
	if (has_yaml("/etc/netplan"))
		return "netplan";
	if (strstr(setup_read(host, arena_printf(arena, "/run/NetworkManager/devices/%u", index)),
			"managed=true"))
		return "NetworkManager";
	if (strstr(setup_read(host, arena_printf(arena, "/run/systemd/netif/links/%u", index)),
			"ADMIN_STATE=configured"))
		return "networkd";
	return in_interfaces(host, interface) ? "ifupdown" : "";
}
