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

# --- Two users of one node ---
as() { "$BEOPLAY" "$@" --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null; status=$?; }
cat >users.yml <<END
- hosts: node1
  remote_user: root
  tasks:
    - copy: {content: "root\n", dest: /etc/by-root, backup: no}
- hosts: node1
  remote_user: admin
  tasks:
    - copy: {content: "admin\n", dest: /home/admin/by-admin}
    - copy: {content: "root\n", dest: /etc/by-root-again}
      remote_user: root
    - copy: {content: "root\n", dest: /etc/by-sudo}
      become: true
END
as users.yml
check "one host is worked on as several users" is "$status" 0
check "each owns what it made" is "$(on node1 stat -c %U /etc/by-root /home/admin/by-admin /etc/by-root-again | xargs)" \
	"root admin root"
as users.yml
check "again nothing is to be done" is "$status$(recap node1 changed)" 00
sed -i '/by-admin/d; /by-root-again/,+1d' users.yml
as users.yml --prune
check "--prune goes to each of them" is "$status" 0
check "and takes away what the text has no more" on node1 sh -c '! test -e /home/admin/by-admin && ! test -e /etc/by-root-again'
check "and leaves the rest" on node1 test -e /etc/by-root
as rollback users.yml --to nothing
check "a rollback takes back what each did" on node1 sh -c '! test -e /etc/by-root && ! test -e /etc/by-sudo'

# --- Part of a text: whose ledger it has doesn't depend on which tags are run ---
cat >part.yml <<END
- hosts: node1
  tasks:
    - copy: {content: "mine\n", dest: /home/admin/mine}
      tags: mine
    - copy: {content: "root\n", dest: /etc/by-sudo}
      become: true
END
as part.yml -u admin -t mine
check "a task alone is done as its own user" is "$status$(on node1 stat -c %U /home/admin/mine)" 0admin
as part.yml -u admin
check "and is known when all are run" is "$status$(recap node1 changed)" 01
as rollback part.yml -u admin --to nothing
check "a rollback takes both back" on node1 sh -c '! test -e /home/admin/mine && ! test -e /etc/by-sudo'

# --- What is asked without changing anything ---
beoplay site.yml
rm "$here/node2.new"
as status site.yml --user root --live
check "status counts what is here, too" says "3 resources" "$out"
check "and sees what is missing here" says "would change: node2" "$out"
beoplay plan site.yml -o plan.yml
check "a plan says what is to be done here" says "node2.new" "$out"
beoplay apply plan.yml
check "and exactly that is done" is "$(cat "$here/node2.new")" node2

# --- Two runs at once ---
cat >slow.yml <<END
- hosts: node1
  connection: local
  tasks:
    - command: sh -c 'touch "$here/begun"; while [ ! -e "$here/end" ]; do sleep 0.1; done'
END
"$BEOPLAY" slow.yml --lock-wait 300 --user root --known-hosts "$LAB/known_hosts" >../slow 2>&1 </dev/null &
slow=$!
while [ ! -e "$here/begun" ] && kill -0 "$slow"; do sleep 0.1; done
rm "$here/head.new"
beoplay site.yml
check "another run changes nothing here meanwhile" is "$status" 2
check "and names who does" says "this machine is being changed by" "$out"
touch "$here/end"
wait "$slow"
check "the first comes to its end" is $? 0
beoplay site.yml
check "then the other one can do its work" is "$status$(cat "$here/head.new")" 0head

# --- Somebody who isn't root, on the own machine: a host becomes root there, another one doesn't ---
lab exec head mkdir -p /opt/lib /opt/own
ldd "$BEOPLAY" | awk '/=> \//{print $3}' | tar chf - -P --transform 's|.*/||' -T - "$BEOPLAY" |
	lab exec head tar xf - -C /opt/lib
printf 'all: {hosts: {one: {ansible_connection: local}, two: {ansible_connection: local}}}\n' |
	lab exec head tee /opt/own/inventory.yml >/dev/null
lab exec head tee /opt/own/own.yml >/dev/null <<'END'
- hosts: one
  become: true
  tasks:
    - copy: {content: root, dest: /etc/by-one}
- hosts: two
  tasks:
    - copy: {content: admin, dest: /opt/own/by-two}
END
lab exec head sh -c 'chown -R admin /opt/own; chmod 700 /root'
own() {
	lab exec head su -s /bin/sh -c 'cd /opt/own && export LD_LIBRARY_PATH=/opt/lib && \
		exec /opt/lib/beoplay "$@"' -- admin beoplay "$@" >"$out" 2>"$err" </dev/null
	status=$?
}
own own.yml
check "both are worked on" is "$status $(lab exec head stat -c %U /etc/by-one /opt/own/by-two | xargs)" "0 root admin"
own status own.yml
check "what both have is known" is "$status $(grep -c '1 resource' "$out") $(grep -c nothing "$out")" "0 1 0"
own own.yml -l two
check "one of them alone finds the same" is "$status$(recap two changed)" 00
own rollback own.yml --to nothing -l two
check "and takes back its own" is "$status $(lab exec head ls /etc/by-one /opt/own/by-two 2>/dev/null)" "0 /etc/by-one"
own rollback own.yml --to nothing
check "and the other one its" is "$status $(lab exec head ls /etc/by-one 2>/dev/null)" "0 "
