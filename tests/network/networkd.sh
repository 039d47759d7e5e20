# networkd.sh: how `cases` looks into and disturbs four machines with systemd-networkd (tests/vm). Read by it.
interface=enp0s2
ours=/etc/systemd/network/00-beoplay-enp0s2.network

on() { vm exec "$1" "$2"; }
in_bridge() { nsenter --net=/proc/1/ns/net "$@"; }
write_inventory() {
	local name
	echo "all: {vars: {ansible_connection: ssh}, hosts: {" >hosts.yml
	: >known_hosts
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	for name in "${machines[@]}"; do
		echo "  $name: {ansible_host: $(vm address "$name")}," >>hosts.yml
		vm exec "$name" "mkdir -p /root/.ssh; echo '$(cat "$HOME/.ssh/id_ed25519.pub")' >/root/.ssh/authorized_keys"
		ssh-keyscan -t ed25519 "$(vm address "$name")" 2>/dev/null >>known_hosts
	done
	echo "}}" >>hosts.yml
}
unplug() { in_bridge ip link set dev "vm-$1" down; }
plug() { in_bridge ip link set dev "vm-$1" up; }
# ARP may pass: what it can't find is "unreachable" at once, not silent.
silence() {
	in_bridge nft -f - <<-END
	table netdev vm-$1 {
		chain from { type filter hook ingress device "vm-$1" priority 0; ether type != arp drop; }
		chain to { type filter hook egress device "vm-$1" priority 0; ether type != arp drop; }
	}
	END
}
unsilence() { in_bridge nft delete table netdev "vm-$1"; }

set_up() { :; }
# Every third time it is one that has its address by DHCP.
vary() {
	[ "$(number 3)" = 0 ] || return 0
	on "$1" "rm -f $ours; networkctl reload"
	until_holds has_live "$1" "$(vm address "$1")/16"
	now[$1]=$(live "$1")
}
has_live() { [ "$(live "$1")" = "$2" ]; }
disk() {
	local said
	said=$(on "$1" "sed -n 's/^Address=//p' $ours 2>/dev/null" | paste -sd ' ')
	echo "${said:-$(vm address "$1")/16}"
}
start_anew() {
	on "$1" 'systemctl stop systemd-networkd; ip addr flush dev enp0s2; systemctl start systemd-networkd'
	until_holds has_live "$1" "$(disk "$1")"
}
