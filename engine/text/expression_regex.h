/* expression_regex: regular expressions as Python's re has them, with an end to all backtracking.
 *
 * Understood: . [] [^] \d \w \s \D \W \S \b \B \A \Z ^ $ | () (?:) (?P<name>) (?=) (?!) (?i) (?m)
 * (?s), * + ? {m,n} greedy and not, \1 to \9. What Python has beyond is refused by name.
 * Private to expression*.c. Syntax: docs.python.org/3/library/re.html */
#ifndef TEXT_EXPRESSION_REGEX_H
#define TEXT_EXPRESSION_REGEX_H

#include "base/arena.h"
#include "text/expression_evaluate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REGEX_GROUPS_MOST = 20,
	REGEX_CODE_MOST = 20000,     /* instructions; {m,n} repeats what is before it */
	REGEX_STACK_MOST = 1000000,  /* places to go back to */
};

enum regex_code {
	REGEX_MATCH,
	REGEX_CHARACTER,   /* number: the character */
	REGEX_ANY,         /* number: 1: a newline too */
	REGEX_SET,         /* set, number: 1: not in it */
	REGEX_SPLIT,       /* goes on at first; second is the way back */
	REGEX_JUMP,        /* to first */
	REGEX_SAVE,        /* the place, in slot number */
	REGEX_LINE_START, REGEX_LINE_END, REGEX_TEXT_START, REGEX_TEXT_END,
	REGEX_END,         /* $: the end, or before the last newline */
	REGEX_WORD, REGEX_NO_WORD,
	REGEX_BACK,        /* what group number matched */
	REGEX_AHEAD,       /* what is up to REGEX_MATCH must (number 1: not) match; on at first */
	REGEX_PROGRESS,    /* leaves the loop, over the jump behind it, where slot number is this
	                      place: the round was empty */
};

struct regex_range {
	uint32_t from, to;
};

struct regex_set {
	struct regex_range *ranges;
	size_t count, capacity;
	bool digit, no_digit, word, no_word, space, no_space;
};

struct regex_step {
	enum regex_code code;
	uint32_t number;
	size_t first, second;
	const struct regex_set *set;
};

struct regex {
	struct regex_step *steps;
	size_t count, capacity;
	size_t groups;                                 /* without group 0 */
	size_t slots;                                  /* 2 a group, and one a loop */
	const char *names[REGEX_GROUPS_MOST + 1];      /* of groups; NULL: none */
	bool ignore_case, multiline, dot_all;
};

/* Where the whole and each group matched: [2n] to [2n + 1]; SIZE_MAX: not at all. */
struct regex_found {
	size_t ends[2 * (REGEX_GROUPS_MOST + 1)];
};

/* Errors are those of the expression, at offset. */
int regex_compile(struct evaluation *evaluation, size_t offset, const struct value *pattern,
	bool ignore_case, bool multiline, struct regex *ret_regex);
enum regex_where {
	REGEX_ANYWHERE,    /* at or behind from */
	REGEX_HERE,        /* at from alone */
	REGEX_ADVANCE,     /* at or behind from, but not empty there: the match before was */
};

/* The first match. ret_matched: whether there is one. */
int regex_find(struct evaluation *evaluation, size_t offset, const struct regex *regex,
	const struct value *text, size_t from, enum regex_where where,
	struct regex_found *ret_found, bool *ret_matched);

bool regex_is_word(uint32_t code);

#endif
