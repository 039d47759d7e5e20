/* scope_read: what lookups and templates read of the controller. */
#include "variables/scope.h"

#include "base/glob.h"
#include "base/quote.h"
#include "variables/state.h"
#include "yaml/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MOST = 1 << 20 };   /* bytes that a command may print */

static struct source *source_of(const struct scope *scope)
{
	return scope->variables ? scope->variables->options.source : NULL;
}

/* Errors get the place of the expression. */
static int placed(struct evaluation *evaluation, size_t offset)
{
	return error_place(evaluation->evaluator->err, syntax_place(evaluation->scalar, offset));
}

static int stat_of(struct evaluation *evaluation, size_t offset, const char *path,
	struct source_entry *ret_entry)
{
	if (source_stat(source_of(evaluation->scope), path, true, ret_entry,
			evaluation->evaluator->err) < 0)
		return placed(evaluation, offset);
	return 0;
}

static const char **places_of(struct evaluation *evaluation, const char *name, const char *folder)
{
	struct scope *root = evaluation->scope->root;
	static const char *none[1];

	if (!source_of(evaluation->scope) || !root->play)
		return none;
	return task_places(evaluation->evaluator->scratch, root->play, root->task, name, folder);
}

/* Asked for, so that a record of the run has it, whatever becomes of it. */
static int keep(struct evaluation *evaluation, size_t offset, const char *path)
{
	int64_t size;
	int fd = source_open(source_of(evaluation->scope), path, &size, evaluation->evaluator->err);

	if (fd < 0)
		return placed(evaluation, offset);
	close(fd);
	return 0;
}

int scope_file_find(struct evaluation *evaluation, size_t offset, const char *name,
	const char *folder, const char **ret_path)
{
	const char **places = places_of(evaluation, name, folder);
	struct source_entry entry;

	*ret_path = NULL;
	for (size_t i = 0; places[i]; i++) {
		if (stat_of(evaluation, offset, places[i], &entry) < 0)
			return -1;
		if (entry.kind == SOURCE_NONE)
			continue;
		if (entry.kind == SOURCE_FILE && keep(evaluation, offset, places[i]) < 0)
			return -1;
		*ret_path = arena_string(evaluation->evaluator->arena, places[i]);
		return 0;
	}
	return 0;
}

/* Where not even the playbook is for all, that is the user's umask, and tells nothing. */
static bool is_private(struct scope *scope, const char *path)
{
	const struct play *play = scope->root->play;

	return !source_is_for_all(source_of(scope), path)
		&& (!play || source_is_for_all(source_of(scope), play->place.file));
}

int scope_file_read(struct evaluation *evaluation, size_t offset, const char *path,
	struct value **ret_text)
{
	struct scope *scope = evaluation->scope;
	enum level level = LEVEL_OPEN;
	const char *bytes;
	char *opened;
	size_t size;

	if (source_read(source_of(scope), path, &bytes, &size, evaluation->evaluator->err) < 0)
		return placed(evaluation, offset);
	if (evaluation_spend(evaluation, offset, 1, size) < 0)
		return -1;
	if (vault_is(bytes, size)) {
		if (vault_decrypt(evaluation->evaluator->arena, bytes, size, (struct place){ path, 1, 1 },
				&opened, &size, evaluation->evaluator->err) < 0)
			return -1;
		bytes = opened;
		level = LEVEL_SECRET;
	}
	*ret_text = value_bytes(evaluation->evaluator->arena, bytes, size);
	(*ret_text)->level = level;
	if (level == LEVEL_OPEN && is_private(scope, path)) {
		(*ret_text)->level = LEVEL_PRIVATE;
		secrets_note_file(scope->variables->options.secrets, path);
	}
	return 0;
}

static int add_matching(struct evaluation *evaluation, size_t offset, const char *directory,
	const char *pattern, struct value *list)
{
	struct evaluator *evaluator = evaluation->evaluator;
	struct source_entry *entries, entry;
	size_t count;

	if (source_list(source_of(evaluation->scope), directory, &entries, &count,
			evaluator->err) < 0)
		return placed(evaluation, offset);
	for (size_t i = 0; i < count; i++) {
		const char *path = path_join(evaluator->scratch, directory, entries[i].name);

		if (!glob_match(pattern, strlen(pattern), entries[i].name, GLOB_SETS | GLOB_PERIOD))
			continue;
		if (evaluation_spend(evaluation, offset, 1, strlen(path)) < 0
				|| stat_of(evaluation, offset, path, &entry) < 0)
			return -1;
		if (entry.kind != SOURCE_FILE)
			continue;
		if (keep(evaluation, offset, path) < 0)
			return -1;
		value_append(evaluator->arena, list, value_string(evaluator->arena, scope_absolute(
			evaluation->scope->root, evaluator->arena, path)));
	}
	return 0;
}

