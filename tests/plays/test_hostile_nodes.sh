#!/bin/sh
# A node that lies over ssh, beside honest ones, on lab nodes: what it says harms neither them nor the
# controller. Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
hostile=$(dirname "$BEOPLAY")/hostile
nodes 2 lies
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - copy: {src: large, dest: /etc/large}
    - copy: {content: "{{ round }}\n", dest: /etc/round}
    - command: echo {{ round }}
      register: told
    - copy: {content: "{{ told.stdout | default('') }} {{ ansible_hostname }}\n", dest: /etc/told}
E2
cat >addresses.yml <<'E2'
- hosts: all
  tasks:
    - hosts: {group: all}
    - ssh-keys: {user: root, trust: all, allow_root: true}
E2
head -c 300000 /dev/zero >large

# --- node1 becomes the one that lies ---
lab exec node1 sh -c 'cat >/usr/local/bin/hostile; chmod 755 /usr/local/bin/hostile' <"$hostile"
lab exec node1 sh -c 'cat >/usr/local/bin/liar; chmod 755 /usr/local/bin/liar' <<'E2'
#!/bin/sh
. /etc/lie
exec /usr/local/bin/hostile "$lie"
E2
lab exec node1 usermod -s /usr/local/bin/liar root
lie() { printf "lie='%s'; export CLAIMED='%s'\n" "$1" "${2:-}" | lab exec node1 tee /etc/lie >/dev/null; }

round=0
# lies NAME CODE WORDS: the run ends with the code and says the words; head has all that was wanted.
lies() {
	round=$((round + 1))
	lie "$1"
	beoplay site.yml -e round=$round
	check "$1: exit code $2" is "$status" "$2"
	check "$1: it is said" says "$3" "$err"
	check "$1: head has all of it" is "$(lab exec head cat /etc/round /etc/told | tr '\n' ' ')" \
		"$round $round $(lab exec head hostname) "
}
lies "RESULT.changes is a map" 2 "failed: node1: protocol error in RESULT: 'changes' must be a list, not a map"
lies "it claims the fact 0" 2 "failed: node1: protocol error: in the facts: 'host' is an unknown key"
lies "it floods with requests" 2 "failed: node1: protocol error"
lies "it needs the agent again and again" 2 "failed: node1: the agent was sent there"
lies "it needs an agent that nobody has" 2 "no agent for vax; \\\\x1b\\[2Jreboot machines"
lies "a list that claims 4 GiB of items" 2 "failed: node1: protocol error"
lies "it ends inside a frame" 2 "failed: node1: the agent ended before its tasks did"

# --- Addresses ---
lie "it is at the address of another" "$(lab address head)"
mkdir group_vars
echo 'cluster_address: "{{ ansible_default_ipv4.address }}"' >group_vars/all.yml
beoplay addresses.yml
rm -r group_vars
check "another one's address isn't taken" is "$status" 2
check "both are named" says "head and node1 both claim to be '$(lab address head)'" ../out
lab exec head cat /etc/hosts >../hosts
check "head's /etc/hosts stays as it was" silent node1 ../hosts

# --- One that answers, but never with what is asked ---
lie "it answers nothing but pings"
"$BEOPLAY" site.yml -e round=99 --user root --known-hosts "$LAB/known_hosts" >"$out" 2>"$err" </dev/null &
pid=$!
sleep 3
kill -TERM "$pid"
wait "$pid"
check "a SIGTERM ends the run by itself" is $? 130
