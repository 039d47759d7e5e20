#!/bin/bash
# What is secret or private is nowhere that it doesn't belong: planted strings are looked for in all that
# is printed, recorded and kept, on the controller and on the nodes; beside them stand open ones,
# that the same search must find. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
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

lab exec node1 sh -c "umask 077; printf 'before=Before$MARK\n' | tee /srv/conf >/srv/other; umask 022; echo old >/srv/readable
	printf 'old=Oldprivate$MARK\n' >/srv/literal; chmod 600 /srv/literal"

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
past show show 1 --text
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

cat >slow.yml <<END
- hosts: node1
  tasks:
    - copy: {dest: /srv/slow, content: "{{ db_password }} of now", mode: '0600'}
    - user: {name: rita, password: '${HASH/salty/pepper}'}
    - command: sleep 2
    - command: sleep 2
      args: {stdin: "{{ accounts[0].token }}"}
END
"$BEOPLAY" slow.yml -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" >out 2>err </dev/null &
pid=$!
for _ in $(seq 60); do
	cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' '
	lab exec node1 sh -c 'cat /proc/[0-9]*/cmdline; for p in /proc/[0-9]*; do
		case $(readlink $p/exe) in *agent*) grep "Max core" $p/limits;; esac; done' 2>/dev/null | tr '\0' ' '
	grep -h 'Max core' "/proc/$pid/limits" 2>/dev/null
	kill -0 $pid 2>/dev/null || break
done >../seen
wait $pid
check "no process has a secret among its arguments" is "$(found ../seen $SECRET; grep -c "$MARK"Hash ../seen)" 0
check "the arguments are seen" says 'sleep 2' ../seen
check "neither side leaves core images" is "$(grep -oE 'Max core file size +[0-9a-z]+' ../seen |
	awk '{ print $5 }' | sort -u)" 0
check "both were looked at" test "$(grep -c 'Max core' ../seen)" -gt 2
