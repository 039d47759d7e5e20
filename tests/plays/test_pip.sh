#!/bin/bash
# pip: environments and packages; exact, idempotent, and taken back. The nodes' packages have no pip: one that knows
# a few packages by their names, in files, stands for it; its answers are those of pip 23. Prints "ok NAME" or
# "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 1
node() { lab exec head "$@"; }
state() { grep -v -e '^\./var/lib/beoplay' -e '^\./root' -e '^\./usr/local/bin' "$1" | cut -f 1-5,7-; }
tasks <<'END'
- pip: {name: requests}
END
check "where pip is missing it says so" code pip.failed
check "and what to do" says "install python3-pip with an apt-packages task" out
tasks <<'END'
- pip: {name: requests, virtualenv: /opt/none}
END
check "where Python is missing, too" is "$status" 2

node sh -c 'cat >/usr/local/bin/pip3; chmod 755 /usr/local/bin/pip3; ln -s pip3 /usr/local/bin/python3' <<'END'
#!/bin/sh
# pip3 …, VENV/bin/pip …, python3 -m venv VENV
case $0 in */python3)
	[ "$1" = -m ] && shift 2
	eval "venv=\${$#}"
	mkdir -p "$venv/bin" "$venv/lib" && cp /usr/local/bin/pip3 "$venv/bin/pip" && echo home >"$venv/pyvenv.cfg" &&
		echo 23.0 >"$venv/lib/pip"
	exit ;;
*/bin/pip) lib=${0%/bin/pip}/lib ;;
*) lib=/usr/local/lib/fake; mkdir -p $lib ;;
esac
echo "$*" >>/run/pip-asked
command=$1; shift
names= dry= upgrade= broken=
while [ $# -gt 0 ]; do
	case $1 in --dry-run) dry=1 ;; --upgrade) upgrade=1 ;; --break-system-packages) broken=1 ;;
	-r) names="$names $(cat "$2")"; shift ;; -*) ;; *) names="$names $1" ;; esac
	shift
done
case $command in
list) cd "$lib" && for one in *; do [ ! -f "$one" ] || echo "$one==$(cat "$one")"; done ;;
install)
	if [ "$lib" = /usr/local/lib/fake ] && [ ! "$broken" ]; then
		echo "error: externally-managed-environment" >&2
		exit 1
	fi
	would=
	for one in $names; do
		name=${one%%==*} version=2
		case $one in *==*) version=${one#*==} ;; esac
		[ "$name" != none ] || { echo "ERROR: No matching distribution found for none" >&2; exit 1; }
		[ "$name" != app ] || names="$names base"
		for each in "$name=$version" $([ "$name" != app ] || echo base=1); do
			n=${each%%=*} v=${each#*=}
			have=$(cat "$lib/$n" 2>/dev/null)
			[ "$have" != "$v" ] || continue
			case $have$one$upgrade in ''*) ;; esac
			if [ -n "$have" ] && [ ! "$upgrade" ]; then case $one in *==*) ;; *) continue ;; esac; fi
			would="$would $n-$v"
			[ "$dry" ] || echo "$v" >"$lib/$n"
		done
	done
	[ ! "$would" ] || [ ! "$dry" ] || echo "Would install$would" ;;
uninstall) for one in $names; do rm -f "$lib/$one"; done ;;
esac
END
lab snapshot head >before
app() { tasks "$@" <<'END'
- pip: {name: [app, "other==1.5"], virtualenv: /opt/venv}
END
}
app -C
lab snapshot head >now
check "a dry run names the environment and what comes" is "$status $(grep -c -e '/opt/venv state: absent → environment' \
	-e 'app version: absent → present' -e 'other==1.5 version: absent → present' out)" "0 3"
check "and touches nothing" is "$(diff <(state before) <(state now))" ""
app
check "a run makes it" is "$status $(node sh -c 'cd /opt/venv/lib && grep . *' | tr '\n' ' ')" \
	"0 app:2 base:1 other:1.5 pip:23.0 "
app
check "a second run changes nothing" is "$status $(recap head changed)" "0 0"
tasks -C <<'END'
- pip: {name: other, state: latest, virtualenv: /opt/venv}
END
check "a dry run says both versions" says "other version: 1.5 → 2" out
check "and installs none" is "$(node cat /opt/venv/lib/other)" 1.5
node sh -c 'echo more >/opt/wanted'
cat >site.yml <<'END'
- hosts: head
  tasks:
    - pip: {name: other, version: "2", virtualenv: /opt/venv}
    - pip: {requirements: /opt/wanted, virtualenv: /opt/venv}
    - pip: {name: [app, never], state: absent, virtualenv: /opt/venv}
END
beoplay site.yml -i "$LAB/inventory.yml" -v
check "versions, files of names, and what is absent" is "$status $(node sh -c 'cd /opt/venv/lib && grep . *' | tr '\n' ' ')" \
	"0 base:1 more:2 other:2 pip:23.0 "
beoplay rollback site.yml --to nothing -i "$LAB/inventory.yml" -v
check "each comes back as it was" is "$status $(node sh -c 'cd /opt/venv/lib && grep . *' | tr '\n' ' ')" \
	"0 app:2 base:1 other:1.5 pip:23.0 "
node rm /opt/wanted
node touch /opt/venv/mine
app
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
check "what somebody has put into the environment keeps it" is "$status $(node ls /opt/venv/mine)" "2 /opt/venv/mine"
check "and it says so" code host.file-changed
node rm /opt/venv/mine
beoplay rollback tasks.yml --to nothing -i "$LAB/inventory.yml" -v
lab snapshot head >now
check "all is taken back" is "$status $(diff <(state before) <(state now))" "0 "

tasks <<'END'
- pip: {name: app}
END
check "Debian's own Python is left alone" code pip.externally-managed
check "with both ways out" says "virtualenv" out
tasks <<'END'
- pip: {name: app, break_system_packages: yes}
END
check "but for who says so" is "$status $(node cat /usr/local/lib/fake/app)" "0 2"
tasks <<'END'
- pip: {name: none, virtualenv: /opt/venv}
END
check "a package that isn't there is an error" says "No matching distribution" out
