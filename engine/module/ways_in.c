/* ways_in: what carries a login. */
#include "module/ways_in.h"

#include "base/buffer.h"

#include <fnmatch.h>
#include <string.h>

enum way_in_kind {
	WAY_PATH,                /* a file, or a folder with all that is below it */
	WAY_RESOURCE,            /* a pattern of what modules name */
	WAY_COMMAND,             /* a program that changes one of them */
	WAY_UNIT,                /* of systemd, or an init script */
};

/* ~ is the home of the user who logs in, and @ that user's name. */
static const struct way_in {
	enum way_in_kind kind;
	const char *name, *what;
	bool gssapi;             /* only where Kerberos is used */
} table[] = {
	{ WAY_PATH, "/etc/ssh/sshd_config", "sshd's configuration", false },
	{ WAY_PATH, "/etc/ssh/sshd_config.d", "sshd's configuration", false },
	{ WAY_PATH, "/etc/ssh/sshrc", "sshd's configuration", false },
	{ WAY_PATH, "/etc/ssh/ssh_host_rsa_key", "a host key", false },
	{ WAY_PATH, "/etc/ssh/ssh_host_ecdsa_key", "a host key", false },
	{ WAY_PATH, "/etc/ssh/ssh_host_ed25519_key", "a host key", false },
	{ WAY_PATH, "/etc/default/ssh", "sshd's options", false },
	{ WAY_PATH, "/etc/systemd/system/ssh.service", "sshd's unit", false },
	{ WAY_PATH, "/etc/systemd/system/ssh.service.d", "sshd's unit", false },
	{ WAY_PATH, "~/.ssh/authorized_keys", "what @ logs in by", false },
	{ WAY_PATH, "~/.ssh/rc", "what runs when @ logs in", false },
	{ WAY_PATH, "~/.bashrc", "what runs when @ logs in", false },
	{ WAY_PATH, "/etc/bash.bashrc", "what runs when somebody logs in", false },
	{ WAY_PATH, "/etc/environment", "what is set when somebody logs in", false },
	{ WAY_PATH, "/etc/sudoers", "who becomes root", false },
	{ WAY_PATH, "/etc/sudoers.d", "who becomes root", false },
	{ WAY_PATH, "/etc/sudo.conf", "who becomes root", false },
	{ WAY_PATH, "/etc/pam.d", "PAM's configuration", false },
	{ WAY_PATH, "/etc/pam.conf", "PAM's configuration", false },
	{ WAY_PATH, "/etc/security", "PAM's configuration", false },
	{ WAY_PATH, "/etc/nologin", "what keeps everybody out", false },
	{ WAY_PATH, "/etc/shells", "the list of shells", false },
	{ WAY_PATH, "/etc/nsswitch.conf", "where users are looked up", false },
	{ WAY_PATH, "/etc/passwd", "the accounts", false },
	{ WAY_PATH, "/etc/shadow", "the accounts", false },
	{ WAY_PATH, "/etc/group", "the accounts", false },
	{ WAY_PATH, "/etc/gshadow", "the accounts", false },
	{ WAY_PATH, "/etc/hosts.allow", "who may connect", false },
	{ WAY_PATH, "/etc/hosts.deny", "who may connect", false },
	{ WAY_PATH, "/etc/nftables.conf", "the firewall's rules", false },
	{ WAY_PATH, "/etc/nftables.d", "the firewall's rules", false },
	{ WAY_PATH, "/etc/iptables", "the firewall's rules", false },
	{ WAY_PATH, "/etc/ufw", "the firewall's rules", false },
	{ WAY_PATH, "/etc/default/ufw", "the firewall's rules", false },
	{ WAY_PATH, "/etc/krb5.conf", "what Kerberos logs in by", true },
	{ WAY_PATH, "/etc/krb5.keytab", "what Kerberos logs in by", true },
	{ WAY_PATH, "/etc/hostname", "the name that Kerberos knows", true },
	{ WAY_PATH, "/etc/hosts", "the name that Kerberos knows", true },
	{ WAY_PATH, "/etc/resolv.conf", "the name that Kerberos knows", true },
	{ WAY_RESOURCE, "hostname:", "the name that Kerberos knows", true },
	{ WAY_RESOURCE, "user:@", "the account that logs in", false },
	{ WAY_RESOURCE, "user:root", "root's account", false },
	{ WAY_RESOURCE, "group:@", "a group of who logs in", false },
	{ WAY_RESOURCE, "group:sudo", "who becomes root", false },
	{ WAY_RESOURCE, "group:admin", "who becomes root", false },
	{ WAY_RESOURCE, "group:wheel", "who becomes root", false },
	{ WAY_RESOURCE, "authorized-key:@:*", "what @ logs in by", false },
	{ WAY_RESOURCE, "authorized-keys:@", "what @ logs in by", false },
	{ WAY_UNIT, "ssh", "sshd", false },
	{ WAY_UNIT, "sshd", "sshd", false },
	{ WAY_UNIT, "nftables", "the firewall", false },
	{ WAY_UNIT, "netfilter-persistent", "the firewall", false },
	{ WAY_UNIT, "iptables", "the firewall", false },
	{ WAY_UNIT, "ufw", "the firewall", false },
	{ WAY_UNIT, "firewalld", "the firewall", false },
	{ WAY_UNIT, "fail2ban", "the firewall", false },
	{ WAY_COMMAND, "nft", "the firewall", false },
	{ WAY_COMMAND, "iptables", "the firewall", false },
	{ WAY_COMMAND, "iptables-restore", "the firewall", false },
	{ WAY_COMMAND, "ip6tables", "the firewall", false },
	{ WAY_COMMAND, "ip6tables-restore", "the firewall", false },
	{ WAY_COMMAND, "ufw", "the firewall", false },
	{ WAY_COMMAND, "firewall-cmd", "the firewall", false },
	{ WAY_COMMAND, "usermod", "the accounts", false },
	{ WAY_COMMAND, "userdel", "the accounts", false },
	{ WAY_COMMAND, "deluser", "the accounts", false },
	{ WAY_COMMAND, "groupdel", "the accounts", false },
	{ WAY_COMMAND, "delgroup", "the accounts", false },
	{ WAY_COMMAND, "gpasswd", "the accounts", false },
	{ WAY_COMMAND, "passwd", "the accounts", false },
	{ WAY_COMMAND, "chpasswd", "the accounts", false },
	{ WAY_COMMAND, "chsh", "the accounts", false },
	{ WAY_COMMAND, "chage", "the accounts", false },
	{ WAY_COMMAND, "vipw", "the accounts", false },
	{ WAY_COMMAND, "pam-auth-update", "PAM's configuration", false },
};

