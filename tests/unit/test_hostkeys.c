/* Host keys: what known_hosts files say, and that OpenSSH says the same of each.
 *
 * With ORACLE=1 each case is put to ssh, too, against an sshd that serves one connection on its
 * stdin: no case may be accepted here that ssh refuses. tests/plays/test_hostkeys.sh does so. */
#include "fleet/hostkeys.h"
#include "fleet/hostkeys_name.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In files: $K the host's key, $O another of the same type, $R one of another type; $H(name)
 * hashed. */
struct hostkeys_case {
	const char *name;
	const char *host;
	unsigned port;
	const char *user, *global;
	enum hostkeys_verdict verdict;
	char differs;    /* 's': ssh is less strict; 'v': by value, which ssh doesn't do; 0: the same */
	const char *revoked;
};

#define UNKNOWN HOSTKEYS_UNKNOWN
#define KNOWN HOSTKEYS_KNOWN
#define CHANGED HOSTKEYS_CHANGED
#define REVOKED HOSTKEYS_REVOKED

static const struct hostkeys_case cases[] = {
	/* Names */
	{ "a name", "node1", 22, "node1 $K\n", NULL, KNOWN, 0, NULL },
	{ "another name", "node1", 22, "node2 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a longer name", "node1", 22, "node11 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a shorter name", "node11", 22, "node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "an address", "10.0.1.1", 22, "10.0.1.1 $K\n", NULL, KNOWN, 0, NULL },
	{ "a name in capitals", "node1", 22, "NODE1 $K\n", NULL, KNOWN, 0, NULL },
	{ "capitals asked for", "Node1", 22, "node1 $K\n", NULL, KNOWN, 0, NULL },
	{ "a list", "node1", 22, "a,node1,b $K\n", NULL, KNOWN, 0, NULL },
	{ "a list without it", "node1", 22, "a,b $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a list with blanks", "node1", 22, "a, node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a dot at the end", "node1", 22, "node1. $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a name with an address", "10.0.1.1", 22, "node1,10.0.1.1 $K\n", NULL, KNOWN, 0, NULL },
	{ "empty items", "node1", 22, ",,node1,, $K\n", NULL, KNOWN, 0, NULL },
	/* Patterns */
	{ "a star", "node1", 22, "* $K\n", NULL, KNOWN, 0, NULL },
	{ "a star behind", "node1", 22, "node* $K\n", NULL, KNOWN, 0, NULL },
	{ "a star that is nothing", "node1", 22, "node1* $K\n", NULL, KNOWN, 0, NULL },
	{ "stars around", "node1", 22, "*de* $K\n", NULL, KNOWN, 0, NULL },
	{ "a star that doesn't fit", "node1", 22, "node*2 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a question mark", "node1", 22, "node? $K\n", NULL, KNOWN, 0, NULL },
	{ "a question mark too many", "node1", 22, "node1? $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a set isn't a pattern", "node1", 22, "node[12] $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a star of a network", "10.0.1.100", 22, "10.0.* $K\n", NULL, KNOWN, 0, NULL },
	{ "negated behind", "10.0.1.100", 22, "10.0.*,!10.0.1.100 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "negated in front", "10.0.1.100", 22, "!10.0.1.100,10.0.* $K\n", NULL, UNKNOWN, 0, NULL },
	{ "negated and meant", "10.0.1.9", 22, "10.0.*,!10.0.1.100 $K\n", NULL, KNOWN, 0, NULL },
	{ "negated by a pattern", "node1", 22, "node1,!node* $K\n", NULL, UNKNOWN, 0, NULL },
	{ "only negated", "node1", 22, "!node2 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "negated in capitals", "node1", 22, "*,!NODE1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "negated in one line, not in the other", "node1", 22, "*,!node1 $K\nnode1 $K\n", NULL, KNOWN,
		0, NULL },
	/* Ports */
	{ "a port", "node1", 2222, "[node1]:2222 $K\n", NULL, KNOWN, 0, NULL },
	{ "another port", "node1", 2222, "[node1]:2223 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "the usual port in brackets", "node1", 22, "[node1]:22 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a port for the usual one", "node1", 22, "[node1]:2222 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "no port", "node1", 2222, "node1 $K\n", NULL, KNOWN, 0, NULL },
	{ "another key without a port", "node1", 2222, "node1 $O\n", NULL, UNKNOWN, 0, NULL },
	{ "another key with the port", "node1", 2222, "[node1]:2222 $O\nnode1 $K\n", NULL, CHANGED, 0,
		NULL },
	{ "a star with a port", "node1", 2222, "[*]:2222 $K\n", NULL, KNOWN, 0, NULL },
	{ "a star for the port", "node1", 2222, "[node1]:* $K\n", NULL, KNOWN, 0, NULL },
	{ "a star for all", "node1", 2222, "* $K\n", NULL, KNOWN, 0, NULL },
	{ "a port negated", "node1", 2222, "*,![node1]:2222 $K\n", NULL, KNOWN, 0, NULL },
	/* IPv6 */
	{ "IPv6", "fd00::100", 22, "fd00::100 $K\n", NULL, KNOWN, 0, NULL },
	{ "IPv6 in capitals", "fd00::100", 22, "FD00::100 $K\n", NULL, KNOWN, 0, NULL },
	{ "IPv6 written out", "fd00::100", 22, "FD00:0:0::100 $K\n", NULL, KNOWN, 'v', NULL },
	{ "IPv6 of another host", "fd00::100", 22, "fd00::101 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "IPv6 with a port", "fd00::100", 2222, "[fd00::100]:2222 $K\n", NULL, KNOWN, 0, NULL },
	{ "IPv6 written out, with a port", "fd00::100", 2222, "[fd00:0::100]:2222 $K\n", NULL, KNOWN,
		'v', NULL },
	{ "IPv6 with another port", "fd00::100", 2222, "[fd00:0::100]:22 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "IPv6 negated by value", "fd00::100", 22, "fd00::*,!fd00:0::100 $K\n", NULL, UNKNOWN, 's',
		NULL },
	{ "IPv6 with a star", "fd00::100", 22, "fd00:* $K\n", NULL, KNOWN, 0, NULL },
	/* Hashed names */
	{ "hashed", "node1", 22, "$H(node1) $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed, another", "node1", 22, "$H(node2) $K\n", NULL, UNKNOWN, 0, NULL },
	{ "hashed with a port", "node1", 2222, "$H([node1]:2222) $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed without the port", "node1", 2222, "$H(node1) $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed, capitals asked for", "NODE1", 22, "$H(node1) $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed IPv6", "fd00:0::100", 22, "$H(fd00::100) $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed in a list", "node1", 22, "$H(node1),node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a broken hash", "node1", 22, "|1|AAAA|BBBB $K\n", NULL, UNKNOWN, 0, NULL },
	{ "an unknown hash", "node1", 22, "|2|AAAA|BBBB $K\nnode1 $K\n", NULL, KNOWN, 0, NULL },
	{ "hashed, another key", "node1", 22, "$H(node1) $O\n", NULL, CHANGED, 0, NULL },
	/* Keys */
	{ "another key", "node1", 22, "node1 $O\n", NULL, CHANGED, 0, NULL },
	{ "a key of another type", "node1", 22, "node1 $R\n", NULL, CHANGED, 0, NULL },
	{ "several keys", "node1", 22, "node1 $R\nnode1 $O\nnode1 $K\n", NULL, KNOWN, 0, NULL },
	{ "several lines, the right one first", "node1", 22, "node1 $K\nnode1 $O\n", NULL, KNOWN, 0,
		NULL },
	{ "another key by a pattern", "node1", 22, "* $O\n", NULL, CHANGED, 0, NULL },
	{ "a key that is cut off", "node1", 22, "node1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA\n", NULL,
		UNKNOWN, 0, NULL },
	{ "a type that isn't the key's", "node1", 22, "node1 ssh-rsa $B\n", NULL, UNKNOWN, 0, NULL },
	{ "a type that doesn't exist", "node1", 22, "node1 ssh-foo $B\n", NULL, UNKNOWN, 0, NULL },
	{ "no key", "node1", 22, "node1\n", NULL, UNKNOWN, 0, NULL },
	{ "no type", "node1", 22, "node1 $B\n", NULL, UNKNOWN, 0, NULL },
	{ "a key of ssh 1", "node1", 22, "node1 1024 35 1234567\n", NULL, UNKNOWN, 0, NULL },
	{ "an option in front of the type", "node1", 22, "node1 x=y $K\n", NULL, UNKNOWN, 0, NULL },
	/* Lines */
	{ "a comment behind", "node1", 22, "node1 $K root@node1\n", NULL, KNOWN, 0, NULL },
	{ "tabs", "node1", 22, "node1\t$T\t$B\n", NULL, KNOWN, 0, NULL },
	{ "many blanks", "node1", 22, "node1  \t $T  $B  x y\n", NULL, KNOWN, 0, NULL },
	{ "blanks in front", "node1", 22, " \t node1 $K\n", NULL, KNOWN, 0, NULL },
	{ "a comment", "node1", 22, "#node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "a comment with blanks in front", "node1", 22, "  # node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "CRLF", "node1", 22, "node1 $K\r\n", NULL, KNOWN, 0, NULL },
	{ "CRLF and a comment", "node1", 22, "node1 $K x\r\n", NULL, KNOWN, 0, NULL },
	{ "no newline at the end", "node1", 22, "node1 $K", NULL, KNOWN, 0, NULL },
	{ "empty lines", "node1", 22, "\n\n  \nnode1 $K\n\n", NULL, KNOWN, 0, NULL },
	{ "rubbish in between", "node1", 22, "?\xff\x01\nx y z\nnode1 $K\n", NULL, KNOWN, 0, NULL },
	{ "an empty file", "node1", 22, "", NULL, UNKNOWN, 0, NULL },
	{ "no file", "node1", 22, NULL, NULL, UNKNOWN, 0, NULL },
	/* Several files */
	{ "the machine's file", "node1", 22, NULL, "node1 $K\n", KNOWN, 0, NULL },
	{ "another key in the machine's file", "node1", 22, NULL, "node1 $O\n", CHANGED, 0, NULL },
	{ "both, one of them right", "node1", 22, "node1 $O\n", "node1 $K\n", KNOWN, 0, NULL },
	/* Markers */
	{ "revoked", "node1", 22, "@revoked node1 $K\nnode1 $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked behind", "node1", 22, "node1 $K\n@revoked * $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked alone", "node1", 22, "@revoked * $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked with blanks in front", "node1", 22, "  @revoked * $K\nnode1 $K\n", NULL, REVOKED, 0,
		NULL },
	{ "revoked with tabs", "node1", 22, "@revoked\t*\t$T\t$B\nnode1 $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked with a tab and blanks", "node1", 22, "@revoked\t* $K\nnode1 $K\n", NULL, REVOKED, 's',
		NULL },
	{ "revoked for others", "node1", 22, "@revoked node2 $K\nnode1 $K\n", NULL, REVOKED, 's', NULL },
	{ "revoked and hashed", "node1", 22, "@revoked $H(node1) $K\nnode1 $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked by the machine's file", "node1", 22, "node1 $K\n", "@revoked * $K\n", REVOKED, 0,
		NULL },
	{ "revoked, CRLF", "node1", 22, "@revoked * $K\r\nnode1 $K\n", NULL, REVOKED, 0, NULL },
	{ "revoked, another key", "node1", 22, "@revoked * $O\nnode1 $K\n", NULL, KNOWN, 0, NULL },
	{ "revoked, another key alone", "node1", 22, "@revoked node1 $O\n", NULL, UNKNOWN, 0, NULL },
	{ "revoked, a comment behind", "node1", 22, "@revoked * $K x\nnode1 $K\n", NULL, REVOKED, 0, NULL },
	{ "an authority", "node1", 22, "@cert-authority * $K\n", NULL, UNKNOWN, 0, NULL },
	{ "an authority and a key", "node1", 22, "@cert-authority * $O\nnode1 $K\n", NULL, KNOWN, 0, NULL },
	{ "an unknown marker", "node1", 22, "@trusted node1 $K\n", NULL, UNKNOWN, 0, NULL },
	{ "two markers", "node1", 22, "@cert-authority @revoked * $K\nnode1 $K\n", NULL, REVOKED, 's',
		NULL },
	{ "a marker in capitals", "node1", 22, "@REVOKED * $K\n", NULL, UNKNOWN, 0, NULL },
	/* RevokedHostKeys */
	{ "a list of revoked keys", "node1", 22, "node1 $K\n", NULL, REVOKED, 0, "$K\n" },
	{ "a list of revoked keys with comments", "node1", 22, "node1 $K\n", NULL, REVOKED, 0,
		"# old\n\n  $K x\n" },
	{ "a list of other revoked keys", "node1", 22, "node1 $K\n", NULL, KNOWN, 0, "$O\n$R\n" },
	{ "an empty list of revoked keys", "node1", 22, "node1 $K\n", NULL, KNOWN, 0, "" },
};

enum { CASES = sizeof(cases) / sizeof(*cases) };

static char folder[] = "/tmp/test_hostkeys.XXXXXX";
static char key[256], other[256], rsa[4096];

static void read_key(const char *name, char *to, size_t room)
{
	char path[256], type[64], base64[2000];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.pub", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%63s %1999s", type, base64), 2);
	snprintf(to, room, "%s %s", type, base64);
	fclose(file);
}

static int start(void **state)
{
	char command[2000];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), "cd %s && ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q "
		"-t ed25519 -N '' -f other && ssh-keygen -q -t rsa -N '' -f rsa && mkdir -p /run/sshd && "
		"printf 'HostKey %%s/key\\nPidFile none\\n' $PWD >sshd.conf", folder);
	assert_int_equal(system(command), 0);
	read_key("key", key, sizeof(key));
	read_key("other", other, sizeof(other));
	read_key("rsa", rsa, sizeof(rsa));
	return 0;
}

