/* init_reach: into machines that were never seen before: their keys, and logins. */
#include "command/init.h"

#include "base/quote.h"
#include "command/passphrase.h"
#include "command/playing.h"
#include "command/playing_state.h"
#include "fleet/transport.h"
#include "report/report.h"

#include <stdio.h>
#include <string.h>

enum {
	NAMES_MOST = 4,        /* that are told one by one */
	LOOK_EVERY = 200,      /* milliseconds: whether ^C was pressed */
	REFUSALS_MOST = 3,     /* hosts that refuse a password, until it is believed to be wrong */
};

static int interrupted(struct error *err)
{
	return *playing_interrupted() ? error_set(err, RUN_INTERRUPTED, "interrupted") : 0;
}

int init_agree(const char *question, bool *ret_agreed, struct error *err)
{
	*ret_agreed = passphrase_agree(question);
	if (*playing_interrupted())
		puts("");
	return interrupted(err);
}

const char *init_fold(const struct init *init, const struct value *names)
{
	struct value *first = value_list(init->arena);

	if (names->count <= NAMES_MOST)
		return report_fold(init->arena, names);
	if (names->count == init->count)
		return arena_printf(init->arena, "all %zu hosts", init->count);
	for (size_t i = 0; i < NAMES_MOST; i++)
		value_append(init->arena, first, names->items[i]);
	return arena_printf(init->arena, "%s and %zu more", report_fold(init->arena, first),
		names->count - NAMES_MOST);
}

const char *init_names(const struct init *init, init_holds *holds)
{
	struct value *names = value_list(init->arena);

	for (size_t i = 0; i < init->count; i++) {
		if (holds(&init->hosts[i]))
			value_append(init->arena, names, value_string(init->arena, init->hosts[i].name));
	}
	return names->count ? init_fold(init, names) : NULL;
}

/* --- Trying --- */

static void take(struct init *init, const struct fleet_event *event, struct fleet_host *const *hosts,
	const struct init_attempt *attempts, struct fleet *fleet)
{
	struct init_attempt *attempt = event->context;

	if (event->kind == FLEET_WARNING) {
		fprintf(stderr, "warning: %s\n", quote_printable(init->arena, event->message,
			strlen(event->message), 0));
	} else if (event->kind == FLEET_READY) {
		attempt->done = true;
		attempt->host->key = arena_string(init->arena, event->key);
		/* As ~/.ssh/config may have said. */
		if (!init->options->user)
			init->user = arena_string(init->arena, event->user);
		fleet->calls->close(hosts[attempt - attempts]);
	} else if (event->kind == FLEET_LOST && !attempt->done) {
		struct error *why = arena_alloc(init->arena, sizeof(*why));

		if (event->error)
			*why = *event->error;
		attempt->error = why;
		if (event->key)
			attempt->host->key = arena_string(init->arena, event->key);
	}
}

static struct fleet_target target_of(const struct init *init, struct init_attempt *attempt)
{
	return (struct fleet_target){
		.name = init->named ? attempt->host->name : NULL, .address = attempt->host->given, .port = attempt->host->port,
		.user = attempt->host->user ? attempt->host->user : init->options->user, .private_key = init->options->private_key,
		.transport = transport_find(NULL), .context = attempt,
		.accept_key = attempt->host->unknown || attempt->host->changed ? attempt->host->key : NULL,
		.replace_key = attempt->host->changed,
		.password = attempt->password, .become = attempt->way != NULL, .way = attempt->way,
		.become_password = attempt->become_password,
	};
}

int init_try(struct init *init, struct init_attempt *attempts, size_t count, struct error *err)
{
	const struct fleet_options options = {
		.forks = init->options->forks, .timeout = init->options->timeout,
		.known_hosts = init->options->known_hosts, .leave_nothing = true,
	};
	struct fleet *fleet = fleet_new(&options, err);
	struct fleet_host **hosts = arena_array(init->arena, count + 1, sizeof(struct fleet_host *));
	struct fleet_event event = { .kind = FLEET_TIME };
	int result = fleet ? 0 : -1;

	for (size_t i = 0; fleet && i < count; i++) {
		const struct fleet_target target = target_of(init, &attempts[i]);

		attempts[i].done = false;
		attempts[i].error = NULL;
		hosts[i] = fleet->calls->add(fleet, &target);
	}
	while (result == 0 && event.kind != FLEET_END) {
		result = fleet->calls->next(fleet, event.now + LOOK_EVERY, &event, err);
		if (result == 0)
			take(init, &event, hosts, attempts, fleet);
		if (result == 0)
			result = interrupted(err);
	}
	if (fleet)
		fleet_free(fleet);
	return result;
}

/* --- Host keys --- */

static bool is_unknown(const struct init_host *host)
{
	return host->unknown;
}

/* One line for each key; several hosts with one key are copies of one system, or one machine. */
void init_show_keys(struct init *init, init_holds *holds)
{
	for (size_t i = 0; i < init->count; i++) {
		const struct init_host *host = &init->hosts[i];
		struct value *same = value_list(init->arena);
		bool first = true;

		for (size_t k = 0; k < init->count; k++) {
			if (!holds(&init->hosts[k]) || !holds(host)
					|| strcmp(init->hosts[k].key, host->key) != 0)
				continue;
			first = first && (k >= i || same->count > 0);
			value_append(init->arena, same, value_string(init->arena, init->hosts[k].name));
		}
		if (same->count == 0 || strcmp(value_text(same->items[0]), host->name) != 0)
			continue;
		printf("  %s  %s\n", identity_fingerprint(init->arena, host->key),
			report_fold(init->arena, same));
		if (same->count > 1)
			puts("      the same key on all of these: one machine with several addresses, or copies\n"
				"      of one system (on each copy: rm /etc/ssh/ssh_host_*; dpkg-reconfigure "
				"openssh-server)");
	}
}

