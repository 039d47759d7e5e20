#!/bin/bash
# An interface gets another address over the connection that it carries, and no mistake loses a machine: it
# is asked beside beoplay (lab exec) what it has live and on disk. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 4
cp "$LAB/inventory.yml" hosts.yml
cp "$LAB/known_hosts" known_hosts

cat >move.yml <<'END'
- hosts: all
  tasks:
    - copy: {content: one, dest: /etc/one}
    - network:
        interface: eth0
        addresses: ["{{ new }}"]
        gateway: "{{ gateway | default(omit) }}"
        check: "{{ check | default(omit) }}"
        confirm_timeout: "{{ seconds | default(90) }}"
      register: net
    - copy: {content: "{{ net.confirmed }}", dest: /etc/two}
END

run() {
	"$BEOPLAY" "$@" -i hosts.yml -u root --known-hosts known_hosts -v >out 2>err </dev/null
	status=$?
}
live() { lab exec "$1" sh -c "ip -o -4 addr show dev eth0 scope global | awk '{print \$4}'" | paste -sd ' '; }
disk() { lab exec "$1" sh -c 'sed -n "s/.*address //p" /etc/network/interfaces.d/beoplay-eth0 2>/dev/null'; }
# Waits until a command holds, as long as a busy machine needs.
until_holds() {
	for _ in $(seq 900); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	"$@"
}
lives_at() { [ "$(live "$1")" = "$2" ]; }
no_warden() { ! lab exec "$1" sh -c 'grep -qsx beoplay-warden /proc/[0-9]*/comm'; }

run move.yml -l node1 -e new=10.0.1.151/16 --check
check "a dry run says what would move" says "eth0 address: nothing → 10.0.1.151/16" out
check "and moves nothing" is "$(live node1)" 10.0.1.101/16
# As if another machine had had the address until now.
lab exec node3 ip neigh replace 10.0.1.151 lladdr 02:00:00:00:00:99 dev eth0 nud stale
run move.yml -l node1 -e new=10.0.1.151/16 -e check=true
check "a machine moves to another address" is "$status" 0
check "it tells the others" is "$(lab exec node3 ip neigh show 10.0.1.151 | grep -o 'lladdr [^ ]*')" \
	"lladdr $(lab exec node1 cat /sys/class/net/eth0/address)"
check "it has only that one" is "$(live node1)" 10.0.1.151/16
check "on disk, too" is "$(disk node1)" 10.0.1.151/16
check "the run went on there" is "$(lab exec node1 cat /etc/two)" True
check "no guard is left" until_holds no_warden node1

# Where it is reached is the inventory's matter from here on.
sed -i 's/10.0.1.101/10.0.1.151/' hosts.yml
sed 's/10\.0\.1\.101/10.0.1.151/' "$LAB/known_hosts" >>known_hosts
run move.yml -l node1 -e new=10.0.1.151/16 -e check=true
check "once more is no change" is "$(grep -A1 "TASK .network" out | tail -1)" "  ok: node1"
run move.yml -l node1 -e new=10.9.1.151/16 -e seconds=5
check "an address that nobody reaches is taken back" code host.trial-returned
check "which is a failure, not a loss" says "unreachable=0 *failed=1" out
check "all is as before live" is "$(live node1)" 10.0.1.151/16
check "and on disk" is "$(disk node1)" 10.0.1.151/16
lab exec node2 ip addr add 10.0.1.140/16 dev eth0
run move.yml -l node1 -e new=10.0.1.140/16
check "an address that another machine has isn't tried" code network.address-taken
run move.yml -l node1 -e new=10.0.1.140/16 --check
check "which a dry run foresees" code network.address-taken
lab exec node2 ip addr del 10.0.1.140/16 dev eth0
run move.yml -l node1 -e new=10.0.1.102/16
check "nor is one that the inventory has for another" code inventory.address-conflict
run move.yml -l node1 -e new=10.0.1.152/16 -e gateway=10.0.9.9 --check
check "as a gateway that isn't there" code network.no-gateway
run move.yml -l node1,node2 -e new=10.0.1.153/16
check "one address isn't given to two" code inventory.address-conflict
check "and nobody is contacted for that" says "nothing was done\|10.0.1.153" err
run move.yml -l node1 -e new=10.0.1.152/16 -e gateway=10.0.9.9
check "nor is a gateway that isn't there" code network.no-gateway
run move.yml -l node1 -e new=10.0.1.152/16 -e check=false
check "what the user's check refuses is taken back" code network.check-failed
check "at once" is "$(live node1) $(disk node1)" "10.0.1.151/16 10.0.1.151/16"
run status --json move.yml -l node1
check "the ledger knows of nothing half done" silent failed out

