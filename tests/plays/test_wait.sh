#!/bin/sh
# Modules that wait, and modules that only look or make something for later tasks: wait_for, pause, slurp,
# tempfile. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 2
run() { beoplay "$@" -i inventory.yml -v; }
cp "$LAB/inventory.yml" .

cat >wait.yml <<'Y'
- hosts: head
  tasks:
    - wait_for: {port: 22, timeout: 20}
      register: port
    - wait_for: {path: /etc/hostname}
    - wait_for: {path: /etc/passwd, search_regex: "^root:.*\n.*^daemon:"}
      ignore_errors: yes
    - wait_for: {path: /etc/passwd, search_regex: "^daemon:\\w+:1:.*$"}
    - wait_for: {path: /srv/gone, state: absent}
    - wait_for: {host: 127.0.0.1, port: 9, state: stopped}
    - pause: {seconds: 1, prompt: waiting}
      register: paused
    - slurp: {src: /etc/hostname}
      register: slurped
    - debug: {msg: "{{ slurped.content | b64decode }} {{ port.state }} {{ port.port }} {{ paused.elapsed > 0 }}"}
    - wait_for: {timeout: 1}
      register: slept
    - assert: {that: slept.elapsed >= 1}
Y
run wait.yml
check "what is there isn't waited for" is "$status $(recap head changed)" "0 0"
check "and what it tells is registered" says "debian.started 22 True\|^ *debian" out

cat >late.yml <<'Y'
- hosts: head
  tasks:
    - shell: (setsid sh -c 'sleep 3; mkdir -p /srv/late; echo ready >/srv/late/file' >/dev/null 2>&1 &)
    - wait_for: {path: /srv/late/file, search_regex: ready, sleep: 1, timeout: 100}
    - shell: cat /srv/late/file
Y
run late.yml -C
check "a dry run doesn't wait" is "$status $(recap head failed)" "0 0"
check "and says why" says "'shell' comes before it" out
run late.yml
check "a file that comes later is waited for" is "$status $(recap head failed)" "0 0"

printf -- '- hosts: head\n  tasks:\n    - wait_for: {port: 9, timeout: 2}\n' >never.yml
run never.yml
check "a port that never answers is a failure" is "$status" 2
check "with its code" code wait-for.timeout
check "that says what was waited for" says '127.0.0.1:9 is not there after' out
printf -- '- hosts: head\n  tasks:\n    - wait_for: {port: 9, timeout: 1, msg: the daemon never came}\n' >never.yml
run never.yml
check "in the words of the task, if it has some" says 'the daemon never came' out
printf -- '- hosts: head\n  tasks:\n    - wait_for: {path: /etc/passwd, search_regex: "(", timeout: 1}\n' >never.yml
run never.yml
check "what is no expression is told" says 'is no regular expression' out
printf -- '- hosts: head\n  tasks:\n    - slurp: {src: /srv/nowhere}\n' >never.yml
run never.yml
check "what isn't there can't be read" code host.file-not-found

# What is never read to its end: /proc/kmsg waits for what the kernel will say.
lab exec head sh -c 'mkfifo /srv/pipe; i=0; while [ $i -lt 60 ]; do printf a; i=$((i + 1)); done >/srv/many; echo b >>/srv/many'
endless() { printf -- '- hosts: head\n  tasks:\n    - %s\n' "$1" >never.yml; timeout 60 "$BEOPLAY" never.yml -i inventory.yml -v \
	--user root --known-hosts "$LAB/known_hosts" >out 2>err </dev/null; status=$?; }
endless 'wait_for: {path: /srv/pipe, search_regex: a, timeout: 2}'
check "a pipe is searched for as long as the task waits" code wait-for.timeout
endless 'wait_for: {path: /srv/pipe, search_regex: a, timeout: 2, state: absent}'
check "what is in a pipe isn't gone" code wait-for.timeout
endless 'wait_for: {path: /srv/many, search_regex: "^(a+)+$", timeout: 2, state: absent}'
check "nor what can't be searched" code host.file-unreadable
endless 'get_url: {url: "file:///srv/pipe", dest: /srv/got}'
check "a pipe is no file to download" code host.file-wrong-type
cat >never.yml <<'Y'
- hosts: head
  tasks:
    - stat: {path: /proc/kmsg}
      register: kernel
    - stat: {path: /proc/version}
      register: version
    - assert: {that: [kernel.stat.exists, kernel.stat.checksum is undefined, version.stat.checksum is defined]}
Y
timeout 60 "$BEOPLAY" never.yml -i inventory.yml --user root --known-hosts "$LAB/known_hosts" >out 2>err </dev/null
check "what can't be read to its end has no checksum" is "$?" 0

cat >temp.yml <<'Y'
- hosts: head
  tasks:
    - tempfile: {suffix: .conf, prefix: "own."}
      register: file
    - tempfile: {state: directory, path: /srv}
      register: directory
    - copy: {content: x, dest: "{{ directory.path }}/x"}
    - stat: {path: "{{ file.path }}"}
      register: told
    - assert: {that: [told.stat.mode == '0600', "file.path is match('/tmp/own[.]\\w+[.]conf$')"]}
Y
run temp.yml -C
check "a dry run makes no temporary file" is "$status $(lab exec head ls /tmp /srv | grep -c 'own\|ansible')" "0 0"
run temp.yml
check "a file and a directory are made" is "$status $(lab exec head sh -c 'ls -d /tmp/own.* /srv/ansible.*/x | wc -l')" "0 2"

# --- connections ---

cat >groups.yml <<'Y'
- hosts: head
  tasks:
    - command: usermod -aG games root
    - command: id -Gn
      register: before
    - meta: reset_connection
    - command: id -Gn
      register: after
    - assert: {that: ["'games' not in before.stdout", "'games' in after.stdout"]}
Y
run groups.yml
check "a new login knows of a group that the old one didn't" is "$status $(recap head failed)" "0 0"
check "the machine says that there were two" is "$(grep -c 'Accepted publickey for root' "$LAB/nodes/head/log" |
	awk '{ print ($1 > 1) }')" 1

cat >later.yml <<'Y'
- hosts: later
  tasks:
    - wait_for_connection: {timeout: 300}
    - command: touch /srv/was-here
Y
address=$(lab address node1)
printf 'all:\n  hosts:\n    later: {ansible_host: %s, ansible_port: 2222}\n' "$address" >later-inventory.yml
(sleep 4; lab exec node1 /usr/sbin/sshd -p 2222) &
"$BEOPLAY" later.yml -i later-inventory.yml --user root --known-hosts known_later --accept-new-host-keys >out 2>err </dev/null
status=$?
check "a machine that can't be reached yet is waited for" is "$status $(lab exec node1 ls /srv/was-here)" "0 /srv/was-here"
