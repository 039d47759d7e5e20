#!/bin/bash
# An interface of systemd-networkd's gets another address over the connection that it carries, and no mistake loses
# the machine: it is asked beside beoplay (vm exec) what it has. Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-networkd -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err first=$(vm address head)/16

write_play() {
	cat >move.yml <<'END_OF_PLAY'
- hosts: all
  become: yes
  tasks:
    - network:
        interface: enp0s2
        addresses: ["{{ new }}"]
        gateway: "{{ gateway | default(omit) }}"
        mtu: "{{ mtu | default(omit) }}"
        take: "{{ take | default(true) }}"
        confirm_timeout: "{{ seconds | default(120) }}"
END_OF_PLAY
}
run() {
	"$BEOPLAY" "$@" --become-password-file "$work/login" -T 300 -v >"$out" 2>"$err" </dev/null
	status=$?
}
move() { run move.yml -e new="$1" "${@:2}"; }
inside() { vm exec head "$@"; }
live() { inside "ip -o -4 addr show dev enp0s2 scope global | awk '{print \$4}'" | paste -sd ' '; }
routes() { inside 'ip -4 route | sort'; }
files() { inside 'cd / && find etc/systemd/network run/systemd/network -name "*beoplay*" 2>/dev/null' | sort | paste -sd ' '; }
governs() { inside 'sed -n "s/^NETWORK_FILE=//p" /run/systemd/netif/links/$(cat /sys/class/net/enp0s2/ifindex)'; }
ours=/etc/systemd/network/00-beoplay-enp0s2.network
restart() {
	local before
	before=$(vm boot head)
	inside 'systemctl --no-block reboot'
	vm restarted head "$before"
}

echo Kiesel7grau >login
"$BEOPLAY" init cluster --hosts "$(vm address head)" --user bob --connection-password-file login \
	--become-password-file login --accept-new-host-keys -T 300 >"$out" 2>"$err" </dev/null
check "init takes the machine" is "$?" 0
cd cluster || exit 1
write_play
leased=$(routes)

move 10.0.1.170/16 -e take=false
check "what another file configures isn't changed unasked" code network.configured-elsewhere
move 10.0.1.170/16 --check
check "a dry run says what would move" says "enp0s2 address: nothing → 10.0.1.170/16" "$out"
check "also which gateway it would lose" says "enp0s2 gateway: 10.0.0.1 → nothing" "$out"
check "and moves nothing" is "$(live) $(files)" "$first "
move 10.9.1.170/16 -e seconds=15
check "an address that nobody reaches is taken back" code host.trial-returned
check "which is a failure, not a loss" says "unreachable=0 *failed=1" "$out"
check "DHCP has it again" is "$(live) $(files) $(governs)" "$first  /etc/systemd/network/lan.network"
check "with its routes" is "$(routes)" "$leased"
move 10.0.1.170/16 -e gateway=10.0.9.9
check "a gateway that isn't there is seen beforehand" code network.no-gateway
kill -STOP "$(cat "$VM/dhcp.pid")"
move 10.9.1.170/16 -e seconds=15
kill -CONT "$(cat "$VM/dhcp.pid")"
check "it is taken back without the DHCP server, too" code host.trial-returned
check "to the address that it had" is "$(live)" "$first"

move 10.0.1.170/16 -e gateway=10.0.0.1 -e mtu=1400
check "it moves" is "$status $(recap head failed)" "0 0"
check "to that address only" is "$(live)" 10.0.1.170/16
check "with its gateway" says 'default via 10.0.0.1 dev enp0s2' <(routes)
check "and mtu" is "$(inside cat /sys/class/net/enp0s2/mtu)" 1400
check "which our file says" is "$(governs) $(files)" "$ours ${ours#/}"
check "the other's file is left alone" is "$(inside cat /etc/systemd/network/lan.network | tail -1)" DHCP=yes
move 10.0.1.170/16 -e gateway=10.0.0.1 -e mtu=1400
check "once more is no change" is "$status $(recap head changed)" "0 0"
restart
check "a restarted machine has it, too" is "$(live) $(governs)" "10.0.1.170/16 $ours"

move 10.0.1.171/16 -e mtu=1400
check "it moves a second time" is "$status $(live) $(governs)" "0 10.0.1.171/16 $ours"
move 10.9.1.171/16 -e seconds=15
check "the second file is taken back as the first" code host.trial-returned
check "to ours" is "$(live) $(governs) $(files)" "10.0.1.171/16 $ours ${ours#/}"
run rollback move.yml --to nothing
check "it is undone" is "$status $(live)" "0 $first"
check "DHCP is who configures it" is "$(governs) $(files)" "/etc/systemd/network/lan.network "
check "with its routes again" is "$(routes)" "$leased"
check "and its mtu" is "$(inside cat /sys/class/net/enp0s2/mtu)" 1500
