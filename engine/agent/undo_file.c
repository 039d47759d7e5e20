/* undo_file: a file in which several tasks had their wishes is again just what it was before them.
 *
 * That is for where nobody else has changed it since: else each wish is undone on its own, and what
 * others have put there stays. */
#include "agent/undo.h"

#include "agent/image.h"

#include <string.h>

static bool can_be_made(const struct runner *runner, const struct value *way)
{
	const char *before = value_get_string(way, "before");
	char digest[DIGEST_HEX_SIZE];

	return before && strcmp(before, "other") != 0 && (!image_digest(before, digest)
		|| ledger_has_body(&runner->ledger, digest));
}

/* The way back that undoes these and nothing else; NULL: there is none. */
static const struct value *way_of(const struct undoing *undoing, struct arena *arena,
	const struct undo_file *file)
{
	const struct ledger *ledger = &undoing->runner->ledger;
	const struct ledger_owner *owner = &undoing->runner->owner;
	struct value *undone = value_map(arena);
	const struct value *way;

	for (size_t i = 0; i < file->count; i++) {
		if (file->parts[i].undo->others > 0)
			return NULL;
		value_set_bool(arena, undone, file->parts[i].undo->resource, true);
	}
	way = ledger_file_way(ledger, arena, owner, file->path, undoing->since, undone);
	return way && can_be_made(undoing->runner, way) ? way : NULL;
}

/* False: it can't come back as a whole. */
static bool plan_file(struct undoing *undoing, struct arena *arena, struct undo_file *file,
	struct undo_plan *ret_plan)
{
	struct undo_plan plan = { .file = file };
	struct error ignored = {0};

	file->way = way_of(undoing, arena, file);
	if (!file->way || undo_make_task(arena, undoing, module_of_files()->name, image_params(
			arena, file->path, value_get_string(file->way, "before")), file->path, &plan.task, &ignored) < 0)
		return false;
	plan.task->file = file->path;
	plan.task->notify = undo_handlers(undoing, arena, &plan, NULL);
	undo_look(undoing->runner, arena, plan.task, &plan.planned);
	plan.undo = file->count > 0 ? file->parts[0].undo : NULL;
	*ret_plan = plan;
	return true;
}

/* What is to be undone in the files that the ledger knows: a list of plans each, by their paths. */
struct file_parts {
	struct undo_file *files;
	size_t count;
	struct value *by_path;       /* PATH → number in files */
};

static struct undo_file *file_at(const struct file_parts *parts, const char *path)
{
	const struct value *number = path ? value_get(parts->by_path, path) : NULL;

	return number ? &parts->files[number->integer] : NULL;
}

static void count_parts(const struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plans, size_t count, struct file_parts *ret_parts)
{
	struct file_parts parts = { .files = arena_array(arena, count + 1, sizeof(*parts.files)),
		.by_path = value_map(arena) };

	for (size_t i = 0; i < count; i++) {
		const char *path = ledger_path_of(arena, plans[i].undo->resource);
		struct undo_file *file = file_at(&parts, path);

		if (!path || (!file && !ledger_file_known(&undoing->runner->ledger, path)))
			continue;
		if (!file) {
			file = &parts.files[parts.count];
			*file = (struct undo_file){ .path = path };
			value_set_integer(arena, parts.by_path, path, (int64_t)parts.count++);
		}
		file->count++;
	}
	*ret_parts = parts;
}

static struct file_parts parts_of(const struct undoing *undoing, struct arena *arena,
	const struct undo_plan *plans, size_t count)
{
	struct file_parts parts;

	count_parts(undoing, arena, plans, count, &parts);
	for (size_t i = 0; i < parts.count; i++) {
		parts.files[i].parts = arena_array(arena, parts.files[i].count,
			sizeof(*parts.files[i].parts));
		parts.files[i].count = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct undo_file *file = file_at(&parts, ledger_path_of(arena, plans[i].undo->resource));

		if (file)
			file->parts[file->count++] = plans[i];
	}
	return parts;
}

/* All that was in it is undone already, one by one; what that led to may be another order of
 * lines. */
static void add_rest(struct undoing *undoing, struct arena *arena, const struct file_parts *parts,
	struct undo_plan *plans, size_t *count)
{
	for (size_t i = 0; !undoing->prune && i < undoing->files->count; i++) {
		const char *path = undoing->files->pairs[i].key;
		struct undo_file *file = arena_alloc(arena, sizeof(*file));
		struct ledger_undo *undo = arena_alloc(arena, sizeof(*undo));

		*file = (struct undo_file){ .path = path };
		if (file_at(parts, path) || !plan_file(undoing, arena, file, &plans[*count])
				|| plans[*count].planned.status == STATUS_OK)
			continue;
		*undo = (struct ledger_undo){ .resource = arena_printf(arena, "file:%s", path) };
		plans[(*count)++].undo = undo;
	}
}

