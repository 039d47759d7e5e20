/* regex: regular expressions as Python's re has them, by PCRE2, in bounded time and memory. */
#include "base/regex.h"

#include "base/buffer.h"
#include "base/quote.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	GROUPS_DEEP_MOST = 50,
	HEAP_MOST = 64 << 10,      /* KiB for ways back */
	SHARE = 8,                 /* characters that cost as much as a step back */
};

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	bool unicode;
	bool looks_back;           /* it has \1 and the like */
	char *pattern;             /* as it was given */
	size_t size;
	unsigned flags;
	struct regex *bytes;       /* the same for texts that aren't valid UTF-8, once there is one */
	const char *checked;       /* the last text, and whether it is valid */
	size_t checked_size;
	bool valid;
	struct regex *used;        /* by the last match */
	size_t *steps;
	size_t last;               /* where the step before was */
};

/* --- Python's words --- */

struct rewriting {
	const char *pattern;
	size_t size, at;
	struct buffer out;
	bool in_set;
	size_t set_start;
};

static size_t count_hex(const struct rewriting *rewriting, size_t from, size_t most)
{
	size_t count = 0;

	while (count < most && from + count < rewriting->size
			&& isxdigit((unsigned char)rewriting->pattern[from + count]))
		count++;
	return count;
}

static void rewrite_escape(struct rewriting *rewriting)
{
	const char *text = rewriting->pattern + rewriting->at;
	char letter = rewriting->at + 1 < rewriting->size ? text[1] : '\0';
	size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;

	if (letter == 'Z' && !rewriting->in_set)
		buffer_add_string(&rewriting->out, "\\z");
	else if (letter == 'v')
		buffer_add_string(&rewriting->out, "\\x0b");
	else if (digits && count_hex(rewriting, rewriting->at + 2, digits) == digits)
		buffer_printf(&rewriting->out, "\\x{%.*s}", (int)digits, text + 2);
	else
		buffer_add(&rewriting->out, text, rewriting->at + 1 < rewriting->size ? 2 : 1);
	rewriting->at += rewriting->at + 1 < rewriting->size ? 2 : 1;
	if (digits && count_hex(rewriting, rewriting->at, digits) == digits)
		rewriting->at += digits;
}

/* {,n} is {0,n}. */
static bool is_open_range(const struct rewriting *rewriting)
{
	const char *text = rewriting->pattern + rewriting->at;
	size_t rest = rewriting->size - rewriting->at, digits = 0;

	if (rest < 4 || text[0] != '{' || text[1] != ',')
		return false;
	while (2 + digits < rest && isdigit((unsigned char)text[2 + digits]))
		digits++;
	return digits > 0 && 2 + digits < rest && text[2 + digits] == '}';
}

static void rewrite_character(struct rewriting *rewriting)
{
	const char *text = rewriting->pattern + rewriting->at;
	bool starts = rewriting->in_set && rewriting->at == rewriting->set_start;

	if (*text == '\\') {
		rewrite_escape(rewriting);
		return;
	}
	if (!rewriting->in_set && *text == '[') {
		rewriting->in_set = true;
		rewriting->set_start = rewriting->at + 1;
		if (rewriting->at + 1 < rewriting->size && text[1] == '^')
			rewriting->set_start++;
	} else if (rewriting->in_set && *text == ']' && !starts) {
		rewriting->in_set = false;
	} else if (!rewriting->in_set && is_open_range(rewriting)) {
		buffer_add_string(&rewriting->out, "{0");
		rewriting->at++;
		return;
	}
	buffer_add_char(&rewriting->out, *text);
	rewriting->at++;
}

static void rewrite(const char *pattern, size_t size, struct buffer *ret_out)
{
	struct rewriting rewriting = { .pattern = pattern, .size = size };

	buffer_add_string(&rewriting.out, "");
	while (rewriting.at < size)
		rewrite_character(&rewriting);
	*ret_out = rewriting.out;
}

/* Which place of the pattern a place of what was made of it is. */
static size_t place_before(const char *pattern, size_t size, size_t place)
{
	struct rewriting rewriting = { .pattern = pattern, .size = size };

	while (rewriting.at < size && rewriting.out.size < place)
		rewrite_character(&rewriting);
	buffer_free(&rewriting.out);
	return rewriting.at;
}

/* --- Compiling --- */

static pcre2_code *compile(const char *pattern, size_t size, uint32_t options, int *ret_problem,
	size_t *ret_offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	if (!context)
		abort();
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_bsr(context, PCRE2_BSR_ANYCRLF);
	pcre2_set_parens_nest_limit(context, GROUPS_DEEP_MOST);
	code = pcre2_compile((PCRE2_SPTR)pattern, size, options, ret_problem, ret_offset, context);
	pcre2_compile_context_free(context);
	return code;
}

