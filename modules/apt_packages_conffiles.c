/* apt_packages_conffiles: configuration that goes when its package is purged, as somebody may have
 * edited it. dpkg names the files; what it doesn't name, maintainer scripts made. */
#include "modules/apt_packages.h"

#include <string.h>

static int add_conffile(struct host *host, struct apt_state *have, const char *path,
	struct error *err)
{
	struct apt_conffile *conffile;
	struct file_info info;

	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	/* Twice as large at each power of two. */
	if ((have->conffile_count & (have->conffile_count - 1)) == 0)
		have->conffiles = arena_grow(host_arena(host), have->conffiles,
			have->conffile_count * sizeof(*conffile),
			(have->conffile_count ? 2 * have->conffile_count : 1) * sizeof(*conffile));
	conffile = &have->conffiles[have->conffile_count++];
	*conffile = (struct apt_conffile){ .path = path, .at = { .info = info } };
	return host_digest(host, path, &conffile->digest, err);
}

/* " /etc/x 0123…" or " /etc/x 0123… obsolete", a line each */
static int look_at_package(struct host *host, struct apt_state *have, const char *name,
	struct error *err)
{
	const char *const argv[] = { "dpkg-query", "--show", "--showformat=${Conffiles}\\n", "--", name,
		NULL };
	struct command command = { .argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 60 };
	struct command_result result;

	if (host_look(host, &command, &result, err) < 0)
		return -1;
	for (const char *line = result.output; *line;) {
		const char *path = line + strspn(line, " ");
		size_t size = strcspn(line, "\n");

		if (*path == '/' && add_conffile(host, have, arena_bytes(host_arena(host), path,
				strcspn(path, " \n")), err) < 0)
			return -1;
		line += size + (line[size] == '\n');
	}
	return 0;
}

int apt_find_conffiles(struct host *host, const struct apt_params *want, struct apt_state *have,
	struct error *err)
{
	if (want->state != APT_ABSENT || !want->purge || want->undoing)
		return 0;
	for (size_t i = 0; i < have->wish_count; i++) {
		if (apt_need(want, have, &have->wishes[i]) == APT_REMOVE
				&& look_at_package(host, have, have->wishes[i].name, err) < 0)
			return -1;
	}
	return 0;
}

void apt_invert_conffiles(struct inverses *inverses, const struct apt_state *have)
{
	struct arena *arena = inverses_arena(inverses);

	for (size_t i = 0; i < have->conffile_count; i++) {
		const struct apt_conffile *conffile = &have->conffiles[i];

		inverses_add(inverses, &(struct inverses_entry){
			.resource = arena_printf(arena, "file:%s", conffile->path), .module = "file",
			.params = attributes_way_back(arena, conffile->path, &conffile->at,
				conffile->digest),
			.keep_path = conffile->path, .keep_digest = conffile->digest });
	}
}
