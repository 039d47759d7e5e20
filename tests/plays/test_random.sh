#!/bin/sh
# Random playbooks on a random machine. Of each:
#     what a dry run announces is what is changed then, or it said "may change"
#     going back to any earlier version, to nothing, and from there to what was, leads to what was
#     there then
# COUNT says how many of each (a few by default); SEED where to begin, FROM with which number of it; ONLY
# "pairs" or "sequences" leaves out the others. A failure prints its case: SEED * 1000 + number, of a
# sequence 250000 more. Long ones say how far they are: one that was ended goes on with FROM and ONLY.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
random=$PWD/tests/plays/random
count=${COUNT:-8}
seed=${SEED:-3}
from=${FROM:-1}
only=${ONLY:-pairs sequences}
numbers=$(seq "$from" $((from + count - 1)))
nodes 1 random
mkdir tree1 tree2
echo one >tree1/a; echo two >tree1/b; echo ONE >tree2/a; mkdir tree2/c; echo c >tree2/c/d
echo 'T1 {{ inventory_hostname }}' >t1.j2; echo 'T2' >t2.j2
lab exec head sh -c 'cat >/usr/local/bin/by-hand' <"$random/by-hand.sh"

beoplay() { "$BEOPLAY" "$@" --user root --known-hosts "$LAB/known_hosts" >../out 2>../err </dev/null; }
make_play() { awk -v seed="$1" -f "$random/playbook.awk" >site.yml; }
by_hand() { lab exec head sh /usr/local/bin/by-hand "$1"; }
state() {
	lab exec head sh -c 'find /etc/random /srv/random /home -printf "%p %y %m %U:%G %l\n" | sort
		find /etc/random /srv/random /home -type f -exec sha256sum {} + | sort -k 2
		cat /etc/fstab 2>/dev/null; grep random.mount /proc/self/mountinfo | cut -d " " -f 5,6; ls -d /srv/random.* 2>/dev/null
		cat /etc/hosts /etc/hostname; uname -n; sort /etc/passwd; sort /etc/group; sort /etc/shadow; sort /etc/gshadow
		apt-mark showmanual; dpkg-query -W -f "\${Package} \${Version} \${db:Status-Abbrev}\n"'
}
# "task status" of each result but those that are ok.
results() {
	sed -n 's/^{"event":"result","task":"\([^"]*\)".*"status":"\([a-z_]*\)".*/\1 \2/p' ../out | sort -u
}
# far KIND NUMBER
far() { [ $(($2 % 25)) -ne 0 ] || echo "# $1 up to $2 are done: $wrong wrong"; }

failed() { { grep -A 4 failed: ../out; cat ../err; } >../why; }
# back STATE [--to TARGET]: rolled back, the machine is as it was then; else bad says what isn't.
back() {
	then=$1
	shift
	beoplay rollback site.yml "$@" || { bad="rollback $* fails"; failed; return; }
	state >../now
	diff ../state."$then" ../now >../why || bad="rollback $*"
}

