/* mpi-run: a job of Open MPI over many hosts, as a state: done is done. */
#include "modules/mpi_run/mpi_run.h"

#include <stdlib.h>
#include <string.h>

extern const struct module module_mpi_run_probe;
extern const struct module module_mpi_run_build;
extern const struct module module_mpi_run_place;
extern const struct module module_mpi_run_job;

static const char *const rerun_words[] = { "changed", "program", "always", NULL };
static const cyaml_strval_t rerun_values[] = {
	{ "changed", MPI_RERUN_CHANGED }, { "program", MPI_RERUN_PROGRAM },
	{ "always", MPI_RERUN_ALWAYS },
};

const struct param mpi_table[] = {
	{ .name = "source", .kind = PARAM_SOURCE, .doc = "a C file, compiled on the first host" },
	{ .name = "program", .kind = PARAM_STRING, .doc = "without source: what is run, a path or a "
		"name in PATH; with it: where the program goes" },
	{ .name = "compiler", .kind = PARAM_STRING, .doc = "what compiles it", .otherwise = "mpicc" },
	{ .name = "cflags", .kind = PARAM_LIST, .doc = "options of the compiler", .otherwise = "-O2" },
	{ .name = "ldflags", .kind = PARAM_LIST, .doc = "options behind the source, as -lm",
		.otherwise = "" },
	{ .name = "args", .kind = PARAM_LIST, .doc = "arguments of the program", .otherwise = "" },
	{ .name = "group", .kind = PARAM_PATTERN,
		.doc = "the hosts; the first one launches. The play must contain all of them",
		.otherwise = "all" },
	{ .name = "slots", .kind = PARAM_STRING, .doc = "processes a host: a number, or cores",
		.otherwise = "cores" },
	{ .name = "np", .kind = PARAM_INTEGER, .doc = "processes altogether; default: all slots" },
	{ .name = "hostfile", .kind = PARAM_PATH,
		.doc = "default: ~/.local/share/beoplay/NAME.hostfile" },
	{ .name = "chdir", .kind = PARAM_PATH, .doc = "where it runs, on every host; default: the "
		"user's home",
		.flags = PARAM_VERBATIM },
	{ .name = "user", .kind = PARAM_STRING, .doc = "as whom; default: as the task" },
	{ .name = "allow_root", .kind = PARAM_BOOL, .doc = "run as root, too", .otherwise = "no" },
	{ .name = "map_by", .kind = PARAM_STRING, .doc = "mpirun's --map-by" },
	{ .name = "bind_to", .kind = PARAM_STRING, .doc = "mpirun's --bind-to" },
	{ .name = "mca", .kind = PARAM_MAP, .doc = "parameters of Open MPI's components",
		.otherwise = "" },
	{ .name = "env", .kind = PARAM_MAP, .doc = "environment of every process", .otherwise = "" },
	{ .name = "network", .kind = PARAM_STRING,
		.doc = "CIDR; default: the subnet that all hosts share" },
	{ .name = "inputs", .kind = PARAM_LIST,
		.doc = "files on the first host; when one changes, the job runs again",
		.otherwise = "" },
	{ .name = "timeout", .kind = PARAM_DURATION, .doc = "after this it is ended; 0: never",
		.otherwise = "0" },
	{ .name = "creates", .kind = PARAM_PATH,
		.doc = "if this is there on the first host, nothing is run",
		.flags = PARAM_VERBATIM },
	{ .name = "rerun", .kind = PARAM_CHOICE, .doc = "when a job that ended well runs again: when "
		"anything changed, when anything but the hosts did, or always",
		.otherwise = "changed", .choices = rerun_words },
	{ .name = "preflight", .kind = PARAM_BOOL, .doc = "look for what would go wrong first",
		.otherwise = "yes" },
	{ .name = "output", .kind = PARAM_STRING, .doc = "a file on the controller for its output",
		.flags = PARAM_NOT_YET },
	{ .name = "scaling", .kind = PARAM_LIST, .doc = "numbers of processes to compare",
		.flags = PARAM_NOT_YET },
	{ .name = "source_body", .kind = PARAM_STRING, .doc = "digest of source",
		.flags = PARAM_INTERNAL | PARAM_BODY },
	{ .name = "program_path", .kind = PARAM_STRING, .doc = "where the program is",
		.flags = PARAM_INTERNAL },
	{ .name = "program_body", .kind = PARAM_STRING, .doc = "digest of the program",
		.flags = PARAM_INTERNAL | PARAM_BODY },
	{ .name = "program_size", .kind = PARAM_INTEGER, .doc = "its size in bytes", .otherwise = "0",
		.flags = PARAM_INTERNAL },
	{ .name = "hostfile_path", .kind = PARAM_STRING, .doc = "where the hostfile is",
		.flags = PARAM_INTERNAL },
	{ .name = "hostfile_text", .kind = PARAM_STRING, .doc = "what is in it",
		.flags = PARAM_INTERNAL },
	{ .name = "nodes", .kind = PARAM_LIST, .doc = "names of the hosts", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ .name = "without", .kind = PARAM_LIST, .doc = "those that this run doesn't do",
		.otherwise = "", .flags = PARAM_INTERNAL },
	{ .name = "findings", .kind = PARAM_LIST, .doc = "what would go wrong", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ .name = "chosen_network", .kind = PARAM_STRING, .doc = "the subnet of all hosts",
		.otherwise = "", .flags = PARAM_INTERNAL },
	{ .name = "all_slots", .kind = PARAM_INTEGER, .doc = "slots of all hosts", .otherwise = "0",
		.flags = PARAM_INTERNAL },
	{ .name = "crowded", .kind = PARAM_BOOL, .doc = "there are more slots than cores",
		.otherwise = "no", .flags = PARAM_INTERNAL },
	{ .name = "version", .kind = PARAM_STRING, .doc = "of Open MPI", .otherwise = "",
		.flags = PARAM_INTERNAL },
	{ .name = "undo", .kind = PARAM_BOOL, .doc = "takes away what was built or placed",
		.otherwise = "no", .flags = PARAM_INTERNAL },
	{ 0 },
};

