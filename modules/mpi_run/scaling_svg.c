/* scaling_svg: a scaling study as one page of SVG: charts, words, the table, the machines.
 *
 * Own code, as it is a few lines and rectangles: no library of the machine has to draw it. */
#include "modules/mpi_run/scaling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_WIDTH = 900, MARGIN = 40, LINE = 19, WORDS_WIDTH = 118, CHART_TOP = 90, CHART_SIZE = 330 };

#define MEASURED "#b3261e"
#define FITTED "#1d5fa8"
#define GUSTAFSON "#4b7f2c"
#define IDEAL "#777777"

/* --- Text */

static void add_escaped(struct buffer *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '<')
			buffer_add_string(out, "&lt;");
		else if (c == '>')
			buffer_add_string(out, "&gt;");
		else if (c == '&')
			buffer_add_string(out, "&amp;");
		else
			buffer_add_char(out, c < ' ' || c == 127 ? ' ' : (char)c);
	}
}

static void write_words(struct buffer *out, double x, double y, const char *style, const char *text,
	size_t size)
{
	buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
	add_escaped(out, text, size);
	buffer_add_string(out, "</text>\n");
}

static void write_text(struct buffer *out, double x, double y, const char *style, const char *text)
{
	write_words(out, x, y, style, text, strlen(text));
}

/* Bytes of its first line: broken at a blank, if there is one. */
static size_t line_of(const char *text, size_t size)
{
	size_t most = size < WORDS_WIDTH ? size : WORDS_WIDTH, at = most;

	if (size <= WORDS_WIDTH)
		return size;
	while (at > 0 && text[at] != ' ')
		at--;
	return at > 0 ? at : most;
}

/* Returns where the next line goes. */
static double write_lines(struct buffer *out, double y, const char *text)
{
	while (*text) {
		size_t size = strcspn(text, "\n");

		for (size_t at = 0; at < size;) {
			size_t length = line_of(text + at, size - at);

			write_words(out, at ? MARGIN + 16 : MARGIN, y, "class=\"t\"", text + at, length);
			at += length + (at + length < size && text[at + length] == ' ');
			y += LINE;
		}
		text += size + (text[size] == '\n');
	}
	return y;
}

/* --- Charts */

struct chart {
	double left, width;              /* in the page; all have the same top and height */
	double right;                    /* processes at the right end; 1 is at the left */
	double bottom, top;              /* values at both ends */
};

static double x_of(const struct chart *chart, double np)
{
	return chart->left + (np - 1) / fmax(chart->right - 1, 1) * chart->width;
}

static double y_of(const struct chart *chart, double value)
{
	return CHART_TOP + CHART_SIZE - (value - chart->bottom) / (chart->top - chart->bottom) * CHART_SIZE;
}

/* 1, 2 or 5 times a power of ten, so that there are at most count steps in it. */
static double step_of(double range, int count)
{
	double step = pow(10, floor(log10(range / count)));

	if (range / step > 5 * count)
		return 10 * step;
	if (range / step > 2 * count)
		return 5 * step;
	return range / step > count ? 2 * step : step;
}

static void write_grid(struct buffer *out, const struct chart *chart, const struct scaling *scaling,
	const char *title)
{
	double step = step_of(chart->top - chart->bottom, 8), last = -INFINITY;
	char text[32];

	write_text(out, chart->left, CHART_TOP - 14, "class=\"h\"", title);
	for (double value = ceil(chart->bottom / step) * step; value <= chart->top + step / 100; value += step) {
		double y = y_of(chart, value);

		buffer_printf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
			chart->left, chart->left + chart->width, y, y, fabs(value) < step / 100 ? "#555" : "#ddd");
		snprintf(text, sizeof(text), "%.4g", fabs(value) < step / 100 ? 0 : value);
		write_text(out, chart->left - 6, y + 4, "class=\"s\" text-anchor=\"end\"", text);
	}
	for (size_t i = 0; i < scaling->count; i++) {
		double x = x_of(chart, scaling->points[i].np);

		if (x - last < 24)
			continue;
		last = x;
		snprintf(text, sizeof(text), "%u", scaling->points[i].np);
		write_text(out, x, CHART_TOP + CHART_SIZE + 18, "class=\"s\" text-anchor=\"middle\"", text);
	}
	write_text(out, chart->left + chart->width / 2, CHART_TOP + CHART_SIZE + 36,
		"class=\"s\" text-anchor=\"middle\"", "processes");
}

static void write_point(struct buffer *out, const struct chart *chart, double np, double value, double low,
	double high)
{
	double x = x_of(chart, np);

	buffer_printf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"" MEASURED "\"/>\n", x,
		x, y_of(chart, low), y_of(chart, high));
	buffer_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"" MEASURED "\"/>\n", x,
		y_of(chart, value));
}

enum law { LAW_IDEAL, LAW_AMDAHL, LAW_GUSTAFSON };

static double speedup_by(enum law law, double parallel, double np)
{
	switch (law) {
	case LAW_AMDAHL:
		return scaling_amdahl(parallel, np);
	case LAW_GUSTAFSON:
		return scaling_gustafson(parallel, np);
	case LAW_IDEAL:
		break;
	}
	return np;
}

static void write_law(struct buffer *out, const struct chart *chart, const struct scaling *scaling,
	enum law law, const char *name, int row)
{
	static const char *const strokes[] = { IDEAL "\" stroke-dasharray=\"2 4", FITTED,
		GUSTAFSON "\" stroke-dasharray=\"7 4" };
	double y = CHART_TOP + 16 + 18 * row;

