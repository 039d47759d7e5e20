/* download: what a URL gives, fetched by the machine itself with apt's own downloader: every Debian has it. */
#ifndef MODULES_DOWNLOAD_H
#define MODULES_DOWNLOAD_H

#include "module/host.h"

struct download {
	const char *url;         /* http://, https:// or file:/// */
	int64_t timeout;         /* seconds for which a server may keep silent */
	bool validate_certs, use_proxy;
};

enum { DOWNLOAD_WORDS_MOST = 20 };

/* The words of a command that fetches it into path (NULL: a path is to follow); ends with NULL, and has at most
 * DOWNLOAD_WORDS_MOST words with that. */
const char *const *download_command(struct arena *arena, const struct download *download, const char *path);
/* -1 with err, from what that command has said. */
int download_failed(struct arena *arena, const char *url, const struct command_result *told, struct error *err);

#endif
