/* expression_regex: a pattern → instructions. */
#include "text/expression_regex.h"

#include "text/expression_unicode.h"

#include <ctype.h>
#include <string.h>

enum { REGEX_DEPTH_MOST = 50 };

struct compiler {
	struct evaluation *evaluation;
	size_t offset;
	const struct value *pattern;
	size_t at;
	struct regex *regex;
	unsigned depth;
};

static int compile_choice(struct compiler *compiler);

static int regex_error(struct compiler *compiler, const char *what)
{
	return evaluation_error(compiler->evaluation, compiler->offset,
		"the regular expression is wrong at character %zu: %s",
		utf8_count(compiler->pattern->text, compiler->at) + 1, what);
}

static char peek(const struct compiler *compiler, size_t ahead)
{
	size_t at = compiler->at + ahead;

	return at < compiler->pattern->size ? compiler->pattern->text[at] : '\0';
}

static bool at_end(const struct compiler *compiler)
{
	return compiler->at >= compiler->pattern->size;
}

static bool take(struct compiler *compiler, const char *what)
{
	size_t size = strlen(what);

	if (compiler->at + size > compiler->pattern->size ||
		memcmp(compiler->pattern->text + compiler->at, what, size) != 0)
		return false;
	compiler->at += size;
	return true;
}

static uint32_t take_character(struct compiler *compiler)
{
	uint32_t code;

	compiler->at += utf8_next(compiler->pattern->text + compiler->at,
		compiler->pattern->size - compiler->at, &code);
	return code;
}

/* Room for count more steps at a place, which move up behind; targets behind it move too. */
static int insert(struct compiler *compiler, size_t at, size_t count)
{
	struct regex *regex = compiler->regex;
	struct arena *scratch = compiler->evaluation->evaluator->scratch;

	if (regex->count + count > REGEX_CODE_MOST)
		return regex_error(compiler, "it is too large");
	if (regex->count + count > regex->capacity) {
		size_t capacity = 2 * regex->capacity + count + 32;

		regex->steps = arena_grow(scratch, regex->steps,
			regex->count * sizeof(*regex->steps),
			capacity * sizeof(*regex->steps));
		regex->capacity = capacity;
	}
	memmove(regex->steps + at + count, regex->steps + at,
		(regex->count - at) * sizeof(*regex->steps));
	regex->count += count;
	for (size_t i = at + count; i < regex->count; i++) {
		regex->steps[i].first += count;
		regex->steps[i].second += count;
	}
	return evaluation_spend(compiler->evaluation, compiler->offset, 1 + count / 16, 0);
}

static int add(struct compiler *compiler, enum regex_code code, uint32_t number)
{
	if (insert(compiler, compiler->regex->count, 1) < 0)
		return -1;
	compiler->regex->steps[compiler->regex->count - 1] =
		(struct regex_step){ .code = code, .number = number };
	return 0;
}

static void add_range(struct compiler *compiler, struct regex_set *set, uint32_t from, uint32_t to)
{
	if (set->count == set->capacity) {
		size_t capacity = set->capacity ? 2 * set->capacity : 8;

		set->ranges = arena_grow(compiler->evaluation->evaluator->scratch, set->ranges,
			set->count * sizeof(*set->ranges), capacity * sizeof(*set->ranges));
		set->capacity = capacity;
	}
	set->ranges[set->count++] = (struct regex_range){ from, to };
}

/* \d and the like; false: it is none of them. */
static bool set_class(struct regex_set *set, char letter)
{
	switch (letter) {
	case 'd':
		return set->digit = true;
	case 'D':
		return set->no_digit = true;
	case 'w':
		return set->word = true;
	case 'W':
		return set->no_word = true;
	case 's':
		return set->space = true;
	case 'S':
		return set->no_space = true;
	default:
		return false;
	}
}

/* A character behind a backslash; what it means is itself, unless it is a letter. */
static int escaped(struct compiler *compiler, uint32_t *ret_code)
{
	static const char from[] = "nrtfva", to[] = "\n\r\t\f\v\a";
	const char *found = peek(compiler, 0) ? strchr(from, peek(compiler, 0)) : NULL;

	if (at_end(compiler))
		return regex_error(compiler, "nothing follows the backslash");
	if (!found && isalnum((unsigned char)peek(compiler, 0)))
		return regex_error(compiler, "this escape is not supported yet");
	*ret_code = found ? (uint32_t)to[found - from] : take_character(compiler);
	compiler->at += found != NULL;
	return 0;
}

