/* filters_address: ipaddr and its kin, as ansible.utils has them. */
#include "expression/address_ask.h"

#include <stdlib.h>
#include <string.h>

static int asking_of(struct evaluation *evaluation, struct call *call, int version, struct asking *ret_asking)
{
	const struct value *query = call->arguments[0];

	*ret_asking = (struct asking){ .evaluation = evaluation, .offset = call->offset,
		.arena = evaluation->evaluator->arena, .version = version, .query = "" };
	if (query && query->kind == VALUE_INTEGER)
		ret_asking->query = arena_printf(ret_asking->arena, "%lld", (long long)query->integer);
	else if (call_text(evaluation, call, 0, "", &ret_asking->query) < 0)
		return -1;
	return evaluation_spend(evaluation, call->offset, 1 + value_item_count(call->input),
		64 * (1 + value_item_count(call->input)));
}

/* Of a list those that are. */
static int filter(struct evaluation *evaluation, struct call *call, int version, struct value **ret_value)
{
	struct asking asking;
	struct value *one;

	if (asking_of(evaluation, call, version, &asking) < 0)
		return -1;
	if (call->input->kind != VALUE_LIST)
		return address_ask(&asking, call->input, ret_value);
	*ret_value = value_list(asking.arena);
	for (size_t i = 0; i < call->input->count; i++) {
		if (address_ask(&asking, call->input->items[i], &one) < 0)
			return -1;
		if (value_truthy(one))
			value_append(asking.arena, *ret_value, one);
	}
	return 0;
}

static int filter_ipaddr(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return filter(evaluation, call, IP_ANY, ret_value);
}

static int filter_ipv4(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return filter(evaluation, call, 4, ret_value);
}

static int filter_ipv6(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	return filter(evaluation, call, 6, ret_value);
}

/* What isn't an address stays as it is. */
static int wrap_one(struct asking *asking, struct value *input, struct value **ret_value)
{
	struct value *found;

	*ret_value = input;
	if (address_ask(asking, input, &found) < 0)
		return -1;
	if (!value_truthy(found) || !address_is_text(found))
		return 0;
	return address_ask(&(struct asking){ .evaluation = asking->evaluation, .offset = asking->offset,
		.arena = asking->arena, .query = "wrap" }, found, ret_value);
}

static int filter_ipwrap(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct asking asking;
	struct value *one;

	if (asking_of(evaluation, call, IP_ANY, &asking) < 0)
		return -1;
	if (call->input->kind != VALUE_LIST)
		return wrap_one(&asking, call->input, ret_value);
	*ret_value = value_list(asking.arena);
	for (size_t i = 0; i < call->input->count; i++) {
		if (wrap_one(&asking, call->input->items[i], &one) < 0)
			return -1;
		value_append(asking.arena, *ret_value, one);
	}
	return 0;
}

/* The network with this number among those of that size; without a number: how many there are. */
static int subnet(struct asking *asking, const struct address *at, unsigned prefix,
	const struct value *index, struct value **ret_value)
{
	struct address made = address_first(at);
	unsigned bits = prefix - at->prefix;
	int64_t number = index ? index->integer : 0;

	*ret_value = value_bool(asking->arena, false);
	if (index && prefix < at->prefix)
		return 0;
	if (prefix < at->prefix || bits > 61)
		return evaluation_error(asking->evaluation, asking->offset, "'%s' %s", asking->query,
			prefix < at->prefix ? "is larger than the network itself" : "has more subnets than 64 bits can count");
	if (!index)
		*ret_value = value_printf(asking->arena, "%lld", 1LL << bits);
	if (number < 0)
		number += INT64_C(1) << bits;
	if (!index || number < 0 || number >= INT64_C(1) << bits)
		return 0;
	made.prefix = prefix;
	for (unsigned i = 0; i < bits; i++) {
		unsigned place = prefix - 1 - i;

		if (number >> i & 1)
			made.bytes[place / 8] = (unsigned char)(made.bytes[place / 8] | 1U << (7 - place % 8));
	}
	*ret_value = value_string(asking->arena, address_prefixed(asking->arena, &made));
	return 0;
}

/* Of a single address: a network around it, or the one with this number of those, the largest first. */
static int supernet(struct asking *asking, const struct address *at, unsigned prefix,
	const struct value *index, struct value **ret_value)
{
	int64_t width = at->width, number = index ? index->integer : 0;
	int64_t chosen = number < 0 ? width + number : prefix + number;
	struct address made = *at;

	*ret_value = value_bool(asking->arena, false);
	if (chosen < prefix || chosen >= width)
		return 0;
	made.prefix = (unsigned)chosen;
	made = address_first(&made);
	*ret_value = value_string(asking->arena, address_prefixed(asking->arena, &made));
	return 0;
}

static int filter_ipsubnet(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *index = call->arguments[1];
	struct asking asking;
	struct address at;

	if (asking_of(evaluation, call, IP_ANY, &asking) < 0)
		return -1;
	*ret_value = value_bool(asking.arena, false);
	if (!address_is_text(call->input) || call->input->kind != VALUE_STRING || !address_parse(call->input->text, &at))
		return 0;
	at = address_first(&at);
	if (!asking.query[0])
		*ret_value = value_string(asking.arena, address_prefixed(asking.arena, &at));
	if (!asking.query[0])
		return 0;
	if (asking.query[strspn(asking.query, "0123456789")])
		return evaluation_error(evaluation, call->offset, "ipsubnet with another network as '%.100s' is not "
			"supported yet: give the prefix of its subnets", asking.query);
	if (index && index->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "an integer as index", index);
	if (strtoul(asking.query, NULL, 10) > at.width)
		return 0;
	return (address_host_bits(&at) == 0 ? supernet : subnet)(&asking, &at,
		(unsigned)strtoul(asking.query, NULL, 10), index, ret_value);
}

static int filter_nthhost(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	struct address at, made;
	struct asking asking;
	long long number;
	char *end;

	if (asking_of(evaluation, call, IP_ANY, &asking) < 0)
		return -1;
	*ret_value = value_bool(asking.arena, false);
	number = strtoll(asking.query, &end, 10);
	if (*end || end == asking.query || !address_is_text(call->input) || call->input->kind != VALUE_STRING
			|| !address_parse(call->input->text, &at))
		return 0;
	made = number < 0 ? address_last(&at) : address_first(&at);
	if (address_add(&made, number < 0 ? number + 1 : number) && address_within(&made, &at))
		*ret_value = value_string(asking.arena, address_text(asking.arena, &made));
	return 0;
}

const struct callable filters_address[] = {
	{ "ipaddr", filter_ipaddr, 0, CALL_DEEP, { "query" } },
	{ "ipv4", filter_ipv4, 0, CALL_DEEP, { "query" } },
	{ "ipv6", filter_ipv6, 0, CALL_DEEP, { "query" } },
	{ "ipwrap", filter_ipwrap, 0, CALL_DEEP, { "query" } },
	{ "ipsubnet", filter_ipsubnet, 0, 0, { "query", "index" } },
	{ "nthhost", filter_nthhost, 1, 0, { "query" } },
	{ 0 },
};
