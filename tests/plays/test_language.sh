#!/bin/sh
# What playbooks say, on lab nodes: loops, conditions, registered values, facts, templates, handlers,
# tags, strategies, the modules that edit files. Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3
mkdir templates

run() {
	"$BEOPLAY" "$@" -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" \
		>out 2>err </dev/null
	status=$?
}
# What a module is told to do on one host: the tasks on stdin.
tasks() {
	{ printf -- '- hosts: node1\n  tasks:\n'; sed 's/^/    /'; } >tasks.yml
	run tasks.yml "$@"
}

cat >templates/list.j2 <<'END'
# {{ inventory_hostname }} of {{ groups['all'] | length }}
{% for host in groups['all'] %}
{{ host }} {{ hostvars[host].ansible_host }} {{ hostvars[host].ansible_architecture }}
{% endfor %}
END
cat >play.yml <<'END'
- name: Language
  hosts: all
  vars:
    greeting: "hi {{ who | default('you') }}"
  tasks:
    - name: facts of all
      template: {src: list.j2, dest: /etc/list, mode: "0600"}
      notify: say changed
    - name: loop
      file: {path: "/srv/{{ item.n }}", state: directory, mode: "{{ item.m }}"}
      loop:
        - {n: a, m: "0755"}
        - {n: b, m: "0700"}
      loop_control: {label: "{{ item.n }}"}
      register: dirs
    - name: only head
      command: "echo {{ greeting }}"
      when: inventory_hostname == 'head'
      register: said
    - name: fails, ignored
      shell: "echo out; exit 3"
      ignore_errors: yes
      register: bad
    - name: judged
      command: /bin/false
      register: judged
      failed_when: judged.rc == 2
      changed_when: judged.rc == 1
      notify: say again
    - name: sum
      debug:
        msg: "{{ said.stdout | default('none') }} {{ bad.rc }} {{ dirs.results | length }} {{ hostvars['head'].said.stdout }}"
    - name: fails on node2
      command: /bin/false
      when: inventory_hostname == 'node2'
  handlers:
    - name: say changed
      shell: echo x >>/root/handled
    - name: say again
      debug: {msg: "again on {{ inventory_hostname }}"}
- name: Second
  hosts: all:!head
  strategy: free
  tasks:
    - copy: {content: x, dest: /etc/second}
      tags: two
    - copy: {content: hunter2, dest: /root/secret, mode: "0600"}
      no_log: true
END

run play.yml -D
check "a host that fails gives exit code 2" is "$status" 2
check "a template knows facts of all hosts" is "$(lab exec node1 cat /etc/list | tr '\n' ' ')" \
	"# node1 of 3 head 10.0.1.100 x86_64 node1 10.0.1.101 x86_64 node2 10.0.1.102 x86_64 "
check "a loop makes each item" is "$(lab exec node1 stat -c %a /srv/a /srv/b | tr '\n' ' ')" "755 700 "
check "an item is named by its label" says "item: b" out
check "a false condition skips a host" is "$(recap node1 skipped)" 2
check "registered values are there later, of other hosts too" says "none 3 2 hi you" out
check "an ignored failure is counted as ignored" is "$(recap head ignored)" 1
check "failed_when and changed_when judge" says "again on head" out
check "a handler runs once" is "$(lab exec head cat /root/handled)" x
check "a handler doesn't run on a host that failed" lab exec node2 test ! -e /root/handled
check "a failed host takes no part in later plays" lab exec node2 test ! -e /etc/second
check "the others do" is "$(lab exec node1 cat /etc/second)" x
check "no_log keeps content out of diffs" silent hunter2 out
check "but the file has it" is "$(lab exec node1 cat /root/secret)" hunter2

sed -i '/fails on node2/,+2d' play.yml
run play.yml
check "a handler left over from the failed run is run by the next" is \
	"$(lab exec node2 cat /root/handled)" x
check "and only there" is "$(lab exec head cat /root/handled)" x
run play.yml -e who=me
check "an extra variable is stronger" says "hi me 3 2 hi me" out
run play.yml -t two -l 'node*'
check "tags and limits choose" is "$(recap node1 ok)$(recap head ok)" 1
run play.yml -C
check "a dry run says what depends on a command" says "not known in a dry run: the result of .only head." out
run play.yml --list-tasks --list-hosts
check "tasks are listed" says "only head" out
check "hosts are listed" says "^ *node2$" out
run play.yml --syntax-check
check "a right text passes the syntax check" is "$status" 0
run play.yml -l nowhere
check "a limit that names nothing is an error" is "$status" 1
run play.yml -t two --json
check "each line of --json is an object" is "$(grep -cv '^{.*}$' out)" 0
"$BEOPLAY" log play.yml >out 2>err
check "the log knows all runs, but no dry one" is "$(grep -c '^run ' out)" 5
check "and which hosts failed" says "1 failed" out

