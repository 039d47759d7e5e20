/* probe: what is asked and told on an interface's own network by ARP (RFC 5227). */
#include "agent/probe.h"

#include "agent/machine.h"

#include "agent/warden.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMES = 3, ROUND = 300 };   /* requests, and milliseconds that each is waited for */

struct probe {
	int fd;
	struct sockaddr_ll to;
	struct ether_arp request;
	bool takes;                    /* who asks is about to take it (5227, 2.1.1) */
};

static int open_probe(const char *interface, struct probe *probe)
{
	struct ifreq hardware = {0};
	unsigned index = if_nametoindex(interface);

	strncpy(hardware.ifr_name, interface, IFNAMSIZ - 1);
	probe->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP));
	probe->to = (struct sockaddr_ll){ .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)index, .sll_halen = ETH_ALEN };
	memset(probe->to.sll_addr, 0xff, ETH_ALEN);
	if (probe->fd < 0 || index == 0 || ioctl(probe->fd, SIOCGIFHWADDR, &hardware) < 0
			|| bind(probe->fd, (struct sockaddr *)&probe->to, sizeof(probe->to)) < 0)
		return -1;
	memcpy(probe->request.arp_sha, hardware.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

/* Who has it answers; who is about to take it asks for it, too. */
static bool is_answer(const struct probe *probe, const struct ether_arp *heard)
{
	static const unsigned char nobody[4];
	bool has = memcmp(heard->arp_spa, probe->request.arp_tpa, 4) == 0;
	bool takes = memcmp(heard->arp_spa, nobody, 4) == 0
		&& memcmp(heard->arp_tpa, probe->request.arp_tpa, 4) == 0;

	return (has || (takes && probe->takes)) && memcmp(heard->arp_sha, probe->request.arp_sha, ETH_ALEN) != 0;
}

static bool hear(const struct probe *probe, struct ether_arp *heard)
{
	int64_t until = warden_now() + ROUND, left;
	struct pollfd ready = { .fd = probe->fd, .events = POLLIN };

	while ((left = until - warden_now()) > 0) {
		if (poll(&ready, 1, (int)left) > 0
				&& recv(probe->fd, heard, sizeof(*heard), MSG_DONTWAIT) == (ssize_t)sizeof(*heard)
				&& is_answer(probe, heard))
			return true;
	}
	return false;
}

static struct probe new_probe(void)
{
	return (struct probe){ .fd = -1, .request = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
		.ar_pro = htons(ETH_P_IP), .ar_hln = ETH_ALEN, .ar_pln = 4,
		.ar_op = htons(ARPOP_REQUEST) } } };
}

static ssize_t ask(const struct probe *probe)
{
	return sendto(probe->fd, &probe->request, sizeof(probe->request), 0,
		(const struct sockaddr *)&probe->to, sizeof(probe->to));
}

void probe_announce(const char *interface)
{
	struct probe probe = new_probe();
	struct ifaddrs *all = NULL;

	if (open_probe(interface, &probe) == 0 && getifaddrs(&all) == 0) {
		for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
			struct sockaddr_in address;

			if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET
					|| strcmp(one->ifa_name, interface) != 0)
				continue;
			memcpy(&address, one->ifa_addr, sizeof(address));
			memcpy(probe.request.arp_spa, &address.sin_addr, 4);
			memcpy(probe.request.arp_tpa, &address.sin_addr, 4);
			ask(&probe);
		}
		freeifaddrs(all);
	}
	if (probe.fd >= 0)
		close(probe.fd);
}

/* As somebody of the network asks; who has no address there can only ask as one who wants one. */
static void ask_as_one_of_them(const char *interface, struct probe *probe)
{
	struct ifreq own = {0};
	struct sockaddr_in address;

	strncpy(own.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(probe->fd, SIOCGIFADDR, &own) < 0)
		return;
	memcpy(&address, &own.ifr_addr, sizeof(address));
	memcpy(probe->request.arp_spa, &address.sin_addr, 4);
}

int machine_probe(void *machine, struct arena *arena, const char *interface, const char *address,
	bool takes, const char **ret_mac, struct error *err)
{
	struct probe probe = new_probe();
	struct ether_arp heard;
	int result = 0;

	(void)machine;
	if (inet_pton(AF_INET, address, probe.request.arp_tpa) != 1)
		return error_set(err, HOST_SYSTEM, "'%s' is no IPv4 address", address);
	if (open_probe(interface, &probe) < 0)
		result = error_errno(err, HOST_SYSTEM, "cannot ask who has '%s' on %s", address, interface);
	probe.takes = takes;
	if (result == 0 && !takes)
		ask_as_one_of_them(interface, &probe);
	for (int i = 0; i < TIMES && result == 0 && !*ret_mac; i++) {
		if (ask(&probe) < 0) {
			result = error_errno(err, HOST_SYSTEM, "cannot ask who has '%s' on %s", address,
				interface);
		} else if (hear(&probe, &heard)) {
			*ret_mac = arena_printf(arena, "%02x:%02x:%02x:%02x:%02x:%02x", heard.arp_sha[0],
				heard.arp_sha[1], heard.arp_sha[2], heard.arp_sha[3], heard.arp_sha[4],
				heard.arp_sha[5]);
		}
	}
	if (probe.fd >= 0)
		close(probe.fd);
	return result;
}
