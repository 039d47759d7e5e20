#!/bin/bash
# reboot, of lab nodes, which can't be restarted: a file says which start it is, and commands that cut the
# connections stand for the restart itself. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 2
node() { lab exec head "$@"; }
tasks() {
	{ printf -- '- hosts: all\n  tasks:\n'; sed 's/^/    /'; } >tasks.yml
	beoplay tasks.yml -i "$LAB/inventory.yml" -v "$@"
}
for one in head node1; do lab exec $one sh -c 'echo 1 >/srv/boot; echo 0 >/srv/restarts'; done
# It is cut off a while after it was told, head by processes that are asked to end, and then the machine is up
# with another number.
lab exec head sh -c 'echo TERM >/srv/signal'
lab exec node1 sh -c 'echo KILL >/srv/signal'
for one in head node1; do
	lab exec $one sh -c 'cat >/srv/restart; chmod 755 /srv/restart' <<'END'
#!/bin/sh
echo $(($(cat /srv/restarts) + 1)) >/srv/restarts
sleep 2
for p in /proc/[0-9]*; do
	case $(tr '\0' ' ' <$p/cmdline 2>/dev/null) in
	*beoplay*agent*) kill -$(cat /srv/signal) ${p#/proc/} ;;
	sshd*": root"*) [ "$(cat /srv/signal)" = TERM ] || kill -9 ${p#/proc/} ;;
	esac
done
rm -rf /run/beoplay
cat /proc/sys/kernel/random/uuid >/srv/boot_id
mount --bind /srv/boot_id /proc/sys/kernel/random/boot_id
echo $(($(cat /srv/boot) + 1)) >/srv/boot
END
done
all() {
	tasks "$@" <<'END'
- command: echo before
- reboot: {reboot_command: /srv/restart, boot_time_command: cat /srv/boot, connect_timeout: 5, reboot_timeout: 100}
  register: told
- command: cat /srv/boot
  register: now
- assert: {that: [told.rebooted, told.elapsed >= 1, now.stdout == '2', told.changed]}
  when: not ansible_check_mode
END
}
all -C
check "a dry run says it, and restarts nothing" is "$status $(grep -c 'state: runs → starts anew' out) $(node cat /srv/restarts)" \
	"0 1 0"
all
check "the run goes on once they are back" is "$status $(recap head failed) $(recap node1 failed)" "0 0 0"
check "the kernel says another start, too" is "$(node cat /proc/sys/kernel/random/boot_id)" "$(node cat /srv/boot_id)"
check "each was restarted once" is "$(node cat /srv/restarts) $(lab exec node1 cat /srv/restarts)" "1 1"
check "and is somewhere else now" is "$(node cat /srv/boot)" 2

tasks -l head <<'END'
- reboot: {reboot_command: "true", boot_time_command: cat /srv/boot, reboot_timeout: 3}
- command: touch /srv/never
END
check "a machine that doesn't go down is a failure" is "$status $(node ls /srv/never 2>/dev/null)" "2 "
check "with its code" code reboot.timeout
tasks -l head <<'END'
- reboot: {reboot_command: /srv/restart, boot_time_command: cat /srv/boot, reboot_timeout: 20, test_command: exit 3}
END
check "so is one that comes back and isn't ready" says "'exit 3' fails" out
cat >local.yml <<'END'
- hosts: all
  connection: local
  tasks:
    - reboot: {reboot_command: "touch rebooted", boot_time_command: echo 1}
END
beoplay local.yml -i "$LAB/inventory.yml" -v -l head
check "the controller's own machine isn't restarted" is "$status $(ls rebooted 2>/dev/null)" "2 "
