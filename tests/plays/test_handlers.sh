#!/bin/sh
# Handlers and what is undone: what handlers made goes away like all else, and no handler makes it again;
# services are restarted and commands run, wherever the handler stands and whoever notified it.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
. tests/plays/state.sh
pulse=$PWD/tests/plays/versions/files/pulse
nodes 1 cluster
for service in pulse beat; do
	lab exec head sh -c "cat >/etc/init.d/$service; chmod 755 /etc/init.d/$service" <"$pulse"
done
lab exec head sh -c 'service beat start; echo by hand >/etc/as-wished'
pid_of() { lab exec head sh -c "service $1 status && cat /run/$1.pid" 2>/dev/null || echo none; }
there() { lab exec head sh -c 'for f; do [ ! -e "$f" ] || echo "${f##*/}"; done' there "$@" | tr '\n' ' '; }
ran() { lab exec head sh -c 'cat /run/ran; : >/run/ran' | tr '\n' ' '; }

# text VERSION [HANDLERS]: what it says of everything.
text() {
	cat <<-END
		- hosts: all
		  roles: [web]
		  tasks:
		    - copy: {dest: /etc/conf, content: "$1\n"}
		      notify: [make, restart pulse, restart beat, heard, say, each]
		    - copy: {dest: /etc/as-wished, content: "$2\n"}
		      notify: late
		    - block:
		        - copy: {dest: /etc/in-block, content: "$1\n"}
		          notify: in block
		        - command: "false"
		      rescue:
		        - copy: {dest: /etc/in-rescue, content: "$1\n"}
		          notify: in rescue
		      always:
		        - copy: {dest: /etc/in-always, content: "$1\n"}
		          notify: in always
	END
	shift 2
	echo "  handlers:"
	echo '    - {name: die, listen: heard, shell: "[ ! -e /run/die ] || { rm /run/die; kill -9 $PPID; sleep 9; }"}'
	cat <<-END
		    - {name: make, copy: {dest: /etc/made, content: "$*\n"}, notify: after}
		    - {name: after, file: {path: /srv/after, state: directory}, notify: after that}
		    - {name: after that, shell: echo after that >>/run/ran, notify: at last}
		    - {name: at last, lineinfile: {path: /etc/at-last, line: "$*", create: yes}}
		    - {name: restart pulse, service: {name: pulse, state: restarted, enabled: yes}}
		    - {name: restart beat, service: {name: beat, state: restarted}}
		    - {name: one who hears, copy: {dest: /etc/heard, content: "$*\n"}, listen: heard}
		    - {name: say, debug: {msg: "said $*"}}
		    - {name: each, shell: "echo {{ item }} >>/run/ran", loop: [a, b, c]}
		    - {name: late, template: {src: late.j2, dest: /etc/late}}
		    - {name: in block, copy: {dest: /etc/by-block, content: "$*\n"}}
		    - {name: in rescue, group: {name: rescued}}
		    - {name: in always, file-sync: {src: tree, dest: /srv/by-always}}
	END
}
mkdir -p tree roles/web/tasks roles/web/handlers
echo a >tree/a
echo 'late {{ inventory_hostname }}' >late.j2
role() {
	printf -- '- copy: {dest: /etc/web, content: "%s\\n"}\n  notify: web\n' "$1" >roles/web/tasks/main.yml
	printf -- '- {name: web, copy: {dest: /etc/by-web, content: "%s\\n"}}\n' "$1" >roles/web/handlers/main.yml
}
made="/etc/made /srv/after /etc/at-last /etc/heard /etc/late /etc/by-block /srv/by-always /etc/by-web"

# --- To nothing ---
state_all ../blank
role one
text one "by hand" one >site.yml
beoplay site.yml
check "handlers of all places make things" is "$status $(there $made)" \
	"0 made after at-last heard by-block by-always by-web "
check "a handler with a loop does each item" is "$(ran)" "after that a b c "
check "services are started" is "$(pid_of pulse | grep -c none)" 0
state_all ../first
beat=$(pid_of beat)
beoplay rollback site.yml --to nothing --check
check "a dry run of an undo names no handler that makes something" is \
	"$(grep -c -E 'HANDLER .(make|after|at last|one who hears|in (block|rescue|always)|web : web)]' ../out)" 0