static int set_character(struct compiler *compiler, struct regex_set *set, uint32_t *ret_code,
	bool *ret_class)
{
	*ret_class = false;
	if (at_end(compiler))
		return regex_error(compiler, "this set has no end");
	if (!take(compiler, "\\")) {
		*ret_code = take_character(compiler);
		return 0;
	}
	*ret_class = set_class(set, peek(compiler, 0));
	if (*ret_class) {
		compiler->at++;
		return 0;
	}
	if (take(compiler, "b")) {
		*ret_code = '\b';
		return 0;
	}
	return escaped(compiler, ret_code);
}

static int compile_set(struct compiler *compiler)
{
	struct regex_set *set = arena_alloc(compiler->evaluation->evaluator->scratch, sizeof(*set));
	bool negated = take(compiler, "^"), is_class, first = true;
	uint32_t from, to;

	for (; first || peek(compiler, 0) != ']' || at_end(compiler); first = false) {
		if (set_character(compiler, set, &from, &is_class) < 0)
			return -1;
		if (is_class)
			continue;
		to = from;
		if (peek(compiler, 0) == '-' && peek(compiler, 1) != ']') {
			compiler->at++;
			if (set_character(compiler, set, &to, &is_class) < 0)
				return -1;
			if (is_class || to < from)
				return regex_error(compiler, "this range is wrong");
		}
		add_range(compiler, set, from, to);
	}
	compiler->at++;
	if (add(compiler, REGEX_SET, negated) < 0)
		return -1;
	compiler->regex->steps[compiler->regex->count - 1].set = set;
	return 0;
}

static int compile_class(struct compiler *compiler, char letter)
{
	struct regex_set *set = arena_alloc(compiler->evaluation->evaluator->scratch, sizeof(*set));

	set_class(set, letter);
	if (add(compiler, REGEX_SET, 0) < 0)
		return -1;
	compiler->regex->steps[compiler->regex->count - 1].set = set;
	return 0;
}

static int group_name(struct compiler *compiler, size_t group)
{
	const char *name = compiler->pattern->text + compiler->at;
	size_t size = 0;

	while (isalnum((unsigned char)peek(compiler, size)) || peek(compiler, size) == '_')
		size++;
	compiler->at += size;
	if (size == 0 || !take(compiler, ">"))
		return regex_error(compiler, "the name of this group is wrong");
	compiler->regex->names[group] =
		arena_bytes(compiler->evaluation->evaluator->scratch, name, size);
	return 0;
}

static int close_group(struct compiler *compiler)
{
	if (compile_choice(compiler) < 0)
		return -1;
	return take(compiler, ")") ? 0 : regex_error(compiler, "')' is missing");
}

static int compile_ahead(struct compiler *compiler, bool negated)
{
	size_t at = compiler->regex->count;

	if (add(compiler, REGEX_AHEAD, negated) < 0 || close_group(compiler) < 0 ||
		add(compiler, REGEX_MATCH, 0) < 0)
		return -1;
	compiler->regex->steps[at].first = compiler->regex->count;
	return 0;
}

static int compile_flags(struct compiler *compiler)
{
	for (; peek(compiler, 0) != ')'; compiler->at++) {
		if (peek(compiler, 0) == 'i')
			compiler->regex->ignore_case = true;
		else if (peek(compiler, 0) == 'm')
			compiler->regex->multiline = true;
		else if (peek(compiler, 0) == 's')
			compiler->regex->dot_all = true;
		else
			return regex_error(compiler, "this kind of group is not supported yet");
	}
	compiler->at++;
	return 0;
}

static int compile_group(struct compiler *compiler)
{
	size_t group;

	if (take(compiler, "?:"))
		return close_group(compiler);
	if (take(compiler, "?="))
		return compile_ahead(compiler, false);
	if (take(compiler, "?!"))
		return compile_ahead(compiler, true);
	if (peek(compiler, 0) == '?' && peek(compiler, 1) != 'P') {
		compiler->at++;
		return compile_flags(compiler);
	}
	group = ++compiler->regex->groups;
	if (group > REGEX_GROUPS_MOST)
		return regex_error(compiler, "there are too many groups");
	if (take(compiler, "?P<") ? group_name(compiler, group) < 0 : peek(compiler, 0) == '?')
		return regex_error(compiler, "this kind of group is not supported yet");
	if (add(compiler, REGEX_SAVE, (uint32_t)(2 * group)) < 0 || close_group(compiler) < 0)
		return -1;
	return add(compiler, REGEX_SAVE, (uint32_t)(2 * group + 1));
}

