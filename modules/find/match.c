/* match: whether a file is one of those that are looked for: name, kind, age and size. */
#include "modules/find/find.h"

#include "base/glob.h"
#include "base/regex.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct find_matcher {
	const struct find_params *want;
	struct regex **patterns, **excludes;   /* NULL: they are globs */
	size_t steps;
	double now;
	int64_t age, size;
};

static const int64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
static const int64_t bytes[] = { 1, INT64_C(1) << 10, INT64_C(1) << 20, INT64_C(1) << 30, INT64_C(1) << 40 };

#define AGE_UNITS "smhdw"
#define SIZE_UNITS "bkmgt"

int find_number(const char *text, const char *units, const int64_t *factors, int64_t *ret_number,
	struct error *err)
{
	size_t digits = strspn(text + (*text == '-'), "0123456789");
	const char *end = text + (*text == '-') + digits;
	const char *unit = *end ? strchr(units, *end | 0x20) : units;

	if (digits == 0 || digits > 12 || !unit || (*end && end[1])) {
		error_set(err, TASK_INVALID_VALUE, "'%s' is not understood", text);
		return error_remedy(err, "write a number, and one of the letters %s behind it", units);
	}
	*ret_number = strtoll(text, NULL, 10);
	if (__builtin_mul_overflow(*ret_number, factors[unit - units], ret_number))
		return error_set(err, TASK_INVALID_VALUE, "'%s' is too much", text);
	return 0;
}

static int check_number(const struct value *params, const char *name, const char *units, const int64_t *factors,
	struct error *err)
{
	const struct value *value = value_get(params, name);
	int64_t number;

	if (value_text(value) && find_number(value->text, units, factors, &number, err) < 0)
		return error_place(err, value->place);
	return 0;
}

static int check_patterns(const struct value *params, const char *name, struct error *err)
{
	const struct value *list = value_get(params, name);
	struct regex_problem problem;

	for (size_t i = 0; i < value_item_count(list); i++) {
		const char *text = value_text(value_item(list, i));
		struct regex *regex = text ? regex_compile(text, strlen(text), 0, &problem) : NULL;

		if (text && !regex)
			return error_at(err, TASK_INVALID_VALUE, list->place, "the pattern '%s' is wrong at character %zu: %s",
				text, problem.offset + 1, problem.message);
		regex_free(regex);
	}
	return 0;
}

/* With Ansible "a,b" is two patterns, and ["a,b"] one. */
static int check_commas(const struct value *params, const char *name, struct error *err)
{
	const struct value *list = value_get(params, name);
	const char *only = value_item_count(list) == 1 ? value_text(value_item(list, 0)) : NULL;

	if (!only || !strchr(only, ','))
		return 0;
	error_at(err, TASK_INVALID_VALUE, list->place, "'%s' may be one pattern or several", only);
	return error_remedy(err, "write several as a list; in one a comma is [,]");
}

int find_check(const struct value *params, struct error *err)
{
	const char *use_regex = value_get_string(params, "use_regex");
	const struct value *paths = value_get(params, "paths");

	for (size_t i = 0; i < value_item_count(paths); i++) {
		const char *path = value_text(value_item(paths, i));

		if (path && path[0] != '/')
			return error_at(err, TASK_INVALID_VALUE, paths->place, "the path '%s' must be absolute", path);
	}
	if (check_number(params, "age", AGE_UNITS, seconds, err) < 0
			|| check_number(params, "size", SIZE_UNITS, bytes, err) < 0)
		return -1;
	if (check_commas(params, "patterns", err) < 0 || check_commas(params, "excludes", err) < 0
			|| check_commas(params, "paths", err) < 0)
		return -1;
	if (!use_regex || strcmp(use_regex, "true") != 0)
		return 0;
	return check_patterns(params, "patterns", err) < 0 ? -1 : check_patterns(params, "excludes", err);
}

static void free_all(struct regex **list, unsigned count)
{
	for (unsigned i = 0; list && i < count; i++)
		regex_free(list[i]);
	free(list);
}

