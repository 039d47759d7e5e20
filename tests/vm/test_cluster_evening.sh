#!/bin/bash
# README's words, typed by a stranger at a terminal, from three machines as Debian 12's installer leaves them to
# programs that communicate over all of them; then all are restarted, twice, once by its plug, and there is nothing
# left to do. Two had a password given for root, one has sudo and networkd. Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-netinst node1=bookworm-netinst node2=bookworm-networkd -- \
	"$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. tests/plays/terminal.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err screen=$work/screen
# How long a machine may take to say a word, where it is emulated.
terminal_patience=600
hosts=$(for name in $VM_NAMES; do vm address "$name"; done | paste -sd ,)
: >"$out" >"$err"

at() { at_terminal 110 "$BEOPLAY" "$@" -T 300; }
# typed WORDS…: an ordinary run of the playbook, until its end.
typed() {
	at site.yml -K "$@"
	asked "password" && type Wurzel9tief$'\n'
	left
	shown
}
shown() { tr -d '\r' <"$screen" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' >"$out"; }
counts() { sed -n "s/^[a-z0-9]* *: .*$1=\([0-9]*\).*/\1/p" "$out" | paste -sd ' '; }
restarted() {
	local name
	declare -A before
	for name in $VM_NAMES; do before[$name]=$(vm boot "$name"); done
	for name in $VM_NAMES; do "$1" "$name"; done
	for name in $VM_NAMES; do vm restarted "$name" "${before[$name]}"; done
}
rebooted() { vm exec "$1" 'systemctl --no-block reboot'; }
cut_off() {
	vm cut "$1"
	vm start "$1"
}
# What the person types on the head, in a login that asks for nothing.
on_head() { ssh -n -o BatchMode=yes "bob@$(vm address head)" "$1" 2>&1; }
own_job() { on_head 'timeout 300 mpirun -np 6 --hostfile hostfile ./ring_cluster' | grep -c 'add up to 15$'; }

at init cluster --hosts "$hosts" --user bob
answer "[y/N] " y
answer "password of 'bob'" Kiesel7grau
answer "root's password" Wurzel9tief
answer "[y/N] " y
asked "Next:"
left
shown
check "init takes the machines as they are" is "$status" 0
check "and says what comes next" says "cd cluster && beoplay site.yml --check --diff -K" "$out"
cd cluster || exit 1
typed --check --diff
check "a dry run sees all of them" is "$status $(counts unreachable) $(counts failed)" "0 0 0 0 0 0 0"
check "and changes nothing" is "$(for name in $VM_NAMES; do vm exec "$name" hostname; done | paste -sd ' ')" \
	"debian debian debian"
typed
check "the playbook does what it says on all of them" is "$status $(counts failed)" "0 0 0 0"
check "with a sum over the ranks of all" is "$(grep -c 'the ranks of all add up to 15$' "$out")" 6
typed
check "once more changes nothing" is "$status $(counts changed)" "0 0 0 0"

scp -q -o BatchMode=yes "$tree/playbooks/ring_cluster.c" "bob@$(vm address head):"
on_head 'mpicc ring_cluster.c -o ring_cluster && scp ring_cluster node1: && scp ring_cluster node2:' >"$err"
on_head 'printf "%s slots=2\n" localhost node1 node2 >hostfile' >>"$err"
check "the person's own program runs as the guides say" is "$(own_job)" 6
for way in rebooted "cut off"; do
	restarted ${way/ /_}
	check "after all were $way their own program runs" is "$(own_job)" 6
	typed
	check "and there is nothing to do" is "$status $(counts changed)" "0 0 0 0"
done
