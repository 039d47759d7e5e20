#!/bin/sh
# Reaching hosts under bad conditions, and being interrupted. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 4
cp "$LAB/known_hosts" known_hosts
cp "$LAB/inventory.yml" hosts.yml

cat >play.yml <<'END'
- hosts: all
  tasks:
    - copy: {content: "{{ text | default('x') }}", dest: /etc/reached}
END
cat >slow.yml <<'END'
- hosts: all
  tasks:
    - shell: echo begun >/root/begun; sleep 5; echo done >/root/done
    - copy: {content: never, dest: /root/never}
END

run() {
	"$BEOPLAY" "$@" -i hosts.yml --known-hosts known_hosts >out 2>err </dev/null
	status=$?
}
agent_on() { lab exec "$1" sh -c 'ls -l /proc/[0-9]*/exe' 2>/dev/null | grep -q "agent-"; }
no_agent_on() { ! agent_on "$1"; }

run play.yml -u root
check "hosts are reached" is "$status" 0
lab exec head sh -c 'echo "sleep 0.2; seq 5000; echo -e \"\\033[2J\"" >>/root/.bashrc; rm /etc/reached'
run play.yml -u root -l head
check "a login shell's noise does no harm" is "$status" 0
lab exec node1 sh -c 'echo old >/var/lib/beoplay/agent-0; f=$(ls /var/lib/beoplay/agent-????*);
	echo "#!/bin/sh" >"$f"; echo touch /root/tricked >>"$f"; rm -f /etc/reached'
run play.yml -u root -l node1
check "a damaged agent is replaced" is "$status" 0
check "and never run" lab exec node1 test ! -e /root/tricked
check "agents of earlier versions go" lab exec node1 test ! -e /var/lib/beoplay/agent-0
lab exec node1 sh -c 'f=$(ls /var/lib/beoplay/agent-*); chmod 777 "$f"; rm -f /etc/reached'
run play.yml -u root -l node1
check "an agent that others can write is replaced" is \
	"$(lab exec node1 sh -c 'stat -c %a /var/lib/beoplay/agent-*')" 700
lab exec node1 sh -c 'rm -f /etc/reached; mount --bind /var /var && mount -o remount,bind,noexec /var'
run play.yml -u root -l node1
check "an agent that is kept where nothing may be executed any more is passed over" is "$status" 0
lab exec node1 sh -c 'umount /var'
lab exec node2 sh -c 'rm -rf /var/lib/beoplay/agent-* /etc/reached; mount -t tmpfs -o noexec none /var/lib/beoplay
	mount -o remount,noexec /dev/shm'
run play.yml -u root -l node2
check "where files can't be executed the agent runs from memory" is "$status" 0
check "and works" is "$(lab exec node2 cat /etc/reached)" x
lab exec node2 sh -c 'rm -rf /etc/reached /usr/bin/perl* /usr/bin/python*; mount -o remount,noexec /run
	for d in /home /root /tmp /var; do mount --bind $d $d; mount -o remount,bind,noexec $d; done'
run play.yml -u root -l node2
check "also where memory has no place for programs either, nor perl is there" is "$status" 0
check "and changes what others see of the machine" is "$(lab exec node2 cat /etc/reached)" x
cat >home.yml <<'END'
- hosts: all
  tasks:
    - copy: {content: x, dest: /home/admin/reached}
    - shell: ls /proc/self/fd
      register: seen
      failed_when: "'9' in seen.stdout_lines"
END
run home.yml -u admin -l node2
check "and for a user who isn't root" is "$status" 0
check "and works there, too" is "$(lab exec node2 cat /home/admin/reached)" x
check "no process of it and no mount stays" lab exec node2 sh -c '! grep "beoplay[.]" /proc/mounts &&
	! ls -l /proc/[0-9]*/exe | grep -E "sleep|beoplay" && ! ls -d /dev/shm/beoplay.* /run/beoplay.*'
lab exec node2 mv /usr/bin/unshare /usr/bin/unshare.away
run home.yml -u admin -l node2
check "where nothing helps it is said" says "lets files be executed" err
check "as of a host that fails, for it is reached" is "$status" 2
run status home.yml -u admin -l node2
check "nor can it be looked at, which status doesn't take for clean" is "$status" 3
check "and says" says "node2: it couldn't be looked at" out
check "with the reason" says "lets files be executed" err
lab exec node2 sh -c 'mv /usr/bin/unshare.away /usr/bin/unshare
	for d in /home /root /tmp /var; do umount $d; done; mount -o remount,exec /dev/shm'
