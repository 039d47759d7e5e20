#!/bin/bash
# unarchive: exact, idempotent, and taken back; what tar itself finds there. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
mkdir -p tree/app-1/bin tree/app-1/share/doc
printf 'port=1\n' >tree/app-1/app.conf
printf '#!/bin/sh\necho runs\n' >tree/app-1/bin/app
chmod 755 tree/app-1/bin/app tree/app-1/bin
head -c 300000 /dev/urandom >tree/app-1/share/data
ln -s bin/app tree/app-1/link
ln tree/app-1/share/data tree/app-1/share/same
printf x >"tree/app-1/a	name
with all \$(touch bad) \\ in it"
chmod 4755 tree/app-1/share/doc
tar -czf app.tar.gz --owner=1234 --group=1234 -C tree app-1
tar -cf app.tar -C tree app-1

for option in -C --directory=/srv '-xC' -P --absolute-names --to-command=sh --one-top-level=/srv -d '-I sh' --use-compress-program=sh \
	--checkpoint-action=exec=sh --dir=/srv strip -f; do
	tasks <<END
- unarchive: {src: app.tar.gz, dest: /srv, extra_opts: ["$option"]}
END
	check "'$option' isn't taken" is "$status $(grep -c "can't be '$option'" err)" "1 1"
done
node mkdir -p /opt/app-1
node sh -c 'echo port=hand >/opt/app-1/app.conf; chmod 640 /opt/app-1/app.conf; echo mine >/opt/app-1/mine'
node sh -c 'cat >/srv/app.tar' <app.tar
lab snapshot head >before
all() { tasks "$@" <<'END'
- unarchive: {src: app.tar.gz, dest: /opt}
END
}
all -C -D
lab snapshot head >now
check "a dry run names what would come" says "/opt/app-1/bin/app state: absent → file" out
check "and what would be replaced" says "/opt/app-1/app.conf checksum: $(printf 'port=hand\n' | sha256sum | cut -c 1-64) → $(sha256sum <tree/app-1/app.conf | cut -c 1-64)" out
check "and touches nothing" is "$status $(diff <(state before) <(state now))$(node ls /var/tmp)" "0 "
all
check "a run unpacks it" is "$status $(recap head changed) $(node /opt/app-1/link)" "0 1 runs"
check "tar finds nothing that differs" is "$(gunzip <app.tar.gz | node tar -df - -C /opt 2>&1 \
	| grep -v 'Mod time')" ""
check "nothing else is there" is "$(node ls -A /opt /opt/app-1 /srv | tr '\n' ' ')" "/opt: app-1  /opt/app-1: a	name with all \$(touch bad) \\ in it app.conf bin link mine share  /srv: app.tar apt "
check "hard links stay" is "$(node stat -c %h /opt/app-1/share/data)" 2
all
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
node sh -c 'echo drift >/opt/app-1/bin/app; rm /opt/app-1/link; chmod 700 /opt/app-1/share/data'
all
check "what differs comes again, and only that" is "$status $(grep -c '^ */opt/' out) $(node /opt/app-1/link)" "0 4 runs"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "

tasks <<'END'
- unarchive: {src: /srv/app.tar, dest: /opt, remote_src: yes, owner: daemon, group: daemon, mode: "u=rwX,go=", exclude: ["*/share*"], extra_opts: [--strip-components=1], list_files: yes}
  register: told
- debug: {msg: "{{ told.files | sort | first == 'a\tname\nwith all $(touch bad) \\ in it' }} {{ told.files | length }}"}
- unarchive: {src: app.tar.gz, dest: /nowhere, creates: /opt/bin/app}
END
check "options are honoured" is "$status $(node stat -c '%U:%G %a' /opt/bin /opt/app.conf /opt/bin/app | tr '\n' ' ')" \
	"0 daemon:daemon 700 daemon:daemon 600 daemon:daemon 700 "
check "and what is left out" is "$(node ls /opt/share 2>&1)" "ls: cannot access '/opt/share': No such file or directory"
check "what is in it is told" says "5$" <(sed -n 's/^ *\(True\|true\) //p' out)
node sh -c 'echo hand >/opt/app.conf; rm /srv/app.tar'
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "a file that somebody has edited since stays" is "$status $(node cat /opt/app.conf) $(node ls /opt | tr '\n' ' ')" \
	"2 hand app-1 app.conf "
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v --discard-drift
check "told so, it goes" is "$status $(node ls /opt | tr '\n' ' ')" "0 app-1 "

node sh -c 'mkdir -p /etc/unpacked && chmod 700 /etc/unpacked'
mkdir -p evil && printf bad >evil/file && tar -cf evil.tar --transform 's|^evil|../evil|' -P evil
tasks <<'END'
- unarchive: {src: evil.tar, dest: /etc/unpacked}
END
check "what would come beside it doesn't" is "$(node ls -A /etc/unpacked /etc/evil /var/tmp 2>/dev/null | grep -c evil)" 0
mkdir ssh && echo "Nonsense yes" >ssh/sshd_config && tar -cf ssh.tar ssh
config=$(node sha256sum /etc/ssh/sshd_config)
tasks <<'END'
- unarchive: {src: ssh.tar, dest: /etc}
END
check "who would be locked out by what is in it isn't" is "$status $(node sha256sum /etc/ssh/sshd_config)" "2 $config"
check "and is told so" says "sshd's configuration" out
mkfifo fifo && tar -cf fifo.tar fifo
tasks <<'END'
- unarchive: {src: fifo.tar, dest: /srv}
END
check "special files are refused" code host.file-wrong-type
node mkfifo /srv/pipe
tasks <<'END'
- unarchive: {src: /srv/pipe, dest: /srv, remote_src: yes}
END
check "at a pipe nobody waits" code host.file-wrong-type
node rm /srv/pipe
tasks <<'END'
- unarchive: {src: tasks.yml, dest: /srv}
END
check "what is no archive is an error" code unarchive.failed
check "that says what tar said" says "tar: " out
tasks <<'END'
- unarchive: {src: app.tar, dest: /srv/none}
END
check "dest has to be there" code host.no-directory
printf 'PK\005\006\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000' >empty.zip
tasks <<'END'
- unarchive: {src: empty.zip, dest: /srv}
END
check "where unzip is missing it says so" says "unzip is missing" out
(cd tree && exec python3 -u -m http.server --bind 10.0.0.10 8099) >/dev/null 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
cp app.tar tree/
until_true bash -c ': 3<>/dev/tcp/10.0.0.10/8099'
from_url() { tasks "$@" <<'END'
- unarchive: {src: "http://10.0.0.10:8099/app.tar", dest: /srv, remote_src: yes}
END
}
from_url -C
check "of a URL only a download tells" says "only a download tells" out
from_url
check "which a run does" is "$status $(node /srv/app-1/link)" "0 runs"
from_url
check "and finds the same" is "$status $(recap head changed)" "0 0"
node find / -xdev -name '*beoplay-unarchive*' >left
check "nothing is left of it anywhere" is "$(cat left)" ""
node sh -c 'mkdir /opt/two && ln -s /nowhere /opt/two/app.conf'
tar -cf one.tar -C tree/app-1 app.conf
cat >two.yml <<'E'
- hosts: head
  tasks:
    - unarchive: {src: one.tar, dest: /opt/two}
E
beoplay two.yml -i "$LAB/inventory.yml" -v
check "a file comes in place of a link" is "$status $(node cat /opt/two/app.conf)" "0 port=1"
beoplay rollback two.yml --to nothing -i "$LAB/inventory.yml" -v
check "which comes back" is "$status $(node readlink /opt/two/app.conf)" "0 /nowhere"
