#!/bin/bash
# What is secret or private is nowhere that it doesn't belong: planted strings are looked for in all that
# is printed, recorded and kept, on the controller and on the nodes; beside them stand open ones,
# that the same search must find. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
# So that whoever may leave an image of its memory does: sshd's children, and beoplay here.
ulimit -c unlimited
nodes 2
mkdir project kept
cd project || exit 1

# Each planted string says where it was planted; open ones begin with Open.
MARK=x7Kq2
run() {
	local name=$1
	shift
	"$BEOPLAY" "$@" -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" \
		>"../kept/$name.out" 2>"../kept/$name.err" </dev/null
	status=$?
	cat "../kept/$name.out" >out
	cat "../kept/$name.err" >err
}
past() {
	local name=$1
	shift
	"$BEOPLAY" "$@" >"../kept/$name.out" 2>"../kept/$name.err" </dev/null
	status=$?
	cat "../kept/$name.out" >out
	cat "../kept/$name.err" >err
}

cat >beoplay.yml <<'END'
project: secrets
secrets: [db_password, token, pin, nobody_has_this]
END
mkdir host_vars group_vars files templates
cat >host_vars/node1.yml <<END
db_password: Hostvar$MARK
pin: 4711
accounts:
  - {name: anna, token: Nested$MARK}
greeting: Openhostvar$MARK
END
cat >host_vars/head.yml <<END
db_password: Unused$MARK
END
printf 'Sourcefile%s\nsecond line\n' $MARK >files/private
printf 'Opensource%s\n' $MARK >files/open
printf 'literal=Template%s\npassword={{ db_password }}\nextra={{ extra }}\n' $MARK >templates/private.j2
cat >extra.yml <<END
from_file: Extrafile$MARK
other_line: Otherline$MARK
END
HASH='$6$salty$'$MARK'HashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHashHash.'
cat >site.yml <<END
- hosts: node1
  vars: {title: Opentitle$MARK}
  tasks:
    - name: "open {{ title }}"
      copy: {dest: /srv/open, content: "{{ greeting }}\n"}
    - copy: {dest: /srv/open-file, src: open}
    - copy: {dest: /srv/hostvar, content: "{{ db_password }}\n", mode: '0600'}
    - copy: {dest: /srv/readable, content: "password={{ db_password }}\n"}
    - name: echoes
      command: echo "{{ accounts[0].token }}" and Openecho$MARK
      register: echoed
    - debug: {var: echoed.stdout}
      when: echoed.stdout is defined
    - debug: {msg: "{{ extra }}"}
    - copy: {dest: /srv/echoed, content: "{{ echoed.stdout | upper | lower }}", mode: '0640'}
      when: echoed.stdout is defined
    - shell: echo Nolog$MARK > /srv/nolog
      no_log: true
    - copy: {dest: /srv/quiet, content: "Quietcontent$MARK", mode: '0644'}
      no_log: true
    - copy: {dest: /srv/private, src: private, mode: '0600'}
    - template: {dest: /srv/template, src: private.j2, mode: 'u=rw,go='}
    - copy: {dest: /srv/literal, content: "Literal$MARK\n", mode: '0600'}
    - user: {name: paula, password: '$HASH'}
    - file: {path: /srv/conf, mode: '0600'}
    - lineinfile: {path: /srv/conf, line: "line=Lineinfile$MARK"}
    - lineinfile: {path: /srv/other, line: "line={{ other_line }}"}
    - lineinfile: {path: /srv/conf, line: "line={{ db_password }}"}
    - blockinfile: {path: /srv/conf, block: "block=Block$MARK"}
    - lineinfile: {path: /srv/known, line: "line=Onlynode$MARK"}
    - name: shows no difference
      copy: {dest: /srv/nodiff, content: "Nodiff$MARK\n"}
      diff: no
    - command: ls /nowhere/{{ extra }}/{{ db_password }}
      ignore_errors: yes
    - command: ls /nowhere/{{ pin }}
      ignore_errors: yes
    - command: cat /srv/hostvar /srv/open
      register: shown
    - debug: {var: shown.stdout}
      when: shown.stdout is defined
    - copy: {dest: /srv/from-file, content: "{{ from_file }}", mode: '0600'}
