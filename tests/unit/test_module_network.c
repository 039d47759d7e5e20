/* network: files of three backends, addresses live, and the connection that is never cut. */
#include "module_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modules/network/network.h"
#include "module_prepare.h"

extern const struct module module_network;

static struct bench *bench;
static struct prepare *prepare;
static struct bench_command *addresses, *link_line, *default_route, *routes;

#define FILE_PATH "/etc/network/interfaces.d/beoplay-eth0"
#define FIRST "2: eth0    inet 10.0.0.100/16 brd 10.0.255.255 scope global eth0\\       valid\n" \
	"2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever\n"
#define SECOND "2: eth0    inet 10.1.0.100/24 scope global eth0\\       valid\n"
#define TASK "{interface: eth0, addresses: [10.0.0.100/16, 10.1.0.100/24]}"

/* By which the controller comes; eth1 has 192.168.0.1. */
static void reached_at(const char *address)
{
	value_set_string(bench->arena, prepare->variables, "head/ansible_host", address);
}

static int set_up(void **state)
{
	(void)state;
	bench = bench_new();
	bench_directory(bench, "/sys/class/net", 0755);
	bench_directory(bench, "/sys/class/net/eth0", 0755);
	bench_file(bench, "/sys/class/net/eth0/address", 0444, "be:70:30:b2:03:6c\n");
	bench_directory(bench, "/etc", 0755);
	bench_directory(bench, "/etc/network/interfaces.d", 0755);
	bench_directory(bench, "/etc/systemd/network", 0755);
	bench_directory(bench, "/etc/NetworkManager/system-connections", 0755);
	bench_file(bench, "/etc/network/interfaces", 0644,
		"source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n");
	addresses = bench_command(bench, "ip -o addr show dev eth0", 0, FIRST);
	link_line = bench_command(bench, "ip -o link show dev eth0", 0,
		"2: eth0@if4: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP\n");
	default_route = bench_command(bench, "ip -o route show default", 0, "");
	bench_command(bench, "ip -o addr show to", 0, "3: eth1    inet 192.168.0.1/24 scope global\n");
	routes = bench_command(bench, "ip -4 route show dev eth0", 0, "");
	bench_file(bench, "/usr/sbin/ifup", 0755, "");
	bench_file(bench, "/usr/sbin/dhclient", 0755, "");
	prepare = prepare_new(bench->arena);
	prepare->host = "head";
	reached_at("192.168.0.1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_free(bench);
	return 0;
}

static void *load(const char *yaml)
{
	struct value *params = bench_normalise(bench, &module_network, yaml);

	if (!params || module_network.prepare(prepare, params, &bench->err) < 0)
		return NULL;
	return bench_load_prepared(bench, &module_network, params);
}

static struct plan *look(const char *yaml)
{
	void *params = load(yaml);

	return params ? bench_look(bench, &module_network, params) : NULL;
}

static void both(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	addresses->output = FIRST SECOND;
}

static void one(struct bench *of, const struct command *command)
{
	(void)of;
	(void)command;
	addresses->output = FIRST;
}

static int apply(const char *yaml)
{
	bench_command(bench, "ip addr add", 0, "")->effect = both;
	bench_command(bench, "ip addr del", 0, "")->effect = one;
	return bench_apply(bench, &module_network, load(yaml));
}

static void an_address_is_added_on_disk_and_live(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "write " FILE_PATH " 0644\n"
		"run ip addr add 10.1.0.100/24 dev eth0\n");
	assert_string_equal(bench_text(bench, FILE_PATH), "auto eth0\niface eth0 inet static\n"
		"\taddress 10.0.0.100/16\niface eth0 inet static\n\taddress 10.1.0.100/24\n");
	assert_string_equal(value_get_string(bench->results, "backend"), "ifupdown");
	assert_int_equal(value_get(bench->results, "live")->count, 2);
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "");
}

static void where_only_the_file_differs_the_interface_is_not_touched(void **state)
{
	(void)state;
	addresses->output = FIRST SECOND;
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data, "write " FILE_PATH " 0644\n");
}

/* --- An interface that carries the connection --- */

#define MOVE "{interface: eth0, addresses: 10.0.0.7/16, confirm_timeout: 9}"
#define MOVED "2: eth0    inet 10.0.0.7/16 brd 10.0.255.255 scope global eth0\\       valid\n"

