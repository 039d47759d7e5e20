#!/bin/bash
# Trees: file-sync of random trees with odd names, links, modes and deletions over others; what is there
# afterwards, and after an undo, is compared by find, diff and sha256sum. COUNT=50 SEED=7 for so many others.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
count=${COUNT:-8} seed=${SEED:-1}
nodes 1 project
RANDOM=$seed
echo "# COUNT=$count SEED=$seed"

names=(a b.txt 'with space' $'new\nline' -rf '%41' ü '*' "a'b\"c" .hidden $'tab\t' '$(x)' 'back\slash' '[x]' lib)
modes=(644 644 755 600 700 444 640)
targets=(a ../a /etc/hostname . nowhere 'with space' $'new\nline')
# one LIST: sets $it to one of the others.
one() {
	shift $((RANDOM % $#))
	it=$1
}
content() { head -c "$1" <(for ((k = 0; k <= $1 / 6; k++)); do printf '%05d\n' "$RANDOM"; done); }
# plant DIRECTORY NUMBER: a file, a directory or a link more, whose name ends with this number to two more.
plant() {
	local where name
	mapfile -d '' -t found < <(find "$1" -type d -print0)
	one "${found[@]}"
	where=$it
	one "${names[@]}"
	name="$where/$it$(($2 + RANDOM % 3))"
	[ ! -e "$name" ] && [ ! -L "$name" ] || return 0
	case $((RANDOM % 8)) in
	0 | 1) mkdir "$name"; [ $((RANDOM % 3)) != 0 ] || chmod 700 "$name" ;;
	2) one "${targets[@]}"; ln -s -- "$it" "$name" ;;
	3) content $((RANDOM % 3 * 150000)) >"$name" ;;
	*) content $((RANDOM % 3000)) >"$name"; one "${modes[@]}"; chmod "$it" "$name" ;;
	esac
}
# alter DIRECTORY: one of what is in it goes, is written anew, gets another mode, or becomes a link or a file.
alter() {
	mapfile -d '' -t found < <(find "$1" -mindepth 1 -print0)
	[ ${#found[@]} -gt 0 ] || return 0
	one "${found[@]}"
	case $((RANDOM % 5)) in
	0) rm -rf -- "$it" ;;
	1) [ -L "$it" ] || [ -d "$it" ] || content $((RANDOM % 5000)) >"$it" ;;
	2) [ -L "$it" ] || [ -d "$it" ] || chmod $((RANDOM % 2 ? 755 : 600)) "$it" ;;
	3) [ -d "$it" ] && [ ! -L "$it" ] || { rm "$it"; ln -s elsewhere "$it"; } ;;
	4) [ ! -L "$it" ] || { rm "$it"; echo file >"$it"; } ;;
	esac
}
# A directory isn't replaced by a file, nor the other way round: what is new has other names.
mkdir -p before trees
for i in $(seq "$count"); do
	mkdir "before/$i"
	for _ in $(seq $((RANDOM % 25))); do plant "$PWD/before/$i" 0; done
	cp -a "before/$i" trees
	for _ in $(seq $((RANDOM % 12))); do alter "$PWD/trees/$i"; done
	for _ in $(seq $((RANDOM % 12))); do plant "$PWD/trees/$i" 3; done
done
cat >site.yml <<END
- hosts: all
  tasks:
    - file-sync: {src: "trees/{{ item }}", dest: "/srv/trees/{{ item }}", delete: yes, max_delete: 10000}
      loop: "{{ range(1, $((count + 1))) | list }}"
END
# Kind, mode, owner, target and content of all that is below a folder.
cat >state.sh <<'END'
cd "$1" && find . -mindepth 1 \( -type f -printf '%P %y %m %U:%G ' -exec sha256sum -z {} \; -printf '\0' -o \
	-printf '%P %y %m %U:%G %l\0' \) | sort -z
END
# What must be the same on both sides: kind, target, content, and whether it can be executed.
cat >same.sh <<'END'
cd "$1" && find . -mindepth 1 \( -type f -perm /100 -printf '%P x\0' -o -type l -printf '%P %l\0' -o \
	-printf '%P %y\0' \) | sort -z
END
# Files that somebody may read here who may not in the source.
cat >wider.sh <<'END'
cd /srv/want && find . -type f -printf '%m %p\0' | while read -r -d '' mode path; do
	now=$(stat -c %a -- "/srv/trees/$path")
	[ $((0$now & 044 & ~0$mode)) = 0 ] || echo "$path is $now, not $mode"
done
END
lab exec head mkdir -p /srv/trees /srv/want
tar -C before -c . | lab exec head tar -C /srv/trees -x
tar -C trees -c . | lab exec head tar -C /srv/want -x
lab exec head sh -s /srv/trees <state.sh >../state.before
on() { lab exec head "$@"; }
equal() {
	on diff -r --no-dereference /srv/want /srv/trees && on sh -s /srv/want <same.sh >../left &&
		on sh -s /srv/trees <same.sh >../right && cmp ../left ../right
}

beoplay site.yml --check
check "a dry run of the trees succeeds" is "$status" 0
on sh -s /srv/trees <state.sh >../state.now
check "it touches nothing" cmp ../state.before ../state.now
beoplay site.yml
check "the trees are synchronised" is "$status" 0
check "both sides are equal" equal
check "no file can be read by more than in the source" is "$(on bash -s <wider.sh)" ""
beoplay site.yml
check "then nothing changes" is "$(recap head changed)" 0
beoplay rollback site.yml --to nothing
check "they are undone" is "$status" 0
on sh -s /srv/trees <state.sh >../state.now
check "all is as before" cmp ../state.before ../state.now

# --- A large file of which little changes ---
received() { on cat /sys/class/net/eth0/statistics/rx_bytes; }
mkdir -p large && head -c 5000000 /dev/urandom >large/file
echo '- {hosts: all, tasks: [file-sync: {src: large, dest: /srv/large}]}' >large.yml
beoplay large.yml
echo changed | dd of=large/file bs=1 seek=2345678 conv=notrunc status=none && echo more >>large/file
before=$(received)
beoplay large.yml
check "a large file is changed" is "$(recap head changed)" 1
check "it is as here" is "$(on sha256sum /srv/large/file | cut -c 1-64)" "$(sha256sum <large/file | cut -c 1-64)"
check "little of it has come" test $(($(received) - before)) -lt 500000
head -c 3000000 /dev/urandom >large/file
beoplay large.yml
check "another content in its place comes, too" is "$(on sha256sum /srv/large/file | cut -c 1-64)" \
	"$(sha256sum <large/file | cut -c 1-64)"
beoplay rollback large.yml --to nothing
check "and goes by an undo" is "$(on find /srv/large 2>/dev/null)" ""

# --- A full disk ---
on sh -c 'mkdir /srv/small && mount -t tmpfs -o size=400k none /srv/small && echo old >/srv/small/big'
mkdir -p full && head -c 600K /dev/urandom >full/big && for i in $(seq 40); do head -c 9K /dev/urandom >"full/$i"; done
echo '- {hosts: all, tasks: [file-sync: {src: full, dest: /srv/small}]}' >full.yml
beoplay full.yml
check "a disk that is too small fails the task" is "$status" 2
check "with the remedy" says "make room on that file system" ../out
check "the file is as it was" is "$(on cat /srv/small/big)" old
check "nothing is left beside" is "$(on find /srv/small -name '.beoplay*')" ""
check "what has come is whole" is "$(on sh -c 'cd /srv/small && find . -type f ! -name big -size -18' | wc -l)" 0
