/* address_ask: the answers of an address, a function each, and the table of the questions. */
#include "expression/address_ask.h"

#include <stdlib.h>
#include <string.h>

typedef struct value *(*query_run)(struct asking *asking, const struct address *at, struct value *given);

static struct value *text(struct asking *asking, const char *made)
{
	return value_string(asking->arena, made);
}

static struct value *wrong(struct asking *asking, const char *what, const char *why)
{
	evaluation_error(asking->evaluation, asking->offset, "'%.200s' %s", what, why);
	asking->failed = true;
	return NULL;
}

static bool is_first(const struct address *at)
{
	struct address first = address_first(at);

	return address_compare(at, &first) == 0;
}

static bool is_last(const struct address *at)
{
	struct address last = address_last(at);

	return address_compare(at, &last) == 0;
}

static bool has_broadcast(const struct address *at)
{
	return at->version == 6 || address_host_bits(at) > 1;
}

/* The lowest or highest that a host may have; false: there is none. */
static bool usable(const struct address *at, bool highest, struct address *ret_address)
{
	*ret_address = highest ? address_last(at) : address_first(at);
	return address_host_bits(at) == 1 || (address_host_bits(at) > 1
		&& address_add(ret_address, highest ? -1 : 1));
}

static struct value *query_nothing(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return text(asking, at->network ? address_prefixed(asking->arena, at) : address_text(asking->arena, at));
}

static struct value *query_address(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return address_host_bits(at) == 0 || !is_first(at) || !has_broadcast(at) || at->version == 6
		? text(asking, address_text(asking->arena, at)) : NULL;
}

static struct value *query_gateway(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return address_host_bits(at) > 1 && (is_first(at) || is_last(at)) ? value_bool(asking->arena, false)
		: text(asking, address_prefixed(asking->arena, at));
}

static struct value *query_bool(struct asking *asking, const struct address *at, struct value *given)
{
	(void)at;
	(void)given;
	return value_bool(asking->arena, true);
}

static struct value *query_broadcast(struct asking *asking, const struct address *at, struct value *given)
{
	struct address last = address_last(at);

	(void)given;
	return address_host_bits(at) > 1 ? text(asking, address_text(asking->arena, &last)) : NULL;
}

static struct value *query_cidr(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return text(asking, address_prefixed(asking->arena, at));
}

static struct value *query_host(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return address_host_bits(at) == 0 || !is_first(at) || !has_broadcast(at)
		? text(asking, address_prefixed(asking->arena, at)) : NULL;
}

static struct value *query_hostmask(struct asking *asking, const struct address *at, struct value *given)
{
	struct address mask = address_hostmask(at);

	(void)given;
	return text(asking, address_text(asking->arena, &mask));
}

static struct value *query_netmask(struct asking *asking, const struct address *at, struct value *given)
{
	struct address mask = address_mask(at);

	(void)given;
	return text(asking, address_text(asking->arena, &mask));
}

static struct value *query_network(struct asking *asking, const struct address *at, struct value *given)
{
	struct address first = address_first(at);

	(void)given;
	return text(asking, address_text(asking->arena, &first));
}

static struct value *query_subnet(struct asking *asking, const struct address *at, struct value *given)
{
	struct address first = address_first(at);

	(void)given;
	return text(asking, address_prefixed(asking->arena, &first));
}

static struct value *query_net(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return address_host_bits(at) > 0 && is_first(at) ? text(asking, address_prefixed(asking->arena, at)) : NULL;
}

static struct value *query_network_netmask(struct asking *asking, const struct address *at,
	struct value *given)
{
	return value_printf(asking->arena, "%s %s", query_network(asking, at, given)->text,
		query_netmask(asking, at, given)->text);
}

static struct value *query_network_wildcard(struct asking *asking, const struct address *at,
	struct value *given)
{
	return value_printf(asking->arena, "%s %s", query_network(asking, at, given)->text,
		query_hostmask(asking, at, given)->text);
}

static bool is_host_in_network(const struct address *at)
{
	return address_host_bits(at) == 1 || (address_host_bits(at) > 1 && !is_first(at));
}

static struct value *query_ip_prefix(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return is_host_in_network(at) ? text(asking, address_prefixed(asking->arena, at)) : NULL;
}

static struct value *query_ip_netmask(struct asking *asking, const struct address *at, struct value *given)
{
	return is_host_in_network(at) ? value_printf(asking->arena, "%s %s", address_text(asking->arena, at),
		query_netmask(asking, at, given)->text) : NULL;
}

