# emulated.sh: how `vm` starts, cuts and looks into a machine that QEMU emulates: $name, its files in $of.

running() {
	[[ -e $of/pid ]] && kill -0 "$(<"$of/pid")" 2>/dev/null
}

# What a saved state depends on. Westmere has the instructions for AES, which spare an emulated sshd much.
MACHINE=(-machine q35,accel=tcg -cpu Westmere-v1 -smp 1 -m 512)

# systemd waits ten times as long as it would: the one factor by which an emulated machine is slower.
PATIENCE="systemd.default_timeout_start_sec=900 systemd.default_timeout_stop_sec=900"
PATIENCE+=" systemd.default_device_timeout_sec=900"
# Nobody logs in there, and its device may be long in coming.
PATIENCE+=" systemd.mask=serial-getty@ttyS0.service"

state_name() { printf 'state-%.12s' "$(sha256sum <<<"${MACHINE[*]}")"; }

# A disk of its own over that of the image. With `state` in the image it goes on from there.
start() {
	local image mac state=() on
	read -r image <"$of/image"
	read -r mac <"$of/mac"
	on=$image/disk.qcow2
	if [[ ! -e $of/disk && -e $of/first && -e $image/$(state_name) ]]; then
		state=(-incoming "exec:cat $image/$(state_name)")
		on=$image/$(state_name).qcow2
	fi
	[[ -e $of/disk ]] || qemu-img create -q -f qcow2 -F qcow2 -b "$on" "$of/disk"
	rm -f "$of"/line.* "$of"/monitor.*
	mkfifo "$of"/{line,monitor}.{in,out}
	# What a cut loses is in the machine's page cache; what it has written is in the host's.
	nsenter --net=/proc/1/ns/net qemu-system-x86_64 -nodefaults -no-user-config -display none -vga none \
		"${MACHINE[@]}" \
		-kernel "$image/vmlinuz" -initrd "$image/initrd" \
		-append "root=/dev/vda ro console=ttyS0 quiet $PATIENCE" \
		-device virtio-rng-pci,addr=0x4 \
		-drive "file=$of/disk,if=none,id=disk,format=qcow2,cache=writeback" \
		-device virtio-blk-pci,drive=disk,addr=0x3 \
		-netdev "tap,id=net,ifname=vm-$name,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=net,mac=$mac,addr=0x2" \
		-chardev "file,id=console,path=$of/console,append=on" -serial chardev:console \
		-chardev "pipe,id=line,path=$of/line" -serial chardev:line \
		-chardev "pipe,id=monitor,path=$of/monitor" -mon chardev=monitor,mode=control \
		"${state[@]}" -daemonize -pidfile "$of/pid" 2>"$of/qemu.err" || fail "$(<"$of/qemu.err")"
	nsenter --net=/proc/1/ns/net ip link set "vm-$name" master bridge up
	[[ ${#state[@]} == 0 ]] || go_on
}

# A state was saved while it stood still, and its clock stands where it stood then.
go_on() {
	local tries
	ask_monitor '{"execute": "qmp_capabilities"}' >/dev/null
	for ((tries = 0; tries < 600; tries++)); do
		[[ $(ask_monitor '{"execute": "query-status"}') == *inmigrate* ]] || break
		sleep 0.1
	done
	ask_monitor '{"execute": "cont"}' >/dev/null
	for ((tries = 0; tries < 20; tries++)); do
		VM_LIMIT=10 try "date -s @$(date +%s)" >/dev/null 2>&1 && return
	done
	fail "'$name' doesn't go on from its state"
}

# One command of QEMU's monitor, in JSON; prints its answer.
ask_monitor() {
	local line
	exec {monitor_in}<>"$of/monitor.in" {monitor_out}<>"$of/monitor.out"
	printf '%s\n' "$1" >&"$monitor_in"
	while read -r -t 60 -u "$monitor_out" line; do
		[[ $line == *'"return"'* || $line == *'"error"'* ]] && echo "$line" && return
	done
	fail "no answer of the monitor of '$name'"
}

# What it is now is what machines of its image go on from, unless they do already.
save() {
	local image tries
	read -r image <"$of/image"
	[[ ! -e $image/$(state_name) ]] || return 0
	ask_monitor '{"execute": "qmp_capabilities"}' >/dev/null
	ask_monitor '{"execute": "stop"}' >/dev/null
	ask_monitor "{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"exec:cat >$of/state\"}}" >/dev/null
	for ((tries = 0; tries < 300; tries++)); do
		[[ $(ask_monitor '{"execute": "query-migrate"}') == *'"status": "completed"'* ]] && break
		sleep 0.2
	done
	((tries < 300)) || fail "the state of '$name' can't be saved"
	cp "$of/disk" "$of/started"
	qemu-img rebase -u -F qcow2 -b disk.qcow2 "$of/started"
	mv "$of/started" "$image/$(state_name).qcow2"
	mv "$of/state" "$image/$(state_name)"
	ask_monitor '{"execute": "cont"}' >/dev/null
}

# Emulated machines are slow: a script may take long. What an earlier one left on the line is passed over.
execute() {
	local word=$$.$RANDOM line limit=${VM_LIMIT:-600} status
	exec {held}>"$of/line.lock"
	flock "$held"
	exec {in}<>"$of/line.in" {out}<>"$of/line.out"
	printf '%s %s\n' "$word" "$(base64 -w 0 <<<"$1")" >&"$in"
	while read -r -t "$limit" -u "$out" line; do
		[[ $line == "$word "* ]] || continue
		line=${line#* }
		status=${line##*:}
		base64 -d <<<"${line%:*}"
		exit "$status"
	done
	fail "'$name' doesn't answer on its serial line"
}

boot() { try 'cat /proc/sys/kernel/random/boot_id'; }

process() { cat "$of/pid"; }
