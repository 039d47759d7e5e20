#!/bin/sh
# Ledgers that can't be used or are of an earlier form, a machine that is being changed by somebody else: it
# is said once, by apply and by status, and nothing is changed then.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
form=$PWD/tests/formats/ledger-1
nodes 1 trouble
node() { lab exec head sh -c "$1"; }
said() { cat "$out" "$err" | grep -c -- "$1"; }

# --- One of the form before, with what its runs had done ---
cp "$form/site.yml" "$form/other.yml" .
echo 'project: fix' >beoplay.yml
mkdir tree
echo one >tree/one
echo two >tree/two
node 'echo 0123456789abcdef0123456789abcdef >/etc/machine-id; mkdir -p /var/lib/beoplay
	chmod 700 /var/lib/beoplay; useradd -m -u 1500 carol; mkdir -p /srv/new/directory'
tar -C "$form" -cf - ledger bodies | lab exec head tar -C /var/lib/beoplay --no-same-owner -xf -
tar -C "$form/srv" -cf - . | lab exec head tar -C /srv --no-same-owner -xf -
node 'chmod -R go= /var/lib/beoplay; chmod 755 /srv /srv/tree; chmod 644 /srv/tree/* /srv/lines /srv/copied'
lab snapshot head >../before
beoplay status site.yml
check "status reads one of the form before" says "stopped at a task that failed" ../out
check "and what is due" says "told" ../out
beoplay -C site.yml -e '{version: 2}'
lab snapshot head >../after
check "neither it nor a dry run writes" diff ../before ../after
beoplay rollback site.yml --to nothing -e '{version: 2}'
check "what its runs did can be undone" is "$status" 0
check "a file is what it was" is "$(node 'cat /srv/copied')" before
check "lines are" is "$(node 'cat /srv/lines' | tr '\n' ' ')" "first last "
check "what was taken away is back" is "$(node 'ls /srv/tree; cat /srv/tree/gone' | tr '\n' ' ')" "gone old "
check "what another playbook has stays" lab exec head getent passwd carol
beoplay rollback other.yml --to nothing
check "until that lets go, too" node '! getent passwd carol && ! test -e /srv/secret'
check "it was taken over" node 'test -e /var/lib/beoplay/*/ledger.db && ! test -e /var/lib/beoplay/ledger'

# --- Damaged, cut off, empty of sense ---
rm -f beoplay.yml
printf -- '- hosts: head\n  tasks:\n    - copy: {content: "one\\n", dest: /etc/one}\n' >site.yml
beoplay site.yml
node 'cp -a /var/lib/beoplay /var/lib/kept'
broken() { # NAME WHAT COMMAND
	node "$3"
	sed -i 's/one.n/two\\n/' site.yml
	beoplay site.yml
	check "a ledger that is $1 fails an apply" is "$status" 2
	check "which says so once" is "$(said "$2")" 1
	check "with a remedy" says "→ " ../err
	check "and changes nothing" is "$(node 'cat /etc/one')" one
	sed -i 's/two.n/one\\n/' site.yml
	beoplay site.yml
	check "so does one with nothing to do" is "$status" 2
	beoplay status site.yml
	check "status isn't clean" is "$status" 3
	check "and says why once" is "$(said "$2")" 1
	check "the host was reached" silent "not reached" ../out
	beoplay rollback site.yml --to nothing
	check "nothing is undone by it" is "$(node 'cat /etc/one')" one
	node 'rm -r /var/lib/beoplay; cp -a /var/lib/kept /var/lib/beoplay'
}
broken damaged "is damaged" 'head -c 700 /dev/urandom >"$(ls /var/lib/beoplay/*/ledger.db)"'
broken "cut off" "is damaged" 'truncate -s 8192 /var/lib/beoplay/*/ledger.db'
broken empty "nothing is in it" 'truncate -s 0 /var/lib/beoplay/*/ledger.db'
broken "one that others can write" "writ" 'chmod 666 /var/lib/beoplay/*/ledger.db'
beoplay site.yml
check "once it is whole again all goes on" is "$status" 0

# --- A disk that was copied ---
node 'cp /etc/machine-id /root/id; echo fedcba9876543210fedcba9876543210 >/etc/machine-id
	mv /var/lib/beoplay /var/lib/own; mkdir -m 700 /var/lib/beoplay'
tar -C "$form" -cf - ledger bodies | lab exec head tar -C /var/lib/beoplay --no-same-owner -xf -
node 'chmod -R go= /var/lib/beoplay'
beoplay status site.yml
check "the ledger of another machine isn't used" says "is the ledger of another machine" ../err
check "which isn't clean" is "$status" 3
beoplay site.yml
check "and doesn't hinder" is "$status" 0
node 'rm -r /var/lib/beoplay; mv /var/lib/own /var/lib/beoplay; cp /root/id /etc/machine-id'

# --- A step of an earlier run that has ended ---
printf '\202\247command\263apt-get install foo\243who\244anna' >about
printf '\202\246status\000\251timed_out\302' >end
node 'mkdir -p -m 700 /var/lib/beoplay/steps/1700000000-1'
for name in about end; do
	lab exec head sh -c "cat >/var/lib/beoplay/steps/1700000000-1/$name" <$name
done
node 'cd /var/lib/beoplay/steps/1700000000-1; : >out; : >err; chmod 600 *'
beoplay -C site.yml
check "a dry run tells of a step that has ended" says "apt-get install foo" ../err
beoplay site.yml
check "so does the next run" says "apt-get install foo" ../err
beoplay site.yml
check "and none after it" silent "apt-get install foo" ../err
check "nothing of it is left" node '! ls -d /var/lib/beoplay/steps/17* 2>/dev/null'

# --- A first task that fails asks for nothing any more ---
printf -- '- hosts: here\n  tasks:\n    - network: {interface: nope0, addresses: [10.0.0.1/24]}\n' >fails.yml
printf 'all: {hosts: {here: {ansible_connection: local}}}\n' >local.yml
start=$(date +%s)
"$BEOPLAY" fails.yml -i local.yml >../out 2>../err </dev/null
status=$?
check "a first task that fails" is "$status" 2
check "isn't waited for" [ $(($(date +%s) - start)) -lt 8 ]
