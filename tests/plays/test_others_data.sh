#!/bin/sh
# What belongs to others stays: mounts, the system, the way in, their keys and settings; on lab nodes, and
# asked of the nodes themselves. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 2 others

node() { lab exec head "$@"; }
# A digest of all that is on the head, but for what beoplay remembers of its runs and for the times of
# directories, as where it delivers its agent.
state() {
	lab snapshot head | grep -v '^\./var/lib/beoplay' |
		awk -F '\t' -v OFS='\t' '$2 == "d" { $6 = "" } { print }' | sha256sum
}
# play [OPTIONS] <<END: the tasks, in flow style, on the head.
play() {
	{ printf -- '- hosts: head\n  tasks:\n'; sed 's/^/  - /; s/^  -   /    /'; } >site.yml
	"$BEOPLAY" site.yml --user "${as:-root}" --known-hosts "$LAB/known_hosts" \
		"$@" >"$out" 2>"$err" </dev/null
	status=$?
}
# refuses WHAT REASON OPTIONS…: the play on stdin fails for this reason, and the node is as it was.
refuses() {
	what=$1 reason=$2
	shift 2
	before=$(state)
	play "$@"
	cat "$err" >>"$out"
	check "$what is refused" says "$reason" "$out"
	check "$what: the node is as it was" is "$(state)" "$before"
}

# --- Other file systems

node sh -c 'mkdir -p /srv/old/deep/home /srv/real /srv/tree/kept /srv/file /var/tmp/share
	mount -t tmpfs users /srv/old/deep/home && echo thesis >/srv/old/deep/home/carol
	echo data >/srv/real/precious && mount --bind /srv/real /srv/tree/kept
	echo one >/var/tmp/share/one && touch /srv/file/one && mount --bind /var/tmp/share/one /srv/file/one
	useradd -m erin && mkdir /home/erin/data && mount --bind /srv/real /home/erin/data
	ln -s /srv /via && ln -s / /top'
refuses "a directory with a mount deep below it" "'/srv/old/deep/home' below it is a mount (tmpfs of users)" <<'END'
file: {path: /srv/old, state: absent}
END
check "the mounted file is there" node grep -q thesis /srv/old/deep/home/carol
refuses "the same through a link" "'/srv/old/deep/home' below it is a mount" <<'END'
file: {path: /via/old, state: absent}
END
refuses "a bind mount of the same device" "'/srv/tree/kept' below it is a mount" <<'END'
file: {path: /srv/tree, state: absent}
END
refuses "a directory with a mounted file" "'/srv/file/one' below it is a mount" <<'END'
file: {path: /srv/file, state: absent}
END
mkdir -p empty
echo new >empty/new
refuses "delete over a bind mount" "'/srv/tree/kept' is not removed: it is a mount" <<'END'
file-sync: {src: empty, dest: /srv/tree, delete: yes}
END
mkdir -p with/kept
refuses "delete below a bind mount that src has as a directory" "'/srv/tree/kept' is not removed" <<'END'
file-sync: {src: with, dest: /srv/tree, delete: yes}
END
refuses "a home with a bind mount in it" "'/home/erin/data' below it is a mount" <<'END'
user: {name: erin, state: absent, remove: yes}
END
check "what is bound there is whole" is "$(node cat /srv/real/precious)" data

play <<'END'
file: {path: /srv/made/by/us, state: directory}
END
node mount -t tmpfs theirs /srv/made/by
node mkdir /srv/made/by/us
beoplay rollback site.yml --to nothing
check "an undo leaves a directory over which something is mounted" node test -d /srv/made/by/us
check "and says so" says "/srv/made" "$out"
check "what is mounted stays mounted" node grep -q ' /srv/made/by ' /proc/self/mountinfo

# --- The system, the way in, beoplay's own state

for path in /etc '/home/{{ nothing | default("") }}' /usr/ /./var //bin /lib64; do
	refuses "$path" "belongs to the system" <<-END
	file: {path: '$path', state: absent}
	END
