#!/bin/sh
# Several playbooks that want the same thing, several tasks that do, and tasks that fail: whose a thing is,
# who may take it away, and what is never taken away. All is looked at on the node itself.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 1 owners

# book NAME TASK…: a playbook for the node, a task an argument.
book() {
	name=$1
	shift
	{
		printf -- '- hosts: head\n  tasks:\n'
		for task; do printf '    - %s\n' "$task"; done
	} >"$name.yml"
}
content() { lab exec head cat "$1" 2>/dev/null; }

# --- One package, two playbooks ---
book a 'apt: {name: [hello]}'
book b 'apt: {name: [hello, tree], update_cache: yes}'
book nothing 'file: {path: /srv, state: directory}'
beoplay a.yml
beoplay b.yml
check "a second playbook may want a package of the first among others" is "$status" 0
check "and nobody wished otherwise until now" silent "until now" ../out
beoplay a.yml
check "the first still finds it as it wishes" is "$status$(recap head changed)" 00
cp nothing.yml a.yml
beoplay a.yml --prune
check "one lets go of it" is "$status" 0
check "it stays for the other" lab exec head test -x /usr/bin/hello
cp nothing.yml b.yml
beoplay b.yml --prune
check "the last one that lets go takes it away" lab exec head test ! -e /usr/bin/hello
check "with what it alone had" lab exec head test ! -e /usr/bin/tree

# --- One file, two playbooks: wished the same or otherwise, unchanged, changed or new ---
first() { book a "copy: {content: '$1', dest: /etc/shared}"; beoplay a.yml; }
second() { book b "copy: {content: '$1', dest: /etc/shared, backup: no}"; beoplay b.yml; }
lab exec head sh -c 'echo before >/etc/shared'
first one
second one
check "a new wish for the same is no conflict" is "$status" 0
second two
check "a changed wish takes over" is "$status$(content /etc/shared)" 0two
check "and says from whom" says "until now a.yml of" ../out
second two
check "again there is nothing to say" silent "until now" ../out
first one
check "who wishes unchanged what was overwritten fails" is "$status" 2
check "both are named" says "b.yml of project .* has changed it since, and here a.yml" ../out
check "and the file is left alone" is "$(content /etc/shared)" two
beoplay -C a.yml
check "a dry run says so, too" says "b.yml of project .* has changed it since" ../out
first three
check "a changed wish takes over again" is "$status$(content /etc/shared)" 0three
second three
check "two that agree are at peace" is "$status$(recap head changed)" 00
first three
check "in whatever order" is "$status$(recap head changed)" 00
lab exec head sh -c 'echo by hand >/etc/shared'
first three
check "what was changed by hand comes back for both" is "$status$(content /etc/shared)" 0three
cp nothing.yml a.yml
beoplay a.yml --prune
check "while another has it, it stays" is "$(content /etc/shared)" three
check "and that is said" says "as another playbook has it" ../out
beoplay rollback b.yml --to nothing
check "the last owner's undo leads to what was before the first" is "$(content /etc/shared)" before

# --- The other order ---
first one
second two
cp nothing.yml b.yml
beoplay b.yml --prune
check "the later owner lets go first: it is as the earlier wishes" is "$(content /etc/shared)" one
first one
check "which stands again" is "$status$(recap head changed)$(content /etc/shared)" 00one
beoplay rollback a.yml --to nothing
check "its undo leads to before both" is "$(content /etc/shared)" before