static int end(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void put(struct arena *arena, struct buffer *out, const char *text)
{
	for (; *text; text++) {
		char name[100];
		const char *blank = strchr(key, ' ');

		if (*text != '$') {
			buffer_add_char(out, *text);
			continue;
		}
		switch (*++text) {
		case 'K': buffer_add_string(out, key); break;
		case 'O': buffer_add_string(out, other); break;
		case 'R': buffer_add_string(out, rsa); break;
		case 'T': buffer_add(out, key, (size_t)(blank - key)); break;
		case 'B': buffer_add_string(out, blank + 1); break;
		case 'H':
			assert_int_equal(sscanf(text, "H(%99[^)])", name), 1);
			buffer_add_string(out, hostkeys_hash(arena, name));
			text += 2 + strlen(name);
			break;
		default: fail();
		}
	}
}

static const char *write_file(struct arena *arena, const char *name, const char *text)
{
	const char *path = arena_printf(arena, "%s/%s", folder, name);
	struct buffer bytes = {0};
	FILE *file;

	unlink(path);
	if (!text)
		return path;
	put(arena, &bytes, text);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(bytes.data ? bytes.data : "", 1, bytes.size, file);
	fclose(file);
	buffer_free(&bytes);
	return path;
}

static enum hostkeys_verdict ask_ssh(struct arena *arena, const struct hostkeys_case *one)
{
	const char *command = arena_printf(arena, "cd %s && ssh -F /dev/null -o BatchMode=yes -o "
		"'ProxyCommand=/usr/sbin/sshd -i -f %s/sshd.conf' -o UserKnownHostsFile=%s/user -o "
		"GlobalKnownHostsFile=%s/global -o StrictHostKeyChecking=yes %s%s -p %u '%s' true 2>&1 "
		"</dev/null", folder, folder, folder, folder, one->revoked ? "-o RevokedHostKeys=" : "",
		one->revoked ? arena_printf(arena, "%s/revoked", folder) : "", one->port, one->host);
	FILE *out = popen(command, "r");
	char said[8192];
	size_t size;

	assert_non_null(out);
	size = fread(said, 1, sizeof(said) - 1, out);
	said[size] = '\0';
	pclose(out);
	if (strstr(said, "REVOKED HOST KEY") || strstr(said, "was revoked") || strstr(said,
			"revoked by file"))
		return REVOKED;
	if (strstr(said, "has changed"))
		return CHANGED;
	if (strstr(said, "host key is known for"))
		return UNKNOWN;
	if (!strstr(said, "Permission denied"))
		print_error("ssh said: %s\n", said);
	assert_non_null(strstr(said, "Permission denied"));
	return KNOWN;
}

static void known_hosts_says_whose_key_it_is(void **state)
{
	const struct hostkeys_case *one = *state;
	struct arena *arena = arena_new();
	const char *paths[] = { write_file(arena, "user", one->user), write_file(arena, "global",
		one->global), NULL };
	struct hostkeys hostkeys = { .paths = paths, .name = one->host, .port = one->port };
	struct hostkeys_found found;
	struct error err = {0};

	if (one->revoked)
		hostkeys.revoked = write_file(arena, "revoked", one->revoked);
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), 0);
	assert_int_equal(found.verdict, one->verdict);
	if (getenv("ORACLE")) {
		enum hostkeys_verdict said = ask_ssh(arena, one);

		if (!one->differs)
			assert_int_equal(found.verdict, said);
		else
			assert_int_not_equal(found.verdict, said);
		/* Never weaker, but that an address may be written otherwise. */
		if (found.verdict == KNOWN && one->differs != 'v')
			assert_int_equal(said, KNOWN);
	}
	arena_free(arena);
}

