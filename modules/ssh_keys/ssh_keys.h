/* ssh_keys: what the two parts of ssh-keys share: a key pair on each host, then the trust. */
#ifndef MODULES_SSH_KEYS_H
#define MODULES_SSH_KEYS_H

#include "modules/shared/taken_line.h"

enum { SSH_FILE_MOST = 4 << 20 };

enum ssh_keys_regenerate { REGENERATE_NEVER, REGENERATE_MISMATCH, REGENERATE_ALWAYS };

/* What one host of the pattern is known by. */
struct ssh_keys_host {
	char *host;              /* inventory name */
	char *line;              /* of authorized_keys; "": not known now, what is there stays */
	char *names;             /* what ssh may be told, separated by blanks; "": not needed */
	char **known;            /* lines of known_hosts; none: not known now, what is there stays */
	unsigned known_count;
};

/* What was there before the first change. */
struct ssh_keys_before {
	char *path;
	char *mode;              /* "0644"; "": it was not there */
	char *last;              /* digest of its last line, where that had no end; else "" */
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
	bool exclusive;
	enum ssh_keys_regenerate regenerate;
	bool present;
	bool makes;              /* internal: this host has a key pair */
	struct ssh_keys_host *hosts;     /* internal */
	unsigned hosts_count;
	char **missing;          /* internal: those of them whose keys can't be known now */
	unsigned missing_count;
	/* Internal, of an undo: */
	bool undo;
	bool aside;              /* the pair before is beside, as PATH.old */
	char **gone;             /* hosts whose entries go */
	unsigned gone_count;
	char **gone_keys;        /* lines that go */
	unsigned gone_keys_count;
	char **back;             /* lines of authorized_keys that come back */
	unsigned back_count;
	char **back_known;       /* lines of known_hosts */
	unsigned back_known_count;
	struct ssh_keys_before *before;
	unsigned before_count;
	struct taken_line *taken;        /* lines outside the blocks that come back in their places */
	unsigned taken_count;
	struct taken_line *lost;         /* lines of a block that do, with their places in it: keys of hosts */
	unsigned lost_count;
	struct taken_line *lost_known;   /* what hosts are known by */
	unsigned lost_known_count;
	struct taken_line *lost_keys;    /* literal keys */
	unsigned lost_keys_count;
	struct taken_line *marks;        /* begin and end of these blocks, where they are gone */
	unsigned marks_count;
	struct taken_line *marks_known;
	unsigned marks_known_count;
	struct taken_line *marks_keys;
	unsigned marks_keys_count;
	char *identity;          /* what is said of the key at path in ~/.ssh/config; NULL: nothing known */
};

extern const struct param ssh_keys_table[];

int ssh_keys_check(const struct value *params, struct error *err);
/* Keys as a task has them: each may be the content of a file, with several lines, empty ones and remarks.
 * options: the parameter for what goes before them. */
int ssh_keys_check_lines(const struct value *authorized, const char *options, struct error *err);
/* Makes a line a key of them. */
void ssh_keys_split(struct arena *arena, struct value *params, const char *name);
/* user, where the task doesn't say it: who logs in. */
int ssh_keys_user(struct prepare *prepare, struct value *params, struct error *err);
const char *ssh_keys_acts_as(const void *params);
/* The user and its ~/.ssh; an error if there is no such user or home. */
int ssh_keys_directory(struct host *host, const struct ssh_keys_params *want,
	struct user_info *ret_user, const char **ret_directory, struct error *err);
/* "TYPE BASE64" and nothing else, as RFC 4253 section 6.6 and sshd(8) write keys. */
bool ssh_key_valid(const char *text);

/* One more record of what is there before a change; info of what it was. */
void ssh_keys_before_add(struct arena *arena, struct value *records, const char *path,
	const struct file_info *info);
/* What an undo knows about a path; NULL: nothing. */
const struct ssh_keys_before *ssh_keys_before_find(const struct ssh_keys_params *want,
	const char *path);
/* The mode of such a record. */
unsigned ssh_keys_before_mode(const struct ssh_keys_before *before);

extern const struct module module_ssh_keys_pair;
extern const struct module module_ssh_keys_trust;

#endif
