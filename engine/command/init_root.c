/* init_root: how the login user becomes root on each machine. */
#include "command/init.h"

#include "command/passphrase.h"

#include <stdio.h>
#include <string.h>

/* Tries one way on all hosts that have none yet. */
static int try_way(struct init *init, const char *name, const char *password, init_holds *holds,
	struct error *err)
{
	struct init_attempt *attempts = arena_array(init->arena, init->count, sizeof(*attempts));
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		struct init_host *host = &init->hosts[i];

		if (holds(host))
			attempts[count++] = (struct init_attempt){ .host = host, .way = become_find(name),
				.password = host->by_password ? init->password : NULL,
				.become_password = password };
	}
	if (count == 0)
		return 0;
	if (init_try(init, attempts, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct init_host *host = attempts[i].host;

		host->root = attempts[i].done;
		host->problem = attempts[i].error;
		host->way = host->root ? attempts[i].way : NULL;
		host->asks = host->root && password;
	}
	return 0;
}

static bool is_without(const struct init_host *host)
{
	return host->in && !host->root;
}

/* sudo is there, and would like to have a password. */
static bool sudo_asks(const struct init_host *host)
{
	return is_without(host) && host->problem && strstr(host->problem->message, "asks");
}

static int ask(struct init *init, const char *prompt, const char **password, struct error *err)
{
	if (*password || !init->terminal)
		return 0;
	if (passphrase_ask(init->arena, prompt, password, err) < 0)
		return -1;
	if (!**password)
		*password = NULL;
	return 0;
}

static int by_sudo(struct init *init, struct error *err)
{
	const char *names = init_names(init, sudo_asks);
	const char *password = init->password ? init->password : init->become_password;

	if (!names)
		return 0;
	if (ask(init, arena_printf(init->arena, "password of '%s' on %s, for sudo", init->user, names),
			&password, err) < 0)
		return -1;
	if (password && try_way(init, "sudo", password, sudo_asks, err) < 0)
		return -1;
	init->password = password;
	return 0;
}

/* What to do where neither sudo nor a password of root's helped. */
static void say_ways(struct init *init, struct init_host *host)
{
	struct error *why = arena_alloc(init->arena, sizeof(*why));

	if (!host->problem)
		return;
	error_set(why, host->problem->code, "%s", host->problem->message);
	error_remedy(why, "give root's password with -K, for su; or there, as root: apt install sudo; "
		"adduser %s sudo", init->user);
	host->problem = why;
}

static int by_su(struct init *init, struct error *err)
{
	const char *names = init_names(init, is_without);

	if (!names)
		return 0;
	if (!init->become_password && init->terminal)
		printf("'%s' becomes root on %s neither with sudo nor otherwise.\n", init->user, names);
	init->root_password = init->become_password;
	if (ask(init, arena_printf(init->arena, "root's password on %s (empty: leave it so)", names),
			&init->root_password, err) < 0)
		return -1;
	if (init->root_password)
		return try_way(init, "su", init->root_password, is_without, err);
	for (size_t i = 0; i < init->count; i++) {
		if (is_without(&init->hosts[i]))
			say_ways(init, &init->hosts[i]);
	}
	return 0;
}

int init_root(struct init *init, struct error *err)
{
	for (size_t i = 0; i < init->count; i++)
		init->hosts[i].root = init->hosts[i].in && strcmp(init->user, "root") == 0;
	return try_way(init, "sudo", NULL, is_without, err) < 0 || by_sudo(init, err) < 0
		|| by_su(init, err) < 0 ? -1 : 0;
}
