#!/bin/sh
# Saved plans: just what was planned is done, and only where nothing has moved on, on lab nodes.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 3 plan
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - name: a file
      copy: {content: "one\n", dest: /etc/plan.one, mode: 0644}
      notify: told
    - name: a secret
      copy: {content: "{{ word }}\n", dest: /etc/plan.secret, mode: 0600}
    - name: a package
      apt: {name: hello}
    - name: its user
      user: {name: planned}
    - name: each
      copy: {content: "{{ item }}\n", dest: "/etc/plan.{{ item }}"}
      loop: [a, b]
    - name: as it is
      file: {path: /etc/debian_version, mode: 0644}
  handlers:
    - name: told
      shell: echo told >>/root/told
E2
printf 'word: sesame-open\n' >secrets.yml
state() { for node in head node1 node2; do lab snapshot $node; done >"$1"; }
same() { diff "$1" "$2" | grep '^[<>]' | head -n 3; cmp -s "$1" "$2"; }
beoplay_as_is() {
	"$BEOPLAY" "$@" >../out 2>../err </dev/null
	status=$?
}

# --- Made ---
state ../blank
beoplay plan site.yml -o it.plan -e @secrets.yml
check "a plan is made" is "$status" 0
check "it says how to apply it" says "beoplay apply it.plan applies exactly these" ../out
check "with what it would do" says "would change: head,node\[1-2\]" ../out
state ../now
check "nothing is touched" same ../blank ../now
check "only its owner may read it" is "$(stat -c %a it.plan)" 600
check "no secret is in it" is "$(grep -c sesame it.plan)" 0
check "nor a content" is "$(grep -c '^one' it.plan)" 0
check "the key is the user's alone" is "$(stat -c '%a %s' ~/.config/beoplay/plan.key)" "600 32"

# --- Refused ---
cp it.plan altered.plan
printf x | dd of=altered.plan bs=1 seek=400 conv=notrunc 2>/dev/null
beoplay apply altered.plan
check "an altered plan is refused" is "$status" 1
check "and says so" says "was altered" ../err
head -c 1000 it.plan >short.plan
beoplay apply short.plan
check "one that was cut is refused" says "was altered" ../err
sed '1s/^beoplay-plan 1/beoplay-plan 2/' it.plan >newer.plan
beoplay apply newer.plan
check "one of another version is refused" says "another version" ../err
XDG_CONFIG_HOME=$work/somebody beoplay apply it.plan
check "somebody else can't apply it" says "make a new one" ../err
cp site.yml kept.yml
echo '# a remark' >>site.yml
beoplay apply it.plan
check "with another text it is refused" is "$status" 1
check "which is named" says "'site.yml' has changed since the plan was made" ../err
cp kept.yml site.yml
mkdir host_vars && echo 'word: else' >host_vars/node1.yml
beoplay apply it.plan
check "with more of it, too" says "'host_vars/node1.yml' has come" ../err
rm -r host_vars
printf 'word: other\n' >secrets.yml
beoplay apply it.plan
check "with another secret, too" says "'secrets.yml' has changed" ../err
printf 'word: sesame-open\n' >secrets.yml
beoplay apply it.plan -l head
check "other hosts can't be asked for" says "has its own inventory" ../err
state ../now
check "after all that nothing is touched" same ../blank ../now

# --- Applied, where somebody has changed one node by hand ---
lab exec node1 sh -c 'echo mine >/etc/plan.one'
lab snapshot node1 >../by-hand
beoplay apply it.plan --check
check "a dry run of a plan says what is stale" says "node1: stale: a file: /etc/plan.one" ../err
check "with exit code 2" is "$status" 2
beoplay_as_is apply it.plan
check "the way to the hosts is in the plan; a host that has moved on gives exit code 2" is "$status" 2
check "what has moved is named" says "stale: a file: /etc/plan.one" ../out
lab snapshot node1 >../now
check "nothing is done there" same ../by-hand ../now
check "the others are done" is "$(recap head changed)$(recap node2 changed)" 66
check "as planned" is "$(lab exec node2 cat /etc/plan.one /etc/plan.b /etc/plan.secret)" \
	"$(printf 'one\nb\nsesame-open')"
check "what depended on it, too" is "$(lab exec node2 sh -c 'hello; id -un planned; cat /root/told')" \
	"$(printf 'Hello, world!\nplanned\ntold')"
