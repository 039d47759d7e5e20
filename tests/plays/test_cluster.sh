#!/bin/sh
# The example from end to end on lab nodes; what is on the nodes is asked of the nodes themselves.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3
mkdir playbooks inventory
cp "$tree"/playbooks/*.yml "$tree"/playbooks/*.c playbooks
cp "$tree/inventory/hosts.yml" inventory
cp "$LAB/known_hosts" .

play() {
	"$BEOPLAY" playbooks/site.yml --user root --known-hosts "$work/known_hosts" "$@" \
		>out 2>err </dev/null
	status=$?
}
address_of() { sed -n "/^ *$1:/,/cluster_address/s/.*cluster_address: //p" inventory/hosts.yml; }
snapshot_all() { for node in head node1 node2; do lab snapshot $node; done >"$1"; }

# --- A dry run on blank nodes ---
snapshot_all before
play --check --diff
snapshot_all after
check "a dry run of blank nodes succeeds" is "$status" 0
check "a dry run says what would change" says "would change: head,node\[1-2\]" out
check "a dry run says what may change" says "may change" out
check "a dry run shows the lines of files" says "+10.0.1.102 node2" out
check "a dry run touches nothing" diff before after

# --- The first run ---
play
check "the first run succeeds" is "$status" 0
check "six processes say hello" is "$(grep -c 'Hello from processor .*, rank [0-5] out of 6' out)" 6
check "six processes communicate" is "$(grep -c '^ *rank [0-5]: the ranks of all add up to 15$' out)" 6
check "a message reached all of them" says "a message around 6 processes: 6 of them had it" out
for node in head node1 node2; do
	check "$node has one address" is "$(lab exec $node ip -4 -o addr show dev eth0 | wc -l)" 1
	check "$node says hello twice" is "$(grep -c "Hello from processor $node," out)" 2
	check "$node has not failed" is "$(recap $node failed)" 0
	check "$node has its name" is "$(lab exec $node cat /proc/sys/kernel/hostname)" $node
	check "$node has its static address" says " inet $(address_of $node)/16 " \
		"$(lab exec $node ip addr show dev eth0 >addresses; echo addresses)"
	check "and will have it after a start" is "$(lab exec $node ifquery eth0 | grep address)" \
		"address: $(address_of $node)"
	check "$node knows node2" is "$(lab exec $node getent hosts node2 | awk '{print $1}')" 10.0.1.102
	check "$node has Open MPI whole" is \
		"$(lab exec $node dpkg-query -W -f '${db:Status-Abbrev}' openmpi-bin)" "ii "
	check "dpkg on $node is whole" is "$(lab exec $node dpkg --audit)" ""
	for other in head node1 node2; do
		check "mpi on $node logs in on $other and is asked nothing" is "$(lab as mpi $node \
			ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes $other hostname)" $other
	done
	check "the private key of $node is its user's only" is \
		"$(lab exec $node stat -c %U:%a /home/mpi/.ssh/id_ed25519)" mpi:600
done
check "no two nodes have the same key" is "$(for node in head node1 node2; do
	lab exec $node cat /home/mpi/.ssh/id_ed25519.pub; done | sort -u | wc -l)" 3

# --- Again ---
ran=$(lab exec head sh -c "stat -c %Y /var/lib/beoplay/*/ledger.db")
snapshot_all before
play
snapshot_all after
check "the second run succeeds" is "$status" 0
for node in head node1 node2; do
	check "nothing changes on $node" is "$(recap $node changed)" 0
done
check "no job is run again" silent "Hello from processor .*, rank" out
check "a run with nothing to do writes nothing" diff before after

# --- What somebody changed by hand comes back ---
lab exec node1 sh -c 'sed -i /node2/d /etc/hosts; hostname wrong'
play
check "drift is put right" is "$(recap node1 changed)" 2
check "only drift is changed" is "$(recap head changed)$(recap node2 changed)" 00
check "the lost name is back" is "$(lab exec node1 getent hosts node2 | awk '{print $1}')" 10.0.1.102

# --- One more machine is one line more ---
lab add node3 >address
cp "$LAB/known_hosts" known_hosts
printf '    node3:\n      ansible_host: %s\n      cluster_address: 10.0.1.103\n' "$(cat address)" \
	>>inventory/hosts.yml
play
check "a run with a new node succeeds" is "$status" 0
check "eight processes say hello" is "$(grep -c 'Hello from processor .*, rank [0-7] out of 8' out)" 8
check "the new node says hello twice" is "$(grep -c 'Hello from processor node3,' out)" 2
check "an old node got the new name and key" is "$(recap node1 changed)" 2
check "an old node knows the new one" is "$(lab exec node1 getent hosts node3 | awk '{print $1}')" \
	10.0.1.103
for pair in "node3 head" "node1 node3" "node3 node3"; do
	set -- $pair
	check "mpi on $1 logs in on $2" is "$(lab as mpi $1 ssh -n -o BatchMode=yes \
		-o StrictHostKeyChecking=yes $2 hostname)" $2
done
play
check "and then nothing changes" is "$(recap head changed)$(recap node3 changed)" 00

# --- A second address on the way of the job: Open MPI would hang ---
lab exec node1 ip address add 10.0.0.201/16 dev eth0
sed -i 's/a message around/the message around/' playbooks/ring_cluster.c
play
check "an address that isn't in the text is taken away" is "$(lab exec node1 ip -4 -o addr show dev eth0 | wc -l)" 1
check "and the job runs" says "the message around 8 processes: 8 of them" out

