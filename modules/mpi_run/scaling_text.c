/* scaling_text: the table of a scaling study, what it means in words, and a chart for the terminal. */
#include "modules/mpi_run/scaling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Shorter than this, a time is mostly start and chance. */
#define SECONDS_LEAST 0.05

enum { CHART_WIDTH = 56, CHART_HEIGHT = 16 };

/* --- Words */

static void write_limit(struct buffer *out, const struct scaling *scaling)
{
	double error = scaling->parallel_error;
	double low = 1 / (1 - scaling->parallel + error), high = 1 / (1 - scaling->parallel - error);

	if (isinf(scaling->limit)) {
		buffer_add_string(out, "no limit shows yet");
		return;
	}
	buffer_printf(out, "never more than 1 / (1 - P) = %.3g times as fast", scaling->limit);
	if (!isnan(error) && scaling->parallel + error < 1)
		buffer_printf(out, " (%.3g to %.3g)", low, high);
	else if (!isnan(error))
		buffer_printf(out, " (%.3g or more)", low);
}

static void write_laws(struct buffer *out, const struct scaling *scaling)
{
	unsigned most = scaling->points[scaling->count - 1].np;

	if (isnan(scaling->parallel)) {
		buffer_add_string(out, "Amdahl: one number of processes says nothing of it; compare two or more\n");
		return;
	}
	if (scaling->beyond) {
		buffer_printf(out, "Amdahl: no share P of parallel work fits: %s\n", scaling->parallel > 0.5 ?
			"more processes gain more than their number, as when data comes to fit into their caches" :
			"more processes make it slower");
		return;
	}
	buffer_printf(out, "Amdahl: P = %.4f", scaling->parallel);
	if (!isnan(scaling->parallel_error))
		buffer_printf(out, " ± %.4f", scaling->parallel_error);
	buffer_printf(out, " of the work is parallel%s: ", isnan(scaling->parallel_error) ?
		" (two points give no error; three do)" : "");
	write_limit(out, scaling);
	buffer_printf(out, "\nGustafson: %u processes do %.2f times the work in the same time, if the serial "
		"part doesn't grow with it\n", most, scaling_gustafson(scaling->parallel, most));
}

static void write_course(struct buffer *out, const struct scaling *scaling)
{
	double percent = 100 * scaling->fraction;

	if (scaling->fraction > 1) {
		buffer_add_string(out, "serial fraction: above 1: communication and waiting take longer than more "
			"processes save\n");
		return;
	}
	switch (scaling->course) {
	case COURSE_UNKNOWN:
		buffer_add_string(out, "serial fraction: its course needs two numbers of processes beside the "
			"first\n");
		break;
	case COURSE_NONE:
		buffer_add_string(out, "serial fraction: none that shows\n");
		break;
	case COURSE_FLAT:
		buffer_printf(out, "serial fraction: flat at %.2g %%: a part that only one process does bounds it, "
			"not the network\n", percent);
		break;
	case COURSE_RISING:
		buffer_add_string(out, "serial fraction: rising: what grows with the processes bounds it: "
			"communication, waiting for one another, or cores and memory that they share\n");
		break;
	case COURSE_FALLING:
		buffer_add_string(out, "serial fraction: falling: the smaller numbers of processes had a handicap "
			"that more of them lose, as data that outgrows their caches\n");
	}
}

static void write_doubts(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about)
{
	double least = INFINITY, spread = 0;

	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];

		least = fmin(least, point->median);
		spread = fmax(spread, (point->most - point->least) / point->median);
	}
	if (least < SECONDS_LEAST)
		buffer_printf(out, "doubt it: %.3g s is too short to measure; give it more to do\n", least);
	if (spread > 0.2)
		buffer_printf(out, "doubt it: equal runs differ by up to %.0f %%\n", 100 * spread);
	if (!about->said)
		buffer_add_string(out, "the times are mpirun's, with its start in them, as the program has no line "
			"'seconds: 1.25'\n");
	if (about->crowded)
		buffer_add_string(out, "there are more slots than cores: some processes share a core\n");
	if (scaling->points[0].np > 1)
		buffer_printf(out, "nothing was run with one process: the speedup of %u counts as %u\n",
			scaling->points[0].np, scaling->points[0].np);
}

