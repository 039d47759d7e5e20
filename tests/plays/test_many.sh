#!/bin/sh
# Thousands of entries of one file: an undo of them is one change of that file, not one for each, and is told of
# each. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 1 many

# entries NAME COUNT: a text with so many.
entries() {
	printf -- '- hosts: head\n  tasks:\n    - name: names\n      hosts:\n        extra:\n' >site.yml
	seq "$2" | awk -v name="$1" '{ printf "          - { address: 10.9.%d.%d, names: [%s%d] }\n",
		$1 / 250, $1 % 250 + 1, name, $1 }' >>site.yml
}
hosts_file() { lab exec head cat /etc/hosts; }
# So many changes of a file the undo has made: each has its diff.
undone_at_once() { is "$(sed '/^PLAY \[all\]/,$d' "$out" | grep -c '/etc/hosts content')" 1; }
same_as() { hosts_file | diff "$1" - | head -n 3 | grep . && return 1; return 0; }

hosts_file >../before
entries a 5001; beoplay apply site.yml; first=$status; hosts_file >../a
entries b 5001; beoplay apply site.yml; second=$status; hosts_file >../b
check "ten thousand names are changed" is "$first $second" "0 0"
check "a run that takes away thousands of entries leaves none" is "$(grep -c ' a[0-9]' ../b)" 0
beoplay rollback site.yml --to 1
check "ten thousand entries are rolled back" is "$status" 0
check "an undo of many entries changes their file once" undone_at_once
check "many entries are rolled back to the byte" same_as ../a
beoplay rollback site.yml --to 2
check "and forward again" is "$status" 0
check "that is to the byte, too" same_as ../b
# Where somebody else has changed the file, what is theirs stays, and the rest is still one change.
lab exec head sh -c 'echo "192.0.2.9 theirs" >>/etc/hosts'
{ cat ../a; echo "192.0.2.9 theirs"; } >../both
beoplay rollback site.yml --to 1
check "many entries are rolled back beside a line of others" same_as ../both
check "with few changes of the file" test "$(grep -c '/etc/hosts content' "$out")" -le 3
beoplay rollback site.yml --to nothing
{ cat ../before; echo "192.0.2.9 theirs"; } >../both
check "nothing is left of many entries" same_as ../both
