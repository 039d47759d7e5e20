/* user: what the files of user share. */
#ifndef MODULES_USER_H
#define MODULES_USER_H

#include "modules/shared/guard.h"

enum user_step {
	USER_ADD, USER_ADD_GROUP, USER_GROUP_ID, USER_MODIFY, USER_MAKE_HOME, USER_PASSWORD,
	USER_AGEING, USER_DELETE, USER_REMOVE_HOME,
};

struct user_params {
	char *name;
	char *uid;               /* decimal; NULL: any */
	char *group;             /* primary; NULL: as it is, else one of its own name */
	char **groups;           /* NULL: as they are */
	unsigned groups_count;
	bool append;
	char *home;
	bool create_home;
	char *shell;
	char *comment;
	bool system;
	bool keeps_password;     /* an account that has one keeps it */
	char *password;          /* crypted, or '!' or '*'; NULL: as it is */
	bool present;
	bool remove;
	/* Internal: */
	bool no_groups;          /* groups is an empty list */
	/* Internal, of an undo: */
	char *made_home;         /* a home that came along, and goes if nothing was put into it */
	char *own_gid;           /* of the group of its own name, which goes with the user */
	char *former;            /* the password of one that is added again */
	char *ageing;            /* what follows either password in /etc/shadow */
};

struct user_state {
	struct user_info user;
	struct group_info primary;   /* that it should have, if the task says one */
	struct file_info home;
	const char *home_path;
	struct value *groups;    /* names of those it is listed in, sorted */
	const char *password;    /* as in /etc/shadow; NULL: not read */
	const char *ageing;      /* what follows it there */
	struct group_info own;   /* its primary group */
	struct value *made;      /* made_home and what is in it, a directory before its content */
	bool used;               /* something was put into made_home, or changed there */
	struct guard_refusal refusal;    /* why the user or its home is not removed */
};

/* The field of a line of colons, from 0; "" where it has fewer. */
const char *user_field(struct arena *arena, const char *line, size_t size, unsigned number);
/* Whether it is the home of those who have none. */
bool user_is_nowhere(const char *home);
/* The wished groups, with commas between. */
char *user_groups_text(struct arena *arena, const struct user_params *want);

int user_inspect(struct host *host, const void *params, void *ret_state, struct error *err);
/* Why its home is not removed: what of others lies in it or on it. */
int user_guard_home(struct host *host, const char *name, const char *home,
	struct guard_refusal *ret_refusal, struct error *err);
int user_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);

#endif
