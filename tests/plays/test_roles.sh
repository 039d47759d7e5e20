#!/bin/sh
# What roles and the tasks in them do, on lab nodes: variables that tasks set, decisions without a
# host, files that are only looked at. Prints "ok NAME" or "not ok NAME: why".
set -u
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
	exec tests/lab/run -n 3 -- "$0" inside
fi

BEOPLAY=${BEOPLAY:-$PWD/build/beoplay}
out=out err=err
. tests/plays/checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

run() { beoplay "$@" -i "$LAB/inventory.yml"; }

# --- Variables that tasks set ---
cat >facts.yml <<'END'
- hosts: all
  gather_facts: no
  tasks:
    - command: "echo of-{{ inventory_hostname }}"
      register: said
      changed_when: false
    - set_fact: {mine: "{{ said.stdout }}", flag: "yes", deep: {list: [1, "{{ 1 + 1 }}"]}}
    - set_fact: {collected: "{{ collected | default([]) + [item * 2] }}"}
      loop: [1, 2, 3]
    - set_fact: {once: first}
      when: once is not defined
    - set_fact: {once: second}
      when: once is not defined
    - set_fact: {"named_{{ inventory_hostname }}": here}
    - copy: {content: "{{ mine }} {{ flag }} {{ deep.list[1] }} {{ collected }} {{ once }}\n", dest: /etc/set}
    - copy: {content: "{{ hostvars['node2'].mine }} {{ hostvars['node2'].named_node2 }}\n", dest: /etc/of-node2}
    - set_fact: {mine: changed}
    - set_fact: {weak: task}
      vars: {weak: vars}
    - debug: {msg: "weak is {{ weak }}, extra is {{ strong }}"}
      vars: {weak: vars}
    - set_fact: {strong: task}
- hosts: head
  gather_facts: no
  tasks:
    - debug: {msg: "later {{ mine }} {{ hostvars['node1'].mine }} {{ strong }}"}
END
run facts.yml -e strong=line --check
check "a dry run knows what is set" says "weak is task, extra is line" out
run facts.yml -e strong=line
check "variables can be set" is "$status" 0
check "a host's own tasks see them" is "$(lab exec node1 cat /etc/set)" "of-node1 True 2 [2, 4, 6] first"
check "other hosts see them" is "$(lab exec head cat /etc/of-node2)" "of-node2 here"
check "a set one is stronger than the task's own" says "weak is task, extra is line" out
check "later plays see them, and -e is stronger" says "later changed changed line" out
run facts.yml -e strong=line
check "a second time nothing changes" is "$(recap node1 changed)" 0

# --- Each host sees what the other had when it came to that task ---
cat >turns.yml <<'END'
- hosts: all
  gather_facts: no
  tasks:
    - set_fact: {turn: one}
    - debug: {msg: "now {{ groups.all | map('extract', hostvars, 'turn') | join(' ') }}"}
    - command: "true"
      when: inventory_hostname == 'node2'
    - set_fact: {turn: two}
      when: inventory_hostname != 'head'
    - debug: {msg: "then {{ groups.all | map('extract', hostvars, 'turn') | join(' ') }}"}
END
run turns.yml
check "all see the first turn" says "now one one one" out
check "and then the second" says "then one two two" out
check "and nothing else" is "$(grep -cE '(now|then) (one|two) ' out)" 2

# --- assert, fail, stat ---
lab exec node1 sh -c 'printf x >/etc/seen; chmod 4751 /etc/seen; ln -s seen /etc/link'
cat >decide.yml <<'END'
- hosts: node1,node2
  gather_facts: no
  tasks:
    - {stat: {path: /etc/seen}, register: seen}
    - {stat: {path: /etc/link, get_checksum: no}, register: link}
    - {stat: {path: /etc/link, follow: yes, checksum_algorithm: sha256}, register: followed}
    - debug: {msg: "{{ seen.stat.mode }} {{ seen.stat.checksum }} {{ link.stat.islnk }} {{ link.stat.lnk_source }} {{ followed.stat.checksum | length }} {{ seen.changed }}"}
      when: seen.stat.exists
    - assert:
        that: [seen.stat.exists, seen.stat.isreg]
        fail_msg: "nothing seen on {{ inventory_hostname }}"
    - fail: {msg: "made to fail"}
      ignore_errors: yes
      register: made
    - debug: {msg: "msg was {{ made.msg }} {{ made is failed }}"}
    - copy: {content: x, dest: /etc/behind}
END
run decide.yml
check "what a file is, is told" says \
	"4751 11f6ad8ec52a2984abaafd7c3b516503785c2072 True /etc/seen 64 False" out
check "an assertion fails one host" says "nothing seen on node2: seen.stat.exists" out
check "with the exit code of a failure" is "$status" 2
check "nothing is done there behind it" lab exec node2 test ! -e /etc/behind
check "the other host goes on" lab exec node1 test -e /etc/behind
check "a failure that is ignored can be looked at" says "msg was made to fail True" out
cat >pending.yml <<'END'
- hosts: node1
  gather_facts: no
  tasks:
    - copy: {content: x, dest: /etc/to-come}
    - {stat: {path: /etc/to-come}, register: come}
    - set_fact: {size: "{{ come.stat.size }}"}
    - assert: {that: come.stat.exists}
    - fail: {msg: "it is {{ size }}"}
      when: size != 1
END
run pending.yml --check
check "what depends on a change to come isn't told in a dry run" says "not known in a dry run: " out
check "and fails nothing" is "$status" 0
check "nor may it change anything" is "$(recap node1 may_change)" 0
run pending.yml
check "it holds in the real run" is "$status" 0