static void the_address_of_the_connection_changes_in_a_trial(void **state)
{
	struct plan *plan;

	(void)state;
	reached_at("10.0.0.100");
	plan = look(MOVE);
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(bench_change(bench, plan, 1), "eth0 address: 10.0.0.100/16 -> -");
	assert_string_equal(bench_change(bench, plan, 2), "eth0 address: - -> 10.0.0.7/16");
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), -1);
	assert_ptr_equal(bench->err.code, RUN_MOVED);
	assert_string_equal(bench->log.data, "try " FILE_PATH " until 10.0.0.7 in 9 s\n");
	assert_null(bench_find(bench, FILE_PATH));
}

/* The agent that comes over the new connection plans the same, whatever is live by now. */
static void what_came_of_a_trial_is_looked_at_and_confirmed(void **state)
{
	struct plan *plan;

	(void)state;
	reached_at("10.0.0.100");
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), -1);
	bench->trial.before = "10.0.0.100/16\n--\n--\n1500\n";
	addresses->output = MOVED;
	plan = look(MOVE);
	assert_int_equal(plan->change_count, 3);
	assert_string_equal(bench_change(bench, plan, 1), "eth0 address: 10.0.0.100/16 -> -");
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), 0);
	assert_string_equal(bench->log.data, "confirm network-eth0\n");
	assert_true(value_get_bool(bench->results, "confirmed"));
	assert_non_null(strstr(bench_text(bench, FILE_PATH), "address 10.0.0.7/16"));
}

static void what_is_not_as_wished_is_taken_back(void **state)
{
	(void)state;
	reached_at("10.0.0.100");
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), -1);
	bench->trial.before = "10.0.0.100/16\n--\n--\n1500\n";
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), -1);
	assert_string_equal(bench->log.data, "reject network-eth0: network.not-live\n");
	assert_null(bench_find(bench, FILE_PATH));
}

static void a_check_that_fails_takes_it_back(void **state)
{
	const char *yaml = "{interface: eth0, addresses: 10.0.0.7/16, check: ping -c1 10.0.0.1}";

	(void)state;
	reached_at("10.0.0.100");
	bench_command(bench, "ping", 1, "");
	assert_int_equal(bench_apply(bench, &module_network, load(yaml)), -1);
	bench->trial.before = "10.0.0.100/16\n--\n--\n1500\n";
	addresses->output = MOVED;
	assert_int_equal(bench_apply(bench, &module_network, load(yaml)), -1);
	assert_non_null(strstr(bench->log.data, "reject network-eth0: network.check-failed\n"));
}

static void what_another_machine_has_is_not_tried(void **state)
{
	(void)state;
	reached_at("10.0.0.100");
	bench->probed_address = "10.0.0.7";
	bench->probed_mac = "02:00:00:00:00:07";
	assert_int_equal(bench_apply(bench, &module_network, load(MOVE)), -1);
	assert_string_equal(bench->err.code->name, "network.address-taken");
	assert_int_equal(bench_apply(bench, &module_network, load("{interface: eth0, "
		"addresses: 10.0.0.8/16, gateway: 10.0.0.1}")), -1);
	assert_string_equal(bench->err.code->name, "network.no-gateway");
	assert_string_equal(bench->log.data, "");
}

/* It isn't known which interface a name, or an address that the machine hasn't, leads to. */
static void an_unknown_way_may_be_any_interface(void **state)
{
	(void)state;
	addresses->output = FIRST SECOND;
	reached_at("head.example");
	assert_int_equal(look("{interface: eth0, addresses: 10.0.0.100/16}")->change_count, 2);
	assert_int_equal(bench_apply(bench, &module_network,
		load("{interface: eth0, addresses: 10.0.0.100/16}")), -1);
	assert_string_equal(bench->log.data, "try " FILE_PATH " until 10.0.0.100 in 120 s\n");
}

