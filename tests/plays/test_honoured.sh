#!/bin/sh
# What a text may say is honoured: keywords of plays, blocks and tasks, seen on the node itself.
# Prints "ok NAME" or "not ok NAME: why".
set -u
. "${0%/*}/checks.sh"
out=out err=err
nodes 3

run() {
	"$BEOPLAY" "$@" -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" \
		>out 2>err </dev/null
	status=$?
}
play() {
	cat >play.yml
	run play.yml "$@"
}
on_head() { lab exec head "$@"; }

# --- check_mode ---

play <<'END'
- hosts: head
  vars: {careful: true}
  tasks:
    - copy: {dest: /srv/task, content: x}
      check_mode: yes
      register: r
      notify: told
    - copy: {dest: /srv/expression, content: x}
      check_mode: "{{ ansible_distribution == 'Debian' }}"
    - block:
        - file: {path: /srv/block, state: directory}
        - copy: {dest: /srv/really, content: x}
          check_mode: no
      check_mode: "{{ careful }}"
    - command: touch /srv/command
      check_mode: yes
      register: c
    - debug: {msg: "{{ r.changed }} {{ c.skipped }} {{ c.rc }} '{{ c.stdout }}' {{ ansible_check_mode }}"}
  handlers:
    - name: told
      command: touch /srv/handler
- hosts: head
  check_mode: yes
  tasks:
    - copy: {dest: /srv/play, content: x}
END
check "a run with check_mode ends well" is "$status" 0
check "check_mode keeps task, block and play from changing anything" is \
	"$(on_head sh -c 'ls /srv' | tr '\n' ' ')" "apt handler really "
check "what is registered of it is what Ansible has" says "True True 0 '' False" out
cat >play.yml <<'END'
- hosts: head
  tasks:
    - command: cat /etc/hostname
      check_mode: no
      changed_when: false
      register: name
    - debug: {msg: "is {{ name.stdout }}"}
    - copy: {dest: /srv/made, content: "x\n"}
      check_mode: no
      notify: told
    - copy: {dest: /srv/not, content: x}
  handlers:
    - name: told
      command: touch /srv/due
END
sed 's/hosts: head/hosts: all/' play.yml >others.yml
run others.yml -l node1 --check
check "a host outside the limit is only looked at" on_head test ! -e /srv/made
run play.yml --check
check "check_mode: no runs in a dry run" says "is debian" out
check "and changes what it says, and nothing else" is "$(on_head sh -c 'ls /srv' | tr '\n' ' ')" \
	"apt handler made really "
run play.yml
check "the handler that it made due runs in the real run" on_head test -e /srv/due
sed -i '/dest: .srv.made/,+2d' play.yml
run play.yml --prune
check "and what it did can be taken back" on_head test ! -e /srv/made

# --- diff ---

play --check --diff <<'END'
- hosts: head
  tasks:
    - copy: {dest: /srv/key, content: "S3cret1\n"}
      diff: no
    - block:
        - copy: {dest: /srv/key2, content: "S3cret2\n"}
      diff: false
    - copy: {dest: /srv/open, content: "open to all\n"}
- hosts: head
  diff: no
  tasks:
    - lineinfile: {path: /etc/hosts.allow, line: S3cret3, create: yes}
    - copy: {dest: /srv/mixed, content: "shown again\n"}
      diff: yes
END
check "diff: no of a task, a block or a play keeps content from --diff" silent S3cret out
check "others are shown" says "+open to all" out
check "a task may show what its play doesn't" says "+shown again" out
run play.yml --check --diff --json
check "nor is it in --json" silent S3cret out
sed -i 's/diff: no/diff: yes/' play.yml
run play.yml --check
check "diff: yes shows without --diff" says "+S3cret1" out
check "and only there" silent "open to all" out

# --- handlers of hosts that fail ---

cat >fails.yml <<'END'
- hosts: all
  force_handlers: yes
  tasks:
    - copy: {dest: /srv/f, content: "{{ round }}"}
      notify: [first, second]
    - command: "test {{ inventory_hostname }} != head"
    - copy: {dest: /srv/after, content: "{{ round }}"}
  handlers:
    - name: first
      shell: echo {{ round }} >>/srv/first
    - name: second
      debug: {msg: "second on {{ inventory_hostname }}"}
    - name: third
      command: touch /srv/third
