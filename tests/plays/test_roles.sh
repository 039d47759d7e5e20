#!/bin/sh
# What roles and the tasks in them do, on lab nodes: variables that tasks set, decisions without a
# host, files that are only looked at. Prints "ok NAME" or "not ok NAME: why".
set -u
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
	exec tests/lab/run -n 3 -- "$0" inside
fi

BEOPLAY=${BEOPLAY:-$PWD/build/beoplay}
out=out err=err
. tests/plays/checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

run() { beoplay "$@" -i "$LAB/inventory.yml"; }

# --- Variables that tasks set ---
cat >facts.yml <<'END'
- hosts: all
  gather_facts: no
  tasks:
    - command: "echo of-{{ inventory_hostname }}"
      register: said
      changed_when: false
    - set_fact: {mine: "{{ said.stdout }}", flag: "yes", deep: {list: [1, "{{ 1 + 1 }}"]}}
    - set_fact: {collected: "{{ collected | default([]) + [item * 2] }}"}
      loop: [1, 2, 3]
    - set_fact: {once: first}
      when: once is not defined
    - set_fact: {once: second}
      when: once is not defined
    - set_fact: {"named_{{ inventory_hostname }}": here}
    - copy: {content: "{{ mine }} {{ flag }} {{ deep.list[1] }} {{ collected }} {{ once }}\n", dest: /etc/set}
    - copy: {content: "{{ hostvars['node2'].mine }} {{ hostvars['node2'].named_node2 }}\n", dest: /etc/of-node2}
    - set_fact: {mine: changed}
    - set_fact: {weak: task}
      vars: {weak: vars}
    - debug: {msg: "weak is {{ weak }}, extra is {{ strong }}"}
      vars: {weak: vars}
    - set_fact: {strong: task}
- hosts: head
  gather_facts: no
  tasks:
    - debug: {msg: "later {{ mine }} {{ hostvars['node1'].mine }} {{ strong }}"}
END
run facts.yml -e strong=line --check
check "a dry run knows what is set" says "weak is task, extra is line" out
run facts.yml -e strong=line
check "variables can be set" is "$status" 0
check "a host's own tasks see them" is "$(lab exec node1 cat /etc/set)" "of-node1 True 2 [2, 4, 6] first"
check "other hosts see them" is "$(lab exec head cat /etc/of-node2)" "of-node2 here"
check "a set one is stronger than the task's own" says "weak is task, extra is line" out
check "later plays see them, and -e is stronger" says "later changed changed line" out
run facts.yml -e strong=line
check "a second time nothing changes" is "$(recap node1 changed)" 0

# --- Each host sees what the other had when it came to that task ---
cat >turns.yml <<'END'
- hosts: all
  gather_facts: no
  tasks:
    - set_fact: {turn: one}
    - debug: {msg: "now {{ groups.all | map('extract', hostvars, 'turn') | join(' ') }}"}
    - command: "true"
      when: inventory_hostname == 'node2'
    - set_fact: {turn: two}
      when: inventory_hostname != 'head'
    - debug: {msg: "then {{ groups.all | map('extract', hostvars, 'turn') | join(' ') }}"}
END
run turns.yml
check "all see the first turn" says "now one one one" out
check "and then the second" says "then one two two" out
check "and nothing else" is "$(grep -cE '(now|then) (one|two) ' out)" 2

# --- assert, fail, stat ---
lab exec node1 sh -c 'printf x >/etc/seen; chmod 4751 /etc/seen; ln -s seen /etc/link'
cat >decide.yml <<'END'
- hosts: node1,node2
  gather_facts: no
  tasks:
    - {stat: {path: /etc/seen}, register: seen}
    - {stat: {path: /etc/link, get_checksum: no}, register: link}
    - {stat: {path: /etc/link, follow: yes, checksum_algorithm: sha256}, register: followed}
    - debug: {msg: "{{ seen.stat.mode }} {{ seen.stat.checksum }} {{ link.stat.islnk }} {{ link.stat.lnk_source }} {{ followed.stat.checksum | length }} {{ seen.changed }}"}
      when: seen.stat.exists
    - assert:
        that: [seen.stat.exists, seen.stat.isreg]
        fail_msg: "nothing seen on {{ inventory_hostname }}"
    - fail: {msg: "made to fail"}
      ignore_errors: yes
      register: made
    - debug: {msg: "msg was {{ made.msg }} {{ made is failed }}"}
    - copy: {content: x, dest: /etc/behind}
END
run decide.yml
check "what a file is, is told" says \
	"4751 11f6ad8ec52a2984abaafd7c3b516503785c2072 True /etc/seen 64 False" out
