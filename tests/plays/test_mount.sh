#!/bin/bash
# mount: fstab and what is mounted, exact, idempotent, and taken back; what a run left in the middle ends
# well. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
run() { beoplay m.yml -i "$LAB/inventory.yml" -v "$@"; }
task() { printf -- '- hosts: head\n  tasks:\n' >m.yml; for one; do printf -- '    - mount: {%s}\n' "$one" >>m.yml; done; }
live() { node awk -v at="$1" '{ for (i = 7; $i != "-"; i++); if ($5 == at) print $(i + 1), $6 }' /proc/self/mountinfo; }
everything() { node sh -c 'cat /etc/fstab; ls -d /mnt/*; grep " /mnt/" /proc/self/mountinfo | cut -d " " -f 4-6,9-' 2>/dev/null; }
scratch='path: /mnt/scratch, src: tmpfs, fstype: tmpfs'
node sh -c 'mkdir -p /mnt/hand && mount -t tmpfs -o nodev tmpfs /mnt/hand
	printf "# mine\ntmpfs\t/mnt/old  tmpfs defaults\n# the last" >/etc/fstab'
everything >before

task "$scratch, opts: \"noexec,size=1m\", state: mounted"
run -C -D
check "a dry run says what it would do" is "$status $(recap head changed) $(grep -c '+tmpfs /mnt/scratch' out)" "0 1 0"
check "which is mount it" says 'mounted.*tmpfs' out
everything >now
check "and does nothing" cmp before now
run
check "it is mounted" is "$status $(live /mnt/scratch)" "0 tmpfs rw,noexec,relatime"
check "and in fstab, behind what is there" is "$(node tail -n 2 /etc/fstab | paste -sd,)" \
	"# the last,tmpfs /mnt/scratch tmpfs noexec,size=1m 0 0"
run
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
node sed -i 's/^tmpfs .mnt.scratch tmpfs \(.*\) 0 0$/tmpfs\t\/mnt\/scratch\ttmpfs \1/' /etc/fstab
run
check "nor where the line is laid out in another way" is "$status $(recap head changed)" "0 0"
node sed -i 's/^tmpfs.*mnt.scratch.*/tmpfs \/mnt\/scratch tmpfs noexec,size=1m 0 0/' /etc/fstab
node umount /mnt/scratch
run
check "what was unmounted is mounted again" is "$(recap head changed) $(live /mnt/scratch)" "1 tmpfs rw,noexec,relatime"

# --- Other options, and in the middle of that ---
task "$scratch, opts: ro, state: mounted"
run
check "other options hold at once" is "$status $(live /mnt/scratch)" "0 tmpfs ro,relatime"
check "and from the next start on" node grep -qx 'tmpfs /mnt/scratch tmpfs ro 0 0' /etc/fstab
node sed -i 's/^\(tmpfs .mnt.scratch tmpfs\) ro/\1 noexec/' /etc/fstab
run
check "where a run ended before it wrote fstab, the next one does" is \
	"$(recap head changed) $(node grep -c ' ro 0 0$' /etc/fstab)" "1 1"

# --- What was there ---
task 'path: /mnt/hand, src: tmpfs, fstype: tmpfs, opts: nosuid, state: mounted' 'path: /mnt/old, state: absent' \
	"$scratch, opts: ro, state: unmounted" 'path: /mnt/only, src: LABEL=x, fstype: ext4, passno: 2, state: present'
run
check "four more are as they should be" is "$status $(live /mnt/hand)-$(live /mnt/scratch)-$(live /mnt/only)" \
	"0 tmpfs rw,nosuid,relatime--"
check "fstab has them" is "$(node cat /etc/fstab | paste -sd,)" "# mine,# the last,\
tmpfs /mnt/scratch tmpfs ro 0 0,tmpfs /mnt/hand tmpfs nosuid 0 0,LABEL=x /mnt/only ext4 defaults 0 2"
run
check "and then nothing changes" is "$status $(recap head changed)" "0 0"
beoplay rollback m.yml --to nothing -i "$LAB/inventory.yml" -v
everything >now
check "all is taken back" is "$status $(diff before now)" "0 "

