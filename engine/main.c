/* main: the table of commands, nothing else. */
#include "base/core.h"
#include "command/command.h"

#include <stdio.h>
#include <string.h>

static const struct command_line commands[] = {
	{ "apply", "makes the machines be what playbooks say (the default)", command_apply },
	{ "diff", "what is different between the texts of two runs", command_diff },
	{ "doc", "what modules there are, and their options", command_doc },
	{ "forget", "drops what the history keeps of a host", command_forget },
	{ "history", "makes the history smaller", command_history },
	{ "inventory", "hosts, groups and their variables", command_inventory },
	{ "key", "the keys that seal what nodes keep", command_key },
	{ "log", "the runs of a project", command_log },
	{ "plan", "a dry run that can be kept, and applied just as it is", command_plan },
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

int main(int argc, char **argv)
{
	int code;

	core_forbid();
	for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	code = command_apply(argc, argv);
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		say_commands();
	return code;
}