enum { ROWS = sizeof(table) / sizeof(*table) };

/* NULL: this row doesn't count here. */
static const char *name_of(struct arena *arena, const struct ways_in *ways, const struct way_in *row)
{
	const char *at = strchr(row->name, '@');

	if ((row->gssapi && !ways->gssapi) || (row->name[0] == '~' && !ways->home)
			|| (at && !ways->login))
		return NULL;
	if (row->name[0] == '~')
		return arena_printf(arena, "%s%s", ways->home, row->name + 1);
	return at ? arena_printf(arena, "%.*s%s%s", (int)(at - row->name), row->name, ways->login, at + 1)
		: row->name;
}

static const char *what_of(struct arena *arena, const struct ways_in *ways, const struct way_in *row)
{
	const char *at = strchr(row->what, '@');

	return at && ways->login ? arena_printf(arena, "%.*s%s%s", (int)(at - row->what), row->what,
		ways->login, at + 1) : row->what;
}

static bool is_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0'
		|| (size == 1 && folder[0] == '/'));
}

/* "line:/etc/sudoers:%admin" is about /etc/sudoers, "file:/home" about the folder that holds a way in. */
static bool is_about(struct arena *arena, const char *resource, const char *path)
{
	const char *own = strchr(resource, ':');

	if (!own || own[1] != '/')
		return false;
	own++;
	if (strncmp(resource, "file:", 5) != 0)
		own = arena_bytes(arena, own, strcspn(own, ":"));
	return is_below(own, path) || is_below(path, own);
}

/* "unit:ssh.service" is "unit:ssh". */
static bool is_unit(const char *unit, const char *name)
{
	size_t size = strlen(name);

	return strncmp(unit, name, size) == 0 && (unit[size] == '\0' || unit[size] == '.');
}

const char *way_in_of_resource(struct arena *arena, const struct ways_in *ways, const char *resource)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *name = name_of(arena, ways, &table[i]);
		bool is = name && ((table[i].kind == WAY_PATH && is_about(arena, resource, name))
			|| (table[i].kind == WAY_RESOURCE && fnmatch(name, resource, 0) == 0)
			|| (table[i].kind == WAY_UNIT && strncmp(resource, "unit:", 5) == 0
				&& is_unit(resource + 5, name)));

		if (is)
			return what_of(arena, ways, &table[i]);
	}
	return NULL;
}

static const char *way_in_of_word(struct arena *arena, const struct ways_in *ways, const char *word,
	bool units)
{
	const char *slash = strrchr(word, '/'), *base = slash ? slash + 1 : word;

	for (size_t i = 0; i < ROWS; i++) {
		const char *name = name_of(arena, ways, &table[i]);
		bool is = name && ((table[i].kind == WAY_PATH && is_below(word, name))
			|| (table[i].kind == WAY_COMMAND && strcmp(base, name) == 0)
			|| (table[i].kind == WAY_UNIT && units && is_unit(word, name)));

		if (is)
			return what_of(arena, ways, &table[i]);
	}
	return NULL;
}

const char *way_in_of_command(struct arena *arena, const struct ways_in *ways, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
	bool units = strstr(text, "systemctl") || strstr(text, "service ") || strstr(text, "invoke-rc.d")
		|| strstr(text, "init.d/");
	const char *found = NULL;

	for (const char *at = text + strcspn(text, letters); *at && !found; at += strcspn(at, letters)) {
		const char *word = arena_bytes(arena, at, strspn(at, letters));

		found = way_in_of_word(arena, ways, word, units);
		at += strlen(word);
	}
	return found;
}

const char *ways_in_paths(struct arena *arena, const struct ways_in *ways)
{
	struct buffer text = {0};
	const char *all;

	for (size_t i = 0; i < ROWS; i++) {
		const char *name = table[i].kind == WAY_PATH ? name_of(arena, ways, &table[i]) : NULL;

		if (name)
			buffer_printf(&text, "%s\n", name);
	}
	all = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return all;
}
