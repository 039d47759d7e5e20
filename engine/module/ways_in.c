/* ways_in: what carries a login. */
#include "module/ways_in.h"

#include "base/buffer.h"

#include <fnmatch.h>
#include <string.h>

enum way_in_kind {
	WAY_PATH,                /* a file, or a folder with all that is below it */
	WAY_PROGRAM,             /* a file that a login runs; commands may run it, too. Below /usr, where those of /bin
	                            and /sbin are */
	WAY_RESOURCE,            /* a pattern of what modules name */
	WAY_COMMAND,             /* a program that changes one of them */
	WAY_UNIT,                /* of systemd, or an init script */
};

enum way_in_when {
	AT_ONCE,
	LATER,                   /* a file that counts once something loads it, or that something */
	WITH_KERBEROS,           /* at once, and only where that is used */
};

/* ~ is the home of the user who logs in, $ the login shell, and @ that user's name. */
static const struct way_in {
	enum way_in_kind kind;
	const char *name, *what;
	enum way_in_when when;
} table[] = {
	{ WAY_PATH, "/etc/ssh/sshd_config", "sshd's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/sshd_config.d", "sshd's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/sshrc", "sshd's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_rsa_key", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_rsa_key.pub", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_ecdsa_key", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_ecdsa_key.pub", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_ed25519_key", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/ssh/ssh_host_ed25519_key.pub", "a host key", AT_ONCE },
	{ WAY_PATH, "/etc/default/ssh", "sshd's options", AT_ONCE },
	{ WAY_PATH, "/etc/systemd/system/ssh.service", "sshd's unit", AT_ONCE },
	{ WAY_PATH, "/etc/systemd/system/ssh.service.d", "sshd's unit", AT_ONCE },
	{ WAY_PATH, "~/.ssh/authorized_keys", "what @ logs in by", AT_ONCE },
	{ WAY_PATH, "~/.ssh/rc", "what runs when @ logs in", AT_ONCE },
	{ WAY_PATH, "~/.bashrc", "what runs when @ logs in", AT_ONCE },
	{ WAY_PATH, "/etc/bash.bashrc", "what runs when somebody logs in", AT_ONCE },
	{ WAY_PATH, "/etc/environment", "what is set when somebody logs in", AT_ONCE },
	{ WAY_PATH, "/etc/sudoers", "who becomes root", AT_ONCE },
	{ WAY_PATH, "/etc/sudoers.d", "who becomes root", AT_ONCE },
	{ WAY_PATH, "/etc/sudo.conf", "who becomes root", AT_ONCE },
	{ WAY_PATH, "/etc/pam.d", "PAM's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/pam.conf", "PAM's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/security", "PAM's configuration", AT_ONCE },
	{ WAY_PATH, "/etc/nologin", "what keeps everybody out", AT_ONCE },
	{ WAY_PATH, "/etc/shells", "the list of shells", AT_ONCE },
	{ WAY_PATH, "/etc/nsswitch.conf", "where users are looked up", AT_ONCE },
	{ WAY_PATH, "/etc/passwd", "the accounts", AT_ONCE },
	{ WAY_PATH, "/etc/shadow", "the accounts", AT_ONCE },
	{ WAY_PATH, "/etc/group", "the accounts", AT_ONCE },
	{ WAY_PATH, "/etc/gshadow", "the accounts", AT_ONCE },
	{ WAY_PATH, "/etc/hosts.allow", "who may connect", AT_ONCE },
	{ WAY_PATH, "/etc/hosts.deny", "who may connect", AT_ONCE },
	{ WAY_PATH, "/etc/nftables.conf", "the firewall's rules", LATER },
	{ WAY_PATH, "/etc/nftables.d", "the firewall's rules", LATER },
	{ WAY_PATH, "/etc/iptables", "the firewall's rules", LATER },
	{ WAY_PATH, "/etc/ufw", "the firewall's rules", LATER },
	{ WAY_PATH, "/etc/default/ufw", "the firewall's rules", LATER },
	{ WAY_PATH, "/etc/krb5.conf", "what Kerberos logs in by", WITH_KERBEROS },
	{ WAY_PATH, "/etc/krb5.keytab", "what Kerberos logs in by", WITH_KERBEROS },
	{ WAY_PATH, "/etc/hostname", "the name that Kerberos knows", WITH_KERBEROS },
	{ WAY_PATH, "/etc/hosts", "the name that Kerberos knows", WITH_KERBEROS },
	{ WAY_PATH, "/etc/resolv.conf", "the name that Kerberos knows", WITH_KERBEROS },
	{ WAY_PROGRAM, "$", "the shell of who logs in", AT_ONCE },
	{ WAY_PROGRAM, "/usr/sbin/sshd", "sshd itself", AT_ONCE },
	{ WAY_PROGRAM, "/usr/bin/sudo", "who becomes root", AT_ONCE },
	{ WAY_PROGRAM, "/usr/bin/su", "who becomes root", AT_ONCE },
	{ WAY_RESOURCE, "hostname:", "the name that Kerberos knows", WITH_KERBEROS },
	{ WAY_RESOURCE, "user:@", "the account that logs in", AT_ONCE },
	{ WAY_RESOURCE, "user:root", "root's account", AT_ONCE },
	{ WAY_RESOURCE, "group:@", "a group of who logs in", AT_ONCE },
	{ WAY_RESOURCE, "group:sudo", "who becomes root", AT_ONCE },
	{ WAY_RESOURCE, "group:admin", "who becomes root", AT_ONCE },
	{ WAY_RESOURCE, "group:wheel", "who becomes root", AT_ONCE },
	{ WAY_RESOURCE, "authorized-key:@:*", "what @ logs in by", AT_ONCE },
	{ WAY_RESOURCE, "authorized-keys:@", "what @ logs in by", AT_ONCE },
	{ WAY_UNIT, "ssh", "sshd", AT_ONCE },
	{ WAY_UNIT, "sshd", "sshd", AT_ONCE },
	{ WAY_UNIT, "nftables", "the firewall", LATER },
	{ WAY_UNIT, "netfilter-persistent", "the firewall", LATER },
	{ WAY_UNIT, "iptables", "the firewall", LATER },
	{ WAY_UNIT, "ufw", "the firewall", LATER },
	{ WAY_UNIT, "firewalld", "the firewall", LATER },
	{ WAY_UNIT, "fail2ban", "the firewall", LATER },
	{ WAY_COMMAND, "nft", "the firewall", LATER },
	{ WAY_COMMAND, "iptables", "the firewall", LATER },
	{ WAY_COMMAND, "iptables-restore", "the firewall", LATER },
	{ WAY_COMMAND, "ip6tables", "the firewall", LATER },
	{ WAY_COMMAND, "ip6tables-restore", "the firewall", LATER },
	{ WAY_COMMAND, "ufw", "the firewall", LATER },
	{ WAY_COMMAND, "firewall-cmd", "the firewall", LATER },
	{ WAY_COMMAND, "usermod", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "userdel", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "deluser", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "groupdel", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "delgroup", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "gpasswd", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "passwd", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "chpasswd", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "chsh", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "chage", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "vipw", "the accounts", AT_ONCE },
	{ WAY_COMMAND, "pam-auth-update", "PAM's configuration", AT_ONCE },
};

enum { ROWS = sizeof(table) / sizeof(*table) };

/* NULL: this row doesn't count here. */
static const char *name_of(struct arena *arena, const struct ways_in *ways, const struct way_in *row)
{
	const char *at = strchr(row->name, '@');

	if ((row->when == WITH_KERBEROS && !ways->gssapi) || (row->name[0] == '~' && !ways->home)
			|| (row->name[0] == '$' && !ways->shell) || (at && !ways->login))
		return NULL;
	if (row->name[0] == '$')
		return strncmp(ways->shell, "/bin/", 5) == 0 ? arena_printf(arena, "/usr%s", ways->shell) : ways->shell;
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

/* "/bin/bash" is a name of "/usr/bin/bash". */
static bool is_about_program(struct arena *arena, const char *resource, const char *path)
{
	return is_about(arena, resource, path) || (strncmp(path, "/usr/", 5) == 0 && is_about(arena, resource, path + 4));
}

/* "unit:ssh.service" is "unit:ssh". */
static bool is_unit(const char *unit, const char *name)
{
	size_t size = strlen(name);

	return strncmp(unit, name, size) == 0 && (unit[size] == '\0' || unit[size] == '.');
}

static bool loads(const struct way_in *row)
{
	return row->when == LATER && row->kind != WAY_PATH;
}

const char *way_in_of_resource(struct arena *arena, const struct ways_in *ways, const char *resource,
	bool *ret_loads)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *name = name_of(arena, ways, &table[i]);
		bool is = name && ((table[i].kind == WAY_PATH && is_about(arena, resource, name))
			|| (table[i].kind == WAY_PROGRAM && is_about_program(arena, resource, name))
			|| (table[i].kind == WAY_RESOURCE && fnmatch(name, resource, 0) == 0)
			|| (table[i].kind == WAY_UNIT && strncmp(resource, "unit:", 5) == 0
				&& is_unit(resource + 5, name)));

		if (is) {
			*ret_loads = *ret_loads || loads(&table[i]);
			return what_of(arena, ways, &table[i]);
		}
	}
	return NULL;
}