static int ask_keys(struct init *init, struct error *err)
{
	const char *names = init_names(init, is_unknown);
	bool agreed;

	if (!names)
		return 0;
	printf("Never seen before, with these host keys:\n");
	init_show_keys(init, is_unknown);
	fflush(stdout);
	if (init->options->accept_new_host_keys)
		return 0;
	if (!init->terminal) {
		error_set(err, SSH_HOST_KEY_UNKNOWN, "the host keys of %s aren't known, and there is no "
			"terminal to ask on", names);
		return error_remedy(err, "compare them, and run it again with --accept-new-host-keys");
	}
	puts("Each machine shows its own with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
	if (init_agree("Are these your machines?", &agreed, err) < 0)
		return -1;
	return agreed ? 0 : error_set(err, CLI_DECLINED, "the keys are not accepted: nothing was done");
}

/* --- Logins --- */

static bool is_refused(const struct init_attempt *attempt)
{
	return attempt->error && attempt->error->code == SSH_AUTHENTICATION_FAILED;
}

/* What came of logging in, each host once. */
static void note(struct init_attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct init_host *host = attempts[i].host;

		host->in = attempts[i].done;
		host->by_password = host->in && attempts[i].password;
		host->problem = attempts[i].error;
		if (attempts[i].done || is_refused(&attempts[i]))
			host->unknown = false;
	}
}

/* By key alone. */
static int by_key(struct init *init, bool unknown, struct error *err)
{
	struct init_attempt *attempts = arena_array(init->arena, init->count, sizeof(*attempts));
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		if (init->hosts[i].unknown == unknown)
			attempts[count++].host = &init->hosts[i];
	}
	if (count == 0)
		return 0;
	if (init_try(init, attempts, count, err) < 0)
		return -1;
	note(attempts, count);
	for (size_t i = 0; !unknown && i < count; i++)
		attempts[i].host->unknown = attempts[i].error && attempts[i].host->key
			&& attempts[i].error->code == SSH_HOST_KEY_UNKNOWN;
	return 0;
}

static bool wants_password(const struct init_host *host)
{
	return !host->in && host->problem && host->problem->code == SSH_AUTHENTICATION_FAILED;
}

/* Types it again, or goes on without this host. */
static int ask_again(struct init *init, struct init_attempt *attempt, struct error *err)
{
	const char *again;

	printf("%s: %s\n", attempt->host->name, quote_printable(init->arena, attempt->error->message,
		strlen(attempt->error->message), 0));
	if (passphrase_ask(init->arena, arena_printf(init->arena, "password of '%s' once more (empty: go "
			"on without %s)", init->user, attempt->host->name), &again, err) < 0)
		return -1;
	if (!*again)
		return 0;
	attempt->password = init->password = again;
	return init_try(init, attempt, 1, err);
}

/* The password is tried on one host before it goes to all, so that a slip of the finger doesn't
 * lock the account everywhere; no host is tried more than twice. ret_tried: as many were. */
static int try_first(struct init *init, struct init_attempt *attempts, size_t count, bool typed,
	size_t *ret_tried, struct error *err)
{
	for (size_t i = 0; i < count && i < REFUSALS_MOST; i++) {
		*ret_tried = i + 1;
		attempts[i].password = init->password;
		if (init_try(init, &attempts[i], 1, err) < 0)
			return -1;
		if (typed && is_refused(&attempts[i]) && ask_again(init, &attempts[i], err) < 0)
			return -1;
		if (!is_refused(&attempts[i]))
			break;
	}
	return 0;
}

static void nobody_asked(struct init *init)
{
	struct error *why = arena_alloc(init->arena, sizeof(*why));

	error_set(why, SSH_AUTHENTICATION_FAILED, "no key of yours lets '%s' in, and there is no "
		"terminal to ask for a password", init->user);
	error_remedy(why, "name a file that holds it with --password-file");
	for (size_t i = 0; i < init->count; i++) {
		if (wants_password(&init->hosts[i]))
			init->hosts[i].problem = why;
	}
}

static int by_password(struct init *init, struct error *err)
{
	const char *names = init_names(init, wants_password);
	struct init_attempt *attempts = arena_array(init->arena, init->count, sizeof(*attempts));
	bool typed = !init->password;
	size_t count = 0, tried = 0;

	if (!names)
		return 0;
	if (!init->password && !init->terminal) {
		nobody_asked(init);
		return 0;
	}
	if (!init->password && passphrase_ask(init->arena, arena_printf(init->arena,
			"password of '%s' on %s", init->user, names), &init->password, err) < 0)
		return -1;
	if (!*init->password) {
		init->password = NULL;
		return 0;
	}
	for (size_t i = 0; i < init->count; i++) {
		if (wants_password(&init->hosts[i]))
			attempts[count++].host = &init->hosts[i];
	}
	if (try_first(init, attempts, count, typed, &tried, err) < 0)
		return -1;
	if (!is_refused(&attempts[tried - 1]) && tried < count) {
		for (size_t i = tried; i < count; i++)
			attempts[i].password = init->password;
		if (init_try(init, attempts + tried, count - tried, err) < 0)
			return -1;
		tried = count;
	}
	note(attempts, tried);
	return 0;
}

int init_reach(struct init *init, struct error *err)
{
	return by_key(init, false, err) < 0 || ask_keys(init, err) < 0 || by_key(init, true, err) < 0
		|| by_password(init, err) < 0 ? -1 : 0;
}
