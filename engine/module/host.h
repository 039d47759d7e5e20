/* host: the machine that a module works on.
 *
 * Real on the node (engine/agent/machine.c), all in memory in unit tests (tests/unit). What inspect
 * asks is recorded, so that the engine knows what a task has read. Paths are absolute. Nothing
 * follows a symbolic link in the last component; as root, a link that an ordinary user could have
 * put there is never followed in the middle of a path either (an error). Every file is replaced
 * atomically: written beside, synced, renamed. All that is returned lives in the task's arena.
 * Functions give 0, or -1 with err set (kind TASK). */
#ifndef MODULES_HOST_H
#define MODULES_HOST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct host;

enum file_kind { FILE_NONE, FILE_REGULAR, FILE_DIRECTORY, FILE_LINK, FILE_OTHER };

struct file_info {
	enum file_kind kind;    /* FILE_NONE: nothing there */
	unsigned mode;          /* permission bits with set-id and sticky: 0 … 07777 */
	uid_t uid;
	gid_t gid;
	int64_t size;           /* bytes */
	int64_t mtime;          /* nanoseconds since the epoch */
	unsigned links;         /* hard links */
	const char *target;     /* of a symbolic link */
	uint64_t device, inode; /* with ctime: whether it is still the same as it was; inode 0: not told */
	int64_t ctime;          /* nanoseconds since the epoch */
};

struct file_name {
	const char *name;       /* one component */
	struct file_info info;
};

enum { HOST_KEEP = -1 };

/* How a file is to be written. */
struct file_write {
	const char *path;
	const char *bytes;      /* its content, unless body is given */
	size_t size;            /* of bytes; of body if it is known before, else 0 */
	const char *body;       /* digest of a body to be its content; fetched from the controller (or
	                           the ledger) in chunks, never all in memory; NULL: bytes */
	const char *from;       /* a file of this task's own, in a folder that nobody else can write to, with
	                           its content; NULL: bytes or body */
	int mode;               /* HOST_KEEP: as it is; for a new file 0666 less the umask */
	int64_t uid;            /* HOST_KEEP: as it is */
	int64_t gid;
	int64_t mtime;          /* nanoseconds; HOST_KEEP: now */
	const char *validate;   /* a command line with %s for the new file's path, run before it gets its
	                           name; NULL: none */
	const char *backup;     /* the old file is kept under this path; NULL: no */
	bool later;             /* it may get its name together with others: at host_settle at the latest */
};

struct user_info {
	bool exists;
	const char *name;
	uid_t uid;
	gid_t gid;              /* primary */
	const char *comment;
	const char *home;
	const char *shell;
};

struct group_info {
	bool exists;
	const char *name;
	gid_t gid;
	const char *const *members;   /* listed in /etc/group; ends with NULL */
};

enum command_flags {
	COMMAND_DETACHED = 1 << 0,   /* goes on, with its output kept, if the connection or the agent
	                                dies; the next agent reports its end first */
	COMMAND_ANY_STATUS = 1 << 1, /* an exit status other than 0 is no error */
	COMMAND_SHELL = 1 << 2,      /* argv[0] is a command line for /bin/sh -c */
	COMMAND_STREAM = 1 << 3,     /* output is shown while it comes */
	COMMAND_LOOK = 1 << 5,       /* set by host_look */
	COMMAND_TELLS = 1 << 4,      /* which daemons it has started is told */
	COMMAND_TO_FILES = 1 << 7,   /* its output goes to files in memory, read as they grow, and not to
	                                pipes: whatever it starts may make a pipe that they share
	                                non-blocking, and what it then writes to a full one is lost */
	COMMAND_AT_LOGIN = 1 << 6,   /* without a directory it runs where who logs in begins, with that
	                                login's language; else in / with LC_ALL=C, whose words are known */
};

struct command {
	const char *const *argv;     /* ends with NULL; found through PATH */
	const char *input;           /* for its stdin; NULL: /dev/null */
	size_t input_size;
	const char *const *environment;   /* NAME=value, added to a fixed sane one; NULL: none */
	const char *directory;       /* NULL: / */
	unsigned timeout;            /* seconds, then its whole process group is ended; 0: none */
	unsigned flags;              /* of enum command_flags */
	size_t most;                 /* bytes of stdout and of stderr that are kept; 0: 1 MiB. Of more the
	                                middle is left out, and host_look fails */
	const char *const *starters; /* what only starts the rest, by the names that the kernel has of
	                                processes: it has begun when anything else runs in it, or when
	                                it has said something. Ends with NULL; NULL: at once */
	/* What is made of its output before anybody sees it: adds to ret_output what stands for size more bytes
	 * of its stdout or stderr; size 0: nothing more comes. NULL: nothing is. */
	void (*sort)(void *context, bool errors, const char *bytes, size_t size,
		struct buffer *ret_output);
	void *sort_context;
	unsigned start_most;         /* seconds; where it hasn't begun by then, that is noted, and its whole
	                                process group is ended; 0: no such limit */
};

