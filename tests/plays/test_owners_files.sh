#!/bin/bash
# Two playbooks that change the same lines of a file, one after the other, and go back in either order, each twice:
# what waits for the other goes in the second round. All of it is as it was before.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
nodes 1 owners
conf='path: /etc/two.conf'
new='path: /etc/new.conf'

# book NAME TASK: a playbook for the node.
book() { printf -- '- hosts: head\n  tasks:\n    - %s\n' "$2" >"$1.yml"; }
files() { lab exec head sh -c 'for i in /etc/two.conf /etc/new.conf; do ls -l --time-style=+ $i; cat $i; done 2>/dev/null'; }
# back NAME ORDER: both go back, in the order and once more.
back() {
	waited=0
	for book in $2 $2; do
		beoplay rollback "$book.yml" --to nothing
		check "$1: $book goes back" is "$status" 0
		! grep -q 'it waits: ' ../out || waited=1
	done
	check "$1, back $2: all is as it was" cmp ../before <(files)
}
# two NAME FIRST SECOND
two() {
	for order in 'first second' 'second first'; do
		lab exec head sh -c 'printf "top\na=0\nend\n" >/etc/two.conf'
		files >../before
		book first "$2"
		book second "$3"
		for book in first second; do
			beoplay $book.yml
			check "$1: $book" is "$status$(recap head changed)" 01
		done
		back "$1" "$order"
	done
}

two "one pattern, replaced twice" "replace: {$conf, regexp: '^a=.*', replace: 'a=1'}" \
	"replace: {$conf, regexp: '^a=.*', replace: 'a=2'}"
two "a line that was set, replaced" "lineinfile: {$conf, regexp: '^a=', line: 'a=2'}" \
	"replace: {$conf, regexp: '^a=.*', replace: 'a=1'}"
two "a line of a block" "blockinfile: {$conf, block: one}" "lineinfile: {$conf, regexp: '^one', line: two}"
two "a file for a line" "lineinfile: {$new, create: yes, line: a=1}" \
	"lineinfile: {$new, regexp: '^(a)=.*', line: a=3, backrefs: yes}"
book first "lineinfile: {$new, create: yes, line: a=1}"
book second "replace: {$new, regexp: '^a=.*', replace: 'b=1'}"
beoplay first.yml
beoplay second.yml
beoplay rollback first.yml --to nothing -C
check "a dry run says what waits for whom" says \
	"it waits: another playbook has made something else of it in '/etc/new.conf'; go back once more" ../out
back "what waits" 'first second'
check "and so does the rollback" is "$waited" 1

# Owners in turn: what was there before the last of them that had anything in it.
book first "copy: {dest: /etc/new.conf, content: one}"
beoplay first.yml
lab exec head sh -c 'rm /etc/new.conf'
beoplay rollback first.yml --to nothing --discard-drift
book second "copy: {dest: /etc/new.conf, content: two}"
beoplay second.yml
beoplay rollback second.yml --to nothing
lab exec head sh -c 'echo mine >/etc/new.conf'
beoplay first.yml
beoplay rollback first.yml --to nothing
check "what somebody wrote in between comes back" is "$status$(lab exec head cat /etc/new.conf)" 0mine
