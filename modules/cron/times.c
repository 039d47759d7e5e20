/* times: when a job runs, as crontab(5) has it.
 *
 * What Debian's cron reads otherwise than it looks is refused, too: of "5/10" it only sees the 5. */
#include "modules/cron/cron.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct field {
	const char *name;
	int least, most;
	const char *const *words;    /* for the numbers from least on; NULL: none */
};

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
	"oct", "nov", "dec", NULL };
static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

static const struct field fields[] = {
	{ "minute", 0, 59, NULL }, { "hour", 0, 23, NULL }, { "day", 1, 31, NULL },
	{ "month", 1, 12, months }, { "weekday", 0, 7, days },
};

/* -1: it is no number of this field. */
static int take(const struct field *field, const char **at)
{
	size_t size = strspn(*at, "0123456789");
	int number = size > 0 && size < 5 ? (int)strtol(*at, NULL, 10) : -1;

	for (int i = 0; size == 0 && field->words && field->words[i]; i++) {
		if (strncasecmp(*at, field->words[i], 3) == 0) {
			*at += 3;
			return field->least + i;
		}
	}
	*at += size;
	return number >= field->least && number <= field->most ? number : -1;
}

static bool take_range(const struct field *field, const char **at)
{
	int from, to;

	if (**at == '*') {
		(*at)++;
	} else {
		from = take(field, at);
		if (from < 0)
			return false;
		if (**at != '-')
			return true;
		(*at)++;
		to = take(field, at);
		if (to < from)
			return false;
	}
	if (**at != '/')
		return true;
	(*at)++;
	from = (int)strspn(*at, "0123456789");
	to = from > 0 && from < 5 ? (int)strtol(*at, NULL, 10) : 0;
	*at += from;
	return to > 0;
}

static bool is_times(const struct field *field, const char *text)
{
	for (;;) {
		if (!take_range(field, &text))
			return false;
		if (*text != ',')
			return *text == '\0';
		text++;
	}
}

int cron_check_times(const struct value *params, struct error *err)
{
	const struct value *special = value_get(params, "special_time");

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const struct value *value = value_get(params, fields[i].name);

		if (!value_text(value))
			continue;
		if (special && strcmp(value->text, "*") != 0)
			return error_at(err, TASK_CONFLICTING_PARAMETERS, value->place, "'special_time' and '%s' "
				"exclude each other", fields[i].name);
		if (is_times(&fields[i], value->text))
			continue;
		error_at(err, TASK_INVALID_VALUE, value->place, "'%s' is not a %s of a crontab", value->text,
			fields[i].name);
		return error_remedy(err, "numbers from %d to %d, ranges like %d-%d, *, steps like */2, with "
			"commas between them", fields[i].least, fields[i].most, fields[i].least + 1,
			fields[i].least + 3);
	}
	return 0;
}
