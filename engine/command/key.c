/* key: the keys that seal what nodes keep: listed, taken elsewhere, replaced, withdrawn. */
#include "command/command.h"
#include "command/passphrase.h"
#include "command/playing.h"

#include "base/whole.h"
#include "seal/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The command line behind the word. */
struct key_command {
	struct arena *arena;
	const char *directory;
	const char *what;            /* an ID or a file; NULL: not given */
	const char *passphrase_file;
	const char *output;
};

static int usage(FILE *out)
{
	fputs("usage: beoplay key list               list your keys with ID, age and name\n"
		"       beoplay key export [ID] [-o FILE]   export a key, protected by a passphrase\n"
		"       beoplay key import FILE        add an exported key to your keys\n"
		"       beoplay key rotate             seal with a new key; old keys still open\n"
		"       beoplay key revoke ID          no longer trust anything that this key sealed\n"
		"\n"
		"Nodes keep the texts of the last runs, sealed with your key: you can roll back without a\n"
		"history, and nobody on a node can read or replace them. Keep an exported key in a safe\n"
		"place; without both history and key, earlier texts can't be opened. To share a key in a\n"
		"team, export it, import it everywhere, and write 'key: ID' into beoplay.yml.\n"
		"\n"
		"  --passphrase-file FILE   read the passphrase from its first line (default: ask)\n"
		"  -o, --output FILE        write the exported key to FILE, not to standard output\n", out);
	return out == stdout ? EXIT_GOOD : EXIT_TEXT;
}

static const char *day(struct arena *arena, int64_t seconds)
{
	time_t when = (time_t)seconds;
	char text[32] = "?";
	struct tm local;

	if (localtime_r(&when, &local))
		strftime(text, sizeof(text), "%Y-%m-%d", &local);
	return arena_string(arena, text);
}

static int key_list(const struct key_command *command, struct error *err)
{
	const struct key *seals = NULL;
	struct key *keys;
	size_t count;

	if (keys_load(command->arena, command->directory, &keys, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *state = keys[i].revoked ? "revoked" : seals ? "opens" : "seals";

		if (!keys[i].revoked && !seals)
			seals = &keys[i];
		printf("%s  %s  %-7s  %s\n", keys[i].id, day(command->arena, keys[i].created), state,
			keys[i].name);
	}
	if (count == 0)
		puts("no key yet: the first apply makes one");
	return 0;
}

/* The key with the given ID, or the one that seals. */
static int choose(const struct key_command *command, const struct key **ret_key, struct error *err)
{
	bool made;

	if ((command->what ? keys_find(command->arena, command->directory, command->what, ret_key, err)
			: keys_newest(command->arena, command->directory, false, "", ret_key, &made,
			err)) < 0)
		return -1;
	if (*ret_key)
		return 0;
	if (!command->what)
		return error_set(err, KEY_NOT_FOUND, "there is no key yet: the first apply makes one");
	error_set(err, KEY_NOT_FOUND, "you have no key '%s'", command->what);
	return error_remedy(err, "beoplay key list shows those that you have");
}

static int key_export(const struct key_command *command, struct error *err)
{
	const struct key *key;
	const char *passphrase;
	char *text;

	if (choose(command, &key, err) < 0 || passphrase_read(command->arena,
			command->passphrase_file, true, &passphrase, err) < 0
			|| export_write(command->arena, key, passphrase, &text, err) < 0)
		return -1;
	if (!command->output) {
		fputs(text, stdout);
		return 0;
	}
	if (whole_replace(command->output, text, strlen(text), 0600, false) < 0)
		return error_errno(err, FILE_UNWRITABLE, "cannot write '%s'", command->output);
	printf("key %s is in %s\n", key->id, command->output);
	return 0;
}

static int read_text(const struct key_command *command, char **ret_text, struct error *err)
{
	int fd = open(command->what, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size = -1;

	*ret_text = arena_alloc(command->arena, EXPORT_MOST + 2);
	if (fd >= 0)
		size = read(fd, *ret_text, EXPORT_MOST + 1);
	if (fd >= 0)
		close(fd);
	return size < 0 ? error_errno(err, FILE_UNREADABLE, "cannot read '%s'", command->what) : 0;
}

static int key_import(const struct key_command *command, struct error *err)
{
	const char *passphrase;
	struct key key;
	char *text;

	if (!command->what) {
		error_set(err, CLI_INVALID_USAGE, "no key file given");
		return error_remedy(err, "beoplay key import FILE");
	}
	if (read_text(command, &text, err) < 0 || passphrase_read(command->arena,
			command->passphrase_file, false, &passphrase, err) < 0
			|| export_read(command->arena, text, passphrase, &key, err) < 0
			|| keys_add(command->arena, command->directory, &key, err) < 0)
		return -1;
	printf("key %s (%s) is one of yours now\n", key.id, key.name);
	return 0;
}

static int key_rotate(const struct key_command *command, struct error *err)
{
	const struct key *key;

	if (keys_make(command->arena, command->directory, playing_who(command->arena), &key, err) < 0)
		return -1;
	printf("key %s seals from now on; export it\n", key->id);
	return 0;
}

static int key_revoke(const struct key_command *command, struct error *err)
{
	if (!command->what) {
		error_set(err, CLI_INVALID_USAGE, "no key ID given");
		return error_remedy(err, "beoplay key revoke ID; beoplay key list shows the IDs");
	}
	if (keys_revoke(command->arena, command->directory, command->what, err) < 0)
		return -1;
	printf("nothing that key %s sealed is believed any more\n", command->what);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(const struct key_command *command, struct error *err);
	bool takes;                  /* an ID or a file */
} words[] = {
	{ "list", key_list, false }, { "export", key_export, true },
	{ "import", key_import, true },
	{ "rotate", key_rotate, false }, { "revoke", key_revoke, true },
};

/* Whether the rest of the command line makes sense. */
static bool parse(struct key_command *command, int argc, char **argv, bool takes)
{
	for (int i = 2; i < argc; i++) {
		const char **to = strcmp(argv[i], "--passphrase-file") == 0 ? &command->passphrase_file
			: strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0 ? &command->output
			: NULL;

		if (to && i + 1 < argc)
			*to = argv[++i];
		else if (to || argv[i][0] == '-' || !takes || command->what)
			return false;
		else
			command->what = argv[i];
	}
	return true;
}

int command_key(int argc, char **argv)
{
	struct key_command command = { .arena = arena_new() };
	struct error err = {0};
	int code = EXIT_TEXT;
	size_t i = 0;

	command.directory = keys_directory(command.arena);
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		code = usage(stdout);
	} else {
		while (argc > 1 && i < sizeof(words) / sizeof(*words)
				&& strcmp(words[i].word, argv[1]) != 0)
			i++;
		if (argc < 2 || i == sizeof(words) / sizeof(*words)
				|| !parse(&command, argc, argv, words[i].takes))
			code = usage(stderr);
		else if (words[i].run(&command, &err) == 0)
			code = EXIT_GOOD;
		if (err.kind != ERROR_NONE)
			playing_complain(&err);
	}
	arena_free(command.arena);
	return code;
}