/* --- Others --- */

static void a_revoked_list_that_cannot_be_read_lets_nobody_in(void **state)
{
	struct arena *arena = arena_new();
	const char *paths[] = { write_file(arena, "user", "node1 $K\n"), NULL };
	struct hostkeys hostkeys = { .paths = paths, .name = "node1", .port = 22,
		.revoked = "/nonexistent" };
	struct hostkeys_found found;
	struct error err = {0};

	(void)state;
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), -1);
	error_clear(&err);
	hostkeys.revoked = write_file(arena, "revoked", "SSHKRL\n...");
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), -1);
	assert_ptr_equal(err.code, SSH_KNOWN_HOSTS_UNUSABLE);
	arena_free(arena);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
	struct arena *arena = arena_new();
	const char *path = arena_printf(arena, "%s/pipe", folder);
	const char *paths[] = { path, folder, "/dev/zero", write_file(arena, "user", "node1 $K\n"), NULL };
	struct hostkeys hostkeys = { .paths = paths, .name = "node1", .port = 22 };
	struct hostkeys_found found;
	struct error err = {0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), 0);
	assert_int_equal(found.verdict, KNOWN);
	assert_int_equal(hostkeys_add(arena, &hostkeys, key, false, &err), -1);
	arena_free(arena);
}

