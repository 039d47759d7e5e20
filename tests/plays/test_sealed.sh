#!/bin/bash
# What nodes keep of a text is sealed: nothing secret is found on a node where it doesn't belong, and no
# node's word and no old text decides what is run where, on lab nodes.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
formats=$PWD/tests/formats
nodes 3
mkdir -p "$work/cluster/host_vars" "$work/cluster/files"
cd "$work/cluster" || exit 1
cp "$LAB/inventory.yml" hosts.yml
keys=~/.config/beoplay/keys

# gather [NODE…]: all that nodes have on their disks, and once more what is packed in it, wherever in a file that begins.
gather() {
	local node file at
	rm -rf ../disks
	for node in ${*:-$LAB_NODES}; do
		mkdir -p "../disks/$node"
		lab exec "$node" tar -C / --exclude=./proc --exclude=./sys --exclude=./usr --exclude=./srv/apt \
			--exclude=./var/lib/dpkg --exclude=./var/lib/apt --exclude=./var/cache \
			-c . 2>/dev/null | tar -x -C "../disks/$node" --no-same-owner 2>/dev/null
		rm -f "../disks/$node"/var/lib/beoplay/agent-*
		find "../disks/$node/var/lib/beoplay" -type f -exec env LC_ALL=C grep -HobUaP '\x28\xb5\x2f\xfd' {} + |
			LC_ALL=C cut -d : -f 1,2 | while IFS=: read -r file at; do
				tail -c +$((at + 1)) "$file" | zstd -dcq >>"$file.unpacked" 2>/dev/null
			done
	done
}
# found TEXT: the files in which it stands, as "node1/etc/token".
found() { grep -rlaF -- "$1" ../disks | sed 's|^../disks/||' | sort; }
in_history() {
	local git="git --git-dir .beoplay/history.git"
	$git cat-file --batch-all-objects --batch-check | while read -r object kind _; do
		! $git cat-file "$kind" "$object" | grep -qaF -- "$1" || echo "$object"
	done
}
run_of() { "$BEOPLAY" show "$1" | grep -o '2[0-9]\{7\}T[0-9]*Z-[0-9.]*' | head -n 1; }

# --- Nothing secret lies where it doesn't belong ---
echo 'db_password: OF-NODE2-ALONE' >host_vars/node2.yml
echo 'IN-A-PRIVATE-FILE' >files/token
chmod 600 files/token
echo 'IN-A-QUIET-TASK' >files/quiet
write_text() {
	cat <<-TEXT
	- hosts: all
	  gather_facts: false
	  tasks:
	    - copy: {content: "$1 {{ color }}\n", dest: /etc/version}
	- hosts: node2
	  gather_facts: false
	  tasks:
	    - copy: {src: token, dest: /etc/token}
	    - copy: {src: quiet, dest: /etc/quiet, mode: "0644"}
	      no_log: true
	    - copy: {content: "{{ db_password }}\n", dest: /etc/password, mode: "0600"}
	      no_log: true
	TEXT
}
write_text first >site.yml
beoplay site.yml -e color=red -e api_key=CAME-WITH-E
check "a first run makes a key" is "$status $(ls "$keys" | wc -l)" "0 1"
check "it says so, and what to do" says "beoplay key export" ../err
check "nobody else can read it" is "$(stat -c %a "$keys" "$keys"/* | tr '\n' ' ')" "700 600 "
write_text second >site.yml
beoplay site.yml -e color=blue -e '{api_key: CAME-WITH-E}'
check "a second run says nothing of it" silent "key" ../err
gather
check "what nodes have is looked at" is "$(found "second blue")" "$(echo head/etc/version; echo node1/etc/version; echo node2/etc/version)"
check "a host's own variable is on that host alone" is "$(found OF-NODE2-ALONE)" node2/etc/password
check "a file that not everybody may read, too" is "$(found IN-A-PRIVATE-FILE)" node2/etc/token
check "what a task of which nothing is logged brings, too" is "$(found IN-A-QUIET-TASK)" node2/etc/quiet
check "values of -e are on no node" is "$(found CAME-WITH-E)" ""
check "and not in the history" is "$(in_history CAME-WITH-E)" ""
check "the nodes keep no text that can be read" is "$(found 'hosts: node2')" ""
check "but they keep it" is "$(grep -raoF BEOPACK ../disks/node1/var/lib/beoplay | wc -l)" 2

# --- Values of -e are given again ---
beoplay rollback site.yml
check "a rollback asks for the values that came with -e" says "-e color=VALUE\|-e api_key=VALUE" ../err
check "before anything is done" is "$status $(lab exec head cat /etc/version)" "1 second blue"
beoplay rollback site.yml -e color=green -e api_key=CAME-WITH-E
check "with them it goes on" is "$status $(lab exec head cat /etc/version)" "0 first green"
check "a value that is another one is named" says "'color' isn't what it was then" ../err
check "one that isn't is not" silent "api_key" ../err
write_text second >site.yml
beoplay site.yml -e color=blue -e api_key=CAME-WITH-E

