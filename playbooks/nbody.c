/* nbody: a ring around a planet, in which every body draws every other one.
 *
 *     nbody BODIES STEPS
 *
 * Maxwell's ring of Saturn (1859): equal bodies, evenly on a circle, around a much heavier one, go round as
 * if the ring were one piece, with a speed that is known. Half a turn is made in so many steps (leapfrog);
 * then each body has to be where that speed puts it. Ends with 1, and says by how much one is off, where it
 * isn't. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

struct body {
	double x, y;
};

struct ring {
	int count;                           /* of bodies: number count is the planet */
	int first, own;                      /* those of this process */
	int *counts, *firsts;                /* of each process, in doubles */
	double mass, planet;                 /* of one body; of the planet: stable, by Maxwell's rule */
	double speed;                        /* of the ring, in radians a second; its radius is 1, and G */
	struct body *places;                 /* of all */
	struct body *speeds;                 /* of the own ones */
};

static struct ring ring_new(int count)
{
	struct ring ring = { .count = count, .planet = 1 };
	int size, rank;
	double sum = 0;

	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	ring.counts = calloc((size_t)size, sizeof(*ring.counts));
	ring.firsts = calloc((size_t)size, sizeof(*ring.firsts));
	ring.places = calloc((size_t)count, sizeof(*ring.places));
	ring.speeds = calloc((size_t)count, sizeof(*ring.speeds));
	if (!ring.counts || !ring.firsts || !ring.places || !ring.speeds)
		MPI_Abort(MPI_COMM_WORLD, 3);
	for (int i = 0; i < size; i++) {
		ring.firsts[i] = 2 * (int)((long)count * i / size);
		ring.counts[i] = 2 * (int)((long)count * (i + 1) / size) - ring.firsts[i];
	}
	ring.first = ring.firsts[rank] / 2;
	ring.own = ring.counts[rank] / 2;
	ring.mass = 1 / pow(count, 3);
	for (int i = 1; i < count; i++)
		sum += 1 / sin(pi * i / count);
	ring.speed = sqrt(ring.planet + ring.mass / 4 * sum);
	for (int i = 0; i < count; i++)
		ring.places[i] = (struct body){ cos(2 * pi * i / count), sin(2 * pi * i / count) };
	for (int i = 0; i < ring.own; i++) {
		const struct body *at = &ring.places[ring.first + i];

		ring.speeds[i] = (struct body){ -ring.speed * at->y, ring.speed * at->x };
	}
	return ring;
}

/* What the others and the planet, which stays in the middle, draw it by. */
static struct body pull_on(const struct ring *ring, int body)
{
	const struct body at = ring->places[body];
	struct body pull = { 0, 0 };
	double distance = sqrt(at.x * at.x + at.y * at.y);
	double weight = ring->planet / (distance * distance * distance);

	for (int i = 0; i < ring->count; i++) {
		double x = ring->places[i].x - at.x, y = ring->places[i].y - at.y, square = x * x + y * y;
		double part = i == body ? 0 : 1 / (square * sqrt(square));

		pull.x += part * x;
		pull.y += part * y;
	}
	return (struct body){ ring->mass * pull.x - weight * at.x, ring->mass * pull.y - weight * at.y };
}

static void speed_up(struct ring *ring, double seconds)
{
	for (int i = 0; i < ring->own; i++) {
		struct body pull = pull_on(ring, ring->first + i);

		ring->speeds[i].x += pull.x * seconds;
		ring->speeds[i].y += pull.y * seconds;
	}
}

static void move(struct ring *ring, double seconds)
{
	for (int i = 0; i < ring->own; i++) {
		ring->places[ring->first + i].x += ring->speeds[i].x * seconds;
		ring->places[ring->first + i].y += ring->speeds[i].y * seconds;
	}
	MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, ring->places, ring->counts, ring->firsts, MPI_DOUBLE,
		MPI_COMM_WORLD);
}

/* The farthest that any of its bodies is from where the ring's speed puts it, having turned by angle. */
static double off_by(const struct ring *ring, double angle)
{
	double most = 0, all;

	for (int i = ring->first; i < ring->first + ring->own; i++) {
		double at = 2 * pi * i / ring->count + angle;
		double off = hypot(ring->places[i].x - cos(at), ring->places[i].y - sin(at));

		if (!(off <= most))
			most = off;
	}
	MPI_Allreduce(&most, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return all;
}

static int run(int count, int steps)
{
	struct ring ring = ring_new(count);
	double step = pi / steps / ring.speed, start, off;
	int rank, wrong;

	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Barrier(MPI_COMM_WORLD);
	start = MPI_Wtime();
	speed_up(&ring, step / 2);
	for (int i = 0; i < steps; i++) {
		move(&ring, step);
		speed_up(&ring, i + 1 < steps ? step : step / 2);
	}
	off = off_by(&ring, pi);
	/* A step of leapfrog is off by the square of the angle that it makes. */
	wrong = !(off <= 2 * (pi / steps) * (pi / steps) + 1e-9);
	if (rank == 0) {
		printf("%d bodies after half a turn in %d steps: off by %.1e of the radius%s\n", count, steps, off,
			wrong ? ", which is wrong" : "");
		printf("seconds: %.6f\n", MPI_Wtime() - start);
	}
	free(ring.places);
	free(ring.speeds);
	free(ring.counts);
	free(ring.firsts);
	return wrong;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, steps = argc > 2 ? atoi(argv[2]) : 0, rank, result = 2;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (count > 1 && steps > 0)
		result = run(count, steps);
	else if (rank == 0)
		fprintf(stderr, "usage: nbody BODIES STEPS\n");
	MPI_Finalize();
	return result;
}
