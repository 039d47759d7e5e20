/* accounts: users and groups from /etc/passwd and /etc/group, else through getent (passwd(5),
 * group(5)). A static program has no getpwnam. */
#include "agent/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS_MOST = 16 << 20, FIELDS_MOST = 8, GROUPS_MOST = 4096 };

/* What is looked for: by name, or by id where name is NULL. */
struct key {
	const char *name;
	int64_t id;
};

/* Splits a line at its colons, in place; returns how many fields there are. */
static size_t split_line(char *line, char *fields[FIELDS_MOST])
{
	size_t count = 0;

	while (count < FIELDS_MOST) {
		fields[count++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}
	return count;
}

/* A decimal id, or -1. */
static int64_t id_of(const char *text)
{
	char *end;
	unsigned long long id;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	id = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || id > UINT32_MAX)
		return -1;
	return (int64_t)id;
}

static bool line_is(char *fields[FIELDS_MOST], const struct key *key)
{
	if (key->name)
		return strcmp(fields[0], key->name) == 0;
	return id_of(fields[2]) == key->id;
}

/* The fields of the first line with this key; 0: there is none. */
static size_t find_line(char *text, size_t least, const struct key *key,
	char *fields[FIELDS_MOST])
{
	while (text && *text) {
		char *next = strchr(text, '\n');
		size_t count;
		if (next)
			*next++ = '\0';
		count = split_line(text, fields);
		if (count >= least && line_is(fields, key))
			return count;
		text = next;
	}
	return 0;
}

/* Directories that getent knows beyond the files: LDAP and the like. Where neither getent nor an
 * entry is, there is no such account. */
static char *ask_getent(struct machine *machine, struct arena *arena, const char *database,
	const struct key *key)
{
	const char *name = key->name ? key->name : arena_printf(arena, "%lld", (long long)key->id);
	const char *const argv[] = { "getent", "--", database, name, NULL };
	struct command command = {
		.argv = argv, .flags = COMMAND_ANY_STATUS, .timeout = 20,
	};
	struct command_result result;
	struct error err = { 0 };

	if (process_run(machine, arena, &command, &result, &err) < 0 || result.status != 0)
		return NULL;
	return result.output;
}

/* systemd adds only users that it made up itself for running services. */
static bool from_files(const char *source)
{
	return strcmp(source, "files") == 0 || strcmp(source, "compat") == 0 ||
	       strcmp(source, "systemd") == 0;
}

/* Whether the system looks elsewhere than in files: /etc/nsswitch.conf (nsswitch.conf(5)). */
static bool asks_elsewhere(struct arena *arena, const char *database)
{
	char *text;
	size_t size;
	struct error err = { 0 };
	size_t length = strlen(database);

	if (files_read(NULL, arena, "/etc/nsswitch.conf", 1 << 20, &text, &size, &err) < 0)
		return false;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, database, length) != 0 || line[length] != ':')
			continue;
		for (char *word = strtok(line + length + 1, " \t"); word; word = strtok(NULL, " \t")) {
			if (word[0] != '[' && !from_files(word))
				return true;
		}
		return false;
	}
	return false;
}

static size_t find(struct machine *machine, struct arena *arena, const char *path,
	const char *database, size_t least, const struct key *key, char *fields[FIELDS_MOST],
	struct error *err)
{
	char *text;
	size_t size;
	size_t count;

	if (key->name && (key->name[0] == '\0' || strpbrk(key->name, ":\n")))
		return 0;
	if (files_read(machine, arena, path, ACCOUNTS_MOST, &text, &size, err) < 0)
		return 0;
	count = find_line(text, least, key, fields);
	if (count == 0 && asks_elsewhere(arena, database)) {
		text = ask_getent(machine, arena, database, key);
		count = text ? find_line(text, least, key, fields) : 0;
	}
	return count;
}

static int get_user(struct machine *machine, struct arena *arena, const struct key *key,
	struct user_info *ret_user, struct error *err)
{
	char *fields[FIELDS_MOST];

