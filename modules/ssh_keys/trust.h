/* trust: what the files of ssh-keys-trust share.
 *
 * Each key is a resource of its own: tasks that share a file leave each other's lines alone. Two
 * blocks hold what is beoplay's: that of trust, whose lines say by their names which host they are
 * of, and that of literal keys. A record of the machine says which hosts each pattern has claimed,
 * so that a host that leaves one pattern goes, and those of another pattern stay. */
#ifndef MODULES_SSH_KEYS_TRUST_H
#define MODULES_SSH_KEYS_TRUST_H

#include "modules/ssh_keys/ssh_keys.h"

#define TRUST_BEGIN "# BEGIN beoplay ssh-keys"
#define TRUST_END "# END beoplay ssh-keys"
#define LITERAL_BEGIN "# BEGIN beoplay ssh-keys authorized"
#define LITERAL_END "# END beoplay ssh-keys authorized"

/* The lines between two markers; after is NULL where the block goes. */
struct trust_block {
	const char *before, *after;
};

struct trust_file {
	const char *path;
	struct file_info info;
	const char *before, *after;    /* lines end with \n */
	bool dos;                /* they end with \r\n, and will */
	struct trust_block trust, literals;
	const char *last;        /* digest of a last line without an end; else "" */
	const char *broken, *remedy;   /* of a block; NULL: they are whole */
	bool no_text;            /* it holds NUL */
	bool no_utf8;
};

struct trust_state {
	struct user_info user;
	const char *directory;
	struct file_info directory_info;
	bool only_ours;          /* nothing else is in the directory */
	bool is_login;           /* the user is the one that beoplay logs in as */
	struct value *claims;    /* pattern → list of hosts; NULL: none */
	const struct value *wished;      /* identities that other playbooks have, as keys; NULL: none */
	struct trust_file keys, known, config;
	struct value *taken;     /* records of lines outside the blocks that go */
	struct value *added, *removed;
};

/* ssh_keys_compose.c: what becomes of both files. */
void trust_compose(struct arena *arena, const struct ssh_keys_params *want,
	struct trust_state *have);
const char *trust_claims_key(struct arena *arena, const struct ssh_keys_params *want);
/* The record after the change; NULL: none. */
struct value *trust_claims(struct arena *arena, const struct ssh_keys_params *want,
	const struct trust_state *have);
/* Lines of a block about one host: its keys, or what it is known by. */
const char *trust_lines_of(struct arena *arena, const struct ssh_keys_params *want,
	const char *inside, const char *host, bool known);
/* The host that a line of a block is about; NULL: none. */
const char *trust_host_of(struct arena *arena, const struct ssh_keys_params *want, const char *line,
	bool known);
/* Whether a block has lines of hosts that aren't among those of the task. */
bool trust_has_others(const struct ssh_keys_params *want, const char *inside, bool known);
/* A key as its line in authorized_keys. */
const char *trust_literal_line(struct arena *arena, const struct ssh_keys_params *want,
	const char *key);
/* keys.c: the line that has this key ("TYPE BASE64 …"), whatever its options and comment; NULL: none. */
const char *trust_find_key(const char *lines, const char *key);
/* "TYPE BASE64" of a line: by this a key is known, whatever its options and comment; the line, where it has none. */
const char *trust_key_of(struct arena *arena, const char *line);
/* Whether any key may log in by this text. */
bool trust_has_key(const char *text);
/* Its digest; "" where the last line ends, or there is none. */
const char *trust_last_without_end(struct arena *arena, const char *text);

/* The markers of the block in ~/.ssh/config about the key at path. */
const char *trust_identity_mark(struct arena *arena, const struct ssh_keys_params *want,
	const char *word);

/* trust.c: the hooks of ssh-keys-trust, of which authorized_key is a part. */
void trust_resources(struct names *names, const void *params);
int trust_inspect(struct host *host, const void *params, void *ret_state, struct error *err);
void trust_plan(struct plan *plan, const void *params, const void *state);
int trust_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);
void trust_results(struct arena *arena, const void *params, const void *state,
	struct value *results);

/* ssh_keys_invert.c: the way back, resource by resource. */
void trust_invert(struct inverses *inverses, const void *params, const void *state);

#endif