static void an_ipv6_address_that_carries_the_connection_stays(void **state)
{
	(void)state;
	addresses->output = FIRST "2: eth0    inet6 fd00::100/64 scope global \\       valid_lft forever\n";
	reached_at("fd00::100");
	assert_true(look("{interface: eth0, addresses: ['fd00::5/64']}")->refused);
	assert_non_null(strstr(look("{interface: eth0, addresses: 10.0.0.7/16}")->refusal, "fd00::100"));
	assert_false(look("{interface: eth0, addresses: [10.0.0.7/16, 'fd00::100/64']}")->refused);
	assert_int_equal(bench_apply(bench, &module_network, load("{interface: eth0, addresses: "
		"[10.0.0.7/16, 'fd00::100/64']}")), -1);
	assert_string_equal(bench->log.data, "try " FILE_PATH " until here in 120 s\n");
}

static void a_trial_of_another_run_is_waited_for(void **state)
{
	(void)state;
	bench->trial = (struct trial_state){ .stage = TRIAL_UNDER_WAY, .wish = "?", .before = "" };
	assert_non_null(strstr(look(TASK)->refusal, "is being taken back just now"));
	bench->trial.seconds = 7;
	assert_non_null(strstr(look(TASK)->refusal, "taken back in 7 s"));
	bench->trial.stage = TRIAL_RETURNED;
	assert_false(look(TASK)->refused);
}

static void a_file_that_nobody_reads_is_refused(void **state)
{
	(void)state;
	bench_file(bench, "/etc/network/interfaces", 0644, "source-directory interfaces.d\n");
	assert_false(look(TASK)->refused);
	bench_file(bench, "/etc/network/interfaces", 0644, "auto lo\niface lo inet loopback\n");
	assert_true(look(TASK)->refused);
	assert_non_null(strstr(look(TASK)->refusal, "would be read by nobody"));
}

static void without_its_programs_nothing_is_promised(void **state)
{
	(void)state;
	bench_find(bench, "/usr/sbin/dhclient")->info.kind = FILE_NONE;
	assert_false(look(TASK)->refused);
	assert_true(look("{interface: eth0, dhcp: yes}")->refused);
	bench_find(bench, "/usr/sbin/ifup")->info.kind = FILE_NONE;
	assert_true(look(TASK)->refused);
}

/* --- Others --- */

static void only_addresses_of_ours_are_taken_away(void **state)
{
	struct plan *plan;

	(void)state;
	addresses->output = FIRST SECOND;
	plan = look("{interface: eth0, addresses: 10.0.0.100/16}");
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(plan->changes[0]->subject, FILE_PATH);
	assert_non_null(strstr(plan->notes->items[0]->text, "10.1.0.100/24 stays on eth0"));
	addresses->output = FIRST;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(apply("{interface: eth0, addresses: 10.0.0.100/16}"), 0);
	assert_string_equal(bench->log.data, "run ip addr del 10.1.0.100/24 dev eth0\n"
		"write " FILE_PATH " 0644\n");
}

static void link_mtu_and_gateway_are_changes_of_their_own(void **state)
{
	struct plan *plan;
	const char *yaml = "{interface: eth0, addresses: 10.0.0.100/16, mtu: 9000, gateway: 10.0.0.1}";

	(void)state;
	bench_file(bench, FILE_PATH, 0644, network_file_text(bench->arena, NETWORK_IFUPDOWN, "eth0",
		load(yaml)));
	plan = look(yaml);
	assert_int_equal(plan->change_count, 2);
	assert_string_equal(bench_change(bench, plan, 0), "eth0 mtu: 1500 -> 9000");
	assert_string_equal(bench_change(bench, plan, 1), "eth0 gateway: - -> 10.0.0.1");
	default_route->output = "default via 10.0.0.1 dev eth0\n";
	plan = look(yaml);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "eth0 mtu: 1500 -> 9000");
	default_route->output = "default via 10.0.0.254 dev eth0\n";
	link_line->output = "2: eth0: <BROADCAST,MULTICAST> mtu 9000 qdisc noop state DOWN\n";
	plan = look(yaml);
	assert_int_equal(plan->change_count, 1);
	assert_string_equal(bench_change(bench, plan, 0), "eth0 link: down -> up");
	assert_non_null(strstr(plan->notes->items[0]->text, "the gateway stays 10.0.0.254"));
}