tasks <<'END'
- raw: echo "$((3 + 4))" | sed s/7/seven/
  register: said
- debug: {msg: "raw said {{ said.stdout }}"}
- debug: {msg: "{% filter upper %}filtered {% with a = said.rc %}{{ a }}{% endwith %}{% endfilter %}"}
END
check "raw is shell" says "raw said seven" out
check "a value may have blocks of filters" says "FILTERED 0" out

tasks <<'END'
- lineinfile: {path: /etc/a.conf, line: x=1, create: yes, mode: "0640"}
- lineinfile: {path: /etc/a.conf, line: w=0, insertbefore: "^x="}
- lineinfile: {path: /etc/a.conf, regexp: '^x\s*=', line: x=2}
- blockinfile: {path: /etc/a.conf, block: "y=1\nz=1"}
- group: {name: crew, gid: 1500}
- user: {name: ann, uid: 1501, group: crew, groups: [games], comment: Ann, shell: /bin/sh}
- copy: {content: "ann's\n", dest: /home/ann/file, owner: ann, group: crew, mode: "u=rw,go="}
- command: id -un
  become: yes
  become_user: ann
  register: me
- file: {path: /home/ann/link, src: file, state: link}
- debug: {msg: "I am {{ me.stdout }}"}
END
check "files, groups and users are made" is "$status" 0
check "lines and a block are in their places" is "$(lab exec node1 cat /etc/a.conf | tr '\n' ' ')" \
	"w=0 x=2 # BEGIN ANSIBLE MANAGED BLOCK y=1 z=1 # END ANSIBLE MANAGED BLOCK "
check "a new file has its mode" is "$(lab exec node1 stat -c %a /etc/a.conf)" 640
check "a user is as wished" is "$(lab exec node1 getent passwd ann)" "ann:x:1501:1500:Ann:/home/ann:/bin/sh"
check "a user is in its groups" is "$(lab exec node1 id -Gn ann)" "crew games"
check "a file has its owner and mode" is "$(lab exec node1 stat -c %U:%G:%a /home/ann/file)" ann:crew:600
check "a link points where it should" is "$(lab exec node1 readlink /home/ann/link)" file
check "a task becomes another user" says "I am ann" out
tasks <<'END'
- lineinfile: {path: /etc/a.conf, line: w=0}
- lineinfile: {path: /etc/a.conf, regexp: '^x\s*=', line: x=2}
- blockinfile: {path: /etc/a.conf, block: "y=1\nz=1"}
- user: {name: ann, uid: 1501, group: crew, groups: [games], comment: Ann, shell: /bin/sh}
- copy: {content: "ann's\n", dest: /home/ann/file, owner: ann, group: crew, mode: "u=rw,go="}
END
check "all of it again changes nothing" is "$(recap node1 changed)" 0
tasks <<'END'
- lineinfile: {path: /etc/a.conf, regexp: =, state: absent}
- blockinfile: {path: /etc/a.conf, state: absent}
- user: {name: ann, state: absent, remove: yes}
- group: {name: crew, state: absent}
- file: {path: /srv, state: directory}
- copy: {content: other, dest: /etc/second}
- file: {path: /home/ann, state: absent}
END
check "and it can go again" is "$status" 0
check "the lines are gone" is "$(lab exec node1 cat /etc/a.conf)" ""
check "the user is gone" lab exec node1 sh -c '! getent passwd ann && ! test -e /home/ann'
check "who takes something over from another playbook is told" says "/etc/second: until now play.yml of" out
check "and has it" is "$(lab exec node1 cat /etc/second)" other
run play.yml -t two -l node1
check "the other playbook fails where it wishes the same as before" is "$status" 2
check "two playbooks that wish different things are both named" says "tasks.yml .* play.yml" out
check "and nothing is changed" is "$(lab exec node1 cat /etc/second)" other

tasks <<'END'
- command: touch /root/made
  args: {creates: /root/made}
- copy: {content: "{{ undefined_name }}", dest: /root/never}
END
check "an undefined name is found before any host is contacted" is "$status" 1
check "with its place" says "^tasks.yml:5:2[0-9]: 'undefined_name' is undefined" err
check "and nothing was done" lab exec node1 test ! -e /root/made
tasks <<'END'
- copy: {content: "broken", dest: /etc/checked, validate: "grep -q right %s"}
END
check "a file that doesn't pass its check isn't put there" lab exec node1 test ! -e /etc/checked
check "and the task fails" is "$status" 2

