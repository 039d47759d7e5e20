#!/bin/sh
# Versions: what a text no longer has, status, rollback to an earlier run and to nothing, on lab
# nodes; what came back is compared with what was, by files, packages and accounts.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
. tests/plays/state.sh
plays=$PWD/tests/plays/versions
nodes 3 cluster
cp -r "$plays/files" .

for node in $LAB_NODES; do
	lab exec "$node" sh -s <"$plays/by-hand.sh"
	lab exec "$node" sh -c 'cat >/etc/init.d/beat; chmod 755 /etc/init.d/beat
		update-rc.d beat defaults; service beat start' <files/pulse
done
# A user's key is another one each time that the user is made, and a backup is called after its time.
comparable() { sed '/^.\/home\/berta\/.ssh\//d; s/[-0-9]*@[:0-9]*~/DATE~/' "$1"; }
same_again() {
	comparable "$1" >../left
	comparable "$2" >../right
	same ../left ../right
}
runs() { lab exec "$1" service "$2" status && echo yes || echo no; }

# --- Two versions ---
state_all ../blank
cp "$plays/v1.yml" site.yml
beoplay site.yml
check "the first version is applied" is "$status" 0
state_all ../first
cp "$plays/v2.yml" site.yml
beoplay site.yml
check "the second version is applied" is "$status" 0
check "what the text no longer has is named" says "head,node\[1-2\]: file:/etc/only-first" ../out
check "with the way to undo it" says "prune undoes it" ../out
state_all ../second
beoplay site.yml
check "then nothing changes" is "$(recap head changed)$(recap node1 changed)" 00

# --- What there is to see ---
"$BEOPLAY" log >../out 2>../err
check "the log has all runs" is "$(grep -c '^run [123] ' ../out)" 3
"$BEOPLAY" show 1 >../out 2>../err
check "a run is shown with its text" says "content: first" ../out
"$BEOPLAY" diff 1 2 >../out 2>../err
check "the difference between two texts is shown" says "^-.*path: /etc/lines, line: one" ../out
beoplay status site.yml
check "status says which run and when" says "head,node\[1-2\]: run 2 of " ../out
check "orphans are not clean" is "$status" 3

# --- Back to the first ---
beoplay rollback site.yml --check --diff
check "a dry run of a rollback succeeds" is "$status" 0
check "it shows additions going away" says "/etc/only-second state: file → absent" ../out
state_all ../now
check "it touches nothing" same ../second ../now
lab exec head rm /run/versions-shell
beoplay rollback site.yml
check "the rollback succeeds" is "$status" 0
state_all ../now
check "files, packages and accounts are as after the first version" same ../first ../now
check "old commands are not run again" is "$(lab exec head ls /run/versions-shell 2>&1)" \
	"ls: cannot access '/run/versions-shell': No such file or directory"
check "they count as skipped" is "$(recap head skipped)" 3
check "services run again" is "$(runs head pulse)$(runs head beat)" yesyes
"$BEOPLAY" log >../out 2>../err
check "a rollback is a run like any other" says "^run 4 .*site.yml rolled back to 1" ../out
beoplay status site.yml
check "status says whose text the hosts have" says "head,node\[1-2\]: run 4 of .*text of run 1," ../out

# --- And forward: a rollback can be rolled back ---
beoplay rollback site.yml --to 3
check "the rollback is rolled back" is "$status" 0
check "services don't run then" is "$(runs head pulse)$(runs head beat)" nono
state_all ../now
check "all is as after the second version" same_again ../second ../now

# --- What somebody changed by hand is left alone ---
lab exec node1 sh -c 'echo hand >>/etc/both; echo "by hand" >>/etc/lines'
beoplay rollback site.yml --diff
check "a file edited by hand is not undone" is "$status" 2
check "the diff of it is shown" says "^ *-secondhand" ../out
check "it is as it was" is "$(lab exec node1 tail -n 1 /etc/both)" secondhand
check "the rest is done there, too" is "$(lab exec node1 ls /etc/only-second 2>&1)" \
	"ls: cannot access '/etc/only-second': No such file or directory"
