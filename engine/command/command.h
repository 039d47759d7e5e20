/* command: what the first word of the command line may be. Each gives the exit code of the program:
 * 0; 1 the text, the usage, or a pattern that matches nothing; 2 some host failed; 4 some host
 * couldn't be reached; 6 both; 130 ^C. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#define BEOPLAY_VERSION "0.1.0"

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_TEXT = 1,
	EXIT_FAILED = 2,
	EXIT_UNREACHABLE = 4,
	EXIT_INTERRUPTED = 130,
};

struct command_line {
	const char *name;
	const char *summary;
	/* argv[0] is the command's name. */
	int (*run)(int argc, char **argv);
};

int command_apply(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_doc(int argc, char **argv);
int command_forget(int argc, char **argv);
int command_history(int argc, char **argv);
int command_init(int argc, char **argv);
int command_inventory(int argc, char **argv);
int command_key(int argc, char **argv);
int command_log(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_replace(int argc, char **argv);
int command_retire(int argc, char **argv);
int command_rollback(int argc, char **argv);
int command_show(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
