/* others: hosts outside the limit: what would change there, and which of them weren't asked. */
#include "report/state.h"

#include "base/quote.h"

#include <string.h>

/* Texts, each with the hosts of which it holds, in the order in which they came. */
static void add_host(struct report *report, struct value *lines, const char *line,
	const char *host)
{
	struct value *hosts = value_get(lines, line);

	if (!hosts) {
		hosts = value_list(report->arena);
		value_set(report->arena, lines, line, hosts);
	}
	value_append(report->arena, hosts, value_string(report->arena, host));
}

static const char *joined(struct report *report, const struct value *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->count; i++)
		text = arena_printf(report->arena, "%s%s%s", text, i ? ", " : "",
			value_text(value_item(list, i)));
	return text;
}

static void print_lines(struct report *report, const struct value *lines, const char *event,
	const char *before)
{
	for (size_t i = 0; i < lines->count; i++) {
		const char *hosts = report_hosts(report, value_at(lines, i));
		const char *line = value_key(lines, i);

		if (report->options.json)
			json_message(report, event, hosts, line, NULL);
		else
			fprintf(report->options.out, "%s%s: %s\n", before, hosts,
				report_shown(report, line, strlen(line), 0));
	}
}

void report_others(struct report *report, const struct value *affected,
	const struct value *missed)
{
	struct value *would = value_map(report->arena), *why = value_map(report->arena);

	for (size_t i = 0; i < affected->count; i++)
		add_host(report, would, joined(report, value_at(affected, i)), value_key(affected, i));
	for (size_t i = 0; i < missed->count; i++)
		add_host(report, why, value_text(value_at(missed, i)), value_key(missed, i));
	live_clear(report);
	if (would->count > 0 && !report->options.json)
		fprintf(report->options.out, "\n%sother hosts would change, too%s (%s)\n",
			color_on(report, COLOR_BOLD), color_off(report, COLOR_BOLD),
			report->options.with_affected ? "they come next" : "--with-affected does them, too");
	print_lines(report, would, "would_change_too", "  ");
	if (why->count > 0 && would->count == 0 && !report->options.json)
		fputc('\n', report->options.out);
	print_lines(report, why, "not_asked", "not checked: ");
}
