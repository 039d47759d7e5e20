#!/bin/sh
# Tasks that a host lets another one do: where they are done, in which order, who owns what, and what is
# taken back where. All is looked at on the machines themselves. Prints "ok NAME" or "not ok NAME: why",
# a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 4 delegate

here=$PWD/made
mkdir -p "$here"
on() { lab exec "$@"; }

# --- Three hosts write into one file of a fourth ---
cat >site.yml <<END
- hosts: node1,node2,node3
  tasks:
    - lineinfile: {path: /etc/shares, line: "/home {{ inventory_hostname }}", create: yes}
      delegate_to: head
      notify: [there, here]
    - {command: cat /etc/machine-id, delegate_to: head, register: r, changed_when: no}
    - copy: {content: "{{ r.stdout }}\n", dest: /etc/other-machine}
    - copy: {content: "{{ inventory_hostname }}\n", dest: "$here/{{ inventory_hostname }}"}
      delegate_to: localhost
    - copy: {content: "{{ ansible_machine_id }}\n", dest: "/etc/of-{{ inventory_hostname }}"}
      loop: [head, "{{ inventory_hostname }}"]
      delegate_to: "{{ item }}"
  handlers:
    - name: there
      shell: echo {{ inventory_hostname }} >>/root/there
      delegate_to: head
    - name: here
      shell: echo {{ inventory_hostname }} >>/root/here
END
beoplay site.yml --check --diff
check "a dry run of all three says what each would add" is "$(grep -c '^ *+/home node[123]$' "$out")" 3
sed '/TASK .command/,$d' "$out" >../first
check "the first one's change is certain" is "$(grep -c "would change: node[123] -> head" ../first)" 1
check "what those behind it would do depends on it" says "may change: node.* -> head" ../first
check "and nothing is touched" on head test ! -e /etc/shares
beoplay site.yml
check "the run is good" is "$status" 0
check "results are those of the host that delegates" says "changed: node1 -> head" "$out"
check "all is done there" is "$(on head sort /etc/shares | xargs)" \
	"/home node1 /home node2 /home node3"
check "what is registered is the host's own" is "$(on node2 cat /etc/other-machine)" "$(on head cat /etc/machine-id)"
check "a host that only does what others delegate is in no recap" is "$(recap head ok)" ""
check "what is delegated to localhost is done here" is "$(ls "$here" | xargs)" "node1 node2 node3"
check "facts are those of the host that delegates" is "$(on head cat /etc/of-node3)" "$(on node3 cat /etc/machine-id)"
check "each item is done where it says" is "$(on node3 cat /etc/of-node3)" "$(on node3 cat /etc/machine-id)"
check "a delegated handler runs there, once a host" is "$(on head sort /root/there | xargs)" "node1 node2 node3"
check "and one that isn't at its host" is "$(on node2 cat /root/here)" node2
beoplay site.yml
check "again there is nothing to do" is "$status$(recap node1 changed)$(recap node3 changed)" 000
beoplay status site.yml
check "and nothing is amiss" is "$status" 0

# --- Who owns what ---
sed 's|/home {{ inventory_hostname }}|/srv {{ inventory_hostname }}|' -i site.yml
beoplay site.yml -l node3 --prune
check "--prune of one host takes back what that host had delegated" is "$(on head sort /etc/shares | xargs)" \
	"/home node1 /home node2 /srv node3"
beoplay site.yml --prune
check "and all of it when all are there" is "$(on head sort /etc/shares | xargs)" "/srv node1 /srv node2 /srv node3"
beoplay rollback site.yml --to nothing
check "a rollback takes back what was done elsewhere" is "$status" 0
check "on the other host" on head test ! -e /etc/shares
check "and here" is "$(ls "$here" | xargs)" ""
check "and at home" on node1 test ! -e /etc/of-node1

# --- Two that want the same there ---
cat >same.yml <<END
- hosts: node1,node2
  tasks:
    - copy: {content: "both\n", dest: /etc/both}
      delegate_to: node3
- hosts: node3
  tasks:
    - copy: {content: "own\n", dest: /etc/own}
END
beoplay same.yml
check "the second one finds it done" is "$(recap node1 changed)$(recap node2 changed)" 10
cat >same2.yml <<END
- hosts: node1
  tasks: []
END
sed -i 's/node1,node2/node2/' same.yml
beoplay same.yml --prune
check "it stays as long as one wants it" is "$(on node3 cat /etc/both)" both

# --- A target that is lost ---
cat >lost.yml <<END
- hosts: node1,node2
  tasks:
    - copy: {content: "x\n", dest: /etc/x}
      delegate_to: 192.0.2.1
      when: inventory_hostname == 'node1'
    - copy: {content: "y\n", dest: /etc/y}
END
beoplay lost.yml --timeout 5
check "who delegates to a host that can't be reached is unreachable" is "$status" 4
check "and it is said where" says "on 192.0.2.1" "$err"
check "the others go on" is "$(on node2 cat /etc/y)" y

# --- Become, at the other host ---
cat >become.yml <<END
- hosts: node1
  tasks:
    - command: id -un
      delegate_to: head
      become: true
      become_user: admin
      register: r
    - copy: {content: "{{ r.stdout }}\n", dest: /etc/became}
END
beoplay become.yml
check "become is of the host that does it" is "$(on node1 cat /etc/became)" admin

# --- Nothing left to do there ---
cat >gone.yml <<END
- hosts: all:!head:!node3
  tasks:
    - copy: {content: "x\n", dest: "/etc/kept-{{ inventory_hostname }}"}
      delegate_to: head
    - copy: {content: "x\n", dest: "$here/gone-{{ inventory_hostname }}"}
      connection: local
    - copy: {content: "x\n", dest: /etc/stays}
- hosts: head
  tasks:
    - copy: {content: "x\n", dest: /etc/stays}
END
beoplay gone.yml
check "what others are to do is done" is "$status$(on head ls /etc/ | grep -c ^kept)$(ls "$here" | grep -c ^gone)" 022
sed -i '3,6d' gone.yml
beoplay gone.yml -l node1 --prune
check "--prune finds it where no task is any more" on head test ! -e /etc/kept-node1
check "on the controller, too" test ! -e "$here/gone-node1"
check "and leaves what is of others" on head test -e /etc/kept-node2
sed '/node2/d' inventory.yml >../without && mv ../without inventory.yml
beoplay gone.yml
check "what was done for a host that left the inventory goes" on head test ! -e /etc/kept-node2
check "wherever it is" test ! -e "$here/gone-node2"
check "and nothing else" on head test -e /etc/stays
cp "$LAB/inventory.yml" .

# --- A saved plan ---
cat >plan.yml <<END
- hosts: node1,node2
  tasks:
    - lineinfile: {path: /etc/planned, line: "{{ inventory_hostname }}", create: yes}
      delegate_to: head
END
beoplay plan plan.yml -o saved
check "a plan has what is delegated" is "$status" 0
beoplay apply saved
check "and does it" is "$(on head sort /etc/planned | xargs)" "node1 node2"
