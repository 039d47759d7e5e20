/* network: what the files of network share. */
#ifndef MODULES_NETWORK_H
#define MODULES_NETWORK_H

#include "module/module.h"

struct buffer;

#define NETWORK_LIVE_MOST 64
#define NETWORK_RESOLV "/etc/resolv.conf"
/* Foreseen by a dry run, and found when it is tried. */
#define NETWORK_TAKEN_TEXT "another machine has %s already: the one with the hardware address %s"
#define NETWORK_TAKEN_REMEDY "give this host another address; nothing was changed"
#define NETWORK_NO_GATEWAY_TEXT "no machine on the network of %s answers as the gateway %s"
#define NETWORK_NO_GATEWAY_REMEDY "correct the gateway, or leave it out"
#define NETWORK_SECONDS_LEAST 3
#define NETWORK_SECONDS_MOST 3600

enum network_backend { NETWORK_AUTO, NETWORK_IFUPDOWN, NETWORK_NETWORKD, NETWORK_MANAGER };
/* SWAP does all of a swap, whose other changes are SWAPPED by it. */
enum network_step {
	NETWORK_WRITE, NETWORK_REMOVE, NETWORK_UP, NETWORK_ADD, NETWORK_DELETE, NETWORK_MTU,
	NETWORK_GATEWAY, NETWORK_ROUTE, NETWORK_REMEMBER, NETWORK_SWAP, NETWORK_SWAPPED,
	NETWORK_NAMES,
};
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
	int64_t confirm_timeout;   /* seconds */
	char *check;               /* a command that must succeed on the new connection; NULL: none */
	bool take;                 /* a stanza elsewhere is replaced where it stands */
	char **live;               /* internal, of an undo: what is live again, file or not */
	unsigned live_count;
	char *via;                 /* internal: and the gateway; NULL: none */
	char *place;               /* internal: the file whose stanza was taken over … */
	char *stanza;              /* … and what it was */
	char *connection;          /* internal: the address by which the controller comes; "": unknown */
	char *text;                /* internal: the file word for word */
};

/* What an interface has live. */
struct network_live {
	const char *addresses[NETWORK_LIVE_MOST];   /* with prefix, without link-local ones */
	size_t count;
	const char *via;           /* its default gateway; NULL: none over it */
	const char *routes;        /* of IPv4 over it, a line each, as ip(8) shows them; NULL: none */
	int mtu;
	const char *governs;       /* networkd's file, NetworkManager's uuid; NULL: not known */
};

struct network_state {
	enum network_backend backend;
	const char *interface;     /* NULL: there is none with this mac */
	bool there;                /* the kernel has it */
	bool up;
	int mtu;
	const char *live[NETWORK_LIVE_MOST];    /* addresses with prefix, without link-local ones */
	size_t live_count;
	const char *routes;        /* of IPv4 over it, as ip(8) shows them */
	bool carries;              /* the connection comes over it, or may do so */
	const char *taken_address, *taken_by;   /* a new one, and the hardware address of who has it; or NULL */
	bool no_gateway;           /* nobody answers as the new one */
	bool swaps;                /* what is live changes in one go, to be confirmed */
	bool up_by_ifupdown;       /* ifupdown has brought it up */
	const char *unread;        /* the file that should read ours, and doesn't; NULL: it is read */
	const char *lacks;         /* a program that is needed and isn't there; NULL: none */
	struct trial_state trial;  /* of an earlier try … */
	bool tried;                /* … which this run has made, for just this */
	const char *trial_name;
	const char *wish;          /* what is wished, on disk and live, in one text */
	struct network_live before;   /* before the swap, also where it is under way */
	bool default_route;        /* there is one, over whatever */
	const char *default_via;
	const char *file;
	const char *want;          /* what the file should hold; NULL: none */
	const char *have;          /* what it holds; NULL: it isn't there */
	const char *elsewhere;     /* another file with a stanza for it; NULL */
	const char *taken;         /* what that stanza is, where it is taken over; NULL: it isn't */
	const char *link_state;    /* what networkd or NetworkManager says of it; NULL: nothing */
	const char *governs;       /* the file by which that one brings it up; NULL: none, or ours */
	const char *governing;     /* its text, or for NetworkManager the uuid, also of ours */
	const char *outranks;      /* that file, where it would still come before ours; NULL: it doesn't */
	const char *keeps;         /* why it can't be; NULL: it can */
	bool leased;               /* by DHCP, as that stanza says */
	const char *names_have;    /* resolv.conf, where we write its name servers; NULL: it isn't there, or … */
	const char *names_want;    /* … nothing of it is ours to write: NULL */
	const char *names_kept;    /* why the wished ones would count for nothing; NULL: they count */
	struct file_info names_info;
	const char *names_digest;  /* of names_have */
	struct value *record;      /* {addresses: what we have put there} */
};

