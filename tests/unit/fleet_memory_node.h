/* fleet_memory_node: what the files of fleet_memory share. */
#ifndef TESTS_FLEET_MEMORY_NODE_H
#define TESTS_FLEET_MEMORY_NODE_H

#include "base/buffer.h"
#include "base/lookup.h"
#include "tests/unit/fleet_memory.h"

enum {
	ROOM = 64 << 10,
	IDLE_MOST = 20 * 60 * 1000,    /* milliseconds in which nothing is told: it hangs */
	LOG_MOST = 256 << 10,
};

struct rule {
	struct rule *next;
	const char *host, *task;       /* "*": any */
	const char *answer;            /* or NULL */
	const struct value *keys;      /* or NULL */
};

struct word {
	struct word *next;
	enum frame_type type;          /* 0: the connection ends */
	const void *message;
	const char *why;               /* of its end; NULL: as asked */
	int64_t at;                    /* milliseconds: not before */
	uint64_t number;
};

enum node_state { NODE_NEW, NODE_IDLE, NODE_WORKS, NODE_WAITS /* for a REPLY */, NODE_GONE };

struct fleet_host {
	struct memory *fleet;
	struct fleet_target target;
	const char *name;              /* as the log has it: with the user that the text says */
	struct arena *arena;
	struct arena *before;          /* of the stage before; NULL: none */
	enum node_state state;
	struct word *first, *last;     /* to be told */
	/* of the stage at hand */
	const struct wire_stage *stage;
	size_t task;
	int64_t clock;                 /* milliseconds: what it does takes time */
	bool granted;                  /* the gate of the task at hand is open */
	bool fetched;                  /* its content is there, or the new login */
	bool restarts;                 /* once it is told that it may */
	struct value *due;             /* handlers: playbook and key of each */
	int64_t requests;
	unsigned stages;
	bool silent;
	bool dropped;
	/* of a real one */
	pid_t pid;
	int fd;
	struct buffer in;
	bool greeted;
};

struct memory {
	struct fleet base;
	struct arena *arena;
	struct frame frame;
	struct rule *answers, **last_answer;
	struct rule *arrivals;         /* answer: how; keys: of HELLO */
	struct fleet_host **hosts;
	size_t count, capacity, open, real;
	struct fleet_host **heap;      /* those with something to tell: whose turn it is first */
	size_t heap_count;
	struct lookup by_name;
	struct value *restarted;       /* hosts, by name */
	uint64_t numbers;
	unsigned seed;
	int64_t now, idle;
	unsigned events;
	bool packs;
	struct frame_shared *shared;   /* of what is packed */
	uint64_t packed;               /* bytes */
	struct buffer log;
	void (*watch)(void *context);
	void *watch_context;
	volatile sig_atomic_t *interrupted;
	unsigned press_at, press_times;
};

/* fleet_memory_node.c */
/* The rest of an answer behind "WORD: ", or of "WORD" alone; NULL: it is another one. */
const char *memory_answer_is(const char *answer, const char *word);
bool memory_fits_host(const char *pattern, const struct fleet_host *host);
struct word *node_tell(struct fleet_host *host, enum frame_type type, const void *message);
void node_tell_end(struct fleet_host *host, const char *why);
void node_tell_hello(struct fleet_host *host);
void node_end_stage(struct fleet_host *host);
/* Without parameters, which a scripted node has no use for. */
void node_take_stage(struct fleet_host *host, const struct wire_stage *stage);
void node_take_reply(struct fleet_host *host, const struct reply *reply);
/* An offered content is its digest. */
void node_take_fetch(struct fleet_host *host, const struct fetch *fetch);

/* fleet_memory_agent.c */
void node_start_agent(struct fleet_host *host, const char *directory);
void node_give_agent(struct fleet_host *host, enum frame_type type, const void *message);
void memory_hear_agents(struct memory *memory, int64_t wait);

/* fleet_memory.c */
void memory_heap_add(struct memory *memory, struct fleet_host *host);

#endif
