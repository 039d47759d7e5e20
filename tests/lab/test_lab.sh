#!/bin/bash
# test_lab.sh: what README.md promises of the lab, asserted on real labs. Every check is a function
# of the same name; its last line of output says why it failed.
set -uo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
here=$(dirname "$self")
build=$(readlink -f "$here/../..")/build/lab
run=$here/run

remote() {
	ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$LAB/known_hosts" -o BatchMode=yes \
		-o ConnectTimeout=2 -i "$LAB_KEY" "$@"
}

expect() {
	[[ $1 == "$2" ]] || { echo "expected '$2', got '$1'"; exit 1; }
}

refuse() {
	if "$@"; then echo "succeeded, but must not: $*"; exit 1; fi
}

# Waits, 5 seconds at most, until the command succeeds.
wait_until() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "never came true: $*"
	return 1
}

milliseconds() {
	echo "$(($(date +%s%N) / 1000000))"
}

check() {
	local output status
	# Not as a condition of `if`, where bash leaves -e without effect.
	output=$(set -e; "$1" 2>&1)
	status=$?
	if ((status == 0)); then
		echo "ok $1"
	else
		echo "not ok $1: $(tail -n 1 <<<"$output")"
	fi
}

# ---- inside a lab of head, node1 and node2 ----

nodes_have_names_and_addresses() {
	expect "$LAB_NODES" "head node1 node2"
	expect "$(lab address head) $(lab address node1) $(lab address node2)" \
		"10.0.1.100 10.0.1.101 10.0.1.102"
	lab exec node1 ip -4 -brief address show eth0 | grep -q ' 10.0.1.101/16 '
	expect "$(ip -4 -brief address show eth0 | awk '{ print $3 }')" 10.0.0.10/16
}

nodes_are_blank() {
	expect "$(lab exec node1 cat /etc/hostname /etc/hosts)" \
		"$(printf 'debian\n127.0.0.1\tlocalhost\n127.0.1.1\tdebian')"
	expect "$(lab exec node1 hostname)" debian
	refuse lab exec node1 sh -c 'command -v python3'
	refuse lab exec node1 sh -c 'command -v mpirun'
	lab exec node1 grep -q '^source /etc/network/interfaces.d/\*' /etc/network/interfaces
	expect "$(lab exec node1 sh -c 'ls -A /tmp /dev/shm /etc/network/interfaces.d | grep -v :$')" ""
	refuse lab exec node1 sh -c "env | grep -e LAB -e '$build'"
	refuse lab exec node1 sh -c "ps -ef | grep -v grep | grep -e '$build'"
}

nodes_have_all_mounts() {
	lab exec node1 sh -c 'test -c /dev/null && test -e /dev/ptmx && test -d /proc/1 && test -d /sys/class/net/eth0'
	expect "$(lab exec node1 stat -f -c %T /dev/pts /dev/shm /run /tmp | tr '\n' ' ')" \
		"devpts tmpfs tmpfs tmpfs "
	lab exec node1 ip link show lo | grep -q 'LOOPBACK,UP'
}

nodes_differ_in_what_is_theirs() {
	expect "$(for node in $LAB_NODES; do lab exec "$node" cat /etc/machine-id; done | sort -u | wc -l)" 3
	expect "$(cut -d ' ' -f 3 "$LAB/known_hosts" | sort -u | wc -l)" 3
	[[ $(lab exec head cat /etc/machine-id) =~ ^[0-9a-f]{32}$ ]]
}

processes_of_others_are_not_seen() {
	expect "$(lab exec head sh -c 'ps -e -o comm= | grep -c sshd')" 1
	expect "$(lab exec head ps -p 1 -o comm=)" init
}

zombies_are_reaped() {
	lab exec head sh -c '(sleep 0.1 &)'
	sleep 0.4
	refuse lab exec head sh -c 'ps -e -o stat= | grep Z'
}

inventory_lists_the_nodes() {
	expect "$(cat "$LAB/inventory.yml")" "$(printf 'all:\n  hosts:\n%s\n%s\n%s' \
		'    head: {ansible_host: 10.0.1.100}' '    node1: {ansible_host: 10.0.1.101}' \
		'    node2: {ansible_host: 10.0.1.102}')"
}