void scaling_write_words(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about)
{
	write_laws(out, scaling);
	write_course(out, scaling);
	write_doubts(out, scaling, about);
}

/* --- The table */

static void write_table(struct buffer *out, const struct scaling *scaling)
{
	buffer_printf(out, "%6s %10s %21s %8s %10s %10s %8s %9s\n", "np", "seconds", "least..most", "speedup",
		"efficiency", "Karp-Flatt", "Amdahl", "Gustafson");
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];
		char range[64], fraction[32] = "-";

		snprintf(range, sizeof(range), "%.4g..%.4g", point->least, point->most);
		if (!isnan(point->fraction))
			snprintf(fraction, sizeof(fraction), "%.4f", point->fraction);
		buffer_printf(out, "%6u %10.4g %21s %8.2f %8.0f %% %10s", point->np, point->median, range,
			point->speedup, 100 * point->efficiency, fraction);
		if (isnan(scaling->parallel))
			buffer_printf(out, " %8s %9s\n", "-", "-");
		else
			buffer_printf(out, " %8.2f %9.2f\n", point->amdahl, point->gustafson);
	}
}

/* --- The chart */

struct chart {
	char cells[CHART_HEIGHT][CHART_WIDTH + 1];
	double most;                     /* of processes, and of speedup: at the right and at the top */
};

static void draw(struct chart *chart, double np, double speedup, char mark)
{
	double column = (np - 1) / fmax(chart->most - 1, 1) * (CHART_WIDTH - 1);
	double row = (1 - speedup / chart->most) * (CHART_HEIGHT - 1);

	if (column >= 0 && column < CHART_WIDTH && row > -0.5 && row < CHART_HEIGHT - 0.5)
		chart->cells[(int)(row + 0.5)][(int)(column + 0.5)] = mark;
}

static void draw_curve(struct chart *chart, const struct scaling *scaling, char mark)
{
	for (int column = 0; column < CHART_WIDTH; column++) {
		double np = 1 + (chart->most - 1) * column / (CHART_WIDTH - 1);

		if (mark == '.')
			draw(chart, np, np, mark);
		else if (!isnan(scaling->parallel))
			draw(chart, np, scaling_amdahl(scaling->parallel, np), mark);
	}
}

static void write_chart(struct buffer *out, const struct scaling *scaling)
{
	struct chart chart = { .most = scaling->points[scaling->count - 1].np };
	char most[16];

	if (chart.most < 2)
		return;
	for (int row = 0; row < CHART_HEIGHT; row++)
		memset(chart.cells[row], ' ', CHART_WIDTH);
	draw_curve(&chart, scaling, '.');
	draw_curve(&chart, scaling, '-');
	for (size_t i = 0; i < scaling->count; i++)
		draw(&chart, scaling->points[i].np, scaling->points[i].speedup, 'o');
	buffer_add_string(out, "speedup: o measured, - Amdahl's law fitted, . ideal\n");
	for (int row = 0; row < CHART_HEIGHT; row++) {
		double speedup = chart.most * (1 - (double)row / (CHART_HEIGHT - 1));
		int size = CHART_WIDTH;

		while (size > 0 && chart.cells[row][size - 1] == ' ')
			size--;
		if (row % 5 == 0)
			buffer_printf(out, "%6.3g |%.*s\n", speedup, size, chart.cells[row]);
		else
			buffer_printf(out, "%6s |%.*s\n", "", size, chart.cells[row]);
	}
	snprintf(most, sizeof(most), "%.0f processes", chart.most);
	buffer_printf(out, "%6s +", "");
	for (int i = 0; i < CHART_WIDTH; i++)
		buffer_add_char(out, '-');
	buffer_printf(out, "\n%8s1%*s\n", "", CHART_WIDTH - 1, most);
}

void scaling_write_text(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about)
{
	buffer_printf(out, "%s: %zu run%s with each number of processes, %s\n", about->name, about->runs,
		about->runs == 1 ? "" : "s", about->runs == 1 ? "one measurement each" : "medians");
	write_table(out, scaling);
	scaling_write_words(out, scaling, about);
	write_chart(out, scaling);
}
