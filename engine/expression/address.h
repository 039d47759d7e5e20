/* address: IP addresses and networks, as netaddr of Python has them. Private to this room. */
#ifndef TEXT_EXPRESSION_ADDRESS_H
#define TEXT_EXPRESSION_ADDRESS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* An address, the network in which it is, and how it was written. */
struct address {
	int version;                /* 4 or 6 */
	unsigned width;             /* bits: 32 or 128 */
	unsigned prefix;
	unsigned char bytes[16];    /* the first width / 8 count */
	bool network;               /* there was a slash */
};

/* "10.0.0.1", "10.0.0.0/8", "10/8", "10.0.0.1/255.0.0.0", "fe80::1/64", "167772161". */
bool address_parse(const char *text, struct address *ret_address);

unsigned address_host_bits(const struct address *address);
struct address address_first(const struct address *address);    /* of its network */
struct address address_last(const struct address *address);
struct address address_mask(const struct address *address);
struct address address_hostmask(const struct address *address);
/* by: may be negative. False: there is none. */
bool address_add(struct address *address, int64_t by);
int address_compare(const struct address *one, const struct address *other);
/* Whether the network of one is inside the other's. */
bool address_within(const struct address *one, const struct address *other);
bool address_within_text(const struct address *one, const char *network);

const char *address_text(struct arena *arena, const struct address *address);      /* without prefix */
const char *address_prefixed(struct arena *arena, const struct address *address);
const char *address_decimal(struct arena *arena, const struct address *address);
const char *address_reversed(struct arena *arena, const struct address *address);  /* a name of the DNS */

#endif
