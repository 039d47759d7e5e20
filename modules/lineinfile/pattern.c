/* pattern: the regular expression by which a line is known. */
#include "modules/lineinfile/lineinfile.h"

#include "modules/errors.h"

#include <string.h>

int pattern_compile(const char *text, struct pattern *ret_pattern, struct error *err)
{
	struct regex_problem problem;

	*ret_pattern = (struct pattern){ .steps = REGEX_STEPS_MOST,
		.regex = regex_compile(text, strlen(text), REGEX_BYTES, &problem) };
	if (ret_pattern->regex)
		return 0;
	return error_set(err, LINEINFILE_PATTERN_FAILED, "the pattern '%s' is wrong at character %zu: "
		"%s", text, problem.offset + 1, problem.message);
}

bool pattern_matches(struct pattern *pattern, const char *line, size_t size)
{
	int result = regex_match(pattern->regex, line, size, 0, REGEX_ANYWHERE, &pattern->steps);

	pattern->lost = pattern->lost || result < 0;
	return result > 0;
}

static const char *expand(struct arena *arena, struct pattern *pattern, const char *text, const char *line,
	size_t size)
{
	struct buffer made = {0};
	const char *result = NULL;

	if (regex_match(pattern->regex, line, size, 0, REGEX_ANYWHERE, &pattern->steps) == 1
			&& regex_expand(pattern->regex, line, text, strlen(text), &made))
		result = arena_bytes(arena, made.data ? made.data : "", made.size);
	buffer_free(&made);
	return result;
}

int pattern_expand(struct arena *arena, struct pattern *pattern, const char *text, const char *line,
	size_t size, const char **ret_line, struct error *err)
{
	const char *made = expand(arena, pattern, text, line, size);

	if (!made || strchr(made, '\n'))
		return error_set(err, LINEINFILE_PATTERN_FAILED, "'%s' can't be made of the line that matches: it would "
			"%s", text, made ? "be several lines" : "need too many steps");
	*ret_line = made;
	return 0;
}

int pattern_check_references(const struct pattern *pattern, const struct value *line, struct error *err)
{
	for (const char *at = line->text; (at = strchr(at, '\\')) != NULL; at += at[1] ? 2 : 1) {
		size_t group, size;

		if (!regex_reference(pattern->regex, at + 1, strlen(at + 1), &group, &size))
			return error_at(err, TASK_INVALID_VALUE, line->place, "'line' refers to a group that 'regexp' hasn't: "
				"'%.20s'", at);
	}
	return 0;
}

int pattern_finish(struct pattern *pattern, const char *text, struct error *err)
{
	regex_free(pattern->regex);
	if (!pattern->lost)
		return 0;
	error_set(err, LINEINFILE_PATTERN_FAILED, "the pattern '%s' has too many ways to match the "
		"lines of this file", text);
	return error_remedy(err, "write a simpler one: without repetitions inside repetitions");
}