# --- What a later version took out of a file, and nobody pruned ---
hosts_now() { lab exec head sh -c 'grep -E "10\.[89]\." /etc/hosts | tr "\n" ";"'; }
# twice MODULE: FIRST SECOND: two versions of a playbook, and back to the first.
twice() {
	book "$1" "$2" && beoplay "$1.yml"
	book "$1" "$3" && beoplay "$1.yml"
	beoplay rollback "$1.yml"
}
printer='hosts: {group: all, extra: [{address: 10.9.9.3, names: [printer]}]}'
scanner='hosts: {group: all, extra: [{address: 10.9.9.1, names: [scanner]}]}'
twice entries "$printer" "$scanner"
check "an entry that only a later version hadn't comes back" is "$(hosts_now)" "10.9.9.3 printer;"
beoplay rollback entries.yml --to nothing
check "and goes away with all else" is "$(hosts_now)" ""
twice entries "$printer" "$scanner"
lab exec head sh -c 'echo "10.8.8.8 byhand" >>/etc/hosts'
beoplay rollback entries.yml --to nothing
check "also where somebody has changed the file beside it" is "$(hosts_now)" "10.8.8.8 byhand;"
twice parts 'lineinfile: {path: /etc/parts, line: first, create: yes}' \
	'copy: {content: "second\n", dest: /etc/parts}'
check "so does a line in a file that later came as a whole" is "$(content /etc/parts)" first
beoplay rollback parts.yml --to nothing
check "and goes away, and the file with it" lab exec head test ! -e /etc/parts

# --- Two playbooks with the same hosts ---
book a 'hosts: {extra: [{address: 10.9.9.1, names: [x1]}]}'
book b 'hosts: {extra: [{address: 10.9.9.1, names: [x1]}]}'
beoplay a.yml
beoplay b.yml
sed -i s/10.9.9.1/10.9.9.2/ a.yml b.yml
beoplay a.yml
check "an address that changes in both can be applied by one" is "$status" 0
beoplay b.yml
check "and by the other" is "$status" 0
check "it is the new one" is "$(lab exec head grep -c '^10.9.9.2 x1$' /etc/hosts)" 1

# --- Several that look after parts of one file ---
names_now() { lab exec head sed -n '/^# BEGIN beoplay hosts/,/^# END/s/^10[.]9[.][0-9.]* //p' /etc/hosts | tr '\n' ' '; }
entry() { printf 'hosts: {extra: [{address: 10.9.%s, names: [%s]}]}' "$1" "$2"; }
book a "$(entry 1.1 tape)" && beoplay rollback b.yml --to nothing && beoplay a.yml
book b "$(entry 1.2 scan)" "$(entry 1.3 plot)" && beoplay b.yml
check "entries of two playbooks and of two tasks are all there" is "$status $(names_now)" "0 tape scan plot "
beoplay a.yml
check "the first leaves those of others alone" is "$status$(recap head changed)$(names_now)" "00tape scan plot "
beoplay b.yml
check "and so does the second" is "$status$(recap head changed)$(names_now)" "00tape scan plot "
book b "$(entry 1.2 scan)" "$(entry 1.4 plot2)" && beoplay b.yml
check "an entry that its task doesn't want any more goes at once" is "$status $(names_now)" "0 tape scan plot2 "
book both 'hosts: {extra: [{address: 10.9.1.1, names: [tape]}, {address: 10.9.1.5, names: [disk]}]}'
beoplay both.yml
beoplay a.yml
check "what two playbooks have changes for neither" is "$status$(recap head changed)$(names_now)" \
	"00tape scan plot2 disk "
book both "$(entry 1.5 disk)" && beoplay both.yml
check "one of them lets go of it, and it stays" is "$status $(names_now)" "0 tape scan plot2 disk "
check "of which there is nothing to say" silent "orphan\|tape" ../out
book a "$(entry 1.6 robot)" && beoplay a.yml
check "with the last one it goes" is "$status $(names_now)" "0 robot scan plot2 disk "
book looped 'hosts: {extra: [{address: "10.9.2.{{ item }}", names: ["l{{ item }}"]}]}
      loop: [1, 2, 3]'
