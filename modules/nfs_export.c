/* nfs-export: a directory that other machines may mount; its own file in /etc/exports.d. */
#include "base/buffer.h"
#include "modules/shared/file_attributes.h"
#include "module/module.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define EXPORTS_DIRECTORY "/etc/exports.d"
#define EXPORTFS "/usr/sbin/exportfs"
#define EXPORTS_TABLE "/var/lib/nfs/etab"
#define DIRECTORY_RECORD "nfs-export:directory"
#define LOCK_RECORD "nfs-export:lock"

enum { FILE_MOST = 1 << 20, LIVE_MOST = 4096 };

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

/* exportfs makes them where they are missing. */
static const char *const locks[] = { "/var/lib/nfs/.etab.lock", "/var/lib/nfs/export-lock", NULL };

static const char *const state_words[] = { "present", "absent", NULL };
static const cyaml_strval_t state_values[] = {
	{ "present", EXPORT_PRESENT }, { "absent", EXPORT_ABSENT },
};

static const struct param export_table[] = {
	{ .name = "path", .kind = PARAM_PATH, .doc = "the directory; made if it is not there",
		.flags = PARAM_REQUIRED, .into = INTO_TEXT(struct export_params, path) },
	{ .name = "clients", .kind = PARAM_LIST, .doc = "who may mount it: patterns of the inventory, "
		"addresses or networks as 10.0.0.0/24", .otherwise = "",
		.into = INTO_LIST(struct export_params, clients) },
	{ .name = "options", .kind = PARAM_LIST, .doc = "as in exports(5)",
		.otherwise = "rw,sync,no_subtree_check,root_squash",
		.into = INTO_LIST(struct export_params, options) },
	{ .name = "owner", .kind = PARAM_STRING, .doc = "who owns the directory",
		.into = INTO_TEXT(struct export_params, owner) },
	{ .name = "group", .kind = PARAM_STRING, .doc = "its group",
		.into = INTO_TEXT(struct export_params, group) },
	{ .name = "mode", .kind = PARAM_MODE, .doc = "its permissions",
		.into = INTO_TEXT(struct export_params, mode) },
	{ .name = "state", .kind = PARAM_CHOICE, .doc = "absent: no longer exported; the data stays",
		.otherwise = "present", .choices = state_words,
		.into = INTO_CHOICE(struct export_params, state, state_values) },
	{ .name = "hosts", .kind = PARAM_LIST, .doc = "the clients, found in the inventory",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct export_params, hosts) },
	{ .name = "text", .kind = PARAM_STRING, .doc = "the file word for word",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct export_params, text) },
	{ .name = "made", .kind = PARAM_BOOL, .doc = "absent: the directory goes, if it is empty",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct export_params, made) },
	{ 0 },
};

/* --- On the controller */

static int check_words(const struct value *list, const char *allowed, const char *what,
	struct error *err)
{
	for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++) {
		const struct value *item = list->items[i];

		for (size_t k = 0; item->kind == VALUE_STRING && k < item->size; k++) {
			if (isalnum((unsigned char)item->text[k]) || strchr(allowed, item->text[k]))
				continue;
			return error_at(err, item->place, "'%s' is not %s of nfs-export", item->text, what);
		}
	}
	return 0;
}

static int export_check(const struct value *params, struct error *err)
{
	const struct value *path = value_get(params, "path");
	const struct value *clients = value_get(params, "clients");
	const char *state = value_get_string(params, "state");

	if (path && path->kind == VALUE_STRING && path->text[strspn(path->text, "/")] == '\0')
		return error_at(err, path->place, "a whole machine is not exported");
	if (check_words(value_get(params, "options"), "_=:@,.-/", "an option", err) < 0)
		return -1;
	if (state && strcmp(state, "present") == 0 && clients && clients->kind == VALUE_LIST &&
	    clients->count == 0 && !value_get(params, "text")) {
		error_at(err, params->place, "nfs-export needs 'clients'");
		return error_remedy(err, "name who may mount it: a group, or a network");
	}
	return 0;
}

