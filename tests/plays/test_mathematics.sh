#!/bin/bash
# The programs of playbooks/mathematics.yml on lab nodes: results that are right, tables and drawings of them.
. "$(dirname "$0")/checks.sh"
nodes 3
out=out err=err
mkdir playbooks
cp "$tree"/playbooks/*.yml "$tree"/playbooks/*.c playbooks
cat >base.yml <<'E2'
- hosts: all
  tasks:
    - hostname:
    - hosts:
    - user: {name: mpi, shell: /bin/bash}
    - ssh-keys: {user: mpi, trust: all}
    - apt-packages: {name: [openmpi-bin, libopenmpi-dev, gcc, libc6-dev], update_cache: yes}
E2
# The lab's nodes share the cores of this machine: one process a node is enough to be right.
cat >small.yml <<'E2'
slots: 1
processes: [1, 2, 3]
slices: 2000000
E2
play() { beoplay "$@" -i "$LAB/inventory.yml"; }
mathematics() { play playbooks/mathematics.yml -e @small.yml -e cluster=all "$@"; }

play base.yml
check "the nodes are ready" is $status 0
sed -i 's/hosts: cluster/hosts: all/; s/group: cluster/group: all/' playbooks/mathematics.yml
mathematics --check
check "a dry run before the programs are there says so" says "may change: head" out
check "and writes no drawing" is "$(ls playbooks/*.svg 2>/dev/null)" ""
mathematics
check "all of them are right" is $status 0
check "the table of pi has its three lines" is "$(grep -c '^ *[123] .* %' out)" "$(grep -c 'runs with each number' out | awk '{ print 3 * $1 }')"
check "Amdahl's law was fitted" says "Amdahl: " out
check "the drawing is on the controller" says "^</svg>" playbooks/pi.svg
check "it tells of the machines" says "3 machines: head slots=1, node1 slots=1" playbooks/pi.svg
mathematics
check "nothing runs again" is "$status $(recap head changed)" "0 0"
check "and says when it did" says "not run again: it ran 20" out
mathematics --check -e slices=3000000
check "a dry run says how often a program would run" says "runs 3 times with each of 1, 2, 3 processes: it has" out
lab exec head sh -c 'cd /home/mpi && runuser -u mpi -- .local/share/beoplay/pi x' >out 2>err
check "without slices the program says what it takes" says "usage: pi SLICES" err
sed -i 's/3.14159265358979323846/3.14159275358979323846/' playbooks/pi.c
mathematics
check "a wrong result fails" says "the job failed with status 1" out