- hosts: all
  tasks:
    - copy: {dest: /srv/second, content: "{{ round }}"}
END
run fails.yml -e round=1
check "the run fails" is "$status" 2
check "force_handlers runs them on the host that failed" is "$(on_head cat /srv/first)" 1
check "those of the controller, too" says "second on head" out
check "but only those that were notified" on_head test ! -e /srv/third
check "the host goes no further" on_head sh -c 'test ! -e /srv/after && test ! -e /srv/second'
check "the others go on" is "$(lab exec node1 cat /srv/after /srv/second /srv/first | tr -d '\n')" 111
check "the host is counted as failed once" is "$(recap head failed)" 1
sed -i '/force_handlers/d' fails.yml
run fails.yml -e round=2
check "without it they don't run there" is "$(on_head cat /srv/first)" 1
on_head sed -i '/due/d' /srv/f
run fails.yml -e round=3 --force-handlers
check "--force-handlers does" says 3 "$(on_head cat /srv/first >first; echo first)"
run fails.yml -e round=4 --resume
check "a host that failed so goes on at the task that failed" is "$(on_head cat /srv/f)" 3

# --- failures of one host that end the run for all ---

cat >fatal.yml <<'END'
- hosts: all
  tasks:
    - command: "test {{ inventory_hostname }} != node1"
      any_errors_fatal: "{{ fatal }}"
    - copy: {dest: "/srv/{{ name }}", content: x}
END
run fatal.yml -e '{fatal: true, name: fatal}'
check "any_errors_fatal of a task ends the run for all" on_head test ! -e /srv/fatal
run fatal.yml -e '{fatal: false, name: harmless}'
check "without it the others go on" on_head test -e /srv/harmless
cat >lost.yml <<'END'
- hosts: all
  any_errors_fatal: true
  tasks:
    - copy: {dest: /srv/lost, content: x}
    - copy: {dest: /srv/lost2, content: x}
END
lab silence node2
run lost.yml -T 2
lab unsilence node2
check "a host that can't be reached is such a failure" on_head test ! -e /srv/lost2

# --- facts ---

play <<'END'
- hosts: head
  gather_facts: no
  tasks:
    - debug: {msg: "before {{ ansible_os_family is defined }} {{ ansible_facts | length }}"}
- hosts: head
  tasks:
    - debug: {msg: "then {{ ansible_os_family }}"}
- hosts: head
  gather_facts: no
  tasks:
    - debug: {msg: "after {{ ansible_os_family }}"}
END
check "gather_facts: no leaves facts undefined" says "before False 0" out
check "until a play gathers them" says "after Debian" out

# --- how hosts are reached ---

reach() { # PLAYBOOK OPTIONS…: with the inventory on stdin, and no --user
	cat >reach.ini
	"$BEOPLAY" "$@" -i reach.ini --known-hosts "$LAB/known_hosts" >out 2>err </dev/null
	status=$?
}
cat >who.yml <<'END'
- hosts: all
  tasks:
    - debug:
        msg: "{{ ansible_user_id }} on {{ ansible_machine_id }} as {{ ansible_user }} at {{ ansible_host }}"
END
id=$(on_head cat /etc/machine-id)
reach who.yml <<'END'
box ansible_ssh_host=10.0.1.100 ansible_ssh_user=admin ansible_ssh_port=22
END
check "the old spellings of Ansible's variables are honoured" says "admin on $id as admin at 10.0.1.100" out
reach who.yml -e ansible_host=10.0.1.100 -e ansible_user=root <<'END'
box ansible_host=10.9.9.9 ansible_become=no
END
check "-e says where and as whom, too" says "root on $id as root at 10.0.1.100" out
reach who.yml <<'END'
box ansible_host=10.0.1.100 ansible_user=admin ansible_become=yes ansible_become_method=sudo
END
check "ansible_become of a host is honoured" says "root on $id as admin" out
reach who.yml <<'END'
box ansible_host=10.0.1.100 ansible_connection=docker ansible_sudo_pass=x
other ansible_host=10.0.1.101 ansible_shell_type=csh ansible_hots=1
END
check "what is not honoured is refused" is "$status" 1
check "all of it at once" says "^4 errors" err
printf '[defaults]\nremote_user = admin\nforks = 1\n' >ansible.cfg
reach who.yml -u root <<'END'
box ansible_host=10.0.1.100
END
rm ansible.cfg
check "ansible.cfg is not read, which is said" says "ansible.cfg is not read.*remote_user → -u" err

