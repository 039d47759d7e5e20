/* heat: how warmth spreads on a plate whose edges are kept cold; each process has a part of the plate.
 *
 *     heat SIZE STEPS [PICTURE.png]
 *
 * Each point takes after its four neighbours; those of other processes come from there before each step
 * (halo exchange). The plate begins with a few waves; each of them fades by a factor a step that is known
 * exactly, so that the end is known, too. Ends with 1, and says by how much a point is off, where one is. */
#include <math.h>
#include <mpi.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double rate = 0.24;         /* of what a neighbour gives in a step; stable below 0.25 */

/* How high each is, and its half waves across and down the plate. */
static const struct wave {
	double height;
	int across, down;
} waves[] = { { 1, 1, 1 }, { 0.7, 3, 2 }, { 0.5, 2, 5 }, { 0.4, 7, 6 } };
enum { WAVES = sizeof(waves) / sizeof(*waves) };

struct part {
	int size;                            /* of the plate: points each way, without its edges */
	int left, top, width, height;        /* this process's part of it */
	MPI_Comm grid;
	MPI_Datatype column;
	double *now, *next;                  /* with a halo of one point around */
};

static int first_of(int part, int parts, int size)
{
	return (int)((long)size * part / parts);
}

static double *at(const struct part *part, double *points, int x, int y)
{
	return points + (long)(y + 1) * (part->width + 2) + x + 1;
}

/* The plate after so many steps. */
static double known(const struct part *part, int x, int y, int steps)
{
	double sum = 0, unit = pi / (part->size + 1);

	for (int i = 0; i < WAVES; i++) {
		double across = sin(waves[i].across * unit / 2), down = sin(waves[i].down * unit / 2);

		sum += waves[i].height * sin(waves[i].across * unit * (part->left + x + 1)) *
			sin(waves[i].down * unit * (part->top + y + 1)) *
			pow(1 - 4 * rate * (across * across + down * down), steps);
	}
	return sum;
}

static struct part part_new(int size)
{
	struct part part = { .size = size };
	int count, rank, shape[2] = { 0, 0 }, round[2] = { 0, 0 }, place[2];

	MPI_Comm_size(MPI_COMM_WORLD, &count);
	MPI_Dims_create(count, 2, shape);
	MPI_Cart_create(MPI_COMM_WORLD, 2, shape, round, 0, &part.grid);
	MPI_Comm_rank(part.grid, &rank);
	MPI_Cart_coords(part.grid, rank, 2, place);
	part.top = first_of(place[0], shape[0], size);
	part.height = first_of(place[0] + 1, shape[0], size) - part.top;
	part.left = first_of(place[1], shape[1], size);
	part.width = first_of(place[1] + 1, shape[1], size) - part.left;
	MPI_Type_vector(part.height, 1, part.width + 2, MPI_DOUBLE, &part.column);
	MPI_Type_commit(&part.column);
	part.now = calloc((size_t)(part.width + 2) * (size_t)(part.height + 2), sizeof(double));
	part.next = calloc((size_t)(part.width + 2) * (size_t)(part.height + 2), sizeof(double));
	if (!part.now || !part.next) {
		fprintf(stderr, "not enough memory for %d × %d points\n", part.width, part.height);
		MPI_Abort(MPI_COMM_WORLD, 3);
	}
	for (int y = 0; y < part.height; y++) {
		for (int x = 0; x < part.width; x++)
			*at(&part, part.now, x, y) = known(&part, x, y, 0);
	}
	return part;
}

/* The edges of the neighbours; where there is none the halo stays cold. */
static void exchange(struct part *part)
{
	int above, below, left, right;

	MPI_Cart_shift(part->grid, 0, 1, &above, &below);
	MPI_Cart_shift(part->grid, 1, 1, &left, &right);
	MPI_Sendrecv(at(part, part->now, 0, 0), part->width, MPI_DOUBLE, above, 0,
		at(part, part->now, 0, part->height), part->width, MPI_DOUBLE, below, 0, part->grid,
		MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(part, part->now, 0, part->height - 1), part->width, MPI_DOUBLE, below, 0,
		at(part, part->now, 0, -1), part->width, MPI_DOUBLE, above, 0, part->grid, MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(part, part->now, 0, 0), 1, part->column, left, 0,
		at(part, part->now, part->width, 0), 1, part->column, right, 0, part->grid, MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(part, part->now, part->width - 1, 0), 1, part->column, right, 0,
		at(part, part->now, -1, 0), 1, part->column, left, 0, part->grid, MPI_STATUS_IGNORE);
}

static void step(struct part *part)
{
	double *last = part->now;

	exchange(part);
	for (int y = 0; y < part->height; y++) {
		const double *here = at(part, part->now, 0, y), *above = at(part, part->now, 0, y - 1);
		const double *below = at(part, part->now, 0, y + 1);
		double *next = at(part, part->next, 0, y);

		for (int x = 0; x < part->width; x++)
			next[x] = here[x] + rate * (here[x - 1] + here[x + 1] + above[x] + below[x] - 4 * here[x]);
	}
	part->now = part->next;
	part->next = last;
}

