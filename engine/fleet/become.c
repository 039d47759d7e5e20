/* become: the ways in which the login user becomes root on a machine, what they ask, and how they
 * refuse. */
#include "fleet/become.h"

#include <sodium.h>
#include <string.h>

#define BY_SU "s=$1; shift; exec su -s /bin/sh -c \"$s\" root \"$@\""

/* -k: a password that was asked for counts for this once. */
static const struct become_way ways[] = {
	{ "sudo", "exec sudo -n -- sh -c \"$@\"", "exec sudo -k -S -p \"$p\" -- sh -c \"$@\"", NULL,
		"the user's own" },
	{ "su", BY_SU, BY_SU, "Password: ", "root's" },
	{ "doas", "exec doas -n sh -c \"$@\"", NULL, NULL, NULL },
};

const struct become_way *become_find(const char *name)
{
	if (!name)
		return &ways[0];
	if (strncmp(name, "ansible.builtin.", 16) == 0)
		name += 16;
	else if (strncmp(name, "community.general.", 18) == 0)
		name += 18;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	}
	return NULL;
}

struct become *become_new(struct arena *arena, const struct become_way *way, const char *user,
	const char *password)
{
	struct become *become = arena_alloc(arena, sizeof(*become));
	unsigned char random[12];
	char word[2 * sizeof(random) + 1];

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(word, sizeof(word), random, sizeof(random));
	*become = (struct become){ .way = way, .user = user, .password = password,
		.prompt = way->prompt ? way->prompt : arena_printf(arena, "[beoplay %s] ", word) };
	return become;
}

/* The prompt is the last that is said: whoever asks waits then. */
static bool asks(const struct become *become, const struct buffer *errors)
{
	size_t size = strlen(become->prompt);

	return errors->size >= size
		&& memcmp(errors->data + errors->size - size, become->prompt, size) == 0;
}

static int wrong_password(const struct become *become, struct error *err)
{
	error_set(err, AGENT_BECOME_FAILED, "%s: wrong password for '%s'", become->way->name,
		become->way->prompt ? "root" : become->user);
	return error_remedy(err, "%s wants %s password; it was tried once", become->way->name,
		become->way->whose);
}

static int no_password(const struct become *become, struct error *err)
{
	error_set(err, AGENT_BECOME_FAILED, "%s asks '%s' for a password", become->way->name,
		become->user);
	if (become->way->prompt)
		return error_remedy(err, "give root's password with -K (--ask-become-pass)");
	return error_remedy(err, "give it with -K (--ask-become-pass), or put "
		"'%s ALL=(ALL:ALL) NOPASSWD: ALL' into a file in /etc/sudoers.d there", become->user);
}

int become_look(struct become *become, struct buffer *errors, struct error *err)
{
	if (!asks(become, errors))
		return 0;
	buffer_clear(errors);
	if (become->told)
		return wrong_password(become, err);
	if (!become->password)
		return no_password(become, err);
	become->told = true;
	return 1;
}

/* --- Refusals --- */

static int refused_sudo(const struct become *become, const char *said, struct error *err)
{
	if (strstr(said, "not in the sudoers file")) {
		error_set(err, AGENT_BECOME_FAILED, "'%s' isn't in sudoers", become->user);
		return error_remedy(err, "as root: adduser %s sudo; or become root with root's password: "
			"--become-method su -K", become->user);
	}
	if (strstr(said, "is not allowed to execute") || strstr(said, "may not run sudo")) {
		error_set(err, AGENT_BECOME_FAILED, "sudo doesn't let '%s' run everything as root",
			become->user);
		return error_remedy(err, "put '%s ALL=(ALL:ALL) ALL' into a file in /etc/sudoers.d there",
			become->user);
	}
	if (strstr(said, "must have a tty")) {
		error_set(err, AGENT_BECOME_FAILED, "sudo needs a terminal there (requiretty)");
		return error_remedy(err, "take 'Defaults requiretty' out of /etc/sudoers, or add "
			"'Defaults:%s !requiretty'", become->user);
	}
	if (strstr(said, "incorrect password attempt"))
		return wrong_password(become, err);
	if (strstr(said, "password is required"))
		return no_password(become, err);
	return 0;
}

static int refused_su(const struct become *become, const char *said, struct error *err)
{
	if (strstr(said, "Authentication failure") && become->told)
		return wrong_password(become, err);
	if (strstr(said, "Permission denied") || strstr(said, "Authentication failure")) {
		error_set(err, AGENT_BECOME_FAILED, "su doesn't let '%s' become root", become->user);
		return error_remedy(err, "has root a password there, and does /etc/pam.d/su let this user "
			"in (pam_wheel)?");
	}
	return 0;
}

static int refused_doas(const struct become *become, const char *said, struct error *err)
{
	if (strstr(said, "Authentication required") || strstr(said, "not permitted")) {
		error_set(err, AGENT_BECOME_FAILED, "doas doesn't let '%s' become root without a password",
			become->user);
		return error_remedy(err, "put 'permit nopass %s as root' into /etc/doas.conf there",
			become->user);
	}
	return 0;
}

static bool not_there(const char *said, const char *name)
{
	const char *at = strstr(said, name);

	return at && (strstr(at, "not found") || strstr(at, "No such file"));
}

bool become_refused(const struct become *become, const char *said, struct error *err)
{
	const char *name = become->way->name;

	if (not_there(said, name)) {
		error_set(err, AGENT_BECOME_FAILED, "there is no %s", name);
		error_remedy(err, strcmp(name, "su") == 0 ? "log in as root"
			: "become root with root's password: --become-method su -K; or log in as root");
		return true;
	}
	return (strcmp(name, "sudo") == 0 ? refused_sudo(become, said, err)
		: strcmp(name, "su") == 0 ? refused_su(become, said, err)
		: refused_doas(become, said, err)) < 0;
}
