/* mpi-run: a job of Open MPI over many hosts, as a state: done is done. */
#include "modules/mpi_run/mpi_run.h"
#include "modules/errors.h"

#include <stdlib.h>
#include <string.h>

extern const struct module module_mpi_run_probe;
extern const struct module module_mpi_run_reach;
extern const struct module module_mpi_run_build;
extern const struct module module_mpi_run_place;
extern const struct module module_mpi_run_job;
extern const struct module module_mpi_run_told;

enum { SCALING_RUNS_MOST = 1000 };

static const char *const rerun_words[] = { "changed", "program", "always", NULL };
static const cyaml_strval_t rerun_values[] = {
	{ "changed", MPI_RERUN_CHANGED }, { "program", MPI_RERUN_PROGRAM },
	{ "always", MPI_RERUN_ALWAYS },
};

const struct param mpi_table[] = {
	{ .name = "source", .kind = PARAM_SOURCE, .doc = "a C file to compile on the first host",
		.into = INTO_TEXT(struct mpi_params, source) },
	{ .name = "program", .kind = PARAM_STRING, .doc = "without source: what is run, a path or a "
		"name in PATH; with it: where the program goes",
		.into = INTO_TEXT(struct mpi_params, program) },
	{ .name = "compiler", .kind = PARAM_STRING, .doc = "the compiler", .otherwise = "mpicc",
		.into = INTO_TEXT(struct mpi_params, compiler) },
	{ .name = "cflags", .kind = PARAM_LIST, .doc = "options of the compiler", .otherwise = "-O2",
		.into = INTO_LIST(struct mpi_params, cflags) },
	{ .name = "ldflags", .kind = PARAM_LIST, .doc = "linker options after the source, e.g. -lm",
		.otherwise = "", .into = INTO_LIST(struct mpi_params, ldflags) },
	{ .name = "args", .kind = PARAM_LIST, .doc = "arguments of the program", .otherwise = "",
		.into = INTO_LIST(struct mpi_params, args) },
	{ .name = "group", .kind = PARAM_PATTERN,
		.doc = "the hosts; the first one launches. The play must contain all of them",
		.otherwise = "all", .into = INTO_TEXT(struct mpi_params, group) },
	{ .name = "slots", .kind = PARAM_ANY, .doc = "processes per host: a number, or cores (not hardware "
		"threads); with expressions, of each host; or a map of hosts and groups, of which the first "
		"that has the host counts: {node3: 4, all: 2}; default: the host's variable slots, else cores" },
	{ .name = "np", .kind = PARAM_INTEGER, .doc = "total number of processes; default: all slots",
		.into = INTO_NUMBER_POINTER(struct mpi_params, np) },
	{ .name = "hostfile", .kind = PARAM_PATH,
		.doc = "default: ~/.local/share/beoplay/NAME.hostfile",
		.into = INTO_TEXT(struct mpi_params, hostfile) },
	{ .name = "chdir", .kind = PARAM_PATH,
		.doc = "the directory to run it in, on every host; default: the "
		"user's home",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct mpi_params, chdir) },
	{ .name = "user", .kind = PARAM_STRING,
		.doc = "the user to run it as; default: the task's user",
		.into = INTO_TEXT(struct mpi_params, user) },
	{ .name = "allow_root", .kind = PARAM_BOOL,
		.doc = "allow the job to run as root", .otherwise = "no",
		.into = INTO_BOOL(struct mpi_params, allow_root) },
	{ .name = "map_by", .kind = PARAM_STRING, .doc = "mpirun's --map-by",
		.into = INTO_TEXT(struct mpi_params, map_by) },
	{ .name = "bind_to", .kind = PARAM_STRING, .doc = "mpirun's --bind-to",
		.into = INTO_TEXT(struct mpi_params, bind_to) },
	{ .name = "mca", .kind = PARAM_MAP, .doc = "parameters of Open MPI's components",
		.otherwise = "", .into = INTO_MAP(struct mpi_params, mca) },
	{ .name = "env", .kind = PARAM_MAP, .doc = "environment of every process", .otherwise = "",
		.into = INTO_MAP(struct mpi_params, env) },
	{ .name = "network", .kind = PARAM_STRING,
		.doc = "CIDR; default: the subnet that all hosts share",
		.into = INTO_TEXT(struct mpi_params, network) },
	{ .name = "inputs", .kind = PARAM_LIST,
		.doc = "files on the first host; when one changes, the job runs again",
		.otherwise = "", .into = INTO_LIST(struct mpi_params, inputs) },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "stop it after this time; 0: never. "
		"A job of which nothing has begun after two minutes is ended and tried once more",
		.otherwise = "0", .into = INTO_NUMBER(struct mpi_params, timeout) },
	{ .name = "creates", .kind = PARAM_PATH,
		.doc = "skip the job if this path exists on the first host",
		.flags = PARAM_VERBATIM, .into = INTO_TEXT(struct mpi_params, creates) },
	{ .name = "rerun", .kind = PARAM_CHOICE, .doc = "when a job that ended well runs again: when "
		"anything changed, when anything but the hosts did, or always",
		.otherwise = "changed", .choices = rerun_words,
		.into = INTO_CHOICE(struct mpi_params, rerun, rerun_values) },
	{ .name = "preflight", .kind = PARAM_BOOL, .doc = "check the hosts for problems first",
		.otherwise = "yes", .into = INTO_BOOL(struct mpi_params, preflight) },
	{ .name = "tag_output", .kind = PARAM_BOOL,
		.doc = "begin each line of the output with its host and rank, as in '[node1 rank 3] a line'",
		.otherwise = "no", .into = INTO_BOOL(struct mpi_params, tag_output) },
	{ .name = "output", .kind = PARAM_STRING, .flags = PARAM_ASIDE, .doc = "a file on the controller, in "
		"the project, that gets what the job says on stdout, while it runs; a path beside the playbook",
		.into = INTO_TEXT(struct mpi_params, output) },
	{ .name = "scaling", .kind = PARAM_LIST, .doc = "numbers of processes, [1, 2, 4]: the job runs with "
		"each, and its result is a table of time, speedup, efficiency and serial fraction, with Amdahl's law "
		"fitted. Its time is what the program says in a line 'seconds: 1.25', else mpirun's. An output that "
		"ends with .svg gets the drawing", .otherwise = "",
		.into = INTO_LIST(struct mpi_params, scaling) },
	{ .name = "scaling_runs", .kind = PARAM_INTEGER, .otherwise = "3",
		.doc = "how often it runs with each number; medians count",
		.into = INTO_NUMBER(struct mpi_params, scaling_runs) },
	{ .name = "source_body", .kind = PARAM_STRING, .doc = "digest of source",
		.flags = PARAM_INTERNAL | PARAM_BODY,
		.into = INTO_TEXT(struct mpi_params, source_body) },
	{ .name = "program_path", .kind = PARAM_STRING, .doc = "where the program is",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, program_path) },
	{ .name = "program_body", .kind = PARAM_STRING, .doc = "digest of the program",
		.flags = PARAM_INTERNAL | PARAM_BODY,
		.into = INTO_TEXT(struct mpi_params, program_body) },
	{ .name = "program_size", .kind = PARAM_INTEGER, .doc = "its size in bytes", .otherwise = "0",
		.flags = PARAM_INTERNAL, .into = INTO_NUMBER(struct mpi_params, program_size) },
	{ .name = "hostfile_path", .kind = PARAM_STRING, .doc = "where the hostfile is",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, hostfile_path) },
	{ .name = "hostfile_text", .kind = PARAM_STRING, .doc = "what is in it",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, hostfile_text) },
	{ .name = "nodes", .kind = PARAM_LIST, .doc = "names of the hosts", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct mpi_params, nodes) },
	{ .name = "without", .kind = PARAM_LIST, .doc = "those that this run doesn't do",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_LIST(struct mpi_params, without) },
	{ .name = "findings", .kind = PARAM_LIST, .doc = "what would go wrong", .otherwise = "",
		.flags = PARAM_INTERNAL | PARAM_ASIDE, .into = INTO_LIST(struct mpi_params, findings) },
	{ .name = "advice", .kind = PARAM_LIST, .doc = "what would make it slower", .otherwise = "",
		.flags = PARAM_INTERNAL | PARAM_ASIDE, .into = INTO_LIST(struct mpi_params, advice) },
	{ .name = "own_slots", .kind = PARAM_STRING, .doc = "those of this host", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, own_slots) },
	{ .name = "self", .kind = PARAM_STRING, .doc = "the host's own name",
		.flags = PARAM_INTERNAL | PARAM_HOST, .into = INTO_TEXT(struct mpi_params, self) },
	{ .name = "peers", .kind = PARAM_LIST, .doc = "the hosts that are to reach one another", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_LIST(struct mpi_params, peers) },
	{ .name = "meeting", .kind = PARAM_STRING, .doc = "the word of those that meet",
		.otherwise = "", .flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, meeting) },
	{ .name = "meeting_port", .kind = PARAM_INTEGER, .doc = "where they meet", .otherwise = "0",
		.flags = PARAM_INTERNAL, .into = INTO_NUMBER(struct mpi_params, meeting_port) },
	{ .name = "chosen_network", .kind = PARAM_STRING, .doc = "the subnet of all hosts",
		.otherwise = "", .flags = PARAM_INTERNAL,
		.into = INTO_TEXT(struct mpi_params, chosen_network) },
	{ .name = "all_slots", .kind = PARAM_INTEGER, .doc = "slots of all hosts", .otherwise = "0",
		.flags = PARAM_INTERNAL, .into = INTO_NUMBER(struct mpi_params, all_slots) },
	{ .name = "crowded", .kind = PARAM_BOOL, .doc = "there are more slots than cores",
		.otherwise = "no", .flags = PARAM_INTERNAL,
		.into = INTO_BOOL(struct mpi_params, crowded) },
	{ .name = "can_compile", .kind = PARAM_BOOL, .doc = "the first host has mpicc",
		.otherwise = "no", .flags = PARAM_INTERNAL | PARAM_ASIDE,
		.into = INTO_BOOL(struct mpi_params, can_compile) },
	{ .name = "version", .kind = PARAM_STRING, .doc = "of Open MPI", .otherwise = "",
		.flags = PARAM_INTERNAL, .into = INTO_TEXT(struct mpi_params, version) },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "takes away what was built or placed",
		.otherwise = "no", .flags = PARAM_INTERNAL, .into = INTO_BOOL(struct mpi_params, undo) },
	{ 0 },
};