	buffer_printf(out, "<polyline fill=\"none\" stroke-width=\"1.6\" stroke=\"%s\" points=\"", strokes[law]);
	for (int i = 0; i <= 60; i++) {
		double np = 1 + (chart->right - 1) * i / 60;

		buffer_printf(out, "%.1f,%.1f ", x_of(chart, np),
			y_of(chart, speedup_by(law, scaling->parallel, np)));
	}
	buffer_printf(out, "\"/>\n<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke-width=\"1.6\" "
		"stroke=\"%s\"/>\n", chart->left + 12, chart->left + 40, y - 4, y - 4, strokes[law]);
	write_text(out, chart->left + 46, y, "class=\"s\"", name);
}

static void write_speedups(struct buffer *out, const struct scaling *scaling)
{
	struct chart chart = { .left = MARGIN + 20, .width = 440,
		.right = scaling->points[scaling->count - 1].np };

	chart.top = chart.right * 1.04;
	for (size_t i = 0; i < scaling->count; i++)
		chart.top = fmax(chart.top, scaling->points[i].speedup * 1.1);
	write_grid(out, &chart, scaling, "speedup");
	write_law(out, &chart, scaling, LAW_IDEAL, "ideal", 0);
	if (!isnan(scaling->parallel)) {
		write_law(out, &chart, scaling, LAW_AMDAHL, "Amdahl's law, fitted", 1);
		write_law(out, &chart, scaling, LAW_GUSTAFSON, "Gustafson's, of the same P", 2);
	}
	buffer_printf(out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"4\" fill=\"" MEASURED "\"/>\n", chart.left + 26,
		CHART_TOP + 66);
	write_text(out, chart.left + 46, CHART_TOP + 70, "class=\"s\"", "measured, median and range");
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];

		write_point(out, &chart, point->np, point->speedup, point->speedup * point->median / point->most,
			point->speedup * point->median / point->least);
	}
}

static void write_fractions(struct buffer *out, const struct scaling *scaling)
{
	struct chart chart = { .left = 590, .width = 260, .right = scaling->points[scaling->count - 1].np,
		.top = 0.001 };

	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];

		if (isnan(point->fraction))
			continue;
		chart.top = fmax(chart.top, 1.1 * (point->fraction + point->fraction_noise));
		chart.bottom = fmin(chart.bottom, 1.1 * (point->fraction - point->fraction_noise));
	}
	write_grid(out, &chart, scaling, "serial fraction (Karp–Flatt)");
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];

		if (!isnan(point->fraction))
			write_point(out, &chart, point->np, point->fraction, point->fraction - point->fraction_noise,
				point->fraction + point->fraction_noise);
	}
}

/* --- The page */

static double write_table(struct buffer *out, const struct scaling *scaling, double y)
{
	static const char *const heads[] = { "np", "seconds", "least", "most", "speedup", "efficiency",
		"Karp–Flatt", "Amdahl", "Gustafson" };
	enum { COLUMNS = sizeof(heads) / sizeof(*heads), COLUMN = 90 };
	char text[32];

	for (int i = 0; i < COLUMNS; i++)
		write_text(out, MARGIN + 40 + COLUMN * i, y, "class=\"th\" text-anchor=\"end\"", heads[i]);
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];
		const double numbers[COLUMNS] = { point->np, point->median, point->least, point->most, point->speedup,
			100 * point->efficiency, point->fraction, point->amdahl, point->gustafson };

		y += LINE;
		for (int k = 0; k < COLUMNS; k++) {
			snprintf(text, sizeof(text), k == 5 ? "%.0f %%" : k == 0 ? "%.0f" : "%.4g", numbers[k]);
			write_text(out, MARGIN + 40 + COLUMN * k, y, "class=\"t\" text-anchor=\"end\"",
				isnan(numbers[k]) ? "–" : text);
		}
	}
	return y + 2 * LINE;
}

void scaling_write_svg(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about)
{
	struct buffer page = { 0 }, words = { 0 }, title = { 0 };
	double y = CHART_TOP + CHART_SIZE + 76;

	buffer_printf(&title, "%s on 1 to %u processes", about->name, scaling->points[scaling->count - 1].np);
	write_text(&page, MARGIN, 42, "class=\"title\"", title.data);
	write_speedups(&page, scaling);
	write_fractions(&page, scaling);
	scaling_write_words(&words, scaling, about);
	y = write_lines(&page, y, words.data) + LINE / 2.0;
	y = write_table(&page, scaling, y);
	for (size_t i = 0; i < about->line_count; i++)
		y = write_lines(&page, y, about->lines[i]);
	buffer_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
		"viewBox=\"0 0 %d %.0f\" font-family=\"sans-serif\" font-size=\"14\">\n<title>", PAGE_WIDTH, y + 12,
		PAGE_WIDTH, y + 12);
	add_escaped(out, title.data, title.size);
	buffer_add_string(out, "</title>\n<style>.title{font-size:22px;font-weight:bold}.h{font-weight:bold}"
		".s{font-size:12px}.t{font-size:13px}.th{font-size:13px;font-weight:bold}</style>\n"
		"<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
	buffer_add(out, page.data, page.size);
	buffer_add_string(out, "</svg>\n");
	buffer_free(&page);
	buffer_free(&words);
	buffer_free(&title);
}
