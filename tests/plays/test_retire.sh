#!/bin/bash
# A machine leaves the cluster: beoplay retire, on lab nodes. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
nodes 3 cluster
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - hosts: {group: all}
    - user: {name: mpi}
    - ssh-keys: {user: mpi, trust: all}
    - copy: {content: "one\n", dest: /etc/retire.site}
    - shell: echo ran >>/root/ran
E2
printf -- '- hosts: all\n  tasks:\n    - copy: {content: "two\\n", dest: /etc/retire.more}\n' >more.yml
printf -- '- hosts: head\n  tasks:\n    - copy: {content: "h\\n", dest: /etc/retire.head}\n' >head.yml
beoplay site.yml
check "the cluster is there" is "$status" 0
beoplay more.yml
beoplay head.yml
echo '# not applied yet' >>more.yml
printf -- '    - copy: {content: "three\\n", dest: /etc/retire.later}\n' >>more.yml
knows() { lab exec "$1" grep -c node2 /etc/hosts /home/mpi/.ssh/authorized_keys | cut -d : -f 2 | paste -s -d +; }

for node in $LAB_NODES; do lab snapshot "$node"; done >../before
beoplay retire node2 -C --diff
check "a dry run of it shows what is undone there" is "$status $(grep -c 'would change: node2$' "$out" |
	sed 's/[1-9][0-9]*/some/')" "0 some"
check "and what the others lose" says 'would change: head,node1' "$out"
for node in $LAB_NODES; do lab snapshot "$node"; done >../after
check "and changes nothing" cmp -s ../before ../after
beoplay retire nobody
check "a name that is none is refused" is "$status" 1
beoplay retire all
check "so are several at once" says "not the name of a host" "$err"
lab pause node2
beoplay retire node2 -T 3
lab resume node2
check "a machine that can't be reached keeps what it has" is "$status $(lab exec node2 cat /etc/retire.site)" "4 one"
check "which is said, with the way out" says "retire node2 --gone" "$err"
check "and the others keep it" is "$(knows head)" 1+1

lab pause node1
beoplay retire node2 -T 3
lab resume node1
check "as long as another can't forget it, it isn't retired" is "$status $(grep -c 'is retired' "$out")" "4 0"
check "which is said" says "not all others have forgotten node2" "$err"
beoplay retire node2
check "it is retired" is "$status" 0
check "nothing of the playbooks is left there" is "$(lab exec node2 sh -c 'ls -d /etc/retire.* /home/mpi 2>/dev/null
	getent passwd mpi; grep -e beoplay -e head /etc/hosts')" ""
check "the others have forgotten it" is "$(knows head) $(knows node1)" "0+0 0+0"
check "what they have else stays" is "$(lab exec node1 cat /etc/retire.site /etc/retire.more | paste -s)" "one	two"
check "a text that was changed since isn't applied" lab exec head test ! -e /etc/retire.later
check "its line is named" says "node2 is retired. Now remove its line: inventory.yml:[0-9]" "$out"
check "the history has forgotten it" silent "^  node2: done" <("$BEOPLAY" show 1 2>&1)
sed -i '/node2/d' inventory.yml
beoplay site.yml
check "without its line all is as it is to be" is "$status $(recap head changed)" "0 1"
check "and nothing is said of it" silent node2 "$err"

# One whose line just vanishes.
cp inventory.yml kept.yml
sed -i '/node1/d' inventory.yml
beoplay site.yml
check "of a line that vanished it is said what stays, and what to do" says "node1. .* beoplay retire node1" "$err"
beoplay site.yml
check "once" silent "any more" "$err"
mv kept.yml inventory.yml
beoplay site.yml

# One that is dead.
lab silence node1
beoplay retire node1 --gone
check "of one that is gone the others forget" is "$status" 0
check "without asking it" silent unreachable "$err"
check "nothing of it is left there" is "$(lab exec head grep -c node1 /etc/hosts /home/mpi/.ssh/authorized_keys |
	cut -d : -f 2 | paste -s -d +)" 0+0
