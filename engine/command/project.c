/* project: what belongs to a playbook: its folder, beoplay.yml, and the inventory. */
#include "command/project.h"

#include "base/suggest.h"
#include "seal/keys.h"
#include "yaml/tree.h"
#include "source/trust.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS_MOST = 64 };

static const char *const inventory_names[] = {
	"inventory", "inventory.yml", "inventory.yaml", "inventory.ini", "hosts.yml", "hosts",
};

/* --- The way up --- */

static bool same_folder(const char *one, const char *other)
{
	struct stat left, right;

	return stat(one, &left) == 0 && stat(other, &right) == 0 && left.st_ino == right.st_ino
		&& left.st_dev == right.st_dev;
}

static bool is_root(const char *directory)
{
	return same_folder(directory[0] ? directory : ".", "/");
}

/* The folder above, by a short name where that is the same one: a link may be on the way. */
static const char *parent_of(struct arena *arena, const char *directory)
{
	const char *last = strrchr(directory, '/');
	const char *above, *shorter;

	last = last ? last + 1 : directory;
	if (strcmp(directory, ".") == 0 || strcmp(directory, "") == 0)
		return "..";
	above = arena_printf(arena, "%s/..", directory);
	shorter = path_directory(arena, directory);
	return strcmp(last, "..") != 0 && same_folder(shorter, above) ? shorter : above;
}

/* Whether files that nobody named may be taken from a folder. named: a file in it that the user did
 * name, so that its owner is meant, and his group; NULL: the folder lies above. */
static int check_folder(const char *directory, const char *named, struct error *ret_why)
{
	struct stat info, file;
	uid_t also = geteuid();

	if (stat(directory[0] ? directory : ".", &info) < 0)
		return error_errno(ret_why, FILE_UNREADABLE, "cannot inspect '%s'", directory);
	if (named && stat(named, &file) == 0) {
		also = file.st_uid;
		info.st_mode &= ~(mode_t)S_IWGRP;
	}
	return trust_check(&info, directory, also, false, ret_why);
}

static bool is_there(struct arena *arena, const char *directory, const char *name)
{
	struct stat info;

	return lstat(path_join(arena, directory, name), &info) == 0;
}

/* Whether something lies in a folder that would have been taken, if the folder could be trusted. */
static bool has_something(struct arena *arena, const char *directory)
{
	bool found = is_there(arena, directory, "beoplay.yml");

	for (size_t i = 0; !found && i < sizeof(inventory_names) / sizeof(*inventory_names); i++)
		found = is_there(arena, directory, inventory_names[i]);
	return found;
}

static bool is_marked(struct arena *arena, const char *directory)
{
	static const char *const marks[] = { "beoplay.yml", ".git" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		struct stat info;

		if (lstat(path_join(arena, directory, marks[i]), &info) == 0
				&& (info.st_uid == geteuid() || info.st_uid == 0))
			return true;
	}
	return false;
}

/* Texts may lead to what lies beneath the nearest folder that is marked as a project's. */
static const char *find_root(struct arena *arena, const char *playbook)
{
	const char *start = path_directory(arena, playbook), *directory = start;

	for (int level = 0; level < LEVELS_MOST; level++) {
		struct error why = {0};

		if (check_folder(directory, level ? NULL : playbook, &why) < 0)
			break;
		if (is_marked(arena, directory))
			return directory;
		if (is_root(directory))
			break;
		directory = parent_of(arena, directory);
	}
	return start;
}

void project_reach(struct arena *arena, struct source *source, const char *playbook)
{
	static const char *const parts[] = { "group_vars", "host_vars" };
	struct reach *reach = source_reach(source);
	const char *directory = path_directory(arena, playbook);
	struct error why = {0};

	reach_name(reach, playbook);
	reach_allow(reach, directory, "");
	reach_allow(reach, find_root(arena, playbook), "");
	for (size_t i = 0; i < 2 && check_folder(directory, playbook, &why) < 0; i++)
		reach_bar(reach, directory, parts[i], &why);
}

