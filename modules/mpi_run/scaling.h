/* scaling: how a program's time goes with the number of its processes, and what bounds it.
 *
 * Sources: Amdahl 1967 (T(n) = T(1)·((1 − P) + P/n)), Gustafson 1988 (speedup n − (1 − P)·(n − 1) where the
 * work grows with n), Karp and Flatt 1990 (e = (1/S − 1/n) / (1 − 1/n), the serial fraction that a speedup
 * S on n processes would mean). */
#ifndef MODULES_MPI_SCALING_H
#define MODULES_MPI_SCALING_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* What was measured with np processes; seconds are sorted by scaling_study. */
struct scaling_point {
	unsigned np;
	double *seconds;
	size_t count;                    /* at least 1 */
	/* made by scaling_study */
	double median, least, most;      /* of the seconds */
	double speedup;                  /* against the first point, which counts as its np */
	double efficiency;               /* speedup / np */
	double fraction;                 /* Karp–Flatt's e; NAN for one process */
	double fraction_noise;           /* half of what e varies by between least and most */
	double amdahl, gustafson;        /* the speedups that the fitted P gives */
};

/* How the serial fraction goes as processes are added. */
enum scaling_course { COURSE_UNKNOWN, COURSE_NONE, COURSE_FLAT, COURSE_RISING, COURSE_FALLING };

struct scaling {
	struct scaling_point *points;    /* by np, ascending */
	size_t count;
	double parallel;                 /* P of Amdahl's law, from 0 to 1; NAN: fewer than two points */
	double parallel_error;           /* its standard error; NAN: fewer than three points */
	bool beyond;                     /* the fit alone would be outside 0 to 1 */
	double limit;                    /* 1 / (1 − P); INFINITY for P = 1 */
	enum scaling_course course;
	double fraction;                 /* median of e; NAN: none */
};

/* From points with np, seconds and count; ascending, no np twice. */
void scaling_study(struct arena *arena, struct scaling *scaling);

/* The speedup of Amdahl's law, and of Gustafson's. */
double scaling_amdahl(double parallel, double np);
double scaling_gustafson(double parallel, double np);

/* Whose measurement it is: for people. */
struct scaling_about {
	const char *name;                /* of the program */
	const char *const *lines;        /* about the job and its machines */
	size_t line_count;
	size_t runs;
	bool said;                       /* the program says its time itself; else it is mpirun's */
	bool crowded;                    /* more processes than cores somewhere */
};

/* scaling_text.c: the table, what it means in words, and a chart of 64 columns. */
void scaling_write_text(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about);
/* What bounds the program, a line each: Amdahl, Gustafson, the course of the fraction, what to doubt. */
void scaling_write_words(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about);
/* scaling_svg.c: one page: both charts, the words, the table, the machines. */
void scaling_write_svg(struct buffer *out, const struct scaling *scaling,
	const struct scaling_about *about);

#endif
