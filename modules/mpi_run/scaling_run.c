/* scaling_run: the job with one number of processes after the other, again and again, and what that shows.
 *
 * The numbers take turns, rather than each being run several times in a row: a machine that grows warm, or is
 * used by others for a while, then weighs on all of them alike. */
#include "modules/mpi_run/job.h"
#include "modules/mpi_run/scaling.h"

#include "base/quote.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CPUINFO_MOST = 8 << 20, NODES_SHOWN = 12 };

#define SECONDS_MARK "seconds:"

struct study {
	struct scaling scaling;
	struct scaling_about about;
	double *said;              /* as the points' seconds, run by run: what the program said; 0: nothing */
	double total;              /* all that mpirun took */
};

/* --- Running */

/* What the last line "seconds: N" of its output says; 0: there is none, or no time. */
static double seconds_said(const char *output)
{
	double seconds = 0;

	for (const char *at = output; at && *at;) {
		if (strncmp(at, SECONDS_MARK, strlen(SECONDS_MARK)) == 0)
			seconds = strtod(at + strlen(SECONDS_MARK), NULL);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return isfinite(seconds) && seconds > 0 ? seconds : 0;
}

static struct study study_new(struct arena *arena, const struct mpi_params *want)
{
	struct study study = { .scaling.count = want->scaling_count, .about.said = true };
	size_t runs = (size_t)want->scaling_runs;

	study.scaling.points = arena_array(arena, want->scaling_count, sizeof(*study.scaling.points));
	study.said = arena_array(arena, want->scaling_count * runs, sizeof(*study.said));
	for (unsigned i = 0; i < want->scaling_count; i++) {
		struct scaling_point *point = &study.scaling.points[i];

		point->np = (unsigned)strtoul(want->scaling[i], NULL, 10);
		point->count = runs;
		point->seconds = arena_array(arena, runs, sizeof(*point->seconds));
	}
	return study;
}

static int run_one(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct study *study, size_t at, size_t turn, struct value *results, struct error *err)
{
	struct scaling_point *point = &study->scaling.points[at];
	int64_t np = point->np;
	struct mpi_params one = *want;
	double elapsed, said;

	one.np = &np;
	host_progress(host, "runs %s with %u processes, %zu of %zu", have->program, point->np, turn + 1,
		point->count);
	if (job_run_once(host, &one, have, 0, &elapsed, results, err) < 0)
		return -1;
	said = seconds_said(value_get_string(results, "stdout"));
	point->seconds[turn] = elapsed;
	study->said[at * point->count + turn] = said;
	study->about.said = study->about.said && said > 0;
	study->total += elapsed;
	return 0;
}

static int run_all(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct study *study, struct value *results, struct error *err)
{
	for (size_t turn = 0; turn < (size_t)want->scaling_runs; turn++) {
		for (size_t i = 0; i < study->scaling.count; i++) {
			if (run_one(host, want, have, study, i, turn, results, err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; study->about.said && i < study->scaling.count; i++) {
		struct scaling_point *point = &study->scaling.points[i];

		memcpy(point->seconds, study->said + i * point->count, point->count * sizeof(*point->seconds));
	}
	return 0;
}

/* --- Whose measurement it is */

/* What the kernel calls the processor of the host that launches: its board on ARM. */
static const char *processor_of(struct host *host)
{
	static const char *const names[] = { "\nmodel name\t: ", "\nModel\t\t: ", "\nHardware\t: " };
	struct error ignored = { 0 };
	size_t size;
	char *text;

	if (host_read(host, "/proc/cpuinfo", CPUINFO_MOST, &text, &size, &ignored) == 0) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			const char *at = strstr(text, names[i]);

			if (at)
				return quote_printable(host_arena(host), at + strlen(names[i]),
					strcspn(at + strlen(names[i]), "\n"), 0);
		}
	}
	error_clear(&ignored);
	return "unknown";
}

static const char *machines(struct arena *arena, const struct mpi_params *want)
{
	struct buffer text = { 0 };
	const char *result, *at = want->hostfile_text;

	buffer_printf(&text, "%u machine%s:", want->nodes_count, want->nodes_count == 1 ? "" : "s");
	for (unsigned i = 0; *at && i < NODES_SHOWN; i++) {
		size_t size = strcspn(at, "\n");

		buffer_printf(&text, "%s %.*s", i ? "," : "", (int)size, at);
		at += size + (at[size] == '\n');
	}
	if (*at)
		buffer_add_string(&text, ", …");
	result = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return result;
}

static void describe(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct scaling_about *about)
{
	struct arena *arena = host_arena(host);
	const char **lines = arena_array(arena, 4, sizeof(*lines));
	struct buffer words = { 0 };

	buffer_add_string(&words, have->program);
	for (unsigned i = 0; i < want->args_count; i++) {
		buffer_add_char(&words, ' ');
		quote_shell(&words, want->args[i]);
	}
	about->name = mpi_name(arena, want->source, want->program);
	about->runs = (size_t)want->scaling_runs;
	about->crowded = want->crowded;
	lines[0] = quote_printable(arena, words.data, words.size, 0);
	lines[1] = machines(arena, want);
	lines[2] = arena_printf(arena, "processor of %s: %s", want->nodes[0], processor_of(host));
	lines[3] = arena_printf(arena, "Open MPI %s%s%s; %s", want->version,
		want->chosen_network && want->chosen_network[0] ? ", network " : "",
		want->chosen_network ? want->chosen_network : "", job_date(arena));
	about->lines = lines;
	about->line_count = 4;
	buffer_free(&words);
}

/* --- Results */

static struct value *number(struct arena *arena, double number)
{
	return isfinite(number) ? value_float(arena, number) : value_null(arena);
}

static struct value *point_value(struct arena *arena, const struct scaling_point *point)
{
	struct value *map = value_map(arena);

	value_set_integer(arena, map, "np", point->np);
	value_set(arena, map, "seconds", number(arena, point->median));
	value_set(arena, map, "least", number(arena, point->least));
	value_set(arena, map, "most", number(arena, point->most));
	value_set(arena, map, "speedup", number(arena, point->speedup));
	value_set(arena, map, "efficiency", number(arena, point->efficiency));
	value_set(arena, map, "serial_fraction", number(arena, point->fraction));
	value_set(arena, map, "amdahl", number(arena, point->amdahl));
	value_set(arena, map, "gustafson", number(arena, point->gustafson));
	return map;
}

static struct value *text_of(struct arena *arena, const struct study *study,
	void (*write)(struct buffer *, const struct scaling *, const struct scaling_about *))
{
	struct buffer text = { 0 };
	struct value *value;

	write(&text, &study->scaling, &study->about);
	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	value = value_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return value;
}

static void set_results(struct arena *arena, const struct study *study, struct value *results)
{
	const struct scaling *scaling = &study->scaling;
	struct value *points = value_list(arena), *speedups = value_list(arena), *fractions = value_list(arena);

	for (size_t i = 0; i < scaling->count; i++) {
		value_append(arena, points, point_value(arena, &scaling->points[i]));
		value_append(arena, speedups, number(arena, scaling->points[i].speedup));
		value_append(arena, fractions, number(arena, scaling->points[i].fraction));
	}
	value_set(arena, results, "elapsed", value_float(arena, study->total));
	value_set(arena, results, "scaling", points);
	value_set(arena, results, "speedup", speedups);
	value_set(arena, results, "serial_fraction", fractions);
	value_set(arena, results, "parallel_fraction", number(arena, scaling->parallel));
	value_set(arena, results, "parallel_error", number(arena, scaling->parallel_error));
	value_set(arena, results, "limit", number(arena, scaling->limit));
	value_set(arena, results, "stdout", text_of(arena, study, scaling_write_text));
	value_set(arena, results, "svg", text_of(arena, study, scaling_write_svg));
	value_set(arena, results, "show", job_shown(arena, value_get(results, "stdout")));
}

int scaling_run(struct host *host, const struct mpi_params *want, const struct job_state *have,
	struct value *results, struct error *err)
{
	struct study study = study_new(host_arena(host), want);

	if (run_all(host, want, have, &study, results, err) < 0)
		return -1;
	describe(host, want, have, &study.about);
	scaling_study(host_arena(host), &study.scaling);
	set_results(host_arena(host), &study, results);
	return job_remember(host, want, have, study.total, results, err);
}
