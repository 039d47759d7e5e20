/* state: what a run knows while it goes on. Private to plan/.
 *
 * Before contact units.c makes the program (program.h) and fill.c fills it in for each host. Then
 * drive.c takes events (event.h) to their handlers, named on_…, and carries out the effects
 * (effects.h): ready.c, stage.c (what is sent), told.c, turn.c and result.c (what comes back),
 * relay.c (contents on their way), ended.c. A file calls only those that stand before it here:
 * effects, front, cursor, batch, program, schedule, units, order, announce, known, claims, prepare,
 * prepared, fill_item, fill_loop, fill, fill_declared, declare, fill_undo, leave, again, meta, beside,
 * planned, due, include, outputs, result_judge, result_retry, result_outcome, result, relay, turn, move, stage,
 * told, ready, ended, drive. */
#ifndef PLAN_STATE_H
#define PLAN_STATE_H

#include "base/lookup.h"
#include "plan/bodies.h"
#include "plan/delegate.h"
#include "plan/effects.h"
#include "plan/event.h"
#include "plan/outputs.h"
#include "plan/run.h"
#include "plan/schedule.h"
#include "plan/target.h"
#include "plan/wait.h"

#include <stdint.h>

enum {
	STAGE_BYTES_MOST = 512 << 10,   /* of parameters in one stage */
	HANDLER_KEY_SIZE = 256,
	RESOURCE_MOST = 4096,           /* bytes of an identity that a node names */
	STOPPING_MOST = 8 * 1000,       /* milliseconds from ^C until the connections are cut */
};

#define UNIT_NEVER INT64_MAX

/* A task as it is announced to people: once in a batch, although it may be several units. */
struct run_task {
	const struct task *task;
	const struct play *play;
	bool handler;
	bool left_out;             /* by tags: it only declares */
	const struct unit *last;   /* of its units */
	unsigned report;           /* of report_task, once announced */
	struct value *registered;  /* of a task in parts: by the host that does the parts of one alone */
	const struct batch *batch; /* in which it is announced; NULL: it isn't yet, or not any more */
};

/* A unit filled in for a host, one loop item of it. Lives in the host's arena. */
enum filled_kind {
	FILLED_RUN,                /* to be sent */
	FILLED_RESULT,             /* decided here: result is what an agent would have said */
	FILLED_UNKNOWN,            /* cause says what must be known first */
};

struct filled_item {
	enum filled_kind kind;
	const struct cause *cause;
	struct value *item;        /* of the loop; NULL: none */
	const char *label;
	enum level label_level;
	const char *delegate;      /* the host that does it; NULL: its own */
	const struct inventory_host *facts_of;     /* whose facts it sets: delegate_facts; NULL: its own */
	struct wire_task *task;    /* without id */
	struct result *result;     /* without task; of a controller's handler: what it is if it turns out
	                              to be due */
	struct value *facts;       /* variables that the host has once it is done; NULL: none */
	bool skipped;              /* by its condition, or an empty loop */
	const struct value *opens; /* of an include: what it brings in, a map; NULL: nothing */
	struct keep *keep;         /* NULL: nothing */
	size_t bytes;              /* about how many the task takes */
	bool kept;                 /* the text of its parameters lives as long as the run */
	struct named named;        /* the host may have these once the task is sent */
	enum level level;          /* of all that it says: it may repeat what it was told */
	enum level unsaid;         /* of what is too short in it to be found in what it says */
};

/* What a unit's values were asked of other hosts. */
struct asked {
	bool others;               /* something was: it may be different later */
	bool course;               /* and whether they may still tell something */
	bool facts;                /* facts of hosts by their names were */
	struct run_host *awaits;   /* one that is only looked at, and hasn't told yet; NULL: none */
	bool instead;              /* there is something last known of it */
	struct value *old;         /* names of hosts of which the last known is used; NULL: none */
	const struct cause *missing; /* why an address isn't known yet; NULL: all are */
};