static void an_interface_is_found_by_its_hardware_address(void **state)
{
	(void)state;
	assert_string_equal(look("{mac: 'BE:70:30:B2:03:6C', addresses: 10.0.0.100/16}")->
		changes[0]->subject, FILE_PATH);
	assert_true(look("{mac: '00:00:00:00:00:01', addresses: 10.0.0.100/16}")->refused);
	assert_true(look("{interface: eth7, addresses: 10.0.0.100/16}")->refused);
}

static void a_stanza_elsewhere_is_a_clear_error(void **state)
{
	struct plan *plan;

	(void)state;
	bench_file(bench, "/etc/network/interfaces.d/setup", 0644, "iface\teth0 inet dhcp\n");
	plan = look(TASK);
	assert_true(plan->refused);
	assert_non_null(strstr(plan->refusal, "/etc/network/interfaces.d/setup"));
	assert_true(network_has_stanza("  iface eth0 inet static\n", "eth0"));
	assert_false(network_has_stanza("iface eth01 inet static\n# iface eth0\n", "eth0"));
}

/* --- Name servers, and routes --- */

#define NAMED "{interface: eth0, addresses: [10.0.0.100/16], nameservers: [10.0.0.53], search: [lan, wan]}"
#define RESOLV "/etc/resolv.conf"

static void nobody_else_tells_the_machine_of_name_servers(void **state)
{
	(void)state;
	bench_file(bench, RESOLV, 0644, "# kept\nsearch home\nnameserver 10.0.0.1\noptions rotate\n");
	assert_int_equal(apply(NAMED), 0);
	assert_string_equal(bench->log.data, "write " FILE_PATH " 0644\nwrite " RESOLV " 0644\n");
	assert_string_equal(bench_text(bench, RESOLV), "# kept\noptions rotate\n# beoplay: eth0\n"
		"search lan wan\nnameserver 10.0.0.53\n# beoplay, end of eth0\n");
	assert_int_equal(apply(NAMED), 0);
	assert_string_equal(bench->log.data, "");
}

static void each_interface_has_its_own_name_servers(void **state)
{
	(void)state;
	bench_file(bench, RESOLV, 0644, "# beoplay: eth1\nnameserver 10.1.0.53\n# beoplay, end of eth1\n"
		"# beoplay: eth0\nnameserver 10.0.0.1\n# beoplay, end of eth0\n");
	assert_int_equal(apply(NAMED), 0);
	assert_string_equal(bench_text(bench, RESOLV), "# beoplay: eth1\nnameserver 10.1.0.53\n"
		"# beoplay, end of eth1\n# beoplay: eth0\nsearch lan wan\nnameserver 10.0.0.53\n"
		"# beoplay, end of eth0\n");
	assert_int_equal(apply("{interface: eth0, state: absent}"), 0);
	assert_string_equal(bench_text(bench, RESOLV), "# beoplay: eth1\nnameserver 10.1.0.53\n"
		"# beoplay, end of eth1\n");
}

static void who_tells_it_of_name_servers_goes_on_doing_so(void **state)
{
	(void)state;
	bench_file(bench, RESOLV, 0644, "nameserver 10.0.0.1\n");
	bench_file(bench, "/usr/sbin/resolvconf", 0755, "");
	assert_int_equal(apply(NAMED), 0);
	assert_string_equal(bench_text(bench, RESOLV), "nameserver 10.0.0.1\n");
	assert_int_equal(look("{interface: eth0, addresses: [10.0.0.100/16], backend: networkd, "
		"nameservers: [10.0.0.53]}")->change_count, 2);
	bench_file(bench, "/run/systemd/resolve/resolv.conf", 0644, "");
	assert_int_equal(look("{interface: eth0, addresses: [10.0.0.100/16], backend: networkd, "
		"nameservers: [10.0.0.53]}")->change_count, 1);
}

static void name_servers_without_effect_are_refused(void **state)
{
	(void)state;
	assert_true(look("{interface: eth0, dhcp: yes, nameservers: [10.0.0.53]}")->refused);
	bench_link(bench, RESOLV, "/run/other/resolv.conf");
	assert_true(look(NAMED)->refused);
}

