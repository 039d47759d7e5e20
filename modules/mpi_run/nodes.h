/* nodes: on the controller, the hosts of a job as they have told of themselves, and what is wrong
 * with them. */
#ifndef MODULES_MPI_NODES_H
#define MODULES_MPI_NODES_H

#include "modules/mpi_run/mpi_run.h"

struct node {
	const char *name;
	int64_t slots;
	const struct value *facts;  /* of mpi-run-probe */
	const struct value *met;    /* of mpi-run-reach; NULL: not yet */
};

struct job_hosts {
	struct prepare *prepare;
	struct arena *arena;
	struct value *params;
	struct node *nodes;
	size_t count;
	struct value *findings;     /* "what is wrong\tremedy": no job starts */
	struct value *advice;       /* the same, of what only makes it slower */
};

void nodes_find(struct job_hosts *hosts, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void nodes_advise(struct job_hosts *hosts, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A text that the host told; "": none. */
const char *node_text(const struct node *node, const char *key);
/* The text of entry i of a list that it told; NULL: there is none. */
const char *node_entry(const struct node *node, const char *key, size_t i);

struct network {
	const char *interface;     /* "eth0", up to a blank; NULL: of no host */
	const char *text;          /* "10.0.0.100/16" */
	uint32_t address;
	uint32_t mask;
	unsigned bits;
};

/* "10.0.0.100/16" */
bool network_read(const char *text, struct network *ret_network);
/* The host's first address in it, with its interface. */
bool network_of(const struct node *node, const struct network *network, struct network *ret_own);
/* Sets the parameter chosen_network: the one that the user has named (text), or the one that all share. */
int networks_choose(struct job_hosts *hosts, const char *text, struct error *err);

/* Everything that is wrong with what the hosts have told. */
void networks_look(struct job_hosts *hosts);
void findings_look(struct job_hosts *hosts);
void settings_look(struct job_hosts *hosts);
void links_look(struct job_hosts *hosts);
void pairs_look(struct job_hosts *hosts);

#endif