struct filled {
	struct filled_item *items;
	size_t count;
	bool loop;
	bool apart;                /* one item after the other, as they are done at several places */
	bool empty;                /* a loop without items */
	bool known;                /* no item is FILLED_UNKNOWN */
	bool judge;                /* the result decides here: nothing may go on before */
	unsigned tries;            /* until: at most so often; else 1, as in a dry run */
	int64_t delay;             /* milliseconds between them */
	int64_t pause;             /* the same between items; 0: none */
	int64_t timeout;           /* seconds that it may take; 0: as many as it needs */
	int64_t throttle;          /* so many hosts do it at a time; 0: all */
	bool ignore_errors;
	bool no_log;
	bool check;                /* only looked at: in a dry run, or by check_mode */
	bool diff;                 /* content is shown */
	bool no_diff;              /* diff: no */
	const char *name;
	struct asked asked;
};

/* What was sent to a host, or decided here, and isn't reported yet. */
struct step {
	int64_t id;
	struct unit *unit;
	const struct filled *filled;
	const struct filled_item *item;
	bool last;                 /* of the unit's items */
	struct target *target;     /* to which it was sent; NULL: it is local */
	bool setup;                /* not the user's: facts are read for this unit */
	bool local;                /* nothing is awaited: item->result holds */
	bool told;                 /* by its node, and it is to be taken when its turn comes … */
	const struct result *body; /* … as this */
	struct arena *arena;       /* of that */
};

/* What came of the items and parts of a task so far, on one host. */
struct outcome {
	const struct run_task *task;
	enum status status;
	bool failed;               /* an item has, and isn't ignored: the task will have, too */
	struct told_change *changes;   /* of parts only */
	size_t change_count;
	struct value *notes;
	struct value *results;     /* of the last part with any */
	struct value *items;       /* of a loop, or of parts: registered results, one an item */
	const char *message;
	const char *remedy;
	const char *code;
	int64_t milliseconds;
};

enum host_phase {
	HOST_NEW,                  /* not there yet */
	HOST_IDLE,                 /* there, no stage is under way */
	HOST_BUSY,                 /* it works on a stage */
	HOST_DONE,                 /* all is passed */
	HOST_OUT,                  /* failed, lost or refused */
};

