/* upgrade: what was kept before texts were sealed goes: by hosts that are reached, and from the
 * history. */
#include "command/upgrade.h"

#include "base/disclose.h"
#include "base/whole.h"
#include "yaml/tree.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_SHOWN_MOST = 100, LIST_MOST = 8 << 20 };

struct upgrade {
	struct playing *playing;
	struct disclosure to;
	struct value *hosts, *names;   /* as keys */
};

/* --- Hosts that may still have such texts --- */

static const char *list_path(struct arena *arena, const char *folder)
{
	return arena_printf(arena, "%s/.beoplay/open-texts", folder);
}

static struct value *read_hosts(struct arena *arena, const char *folder)
{
	FILE *file = whole_open(list_path(arena, folder));
	struct value *hosts = value_map(arena);
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		value_set_bool(arena, hosts, arena_string(arena, line), true);
	}
	if (file)
		fclose(file);
	return hosts;
}

static int write_hosts(struct arena *arena, const char *folder, const struct value *hosts)
{
	const char *path = list_path(arena, folder);
	struct buffer text = {0};
	int result;

	if (hosts->count == 0)
		return unlink(path);
	for (size_t i = 0; i < hosts->count; i++)
		buffer_printf(&text, "%s\n", hosts->pairs[i].key);
	result = whole_replace(path, text.data, text.size, 0600, true);
	buffer_free(&text);
	return result;
}

void upgrade_forget(struct arena *arena, const char *folder, const char *host)
{
	struct value *hosts = read_hosts(arena, folder);

	if (!value_get(hosts, host))
		return;
	value_remove(hosts, host);
	write_hosts(arena, folder, hosts);
}

static const char *fold_keys(struct arena *arena, const struct value *map)
{
	struct value *names = value_list(arena);

	for (size_t i = 0; i < map->count; i++)
		value_append(arena, names, value_string(arena, map->pairs[i].key));
	return report_fold(arena, names);
}

/* --- What lay open --- */

static void add_name(struct upgrade *upgrade, const char *name)
{
	value_set_bool(upgrade->playing->arena, upgrade->names, arena_string(upgrade->playing->arena,
		name), true);
}

static bool is_extra_file(const struct history_run *run, const char *path)
{
	const struct value *extra = value_get(run->how, "extra");

	for (size_t i = 0; extra && i < extra->count; i++) {
		const char *text = value_text(extra->items[i]);

		if (text && text[0] == '@' && strcmp(text + 1, path) == 0)
			return true;
	}
	return false;
}

static void note_variables(struct upgrade *upgrade, const struct record_file *file)
{
	struct error ignored = {0};
	struct value *root;

	if (tree_parse(upgrade->playing->arena, file->path, file->bytes, file->size, &root,
			&ignored) < 0 || root->kind != VALUE_MAP)
		return;
	for (size_t i = 0; i < root->count; i++)
		add_name(upgrade, root->pairs[i].key);
}

static void note_file(struct upgrade *upgrade, const struct history_run *run,
	const struct record_file *file)
{
	if (!file->bytes)
		return;
	if (file->body && !(file->mode & 04))
		add_name(upgrade, file->path);
	if (!file->body && (strstr(file->path, "host_vars/") || strstr(file->path, "group_vars/")
			|| is_extra_file(run, file->path)))
		note_variables(upgrade, file);
}

/* --- The history --- */

static bool is_before(const struct history_run *run)
{
	return !value_get_string(run->how, "key");
}

static bool is_command_line(const struct record_file *file)
{
	return file->mode == 0 && strncmp(file->path, "-e", 2) == 0
		&& strspn(file->path + 2, "0123456789") == strlen(file->path + 2);
}