END
EXTRA=(-e "extra=Extravar$MARK" -e @extra.yml)

lab exec node1 sh -c "umask 077; printf 'before=Before$MARK\n' | tee /srv/conf /srv/known >/srv/other; umask 022; echo old >/srv/readable
	printf 'old=Oldprivate$MARK\n' >/srv/literal; chmod 600 /srv/literal"

# --- Who listens meanwhile ---

# Whatever is given to the node's syslog, or its journal.
lab exec node1 perl -MSocket -e '$| = 1; socket(my $log, AF_UNIX, SOCK_DGRAM, 0); unlink "/dev/log";
	bind($log, pack_sockaddr_un("/dev/log")) or die; chmod 0666, "/dev/log";
	while (defined recv($log, my $said, 65536, 0)) { print "$said\n" }' >../syslog 2>&1 &
listeners=$!
trap 'kill $listeners 2>/dev/null; rm -rf "$work"' EXIT
until_true lab exec node1 test -S /dev/log
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# --- It works with them ---

run check site.yml "${EXTRA[@]}" -C -D -vvv
run json-check site.yml "${EXTRA[@]}" -C -D --json -vvv
run plan plan site.yml "${EXTRA[@]}" -o ../kept/saved.plan
run first site.yml "${EXTRA[@]}" -D -vvv
first=$status
check "a run with secrets does its work" is "$first" 0

check "a name that nothing has is a warning" says "beoplay.yml:2.*'nobody_has_this'" err
check "a secret among the arguments of a command is said once" is "$(grep -c 'argument of a command' err)" 1

# --- Where it must not be ---

# found FILE-OR-FOLDER NAME…: which of the planted strings are in there, whatever is compressed there.
found() {
	local where=$1 name
	shift
	for name; do
		grep -qra -- "$name$MARK" "$where" && printf '%s ' "$name"
	done
	return 0
}
nothing_in() {
	local what=$1 where=$2
	shift 2
	check "$what" is "$(found "$where" "$@")" ''
}
control_in() { check "the search finds what is open in $1" is "$(found "$2" "$3")" "$3 "; }

run json site.yml "${EXTRA[@]}" -D --json -vvv
run again site.yml "${EXTRA[@]}" -D -vvv
past log log
past show show 1
past diff diff 1 2
run status status site.yml
run live status site.yml --live

terminal='check.out check.err plan.out plan.err first.out first.err again.out again.err status.out
	status.err live.out live.err'
records='json-check.out json-check.err json.out json.err log.out log.err show.out show.err diff.out diff.err
	saved.plan'
mkdir ../terminal ../records
(cd ../kept && cp $terminal ../terminal && cp $records ../records)
SECRET='Hostvar Nested Unused Nolog Quietcontent'
PRIVATE='Extravar Extrafile Otherline Sourcefile Template Literal Lineinfile Block Nodiff Before Oldprivate'
nothing_in "the terminal shows no secret" ../terminal $SECRET
check "nor a password's hash" silent "$MARK"Hash ../terminal/first.out
control_in "the terminal" ../terminal Openecho
check "it shows what is private" is "$(found ../terminal Extravar Literal)" "Extravar Literal "
nothing_in "JSON, log, show, diff and a saved plan hold no secret" ../records $SECRET
nothing_in "nor what is private" ../records $PRIVATE
control_in "them" ../records Opentitle
# Only the node knows that a file is private: what the playbook itself says is part of its text, and of
# nothing else that is recorded.
check "of a file that only the node knows to be private no record holds a difference" is "$(
	cd ../records && grep -rl "Onlynode$MARK" . | sed 's/.*\///')" show.out
check "but its line of the text" is "$(grep -c "Onlynode$MARK" ../records/show.out) $(
	grep -c "path: /srv/known, line: \"line=Onlynode$MARK\"" ../records/show.out)" "1 1"
check "the text of a playbook is the user's own" is "$(cd .. && mkdir texts && git --git-dir=project/.beoplay/history.git \
	archive HEAD | tar x -C texts && grep -rl "Onlynode$MARK" texts | sed 's/.*\///' | sort -u)" site.yml
check "nor a password's hash there" is "$(grep -rl "$MARK"Hash ../records)" ''

