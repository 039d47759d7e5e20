/* main: the table of commands, and what stands in for one. */
#include "base/core.h"
#include "base/suggest.h"
#include "command/command.h"
#include "command/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command_line commands[] = {
	{ "apply", "makes the machines be what playbooks say (the default)", command_apply },
	{ "diff", "what is different between the texts of two runs", command_diff },
	{ "doc", "what modules there are, and their options", command_doc },
	{ "forget", "drops what the history keeps of a host", command_forget },
	{ "history", "makes the history smaller", command_history },
	{ "init", "a new project, from machines as their installer left them", command_init },
	{ "inventory", "hosts, groups and their variables", command_inventory },
	{ "key", "the keys that seal what nodes keep", command_key },
	{ "log", "the runs of a project", command_log },
	{ "plan", "a dry run that can be kept, and applied just as it is", command_plan },
	{ "replace", "machines that were reinstalled: their new host keys", command_replace },
	{ "rollback", "the machines as an earlier run left them", command_rollback },
	{ "show", "a run with its text", command_show },
	{ "status", "what each host has, by its own word", command_status },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(*commands) };

static void say_commands(void)
{
	puts("\ncommands (beoplay COMMAND --help):");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
}

static const struct command_line *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* beoplay help [COMMAND] */
static int say_help(const char *name)
{
	char program[] = "beoplay", help[] = "--help";
	char *words[] = { program, help, NULL };
	const struct command_line *command = name ? find_command(name) : NULL;
	int code;

	if (name && !command) {
		fprintf(stderr, "beoplay: there is no command '%s'\n", name);
		return EXIT_TEXT;
	}
	code = command ? command->run(2, words) : command_apply(2, words);
	if (!command)
		say_commands();
	return code;
}

/* A word that is no file, and nearly a command. */
static const char *slip_of(const char *word)
{
	for (size_t i = 0; word[0] != '-' && access(word, F_OK) < 0 && i < COMMAND_COUNT; i++) {
		if (suggest_slip(word, commands[i].name))
			return commands[i].name;
	}
	return NULL;
}

/* Options may stand before the command, too: it comes to its place. */
static void move_command(int argc, char **argv)
{
	int at = options_first_word(argc, argv);
	char *word = at < argc ? argv[at] : NULL;

	if (at < 2 || !word || !find_command(word))
		return;
	for (; at > 1; at--)
		argv[at] = argv[at - 1];
	argv[1] = word;
}

static int run(int argc, char **argv)
{
	const struct command_line *command = argc > 1 ? find_command(argv[1]) : NULL;
	const char *word = argc > 1 ? argv[1] : "--help", *meant;

	if (command)
		return command->run(argc - 1, argv + 1);
	if (strcmp(word, "help") == 0 || (argc == 2 && (strcmp(word, "--help") == 0
			|| strcmp(word, "-h") == 0)))
		return say_help(strcmp(word, "help") == 0 && argc > 2 ? argv[2] : NULL);
	if (argc == 2 && strcmp(word, "version") == 0)
		return puts("beoplay " BEOPLAY_VERSION) < 0 ? EXIT_TEXT : EXIT_GOOD;
	meant = slip_of(word);
	if (!meant)
		return command_apply(argc, argv);
	fprintf(stderr, "beoplay: there is no command '%s'\n  → did you mean '%s'?\n", word, meant);
	return EXIT_TEXT;
}

int main(int argc, char **argv)
{
	int code;

	core_forbid();
	move_command(argc, argv);
	code = run(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "beoplay: the output can't be written: %s\n", strerror(errno));
	return code ? code : EXIT_TEXT;
}