home_is_fresh() {
	expect "$(cd "$HOME" && find . -type f | sort | tr '\n' ' ')" "./.ssh/id_ed25519 ./.ssh/id_ed25519.pub "
	expect "$(stat -c %a "$HOME/.ssh/id_ed25519")" 600
	expect "$(getent passwd root | cut -d : -f 6)" "$HOME"
	expect "${SSH_AUTH_SOCK:-none}" none
}

ssh_works_as_root_by_address_and_by_name() {
	local node
	for node in $LAB_NODES; do
		expect "$(remote "root@$(lab address "$node")" id -u)" 0
		expect "$(remote -o HostKeyAlias="$node" "root@$(lab address "$node")" id -u)" 0
	done
}

ssh_works_as_admin_who_may_sudo() {
	expect "$(remote admin@10.0.1.102 'id -un; sudo -n id -u' | tr '\n' ' ')" "admin 0 "
}

ssh_with_a_terminal_works() {
	remote -tt root@10.0.1.101 tty </dev/null | grep -q '^/dev/pts/'
}

nodes_reach_each_other() {
	lab exec head ping -c 1 -W 2 -q 10.0.1.102
}

nothing_can_leave() {
	expect "$(ip route show default; ip -6 route show default; lab exec head ip route show default)" ""
	refuse ip route get 192.0.2.1
	refuse lab exec head ping -c 1 -W 1 -q 192.0.2.1
	refuse timeout 2 bash -c ': </dev/tcp/192.0.2.1/80'
	[[ $(lab exec head ping -c 1 -W 1 -q 192.0.2.1 2>&1) == *unreachable* ]]
}

