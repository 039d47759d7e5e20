/* filters_measure: log, root, human_readable, human_to_bytes, truncate, urlsplit, strftime. */
#include "expression/evaluate.h"

#include "expression/unicode.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int number_of(struct evaluation *evaluation, const struct call *call,
	const struct value *value, double *ret_number)
{
	if (value->kind != VALUE_INTEGER && value->kind != VALUE_FLOAT)
		return call_error(evaluation, call, "a number", value);
	*ret_number = value->kind == VALUE_FLOAT ? value->number : (double)value->integer;
	return 0;
}

static int filter_log(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	double number = 0, base = M_E;

	if (number_of(evaluation, call, call->input, &number) < 0 || (call->arguments[0]
			&& number_of(evaluation, call, call->arguments[0], &base) < 0))
		return -1;
	if (number <= 0 || base <= 0 || fabs(base - 1) < 1e-300)
		return evaluation_error(evaluation, call->offset, "there is no such logarithm");
	*ret_value = value_float(evaluation->evaluator->arena, fabs(base - 10) < 1e-300 ? log10(number)
		: call->arguments[0] ? log(number) / log(base) : log(number));
	return 0;
}

static int filter_root(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	double number = 0, base = 2;

	if (number_of(evaluation, call, call->input, &number) < 0 || (call->arguments[0]
			&& number_of(evaluation, call, call->arguments[0], &base) < 0))
		return -1;
	if (number < 0 || fabs(base) < 1e-300)
		return evaluation_error(evaluation, call->offset, "there is no such root");
	*ret_value = value_float(evaluation->evaluator->arena, fabs(base - 2) < 1e-300 ? sqrt(number)
		: pow(number, 1 / base));
	return 0;
}

/* --- Sizes: steps of 1024 --- */

static const char size_letters[] = "YZEPTGMK";

static int filter_human_readable(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	double number = 0, limit = 0x1p80;
	const char *letter = size_letters, *unit;
	bool bits;

	if (number_of(evaluation, call, call->input, &number) < 0
			|| call_truth(evaluation, call, 0, false, &bits) < 0
			|| call_text(evaluation, call, 1, "", &unit) < 0)
		return -1;
	while (*letter && (*unit ? toupper((unsigned char)*unit) != *letter : number < limit)) {
		letter++;
		limit /= 1024;
	}
	if (!*letter)
		limit = 1;
	*ret_value = value_printf(evaluation->evaluator->arena, "%.2f %.1s%s", number / limit, letter,
		bits ? *letter ? "b" : "bits" : *letter ? "B" : "Bytes");
	return 0;
}

static int filter_human_to_bytes(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *text = call->input->text, *unit, *rest, *letter;
	struct arena *arena = evaluation->evaluator->arena;
	double number, factor = 0x1p80;
	char *end;
	bool bits;

	if (call->input->kind != VALUE_STRING && call->input->kind != VALUE_INTEGER)
		return call_error(evaluation, call, "a size such as '10 MB'", call->input);
	if (call->input->kind == VALUE_INTEGER)
		text = arena_printf(arena, "%lld", (long long)call->input->integer);
	if (call_text(evaluation, call, 0, "", &unit) < 0
			|| call_truth(evaluation, call, 1, false, &bits) < 0)
		return -1;
	number = strtod(text, &end);
	rest = end + strspn(end, " ");
	rest = *rest ? rest : unit;
	if (end == text || !isdigit((unsigned char)text[strspn(text, " .")]) || number < 0)
		return evaluation_error(evaluation, call->offset, "'%s' is no size", text);
	for (letter = size_letters; *letter && toupper((unsigned char)*rest) != *letter; letter++)
		factor /= 1024;
	factor = *letter ? factor : 1;
	rest += *letter != '\0';
	if (*rest && strcmp(rest, bits ? "b" : "B") != 0 && strcasecmp(rest, bits ? "bits" : "bytes") != 0
			&& strcasecmp(rest, bits ? "bit" : "byte") != 0)
		return evaluation_error(evaluation, call->offset, "'%s' is no size in %s", text,
			bits ? "bits" : "bytes");
	if (number * factor >= 0x1p62)
		return evaluation_error(evaluation, call->offset, "the result is larger than 64 bits");
	*ret_value = value_integer(arena, (int64_t)nearbyint(number * factor));
	return 0;
}

