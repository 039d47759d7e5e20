/* foreign: settings of Ansible's that stand around, and that beoplay doesn't read. */
#include "command/foreign.h"

#include "base/arena.h"
#include "base/value.h"
#include "base/whole.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

/* Where beoplay has what a setting says, under its names in ansible.cfg and in the environment. */
static const struct {
	const char *setting;
	const char *variable;      /* behind ANSIBLE_ */
	const char *instead;
} settings[] = {
	{ "ask_become_pass", "BECOME_ASK_PASS", "-K" },
	{ "ask_pass", "ASK_PASS", "-k" },
	{ "become", "BECOME", "-b, or become in the play" },
	{ "become_user", "BECOME_USER", "--become-user, or become_user in the play" },
	{ "forks", "FORKS", "-f" },
	{ "force_handlers", "FORCE_HANDLERS", "--force-handlers, or force_handlers in the play" },
	{ "gathering", "GATHERING", "not needed: facts are gathered when a value needs them" },
	{ "host_key_checking", "HOST_KEY_CHECKING", "--accept-new-host-keys for the first contact" },
	{ "inventory", "INVENTORY", "-i, or inventory in beoplay.yml" },
	{ "pipelining", "PIPELINING", "not needed" },
	{ "private_key_file", "PRIVATE_KEY_FILE",
		"--private-key, or ansible_ssh_private_key_file in the inventory" },
	{ "remote_port", "REMOTE_PORT", "ansible_port in the inventory" },
	{ "remote_user", "REMOTE_USER", "-u, or ansible_user in the inventory" },
	{ "roles_path", "ROLES_PATH", "roles_path in beoplay.yml" },
	{ "ssh_args", "SSH_ARGS", "~/.ssh/config" },
	{ "ssh_common_args", "SSH_COMMON_ARGS", "~/.ssh/config" },
	{ "stdout_callback", "STDOUT_CALLBACK", "--json" },
	{ "timeout", "TIMEOUT", "-T" },
	{ "vault_password_file", "VAULT_PASSWORD_FILE",
		"vault_password_file in beoplay.yml" },
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]), TOLD_MOST = 20 };

static void add(struct arena *arena, const char **text, const char *name, const char *instead)
{
	*text = arena_printf(arena, "%s%s%s%s%s", *text ? *text : "", *text ? "; " : "", name,
		instead ? " → " : "", instead ? instead : "");
}

/* "remote_user = root" */
static void take_line(struct arena *arena, const char *line, const char **text)
{
	size_t size = 0;

	line += strspn(line, " \t");
	while (isalnum((unsigned char)line[size]) || line[size] == '_')
		size++;
	if (size == 0 || line[size + strspn(line + size, " \t")] != '=')
		return;
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strlen(settings[i].setting) == size
				&& strncmp(settings[i].setting, line, size) == 0) {
			add(arena, text, settings[i].setting, settings[i].instead);
			return;
		}
	}
	add(arena, text, arena_bytes(arena, line, size), NULL);
}

static void warn_of_file(struct report *report, struct arena *arena)
{
	FILE *file = whole_open("ansible.cfg");
	const char *text = NULL;
	char line[512];

	if (!file)
		return;
	for (unsigned i = 0; i < TOLD_MOST * 10 && fgets(line, sizeof(line), file); i++)
		take_line(arena, line, &text);
	fclose(file);
	report_warning(report, NULL, arena_printf(arena, "./ansible.cfg is not read by beoplay%s%s",
		text ? ": " : "", text ? text : ""));
}

static void warn_of_environment(struct report *report, struct arena *arena)
{
	static const char prefix[] = "ANSIBLE_";
	const char *text = NULL;

	for (size_t i = 0; i < SETTINGS; i++) {
		const char *name = arena_printf(arena, "%s%s", prefix, settings[i].variable);

		if (getenv(name))
			add(arena, &text, name, settings[i].instead);
	}
	for (char **one = environ; !text && *one; one++) {
		if (strncmp(*one, prefix, sizeof(prefix) - 1) == 0)
			add(arena, &text, arena_bytes(arena, *one, strcspn(*one, "=")), NULL);
	}
	if (text)
		report_warning(report, NULL, arena_printf(arena,
			"the environment is not read by beoplay: %s", text));
}

void foreign_warn(struct report *report)
{
	static bool told;
	struct arena *arena;

	if (told)
		return;
	told = true;
	arena = arena_new();
	warn_of_file(report, arena);
	warn_of_environment(report, arena);
	arena_free(arena);
}
