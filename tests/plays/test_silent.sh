#!/bin/sh
# Hosts that say nothing any more: a line that is dead, and an agent that hangs on a machine that answers.
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3
cp "$LAB/known_hosts" known_hosts
cp "$LAB/inventory.yml" hosts.yml

cat >slow.yml <<'END'
- hosts: all
  strategy: free
  tasks:
    - shell: echo begun >/root/begun; {{ 'true' if inventory_hostname == 'head' else 'until test -e /root/go; do sleep 0.1; done' }}
    - copy: {content: x, dest: /root/done}
END

# The worker of an agent on a node, which its supervisor watches.
worker_on() {
	lab exec "$1" sh -c 'for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in */beoplay/agent-*) ;; *) continue ;; esac
		set -- $(sed "s/.*) //" $p/stat)
		case $(readlink /proc/$2/exe) in */beoplay/agent-*) ;; *) continue ;; esac
		[ "$4" = "${p#/proc/}" ] && echo "${p#/proc/}"
	done 2>/dev/null'
}
began() { lab exec "$1" test -e /root/begun; }

"$BEOPLAY" slow.yml -i hosts.yml --known-hosts known_hosts -u root >out 2>err </dev/null &
run=$!
until_true began node1
until_true began node2
worker=$(worker_on node1)
lab exec node1 kill -STOP "$worker"
lab silence node2
wait "$run"
status=$?
lab unsilence node2
check "a host whose agent is stopped is given up" says "node1: no response for 60 s" err
check "as one that fails, as its kernel answers" says "its kernel answers" err
check "a host whose line is dead is given up" says "node2: no response for 60 s" err
check "as one that isn't reached" says "is the machine still on" err
check "both are told in the recap" says "node1 .*unreachable=0 .*failed=1" out
check "each as what it is" says "node2 .*unreachable=1 .*failed=0" out
check "the exit code says both" is "$status" 6
check "the third one is done" is "$(lab exec head cat /root/done)" x
lab exec node1 sh -c 'kill -CONT "$0"; touch /root/go' "$worker"
gone() { [ -z "$(worker_on node1)" ]; }
check "let go on, it ends behind the step at hand, as nobody is there any more" until_true gone
check "and does nothing of what comes next" lab exec node1 test ! -e /root/done

# --- Whoever is lost isn't held on to ---
for one in head node1 node2; do lab exec $one rm -f /root/begun /root/go; done
cat >lost.yml <<'E'
- hosts: all
  tasks:
    - shell: "touch /root/begun; until [ -e /root/go ]; do sleep 0.1; done"
E
connections() { lab exec "$1" grep -c ':0016 [0-9A-F:]* 01 ' /proc/net/tcp; }
without() { [ "$(connections "$1")" = 0 ] || { connections "$1"; return 1; }; }
"$BEOPLAY" lost.yml -i hosts.yml --known-hosts known_hosts -u root >out 2>err </dev/null &
run=$!
until_true began node1
until_true began head
lab exec node1 kill -9 "$(worker_on node1)"
check "of a host that is lost the connection is closed at once" until_true without node1
check "while the others go on over theirs" is "$(connections head)" 1
for one in head node1 node2; do lab exec $one touch /root/go; done
wait "$run"
check "and it is told in the end" is "$? $(recap head ok) $(recap node1 failed)" "2 1 1"