check "an assertion fails one host" says "nothing seen on node2: seen.stat.exists" out
check "with the exit code of a failure" is "$status" 2
check "nothing is done there behind it" lab exec node2 test ! -e /etc/behind
check "the other host goes on" lab exec node1 test -e /etc/behind
check "a failure that is ignored can be looked at" says "msg was made to fail True" out
cat >pending.yml <<'END'
- hosts: node1
  gather_facts: no
  tasks:
    - copy: {content: x, dest: /etc/to-come}
    - {stat: {path: /etc/to-come}, register: come}
    - set_fact: {size: "{{ come.stat.size }}"}
    - assert: {that: come.stat.exists}
    - fail: {msg: "it is {{ size }}"}
      when: size != 1
END
run pending.yml --check
check "what depends on a change to come isn't told in a dry run" says "not known in a dry run: " out
check "and fails nothing" is "$status" 0
check "nor may it change anything" is "$(recap node1 may_change)" 0
run pending.yml
check "it holds in the real run" is "$status" 0

# --- Roles: in the project, of the user, one that others depend on ---
mkdir -p site/roles/web/tasks site/roles/web/handlers site/roles/web/defaults site/roles/web/vars \
	site/roles/web/files site/roles/web/templates site/roles/web/meta site/roles/proxy/tasks \
	site/roles/proxy/meta site/files "$HOME"/.ansible/roles/base/tasks "$HOME"/.ansible/roles/base/defaults \
	"$HOME"/.ansible/roles/base/files
cat >site/site.yml <<'END'
- name: Site
  hosts: node1,node2
  gather_facts: no
  vars: {web_root: /srv/www, web_owner: play}
  pre_tasks:
    - file: {path: /srv/order, state: touch}
      changed_when: false
    - lineinfile: {path: /srv/order, line: pre, create: yes}
      notify: say before
  roles:
    - {role: web, web_port: 8080, tags: web}
    - role: proxy
      when: inventory_hostname == 'node1'
  tasks:
    - lineinfile: {path: /srv/order, line: "tasks {{ web_title }} {{ web_inner }}"}
    - include_role: {name: base, tasks_from: extra}
      vars: {base_extra: "of {{ inventory_hostname }}"}
      when: inventory_hostname == 'node2'
  handlers:
    - name: say before
      lineinfile: {path: /srv/order, line: handler before}
END
cat >site/roles/web/meta/main.yml <<'END'
galaxy_info: {author: somebody, license: MIT, platforms: [{name: Debian}]}
dependencies:
  - role: base
    base_greeting: hello
END
cat >site/roles/proxy/meta/main.yml <<'END'
dependencies:
  - {role: base, base_greeting: hello}
END
cat >site/roles/web/tasks/main.yml <<'END'
- name: Directory of the site
  file: {path: "{{ web_root }}", state: directory}
- name: Page
  copy: {src: page.html, dest: "{{ web_root }}/page.html"}
- import_tasks: config.yml
END
cat >site/roles/web/tasks/config.yml <<'END'
- name: Configuration
  template: {src: site.conf.j2, dest: /etc/site.conf}
  notify: [reload web, "web : tell"]
END
echo 'port {{ web_port }} title {{ web_title }} owner {{ web_owner }} role {{ role_name }}' >site/roles/web/templates/site.conf.j2
echo '<p>one</p>' >site/roles/web/files/page.html
echo 'not the one of the role' >site/files/page.html
printf 'web_title: Default\nweb_port: 80\n' >site/roles/web/defaults/main.yml
printf 'web_inner: of-the-role\nweb_owner: role\n' >site/roles/web/vars/main.yml
cat >site/roles/web/handlers/main.yml <<'END'
- name: reload web
  lineinfile: {path: /srv/order, line: "reloaded {{ web_title }}"}
- name: tell
  lineinfile: {path: /srv/order, line: told}
END
cat >site/roles/proxy/tasks/main.yml <<'END'
- lineinfile: {path: /srv/order, line: "proxy {{ ansible_role_names | sort | join(',') }}"}
END
cat >"$HOME"/.ansible/roles/base/tasks/main.yml <<'END'
- name: Greeting
  copy: {src: greeting, dest: /etc/greeting}
- name: Count
  shell: echo "{{ base_greeting }} {{ base_depth }}" >>/srv/count
END
echo '- copy: {content: "extra {{ base_extra }} {{ base_depth }}", dest: /etc/extra}' >"$HOME"/.ansible/roles/base/tasks/extra.yml
echo 'base_depth: 3' >"$HOME"/.ansible/roles/base/defaults/main.yml
echo 'first greeting' >"$HOME"/.ansible/roles/base/files/greeting
lab exec node1 mkdir -p /srv
lab exec node2 mkdir -p /srv
site() { beoplay "$@" site/site.yml -i "$LAB/inventory.yml"; }
site --check
check "a dry run of roles ends well" is "$status" 0
check "and changes nothing" lab exec node1 test ! -e /etc/site.conf
site
check "roles can be applied" is "$status" 0
check "a role's template has its variables in Ansible's order" is "$(lab exec node1 cat /etc/site.conf)" \
	"port 8080 title Default owner role role web"
