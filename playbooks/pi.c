/* pi: the area below 4 / (1 + x²) from 0 to 1, in slices that the processes share: it is π.
 *
 *     pi SLICES
 *
 * Ends with 1, and says what came out, where that is not π. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static const double known = 3.14159265358979323846;

/* Every size-th slice, from the rank's own on; each is as high as in its middle. */
static double add_slices(long slices, int rank, int size)
{
	double width = 1.0 / (double)slices, sum = 0;

	for (long i = rank; i < slices; i += size) {
		double x = ((double)i + 0.5) * width;

		sum += 4 / (1 + x * x);
	}
	return sum * width;
}

int main(int argc, char **argv)
{
	long slices = argc > 1 ? atol(argv[1]) : 0;
	int size, rank, wrong;
	double start, part, area = 0, off;

	MPI_Init(&argc, &argv);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (slices < 1) {
		if (rank == 0)
			fprintf(stderr, "usage: pi SLICES\n");
		MPI_Finalize();
		return 2;
	}
	MPI_Barrier(MPI_COMM_WORLD);
	start = MPI_Wtime();
	part = add_slices(slices, rank, size);
	MPI_Allreduce(&part, &area, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
	/* The middle rule is off by 1 / (12 · slices²) at most, and rounding by a little for each slice. */
	off = fabs(area - known);
	wrong = !(off <= 1 / (12.0 * (double)slices * (double)slices) * 1.01 + 1e-13 * sqrt((double)slices));
	if (rank == 0) {
		printf("pi is %.12f by %ld slices, off by %.1e%s\n", area, slices, off,
			wrong ? ", which is wrong" : "");
		printf("seconds: %.6f\n", MPI_Wtime() - start);
	}
	MPI_Finalize();
	return wrong;
}
