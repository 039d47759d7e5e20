#!/bin/sh
# What is done for a host at more than one place: on the controller and on the node, as several users, by
# several ports. Who owns what, and what is taken back where. All is looked at on the machines
# themselves. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 3 targets

here=$PWD/made
mkdir -p "$here"
on() { lab exec "$@"; }

# --- A local play beside a remote one ---
cat >site.yml <<END
- hosts: all
  connection: local
  tasks:
    - copy: {content: "{{ inventory_hostname }}\n", dest: "$here/{{ inventory_hostname }}"}
- hosts: all
  tasks:
    - copy: {content: "{{ inventory_hostname }}\n", dest: /etc/where}
    - lineinfile: {path: "$here/all", line: "{{ inventory_hostname }}", create: yes}
      connection: local
END
beoplay site.yml
check "a local play and a remote one go together" is "$status" 0
check "what is local is made here, for each host" is "$(cat "$here"/head "$here"/node1 "$here"/node2 | xargs)" \
	"head node1 node2"
check "and what is remote there" is "$(on node1 cat /etc/where)" node1
check "one after the other adds to one local file" is "$(sort "$here/all" | xargs)" "head node1 node2"
check "nothing local is done on a node" on node1 test ! -e "$here"
beoplay site.yml
check "again there is nothing to do" is "$status$(recap node1 changed)" 00

# --- A host alone ---
sed -i "s|$here/{{ inventory_hostname }}\"}|$here/{{ inventory_hostname }}.new\"}|" site.yml
beoplay site.yml -l node1 --prune
check "--prune for one host takes away what was made here for it" test ! -e "$here/node1"
check "and has made the new" is "$(cat "$here/node1.new")" node1
check "what was made here for others stays" is "$(cat "$here/node2")" node2
beoplay site.yml --prune
check "the others' turn comes when they are in the run" is "$(ls "$here" | xargs)" \
	"all head.new node1.new node2.new"

# --- Taking all back ---
beoplay rollback site.yml --to nothing
check "a rollback undoes both" is "$status" 0
check "here" is "$(ls "$here" | xargs)" ""
check "and there" on node2 test ! -e /etc/where
