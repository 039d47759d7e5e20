/* nfs_export: what the files of nfs-export share. */
#ifndef MODULES_NFS_EXPORT_H
#define MODULES_NFS_EXPORT_H

#include "modules/shared/file_attributes.h"
#include "module/module.h"

#define EXPORTS_DIRECTORY "/etc/exports.d"
#define EXPORTFS "/usr/sbin/exportfs"
#define EXPORTS_TABLE "/var/lib/nfs/etab"
#define DIRECTORY_RECORD "nfs-export:directory"

enum export_presence { EXPORT_PRESENT, EXPORT_ABSENT };

struct export_params {
	char *path;
	char **clients;
	unsigned clients_count;
	char **options;
	unsigned options_count;
	char *owner;
	char *group;
	char *mode;
	enum export_presence state;
	char **hosts;              /* internal: the clients as exports(5) names them */
	unsigned hosts_count;
	char *text;                /* internal: the file word for word; NULL: from clients */
	bool made;                 /* internal: the directory was made, too */
};

/* A line of "exportfs -s". */
struct export_live {
	const char *client;
	const char *options;
	const char *line;
};

struct export_state {
	bool server;               /* exportfs is there */
	bool directory;            /* /etc/exports.d is there */
	size_t neighbours;         /* what else is in it */
	struct value *made;        /* a record: it came with our first export, and goes with the last */
	const char *file;
	const char *want;          /* what the file should hold; NULL: no file */
	const char *have;          /* what it holds; NULL: it isn't there */
	const char *other;         /* a line of somebody else for the same path; or NULL */
	struct attributes_want wishes;
	struct attributes_have path;
	bool path_empty;
	struct export_live *live;
	size_t live_count;
};

enum export_step {
	EXPORT_MAKE = ATTRIBUTES_STEP_END, EXPORT_DIRECTORY, EXPORT_WRITE, EXPORT_REMOVE,
	EXPORT_RELOAD, EXPORT_UNMAKE_DIRECTORY, EXPORT_UNMAKE,
};

/* What the kernel has for a client; NULL: nothing. */
const struct export_live *export_live_of(const struct export_state *have, const char *client);

/* The list under a key of the results, made where it is missing. */
struct value *export_list_in(struct arena *arena, struct value *results, const char *key);

int export_inspect(struct host *host, const void *params, void *ret_state, struct error *err);
int export_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err);

#endif
