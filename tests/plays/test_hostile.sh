#!/bin/sh
# A node that lies, beside an honest one: each lie of tests/hostile. Needs no lab: both are this machine,
# and a stand-in for sudo starts the agent that lies. Prints "ok NAME" or "not ok NAME: why", a line a test.
# ONLY=WORDS tries those with these words in their name.
set -u
cd "$(dirname "$0")/../.." || exit 1
BEOPLAY=$(readlink -f "${BEOPLAY:-build/beoplay}")
hostile=$(dirname "$BEOPLAY")/hostile
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- Each field of a message has a writer at one end and a reader at the other ---
controller="engine/plan engine/report engine/fleet engine/command"
fields() {   # those of which nothing at the one end is a writer, or nothing at the other a reader
	"$hostile" fields | sort -u | while read -r sender field; do
		case $sender in
		agent) from=engine/agent to=$controller ;;
		controller) from=$controller to=engine/agent ;;
		inside) from=engine/agent to=engine/agent ;;
		esac
		name=${field##*.}
		# shellcheck disable=SC2086 # several folders
		grep -rqP "(->|\\.)$name\\b(\\.\\w+)? = |&[\\w>.-]*(->|\\.)$name\\b" $from || echo "writer of $field"
		# shellcheck disable=SC2086
		grep -rqP "(->|\\.)$name\\b(?! = )" $to || echo "reader of $field"
	done
}
missing=$(fields)
if [ -z "$missing" ]; then
	echo "ok each field of a message has a writer and a reader"
else
	echo "not ok each field of a message has a writer and a reader: no" $missing
fi

# --- The lies ---
mkdir "$work/bin"
cp "$BEOPLAY" "$hostile" "$work/bin"
cat >"$work/bin/sudo" <<E2
#!/bin/sh
exec "$work/bin/hostile" "\$LIE"
E2
cat >"$work/hosts.yml" <<'E2'
all:
  vars: {ansible_connection: local}
  hosts:
    honest:
    liar: {ansible_become: true}
E2
cat >"$work/site.yml" <<'E2'
- hosts: all
  tasks:
    - copy: {src: large, dest: "{{ folder }}/{{ inventory_hostname }}.large"}
    - copy: {content: "{{ inventory_hostname }}\n", dest: "{{ folder }}/{{ inventory_hostname }}"}
    - command: echo {{ inventory_hostname }}
      register: told
    - debug: {msg: "{{ ansible_hostname }} {{ told.stdout }}"}
    - copy: {content: "{{ told.stdout }}\n", dest: "{{ folder }}/{{ inventory_hostname }}.second"}
    - command: echo {{ told.stdout | from_json | length }}
      when: told.stdout[0] | default('') == '{'
E2
head -c 300000 /dev/zero >"$work/large"
chmod 755 "$work" "$work"/bin/*
# Sanitizers need more memory, and this is a bound for what has none.
case $BEOPLAY in
*/sanitize/*) KILOBYTES_MOST=$((1024 * 1024)) ;;
*) KILOBYTES_MOST=$((128 * 1024)) ;;
esac
export KILOBYTES_MOST PATH="$work/bin:$PATH"

# Each part of them in a folder, and with a state, of its own: one run at a time changes a machine.
part() {
	part=$work/part$1
	mkdir -p "$part/home"
	cp "$work/hosts.yml" "$work/site.yml" "$work/large" "$part"
	cd "$part" || exit 1
	export HOME="$part/home" PWD="$part" USER=nobody
	if [ "$(id -u)" != 0 ]; then
		exec "$work/bin/hostile" try "$work/bin/beoplay" "$1" "$2"
	fi
	# sudo is only asked by those who aren't root; the agent's state is in their home.
	uid=$((64000 + $1))
	cp /etc/passwd "$part/passwd"
	echo "part$1:x:$uid:65534::$part/home:/bin/sh" >>"$part/passwd"
	chown -R "$uid" "$part"
	export USER="part$1"
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare --mount sh -c 'mount --bind "$1/passwd" /etc/passwd && uid=$2 && shift 2 && exec \
		setpriv --reuid "$uid" --regid 65534 --clear-groups "$@"' sh "$part" "$uid" \
		"$work/bin/hostile" try "$work/bin/beoplay" "$1" "$2"
}
parts=${PARTS:-4}
[ "$(id -u)" = 0 ] || parts=1
for i in $(seq 0 $((parts - 1))); do
	part "$i" $parts >"$work/said$i" 2>&1 &
done
wait
cat "$work"/said*

# --- A signal, long before any host is contacted ---
cd "$work" || exit 1
cat >many.yml <<'E2'
- hosts: all
  tasks:
    - file: {path: "/nowhere/{{ item }}/{{ inventory_hostname }}", state: absent}
      loop: "{{ range(0, 3000) }}"
E2
{
	printf 'all:\n  vars: {ansible_connection: local}\n  hosts:\n'
	seq -f '    host%.0f:' 1 2000
} >many-hosts.yml
"$BEOPLAY" many.yml -i many-hosts.yml -C >said 2>&1 </dev/null &
pid=$!
sleep 1
kill -TERM "$pid"
wait "$pid"
code=$?
if [ $code = 130 ]; then
	echo "ok a SIGTERM ends a run that still fills in values"
else
	echo "not ok a SIGTERM ends a run that still fills in values: exit code $code"
fi