# --- templates ---

mkdir -p templates
printf '#jinja2: trim_blocks: False, lstrip_blocks: True\na\n  {%% if true %%}\nb\n  {%% endif %%}\n' >templates/header.j2
printf '[[ enabled ]] {{ stays }}\n' >templates/brackets.j2
printf '{{ enabled }}' >templates/alone.j2
play <<'END'
- hosts: head
  vars: {enabled: yes}
  tasks:
    - template: {src: header.j2, dest: /srv/header}
    - template:
        src: brackets.j2
        dest: /srv/brackets
        variable_start_string: "[["
        variable_end_string: "]]"
    - copy: {dest: /srv/alone, content: "{{ enabled }}"}
    - copy: {dest: /srv/within, content: "x={{ enabled }}"}
    - template: {src: alone.j2, dest: /srv/template}
    - command:
        argv: [echo, "{{ enabled }}"]
      register: said
    - command:
        argv: "{{ ['echo', enabled] }}"
      register: list
    - debug: {msg: "argv {{ said.stdout }} {{ list.stdout }}"}
END
check "a template's header is honoured, and isn't written" is "$(on_head cat /srv/header | tr '\n' ,)" a,,b,
check "so are the delimiters of the template module" is "$(on_head cat /srv/brackets)" "True {{ stays }}"
check "a boolean is the same alone, within a text and in a template" is \
	"$(on_head sh -c 'cat /srv/alone; echo; cat /srv/within; echo; cat /srv/template' | tr '\n' ' ')" \
	"True x=True True"
check "and as an argument" says "argv True True" out

# --- what is registered and said ---

play <<'END'
- hosts: head
  vars: {wanted: []}
  tasks:
    - command: nosuchprog --version
      register: r
      failed_when: false
    - command: "false"
      register: f
      ignore_errors: yes
    - debug: {msg: "no program {{ r.rc }} {{ r.failed_when_result }}, failed {{ f.changed }} {{ f.failed }}"}
    - command: "echo {{ item }}"
      loop: "{{ wanted }}"
      register: made
    - debug: {msg: "{{ item.stdout }}"}
      loop: "{{ made.results }}"
    - debug: {msg: "empty {{ made.results | length }} {{ made is skipped }} {{ r.skipped is defined }}"}
    - command: printf 'a\nb\n'
      register: lines
      changed_when: false
    - debug: {msg: "{{ lines.stdout_lines }}"}
    - debug: {msg: {a: 1, b: [c]}}
    - debug: {msg: quiet, verbosity: 2}
    - debug: {msg: "{{ playbook_dir }} {{ ansible_run_tags }} {{ ansible_verbosity }}"}
    - copy: {dest: /srv/said, content: "{{ lines.stdout }}"}
      when: lines.stdout != 'never'
END
check "a play with an empty loop, and a list that is said, ends well" is "$status" 0
check "a program that isn't there, and one that failed, are registered as with Ansible" \
	says "no program 2 False, failed True True" out
check "an empty loop registers no results" says "empty 0 True False" out
check "debug shows a list" says '^ *"b"$' out
check "and a map" says '^ *"a": 1,$' out
check "debug waits for as many -v as it says" silent quiet out
check "directories are absolute" says "^ *$work \['all'\] 0" out
run play.yml -vv
check "and is heard with them" says quiet out
run play.yml -C
check "what a command would say stays unknown in a dry run, whatever changed_when says" \
	says "may change: head" out
check "and no host fails by it" is "$status" 0

# --- update_cache ---

