#!/bin/bash
# authorized_key: who has the key gets in, by ssh itself; exact, idempotent, and taken back. Prints "ok NAME" or
# "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
enters() { ssh -F none -i "$1" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
	-o UserKnownHostsFile="$LAB/known_hosts" anna@10.0.1.100 echo in 2>&1 </dev/null | tail -n 1; }
for key in one two; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f $key; done
two=$(cut -d ' ' -f 1,2 two.pub)
node useradd --create-home --shell /bin/sh anna
node sh -c 'usermod -p "*" anna'
lab snapshot head >before
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
keys() { tasks "$@" <<END
- authorized_key: {user: anna, key: "{{ lookup('file', 'one.pub') }}"}
- ansible.posix.authorized_key: {user: anna, key: "$two", key_options: "command=\"echo only\"", comment: second}
END
}
keys -C -D
lab snapshot head >now
check "a dry run shows the line" says "+command=\"echo only\" $two second" out
check "and lets nobody in" is "$(diff <(state before) <(state now))" ''
keys
check "a run changes it" is "$status $(recap head changed)" "0 2"
check "with one key one is in" is "$(enters one)" in
check "with the other only its command runs" is "$(enters two)" only
check "the file is its user's" is "$(node stat -c '%U %a' /home/anna/.ssh /home/anna/.ssh/authorized_keys | tr '\n' ' ')" \
	"anna 700 anna 600 "
keys
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
tasks <<END
- authorized_key: {user: anna, key: "{{ lookup('file', 'one.pub') }}", state: absent}
END
check "a key that is absent lets nobody in" says "Permission denied" <(enters one)
check "the other one does" is "$(enters two)" only
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "
node sh -c 'mkdir -m 700 ~anna/.ssh; cat >~anna/.ssh/authorized_keys; chown -R anna: ~anna/.ssh; chmod 600 ~anna/.ssh/*' <one.pub
tasks <<END
- authorized_key: {user: anna, key: "{{ lookup('file', 'one.pub') }}"}
END
check "what ssh-copy-id has put there is enough" is "$status $(recap head changed)" "0 0"
restrict() { tasks "$@" <<END
- authorized_key: {user: anna, key: "{{ lookup('file', 'one.pub') }}", key_options: "command=\"echo only\""}
END
}
restrict
check "options hold where it stood without them" is "$status $(enters one)" "0 only"
restrict --prune
check "and go on to do so" is "$status $(recap head changed) $(enters one)" "0 0 only"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "until that is taken back" is "$status $(node cat /home/anna/.ssh/authorized_keys)" "0 $(cat one.pub)"
tasks <<END
- authorized_key: {user: root, key: "$two", exclusive: yes}
END
check "who logs in keeps the way in" code ssh-keys.lockout
