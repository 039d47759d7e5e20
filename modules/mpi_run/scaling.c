/* scaling: from times to speedup, efficiency and serial fraction, and Amdahl's law fitted to them. */
#include "modules/mpi_run/scaling.h"

#include <math.h>
#include <stdlib.h>

/* A serial fraction below it is none that times show. */
#define FRACTION_LEAST 0.002

double scaling_amdahl(double parallel, double np)
{
	return 1 / ((1 - parallel) + parallel / np);
}

double scaling_gustafson(double parallel, double np)
{
	return np - (1 - parallel) * (np - 1);
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double median_of(double *numbers, size_t count)
{
	qsort(numbers, count, sizeof(*numbers), by_size);
	return count % 2 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

/* --- Each point */

static double fraction_of(double speedup, double np)
{
	return (1 / speedup - 1 / np) / (1 - 1 / np);
}

static void study_point(struct scaling_point *point, const struct scaling_point *first)
{
	double np = point->np;

	point->speedup = first->np * first->median / point->median;
	point->efficiency = point->speedup / np;
	point->fraction = NAN;
	point->fraction_noise = 0;
	if (np <= first->np || np < 2)
		return;
	point->fraction = fraction_of(point->speedup, np);
	point->fraction_noise = (fraction_of(first->np * first->least / point->most, np) -
		fraction_of(first->np * first->most / point->least, np)) / 2;
}

/* --- Amdahl's law
 *
 * T(n) = a + b/n, by least squares on relative errors, as noise of times is relative; P = b / (a + b). */
struct line {
	double a, b;
	double aa, ab, bb;       /* their variances; NAN where two points leave nothing to judge by */
};

static struct line fit(const struct scaling *scaling)
{
	double w = 0, wx = 0, wxx = 0, wy = 0, wxy = 0, residual = 0, determinant, variance;
	struct line line;

	for (size_t i = 0; i < scaling->count; i++) {
		double x = 1.0 / scaling->points[i].np, y = scaling->points[i].median, weight = 1 / (y * y);

		w += weight;
		wx += weight * x;
		wxx += weight * x * x;
		wy += weight * y;
		wxy += weight * x * y;
	}
	determinant = w * wxx - wx * wx;
	line.b = (w * wxy - wx * wy) / determinant;
	line.a = (wy - line.b * wx) / w;
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_point *point = &scaling->points[i];
		double off = (line.a + line.b / point->np) / point->median - 1;

		residual += off * off;
	}
	variance = scaling->count > 2 ? residual / (double)(scaling->count - 2) : NAN;
	line.aa = variance * wxx / determinant;
	line.bb = variance * w / determinant;
	line.ab = -variance * wx / determinant;
	return line;
}

static void study_amdahl(struct scaling *scaling)
{
	struct line line = fit(scaling);
	double sum = line.a + line.b, to_a = -line.b / (sum * sum), to_b = line.a / (sum * sum);
	double parallel = line.b / sum;

	scaling->parallel_error = sqrt(fmax(0, to_a * to_a * line.aa + 2 * to_a * to_b * line.ab +
		to_b * to_b * line.bb));
	if (isnan(line.aa))
		scaling->parallel_error = NAN;
	/* With few processes no sum of both is negative or 0 but where more of them take much longer. */
	if (!isfinite(parallel) || sum <= 0)
		parallel = 0;
	scaling->beyond = parallel < -1e-9 || parallel > 1 + 1e-9;
	scaling->parallel = fmin(1, fmax(0, parallel));
	scaling->limit = scaling->parallel < 1 ? 1 / (1 - scaling->parallel) : INFINITY;
}

/* --- The course of the serial fraction */

/* From the first to the last of at least two; by more than the times vary. */
static void study_course(struct arena *arena, struct scaling *scaling)
{
	double *fractions = arena_array(arena, scaling->count, sizeof(*fractions));
	const struct scaling_point *first = NULL, *last = NULL;
	double change, noise;
	size_t count = 0;

	for (size_t i = 0; i < scaling->count; i++) {
		if (isnan(scaling->points[i].fraction))
			continue;
		last = &scaling->points[i];
		first = first ? first : last;
		fractions[count++] = last->fraction;
	}
	scaling->course = COURSE_UNKNOWN;
	scaling->fraction = count > 0 ? median_of(fractions, count) : NAN;
	if (count < 2)
		return;
	change = last->fraction - first->fraction;
	noise = fmax(first->fraction_noise + last->fraction_noise, 0.1 * fabs(scaling->fraction));
	if (fabs(change) > fmax(noise, FRACTION_LEAST))
		scaling->course = change > 0 ? COURSE_RISING : COURSE_FALLING;
	else
		scaling->course = fabs(scaling->fraction) < FRACTION_LEAST ? COURSE_NONE : COURSE_FLAT;
}

void scaling_study(struct arena *arena, struct scaling *scaling)
{
	for (size_t i = 0; i < scaling->count; i++) {
		struct scaling_point *point = &scaling->points[i];

		point->median = median_of(point->seconds, point->count);
		point->least = point->seconds[0];
		point->most = point->seconds[point->count - 1];
		study_point(point, &scaling->points[0]);
	}
	scaling->parallel = scaling->parallel_error = scaling->limit = NAN;
	scaling->beyond = false;
	if (scaling->count > 1)
		study_amdahl(scaling);
	for (size_t i = 0; i < scaling->count; i++) {
		struct scaling_point *point = &scaling->points[i];

		point->amdahl = scaling_amdahl(scaling->parallel, point->np);
		point->gustafson = scaling_gustafson(scaling->parallel, point->np);
	}
	study_course(arena, scaling);
}
