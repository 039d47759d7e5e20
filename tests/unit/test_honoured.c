/* What is accepted is honoured: whatever a table offers to people has somebody who reads it, and
 * what isn't supported yet says what to do instead. Walks the tables, and the sources, from the
 * project's root. */
#include "base/buffer.h"
#include "command/options.h"
#include "module/module.h"
#include "module/params.h"
#include "inventory/connection.h"
#include "playbook/task_params.h"
#include "playbook/build.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- The sources as text */

static void add_file(struct buffer *all, const char *path)
{
	FILE *file = fopen(path, "re");
	char block[4096];
	size_t size;

	if (!file)
		fail_msg("%s can't be read", path);
	while ((size = fread(block, 1, sizeof(block), file)) > 0)
		buffer_add(all, block, size);
	fclose(file);
}

/* All sources of a folder, but for one (NULL: none). */
static void add_folder(struct buffer *all, const char *folder, const char *except)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	char path[512];

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		size_t size = strlen(entry->d_name);

		if (size < 3 || strcmp(entry->d_name + size - 2, ".c") != 0
				|| (except && strcmp(entry->d_name, except) == 0))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		add_file(all, path);
	}
	closedir(directory);
	buffer_add_char(all, '\0');
	all->size--;
}

/* Whether a field of a struct is read: "->name" with nothing behind it that belongs to the name,
 * and no plain assignment. */
static bool reads_field(const char *text, const char *name)
{
	char word[128];

	snprintf(word, sizeof(word), "->%s", name);
	for (const char *at = text; (at = strstr(at, word));) {
		const char *behind = at += strlen(word);

		if (strchr("abcdefghijklmnopqrstuvwxyz_", *behind))
			continue;
		if (strncmp(behind, " = ", 3) != 0)
			return true;
	}
	return false;
}

/* --- Keywords */

/* Where a keyword's field isn't called as the keyword. */
static const char *field_of(const char *keyword)
{
	static const char *const names[][2] = {
		{ "name", "name_value" }, { "register", "registers" }, { "args", "params" },
		{ "loop_control", "loop_variable" },
		{ "strategy", "free" }, { "gather_facts", "without_facts" }, { "vars_files", "file_vars" },
		{ "pre_tasks", "tasks" }, { "post_tasks", "tasks" }, { "roles", "tasks" },
		{ "rescue", "parts" }, { "always", "parts" }, { "import_playbook", "directory" },
		{ "user", "remote_user" },
	};

	if (strncmp(keyword, "with_", 5) == 0)
		return "loop";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i][0], keyword) == 0)
			return names[i][1];
	}
	return keyword;
}

static void check_keywords(const struct keyword *table, const struct later *later,
	const char *text)
{
	for (; table->name; table++) {
		/* What is only checked means nothing; what can't be run yet is read, and refused. */
		if (table->offset == KEYWORD_DROPPED && table->read)
			continue;
		if (later_find(later, table->name))
			continue;
		if (!reads_field(text, field_of(table->name)))
			fail_msg("the keyword '%s' is accepted, and '%s' is read by nobody", table->name,
				field_of(table->name));
	}
}

static void each_keyword_has_a_reader(void **state)
{
	struct buffer text = {0};

	(void)state;
	add_folder(&text, "engine/plan", NULL);
	add_file(&text, "engine/variables/scope.c");
	add_file(&text, "engine/playbook/handlers.c");
	add_file(&text, "engine/playbook/places.c");
	add_file(&text, "engine/playbook/defaults.c");
	add_file(&text, "engine/command/prompts.c");
	add_file(&text, "engine/playbook/tags.c");
	buffer_add_char(&text, '\0');
	check_keywords(task_keywords, later_task_keywords, text.data);
	check_keywords(play_keywords, later_play_keywords, text.data);
	buffer_free(&text);
}

static void check_later(const struct later *table, bool modules)
{
	for (; table->name; table++) {
		if (strlen(table->instead) < 8)
			fail_msg("'%s' is refused without a way to do without it", table->name);
		if (modules && module_find(table->name) && !(module_find(table->name)->flags
				& MODULE_INTERNAL))
			fail_msg("'%s' is refused, and there", table->name);
	}
}

static void what_is_not_supported_yet_says_what_to_do_instead(void **state)
{
	(void)state;
	check_later(later_play_keywords, false);
	check_later(later_task_keywords, false);
	check_later(later_modules, true);
}

/* --- Variables of connections */

static void each_connection_variable_is_read_or_refused(void **state)
{
	/* Whatever they say, nothing would be otherwise. */
	static const char *const idle = " ansible_python_interpreter ansible_pipelining "
		"ansible_ssh_pipelining ";
	struct buffer text = {0};
	char word[128];

	(void)state;
	add_folder(&text, "engine/plan", NULL);
	add_file(&text, "engine/inventory/build.c");
	add_file(&text, "engine/inventory/finish.c");
	buffer_add_char(&text, '\0');
	for (const struct connection_variable *one = connection_variables; one->name; one++) {
		snprintf(word, sizeof(word), " %s ", one->name);
		if (one->instead ? strlen(one->instead) < 8 : strstr(idle, word) != NULL) {
			assert_null(one->instead);
			continue;
		}
		snprintf(word, sizeof(word), "\"%s\"", one->same ? one->same : one->name);
		if (!one->instead && !strstr(text.data, word))
			fail_msg("%s is accepted and read by nobody", one->name);
	}
	buffer_free(&text);
}

/* --- Facts */