on_head sh -c 'apt-get -qq update; mkdir -p /srv/apt2 /tmp/b/DEBIAN; cd /srv/apt2
printf "Package: newtool\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: a <a@example.org>\nDescription: new\n" >/tmp/b/DEBIAN/control
dpkg-deb -b /tmp/b newtool_1.0-1_amd64.deb >/dev/null
{ cat /tmp/b/DEBIAN/control; echo "Filename: ./newtool_1.0-1_amd64.deb"; echo "Size: $(stat -c %s *.deb)"
echo "SHA256: $(sha256sum *.deb | cut -d" " -f1)"; echo; } >Packages'
play <<'END'
- hosts: head
  tasks:
    - copy: {dest: /etc/apt/sources.list.d/new.list, content: "deb [trusted=yes] file:/srv/apt2 ./\n"}
    - apt: {update_cache: yes, cache_valid_time: 1d}
    - apt: {name: newtool}
END
check "lists older than a source are refreshed" on_head dpkg -s newtool
run play.yml
check "and fresh ones are not" is "$(recap head changed)" 0
on_head sh -c 'touch -d "2 days ago" /var/lib/apt/lists /var/lib/apt/lists/partial'
run play.yml
check "but those beyond cache_valid_time are" is "$(recap head changed)" 1
play <<'END'
- hosts: head
  tasks:
    - copy: {dest: /etc/apt/sources.list.d/gone.list, content: "deb [trusted=yes] file:/nosuch ./\n"}
    - apt: {update_cache: yes}
END
check "a source that can't be fetched is a failure" is "$status" 2
check "which says what" says "Failed to fetch file:/nosuch" out
on_head rm /etc/apt/sources.list.d/gone.list

# --- facts, against what the node says itself ---

play <<'END'
- hosts: head
  tasks:
    - debug: {msg: "A {{ ansible_pkg_mgr }} {{ ansible_processor_nproc }} {{ ansible_memtotal_mb }} {{ ansible_kernel_version }}"}
    - debug: {msg: "B {{ ansible_env.HOME }} {{ ansible_user_id }} {{ ansible_user_uid }} {{ ansible_user_shell }}"}
    - debug: {msg: "C {{ ansible_default_ipv4.address }}/{{ ansible_default_ipv4.prefix }} {{ ansible_interfaces | sort | join(',') }}"}
    - debug: {msg: "D {{ ansible_date_time.year }} {{ ansible_mounts | selectattr('mount', 'equalto', '/') | map(attribute='fstype') | first }}"}
    - debug: {msg: "E {{ ansible_ssh_host_key_ed25519_public }}"}
END
check "facts of the machine are those that it has" says \
	"A apt $(on_head nproc) $(on_head awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) $(on_head uname -v)" out
check "of the user" says "B /root root 0 /bin/bash" out
check "of the network" says "C 10.0.1.100/16 $(on_head sh -c 'ls /sys/class/net | sort | paste -sd,')" out
check "of time and mounts" says "D $(date +%Y) $(on_head sh -c "awk '\$2 == \"/\" {print \$3}' /proc/mounts")" out
check "of its keys" says "E $(on_head cut -d ' ' -f 2 /etc/ssh/ssh_host_ed25519_key.pub)" out
play <<'END'
- hosts: head
  tasks:
    - debug: {msg: "{{ ansible_virtualization_type | default('none') }}"}
END
check "a fact that isn't gathered is refused before any host is contacted" is "$status" 1

# --- what a dry run can show ---

printf -- '- hosts: head\n  tasks:\n    - {name: first, command: "true"}\n    - apt: {name: hello}\n' >dry.yml
run dry.yml -C
check "what an earlier task may change is shown as things are now" says "'first' comes before it; as things are now:" out
check "with all that it would do then" says "hello state: absent → present" out
check "and is counted as what may follow" says "1 change to be made, 1 more may follow" out

# --- where commands run ---

lab exec head sh -c 'echo LANG=C.UTF-8 >/etc/default/locale; useradd -m guest'
play <<'END'
- hosts: head
  tasks:
    - {shell: 'echo "$PWD $LANG ${LC_ALL-none}" >where'}
    - {command: pwd, become: yes, become_user: guest, register: guest}
    - {command: pwd, args: {chdir: /srv}, register: there}
    - debug: {msg: "{{ guest.stdout }} {{ there.stdout }}"}
    - {command: nosuchcommand, ignore_errors: yes}
END
check "a command runs where a login begins, in its language" is "$(on_head cat /root/where)" "/root C.UTF-8 none"
check "of a user who may not be there, at home; with chdir, there" says "/home/guest /srv" out
check "what isn't there is said with a remedy" says "→ install the package that brings it" out
check "and where it stands" says "at play.yml:7" out
check "but not as a change" silent "nosuchcommand command" out

