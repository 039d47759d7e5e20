/* What carries a login, by resources and by commands. */
#include "module/ways_in.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static const struct ways_in admin = { .login = "admin", .home = "/home/admin",
	.shell = "/bin/bash" };

static void check_resources(const struct ways_in *ways, const char *const *names, bool expected)
{
	struct arena *arena = arena_new();
	bool loads = false;

	for (size_t i = 0; names[i]; i++) {
		if ((way_in_of_resource(arena, ways, names[i], &loads) != NULL) != expected)
			fail_msg("%s", names[i]);
	}
	arena_free(arena);
}

static void test_resources_that_carry_a_login_are_known(void **state)
{
	static const char *const ways[] = { "file:/etc/ssh/sshd_config", "file:/etc/ssh/sshd_config.d/a.conf",
		"line:/etc/sudoers:%admin", "block:/etc/pam.d/sshd:# x:begin", "file:/home/admin", "file:/home",
		"replace:/home/admin/.ssh/authorized_keys:a", "user:admin", "user:root", "group:sudo",
		"authorized-key:admin:AAAA", "authorized-keys:admin", "unit:ssh", "unit:ssh.service",
		"unit:nftables", "file:/etc/sudoers.d", "file:/bin/bash", "file:/usr/bin/bash", "file:/usr", "file:/bin",
		"file:/usr/bin/sudo", "file:/usr/sbin", "file:/", NULL };
	static const char *const others[] = { "file:/etc/motd", "file:/etc/ssh/ssh_known_hosts", "user:mpi",
		"authorized-key:mpi:AAAA", "file:/home/admin/x", "file:/home/mpi/.ssh/authorized_keys",
		"line:/etc/hosts:10.0.0.1", "hostname:", "unit:sshfs", "unit:munge", "package:hello", "file:/etc/ssh2",
		"file:/bin/sh", "file:/usr/bin/bashful", "file:/usr/local/bin/x", NULL };

	(void)state;
	check_resources(&admin, ways, true);
	check_resources(&admin, others, false);
}

static void test_names_count_where_kerberos_is_used(void **state)
{
	static const struct ways_in kerberos = { .login = "admin", .home = "/home/admin", .gssapi = true };
	static const char *const names[] = { "hostname:", "hosts-entry:/etc/hosts:node1", "file:/etc/hosts",
		"line:/etc/resolv.conf:a", NULL };

	(void)state;
	check_resources(&kerberos, names, true);
	check_resources(&admin, names, false);
}

static void test_without_a_login_user_only_what_is_the_machines_counts(void **state)
{
	static const struct ways_in nobody = {0};
	static const char *const ways[] = { "file:/etc/sudoers", "user:root", NULL };
	static const char *const others[] = { "user:@", "user:", "file:~/.bashrc", "authorized-keys:@", NULL };

	(void)state;
	check_resources(&nobody, ways, true);
	check_resources(&nobody, others, false);
}

static void test_commands_are_known_by_their_words(void **state)
{
	static const char *const ways[] = { "argv: [\"nft\", \"-f\", \"/tmp/x\"]", "/usr/sbin/iptables -P INPUT DROP",
		"systemctl restart ssh.service", "service nftables restart", "echo x >>/etc/ssh/sshd_config",
		"sed -i s/a/b/ /home/admin/.bashrc", "\"usermod\" \"-L\" \"admin\"", NULL };
	static const char *const others[] = { "ssh node1 hostname", "echo nftables", "/bin/bash x", "/usr/bin/sudo id", "make install", "hostname", "",
		"systemctl restart munge", NULL };
	struct arena *arena = arena_new();
	bool loads = false;

	(void)state;
	for (size_t i = 0; ways[i]; i++) {
		if (!way_in_of_command(arena, &admin, ways[i], &loads))
			fail_msg("%s", ways[i]);
	}
	for (size_t i = 0; others[i]; i++) {
		if (way_in_of_command(arena, &admin, others[i], &loads))
			fail_msg("%s", others[i]);
	}
	arena_free(arena);
}

static void test_what_loads_rules_is_told_from_their_files(void **state)
{
	struct arena *arena = arena_new();
	bool loads = false;

	(void)state;
	way_in_of_resource(arena, &admin, "file:/etc/nftables.conf", &loads);
	way_in_of_resource(arena, &admin, "unit:ssh", &loads);
	way_in_of_command(arena, &admin, "usermod -L admin", &loads);
	assert_false(loads);
	way_in_of_command(arena, &admin, "cp x /etc/nftables.conf; nft -f /etc/nftables.conf", &loads);
	assert_true(loads);
	loads = false;
	way_in_of_resource(arena, &admin, "unit:nftables.service", &loads);
	assert_true(loads);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resources_that_carry_a_login_are_known),
		cmocka_unit_test(test_names_count_where_kerberos_is_used),
		cmocka_unit_test(test_without_a_login_user_only_what_is_the_machines_counts),
		cmocka_unit_test(test_commands_are_known_by_their_words),
		cmocka_unit_test(test_what_loads_rules_is_told_from_their_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