# --- Without the history: the key, and what the hosts agree on ---
first=$(run_of 3)
mv .beoplay ../history
beoplay rollback site.yml -e color=red -e api_key=CAME-WITH-E
check "without a terminal the run must be named" is "$status" 1
check "the error names it" says "--to $first" ../err
beoplay rollback site.yml -e color=red -e api_key=CAME-WITH-E --to 1
check "another name isn't taken" says "only the text before the last one is known" ../err
lab exec node1 true
mv "$keys" ../keys
beoplay rollback site.yml -e color=red -e api_key=CAME-WITH-E --to "$first"
check "without the key nothing is believed" is "$status $(lab exec head cat /etc/version)" "1 second blue"
check "it is said which key it takes" says "you don't have its key [0-9a-f]" ../err
mv ../keys "$keys"
echo 'ANOTHER-ONE-TODAY' >files/token
beoplay rollback site.yml -e color=green -e api_key=CAME-WITH-E --to "$first"
check "with it, the text that the hosts kept is applied" is "$status $(lab exec head cat /etc/version)" \
	"0 first green"
check "what isn't known of it any more is left as it is" says "node2: left as it is: what 'copy'" ../err
check "whatever it is today" is "$(lab exec node2 cat /etc/token)" IN-A-PRIVATE-FILE
rm -rf .beoplay
"$BEOPLAY" key revoke "$(ls "$keys" | head -n 1)" >../out 2>../err
beoplay rollback site.yml -e color=red -e api_key=CAME-WITH-E --to "$first"
check "what a revoked key sealed is not believed" says "is revoked" ../err
rm "$keys/revoked"

# --- Hosts that don't agree ---
mkdir "$work/apart"
cd "$work/apart" || exit 1
cp "$LAB/inventory.yml" hosts.yml
for text in one two three four; do
	printf -- '- hosts: all\n  tasks:\n    - copy: {content: %s, dest: /etc/apart}\n' $text >site.yml
	case $text in
	one) beoplay site.yml -l head --no-others ;;
	two) beoplay site.yml -l node1 --no-others ;;
	*) beoplay site.yml ;;
	esac
done
mv .beoplay ../apart-history
beoplay rollback site.yml --to nobody
check "a common text is found, whatever was before" says "only the text before the last one is known: run 3" ../err
beoplay rollback site.yml --to 3
check "and gone back to" is "$status $(lab exec node1 cat /etc/apart)" "0 three"
mkdir "$work/split"
cd "$work/split" || exit 1
cp "$LAB/inventory.yml" hosts.yml
for text in one two three; do
	printf -- '- hosts: all\n  tasks:\n    - copy: {content: %s, dest: /etc/split}\n' $text >site.yml
	case $text in
	one) beoplay site.yml -l head --no-others ;;
	two) beoplay site.yml -l node1 --no-others ;;
	*) beoplay site.yml ;;
	esac
done
mv .beoplay ../split-history
beoplay rollback site.yml --to 1
check "hosts that had different texts are not brought under one" is "$status" 1
check "both are named with run and date" says "head has run 1 of .*; node1 has run 2 of .*, by " ../err
check "nothing is done" is "$(lab exec node1 cat /etc/split)" three

# --- A copy of a node's disk ---
lab exec node1 tar -C /var/lib/beoplay -c . | lab exec node2 sh -c 'rm -rf /var/lib/beoplay; mkdir -m 700 /var/lib/beoplay; tar -C /var/lib/beoplay -x'
lab exec node1 cat /etc/machine-id | lab exec node2 tee /etc/machine-id >/dev/null
beoplay rollback site.yml --to 1
check "a seal of another host counts for nothing" says "node2: the seal of run .* isn't used: it is that of another host" ../err

# --- Which hosts there are, and where, is today's inventory ---
mkdir "$work/moved"
cd "$work/moved" || exit 1
pwned="$work/written-on-the-controller"
write_inventory() {
	echo 'all:'
	echo '  hosts:'
	echo "    head: {ansible_host: $(lab address head)}"
	printf '%b' "$@"
}
for node in $LAB_NODES; do
	lab exec "$node" mkdir -p "$work"
done
write_inventory "    node1: {ansible_host: $(lab address node1)}\n" \
	"    node2: {ansible_host: $(lab address node2)}\n" "    here: {ansible_connection: local}\n" >hosts.yml
for text in first second; do
	cat >site.yml <<-TEXT
	- hosts: all
	  gather_facts: false
	  tasks:
	    - copy: {content: "$text\n", dest: "$pwned-{{ inventory_hostname }}"}
	    - copy: {content: "{{ ansible_host | default('none') }}\n", dest: "$work/address-{{ inventory_hostname }}"}
	TEXT
	beoplay site.yml
	check "the $text text is applied, also here" is "$status $(cat "$pwned-here")" "0 $text"
