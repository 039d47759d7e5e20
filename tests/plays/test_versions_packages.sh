#!/bin/sh
# Versions of what takes longer: packages, exports, mounts, jobs. Applied, edited, rolled back to the
# first version and to nothing, on lab nodes; all is as it was but what `beoplay doc` lists.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
. tests/plays/state.sh
plays=$PWD/tests/plays/versions
nodes 3 cluster
sed 's/Hello/Job/' "$tree/playbooks/hello_cluster.c" >"$work/job1.c"
sed 's/Hello/Other/' "$tree/playbooks/hello_cluster.c" >"$work/job2.c"
cp "$work/job1.c" old.c
cp "$work/job1.c" new.c
each() { for node in $LAB_NODES; do lab exec "$node" "$@"; done; }

# --- What is there before ---
each sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	cowsay nftables >/dev/null 2>&1; apt-mark -qq auto cowsay; rm -rf /var/lib/apt/lists/*
	echo "# the last" >>/etc/fstab; echo "changed by hand" >>/etc/nftables.conf'
# node2 is a copy of node1's disk.
twin=$(lab exec node1 cat /etc/machine-id)
lab exec node2 sh -c "echo $twin >/etc/machine-id"
state_all ../blank
lab snapshot head | awk -F '\t' '{ print $1, $2, $3, $4, $5, $8 }' >../files

# --- Two versions ---
cp "$work/job1.c" job.c
cp "$plays/packages1.yml" site.yml
beoplay site.yml
check "the first version is applied" is "$status" 0
check "its jobs ran" is "$(grep -c 'Job from processor' ../out)" 6
state_all ../first
check "what is exported is compared" says "^/srv/shared  *10.0.1.10[0-2](.*root_squash" ../first
own=$(lab exec node2 cat /etc/machine-id)
check "the first of two with one machine-id keeps it" is "$(lab exec node1 cat /etc/machine-id)" "$twin"
check "the other gets one of its own" [ "$own" != "$twin" ]
check "which is one" is "$(echo "$own" | grep -cx '[0-9a-f]\{12\}4[0-9a-f]\{3\}[89ab][0-9a-f]\{15\}')" 1
# A restart, which the new id asks for, takes what is below /run.
lab exec node2 rm -rf /run/beoplay
beoplay status site.yml
check "what beoplay knows of it is still known" silent "node2.*not here" ../out
beoplay site.yml
check "then nothing changes" is "$(recap head changed)$(recap node1 changed)" 00
cp "$work/job2.c" job.c
cp "$plays/packages2.yml" site.yml
beoplay site.yml
check "the second version is applied" is "$status" 0
check "the ledger has gone along" is "$(lab exec node2 sh -c 'cd /var/lib/beoplay && ls -d */ledger.db')" \
	"$own/ledger.db"
check "a job with another source ran again" is "$(grep -c 'Other from processor' ../out)" 6
state_all ../second
check "a directory for nobody else is exported to nobody" silent "^/srv/nobody " ../second
check "packages came" says "^rsync " ../second
check "and went" silent "^hello " ../second

# --- Back and forth ---
beoplay rollback site.yml --check
check "a dry run of a rollback succeeds" is "$status" 0
state_all ../now
check "it touches nothing" same ../second ../now
beoplay rollback site.yml
check "the rollback succeeds" is "$status" 0
check "jobs are not run again" silent "from processor" ../out
state_all ../now
check "all is as after the first version" same ../first ../now
beoplay rollback site.yml --to 3
check "the rollback is rolled back" is "$status" 0
state_all ../now
check "all is as after the second version" same ../second ../now
# As a service of the server does when it is started.
lab exec node2 touch /var/lib/nfs/rpc-lock
beoplay rollback site.yml --to nothing
check "all that the playbook did is undone" is "$status" 0
state_all ../now
check "all is as before beoplay" same ../blank ../now
lab snapshot head | awk -F '\t' '{ print $1, $2, $3, $4, $5, $8 }' >../left
# What was nothing comes back, but what only an earlier text had; the keys of a user that is made again are
# others, and apt lists what came along in another order.
beoplay rollback site.yml --check
check "a dry run of taking that back fails nowhere" is "$status" 0
beoplay rollback site.yml
check "that is taken back" is "$status" 0
check "what a task makes anew with its directory is left to that task" \
	says "left to its task, as the directory of '/home/mpi/.local/share/beoplay/new.hostfile'" ../out
check "what no text has any more may stay away, and is named" \
	says "it doesn't come back, as the directory of '/home/mpi/.local/share/beoplay/old.hostfile'" ../out
state_all ../now
for state in second now; do
	grep -v -e '^\./home/mpi/\.ssh/' -e '^\./var/lib/apt/extended_states' -e '^\./srv/old	' \
		-e '^\./home/mpi/\.local/share/beoplay/old' ../$state >../$state.again
done
check "all else is as after the second version" same ../second.again ../now.again
beoplay rollback site.yml --to nothing
check "and undone once more" is "$status" 0
state_all ../now
check "all is as before beoplay then, too" same ../blank ../now

# --- The list of what an undo leaves is no longer than it must be ---
diff ../files ../left | sed -n 's/^[<>] \.\([^ ]*\) .*/\1/p' | sort -u >../differs
set -f
case $(lab exec head cat /etc/debian_version) in 12.*) newer='Debian 13: ' ;; *) newer=none ;; esac
# debconf's folder goes again with the last package that asks anything: test_versions.sh has none.
for one in $(remains | grep -v -e ' the order of its lines' -e " $newer" -e debconf/tmp.ci | cut -d ' ' -f 1); do
	check "an undo leaves $one" grep -qE "^($(echo "$one" | pattern_of))\$" ../differs
done
set +f

# --- Every module is in one of the texts ---
sed 's/^    - apt:/    - apt-packages:/' "$plays"/*.yml >../texts
for module in $("$BEOPLAY" doc | cut -d ' ' -f 1); do
	check "the versions have $module" says "^    - $module:" ../texts
done
