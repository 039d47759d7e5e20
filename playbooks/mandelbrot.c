/* mandelbrot: the Mandelbrot set; who is done with a row gets the next one, as rows differ in what they cost.
 *
 *     mandelbrot SIZE STEPS [PICTURE.png]
 *
 * The first process gives out the rows, and does some itself in between. The set's area is known
 * (1.5065918849, by Förstemann 2012), and both halves are the same. Ends with 1, and says what came out,
 * where that isn't so. */
#include <math.h>
#include <mpi.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double known_area = 1.5065918849;

/* What is looked at, -2.1 to 0.6 across, as much up and down: all of the set is in it. */
static const double left = -2.1, width = 2.7;

enum { TAG_ROW = 1, TAG_RESULT, NO_ROW = -1 };

struct plane {
	int size, steps;
	/* Of the first process: */
	int *rows;                           /* after how many steps each point leaves; steps: never */
	int missing, next;                   /* rows that aren't there yet; the next one to give out */
};

static int leaves_after(double x, double y, int steps)
{
	double a = 0, b = 0;
	int i;

	for (i = 0; i < steps && a * a + b * b <= 4; i++) {
		double real = a * a - b * b + x;

		b = 2 * a * b + y;
		a = real;
	}
	return i;
}

/* row[0] says which it is. Rows lie on both sides of 0, exactly as far away. */
static void fill_row(const struct plane *plane, int number, int *row)
{
	double y = (2 * number + 1 - plane->size) * (width / 2 / plane->size);

	row[0] = number;
	for (int i = 0; i < plane->size; i++)
		row[1 + i] = leaves_after(left + (i + 0.5) / plane->size * width, y, plane->steps);
}

/* --- The first process */

static void take_row(struct plane *plane, const int *row)
{
	if (row[0] < 0 || row[0] >= plane->size)
		return;
	memcpy(plane->rows + (size_t)row[0] * (size_t)plane->size, row + 1, (size_t)plane->size * sizeof(*row));
	plane->missing--;
}

/* Takes what another process has done, if it has, and gives it more to do. Whether there was nothing more. */
static int serve(struct plane *plane, int *row, int wait)
{
	MPI_Status from;
	int there = wait, next;

	if (!wait)
		MPI_Iprobe(MPI_ANY_SOURCE, TAG_RESULT, MPI_COMM_WORLD, &there, &from);
	if (!there)
		return 0;
	MPI_Recv(row, plane->size + 1, MPI_INT, MPI_ANY_SOURCE, TAG_RESULT, MPI_COMM_WORLD, &from);
	take_row(plane, row);
	next = plane->next < plane->size ? plane->next++ : NO_ROW;
	MPI_Send(&next, 1, MPI_INT, from.MPI_SOURCE, TAG_ROW, MPI_COMM_WORLD);
	return next == NO_ROW;
}

static void give_out(struct plane *plane, int others, int *row)
{
	while (others > 0 || plane->next < plane->size) {
		int work = plane->next < plane->size;

		others -= serve(plane, row, !work);
		if (work && plane->next < plane->size) {
			fill_row(plane, plane->next++, row);
			take_row(plane, row);
		}
	}
}

/* --- The others */

static void work(const struct plane *plane, int *row)
{
	int next = NO_ROW;

	row[0] = NO_ROW;
	do {
		MPI_Send(row, plane->size + 1, MPI_INT, 0, TAG_RESULT, MPI_COMM_WORLD);
		MPI_Recv(&next, 1, MPI_INT, 0, TAG_ROW, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		if (next != NO_ROW)
			fill_row(plane, next, row);
	} while (next != NO_ROW);
}

/* --- What came out */

static int is_wrong(const struct plane *plane)
{
	long inside = 0, differ = 0;
	double area, cell = width / plane->size;

	for (int y = 0; y < plane->size; y++) {
		for (int x = 0; x < plane->size; x++) {
			int here = plane->rows[(long)y * plane->size + x];

			inside += here == plane->steps;
			differ += here != plane->rows[(long)(plane->size - 1 - y) * plane->size + x];
		}
	}
	area = (double)inside * cell * cell;
	printf("area %.4f, known is %.4f; %ld points differ between both halves; %d rows are missing\n", area,
		known_area, differ, plane->missing);
	/* Points on the border stay longer than the steps, or lie on the other side by half a cell. */
	return !(fabs(area - known_area) < 8.0 / plane->steps + 3 * cell * cell + 0.2 * cell) ||
		differ > 0 || plane->missing > 0;
}

static void colour(const struct plane *plane, int leaves, unsigned char *pixel)
{
	double shade = leaves >= plane->steps ? 0 : log1p(leaves) / log1p(plane->steps);

	pixel[0] = (unsigned char)(255 * fmin(1, 3 * shade * shade));
	pixel[1] = (unsigned char)(255 * fmin(1, 1.6 * shade));
	pixel[2] = (unsigned char)(leaves >= plane->steps ? 0 : 70 + 185 * shade);
}

static int draw(const struct plane *plane, const char *path)
{
	size_t points = (size_t)plane->size * (size_t)plane->size;
	png_image image = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)plane->size,
		.height = (png_uint_32)plane->size, .format = PNG_FORMAT_RGB };
	unsigned char *pixels = malloc(3 * points);
	int done;

	if (!pixels)
		MPI_Abort(MPI_COMM_WORLD, 3);
	for (size_t i = 0; i < points; i++)
		colour(plane, plane->rows[i], pixels + 3 * i);
	done = png_image_write_to_file(&image, path, 0, pixels, 0, NULL);
	if (!done)
		fprintf(stderr, "cannot write '%s': %s\n", path, image.message);
	free(pixels);
	return !done;
}

static int run(int size, int steps, const char *path)
{
	struct plane plane = { .size = size, .steps = steps, .missing = size };
	int count, rank, wrong = 0, *row = calloc((size_t)size + 1, sizeof(*row));
	double start, seconds;

	MPI_Comm_size(MPI_COMM_WORLD, &count);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (rank == 0)
		plane.rows = calloc((size_t)size * (size_t)size, sizeof(*plane.rows));
	if (!row || (rank == 0 && !plane.rows))
		MPI_Abort(MPI_COMM_WORLD, 3);
	MPI_Barrier(MPI_COMM_WORLD);
	start = MPI_Wtime();
	if (rank == 0)
		give_out(&plane, count - 1, row);
	else
		work(&plane, row);
	MPI_Barrier(MPI_COMM_WORLD);
	seconds = MPI_Wtime() - start;
	if (rank == 0) {
		wrong = is_wrong(&plane);
		if (wrong)
			printf("this is wrong\n");
		if (path && draw(&plane, path))
			wrong = 1;
		printf("seconds: %.6f\n", seconds);
	}
	free(plane.rows);
	free(row);
	return wrong;
}

int main(int argc, char **argv)
{
	int size = argc > 2 ? atoi(argv[1]) : 0, steps = argc > 2 ? atoi(argv[2]) : 0, rank, result = 2;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (size >= 8 && size <= 20000 && steps >= 8)
		result = run(size, steps, argc > 3 ? argv[3] : NULL);
	else if (rank == 0)
		fprintf(stderr, "usage: mandelbrot SIZE STEPS [PICTURE.png], with a SIZE of 8 to 20000 and 8 STEPS "
			"or more\n");
	MPI_Finalize();
	return result;
}
