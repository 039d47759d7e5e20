/* prepare_keep: files of the project that a task leaves there. */
#include "plan/preparing.h"

#include "base/digest.h"
#include "source/output.h"

#include <unistd.h>

static int digest_there(struct prepare *prepare, const char *path, const char **ret_digest, struct error *err)
{
	struct source *source = prepare->run->options.source;
	char *digest = arena_alloc(prepare->arena, DIGEST_HEX_SIZE);
	struct source_entry entry;
	int64_t size;
	int fd, result;

	*ret_digest = "";
	if (source_stat(source, path, false, &entry, err) < 0)
		return -1;
	if (entry.kind == SOURCE_NONE)
		return 0;
	fd = source_open(source, path, &size, err);
	if (fd < 0)
		return -1;
	result = digest_descriptor(fd, digest);
	close(fd);
	if (result < 0)
		return error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	*ret_digest = digest;
	return 0;
}

int prepare_keep(struct prepare *prepare, const char *path, const char *result, const char **ret_digest,
	struct error *err)
{
	const struct run_options *options = &prepare->run->options;
	const char *full = path_join(prepare->arena, options->playbook->directory, path);

	if (ret_digest)
		*ret_digest = NULL;
	if (!source_reach(options->source))
		return 0;
	if (output_check(options->source, full, err) < 0)
		return -1;
	prepare->keep = (struct keep){ .path = path_plain(prepare->arena, full), .result = result };
	return ret_digest ? digest_there(prepare, full, ret_digest, err) : 0;
}