"$BEOPLAY" move.yml -i hosts.yml -u root --known-hosts known_hosts -l node1 \
	-e new=10.9.1.151/16 -e seconds=5 >out 2>err </dev/null &
until_holds lives_at node1 10.9.1.151/16
kill -9 $!
wait $! 2>/dev/null
check "without a controller it comes back" until_holds lives_at node1 10.0.1.151/16
check "and the disk had never changed" is "$(disk node1)" 10.0.1.151/16

"$BEOPLAY" move.yml -i hosts.yml -u root --known-hosts known_hosts -l node2 \
	-e new=10.9.1.152/16 -e seconds=5 >out 2>err </dev/null &
until_holds lives_at node2 10.9.1.152/16
lab exec node2 sh -c 'kill -9 $(grep -lx beoplay-warden /proc/[0-9]*/comm | tail -1 | cut -d/ -f3)'
wait $!
check "a guard that is killed has a successor" is "$(live node2)" 10.0.1.102/16

# All of it is killed, and nobody is left who would take it back: whoever comes next sees to it.
sed 's/10\.0\.1\.102/10.0.1.152/' hosts.yml >moved.yml
sed 's/10\.0\.1\.102/10.0.1.152/' "$LAB/known_hosts" >moved_hosts
printf -- '- hosts: all\n  tasks:\n    - ping:\n' >ping.yml
"$BEOPLAY" move.yml -i hosts.yml -u root --known-hosts known_hosts -l node2 \
	-e new=10.0.1.152/16 -e seconds=30 -e 'check="sleep 600"' >out 2>err </dev/null &
until_holds lives_at node2 10.0.1.152/16
until_holds lab exec node2 pgrep -fx 'sleep 600'
kill -9 $!
wait $! 2>/dev/null
lab exec node2 sh -c 'kill -9 $(grep -lx -e beoplay-warden -e beoplay-agent /proc/[0-9]*/comm | cut -d/ -f3)'
check "with all guards killed it stays as it is tried" is "$(live node2)" 10.0.1.152/16
"$BEOPLAY" ping.yml -i moved.yml -u root --known-hosts moved_hosts -l node2 >out 2>err </dev/null
check "until somebody comes" until_holds lives_at node2 10.0.1.102/16

# As Debian's installer leaves a machine.
cat >interfaces <<'END'
# This file describes the network interfaces
source /etc/network/interfaces.d/*

# The primary network interface
allow-hotplug eth0
iface eth0 inet dhcp

# The loopback network interface
auto lo
iface lo inet loopback
END
lab exec node3 sh -c 'cat >/etc/network/interfaces' <interfaces
sed 's/gateway:.*/take: "{{ take }}"/' move.yml >take.yml
run take.yml -l node3 -e new=10.0.1.153/16 -e take=no
check "the installer's stanza isn't taken over unasked" code network.configured-elsewhere
run take.yml -l node3 -e new=10.9.1.153/16 -e take=yes -e seconds=5
check "with take it is tried, too" code host.trial-returned
check "and stays as it was where nobody comes" is "$(live node3; lab exec node3 cat /etc/network/interfaces)" \
	"10.0.1.103/16
