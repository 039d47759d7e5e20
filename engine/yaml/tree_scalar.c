/* tree_scalar: what a plain scalar means in YAML 1.1, as PyYAML's resolver and constructor do. */
#include "yaml/tree.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool among(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static bool is_null(const char *text)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };

	return among(text, words);
}

static bool is_true(const char *text)
{
	static const char *const words[] = { "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On",
		"ON", NULL };

	return among(text, words);
}

static bool is_false(const char *text)
{
	static const char *const words[] = { "no", "No", "NO", "false", "False", "FALSE", "off", "Off",
		"OFF", NULL };

	return among(text, words);
}

/* The end of a run of characters of set. */
static const char *skip(const char *text, const char *set)
{
	return text + strspn(text, set);
}

static const char *skip_sign(const char *text)
{
	return *text == '+' || *text == '-' ? text + 1 : text;
}

/* (:[0-5]?[0-9])+ */
static const char *skip_sixties(const char *text)
{
	while (*text == ':' && isdigit((unsigned char)text[1])) {
		if (text[1] <= '5' && isdigit((unsigned char)text[2]))
			text += 3;
		else
			text += 2;
	}
	return text;
}

static bool is_sexagesimal(const char *text)
{
	const char *digits = skip_sign(text);
	const char *colon = skip(digits, "0123456789_");
	const char *end = skip_sixties(colon);

	if (!isdigit((unsigned char)*digits) || end == colon)
		return false;
	if (*end == '.')
		return *skip(end + 1, "0123456789_") == '\0';
	return *end == '\0' && *digits != '0';
}

static bool digits_follow(const char **text, size_t least, size_t most)
{
	size_t count = strspn(*text, "0123456789");

	*text += count;
	return count >= least && count <= most;
}

/* Z, +2 or -03:30, and nothing behind it */
static bool is_zone(const char *text)
{
	if (*text == 'Z')
		return text[1] == '\0';
	if (*text == '\0')
		return true;
	if ((*text != '+' && *text != '-') || (text++, !digits_follow(&text, 1, 2)))
		return false;
	if (*text == ':' && (text++, !digits_follow(&text, 2, 2)))
		return false;
	return *text == '\0';
}

/* 2001-12-14, with or without a time behind it. */
static bool is_date(const char *text)
{
	const char *start = text;

	if (!digits_follow(&text, 4, 4) || *text++ != '-' || !digits_follow(&text, 1, 2) ||
		*text++ != '-' || !digits_follow(&text, 1, 2))
		return false;
	if (*text == '\0')
		return text - start == 10;
	if (*text == 'T' || *text == 't')
		text++;
	else if (*text == ' ' || *text == '\t')
		text = skip(text, " \t");
	else
		return false;
	if (!digits_follow(&text, 1, 2) || *text++ != ':' || !digits_follow(&text, 2, 2) ||
		*text++ != ':' || !digits_follow(&text, 2, 2))
		return false;
	if (*text == '.')
		text = skip(text + 1, "0123456789");
	return is_zone(skip(text, " \t"));
}

static bool is_float(const char *text)
{
	const char *start = text;
	const char *point;

	text = skip_sign(text);
	if (strcmp(text, ".inf") == 0 || strcmp(text, ".Inf") == 0 || strcmp(text, ".INF") == 0)
		return true;
	if (strcmp(start, ".nan") == 0 || strcmp(start, ".NaN") == 0 || strcmp(start, ".NAN") == 0)
		return true;
	if (!isdigit((unsigned char)*text) && !(*text == '.' && isdigit((unsigned char)text[1]) &&
		text == start))
		return false;
	point = skip(text, "0123456789_");
	if (*point != '.')
		return false;
	text = skip(point + 1, "0123456789_");
	if (*text == 'e' || *text == 'E') {
		if ((text[1] != '+' && text[1] != '-') || !isdigit((unsigned char)text[2]))
			return false;
		text = skip(text + 2, "0123456789");
	}
	return *text == '\0';
}