enum { COMMAND_OUTPUT_MOST = 1 << 20 };

struct command_result {
	int status;                  /* exit status; 128 + signal if a signal ended it */
	char *output;                /* stdout, NUL behind it */
	size_t output_size;
	char *errors;                /* stderr */
	size_t errors_size;
	bool timed_out;
	bool not_begun;              /* by start_most */
	bool truncated;
};

/* For messages: the end of its stderr, else of its stdout, where causes usually stand. */
char *command_last_words(struct arena *arena, const struct command_result *result);

struct arena *host_arena(struct host *host);

/* --- Reading: allowed in inspect -------------------------------------------------------------- */

int host_stat(struct host *host, const char *path, struct file_info *ret_info, struct error *err);
/* The whole content, with a NUL behind it; an error above most bytes. A missing file is an
 * error. */
int host_read(struct host *host, const char *path, size_t most, char **ret_bytes, size_t *ret_size,
	struct error *err);
/* The same of a text that goes back in one piece: one with a NUL in it is an error, as what is behind that
 * would be lost. */
int host_read_text(struct host *host, const char *path, size_t most, char **ret_text,
	struct error *err);
/* SHA-256 in hexadecimal, of any size of file. */
int host_digest(struct host *host, const char *path, const char **ret_digest, struct error *err);
/* The same of a file that host_stat has just told of: it isn't opened where it is known unchanged since it was
 * read last. */
int host_digest_seen(struct host *host, const char *path, const struct file_info *seen,
	const char **ret_digest, struct error *err);
/* The names in a directory, sorted, without . and .. */
int host_list(struct host *host, const char *path, struct file_name **ret_names, size_t *ret_count,
	struct error *err);
/* By name or by decimal id; from /etc/passwd and /etc/group, else getent. Not there: exists
 * false. */
int host_user(struct host *host, const char *name, struct user_info *ret_user, struct error *err);
int host_group(struct host *host, const char *name, struct group_info *ret_group, struct error *err);
int host_user_by_id(struct host *host, uid_t uid, struct user_info *ret_user, struct error *err);
int host_group_by_id(struct host *host, gid_t gid, struct group_info *ret_group, struct error *err);
/* /etc/group, to be looked through for this user alone. */
int host_members(struct host *host, const char *user, size_t most, char **ret_text,
	struct error *err);
/* The user as whom this task works. */
uid_t host_uid(struct host *host);
/* The user who has logged in, whoever it became; NULL: not known. */
const char *host_login(struct host *host);
/* Whether this is a dry run: nothing will change, so that nothing is waited for. */
bool host_dry(struct host *host);
/* The directory of beoplay's own state on this machine; NULL: none. */
const char *host_state(struct host *host);
/* The path with no symbolic link on the way; the last component stays as it is. Where the way
 * doesn't exist, the path itself. */
int host_real(struct host *host, const char *path, const char **ret_real, struct error *err);
/* The same host, for looks that are not noted: what they tell is no task's subject. */
struct host *host_quiet(struct host *host);
/* The kernel's name of the machine. */
int host_name(struct host *host, const char **ret_name, struct error *err);
/* Runs a command that only looks. Allowed in inspect, if the command truly changes nothing. */
int host_look(struct host *host, const struct command *command, struct command_result *ret_result,
	struct error *err);
/* Hosts of a run that try to reach one another over TCP, all at the same time: a word that no other meeting
 * has, who this host is, the first of a few ports, and how long it waits for the others. */
struct meeting_peer {
	const char *name;
	const char *address;         /* IPv4 */
	const char *problem;         /* set: why it wasn't reached; NULL: it was, and is who it should be */
};
struct meeting {
	const char *word;
	const char *name;
	unsigned port;
	unsigned seconds;
	struct meeting_peer *peers;
	size_t count;
};
int host_meet(struct host *host, struct meeting *meeting, struct error *err);

/* --- A change that can cut the connection -----------------------------------------------------
 *
 * It is tried by a warden, a process of its own that outlives agent, connection and controller: it makes
 * the change live, and takes it back unless it is confirmed in time, over a new connection. On disk it
 * is only then. One trial at a time has a name; one that was taken back is remembered until the next one,
 * so that a run doesn't try it again. */

enum trial_stage {
	TRIAL_NONE,
	TRIAL_UNDER_WAY,             /* it is being made, or is there, and isn't confirmed */
	TRIAL_RETURNED,              /* all is as before */
	TRIAL_STUCK,                 /* it was taken back, but not all is as before */
};