struct run_host {
	struct run *run;
	size_t index;              /* in run->hosts */
	struct inventory_host *inventory;
	const char *name;
	struct arena *arena;
	struct target *home;       /* its own machine, of which its facts are; NULL: of a bystander it can't be
	                              known, see wrong */
	const char *wrong;
	struct target *target;     /* at which its stage is, or was last; NULL: nowhere yet */
	struct visit *visits;      /* what it has at its targets, home first */
	struct target **at_play;   /* by play: of tasks that say nothing else; NULL: not in it */
	bool contacted;            /* false: it needs no connection */
	struct cursor *cursor;     /* in run->schedule */
	struct position ahead;     /* what is to be looked at next; batch NULL: nothing more */
	bool halted;               /* that was looked at, but what follows is known only when it is passed */
	bool turn;                 /* TURN is in the queue */
	struct wait wait;
	struct run_host *awaited;  /* the list of those that wait for this one */
	bool queued;               /* RUNNABLE is in the queue */
	enum host_phase phase;
	bool bystander;            /* outside the limit, or in no play: only looked at, see beside.c */
	bool left;                 /* in no play, but had been in earlier runs */
	bool abandoned;            /* nothing of the stage under way counts any more */
	const struct cause *doubt; /* of a dry run: why it isn't known whether it comes to what is left … */
	const struct play *doubt_play;     /* … of this play; NULL: it is */
	bool late;                 /* a bystander for which nobody waits any more */
	bool facts_wanted;         /* some value reads them */
	bool facts_sent;
	bool facts_expected;       /* it is counted in run->facts_expected */
	struct filled **filled;    /* by unit; NULL: not filled in, or not known */
	size_t unit_room;          /* in these two */
	const struct filled *chosen;       /* of the include that it is at; NULL: not known yet */
	struct step *steps;        /* first in, first out */
	size_t step_first, step_count, step_capacity;
	size_t untold;             /* in steps: all before it needs no telling */
	int64_t ids;               /* the last id given */
	int64_t heard_at;          /* milliseconds: of a bystander, its last sign of life */
	struct retrying {          /* until: how far it is with the unit that it is at */
		const struct unit *unit;
		size_t item;           /* the one to be tried next */
		unsigned tries;        /* of it, so far */
		int64_t at;            /* milliseconds: not before that */
	} retrying;
	struct unit *slot;         /* throttle: that it is one of those to do; NULL: none */
	struct role_ran *roles;    /* that have run here, see passed.c */
	struct value *would;       /* of a bystander: what would change there, as keys */
	const char *missed;        /* of a bystander: why it wasn't asked to the end; else NULL */
	int64_t gate;              /* id of the REQUEST that waits; -1: none */
	struct outcome outcome;
	struct value *published;   /* "module/key" → facts */
	struct target *offers;     /* where what it published is; NULL: it hasn't */
	struct value *facts;       /* as setup told them; NULL: not read */
	const char *key;           /* host key; NULL: none seen */
	const struct looked *looked;   /* what its ledger has; NULL: not told */
	unsigned changed;          /* tasks */
	struct value *undone_resources;    /* of which results came, as keys; NULL: none */
	struct value *undone_before;       /* the same, of before its machine moved: it tells all again */
	size_t undone_bytes;       /* of all results of an undo */
	bool undo_told;            /* something was said of what was to be undone */
	bool undone;               /* something was */
	bool refused;              /* something wasn't undone */
	bool has_orphans;
	const struct error *lost;  /* why it was given up; else NULL */
};

struct run {
	struct value *private_paths;   /* files on nodes that not everybody may read: path → true */
	struct arena *arena;
	struct run_options options;
	struct unit **units;
	size_t unit_count, unit_capacity;
	struct unit **left_out;            /* what tags leave out: the text has it all the same */
	size_t left_out_count, left_out_capacity;
	struct value *orphans;
	struct value *planned;
	struct body *text;                 /* the packed text; NULL: none */
	run_seal *seal;
	void *seal_context;
	struct run_task **tasks;
	size_t task_count, task_capacity;
	bool **play_hosts;         /* by play and inventory index: the play's hosts before any limit */
	struct host_set *play_sets;        /* by play: those of its hosts that are in the run */
	struct run_task **announced;       /* and not over yet */
	size_t announced_count, announced_capacity;
	const struct play *announced_play;
	const struct batch *announced_batch;
	struct run_host *hosts;
	size_t host_count;
	size_t bystander_count;
	struct event_queue queue;
	struct effects effects;
	struct schedule *schedule;
	struct position front;             /* where the last of the run's own hosts stood */
	struct choosing {                  /* at an include that is known only in the run */
		struct position at;
		size_t next;                   /* all hosts before it that are there have chosen */
		bool decided;
	} choosing;
	struct cursor **here;              /* room for all */
	struct run_host *waiting_facts;    /* the list of those with WAIT_FACTS */
	struct run_host *waiting_retry;    /* … RETRY */
	size_t live, members_live;         /* hosts that aren't at their end */
	size_t facts_expected[2];          /* members, bystanders that are going to tell facts */
	bool facts_wanted;                 /* of all hosts */
	bool begun;                        /* before that no host is contacted */
	bool over;                         /* all connections are being ended */
	int64_t now;                       /* milliseconds, of the last event from outside */
	int64_t started, members_done;     /* milliseconds; 0: not yet */
	const struct value *known;         /* see run_options; NULL: not asked for yet, or none */
	bool known_asked;
	struct value *old;                 /* names of hosts of which the last known was used, as keys */
	struct run_host **by_inventory;    /* by inventory index; NULL: not in this run */
	const struct play *scope_play;     /* whose hosts the variables know */
	const struct batch *scope_batch;   /* with serial: and of which batch */
	struct lookup matched;             /* pattern → struct matched, see prepare.c */
	struct bodies *bodies;
	struct value *warned;              /* all so far, as keys */
	struct lookup outputs;             /* files that were written → for which struct keep */
	struct claims *claims;             /* NULL: not made yet */
	struct lookup addresses_given;     /* by tasks → the inventory host that gets it */
	struct relay *relays;
	struct target *targets;
	struct lookup targets_by_key;
	struct lookup machines;            /* the first target at each, by what it told of itself */
	size_t local_hosts;        /* of the inventory that are the controller by their variables … */
	bool local_counted;        /* … once that is counted */
	bool gives_facts;          /* some task gives a host variables of which it can't know before */
	bool delegates_anywhere;   /* to hosts whose names aren't known before the run */
	int64_t relay_ids;
	const struct module *setup;
	uint64_t facts_heard;              /* goes up when facts come, or won't come any more, */
	uint64_t told;                     /* when a host publishes something, or shows its key, */
	uint64_t moved;                    /* when a host goes on, or is at its end */
	unsigned stopped;                  /* ^C seen so often */
	int64_t stopped_at;                /* milliseconds */
};