$(cat interfaces)"
run take.yml -l node3 -e new=10.0.1.153/16 -e take=yes
check "an address takes the place of DHCP" is "$status $(live node3)" "0 10.0.1.153/16"
check "in the stanza, and nowhere else" is "$(lab exec node3 cat /etc/network/interfaces)" "$(sed \
	's/inet dhcp/inet static\n\taddress 10.0.1.153\/16/' interfaces)"
sed -i 's/10.0.1.103/10.0.1.153/' hosts.yml
sed 's/10\.0\.1\.103/10.0.1.153/' "$LAB/known_hosts" >>known_hosts
run take.yml -l node3 -e new=10.0.1.153/16 -e take=yes
check "once more is no change there" is "$(grep -A1 "TASK .network" out | tail -1)" "  ok: node3"
run rollback --to nothing take.yml -l node3
check "a rollback gives DHCP its place back" is "$status $(live node3; lab exec node3 cat /etc/network/interfaces)" \
	"0 10.0.1.103/16
$(cat interfaces)"
sed -i 's/10.0.1.153/10.0.1.103/' hosts.yml
lab exec node3 sed -i '/eth0/d' /etc/network/interfaces

# Name servers and routes count at once, where ifupdown alone would say nothing of the ones, and at the next start
# only of the others.
cat >names.yml <<'END'
- hosts: all
  tasks:
    - network:
        interface: eth0
        addresses: [10.0.1.103/16]
        nameservers: [10.0.0.53]
        search: [cluster]
        routes: [{to: 10.50.0.0/16, via: 10.0.0.2}]
END
resolv() { lab exec node3 cat /etc/resolv.conf; }
lab exec node3 sh -c 'printf "search home\nnameserver 10.0.0.1\n" >/etc/resolv.conf'
run names.yml -l node3
check "name servers are known at once" is "$status $(resolv | grep -v '^#' | paste -sd ' ')" \
	"0 search cluster nameserver 10.0.0.53"
check "and routes" is "$(lab exec node3 ip route show 10.50.0.0/16 | sed 's/ *$//')" "10.50.0.0/16 via 10.0.0.2 dev eth0"
run names.yml -l node3
check "once more changes neither" is "$status $(recap node3 changed)" "0 0"
run rollback --to nothing names.yml -l node3
check "the former name servers come back" is "$status $(resolv)" "0 search home
nameserver 10.0.0.1"

# Its agent is slow to end: what it still notes isn't noted beside what its successor does.
lab exec node1 timeout 100 sh -c '
	until [ -e /run/beoplay/trial/network-eth0/pending ]; do :; done
	agents=
	for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in */agent-*) [ "$(cat $p/comm)" = beoplay-warden ] || agents="$agents ${p#/proc/}" ;; esac
	done
	kill -STOP $agents
	sleep 6
	kill -CONT $agents' 2>watched &
run rollback --to nothing move.yml -l node1
wait $!
check "a rollback moves it back" is "$status $(live node1)" "0 10.0.1.101/16"
check "and takes the file away" is "$(disk node1)" ""

sed 's/10.0.1.151/10.0.1.101/' hosts.yml >again.yml && mv again.yml hosts.yml
sed -i 's/^\(    [a-z0-9]*\): {ansible_host: 10.0.1.1\(..\)}/\1: {ansible_host: 10.0.1.1\2, new: 10.0.1.2\2\/16}/' hosts.yml
run move.yml
check "several move at once" is "$status" 0
check "each to its own" is "$(for n in head node1 node2 node3; do live $n; disk $n; done | paste -sd ' ')" \
	"10.0.1.200/16 10.0.1.200/16 10.0.1.201/16 10.0.1.201/16 10.0.1.202/16 10.0.1.202/16 10.0.1.203/16 10.0.1.203/16"
