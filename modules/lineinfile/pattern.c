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

int pattern_finish(struct pattern *pattern, const char *text, struct error *err)
{
	regex_free(pattern->regex);
	if (!pattern->lost)
		return 0;
	error_set(err, LINEINFILE_PATTERN_FAILED, "the pattern '%s' has too many ways to match the "
		"lines of this file", text);
	return error_remedy(err, "write a simpler one: without repetitions inside repetitions");
}
