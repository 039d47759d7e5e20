/* pairs: how long messages take between each two machines: latency and bandwidth, as matrices.
 *
 *     pairs [ROUNDS]
 *
 * One process a machine. Each two play ping-pong while all others rest; half of a round is one way. Medians:
 * of 11 batches of ROUNDS with 1 byte (microseconds), of 11 messages of 1 MiB (MB/s, 10^6 bytes). What comes
 * back is compared with what was sent. What is much slower than the rest is named. Ends with 1 where a
 * message was wrong. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCHES = 11, LARGE = 1 << 20, NAME = MPI_MAX_PROCESSOR_NAME, TAG = 1, WARMUP = 3 };

/* So many times worse than the best pair is slow. */
static const double much = 2;

static char message[LARGE], answer[LARGE];

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double median_of(double *numbers, int count)
{
	qsort(numbers, (size_t)count, sizeof(*numbers), by_size);
	return numbers[count / 2];
}

/* Seconds for one way, by who begins; the other one sends back what it gets. */
static double play(int begins, int other, int bytes, int rounds, int *wrong)
{
	double start = MPI_Wtime();

	for (int i = 0; i < rounds; i++) {
		if (begins) {
			message[0] = (char)i;
			MPI_Send(message, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD);
			MPI_Recv(answer, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
			*wrong |= answer[0] != (char)i;
		} else {
			MPI_Recv(answer, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
			MPI_Send(answer, bytes, MPI_BYTE, other, TAG, MPI_COMM_WORLD);
		}
	}
	return (MPI_Wtime() - start) / rounds / 2;
}

static double measure(int begins, int other, int bytes, int rounds, int *wrong)
{
	double times[BATCHES];

	play(begins, other, bytes, WARMUP, wrong);
	for (int i = 0; i < BATCHES; i++)
		times[i] = play(begins, other, bytes, rounds, wrong);
	*wrong |= begins && memcmp(message, answer, (size_t)bytes) != 0;
	return median_of(times, BATCHES);
}

/* --- On the first process */

static void write_matrix(const char *title, const double *values, const char *names, int size)
{
	printf("%s\n%16s", title, "");
	for (int k = 0; k < size; k++)
		printf(" %10.10s", names + (size_t)k * NAME);
	for (int i = 0; i < size; i++) {
		printf("\n%16.16s", names + (size_t)i * NAME);
		for (int k = 0; k < size; k++) {
			if (i == k)
				printf(" %10s", "-");
			else
				printf(" %10.1f", values[i < k ? i * size + k : k * size + i]);
		}
	}
	printf("\n");
}

/* Against the best of all pairs, as one bad cable is in many of them. sense: 1 where more is worse, else -1. */
static int is_slow(const double *values, int sense, int one, int other, int size)
{
	double value = one < other ? values[one * size + other] : values[other * size + one], best = value;

	for (int i = 0; i < size; i++) {
		for (int k = i + 1; k < size; k++) {
			if (sense * values[i * size + k] < sense * best)
				best = values[i * size + k];
		}
	}
	return sense > 0 ? value > much * best : value * much < best;
}

/* Of whom every pair is slow. */
static int is_slow_to_all(const double *values, int sense, int one, int size)
{
	for (int i = 0; i < size; i++) {
		if (i != one && !is_slow(values, sense, one, i, size))
			return 0;
	}
	return 1;
}

static int name_slow(const char *what, const double *values, int sense, const char *names, int size)
{
	int named = 0;

	for (int i = 0; i < size; i++) {
		const char *name = names + (size_t)i * NAME;

		if (is_slow_to_all(values, sense, i, size)) {
			printf("slow: %s of %s with all others: look at its cable and its port\n", what, name);
			named++;
			continue;
		}
		for (int k = i + 1; k < size; k++) {
			if (is_slow_to_all(values, sense, k, size) || !is_slow(values, sense, i, k, size))
				continue;
			printf("slow: %s between %s and %s\n", what, name, names + (size_t)k * NAME);
			named++;
		}
	}
	return named;
}

static void tell(const double *latency, const double *bandwidth, const char *names, int size)
{
	write_matrix("latency of 1 byte, microseconds", latency, names, size);
	write_matrix("bandwidth of 1 MiB, MB/s", bandwidth, names, size);
	if (size > 2 && name_slow("latency", latency, 1, names, size) +
			name_slow("bandwidth", bandwidth, -1, names, size) == 0)
		printf("no pair is much slower than the others\n");
}

/* Both know after each pair what the one with the lower number has measured. */
static int run(int rank, int size, int rounds)
{
	size_t cells = (size_t)size * (size_t)size;
	double *latency = calloc(cells, sizeof(*latency)), *bandwidth = calloc(cells, sizeof(*bandwidth));
	char *names = calloc((size_t)size, NAME), own[NAME] = "";
	int wrong = 0, any = 0, length;

	if (!latency || !bandwidth || !names)
		MPI_Abort(MPI_COMM_WORLD, 3);
	MPI_Get_processor_name(own, &length);
	MPI_Gather(own, NAME, MPI_CHAR, names, NAME, MPI_CHAR, 0, MPI_COMM_WORLD);
	for (int i = 0; i < LARGE; i++)
		message[i] = (char)(i * 31 + i / 256);
	for (int i = 0; i < size; i++) {
		for (int k = i + 1; k < size; k++) {
			if (rank == i || rank == k) {
				int other = rank == i ? k : i;
				double small = measure(rank == i, other, 1, rounds, &wrong);
				double large = measure(rank == i, other, LARGE, 1, &wrong);

				latency[i * size + k] = rank == i ? small * 1e6 : 0;
				bandwidth[i * size + k] = rank == i ? LARGE / large / 1e6 : 0;
			}
			MPI_Barrier(MPI_COMM_WORLD);
		}
	}
	MPI_Reduce(rank ? latency : MPI_IN_PLACE, latency, (int)cells, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
	MPI_Reduce(rank ? bandwidth : MPI_IN_PLACE, bandwidth, (int)cells, MPI_DOUBLE, MPI_SUM, 0,
		MPI_COMM_WORLD);
	MPI_Allreduce(&wrong, &any, 1, MPI_INT, MPI_LOR, MPI_COMM_WORLD);
	if (rank == 0)
		tell(latency, bandwidth, names, size);
	if (any && rank == 0)
		printf("a message came back as another one\n");
	free(latency);
	free(bandwidth);
	free(names);
	return any;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100, size, rank, result = 2;

	MPI_Init(&argc, &argv);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (rounds > 0 && size <= 1000)
		result = run(rank, size, rounds);
	else if (rank == 0)
		fprintf(stderr, "usage: pairs [ROUNDS], with 1000 processes at most\n");
	MPI_Finalize();
	return result;
}