# --- the command line ---

run play.yml --live
check "an option of another command is refused" says "status has it" err
run play.yml --step
check "one that isn't supported yet is named" says "not supported yet: --step" err
run play.yml --chekc
check "a misspelt one gets a suggestion" says "did you mean --check?" err
printf -- '- hosts: head\n  tasks:\n    - {debug: {msg: x}, tags: [web]}\n' >tags.yml
run tags.yml -t wbe
check "a tag that no task has is warned of" says "no task has the tag 'wbe'; did you mean 'web'" err
"$BEOPLAY" tags.yml -i "$LAB/inventory.yml" --syntax-check >/dev/full 2>err
check "an output that can't be written is an error" is "$?" 1
printf -- '- hosts: head\n  tasks:\n    - copy: {dest: /srv/unsaid, content: x}\n' >unsaid.yml
"$BEOPLAY" unsaid.yml -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" <&- >&- 2>&-
check "so is one that is closed" is "$?" 1
check "which hinders nothing" is "$(on_head cat /srv/unsaid)" x
printf 'secrets: [nobody_has_this]\n' >beoplay.yml
sed -i 's/content: x/content: y/' unsaid.yml
"$BEOPLAY" unsaid.yml -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" <&- >&- 2>&-
check "nor is it written into anything else" is "$(git --git-dir .beoplay/history.git fsck 2>&1) $(on_head cat /srv/unsaid)" " y"
rm beoplay.yml
(ulimit -f 0; "$BEOPLAY" play.yml -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" 2>&1 </dev/null
	echo "exit code $?") | cat >out
check "a limit of the size of files is an error, not the end" says "File too large" out
check "and not a signal" says "exit code [0-4]$" out
"$BEOPLAY" tags.yml -i /dev/null >out 2>err
check "an inventory that is no file is told as that" says "not a regular file" err
cat >start.yml <<'END'
- hosts: head
  tasks:
    - {name: first, copy: {dest: /srv/start1, content: "{{ version }}"}, tags: always}
    - block:
        - {name: second, copy: {dest: /srv/start2, content: "{{ version }}"}, notify: told}
        - {name: third, copy: {dest: "/srv/start3{{ item }}", content: "{{ version }}"}, loop: [a, b]}
  handlers:
    - {name: told, copy: {dest: /srv/start4, content: "{{ version }}"}}
END
started() { on_head sh -c 'cat /srv/start1 /srv/start2 /srv/start3a /srv/start4'; }
run start.yml -e version=1
run start.yml -e version=2 --start-at-task 'sec*d' --prune
check "a run starts at a task, and undoes nothing of those before it" is "$status $(started)" "0 1222"
check "which aren't said to be gone" silent "NO LONGER" out
run start.yml -e version=2 --start-at-task third --list-tasks
check "its tasks are listed" is "$(sed -n "s,^      \([a-z]*\).*,\1,p" out)" third
run start.yml -e version=3 --start-at-task thrid
check "a name that no task has is an error" is "$status $(started)" "1 1222"
check "with the nearest" says "did you mean 'third'" err
run start.yml start.yml -e version=5 --start-at-task second
check "of several playbooks none is begun" is "$status $(started)" "1 1222"
echo 'version: 4' >version.yml
"$BEOPLAY" plan start.yml -e @version.yml -i "$LAB/inventory.yml" --user root --known-hosts "$LAB/known_hosts" \
	--start-at-task third -o plan >out 2>err
"$BEOPLAY" apply plan >out 2>err
check "a plan keeps it" is "$? $(started)" "0 1242"
"$BEOPLAY" inventory -i "$LAB/inventory.yml" nosuch >out 2>err
check "a group that isn't there is an error" says "no group 'nosuch'" err
"$BEOPLAY" forget nosuch >out 2>err
check "a host that no run has can't be forgotten" is "$?" 1
"$BEOPLAY" history expunge nosuch.yml >out 2>err
check "nor a file be taken out that is in none" is "$?" 1
"$BEOPLAY" stauts play.yml >out 2>err
check "a misspelt command gets a suggestion" says "did you mean 'status'?" err