struct trial {
	const char *name;            /* "network-eth0": a file's name, too */
	const char *wish;            /* what it is for: whoever finds it again compares that */
	const char *address;         /* where the machine answers then; NULL: where it does now */
	unsigned seconds;            /* until it is taken back */
	const char *apply, *back;    /* scripts of sh: make it live; take that back */
	const char *look;            /* another: what it says is the same again after back */
	const char *keep, *paths;    /* another, which keeps what back needs, and a text for them; NULL: neither */
	bool held;                   /* apply is run only when the agent says so, and has then done its part */
	const char *after;           /* another, once it is on disk; NULL: none */
	const char *restart;         /* another, if the machine starts anew meanwhile; NULL: that ends it anyway */
	const char *interface;       /* its IPv4 addresses are announced whenever they may have changed; or NULL */
	const char *path;            /* the file that is on disk once it is confirmed … */
	const char *text;            /* … with this content; NULL: it is removed */
	unsigned mode;
};

struct trial_state {
	enum trial_stage stage;
	bool ours;                   /* this run has started it */
	const char *wish;
	const char *before;          /* what look said */
	const char *why;             /* it was taken back */
	unsigned seconds;            /* until it is, unless it is confirmed; 0: that is going on */
};

/* Reading. */
int host_trial_look(struct host *host, const char *name, struct trial_state *ret_state,
	struct error *err);
/* Changing. Never gives 0: the task goes on over the new connection, in another agent, which finds the
 * trial by its name; -1 with err RUN_MOVED says that, any other that nothing was changed. */
int host_trial_start(struct host *host, const struct trial *trial, struct error *err);
/* Waits until it is live. -1: it was taken back, and err says why. */
int host_trial_wait(struct host *host, const char *name, struct error *err);
/* Makes it stay, if the controller still hears. -1: it was taken back. */
int host_trial_confirm(struct host *host, const char *name, struct error *err);
/* Has it taken back at once. -1 with err RUN_MOVED: the task goes on in an agent that comes where it was
 * reached before, to which host_trial_wait says why. */
int host_trial_reject(struct host *host, const char *name, const struct error *why,
	struct error *err);
/* The machine is about to start anew by a command line of sh: as host_trial_start, in an agent that comes where
 * the machine answers within so many seconds. What is to be known then is kept in a record. */
int host_leave(struct host *host, const char *command, unsigned seconds, struct error *err);
/* What no other run is called. */
const char *host_run_name(struct host *host);
/* Whether somebody on the interface's own network has an IPv4 address: asked by ARP. In apply it is asked
 * as by who is about to take it, and whoever else is about to counts, too. */
int host_probe(struct host *host, const char *interface, const char *address,
	const char **ret_mac, struct error *err);

/* The record {id} by which a module says that the machine is about to get this machine-id: the
 * ledger, which goes by that id, goes along. */
#define HOST_RECORD_NEXT_ID "machine-id:next"

/* A small record that this machine keeps for a module, in the ledger: NULL if there is none. Keys
 * begin with the module's name: "mpi-run:DIGEST". */
int host_record_get(struct host *host, const char *key, struct value **ret_record,
	struct error *err);
/* Which resources whose identities begin so other playbooks have, or other tasks of this one, by their
 * parameter "part" (prepare_part; NULL: other playbooks only): those identities, as keys. So a task that looks
 * after a whole set leaves the members of others alone. */
int host_wished(struct host *host, const char *beginning, const char *part,
	struct value **ret_wished, struct error *err);
/* What else inspect has looked at without one of these calls: "package:rsync", "unit:ssh". */
void host_has_read(struct host *host, const char *what);

/* --- Changing: only in apply; a call from inspect is a bug and says so ------------------------ */

int host_write(struct host *host, const struct file_write *write, struct error *err);
/* What was written to get its name later gets it, once all of it is on the disk. What it is about must
 * not be looked at before. */
int host_settle(struct host *host, struct error *err);
int host_set_mode(struct host *host, const char *path, unsigned mode, struct error *err);
int host_set_owner(struct host *host, const char *path, int64_t uid, int64_t gid, struct error *err);
int host_set_mtime(struct host *host, const char *path, int64_t nanoseconds, struct error *err);
/* One directory, its parent must be there. Set-group-id of the parent is inherited beside mode. */
int host_make_directory(struct host *host, const char *path, unsigned mode, struct error *err);
int host_make_link(struct host *host, const char *path, const char *target, struct error *err);
/* A file, a link, or an empty directory. */
int host_remove(struct host *host, const char *path, struct error *err);
int host_rename(struct host *host, const char *from, const char *to, struct error *err);
int host_run(struct host *host, const struct command *command, struct command_result *ret_result,
	struct error *err);