/* The base of an integer, 0 if the text is none. ret_digits: behind sign and prefix. */
static int integer_base(const char *text, const char **ret_digits)
{
	text = skip_sign(text);
	*ret_digits = text;
	if (text[0] == '0' && (text[1] == 'b' || text[1] == 'x') && text[2]) {
		*ret_digits = text + 2;
		if (text[1] == 'b')
			return *skip(text + 2, "01_") == '\0' ? 2 : 0;
		return *skip(text + 2, "0123456789abcdefABCDEF_") == '\0' ? 16 : 0;
	}
	if (text[0] == '0')
		return *skip(text, "01234567_") == '\0' ? 8 : 0;
	if (!isdigit((unsigned char)text[0]))
		return 0;
	return *skip(text, "0123456789_") == '\0' ? 10 : 0;
}

static char *without_underscores(struct arena *arena, const char *text)
{
	char *plain = arena_alloc(arena, strlen(text) + 1);
	size_t used = 0;

	for (; *text; text++) {
		if (*text != '_')
			plain[used++] = *text;
	}
	return plain;
}

static int read_integer(struct arena *arena, const char *text, const char *digits, int base,
	struct place place, struct value **ret_value, struct error *err)
{
	const char *plain = without_underscores(arena, digits);
	char *signed_text = arena_printf(arena, "%s%s", text[0] == '-' ? "-" : "", plain);
	long long number;

	if (plain[0] == '\0')
		return error_at(err, YAML_INVALID_NUMBER, place, "'%s' is not an integer", text),
			error_remedy(err, "quote it: \"%s\"", text);
	errno = 0;
	number = strtoll(signed_text, NULL, base);
	if (errno == ERANGE)
		return error_at(err, YAML_INVALID_NUMBER, place, "the integer %s is too large", text),
			error_remedy(err, "quote it, if it is a text: \"%s\"", text);
	*ret_value = value_integer(arena, number);
	return 0;
}

static double read_float(struct arena *arena, const char *text)
{
	const char *digits = skip_sign(text);
	double sign = text[0] == '-' ? -1.0 : 1.0;

	if (digits[0] == '.' && (digits[1] == 'i' || digits[1] == 'I'))
		return sign * (double)INFINITY;
	if (digits[0] == '.' && (digits[1] == 'n' || digits[1] == 'N'))
		return (double)NAN;
	return sign * strtod(without_underscores(arena, digits), NULL);
}

static int refuse(struct place place, const char *text, const char *what, struct error *err)
{
	error_at(err, YAML_AMBIGUOUS_VALUE, place, "%s means %s in YAML 1.1, not a text", text, what);
	return error_remedy(err, "quote it: \"%s\"", text);
}

static int read_typed(struct arena *arena, const char *text, struct place place,
	struct value **ret_value, struct error *err)
{
	const char *digits;
	int base;

	if (is_null(text))
		*ret_value = value_null(arena);
	else if (is_true(text) || is_false(text))
		*ret_value = value_bool(arena, is_true(text));
	else if (is_sexagesimal(text))
		return refuse(place, text, "a number to the base of 60", err);
	else if (is_date(text))
		return refuse(place, text, "a date", err);
	else if ((base = integer_base(text, &digits)) != 0)
		return read_integer(arena, text, digits, base, place, ret_value, err);
	else if (is_float(text))
		*ret_value = value_float(arena, read_float(arena, text));
	else
		*ret_value = value_string(arena, text);
	return 0;
}

int tree_scalar(struct arena *arena, const char *text, size_t size, struct place place,
	struct value **ret_value, struct error *err)
{
	char *copy = arena_bytes(arena, text, size);

	if (strlen(copy) != size)
		return error_at(err, YAML_INVALID_ENCODING, place, "there is a NUL byte in the text");
	if (read_typed(arena, copy, place, ret_value, err) < 0)
		return -1;
	(*ret_value)->text = copy;
	(*ret_value)->size = size;
	(*ret_value)->place = place;
	return 0;
}
