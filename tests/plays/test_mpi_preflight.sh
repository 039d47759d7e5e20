#!/bin/bash
# What a job of Open MPI finds wrong before its first process starts: each on lab nodes, with its host.
. "$(dirname "$0")/checks.sh"
nodes 3

cat >base.yml <<'E'
- hosts: all
  tasks:
    - hostname:
    - hosts:
    - user: {name: mpi, shell: /bin/bash}
    - ssh-keys: {user: mpi, trust: all}
    - apt-packages: {name: [openmpi-bin, libopenmpi-dev, gcc, libc6-dev, nftables], update_cache: yes}
E
cat >job.yml <<'E'
- hosts: all
  tasks:
    - mpi-run: {program: hostname, user: mpi, slots: 1, chdir: /srv/job, rerun: always}
E
out=out err=err
play() { beoplay "$1" -i "$LAB/inventory.yml"; }
finds() { says "^    $1" out; }

play base.yml
check "the nodes are ready" is $status 0

# All of a run are told at once, before anything starts.
lab exec head mkdir -p /srv/job
lab exec node2 mkdir -p /srv/job
lab exec node1 sh -c 'hostname debian; sed "/node2/d; s/^.* head$/127.0.1.1 head/" /etc/hosts >/tmp/hosts; cat /tmp/hosts >/etc/hosts
	ip link add docker0 type veth peer name other; ip address add 10.0.200.1/24 dev docker0; ip link set docker0 up
	ip address add 10.0.9.9/16 dev eth0'
lab exec node2 sh -c 'cp /etc/machine-id /root/; cp /etc/openmpi/openmpi-mca-params.conf /root/
	mkdir -p /home/mpi/.openmpi; echo "oob_tcp_if_exclude = docker0" >/home/mpi/.openmpi/mca-params.conf
	echo "btl = self" >/etc/openmpi/openmpi-mca-params.conf
	mount -t tmpfs -o size=4m none /tmp; ip link set lo down'
lab exec head cat /etc/machine-id | lab exec node2 sh -c 'cat >/etc/machine-id'
play job.yml
check "the job is refused" is $status 2
check "nothing ran" silent "^    head$" out
check "a name that isn't the inventory's" finds "node1 calls itself 'debian'"
check "a name that leads to the machine itself" finds "head is 127.0.1.1 on node1"
check "a name that a worker doesn't know" finds "node1 doesn't know the address of node2"
check "a directory that is missing on a worker" finds "node1 has no directory '/srv/job'"
check "a bridge within the job's network" finds "10.0.200.1/24 on docker0 of node1 is within 10.0.0.0/16"
check "two addresses on one interface" finds "node1 has two addresses on eth0"
check "a disk that is full" finds "node2 has 4 MiB of disk left in /tmp"
check "lo that is down" finds "the interface lo of node2 is down"
check "a copied disk" finds "head and node2 have the same machine-id"
check "a setting of the site against the job's" \
	finds "/home/mpi/.openmpi/mca-params.conf on node2 sets oob_tcp_if_exclude"
check "a setting of the site on one host alone" \
	finds "/etc/openmpi/openmpi-mca-params.conf on node2 sets btl=self, which head does not"
check "each says what to do" is "$(grep -c "^      (" out)" "$(sed -n '/failed:/,/→/p' out | grep -c '^    [^ →]')"
lab exec node1 sh -c 'ip address del 10.0.9.9/16 dev eth0; ip link del docker0; hostname node1; mkdir /srv/job'
lab exec node2 sh -c 'umount /tmp; cat /root/machine-id >/etc/machine-id; ip link set lo up; rm -r /home/mpi/.openmpi
	cat /root/openmpi-mca-params.conf >/etc/openmpi/openmpi-mca-params.conf'
play base.yml
check "the names are mended" is $status 0

# Other programs of these names.
lab exec node1 sh -c 'printf "#!/bin/sh\necho HYDRA build details:\n" >/usr/local/bin/mpirun; chmod 755 /usr/local/bin/mpirun'
lab exec node2 sh -c 'printf "#!/bin/bash\nexec -a mpirun /usr/bin/mpirun.openmpi \"\$@\"\n" >/usr/local/bin/mpirun
	chmod 755 /usr/local/bin/mpirun'
play job.yml
check "MPICH in Open MPI's place" finds "mpirun on node1 is not Open MPI's, it says 'HYDRA build details:'"
check "Open MPI built otherwise" finds "Open MPI isn't the same everywhere: .*[45]\.[0-9.]* (/usr/local/bin/mpirun) on node2"
lab exec node1 rm /usr/local/bin/mpirun
lab exec node2 sh -c 'rm /usr/local/bin/mpirun; echo 100 >/root/speed; mount --bind /root/speed /sys/class/net/eth0/speed'

# What lies between them: each host tries each other one.
lab exec node2 sh -c 'nft add table inet f; nft "add chain inet f i { type filter hook input priority 0; }"
	nft add rule inet f i tcp dport 32768-65535 ct state new drop
	printf "#!/bin/sh\necho 1000000000\n" >/usr/local/bin/date; chmod 755 /usr/local/bin/date'
lab exec node1 sh -c 'rm /home/mpi/.ssh/known_hosts
	sed -i "1i echo welcome\nexport OMPI_MCA_btl=self" /home/mpi/.bashrc'
play job.yml
check "a firewall" finds "head and node1 don't get to node2 over TCP: 10.0.1.102, port [0-9]*: no answer"
check "a host that knows no host keys" finds "node1 doesn't get to any other host by ssh without a question: .*host key"
check "a clock" finds "node2: its clock is [0-9]* s behind"
check "a setting of a login" finds "node1: a login of ssh sets OMPI_MCA_btl=self"
check "a login that prints is no finding" silent welcome out
lab exec node2 sh -c 'nft flush ruleset; rm /usr/local/bin/date'
lab exec node1 sed -i '1,2d; 3i exit' /home/mpi/.bashrc
play base.yml
play job.yml
check "a login that ends at once" \
	finds "head and node2 don't get to node1 by ssh without a question: the login runs no command and ends with status 0"
lab exec node1 sed -i '1{/^exit/d}' /home/mpi/.bashrc

lab exec node1 sh -c 'printf "#!/bin/sh\n" >/usr/local/bin/mpirun.mpich; chmod 755 /usr/local/bin/mpirun.mpich'
play job.yml
check "the job runs" is $status 0
check "on every host" is "$(grep -cE '^    (head|node1|node2)$' out)" 3
check "a cable that isn't as fast as the others" says "eth0 of node2 runs at 100 Mbit/s, on the others it is 10000" out
check "MPICH beside Open MPI" says "node1 has MPICH beside Open MPI" out