/* Whether nothing is changed there. */
static inline bool host_checks(const struct run_host *host)
{
	return host->run->options.check || host->bystander;
}

/* Whether the content of files is shown, unless a task says otherwise. */
static inline bool host_shows_diff(const struct run_host *host)
{
	return host->run->options.diff && !host->bystander;
}

/* What is next to be told of; NULL: nothing is under way. */
static inline struct step *host_first_step(struct run_host *host)
{
	return host->step_count > 0 ? &host->steps[host->step_first] : NULL;
}

static inline bool host_live(const struct run_host *host)
{
	return host->phase != HOST_DONE && host->phase != HOST_OUT;
}

/* When all have come to a unit: later ones have higher numbers. */
static inline int64_t unit_turn(const struct unit *unit)
{
	return (int64_t)unit->label;
}

/* Whether ^C was pressed: what takes long ends with an error of kind INTERRUPTED. */
static inline bool run_interrupted(const struct run *run)
{
	return run->options.interrupted && *run->options.interrupted > 0;
}

/* units.c and making_*.c: fills run->units and run->hosts. */
int units_make(struct run *run, struct error *err);
/* Makes room for all units in what each host has of them. */
void units_make_room(struct run *run);
/* The units of what an include brings in for a batch, under a key: nobody has them yet. */
int units_open(struct run *run, struct unit *include, const struct batch *batch, const char *key,
	const struct items *items, struct group **ret_group, struct error *err);
/* Whether no other unit of its task is for the host behind it. */
bool units_is_last(const struct unit *unit, const struct run_host *host);
/* A host hasn't this one. */
void units_take_off(struct run *run, struct unit *unit, const struct run_host *host);
/* The next unit at or after from that is for the host; run->unit_count: none. */
int64_t units_next(const struct run *run, const struct run_host *host, int64_t from);

/* until: whether it may be done more than once. */
static inline bool result_retries(const struct filled *filled)
{
	return filled->tries > 1 && !filled->check;
}

/* Whether each item is done for itself, once the one before is through. */
static inline bool filled_one_by_one(const struct filled *filled)
{
	return filled->apart || filled->pause > 0 || result_retries(filled);
}

/* fill_level.c: the same as run_note_secrets of what an include brought in. */
void run_note_tasks(struct secrets *secrets, struct arena *arena, const struct play *play,
	const struct items *items);
/* fill_level.c: the level of a task with these parameters, of which those with one are noted. */
void fill_level(struct run *run, const struct module *module, const struct value *params,
	const struct filled *filled, struct filled_item *item);
