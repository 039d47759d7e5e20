/* ring_cluster: a message goes once around all processes; then all of them add up what each has.
 *
 * Ends with 1, and says what it got, if a message or a sum is wrong. */
#include <mpi.h>
#include <stdio.h>

enum { ROUNDS = 100, TAG = 1 };

/* Each adds one to what comes from the left and hands it to the right. */
static int send_around(int rank, int size)
{
	int left = (rank + size - 1) % size, right = (rank + 1) % size;
	int count = 0;

	if (rank == 0) {
		MPI_Send(&(int){ 1 }, 1, MPI_INT, right, TAG, MPI_COMM_WORLD);
		MPI_Recv(&count, 1, MPI_INT, left, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	} else {
		MPI_Recv(&count, 1, MPI_INT, left, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		count++;
		MPI_Send(&count, 1, MPI_INT, right, TAG, MPI_COMM_WORLD);
		count = size;
	}
	return count;
}

int main(int argc, char **argv)
{
	int size, rank, count = 0, sum = 0, expected, wrong;
	double start, seconds;

	MPI_Init(&argc, &argv);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Barrier(MPI_COMM_WORLD);
	start = MPI_Wtime();
	for (int round = 0; round < ROUNDS; round++)
		count = send_around(rank, size);
	seconds = (MPI_Wtime() - start) / ROUNDS;
	MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	expected = size * (size - 1) / 2;
	wrong = count != size || sum != expected;
	if (rank == 0)
		printf("a message around %d processes: %d of them had it, %.0f microseconds a round\n", size,
			count, seconds * 1e6);
	printf("rank %d: the ranks of all add up to %d%s\n", rank, sum,
		sum == expected ? "" : ", which is wrong");
	MPI_Finalize();
	return wrong;
}