pairs() {
	announced=0 maybe=0 changed=0 wrong=0
	for number in $numbers; do
		case=$((seed * 1000 + number))
		by_hand "$case"
		# Something that beoplay has done before, as a rule.
		make_play $((case + 500000)); [ $((case % 4)) -eq 0 ] || beoplay site.yml
		make_play "$case"
		# Every other one as a plan that is kept, and that is still good right after.
		look="site.yml --check" do=site.yml
		[ $((case % 2)) -eq 0 ] || { look="plan site.yml -o it.plan" do="apply it.plan"; }
		beoplay $look --json
		results >../said
		beoplay $do --json
		status=$?
		results >../did
		grep ' changed$' ../said | cut -d ' ' -f 1 >../c
		grep ' may_change$' ../said | cut -d ' ' -f 1 >../m
		grep ' changed$' ../did | cut -d ' ' -f 1 >../r
		# Announced and not done; done and not announced.
		why=$(comm -23 ../c ../r; sort -u ../c ../m | comm -13 - ../r)
		[ "$status" -eq 0 ] || why="$why $do fails ($status): $(grep -o 'stale: [^"]*' ../out)"
		if [ -n "$why" ]; then
			wrong=$((wrong + 1))
			echo "# case $case: $(echo "$why" | tr '\n' ' ')"
			sed 's/^/# /' site.yml ../said ../did
		fi
		announced=$((announced + $(wc -l <../c)))
		maybe=$((maybe + $(wc -l <../m)))
		changed=$((changed + $(wc -l <../r)))
		beoplay rollback site.yml --to nothing
		far pairs "$number"
	done
	echo "# $count pairs: $announced changes announced, $maybe may change, $changed changed"
	if [ "$wrong" -eq 0 ]; then
		echo "ok the dry run is exact in $count random cases"
	else
		echo "not ok the dry run is exact in $count random cases: $wrong are not"
	fi
	# Of few announcements one says nothing.
	if [ "$maybe" -le 1 ] || [ $((maybe * 20)) -le $((announced + maybe)) ]; then
		echo "ok at most 5 % of what it announces is a maybe"
	else
		echo "not ok at most 5 % of what it announces is a maybe: $maybe of $((announced + maybe))"
	fi
}

sequences() {
	wrong=0
	for number in $numbers; do
		case=$((seed * 1000 + 250000 + number))
		rm -rf .beoplay
		by_hand "$case"
		state >../state.0
		versions=$((2 + case % 3))
		bad=
		for version in $(seq "$versions"); do
			make_play $((case * 10 + version))
			prune=
			[ $(((case + version) % 3)) -ne 0 ] || prune=--prune
			beoplay site.yml $prune -v || { bad="version $version fails"; failed; }
			state >../state."$version"
		done
		target=$((1 + case % (versions - 1)))
		[ -n "$bad" ] || back "$target" --to "$target"
		[ -n "$bad" ] || back 0 --to nothing
		[ -n "$bad" ] || back "$target"
		[ -n "$bad" ] || back 0 --to nothing
		if [ -n "$bad" ]; then
			wrong=$((wrong + 1))
			echo "# case $case: of $versions versions, $bad:"
			sed 's/^/#   /' ../why
		fi
		beoplay rollback site.yml --to nothing --discard-drift
		far sequences "$number"
	done
	if [ "$wrong" -eq 0 ]; then
		echo "ok $count random sequences of versions are rolled back"
	else
		echo "not ok $count random sequences of versions are rolled back: $wrong are not"
	fi
}

# Three playbooks on one machine, which go back in some order.
owners() {
	wrong=0
	for number in $numbers; do
		case=$((seed * 1000 + 500000 + number))
		rm -rf .beoplay
		by_hand "$case"
		state >../state.0
		bad=
		for name in one two three; do
			make_play $((case * 10 + $(printf %s "$name" | cksum | cut -c 1)))
			mv site.yml "$name.yml"
			beoplay "$name.yml" || { bad="$name fails"; failed; break; }
		done
		case $((case % 6)) in
		0) order='one two three' ;; 1) order='one three two' ;; 2) order='two one three' ;;
		3) order='two three one' ;; 4) order='three one two' ;; 5) order='three two one' ;;
		esac
		# What lay in a file that a later one took away, or replaced, goes when that is back: in a second round.
		for name in $order $order; do
			[ -n "$bad" ] || beoplay rollback "$name.yml" --to nothing || { bad="rollback of $name fails"; failed; }
		done
		state >../now
		[ -n "$bad" ] || diff ../state.0 ../now >../why || bad="they leave something"
		if [ -n "$bad" ]; then
			wrong=$((wrong + 1))
			echo "# case $case: three playbooks, back $order: $bad:"
			sed 's/^/#   /' ../why
		fi
		for name in one two three one two three one two three; do
			beoplay rollback "$name.yml" --to nothing --discard-drift
		done
		far owners "$number"
	done
	if [ "$wrong" -eq 0 ]; then
		echo "ok $count random playbooks of three owners are rolled back in any order"
	else
		echo "not ok $count random playbooks of three owners are rolled back in any order: $wrong are not"
	fi
}

for part in $only; do
	$part
done