# --- What can't be ---
task 'path: /mnt/none, src: /dev/nothing, fstype: ext4, state: mounted'
run
check "what can't be mounted is an error" code mount.failed
check "and in no fstab, where it would stop a start" silent nothing <(node cat /etc/fstab)
task 'path: /mnt/hand, src: /dev/sda1, fstype: ext4, state: mounted'
run
check "something else that is mounted there stays" is "$status $(live /mnt/hand)" "2 tmpfs rw,nodev,relatime"
node sh -c 'cd /mnt/hand && exec setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! >/run/sleeper'
task 'path: /mnt/hand, state: unmounted'
run
check "what is in use stays, and is named" says 'fuser -vm /mnt/hand' out
task 'path: /proc, state: unmounted'
run
check "what the system needs stays" code host.protected
task "$scratch, state: remounted"
run
check "what isn't mounted isn't mounted again" code host.file-not-found

# --- Versions: going back leads to what was mounted then, whichever run mounted it ---
node sh -c 'kill "$(cat /run/sleeper)"'
beoplay rollback m.yml --to nothing -i "$LAB/inventory.yml" --discard-drift
until_true node umount /mnt/hand
node sh -c 'mount -t tmpfs -o nodev tmpfs /mnt/hand; printf "# mine\n" >/etc/fstab; rmdir /mnt/none 2>/dev/null'
rm -rf .beoplay
hand='path: /mnt/hand, src: tmpfs, fstype: tmpfs'
everything >state.0
version=0
for two in "opts: ro, state: present|opts: noexec, state: present" "opts: ro, state: mounted|opts: noexec, state: mounted" \
	"opts: nodev, state: present|opts: nosuid, state: present" "opts: nodev, state: mounted|opts: nosuid, state: mounted" \
	"opts: nodev, state: absent|opts: nosuid, state: unmounted"; do
	version=$((version + 1))
	task "$scratch, ${two%|*}" "$hand, ${two#*|}"
	run
	check "version $version" is "$status" 0
	everything >state.$version
done
check "what is mounted has the options of its last task" is "$(grep -o '/mnt/[hs][a-z]* rw,[a-z]*' state.4 | sort | paste -sd,)" \
	"/mnt/hand rw,nosuid,/mnt/scratch rw,nodev"
for to in 4 2 3 1; do
	beoplay rollback m.yml --to "$to" -i "$LAB/inventory.yml" -v
	everything >now
	check "back to version $to" is "$status $(diff state.$to now)" "0 "
done
beoplay rollback m.yml --to nothing -i "$LAB/inventory.yml" -v
everything >now
check "and to nothing" is "$status $(diff state.0 now)" "0 "
task "$scratch, state: present"
run
node sh -c 'mkdir -p /mnt/scratch; mount /mnt/scratch'
beoplay rollback m.yml --to nothing -i "$LAB/inventory.yml" -v
check "what somebody mounted that was only in fstab stays" is "$status $(live /mnt/scratch)" "0 tmpfs rw,relatime"

# --- What a mount would hide ---
everything >before
for over in /root /root/.ssh /etc /etc/ssh /usr /var /var/lib /var/lib/beoplay; do
	node sh -c 'ls -A "$0" 2>/dev/null | wc -l' $over >there
	task "path: $over, src: tmpfs, fstype: tmpfs, state: mounted"
	run
	check "nothing is mounted over $over" is "$status $(node sh -c 'ls -A "$0" 2>/dev/null | wc -l' $over)" "2 $(cat there)"
done
check "as is said" says "'/var/lib/beoplay', where it would hide beoplay's own state" out
node sh -c 'mkdir -p /srv/two && ln -sfn /etc /srv/two/link'
task 'path: /srv/two/link, src: tmpfs, fstype: tmpfs, state: mounted'
run
check "nor over what a link leads to" is "$status $(node ls /etc/passwd)" "2 /etc/passwd"
node rm -r /srv/two
everything >now
check "fstab is as before" cmp before now
task 'path: /var/log, src: tmpfs, fstype: tmpfs, state: mounted' 'path: /usr, src: LABEL=x, fstype: ext4, state: present'
run
check "another file system for what can change, or from the next start on, is" is "$status $(live /var/log)" \
	"0 tmpfs rw,relatime"
beoplay rollback m.yml --to nothing -i "$LAB/inventory.yml" -v
check "until it is taken back" is "$status $(live /var/log)" "0 "