check "a role's own file is found first" is "$(lab exec node1 cat /srv/www/page.html)" "<p>one</p>"
check "all comes in order, with handlers between" is "$(lab exec node1 cat /srv/order | tr '\n' ';')" \
	"pre;handler before;proxy base,proxy,web;tasks Default of-the-role;reloaded Default;told;"
check "what two roles depend on runs once" is "$(lab exec node1 cat /srv/count)" "hello 3"
check "an include is done where its condition holds" is "$(lab exec node2 cat /etc/extra)" \
	"extra of node2 3"
check "and nowhere else" lab exec node1 test ! -e /etc/extra
site
check "a second time only what a command does changes" is "$(recap node1 changed)" 1

# --- A rollback has the roles as they were, also those outside the project ---
echo 'second greeting' >"$HOME"/.ansible/roles/base/files/greeting
echo '<p>two</p>' >site/roles/web/files/page.html
site
check "a changed role is applied" is "$(lab exec node1 cat /etc/greeting)" "second greeting"
mv "$HOME"/.ansible/roles/base/tasks/main.yml kept.yml
beoplay rollback site/site.yml -i "$LAB/inventory.yml"
check "a rollback needs no role of today" is "$status" 0
check "and has the role of then" is "$(lab exec node1 cat /etc/greeting)" "first greeting"
check "and its files" is "$(lab exec node1 cat /srv/www/page.html)" "<p>one</p>"

# --- A role that ran first without effect runs where it is asked for again ---
cat >site/again.yml <<'END'
- hosts: node1,node2
  gather_facts: no
  vars: {web_root: /srv/www}
  roles:
    - {role: web, tags: first}
    - {role: base, base_greeting: again, when: inventory_hostname == 'node1'}
    - {role: base, base_greeting: again, when: inventory_hostname == 'node1'}
    - {role: proxy, tags: second}
END
lab exec node1 rm -f /srv/count
lab exec node2 rm -f /srv/count
mv kept.yml "$HOME"/.ansible/roles/base/tasks/main.yml
beoplay site/again.yml -i "$LAB/inventory.yml" -t second
check "with tags, what is needed runs although another one would have brought it" is \
	"$(lab exec node2 cat /srv/count)" "hello 3"
lab exec node1 rm -f /srv/count
beoplay site/again.yml -i "$LAB/inventory.yml"
check "equal uses run once a host, others for themselves" is \
	"$(lab exec node1 cat /srv/count | tr '\n' ';')" "hello 3;again 3;"

# --- Where roles are ---
mkdir -p other/roles-of-mine/mine/tasks
echo '- copy: {content: mine, dest: /etc/mine}' >other/roles-of-mine/mine/tasks/main.yml
printf 'roles_path: ../other/roles-of-mine\n' >site/beoplay.yml
printf -- '- hosts: node1\n  roles: [mine]\n' >site/mine.yml
beoplay site/mine.yml -i "$LAB/inventory.yml"
check "roles_path of beoplay.yml says where roles are" is "$(lab exec node1 cat /etc/mine)" mine
chmod 777 other/roles-of-mine
beoplay site/mine.yml -i "$LAB/inventory.yml"
check "roles that others may write to are refused" is "$status" 1
check "with the reason" says "roles-of-mine" err

# --- Playbooks that import others ---
mkdir -p parts/sub/files parts/sub/templates parts/sub/roles/near/tasks
cat >parts/all.yml <<'END'
- import_playbook: sub/one.yml
  vars: {given: site}
  when: inventory_hostname != 'node2'
  tags: one
- hosts: node2
  tags: own
  tasks:
    - copy: {content: "{{ playbook_dir | basename }} {{ given | default('none') }}\n", dest: /etc/own}
END
cat >parts/sub/one.yml <<'END'
- hosts: node1,node2
  vars: {given: play}
  vars_files: values.yml
  roles: [near]
  tasks:
    - copy: {src: plain, dest: /etc/plain}
    - template: {src: filled, dest: /etc/filled}
    - import_tasks: more.yml