beoplay apply it.plan
check "what is done already isn't done again" is "$(recap head changed)" 0

# --- No others ---
beoplay site.yml -e @secrets.yml
beoplay plan site.yml -o nothing.plan -e @secrets.yml
lab exec head chmod 600 /etc/debian_version
beoplay apply nothing.plan
check "what wasn't to be changed is not" is "$(lab exec head stat -c %a /etc/debian_version)" 600
check "it is named with what it was" says "/etc/debian_version mode was not to be changed" ../out
lab exec head chmod 644 /etc/debian_version

# --- While it is being applied ---
cat >slow.yml <<'E2'
- hosts: all
  tasks:
    - shell: touch /root/begun; timeout 120 sh -c "until test -e /root/go; do sleep 0.1; done"
    - copy: {content: "two\n", dest: /etc/plan.slow}
E2
beoplay plan slow.yml -o slow.plan
{
	until_true lab exec head test -e /root/begun
	lab exec head sh -c 'echo meanwhile >/etc/plan.slow'
	for node in $LAB_NODES; do lab exec "$node" touch /root/go; done
} &
beoplay apply slow.plan
wait
check "what changes while a plan is applied is left alone" is "$(lab exec head cat /etc/plan.slow)" meanwhile
check "and named by the node" says "stale: /etc/plan.slow (content) has changed since" ../out
check "the others go on" is "$(lab exec node1 cat /etc/plan.slow)" two

# --- Values of the command line ---
beoplay plan site.yml -o word.plan -e word=abracadabra
check "a value of the command line isn't in it" is "$(grep -c abracadabra word.plan)" 0
beoplay apply word.plan
check "it is asked for again" says "give the same -e again" ../err
beoplay apply word.plan -e word=wrong
check "another one is refused" says "since the plan was made" ../err
lab exec head sh -c 'echo one >/etc/plan.one'
lab exec node1 sh -c 'echo one >/etc/plan.one'
lab exec node2 sh -c 'echo one >/etc/plan.one'
beoplay plan site.yml -o word.plan -e word=abracadabra
beoplay apply word.plan -e word=abracadabra
check "the same one will do" is "$status" 0
check "and is applied" is "$(lab exec node1 cat /etc/plan.secret)" abracadabra

# --- With what goes, with hosts that aren't there, of an older text ---
sed '/a file/,/told/d' kept.yml >site.yml
beoplay plan site.yml --prune -o prune.plan -e word=abracadabra
check "a plan has what is to go" says "/etc/plan.one state: file → absent" ../out
lab exec node1 sh -c 'echo mine >/etc/plan.one'
beoplay apply prune.plan -e word=abracadabra
check "what moved on doesn't go" is "$(lab exec node1 cat /etc/plan.one)" mine
check "the rest goes" is "$(lab exec head ls /etc/plan.one 2>&1 | wc -c)" \
	"$(echo "ls: cannot access '/etc/plan.one': No such file or directory" | wc -c)"
printf -- '- hosts: all\n  tasks:\n    - copy: {content: "3\\n", dest: /etc/plan.three}\n' >small.yml
lab silence node2
beoplay plan small.yml -o small.plan -T 2
check "a plan without a host that isn't there" is "$status" 4
check "says so" says "on 2 of 3 hosts" ../out
beoplay apply small.plan
check "is applied on the others" is "$status" 0
check "and only there" silent "node2" ../out
beoplay small.yml -l head
lab unsilence node2
sed -i 's/3/4/' small.yml
beoplay plan small.yml -o four.plan
lab silence node2
beoplay apply four.plan -T 2
check "a host that has gone gives exit code 4" is "$status" 4
check "the others are done" is "$(lab exec node1 cat /etc/plan.three)" 4
lab unsilence node2
beoplay apply four.plan
check "later the rest is done" is "$status$(lab exec node2 cat /etc/plan.three)" 04
"$BEOPLAY" log small.yml >../out
beoplay plan small.yml --at "$(sed -n 's/^run \([0-9]*\) .*/\1/p' ../out | tail -n 1)" -o old.plan
check "a text of the past is planned" is "$status" 0
beoplay apply old.plan
check "and applied" is "$(lab exec head cat /etc/plan.three)" 3
