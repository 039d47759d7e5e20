/* recap: what became of each host, as Ansible prints it, and one line about the whole. */
#include "report/state.h"

#include "base/quote.h"

#include <string.h>

static void print_host(const struct report *report, const struct host_report *host, int width)
{
	enum color color = host->failed || host->unreachable ? COLOR_RED : host->changed
		? COLOR_YELLOW : COLOR_GREEN;

	/* Ansible's line, which scripts look for; on a terminal that is too narrow for it, without the
	 * room for larger numbers and without a last count of 0. */
	bool narrow = report->options.live && live_width(report) < (unsigned)width
		+ (report->options.check ? 108 : 92);
	int room = narrow ? 1 : 4;

	fprintf(report->options.out, "%s%-*s%s : ok=%-*u changed=%-*u unreachable=%-*u failed=%-*u "
		"skipped=%-*u rescued=%-*u ignored=%u", color_on(report, color), width, host->name,
		color_off(report, color), room, host->ok, room, host->changed, room, host->unreachable,
		room, host->failed, room, host->skipped, room, host->rescued, host->ignored);
	if (report->options.check && (!narrow || host->may_change > 0))
		fprintf(report->options.out, "%*smay_change=%u", room, "", host->may_change);
	fputc('\n', report->options.out);
}

static struct report_totals totals_of(const struct report *report)
{
	struct report_totals totals = { .hosts = (unsigned)report->host_count };

	for (size_t i = 0; i < report->host_count; i++) {
		totals.ok += report->recap[i].ok;
		totals.changed += report->recap[i].changed;
		totals.may_change += report->recap[i].may_change;
		totals.failed += report->recap[i].failed > 0;
		totals.unreachable += report->recap[i].unreachable > 0;
	}
	return totals;
}

void report_orphans(struct report *report, const struct value *orphans)
{
	lost_print(report);
	if (orphans->count == 0)
		return;
	live_clear(report);
	if (!report->options.json)
		fprintf(report->options.out, "\n%sNO LONGER IN THE PLAYBOOK%s (--prune undoes it)\n",
			color_on(report, COLOR_BOLD), color_off(report, COLOR_BOLD));
	for (size_t i = 0; i < orphans->count; i++) {
		const char *name = value_key(orphans, i);
		const char *hosts = report_hosts(report, value_at(orphans, i));

		if (report->options.json)
			json_message(report, "orphan", hosts, name, NULL);
		else
			fprintf(report->options.out, "  %s: %s\n", hosts, report_shown(report, name,
				strlen(name), 0));
	}
}

struct report_totals report_recap(struct report *report)
{
	struct report_totals totals = totals_of(report);
	int64_t elapsed = report_clock() - report->start;
	int width = 0;

	live_clear(report);
	lost_print(report);
	if (report->options.json) {
		json_recap(report, &totals);
		return totals;
	}
	fprintf(report->options.out, "\n%sPLAY RECAP%s\n", color_on(report, COLOR_BOLD),
		color_off(report, COLOR_BOLD));
	for (size_t i = 0; i < report->host_count; i++) {
		int size = (int)strlen(report->recap[i].name);

		width = size > width ? size : width;
	}
	for (size_t i = 0; i < report->host_count; i++)
		print_host(report, &report->recap[i], width);
	fprintf(report->options.out, "%u host%s: %u %s", totals.hosts, totals.hosts == 1 ? "" : "s",
		totals.changed, !report->options.check ? "changed" : totals.changed == 1
		? "change to be made" : "changes to be made");
	if (report->options.check && totals.may_change > 0)
		fprintf(report->options.out, ", %u more may follow", totals.may_change);
	fprintf(report->options.out, ", %u failed, %u unreachable, in %lld.%lld s\n", totals.failed,
		totals.unreachable, (long long)(elapsed / 1000), (long long)(elapsed % 1000 / 100));
	fflush(report->options.out);
	return totals;
}