void find_matcher_free(struct find_matcher *matcher)
{
	free_all(matcher->patterns, matcher->want->patterns_count);
	free_all(matcher->excludes, matcher->want->excludes_count);
	free(matcher);
}

static struct regex **compile_all(char *const *patterns, unsigned count, struct error *err)
{
	struct regex **list = calloc(count + 1U, sizeof(*list));
	struct regex_problem problem;

	for (unsigned i = 0; list && i < count; i++) {
		list[i] = regex_compile(patterns[i], strlen(patterns[i]), 0, &problem);
		if (list[i])
			continue;
		error_set(err, TASK_INVALID_VALUE, "the pattern '%s' is wrong: %s", patterns[i], problem.message);
		free_all(list, count);
		return NULL;
	}
	return list;
}

struct find_matcher *find_matcher_new(const struct find_params *want, double now, struct error *err)
{
	struct find_matcher *matcher = calloc(1, sizeof(*matcher));

	if (!matcher)
		abort();
	*matcher = (struct find_matcher){ .want = want, .now = now, .steps = REGEX_STEPS_MOST };
	if ((!want->age || find_number(want->age, AGE_UNITS, seconds, &matcher->age, err) == 0)
			&& (!want->size || find_number(want->size, SIZE_UNITS, bytes, &matcher->size, err) == 0)
			&& (!want->use_regex || ((matcher->patterns = compile_all(want->patterns, want->patterns_count, err))
				&& (matcher->excludes = compile_all(want->excludes, want->excludes_count, err)))))
		return matcher;
	find_matcher_free(matcher);
	return NULL;
}

/* One of the patterns matches the name; as in Ansible, at its beginning. */
static int name_among(struct find_matcher *matcher, struct regex *const *regexes, char *const *globs,
	unsigned count, const char *name, struct error *err)
{
	for (unsigned i = 0; i < count; i++) {
		int matches = regexes ? regex_match(regexes[i], name, strlen(name), 0, REGEX_HERE, &matcher->steps)
			: glob_match(globs[i], strlen(globs[i]), name, GLOB_SETS);

		if (matches < 0)
			return error_set(err, FIND_PATTERN_FAILED, "the pattern '%s' has too many ways to match", globs[i]);
		if (matches > 0)
			return 1;
	}
	return 0;
}

static bool is_kind(enum find_kind kind, mode_t mode)
{
	return kind == FIND_ANY || (kind == FIND_DIRECTORY && S_ISDIR(mode)) || (kind == FIND_FILE && S_ISREG(mode))
		|| (kind == FIND_LINK && S_ISLNK(mode));
}

static bool is_old_enough(const struct find_matcher *matcher, const struct found *found)
{
	double age = matcher->now - found->stamps[matcher->want->age_stamp];

	return !matcher->want->age || (matcher->age >= 0 ? age >= (double)matcher->age : age <= -(double)matcher->age);
}

static bool is_large_enough(const struct find_matcher *matcher, const struct found *found)
{
	return !matcher->want->size || !S_ISREG(found->mode)
		|| (matcher->size >= 0 ? found->size >= matcher->size : found->size <= -matcher->size);
}

int find_matches(struct find_matcher *matcher, const struct found *found, struct error *err)
{
	const struct find_params *want = matcher->want;
	int matches;

	if ((want->depth && *want->depth > 0 && found->depth > *want->depth)
			|| (found->name[0] == '.' && !want->hidden) || !is_kind(want->file_type, found->mode)
			|| !is_old_enough(matcher, found) || !is_large_enough(matcher, found))
		return 0;
	matches = want->patterns_count == 0 ? 1 : name_among(matcher, matcher->patterns, want->patterns,
		want->patterns_count, found->name, err);
	if (matches <= 0)
		return matches;
	matches = name_among(matcher, matcher->excludes, want->excludes, want->excludes_count, found->name, err);
	return matches < 0 ? -1 : !matches;
}