/* --- Texts --- */

/* The byte at which a character begins. */
static size_t offset_of(const char *text, size_t size, int64_t character)
{
	size_t at = 0;
	uint32_t code;

	for (; character > 0 && at < size; character--)
		at += utf8_next(text + at, size - at, &code);
	return at;
}

static int64_t length_of(const char *text, size_t size)
{
	int64_t length = 0;
	uint32_t code;

	for (size_t at = 0; at < size; length++)
		at += utf8_next(text + at, size - at, &code);
	return length;
}

/* truncate(length, killwords, end, leeway), as Jinja: at a word's end, and not for a few letters. */
static int filter_truncate(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *text = call->input->text, *end;
	int64_t length, leeway;
	struct buffer out = { 0 };
	size_t keep;
	bool kills;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call_integer(evaluation, call, 0, 255, &length) < 0
			|| call_truth(evaluation, call, 1, false, &kills) < 0
			|| call_text(evaluation, call, 2, "...", &end) < 0
			|| call_integer(evaluation, call, 3, 0, &leeway) < 0)
		return -1;
	if (!call->arguments[3])
		leeway = 5;
	if (length < length_of(end, strlen(end)) || leeway < 0)
		return evaluation_error(evaluation, call->offset, "the length is less than that of '%s'", end);
	if (length_of(text, call->input->size) <= length + leeway) {
		*ret_value = call->input;
		return 0;
	}
	keep = offset_of(text, call->input->size, length - length_of(end, strlen(end)));
	for (size_t at = keep; !kills && at > 0; at--) {
		if (text[at - 1] == ' ') {
			keep = at - 1;
			break;
		}
	}
	buffer_add(&out, text, keep);
	buffer_add_string(&out, end);
	return buffer_value(evaluation, call->offset, &out, ret_value);
}

/* --- urlsplit --- */

static void set_part(struct arena *arena, struct value *parts, const char *key, const char *text,
	size_t size)
{
	value_set(arena, parts, key, value_bytes(arena, text, size));
}

