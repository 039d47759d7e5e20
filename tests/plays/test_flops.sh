#!/bin/bash
# playbooks/flops.yml on lab nodes: a problem that fits the machines, Linpack's result, messages between pairs.
. "$(dirname "$0")/checks.sh"
nodes 3
out=out err=err
mkdir playbooks
cp "$tree"/playbooks/* playbooks
cat >base.yml <<'E'
- hosts: all
  tasks:
    - hostname:
    - hosts:
    - user: {name: mpi, shell: /bin/bash}
    - ssh-keys: {user: mpi, trust: all}
    - apt-packages: {name: [openmpi-bin, libopenmpi-dev, gcc, libc6-dev], update_cache: yes}
E
# The lab's nodes share the cores and the memory of this machine.
cat >small.yml <<'E'
share: 0.00001
block: 32
blas: libblas3
rounds: 10
longest: 400
E
sed -i "s/: cluster/: all/; s/groups\['cluster'\]/groups['all']/" playbooks/flops.yml
play() { beoplay "$@" -i "$LAB/inventory.yml"; }
play base.yml
check "the nodes are ready" is $status 0
flops() { play playbooks/flops.yml -e @small.yml "$@"; }
grid() { lab exec head awk '/ [PQ]s$/ { printf "%s ", $1 }' /home/mpi/hpccinf.txt; }
flops -e slots=1
check "Linpack runs" is $status 0
check "it says what came out" says "Linpack: [0-9.]* GFLOPS in [0-9.e-]* s (N [0-9]*, NB 32, 1 × 3 processes)" out
check "against what the processors have on paper" says "% of the [0-9.e+]* GFLOPS that the processors have" out
check "its residual was checked" says "residual: [0-9.e-]*, passed" out
check "each two machines were measured" is "$(grep -cE '^ +(head|node[12])( +([0-9.]+|-)){3}$' out)" 6
lab exec head grep -c 'PASSED$' /home/mpi/hpccoutf.txt >out
check "as hpcc itself says" is "$(head -n 1 out)" 1
flops -e slots=1
check "it is not run again" is "$status $(recap head changed)" "0 0"
# A slow cable.
lab exec node1 tc qdisc add dev eth0 root tbf rate 80mbit burst 64kb latency 100ms
check "node1 is shaped" is "$(lab exec node1 tc qdisc show dev eth0 | grep -c tbf)" 1
flops -e slots=1 -e rounds=11
check "who is behind it is named" says "slow: bandwidth of node1 with all others" out
lab exec node1 tc qdisc del dev eth0 root
# Of 12 and of 6 processes, and a flat one; Linpack itself is not the point here.
sed '/name: Linpack, and/,$d' playbooks/flops.yml >playbooks/problem.yml
problem() { play playbooks/problem.yml -e @small.yml "$@"; }
problem -e slots=4
check "12 processes are 3 × 4" is "$(grid)" "3 4 "
problem -e slots=2
check "6 processes are 2 × 3" is "$(grid)" "2 3 "
problem -e slots=2 -e flat=yes
check "or 1 × 6" is "$(grid)" "1 6 "
problem -e slots=1 -e share=0.1
order() { lab exec head awk '/ Ns$/ { print $1 }' /home/mpi/hpccinf.txt; }
large=$(order)
problem -e slots=1 -e share=0.025
check "a quarter of the memory is half the order" is "$((large > 1000 && large - 2 * $(order) <= 300))" 1
problem -e slots=1 -e share=0.99
check "more memory than is free is refused" says "give a smaller share than 0.99" out
check "the order is one of whole blocks" is "$((large % 32))" 0
lab exec head cat /home/mpi/hpccoutf.txt | sed 's/PASSED$/FAILED/' >failed
sh playbooks/hpcc.sh failed 10 >out 2>err
check "a residual that is too large fails" is "$? $(grep -c 'FAILED' out)" "1 1"
