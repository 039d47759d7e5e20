/* main: the table of commands, and what stands in for one. */
#include "base/core.h"
#include "base/suggest.h"
#include "command/command.h"
#include "command/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command_line commands[] = {
	{ "apply", "apply playbooks to the machines (the default)", command_apply },
	{ "diff", "compare the texts of two runs", command_diff },
	{ "doc", "describe the modules, and the codes of errors", command_doc },
	{ "forget", "remove a host from the history", command_forget },
	{ "history", "remove runs or files from the history", command_history },
	{ "init", "start a project with machines as their installer left them", command_init },
	{ "inventory", "list hosts, groups and their variables", command_inventory },
	{ "key", "manage the keys that seal what nodes keep", command_key },
	{ "log", "list the runs of a project", command_log },
	{ "plan", "preview a run, and save it to be applied exactly as shown", command_plan },
	{ "replace", "accept the new host keys of machines that were reinstalled", command_replace },
	{ "retire", "take a machine out of the cluster", command_retire },
	{ "rollback", "return the machines to the state of an earlier run", command_rollback },
	{ "show", "show a run and its text", command_show },
	{ "status", "show what each host has, as reported by the host itself", command_status },
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

/* The next file that is opened would be in the place of a stream that is closed, and be written into by
 * whatever is said. What stands there instead can't be used either: that stays an error. */
static void fill_streams(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) < 0)
			open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	int code;

	fill_streams();
	core_forbid();
	move_command(argc, argv);
	code = run(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "beoplay: the output can't be written: %s\n", strerror(errno));
	return code ? code : EXIT_TEXT;
}