/* A history_mend: of -e names stay. */
static void mend(void *context, struct arena *arena, struct history_run *run, struct record *record)
{
	struct upgrade *upgrade = context;
	struct value *extra = value_get(run->how, "extra"), *named = value_list(arena);
	size_t kept = 0;

	if (!is_before(run))
		return;
	for (size_t i = 0; i < record->count; i++) {
		struct record_file *file = &record->files[i];

		note_file(upgrade, run, file);
		if (file->bytes && is_extra_file(run, file->path)) {
			file->bytes = NULL;
			file->left_out = "its values came with -e";
		}
		if (!is_command_line(file))
			record->files[kept++] = *file;
	}
	record->count = kept;
	for (size_t i = 0; extra && extra->kind == VALUE_LIST && i < extra->count; i++)
		playing_name_extra(upgrade->playing, &upgrade->to, value_text(extra->items[i]), named);
	for (size_t i = 0; i < named->count; i++) {
		const char *text = value_text(named->items[i]);

		if (text[0] != '@')
			add_name(upgrade, arena_bytes(arena, text, strcspn(text, "=")));
	}
	value_set(arena, run->how, "extra", named);
	value_set_string(arena, run->how, "key", upgrade->playing->sealing.key->id);
}

static bool find_before(struct upgrade *upgrade, struct history *history)
{
	struct arena *arena = upgrade->playing->arena;
	struct error ignored = {0};
	struct history_run *runs;
	size_t count;

	if (history_unsealed(history, arena, &runs, &count, &ignored) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < runs[i].hosts->count; k++) {
			const char *state = value_get_string(runs[i].hosts->pairs[k].value, "state");

			if (state && strcmp(state, "unreachable") != 0)
				value_set_bool(arena, upgrade->hosts, runs[i].hosts->pairs[k].key, true);
		}
	}
	return count > 0;
}

static void say_names(struct upgrade *upgrade, struct report *report)
{
	struct arena *arena = upgrade->playing->arena;
	const char *names = "";
	size_t count = upgrade->names->count;

	for (size_t i = 0; i < count && i < NAMES_SHOWN_MOST; i++)
		names = arena_printf(arena, "%s%s%s", names, i ? ", " : "",
			upgrade->names->pairs[i].key);
	if (count > NAMES_SHOWN_MOST)
		names = arena_printf(arena, "%s, and %zu more", names, count - NAMES_SHOWN_MOST);
	report_warning(report, NULL, arena_printf(arena, "until now the texts of runs lay readable on all "
		"hosts (%s), and values of -e in the history; both go now, but who has read them still has "
		"them. Change what was secret of these: %s", fold_keys(arena, upgrade->hosts),
		count > 0 ? names : "(nothing)"));
}

void upgrade_begin(struct playing *playing, struct report *report)
{
	const char *folder = path_directory(playing->arena, playing->typed);
	struct upgrade upgrade = { .playing = playing, .hosts = read_hosts(playing->arena, folder),
		.names = value_map(playing->arena) };
	struct history *history = NULL;
	struct error err = {0};

	if (!playing->sealing.key || !playing->earlier.history
			|| !find_before(&upgrade, playing->earlier.history))
		return;
	upgrade.to = playing_disclosure(playing, FOR_HISTORY);
	/* Whoever is killed here finds it all again in the next run. Now with the lock. */
	if (write_hosts(playing->arena, folder, upgrade.hosts) < 0
			|| history_open(folder, true, &history, &err) < 0
			|| history_mend(history, mend, &upgrade, &err) < 0)
		report_warning(report, NULL, arena_printf(playing->arena, "values of -e can't be taken out of "
			"the history: %s", err.message));
	else
		say_names(&upgrade, report);
	history_close(history);
}

void upgrade_end(struct playing *playing, struct report *report)
{
	const char *folder = path_directory(playing->arena, playing->typed);
	struct value *hosts = read_hosts(playing->arena, folder);
	const struct value *outcome = run_outcome(playing->run);

	if (hosts->count == 0)
		return;
	for (size_t i = 0; i < outcome->count; i++) {
		const char *state = value_get_string(outcome->pairs[i].value, "state");

		if (strcmp(state, "done") == 0)
			value_remove(hosts, outcome->pairs[i].key);
	}
	write_hosts(playing->arena, folder, hosts);
	if (hosts->count > 0)
		report_warning(report, NULL, arena_printf(playing->arena, "texts of runs may still lie "
			"readable on %s, until an apply succeeds there (beoplay forget HOST, if it is no more)",
			fold_keys(playing->arena, hosts)));
}