beoplay looped.yml
check "a loop adds an entry each" is "$status $(names_now)" "0 robot scan plot2 disk l1 l2 l3 "
beoplay looped.yml
check "and changes nothing the next time" is "$status$(recap head changed)" 00
book b 'hosts: {group: "!all", state: absent}' && beoplay b.yml
beoplay rollback b.yml --to nothing
beoplay rollback looped.yml --to nothing
check "an undo takes only what is its own" is "$status $(names_now)" "0 robot disk "
beoplay rollback a.yml --to nothing
beoplay rollback both.yml --to nothing
check "the last undo takes the block away" is "$(lab exec head grep -c beoplay /etc/hosts)" 0

# --- Two tasks of one playbook for one thing ---
book twice 'copy: {content: first, dest: /etc/twice}' 'copy: {content: second, dest: /etc/twice}'
beoplay twice.yml
check "of two tasks for one thing the later counts" is "$(content /etc/twice)" second
check "which is said once" is "$(grep -c 'the task .copy. of this playbook wishes otherwise' ../out)" 1
book twice 'file: {path: /etc/twice, mode: "0600"}' 'file: {path: /etc/twice, owner: root}'
beoplay twice.yml
check "two that agree are nothing to talk about" silent "wishes otherwise" ../out
before=$(lab snapshot head | sha256sum)
beoplay twice.yml
check "and a run with nothing to do writes nothing" is "$(lab snapshot head | sha256sum)" "$before"

# --- Tasks that fail, and people who help themselves ---
lab exec head useradd -m -u 1500 blocker
book fails 'user: {name: carol, uid: 1500}'
beoplay fails.yml
check "a user whose number is taken fails" is "$status" 2
lab exec head sh -c 'userdel blocker; useradd -m -u 1500 carol; echo precious >/home/carol/thesis'
beoplay fails.yml
cp nothing.yml fails.yml
beoplay fails.yml --prune
check "what somebody made by hand afterwards isn't undone" is "$(content /home/carol/thesis)" precious
check "the user is still there" lab exec head getent passwd carol

book fails 'copy: {content: "x", dest: /etc/refused, validate: "/bin/false %s"}'
beoplay fails.yml
lab exec head sh -c 'echo by hand >/etc/refused'
cp nothing.yml fails.yml
beoplay fails.yml --prune
check "nor a file that a check had refused" is "$(content /etc/refused)" "by hand"

book fails 'group: {name: games}' 'file: {path: /proc/beoplay, state: directory}'
beoplay fails.yml
check "a directory that can't be made fails" is "$status" 2
check "and isn't known as made" is "$(beoplay status fails.yml; grep -c /proc/beoplay ../out)" 0
book fails 'file-sync: {src: tree, dest: /srv/partly}'
mkdir tree
for i in 1 2 3; do echo "$i" >tree/$i; done
lab exec head sh -c 'mkdir -p /srv/partly/2/full'
beoplay fails.yml
check "a tree of which a part is in the way fails" is "$status" 2
rm -r tree/2 && lab exec head rm -r /srv/partly/2
lab exec head sh -c 'echo mine >/srv/partly/2'
beoplay rollback fails.yml --to nothing
check "what it made is undone" lab exec head test ! -e /srv/partly/1
check "what it didn't make isn't" is "$(content /srv/partly/2)" mine

# --- A repair is no version ---
book repaired 'apt: {name: hello}' 'copy: {content: one, dest: /etc/version}'
beoplay repaired.yml
sed -i 's/content: one/content: two/' repaired.yml
lab exec head sh -c 'dpkg -r hello >/dev/null'
beoplay repaired.yml
check "a package that was removed by hand comes back" lab exec head test -x /usr/bin/hello
installed=$(lab exec head stat -c %i /usr/bin/hello)
beoplay rollback repaired.yml
check "a rollback to the version before brings that back" is "$(content /etc/version)" one
check "and leaves the package, which that wants, alone" is \
	"$(lab exec head stat -c %i /usr/bin/hello)" "$installed"
beoplay rollback repaired.yml --to nothing
check "to nothing takes it away" lab exec head test ! -e /usr/bin/hello

