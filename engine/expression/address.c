/* address: IP addresses and networks, as numbers of 32 or 128 bits. */
#include "expression/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void set_version(struct address *address, int version)
{
	address->version = version;
	address->width = version == 4 ? 32 : 128;
}

static bool all_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* A number of any size up to 128 bits. */
static bool parse_number(const char *text, struct address *ret_address)
{
	static const unsigned char nothing[12];
	unsigned char bytes[16] = {0};

	for (; *text; text++) {
		unsigned carry = (unsigned)(*text - '0');

		for (size_t i = 16; i-- > 0;) {
			carry += 10U * bytes[i];
			bytes[i] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	set_version(ret_address, memcmp(bytes, nothing, sizeof(nothing)) == 0 ? 4 : 6);
	memcpy(ret_address->bytes, bytes + 16 - ret_address->width / 8, ret_address->width / 8);
	return true;
}

/* "10.1" is 10.1.0.0. */
static bool parse_partial(const char *text, unsigned char *ret_bytes)
{
	memset(ret_bytes, 0, 4);
	for (size_t i = 0; i < 4; i++) {
		size_t size = strspn(text, "0123456789");
		unsigned long octet = size && size < 10 ? strtoul(text, NULL, 10) : 256;

		if (octet > 255)
			return false;
		ret_bytes[i] = (unsigned char)octet;
		if (!text[size])
			return true;
		if (text[size] != '.')
			return false;
		text += size + 1;
	}
	return false;
}

static bool parse_host(const char *text, struct address *ret_address)
{
	set_version(ret_address, strchr(text, ':') ? 6 : 4);
	if (ret_address->version == 6)
		return inet_pton(AF_INET6, text, ret_address->bytes) == 1;
	return inet_pton(AF_INET, text, ret_address->bytes) == 1 || parse_partial(text, ret_address->bytes);
}

static bool bit_of(const struct address *address, unsigned i)
{
	return address->bytes[i / 8] >> (7 - i % 8) & 1;
}

/* How many bits at the beginning are the same, if all others are different from them. */
static bool leading(const struct address *mask, bool bit, unsigned *ret_count)
{
	unsigned count = 0;

	while (count < mask->width && bit_of(mask, count) == bit)
		count++;
	*ret_count = count;
	while (count < mask->width && bit_of(mask, count) != bit)
		count++;
	return count == mask->width;
}

static bool parse_prefix(const char *text, struct address *address)
{
	size_t digits = strspn(text, "0123456789");
	struct address mask = {0};

	/* As int() of Python reads it. */
	if (digits && text[digits + strspn(text + digits, " \t\r\n")] == '\0') {
		address->prefix = digits > 4 ? 999 : (unsigned)strtoul(text, NULL, 10);
		return address->prefix <= address->width;
	}
	set_version(&mask, address->version);
	if (inet_pton(mask.version == 4 ? AF_INET : AF_INET6, text, mask.bytes) != 1)
		return false;
	return leading(&mask, true, &address->prefix) || leading(&mask, false, &address->prefix);
}

bool address_parse(const char *text, struct address *ret_address)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN];
	size_t size = slash ? (size_t)(slash - text) : strlen(text);

	*ret_address = (struct address){ .network = slash != NULL };
	if (size == 0 || size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	if (!(slash || !all_digits(host) ? parse_host(host, ret_address) : parse_number(host, ret_address))
			&& !(all_digits(host) && parse_number(host, ret_address)))
		return false;
	ret_address->prefix = ret_address->width;
	return !slash || parse_prefix(slash + 1, ret_address);
}

unsigned address_host_bits(const struct address *address)
{
	return address->width - address->prefix;
}

/* All bits behind the prefix, or before it, are set so. */
static struct address with_bits(const struct address *address, bool behind, bool bit)
{
	struct address made = *address;

	for (unsigned i = behind ? made.prefix : 0; i < (behind ? made.width : made.prefix); i++) {
		unsigned char mask = (unsigned char)(1U << (7 - i % 8));

		made.bytes[i / 8] = (unsigned char)(bit ? made.bytes[i / 8] | mask : made.bytes[i / 8] & ~mask);
	}
	return made;
}

struct address address_first(const struct address *address)
{
	return with_bits(address, true, false);
}

struct address address_last(const struct address *address)
{
	return with_bits(address, true, true);
}

struct address address_mask(const struct address *address)
{
	struct address mask = with_bits(address, true, false);

	return with_bits(&mask, false, true);
}

struct address address_hostmask(const struct address *address)
{
	struct address mask = with_bits(address, true, true);

	return with_bits(&mask, false, false);
}

bool address_add(struct address *address, int64_t by)
{
	bool negative = by < 0;
	uint64_t left = negative ? (uint64_t)-(by + 1) + 1 : (uint64_t)by;
	int carry = 0;

	for (size_t i = address->width / 8; i-- > 0; left >>= 8) {
		int digit = (int)(left & 0xff), sum = address->bytes[i] + (negative ? -digit : digit) + carry;

		carry = sum < 0 ? -1 : sum > 255;
		address->bytes[i] = (unsigned char)(sum & 0xff);
	}
	return carry == 0 && left == 0;
}

int address_compare(const struct address *one, const struct address *other)
{
	return one->version != other->version ? one->version - other->version
		: memcmp(one->bytes, other->bytes, one->width / 8);
}

bool address_within(const struct address *one, const struct address *other)
{
	struct address first = address_first(other), own;

	if (one->version != other->version || one->prefix < other->prefix)
		return false;
	own = *one;
	own.prefix = other->prefix;
	own = address_first(&own);
	return address_compare(&own, &first) == 0;
}

bool address_within_text(const struct address *one, const char *network)
{
	struct address other;

	return address_parse(network, &other) && address_within(one, &other);
}

const char *address_text(struct arena *arena, const struct address *address)
{
	char text[INET6_ADDRSTRLEN];

	return arena_string(arena, inet_ntop(address->version == 4 ? AF_INET : AF_INET6, address->bytes, text,
		sizeof(text)));
}

const char *address_prefixed(struct arena *arena, const struct address *address)
{
	return arena_printf(arena, "%s/%u", address_text(arena, address), address->prefix);
}

const char *address_decimal(struct arena *arena, const struct address *address)
{
	unsigned char left[16];
	char digits[40];
	size_t at = sizeof(digits) - 1, count = address->width / 8;
	bool more = true;

	memcpy(left, address->bytes, sizeof(left));
	digits[at] = '\0';
	while (more) {
		unsigned rest = 0;

		more = false;
		for (size_t i = 0; i < count; i++) {
			rest = rest << 8 | left[i];
			left[i] = (unsigned char)(rest / 10);
			rest %= 10;
			more = more || left[i];
		}
		digits[--at] = (char)('0' + rest);
	}
	return arena_string(arena, digits + at);
}

const char *address_reversed(struct arena *arena, const struct address *address)
{
	const unsigned char *bytes = address->bytes;
	const char *text = "";

	if (address->version == 4)
		return arena_printf(arena, "%u.%u.%u.%u.in-addr.arpa.", bytes[3], bytes[2], bytes[1], bytes[0]);
	for (size_t i = 16; i-- > 0;)
		text = arena_printf(arena, "%s%x.%x.", text, bytes[i] & 15U, bytes[i] >> 4);
	return arena_printf(arena, "%sip6.arpa.", text);
}
