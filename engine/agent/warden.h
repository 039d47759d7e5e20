/* warden: makes a change that can cut the connection, and takes it back unless it is confirmed.
 *
 * A trial is a directory below WARDEN_PLACE, gone with a power cut as the change itself is, or else on disk, where
 * a unit of systemd's takes the change back at the next start (warden_restart.c):
 *     apply, back, look, after   scripts (struct trial of module/host.h)
 *     before, pace               what look said, and the milliseconds that it took
 *     keep-script, paths         what keeps what back needs, before anything is touched, and its text; or not there
 *     restart, start             the script that the unit runs, or not there; the id of the machine's start
 *     held                       there if the agent makes the change itself, and says when it has
 *     wish, run, path, seconds   as texts; path empty: nothing is written
 *     interface                  whose addresses are announced; or there is none
 *     deadline                   milliseconds of CLOCK_BOOTTIME
 *     left                       there once the agent that started it has ended
 *     applied                    there once apply has ended well
 *     why, log                   for people
 *     lock                       held (flock) by the warden as long as it lives
 * and one token, whose name is the stage; whoever renames it decides: the warden at the deadline
 * (pending → returning), or the agent that comes over the new connection (pending → committing).
 *
 * The warden is two processes in a session of their own: one that works, and its parent, which starts it
 * again if it is killed. What it was told is in the files, so its successor goes on from there. */
#ifndef AGENT_WARDEN_H
#define AGENT_WARDEN_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

#define WARDEN_PLACE "/run/beoplay/trial"

enum warden_token {
	WARDEN_ARMED,             /* nothing is touched yet: it goes when the agent says so */
	WARDEN_PENDING,
	WARDEN_COMMITTING,
	WARDEN_RETURNING,
	WARDEN_COMMITTED,
	WARDEN_RETURNED,
	WARDEN_STUCK,
	WARDEN_NOWHERE,           /* there is no trial */
};

/* Milliseconds that the agent may take to end, having said so. */
enum { WARDEN_LEAVE_MOST = 30 * 1000 };

int64_t warden_now(void);

/* Texts of a trial; a missing one is NULL. */
const char *warden_file(struct arena *arena, const char *directory, const char *name);
char *warden_text(struct arena *arena, const char *directory, const char *name);
int warden_note(struct arena *arena, const char *directory, const char *name, const char *text);
/* Where the new content waits for its name: beside the file, hidden from whoever reads all files there. */
const char *warden_new_file(struct arena *arena, const char *path);

enum warden_token warden_at(struct arena *arena, const char *directory);
/* Whether it was this call that went on from one token to the next. */
bool warden_turn(struct arena *arena, const char *directory, enum warden_token from,
	enum warden_token to);
bool warden_lives(struct arena *arena, const char *directory);
/* What is told each second while a script runs: a slow machine is alive. */
struct warden_beat {
	void (*tell)(void *context);
	void *context;
};
/* One of its scripts, whose words go to the log. 0: it has ended well. beat: or NULL. */
int warden_script(struct arena *arena, const char *directory, const char *script,
	const struct warden_beat *beat);
/* Milliseconds that look took before anything was changed: how slow the machine is, and how busy. */
int64_t warden_pace(struct arena *arena, const char *directory);
bool warden_is_as_before(struct arena *arena, const char *directory);
/* What the script look says now; NULL: it failed. */
char *warden_look(struct arena *arena, const char *directory, const struct warden_beat *beat);
void warden_forget(struct arena *arena, const char *directory);

/* What is changed meanwhile is on disk at once: then all of the trial is, too, and a unit that takes it back. */
int warden_outlive(struct arena *arena, const char *directory, struct error *err);
/* That unit goes. */
void warden_outlived(struct arena *arena, const char *directory);
/* Of a former start of the machine the time is up, and its processes aren't: it is taken back now. */
void warden_catch_up(struct arena *arena, const char *directory);
/* The id of the machine's present start. */
const char *warden_start_id(struct arena *arena);

/* Starts it; it lives and holds the lock when this returns the descriptor by which it is told to go
 * ('g'), or given up (its end). -1 with err. */
int warden_start(struct arena *arena, const char *directory, struct error *err);

/* trial.c: waits until the agents that started what is under way have ended. What they still note of
 * their tasks would be noted beside what their successor does. Wardens that are dead get successors, also that of
 * login_guard, below state. */
void trial_await_leavers(struct arena *arena, const char *state);
/* Arms one in directory, as warden_start. */
struct machine;
struct trial;
int trial_arm(struct machine *machine, struct arena *arena, const char *directory,
	const struct trial *trial, struct error *err);
/* Waits for a token from this one on; with applied only until it is live. */
enum warden_token trial_await(struct machine *machine, struct arena *arena,
	const char *directory, enum warden_token from, bool applied);

#endif
