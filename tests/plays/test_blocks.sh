#!/bin/sh
# Blocks that fail on one node and not on the other, and batches of nodes, on lab nodes.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
	exec tests/lab/run -n 3 -- "$0" inside
fi

BEOPLAY=${BEOPLAY:-$PWD/build/beoplay}
. tests/plays/checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/blocks"
cd "$work/blocks" || exit 1
cp "$LAB/inventory.yml" .
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - block:
        - name: first
          copy: {content: "one\n", dest: /etc/blocks.one}
          notify: told
        - name: second
          shell: echo second >>/root/done; test -e /root/go
        - name: third
          copy: {content: "three\n", dest: /etc/blocks.three}
      rescue:
        - name: mend
          shell: echo "{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}" >>/root/done
      always:
        - name: always
          shell: echo always >>/root/done
    - name: last
      shell: echo last >>/root/done
  handlers:
    - name: told
      shell: echo told >>/root/done
E2
lines() { lab exec "$1" cat /root/done | tr '\n' ' '; }

# --- A block fails on one of three ---
lab exec node1 touch /root/go
lab exec node2 touch /root/go
beoplay site.yml
check "a rescued failure gives exit code 0" is "$status" 0
check "where it failed, the rescue is run" is "$(lines head)" "second second 1 always last told "
check "where it didn't, it isn't" is "$(lines node1)" "second always last told "
check "what stood before the failure is done" is "$(lab exec head cat /etc/blocks.one)" one
check "what stood behind it isn't" is "$(lab exec head ls /etc/blocks.three 2>/dev/null)" ""
check "elsewhere it is" is "$(lab exec node2 cat /etc/blocks.three)" three
check "the recap counts it" is "$(recap head rescued)" 1
check "and no failure" is "$(recap head failed)" 0
beoplay status site.yml
check "then status is clean" is "$status" 0
lab exec head touch /root/go
beoplay site.yml --prune
check "with its cause gone nothing is rescued" is "$(recap head rescued)" 0
check "and what the block has is done" is "$(lab exec head cat /etc/blocks.three)" three

# --- What a rescue has is declared, be it done or not ---
cat >rescue.yml <<'E2'
- hosts: head
  tasks:
    - block:
        - command: test -e /root/go
      rescue:
        - copy: {content: "mended\n", dest: /etc/blocks.mended}
E2
lab exec head rm /root/go
beoplay rescue.yml
check "a rescue changes the node" is "$(lab exec head cat /etc/blocks.mended)" mended
lab exec head touch /root/go
beoplay rescue.yml --prune
check "what only the rescue has isn't undone while the text has it" \
	is "$(lab exec head cat /etc/blocks.mended)" mended

# --- A failure that nothing catches ---
sed 's/rescue:/always:/; s/mended/kept/g' rescue.yml >always.yml
lab exec head rm /root/go
beoplay always.yml
check "behind an always a failure is one" is "$status" 2
check "but it was run" is "$(lab exec head cat /etc/blocks.kept)" kept
beoplay status always.yml
check "status says where it stopped" says "head: command" ../out

# --- Batches ---
cat >serial.yml <<'E2'
- hosts: all
  serial: 1
  tasks:
    - shell: sleep 0.2; date +%s%N >/root/begun
    - shell: date +%s%N >/root/ended; test ! -e /root/bad
E2
at() { lab exec "$1" cat "/root/$2"; }
beoplay serial.yml
check "each batch begins when the one before has ended" is \
	"$([ "$(at head ended)" -lt "$(at node1 begun)" ] && [ "$(at node1 ended)" -lt "$(at node2 begun)" ] && echo yes)" yes
lab exec node1 touch /root/bad
lab exec node2 rm /root/begun
beoplay serial.yml
check "a batch that fails as a whole is the last" is "$(lab exec node2 ls /root/begun 2>/dev/null)" ""
check "and an error" is "$status" 2
