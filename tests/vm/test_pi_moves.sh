#!/bin/bash
# An interface of NetworkManager's, whose profile is netplan's and cloud-init's, gets another address over the
# connection that it carries, and no mistake loses the machine: it is asked beside beoplay (vm exec) what it has.
# Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=trixie-pi -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. "${0%/*}/moves.sh"

governs() {
	inside 'nmcli -t -f NAME,FILENAME,DEVICE connection | sed -n "s/^[^:]*:\(.*\):enp0s2$/\1/p"'
}
lives() { [ "$(live)" = "$1" ]; }
# cloud-init writes its files anew, as at the first start.
disturb() {
	inside 'netplan generate && systemctl restart NetworkManager; cloud-init clean' >/dev/null 2>&1
	until_true lives 10.0.1.170/16
	check "netplan leaves it so" is "$(live) $(governs)" "10.0.1.170/16 $ours"
}
moves /etc/NetworkManager/system-connections/beoplay-enp0s2.nmconnection \
	/run/NetworkManager/system-connections/netplan-enp0s2.nmconnection
