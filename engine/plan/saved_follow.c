/* saved_follow: of each host, whether what is found to be done today is what was planned. */
#include "plan/saved.h"

#include <string.h>

enum { DIFFERENCES_MOST = 3 };

static bool has_status(const struct value *note, const char *status)
{
	const char *has = value_get_string(note, "status");

	return has && strcmp(has, status) == 0;
}

static bool same_string(const struct value *one, const struct value *other, const char *name)
{
	const char *left = value_get_string(one, name), *right = value_get_string(other, name);

	return strcmp(left ? left : "", right ? right : "") == 0;
}

static const struct value *change_like(const struct value *changes, const struct value *change)
{
	for (size_t i = 0; changes && i < changes->count; i++) {
		if (same_string(value_item(changes, i), change, "subject")
				&& same_string(value_item(changes, i), change, "field"))
			return value_item(changes, i);
	}
	return NULL;
}

/* --- Naming what is different --- */

static const char *change_name(struct arena *arena, const struct value *change)
{
	const char *subject = value_get_string(change, "subject");
	const char *field = value_get_string(change, "field");

	return arena_printf(arena, "%s%s%s", subject ? subject : "", field ? " " : "",
		field ? field : "");
}

static const char *moved_on(struct arena *arena, const struct value *then,
	const struct value *now)
{
	const char *before = value_get_string(then, "before"), *is = value_get_string(now, "before");
	const char *name = change_name(arena, now);

	if (!before || !is || strcmp(before, is) == 0)
		return arena_printf(arena, "%s isn't as it was", name);
	return arena_printf(arena, "%s was %s, is %s", name, before, is);
}

/* The first change that is of today alone, or else differs. */
static const char *first_difference(struct arena *arena, const struct value *then,
	const struct value *now)
{
	const struct value *planned = value_get(then, "changes"), *found = value_get(now, "changes");

	for (size_t i = 0; found && i < found->count; i++) {
		const struct value *like = change_like(planned, value_item(found, i));

		if (!like)
			return arena_printf(arena, "%s was not to be changed",
				change_name(arena, value_item(found, i)));
		if (!same_string(like, value_item(found, i), "before"))
			return moved_on(arena, like, value_item(found, i));
	}
	for (size_t i = 0; planned && i < planned->count; i++) {
		if (!change_like(found, value_item(planned, i)))
			return arena_printf(arena, "%s needs no change any more",
				change_name(arena, value_item(planned, i)));
	}
	if (!found || found->count == 0)
		return "it isn't as it was";
	return moved_on(arena, value_item(found, 0), value_item(found, 0));
}

/* What is wrong with a task today; NULL: it is as planned, or done already. */
static const char *difference(struct arena *arena, const struct value *then,
	const struct value *now, const char *message)
{
	if (has_status(now, "failed") && !has_status(then, "failed"))
		return message ? message : "it would fail";
	if (has_status(now, "failed") || has_status(then, "may_change") || has_status(now, "skipped"))
		return NULL;
	/* What changed_when calls no change is planned all the same. */
	if (has_status(now, "ok") && (!value_get_string(now, "planned")
			|| same_string(then, now, "planned")))
		return NULL;
	if (!same_string(then, now, "params"))
		return "its parameters are others";
	if (has_status(now, "changed") && has_status(then, "changed")
			&& same_string(then, now, "planned"))
		return NULL;
	if (has_status(now, "may_change"))
		return "what it depends on has changed";
	return first_difference(arena, then, now);
}

/* --- A host --- */

static const char *task_name(struct arena *arena, const struct value *note)
{
	const char *title = value_get_string(note, "title"), *item = value_get_string(note, "item");

	return item ? arena_printf(arena, "%s (%s)", title ? title : "", item) : title ? title : "";
}

/* A task with this key must plan just this. */
static void expect(struct arena *arena, struct value *tasks, const char *key,
	const struct value *fresh)
{
	const char *planned = value_get_string(fresh, "planned");

	if (has_status(fresh, "may_change"))
		value_set(arena, tasks, key, value_null(arena));
	else
		value_set_string(arena, tasks, key, planned ? planned : "");
}

static struct value *follow_host(struct arena *arena, const struct value *saved,
	const struct value *sealed, const struct value *planned, bool failed)
{
	struct value *follow = value_map(arena), *tasks = value_map(arena);
	const char *stale = NULL;
	size_t differences = 0;

	for (size_t i = 0; i < sealed->count; i++) {
		const struct value *then = value_get(saved, value_key(sealed, i));
		const struct value *now = value_at(sealed, i);
		const char *what = difference(arena, then, now,
			value_get_string(value_at(planned, i), "message"));

		expect(arena, tasks, value_key(sealed, i), value_at(planned, i));
		if (what && differences++ < DIFFERENCES_MOST)
			stale = arena_printf(arena, "%s%s%s: %s", stale ? stale : "stale: ",
				stale ? "; " : "", task_name(arena, now), what);
	}
	if (differences > DIFFERENCES_MOST)
		stale = arena_printf(arena, "%s; and %zu more", stale, differences - DIFFERENCES_MOST);
	if (!stale && failed)
		stale = "stale: a dry run fails here";
	value_set_string(arena, follow, "stale", stale);
	value_set(arena, follow, "tasks", tasks);
	return follow;
}

struct value *saved_follow(struct arena *arena, const struct saved_key *key,
	const struct value *saved, const struct value *planned, const struct value *outcome)
{
	const struct value *sealed = saved_seal_hosts(arena, key, planned);
	struct value *follow = value_map(arena);

	for (size_t i = 0; i < saved->count; i++) {
		const char *host = value_key(saved, i);
		const char *cause = value_get_string(value_get(outcome, host), "cause");
		const char *reason = value_get_string(value_get(outcome, host), "message");
		struct value *one;

		if (cause) {
			struct value *lost = value_map(arena);

			value_set_string(arena, lost, "cause", cause);
			value_set_string(arena, lost, "message", arena_printf(arena,
				"can't be compared with the plan: %s", reason));
			one = value_map(arena);
			value_set(arena, one, "lost", lost);
		} else {
			one = follow_host(arena, value_at(saved, i), value_get(sealed, host)
				? value_get(sealed, host) : value_map(arena), value_get(planned, host)
				? value_get(planned, host) : value_map(arena),
				!value_get_bool(value_get(outcome, host), "ended"));
		}
		value_set(arena, follow, host, one);
	}
	return follow;
}