static struct value *query_int(struct asking *asking, const struct address *at, struct value *given)
{
	const char *decimal = address_decimal(asking->arena, at);

	(void)given;
	if (at->network)
		return value_printf(asking->arena, "%s/%u", decimal, at->prefix);
	return strlen(decimal) < 19 ? value_integer(asking->arena, strtoll(decimal, NULL, 10))
		: text(asking, decimal);
}

static struct value *query_prefix(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return value_integer(asking->arena, at->prefix);
}

static struct value *query_version(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return value_integer(asking->arena, at->version);
}

static struct value *size_of(struct asking *asking, const struct address *at, int64_t without)
{
	unsigned bits = address_host_bits(at);

	if (bits < 62)
		return value_integer(asking->arena, (INT64_C(1) << bits) - (bits > 1 ? without : 0)
			- (bits == 0 && without ? 1 : 0));
	return wrong(asking, address_prefixed(asking->arena, at), "has more addresses than 64 bits can count");
}

static struct value *query_size(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return size_of(asking, at, 0);
}

static struct value *query_size_usable(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return size_of(asking, at, 2);
}

static struct value *query_type(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return text(asking, address_host_bits(at) > 0 && is_first(at) ? "network" : "address");
}

static struct value *of_network(struct asking *asking, const struct address *at)
{
	return at->network ? NULL : wrong(asking, address_text(asking->arena, at), "is not a network");
}

static struct value *query_first_usable(struct asking *asking, const struct address *at,
	struct value *given)
{
	struct address first;

	(void)given;
	return at->network && usable(at, false, &first) ? text(asking, address_text(asking->arena, &first))
		: of_network(asking, at);
}

static struct value *query_last_usable(struct asking *asking, const struct address *at, struct value *given)
{
	struct address last;

	(void)given;
	return at->network && usable(at, true, &last) ? text(asking, address_text(asking->arena, &last))
		: of_network(asking, at);
}

static struct value *query_range_usable(struct asking *asking, const struct address *at,
	struct value *given)
{
	struct address first, last;

	(void)given;
	return at->network && usable(at, false, &first) && usable(at, true, &last) ? value_printf(asking->arena,
		"%s-%s", address_text(asking->arena, &first), address_text(asking->arena, &last))
		: of_network(asking, at);
}

static struct value *neighbour(struct asking *asking, const struct address *at, int64_t by)
{
	struct address first, last, next = *at;

	if (!at->network || !usable(at, false, &first) || !usable(at, true, &last))
		return of_network(asking, at);
	return address_add(&next, by) && address_compare(&next, &first) >= 0 && address_compare(&next, &last) <= 0
		? text(asking, address_text(asking->arena, &next)) : NULL;
}

static struct value *query_next(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return neighbour(asking, at, 1);
}

static struct value *query_previous(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return neighbour(asking, at, -1);
}

static bool is_among(const struct address *at, const char *const *networks)
{
	for (; *networks; networks++) {
		if (address_within_text(at, *networks))
			return true;
	}
	return false;
}

static struct value *query_private(struct asking *asking, const struct address *at, struct value *given)
{
	static const char *const networks[] = { "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.0.0.0/24",
		"192.168.0.0/16", "198.18.0.0/15", "239.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fec0::/10",
		"fe80::/10", NULL };

	(void)asking;
	return is_among(at, networks) ? given : NULL;
}

static struct value *query_link_local(struct asking *asking, const struct address *at, struct value *given)
{
	static const char *const networks[] = { "169.254.0.0/16", "fe80::/10", NULL };

	(void)asking;
	return is_among(at, networks) ? given : NULL;
}

static struct value *query_loopback(struct asking *asking, const struct address *at, struct value *given)
{
	static const char *const networks[] = { "127.0.0.0/8", "::1/128", NULL };
	struct address own = *at;

	(void)asking;
	own.prefix = own.width;
	return is_among(&own, networks) ? given : NULL;
}

static struct value *query_multicast(struct asking *asking, const struct address *at, struct value *given)
{
	static const char *const networks[] = { "224.0.0.0/4", "ff00::/8", NULL };
	struct address own = *at;

	(void)asking;
	own.prefix = own.width;
	return is_among(&own, networks) ? given : NULL;
}