done
refuses "/etc through a link" "'/etc' is not removed: it belongs to the system" <<'END'
file: {path: /top/etc, state: absent}
END
refuses "a path with .." "'..'" <<'END'
file: {path: /srv/../etc, state: absent}
END
refuses "delete into /etc" "'delete' would empty '/etc/'" <<'END'
file-sync: {src: empty, dest: /etc/, delete: yes}
END
refuses "delete into /etc through a link" "'delete' would empty '/etc'" <<'END'
file-sync: {src: empty, dest: /top/etc, delete: yes}
END
as=admin
refuses "the home of who is logged in" "the home of admin, who is logged in" -b <<'END'
file: {path: /home/admin, state: absent}
END
refuses "the keys of who is logged in" "what admin logs in by" -b <<'END'
file: {path: /home/admin/.ssh/authorized_keys, state: absent}
END
refuses "delete in the home of who is logged in" "what admin logs in by" -b <<'END'
file-sync: {src: empty, dest: /home/admin, delete: yes}
END
refuses "who is logged in" "it is logged in" -b <<'END'
user: {name: admin, state: absent, remove: yes}
END
as=root
node usermod --home /var games
refuses "/var as a home" "is not removed" <<'END'
user: {name: games, state: absent, remove: yes}
END
refuses "beoplay's own state" "beoplay's own state" <<'END'
file: {path: /var/lib/beoplay, state: absent}
END
play <<'END'
file: {path: /home/erin/data, state: absent}
END
node umount /home/erin/data
play <<'END'
user: {name: erin, state: absent, remove: yes}
END
check "a home without a mount goes" is "$(node ls /home)" admin

# --- Keys of others in one file

node useradd -m ann
for name in one two hand; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$name"; done
logs_in() { # KEY USER
	ssh -i "$1" -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$LAB/known_hosts" \
		"$2@$(lab address head)" true </dev/null
}
keys() {
	play "$@" <<-END
	ssh-keys: {user: ann, authorized: ["{{ item }}"]}
	  loop: ["$(cat one.pub)", "$(cat two.pub)"]
	END
}
keys
keys
check "a loop with one key each changes nothing the second time" is "$(recap head changed)" 0
check "the first key lets in" logs_in one ann
check "the second key lets in" logs_in two ann
node sh -c "echo 'no-pty $(cat hand.pub)' >>/home/ann/.ssh/authorized_keys"
play <<END
ssh-keys: {user: ann, authorized: ["$(cat one.pub)", "$(cat hand.pub)"], state: absent}
END
check "a key that is absent lets nobody in" is "$(logs_in one ann 2>/dev/null && echo in)" ""
check "nor one that was written by hand" is "$(logs_in hand ann 2>/dev/null && echo in)" ""
check "the key of the other task still lets in" logs_in two ann
node sh -c "cat >>/home/ann/.ssh/authorized_keys" <hand.pub
play <<END
ssh-keys: {user: ann, authorized: ["$(cat two.pub)"], exclusive: yes}
END
check "exclusive is for other users" is "$status" 0
check "exclusive takes the key by hand" is "$(logs_in hand ann 2>/dev/null && echo in)" ""
check "exclusive leaves its own" logs_in two ann
play <<'END'
ssh-keys: {user: ann, trust: all}
END
check "a user who is trusted has the key of the node" node grep -q ann@head \
	/home/ann/.ssh/authorized_keys
play <<'END'
ssh-keys: {user: ann, trust: all, state: absent}
END
check "absent with trust takes it" is "$status $(recap head changed)" "0 1"
check "and the key of the node is gone" is \
	"$(node grep -c ann@ /home/ann/.ssh/authorized_keys)" 0

# --- What is private, and what a person edited

mkdir -m 700 vault
echo secret >vault/key
chmod 600 vault/key
play --diff <<'END'
file-sync: {src: vault, dest: /srv/vault}
copy: {src: vault/key, dest: /srv/key}
END
check "a private file and its directory stay private" is \
	"$(node stat -c %a /srv/vault /srv/vault/key /srv/key | tr '\n' ' ')" "700 600 600 "
check "its content is in no record" is "$(git --git-dir .beoplay/history.git grep -l secret \
	"$(git --git-dir .beoplay/history.git rev-parse runs)" -- '*run.yml')" ""
play <<'END'
apt-packages: {name: nfs-common}
END
node sh -c 'echo "# mine" >>/etc/nfs.conf'
beoplay rollback site.yml --to nothing
check "the package goes" is "$(node sh -c 'command -v mount.nfs')" ""
check "its configuration that a person edited stays" node grep -q '# mine' /etc/nfs.conf