git --git-dir=.beoplay/history.git cat-file --batch-all-objects --batch >../history
nothing_in "no object of the history holds a secret" ../history $SECRET
nothing_in "nor what is private" ../history $PRIVATE
control_in "it" ../history Openhostvar
check "nor a password's hash" is "$(grep -c "$MARK"Hash ../history)" 0
check "a short secret isn't there either" is "$(grep -c '^pin: 4711' ../history)" 0
check "the names of -e are" says 'extra=(private [0-9a-f]' ../history

# All that beoplay leaves on a node, packed or not.
node_state() {
	lab exec "$1" sh -c 'cd / && tar cf - var/lib/beoplay root home tmp run dev/shm var/log var/tmp 2>/dev/null' |
		(mkdir -p "../node-$1" && cd "../node-$1" && tar xf - 2>/dev/null)
	find "../node-$1" -type f | while read -r file; do
		zstd -dcq "$file" >"$file.plain" 2>/dev/null || rm -f "$file.plain"
		if head -c 15 "$file" | grep -q 'SQLite format 3'; then
			unpack "$file" >"$file.rows"
		fi
	done
}
# Every value of every table, those that are compressed as well.
unpack() {
	python3 - "$1" <<'END'
import sqlite3, subprocess, sys
base = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro&immutable=1", uri=True)
for (table,) in base.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
    for row in base.execute(f'SELECT * FROM "{table}"'):
        for value in row:
            if isinstance(value, bytes):
                sys.stdout.buffer.write(value + b"\n")
                if value[:4] == b"\x28\xb5\x2f\xfd":
                    sys.stdout.buffer.write(subprocess.run(["zstd", "-dcq"], input=value,
                        capture_output=True).stdout + b"\n")
            elif value is not None:
                sys.stdout.buffer.write(str(value).encode() + b"\n")
END
}
for node in node1 head; do
	node_state $node
	nothing_in "nothing of beoplay on $node holds a secret" ../node-$node $SECRET
done
nothing_in "nor what is private, but what was there before" ../node-node1 Extravar Extrafile Otherline \
	Sourcefile Template Literal Lineinfile Block Nodiff
check "nor a password's hash" is "$(grep -rla "$MARK"Hash ../node-node1)" ''
control_in "what a node keeps" ../node-node1 Before

# --- A secret in a name ---

refused() {
	local what=$1 place=$2 text=$3
	printf -- '- hosts: node1\n  tasks:\n    - %s\n' "$text" >refused.yml
	run refused refused.yml
	check "a secret can't be part of $what" is "$status $(grep -o 'refused.yml:[0-9]*' err | head -n 1)" \
		"1 refused.yml:$place"
	check "and isn't shown where that is said" is "$(found ../kept/refused.err $SECRET)" ''
}
refused "a task's name" 3 'name: "with {{ db_password }}"
      command: "true"'
refused "a path" 3 'copy: {dest: "/srv/{{ db_password }}", content: x}'
refused "the name of a user" 3 'user: {name: "u{{ pin }}"}'
refused "the user as whom a task works" 5 'command: "true"
      become: yes
      become_user: "u{{ pin }}"'
refused "the name of a package" 3 'apt: {name: "lib{{ pin }}"}'
refused "a line's pattern" 3 'lineinfile: {path: /etc/motd, regexp: "^{{ pin }}", line: x}'
refused "a host's entry" 3 'hosts: {extra: [{address: 10.9.9.9, names: ["n{{ pin }}"]}]}'
refused "a setting's name" 3 'cron: {name: "job {{ pin }}", job: "true"}'
# What a name has by chance isn't a part of the secret, however short that is: the names of these hold each letter.
cat >chance.yml <<'END'
- hosts: node1
  vars_files: [chance-vars.yml]
  tasks:
    - copy: {content: "{{ chance[0] }}", dest: /srv/chance4711, mode: '0600'}
    - user: {name: chance4711, comment: "{{ chance[1] }}"}
    - lineinfile: {path: /srv/chance4711, regexp: '^none', line: "{{ chance[2] }}"}
    - {name: "one {{ 1 }}", command: "true", environment: {CHANCE: "{{ chance[1] }}"}}
    - hosts: {extra: [{address: "{{ chance[3] }}", names: [chance]}]}