	*ret_user = (struct user_info){ .exists = false };
	if (find(machine, arena, machine->passwd, "passwd", 7, key, fields, err) == 0)
		return err && err->kind != ERROR_NONE ? -1 : 0;
	if (id_of(fields[2]) < 0 || id_of(fields[3]) < 0)
		return error_set(err, HOST_FILE_INVALID, "the entry of user '%s' is malformed", fields[0]);
	*ret_user = (struct user_info){
		.exists = true,
		.name = fields[0],
		.uid = (uid_t)id_of(fields[2]),
		.gid = (gid_t)id_of(fields[3]),
		.comment = fields[4],
		.home = fields[5],
		.shell = fields[6],
	};
	return 0;
}

static const char *const *split_members(struct arena *arena, char *text)
{
	size_t count = 0;
	const char **members;

	for (const char *c = text; *c; c++)
		count += *c == ',';
	members = arena_array(arena, count + 2, sizeof(*members));
	count = 0;
	while (*text) {
		size_t size = strcspn(text, ",");
		if (size > 0)
			members[count++] = arena_bytes(arena, text, size);
		text += size + (text[size] == ',');
	}
	return members;
}

static int get_group(struct machine *machine, struct arena *arena, const struct key *key,
	struct group_info *ret_group, struct error *err)
{
	char *fields[FIELDS_MOST];

	*ret_group = (struct group_info){ .exists = false };
	if (find(machine, arena, machine->group, "group", 4, key, fields, err) == 0)
		return err && err->kind != ERROR_NONE ? -1 : 0;
	if (id_of(fields[2]) < 0)
		return error_set(err, HOST_FILE_INVALID, "the entry of group '%s' is malformed", fields[0]);
	*ret_group = (struct group_info){
		.exists = true,
		.name = fields[0],
		.gid = (gid_t)id_of(fields[2]),
		.members = split_members(arena, fields[3]),
	};
	return 0;
}

int accounts_user(void *machine, struct arena *arena, const char *name,
	struct user_info *ret_user, struct error *err)
{
	struct key key = { .name = name };

	if (get_user(machine, arena, &key, ret_user, err) < 0)
		return -1;
	if (ret_user->exists || id_of(name) < 0)
		return 0;
	return accounts_user_by_id(machine, arena, (uid_t)id_of(name), ret_user, err);
}

int accounts_group(void *machine, struct arena *arena, const char *name,
	struct group_info *ret_group, struct error *err)
{
	struct key key = { .name = name };

	if (get_group(machine, arena, &key, ret_group, err) < 0)
		return -1;
	if (ret_group->exists || id_of(name) < 0)
		return 0;
	return accounts_group_by_id(machine, arena, (gid_t)id_of(name), ret_group, err);
}

int accounts_user_by_id(void *machine, struct arena *arena, uid_t uid,
	struct user_info *ret_user, struct error *err)
{
	struct key key = { .id = uid };

	return get_user(machine, arena, &key, ret_user, err);
}

int accounts_group_by_id(void *machine, struct arena *arena, gid_t gid,
	struct group_info *ret_group, struct error *err)
{
	struct key key = { .id = gid };

	return get_group(machine, arena, &key, ret_group, err);
}

static bool lists(const char *members, const char *name)
{
	size_t length = strlen(name);

	while (*members) {
		size_t size = strcspn(members, ",");
		if (size == length && memcmp(members, name, size) == 0)
			return true;
		members += size + (members[size] == ',');
	}
	return false;
}

int accounts_groups(struct machine *machine, struct arena *arena, const struct user_info *user,
	gid_t **ret_groups, size_t *ret_count, struct error *err)
{
	char *fields[FIELDS_MOST];
	char *text;
	size_t size;
	size_t count = 0;
	gid_t *groups;

	if (files_read(machine, arena, machine->group, ACCOUNTS_MOST, &text, &size, err) < 0)
		return -1;
	groups = arena_array(arena, GROUPS_MOST, sizeof(*groups));
	groups[count++] = user->gid;
	for (char *line = text, *next; line && *line && count < GROUPS_MOST; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (split_line(line, fields) < 4 || id_of(fields[2]) < 0)
			continue;
		if (lists(fields[3], user->name) && (gid_t)id_of(fields[2]) != user->gid)
			groups[count++] = (gid_t)id_of(fields[2]);
	}
	*ret_groups = groups;
	*ret_count = count;
	return 0;
}