/* fill_names.c: errors where a secret would become a part of a name. */
int fill_names_allowed(struct arena *arena, const struct module *module, const struct value *params,
	struct error *err);
int fill_name_allowed(const struct value *name, const struct value *text, const char *what,
	struct error *err);
/* How open all that a node says is, where it was given what is too short to be found in it. */
enum level fill_level_unsaid(const struct run *run, const struct value *given);
/* fill.c: ret_filled is kept in host->filled if all is known. An error (kind TEXT) is one of the
 * text. Never twice the same work: what is kept is returned. */
int fill_unit(struct run *run, struct run_host *host, struct unit *unit,
	const struct filled **ret_filled, struct error *err);
/* fill_undo.c: the same of a unit that undoes, or looks. */
const struct filled *fill_undo(struct run *run, struct run_host *host, struct unit *unit);
/* play_hosts.c: the hosts of the unit's play, as expressions see them. */
void fill_play_hosts(struct run *run, const struct run_host *of, const struct play *play);
/* loop_items.c: what a task's loop walks over, filled in; it may be unknown, or no list. */
int loop_list(struct arena *arena, struct scope *scope, const struct task *task,
	struct value **ret_list, struct error *err);
/* The items that a list gives to a loop; flatten: lists inside are taken apart, once. */
struct value *loop_items(struct arena *arena, const struct value *list, bool flatten);
/* The host whose facts a cause says to be missing; NULL: it says something else. */
const struct inventory_host *fill_missing_facts(const struct run *run, const struct cause *cause);
/* fill_item.c: as the agent knows a handler. */
const char *fill_handler_key(struct arena *arena, const struct task *handler);

/* fill_declared.c: parameters although a condition may leave the task out: what it would declare at a
 * target. 0 with ret_params, a list of normalised texts that may be empty; -1 without err: it isn't
 * known. */
int fill_declared(struct run *run, struct run_host *host, struct unit *unit,
	const struct target *target, struct arena *arena, struct value **ret_params);

/* declare.c: adds the identities of what the text has for a host at a target, beyond what that has
 * seen (or all of it), to declared, and the names of modules of which that isn't known to unsure. */
void declare_all(struct run *run, struct run_host *host, struct target *target, bool also_sent,
	struct arena *arena, struct value *declared, struct value *unsure);

/* due.c: what an earlier run that died has left on a host, from its HELLO: due handlers come first,
 * and with --resume what it had done is passed over. */
void due_take(struct run *run, struct run_host *host, struct target *target,
	const struct hello *hello);
/* A handler of the host was notified by what was done at a target: where it is done it is due, if
 * that is elsewhere. noted: the target has written that down. */
void due_notify(struct run_host *host, const struct play *play, const struct task *handler,
	struct target *target, bool noted);
/* It isn't due any more, wherever the host would do it. */
void due_drop(struct run_host *host, const struct play *play, const struct task *handler);
/* What is said of handlers with the stage that goes there. */
void due_sent(struct run_host *host, struct visit *visit);

/* announce.c: tells the report of the task of a unit that a host is at. */
void announce(struct run_host *host, const struct unit *unit);
/* Those that all have passed are over. */
void announce_ends(struct run *run);

/* stage.c: sends an idle host what can be sent. */
void on_runnable(struct run *run, const struct event *event);

/* result.c: what a node said of a step: all that may repeat what it was told is no more open than
 * that was. */
void result_level(const struct step *step, const struct result *result);
void result_take(struct run *run, struct run_host *host, const struct step *step,
	const struct result *result);
/* What came of one resource of an undo; more follow. */
void result_undone(struct run *run, struct run_host *host, const struct step *step,
	const struct result *result);

/* meta.c: what a task is about the run itself is done; why: it isn't known whether it is, in
 * a dry run, else NULL. */
void meta_act(struct run *run, struct run_host *host, const struct step *step, const char *why);

/* include.c: the host knows what the include that it is at brings in for it, and waits for the
 * others. */
