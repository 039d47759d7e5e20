/* ssh_keys: what the two parts of ssh-keys share: a key pair on each host, then the trust. */
#ifndef MODULES_SSH_KEYS_H
#define MODULES_SSH_KEYS_H

#include "modules/module.h"

enum { SSH_FILE_MOST = 4 << 20 };

/* What one host of the pattern is known by. */
struct ssh_keys_host {
	char *host;              /* inventory name */
	char *line;              /* of authorized_keys; "": not known now, what is there stays */
	char **known;            /* lines of known_hosts; none: not known now, what is there stays */
	unsigned known_count;
};

struct ssh_keys_params {
	char *user;
	char *type;
	int bits;
	char *path;              /* NULL: ~/.ssh/id_TYPE */
	char *comment;
	char *trust;
	char **authorized;
	unsigned authorized_count;
	char *options;
	bool known_hosts;
	bool allow_root;
	bool present;
	bool makes;              /* internal: this host has a key pair */
	struct ssh_keys_host *hosts;     /* internal */
	unsigned hosts_count;
};

extern const struct param ssh_keys_table[];
extern const cyaml_schema_field_t ssh_keys_fields[];

int ssh_keys_check(const struct value *params, struct error *err);
/* user, where the task doesn't say it: who logs in. */
int ssh_keys_user(struct prepare *prepare, struct value *params, struct error *err);
const char *ssh_keys_acts_as(const void *params);
/* ~/.ssh of the user; an error if there is no such user or home. */
int ssh_keys_directory(struct host *host, const struct ssh_keys_params *want,
	const char **ret_directory, struct error *err);
/* "TYPE BASE64" and nothing else, as RFC 4253 section 6.6 and sshd(8) write keys. */
bool ssh_key_valid(const char *text);

extern const struct module module_ssh_keys_pair;
extern const struct module module_ssh_keys_trust;

#endif