/* What is read of an inventory: all of a directory, and what stands beside a file. */
static void allow_inventory(struct arena *arena, struct reach *reach, const char *path, bool given)
{
	static const char *const parts[] = { "group_vars", "host_vars" };
	const char *directory = path_directory(arena, path);
	struct error why = {0};
	struct stat info;
	int bad;

	if (given)
		reach_name(reach, path);
	if (stat(path, &info) < 0)
		return;
	if (S_ISDIR(info.st_mode) && given)
		reach_allow(reach, path, "");
	bad = check_folder(directory, given ? path : NULL, &why);
	for (size_t i = 0; i < 2 && !S_ISDIR(info.st_mode); i++) {
		if (bad)
			reach_bar(reach, directory, parts[i], &why);
		else
			reach_allow(reach, directory, parts[i]);
	}
}

/* --- beoplay.yml --- */

static int check_keys(const struct value *root, struct error *err)
{
	static const char *const keys[] = { "project", "inventory", "roles_path", "secrets",
		"key", "vault_password_file" };

	if (root->kind != VALUE_MAP)
		return error_at(err, PROJECT_INVALID_VALUE, root->place, "this must be a map with the keys "
			"project, inventory, roles_path, secrets, key and vault_password_file");
	for (size_t i = 0; i < root->count; i++) {
		struct suggestion suggestion = { .word = root->pairs[i].key };
		bool known = false;

		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
			known = known || strcmp(keys[k], root->pairs[i].key) == 0;
			suggest_offer(&suggestion, keys[k]);
		}
		if (known)
			continue;
		error_at(err, PROJECT_UNKNOWN_KEY, root->pairs[i].place, "unknown key '%s'",
			root->pairs[i].key);
		return suggestion.nearest ? error_remedy(err, "did you mean '%s'?", suggestion.nearest)
			: error_remedy(err, "known are project, inventory, roles_path, secrets, "
				"key and vault_password_file");
	}
	return 0;
}

static int add_inventories(struct arena *arena, const char *directory, const struct value *named,
	struct project *project, struct error *err)
{
	if (!named)
		return 0;
	if (value_text(named)) {
		reach_allow(project->reach, directory, value_text(named));
		value_append(arena, project->inventories, value_string(arena,
			path_join(arena, directory, value_text(named))));
		return 0;
	}
	if (named->kind != VALUE_LIST)
		return error_at(err, PROJECT_INVALID_VALUE, named->place, "'inventory' must be a path or a "
			"list of paths");
	for (size_t i = 0; i < named->count; i++) {
		if (!value_text(named->items[i]))
			return error_at(err, PROJECT_INVALID_VALUE, named->items[i]->place, "an inventory is a "
				"path");
		if (add_inventories(arena, directory, named->items[i], project, err) < 0)
			return -1;
	}
	return 0;
}

/* "~/x" is below the user's home. */
static const char *at_home(struct arena *arena, const char *path)
{
	const char *home = getenv("HOME");

	return strncmp(path, "~/", 2) == 0 && home ? path_join(arena, home, path + 2) : path;
}

static int add_roles(struct arena *arena, const char *directory, const struct value *named,
	struct project *project, struct error *err)
{
	size_t count = !named ? 0 : named->kind == VALUE_LIST ? named->count : 1;

	if (named)
		project->roles = value_list(arena);
	for (size_t i = 0; i < count; i++) {
		const struct value *path = named->kind == VALUE_LIST ? named->items[i] : named;

		if (!value_text(path) || !path->size || strchr(path->text, ':')) {
			error_at(err, PROJECT_INVALID_VALUE, path->place, "'roles_path' must be a path or a "
				"list of paths");
			return error_remedy(err, "write one '- PATH' a line");
		}
		value_append(arena, project->roles, value_string(arena, path_join(arena, directory,
			at_home(arena, path->text))));
	}
	return 0;
}

