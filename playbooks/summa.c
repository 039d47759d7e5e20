/* summa: a product of dense matrices, each cut into blocks that the processes hold, with the node's BLAS.
 *
 *     summa SIZE
 *
 * SUMMA (van de Geijn and Watts, 1997): for one panel of columns of A and rows of B after the other, who has
 * it sends it along its row and its column of processes, and each adds the product of both to its block of C.
 * A = B is the matrix of the discrete sine transform, which is its own inverse: C is the unit matrix. Ends
 * with 1, and says by how much C is off, where it isn't. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { PANEL = 64 };

/* BLAS: c += a·b, by columns; m, n, k: rows of c, columns of c, columns of a. */
void dgemm_(const char *, const char *, const int *m, const int *n, const int *k, const double *one,
	const double *a, const int *rows_a, const double *b, const int *rows_b, const double *beta, double *c,
	const int *rows_c);

/* Lines are shared among parts: where those of one begin; they end where those of the next one begin. */
static int first_of(int part, int parts, int size)
{
	return (int)((long)size * part / parts);
}

static int part_with(int line, int parts, int size)
{
	int part = (int)(((long)line + 1) * parts / size);

	while (part >= parts || first_of(part, parts, size) > line)
		part--;
	while (first_of(part + 1, parts, size) <= line)
		part++;
	return part;
}

static double sine(int size, int row, int column)
{
	long turn = 2L * (size + 1), angle = (row + 1L) * (column + 1L) % turn;

	return sqrt(2.0 / (size + 1)) * sin(2 * 3.14159265358979323846 * (double)angle / (double)turn);
}

struct grid {
	int size;                            /* of the matrices */
	int rows, columns;                   /* of processes */
	int row, column;                     /* where this process is among them */
	int top, height, left, width;        /* its blocks */
	MPI_Comm along_row, along_column;
};

static struct grid grid_new(int size)
{
	struct grid grid = { .size = size };
	int count, rank, shape[2] = { 0, 0 };

	MPI_Comm_size(MPI_COMM_WORLD, &count);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Dims_create(count, 2, shape);
	grid.rows = shape[0];
	grid.columns = shape[1];
	grid.row = rank / grid.columns;
	grid.column = rank % grid.columns;
	grid.top = first_of(grid.row, grid.rows, size);
	grid.height = first_of(grid.row + 1, grid.rows, size) - grid.top;
	grid.left = first_of(grid.column, grid.columns, size);
	grid.width = first_of(grid.column + 1, grid.columns, size) - grid.left;
	MPI_Comm_split(MPI_COMM_WORLD, grid.row, grid.column, &grid.along_row);
	MPI_Comm_split(MPI_COMM_WORLD, grid.column, grid.row, &grid.along_column);
	return grid;
}

static double *numbers(long count)
{
	double *made = calloc((size_t)(count > 0 ? count : 1), sizeof(*made));

	if (!made) {
		fprintf(stderr, "not enough memory for %ld numbers\n", count);
		MPI_Abort(MPI_COMM_WORLD, 3);
	}
	return made;
}

/* A panel that begins at line at, and is as wide as both who hold it hold of it. */
static void add_panel(const struct grid *grid, const double *a, const double *b, double *c, double *panel_a,
	double *panel_b, int at, int width)
{
	int column = part_with(at, grid->columns, grid->size), row = part_with(at, grid->rows, grid->size);
	const double one = 1;

	if (column == grid->column) {
		const double *from = a + (long)(at - grid->left) * grid->height;

		for (long i = 0; i < (long)width * grid->height; i++)
			panel_a[i] = from[i];
	}
	if (row == grid->row) {
		for (int k = 0; k < grid->width; k++) {
			for (int i = 0; i < width; i++)
				panel_b[(long)k * width + i] = b[(long)k * grid->height + at - grid->top + i];
		}
	}
	MPI_Bcast(panel_a, width * grid->height, MPI_DOUBLE, column, grid->along_row);
	MPI_Bcast(panel_b, width * grid->width, MPI_DOUBLE, row, grid->along_column);
	if (grid->height > 0 && grid->width > 0)
		dgemm_("N", "N", &grid->height, &grid->width, &width, &one, panel_a, &grid->height, panel_b, &width,
			&one, c, &grid->height);
}

static void multiply(const struct grid *grid, const double *a, const double *b, double *c)
{
	double *panel_a = numbers((long)PANEL * grid->height), *panel_b = numbers((long)PANEL * grid->width);

	for (int at = 0, end; at < grid->size; at = end) {
		int end_a = first_of(part_with(at, grid->columns, grid->size) + 1, grid->columns, grid->size);
		int end_b = first_of(part_with(at, grid->rows, grid->size) + 1, grid->rows, grid->size);

		end = at + PANEL;
		end = end < end_a ? end : end_a;
		end = end < end_b ? end : end_b;
		add_panel(grid, a, b, c, panel_a, panel_b, at, end - at);
	}
	free(panel_a);
	free(panel_b);
}

/* The most by which any number of C differs from the unit matrix, in all blocks. */
static double off_by(const struct grid *grid, const double *c)
{
	double most = 0, all;

	for (int k = 0; k < grid->width; k++) {
		for (int i = 0; i < grid->height; i++) {
			double unit = grid->top + i == grid->left + k, off = fabs(c[(long)k * grid->height + i] - unit);

			if (!(off <= most))
				most = off;
		}
	}
	MPI_Allreduce(&most, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return all;
}

static int run(int size)
{
	struct grid grid = grid_new(size);
	long count = (long)grid.height * grid.width;
	double *a = numbers(count), *b = numbers(count), *c = numbers(count), start, seconds, off;
	int wrong;

	for (int k = 0; k < grid.width; k++) {
		for (int i = 0; i < grid.height; i++)
			a[(long)k * grid.height + i] = b[(long)k * grid.height + i] =
				sine(size, grid.top + i, grid.left + k);
	}
	MPI_Barrier(MPI_COMM_WORLD);
	start = MPI_Wtime();
	multiply(&grid, a, b, c);
	MPI_Barrier(MPI_COMM_WORLD);
	seconds = MPI_Wtime() - start;
	off = off_by(&grid, c);
	wrong = !(off <= 1e-14 * size);
	if (grid.row == 0 && grid.column == 0) {
		printf("a product of %d × %d on %d × %d processes: %.2f GFLOPS, off by %.1e%s\n", size, size,
			grid.rows, grid.columns, 2.0 * size * size * size / seconds / 1e9, off,
			wrong ? ", which is wrong" : "");
		printf("seconds: %.6f\n", seconds);
	}
	free(a);
	free(b);
	free(c);
	return wrong;
}

int main(int argc, char **argv)
{
	int size = argc > 1 ? atoi(argv[1]) : 0, rank, result = 2;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (size > 0)
		result = run(size);
	else if (rank == 0)
		fprintf(stderr, "usage: summa SIZE\n");
	MPI_Finalize();
	return result;
}