check "lines of others stay" is "$(lab exec node1 tail -n 1 /etc/lines)" "by hand"
lab exec node1 sh -c 'sed -i "/by hand/d" /etc/lines'
beoplay rollback site.yml --to 1 --discard-drift
check "told so, it is undone all the same" is "$status" 0
beoplay rollback site.yml --to 1 --with-commands
check "told so, commands are run" is "$(lab exec head cat /run/versions-shell)" one
state_all ../now
check "then all is as after the first version" same ../first ../now

# --- To nothing, without the history, from somebody else's checkout ---
cp "$plays/v2.yml" site.yml
beoplay site.yml
state_all ../now
check "the second version comes again" same_again ../second ../now
mkdir "$work/other"
mv .beoplay "$work/lost"
cp -r . "$work/other/cluster"
cd "$work/other/cluster" || exit 1
beoplay rollback site.yml
check "without a history nobody is taken at a machine's word" is "$status" 1
check "the run is named, and who applied it" says "the hosts agree on run [78] of .*, by " ../err
# The last one that the ledgers know: a rollback that found all as wished isn't among them.
beoplay rollback site.yml --to "$(sed -n 's/.*agree on run \([0-9]*\) of .*/\1/p' ../err)"
check "told so, the sealed texts of the nodes suffice" is "$status" 0
state_all ../now
check "all is as after the first version again" same "$work/first" ../now
beoplay rollback site.yml --to nothing
check "all that the playbook did is undone" is "$status" 0
state_all ../now
check "all is as before beoplay" same "$work/blank" ../now
check "also what runs" is "$(runs head pulse 2>../err)$(runs head beat)" noyes
cd "$work/cluster" || exit 1

# --- Prune ---
cp "$plays/v1.yml" site.yml
beoplay site.yml
cp "$plays/v2.yml" site.yml
beoplay site.yml --prune --check
check "a dry run of prune says what goes" says "/etc/only-first state: file → absent" ../out
check "but not what a condition leaves out" silent "/etc/conditional" ../out
beoplay site.yml --prune --tags none
check "tags make no orphans" is "$(lab exec head cat /etc/both)" first
beoplay site.yml --prune
check "prune succeeds" is "$status" 0
check "what the text no longer has is gone" is "$(lab exec head ls /etc/only-first 2>&1 | wc -c)" \
	"$(echo "ls: cannot access '/etc/only-first': No such file or directory" | wc -c)"
check "and named no more" silent "LONGER" ../out
beoplay status site.yml
check "status is clean" is "$status" 0
beoplay -i inventory.yml status
check "options may stand before the command" is "$status" 0
check "without a playbook all that were applied from here are looked at" says "^site.yml" ../out

# --- A playbook that is called otherwise ---
mv site.yml machines.yml
beoplay machines.yml
check "a renamed playbook has no orphans" silent "LONGER" ../out
check "and changes nothing" is "$(recap head changed)" 0
sed '/only-second/,+0d' machines.yml >shorter.yml
mv shorter.yml machines.yml
beoplay machines.yml --prune
check "what was the old one's is its own" says "/etc/only-second state: file → absent" ../out
mv machines.yml site.yml
cp "$plays/v2.yml" site.yml
beoplay site.yml

# --- An older text, straight from the history ---
rm -rf site.yml files
cp "$plays/v2.yml" site.yml
beoplay site.yml --at 1
check "a text of the past runs without its files" is "$status" 0
check "as it was then" is "$(lab exec head cat /etc/both)" first

# --- One leaves, one moves on ---
lab exec head sh -c 'mv /var/lib/beoplay/*/ledger.db /root/ledger.db'
beoplay rollback site.yml --to nothing -l node1,node2
check "hosts are rolled back on their own" is "$status" 0
check "the others are not touched" is "$(lab exec head cat /etc/both)" first