# --- Two playbooks over one thing, one after the other: whichever goes back first, all is as it was ---
lab exec head sh -c 'mkdir -p /srv/two/tree; cd /srv/two; printf "k=1\nk=2\nk=3\n" >lines; echo t >tree/t1; echo t >tree/t2
	printf "x\n# BEGIN ANSIBLE MANAGED BLOCK\nold\n# END ANSIBLE MANAGED BLOCK\ny\n" >block
	useradd -m -s /bin/sh -c old twice'
mkdir -p one/tree other/tree
echo n >one/tree/t1
echo n >one/tree/t3
echo m >other/tree/t2
echo m >other/tree/t4
there_is() {
	lab exec head sh -c 'sort /etc/passwd /etc/group; cd /srv/two; find . -printf "%p %y %m %u %g\n" | sort
		find . -type f | sort | while read -r name; do echo "$name"; cat "$name"; done; ls -ld /home/twice'
}
both() { # NAME TASK TASK
	for order in 'one two' 'two one'; do
		book one "$2"
		book two "$3"
		there_is >../before
		beoplay one.yml
		beoplay two.yml
		there_is | cmp -s - ../before && echo "not ok $1 changes something"
		for name in $order; do beoplay rollback "$name.yml" --to nothing; done
		there_is >../after
		check "$1: $order go back" is "$status$(diff ../before ../after)" 0
	done
}
both 'lines of a pattern' 'lineinfile: {path: /srv/two/lines, regexp: ^k=, line: k=9}' \
	'lineinfile: {path: /srv/two/lines, regexp: ^k=, state: absent}'
both 'the first and the last of them' 'lineinfile: {path: /srv/two/lines, regexp: ^k=, line: k=8}' \
	'lineinfile: {path: /srv/two/lines, regexp: ^k=, line: k=7, firstmatch: yes}'
both 'a block' 'blockinfile: {path: /srv/two/block, state: absent}' \
	'blockinfile: {path: /srv/two/block, block: new, insertbefore: BOF}'
both 'a tree' 'file-sync: {src: one/tree/, dest: /srv/two/tree}' \
	'file-sync: {src: other/tree/, dest: /srv/two/tree, delete: yes}'
both 'owners and modes' 'file: {path: /srv/two/tree, owner: twice, recurse: yes}' \
	'file: {path: /srv/two/tree, mode: "u=rwX,go=", recurse: yes}'
both 'a user' 'user: {name: twice, shell: /bin/bash, comment: new}' 'user: {name: twice, state: absent}'
both 'a group' 'group: {name: twogroup, gid: 4321}' 'group: {name: twogroup, gid: 4322}'

# --- A directory whose content goes before it ---
book full 'file: {path: /srv/full, state: directory}' 'copy: {content: x, dest: /srv/full/x}'
beoplay full.yml
beoplay rollback full.yml --to nothing --check
check "a dry run of its undo doesn't say that it stays" silent "note: .*/srv/full. stays" ../out
check "but that it may go" is "$(recap head changed)$(recap head may_change)" 11
beoplay rollback full.yml --to nothing
check "as it does" lab exec head test ! -e /srv/full

# --- What nobody can change, not even root ---
# chattr isn't on every Debian: FS_IOC_SETFLAGS, with FS_IMMUTABLE_FL or nothing.
set_flags() {
	lab exec head perl -e 'my ($file, $flags) = (undef, pack("L", $ARGV[1]));
		open($file, "<", $ARGV[0]) && ioctl($file, 0x40086602, $flags) or die "$ARGV[0]: $!\n"' "$@"
}
book immutable 'copy: {content: x, dest: /etc/immutable}' 'file: {path: /etc/immutable, mode: "0600"}'
lab exec head sh -c 'echo mine >/etc/immutable'
set_flags /etc/immutable 16
beoplay immutable.yml
check "of an immutable file it is said how to see that" says 'lsattr' ../out
check "and it is as it was" is "$status$(content /etc/immutable)" 2mine
set_flags /etc/immutable 0
beoplay immutable.yml
check "without that mark it is changed" is "$status$(content /etc/immutable)" 0x
