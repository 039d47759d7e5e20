/* claims: which names and addresses are whose, so that no node takes over another one's by what it
 * says of itself. */
#include "plan/preparing.h"

#include "base/lookup.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

struct claim {
	const struct inventory_host *host;
	const struct inventory_host *other;   /* claims it, too; NULL: nobody */
	bool told;                 /* by a node, not by the text */
};

struct claims {
	struct arena *arena;
	uint64_t heard;            /* run->facts_heard when it was made */
	struct lookup by_name;
	struct lookup by_address;  /* → the host that the others know by it, as the text says */
};

/* One spelling of an address, or of a name. */
static const char *canonical(struct arena *arena, const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];
	char *lower;

	for (int i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		if (inet_pton(family, name, bytes) == 1)
			return arena_string(arena, inet_ntop(family, bytes, text, sizeof(text)));
	}
	lower = arena_string(arena, name);
	for (char *at = lower; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return lower;
}

static void add(struct claims *claims, const struct inventory_host *host,
	const struct value *name)
{
	const char *text = value_text(name) ? canonical(claims->arena, value_text(name)) : NULL;
	struct claim *claim = text ? lookup_get(&claims->by_name, text) : NULL;

	if (claim && claim->host != host && (claim->told || name->data))
		claim->other = claim->other ? claim->other : host;
	if (!text || claim)
		return;
	claim = arena_alloc(claims->arena, sizeof(*claim));
	*claim = (struct claim){ .host = host, .told = name->data };
	lookup_put(claims->arena, &claims->by_name, text, claim);
}

static void add_variable(struct claims *claims, struct scope *scope,
	const struct inventory_host *host, const char *name)
{
	struct error ignored = {0};
	struct value *value = NULL;

	if (scope_get(claims->arena, scope, name, &value, &ignored) < 0 || !value)
		return;
	add(claims, host, value);
	for (size_t i = 0; i < value_item_count(value); i++)
		add(claims, host, value_item(value, i));
}

static void add_known(struct claims *claims, struct scope *scope, const struct inventory_host *host)
{
	static const char *const variables[] = { "cluster_address", "ansible_host" };
	struct error ignored = {0};
	struct value *value = NULL;
	const char *address;

	for (size_t i = 0; i < 2 && !value_text(value); i++) {
		if (scope_get(claims->arena, scope, variables[i], &value, &ignored) < 0)
			value = NULL;
	}
	if (!value_text(value) || value->data)
		return;
	address = canonical(claims->arena, value_text(value));
	if (!lookup_get(&claims->by_address, address))
		lookup_put(claims->arena, &claims->by_address, address, (void *)(uintptr_t)host);
}

static struct claims *claims_make(struct run *run)
{
	const struct inventory *inventory = run->options.inventory;
	struct arena *arena = arena_new();
	struct claims *claims = arena_alloc(arena, sizeof(*claims));

	claims->arena = arena;
	claims->heard = run->facts_heard;
	for (size_t i = 0; i < inventory_host_count(inventory); i++)
		add(claims, inventory_host(inventory, i),
			value_string(arena, inventory_host(inventory, i)->name));
	for (size_t i = 0; i < inventory_host_count(inventory); i++) {
		const struct inventory_host *host = inventory_host(inventory, i);
		struct scope *scope = scope_new(arena, run->options.variables, host, NULL, NULL);

		add_variable(claims, scope, host, "ansible_host");
		add_variable(claims, scope, host, "cluster_address");
		add_variable(claims, scope, host, "aliases");
		add_known(claims, scope, host);
	}
	return claims;
}

void claims_free(struct run *run)
{
	if (run->claims)
		arena_free(run->claims->arena);
	run->claims = NULL;
}

static struct claims *claims_now(struct run *run)
{
	if (run->claims && run->claims->heard != run->facts_heard)
		claims_free(run);
	if (!run->claims)
		run->claims = claims_make(run);
	return run->claims;
}

/* Outside the limit nothing is given to anybody. */
static bool takes_part(const struct run *run, const struct inventory_host *host)
{
	return host && run->by_inventory[host->index] && !run->by_inventory[host->index]->bystander;
}

/* An error if the inventory, or a task, has it for another one. */
static int give(struct run *run, const char *host, const char *address, struct error *err)
{
	const struct inventory_host *own = inventory_find(run->options.inventory, host), *other;
	const char *key = canonical(run->arena, address);
	const struct inventory_host *given = lookup_get(&run->addresses_given, key);

	if (!takes_part(run, own))
		return 0;
	other = given && given != own ? given : lookup_get(&claims_now(run)->by_address, key);
	if (!other || other == own) {
		if (!given)
			lookup_put(run->arena, &run->addresses_given, key, (void *)(uintptr_t)own);
		return 0;
	}
	error_set(err, INVENTORY_ADDRESS_CONFLICT, "%s would get the address %s, which %s %s", own->name,
		address, other->name, other == given ? "gets, too" : "has in the inventory");
	return error_remedy(err, "give each an address of its own");
}

int claims_check(struct run *run, const char *host, const struct value *name, struct error *err)
{
	const struct inventory_host *own = inventory_find(run->options.inventory, host), *other = NULL;
	const struct claim *claim;

	if (!own || !value_text(name))
		return 0;
	claim = lookup_get(&claims_now(run)->by_name, canonical(run->arena, value_text(name)));
	if (claim && claim->host == own)
		other = claim->other;
	else if (claim && (claim->told || name->data))
		other = claim->host;
	if (!other)
		return 0;
	error_set(err, INVENTORY_ADDRESS_CONFLICT, "%s and %s both claim to be '%s'", own->name,
		other->name, value_text(name));
	return error_remedy(err, "at least one of them has it from a node's facts: look at that machine, or "
		"write the address into the inventory");
}

/* --- For modules --- */

int prepare_claim(struct prepare *prepare, const char *host, const struct value *name,
	struct error *err)
{
	return claims_check(prepare->run, host, name, err);
}

int prepare_give(struct prepare *prepare, const char *address, struct error *err)
{
	return give(prepare->run, prepare->host->name, address, err);
}