static const char *way_in_of_word(struct arena *arena, const struct ways_in *ways, const char *word,
	bool units, bool *ret_loads)
{
	const char *slash = strrchr(word, '/'), *base = slash ? slash + 1 : word;

	for (size_t i = 0; i < ROWS; i++) {
		const char *name = name_of(arena, ways, &table[i]);
		bool is = name && ((table[i].kind == WAY_PATH && is_below(word, name))
			|| (table[i].kind == WAY_COMMAND && strcmp(base, name) == 0)
			|| (table[i].kind == WAY_UNIT && units && is_unit(word, name)));

		if (is) {
			*ret_loads = *ret_loads || loads(&table[i]);
			return what_of(arena, ways, &table[i]);
		}
	}
	return NULL;
}

const char *way_in_of_command(struct arena *arena, const struct ways_in *ways, const char *text,
	bool *ret_loads)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
	bool units = strstr(text, "systemctl") || strstr(text, "service ") || strstr(text, "invoke-rc.d")
		|| strstr(text, "init.d/");
	const char *found = NULL;

	for (const char *at = text + strcspn(text, letters); *at; at += strcspn(at, letters)) {
		const char *word = arena_bytes(arena, at, strspn(at, letters));
		const char *what = way_in_of_word(arena, ways, word, units, ret_loads);

		found = found ? found : what;
		at += strlen(word);
	}
	return found;
}

const char *ways_in_paths(struct arena *arena, const struct ways_in *ways)
{
	struct buffer text = {0};
	const char *all;

	for (size_t i = 0; i < ROWS; i++) {
		const char *name = table[i].kind <= WAY_PROGRAM ? name_of(arena, ways, &table[i]) : NULL;

		if (name)
			buffer_printf(&text, "%s %s\n", table[i].when == LATER ? "later" : "now", name);
	}
	all = arena_bytes(arena, text.data, text.size);
	buffer_free(&text);
	return all;
}
