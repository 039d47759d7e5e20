/* prepare: which names the group's hosts have, on the controller. */
#include "modules/hosts/hosts.h"

#include "modules/errors.h"

#include <string.h>

static int add_aliases(struct prepare *prepare, const char *host, struct value *names,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *aliases;

	if (prepare_variable(prepare, host, "aliases", &aliases, err) < 0)
		return -1;
	if (value_text(aliases)) {
		struct value *list = value_list(arena);

		value_append(arena, list, aliases);
		aliases = list;
	}
	for (size_t i = 0; i < value_item_count(aliases); i++) {
		const struct value *alias = value_item(aliases, i);

		if (!value_text(alias) || !hosts_is_name(value_text(alias)))
			return error_set(err, TASK_INVALID_NAME, "the variable aliases of %s has an invalid "
				"name", host);
		if (prepare_claim(prepare, host, alias, err) < 0)
			return -1;
		hosts_add_name(arena, names, value_text(alias));
	}
	return 0;
}

static int add_entry(struct prepare *prepare, const char *host, const struct value *params,
	struct value *entries, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const char *domain = value_get_string(params, "domain");
	struct value *entry = value_map(arena), *names = value_list(arena);
	const char *address;

	if (prepare_address(prepare, host, &address, err) < 0)
		return -1;
	if (!hosts_is_address(address)) {
		error_set(err, HOSTS_NO_ADDRESS, "the inventory has no address of %s", host);
		return error_remedy(err, "give it one: ansible_host: 10.0.0.1");
	}
	if (domain && *domain && !hosts_is_name(domain))
		return error_set(err, TASK_INVALID_NAME, "invalid domain '%.200s'", domain);
	if (domain && *domain)
		hosts_add_name(arena, names, arena_printf(arena, "%s.%s", host, domain));
	hosts_add_name(arena, names, host);
	if (value_get_string(params, "aliases")
			&& strcmp(value_get_string(params, "aliases"), "true") == 0
			&& add_aliases(prepare, host, names, err) < 0)
		return -1;
	value_set_string(arena, entry, "address", address);
	value_set(arena, entry, "names", names);
	value_append(arena, entries, entry);
	return 0;
}

/* "site.yml:12", for people. */
static const char *place_of(struct arena *arena, struct place place)
{
	return place.file ? arena_printf(arena, "%s:%u", place.file, place.line) : "the inventory";
}

/* Where the inventory says the address of a host. */
static struct place place_of_address(struct prepare *prepare, const char *host)
{
	static const char *const variables[] = { "cluster_address", "ansible_host" };
	struct value *value;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		if (prepare_variable(prepare, host, variables[i], &value, NULL) == 0 && value)
			return value->place;
	}
	return (struct place){0};
}

/* Open MPI, NFS and everybody who asks who an address is get one of the two at random. */
static int check_addresses(struct prepare *prepare, const struct value *hosts,
	const struct value *entries, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *owners = value_map(arena);   /* by address */

	for (size_t i = 0; i < entries->count; i++) {
		const char *address = value_get_string(entries->items[i], "address");
		const char *one = value_get_string(owners, address), *other = value_text(hosts->items[i]);

		if (one) {
			error_at(err, INVENTORY_ADDRESS_CONFLICT, place_of_address(prepare, other),
				"%s has the address %s of %s (%s)", other, address, one, place_of(arena,
				place_of_address(prepare, one)));
			return error_remedy(err, "give one of them its own: cluster_address: 10.0.0.2");
		}
		value_set(arena, owners, address, hosts->items[i]);
	}
	return 0;
}

/* Who has a name, in small letters. */
struct named {
	const char *host;          /* NULL: somebody in extra, … */
	struct place place;        /* … here */
};

static struct named *who_has(struct arena *arena, const struct lookup *names, const char *name)
{
	return lookup_get(names, hosts_small_letters(arena_string(arena, name)));
}

static void note_names(struct arena *arena, struct lookup *names, const struct value *list,
	const char *host)
{
	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++) {
		const char *name = value_text(list->items[i]);
		struct named *named;

		if (!name || who_has(arena, names, name))
			continue;
		named = arena_alloc(arena, sizeof(*named));
		*named = (struct named){ host, list->place };
		lookup_put(arena, names, hosts_small_letters(arena_string(arena, name)), named);
	}
}

/* A name that is said twice would have two addresses, or the first one only. */
static int check_name(struct prepare *prepare, const struct lookup *names, const struct value *name,
	struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct named *named = who_has(arena, names, value_text(name));

	if (!named)
		return 0;
	if (named->host) {
		error_at(err, INVENTORY_ADDRESS_CONFLICT, name->place, "'%s' is a name of %s already (%s)",
			value_text(name), named->host, place_of(arena, place_of_address(prepare, named->host)));
		return error_remedy(err, "take it out here, or name the host otherwise");
	}
	error_at(err, INVENTORY_ADDRESS_CONFLICT, name->place, "'%s' is named in 'extra' twice (%s)",
		value_text(name), place_of(arena, named->place));
	return error_remedy(err, "a name has one address: take one of them out");
}

static int check_extra(struct prepare *prepare, const struct value *hosts,
	const struct value *entries, const struct value *extra, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct lookup all = {0};

	for (size_t i = 0; extra && i < entries->count; i++)
		note_names(arena, &all, value_get(entries->items[i], "names"), value_text(hosts->items[i]));
	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++) {
		const struct value *names = value_get(extra->items[i], "names");

		for (size_t k = 0; names && names->kind == VALUE_LIST && k < names->count; k++) {
			if (value_text(names->items[k]) && check_name(prepare, &all, names->items[k], err) < 0)
				return -1;
		}
		note_names(arena, &all, names, NULL);
	}
	return 0;
}

/* In a loop, what one item lists and the others don't. */
static const char *item_of(struct arena *arena, const struct value *params)
{
	const struct value *extra = value_get(params, "extra");
	const struct value *names = extra && extra->kind == VALUE_LIST && extra->count > 0
		? value_get(extra->items[0], "names") : NULL;
	const char *name = names && names->kind == VALUE_LIST && names->count > 0
		? value_text(names->items[0]) : NULL;

	return arena_printf(arena, "%s %s", value_get_string(params, "group"), name ? name : "");
}

int hosts_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	struct value *hosts, *entries = value_list(arena);

	if (value_get_string(params, "undo") && strcmp(value_get_string(params, "undo"), "true") == 0)
		return 0;
	value_set_string(arena, params, "part", prepare_part(prepare, item_of(arena, params)));
	if (prepare_hosts(prepare, value_get_string(params, "group"), &hosts, err) < 0)
		return error_place(err, value_get(params, "group")->place);
	for (size_t i = 0; i < hosts->count; i++) {
		if (add_entry(prepare, value_text(hosts->items[i]), params, entries, err) < 0)
			return -1;
	}
	if (check_addresses(prepare, hosts, entries, err) < 0 || check_extra(prepare, hosts, entries,
			value_get(params, "extra"), err) < 0)
		return -1;
	value_set(arena, params, "entries", entries);
	return 0;
}