size_t undo_files(struct undoing *undoing, struct arena *arena, struct undo_plan *plans,
	size_t count)
{
	struct file_parts parts = parts_of(undoing, arena, plans, count);
	struct value *tried = value_map(arena), *whole = value_map(arena);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const char *path = ledger_path_of(arena, plans[i].undo->resource);
		struct undo_file *file = file_at(&parts, path);
		struct undo_plan plan;

		if (file && value_get(whole, path))
			continue;
		if (file && !value_get(tried, path) && plan_file(undoing, arena, file, &plan)) {
			value_set_bool(arena, whole, path, true);
			plans[kept++] = plan;
		} else {
			plans[kept++] = plans[i];
		}
		if (file)
			value_set_bool(arena, tried, path, true);
	}
	add_rest(undoing, arena, &parts, plans, &kept);
	return kept;
}

/* Notes how to come back from an undo, and changes nothing. */
static void note_task(struct undoing *undoing, struct arena *arena, const struct wire_task *task,
	struct result *ret_noted)
{
	struct result looked = {0};

	undo_do_task(undoing->runner, arena, task, true, ret_noted);
	if (ret_noted->status != STATUS_FAILED)
		return;
	undo_look(undoing->runner, arena, task, &looked);
	/* What can't be done needs no way back. */
	if (looked.status != STATUS_CHANGED)
		ret_noted->status = STATUS_OK;
}

static const char *copied(struct arena *arena, const char *text)
{
	return text ? arena_string(arena, text) : NULL;
}

/* Those from the first on that one task can do; how many these are. */
static int note_some(struct undoing *undoing, struct arena *arena, const struct ledger_undo *undos, size_t most,
	struct undo_plan *parts, size_t *ret_count, struct result *result)
{
	struct arena *passing = arena_new();
	struct result noted = { .status = STATUS_SKIPPED };
	struct wire_task *task;
	struct error ignored = {0};

	*ret_count = undo_joined(undoing, passing, undos, most, &task);
	if (*ret_count > 1)
		note_task(undoing, passing, task, &noted);
	if (*ret_count == 1 || noted.status == STATUS_FAILED) {
		*ret_count = 1;
		noted.status = STATUS_SKIPPED;
		if (value_get(undos[0].way, "params")
				&& undo_task_of(passing, undoing, &undos[0], &task, &ignored) == 0)
			note_task(undoing, passing, task, &noted);
	}
	for (size_t i = 0; i < *ret_count; i++)
		parts[i].tried = noted.status == STATUS_CHANGED;
	if (noted.status == STATUS_FAILED)
		*result = (struct result){ .status = STATUS_FAILED, .code = copied(arena, noted.code),
			.message = copied(arena, noted.message), .remedy = copied(arena, noted.remedy) };
	arena_free(passing);
	return noted.status == STATUS_FAILED ? -1 : 0;
}

/* How to come back from this, part by part: somebody may change the file until then. It is durable
 * together with what the file's own task notes before it changes anything. */
static int note_parts(struct undoing *undoing, struct arena *arena, const struct undo_file *file,
	struct result *result)
{
	struct ledger_undo *undos = arena_array(arena, file->count + 1, sizeof(*undos));

	for (size_t i = 0; i < file->count; i++)
		undos[i] = *file->parts[i].undo;
	for (size_t i = 0, count; i < file->count; i += count) {
		if (note_some(undoing, arena, &undos[i], file->count - i, &file->parts[i], &count, result) < 0)
			return -1;
	}
	return 0;
}

void undo_file_back(struct undoing *undoing, struct arena *arena, const struct undo_plan *plan,
	struct result *result)
{
	struct runner *runner = undoing->runner;
	const struct undo_file *file = plan->file;

	undo_look(runner, arena, plan->task, result);
	if (result->status != STATUS_CHANGED || note_parts(undoing, arena, file, result) < 0)
		return;
	undo_expect(undoing, plan->undo->resource, plan->task);
	undo_do_task(runner, arena, plan->task, false, result);
	if (result->status != STATUS_CHANGED)
		return;
	runner_note_left(runner, file->path);
	ledger_file_restored(&runner->ledger, &runner->owner, file->path, file->way, undoing->since);
}

void undo_file_note(struct undoing *undoing, const struct undo_plan *plan,
	const struct result *planned)
{
	struct runner *runner = undoing->runner;
	bool back = !undoing->prune && !undoing->all;

	runner_note_writes(runner, undoing->writes, plan->task, planned);
	runner_note_writes(runner, back ? runner->undone : runner->pending, plan->task, planned);
	for (size_t i = 0; back && i < plan->file->count; i++) {
		const struct ledger_undo *undo = plan->file->parts[i].undo;
		const struct value *before = value_get(undo->way, "before");

		if (before && !undo->release)
			value_set(runner->arena, runner->restored, undo->resource,
				value_copy(runner->arena, before));
	}
}