static void a_route_is_live_at_once(void **state)
{
	static const char task[] = "{interface: eth0, addresses: [10.0.0.100/16], "
		"routes: [{to: 10.9.0.0/16, via: 10.0.0.9}, {to: 10.8.0.1/32, via: 10.0.0.9}]}";

	(void)state;
	routes->output = "10.0.0.0/16 proto kernel scope link src 10.0.0.100 \n10.8.0.1 via 10.0.0.9 \n";
	bench_command(bench, "ip route replace", 0, "");
	assert_string_equal(bench_change(bench, look(task), 1), "eth0 route: - -> 10.9.0.0/16 via 10.0.0.9");
	assert_int_equal(look(task)->change_count, 2);
	routes->output = "10.9.0.0/16 via 10.0.0.9 \n10.8.0.1 via 10.0.0.9 \n";
	assert_int_equal(look(task)->change_count, 1);
	/* Over which the connection comes: it is tried. */
	reached_at("10.0.0.100");
	assert_int_equal(look(task)->change_count, 1);
	routes->output = "10.9.0.0/16 via 10.0.0.90 \n10.8.0.1 via 10.0.0.9 \n";
	assert_string_equal(bench_change(bench, look(task), 1), "eth0 route: - -> 10.9.0.0/16 via 10.0.0.9");
	assert_int_equal(bench_apply(bench, &module_network, load(task)), -1);
	assert_string_equal(bench->tried.name, "network-eth0");
}

static void each_backend_gets_what_it_reads(void **state)
{
	const char *yaml = "{interface: eth0, addresses: [10.0.0.100/16, 'fd00::1/64'], "
		"gateway: 10.0.0.1, nameservers: [10.0.0.2, 'fd00::2'], search: [cluster, lan], "
		"mtu: 1400, routes: [{to: 10.9.0.0/16, via: 10.0.0.9}]}";

	(void)state;
	assert_string_equal(network_file_text(bench->arena, NETWORK_IFUPDOWN, "eth0", load(yaml)),
		"auto eth0\niface eth0 inet static\n\taddress 10.0.0.100/16\n\tgateway 10.0.0.1\n"
		"\tmtu 1400\n\tdns-nameservers 10.0.0.2 fd00::2\n\tdns-search cluster lan\n"
		"\tup ip route replace 10.9.0.0/16 via 10.0.0.9 dev eth0\n"
		"iface eth0 inet6 static\n\taddress fd00::1/64\n");
	assert_string_equal(network_file_text(bench->arena, NETWORK_NETWORKD, "eth0", load(yaml)),
		"[Match]\nName=eth0\n\n[Link]\nMTUBytes=1400\n\n[Network]\nDHCP=no\n"
		"Address=10.0.0.100/16\nAddress=fd00::1/64\nGateway=10.0.0.1\nDNS=10.0.0.2\n"
		"DNS=fd00::2\nDomains=cluster lan\n\n[Route]\nDestination=10.9.0.0/16\n"
		"Gateway=10.0.0.9\n");
	assert_string_equal(network_file_text(bench->arena, NETWORK_MANAGER, "eth0", load(yaml)),
		"[connection]\nid=beoplay-eth0\nuuid=62656f70-6c61-4900-8c41-f7607a25a404\ntype=ethernet\n"
		"interface-name=eth0\n"
		"autoconnect-priority=100\n\n[ethernet]\nmtu=1400\n\n[ipv4]\nmethod=manual\n"
		"address1=10.0.0.100/16\ngateway=10.0.0.1\ndns=10.0.0.2;\ndns-search=cluster;lan;\n"
		"route1=10.9.0.0/16,10.0.0.9\n\n[ipv6]\nmethod=manual\naddress1=fd00::1/64\n"
		"dns=fd00::2;\n");
	assert_string_equal(network_file_text(bench->arena, NETWORK_IFUPDOWN, "eth0",
		load("{interface: eth0, dhcp: yes}")), "auto eth0\niface eth0 inet dhcp\n");
}

static void auto_is_what_the_machine_uses_now(void **state)
{
	(void)state;
	bench_directory(bench, "/run/systemd/netif", 0755);
	bench_file(bench, "/run/systemd/netif/state", 0644, "");
	assert_string_equal(look(TASK)->changes[0]->subject,
		"/etc/systemd/network/00-beoplay-eth0.network");
	bench_directory(bench, "/run/NetworkManager", 0755);
	assert_int_equal(apply(TASK), 0);
	assert_string_equal(bench->log.data,
		"write /etc/NetworkManager/system-connections/beoplay-eth0.nmconnection 0600\n"
		"run ip addr add 10.1.0.100/24 dev eth0\n");
	assert_string_equal(look("{interface: eth0, addresses: [10.0.0.100/16, 10.1.0.100/24], "
		"backend: networkd}")->changes[0]->subject, "/etc/systemd/network/00-beoplay-eth0.network");
}