static int compile_escape(struct compiler *compiler)
{
	struct regex_set unused = { 0 };
	char letter = peek(compiler, 0);
	uint32_t code;

	if (letter && set_class(&unused, letter)) {
		compiler->at++;
		return compile_class(compiler, letter);
	}
	if (take(compiler, "b"))
		return add(compiler, REGEX_WORD, 0);
	if (take(compiler, "B"))
		return add(compiler, REGEX_NO_WORD, 0);
	if (take(compiler, "A"))
		return add(compiler, REGEX_TEXT_START, 0);
	if (take(compiler, "Z"))
		return add(compiler, REGEX_TEXT_END, 0);
	if (letter >= '1' && letter <= '9') {
		if ((size_t)(letter - '0') > compiler->regex->groups)
			return regex_error(compiler, "there is no such group yet");
		compiler->at++;
		return add(compiler, REGEX_BACK, (uint32_t)(letter - '0'));
	}
	if (escaped(compiler, &code) < 0)
		return -1;
	return add(compiler, REGEX_CHARACTER, code);
}

static int compile_atom(struct compiler *compiler)
{
	const struct regex *regex = compiler->regex;

	if (take(compiler, "\\"))
		return compile_escape(compiler);
	if (take(compiler, "."))
		return add(compiler, REGEX_ANY, regex->dot_all);
	if (take(compiler, "["))
		return compile_set(compiler);
	if (take(compiler, "("))
		return compile_group(compiler);
	if (take(compiler, "^"))
		return add(compiler, regex->multiline ? REGEX_LINE_START : REGEX_TEXT_START, 0);
	if (take(compiler, "$"))
		return add(compiler, regex->multiline ? REGEX_LINE_END : REGEX_END, 0);
	if (strchr("*+?", peek(compiler, 0)))
		return regex_error(compiler, "there is nothing to repeat");
	return add(compiler, REGEX_CHARACTER, take_character(compiler));
}

enum { ENDLESS = UINT32_MAX };

static bool read_count(struct compiler *compiler, uint32_t *ret_count)
{
	bool any = false;

	for (*ret_count = 0; isdigit((unsigned char)peek(compiler, 0)); compiler->at++) {
		*ret_count = *ret_count > 100000 ? *ret_count :
			10 * *ret_count + (uint32_t)(peek(compiler, 0) - '0');
		any = true;
	}
	return any;
}

/* How often; false: no repetition stands here ({ that isn't one is itself). */
static bool read_repetition(struct compiler *compiler, uint32_t *ret_least, uint32_t *ret_most)
{
	size_t before = compiler->at;
	bool least, most;

	*ret_least = peek(compiler, 0) == '+';
	*ret_most = peek(compiler, 0) == '?' ? 1 : ENDLESS;
	if (take(compiler, "*") || take(compiler, "+") || take(compiler, "?"))
		return true;
	if (!take(compiler, "{"))
		return false;
	least = read_count(compiler, ret_least);
	*ret_most = *ret_least;
	most = least;
	if (take(compiler, ",")) {
		most = true;
		if (!read_count(compiler, ret_most))
			*ret_most = ENDLESS;
	}
	if (most && take(compiler, "}"))
		return true;
	compiler->at = before;
	return false;
}

