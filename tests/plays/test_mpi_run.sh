#!/bin/bash
# A job of Open MPI on lab nodes: what it gives, on which hosts, and that nothing of it is left however it ends.
. "$(dirname "$0")/checks.sh"
nodes 3

cat >base.yml <<'E'
- hosts: all
  tasks:
    - hostname:
    - hosts:
    - user: {name: mpi, shell: /bin/bash}
    - ssh-keys: {user: mpi, trust: all}
    - apt-packages: {name: [openmpi-bin, libopenmpi-dev, gcc, libc6-dev], update_cache: yes}
E
cat >results.yml <<'E'
- hosts: all
  vars: {wished: "{{ 2 if inventory_hostname == 'node2' else 1 }}"}
  tasks:
    - mpi-run: {program: hostname, user: mpi, slots: "{{ wished }}"}
      register: job
    - debug: {msg: "{{ inventory_hostname }} has {{ job.rc }} {{ job.stdout_lines | sort | join(',') }}"}
    - mpi-run: {program: hostname, user: mpi, slots: {node1: 2, all: 1}, np: "{{ item }}"}
      loop: [1, 2]
      register: jobs
    - debug: {msg: "{{ inventory_hostname }} has {{ jobs.results | length }}: {{ jobs.results[0].np }}, {{ jobs.results[1].np }}"}
    - mpi-run: {program: seq, args: ["1", "200000"], user: mpi, slots: 1, np: 1}
      register: long
    - debug: {msg: "{{ inventory_hostname }} got {{ long.stdout_lines | length }} lines up to {{ long.stdout_lines[-1] }}"}
E
cat >wait.c <<'E'
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int rank, sum;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (int i = 0; i < 600; i++) {
		MPI_Allreduce(&i, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
		if (rank == 0) {
			printf("step %d came to %d\n", i, sum);
			fflush(stdout);
		}
		sleep(1);
	}
	MPI_Finalize();
	return 0;
}
E
cat >wait.yml <<'E'
- hosts: all
  tasks:
    - mpi-run: {source: wait.c, user: mpi, slots: 1, rerun: always, mca: {mpi_yield_when_idle: 1}}
E
out=out err=err
play() { beoplay "$1" -i "$LAB/inventory.yml"; }
# Of the job, on all nodes.
left() {
	for node in $LAB_NODES; do
		lab exec "$node" ps ax -o args | grep -E '^([^ ]*/)?(wait|orted|mpirun)( |$)' | sed "s/^/$node: /"
	done
}
none_left() { is "$(left)" ""; }
ended() { until_true none_left; }
# Its controller is $job.
start() {
	"$BEOPLAY" wait.yml "$@" -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" >out 2>err </dev/null &
	job=$!
}
on_three() { [ "$(left | grep -c wait)" -ge 3 ]; }
runs_everywhere() { until_true on_three; }

play base.yml
check "the nodes are ready" is $status 0
play results.yml
check "the jobs run" is $status 0
check "slots are those of each host" says "head has 0 head,node1,node2,node2" out
check "its results are there on every host" is "$(grep -c 'node[12] has 0 head,node1,node2,node2' out)" 2
check "a loop has one result an item" says "head has 2: 1, 2" out
check "on every host" is "$(grep -c 'node[12] has 2: 1, 2' out)" 2
check "a long output is there as a whole" is "$(grep -c 'got 200000 lines up to 200000' out)" 3
check "new hosts are tried once" is "$(grep -c 'one Allreduce over all' out)" 1
play results.yml
check "again nothing runs" is $status 0
check "nor changes" silent "changed=[1-9]" out
check "and the results are the same" is "$(grep -c 'node[12] has 2: 1, 2' out)" 2
check "also the long ones" is "$(grep -c 'got 200000 lines up to 200000' out)" 3
cat >tagged.c <<'E'
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int rank;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	printf("half of %d, ", rank);
#if OMPI_MAJOR_VERSION < 5
	fflush(stdout);
	sleep(1);
#endif
	printf("and the rest\n");
	MPI_Finalize();
	return 0;
}
E
cat >tagged.yml <<'E'
- hosts: all
  tasks:
    - mpi-run: {source: tagged.c, user: mpi, slots: 1, tag_output: yes, output: results/tagged.txt}
E
play tagged.yml
check "a job with tag_output runs" is $status 0
for rank in "head rank 0" "node1 rank 1" "node2 rank 2"; do
	check "lines of $rank are whole, and say so" says "^    \[$rank\] half of ${rank#*rank }, and the rest\$" out
done
check "the file has the output" is "$(sort results/tagged.txt | head -n 1)" "[head rank 0] half of 0, and the rest"
check "all of it" is "$(wc -l <results/tagged.txt)" 3
rm results/tagged.txt
play tagged.yml
check "where the file is gone, the next run brings it again" is "$(wc -l <results/tagged.txt)" 3
cat >fails.yml <<'E'
- hosts: all
  tasks:
    - mpi-run: {program: sh, args: [-c, "seq 100000; exit 3"], user: mpi, slots: 1, np: 1, output: fails.txt}
E
beoplay --check fails.yml -i "$LAB/inventory.yml"
check "a dry run says where its output would go" says "would be written to 'fails.txt'" out
check "and writes nothing" [ ! -e fails.txt ]
play fails.yml
check "a job that fails" is $status 2
# Open MPI 5 itself loses the end of what a job says that fails, also in the middle of a line.
check "has left its output all the same" is "$(head -n 1000 fails.txt | sha256sum)" "$(seq 1000 | sha256sum)"
case $(lab exec head mpirun --version) in
*"(Open MPI) 4."*) check "all that was seen of it" is "$(sha256sum <fails.txt)" \
	"$(sed -nE 's/^    ([0-9]+)$/\1/p' out | sha256sum)" ;;
esac
check "which is a lot" [ "$(wc -l <fails.txt)" -gt 1000 ]
sed "s/fails.txt/over.yml/" fails.yml >over.yml
play over.yml
check "a text of the run isn't written over" [ $status = 1 ]
check "nor is it emptied" is "$(head -n 1 over.yml)" "- hosts: all"
sed 's,fails.txt,../out.txt,' fails.yml >out.yml
play out.yml
check "outside of the project nothing is written" [ $status = 1 -a ! -e ../out.txt ]

check "nothing of the trial is left" is "$(lab exec node1 ls -A /home/mpi | grep -c '^\.beoplay\.')" 0

# While it runs, as it is stopped long before its end.
says_soon() { until_true says "$1" out || { cat out; return 1; }; }
start --json
check "a job runs everywhere" runs_everywhere
check "what it says is an event as soon as it is said" \
	says_soon '"event":"output","task":"mpi-run","host":"head","text":"step 2 came to 6'
kill -INT $job
wait $job
check "after ^C nothing is left" ended
start
check "a job runs everywhere" runs_everywhere
check "what it says is printed as soon as it is said" says_soon "^    step 2 came to 6"
kill -KILL $job
wait $job 2>/dev/null
check "after the controller is killed nothing is left" ended
sed -i 's/rerun/output: wait.txt, rerun/' wait.yml
start
check "a job runs everywhere" runs_everywhere
check "what it says is in its file as soon as it is said" until_true says "^step 2 came to 6" wait.txt
lab pause node2
wait $job
status=$?
# The run may find that the host is gone before it is over.
check "a host that falls silent ends the job" [ $status = 2 -o $status = 6 ]
check "it is named" says "node2 fell silent, and the job was ended" out
check "nothing is left on the others" is "$(left | grep -v ^node2)" ""
lab resume node2
check "nor on it, once it is back" ended
