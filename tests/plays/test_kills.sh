#!/bin/sh
# Runs that die: controllers and agents that are killed, connections that are cut, disks that are full, at
# random moments. The next run ends well, the handler that was due has run, nothing half-written is left.
# COUNT says how many of each; only those that hit a run count.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
count=${COUNT:-10}
nodes 1 kills
mkdir tree
for i in 1 2 3 4 5 6 7 8; do head -c 20000 /dev/urandom | base64 >tree/$i; done
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - copy: {dest: /etc/kills.conf, content: "version {{ version }}\n"}
      notify: load
    - file-sync: {dest: /srv/kills, src: tree, delete: yes}
    - lineinfile: {path: /etc/kills.lines, create: yes, regexp: "^version", line: "version {{ version }}"}
    - user: {name: "killed{{ version % 2 }}", create_home: no}
    - user: {name: "killed{{ (version + 1) % 2 }}", state: absent}
    - apt: {name: hello, state: "{{ 'present' if version % 2 else 'absent' }}"}
    - copy: {dest: /etc/kills.last, content: "{{ version }}\n"}
  handlers:
    - name: load
      command: cp /etc/kills.conf /etc/kills.loaded
E2
beoplay() {
	"$BEOPLAY" site.yml --user root --known-hosts "$LAB/known_hosts" -e "{version: $version}" --lock-wait 60 \
		>../out 2>../err </dev/null
}
agents() {
	lab exec head sh -c 'for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in */beoplay/agent-*) echo ${p#/proc/} ;; esac; done' 2>/dev/null
}
# What is wrong after the run that came next; empty: nothing.
wrong() {
	[ "$1" -eq 0 ] || { echo "the next run failed"; grep -A3 'failed:' ../out; cat ../err; }
	! grep "cannot write the run" ../err || echo "it is not in the history"
	lab exec head sh -c '
		cmp -s /etc/kills.conf /etc/kills.loaded || echo "the handler has not run"
		[ "$(cat /etc/kills.conf)" = "version $0" ] || echo "the file is not as wished"
		[ "$(cat /etc/kills.lines)" = "version $0" ] || echo "the line is not as wished"
		[ -z "$(dpkg --audit)" ] || echo "dpkg is not whole"
		find /etc /srv /var/lib/beoplay /var/lib/dpkg -name ".*.??????" -o -name "*.dpkg-new" -o -name ".beoplay*"
		cat /srv/kills/* | sha256sum' "$version" >../checked 2>&1
	echo "$(cat tree/* | sha256sum)" >../expected
	grep -v -F -f ../expected ../checked
	grep -q -F -f ../expected ../checked || echo "the tree is not as wished"
}

version=0
start=$(date +%s%N)
beoplay || { echo "not ok the first run: $(cat ../err)"; exit 1; }
version=1
beoplay
took=$((($(date +%s%N) - start) / 2000000))

# tell WHAT: whether all that hit ended well.
tell() {
	if [ "$bad" -eq 0 ] && [ "$hit" -eq "$count" ]; then
		echo "ok after $count $1 the next run ends well"
	else
		echo "not ok after $count $1 the next run ends well: $bad do not, $hit hit"
	fi
}

# kill_some WHAT: at random moments; prints how many hit, and what was wrong.
kill_some() {
	hit=0 tries=0 bad=0
	while [ "$hit" -lt "$count" ] && [ "$tries" -lt $((count * 20)) ]; do
		tries=$((tries + 1))
		version=$((version + 1))
		beoplay &
		pid=$!
		wait_ms=$(awk -v seed="$version" -v most="$took" 'BEGIN { srand(seed); print int(rand() * most) }')
		sleep "$(awk -v ms="$wait_ms" 'BEGIN { print ms / 1000 }')"
		if [ "$1" = controller ]; then
			# The shell's child is the controller itself.
			victim=$(ps -o pid= --ppid $pid | head -n 1)
			kill -9 ${victim:-$pid} 2>/dev/null && [ -n "$victim" ] && hit=$((hit + 1))
		elif [ "$1" = connection ]; then
			[ -n "$(agents)" ] && lab cut head && hit=$((hit + 1))
		else
			victim=$(agents | head -n 1)
			[ -n "$victim" ] && lab exec head kill -9 "$victim" 2>/dev/null && hit=$((hit + 1))
		fi
		wait $pid 2>/dev/null
		beoplay
		why=$(wrong $?)
		[ -z "$why" ] || { bad=$((bad + 1)); echo "$why" | sed 's/^/# /'; }
	done
	echo "# $hit of $tries kills of the $1 hit it running; a run takes $took ms"
	tell "kills of the $1"
}
kill_some controller
kill_some agent
kill_some connection

# --- Disks that are full, with a random rest of room ---
# Small ones for what is written to.
lab exec head sh -c '
	cp -a /etc /tmp/etc && mount -t tmpfs -o size=8m none /etc && cp -a /tmp/etc/. /etc && rm -r /tmp/etc
	cp -a /srv/kills /tmp/kills && mount -t tmpfs -o size=2m none /srv/kills && cp -a /tmp/kills/. /srv/kills
	rm -r /tmp/kills
	cp -a /var/lib/beoplay /tmp/kept
	mount -t tmpfs -o "size=$(($(du -sm /tmp/kept | cut -f 1) + 12))m,mode=700" none /var/lib/beoplay
	cp -a /tmp/kept/. /var/lib/beoplay && rm -r /tmp/kept'
fill() {
	lab exec head sh -c 'for at in /etc /srv/kills /var/lib/beoplay; do
		[ "$1" = none ] || { head -c 200m /dev/zero >$at/filler; truncate -s -"$1" $at/filler; } 2>/dev/null
		shift
	done' fill "$@"
}
# Three times so many bytes, or none for a disk that isn't filled.
rooms() {
	awk -v seed="$1" 'BEGIN { srand(seed); for (i = 0; i < 3; i++)
		print rand() < 0.3 ? "none" : int(rand() * 60) * 1024 }'
}
hit=0 tries=0 bad=0
while [ "$hit" -lt "$count" ] && [ "$tries" -lt $((count * 20)) ]; do
	tries=$((tries + 1))
	version=$((version + 1))
	for i in 1 2 3 4 5 6 7 8; do head -c 20000 /dev/urandom | base64 >tree/$i; done
	fill $(rooms "$version")
	beoplay
	status=$?
	case $status in
	0) ;;
	2 | 4) grep -q -e 'o space left' -e 'disk full' -e 'failure while writing' ../out ../err && hit=$((hit + 1)) ||
		{ bad=$((bad + 1)); echo "# a full disk isn't called so"; sed 's/^/# /' ../out ../err; } ;;
	*) bad=$((bad + 1)); echo "# exit code $status with a full disk" ;;
	esac
	lab exec head sh -c 'rm -f /etc/filler /srv/kills/filler /var/lib/beoplay/filler'
	beoplay
	why=$(wrong $?)
	[ -z "$why" ] || { bad=$((bad + 1)); echo "$why" | sed 's/^/# /'; }
done
echo "# $hit of $tries runs met a full disk"
tell "full disks"

version=$((version + 1))
beoplay
beoplay
if grep -q 'changed=0' ../out; then echo "ok then nothing changes"; else echo "not ok then nothing changes"; fi