# --- A machine that is gone from the inventory ---
sed -i '/node3/,+2d' inventory/hosts.yml
play
check "a node that left is forgotten" is "$(lab exec node1 grep -c node3 /etc/hosts)" 0
check "the key of a node that left is gone" is \
	"$(lab exec node1 grep -c mpi@node3 /home/mpi/.ssh/authorized_keys)" 0

# --- Machines that can't be reached ---
lab pause node1
lab exec head sh -c 'sed -i /node2/d /etc/hosts'
play -T 3
lab resume node1
check "a stopped sshd gives exit code 4" is "$status" 4
check "a stopped sshd holds nobody back" is "$(recap head changed)$(recap node2 failed)" 10
check "a stopped sshd is named with a reason" says "unreachable: node1" err
check "the wait is the timeout" says "not reached within 3 s" err
lab silence node2
play -T 3
lab unsilence node2
check "a silent address gives exit code 4" is "$status" 4
check "a silent address is counted" is "$(recap node2 unreachable)" 1
# --- A job, and a host of it that isn't there ---
check "a job that isn't due is ok without it" says "note: not run again" out
sed -i 's/Hello from/Hallo from/' playbooks/hello_cluster.c
lab silence node2
play -T 3
lab unsilence node2
check "a due job is not started without one of its hosts" silent "Hallo from processor .*, rank" out
check "it says so" says "not started without node2, which is unreachable" out
check "the host that launches it doesn't fail" is "$(recap head failed)" 0
check "it has built the program" is "$(recap head changed)" 1
play -l head
check "nor beyond the limit" says "not started without node1, .* outside the limit" out
check "one lacks the program" says "^  node2: mpi-run 'Hello" out
play -l head --with-affected
check "--with-affected gives it to it" is "$status" 0
play
check "with all of them it is" is "$(grep -c 'Hallo from processor .*, rank [0-5] out of 6' out)" 6
lab rekey node1
play
check "a changed host key is refused" is "$status" 4
check "a changed host key is called so, with a remedy" says "beoplay replace" err
cp "$LAB/known_hosts" known_hosts
ssh-keygen -q -R 10.0.1.101 -f known_hosts >/dev/null 2>&1
play
check "an unknown host key is refused" is "$status" 4
play --accept-new-host-keys
check "an unknown host key is accepted when told so" is "$(recap node1 unreachable)" 0
check "and written down" says ssh-ed25519 "$(ssh-keygen -F 10.0.1.101 -f known_hosts >written; echo written)"

# --- Wrong texts ---
sed 's/apt-packages:/apt-pakages:/' playbooks/site.yml >playbooks/wrong.yml
"$BEOPLAY" playbooks/wrong.yml --known-hosts known_hosts >out 2>err
status=$?
check "a misspelt module gives exit code 1" is "$status" 1
check "a misspelt module is named with its place" says "^playbooks/wrong.yml:[34][0-9]:7: " err
check "a misspelt module gets a suggestion" says "apt-packages" err
check "a caret stands under it" says "^ *\^" err
check "no host was contacted" silent "RECAP" out
sed 's/become: yes/become: maybe/' playbooks/site.yml >playbooks/wrong.yml
"$BEOPLAY" playbooks/wrong.yml --known-hosts known_hosts >out 2>err
status=$?
check "a bad boolean gives exit code 1" is "$status" 1
check "a bad boolean is named with its place" says "^playbooks/wrong.yml:9:11: " err

# --- An ordinary user with sudo ---
"$BEOPLAY" playbooks/site.yml --user admin --known-hosts known_hosts >out 2>err
status=$?
check "an ordinary user with sudo does the same" is "$status" 0
check "and finds nothing to change" is "$(recap head changed)" 0

# --- What the user who logs in can type then, as in any guide to such clusters ---
sed -i 's/^  vars:/  vars:\n    ansible_user: admin/' inventory/hosts.yml
"$BEOPLAY" playbooks/site.yml --known-hosts known_hosts >out 2>err
status=$?
check "the login user gets keys, too" is "$status $(recap head changed)$(recap node1 changed)$(recap node2 changed)" \
	"0 111"
types() { lab as admin head bash -lc "$1" 2>&1 </dev/null; }
for node in head node1 node2; do
	check "ssh $node asks nothing" is "$(types "ssh -o BatchMode=yes $node hostname")" "$node"
done
lab as admin head sh -c 'cat >hello_cluster.c' <"$tree/playbooks/hello_cluster.c"
check "mpicc compiles a program" is "$(types 'mpicc hello_cluster.c -o hello_cluster')" ""
types "printf 'localhost slots=2\nnode1 slots=2\nnode2 slots=2\n' >hostfile"
check "scp copies it" is "$(types 'for node in node1 node2; do scp -q -o BatchMode=yes hello_cluster $node:; done')" ""
types 'timeout 100 mpirun -np 6 --hostfile hostfile ./hello_cluster' >out
check "mpirun runs it on all of them" is "$(sed -n 's/^Hello from processor \(.*\), rank [0-5] out of 6 .*/\1/p' out |
	sort | uniq -c | tr -s ' \n' ' ')" " 2 head 2 node1 2 node2 "