nodes_cannot_change_the_hosts_kernel() {
	refuse lab exec head sh -c 'echo 0 >/proc/sys/vm/swappiness'
	refuse lab exec head date -s 2001-01-01
	refuse remote root@10.0.1.100 date -s 2001-01-01
	lab exec head sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

exec_passes_status_and_streams() {
	local status=0
	lab exec node1 sh -c 'exit 9' || status=$?
	expect "$status" 9
	expect "$(echo text | lab exec node1 cat)" text
	refuse lab exec nobody true
}

as_runs_as_the_user() {
	expect "$(lab as admin node1 sh -c 'id -un; pwd; id -G' | tr '\n' ' ')" "admin /home/admin 1000 "
}

ssh_changes_no_file() {
	lab snapshot node2 >"$LAB/before"
	remote root@10.0.1.102 true
	remote admin@10.0.1.102 sudo -n true
	lab snapshot node2 | diff "$LAB/before" -
}

snapshot_is_the_same_twice() {
	lab snapshot node2 >"$LAB/before"
	lab snapshot node2 | diff "$LAB/before" -
	grep -q $'^./usr/bin/env\tf\t755\t0:0\t[0-9]*\t[0-9.]*\t\t[0-9a-f]\{64\}$' "$LAB/before"
	grep -q 'inet 10.0.1.102/16' "$LAB/before"
}

# Each change must be seen, also one that keeps size and time.
snapshot_sees_every_change() {
	local change
	for change in 'touch /root/new' 'rm /root/new' 'chmod 600 /etc/issue' 'chown 7 /etc/issue' \
		'touch -r /etc/issue /tmp/r; sed -i s/1/2/ /etc/issue; touch -r /tmp/r /etc/issue /etc' \
		'rm /usr/bin/tac' 'ln -s a /home/link' 'ln -sfn b /home/link' 'mkdir /srv/directory' \
		'ip address add 10.9.9.9/24 dev eth0' 'ip route add 10.8.0.0/16 via 10.0.0.10' \
		'mount -t tmpfs none /mnt' 'hostname other'; do
		lab snapshot node2 >"$LAB/before"
		lab exec node2 sh -c "$change"
		lab snapshot node2 >"$LAB/after"
		refuse cmp -s "$LAB/before" "$LAB/after"
	done
	lab exec node2 sh -c 'umount /mnt; hostname debian; ip address del 10.9.9.9/24 dev eth0'
}

apt_updates_without_a_network() {
	lab exec node1 apt-get update
	expect "$(lab exec node1 cat /etc/apt/sources.list)" 'deb [trusted=yes] file:/srv/apt ./'
	refuse lab exec node1 touch /srv/apt/file
}

apt_installs_without_a_network() {
	lab exec node2 apt-get install -qq -y --no-install-recommends hello
	lab exec node2 hello | grep -q 'Hello, world'
	lab exec node2 apt-get install -qq -s --no-install-recommends openmpi-bin libopenmpi-dev gcc \
		libc6-dev nfs-kernel-server nfs-common rsync nftables tree cowsay python3
}

pause_lets_no_one_in_and_resume_does() {
	remote root@10.0.1.101 'sleep 0.4; echo went on' >"$LAB/session" &
	sleep 0.2
	lab pause node1
	refuse remote root@10.0.1.101 true
	expect "$(cat "$LAB/session")" ""
	# The kernel still answers: paused is not silent.
	timeout 1 bash -c ': </dev/tcp/10.0.1.101/22'
	lab resume node1
	wait "$!"
	expect "$(cat "$LAB/session")" "went on"
	remote root@10.0.1.101 true
}

silence_answers_nothing_and_unsilence_does() {
	local status=0
	lab silence node1
	lab silence node1
	timeout 1 bash -c ': </dev/tcp/10.0.1.101/22' || status=$?
	expect "$status" 124
	refuse lab exec node1 ping -c 1 -W 1 -q 10.0.1.100
	lab unsilence node1
	lab unsilence node1
	remote root@10.0.1.101 true
}

unplug_takes_the_carrier_and_plug_gives_it_back() {
	lab unplug node1
	expect "$(lab exec node1 cat /sys/class/net/eth0/carrier)" 0
	lab plug node1
	expect "$(lab exec node1 cat /sys/class/net/eth0/carrier)" 1
	remote root@10.0.1.101 true
}

cut_ends_sessions_at_once() {
	local started status=0
	remote root@10.0.1.101 sleep 60 &
	sleep 0.3
	started=$(milliseconds)
	lab cut node1
	wait "$!" || status=$?
	expect "$status" 255
	(($(milliseconds) - started < 2000))
	remote root@10.0.1.101 true
}

rekey_is_served_at_once() {
	cp "$LAB/known_hosts" "$LAB/before"
	lab rekey node1
	cmp "$LAB/known_hosts" "$LAB/before"
	[[ $(remote root@10.0.1.101 true 2>&1) == *'IDENTIFICATION HAS CHANGED'* ]]
	ssh-keyscan -t ed25519 10.0.1.101 2>/dev/null >>"$LAB/known_hosts"
	remote root@10.0.1.101 true
}

add_starts_one_more() {
	expect "$(lab add extra)" 10.0.1.103
	remote root@10.0.1.103 true
	expect "$(lab address extra)" 10.0.1.103
	refuse grep extra "$LAB/inventory.yml"
	refuse lab add extra
	refuse lab add '../bad'
}

delay_proxy_adds_to_each_round_trip() {
	local started took banner
	coproc delay-proxy 127.1.0.1:22 10.0.1.100:22 200
	read -r -u "${COPROC[0]}"
	started=$(milliseconds)
	exec 7<>/dev/tcp/127.1.0.1/22
	read -r banner <&7
	expect "${banner:0:7}" SSH-2.0
	took=$(($(milliseconds) - started))
	# One round trip for the handshake, one more until the banner is here; a busy machine adds some.
	((took >= 400 && took < 600)) || { echo "the banner took $took ms"; exit 1; }
	started=$(milliseconds)
	remote -o HostKeyAlias=head root@127.1.0.1 true
	(($(milliseconds) - started > 1400))
	kill "$COPROC_PID"
}

delay_proxy_keeps_the_data() {
	coproc delay-proxy 20 127.1.0.2:22=10.0.1.100:22 127.1.0.3:22=10.0.1.102:22
	read -r -u "${COPROC[0]}"
	head -c 30000000 /dev/urandom >"$LAB/data"
	# shellcheck disable=SC2094 # it is read twice
	expect "$(remote -o HostKeyAlias=head root@127.1.0.2 sha256sum <"$LAB/data")" \
		"$(sha256sum <"$LAB/data")"
	remote -o HostKeyAlias=node2 root@127.1.0.3 cat /etc/machine-id |
		cmp - <(lab exec node2 cat /etc/machine-id)
	refuse timeout 1 bash -c ': </dev/tcp/127.1.0.4/22'
	kill "$COPROC_PID"
}

inside_checks=(
	nodes_have_names_and_addresses nodes_are_blank nodes_have_all_mounts nodes_differ_in_what_is_theirs
	processes_of_others_are_not_seen zombies_are_reaped inventory_lists_the_nodes home_is_fresh
	ssh_works_as_root_by_address_and_by_name ssh_works_as_admin_who_may_sudo ssh_with_a_terminal_works
	nodes_reach_each_other nothing_can_leave nodes_cannot_change_the_hosts_kernel
	exec_passes_status_and_streams as_runs_as_the_user ssh_changes_no_file snapshot_is_the_same_twice
	snapshot_sees_every_change apt_updates_without_a_network apt_installs_without_a_network
	pause_lets_no_one_in_and_resume_does silence_answers_nothing_and_unsilence_does
	unplug_takes_the_carrier_and_plug_gives_it_back
	cut_ends_sessions_at_once rekey_is_served_at_once add_starts_one_more
	delay_proxy_adds_to_each_round_trip delay_proxy_keeps_the_data
)

# ---- outside ----

descendants() {
	local child children=()
	# The file has no newline, so `read` always fails.
	read -ra children 2>/dev/null <"/proc/$1/task/$1/children" || true
	for child in "${children[@]}"; do
		echo "$child"
		descendants "$child"
	done
}

# What tells a process from a later one with the same number.
identities() {
	local pid
	for pid in "$@"; do
		awk -v pid="$pid" '{ sub(/.*\) /, ""); print pid, $20 }' "/proc/$pid/stat" 2>/dev/null
	done
}

# Starts a lab that would go on; sets `lab_pid`, `lab_processes` and `mount_namespaces`.
start_lab() {
	local ready=$scratch/ready
	rm -f "$ready"
	"$run" -n 2 -- sh -c "echo >'$ready'; sleep 60; echo" >/dev/null 2>&1 &
	lab_pid=$!
	# A check that fails must not leave it, either.
	trap 'kill -KILL "$lab_pid" 2>/dev/null || true' EXIT
	wait_until test -e "$ready"
	local pids
	pids=$lab_pid\ $(descendants "$lab_pid")
	# shellcheck disable=SC2086
	lab_processes=$(identities $pids)
	# shellcheck disable=SC2086
	mount_namespaces=$(for pid in $pids; do readlink "/proc/$pid/ns/mnt"; done | sort -u |
		grep -vFx "$(readlink /proc/self/ns/mnt)")
	(($(wc -l <<<"$lab_processes") >= 6))
	(($(wc -l <<<"$mount_namespaces") == 3))
}

lab_is_gone() {
	# Not -q, which ends early, and then the pipe fails though something was found.
	# shellcheck disable=SC2046
	! identities $(cut -d ' ' -f 1 <<<"$lab_processes") | grep -Fx "$lab_processes" >/dev/null &&
		! readlink /proc/[0-9]*/ns/mnt | grep -Fx "$mount_namespaces" >/dev/null
}

nothing_is_left() {
	wait_until lab_is_gone
	expect "$(ls -A "$build/live")" ""
	expect "$(cat /proc/self/mounts)" "$mounts_before"
}

ends_by() {
	mounts_before=$(cat /proc/self/mounts)
	start_lab
	expect "$(lab_is_gone && echo gone)" ""
	kill "-$1" "$lab_pid"
	nothing_is_left
}

kill_leaves_nothing() { ends_by KILL; }
sigterm_leaves_nothing() { ends_by TERM; }
sighup_leaves_nothing() { ends_by HUP; }

the_end_of_the_command_leaves_nothing() {
	mounts_before=$(cat /proc/self/mounts)
	start_lab
	# The command's only child is a sleep.
	# shellcheck disable=SC2046
	kill $(for pid in $(descendants "$lab_pid"); do
		grep -q '^sleep$' "/proc/$pid/comm" && echo "$pid"
	done)
	wait "$lab_pid"
	nothing_is_left
}

status_is_the_commands() {
	local status=0
	"$run" -n 1 -- sh -c 'exit 7' || status=$?
	expect "$status" 7
	status=0
	"$run" -n 1 -- sh -c 'kill -9 $$' || status=$?
	expect "$status" 137
	status=0
	"$run" -n 1 -- /nowhere/program || status=$?
	expect "$status" 127
	status=0
	"$run" -n 0 -- true || status=$?
	expect "$status" 125
}

streams_pass_through() {
	expect "$(echo text | "$run" -n 1 -- cat)" text
	expect "$("$run" -n 1 -- pwd)" "$PWD"
	expect "$("$run" -n 1 -- printf '%s|' a 'b  c' '')" 'a|b  c||'
}

terminal_passes_through() {
	script -qec "'$run' -n 1 -- sh -c 'test -t 0 && test -t 1 && stty size'" /dev/null </dev/null
}

interrupt_reaches_the_command() {
	local command="'$run' -n 1 -- bash -c 'trap \"exit 42\" INT; echo >$scratch/started; read -r -t 20'"
	{
		wait_until test -e "$scratch/started"
		printf '\003'
		# At the end of its input `script` hangs up. And a test run with & has SIGINT ignored.
		wait_until test -e "$scratch/status"
	} | env --default-signal=INT script -qec "trap : INT; $command; echo \$? >$scratch/status" /dev/null
	expect "$(cat "$scratch/status")" 42
}

labs_do_not_meet() {
	local first
	"$run" -n 2 -- sh -c "lab exec head touch /root/first; sleep 2; lab exec head ls /root" \
		>"$scratch/first" &
	first=$!
	# shellcheck disable=SC2016
	expect "$("$run" --names head,other -- sh -c 'sleep 1; echo $LAB_NODES; lab exec head ls /root')" "head other"
	wait "$first"
	expect "$(cat "$scratch/first")" first
}

fifty_nodes_come_up() {
	local started
	started=$(milliseconds)
	# shellcheck disable=SC2016
	expect "$("$run" -n 50 -- sh -c 'wc -l <$LAB/known_hosts; lab address node49; ssh-keyscan -t ed25519 10.0.1.149 2>/dev/null | wc -l' |
		tr '\n' ' ')" "50 10.0.1.149 1 "
	(($(milliseconds) - started < 20000))
}

