#!/bin/bash
# A machine that was moved is found where it is, by its host key, with the inventory as it was; and what
# the inventory says today counts. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3
cp "$LAB/inventory.yml" hosts.yml
cp "$LAB/known_hosts" known_hosts
cat >move.yml <<'END'
- hosts: all
  tasks:
    - network: {interface: eth0, addresses: ["{{ new }}"], confirm_timeout: 60}
    - copy: {content: two, dest: /etc/two}
END
cat >touch.yml <<'END'
- hosts: all
  tasks:
    - copy: {content: "{{ text | default('three') }}", dest: /etc/three}
END

run() {
	"$BEOPLAY" "$@" -i hosts.yml -u root --known-hosts known_hosts -v >out 2>err </dev/null
	status=$?
}
live() { lab exec "$1" sh -c "ip -o -4 addr show dev eth0 scope global | awk '{print \$4}'" | paste -sd ' '; }
key_of() { ssh-keygen -F "$1" -f known_hosts 2>/dev/null | sed -n '2s/[^ ]* //p'; }

run move.yml -l node1 -e new=10.0.1.151/16
check "a machine moves" is "$status $(live node1)" "0 10.0.1.151/16"
check "the line for the inventory is said" says "hosts.yml:[0-9]*: node1: ansible_host: 10.0.1.151" err
check "once" is "$(cat out err | grep -c 'out of date')" 1
check "its key is known there" is "$(key_of 10.0.1.151)" "$(key_of 10.0.1.101)"
cp .beoplay/addresses kept
run move.yml -l node1 -e new=10.0.1.151/16
check "with the inventory as it was nothing changes" is "$status $(recap node1 changed)" "0 0"
check "it is said where it was found" says "ansible_host: 10.0.1.151" err
run touch.yml
check "other playbooks find it, too" is "$status $(lab exec node1 cat /etc/three)" "0 three"
run touch.yml -l node1 --check
check "and dry runs" is "$status" 0

# At its old address somebody else answers, who must learn nothing.
lab exec node2 ip addr add 10.0.1.101/16 dev eth0
run touch.yml -l node1 -e text=four
check "whoever has its old address isn't it" is "$status $(lab exec node1 cat /etc/three)" "0 four"
lab exec node1 ip link set eth0 down
ip neigh flush all
seen=$(grep -c . "$LAB/nodes/node2/log")
"$BEOPLAY" touch.yml -l node1 --no-others -i hosts.yml -u root --known-hosts known_hosts -v -e text=five \
	--accept-new-host-keys >out 2>err </dev/null
check "nor where it can't be found itself" is "$?" 4
check "that is said" code ssh.host-key-changed
check "and where it was looked for" says "nor is it at 10.0.1.151" err
check "nobody logged in there" is "$(tail -n +$((seen + 1)) "$LAB/nodes/node2/log" | grep -ciE 'accepted|failed|invalid')" 0
# A known_hosts that doesn't know the old address doesn't make it somebody.
sed -i '/10\.0\.1\.101/d' known_hosts
"$BEOPLAY" touch.yml -l node1 --no-others -i hosts.yml -u root --known-hosts known_hosts -v -e text=five \
	--accept-new-host-keys >out 2>err </dev/null
check "no new key is accepted in its place" code ssh.host-key-changed
check "nor written down" is "$(key_of 10.0.1.101)" ""
cp "$LAB/known_hosts" known_hosts
lab exec node1 ip link set eth0 up
lab exec node2 ip addr del 10.0.1.101/16 dev eth0

# Today's inventory counts.
sed -i 's/10.0.1.101/10.0.1.161/' hosts.yml
run touch.yml -l node1 -T 5
check "another address in the inventory is the one" is "$status" 4
check "the only one" silent 10.0.1.151 err
lab exec node1 ip addr add 10.0.1.161/16 dev eth0
lab exec node1 ip addr del 10.0.1.151/16 dev eth0
lab exec node1 ip addr add 10.0.1.161/16 dev eth0 2>/dev/null
sed 's/10\.0\.1\.101/10.0.1.161/' "$LAB/known_hosts" >known_hosts
run touch.yml -l node1 -e text=six
check "and reached" is "$status $(lab exec node1 cat /etc/three)" "0 six"
check "without a word" silent "out of date" err
sed -i 's/10.0.1.161/10.0.1.101/' hosts.yml
cp "$LAB/known_hosts" known_hosts
lab exec node1 sh -c 'ip addr flush dev eth0; ip addr add 10.0.1.151/16 dev eth0'

run rollback --to nothing move.yml -l node1
check "a rollback moves it back" is "$status $(live node1)" "0 10.0.1.101/16"
check "nothing is kept of it any more" silent node1 .beoplay/addresses
check "and nothing is out of date" silent "out of date" err

# Killed in the middle of a move, a controller knows both.
"$BEOPLAY" move.yml -i hosts.yml -u root --known-hosts known_hosts -l node2 \
	-e new=10.0.1.152/16 >out 2>err </dev/null &
until_true grep -q 10.0.1.152 .beoplay/addresses
kill -9 $!
wait $! 2>/dev/null
run touch.yml -l node2 -e text=seven --lock-wait 90
check "a run behind a killed one finds the machine" is "$status $(lab exec node2 cat /etc/three)" "0 seven"

run move.yml -l head -e new=10.0.1.150/16
check "a second machine moves" is "$status" 0
"$BEOPLAY" forget head >out 2>err
check "forget forgets where it is" silent head .beoplay/addresses
cp kept .beoplay/addresses
chmod 666 .beoplay/addresses
run touch.yml -l node1
check "what others could have written doesn't count" says "isn't used" err
check "and costs no run" is "$status" 0

# Who has only the text finds it at its cluster_address, by its known key.
rm -rf .beoplay
sed -i 's/^\(    head: {ansible_host: 10.0.1.100\)/\1, cluster_address: 10.0.1.150/' hosts.yml
run touch.yml -l head -T 8
check "a machine is found at its cluster_address" is "$status" 0