static void each_fact_is_gathered(void **state)
{
	struct buffer text = {0};
	char word[128];

	(void)state;
	add_file(&text, "modules/setup/setup.c");
	add_file(&text, "modules/setup/machine.c");
	buffer_add_char(&text, '\0');
	for (const struct shape *fact = module_of_facts()->facts; fact->key; fact++) {
		const char *found;

		/* Of each kind of key. */
		if (strncmp(fact->key, "ssh_host_key_", 13) == 0)
			continue;
		snprintf(word, sizeof(word), "\"%s\"", fact->key);
		found = strstr(text.data, word);
		if (!found || !strstr(found + 1, word))
			fail_msg("the fact '%s' is in the table, and nobody gathers it", fact->key);
	}
	buffer_free(&text);
}

/* --- Options of the command line */

static void each_option_is_read_documented_or_refused(void **state)
{
	struct buffer text = {0}, manual = {0};
	char word[128], *out;

	(void)state;
	add_folder(&text, "engine/command", "options.c");
	add_file(&manual, "engine/command/beoplay.1");
	buffer_add_char(&manual, '\0');
	/* "\-\-no\-others" */
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (!row->help)
			continue;
		assert_true(strlen(row->help) > 3);
		if (row->kind == OPTION_REFUSED)
			continue;
		out = word + snprintf(word, sizeof(word), "\\-\\-");
		for (const char *in = row->name; *in; in++)
			out += snprintf(out, 4, *in == '-' ? "\\-" : "%c", *in);
		if (!strstr(manual.data, word))
			fail_msg("--%s is not in the man page (%s)", row->name, word);
	}
	buffer_free(&text);
	buffer_free(&manual);
}

/* Whether a command takes an option alone, as it should. */
static bool takes(enum options_of command, const struct option_row *row)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	char *argv[] = { arena_string(arena, "beoplay"), arena_printf(arena, "--%s", row->name),
		arena_string(arena, !row->value ? "p.yml" : strcmp(row->value, "METHOD") == 0 ? "su" : "1"),
		arena_string(arena, "p.yml"),
		arena_string(arena, "--limit=a"), arena_string(arena, "--prune"), NULL };
	int argc = strcmp(row->name, "limit") == 0 ? 4 : 5;
	bool taken;

	if (command != OPTIONS_ROLLBACK && strcmp(row->name, "discard-drift") == 0)
		argc = 6;
	argv[argc] = NULL;
	taken = options_parse(arena, command, argc, argv, &options) == 0;
	arena_free(arena);
	return taken;
}

static void each_command_takes_its_own_options_and_no_others(void **state)
{
	static const enum options_of commands[] = { OPTIONS_APPLY, OPTIONS_PLAN, OPTIONS_ROLLBACK,
		OPTIONS_STATUS };
	int silent = dup(STDERR_FILENO);

	(void)state;
	assert_non_null(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (const struct option_row *row = option_rows; row->name; row++) {
			bool wanted = row->kind != OPTION_REFUSED && (row->commands & commands[i]);

			if (takes(commands[i], row) != wanted) {
				dup2(silent, STDERR_FILENO);
				fail_msg("--%s of command %u is %s", row->name, commands[i],
					wanted ? "refused" : "taken");
			}
		}
	}
	dup2(silent, STDERR_FILENO);
	close(silent);
}

/* --- What the documentation of modules offers */

static const char *sample(const struct param *param)
{
	switch (param->kind) {
	case PARAM_PATH:
		return "/srv/x";
	case PARAM_BOOL:
		return "true";
	case PARAM_INTEGER:
	case PARAM_DURATION:
		return "1";
	case PARAM_MODE:
		return "0644";
	case PARAM_CHOICE:
		return param->choices[0];
	default:
		return "x";
	}
}

/* One choice, with whatever else is needed. */
static void check_choice(const struct module *module, const struct param *chosen, const char *word)
{
	struct arena *arena = arena_new();
	struct value *params = value_map(arena);
	struct error err = {0};

	for (const struct param *param = module->params; param->name; param++) {
		if (param->flags & PARAM_REQUIRED)
			value_set_string(arena, params, param->name, sample(param));
	}
	value_set_string(arena, params, chosen->name, word);
	params_check(arena, module, params, (struct place){ "t", 1, 1 }, &err);
	if (strstr(err.message, "not supported yet"))
		fail_msg("beoplay doc %s offers %s: %s, and it is refused: %s", module->name, chosen->name,
			word, err.message);
	arena_free(arena);
}

static void each_documented_choice_works(void **state)
{
	(void)state;
	for (const struct module *const *module = modules_all; *module; module++) {
		for (const struct param *param = (*module)->params; param && param->name; param++) {
			bool offered = !(param->flags & (PARAM_INTERNAL | PARAM_NOT_YET));

			for (size_t i = 0; offered && param->choices && param->choices[i]; i++)
				check_choice(*module, param, param->choices[i]);
		}
	}
}

/* Whether two tasks wish the same is asked on the node, of what gets there. */
static void what_counts_aside_gets_to_the_module(void **state)
{
	(void)state;
	for (const struct module *const *module = modules_all; *module; module++) {
		for (const struct param *param = (*module)->params; param && param->name; param++) {
			if ((param->flags & PARAM_ASIDE) && param->into.type == INTO_NOTHING)
				fail_msg("%s of %s counts aside, and no member of its struct holds it", param->name,
					(*module)->name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_keyword_has_a_reader),
		cmocka_unit_test(what_is_not_supported_yet_says_what_to_do_instead),
		cmocka_unit_test(each_connection_variable_is_read_or_refused),
		cmocka_unit_test(each_fact_is_gathered),
		cmocka_unit_test(each_option_is_read_documented_or_refused),
		cmocka_unit_test(each_command_takes_its_own_options_and_no_others),
		cmocka_unit_test(each_documented_choice_works),
		cmocka_unit_test(what_counts_aside_gets_to_the_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
