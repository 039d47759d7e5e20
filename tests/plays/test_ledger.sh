#!/bin/sh
# A ledger after many runs: it stays small, and a run with nothing to do still writes nothing. COUNT
# says how many runs.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
count=${COUNT:-60}
nodes 1 ledger
mkdir tree
for i in $(seq 40); do echo "file $i" >tree/$i; done
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - copy: {dest: "/etc/ledger.{{ version % 7 }}", content: "version {{ version }}\n"}
    - lineinfile: {path: /etc/ledger.lines, create: yes, regexp: "^version", line: "version {{ version }}"}
    - blockinfile: {path: /etc/ledger.block, create: yes, block: "version {{ version }}\nand more"}
    - file-sync: {dest: /srv/ledger, src: tree, mode: "{{ '0644' if version % 2 else '0600' }}"}
    - hosts: {extra: [{address: "10.9.{{ version % 200 }}.1", names: [changing]}]}
E2
beoplay() {
	"$BEOPLAY" "$@" --user root --known-hosts "$LAB/known_hosts" >../out 2>../err </dev/null
}
failed=0
for version in $(seq "$count"); do
	prune=
	[ $((version % 5)) -ne 0 ] || prune=--prune
	beoplay site.yml -e "{version: $version}" $prune || failed=$((failed + 1))
done
size=$(lab exec head sh -c 'stat -c %s /var/lib/beoplay/*/ledger.db')
kept=$(lab exec head sh -c 'find /var/lib/beoplay -path "*/bodies/*" | wc -l')
echo "# after $count runs the ledger has $size bytes, and $kept files are kept beside it"
[ "$failed" -eq 0 ] && echo "ok $count runs succeed" || echo "not ok $count runs succeed: $failed don't"
[ "$size" -le 1048576 ] && echo "ok its ledger is at most 1 MiB" || echo "not ok its ledger is at most 1 MiB: $size"
lab snapshot head >../before
beoplay site.yml -e "{version: $count}"
lab snapshot head >../after
if diff ../before ../after >../difference; then
	echo "ok a run with nothing to do writes nothing"
else
	echo "not ok a run with nothing to do writes nothing: $(head -n 3 ../difference | tr '\n' ' ')"
fi
# SQLite counts its transactions in the file's header.
transactions() { lab exec head sh -c 'od -A n -t u4 --endian=big -j 24 -N 4 /var/lib/beoplay/*/ledger.db'; }
before=$(transactions)
beoplay rollback site.yml --to nothing
made=$(($(transactions) - before))
# 7 files, 3 that tasks share, 40 of the tree, its directory; one more, for the end.
if [ "$made" -le 52 ]; then
	echo "ok an undo is one transaction a file"
else
	echo "not ok an undo is one transaction a file: $made for 51"
fi
if lab exec head sh -c 'ls /etc/ledger.* /srv/ledger' >/dev/null 2>&1; then
	echo "not ok and all of it can be undone: $(lab exec head sh -c 'ls -d /etc/ledger.* /srv/ledger' 2>&1 | tr '\n' ' ')"
else
	echo "ok and all of it can be undone"
fi