/* user:password@host:port */
static void split_authority(struct arena *arena, struct value *parts, const char *text, size_t size)
{
	const char *at = memrchr(text, '@', size), *host = at ? at + 1 : text;
	size_t host_size = size - (size_t)(host - text), user = at ? (size_t)(at - text) : 0;
	const char *colon = at ? memchr(text, ':', user) : NULL, *port;
	bool bracket = host_size > 0 && *host == '[';
	const char *close = bracket ? memchr(host, ']', host_size) : NULL;
	char *name;

	port = memchr(close ? close : host, ':', host_size - (close ? (size_t)(close - host) : 0));
	set_part(arena, parts, "netloc", text, size);
	value_set(arena, parts, "username", at ? value_bytes(arena, text, colon ? (size_t)(colon - text)
		: user) : value_null(arena));
	value_set(arena, parts, "password", colon ? value_bytes(arena, colon + 1, (size_t)(at - colon - 1))
		: value_null(arena));
	value_set(arena, parts, "port", port && isdigit((unsigned char)port[1])
		? value_integer(arena, strtoll(port + 1, NULL, 10)) : value_null(arena));
	if (close)
		name = arena_bytes(arena, host + 1, (size_t)(close - host - 1));
	else
		name = arena_bytes(arena, host, port ? (size_t)(port - host) : host_size);
	for (char *letter = name; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	value_set(arena, parts, "hostname", *name ? value_string(arena, name) : value_null(arena));
}

static struct value *split_url(struct arena *arena, const char *text)
{
	struct value *parts = value_map(arena);
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
	bool has_scheme = scheme > 0 && text[scheme] == ':' && isalpha((unsigned char)*text);
	char *name = arena_bytes(arena, text, has_scheme ? scheme : 0);
	size_t size;

	for (char *letter = name; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	value_set_string(arena, parts, "scheme", name);
	text += has_scheme ? scheme + 1 : 0;
	size = strncmp(text, "//", 2) == 0 ? strcspn(text + 2, "/?#") : 0;
	text += size || strncmp(text, "//", 2) == 0 ? 2 : 0;
	split_authority(arena, parts, text, size);
	text += size;
	size = strcspn(text, "?#");
	set_part(arena, parts, "path", text, size);
	text += size;
	size = *text == '?' ? strcspn(text + 1, "#") : 0;
	set_part(arena, parts, "query", text + (*text == '?'), size);
	text += size + (*text == '?');
	set_part(arena, parts, "fragment", text + (*text == '#'), strlen(text + (*text == '#')));
	return parts;
}

static int filter_urlsplit(struct evaluation *evaluation, struct call *call,
	struct value **ret_value)
{
	const char *part;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a string", call->input);
	if (call_text(evaluation, call, 0, "", &part) < 0)
		return -1;
	*ret_value = split_url(evaluation->evaluator->arena, call->input->text);
	if (!*part)
		return 0;
	*ret_value = value_get(*ret_value, part);
	return *ret_value ? 0 : evaluation_error(evaluation, call->offset, "a URL has no '%s'", part);
}

/* --- strftime --- */

/* As Python's float() and int() of it: the seconds of a day and a half are "129600.5", too. */
static bool read_seconds(const struct value *value, time_t *ret_seconds)
{
	const char *text = value_text(value);
	char *end;
	double number;

	if (value->kind != VALUE_INTEGER && value->kind != VALUE_FLOAT && (!text || !*text))
		return false;
	number = value->kind == VALUE_INTEGER ? (double)value->integer : value->kind == VALUE_FLOAT ? value->number
		: strtod(text, &end);
	if ((text && *end) || !(fabs(number) < 6e10))
		return false;
	*ret_seconds = (time_t)number;
	return true;
}

/* The format is the user's own: strftime writes no more than fits, whatever is in it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t write_time(char *text, size_t room, const char *format, const struct tm *parts)
{
	return strftime(text, room, format, parts);
}
#pragma GCC diagnostic pop

static int filter_strftime(struct evaluation *evaluation, struct call *call, struct value **ret_value)
{
	const struct value *second = call->arguments[0];
	time_t seconds = time(NULL);
	bool utc = false;
	struct tm parts;
	char text[4096];
	size_t size;

	if (call->input->kind != VALUE_STRING)
		return call_error(evaluation, call, "a format such as '%Y-%m-%d'", call->input);
	if (call_truth(evaluation, call, 1, false, &utc) < 0)
		return -1;
	if (second && second->kind != VALUE_NULL && !read_seconds(second, &seconds))
		return evaluation_error(evaluation, call->offset, "strftime needs seconds since 1970");
	if (!(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)))
		return evaluation_error(evaluation, call->offset, "there is no such time");
	size = write_time(text, sizeof(text), call->input->text, &parts);
	if (size == 0 && call->input->size > sizeof(text) / 16)
		return evaluation_error(evaluation, call->offset, "the format of strftime is too long");
	*ret_value = value_bytes(evaluation->evaluator->arena, text, size);
	return 0;
}

const struct callable filters_measure[] = {
	{ "strftime", filter_strftime, 0, 0, { "second", "utc" } },
	{ "log", filter_log, 0, 0, { "base" } },
	{ "root", filter_root, 0, 0, { "base" } },
	{ "human_readable", filter_human_readable, 0, 0, { "isbits", "unit" } },
	{ "human_to_bytes", filter_human_to_bytes, 0, 0, { "default_unit", "isbits" } },
	{ "truncate", filter_truncate, 0, 0, { "length", "killwords", "end", "leeway" } },
	{ "urlsplit", filter_urlsplit, 0, 0, { "query" } },
	{ 0 },
};
