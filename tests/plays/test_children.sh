#!/bin/bash
# What becomes of the processes that a run has started when it dies: all end before the next run gets the
# machine, except what has made a session of its own, which is named. Asked of the node's /proc, not of
# beoplay. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 1 children

on() { lab exec head sh -c "$@"; }
# Processes of the node whose command line has the word; "PID COMMAND", a line each.
running() {
	on 'for p in /proc/[0-9]*; do
		grep -q "^State:.Z" $p/status 2>/dev/null && continue
		c=$(tr "\0" " " <$p/cmdline 2>/dev/null) || continue
		case " $c " in *"/proc/"*) ;; *" $0 "*) echo "${p#/proc/} $c" ;; esac
	done' "$1"
}
# The agent is two processes: the worker leads a session, and is a child of the supervisor.
agent() {
	on 'for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in */beoplay/agent-*) ;; *) continue ;; esac
		set -- $(sed "s/.*) //" $p/stat)
		case $(readlink /proc/$2/exe) in */beoplay/agent-*) ;; *) continue ;; esac
		[ "$4" = "${p#/proc/}" ] || continue
		case $(cat $p/comm) in *step) step=${p#/proc/} ;; *) worker=${p#/proc/} supervisor=$2 ;; esac
	done 2>/dev/null
	case $0 in worker) echo $worker ;; supervisor) echo $supervisor ;; step) echo $step ;;
	both) echo $supervisor $worker ;; esac' "$1"
}
runs() { [ -n "$(running "$1")" ]; }
over() { [ -z "$(agent worker)" ]; }
hangs() { on 'grep -l "^State:.D" /proc/[0-9]*/status'; }
play() { printf -- '- hosts: all\n  tasks:\n    - %s\n' "$@" >play.yml; }
start() {
	"$BEOPLAY" play.yml --user root --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null &
	run=$!
}
finish() { wait "$run"; status=$?; }
# The next run writes down which processes with the word it sees.
next() {
	cat >next.yml <<END
- hosts: all
  tasks:
    - shell: |
        for p in /proc/[0-9]*; do
          grep -q "^State:.Z" \$p/status 2>/dev/null && continue
          c=\$(tr "\0" " " <\$p/cmdline 2>/dev/null) || continue
          case " \$c " in *"/proc/"*) ;; *" $1 "*) echo "\$c" ;; esac
        done >/root/seen
END
	"$BEOPLAY" next.yml --user root --known-hosts "$LAB/known_hosts" --lock-wait 60 >../next 2>&1 </dev/null
}
sees_nothing() { next "$1" && is "$(on 'cat /root/seen')" ""; }

# dies WHO WORD NAME [FILE]: the play's command has begun, and made the file; then -9.
dies() {
	start
	until_true runs "$2" || cat "$out" "$err"
	[ -z "${4:-}" ] || until_true lab exec head test -s "$4"
	on 'kill -9 $0' "$(agent "$1")" || on 'kill -9 $*' -- $(agent "$1")
	check "$3: the next run sees nothing of it" sees_nothing "$2"
	check "$3: nothing of it is left" is "$(running "$2")" ""
	finish
	check "$3: the run has failed" [ "$status" -ne 0 ]
}

for who in worker supervisor; do
	play 'command: sleep 7001'
	dies $who 7001 "$who killed, a command of root"
	play '{command: sleep 7002, become: yes, become_user: admin}'
	dies $who 7002 "$who killed, a command of a user"
	play '{shell: "sleep 7003 & (sleep 7003 | sleep 7003) & sh -c \"sleep 7003; true\"; sleep 7003 | cat", become: yes, become_user: admin}'
	dies $who 7003 "$who killed, a pipeline, jobs and grandchildren"
	play 'shell: "set -m; sleep 7004 & trap \"\" TERM; nohup sleep 7004; nohup sleep 7004; true"'
	dies $who 7004 "$who killed, what ignores signals and has groups of its own"
done

