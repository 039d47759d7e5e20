#!/bin/bash
# README's words, typed by a stranger at a terminal, from machines as Debian 12's installer leaves them to programs that
# communicate over all of them; then all are restarted, twice, once by their plugs, and there is nothing left to do. The
# last one has sudo and networkd, for the others (MACHINES - 1, two) a password was given for root. Prints "ok NAME" or
# "not ok NAME: why".
set -u
last=$((${MACHINES:-3} - 1))
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-netinst $(seq -f 'node%g=bookworm-netinst' $((last - 1))) \
	"node$last=bookworm-networkd" -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
. tests/plays/terminal.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err screen=$work/screen
# How long a machine may take to say a word, where it is emulated.
terminal_patience=600
ranks=$((2 * last + 2))
sum=$((ranks * (ranks - 1) / 2))
# A number of each machine's.
none=$(for name in $VM_NAMES; do echo 0; done | paste -sd ' ')
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
own_job() { on_head 'timeout 300 mpirun -np '$ranks' --hostfile hostfile ./ring_cluster' | grep -c "add up to $sum\$"; }

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
check "a dry run sees all of them" is "$status $(counts unreachable) $(counts failed)" "0 $none $none"
check "and changes nothing" is "$(for name in $VM_NAMES; do vm exec "$name" hostname; done | paste -sd ' ')" \
	"${none//0/debian}"
typed
check "the playbook does what it says on all of them" is "$status $(counts failed)" "0 $none"
check "with a sum over the ranks of all" is "$(grep -c "the ranks of all add up to $sum\$" "$out")" $ranks
typed
check "once more changes nothing" is "$status $(counts changed)" "0 $none"

scp -q -o BatchMode=yes "$tree/playbooks/ring_cluster.c" "bob@$(vm address head):"
on_head 'mpicc ring_cluster.c -o ring_cluster &&
	for node in $(seq -f node%g '$last'); do scp ring_cluster $node: || exit; done' >"$err"
on_head 'printf "%s slots=2\n" localhost $(seq -f node%g '$last') >hostfile' >>"$err"
check "the person's own program runs as the guides say" is "$(own_job)" $ranks
for way in rebooted "cut off"; do
	restarted ${way/ /_}
	check "after all were $way their own program runs" is "$(own_job)" $ranks
	typed
	check "and there is nothing to do" is "$status $(counts changed)" "0 $none"
done
