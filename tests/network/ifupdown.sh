# ifupdown.sh: how `cases` looks into and disturbs four lab nodes with ifupdown. Read by it.
interface=eth0

on() { lab exec "$1" sh -c "$2"; }
write_inventory() {
	cp "$LAB/inventory.yml" hosts.yml
	cp "$LAB/known_hosts" known_hosts
}
unplug() { lab unplug "$1"; }
plug() { lab plug "$1"; }
silence() { lab silence "$1"; }
unsilence() { lab unsilence "$1"; }

# As Debian's installer leaves a machine with a fixed address.
set_up() {
	on "$1" "printf 'auto lo\niface lo inet loopback\n\nallow-hotplug eth0\niface eth0 inet static\n\taddress $(lab address "$1")/16\n' >/etc/network/interfaces; mkdir -p /run/network; echo eth0=eth0 >>/run/network/ifstate"
}
vary() { :; }
disk() { on "$1" "sed -n 's/^[[:space:]]*address //p' /etc/network/interfaces" | paste -sd ' '; }
start_anew() { on "$1" 'ifdown --force eth0; ip addr flush dev eth0; ifup --force eth0'; }
