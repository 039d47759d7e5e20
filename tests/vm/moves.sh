# moves.sh: what moving one machine, `head`, to other addresses must be. Read by the tests of its kinds, which say
# which file governs its interface, governs(), and what else might change that, disturb().
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err first=$(vm address head)/16

write_play() {
	cat >move.yml <<'END_OF_PLAY'
- hosts: all
  become: yes
  tasks:
    - network:
        interface: enp0s2
        addresses: ["{{ new }}"]
        gateway: "{{ gateway | default(omit) }}"
        mtu: "{{ mtu | default(omit) }}"
        take: "{{ take | default(true) }}"
        confirm_timeout: "{{ seconds | default(120) }}"
END_OF_PLAY
}
run() {
	"$BEOPLAY" "$@" --become-password-file "$work/login" -T 300 -v >"$out" 2>"$err" </dev/null
	status=$?
}
move() { run move.yml -e new="$1" "${@:2}"; }
inside() { vm exec head "$@"; }
live() { inside "ip -o -4 addr show dev enp0s2 scope global | awk '{print \$4}'" | paste -sd ' '; }
routes() { inside 'ip -4 route | sort'; }
files() { inside 'cd / && find etc/systemd etc/NetworkManager etc/netplan run/systemd/network run/NetworkManager/system-connections -name "*beoplay*" 2>/dev/null' | sort | paste -sd ' '; }
restart() {
	local before
	before=$(vm boot head)
	inside 'systemctl --no-block reboot'
	vm restarted head "$before"
}

# moves OURS THEIRS: the whole of it, with the file that beoplay writes and the one that was there.
moves() {
	local ours=$1 theirs=$2 leased text

	echo Kiesel7grau >login
	"$BEOPLAY" init cluster --hosts "$(vm address head)" --user bob --connection-password-file login \
		--become-password-file login --accept-new-host-keys -T 300 >"$out" 2>"$err" </dev/null
	check "init takes the machine" is "$?" 0
	cd cluster || exit 1
	write_play
	leased=$(routes) text=$(inside cat $theirs)

	move 10.0.1.170/16 -e take=false
	check "what another file configures isn't changed unasked" code network.configured-elsewhere
	move 10.0.1.170/16 --check
	check "a dry run says what would move" says "enp0s2 address: nothing → 10.0.1.170/16" "$out"
	check "also which gateway it would lose" says "enp0s2 gateway: 10.0.0.1 → nothing" "$out"
	check "and moves nothing" is "$(live) $(files)" "$first "
	move 10.9.1.170/16 -e seconds=15
	check "an address that nobody reaches is taken back" code host.trial-returned
	check "which is a failure, not a loss" says "unreachable=0 *failed=1" "$out"
	check "DHCP has it again" is "$(live) $(files) $(governs)" "$first  $theirs"
	check "with its routes" is "$(routes)" "$leased"
	move 10.0.1.170/16 -e gateway=10.0.9.9
	check "a gateway that isn't there is seen beforehand" code network.no-gateway
	kill -STOP "$(cat "$VM/dhcp.pid")"
	move 10.9.1.170/16 -e seconds=15
	kill -CONT "$(cat "$VM/dhcp.pid")"
	check "it is taken back without the DHCP server, too" code host.trial-returned
	check "to the address that it had" is "$(live)" "$first"

	move 10.0.1.170/16 -e gateway=10.0.0.1 -e mtu=1400
	check "it moves" is "$status $(recap head failed)" "0 0"
	check "to that address only" is "$(live)" 10.0.1.170/16
	check "with its gateway" says 'default via 10.0.0.1 dev enp0s2' <(routes)
	check "and mtu" is "$(inside cat /sys/class/net/enp0s2/mtu)" 1400
	check "which our file says" is "$(governs) $(files)" "$ours ${ours#/}"
	check "the other's file is left alone" is "$(inside cat $theirs)" "$text"
	move 10.0.1.170/16 -e gateway=10.0.0.1 -e mtu=1400
	check "once more is no change" is "$status $(recap head changed)" "0 0"
	disturb
	restart
	check "a restarted machine has it, too" is "$(live) $(governs)" "10.0.1.170/16 $ours"

	move 10.0.1.171/16 -e mtu=1400
	check "it moves a second time" is "$status $(live) $(governs)" "0 10.0.1.171/16 $ours"
	move 10.9.1.171/16 -e seconds=15
	check "the second file is taken back as the first" code host.trial-returned
	check "to ours" is "$(live) $(governs) $(files)" "10.0.1.171/16 $ours ${ours#/}"
	run rollback move.yml --to nothing
	check "it is undone" is "$status $(live)" "0 $first"
	check "DHCP is who configures it" is "$(governs) $(files)" "$theirs "
	check "with its routes again" is "$(routes)" "$leased"
	check "and its mtu" is "$(inside cat /sys/class/net/enp0s2/mtu)" 1500
}