/* check.c */
int network_check(const struct value *params, struct error *err);
int network_prepare(struct prepare *prepare, struct value *params, struct error *err);

/* swap.c: what is live changes while the connection comes over it; a warden takes it back unless it is
 * confirmed over a new one. */
/* Whether it has to, and what was before; once all else is known. */
/* Whether the IPv6 address by which the connection comes would go. */
bool network_moves_ipv6(struct arena *arena, const struct network_params *want,
	const struct network_state *have);
/* Who has what it is to get. */
int network_look_at_wire(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
int network_look_at_swap(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
void network_plan_swap(struct plan *plan, const struct network_params *want,
	const struct network_state *have);
/* Whether a route that is wished is among the lines that ip(8) shows. IPv6: taken for there. */
bool network_has_route(struct arena *arena, const char *routes, const struct network_route *route);
/* Begins it, or in the agent that comes over the new connection brings it to its end. */
int network_swap(struct host *host, const struct network_params *want,
	const struct network_state *have, struct value *results, struct error *err);
/* The addresses that are to be live, as they were written. */
char *const *network_wished(const struct network_params *want, unsigned *ret_count);
const char *network_wished_via(const struct network_params *want);

/* networkd.c: who governs it there, and the scripts, as below. */
int network_look_at_networkd(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
/* Of a line "KEY=value"; NULL: there is none. */
const char *network_value_of(struct arena *arena, const char *text, const char *key);
/* The file of a trial: before all others in order, and of no name in /etc, which would hide it. */
const char *network_networkd_trial(struct arena *arena, const char *interface);
void network_write_networkd_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial);

/* manager.c: the same of NetworkManager. */
int network_look_at_manager(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
const char *network_manager_uuid(struct arena *arena, const char *interface);
void network_write_manager_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial);

/* scripts.c: what brings them up and takes them back, for struct trial. */
void network_add_address(struct buffer *out, const char *interface, const char *address,
	const char *how);
/* What it is before anything is touched, and the same again once it is taken back. */
const char *network_look_script(struct arena *arena, const char *interface, const char *governs);
/* Parts of a script that asks a daemon: is_up(), a wait for a condition that ends it well, is_as_before(), and
 * its end, which puts there what the daemon hasn't. */
void network_add_test(struct buffer *out, struct arena *arena, const struct network_params *want,
	const struct network_state *have, const char *condition);
void network_add_wait(struct buffer *out, const char *condition, unsigned seconds);
void network_add_as_before(struct buffer *out);
void network_add_live(struct buffer *out, const struct network_state *have);
/* Where the new content waits: see WARDEN of engine/agent. */
const char *network_new_file(struct arena *arena, const char *path);
void network_write_scripts(struct arena *arena, const struct network_params *want,
	const struct network_state *have, struct trial *trial);

/* look.c */
int network_read_file(struct host *host, const char *path, const char **ret_text,
	struct error *err);
int network_look_at_live(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
bool network_has_line(const char *text, const char *beginning);
const char *network_word_after(struct arena *arena, const char *text, const char *key);
/* Under which the ledger keeps what we have put onto the interface. */
const char *network_record_key(struct arena *arena, const struct network_state *have);
int network_inspect(struct host *host, const void *params, void *ret_state, struct error *err);

/* names.c: name servers, where nobody else would tell the machine of them. */
int network_look_at_names(struct host *host, const struct network_params *want,
	struct network_state *have, struct error *err);
bool network_writes_names(const struct network_state *have);
int network_write_names(struct host *host, const struct network_state *have, struct error *err);
void network_invert_names(struct inverses *inverses, const struct network_state *have);

/* file.c: where a backend keeps an interface, and what the file holds. */
const char *network_file_path(struct arena *arena, enum network_backend backend,
	const char *interface);
const char *network_file_text(struct arena *arena, enum network_backend backend,
	const char *interface, const struct network_params *want);
unsigned network_file_mode(enum network_backend backend);
const char *network_backend_name(enum network_backend backend);
/* Whether a text for ifupdown has a stanza for the interface. */
bool network_has_stanza(const char *text, const char *interface);
/* stanza.c: the text with others in the place of its IPv4 stanzas for the interface, of which ret_old are
 * the lines; NULL: it has none. */
const char *network_stanza_replace(struct arena *arena, const char *text, const char *interface,
	const char *with, const char **ret_old);
/* Why the interface isn't taken over; NULL: it may be. */
const char *network_stanza_keeps(const char *text, const char *interface, const char *old);
/* What stands there for it, without a line that brings it up at the start. */
const char *network_stanza_text(struct arena *arena, const char *interface,
	const struct network_params *want);

/* "10.0.0.7/24" as ip(8) writes it; NULL: not an address with a prefix. */
const char *network_canonical(struct arena *arena, const char *text);
bool network_is_ipv6(const char *address);

#endif