int scope_file_glob(struct evaluation *evaluation, size_t offset, const char *pattern,
	struct value *list)
{
	const char *slash = strrchr(pattern, '/');
	const char *directory = slash ? arena_bytes(evaluation->evaluator->scratch, pattern,
		(size_t)(slash - pattern) + (slash == pattern)) : "";
	const char **places = places_of(evaluation, directory, "files");
	size_t before = list->count;
	struct source_entry entry;

	for (size_t i = 0; places[i] && list->count == before; i++) {
		const char *place = path_plain(evaluation->evaluator->scratch, places[i]);

		place = *place ? place : ".";
		if (stat_of(evaluation, offset, place, &entry) < 0)
			return -1;
		if (entry.kind == SOURCE_DIRECTORY && add_matching(evaluation, offset, place,
				slash ? slash + 1 : pattern, list) < 0)
			return -1;
	}
	return 0;
}

/* --- The environment, and what commands print --- */

struct value *scope_environment(struct evaluation *evaluation, const char *name)
{
	const char *text = getenv(name);
	struct value *value = text ? value_string(evaluation->evaluator->arena, text) : NULL;

	if (value)
		value->level = LEVEL_PRIVATE;
	return value;
}

/* line: the command as it is run. */
static int read_output(struct evaluation *evaluation, size_t offset, const char *line,
	const char *command, struct buffer *out)
{
	FILE *output = popen(line, "re");
	char block[4096];
	size_t size;
	int status;

	if (!output)
		return evaluation_error(evaluation, offset, "cannot start a command: %s", strerror(errno));
	while ((size = fread(block, 1, sizeof(block), output)) > 0 && out->size <= OUTPUT_MOST)
		buffer_add(out, block, size);
	status = pclose(output);
	if (out->size > OUTPUT_MOST)
		return evaluation_error(evaluation, offset, "'%s' prints more than %d bytes", command,
			(int)OUTPUT_MOST);
	if (status == 0)
		return 0;
	return evaluation_error(evaluation, offset, "'%s' failed on the controller with %s %d", command,
		WIFSIGNALED(status) ? "signal" : "exit code", WIFSIGNALED(status) ? WTERMSIG(status)
		: WEXITSTATUS(status));
}

static const char *beside_the_play(struct evaluation *evaluation, const char *command)
{
	const struct play *play = evaluation->scope->root->play;
	struct buffer line = { 0 };
	const char *whole;

	buffer_add_string(&line, "cd ");
	quote_shell(&line, scope_absolute(evaluation->scope->root, evaluation->evaluator->scratch,
		play ? play->directory : "."));
	buffer_add_string(&line, " && exec sh -c ");
	quote_shell(&line, command);
	buffer_add_string(&line, " </dev/null");
	whole = arena_bytes(evaluation->evaluator->scratch, line.data, line.size);
	buffer_free(&line);
	return whole;
}

int scope_command(struct evaluation *evaluation, size_t offset, const char *command,
	struct value **ret_output)
{
	struct variables *variables = evaluation->scope->variables;
	const char *line = beside_the_play(evaluation, command);
	struct value *known = variables ? lookup_get(&variables->outputs, line) : NULL;
	struct buffer out = { 0 };
	int result;

	if (!variables || variables->options.without_commands) {
		*ret_output = value_unknown(evaluation->evaluator->arena, &(struct cause){ .kind = CAUSE_OUTPUT,
			.name = command });
		return 0;
	}
	if (!known) {
		result = read_output(evaluation, offset, line, command, &out);
		if (result == 0) {
			known = value_bytes(variables->arena, out.data ? out.data : "", out.size);
			known->level = LEVEL_PRIVATE;
			lookup_put(variables->arena, &variables->outputs, arena_string(variables->arena, line),
				known);
		}
		buffer_free(&out);
		if (result < 0)
			return -1;
	}
	*ret_output = value_copy(evaluation->evaluator->arena, known);
	return evaluation_spend(evaluation, offset, 1, known->size);
}