# --- A version that changes nothing ---
mkdir "$work/small"
cp inventory.yml "$work/small"
cd "$work/small" || exit 1
state_all ../blank
printf -- '- hosts: all\n  tasks:\n    - copy: {content: a, dest: /etc/small}\n' >site.yml
beoplay site.yml
state_all ../first
echo '    - debug: {msg: more}' >>site.yml
beoplay site.yml
beoplay rollback site.yml
check "a rollback of what has changed nothing succeeds" is "$status" 0
state_all ../now
check "and changes nothing" same ../first ../now
beoplay rollback site.yml --to nothing
state_all ../now
check "what the first version did is undone all the same" same ../blank ../now

# --- The same text again, after another one in between ---
mkdir "$work/between"
cp inventory.yml "$work/between"
cd "$work/between" || exit 1
between() {
	printf -- '- hosts: all\n  tasks:\n    - file: {path: /srv/between, state: directory%s}\n' "$1" >between.yml
	beoplay between.yml
}
between ""
between ", mode: 0700"
between ""
beoplay rollback between.yml --to 1
check "what was wished otherwise in between is undone, though the last text is that of then" is \
	"$(lab exec head stat -c %a /srv/between)" 755
beoplay rollback between.yml --to nothing

# --- Back to a run of some hosts ---
mkdir "$work/some"
cp inventory.yml "$work/some"
cd "$work/some" || exit 1
cat >site.yml <<-END
	- hosts: all
	  tasks:
	    - file: {path: /srv/some, state: directory}
	    - copy: {content: first, dest: /etc/some}
	END
beoplay site.yml
made=$(lab exec head stat -c %i /srv/some)
sed -i 's/first/second/' site.yml
beoplay site.yml -l node1 --no-others
sed -i 's/second/third/' site.yml
beoplay site.yml
beoplay rollback site.yml --to 2
check "a rollback to a run of some hosts succeeds" is "$status" 0
check "the others had the playbook before: not all of it is undone there" silent "Undo all" ../out
check "what they had stays as it was" is "$(lab exec head stat -c %i /srv/some)" "$made"
check "and they get that run's text" is "$(lab exec head cat /etc/some)" second
beoplay rollback site.yml --to nothing

# --- Hosts that came later, and a limited run after that ---
mkdir "$work/later"
cd "$work/later" || exit 1
printf -- '- hosts: all\n  tasks:\n    - copy: {content: later, dest: /etc/later}\n' >site.yml
sed '/node2/d' "$work/small/inventory.yml" >inventory.yml
beoplay site.yml
cp "$work/small/inventory.yml" .
sed -i 's/later,/more,/' site.yml
beoplay site.yml
sed -i 's/more,/most,/' site.yml
beoplay site.yml -l head --no-others
beoplay rollback site.yml --to 1
check "a rollback to before a host came takes back all that was done there" is \
	"$(lab exec node2 ls /etc/later 2>&1)" "ls: cannot access '/etc/later': No such file or directory"
check "also if the last run was limited to others" is "$(lab exec node1 cat /etc/later)" later

# --- Two users ---
sed -i 's/later,/of another,/' site.yml
(export XDG_CONFIG_HOME="$work/another" && beoplay site.yml)
sed -i 's/of another,/of one,/' site.yml
beoplay site.yml
check "whose seals of another user aren't used is said in one line" is \
	"$(sed -n "s/^warning: \(.*\): the seal of the last run there isn't used: you don't have its key.*/\1/p" ../err)" \
	"head,node[1-2]"
beoplay rollback site.yml --to nothing
cd "$work/small" || exit 1

# --- A version that not all have ---
sed -i 's/content: a/content: b/' site.yml
beoplay site.yml
sed -i 's/content: b/content: c/' site.yml
lab pause node1
beoplay site.yml -T 2
lab resume node1
check "a host that is down hasn't the new version" is "$status" 4
beoplay rollback site.yml
check "without --to all hosts must have the last run" is "$status" 1
check "it is said which haven't" says "not all hosts have run 6: it failed on node1, or" ../err
check "and what to do" says "→ --to 5 goes back to the text before it on all hosts, --to 6 " ../err
beoplay rollback site.yml --to 5
check "told so, all go back" is "$status" 0
for node in $LAB_NODES; do
	check "$node has what it had" is "$(lab exec "$node" cat /etc/small)" b
done
