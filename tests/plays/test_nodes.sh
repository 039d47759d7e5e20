#!/bin/sh
# Nodes come, can't be reached, are left out by -l, move to another group, leave; on lab nodes, and asked
# of the nodes themselves. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 3 nodes

# inventory "CLUSTER…" "SPARE…": nodes of both groups; 10.0.1.250 is nobody's.
inventory() {
	echo 'all: {children: {cluster: {hosts: {'
	for node in $1; do echo "  $node: {ansible_host: $(lab address $node)},"; done
	echo '}}, spare: {hosts: {'
	for node in ${2:-}; do
		echo "  $node: {ansible_host: $(lab address $node 2>/dev/null || echo 10.0.1.250)},"
	done
	echo '}}}}'
}
keys_of() { lab exec "$1" cat /home/mpi/.ssh/authorized_keys; }
known_of() { lab exec "$1" cat /home/mpi/.ssh/known_hosts; }
key() { lab exec "$1" cat /home/mpi/.ssh/id_ed25519.pub | cut -d ' ' -f 2; }
# logs_in FROM TO: as mpi, asked nothing, with the host known.
logs_in() {
	is "$(lab as mpi "$1" ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=5 \
		"$2" ip -o -4 addr show dev eth0 | awk '{print $4}')" "$(lab address "$2")/16"
}
snapshots() { for node in "$@"; do lab snapshot $node; done; }
connections() { grep -c "Accepted publickey" "$LAB/nodes/$1/log"; }
history() { git --git-dir .beoplay/history.git "$@"; }
seconds() { start=$(date +%s); "$@"; took=$(($(date +%s) - start)); }

cat >site.yml <<'END'
- name: The cluster
  hosts: cluster
  tasks:
    - name: Names
      hosts: {group: cluster}
    - name: The user
      user: {name: mpi, shell: /bin/bash}
    - name: Keys
      ssh-keys: {user: mpi, trust: cluster}
    - name: A mount of each
      nfs-mount: {src: "{{ item }}:/srv", path: "/mnt/{{ item }}", state: present}
      loop: "{{ groups['cluster'] }}"
      when: inventory_hostname == 'node1'
    - name: Each time
      command: "true"
- name: The share
  hosts: head
  tasks:
    - name: Export
      nfs-export: {path: /srv/share, clients: [cluster]}
