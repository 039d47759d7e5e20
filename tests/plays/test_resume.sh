#!/bin/sh
# Runs that stop halfway, two operators, and texts of the user's own repository, on lab nodes.
# Prints "ok NAME" or "not ok NAME: why", a line a test.
set -u
. "${0%/*}/checks.sh"
nodes 2 resume
cat >site.yml <<'E2'
- hosts: all
  tasks:
    - name: first
      copy: {content: "one\n", dest: /etc/resume.one}
      notify: told
    - name: second
      command: test -e /root/go
    - name: third
      copy: {content: "three\n", dest: /etc/resume.three}
  handlers:
    - name: told
      shell: echo told >>/root/told
E2
# --- A task fails on one of two ---
lab exec node1 touch /root/go
beoplay site.yml
check "a failed task gives exit code 2" is "$status" 2
check "the handler has run where all went well" is "$(lab exec node1 cat /root/told)" told
beoplay status site.yml
check "status says where it stopped" says "head: second" ../out
check "and which handlers are left" says "head: told" ../out
check "that isn't clean" is "$status" 3
lab exec head touch /root/go
beoplay site.yml --resume
check "it goes on where it stopped" is "$status" 0
check "what was done before isn't looked at again" is "$(recap head ok)" 3
check "the handler that was due has run" is "$(lab exec head cat /root/told)" told
check "and only once elsewhere" is "$(lab exec node1 cat /root/told)" told
check "the rest was done" is "$(lab exec head cat /etc/resume.three)" three
beoplay status site.yml
check "then status is clean" is "$status" 0

# --- A handler that is gone meanwhile ---
lab exec head rm /root/go
sed -i 's/one\\n/two\\n/' site.yml
beoplay site.yml
sed -i 's/told$/said/' site.yml
lab exec head touch /root/go
beoplay site.yml
check "a handler that the text has no more is dropped, and named" says "dropping the pending handler.*'told'" ../err
beoplay status site.yml
check "and forgotten" is "$status" 0

# --- A second operator ---
printf -- '- hosts: head\n  tasks:\n    - copy: {content: x, dest: /etc/slow}\n    - shell: timeout 120 sh -c "until test -e /root/over; do sleep 0.1; done"\n' >slow.yml
"$BEOPLAY" slow.yml --user root --known-hosts "$LAB/known_hosts" >/dev/null 2>&1 &
until_true lab exec head test -e /etc/slow
sed -i 's/three\\n/four\\n/' site.yml
beoplay site.yml
check "a second operator is refused" is "$status" 2
check "and told who, from where and since when" says "being changed by .*@.*, from 10.0.0.10, since 20" ../out
check "other machines are done" is "$(lab exec node1 cat /etc/resume.three)" four
{ sleep 1; lab exec head touch /root/over; } &
beoplay site.yml --lock-wait 120
check "or waits" is "$status" 0
check "until it is done" is "$(lab exec head cat /etc/resume.three)" four
wait

# --- Texts of the user's own repository ---
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
git init -q . && git add site.yml inventory.yml && git commit -qm one && git tag v1
sed -i 's/four\\n/five\\n/' site.yml
git commit -qam two
beoplay site.yml
check "the text of today is applied" is "$(lab exec head cat /etc/resume.three)" five
beoplay site.yml --at v1
check "a tag is applied" is "$(lab exec head cat /etc/resume.three)" four
beoplay site.yml --at HEAD
check "a branch is applied" is "$(lab exec head cat /etc/resume.three)" five
beoplay site.yml --at nothing-like-it
check "what is no revision is refused" is "$status" 1
check "with a remedy" says "beoplay log lists the runs" ../err
"$BEOPLAY" log >../out 2>&1
newest=$(sed -n 's/^run \([0-9]*\) .*/\1/p' ../out | head -n 1)
"$BEOPLAY" show "$newest" >../out 2>&1
check "a run says where the user's repository was" says "$(git rev-parse HEAD | cut -c 1-12)" ../out
check "the history is ignored by it" is "$(git status --porcelain .beoplay | wc -l)" 0

# --- Handlers of what is undone ---
handlers() {
	printf -- '- hosts: head\n  tasks:\n'
	printf '    - copy: {content: "%s\\n", dest: /etc/undone.%s}\n      notify: [%s]\n' "$@"
	printf '  handlers:\n    - name: both\n      shell: echo both >>/root/undone\n'
	[ $# -eq 3 ] || printf '    - name: new\n      shell: echo new >>/root/undone\n'
}
handlers a a both >undone.yml
beoplay undone.yml
handlers a a both b b "both, new" >undone.yml
beoplay undone.yml
check "handlers have run" is "$(lab exec head cat /root/undone | tr '\n' ' ')" "both both new "
beoplay rollback undone.yml --check
check "a dry run of a rollback says which handlers will run" says "would change: head" ../out
check "as the text has them" says "HANDLER \[both\]" ../out
beoplay rollback undone.yml
check "what is undone notifies its handlers, also commands" is \
	"$(lab exec head cat /root/undone | tr '\n' ' ')" "both both new both "
check "one that the older text doesn't have is named" says "its handler 'new' isn't run: the text rolled back to doesn't have it" ../out
beoplay status undone.yml
check "and isn't due any more" is "$status" 0
beoplay rollback undone.yml --to nothing
check "so does the undo of all" is "$(lab exec head cat /root/undone | tr '\n' ' ')" \
	"both both new both both "
check "and all is gone" is "$(lab exec head sh -c 'ls /etc/undone.*' 2>&1 | grep -c 'No such')" 1
beoplay status undone.yml
check "nothing is due" is "$status" 0