# --- Long output ---
tasks <<'END'
- command: seq 1 200000
  register: long
- copy: {content: "{{ long.stdout }}\n", dest: /root/long}
- debug: {msg: "first={{ long.stdout_lines[0] }} lines={{ long.stdout_lines | length }} {{ long.truncated is defined }}"}
- command: seq 1 1000
  register: short
- debug: {msg: "whole={{ short.stdout_lines | length }} {{ short.truncated is defined }}"}
- shell: "head -c 300000 /dev/zero | tr '\\0' x; echo; echo THE CAUSE; exit 3"
END
check "a long output is registered whole" says "first=1 lines=200000 False" out
check "and to the last byte" lab exec node1 sh -c 'seq 1 200000 | cmp - /root/long'
check "a short one is whole" says "whole=1000 False" out
check "what a command said last stands in its error" says "return code 3: … THE CAUSE$" out

# --- Facts that tasks find ---
lab exec node1 sh -c 'mkdir -p /srv/found/deep; cd /srv/found; touch -d "2 days ago" old.log; touch new.log deep/.x.log'
tasks <<'END'
- {find: {paths: /srv/found, patterns: "*.log", age: 1d}, register: old}
- {find: {paths: /srv/found, recurse: yes, hidden: yes, file_type: any}, register: all}
- debug: {msg: "old={{ old.files | map(attribute='path') | join }} all={{ all.matched }} of {{ all.examined }}"}
END
check "files are found by age and kind" says "old=/srv/found/old.log all=4 of 4\$" out
tasks <<'END'
- package_facts:
- service_facts:
- getent: {database: passwd}
- getent: {database: group, key: nosuch, fail_key: no}
- debug:
    msg: "{{ 'bash' in ansible_facts.packages }} {{ packages.bash[0].version }} {{ services }}
      {{ getent_passwd.admin[4] }} {{ ansible_facts.getent_group }} {{ getent_passwd | length }}"
END
check "packages, services and users of the node are known" says "True $(lab exec node1 dpkg-query -Wf \
	'${Version}' bash) {} /home/admin {'nosuch': None} $(lab exec node1 getent passwd | wc -l)\$" out

# --- One host, two ways to it ---
cat >ways.yml <<END
- hosts: node1
  connection: local
  tasks:
    - command: touch $work/by-the-first
- hosts: node1
  tasks:
    - command: touch /tmp/by-the-second
END
run ways.yml
check "two plays may reach one host in two ways" is "$status" 0
check "what is local is run here" [ -e "$work/by-the-first" ]
check "and not there" lab exec node1 test ! -e "$work/by-the-first"
check "what isn't is run there" lab exec node1 test -e /tmp/by-the-second
check "and not here" [ ! -e /tmp/by-the-second ]

# --- What hosts share, and what each has for itself ---
mkdir -p shared
cat >shared/play.yml <<'EOF'
- hosts: all
  vars: {common: same, mine: "of {{ inventory_hostname }}"}
  tasks:
    - {copy: {content: "{{ common }}\n", dest: /root/common}}
    - {copy: {content: "{{ mine }}\n", dest: /root/mine}}
    - {copy: {content: "{{ low | default('none') }}\n", dest: /root/low}}
    - {command: "echo {{ inventory_hostname }}", register: said}
    - {copy: {content: "{{ said.stdout }}\n", dest: /root/said}}
    - {template: {src: own.j2, dest: /root/own}}
EOF
mkdir -p shared/templates shared/host_vars
echo '{{ inventory_hostname }} {{ low | default("none") }}' >shared/templates/own.j2
echo 'low: 2' >shared/host_vars/node2.yml
run shared/play.yml
check "a play with common and own values runs" is "$status" 0
for node in head node1 node2; do
	low=none
	[ $node != node2 ] || low=2
	check "$node has what is common and its own" is "$(lab exec $node sh -c \
		'cat /root/common /root/mine /root/low /root/said /root/own' | paste -sd,)" \
		"same,of $node,$low,$node,$node $low"