# --- Files that are shared

node sh -c 'groupadd team; usermod -aG team admin; useradd bob; install -d -g team -m 2775 /srv/team
	echo a=1 >/srv/team/f; chown bob:team /srv/team/f; chmod 664 /srv/team/f
	echo b=1 >/srv/own; chown admin:root /srv/own; mkdir /srv/closed; echo c >/srv/closed/f
	chown bob:team /srv/closed/f; chmod 664 /srv/closed/f'
play -b <<'END'
lineinfile: {path: /srv/team/f, line: b=2, backup: yes}
  become_user: admin
file: {path: /srv/team/new, state: directory}
  become_user: admin
copy: {dest: /srv/team/g, content: "new\n"}
  become_user: admin
END
check "who may write a file but not give it away writes into it" is \
	"$(node sh -c 'cat /srv/team/f; stat -c "%U:%G %a" /srv/team/f')" "a=1
b=2
bob:team 664"
check "its backup is as it was before" is "$(node sh -c 'cat /srv/team/f.*~')" "a=1"
check "a new directory is of the group, as with mkdir" is \
	"$(node stat -c '%G %a' /srv/team/new)" "team 2755"
check "and nothing else is left there" is "$(node sh -c 'ls -A /srv/team | grep -v "~$" | xargs')" \
	"f g new"
play -b <<'END'
lineinfile: {path: /srv/closed/f, line: d}
  become_user: admin
END
check "where a directory is closed there is a way" says "give admin the right to write" "$out"
node sh -c 'cp /etc/hosts /root/hosts; mount --bind /root/hosts /etc/hosts'
play <<'END'
lineinfile: {path: /etc/hosts, line: "10.9.9.9 added"}
END
check "a mounted file says so" says "something is mounted on the file itself" "$out"
node umount /etc/hosts
play <<'END'
copy: {dest: /proc/sys/net/ipv4/ip_forward, content: "1\n"}
END
check "a file of the kernel says so" says "the kernel's own files" "$out"

# --- A key that ssh doesn't try by itself

play <<'END'
hosts: {extra: [{address: 10.0.1.101, names: other}]}
user: {name: mpi}
ssh-keys: {user: mpi, trust: all, path: /home/mpi/.ssh/cluster}
END
check "ssh offers a key of another name" lab as mpi head ssh -n -o BatchMode=yes \
	-o StrictHostKeyChecking=yes "$(lab address head)" true

# --- Capabilities of a file whose content changes

capable() { is "$(node getcap /usr/local/bin/tool)" "/usr/local/bin/tool cap_net_raw=ep"; }
node sh -c 'echo one >/usr/local/bin/tool; chmod 755 /usr/local/bin/tool; setcap cap_net_raw=ep /usr/local/bin/tool'
play <<'END'
copy: {content: "two", dest: /usr/local/bin/tool, owner: mpi}
END
check "a new content and a new owner" says "changed=1 .*failed=0" "$out"
check "leave a file its capabilities" capable
play --prune <<'END'
debug: {msg: none}
END
check "the old content comes back" is "$(node cat /usr/local/bin/tool)" one
check "with its capabilities" capable

# --- What somebody else has made where an agent was killed

node sh -c 'printf "#!/bin/sh\nkill -9 \$PPID\n" >/usr/local/sbin/useradd; chmod 755 /usr/local/sbin/useradd'
play <<'END'
user: {name: carla, create_home: no}
END
check "an agent is killed before it has made a user" node sh -c '! id -u carla 2>/dev/null'
node sh -c 'rm /usr/local/sbin/useradd; useradd --no-create-home carla'
play <<'END'
user: {name: carla, create_home: no}
group: {name: crew}
END
check "meanwhile somebody else has made it" says "changed=1 .*failed=0" "$out"
play --prune <<'END'
debug: {msg: none}
END
check "pruning leaves such a user alone" says "it isn't known whether beoplay made it" "$out"
check "and it is still there" node id -u carla
check "what beoplay has surely made goes" node sh -c '! getent group crew'
play --prune --discard-drift <<'END'
debug: {msg: none}
END
check "it goes where that is said" node sh -c '! id -u carla 2>/dev/null'
