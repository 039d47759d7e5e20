#!/bin/bash
# The first evening with a machine as Debian 12's installer leaves it where root was given a password: no sudo,
# and DHCP in /etc/network/interfaces. Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-netinst -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. tests/vm/evening.sh

evening bob Kiesel7grau Wurzel9tief ifupdown