END
cp beoplay.yml ../beoplay.before
sed -i 's/^secrets: \[/&chance, /; t; s/^secrets:$/&\n  - chance/' beoplay.yml
printf 'chance: ["c", "1", "4711", "10.9.9.9"]\n' >chance-vars.yml
run chance chance.yml
check "a name that has a secret's letters by chance is none" is "$status" 0
check "and all is done" is "$(lab exec node1 sh -c 'cat /srv/chance4711; getent passwd chance4711 | cut -d: -f5
	grep -c "^10.9.9.9 chance$" /etc/hosts' | tr '\n' ' ')" "c 4711 1 1 "
past chance-back rollback chance.yml --to nothing -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts"
cp ../beoplay.before beoplay.yml
# Too short to be found again in what a node says.
cat >environment.yml <<'END'
- hosts: node1
  tasks:
    - {name: told, command: "sh -c 'echo pin-$PIN'", environment: {PIN: "{{ pin }}"}, register: told}
    - debug: {var: told}
END
run environment environment.yml -vv
check "what an environment brings isn't told again by its command" is \
	"$status $(grep -c pin-4711 ../kept/environment.out)" '0 0'
cat >short.yml <<'END'
- hosts: node1
  tasks:
    - {command: "sh -c 'echo pin-$PIN >&2; exit 1'", environment: {PIN: "{{ pin }}"}, ignore_errors: yes}
    - {command: "sh -c 'exit 1 pin-{{ pin }}'", ignore_errors: yes}
    - command: "true pin-{{ pin }}"
    - copy: {content: "pin-{{ pin }}", dest: /srv/short}
    - {user: {name: shorty, comment: "pin-{{ pin }}"}}
END
for how in '--check --diff' '--json --check' --json '-v --diff'; do
	# shellcheck disable=SC2086 # words
	run short short.yml $how
	check "nor is what is short by $how" is "$status $(grep -c pin-4711 ../kept/short.out)" '0 0'
	lab exec node1 sh -c 'rm /srv/short; userdel shorty'
done
check "what -e says may be one" is "$(
	printf -- '- hosts: node1\n  tasks:\n    - copy: {dest: "/srv/{{ where }}", content: x}\n' >named.yml
	run named named.yml -e where=there
	echo "$status")" 0

# --- An older text ---

printf 'Changed%s\n' $MARK >files/private
sed -i "s/Literal/Otherliteral/; s/content: \"{{ greeting }}/content: \"new {{ greeting }}/" site.yml
run second site.yml "${EXTRA[@]}"
sed -i "s/Hostvar/Newhostvar/" host_vars/node1.yml
sed -i "s/literal=/other=/" templates/private.j2
past asks rollback site.yml --to 1 -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts"
check "a rollback asks for what -e said" says 'values of -e are not kept' err
past back rollback site.yml --to 1 -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" "${EXTRA[@]}"
check "with it, it goes back" is "$status" 0
node() { lab exec node1 cat "/srv/$1"; }
check "to what was open" is "$(node open)" "Openhostvar$MARK"
check "and, by what the node kept, to what wasn't: a file" is "$(node private | head -n 1)" "Sourcefile$MARK"
check "a content" is "$(node literal)" "Literal$MARK"
check "it says what it left as it is" says 'left as it is' err
check "what is the same today is as it was" is "$(lab exec node1 grep -c "Nodiff$MARK" /srv/nodiff)" 1
check "none of it holds the word for a secret" is "$(lab exec node1 sh -c \
	'grep -rlE "\((secret|private) [0-9a-f]{32}\)" /srv')" ''

# --- While it runs ---

# Arguments of -e are the user's own, and so are those of a command that is given a secret as one.
cat >slow.yml <<END
- hosts: node1
  tasks:
    - copy: {dest: /srv/slow, content: "{{ db_password }} of now", mode: '0600'}
    - user: {name: rita, password: '${HASH/salty/pepper}'}
    - shell: "sleep 100; : Openargument$MARK"
      args: {stdin: "{{ accounts[0].token }} {{ extra }}"}
