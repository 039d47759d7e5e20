/* probe: what is asked and told on an interface's own network by ARP. machine_probe is in machine.h. */
#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

/* Tells all machines there which IPv4 addresses the interface has (RFC 5227, 2.3); the kernel doesn't, when it is
 * given one. As well as it can. */
void probe_announce(const char *interface);

#endif