# --- What goes on ---
play 'shell: "setsid sleep 7010 & sleep 7011"'
start
until_true runs 7011
on 'kill -9 $0' "$(agent worker)"
finish
check "of a killed run, what has a session of its own is named" \
	says "leaves 'sleep 7010' (pid $(running 7010 | cut -d ' ' -f 1))" "$err" "$out"
check "and what is ended" says "ends 'sleep 7011'" "$err"
check "it doesn't hold up the next run, which sees nothing of the rest" sees_nothing 7011
check "it goes on" runs 7010
play 'shell: "setsid sleep 7012 </dev/null >/dev/null 2>&1 &"'
beoplay play.yml
check "a daemon doesn't make a command fail" is "$status" 0
check "it is named" says "'sleep 7012' (pid $(running 7012 | cut -d ' ' -f 1)) goes on" "$out"
next 7012
check "it doesn't hold up the next run, and goes on" is "$(on 'cat /root/seen')" "sleep 7012 "
check "it holds no descriptor of the lock" is "$(on 'ls -l /proc/$0/fd' "$(running 7012 | cut -d ' ' -f 1)" |
	grep -c beoplay)" 0
play 'shell: "nohup sleep 7013 >/dev/null 2>&1 &"' 'shell: "sleep 0.1"'
beoplay play.yml
check "a job in the background doesn't make a command fail" is "$status" 0
check "it is named, with what would keep it" says "'sleep 7013' .* ended with this run, unless" "$out"
check "once" is "$(grep -c 'note: .*7013' "$out")" 1
until_true over
check "it has ended with the run" sees_nothing 7013

# --- stdin ---
play '{shell: "cat; read line; echo rc $?", register: r}' \
	'{shell: "cat >/root/said", args: {stdin: hello}}' \
	'{copy: {dest: /home/admin/valid, content: x, validate: "sh -c \"cat; test -f $0\" %s"}, become: yes, become_user: admin}' \
	'{copy: {dest: /root/valid, content: x, validate: "sh -c \"cat; test -f $0\" %s"}}' \
	'{shell: "cat; read line; echo rc $?", become: yes, become_user: admin, register: u}' \
	'{shell: "cat; echo", args: {stdin: hello}, become: yes, become_user: admin, register: v}' \
	'{copy: {dest: /root/read, content: "{{ r.stdout }}, {{ u.stdout }}, {{ v.stdout }}"}}'
beoplay play.yml
check "stdin is empty, unless one is given, also of a user's commands" is "$(on 'cat /root/read')" \
	"rc 1, rc 1, hello"
check "so it is with validate, and as root" is "$status $(on 'cat /root/said')" "0 hello"

# --- Processes that are stopped ---
play '{command: sleep 7020, become: yes, become_user: admin}'
start
until_true runs 7020
child=$(on 'sed -n "s/^PPid:.//p" /proc/$0/status' "$(running 7020 | cut -d ' ' -f 1)")
check "what works as a user belongs to the user" lab as admin head kill -STOP "$child"
finish
check "a user who stops it doesn't hold the run" says "the process that worked as 'admin' was ended" "$out" "$err"
check "nothing is left of it" sees_nothing 7020
play '{command: sleep 7021, become: yes, become_user: admin}'
start
until_true runs 7021
lab as admin head kill -STOP "$(running 7021 | cut -d ' ' -f 1)"
kill -INT "$run"
finish
check "nor who stops the command, once the run is to end" is "$(running 7021)" ""

