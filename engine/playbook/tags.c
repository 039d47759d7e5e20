/* tags: which tasks -t and --skip-tags choose. */
#include "playbook/build.h"

#include "expression/expression.h"

#include <string.h>

static bool has_tag(const struct value *tags, const char *tag)
{
	for (size_t i = 0; tags && i < tags->count; i++) {
		if (strcmp(tags->items[i]->text, tag) == 0)
			return true;
	}
	return false;
}

/* A task without tags has one: untagged. */
static bool meets(const struct value *tags, const struct value *wanted)
{
	if (tags->count == 0)
		return has_tag(wanted, "untagged");
	for (size_t i = 0; i < tags->count; i++) {
		if (has_tag(wanted, tags->items[i]->text))
			return true;
	}
	return false;
}

static bool wanted_by(const struct value *tags, const struct value *wanted)
{
	bool never = has_tag(tags, "never");

	if (has_tag(tags, "always"))
		return true;
	if (!wanted || wanted->count == 0)
		return !never;
	if (meets(tags, wanted))
		return true;
	return !never && (has_tag(wanted, "all") || (has_tag(wanted, "tagged") && tags->count > 0));
}

static bool skipped_by(const struct value *tags, const struct value *skipped)
{
	if (!skipped || skipped->count == 0)
		return false;
	if (meets(tags, skipped))
		return true;
	if (has_tag(skipped, "all") && !has_tag(tags, "always"))
		return true;
	return has_tag(skipped, "tagged") && tags->count > 0;
}

bool task_chosen(const struct task *task, const struct value *tags, const struct value *skip_tags)
{
	/* What an include brings in is done where it is. */
	if (task->included_by && !task_chosen(task->included_by, tags, skip_tags))
		return false;
	return wanted_by(task->tags, tags) && !skipped_by(task->tags, skip_tags);
}

/* "a, b" is two tags. */
static int split_tags(struct play_reader *reader, const struct value *text, struct value *tags)
{
	for (size_t at = 0; at < text->size;) {
		size_t size = strcspn(text->text + at, ",");
		size_t from = at, to = at + size;
		struct value *tag;

		at = to + 1;
		while (from < to && text->text[from] == ' ')
			from++;
		while (to > from && text->text[to - 1] == ' ')
			to--;
		if (from == to)
			return error_at(reader->err, PLAYBOOK_INVALID_VALUE, text->place, "a tag is empty");
		tag = value_bytes(reader->arena, text->text + from, to - from);
		tag->place = text->place;
		if (!has_tag(tags, tag->text))
			value_append(reader->arena, tags, tag);
	}
	return 0;
}

int keyword_tags(struct play_reader *reader, const struct value_pair *pair,
	struct value **ret_value)
{
	struct value *texts = NULL;
	struct value *tags;

	if (keyword_strings(reader, pair, &texts) < 0)
		return -1;
	if (!texts)
		return 0;
	if (expression_inside(texts))
		return error_at(reader->err, PLAYBOOK_UNSUPPORTED, keyword_place(pair), "an expression in "
			"'%s' is not supported yet", pair->key);
	tags = value_list(reader->arena);
	tags->place = texts->place;
	for (size_t i = 0; i < texts->count; i++) {
		if (split_tags(reader, texts->items[i], tags) < 0)
			return -1;
	}
	*ret_value = tags;
	return 0;
}
