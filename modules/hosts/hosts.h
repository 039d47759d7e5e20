/* hosts: what the files of hosts share. */
#ifndef MODULES_HOSTS_H
#define MODULES_HOSTS_H

#include "module/module.h"
#include "modules/shared/managed_block.h"
#include "modules/shared/taken_line.h"

#define BLOCK_BEGIN "# BEGIN beoplay hosts"
#define BLOCK_END "# END beoplay hosts"

enum { HOSTS_NAME_SIZE = 256 };

enum hosts_conflict { CONFLICT_ERROR, CONFLICT_TAKE, CONFLICT_KEEP };

struct hosts_extra {
	char *address;
	char **names;
	unsigned names_count;
};

struct hosts_params {
	char *group;
	char *domain;
	bool aliases;
	struct hosts_extra *extra;
	unsigned extra_count;
	char *path;
	enum hosts_conflict conflict;
	bool present;
	struct hosts_extra *entries;     /* internal: of the group */
	unsigned entries_count;
	char *self;                      /* internal: the machine's own name; NULL: of an undo */
	char *part;                      /* internal: of prepare_part; NULL: not known */
	/* Internal, of an undo: */
	bool undo;
	bool made;                       /* the file was not there before */
	char **gone;                     /* names that go from the block */
	unsigned gone_count;
	char **back;                     /* lines that come back into it */
	unsigned back_count;
	int place;                       /* where; -1: at the end */
	char **places;                   /* where each of several does; "": at the end */
	unsigned places_count;
	struct taken_line *taken;        /* lines of others that come back */
	unsigned taken_count;
};

struct hosts_state {
	struct file_info info;
	const char *before;              /* the whole file; "" where there is none */
	const char *after;
	bool dos;                        /* lines end with \r\n, here with \n */
	const char *inside;              /* of the block, before */
	const char *inside_before;       /* where that is in before, if there is a block */
	struct lookup wished;            /* small letters of a name → its address */
	struct lookup others;            /* the first names of entries that other tasks and playbooks have */
	const char *broken, *remedy;     /* of the block; NULL: it is whole */
	bool cloud;                      /* cloud-init writes the file, too */
	const char *clash;               /* a line of others about a name of ours; or NULL */
	const char *clash_name;
	bool clash_inside;               /* it is another task's or playbook's */
	struct value *added, *removed, *conflicts;   /* lists */
	struct value *taken;             /* records of lines that are taken away */
	struct value *taken_for;         /* for which name, each */
	struct value *own;               /* names of the machine that only a line said which was taken */
};

/* prepare.c */
int hosts_prepare(struct prepare *prepare, struct value *params, struct error *err);

/* compose.c */
/* In place; gives it back. */
char *hosts_small_letters(char *name);
/* Words of a line before any comment. */
struct value *hosts_line_words(struct arena *arena, const char *line, size_t size);
bool hosts_is_one_of(const char *name, char *const *names, unsigned count);
/* The first name of a line; "" if there is none. */
const char *hosts_first_name(struct arena *arena, const char *line);
void hosts_compose(struct arena *arena, const struct hosts_params *want,
	struct hosts_state *have);

/* parts.c */
int hosts_look_at_others(struct host *host, const struct hosts_params *want,
	struct hosts_state *have, struct error *err);

/* look.c */
const char *hosts_own_key(struct arena *arena, const struct hosts_params *want);
int hosts_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err);

/* hosts.c */
bool hosts_is_address(const char *text);
/* hosts(5): a name has no blanks and no #. */
bool hosts_is_name(const char *text);
void hosts_add_name(struct arena *arena, struct value *names, const char *name);

#endif
