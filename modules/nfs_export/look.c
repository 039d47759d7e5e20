/* look: what is exported now: in our file, in others, by the kernel. */
#include "modules/nfs_export/nfs_export.h"

#include "base/buffer.h"

#include <ctype.h>
#include <string.h>

enum { FILE_MOST = 1 << 20, LIVE_MOST = 4096 };

/* /srv/my-data → /etc/exports.d/beoplay-srv-my--data.exports */
static const char *file_of(struct arena *arena, const char *path)
{
	struct buffer name = { 0 };
	const char *result;

	buffer_add_string(&name, EXPORTS_DIRECTORY "/beoplay");
	for (; *path; path++) {
		if (*path == '/' && !path[1])
			break;
		if (*path == '-')
			buffer_add_string(&name, "--");
		else if (*path == '/')
			buffer_add_char(&name, '-');
		else if (isalnum((unsigned char)*path) || *path == '.' || *path == '_')
			buffer_add_char(&name, *path);
		else
			buffer_printf(&name, "%%%02x", (unsigned char)*path);
	}
	buffer_add_string(&name, ".exports");
	result = arena_bytes(arena, name.data, name.size);
	buffer_free(&name);
	return result;
}

/* As exports(5) and exportfs write it: white space, # and the like in octal. */
static const char *escaped(struct arena *arena, const char *path)
{
	struct buffer text = { 0 };
	const char *result;

	for (; *path; path++) {
		if ((unsigned char)*path <= ' ' || strchr("\\\"#", *path))
			buffer_printf(&text, "\\%03o", (unsigned char)*path);
		else
			buffer_add_char(&text, *path);
	}
	result = arena_bytes(arena, text.data ? text.data : "", text.size);
	buffer_free(&text);
	return result;
}

static const char *wished_text(struct arena *arena, const struct export_params *want)
{
	struct buffer text = { 0 };
	const char *result;

	if (want->state == EXPORT_ABSENT)
		return NULL;
	if (want->text)
		return want->text;
	/* A line without a client would be for everybody. */
	if (want->hosts_count == 0)
		return NULL;
	buffer_add_string(&text, escaped(arena, want->path));
	for (unsigned i = 0; i < want->hosts_count; i++) {
		buffer_printf(&text, " %s(", want->hosts[i]);
		for (unsigned k = 0; k < want->options_count; k++)
			buffer_printf(&text, "%s%s", k ? "," : "", want->options[k]);
		buffer_add_char(&text, ')');
	}
	buffer_add_char(&text, '\n');
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

/* "/srv/share  10.0.0.0/16(sync,…,rw)": path, white space, client(options) */
static bool take_live(struct arena *arena, const char *line, size_t size, const char *path,
	struct export_live *ret_live)
{
	size_t length = strlen(path);
	const char *at = line + length;
	const char *paren;

	if (size <= length || strncmp(line, path, length) != 0 || !strchr(" \t", *at))
		return false;
	at += strspn(at, " \t");
	paren = memchr(at, '(', (size_t)(line + size - at));
	if (!paren || line[size - 1] != ')')
		return false;
	ret_live->client = arena_bytes(arena, at, (size_t)(paren - at));
	ret_live->options = arena_bytes(arena, paren + 1, (size_t)(line + size - 1 - paren - 1));
	ret_live->line = arena_bytes(arena, line, size);
	return true;
}

static int look_at_live(struct host *host, const struct export_params *want,
	struct export_state *have, struct error *err)
{
	static const char *const argv[] = { "exportfs", "-s", NULL };
	struct command command = { .argv = argv, .timeout = 60 };
	struct arena *arena = host_arena(host);
	const char *path = escaped(arena, want->path);
	struct command_result result;
	struct file_info table;

	/* Where nothing is exported it would make a lock file. */
	if (host_stat(host, EXPORTS_TABLE, &table, err) < 0)
		return -1;
	if (table.kind == FILE_NONE || table.size == 0)
		return 0;
	if (host_look(host, &command, &result, err) < 0)
		return -1;
	have->live = arena_array(arena, LIVE_MOST, sizeof(*have->live));
	for (const char *line = result.output; *line && have->live_count < LIVE_MOST;) {
		size_t size = strcspn(line, "\n");

		if (take_live(arena, line, size, path, &have->live[have->live_count]))
			have->live_count++;
		line += size + (line[size] == '\n');
	}
	return 0;
}

/* A line of /etc/exports for the same path: both would count, in an order nobody expects. */
static int look_at_others(struct host *host, const struct export_params *want,
	struct export_state *have, struct error *err)
{
	const char *path = escaped(host_arena(host), want->path);
	size_t length = strlen(path);
	struct file_info info;
	char *text;

	if (host_stat(host, "/etc/exports", &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, "/etc/exports", FILE_MOST, &text, err) < 0)
		return -1;
	for (char *line = text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n')) {
		if (strncmp(line, path, length) == 0 && strchr(" \t", line[length]) && line[length])
			have->other = arena_bytes(host_arena(host), line, strcspn(line, "\n"));
	}
	return 0;
}

static int look_at_file(struct host *host, struct export_state *have, struct error *err)
{
	size_t count;
	struct file_info info;
	struct file_name *names;
	char *text;

	if (host_stat(host, EXPORTS_DIRECTORY, &info, err) < 0
			|| host_record_get(host, DIRECTORY_RECORD, &have->made, err) < 0)
		return -1;
	have->directory = info.kind == FILE_DIRECTORY;
	if (!have->directory)
		return 0;
	if (host_list(host, EXPORTS_DIRECTORY, &names, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		have->neighbours += strcmp(names[i].name, strrchr(have->file, '/') + 1) != 0;
	if (host_stat(host, have->file, &info, err) < 0)
		return -1;
	if (info.kind != FILE_REGULAR)
		return 0;
	if (host_read_text(host, have->file, FILE_MOST, &text, err) < 0)
		return -1;
	have->have = text;
	return 0;
}

static int look_at_path(struct host *host, const struct export_params *want,
	struct export_state *have, struct error *err)
{
	struct file_name *names;
	size_t count;

	if (attributes_inspect(host, want->path, &have->wishes, &have->path, err) < 0)
		return -1;
	if (!want->made || have->path.info.kind != FILE_DIRECTORY)
		return 0;
	if (host_list(host, want->path, &names, &count, err) < 0)
		return -1;
	have->path_empty = count == 0;
	return 0;
}

int export_inspect(struct host *host, const void *params, void *ret_state,
	struct error *err)
{
	const struct export_params *want = params;
	struct export_state *have = ret_state;
	struct arena *arena = host_arena(host);
	struct file_info info;

	have->file = file_of(arena, want->path);
	have->want = wished_text(arena, want);
	have->wishes = (struct attributes_want){ want->owner, want->group, want->mode };
	host_has_read(host, "command:exportfs");
	if (host_stat(host, EXPORTFS, &info, err) < 0)
		return -1;
	have->server = info.kind != FILE_NONE;
	if (look_at_file(host, have, err) < 0 || look_at_path(host, want, have, err) < 0 ||
	    look_at_others(host, want, have, err) < 0)
		return -1;
	return have->server ? look_at_live(host, want, have, err) : 0;
}
