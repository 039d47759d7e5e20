/* test_network_stanza: another one's stanza, taken over where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "modules/network/network.h"

#define WITH "iface eth0 inet static\n\taddress 10.0.0.5/16\n"

static struct arena *arena;

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* What becomes of a text, and of which stanza. old NULL: there is none. */
static void becomes(const char *text, const char *after, const char *old)
{
	const char *taken;

	assert_string_equal(network_stanza_replace(arena, text, "eth0", WITH, &taken), after);
	if (old)
		assert_string_equal(taken, old);
	else
		assert_null(taken);
}

static void a_stanza_is_replaced_where_it_stands(void **state)
{
	(void)state;
	becomes("auto lo\niface lo inet loopback\n\n# the first\nallow-hotplug eth0\niface eth0 inet dhcp\n",
		"auto lo\niface lo inet loopback\n\n# the first\nallow-hotplug eth0\n" WITH,
		"iface eth0 inet dhcp\n");
	becomes("iface eth0 inet static\n  address 10.0.0.1/16\n  # why\n  mtu 1400\n\n# lo\nauto lo\n",
		WITH "\n# lo\nauto lo\n",
		"iface eth0 inet static\n  address 10.0.0.1/16\n  # why\n  mtu 1400\n");
}

static void all_of_them_are_one_afterwards(void **state)
{
	(void)state;
	becomes("iface eth0 inet dhcp\niface eth1 inet dhcp\niface eth0 inet static\n\taddress 10.1.0.1/24\n",
		WITH "iface eth1 inet dhcp\n",
		"iface eth0 inet dhcp\niface eth0 inet static\n\taddress 10.1.0.1/24\n");
}

static void others_stay(void **state)
{
	static const char *const texts[] = { "", "iface eth1 inet dhcp\n", "iface eth00 inet dhcp\n",
		"iface eth0 inet6 auto\n", "# iface eth0 inet dhcp\n", "auto eth0\n", "iface eth0.5 inet dhcp\n",
		"iface xeth0 inet dhcp\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		becomes(texts[i], texts[i], NULL);
}

static void a_line_goes_on_behind_a_backslash(void **state)
{
	(void)state;
	becomes("iface eth0 inet static\n\taddress 10.0.0.1/16\n\tup echo \\\nauto is a word\nauto lo\n",
		WITH "auto lo\n",
		"iface eth0 inet static\n\taddress 10.0.0.1/16\n\tup echo \\\nauto is a word\n");
	becomes("# a comment doesn't \\\niface eth0 inet dhcp\n", "# a comment doesn't \\\n" WITH,
		"iface eth0 inet dhcp\n");
}

static void a_last_line_without_its_end_counts(void **state)
{
	(void)state;
	becomes("auto lo\niface eth0 inet dhcp", "auto lo\n" WITH, "iface eth0 inet dhcp");
}

static void what_is_more_than_a_stanza_is_kept(void **state)
{
	static const char *const kept[] = { "iface br0 inet dhcp\n\tbridge_ports eth1 eth0\n",
		"iface bond0 inet dhcp\n\tbond-slaves eth0\n", "iface v5 inet dhcp\n\tvlan-raw-device eth0\n",
		"iface eth0:1 inet static\n\taddress 10.0.0.9/16\n", "mapping eth1 eth0\n\tscript x\n" };
	static const char *const taken[] = { "iface br0 inet dhcp\n\tbridge_ports eth1 eth00\n",
		"iface eth1:1 inet dhcp\n", "mapping eth1\n", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		assert_non_null(network_stanza_keeps(kept[i], "eth0", NULL));
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		assert_null(network_stanza_keeps(taken[i], "eth0", NULL));
	assert_non_null(network_stanza_keeps("", "eth0", "iface eth0 inet dhcp\n\twpa-ssid home\n"));
	assert_null(network_stanza_keeps("", "eth0", "iface eth0 inet dhcp\n\tmtu 1400\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stanza_is_replaced_where_it_stands),
		TEST(all_of_them_are_one_afterwards),
		TEST(others_stay),
		TEST(a_line_goes_on_behind_a_backslash),
		TEST(a_last_line_without_its_end_counts),
		TEST(what_is_more_than_a_stanza_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
