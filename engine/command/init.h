/* init: what the files of init share. Private to them.
 *
 * init_reach.c gets into the machines, init_root.c finds out how each becomes root, init_write.c
 * writes the project; init.c asks and tells. */
#ifndef COMMAND_INIT_H
#define COMMAND_INIT_H

#include "command/options.h"
#include "fleet/become.h"
#include "fleet/fleet.h"
#include "fleet/identity.h"

struct init_host {
	const char *given;       /* as the command line has it: an address or a name */
	const char *name;        /* in the inventory */
	unsigned port;           /* 0: the usual one */
	const char *key;         /* of the host, once it was offered or is known */
	bool unknown;            /* that key is new */
	bool changed;            /* another one is known */
	const char *user;        /* of the inventory; NULL: as the options say */
	bool in;                 /* the user can log in */
	bool by_password;
	bool root;               /* root is reached: by way, or it is root's own login */
	const struct become_way *way;   /* NULL: root logs in */
	bool asks;               /* the way wants a password */
	const struct error *problem;    /* of logging in, or else of becoming root; NULL: none */
	const struct value *facts;      /* map; NULL: none came */
};

struct init {
	struct arena *arena;
	const struct apply_options *options;
	const char *folder;
	struct init_host *hosts;
	bool named;              /* hosts have their names in an inventory */
	size_t count;
	const char *user;        /* who logs in */
	struct identity identity;
	const char *password;    /* of the login; NULL: not known */
	const char *become_password;   /* as -K gives it */
	const char *root_password;
	bool terminal;           /* somebody can be asked */
};

/* One way into one machine, tried once. */
struct init_attempt {
	struct init_host *host;
	const char *password;    /* of the login; NULL: only the key */
	const struct become_way *way;  /* NULL: nobody becomes root */
	const char *become_password;
	bool done;               /* it worked */
	const struct error *error;     /* else why not */
};

/* All at once. 0, or -1 with err (RUN_INTERRUPTED, …). */
int init_try(struct init *init, struct init_attempt *attempts, size_t count, struct error *err);
/* Hosts' keys, and logins. */
int init_reach(struct init *init, struct error *err);
/* A question; only "y" and "yes" agree. -1 with err: ^C. */
int init_agree(const char *question, bool *ret_agreed, struct error *err);
/* Names of hosts, for people: not too many. */
const char *init_fold(const struct init *init, const struct value *names);
/* The names of those hosts of which it holds, folded. */
typedef bool init_holds(const struct init_host *host);
const char *init_names(const struct init *init, init_holds *holds);

/* One line for each key of those hosts of which it holds. */
void init_show_keys(struct init *init, init_holds *holds);

int init_root(struct init *init, struct error *err);

/* Whether the project can be written: nothing of it is there yet. */
int init_check_folder(struct init *init, struct error *err);
/* What each machine is, into facts. */
int init_look(struct init *init, struct error *err);
int init_write(struct init *init, bool sudoers, struct error *err);
/* sudo is there, and asks for a password. */
bool init_wants_rule(const struct init_host *host);
/* The file of sudoers with the user's line, in which sudo takes names without dots only. */
const char *init_rule_path(const struct init *init);
/* Whether a line of sudoers can hold the user's name. */
bool init_plain_user(const char *user);

#endif