done
for task in 'copy: {content: "{{ low }}", dest: /root/low}' 'template: {src: low.j2, dest: /root/low}' \
	'debug: {var: low}' 'command: echo x
      when: low == 2' 'hosts: {extra: [{address: 10.1.1.1, names: ["{{ low }}"]}]}'; do
	echo '{{ low }}' >shared/templates/low.j2
	for missing in head node1 node2; do
		rm -f shared/host_vars/*
		for node in head node1 node2; do
			[ $node = $missing ] || echo 'low: 2' >shared/host_vars/$node.yml
		done
		printf -- '- hosts: all\n  gather_facts: no\n  tasks:\n    - %s\n' "$task" >shared/one.yml
		run shared/one.yml --syntax-check
		check "what only $missing lacks is found (${task%%:*})" is "$status" 1
		check "and named (${task%%:*}, $missing)" says "'low' is undefined" err
	done
done

# --- Environment ---
cat >environment.yml <<'END'
- hosts: node1
  vars:
    more: {OUTER: more, FROM_MAP: "{{ 1 + 1 }}"}
    token: hunter2-of-the-environment
  environment: {OUTER: play, PLAY: "{{ inventory_hostname }}", YES: true}
  tasks:
    - shell: 'echo "$OUTER $PLAY $YES $HOME" >/root/env-play'
    - environment: [{OUTER: block, BLOCK: b}]
      block:
        - shell: 'echo "$OUTER $BLOCK $FROM_MAP $PLAY" >/root/env-list'
          environment: ["{{ more }}", {BLOCK: task}]
        - command: env
          environment: {HOME: /elsewhere, PATH: "/usr/bin:/opt/none"}
          become: yes
          become_user: daemon
          register: seen
    - copy: {content: "{{ seen.stdout_lines | select('match', '(HOME|PATH|OUTER)=') | sort | join(' ') }}\n", dest: /root/env-user}
    - shell: 'echo "$TOKEN" >/root/env-secret; echo "seen $TOKEN"'
      environment: {TOKEN: "{{ token }}"}
      notify: handled
    - apt: {name: base-files, state: present}
      environment: {http_proxy: "http://127.0.0.1:9"}
  handlers:
    - name: handled
      shell: echo "$HANDLER $OUTER" >/root/env-handler
      environment: {HANDLER: yes}
END
printf 'secrets: [token]\n' >beoplay.yml
run environment.yml --check
check "a dry run with an environment ends well" is "$status" 0
run environment.yml -v --json
check "environments can be given" is "$status" 0
check "a play's is that of its tasks" is "$(lab exec node1 cat /root/env-play)" "play node1 True /root"
check "the inner one is stronger, and the last of a list" is "$(lab exec node1 cat /root/env-list)" "more task 2 node1"
check "it holds as another user, over what beoplay sets" is "$(lab exec node1 cat /root/env-user)" \
	"HOME=/elsewhere OUTER=block PATH=/usr/bin:/opt/none"
check "a secret gets there" is "$(lab exec node1 cat /root/env-secret)" hunter2-of-the-environment
check "and isn't shown" silent hunter2 out
check "nor kept on the node" is "$(lab exec node1 sh -c 'grep -rl hunter2 /var/lib/beoplay || true')" ""
check "handlers have theirs" is "$(lab exec node1 cat /root/env-handler)" "True play"
rm beoplay.yml

# --- Small forms ---
cat >forms.yml <<'END'
- hosts: node1
  user: root
  collections: [ansible.posix]
  module_defaults: {copy: {mode: "0600"}}
  vars_prompt:
    - {name: asked, prompt: What, private: no}
    - {name: kept, default: of-the-prompt}
  tasks:
    - action: copy content=action dest=/root/form-action
    - action: {module: copy, content: "{{ asked }} {{ kept }}", dest: /root/form-map, mode: "0640"}
    - copy: {content: "{{ at }} {{ item }} {{ ansible_loop.last }} {{ ansible_loop.previtem | default('-') }}", dest: "/root/form-{{ item }}"}
      loop: [a, b]
      loop_control: {index_var: at, extended: yes}
    - debug: {msg: ["{{ item }}", "at {{ at }}"]}
      loop: [x, y]
      loop_control: {index_var: at}
      failed_when: at > 5
    - systemd: {daemon_reload: yes}
END
run forms.yml
check "what a play asks for is an error without a terminal" is "$status" 1
check "which names -e" says "give it with -e asked=VALUE" err
run forms.yml -e asked=answer
check "small forms can be applied" is "$status" 0
check "action and module_defaults are honoured" is \
	"$(lab exec node1 sh -c 'cat /root/form-action /root/form-map; stat -c " %a" /root/form-action /root/form-map' | tr '\n' ';')" \
	"actionanswer of-the-prompt 600; 640;"
check "loops have a number, and ansible_loop" is "$(lab exec node1 sh -c 'cat /root/form-a; echo; cat /root/form-b' | tr '\n' ';')" \
	"0 a False -;1 b True a"
run forms.yml -e asked=answer
check "a second time small forms change nothing" is "$(recap node1 changed)" 0
run forms.yml --syntax-check
check "a syntax check asks for nothing" is "$status" 0
