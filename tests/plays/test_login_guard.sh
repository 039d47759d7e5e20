#!/bin/bash
# test_login_guard.sh: what carries the login is changed, and stays only where a new login works.
. "$(dirname "$0")/checks.sh"
nodes 2 project

admin() {
	"$BEOPLAY" "$@" --user admin -b --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
	status=$?
}
# play TASKS: a playbook of them, for head.
play() { printf -- '- hosts: head\n  tasks:\n%s\n' "$1" >play.yml; }
lets_in() { ssh -i "$LAB_KEY" -o UserKnownHostsFile="$LAB/known_hosts" -o BatchMode=yes -o ConnectTimeout=20 \
	"admin@$(lab address head)" sudo -n id -u; }
ways() {
	lab exec head sh -c 'find /etc/ssh/sshd_config* /etc/sudoers* /etc/pam.d /etc/passwd /etc/shadow /etc/group /home/admin \
		-exec stat -c "%n %F %a %U:%G" {} + -type f -exec cksum {} + | sort; iptables-save 2>/dev/null; nft list ruleset 2>/dev/null'
}

# returned NAME TASKS MESSAGE: refused after it was tried, and all is as before.
returned() {
	ways >"$work/before"
	play "$2"
	admin apply play.yml -v
	cp "$out" "$work/told"
	check "$1: it fails" is "$status" 2
	check "$1: it is said why" says "$3" "$out"
	check "$1: the node lets in" is "$(lets_in 2>&1)" 0
	check "$1: all is as before" diff "$work/before" <(ways)
	check "$1: no guard is left" lab exec head sh -c '! grep -qsx beoplay-warden /proc/[0-9]*/comm && [ ! -e /var/lib/beoplay/trial-login ]'
	admin status
	check "$1: nothing of it is in the ledger" silent 'differs\|drift' "$out"
}

lets_in >/dev/null 2>&1
play '    - copy: {dest: /etc/ssh/sshd_config.d/50-good.conf, content: "LoginGraceTime 90\n"}'
admin apply play.yml --check -v
check "a dry run says that a new login decides" says 'only if a new login' "$out"
admin apply play.yml
check "a change that lets in stays" is "$status" 0
check "sshd goes by it" says 'logingracetime 90' <(lab exec head sshd -T)
check "it is there" lab exec head test -e /etc/ssh/sshd_config.d/50-good.conf

returned "sshd: nobody may" '    - copy: {dest: /etc/ssh/sshd_config.d/10-nobody.conf, content: "AllowUsers nobody\n"}' 'login'
returned "sshd: a word that it doesn't know" '    - lineinfile: {path: /etc/ssh/sshd_config, line: "Permits all"}' 'Permits'
returned "sshd: it is stopped" '    - service: {name: ssh, state: stopped}' 'login'
returned "keys: they go" '    - copy: {dest: /home/admin/.ssh/authorized_keys, content: "# none\n", owner: admin, mode: "0600"}' 'login'
returned "account: its shell" '    - user: {name: admin, shell: /bin/false}' 'login'
returned "the login shell: nobody may run it" '    - file: {path: /bin/bash, mode: "0600"}' 'login'
returned "sudo: it is nobody's program" '    - file: {path: /usr/bin/sudo, owner: nobody}' 'login'
returned "sudo: not without a password" '    - copy: {dest: /etc/sudoers.d/zz, content: "admin ALL=(ALL) ALL\n", mode: "0440"}' 'login'
returned "PAM: nobody has an account" '    - lineinfile: {path: /etc/pam.d/sshd, line: "account required pam_deny.so", insertbefore: BOF}' 'login'
returned "a command" '    - shell: passwd -l admin; usermod -s /bin/false admin' 'login'

# What a user has beside the keys may have any name, and be a pipe.
lab exec head touch /srv/kept
lab as admin head sh -c 'mkdir -p "/home/admin/.ssh/rc/x
/srv" && mkfifo /home/admin/.ssh/rc/pipe && ln -s pipe /home/admin/.ssh/rc/link'
returned "names of two lines, and pipes" '    - copy: {dest: /etc/ssh/sshd_config.d/10-nobody.conf, content: "AllowUsers nobody\n"}' 'login'
check "names of two lines lead nobody elsewhere" lab exec head test -e /srv/kept
lab exec head rm -r /home/admin/.ssh/rc

# Whatever the task had changed when it failed goes at once: its warden waits for nobody.
before_failing=$(date +%s)
returned "a command that fails" '    - shell: usermod -s /bin/false admin; exit 3' 'exit status 3\|status 3\|exit 3'
check "a command that fails: that its changes went is told" says 'was taken back' "$work/told"
returned "a file that is refused" '    - copy: {dest: /etc/sudoers.d/zz, content: "no\n", validate: "visudo -cf %s"}' 'refused'
check "tasks that fail are not waited for" [ $(($(date +%s) - before_failing)) -lt 100 ]

# The file alone changes nothing: it is put back when what loads it locks out.
before=$(lab exec head sh -c 'apt-get update && apt-get install -y nftables && cat /etc/nftables.conf' 2>/dev/null | tail -5)
play '    - copy: {dest: /etc/nftables.conf, content: "table inet x { chain in { type filter hook input priority 0; policy drop; }; }\n"}'
admin apply play.yml
check "firewall: a file that nothing has loaded stays" is "$status" 0
check "firewall: nobody's secrets are kept beside it" is \
	"$(lab exec head find /var/lib/beoplay/unproven -name '*shadow*' -o -path '*/ssh/*')" ''
play '    - command: nft -f /etc/nftables.conf'
admin apply play.yml -v
check "firewall: loading it fails" is "$status" 2
check "firewall: it is said that the file went back, too" says 'not been loaded before: /etc/nftables.conf' "$out"
check "firewall: the file is as before" is "$(lab exec head tail -5 /etc/nftables.conf)" "$before"
check "firewall: no rule is left" is "$(lab exec head nft list ruleset)" ''
check "firewall: the node lets in" is "$(lets_in 2>&1)" 0

# Without become it is the user's own agent that takes it back.
play '    - copy: {dest: /home/admin/.ssh/authorized_keys, content: "# none\n", mode: "0600"}'
ways >"$work/before"
"$BEOPLAY" apply play.yml -v --user admin --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
check "an ordinary user's keys: it fails" code host.login-lost
check "an ordinary user's keys: the node lets in" is "$(lets_in 2>&1)" 0
check "an ordinary user's keys: they are as before" diff <(grep authorized "$work/before") <(ways | grep authorized)
play '    - copy: {dest: /home/admin/.bashrc, content: "# nothing\n"}'
"$BEOPLAY" apply play.yml -v --user admin --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
check "an ordinary user's change that lets in stays" is "$(lab exec head cat /home/admin/.bashrc)" '# nothing'