static struct value *query_unicast(struct asking *asking, const struct address *at, struct value *given)
{
	return query_multicast(asking, at, given) ? NULL : given;
}

static struct value *query_reversed(struct asking *asking, const struct address *at, struct value *given)
{
	(void)given;
	return text(asking, address_reversed(asking->arena, at));
}

static struct value *query_wrap(struct asking *asking, const struct address *at, struct value *given)
{
	const char *written = address_text(asking->arena, at);

	if (at->version == 4)
		return given;
	return at->network ? value_printf(asking->arena, "[%s]/%u", written, at->prefix)
		: value_printf(asking->arena, "[%s]", written);
}

static struct value *query_ipv4(struct asking *asking, const struct address *at, struct value *given)
{
	return at->version == 4 ? given : value_bool(asking->arena, false);
}

static const struct {
	const char *name;
	query_run run;
} queries[] = {
	{ "", query_nothing }, { "address", query_address }, { "ip", query_address },
	{ "address/prefix", query_gateway }, { "gateway", query_gateway }, { "gw", query_gateway },
	{ "host/prefix", query_gateway }, { "hostnet", query_gateway }, { "router", query_gateway },
	{ "bool", query_bool }, { "broadcast", query_broadcast }, { "cidr", query_cidr }, { "host", query_host },
	{ "hostmask", query_hostmask }, { "wildcard", query_hostmask }, { "netmask", query_netmask },
	{ "network", query_network }, { "network_id", query_network }, { "subnet", query_subnet },
	{ "network/prefix", query_subnet }, { "net", query_net }, { "network_netmask", query_network_netmask },
	{ "network_wildcard", query_network_wildcard }, { "ip/prefix", query_ip_prefix },
	{ "ip_netmask", query_ip_netmask }, { "int", query_int }, { "prefix", query_prefix },
	{ "version", query_version }, { "size", query_size }, { "size_usable", query_size_usable },
	{ "type", query_type }, { "first_usable", query_first_usable }, { "last_usable", query_last_usable },
	{ "range_usable", query_range_usable }, { "next_usable", query_next }, { "previous_usable", query_previous },
	{ "private", query_private }, { "link-local", query_link_local }, { "loopback", query_loopback },
	{ "lo", query_loopback }, { "multicast", query_multicast }, { "unicast", query_unicast },
	{ "revdns", query_reversed }, { "wrap", query_wrap }, { "ipv4", query_ipv4 }, { "v4", query_ipv4 },
};

/* "1", "-1": the address with that number in the network. */
static struct value *query_number(struct asking *asking, const struct address *at, int64_t number)
{
	struct address made = number < 0 ? address_last(at) : address_first(at);

	if (address_host_bits(at) == 0)
		return query_nothing(asking, at, NULL);
	if (!address_add(&made, number < 0 ? number + 1 : number) || !address_within(&made, at))
		return value_bool(asking->arena, false);
	return text(asking, address_prefixed(asking->arena, &made));
}

static struct value *ask(struct asking *asking, const struct address *at, struct value *given)
{
	struct address network;
	char *end;
	long long number;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		if (strcmp(queries[i].name, asking->query) == 0)
			return queries[i].run(asking, at, given);
	}
	number = strtoll(asking->query, &end, 10);
	if (*end == '\0' && end != asking->query)
		return query_number(asking, at, number);
	if (address_parse(asking->query, &network))
		return address_within(at, &network) ? given : NULL;
	return wrong(asking, asking->query, "is nothing that can be asked of an address");
}

bool address_is_text(const struct value *value)
{
	return (value->kind == VALUE_STRING && value->size > 0) || value->kind == VALUE_INTEGER;
}

int address_ask(struct asking *asking, struct value *input, struct value **ret_value)
{
	const char *written = input->kind == VALUE_INTEGER ? arena_printf(asking->arena, "%lld",
		(long long)input->integer) : input->text;
	struct address at;

	*ret_value = value_bool(asking->arena, false);
	if (!address_is_text(input) || !address_parse(written, &at) || (asking->version && at.version != asking->version))
		return 0;
	if (input->kind == VALUE_INTEGER || written[strspn(written, "0123456789")] == '\0')
		input = text(asking, address_prefixed(asking->arena, &at));
	*ret_value = ask(asking, &at, input);
	if (!*ret_value)
		*ret_value = value_null(asking->arena);
	return asking->failed ? -1 : 0;
}