/* An address, or a network: 10.0.0.7, 10.0.0.0/24, fd00::/64 */
static bool is_address(const char *text)
{
	struct in6_addr binary;
	char copy[64];
	size_t size = strcspn(text, "/");

	if (size == 0 || size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (text[size] && (!text[size + 1] || strlen(text + size) > 4 ||
			text[size + 1 + strspn(text + size + 1, "0123456789")]))
		return false;
	return inet_pton(AF_INET, copy, &binary) == 1 || inet_pton(AF_INET6, copy, &binary) == 1;
}

static void add_once(struct arena *arena, struct value *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i]->text, text) == 0)
			return;
	}
	value_append(arena, list, value_string(arena, text));
}

/* The hosts of a pattern by their addresses, without the one that exports. */
static int add_pattern(struct prepare *prepare, struct value *list, const char *pattern,
	struct error *err)
{
	struct value *names;

	if (prepare_hosts(prepare, pattern, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		const char *address;

		if (strcmp(value_text(names->items[i]), prepare_host(prepare)) == 0)
			continue;
		if (prepare_address(prepare, value_text(names->items[i]), &address, err) < 0)
			return -1;
		add_once(prepare_arena(prepare), list, address);
	}
	return 0;
}

static int export_prepare(struct prepare *prepare, struct value *params, struct error *err)
{
	struct arena *arena = prepare_arena(prepare);
	const struct value *clients = value_get(params, "clients");
	struct value *hosts = value_list(arena);

	for (size_t i = 0; clients && clients->kind == VALUE_LIST && i < clients->count; i++) {
		const char *text = value_text(clients->items[i]);

		if (!text)
			return 0;
		if (is_address(text))
			add_once(arena, hosts, text);
		else if (add_pattern(prepare, hosts, text, err) < 0)
			return -1;
	}
	if (check_words(hosts, ".:/_-", "a client", err) < 0)
		return -1;
	value_set(arena, params, "hosts", hosts);
	return 0;
}

/* --- Looking */

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

static int export_inspect(struct host *host, const void *params, void *ret_state,
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

/* --- Planning */

/* Whether the live options contradict a wished one. */
static bool contradicts(const char *live, const char *option)
{
	static const char *const pairs[][2] = {
		{ "rw", "ro" }, { "sync", "async" }, { "root_squash", "no_root_squash" },
		{ "all_squash", "no_all_squash" }, { "subtree_check", "no_subtree_check" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (size_t side = 0; side < 2; side++) {
			const char *opposite = pairs[i][1 - side];
			size_t size = strlen(opposite);

			if (strcmp(option, pairs[i][side]) != 0)
				continue;
			for (const char *at = live; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
				if (strcspn(at, ",") == size && strncmp(at, opposite, size) == 0)
					return true;
			}
		}
	}
	return false;
}

static bool options_right(const struct export_params *want, const struct export_live *live)
{
	for (unsigned i = 0; i < want->options_count; i++) {
		if (contradicts(live->options, want->options[i]))
			return false;
	}
	return true;
}

static const struct export_live *live_of(const struct export_state *have, const char *client)
{
	for (size_t i = 0; i < have->live_count; i++) {
		if (strcmp(have->live[i].client, client) == 0)
			return &have->live[i];
	}
	return NULL;
}

/* exportfs shows a host by another name than the one it was given, so names are only counted. */
static bool live_right(const struct export_params *want, const struct export_state *have)
{
	if (want->state == EXPORT_ABSENT)
		return have->live_count == 0 || have->other;
	if (want->text)
		return true;
	if (have->live_count < want->hosts_count ||
	    (have->live_count > want->hosts_count && !have->other))
		return false;
	for (unsigned i = 0; i < want->hosts_count; i++) {
		const struct export_live *live = live_of(have, want->hosts[i]);

		if ((!live && is_address(want->hosts[i])) || (live && !options_right(want, live)))
			return false;
	}
	return true;
}

static void plan_path(struct plan *plan, const struct export_params *want,
	const struct export_state *have)
{
	const struct file_info *info = &have->path.info;

	if (info->kind == FILE_DIRECTORY)
		attributes_plan(plan, want->path, &have->wishes, &have->path);
	else if (info->kind != FILE_NONE)
		plan_refuse(plan, NULL, "'%s' is not a directory", want->path);
	else if (want->state == EXPORT_PRESENT)
		plan_add(plan, EXPORT_MAKE, want->path, "state", "absent", "directory");
}

static void plan_file(struct plan *plan, const struct export_state *have)
{
	if (have->want && (!have->have || strcmp(have->want, have->have) != 0)) {
		if (!have->directory)
			plan_add(plan, EXPORT_DIRECTORY, EXPORTS_DIRECTORY, "state", "absent",
				"directory");
		plan_add(plan, EXPORT_WRITE, have->file, "content", have->have, have->want);
	}
	if (!have->want && have->have)
		plan_add(plan, EXPORT_REMOVE, have->file, "content", have->have, NULL);
}

static void export_plan(struct plan *plan, const void *params, const void *state)
{
	const struct export_params *want = params;
	const struct export_state *have = state;
	bool file_right = have->want ? have->have && strcmp(have->want, have->have) == 0 :
		!have->have;

	if (!have->server && want->state == EXPORT_PRESENT) {
		plan_refuse(plan, "install nfs-kernel-server, with a task of apt-packages",
			"there is no NFS server here");
		return;
	}
	if (want->state == EXPORT_PRESENT && !have->want)
		plan_note(plan, "nobody else is among the clients of '%s'", want->path);
	if (have->other && want->state == EXPORT_PRESENT)
		plan_note(plan, "/etc/exports has a line for '%s', too: %s", want->path, have->other);
	plan_path(plan, want, have);
	plan_file(plan, have);
	if (have->server && (!file_right || !live_right(want, have)))
		plan_add(plan, EXPORT_RELOAD, want->path, "exported to",
			plan_printf(plan, "%zu clients", have->live_count),
			plan_printf(plan, "%u clients", want->state == EXPORT_ABSENT ? 0 :
				want->hosts_count));
	if (!have->want && have->made && have->directory && have->neighbours == 0)
		plan_add(plan, EXPORT_UNMAKE_DIRECTORY, EXPORTS_DIRECTORY, "state", "directory",
			"absent");
	if (want->made && want->state == EXPORT_ABSENT && have->path.info.kind == FILE_DIRECTORY) {
		if (have->path_empty)
			plan_add(plan, EXPORT_UNMAKE, want->path, "state", "directory", "absent");
		else
			plan_note(plan, "'%s' stays: there is something in it", want->path);
	}
}

/* --- Changing */

static int write_file(struct host *host, const struct export_state *have, struct error *err)
{
	struct file_write write = {
		.path = have->file, .bytes = have->want, .size = strlen(have->want), .mode = 0644,
		.uid = 0, .gid = 0, .mtime = HOST_KEEP,
	};

	return host_write(host, &write, err);
}

static int make_path(struct host *host, const struct export_params *want,
	const struct export_state *have, struct error *err)
{
	unsigned mode = attributes_mode(&have->wishes, &have->path, 0755);

	if (host_make_directory(host, want->path, mode, err) < 0 ||
	    (want->mode && host_set_mode(host, want->path, mode, err) < 0))
		return -1;
	if (have->path.uid == HOST_KEEP && have->path.gid == HOST_KEEP)
		return 0;
	return host_set_owner(host, want->path, have->path.uid == HOST_KEEP ? 0 : have->path.uid,
		have->path.gid == HOST_KEEP ? 0 : have->path.gid, err);
}

static struct value *list_in(struct arena *arena, struct value *results, const char *key)
{
	if (!value_get(results, key))
		value_set(arena, results, key, value_list(arena));
	return value_get(results, key);
}

static void tell_clients(struct arena *arena, const struct export_params *want,
	const struct export_state *have, struct value *results)
{
	bool absent = want->state == EXPORT_ABSENT;

	for (unsigned i = 0; !absent && i < want->hosts_count; i++) {
		if (!live_of(have, want->hosts[i]))
			value_append(arena, list_in(arena, results, "added"),
				value_string(arena, want->hosts[i]));
	}
	for (size_t i = 0; i < have->live_count; i++) {
		bool wished = false;

		for (unsigned k = 0; !absent && k < want->hosts_count; k++)
			wished = wished || strcmp(want->hosts[k], have->live[i].client) == 0;
		if (!wished)
			value_append(arena, list_in(arena, results, "removed"),
				value_string(arena, have->live[i].client));
	}
}

/* --- What came with the first export */

static int make_exports_directory(struct host *host, struct error *err)
{
	if (host_record_set(host, DIRECTORY_RECORD, value_map(host_arena(host)), err) < 0)
		return -1;
	return host_make_directory(host, EXPORTS_DIRECTORY, 0755, err);
}

static int unmake_exports_directory(struct host *host, struct error *err)
{
	if (host_remove(host, EXPORTS_DIRECTORY, err) < 0)
		return -1;
	return host_record_set(host, DIRECTORY_RECORD, NULL, err);
}

static int note_locks(struct host *host, struct error *err)
{
	struct value *record;
	struct file_info info;

	if (host_record_get(host, LOCK_RECORD, &record, err) < 0)
		return -1;
	record = record ? value_copy(host_arena(host), record) : value_map(host_arena(host));
	for (size_t i = 0; locks[i]; i++) {
		if (host_stat(host, locks[i], &info, err) < 0)
			return -1;
		if (info.kind == FILE_NONE)
			value_set_bool(host_arena(host), record, locks[i], true);
	}
	return record->count > 0 ? host_record_set(host, LOCK_RECORD, record, err) : 0;
}

static int remove_locks(struct host *host, struct error *err)
{
	struct file_info info;
	struct value *record;

	if (host_stat(host, EXPORTS_TABLE, &info, err) < 0
			|| host_record_get(host, LOCK_RECORD, &record, err) < 0)
		return -1;
	if (!record || info.size > 0)
		return 0;
	for (size_t i = 0; locks[i]; i++) {
		if (host_stat(host, locks[i], &info, err) < 0)
			return -1;
		if (info.kind == FILE_REGULAR && info.size == 0 && value_get(record, locks[i])
				&& host_remove(host, locks[i], err) < 0)
			return -1;
	}
	return host_record_set(host, LOCK_RECORD, NULL, err);
}

/* The others of the host would be refused with it, now and when the machine starts. */
static void put_back(struct host *host, const struct export_state *have)
{
	static const char *const argv[] = { "exportfs", "-ra", NULL };
	struct command command = { .argv = argv, .timeout = 300, .flags = COMMAND_ANY_STATUS };
	struct file_write write = {
		.path = have->file, .bytes = have->have, .mode = 0644, .uid = 0, .gid = 0,
		.mtime = HOST_KEEP,
	};
	struct command_result result;

	if (have->have) {
		write.size = strlen(have->have);
		host_write(host, &write, NULL);
	} else if (have->want) {
		host_remove(host, have->file, NULL);
	}
	host_run(host, &command, &result, NULL);
}

/* It returns 0 although a name can't be resolved: what it says counts. */
static int reload(struct host *host, const struct export_state *have, struct error *err)
{
	static const char *const argv[] = { "exportfs", "-ra", NULL };
	static const char *const wrong[] = { "Failed to", "does not support", "unknown keyword",
		"syntax error", "Invalid", "bad ", "incompatible", NULL };
	struct command command = { .argv = argv, .timeout = 300, .flags = COMMAND_ANY_STATUS };
	struct command_result result;
	bool refused;

	if (note_locks(host, err) < 0 || host_run(host, &command, &result, err) < 0)
		return -1;
	refused = result.status != 0;
	for (size_t i = 0; wrong[i]; i++)
		refused = refused || strstr(result.errors, wrong[i]);
	if (!refused)
		return remove_locks(host, err);
	put_back(host, have);
	error_set(err, ERROR_TASK, "exportfs refuses it, so '%s' is as it was before: %s", have->file,
		command_last_words(host_arena(host), &result));
	return error_remedy(err, "look at the clients and options, and whether the names are known "
		"there (a task of hosts)");
}

static int export_apply(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	const struct export_params *want = params;
	const struct export_state *have = state;

	switch (change->step) {
	case EXPORT_MAKE:
		return make_path(host, want, have, err);
	case EXPORT_DIRECTORY:
		return make_exports_directory(host, err);
	case EXPORT_WRITE:
		return write_file(host, have, err);
	case EXPORT_REMOVE:
		return host_remove(host, have->file, err);
	case EXPORT_RELOAD:
		tell_clients(host_arena(host), want, have, results);
		return reload(host, have, err);
	case EXPORT_UNMAKE_DIRECTORY:
		return unmake_exports_directory(host, err);
	case EXPORT_UNMAKE:
		return host_remove(host, want->path, err);
	default:
		return attributes_apply(host, want->path, &have->wishes, &have->path, change, err);
	}
}

/* --- Resources, results, the way back */

static void export_resources(struct names *ret_names, const void *params)
{
	const struct export_params *want = params;

	names_add(ret_names, "nfs-export:%s", want->path);
}

static void export_results(struct arena *arena, const void *params, const void *state,
	struct value *results)
{
	const struct export_state *have = state;
	struct value *exports = value_list(arena);

	(void)params;
	for (size_t i = 0; i < have->live_count; i++)
		value_append(arena, exports, value_string(arena, have->live[i].line));
	value_set(arena, results, "exports", exports);
	list_in(arena, results, "added");
	list_in(arena, results, "removed");
}

static void export_invert(struct inverses *ret_inverses, const void *params, const void *state)
{
	const struct export_params *want = params;
	const struct export_state *have = state;
	const struct file_info *info = &have->path.info;
	struct arena *arena = inverses_arena(ret_inverses);
	struct inverses_entry entry = {
		.resource = arena_printf(arena, "nfs-export:%s", want->path),
		.params = value_map(arena),
	};

	value_set_string(arena, entry.params, "path", want->path);
	value_set_string(arena, entry.params, "state", have->have ? "present" : "absent");
	if (have->have)
		value_set_string(arena, entry.params, "text", have->have);
	if (info->kind == FILE_DIRECTORY) {
		value_set(arena, entry.params, "owner", value_printf(arena, "%u", info->uid));
		value_set(arena, entry.params, "group", value_printf(arena, "%u", info->gid));
		value_set(arena, entry.params, "mode", value_printf(arena, "%04o", info->mode));
	} else if (info->kind == FILE_NONE) {
		value_set_bool(arena, entry.params, "made", true);
	}
	inverses_add(ret_inverses, &entry);
}

const struct module module_nfs_export = {
	.name = "nfs-export",
	.summary = "a directory that other machines may mount",
	.params = export_table,
	.params_size = sizeof(struct export_params),
	.state_size = sizeof(struct export_state),
	.check = export_check,
	.prepare = export_prepare,
	.resources = export_resources,
	.inspect = export_inspect,
	.plan = export_plan,
	.apply = export_apply,
	.results = export_results,
	.invert = export_invert,
};
