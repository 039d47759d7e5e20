#!/bin/bash
# Files of the nodes are brought to the project: where, how, and where not.
. "$(dirname "$0")/checks.sh"
nodes 2 project

cat >site.yml <<'E'
- hosts: all
  tasks:
    - fetch: {src: /etc/hostname, dest: got}
      register: fetched
    - debug: {msg: "{{ inventory_hostname }} {{ fetched.changed }} {{ fetched.dest }} {{ fetched.kept is defined }}"}
    - fetch: {src: /root/secret, dest: got/, flat: yes}
      when: inventory_hostname == 'node1'
    - fetch: {src: /root/none, dest: got, fail_on_missing: no}
E
play() { beoplay "$@" -i inventory.yml; }
lab exec node1 sh -c 'head -c 300000 /dev/urandom >/root/secret; chmod 600 /root/secret'
play --check site.yml
check "a dry run says it" says "got/node1/etc/hostname on the controller: absent → /etc/hostname" "$out"
check "and brings nothing" [ ! -e got ]
play site.yml
check "a run brings them" is $status 0
check "each host has a directory" is "$(cat got/head/etc/hostname got/node1/etc/hostname)" \
	"$(lab exec head cat /etc/hostname; lab exec node1 cat /etc/hostname)"
check "any bytes come as they are" is "$(sha256sum <got/secret)" "$(lab exec node1 sh -c 'sha256sum </root/secret')"
check "what isn't for all there isn't here" is "$(stat -c %a got/secret)" 600
check "it is told, without the content" says "node1 True got/node1/etc/hostname False" "$out"
check "a file that may be missing is no failure" is "$(recap node1 failed)" 0
play site.yml
check "again nothing changes" silent "changed=[1-9]" "$out"
echo other >got/node1/etc/hostname
play site.yml
check "what somebody has changed comes again" is "$(cat got/node1/etc/hostname)" "$(lab exec node1 cat /etc/hostname)"
check "that alone" is "$(recap node1 changed) $(recap head changed)" "1 0"

# Links of an ordinary user lead root to what is that user's, and no further.
lab as admin node1 sh -c 'echo mine >~/own; ln -s own ~/current; ln -s /root/secret ~/report; ln -s report ~/again'
lab exec node1 ln -s /root/secret /srv/link
link() {
	printf -- '- hosts: node1\n  tasks:\n    - %s\n' "$1" >link.yml
	play link.yml -v
	is $status 2 && code host.link-not-followed
}
check "a user's link to another's file isn't fetched" link 'fetch: {src: /home/admin/report, dest: got}'
check "nor read" link 'slurp: {src: /home/admin/again}'
check "nor copied" link 'copy: {src: /home/admin/report, remote_src: yes, dest: /srv/public, mode: "0644"}'
check "nor downloaded" link 'get_url: {url: "file:///home/admin/report", dest: /srv/public}'
check "however that is spelled" link 'get_url: {url: "file:///home/admin/re%70ort", dest: /srv/public}'
check "none of it is there" lab exec node1 test ! -e /srv/public
for own in /home/admin/current /srv/link; do
	printf -- '- hosts: node1\n  tasks:\n    - fetch: {src: %s, dest: got/own, flat: yes}\n' $own >link.yml
	play link.yml
	check "$own is" is $status 0
done

bad() {
	printf -- '- hosts: head\n  tasks:\n    - fetch: {src: /etc/hostname, dest: "%s", flat: yes}\n' "$1" >bad.yml
	play bad.yml -v
	is $status 1 && code "$2"
}
ln -s /tmp out
ln -s site.yml link
mkdir directory
check "nothing is written beside the project" bad ../x file.invalid-name
check "nor along a link out of it" bad out/x file.outside-project
check "nor through a link" bad link file.wrong-type
check "nor in place of a directory" bad directory file.wrong-type
check "nor over a text of the run" bad bad.yml file.invalid-name
check "nor into what git keeps" bad .git/config file.invalid-name
check "the texts are as they were" says "hosts: all" site.yml