/* Adds the steps from to a copy of themselves at the end. */
static int repeat_steps(struct compiler *compiler, const struct regex_step *steps, size_t from,
	size_t count)
{
	struct regex *regex = compiler->regex;
	size_t at = regex->count;

	if (insert(compiler, at, count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		regex->steps[at + i] = steps[i];
		regex->steps[at + i].first += at - from;
		regex->steps[at + i].second += at - from;
	}
	return 0;
}

static void set_split(struct regex_step *step, bool greedy, size_t inside, size_t behind)
{
	*step = (struct regex_step){ .code = REGEX_SPLIT, .first = greedy ? inside : behind,
		.second = greedy ? behind : inside };
}

/* split → (save) body (progress) jump back */
static int add_loop(struct compiler *compiler, const struct regex_step *steps, size_t from,
	size_t count, bool greedy)
{
	struct regex *regex = compiler->regex;
	uint32_t slot = (uint32_t)regex->slots++;
	size_t at = regex->count;

	if (add(compiler, REGEX_SPLIT, 0) < 0 || add(compiler, REGEX_SAVE, slot) < 0 ||
		repeat_steps(compiler, steps, from, count) < 0 ||
		add(compiler, REGEX_PROGRESS, slot) < 0 || add(compiler, REGEX_JUMP, 0) < 0)
		return -1;
	regex->steps[regex->count - 1].first = at;
	set_split(&regex->steps[at], greedy, at + 1, regex->count);
	return 0;
}

static int add_optional(struct compiler *compiler, const struct regex_step *steps, size_t from,
	size_t count, bool greedy)
{
	size_t at = compiler->regex->count;

	if (add(compiler, REGEX_SPLIT, 0) < 0 || repeat_steps(compiler, steps, from, count) < 0)
		return -1;
	set_split(&compiler->regex->steps[at], greedy, at + 1, compiler->regex->count);
	return 0;
}

/* The atom from a step on is taken out, and put back as often as wanted. */
static int compile_repetition(struct compiler *compiler, size_t from)
{
	struct regex *regex = compiler->regex;
	size_t count = regex->count - from;
	const struct regex_step *steps;
	uint32_t least, most;
	bool greedy;

	if (!read_repetition(compiler, &least, &most))
		return 0;
	greedy = !take(compiler, "?");
	if (peek(compiler, 0) == '+' || peek(compiler, 0) == '*')
		return regex_error(compiler, "this is repeated already");
	if (least > most)
		return regex_error(compiler, "the least is more than the most");
	if (count == 0)
		return 0;
	steps = arena_grow(compiler->evaluation->evaluator->scratch, regex->steps + from,
		count * sizeof(*steps), count * sizeof(*steps));
	regex->count = from;
	for (uint32_t i = 0; i < least; i++) {
		if (repeat_steps(compiler, steps, from, count) < 0)
			return -1;
	}
	if (most == ENDLESS)
		return add_loop(compiler, steps, from, count, greedy);
	for (uint32_t i = least; i < most; i++) {
		if (add_optional(compiler, steps, from, count, greedy) < 0)
			return -1;
	}
	return 0;
}

static int compile_row(struct compiler *compiler)
{
	while (!at_end(compiler) && peek(compiler, 0) != '|' && peek(compiler, 0) != ')') {
		size_t from = compiler->regex->count;

		if (compile_atom(compiler) < 0 || compile_repetition(compiler, from) < 0)
			return -1;
	}
	return 0;
}

/* a|b: split to a, jump behind; b. */
static int compile_choice(struct compiler *compiler)
{
	struct regex *regex = compiler->regex;
	size_t from = regex->count, jump;

	if (++compiler->depth > REGEX_DEPTH_MOST)
		return regex_error(compiler, "it is nested too deeply");
	if (compile_row(compiler) < 0)
		return -1;
	if (take(compiler, "|")) {
		if (insert(compiler, from, 1) < 0)
			return -1;
		jump = regex->count;
		if (add(compiler, REGEX_JUMP, 0) < 0)
			return -1;
		set_split(&regex->steps[from], true, from + 1, regex->count);
		if (compile_choice(compiler) < 0)
			return -1;
		regex->steps[jump].first = regex->count;
	}
	compiler->depth--;
	return 0;
}

int regex_compile(struct evaluation *evaluation, size_t offset, const struct value *pattern,
	bool ignore_case, bool multiline, struct regex *ret_regex)
{
	struct compiler compiler = { .evaluation = evaluation, .offset = offset, .pattern = pattern,
		.regex = ret_regex };

	*ret_regex = (struct regex){ .ignore_case = ignore_case, .multiline = multiline,
		.slots = 2 * (REGEX_GROUPS_MOST + 1) };
	if (compile_choice(&compiler) < 0)
		return -1;
	if (!at_end(&compiler))
		return regex_error(&compiler, "')' without '('");
	return add(&compiler, REGEX_MATCH, 0);
}
