#!/bin/bash
# The plug is pulled while a change of what carries the login waits for its confirmation: the machine starts with all
# as it was, and lets in. Asked beside beoplay (vm exec). Prints "ok NAME" or "not ok NAME: why".
set -u
[ -n "${VM:-}" ] || exec "${0%/*}/run" head=bookworm-networkd -- "$(readlink -f "$0")"
. "${0%/*}/../plays/checks.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out err=$work/err
inside() { vm exec head "$@"; }
run() {
	"$BEOPLAY" "$@" -T 300 >"$out" 2>"$err" </dev/null
	status=$?
}
# What the ways in are, but for what a start changes.
ways() {
	inside 'find /etc/ssh /etc/sudoers* /etc/pam.d /etc/passwd /etc/shadow /etc/group /home/bob /etc/systemd/system \
		-exec stat -c "%n %F %a %U:%G" {} + -type f -exec cksum {} + | sort; systemctl is-enabled ssh'
}
# As soon as it is so, nobody takes it back any more.
stop_when() {
	inside "timeout 200 sh -c 'until [ -e /var/lib/beoplay/trial-login/pending ] && $1; do :; done
		kill -STOP \$(grep -lx beoplay-warden /proc/[0-9]*/comm | cut -d / -f 3)'" 2>&1
}
lets_in() { ssh -n -o BatchMode=yes -o ConnectTimeout=60 "bob@$(vm address head)" sudo -n id -u; }

# cut NAME TASK THERE: as soon as THERE holds on the machine, which is while the change is tried.
cut() {
	printf -- '- hosts: all\n  become: yes\n  tasks:\n%s\n' "$2" >play.yml
	ways >"$work/before"
	"$BEOPLAY" play.yml -T 300 >"$out" 2>"$err" </dev/null &
	check "$1: it is tried" stop_when "$3"
	vm cut head
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	vm start head
	vm wait head
	check "$1: all is as it was" diff "$work/before" <(ways)
	check "$1: it lets in" is "$(lets_in 2>&1)" 0
	check "$1: nothing is left of it" is "$(inside 'ls -d /var/lib/beoplay/trial-login /etc/systemd/system/*way-back* 2>/dev/null')" ""
}

echo Kiesel7grau >login
run init cluster --hosts "$(vm address head)" --user bob --password-file login --accept-new-host-keys --passwordless-sudo
check "init takes the machine" is "$status" 0
cd cluster || exit 1
cut "sshd lets nobody in" '    - copy: {dest: /etc/ssh/sshd_config.d/10-x.conf, content: "AllowUsers nobody\n"}' 'test -s /etc/ssh/sshd_config.d/10-x.conf'
cut "the key is gone" '    - copy: {dest: /home/bob/.ssh/authorized_keys, content: "# none\n", owner: bob, mode: "0600"}' \
	'grep -qx "# none" /home/bob/.ssh/authorized_keys'
cut "sudo asks" '    - file: {path: /etc/sudoers.d/beoplay-bob, state: absent}' '[ ! -e /etc/sudoers.d/beoplay-bob ]'
cut "the account has no shell" '    - user: {name: bob, shell: /bin/false}' 'grep -q ^bob.*/bin/false$ /etc/passwd'
cut "sshd isn't started any more" '    - shell: systemctl mask ssh; usermod -c x bob' '[ -L /etc/systemd/system/ssh.service ]'
printf -- '- hosts: all\n  become: yes\n  tasks:\n    - copy: {dest: /etc/ssh/sshd_config.d/20-y.conf, content: "LoginGraceTime 90\\n"}\n' >play.yml
run play.yml
check "a change that lets in stays" is "$status $(inside 'cat /etc/ssh/sshd_config.d/20-y.conf')" "0 LoginGraceTime 90"
check "with nothing left of its guard" is "$(inside 'ls -d /var/lib/beoplay/trial-login /etc/systemd/system/*way-back* 2>/dev/null')" ""
