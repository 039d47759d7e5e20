#!/bin/bash
# Logins by password, and becoming root with one: by prompt, file and variable; what is refused, and that
# no password is anywhere it doesn't belong. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
. tests/plays/terminal.sh
nodes 3 project
out=../out err=../err screen=../screen

LOGIN=Kiesel7grau ROOT=Wurzel9tief
run() {
	"$BEOPLAY" "$@" -i inventory.yml --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null
	status=$?
}
cat >play.yml <<'END'
- hosts: all
  become: true
  tasks:
    - copy: {content: "x\n", dest: /etc/reached}
END
# head: sudo with a password; node1: only root has one to become root with; node2: asks as PAM does.
for node in $LAB_NODES; do
	lab exec "$node" sh -c "useradd -m -s /bin/bash bob; echo bob:$LOGIN | chpasswd; echo root:$ROOT | chpasswd"
done
lab exec head usermod -aG sudo bob
lab exec node1 sh -c 'chmod 600 /usr/bin/sudo; mv /usr/bin/sudo /usr/bin/nosudo'
lab exec node2 usermod -aG sudo bob
lab exec node2 sh -c "printf 'PasswordAuthentication no\nKbdInteractiveAuthentication yes\n' |
	cat - /etc/ssh/sshd_config >/etc/ssh/new && mv /etc/ssh/new /etc/ssh/sshd_config && kill -HUP 1; \
	pkill -HUP -o sshd; sleep 0.3"
echo "$LOGIN" >login
echo "$ROOT" >root
echo wrong-password >wrong
printf '\n' >empty
printf '#!/bin/sh\necho %s\n' "$LOGIN" >program
chmod +x program
of_bob() { lab exec "$1" stat -c %U /etc/reached; }

run play.yml -u bob -l head
check "without a password it is said how to give one" says "give a password with -k" "$err"
run play.yml -u bob --connection-password-file login -l head
check "a password opens a host that no key opens, and is sudo's, too" is "$(of_bob head)" root
run play.yml -u bob --connection-password-file login -l head --check
check "which is so for the same host again" is "$(recap head unreachable)" 0
check "sudo has noted nothing of its lecture" is "$(lab exec head ls /var/lib/sudo/lectured)" ""
run play.yml -u bob --conn-pass-file wrong -l head
check "a wrong password is called wrong" says "wrong password for 'bob'" "$err"
check "and was tried once" is "$(lab exec head grep -c 'Failed password' /proc/1/fd/2 2>/dev/null ||
	grep -c 'Failed password for bob' "$LAB/nodes/head/log")" 1
run play.yml -u bob --connection-password-file login --become-pass-file wrong -l head
check "a wrong password for sudo is called so" says "sudo: wrong password for 'bob'" "$err"
run play.yml -u bob --connection-password-file login -l node1
check "a host without sudo is told another way" says "there is no sudo" "$err"
run play.yml -u bob --connection-password-file login --become-method su -l node1
check "su wants root's password" says "su asks 'bob' for a password" "$err"
run play.yml -u bob --connection-password-file login --become-method su --become-password-file wrong -l node1
check "a wrong one is called so" says "su: wrong password for 'root'" "$err"
run play.yml -u bob --connection-password-file login --become-method su --become-password-file root -l node1
check "su makes root of an ordinary user" is "$(of_bob node1)" root
run play.yml -u bob --connection-password-file login -l node2
check "a server that asks by PAM alone is answered" is "$(of_bob node2)" root
run play.yml -u bob --connection-password-file wrong -l node2
check "and says, too, that a password is wrong" says "wrong password for 'bob'" "$err"
run play.yml -u root --connection-password-file root -l node2 --private-key /nonexistent
check "root's password that no sshd takes gets a remedy" says "PermitRootLogin" "$err"
lab exec node2 gpasswd -d bob sudo >/dev/null
run play.yml -u bob --connection-password-file login -l node2
check "who isn't in sudoers is told so by name" says "'bob' isn't in sudoers" "$err"
lab exec node2 sh -c 'echo "bob ALL=(ALL) /bin/true" >/etc/sudoers.d/bob'
run play.yml -u bob --connection-password-file login -l node2
check "who may do only some things as root is told so" says "sudo doesn't let 'bob' run everything" "$err"
lab exec node2 sh -c 'echo "Defaults requiretty
bob ALL=(ALL) ALL" >/etc/sudoers.d/bob'
run play.yml -u bob --connection-password-file login -l node2
check "sudo that wants a terminal is told so" says "needs a terminal there (requiretty)" "$err"
lab exec node2 sh -c 'rm /etc/sudoers.d/bob; printf "PasswordAuthentication no\nKbdInteractiveAuthentication no\n" |
	cat - /etc/ssh/sshd_config >/etc/ssh/new && mv /etc/ssh/new /etc/ssh/sshd_config; pkill -HUP -o sshd; sleep 0.3'
