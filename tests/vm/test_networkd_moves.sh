#!/bin/bash
# An interface of systemd-networkd's gets another address over the connection that it carries, and no mistake loses
# the machine: it is asked beside beoplay (vm exec) what it has. Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-networkd -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. "${0%/*}/moves.sh"

governs() { inside 'sed -n "s/^NETWORK_FILE=//p" /run/systemd/netif/links/$(cat /sys/class/net/enp0s2/ifindex)'; }
disturb() { :; }
moves /etc/systemd/network/00-beoplay-enp0s2.network /etc/systemd/network/lan.network
