#!/bin/bash
# The first evening with a machine of Debian 12 with systemd-networkd, whose user has sudo with a password.
# Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-networkd -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. tests/vm/evening.sh

evening bob Kiesel7grau Kiesel7grau networkd