check "but those that run commands" says "HANDLER \[each\]" ../out
state_all ../now
check "it touches nothing" same ../first ../now
beoplay rollback site.yml --to nothing
check "all is undone, also a service that only a handler started" is "$status" 0
state_all ../now
check "what handlers made is gone, and nothing made again" same ../blank ../now
check "handlers that run commands have run, and what they notify" is "$(ran)" "after that a b c "
check "a service that was not running isn't started" is "$(pid_of pulse)" none
check "one that was is restarted" is "$([ "$(pid_of beat)" = "$beat" ] || echo other)" other
check "and runs" is "$(pid_of beat | grep -c none)" 0
beoplay status site.yml
check "the ledger is empty" says "0 resources" ../out
check "and nothing is due" is "$status" 0

# --- To an earlier version ---
text one "by hand" one >site.yml
beoplay site.yml
state_all ../first
role two
text two "another" two >site.yml
sed -i 's/notify: after}/notify: only later}/; $a\    - {name: only later, debug: {msg: later}}' site.yml
beoplay site.yml
check "a second version makes more" is "$status $(there $made)" \
	"0 made after at-last heard late by-block by-always by-web "
ran >../dropped
pulse=$(pid_of pulse)
beoplay rollback site.yml
check "the rollback succeeds" is "$status" 0
state_all ../now
check "all is as after the first version" same ../first ../now
check "what runs is restarted" is "$([ "$(pid_of pulse)" = "$pulse" ] || echo other)" other
check "and runs" is "$(pid_of pulse | grep -c none)" 0
check "what only the later text had is named" \
	says "its handler 'only later' isn't run: the text rolled back to doesn't have it" ../out
ran >../dropped

# --- A rollback that dies between the undo and the handlers ---
text two "another" two >site.yml
beoplay site.yml
ran >../dropped
lab exec head touch /run/die
beoplay rollback site.yml
check "a rollback dies before its handlers" is "$status" 2
check "what they make isn't there" is "$(there /etc/late)" ""
beoplay rollback site.yml --to 3
check "it is rolled back again" is "$status" 0
state_all ../now
check "then all is as after the first version" same ../first ../now
check "the commands have run" is "$(ran)" "a b c "

# --- What an earlier run left due is done in full, also before a rollback to it ---
role three
text three "three" three >site.yml
lab exec head touch /run/die
beoplay site.yml
check "a run dies before its handlers" is "$status" 2
beoplay "rollback" site.yml --to "$("$BEOPLAY" log | sed -n 's/^run \([0-9]*\) .*/\1/p' | head -n 1)"
check "a rollback to it runs them" is "$status $(lab exec head cat /etc/made /etc/by-web | tr '\n' ' ')" \
	"0 three three "
ran >../dropped

# --- Prune ---
sed -i -e '/dest: \/etc\/conf/,+1d' -e '/name: in always/d' -e '/notify: in always/d' site.yml
beoplay site.yml --prune
check "prune succeeds" is "$status" 0
check "what a handler that is gone made is gone" is "$(there /srv/by-always)" ""
check "what handlers of the text made stays" is "$(there /etc/made /etc/heard /srv/after)" "made heard after "
check "handlers of what was undone run commands" is "$(ran)" "a b c "
beoplay site.yml
check "then nothing changes" is "$(recap head changed)" 0
beoplay rollback site.yml --to nothing
state_all ../now
check "and to nothing is to nothing" same ../blank ../now

# --- What needs other hosts ---
for module in 'mpi-run: {source: a.c}' 'ssh_keys: {user: mpi, trust: all}'; do
	printf -- '- hosts: all\n  tasks: [{command: x, notify: h}]\n  handlers:\n  - name: h\n    %s\n' "$module" >needs.yml
	beoplay needs.yml
	check "${module%%:*} is refused as a handler, at its place" is "$status $(grep -c '^needs.yml:4:5: ' ../err)" "1 1"
	check "with another way" says "make it a task behind the others" ../err
done
