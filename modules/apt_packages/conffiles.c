/* conffiles: configuration that goes when its package is purged, as somebody may have
 * edited it. dpkg names some of the files; others are made by maintainer scripts, most of them with
 * ucf, and named by ucf's registry or by the script that removes them. */
#include "modules/apt_packages/apt_packages.h"

#include <string.h>

#define UCF_HASHES "/var/lib/ucf/hashfile"
#define UCF_REGISTRY "/var/lib/ucf/registry"

enum { SCRIPT_MOST = 1 << 20, UCF_MOST = 4 << 20 };

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

/* The content of a file, or "" where there is none. */
static int read_if_there(struct host *host, const char *path, size_t most, const char **ret_text,
	struct error *err)
{
	struct file_info info;
	size_t size;
	char *text;

	*ret_text = "";
	if (host_stat(host, path, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR || (size_t)info.size > most)
		return 0;
	if (host_read(host, path, most, &text, &size, err) < 0)
		return -1;
	*ret_text = text;
	return 0;
}

static int add_digest(struct host *host, struct value *files, const char *path, size_t size,
	struct error *err)
{
	struct arena *arena = host_arena(host);
	const char *digest, *name = arena_bytes(arena, path, size);
	struct file_info info;

	if (value_get(files, name))
		return 0;
	if (host_stat(host, name, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_digest(host, name, &digest, err) < 0)
		return -1;
	value_set_string(arena, files, name, digest);
	return 0;
}

/* "openssh-server 	 /etc/ssh/sshd_config" */
static int add_registered(struct host *host, const char *package, struct value *files,
	struct error *err)
{
	size_t length = strlen(package);
	const char *line;

	if (read_if_there(host, UCF_REGISTRY, UCF_MOST, &line, err) < 0)
		return -1;
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *path = line + length;

		if (strncmp(line, package, length) != 0 || !strchr(" \t", *path) || !*path)
			continue;
		path += strspn(path, " \t");
		if (*path == '/' && add_digest(host, files, path, strcspn(path, " \t\n"), err) < 0)
			return -1;
	}
	return 0;
}

/* Every path below /etc that the script names, up to what only a shell could read. */
static int add_named(struct host *host, const char *script, struct value *files, struct error *err)
{
	const char *at;

	if (read_if_there(host, script, SCRIPT_MOST, &at, err) < 0)
		return -1;
	while ((at = strstr(at, "/etc/"))) {
		size_t size = strcspn(at, " \t\n\"'$`;&|<>()*?[]{}\\");

		if (size > strlen("/etc/") && add_digest(host, files, at, size, err) < 0)
			return -1;
		at += size;
	}
	return 0;
}

int apt_configuration(struct host *host, const struct dpkg_package *package,
	struct value **ret_files, struct error *err)
{
	struct arena *arena = host_arena(host);
	struct value *files = value_map(arena);

	*ret_files = files;
	if (add_registered(host, package->name, files, err) < 0 || add_named(host, arena_printf(arena,
			"/var/lib/dpkg/info/%s.postrm", package->name), files, err) < 0)
		return -1;
	return add_named(host, arena_printf(arena, "/var/lib/dpkg/info/%s:%s.postrm", package->name,
		package->architecture), files, err);
}

/* "0123…  /etc/x": the MD5 of what ucf put there; NULL: it isn't ucf's. */
static const char *ucf_hash(struct arena *arena, const char *hashes, const char *path)
{
	for (; *hashes; hashes += strcspn(hashes, "\n"), hashes += *hashes == '\n') {
		size_t hash = strcspn(hashes, " \n");
		const char *name = hashes + hash + strspn(hashes + hash, " ");

		if (strcspn(name, "\n") == strlen(path) && strncmp(name, path, strlen(path)) == 0)
			return arena_bytes(arena, hashes, hash);
	}
	return NULL;
}

static int ucf_differs(struct host *host, const char *path, bool *ret_differs, struct error *err)
{
	const char *const argv[] = { "md5sum", "--", path, NULL };
	struct command_result result;
	const char *hashes, *hash;

	if (read_if_there(host, UCF_HASHES, UCF_MOST, &hashes, err) < 0)
		return -1;
	hash = ucf_hash(host_arena(host), hashes, path);
	if (!hash)
		return 0;
	if (host_look(host, &(struct command){ .argv = argv, .timeout = 60 }, &result, err) < 0)
		return -1;
	*ret_differs = strncmp(result.output, hash, strlen(hash)) != 0;
	return 0;
}

int apt_configuration_edited(struct host *host, const struct dpkg_package *package,
	const struct value *came, bool *ret_edited, struct error *err)
{
	struct value *files;

	if (apt_configuration(host, package, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files->count && !*ret_edited; i++) {
		const char *path = files->pairs[i].key, *was = value_get_string(came, path);

		/* A run that was cut off may have seen it only once it was edited. */
		if (ucf_differs(host, path, ret_edited, err) < 0)
			return -1;
		*ret_edited = *ret_edited || (came && (!was
			|| strcmp(was, value_text(files->pairs[i].value)) != 0));
	}
	return 0;
}

static int add_configuration(struct host *host, struct apt_state *have, const char *name,
	struct error *err)
{
	const struct dpkg_package *package = dpkg_find(&have->status, name);
	struct value *files;

	if (!package)
		return 0;
	if (apt_configuration(host, package, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files->count; i++) {
		bool known = false;

		for (size_t k = 0; k < have->conffile_count; k++)
			known = known || strcmp(have->conffiles[k].path, files->pairs[i].key) == 0;
		if (!known && add_conffile(host, have, files->pairs[i].key, err) < 0)
			return -1;
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
				&& (look_at_package(host, have, have->wishes[i].name, err) < 0
				|| add_configuration(host, have, have->wishes[i].name, err) < 0))
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