/* Its interface is brought up by one file of networkd's. */
static void by_networkd(const char *path, const char *text)
{
	bench_file(bench, "/sys/class/net/eth0/ifindex", 0444, "2\n");
	bench_directory(bench, "/run/systemd/netif/links", 0755);
	bench_file(bench, "/run/systemd/netif/links/2", 0644, arena_printf(bench->arena,
		"ADMIN_STATE=configured\nOPER_STATE=routable\nNETWORK_FILE=%s\n", path));
	bench_file(bench, path, 0644, text);
}

static void who_brings_up_this_interface_is_asked_not_what_is_installed(void **state)
{
	(void)state;
	bench_directory(bench, "/run/NetworkManager/devices", 0755);
	by_networkd("/etc/systemd/network/00-beoplay-eth0.network", "");
	assert_string_equal(look(TASK)->changes[0]->subject,
		"/etc/systemd/network/00-beoplay-eth0.network");
	bench_file(bench, "/run/NetworkManager/devices/2", 0644, "[device]\nmanaged=true\n");
	assert_non_null(strstr(look(TASK)->changes[0]->subject, "NetworkManager"));
	bench_file(bench, "/run/NetworkManager/devices/2", 0644, "[device]\nmanaged=false\n");
	bench_file(bench, "/run/systemd/netif/links/2", 0644, "ADMIN_STATE=unmanaged\n");
	bench_directory(bench, "/run/network", 0755);
	bench_file(bench, "/run/network/ifstate", 0644, "lo=lo\neth0=eth0\n");
	assert_string_equal(look(TASK)->changes[0]->subject, FILE_PATH);
}

static void what_another_file_of_networkd_configures_is_taken_over_if_asked(void **state)
{
	(void)state;
	by_networkd("/etc/systemd/network/lan.network", "[Match]\nName=eth0\n");
	assert_true(look(TASK)->refused);
	assert_non_null(strstr(look(TASK)->refusal, "lan.network"));
	assert_string_equal(look("{interface: eth0, addresses: [10.0.0.100/16], take: yes}")
		->changes[0]->subject, "/etc/systemd/network/00-beoplay-eth0.network");
}

static void a_file_that_nobody_would_read_is_not_written(void **state)
{
	(void)state;
	by_networkd("/etc/systemd/network/00-aaa.network", "[Match]\nName=eth0\n");
	assert_non_null(strstr(look("{interface: eth0, addresses: [10.0.0.100/16], take: yes}")
		->refusal, "comes before"));
}

static void another_profile_is_taken_over_if_asked(void **state)
{
	(void)state;
	bench_file(bench, "/sys/class/net/eth0/ifindex", 0444, "2\n");
	bench_directory(bench, "/run/NetworkManager/devices", 0755);
	bench_file(bench, "/run/NetworkManager/devices/2", 0644,
		"[device]\nmanaged=true\nconnection-uuid=d0ec664b-1176-38d1-abd4-71d76a4c1087\n");
	bench_command(bench, "sh -c grep -lsxF 'uuid=d0ec664b", 0, "/etc/NetworkManager/wired\n");
	assert_non_null(strstr(look(TASK)->refusal, "/etc/NetworkManager/wired"));
	assert_false(look("{interface: eth0, addresses: [10.0.0.100/16], take: yes}")->refused);
}

static void what_is_more_than_an_interface_is_seen(void **state)
{
	(void)state;
	bench_file(bench, "/sys/class/net/eth0/uevent", 0444, "DEVTYPE=bridge\nINTERFACE=eth0\n");
	assert_false(look(TASK)->refused);
	bench_file(bench, "/etc/network/interfaces", 0644,
		"auto eth0\niface eth0 inet static\n\taddress 10.0.0.100/16\n\tbridge_ports eth1\n");
	assert_non_null(strstr(look("{interface: eth0, addresses: [10.0.0.100/16], take: yes}")->refusal,
		"bridge"));
	bench_file(bench, "/sys/class/net/eth0/uevent", 0444, "INTERFACE=eth0\n");
	assert_false(look("{interface: eth0, addresses: [10.0.0.100/16], take: yes}")->refused);
	bench_directory(bench, "/sys/class/net/eth0/master", 0755);
	assert_non_null(strstr(look(TASK)->refusal, "is part of a bridge"));
}