/* --- Names */

const char *mpi_name(struct arena *arena, const char *source, const char *program)
{
	const char *path = program ? program : source ? source : "job";
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = program ? NULL : strrchr(name, '.');

	return arena_bytes(arena, name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

const char *mpi_directory(struct arena *arena, const char *home)
{
	return arena_printf(arena, "%s/.local/share/beoplay", strcmp(home, "/") == 0 ? "" : home);
}

const char *mpi_key(struct arena *arena, const char *source, const char *program,
	const char *user)
{
	return arena_printf(arena, "%s:%s", user ? user : "", program && program[0] == '/' ? program :
		mpi_name(arena, source, program));
}

const char *mpi_params_key(struct arena *arena, const struct mpi_params *want)
{
	return mpi_key(arena, want->source, want->program, want->user);
}

const char *mpi_value_key(struct arena *arena, const struct value *params)
{
	return mpi_key(arena, value_get_string(params, "source"), value_get_string(params, "program"),
		value_get_string(params, "user"));
}

const char *mpi_acts_as(const void *params)
{
	const struct mpi_params *want = params;

	return want->user;
}

int mpi_user(struct host *host, const struct mpi_params *want, struct user_info *ret_user,
	struct error *err)
{
	if (host_user_by_id(host, host_uid(host), ret_user, err) < 0)
		return -1;
	if (ret_user->exists && ret_user->home && ret_user->home[0] == '/')
		return 0;
	return error_set(err, HOST_UNKNOWN_USER, "there is no user '%s' with a home",
		want->user ? want->user : "of this task");
}

const char *mpi_program_path(struct arena *arena, const struct mpi_params *want,
	const struct user_info *user)
{
	if (want->program)
		return want->program;
	return arena_printf(arena, "%s/%s", mpi_directory(arena, user->home),
		mpi_name(arena, want->source, want->program));
}

const char *mpi_hostfile_path(struct arena *arena, const struct mpi_params *want,
	const struct user_info *user)
{
	if (want->hostfile)
		return want->hostfile;
	return arena_printf(arena, "%s/%s.hostfile", mpi_directory(arena, user->home),
		mpi_name(arena, want->source, want->program));
}

bool mpi_refuse(struct plan *plan, const struct mpi_params *want, uid_t uid)
{
	unsigned count = want->preflight ? want->findings_count : 0;
	struct buffer all = { 0 };

	if (uid == 0 && !want->allow_root)
		plan_refuse(plan, MPI_RUN_NOT_READY, "set 'user', or allow it with 'allow_root: true'",
			"a job of MPI is not run as root");
	for (unsigned i = 0; i < count; i++) {
		size_t size = strcspn(want->findings[i], "\t");

		buffer_printf(&all, "%s%.*s\n  (%s)", i ? "\n" : "", (int)size, want->findings[i],
			want->findings[i][size] ? want->findings[i] + size + 1 : "");
	}
	if (count > 0)
		plan_refuse(plan, MPI_RUN_NOT_READY, count == 1 ?
			"fix that, or skip this check with 'preflight: false'" :
			"fix these, or skip this check with 'preflight: false'", "%s", all.data);
	buffer_free(&all);
	return (uid == 0 && !want->allow_root) || count > 0;
}

void mpi_advise(struct plan *plan, const struct mpi_params *want)
{
	for (unsigned i = 0; want->preflight && i < want->advice_count; i++) {
		size_t size = strcspn(want->advice[i], "\t");

		plan_note(plan, "%.*s (%s)", (int)size, want->advice[i],
			want->advice[i][size] ? want->advice[i] + size + 1 : "");
	}
}

int mpi_apply_nothing(struct host *host, const void *params, const void *state,
	const struct change *change, struct value *results, struct error *err)
{
	(void)host;
	(void)params;
	(void)state;
	(void)results;
	return error_set(err, BEOPLAY_BUG, "a part that looks changes nothing, step %u", change->step);
}

void mpi_resources(struct names *ret_names, const void *params)
{
	struct arena *arena = arena_new();

	names_add(ret_names, "mpi-run:%s", mpi_params_key(arena, params));
	arena_free(arena);
}

/* --- Checking */

static bool is_number(const char *text)
{
	return text[0] && strlen(text) < 7 && text[strspn(text, "0123456789")] == '\0' && atoi(text) > 0;
}

static int check_number(const struct value *value, const char *name, const char *other,
	struct error *err)
{
	const char *text = value && value->kind == VALUE_INTEGER && value->text ? value->text
		: value_text(value);

	if (!value || value->kind == VALUE_NULL || value->kind == VALUE_UNKNOWN
			|| (text && is_number(text)) || (text && other && strcmp(text, other) == 0)
			|| (value->kind == VALUE_INTEGER && value->integer > 0 && value->integer < 1000000))
		return 0;
	error_at(err, TASK_INVALID_VALUE, value->place, "'%s' of mpi-run can't be %s%s%s", name,
		text ? "'" : "", text ? text : value_kind_name(value), text ? "'" : "");
	return error_remedy(err, other ? "write a number of processes, or %s" :
		"write a number of processes", other);
}

/* For all alike, or a map of hosts and groups. */
int mpi_check_slots(const struct value *slots, struct error *err)
{
	if (!slots || slots->kind != VALUE_MAP)
		return check_number(slots, "slots", "cores", err);
	for (size_t i = 0; i < value_pair_count(slots); i++) {
		if (check_number(value_at(slots, i), "slots", "cores", err) < 0)
			return -1;
	}
	return 0;
}

static int refuse_beside(const struct value *scaling, const char *name, struct error *err)
{
	error_at(err, TASK_INVALID_VALUE, scaling->place, "'scaling' of mpi-run and '%s' exclude each other",
		name);
	return error_remedy(err, "take '%s' out", name);
}

/* Numbers that ascend, as far as they are known. */
static int check_scaling(const struct value *params, struct error *err)
{
	const struct value *scaling = value_get(params, "scaling");
	const char *tagged = value_get_string(params, "tag_output");
	long last = 0;

	for (size_t i = 0; i < value_item_count(scaling); i++) {
		const struct value *number = value_item(scaling, i);
		const char *text = value_text(number);

		if (check_number(number, "scaling", NULL, err) < 0)
			return -1;
		if (text && atol(text) <= last) {
			error_at(err, TASK_INVALID_VALUE, number->place, "'scaling' of mpi-run has %s behind %ld", text,
				last);
			return error_remedy(err, "write the numbers in ascending order, each once");
		}
		last = text ? atol(text) : last;
	}
	if (value_item_count(scaling) == 0)
		return 0;
	if (value_get(params, "np") && value_get(params, "np")->kind != VALUE_NULL)
		return refuse_beside(scaling, "np", err);
	return tagged && strcmp(tagged, "true") == 0 ? refuse_beside(scaling, "tag_output", err) : 0;
}

/* How often: each is a whole job. */
static int check_scaling_runs(const struct value *params, struct error *err)
{
	const struct value *runs = value_get(params, "scaling_runs");

	if (check_number(runs, "scaling_runs", NULL, err) < 0)
		return -1;
	if (!value_text(runs) || atol(value_text(runs)) <= SCALING_RUNS_MOST)
		return 0;
	return error_at(err, TASK_INVALID_VALUE, runs->place, "'scaling_runs' of mpi-run is at most %d",
		SCALING_RUNS_MOST);
}

static int mpi_check(const struct value *params, struct error *err)
{
	const struct value *program = value_get(params, "program");
	const struct value *source = value_get(params, "source");
	const char *path = value_text(program);

	if (!program && !source) {
		error_at(err, TASK_MISSING_PARAMETER, params->place, "mpi-run needs a program");
		return error_remedy(err, "set 'source' to a C file, or 'program' to a program");
	}
	if (path && path[0] != '/' && (strchr(path, '/') || source)) {
		error_at(err, TASK_INVALID_PATH, program->place, "'program' must be an absolute path, this "
			"is '%s'", path);
		return error_remedy(err, "begin it with /");
	}
	if (path && (!path[0] || path[0] == '-'))
		return error_at(err, TASK_INVALID_PATH, program->place, "'%s' is not a program", path);
	if (mpi_check_slots(value_get(params, "slots"), err) < 0)
		return -1;
	if (check_scaling(params, err) < 0 || check_scaling_runs(params, err) < 0)
		return -1;
	return check_number(value_get(params, "np"), "np", NULL, err);
}

static const struct part mpi_parts[] = {
	{ &module_mpi_run_probe, PART_ALL, false },
	{ &module_mpi_run_reach, PART_ALL, true },
	{ &module_mpi_run_build, PART_FIRST, true },
	{ &module_mpi_run_place, PART_OTHERS, true },
	{ &module_mpi_run_job, PART_FIRST, true },
	{ &module_mpi_run_told, PART_OTHERS, true },
	{ NULL, PART_END, false },
};

const struct module module_mpi_run = {
	.name = "mpi-run",
	.summary = "run an Open MPI job on many hosts once, and again when something has changed",
	.params = mpi_table,
	.params_size = sizeof(struct mpi_params),
	.parts = mpi_parts,
	.check = mpi_check,
};
