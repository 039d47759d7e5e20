/* undo_drift: whether something is as beoplay left it. */
#include "agent/undo.h"

#include "agent/image.h"
#include "base/buffer.h"
#include "base/lookup.h"

#include <string.h>

/* A task with several resources may want a change of one of the others. What is in a directory, and
 * the directories above, are others. */
static bool is_about(const char *resource, const char *subject)
{
	const char *colon = strchr(resource, ':'), *part = colon ? colon + 1 : "";

	if (!subject)
		return false;
	if (*part == '/' && *subject == '/')
		return strlen(subject) == strcspn(part, ":")
			&& strncmp(part, subject, strlen(subject)) == 0;
	return strstr(resource, subject) || (*part && *part != '/' && strstr(subject, part));
}

/* As older ledgers have it digested. */
static struct value *change_value(struct arena *arena, const struct told_change *change)
{
	struct value *value = value_map(arena);

	value_set_string(arena, value, "subject", change->subject);
	value_set_string(arena, value, "field", change->field);
	value_set_integer(arena, value, "flags", change->flags);
	if (change->before)
		value_set(arena, value, "before", change->before);
	if (change->after)
		value_set(arena, value, "after", change->after);
	return value;
}

/* A change that is planned each time, and leaves all as it is or doesn't know what is there, says
 * nothing of what somebody else has done. */
static bool tells_drift(const struct told_change *change)
{
	return !(change->flags & CHANGE_KEEPS_STATE)
		&& (!(change->flags & CHANGE_EACH_TIME) || change->before);
}

static void add_about(struct arena *arena, struct value *about, const char *resource,
	const struct result *result)
{
	for (size_t i = 0; i < result->change_count; i++) {
		const struct told_change *change = &result->changes[i];

		if (is_about(resource, change->subject) && tells_drift(change))
			value_append(arena, about, change_value(arena, change));
	}
}

/* Not where a change doesn't tell what it is: a secret, a content. */
static const char *digest_of(struct arena *arena, const struct value *changes)
{
	struct buffer bytes = {0};
	char digest[DIGEST_HEX_SIZE];

	for (size_t i = 0; i < changes->count; i++) {
		if (!value_get(changes->items[i], "before") && !value_get(changes->items[i], "after"))
			return "";
	}
	wire_encode(&bytes, changes);
	digest_bytes(bytes.data, bytes.size, digest);
	buffer_free(&bytes);
	return arena_string(arena, digest);
}

struct undo_looks {
	struct arena *arena;
	struct lookup results;       /* MODULE USER DIGEST → struct result */
	struct lookup files;         /* PATH → struct undo_meeting */
};

struct undo_looks *undo_looks_new(struct arena *arena)
{
	struct undo_looks *looks = arena_alloc(arena, sizeof(*looks));

	looks->arena = arena;
	return looks;
}

static struct undo_meeting *meeting_of(const struct runner *runner, struct arena *arena, const char *path,
	const char *resource)
{
	struct undo_meeting *meeting = arena_alloc(arena, sizeof(*meeting));
	const char *same;

	meeting->shared = ledger_shares_file(&runner->ledger, arena, resource, &same, &meeting->left);
	meeting->now = image_of(arena, path);
	return meeting;
}

const struct undo_meeting *undo_meeting_of(const struct runner *runner, struct arena *arena,
	const char *resource)
{
	struct undo_looks *looks = runner->looks;
	struct arena *keeps = looks ? looks->arena : arena;
	const char *path = ledger_path_of(keeps, resource);
	struct undo_meeting *meeting = looks && path ? lookup_get(&looks->files, path) : NULL;

	if (meeting || !path)
		return meeting;
	meeting = meeting_of(runner, keeps, path, resource);
	if (looks)
		lookup_put(keeps, &looks->files, path, meeting);
	return meeting;
}

/* What would be done of a wish, which is a pair MODULE: digest of its parameters. */
static const struct result *look_at_wish(struct runner *runner, struct arena *arena,
	const struct value_pair *wish, const struct wire_task *wished)
{
	struct undo_looks *looks = runner->looks;
	struct arena *keeps = looks ? looks->arena : arena;
	const char *key = arena_printf(keeps, "%s %s %s", wish->key, wished->user ? wished->user : "",
		value_text(wish->value) ? value_text(wish->value) : "");
	struct result *result = looks ? lookup_get(&looks->results, key) : NULL;

	if (result)
		return result;
	result = arena_alloc(keeps, sizeof(*result));
	undo_look(runner, keeps, wished, result);
	if (looks)
		lookup_put(keeps, &looks->results, key, result);
	return result;
}

const char *undo_difference(struct runner *runner, struct arena *arena,
	const struct ledger_undo *undo, const struct wire_task *task)
{
	const struct value *wishes = value_get(undo->owner, "wishes");
	struct value *about = value_list(arena);

	for (size_t i = 0; wishes && i < wishes->count; i++) {
		const char *params = ledger_params(&runner->ledger, arena,
			value_text(wishes->pairs[i].value));
		const struct module *module = module_find(wishes->pairs[i].key);
		struct wire_task wished = *task;
		const struct result *result;

		if (!params || !module || (module->flags & MODULE_ACTION))
			continue;
		wished.module = module->name;
		wished.params = params;
		wished.user = value_get_string(undo->owner, "user");
		result = look_at_wish(runner, arena, &wishes->pairs[i], &wished);
		if (result->status == STATUS_CHANGED)
			add_about(arena, about, undo->resource, result);
	}
	return about->count > 0 ? digest_of(arena, about) : NULL;
}

/* Of a file that a task has brought, and that its wish doesn't name, the way back says what it held then. */
static bool holds_something_else(struct arena *arena, const struct ledger_undo *undo)
{
	const char *left = value_get_string(value_get(undo->way, "params"), "left");
	const char *path = left ? ledger_path_of(arena, undo->resource) : NULL;
	char digest[DIGEST_HEX_SIZE];

	return path && image_digest(image_of(arena, path), digest) && strcmp(digest, left) != 0;
}

bool undo_drifted(struct runner *runner, struct arena *arena,
	const struct ledger_undo *undo, const struct wire_task *task)
{
	const struct undo_meeting *meeting = undo_meeting_of(runner, arena, undo->resource);
	const char *left_so = value_get_string(undo->owner, "differs"), *now;
	char digest[DIGEST_HEX_SIZE];
	bool shared = meeting && meeting->shared && image_digest(meeting->left, digest);

	/* A file that is several tasks' work is compared as a whole: each of their wishes alone would say that
	 * somebody has changed it. */
	if ((shared && image_same_content(meeting->left, meeting->now))
			|| (meeting && image_same(meeting->left, meeting->now)))
		return false;
	/* Lines of others may have changed; but not where the whole file would be replaced. */
	if (shared && strncmp(undo->resource, "file:", 5) == 0)
		return true;
	if (holds_something_else(arena, undo))
		return true;
	now = undo_difference(runner, arena, undo, task);
	return now && !(*now && left_so && strcmp(now, left_so) == 0);
}
