/* Patterns: Python's dialect, and that no pattern takes time or memory without an end. */
#include "base/glob.h"
#include "base/regex.h"
#include "inventory/inventory.h"
#include "source/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the first match is; NULL: there is none. */
static const char *find(const char *pattern, const char *text, unsigned flags)
{
	static char found[256];
	struct regex_problem problem;
	struct regex *regex = regex_compile(pattern, strlen(pattern), flags, &problem);
	size_t steps = REGEX_STEPS_MOST;
	int result;

	if (!regex)
		print_error("%s: %s\n", pattern, problem.message);
	assert_non_null(regex);
	result = regex_match(regex, text, strlen(text), 0, REGEX_ANYWHERE, &steps);
	assert_int_not_equal(result, -1);
	if (result)
		snprintf(found, sizeof(found), "%.*s", (int)(regex_ends(regex)[1] - regex_ends(regex)[0]),
			text + regex_ends(regex)[0]);
	regex_free(regex);
	return result ? found : NULL;
}

/* Each was tried with Python's re. */
static void patterns_mean_what_they_mean_in_python(void **state)
{
	static const struct {
		const char *pattern, *text, *found;
	} cases[] = {
		{ "b\\Z", "ab\n", NULL }, { "b\\Z", "ab", "b" }, { "b$", "ab\n", "b" },
		{ "a{,2}", "aaa", "aa" }, { "a{,x}", "a{,x}", "a{,x}" }, { "a{", "a{", "a{" },
		{ "[{,2}]+", "a{,2}", "{,2}" }, { "\\u00e9", "caf\xc3\xa9", "\xc3\xa9" },
		{ "\\U0001F600", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" }, { "a\\vb", "a\vb", "a\vb" },
		{ "a\\vb", "a\nb", NULL }, { "\\w+", "\xc3\xa9t\xc3\xa9 x", "\xc3\xa9t\xc3\xa9" },
		{ "^.$", "\xc3\xa9", "\xc3\xa9" }, { "(?P<x>a)(?P=x)", "aa", "aa" },
		{ "(?<=a)b", "ab", "b" }, { "(?<!a)b", "ab", NULL }, { "(?i:A)b", "ab", "ab" },
		{ "(?#x)a", "a", "a" }, { "a.b", "a\nb", NULL }, { "(?s)a.b", "a\nb", "a\nb" },
		{ "(?x) a b ", "ab", "ab" }, { "[]a]", "]", "]" }, { "[^]a]", "]b", "b" },
		{ "\\[{,2}", "[[", "[[" }, { "\\\\Z", "\\Z", "\\Z" },
		{ "a\\\n", "a\n", "a\n" }, { "a|b|", "c", "" }, { "\\bb", "a b", "b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *found = find(cases[i].pattern, cases[i].text, 0);

		if (!found != !cases[i].found || (found && strcmp(found, cases[i].found) != 0))
			print_error("%s\n", cases[i].pattern);
		assert_int_equal(!found, !cases[i].found);
		if (found)
			assert_string_equal(found, cases[i].found);
	}
}

static void a_wrong_pattern_is_told_with_its_place(void **state)
{
	static const struct {
		const char *pattern;
		size_t offset;
	} cases[] = {
		{ "a(b", 3 }, { "a)", 1 }, { "[b", 2 }, { "a**", 2 }, { "*a", 0 }, { "a{2,1}", 5 }, { "(?z)", 2 },
		{ "\\ZZ\\v(", 6 }, { "{,2}(", 3 }, { "(?P<a>.)(?P<a>.)", 14 }, { "\\", 1 }, { "[z-a]", 3 },
		{ "\\C", 2 }, { "(?<=a+)b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex_problem problem;
		struct regex *regex = regex_compile(cases[i].pattern, strlen(cases[i].pattern), 0, &problem);

		if (regex || problem.offset != cases[i].offset)
			print_error("%s: %zu %s\n", cases[i].pattern, problem.offset, problem.message);
		assert_null(regex);
		assert_int_equal(problem.offset, cases[i].offset);
		assert_int_not_equal(problem.message[0], '\0');
	}
}

static void a_text_that_is_not_valid_is_matched_byte_by_byte(void **state)
{
	(void)state;
	assert_string_equal(find("b+", "\xff" "bb", 0), "bb");
	assert_string_equal(find("^.b", "\xff" "bb", 0), "\xff" "b");
	assert_null(find("\xc3\xa9", "\xff\xc3", 0));
	assert_string_equal(find("\xff.", "a\xff" "b", 0), "\xff" "b");
}

static const char *const hostile[] = {
	"(a*)*[bc]", "(a+)+$", "a*[bc]", "(.*)(.*)(.*)(.*)[xy]", "(a+)\\1[xy]", "(a*)\\1+[bc]",
	"(?:a?){30}a{30}[bc]", ".*.*.*[=:].*", "(?=(a+))\\1[bc]", "(a{1,100}){1,100}[bc]", "(a(?R)?)*[bc]",
	"(?>a*)*[bc]", "a++[bc]", "[^b]*+[xy]", "(?i)(a|A|\xc3\xa1)*[bc]", "\\w+\\s+[xy]",
	"(([a-z])+.)+[A-Z]([a-z])+$", "(a?){1000}[bc]", "(a+)(?=\\1)[bc]", "\\X*\\X*[bc]",
	"(?:(?:(?:a*)*)*)*[bc]", "(a|a)*[bc]", "(a|aa|aaa)+[bc]", "^(([a-z])+.)+$", "(?R)", "(?R)a", "((?1))*x",
	"((((((((((a{0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9})", "a{60000}a{60000}[bc]",
	"(a++)*+[bc]", "(?|(a)|(aa))*[bc]", "(*LIMIT_MATCH=4000000000)(*LIMIT_HEAP=4000000000)(a*)*[bc]",
	"(?<=a{255})[bc]", "(\\w*\\w*\\w*\\w*\\w*)*[^a-z!]", "(?=(?=(?=(a*)*[bc])))", "((a)|b)*?[xy]{2,}",
};

static void try_all(void)
{
	size_t size = 100000, failed = 0;
	char *text = malloc(size + 1);

	memset(text, 'a', size);
	strcpy(text + size - 1, "!");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		for (unsigned flags = 0; flags <= REGEX_BYTES; flags += REGEX_BYTES) {
			struct regex_problem problem;
			struct regex *regex = regex_compile(hostile[i], strlen(hostile[i]), flags, &problem);
			size_t steps = REGEX_STEPS_MOST / 25;

			if (regex)
				failed += regex_match(regex, text, size, 0, REGEX_ANYWHERE, &steps) < 0;
			regex_free(regex);
		}
	}
	free(text);
	/* Most of them are ended, and not answered. */
	_exit(failed > sizeof(hostile) / sizeof(*hostile) ? 0 : 1);
}

static void no_pattern_takes_time_or_memory_without_an_end(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
#ifndef __SANITIZE_ADDRESS__
		const struct rlimit most = { 512 << 20, 512 << 20 };

		setrlimit(RLIMIT_AS, &most);
#endif
		try_all();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void patterns_of_hosts_end(void **state)
{
	static const char *const patterns[] = {
		"~a++++++++++++++++++++++++", "~(a+)+[bc]", "~(((a{0,9}){0,9}){0,9}){0,9}", "~(a*)*[bc]",
		"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "~(?R)", "~((((((", "*[a-z]*[a-z]*[a-z]*[a-z]*[0-9]*!",
	};
	char name[200] = "";

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct arena *arena = arena_new();
		const char *path = arena_printf(arena, "%s,", name);
		struct source *source = source_directory(arena, NULL);
		struct inventory *inventory;
		struct inventory_list list;
		struct error err = {0};

		reach_allow(source_reach(source), ".", "");
		assert_int_equal(inventory_load(arena, source, &path, 1, NULL, &inventory, &err), 0);
		if (inventory_match(inventory, arena, patterns[i], (struct place){0}, &list, &err) == 0)
			assert_int_equal(list.count == 1, strstr(patterns[i], "{0,9}") != NULL);
		arena_free(arena);
	}
}

/* fnmatch is the oracle, for patterns whose sets are whole. */
static void globs_mean_what_fnmatch_means(void **state)
{
	static const char *const pieces[] = { "a", "b", "*", "?", "/", ".", "[ab]", "[!a]", "[a-c]", "[]b]",
		"[[:alpha:]]", "\\*", "\\a", "[^.]", "-" };
	static const char letters[] = "abc./*-]";
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		char pattern[100] = "", text[10] = "";
		size_t count = (size_t)rand_r(&seed) % 6;
		unsigned flags = GLOB_SETS | (rand_r(&seed) % 2 ? GLOB_PATHS : 0)
			| (rand_r(&seed) % 2 ? GLOB_PERIOD : 0);
		int as = (flags & GLOB_PATHS ? FNM_PATHNAME : 0) | (flags & GLOB_PERIOD ? FNM_PERIOD : 0);

		for (size_t k = 0; k < count; k++)
			strcat(pattern, pieces[(size_t)rand_r(&seed) % (sizeof(pieces) / sizeof(*pieces))]);
		count = (size_t)rand_r(&seed) % 7;
		for (size_t k = 0; k < count; k++)
			text[k] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		/* With both, fnmatch minds a period behind each slash, too; nobody here asks for both. */
		if ((flags & GLOB_PATHS) && (flags & GLOB_PERIOD))
			continue;
		if (glob_match(pattern, strlen(pattern), text, flags) != (fnmatch(pattern, text, as) == 0))
			print_error("'%s' '%s' %u\n", pattern, text, flags);
		assert_int_equal(glob_match(pattern, strlen(pattern), text, flags),
			fnmatch(pattern, text, as) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_they_mean_in_python),
		cmocka_unit_test(a_wrong_pattern_is_told_with_its_place),
		cmocka_unit_test(a_text_that_is_not_valid_is_matched_byte_by_byte),
		cmocka_unit_test(no_pattern_takes_time_or_memory_without_an_end),
		cmocka_unit_test(patterns_of_hosts_end),
		cmocka_unit_test(globs_mean_what_fnmatch_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
