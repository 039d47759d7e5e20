/* passphrase: what is asked of whoever sits at the terminal. */
#include "command/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MOST = 1024 };

/* A line without its end; NULL at the end of the file. */
static const char *read_line(struct arena *arena, FILE *file)
{
	char line[LINE_MOST];

	if (!fgets(line, sizeof(line), file))
		return NULL;
	return arena_bytes(arena, line, strcspn(line, "\r\n"));
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
	struct termios shown, hidden;

	*ret_text = NULL;
	if (!terminal || tcgetattr(fileno(terminal), &shown) < 0) {
		if (terminal)
			fclose(terminal);
		return error_set(err, CLI_NO_TERMINAL, "nobody can be asked for the %s: there is no "
			"terminal", prompt);
	}
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(terminal, "%s: ", prompt);
	fflush(terminal);
	tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
	*ret_text = read_line(arena, terminal);
	tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
	fputs("\n", terminal);
	fclose(terminal);
	return *ret_text ? 0 : error_set(err, CLI_NO_ANSWER, "the %s was not given", prompt);
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
	*ret_passphrase = file ? read_line(arena, file) : NULL;
	if (file)
		fclose(file);
	if (!file)
		return error_errno(err, FILE_UNREADABLE, "cannot read '%s'", path);
	return *ret_passphrase ? 0 : error_set(err, KEY_INVALID_PASSPHRASE, "'%s' holds no passphrase",
		path);
}

bool passphrase_agree(const char *question)
{
	char line[16] = "";

	printf("%s [y/N] ", question);
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}