END
# What stands in the arguments and environments of processes, here and there: a lab's are this machine's, too.
OPEN="Openenviron$MARK" sleep 300 &
listeners="$listeners $!"
while sleep 0.02; do
	for process in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$process/comm" && [ "$name" != grep ] &&
			cat "$process/cmdline" "$process/environ" 2>/dev/null
	done | tr '\0' '\n' | grep -a "$MARK"
done >../processes &
listeners="$listeners $!"
agents() {
	lab exec node1 sh -c 'for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in *agent*) echo ${p#/proc/};; esac; done' 2>/dev/null
}
start() {
	"$BEOPLAY" slow.yml "${EXTRA[@]}" -b -vvv -i "$LAB/inventory.yml" --user "$1" --known-hosts "$LAB/known_hosts" \
		>"../kept/slow.out" 2>"../kept/slow.err" </dev/null &
	pid=$!
	until_true lab exec node1 sh -c 'grep -qxz "100" /proc/[0-9]*/cmdline'
}
end_command() {
	lab exec node1 sh -c 'for p in /proc/[0-9]*; do grep -qxz 100 $p/cmdline && kill ${p#/proc/}; done' 2>/dev/null
}
# Images in a folder, or where else the pattern says.
pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in
/*) images() { ls "${pattern%/*}"; } ;;
*) images() { ls "$1" | grep -c "^${pattern%%%*}"; } ;;
esac
images_of_node() { lab exec node1 sh -c "ls -A \"\$1\" | grep -c '^${pattern%%%*}'" images "$1"; }

start root
node_state node1
check "while it runs no temporary file on the node holds a secret" is "$(found ../node-node1 $SECRET)" ''
check "nor here" is "$(found "$TMPDIR" $SECRET $PRIVATE)$(found "$HOME" $SECRET $PRIVATE)" ''

# Each of them is made to crash, where a process that may leaves an image of its memory.
case $pattern in
'|'*) echo "# images go to a program here: $pattern" ;;
*)
	workers=$(agents)
	check "the agent is two processes" is "$(echo "$workers" | wc -l)" 2
	places=$(for worker in $workers; do lab exec node1 readlink "/proc/$worker/cwd"; done | sort -u)
	lab exec node1 kill -SEGV $workers 2>/dev/null
	wait $pid
	# With both of them gone nobody ends what they had run; without beoplay a command comes to its end.
	end_command
	place=$(echo "$places" | head -n 1)
	check "an agent that crashes leaves no image of its memory" is "$(for place in $places; do
		images_of_node "$place"; done | sort -u)" 0
	lab exec node1 sh -c 'cd "$0" && sh -c "kill -SEGV \$\$"' "$place" 2>/dev/null
	check "where others do" [ "$(images_of_node "$place")" -ge 1 ]
	start root
	kill -SEGV $pid
	wait $pid 2>/dev/null
	end_command
	check "nor does beoplay" is "$(images .)" 0
	sh -c 'kill -SEGV $$' 2>/dev/null
	check "where others do, too" [ "$(images .)" -ge 1 ]
	rm -f "${pattern%%%*}"*
	;;
esac
no_agents() { is "$(agents)" ""; }
until_true no_agents

# With sudo, which tells syslog what it runs.
start admin
kill -TERM $pid
wait $pid

check "no process has a secret among its arguments or in its environment" \
	is "$(found ../processes $SECRET; grep -c "$MARK"Hash ../processes)" 0
check "both are looked at" is "$(found ../processes Openenviron Openargument)" "Openenviron Openargument "
lab exec node1 logger "Openlog$MARK"
until_true says Openlog ../syslog
check "nothing that is given to syslog or the journal holds a secret" is "$(found ../syslog $SECRET $PRIVATE
	grep -c "$MARK"Hash ../syslog)" 0
check "what its commands say there is heard" says "new user: name=rita" ../syslog
check "sudo, too" says "sudo.*COMMAND=" ../syslog
control_in "syslog" ../syslog Openlog
kept='slow.out slow.err'
mkdir ../slow
(cd ../kept && cp $kept ../slow)
nothing_in "the terminal shows none either when it ends so" ../slow $SECRET
nothing_in "nothing is left where temporary files are" "$TMPDIR" $SECRET $PRIVATE
