/* expression_regex_match: runs the instructions of a pattern over a text.
 *
 * The first way that matches wins, as in Python; the ways not taken yet are on a stack of our own,
 * and each step is paid for. */
#include "text/expression_regex.h"

#include "text/expression_unicode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A way not taken: go on at step and place; or (step SIZE_MAX) put a slot back. */
struct way {
	size_t step;
	size_t at;
	size_t slot;
};

struct matcher {
	struct evaluation *evaluation;
	size_t offset;
	const struct regex *regex;
	const char *text;
	size_t size;
	size_t *slots;
	struct way *ways;
	size_t way_count, way_capacity;
	size_t steps;        /* not paid for yet */
	size_t no_end;       /* where the whole must not end; SIZE_MAX: anywhere */
	unsigned depth;
};

bool regex_is_word(uint32_t code)
{
	return code == '_' || (code >= '0' && code <= '9') || utf8_is_letter(code);
}

static bool is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static bool is_space(uint32_t code)
{
	return code < 0x80 ? isspace((int)code) != 0 : code == 0xa0 || code == 0x2028;
}

static bool in_ranges(const struct regex_set *set, uint32_t code)
{
	for (size_t i = 0; i < set->count; i++) {
		if (code >= set->ranges[i].from && code <= set->ranges[i].to)
			return true;
	}
	return false;
}

static bool in_set(const struct regex *regex, const struct regex_set *set, uint32_t code)
{
	return in_ranges(set, code) || (set->digit && is_digit(code)) ||
		(set->no_digit && !is_digit(code)) || (set->word && regex_is_word(code)) ||
		(set->no_word && !regex_is_word(code)) || (set->space && is_space(code)) ||
		(set->no_space && !is_space(code)) ||
		(regex->ignore_case && (in_ranges(set, utf8_case(code, CASE_LOWER)) ||
			in_ranges(set, utf8_case(code, CASE_UPPER))));
}

static bool same(const struct regex *regex, uint32_t one, uint32_t other)
{
	return one == other || (regex->ignore_case &&
		utf8_case(one, CASE_LOWER) == utf8_case(other, CASE_LOWER));
}

static bool word_before(const struct matcher *matcher, size_t at)
{
	uint32_t code;

	if (at == 0)
		return false;
	for (at--; at > 0 && ((unsigned char)matcher->text[at] & 0xc0) == 0x80; )
		at--;
	utf8_next(matcher->text + at, matcher->size - at, &code);
	return regex_is_word(code);
}

static bool word_behind(const struct matcher *matcher, size_t at)
{
	uint32_t code;

	if (at == matcher->size)
		return false;
	utf8_next(matcher->text + at, matcher->size - at, &code);
	return regex_is_word(code);
}

static bool newline_at(const struct matcher *matcher, size_t at)
{
	return at < matcher->size && matcher->text[at] == '\n';
}

/* A step that only asks where it is. */
static bool holds(const struct matcher *matcher, const struct regex_step *step, size_t at)
{
	switch (step->code) {
	case REGEX_LINE_START:
		return at == 0 || matcher->text[at - 1] == '\n';
	case REGEX_LINE_END:
		return at == matcher->size || newline_at(matcher, at);
	case REGEX_TEXT_START:
		return at == 0;
	case REGEX_TEXT_END:
		return at == matcher->size;
	case REGEX_END:
		return at == matcher->size || (at + 1 == matcher->size && newline_at(matcher, at));
	case REGEX_WORD:
		return word_before(matcher, at) != word_behind(matcher, at);
	case REGEX_NO_WORD:
		return word_before(matcher, at) == word_behind(matcher, at);
	default:
		return false;
	}
}

/* Whether the text goes on with one character of the step; moves behind it. */
static bool consume(const struct matcher *matcher, const struct regex_step *step, size_t *at)
{
	uint32_t code;
	size_t size;

	if (*at == matcher->size)
		return false;
	size = utf8_next(matcher->text + *at, matcher->size - *at, &code);
	*at += size;
	if (step->code == REGEX_ANY)
		return step->number || code != '\n';
	if (step->code == REGEX_SET)
		return in_set(matcher->regex, step->set, code) != (step->number != 0);
	return same(matcher->regex, code, step->number);
}

static bool consume_group(const struct matcher *matcher, uint32_t group, size_t *at)
{
	size_t from = matcher->slots[2 * group], to = matcher->slots[2 * group + 1];

	if (from == SIZE_MAX || to == SIZE_MAX)
		return false;
	while (from < to) {
		uint32_t one, other;

		if (*at == matcher->size)
			return false;
		from += utf8_next(matcher->text + from, to - from, &one);
		*at += utf8_next(matcher->text + *at, matcher->size - *at, &other);
		if (!same(matcher->regex, one, other))
			return false;
	}
	return true;
}

static int push(struct matcher *matcher, size_t step, size_t at, size_t slot)
{
	if (matcher->way_count == REGEX_STACK_MOST)
		return evaluation_error(matcher->evaluation, matcher->offset,
			"the regular expression has too many ways to match this text");
	if (matcher->way_count == matcher->way_capacity) {
		matcher->way_capacity = matcher->way_capacity ? 2 * matcher->way_capacity : 64;
		matcher->ways = realloc(matcher->ways,
			matcher->way_capacity * sizeof(*matcher->ways));
		if (!matcher->ways)
			abort();
	}
	matcher->ways[matcher->way_count++] = (struct way){ step, at, slot };
	return 0;
}