END
echo 'value: first' >parts/sub/values.yml
echo 'first' >parts/sub/files/plain
echo '{{ given }} {{ value }} {{ playbook_dir | basename }}' >parts/sub/templates/filled
echo '- copy: {content: "near\n", dest: /etc/near}' >parts/sub/roles/near/tasks/main.yml
echo '- copy: {content: "more\n", dest: /etc/more}' >parts/sub/more.yml
parts() { beoplay parts/all.yml -i "$LAB/inventory.yml" "$@"; }
told() { lab exec node1 cat /etc/plain /etc/filled /etc/near /etc/more | tr '\n' ' '; }
parts --check
check "a dry run of imported playbooks ends well" is "$status" 0
parts -t own
check "a tag leaves out what an import tags otherwise" lab exec node1 test ! -e /etc/plain
parts
check "an imported playbook finds what is beside it, and has the import's variables" is "$(told)" \
	"first site first sub near more "
check "the import's condition is that of each task" lab exec node2 test ! -e /etc/plain
check "plays beside the import see nothing of it" is "$(lab exec node2 cat /etc/own)" "parts none"
parts
check "a second time imported playbooks change nothing" is "$(recap node1 changed)$(recap node2 changed)" 00
sed -i s/first/second/ parts/sub/values.yml parts/sub/files/plain
echo '- copy: {content: "further\n", dest: /etc/further}' >>parts/sub/more.yml
parts
check "a change in an imported playbook's files is applied" is "$(told)" "second site second sub near more "
rm parts/sub/more.yml
beoplay rollback parts/all.yml -i "$LAB/inventory.yml"
check "a rollback has imported playbooks as they were, with all that they read" is "$(told)" \
	"first site first sub near more "
check "and undoes what came later" lab exec node1 test ! -e /etc/further
mkdir parts/sub/group_vars
echo "- copy: {content: x, dest: /etc/more}" >parts/sub/more.yml
parts
check "variables beside an imported playbook are refused" is "$status" 1
check "with what to do" says "move it beside the inventory" err

# --- What lookups read of the controller ---
mkdir -p looks/files/conf.d looks/templates looks/vars
cat >looks/site.yml <<'END'
- hosts: node1
  vars:
    key: "{{ lookup('file', 'key.pub') }}"
    who: "{{ lookup('env', 'LOOKS_WHO') }}"
  tasks:
    - copy: {content: "{{ key }} {{ lookup('template', 'part.j2') }}\n", dest: /etc/looked}
    - copy: {src: "{{ item }}", dest: "/etc/looks-{{ item | basename }}"}
      with_fileglob: "conf.d/*"
    - copy: {src: "{{ item }}", dest: /etc/first}
      with_first_found: ["{{ inventory_hostname }}.conf", default.conf]
    - copy: {content: "{{ item.key }}={{ item.value }}\n", dest: "/etc/dict-{{ item.key }}"}
      with_dict: {a: 1, b: 2}
    - copy: {content: "{{ item }}\n", dest: "/etc/{{ item }}"}
      with_sequence: start=1 end=2 format=seq%02d
    - copy: {content: "{{ lookup('pipe', 'cat files/key.pub | tr a-z A-Z') }} {{ who }}\n", dest: /etc/piped}
END
echo 'ssh-ed25519 first' >looks/files/key.pub
echo 'one' >looks/files/conf.d/one
echo 'default' >looks/files/default.conf
echo '{{ inventory_hostname }} first' >looks/templates/part.j2
export LOOKS_WHO=somebody-here
looks() { beoplay looks/site.yml -i "$LAB/inventory.yml" "$@"; }
looked() { lab exec node1 sh -c 'cat /etc/looked /etc/looks-* /etc/first /etc/dict-b /etc/seq02 /etc/piped' | tr '\n' ';'; }
looks --check --json
check "a dry run of lookups ends well" is "$status" 0
check "values of the environment are not in JSON" silent somebody-here out
looks
check "lookups read what is beside the playbook" is "$(looked)" \
	"ssh-ed25519 first node1 first;one;default;b=2;seq02;SSH-ED25519 FIRST somebody-here;"
looks
check "a second time lookups change nothing" is "$(recap node1 changed)" 0
check "nothing of the environment is recorded" is \
	"$(git --git-dir=looks/.beoplay/history.git grep -c somebody-here runs 2>&1 || true)" ""
echo 'ssh-ed25519 second' >looks/files/key.pub
echo 'second' >looks/files/conf.d/two
echo 'node1' >looks/files/node1.conf
sed -i s/first/second/ looks/templates/part.j2
looks
check "what changed there is applied" is "$(looked)" \
	"ssh-ed25519 second node1 second;one;second;node1;b=2;seq02;SSH-ED25519 SECOND somebody-here;"
rm -r looks/files/conf.d
beoplay rollback looks/site.yml -i "$LAB/inventory.yml"
check "a rollback has what lookups read then, but commands of today" is "$(looked)" \
	"ssh-ed25519 first node1 first;one;default;b=2;seq02;SSH-ED25519 SECOND somebody-here;"
