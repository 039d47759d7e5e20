/* Errors of the command line, of beoplay.yml, and of the run as a whole. */
#define ERRORS_OF_CLI(X) \
	X(CLI_INVALID_USAGE, "cli.invalid-usage", TEXT, \
		"the command line has an unknown option, or lacks or repeats something", \
		"beoplay COMMAND --help shows the options") \
	X(CLI_NO_TERMINAL, "cli.no-terminal", TEXT, \
		"a passphrase or password is needed, but there is no terminal to ask on", \
		"run beoplay on a terminal, or name a file that holds it") \
	X(CLI_NO_ANSWER, "cli.no-answer", TEXT, \
		"a passphrase or password was not entered, or entered differently the second time", \
		"run the command again") \
	X(CLI_DECLINED, "cli.declined", TEXT, \
		"you answered no to a question, so nothing was done", "") \
	X(PROJECT_INVALID_VALUE, "project.invalid-value", TEXT, \
		"a value in beoplay.yml is of the wrong type", "write it as the message says") \
	X(PROJECT_UNKNOWN_KEY, "project.unknown-key", TEXT, \
		"beoplay.yml has a key that beoplay doesn't know", "check the spelling, or remove the key") \
	X(RUN_INTERRUPTED, "run.interrupted", INTERRUPTED, \
		"the run was interrupted, or its connection to the controller was lost", \
		"apply the playbook again, with --resume to start at the task that was interrupted") \
	X(RUN_GIVEN_UP, "run.given-up", INTERRUPTED, \
		"the run was interrupted, and a host was still at a step, which it finishes by itself", \
		"apply the playbook again, with --resume") \
	X(RUN_MOVED, "run.moved", INTERRUPTED, \
		"the run went on over another connection, which never came", \
		"see whether the machine can be reached; it is as it was before the change by now") \
	X(RUN_SYSTEM, "run.system", BUG, \
		"the system refused something that beoplay can't work without", \
		"check the limits of memory, files and processes on this machine") \
	X(BEOPLAY_BUG, "beoplay.bug", BUG, \
		"beoplay did something that it must never do", "report the message as a bug")