/* Where Ansible and ansible-galaxy have them. */
static struct value *usual_roles(struct arena *arena)
{
	static const char *const usual[] = { "~/.ansible/roles", "/usr/share/ansible/roles",
		"/etc/ansible/roles", "~/.ansible/collections/ansible_collections",
		"/usr/share/ansible/collections/ansible_collections" };
	struct value *roles = value_list(arena);

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		const char *path = at_home(arena, usual[i]);

		if (path[0] == '/')
			value_append(arena, roles, value_string(arena, path));
	}
	return roles;
}

/* Whatever others may write to is not for plays. */
static void allow_roles(struct arena *arena, struct source *source, struct project *project)
{
	if (!project->roles)
		project->roles = usual_roles(arena);
	for (size_t i = 0; i < project->roles->count; i++) {
		const char *path = value_text(project->roles->items[i]);
		struct error why = {0};

		if (is_there(arena, path, "") && check_folder(path, NULL, &why) < 0)
			reach_bar(project->reach, path, "", &why);
		else
			reach_allow(project->reach, path, "");
	}
	source_set_roles(source, project->roles);
}

static int add_secrets(struct arena *arena, const struct value *named, struct project *project,
	struct error *err)
{
	if (named && named->kind != VALUE_LIST)
		return error_at(err, PROJECT_INVALID_VALUE, named->place, "'secrets' must be a list of "
			"variables' names");
	for (size_t i = 0; named && i < named->count; i++) {
		const struct value *name = named->items[i];

		if (!value_text(name) || !name->size || name->size > 256 || strpbrk(name->text, ". {}[]")) {
			error_at(err, PROJECT_INVALID_VALUE, name->place, "this is no variable's name");
			return error_remedy(err, "a name stands for all variables, and keys inside of "
				"variables, that are called so");
		}
		value_append(arena, project->secrets, named->items[i]);
	}
	return 0;
}

static int add_vault(struct arena *arena, const char *directory, const struct value *named,
	struct project *project, struct error *err)
{
	if (named && (!value_text(named) || !named->size))
		return error_at(err, PROJECT_INVALID_VALUE, named->place, "'vault_password_file' must be a path");
	if (named && !project->vault_password_file)
		project->vault_password_file = path_join(arena, directory, at_home(arena, named->text));
	return 0;
}

static int read_settings(struct arena *arena, struct source *source, const char *directory,
	const char *path, bool given, struct project *project, struct error *err)
{
	struct value *root;
	const struct value *name;
	const char *bytes;
	size_t size;

	if (source_read(source, path, &bytes, &size, err) < 0
			|| tree_parse(arena, path, bytes, size, &root, err) < 0)
		return -1;
	if (root->kind == VALUE_NULL)
		return 0;
	if (check_keys(root, err) < 0)
		return -1;
	name = value_get(root, "project");
	if (name && (!value_text(name) || !name->size || name->size > 128))
		return error_at(err, PROJECT_INVALID_VALUE, name->place, "'project' must be a name");
	if (name)
		project->name = value_text(name);
	name = value_get(root, "key");
	if (name && (!value_text(name) || strlen(value_text(name)) != KEY_HEX_SIZE - 1)) {
		error_at(err, PROJECT_INVALID_VALUE, name->place, "'key' must be the ID of a key, in "
			"quotes");
		return error_remedy(err, "beoplay key list shows those that you have");
	}
	if (name)
		project->key = value_text(name);
	if (add_secrets(arena, value_get(root, "secrets"), project, err) < 0
			|| add_roles(arena, directory, value_get(root, "roles_path"), project, err) < 0
			|| add_vault(arena, directory, value_get(root, "vault_password_file"), project, err) < 0)
		return -1;
	return given ? 0 : add_inventories(arena, directory, value_get(root, "inventory"), project,
		err);
}

/* One folder; ret_found is set if it holds beoplay.yml or an inventory, also where another
 * inventory was given: which project it is doesn't depend on that. */