done
rm -f "$pwned"-*
lab exec node1 sh -c "interface=\$(ip -o route get 10.0.0.10 | sed 's/.* dev \([^ ]*\).*/\1/')
	ip addr del $(lab address node1)/16 dev \$interface; ip addr add 10.0.9.9/16 dev \$interface"
echo "10.0.9.9 $(lab exec node1 cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >>"$LAB/known_hosts"
write_inventory "    node1: {ansible_host: 10.0.9.9}\n" >hosts.yml
log=$(wc -l <"$LAB/nodes/node2/log")
beoplay rollback site.yml --to 1
check "a host is reached where it is now" is "$status $(lab exec node1 cat "$pwned-node1")" "0 first"
check "values that follow its address do so" is "$(lab exec node1 cat "$work/address-node1")" 10.0.9.9
check "one that isn't in today's inventory is not contacted" is "$(wc -l <"$LAB/nodes/node2/log")" "$log"
check "it is named" says "not in today's inventory, so left alone: node2,here" ../err
check "an old text makes no host local" is "$(ls "$pwned"-* 2>/dev/null)" ""
git init -q .
git add site.yml
printf 'all: {hosts: {head: {}, here: {ansible_connection: local}}}\n' >hosts.yml
git add hosts.yml
git -c user.name=a -c user.email=a@a commit -qm one
write_inventory "    here: {ansible_host: $(lab address head)}\n" >hosts.yml
beoplay site.yml --at HEAD -l here --no-others
check "nor does a revision of the user's own" is "$status $(ls "$pwned"-* 2>/dev/null)" "0 "
check "it is reached as it is today" is "$(lab exec head cat "$pwned-here")" second
sed -i 's/gather_facts: false/connection: local/' site.yml
git -c user.name=a -c user.email=a@a commit -qam two
sed -i '/connection: local/d' site.yml
lab exec head rm "$pwned-here"
beoplay site.yml --at HEAD -l here --no-others
check "nor does a play of it" is "$status $(ls "$pwned"-* 2>/dev/null) $(lab exec head cat "$pwned-here")" "0  second"

# --- What was kept before texts were sealed ---
old=$formats/open-text-1
mkdir "$work/before"
mkdir "$work/before/cluster"
cd "$work/before/cluster" || exit 1
tar -xzf "$old/history.tar.gz"
for node in head node2; do
	lab exec "$node" rm -rf /var/lib/beoplay
	lab exec "$node" tee /etc/machine-id <"$old/machine-id" >/dev/null
	lab exec "$node" sh -c 'mkdir -m 700 /var/lib/beoplay; tar -C /var/lib/beoplay -x' <"$old/node.tar"
done
cat >hosts.yml <<TEXT
all:
  hosts:
    head: {ansible_host: $(lab address head)}
    node1: {ansible_host: 10.0.9.8}
    node2: {ansible_host: $(lab address node2)}
TEXT
printf -- '- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {content: "second red\\n", dest: /etc/version}\n' >site.yml
lab exec head sh -c 'echo second red >/etc/version'
gather head
check "a node of before has a text that can be read" is "$(found CAME-WITH-E | grep -c ^head/)" 2
check "so has the history" is "$(in_history CAME-WITH-E | wc -l)" 3
beoplay site.yml -C -l head --no-others
gather head
check "a dry run leaves that" is "$(found CAME-WITH-E | grep -c ^head/)" 2
beoplay site.yml -l head --no-others
check "the first apply says which names lay open" says \
	"Change what was secret of these: .*color.*" ../err
check "of -e, files of -e, variables of hosts, and private files" is \
	"$(grep -o 'secret of these: .*' ../err | tr -d ',' | tr ' ' '\n' | tail -n +4 | sort | tr '\n' ' ')" \
	"api_key color db_password files/token other_password "
check "but no value" silent "CAME-WITH-E\|IN-HOST-VARS\|IN-A-FILE-OF-E" ../err
gather head
check "a node is clean after an apply, also where nothing else changes" is \
	"$(recap head changed) $(found CAME-WITH-E | grep ^head/; found IN-HOST-VARS | grep ^head/)" "0 "
check "the history has no values of -e any more" is "$(in_history CAME-WITH-E; in_history IN-A-FILE-OF-E)" ""
check "nor anything that was before beside it" is "$(grep -rlaF CAME-WITH-E .beoplay)" ""
check "its runs are still there" is "$("$BEOPLAY" log | grep -c '^run [12] ')" 2
check "a host that wasn't reached is named" says "may still lie readable on node1, until" ../err
beoplay site.yml -l head --no-others
check "again and again" says "may still lie readable on node1, until" ../err
check "but the names once" silent "Change what was secret" ../err
"$BEOPLAY" forget node1 >../out 2>../err
beoplay site.yml -l head --no-others
check "until it is no more" silent "may still lie readable" ../err
beoplay site.yml -l node2 --no-others
gather node2
check "what a node keeps is cleaned whatever the history says" is "$(found CAME-WITH-E | grep ^node2/)" ""
