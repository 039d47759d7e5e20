/* probe: whether somebody on an interface's own network has an IPv4 address (RFC 5227, 2.1.1). */
#include "agent/machine.h"

#include "agent/warden.h"

#include <arpa/inet.h>
#include <errno.h>
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

	return (has || takes) && memcmp(heard->arp_sha, probe->request.arp_sha, ETH_ALEN) != 0;
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

int machine_probe(void *machine, struct arena *arena, const char *interface, const char *address,
	const char **ret_mac, struct error *err)
{
	struct probe probe = { .request = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
		.ar_pro = htons(ETH_P_IP), .ar_hln = ETH_ALEN, .ar_pln = 4,
		.ar_op = htons(ARPOP_REQUEST) } } };
	struct ether_arp heard;
	int result = 0;

	(void)machine;
	if (inet_pton(AF_INET, address, probe.request.arp_tpa) != 1)
		return error_set(err, HOST_SYSTEM, "'%s' is no IPv4 address", address);
	if (open_probe(interface, &probe) < 0)
		result = error_errno(err, HOST_SYSTEM, "cannot ask who has '%s' on %s", address, interface);
	for (int i = 0; i < TIMES && result == 0 && !*ret_mac; i++) {
		if (sendto(probe.fd, &probe.request, sizeof(probe.request), 0,
				(struct sockaddr *)&probe.to, sizeof(probe.to)) < 0) {
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