lab exec node2 sh -c 'umount /var/lib/beoplay; mount -t tmpfs -o size=64k none /var/lib/beoplay'
run play.yml -u root -l node2
check "a full disk is called so" says "failed: node2: .*disk full" err
check "and is a failure of a host that is reached" is "$status" 2
lab exec node2 umount /var/lib/beoplay

# What a machine says it is: its kernel's word, and uname's where that isn't enough.
says_it_is() {
	lab exec node3 sh -c "printf '%s\\n' '#!/bin/sh' 'echo $1' >/usr/local/bin/uname
		chmod 755 /usr/local/bin/uname; echo $2 >/tmp/arch; mount --bind /tmp/arch /proc/sys/kernel/arch"
	run play.yml -u root -l node3
	lab exec node3 sh -c 'umount /proc/sys/kernel/arch; rm /usr/local/bin/uname'
}
says_it_is riscv64 riscv
check "a machine for which there is no agent is called what it says it is" says \
	"no agent for riscv64 machines" err
for architecture in aarch64 armhf; do
	grep -q $architecture "$(dirname "$BEOPLAY")/architectures" && continue
	case $architecture in armhf) says_it_is armv7l arm ;; *) says_it_is aarch64 aarch64 ;; esac
	check "without an agent for $architecture it is said how to get one" says \
		"make ARCHITECTURES=\"$(cat "$(dirname "$BEOPLAY")/architectures") $architecture\"" err
done
check "and the host counts as failed" is "$status" 2

lab exec node3 sh -c 'rm -f /etc/reached'
run play.yml -u admin -b -l node3
check "sudo makes root of an ordinary user" is "$(lab exec node3 stat -c %U /etc/reached)" root
lab exec node3 usermod -a -G sudo admin
lab exec node3 ls -A /home/admin >before
run play.yml -u admin -b -l node3 --check
check "sudo leaves no note in a home" is "$(lab exec node3 ls -A /home/admin)" "$(cat before)"
lab exec node3 touch /home/admin/.sudo_as_admin_successful
run play.yml -u admin -b -l node3
check "one that was there stays" is "$(lab exec node3 ls -A /home/admin/.sudo_as_admin_successful)" \
	/home/admin/.sudo_as_admin_successful
lab exec node3 sh -c 'chmod 600 /usr/bin/sudo; mv /usr/bin/sudo /usr/bin/nosudo'
run play.yml -u admin -b -l node3 -v
lab exec node3 sh -c 'mv /usr/bin/nosudo /usr/bin/sudo; chmod 4755 /usr/bin/sudo'
check "missing sudo is named" says "there is no sudo" err
check "as what keeps from becoming root" code agent.become-failed
lab exec node3 sh -c 'mv /etc/sudoers.d /etc/sudoers.off; echo "root ALL=(ALL) ALL" >/etc/sudoers'
run play.yml -u admin -b -l node3
check "sudo that wants a password gets a remedy" says "NOPASSWD" err
run play.yml -u nobodyknows -l node3 -v
check "a user that isn't let in is told so" code ssh.authentication-failed
check "and gives exit code 4" is "$status" 4

key=$(ssh-keygen -F 10.0.1.101 -f known_hosts | grep -v '^#' | cut -d ' ' -f 2-)
cp known_hosts kept
echo "@revoked * $key" >>known_hosts
run play.yml -u root -l node1 -v
check "a revoked key is refused" code ssh.host-key-revoked
cp kept known_hosts
ssh-keygen -q -H -f known_hosts >/dev/null 2>&1
run play.yml -u root -l node1
check "hashed known_hosts are understood" is "$status" 0
cp kept known_hosts
run play.yml -u root -f 1
check "one at a time reaches all" is "$status" 0
sed -i 's/10.0.1.103/no-such-name.invalid/' hosts.yml
run play.yml -u root -T 5 -v
check "a name that can't be resolved is called so" code ssh.unresolved-name
cp "$LAB/inventory.yml" hosts.yml
sed -i 's/\(10.0.1.103\)/\1, ansible_port: 2222/' hosts.yml
run play.yml -u root -l node3 --json
check "a refused port is called so" code ssh.no-connection
cp "$LAB/inventory.yml" hosts.yml
mkdir -p "$HOME/.ssh"
printf 'Host alias3\n  HostName 10.0.1.103\n  User root\n  IdentityFile %s\n' "$LAB_KEY" >"$HOME/.ssh/config"
chmod 600 "$HOME/.ssh/config"
"$BEOPLAY" play.yml -i "alias3," --known-hosts known_hosts >out 2>err
check "names of ~/.ssh/config are known" is "$?" 0
rm "$HOME/.ssh/config"
ssh-keygen -q -t ed25519 -N secret -f locked
run play.yml -u root --private-key locked -l node1
check "a key with a passphrase points at ssh-agent" says "ssh-add" err

