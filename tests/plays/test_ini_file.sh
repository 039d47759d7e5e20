#!/bin/bash
# ini_file: what another reader of such files finds in them; exact, idempotent, and taken back. Prints "ok NAME" or
# "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
read_ini() { node cat "$1" | python3 -c 'import configparser, sys
ini = configparser.ConfigParser(allow_no_value=True)
ini.read_string(sys.stdin.read())
print(*sorted(f"{s}.{o}={ini[s][o]}" for s in ini.sections() for o in ini[s]))'; }
node sh -c 'printf "# mine\n[main]\nport=1\n;user = nobody\n\n[last]\nwhere = here" >/etc/mine.ini; chmod 640 /etc/mine.ini'
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' "$1" | cut -f 1-5,7-; }
lab snapshot head >before
all() { tasks "$@" <<END
- ini_file: {path: /etc/mine.ini, section: main, option: "{{ item.name }}", value: "{{ item.is }}", backup: yes}
  loop: [{name: port, is: 22}, {name: user, is: root}, {name: new, is: "a = b"}]
- ini_file: {path: /etc/mine.ini, section: last, option: where, state: absent}
- community.general.ini_file: {dest: /etc/new.ini, section: a b, option: c, allow_no_value: yes, mode: "0600"}
END
}
all -C -D
lab snapshot head >now
check "a dry run shows the lines" says "^ *-port=1" out
check "and what they become" says "^ *+port = 22" out
check "and touches nothing" is "$status $(diff <(state before) <(state now))" "0 "
all
check "a run changes them" is "$status $(recap head changed)" "0 3"
check "another reader finds what is wished" is "$(read_ini /etc/mine.ini)" "main.new=a = b main.port=22 main.user=root"
check "also of a new file" is "$(read_ini /etc/new.ini) $(node stat -c %a /etc/new.ini /etc/mine.ini | tr '\n' ' ')" \
	"a b.c=None 600 640 "
all
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "
all
node sh -c 'echo "# theirs" >>/etc/mine.ini'
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "what others wrote since stays" is "$status $(node cat /etc/mine.ini)" "0 # mine
[main]
port=1
;user = nobody

[last]
where = here
# theirs"
