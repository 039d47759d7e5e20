/* check: what is wished of an interface, before any machine is asked. */
#include "modules/network/network.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int check_words(const struct value *value, const char *others, const char *what,
	struct error *err)
{
	size_t count = value && value->kind == VALUE_LIST ? value->count : value ? 1 : 0;

	for (size_t i = 0; i < count; i++) {
		const struct value *item = value->kind == VALUE_LIST ? value->items[i] : value;

		if (item->kind != VALUE_STRING)
			continue;
		for (size_t k = 0; k <= item->size; k++) {
			if (k < item->size && (isalnum((unsigned char)item->text[k]) ||
					strchr(others, item->text[k])))
				continue;
			if (k == item->size && k > 0 && item->text[0] != '-')
				break;
			return error_at(err, TASK_INVALID_VALUE, item->place, "'%s' is not %s", item->text,
				what);
		}
	}
	return 0;
}

static int check_addresses(const struct value *addresses, struct error *err)
{
	struct arena *arena = arena_new();
	int result = 0;

	for (size_t i = 0; addresses && addresses->kind == VALUE_LIST && i < addresses->count; i++) {
		const struct value *item = addresses->items[i];

		if (result < 0 || item->kind != VALUE_STRING || network_canonical(arena, item->text))
			continue;
		error_at(err, TASK_INVALID_VALUE, item->place, "'%s' is not an address with its prefix",
			item->text);
		result = error_remedy(err, "write it as 10.0.0.101/24");
	}
	arena_free(arena);
	return result;
}

static int check_routes(const struct value *routes, struct error *err)
{
	for (size_t i = 0; routes && routes->kind == VALUE_LIST && i < routes->count; i++) {
		if (check_words(value_get(routes->items[i], "to"), ".:/", "a network", err) < 0 ||
		    check_words(value_get(routes->items[i], "via"), ".:", "an address", err) < 0)
			return -1;
	}
	return 0;
}

int network_check(const struct value *params, struct error *err)
{
	const struct value *addresses = value_get(params, "addresses");
	const char *seconds = value_get_string(params, "confirm_timeout");
	const char *dhcp = value_get_string(params, "dhcp");
	const char *state = value_get_string(params, "state");

	if (!value_get(params, "interface") == !value_get(params, "mac")) {
		error_at(err, TASK_MISSING_PARAMETER, params->place, "network needs 'interface' or 'mac', "
			"one of them");
		return error_remedy(err, "say which interface is meant: interface: eth0");
	}
	if (check_words(value_get(params, "interface"), "._-@", "the name of an interface", err) < 0 ||
	    check_words(value_get(params, "mac"), ":", "a hardware address", err) < 0 ||
	    check_words(value_get(params, "gateway"), ".:", "an address", err) < 0 ||
	    check_words(value_get(params, "nameservers"), ".:", "an address", err) < 0 ||
	    check_words(value_get(params, "search"), ".-_", "a domain", err) < 0 ||
	    check_routes(value_get(params, "routes"), err) < 0 ||
	    check_addresses(addresses, err) < 0)
		return -1;
	if (seconds && (strtoll(seconds, NULL, 10) < NETWORK_SECONDS_LEAST
			|| strtoll(seconds, NULL, 10) > NETWORK_SECONDS_MOST)) {
		error_at(err, TASK_INVALID_VALUE, value_get(params, "confirm_timeout")->place,
			"confirm_timeout must be from %d to %d seconds", NETWORK_SECONDS_LEAST,
			NETWORK_SECONDS_MOST);
		return error_remedy(err, "leave it out: 120 s are enough for most machines");
	}
	if (addresses && addresses->kind == VALUE_LIST && addresses->count == 0 && dhcp &&
	    strcmp(dhcp, "false") == 0 && state && strcmp(state, "present") == 0 &&
	    !value_get(params, "text") && !value_get(params, "place")) {
		error_at(err, TASK_MISSING_PARAMETER, params->place, "network has neither 'addresses' nor "
			"'dhcp: true'");
		return error_remedy(err, "say which addresses the interface has");
	}
	return 0;
}

/* A line that was copied would give two machines one address. */
static int give_addresses(struct prepare *prepare, const struct value *params, struct error *err)
{
	const struct value *addresses = value_get(params, "addresses");
	const char *state = value_get_string(params, "state");

	for (size_t i = 0; (!state || strcmp(state, "present") == 0) && i < value_item_count(addresses); i++) {
		const char *address = value_text(value_item(addresses, i));

		if (address && prepare_give(prepare, arena_bytes(prepare_arena(prepare), address,
				strcspn(address, "/")), err) < 0)
			return -1;
	}
	return 0;
}

int network_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *host = prepare_host(prepare), *address;
	struct value *reached;

	if (prepare_variable(prepare, host, "ansible_host", &reached, err) < 0
			|| give_addresses(prepare, params, err) < 0)
		return -1;
	address = value_text(reached) ? value_text(reached) : host;
	/* Of a name it isn't known which address that is: then none may be taken away. */
	if (!network_canonical(arena, arena_printf(arena, "%s/%s", address,
			network_is_ipv6(address) ? "128" : "32")))
		address = "";
	value_set_string(arena, params, "connection", address);
	return 0;
}