END
# Of exportfs, what needs no kernel.
cat >exportfs <<'END'
#!/bin/sh
case $1 in
-ra) mkdir -p /var/lib/nfs; cat /etc/exports.d/*.exports 2>/dev/null | tee /var/lib/nfs/etab >/run/exported ;;
-s) [ ! -e /run/exported ] || sed 's/ \([^ ]*(\)/\n\1/g' /run/exported |
	while read -r line; do case $line in /*) path=$line ;; *) echo "$path  $line" ;; esac; done ;;
esac
END
lab exec head sh -c 'cat >/usr/sbin/exportfs; chmod 755 /usr/sbin/exportfs; mkdir -p /etc/exports.d' \
	<exportfs
inventory "head node1 node2" >inventory.yml
beoplay site.yml
check "a cluster is made" is "$status" 0
check "the share is exported" says "10.0.1.102(" "$(lab exec head cat /run/exported >file; echo file)"

# --- One more, with -l ---
lab add node3 >/dev/null
inventory "head node1 node2 node3" >inventory.yml
snapshots head node1 node2 node3 >before
beoplay site.yml -l node3 --check
snapshots head node1 node2 node3 >after
check "a dry run of a new node succeeds" is "$status" 0
check "it names the others that would change" says "^other hosts would change, too" ../out
check "each with its tasks" says "^  node2: hosts 'Names', ssh-keys 'Keys'$" ../out
check "also where other plays would" says "^  head: .*nfs-export 'Export'$" ../out
check "and the way to do them" says "--with-affected does them, too" ../out
check "they are not in the recap" is "$(recap head ok)$(recap node3 failed)" 0
check "nobody is touched" diff -q before after
snapshots head node1 node2 >before
beoplay site.yml -l node3
snapshots head node1 node2 >after
check "a new node is made" is "$status" 0
check "it knows all names" is "$(lab exec node3 getent hosts head node1 node2 node3 | wc -l)" 4
for node in head node1 node2; do
	check "$node may log in on it" says "$(key $node) mpi@$node" "$(keys_of node3 >file; echo file)"
	check "it knows $node" says "^$node,$(lab address $node) ssh-ed25519 $(
		awk -v a="$(lab address $node)" '$1 ~ a { print $3; exit }' "$LAB/known_hosts")" \
		"$(known_of node3 >file; echo file)"
done
check "the others are not touched" diff -q before after
check "but named" says "^  node2: hosts 'Names', ssh-keys 'Keys'$" ../out
check "what is done each time isn't named" silent "Each time'" ../out
check "they have no part in the run's record" is \
	"$(history show runs:run.yml | sed -n '/^hosts:/,/^facts:/p' | grep -c state)" 1
check "what they told is kept" says "\"head\".*$(key head)" \
	"$(history show runs:run.yml >file; echo file)"

# --- With those that are affected ---
beoplay site.yml -l node3 -C --with-affected
check "a dry run shows what is next" is "$(recap head changed)" 3
beoplay site.yml -l node3 --with-affected
check "the others are done, too" is "$status" 0
check "with a recap of their own" is "$(recap node2 changed)" 3
for pair in "node3 head" "head node3" "node1 node3" "node3 node2"; do
	check "mpi on ${pair% *} logs in on ${pair#* }" logs_in $pair
done
check "both are in the log" is "$("$BEOPLAY" log | head -n 2 | cut -d : -f 3- | sort | cut -c 4-40 |
	tr -d '\n' | grep -c 'node3.*head,node')$("$BEOPLAY" log | wc -l)" 04
beoplay site.yml -l node3
check "then nobody would change" silent "would change" ../out
beoplay site.yml
check "and nothing changes" is "$(recap head changed)$(recap node1 changed)$(recap node3 changed)" 111
sed -i '/Each time/,+1d' site.yml
beoplay site.yml
check "at all" says "^4 hosts: 0 changed" ../out

# --- Others that can't be asked ---
lab exec node3 rm -r /home/mpi/.ssh
lab silence node2
seconds beoplay site.yml -l node3
check "one that is silent doesn't make the run fail" is "$status" 0
check "it is named" says "^not checked: node2: not reached in time" ../out
check "it is waited for a short time (took $took s)" [ "$took" -le 5 ]
check "what it last told is used" says "$(key node2) mpi@node2" "$(keys_of node3 >file; echo file)"
check "also its host key" says "^node2," "$(known_of node3 >file; echo file)"
check "which is said" says "^warning: node2: .*last told is used" ../err
check "mpi on node3 has a new key, the others would change" says "^  head,node1: ssh-keys" ../out
mv .beoplay ../kept
lab exec node3 rm /home/mpi/.ssh/authorized_keys
seconds beoplay site.yml -l node3 -T 2
check "without a history it doesn't fail either" is "$status" 0
check "the missing key is named" says "not known yet: the keys of node2" ../out
check "those of others are there" says "$(key head) mpi@head" "$(keys_of node3 >file; echo file)"
rm -rf .beoplay
mv ../kept .beoplay
beoplay site.yml -l head,node1,node3
check "a key that is known is no news" is "$(recap head changed)" 1
lab unsilence node2
beoplay site.yml
check "all are as they should be" is "$status$(recap node2 changed)" 01
before=$(connections head)
lab exec node3 rm /home/mpi/.ssh/authorized_keys
beoplay site.yml -l node3 --no-others
check "--no-others does it with what was last known" is "$status$(recap node3 changed)" 01
check "and contacts nobody" is "$(connections head)" "$before"
check "which is said, too" says "^warning: head,node\[1-2\]: .*last told is used" ../err
check "all keys are there" is "$(keys_of node3 | grep -c mpi@)" 4
beoplay site.yml -l node3
check "else others are asked" is "$(connections head)" $((before + 1))
lab pause node1
seconds beoplay site.yml -l node3
lab resume node1
check "a stopped sshd is waited for a short time (took $took s)" [ "$took" -le 5 ]
check "and named" says "^not checked: node1: " ../out
lab exec head sh -c 'mv /usr/sbin/exportfs /root; printf "#!/bin/sh\nsleep 40\n" >/usr/sbin/exportfs
	chmod 755 /usr/sbin/exportfs'
seconds beoplay site.yml -l node3
check "one that hangs is left alone after a while (took $took s)" [ "$took" -le 14 ]
check "and named, too" says "^not checked: head: it didn't answer in time" ../out
check "it is no failure" is "$status" 0
lab exec head mv /root/exportfs /usr/sbin/exportfs
printf -- '- hosts: head\n  tasks:\n    - shell: touch /root/begun; sleep 4\n' >slow.yml
"$BEOPLAY" slow.yml -u root --known-hosts "$LAB/known_hosts" >/dev/null 2>&1 </dev/null &
until lab exec head test -e /root/begun; do sleep 0.1; done
beoplay site.yml -l node3
check "one that another run is at work on is asked all the same" silent "not checked" ../out
wait
cp inventory.yml kept.yml
sed -i 's/  node2: {/&unknown_name: "{{ nothing }}", ansible_port: "{{ 70000 }}", /' inventory.yml
beoplay site.yml -l node3
check "what is wrong in the text for others alone is no error" is "$status" 0
check "but said" says "^not checked: node2: .*ansible_port" ../out
cp kept.yml inventory.yml

# --- Facts of others ---
cat >facts.yml <<'END'
- hosts: cluster
  tasks:
    - name: Addresses
      copy:
        content: "{% for n in groups['cluster'] %}{{ hostvars[n].ansible_default_ipv4.address }} {% endfor %}"
        dest: /etc/addresses
END
all="$(lab address head) $(lab address node1) $(lab address node2) $(lab address node3) "
beoplay facts.yml -l node3
check "facts of hosts outside the limit are known" is "$(lab exec node3 cat /etc/addresses)" "$all"
check "and would change there, too" says "^  head,node\[1-2\]: copy 'Addresses'" ../out
check "nothing did" lab exec head test ! -e /etc/addresses
lab silence node1
lab exec node3 rm /etc/addresses
seconds beoplay facts.yml -l node3
check "the last known ones are used (took $took s)" is "$(lab exec node3 cat /etc/addresses)" "$all"
lab exec node3 rm /etc/addresses
beoplay facts.yml -T 2
check "also of one within the limit" is "$(lab exec node3 cat /etc/addresses)" "$all"
check "which is said" says "^warning: node1: .*last told is used" ../err
lab unsilence node1
beoplay rollback facts.yml --to nothing

# --- What a history says that somebody has forged ---
beoplay site.yml
good=$(history rev-parse runs)
evil='no-pty,command=\\"touch /evil\\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOooooooooooooooooo'
blob=$(history show runs:run.yml | sed "s|public_key\": \"[^\"]*\"|public_key\": \"$evil\"|g
	s|\"host_key\": \"|&* |g" | history hash-object -w --stdin)
tree=$(history ls-tree runs | sed "s/blob [0-9a-f]*\trun.yml/blob $blob\trun.yml/" | history mktree)
history update-ref refs/heads/runs "$(GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x \
	GIT_COMMITTER_EMAIL=x history commit-tree -p "$good" -m forged "$tree")"
check "the history is forged" says 'touch /evil' "$(history show runs:run.yml >file; echo file)"
lab exec node3 rm /home/mpi/.ssh/authorized_keys /home/mpi/.ssh/known_hosts
beoplay site.yml -l node3 --no-others
check "nothing of it gets into authorized_keys" is "$(keys_of node3 | grep -c evil)" 0
check "nor into known_hosts" is "$(known_of node3 | grep -c '\*')" 0
check "it is said" says "what head says is not a public key" ../err
history update-ref refs/heads/runs "$good"
beoplay site.yml
check "with the right one all is well again" is "$(keys_of node3 | grep -c mpi@)" 4

# --- A new one that can't be reached ---
lab add node4 >/dev/null
lab silence node4
inventory "head node1 node2 node3 node4" >inventory.yml
keys=$(keys_of head)
beoplay site.yml -T 2 --check
check "a dry run with it gives exit code 4" is "$status" 4
check "it says that keys may change" says "not known yet: the keys of node4" ../out
check "for all" is "$(recap head may_change)$(recap node3 may_change)" 11
beoplay site.yml -T 2
check "a new node that can't be reached gives exit code 4" is "$status" 4
check "the others get its name" is "$(lab exec head getent hosts node4 | awk '{print $1}')" \
	"$(lab address node4)"
check "the others don't fail" is "$(recap head failed)$(recap node1 failed)$(recap node3 failed)" 000
check "they have all keys that they had" is "$(keys_of head)" "$keys"
check "and are said to lack one" says "not known yet: the keys of node4" ../out
lab unsilence node4
beoplay site.yml
check "when it is there the next run does the rest" is "$status$(recap head changed)" 01
check "mpi on node4 logs in on node1" logs_in node4 node1
check "mpi on head logs in on node4" logs_in head node4

# --- One that was there can't be reached ---
lab silence node1
lab exec head sh -c 'sed -i /node1/d /etc/hosts'
keys=$(keys_of head) known=$(known_of head)
beoplay site.yml -T 2
check "one that can't be reached gives exit code 4" is "$status" 4
check "its name is put right on the others" is "$(lab exec head getent hosts node1 | wc -l)" 1
check "its keys stay on the others" is "$(keys_of head)$(known_of head)" "$keys$known"
mv .beoplay ../kept
beoplay site.yml -T 2
check "also where nothing of it is known" is "$(keys_of head)$(known_of head)" "$keys$known"
check "which is no news there" silent "not known yet" ../out
beoplay site.yml -T 2 -l head
check "and outside the limit" is "$(keys_of head)$(known_of head)" "$keys$known"
rm -rf .beoplay
mv ../kept .beoplay
lab exec node2 rm /home/mpi/.ssh/authorized_keys
beoplay site.yml -T 2
check "or come back" says "mpi@node1" "$(keys_of node2 >file; echo file)"
lab unsilence node1

# --- One that leaves the inventory ---
check "before it leaves it is everywhere" is "$(keys_of node2 | grep -c mpi@node4)$(
	known_of node2 | grep -c ^node4,)$(lab exec head grep -c "$(lab address node4)" /run/exported)" 111
gone=$(lab address node4)
inventory "head node1 node2 node3" >inventory.yml
beoplay site.yml -l node3
check "with -l the others are said to change" says "^  node\[1-2\]: hosts 'Names', ssh-keys 'Keys'" ../out
check "and keep what they have" is "$(keys_of node2 | grep -c mpi@node4)" 1
beoplay site.yml --check
check "a dry run says that its mount goes" says "/etc/fstab line: node4:/srv" ../out
beoplay site.yml
check "it goes" is "$status" 0
check "its name goes from the others" is "$(lab exec node2 grep -c node4 /etc/hosts)" 0
check "its key" is "$(keys_of node2 | grep -c node4)" 0
check "its host key" is "$(known_of node2 | grep -c node4)" 0
check "its export" is "$(lab exec head cat /run/exported | grep -c "$gone")" 0
check "what went is no orphan" silent "hosts-entry\|authorized-key" ../out
check "its mount goes, too" is "$(lab exec node1 grep -c node4 /etc/fstab)" 0
check "which is said" says "item: nfs-mount:/mnt/node4" ../out
check "not the others'" is "$(lab exec node1 grep -c :/srv /etc/fstab)" 4
"$BEOPLAY" forget node4 >../out 2>../err
check "it is forgotten" is "$(history log -p --format= runs -- run.yml | grep -c node4)" 0
check "with its ref" is "$(history for-each-ref | grep -c node4)" 0
check "the others aren't" says "refs/hosts/node3" "$(history for-each-ref >file; echo file)"

# --- One that moves to another group ---
beoplay site.yml
snapshots node3 >before
inventory "head node1 node2" "node3 never" >inventory.yml
seconds beoplay site.yml
check "one that moved doesn't make the run fail" is "$status" 0
check "what it has is named" says "^  node3: authorized-key:mpi:head" ../out
check "it gets no task" is "$(recap node3 ok)" ""
check "its names go from the others" is "$(lab exec node2 grep -c node3 /etc/hosts)" 0
check "one that the playbook never had isn't asked (took $took s)" [ "$took" -le 2 ]
check "nor named" silent never ../out
printf -- '- hosts: "{{ who }}"\n  tasks:\n    - copy: {content: x, dest: /etc/who}\n' >who.yml
beoplay who.yml -e who=head
beoplay who.yml -e who=node1 --prune
check "one that isn't meant this time hasn't left" is "$(lab exec head cat /etc/who)" x
check "nor does prune go there" silent head ../out
beoplay site.yml
check "it is named in every run" says "^  node3: authorized-key:mpi:head" ../out
beoplay site.yml -l node2
check "but not beyond the limit" silent node3: ../out
beoplay status site.yml
check "status shows it" says "^  node3: authorized-key:mpi:head" ../out
check "that isn't clean" is "$status" 3
snapshots node3 >after
check "until now nothing was changed there" diff -q before after
lab silence node3
seconds beoplay site.yml
check "where it can't be reached, that is no failure (took $took s)" is "$status" 0
check "it is named" says "^not checked: node3: " ../out
lab unsilence node3
beoplay site.yml --prune --check
check "a dry run of prune says what goes there" says "changed: node3\|change: node3" ../out
beoplay site.yml --prune
check "--prune undoes it" is "$status$(recap node3 failed)" 00
check "its names are gone" is "$(lab exec node3 grep -c beoplay /etc/hosts)" 0
check "its user" is "$(lab exec node3 getent passwd mpi)" ""
beoplay site.yml
check "then nothing is named" silent node3 ../out
before=$(connections node3)
beoplay site.yml
check "and it isn't asked any more" is "$(connections node3)" "$before"
check "status is clean" is "$(beoplay status site.yml; echo $status)" 0