void include_choose(struct run_host *host, const struct filled *chosen);
/* Opens it once all that are at the front know. */
void include_settle(struct run *run);

/* leave.c: the host takes no further part. */
void leave(struct run_host *host);
/* It failed at the unit that it is at: it goes on where that is caught, or is out, which may end the
 * run for all. */
void leave_failed(struct run_host *host);
/* It is out at once, for a reason of its own. */
void leave_at_once(struct run_host *host);
/* Gives a connection up, for this reason. */
void leave_lost(struct target *target, const struct error *err);
/* A copy of an error. */
const struct error *leave_kept(struct arena *arena, const struct error *err);
/* Its agent says what none would say: the message says what. */
void leave_strange(struct target *target, const char *message);
/* Whether it left as what it told is the code of no error; NULL is none told. */
bool leave_unknown_code(struct target *target, const char *code);

/* ended.c */
/* Those that are still at a step won't be waited for. */
void ended_give_up(struct run *run);
void on_lost(struct run *run, const struct event *event);
void on_ended(struct run *run, const struct event *event);
void on_cancel(struct run *run, const struct event *event);

/* turn.c: what was told ahead is taken as its turn comes, the gate answered, and an idle host that
 * waited for its turn goes on. */
void on_turn(struct run *run, const struct event *event);
void on_gate(struct run *run, const struct event *event);
/* The same at once. */
void turn_take(struct run *run, struct run_host *host);
/* Takes all that was told, whosever turn it is. */
void turn_take_all(struct run *run, struct run_host *host);
/* To be called when all that an event meant is done: wakes those whose turn has come. */
void turn_settle(struct run *run);

/* ready.c, told.c */
void on_ready(struct run *run, const struct event *event);
void on_result(struct run *run, const struct event *event);
void on_stage_end(struct run *run, const struct event *event);
void on_request(struct run *run, const struct event *event);
void on_progress(struct run *run, const struct event *event);
void on_strange(struct run *run, const struct event *event);

/* planned.c: takes what came of a step, where a plan is made. */
void planned_take(struct run *run, const struct run_host *host, const struct step *step,
	const struct result *result);
void planned_take_undone(struct run *run, const struct run_host *host, const struct step *step,
	const struct result *result);
/* Tells a TASK that is about to be sent what is expected of it. */
void planned_expect(const struct run *run, const struct run_host *host, const struct step *step,
	struct arena *arena, struct wire_task *task);
/* Hosts that have moved on since the plan was made take no part. */
void planned_leave_stale(struct run *run);

/* prepare.c: what was asked of others is added to asked, named is what it names; files that it reads
 * have this level. */
int prepare_task(struct run *run, struct run_host *host, struct unit *unit, struct scope *scope,
	struct arena *arena, struct value *params, struct asked *asked, struct named *named,
	struct keep *ret_keep,
	enum level level, struct error *err);

/* prepared.c: parameters as they are sent. */
struct prepared {
	const char *text;          /* NULL: it isn't known, */
	const struct cause *cause; /* as this isn't */
	size_t size;
	bool kept;                 /* the text lives as long as the run */
	enum level level;
	struct asked asked;
	struct named named;
	struct keep keep;          /* path NULL: nothing */
};
/* Of these normalised parameters, which it may change; what is asked of others is added to asked. */
int prepared_get(struct run_host *host, struct unit *unit, struct scope *scope, struct arena *arena,
	struct value *params, enum level level, struct asked *asked, struct prepared *ret_prepared,
	struct error *err);
/* A unit filled in for this host (in the arena of the run) holds for all others. Returns what this host
 * takes. */
struct filled *filled_share(struct run_host *host, struct unit *unit, struct filled *filled);
/* What was filled in for another host, where it would come out the same for this one; else NULL. */
struct filled *filled_shared(struct run_host *host, struct unit *unit);

