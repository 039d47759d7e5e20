/* substitute: re.sub of Python, in the whole of a text or in one section. */
#include "modules/replace/replace.h"

#include "base/buffer.h"
#include "base/regex.h"
#include "modules/errors.h"

#include <string.h>

static int compile(const char *pattern, unsigned flags, struct regex **ret_regex, struct error *err)
{
	struct regex_problem problem;

	*ret_regex = regex_compile(pattern, strlen(pattern), flags, &problem);
	if (*ret_regex)
		return 0;
	return error_set(err, REPLACE_PATTERN_FAILED, "the pattern '%s' is wrong at character %zu: %s",
		pattern, problem.offset + 1, problem.message);
}

int replace_check_pattern(const struct value *pattern, struct error *err)
{
	struct error problem = {0};
	struct regex *regex;

	if (!value_text(pattern))
		return 0;
	if (compile(pattern->text, REGEX_MULTILINE, &regex, &problem) < 0)
		return error_at(err, TASK_INVALID_VALUE, pattern->place, "%s", problem.message);
	regex_free(regex);
	return 0;
}

static int too_expensive(const char *pattern, struct error *err)
{
	error_set(err, REPLACE_PATTERN_FAILED, "the pattern '%s' has too many ways to match this file",
		pattern);
	return error_remedy(err, "write a simpler one: without repetitions inside repetitions");
}

/* --- The section --- */

/* As Ansible puts them together, with a dot that matches newlines, too. */
static const char *section_pattern(struct arena *arena, const struct replace_params *want)
{
	if (want->after && want->before)
		return arena_printf(arena, "(?s)%s(?P<subsection>.*?)%s", want->after, want->before);
	if (want->after)
		return arena_printf(arena, "(?s)%s(?P<subsection>.*)", want->after);
	return arena_printf(arena, "(?s)(?P<subsection>.*)%s", want->before);
}

static int find_section(struct arena *arena, const struct replace_params *want, const char *text,
	size_t *ret_from, size_t *ret_to, bool *ret_nowhere, struct error *err)
{
	const char *pattern;
	size_t steps = REGEX_STEPS_MOST, group;
	struct regex *regex;
	int matched;

	*ret_from = 0;
	*ret_to = strlen(text);
	*ret_nowhere = false;
	if (!want->after && !want->before)
		return 0;
	pattern = section_pattern(arena, want);
	if (compile(pattern, 0, &regex, err) < 0)
		return -1;
	matched = regex_match(regex, text, *ret_to, 0, REGEX_ANYWHERE, &steps);
	group = regex_group(regex, "subsection");
	*ret_nowhere = matched == 0;
	if (matched > 0) {
		*ret_from = regex_ends(regex)[2 * group];
		*ret_to = regex_ends(regex)[2 * group + 1];
	}
	regex_free(regex);
	return matched < 0 ? too_expensive(pattern, err) : 0;
}

/* --- Replacing --- */

static void add_edit(struct arena *arena, struct replace_edits *edits, struct replace_edit edit)
{
	if (edits->count == edits->capacity) {
		size_t capacity = edits->capacity ? 2 * edits->capacity : 16;
		struct replace_edit *items = arena_array(arena, capacity, sizeof(*items));

		if (edits->count > 0)
			memcpy(items, edits->items, edits->count * sizeof(*items));
		edits->items = items;
		edits->capacity = capacity;
	}
	edits->items[edits->count++] = edit;
}

/* section: that part of a text which begins at its byte start; all of it goes into out. */
static int substitute(struct arena *arena, struct regex *regex, const struct replace_params *want,
	const char *section, size_t size, size_t start, struct buffer *out,
	struct replace_edits *edits, struct error *err)
{
	size_t steps = REGEX_STEPS_MOST, at = 0, from = 0;
	enum regex_where where = REGEX_ANYWHERE;
	int matched;

	while ((matched = regex_match(regex, section, size, from, where, &steps)) > 0) {
		const size_t *ends = regex_ends(regex);
		struct replace_edit edit = { .from = start + ends[0], .to = start + ends[1] };

		buffer_add(out, section + at, ends[0] - at);
		edit.now_from = out->size;
		at = from = ends[1];
		where = ends[0] == ends[1] ? REGEX_ADVANCE : REGEX_ANYWHERE;
		if (!regex_expand(regex, section, want->replace, strlen(want->replace), out))
			return error_set(err, REPLACE_PATTERN_FAILED, "'replace' names a group that '%s' doesn't "
				"have", want->regexp);
		if (out->size > TEXT_FILE_MOST)
			return error_set(err, REPLACE_PATTERN_FAILED, "what comes of '%s' is too large",
				want->path);
		edit.now_to = out->size;
		add_edit(arena, edits, edit);
	}
	if (matched < 0)
		return too_expensive(want->regexp, err);
	buffer_add(out, section + at, size - at);
	return 0;
}

int replace_in(struct arena *arena, const struct replace_params *want, const char *text,
	const char **ret_text, struct replace_edits *ret_edits, bool *ret_nowhere, struct error *err)
{
	struct buffer out = {0};
	struct regex *regex;
	size_t from, to;
	bool nowhere;
	int result;

	*ret_text = text;
	if (find_section(arena, want, text, &from, &to, ret_nowhere ? ret_nowhere : &nowhere, err) < 0)
		return -1;
	if (ret_nowhere ? *ret_nowhere : nowhere)
		return 0;
	if (compile(want->regexp, REGEX_MULTILINE, &regex, err) < 0)
		return -1;
	buffer_add(&out, text, from);
	/* ^ and $ are those of the section, as if it were the whole. */
	result = substitute(arena, regex, want, arena_bytes(arena, text + from, to - from), to - from, from,
		&out, ret_edits, err);
	regex_free(regex);
	if (result == 0) {
		buffer_add_string(&out, text + to);
		*ret_text = arena_bytes(arena, out.data ? out.data : "", out.size);
	}
	buffer_free(&out);
	return result;
}
