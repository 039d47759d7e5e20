/* network: what the files of network share. */
#ifndef MODULES_NETWORK_H
#define MODULES_NETWORK_H

#include "module/module.h"

#define NETWORK_LIVE_MOST 64

enum network_backend { NETWORK_AUTO, NETWORK_IFUPDOWN, NETWORK_NETWORKD, NETWORK_MANAGER };
enum network_presence { NETWORK_PRESENT, NETWORK_ABSENT };

struct network_route {
	char *to;
	char *via;
};

struct network_params {
	char *interface;
	char *mac;
	char **addresses;
	unsigned addresses_count;
	char *gateway;
	char **nameservers;
	unsigned nameservers_count;
	char **search;
	unsigned search_count;
	struct network_route *routes;
	unsigned routes_count;
	int *mtu;
	bool dhcp;
	enum network_backend backend;
	enum network_presence state;
	char *connection;          /* internal: the address by which the controller comes; "": unknown */
	char *text;                /* internal: the file word for word */
};

struct network_state {
	enum network_backend backend;
	const char *interface;     /* NULL: there is none with this mac */
	bool there;                /* the kernel has it */
	bool up;
	int mtu;
	const char *live[NETWORK_LIVE_MOST];    /* addresses with prefix, without link-local ones */
	size_t live_count;
	bool carries;              /* the connection comes over it */
	bool default_route;        /* there is one, over whatever */
	const char *default_via;
	const char *file;
	const char *want;          /* what the file should hold; NULL: none */
	const char *have;          /* what it holds; NULL: it isn't there */
	const char *elsewhere;     /* another file with a stanza for it; NULL */
	struct value *record;      /* {addresses: what we have put there} */
};

/* look.c */
/* Under which the ledger keeps what we have put onto the interface. */
const char *network_record_key(struct arena *arena, const struct network_state *have);
int network_inspect(struct host *host, const void *params, void *ret_state, struct error *err);

/* file.c: where a backend keeps an interface, and what the file holds. */
const char *network_file_path(struct arena *arena, enum network_backend backend,
	const char *interface);
const char *network_file_text(struct arena *arena, enum network_backend backend,
	const char *interface, const struct network_params *want);
unsigned network_file_mode(enum network_backend backend);
const char *network_backend_name(enum network_backend backend);
/* Whether a text for ifupdown has a stanza for the interface. */
bool network_has_stanza(const char *text, const char *interface);

/* "10.0.0.7/24" as ip(8) writes it; NULL: not an address with a prefix. */
const char *network_canonical(struct arena *arena, const char *text);
bool network_is_ipv6(const char *address);

#endif
