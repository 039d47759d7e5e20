#!/bin/bash
# Two runs for one machine at the same time: the later one waits, and changes what is there by then.
. "$(dirname "$0")/checks.sh"
nodes 1 project

# playbook NAME TASKS
playbook() { mkdir -p "$1"; printf -- '- hosts: head\n  tasks:\n%s\n' "$2" >"$1/site.yml"; cp inventory.yml "$1"; }
apply() { "$BEOPLAY" "$1/site.yml" --lock-wait 100 --user root --known-hosts "$LAB/known_hosts" >"$1.out" 2>&1 </dev/null; }
waits() { grep -q 'is being changed by' "$1.out"; }

lab exec head sh -c 'echo first >/srv/list; echo old >/srv/whole'
playbook one '    - copy: {content: one, dest: /srv/begun}
    - command: sh -c "until [ -e /srv/go ]; do sleep 0.1; done"
    - lineinfile: {path: /srv/list, line: of one}
    - copy: {content: "one\n", dest: /srv/whole}
    - shell: {cmd: "echo x >>/srv/times; touch /srv/made", creates: /srv/made}
    - file: {path: /srv/folder, state: directory}'
playbook two '    - lineinfile: {path: /srv/list, line: of two}
    - copy: {content: "two\n", dest: /srv/whole}'
playbook three '    - shell: {cmd: "echo x >>/srv/times; touch /srv/made", creates: /srv/made}
    - file: {path: /srv/folder, state: directory}'
apply one &
one=$!
until_true lab exec head test -e /srv/begun
apply two &
two=$!
apply three &
three=$!
check "the second run waits" until_true waits two
check "and so does the third" until_true waits three
lab exec head touch /srv/go
wait $one
check "the first run goes on to its end" is $? 0
wait $two
check "then the second one does" is $? 0
wait $three
check "and the third" is $? 0
out=two.out err=two.out
check "what the first had added meanwhile is there" is "$(lab exec head cat /srv/list)" "first
of one
of two"
check "the later one has the last word" is "$(lab exec head cat /srv/whole)" two
check "what was done meanwhile isn't done again" says 'changed=0' three.out
check "nor what has created something" is "$(lab exec head cat /srv/times)" x
beoplay rollback two/site.yml --to nothing
check "what comes back is what the first had left" is "$(lab exec head cat /srv/list /srv/whole)" "first
of one
one"