static void an_undo_takes_file_and_address_away(void **state)
{
	(void)state;
	assert_int_equal(apply(TASK), 0);
	assert_int_equal(bench_undo(bench), 0);
	assert_string_equal(bench->log.data, "run ip addr del 10.1.0.100/24 dev eth0\n"
		"remove " FILE_PATH "\n");
	assert_null(bench_find(bench, FILE_PATH));
	assert_int_equal(bench->records->count, 0);
}

static void addresses_are_compared_as_addresses(void **state)
{
	(void)state;
	assert_string_equal(network_canonical(bench->arena, "FD00:0:0::1/64"), "fd00::1/64");
	assert_null(network_canonical(bench->arena, "10.0.0.1"));
	assert_null(network_canonical(bench->arena, "10.0.0.1/33"));
	assert_null(network_canonical(bench->arena, "10.0.0/8"));
	assert_null(network_canonical(bench->arena, "10.0.0.1/8x"));
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_null(load("{addresses: 10.0.0.1/8}"));
	assert_null(load("{interface: eth0, mac: 'be:70:30:b2:03:6c', dhcp: yes}"));
	assert_null(load("{interface: eth0}"));
	assert_null(load("{interface: 'eth0; reboot', dhcp: yes}"));
	assert_null(load("{interface: '-x', dhcp: yes}"));
	assert_null(load("{interface: '../x', dhcp: yes}"));
	assert_null(load("{interface: eth0, addresses: 10.0.0.1}"));
	assert_null(load("{interface: eth0, dhcp: yes, gateway: \"10.0.0.1\\nup reboot\"}"));
	assert_null(load("{interface: eth0, dhcp: yes, routes: [{to: 'x y', via: 10.0.0.1}]}"));
	assert_null(load("{interface: eth0, dhcp: yes, confirm_timeout: 1}"));
	assert_null(load("{interface: eth0, dhcp: yes, confirm_timeout: 2h}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_address_is_added_on_disk_and_live),
		TEST(where_only_the_file_differs_the_interface_is_not_touched),
		TEST(the_address_of_the_connection_changes_in_a_trial),
		TEST(what_came_of_a_trial_is_looked_at_and_confirmed),
		TEST(what_is_not_as_wished_is_taken_back),
		TEST(a_check_that_fails_takes_it_back),
		TEST(what_another_machine_has_is_not_tried),
		TEST(an_unknown_way_may_be_any_interface),
		TEST(an_ipv6_address_that_carries_the_connection_stays),
		TEST(a_trial_of_another_run_is_waited_for),
		TEST(a_file_that_nobody_reads_is_refused),
		TEST(without_its_programs_nothing_is_promised),
		TEST(only_addresses_of_ours_are_taken_away),
		TEST(link_mtu_and_gateway_are_changes_of_their_own),
		TEST(an_interface_is_found_by_its_hardware_address),
		TEST(a_stanza_elsewhere_is_a_clear_error),
		TEST(nobody_else_tells_the_machine_of_name_servers),
		TEST(each_interface_has_its_own_name_servers),
		TEST(who_tells_it_of_name_servers_goes_on_doing_so),
		TEST(name_servers_without_effect_are_refused),
		TEST(a_route_is_live_at_once),
		TEST(each_backend_gets_what_it_reads),
		TEST(auto_is_what_the_machine_uses_now),
		TEST(who_brings_up_this_interface_is_asked_not_what_is_installed),
		TEST(what_another_file_of_networkd_configures_is_taken_over_if_asked),
		TEST(a_file_that_nobody_would_read_is_not_written),
		TEST(another_profile_is_taken_over_if_asked),
		TEST(what_is_more_than_an_interface_is_seen),
		TEST(an_undo_takes_file_and_address_away),
		TEST(addresses_are_compared_as_addresses),
		TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
