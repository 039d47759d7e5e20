/* past: a text that was applied before, or that the user's own repository has. */
#include "command/past.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEVELS_MOST = 64 };

/* Whatever it is: history_open says what is wrong with it. */
static bool is_there(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

/* Beside an inventory there may be one without runs, that says where machines were moved to. */
static bool has_history(struct arena *arena, const char *directory)
{
	return is_there(arena_printf(arena, "%s/.beoplay", directory))
		&& (is_there(arena_printf(arena, "%s/.beoplay/history.git", directory))
		|| !is_there(arena_printf(arena, "%s/.beoplay/addresses", directory)));
}

const char *past_folder(struct arena *arena, const char *playbook)
{
	const char *directory = ".";

	if (playbook)
		return path_directory(arena, playbook);
	for (int level = 0; level < LEVELS_MOST; level++) {
		if (has_history(arena, directory))
			return directory;
		if (has_history(arena, arena_printf(arena, "%s/playbooks", directory)))
			return arena_printf(arena, "%s/playbooks", directory);
		directory = arena_printf(arena, "%s/..", directory);
	}
	return ".";
}

static int no_history(const char *playbook, struct error *err)
{
	error_set(err, HISTORY_NONE, "no history found for '%s': nothing was applied from here",
		playbook);
	return error_remedy(err, "apply it first, or work where it was applied");
}

int past_runs(struct arena *arena, const struct apply_options *options, const char *playbook,
	struct history **ret_history, struct history_run **ret_runs, size_t *ret_count,
	struct error *err)
{
	const char *project, *owner, *folder;
	struct history_run *runs;
	size_t count, kept = 0;

	if (playing_owner(arena, options, playbook, &project, &owner, &folder, err) < 0
			|| history_open(past_folder(arena, playbook), false, ret_history, err) < 0)
		return -1;
	if (!*ret_history)
		return no_history(playbook, err);
	if (history_runs(*ret_history, arena, 0, &runs, &count, err) < 0) {
		history_close(*ret_history);
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(runs[i].playbook, owner) == 0)
			runs[kept++] = runs[i];
	}
	*ret_runs = runs;
	*ret_count = kept;
	return 0;
}

static int find_run(struct arena *arena, const char *playbook, const char *revision,
	struct playing_past *ret_past, struct error *err)
{
	struct history_run *run = arena_alloc(arena, sizeof(*run));
	struct record *record;
	struct history *history;
	int result;

	if (history_open(past_folder(arena, playbook), false, &history, err) < 0)
		return -1;
	if (!history)
		return no_history(playbook, err);
	result = history_load(history, arena, revision, run, &record, err);
	history_close(history);
	if (result < 0)
		return -1;
	*ret_past = (struct playing_past){ .record = record, .run = run,
		.name = arena_printf(arena, "run %lld", (long long)run->number) };
	return 0;
}

int past_find(struct arena *arena, const struct apply_options *options, const char *playbook,
	const char *revision, struct playing_past *ret_past, struct error *err)
{
	const char *project, *owner, *folder, *id;
	struct revision *repository;
	struct record *record;
	struct error own = {0};
	int result;

	if (find_run(arena, playbook, revision, ret_past, err) == 0)
		return 0;
	if (playing_owner(arena, options, playbook, &project, &owner, &folder, &own) < 0)
		return -1;
	repository = revision_open(folder);
	if (!repository)
		return -1;
	error_clear(err);
	result = revision_record(repository, arena, revision, &id, &record, err);
	revision_close(repository);
	if (result < 0)
		return -1;
	*ret_past = (struct playing_past){ .record = record,
		.name = arena_printf(arena, "%s (%.12s)", revision, id) };
	return 0;
}

static bool same_list(const struct value *one, const struct value *other)
{
	size_t count = one ? one->count : 0;

	if (count != (other ? other->count : 0))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(value_text(one->items[i]), value_text(other->items[i])) != 0)
			return false;
	}
	return true;
}

static const struct record_file *find_file(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->files[i].path, path) == 0)
			return &record->files[i];
	}
	return NULL;
}

static bool same_file(const struct record_file *one, const struct record_file *other)
{
	if (!other || one->kind != other->kind || one->mode != other->mode || one->size != other->size
			|| !one->bytes != !other->bytes)
		return false;
	if (one->kind == SOURCE_LINK)
		return strcmp(one->target ? one->target : "", other->target ? other->target : "") == 0;
	if (!one->bytes)
		return strcmp(one->left_out ? one->left_out : "", other->left_out ? other->left_out : "") == 0;
	return memcmp(one->bytes, other->bytes, one->size) == 0;
}

int past_same(struct history *history, struct arena *arena, const struct history_run *one,
	const struct history_run *other, bool *ret_same, struct error *err)
{
	const char *undo = value_get_string(one->how, "undo");
	const char *undone = value_get_string(other->how, "undo");
	struct history_run ignored;
	struct record *left, *right;
	bool nothing = undo && strcmp(undo, "nothing") == 0;

	*ret_same = false;
	if (history_load(history, arena, one->id, &ignored, &left, err) < 0
			|| history_load(history, arena, other->id, &ignored, &right, err) < 0)
		return -1;
	if (nothing != (undone && strcmp(undone, "nothing") == 0) || left->count != right->count
			|| !same_list(value_get(one->how, "extra"), value_get(other->how, "extra"))
			|| !same_list(value_get(one->how, "inventories"), value_get(other->how,
			"inventories")))
		return 0;
	for (size_t i = 0; i < left->count; i++) {
		if (!same_file(&left->files[i], find_file(right, left->files[i].path)))
			return 0;
	}
	*ret_same = true;
	return 0;
}

/* A playbook of the history by the path at which it is today; NULL: it isn't any more. */
static const char *path_today(struct arena *arena, const char *folder, const char *name)
{
	const char *const places[] = { name, path_join(arena, folder, name),
		path_join(arena, arena_printf(arena, "%s/..", folder), name) };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (access(places[i], R_OK) == 0)
			return places[i];
	}
	return NULL;
}

static int add_playbooks(struct arena *arena, const char *folder, struct value *paths,
	struct error *err)
{
	struct history_run *runs = NULL;
	struct history *history;
	size_t count = 0;
	int result;

	if (history_open(folder, false, &history, err) < 0)
		return -1;
	result = history ? history_runs(history, arena, 0, &runs, &count, err) : 0;
	history_close(history);
	for (size_t i = 0; i < count; i++) {
		const char *path = path_today(arena, folder, runs[i].playbook);

		if (path)
			value_set_bool(arena, paths, path, true);
	}
	return result;
}

int past_playbooks(struct arena *arena, char ***ret_playbooks, struct error *err)
{
	const char *folder = past_folder(arena, NULL);
	struct value *paths = value_map(arena);
	char **playbooks;

	if (add_playbooks(arena, folder, paths, err) < 0
			|| add_playbooks(arena, path_join(arena, folder, "playbooks"), paths, err) < 0)
		return -1;
	playbooks = arena_array(arena, paths->count + 1, sizeof(*playbooks));
	for (size_t i = 0; i < paths->count; i++)
		playbooks[i] = arena_string(arena, paths->pairs[i].key);
	*ret_playbooks = playbooks;
	if (paths->count > 0)
		return 0;
	error_set(err, CLI_INVALID_USAGE, "no playbook given, and none was applied from here");
	return error_remedy(err, "name one, or go where the playbooks are");
}
