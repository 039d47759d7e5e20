#!/bin/bash
# The programs of playbooks/mathematics.yml on lab nodes: results that are right, tables and drawings of them.
. "$(dirname "$0")/checks.sh"
nodes 3
out=out err=err
mkdir playbooks
cp "$tree"/playbooks/* playbooks
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
runs: 2
libraries: [libblas-dev, libpng-dev]
slices: 2000000
matrix: 150
plate: [90, 200]
fractal: [120, 300]
ring: [200, 100]
E2
play() { beoplay "$@" -i "$LAB/inventory.yml"; }
mathematics() { play playbooks/mathematics.yml -e @small.yml "$@"; }
programs="pi summa heat mandelbrot nbody"

play base.yml
check "the nodes are ready" is $status 0
sed -i "s/: cluster/: all/; s/groups\['cluster'\]/groups['all']/" playbooks/mathematics.yml
mathematics --check
check "a dry run before the programs are there says so" says "may change: head" out
check "and writes no drawing" is "$(ls playbooks/*.svg 2>/dev/null)" ""
mathematics
check "all of them are right" is $status 0
check "each has a table of three lines" is "$(grep -c '^ *[123] .* %' out)" 15
check "Amdahl's law was fitted to each" is "$(grep -c 'Amdahl: ' out)" 5
for program in $programs; do
	check "the drawing of $program is on the controller" says "^</svg>" playbooks/$program.svg
done
check "a drawing tells of the machines" says "3 machines: head slots=1, node1 slots=1" playbooks/pi.svg
for picture in heat mandelbrot; do
	check "$picture.png is a picture" is "$(head -c 8 playbooks/$picture.png | od -An -tx1)" " 89 50 4e 47 0d 0a 1a 0a"
done
mathematics
check "nothing runs again" is "$status $(recap head changed)" "0 0"
check "and says when it did" is "$(grep -c 'not run again: it ran 20' out)" 5
mathematics --check -e slices=3000000
check "a dry run says how often a program would run" says "runs 2 times with each of 1, 2, 3 processes: it has" out

# alone PROGRAM [ARGUMENTS…]: with one process, as $status says.
alone() {
	lab exec head runuser -u mpi -- sh -c 'cd && mpirun -np 1 "$@"' mpirun "./$@" >out 2>err
	status=$?
}
for program in $programs; do
	alone ".local/share/beoplay/$program" x
	check "$program says what it takes" is "$status $(grep -c "usage: $program " err)" "2 1"
done
# wrong PROGRAM WHAT INSTEAD ARGUMENTS…: a known result that is another one.
wrong() {
	sed "s/$2/$3/" "playbooks/$1.c" | lab exec head runuser -u mpi -- \
		sh -c 'cd && cat >wrong.c && mpicc -O2 -o wrong wrong.c -lblas -lpng -lm'
	alone wrong "${@:4}"
	check "a wrong result of $1 fails" is "$status" 1
}
wrong pi 3.14159265358979323846 3.14159275358979323846 2000000
wrong summa "unit = grid" "unit = 1 + grid" 100
wrong heat "1 - 4 \\* rate" "1 - 4.001 * rate" 90 200
wrong mandelbrot "= 1.5065918849" "= 1.6" 120 300
wrong nbody "weight = ring" "weight = 1.001 * ring" 200 400
wrong nbody "ring.mass \\/ 4" "ring.mass" 200 400
