# contained.sh: how `vm` starts, cuts and looks into a machine in namespaces: $name, with its files in $of.

# Its process 1, as this machine's kernel knows it.
process() {
	local outside children=
	outside=$(cat "$of/pid" 2>/dev/null) &&
		read -r children 2>/dev/null <"/proc/$outside/task/$outside/children"
	echo "${children%% *}"
}

running() { [[ -n $(process) ]]; }

start() {
	rm -f "$of/pid"
	setsid "$here/contained" "$name" 2>>"$of/console" &
	until running; do sleep 0.05; done
}

execute() {
	local first
	first=$(process)
	exec nsenter --target "$first" --mount --uts --ipc --net --pid --cgroup --root --wd="/proc/$first/root" \
		env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		setsid -w sh -c "$1" 2>&1 </dev/null
}

boot() { cat "$of/boot"; }

save() { :; }
