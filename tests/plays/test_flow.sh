#!/bin/sh
# Tasks that decide who does what, on lab nodes: run_once, meta, until, includes. Prints "ok NAME" or "not ok NAME:
# why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3

run() {
	"$BEOPLAY" "$@" -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" \
		>out 2>err </dev/null
	status=$?
}

cat >once.yml <<'END'
- hosts: all
  tasks:
    - name: draw
      shell: "date +%s%N | tee /root/drawn"
      run_once: yes
      register: drawn
    - name: share
      copy: {content: "{{ drawn.stdout }}", dest: /root/shared}
      notify: tell
    - name: leave
      meta: end_host
      when: inventory_hostname == 'node1'
    - name: rest
      copy: {content: x, dest: /root/rest}
  handlers:
    - name: tell
      command: touch /root/told
      run_once: yes
END
run once.yml --check
check "a dry run says that what was drawn isn't known" says "may change" out
check "and draws nothing" lab exec head test ! -e /root/drawn
run once.yml
check "one host draws for all" is "$status" 0
check "it is the first" lab exec node1 test ! -e /root/drawn
check "all have what it drew" is "$(lab exec node2 cat /root/shared)" "$(lab exec head cat /root/drawn)"
check "a host that ends does nothing more" lab exec node1 test ! -e /root/rest
check "the others do" is "$(lab exec node2 cat /root/rest)" x
check "a handler runs once for all" is "$(lab exec head ls /root/told) $(lab exec node2 ls /root | tr '\n' ' ')" \
	"/root/told rest shared "
run once.yml
check "a host that ended does its due handler first, the others have none" is \
	"$(sed -n '/^HANDLER/,/changed/p' out | sed -n 2p)" "  changed: node1"

cat >facts.yml <<'END'
- hosts: node2
  tasks:
    - {command: hostname, register: old}
    - copy: {content: "{{ ansible_hostname }}\n", dest: /root/before}
    - command: hostname other
    - meta: clear_facts
    - copy: {content: "{{ ansible_hostname }}\n", dest: /root/after}
    - command: "hostname {{ hostvars.node2.old.stdout }}"
END
run facts.yml
check "facts are read again once they are cleared" is "$(lab exec node2 cat /root/before /root/after | tr '\n' ' ')" \
	"$(lab exec node2 hostname) other "

cat >last.yml <<'END'
- hosts: head
  tasks:
    - copy: {content: x, dest: /root/first}
    - command: test -e /root/mended
      register: tested
      changed_when: tested.rc == 7
    - debug: {msg: "{{ tested.rc }}"}
END
run last.yml
check "a task fails" is "$status" 2
lab exec head touch /root/mended
run last.yml
check "then no more" is "$status" 0
run last.yml --resume
check "and there is nothing to resume" says "first\|copy" out

mkdir tasks
cat >include.yml <<'END'
- hosts: all
  tasks:
    - {name: probe, command: cat /root/kind, register: kind, changed_when: false, failed_when: false}
    - include_tasks: "tasks/{{ kind.stdout | default('none', true) }}.yml"
    - {name: wait, shell: "echo >>/root/tried; test -e /root/ready", until: waited.rc == 0, retries: 20,
       delay: 1, register: waited, changed_when: false}
    - copy: {content: "{{ waited.attempts > 1 }}", dest: /root/waited}
END
echo '- copy: {content: n, dest: /root/none}' >tasks/none.yml
echo '- copy: {content: h, dest: /root/kind-of-head}' >tasks/head.yml
lab exec head sh -c 'echo head >/root/kind; touch /root/ready'
lab exec node1 touch /root/ready
run include.yml --check
check "a dry run says that it doesn't know what is included" says "not known in a dry run: the result of 'probe'" out
check "and tries nothing" lab exec head test ! -e /root/tried
run plan include.yml -o include.plan
{ sleep 3; lab exec node2 touch /root/ready; } &
"$BEOPLAY" apply include.plan --user root --known-hosts "$LAB/known_hosts" >out 2>err </dev/null
check "a plan of that is applied" is "$?" 0
wait
check "each host has what is included for it" is "$(lab exec head cat /root/kind-of-head) $(lab exec node1 cat /root/none)" \
	"h n"
check "and nothing else" lab exec node1 test ! -e /root/kind-of-head
check "a task is tried until it succeeds" is "$(lab exec node1 cat /root/waited) $(lab exec node2 cat /root/waited)" \
	"False True"
echo '- copy: {content: h, dest: /root/other}' >tasks/head.yml
run include.yml
check "what was included before is named" says "head: file:/root/kind-of-head" out
run rollback include.yml --to 7
check "a rollback brings back what was included then" is "$(lab exec head ls /root | grep -c 'kind-of-head\|other')" 1