/* PCRE2 tells each step; what it doesn't tell is what it runs over within one. */
static int count(pcre2_callout_block *block, void *context)
{
	struct regex *regex = context;
	size_t here = block->current_position;
	size_t moved = here > regex->last ? here - regex->last : regex->last - here;
	size_t cost = 1 + moved / SHARE;

	if (regex->looks_back)
		cost += (here - block->start_match) / SHARE;
	regex->last = here;
	if (cost > *regex->steps) {
		*regex->steps = 0;
		return PCRE2_ERROR_MATCHLIMIT;
	}
	*regex->steps -= cost;
	return 0;
}

static struct regex *make(pcre2_code *code, bool unicode, const char *pattern, size_t size,
	unsigned flags)
{
	struct regex *regex = calloc(1, sizeof(*regex));
	uint32_t highest = 0;

	if (!regex || !(regex->pattern = malloc(size + 1)))
		abort();
	memcpy(regex->pattern, pattern, size);
	regex->size = size;
	regex->flags = flags;
	regex->code = code;
	regex->unicode = unicode;
	regex->data = pcre2_match_data_create_from_pattern(code, NULL);
	regex->context = pcre2_match_context_create(NULL);
	if (!regex->data || !regex->context)
		abort();
	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &highest);
	regex->looks_back = highest > 0;
	pcre2_set_callout(regex->context, count, regex);
	pcre2_set_heap_limit(regex->context, HEAP_MOST);
	return regex;
}

struct regex *regex_compile(const char *pattern, size_t size, unsigned flags,
	struct regex_problem *ret_problem)
{
	bool unicode = !(flags & REGEX_BYTES) && utf8_valid(pattern, size);
	uint32_t options = PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C
		| (unicode ? PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK : PCRE2_NEVER_UTF)
		| (flags & REGEX_IGNORE_CASE ? PCRE2_CASELESS : 0)
		| (flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0);
	struct buffer rewritten;
	pcre2_code *code;
	int problem;
	size_t offset;

	*ret_problem = (struct regex_problem){0};
	if (size > REGEX_PATTERN_MOST) {
		snprintf(ret_problem->message, sizeof(ret_problem->message),
			"it is longer than %d characters", REGEX_PATTERN_MOST);
		return NULL;
	}
	rewrite(pattern, size, &rewritten);
	code = compile(rewritten.data, rewritten.size, options, &problem, &offset);
	if (!code) {
		ret_problem->offset = place_before(pattern, size, offset);
		if (problem == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP)
			strcpy(ret_problem->message, "it is nested too deeply");
		else
			pcre2_get_error_message(problem, (PCRE2_UCHAR *)ret_problem->message,
				sizeof(ret_problem->message));
	}
	buffer_free(&rewritten);
	if (!code)
		return NULL;
	return make(code, unicode, pattern, size, flags);
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	regex_free(regex->bytes);
	free(regex->pattern);
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	free(regex);
}

/* --- Matching --- */

/* What is to be used for this text; NULL: the pattern makes no sense for bytes. */
static struct regex *choose(struct regex *regex, const char *text, size_t size)
{
	struct regex_problem ignored;

	if (!regex->unicode)
		return regex;
	if (regex->checked != text || regex->checked_size != size) {
		regex->checked = text;
		regex->checked_size = size;
		regex->valid = utf8_valid(text, size);
	}
	if (regex->valid)
		return regex;
	if (!regex->bytes)
		regex->bytes = regex_compile(regex->pattern, regex->size, regex->flags | REGEX_BYTES,
			&ignored);
	return regex->bytes;
}

int regex_match(struct regex *regex, const char *text, size_t size, size_t from,
	enum regex_where where, size_t *steps)
{
	uint32_t options = where == REGEX_HERE ? PCRE2_ANCHORED : 0;
	struct regex *used = choose(regex, text, size);
	int result;

	if (!used)
		return 0;
	regex->used = used;
	used->steps = steps;
	used->last = from;
	if (where == REGEX_ADVANCE)
		options |= PCRE2_NOTEMPTY_ATSTART;
	if (used->unicode)
		options |= PCRE2_NO_UTF_CHECK;
	result = pcre2_match(used->code, (PCRE2_SPTR)text, size, from, options, used->data,
		used->context);
	if (result >= 0)
		return 1;
	return result == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

const size_t *regex_ends(const struct regex *regex)
{
	return pcre2_get_ovector_pointer(regex->used->data);
}

size_t regex_groups(const struct regex *regex)
{
	return pcre2_get_ovector_count(regex->data) - 1;
}

size_t regex_group(const struct regex *regex, const char *name)
{
	int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);

	return number > 0 ? (size_t)number : 0;
}