static double off_by(struct part *part, int steps)
{
	double most = 0, all;

	for (int y = 0; y < part->height; y++) {
		for (int x = 0; x < part->width; x++) {
			double off = fabs(*at(part, part->now, x, y) - known(part, x, y, steps));

			if (!(off <= most))
				most = off;
		}
	}
	MPI_Allreduce(&most, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return all;
}

/* --- The picture */

/* Cold is blue, nothing white, warm red; height from -1 to 1. */
static void colour(double height, unsigned char *pixel)
{
	double other = 255 * (1 - fmin(1, fabs(height)));

	pixel[0] = (unsigned char)(height < 0 ? other : 255);
	pixel[1] = (unsigned char)other;
	pixel[2] = (unsigned char)(height > 0 ? other : 255);
}

static double highest(struct part *part)
{
	double most = 1e-300, all;

	for (int y = 0; y < part->height; y++) {
		for (int x = 0; x < part->width; x++)
			most = fmax(most, fabs(*at(part, part->now, x, y)));
	}
	MPI_Allreduce(&most, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return all;
}

/* Each process's part, as pixels, goes to the first one with its place. */
static void send_pixels(struct part *part, unsigned char *pixels)
{
	int place[4] = { part->left, part->top, part->width, part->height };

	MPI_Send(place, 4, MPI_INT, 0, 1, part->grid);
	MPI_Send(pixels, 3 * part->width * part->height, MPI_BYTE, 0, 2, part->grid);
}

static void place_pixels(unsigned char *picture, int size, const int place[4], const unsigned char *pixels)
{
	for (int y = 0; y < place[3]; y++)
		memcpy(picture + 3 * ((size_t)(place[1] + y) * (size_t)size + (size_t)place[0]),
			pixels + 3 * (size_t)y * (size_t)place[2], 3 * (size_t)place[2]);
}

static void collect(struct part *part, unsigned char *picture, unsigned char *pixels)
{
	int count, place[4] = { part->left, part->top, part->width, part->height };

	place_pixels(picture, part->size, place, pixels);
	MPI_Comm_size(part->grid, &count);
	for (int i = 1; i < count; i++) {
		MPI_Recv(place, 4, MPI_INT, i, 1, part->grid, MPI_STATUS_IGNORE);
		MPI_Recv(pixels, 3 * place[2] * place[3], MPI_BYTE, i, 2, part->grid, MPI_STATUS_IGNORE);
		place_pixels(picture, part->size, place, pixels);
	}
}

static int draw(struct part *part, const char *path)
{
	size_t bytes = 3 * (size_t)part->size * (size_t)part->size;
	unsigned char *pixels = malloc(bytes), *picture = malloc(bytes);
	png_image image = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)part->size,
		.height = (png_uint_32)part->size, .format = PNG_FORMAT_RGB };
	double most = highest(part);
	int rank, failed = 0;

	MPI_Comm_rank(part->grid, &rank);
	if (!pixels || !picture)
		MPI_Abort(MPI_COMM_WORLD, 3);
	for (int y = 0; y < part->height; y++) {
		for (int x = 0; x < part->width; x++)
			colour(*at(part, part->now, x, y) / most,
				pixels + 3 * ((size_t)y * (size_t)part->width + (size_t)x));
	}
	if (rank > 0) {
		send_pixels(part, pixels);
	} else {
		collect(part, picture, pixels);
		failed = !png_image_write_to_file(&image, path, 0, picture, 0, NULL);
		if (failed)
			fprintf(stderr, "cannot write '%s': %s\n", path, image.message);
	}
	free(pixels);
	free(picture);
	return failed;
}

static int run(int size, int steps, const char *path)
{
	struct part part = part_new(size);
	double start, seconds, off;
	int rank, wrong;

	MPI_Comm_rank(part.grid, &rank);
	MPI_Barrier(part.grid);
	start = MPI_Wtime();
	for (int i = 0; i < steps; i++)
		step(&part);
	MPI_Barrier(part.grid);
	seconds = MPI_Wtime() - start;
	off = off_by(&part, steps);
	/* As each step rounds. */
	wrong = !(off <= 1e-13 + 1e-15 * steps);
	if (rank == 0) {
		printf("%d × %d points after %d steps: off by %.1e%s\n", size, size, steps, off,
			wrong ? ", which is wrong" : "");
		printf("seconds: %.6f\n", seconds);
	}
	if (path && draw(&part, path))
		wrong = 1;
	free(part.now);
	free(part.next);
	return wrong;
}

int main(int argc, char **argv)
{
	int size = argc > 2 ? atoi(argv[1]) : 0, steps = argc > 2 ? atoi(argv[2]) : 0, count, rank, result = 2;

	MPI_Init(&argc, &argv);
	MPI_Comm_size(MPI_COMM_WORLD, &count);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (size >= 8 && size <= 20000 && size >= count && steps > 0)
		result = run(size, steps, argc > 3 ? argv[3] : NULL);
	else if (rank == 0)
		fprintf(stderr, "usage: heat SIZE STEPS [PICTURE.png], with a SIZE of 8 to 20000 and no less than "
			"processes\n");
	MPI_Finalize();
	return result;
}