# --- Lost for one reason or another, when it is reached ---
run play.yml -u admin -b -l node3 -v
check "who can't become root has failed, not the network" is "$status$(recap node3 failed)" 21
lab exec node2 sh -c 'cp /home/admin/.bashrc /tmp/bashrc; sed -i "1i sleep 20" /home/admin/.bashrc'
run play.yml -u admin -l node2 -T 3 -v
lab exec node2 sh -c 'cat /tmp/bashrc >/home/admin/.bashrc'
check "where the login shell sleeps the agent isn't started" code agent.not-started
check "which is a failure of a host that is reached" is "$status" 2
cat >waits.yml <<'END'
- hosts: all
  tasks:
    - shell: echo begun >/root/begun; while [ ! -e /root/go ]; do sleep 0.1; done
END
# at_work COMMAND…: it comes while a task runs on node2.
at_work() {
	lab exec node2 rm -f /root/begun /root/go
	"$BEOPLAY" waits.yml -l node2 -i hosts.yml --known-hosts known_hosts -u root -v >out 2>err </dev/null &
	pid=$!
	until_true lab exec node2 test -e /root/begun
	"$@"
	wait $pid
	status=$?
	lab exec node2 touch /root/go
	until_true no_agent_on node2
}
at_work lab cut node2
check "a connection that is cut is the network's" code agent.lost
check "and makes the host unreachable" is "$status$(recap node2 unreachable)" 41
# All its processes at once: one that is left would still tell what became of the other.
at_work lab exec node2 sh -c 'for process in /proc/[0-9]*; do
	case $(readlink $process/exe) in */agent-*) agents="$agents ${process#/proc/}" ;; esac; done; kill -STOP $agents; kill -KILL $agents'
check "an agent that is killed isn't" code agent.ended
check "and makes the host fail" is "$status$(recap node2 failed)" 21

# --- Interrupted ---
"$BEOPLAY" slow.yml -i hosts.yml --known-hosts known_hosts -u root >out 2>err </dev/null &
pid=$!
until_true lab exec node1 test -e /root/begun
check "an agent is at work meanwhile" agent_on node1
kill -INT $pid
wait $pid
status=$?
check "^C gives exit code 130" is "$status" 130
check "no later task is begun after ^C" lab exec node1 test ! -e /root/never
check "no agent stays after ^C" until_true no_agent_on node1
lab exec node1 rm -f /root/begun /root/done
"$BEOPLAY" slow.yml -i hosts.yml --known-hosts known_hosts -u root >out 2>err </dev/null &
pid=$!
until_true lab exec node1 test -e /root/begun
kill -KILL $pid
wait $pid 2>/dev/null
check "agents end after a killed controller" until_true no_agent_on node1
check "no later task is begun then" lab exec node1 test ! -e /root/never
run play.yml -u root -e text=again
check "the next run works" is "$(lab exec node1 cat /etc/reached)" again
for node in head node1 node2 node3; do lab exec $node rm -f /root/begun; done
"$BEOPLAY" slow.yml -i hosts.yml --known-hosts known_hosts -u root >first 2>&1 </dev/null &
pid=$!
until_true lab exec node1 test -e /root/begun
run play.yml -u root -e text=second -l node1
check "a second operator is refused" is "$status" 2
check "and told who is at work" says "is being changed by root@" out
wait $pid
check "the first one goes on" is "$?" 0

# --- This very machine, with what would be changed hidden ---
cat >local.yml <<'END'
- hosts: here
  tasks:
    - copy: {content: "local", dest: /var/lib/beoplay/here}
END
echo 'all: {hosts: {here: {ansible_connection: local}}}' >here.yml
unshare -m sh -c 'mkdir -p /var/lib/beoplay; mount -t tmpfs -o mode=700 none /var/lib/beoplay
	"$0" local.yml -i here.yml >out 2>err && cat /var/lib/beoplay/here' "$BEOPLAY" >said
check "a local host needs no ssh" is "$(cat said)" local