static const cyaml_schema_value_t word = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t pair_fields[] = {
	CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct mpi_pair, key, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("value", CYAML_FLAG_POINTER, struct mpi_pair, value, 0,
		CYAML_UNLIMITED),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t pair = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct mpi_pair, pair_fields),
};

#define TEXT(member) CYAML_FIELD_STRING_PTR(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
	struct mpi_params, member, 0, CYAML_UNLIMITED)
#define LIST(member, entry) CYAML_FIELD_SEQUENCE(#member, CYAML_FLAG_POINTER, \
	struct mpi_params, member, entry, 0, CYAML_UNLIMITED)
#define TRUTH(member) CYAML_FIELD_BOOL(#member, CYAML_FLAG_DEFAULT, struct mpi_params, member)

const cyaml_schema_field_t mpi_fields[] = {
	TEXT(source), TEXT(program), TEXT(compiler), LIST(cflags, &word), LIST(ldflags, &word),
	LIST(args, &word), TEXT(group), TEXT(slots),
	CYAML_FIELD_INT_PTR("np", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct mpi_params, np),
	TEXT(hostfile), TEXT(chdir), TEXT(user), TRUTH(allow_root), TEXT(map_by), TEXT(bind_to),
	LIST(mca, &pair), LIST(env, &pair), TEXT(network), LIST(inputs, &word),
	CYAML_FIELD_INT("timeout", CYAML_FLAG_DEFAULT, struct mpi_params, timeout),
	TEXT(creates),
	CYAML_FIELD_ENUM("rerun", CYAML_FLAG_STRICT, struct mpi_params, rerun, rerun_values, 3),
	TRUTH(preflight), TEXT(source_body), TEXT(program_path), TEXT(program_body),
	CYAML_FIELD_INT("program_size", CYAML_FLAG_DEFAULT, struct mpi_params, program_size),
	TEXT(hostfile_path), TEXT(hostfile_text), LIST(nodes, &word), LIST(without, &word),
	LIST(findings, &word),
	TEXT(chosen_network),
	CYAML_FIELD_INT("all_slots", CYAML_FLAG_DEFAULT, struct mpi_params, all_slots),
	TRUTH(crowded), TEXT(version), TRUTH(undo),
	CYAML_FIELD_END
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
	return error_set(err, ERROR_TASK, "there is no user '%s' with a home",
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
	struct buffer all = { 0 };

	if (uid == 0 && !want->allow_root)
		plan_refuse(plan, "say as whom with 'user', or allow it with 'allow_root: true'",
			"a job of MPI is not run as root");
	for (unsigned i = 0; want->preflight && i < want->findings_count; i++) {
		const char *tab = strchr(want->findings[i], '\t');
		int size = tab ? (int)(tab - want->findings[i]) : (int)strlen(want->findings[i]);

		buffer_printf(&all, "%s%.*s%s%s%s", i ? "; " : "", size, want->findings[i],
			tab ? " (" : "", tab ? tab + 1 : "", tab ? ")" : "");
	}
	if (all.size > 0)
		plan_refuse(plan, "mend that, or leave this check out with 'preflight: false'", "%s",
			all.data);
	buffer_free(&all);
	return uid == 0 && !want->allow_root ? true : want->preflight && want->findings_count > 0;
}

void mpi_resources(struct names *ret_names, const void *params)
{
	struct arena *arena = arena_new();

	names_add(ret_names, "mpi-run:%s", mpi_params_key(arena, params));
	arena_free(arena);
}

/* --- Checking */

static int check_number(const struct value *params, const char *name, const char *other,
	struct error *err)
{
	const struct value *value = value_get(params, name);
	const char *text = value_text(value);

	if (!text || (other && strcmp(text, other) == 0))
		return 0;
	if (text[0] && strlen(text) < 7 && text[strspn(text, "0123456789")] == '\0' && atoi(text) > 0)
		return 0;
	error_at(err, value->place, "'%s' of mpi-run can't be '%s'", name, text);
	return error_remedy(err, other ? "write a number of processes, or %s" :
		"write a number of processes", other);
}

static int mpi_check(const struct value *params, struct error *err)
{
	const struct value *program = value_get(params, "program");
	const struct value *source = value_get(params, "source");
	const char *path = value_text(program);

	if (!program && !source) {
		error_at(err, params->place, "mpi-run needs a program");
		return error_remedy(err, "say 'source' for a C file, or 'program'");
	}
	if (path && path[0] != '/' && (strchr(path, '/') || source)) {
		error_at(err, program->place, "'program' must be an absolute path, this is '%s'", path);
		return error_remedy(err, "begin it with /");
	}
	if (path && (!path[0] || path[0] == '-'))
		return error_at(err, program->place, "'%s' is not a program", path);
	if (check_number(params, "slots", "cores", err) < 0)
		return -1;
	return check_number(params, "np", NULL, err);
}

static const struct part mpi_parts[] = {
	{ &module_mpi_run_probe, PART_ALL, false },
	{ &module_mpi_run_build, PART_FIRST, true },
	{ &module_mpi_run_place, PART_OTHERS, true },
	{ &module_mpi_run_job, PART_FIRST, true },
	{ NULL, PART_END, false },
};

const struct module module_mpi_run = {
	.name = "mpi-run",
	.summary = "a job of Open MPI over many hosts runs once, and again when something changed",
	.params = mpi_table,
	.fields = mpi_fields,
	.params_size = sizeof(struct mpi_params),
	.parts = mpi_parts,
	.check = mpi_check,
};
