/* machine: the real machine behind a host (struct host_calls).
 *
 * It works with the ids of the process it is in. What is beyond it (bodies, records, offers) it
 * asks for: in the agent itself directly, in a child that works as another user through its link.
 * Nothing is written anywhere by the calls that only read, access times included. */
#ifndef AGENT_MACHINE_H
#define AGENT_MACHINE_H

#include "agent/link.h"
#include "base/known_digests.h"
#include "module/host.h"

#include <stdbool.h>
#include <stdint.h>

struct machine {
	struct link *link;             /* looked after while something takes long; may be NULL */
	int64_t task;                  /* whose progress is told */
	int64_t told;                  /* milliseconds: the last progress */
	const char *passwd;            /* "/etc/passwd" */
	const char *group;             /* "/etc/group" */
	const char *user;              /* name and home of the user as whom it works */
	const char *home;
	const char *login;             /* who has logged in; NULL: not known */
	bool dry;                      /* nothing will change */
	const char *state;             /* directory of the ledger and the like; NULL: none */
	const char *steps;             /* directory for detached steps; NULL: they can't be */
	const char *run;               /* its name; NULL: none */
	int lock;                      /* descriptor that a detached step inherits; -1: none */
	const struct value *environment;   /* "NAME=value" of the task: for all commands; or NULL */
	int64_t timeout;               /* seconds that the task may take; 0: any */
	int64_t until;                 /* milliseconds: then they are over; 0: never */
	struct value *notes;           /* for people: what commands have left running; may be NULL */
	int (*ask)(void *context, struct arena *arena, const struct request *request,
		struct reply *ret_reply, struct error *err);
	void *context;
	struct known_digests *digests; /* of files that were read before; NULL: none */
	struct later *later;           /* written files that are yet to get their names; NULL: none */
	struct fetched *fetched;       /* bodies that are to be written next; NULL: none */
};

/* Whether the task may still go on. */
int machine_in_time(const struct machine *machine, struct error *err);

extern const struct host_calls machine_calls;

/* files.c */
int files_stat(void *machine, struct arena *arena, const char *path, struct file_info *ret_info,
	struct error *err);
int files_read(void *machine, struct arena *arena, const char *path, size_t most,
	char **ret_bytes, size_t *ret_size, struct error *err);
int files_digest(void *machine, struct arena *arena, const char *path, const struct file_info *seen,
	const char **ret_digest, struct error *err);
int files_list(void *machine, struct arena *arena, const char *path, struct file_name **ret_names,
	size_t *ret_count, struct error *err);
/* Up to CHUNK_SIZE bytes of a regular file from offset on; ret_size is that of the whole file. */
int files_chunk(struct arena *arena, const char *path, int64_t offset, char **ret_bytes,
	size_t *ret_count, int64_t *ret_size, struct error *err);
/* As host_real. */
int files_real(void *machine, struct arena *arena, const char *path, const char **ret_real,
	struct error *err);
/* A regular file open for reading, following no link at its end. The caller closes it. */
int files_open(const char *path, struct error *err);

/* files_change.c */
int files_set_mode(void *machine, const char *path, unsigned mode, struct error *err);
int files_set_owner(void *machine, const char *path, int64_t uid, int64_t gid, struct error *err);
int files_set_mtime(void *machine, const char *path, int64_t nanoseconds, struct error *err);
int files_make_directory(void *machine, const char *path, unsigned mode, struct error *err);
int files_make_link(void *machine, const char *path, const char *target, struct error *err);
int files_remove(void *machine, const char *path, struct error *err);
int files_rename(void *machine, const char *from, const char *to, struct error *err);

/* files_write.c */
int files_write(void *machine, const struct file_write *write, struct error *err);
/* The remedy where a change of a file was refused with this errno. */
void files_denied(int number, const char *user, struct error *err);

/* files_later.c */
/* Takes over a file that is written under a temporary name in directory, of which it keeps a copy. */
int later_add(struct machine *machine, const char *path, int directory, const char *temporary,
	const char *name, struct error *err);
int later_settle(void *machine, struct error *err);

/* fetched.c */
size_t fetched_ask(void *machine, const char *const *digests, const int64_t *sizes, size_t count);
/* The body, if it was fetched; until the next ones are. */
const struct bytes *fetched_find(const struct machine *machine, const char *digest);
void fetched_drop(struct machine *machine);

/* accounts.c */
int accounts_user(void *machine, struct arena *arena, const char *name,
	struct user_info *ret_user, struct error *err);
int accounts_group(void *machine, struct arena *arena, const char *name,
	struct group_info *ret_group, struct error *err);
int accounts_user_by_id(void *machine, struct arena *arena, uid_t uid,
	struct user_info *ret_user, struct error *err);
int accounts_group_by_id(void *machine, struct arena *arena, gid_t gid,
	struct group_info *ret_group, struct error *err);
/* The groups that a user is a member of, its primary one first. */
int accounts_groups(struct machine *machine, struct arena *arena, const struct user_info *user,
	gid_t **ret_groups, size_t *ret_count, struct error *err);

/* process.c */
int process_run(void *machine, struct arena *arena, const struct command *command,
	struct command_result *ret_result, struct error *err);

/* meet.c */
int machine_meet(void *machine, struct arena *arena, struct meeting *meeting, struct error *err);

/* trial.c */
int trial_look(void *machine, struct arena *arena, const char *name,
	struct trial_state *ret_state, struct error *err);
int trial_start(void *machine, struct arena *arena, const struct trial *trial, struct error *err);
int trial_wait(void *machine, struct arena *arena, const char *name, struct error *err);
int trial_end(void *machine, struct arena *arena, const char *name, const struct error *why,
	struct error *err);

/* leave.c */
int machine_leave(void *machine, struct arena *arena, const char *command, unsigned seconds,
	struct error *err);

/* probe.c; takes: as who is about to take it, and who else is counts */
int machine_probe(void *machine, struct arena *arena, const char *interface, const char *address,
	bool takes, const char **ret_mac, struct error *err);

/* steps.c */
int steps_run(struct machine *machine, struct arena *arena, const struct command *command,
	struct command_result *ret_result, struct error *err);
/* What became of the steps of agents that died. Reads only. */
struct ran_step *steps_report(struct arena *arena, const char *directory, size_t *ret_count);
/* Those that are over, of the ones that steps_report tells; and, once they were told, forgets
 * them. */
struct value *steps_over(struct arena *arena, const char *directory);
void steps_clean(const struct value *over);

/* Tells the controller, not more often than ten times a second. */
void machine_progress(void *machine, const char *line);

#endif