run play.yml -u bob --connection-password-file login -l node2
check "a server that takes no password is told so" says "lets nobody in by password" "$err"
run play.yml -u bob --connection-password-file empty
check "an empty password is none" says "is empty" "$err"
run play.yml -u bob --connection-password-file program -l head
check "a program may print one" is "$status" 0
run play.yml -u bob --connection-password-file <(./program) -l head
check "so may a file that is none" is "$status" 0
run play.yml -u bob -k -l head
check "without a terminal nobody is asked, and it is said how" says "connection-password-file" "$err"
run play.yml --become-method pbrun -l head
check "a way that isn't there is refused" says "sudo, su and doas" "$err"

# In the inventory, under all of Ansible's names; there they are secret whatever beoplay.yml says.
mkdir host_vars
echo "{ansible_user: bob, ansible_ssh_pass: $LOGIN}" >host_vars/head.yml
printf 'ansible_user: bob\nansible_password: %s\nansible_become_method: su\nansible_become_pass: %s\n' \
	$LOGIN $ROOT >host_vars/node1.yml
run play.yml -l head,node1 -vvv -D
check "passwords of the inventory count" is "$status $(recap head ok) $(recap node1 ok)" "0 1 1"
cat "$out" "$err" >>../said
run inventory --host node1
check "the inventory is shown without them" silent $ROOT "$out"
cat >two.yml <<'END'
- hosts: all
  become: true
  become_method: su
  tasks:
    - command: "true"
    - command: "true"
      become_method: sudo
END
run two.yml
check "two ways to root in one play are refused, with both places" says "two.yml:7:22: .*sudo.* 'su' in line 3" "$err"
rm -r host_vars two.yml

# At a terminal.
at() { at_terminal 80 "$BEOPLAY" "$@" -i inventory.yml --known-hosts "$LAB/known_hosts"; }
lab exec head rm /etc/reached
at play.yml -u bob -k -K -l head
answer "SSH password: " "$LOGIN"
answer "become password (empty: the SSH password): " ""
left
check "both are asked for, and one will do" is "$status $(of_bob head)" "0 root"
check "what is typed isn't shown" silent $LOGIN "$screen"
cp "$screen" ../said.terminal
at play.yml -u bob -k -l head
asked "SSH password: "
type $'half\x03'
left
check "^C at the question ends it" is "$status" 130
check "and the terminal shows again what is typed" says ' echo ' "$screen.stty"

cp -r "$HOME/.local/state/beoplay" ../state 2>/dev/null
everywhere() {
	grep -rlE "$LOGIN|$ROOT" . ../said ../said.terminal ../state "$LAB"/nodes/*/log 2>/dev/null | grep -vE '^\./(login|root|program)$'
	for node in $LAB_NODES; do
		lab exec "$node" grep -rlE "$LOGIN|$ROOT" /var /run /tmp /home /root /dev/shm 2>/dev/null
	done
}
check "no password is left anywhere" is "$(everywhere)" ""
