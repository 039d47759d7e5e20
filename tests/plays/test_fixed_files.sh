#!/bin/bash
# Files that can't be changed, or have several names: known before anything is changed, and said.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
run() { beoplay f.yml -i "$LAB/inventory.yml" "$@"; }
task() { printf -- '- hosts: head\n  tasks:\n' >f.yml; for one; do printf -- '    - %s\n' "$one" >>f.yml; done; }

# An overlay doesn't tell; a file system of its own does.
node sh -c 'mkdir -p /srv/t && mount -t tmpfs tmpfs /srv/t && cd /srv/t && mkdir d && echo a >d/a && echo i >i && echo one >one && ln one two'
if node chattr +i /srv/t/i 2>/dev/null; then
	task 'copy: {content: "new\n", dest: /srv/t/i}'
	run -C
	check "a dry run sees what is immutable" is "$(grep -c "'/srv/t/i' is immutable" out)" 1
	run -v
	check "so does the run" code host.file-unwritable
	task 'file: {path: /srv/t/i, mode: "0600"}'
	run -C
	check "whatever of it is to change" is "$(grep -c "'/srv/t/i' is immutable" out)" 1
	task 'copy: {content: "i\n", dest: /srv/t/i}'
	run
	check "what is right needs no change" is "$status" 0
	node sh -c 'chattr -i /srv/t/i; chattr +i /srv/t/d'
	task 'lineinfile: {path: /srv/t/d/a, line: b}'
	run -C
	check "nothing gets another content in an immutable directory" is "$(grep -c "'/srv/t/d' is immutable" out)" 1
	task 'file: {path: /srv/t/d/a, mode: "0600"}'
	run
	check "but another mode" is "$status$(node stat -c %a /srv/t/d/a)" 0600
	node chattr -i /srv/t/d
fi
task 'copy: {content: "new\n", dest: /srv/t/one}'
run -C
check "a dry run says that a file has another name" says "'/srv/t/one' has 2 names" out
run
check "so does the run" says "'/srv/t/one' has 2 names" out
check "and the other keeps what was there" is "$(node cat /srv/t/one /srv/t/two | xargs)" "new one"
run
check "then there is nothing to say" silent "names" out