static void a_key_is_added_where_a_link_leads(void **state)
{
	struct arena *arena = arena_new();
	const char *link = arena_printf(arena, "%s/link", folder);
	const char *paths[] = { link, NULL };
	struct hostkeys hostkeys = { .paths = paths, .name = "node1", .port = 2222 };
	struct hostkeys_found found;
	struct error err = {0};
	struct stat info;

	(void)state;
	write_file(arena, "user", "node2 $O");
	assert_int_equal(symlink("user", link), 0);
	assert_int_equal(hostkeys_add(arena, &hostkeys, key, false, &err), 0);
	assert_int_equal(lstat(link, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), 0);
	assert_int_equal(found.verdict, KNOWN);
	assert_int_equal(found.line, 2);
	hostkeys.port = 2223;
	assert_int_equal(hostkeys_add(arena, &hostkeys, key, true, &err), 0);
	assert_int_equal(hostkeys_check(arena, &hostkeys, key, &found, &err), 0);
	assert_int_equal(found.line, 3);
	arena_free(arena);
}

static void known_types_are_asked_for_first(void **state)
{
	struct arena *arena = arena_new();
	const char *paths[] = { write_file(arena, "user", "node1 $R\n@revoked node1 $K\nnode2 $K\n"), NULL };
	struct hostkeys hostkeys = { .paths = paths, .name = "node1", .port = 22 };

	(void)state;
	assert_string_equal(hostkeys_types(arena, &hostkeys), "ssh-rsa");
	hostkeys.name = "node3";
	assert_null(hostkeys_types(arena, &hostkeys));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_revoked_list_that_cannot_be_read_lets_nobody_in),
		cmocka_unit_test(what_is_no_file_is_not_waited_for),
		cmocka_unit_test(a_key_is_added_where_a_link_leads),
		cmocka_unit_test(known_types_are_asked_for_first),
	};
	enum { OTHERS = sizeof(others) / sizeof(*others) };
	struct CMUnitTest tests[CASES + OTHERS];

	for (size_t i = 0; i < CASES; i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = known_hosts_says_whose_key_it_is,
			.initial_state = (void *)(uintptr_t)&cases[i] };
	memcpy(tests + CASES, others, sizeof(others));
	return _cmocka_run_group_tests("host keys", tests, CASES + OTHERS, start, end);
}