/* Back to the last way not taken above base; false: none is left. */
static bool go_back(struct matcher *matcher, size_t base, size_t *step, size_t *at)
{
	while (matcher->way_count > base) {
		const struct way *way = &matcher->ways[--matcher->way_count];

		if (way->step != SIZE_MAX) {
			*step = way->step;
			*at = way->at;
			return true;
		}
		matcher->slots[way->slot] = way->at;
	}
	return false;
}

static int pay(struct matcher *matcher)
{
	if (++matcher->steps < 64)
		return 0;
	matcher->steps = 0;
	return evaluation_spend(matcher->evaluation, matcher->offset, 8, 0);
}

static int run(struct matcher *matcher, size_t step, size_t at, bool *ret_matched);

/* Forgets the ways above base, but not what their slots were before; undo: puts these back now. */
static void forget_ways(struct matcher *matcher, size_t base, bool undo)
{
	size_t kept = base;

	if (undo) {
		for (size_t i = matcher->way_count; i > base; i--) {
			const struct way *way = &matcher->ways[i - 1];

			if (way->step == SIZE_MAX)
				matcher->slots[way->slot] = way->at;
		}
	} else {
		for (size_t i = base; i < matcher->way_count; i++) {
			if (matcher->ways[i].step == SIZE_MAX)
				matcher->ways[kept++] = matcher->ways[i];
		}
	}
	matcher->way_count = kept;
}

/* A group that looks ahead: once it is decided, no other way through it is tried. */
static int look_ahead(struct matcher *matcher, size_t step, size_t at, bool *ret_holds)
{
	size_t base = matcher->way_count;
	bool matched;

	if (++matcher->depth > 50)
		return evaluation_error(matcher->evaluation, matcher->offset,
			"the regular expression is nested too deeply");
	if (run(matcher, step + 1, at, &matched) < 0)
		return -1;
	matcher->depth--;
	*ret_holds = matched != (matcher->regex->steps[step].number != 0);
	forget_ways(matcher, base, matcher->regex->steps[step].number != 0);
	return 0;
}

/* One step; ret_goes_on: it fits here. */
static int run_step(struct matcher *matcher, size_t *step, size_t *at, bool *ret_goes_on)
{
	const struct regex_step *now = &matcher->regex->steps[*step];

	*ret_goes_on = true;
	switch (now->code) {
	case REGEX_CHARACTER:
	case REGEX_ANY:
	case REGEX_SET:
		*ret_goes_on = consume(matcher, now, at);
		break;
	case REGEX_BACK:
		*ret_goes_on = consume_group(matcher, now->number, at);
		break;
	case REGEX_SAVE:
		if (push(matcher, SIZE_MAX, matcher->slots[now->number], now->number) < 0)
			return -1;
		matcher->slots[now->number] = *at;
		break;
	case REGEX_SPLIT:
		if (push(matcher, now->second, *at, 0) < 0)
			return -1;
		*step = now->first;
		return 0;
	case REGEX_JUMP:
		*step = now->first;
		return 0;
	case REGEX_PROGRESS:
		*step += matcher->slots[now->number] == *at;
		break;
	case REGEX_AHEAD:
		if (look_ahead(matcher, *step, *at, ret_goes_on) < 0)
			return -1;
		*step = now->first;
		return 0;
	default:
		*ret_goes_on = holds(matcher, now, *at);
	}
	++*step;
	return 0;
}

static int run(struct matcher *matcher, size_t step, size_t at, bool *ret_matched)
{
	size_t base = matcher->way_count;
	bool goes_on;

	*ret_matched = true;
	for (;;) {
		bool ends = matcher->regex->steps[step].code == REGEX_MATCH;

		if (ends && (matcher->depth > 0 || at != matcher->no_end))
			break;
		goes_on = false;
		if (pay(matcher) < 0 || (!ends && run_step(matcher, &step, &at, &goes_on) < 0))
			return -1;
		if (!goes_on && !go_back(matcher, base, &step, &at)) {
			*ret_matched = false;
			return 0;
		}
	}
	matcher->slots[1] = at;
	return 0;
}

static int find(struct matcher *matcher, size_t from, enum regex_where where, bool *ret_matched)
{
	for (size_t at = from;;) {
		matcher->no_end = where == REGEX_ADVANCE && at == from ? at : SIZE_MAX;
		memset(matcher->slots, 0xff, matcher->regex->slots * sizeof(*matcher->slots));
		matcher->way_count = 0;
		if (run(matcher, 0, at, ret_matched) < 0)
			return -1;
		matcher->slots[0] = at;
		if (*ret_matched || where == REGEX_HERE || at == matcher->size)
			return 0;
		at += utf8_next(matcher->text + at, matcher->size - at, NULL);
	}
}

int regex_find(struct evaluation *evaluation, size_t offset, const struct regex *regex,
	const struct value *text, size_t from, enum regex_where where,
	struct regex_found *ret_found, bool *ret_matched)
{
	struct matcher matcher = { .evaluation = evaluation, .offset = offset, .regex = regex,
		.text = text->text, .size = text->size };
	int result;

	matcher.slots = calloc(regex->slots, sizeof(*matcher.slots));
	if (!matcher.slots)
		abort();
	result = find(&matcher, from, where, ret_matched);
	memcpy(ret_found->ends, matcher.slots, sizeof(ret_found->ends));
	free(matcher.slots);
	free(matcher.ways);
	return result;
}