/* The same of a module that decides on the controller. */
int prepare_decision(struct run *run, struct run_host *host, struct unit *unit,
	struct scope *scope, struct arena *arena, const struct value *params, struct asked *asked,
	struct decision *ret_decision, struct error *err);

/* passed.c: whether the host passes over a unit. */
bool passed_over(struct run *run, struct run_host *host, const struct unit *unit);
/* The same as far as includes around the task say so; ret_cause: why that isn't known, else NULL. */
bool passed_include(struct scope *scope, struct arena *arena, const struct task *task,
	const struct cause **ret_cause);
/* The unit is on its way. */
void passed_note(struct run_host *host, const struct unit *unit, const struct filled *filled);

/* What was read of another host for it: delegate_facts. */
void facts_take_delegated(struct run *run, const struct step *step, const struct result *body);
/* facts.c: the facts of a decision, each with the level that its name has. */
int facts_take(struct scope *scope, struct arena *arena, const struct value *facts,
	bool no_log, struct value **ret_facts, struct error *err);
/* What a module may give, as unknown values; NULL: it gives nothing. */
struct value *facts_given(const struct module *module, struct arena *arena, const struct cause *cause);
/* What a task sets if it is done, as unknown values; NULL: it sets nothing. */
int facts_unknown(const struct task *task, struct scope *scope, struct arena *arena,
	const struct cause *cause, struct value **ret_facts, struct error *err);
/* The task is on its way to the host. */
void facts_expect(struct run *run, const struct run_host *host, const struct unit *unit,
	const struct filled_item *item);
/* The host has come to it; done: neither skipped nor failed. registered: of a module that gives facts. */
void facts_let_out(struct run *run, const struct run_host *host, const struct step *step,
	bool done, const struct value *registered);
/* The names that it sets, for variables_promise. */
void facts_promise(struct run *run, const struct task *task);

/* setting.c: what says how a host is reached, as text, checked: a value whose expressions are filled in, as if
 * the variable of this name were set to it; or that variable. NULL: not given, or with err. */
const char *setting_text(struct run *run, const char *name, struct value *value,
	struct place place, struct error *err);
const char *host_variable(struct run *run, struct scope *scope, const char *name,
	struct error *err);

/* become.c: passwords, and how the login user becomes root; host: whose machine it is, or NULL. */
int become_of(struct run *run, const struct inventory_host *host, const struct play *play,
	struct fleet_target *target, struct error *err);

/* claims.c: an error if a host's address, name or alias is another one's, and a node said so of either. */
int claims_check(struct run *run, const char *host, const struct value *name, struct error *err);
void claims_free(struct run *run);

/* known.c: what a host last told in an earlier run, "host_key", "published" or "facts"; NULL:
 * nothing is known. */
const struct value *known_of(struct run *run, const char *host, const char *what);
/* Says once, at the end, that such was used. */
void known_note(struct run *run, const char *host);
void known_say(struct run *run);

/* beside.c: lets a host wait for a bystander; instead: something last known of it would do, too. */
void beside_await(struct run_host *host, enum wait_kind kind, struct run_host *bystander,
	bool instead);
/* What came of a step of a bystander. */
void beside_take(struct run_host *host, const struct step *step, enum status status);
/* It takes no further part, for this reason; NULL: as all is over. */
void beside_out(struct run_host *host, const char *why);
/* Every 100 ms: nobody is waited for longer than needed. */
void beside_tick(struct run *run);

/* relay.c: a node's request for content, answered from here or from the node that offered it. A
 * host that asks for what isn't its own, or hands out what it didn't promise, is out. */
void relay_request(struct run *run, struct target *target, const struct request *request);
void on_chunk(struct run *run, const struct event *event);
void relay_out(struct run *run, struct target *target);
/* Every 100 ms: who waits for a silent host is told. */
void relay_tick(struct run *run);

/* effects.c: says something once; of a host, or NULL. */
void run_warn(struct run *run, const char *host, const char *message);

#endif
