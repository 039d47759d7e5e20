/* passphrase: what is asked of whoever sits at the terminal. */
#include "command/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MOST = 1024 };

const char *passphrase_line(struct arena *arena, FILE *file, const char *what, struct error *err)
{
	char line[LINE_MOST];
	const char *text = NULL;

	if (!fgets(line, sizeof(line), file))
		error_set(err, CLI_NO_ANSWER, "%s", what);
	else if (strlen(line) == sizeof(line) - 1 && !strchr(line, '\n'))
		error_set(err, CLI_NO_ANSWER, "a line of more than %d bytes is no password", LINE_MOST - 2);
	else
		text = arena_bytes(arena, line, strcspn(line, "\r\n"));
	explicit_bzero(line, sizeof(line));
	return text;
}

/* --- The terminal --- */

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };
static volatile sig_atomic_t ended_by;

static void on_end(int number)
{
	ended_by = number;
}

/* Whatever ends the program while it waits, the terminal shows again what is typed; stopping it
 * (^Z) would leave that to the shell. */
static void hide(int fd, const struct termios *shown, struct sigaction before[ENDS])
{
	struct sigaction action = { .sa_handler = on_end };
	struct termios hidden = *shown;

	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	ended_by = 0;
	for (int i = 0; i < ENDS; i++)
		sigaction(ends[i], &action, &before[i]);
	tcsetattr(fd, TCSAFLUSH, &hidden);
}

static void show(int fd, const struct termios *shown, const struct sigaction before[ENDS])
{
	tcsetattr(fd, TCSAFLUSH, shown);
	for (int i = 0; i < ENDS; i++)
		sigaction(ends[i], &before[i], NULL);
	if (ended_by)
		raise(ended_by);
}

/* Signals come only here, where one that has come already is seen. False: one has. */
static bool wait_typed(int fd, const sigset_t *signals)
{
	struct pollfd typed = { .fd = fd, .events = POLLIN };

	while (!ended_by) {
		if (ppoll(&typed, 1, NULL, signals) > 0)
			return true;
	}
	return false;
}

static void hold_ends(sigset_t *ret_signals)
{
	sigset_t held;

	sigemptyset(&held);
	for (int i = 0; i < ENDS; i++)
		sigaddset(&held, ends[i]);
	sigprocmask(SIG_BLOCK, &held, ret_signals);
}

bool passphrase_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 && isatty(STDIN_FILENO);
}

int passphrase_ask(struct arena *arena, const char *prompt, const char **ret_text,
	struct error *err)
{
	FILE *terminal = isatty(STDIN_FILENO) ? fopen("/dev/tty", "r+e") : NULL;
	struct sigaction before[ENDS];
	struct termios shown;
	sigset_t signals;

	*ret_text = NULL;
	if (!terminal || tcgetattr(fileno(terminal), &shown) < 0) {
		if (terminal)
			fclose(terminal);
		return error_set(err, CLI_NO_TERMINAL, "cannot ask for the %s: there is no "
			"terminal", prompt);
	}
	/* Whoever sees the question may already type. */
	hold_ends(&signals);
	hide(fileno(terminal), &shown, before);
	fprintf(terminal, "%s: ", prompt);
	fflush(terminal);
	if (wait_typed(fileno(terminal), &signals))
		*ret_text = passphrase_line(arena, terminal, arena_printf(arena, "the %s was not given", prompt),
			err);
	fputs("\n", terminal);
	fflush(terminal);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	show(fileno(terminal), &shown, before);
	fclose(terminal);
	if (ended_by) {
		*ret_text = NULL;
		error_clear(err);
		return error_set(err, RUN_INTERRUPTED, "interrupted");
	}
	return *ret_text ? 0 : -1;
}

int passphrase_read(struct arena *arena, const char *path, bool fresh, const char **ret_passphrase,
	struct error *err)
{
	const char *again;
	FILE *file;

	if (!path) {
		if (passphrase_ask(arena, "passphrase", ret_passphrase, err) < 0)
			return error_remedy(err, "name a file that holds it with --passphrase-file");
		if (fresh && (passphrase_ask(arena, "passphrase once more", &again, err) < 0
				|| strcmp(again, *ret_passphrase) != 0))
			return error_set(err, CLI_NO_ANSWER, "the two passphrases differ");
		return 0;
	}
	file = fopen(path, "re");
	if (!file)
		return error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	*ret_passphrase = passphrase_line(arena, file, arena_printf(arena, "'%s' is empty", path), err);
	fclose(file);
	return *ret_passphrase ? 0 : -1;
}

bool passphrase_agree(const char *question)
{
	struct pollfd typed = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[16] = "";
	sigset_t signals;
	bool answered;

	/* Whoever sees the question may already give it up. */
	hold_ends(&signals);
	printf("%s [y/N] ", question);
	fflush(stdout);
	answered = (!isatty(STDIN_FILENO) || ppoll(&typed, 1, NULL, &signals) > 0)
		&& fgets(line, sizeof(line), stdin);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	if (!answered)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}