# --- A mount whose server is gone: a FUSE that nobody answers for ---
on 'mknod /dev/fuse c 10 229; mkdir -p /mnt/dead; cat >/root/dead.pl' >/dev/null 2>&1 <<'END'
use Fcntl;
$^F = 100;
sysopen(F, "/dev/fuse", O_RDWR) or die;
my @m = ("dead", "/mnt/dead", "fuse", "fd=" . fileno(F) . ",rootmode=40755,user_id=0,group_id=0");
syscall(165, $m[0], $m[1], $m[2], 0, $m[3]) == 0 or die;
sleep 600;
END
on 'setsid perl /root/dead.pl >/dev/null 2>&1 </dev/null &'
if until_true lab exec head grep -q /mnt/dead /proc/mounts; then
	play '{command: sleep 7024, args: {chdir: /mnt/dead}}'
	start
	until_true hangs
	kill -INT "$run"
	finish
	check "a directory that doesn't answer is named" says "'/mnt/dead' does not answer" "$out"
	check "and doesn't keep the lock" sees_nothing 7024
	if [ -n "${COUNT:-}" ]; then
		play 'shell: "true"' 'file: {path: /mnt/dead/7024, state: directory}'
		start
		until_true hangs
		kill -INT "$run"
		kill -INT "$run"
		finish
		check "nor does a file that can't be looked at, for long" sees_nothing 7024
	fi
else
	echo "# no FUSE here"
fi

# --- Locks of root and of others ---
play 'command: sleep 7025'
start
until_true runs 7025
printf -- '- hosts: all\n  tasks:\n    - command: sleep 0\n' >other.yml
"$BEOPLAY" other.yml --user admin --known-hosts "$LAB/known_hosts" >"$out.other" 2>&1 </dev/null
check "a user's run gives way to one of root" says "being changed by a run as root" "$out.other"
kill -INT "$run"
finish
"$BEOPLAY" play.yml --user admin --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null &
run=$!
until_true runs 7025
"$BEOPLAY" other.yml --user root --known-hosts "$LAB/known_hosts" >"$out.other" 2>&1 </dev/null
check "root is never held up by a user's" is "$? $(running 7025 | wc -l)" "0 1"
"$BEOPLAY" other.yml --user admin --known-hosts "$LAB/known_hosts" >"$out.other" 2>&1 </dev/null
check "two runs of one user exclude each other" says "being changed by" "$out.other"
kill -INT "$run"
finish

# --- A detached step ---
on 'echo "DPkg::Pre-Invoke {\"sleep 3; : 7030 \";};" >/etc/apt/apt.conf.d/99slow'
for who in worker supervisor both; do
	on 'apt-get purge -y -qq hello >/dev/null 2>&1'
	play '{apt: {name: hello}}'
	start
	until_true runs 7030
	on 'kill -9 $*' -- $(agent $who)
	check "$who killed in a step of apt: the next run waits for its end" sees_nothing 7030
	finish
	check "$who killed in a step of apt: it comes to its end" is \
		"$(on 'dpkg-query -W -f "\${Status}" hello; dpkg --audit')" "install ok installed"
done
on 'apt-get purge -y -qq hello >/dev/null 2>&1'
start
until_true runs 7030
on 'kill -9 $0' "$(agent step)"
finish
check "its own supervisor killed: that is said" says "its supervisor was killed" "$out" "$err"
check "and nothing of the step is left" is "$(running 7030)" ""
on 'mkdir -m 700 /var/lib/beoplay/steps/1-1; touch /var/lib/beoplay/steps/1-1/about'
play 'file: {path: /root, state: directory}'
beoplay play.yml -C
beoplay play.yml
check "what became of a step is told" says "a step' of an earlier run was broken off" "$err"
beoplay play.yml
check "and then forgotten, also by a run that changes nothing" silent "earlier run" "$err"

# --- A job of MPI ---
on 'rm /etc/apt/apt.conf.d/99slow; printf "#!/bin/sh\nread line; echo rc \$? >/root/said; exec sleep \$1\n" >/usr/local/bin/job
	chmod 755 /usr/local/bin/job; rm /root/said; apt-get install -y -qq --no-install-recommends openmpi-bin >/dev/null 2>&1'
play 'hostname: {name: head}' 'hosts: {group: all}'
beoplay play.yml
play '{mpi-run: {program: /usr/local/bin/job, args: [7040], group: all, slots: 2, user: root, allow_root: yes, chdir: /root}}'
dies worker 7040 "an agent killed in a job of MPI" /root/said
check "its stdin was empty" is "$(on 'cat /root/said')" "rc 1"