static int look_in(struct arena *arena, struct source *source, const char *directory, bool given,
	struct project *project, bool *ret_found, struct error *err)
{
	const char *settings = path_join(arena, directory, "beoplay.yml");
	struct source_entry entry;

	*ret_found = false;
	reach_allow(project->reach, directory, "beoplay.yml");
	if (source_stat(source, settings, false, &entry, err) < 0)
		return -1;
	if (entry.kind != SOURCE_NONE) {
		*ret_found = true;
		if (read_settings(arena, source, directory, settings, given, project, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(inventory_names) / sizeof(*inventory_names); i++) {
		const char *path = path_join(arena, directory, inventory_names[i]);

		reach_allow(project->reach, directory, inventory_names[i]);
		if (source_stat(source, path, false, &entry, err) < 0)
			return -1;
		if (entry.kind == SOURCE_NONE || entry.kind == SOURCE_OTHER)
			continue;
		*ret_found = true;
		if (!given && project->inventories->count == 0)
			value_append(arena, project->inventories, value_string(arena, path));
		break;
	}
	return 0;
}

const char *project_folder_name(struct arena *arena, const char *directory)
{
	char resolved[PATH_MAX];
	const char *slash;

	if (!realpath(directory[0] ? directory : ".", resolved))
		return "project";
	slash = strrchr(resolved, '/');
	return slash && slash[1] ? arena_string(arena, slash + 1) : "project";
}

/* The playbook's path as seen from the project's folder, however it was typed. */
static const char *path_below(struct arena *arena, const char *folder, const char *playbook)
{
	char above[PATH_MAX], full[PATH_MAX];
	size_t size;

	if (!realpath(folder[0] ? folder : ".", above) || !realpath(playbook, full))
		return playbook;
	size = strlen(above);
	if (strncmp(full, above, size) == 0 && (full[size] == '/' || size == 1))
		return arena_string(arena, full + size + (size > 1));
	return arena_string(arena, full);
}

int project_find(struct arena *arena, struct source *source, const char *playbook,
	struct value *given, struct project *ret_project, struct error *err)
{
	const char *start = path_directory(arena, playbook);
	const char *directory = start;
	const char *home = NULL;
	bool has_given = given->count > 0;

	*ret_project = (struct project){ .inventories = has_given ? given : value_list(arena),
		.secrets = value_list(arena), .reach = source_reach(source) };
	project_reach(arena, source, playbook);
	for (int level = 0; level < LEVELS_MOST; level++) {
		struct error why = {0};
		bool found;

		if (check_folder(directory, level ? NULL : playbook, &why) < 0) {
			ret_project->stopped = arena_printf(arena, "no beoplay.yml and no "
				"inventory is taken from '%s' or above: %s", directory, why.message);
			ret_project->ignored = has_something(arena, directory);
			break;
		}
		if (look_in(arena, source, directory, has_given, ret_project, &found, err) < 0)
			return -1;
		if (found && !home)
			home = directory;
		if ((home && ret_project->inventories->count > 0) || is_root(directory))
			break;
		directory = parent_of(arena, directory);
	}
	if (!ret_project->name)
		ret_project->name = project_folder_name(arena, home ? home : start);
	ret_project->folder = home ? home : start;
	ret_project->playbook = path_below(arena, ret_project->folder, playbook);
	allow_roles(arena, source, ret_project);
	for (size_t i = 0; i < ret_project->inventories->count; i++)
		allow_inventory(arena, ret_project->reach, value_text(ret_project->inventories->items[i]),
			has_given);
	return 0;
}

int project_inventories(struct arena *arena, struct source *source, const char *playbook,
	struct project *project, struct error *err)
{
	const char *directory = path_directory(arena, playbook);
	bool found;

	for (int level = 0; level < LEVELS_MOST && project->inventories->count == 0; level++) {
		if (look_in(arena, source, directory, false, project, &found, err) < 0)
			return -1;
		if (strcmp(directory, ".") == 0)
			break;
		directory = path_directory(arena, directory);
	}
	return 0;
}
