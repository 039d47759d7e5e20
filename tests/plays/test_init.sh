#!/bin/bash
# The first contact with machines as installers leave them: beoplay init, at a terminal and without one.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
. tests/plays/terminal.sh
nodes 3
out=$work/out err=$work/err screen=$work/screen
LOGIN=Kiesel7grau ROOT=Wurzel9tief OTHER=Ampfer3rot
A=10.0.1.100 B=10.0.1.101 C=10.0.1.102

# head: sudo with a password; node1: without one; node2: no sudo, but root has a password.
for node in $LAB_NODES; do
	lab exec "$node" sh -c "useradd -m -s /bin/bash bob; echo bob:$LOGIN | chpasswd; echo root:$ROOT | chpasswd"
done
lab exec head usermod -aG sudo bob
lab exec node1 sh -c 'echo "bob ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/bob'
lab exec node2 sh -c 'chmod 600 /usr/bin/sudo; mv /usr/bin/sudo /usr/bin/nosudo'
# What configures the interface: as each of them leaves its word.
index=$(lab exec head cat /sys/class/net/eth0/ifindex)
lab exec head sh -c "mkdir -p /run/NetworkManager/devices; echo managed=true >/run/NetworkManager/devices/$index"
lab exec node2 sh -c 'echo "iface eth0 inet dhcp" >>/etc/network/interfaces'
cp "$LAB_KEY" labkey
rm -f "$HOME"/.ssh/id_* "$HOME/.ssh/known_hosts"
echo $LOGIN >login
run() {
	"$BEOPLAY" "$@" >"$out" 2>"$err" </dev/null
	status=$?
}
at() { at_terminal "${columns:-80}" "$BEOPLAY" "$@"; }

run init cluster --hosts $A,$B,$C -u bob
check "without a terminal new host keys are refused, with the remedy" says "accept-new-host-keys" "$err"
check "and are shown" is "$(grep -c 'ED25519 SHA256:' "$out")" 3
check "as ssh-keygen shows them" says "$(lab exec head ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub |
	cut -d ' ' -f 2)" "$out"
run init cluster --hosts 10.0.1.77,10.0.1.78 -u bob -T 2
check "where no host is reached it is exit code 4" is "$status" 4
check "and both are named" says "10.0.1.77,10.0.1.78\|10.0.1.\[77-78\]" "$err"
run init cluster -u bob
check "hosts are needed" says "hosts A,B,C" "$err"
mkdir -m 775 shared
chgrp 65534 shared
run init shared/cluster --hosts $A -u bob
check "a folder that others can write to is refused" says "a directory of your own" "$err"
check "and nothing is written" is "$(ls -d cluster shared/* "$HOME"/.ssh/* 2>/dev/null)" ""

at init cluster --hosts $A,$B,$C -u bob
asked "[y/N] " && type $'\x03'
left
check "^C at the host keys ends it" is "$status" 130
at init cluster --hosts $A,$B,$C -u bob
answer "[y/N] " n
left
check "no is no" is "$status $(grep -c 'nothing was done' "$screen")" "1 1"
check "and no host key is kept" is "$(cat "$HOME/.ssh/known_hosts" 2>/dev/null)" ""
at init cluster --hosts $A,$B,$C -u bob
answer "[y/N] " y
asked "password of 'bob'" && type $'halb\x03'
left
check "^C at the password ends it" is "$status" 130
check "with a terminal that shows what is typed" says ' echo ' "$screen.stty"
check "and there is no project yet" is "$(ls -d cluster 2>/dev/null)" ""

# Not all have the same password.
lab exec node1 sh -c "echo bob:$OTHER | chpasswd"
columns=200
at init cluster --hosts $A,$B,$C -u bob
answer "password of 'bob'" falsch
answer "once more" $LOGIN
answer "root's password" $ROOT
answer "[y/N] " y
asked "Next:"
left
init_status=$status
check "a slip of the finger is asked about once more, on one host" is "$(grep -c 'Failed password for bob' \
	"$LAB"/nodes/*/log | sed 's,.*/nodes/,,; s,/log,,' | tr '\n' ' ')" "head:1 node1:1 node2:0 "
check "one host with another password is named, and the others go on" says "wrong password for 'bob'" "$screen"
check "a key is made where there was none, and said" says "You had no key: made" "$screen"
key=$HOME/.ssh/id_ed25519
check "which only its owner can read" is "$(stat -c %a "$key") $(ssh-keygen -lf "$key" | grep -c ED25519)" "600 1"
enter() { ssh -n -o BatchMode=yes -i "$key" "bob@$1" "$2"; }
check "it opens the login" is "$(enter $A 'id -un') $(enter $C 'id -un')" "bob bob"
check "sudo asks for nothing any more" is "$(enter $A 'sudo -n id -u')" 0
check "what was typed is on no screen and in no file" is "$(grep -rlE "$LOGIN|$ROOT|$OTHER" cluster "$screen" \
	"$HOME" 2>/dev/null)" ""
node2() { sed -n '/^    node2:/,$p' cluster/inventory/hosts.yml; }
check "the inventory has what was found" is "$("$BEOPLAY" inventory -i cluster/inventory --host node2 |
	tr -d ' \n' | grep -c 'ansible_become_method.*su.*mac.*'"$(lab exec node2 cat /sys/class/net/eth0/address)")" 1
check "cores, architecture and machine-id, too" is "$(node2 | grep -c "$(uname -m), $(nproc) cores\|$(lab exec \
	node2 cat /etc/machine-id)")" 2