int host_set_name(struct host *host, const char *name, struct error *err);
/* Replaces the record (a map, at most 256 KiB); NULL forgets it. */
int host_record_set(struct host *host, const char *key, const struct value *record,
	struct error *err);

/* --- Neither: no machine is changed by these, they are allowed everywhere --------------------- */

/* A body's bytes, up to most. */
int host_body(struct host *host, const char *digest, size_t most, char **ret_bytes,
	size_t *ret_size, struct error *err);
/* The bodies that are written next are asked for in one piece, as many of them as fit into one; sizes: of
 * each, as it is known before. How many of the first it has now: those needn't be asked for again. */
size_t host_fetch(struct host *host, const char *const *digests, const int64_t *sizes, size_t count);
/* Offers a file of this node to others under its digest: the controller fetches it when another
 * node asks for that body. */
int host_offer(struct host *host, const char *path, const char **ret_digest, struct error *err);
/* A line for people while something long is going on. */
void host_progress(struct host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- The table behind it, for those who make a host ------------------------------------------- */

struct host_calls {
	int (*stat)(void *machine, struct arena *, const char *, struct file_info *, struct error *);
	int (*read)(void *machine, struct arena *, const char *, size_t, char **, size_t *,
		struct error *);
	/* seen: what stat has just told of it; or NULL. */
	int (*digest)(void *machine, struct arena *, const char *, const struct file_info *seen,
		const char **, struct error *);
	int (*list)(void *machine, struct arena *, const char *, struct file_name **, size_t *,
		struct error *);
	int (*user)(void *machine, struct arena *, const char *, struct user_info *, struct error *);
	int (*group)(void *machine, struct arena *, const char *, struct group_info *, struct error *);
	int (*user_by_id)(void *machine, struct arena *, uid_t, struct user_info *, struct error *);
	int (*group_by_id)(void *machine, struct arena *, gid_t, struct group_info *, struct error *);
	uid_t (*uid)(void *machine);
	const char *(*login)(void *machine);
	bool (*dry)(void *machine);
	const char *(*state)(void *machine);
	int (*real)(void *machine, struct arena *, const char *, const char **, struct error *);
	int (*name)(void *machine, struct arena *, const char **, struct error *);
	int (*run)(void *machine, struct arena *, const struct command *, struct command_result *,
		struct error *);
	int (*meet)(void *machine, struct arena *, struct meeting *, struct error *);
	int (*trial_look)(void *machine, struct arena *, const char *, struct trial_state *,
		struct error *);
	int (*trial_start)(void *machine, struct arena *, const struct trial *, struct error *);
	int (*trial_wait)(void *machine, struct arena *, const char *, struct error *);
	/* why: of what is rejected; NULL: it is confirmed. */
	int (*trial_end)(void *machine, struct arena *, const char *, const struct error *why,
		struct error *);
	int (*leave)(void *machine, struct arena *, const char *command, unsigned seconds, struct error *);
	const char *(*run_name)(void *machine);
	int (*probe)(void *machine, struct arena *, const char *, const char *, bool, const char **,
		struct error *);
	int (*write)(void *machine, const struct file_write *, struct error *);
	/* NULL: nothing is written later, or fetched before. */
	int (*settle)(void *machine, struct error *);
	size_t (*fetch)(void *machine, const char *const *, const int64_t *, size_t);
	int (*set_mode)(void *machine, const char *, unsigned, struct error *);
	int (*set_owner)(void *machine, const char *, int64_t, int64_t, struct error *);
	int (*set_mtime)(void *machine, const char *, int64_t, struct error *);
	int (*make_directory)(void *machine, const char *, unsigned, struct error *);
	int (*make_link)(void *machine, const char *, const char *, struct error *);
	int (*remove)(void *machine, const char *, struct error *);
	int (*rename)(void *machine, const char *, const char *, struct error *);
	int (*set_name)(void *machine, const char *, struct error *);
	int (*body)(void *machine, struct arena *, const char *, size_t, char **, size_t *,
		struct error *);
	int (*offer)(void *machine, struct arena *, const char *, const char **, struct error *);
	void (*progress)(void *machine, const char *line);
	/* NULL: this machine keeps no records. */
	int (*record_get)(void *machine, struct arena *, const char *, struct value **,
		struct error *);
	int (*record_set)(void *machine, const char *, const struct value *, struct error *);
	int (*wished)(void *machine, struct arena *, const char *, const char *, struct value **,
		struct error *);
};

/* A host over a machine. reads collects what was read ("path:/etc/hosts", "user:mpi",
 * "command:exportfs"); may be NULL. While looking is true, calls that change are refused. */
struct host *host_new(struct arena *arena, const struct host_calls *calls, void *machine,
	struct value *reads);
void host_set_looking(struct host *host, bool looking);

#endif
