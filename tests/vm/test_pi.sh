#!/bin/bash
# The first evening with an imitation of Raspberry Pi OS on Debian 13: NetworkManager, netplan, cloud-init, and a
# sudo that asks nothing. Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=trixie-pi -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. tests/vm/evening.sh

# cloud-init writes /etc/hosts at each start, from its template.
cloud=yes
evening bob Kiesel7grau Kiesel7grau netplan
