/* param_scalar: strict readings of single values. */
#include "module/params.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The text as the user wrote it, else NULL (a computed number). */
static const char *written(const struct value *value)
{
	switch (value->kind) {
	case VALUE_STRING:
	case VALUE_INTEGER:
	case VALUE_FLOAT:
	case VALUE_BOOL:
		return value->text;
	default:
		return NULL;
	}
}

static const char *shown(const struct value *value)
{
	const char *text = written(value);

	return text && !value->level ? text : value_kind_name(value);
}

static int refuse(const struct value *value, const char *wanted, struct error *err)
{
	const char *text = written(value);

	if (text && !value->level)
		return error_at(err, TASK_INVALID_VALUE, value->place, "'%s' is not %s", text, wanted);
	return error_at(err, TASK_INVALID_VALUE, value->place, "expected %s, not %s", wanted,
		shown(value));
}

int param_bool(const struct value *value, bool *ret_truth, struct error *err)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", NULL };
	const char *text = value_text(value);

	if (value->kind == VALUE_BOOL) {
		*ret_truth = value->truth;
		return 0;
	}
	if (value->kind == VALUE_INTEGER && (value->integer == 0 || value->integer == 1)) {
		*ret_truth = value->integer == 1;
		return 0;
	}
	for (size_t i = 0; text && yes[i]; i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret_truth = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	refuse(value, "true or false", err);
	return error_remedy(err, "write true or false");
}

/* [+-]?(0|[1-9][0-9]*) */
static int read_decimal(const char *text, int64_t *ret_integer)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
	char *end;

	if (!isdigit((unsigned char)digits[0]) || (digits[0] == '0' && digits[1] != '\0'))
		return -1;
	errno = 0;
	*ret_integer = strtoll(text, &end, 10);
	return *end || errno ? -1 : 0;
}

int param_integer(const struct value *value, int64_t *ret_integer, struct error *err)
{
	const char *text = written(value);

	if (value->kind == VALUE_INTEGER && !text) {
		*ret_integer = value->integer;
		return 0;
	}
	if ((value->kind == VALUE_INTEGER || value->kind == VALUE_STRING) &&
		read_decimal(text, ret_integer) == 0)
		return 0;
	return refuse(value, "a decimal integer", err);
}

int param_duration(const struct value *value, int64_t *ret_seconds, struct error *err)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, 60, 3600, 86400 };
	const char *text = value_text(value);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	const char *unit = digits && text[digits] ? strchr(units, text[digits]) : NULL;

	if (unit && text[digits + 1] == '\0' && digits < 10) {
		*ret_seconds = strtoll(text, NULL, 10) * seconds[unit - units];
		return 0;
	}
	if ((value->kind == VALUE_INTEGER || digits) && param_integer(value, ret_seconds, NULL) == 0 &&
		*ret_seconds >= 0)
		return 0;
	refuse(value, "a duration", err);
	return error_remedy(err, "write seconds (90) or with a unit: 90s, 2m, 1h, 1d");
}

/* [ugoa]*([-+=][rwxXst]*)+ between commas */
static bool symbolic_mode(const char *text)
{
	if (!*text)
		return false;
	for (;;) {
		text += strspn(text, "ugoa");
		if (!*text || !strchr("+-=", *text))
			return false;
		while (*text && strchr("+-=", *text))
			text += 1 + strspn(text + 1, "rwxXstugo");
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}

/* The digits of an octal mode as it was written, NULL if it isn't one. */
static const char *octal_digits(const struct value *value, const char *text)
{
	if (strncmp(text, "0o", 2) == 0)
		text += 2;
	else if (value->kind == VALUE_INTEGER && text[0] != '0')
		return NULL;
	if (strlen(text) < 3 || strlen(text) > 5 || text[strspn(text, "01234567")])
		return NULL;
	return text;
}

int param_mode(struct arena *arena, const struct value *value, const char **ret_mode,
	struct error *err)
{
	const char *text = written(value);
	const char *octal = text ? octal_digits(value, text) : NULL;
	unsigned long mode = octal ? strtoul(octal, NULL, 8) : 0;

	if (octal && mode <= 07777) {
		*ret_mode = arena_printf(arena, "0%03lo", mode);
		return 0;
	}
	if (value->kind == VALUE_STRING && symbolic_mode(text)) {
		*ret_mode = arena_string(arena, text);
		return 0;
	}
	if (value->kind == VALUE_INTEGER && text && !octal && text[strspn(text, "01234567")] == '\0') {
		error_at(err, TASK_INVALID_VALUE, value->place, "the mode %s is a decimal number here, not "
			"the octal 0%s", text, text);
		return error_remedy(err, "write 0%s", text);
	}
	refuse(value, "a file mode", err);
	return error_remedy(err, "write it in octal with a leading 0, as 0644, or as u=rw,g=r");
}
