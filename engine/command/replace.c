/* replace: machines that were reinstalled, under the names that they had: their new host keys take the
 * place of the old ones, and what is known of the old machines is forgotten. */
#include "base/quote.h"
#include "command/command.h"
#include "command/init.h"
#include "command/passphrase.h"
#include "command/past.h"
#include "command/playing.h"
#include "command/replace_hosts.h"
#include "command/upgrade.h"
#include "history/history.h"

#include <stdio.h>
#include <string.h>

static void help(void)
{
	puts("usage: beoplay replace HOSTS [options]\n"
		"\n"
		"For machines that were reinstalled, or others in their place, under the same names: shows\n"
		"their new host keys, asks once, and writes them into known_hosts instead of the old ones.\n"
		"What the history keeps of the old machines is dropped. HOSTS is a pattern: node2, all.\n");
	options_print(OPTIONS_REPLACE);
}

static int load(struct init *init, const char *pattern, struct error *err)
{
	struct replace_host *found;
	size_t count;

	if (replace_hosts(init->arena, init->options->inventories, pattern, &found, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		*ARENA_PUSH(init->arena, &init->hosts, &init->count) = (struct init_host){
			.name = found[i].name, .given = found[i].address, .user = found[i].user,
			.port = found[i].port };
	return 0;
}

static bool is_changed(const struct init_host *host)
{
	return host->changed;
}

static bool has_new_key(const struct init_host *host)
{
	return host->changed || host->unknown;
}

static int look(struct init *init, bool again, struct error *err)
{
	struct init_attempt *attempts = arena_array(init->arena, init->count + 1, sizeof(*attempts));
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		if (!again || has_new_key(&init->hosts[i]))
			attempts[count++].host = &init->hosts[i];
	}
	if (init_try(init, attempts, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct init_host *host = attempts[i].host;
		const struct error *error = attempts[i].error;

		host->in = attempts[i].done;
		host->problem = error;
		if (again)
			continue;
		host->changed = error && error->code == SSH_HOST_KEY_CHANGED;
		host->unknown = error && error->code == SSH_HOST_KEY_UNKNOWN;
	}
	return 0;
}

static int ask(struct init *init, struct error *err)
{
	bool agreed = init->options->accept_new_host_keys;

	printf("New host keys:\n");
	init_show_keys(init, has_new_key);
	fflush(stdout);
	if (agreed)
		return 0;
	if (!init->terminal) {
		error_set(err, SSH_HOST_KEY_CHANGED, "there is no terminal to ask on whether these are right");
		return error_remedy(err, "compare them, and run it again with --accept-new-host-keys");
	}
	puts("Each machine shows its own with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
	if (init_agree("Shall they take the place of the old ones?", &agreed, err) < 0)
		return -1;
	return agreed ? 0 : error_set(err, CLI_DECLINED, "nothing was done");
}

/* A project without a history has nothing to forget. */
static int forget(struct init *init, struct error *err)
{
	const char *folder = past_folder(init->arena, NULL);
	struct history *history = NULL;
	int result;

	for (size_t i = 0; i < init->count; i++) {
		if (init->hosts[i].changed && playing_forget_moved(init->arena, init->options->inventories,
				init->hosts[i].name, err) < 0)
			return -1;
	}
	if (history_open(folder, false, &history, err) < 0)
		return -1;
	if (!history)
		return 0;
	history_close(history);
	result = history_open(folder, true, &history, err);
	for (size_t i = 0; result == 0 && i < init->count; i++) {
		if (!init->hosts[i].changed)
			continue;
		upgrade_forget(init->arena, folder, init->hosts[i].name);
		result = history_forget(history, init->hosts[i].name, err);
	}
	history_close(history);
	return result;
}

static int tell(struct init *init)
{
	int code = EXIT_GOOD;

	for (size_t i = 0; i < init->count; i++) {
		const struct init_host *host = &init->hosts[i];

		if (host->in) {
			printf("%s: %s\n", host->name, has_new_key(host) ? "its new key is known, and you log in"
				: "its key is as it was: nothing to do");
			continue;
		}
		if (host->problem->code != SSH_AUTHENTICATION_FAILED) {
			fprintf(stderr, "%s: %s\n", host->name, quote_printable(init->arena, host->problem->message,
				strlen(host->problem->message), 0));
			code = EXIT_UNREACHABLE;
			continue;
		}
		printf("%s: %s; your key isn't there yet\n", host->name, has_new_key(host)
			? "its new key is known" : "its key is as it was");
	}
	return code;
}

static int begin(struct init *init, const char *pattern, int *ret_code, struct error *err)
{
	init->terminal = passphrase_terminal();
	if (load(init, pattern, err) < 0 || look(init, false, err) < 0)
		return -1;
	if (init_names(init, has_new_key) && (ask(init, err) < 0 || look(init, true, err) < 0
			|| forget(init, err) < 0))
		return -1;
	*ret_code = tell(init);
	if (init_names(init, is_changed))
		puts("Next: the playbooks again, the one with your key first (access.yml -k): they put the\n"
			"machine right, and the new host key into the files of the others.");
	return 0;
}

int command_replace(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct apply_options options;
	struct init init = { .arena = arena, .options = &options, .named = true };
	struct error err = {0};
	int code = EXIT_TEXT;

	if (options_parse(arena, OPTIONS_REPLACE, argc, argv, &options) < 0) {
		;
	} else if (options.help) {
		help();
		code = EXIT_GOOD;
	} else if (!options.playbooks[0] || options.playbooks[1]) {
		fprintf(stderr, "beoplay: which machines?\n  → beoplay replace HOSTS: a name, or a pattern\n");
	} else {
		playing_watch_signals();
		if (begin(&init, options.playbooks[0], &code, &err) < 0) {
			code = err.kind == ERROR_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_TEXT;
			if (code != EXIT_INTERRUPTED)
				playing_complain(&err);
		}
	}
	arena_free(arena);
	return code;
}