two_hundred_nodes_have_an_address_each() {
	# shellcheck disable=SC2016
	expect "$("$run" -n 200 -- sh -c 'lab address node154; lab address node155; lab address node199
		ssh-keyscan -T 20 -t ed25519 10.0.2.45 | grep ed25519 >&2 && cut -d " " -f 2 $LAB/addresses | sort -u | wc -l' |
		tr '\n' ' ')" "10.0.1.254 10.0.2.1 10.0.2.45 200 "
}

python_image_has_python() {
	"$run" -n 1 --image python -- lab exec head python3 -c 'import apt'
}

outside_checks=(
	status_is_the_commands streams_pass_through terminal_passes_through interrupt_reaches_the_command
	kill_leaves_nothing sigterm_leaves_nothing sighup_leaves_nothing the_end_of_the_command_leaves_nothing
	labs_do_not_meet fifty_nodes_come_up two_hundred_nodes_have_an_address_each python_image_has_python
)

if [[ ${1:-} == --inside ]]; then
	for name in "${inside_checks[@]}"; do check "$name"; done
	exit
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$here/image" >/dev/null || exit 1
{
	"$run" -- "$self" --inside || echo "not ok lab_comes_up: status $?"
	for name in "${outside_checks[@]}"; do check "$name"; done
} | tee "$scratch/results"
passed=$(grep -c '^ok ' "$scratch/results")
failed=$(grep -c '^not ok ' "$scratch/results")
echo "$passed passed, $failed failed"
((failed == 0 && passed == ${#inside_checks[@]} + ${#outside_checks[@]}))