check "and what configures the interface" is "$(grep -o 'eth0 is configured by [a-zA-Z]*' \
	cluster/inventory/hosts.yml | cut -d ' ' -f 5 | tr '\n' ' ')" "NetworkManager ifupdown "
check "the playbook and its programs are the example's" is "$(for file in site.yml hello_cluster.c ring_cluster.c; do
	cmp "cluster/$file" "$tree/playbooks/$file"; done 2>&1)" ""
check "some host that wasn't reached makes exit code 4" is "$init_status" 4
check "a host that was not reached says so there" says "not reached: wrong password" cluster/inventory/hosts.yml
run cluster/access.yml -l head,node2
check "what was done there is an ordinary playbook, and nothing is left to do" is "$(recap head changed)" 0
run rollback cluster/access.yml --to nothing -l head
check "which isn't undone as long as nothing else leads to root" is \
	"$status $(lab exec head ls /etc/sudoers.d/beoplay-bob)" "2 /etc/sudoers.d/beoplay-bob"
check "and that is said" says "a new login failed: sudo asks 'bob' for a password" "$out"
run rollback cluster/access.yml --to nothing -l head --become-password-file login
check "which can be undone" is "$(lab exec head ls /etc/sudoers.d/beoplay-bob 2>&1 | grep -c 'No such')" 1

before=$(find cluster -type f ! -path '*/.beoplay/*' -exec sha256sum {} + | sort | sha256sum)
run init cluster --hosts $B -u bob --accept-new-host-keys --password-file login
check "a second init overwrites nothing" is "$status $(find cluster -type f ! -path '*/.beoplay/*' -exec \
	sha256sum {} + | sort | sha256sum)" "1 $before"

# A host that lies, and copies of one system.
lab exec node1 sh -c "echo bob:$LOGIN | chpasswd;
	printf 'x\": y\\n    evil: {ansible_host: 10.6.6.6}\\n#' >/etc/machine-id
	sed -i 's/^ID=.*/ID=\"d: {e\\x27\\\\\"\"/' /usr/lib/os-release /etc/os-release"
lab exec head sh -c 'cat /etc/ssh/ssh_host_ed25519_key' >twin
lab exec node2 sh -c 'cat >/etc/ssh/ssh_host_ed25519_key; pkill -HUP -o sshd; sleep 0.3' <twin
rm "$HOME/.ssh/known_hosts"
lab exec node2 sh -c 'cat >/etc/machine-id' < <(lab exec head cat /etc/machine-id)
run init lies --hosts "10.0.1.[100:102]" -u bob --accept-new-host-keys --password-file login
check "hosts with one host key are told together" says "the same key on all of these" "$out"
check "and those with one machine-id" says "have the same machine-id" "$err"
check "what a host says of itself stays one value" is "$("$BEOPLAY" inventory -i lies/inventory --list | sort |
	tr '\n' ' ')" "head node1 node2 "
check "and one line" silent "^ *evil" lies/inventory/hosts.yml
check "the project is named after its folder" says "^project: \"lies\"" lies/beoplay.yml

# A key that needs a passphrase.
rm "$HOME"/.ssh/id_*
ssh-keygen -q -t ed25519 -N geheim -f "$key"
run init locked --hosts $A -u bob --accept-new-host-keys --password-file login --passwordless-sudo
check "a key with a passphrase is installed, and it is said to ssh-add it" says "has a passphrase: ssh-add" "$out"
check "by its public half" is "$(lab exec head grep -c "$(cut -d ' ' -f 2 "$key.pub")" /home/bob/.ssh/authorized_keys)" 1
check "whoever agrees beforehand isn't asked" is "$(lab exec head cat /etc/sudoers.d/beoplay-bob)" \
	"bob ALL=(ALL:ALL) NOPASSWD: ALL"

# Machines that were reinstalled, all of them but head.
mkdir again
cd again || exit 1
out=../out err=../err
cat >inventory.yml <<END
all:
  vars: {ansible_user: root}
  hosts: {head: {ansible_host: $A}, node1: {ansible_host: $B}, node2: {ansible_host: $C}}
END
printf -- '- hosts: all\n  tasks:\n    - copy: {content: "x", dest: /etc/there}\n' >play.yml
cp "$LAB/known_hosts" known
echo "$B,other.example $(ssh-keygen -F $A -f known | grep -v '^#' | cut -d ' ' -f 2-)" >more
sed -i "/^$C /d" known
cat more >>known
replace() { run replace "$@" --known-hosts known --private-key ../labkey; }
ssh-keygen -q -R $B -f known >/dev/null 2>&1
echo "$B $(cut -d ' ' -f 2- more | head -n 1)" >>known
run play.yml --known-hosts known --private-key ../labkey
check "a host with another key is refused, with the command" says "beoplay replace node1" "$err"
replace all
check "without a terminal it isn't accepted, either" says "accept-new-host-keys" "$err"
at_terminal 80 "$BEOPLAY" replace all --known-hosts known --private-key ../labkey
answer "[y/N] " y
left
check "all new keys are one question" is "$status $(grep -c 'y/N' "$screen")" "0 1"
run play.yml --known-hosts known --private-key ../labkey
check "and are known then" is "$status" 0
check "the old one is gone" is "$(ssh-keygen -F $B -f known | grep -vc '^#')" 1
check "nothing else is" is "$(ssh-keygen -F $A -f known | grep -vc '^#')" 1
replace node1
check "where nothing is new nothing is asked" says "nothing to do" "$out"
